# libdeflate as the target PocoWebSocket::libdeflate, if there is one. For the library's own build, and for those that link it as a
# static library: installed beside PocoWebSocketConfig.cmake.

if(TARGET PocoWebSocket::libdeflate)
	return()
endif()

if(NOT TARGET libdeflate::libdeflate_shared AND NOT TARGET libdeflate::libdeflate_static)
	find_package(libdeflate CONFIG QUIET) # from 1.15 on
endif()
foreach(kind shared static)
	if(TARGET libdeflate::libdeflate_${kind} AND NOT TARGET PocoWebSocket::libdeflate)
		add_library(PocoWebSocket::libdeflate INTERFACE IMPORTED GLOBAL)
		set_target_properties(PocoWebSocket::libdeflate PROPERTIES INTERFACE_LINK_LIBRARIES libdeflate::libdeflate_${kind})
	endif()
endforeach()

if(NOT TARGET PocoWebSocket::libdeflate)
	find_path(POCO_WEBSOCKET_LIBDEFLATE_INCLUDE libdeflate.h)
	find_library(POCO_WEBSOCKET_LIBDEFLATE_LIBRARY NAMES deflate libdeflate)
	mark_as_advanced(POCO_WEBSOCKET_LIBDEFLATE_INCLUDE POCO_WEBSOCKET_LIBDEFLATE_LIBRARY)
	if(POCO_WEBSOCKET_LIBDEFLATE_INCLUDE AND POCO_WEBSOCKET_LIBDEFLATE_LIBRARY)
		add_library(PocoWebSocket::libdeflate UNKNOWN IMPORTED GLOBAL)
		set_target_properties(PocoWebSocket::libdeflate PROPERTIES
			IMPORTED_LOCATION ${POCO_WEBSOCKET_LIBDEFLATE_LIBRARY}
			INTERFACE_INCLUDE_DIRECTORIES ${POCO_WEBSOCKET_LIBDEFLATE_INCLUDE})
	endif()
endif()
