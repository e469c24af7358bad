//
// NetworkTest.cpp
//
// A real network between nodes and Redis that drops what is sent: the kernel's TCP repeats it, waits longer each time, and knows nothing.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "Cluster.h"
#include "NetworkSpaces.h"
#include "RedisServer.h"
#include <stdexcept>


class NetworkFault: public ClusterTest
	/// Three nodes, each of which reaches Redis on a path of its own. Skipped where there are no network namespaces: for those one has to be root.
{
protected:
	void SetUp() override
	{
		try
		{
			pSpaces = std::make_unique<NetworkSpaces>(3);
		}
		catch (const std::runtime_error& error)
		{
			GTEST_SKIP() << error.what();
		}
		pSpaces->atServer([this]() { pRedis = std::make_unique<RedisServer>(RedisServer::FORGETS, ServerProcess::Texts{"--bind", "0.0.0.0", "--protected-mode", "no"}); });
		std::vector<std::string> urls;
		for (int path = 0; path < 3; ++path) urls.push_back("redis://" + pSpaces->server(path) + ':' + std::to_string(pRedis->port()));
		pNodes = std::make_unique<Cluster>(urls);
		begin(pNodes->ports());
	}

	void TearDown() override
	{
		pTraffic.reset();
		pNodes.reset();
		pRedis.reset();
		pSpaces.reset();
	}

	Poco::Int64 connections() const
		/// Returns how many there have been.
	{
		Poco::Int64 result = 0;
		pSpaces->atServer([&]() { result = pRedis->count("total_connections_received"); });
		return result;
	}

	void firstIsDead()
		/// Waits until the others say that the members of node 0 have left.
	{
		EXPECT_TRUE(eventually([&]() { return Cluster::members(pNodes->ports()[1], "p1").size() == subscribers/3*2; }));
	}

	std::unique_ptr<NetworkSpaces> pSpaces;
	std::unique_ptr<RedisServer> pRedis;
	std::unique_ptr<Cluster> pNodes;
};


TEST_F(NetworkFault, ThatOfANodeDropsEverything)
{
	for (int i = 0; i < (longForm() ? 5 : 1); ++i)
	{
		pSpaces->drop(0);
		flows("meanwhile, between the others", {1, 2});
		firstIsDead();
		flows("still", {1, 2});
		pSpaces->restore(0);
		flows("after packets were dropped until the node was dead");
		membersAreRight(*pNodes);
	}
	finish();
}


TEST_F(NetworkFault, ThatOfRedisDropsEverything)
{
	for (int i = 0; i < (longForm() ? 5 : 1); ++i)
	{
		for (int path = 0; path < 3; ++path) pSpaces->drop(path);
		for (std::size_t node = 0; node < 3; ++node)
		{
			ASSERT_TRUE(eventually([&]() { return pNodes->state(node).back() == '0'; })) << node;
		}
		// What is in the kernel's queues of the connections that were given up must not come behind what is sent then
		for (int path = 0; path < 3; ++path) pSpaces->restore(path);
		flows("after packets of all nodes were dropped until they knew");
		membersAreRight(*pNodes);
	}
	const Findings findings = finish();
	EXPECT_EQ(0u, findings.leaves) << "nobody has left";
}


TEST_F(NetworkFault, TheLinkOfANodeIsDown)
{
	for (int i = 0; i < (longForm() ? 5 : 1); ++i)
	{
		pSpaces->unplug(0);
		flows("meanwhile, between the others", {1, 2});
		if (longForm()) firstIsDead();
		pSpaces->restore(0);
		flows("after the link was down");
		membersAreRight(*pNodes);
	}
	finish();
}


TEST_F(NetworkFault, ThatOfANodeDropsEverythingForAMoment)
{
	// TCP repeats what was dropped: the connections stay, and nothing is missing, also in channels without history
	const Poco::Int64 before = connections();
	for (int i = 0; i < (longForm() ? 50 : 3); ++i)
	{
		pSpaces->drop(0);
		flows("meanwhile, between the others", {1, 2});
		pSpaces->restore(0);
		flows("after packets were dropped for a moment");
	}
	const Findings findings = finish();
	EXPECT_EQ(0u, findings.leaves);
	EXPECT_EQ(0u, findings.missing + findings.uncertain);
	EXPECT_EQ(before + 1, connections()) << "the one that asks";
}
