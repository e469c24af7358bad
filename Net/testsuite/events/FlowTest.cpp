//
// FlowTest.cpp
//
// Readers and writers that are slow, queues that are full, reading that is paused.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "support/EventSupport.h"
#include "support/MessageSupport.h"
#include <thread>


using Poco::Net::WebSocketPreparedMessage;


namespace WebSocketTest {


using Lines = std::vector<std::string>;


namespace
{
	constexpr int QUEUE = 256*1024;

	EventParams::Ptr smallQueue(EventParams::QueuePolicy policy = EventParams::QUEUE_REFUSE)
	{
		EventParams::Ptr pParams = new EventParams;
		pParams->setMaxQueuedBytes(QUEUE);
		pParams->setQueuePolicy(policy);
		return pParams;
	}

	EventConnection::SendResult fill(EventConnection& connection, std::size_t& sent)
		/// Sends until nothing more is taken.
	{
		const std::string message = pattern(10000);
		for (sent = 0; sent < 100000; ++sent)
		{
			const EventConnection::SendResult result = connection.sendText(message);
			if (result != EventConnection::SENT) return result;
		}
		return EventConnection::SENT;
	}
}


TEST_F(EventTest, WhoTakesItsWholeTurnIsReadAfterTheOthers)
{
	EventParams::Ptr pParams = new EventParams;
	pParams->setThreads(1);
	EventServer server(Port::PLAIN, pParams);
	std::atomic<int> many(0), seen(0);
	std::atomic<bool> begun(false), goOn(false);
	server.handler.quiet = true;
	server.handler.message = [&](EventConnection& connection, std::string_view data, WebSocketFrame::Opcode opcode)
	{
		if (data.front() == 'x')
		{
			if (++many > 1) begun = true;
			if (many == 2) eventually([&] { return goOn.load(); });
		}
		else
		{
			seen = many.load();
			connection.send(data, opcode);
		}
	};
	server.start();
	RawPeer greedy = server.connect(), other = server.connect();
	greedy.send(textFrame("x"));
	ASSERT_TRUE(eventually([&] { return many == 1; }));
	std::string flood;
	const int size = static_cast<int>(textFrame("x").size());
	for (int i = 0; i < 3000; ++i) flood += textFrame("x");
	greedy.send(flood);
	ASSERT_TRUE(eventually([&] { return begun.load(); }));
	other.send(textFrame("y"));
	goOn = true;
	expectText(other, "y");
	EXPECT_GE(1 + 4096/size + 1, seen); // what is read at once
	EXPECT_TRUE(eventually([&] { return many == 3001; }));
}


class EventQueueTest: public ::testing::TestWithParam<std::tuple<Port, bool>>
	/// bool: sent by another thread.
{
private:
	Watchdog _watchdog;
};

INSTANTIATE_TEST_SUITE_P(Event, EventQueueTest, ::testing::Combine(::testing::Values(Port::PLAIN, Port::TLS, Port::LOCAL), ::testing::Bool()));


TEST_P(EventQueueTest, PoliciesWhenFull)
{
	const struct
	{
		EventParams::QueuePolicy policy;
		EventConnection::SendResult result;
		int code;
	}
	rows[] =
	{
		{EventParams::QUEUE_REFUSE, EventConnection::QUEUE_FULL, 0},
		{EventParams::QUEUE_DROP, EventConnection::DROPPED, 0},
		{EventParams::QUEUE_CLOSE_1008, EventConnection::NOT_OPEN, 1008},
		{EventParams::QUEUE_CLOSE_1013, EventConnection::NOT_OPEN, 1013}
	};
	for (const auto& row: rows)
	{
		EventServer server(std::get<0>(GetParam()), smallQueue(row.policy));
		const bool elsewhere = std::get<1>(GetParam());
		std::atomic<int> result(-1);
		std::atomic<std::size_t> sent(0);
		server.handler.message = [&](EventConnection& connection, std::string_view, WebSocketFrame::Opcode)
		{
			std::size_t count = 0;
			const EventConnection::SendResult last = fill(connection, count);
			sent = count;
			result = last;
		};
		server.start();
		RawPeer peer = server.connect();
		EventConnection::Ptr pConnection = server.handler.connection();
		if (elsewhere) server.handler.message(*pConnection, "", WebSocketFrame::OP_TEXT);
		else peer.send(textFrame("go"));
		ASSERT_TRUE(eventually([&] { return result >= 0; }));
		EXPECT_EQ(row.result, result);
		EXPECT_LT(0u, pConnection->metrics().messagesNotQueued);
		EXPECT_GE(QUEUE + 20000u, pConnection->metrics().bytesQueued);
		for (std::size_t i = 0; i < sent; ++i) ASSERT_EQ(10000u, peer.receiveFrame().payload.size());
		if (row.code != 0)
		{
			expectClosed(peer, row.code);
			continue;
		}
		EXPECT_TRUE(eventually([&] { return server.handler.has("drained"); }));
		EXPECT_TRUE(eventually([&] { return pConnection->metrics().bytesQueued == 0; }));
		EXPECT_EQ(EventConnection::SENT, pConnection->sendText("again"));
		expectText(peer, "again");
	}
}


TEST_P(EventPortTest, RefusedAndDrainedRace)
{
	// After each refusal onDrained() comes, however soon everything has been sent.
	EventParams::Ptr pParams = new EventParams;
	pParams->setMaxQueuedBytes(1);
	EventServer server(GetParam(), pParams);
	std::atomic<int> drained(0);
	server.handler.drained = [&](EventConnection&) { ++drained; };
	server.start();
	RawPeer peer = server.connect();
	EventConnection::Ptr pConnection = server.handler.connection();
	std::atomic<bool> stop(false);
	std::thread reader([&]
	{
		try
		{
			while (!stop) peer.receiveFrame();
		}
		catch (const Poco::Exception&)
		{
			// the end
		}
	});
	int refused = 0;
	for (int i = 0; i < 20000 && refused < 200; ++i)
	{
		const int before = drained;
		if (pConnection->sendText("x") != EventConnection::QUEUE_FULL) continue;
		++refused;
		if (!eventually([&] { return drained > before; }))
		{
			ADD_FAILURE() << "no onDrained() after refusal " << refused;
			break;
		}
	}
	stop = true;
	pConnection->close();
	reader.join();
	EXPECT_LT(0, refused);
}


TEST_P(EventPortTest, QueueOfAReaderThatNeverReads)
{
	// Many threads' messages wait in the loop's list before they are in the queue: together they stay within the limit.
	EventParams::Ptr pParams = smallQueue();
	pParams->setThreads(1);
	EventServer server(GetParam(), pParams);
	server.start();
	RawPeer peer = server.connect();
	EventConnection::Ptr pConnection = server.handler.connection();
	Poco::UInt64 most = 0;
	const WebSocketPreparedMessage::Ptr pMessage = WebSocketPreparedMessage::text(pattern(20000));
	int refused = 0;
	while (refused < 5000)
	{
		if (pConnection->sendText(pattern(3000)) != EventConnection::SENT) ++refused;
		if (pConnection->send(pMessage) != EventConnection::SENT) ++refused;
		most = std::max(most, pConnection->metrics().bytesQueued);
	}
	EXPECT_GE(QUEUE + 30000u, most);
	peer.reset();
	EXPECT_EQ("close 1006", server.handler.finalLog().back());
	// Nothing of it goes to the next one.
	RawPeer next = server.connect();
	next.send(textFrame("next"));
	expectText(next, "next");
}


TEST_P(EventPortTest, PingsOfAReaderThatNeverReads)
{
	EventParams::Ptr pParams = smallQueue();
	pParams->setMaxPendingPings(50);
	for (const int pings: {50, 51})
	{
		EventServer server(GetParam(), pParams);
		std::atomic<std::size_t> sent(0);
		server.handler.message = [&](EventConnection& connection, std::string_view, WebSocketFrame::Opcode)
		{
			std::size_t count = 0;
			fill(connection, count);
			sent = count;
		};
		server.smallBuffers().start();
		RawPeer peer = server.connect();
		peer.send(textFrame("go"));
		ASSERT_TRUE(eventually([&] { return sent > 0; }));
		EventConnection::Ptr pConnection = server.handler.connection();
		const Poco::UInt64 before = pConnection->metrics().bytesReceived;
		std::string bytes;
		for (int i = 1; i <= pings; ++i) bytes += masked(FIN_PING, std::to_string(i));
		peer.send(bytes);
		ASSERT_TRUE(eventually([&] { return pConnection->metrics().bytesReceived >= before + bytes.size(); }));
		for (std::size_t i = 0; i < sent; ++i) ASSERT_EQ(FIN_TEXT, peer.receiveFrame().flags);
		if (pings == 50)
		{
			const Frame pong = peer.receiveFrame();
			EXPECT_EQ(FIN_PONG, pong.flags);
			EXPECT_EQ("50", pong.payload);
			peer.send(textFrame("go"));
			EXPECT_EQ(FIN_TEXT, peer.receiveFrame().flags);
		}
		else
		{
			expectClosed(peer, 1008);
			EXPECT_TRUE(server.handler.has("error WebSocket Exception 20"));
		}
	}
}


TEST_P(EventPortTest, NoPongAfterClose)
{
	// RFC 6455, 5.5.1: nothing follows a Close frame, not even the answer to a PING that has waited.
	EventServer server(GetParam(), smallQueue());
	std::atomic<std::size_t> sent(0);
	server.handler.message = [&](EventConnection& connection, std::string_view, WebSocketFrame::Opcode)
	{
		std::size_t count = 0;
		fill(connection, count);
		sent = count;
	};
	server.smallBuffers().start();
	RawPeer peer = server.connect();
	peer.send(textFrame("go"));
	ASSERT_TRUE(eventually([&] { return sent > 0; }));
	EventConnection::Ptr pConnection = server.handler.connection();
	const Poco::UInt64 before = pConnection->metrics().bytesReceived;
	peer.send(masked(FIN_PING, "?"));
	ASSERT_TRUE(eventually([&] { return pConnection->metrics().bytesReceived > before; }));
	pConnection->close(4000);
	ASSERT_TRUE(eventually([&] { return pConnection->state() == EventConnection::CLOSING; }));
	for (std::size_t i = 0; i < sent; ++i) ASSERT_EQ(FIN_TEXT, peer.receiveFrame().flags);
	expectClosed(peer, 4000);
	EXPECT_EQ("close 4000", server.handler.finalLog().back());
}


TEST_P(EventPortTest, SlowWriter)
{
	EventServer server(GetParam());
	server.start();
	RawPeer peer = server.dial();
	const std::string bytes = handshakeRequest() + textFrame("slow") + masked(1, "fra") + masked(FIN_PING, "p") + masked(0x80, "gments") + closeFrame(1000, "done");
	peer.send(bytes, 1);
	EXPECT_NE(std::string::npos, peer.receiveThrough("\r\n\r\n").find(" 101 "));
	expectText(peer, "slow");
	EXPECT_EQ(FIN_PONG, peer.receiveFrame().flags);
	expectText(peer, "fragments");
	EXPECT_EQ(1000, peer.receiveFrame().closeCode());
	EXPECT_TRUE(peer.atEnd());
	EXPECT_EQ((Lines{"open", "message 1 slow", "message 1 fragments", "close 1000 done"}), server.handler.finalLog());
}


TEST_P(EventPortTest, HalfClose)
{
	EventServer server(GetParam());
	server.start();
	{
		RawPeer peer = server.connect();
		peer.send(textFrame("last words"));
		expectText(peer, "last words");
		peer.endSending();
		EXPECT_TRUE(peer.atEnd());
		EXPECT_EQ((Lines{"open", "message 1 last words", "close 1006"}), server.handler.finalLog(0));
	}
	{
		RawPeer peer = server.connect();
		peer.send(textFrame("cut").substr(0, 5));
		peer.endSending();
		EXPECT_EQ((Lines{"open", "error WebSocket Exception 11", "close 1006"}), server.handler.finalLog(1));
	}
	{
		RawPeer peer = server.connect();
		peer.send(closeFrame(1001));
		if (GetParam() != Port::TLS) peer.endSending(); // the answer, and the end, may have come before
		EXPECT_EQ(1001, peer.receiveFrame().closeCode());
		EXPECT_TRUE(peer.atEnd());
		EXPECT_EQ((Lines{"open", "close 1001"}), server.handler.finalLog(2));
	}
}


TEST_F(EventTest, DecompressionLetsOthersHaveTheirTurn)
	/// Many compressed messages in one segment: after a millisecond, which the first one's callback takes, the loop looks for others.
{
	EventParams::Ptr pParams = new EventParams;
	pParams->setDeflate(true);
	pParams->setThreads(1);
	EventServer server(Port::PLAIN, pParams);
	std::promise<void> begun;
	std::promise<void> sent;
	std::future<void> hasBegun = begun.get_future();
	std::future<void> isSent = sent.get_future();
	std::vector<std::string> order; // of the loop's thread
	server.handler.message = [&](EventConnection&, std::string_view data, WebSocketFrame::Opcode)
	{
		order.emplace_back(data);
		if (order.size() > 1) return;
		begun.set_value();
		get(isSent);
		std::this_thread::sleep_for(std::chrono::milliseconds(2)); // it takes its time
	};
	server.start();
	RawPeer busy = server.connect("Sec-WebSocket-Extensions: permessage-deflate\r\n");
	RawPeer other = server.connect();
	ZlibDeflater deflater;
	std::string wire;
	for (int i = 0; i < 10; ++i) wire += masked(0xc1, deflater.message("busy"));
	busy.send(wire);
	get(hasBegun);
	other.send(textFrame("other"));
	sent.set_value();
	EXPECT_TRUE(eventually([&] { return server.handler.log(0).size() + server.handler.log(1).size() == 13; }));
	server.server.stop();
	ASSERT_EQ(11u, order.size());
	EXPECT_NE("other", order.back());
	EXPECT_EQ(1, std::count(order.begin(), order.end(), "other"));
}


TEST_F(EventTest, SmallFramesBehindLargeOnes)
	/// Behind a large frame much is read at once; if that is many small ones, others have their turn before the last of them.
{
	constexpr int NUMBER = 20000;
	EventParams::Ptr pParams = new EventParams;
	pParams->setThreads(1);
	EventServer server(Port::PLAIN, pParams);
	std::promise<void> begun;
	std::promise<void> sent;
	std::future<void> hasBegun = begun.get_future();
	std::future<void> isSent = sent.get_future();
	std::promise<int> before;
	std::future<int> smallBefore = before.get_future();
	int small = 0; // of the loop's thread
	std::promise<void> all;
	std::future<void> areAll = all.get_future();
	server.handler.quiet = true;
	server.handler.message = [&](EventConnection&, std::string_view data, WebSocketFrame::Opcode)
	{
		if (data.empty() && ++small == NUMBER) all.set_value();
		if (data == "other") before.set_value(small);
		if (data.size() < 16*1024) return;
		begun.set_value();
		get(isSent);
	};
	server.start();
	RawPeer busy = server.connect();
	RawPeer other = server.connect();
	busy.send(binaryFrame(std::string(16*1024, 'x')));
	get(hasBegun);
	std::string wire;
	for (int i = 0; i < NUMBER; ++i) wire += binaryFrame("");
	busy.send(wire);
	other.send(textFrame("other"));
	sent.set_value();
	EXPECT_GT(NUMBER/2, get(smallBefore));
	get(areAll);
}


} // namespace WebSocketTest
