"""tintype as a package of Conan 2: it packages the sources that this recipe lies in."""

import os
import re

from conan import ConanFile
from conan.errors import ConanInvalidConfiguration
from conan.tools.build import check_min_cppstd
from conan.tools.files import copy, load

# A component: Conan's packages that it needs, as package::component, the components of tintype's, and
# libraries of the system that Conan has no package of.
COMPONENTS = {
    "fmt": (["fmt::fmt"], [], []),
    "openssl": (["openssl::crypto"], [], []),
    "protobuf": (["protozero::protozero"], [], []),
    "sqlite": (["sqlite3::sqlite3"], [], []),
    "hnswlib": ([], [], []),
    "raft": ([], [], ["raft", "uv"]),
    "vectorxlite": ([], ["openssl", "protobuf"], []),
    "s3": (["libcurl::libcurl", "pugixml::pugixml"], ["openssl"], []),
}
VERSIONS = {
    "fmt": ">=9 <12",
    "openssl": ">=3 <4",
    "protozero": ">=1.7 <2",
    "sqlite3": ">=3.37 <4",
    "libcurl": ">=7.85 <9",
    "pugixml": ">=1.11 <2",
}
# Parts of the core that have a name of their own.
CORE_COMPONENTS = ["json", "bincode", "velesdb", "dakera", "cbtop", "memvid"]


class Tintype(ConanFile):
    name = "tintype"
    description = "Typed, durable, versioned snapshots"
    topics = ("serialization", "snapshots", "durability", "header-only")
    package_type = "header-library"
    settings = "os", "arch", "compiler", "build_type"
    options = {component: [True, False] for component in COMPONENTS}
    default_options = {component: False for component in COMPONENTS}
    no_copy_source = True

    def set_version(self):
        text = load(self, os.path.join(self.recipe_folder, "..", "..", "..", "CMakeLists.txt"))
        self.version = re.search(r"project\(tintype VERSION ([0-9.]+)", text).group(1)

    def export_sources(self):
        top = os.path.join(self.recipe_folder, "..", "..", "..")
        copy(self, "include/*", src=top, dst=self.export_sources_folder)

    def wanted(self):
        asked = [name for name in COMPONENTS if self.options.get_safe(name)]
        parts = {part for name in asked for part in COMPONENTS[name][1]}
        return [name for name in COMPONENTS if name in asked or name in parts]

    def requirements(self):
        self.requires("boost/[>=1.74 <2]", options={"header_only": True}, transitive_headers=True)
        packages = {need.split("::")[0] for name in self.wanted() for need in COMPONENTS[name][0]}
        for package in sorted(packages):
            self.requires(f"{package}/[{VERSIONS[package]}]", transitive_headers=True)

    def validate(self):
        if self.settings.os != "Linux":
            raise ConanInvalidConfiguration("tintype needs Linux")
        if self.settings.get_safe("compiler.cppstd"):
            check_min_cppstd(self, 23)

    def package_id(self):
        self.info.clear()

    def package(self):
        copy(self, "*.hpp", src=os.path.join(self.source_folder, "include"),
             dst=os.path.join(self.package_folder, "include"))

    def package_info(self):
        self.cpp_info.set_property("cmake_file_name", "tintype")
        core = self.cpp_info.components["core"]
        core.set_property("cmake_target_name", "tintype::tintype")
        core.set_property("pkg_config_name", "tintype")
        core.requires = ["boost::headers"]
        core.bindirs = []
        core.libdirs = []
        for name in CORE_COMPONENTS + self.wanted():
            packages, parts, libraries = COMPONENTS.get(name, ([], [], []))
            component = self.cpp_info.components[name]
            component.set_property("cmake_target_name", f"tintype::{name}")
            component.set_property("pkg_config_name", f"tintype-{name}")
            component.requires = ["core", *parts, *packages]
            component.system_libs = libraries
            component.bindirs = []
            component.libdirs = []
