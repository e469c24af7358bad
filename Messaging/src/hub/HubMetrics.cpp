//
// HubMetrics.cpp
//
// Library: PocoMessaging
// Package: Hub
// Module:  HubCore
//
// SPDX-License-Identifier: BSL-1.0
//


#include "hub/HubTurns.h"
#include <algorithm>
#include <tuple>


namespace Poco {
namespace Messaging {
POCO_MESSAGING_BEGIN


namespace
{
	struct Rank
	{
		Poco::UInt64 first;
		Poco::UInt64 second;
		Poco::AutoPtr<Channel> pChannel;
	};

	bool before(const Rank& left, const Rank& right)
	{
		if (left.first != right.first) return left.first > right.first;
		if (left.second != right.second) return left.second > right.second;
		return left.pChannel->name() < right.pChannel->name();
	}
}


Hub::Metrics HubCore::metrics() const
{
	Hub::Metrics metrics;
	metrics.sessions = _counts.sessions;
	metrics.channels = _counts.channels;
	metrics.subscriptions = _counts.subscriptions;
	metrics.published = _counts.published;
	metrics.delivered = _counts.delivered;
	metrics.lagging = _counts.lagging;
	metrics.dropped = _counts.dropped;
	metrics.lags = _counts.lags;
	metrics.closedAsSlow = _counts.closedAsSlow;
	metrics.failures = _counts.failures;
	const std::lock_guard<std::mutex> lock(_mutex);
	metrics.acks = _acks.size();
	return metrics;
}


std::vector<Hub::ChannelMetrics> HubCore::topChannels(std::size_t count, Hub::Top by) const
{
	const bool bySubscribers = by == Hub::Top::SUBSCRIBERS;
	std::vector<Rank> ranks; // a heap: the last one is at its front
	for (const Shard& shard: _shards)
	{
		std::vector<Rank> gone; // those that others have displaced are released without the lock
		const std::lock_guard<std::mutex> lock(shard.mutex);
		for (Channel* pFirst: shard.buckets)
		{
			for (Channel* pChannel = pFirst; pChannel && count > 0; pChannel = pChannel->pNext)
			{
				if (pChannel->users == 0) continue;
				Rank rank{pChannel->users, pChannel->publications(), Poco::AutoPtr<Channel>(pChannel, true)};
				if (!bySubscribers) std::swap(rank.first, rank.second);
				if (ranks.size() == count)
				{
					if (!before(rank, ranks.front())) continue;
					std::pop_heap(ranks.begin(), ranks.end(), before);
					gone.push_back(std::move(ranks.back()));
					ranks.pop_back();
				}
				ranks.push_back(std::move(rank));
				std::push_heap(ranks.begin(), ranks.end(), before);
			}
		}
	}
	std::sort_heap(ranks.begin(), ranks.end(), before);
	std::vector<Hub::ChannelMetrics> result;
	result.reserve(ranks.size());
	for (const Rank& rank: ranks) result.push_back({rank.pChannel->name(), bySubscribers ? rank.first : rank.second, bySubscribers ? rank.second : rank.first});
	return result;
}


POCO_MESSAGING_END
} } // namespace Poco::Messaging
