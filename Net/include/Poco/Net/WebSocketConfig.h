//
// WebSocketConfig.h
//
// Library: PocoWebSocket
// Package: WebSocket
// Module:  WebSocketConfig
//
// Export macro and namespace of the library.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketConfig_INCLUDED
#define Net_WebSocketConfig_INCLUDED


#include "Poco/Net/Net.h"


//
// WebSocket_API marks what the library exports.
//
#if defined(_WIN32) && defined(POCO_WEBSOCKET_DLL)
	#if defined(PocoWebSocket_EXPORTS)
		#define WebSocket_API __declspec(dllexport)
	#else
		#define WebSocket_API __declspec(dllimport)
	#endif
#elif defined(__GNUC__)
	#define WebSocket_API __attribute__ ((visibility ("default")))
#else
	#define WebSocket_API
#endif


//
// Everything the library defines stands in an inline namespace of Poco::Net, its
// ABI version. Source code says Poco::Net::WebSocket; the symbols differ from those
// in libPocoNet, so that both can be linked into one program, in any order.
//
// POCO_WEBSOCKET_STOCK_NAMES takes the namespace away. It is for the shared object
// that replaces stock's class in programs already built (LD_PRELOAD), for nothing else.
//
#if defined(POCO_WEBSOCKET_STOCK_NAMES)
	#define POCO_WEBSOCKET_BEGIN
	#define POCO_WEBSOCKET_END
#else
	#define POCO_WEBSOCKET_BEGIN inline namespace WebSocket_v1 {
	#define POCO_WEBSOCKET_END }
#endif


#endif // Net_WebSocketConfig_INCLUDED
