//
// RedisHeartbeats.cpp
//
// Library: PocoMessagingRedis
// Package: Redis
// Module:  RedisHeartbeats
//
// SPDX-License-Identifier: BSL-1.0
//


#include "RedisHeartbeats.h"
#include <algorithm>
#include <limits>


namespace Poco {
namespace Messaging {
POCO_MESSAGING_BEGIN


void RedisHeartbeats::found(const std::string& number, const std::string& count, Time now)
{
	const std::lock_guard<std::mutex> lock(_mutex);
	_nodes[number] = {count, now, false};
}


RedisHeartbeats::Counts RedisHeartbeats::see(const Counts& all, Time now)
{
	Counts dead;
	std::map<std::string, Heartbeat> nodes;
	const std::lock_guard<std::mutex> lock(_mutex);
	for (const auto& one: all)
	{
		const auto it = _nodes.find(one.first);
		Heartbeat& heartbeat = nodes[one.first];
		heartbeat = it != _nodes.end() && it->second.count == one.second ? it->second : Heartbeat{one.second, now, false};
		heartbeat.dead = now - heartbeat.since >= DEAD_AFTER;
		if (heartbeat.dead) dead.push_back(one);
	}
	_nodes.swap(nodes);
	return dead;
}


Time RedisHeartbeats::due() const
{
	Time result = std::numeric_limits<Time>::max();
	const std::lock_guard<std::mutex> lock(_mutex);
	for (const auto& node: _nodes)
	{
		if (!node.second.dead) result = std::min<Time>(result, node.second.since + DEAD_AFTER);
	}
	return result;
}


bool RedisHeartbeats::has(const std::string& number) const
{
	const std::lock_guard<std::mutex> lock(_mutex);
	return _nodes.count(number) > 0;
}


bool RedisHeartbeats::any() const
{
	const std::lock_guard<std::mutex> lock(_mutex);
	return !_nodes.empty();
}


void RedisHeartbeats::clear()
{
	const std::lock_guard<std::mutex> lock(_mutex);
	_nodes.clear();
}


POCO_MESSAGING_END
} } // namespace Poco::Messaging
