//
// Channel.cpp
//
// Library: PocoMessaging
// Package: Core
// Module:  Channel
//
// SPDX-License-Identifier: BSL-1.0
//


#include "core/Channel.h"
#include <utility>


namespace Poco {
namespace Messaging {
POCO_MESSAGING_BEGIN


Channel::Channel(const std::string& name, std::size_t hash, const ChannelOptions& options, ChannelHost& host):
	_references(1),
	_publications(0),
	_host(host),
	_name(name),
	_hash(hash),
	_generation(0),
	_upstream(NONE)
{
	if (options.history() || options.presence)
	{
		_pExtra = std::make_unique<Extra>();
		_pExtra->options = options;
	}
}


Channel::~Channel()
{
	for (Subscription* pSubscription: _subscriptions) pSubscription->release();
}


void Channel::duplicate()
{
	_references.fetch_add(1, std::memory_order_relaxed);
}


void Channel::release()
{
	if (_references.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
}


ChannelOptions Channel::options() const
{
	return _pExtra ? _pExtra->options : ChannelOptions();
}


//
// Who is in it
//
void Channel::subscribe(Subscription& subscription, bool hasSince, const Position& since, const SubscribeDone& done)
{
	if (subscription.state == Subscription::GONE)
	{
		SubscribeResult result;
		result.error = Error::BUSY; // it was taken out while this waited
		return answer(done, result);
	}
	if (subscription.state != Subscription::NEW && isAnswered(subscription)) return existing(subscription, hasSince, since, done);
	const bool isNew = subscription.state == Subscription::NEW;
	try
	{
		join(subscription, {hasSince, since, done});
	}
	catch (...) // there is no memory
	{
		_host.failed();
		if (isNew)
		{
			subscription.pCatchUp.reset();
			remove(subscription, false, Error::BUSY, false);
		}
		SubscribeResult result;
		result.error = Error::BUSY;
		answer(done, result);
	}
	if (!isNew || subscription.state != Subscription::WAITING) return;
	if (_upstream == NONE)
	{
		_upstream = ASKED;
		try
		{
			_host.subscribeUpstream(*this, ++_generation);
		}
		catch (...) // there is no memory
		{
			_host.failed();
			abandon(subscription);
		}
	}
	else if (_upstream == ON && !(history() && _pExtra->pGap)) tryToBegin(subscription);
}


void Channel::join(Subscription& subscription, CatchUp::Waiter&& waiter)
	/// Does it all, or throws and has done nothing but a CatchUp.
{
	if (subscription.state != Subscription::NEW)
	{
		subscription.pCatchUp->waiters.push_back(std::move(waiter));
		return;
	}
	subscription.pCatchUp = std::make_unique<CatchUp>();
	subscription.pCatchUp->waiters.push_back(std::move(waiter));
	_subscriptions.push_back(&subscription);
	subscription.duplicate();
	subscription.index = static_cast<Poco::UInt32>(_subscriptions.size() - 1);
	subscription.state = Subscription::WAITING;
}


void Channel::abandon(Subscription& subscription)
	/// There was no memory for what it needs next. It is taken out, and told or answered: so it can come again.
{
	if (subscription.state == Subscription::GONE) return;
	if (isAnswered(subscription)) takeOut(subscription, Left::FAILED);
	else remove(subscription, false, Error::BUSY, false);
}


template <typename Function>
void Channel::forEach(Function&& function)
	/// Calls it for each subscription; it may take that one out. Answers cannot change the list: what they call waits for its turn. Takes no memory.
{
	for (std::size_t i = 0; i < _subscriptions.size();)
	{
		const Subscription::Ptr pKept(_subscriptions[i], true);
		function(*_subscriptions[i]);
		if (i < _subscriptions.size() && _subscriptions[i] == pKept.get()) ++i;
	}
}


void Channel::subscribed(Poco::UInt32 generation, Error error, const Position& position)
{
	if (generation != _generation || _upstream != ASKED) return; // all had left meanwhile
	if (error != Error::NONE)
	{
		_upstream = NONE;
		++_generation;
		while (!_subscriptions.empty()) remove(*_subscriptions.back(), false, error, false);
		return;
	}
	_upstream = ON;
	if (history())
	{
		// What has come before the answer is either in its position, or behind it.
		Position& own = _pExtra->position;
		const bool early = _pExtra->known;
		const bool sameEpoch = own.epoch == position.epoch;
		if (!early || !sameEpoch || own.offset < position.offset) own = position;
		_pExtra->known = true;
		if (early && !sameEpoch) return startGap(); // which of the two is newer is read
	}
	beginWaiting();
}


void Channel::beginWaiting()
{
	forEach([this](Subscription& subscription)
	{
		if (subscription.state == Subscription::WAITING) tryToBegin(subscription);
	});
}


void Channel::tryToBegin(Subscription& subscription)
{
	try
	{
		begin(subscription);
	}
	catch (...) // there is no memory
	{
		_host.failed();
		abandon(subscription);
	}
}


void Channel::begin(Subscription& subscription)
	/// The channel's position is known, and it has no gap.
{
	SubscribeResult result;
	if (!history()) return goLive(subscription, result);
	const CatchUp::Waiter& first = subscription.pCatchUp->waiters.front();
	if (first.hasSince && first.since != _pExtra->position && first.since.epoch == _pExtra->position.epoch)
	{
		subscription.offset = first.since.offset;
		subscription.state = Subscription::READING;
		return read(subscription, static_cast<std::size_t>(_host.params().getMaxRecovered()));
	}
	result.position = _pExtra->position;
	result.recovered = first.hasSince && first.since == result.position;
	subscription.offset = subscription.begin = result.position.offset;
	goLive(subscription, result);
}


void Channel::goLive(Subscription& subscription, const SubscribeResult& result)
	/// Answers those that wait, the first of them with the result. Throws if it cannot enter, and nothing has happened then.
{
	if (_pExtra && _pExtra->options.presence && !subscription.entered)
	{
		_host.enter(*this, subscription.session());
		subscription.entered = true;
	}
	const std::unique_ptr<CatchUp> pCatchUp = std::move(subscription.pCatchUp);
	subscription.state = Subscription::LIVE;
	bool first = true;
	for (const CatchUp::Waiter& waiter: pCatchUp->waiters)
	{
		if (first) answer(waiter.done, result);
		else existing(subscription, waiter.hasSince, waiter.since, waiter.done);
		first = false;
	}
}


void Channel::existing(const Subscription& subscription, bool hasSince, const Position& since, const SubscribeDone& done) const
{
	SubscribeResult result;
	result.existing = true;
	if (subscription.outdated) result.error = Error::BUSY; // it is about to be taken out
	if (history())
	{
		result.position.epoch = _pExtra->position.epoch;
		result.position.offset = subscription.offset;
		result.recovered = hasSince && since.epoch == result.position.epoch && since.offset >= subscription.begin && since.offset <= subscription.offset;
	}
	answer(done, result);
}


bool Channel::unsubscribe(Subscription& subscription, bool detached, bool notify)
{
	if (subscription.state == Subscription::GONE) return false;
	if (notify && isAnswered(subscription) && tell(subscription, Left::REVOKED) == Connection::FULL)
		subscription.pConnection->close(TRY_AGAIN_LATER, "too slow");
	remove(subscription, detached, detached ? Error::DETACHED : Error::NOT_SUBSCRIBED, true);
	return true;
}


void Channel::remove(Subscription& subscription, bool late, Error error, bool bySession)
	/// Answers those that wait with the error.
{
	const Subscription::Ptr pKept(&subscription, true);
	endLag(subscription);
	const bool listedHere = subscription.state != Subscription::NEW;
	subscription.state = Subscription::GONE;
	const std::unique_ptr<CatchUp> pCatchUp = std::move(subscription.pCatchUp);
	if (listedHere)
	{
		Subscription* const pLast = _subscriptions.back();
		_subscriptions[subscription.index] = pLast;
		pLast->index = subscription.index;
		_subscriptions.pop_back();
		subscription.release();
	}
	if (subscription.entered)
	{
		subscription.entered = false;
		_host.leave(*this, subscription.session(), late);
	}
	_host.removed(subscription, bySession);
	if (_subscriptions.empty() && _upstream != NONE)
	{
		_upstream = NONE;
		++_generation;
		if (_pExtra)
		{
			_pExtra->known = false;
			_pExtra->pGap.reset();
		}
		_host.unsubscribeUpstream(*this);
	}
	if (pCatchUp)
	{
		SubscribeResult result;
		result.error = error;
		for (const CatchUp::Waiter& waiter: pCatchUp->waiters) answer(waiter.done, result);
	}
}


void Channel::takeOut(Subscription& subscription, Left reason)
	/// It is told first. If its queue is full it stays, without getting anything, until it can be told. One whose subscription was not
	/// answered is told by the answer.
{
	if (isAnswered(subscription) && tell(subscription, reason) == Connection::FULL)
	{
		const bool again = subscription.outdated;
		subscription.pCatchUp.reset();
		subscription.state = Subscription::LAGGING;
		subscription.outdated = true;
		subscription.reason = reason;
		subscription.behind = true;
		return _host.watch(subscription, !again);
	}
	remove(subscription, false, Error::UNAVAILABLE, false);
}


void Channel::takeOutAll(Left reason)
	/// All that had been answered. Those that are not get their answer from what is known now.
{
	forEach([this, reason](Subscription& subscription)
	{
		if (isAnswered(subscription)) takeOut(subscription, reason);
	});
}


Connection::Result Channel::tell(Subscription& subscription, Left reason)
	/// Says that it is not in the channel any more.
{
	try
	{
		return subscription.pConnection->send(subscription.session().encoder().unsubscribed(_name, reason));
	}
	catch (...) // the encoder's; there is no memory, above all
	{
		_host.failed();
		subscription.pConnection->close(TRY_AGAIN_LATER, "cannot be told"); // it is never silent
		return Connection::CLOSED;
	}
}


void Channel::answer(const SubscribeDone& done, const SubscribeResult& result) const
{
	try
	{
		done(result);
	}
	catch (...) // the program's
	{
		_host.failed();
	}
}


//
// What was missed
//
void Channel::read(Subscription& subscription, std::size_t limit)
	/// Reads what comes behind its offset.
{
	HistoryQuery query;
	query.hasSince = true;
	query.since.epoch = _pExtra->position.epoch;
	query.since.offset = subscription.offset;
	query.limit = limit;
	query.maxBytes = static_cast<std::size_t>(_host.params().getMaxRecoveredBytes());
	CatchUp& catchUp = *subscription.pCatchUp;
	catchUp.kept.clear();
	catchUp.keptBytes = 0;
	catchUp.overflow = false;
	_host.readHistory(*this, &subscription, query);
}


void Channel::historyRead(Subscription* pSubscription, const HistoryResult& result)
{
	if (!pSubscription) return tryGap(result);
	if (pSubscription->state != Subscription::READING) return; // it has left meanwhile
	try
	{
		if (pSubscription->pCatchUp->waiters.empty()) replayed(*pSubscription, result);
		else recovered(*pSubscription, result);
	}
	catch (...) // there is no memory
	{
		_host.failed();
		abandon(*pSubscription);
	}
}


void Channel::recovered(Subscription& subscription, const HistoryResult& history)
	/// Answers a subscription with a position: all that was missed follows, or nothing of it.
{
	if (history.error != Error::NONE) return remove(subscription, false, history.error, false);
	const CatchUp::Waiter& first = subscription.pCatchUp->waiters.front();
	SubscribeResult result;
	result.position = history.position;
	const std::size_t count = history.publications.size();
	result.recovered = history.position.epoch == first.since.epoch &&
		history.position.offset >= first.since.offset && history.position.offset - first.since.offset == count &&
		(count == 0 || history.publications.front()->position.offset == first.since.offset + 1);
	if (history.position.epoch != _pExtra->position.epoch)
	{
		// The channel does not know the new epoch yet, or knows a newer one: once more, when it does.
		subscription.state = Subscription::WAITING;
		return startGap();
	}
	subscription.offset = subscription.begin = result.recovered ? first.since.offset : result.position.offset;
	std::vector<Publication::Ptr> missed;
	if (result.recovered) missed = history.publications;
	std::unique_ptr<CatchUp> pKept = std::make_unique<CatchUp>();
	pKept->kept.swap(subscription.pCatchUp->kept);
	pKept->overflow = subscription.pCatchUp->overflow;
	goLive(subscription, result);
	subscription.pCatchUp = std::move(pKept);
	subscription.state = Subscription::READING;
	sendMissed(subscription, missed, true);
}


void Channel::replayed(Subscription& subscription, const HistoryResult& history)
	/// Goes on for one that has been lagging.
{
	if (history.error != Error::NONE)
	{
		// Temporary: it lags until the next time.
		subscription.pCatchUp.reset();
		subscription.state = Subscription::LAGGING;
		subscription.behind = true;
		_host.watch(subscription, false);
		return;
	}
	if (history.position.epoch != _pExtra->position.epoch)
	{
		takeOut(subscription, Left::EPOCH);
		return startGap();
	}
	const Poco::UInt64 next = subscription.offset + 1;
	const bool reaches = history.publications.empty() ? history.position.offset < next : history.publications.front()->position.offset == next;
	if (!reaches) return takeOut(subscription, Left::GAP);
	const bool complete = history.publications.empty() || history.publications.back()->position.offset == history.position.offset;
	sendMissed(subscription, history.publications, complete);
}


void Channel::sendMissed(Subscription& subscription, const std::vector<Publication::Ptr>& publications, bool complete)
	/// Sends them, then what came meanwhile. It is live then, or lags, or reads on.
{
	const Poco::UInt64 before = subscription.offset;
	std::vector<Publication::Ptr> kept;
	kept.swap(subscription.pCatchUp->kept);
	const bool overflow = subscription.pCatchUp->overflow;
	for (const std::vector<Publication::Ptr>* pList: {&publications, static_cast<const std::vector<Publication::Ptr>*>(&kept)})
	{
		for (const Publication::Ptr& pPublication: *pList)
		{
			const Poco::UInt64 offset = pPublication->position.offset;
			if (offset <= subscription.offset) continue;
			if (offset != subscription.offset + 1) break; // between what was read and what was kept: read again
			if (sendOne(subscription, *pPublication)) continue;
			subscription.pCatchUp.reset();
			subscription.state = Subscription::LAGGING;
			subscription.behind = true;
			return _host.watch(subscription, subscription.offset > before);
		}
	}
	if (overflow || !complete || subscription.offset < _pExtra->position.offset)
	{
		if (subscription.offset == before && !overflow) return takeOut(subscription, Left::GAP); // the history does not have what comes next
		return read(subscription, static_cast<std::size_t>(_host.params().getMaxRecovered()) + 1);
	}
	subscription.pCatchUp.reset();
	subscription.state = Subscription::LIVE;
	endLag(subscription);
}


bool Channel::sendOne(Subscription& subscription, const Publication& publication)
	/// Returns false if the queue is full.
{
	try
	{
		if (subscription.pConnection->send(publication.encoded(_name, subscription.session().encoder())) == Connection::FULL) return false;
	}
	catch (...) // the encoder's; there is no memory, above all
	{
		_host.failed();
		missed(subscription, 1, false);
	}
	subscription.offset = publication.position.offset;
	return true;
}


void Channel::drained(Subscription& subscription)
{
	subscription.behind = false;
	if (subscription.state == Subscription::GONE) return;
	if (subscription.dropped > 0)
	{
		try
		{
			if (subscription.pConnection->send(subscription.session().encoder().dropped(_name, subscription.dropped)) != Connection::FULL) subscription.dropped = 0;
		}
		catch (...)
		{
			_host.failed();
		}
		if (subscription.dropped > 0)
		{
			subscription.behind = true;
			_host.watch(subscription, false);
		}
	}
	if (subscription.state != Subscription::LAGGING) return;
	if (subscription.outdated) return takeOut(subscription, subscription.reason);
	try
	{
		subscription.pCatchUp = std::make_unique<CatchUp>();
		subscription.state = Subscription::READING;
		read(subscription, static_cast<std::size_t>(_host.params().getMaxRecovered()) + 1);
	}
	catch (...) // there is no memory: it lags until the next time
	{
		_host.failed();
		subscription.pCatchUp.reset();
		subscription.state = Subscription::LAGGING;
		subscription.behind = true;
		_host.watch(subscription, false);
	}
}


void Channel::lags(Subscription& subscription, bool now)
{
	subscription.state = Subscription::LAGGING;
	subscription.behind = true;
	subscription.counted = true;
	_host.lagBegins(subscription.session());
	_host.watch(subscription, now);
}


void Channel::endLag(Subscription& subscription)
{
	if (!subscription.counted) return;
	subscription.counted = false;
	_host.lagEnds(subscription.session());
}


void Channel::missed(Subscription& subscription, Poco::UInt32 count, bool now)
	/// It gets to know how many when its queue is empty.
{
	subscription.dropped += count;
	_host.dropped(subscription.session(), count);
	if (subscription.behind) return;
	subscription.behind = true;
	_host.watch(subscription, now);
}


void Channel::keep(CatchUp& catchUp, const Publication::Ptr& pPublication) const
{
	if (catchUp.overflow) return;
	catchUp.keptBytes += pPublication->size();
	catchUp.overflow = catchUp.keptBytes > static_cast<std::size_t>(_host.params().getMaxRecoveredBytes());
	if (catchUp.overflow) return;
	try
	{
		catchUp.kept.push_back(pPublication);
	}
	catch (...) // there is no memory: it is read once more
	{
		catchUp.overflow = true;
	}
}


POCO_MESSAGING_END
} } // namespace Poco::Messaging
