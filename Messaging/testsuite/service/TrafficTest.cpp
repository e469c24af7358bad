//
// TrafficTest.cpp
//
// What checks nodes finds what it has to find, and nothing where all is right.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "ServiceSupport.h"
#include "BadNetwork.h"
#include "Traffic.h"
#include "Poco/Messaging/MemoryBackplane.h"
#include "Poco/Net/ServerSocket.h"
#include "Poco/Net/StreamSocket.h"
#include <gtest/gtest.h>
#include <vector>


using Poco::Messaging::MemoryBackplane;
using Poco::Messaging::Position;


namespace
{
	struct Row
	{
		const char* what;
		std::function<void(Record& record, int subscriber)> events;
		std::function<Poco::UInt64(const Findings& findings)> count;
		Poco::UInt64 expected;
		bool right;
	};

	void promised(Record& record, int count, const std::string& channel = "h", Poco::UInt64 epoch = 7)
	{
		for (int i = 1; i <= count; ++i) record.published(channel, "p " + std::to_string(i) + ' ', {epoch, epoch ? static_cast<Poco::UInt64>(i) : 0}, false);
	}

	void got(Record& record, int subscriber, const std::vector<int>& numbers, const std::string& channel = "h", Poco::UInt64 epoch = 7)
	{
		for (const int i: numbers) record.received(subscriber, channel, {epoch, epoch ? static_cast<Poco::UInt64>(i) : 0}, "p " + std::to_string(i) + ' ');
	}
}


TEST(Record, FindsWhatIsWrong)
{
	const Row ROWS[] =
	{
		{"all came", [](Record& record, int s) { promised(record, 3); got(record, s, {1, 2, 3}); }, [](const Findings& f) { return f.received; }, 3, true},
		{"the last one did not", [](Record& record, int s) { promised(record, 3); got(record, s, {1, 2}); }, [](const Findings& f) { return f.lost; }, 1, false},
		{"a gap that nobody tells, and its promise", [](Record& record, int s) { promised(record, 3); got(record, s, {1, 3}); }, [](const Findings& f) { return f.lost; }, 2, false},
		{"a gap that is told", [](Record& record, int s)
		{
			promised(record, 3);
			got(record, s, {1});
			record.lost(s, "h", {7, 1}, {7, 2});
			got(record, s, {3});
		}, [](const Findings& f) { return f.lostTold; }, 1, true},
		{"a gap that is told too large", [](Record& record, int s)
		{
			promised(record, 3);
			record.lost(s, "h", {7, 1}, {7, 2});
			got(record, s, {3});
		}, [](const Findings& f) { return f.contradictions; }, 1, false},
		{"another epoch", [](Record& record, int s)
		{
			promised(record, 2);
			got(record, s, {1});
			record.subscribed(s, "h", {8, 1}, false);
			record.lost(s, "h", {7, 1}, {8, 1});
			record.published("h", "p 4 ", {8, 2}, false);
			record.received(s, "h", {8, 2}, "p 4 ");
		}, [](const Findings& f) { return f.lostTold; }, 1, true},
		{"another epoch, and not told", [](Record& record, int s)
		{
			promised(record, 1);
			got(record, s, {1});
			record.received(s, "h", {8, 1}, "p 4 ");
		}, [](const Findings& f) { return f.lost; }, 1, false},
		{"twice", [](Record& record, int s) { promised(record, 2); got(record, s, {1, 2, 2}); }, [](const Findings& f) { return f.duplicates; }, 1, false},
		{"stored twice", [](Record& record, int s)
		{
			got(record, s, {1});
			record.received(s, "h", {7, 2}, "p 1 ");
		}, [](const Findings& f) { return f.contradictions; }, 1, false},
		{"another one than was promised", [](Record& record, int s)
		{
			promised(record, 1);
			record.received(s, "h", {7, 1}, "q 1 ");
		}, [](const Findings& f) { return f.contradictions; }, 1, false},
		{"not recovered, and nothing told", [](Record& record, int s)
		{
			promised(record, 3);
			got(record, s, {1});
			record.subscribed(s, "h", {7, 3}, false);
		}, [](const Findings& f) { return f.lost; }, 3, false},
		{"recovered", [](Record& record, int s)
		{
			promised(record, 3);
			got(record, s, {1});
			record.subscribed(s, "h", {7, 3}, true);
			got(record, s, {2, 3});
		}, [](const Findings& f) { return f.recovered; }, 1, true},
		{"ephemeral ones may be missing", [](Record& record, int s) { promised(record, 3, "c", 0); got(record, s, {1, 3}, "c", 0); }, [](const Findings& f) { return f.missing; }, 1, true},
		{"but not come twice", [](Record& record, int s) { promised(record, 3, "c", 0); got(record, s, {1, 1}, "c", 0); }, [](const Findings& f) { return f.duplicates; }, 1, false},
		{"nor in another order", [](Record& record, int s) { promised(record, 3, "c", 0); got(record, s, {1, 3, 2}, "c", 0); }, [](const Findings& f) { return f.disorder; }, 1, false},
		{"nor in one that another subscriber does not have", [](Record& record, int s)
		{
			const int other = record.subscriber("other");
			record.subscribed(other, "c", {}, false);
			for (const char* payload: {"p 1 ", "q 1 "}) record.received(s, "c", {}, payload);
			for (const char* payload: {"q 1 ", "p 1 "}) record.received(other, "c", {}, payload);
		}, [](const Findings& f) { return f.disorder; }, 1, false},
		{"one Leave", [](Record& record, int s) { for (const bool joined: {true, false, true, false}) record.presence(s, "c", "m", joined); }, [](const Findings& f) { return f.leaves; }, 2, true},
		{"two", [](Record& record, int s) { for (const bool joined: {true, false, false}) record.presence(s, "c", "m", joined); }, [](const Findings& f) { return f.presence; }, 1, false},
		{"two Joins", [](Record& record, int s) { for (const bool joined: {true, true}) record.presence(s, "c", "m", joined); }, [](const Findings& f) { return f.presence; }, 1, false}
	};
	for (const Row& row: ROWS)
	{
		Record record;
		const int subscriber = record.subscriber("s");
		record.subscribed(subscriber, "h", {7, 0}, false);
		record.subscribed(subscriber, "c", {}, false);
		row.events(record, subscriber);
		const Findings findings = record.check();
		EXPECT_EQ(row.expected, row.count(findings)) << row.what << ": " << findings.text();
		EXPECT_EQ(row.right, findings.right()) << row.what << ": " << findings.text();
	}
}


TEST(BadNetwork, CutsAndSwallows)
{
	Poco::Net::ServerSocket listener(Poco::Net::SocketAddress("127.0.0.1", 0));
	BadNetwork network(listener.address().port());
	const auto pair = [&]()
	{
		const Poco::Net::StreamSocket client(Poco::Net::SocketAddress(network.address()));
		return std::make_pair(client, listener.acceptConnection());
	};
	const auto get = [](Poco::Net::StreamSocket socket)
	{
		char bytes[100];
		const int received = socket.poll(Poco::Timespan(0, 300000), Poco::Net::Socket::SELECT_READ) ? socket.receiveBytes(bytes, sizeof(bytes)) : -1;
		return received < 0 ? std::string("nothing") : received == 0 ? std::string("the end") : std::string(bytes, static_cast<std::size_t>(received));
	};
	auto first = pair();
	first.first.sendBytes("up", 2);
	EXPECT_EQ("up", get(first.second));
	network.failAfter(BadNetwork::DOWN, 3, BadNetwork::CUT);
	first.second.sendBytes("down", 4);
	EXPECT_EQ("dow", get(first.first));
	EXPECT_EQ("the end", get(first.first));
	EXPECT_TRUE(eventually([&]() { return network.failed(); }));

	auto second = pair();
	network.failAfter(BadNetwork::UP, 1, BadNetwork::SWALLOW);
	second.first.sendBytes("up", 2);
	EXPECT_EQ("u", get(second.second));
	second.second.sendBytes("down", 4);
	EXPECT_EQ("nothing", get(second.first)) << "it is silent in both directions";
	second.second.close();
	EXPECT_EQ("nothing", get(second.first)) << "nor is it told of the end";

	auto third = pair();
	network.fail(BadNetwork::SWALLOW);
	EXPECT_EQ("nothing", get(third.second)); // it has seen that by now
	third.first.sendBytes("up", 2);
	EXPECT_EQ("nothing", get(third.second));
	network.restore();
	auto fourth = pair();
	fourth.first.sendBytes("up", 2);
	EXPECT_EQ("up", get(fourth.second));
	network.reset();
	EXPECT_THROW(
	{
		if (get(fourth.first) == "the end") throw Poco::IOException();
	}, Poco::IOException);
	EXPECT_EQ(4, network.connections());
}


namespace
{
	class MemoryNode
	{
	public:
		explicit MemoryNode(MemoryBackplane& backplane):
			_backplane(backplane)
		{
			start(0);
		}

		~MemoryNode()
		{
			pServer->stop();
		}

		void start(Poco::UInt16 port)
		{
			HubParams::Ptr pHubParams(new HubParams);
			pHubParams->setOptionsOf([](const std::string& channel)
			{
				Poco::Messaging::ChannelOptions options;
				if (channel[0] == 'h') options.historySize = 1000;
				return options;
			});
			pService = std::make_unique<MessageService>(new MessageServiceParams, pHubParams, new MemoryBackplane(_backplane));
			pServer = std::make_unique<Poco::Net::WebSocketServer>();
			pService->addTo(*pServer, "/messages");
			pServer->listen(Poco::Net::SocketAddress("127.0.0.1", port));
			pServer->start();
		}

		void cut()
		{
			for (auto pConnection: pServer->connections()) pConnection->abort();
		}

		void restart()
		{
			const Poco::UInt16 port = pServer->port();
			cut();
			pServer->stop();
			pServer.reset();
			pService.reset();
			start(port);
		}

		MemoryBackplane& _backplane;
		std::unique_ptr<MessageService> pService;
		std::unique_ptr<Poco::Net::WebSocketServer> pServer;
	};
}


TEST(Traffic, NothingIsLostBetweenTwoServices)
{
	MemoryBackplane::Ptr pBackplane(new MemoryBackplane);
	MemoryNode first(*pBackplane);
	MemoryNode second(*pBackplane);
	Record record;
	{
		TrafficOptions options;
		options.ports = {first.pServer->port(), second.pServer->port()};
		options.interval = 5;
		Traffic traffic(record, options);
		ASSERT_LE(0, traffic.flows()) << traffic.waits();
		first.cut();
		ASSERT_LE(0, traffic.flows()) << traffic.waits();
		second.restart();
		ASSERT_LE(0, traffic.flows()) << traffic.waits();
		EXPECT_TRUE(traffic.settle()) << traffic.waits();
	}
	const Findings findings = record.check();
	EXPECT_TRUE(findings.right()) << findings.text();
	EXPECT_EQ(0u, findings.gapsTold) << findings.text();
	EXPECT_LT(0u, findings.recovered) << findings.text();
}
