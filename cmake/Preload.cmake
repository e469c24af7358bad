# libPocoWebSocketPreload.so: for programs that were compiled against Poco 1.11 and cannot
# be rebuilt. LD_PRELOAD of it gives them this library's WebSocket under stock's symbol
# names, with stock's object layout; the event shell is not in it. Included by Net/CMakeLists.txt.

if(NOT UNIX OR APPLE)
	message(STATUS "PocoWebSocketPreload is not built: it is for systems with LD_PRELOAD and version scripts")
	return()
endif()
if(Poco_VERSION VERSION_GREATER_EQUAL 1.12)
	message(STATUS "PocoWebSocketPreload is not built: it has the object layout of Poco 1.11, this is ${Poco_VERSION}")
	return()
endif()

set(PRELOAD_EXPORTS ${PROJECT_SOURCE_DIR}/cmake/Preload.map)

add_library(PocoWebSocketPreload MODULE ${POCO_WEBSOCKET_core} ${POCO_WEBSOCKET_net} ${POCO_WEBSOCKET_blocking})
poco_websocket_settings(PocoWebSocketPreload)
target_compile_definitions(PocoWebSocketPreload PRIVATE POCO_WEBSOCKET_STOCK_NAMES)
target_link_options(PocoWebSocketPreload PRIVATE -Wl,--version-script=${PRELOAD_EXPORTS})
set_target_properties(PocoWebSocketPreload PROPERTIES LINK_DEPENDS ${PRELOAD_EXPORTS})
