"""What is said in several places is the same: the version, and the components with what they are called.

    agree.py TOP
"""

import json
import re
import sys

top = sys.argv[1]


def text_of(path):
    with open(f"{top}/{path}", encoding="utf-8") as file:
        return file.read()


cmake = text_of("CMakeLists.txt")
version = re.search(r"project\(tintype VERSION ([0-9.]+)", cmake).group(1)
core = re.search(r"set\(tintype_core_components ([^)]*)\)", cmake).group(1).split()
components = re.search(r"set\(tintype_components ([^)]*)\)", cmake).group(1).split()

port = json.loads(text_of("docs/packaging/vcpkg/ports/tintype/vcpkg.json"))
assert port["version"] == version, "vcpkg.json has another version"
# Raft's library is not among vcpkg's ports.
assert sorted(port["features"]) == sorted(set(components) - {"raft"}), "vcpkg.json has other features"
for name, feature in port["features"].items():
    assert feature["description"] and feature["dependencies"], f"vcpkg.json: {name}"
json.loads(text_of("tests/consumer/vcpkg/vcpkg.json"))

recipe = text_of("docs/packaging/conan/conanfile.py")
table = re.search(r"^COMPONENTS = \{(.*?)^\}", recipe, re.S | re.M).group(1)
assert re.findall(r'^    "(\w+)":', table, re.M) == components, "conanfile.py has other components"
assert re.search(r"CORE_COMPONENTS = \[(.*)\]", recipe).group(1) == ", ".join(f'"{name}"' for name in core)

page = text_of("docs/packaging.md")
for name in core + components:
    assert f"`tintype::{name}`" in page, f"docs/packaging.md does not name tintype::{name}"
for packages in re.findall(r'tintype_[a-z0-9]+_package "?([^")]*)"?\)\n', cmake):
    for package in packages.split():
        assert f"`{package}`" in page, f"docs/packaging.md does not name {package}"
