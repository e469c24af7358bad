//
// RawTest.cpp
//
// Connections on the service's path without its subprotocols.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "ServiceSupport.h"
#include "support/ClassPeer.h"
#include "Poco/Exception.h"
#include "Poco/Net/HTTPRequest.h"
#include "Poco/Net/HTTPSClientSession.h"
#include "Poco/Net/NetException.h"
#include <future>
#include <mutex>
#include <thread>


using Poco::Messaging::RawConnection;
using Poco::Net::WebSocketFrame;


namespace
{
	class RawTest: public ::testing::TestWithParam<Wire>
	{
	};

	class RawClient
	{
	public:
		explicit RawClient(const TestService& service, const std::string& bearer = "")
		{
			if (service.wire == Wire::BINARY_TLS) _pSession = std::make_unique<Poco::Net::HTTPSClientSession>("localhost", service.pServer->port(), WebSocketTest::clientContext());
			else _pSession = std::make_unique<Poco::Net::HTTPClientSession>("127.0.0.1", service.pServer->port());
			Poco::Net::HTTPRequest request(Poco::Net::HTTPRequest::HTTP_GET, "/messages", Poco::Net::HTTPRequest::HTTP_1_1);
			if (!bearer.empty()) request.set("Authorization", "Bearer " + bearer);
			pSocket = std::make_unique<Poco::Net::WebSocket>(*_pSession, request, _response);
			pSocket->setReceiveTimeout(Poco::Timespan(30, 0));
		}

		std::string receive()
		{
			std::string message;
			WebSocketFrame::Opcode opcode;
			return pSocket->receiveMessage(message, opcode) ? (opcode == WebSocketFrame::OP_TEXT ? "text " : "binary ") + message : "closed " + std::to_string(pSocket->closeCode());
		}

		std::unique_ptr<Poco::Net::WebSocket> pSocket;

	private:
		std::unique_ptr<Poco::Net::HTTPClientSession> _pSession;
		Poco::Net::HTTPResponse _response;
	};

	struct Accepted
		/// The connection that a service has had, for a test that reads from it.
	{
		std::function<void(MessageService&)> handler()
		{
			return [this](MessageService& messages) { messages.setRawHandler([this](const RawConnection::Ptr& pConnection) { promise.set_value(pConnection); }); };
		}

		RawConnection::Ptr get()
		{
			return promise.get_future().get();
		}

		std::promise<RawConnection::Ptr> promise;
	};
}


INSTANTIATE_TEST_SUITE_P(Service, RawTest, ::testing::Values(Wire::BINARY, Wire::BINARY_TLS), wireName);


TEST_P(RawTest, Handlers)
{
	std::mutex mutex;
	std::vector<std::string> told;
	const auto tell = [&](const std::string& text)
	{
		const std::lock_guard<std::mutex> lock(mutex);
		told.push_back(text);
	};
	const auto all = [&]()
	{
		const std::lock_guard<std::mutex> lock(mutex);
		return told;
	};
	TestService service(GetParam(), [](MessageServiceParams& params, HubParams&) { TestService::withTokens(params); }, [&](MessageService& messages)
	{
		messages.setRawHandler([&](const RawConnection::Ptr& pConnection)
		{
			RawConnection::Ptr pRaw(pConnection);
			tell("open " + pRaw->user() + " " + pRaw->remoteAddress().host().toString());
			EXPECT_EQ(0u, pRaw->metrics().messagesReceived);
			EXPECT_FALSE(pRaw->id().isNull());
			std::string message;
			EXPECT_THROW(pRaw->readSome(message, Poco::Timespan(1, 0)), Poco::IllegalStateException) << "a loop's thread";
			pRaw->setErrorHandler([&](const Poco::Exception&) { tell("error"); });
			pRaw->setCloseHandler([&](int code, const std::string& reason) { tell("close " + std::to_string(code) + " " + reason); });
			EXPECT_THROW(pRaw->setDataHandler(RawConnection::DataHandler()), Poco::InvalidArgumentException);
			pRaw->setDataHandler([&, pRaw](std::string_view data, WebSocketFrame::Opcode opcode) mutable
			{
				if (data == "throw") throw Poco::DataException("thrown");
				if (data == "close") return pRaw->close(4000, "enough");
				if (opcode == WebSocketFrame::OP_TEXT) pRaw->sendText(data);
				else pRaw->sendBinary(data);
			});
			EXPECT_THROW(pRaw->setDataHandler([](std::string_view, WebSocketFrame::Opcode) {}), Poco::IllegalStateException);
		});
	});
	EXPECT_THROW(service.pService->setRawHandler([](const RawConnection::Ptr&) {}), Poco::IllegalStateException);
	EXPECT_THROW(RawClient(service, ""), Poco::Net::WebSocketException) << "the service needs tokens";
	EXPECT_THROW(RawClient(service, token("", -60)), Poco::Net::WebSocketException);
	const std::string ofAnna = token("\"sub\":\"anna\"");
	{
		RawClient client(service, ofAnna);
		client.pSocket->sendText("hello");
		EXPECT_EQ("text hello", client.receive());
		client.pSocket->sendBinary(std::string("\0\1", 2));
		EXPECT_EQ(std::string("binary \0\1", 9), client.receive());
		EXPECT_EQ(1u, service.pService->metrics().connections);
		client.pSocket->sendText("close");
		EXPECT_EQ("closed 4000", client.receive());
	}
	EXPECT_TRUE(eventually([&]() { return all() == std::vector<std::string>({"open anna 127.0.0.1", "close 4000 "}); })) << ::testing::PrintToString(all());
	{
		RawClient client(service, ofAnna);
		client.pSocket->sendText("throw");
		EXPECT_EQ("closed 1011", client.receive());
	}
	EXPECT_TRUE(eventually([&]() { return all().size() == 5 && all()[3] == "error"; }));
	EXPECT_TRUE(eventually([&]() { return service.pService->metrics().connections == 0; }));
	TestClient beside(service);
	EXPECT_TRUE(beside.connect(ofAnna)) << "the protocol is there as well";
}


TEST_P(RawTest, ReadsOnDemand)
{
	Accepted accepted;
	TestService service(GetParam(), [](MessageServiceParams&, HubParams&) {}, accepted.handler());
	RawClient client(service);
	RawConnection::Ptr pRaw = accepted.get();
	std::string message;
	EXPECT_FALSE(pRaw->readSome(message, Poco::Timespan(0, 1000)));
	for (const char* data: {"1", "2", "3", ""}) client.pSocket->sendText(data);
	EXPECT_TRUE(pRaw->readSome(message, Poco::Timespan(30, 0)));
	EXPECT_EQ("1", message);
	EXPECT_THROW(pRaw->setDataHandler([](std::string_view, WebSocketFrame::Opcode) {}), Poco::IllegalStateException);
	EXPECT_EQ(1u, pRaw->metrics().messagesReceived) << "one was asked for";
	const std::string large(300000, 'x');
	std::thread sender([&]() { for (int i = 0; i < 100; ++i) client.pSocket->sendBinary(large); }); // more than the system takes: it waits
	for (const char* data: {"2", "3", ""})
	{
		ASSERT_TRUE(pRaw->readSome(message, Poco::Timespan(30, 0)));
		EXPECT_EQ(data, message);
	}
	EXPECT_EQ(4u, pRaw->metrics().messagesReceived);
	for (int i = 0; i < 100; ++i)
	{
		ASSERT_TRUE(pRaw->readSome(message, Poco::Timespan(30, 0)));
		ASSERT_EQ(large, message);
	}
	sender.join();
	pRaw->sendText("all");
	EXPECT_EQ("text all", client.receive());

	// Several threads
	std::atomic<int> sum{0};
	std::vector<std::thread> readers;
	for (int i = 0; i < 3; ++i)
	{
		readers.emplace_back([&]()
		{
			std::string own;
			if (pRaw->readSome(own, Poco::Timespan(30, 0))) sum += std::stoi(own);
		});
	}
	for (const char* data: {"1", "10", "100"}) client.pSocket->sendText(data);
	for (std::thread& reader: readers) reader.join();
	EXPECT_EQ(111, sum);

	client.pSocket->sendText("last");
	client.pSocket->shutdown();
	ASSERT_TRUE(pRaw->readSome(message, Poco::Timespan(30, 0)));
	EXPECT_EQ("last", message);
	EXPECT_THROW(pRaw->readSome(message, Poco::Timespan(30, 0)), Poco::Net::ConnectionResetException);
	std::promise<int> code;
	pRaw->setCloseHandler([&](int closeCode, const std::string&) { code.set_value(closeCode); });
	EXPECT_EQ(1000, code.get_future().get()) << "it is told late as well";
	EXPECT_EQ(Poco::Net::WebSocketConnection::NOT_OPEN, pRaw->sendText("x"));
}


TEST_P(RawTest, EndsWithTheService)
{
	Accepted accepted;
	TestService service(GetParam(), [](MessageServiceParams&, HubParams&) {}, accepted.handler());
	RawClient client(service);
	RawConnection::Ptr pRaw = accepted.get();
	client.pSocket->sendText("not read");
	service.pService.reset();
	EXPECT_EQ("closed 1001", client.receive());
	std::string message;
	EXPECT_THROW(while (pRaw->readSome(message, Poco::Timespan(30, 0))) {}, Poco::Net::ConnectionResetException);
}
