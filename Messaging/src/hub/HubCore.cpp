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


namespace Poco {
namespace Messaging {
POCO_MESSAGING_BEGIN


HubCore::HubCore(const Backplane::Ptr& pBackplane, const HubParams::Ptr& pParams, const std::shared_ptr<Carrier>& pCarrier):
	_pBackplane(pBackplane),
	_pParams(pParams),
	_pCarrier(pCarrier ? pCarrier : std::make_shared<Carrier>()),
	_sessionNumber(0),
	_pWatched(nullptr),
	_watched(0),
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
		for (;;)
		{
			Session::Ptr pSession;
			{
				const std::lock_guard<std::mutex> lock(shard.mutex);
				const auto it = shard.sessions.begin();
				if (it == shard.sessions.end()) break;
				pSession.swap(it->second);
				shard.sessions.erase(it);
			}
			detach(*pSession);
		}
	}
	while (const Session::Ptr pSession = nextWatched())
	{
	}
	// What these hold may call the hub when it is released.
	std::list<Session::Leave> leaves;
	std::vector<ChannelPtr> retries;
	std::map<Poco::UInt64, Ack> acks;
	const std::lock_guard<std::mutex> lock(_mutex);
	leaves.swap(_leaves);
	retries.swap(_retries);
	acks.swap(_acks);
}


void HubCore::counted(const Delivery& delivery)
{
	if (delivery.delivered) _counts.delivered.fetch_add(delivery.delivered, std::memory_order_relaxed);
	if (delivery.lagging) _counts.lagging.fetch_add(delivery.lagging, std::memory_order_relaxed);
	if (delivery.dropped) _counts.dropped.fetch_add(delivery.dropped, std::memory_order_relaxed);
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
