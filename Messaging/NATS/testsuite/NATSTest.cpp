//
// NATSTest.cpp
//
// What NATSBackplane does beside the contract (NATSContract.cpp): URLs, names, foreign messages, limits.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "NATSSupport.h"
#include "node/NodeFormat.h"
#include "support/TestCertificate.h"
#include "Poco/Exception.h"
#include "Poco/Logger.h"
#include "Poco/Message.h"
#include "Poco/Channel.h"
#include "Poco/Net/ServerSocket.h"
#include "Poco/Timestamp.h"
#include <fstream>


using Poco::Messaging::NodeFormat;


namespace
{
	bool contains(const std::string& text, const std::string& part)
	{
		return text.find(part) != std::string::npos;
	}

	std::string refusal(const std::function<void()>& function)
	{
		try
		{
			function();
		}
		catch (const Poco::Exception& exc)
		{
			return exc.displayText();
		}
		return std::string();
	}

	NATSBackplaneParams::Ptr paramsOf(const std::string& url)
	{
		NATSBackplaneParams::Ptr pParams(new NATSBackplaneParams(url));
		pParams->setConnectTimeout(Poco::Timespan(1, 0));
		return pParams;
	}

	std::string starting(const std::string& url)
		/// Returns why it does not start.
	{
		return refusal([&]() { NATSNode node(paramsOf(url)); });
	}

	class Lines: public Poco::Channel
		/// What was logged.
	{
	public:
		void log(const Poco::Message& message) override
		{
			const std::lock_guard<std::mutex> lock(_mutex);
			_lines.push_back(message.getText());
		}

		std::vector<std::string> lines() const
		{
			const std::lock_guard<std::mutex> lock(_mutex);
			return _lines;
		}

	private:
		mutable std::mutex _mutex;
		std::vector<std::string> _lines;
	};
}


TEST(NATSParams, URLs)
{
	struct Row
	{
		const char* url;
		const char* refused; // empty: it is taken
	};
	const Row ROWS[] =
	{
		{"nats://localhost", ""},
		{"tls://localhost:4443/", ""},
		{"nats://user:secret@a:1,b,[::1]:3", ""},
		{"nats://secret@a", ""},
		{"nats://us%40er:sec%3Aret@a", ""},
		{"localhost", "begins neither"},
		{"user:secret@localhost", "begins neither"},
		{"redis://user:secret@localhost", "begins neither"},
		{"http://user:secret@localhost", "begins neither"},
		{"nats://", "no host"},
		{"nats://user:secret@", "no host"},
		{"nats://user:secret@:4222", "no host"},
		{"nats://user:secret@a,", "no host"},
		{"nats://user:secret@a:", "port"},
		{"nats://user:secret@a:0", "port"},
		{"nats://user:secret@a:65536", "port"},
		{"nats://user:secret@a:4222x", "port"},
		{"nats://user:secret@[::1", "bracket"},
		{"nats://user:secret@a/b", "not valid"},
		{"nats://user:secret@a b", "not valid"},
		{"nats://user:secret%@a", "encoded"}
	};
	for (const Row& row: ROWS)
	{
		const std::string reason = refusal([&]() { NATSBackplane::Ptr pBackplane(new NATSBackplane(row.url)); });
		EXPECT_TRUE(*row.refused ? contains(reason, row.refused) : reason.empty()) << row.url << ": " << reason;
		EXPECT_FALSE(contains(reason, "secret")) << reason;
	}
}


TEST(NATSParams, RangesAtTheirEdges)
{
	NATSBackplaneParams::Ptr pParams(new NATSBackplaneParams("nats://a"));
	for (const std::string prefix: {"", ".a", "a.", "a..b", "a b", "a*", ">", "\xC3\xA4"}) EXPECT_THROW(pParams->setPrefix(prefix), Poco::InvalidArgumentException) << prefix;
	EXPECT_THROW(pParams->setPrefix(std::string(256, 'a')), Poco::InvalidArgumentException);
	EXPECT_EQ("poco", pParams->getPrefix());
	for (const std::string& prefix: {std::string("a"), std::string("A-b_1.c"), std::string(255, 'a')})
	{
		pParams->setPrefix(prefix);
		EXPECT_EQ(prefix, pParams->getPrefix());
	}
	EXPECT_THROW(pParams->setConnectTimeout(Poco::Timespan(0, 9999)), Poco::InvalidArgumentException);
	EXPECT_THROW(pParams->setConnectTimeout(Poco::Timespan(3600, 1)), Poco::InvalidArgumentException);
	pParams->setConnectTimeout(Poco::Timespan(0, 10000));
	pParams->setConnectTimeout(Poco::Timespan(3600, 0));
	for (const int replicas: {-1, 0, 6}) EXPECT_THROW(pParams->setHistoryReplicas(replicas), Poco::InvalidArgumentException);
	for (const int replicas: {5, 1})
	{
		pParams->setHistoryReplicas(replicas);
		EXPECT_EQ(replicas, pParams->getHistoryReplicas());
	}
	EXPECT_FALSE(pParams->getHistoryInMemory());
	EXPECT_THROW(pParams->setClock(nullptr), Poco::InvalidArgumentException);
	EXPECT_THROW(NATSBackplane::Ptr(new NATSBackplane(NATSBackplaneParams::Ptr())), Poco::InvalidArgumentException);
}


TEST(NATSStart, SaysWhyItCannot)
{
	NATSServer open;
	NATSServer guarded({"--user", "us@er", "--pass", "se:cret"});
	const std::string nobody = "127.0.0.1:" + std::to_string(ServerProcess::freePort());
	Poco::Net::ServerSocket silent(Poco::Net::SocketAddress("127.0.0.1", 0));
	struct Row
	{
		std::string url;
		std::string where;
		std::string why;
	};
	const Row ROWS[] =
	{
		{"nats://us%40er:wrongsecret@" + nobody, nobody, "connection refused"},
		{"nats://u:wrongsecret@" + nobody + ",nohost.invalid", "nohost.invalid:4222", "ot found"},
		{"nats://" + silent.address().toString(), silent.address().toString(), "Timeout"},
		{"nats://us%40er:wrongsecret@" + guarded.address(), guarded.address(), "Violation"},
		{"nats://wrongsecret@" + guarded.address(), guarded.address(), "Violation"},
		{"nats://" + guarded.address(), guarded.address(), "Violation"},
		{"tls://" + open.address(), open.address(), "Secure Connection not available"}
	};
	for (const Row& row: ROWS)
	{
		const std::string reason = starting(row.url);
		EXPECT_TRUE(contains(reason, row.where) && contains(reason, row.why)) << row.url << ": " << reason;
		EXPECT_FALSE(contains(reason, "secret")) << reason;
	}
	EXPECT_EQ("", starting("nats://us%40er:se%3Acret@" + guarded.address()));
	EXPECT_EQ("", starting("nats://" + nobody + ',' + open.address())) << "one of them is enough";
	NATSServer token({"--auth", "secret"});
	EXPECT_EQ("", starting("nats://secret@" + token.address()));
}


TEST(NATSStart, CanWaitForTheServer)
{
	NATSServer server;
	server.kill();
	const NATSBackplaneParams::Ptr pParams = paramsOf(server.url());
	NATSBackplaneParams::Ptr(pParams)->setRetryAtStart(true);
	NATSNode node(pParams);
	EXPECT_FALSE(node.pBackplane->up());
	EXPECT_FALSE(node.pBackplane->metrics().connected);
	EXPECT_EQ(Error::UNAVAILABLE, node.subscribe("c"));
	EXPECT_EQ(Error::UNAVAILABLE, node.publish("c", "1").error);
	EXPECT_EQ(Error::UNAVAILABLE, node.pBackplane->control(0, Control()));
	server.start();
	EXPECT_TRUE(node.until([&]() { return node.pBackplane->up(); }));
	EXPECT_EQ(Error::NONE, node.subscribe("c"));
	EXPECT_EQ(1u, node.publish("c", "2").local.delivered);
	EXPECT_EQ(std::vector<std::string>({"2 own"}), node.pSink->publications("c"));
}


TEST(NATSStart, TLSVerifiesTheServer)
{
	using WebSocketTest::TestCertificate;
	const TestCertificate authority("Authority", {nullptr, true});
	TestCertificate::Form form;
	form.pIssuer = &authority;
	const TestCertificate certificate("localhost", form);
	const ServerProcess files("nats-server"); // for its folder
	const auto file = [&](const std::string& name, const std::string& text)
	{
		const std::string path = files.folder() + '/' + name;
		std::ofstream(path) << text;
		return path;
	};
	NATSServer server({"--tls", "--tlscert", file("certificate", certificate.pem()), "--tlskey", file("key", certificate.keyPEM())});
	const std::string trusted = file("authority", authority.pem());
	const auto reason = [&](const std::string& host, const std::string& ca)
	{
		const NATSBackplaneParams::Ptr pParams = paramsOf("tls://" + host + ':' + std::to_string(server.port()));
		NATSBackplaneParams::Ptr(pParams)->setCAFile(ca);
		return refusal([&]() { NATSNode node(pParams); });
	};
	EXPECT_EQ("", reason("localhost", trusted));
	EXPECT_NE("", reason("localhost", "")) << "nobody is trusted";
	EXPECT_NE("", reason("127.0.0.1", trusted)) << "another name";
	EXPECT_NE("", reason("localhost", files.folder() + "/none"));
}


TEST(NATSBackplane, ChannelsHaveAnyNames)
{
	NATSServer server;
	NATSNode first(server.url());
	NATSNode second(server.url());
	std::vector<std::string> names{"a", "A", "a.b", "a*", "*", ">", "a.>", ".", "..", " ", "=", "=2E", "$SYS", "\xC3\xA4", std::string("\0\r\n\t", 4), std::string(255, '.'), std::string(255, 'x')};
	for (int byte = 0; byte < 256; ++byte) names.push_back("b" + std::string(1, static_cast<char>(byte)));
	for (const std::string& name: names) ASSERT_EQ(Error::NONE, second.subscribe(name));
	for (std::size_t i = 0; i < names.size(); ++i) ASSERT_EQ(Error::NONE, first.publish(names[i], std::to_string(i)).error);
	for (std::size_t i = 0; i < names.size(); ++i)
	{
		EXPECT_TRUE(second.until([&]() { return !second.pSink->publications(names[i]).empty(); })) << i;
		EXPECT_EQ(std::vector<std::string>({std::to_string(i)}), second.pSink->publications(names[i]));
	}
}


TEST(NATSBackplane, PrefixesDoNotMeet)
{
	NATSServer server;
	const NATSBackplaneParams::Ptr pParams = paramsOf(server.url());
	NATSBackplaneParams::Ptr(pParams)->setPrefix("poco.c");
	NATSNode first(server.url());
	NATSNode other(pParams);
	NATSNode third(server.url());
	EXPECT_EQ(Error::NONE, first.subscribe("c"));
	EXPECT_EQ(Error::NONE, other.subscribe("c"));
	Control control;
	control.message.data = "x";
	EXPECT_TRUE(third.until([&]() { return third.pBackplane->metrics().nodes == 1; }));
	EXPECT_EQ(Error::NONE, third.pBackplane->control(0, control));
	EXPECT_EQ(Error::NONE, third.publish("c", "1").error);
	EXPECT_TRUE(first.until([&]() { return first.pSink->publications("c").size() == 1 && first.pSink->controls().size() == 1; }));
	EXPECT_EQ(1u, other.publish("c", "2").local.delivered);
	EXPECT_EQ(std::vector<std::string>({"2 own"}), other.pSink->publications("c"));
	EXPECT_TRUE(other.pSink->controls().empty());
	EXPECT_TRUE(third.pSink->controls().empty()) << "its own, for the others";
	EXPECT_EQ(0u, other.pBackplane->metrics().nodes);
}


TEST(NATSBackplane, PublicationsHaveTheTimeOfTheHubsClock)
{
	NATSServer server;
	const NATSBackplaneParams::Ptr pParams = paramsOf(server.url());
	NATSBackplaneParams::Ptr(pParams)->setClock([]() { return Poco::Timestamp().epochMicroseconds()/1000 - 1000000; });
	NATSNode node(pParams);
	EXPECT_EQ(Error::NONE, node.subscribe("c"));
	const Time before = pParams->getClock()();
	EXPECT_EQ(1u, node.publish("c", "1").local.delivered);
	const Time after = pParams->getClock()();
	ASSERT_EQ(1u, node.pSink->times().size());
	EXPECT_LE(before - 1, node.pSink->times()[0]);
	EXPECT_GE(after + 1, node.pSink->times()[0]);
}


TEST(NATSBackplane, WhatIsTooLargeIsRefused)
{
	NATSServer server;
	NATSNode node(server.url());
	EXPECT_EQ(Error::NONE, node.subscribe("c"));
	EXPECT_EQ(Error::TOO_LARGE, node.publish("c", std::string(1024*1024, 'x')).error);
	EXPECT_EQ(Error::NONE, node.publish("c", std::string(1024*1024 - 1000, 'x')).error);
	Control control;
	control.message.data.assign(1024*1024, 'x');
	EXPECT_EQ(Error::TOO_LARGE, node.pBackplane->control(node.pBackplane->node(), control));
	EXPECT_TRUE(node.pBackplane->up());
	EXPECT_EQ(0u, node.pBackplane->metrics().reconnects);
}


TEST(NATSBackplane, WhatOthersWriteIsDroppedAndSaidOnce)
{
	Poco::AutoPtr<Lines> pLines(new Lines);
	Poco::Logger& logger = Poco::Logger::get("Messaging.NATSBackplane");
	const Poco::AutoPtr<Poco::Channel> pBefore(logger.getChannel(), true);
	logger.setChannel(pLines);
	{
		NATSServer server;
		NATSNode node(server.url());
		NATSWriter writer(server.url());
		EXPECT_EQ(Error::NONE, node.subscribe("c"));
		std::string frame;
		NodeFormat::append(frame, {1, 1}, *publicationOf("x"));
		const std::string number = std::to_string(node.pBackplane->node());
		const std::pair<std::string, std::string> ROWS[] =
		{
			{"c.c", ""},
			{"c.c", "rubbish"},
			{"c.c", "P"},
			{"c.c", "P0 0 0\n"},
			{"c.c", "P0 0 0\n\x7F"},
			{"c.c", NodeFormat::publications({7, 1}, 0, frame)},
			{"c.c", NodeFormat::publications({}, 0, frame.substr(0, frame.size() - 1))},
			{"c.c", NodeFormat::control(1, Control())},
			{"n", "rubbish"},
			{"n." + number, NodeFormat::publications({}, 0, frame)},
			{"nodes", ""},
			{"nodes", "hello"},
			{"nodes", "hello 0"},
			{"nodes", "hello 4294967296"},
			{"nodes", "hello -1"},
			{"nodes", "hello 1 x"},
			{"nodes", "hullo 1"}
		};
		for (const auto& row: ROWS) writer.write("poco." + row.first, row.second);
		EXPECT_TRUE(node.until([&]() { return node.pBackplane->metrics().foreign == std::size(ROWS); }));
		EXPECT_EQ(std::size(ROWS), node.pBackplane->metrics().foreign);
		writer.write("poco.c.c", NodeFormat::publications({}, 0, frame + "rubbish"));
		EXPECT_TRUE(node.until([&]() { return node.pBackplane->metrics().foreign == std::size(ROWS) + 1; }));
		EXPECT_EQ(std::vector<std::string>({"x"}), node.pSink->publications("c")) << "that which is valid";
		EXPECT_TRUE(node.pSink->controls().empty());
		EXPECT_EQ(Error::NONE, node.publish("c", "1").error);
		EXPECT_TRUE(node.pBackplane->up());
		ASSERT_EQ(1u, pLines->lines().size());
		EXPECT_TRUE(contains(pLines->lines()[0], "poco.")) << pLines->lines()[0];
	}
	logger.setChannel(pBefore);
}


TEST(NATSBackplane, WhoTakesTooLongIsToldThatItHasAGap)
{
	NATSServer server;
	NATSNode writer(server.url());
	NATSNode reader(server.url());
	EXPECT_EQ(Error::NONE, reader.subscribe("c"));
	EXPECT_EQ(Error::NONE, reader.subscribe("other"));
	reader.pSink->block(true);
	const std::string data(100000, 'x');
	for (int i = 0; reader.pBackplane->metrics().dropped == 0 && i < 1000; ++i) EXPECT_EQ(Error::NONE, writer.publish("c", data).error);
	EXPECT_LT(0u, reader.pBackplane->metrics().dropped);
	reader.pSink->block(false);
	EXPECT_TRUE(reader.until([&]() { return reader.pSink->gaps("c") == 1; }));
	EXPECT_GE(NATSBackplane::MAX_WAITING/data.size() + 2, reader.pSink->publications("c").size());
	EXPECT_EQ(Error::NONE, writer.publish("c", "last").error);
	EXPECT_TRUE(reader.until([&]() { return reader.pSink->publications("c").back() == "last"; }));
	EXPECT_TRUE(reader.pBackplane->up());
	EXPECT_EQ(0u, reader.pBackplane->metrics().reconnects);
}


TEST(NATSBackplane, MetricsSayWhatItHasDone)
{
	NATSServer server;
	NATSNode node(server.url());
	NATSNode other(server.url());
	EXPECT_EQ(Error::NONE, node.subscribe("c"));
	for (int i = 0; i < 3; ++i) EXPECT_EQ(Error::NONE, node.publish("c", "x").error);
	EXPECT_EQ(Error::TOO_LARGE, node.publish("c", std::string(2*1024*1024, 'x')).error);
	EXPECT_TRUE(node.until([&]() { return node.pBackplane->metrics().nodes == 1 && node.pSink->publications("c").size() == 3; }));
	EXPECT_TRUE(node.until([&]() { return node.pBackplane->metrics().waitingBytes == 0; }));
	std::string text;
	for (const auto& metric: node.pBackplane->monitored()) text += std::string(metric.name) + ' ' + std::to_string(static_cast<int>(metric.value)) + '\n';
	EXPECT_EQ("messaging_nats_connected 1\nmessaging_nats_history 0\nmessaging_nats_nodes 1\nmessaging_nats_waiting_bytes 0\nmessaging_nats_reconnects 0\nmessaging_nats_published 3\n"
		"messaging_nats_refused 1\nmessaging_nats_received 3\nmessaging_nats_dropped 0\nmessaging_nats_foreign 0\nmessaging_nats_removed_streams 0\n", text);
}


TEST(NATSBackplane, AFunctionThatItCallsMayEndIt)
{
	NATSServer server;
	NATSNode node(server.url());
	NATSNode other(server.url());
	std::atomic<bool> ended{false};
	NATSBackplane::Ptr pBackplane = node.pBackplane;
	node.pBackplane->subscribe("c", ChannelOptions(), [&](Error, const Position&)
	{
		pBackplane->stop();
		ended = true;
	});
	EXPECT_TRUE(other.until([&]() { return ended.load(); }));
	EXPECT_FALSE(node.pBackplane->up());
	EXPECT_EQ(Error::UNAVAILABLE, node.publish("c", "1").error);
	EXPECT_TRUE(other.until([&]() { return other.pBackplane->metrics().nodes == 0; })) << "it has said that it goes";
}
