//
// Connection.h
//
// Library: PocoMessaging
// Package: Messaging
// Module:  Connection
//
// What the hub knows of a connection.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Messaging_Connection_INCLUDED
#define Messaging_Connection_INCLUDED


#include "Poco/Messaging/Publication.h"


namespace Poco {
namespace Messaging {
POCO_MESSAGING_BEGIN


class Messaging_API Connection: public Poco::RefCountedObject
	/// What the hub needs of a connection. Any transport can be attached that has these three functions.
	///
	/// The hub calls them from any thread, several at a time, and holds no lock meanwhile: they may call any function of the hub. They must not
	/// wait. Messages that one thread sends one after the other arrive in this order.
	///
	/// When the queue has become empty after send() returned FULL, the transport calls Hub::drained(). If it does not, the hub notices
	/// at its next tick().
{
public:
	typedef Poco::AutoPtr<Connection> Ptr;

	enum Result
		/// What has become of a message.
	{
		SENT,  /// Sent, or queued to be.
		FULL,  /// Not queued: the queue is full.
		CLOSED /// Nothing can be sent any more. The transport calls, or has called, Hub::detach().
	};

	virtual Result send(const Prepared& pMessage) = 0;
		/// Sends a message, or queues it.

	virtual std::size_t queued() const = 0;
		/// Returns how many bytes wait to be sent. 0 means that a message fits.

	virtual void close(int code, const std::string& reason) = 0;
		/// Begins to close the connection. Does nothing if that was begun before.

protected:
	~Connection() override;
		/// Destroys the connection.
};


class Messaging_API Carrier
	/// Gives one message to several connections: for transports that have a cheaper way than one call for each connection, for instance
	/// WebSocketConnection::send() with a list of connections. The default calls Connection::send() for each.
	///
	/// Called as Connection::send() is. The results are known when it returns: a carrier that hands over to other
	/// threads counts the bytes first.
{
public:
	enum
	{
		BATCH = 128 /// How many connections it is given at most.
	};

	virtual ~Carrier();
		/// Destroys the carrier.

	virtual void send(const Prepared& pMessage, Connection* const* ppConnections, std::size_t count, Connection::Result* pResults);
		/// Sends a message to count connections, and sets as many results. A connection may be closed by now, and is
		/// referred to by its session as long as the call takes, and no longer. All results are FULL before. If this throws, they are
		/// taken as they are then.
};


POCO_MESSAGING_END
} } // namespace Poco::Messaging


#endif // Messaging_Connection_INCLUDED
