//
// MessageCallTest.cpp
//
// The shapes of the message calls: what they return, the limits without parameters, messages that are not compressed.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "support/MessageSupport.h"
#include "support/TestSupport.h"
#include "Poco/Net/NetException.h"
#include <limits>
#include <sstream>
#include <type_traits>


using Poco::Net::WebSocket;
using Poco::Net::WebSocketParams;


namespace WebSocketTest {


namespace
{
	using Compression = WebSocketFrame::Compression;

	class MessageCallTest: public ConnectionTest
	{
	};

	template <typename Void, typename... Arguments>
	struct Sends: std::false_type
	{
	};

	template <typename... Arguments>
	struct Sends<std::void_t<decltype(std::declval<WebSocket&>().sendMessage(std::declval<Arguments>()...))>, Arguments...>: std::true_type
	{
	};

	// A length cannot be taken for an opcode, nor an opcode of Poco's class for a length.
	static_assert(Sends<void, const char*, WebSocketFrame::Opcode>::value);
	static_assert(!Sends<void, const char*>::value);
	static_assert(!Sends<void, const char*, int>::value);
	static_assert(!Sends<void, const char*, std::size_t, int>::value);
	static_assert(!Sends<void, std::string, WebSocket::FrameOpcodes>::value);
}


//
// Receiving
//
TEST_P(MessageCallTest, LoopUntilTheEnd)
	/// Empty messages do not end it; Close and the end of the stream do.
{
	for (const bool closes: {true, false})
	{
		SCOPED_TRACE(closes ? "Close" : "end of the stream");
		Wire wire(GetParam());
		wire.peer.send(wire.frame(0x81, "one") + wire.frame(0x82) + wire.frame(0x01) + wire.frame(0x80) + wire.frame(0x81, "two") + (closes ? wire.frame(0x88, closePayload(4000)) : ""));
		if (!closes) wire.peer.endSending();
		std::vector<std::string> messages;
		std::string message;
		WebSocketFrame::Opcode opcode;
		while (wire.ws.receiveMessage(message, opcode))
		{
			EXPECT_FALSE(wire.ws.atEnd());
			messages.push_back(std::to_string(opcode) + message);
		}
		EXPECT_EQ((std::vector<std::string>{"1one", "2", "1", "1two"}), messages);
		EXPECT_EQ(WebSocketFrame::OP_CONT, opcode);
		EXPECT_EQ("", message);
		EXPECT_TRUE(wire.ws.atEnd());
		EXPECT_EQ(closes ? 4000 : WebSocketFrame::NO_CLOSE_FRAME, wire.ws.closeCode());
		EXPECT_FALSE(wire.ws.receiveMessage(message, opcode)) << "then and in all later calls";
	}
}


TEST_P(MessageCallTest, LoopOfParts)
{
	Wire wire(GetParam());
	wire.peer.send(wire.frame(0x01, "ab") + wire.frame(0x80) + wire.frame(0x82) + wire.frame(0x88));
	std::string parts;
	char buffer[10];
	WebSocket::Part part;
	while (wire.ws.receivePart(buffer, sizeof(buffer), part))
	{
		EXPECT_TRUE(part.data.empty() || part.data.data() == buffer);
		parts += std::to_string(part.opcode) + std::string(part.data) + (part.last ? "." : "..");
	}
	EXPECT_EQ("1ab..1.2.", parts);
	EXPECT_TRUE(wire.ws.atEnd());
}


TEST_P(MessageCallTest, NonBlocking)
	/// Nothing yet is told from the end by atEnd(); message and opcode are left alone.
{
	Wire wire(GetParam());
	wire.ws.setBlocking(false);
	std::string message = "before";
	WebSocketFrame::Opcode opcode = WebSocketFrame::OP_BINARY;
	EXPECT_FALSE(wire.ws.receiveMessage(message, opcode));
	EXPECT_FALSE(wire.ws.atEnd());
	EXPECT_EQ("before", message);
	EXPECT_EQ(WebSocketFrame::OP_BINARY, opcode);
	wire.send(0x81, "");
	wire.ws.setBlocking(true);
	EXPECT_TRUE(wire.ws.receiveMessage(message, opcode));
	EXPECT_EQ("", message);
	wire.ws.setBlocking(false);
	char buffer[10];
	WebSocket::Part part;
	EXPECT_FALSE(wire.ws.receivePart(buffer, sizeof(buffer), part));
	EXPECT_FALSE(wire.ws.atEnd());
}


//
// Limits without WebSocketParams
//
TEST_P(MessageCallTest, LimitsWithoutParameters)
	/// The message calls have those of WebSocketParams; the frame calls have none, as in Poco's class.
{
	const WebSocketParams::Ptr pDefaults = new WebSocketParams;
	struct Row
	{
		const char* rule;
		int flags;
		Poco::UInt64 length;
		int error;
		int closeCode;
	};
	const Poco::UInt64 largest = static_cast<Poco::UInt64>(pDefaults->getMaxMessageSize());
	const Row ROWS[] =
	{
		{"a frame of 16 MiB", 0x82, largest, 0, 0},
		{"a frame of 16 MiB and a byte", 0x82, largest + 1, WebSocket::WS_ERR_PAYLOAD_TOO_BIG, WebSocketFrame::MESSAGE_TOO_BIG},
		{"a fragment of 16 MiB and a byte", 0x02, largest + 1, WebSocket::WS_ERR_PAYLOAD_TOO_BIG, WebSocketFrame::MESSAGE_TOO_BIG},
	};
	for (const Row& row: ROWS)
	{
		SCOPED_TRACE(row.rule);
		for (const bool frames: {false, true})
		{
			Pair wire(GetParam());
			wire.peer.send(wire.header(row.flags, row.length));
			wire.ws.setReceiveTimeout(Poco::Timespan(0, 50*1000));
			Poco::Buffer<char> buffer(0);
			std::string message;
			WebSocketFrame::Opcode opcode;
			int flags = 0;
			const auto receive = [&] { if (frames) wire.ws.receiveFrame(buffer, flags); else wire.ws.receiveMessage(message, opcode); };
			if (frames || row.error == 0)
			{
				EXPECT_THROW(receive(), Poco::TimeoutException) << "it waits for the payload";
				continue;
			}
			EXPECT_EQ(row.error, errorOf(receive));
			EXPECT_EQ(row.closeCode, wire.peer.receiveFrame().closeCode());
		}
	}
}


TEST_P(MessageCallTest, FragmentsWithoutParameters)
{
	const int count = WebSocketParams::Ptr(new WebSocketParams)->getMaxFragments();
	for (const int more: {0, 1})
	{
		SCOPED_TRACE(more);
		Pair wire(GetParam());
		std::string bytes = wire.frame(0x01);
		const std::string fragment = wire.frame(0x00);
		for (int i = 0; i < count - 2 + more; ++i) bytes += fragment;
		std::future<void> sent = std::async(std::launch::async, [&] { wire.peer.send(bytes + wire.frame(0x80, "end")); });
		std::string message;
		WebSocketFrame::Opcode opcode;
		EXPECT_EQ(more == 0 ? 0 : WebSocket::WS_ERR_POLICY_VIOLATION, errorOf([&] { wire.ws.receiveMessage(message, opcode); }));
		get(sent);
	}
}


//
// Sending
//
TEST_P(MessageCallTest, UncompressedMessages)
	/// RFC 7692, 6: RSV1 tells which messages are compressed. What others refer to is not touched by those that are not.
{
	const std::string text = pattern(3000);
	std::istringstream stream(text);
	std::istringstream compressedStream(text);
	WebSocketParams::Ptr pParams = new WebSocketParams;
	pParams->setDeflate(true);
	Wire wire(GetParam(), pParams, "permessage-deflate");
	struct Way
	{
		const char* name;
		std::function<void ()> send;
		bool compressed;
		int opcode;
		int frames;
	};
	const Way WAYS[] =
	{
		{"sendText()", [&] { wire.ws.sendText(text); }, true, 1, 1},
		{"sendText(NONE)", [&] { wire.ws.sendText(text, Compression::NONE); }, false, 1, 1},
		{"sendBinary(NONE)", [&] { wire.ws.sendBinary(text, Compression::NONE); }, false, 2, 1},
		{"sendMessage()", [&] { wire.ws.sendMessage(text, WebSocketFrame::OP_TEXT, 0, Compression::AS_AGREED); }, true, 1, 1},
		{"sendMessage(NONE) in fragments", [&] { wire.ws.sendMessage(text, WebSocketFrame::OP_TEXT, 1000, Compression::NONE); }, false, 1, 3},
		{"stream", [&] { wire.ws.sendMessage(compressedStream, WebSocketFrame::OP_TEXT, 5000); }, true, 1, 1},
		{"stream, NONE", [&] { wire.ws.sendMessage(stream, WebSocketFrame::OP_BINARY, 1000, Compression::NONE); }, false, 2, 3},
		{"parts, NONE", [&]
			{
				wire.ws.sendPart(text.substr(0, 1000), WebSocketFrame::OP_TEXT, false, Compression::NONE);
				wire.ws.sendPart(text.substr(1000), WebSocketFrame::OP_TEXT, true); // the first one's holds
			}, false, 1, 2},
		{"sendText() at last", [&] { wire.ws.sendText(text); }, true, 1, 1},
	};
	ZlibInflater inflater;
	for (const Way& way: WAYS)
	{
		SCOPED_TRACE(way.name);
		way.send();
		std::string payload;
		int frames = 0;
		for (bool last = false; !last; ++frames)
		{
			const Frame frame = wire.peer.receiveFrame();
			last = (frame.flags & 0x80) != 0;
			EXPECT_EQ(frames == 0 ? way.opcode | (way.compressed ? 0x40 : 0) : 0, frame.flags & 0x7f);
			payload += frame.payload;
		}
		EXPECT_EQ(way.frames, frames);
		EXPECT_TRUE(text == (way.compressed ? inflater.message(payload) : payload));
	}
}


//
// The end
//
TEST_P(MessageCallTest, ClosingHandshakeAndDroppedConnection)
	/// closeHandshake() sends Close and waits for the peer's; close(), Poco's, sends nothing.
{
	for (const bool handshake: {true, false})
	{
		SCOPED_TRACE(handshake ? "closeHandshake()" : "close()");
		Wire wire(GetParam());
		if (!handshake)
		{
			wire.ws.close();
			EXPECT_TRUE(wire.peer.atEnd());
			continue;
		}
		std::future<bool> done = std::async(std::launch::async, [&] { return wire.ws.closeHandshake(); });
		EXPECT_EQ(WebSocketFrame::NORMAL_CLOSURE, wire.peer.receiveFrame().closeCode());
		wire.send(0x88, closePayload(1000));
		EXPECT_TRUE(get(done));
	}
}


INSTANTIATE_TEST_SUITE_P(All, MessageCallTest, ::testing::ValuesIn(allConnections()), connectionName);


} // namespace WebSocketTest
