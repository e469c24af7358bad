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
	/// Limits and options of the event shell's connections, besides those of WebSocketParams. The automatic
	/// PING is on by default here: setPingInterval(), 30 s; setPongTimeout(), 20 s.
	///
	/// The object must not be changed once it is in use. Setters throw an InvalidArgumentException if
	/// their argument is out of range.
{
public:
	typedef Poco::AutoPtr<WebSocketConnectionParams> Ptr;

	enum QueuePolicy
		/// What becomes of a message that does not fit into a connection's queue.
	{
		QUEUE_REFUSE,    /// send() returns QUEUE_FULL, and the program decides.
		QUEUE_DROP,      /// It is not sent, and send() returns DROPPED.
		QUEUE_CLOSE_1008,
		QUEUE_CLOSE_1013 /// The connection is closed with this code, and send() returns NOT_OPEN.
	};

	enum
	{
		QUEUE_ENTRY = 128 /// Bytes that a message which is kept as an object counts as, besides its own: about what that takes.
	};

	WebSocketConnectionParams();
		/// Creates the parameters with their defaults.

	void setMaxQueuedBytes(int size);
	int getMaxQueuedBytes() const;
		/// How many bytes may wait to be sent to a peer; 1 or more. Default: 16 MiB.
		///
		/// What counts is the memory: of a message that a callback of the same loop sends, its frame; of one that another thread sends, or that
		/// waits behind one in parts or one that is being compressed, its bytes and QUEUE_ENTRY, until it is framed. The same
		/// number is a limit for the messages of WebSocketServer::broadcast() that a loop has not looked at yet, each with
		/// QUEUE_ENTRY; one that does not fit there does not fit into the queue of any of that loop's connections.

	void setQueuePolicy(QueuePolicy policy);
	QueuePolicy getQueuePolicy() const;
		/// Default: QUEUE_REFUSE.

	void setIdleTimeout(const Poco::Timespan& timeout);
	Poco::Timespan getIdleTimeout() const;
		/// A connection without messages, in either direction, for this long is closed (1001). A message that is still arriving, or that the
		/// peer is still taking, counts as long as bytes move. 0: never. Default: 0.

	void setSendTimeout(const Poco::Timespan& timeout);
	Poco::Timespan getSendTimeout() const;
		/// A connection is cut if something waits to be sent, and the peer's system acknowledges nothing for this long;
		/// more than 0. See also setTransferTimeout(). Default: 30 s.

	void setCloseTimeout(const Poco::Timespan& timeout);
	Poco::Timespan getCloseTimeout() const;
		/// In the closing handshake the connection is cut if the peer acknowledges nothing, and nothing comes from it, for
		/// this long; more than 0. If the peer has still to take what was sent before the Close frame, it is the send timeout, if that is longer.
		/// See also setTransferTimeout(). Default: 5 s.

protected:
	~WebSocketConnectionParams();

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
