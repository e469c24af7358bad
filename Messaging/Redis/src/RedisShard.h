//
// RedisShard.h
//
// Library: PocoMessagingRedis
// Package: Redis
// Module:  RedisShard
//
// One of the servers.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Messaging_RedisShard_INCLUDED
#define Messaging_RedisShard_INCLUDED


#include "RedisConnection.h"
#include "RedisHeartbeats.h"
#include "RedisMembers.h"
#include "RedisPublisher.h"
#include "RedisScripts.h"
#include "RedisTopics.h"
#include "Poco/Messaging/Backplane.h"
#include <map>
#include <mutex>
#include <random>


namespace Poco {
namespace Messaging {
POCO_MESSAGING_BEGIN


struct RedisNode
	/// What all servers of a node share. By the loop's thread, but what is atomic.
{
	explicit RedisNode(const RedisBackplaneParams::Ptr& pParameters);

	Poco::UInt64 newEpoch();
		/// Returns an epoch that no other node makes.

	void foreign(const std::string& where);
		/// Counts something that no node has written, and says so the first time.

	Time toLocal(Time wall) const;
		/// Turns ms since 1970 into the hub's time.

	static Time wallClock();

	const RedisBackplaneParams::Ptr pParams;
	std::shared_ptr<BackplaneSink> pSink; // null: stopped
	Poco::UInt32 number = 0;
	Time now = 0;     // of the turn
	RedisLoop loop;

	std::atomic<Poco::UInt64> published{0}, refused{0}, received{0}, foreigners{0}, waitingBytes{0};

private:
	const Time _wallOffset;
	std::mt19937_64 _random;
};


class RedisShard final: private RedisConnection::Owner
	/// A server: its two connections, the channels that it has, and the heartbeat.
{
public:
	RedisShard(RedisNode& node, const RedisURL& url);

	void turn();
		/// Does what is due.

	bool reachable() const;
		/// Returns whether commands can be sent.

	bool ready() const;
		/// Returns whether it can be reached, and sends what is published.

	bool hopeless() const;
		/// Returns whether it cannot be reached now, and was tried.

	std::string problem() const;
		/// Returns why not.

	Poco::UInt64 reconnects() const;
	Poco::UInt64 commandsSent() const;

	void claimNumber(const std::function<void(Poco::UInt32 number)>& done);
		/// Asks for a number for the node; 0: it was not answered.

	void begin();
		/// The node has its number.

	void end(const std::function<void()>& done);
		/// The node's members leave.

	void close();
		/// The connections end.

	void subscribe(const std::string& channel, const ChannelOptions& options, const Backplane::Positioned& done);
	void unsubscribe(const std::string& channel);
	void history(const std::string& channel, const ChannelOptions& options, const HistoryQuery& query, const HistoryDone& done);
	void presence(const std::string& channel, const PresenceDone& done);
	void control(const std::string& topic, const std::string& event);
	void keep();
		/// Keeps the positions of quiet channels, if it is time to.

	void found(std::string_view node);
		/// Another node has begun.

	bool mayHaveNode(Poco::UInt32 number) const;
		/// Returns false if the last heartbeat has shown that there is no such node; 0: no other.

	// What its parts ask for
	RedisArguments beginning(const RedisScript& script) const;
		/// Returns what the call of a script begins with.

	using Read = std::function<void(bool ok, const HistoryResult& result, Time lastTime)>;
		/// lastTime: when the last publication of the channel was stored, by the server's clock, if it is in the result; or 0.

	void read(const std::string& channel, const ChannelOptions& options, const HistoryQuery& query, Time keep, const Position& seen, Time seenTime, const Read& done);

	RedisNode& node();
	const std::string& topicPrefix() const;
	RedisConnection& commands();
	RedisConnection& subscriptions();
	RedisTopics& topics();
	RedisPublisher& publisher();
	RedisMembers& members();

	enum: Time
	{
		WAIT_TIME = 2000       // ms that something waits for a server that cannot be reached
	};

private:
	void onReady(RedisConnection& connection) override;
	void onLost(RedisConnection& connection) override;
	void beat();
	void beaten(const redisReply* pReply);
	void bury(const std::string& number, const std::string& heartbeat, const std::function<void()>& done);
	static bool parse(const redisReply* pReply, Poco::UInt64& number);

	RedisNode& _node;
	const std::string _prefix;
	const std::string _topicPrefix;
	RedisConnection _commands;
	RedisConnection _subscriptions;
	RedisTopics _topics;
	RedisPublisher _publisher;
	RedisMembers _members;
	bool _begun = false;
	Time _nextBeat = 0;
	Time _lastBeat = 0;    // that was answered
	unsigned _unheard = 0; // heartbeats that did not come back, one after the other
	RedisHeartbeats _heartbeats; // of the others
};


//
// inlines
//
inline RedisNode& RedisShard::node()
{
	return _node;
}


inline RedisConnection& RedisShard::commands()
{
	return _commands;
}


inline RedisConnection& RedisShard::subscriptions()
{
	return _subscriptions;
}


inline RedisTopics& RedisShard::topics()
{
	return _topics;
}


inline RedisPublisher& RedisShard::publisher()
{
	return _publisher;
}


inline RedisMembers& RedisShard::members()
{
	return _members;
}


inline const std::string& RedisShard::topicPrefix() const
{
	return _topicPrefix;
}


POCO_MESSAGING_END
} } // namespace Poco::Messaging


#endif // Messaging_RedisShard_INCLUDED
