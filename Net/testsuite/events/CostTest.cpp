//
// CostTest.cpp
//
// What a message that waits takes in memory counts against the limits, not only its bytes.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "support/EventSupport.h"
#include "support/TestSupport.h"
#include "Poco/Net/ServerSocket.h"
#include "Poco/Net/WebSocketClient.h"
#include "Poco/URI.h"
#include <gtest/gtest.h>
#include <future>
#include <thread>


namespace WebSocketTest {


using Poco::Net::WebSocketClient;
using Poco::Net::WebSocketClientLoop;
using Poco::Net::WebSocketClientParams;
using Poco::Net::WebSocketPreparedMessage;


namespace
{
	constexpr int ENTRY = EventParams::QUEUE_ENTRY;
	constexpr int COUNT = 50;

	struct Held
		/// A server with one loop, which a callback holds until release().
	{
		explicit Held(Port port, int maxQueuedBytes, EventParams::QueuePolicy policy = EventParams::QUEUE_REFUSE):
			server(port, params(maxQueuedBytes, policy))
		{
			server.handler.message = [this](EventConnection&, std::string_view data, WebSocketFrame::Opcode)
			{
				if (data != "hold") return;
				held.set_value();
				get(released);
			};
			server.start();
			pPeer = std::make_unique<RawPeer>(server.connect());
			pConnection = server.handler.connection(0);
			pHolder = std::make_unique<RawPeer>(server.connect());
			pHolder->send(textFrame("hold"));
			std::future<void> isHeld = held.get_future();
			get(isHeld);
		}

		static EventParams::Ptr params(int maxQueuedBytes, EventParams::QueuePolicy policy)
		{
			EventParams::Ptr pParams = new EventParams;
			pParams->setThreads(1);
			pParams->setMaxQueuedBytes(maxQueuedBytes);
			pParams->setQueuePolicy(policy);
			return pParams;
		}

		void release()
		{
			go.set_value();
		}

		std::promise<void> held, go;
		std::future<void> released = go.get_future();
		EventServer server;
		EventConnection::Ptr pConnection;
		std::unique_ptr<RawPeer> pPeer, pHolder;
	};
}


TEST_P(EventPortTest, WhatAnotherThreadSendsCounts)
{
	for (const bool prepared: {false, true})
	{
		for (const std::string message: {"", "x"})
		{
			for (const int limit: {0, 1}) // bytes that are left over, or are missing
			{
				const int cost = ENTRY + static_cast<int>(message.size());
				Held held(GetParam(), COUNT*cost - limit);
				const auto send = [&]
				{
					return prepared ? held.pConnection->send(WebSocketPreparedMessage::text(message)) : held.pConnection->sendText(message);
				};
				const int fit = limit == 0 ? COUNT : COUNT - 1;
				for (int i = 0; i < fit; ++i) ASSERT_EQ(EventConnection::SENT, send()) << i;
				EXPECT_EQ(EventConnection::QUEUE_FULL, send());
				EXPECT_EQ(static_cast<Poco::UInt64>(fit*cost), held.pConnection->metrics().bytesQueued);
				held.release();
				for (int i = 0; i < fit; ++i) expectText(*held.pPeer, message);
				EXPECT_TRUE(eventually([&] { return held.pConnection->metrics().bytesQueued == 0; }));
				EXPECT_EQ(EventConnection::SENT, send());
				expectText(*held.pPeer, message);
			}
		}
	}
}


TEST_P(EventPortTest, WhatWaitsBehindAMessageInPartsCounts)
{
	for (const std::string message: {"", "x"})
	{
		for (const int limit: {0, 1})
		{
			const int cost = ENTRY + static_cast<int>(message.size());
			const int part = 2 + 5; // "part1" in its frame
			EventServer server(GetParam(), Held::params(part + COUNT*cost - limit, EventParams::QUEUE_REFUSE));
			const int fit = limit == 0 ? COUNT : COUNT - 1;
			server.handler.message = [&](EventConnection& connection, std::string_view data, WebSocketFrame::Opcode)
			{
				if (data == "end")
				{
					connection.sendPart("end", WebSocketFrame::OP_TEXT, true);
					return;
				}
				connection.sendPart("part1", WebSocketFrame::OP_TEXT, false);
				for (int i = 0; i < fit; ++i) ASSERT_EQ(EventConnection::SENT, connection.sendText(message)) << i;
				EXPECT_EQ(EventConnection::QUEUE_FULL, connection.sendText(message));
			};
			server.start();
			RawPeer peer = server.connect();
			peer.send(textFrame("go"));
			EXPECT_EQ("part1", peer.receiveFrame().payload);
			peer.send(textFrame("end"));
			EXPECT_EQ("end", peer.receiveFrame().payload);
			for (int i = 0; i < fit; ++i) expectText(peer, message);
			EXPECT_TRUE(eventually([&] { return server.handler.connection()->metrics().bytesQueued == 0; }));
		}
	}
}


TEST_P(EventPortTest, FramesOfACallbackCount)
	/// With their headers: that is what lies there.
{
	for (const std::string message: {"", "x"})
	{
		const int length = 2 + static_cast<int>(message.size());
		EventServer server(GetParam(), Held::params(COUNT*length, EventParams::QUEUE_REFUSE));
		std::promise<int> promise;
		server.handler.message = [&](EventConnection& connection, std::string_view, WebSocketFrame::Opcode)
		{
			connection.sendPart("", WebSocketFrame::OP_BINARY, false); // nothing can be sent in between
			connection.sendPart("", WebSocketFrame::OP_BINARY, true);
			int count = 0;
			while (count < 100*COUNT && connection.metrics().messagesNotQueued == 0 && connection.sendText(message) == EventConnection::SENT) ++count;
			promise.set_value(count);
		};
		server.start();
		RawPeer peer = server.connect();
		peer.send(textFrame("go"));
		std::future<int> sent = promise.get_future();
		const int count = get(sent); // the peer has taken what did not fit
		EXPECT_EQ(100*COUNT, count);
		EXPECT_EQ(0, peer.receiveFrame().flags & 0x80);
		EXPECT_EQ(0x80, peer.receiveFrame().flags);
		for (int i = 0; i < count; ++i) expectText(peer, message);
	}
}


TEST_P(EventPortTest, PendingBroadcastsCount)
{
	for (const std::string message: {"", "x"})
	{
		for (const int limit: {0, 1})
		{
			const int cost = ENTRY + 2 + static_cast<int>(message.size());
			Held held(GetParam(), COUNT*cost - limit);
			const int fit = limit == 0 ? COUNT : COUNT - 1;
			for (int i = 0; i < 100*COUNT; ++i) held.server.server.broadcast(WebSocketPreparedMessage::text(message));
			held.release();
			for (int i = 0; i < fit; ++i) expectText(*held.pPeer, message);
			EXPECT_TRUE(eventually([&] { return held.server.handler.has("drained", 0); }));
			EXPECT_EQ(1u, held.pConnection->metrics().messagesNotQueued) << "what did not fit";
			held.server.server.broadcast(WebSocketPreparedMessage::text("again"));
			expectText(*held.pPeer, "again");
		}
	}
}


TEST_P(EventPortTest, PendingBroadcastsClose)
{
	Held held(GetParam(), 10*ENTRY, EventParams::QUEUE_CLOSE_1013);
	for (int i = 0; i < COUNT; ++i) held.server.server.broadcast(WebSocketPreparedMessage::text("x"));
	held.release();
	for (int i = 0; i < 9; ++i) expectText(*held.pPeer, "x");
	expectClosed(*held.pPeer, 1013);
}


TEST_P(EventPortTest, BroadcastsOfACallbackDoNotWaitWithoutLimit)
	/// They are given to the connections when they are many, in their order.
{
	constexpr int MANY = 3000;
	EventServer server(GetParam(), Held::params(10*ENTRY + 10*MANY, EventParams::QUEUE_REFUSE));
	const WebSocketPreparedMessage::Ptr pMessage = WebSocketPreparedMessage::text("b");
	std::atomic<int> most{0};
	server.handler.message = [&](EventConnection& connection, std::string_view, WebSocketFrame::Opcode)
	{
		for (int i = 0; i < MANY; ++i)
		{
			server.server.broadcast(pMessage);
			most = std::max(most.load(), pMessage->referenceCount());
			if (i % 100 == 50) connection.sendText("s");
		}
	};
	server.start();
	RawPeer peer = server.connect(), other = server.connect();
	peer.send(textFrame("go"));
	for (int i = 0; i < MANY; ++i)
	{
		expectText(peer, "b");
		if (i % 100 == 50) expectText(peer, "s");
		expectText(other, "b");
	}
	server.server.broadcast(pMessage);
	expectText(peer, "b");
	expectText(other, "b");
	EXPECT_GE((10*ENTRY + 10*MANY)/ENTRY + 10, most) << "wait in the loop's list";
}


TEST_F(EventTest, WhatIsKeptForAConnectionCounts)
{
	Poco::Net::ServerSocket socket(Poco::Net::SocketAddress("127.0.0.1", 0));
	const Poco::UInt16 port = socket.address().port();
	socket.close();
	WebSocketClientLoop loop;
	for (const std::string message: {"", "x"})
	{
		for (const int limit: {0, 1})
		{
			WebSocketClientParams::Ptr pParams = new WebSocketClientParams;
			pParams->setMaxOfflineBytes(COUNT*(ENTRY + static_cast<int>(message.size())) - limit);
			WebSocketClient client(Poco::URI("ws://127.0.0.1:" + std::to_string(port)), forClient(new Recorder), loop, pParams);
			client.start();
			for (int i = 0; i < (limit == 0 ? COUNT : COUNT - 1); ++i) ASSERT_EQ(EventConnection::SENT, client.sendText(message)) << i;
			EXPECT_EQ(EventConnection::QUEUE_FULL, client.sendText(message));
			client.stop();
		}
	}
}


TEST_P(EventPortTest, QueuedIsNeverCountedTwice)
	/// While the loop takes over what another thread has sent, who asks is told what waits, not part of it in both places.
{
	constexpr int SIZE = 20000;
	const int most = 20*(SIZE + ENTRY);
	for (int round = 0; round < 20; ++round)
	{
		EventServer server(GetParam(), Held::params(most, EventParams::QUEUE_REFUSE));
		server.smallBuffers().start();
		RawPeer peer = server.connect();
		EventConnection::Ptr pConnection = server.handler.connection();
		std::atomic<bool> stop(false);
		std::atomic<Poco::UInt64> seen(0);
		std::thread reader([&]
		{
			while (!stop) seen = std::max(seen.load(), pConnection->metrics().bytesQueued);
		});
		for (int i = 0; i < 100; ++i) pConnection->sendText(pattern(SIZE));
		stop = true;
		reader.join();
		EXPECT_GE(static_cast<Poco::UInt64>(most), seen);
		peer.reset();
	}
}


} // namespace WebSocketTest
