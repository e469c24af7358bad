//
// RedisPublisher.h
//
// Library: PocoMessagingRedis
// Package: Redis
// Module:  RedisPublisher
//
// What a node publishes at a server.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Messaging_RedisPublisher_INCLUDED
#define Messaging_RedisPublisher_INCLUDED


#include "RedisConnection.h"
#include "Poco/Messaging/Backplane.h"
#include <deque>
#include <mutex>


namespace Poco {
namespace Messaging {
POCO_MESSAGING_BEGIN


class RedisShard;


class RedisPublisher
	/// The publications of a node for a server: they wait in a queue, and go out together. Few calls of the script are on their way at a time: so they carry
	/// many publications when there are many.
{
public:
	explicit RedisPublisher(RedisShard& shard);

	bool publish(const std::string& channel, const ChannelOptions& options, const Publication& publication, const Receipt::Ptr& pReceipt);
		/// Queues a publication. Any thread. Returns false if there is no room.

	void turn();
		/// Sends what waits. The loop's thread, as all that follows.

	void refuseAll();
		/// The node ends.

private:
	struct Item
	{
		std::string channel;
		ChannelOptions options;
		std::string transaction;
		std::string frame;
		Receipt::Ptr pReceipt;
		Poco::UInt64 number;
		Time queued; // ms since 1970
		Time waits;  // since when, by the loop's clock; 0: it was not seen yet
	};

	using Group = std::vector<Item>;
	using Groups = std::vector<Group>;
	using Queue = std::deque<Item>;

	void sendStored();
	void sendEphemeral();
	static Groups grouped(Queue& items, std::size_t count);
	void published(Groups& groups, const redisReply* pReply);
	void stored(Groups& groups, const redisReply* pReply);
	void answer(Item& item, Error error, const Position& position = Position(), bool duplicate = false);
	void refuse(Queue& items, bool all);
	void passLocally();

	RedisShard& _shard;
	std::mutex _mutex;
	std::vector<Item> _queue;  // of any thread
	std::atomic<Poco::UInt64> _number;
	Queue _stored;  // with history; by the loop's thread
	Queue _ephemeral;
	std::size_t _scripts = 0;  // without answer
	std::size_t _publishes = 0;
};


POCO_MESSAGING_END
} } // namespace Poco::Messaging


#endif // Messaging_RedisPublisher_INCLUDED
