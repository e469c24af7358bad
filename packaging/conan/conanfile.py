# Builds the source tree that it is in: conan create packaging/conan
#
# SPDX-License-Identifier: BSL-1.0

import os

from conan import ConanFile
from conan.tools.build import check_min_cppstd
from conan.tools.cmake import CMake, CMakeDeps, CMakeToolchain, cmake_layout
from conan.tools.files import copy, rmdir

required_conan_version = ">=2.0"


class PocoWebSocketConan(ConanFile):
    name = "poco-websocket"
    version = "1.0.0-rc1"
    description = "WebSockets (RFC 6455) for the POCO C++ Libraries"
    license = "BSL-1.0"
    topics = ("websocket", "networking", "poco")
    package_type = "library"
    settings = "os", "arch", "compiler", "build_type"
    options = {"shared": [True, False], "fPIC": [True, False], "with_libdeflate": [True, False], "with_simdutf": [True, False]}
    default_options = {"shared": False, "fPIC": True, "with_libdeflate": True, "with_simdutf": True}
    implements = ["auto_shared_fpic"]

    def export_sources(self):
        root = os.path.join(self.recipe_folder, "..", "..")
        for pattern in ("CMakeLists.txt", "LICENSE", "cmake/*", "Net/CMakeLists.txt", "Net/include/*", "Net/src/*"):
            copy(self, pattern, src=root, dst=self.export_sources_folder)

    def layout(self):
        cmake_layout(self)

    def validate(self):
        check_min_cppstd(self, 17)

    def requirements(self):
        self.requires("poco/[>=1.11 <2]", transitive_headers=True, transitive_libs=True)
        self.requires("openssl/[>=1.1 <4]")
        self.requires("zlib/[>=1.2.11 <2]")
        if self.options.with_libdeflate:
            self.requires("libdeflate/[>=1.14 <2]")
        if self.options.with_simdutf:
            self.requires("simdutf/[>=4 <8]")

    def generate(self):
        CMakeDeps(self).generate()
        toolchain = CMakeToolchain(self)
        for part in ("TESTS", "SAMPLES", "BENCHMARKS", "PRELOAD", "MESSAGING"):
            toolchain.cache_variables[f"POCO_WEBSOCKET_{part}"] = False
        toolchain.cache_variables["POCO_WEBSOCKET_USE_LIBDEFLATE"] = bool(self.options.with_libdeflate)
        toolchain.cache_variables["POCO_WEBSOCKET_SIMD_UTF8"] = bool(self.options.with_simdutf)
        toolchain.generate()

    def build(self):
        cmake = CMake(self)
        cmake.configure()
        cmake.build()

    def package(self):
        copy(self, "LICENSE", src=self.source_folder, dst=os.path.join(self.package_folder, "licenses"))
        CMake(self).install()
        rmdir(self, os.path.join(self.package_folder, "lib", "cmake"))
        rmdir(self, os.path.join(self.package_folder, "lib", "pkgconfig"))

    def package_info(self):
        self.cpp_info.set_property("cmake_file_name", "PocoWebSocket")
        self.cpp_info.set_property("cmake_target_name", "Poco::WebSocket")
        self.cpp_info.set_property("pkg_config_name", "PocoWebSocket")
        self.cpp_info.libs = ["PocoWebSocket"]
        self.cpp_info.includedirs = [os.path.join("include", "PocoWebSocket")]
        self.cpp_info.requires = ["poco::poco_net", "poco::poco_foundation", "poco::poco_crypto", "openssl::openssl", "zlib::zlib"]
        if self.options.with_libdeflate:
            self.cpp_info.requires.append("libdeflate::libdeflate")
        if self.options.with_simdutf:
            self.cpp_info.requires.append("simdutf::simdutf")
        if self.settings.os == "Linux":
            self.cpp_info.system_libs = ["pthread"]
