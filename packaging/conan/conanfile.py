# Builds the source tree that it is in: conan create packaging/conan -o with_messaging=True -o with_redis=True
#
# SPDX-License-Identifier: BSL-1.0

import os

from conan import ConanFile
from conan.errors import ConanInvalidConfiguration
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
    options = {"shared": [True, False], "fPIC": [True, False], "with_libdeflate": [True, False], "with_simdutf": [True, False],
               "with_messaging": [True, False], "with_redis": [True, False], "with_nats": [True, False]}
    default_options = {"shared": False, "fPIC": True, "with_libdeflate": True, "with_simdutf": True,
                       "with_messaging": False, "with_redis": False, "with_nats": False, "hiredis/*:with_ssl": True}
    implements = ["auto_shared_fpic"]

    def export_sources(self):
        root = os.path.join(self.recipe_folder, "..", "..")
        for pattern in ("CMakeLists.txt", "LICENSE", "cmake/*", "Net/CMakeLists.txt", "Net/include/*", "Net/src/*", "Messaging/CMakeLists.txt",
                        "Messaging/include/*", "Messaging/schema/*", "Messaging/src/*", "Messaging/NATS/*", "Messaging/Redis/*"):
            copy(self, pattern, src=root, dst=self.export_sources_folder)

    def layout(self):
        cmake_layout(self)

    def validate(self):
        check_min_cppstd(self, 17)
        if (self.options.with_redis or self.options.with_nats) and not self.options.with_messaging:
            raise ConanInvalidConfiguration("with_redis and with_nats need with_messaging")

    def requirements(self):
        self.requires("poco/[>=1.11 <2]", transitive_headers=True, transitive_libs=True)
        self.requires("openssl/[>=1.1 <4]")
        self.requires("zlib/[>=1.2.11 <2]")
        if self.options.with_libdeflate:
            self.requires("libdeflate/[>=1.14 <2]")
        if self.options.with_simdutf:
            self.requires("simdutf/[>=4 <8]")
        if self.options.with_messaging:
            self.requires("flatbuffers/[>=2 <26]")
        if self.options.with_redis:
            self.requires("hiredis/[>=1.0 <2]")
        if self.options.with_nats:
            self.requires("cnats/[>=3 <4]")

    def build_requirements(self):
        if self.options.with_messaging:
            self.tool_requires("flatbuffers/<host_version>")  # flatc has to match the headers

    def generate(self):
        CMakeDeps(self).generate()
        toolchain = CMakeToolchain(self)
        for part in ("TESTS", "SAMPLES", "BENCHMARKS", "PRELOAD"):
            toolchain.cache_variables[f"POCO_WEBSOCKET_{part}"] = False
        toolchain.cache_variables["POCO_WEBSOCKET_USE_LIBDEFLATE"] = bool(self.options.with_libdeflate)
        toolchain.cache_variables["POCO_WEBSOCKET_SIMD_UTF8"] = bool(self.options.with_simdutf)
        for part, option in (("MESSAGING", "messaging"), ("MESSAGING_REDIS", "redis"), ("MESSAGING_NATS", "nats")):
            toolchain.cache_variables[f"POCO_WEBSOCKET_{part}"] = bool(getattr(self.options, f"with_{option}"))
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
        self._library("WebSocket", "PocoWebSocket", ["poco::poco_net", "poco::poco_foundation", "poco::poco_crypto", "openssl::openssl", "zlib::zlib"])
        websocket = self.cpp_info.components["WebSocket"]
        if self.options.with_libdeflate:
            websocket.requires.append("libdeflate::libdeflate")
        if self.options.with_simdutf:
            websocket.requires.append("simdutf::simdutf")
        if self.options.with_messaging:
            self._library("Messaging", "PocoMessaging", ["WebSocket", "poco::poco_jwt", "poco::poco_json", "poco::poco_crypto", "openssl::openssl"])
            self.cpp_info.components["Messaging"].requires.append("flatbuffers::flatbuffers")
        if self.options.with_redis:
            self._library("MessagingRedis", "PocoMessagingRedis", ["Messaging", "hiredis::hiredislib", "hiredis::hiredis_ssl", "openssl::openssl"])
        if self.options.with_nats:
            self._library("MessagingNATS", "PocoMessagingNATS", ["Messaging", "cnats::cnats"])

    def _library(self, name, library, requires):
        """Poco::<name>, as find_package(PocoWebSocket COMPONENTS ...) has it where CMake has installed it."""
        component = self.cpp_info.components[name]
        component.set_property("cmake_target_name", f"Poco::{name}")
        component.set_property("pkg_config_name", library)
        component.libs = [library]
        component.includedirs = [os.path.join("include", "PocoWebSocket")]
        component.requires = requires
        if self.settings.os == "Linux":
            component.system_libs = ["pthread"]
