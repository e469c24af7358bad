#!/usr/bin/env python3
#
# Does what a Conan recipe says, with the parts of Conan that the recipe needs. Dependencies are the system's. What package_info()
# says becomes the CMake package, as Conan's CMakeDeps makes one.
#
# usage: conan.py <conanfile.py> <build directory> <package directory> [<option that is True>]...
#
# SPDX-License-Identifier: BSL-1.0

import collections
import importlib.util
import os
import shutil
import subprocess
import sys
import types
from pathlib import Path

recipe_file, build, package = map(os.path.abspath, sys.argv[1:4])
TARGETS = {"poco::poco_net": "Poco::Net", "poco::poco_foundation": "Poco::Foundation", "poco::poco_crypto": "Poco::Crypto",
           "openssl::openssl": "OpenSSL::SSL", "zlib::zlib": "ZLIB::ZLIB", "libdeflate::libdeflate": "-ldeflate", "simdutf::simdutf": None,
           "poco::poco_jwt": "Poco::JWT", "poco::poco_json": "Poco::JSON", "flatbuffers::flatbuffers": None,
           "hiredis::hiredislib": "-lhiredis", "hiredis::hiredis_ssl": None, "cnats::cnats": "-lnats"}


class Values(types.SimpleNamespace):
    pass


def information():
    info = Values(properties={}, libs=[], includedirs=[], requires=[], system_libs=[])
    info.set_property = info.properties.__setitem__
    return info


class ConanFile:
    def __init__(self):
        self.recipe_folder = os.path.dirname(recipe_file)
        self.export_sources_folder = self.source_folder = os.path.join(build, "source")
        self.build_folder = os.path.join(build, "build")
        self.package_folder = package
        self.settings = Values(os="Linux", arch="x86_64", compiler="gcc", build_type="Debug")
        self.options = Values(**{name: value for name, value in self.default_options.items() if "/" not in name})
        self.required = []
        self.cpp_info = information()
        self.cpp_info.components = collections.defaultdict(information)

    def requires(self, reference, **_):
        self.required.append(reference.split("/")[0])

    def tool_requires(self, reference):
        if reference.split("/")[0] not in self.required:
            sys.exit(f"conan.py: the version of {reference} is that of nothing")


class CMakeToolchain:
    def __init__(self, recipe):
        self.recipe = recipe
        self.cache_variables = {}

    def generate(self):
        self.recipe.variables = [f"-D{name}={'ON' if value else 'OFF'}" for name, value in self.cache_variables.items()]


class CMakeDeps:
    def __init__(self, recipe):
        pass

    def generate(self):
        pass


class CMake:
    def __init__(self, recipe):
        self.recipe = recipe

    def run(self, *arguments):
        subprocess.run(["cmake", *arguments], check=True)

    def configure(self):
        self.run("-S", self.recipe.source_folder, "-B", self.recipe.build_folder, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Debug", "-DCMAKE_INSTALL_LIBDIR=lib",
                 *self.recipe.variables)

    def build(self):
        self.run("--build", self.recipe.build_folder, "--parallel", "2")

    def install(self):
        self.run("--install", self.recipe.build_folder, "--prefix", self.recipe.package_folder)


def copy(_, pattern, src, dst):
    files = [path for path in Path(src).glob(pattern.replace("/*", "/**/*")) if path.is_file()]
    if not files:
        sys.exit(f"conan.py: there is no {pattern}")
    for path in files:
        to = Path(dst) / path.relative_to(src)
        to.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, to)


def module(name, **members):
    sys.modules[name] = types.ModuleType(name)
    vars(sys.modules[name]).update(members)


def cmake_package(recipe):
    name = recipe.cpp_info.properties["cmake_file_name"]
    directory = Path(package) / "lib" / "cmake" / name
    directory.mkdir(parents=True)
    text = """find_package(Poco REQUIRED COMPONENTS Foundation Net Crypto JSON JWT)
find_package(OpenSSL REQUIRED)
find_package(ZLIB REQUIRED)
set(PocoWebSocket_VERSION 1.0.0)
"""
    for info in recipe.cpp_info.components.values():
        target = info.properties["cmake_target_name"]
        needed = [recipe.cpp_info.components[name].properties["cmake_target_name"] if "::" not in name else TARGETS[name] for name in info.requires]
        text += f"""
add_library({target} UNKNOWN IMPORTED)
set_target_properties({target} PROPERTIES IMPORTED_LOCATION {package}/lib/lib{info.libs[0]}.a
    INTERFACE_INCLUDE_DIRECTORIES {package}/{info.includedirs[0]} INTERFACE_COMPILE_FEATURES cxx_std_17
    INTERFACE_LINK_LIBRARIES "{';'.join([word for word in needed if word] + info.system_libs)}")
"""
    (directory / (name + "Config.cmake")).write_text(text)
    (directory / (name + "ConfigVersion.cmake")).write_text("set(PACKAGE_VERSION_COMPATIBLE TRUE)\n")


class ConanInvalidConfiguration(Exception):
    pass


module("conan", ConanFile=ConanFile)
module("conan.errors", ConanInvalidConfiguration=ConanInvalidConfiguration)
module("conan.tools")
module("conan.tools.build", check_min_cppstd=lambda recipe, standard: None)
module("conan.tools.cmake", CMake=CMake, CMakeDeps=CMakeDeps, CMakeToolchain=CMakeToolchain, cmake_layout=lambda recipe: None)
module("conan.tools.files", copy=copy, rmdir=lambda recipe, directory: shutil.rmtree(directory))
spec = importlib.util.spec_from_file_location("recipe", recipe_file)
found = importlib.util.module_from_spec(spec)
spec.loader.exec_module(found)

for directory in (build, package):
    shutil.rmtree(directory, ignore_errors=True)
recipe = next(value for value in vars(found).values() if isinstance(value, type) and issubclass(value, ConanFile) and value is not ConanFile)()
recipe.options.with_simdutf = False # Debian 12 has none
for option in sys.argv[4:]:
    setattr(recipe.options, option, {False: True}[getattr(recipe.options, option)])
for step in ("export_sources", "layout", "validate", "requirements", "build_requirements", "generate", "build", "package", "package_info"):
    getattr(recipe, step)()
used = {name for info in recipe.cpp_info.components.values() for name in info.requires}
known = set(recipe.cpp_info.components) | set(TARGETS)
packages = {name.split("::")[0] for name in used if "::" in name}
if not used <= known or packages != set(recipe.required):
    sys.exit(f"conan.py: used {sorted(used)}, required {recipe.required}")
cmake_package(recipe)
