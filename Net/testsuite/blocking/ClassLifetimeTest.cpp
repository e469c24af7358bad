//
// ClassLifetimeTest.cpp
//
// How programs keep, copy and share their WebSockets.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "support/TestSupport.h"
#include "Poco/Event.h"
#include "Poco/Net/HTTPRequest.h"
#include "Poco/Net/HTTPResponse.h"
#include "Poco/Net/PollSet.h"
#include "Poco/SharedPtr.h"
#include "Poco/Timer.h"
#include <map>


using namespace WebSocketTest;
using Poco::Net::HTTPClientSession;
using Poco::Net::HTTPRequest;
using Poco::Net::HTTPResponse;
using Poco::Net::HTTPServerRequest;
using Poco::Net::HTTPServerResponse;
using Poco::Net::Socket;
using Poco::Net::WebSocket;


namespace
{
	void expectEcho(WebSocket& from, WebSocket& to)
		/// What one end sends the other receives.
	{
		EXPECT_EQ(5, from.sendFrame("hello", 5));
		EXPECT_EQ("hello", receiveFixed(to).payload);
		EXPECT_EQ(5, to.sendFrame("world", 5));
		EXPECT_EQ("world", receiveFixed(from).payload);
	}
}


class ClassLifetimeTest: public ConnectionTest
{
};


class ClassSharingTest: public SocketTest
{
};


TEST_P(ClassLifetimeTest, CopiesShareTheConnection)
{
	Pair pair(GetParam());
	auto pCopy = std::make_unique<WebSocket>(pair.ws);
	WebSocket fromSocket{static_cast<const Socket&>(pair.ws)};
	EXPECT_TRUE(*pCopy == pair.ws);
	EXPECT_TRUE(fromSocket == pair.ws);
	pCopy->sendFrame("copy", 4);
	EXPECT_EQ("copy", pair.peer.receiveFrame().payload);
	pCopy.reset(); // does not close
	pair.peer.send(pair.frame(0x81, "one") + pair.frame(0x81, "two"));
	EXPECT_EQ("one", receiveFixed(pair.ws).payload);
	EXPECT_EQ("two", receiveFixed(fromSocket).payload);
	EXPECT_EQ(pair.ws.mode(), fromSocket.mode());
}


TEST_P(ClassLifetimeTest, LastCopyClosesTheConnection)
{
	Pair pair(GetParam());
	auto pLast = std::make_unique<WebSocket>(pair.ws);
	pair.ws = Both(Transport::PLAIN).client;
	pLast->sendFrame("last", 4);
	pLast.reset();
	EXPECT_EQ("last", pair.peer.receiveFrame().payload);
	EXPECT_TRUE(pair.peer.atEnd());
}


TEST_P(ClassLifetimeTest, Assignment)
{
	Pair first(GetParam());
	Pair second(GetParam());
	first.ws = second.ws;
	EXPECT_TRUE(first.ws == second.ws);
	EXPECT_TRUE(first.peer.atEnd());
	first.ws.sendFrame("second", 6);
	EXPECT_EQ("second", second.peer.receiveFrame().payload);
	const WebSocket& same = first.ws;
	first.ws = same;
	first.ws.sendFrame("still", 5);
	EXPECT_EQ("still", second.peer.receiveFrame().payload);
	Pair third(GetParam());
	first.ws = static_cast<const Socket&>(third.ws);
	first.ws.sendFrame("third", 5);
	EXPECT_EQ("third", third.peer.receiveFrame().payload);
}


TEST_P(ClassLifetimeTest, KeyOfAMap)
{
	Pair first(GetParam());
	Pair second(GetParam());
	std::map<Socket, std::string> names;
	names[first.ws] = "first";
	names[second.ws] = "second";
	const WebSocket copy(first.ws);
	EXPECT_EQ(2u, names.size());
	EXPECT_EQ("first", names[copy]);
	EXPECT_EQ("second", names[second.ws]);

	second.send(0x81, "x");
	Poco::Net::PollSet set;
	set.add(first.ws, Poco::Net::PollSet::POLL_READ);
	set.add(second.ws, Poco::Net::PollSet::POLL_READ);
	const auto ready = set.poll(deadline());
	ASSERT_EQ(1u, ready.size());
	EXPECT_EQ("second", names[ready.begin()->first]);
	WebSocket again(ready.begin()->first);
	EXPECT_EQ("x", receiveFixed(again).payload);
}


TEST_P(ClassLifetimeTest, InAVector)
{
	std::vector<Pair> pairs;
	std::vector<WebSocket> sockets;
	for (int i = 0; i < 10; ++i)
	{
		pairs.emplace_back(GetParam());
		sockets.push_back(pairs.back().ws);
	}
	sockets.erase(sockets.begin());
	for (std::size_t i = 0; i < sockets.size(); ++i)
	{
		sockets[i].sendFrame("x", 1);
		EXPECT_EQ("x", pairs[i + 1].peer.receiveFrame().payload);
	}
}


TEST_P(ClassLifetimeTest, SentFromATimer)
{
	struct Ticker
	{
		explicit Ticker(const WebSocket& socket):
			ws(socket)
		{
		}

		void onTimer(Poco::Timer&)
		{
			ws.sendFrame("tick", 4);
		}

		WebSocket ws;
	};

	Pair pair(GetParam());
	Ticker ticker(pair.ws);
	Poco::Timer timer(0, 1);
	timer.start(Poco::TimerCallback<Ticker>(ticker, &Ticker::onTimer));
	pair.send(0x81, "meanwhile");
	EXPECT_EQ("meanwhile", receiveFixed(pair.ws).payload);
	for (int i = 0; i < 5; ++i) EXPECT_EQ("tick", pair.peer.receiveFrame().payload);
	timer.stop();
}


TEST_P(ClassLifetimeTest, ReceiverInTheMiddleOfAFrameIsDestroyed)
{
	Pair pair(GetParam());
	pair.ws.setReceiveTimeout(Poco::Timespan(0, 1000));
	pair.peer.send(pair.frame(0x82, pattern(50000)).substr(0, 30000));
	EXPECT_THROW(appendFrame(pair.ws), Poco::TimeoutException);
	pair.ws = Both(Transport::PLAIN).client;
}


INSTANTIATE_TEST_SUITE_P(Each, ClassLifetimeTest, ::testing::ValuesIn(allConnections()), connectionName);


TEST_F(ClassSharingTest, KeptAfterTheHandlerHasReturned)
{
	for (Transport transport: {Transport::PLAIN, Transport::TLS})
	{
		Poco::SharedPtr<WebSocket> pKept;
		Poco::Event returned;
		TestServer server(transport, TestServer::RequestHandler([&](HTTPServerRequest& request, HTTPServerResponse& response)
		{
			struct AtEnd
			{
				~AtEnd()
				{
					event.set();
				}

				Poco::Event& event;
			};
			const AtEnd atEnd{returned};
			pKept = new WebSocket(request, response);
		}));
		WebSocket client = server.connect();
		ASSERT_TRUE(returned.tryWait(DEADLINE_S*1000));
		ASSERT_FALSE(pKept.isNull());
		for (int i = 0; i < 3; ++i) expectEcho(client, *pKept);
		pKept->shutdown();
		EXPECT_EQ(0x88, receiveFixed(client).flags);
		pKept = nullptr;
		EXPECT_EQ(0, receiveFixed(client).flags);
	}
}


TEST_F(ClassSharingTest, KeptAfterTheServerHasStopped)
{
	for (Transport transport: {Transport::PLAIN, Transport::TLS})
	{
		Poco::SharedPtr<WebSocket> pKept;
		Poco::SharedPtr<WebSocket> pClient;
		{
			Poco::Event done;
			TestServer server(transport, TestServer::RequestHandler([&](HTTPServerRequest& request, HTTPServerResponse& response)
			{
				pKept = new WebSocket(request, response);
				done.set();
			}));
			pClient = new WebSocket(server.connect());
			ASSERT_TRUE(done.tryWait(DEADLINE_S*1000));
		}
		expectEcho(*pKept, *pClient);
	}
}


TEST_F(ClassSharingTest, SessionIsDestroyedAfterConstruction)
{
	for (Transport transport: {Transport::PLAIN, Transport::TLS})
	{
		TestServer server(transport, TestServer::SocketHandler([](WebSocket& ws)
		{
			for (Received received = receiveFixed(ws); received.flags != 0; received = receiveFixed(ws))
				ws.sendFrame(received.payload.data(), received.result, received.flags);
		}));
		std::unique_ptr<HTTPClientSession> pSession = server.session();
		auto pRequest = std::make_unique<HTTPRequest>(HTTPRequest::HTTP_GET, "/", HTTPRequest::HTTP_1_1);
		auto pResponse = std::make_unique<HTTPResponse>();
		WebSocket ws(*pSession, *pRequest, *pResponse);
		pSession.reset();
		pRequest.reset();
		pResponse.reset();
		for (std::size_t length: {5, 3000, 100000})
		{
			const std::string payload = pattern(length);
			ws.sendFrame(payload.data(), static_cast<int>(length));
			EXPECT_TRUE(payload == receiveFixed(ws).payload);
		}
		ws.shutdown();
		EXPECT_EQ(0x88, receiveFixed(ws).flags);
	}
}


TEST_F(ClassSharingTest, ManyConnectionsOfOneServer)
{
	for (Transport transport: {Transport::PLAIN, Transport::TLS})
	{
		std::vector<std::unique_ptr<Both>> all;
		for (int i = 0; i < 20; ++i) all.push_back(std::make_unique<Both>(transport));
		for (const auto& pBoth: all) expectEcho(pBoth->client, pBoth->server);
		all.erase(all.begin(), all.begin() + 10);
		for (const auto& pBoth: all) expectEcho(pBoth->server, pBoth->client);
	}
}
