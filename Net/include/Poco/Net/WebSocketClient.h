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
	/// May be created and destroyed anywhere, also in a callback or a session factory of one of its clients.
	///
	/// After fork(), a child does not have these threads. There the destructors of the loop and of its clients do nothing.
{
public:
	explicit WebSocketClientLoop(int threads = 1, int connectors = 4);
		/// Starts the threads of the loops: 1 to 256. connectors is how many attempts to reach one server (host and port) are made
		/// at a time: 1 to 256.
		///
		/// Each attempt has a thread of its own. A server that does not answer, or whose name is not found, does not delay attempts to reach
		/// others: if 256 attempts are going on, a further one begins when one has ended, and after 250 ms in any case. If 4096 are going
		/// on, or the system gives no more threads, further ones wait, and servers take turns.

	explicit WebSocketClientLoop(WebSocketServer& server, int connectors = 4);
		/// Lets the clients use the loops of a server, which must be running, until it stops. Then they are STOPPED, without a callback.

	~WebSocketClientLoop();
		/// Ends the threads. The clients must have been stopped. Waits for attempts to connect that are going on; they
		/// take no longer than WebSocketParams::setHandshakeTimeout().
		///
		/// In a callback of any client or server the destructor does not wait for these attempts. It never waits for its own thread, or for
		/// one that waits for it: such threads end when they have returned from what they call.

private:
	WebSocketClientLoop(const WebSocketClientLoop&) = delete;
	WebSocketClientLoop& operator = (const WebSocketClientLoop&) = delete;

	friend class WebSocketClient;

	class Core;

	Core* _pCore;
};


class WebSocket_API WebSocketClient
	/// Connects to a server, calls a handler, and connects again when the connection is lost.
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
	/// callbacks, hooks and HTTP handlers of any client or server, and in session factories.
{
public:
	enum State
		/// What the client does.
	{
		STOPPED,    /// Nothing. It was not started, was stopped, must not connect again (WebSocketClientParams::setReconnect()), or its loop has ended.
		CONNECTING, /// It tries to connect.
		CONNECTED,  /// It has a connection.
		WAITING     /// It waits before the next attempt.
	};

	WebSocketClient(const URI& uri, const WebSocketClientHandler::Ptr& pHandler, const WebSocketClientParams::Ptr& pParams = new WebSocketClientParams);
		/// Creates a client with threads of its own, for a URI with the scheme ws or wss (RFC 6455, 3). It calls the handler. Throws an
		/// InvalidArgumentException for another URI, or one with user info or a fragment, or if there is no handler, or there are no parameters.

	WebSocketClient(const URI& uri, const WebSocketClientCallbacks& callbacks, const WebSocketClientParams::Ptr& pParams = new WebSocketClientParams);
		/// Creates a client with threads of its own. It calls these functions.

	WebSocketClient(const URI& uri, const WebSocketClientHandler::Ptr& pHandler, WebSocketClientLoop& loop, const WebSocketClientParams::Ptr& pParams = new WebSocketClientParams);
		/// Creates a client that uses the threads of a loop. It calls the handler.

	WebSocketClient(const URI& uri, const WebSocketClientCallbacks& callbacks, WebSocketClientLoop& loop, const WebSocketClientParams::Ptr& pParams = new WebSocketClientParams);
		/// Creates a client that uses the threads of a loop. It calls these functions.

	~WebSocketClient();
		/// Stops the client. When the destructor has returned, neither callback nor session factory is running, and none will be called. Those
		/// that are running are waited for, however long they take, except the one that has called the destructor, and those that wait for this thread.
		///
		/// In a callback of any client or server, and in the client's own session factory, the connection is closed (code 1000) without
		/// another callback, and without waiting for the peer.
		///
		/// A client with threads of its own ends them, and waits for an attempt to connect that is going on, as ~WebSocketClientLoop() does.

	void start();
		/// Begins to connect. Does nothing if the client has been started. A client that was stopped can be started again.

	void stop();
		/// Closes the connection (code 1000), or gives up the attempt to make one. When stop() has returned, neither callback nor session factory is
		/// running, and none will be called. It waits for the peer for WebSocketConnectionParams::setCloseTimeout(), and then cuts the connection.
		/// It waits for callbacks and a session factory that are running, however long they take.
		///
		/// In a callback of any client or server, and in the client's own session factory, stop() does not wait: onClose() comes later. Elsewhere, if
		/// the client's loop or factory waits for the calling thread, stop() throws an IllegalStateException, and does nothing.

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
		/// Returns what the client does.

	WebSocketConnection::Ptr connection() const;
		/// Returns the present connection, also after stop() while it is closing; null if there is none.

	HTTPResponse response() const;
		/// Returns the server's answer to the last opening handshake, also if it has refused. The status is 0 if there was no
		/// answer (yet), because the connection could not be made, for instance.

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
