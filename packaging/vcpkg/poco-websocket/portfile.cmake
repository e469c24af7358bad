# An overlay port that builds the source tree it is in:
#   vcpkg install poco-websocket[messaging,redis] --overlay-ports=packaging/vcpkg
get_filename_component(SOURCE_PATH "${CMAKE_CURRENT_LIST_DIR}/../../.." ABSOLUTE)

vcpkg_check_features(OUT_FEATURE_OPTIONS FEATURE_OPTIONS
	FEATURES
		messaging POCO_WEBSOCKET_MESSAGING
		nats      POCO_WEBSOCKET_MESSAGING_NATS
		redis     POCO_WEBSOCKET_MESSAGING_REDIS)
if("messaging" IN_LIST FEATURES)
	list(APPEND FEATURE_OPTIONS "-DPOCO_MESSAGING_FLATC=${CURRENT_HOST_INSTALLED_DIR}/tools/flatbuffers/flatc${VCPKG_HOST_EXECUTABLE_SUFFIX}")
endif()

vcpkg_cmake_configure(
	SOURCE_PATH "${SOURCE_PATH}"
	OPTIONS
		${FEATURE_OPTIONS}
		-DPOCO_WEBSOCKET_TESTS=OFF
		-DPOCO_WEBSOCKET_SAMPLES=OFF
		-DPOCO_WEBSOCKET_BENCHMARKS=OFF
		-DPOCO_WEBSOCKET_PRELOAD=OFF)
vcpkg_cmake_install()
vcpkg_cmake_config_fixup(PACKAGE_NAME PocoWebSocket CONFIG_PATH lib/cmake/PocoWebSocket)
vcpkg_fixup_pkgconfig()
file(REMOVE_RECURSE "${CURRENT_PACKAGES_DIR}/debug/include")
vcpkg_install_copyright(FILE_LIST "${SOURCE_PATH}/LICENSE")
