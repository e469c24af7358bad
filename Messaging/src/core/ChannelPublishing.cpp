//
// ChannelPublishing.cpp
//
// Library: PocoMessaging
// Package: Core
// Module:  Channel
//
// SPDX-License-Identifier: BSL-1.0
//


#include "core/Channel.h"
#include <algorithm>
#include <array>
#include <utility>


namespace Poco {
namespace Messaging {
POCO_MESSAGING_BEGIN


namespace
{
	struct Batch
		/// Subscriptions that get the same message.
	{
		Subscription* subscriptions[Carrier::BATCH];
		Connection* connections[Carrier::BATCH];
		Connection::Result results[Carrier::BATCH];
		std::size_t count = 0;
		Prepared pMessage;
		bool failed = false; // there is no message
	};
}


void Channel::publication(const Publication::Ptr& pPublication, const Receipt::Ptr& pReceipt)
{
	Delivery delivery;
	if (_upstream != NONE && !_subscriptions.empty()) delivery = history() ? give(pPublication) : fanOut(pPublication);
	if (pReceipt) Receipt::Ptr(pReceipt)->deliver(delivery);
	_host.counted(delivery);
}


Delivery Channel::give(const Publication::Ptr& pPublication)
	/// The next one goes to all, one that was given already to nobody; any other shows a gap.
{
	const Position& position = pPublication->position;
	Position& own = _pExtra->position;
	if (_upstream == ASKED)
	{
		// Nobody is live. The position that is on its way may be older than this.
		if (!_pExtra->known || position.epoch != own.epoch || position.offset > own.offset) own = position;
		_pExtra->known = true;
		return Delivery();
	}
	if (_pExtra->pGap) return keepForGap(pPublication);
	if (position.epoch != own.epoch)
	{
		epochChanged(position);
		return Delivery();
	}
	if (position.offset <= own.offset) return Delivery();
	if (position.offset == own.offset + 1)
	{
		own.offset = position.offset;
		return fanOut(pPublication);
	}
	startGap();
	return keepForGap(pPublication);
}


Delivery Channel::fanOut(const Publication::Ptr& pPublication)
{
	_publications.store(publications() + 1, std::memory_order_relaxed); // nobody else does
	const bool kept = history();
	const Poco::UInt64 offset = pPublication->position.offset;
	Delivery delivery;
	std::array<Batch, Publication::SLOTS> batches; // by the encoder's slot
	const auto flush = [&](Batch& batch)
	{
		std::fill_n(batch.results, batch.count, Connection::FULL);
		try
		{
			if (!batch.failed && batch.count > 0) _host.carrier().send(batch.pMessage, batch.connections, batch.count, batch.results);
		}
		catch (...) // the carrier's; there is no memory, above all
		{
			_host.failed();
		}
		for (std::size_t i = 0; i < batch.count; ++i)
		{
			Subscription& subscription = *batch.subscriptions[i];
			if (batch.results[i] == Connection::FULL && kept && !batch.failed)
			{
				++delivery.lagging;
				lags(subscription, true);
				continue;
			}
			subscription.offset = offset;
			if (batch.results[i] == Connection::SENT) ++delivery.delivered;
			else if (batch.results[i] == Connection::FULL)
			{
				++delivery.dropped;
				missed(subscription, 1, true);
			}
		}
		batch.count = 0;
	};
	for (Subscription* pSubscription: _subscriptions) // nobody changes the list: that waits for its turn
	{
		Subscription& subscription = *pSubscription;
		if (subscription.state != Subscription::LIVE)
		{
			if (subscription.state == Subscription::READING) keep(*subscription.pCatchUp, pPublication);
			if (isAnswered(subscription)) ++delivery.lagging;
			continue;
		}
		if (kept && subscription.offset >= offset) continue;
		Batch& batch = batches[subscription.slot];
		if (!batch.pMessage && !batch.failed)
		{
			try
			{
				batch.pMessage = pPublication->encoded(_name, subscription.session().encoder());
			}
			catch (...) // the encoder's; there is no memory, above all
			{
				_host.failed();
				batch.failed = true;
			}
		}
		batch.subscriptions[batch.count] = &subscription;
		batch.connections[batch.count] = subscription.pConnection;
		if (++batch.count == Carrier::BATCH) flush(batch);
	}
	for (Batch& batch: batches) flush(batch);
	return delivery;
}


//
// Gaps
//
void Channel::gap()
{
	if (history() && _upstream == ON)
	{
		if (_pExtra->pGap) _pExtra->pGap->overflow = true; // what is being read may be older
		startGap();
	}
	// Without history nobody can tell what was lost: at most once.
}


void Channel::lost(Poco::UInt32 count)
{
	if (history()) gap();
	if (history() && !_pExtra->options.joinLeave) return;
	Delivery delivery;
	for (Subscription* pSubscription: _subscriptions)
	{
		if (pSubscription->state != Subscription::LIVE) continue;
		delivery.dropped += count;
		missed(*pSubscription, count, true);
	}
	_host.counted(delivery);
}


void Channel::retry()
{
	if (_pExtra && _pExtra->pGap && _pExtra->pGap->unread) readGap();
}


void Channel::startGap()
{
	if (_pExtra->pGap || _upstream != ON) return;
	_pExtra->pGap = std::make_unique<Gap>();
	readGap();
}


Delivery Channel::keepForGap(const Publication::Ptr& pPublication)
{
	Gap& gap = *_pExtra->pGap;
	gap.keptBytes += pPublication->size();
	if (gap.keptBytes > static_cast<std::size_t>(_host.params().getMaxRecoveredBytes())) gap.overflow = true;
	try
	{
		if (!gap.overflow) gap.kept.push_back(pPublication);
	}
	catch (...) // there is no memory: it is read once more
	{
		gap.overflow = true;
	}
	Delivery delivery;
	for (const Subscription* pSubscription: _subscriptions)
	{
		if (isAnswered(*pSubscription)) ++delivery.lagging;
	}
	return delivery;
}


void Channel::readGap()
{
	Gap& gap = *_pExtra->pGap;
	gap.unread = false;
	gap.overflow = false;
	gap.kept.clear();
	gap.keptBytes = 0;
	HistoryQuery query;
	query.hasSince = true;
	query.since = _pExtra->position;
	query.limit = static_cast<std::size_t>(_host.params().getMaxRecovered()) + 1;
	query.maxBytes = static_cast<std::size_t>(_host.params().getMaxRecoveredBytes());
	try
	{
		_host.readHistory(*this, nullptr, query);
	}
	catch (...) // there is no memory
	{
		_host.failed();
		readGapLater();
	}
}


void Channel::readGapLater()
{
	if (!_pExtra->pGap) return;
	_pExtra->pGap->unread = true;
	try
	{
		_host.retryLater(*this);
	}
	catch (...) // there is no memory
	{
		_host.failed();
		_pExtra->pGap.reset();
		takeOutAll(Left::FAILED);
		beginWaiting();
	}
}


void Channel::tryGap(const HistoryResult& result)
{
	try
	{
		gapRead(result);
	}
	catch (...) // there is no memory
	{
		_host.failed();
		readGapLater();
	}
}


void Channel::gapRead(const HistoryResult& result)
{
	if (_upstream != ON || !_pExtra->pGap || _pExtra->pGap->unread) return; // all have left meanwhile
	if (result.error != Error::NONE)
		return readGapLater();
	const std::vector<Publication::Ptr> kept = std::move(_pExtra->pGap->kept);
	const bool overflow = _pExtra->pGap->overflow;
	Position& own = _pExtra->position;
	std::size_t given = 0;
	if (result.position.epoch == own.epoch) given = giveInOrder(result.publications);
	else
	{
		epochChanged(result.position);
		if (_upstream != ON) return; // nobody is left
	}
	const bool all = own.offset >= result.position.offset;
	given += giveInOrder(kept);
	const bool another = !kept.empty() && kept.back()->position.epoch != own.epoch; // older, or newer
	const bool behind = !all || (!kept.empty() && !another && kept.back()->position.offset > own.offset);
	if (overflow || another || (behind && given > 0)) return readGap();
	if (behind)
	{
		// The history does not have it.
		if (result.position.offset > own.offset) own.offset = result.position.offset;
		if (!kept.empty() && kept.back()->position.offset > own.offset) own.offset = kept.back()->position.offset;
		takeOutAll(Left::GAP);
		if (_upstream != ON) return;
	}
	_pExtra->pGap.reset();
	beginWaiting();
}


std::size_t Channel::giveInOrder(const std::vector<Publication::Ptr>& publications)
	/// Gives out those that are next. Returns how many these were.
{
	std::size_t given = 0;
	Position& own = _pExtra->position;
	for (const Publication::Ptr& pPublication: publications)
	{
		if (pPublication->position.epoch != own.epoch || pPublication->position.offset != own.offset + 1) continue;
		++own.offset;
		_host.counted(fanOut(pPublication));
		++given;
	}
	return given;
}


void Channel::epochChanged(const Position& position)
	/// What was there is lost: who had a part of it subscribes anew.
{
	_pExtra->position = position;
	clearKept();
	takeOutAll(Left::EPOCH);
}


void Channel::clearKept()
{
	for (Subscription* pSubscription: _subscriptions)
	{
		if (!pSubscription->pCatchUp) continue;
		pSubscription->pCatchUp->kept.clear();
		pSubscription->pCatchUp->overflow = true;
	}
}


//
// Presence
//
void Channel::presence(const Member& member, bool joined)
{
	if (!_pExtra || !_pExtra->options.joinLeave) return;
	Prepared messages[Publication::SLOTS];
	for (Subscription* pSubscription: _subscriptions)
	{
		if (!isAnswered(*pSubscription)) continue;
		Prepared& pMessage = messages[pSubscription->slot];
		try
		{
			if (!pMessage) pMessage = pSubscription->session().encoder().presence(_name, member, joined);
			if (pSubscription->pConnection->send(pMessage) == Connection::FULL) missed(*pSubscription, 1, true);
		}
		catch (...) // the encoder's; there is no memory, above all
		{
			_host.failed();
			missed(*pSubscription, 1, true);
		}
	}
}


POCO_MESSAGING_END
} } // namespace Poco::Messaging
