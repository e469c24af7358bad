# What `cmake --install` puts where. Included by Net/CMakeLists.txt.
#
# The headers go to a directory of their own, because they have the names of Poco's:
# include/PocoWebSocket/Poco/Net/WebSocket.h never overwrites include/Poco/Net/WebSocket.h.

include(CMakePackageConfigHelpers)

set(PACKAGE_DIR ${CMAKE_INSTALL_LIBDIR}/cmake/PocoWebSocket)
set(PKGCONFIG_DIR ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

# An include directory of an imported target counts as a system directory unless told
# otherwise, and would be searched after Poco's if Poco's is not one (CMake 3.25).
set_target_properties(PocoWebSocket PROPERTIES EXPORT_NO_SYSTEM ON)

install(DIRECTORY include/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/PocoWebSocket FILES_MATCHING PATTERN "*.h")
install(TARGETS PocoWebSocket EXPORT PocoWebSocketTargets
	RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR}
	LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
	ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
if(TARGET PocoWebSocketPreload)
	install(TARGETS PocoWebSocketPreload LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
endif()

# A static library leaves the linking of what it uses to the consumer.
get_target_property(LIBRARY_TYPE PocoWebSocket TYPE)
if(LIBRARY_TYPE STREQUAL STATIC_LIBRARY)
	set(POCO_WEBSOCKET_STATIC ON)
else()
	set(POCO_WEBSOCKET_STATIC OFF)
endif()

# CMake package
configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/PocoWebSocketConfig.cmake.in PocoWebSocketConfig.cmake
	INSTALL_DESTINATION ${PACKAGE_DIR} NO_SET_AND_CHECK_MACRO)
write_basic_package_version_file(PocoWebSocketConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(EXPORT PocoWebSocketTargets NAMESPACE Poco:: DESTINATION ${PACKAGE_DIR})
install(FILES
	${CMAKE_CURRENT_BINARY_DIR}/PocoWebSocketConfig.cmake
	${CMAKE_CURRENT_BINARY_DIR}/PocoWebSocketConfigVersion.cmake
	DESTINATION ${PACKAGE_DIR})

# pkg-config. Debian's Poco has no .pc files, so its libraries are named; the paths are
# relative to the .pc file, so that the tree may be moved.
file(RELATIVE_PATH PC_LIBDIR ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig ${CMAKE_INSTALL_FULL_LIBDIR})
file(RELATIVE_PATH PC_INCLUDEDIR ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig ${CMAKE_INSTALL_FULL_INCLUDEDIR}/PocoWebSocket)
set(PC_REQUIRES "")
set(PC_REQUIRES_PRIVATE "libssl libcrypto zlib ${POCO_WEBSOCKET_UTF8_PACKAGE}")
if(POCO_WEBSOCKET_LIBDEFLATE)
	string(APPEND PC_REQUIRES_PRIVATE " libdeflate")
endif()
set(PC_LIBS "-lPocoWebSocket -lPocoNet -lPocoFoundation")
set(PC_LIBS_PRIVATE "-lPocoCrypto -pthread")
if(POCO_WEBSOCKET_STATIC)
	set(PC_REQUIRES "${PC_REQUIRES_PRIVATE}")
	set(PC_LIBS "${PC_LIBS} ${PC_LIBS_PRIVATE}")
	set(PC_REQUIRES_PRIVATE "")
	set(PC_LIBS_PRIVATE "")
endif()
configure_file(${PROJECT_SOURCE_DIR}/cmake/PocoWebSocket.pc.in PocoWebSocket.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/PocoWebSocket.pc DESTINATION ${PKGCONFIG_DIR})
