# libnats as the target PocoWebSocket::nats, if there is one. For the library's own build, and for those that link it as a
# static library: installed beside PocoWebSocketConfig.cmake.

if(TARGET PocoWebSocket::nats)
	return()
endif()

find_path(POCO_MESSAGING_NATS_INCLUDE nats/nats.h)
find_library(POCO_MESSAGING_NATS_LIBRARY NAMES nats)
mark_as_advanced(POCO_MESSAGING_NATS_INCLUDE POCO_MESSAGING_NATS_LIBRARY)
if(POCO_MESSAGING_NATS_INCLUDE AND POCO_MESSAGING_NATS_LIBRARY)
	add_library(PocoWebSocket::nats UNKNOWN IMPORTED GLOBAL)
	set_target_properties(PocoWebSocket::nats PROPERTIES
		IMPORTED_LOCATION ${POCO_MESSAGING_NATS_LIBRARY}
		INTERFACE_INCLUDE_DIRECTORIES ${POCO_MESSAGING_NATS_INCLUDE})
	return()
endif()

# A static one has another name, and its CMake package says what it needs besides. That of Debian 12 would end the configuration: it names a file that
# is not in libnats-dev.
if(NOT TARGET cnats::nats AND NOT TARGET cnats::nats_static)
	find_package(cnats CONFIG QUIET)
endif()
foreach(name nats nats_static)
	if(TARGET cnats::${name} AND NOT TARGET PocoWebSocket::nats)
		add_library(PocoWebSocket::nats INTERFACE IMPORTED GLOBAL)
		set_target_properties(PocoWebSocket::nats PROPERTIES INTERFACE_LINK_LIBRARIES cnats::${name})
	endif()
endforeach()
