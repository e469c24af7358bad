//
// LifeTest.cpp
//
// From onOpen() to onClose(): callbacks, states, handles that are kept.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "support/EventSupport.h"
#include "Poco/Net/HTTPRequest.h"
#include "Poco/Net/StreamSocketImpl.h"
#include <sys/socket.h>
#include <set>


using Poco::Net::HTTPRequest;
using Poco::Net::WebSocketPreparedMessage;


namespace WebSocketTest {


using Lines = std::vector<std::string>;


INSTANTIATE_TEST_SUITE_P(Event, EventPortTest, ::testing::Values(Port::PLAIN, Port::TLS, Port::LOCAL), portName);


TEST_P(EventPortTest, CallbacksInOrder)
{
	EventServer server(GetParam());
	std::vector<EventConnection::State> states;
	server.handler.open = [&](EventConnection& connection, Poco::Net::HTTPServerRequest& request)
	{
		states.push_back(connection.state());
		EXPECT_EQ("/", request.getURI());
		request.response().set("X-Late", "without effect");
	};
	server.handler.close = [&](EventConnection& connection, int, const std::string&) { states.push_back(connection.state()); };
	server.start();
	RawPeer peer = server.connect();
	peer.send(textFrame("one"));
	expectText(peer, "one");
	peer.send(binaryFrame("two") + masked(FIN_PING, "three"));
	EXPECT_EQ(FIN_BINARY, peer.receiveFrame().flags);
	EXPECT_EQ("three", peer.receiveFrame().payload);
	peer.send(closeFrame(1000, "bye"));
	EXPECT_EQ(1000, peer.receiveFrame().closeCode());
	EXPECT_TRUE(peer.atEnd());
	EXPECT_EQ((Lines{"open", "message 1 one", "message 2 two", "close 1000 bye"}), server.handler.finalLog());
	EXPECT_EQ((std::vector<EventConnection::State>{EventConnection::OPEN, EventConnection::CLOSED}), states);
	peer.close();
	EXPECT_TRUE(eventually([&] { return server.server.metrics().connections == 0; }));
}


TEST_F(EventTest, LastCloseAndEndOfTheStreamInOneSegment)
{
	EventServer server;
	server.start();
	for (int i = 0; i < 100; ++i)
	{
		RawPeer peer = server.connect();
		peer.send(closeFrame());
		ASSERT_TRUE(peer.socket().poll(deadline(), Poco::Net::Socket::SELECT_READ));
		char reply[100];
		ASSERT_EQ(4, ::recv(peer.socket().impl()->sockfd(), reply, sizeof(reply), MSG_DONTWAIT));
		ASSERT_EQ(0, ::recv(peer.socket().impl()->sockfd(), reply, sizeof(reply), MSG_DONTWAIT)) << "the end comes later, after " << i;
	}
}


TEST_P(EventPortTest, LastCloseArrivesWhateverComesBehindThePeers)
{
	// RFC 6455, 5.5.1: it is ignored. The stream ends while some of it has not been read.
	EventServer server(GetParam());
	server.start();
	for (int i = 0; i < 50; ++i)
	{
		RawPeer peer = server.connect();
		try
		{
			peer.send(closeFrame() + textFrame(std::string(100, 'x')), 1);
		}
		catch (const Poco::Exception&)
		{
			// reset meanwhile
		}
		ASSERT_EQ(1000, peer.receiveFrame().closeCode()) << i;
	}
}


TEST_P(EventPortTest, ServerCloses)
{
	EventServer server(GetParam());
	server.handler.message = [](EventConnection& connection, std::string_view, WebSocketFrame::Opcode)
	{
		connection.sendText("last");
		connection.close(4000, "enough");
		EXPECT_EQ(EventConnection::CLOSING, connection.state());
		EXPECT_EQ(EventConnection::NOT_OPEN, connection.sendText("too late"));
		connection.close(4001);
	};
	server.start();
	RawPeer peer = server.connect();
	peer.send(textFrame("go"));
	expectText(peer, "last");
	expectClosed(peer, 4000);
	EXPECT_EQ((Lines{"open", "message 1 go", "close 4000 enough"}), server.handler.finalLog());
}


TEST_P(EventPortTest, Facts)
{
	EventParams::Ptr pParams = new EventParams;
	pParams->setSubprotocols({"chat", "echo"});
	EventServer server(GetParam(), pParams);
	server.start();
	RawPeer peer = server.connect("Sec-WebSocket-Protocol: echo, chat\r\n");
	RawPeer other = server.connect();
	EventConnection::Ptr pConnection = server.handler.connection(0);
	EventConnection::Ptr pOther = server.handler.connection(1);
	EXPECT_EQ("echo", pConnection->subprotocol());
	EXPECT_EQ("", pOther->subprotocol());
	EXPECT_EQ(GetParam() == Port::TLS, pConnection->secure());
	if (GetParam() != Port::LOCAL)
	{
		EXPECT_EQ(peer.socket().address().toString(), pConnection->remoteAddress().toString());
	}
	EXPECT_EQ(4, pConnection->id().version());
	EXPECT_EQ(pConnection->id(), pConnection->id());
	EXPECT_NE(pConnection->id(), pOther->id());
	EXPECT_EQ(0x80, static_cast<unsigned char>(pConnection->id().toString()[19] >= '8' ? 0x80 : 0));

	EXPECT_EQ(nullptr, pConnection->userData());
	pConnection->setUserData(std::make_shared<std::string>("mine"));
	EXPECT_EQ("mine", *std::static_pointer_cast<std::string>(pConnection->userData()));

	peer.send(textFrame("12345"));
	expectText(peer, "12345");
	EXPECT_TRUE(eventually([&] { return pConnection->metrics().bytesSent == pConnection->metrics().bytesReceived + 7 - 11 || pConnection->metrics().messagesSent == 1; }));
	const EventConnection::Metrics metrics = pConnection->metrics();
	EXPECT_EQ(1u, metrics.messagesReceived);
	EXPECT_EQ(1u, metrics.messagesSent);
	EXPECT_EQ(0u, metrics.bytesQueued);
	EXPECT_LT(metrics.since.elapsed(), 60*1000000);
	EXPECT_EQ(0, metrics.pingTime.totalMicroseconds());
	pConnection->ping();
	const Frame ping = peer.receiveFrame();
	EXPECT_EQ(FIN_PING, ping.flags);
	peer.send(masked(FIN_PONG, ping.payload));
	EXPECT_TRUE(eventually([&] { return pConnection->metrics().pingTime.totalMicroseconds() > 0; }));
	EXPECT_EQ(2, server.server.metrics().connections);
	EXPECT_EQ(2u, server.server.metrics().connectionsOpened);
	EXPECT_EQ(1u, server.server.metrics().messagesReceived);
}


TEST_F(EventTest, PingsThatOvertakeTheirAnswers)
{
	EventServer server;
	server.start();
	RawPeer peer = server.connect();
	EXPECT_TRUE(eventually([&] { return server.handler.connection() != nullptr; }));
	EventConnection::Ptr pConnection = server.handler.connection();
	std::string before;
	for (int i = 0; i < 3; ++i) // each is answered when the next has been sent
	{
		pConnection->ping();
		const std::string payload = peer.receiveFrame().payload;
		if (i > 0) peer.send(masked(FIN_PONG, before));
		before = payload;
	}
	EXPECT_TRUE(eventually([&] { return pConnection->metrics().pingTime.totalMicroseconds() > 0; }));
}


TEST_F(EventTest, KindsOfMessages)
{
	EventServer server;
	server.handler.message = [](EventConnection& connection, std::string_view, WebSocketFrame::Opcode)
	{
		const std::string data("\0binary", 7);
		connection.sendText("text");
		connection.sendBinary(data);
		connection.sendText(std::string("text"));
		connection.sendBinary(data.data(), data.size());
		connection.send("text", WebSocketFrame::OP_TEXT);
		connection.send("\xff", WebSocketFrame::OP_BINARY);
		EXPECT_THROW(connection.sendText("\xff"), Poco::InvalidArgumentException);
		for (const auto opcode: {WebSocketFrame::OP_CONT, WebSocketFrame::OP_CLOSE, WebSocketFrame::OP_PING, WebSocketFrame::OP_PONG})
			EXPECT_THROW(connection.send("x", opcode), Poco::InvalidArgumentException);
		EXPECT_THROW(connection.close(1005), Poco::InvalidArgumentException);
		EXPECT_THROW(connection.close(1000, "\xff"), Poco::InvalidArgumentException);
	};
	server.start();
	RawPeer peer = server.connect();
	peer.send(textFrame(""));
	for (int i = 0; i < 2; ++i)
	{
		expectText(peer, "text");
		const Frame binary = peer.receiveFrame();
		EXPECT_EQ(FIN_BINARY, binary.flags);
		EXPECT_EQ(std::string("\0binary", 7), binary.payload);
	}
	expectText(peer, "text");
	EXPECT_EQ(FIN_BINARY, peer.receiveFrame().flags);
	EXPECT_EQ(EventConnection::OPEN, server.handler.connection()->state());
}


void expectDead(EventConnection& connection)
{
	WebSocketPreparedMessage::Ptr pMessage = WebSocketPreparedMessage::text("prepared");
	EXPECT_EQ(EventConnection::CLOSED, connection.state());
	EXPECT_EQ(EventConnection::NOT_OPEN, connection.sendText("text"));
	EXPECT_EQ(EventConnection::NOT_OPEN, connection.send("data", WebSocketFrame::OP_BINARY));
	EXPECT_EQ(EventConnection::NOT_OPEN, connection.send(pMessage));
	connection.ping();
	connection.close();
	connection.abort();
	connection.pause();
	connection.resume();
	connection.metrics();
	connection.remoteAddress();
	connection.id();
}


TEST_P(EventPortTest, HandlesThatAreKept)
{
	EventConnection::Ptr pClosed, pStopped;
	{
		EventServer server(GetParam());
		server.start();
		{
			RawPeer peer = server.connect();
			pClosed = server.handler.connection(0);
			peer.send(closeFrame());
			server.handler.finalLog(0);
		}
		expectDead(*pClosed);
		RawPeer peer = server.connect();
		pStopped = server.handler.connection(1);
		server.server.stop();
		EXPECT_EQ((Lines{"open", "close 1006"}), server.handler.finalLog(1));
		expectDead(*pStopped);
	}
	expectDead(*pClosed);
	expectDead(*pStopped);
}


TEST_P(EventPortTest, CallbacksFromWithinCallbacksDoNotNest)
{
	// What a callback does to its own connection is told when it has returned.
	EventServer server(GetParam());
	server.handler.message = [](EventConnection& connection, std::string_view data, WebSocketFrame::Opcode)
	{
		if (data == "abort") connection.abort();
		else connection.close(1000);
		EXPECT_EQ(EventConnection::NOT_OPEN, connection.sendText("no"));
	};
	server.start();
	RawPeer peer = server.connect();
	peer.send(textFrame("abort") + textFrame("never"));
	EXPECT_EQ((Lines{"open", "message 1 abort", "close 1006"}), server.handler.finalLog());
}


TEST_P(EventPortTest, ResetAtEveryStage)
{
	EventServer server(GetParam());
	server.start();
	const std::string request = handshakeRequest();
	for (std::size_t length: {std::size_t(0), std::size_t(1), request.size() - 1})
	{
		RawPeer peer = server.dial();
		peer.send(request.substr(0, length));
		EXPECT_TRUE(eventually([&] { return server.server.metrics().handshakes == 1; }));
		if (length == 1) peer.reset();
		else peer.close();
		EXPECT_TRUE(eventually([&] { return server.server.metrics().handshakes == 0; }));
	}
	EXPECT_EQ(0u, server.handler.count());
	const std::vector<std::string> parts = {"", textFrame("whole"), textFrame("half").substr(0, 7), frameHeader(FIN_BINARY, 1 << 20, true) + std::string(100000, 'x'),
		closeFrame()};
	for (std::size_t i = 0; i < parts.size(); ++i)
	{
		RawPeer peer = server.connect();
		EventConnection::Ptr pConnection = server.handler.connection(i);
		peer.send(parts[i]);
		EXPECT_TRUE(eventually([&] { return pConnection->metrics().bytesReceived >= parts[i].size(); }));
		peer.reset();
		const Lines log = server.handler.finalLog(i);
		EXPECT_EQ(i == 4 ? "close 1000" : "close 1006", log.back());
		EXPECT_EQ(1, std::count_if(log.begin(), log.end(), [](const std::string& line) { return line.find("close") == 0; }));
	}
	EXPECT_TRUE(eventually([&] { return server.server.metrics().connections == 0; }));
}


TEST_F(EventTest, AbortFromElsewhere)
{
	// Somebody else's callback: a lock that is held meanwhile, or a list that is walked, is safe.
	EventServer server;
	std::mutex members;
	server.handler.message = [&](EventConnection&, std::string_view, WebSocketFrame::Opcode)
	{
		std::lock_guard<std::mutex> lock(members);
		for (std::size_t i = 0; i < 4; ++i) server.handler.connection(i)->abort();
	};
	server.handler.close = [&](EventConnection&, int, const std::string&) { std::lock_guard<std::mutex> lock(members); };
	server.start();
	std::vector<RawPeer> peers;
	for (int i = 0; i < 4; ++i) peers.push_back(server.connect());
	peers[0].send(textFrame("all"));
	for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ("close 1006", server.handler.finalLog(i).back());
}


//
// User data
//
namespace
{
	struct Session
		/// Holds the connection that it is kept with.
	{
		EventConnection::Ptr pConnection;
		std::string name;
	};

	std::weak_ptr<Session> keepSession(EventConnection& connection)
	{
		const auto pSession = std::make_shared<Session>(Session{EventConnection::Ptr(&connection, true), "session"});
		connection.setUserData(pSession);
		return pSession;
	}
}


TEST_P(EventPortTest, UserDataThatHoldsItsConnection)
	/// It is there in onClose(), and goes then, in whatever way the connection ends.
{
	const std::vector<std::function<void (EventServer&, RawPeer&)>> ENDS =
	{
		[](EventServer&, RawPeer& peer) { peer.send(closeFrame()); peer.receiveFrame(); EXPECT_TRUE(peer.atEnd()); peer.close(); },
		[](EventServer&, RawPeer& peer) { peer.close(); },
		[](EventServer&, RawPeer& peer) { peer.reset(); },
		[](EventServer&, RawPeer& peer) { peer.send(frame(0x83, "", true)); expectClosed(peer, 1002); peer.close(); },
		[](EventServer& server, RawPeer&) { server.handler.connection()->abort(); },
		[](EventServer& server, RawPeer& peer) { server.handler.connection()->close(); expectClosed(peer, 1000); peer.close(); },
		[](EventServer& server, RawPeer&) { server.server.stop(); },
		[](EventServer& server, RawPeer&) { server.server.drain(Poco::Timespan(0, 1000)); },
	};
	for (const auto& end: ENDS)
	{
		EventServer server(GetParam());
		std::weak_ptr<Session> pSession;
		std::atomic<bool> seen{false};
		server.handler.open = [&](EventConnection& connection, Poco::Net::HTTPServerRequest&) { pSession = keepSession(connection); };
		server.handler.close = [&](EventConnection& connection, int, const std::string&)
		{
			const auto pData = std::static_pointer_cast<Session>(connection.userData());
			seen = pData && pData->name == "session" && pData->pConnection.get() == &connection;
		};
		server.start();
		RawPeer peer = server.connect();
		server.handler.connection();
		end(server, peer);
		server.handler.finalLog();
		EXPECT_TRUE(eventually([&] { return pSession.expired(); }));
		EXPECT_TRUE(seen);

		EventConnection::Ptr pConnection = server.handler.connection();
		EXPECT_EQ(nullptr, pConnection->userData());
		EXPECT_TRUE(keepSession(*pConnection).expired()) << "nothing is kept any more";
		EXPECT_EQ(nullptr, pConnection->userData());
	}
}


TEST_P(EventPortTest, UserDataSetWhileClosing)
	/// By another thread.
{
	EventServer server(GetParam());
	server.start();
	std::vector<std::weak_ptr<Session>> sessions;
	for (std::size_t i = 0; i < 50; ++i)
	{
		RawPeer peer = server.connect();
		EventConnection::Ptr pConnection = server.handler.connection(i);
		peer.close();
		do sessions.push_back(keepSession(*pConnection));
		while (pConnection->state() != EventConnection::CLOSED);
	}
	server.handler.forget();
	for (const auto& pSession: sessions) EXPECT_TRUE(eventually([&] { return pSession.expired(); }));
}


} // namespace WebSocketTest
