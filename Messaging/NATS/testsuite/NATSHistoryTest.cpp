//
// NATSHistoryTest.cpp
//
// Channels with history over JetStream, beside the contract (NATSContract.cpp). What goes wrong with the server is in NATSHistoryFaults.cpp.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "NATSSupport.h"
#include "node/NodeFormat.h"
#include "Poco/TemporaryFile.h"
#include <fstream>
#include <thread>


using Poco::Messaging::NodeFormat;


namespace
{
	struct HistoryNode: public NATSNode
	{
		explicit HistoryNode(const std::string& url, std::size_t size = 1000):
			NATSNode(url)
		{
			options.historySize = size;
		}

		explicit HistoryNode(const NATSBackplaneParams::Ptr& pParams):
			NATSNode(pParams)
		{
			options.historySize = 1000;
		}
	};

	std::vector<std::string> numbers(int from, int to, const std::string& prefix = "")
	{
		std::vector<std::string> result;
		for (int i = from; i <= to; ++i) result.push_back(prefix + std::to_string(i));
		return result;
	}

	std::string frameOf(const std::string& data)
	{
		std::string frame;
		NodeFormat::append(frame, {1, 1}, *publicationOf(data));
		return frame;
	}
}


TEST(NATSHistory, ManyAreReadInTheirOrder)
{
	NATSServer server(NATSServer::jetStream());
	HistoryNode node(server.url());
	for (int i = 1; i <= 600; ++i) node.send("h", std::to_string(i));
	EXPECT_TRUE(node.until([&]() { return node.pAnswers->done == 600; }));
	struct Row
	{
		const char* what;
		bool hasSince;
		Poco::UInt64 since;
		std::size_t limit;
		std::size_t maxBytes;
		int first;
		int last;
	};
	const std::size_t size = publicationOf("100")->size();
	const Row ROWS[] =
	{
		{"all", true, 0, 1000, 1 << 20, 1, 600},
		{"the latest", false, 0, 300, 1 << 20, 301, 600},
		{"behind one", true, 100, 400, 1 << 20, 101, 500},
		{"as many bytes", true, 100, 400, 10*size, 101, 110},
		{"a byte less", true, 100, 400, 10*size - 1, 101, 109},
		{"one at least", true, 100, 400, 1, 101, 101},
		{"the last one", true, 599, 1000, 1 << 20, 600, 600},
		{"the position", false, 0, 0, 1 << 20, 1, 0}
	};
	for (const Row& row: ROWS)
	{
		HistoryQuery query;
		query.hasSince = row.hasSince;
		query.since = {node.history("h", HistoryQuery()).position.epoch, row.since};
		query.limit = row.limit;
		query.maxBytes = row.maxBytes;
		const HistoryResult result = node.history("h", query);
		EXPECT_EQ(Error::NONE, result.error);
		EXPECT_EQ(600u, result.position.offset);
		std::vector<std::string> data;
		for (const Publication::Ptr& pPublication: result.publications)
		{
			EXPECT_EQ(std::to_string(pPublication->position.offset), pPublication->data);
			EXPECT_EQ(result.position.epoch, pPublication->position.epoch);
			data.push_back(pPublication->data);
		}
		EXPECT_EQ(numbers(row.first, row.last), data) << row.what;
	}
}


TEST(NATSHistory, LargeOnesAreReadFewAtATime)
{
	NATSServer server(NATSServer::jetStream());
	HistoryNode node(server.url());
	const std::string data(500000, 'x');
	for (int i = 0; i < 60; ++i) EXPECT_EQ(Error::NONE, node.publish("h", data).error);
	HistoryQuery query;
	query.limit = 60;
	query.maxBytes = 60*1000*1000;
	const HistoryResult result = node.history("h", query);
	EXPECT_EQ(60u, result.publications.size()) << toString(result.error);
	EXPECT_EQ(0u, node.pBackplane->metrics().reconnects);
}


TEST(NATSHistory, TwoNodesMakeEachStreamOnce)
{
	NATSServer server(NATSServer::jetStream());
	HistoryNode first(server.url());
	HistoryNode second(server.url());
	const int CHANNELS = 50;
	const auto publish = [&](NATSNode& node)
	{
		for (int i = 0; i < 10; ++i)
		{
			for (int c = 0; c < CHANNELS; ++c) node.send("h" + std::to_string(c), std::to_string(i));
		}
	};
	std::thread other([&]() { publish(second); });
	publish(first);
	other.join();
	for (NATSNode* const pNode: {static_cast<NATSNode*>(&first), static_cast<NATSNode*>(&second)})
	{
		EXPECT_TRUE(pNode->until([&]() { return pNode->pAnswers->done == 10*CHANNELS; }));
	}
	EXPECT_EQ(static_cast<std::size_t>(CHANNELS), NATSWriter(server.url()).streams().size());
	for (int c = 0; c < CHANNELS; ++c) EXPECT_EQ(20u, first.history("h" + std::to_string(c), HistoryQuery()).position.offset);
}


TEST(NATSHistory, ChannelsHaveAnyNames)
{
	NATSServer server(NATSServer::jetStream());
	HistoryNode first(server.url());
	HistoryNode second(server.url());
	for (const std::string& name: {std::string("a"), std::string("A"), std::string("a.b"), std::string("*"), std::string(">"), std::string(" "), std::string("/"), std::string("\0\r\n", 3), std::string(255, '.'), std::string(255, '/')})
	{
		ASSERT_EQ(Error::NONE, second.subscribe(name)) << name;
		const PublishResult result = first.publish(name, "x", name + "\r\n");
		EXPECT_EQ(Error::NONE, result.error) << name;
		EXPECT_EQ(1u, result.position.offset);
		EXPECT_TRUE(second.until([&]() { return second.pSink->publications(name).size() == 1; })) << name;
		EXPECT_TRUE(second.publish(name, "x", name + "\r\n").duplicate);
		EXPECT_EQ("1: x", second.text(name));
	}
}


TEST(NATSHistory, ADuplicateIsAnsweredWithThePositionOfTheFirst)
{
	NATSServer server(NATSServer::jetStream());
	HistoryNode node(server.url(), 2);
	EXPECT_EQ(Error::NONE, node.subscribe("h"));
	const PublishResult first = node.publish("h", "a", "t");
	for (const char* const data: {"b", "c", "d"}) node.publish("h", data);
	const PublishResult again = node.publish("h", "a", "t");
	EXPECT_EQ(1u, first.local.delivered);
	EXPECT_TRUE(again.duplicate);
	EXPECT_EQ(first.position, again.position) << "though it is not kept any more";
	EXPECT_EQ(0u, again.local.delivered);
	EXPECT_EQ("4: c d", node.text("h"));
	EXPECT_EQ(std::vector<std::string>({"a own", "b own", "c own", "d own"}), node.pSink->publications("h"));
}


TEST(NATSHistory, WhatIsTooOldIsNotRead)
{
	NATSServer server(NATSServer::jetStream());
	HistoryNode node(server.url());
	node.options.historyTime = 500; // the stream keeps it for 5 minutes
	EXPECT_EQ(Error::NONE, node.publish("h", "a").error);
	EXPECT_TRUE(node.until([&]() { return node.text("h") == "1:"; }));
	const PublishResult result = node.publish("h", "b");
	EXPECT_EQ(2u, result.position.offset);
	const std::string text = node.text("h");
	EXPECT_TRUE(text == "2: b" || text == "2:") << text;
}


TEST(NATSHistory, TheLargestSizeCounts)
{
	NATSServer server(NATSServer::jetStream());
	HistoryNode small(server.url(), 2);
	HistoryNode large(server.url(), 4);
	for (const char* const data: {"a", "b", "c"}) EXPECT_EQ(Error::NONE, small.publish("h", data).error);
	EXPECT_EQ("3: b c", large.text("h")) << "it is larger from now on";
	for (const char* const data: {"d", "e", "f"}) EXPECT_EQ(Error::NONE, small.publish("h", data).error);
	EXPECT_EQ("6: c d e f", large.text("h"));
	EXPECT_EQ("6: e f", small.text("h"));
	EXPECT_EQ(1u, NATSWriter(server.url()).streams().size());
}


TEST(NATSHistory, AnOperatorRemovesAStream)
{
	NATSServer server(NATSServer::jetStream());
	HistoryNode first(server.url());
	HistoryNode second(server.url());
	NATSWriter operatorOf(server.url());
	Position before;
	EXPECT_EQ(Error::NONE, second.subscribe("h", before));
	for (int i = 1; i <= 10; ++i) first.send("h", std::to_string(i));
	EXPECT_TRUE(second.until([&]() { return second.pSink->publications("h").size() == 10; }));
	const std::string name = operatorOf.streams().front();
	for (int i = 11; i <= 200; ++i)
	{
		first.send("h", std::to_string(i));
		if (i != 100) continue;
		EXPECT_NE(std::string::npos, operatorOf.ask("$JS.API.STREAM.DELETE." + name).find("true"));
	}
	EXPECT_TRUE(first.until([&]() { return first.pAnswers->done == 200; })) << "each is stored, here or there";
	EXPECT_TRUE(second.until([&]() { return second.pSink->gaps("h") > 0; }));
	EXPECT_EQ(1u, operatorOf.streams().size());
	HistoryQuery query;
	query.limit = 1000;
	const HistoryResult result = second.history("h", query);
	EXPECT_NE(before.epoch, result.position.epoch);
	ASSERT_FALSE(result.publications.empty());
	const int begin = 200 - static_cast<int>(result.publications.size()) + 1;
	for (std::size_t i = 0; i < result.publications.size(); ++i) EXPECT_EQ(std::to_string(begin + static_cast<int>(i)), result.publications[i]->data) << "in their order";
	EXPECT_EQ(Error::NONE, first.publish("h", "last").error);
	EXPECT_TRUE(second.until([&]() { return second.pSink->publications("h").back() == "last"; }));
}


TEST(NATSHistory, AnOperatorEmptiesAStream)
{
	NATSServer server(NATSServer::jetStream());
	HistoryNode node(server.url());
	NATSWriter operatorOf(server.url());
	EXPECT_EQ(Error::NONE, node.subscribe("h"));
	for (int i = 1; i <= 5; ++i) node.publish("h", std::to_string(i));
	const std::string name = operatorOf.streams().front();
	operatorOf.ask("$JS.API.STREAM.PURGE." + name);
	EXPECT_EQ("5:", node.text("h"));
	for (int i = 6; i <= 9; ++i) node.publish("h", std::to_string(i));
	operatorOf.ask("$JS.API.STREAM.MSG.DELETE." + name, "{\"seq\":7}");
	EXPECT_EQ("9: 8 9", node.text("h")) << "the latest without a gap";
	HistoryQuery query;
	query.hasSince = true;
	query.since = {node.history("h", HistoryQuery()).position.epoch, 5};
	query.limit = 10;
	EXPECT_EQ(1u, node.history("h", query).publications.size()) << "up to the gap";
	EXPECT_EQ(0, node.pSink->gaps("h"));
}


TEST(NATSHistory, WhatOthersWriteIsDropped)
{
	NATSServer server(NATSServer::jetStream());
	HistoryNode node(server.url());
	NATSWriter writer(server.url());
	EXPECT_EQ(Error::NONE, node.subscribe("h"));
	EXPECT_EQ(Error::NONE, node.publish("h", "a").error);
	writer.write("poco.l.h", NodeFormat::publications({}, 0, frameOf("x"))); // no stream has stored it
	const std::vector<std::string> rubbish{"", "\n", "h", "h 1\n", "h 1 1", "h 0 0\nh", "h x 1\n", "h 1 -1\n", " 1 1\n"};
	for (const std::string& text: rubbish) writer.write("poco.used", text);
	EXPECT_TRUE(node.until([&]() { return node.pBackplane->metrics().foreign == 1 + rubbish.size(); }));
	writer.write("poco.used", "h 0 0\nother 1 7\nx* 0 0\n");
	writer.write("poco.h.h", "rubbish"); // the stream stores it
	EXPECT_TRUE(node.until([&]() { return node.pBackplane->metrics().foreign == 2 + rubbish.size(); }));
	EXPECT_EQ(3u, node.publish("h", "b").position.offset);
	EXPECT_TRUE(node.until([&]() { return node.pSink->publications("h").size() == 2; }));
	EXPECT_EQ(std::vector<std::string>({"a own", "b own"}), node.pSink->publications("h"));
	EXPECT_EQ("3: b", node.text("h"));
	EXPECT_EQ(3u + rubbish.size(), node.pBackplane->metrics().foreign);
}


TEST(NATSHistory, WhatIsLostOnTheWayIsNoticed)
{
	NATSServer server(NATSServer::jetStream());
	HistoryNode first(server.url());
	HistoryNode second(server.url());
	NATSWriter writer(server.url());
	EXPECT_EQ(Error::NONE, second.subscribe("h"));
	const PublishResult result = first.publish("h", "a");
	EXPECT_TRUE(second.until([&]() { return second.pSink->publications("h").size() == 1; }));
	writer.write("poco.used", "h " + std::to_string(result.position.epoch) + " 2\n"); // so a node says that it has published another one
	EXPECT_TRUE(second.until([&]() { return second.pSink->gaps("h") == 1; }));
	EXPECT_EQ(2u, first.publish("h", "b").position.offset);
	EXPECT_TRUE(second.until([&]() { return second.pSink->publications("h").size() == 2; }));
	writer.write("poco.used", "h 77 1\n"); // another stream
	EXPECT_TRUE(second.until([&]() { return second.pSink->gaps("h") == 2; }));
	EXPECT_EQ(3u, first.publish("h", "c").position.offset);
	EXPECT_TRUE(second.until([&]() { return second.pSink->publications("h").size() == 3; }));
	EXPECT_EQ(2, second.pSink->gaps("h"));
}


TEST(NATSHistory, AStreamOfSomebodyElseHasTheSubject)
{
	NATSServer server(NATSServer::jetStream());
	NATSWriter writer(server.url());
	writer.ask("$JS.API.STREAM.CREATE.OTHER", R"({"name":"OTHER","subjects":["poco.h.>"],"storage":"memory"})");
	HistoryNode node(server.url());
	EXPECT_EQ(Error::UNAVAILABLE, node.subscribe("h"));
	EXPECT_EQ(Error::UNAVAILABLE, node.publish("h", "a").error);
	EXPECT_EQ("UNAVAILABLE", node.text("h"));
	EXPECT_EQ(3u, node.pBackplane->metrics().foreign);
	writer.ask("$JS.API.STREAM.DELETE.OTHER");
	const std::string name = "poco-h-00000000000012"; // it has the name of ours, but passes nothing on
	writer.ask("$JS.API.STREAM.CREATE." + name, "{\"name\":\"" + name + "\",\"subjects\":[\"poco.h.h\"],\"storage\":\"memory\"}");
	EXPECT_EQ(Error::UNAVAILABLE, node.subscribe("h"));
	EXPECT_EQ(Error::UNAVAILABLE, node.publish("h", "a").error);
	writer.ask("$JS.API.STREAM.DELETE." + name);
	EXPECT_EQ(Error::NONE, node.subscribe("h"));
	EXPECT_EQ(1u, node.publish("h", "a").local.delivered);
}


TEST(NATSHistory, StreamsThatNobodyUsesAreRemoved)
{
	NATSServer server(NATSServer::jetStream());
	NATSWriter writer(server.url());
	const auto pTime = std::make_shared<std::atomic<Time>>(1000000);
	NATSBackplaneParams::Ptr pParams(new NATSBackplaneParams(server.url()));
	pParams->setClock([pTime]() { return pTime->load(); });
	HistoryNode node(pParams);
	HistoryNode other(pParams);
	for (NATSNode* const pNode: {static_cast<NATSNode*>(&node), static_cast<NATSNode*>(&other)}) pNode->options.positionTime = 20*60*1000;
	EXPECT_EQ(Error::NONE, node.subscribe("here"));
	EXPECT_EQ(Error::NONE, other.subscribe("there"));
	EXPECT_EQ(Error::NONE, node.publish("nobody", "a").error);
	EXPECT_EQ(Error::NONE, other.publish("often", "a").error);
	Position before;
	EXPECT_EQ(Error::NONE, other.subscribe("left", before));
	other.pBackplane->unsubscribe("left");
	for (NATSNode* const pNode: {static_cast<NATSNode*>(&node), static_cast<NATSNode*>(&other)})
	{
		EXPECT_TRUE(pNode->until([&]() { return pNode->pBackplane->control(1, Control()) == Error::DETACHED; })) << "it knows who is there";
	}
	const Time begin = *pTime;
	Time removed = 0;
	for (int minute = 0; removed == 0 && minute < 500; ++minute)
	{
		*pTime += 60000;
		EXPECT_EQ(Error::NONE, other.publish("often", "a").error); // and the server has answered what was asked before
		node.pBackplane->tick();
		other.pBackplane->tick();
		if (writer.streams().size() == 3) removed = *pTime - begin;
	}
	EXPECT_LE(25*60*1000, removed) << "the position time and a quarter";
	EXPECT_TRUE(node.until([&]() { return node.pBackplane->metrics().removed + other.pBackplane->metrics().removed == 2; }));
	EXPECT_EQ(0, node.pSink->gaps("here") + other.pSink->gaps("there"));
	Position position;
	EXPECT_EQ(Error::NONE, other.subscribe("left", position));
	EXPECT_NE(before.epoch, position.epoch);
	EXPECT_EQ(1u, node.publish("here", "b").position.offset);
}


TEST(NATSHistory, NodesAreJoinedInOrderWhenManyPublish)
{
	NATSServer server(NATSServer::jetStream());
	HistoryNode reader(server.url());
	EXPECT_EQ(Error::NONE, reader.subscribe("h"));
	std::vector<std::unique_ptr<HistoryNode>> nodes;
	std::vector<std::thread> threads;
	for (int i = 0; i < 4; ++i) nodes.push_back(std::make_unique<HistoryNode>(server.url()));
	for (const auto& pNode: nodes)
	{
		threads.emplace_back([&, pNode = pNode.get()]()
		{
			for (int i = 0; i < 1000; ++i) pNode->send("h", "x");
		});
	}
	for (std::thread& thread: threads) thread.join();
	EXPECT_TRUE(reader.until([&]() { return reader.pSink->positions("h").size() == 4000; }));
	const std::vector<Position> positions = reader.pSink->positions("h");
	for (std::size_t i = 0; i < positions.size(); ++i) ASSERT_EQ(i + 1, positions[i].offset);
	EXPECT_EQ(0, reader.pSink->gaps("h"));
}


TEST(NATSHistory, ThereIsNoRoom)
{
	Poco::TemporaryFile file;
	std::ofstream(file.path()) << "jetstream { max_file_store: 300000 }\n";
	NATSServer server({"-c", file.path(), "-sd", "{folder}"});
	HistoryNode node(server.url());
	PublishResult result;
	int taken = 0;
	for (; result.error == Error::NONE && taken < 100; ++taken) result = node.publish("h", std::string(10000, 'x'));
	EXPECT_EQ(Error::BUSY, result.error);
	EXPECT_LT(20, taken);
	EXPECT_EQ(0u, node.pBackplane->metrics().waitingBytes);
	EXPECT_TRUE(node.pBackplane->up());
}
