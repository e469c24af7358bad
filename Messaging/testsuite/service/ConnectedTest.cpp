//
// ConnectedTest.cpp
//
// Connected is the first message a client gets: what it is sent as soon as it can be found comes behind it.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "ClientSupport.h"
#include "Poco/Exception.h"
#include <atomic>
#include <mutex>
#include <thread>


namespace
{
	class ConnectedTest: public ::testing::TestWithParam<Wire>
	{
	};

	class EarlyService: public TestService
		/// Calls a function in another thread when the session of a client whose token has a quota can be found, and the client does not know that yet.
	{
	public:
		explicit EarlyService(Wire serviceWire, const std::function<void(MessageServiceParams&, HubParams&)>& change = [](MessageServiceParams&, HubParams&) {}):
			TestService(serviceWire, [this, change](MessageServiceParams& params, HubParams& hubParams)
			{
				withTokens(params);
				params.setQuotaOf([this](const std::string&)
				{
					std::thread([this]() { early(); }).join();
					return QuotaRules::Ptr();
				});
				change(params, hubParams);
			})
		{
		}

		static std::string anna(Poco::Int64 seconds = 3600)
		{
			return token("\"sub\":\"anna\",\"quota\":\"some\"", seconds);
		}

		Hub& hub()
		{
			return pService->hub();
		}

		std::function<void()> early = []() {};
	};

	TestClient::Answer connected(TestClient& client, const std::string& token)
		/// Returns the first message if it is Connected, as it has to be.
	{
		Message message = Message::empty(Opcode::CONNECT, 7);
		message.token = token;
		client.send(message);
		TestClient::Answer pFirst = client.receive();
		const bool right = pFirst && pFirst->opcode == Opcode::CONNECTED;
		EXPECT_TRUE(right) << (pFirst ? pFirst->opcode : 0);
		return right ? std::move(pFirst) : TestClient::Answer();
	}

	Poco::UInt64 numberOf(const std::string& id)
	{
		Poco::UInt32 node = 0;
		Poco::UInt64 number = 0;
		EXPECT_TRUE(Poco::Messaging::Session::parse(id, node, number));
		return number;
	}
}


INSTANTIATE_TEST_SUITE_P(Service, ConnectedTest, ::testing::Values(Wire::BINARY, Wire::JSON, Wire::BINARY_TLS), wireName);


TEST_P(ConnectedTest, MessagesToSessions)
{
	EarlyService service(GetParam());
	service.early = [&]()
	{
		EXPECT_EQ(1u, service.hub().sendToUser("anna", "early").queued);
		EXPECT_EQ(1u, service.hub().broadcast("to all").queued);
	};
	TestClient client(service);
	ASSERT_TRUE(connected(client, service.anna()));
	for (const char* payload: {"early", "to all"})
	{
		const auto pMessage = client.receive();
		ASSERT_TRUE(pMessage);
		EXPECT_EQ(payload, pMessage->payload);
	}
	EXPECT_EQ(1u, service.hub().sendToUser("anna", "now").queued);
	EXPECT_EQ("now", client.receive()->payload);
}


TEST_P(ConnectedTest, ThereIsAnEndOfWhatWaits)
{
	EarlyService service(GetParam());
	std::size_t queued = 0;
	service.early = [&]()
	{
		for (int i = 0; i < 1000; ++i)
		{
			const auto result = service.hub().sendToUser("anna", std::to_string(i));
			queued += result.queued;
			EXPECT_EQ(1u, result.queued + result.full);
		}
	};
	TestClient client(service);
	ASSERT_TRUE(connected(client, service.anna()));
	EXPECT_LE(10u, queued);
	EXPECT_GT(1000u, queued);
	for (std::size_t i = 0; i < queued; ++i) EXPECT_EQ(std::to_string(i), client.receive()->payload);
	EXPECT_EQ(1u, service.hub().sendToUser("anna", "now").queued);
	EXPECT_EQ("now", client.receive()->payload);
}


TEST_P(ConnectedTest, ChannelsWithHistory)
{
	// The application subscribes for a client: what it recovers, what is live meanwhile, and what does not fit into the queue.
	for (const int others: {0, 1000})
	{
		EarlyService service(GetParam());
		TestClient first(service);
		const auto pFirst = first.connect(token(""));
		ASSERT_TRUE(pFirst);
		const std::string next = Poco::Messaging::Session::id(service.hub().node(), numberOf(std::string(pFirst->session)) + 1);
		Position begin;
		service.hub().publish("h", "0", [&](const Poco::Messaging::PublishResult& result) { begin = result.position; });
		for (const char* text: {"1", "2", "3"}) service.hub().publish("h", text);
		service.early = [&]()
		{
			for (int i = 0; i < others; ++i) service.hub().send(next, "other");
			const auto pSession = service.hub().session(next);
			ASSERT_TRUE(pSession);
			service.hub().subscribe(pSession, "h", begin, [](const Poco::Messaging::SubscribeResult& result) { EXPECT_TRUE(result.recovered); });
			service.hub().publish("h", "4");
			service.hub().subscribe(pSession, "p", [](const Poco::Messaging::SubscribeResult&) {});
			service.hub().publish("h", "5");
		};
		TestClient client(service);
		ASSERT_TRUE(connected(client, service.anna()));
		service.hub().publish("h", "6");
		for (int number = 1; number <= 6; ++number) ASSERT_EQ(std::to_string(number), client.next(Opcode::PUBLICATION)->payload) << others;
	}
}


TEST_P(ConnectedTest, AskingForAnotherToken)
{
	EarlyService service(GetParam(), [](MessageServiceParams& params, HubParams&) { params.setRefreshTime(Poco::Timespan(3600, 0)); });
	service.early = [&]() { service.hub().sendToUser("anna", "early"); };
	TestClient client(service);
	ASSERT_TRUE(connected(client, service.anna(60)));
	EXPECT_EQ("early", client.receive()->payload);
	EXPECT_EQ(Opcode::REFRESH, client.receive()->opcode);
	Message refresh = Message::empty(Opcode::REFRESH, 0);
	const std::string next = token("\"sub\":\"anna\"", 7200);
	refresh.token = next;
	EXPECT_EQ(Opcode::REFRESH, client.ask(refresh)->opcode);
	EXPECT_EQ(1u, service.hub().sendToUser("anna", "now").queued);
	EXPECT_EQ("now", client.receive()->payload);
}


TEST_P(ConnectedTest, TheWarningOfAQuota)
{
	QuotaRule rule;
	rule.period = 24*3600*1000;
	rule.soft = 1;
	rule.hard = 100;
	TestService service(GetParam(), [&](MessageServiceParams& params, HubParams&) { params.setQuota(QuotaRules::Ptr(new QuotaRules({rule}))); });
	TestClient client(service);
	for (int i = 0; i < 2; ++i) EXPECT_EQ(ErrorCode::NOT_CONNECTED, codeOf(client.ask(Message::empty(Opcode::PING, 0)))) << "an answer";
	ASSERT_TRUE(connected(client, ""));
	EXPECT_EQ(Opcode::PONG, client.ask(Message::empty(Opcode::PING, 0))->opcode);
	EXPECT_EQ(Opcode::WARNING, client.receive()->opcode);
}


TEST_P(ConnectedTest, BesideOneThatSendsToAllTheTime)
{
	TestService service(GetParam());
	std::atomic<bool> ends{false};
	std::thread sender([&]()
	{
		while (!ends)
		{
			service.pService->hub().broadcast("x");
			std::this_thread::yield();
		}
	});
	for (int i = 0; i < 50 && !HasFailure(); ++i)
	{
		TestClient client(service);
		if (connected(client, ""))
		{
			EXPECT_EQ("x", client.receive()->payload);
		}
	}
	ends = true;
	sender.join();
}


TEST_P(ConnectedTest, AHookThatThrows)
{
	EarlyService service(GetParam(), [](MessageServiceParams& params, HubParams&)
	{
		params.setQuotaOf([](const std::string&) -> QuotaRules::Ptr { throw Poco::IllegalStateException("not now"); });
	});
	TestClient client(service);
	EXPECT_EQ(ErrorCode::INTERNAL, codeOf(client.connect(service.anna())));
	EXPECT_EQ(1011, client.closeCode());
	EXPECT_EQ(0u, service.hub().metrics().sessions) << "nobody that cannot be told";
}


TEST_P(ConnectedTest, TheClientKnowsItsSessionFirst)
{
	EarlyService service(GetParam());
	service.early = [&]() { service.hub().sendToUser("anna", "early"); };
	Told told;
	auto pParams = clientParams(GetParam());
	pParams->setToken([]() { return EarlyService::anna(); });
	MessageClient client(uriOf(GetParam(), service.pServer->port()), told.callbacks(), pParams, connectionParams(GetParam()));
	client.start();
	ASSERT_TRUE(told.has("message early"));
	EXPECT_EQ(Texts({"connecting", "connected", "message early"}), told.all());
}
