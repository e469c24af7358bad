//
// WebSocketHandler.cpp
//
// Library: PocoWebSocket
// Package: Events
// Module:  WebSocketHandler
//
// SPDX-License-Identifier: BSL-1.0
//


#include "Poco/Net/WebSocketHandler.h"


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


//
// WebSocketHandler
//
WebSocketHandler::~WebSocketHandler()
{
}


void WebSocketHandler::onMessage(WebSocketConnection&, std::string_view, WebSocketFrame::Opcode)
{
}


void WebSocketHandler::onPart(WebSocketConnection&, std::string_view, WebSocketFrame::Opcode, bool)
{
}


void WebSocketHandler::onPing(WebSocketConnection&, std::string_view)
{
}


void WebSocketHandler::onPong(WebSocketConnection&, std::string_view)
{
}


void WebSocketHandler::onDrained(WebSocketConnection&)
{
}


void WebSocketHandler::onError(WebSocketConnection&, const Poco::Exception&)
{
}


void WebSocketHandler::onClose(WebSocketConnection&, int, const std::string&)
{
}


//
// WebSocketServerHandler
//
void WebSocketServerHandler::onOpen(WebSocketConnection&, HTTPServerRequest&)
{
}


void WebSocketServerHandler::onRefused(const WebSocketRefusal&)
{
}


//
// WebSocketClientHandler
//
void WebSocketClientHandler::onOpen(WebSocketConnection&, const HTTPRequest&, const HTTPResponse&)
{
}


void WebSocketClientHandler::onConnectFailed(const Poco::Exception&)
{
}


void WebSocketClientHandler::onReconnecting(const Poco::Timespan&)
{
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
