"""gdb's pretty-printers for tintype's vocabulary types.

    (gdb) source tintype-gdb.py

or in ~/.gdbinit. Errors are shown as `message()` tells them, results as their value or their error,
bytes by their number and the first of them in hexadecimal digits, times as dates in UTC. Nothing in the
program is called, so core files are shown like running programs. gdb 12 or newer, libstdc++.
"""

import datetime
import os
import re

import gdb
import gdb.printing

PREVIEW = 24  # so many bytes are shown of a byte view or a blob
NO_OFFSET = (1 << 64) - 1


def enumerator(value):
    """The enumerator without its scopes; a number that is none stays a number."""
    number = int(value)
    for field in value.type.strip_typedefs().fields():
        if field.enumval == number:
            return field.name.rsplit("::", 1)[-1]
    return "unknown (%d)" % number


def bytes_at(address, size):
    return bytes(gdb.selected_inferior().read_memory(address, size)) if size else b""


def preview(address, size):
    noun = "1 byte" if size == 1 else "%d bytes" % size
    if size == 0:
        return noun
    try:
        first = bytes_at(address, min(size, PREVIEW))
    except gdb.MemoryError:
        return "%s at 0x%x, which cannot be read" % (noun, address)
    shown = " ".join("%02x" % byte for byte in first)
    return "%s: %s%s" % (noun, shown, " ..." if size > PREVIEW else "")


def quoted(raw):
    out = ""
    for character in raw.decode("utf-8", "backslashreplace"):
        if character in '"\\':
            out += "\\" + character
        elif ord(character) < 0x20 or ord(character) == 0x7F:
            out += "\\x%02x" % ord(character)
        else:
            out += character
    return '"%s"' % out


def string_view(value):
    return bytes_at(int(value["_M_str"]), int(value["_M_len"]))


def string(value):
    return bytes_at(int(value["_M_dataplus"]["_M_p"]), int(value["_M_string_length"]))


def text_of(value):
    """A std::string_view or a std::string as bytes."""
    return string_view(value) if "string_view" in str(value.type.strip_typedefs()) else string(value)


def span(value):
    """Address and number of elements."""
    kind = value.type.strip_typedefs()
    extent = int(kind.template_argument(1))
    if extent == NO_OFFSET:
        extent = int(value["_M_extent"]["_M_extent_value"])
    return int(value["_M_ptr"]), extent


def moment(nanoseconds):
    """2026-01-31 12:00:00.000000001 UTC: a datetime knows neither nanoseconds nor far years."""
    seconds, fraction = divmod(nanoseconds, 1_000_000_000)
    at = datetime.datetime(1970, 1, 1) + datetime.timedelta(seconds=seconds)
    text = at.strftime("%Y-%m-%d %H:%M:%S")
    return text + (".%09d" % fraction if fraction else "") + " UTC"


def visible(raw):
    out = ""
    for character in raw.decode("utf-8", "backslashreplace"):
        code = ord(character)
        out += "\\x%02x" % code if code < 0x20 or code == 0x7F else character
    return out


def label_bytes(value):
    size = int(value["size_"])
    return bytes(int(value["text_"][i]) & 0xFF for i in range(size))


def numbers(code, found, wanted):
    """What message() says of the two numbers."""
    if code == "truncated":
        return ": %d bytes, at least %d needed" % (found, wanted)
    if code == "invalid_magic":
        return ": found %x, expected %x" % (found, wanted)
    if code == "unsupported_version":
        return " %d, the newest known is %d" % (found, wanted)
    if code == "checksum_mismatch":
        width = 16 if (found | wanted) >> 32 else 8
        return ": stored %0*x, computed %0*x" % (width, found, width, wanted)
    if code == "truncated_section":
        return ": claims %d bytes, %d are left" % (wanted, found)
    if code == "trailing_bytes":
        return ": %d bytes left over" % found
    if code in ("length_overflow", "limit_exceeded"):
        return ": %d, the most is %d" % (found, wanted)
    if code == "invalid_value":
        return ": %d" % found
    if code in ("out_of_bounds", "incomplete_stream", "cancelled", "timed_out"):
        return ": %d of %d" % (found, wanted)
    return ""


def message(value):
    code = enumerator(value["code"])
    line = "input/output error" if code == "io" else code.split(" ")[0].replace("_", " ")
    where = label_bytes(value["where"])
    if where:
        line += " in " + visible(where)
    line += numbers(code, int(value["found"]), int(value["wanted"]))
    offset = int(value["offset"])
    if offset != NO_OFFSET:
        line += " (at offset %d)" % offset
    during = string_view(value["during"]).decode("utf-8", "backslashreplace")
    system = int(value["system"])
    if during or system:
        line += ": " + during
        if system:
            line += (": " if during else "") + os.strerror(system)
    return line


class Shown:
    """One line, made by a function of the value."""

    def __init__(self, value, show):
        self.value = value
        self.show = show

    def to_string(self):
        return self.show(self.value)


class Result:
    """A result<T>: its value below it, or its error in the same line."""

    def __init__(self, value):
        self.value = value
        self.has_value = bool(value["_M_has_value"])

    def to_string(self):
        if not self.has_value:
            return "error: " + message(self.value["_M_unex"])
        if self.value.type.strip_typedefs().template_argument(0).code == gdb.TYPE_CODE_VOID:
            return "done"
        return "value"

    def children(self):
        if self.has_value and self.to_string() == "value":
            yield "value", self.value["_M_val"]


class Packed:
    """A packed_view: its values, where the machine can read them as they lie, or its bytes."""

    def __init__(self, value):
        self.at, self.size = span(value["bytes_"])
        kind = value.type.strip_typedefs()
        self.element = kind.template_argument(0).strip_typedefs()
        scalar = self.element.code in (gdb.TYPE_CODE_INT, gdb.TYPE_CODE_FLT, gdb.TYPE_CODE_BOOL,
                                       gdb.TYPE_CODE_CHAR)
        little = int(kind.template_argument(1)) == 1234
        self.readable = scalar and (little or self.element.sizeof == 1)

    def to_string(self):
        if not self.readable:
            return "packed " + preview(self.at, self.size)
        count = self.size // self.element.sizeof
        return "1 packed value" if count == 1 else "%d packed values" % count

    def children(self):
        if self.readable:
            values = gdb.Value(self.at).cast(self.element.pointer())
            for i in range(self.size // self.element.sizeof):
                yield "[%d]" % i, values[i]

    def display_hint(self):
        return "array"


class Ranges:
    """A number_ranges: every range from begin to end, without the end."""

    def __init__(self, value):
        self.map = value["ranges_"]

    def pairs(self):
        tree = self.map["_M_t"]["_M_impl"]
        left = int(tree["_M_node_count"])
        node = tree["_M_header"]["_M_left"]
        entry = gdb.lookup_type("std::pair<unsigned long const, unsigned long>")
        while left:
            pair = (node + 1).cast(entry.pointer()).dereference()
            yield int(pair["first"]), int(pair["second"])
            left -= 1
            if int(node["_M_right"]):
                node = node["_M_right"]
                while int(node["_M_left"]):
                    node = node["_M_left"]
            else:
                above = node["_M_parent"]
                while node == above["_M_right"]:
                    node, above = above, above["_M_parent"]
                node = above

    def to_string(self):
        return " ".join("[%d, %d)" % pair for pair in self.pairs()) or "none"


def show_blob(value):
    parts = value["_M_impl"]
    start = int(parts["_M_start"])
    return preview(start, int(parts["_M_finish"]) - start)


def show_digest(value):
    if value.type.sizeof == 0 or int(value.type.strip_typedefs().template_argument(1)) == 0:
        return "no digest"
    return "".join("%02x" % (int(value["_M_elems"][i]) & 0xFF) for i in range(value.type.sizeof))


def show_uuid(value):
    digits = show_digest(value["bytes"])
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def show_time(value):
    return moment_or_count(int(value["__d"]["__r"]))


def moment_or_count(nanoseconds):
    try:
        return moment(nanoseconds)
    except OverflowError:
        return "%d ns since 1970" % nanoseconds


def show_limits(value):
    def most(number):
        return "no limit" if number == NO_OFFSET else str(number)

    return "bytes: %s, count: %s, depth: %d" % (
        most(int(value["bytes"])), most(int(value["count"])), int(value["depth"]))


def show_id_order(value):
    return "%s, counter %d" % (
        moment_or_count(int(value["milliseconds"]) * 1_000_000), int(value["counter"]))


def show_field(value):
    name = string_view(value["name"]).decode("utf-8", "replace")
    kind = string_view(value["type"]).decode("utf-8", "replace")
    return "%s %s%s, at least %d bytes" % (
        enumerator(value["kind"]), name, ": " + kind if kind else "", int(value["least"]))


def show_fixed_string(value):
    size = int(value.type.strip_typedefs().template_argument(0))
    return quoted(bytes(int(value["characters"][i]) & 0xFF for i in range(size)))


def shown(show):
    return lambda value: Shown(value, show)


OWN = {
    "error": shown(message),
    "errc": shown(enumerator),
    "field_kind": shown(enumerator),
    "label": shown(lambda value: quoted(label_bytes(value))),
    "fixed_string": shown(show_fixed_string),
    "limits": shown(show_limits),
    "uuid": shown(show_uuid),
    "number_range": shown(lambda v: "[%d, %d)" % (int(v["begin"]), int(v["end"]))),
    "number_ranges": Ranges,
    "id_order": shown(show_id_order),
    "field_layout": shown(show_field),
    "packed_view": Packed,
    "json_view": shown(lambda value: text_of(value["text_"]).decode("utf-8", "backslashreplace")),
    "json_value": shown(lambda value: text_of(value["text_"]).decode("utf-8", "backslashreplace")),
}

# The standard's types that the library gives a name of its own.
STANDARD = (
    (r"expected<.*, tintype::(v\d+::)?error>", Result),
    (r"span<(std::byte const|const std::byte|std::byte), ?\d+(ul)?>",
     shown(lambda value: preview(*span(value)))),
    (r"vector<std::byte, tintype::(v\d+::)?default_init_allocator<std::byte> ?>", shown(show_blob)),
    (r"array<std::byte, ?\d+(ul)?>", shown(show_digest)),
    (r"chrono::time_point<std::chrono::(_V2::)?system_clock, std::chrono::duration<(long|long long|int64_t),"
     r" std::ratio<1l?, ?1000000000l?> ?> ?>", shown(show_time)),
)
STANDARD = tuple((re.compile(r"std::(__\w+::)?" + pattern + "$"), make) for pattern, make in STANDARD)
NAME = re.compile(r"tintype::(?:v\d+::)?(\w+)(?:<.*>)?$", re.S)


def lookup(value):
    kind = value.type
    if kind.code in (gdb.TYPE_CODE_REF, gdb.TYPE_CODE_RVALUE_REF):
        kind = kind.target()
        value = value.referenced_value()
    kind = kind.unqualified().strip_typedefs()
    name = kind.tag or kind.name
    if name is None or kind.code not in (gdb.TYPE_CODE_STRUCT, gdb.TYPE_CODE_ENUM):
        return None
    own = NAME.match(name)
    if own:
        make = OWN.get(own.group(1))
        return make(value) if make else None
    for pattern, make in STANDARD:
        if pattern.match(name):
            return make(value)
    return None


lookup.name = "tintype"
lookup.enabled = True


def register(objfile):
    """In front of the standard library's own printers, which know only that it is a vector."""
    gdb.printing.register_pretty_printer(objfile, lookup, replace=True)


# An object file's printers are asked before the global ones, and the program's before its libraries'.
for each in gdb.objfiles():
    register(each)
gdb.events.new_objfile.connect(lambda event: register(event.new_objfile))
register(None)
