//
// HubTurns.cpp
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


std::size_t HubCore::hashOf(const std::string& name)
{
	return std::hash<std::string>()(name);
}


HubCore::Shard& HubCore::shardOf(std::size_t hash)
{
	return _shards[hash % SHARDS];
}


Channel* HubCore::find(const Shard& shard, std::size_t hash, const std::string& name)
{
	if (shard.buckets.empty()) return nullptr;
	Channel* pChannel = shard.buckets[hash/SHARDS & (shard.buckets.size() - 1)];
	while (pChannel && (pChannel->hash() != hash || pChannel->name() != name)) pChannel = pChannel->pNext;
	return pChannel;
}


void HubCore::insert(Shard& shard, Channel& channel)
	/// The table gets a reference.
{
	if (shard.count >= shard.buckets.size())
	{
		std::vector<Channel*> buckets(shard.buckets.empty() ? 4 : 2*shard.buckets.size());
		for (Channel* pChannel: shard.buckets)
		{
			while (pChannel)
			{
				Channel* const pNext = pChannel->pNext;
				Channel*& pFirst = buckets[pChannel->hash()/SHARDS & (buckets.size() - 1)];
				pChannel->pNext = pFirst;
				pFirst = pChannel;
				pChannel = pNext;
			}
		}
		shard.buckets.swap(buckets);
	}
	Channel*& pFirst = shard.buckets[channel.hash()/SHARDS & (shard.buckets.size() - 1)];
	channel.pNext = pFirst;
	pFirst = &channel;
	channel.listed = true;
	channel.duplicate();
	++shard.count;
	++_counts.channels;
}


void HubCore::erase(Shard& shard, Channel& channel)
	/// The caller gets the table's reference.
{
	Channel** ppChannel = &shard.buckets[channel.hash()/SHARDS & (shard.buckets.size() - 1)];
	while (*ppChannel != &channel) ppChannel = &(*ppChannel)->pNext;
	*ppChannel = channel.pNext;
	channel.pNext = nullptr;
	channel.listed = false;
	--shard.count;
}


Channel::Turns& HubCore::turnsOf(Channel& channel)
{
	if (!channel.pTurns) channel.pTurns = std::make_unique<Channel::Turns>();
	return *channel.pTurns;
}


std::size_t HubCore::maxWaitingBytes() const
{
	return static_cast<std::size_t>(_pParams->getMaxWaitingBytes());
}


void HubCore::wait(Channel& channel, const Baton::Claim& claim)
	/// Serves the channel if it is the caller's turn to do so.
{
	Shard& shard = shardOf(channel.hash());
	std::unique_lock<std::mutex> lock(shard.mutex);
	if (!Baton::wait(channel.baton, claim, lock, shard.condition)) return;
	lock.unlock();
	const Baton::Reign reign(Baton::SERVING);
	finish(channel);
}


void HubCore::finish(Channel& channel)
	/// Does what has waited for its turn, and gives the turn away: to another thread, or to nobody.
{
	std::vector<std::function<void()>> waiting;
	for (;;)
	{
		Poco::UInt32 lost = 0;
		waiting.clear();
		{
			Shard& shard = shardOf(channel.hash());
			std::unique_lock<std::mutex> lock(shard.mutex);
			if ((!channel.pTurns || channel.pTurns->waiting.empty()) && channel.losses == 0)
			{
				Baton::leave(channel.baton, shard.condition);
				channel.pTurns.reset();
				if (channel.users > 0 || !channel.listed) return;
				erase(shard, channel);
				--_counts.channels;
				lock.unlock();
				channel.release();
				return;
			}
			const std::size_t count = channel.pTurns ? channel.pTurns->waiting.size() : 0;
			if (!Baton::goesOn(channel.baton, count + (channel.losses > 0 ? 1 : 0), shard.condition)) return;
			if (channel.pTurns)
			{
				waiting.swap(channel.pTurns->waiting);
				channel.pTurns->bytes = 0;
			}
			std::swap(lost, channel.losses);
		}
		for (auto& function: waiting) guarded(function);
		if (lost > 0) guarded([&]() { channel.lost(lost); });
	}
}


POCO_MESSAGING_END
} } // namespace Poco::Messaging
