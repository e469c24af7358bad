//
// PauseTest.cpp
//
// Reading that is paused: nothing is lost, and the order is kept.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "support/EventSupport.h"
#include <thread>


namespace WebSocketTest {


using Lines = std::vector<std::string>;


namespace
{
	std::string numbered(int from, int to)
	{
		std::string bytes;
		for (int i = from; i <= to; ++i) bytes += textFrame(std::to_string(i));
		return bytes;
	}

	Lines expected(int count)
	{
		Lines lines = {"open"};
		for (int i = 1; i <= count; ++i) lines.push_back("message 1 " + std::to_string(i));
		return lines;
	}
}


TEST_P(EventPortTest, PausedByEachMessage)
{
	// Each message pauses, another thread resumes.
	constexpr int COUNT = 300;
	EventServer server(GetParam());
	std::atomic<int> paused(0);
	server.handler.message = [&](EventConnection& connection, std::string_view, WebSocketFrame::Opcode)
	{
		connection.pause();
		++paused;
	};
	server.start();
	RawPeer peer = server.connect();
	peer.send(numbered(1, COUNT/2));
	for (int i = 1; i <= COUNT; ++i)
	{
		ASSERT_TRUE(eventually([&] { return paused == i; })) << i;
		if (i == 10) peer.send(numbered(COUNT/2 + 1, COUNT), 7);
		server.handler.connection()->resume();
	}
	EXPECT_EQ(expected(COUNT), server.handler.log());
	peer.send(closeFrame());
	EXPECT_EQ("close 1000", server.handler.finalLog().back());
}


TEST_P(EventPortTest, PauseAfterResume)
{
	// What was said last counts, also while messages wait that were read already.
	EventServer server(GetParam());
	server.handler.message = [&](EventConnection& connection, std::string_view data, WebSocketFrame::Opcode)
	{
		connection.pause();
		if (data != "1") return;
		connection.resume();
		connection.resume();
		connection.pause();
	};
	server.start();
	RawPeer peer = server.connect();
	RawPeer other = server.connect();
	peer.send(numbered(1, 3));
	EventConnection::Ptr pConnection = server.handler.connection();
	ASSERT_TRUE(eventually([&] { return server.handler.log(0).size() >= 2; }));
	for (int i = 2; i <= 3; ++i)
	{
		// A PING of another thread's has gone round: the loop has had its turn.
		pConnection->ping();
		EXPECT_EQ(FIN_PING, peer.receiveFrame().flags);
		pConnection->ping();
		EXPECT_EQ(FIN_PING, peer.receiveFrame().flags);
		EXPECT_EQ(expected(i - 1), server.handler.log(0));
		pConnection->resume();
		ASSERT_TRUE(eventually([&] { return server.handler.log(0).size() > static_cast<std::size_t>(i); }));
	}
	EXPECT_EQ(expected(3), server.handler.log(0));
}


TEST_P(EventPortTest, PausedInOnOpen)
{
	EventServer server(GetParam());
	server.handler.open = [](EventConnection& connection, Poco::Net::HTTPServerRequest&) { connection.pause(); };
	server.start();
	RawPeer peer = server.dial();
	peer.send(handshakeRequest() + numbered(1, 3));
	peer.receiveThrough("\r\n\r\n");
	peer.send(numbered(4, 6) + closeFrame(1000));
	EXPECT_EQ(expected(0), server.handler.log());
	server.handler.connection()->resume();
	for (int i = 1; i <= 6; ++i) expectText(peer, std::to_string(i));
	EXPECT_EQ(1000, peer.receiveFrame().closeCode());
	EXPECT_TRUE(peer.atEnd());
	Lines lines = expected(6);
	lines.push_back("close 1000");
	EXPECT_EQ(lines, server.handler.finalLog());
}


TEST_P(EventPortTest, PausedByAnotherInTheSameTurn)
{
	// All have something to read when the first one's callback pauses the others.
	constexpr int COUNT = 16;
	EventParams::Ptr pParams = new EventParams;
	pParams->setThreads(1);
	EventServer server(GetParam(), pParams);
	std::atomic<bool> first(true), held(false), go(false);
	server.handler.message = [&](EventConnection& connection, std::string_view data, WebSocketFrame::Opcode)
	{
		if (data == "hold")
		{
			held = true;
			eventually([&] { return go.load(); });
			return;
		}
		if (!first.exchange(false)) return;
		for (std::size_t i = 0; i < COUNT; ++i)
		{
			EventConnection::Ptr pOther = server.handler.connection(i);
			if (pOther.get() != &connection) pOther->pause();
		}
	};
	server.start();
	std::vector<RawPeer> peers;
	for (int i = 0; i < COUNT; ++i) peers.push_back(server.connect());
	RawPeer holder = server.connect();
	holder.send(textFrame("hold"));
	ASSERT_TRUE(eventually([&] { return held.load(); }));
	for (RawPeer& peer: peers) peer.send(textFrame("1"));
	go = true;
	ASSERT_TRUE(eventually([&] { return !first; }));
	for (std::size_t i = 0; i < COUNT; ++i) server.handler.connection(i)->resume();
	for (std::size_t i = 0; i < COUNT; ++i)
	{
		EXPECT_TRUE(eventually([&] { return server.handler.log(i).size() == 2; }));
		EXPECT_EQ(expected(1), server.handler.log(i));
	}
}


TEST_P(EventPortTest, PauseAndResumeFromElsewhere)
{
	constexpr int COUNT = 20000;
	EventServer server(GetParam());
	std::atomic<int> next(1);
	server.handler.message = [&](EventConnection&, std::string_view data, WebSocketFrame::Opcode)
	{
		if (std::to_string(next) == std::string(data)) ++next;
	};
	server.start();
	RawPeer peer = server.connect();
	EventConnection::Ptr pConnection = server.handler.connection();
	std::atomic<bool> stop(false);
	std::thread meddler([&]
	{
		while (!stop)
		{
			const int before = next;
			pConnection->pause();
			pConnection->resume();
			while (!stop && next == before) std::this_thread::yield(); // otherwise it might be paused nearly all the time
		}
	});
	peer.send(numbered(1, COUNT), 1000);
	EXPECT_TRUE(eventually([&] { return next == COUNT + 1; })) << next;
	stop = true;
	meddler.join();
	EXPECT_EQ(EventConnection::OPEN, pConnection->state());
}


TEST_P(EventPortTest, PeerGoesWhilePaused)
{
	// What it has sent before is not lost.
	EventServer server(GetParam());
	server.handler.open = [](EventConnection& connection, Poco::Net::HTTPServerRequest&) { connection.pause(); };
	server.handler.message = nullptr;
	server.start();
	{
		RawPeer peer = server.connect();
		peer.send(numbered(1, 3));
		peer.close();
	}
	EventConnection::Ptr pConnection = server.handler.connection();
	RawPeer other = server.connect();
	pConnection->resume();
	Lines lines = expected(3);
	lines.push_back("close 1006");
	EXPECT_EQ(lines, server.handler.finalLog());
}


TEST_F(EventTest, PausedForLongerThanKeepAlive)
{
	EventParams::Ptr pParams = new EventParams;
	pParams->setPingInterval(Poco::Timespan(0, 100*1000));
	pParams->setPongTimeout(Poco::Timespan(0, 100*1000));
	EventServer server(Port::PLAIN, pParams);
	server.handler.open = [&](EventConnection& connection, Poco::Net::HTTPServerRequest&) { if (server.handler.count() == 1) connection.pause(); };
	server.start();
	RawPeer peer = server.connect();
	RawPeer other = server.connect();
	// By the time this one, which is not paused and does not answer, has failed, the other would have, too.
	EXPECT_EQ("close 1006", server.handler.finalLog(1).back());
	RawPeer third = server.connect();
	EXPECT_EQ("close 1006", server.handler.finalLog(2).back());
	EXPECT_EQ(EventConnection::OPEN, server.handler.connection(0)->state());
	peer.send(textFrame("1"));
	server.handler.connection(0)->resume();
	expectText(peer, "1");
}


TEST_F(EventTest, CallbackThrowsWhilePaused)
{
	EventServer server;
	server.handler.open = [](EventConnection& connection, Poco::Net::HTTPServerRequest&)
	{
		connection.pause();
		throw Poco::RuntimeException("open");
	};
	server.start();
	RawPeer peer = server.connect();
	expectClosed(peer, 1011);
	peer.close();
	EXPECT_TRUE(eventually([&] { return server.server.metrics().connections == 0; }));
}


} // namespace WebSocketTest
