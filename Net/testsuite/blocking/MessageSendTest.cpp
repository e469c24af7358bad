//
// MessageSendTest.cpp
//
// sendMessage(), sendPart() and Cork.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "support/MessageSupport.h"
#include <atomic>
#include <sstream>


using namespace WebSocketTest;
using Poco::Net::WebSocket;
using Poco::Net::WebSocketParams;


namespace
{
	class WebSocketMessageSendTest: public ConnectionTest
	{
	};

	void expectFrame(Wire& wire, int flags, const std::string& payload)
	{
		const Frame frame = wire.peer.receiveFrame();
		EXPECT_EQ(flags, frame.flags);
		EXPECT_EQ(payload, frame.payload);
		EXPECT_EQ(wire.ws.mode() == WebSocket::WS_CLIENT, frame.masked);
	}

	bool silent(Wire& wire)
		/// Returns true if nothing has come: all that was sent has been, since it is this machine.
	{
		return !wire.peer.socket().poll(Poco::Timespan(20000), Poco::Net::Socket::SELECT_READ);
	}

	const std::vector<std::string> BAD_TEXTS = {"\xff", "ab\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "cut \xe2\x82"};
}


TEST_P(WebSocketMessageSendTest, SingleFrame)
{
	Wire wire(GetParam());
	for (std::size_t size: {0, 1, 125, 126, 65535, 65536, 200000})
	{
		const std::string payload = pattern(size);
		std::future<void> sent = std::async(std::launch::async, [&]
		{
			EXPECT_EQ(static_cast<int>(size), wire.ws.sendText(payload));
			EXPECT_EQ(static_cast<int>(size), wire.ws.sendMessage(payload, WebSocketFrame::OP_BINARY));
		});
		expectFrame(wire, 0x81, payload);
		expectFrame(wire, 0x82, payload);
		get(sent);
	}
}


TEST_P(WebSocketMessageSendTest, Fragments)
{
	Wire wire(GetParam());
	const std::string payload = "0123456789";
	for (std::size_t size: {1, 2, 3, 5, 9, 10, 11, 1000})
	{
		EXPECT_EQ(10, wire.ws.sendMessage(payload, WebSocketFrame::OP_BINARY, static_cast<int>(size)));
		for (std::size_t offset = 0; offset < 10; offset += size)
			expectFrame(wire, (offset == 0 ? 2 : 0) | (offset + size >= 10 ? 0x80 : 0), payload.substr(offset, size));
	}
	EXPECT_EQ(0, wire.ws.sendMessage(std::string(), WebSocketFrame::OP_TEXT, 1));
	expectFrame(wire, 0x81, "");
	EXPECT_EQ(3, wire.ws.sendMessage(std::string("\xe2\x82\xac"), WebSocketFrame::OP_TEXT, 1)); // a character may be split
	EXPECT_EQ("\xe2\x82\xac", receiveWhole(wire.peer, WebSocket::FRAME_OP_TEXT));
}


TEST_P(WebSocketMessageSendTest, LiteralWithOpcode)
{
	Wire wire(GetParam());
	wire.ws.sendMessage("a literal", WebSocketFrame::OP_BINARY); // an opcode, not a length
	expectFrame(wire, 0x82, "a literal");
}


TEST_P(WebSocketMessageSendTest, Stream)
{
	Wire wire(GetParam());
	for (std::size_t size: {0, 1, 9, 10, 11, 20, 100000})
	{
		const std::string payload = pattern(size);
		std::future<void> sent = std::async(std::launch::async, [&]
		{
			std::istringstream first(payload), second(payload);
			EXPECT_EQ(static_cast<std::streamsize>(size), wire.ws.sendMessage(first, WebSocketFrame::OP_TEXT, 10));
			EXPECT_EQ(static_cast<std::streamsize>(size), wire.ws.sendMessage(second));
		});
		std::string received;
		for (std::size_t left = size;; left -= 10)
		{
			const Frame frame = wire.peer.receiveFrame();
			EXPECT_EQ((left == size ? 1 : 0) | (left <= 10 ? 0x80 : 0), frame.flags);
			received += frame.payload;
			if (left <= 10) break;
		}
		EXPECT_EQ(payload, received);
		EXPECT_EQ(payload, receiveWhole(wire.peer, WebSocket::FRAME_OP_BINARY));
		get(sent);
	}
}


TEST_P(WebSocketMessageSendTest, Parts)
{
	Wire wire(GetParam());
	EXPECT_EQ(1, wire.ws.sendPart("a", WebSocketFrame::OP_TEXT, false));
	expectFrame(wire, 0x01, "a");
	EXPECT_THROW(wire.ws.sendText("x"), Poco::IllegalStateException);
	std::istringstream stream("x");
	EXPECT_THROW(wire.ws.sendMessage(stream), Poco::IllegalStateException);
	EXPECT_THROW(wire.ws.sendPart("x", WebSocketFrame::OP_BINARY, false), Poco::InvalidArgumentException);
	EXPECT_EQ(0, wire.ws.sendPart("", WebSocketFrame::OP_TEXT, false));
	expectFrame(wire, 0x00, "");
	wire.ws.ping();
	EXPECT_EQ(0x89, wire.peer.receiveFrame().flags);
	EXPECT_EQ(2, wire.ws.sendPart("bc", WebSocketFrame::OP_TEXT, true));
	expectFrame(wire, 0x80, "bc");
	wire.ws.sendPart("whole", WebSocketFrame::OP_BINARY, true);
	expectFrame(wire, 0x82, "whole");
	wire.ws.sendText("next");
	expectFrame(wire, 0x81, "next");
}


TEST_P(WebSocketMessageSendTest, ArgumentsAreChecked)
{
	Wire wire(GetParam());
	for (const auto opcode: {WebSocketFrame::OP_CONT, WebSocketFrame::OP_CLOSE, WebSocketFrame::OP_PING, WebSocketFrame::OP_PONG, static_cast<WebSocketFrame::Opcode>(3)})
	{
		EXPECT_THROW(wire.ws.sendMessage(std::string("x"), opcode), Poco::InvalidArgumentException) << opcode;
		EXPECT_THROW(wire.ws.sendPart("x", opcode, true), Poco::InvalidArgumentException) << opcode;
	}
	EXPECT_THROW(wire.ws.sendMessage(std::string("x"), WebSocketFrame::OP_TEXT, -1), Poco::InvalidArgumentException);
	std::istringstream stream("x");
	for (int size: {0, -1}) EXPECT_THROW(wire.ws.sendMessage(stream, WebSocketFrame::OP_TEXT, size), Poco::InvalidArgumentException);
	for (const std::string& bad: BAD_TEXTS)
	{
		for (int fragment: {0, 1, 3}) EXPECT_THROW(wire.ws.sendMessage(bad, WebSocketFrame::OP_TEXT, fragment), Poco::InvalidArgumentException);
		EXPECT_THROW(wire.ws.sendPart(bad, WebSocketFrame::OP_TEXT, true), Poco::InvalidArgumentException);
		std::istringstream badStream(bad);
		EXPECT_THROW(wire.ws.sendMessage(badStream, WebSocketFrame::OP_TEXT), Poco::InvalidArgumentException);
		EXPECT_EQ(static_cast<int>(bad.size()), wire.ws.sendMessage(bad, WebSocketFrame::OP_BINARY));
		expectFrame(wire, 0x82, bad);
	}
	wire.ws.setBlocking(false);
	EXPECT_THROW(wire.ws.sendText("x"), Poco::IllegalStateException);
	EXPECT_THROW(wire.ws.sendPart("x", WebSocketFrame::OP_TEXT, true), Poco::IllegalStateException);
	EXPECT_THROW(wire.ws.sendMessage(stream), Poco::IllegalStateException);
	wire.ws.setBlocking(true);
	wire.ws.sendText("all is well");
	expectFrame(wire, 0x81, "all is well"); // and nothing of the above
}


TEST_P(WebSocketMessageSendTest, AfterClose)
{
	Wire wire(GetParam());
	wire.ws.shutdown();
	EXPECT_EQ(WebSocket::WS_ERR_CLOSED, errorOf([&] { wire.ws.sendText("x"); }));
	EXPECT_EQ(WebSocket::WS_ERR_CLOSED, errorOf([&] { wire.ws.sendPart("x", WebSocketFrame::OP_TEXT, true); }));
	EXPECT_EQ(WebSocket::WS_ERR_CLOSED, errorOf([&] { wire.ws.ping(); }));
	EXPECT_EQ(0x88, wire.peer.receiveFrame().flags);
}


//
// Threads
//
TEST_P(WebSocketMessageSendTest, FourThreadsAndControlFrames)
{
	constexpr int THREADS = 4;
	constexpr int MESSAGES = 50;
	Couple couple(GetParam().transport, new WebSocketParams, new WebSocketParams);
	WebSocket& ours   = GetParam().role == Role::SERVER ? couple.server : couple.client;
	WebSocket& theirs = GetParam().role == Role::SERVER ? couple.client : couple.server;
	std::atomic<int> pongs(0);
	ours.setPongHandler([&](const std::string&) { ++pongs; });

	std::vector<std::future<void>> senders;
	for (int thread = 0; thread < THREADS; ++thread)
	{
		senders.push_back(std::async(std::launch::async, [&, thread]
		{
			for (int i = 0; i < MESSAGES; ++i)
			{
				ours.sendMessage(std::to_string(thread) + " " + std::to_string(i) + " " + pattern(1000, static_cast<unsigned>(thread + 1)), WebSocketFrame::OP_TEXT, 100 + thread);
				if (i % 10 == 0) ours.ping();
			}
		}));
	}
	std::future<void> echoed = std::async(std::launch::async, [&]
	{
		for (int i = 0; i < THREADS*MESSAGES; ++i)
		{
			const Message message = receiveString(theirs);
			theirs.sendFrame("p", 1, 0x89);
			theirs.sendMessage(message.payload, static_cast<WebSocketFrame::Opcode>(message.opcode), 77);
		}
	});
	std::vector<int> next(THREADS, 0);
	for (int i = 0; i < THREADS*MESSAGES; ++i)
	{
		const Message message = receiveString(ours);
		const int thread = std::atoi(message.payload.c_str());
		ASSERT_EQ(std::to_string(thread) + " " + std::to_string(next[static_cast<std::size_t>(thread)]++) + " " + pattern(1000, static_cast<unsigned>(thread + 1)), message.payload);
	}
	for (std::future<void>& sender: senders) get(sender);
	get(echoed);
	EXPECT_GT(pongs, 0);
	EXPECT_GT(ours.pingTime(), 0);
}


TEST_P(WebSocketMessageSendTest, BothSendMuch)
{
	constexpr std::size_t SIZE = 8*1024*1024;
	Couple couple(GetParam().transport, new WebSocketParams, new WebSocketParams);
	const std::string payload(SIZE, 'x');
	std::vector<std::future<void>> threads;
	for (WebSocket* pSocket: {&couple.server, &couple.client})
	{
		threads.push_back(std::async(std::launch::async, [pSocket, &payload]
		{
			for (int i = 0; i < 2; ++i)
			{
				pSocket->ping();
				pSocket->sendMessage(payload, WebSocketFrame::OP_BINARY, i == 0 ? 0 : 100000);
			}
		}));
		threads.push_back(std::async(std::launch::async, [pSocket, &payload]
		{
			for (int i = 0; i < 2; ++i) EXPECT_TRUE(receiveString(*pSocket).payload == payload);
		}));
	}
	for (std::future<void>& thread: threads) get(thread);
}


//
// Cork
//
TEST_P(WebSocketMessageSendTest, CorkGathers)
{
	Wire wire(GetParam());
	{
		WebSocket::Cork cork(wire.ws);
		wire.ws.sendText("a");
		wire.ws.sendFrame("b", 1);
		EXPECT_TRUE(silent(wire));
		cork.flush();
		expectFrame(wire, 0x81, "a");
		expectFrame(wire, 0x81, "b");
		{
			WebSocket::Cork inner(wire.ws);
			wire.ws.sendText("c");
		}
		EXPECT_TRUE(silent(wire)) << "the outer one is still there";
		cork.flush();
		cork.flush();
		expectFrame(wire, 0x81, "c");
		wire.ws.sendText("d");
	}
	expectFrame(wire, 0x81, "d");
	wire.ws.sendText("e");
	expectFrame(wire, 0x81, "e");
}


TEST_P(WebSocketMessageSendTest, CorkFlushesWhenReceiveWouldWait)
{
	Wire wire(GetParam());
	WebSocket::Cork cork(wire.ws);
	std::future<void> echoed = std::async(std::launch::async, [&]
	{
		for (int i = 0; i < 200; ++i) wire.ws.sendText(receiveString(wire.ws).payload);
		cork.flush();
	});
	for (int i = 0; i < 100; ++i)
	{
		wire.peer.send(wire.frame(0x81, "1") + wire.frame(0x89, "p") + wire.frame(0x81, "2"));
		std::vector<std::string> answers;
		while (answers.size() < 2)
		{
			const Frame frame = wire.peer.receiveFrame();
			if (frame.opcode() == WebSocket::FRAME_OP_TEXT) answers.push_back(frame.payload);
		}
		EXPECT_EQ((std::vector<std::string>{"1", "2"}), answers);
	}
	get(echoed);
}


TEST_P(WebSocketMessageSendTest, CorkDoesNotHoldOtherThreadsBack)
{
	// The thread with the cork waits for a message, and nothing comes: what another one sends goes out.
	Wire wire(GetParam());
	std::promise<void> waits;
	std::future<Message> received = std::async(std::launch::async, [&]
	{
		WebSocket::Cork cork(wire.ws);
		receiveString(wire.ws);
		wire.ws.sendText("answer");
		waits.set_value();
		return receiveString(wire.ws);
	});
	wire.peer.send(wire.frame(0x81, "question"));
	std::future<void> answered = waits.get_future();
	get(answered);
	expectFrame(wire, 0x81, "answer"); // it waits now, or is about to
	wire.ws.sendText("from another thread");
	expectFrame(wire, 0x81, "from another thread");
	wire.ws.shutdown(1000);
	expectFrame(wire, 0x88, std::string("\x03\xe8", 2));
	wire.peer.send(wire.frame(0x88, std::string("\x03\xe8", 2)));
	EXPECT_EQ(0, get(received).opcode);
}


TEST_P(WebSocketMessageSendTest, CorkLetsACloseGo)
{
	Wire wire(GetParam());
	WebSocket::Cork cork(wire.ws);
	wire.ws.sendText("gathered");
	wire.ws.shutdown(1000);
	expectFrame(wire, 0x81, "gathered");
	expectFrame(wire, 0x88, std::string("\x03\xe8", 2));
}


TEST_P(WebSocketMessageSendTest, CorkIsLimited)
{
	Wire wire(GetParam());
	WebSocket::Cork cork(wire.ws);
	const std::string payload = pattern(1000);
	for (int i = 0; i < 70; ++i) wire.ws.sendText(payload); // more than 64 KiB
	expectFrame(wire, 0x81, payload);
	wire.ws.sendText(pattern(100000)); // larger than what is gathered
	for (int i = 1; i < 70; ++i) expectFrame(wire, 0x81, payload);
	cork.flush();
	expectFrame(wire, 0x81, pattern(100000));
}


TEST_P(WebSocketMessageSendTest, CorkWithErrors)
{
	Wire wire(GetParam());
	try
	{
		WebSocket::Cork cork(wire.ws);
		wire.ws.sendText("a");
		throw Poco::RuntimeException("leaves the scope");
	}
	catch (const Poco::RuntimeException&)
	{
	}
	expectFrame(wire, 0x81, "a");
	{
		WebSocket::Cork cork(wire.ws);
		wire.ws.sendText("b");
		wire.peer.send(wire.frame(0xf1, "violation"));
		EXPECT_NE(0, errorOf([&] { receiveString(wire.ws); }));
		EXPECT_NE(0, errorOf([&] { wire.ws.sendText("c"); }));
	}
	expectFrame(wire, 0x81, "b");
	EXPECT_EQ(0x88, wire.peer.receiveFrame().flags);
}


TEST_P(WebSocketMessageSendTest, CorkOnAGoneConnection)
{
	Wire wire(GetParam());
	wire.peer.reset();
	WebSocket::Cork outer(wire.ws);
	{
		WebSocket::Cork cork(wire.ws);
		EXPECT_NO_THROW(wire.ws.sendText("a"));
	}
	const auto sendUntilFailed = [&] { for (int i = 0; i < 1000; ++i) { wire.ws.sendText("b"); outer.flush(); } };
	EXPECT_THROW(sendUntilFailed(), Poco::Exception);
}


INSTANTIATE_TEST_SUITE_P(All, WebSocketMessageSendTest, ::testing::ValuesIn(allConnections()), connectionName);
