//
// StockLayout.cpp
//
// Library: PocoWebSocket
// Package: Consumer
// Module:  StockLayout
//
// The layout of stock's classes.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "Poco/Net/WebSocket.h"
#include "Poco/Net/WebSocketImpl.h"
#include "PreloadLayout.h"


using Poco::Net::WebSocket;
using Poco::Net::WebSocketImpl;


PreloadLayout stockLayout()
{
	return {
		sizeof(WebSocket),
		sizeof(WebSocketImpl),
		offsetof(WebSocketImpl, _maxPayloadSize),
		offsetof(WebSocketImpl, _frameFlags),
		offsetof(WebSocketImpl, _mustMaskPayload)};
}
