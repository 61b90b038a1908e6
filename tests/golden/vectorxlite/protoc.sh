#!/usr/bin/env bash
# Whether protoc reads what a program writes: PROGRAM is called with an empty folder, and leaves each
# message of a stream there as a file of its own, NUMBER.bin. protoc knows every field of each, and
# writes the same message as the same bytes. Without protoc it ends with 77, for "skipped".
#
#   protoc.sh PROGRAM [ARGUMENTS...]
set -u
if [ $# -lt 1 ]; then
    echo "usage: $0 PROGRAM [ARGUMENTS...]" >&2
    exit 2
fi
command -v protoc >/dev/null || exit 77
here=$(cd "$(dirname "$0")" && pwd)
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
mkdir "$folder/messages"

"$@" "$folder/messages" || { echo "$1 failed: $?"; exit 1; }

by_protoc() {
    protoc --proto_path="$here" "--$1=vectorxlite.SnapshotChunkPB" snapshot.proto
}
bad=0
count=0
for message in "$folder/messages"/*.bin; do
    [ -f "$message" ] || continue
    count=$((count + 1))
    if ! by_protoc decode <"$message" >"$folder/text" ||
        ! by_protoc encode <"$folder/text" >"$folder/again"; then
        echo "${message##*/}: protoc does not read it"
        bad=1
    elif grep -qE '^ *[0-9]+[:{ ]' "$folder/text"; then
        echo "${message##*/}: a field without a name"
        bad=1
    elif ! cmp -s "$message" "$folder/again"; then
        echo "${message##*/}: protoc writes it otherwise"
        bad=1
    fi
done
[ "$count" -gt 0 ] || { echo "no message was written"; exit 1; }
[ $bad -ne 0 ] || echo "$count messages, as protoc writes them"
exit $bad
