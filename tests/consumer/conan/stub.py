"""Runs the recipe for Conan without Conan: what of Conan's modules the recipe uses is here, as far as it
does; the package is really made, and what it says of itself is printed as a compiler's flags.

    stub.py RECIPE WORK_FOLDER OPTION...
"""

import fnmatch
import importlib.util
import os
import shutil
import sys
import types


class Invalid(Exception):
    pass


class Options(dict):
    def get_safe(self, name):
        return self.get(name)


class Settings:
    os = "Linux"

    def get_safe(self, name):
        return {"compiler.cppstd": "gnu23"}.get(name)


class Info:
    def __init__(self):
        self.components = {}
        self.properties = {}
        self.includedirs = ["include"]
        self.requires = []
        self.system_libs = []

    def set_property(self, name, value):
        self.properties[name] = value


class Components(dict):
    def __missing__(self, name):
        self[name] = Info()
        return self[name]


class ConanFile:
    def requires(self, reference, **_):
        self.required.append(reference)


def copy(_, pattern, src, dst):
    found = []
    for folder, _, names in os.walk(src):
        for name in names:
            path = os.path.relpath(os.path.join(folder, name), src)
            if fnmatch.fnmatch(path, pattern):
                os.makedirs(os.path.dirname(os.path.join(dst, path)), exist_ok=True)
                shutil.copy(os.path.join(src, path), os.path.join(dst, path))
                found.append(path)
    assert found, f"copy() of {pattern} found nothing"
    return found


def load(_, path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def check_min_cppstd(recipe, least):
    if int(recipe.settings.get_safe("compiler.cppstd")[-2:]) < least:
        raise Invalid


def module(name, **members):
    made = types.ModuleType(name)
    made.__dict__.update(members)
    sys.modules[name] = made


module("conan", ConanFile=ConanFile)
module("conan.errors", ConanInvalidConfiguration=Invalid)
module("conan.tools")
module("conan.tools.build", check_min_cppstd=check_min_cppstd)
module("conan.tools.files", copy=copy, load=load)

recipe_file, work, *asked = sys.argv[1:]
spec = importlib.util.spec_from_file_location("recipe", recipe_file)
recipe_module = importlib.util.module_from_spec(spec)
sys.dont_write_bytecode = True
spec.loader.exec_module(recipe_module)
recipe_class = next(member for member in vars(recipe_module).values()
                    if isinstance(member, type) and issubclass(member, ConanFile) and member is not ConanFile)

recipe = recipe_class()
recipe.required = []
recipe.settings = Settings()
recipe.options = Options(recipe_class.default_options)
for option in asked:
    assert option in recipe_class.options, f"there is no option {option}"
    recipe.options[option] = True
recipe.recipe_folder = os.path.dirname(os.path.abspath(recipe_file))
recipe.export_sources_folder = recipe.source_folder = os.path.join(work, "sources")
recipe.package_folder = os.path.join(work, "package")
recipe.cpp_info = Info()
recipe.cpp_info.components = Components()
recipe.info = {} # a dict can be cleared

recipe.set_version()
recipe.export_sources()
recipe.requirements()
recipe.validate()
recipe.package_id()
recipe.package()
recipe.package_info()

# Every component that is required is there, and every package of another's is required as a whole too.
components = recipe.cpp_info.components
packages = {reference.split("/")[0] for reference in recipe.required}
used = set()
for component in components.values():
    for need in component.requires:
        if "::" in need:
            used.add(need.split("::")[0])
        else:
            assert need in components, f"no component {need}"
assert used == packages, f"required {packages}, used {used}"
targets = {component.properties["cmake_target_name"] for component in components.values()}
assert {f"tintype::{name}" for name in ["tintype", "json", *asked]} <= targets, targets
print(f"{recipe.name} {recipe.version} requires {' '.join(recipe.required)}", file=sys.stderr)
print(" ".join(f"-I{os.path.join(recipe.package_folder, folder)}" for folder in components["core"].includedirs))
