//
// HubTurns.h
//
// Library: PocoMessaging
// Package: Hub
// Module:  HubCore
//
// One thread at a time serves a channel.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Messaging_HubTurns_INCLUDED
#define Messaging_HubTurns_INCLUDED


#include "hub/HubCore.h"
#include <utility>


namespace Poco {
namespace Messaging {
POCO_MESSAGING_BEGIN


template <typename Function>
Baton::Claim HubCore::claim(Channel& channel, const Function& function, std::size_t bytes)
	/// By the shard's lock. The caller has the turn now, or the function waits for it.
{
	Baton::Claim claimed;
	claimed.mine = Baton::take(channel.baton);
	if (claimed.mine) return claimed;
	Channel::Turns& turns = turnsOf(channel);
	turns.waiting.emplace_back(function);
	turns.bytes += bytes;
	return Baton::queued(channel.baton, Baton::SERVING, turns.waiting.size() > Baton::TURNS || turns.bytes > maxWaitingBytes()/2);
}


template <typename Function>
void HubCore::proceed(Channel& channel, const Baton::Claim& claim, Function&& function)
	/// Without a lock, after claim(). The caller keeps the channel alive.
{
	if (claim.mine) run(channel, function);
	else if (claim.waits) wait(channel, claim);
}


template <typename Function>
void HubCore::turn(Channel& channel, Function function, std::size_t bytes)
	/// Calls the function in the channel's turn: now, or by the thread that has it.
{
	ChannelPtr pKept(&channel, true);
	Baton::Claim claimed;
	{
		const std::lock_guard<std::mutex> lock(shardOf(channel.hash()).mutex);
		claimed = claim(channel, function, bytes);
	}
	proceed(channel, claimed, function);
}


template <typename Function>
void HubCore::turn(const std::string& name, Function function, std::size_t bytes)
	/// The same for the channel with that name; does nothing if there is none. The function gets the channel.
{
	const std::size_t hash = hashOf(name);
	Shard& shard = shardOf(hash);
	ChannelPtr pChannel;
	Baton::Claim claimed;
	{
		const std::lock_guard<std::mutex> lock(shard.mutex);
		pChannel = ChannelPtr(find(shard, hash, name), true);
		if (!pChannel) return;
		Channel& channel = *pChannel; // alive as long as something is queued for it
		claimed.mine = Baton::take(channel.baton);
		if (!claimed.mine)
		{
			if (bytes > 0 && channel.pTurns && channel.pTurns->bytes + bytes > maxWaitingBytes())
			{
				++channel.losses;
				claimed = Baton::queued(channel.baton, Baton::SERVING, true);
			}
			else claimed = claim(channel, [&channel, function]() mutable { function(channel); }, bytes);
		}
	}
	proceed(*pChannel, claimed, [&]() { function(*pChannel); });
}


template <typename Function>
void HubCore::run(Channel& channel, Function&& function)
	/// The caller has the turn.
{
	const Baton::Reign reign(Baton::SERVING);
	guarded(function);
	finish(channel);
}


template <typename Function>
void HubCore::guarded(Function&& function) const noexcept
{
	try
	{
		function();
	}
	catch (...) // there is no memory, or the program's function has thrown
	{
		++_counts.failures;
	}
}


POCO_MESSAGING_END
} } // namespace Poco::Messaging


#endif // Messaging_HubTurns_INCLUDED
