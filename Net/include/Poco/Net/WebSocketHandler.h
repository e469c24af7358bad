//
// WebSocketHandler.h
//
// Library: PocoWebSocket
// Package: WebSocket
// Module:  WebSocketHandler
//
// What is told about the connections of the event shell.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketHandler_INCLUDED
#define Net_WebSocketHandler_INCLUDED


#include "Poco/Net/WebSocketConfig.h"
#include "Poco/Net/WebSocketConnection.h"
#include "Poco/Net/WebSocketFrame.h"
#include "Poco/Net/WebSocketRefusal.h"
#include "Poco/Exception.h"
#include "Poco/SharedPtr.h"
#include "Poco/Timespan.h"
#include <functional>
#include <string>
#include <string_view>


namespace Poco {
namespace Net {


class HTTPRequest;
class HTTPResponse;
class HTTPServerRequest;


POCO_WEBSOCKET_BEGIN


class WebSocket_API WebSocketHandler
	/// The callbacks that servers and clients have in common: what happens to open connections. Subclasses are
	/// derived from WebSocketServerHandler or WebSocketClientHandler. Functions can be given instead of a subclass:
	/// see WebSocketServerCallbacks and WebSocketClientCallbacks.
	///
	/// All callbacks for a connection come from one thread, one after the other. Callbacks for different
	/// connections may come from different threads at the same time, if there are several loops.
	///
	/// A callback should not take long: the other connections of its loop wait. It may call all functions, and destroy all objects, its
	/// own server, client and loop included. Only WebSocketServer::stop() and drain() throw an IllegalStateException in callbacks of that server.
	///
	/// If a callback throws an exception, its connection is closed (code 1011), and onError() is called with the exception. After onClose()
	/// nothing is left to be closed. What onError() throws is ignored.
{
public:
	typedef Poco::SharedPtr<WebSocketHandler> Ptr;

	virtual ~WebSocketHandler();
		/// Destroys the handler.

	virtual void onMessage(WebSocketConnection& connection, std::string_view message, WebSocketFrame::Opcode opcode);
		/// A message has come: text (OP_TEXT), which is UTF-8, or binary (OP_BINARY). The
		/// bytes are valid until the callback returns.

	virtual void onPart(WebSocketConnection& connection, std::string_view part, WebSocketFrame::Opcode opcode, bool last);
		/// Part of a message has come, after WebSocketConnection::setParts(true). The last part may be empty. Parts of a
		/// text may begin and end inside a character. The bytes are valid until the callback returns.

	virtual void onPing(WebSocketConnection& connection, std::string_view payload);
		/// A PING has come. It is answered by the library. The payload has up to 125 bytes.

	virtual void onPong(WebSocketConnection& connection, std::string_view payload);
		/// A PONG has come, with the payload that the PING had: up to 125 bytes. WebSocketConnection::ping() and the keep-alive
		/// use a payload of their own. The peer may also send a PONG without a PING (RFC 6455, 5.5.3).

	virtual void onDrained(WebSocketConnection& connection);
		/// The queue has become empty, after a message could not be sent at once, or was not queued. While reading is paused, it
		/// is also called if nothing can be sent any more (WebSocketConnection::state()).

	virtual void onError(WebSocketConnection& connection, const Poco::Exception& error);
		/// The connection has failed: the peer has broken a rule (WebSocketException with a code of WebSocketError), the
		/// network has failed (NetException, TimeoutException), or a callback has thrown. onClose() follows.

	virtual void onClose(WebSocketConnection& connection, int code, const std::string& reason);
		/// The connection is closed. code and reason are those of the peer's Close frame. The code is NO_CLOSE_CODE (1005) if there was none
		/// in it, and NO_CLOSE_FRAME (1006) if no Close frame has come (RFC 6455, 7.1.5). Is called once for each
		/// connection for which onOpen() was.
};


class WebSocket_API WebSocketServerHandler: public WebSocketHandler
	/// The callbacks of a WebSocketServer. See WebSocketHandler.
{
public:
	typedef Poco::SharedPtr<WebSocketServerHandler> Ptr;

	virtual void onOpen(WebSocketConnection& connection, HTTPServerRequest& request);
		/// The opening handshake is complete. The request is the client's, with what the hook (WebSocketParams::setHook()) has changed in
		/// it. It is the same whether the server has accepted the connection, or has adopted it. It is valid until the callback returns.
		///
		/// The request is what a handler of a HTTPServer gets: header fields, clientAddress(), secure(). It is a HTTPServerRequestImpl, whose
		/// socket() has the client's certificate (SecureStreamSocket::peerCertificate()); the socket must not be read from, written
		/// to or closed. The response has been sent: request.response() means nothing any more.

	virtual void onRefused(const WebSocketRefusal& refusal);
		/// A connection or an opening handshake was refused, by whatever rule or limit; WebSocketServer::adopt() refuses as well. Connections that
		/// the client has ended before its request was complete are none, and neither is what a handler of WebSocketServer::setHTTP() answers.
		/// If the request could be read, and its path leads to a route (WebSocketServer::addRoute()), its handler is told, otherwise that of
		/// the server's constructor.
		///
		/// Unlike the other callbacks, several threads may call it at the same time: those of the loops, and those that call adopt().
		/// A flood of connections comes here one by one; WebSocketServer::Metrics has the counts. What it throws is ignored.
};


class WebSocket_API WebSocketClientHandler: public WebSocketHandler
	/// The callbacks of a WebSocketClient. See WebSocketHandler.
{
public:
	typedef Poco::SharedPtr<WebSocketClientHandler> Ptr;

	virtual void onOpen(WebSocketConnection& connection, const HTTPRequest& request, const HTTPResponse& response);
		/// The opening handshake is complete. The request is what the client has sent last, the response is the server's. Both are
		/// valid until the callback returns.

	virtual void onConnectFailed(const Poco::Exception& error);
		/// A connection could not be made. WebSocketClient::response() is the server's answer, if there was one.

	virtual void onReconnecting(const Poco::Timespan& delay);
		/// After onClose() or onConnectFailed(): the client makes another attempt to connect after the delay. Is not called
		/// if WebSocketClientParams::setReconnect() is false, or the client was stopped.
};


struct WebSocketServerCallbacks
	/// Functions that a WebSocketServer calls, instead of a WebSocketServerHandler. Each may be empty.
	///
	///     WebSocketServerCallbacks callbacks;
	///     callbacks.onMessage = [](WebSocketConnection& connection, std::string_view message, WebSocketFrame::Opcode opcode)
	///     {
	///         connection.send(message, opcode);
	///     };
	///     WebSocketServer server(callbacks);
{
	std::function<void(WebSocketConnection& connection, HTTPServerRequest& request)> onOpen;
		/// See WebSocketServerHandler::onOpen().

	std::function<void(WebSocketConnection& connection, std::string_view message, WebSocketFrame::Opcode opcode)> onMessage;
		/// See WebSocketHandler::onMessage().

	std::function<void(WebSocketConnection& connection, std::string_view part, WebSocketFrame::Opcode opcode, bool last)> onPart;
		/// See WebSocketHandler::onPart().

	std::function<void(WebSocketConnection& connection, std::string_view payload)> onPing;
		/// See WebSocketHandler::onPing().

	std::function<void(WebSocketConnection& connection, std::string_view payload)> onPong;
		/// See WebSocketHandler::onPong().

	std::function<void(WebSocketConnection& connection)> onDrained;
		/// See WebSocketHandler::onDrained().

	std::function<void(WebSocketConnection& connection, const Poco::Exception& error)> onError;
		/// See WebSocketHandler::onError().

	std::function<void(WebSocketConnection& connection, int code, const std::string& reason)> onClose;
		/// See WebSocketHandler::onClose().

	std::function<void(const WebSocketRefusal& refusal)> onRefused;
		/// See WebSocketServerHandler::onRefused().
};


struct WebSocketClientCallbacks
	/// Functions that a WebSocketClient calls, instead of a WebSocketClientHandler. Each may be empty.
{
	std::function<void(WebSocketConnection& connection, const HTTPRequest& request, const HTTPResponse& response)> onOpen;
		/// See WebSocketClientHandler::onOpen().

	std::function<void(WebSocketConnection& connection, std::string_view message, WebSocketFrame::Opcode opcode)> onMessage;
		/// See WebSocketHandler::onMessage().

	std::function<void(WebSocketConnection& connection, std::string_view part, WebSocketFrame::Opcode opcode, bool last)> onPart;
		/// See WebSocketHandler::onPart().

	std::function<void(WebSocketConnection& connection, std::string_view payload)> onPing;
		/// See WebSocketHandler::onPing().

	std::function<void(WebSocketConnection& connection, std::string_view payload)> onPong;
		/// See WebSocketHandler::onPong().

	std::function<void(WebSocketConnection& connection)> onDrained;
		/// See WebSocketHandler::onDrained().

	std::function<void(WebSocketConnection& connection, const Poco::Exception& error)> onError;
		/// See WebSocketHandler::onError().

	std::function<void(WebSocketConnection& connection, int code, const std::string& reason)> onClose;
		/// See WebSocketHandler::onClose().

	std::function<void(const Poco::Exception& error)> onConnectFailed;
		/// See WebSocketClientHandler::onConnectFailed().

	std::function<void(const Poco::Timespan& delay)> onReconnecting;
		/// See WebSocketClientHandler::onReconnecting().
};


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketHandler_INCLUDED
