//
// BroadcastTest.cpp
//
// What a server sends to all of its connections.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "support/EventSupport.h"
#include "support/MessageSupport.h"
#include "Poco/Exception.h"
#include <future>
#include <list>


using Poco::Net::WebSocketPreparedMessage;


namespace WebSocketTest {


using Lines = std::vector<std::string>;


namespace
{
	const char* const DEFLATE = "Sec-WebSocket-Extensions: permessage-deflate; client_no_context_takeover; server_no_context_takeover\r\n";

	WebSocketPreparedMessage::Ptr prepared(const std::string& text)
	{
		return WebSocketPreparedMessage::text(text);
	}

	std::string receiveInflated(RawPeer& peer)
	{
		const Frame frame = receiveJoined(peer);
		if (!(frame.flags & 0x40)) return frame.payload;
		ZlibInflater inflater;
		return inflater.message(frame.payload);
	}
}


TEST_P(EventPortTest, BroadcastByAnyThread)
{
	EventParams::Ptr pParams = new EventParams;
	pParams->setThreads(3);
	pParams->setDeflate(true);
	EventServer server(GetParam(), pParams);
	server.handler.message = [&](EventConnection&, std::string_view data, WebSocketFrame::Opcode) { server.server.broadcast(prepared(std::string(data))); };
	server.server.broadcast(prepared("to nobody"));
	server.start();
	server.server.broadcast(prepared("to nobody"));
	RawPeer busy = server.dial(); // has not begun its handshake
	std::list<RawPeer> peers;
	for (int i = 0; i < 9; ++i) peers.push_back(server.connect(i % 3 == 0 ? DEFLATE : ""));
	const Lines texts = {"short", pattern(500), pattern(20000), pattern(100000)}; // below and above what is referred to, and compressed in steps
	for (const std::string& text: texts)
	{
		for (bool callback: {false, true})
		{
			if (callback) peers.front().send(textFrame(text));
			else server.server.broadcast(prepared(text));
			for (RawPeer& peer: peers) ASSERT_TRUE(text == receiveInflated(peer)) << text.size();
		}
	}
	EXPECT_EQ(9u*2*texts.size(), server.server.metrics().messagesSent);
	EXPECT_EQ(2u*texts.size(), server.handler.connection(8)->metrics().messagesSent);
	EXPECT_THROW(server.server.broadcast(nullptr), Poco::InvalidArgumentException);
	server.server.stop();
	server.server.broadcast(prepared("to nobody"));
}


TEST_P(EventPortTest, BroadcastBetweenMessages)
	/// Everything comes in the order in which it was sent.
{
	const std::string large = pattern(30000);
	const std::string larger = pattern(200000); // is compressed in steps
	for (bool deflated: {false, true})
	{
		EventParams::Ptr pParams = new EventParams;
		pParams->setThreads(1);
		pParams->setDeflate(deflated);
		EventServer server(GetParam(), pParams);
		server.handler.message = [&](EventConnection& connection, std::string_view, WebSocketFrame::Opcode)
		{
			connection.sendText("1");
			server.server.broadcast(prepared("2"));
			server.server.broadcast(prepared("3"));
			connection.sendText("4");
			server.server.broadcast(prepared(large));
			connection.send(prepared("5"));
			connection.send(prepared("6"));
			server.server.broadcast(prepared("7"));
			connection.sendPart("8", WebSocketFrame::OP_TEXT, false);
			server.server.broadcast(prepared("9")); // waits for the last part
			connection.sendPart("8", WebSocketFrame::OP_TEXT, true);
			server.server.broadcast(prepared(larger));
			connection.sendText("10");
			server.server.broadcast(prepared(larger));
			connection.sendPart("1", WebSocketFrame::OP_TEXT, false);
			connection.sendPart("1", WebSocketFrame::OP_TEXT, true);
			server.server.broadcast(prepared(larger));
			connection.close(4000);
			server.server.broadcast(prepared("12")); // is not for it any more
		};
		server.start();
		RawPeer other = server.connect(DEFLATE);
		RawPeer peer = server.connect(DEFLATE);
		peer.send(textFrame("go"));
		const Lines own = {"1", "2", "3", "4", large, "5", "6", "7", "88", "9", larger, "10", larger, "11", larger};
		for (const std::string& text: own) ASSERT_TRUE(text == receiveInflated(peer)) << text.substr(0, 10);
		expectClosed(peer, 4000);
		const Lines others = {"2", "3", large, "7", "9", larger, larger, larger, "12"};
		for (const std::string& text: others) ASSERT_TRUE(text == receiveInflated(other)) << text.substr(0, 10);
	}
}


TEST_P(EventPortTest, BroadcastBetweenMessagesOfAnotherThread)
{
	const std::string filler = pattern(70000); // is compressed in steps
	for (bool deflated: {false, true})
	{
		EventParams::Ptr pParams = new EventParams;
		pParams->setDeflate(deflated);
		pParams->setMaxQueuedBytes(1 << 30);
		EventServer server(GetParam(), pParams);
		server.start();
		RawPeer peer = server.connect(DEFLATE);
		EventConnection::Ptr pConnection = server.handler.connection();
		for (int i = 0; i < 100; i += 2)
		{
			pConnection->sendText(std::to_string(i) + (i % 8 == 0 ? filler : ""));
			server.server.broadcast(prepared(std::to_string(i + 1) + (i % 6 == 0 ? filler : "")));
		}
		for (int i = 0; i < 100; ++i)
		{
			const std::string text = receiveInflated(peer);
			ASSERT_EQ(std::to_string(i), text.substr(0, std::to_string(i).size()));
		}
	}
}


TEST_P(EventPortTest, ManyBroadcastsInATurn)
	/// More than are kept in one place.
{
	EventServer server(GetParam());
	const std::string filler = pattern(1000);
	server.handler.message = [&](EventConnection&, std::string_view, WebSocketFrame::Opcode)
	{
		for (int i = 0; i < 200; ++i) server.server.broadcast(prepared(std::to_string(i) + filler));
	};
	server.start();
	std::list<RawPeer> peers;
	for (int i = 0; i < 4; ++i) peers.push_back(server.connect());
	peers.front().send(textFrame("go"));
	for (RawPeer& peer: peers)
	{
		for (int i = 0; i < 200; ++i) ASSERT_TRUE(std::to_string(i) + filler == peer.receiveFrame().payload) << i;
	}
}


TEST_F(EventTest, BroadcastToOneThatIsOpened)
	/// onOpen() may greet all, and who comes after a broadcast does not get it.
{
	EventParams::Ptr pParams = new EventParams;
	pParams->setThreads(1);
	EventServer server(Port::PLAIN, pParams);
	server.handler.open = [&](EventConnection&, Poco::Net::HTTPServerRequest&)
	{
		server.server.broadcast(prepared("another"));
	};
	server.start();
	RawPeer first = server.connect();
	RawPeer second = server.connect();
	expectText(second, "another");
	expectText(first, "another");
	expectText(first, "another");
	first.send(textFrame("echo"));
	expectText(first, "echo");
	second.send(textFrame("echo"));
	expectText(second, "echo");
}


TEST_F(EventTest, BroadcastByOtherCallbacks)
	/// Also by those that come while what was sent goes out.
{
	EventParams::Ptr pParams = new EventParams;
	pParams->setThreads(1);
	EventServer server(Port::PLAIN, pParams);
	server.smallBuffers();
	server.handler.drained = [&](EventConnection&) { server.server.broadcast(prepared("drained")); };
	server.handler.close = [&](EventConnection&, int, const std::string&) { server.server.broadcast(prepared("closed")); };
	server.start();
	RawPeer first = server.connect();
	RawPeer second = server.connect();
	const std::string much = pattern(4 << 20);
	server.handler.connection(1)->sendText(much);
	EXPECT_TRUE(eventually([&] { return server.handler.connection(1)->metrics().bytesQueued > 0; }));
	server.server.broadcast(prepared("behind it"));
	expectText(first, "behind it");
	EXPECT_TRUE(much == receiveJoined(second).payload);
	expectText(second, "behind it");
	expectText(first, "drained");
	expectText(second, "drained");
	second.close();
	expectText(first, "closed");
}


TEST_F(EventTest, BroadcastWithThePeersClose)
	/// The message came before the Close frame, and so does what it has caused.
{
	EventServer server;
	server.handler.message = [&](EventConnection&, std::string_view, WebSocketFrame::Opcode) { server.server.broadcast(prepared("to all")); };
	server.start();
	RawPeer peer = server.connect();
	peer.send(textFrame("go") + closeFrame(1000));
	expectText(peer, "to all");
	EXPECT_EQ(1000, peer.receiveFrame().closeCode());
}


TEST_F(EventTest, BroadcastsWhileAMessageIsCompressed)
	/// What was sent before them comes before them.
{
	EventParams::Ptr pParams = new EventParams;
	pParams->setThreads(1);
	pParams->setDeflate(true);
	pParams->setMaxQueuedBytes(1 << 30);
	EventServer server(Port::PLAIN, pParams);
	const std::string large = pattern(1 << 20);
	server.handler.message = [&](EventConnection& connection, std::string_view data, WebSocketFrame::Opcode)
	{
		if (data != "go")
		{
			server.server.broadcast(prepared("3"));
			return;
		}
		connection.sendText(large);
		connection.sendText("2");
	};
	server.start();
	RawPeer peer = server.connect(DEFLATE);
	RawPeer other = server.connect();
	std::string many;
	for (int i = 0; i < 20000; ++i) many += textFrame("again");
	std::future<void> sent = std::async(std::launch::async, [&] { other.send(many); }); // one of them is read in the turn of the last step
	std::future<void> read = std::async(std::launch::async, [&] { for (int i = 0; i < 20000; ++i) other.receiveFrame(); });
	peer.send(textFrame("go"));
	std::string text;
	do text = receiveInflated(peer);
	while (text == "3"); // was broadcast before
	EXPECT_TRUE(text == large);
	EXPECT_EQ("2", receiveInflated(peer));
	peer.close();
	get(sent);
	get(read);
}


TEST_P(EventPortTest, BroadcastToSlowReaders)
{
	for (EventParams::QueuePolicy policy: {EventParams::QUEUE_REFUSE, EventParams::QUEUE_CLOSE_1013})
	{
		EventParams::Ptr pParams = new EventParams;
		pParams->setMaxQueuedBytes(100000);
		pParams->setQueuePolicy(policy);
		EventServer server(GetParam(), pParams);
		server.smallBuffers();
		server.start();
		RawPeer fast = server.connect();
		RawPeer slow = server.connect();
		EventConnection::Ptr pSlow = server.handler.connection(1);
		const std::string filler = pattern(2000);
		int count = 0;
		while (count < 100000 && pSlow->metrics().messagesNotQueued == 0)
		{
			server.server.broadcast(prepared(std::to_string(count++) + filler));
			ASSERT_EQ(filler.size(), fast.receiveFrame().payload.size() - std::to_string(count - 1).size());
			ASSERT_TRUE(eventually([&] { return pSlow->metrics().messagesSent + pSlow->metrics().messagesNotQueued == static_cast<Poco::UInt64>(count); }));
		}
		EXPECT_LE(pSlow->metrics().bytesQueued, 100000u + 20u); // with the Close frame
		int i = 0;
		Frame frame = slow.receiveFrame();
		for (; frame.flags == FIN_TEXT && i < count - 1; ++i)
		{
			ASSERT_TRUE(std::to_string(i) + filler == frame.payload) << i;
			if (i < count - 2 || policy != EventParams::QUEUE_REFUSE) frame = slow.receiveFrame();
		}
		EXPECT_EQ(count - 1, i) << "what was not queued is the last one";
		if (policy == EventParams::QUEUE_CLOSE_1013)
		{
			EXPECT_EQ(1013, frame.closeCode());
		}
		else
		{
			EXPECT_TRUE(eventually([&] { return server.handler.has("drained", 1); }));
			server.server.broadcast(prepared("again"));
			expectText(slow, "again");
		}
		expectText(fast, policy == EventParams::QUEUE_REFUSE ? "again" : (server.server.broadcast(prepared("alone")), "alone"));
	}
}


} // namespace WebSocketTest
