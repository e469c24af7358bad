//
// MessageTest.cpp
//
// Messages of all sizes, in all pieces, and what breaks a rule.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "support/EventSupport.h"
#include "support/MessageSupport.h"
#include "Poco/Net/HTTPRequest.h"
#include <random>
#include <thread>


using Poco::Net::HTTPRequest;
using Poco::Net::WebSocketPreparedMessage;


namespace WebSocketTest {


using Lines = std::vector<std::string>;


TEST_P(EventPortTest, Sizes)
{
	EventServer server(GetParam());
	server.start();
	RawPeer peer = server.connect();
	std::vector<std::size_t> sizes = {0, 1, 125, 126, 127, 8191, 8192, 8193, 16384, 65535, 65536, 65537, 131071, 131072, 524288, 1000003};
	if (!sanitized()) sizes.push_back(16*1024*1024);
	for (const std::size_t size: sizes)
	{
		const std::string text = pattern(size);
		// Sent by another thread, since the answer may come before all is sent.
		std::thread sender([&] { if (GetParam() != Port::TLS) peer.send(textFrame(text)); });
		if (GetParam() == Port::TLS) peer.send(textFrame(text));
		const Frame frame = peer.receiveFrame();
		sender.join();
		EXPECT_EQ(FIN_TEXT, frame.flags);
		EXPECT_TRUE(text == frame.payload) << size;
	}
}


TEST_P(EventPortTest, ManyInOneSegmentAndFragments)
{
	EventServer server(GetParam());
	server.start();
	RawPeer peer = server.connect();
	std::string bytes;
	std::vector<std::string> expected;
	for (std::size_t i = 0; i < 300; ++i)
	{
		const std::string text = pattern(i % 50 == 0 ? 70000 : i, static_cast<unsigned>(i));
		expected.push_back(text);
		const std::size_t third = text.size()/3;
		if (i % 3 != 0) bytes += textFrame(text);
		else bytes += masked(1, text.substr(0, third)) + masked(FIN_PONG, "unasked") + masked(0, text.substr(third, third)) + masked(0x80, text.substr(2*third));
	}
	for (const std::size_t step: {bytes.size(), std::size_t(50021), std::size_t(777)})
	{
		std::future<void> receiver;
		if (GetParam() != Port::TLS) receiver = std::async(std::launch::async, [&] { for (const std::string& text: expected) expectText(peer, text); });
		peer.send(bytes, step);
		if (GetParam() != Port::TLS) get(receiver);
		else for (const std::string& text: expected) expectText(peer, text);
	}
}


TEST_F(EventTest, EverySplit)
{
	EventServer server;
	server.start();
	RawPeer peer = server.connect();
	const std::string bytes = textFrame("\xe2\x82\xac") + masked(1, "\xe2") + masked(FIN_PING, "p") + masked(0, "\x82") + masked(0x80, "\xac") + binaryFrame(pattern(200));
	for (std::size_t cut = 1; cut < bytes.size(); ++cut)
	{
		peer.send(bytes.substr(0, cut));
		peer.send(bytes.substr(cut));
		expectText(peer, "\xe2\x82\xac");
		EXPECT_EQ(FIN_PONG, peer.receiveFrame().flags);
		expectText(peer, "\xe2\x82\xac");
		EXPECT_EQ(pattern(200), peer.receiveFrame().payload);
	}
}


TEST_P(EventPortTest, Violations)
{
	const struct
	{
		const char* what;
		std::string bytes;
		int code;
		int error;
	}
	rows[] =
	{
		{"5.1 not masked", frame(FIN_TEXT, "x", false), 1002, 14},
		{"5.2 opcode", masked(0x83), 1002, 13},
		{"5.2 reserved bit", masked(0xc1, "x"), 1002, 12},
		{"5.4 nothing to continue", masked(0x80, "x"), 1002, 15},
		{"5.5 fragmented PING", masked(0x09, "x"), 1002, 15},
		{"5.5.1 Close of one byte", masked(FIN_CLOSE, "x"), 1002, 15},
		{"7.4 Close code", closeFrame(1005), 1002, 18},
		{"8.1 text", textFrame("\xff"), 1007, 17},
		{"8.1 text that ends early", textFrame("\xe2\x82"), 1007, 17},
		{"message too big", masked(2, std::string(900, 'x')) + masked(0x80, std::string(101, 'x')), 1009, 10},
		{"frame too big", frameHeader(FIN_BINARY, 901, true), 1009, 10},
		{"too many fragments", masked(2) + masked(0) + masked(0) + masked(0), 1008, 20}
	};
	EventParams::Ptr pParams = new EventParams;
	pParams->setMaxMessageSize(1000);
	pParams->setMaxFrameSize(900);
	pParams->setMaxFragments(3);
	EventServer server(GetParam(), pParams);
	server.handler.error = [](EventConnection& connection, const Poco::Exception&)
	{
		EXPECT_EQ(EventConnection::CLOSING, connection.state());
		EXPECT_EQ(EventConnection::NOT_OPEN, connection.sendText("behind the Close frame"));
	};
	server.start();
	std::size_t index = 0;
	for (const auto& row: rows)
	{
		SCOPED_TRACE(row.what);
		RawPeer peer = server.connect();
		peer.send(textFrame("before") + row.bytes + textFrame("never"));
		expectText(peer, "before");
		expectClosed(peer, row.code);
		EXPECT_EQ((Lines{"open", "message 1 before", "error WebSocket Exception " + std::to_string(row.error), "close 1006"}), server.handler.finalLog(index++));
	}
}


TEST_P(EventPortTest, NothingAfterClose)
{
	EventServer server(GetParam());
	server.start();
	RawPeer peer = server.connect();
	peer.send(textFrame("before") + closeFrame(4321, "end") + textFrame("after") + masked(0x83) + masked(FIN_PING, "?"));
	expectText(peer, "before");
	EXPECT_EQ(4321, peer.receiveFrame().closeCode());
	EXPECT_TRUE(peer.atEnd());
	EXPECT_EQ((Lines{"open", "message 1 before", "close 4321 end"}), server.handler.finalLog());
}


TEST_P(EventPortTest, Parts)
{
	// What comes in parts goes back in parts: together they are the message.
	EventParams::Ptr pParams = new EventParams;
	pParams->setDeflate(true);
	EventServer server(GetParam(), pParams);
	server.handler.open = [](EventConnection& connection, Poco::Net::HTTPServerRequest&) { connection.setParts(true); };
	server.handler.part = [](EventConnection& connection, std::string_view data, WebSocketFrame::Opcode opcode, bool last) { connection.sendPart(data, opcode, last); };
	server.start();
	for (const bool deflate: {false, true})
	{
		RawPeer peer = server.connect(deflate ? "Sec-WebSocket-Extensions: permessage-deflate\r\n" : "");
		ZlibDeflater deflater;
		ZlibInflater inflater;
		for (const std::size_t size: {std::size_t(0), std::size_t(10), std::size_t(200000)})
		{
			const std::string text = pattern(size);
			const std::string payload = deflate ? deflater.message(text) : text;
			const int first = deflate ? 0x41 : 1;
			std::future<void> sender = std::async(std::launch::async, [&]
			{
				const std::string bytes = masked(first, payload.substr(0, payload.size()/2)) + masked(0x80, payload.substr(payload.size()/2));
				peer.send(bytes, 20000);
			});
			if (GetParam() == Port::TLS) get(sender);
			const Frame start = peer.receiveFrame();
			EXPECT_EQ(first, start.flags & 0x7f);
			std::string received = start.payload;
			for (Frame next = start; !(next.flags & 0x80); received += next.payload) next = peer.receiveFrame();
			if (GetParam() != Port::TLS) get(sender);
			EXPECT_TRUE(text == (deflate ? inflater.message(received) : received)) << size;
		}
	}
}


TEST_P(EventPortTest, PreparedInAnyOrder)
	/// Connections that are sent the same messages, others, and each of them some, by turns, also to those that are full:
	/// each gets what it was sent, in order.
{
	EventParams::Ptr pParams = new EventParams;
	pParams->setThreads(1);
	pParams->setCloseTimeout(Poco::Timespan(60, 0)); // what waits to be sent is much for so small a buffer
	pParams->setDeflate(true);
	pParams->setDeflateThreshold(0);
	EventServer server(GetParam(), pParams);
	constexpr std::size_t NUMBER = 6;
	constexpr int TURNS = 40;
	std::mt19937 random(1);
	const auto upTo = [&](std::size_t max) { return std::uniform_int_distribution<std::size_t>(0, max)(random); };
	std::vector<std::vector<std::string>> expected(NUMBER);
	std::atomic<int> turn(0);
	server.handler.message = [&](EventConnection&, std::string_view, WebSocketFrame::Opcode)
	{
		std::vector<WebSocketPreparedMessage::Ptr> messages;
		const std::size_t size = upTo(2) == 0 ? 20000 : upTo(1) == 0 ? 6000 : 300; // with some that are sent from where they are, or without
		for (std::size_t i = 0; i < 8; ++i) messages.push_back(WebSocketPreparedMessage::text(pattern(upTo(size), random())));
		const auto own = [&](std::size_t connection)
		{
			EXPECT_EQ(EventConnection::SENT, server.handler.connection(connection)->sendText("own"));
			expected[connection].push_back("own");
		};
		const auto send = [&](std::size_t connection, std::size_t message)
		{
			EXPECT_EQ(EventConnection::SENT, server.handler.connection(connection)->send(messages[message]));
			expected[connection].emplace_back(messages[message]->message());
		};
		switch (upTo(2))
		{
		case 0: // each message to all
			for (std::size_t i = 0; i < messages.size(); ++i)
			{
				for (std::size_t k = 0; k < NUMBER; ++k) send(k, i);
				if (upTo(4) == 0) own(upTo(NUMBER - 1));
			}
			break;
		case 1: // all messages to each, but for some
			for (std::size_t k = 0; k < NUMBER; ++k)
			{
				for (std::size_t i = 0; i < messages.size(); ++i)
				{
					if (upTo(5) != 0) send(k, i);
				}
			}
			break;
		default:
			for (int i = 0; i < 30; ++i)
			{
				const std::size_t connection = upTo(NUMBER - 1);
				send(connection, upTo(7));
				if (upTo(3) == 0) own(connection);
			}
		}
		if (++turn < TURNS) return;
		for (std::size_t k = 0; k < NUMBER; ++k) server.handler.connection(k)->close(1000, "");
	};
	server.smallBuffers().start();
	std::vector<RawPeer> peers;
	for (std::size_t k = 0; k < NUMBER; ++k) peers.push_back(server.connect(k == 2 ? "Sec-WebSocket-Extensions: permessage-deflate\r\n" : ""));
	for (int i = 1; i <= TURNS; ++i)
	{
		peers[0].send(textFrame("go"));
		ASSERT_TRUE(eventually([&] { return turn == i; }));
	}
	std::vector<std::vector<std::string>> received(NUMBER);
	for (std::size_t k = 0; k < NUMBER; ++k) // the others wait
	{
		ZlibInflater inflater;
		for (Frame frame = peers[k].receiveFrame(); frame.flags != FIN_CLOSE; frame = peers[k].receiveFrame())
			received[k].push_back(frame.flags & 0x40 ? inflater.message(frame.payload) : frame.payload);
	}
	for (std::size_t k = 0; k < NUMBER; ++k) EXPECT_TRUE(expected[k] == received[k]) << "connection " << k;
}


TEST_P(EventPortTest, PreparedToMany)
{
	EventParams::Ptr pParams = new EventParams;
	pParams->setDeflate(true);
	EventServer server(GetParam(), pParams);
	server.handler.message = [&](EventConnection&, std::string_view data, WebSocketFrame::Opcode)
	{
		WebSocketPreparedMessage::Ptr pMessage = WebSocketPreparedMessage::text(pattern(std::stoul(std::string(data))));
		for (std::size_t i = 0; i < server.handler.count(); ++i) EXPECT_EQ(EventConnection::SENT, server.handler.connection(i)->send(pMessage));
	};
	server.start();
	std::vector<RawPeer> peers;
	for (int i = 0; i < 20; ++i) peers.push_back(server.connect(i % 4 == 0 ? "Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover\r\n" : ""));
	for (const std::size_t size: {std::size_t(0), std::size_t(100), std::size_t(8192), std::size_t(1000000)})
	{
		peers[7].send(textFrame(std::to_string(size)));
		for (std::size_t i = 0; i < peers.size(); ++i)
		{
			const Frame frame = receiveJoined(peers[i]);
			ZlibInflater inflater;
			EXPECT_TRUE(pattern(size) == (frame.flags & 0x40 ? inflater.message(frame.payload) : frame.payload)) << i << ", " << size;
			EXPECT_EQ(i % 4 == 0 && size > 0, (frame.flags & 0x40) != 0);
		}
	}
	EXPECT_THROW(WebSocketPreparedMessage::text("\xff"), Poco::InvalidArgumentException);
	EXPECT_THROW(new WebSocketPreparedMessage(std::string("x"), WebSocketFrame::OP_PING), Poco::InvalidArgumentException);
}


TEST_P(EventPortTest, LargeAnswersToASlowReader)
{
	// They are sent from where they were received, and kept when the peer does not take them.
	EventParams::Ptr pParams = new EventParams;
	EventServer server(GetParam(), pParams);
	server.smallBuffers().start();
	RawPeer peer = server.connect();
	EventConnection::Ptr pConnection = server.handler.connection();
	for (unsigned i = 0; i < 40; ++i) peer.send(binaryFrame(pattern(i % 2 ? 20000 : 200000, i)));
	EXPECT_TRUE(eventually([&] { return pConnection->metrics().messagesReceived == 40; }));
	for (unsigned i = 0; i < 40; ++i) EXPECT_TRUE(pattern(i % 2 ? 20000 : 200000, i) == peer.receiveFrame().payload) << i;
}


} // namespace WebSocketTest
