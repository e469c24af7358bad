//
// WebSocketServerParams.h
//
// Library: PocoWebSocket
// Package: WebSocket
// Module:  WebSocketServerParams
//
// Options of a WebSocketServer or WebSocketClient.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketServerParams_INCLUDED
#define Net_WebSocketServerParams_INCLUDED


#include "Poco/Net/WebSocketConfig.h"
#include "Poco/Net/WebSocketParams.h"


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


class WebSocket_API WebSocketServerParams: public WebSocketParams
	/// Limits and options of the event shell, besides those of WebSocketParams. The automatic PING is
	/// on by default here: setPingInterval(), 30 s; setPongTimeout(), 20 s.
	///
	/// The object must not be changed once it is in use. Setters throw an InvalidArgumentException if
	/// their argument is out of range.
{
public:
	typedef Poco::AutoPtr<WebSocketServerParams> Ptr;

	enum QueuePolicy
		/// What becomes of a message that does not fit into a connection's queue.
	{
		QUEUE_REFUSE,    /// send() returns QUEUE_FULL, and the program decides.
		QUEUE_DROP,      /// It is not sent, and send() returns DROPPED.
		QUEUE_CLOSE_1008,
		QUEUE_CLOSE_1013 /// The connection is closed with this code, and send() returns NOT_OPEN.
	};

	WebSocketServerParams();
		/// Creates the parameters with their defaults.

	void setThreads(int count);
	int getThreads() const;
		/// How many threads a server's connections are spread over; 0 for one per core, up to 256. Default: 0.

	void setMaxQueuedBytes(int size);
	int getMaxQueuedBytes() const;
		/// How many bytes may wait to be sent to a peer; 1 or more. Default: 16 MiB.

	void setQueuePolicy(QueuePolicy policy);
	QueuePolicy getQueuePolicy() const;
		/// Default: QUEUE_REFUSE.

	void setMaxConnections(int count);
	int getMaxConnections() const;
		/// How many connections a server has at a time, those in the opening handshake included; 1 or
		/// more. Further ones are closed at once. Default: 100,000.

	void setMaxConnectionsPerAddress(int count);
	int getMaxConnectionsPerAddress() const;
		/// The same for one IP address; 0 for no limit. Default: 0, since many users may stand behind one address.

	void setMaxHandshakes(int count);
	int getMaxHandshakes() const;
		/// How many connections may be in the opening handshake at a time; 1 or more. Default: 10,000.

	void setIdleTimeout(const Poco::Timespan& timeout);
	Poco::Timespan getIdleTimeout() const;
		/// A connection without messages, in either direction, for this long is closed (1001). 0: never. Default: 0.

	void setSendTimeout(const Poco::Timespan& timeout);
	Poco::Timespan getSendTimeout() const;
		/// A connection whose peer takes nothing of what waits to be sent for this long is cut; more than 0. Default: 30 s.

	void setCloseTimeout(const Poco::Timespan& timeout);
	Poco::Timespan getCloseTimeout() const;
		/// How long the closing handshake may take before the connection is cut; more than 0. Default: 5 s.

	void setSpin(const Poco::Timespan& time);
	Poco::Timespan getSpin() const;
		/// How long a thread asks again and again for something to do before it sleeps, up to 1 s. It makes answers
		/// faster, and costs a processor. Default: 0.

protected:
	~WebSocketServerParams();

private:
	int _threads;
	int _maxQueuedBytes;
	QueuePolicy _queuePolicy;
	int _maxConnections;
	int _maxConnectionsPerAddress;
	int _maxHandshakes;
	Poco::Timespan _idleTimeout;
	Poco::Timespan _sendTimeout;
	Poco::Timespan _closeTimeout;
	Poco::Timespan _spin;
};


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketServerParams_INCLUDED
