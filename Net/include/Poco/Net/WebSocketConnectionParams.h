//
// WebSocketConnectionParams.h
//
// Library: PocoWebSocket
// Package: WebSocket
// Module:  WebSocketConnectionParams
//
// Options of the connections of the event shell.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketConnectionParams_INCLUDED
#define Net_WebSocketConnectionParams_INCLUDED


#include "Poco/Net/WebSocketConfig.h"
#include "Poco/Net/WebSocketParams.h"


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


class WebSocketAcceptance;


class WebSocket_API WebSocketConnectionParams: public WebSocketParams
	/// Limits and options of the event shell's connections, besides those of WebSocketParams. The keep-alive
	/// PING is on by default: setPingInterval() is 30 s.
	///
	/// The object must not be changed once it is in use. Setters throw an InvalidArgumentException if
	/// their argument is out of range.
{
public:
	typedef Poco::AutoPtr<WebSocketConnectionParams> Ptr;

	using AsyncHook = std::function<void(const Poco::AutoPtr<WebSocketAcceptance>& pAcceptance)>;
		/// Answers a handshake request, or passes it on to who will. See setAsyncHook().

	enum QueuePolicy
		/// What happens if a message does not fit into a connection's queue.
	{
		QUEUE_REFUSE,     /// send() returns QUEUE_FULL, and the program decides.
		QUEUE_DROP,       /// The message is not sent, and send() returns DROPPED.
		QUEUE_CLOSE_1008, /// The connection is closed with code 1008, and send() returns NOT_OPEN.
		QUEUE_CLOSE_1013  /// The connection is closed with code 1013, and send() returns NOT_OPEN.
	};

	enum
	{
		QUEUE_ENTRY = 128 /// Bytes that count for a message that is kept as an object, besides its own: about what the object takes.
	};

	WebSocketConnectionParams();
		/// Creates the parameters with their defaults.

	void setMaxQueuedBytes(int size);
		/// Sets how many bytes may wait to be sent to a peer; 1 or more. Default: 16 MiB.
		///
		/// The memory counts. A message that a callback of the same loop sends counts as its frame. A message that another thread sends, or that
		/// waits behind one in parts or one that is being compressed, counts as its bytes and QUEUE_ENTRY, until it is framed.
		///
		/// The same limit holds for the messages of WebSocketServer::broadcast() that a loop has not looked at yet, each with
		/// QUEUE_ENTRY. If one exceeds it, it fits into the queue of none of that loop's connections.

	int getMaxQueuedBytes() const;
		/// Returns how many bytes may wait to be sent to a peer.

	void setQueuePolicy(QueuePolicy policy);
		/// Sets what happens if a message does not fit into the queue. Default: QUEUE_REFUSE.

	QueuePolicy getQueuePolicy() const;
		/// Returns what happens if a message does not fit into the queue.

	void setIdleTimeout(const Poco::Timespan& timeout);
		/// Sets after which time without messages in either direction a connection is closed (1001); 0: never. While the bytes of a
		/// message move, received or taken by the peer, the connection is not idle. Default: 0.

	Poco::Timespan getIdleTimeout() const;
		/// Returns the idle time-out; 0: none.

	void setSendTimeout(const Poco::Timespan& timeout);
		/// Sets the send time-out; more than 0. If something waits to be sent, and the peer's system acknowledges nothing for this
		/// long, the connection is cut. See also setTransferTimeout(). Default: 30 s.

	Poco::Timespan getSendTimeout() const;
		/// Returns the send time-out.

	void setCloseTimeout(const Poco::Timespan& timeout);
		/// Sets the time-out of the closing handshake; more than 0. If the peer acknowledges nothing, and nothing arrives from it, for
		/// this long, the connection is cut. While the peer has to take what was sent before the Close frame, the send time-out
		/// holds, if it is longer, and more for what it may read unseen, as with setPongTimeout(). See also setTransferTimeout(). Default: 5 s.

	Poco::Timespan getCloseTimeout() const;
		/// Returns the time-out of the closing handshake.

	void setAsyncHook(const AsyncHook& hook);
		/// Sets a function that a WebSocketServer calls with each valid handshake request, and that may answer later: where a database or
		/// another service is asked whether the user may come in. Default: none.
		///
		/// The hook is called by the connection's thread, and must not take long. It answers at once, or keeps the WebSocketAcceptance,
		/// which any thread may answer. A request that waits costs no thread. Meanwhile up to 16 KiB that the client sends too early
		/// are kept; after more nothing is read, and the client's end is not noticed, until there is an answer. If the hook throws an exception, the request gets status 500.
		///
		/// The hook of setHook() is called first, with the request of a HTTPServer, which has the client's certificate. What
		/// it refuses does not get here, what it adds to the request or the response stays there.
		///
		/// The class, and WebSocketServer::adopt(), do not call it: they run in a thread of a HTTPServer, which may wait itself.

	const AsyncHook& getAsyncHook() const;
		/// Returns the function that may answer later.

	void setAcceptanceTimeout(const Poco::Timespan& timeout);
		/// Sets how long a request may wait for the answer to setAsyncHook(); more than 0. Then it gets status 503. The time is a part
		/// of that of the whole opening handshake (setHandshakeTimeout()), at the end of which it is over as well. Default: 10 s.

	Poco::Timespan getAcceptanceTimeout() const;
		/// Returns how long a request may wait for the answer to setAsyncHook().

protected:
	~WebSocketConnectionParams() override;
		/// Destroys the parameters.

private:
	int _maxQueuedBytes;
	QueuePolicy _queuePolicy;
	Poco::Timespan _idleTimeout;
	Poco::Timespan _sendTimeout;
	Poco::Timespan _closeTimeout;
	AsyncHook _asyncHook;
	Poco::Timespan _acceptanceTimeout;
};


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketConnectionParams_INCLUDED
