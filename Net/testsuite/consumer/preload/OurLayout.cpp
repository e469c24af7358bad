//
// OurLayout.cpp
//
// Library: PocoWebSocket
// Package: Consumer
// Module:  OurLayout
//
// The layout of this library's classes under stock's names.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "Poco/Net/WebSocket.h"
#include "Poco/Net/WebSocketImpl.h"
#include "PreloadLayout.h"


using Poco::Net::WebSocket;
using Poco::Net::WebSocketImpl;


PreloadLayout preloadLayout()
{
	return {
		sizeof(WebSocket),
		sizeof(WebSocketImpl),
		offsetof(WebSocketImpl, _maxPayloadSize),
		offsetof(WebSocketImpl, _frameFlags),
		offsetof(WebSocketImpl, _mustMaskPayload)};
}
