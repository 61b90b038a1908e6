# Sourced by the run scripts: installs Debian packages that are not there yet.

# missing PACKAGE...: those of them that are not installed, one a line.
missing() {
    local package
    for package in "$@"; do
        dpkg-query -W -f '${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed ||
            echo "$package"
    done
}

# install PACKAGE...: asks for root only if something is missing.
install() {
    local wanted as_root=()
    mapfile -t wanted < <(missing "$@")
    [ "${#wanted[@]}" -eq 0 ] && return 0
    [ "$(id -u)" -eq 0 ] || as_root=(sudo)
    echo "installing: ${wanted[*]}" >&2
    "${as_root[@]}" apt-get update -qq >&2 &&
        DEBIAN_FRONTEND=noninteractive "${as_root[@]}" apt-get install -y -qq \
            --no-install-recommends "${wanted[@]}" >/dev/null
}
