//
// MessageReceiveTest.cpp
//
// receiveMessage(): whole messages from frames, and what happens to control frames.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "support/MessageSupport.h"


using namespace WebSocketTest;
using Poco::Net::WebSocket;


namespace
{
	class WebSocketMessageReceiveTest: public ConnectionTest
	{
	};

	const std::string EURO = "\xe2\x82\xac";

	std::string conversation(const Wire& wire)
		/// Four messages, with a PING and PONGs.
	{
		return wire.frame(0x81, "one") + wire.frame(0x02, "two") + wire.frame(0x89, "ping") + wire.frame(0x00, "") + wire.frame(0x80, "and more")
			+ wire.frame(0x8a, "pong") + wire.frame(0x82, "") + wire.frame(0x01, EURO.substr(0, 1)) + wire.frame(0x8a) + wire.frame(0x80, EURO.substr(1));
	}

	std::vector<Message> conversationMessages()
	{
		return {text("one"), binary("twoand more"), binary(""), text(EURO)};
	}
}


TEST_P(WebSocketMessageReceiveTest, WholeMessages)
{
	for (ReceiveMessage receive: receivers())
	{
		Wire wire(GetParam());
		for (std::size_t size: {0, 1, 125, 126, 127, 4095, 4096, 65535, 65536, 65537, 1000000})
		{
			const std::string payload = pattern(size);
			std::future<void> sent = std::async(std::launch::async, [&] { wire.send(0x81, payload); wire.send(0x82, payload); });
			EXPECT_EQ(text(payload), receive(wire.ws));
			EXPECT_EQ(binary(payload), receive(wire.ws));
			get(sent);
		}
	}
}


TEST_P(WebSocketMessageReceiveTest, Fragments)
{
	for (ReceiveMessage receive: receivers())
	{
		Wire wire(GetParam());
		wire.peer.send(conversation(wire));
		for (const Message& message: conversationMessages()) EXPECT_EQ(message, receive(wire.ws));
	}
}


TEST_P(WebSocketMessageReceiveTest, EmptyFragments)
{
	for (ReceiveMessage receive: receivers())
	{
		Wire wire(GetParam());
		wire.send(0x01);
		wire.send(0x00);
		wire.send(0x80);
		EXPECT_EQ(text(""), receive(wire.ws));
		wire.send(0x02);
		wire.send(0x00, "x");
		wire.send(0x00);
		wire.send(0x80);
		EXPECT_EQ(binary("x"), receive(wire.ws));
	}
}


TEST_P(WebSocketMessageReceiveTest, ManyFragmentsOfAllSizes)
{
	for (ReceiveMessage receive: receivers())
	{
		Wire wire(GetParam());
		const std::string payload = pattern(300000);
		std::string bytes;
		std::size_t size = 0;
		for (std::size_t offset = 0; offset < payload.size(); offset += size)
		{
			size = std::min(payload.size() - offset, size*2 + 1);
			bytes += wire.frame((offset == 0 ? 0x02 : 0) | (offset + size == payload.size() ? 0x80 : 0), payload.substr(offset, size));
		}
		std::future<void> sent = std::async(std::launch::async, [&] { wire.peer.send(bytes + bytes); });
		EXPECT_EQ(binary(payload), receive(wire.ws));
		EXPECT_EQ(binary(payload), receive(wire.ws));
		get(sent);
	}
}


TEST_P(WebSocketMessageReceiveTest, TimeoutAtEveryByte)
{
	for (ReceiveMessage receive: receivers())
	{
		Wire wire(GetParam());
		wire.ws.setReceiveTimeout(Poco::Timespan(1000));
		std::vector<Message> messages;
		for (char byte: conversation(wire))
		{
			wire.peer.send(std::string(1, byte));
			try
			{
				messages.push_back(receive(wire.ws));
			}
			catch (const Poco::TimeoutException&)
			{
			}
		}
		wire.ws.setReceiveTimeout(deadline());
		while (messages.size() < conversationMessages().size()) messages.push_back(receive(wire.ws));
		EXPECT_EQ(conversationMessages(), messages);
		EXPECT_EQ("ping", wire.peer.receiveFrame().payload);
	}
}


TEST_P(WebSocketMessageReceiveTest, NonBlockingAtEveryByte)
{
	for (ReceiveMessage receive: receivers())
	{
		Wire wire(GetParam());
		wire.ws.setBlocking(false);
		std::vector<Message> messages;
		for (char byte: conversation(wire))
		{
			const Message nothing = receive(wire.ws);
			EXPECT_EQ(-1, nothing.result);
			EXPECT_EQ(-1, nothing.opcode);
			wire.peer.send(std::string(1, byte));
			ASSERT_TRUE(wire.ws.poll(deadline(), Poco::Net::Socket::SELECT_READ));
			const Message message = receive(wire.ws);
			if (message.result >= 0) messages.push_back(message);
		}
		EXPECT_EQ(conversationMessages(), messages);
	}
}


TEST_P(WebSocketMessageReceiveTest, CutIntoPieces)
{
	for (std::size_t chunk: {1, 2, 3, 5, 7, 11, 29})
	{
		Wire wire(GetParam());
		wire.peer.send(conversation(wire), chunk);
		for (const Message& message: conversationMessages()) EXPECT_EQ(message, receiveString(wire.ws));
	}
}


//
// Control frames
//
TEST_P(WebSocketMessageReceiveTest, PingsAreAnswered)
{
	for (ReceiveMessage receive: receivers())
	{
		Wire wire(GetParam());
		std::future<Message> received = std::async(std::launch::async, [&] { return receive(wire.ws); });
		for (std::size_t size: {0, 1, 124, 125})
		{
			std::string payload = pattern(size);
			if (size > 3) payload[1] = '\0', payload[2] = '\xff';
			wire.send(0x89, payload);
			const Frame pong = wire.peer.receiveFrame(); // before any message
			EXPECT_EQ(0x8a, pong.flags);
			EXPECT_EQ(payload, pong.payload);
			EXPECT_EQ(GetParam().weMask(), pong.masked);
		}
		wire.send(0x81, "end");
		EXPECT_EQ(text("end"), get(received));
	}
}


TEST_P(WebSocketMessageReceiveTest, LastOfManyPingsIsAnswered)
{
	Wire wire(GetParam());
	std::string bytes;
	for (int i = 0; i < 100; ++i) bytes += wire.frame(0x89, std::to_string(i));
	wire.peer.send(bytes + wire.frame(0x81, "end"));
	EXPECT_EQ(text("end"), receiveString(wire.ws));
	int last = -1;
	while (last < 99)
	{
		const Frame pong = wire.peer.receiveFrame();
		ASSERT_EQ(0x8a, pong.flags);
		const int number = std::atoi(pong.payload.c_str());
		EXPECT_GT(number, last);
		last = number;
	}
}


TEST_P(WebSocketMessageReceiveTest, PongsGoToTheHandler)
{
	Wire wire(GetParam());
	std::vector<std::string> pongs;
	wire.ws.setPongHandler([&](const std::string& payload)
	{
		pongs.push_back(payload);
		wire.ws.sendText("from the handler");
	});
	wire.peer.send(wire.frame(0x8a, "a") + wire.frame(0x01, "x") + wire.frame(0x8a) + wire.frame(0x80, "y") + wire.frame(0x8a, pattern(125)) + wire.frame(0x81, "z"));
	EXPECT_EQ(text("xy"), receiveString(wire.ws));
	EXPECT_EQ((std::vector<std::string>{"a", ""}), pongs);
	EXPECT_EQ(text("z"), receiveString(wire.ws));
	EXPECT_EQ((std::vector<std::string>{"a", "", pattern(125)}), pongs);
	for (int i = 0; i < 3; ++i) EXPECT_EQ("from the handler", wire.peer.receiveFrame().payload);
}


//
// The end
//
TEST_P(WebSocketMessageReceiveTest, CloseIsAnswered)
{
	struct Row
	{
		std::string payload;
		int code;
		std::string reason;
	};
	const std::vector<Row> rows =
	{
		{"", 1005, ""}, {closePayload(1000), 1000, ""}, {closePayload(1001, "going"), 1001, "going"},
		{closePayload(3000, EURO), 3000, EURO}, {closePayload(4999, pattern(123)), 4999, pattern(123)}
	};
	for (const Row& row: rows)
	{
		SCOPED_TRACE(row.code);
		Wire wire(GetParam());
		EXPECT_EQ(1006, wire.ws.closeCode());
		EXPECT_EQ("", wire.ws.closeReason());
		wire.peer.send(wire.frame(0x81, "last") + wire.frame(0x88, row.payload) + wire.frame(0x81, "too late"));
		EXPECT_EQ(text("last"), receiveString(wire.ws));
		for (int i = 0; i < 2; ++i)
			for (ReceiveMessage receive: receivers()) EXPECT_EQ(closed(), receive(wire.ws));
		char buffer[8];
		WebSocket::Part part;
		EXPECT_FALSE(wire.ws.receivePart(buffer, sizeof(buffer), part));
		EXPECT_TRUE(wire.ws.atEnd());
		EXPECT_EQ(row.code, wire.ws.closeCode());
		EXPECT_EQ(row.reason, wire.ws.closeReason());
		EXPECT_EQ(WebSocketFrame::CLOSED, wire.ws.closeState());

		const Frame answer = wire.peer.receiveFrame();
		EXPECT_EQ(0x88, answer.flags);
		EXPECT_EQ(row.code, answer.closeCode());
		EXPECT_EQ(WebSocket::WS_ERR_CLOSED, errorOf([&] { wire.ws.sendText("x"); }));
	}
}


TEST_P(WebSocketMessageReceiveTest, CloseInsideAMessage)
{
	Wire wire(GetParam());
	wire.send(0x01, "begun");
	wire.send(0x88, closePayload(1001));
	EXPECT_EQ(closed(), receiveString(wire.ws));
	EXPECT_EQ(1001, wire.ws.closeCode());
	EXPECT_EQ(1001, wire.peer.receiveFrame().closeCode());
}


TEST_P(WebSocketMessageReceiveTest, EndOfStream)
{
	Wire wire(GetParam());
	wire.send(0x81, "last");
	wire.peer.endSending();
	EXPECT_EQ(text("last"), receiveString(wire.ws));
	for (int i = 0; i < 2; ++i)
		for (ReceiveMessage receive: receivers()) EXPECT_EQ(closed(), receive(wire.ws));
	EXPECT_EQ(1006, wire.ws.closeCode());
	EXPECT_EQ("", wire.ws.closeReason());
}


TEST_P(WebSocketMessageReceiveTest, EndOfStreamInsideAMessage)
{
	for (const std::string& begin: {std::string("\x81"), std::string("\x01")})
	{
		Wire wire(GetParam());
		const std::string bytes = wire.frame(static_cast<unsigned char>(begin[0]), "text");
		wire.peer.send(bytes.substr(0, bytes.size() - 1));
		wire.peer.endSending();
		for (ReceiveMessage receive: receivers())
			EXPECT_EQ(WebSocket::WS_ERR_INCOMPLETE_FRAME, errorOf([&] { receive(wire.ws); }));
		EXPECT_EQ(1006, wire.ws.closeCode());
	}
}


TEST_P(WebSocketMessageReceiveTest, EndOfStreamBetweenFragments)
{
	Wire wire(GetParam());
	wire.send(0x01, "begun");
	wire.peer.endSending();
	Message message = {0, -1, ""};
	const int error = errorOf([&] { message = receiveString(wire.ws); });
	EXPECT_TRUE(error != 0 || message == closed()); // half a message is never delivered
	EXPECT_EQ(1006, wire.ws.closeCode());
}


INSTANTIATE_TEST_SUITE_P(All, WebSocketMessageReceiveTest, ::testing::ValuesIn(allConnections()), connectionName);


//
// Violations
//
namespace
{
	struct Violation
	{
		std::string name;
		std::string wire;
		int error;
		int closeCode;
	};

	std::vector<Violation> violations(bool masked)
	{
		const auto f = [masked](int flags, const std::string& payload = "") { return frame(flags, payload, masked); };
		std::vector<Violation> rows;
		for (int flags: {0xc1, 0xa1, 0x91, 0xf2, 0xc9, 0xa8, 0x9a, 0x41})
			rows.push_back({"5.2 RSV " + std::to_string(flags), f(flags, "x"), WebSocket::WS_ERR_INVALID_RSV_BITS, 1002});
		for (int opcode: {3, 4, 5, 6, 7, 11, 12, 13, 14, 15})
			rows.push_back({"5.2 opcode " + std::to_string(opcode), f(0x80 | opcode, "x"), WebSocket::WS_ERR_INVALID_OPCODE, 1002});
		rows.push_back({"5.1 mask", frame(0x81, "x", !masked), masked ? WebSocket::WS_ERR_UNMASKED_CLIENT_FRAME : WebSocket::WS_ERR_MASKED_SERVER_FRAME, 1002});
		for (const std::string& bytes: {f(0x09, "x"), f(0x08), f(0x0a), f(0x89, pattern(126)), f(0x8a, pattern(126)), f(0x88, closePayload(1000, pattern(124))),
			f(0x80, "x"), f(0x00, "x"), f(0x01, "a") + f(0x81, "b"), f(0x02, "a") + f(0x89) + f(0x02, "b"),
			frameHeader(0x82, 125, masked, 2), frameHeader(0x82, 65535, masked, 8), frameHeader(0x82, Poco::UInt64(1) << 63, masked), f(0x88, "\x03")})
			rows.push_back({"5.2, 5.4, 5.5 row " + std::to_string(rows.size()), bytes, WebSocket::WS_ERR_PROTOCOL_VIOLATION, 1002});
		for (int code: {0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535})
			rows.push_back({"7.4 Close " + std::to_string(code), f(0x88, closePayload(code)), WebSocket::WS_ERR_INVALID_CLOSE_CODE, 1002});
		for (const std::string& bytes: {f(0x88, closePayload(1000, "\xff")), f(0x81, "ab\xff"), f(0x81, "\xc0\xaf"), f(0x81, "\xed\xa0\x80"), f(0x81, "\xf4\x90\x80\x80"),
			f(0x81, "\xe2\x82"), f(0x01, "a") + f(0x80, "\xe2\x82"), f(0x01, "\xe2\x82") + f(0x80, "a"), f(0x01, "\xe2") + f(0x89) + f(0x80), f(0x81, pattern(50000) + "\xff"), f(0x01, "fail fast\xff")})
			rows.push_back({"8.1 row " + std::to_string(rows.size()), bytes, WebSocket::WS_ERR_INVALID_UTF8, 1007});
		return rows;
	}

	bool receivePartly(WebSocket& ws)
	{
		char buffer[100];
		WebSocket::Part part;
		return ws.receivePart(buffer, sizeof(buffer), part);
	}

	class WebSocketMessageViolationTest: public ConnectionTest
	{
	};
}


TEST_P(WebSocketMessageViolationTest, FailsTheConnection)
{
	for (const Violation& row: violations(GetParam().peerMasks()))
	{
		for (ReceiveMessage receive: receivers())
		{
			SCOPED_TRACE(row.name);
			Wire wire(GetParam());
			wire.peer.send(row.wire);
			EXPECT_EQ(row.error, errorOf([&] { receive(wire.ws); }));
			for (ReceiveMessage again: receivers()) EXPECT_EQ(row.error, errorOf([&] { again(wire.ws); }));
			EXPECT_EQ(row.error, errorOf([&] { receivePartly(wire.ws); }));
			EXPECT_EQ(row.error, errorOf([&] { receiveFixed(wire.ws); }));
			EXPECT_EQ(row.error, errorOf([&] { wire.ws.sendText("x"); }));
			EXPECT_EQ(WebSocketFrame::CLOSED, wire.ws.closeState());

			Frame frame = wire.peer.receiveFrame();
			if (frame.opcode() == WebSocket::FRAME_OP_PONG) frame = wire.peer.receiveFrame();
			EXPECT_EQ(WebSocket::FRAME_OP_CLOSE, frame.opcode());
			EXPECT_EQ(row.closeCode, frame.closeCode());
		}
	}
}


TEST_P(WebSocketMessageViolationTest, FailsReceivePart)
{
	for (const Violation& row: violations(GetParam().peerMasks()))
	{
		SCOPED_TRACE(row.name);
		Wire wire(GetParam());
		wire.peer.send(row.wire);
		int error = 0;
		while (error == 0) error = errorOf([&] { receivePartly(wire.ws); });
		EXPECT_EQ(row.error, error);
		EXPECT_EQ(row.error, errorOf([&] { receivePartly(wire.ws); }));
		Frame frame = wire.peer.receiveFrame();
		if (frame.opcode() == WebSocket::FRAME_OP_PONG) frame = wire.peer.receiveFrame();
		EXPECT_EQ(row.closeCode, frame.closeCode());
	}
}


TEST_P(WebSocketMessageViolationTest, UncheckedIfAskedFor)
{
	ParamsPtr pParams = new Poco::Net::WebSocketParams;
	pParams->setVerifyUTF8(false);
	pParams->setVerifyMasking(false);
	Wire wire(GetParam(), pParams);
	wire.send(0x81, "\xff");
	wire.peer.send(frame(0x81, "x", !GetParam().peerMasks()));
	EXPECT_EQ(text("\xff"), receiveString(wire.ws));
	EXPECT_EQ(text("x"), receiveString(wire.ws));
}


INSTANTIATE_TEST_SUITE_P(All, WebSocketMessageViolationTest, ::testing::ValuesIn(allConnections()), connectionName);
