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


class WebSocket_API WebSocketConnectionParams: public WebSocketParams
	/// Limits and options of the event shell's connections, besides those of WebSocketParams. The keep-alive
	/// PING is on by default: setPingInterval() is 30 s.
	///
	/// The object must not be changed once it is in use. Setters throw an InvalidArgumentException if
	/// their argument is out of range.
{
public:
	typedef Poco::AutoPtr<WebSocketConnectionParams> Ptr;

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
		/// holds, if it is longer. See also setTransferTimeout(). Default: 5 s.

	Poco::Timespan getCloseTimeout() const;
		/// Returns the time-out of the closing handshake.

protected:
	~WebSocketConnectionParams() override;
		/// Destroys the parameters.

private:
	int _maxQueuedBytes;
	QueuePolicy _queuePolicy;
	Poco::Timespan _idleTimeout;
	Poco::Timespan _sendTimeout;
	Poco::Timespan _closeTimeout;
};


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketConnectionParams_INCLUDED
