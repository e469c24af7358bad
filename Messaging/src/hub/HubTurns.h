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
bool HubCore::claim(Channel& channel, const Function& function, std::size_t bytes)
	/// By the shard's lock. Returns true if the caller has the turn now; otherwise the function waits for it.
{
	if (!channel.busy)
	{
		channel.busy = true;
		return true;
	}
	if (!channel.pTurns) channel.pTurns = std::make_unique<Channel::Turns>();
	channel.pTurns->waiting.emplace_back(function);
	channel.pTurns->bytes += bytes;
	return false;
}


template <typename Function>
void HubCore::turn(Channel& channel, Function function, std::size_t bytes)
	/// Calls the function in the channel's turn: now, or by the thread that has it.
{
	ChannelPtr pKept(&channel, true);
	{
		const std::lock_guard<std::mutex> lock(shardOf(channel.hash()).mutex);
		if (!claim(channel, function, bytes)) return;
	}
	run(channel, function);
}


template <typename Function>
void HubCore::turn(const std::string& name, Function function, std::size_t bytes)
	/// The same for the channel with that name; does nothing if there is none. The function gets the channel.
{
	const std::size_t hash = hashOf(name);
	Shard& shard = shardOf(hash);
	ChannelPtr pChannel;
	{
		const std::lock_guard<std::mutex> lock(shard.mutex);
		pChannel = ChannelPtr(find(shard, hash, name), true);
		if (!pChannel) return;
		if (pChannel->busy)
		{
			if (bytes > 0 && pChannel->pTurns && pChannel->pTurns->bytes + bytes > static_cast<std::size_t>(_pParams->getMaxWaitingBytes()))
			{
				++pChannel->pTurns->lost;
				return;
			}
			Channel& channel = *pChannel; // alive as long as it is busy
			claim(channel, [&channel, function]() mutable { function(channel); }, bytes);
			return;
		}
		pChannel->busy = true;
	}
	run(*pChannel, [&]() { function(*pChannel); });
}


template <typename Function>
void HubCore::run(Channel& channel, Function&& function)
	/// The caller has the turn.
{
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
