//
// RedisTopics.h
//
// Library: PocoMessagingRedis
// Package: Redis
// Module:  RedisTopics
//
// What a node is subscribed to at a server.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Messaging_RedisTopics_INCLUDED
#define Messaging_RedisTopics_INCLUDED


#include "RedisConnection.h"
#include "Poco/Messaging/Backplane.h"
#include <string_view>
#include <unordered_map>
#include <unordered_set>


namespace Poco {
namespace Messaging {
POCO_MESSAGING_BEGIN


class RedisShard;


class RedisTopics
	/// The channels that a node is subscribed to at a server, and what comes from them. By the loop's thread.
	///
	/// A channel has one SUBSCRIBE or UNSUBSCRIBE on its way at most; what is wanted meanwhile is done after it. So no late answer undoes anything.
	/// After the connection was lost all are subscribed again; then the data are compared with what was seen, and the hub is told of the gap.
{
public:
	explicit RedisTopics(RedisShard& shard);
	~RedisTopics();

	void subscribe(const std::string& channel, const ChannelOptions& options, const Backplane::Positioned& done);
	void unsubscribe(const std::string& channel);

	void turn();
		/// Answers those who have waited too long.

	void ready();
	void lost();
		/// The connection can be used, or not any more.

	void check();
		/// Commands are taken again: lets the server look whether it has lost what this node has seen. To be called before anything is published.

	void reachable();
		/// Commands can be sent again.

	Time heard() const;
		/// Returns when something has come.

	bool listens() const;
		/// Returns whether the server sends this node what is for it.

	void expect(const std::string& channel, Poco::UInt64 number, const Receipt::Ptr& pReceipt);
		/// A publication of this node is on its way, and comes back if the node is subscribed.

	void answered(Poco::UInt64 number, bool comes);
		/// The server has answered it; whether it comes back.

	void begin();
		/// The node has its number.

	std::vector<std::pair<std::string, Time>> due(Time now);
		/// Returns the channels whose positions are to be kept, and how long.

private:
	enum State
	{
		OFF,
		SUBSCRIBING,
		ON,
		UNSUBSCRIBING
	};

	struct Waiting
	{
		Backplane::Positioned done;
		Time since;
	};

	struct Members
		/// Who the hub believes to be there, of channels with Join and Leave.
	{
		std::unordered_set<std::string> known;
		std::unordered_set<std::string> touched; // since the list was asked for
		bool complete = false;  // known has all
		bool asked = false;
	};

	struct Topic
	{
		RedisTopics* pTopics = nullptr;
		std::string name;       // of the PUB/SUB channel
		std::string channel;    // empty: of nodes
		ChannelOptions options;
		State state = OFF;
		bool wanted = true;
		bool gap = false;       // something may have been missed
		Position seen;          // the last publication
		Time seenTime = 0;
		Time keepAt = 0;        // when its position is to be kept again
		std::vector<Waiting> waiting;
		std::unique_ptr<Members> pMembers;
	};

	struct Returning
	{
		Receipt::Ptr pReceipt;
		Time answered = 0;
	};

	using TopicMap = std::unordered_map<std::string, std::unique_ptr<Topic>>;

	using Queue = std::deque<std::pair<Time, std::string>>; // when, and which topic

	Topic& add(const std::string& channel, const std::string& name);
	Topic* find(const std::string& name);
	std::string nameOf(const std::string& channel) const;
	void advance(Topic& topic);
	void send(const char* pCommand, Topic& topic);
	void subscribed(Topic& topic);
	void readPosition(Topic& topic);
	void listMembers(Topic& topic);
	void membersListed(Topic& topic, const std::vector<Member>& members);
	void answer(Topic& topic, Error error, const Position& position);
	void event(Topic& topic, std::string_view text);
	void publications(Topic& topic, std::string_view text);
	void member(Topic& topic, const Member& member, bool joined);
	void control(std::string_view text);
	Receipt::Ptr returned(Poco::UInt64 number);
	static void onEvent(redisAsyncContext* pContext, void* pReply, void* pData);

	RedisShard& _shard;
	TopicMap _topics; // by name
	std::unordered_map<Poco::UInt64, Returning> _returning;
	Queue _waits;    // topics in which somebody waits
	Queue _compares; // topics whose members are to be compared
	Time _heard = 0;
	Time _swept = 0;
};


POCO_MESSAGING_END
} } // namespace Poco::Messaging


#endif // Messaging_RedisTopics_INCLUDED
