//
// CallbackHandler.h
//
// Library: PocoWebSocket
// Package: Events
// Module:  WebSocketCallbackHandler
//
// Handlers that call functions.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketCallbackHandler_INCLUDED
#define Net_WebSocketCallbackHandler_INCLUDED


#include "Poco/Net/WebSocketHandler.h"


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


template <class Handler, class Callbacks>
class WebSocketCallbackHandler: public Handler
	/// A handler of a server or client that calls functions, as far as there are any.
{
public:
	explicit WebSocketCallbackHandler(const Callbacks& callbacks):
		_callbacks(callbacks)
	{
	}

	void onMessage(WebSocketConnection& connection, std::string_view message, WebSocketFrame::Opcode opcode) override
	{
		if (_callbacks.onMessage) _callbacks.onMessage(connection, message, opcode);
	}

	void onPart(WebSocketConnection& connection, std::string_view part, WebSocketFrame::Opcode opcode, bool last) override
	{
		if (_callbacks.onPart) _callbacks.onPart(connection, part, opcode, last);
	}

	void onPing(WebSocketConnection& connection, std::string_view payload) override
	{
		if (_callbacks.onPing) _callbacks.onPing(connection, payload);
	}

	void onPong(WebSocketConnection& connection, std::string_view payload) override
	{
		if (_callbacks.onPong) _callbacks.onPong(connection, payload);
	}

	void onDrained(WebSocketConnection& connection) override
	{
		if (_callbacks.onDrained) _callbacks.onDrained(connection);
	}

	void onError(WebSocketConnection& connection, const Poco::Exception& error) override
	{
		if (_callbacks.onError) _callbacks.onError(connection, error);
	}

	void onClose(WebSocketConnection& connection, int code, const std::string& reason) override
	{
		if (_callbacks.onClose) _callbacks.onClose(connection, code, reason);
	}

protected:
	const Callbacks _callbacks;
};


class WebSocketServerCallbackHandler: public WebSocketCallbackHandler<WebSocketServerHandler, WebSocketServerCallbacks>
{
public:
	using WebSocketCallbackHandler::WebSocketCallbackHandler;

	void onOpen(WebSocketConnection& connection, HTTPServerRequest& request) override
	{
		if (_callbacks.onOpen) _callbacks.onOpen(connection, request);
	}

	void onRefused(const WebSocketRefusal& refusal) override
	{
		if (_callbacks.onRefused) _callbacks.onRefused(refusal);
	}
};


class WebSocketClientCallbackHandler: public WebSocketCallbackHandler<WebSocketClientHandler, WebSocketClientCallbacks>
{
public:
	using WebSocketCallbackHandler::WebSocketCallbackHandler;

	void onOpen(WebSocketConnection& connection, const HTTPRequest& request, const HTTPResponse& response) override
	{
		if (_callbacks.onOpen) _callbacks.onOpen(connection, request, response);
	}

	void onConnectFailed(const Poco::Exception& error) override
	{
		if (_callbacks.onConnectFailed) _callbacks.onConnectFailed(error);
	}

	void onReconnecting(const Poco::Timespan& delay) override
	{
		if (_callbacks.onReconnecting) _callbacks.onReconnecting(delay);
	}
};


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketCallbackHandler_INCLUDED
