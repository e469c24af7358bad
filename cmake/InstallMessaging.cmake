# What `cmake --install` puts where, of Poco::Messaging: as Install.cmake does it for Poco::WebSocket, beside that, in the same CMake components.
# find_package(PocoWebSocket COMPONENTS Messaging) finds it. Included by Messaging/CMakeLists.txt.

if(NOT POCO_WEBSOCKET_INSTALL)
	return()
endif()

get_target_property(LIBRARY_TYPE PocoMessaging TYPE)
set(POCO_WEBSOCKET_STATIC OFF)
if(LIBRARY_TYPE STREQUAL STATIC_LIBRARY)
	set(POCO_WEBSOCKET_STATIC ON)
endif()

install(DIRECTORY include/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/PocoWebSocket COMPONENT PocoWebSocket_Development FILES_MATCHING PATTERN "*.h")
install(TARGETS PocoMessaging EXPORT PocoWebSocketMessagingTargets
	RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT PocoWebSocket_Runtime
	LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT PocoWebSocket_Runtime NAMELINK_COMPONENT PocoWebSocket_Development
	ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT PocoWebSocket_Development)
install(EXPORT PocoWebSocketMessagingTargets NAMESPACE Poco:: DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/PocoWebSocket COMPONENT PocoWebSocket_Development)

file(RELATIVE_PATH PC_LIBDIR ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig ${CMAKE_INSTALL_FULL_LIBDIR})
file(RELATIVE_PATH PC_INCLUDEDIR ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig ${CMAKE_INSTALL_FULL_INCLUDEDIR}/PocoWebSocket)
set(PC_LIBS "-lPocoMessaging")
if(POCO_WEBSOCKET_STATIC)
	string(APPEND PC_LIBS " -lPocoJWT -lPocoJSON -lPocoCrypto") # the others are those of PocoWebSocket
endif()
configure_file(${PROJECT_SOURCE_DIR}/cmake/PocoMessaging.pc.in PocoMessaging.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/PocoMessaging.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT PocoWebSocket_Development)
