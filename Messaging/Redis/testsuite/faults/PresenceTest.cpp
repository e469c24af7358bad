//
// PresenceTest.cpp
//
// Users who are on several nodes, while nodes and Redis are killed: who is there by what nodes say, and by what subscribers were told, is who is really there.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "Cluster.h"
#include "RedisServer.h"
#include "TokenSupport.h"
#include <chrono>


class Presence: public ClusterTest, public testing::WithParamInterface<RedisServer::Data>
	/// "all" is at each node, "first" at node 0 alone, "others" at nodes 1 and 2.
{
protected:
	Presence():
		redis(GetParam()),
		nodes(redis.url(), 3, {"--secret=" + SECRET})
	{
		withUsers([](const std::string& name)
		{
			if (name.compare(0, 3, "s1@") != 0) return "all";
			return name == "s1@0" ? "first" : "others";
		});
		begin(nodes.ports());
		usersAreRight("at first", nodes, {0, 1, 2}, everybody);
	}

	void restartRedis()
	{
		redis.kill();
		redis.start();
	}

	std::size_t onNodes(std::size_t count) const
		/// Returns how many subscribers there are at so many nodes.
	{
		return count*subscribers/3;
	}

	const std::set<std::string> everybody{"all", "first", "others"};
	const std::set<std::string> withoutFirst{"all", "others"};
	RedisServer redis;
	Cluster nodes;
};


TEST_P(Presence, ANodeIsKilled)
{
	for (int i = 0; i < (longForm() ? 5 : 1); ++i)
	{
		const Poco::UInt64 leaves = record.check().leaves;
		const auto killed = std::chrono::steady_clock::now();
		nodes[0].kill();
		usersAreRight("a node was killed", nodes, {1, 2}, withoutFirst);
		EXPECT_LE(std::chrono::seconds(1), std::chrono::steady_clock::now() - killed) << "it might only be slow";
		EXPECT_EQ(leaves + onNodes(2), record.check().leaves) << "one of one user";
		nodes[0].start();
		usersAreRight("it was started", nodes, {0, 1, 2}, everybody);
		flows("it was started");
	}
	finish();
}


TEST_P(Presence, RedisIsKilled)
{
	for (int i = 0; i < (longForm() ? 10 : 1); ++i)
	{
		restartRedis();
		flows("Redis was killed and started");
		usersAreRight("Redis was killed and started", nodes, {0, 1, 2}, everybody);
	}
	EXPECT_EQ(0u, finish(GetParam() == RedisServer::KEEPS ? ALL : TOLD).leaves) << "nobody has left";
}


TEST_P(Presence, ANodeIsKilledWithRedis)
{
	for (int i = 0; i < (longForm() ? 5 : 1); ++i)
	{
		nodes[0].kill();
		restartRedis();
		usersAreRight("a node and Redis were killed, Redis was started", nodes, {1, 2}, withoutFirst);
		redis.kill();
		nodes[1].kill();
		redis.start();
		nodes[0].start();
		nodes[1].start();
		usersAreRight("and again, another node, and all were started", nodes, {0, 1, 2}, everybody);
		flows("all were started");
	}
	finish(GetParam() == RedisServer::KEEPS ? ALL : TOLD);
}


TEST_P(Presence, ANodeComesBackBeforeItIsDead)
{
	const Poco::UInt64 leaves = record.check().leaves;
	nodes[0].kill();
	nodes[0].start();
	flows("a node was killed and started");
	usersAreRight("a node was killed and started", nodes, {0, 1, 2}, everybody);
	// That of before is dead a while later: who is at both has not left
	EXPECT_TRUE(eventually([&]() { return redis.command({"HLEN", "poco:alive"}) == "3"; }));
	usersAreRight("that of before is dead", nodes, {0, 1, 2}, everybody);
	EXPECT_EQ(leaves, record.check().leaves);
	finish();
}


INSTANTIATE_TEST_SUITE_P(Fault, Presence, testing::ValuesIn(longForm() ? std::vector<RedisServer::Data>{RedisServer::KEEPS, RedisServer::FORGETS} : std::vector<RedisServer::Data>{RedisServer::KEEPS}), [](const testing::TestParamInfo<RedisServer::Data>& data)
{
	return data.param == RedisServer::KEEPS ? "KeepsItsData" : "ForgetsIt";
});
