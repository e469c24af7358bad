//
// Session.h
//
// Library: PocoMessaging
// Package: Messaging
// Module:  Session
//
// A client of a hub.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Messaging_Session_INCLUDED
#define Messaging_Session_INCLUDED


#include "Poco/Messaging/Connection.h"
#include "Poco/Messaging/Encoder.h"
#include <atomic>
#include <list>
#include <mutex>
#include <vector>


namespace Poco {
namespace Messaging {
POCO_MESSAGING_BEGIN


class Subscription;


class Messaging_API Session: public Poco::RefCountedObject
	/// A client that is, or was, attached to a hub. Objects may be kept for any time, and used by any thread.
{
public:
	typedef Poco::AutoPtr<Session> Ptr;

	struct Metrics
		/// Counts of a session.
	{
		std::size_t channels = 0;     /// In how many channels it is.
		Poco::UInt64 dropped = 0;     /// Messages of ephemeral channels that have not fitted into its queue.
		Poco::UInt64 lags = 0;        /// How often it has fallen behind in channels with history.
	};

	std::string id() const;
		/// Returns its id, which no other session of any node has or had: the node's number, and its own.

	const std::string& user() const;
		/// Returns the user; empty if there is none.

	const std::string& info() const;
		/// Returns what others see of it in a channel's presence.

	std::string member() const;
		/// Returns what it is in a channel's presence: the user, or its id if it has none.

	Connection& connection() const;
		/// Returns its connection.

	const Encoder& encoder() const;
		/// Returns what encodes for it.

	Metrics metrics() const;
		/// Returns its counts.

	static std::string id(Poco::UInt32 node, Poco::UInt64 number);
		/// Returns the id of that session.

	static bool parse(const std::string& id, Poco::UInt32& node, Poco::UInt64& number);
		/// Takes an id apart. Returns false if it is none.

protected:
	~Session() override;
		/// Destroys the session.

private:
	friend class HubCore;

	struct Entry
	{
		std::size_t hash;
		Subscription* pSubscription; // the session's reference
	};

	struct Leave
		/// Of a channel with presence. Made when it comes in, so that leaving takes no memory.
	{
		Time due;
		std::string channel;
		std::string member;
	};

	Session(const Connection::Ptr& pConnection, const Encoder::Ptr& pEncoder, const std::string& user, const std::string& info, Poco::UInt32 node, Poco::UInt64 number);

	const Connection::Ptr _pConnection;
	const Encoder::Ptr _pEncoder;
	const Poco::UInt64 _number;
	const std::string _user;
	const std::string _info;
	const Poco::UInt32 _node;
	bool _attached; // this, and what follows: by the mutex
	Session* _pNextWatched; // these two by the hub's mutex: its list of those that are behind, or could not be detached; null: it is not in it
	Session* _pPreviousWatched;
	int _lagging;   // in how many channels it is behind
	std::vector<Entry> _entries;
	std::list<Leave> _leaves;
	std::vector<Time> _lags; // when it has fallen behind
	Poco::UInt64 _lagCount;
	std::atomic<Poco::UInt64> _dropped;
	mutable std::mutex _mutex;
};


POCO_MESSAGING_END
} } // namespace Poco::Messaging


#endif // Messaging_Session_INCLUDED
