//
// FaultTest.cpp
//
// What goes wrong between nodes and Redis, with real processes. Clients on all nodes publish and subscribe meanwhile; what each was promised is held against
// what it got. Faults that other systems have had are named with their number there.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "BadNetwork.h"
#include "Cluster.h"
#include "Crowd.h"
#include "RedisServer.h"
#include <algorithm>
#include <chrono>
#include <iostream>
#include <thread>


using Fault = ClusterTest;


//
// Without a fault
//
TEST_F(Fault, None)
{
	RedisServer redis;
	Cluster nodes(redis.url());
	begin(nodes.ports());
	for (int i = 0; i < (longForm() ? 200 : 5); ++i)
	{
		// Nothing is lost between reading the history and going live (mercure 178), while clients come and go
		pTraffic->cut();
		ASSERT_LE(0, pTraffic->flows()) << pTraffic->waits();
	}
	membersAreRight(nodes);
	EXPECT_LE(24u, finish().recovered);
}


TEST_F(Fault, NoneWithThreeShards)
{
	// Resubscribing does not mix what is on different servers (node-redis 2902)
	RedisServer first(RedisServer::KEEPS);
	RedisServer second(RedisServer::KEEPS);
	RedisServer third(RedisServer::KEEPS);
	Cluster nodes(first.url() + ';' + second.url() + ';' + third.url());
	begin(nodes.ports(), {"h1", "h2", "h3", "h4", "c1", "c2", "p1", "p2"});
	for (RedisServer* const pRedis: {&first, &second, &third})
	{
		EXPECT_LT(0, pRedis->count("total_commands_processed"));
		pRedis->kill();
		pRedis->start();
		flows("after a shard was killed and started");
	}
	membersAreRight(nodes);
	membersAreRight(nodes, "p2");
	finish();
}


//
// Redis
//
TEST_F(Fault, RedisIsKilledAndKeepsItsData)
{
	RedisServer redis(RedisServer::KEEPS);
	Cluster nodes(redis.url());
	begin(nodes.ports());
	for (int i = 0; i < (longForm() ? 20 : 2); ++i)
	{
		redis.kill();
		ASSERT_TRUE(pTraffic->refused()) << pTraffic->waits(); // an answer that says that it was done would be a lie (uWebSockets.js 499)
		redis.start();
		flows("after kill -9 and a start with the data");
	}
	membersAreRight(nodes);
	const Findings findings = finish();
	EXPECT_EQ(0u, findings.leaves) << "nobody has left";
}


TEST_F(Fault, RedisIsKilledAndForgets)
{
	// A position of before does not mean anything now (SignalR 3091)
	RedisServer redis(RedisServer::FORGETS);
	Cluster nodes(redis.url());
	begin(nodes.ports());
	for (int i = 0; i < (longForm() ? 20 : 2); ++i)
	{
		redis.kill();
		ASSERT_TRUE(pTraffic->refused()) << pTraffic->waits();
		redis.start();
		flows("after kill -9 and a start without the data");
	}
	membersAreRight(nodes);
	const Findings findings = finish(TOLD);
	EXPECT_LE(2*2*subscribers, findings.gapsTold) << "each in each channel is told";
}


TEST_F(Fault, RedisStopsFor10s)
{
	RedisServer redis;
	Cluster nodes(redis.url());
	begin(nodes.ports());
	redis.stop();
	ASSERT_TRUE(pTraffic->refused()) << pTraffic->waits();
	waitSeconds(longForm() ? 60 : 10);
	redis.cont();
	flows("after SIGSTOP and SIGCONT of Redis");
	membersAreRight(nodes);
	finish();
}


TEST_F(Fault, SentinelMakesAReplicaTheMaster)
{
	// Subscribers are not left at a dead master (centrifugo 1189, redis 6545)
	RedisServer first(RedisServer::KEEPS);
	RedisServer second(first, {});
	std::vector<std::unique_ptr<RedisSentinel>> sentinels;
	std::string url = "redis+sentinel://";
	for (int i = 0; i < 3; ++i)
	{
		sentinels.push_back(std::make_unique<RedisSentinel>(first, 2, 1000));
		url += (i > 0 ? "," : "") + sentinels.back()->address();
	}
	for (const auto& pSentinel: sentinels) pSentinel->waitForOthers(2, 1);
	Cluster nodes(url + "/master");
	begin(nodes.ports());
	first.kill();
	for (const auto& pSentinel: sentinels) pSentinel->waitForMaster(second);
	flows("after the fail-over");
	membersAreRight(nodes);
	finish(TOLD); // a replica may not have what was answered last
}


TEST_F(Fault, AReplicaThatIsBehindBecomesTheMaster)
{
	// Offsets do not go back, or mean something else, under the same epoch
	RedisServer first(RedisServer::KEEPS);
	RedisServer second(first, {});
	std::vector<std::unique_ptr<RedisSentinel>> sentinels;
	std::string url = "redis+sentinel://";
	for (int i = 0; i < 3; ++i)
	{
		sentinels.push_back(std::make_unique<RedisSentinel>(first, 2, 1000));
		url += (i > 0 ? "," : "") + sentinels.back()->address();
	}
	for (const auto& pSentinel: sentinels) pSentinel->waitForOthers(2, 1);
	Cluster nodes(url + "/master");
	begin(nodes.ports());
	second.stop();
	flows("what the replica does not get");
	first.kill();
	second.kill(); // what had been sent to it, and was not read, is gone
	second.start();
	ASSERT_TRUE(eventually([&]() { return sentinels[0]->master() == second.address() && second.info("role") == "master"; }));
	flows("after the fail-over");
	const Findings findings = finish(TOLD);
	EXPECT_LT(0u, findings.lostTold);
}


TEST_F(Fault, MemoryIsUp)
{
	RedisServer redis;
	Cluster nodes(redis.url());
	begin(nodes.ports());
	redis.command({"CONFIG", "SET", "maxmemory", "1"}); // noeviction
	ASSERT_TRUE(pTraffic->refused()) << pTraffic->waits();
	redis.command({"CONFIG", "SET", "maxmemory", "0"});
	flows("when there is memory again");
	membersAreRight(nodes);
	finish();
}


class Eviction: public ClusterTest, public testing::WithParamInterface<const char*>
{
};


TEST_P(Eviction, IsToldToEverybody)
{
	// Metadata of a channel may be evicted (centrifuge 412): its history begins anew
	RedisServer redis;
	Cluster nodes(redis.url());
	begin(nodes.ports(), {"h1", "h2", "h3", "h4", "p1"}, 5000);
	redis.command({"CONFIG", "SET", "maxmemory-policy", GetParam()});
	redis.command({"CONFIG", "SET", "maxmemory", std::to_string(redis.count("used_memory") + 200000)});
	ASSERT_TRUE(eventually([&]() { return redis.count("evicted_keys") > 5; }));
	pTraffic->cut();
	redis.command({"CONFIG", "SET", "maxmemory", "0"});
	flows("after eviction by " + std::string(GetParam()) + " of " + redis.info("evicted_keys") + " keys");
	membersAreRight(nodes);
	finish(TOLD);
}


INSTANTIATE_TEST_SUITE_P(Fault, Eviction, testing::Values("allkeys-lru", "allkeys-random"));


TEST_F(Fault, EachOfOurKeysGoes)
{
	RedisServer redis;
	Cluster nodes(redis.url());
	begin(nodes.ports());
	for (const char* key: {"poco:h:h1", "poco:m:h1", "poco:p:p1", "poco:alive", "poco:nodes", "poco:n:1"})
	{
		redis.command({"DEL", key});
		pTraffic->cut(); // who comes back reads the history
		flows(std::string("after DEL ") + key);
		membersAreRight(nodes);
	}
	redis.command({"FLUSHALL"});
	pTraffic->cut();
	flows("after FLUSHALL");
	membersAreRight(nodes);
	finish(TOLD);
}


TEST_F(Fault, TheOutputBufferIsTooSmall)
{
	RedisServer redis;
	Cluster nodes(redis.url());
	begin(nodes.ports(), {"h1", "h2"}, 60000);
	redis.command({"CONFIG", "SET", "client-output-buffer-limit", "pubsub 100000 0 0"});
	const auto subscriptions = [&]()
	{
		const std::string list = redis.command({"CLIENT", "LIST", "TYPE", "PUBSUB"});
		return std::count(list.begin(), list.end(), '\n');
	};
	ASSERT_LE(3, subscriptions());
	nodes[0].stop(); // it reads nothing
	EXPECT_TRUE(eventually([&]() { return subscriptions() < 3; })) << "Redis has not ended its connection";
	nodes[0].cont();
	flows("after Redis has cut a slow node's subscriptions");
	finish();
}


TEST_F(Fault, TheClockOfRedisJumps)
{
	JumpingClock clock;
	RedisServer redis(RedisServer::FORGETS, {}, "", clock.environment());
	Cluster nodes(redis.url());
	begin(nodes.ports());
	for (const Poco::Int64 seconds: {60, -60, 24*3600, 0, -24*3600, 0})
	{
		clock.set(1000*seconds);
		pTraffic->cut();
		flows("after Redis' clock has jumped to " + std::to_string(seconds) + " s");
		membersAreRight(nodes);
	}
	finish(TOLD); // what is too old by that clock is gone
}


TEST_F(Fault, OthersWriteIntoOurKeysAndChannels)
{
	RedisServer redis;
	Cluster nodes(redis.url());
	begin(nodes.ports());
	const std::string junk("\x00\xff\x7f junk \r\n", 11);
	const std::string number = nodes.state(0).substr(0, nodes.state(0).find(' '));
	for (const std::string& data: {junk, std::string(), std::string(300000, 'x'), std::string(9, '\0')})
	{
		for (const std::string& channel: {std::string("s:h1"), std::string("s:c1"), std::string("s:p1"), std::string("c"), "c:" + number})
		{
			redis.command({"PUBLISH", "poco:" + channel, data});
			redis.command({"SPUBLISH", "poco:" + channel, data});
		}
		redis.command({"XADD", "poco:h:h1", "*", data, data});
		redis.command({"HSET", "poco:p:p1", data + "a", data});
		redis.command({"HSET", "poco:alive", data + "a", data});
		redis.command({"SADD", "poco:n:" + number, data});
		pTraffic->cut();
		flows("after foreign data of " + std::to_string(data.size()) + " bytes");
	}
	redis.command({"HSET", "poco:m:h1", "epoch", "x", "offset", "y"});
	pTraffic->cut();
	flows("after a foreign position");
	for (const char* key: {"poco:h:h2", "poco:m:h2", "poco:p:p1", "poco:alive"})
	{
		redis.command({"SET", key, "a text"});
		pTraffic->cut();
		flows(std::string("after it was a text: ") + key);
	}
	finish(TOLD);
}


//
// The network
//
namespace
{
	struct Networks
		/// One for each node.
	{
		explicit Networks(const RedisServer& redis)
		{
			for (int i = 0; i < 3; ++i) all.push_back(std::make_unique<BadNetwork>(redis.port()));
		}

		std::vector<std::string> urls() const
		{
			std::vector<std::string> result;
			for (const auto& pNetwork: all) result.push_back("redis://" + pNetwork->address());
			return result;
		}

		BadNetwork& operator [] (std::size_t i)
		{
			return *all[i];
		}

		std::vector<std::unique_ptr<BadNetwork>> all;
	};
}


TEST_F(Fault, AConnectionIsCutInTheMiddleOfAReply)
{
	RedisServer redis;
	Networks networks(redis);
	Cluster nodes(networks.urls());
	begin(nodes.ports());
	int cuts = 0;
	for (int bytes = 0; bytes < (longForm() ? 2000 : 400); bytes += longForm() ? 7 : 41)
	{
		for (const BadNetwork::Direction direction: {BadNetwork::DOWN, BadNetwork::UP})
		{
			networks[0].failAfter(direction, 2000 + bytes, BadNetwork::CUT);
			ASSERT_TRUE(eventually([&]() { return networks[0].failed(); }));
			++cuts;
		}
		// One that is never up for 7.5 s has left
		if (cuts % 20 == 0) flows("after " + std::to_string(cuts) + " cuts");
	}
	flows("after " + std::to_string(cuts) + " cuts");
	membersAreRight(nodes);
	const Findings findings = finish();
	EXPECT_EQ(0u, findings.leaves) << "nobody has left";
}


TEST_F(Fault, TheNetworkOfANodeDropsEverythingFor12s)
{
	RedisServer redis;
	Networks networks(redis);
	Cluster nodes(networks.urls());
	begin(nodes.ports());
	networks[0].fail(BadNetwork::SWALLOW);
	flows("meanwhile, between the others", {1, 2});
	waitSeconds(12);
	flows("still", {1, 2});
	networks[0].restore();
	flows("after 12 s without a network");
	membersAreRight(nodes);
	const Findings findings = finish();
	EXPECT_LE(subscribers/3*2*(subscribers/3), findings.leaves) << "its members have left, for those of the others";
}


TEST_F(Fault, ASubscriptionIsSilent)
{
	// The connection for subscriptions says nothing any more, and nobody is told (centrifugo 1189, redis 6545)
	RedisServer redis;
	Networks networks(redis);
	Cluster nodes(networks.urls());
	begin(nodes.ports());
	const std::string list = redis.command({"CLIENT", "LIST", "TYPE", "PUBSUB"});
	std::size_t silent = 0;
	for (std::size_t at = list.find(" addr="); at != std::string::npos; at = list.find(" addr=", at + 1))
	{
		const auto port = static_cast<Poco::UInt16>(std::stoi(list.substr(list.find(':', at) + 1)));
		for (const auto& pNetwork: networks.all) silent += pNetwork->swallow(port) ? 1 : 0;
	}
	EXPECT_LE(3u, silent);
	flows("after subscriptions have become silent");
	membersAreRight(nodes);
	finish();
}


TEST_F(Fault, AReplyDoesNotCome)
{
	RedisServer redis;
	Networks networks(redis);
	Cluster nodes(networks.urls());
	begin(nodes.ports());
	for (int bytes = 0; bytes < (longForm() ? 1000 : 50); bytes += 50)
	{
		networks[0].failAfter(BadNetwork::DOWN, 3000 + bytes, BadNetwork::SWALLOW);
		ASSERT_TRUE(eventually([&]() { return networks[0].failed(); }));
		flows("after a connection has become silent in a reply");
	}
	membersAreRight(nodes);
	finish();
}


//
// Nodes
//
TEST_F(Fault, ANodeWithAThousandSessionsIsKilled)
{
	const int COUNT = 1000;
	RedisServer redis;
	Cluster nodes(redis.url());
	begin({nodes.ports()[0], nodes.ports()[1]});
	Crowd crowd(nodes.ports()[2], "p1", COUNT);
	ASSERT_EQ(COUNT, crowd.subscribed());
	const std::size_t all = subscribers + COUNT;
	// Members of other nodes are members (soketi 616)
	EXPECT_TRUE(eventually([&]() { return Cluster::members(nodes.ports()[0], "p1").size() == all; }));
	nodes[2].kill();
	const auto begin = std::chrono::steady_clock::now();
	// A dead node makes nobody wait (socket.io-redis-adapter 295): there is an answer before it is known to be dead
	EXPECT_EQ(all, Cluster::members(nodes.ports()[0], "p1").size());
	flows("beside a dead node");
	for (const Poco::UInt16 port: {nodes.ports()[0], nodes.ports()[1]})
	{
		EXPECT_TRUE(eventually([&]() { return Cluster::members(port, "p1").size() == subscribers; })) << Cluster::members(port, "p1").size();
	}
	EXPECT_LE(std::chrono::seconds(1), std::chrono::steady_clock::now() - begin) << "it might only be slow";
	std::cout << "presence is right after " << std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begin).count() << " ms" << std::endl;
	EXPECT_TRUE(eventually([&]() { return record.check().leaves >= COUNT*subscribers; })) << record.check().leaves;
	const Findings findings = finish();
	EXPECT_EQ(COUNT*subscribers, findings.leaves) << "exactly one each";
}


TEST_F(Fault, ANodeStopsFor12s)
{
	RedisServer redis;
	Cluster nodes(redis.url());
	begin(nodes.ports());
	nodes[0].stop();
	flows("meanwhile, between the others", {1, 2});
	waitSeconds(12);
	EXPECT_EQ(subscribers/3*2, Cluster::members(nodes.ports()[1], "p1").size()) << "it counts as dead";
	nodes[0].cont();
	flows("after SIGSTOP and SIGCONT of a node");
	membersAreRight(nodes);
	finish();
}


TEST_F(Fault, ANodeIsSlow)
{
	RedisServer redis;
	Cluster nodes(redis.url());
	begin(nodes.ports(), {"h1", "h2", "c1", "p1"}, 2000);
	for (int i = 0; i < (longForm() ? 300 : 15); ++i)
	{
		nodes[0].stop();
		std::this_thread::sleep_for(std::chrono::milliseconds(190)); // it has 5 % of a processor
		nodes[0].cont();
		std::this_thread::sleep_for(std::chrono::milliseconds(10));
		if (i % 5 == 0) flows("meanwhile, between the others", {1, 2});
	}
	flows("when it is not slow any more");
	membersAreRight(nodes);
	const Findings findings = finish();
	EXPECT_EQ(0u, findings.leaves);
}


TEST_F(Fault, ANodeComesBackUnderTheSameAddress)
{
	RedisServer redis;
	Cluster nodes(redis.url());
	begin(nodes.ports());
	const std::string before = nodes.state(0);
	for (int i = 0; i < (longForm() ? 20 : 2); ++i)
	{
		nodes[0].kill();
		nodes[0].start();
		flows("after kill -9 and a start of a node");
	}
	EXPECT_NE(before, nodes.state(0)) << "it is another node";
	membersAreRight(nodes); // those of before have gone
	finish();
}


TEST_F(Fault, NodesAreReplacedOneByOne)
{
	// No zombies in presence after a deploy (phoenix 2306)
	RedisServer redis;
	Cluster nodes(redis.url());
	begin(nodes.ports());
	for (std::size_t i = 0; i < 3; ++i)
	{
		nodes[i].end();
		nodes[i].start();
		flows("after a node was replaced");
	}
	membersAreRight(nodes);
	finish();
}


TEST_F(Fault, TheClockOfANodeJumps)
{
	RedisServer redis;
	JumpingClock clock;
	Cluster nodes(redis.url());
	nodes[0].end();
	nodes[0].setEnvironment(clock.environment());
	nodes[0].start();
	begin(nodes.ports());
	for (const Poco::Int64 seconds: {24*3600, -24*3600, 0})
	{
		clock.set(1000*seconds);
		flows("after the clock of a node has jumped to " + std::to_string(seconds) + " s");
		membersAreRight(nodes);
	}
	const Findings findings = finish();
	EXPECT_EQ(0u, findings.leaves);
}
