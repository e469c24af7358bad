# What `cmake --install` puts where. Included by Net/CMakeLists.txt.
#
# The headers go to a directory of their own, because they have the names of Poco's:
# include/PocoWebSocket/Poco/Net/WebSocket.h never overwrites include/Poco/Net/WebSocket.h.

# Components: PocoWebSocket_Runtime has what programs need to run, PocoWebSocket_Development the rest.

if(NOT POCO_WEBSOCKET_INSTALL)
	return()
endif()

include(CMakePackageConfigHelpers)

set(PACKAGE_DIR ${CMAKE_INSTALL_LIBDIR}/cmake/PocoWebSocket)
set(PKGCONFIG_DIR ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

# An include directory of an imported target counts as a system directory unless told
# otherwise, and would be searched after Poco's if Poco's is not one (CMake 3.25).
set_target_properties(PocoWebSocket PROPERTIES EXPORT_NO_SYSTEM ON)

install(DIRECTORY include/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/PocoWebSocket COMPONENT PocoWebSocket_Development FILES_MATCHING PATTERN "*.h")
install(TARGETS PocoWebSocket EXPORT PocoWebSocketTargets
	RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT PocoWebSocket_Runtime
	LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT PocoWebSocket_Runtime NAMELINK_COMPONENT PocoWebSocket_Development
	ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT PocoWebSocket_Development)
if(TARGET PocoWebSocketPreload)
	install(TARGETS PocoWebSocketPreload LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT PocoWebSocket_Runtime)
endif()

get_target_property(LIBRARY_TYPE PocoWebSocket TYPE)
# A static library leaves the linking of what it uses to the consumer.
if(LIBRARY_TYPE STREQUAL STATIC_LIBRARY)
	set(POCO_WEBSOCKET_STATIC ON)
else()
	set(POCO_WEBSOCKET_STATIC OFF)
endif()

# CMake package
configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/PocoWebSocketConfig.cmake.in PocoWebSocketConfig.cmake
	INSTALL_DESTINATION ${PACKAGE_DIR} NO_SET_AND_CHECK_MACRO)
write_basic_package_version_file(PocoWebSocketConfigVersion.cmake COMPATIBILITY SameMajorVersion)
install(EXPORT PocoWebSocketTargets NAMESPACE Poco:: DESTINATION ${PACKAGE_DIR} COMPONENT PocoWebSocket_Development)
install(FILES
	${CMAKE_CURRENT_BINARY_DIR}/PocoWebSocketConfig.cmake
	${CMAKE_CURRENT_BINARY_DIR}/PocoWebSocketConfigVersion.cmake
	${PROJECT_SOURCE_DIR}/cmake/PocoWebSocketLibdeflate.cmake
	DESTINATION ${PACKAGE_DIR} COMPONENT PocoWebSocket_Development)

# pkg-config. Debian's Poco has no .pc files, so its libraries are named; the paths are
# relative to the .pc file, so that the tree may be moved. So are the libraries that only a static library names: with Requires
# or Requires.private their users would get their compiler flags, and would need their .pc files for the shared library as well.
file(RELATIVE_PATH PC_LIBDIR ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig ${CMAKE_INSTALL_FULL_LIBDIR})
file(RELATIVE_PATH PC_INCLUDEDIR ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig ${CMAKE_INSTALL_FULL_INCLUDEDIR}/PocoWebSocket)
set(PC_LIBS "-lPocoWebSocket -lPocoNet")
if(POCO_WEBSOCKET_STATIC)
	string(APPEND PC_LIBS " -lPocoCrypto")
endif()
string(APPEND PC_LIBS " -lPocoFoundation")
if(POCO_WEBSOCKET_STATIC)
	string(APPEND PC_LIBS " -lssl -lcrypto -lz")
	if(POCO_WEBSOCKET_UTF8_PACKAGE)
		string(APPEND PC_LIBS " -l${POCO_WEBSOCKET_UTF8_PACKAGE}")
	endif()
	if(POCO_WEBSOCKET_LIBDEFLATE)
		string(APPEND PC_LIBS " -ldeflate")
	endif()
	string(APPEND PC_LIBS " -pthread")
endif()
configure_file(${PROJECT_SOURCE_DIR}/cmake/PocoWebSocket.pc.in PocoWebSocket.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/PocoWebSocket.pc DESTINATION ${PKGCONFIG_DIR} COMPONENT PocoWebSocket_Development)
