//
// HubChannels.cpp
//
// Library: PocoMessaging
// Package: Hub
// Module:  HubCore
//
// SPDX-License-Identifier: BSL-1.0
//


#include "hub/HubTurns.h"
#include <algorithm>


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
			else pChannel = ChannelPtr(find(shard, hash, name), true);
			const bool isNew = !pSubscription;
			const bool isNewChannel = !pChannel;
			if (isNewChannel) pChannel = ChannelPtr(new Channel(name, hash, options, *this));
			if (isNew)
			{
				session._entries.reserve(session._entries.size() + 1);
				pSubscription = Subscription::Ptr(new Subscription(session, *pChannel));
			}
			if (isNewChannel) insert(shard, *pChannel);
			claimed.mine = Baton::take(pChannel->baton);
			if (!claimed.mine)
			{
				claimed = claim(*pChannel, [pChannel, pSubscription, hasSince, since, answer]() mutable
				{
					pChannel->subscribe(*pSubscription, hasSince, since, answer);
				}, 0);
			}
			if (isNew) // there was memory for all of it
			{
				session._entries.push_back({hash, pSubscription.get()});
				pSubscription->duplicate();
				++pChannel->users;
				++_counts.subscriptions;
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
		std::size_t place = 0;
		while (place < entries.size() && (entries[place].hash != hash || entries[place].pSubscription->channel().name() != name)) ++place;
		if (place < entries.size())
		{
			pSubscription = Subscription::Ptr(entries[place].pSubscription, true);
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
			entries[place] = entries.back(); // there was memory for all of it
			entries.pop_back();
			pSubscription->release(); // the session's reference
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
	try
	{
		turn(channel, [pPublication, pReceipt](Channel& target) { target.publication(pPublication, pReceipt); }, pPublication->size());
	}
	catch (...) // there is no memory
	{
		lose(channel);
	}
}


void HubCore::onGap(const std::string& channel) noexcept
{
	try
	{
		turn(channel, [](Channel& target) { target.gap(); });
	}
	catch (...) // there is no memory
	{
		lose(channel);
	}
}


void HubCore::onPresence(const std::string& channel, const Member& member, bool joined) noexcept
{
	try
	{
		turn(channel, [member, joined](Channel& target) { target.presence(member, joined); });
	}
	catch (...) // there is no memory
	{
		lose(channel);
	}
}


void HubCore::lose(const std::string& channel) noexcept
	/// There was no memory for something that has happened in a channel. Takes none itself.
{
	++_counts.failures;
	const std::size_t hash = hashOf(channel);
	Shard& shard = shardOf(hash);
	ChannelPtr pChannel;
	bool mine = false;
	{
		const std::lock_guard<std::mutex> lock(shard.mutex);
		pChannel = ChannelPtr(find(shard, hash, channel), true);
		if (!pChannel) return;
		++pChannel->losses;
		mine = Baton::take(pChannel->baton);
	}
	if (mine) run(*pChannel, []() {});
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
	guarded([&]() { backplane().unsubscribe(channel.name()); });
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
	std::list<Session::Leave> leaves;
	leaves.push_back({0, channel.name(), session.member()});
	backplane().enter(channel.name(), {session.member(), session.info()});
	const std::lock_guard<std::mutex> lock(session._mutex);
	session._leaves.splice(session._leaves.end(), leaves);
}


void HubCore::leave(Channel& channel, Session& session, bool late)
{
	std::list<Session::Leave> leaves;
	{
		const std::lock_guard<std::mutex> lock(session._mutex);
		auto& entered = session._leaves;
		const auto it = std::find_if(entered.begin(), entered.end(), [&](const Session::Leave& entry) { return entry.channel == channel.name(); });
		if (it != entered.end()) leaves.splice(leaves.end(), entered, it);
	}
	if (leaves.empty()) return;
	Session::Leave& leave = leaves.front();
	const Time delay = late ? milliseconds(_pParams->getLeaveDelay()) : 0;
	try
	{
		leave.due = _pParams->getClock()() + delay;
		if (delay == 0) return backplane().leave(leave.channel, leave.member);
	}
	catch (...) // there is no memory: once more, later
	{
		++_counts.failures;
	}
	const std::lock_guard<std::mutex> lock(_mutex);
	_leaves.splice(delay == 0 ? _leaves.begin() : _leaves.end(), leaves);
}


void HubCore::tickLeaves(Time now)
{
	std::list<Session::Leave> leaves;
	for (;;)
	{
		leaves.clear();
		{
			const std::lock_guard<std::mutex> lock(_mutex);
			if (_leaves.empty() || _leaves.front().due > now) return;
			leaves.splice(leaves.end(), _leaves, _leaves.begin());
		}
		try
		{
			backplane().leave(leaves.front().channel, leaves.front().member);
		}
		catch (...) // there is no memory: once more, later
		{
			++_counts.failures;
			const std::lock_guard<std::mutex> lock(_mutex);
			_leaves.splice(_leaves.begin(), leaves);
			return;
		}
	}
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


POCO_MESSAGING_END
} } // namespace Poco::Messaging
