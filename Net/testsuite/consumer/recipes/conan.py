#!/usr/bin/env python3
#
# Does what a Conan recipe says, with the parts of Conan that the recipe needs. Dependencies are the system's. What package_info()
# says becomes the CMake package, as Conan's CMakeDeps makes one.
#
# usage: conan.py <conanfile.py> <build directory> <package directory>
#
# SPDX-License-Identifier: BSL-1.0

import importlib.util
import os
import shutil
import subprocess
import sys
import types
from pathlib import Path

recipe_file, build, package = map(os.path.abspath, sys.argv[1:])
TARGETS = {"poco::poco_net": "Poco::Net", "poco::poco_foundation": "Poco::Foundation", "poco::poco_crypto": "Poco::Crypto",
           "openssl::openssl": "OpenSSL::SSL", "zlib::zlib": "ZLIB::ZLIB", "libdeflate::libdeflate": "-ldeflate", "simdutf::simdutf": None}


class Values(types.SimpleNamespace):
    pass


class ConanFile:
    def __init__(self):
        self.recipe_folder = os.path.dirname(recipe_file)
        self.export_sources_folder = self.source_folder = os.path.join(build, "source")
        self.build_folder = os.path.join(build, "build")
        self.package_folder = package
        self.settings = Values(os="Linux", arch="x86_64", compiler="gcc", build_type="Debug")
        self.options = Values(**self.default_options)
        self.required = []
        self.cpp_info = Values(properties={}, libs=[], includedirs=[], requires=[], system_libs=[])
        self.cpp_info.set_property = self.cpp_info.properties.__setitem__

    def requires(self, reference, **_):
        self.required.append(reference.split("/")[0])


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
    info = recipe.cpp_info
    target = info.properties["cmake_target_name"]
    needed = [TARGETS[name] for name in info.requires if TARGETS[name]] + info.system_libs
    directory = Path(package) / "lib" / "cmake" / info.properties["cmake_file_name"]
    directory.mkdir(parents=True)
    (directory / (info.properties["cmake_file_name"] + "Config.cmake")).write_text(f"""
find_package(Poco REQUIRED COMPONENTS Foundation Net Crypto)
find_package(OpenSSL REQUIRED)
find_package(ZLIB REQUIRED)
add_library({target} UNKNOWN IMPORTED)
set_target_properties({target} PROPERTIES IMPORTED_LOCATION {package}/lib/lib{info.libs[0]}.a
    INTERFACE_INCLUDE_DIRECTORIES {package}/{info.includedirs[0]} INTERFACE_COMPILE_FEATURES cxx_std_17
    INTERFACE_LINK_LIBRARIES "{';'.join(needed)}")
set(PocoWebSocket_VERSION 1.0.0)
""")
    (directory / (info.properties["cmake_file_name"] + "ConfigVersion.cmake")).write_text("set(PACKAGE_VERSION_COMPATIBLE TRUE)\n")


module("conan", ConanFile=ConanFile)
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
for step in ("export_sources", "layout", "validate", "requirements", "generate", "build", "package", "package_info"):
    getattr(recipe, step)()
unknown = [name for name in recipe.cpp_info.requires if name.split("::")[0] not in recipe.required]
if unknown:
    sys.exit(f"conan.py: used and not required: {unknown}")
cmake_package(recipe)
