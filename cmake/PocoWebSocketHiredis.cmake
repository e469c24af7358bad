# hiredis as the target PocoWebSocket::hiredis, if there is one, and what it has for TLS as PocoWebSocket::hiredis_ssl. For the library's own
# build, and for those that link it as a static library: installed beside PocoWebSocketConfig.cmake.

if(TARGET PocoWebSocket::hiredis)
	return()
endif()

# Its own CMake package says what static libraries need besides; Debian's hiredis has none.
foreach(name hiredis hiredis_ssl)
	if(NOT TARGET hiredis::${name})
		find_package(${name} CONFIG QUIET)
	endif()
	if(TARGET hiredis::${name})
		add_library(PocoWebSocket::${name} INTERFACE IMPORTED GLOBAL)
		set_target_properties(PocoWebSocket::${name} PROPERTIES INTERFACE_LINK_LIBRARIES hiredis::${name})
	endif()
endforeach()
if(TARGET PocoWebSocket::hiredis)
	return()
endif()

find_path(POCO_MESSAGING_HIREDIS_INCLUDE_DIR hiredis/async.h)
find_library(POCO_MESSAGING_HIREDIS_LIBRARY hiredis)
find_path(POCO_MESSAGING_HIREDIS_SSL_INCLUDE_DIR hiredis/hiredis_ssl.h HINTS ${POCO_MESSAGING_HIREDIS_INCLUDE_DIR})
find_library(POCO_MESSAGING_HIREDIS_SSL_LIBRARY hiredis_ssl)
foreach(name HIREDIS HIREDIS_SSL)
	mark_as_advanced(POCO_MESSAGING_${name}_INCLUDE_DIR POCO_MESSAGING_${name}_LIBRARY)
	string(TOLOWER ${name} target)
	if(POCO_MESSAGING_${name}_INCLUDE_DIR AND POCO_MESSAGING_${name}_LIBRARY AND NOT TARGET PocoWebSocket::${target})
		add_library(PocoWebSocket::${target} UNKNOWN IMPORTED GLOBAL)
		set_target_properties(PocoWebSocket::${target} PROPERTIES
			IMPORTED_LOCATION ${POCO_MESSAGING_${name}_LIBRARY}
			INTERFACE_INCLUDE_DIRECTORIES ${POCO_MESSAGING_${name}_INCLUDE_DIR})
	endif()
endforeach()
