//
// MessageMixTest.cpp
//
// Frames, messages and parts of messages by turns: what works, and what is refused.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "support/MessageSupport.h"


using namespace WebSocketTest;
using Poco::Net::WebSocket;
using Poco::Net::WebSocketFrame;


namespace
{
	class WebSocketMessageMixTest: public ConnectionTest
	{
	};

	struct Part
	{
		int result;
		int flags;
		std::string payload;
	};

	Part receivePart(WebSocket& ws, std::size_t room = 1000)
	{
		std::string buffer(room, '\0');
		WebSocket::Part part;
		if (!ws.receivePart(&buffer[0], static_cast<int>(room), part)) return {ws.atEnd() ? 0 : -1, 0, ""};
		return {static_cast<int>(part.data.size()), part.opcode | (part.last ? WebSocket::FRAME_FLAG_FIN : 0), std::string(part.data)};
	}

	std::string receiveParts(WebSocket& ws, std::size_t room, int opcode)
		/// Receives a message in parts.
	{
		std::string payload;
		for (;;)
		{
			const Part part = receivePart(ws, room);
			EXPECT_EQ(opcode, part.flags & WebSocket::FRAME_OP_BITMASK);
			EXPECT_LE(part.payload.size(), room);
			payload += part.payload;
			if (part.flags & WebSocket::FRAME_FLAG_FIN) return payload;
			if (part.result == 0)
			{
				ADD_FAILURE() << "an empty part that is not the last";
				return payload;
			}
		}
	}

	void expectTimeout(const std::function<void ()>& call, WebSocket& ws)
		/// Takes what is there; it is not enough.
	{
		ws.setReceiveTimeout(Poco::Timespan(20000));
		EXPECT_THROW(call(), Poco::TimeoutException);
		ws.setReceiveTimeout(deadline());
	}
}


//
// Parts
//
TEST_P(WebSocketMessageMixTest, PartsOfAllSizes)
{
	Wire wire(GetParam());
	for (std::size_t size: {0, 1, 100, 4096, 100000})
	{
		for (std::size_t room: {1, 7, 4096, 65536})
		{
			if (room == 1 && size > 4096) continue;
			const std::string payload = pattern(size);
			std::future<void> sent = std::async(std::launch::async, [&]
			{
				wire.send(0x82, payload);
				wire.send(0x01, payload.substr(0, size/2));
				wire.send(0x89, "between");
				wire.send(0x00);
				wire.send(0x80, payload.substr(size/2));
			});
			EXPECT_EQ(payload, receiveParts(wire.ws, room, WebSocket::FRAME_OP_BINARY));
			EXPECT_EQ(payload, receiveParts(wire.ws, room, WebSocket::FRAME_OP_TEXT));
			get(sent);
			EXPECT_EQ("between", wire.peer.receiveFrame().payload);
		}
	}
	wire.send(0x88, closePayload(1000));
	EXPECT_EQ(0, receivePart(wire.ws).flags);
	EXPECT_EQ(0, receivePart(wire.ws).result);
}


TEST_P(WebSocketMessageMixTest, PartsComeAsSoonAsTheyAreThere)
{
	Wire wire(GetParam());
	const std::string bytes = wire.frame(0x82, "abcdef");
	wire.peer.send(bytes.substr(0, bytes.size() - 3));
	std::string payload;
	while (payload.size() < 3) payload += receivePart(wire.ws).payload;
	EXPECT_EQ("abc", payload);
	expectTimeout([&] { receivePart(wire.ws); }, wire.ws);
	wire.ws.setBlocking(false);
	EXPECT_EQ(-1, receivePart(wire.ws).result);
	wire.ws.setBlocking(true);
	wire.peer.send(bytes.substr(bytes.size() - 3));
	EXPECT_EQ("def", receiveParts(wire.ws, 100, WebSocket::FRAME_OP_BINARY));
}


TEST_P(WebSocketMessageMixTest, ArgumentsOfReceivePart)
{
	Wire wire(GetParam());
	char buffer[1];
	WebSocket::Part part;
	EXPECT_THROW(wire.ws.receivePart(buffer, 0, part), Poco::InvalidArgumentException);
	EXPECT_THROW(wire.ws.receivePart(buffer, -1, part), Poco::InvalidArgumentException);
	EXPECT_THROW(wire.ws.receivePart(nullptr, 1, part), Poco::InvalidArgumentException);
}


//
// By turns
//
TEST_P(WebSocketMessageMixTest, ByTurnsBetweenMessages)
{
	Wire wire(GetParam());
	std::string bytes;
	for (int i = 0; i < 12; ++i) bytes += wire.frame(0x81, "m" + std::to_string(i));
	wire.peer.send(bytes);
	for (int i = 0; i < 12; ++i)
	{
		const std::string expected = "m" + std::to_string(i);
		EXPECT_TRUE(wire.ws.poll(deadline(), Poco::Net::Socket::SELECT_READ));
		if (i % 3 == 0) EXPECT_EQ(text(expected), receiveString(wire.ws));
		else if (i % 3 == 1) EXPECT_EQ(expected, receiveFixed(wire.ws).payload);
		else EXPECT_EQ(expected, receivePart(wire.ws).payload);
	}
}


TEST_P(WebSocketMessageMixTest, SendingByTurns)
{
	Wire wire(GetParam());
	wire.ws.sendText("a");
	wire.ws.sendFrame("b", 1);
	wire.ws.sendPart("c", WebSocketFrame::OP_TEXT, false);
	wire.ws.sendFrame("d", 1, 0x89); // control frames may come between
	wire.ws.sendPart("e", WebSocketFrame::OP_TEXT, true);
	wire.ws.sendText("f");
	std::string all;
	for (int i = 0; i < 6; ++i) all += wire.peer.receiveFrame().payload;
	EXPECT_EQ("abcdef", all);
}


TEST_P(WebSocketMessageMixTest, FragmentByReceiveMessageIsNotEndedByOthers)
{
	for (const std::string& first: {std::string("begun"), std::string()})
	{
		SCOPED_TRACE(first.size());
		Wire wire(GetParam());
		wire.send(0x01, first);
		expectTimeout([&] { receiveString(wire.ws); }, wire.ws);
		wire.send(0x80, "ended");
		ASSERT_THROW(receiveFixed(wire.ws), Poco::IllegalStateException);
		ASSERT_THROW(receivePart(wire.ws), Poco::IllegalStateException);
		EXPECT_EQ(text(first + "ended"), receiveString(wire.ws));
		wire.send(0x81, "next");
		EXPECT_EQ("next", receiveFixed(wire.ws).payload);
	}
}


TEST_P(WebSocketMessageMixTest, HalfAFrameByReceiveMessageIsNotEndedByOthers)
{
	for (int flags: {0x81, 0x01})
	{
		SCOPED_TRACE(flags);
		Wire wire(GetParam());
		const std::string bytes = wire.frame(flags, "begun");
		wire.peer.send(bytes.substr(0, bytes.size() - 2));
		expectTimeout([&] { receiveString(wire.ws); }, wire.ws);
		wire.peer.send(bytes.substr(bytes.size() - 2));
		ASSERT_THROW(receivePart(wire.ws), Poco::IllegalStateException);
		ASSERT_THROW(receiveFixed(wire.ws), Poco::IllegalStateException);
		if (flags == 0x01) wire.send(0x80);
		EXPECT_EQ(text("begun"), receiveString(wire.ws));
	}
}


TEST_P(WebSocketMessageMixTest, PartsAreNotEndedByOthers)
{
	Wire wire(GetParam());
	wire.send(0x01, "begun");
	EXPECT_EQ("begun", receivePart(wire.ws).payload);
	wire.send(0x80, "ended");
	ASSERT_THROW(receiveFixed(wire.ws), Poco::IllegalStateException);
	ASSERT_THROW(receiveString(wire.ws), Poco::IllegalStateException);
	ASSERT_THROW(receiveBuffer(wire.ws), Poco::IllegalStateException);
	EXPECT_EQ("ended", receiveParts(wire.ws, 100, WebSocket::FRAME_OP_TEXT));
	wire.send(0x81, "next");
	EXPECT_EQ(text("next"), receiveString(wire.ws));
}


TEST_P(WebSocketMessageMixTest, FragmentsByReceiveFrameAreNotEndedByOthers)
{
	Wire wire(GetParam());
	wire.send(0x01, "begun");
	EXPECT_EQ("begun", receiveFixed(wire.ws).payload);
	wire.send(0x80, "ended");
	ASSERT_THROW(receiveString(wire.ws), Poco::IllegalStateException);
	ASSERT_THROW(receivePart(wire.ws), Poco::IllegalStateException);
	EXPECT_EQ("ended", receiveFixed(wire.ws).payload);
	wire.send(0x81, "next");
	EXPECT_EQ(text("next"), receiveString(wire.ws));
}


TEST_P(WebSocketMessageMixTest, HalfAFrameByReceiveFrame)
{
	// What has arrived of a frame is kept when receiveFrame() times out: the other calls get it all, or refuse.
	for (int flags: {0x82, 0x02})
	{
		for (std::size_t size: {100, 1000, 100000})
		{
			SCOPED_TRACE(std::to_string(flags) + " " + std::to_string(size));
			Wire wire(GetParam());
			const std::string payload = pattern(size);
			const std::string bytes = wire.frame(flags, payload);
			wire.peer.send(bytes.substr(0, bytes.size()/2));
			expectTimeout([&] { receiveFixed(wire.ws); }, wire.ws);
			wire.peer.send(bytes.substr(bytes.size()/2));
			if (flags == 0x02) wire.send(0x80);
			try
			{
				EXPECT_EQ(binary(payload), receiveString(wire.ws));
			}
			catch (const Poco::IllegalStateException&)
			{
				EXPECT_EQ(payload, receiveFixed(wire.ws).payload);
			}
		}
	}
}


TEST_P(WebSocketMessageMixTest, CompressedMessagesAreNotFrames)
{
	ParamsPtr pParams = new Poco::Net::WebSocketParams;
	pParams->setDeflate(true);
	Wire wire(GetParam(), pParams, "permessage-deflate");
	wire.send(0xc1, ZlibDeflater().message("compressed"));
	ASSERT_THROW(receiveFixed(wire.ws), Poco::IllegalStateException);
	EXPECT_EQ(text("compressed"), receiveString(wire.ws));
	wire.send(0x81, "plain");
	EXPECT_EQ("plain", receiveFixed(wire.ws).payload);
}


TEST_P(WebSocketMessageMixTest, CompressedMessageWhoseFirstFragmentIsEmpty)
{
	ParamsPtr pParams = new Poco::Net::WebSocketParams;
	pParams->setDeflate(true);
	Wire wire(GetParam(), pParams, "permessage-deflate");
	wire.send(0x41, "");
	wire.send(0x80, ZlibDeflater().message("compressed"));
	ASSERT_THROW(receiveFixed(wire.ws), Poco::IllegalStateException);
	EXPECT_EQ(text("compressed"), receiveString(wire.ws));
}


TEST_P(WebSocketMessageMixTest, NothingComesBehindTheEndInsideAMessage)
{
	Wire wire(GetParam());
	wire.peer.send(wire.frame(0x01, pattern(256)) + wire.frame(0x88, closePayload(1000)));
	WebSocketFrame::Opcode opcode = WebSocketFrame::OP_BINARY;
	{
		std::string message;
		EXPECT_FALSE(wire.ws.receiveMessage(message, opcode));
	}
	EXPECT_TRUE(wire.ws.closeHandshake(1000, "", deadline()));
	for (int i = 0; i < 2; ++i)
	{
		std::string message;
		EXPECT_FALSE(wire.ws.receiveMessage(message, opcode));
		EXPECT_TRUE(wire.ws.atEnd());
	}
}


TEST_P(WebSocketMessageMixTest, MessageThatIsNotCompleteChangesNothing)
	/// Without waiting.
{
	Wire wire(GetParam());
	wire.ws.setBlocking(false);
	std::string message = "before";
	WebSocketFrame::Opcode opcode = WebSocketFrame::OP_BINARY;
	wire.peer.send(wire.frame(0x01, "HE"));
	EXPECT_TRUE(wire.ws.poll(deadline(), Poco::Net::Socket::SELECT_READ));
	EXPECT_FALSE(wire.ws.receiveMessage(message, opcode));
	EXPECT_EQ("before", message);
	EXPECT_EQ(WebSocketFrame::OP_BINARY, opcode);
	wire.peer.send(wire.frame(0x80, "LLO"));
	while (!wire.ws.receiveMessage(message, opcode)) ASSERT_TRUE(wire.ws.poll(deadline(), Poco::Net::Socket::SELECT_READ));
	EXPECT_EQ("HELLO", message);
	EXPECT_EQ(WebSocketFrame::OP_TEXT, opcode);
}


TEST_P(WebSocketMessageMixTest, ClosingHandshakeBetweenFragments)
	/// The message is lost; the peer's Close is not.
{
	Wire wire(GetParam());
	wire.peer.send(wire.frame(0x01, "HE"));
	std::string message;
	WebSocketFrame::Opcode opcode = WebSocketFrame::OP_BINARY;
	expectTimeout([&] { wire.ws.receiveMessage(message, opcode); }, wire.ws);
	EXPECT_FALSE(wire.ws.closeHandshake(1000, "", Poco::Timespan(20000)));
	wire.peer.send(wire.frame(0x80, "LLO") + wire.frame(0x88, closePayload(1001)));
	EXPECT_FALSE(wire.ws.receiveMessage(message, opcode));
	EXPECT_EQ(1001, wire.ws.closeCode());
}


INSTANTIATE_TEST_SUITE_P(All, WebSocketMessageMixTest, ::testing::ValuesIn(allConnections()), connectionName);
