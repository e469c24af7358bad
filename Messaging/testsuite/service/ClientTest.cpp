//
// ClientTest.cpp
//
// MessageClient over real sockets: in both formats, plain and TLS.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "ClientSupport.h"
#include "Poco/Exception.h"
#include <future>


using Poco::Messaging::MessageReply;


namespace
{
	class ClientTest: public ::testing::TestWithParam<Wire>
	{
	};

	struct Client
		/// With what it is told.
	{
		explicit Client(const TestService& service, const MessageClientParams::Ptr& pParams = MessageClientParams::Ptr()):
			Client(service, service.pServer->port(), pParams)
		{
		}

		Client(const TestService& service, Poco::UInt16 port, const MessageClientParams::Ptr& pParams = MessageClientParams::Ptr()):
			pClient(std::make_unique<MessageClient>(uriOf(service.wire, port), told.callbacks(), pParams ? pParams : clientParams(service.wire), connectionParams(service.wire)))
		{
		}

		MessageClient* operator -> ()
		{
			return pClient.get();
		}

		void enter(const std::string& channel)
		{
			pClient->subscribe(channel, told.subscription(channel));
			ASSERT_TRUE(told.has(channel + " in"));
		}

		void cut()
		{
			const auto pConnection = pClient->connection();
			if (pConnection) const_cast<Poco::Net::WebSocketConnection&>(*pConnection).abort();
		}

		Told told;
		std::unique_ptr<MessageClient> pClient;
	};
}


INSTANTIATE_TEST_SUITE_P(Client, ClientTest, ::testing::Values(Wire::BINARY, Wire::JSON, Wire::BINARY_TLS), wireName);


TEST_P(ClientTest, AsksAndIsTold)
{
	TestService service(GetParam(), [](MessageServiceParams&, HubParams& params) { params.setLeaveDelay(0); },
		[](MessageService& messages) { messages.setHandler(200, [](MessageRequest& request) { request.answer("hello " + std::string(request.payload())); }); });
	MessageClientParams::Ptr pParams = clientParams(GetParam());
	pParams->setInfo("Anna");
	Client client(service, pParams);
	EXPECT_EQ(MessageClientCallbacks::STOPPED, client->state());
	client->subscribe("c", client.told.subscription("c"));
	client->request(200, "x", client.told.done("early"));
	client->start();
	client->publish("c", "first", client.told.done("first"));
	ASSERT_TRUE(client.told.has("first NONE"));
	EXPECT_EQ(MessageClientCallbacks::CONNECTED, client->state());
	EXPECT_FALSE(client->session().empty());
	EXPECT_EQ("", client->user());
	EXPECT_TRUE(client->connection());
	const std::string data("\x00\xFF text", 7);
	client->publish("c", data);
	ASSERT_TRUE(client.told.has("c:" + data));
	EXPECT_EQ(Texts({"early STOPPED", "connecting", "connected", "c in", "c:first"}), Texts({client.told.all()[0], client.told.all()[1], client.told.all()[2], client.told.all()[3], client.told.all()[4]}));

	for (const char* number: {"1", "2", "3"}) service.pService->hub().publish("h", number);
	std::promise<std::string> history;
	client->history("h", [&](ErrorCode error, const Message& answer)
	{
		std::string all = Poco::Messaging::toString(error);
		for (const Message& item: answer.items) all += " " + std::string(item.payload);
		history.set_value(all);
	}, 2);
	EXPECT_EQ("NONE 2 3", history.get_future().get());

	client.enter("p");
	EXPECT_TRUE(client.told.has("p join Anna"));
	std::promise<std::string> presence;
	client->presence("p", [&](ErrorCode, const Message& answer) { presence.set_value(answer.items.size() == 1 ? std::string(answer.items[0].text) : "?"); });
	EXPECT_EQ("Anna", presence.get_future().get());
	std::promise<Poco::UInt64> count;
	client->presenceStats("p", [&](ErrorCode, const Message& answer) { count.set_value(answer.count); });
	EXPECT_EQ(1u, count.get_future().get());

	std::promise<std::string> hello;
	client->request(200, "you", [&](ErrorCode, const Message& answer) { hello.set_value(std::string(answer.payload)); });
	EXPECT_EQ("hello you", hello.get_future().get());
	client->request(Message::empty(Opcode::WHO_AM_I, 0), client.told.done("who"));
	EXPECT_TRUE(client.told.has("who NONE"));
	client->presence("c", client.told.done("no presence"));
	EXPECT_TRUE(client.told.has("no presence NO_HISTORY"));
	client->request(201, "", client.told.done("nobody"));
	EXPECT_TRUE(client.told.has("nobody OPCODE"));
	EXPECT_THROW(client->subscribe("c", MessageSubscription()), Poco::ExistsException);
	EXPECT_TRUE(client->unsubscribe("c"));
	EXPECT_FALSE(client->unsubscribe("c"));
	EXPECT_TRUE(eventually([&]() { return service.pService->hub().metrics().channels == 1; })) << "p is left";
	client->subscribe(std::string(300, 'x'), client.told.subscription("long"));
	EXPECT_TRUE(client.told.has("long ended CHANNEL_NAME"));
	service.pService->hub().unsubscribe(service.pService->hub().session(client->session()), "p", {}, true);
	EXPECT_TRUE(client.told.has("p ended FORBIDDEN"));
	client->stop();
	EXPECT_EQ("stopped", client.told.all().back());
	EXPECT_TRUE(eventually([&]() { return service.pService->metrics().connections == 0; }));
}


TEST_P(ClientTest, MessagesToSessionsAndUsers)
{
	TestService service(GetParam(), [](MessageServiceParams& params, HubParams& hub)
	{
		TestService::withTokens(params);
		hub.setRepeatInterval(Poco::Timespan(0, 5000));
	});
	const auto withToken = [&](const std::string& claims)
	{
		MessageClientParams::Ptr pParams = clientParams(GetParam());
		pParams->setToken([claims]() { return token(claims); });
		return pParams;
	};
	Client anna(service, withToken("\"sub\":\"anna\",\"grants\":{\"private-user-*\":[\"publish\"],\"private-session-*\":[\"publish\"],\"private-broadcast\":[\"publish\"]}"));
	Client bert(service, withToken("\"sub\":\"bert\""));
	anna->start();
	bert->start();
	ASSERT_TRUE(bert.told.has("connected"));
	EXPECT_EQ("bert", bert->user());
	anna->sendToUser("bert", "1", anna.told.done("1"));
	EXPECT_TRUE(bert.told.has("message 1"));
	anna->sendToSession(bert->session(), "2", anna.told.done("2"));
	EXPECT_TRUE(bert.told.has("message 2"));
	anna->broadcast("3", anna.told.done("3"));
	EXPECT_TRUE(bert.told.has("message 3"));
	EXPECT_TRUE(anna.told.has("message 3"));
	for (int i = 0; i < 5; ++i)
	{
		const std::string name = "acknowledged " + std::to_string(i);
		if (i % 2 == 0) anna->sendToUser("bert", name, anna.told.done(name), true);
		else anna->sendToSession(bert->session(), name, anna.told.done(name), true);
		EXPECT_TRUE(anna.told.has(name + " NONE"));
		EXPECT_EQ(1u, bert.told.count("message " + name)) << "it is repeated, and handed over once";
	}
	for (const char* name: {"1", "2", "3"}) EXPECT_TRUE(anna.told.has(std::string(name) + " NONE"));
	bert->sendToUser("anna", "x", bert.told.done("forbidden"));
	EXPECT_TRUE(bert.told.has("forbidden FORBIDDEN"));
}


TEST_P(ClientTest, EachConnectionHasAFreshToken)
{
	std::atomic<int> asked{0};
	TestService service(GetParam(), [](MessageServiceParams& params, HubParams&)
	{
		TestService::withTokens(params);
		params.setRefreshTime(Poco::Timespan(3600, 0));
	});
	MessageClientParams::Ptr pParams = clientParams(GetParam());
	pParams->setToken([&]() -> std::string
	{
		switch (++asked)
		{
		case 1:
			throw Poco::NotFoundException("no token yet");
		case 2:
			return token("\"sub\":\"anna\"", -3600);
		case 3:
		case 5:
			return token("\"sub\":\"anna\"", 600); // the service asks for another one at once
		case 4:
			return token("\"sub\":\"bert\"");
		default:
			return token("\"sub\":\"anna\"", 7200);
		}
	});
	Client client(service, pParams);
	client->start();
	ASSERT_TRUE(client.told.has("connected"));
	EXPECT_EQ("anna", client->user());
	EXPECT_EQ(1u, client.told.count("why There is no token: Not found: no token yet"));
	EXPECT_EQ(1u, client.told.count("why Connect was refused: The token is not accepted"));
	EXPECT_TRUE(client.told.has("error TOKEN The token is not accepted")) << "that of somebody else";
	EXPECT_EQ(4, asked);
	client.cut();
	EXPECT_TRUE(eventually([&]() { return asked == 6 && client.told.count("connected") == 2; }));
	client->request(Message::empty(Opcode::PING, 0), client.told.done("ping"));
	EXPECT_TRUE(client.told.has("ping NONE"));
}


TEST_P(ClientTest, ComesBackAndMissesNothing)
{
	TestService service(GetParam());
	Client client(service);
	client->start();
	client.enter("h");
	client.enter("c");
	Texts expected;
	for (int i = 0; i < 30; ++i)
	{
		expected.push_back(std::to_string(i));
		service.pService->hub().publish("h", expected.back());
		if (i % 5 == 0) client.cut();
		ASSERT_TRUE(client.told.has("h:" + expected.back()));
	}
	EXPECT_EQ(expected, client.told.with("h:"));
	EXPECT_EQ(0u, client.told.count("h lost"));
	EXPECT_TRUE(eventually([&]() { return client.told.count("c in") == client.told.count("connected"); })) << "it is in all channels again";
}


TEST_P(ClientTest, IsToldWhatItHasLost)
{
	TestService service(GetParam());
	Client client(service);
	client->start();
	client.enter("h");
	service.pService->hub().publish("h", "0");
	ASSERT_TRUE(client.told.has("h:0"));
	client->stop();
	for (int i = 1; i <= 5; ++i) service.pService->hub().publish("h", std::to_string(i));
	client->start();
	ASSERT_TRUE(client.told.has("h:5"));
	EXPECT_EQ(0u, client.told.count("h lost"));
	client->stop();
	for (int i = 6; i <= 20; ++i) service.pService->hub().publish("h", std::to_string(i)); // 10 are kept
	client->start();
	ASSERT_TRUE(client.told.has("h lost"));
	service.pService->hub().publish("h", "21");
	ASSERT_TRUE(client.told.has("h:21"));
	EXPECT_EQ(Texts({"0", "1", "2", "3", "4", "5", "21"}), client.told.with("h:"));
	EXPECT_EQ(1u, client.told.count("h lost"));
}


TEST_P(ClientTest, BeginsBehindAPosition)
{
	TestService service(GetParam());
	Client client(service);
	client->start();
	service.pService->hub().publish("h", "1");
	std::promise<Position> position;
	client->publish("h", "2", [&](ErrorCode, const Message& answer) { position.set_value({answer.epoch, answer.offset}); });
	const Position since = position.get_future().get();
	EXPECT_EQ(2u, since.offset);
	service.pService->hub().publish("h", "3");
	client->subscribe("h", client.told.subscription("h"), since);
	client->publish("h", "4");
	ASSERT_TRUE(client.told.has("h:4"));
	EXPECT_EQ(Texts({"3", "4"}), client.told.with("h:"));
}


TEST_P(ClientTest, RequestsEnd)
{
	std::mutex mutex;
	std::vector<MessageReply> replies;
	TestService service(GetParam(), [](MessageServiceParams&, HubParams&) {}, [&](MessageService& messages)
	{
		messages.setHandler(200, [&](MessageRequest& request)
		{
			const std::lock_guard<std::mutex> lock(mutex);
			replies.push_back(request.later());
		});
	});
	const auto asked = [&](std::size_t count)
	{
		return eventually([&]() { const std::lock_guard<std::mutex> lock(mutex); return replies.size() == count; });
	};
	Client client(service);
	client->start();
	client->request(200, "", client.told.done("cut"));
	ASSERT_TRUE(asked(1));
	client.cut();
	EXPECT_TRUE(client.told.has("cut CONNECTION_LOST"));
	client->request(200, "", client.told.done("stopped"));
	ASSERT_TRUE(asked(2));
	client->stop();
	EXPECT_EQ(1u, client.told.count("stopped STOPPED"));

	MessageClientParams::Ptr pParams = clientParams(GetParam());
	pParams->setRequestTimeout(Poco::Timespan(0, 50000));
	Client hasty(service, pParams);
	hasty->start();
	ASSERT_TRUE(eventually([&]() { return hasty->state() == MessageClientCallbacks::CONNECTED; })) << "if Connect is too slow, it tries again";
	hasty->request(200, "", hasty.told.done("late"));
	EXPECT_TRUE(hasty.told.has("late TIMED_OUT"));
	const std::lock_guard<std::mutex> lock(mutex);
	replies.clear();
}


TEST_P(ClientTest, CallbacksMayDoEverything)
{
	TestService service(GetParam());
	Client other(service);
	other->start();
	other.enter("c");
	Client client(service);
	MessageSubscription subscription = client.told.subscription("c");
	subscription.onPublication = [&](const Message& message)
	{
		if (message.payload == "throw") throw Poco::DataException("thrown");
		if (message.payload == "int") throw 1;
		if (message.payload == "again")
		{
			client->unsubscribe("c");
			client->subscribe("c", client.told.subscription("d"));
			client->publish("c", "from the callback");
		}
		if (message.payload == "stop") client->stop();
	};
	client->subscribe("c", subscription);
	client->start();
	ASSERT_TRUE(client.told.has("c in"));
	for (const char* data: {"throw", "int", "again"}) other->publish("c", data);
	EXPECT_TRUE(client.told.has("error APPLICATION Data error: thrown"));
	EXPECT_TRUE(client.told.has("error APPLICATION An exception"));
	EXPECT_TRUE(other.told.has("c:from the callback"));
	ASSERT_TRUE(client.told.has("d in"));
	client->unsubscribe("c");
	client->subscribe("c", subscription);
	ASSERT_TRUE(eventually([&]() { return client.told.count("c in") == 2; }));
	other->publish("c", "stop");
	EXPECT_TRUE(client.told.has("stopped"));
	client->start();
	ASSERT_TRUE(eventually([&]() { return client.told.count("c in") == 3; }));

	std::promise<void> destroyed; // in its own callback
	auto pVictim = std::make_unique<MessageClient>(uriOf(GetParam(), service.pServer->port()), MessageClientCallbacks(), clientParams(GetParam()), connectionParams(GetParam()));
	MessageSubscription last;
	last.onSubscribed = [&](const Message&)
	{
		pVictim.reset();
		destroyed.set_value();
	};
	pVictim->subscribe("c", last);
	pVictim->start();
	destroyed.get_future().get();
}


TEST_P(ClientTest, ASlowApplicationHoldsBackItsConnection)
{
	TestService service(GetParam(), [](MessageServiceParams& params, HubParams& hub)
	{
		params.setMaxQueuedBytes(64*1024);
		hub.setMaxLags(1000);
		hub.setOptionsOf([](const std::string&)
		{
			Poco::Messaging::ChannelOptions options;
			options.historySize = 1000;
			return options;
		});
		hub.setMaxRecovered(1000);
		hub.setMaxRecoveredBytes(100*1024*1024);
	});
	Client client(service);
	std::promise<void> entered;
	std::promise<void> release;
	std::size_t bytes = 0;
	std::atomic<int> count{0};
	MessageSubscription subscription = client.told.subscription("h");
	subscription.onPublication = [&](const Message& message)
	{
		if (count == 0)
		{
			entered.set_value();
			release.get_future().get();
		}
		bytes += message.payload.size();
		++count;
	};
	client->subscribe("h", subscription);
	client->start();
	ASSERT_TRUE(client.told.has("h in"));
	constexpr int PUBLICATIONS = 400; // 20 MB
	const std::string data(50000, 'x');
	service.pService->hub().publish("h", data);
	entered.get_future().get();
	for (int i = 1; i < PUBLICATIONS; ++i) service.pService->hub().publish("h", data);
	EXPECT_TRUE(eventually([&]() { return service.pService->hub().metrics().lagging > 0; })) << "the service notices it";
	release.set_value();
	EXPECT_TRUE(eventually([&]() { return count == PUBLICATIONS; }));
	EXPECT_EQ(PUBLICATIONS*data.size(), bytes);
	EXPECT_EQ(0u, client.told.count("h lost"));
}


TEST_P(ClientTest, AnyThreadMayCall)
{
	TestService service(GetParam(), [](MessageServiceParams&, HubParams& hub)
	{
		hub.setOptionsOf([](const std::string&)
		{
			Poco::Messaging::ChannelOptions options;
			options.historySize = 10000;
			return options;
		});
		hub.setMaxRecovered(10000);
	});
	Client client(service);
	client->start();
	client.enter("h");
	constexpr int THREADS = 3;
	constexpr int EACH = 60;
	std::vector<std::thread> threads;
	for (int i = 0; i < THREADS; ++i)
	{
		threads.emplace_back([&, i]()
		{
			for (int k = 0; k < EACH; ++k)
			{
				const std::string name = std::to_string(i) + "." + std::to_string(k);
				client->publish("h", name, client.told.done(name));
				client->presenceStats("h", MessageClient::Done());
				if (k % 20 == 10) client.cut();
			}
		});
	}
	for (std::thread& thread: threads) thread.join();
	EXPECT_TRUE(eventually([&]() { return client.told.with("h:").size() == THREADS*EACH; }));
	const Texts publications = client.told.with("h:");
	for (int i = 0; i < THREADS; ++i)
	{
		int next = 0;
		for (const std::string& name: publications)
		{
			if (name.rfind(std::to_string(i) + ".", 0) != 0) continue;
			EXPECT_EQ(std::to_string(i) + "." + std::to_string(next++), name) << "in the order of the calls";
		}
		EXPECT_EQ(EACH, next) << "once";
		for (int k = 0; k < EACH; ++k) EXPECT_TRUE(client.told.has(std::to_string(i) + "." + std::to_string(k) + " NONE"));
	}
	EXPECT_EQ(0u, client.told.count("h lost"));
}


TEST(Client, SharesALoop)
{
	TestService service(Wire::BINARY);
	Poco::Net::WebSocketClientLoop loop;
	Told told;
	MessageClient first(uriOf(Wire::BINARY, service.pServer->port()), told.callbacks(), loop);
	MessageClient second(uriOf(Wire::BINARY, service.pServer->port()), told.callbacks(), loop);
	first.subscribe("c", told.subscription("c"));
	first.start();
	second.start();
	ASSERT_TRUE(told.has("c in"));
	second.publish("c", "1");
	EXPECT_TRUE(told.has("c:1"));
}


TEST(Client, Params)
{
	MessageClientParams::Ptr pParams(new MessageClientParams);
	EXPECT_EQ(&MessageFormat::binary(), &pParams->getFormat());
	EXPECT_EQ(Poco::Timespan(10, 0), pParams->getRequestTimeout());
	EXPECT_EQ(1024*1024, pParams->getMaxPendingBytes());
	pParams->setRequestTimeout(Poco::Timespan(0, 10000));
	pParams->setRequestTimeout(Poco::Timespan(240, 0));
	pParams->setMaxPendingBytes(1);
	EXPECT_THROW(pParams->setRequestTimeout(Poco::Timespan(0, 9999)), Poco::InvalidArgumentException);
	EXPECT_THROW(pParams->setRequestTimeout(Poco::Timespan(240, 1)), Poco::InvalidArgumentException);
	EXPECT_THROW(pParams->setMaxPendingBytes(0), Poco::InvalidArgumentException);
	const MessageClientCallbacks callbacks;
	EXPECT_THROW(MessageClient(Poco::URI("http://localhost/"), callbacks), Poco::InvalidArgumentException);
	EXPECT_THROW(MessageClient(Poco::URI("ws://localhost/"), callbacks, MessageClientParams::Ptr()), Poco::InvalidArgumentException);
}
