//
// HubCore.cpp
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


namespace
{
	constexpr std::size_t MAX_TRANSACTION = 255;

	template <typename Result, typename Function>
	void refuse(const Function& done, Error error)
	{
		if (!done) return;
		Result result;
		result.error = error;
		done(result);
	}
}


HubCore::HubCore(const Backplane::Ptr& pBackplane, const HubParams::Ptr& pParams, const std::shared_ptr<Carrier>& pCarrier):
	_pBackplane(pBackplane),
	_pParams(pParams),
	_pCarrier(pCarrier ? pCarrier : std::make_shared<Carrier>()),
	_sessionNumber(0),
	_ackNumber(0)
{
}


HubCore::~HubCore()
{
	for (Shard& shard: _shards)
	{
		for (Channel* pChannel: shard.buckets)
		{
			while (pChannel)
			{
				Channel* const pNext = pChannel->pNext;
				pChannel->release();
				pChannel = pNext;
			}
		}
	}
}


void HubCore::start()
{
	backplane().start(shared_from_this());
}


void HubCore::stop()
{
	backplane().stop();
	// Sessions hold their subscriptions, these the channels.
	for (SessionShard& shard: _sessions)
	{
		std::unordered_map<Poco::UInt64, Session::Ptr> sessions;
		{
			const std::lock_guard<std::mutex> lock(shard.mutex);
			for (const auto& item: shard.sessions) sessions.insert(item);
		}
		for (auto& item: sessions) detach(*item.second);
	}
	const std::lock_guard<std::mutex> lock(_mutex);
	_watched.clear();
	_retries.clear();
	_acks.clear();
}


//
// Sessions
//
Session::Ptr HubCore::attach(const Connection::Ptr& pConnection, const Encoder::Ptr& pEncoder, const std::string& user, const std::string& info)
{
	if (!pConnection) throw Poco::InvalidArgumentException("There is no connection");
	if (!pEncoder) throw Poco::InvalidArgumentException("There is no encoder");
	const Poco::UInt64 number = ++_sessionNumber;
	Session::Ptr pSession(new Session(pConnection, pEncoder, user, info, backplane().node(), number));
	if (!user.empty())
	{
		UserShard& shard = _users[hashOf(user) % SHARDS];
		const std::lock_guard<std::mutex> lock(shard.mutex);
		shard.users[user].push_back(pSession);
	}
	SessionShard& shard = _sessions[number % SHARDS];
	const std::lock_guard<std::mutex> lock(shard.mutex);
	shard.sessions.emplace(number, pSession);
	++_counts.sessions;
	return pSession;
}


void HubCore::detach(Session& session)
{
	Session::Ptr pKept(&session, true);
	std::vector<Session::Entry> entries;
	{
		const std::lock_guard<std::mutex> lock(session._mutex);
		if (!session._attached) return;
		session._attached = false;
		entries.swap(session._entries);
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
	for (const Session::Entry& entry: entries)
	{
		Subscription::Ptr pSubscription(entry.pSubscription); // takes the session's reference
		Channel& channel = pSubscription->channel();
		turn(channel, [&channel, pSubscription]() mutable { channel.unsubscribe(*pSubscription, true, false); });
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
// Channels
//
Error HubCore::check(const std::string& channel, std::size_t size) const
{
	if (channel.empty() || channel.size() > static_cast<std::size_t>(_pParams->getMaxChannelLength())) return Error::CHANNEL_NAME;
	return size > static_cast<std::size_t>(_pParams->getMaxPayload()) ? Error::TOO_LARGE : Error::NONE;
}


ChannelOptions HubCore::optionsOf(const std::string& channel) const
{
	constexpr std::size_t MAX_HISTORY = 65536; // ChannelOptions::historySize
	ChannelOptions options = _pParams->getOptionsOf()(channel);
	if (options.historySize > MAX_HISTORY) options.historySize = MAX_HISTORY;
	return options;
}


void HubCore::subscribe(Session& session, const std::string& name, bool hasSince, const Position& since, const SubscribeDone& done)
{
	const Error error = check(name, 0);
	if (error != Error::NONE) return refuse<SubscribeResult>(done, error);
	const std::size_t hash = hashOf(name);
	const ChannelOptions options = optionsOf(name);
	const SubscribeDone answer = done ? done : [](const SubscribeResult&) {};
	Subscription::Ptr pSubscription;
	ChannelPtr pChannel;
	Baton::Claim claimed;
	Error refused = Error::NONE;
	const auto function = [&pChannel, &pSubscription, hasSince, &since, &answer]()
	{
		pChannel->subscribe(*pSubscription, hasSince, since, answer);
	};
	{
		// What is called for a channel waits for its turn in the order in which it has got here: two calls for this session keep theirs.
		const std::lock_guard<std::mutex> lock(session._mutex);
		for (const Session::Entry& entry: session._entries)
		{
			if (entry.hash == hash && entry.pSubscription->channel().name() == name) pSubscription = Subscription::Ptr(entry.pSubscription, true);
		}
		if (!session._attached) refused = Error::DETACHED;
		else if (!pSubscription && session._entries.size() >= static_cast<std::size_t>(_pParams->getMaxChannels())) refused = Error::TOO_MANY;
		else
		{
			Shard& shard = shardOf(hash);
			const std::lock_guard<std::mutex> shardLock(shard.mutex);
			if (pSubscription) pChannel = ChannelPtr(&pSubscription->channel(), true);
			else
			{
				session._entries.reserve(session._entries.size() + 1);
				pChannel = ChannelPtr(find(shard, hash, name), true);
				if (!pChannel)
				{
					pChannel = ChannelPtr(new Channel(name, hash, options, *this));
					insert(shard, *pChannel);
				}
				pSubscription = Subscription::Ptr(new Subscription(session, *pChannel));
				session._entries.push_back({hash, pSubscription.get()});
				pSubscription->duplicate();
				++pChannel->users;
				++_counts.subscriptions;
			}
			claimed.mine = Baton::take(pChannel->baton);
			if (!claimed.mine)
			{
				claimed = claim(*pChannel, [pChannel, pSubscription, hasSince, since, answer]() mutable
				{
					pChannel->subscribe(*pSubscription, hasSince, since, answer);
				}, 0);
			}
		}
	}
	if (refused != Error::NONE) return refuse<SubscribeResult>(answer, refused);
	proceed(*pChannel, claimed, function);
}


void HubCore::unsubscribe(Session& session, const std::string& name, const Done& done, bool notify)
{
	const std::size_t hash = hashOf(name);
	Subscription::Ptr pSubscription;
	ChannelPtr pChannel;
	Baton::Claim claimed;
	const auto function = [this, &pChannel, &pSubscription, notify, &done]()
	{
		const bool was = pChannel->unsubscribe(*pSubscription, false, notify);
		if (done) guarded([&]() { done(was ? Error::NONE : Error::NOT_SUBSCRIBED); });
	};
	{
		const std::lock_guard<std::mutex> lock(session._mutex);
		auto& entries = session._entries;
		for (std::size_t i = 0; i < entries.size(); ++i)
		{
			if (entries[i].hash != hash || entries[i].pSubscription->channel().name() != name) continue;
			pSubscription = Subscription::Ptr(entries[i].pSubscription); // takes the session's reference
			entries[i] = entries.back();
			entries.pop_back();
			break;
		}
		if (pSubscription)
		{
			pChannel = ChannelPtr(&pSubscription->channel(), true);
			const std::lock_guard<std::mutex> shardLock(shardOf(hash).mutex);
			claimed.mine = Baton::take(pChannel->baton);
			if (!claimed.mine)
			{
				claimed = claim(*pChannel, [this, pChannel, pSubscription, notify, done]() mutable
				{
					const bool was = pChannel->unsubscribe(*pSubscription, false, notify);
					if (done) guarded([&]() { done(was ? Error::NONE : Error::NOT_SUBSCRIBED); });
				}, 0);
			}
		}
	}
	if (!pSubscription)
	{
		if (done) guarded([&]() { done(Error::NOT_SUBSCRIBED); });
	}
	else proceed(*pChannel, claimed, function);
}


void HubCore::publish(const std::string& channel, const std::string& data, const Hub::PublishOptions& options, const PublishDone& done)
{
	const Error error = check(channel, data.size());
	if (error != Error::NONE) return refuse<PublishResult>(done, error);
	if (options.transaction.size() > MAX_TRANSACTION || options.sender.size() > static_cast<std::size_t>(_pParams->getMaxPayload()))
		return refuse<PublishResult>(done, Error::TOO_LARGE);
	Publication::Ptr pPublication(new Publication);
	pPublication->data = data;
	pPublication->transaction = options.transaction;
	pPublication->sender = options.sender;
	pPublication->trace = options.trace;
	Receipt::Ptr pReceipt;
	if (done) pReceipt = Receipt::Ptr(new Receipt(done));
	_counts.published.fetch_add(1, std::memory_order_relaxed);
	backplane().publish(channel, optionsOf(channel), pPublication, pReceipt);
}


void HubCore::history(const std::string& channel, const HistoryQuery& query, const HistoryDone& done)
{
	const Error error = check(channel, 0);
	if (error != Error::NONE) return refuse<HistoryResult>(done, error);
	const ChannelOptions options = optionsOf(channel);
	if (!options.history()) return refuse<HistoryResult>(done, Error::NO_HISTORY);
	if (done) backplane().history(channel, options, query, done);
}


void HubCore::presence(const std::string& channel, const PresenceDone& done)
{
	const Error error = check(channel, 0);
	if (error != Error::NONE) return refuse<PresenceResult>(done, error);
	if (!optionsOf(channel).presence) return refuse<PresenceResult>(done, Error::NO_HISTORY);
	if (done) backplane().presence(channel, done);
}


//
// BackplaneSink
//
void HubCore::onPublication(const std::string& channel, const Publication::Ptr& pPublication, const Receipt::Ptr& pReceipt) noexcept
{
	guarded([&]()
	{
		turn(channel, [pPublication, pReceipt](Channel& target) { target.publication(pPublication, pReceipt); }, pPublication->size());
	});
}


void HubCore::onGap(const std::string& channel) noexcept
{
	guarded([&]() { turn(channel, [](Channel& target) { target.gap(); }); });
}


void HubCore::onPresence(const std::string& channel, const Member& member, bool joined) noexcept
{
	guarded([&]() { turn(channel, [member, joined](Channel& target) { target.presence(member, joined); }); });
}


void HubCore::onControl(const Control& control) noexcept
{
	guarded([&]() { deliver(control); });
}


//
// ChannelHost
//
void HubCore::subscribeUpstream(Channel& channel, Poco::UInt32 generation)
{
	ChannelPtr pChannel(&channel, true);
	const std::weak_ptr<HubCore> pWeak = weak_from_this();
	backplane().subscribe(channel.name(), channel.options(), [pWeak, pChannel, generation](Error error, const Position& position) mutable
	{
		const auto pThis = pWeak.lock();
		if (pThis) pThis->turn(*pChannel, [pChannel, generation, error, position]() mutable { pChannel->subscribed(generation, error, position); });
	});
}


void HubCore::unsubscribeUpstream(Channel& channel)
{
	backplane().unsubscribe(channel.name());
}


void HubCore::readHistory(Channel& channel, Subscription* pSubscription, const HistoryQuery& query)
{
	ChannelPtr pChannel(&channel, true);
	Subscription::Ptr pKept(pSubscription, true);
	const std::weak_ptr<HubCore> pWeak = weak_from_this();
	backplane().history(channel.name(), channel.options(), query, [pWeak, pChannel, pKept](const HistoryResult& result) mutable
	{
		const auto pThis = pWeak.lock();
		if (pThis) pThis->turn(*pChannel, [pChannel, pKept, result]() mutable { pChannel->historyRead(pKept.get(), result); });
	});
}


void HubCore::retryLater(Channel& channel)
{
	const std::lock_guard<std::mutex> lock(_mutex);
	_retries.emplace_back(&channel, true);
}


void HubCore::enter(Channel& channel, Session& session)
{
	backplane().enter(channel.name(), {session.member(), session.info()});
}


void HubCore::leave(Channel& channel, Session& session, bool late)
{
	const Time delay = late ? milliseconds(_pParams->getLeaveDelay()) : 0;
	if (delay == 0) return backplane().leave(channel.name(), session.member());
	const Time due = _pParams->getClock()() + delay;
	const std::lock_guard<std::mutex> lock(_mutex);
	_leaves.push_back({due, channel.name(), session.member()});
}


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
		lags.push_back(now);
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
	bool first = false;
	{
		const std::lock_guard<std::mutex> lock(session._mutex);
		first = !session._watched && session._attached;
		if (first) session._watched = true;
	}
	if (first)
	{
		const std::lock_guard<std::mutex> lock(_mutex);
		_watched.emplace_back(&session, true);
	}
	// The queue may have become empty before it was known that something waits for that.
	if (!now || subscription.pConnection->queued() > 0) return;
	Subscription::Ptr pSubscription(&subscription, true);
	Channel& channel = subscription.channel();
	turn(channel, [&channel, pSubscription]() mutable { channel.drained(*pSubscription); });
}


void HubCore::removed(Subscription& subscription, bool bySession)
{
	if (!bySession)
	{
		Session& session = subscription.session();
		const std::lock_guard<std::mutex> lock(session._mutex);
		auto& entries = session._entries;
		for (std::size_t i = 0; i < entries.size(); ++i)
		{
			if (entries[i].pSubscription != &subscription) continue;
			entries[i] = entries.back();
			entries.pop_back();
			subscription.release();
			break;
		}
	}
	--_counts.subscriptions;
	Channel& channel = subscription.channel();
	const std::lock_guard<std::mutex> lock(shardOf(channel.hash()).mutex);
	--channel.users;
}


void HubCore::counted(const Delivery& delivery)
{
	if (delivery.delivered) _counts.delivered.fetch_add(delivery.delivered, std::memory_order_relaxed);
	if (delivery.lagging) _counts.lagging.fetch_add(delivery.lagging, std::memory_order_relaxed);
	if (delivery.dropped) _counts.dropped.fetch_add(delivery.dropped, std::memory_order_relaxed);
}


void HubCore::dropped(Session& session, Poco::UInt32 count)
{
	session._dropped.fetch_add(count, std::memory_order_relaxed);
}


void HubCore::failed()
{
	++_counts.failures;
}


const HubParams& HubCore::params() const
{
	return *_pParams;
}


Carrier& HubCore::carrier() const
{
	return *_pCarrier;
}


Backplane& HubCore::backplane()
{
	return const_cast<Backplane&>(*_pBackplane);
}


Time HubCore::milliseconds(const Poco::Timespan& time)
{
	return time.totalMilliseconds();
}


POCO_MESSAGING_END
} } // namespace Poco::Messaging
