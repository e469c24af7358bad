//
// Channel.h
//
// Library: PocoMessaging
// Package: Core
// Module:  Channel
//
// The rules of a channel on one node: who gets what, in which order.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Messaging_Channel_INCLUDED
#define Messaging_Channel_INCLUDED


#include "core/BatonState.h"
#include "core/Subscription.h"
#include "Poco/Messaging/Backplane.h"
#include "Poco/Messaging/HubParams.h"
#include <functional>
#include <memory>
#include <string>
#include <vector>


namespace Poco {
namespace Messaging {
POCO_MESSAGING_BEGIN


class Channel;


class ChannelHost
	/// What a channel asks for. The answers come as further calls of the channel, in a turn of their own.
{
public:
	virtual void subscribeUpstream(Channel& channel, Poco::UInt32 generation) = 0;
		/// Subscribes at the backplane; answered by Channel::subscribed().

	virtual void unsubscribeUpstream(Channel& channel) = 0;
		/// Ends that.

	virtual void readHistory(Channel& channel, Subscription* pSubscription, const HistoryQuery& query) = 0;
		/// Reads; answered by Channel::historyRead(). Without subscription it is for the channel itself.

	virtual void retryLater(Channel& channel) = 0;
		/// Calls Channel::retry() later.

	virtual void enter(Channel& channel, Session& session) = 0;
	virtual void leave(Channel& channel, Session& session, bool late) = 0;
		/// The session counts, or does not count any more, in the channel's presence.

	virtual void lagBegins(Session& session) = 0;
	virtual void lagEnds(Session& session) = 0;
		/// A subscription of the session has fallen behind, or has caught up.

	virtual void watch(Subscription& subscription, bool now) = 0;
		/// Calls Channel::drained() when the session's queue is empty; now: looks at once whether it is.

	virtual void removed(Subscription& subscription, bool bySession) = 0;
		/// It is not in the channel any more. If not bySession the session does not know yet.

	virtual void counted(const Delivery& delivery) = 0;
	virtual void dropped(Session& session, Poco::UInt32 count) = 0;
	virtual void failed() = 0;
		/// Metrics.

	virtual const HubParams& params() const = 0;
	virtual Carrier& carrier() const = 0;

protected:
	~ChannelHost() = default;
};


class Channel
	/// A channel of one node. One call at a time, each in the channel's turn; no locks, threads or clock.
	///
	/// A channel with history knows the position of the last publication it has given out, and gives out the next only: what it has missed, it reads.
	/// A live subscription has been sent everything up to that position. One that is not live reads the history, and keeps what comes meanwhile.
	/// So nothing is lost, and nothing comes twice, in whatever order the answers come.
{
public:
	enum
	{
		TRY_AGAIN_LATER = 1013 // IANA's registry of Close codes
	};

	Channel(const std::string& name, std::size_t hash, const ChannelOptions& options, ChannelHost& host);

	void duplicate();
	void release();

	const std::string& name() const;
	std::size_t hash() const;
	ChannelOptions options() const;

	Poco::UInt64 publications() const
		/// How many were given to its subscriptions. At any time, by any thread.
	{
		return _publications.load(std::memory_order_relaxed);
	}

	void subscribe(Subscription& subscription, bool hasSince, const Position& since, const SubscribeDone& done);
	bool unsubscribe(Subscription& subscription, bool detached, bool notify);
		/// Returns false if it was not in the channel.

	void subscribed(Poco::UInt32 generation, Error error, const Position& position);
	void historyRead(Subscription* pSubscription, const HistoryResult& result);
	void publication(const Publication::Ptr& pPublication, const Receipt::Ptr& pReceipt);
	void presence(const Member& member, bool joined);
	void drained(Subscription& subscription);
	void gap();
	void lost(Poco::UInt32 count);
		/// So many publications, Joins and Leaves did not wait for their turn.

	void retry();

	// By the hub's lock, and nothing of the above:
	struct Turns
	{
		std::vector<std::function<void()>> waiting;
		std::size_t bytes = 0;  // of the publications in it
	};

	Channel* pNext = nullptr;  // in the hub's table
	std::unique_ptr<Turns> pTurns;
	Poco::UInt32 users = 0;    // subscriptions that sessions have, or had, and that have not been removed()
	BatonState baton;          // which thread has the turn
	bool listed = false;       // it is in the hub's table
	Poco::UInt32 losses = 0;   // publications and others that have not fitted, or for which there was no memory

private:
	enum Upstream: unsigned char
	{
		NONE,
		ASKED,
		ON
	};

	struct Gap
		/// While the channel reads what it has missed.
	{
		std::vector<Publication::Ptr> kept;
		std::size_t keptBytes = 0;
		bool overflow = false;
		bool unread = false; // it could not be read, and is tried again later
	};

	struct Extra
		/// Of channels that are not ephemeral.
	{
		ChannelOptions options;
		Position position; // of the last publication that was given to the subscriptions
		bool known = false; // whether the position is
		std::unique_ptr<Gap> pGap;
	};

	~Channel();
	bool history() const;
	void join(Subscription& subscription, CatchUp::Waiter&& waiter);
	void abandon(Subscription& subscription);
	void begin(Subscription& subscription);
	void tryToBegin(Subscription& subscription);
	void beginWaiting();
	template <typename Function> void forEach(Function&& function);
	void goLive(Subscription& subscription, const SubscribeResult& result);
	void existing(const Subscription& subscription, bool hasSince, const Position& since, const SubscribeDone& done) const;
	void recovered(Subscription& subscription, const HistoryResult& result);
	void replayed(Subscription& subscription, const HistoryResult& result);
	void sendMissed(Subscription& subscription, const std::vector<Publication::Ptr>& publications, bool complete);
	bool sendOne(Subscription& subscription, const Publication& publication);
	void read(Subscription& subscription, std::size_t limit);
	void remove(Subscription& subscription, bool late, Error error, bool bySession);
	void takeOut(Subscription& subscription, Left reason);
	void takeOutAll(Left reason);
	Connection::Result tell(Subscription& subscription, Left reason);
	void answer(const SubscribeDone& done, const SubscribeResult& result) const;
	void lags(Subscription& subscription, bool now);
	void endLag(Subscription& subscription);
	void missed(Subscription& subscription, Poco::UInt32 count, bool now);
	void keep(CatchUp& catchUp, const Publication::Ptr& pPublication) const;
	Delivery give(const Publication::Ptr& pPublication);
	Delivery fanOut(const Publication::Ptr& pPublication);
	Delivery keepForGap(const Publication::Ptr& pPublication);
	std::size_t giveInOrder(const std::vector<Publication::Ptr>& publications);
	void startGap();
	void readGap();
	void readGapLater();
	void tryGap(const HistoryResult& result);
	void gapRead(const HistoryResult& result);
	void epochChanged(const Position& position);
	static bool isAnswered(const Subscription& subscription);
	void clearKept();

	std::atomic<int> _references;
	std::atomic<Poco::UInt64> _publications;
	ChannelHost& _host;
	const std::string _name;
	const std::size_t _hash;
	std::unique_ptr<Extra> _pExtra;
	std::vector<Subscription*> _subscriptions; // references
	Poco::UInt32 _generation; // of the subscription at the backplane
	Upstream _upstream;
};


//
// inlines
//
inline const std::string& Channel::name() const
{
	return _name;
}


inline std::size_t Channel::hash() const
{
	return _hash;
}


inline bool Channel::isAnswered(const Subscription& subscription)
	/// Returns true if nobody waits for the answer to its subscription.
{
	return !subscription.pCatchUp || subscription.pCatchUp->waiters.empty();
}


inline bool Channel::history() const
{
	return _pExtra && _pExtra->options.history();
}


POCO_MESSAGING_END
} } // namespace Poco::Messaging


#endif // Messaging_Channel_INCLUDED
