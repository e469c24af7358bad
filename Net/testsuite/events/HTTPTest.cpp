//
// HTTPTest.cpp
//
// HTTP on the same port, and connections that a HTTPRequestHandler hands over.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "support/EventSupport.h"
#include "Poco/Net/SecureServerSocket.h"
#include "Poco/Net/WebSocketError.h"
#include "Poco/StreamCopier.h"
#include <thread>


using Poco::Net::HTTPServerRequest;
using Poco::Net::HTTPServerResponse;


namespace WebSocketTest {


using Lines = std::vector<std::string>;


namespace
{
	Poco::Net::HTTPServerParams::Ptr httpParams()
	{
		Poco::Net::HTTPServerParams::Ptr pParams = new Poco::Net::HTTPServerParams;
		pParams->setTimeout(deadline());
		pParams->setKeepAlive(true);
		pParams->setMaxThreads(8);
		return pParams;
	}

	void answer(HTTPServerRequest& request, HTTPServerResponse& response)
		/// Sends method, path and body back.
	{
		std::string body;
		Poco::StreamCopier::copyToString(request.stream(), body);
		body = request.getMethod() + " " + request.getURI() + " " + body;
		response.sendBuffer(body.data(), body.size());
	}

	std::string receiveAnswer(RawPeer& peer)
	{
		const std::string head = peer.receiveThrough("\r\n\r\n");
		EXPECT_EQ(0u, head.find("HTTP/1.1 200 ")) << head;
		return peer.receive(std::stoul(value(head, "Content-Length")));
	}

	std::string post(const std::string& path, const std::string& body)
	{
		return "POST " + path + " HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
	}
}


TEST_P(EventPortTest, RequestsOnTheSamePort)
{
	EventServer server(GetParam());
	server.server.setHTTP(new FunctionFactory(answer), httpParams());
	server.start();
	RawPeer webSocket = server.connect();
	const std::string get = "GET /path HTTP/1.1\r\nHost: localhost\r\n\r\n";
	{
		RawPeer peer = server.dial();
		for (int i = 0; i < 3; ++i) // keep-alive
		{
			peer.send(get, i == 1 ? 1 : 1000);
			EXPECT_EQ("GET /path ", receiveAnswer(peer));
			peer.send(get + get);
			EXPECT_EQ("GET /path ", receiveAnswer(peer));
			EXPECT_EQ("GET /path ", receiveAnswer(peer));
		}
	}
	for (const std::size_t size: {std::size_t(0), std::size_t(10), std::size_t(8192), std::size_t(100000), std::size_t(2000000)})
	{
		const std::string body = pattern(size);
		const std::string bytes = post("/post", body);
		for (const std::size_t first: {bytes.size() - size, bytes.size() - size + size/3, bytes.size()})
		{
			RawPeer peer = server.dial();
			peer.send(bytes.substr(0, first));
			peer.send(bytes.substr(first));
			EXPECT_TRUE("POST /post " + body == receiveAnswer(peer)) << size << " " << first;
		}
	}
	EXPECT_TRUE(eventually([&] { return server.server.metrics().handshakes == 0; }));
	webSocket.send(textFrame("there"));
	expectText(webSocket, "there");
	RawPeer refused = server.dial();
	refused.send("GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n\r\n");
	EXPECT_EQ(0u, refused.receiveToEnd().find("HTTP/1.1 400 "));
}


TEST_P(EventPortTest, ManyRequestsAndStop)
{
	// As many connections as are queued, some of whose handlers are busy when the server is stopped.
	EventServer server(GetParam());
	server.server.setHTTP(new FunctionFactory(answer), httpParams());
	server.start();
	std::vector<RawPeer> peers;
	for (int i = 0; i < 40; ++i)
	{
		peers.push_back(server.dial());
		peers.back().send("GET /" + std::to_string(i) + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
	}
	for (std::size_t i = 0; i < peers.size(); ++i) EXPECT_EQ("GET /" + std::to_string(i) + " ", receiveAnswer(peers[i]));
	RawPeer busy = server.dial();
	busy.send(post("/", "all").substr(0, 60));
	RawPeer idle = server.dial();
	idle.send("GET /idle HTTP/1.1\r\nHost: localhost\r\n\r\n");
	EXPECT_EQ("GET /idle ", receiveAnswer(idle));
	server.server.stop();
}


TEST_P(EventPortTest, UpgradeAfterOtherRequests)
{
	EventServer server(GetParam());
	server.server.setHTTP(new FunctionFactory(answer), httpParams());
	server.start();
	const bool together[] = {false, true};
	for (const bool at_once: together)
	{
		RawPeer peer = server.dial();
		const std::string first = "GET /first HTTP/1.1\r\nHost: localhost\r\n\r\n";
		const std::string rest = handshakeRequest() + textFrame("behind") + binaryFrame(pattern(at_once ? 40000 : 10));
		peer.send(at_once ? first + rest : first);
		EXPECT_EQ("GET /first ", receiveAnswer(peer));
		if (!at_once) peer.send(rest);
		EXPECT_EQ(0u, peer.receiveThrough("\r\n\r\n").find("HTTP/1.1 101 "));
		expectText(peer, "behind");
		EXPECT_EQ(FIN_BINARY, peer.receiveFrame().flags);
		const std::size_t index = at_once ? 1 : 0;
		EXPECT_EQ(GetParam() == Port::TLS, server.handler.connection(index)->secure());
		peer.send(closeFrame(1000));
		EXPECT_EQ(1000, peer.receiveFrame().closeCode());
		EXPECT_TRUE(peer.atEnd());
		EXPECT_EQ("close 1000", server.handler.finalLog(index).back());
	}
}


TEST_P(TransportTest, AdoptFromAHTTPServer)
{
	EventParams::Ptr pParams = new EventParams;
	pParams->setSubprotocols({"echo"});
	EventServer events(Port::PLAIN, pParams);
	events.start();
	std::atomic<int> returned(0);
	TestServer http(GetParam(), TestServer::RequestHandler([&](HTTPServerRequest& request, HTTPServerResponse& response)
	{
		EventConnection::Ptr pConnection = events.server.adopt(request, response);
		EXPECT_EQ("echo", pConnection->subprotocol());
		EXPECT_EQ(request.clientAddress(), pConnection->remoteAddress());
		++returned;
	}));
	std::vector<RawPeer> peers;
	for (int i = 0; i < 50; ++i) // more than there are threads
	{
		peers.push_back(connectRaw(http.port(), GetParam()));
		peers.back().send(handshakeRequest("/path", "Sec-WebSocket-Protocol: echo\r\n") + textFrame("one") + textFrame(std::to_string(i)).substr(0, 3));
	}
	for (int i = 0; i < 50; ++i)
	{
		RawPeer& peer = peers[static_cast<std::size_t>(i)];
		EXPECT_EQ(0u, peer.receiveThrough("\r\n\r\n").find("HTTP/1.1 101 "));
		expectText(peer, "one");
		peer.send(textFrame(std::to_string(i)).substr(3));
		expectText(peer, std::to_string(i));
	}
	EXPECT_TRUE(eventually([&] { return returned == 50; })); // a handler may be slower than its connection
	EXPECT_EQ(50, events.server.metrics().connections);
	EXPECT_EQ(0, events.server.metrics().handshakes);
	for (std::size_t i = 0; i < 50; ++i)
	{
		EXPECT_EQ(GetParam() == Transport::TLS, events.handler.connection(i)->secure());
	}
	peers[0].send(closeFrame());
	EXPECT_EQ(1000, peers[0].receiveFrame().closeCode());
	EXPECT_TRUE(peers[0].atEnd());
	peers[1].reset();
	peers[2].send(masked(0x83));
	EXPECT_EQ(1002, peers[2].receiveFrame().closeCode());
	events.server.stop();
	for (std::size_t i = 0; i < 50; ++i) events.handler.finalLog(i);
	EXPECT_EQ(0, events.server.metrics().connections);
}


TEST_P(TransportTest, AdoptRefusesAndIsRefused)
{
	EventServer events;
	std::atomic<int> outcome(0);
	TestServer http(GetParam(), TestServer::RequestHandler([&](HTTPServerRequest& request, HTTPServerResponse& response)
	{
		try
		{
			events.server.adopt(request, response);
			outcome = 1;
		}
		catch (const Poco::Net::WebSocketException& exc)
		{
			outcome = 100 + exc.code();
		}
		catch (const Poco::IllegalStateException&)
		{
			outcome = 2;
			response.setStatusAndReason(Poco::Net::HTTPResponse::HTTP_SERVICE_UNAVAILABLE);
			response.setContentLength(0);
			response.send();
		}
	}));
	const auto ask = [&](const std::string& request)
	{
		outcome = 0;
		RawPeer peer = connectRaw(http.port(), GetParam());
		peer.send(request);
		const std::string head = peer.receiveThrough("\r\n\r\n");
		EXPECT_TRUE(eventually([&] { return outcome != 0; }));
		return head.substr(9, 3);
	};
	EXPECT_EQ("503", ask(handshakeRequest()));
	EXPECT_EQ(2, outcome);
	events.start();
	EXPECT_EQ("101", ask(handshakeRequest()));
	EXPECT_EQ("426", ask("GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 7\r\n\r\n"));
	EXPECT_LT(100, outcome);
	events.server.stop();
	EXPECT_EQ("503", ask(handshakeRequest()));
	EXPECT_EQ(0, events.server.metrics().handshakes);
}


TEST_P(TransportTest, HandlerAnswersAgainAfterARefusal)
	/// The client has the refusal, and nothing else, whoever has refused; that of a HTTPServer, and of the server itself.
{
	EventParams::Ptr pParams = new EventParams;
	pParams->setMaxConnections(1);
	pParams->setAllowedOrigins({"http://here"});
	Poco::Net::WebSocketServer events(pParams);
	Poco::Net::ServerSocket plain(Poco::Net::SocketAddress("127.0.0.1", 0));
	Poco::Net::SecureServerSocket secure(Poco::Net::SocketAddress("127.0.0.1", 0), 64, serverContext());
	if (GetParam() == Transport::TLS) events.listen(secure);
	else events.listen(plain);
	events.addRoute("/room", Poco::Net::WebSocketServerCallbacks());
	std::atomic<int> answered(0);
	const auto handle = [&](HTTPServerRequest& request, HTTPServerResponse& response)
	{
		try
		{
			if (request.getURI() == "/hidden") request.setURI("/room");
			events.adopt(request, response);
		}
		catch (const Poco::Net::WebSocketException& exc)
		{
			EXPECT_EQ(Poco::Net::WebSocketError::HANDSHAKE_REFUSED, exc.code());
			EXPECT_FALSE(response.sent());
			response.setStatusAndReason(Poco::Net::HTTPResponse::HTTP_INTERNAL_SERVER_ERROR);
			EXPECT_NO_THROW(response.sendBuffer("again", 5));
			++answered;
		}
	};
	Poco::Net::HTTPServerParams::Ptr pHTTPParams = httpParams();
	pHTTPParams->setTimeout(Poco::Timespan(6*DEADLINE_S, 0)); // nobody waits for it: peers keep their end open
	events.setHTTP(new FunctionFactory(handle), pHTTPParams);
	events.start();
	TestServer http(GetParam(), TestServer::RequestHandler(handle));
	struct
	{
		Poco::UInt16 port;
		std::string request;
		std::string head;
		std::string body;
	}
	const rows[] =
	{
		{http.port(), handshakeRequest("/other"), "HTTP/1.1 404 ", "There is nothing at this path\n"},
		{http.port(), handshakeRequest("/room", "Origin: http://elsewhere\r\n"), "HTTP/1.1 403 ", "Origin is not allowed\n"},
		{http.port(), handshakeRequest("/room", "Origin: http://here\r\n"), "HTTP/1.1 503 ", "A limit is reached\n"},
		{events.port(), handshakeRequest("/other"), "HTTP/1.1 404 ", "There is nothing at this path\n"},
		{events.port(), handshakeRequest("/hidden", "Origin: http://elsewhere\r\n"), "HTTP/1.1 403 ", "Origin is not allowed\n"}
	};
	int count = 0;
	for (const auto& row: rows)
	{
		SCOPED_TRACE(row.head + std::to_string(count));
		std::unique_ptr<RawPeer> pOpen;
		if (row.head.find("503") != std::string::npos)
		{
			pOpen = std::make_unique<RawPeer>(connectRaw(events.port(), GetParam()));
			pOpen->send(handshakeRequest("/room"));
			EXPECT_EQ(0u, pOpen->receiveThrough("\r\n\r\n").find("HTTP/1.1 101 "));
		}
		RawPeer peer = connectRaw(row.port, GetParam());
		peer.send(row.request);
		const std::string head = peer.receiveThrough("\r\n\r\n");
		EXPECT_EQ(0u, head.find(row.head)) << head;
		EXPECT_EQ(std::to_string(row.body.size()), value(head, "Content-Length"));
		EXPECT_EQ("close", value(head, "Connection"));
		EXPECT_EQ(row.body, peer.receiveToEnd());
		++count;
		EXPECT_TRUE(eventually([&] { return answered == count; }));
		pOpen.reset();
		EXPECT_TRUE(eventually([&] { return events.metrics().connections + events.metrics().handshakes + events.metrics().httpConnections == 0; }));
	}
}


TEST_P(TransportTest, AdoptWhileTheServerIsStopped)
{
	for (int round = 0; round < 6; ++round)
	{
		EventServer events;
		events.start();
		std::vector<EventConnection::Ptr> kept;
		std::mutex mutex;
		{
			TestServer http(GetParam(), TestServer::RequestHandler([&](HTTPServerRequest& request, HTTPServerResponse& response)
			{
				try
				{
					EventConnection::Ptr pConnection = events.server.adopt(request, response);
					pConnection->sendText("hello");
					std::lock_guard<std::mutex> lock(mutex);
					kept.push_back(pConnection);
				}
				catch (const Poco::IllegalStateException&)
				{
					response.send();
				}
			}));
			std::vector<RawPeer> peers;
			for (int i = 0; i < 10; ++i)
			{
				peers.push_back(connectRaw(http.port(), GetParam()));
				peers.back().send(handshakeRequest());
			}
			ASSERT_TRUE(eventually([&] { std::lock_guard<std::mutex> lock(mutex); return !kept.empty(); }));
			events.server.stop();
		}
		for (auto& pConnection: kept)
		{
			EXPECT_EQ(EventConnection::CLOSED, pConnection->state());
			EXPECT_EQ(EventConnection::NOT_OPEN, pConnection->sendText("late"));
		}
		EXPECT_EQ(0, events.server.metrics().connections);
		EXPECT_EQ(0, events.server.metrics().handshakes);
	}
}


INSTANTIATE_TEST_SUITE_P(Event, TransportTest, ::testing::Values(Transport::PLAIN, Transport::TLS), transportName);


} // namespace WebSocketTest
