//
// NATSFaults.cpp
//
// Servers that die, stop, come back and say nothing, and nodes that are gone.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "BadNetwork.h"
#include "NATSSupport.h"
#include <chrono>


namespace
{
	NATSBackplaneParams::Ptr quick(const std::string& url)
	{
		NATSBackplaneParams::Ptr pParams(new NATSBackplaneParams(url));
		pParams->setConnectTimeout(Poco::Timespan(1, 0));
		return pParams;
	}

	void expectFlows(NATSNode& from, NATSNode& to, const std::string& channel)
		/// A publication comes, once. They may be refused first.
	{
		static int number = 0;
		const std::string data = "flows " + std::to_string(++number);
		EXPECT_TRUE(from.until([&]() { return from.publish(channel, data).error == Error::NONE; }));
		EXPECT_TRUE(to.until([&]() { return !to.pSink->publications(channel).empty() && to.pSink->publications(channel).back().substr(0, data.size()) == data; })) << channel;
	}
}


TEST(NATSFaults, AServerIsKilledAndStartedAgain)
{
	NATSServer server;
	NATSNode first(quick(server.url()));
	NATSNode second(quick(server.url()));
	for (const char* const channel: {"a", "b"})
	{
		EXPECT_EQ(Error::NONE, first.subscribe(channel));
		EXPECT_EQ(Error::NONE, second.subscribe(channel));
	}
	EXPECT_EQ(Error::NONE, second.subscribe("left"));
	for (int round = 1; round <= 3; ++round)
	{
		for (int i = 0; i < 100; ++i) first.send("a", "x");
		server.kill();
		EXPECT_TRUE(first.until([&]() { return !first.pBackplane->up() && !second.pBackplane->up(); }));
		EXPECT_TRUE(first.until([&]() { return first.pAnswers->all() == 100*round; })) << "each is answered";
		EXPECT_EQ(0, first.pAnswers->others + first.pAnswers->busy);
		EXPECT_EQ(Error::UNAVAILABLE, first.publish("a", "y").error);
		EXPECT_EQ(Error::UNAVAILABLE, first.subscribe("new"));
		EXPECT_EQ(Error::UNAVAILABLE, first.pBackplane->control(second.pBackplane->node(), Control()));
		second.pBackplane->unsubscribe("left");
		server.start();
		EXPECT_TRUE(first.until([&]() { return first.pBackplane->up() && second.pBackplane->up(); }));
		for (NATSNode* const pNode: {&first, &second})
		{
			for (const char* const channel: {"a", "b"}) EXPECT_TRUE(pNode->until([&]() { return pNode->pSink->gaps(channel) == round; })) << channel;
			EXPECT_EQ(0, pNode->pSink->gaps("new") + pNode->pSink->gaps("left"));
			EXPECT_EQ(static_cast<Poco::UInt64>(round), pNode->pBackplane->metrics().reconnects);
		}
		for (const char* const channel: {"a", "b"})
		{
			expectFlows(first, second, channel);
			expectFlows(second, first, channel);
		}
		EXPECT_EQ(0u, first.publish("new", "z").local.delivered) << "its subscription was refused";
		EXPECT_EQ(1u, first.publish("a", "z").local.delivered);
	}
	EXPECT_TRUE(second.pSink->publications("left").empty());
	Control control;
	control.message.data = "message";
	EXPECT_TRUE(first.until([&]() { return first.pBackplane->metrics().nodes == 1; }));
	EXPECT_EQ(Error::NONE, first.pBackplane->control(second.pBackplane->node(), control));
	EXPECT_TRUE(second.until([&]() { return second.pSink->controls().size() == 1; }));
}


TEST(NATSFaults, AServerStopsForAMoment)
{
	NATSServer server;
	NATSNode first(quick(server.url()));
	NATSNode second(quick(server.url()));
	EXPECT_EQ(Error::NONE, first.subscribe("c"));
	EXPECT_EQ(Error::NONE, second.subscribe("c"));
	server.stop();
	EXPECT_TRUE(first.pBackplane->up());
	const auto begin = std::chrono::steady_clock::now();
	EXPECT_EQ(Error::UNAVAILABLE, first.publish("c", "1").error);
	EXPECT_LE(std::chrono::milliseconds(1900), std::chrono::steady_clock::now() - begin);
	EXPECT_FALSE(first.pBackplane->up());
	EXPECT_EQ(Error::UNAVAILABLE, first.publish("c", "2").error) << "at once";
	EXPECT_EQ(Error::UNAVAILABLE, first.subscribe("d"));
	server.cont();
	EXPECT_TRUE(first.until([&]() { return first.pBackplane->up(); }));
	expectFlows(first, second, "c");
	expectFlows(second, first, "c");
	const auto all = second.pSink->publications("c");
	EXPECT_TRUE(all.front() == "1") << "it may have been published all the same";
}


TEST(NATSFaults, AServerStopsForLong)
{
	NATSServer server;
	NATSNode node(quick(server.url()));
	NATSNode idle(quick(server.url()));
	EXPECT_EQ(Error::NONE, node.subscribe("c"));
	EXPECT_EQ(Error::NONE, idle.subscribe("c"));
	server.stop();
	const std::string data(100000, 'x');
	for (int i = 0; i < 100; ++i) node.send("c", data);
	EXPECT_TRUE(node.until([&]() { return node.pAnswers->all() == 100; }));
	EXPECT_LT(0, node.pAnswers->busy) << "more than 8 MiB";
	EXPECT_EQ(0, node.pAnswers->others + node.pAnswers->done);
	EXPECT_EQ(0u, node.pBackplane->metrics().waitingBytes);
	EXPECT_TRUE(node.until([&]() { return !node.pBackplane->metrics().connected; })) << "it is given up";
	EXPECT_TRUE(idle.until([&]() { return !idle.pBackplane->up(); })) << "who asks nothing, too";
	server.cont();
	EXPECT_TRUE(node.until([&]() { return node.pBackplane->up(); }));
	EXPECT_TRUE(idle.until([&]() { return idle.pBackplane->up(); }));
	EXPECT_TRUE(node.until([&]() { return node.pSink->gaps("c") == 1; }));
	expectFlows(node, idle, "c");
	expectFlows(idle, node, "c");
}


TEST(NATSFaults, TheNetworkSwallowsEverything)
{
	NATSServer server;
	BadNetwork network(server.port());
	NATSNode node(quick("nats://" + network.address()));
	EXPECT_EQ(Error::NONE, node.subscribe("c"));
	network.fail(BadNetwork::SWALLOW);
	EXPECT_EQ(Error::UNAVAILABLE, node.publish("c", "1").error);
	EXPECT_TRUE(node.until([&]() { return !node.pBackplane->metrics().connected; }));
	network.restore();
	EXPECT_TRUE(node.until([&]() { return node.pBackplane->up(); }));
	EXPECT_TRUE(node.until([&]() { return node.pSink->gaps("c") == 1; }));
	expectFlows(node, node, "c");
}


TEST(NATSFaults, AConnectionIsCutAnywhere)
{
	NATSServer server;
	NATSNode other(quick(server.url()));
	EXPECT_EQ(Error::NONE, other.subscribe("c"));
	int answers = 0;
	for (const BadNetwork::Direction direction: {BadNetwork::UP, BadNetwork::DOWN})
	{
		for (const Poco::Int64 bytes: {1, 5, 50, 300, 1000, 2000, 20000})
		{
			BadNetwork network(server.port());
			NATSNode node(quick("nats://" + network.address()));
			EXPECT_EQ(Error::NONE, node.subscribe("c"));
			network.failAfter(direction, bytes, BadNetwork::CUT);
			for (answers = 0; !network.failed() && answers < 1000; ++answers)
			{
				node.send("c", std::string(100, 'x'));
				node.until([&]() { return node.pAnswers->all() > answers; });
			}
			EXPECT_TRUE(network.failed());
			EXPECT_TRUE(node.until([&]() { return node.pBackplane->up() && node.pBackplane->metrics().reconnects == 1; }));
			EXPECT_TRUE(node.until([&]() { return node.pSink->gaps("c") == 1; }));
			EXPECT_TRUE(node.until([&]() { return node.pAnswers->all() == answers; }));
			expectFlows(node, other, "c");
			expectFlows(other, node, "c");
		}
	}
}


TEST(NATSFaults, ANodeThatIsGoneIsForgotten)
{
	NATSServer server;
	NATSNode node(quick(server.url()));
	NATSWriter writer(server.url());
	writer.write("poco.nodes", "here 77"); // a node, which is killed then
	EXPECT_TRUE(node.until([&]() { return node.pBackplane->metrics().nodes == 1; }));
	EXPECT_EQ(Error::NONE, node.pBackplane->control(77, Control()));
	const auto begin = std::chrono::steady_clock::now();
	EXPECT_TRUE(node.until([&]() { return node.pBackplane->control(77, Control()) == Error::DETACHED; }));
	EXPECT_LE(std::chrono::seconds(9), std::chrono::steady_clock::now() - begin);
	EXPECT_EQ(Error::DETACHED, node.pBackplane->control(0, Control()));
	EXPECT_EQ(Error::NONE, node.pBackplane->control(node.pBackplane->node(), Control()));
}


TEST(NATSFaults, ANodeEndsWhateverTheServerDoes)
{
	for (const char* const state: {"runs", "was killed", "is stopped", "is stopped, and the node connects again"})
	{
		NATSServer server;
		NATSNode node(quick(server.url()));
		EXPECT_EQ(Error::NONE, node.subscribe("c"));
		const std::string what(state);
		if (what.find("stopped") != std::string::npos) server.stop();
		if (what == "was killed") server.kill();
		for (int i = 0; i < 50; ++i) node.send("c", std::string(100000, 'x'));
		EXPECT_TRUE(what.find("again") == std::string::npos || node.until([&]() { return !node.pBackplane->metrics().connected; }));
		const auto begin = std::chrono::steady_clock::now();
		node.pBackplane->stop();
		EXPECT_GE(std::chrono::seconds(20), std::chrono::steady_clock::now() - begin) << state;
		EXPECT_TRUE(node.until([&]() { return node.pAnswers->all() == 50; })) << state;
	}
}
