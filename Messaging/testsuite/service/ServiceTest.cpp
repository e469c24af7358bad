//
// ServiceTest.cpp
//
// What clients of a MessageService ask, and are told: in both formats, plain and TLS.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "ServiceSupport.h"
#include "Poco/Net/NetException.h"
#include "Poco/Exception.h"
#include <atomic>
#include <future>
#include <mutex>
#include <thread>


using Poco::Messaging::MessageReply;
using Poco::Messaging::TraceContext;


namespace
{
	class ServiceTest: public ::testing::TestWithParam<Wire>
	{
	};

	Message channelRequest(Poco::UInt16 opcode, const char* channel)
	{
		Message message = Message::empty(opcode, 0);
		message.channel = channel;
		return message;
	}
}


INSTANTIATE_TEST_SUITE_P(Service, ServiceTest, ::testing::Values(Wire::BINARY, Wire::JSON, Wire::BINARY_TLS), wireName);


TEST_P(ServiceTest, Connect)
{
	TestService service(GetParam());
	TestClient client(service);
	EXPECT_EQ(ErrorCode::NOT_CONNECTED, codeOf(client.subscribe("c")));
	const auto pConnected = client.connect("", "Anna");
	ASSERT_TRUE(pConnected);
	EXPECT_EQ(Opcode::CONNECTED, pConnected->opcode);
	EXPECT_EQ("Anna", pConnected->text);
	EXPECT_EQ("", pConnected->user);
	EXPECT_LT(1700000000000, pConnected->timestamp);
	EXPECT_EQ(ErrorCode::CONNECTED, codeOf(client.connect()));
	const auto pMe = client.ask(Message::empty(Opcode::WHO_AM_I, 0));
	ASSERT_TRUE(pMe);
	EXPECT_EQ(pConnected->session, pMe->session);
	const auto pPong = client.ask(Message::request(Opcode::PING, 0, "x"));
	ASSERT_TRUE(pPong);
	EXPECT_EQ(Opcode::PONG, pPong->opcode);
	EXPECT_EQ("x", pPong->payload);
	client.send(Message::empty(Opcode::DISCONNECT, 0));
	EXPECT_EQ(1000, client.closeCode());
	EXPECT_TRUE(eventually([&]() { return service.pService->metrics().connections == 0 && service.pService->hub().metrics().sessions == 0; }));
}


TEST_P(ServiceTest, SessionOfAConnection)
{
	TestService service(GetParam());
	TestService other(GetParam());
	TestClient client(service);
	ASSERT_TRUE(eventually([&]() { return service.pService->metrics().connections == 1; }));
	const auto connections = service.pServer->connections();
	ASSERT_EQ(1u, connections.size());
	EXPECT_TRUE(service.pService->session(*connections.front()).isNull()) << "there was no Connect";
	const auto pConnected = client.connect();
	ASSERT_TRUE(pConnected);
	const auto pSession = service.pService->session(*connections.front());
	ASSERT_FALSE(pSession.isNull());
	EXPECT_EQ(pConnected->session, pSession->id());
	EXPECT_TRUE(other.pService->session(*connections.front()).isNull()) << "it is another service's";
	client.send(Message::empty(Opcode::DISCONNECT, 0));
	EXPECT_EQ(1000, client.closeCode());
	EXPECT_TRUE(eventually([&]() { return service.pService->session(*connections.front()).isNull(); }));
}


TEST_P(ServiceTest, PublishAndSubscribe)
{
	TestService service(GetParam());
	TestClient first(service);
	TestClient second(service);
	const auto pFirst = first.connect();
	ASSERT_TRUE(pFirst && second.connect());
	const auto pSubscribed = first.subscribe("c");
	ASSERT_TRUE(pSubscribed);
	EXPECT_EQ(Opcode::SUBSCRIBED, pSubscribed->opcode);
	EXPECT_EQ("c", pSubscribed->channel);
	EXPECT_EQ(0u, pSubscribed->flags);
	const std::string data("\x00\xFF text", 7);
	const auto pPublished = second.ask(Message::publish("c", data));
	ASSERT_TRUE(pPublished);
	EXPECT_EQ(Opcode::PUBLISHED, pPublished->opcode);
	EXPECT_EQ(1u, pPublished->count);
	const auto pPublication = first.receive();
	ASSERT_TRUE(pPublication);
	EXPECT_EQ(Opcode::PUBLICATION, pPublication->opcode);
	EXPECT_EQ(0u, pPublication->id);
	EXPECT_EQ("c", pPublication->channel);
	EXPECT_EQ(data, pPublication->payload);
	EXPECT_FALSE(pPublication->sender.empty());
	EXPECT_NE(pFirst->session, pPublication->sender);
	EXPECT_LT(1700000000000, pPublication->timestamp);
	service.pService->hub().publish("c", "of the program");
	const auto pOther = first.receive();
	ASSERT_TRUE(pOther);
	EXPECT_EQ("of the program", pOther->payload);
	EXPECT_EQ("", pOther->sender);
	const auto pGone = first.ask(channelRequest(Opcode::UNSUBSCRIBE, "c"));
	ASSERT_TRUE(pGone);
	EXPECT_EQ(Opcode::UNSUBSCRIBED, pGone->opcode);
	EXPECT_EQ(0u, pGone->code);
	EXPECT_EQ(ErrorCode::NOT_SUBSCRIBED, codeOf(first.ask(channelRequest(Opcode::UNSUBSCRIBE, "c"))));
}


TEST_P(ServiceTest, HistoryAndRecovery)
{
	TestService service(GetParam());
	TestClient client(service);
	ASSERT_TRUE(client.connect());
	for (const char* data: {"1", "2", "3"}) service.pService->hub().publish("h", data);
	Message history = channelRequest(Opcode::HISTORY, "h");
	history.limit = 2;
	const auto pHistory = client.ask(history);
	ASSERT_TRUE(pHistory);
	ASSERT_EQ(2u, pHistory->items.size());
	EXPECT_EQ("2", pHistory->items[0].payload);
	EXPECT_EQ(3u, pHistory->items[1].offset);
	EXPECT_EQ(3u, pHistory->offset);
	Message subscribe = channelRequest(Opcode::SUBSCRIBE, "h");
	subscribe.flags = MessageFlag::SINCE;
	subscribe.epoch = pHistory->epoch;
	subscribe.offset = 1;
	const auto pSubscribed = client.ask(subscribe);
	ASSERT_TRUE(pSubscribed);
	EXPECT_EQ(MessageFlag::RECOVERED, pSubscribed->flags);
	for (const char* data: {"2", "3"})
	{
		const auto pPublication = client.receive();
		ASSERT_TRUE(pPublication);
		EXPECT_EQ(data, pPublication->payload);
	}
	Message publish = Message::publish("h", "4", 0, "once");
	EXPECT_EQ(0u, client.ask(publish)->flags);
	EXPECT_EQ(MessageFlag::DUPLICATE, client.ask(publish)->flags);
	EXPECT_EQ("4", client.next(Opcode::PUBLICATION)->payload);
	TestClient other(service);
	ASSERT_TRUE(other.connect());
	++subscribe.epoch;
	EXPECT_EQ(0u, other.ask(subscribe)->flags) << "another epoch is not recovered";
	EXPECT_EQ(ErrorCode::NO_HISTORY, codeOf(client.ask(channelRequest(Opcode::HISTORY, "c"))));
}


TEST_P(ServiceTest, PublicationsOfSeveralThreadsComeInOrder)
{
	// The handler is called by the thread of the subscriber's loop: what it sends there must not overtake what another thread has sent.
	TestService service(GetParam(), [](MessageServiceParams&, HubParams&) {}, [](MessageService& messages)
	{
		messages.setHandler(200, [](MessageRequest& request)
		{
			for (int i = 0; i < 8; i += 2)
			{
				std::thread([&]() { request.hub().publish("h", std::to_string(i)); }).join();
				request.hub().publish("h", std::to_string(i + 1));
			}
			std::thread([reply = request.later()]() { reply.answer("answer"); }).join();
			request.hub().publish("h", "8");
		});
	});
	TestClient client(service);
	ASSERT_TRUE(client.connect());
	ASSERT_TRUE(client.subscribe("h"));
	client.send(Message::empty(200, 1));
	for (int i = 0; i < 10; ++i)
	{
		const auto pMessage = client.receive();
		ASSERT_TRUE(pMessage);
		EXPECT_EQ(i == 8 ? "answer" : std::to_string(i == 9 ? 8 : i), pMessage->payload);
	}
}


TEST_P(ServiceTest, Presence)
{
	TestService service(GetParam(), [](MessageServiceParams&, HubParams& params) { params.setLeaveDelay(0); });
	TestClient first(service);
	ASSERT_TRUE(first.connect("", "Anna"));
	ASSERT_TRUE(first.subscribe("p"));
	EXPECT_EQ("Anna", first.next(Opcode::JOIN)->text);
	{
		TestClient second(service);
		const auto pSecond = second.connect("", "Bert");
		ASSERT_TRUE(pSecond);
		ASSERT_TRUE(second.subscribe("p"));
		const auto pJoin = first.next(Opcode::JOIN);
		ASSERT_TRUE(pJoin);
		EXPECT_EQ(pSecond->session, pJoin->user);
		EXPECT_EQ("Bert", pJoin->text);
		const auto pPresence = first.ask(channelRequest(Opcode::PRESENCE, "p"));
		ASSERT_TRUE(pPresence);
		EXPECT_EQ(2u, pPresence->items.size());
		EXPECT_EQ(2u, first.ask(channelRequest(Opcode::PRESENCE_STATS, "p"))->count);
	}
	EXPECT_EQ("p", first.next(Opcode::LEAVE)->channel);
	EXPECT_EQ(1u, first.ask(channelRequest(Opcode::PRESENCE_STATS, "p"))->count);
}


TEST_P(ServiceTest, TokensOfTheHandshake)
{
	TestService service(GetParam(), [](MessageServiceParams& params, HubParams&) { TestService::withTokens(params); });
	try
	{
		TestClient client(service, token("", -60));
		FAIL() << "an expired token";
	}
	catch (Poco::Net::WebSocketException& error)
	{
		EXPECT_EQ("Not authorized", error.message());
	}
	TestClient client(service, token("\"sub\":\"anna\",\"info\":\"Anna\",\"grants\":{\"private-*\":[\"read\"]}"));
	const auto pConnected = client.connect();
	ASSERT_TRUE(pConnected);
	EXPECT_EQ("anna", pConnected->user);
	EXPECT_EQ("Anna", pConnected->text);
	EXPECT_LT(3500u, pConnected->limit);
	EXPECT_EQ(Opcode::SUBSCRIBED, client.subscribe("private-x")->opcode);
	EXPECT_EQ(ErrorCode::FORBIDDEN, codeOf(client.ask(Message::publish("private-x", "1"))));
	EXPECT_EQ(ErrorCode::FORBIDDEN, codeOf(client.subscribe("presence-x")));
	EXPECT_EQ(Opcode::SUBSCRIBED, client.subscribe("public")->opcode);
}


TEST_P(ServiceTest, TokensOfConnect)
{
	TestService service(GetParam(), [](MessageServiceParams& params, HubParams&) { TestService::withTokens(params); });
	TestClient client(service);
	EXPECT_EQ("anna", client.connect(token("\"sub\":\"anna\""))->user);
	for (const std::string& wrong: {std::string(), std::string("x"), token("", -60), std::string(100000, 'a')})
	{
		TestClient other(service);
		EXPECT_EQ(ErrorCode::TOKEN, codeOf(other.connect(wrong)));
		EXPECT_EQ(MessageService::CLOSE_TOKEN, other.closeCode());
	}
	EXPECT_EQ(4u, service.pService->metrics().tokensRefused);
}


TEST_P(ServiceTest, TokensRunOut)
{
	TestService service(GetParam(), [](MessageServiceParams& params, HubParams&)
	{
		Poco::Messaging::TokenVerifierParams::Ptr pVerifierParams(new Poco::Messaging::TokenVerifierParams);
		pVerifierParams->setLeeway(0);
		params.setVerifier(std::make_shared<TokenVerifier>(std::vector<Poco::Messaging::TokenKey>{Poco::Messaging::TokenKey::hmac("", SECRET)}, pVerifierParams));
		params.setRefreshTime(Poco::Timespan(3600, 0));
	});
	TestClient client(service, token("\"sub\":\"anna\"", 60));
	ASSERT_TRUE(client.connect());
	const auto pAsked = client.next(Opcode::REFRESH);
	ASSERT_TRUE(pAsked);
	EXPECT_LT(0u, pAsked->limit);
	Message refresh = Message::empty(Opcode::REFRESH, 0);
	const std::string ofBert = token("\"sub\":\"bert\"");
	refresh.token = ofBert;
	EXPECT_EQ(ErrorCode::TOKEN, codeOf(client.ask(refresh))) << "of somebody else";
	const std::string next = token("\"sub\":\"anna\",\"grants\":{\"private-x\":[\"read\"]}", 7200);
	refresh.token = next;
	const auto pRefreshed = client.ask(refresh);
	ASSERT_TRUE(pRefreshed);
	EXPECT_EQ(Opcode::REFRESH, pRefreshed->opcode);
	EXPECT_LT(7000u, pRefreshed->limit);
	EXPECT_EQ(Opcode::SUBSCRIBED, client.subscribe("private-x")->opcode);
	const std::string last = token("\"sub\":\"anna\"", 1);
	refresh.token = last;
	client.send(refresh);
	EXPECT_EQ(MessageService::CLOSE_EXPIRED, client.closeCode());
}


TEST_P(ServiceTest, NoConnectInTime)
{
	TestService service(GetParam(), [](MessageServiceParams& params, HubParams&) { params.setConnectTimeout(Poco::Timespan(0, 50000)); });
	TestClient client(service);
	EXPECT_EQ(MessageService::CLOSE_CONNECT, client.closeCode());
}


TEST_P(ServiceTest, Handlers)
{
	std::mutex mutex;
	std::vector<MessageReply> replies;
	std::vector<Poco::UInt16> told;
	const auto state = std::make_shared<int>(7);
	TestService service(GetParam(), [&](MessageServiceParams& params, HubParams&)
	{
		params.setState(state);
		params.setErrorHook([&](Poco::UInt16 opcode, const Poco::Exception&)
		{
			const std::lock_guard<std::mutex> lock(mutex);
			told.push_back(opcode);
		});
	},
	[&](MessageService& messages)
	{
		messages.setHandler(200, [](MessageRequest& request) { request.answer("hello " + std::string(request.payload())); });
		messages.setHandler(201, [&](MessageRequest& request)
		{
			const std::lock_guard<std::mutex> lock(mutex);
			replies.push_back(request.later());
		});
		messages.setHandler(202, [](MessageRequest&) { throw Poco::DataException("broken"); });
		messages.setHandler(203, [](MessageRequest&) { throw 1; });
		messages.setHandler(65535, [](MessageRequest& request)
		{
			const std::pmr::string text(5000, 'x', &request.memory());
			request.answer(std::to_string(text.size() + static_cast<std::size_t>(*std::static_pointer_cast<int>(request.state()))));
		});
		const auto previous = std::make_shared<MessageService::Handler>();
		*previous = messages.overrideHandler(Opcode::PUBLISH, [previous](MessageRequest& request)
		{
			if (request.payload() == "forbidden") return request.fail(ErrorCode::APPLICATION, "not here");
			(*previous)(request);
		});
		EXPECT_THROW(messages.setHandler(199, [](MessageRequest&) {}), Poco::InvalidArgumentException);
		EXPECT_THROW(messages.setHandler(200, [](MessageRequest&) {}), Poco::InvalidArgumentException);
		EXPECT_THROW(messages.setHandler(204, MessageService::Handler()), Poco::InvalidArgumentException);
		EXPECT_THROW(messages.overrideHandler(204, [](MessageRequest&) {}), Poco::InvalidArgumentException);
	});
	EXPECT_THROW(service.pService->setHandler(300, [](MessageRequest&) {}), Poco::IllegalStateException);
	TestClient client(service);
	ASSERT_TRUE(client.connect());
	const auto pHello = client.ask(Message::request(200, 0, "you"));
	ASSERT_TRUE(pHello);
	EXPECT_EQ(200, pHello->opcode);
	EXPECT_EQ("hello you", pHello->payload);
	EXPECT_EQ("5007", client.ask(Message::empty(65535, 0))->payload);
	EXPECT_EQ(ErrorCode::INTERNAL, codeOf(client.ask(Message::empty(202, 0))));
	EXPECT_EQ(ErrorCode::INTERNAL, codeOf(client.ask(Message::empty(203, 0))));
	EXPECT_EQ(ErrorCode::OPCODE, codeOf(client.ask(Message::empty(204, 0))));
	EXPECT_EQ(ErrorCode::OPCODE, codeOf(client.ask(Message::empty(Opcode::PUBLICATION, 0)))) << "what servers say";
	EXPECT_EQ(ErrorCode::APPLICATION, codeOf(client.ask(Message::publish("c", "forbidden"))));
	EXPECT_EQ(Opcode::PUBLISHED, client.ask(Message::publish("c", "allowed"))->opcode);
	client.send(Message::empty(200, 0)); // nobody waits for an answer
	client.send(Message::empty(201, 77));
	ASSERT_TRUE(eventually([&]() { const std::lock_guard<std::mutex> lock(mutex); return !replies.empty(); }));
	std::thread([&]() { const std::lock_guard<std::mutex> lock(mutex); replies[0].answer("late"); }).join();
	const auto pLate = client.receive();
	ASSERT_TRUE(pLate);
	EXPECT_EQ(77u, pLate->id);
	EXPECT_EQ("late", pLate->payload);
	const std::lock_guard<std::mutex> lock(mutex);
	EXPECT_EQ(std::vector<Poco::UInt16>({202, 203}), told);
	EXPECT_EQ(2u, service.pService->metrics().handlerErrors);
}


TEST_P(ServiceTest, MessagesToSessions)
{
	TestService service(GetParam(), [](MessageServiceParams& params, HubParams&) { TestService::withTokens(params); });
	const std::string ofAnna = token("\"sub\":\"anna\",\"grants\":{\"private-user-*\":[\"publish\"],\"private-broadcast\":[\"publish\"],\"private-disconnect\":[\"publish\"]}");
	TestClient anna(service);
	TestClient bert(service);
	TestClient phone(service);
	ASSERT_TRUE(anna.connect(ofAnna));
	const auto pBert = bert.connect(token("\"sub\":\"bert\""));
	ASSERT_TRUE(pBert && phone.connect(token("\"sub\":\"bert\"")));
	const auto pSent = anna.ask(Message::sendToUser("bert", "hello"));
	ASSERT_TRUE(pSent);
	EXPECT_EQ(Opcode::ACK, pSent->opcode);
	EXPECT_EQ(2u, pSent->count);
	for (TestClient* pClient: {&bert, &phone})
	{
		const auto pMessage = pClient->next(Opcode::SEND);
		ASSERT_TRUE(pMessage);
		EXPECT_EQ("hello", pMessage->payload);
		EXPECT_EQ("anna", pMessage->sender);
	}
	EXPECT_EQ(ErrorCode::FORBIDDEN, codeOf(bert.ask(Message::sendToUser("anna", "x"))));
	EXPECT_EQ(2u, bert.ask(Message::sendToUser("bert", "own"))->count) << "to the own devices";
	EXPECT_EQ("own", phone.next(Opcode::SEND)->payload);
	EXPECT_EQ(ErrorCode::NOBODY, codeOf(anna.ask(Message::sendToUser("nobody", "x")))) << "there is no other node that could know him";
	const std::string gone = Poco::Messaging::Session::id(service.pService->hub().node(), 999);
	EXPECT_EQ(ErrorCode::FORBIDDEN, codeOf(anna.ask(Message::sendToSession(gone, "x"))));
	EXPECT_EQ(ErrorCode::MALFORMED, codeOf(anna.ask(Message::request(Opcode::SEND, 0, "x"))));
	EXPECT_EQ(ErrorCode::FORBIDDEN, codeOf(bert.ask(Message::broadcast("x"))));
	EXPECT_EQ(3u, anna.ask(Message::broadcast("all"))->count);
	EXPECT_EQ("all", phone.next(Opcode::SEND)->payload);

	// With an acknowledgement
	Message message = Message::sendToUser("bert", "important", 99);
	message.flags = MessageFlag::ACKNOWLEDGED;
	anna.send(message);
	const auto pImportant = phone.next(Opcode::SEND);
	ASSERT_TRUE(pImportant);
	Message ack = Message::empty(Opcode::ACK, 0);
	ack.transaction = pImportant->transaction;
	phone.send(ack);
	const auto pDone = anna.next(Opcode::ACK);
	ASSERT_TRUE(pDone);
	EXPECT_EQ(99u, pDone->id);
	EXPECT_EQ(MessageFlag::ACKNOWLEDGED, pDone->flags);
	ack.transaction = "x";
	EXPECT_EQ(ErrorCode::MALFORMED, codeOf(phone.ask(ack)));

	Message disconnect = Message::empty(Opcode::DISCONNECT, 0);
	disconnect.session = pBert->session;
	disconnect.code = 4444;
	disconnect.text = "out";
	EXPECT_EQ(ErrorCode::FORBIDDEN, codeOf(bert.ask(disconnect)));
	EXPECT_EQ(Opcode::DISCONNECT, anna.ask(disconnect)->opcode);
	EXPECT_EQ(4444, bert.closeCode());
}


TEST_P(ServiceTest, WhatOtherThreadsHaveSentComesBeforeTheClose)
{
	for (const bool disconnects: {false, true}) // another one, or itself
	{
		TestService service(GetParam(), [](MessageServiceParams&, HubParams&) {}, [&](MessageService& messages)
		{
			messages.setHandler(200, [disconnects](MessageRequest& request)
			{
				const std::string id = request.session()->id();
				std::thread([&]() { request.hub().send(id, "last words"); }).join();
				if (disconnects) request.hub().disconnect(id, 4000, "");
			});
		});
		TestClient client(service);
		ASSERT_TRUE(client.connect());
		client.send(Message::empty(200, 0));
		if (!disconnects) client.send(Message::empty(Opcode::DISCONNECT, 0));
		const auto pMessage = client.receive();
		ASSERT_TRUE(pMessage) << disconnects;
		EXPECT_EQ("last words", pMessage->payload);
		EXPECT_EQ(disconnects ? 4000 : 1000, client.closeCode());
	}
}


TEST_P(ServiceTest, Malformed)
{
	TestService service(GetParam());
	const bool text = GetParam() == Wire::JSON;
	TestClient client(service);
	ASSERT_TRUE(client.connect());
	client.sendBytes("{nothing", text);
	EXPECT_EQ(ErrorCode::MALFORMED, codeOf(client.receive()));
	ASSERT_TRUE(client.ask(Message::empty(Opcode::PING, 0))) << "it goes on";
	client.sendBytes("", text);
	EXPECT_EQ(ErrorCode::MALFORMED, codeOf(client.receive()));
	client.sendBytes("x", text);
	EXPECT_EQ(ErrorCode::MALFORMED, codeOf(client.receive()));
	EXPECT_EQ(1002, client.closeCode());
	EXPECT_EQ(3u, service.pService->metrics().malformed);
	TestClient other(service);
	other.sendBytes("x", !text);
	EXPECT_EQ(1003, other.closeCode());
}


TEST_P(ServiceTest, Quotas)
{
	QuotaRule rule;
	rule.firstOpcode = 200;
	rule.period = 24*3600*1000;
	rule.soft = 2;
	rule.hard = 3;
	rule.maxRejected = 1;
	TestService service(GetParam(), [&](MessageServiceParams& params, HubParams&)
	{
		TestService::withTokens(params);
		params.setQuota(QuotaRules::Ptr(new QuotaRules({rule})));
		params.setQuotaOf([](const std::string&) { return QuotaRules::Ptr(); });
	},
	[](MessageService& messages) { messages.setHandler(200, [](MessageRequest& request) { request.answer(); }); });
	TestClient client(service);
	ASSERT_TRUE(client.connect(token("")));
	for (int i = 0; i < 3; ++i) EXPECT_EQ(200, client.ask(Message::empty(200, 0))->opcode);
	EXPECT_EQ(Opcode::WARNING, client.receive()->opcode);
	EXPECT_EQ(ErrorCode::QUOTA, codeOf(client.ask(Message::empty(200, 0))));
	const auto pUsed = client.ask(Message::empty(Opcode::GET_QUOTA, 0));
	ASSERT_TRUE(pUsed);
	ASSERT_EQ(1u, pUsed->items.size());
	EXPECT_EQ(3u, pUsed->items[0].offset);
	EXPECT_LE(2u, pUsed->items[0].count);
	client.send(Message::empty(200, 1));
	EXPECT_EQ(1008, client.closeCode());
	const auto metrics = service.pService->metrics();
	EXPECT_EQ(1u, metrics.rejected);
	EXPECT_EQ(1u, metrics.terminated);
	TestClient other(service);
	ASSERT_TRUE(other.connect(token("\"quota\":\"none\"")));
	for (int i = 0; i < 10; ++i) EXPECT_EQ(200, other.ask(Message::empty(200, 0))->opcode) << "the token names other limits";
}


TEST_P(ServiceTest, QuotaDelays)
{
	QuotaRule rule;
	rule.firstOpcode = 200;
	rule.period = 100;
	rule.soft = 1;
	rule.softAction = QuotaRule::DELAY;
	TestService service(GetParam(), [&](MessageServiceParams& params, HubParams&) { params.setQuota(QuotaRules::Ptr(new QuotaRules({rule}))); },
		[](MessageService& messages) { messages.setHandler(200, [](MessageRequest& request) { request.answer(); }); });
	TestClient client(service);
	ASSERT_TRUE(client.connect());
	for (Poco::UInt32 i = 1; i <= 10; ++i) client.send(Message::empty(200, i));
	for (Poco::UInt32 i = 1; i <= 10; ++i)
	{
		const auto pAnswer = client.next(200);
		ASSERT_TRUE(pAnswer);
		EXPECT_EQ(i, pAnswer->id) << "none is lost";
	}
	EXPECT_LE(3u, service.pService->metrics().delayed);
}


TEST_P(ServiceTest, QuotasOfWhatIsSent)
{
	QuotaRule rule;
	rule.direction = QuotaRule::SENT;
	rule.firstOpcode = Opcode::PUBLICATION;
	rule.lastOpcode = Opcode::PUBLICATION;
	rule.period = 24*3600*1000;
	rule.hard = 2;
	QuotaRule strict = rule;
	strict.hardAction = QuotaRule::TERMINATE;
	TestService service(GetParam(), [&](MessageServiceParams& params, HubParams&)
	{
		TestService::withTokens(params);
		params.setQuotaOf([rule, strict](const std::string& name) { return QuotaRules::Ptr(new QuotaRules({name == "strict" ? strict : rule})); });
	});
	TestClient client(service);
	TestClient other(service);
	ASSERT_TRUE(client.connect(token("\"quota\":\"few\"")));
	ASSERT_TRUE(other.connect(token("\"quota\":\"strict\"")));
	ASSERT_TRUE(client.subscribe("c") && other.subscribe("c"));
	for (const char* data: {"1", "2", "3", "4"}) service.pService->hub().publish("c", data);
	for (TestClient* pClient: {&client, &other})
	{
		EXPECT_EQ("1", pClient->next(Opcode::PUBLICATION)->payload);
		EXPECT_EQ("2", pClient->next(Opcode::PUBLICATION)->payload);
	}
	EXPECT_EQ(1008, other.closeCode());
	EXPECT_EQ(Opcode::PONG, client.ask(Message::empty(Opcode::PING, 0))->opcode) << "answers come";
	EXPECT_EQ(2u, service.pService->hub().metrics().dropped);
}


TEST_P(ServiceTest, Traces)
{
	const std::string parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
	std::mutex mutex;
	std::vector<MessageServiceParams::Span> spans;
	TestService service(GetParam(), [&](MessageServiceParams& params, HubParams&)
	{
		params.setSpanHook([&](const MessageServiceParams::Span& span)
		{
			const std::lock_guard<std::mutex> lock(mutex);
			spans.push_back(span);
		});
	});
	TestClient client(service, "", parent);
	ASSERT_TRUE(client.connect());
	ASSERT_TRUE(client.subscribe("c"));
	const auto pPublished = client.ask(Message::publish("c", "1"));
	const auto pPublication = client.next(Opcode::PUBLICATION);
	ASSERT_TRUE(pPublished && pPublication);
	ASSERT_TRUE(eventually([&]() { const std::lock_guard<std::mutex> lock(mutex); return spans.size() == 3; }));
	const std::lock_guard<std::mutex> lock(mutex);
	const auto& span = spans[2];
	EXPECT_EQ(Opcode::PUBLISH, span.opcode);
	EXPECT_EQ(0x0af7651916cd43ddu, span.trace.traceHigh);
	EXPECT_EQ(0xb7ad6b7169203331u, span.trace.parent);
	EXPECT_EQ(span.trace.traceLow, pPublication->trace.traceLow);
	EXPECT_EQ(span.trace.span, pPublication->trace.span);
	EXPECT_EQ(span.trace.span, pPublished->trace.span);
}


TEST_P(ServiceTest, AClientThatDoesNotReadIsNotReadFrom)
{
	TestService service(GetParam(), [](MessageServiceParams& params, HubParams&) { params.setMaxQueuedBytes(1024); },
		[](MessageService& messages) { messages.setHandler(200, [](MessageRequest& request) { request.answer(std::string(100000, 'x')); }); });
	TestClient client(service);
	ASSERT_TRUE(client.connect());
	constexpr Poco::UInt32 REQUESTS = 300; // 30 MB of answers
	const auto before = service.pService->metrics().requests;
	std::thread sender([&]() { for (Poco::UInt32 i = 1; i <= REQUESTS; ++i) client.send(Message::empty(200, i)); });
	for (Poco::UInt32 i = 1; i <= REQUESTS; ++i)
	{
		const auto pAnswer = client.receive();
		ASSERT_TRUE(pAnswer);
		EXPECT_EQ(i, pAnswer->id);
		EXPECT_EQ(100000u, pAnswer->payload.size());
	}
	sender.join();
	EXPECT_EQ(before + REQUESTS, service.pService->metrics().requests);
}


TEST_P(ServiceTest, ManySubscribersGetAllInOneOrder)
{
	constexpr int CLIENTS = 20;
	constexpr int PUBLISHERS = 3;
	constexpr int EACH = 100;
	TestService service(GetParam(), [](MessageServiceParams& params, HubParams&) { params.setMaxQueuedBytes(64*1024*1024); });
	std::vector<std::unique_ptr<TestClient>> clients;
	for (int i = 0; i < CLIENTS; ++i)
	{
		clients.push_back(std::make_unique<TestClient>(service));
		ASSERT_TRUE(clients.back()->connect());
		ASSERT_TRUE(clients.back()->subscribe("c"));
	}
	std::vector<std::thread> publishers;
	for (int i = 0; i < PUBLISHERS; ++i)
	{
		publishers.emplace_back([&, i]()
		{
			for (int number = 0; number < EACH; ++number) service.pService->hub().publish("c", std::to_string(i) + '.' + std::to_string(number));
		});
	}
	std::vector<std::string> first;
	for (const auto& pClient: clients)
	{
		std::vector<std::string> got;
		for (int i = 0; i < PUBLISHERS*EACH; ++i)
		{
			const auto pPublication = pClient->next(Opcode::PUBLICATION);
			ASSERT_TRUE(pPublication);
			got.emplace_back(pPublication->payload);
		}
		if (first.empty()) first = got;
		EXPECT_EQ(first, got);
	}
	for (std::thread& thread: publishers) thread.join();
}


TEST(Service, EndsBeforeItsServer)
{
	TestService service(Wire::BINARY);
	TestClient client(service);
	ASSERT_TRUE(client.connect());
	service.pService.reset();
	EXPECT_EQ(1001, client.closeCode());
	TestClient late(service);
	EXPECT_EQ(1001, late.closeCode());
}


TEST(Service, KeepsNobodyThatLagsWhenItEndsBeforeItsServer)
{
	auto pService = std::make_unique<TestService>(Wire::BINARY, [](MessageServiceParams& params, HubParams&) { params.setMaxQueuedBytes(1024); });
	auto pClient = std::make_unique<TestClient>(*pService);
	const auto pConnected = pClient->connect();
	ASSERT_TRUE(pConnected && pClient->subscribe("h") && pClient->subscribe("c"));
	Hub& hub = pService->pService->hub();
	Poco::Messaging::Session::Ptr pSession = hub.session(std::string(pConnected->session));
	ASSERT_TRUE(pSession);
	ASSERT_TRUE(eventually([&]()
	{
		for (const std::string channel: {"h", "c"}) hub.publish(channel, std::string(60000, 'x'));
		return hub.metrics().lags > 0 && hub.metrics().dropped > 0; // the client does not read
	}));
	pService->pService.reset();
	pClient.reset();
	pService.reset();
	EXPECT_EQ(1, pSession->referenceCount());
}


TEST(Service, WithoutSubprotocol)
{
	TestService service(Wire::BINARY);
	Poco::Net::HTTPClientSession session("127.0.0.1", service.pServer->port());
	Poco::Net::HTTPRequest request(Poco::Net::HTTPRequest::HTTP_GET, "/messages", Poco::Net::HTTPRequest::HTTP_1_1);
	Poco::Net::HTTPResponse response;
	EXPECT_THROW(Poco::Net::WebSocket(session, request, response), Poco::Net::WebSocketException);
	EXPECT_EQ(400, response.getStatus());
}


TEST_P(ServiceTest, NodeMetrics)
{
	TestService service(GetParam(), [](MessageServiceParams& params, HubParams&) { TestService::withTokens(params); });
	TestClient client(service);
	ASSERT_TRUE(client.connect(token("\"sub\":\"anna\"")));
	for (const std::string channel: {"a", "b", "c"}) ASSERT_TRUE(client.subscribe(channel));
	TestClient other(service);
	ASSERT_TRUE(other.connect(token("\"sub\":\"operator\",\"grants\":{\"private-metrics\":[\"read\"]}")) && other.subscribe("b"));
	for (const std::string channel: {"a", "a", "b"}) ASSERT_TRUE(client.ask(Message::publish(channel, "1")));
	const auto ask = [&](Poco::UInt32 limit, std::string_view order)
	{
		Message message = Message::empty(Opcode::NODE_METRICS, 0);
		message.limit = limit;
		message.text = order;
		std::string channels;
		const auto pAnswer = other.ask(message);
		EXPECT_TRUE(pAnswer);
		if (!pAnswer || codeOf(pAnswer) != ErrorCode::NONE) return std::string("error");
		bool counts = false;
		for (const Message& item: pAnswer->items)
		{
			counts |= item.text == "published" && item.count == 3;
			if (!item.channel.empty()) channels += std::string(item.channel) + ' ' + std::to_string(item.count) + ' ' + std::to_string(item.offset) + '|';
		}
		EXPECT_TRUE(counts);
		return channels;
	};
	EXPECT_EQ("", ask(0, ""));
	EXPECT_EQ("b 2 1|a 1 2|c 1 0|", ask(10, ""));
	EXPECT_EQ("b 2 1|a 1 2|", ask(2, "subscribers"));
	EXPECT_EQ("a 1 2|b 2 1|", ask(2, "publications"));
	EXPECT_EQ("b 2 1|a 1 2|c 1 0|", ask(0xFFFFFFFF, "")) << "there are no more than 100 in any case";
	EXPECT_EQ("error", ask(10, "names"));
	EXPECT_EQ(ErrorCode::FORBIDDEN, codeOf(client.ask(Message::empty(Opcode::NODE_METRICS, 0))));
}


TEST(Service, Metrics)
{
	TestService service(Wire::BINARY);
	TestClient client(service);
	ASSERT_TRUE(client.connect());
	ASSERT_TRUE(client.subscribe("c"));
	ASSERT_TRUE(client.ask(Message::publish("c", "1")));
	Poco::Net::WebSocketMonitor monitor(*service.pServer);
	monitor.add([&]() { return service.pService->monitored(); });
	for (const auto format: {Poco::Net::WebSocketMonitor::OPEN_METRICS, Poco::Net::WebSocketMonitor::PROMETHEUS})
	{
		const std::string text = monitor.metrics(format);
		for (const char* line: {"\nmessaging_sessions 1\n", "\nmessaging_subscriptions 1\n", "\nmessaging_delivered_total 1\n", "\nmessaging_requests_total 3\n", "\nwebsocket_connections 1\n"})
			EXPECT_NE(std::string::npos, text.find(line)) << line << text;
	}
}
