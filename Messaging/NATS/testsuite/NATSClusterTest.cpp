//
// NATSClusterTest.cpp
//
// Histories on several servers of a cluster.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "NATSSupport.h"
#include <set>
#include <thread>


namespace
{
	class Servers
		/// Three of a cluster with JetStream.
	{
	public:
		Servers()
		{
			std::string routes;
			std::vector<std::string> addresses;
			for (int i = 0; i < 3; ++i)
			{
				addresses.push_back("nats://127.0.0.1:" + std::to_string(ServerProcess::freePort()));
				routes += (i == 0 ? "" : ",") + addresses.back();
			}
			for (int i = 0; i < 3; ++i)
			{
				ServerProcess::Texts options = NATSServer::jetStream();
				for (const std::string& option: {std::string("-n"), "s" + std::to_string(i), std::string("--cluster_name"), std::string("test"), std::string("--cluster"), addresses[static_cast<std::size_t>(i)], std::string("--routes"), routes}) options.push_back(option);
				servers.push_back(std::make_unique<NATSServer>(options));
			}
		}

		std::string url(std::size_t first) const
		{
			std::string result = "nats://";
			for (std::size_t i = 0; i < 3; ++i) result += (i == 0 ? "" : ",") + servers[(first + i) % 3]->address();
			return result;
		}

		std::vector<std::unique_ptr<NATSServer>> servers;
	};

	struct HistoryNode: public NATSNode
	{
		HistoryNode(const std::string& url, int replicas):
			NATSNode(paramsOf(url, replicas))
		{
			options.historySize = 1000;
		}

		static NATSBackplaneParams::Ptr paramsOf(const std::string& url, int replicas)
		{
			NATSBackplaneParams::Ptr pParams(new NATSBackplaneParams(url));
			pParams->setHistoryReplicas(replicas);
			return pParams;
		}
	};
}


TEST(NATSCluster, EachStreamIsMadeOnceAndOutlivesAServer)
{
	Servers cluster;
	std::vector<std::unique_ptr<HistoryNode>> nodes;
	for (std::size_t i = 0; i < 3; ++i) nodes.push_back(std::make_unique<HistoryNode>(cluster.url(i), 3));
	EXPECT_TRUE(nodes[0]->until([&]() { return nodes[0]->publish("first", "x").error == Error::NONE; })) << "there is a leader";
	constexpr int CHANNELS = 20;
	std::vector<std::thread> threads;
	for (const auto& pNode: nodes)
	{
		threads.emplace_back([&, pNode = pNode.get()]()
		{
			for (int i = 0; i < 5; ++i)
			{
				for (int c = 0; c < CHANNELS; ++c) pNode->send("h" + std::to_string(c), std::to_string(i));
			}
		});
	}
	for (std::thread& thread: threads) thread.join();
	for (const auto& pNode: nodes) EXPECT_TRUE(pNode->until([&]() { return pNode->pAnswers->all() == 5*CHANNELS; })) << pNode->pAnswers->all();
	std::set<std::string> subjects;
	const auto streams = NATSWriter(cluster.servers[0]->url()).streams();
	for (const std::string& name: streams) subjects.insert(name.substr(0, name.rfind('-')));
	EXPECT_EQ(static_cast<std::size_t>(CHANNELS + 1), subjects.size());
	EXPECT_EQ(subjects.size(), streams.size()) << "one for each channel";
	Position position;
	EXPECT_EQ(Error::NONE, nodes[1]->subscribe("h1", position));
	const Position before = nodes[1]->history("h1", HistoryQuery()).position;
	cluster.servers[0]->kill();
	EXPECT_TRUE(nodes[2]->until([&]() { return nodes[2]->publish("h1", "after").error == Error::NONE; }));
	EXPECT_TRUE(nodes[1]->until([&]()
	{
		nodes[2]->pBackplane->tick();
		return nodes[1]->pSink->gaps("h1") > 0 || (!nodes[1]->pSink->publications("h1").empty() && nodes[1]->pSink->publications("h1").back() == "after");
	})) << "it comes, or is to be read";
	EXPECT_TRUE(nodes[2]->until([&]() { return nodes[2]->publish("h1", "last").error == Error::NONE; }));
	EXPECT_TRUE(nodes[1]->until([&]()
	{
		nodes[2]->pBackplane->tick();
		return nodes[1]->pSink->gaps("h1") > 1 || (!nodes[1]->pSink->publications("h1").empty() && nodes[1]->pSink->publications("h1").back() == "last");
	}));
	const Position after = nodes[1]->history("h1", HistoryQuery()).position;
	EXPECT_EQ(before.epoch, after.epoch);
	EXPECT_LT(before.offset, after.offset);
}
