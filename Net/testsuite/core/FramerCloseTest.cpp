//
// FramerCloseTest.cpp
//
// Library: PocoWebSocket
// Package: Tests
// Module:  WebSocketFramerCloseTest
//
// The Close frame and the closing handshake (RFC 6455, 5.5.1, 7.1 and 7.4).
//
// SPDX-License-Identifier: BSL-1.0
//


#include "core/FramerTest.h"
#include "core/UTF8Test.h"


using namespace FramerTest;


namespace
{
	constexpr int CLOSE = 0x88;

	bool mayBeSent(int code)
		/// 7.4.1, 7.4.2 and the registry (11.7)
	{
		static const int RANGES[][2] = {{1000, 1003}, {1007, 1014}, {3000, 4999}};
		return std::any_of(std::begin(RANGES), std::end(RANGES), [code](const int* range) { return code >= range[0] && code <= range[1]; });
	}

	void receive(WebSocketFramer& framer, const Frame& frame)
		/// A whole good frame.
	{
		const std::string wire = encode(framer.role(), frame);
		std::size_t used = 0;
		ASSERT_EQ(WebSocketFramer::OK, framer.receiveHeader(wire.data(), wire.size(), used));
		std::vector<char> target(wire.size());
		if (framer.remaining() > 0)
		{
			ASSERT_EQ(WebSocketFramer::OK, framer.receivePayload(target.data(), wire.data() + used, wire.size() - used));
		}
		ASSERT_FALSE(framer.inFrame());
	}

	void receiveBad(WebSocketFramer& framer)
	{
		const std::string wire = encode(framer.role(), Frame{0x83, ""});
		std::size_t used = 0;
		ASSERT_EQ(WebSocketFramer::FAILED, framer.receiveHeader(wire.data(), wire.size(), used));
	}
}


TEST(WebSocketFramerCloseTest, Section5_5_1_Payloads)
{
	const Row rows[] =
	{
		{"5.5.1 no payload", {{CLOSE, ""}}, received(1)},
		{"5.5.1 one byte", {{CLOSE, "\x03"}}, failed(WebSocketError::PROTOCOL_VIOLATION, WebSocketFrame::PROTOCOL_ERROR)},
		{"5.5.1 one byte after a message", {{0x81, "a"}, {CLOSE, "a"}}, failed(WebSocketError::PROTOCOL_VIOLATION, WebSocketFrame::PROTOCOL_ERROR, 1)},
		{"5.5.1 two bytes: a code", {{CLOSE, closePayload(1000)}}, received(1)},
		{"5.5.1 three bytes", {{CLOSE, closePayload(1000, "x")}}, received(1)},
		{"5.5.1 a reason", {{CLOSE, closePayload(4000, "Gr\xc3\xbc\xc3\x9f" "e")}}, received(1)},
		{"5.5.1 124 bytes", {{CLOSE, closePayload(1001, std::string(122, 'r'))}}, received(1)},
		{"5.5.1 125 bytes", {{CLOSE, closePayload(1001, std::string(123, 'r'))}}, received(1)},
		{"5.5.1 inside a message", {{0x01, "a"}, {0x89, "p"}, {CLOSE, closePayload(1000)}}, received(3)}
	};
	for (WebSocketFramer::Role role: ROLES)
	{
		for (const Row& row: rows) expectRow(Settings{role}, row);
	}
}


TEST(WebSocketFramerCloseTest, Section5_5_1_ReasonIsText)
{
	for (WebSocketFramer::Role role: ROLES)
	{
		for (const UTF8Test::InvalidRow& row: UTF8Test::INVALID)
		{
			expectRow(Settings{role}, {row.name, {{CLOSE, closePayload(1000, row.bytes)}}, failed(WebSocketError::INVALID_UTF8, WebSocketFrame::INVALID_PAYLOAD)});
			expectRow(Settings{role}, {row.name, {{CLOSE, closePayload(1000, "a good beginning " + std::string(row.bytes) + " and end")}}, failed(WebSocketError::INVALID_UTF8, WebSocketFrame::INVALID_PAYLOAD)});
		}
		for (const std::string begun: UTF8Test::INCOMPLETE)
		{
			expectRow(Settings{role}, {"8.1 ends inside a character", {{CLOSE, closePayload(1000, "reason" + begun)}}, failed(WebSocketError::INVALID_UTF8, WebSocketFrame::INVALID_PAYLOAD)});
		}
		for (const char* text: UTF8Test::VALID)
		{
			expectRow(Settings{role}, {text, {{CLOSE, closePayload(1000, text)}}, received(1)});
		}
	}
}


TEST(WebSocketFramerCloseTest, Section7_4_EveryCode)
{
	for (WebSocketFramer::Role role: ROLES)
	{
		for (int code = 0; code <= 0xffff; ++code)
		{
			const Frame frame{CLOSE, closePayload(code)};
			const Events expected = mayBeSent(code) ? delivered({frame}) : Events{failure(WebSocketError::INVALID_CLOSE_CODE, 1002)};
			const std::string wire = encode(role, frame);
			ASSERT_EQ(expected, feedSteps(Settings{role}, wire, wire.size())) << code;
			ASSERT_EQ(expected, feedSteps(Settings{role}, wire, 1)) << code;
		}
	}
}


TEST(WebSocketFramerCloseTest, Section7_4_CodesAtTheLimits)
{
	for (WebSocketFramer::Role role: ROLES)
	{
		for (int code: {0, 1, 999, 1000, 1003, 1004, 1005, 1006, 1007, 1011, 1014, 1015, 1016, 1100, 1999, 2000, 2999, 3000, 3999, 4000, 4999, 5000, 0x7fff, 0x8000, 0xffff})
		{
			for (const char* reason: {"", "because"})
			{
				Row row{"7.4", {{0x82, "good"}, {CLOSE, closePayload(code, reason)}}, received(2)};
				if (!mayBeSent(code)) row = {"7.4", row.frames, failed(WebSocketError::INVALID_CLOSE_CODE, WebSocketFrame::PROTOCOL_ERROR, 1)};
				expectRow(Settings{role}, row);
			}
		}
	}
}


TEST(WebSocketFramerCloseTest, Section7_1_5_CloseCode)
{
	for (WebSocketFramer::Role role: ROLES)
	{
		WebSocketFramer none(role);
		EXPECT_EQ(1006, none.closeCode());
		receive(none, {CLOSE, ""});
		EXPECT_EQ(1005, none.closeCode());
		EXPECT_EQ(WebSocketFramer::CLOSE_RECEIVED, none.closeState());

		WebSocketFramer code(role);
		receive(code, {CLOSE, closePayload(3456, "reason")});
		EXPECT_EQ(3456, code.closeCode());
		EXPECT_EQ(WebSocketFramer::CLOSE_RECEIVED, code.closeState());
	}
}


TEST(WebSocketFramerCloseTest, Section7_1_States)
{
	for (WebSocketFramer::Role role: ROLES)
	{
		WebSocketFramer answering(role);
		EXPECT_EQ(WebSocketFramer::OPEN, answering.closeState());
		receive(answering, {0x81, "text"});
		answering.sent(0x81);
		receive(answering, {0x89, "ping"});
		answering.sent(0x8a);
		EXPECT_EQ(WebSocketFramer::OPEN, answering.closeState());
		receive(answering, {CLOSE, closePayload(1000)});
		EXPECT_EQ(WebSocketFramer::CLOSE_RECEIVED, answering.closeState());
		answering.sent(0x80); // the rest of a message may still go out (5.5.1)
		EXPECT_EQ(WebSocketFramer::CLOSE_RECEIVED, answering.closeState());
		answering.sent(CLOSE);
		EXPECT_EQ(WebSocketFramer::CLOSED, answering.closeState());

		WebSocketFramer starting(role);
		starting.sent(CLOSE);
		EXPECT_EQ(WebSocketFramer::CLOSE_SENT, starting.closeState());
		receive(starting, {0x81, "still on its way"});
		EXPECT_EQ(WebSocketFramer::CLOSE_SENT, starting.closeState());
		receive(starting, {CLOSE, ""});
		EXPECT_EQ(WebSocketFramer::CLOSED, starting.closeState());
		EXPECT_FALSE(starting.failed());

		WebSocketFramer failing(role);
		receiveBad(failing);
		EXPECT_EQ(WebSocketFramer::CLOSED, failing.closeState());
	}
}


TEST(WebSocketFramerCloseTest, Section7_1_1_WhoEndsTheStream)
{
	for (WebSocketFramer::Role role: ROLES)
	{
		const bool server = role == WebSocketFramer::ROLE_SERVER;
		WebSocketFramer answering(role);
		EXPECT_FALSE(answering.endsStream());
		EXPECT_EQ(server, answering.endsStream(true)) << "it reads no more";
		receive(answering, {CLOSE, closePayload(1000)});
		EXPECT_FALSE(answering.endsStream());
		EXPECT_FALSE(answering.closed());
		answering.sent(CLOSE);
		EXPECT_TRUE(answering.closed());
		EXPECT_EQ(server, answering.endsStream());

		WebSocketFramer failing(role);
		receiveBad(failing);
		EXPECT_TRUE(failing.endsStream()) << "7.1.7";
		EXPECT_FALSE(failing.closed());

		WebSocketFramer closedThenFailed(role);
		receive(closedThenFailed, {CLOSE, closePayload(1000)});
		closedThenFailed.sent(CLOSE);
		closedThenFailed.fail(WebSocketError::POLICY_VIOLATION, 1008, "too late");
		EXPECT_TRUE(closedThenFailed.endsStream());
		EXPECT_FALSE(closedThenFailed.closed());
	}
}


TEST(WebSocketFramerCloseTest, Section1_4_NothingIsDeliveredAfterClose)
	/// "a peer discards any further data received": it must neither come out nor do harm.
{
	const Frame rest[] =
	{
		{CLOSE, closePayload(4001, std::string(123, 's'))}, {0x81, "text"}, {0x89, "ping"}, {0x89, ""}, {0x83, "bad"}
	};
	for (WebSocketFramer::Role role: ROLES)
	{
		for (const Frame& second: rest)
		{
			const std::string wire = encode(role, second);
			for (std::size_t cut = 0; cut <= wire.size(); ++cut)
			{
				WebSocketFramer framer(role);
				receive(framer, {CLOSE, closePayload(1000, std::string(123, 'r'))});
				std::size_t used = 0;
				ASSERT_NE(WebSocketFramer::OK, framer.receiveHeader(wire.data(), cut, used)) << "cut at " << cut;
				ASSERT_NE(WebSocketFramer::OK, framer.receiveHeader(wire.data() + cut, wire.size() - cut, used)) << "cut at " << cut;
				ASSERT_EQ(1000, framer.closeCode());
			}
		}
	}
}


TEST(WebSocketFramerCloseTest, Section7_1_7_FailureIsSaidOnce)
{
	for (WebSocketFramer::Role role: ROLES)
	{
		char payload[WebSocketFrame::MAX_CONTROL_PAYLOAD];
		WebSocketFramer framer(role);
		EXPECT_EQ(0u, framer.buildFailure(payload)) << "nothing is wrong yet";
		receiveBad(framer);
		const std::size_t length = framer.buildFailure(payload);
		EXPECT_EQ(closePayload(1002, framer.errorText()), std::string(payload, length));
		framer.sent(CLOSE);
		EXPECT_EQ(0u, framer.buildFailure(payload)) << "a Close frame was sent";

		WebSocketFramer closing(role);
		closing.sent(CLOSE);
		receiveBad(closing);
		EXPECT_EQ(0u, closing.buildFailure(payload)) << "a Close frame was sent before";

		WebSocketFramer cutOff(role);
		std::size_t used = 0;
		EXPECT_EQ(WebSocketFramer::NEED_MORE, cutOff.receiveHeader("\x81", 1, used));
		EXPECT_EQ(WebSocketFramer::FAILED, cutOff.receiveEnd());
		EXPECT_EQ(0u, cutOff.buildFailure(payload)) << "nobody is there";
		EXPECT_EQ(WebSocketError::INCOMPLETE_FRAME, cutOff.error());
	}
}
