//
// WebSocketClient.h
//
// Library: PocoWebSocket
// Package: WebSocket
// Module:  WebSocketClient
//
// A client that stays connected.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketClient_INCLUDED
#define Net_WebSocketClient_INCLUDED


#include "Poco/Net/WebSocketConfig.h"
#include "Poco/Net/WebSocketClientParams.h"
#include "Poco/Net/WebSocketConnection.h"
#include "Poco/Net/WebSocketHandler.h"
#include "Poco/Net/HTTPResponse.h"
#include "Poco/URI.h"
#include <cstddef>
#include <memory>
#include <string_view>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


class WebSocketServer;


class WebSocket_API WebSocketClientLoop
	/// The threads that any number of clients share: those of the event loops, and those that make connections.
	/// May be created and destroyed anywhere, in a callback or a session factory of one of its clients as well.
	///
	/// A child that comes of fork() does not have them: there the destructor, and that of the clients, does nothing.
{
public:
	explicit WebSocketClientLoop(int threads = 1, int connectors = 4);
		/// Starts the threads of the loops: 1 to 256. connectors is how many attempts to reach one server (host and port) are made
		/// at a time, 1 to 256. An attempt has a thread as long as it takes; there are as many threads as attempts, up to
		/// 256, and a server that does not answer, or whose name is not found, holds up no attempt to reach another. If 256 attempts are
		/// going on, the others wait; servers take turns.

	explicit WebSocketClientLoop(WebSocketServer& server, int connectors = 4);
		/// The clients use the loops of a server, which must be running, until it stops. Then they are STOPPED, and no callback comes.

	~WebSocketClientLoop();
		/// Ends the threads. Clients must have been stopped. Waits for attempts to connect that are going on, which
		/// take no longer than WebSocketParams::setHandshakeTimeout().
		///
		/// A callback, of whichever client or server, does not wait for these attempts, nor a thread for itself, or for one that waits for
		/// it: such threads end by themselves, when they have returned from what they call.

private:
	WebSocketClientLoop(const WebSocketClientLoop&) = delete;
	WebSocketClientLoop& operator = (const WebSocketClientLoop&) = delete;

	friend class WebSocketClient;

	class Core;

	Core* _pCore;
};


class WebSocket_API WebSocketClient
	/// Connects to a server, tells a handler what happens, and connects again when the connection is lost.
	///
	///     WebSocketClientCallbacks callbacks;
	///     callbacks.onMessage = [](WebSocketConnection&, std::string_view message, WebSocketFrame::Opcode)
	///     {
	///         std::cout << message << std::endl;
	///     };
	///     WebSocketClient client(URI("ws://localhost:9002/"), callbacks);
	///     client.start();
	///     client.sendText("hello"); // is sent as soon as it is connected
	///
	/// A subclass of WebSocketClientHandler can be given instead of functions. A client has two threads of its own, unless
	/// it shares a WebSocketClientLoop with others.
	///
	/// The callbacks come from the loop's thread, one after the other. All functions may be called by any thread, and anywhere: in
	/// callbacks, hooks and HTTP handlers of whichever client or server, and in session factories.
{
public:
	enum State
	{
		STOPPED,    /// Not started, or stopped, or it has given up (WebSocketClientParams::setReconnect()), or its loop has ended.
		CONNECTING, /// A connection is being made.
		CONNECTED,  /// There is a connection.
		WAITING     /// It is waited before the next attempt.
	};

	WebSocketClient(const URI& uri, const WebSocketClientHandler::Ptr& pHandler, const WebSocketClientParams::Ptr& pParams = new WebSocketClientParams);
		/// Creates a client with threads of its own, for a URI with the scheme ws or wss (RFC 6455, 3). It calls the handler. Throws an
		/// InvalidArgumentException for another URI, or one with user info or a fragment, or if there is no handler, or there are no parameters.

	WebSocketClient(const URI& uri, const WebSocketClientCallbacks& callbacks, const WebSocketClientParams::Ptr& pParams = new WebSocketClientParams);
		/// Creates a client with threads of its own. It calls these functions.

	WebSocketClient(const URI& uri, const WebSocketClientHandler::Ptr& pHandler, WebSocketClientLoop& loop, const WebSocketClientParams::Ptr& pParams = new WebSocketClientParams);
		/// Creates a client that uses the threads of a loop.

	WebSocketClient(const URI& uri, const WebSocketClientCallbacks& callbacks, WebSocketClientLoop& loop, const WebSocketClientParams::Ptr& pParams = new WebSocketClientParams);
		/// Creates a client that uses the threads of a loop. It calls these functions.

	~WebSocketClient();
		/// Stops the client. When it has returned, neither callback nor session factory is running, and none will be called; those
		/// that are running are waited for, however long they take, except for the one that it is called by, and those that wait for this thread.
		///
		/// By a callback, of whichever client or server, and by its own session factory, the connection is closed (code 1000) without
		/// another callback, and without waiting for the peer.
		///
		/// A client with threads of its own ends them, as ~WebSocketClientLoop() does: an attempt to connect that is going on is waited for.

	void start();
		/// Begins to connect. Does nothing if that was done before. A client that was stopped can be started again.

	void stop();
		/// Closes the connection (code 1000), or forgets the attempt to make one. When it returns, neither callback nor session factory is
		/// running, and none will be called. Waits for the peer for WebSocketConnectionParams::setCloseTimeout(), and then cuts the connection;
		/// callbacks and a session factory that are running are waited for, however long they take.
		///
		/// By a callback, of whichever client or server, and by its own session factory, it does not wait: onClose() comes later. Elsewhere, if
		/// the client's loop or factory waits for the thread that calls it, it throws an IllegalStateException, and has done nothing.

	WebSocketConnection::SendResult sendText(std::string_view text, WebSocketFrame::Compression compression = WebSocketFrame::Compression::AS_AGREED);
		/// Sends a text message, or keeps it. See send().

	WebSocketConnection::SendResult sendBinary(std::string_view data, WebSocketFrame::Compression compression = WebSocketFrame::Compression::AS_AGREED);
		/// Sends a binary message, or keeps it. See send().

	WebSocketConnection::SendResult sendBinary(const void* pData, std::size_t length, WebSocketFrame::Compression compression = WebSocketFrame::Compression::AS_AGREED);
		/// Sends a binary message of length bytes, or keeps it. See send().

	WebSocketConnection::SendResult send(std::string_view message, WebSocketFrame::Opcode opcode, WebSocketFrame::Compression compression = WebSocketFrame::Compression::AS_AGREED);
		/// Sends a text (OP_TEXT) or binary (OP_BINARY) message, or keeps it until there is a connection. Returns QUEUE_FULL if too much is
		/// kept already (WebSocketClientParams::setMaxOfflineBytes()), NOT_OPEN if the client is stopped.
		///
		/// A message that was sent when the connection is lost may be lost. Messages that were kept, and that the connection did
		/// not take, are kept for the next one. Otherwise like WebSocketConnection::send().

	State state() const;

	WebSocketConnection::Ptr connection() const;
		/// Returns the present connection, also after stop() as long as that is closing; null if there is none.

	HTTPResponse response() const;
		/// Returns the server's answer to the last opening handshake, also if it has refused. If there was none, because
		/// the connection could not be made, for instance, or not yet, the status is 0.

private:
	WebSocketClient(const WebSocketClient&) = delete;
	WebSocketClient& operator = (const WebSocketClient&) = delete;

	class Core;

	WebSocketClient(const URI& uri, const WebSocketClientHandler::Ptr& pHandler, std::unique_ptr<WebSocketClientLoop> pLoop, const WebSocketClientParams::Ptr& pParams);

	std::unique_ptr<WebSocketClientLoop> _pLoop; // its own
	Core* _pCore; // the connection shares its ownership
};


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketClient_INCLUDED
