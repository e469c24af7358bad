//
// RedisHeartbeats.h
//
// Library: PocoMessagingRedis
// Package: Redis
// Module:  RedisHeartbeats
//
// Which other nodes live.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Messaging_RedisHeartbeats_INCLUDED
#define Messaging_RedisHeartbeats_INCLUDED


#include "Poco/Messaging/Backplane.h"
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>


namespace Poco {
namespace Messaging {
POCO_MESSAGING_BEGIN


class RedisHeartbeats
	/// The heartbeats of other nodes, as a server counts them. A node sees them with its own heartbeats, so it sees the last one of a node that is killed up to one
	/// interval late. Thread-safe.
{
public:
	enum: Time
	{
		INTERVAL = 2000,  // ms between two heartbeats of a node
		DEAD_AFTER = 7500 // ms without a heartbeat. A node whose connection is silent knows that 5 s after a heartbeat that was not answered, and makes another one
	};

	using Counts = std::vector<std::pair<std::string, std::string>>;
		/// Of each node its number, and how many heartbeats it had, as the server says it.

	void found(const std::string& number, const std::string& count, Time now);
		/// Another node has begun.

	Counts see(const Counts& all, Time now);
		/// These are the others now. Returns those that are dead.

	Time due() const;
		/// Returns when the next one would be dead, of those that see() has not returned; the largest time if there are no others.

	bool has(const std::string& number) const;
	bool any() const;

	void clear();
		/// How long the others are silent is measured anew.

private:
	struct Heartbeat
	{
		std::string count;
		Time since = 0;
		bool dead = false;
	};

	mutable std::mutex _mutex;
	std::map<std::string, Heartbeat> _nodes;
};


POCO_MESSAGING_END
} } // namespace Poco::Messaging


#endif // Messaging_RedisHeartbeats_INCLUDED
