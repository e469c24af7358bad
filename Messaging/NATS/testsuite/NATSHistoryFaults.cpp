//
// NATSHistoryFaults.cpp
//
// Channels with history, when the server that has them dies, stops, and comes back with less than it had.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "BadNetwork.h"
#include "NATSSupport.h"
#include <filesystem>


namespace
{
	struct HistoryNode: public NATSNode
	{
		explicit HistoryNode(const std::string& url, bool inMemory = false):
			NATSNode(paramsOf(url, inMemory))
		{
			options.historySize = 10000;
		}

		static NATSBackplaneParams::Ptr paramsOf(const std::string& url, bool inMemory)
		{
			NATSBackplaneParams::Ptr pParams(new NATSBackplaneParams(url));
			pParams->setConnectTimeout(Poco::Timespan(1, 0));
			pParams->setHistoryInMemory(inMemory);
			return pParams;
		}

		void restarted(NATSServer& server, int rounds)
			/// The server has been killed. Returns when the node knows what has become of its channel "h".
		{
			server.start();
			EXPECT_TRUE(until([&]() { return pBackplane->up(); }));
			EXPECT_TRUE(until([&]() { return pSink->gaps("h") >= rounds; }));
		}
	};

	bool contiguous(const std::vector<Position>& positions)
		/// Whether none is missing, and none came twice, within an epoch.
	{
		for (std::size_t i = 1; i < positions.size(); ++i)
		{
			if (positions[i].epoch == positions[i - 1].epoch && positions[i].offset != positions[i - 1].offset + 1) return false;
		}
		return true;
	}
}


TEST(NATSHistoryFaults, AServerIsKilledAndKeepsWhatItHasConfirmed)
{
	NATSServer server(NATSServer::jetStream());
	HistoryNode first(server.url());
	HistoryNode second(server.url());
	Position position;
	EXPECT_EQ(Error::NONE, second.subscribe("h", position));
	for (int round = 1; round <= 3; ++round)
	{
		const PublishResult named = first.publish("h", "named", "t" + std::to_string(round));
		const int before = first.pAnswers->all();
		for (int i = 0; i < 300; ++i) first.send("h", "x");
		EXPECT_TRUE(first.until([&]() { return first.pAnswers->all() > before; }));
		server.kill();
		EXPECT_TRUE(first.until([&]() { return first.pAnswers->all() == 300*round; })) << "each is answered";
		EXPECT_EQ(Error::UNAVAILABLE, first.publish("h", "y").error);
		EXPECT_EQ("UNAVAILABLE", second.text("h"));
		second.restarted(server, round);
		EXPECT_TRUE(first.until([&]() { return first.pBackplane->up(); }));
		const PublishResult again = first.publish("h", "named", "t" + std::to_string(round));
		EXPECT_TRUE(again.duplicate);
		EXPECT_EQ(named.position, again.position);
		const Position now = second.history("h", HistoryQuery()).position;
		EXPECT_EQ(position.epoch, now.epoch);
		EXPECT_LE(static_cast<Poco::UInt64>(first.pAnswers->done + round), now.offset) << "what was confirmed is there";
		EXPECT_EQ(now.offset + 1, first.publish("h", "last").position.offset);
		EXPECT_TRUE(second.until([&]() { return second.pSink->publications("h").back() == "last"; }));
		EXPECT_EQ(round, second.pSink->gaps("h"));
	}
	HistoryQuery all;
	all.limit = 10000;
	all.maxBytes = 100*1000*1000;
	EXPECT_EQ(second.history("h", HistoryQuery()).position.offset, second.history("h", all).publications.size());
}


TEST(NATSHistoryFaults, AServerLosesEverything)
{
	for (const bool inMemory: {true, false})
	{
		NATSServer server(NATSServer::jetStream());
		HistoryNode first(server.url(), inMemory);
		HistoryNode second(server.url(), inMemory);
		Position before;
		EXPECT_EQ(Error::NONE, second.subscribe("h", before));
		for (int round = 1; round <= 2; ++round)
		{
			for (int i = 0; i < 10; ++i) EXPECT_EQ(Error::NONE, first.publish("h", "x").error);
			server.kill();
			if (!inMemory) server.clear();
			second.restarted(server, round);
			EXPECT_TRUE(first.until([&]() { return first.pBackplane->up(); }));
			const PublishResult result = first.publish("h", "new");
			EXPECT_EQ(Error::NONE, result.error);
			EXPECT_NE(before.epoch, result.position.epoch);
			EXPECT_EQ(1u, result.position.offset);
			before = result.position;
			EXPECT_TRUE(second.until([&]() { return second.pSink->publications("h").back() == "new"; }));
			EXPECT_EQ("1: new", second.text("h"));
			EXPECT_EQ(1u, NATSWriter(server.url()).streams().size());
		}
	}
}


TEST(NATSHistoryFaults, AServerComesBackWithLess)
{
	for (const bool another: {false, true}) // whether another node, that has seen nothing, publishes before these are there again
	{
		NATSServer server(NATSServer::jetStream());
		BadNetwork network(server.port());
		HistoryNode first("nats://" + network.address());
		HistoryNode second("nats://" + network.address());
		Position before;
		EXPECT_EQ(Error::NONE, second.subscribe("h", before));
		for (int i = 0; i < 5; ++i) EXPECT_EQ(Error::NONE, first.publish("h", "x").error);
		server.kill();
		const std::filesystem::path saved = server.folder() + ".saved";
		std::filesystem::copy(server.folder(), saved, std::filesystem::copy_options::recursive);
		second.restarted(server, 1);
		EXPECT_TRUE(first.until([&]() { return first.pBackplane->up(); }));
		for (int i = 0; i < 5; ++i) EXPECT_EQ(Error::NONE, first.publish("h", "y").error);
		EXPECT_TRUE(second.until([&]() { return second.pSink->publications("h").size() == 10; }));
		network.fail(BadNetwork::CUT);
		server.kill();
		server.clear();
		std::filesystem::copy(saved, server.folder(), std::filesystem::copy_options::recursive);
		std::filesystem::remove_all(saved);
		server.start();
		if (another)
		{
			HistoryNode third(server.url());
			for (int i = 0; i < 10; ++i) EXPECT_EQ(before.epoch, third.publish("h", "z").position.epoch);
		}
		network.restore();
		EXPECT_TRUE(second.until([&]() { return second.pSink->gaps("h") >= 2; }));
		EXPECT_TRUE(first.until([&]() { return first.pBackplane->up(); }));
		const PublishResult result = first.publish("h", "new");
		EXPECT_NE(before.epoch, result.position.epoch) << "otherwise it would have had the offset of another one";
		EXPECT_EQ(1u, result.position.offset);
		EXPECT_TRUE(second.until([&]() { return second.pSink->publications("h").back() == "new"; }));
		EXPECT_EQ("1: new", second.text("h"));
	}
}


TEST(NATSHistoryFaults, AServerStops)
{
	NATSServer server(NATSServer::jetStream());
	HistoryNode node(server.url());
	EXPECT_EQ(Error::NONE, node.subscribe("h"));
	EXPECT_EQ(Error::NONE, node.publish("h", "a").error);
	server.stop();
	for (int i = 0; i < 10; ++i) node.send("h", "x");
	EXPECT_TRUE(node.until([&]() { return node.pAnswers->unavailable == 10; }));
	EXPECT_EQ("UNAVAILABLE", node.text("h"));
	server.cont();
	EXPECT_TRUE(node.until([&]() { return node.pBackplane->up() && node.publish("h", "b").error == Error::NONE; }));
	EXPECT_TRUE(node.until([&]() { return node.pSink->publications("h").back().substr(0, 1) == "b"; }));
	EXPECT_TRUE(contiguous(node.pSink->positions("h")));
	EXPECT_EQ(0u, node.pBackplane->metrics().waitingBytes);
}


TEST(NATSHistoryFaults, AConnectionIsCutAnywhere)
{
	NATSServer server(NATSServer::jetStream());
	HistoryNode other(server.url());
	EXPECT_EQ(Error::NONE, other.subscribe("h"));
	for (const BadNetwork::Direction direction: {BadNetwork::UP, BadNetwork::DOWN})
	{
		for (const Poco::Int64 bytes: {1, 50, 500, 3000, 20000})
		{
			BadNetwork network(server.port());
			HistoryNode node("nats://" + network.address());
			EXPECT_EQ(Error::NONE, node.subscribe("h"));
			const Position before = other.history("h", HistoryQuery()).position;
			network.failAfter(direction, bytes, BadNetwork::CUT);
			int sent = 0;
			for (; !network.failed() && sent < 1000; ++sent)
			{
				node.send("h", std::string(100, 'x'));
				node.until([&]() { return node.pAnswers->all() > sent; });
			}
			EXPECT_TRUE(network.failed());
			EXPECT_TRUE(node.until([&]() { return node.pSink->gaps("h") == 1; }));
			EXPECT_TRUE(node.until([&]() { return node.pAnswers->all() == sent; }));
			const Position after = other.history("h", HistoryQuery()).position;
			EXPECT_EQ(before.epoch, after.epoch);
			EXPECT_LE(before.offset + static_cast<Poco::UInt64>(node.pAnswers->done), after.offset) << "what was confirmed is there";
			EXPECT_EQ(1u, node.publish("h", "last").local.delivered);
		}
	}
	EXPECT_TRUE(other.until([&]() { return !other.pSink->positions("h").empty() && other.pSink->positions("h").back() == other.history("h", HistoryQuery()).position; }));
	EXPECT_TRUE(contiguous(other.pSink->positions("h")));
	EXPECT_EQ(0, other.pSink->gaps("h"));
}


TEST(NATSHistoryFaults, ANodeThatDoesNotKeepUpIsToldThatItHasAGap)
{
	NATSServer server(NATSServer::jetStream());
	HistoryNode writer(server.url());
	HistoryNode reader(server.url());
	EXPECT_EQ(Error::NONE, reader.subscribe("h"));
	reader.pSink->block(true);
	const std::string data(100000, 'x');
	for (int i = 0; reader.pBackplane->metrics().dropped == 0 && i < 1000; ++i) EXPECT_EQ(Error::NONE, writer.publish("h", data).error);
	EXPECT_LT(0u, reader.pBackplane->metrics().dropped);
	reader.pSink->block(false);
	EXPECT_TRUE(reader.until([&]() { return reader.pSink->gaps("h") > 0; }));
	EXPECT_EQ(Error::NONE, writer.publish("h", "last").error);
	EXPECT_TRUE(reader.until([&]() { return reader.pSink->publications("h").back() == "last"; }));
	EXPECT_TRUE(reader.pBackplane->up());
}


TEST(NATSHistoryFaults, ANodeEndsWhateverTheServerDoes)
{
	for (const char* const state: {"runs", "was killed", "is stopped"})
	{
		NATSServer server(NATSServer::jetStream());
		HistoryNode node(server.url());
		EXPECT_EQ(Error::NONE, node.subscribe("h"));
		if (std::string(state) == "is stopped") server.stop();
		if (std::string(state) == "was killed") server.kill();
		for (int i = 0; i < 50; ++i) node.send("h", "x");
		for (int i = 0; i < 50; ++i) node.pBackplane->history("h", node.options, HistoryQuery(), [](const Poco::Messaging::HistoryResult&) {});
		node.pBackplane->stop();
		EXPECT_TRUE(node.until([&]() { return node.pAnswers->all() == 50; })) << state;
		EXPECT_EQ(Error::UNAVAILABLE, node.publish("h", "x").error);
		EXPECT_EQ(Error::UNAVAILABLE, node.subscribe("h"));
	}
}
