//
// Subscription.h
//
// Library: PocoMessaging
// Package: Core
// Module:  Subscription
//
// A session in a channel.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Messaging_Subscription_INCLUDED
#define Messaging_Subscription_INCLUDED


#include "Poco/Messaging/Session.h"
#include <atomic>
#include <memory>
#include <utility>
#include <vector>


namespace Poco {
namespace Messaging {
POCO_MESSAGING_BEGIN


class Channel;


struct CatchUp
	/// What a subscription needs while it is not live.
{
	struct Waiter
	{
		bool hasSince;
		Position since;
		SubscribeDone done;
	};

	std::vector<Waiter> waiters;               // those that are to be answered when it is live
	std::vector<Publication::Ptr> kept;        // live publications, while the history is read
	std::size_t keptBytes = 0;
	bool overflow = false;                     // some were not kept: the history is read once more
};


class Subscription
	/// A session in a channel. Only the channel's turn (HubCore::turn()) touches it, but for the references and behind.
{
public:
	typedef Poco::AutoPtr<Subscription> Ptr;

	enum State: unsigned char
	{
		NEW,      // not in the channel yet
		WAITING,  // for the channel: it does not know its position
		READING,  // the history is being read
		LIVE,     // all publications behind its offset are sent when they come
		LAGGING,  // its queue was full; nothing is sent
		GONE      // not in the channel any more
	};

	Subscription(Session& session, Channel& channel);

	void duplicate();
	void release();

	Session& session() const
	{
		return *_pSession;
	}

	Channel& channel() const
	{
		return *_pChannel;
	}

	Connection* const pConnection; // the session's
	std::unique_ptr<CatchUp> pCatchUp;
	Poco::UInt64 offset = 0; // of the last publication that was sent to it
	Poco::UInt64 begin = 0;  // what its first answer said: all behind this was, or will be, sent
	Poco::UInt32 dropped = 0; // messages that were not sent, and that it was not told of
	Poco::UInt32 index = 0;  // in the channel
	State state = NEW;
	const unsigned char slot; // its encoder's
	bool entered = false;    // it counts in the channel's presence
	bool outdated = false;   // it is to be taken out of the channel when it can be told
	Left reason = Left::GAP; // and why
	bool counted = false;    // it counts among the session's lags
	std::atomic<bool> behind; // something waits until its queue is empty

private:
	~Subscription();

	std::atomic<int> _references;
	Session* _pSession;
	Channel* _pChannel;
};


POCO_MESSAGING_END
} } // namespace Poco::Messaging


#endif // Messaging_Subscription_INCLUDED
