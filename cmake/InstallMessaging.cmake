# What `cmake --install` puts where, of Poco::Messaging and of what joins its nodes: as Install.cmake does it for Poco::WebSocket, beside that, in the
# same CMake components. find_package(PocoWebSocket COMPONENTS Messaging MessagingRedis MessagingNATS) finds them.

# Installs Poco::<name>: its library, headers, CMake targets and .pc file. STATIC_LIBS are the flags for what only a static library names.
function(poco_messaging_install name)
	if(NOT POCO_WEBSOCKET_INSTALL)
		return()
	endif()
	cmake_parse_arguments(PARSE_ARGV 1 PC "" "DESCRIPTION;REQUIRES;STATIC_LIBS" "")

	install(DIRECTORY include/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/PocoWebSocket COMPONENT PocoWebSocket_Development FILES_MATCHING PATTERN "*.h")
	install(TARGETS Poco${name} EXPORT PocoWebSocket${name}Targets
		RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT PocoWebSocket_Runtime
		LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT PocoWebSocket_Runtime NAMELINK_COMPONENT PocoWebSocket_Development
		ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT PocoWebSocket_Development)
	install(EXPORT PocoWebSocket${name}Targets NAMESPACE Poco:: DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/PocoWebSocket COMPONENT PocoWebSocket_Development)

	set(PC_NAME Poco${name})
	set(PC_LIBS "-l${PC_NAME}")
	get_target_property(type ${PC_NAME} TYPE)
	if(type STREQUAL STATIC_LIBRARY)
		string(APPEND PC_LIBS " ${PC_STATIC_LIBS}")
	endif()
	file(RELATIVE_PATH PC_LIBDIR ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig ${CMAKE_INSTALL_FULL_LIBDIR})
	file(RELATIVE_PATH PC_INCLUDEDIR ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig ${CMAKE_INSTALL_FULL_INCLUDEDIR}/PocoWebSocket)
	configure_file(${PROJECT_SOURCE_DIR}/cmake/PocoMessaging.pc.in ${PC_NAME}.pc @ONLY)
	install(FILES ${CMAKE_CURRENT_BINARY_DIR}/${PC_NAME}.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT PocoWebSocket_Development)
endfunction()

# Installs a file that finds, for PocoWebSocketConfig.cmake too, what a library is linked with.
function(poco_messaging_install_finder file)
	if(POCO_WEBSOCKET_INSTALL)
		install(FILES ${file} DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/PocoWebSocket COMPONENT PocoWebSocket_Development)
	endif()
endfunction()
