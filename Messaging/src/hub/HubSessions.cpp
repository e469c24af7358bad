//
// HubSessions.cpp
//
// Library: PocoMessaging
// Package: Hub
// Module:  HubCore
//
// SPDX-License-Identifier: BSL-1.0
//


#include "hub/HubTurns.h"
#include "Poco/Exception.h"


namespace Poco {
namespace Messaging {
POCO_MESSAGING_BEGIN


Session::Ptr HubCore::attach(const Connection::Ptr& pConnection, const Encoder::Ptr& pEncoder, const std::string& user, const std::string& info)
{
	if (!pConnection) throw Poco::InvalidArgumentException("There is no connection");
	if (!pEncoder) throw Poco::InvalidArgumentException("There is no encoder");
	const Poco::UInt64 number = ++_sessionNumber;
	Session::Ptr pSession(new Session(pConnection, pEncoder, user, info, backplane().node(), number));
	{
		SessionShard& shard = _sessions[number % SHARDS];
		const std::lock_guard<std::mutex> lock(shard.mutex);
		shard.sessions.emplace(number, pSession);
		++_counts.sessions;
	}
	if (user.empty()) return pSession;
	try
	{
		UserShard& shard = _users[hashOf(user) % SHARDS];
		const std::lock_guard<std::mutex> lock(shard.mutex);
		shard.users[user].push_back(pSession);
	}
	catch (...) // there is no memory
	{
		detach(const_cast<Session&>(*pSession));
		throw;
	}
	return pSession;
}


void HubCore::detach(Session& session)
{
	Session::Ptr pKept(&session, true);
	Session::Ptr pWatched;
	{
		const std::lock_guard<std::mutex> lock(session._mutex);
		if (!session._attached) return;
		session._attached = false;
		const std::lock_guard<std::mutex> hubLock(_mutex);
		if (unlink(session)) pWatched = Session::Ptr(&session); // takes the list's reference
	}
	--_counts.sessions;
	{
		SessionShard& shard = _sessions[session._number % SHARDS];
		const std::lock_guard<std::mutex> lock(shard.mutex);
		shard.sessions.erase(session._number);
	}
	if (!session._user.empty())
	{
		UserShard& shard = _users[hashOf(session._user) % SHARDS];
		const std::lock_guard<std::mutex> lock(shard.mutex);
		const auto it = shard.users.find(session._user);
		if (it != shard.users.end())
		{
			auto& sessions = it->second;
			for (std::size_t i = sessions.size(); i > 0; --i)
			{
				if (sessions[i - 1].get() == &session) sessions.erase(sessions.begin() + static_cast<std::ptrdiff_t>(i - 1));
			}
			if (sessions.empty()) shard.users.erase(it);
		}
	}
	leaveChannels(session);
}


void HubCore::leaveChannels(Session& session) noexcept
	/// It is detached. If there is no memory for a turn, tick() goes on.
{
	for (;;)
	{
		Session::Entry entry{};
		{
			std::vector<Session::Entry> none;
			const std::lock_guard<std::mutex> lock(session._mutex);
			if (session._entries.empty())
			{
				none.swap(session._entries);
				return;
			}
			entry = session._entries.back();
			session._entries.pop_back();
		}
		try
		{
			Subscription::Ptr pSubscription(entry.pSubscription, true);
			Channel& channel = pSubscription->channel();
			turn(channel, [&channel, pSubscription]() mutable { channel.unsubscribe(*pSubscription, true, false); });
			entry.pSubscription->release(); // the session's reference
		}
		catch (...) // there is no memory
		{
			++_counts.failures;
			const std::lock_guard<std::mutex> lock(session._mutex);
			session._entries.push_back(entry); // there is room
			const std::lock_guard<std::mutex> hubLock(_mutex);
			return link(session);
		}
	}
}


void HubCore::drained(Session& session)
{
	std::vector<Subscription::Ptr> behind;
	{
		const std::lock_guard<std::mutex> lock(session._mutex);
		for (const Session::Entry& entry: session._entries)
		{
			if (entry.pSubscription->behind) behind.emplace_back(entry.pSubscription, true);
		}
	}
	for (Subscription::Ptr& pSubscription: behind)
	{
		Channel& channel = pSubscription->channel();
		turn(channel, [&channel, pSubscription]() mutable { channel.drained(*pSubscription); });
	}
}


Session::Ptr HubCore::session(const std::string& id) const
{
	Poco::UInt32 node = 0;
	Poco::UInt64 number = 0;
	if (!Session::parse(id, node, number) || node != _pBackplane->node()) return Session::Ptr();
	const SessionShard& shard = _sessions[number % SHARDS];
	const std::lock_guard<std::mutex> lock(shard.mutex);
	const auto it = shard.sessions.find(number);
	return it == shard.sessions.end() ? Session::Ptr() : it->second;
}


//
// Those that are behind
//
void HubCore::lagBegins(Session& session)
{
	const Time now = _pParams->getClock()();
	bool closes = false;
	{
		const std::lock_guard<std::mutex> lock(session._mutex);
		if (++session._lagging > 1) return; // it is one lag, in how many channels ever
		++session._lagCount;
		auto& lags = session._lags;
		const Time from = now - milliseconds(_pParams->getLagTime());
		while (!lags.empty() && lags.front() <= from) lags.erase(lags.begin());
		guarded([&]() { lags.push_back(now); });
		closes = lags.size() >= static_cast<std::size_t>(_pParams->getMaxLags());
	}
	++_counts.lags;
	if (!closes) return;
	++_counts.closedAsSlow;
	session.connection().close(Channel::TRY_AGAIN_LATER, "too slow");
}


void HubCore::lagEnds(Session& session)
{
	const std::lock_guard<std::mutex> lock(session._mutex);
	--session._lagging;
}


void HubCore::watch(Subscription& subscription, bool now)
{
	Session& session = subscription.session();
	{
		const std::lock_guard<std::mutex> lock(session._mutex);
		const std::lock_guard<std::mutex> hubLock(_mutex);
		if (session._attached) link(session);
	}
	// The queue may have become empty before it was known that something waits for that.
	if (!now || subscription.pConnection->queued() > 0) return;
	guarded([&]() // if there is no memory, tick() does it
	{
		Subscription::Ptr pSubscription(&subscription, true);
		Channel& channel = subscription.channel();
		turn(channel, [&channel, pSubscription]() mutable { channel.drained(*pSubscription); });
	});
}


void HubCore::link(Session& session) noexcept
	/// By the session's mutex and the hub's: puts it at the end of the ring of those that are looked after, which gets a reference.
{
	if (session._pNextWatched) return;
	session.duplicate();
	session._pNextWatched = _pWatched ? _pWatched : &session;
	session._pPreviousWatched = _pWatched ? _pWatched->_pPreviousWatched : &session;
	session._pPreviousWatched->_pNextWatched = &session;
	session._pNextWatched->_pPreviousWatched = &session;
	if (!_pWatched) _pWatched = &session;
	++_watched;
}


bool HubCore::unlink(Session& session) noexcept
	/// By the hub's mutex. Returns true if it was in the ring: the caller gets the reference.
{
	if (!session._pNextWatched) return false;
	session._pNextWatched->_pPreviousWatched = session._pPreviousWatched;
	session._pPreviousWatched->_pNextWatched = session._pNextWatched;
	if (_pWatched == &session) _pWatched = session._pNextWatched == &session ? nullptr : session._pNextWatched;
	session._pNextWatched = session._pPreviousWatched = nullptr;
	--_watched;
	return true;
}


Session::Ptr HubCore::nextWatched() noexcept
	/// Takes the first one out of the ring; null if there is none.
{
	const std::lock_guard<std::mutex> lock(_mutex);
	Session* const pFirst = _pWatched;
	if (pFirst) unlink(*pFirst);
	return Session::Ptr(pFirst);
}


void HubCore::tickWatched()
	/// Looks after those whose transport has not said that they are drained, or said so before it was known that something waits for that.
{
	std::size_t count = 0;
	{
		const std::lock_guard<std::mutex> lock(_mutex);
		count = _watched;
	}
	for (; count > 0; --count)
	{
		const Session::Ptr pNext = nextWatched();
		if (!pNext) return;
		Session& session = const_cast<Session&>(*pNext);
		if (session.connection().queued() == 0) guarded([&]() { drained(session); });
		bool still = false;
		bool attached = false;
		{
			const std::lock_guard<std::mutex> lock(session._mutex);
			attached = session._attached;
			for (const Session::Entry& entry: session._entries) still = still || entry.pSubscription->behind;
			if (still && attached)
			{
				const std::lock_guard<std::mutex> hubLock(_mutex);
				link(session);
			}
		}
		if (!attached) leaveChannels(session);
	}
}


void HubCore::dropped(Session& session, Poco::UInt32 count)
{
	session._dropped.fetch_add(count, std::memory_order_relaxed);
}


POCO_MESSAGING_END
} } // namespace Poco::Messaging
