"""Writes a translation unit out of a natvis file: it compiles where every type that the file names exists,
and every expression that it shows is one of a member function of that type.

    natvis.py FILE >natvis.cpp          (with -fno-access-control: private members are shown, too)
"""

import re
import sys
import xml.etree.ElementTree

SPACE = "{http://schemas.microsoft.com/vstudio/debugger/natvis/2010}"
# One instantiation of each template that the file names with a star.
INSTANCES = {
    "fixed_string": "tintype::v0::fixed_string<4>",
    "packed_view": "tintype::v0::packed_view<std::uint16_t, std::endian::big>",
}
# What has no default constructor is not one that could be derived from and made; it need not be.
HEADERS = """chain/ids codec/field codec/json/value codec/packed_view core/bytes core/error core/fixed_string
core/limits replay/uuid stream/ranges""".split()


def without_format(expression):
    """`text_,[size_]s8` is two expressions and a format."""
    value, comma, form = expression.partition(",")
    yield value
    if comma:
        size = re.fullmatch(r"(?:\[(.*)\])?(?:s8|en|x|d|na|nd)?", form)
        if not size:
            sys.exit("no format that is known: %s" % expression)
        if size.group(1):
            yield size.group(1)


def expressions(kind):
    for each in kind.iter():
        if each.get("Condition"):
            yield each.get("Condition")
        if each.tag == SPACE + "DisplayString":
            for inside in re.findall(r"\{([^{}]*)\}", each.text):
                yield from without_format(inside)
        elif each.tag in (SPACE + "Item", SPACE + "ExpandedItem", SPACE + "StringView"):
            yield from without_format(each.text)


tree = xml.etree.ElementTree.parse(sys.argv[1])
for header in HEADERS:
    print("#include <tintype/%s.hpp>" % header)
print("#include <bit>\n#include <cstdint>\n")
kinds = tree.getroot().findall(SPACE + "Type")
if not kinds:
    sys.exit("no types")
for number, kind in enumerate(kinds):
    name = kind.get("Name")
    plain, star, _ = name.partition("<*>")
    if star:
        name = INSTANCES[plain.rsplit("::", 1)[-1]]
    print("struct shown_%d : %s {\n    void look() {" % (number, name))
    for expression in expressions(kind):
        print("        static_cast<void>(%s);" % expression)
    print("    }\n};\n")
