//
// MessageParserViolationTest.cpp
//
// Library: PocoWebSocket
// Package: Tests
// Module:  WebSocketMessageParserViolationTest
//
// What a peer must not do (RFC 6455, 5 and 8.1), and that it ends there.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "core/MessageParserTest.h"
#include "core/UTF8Test.h"
#include <set>


using namespace ParserTest;


namespace
{
	constexpr int PROTOCOL = WebSocketError::PROTOCOL_VIOLATION;
	constexpr int NO_UTF8  = WebSocketError::INVALID_UTF8;
}


TEST(WebSocketMessageParserViolationTest, Section5_Frames)
{
	const std::string long126(126, 'p');
	const Row rows[] =
	{
		{"5.2 reserved bit", {{0x81, "a"}, {0xc1, "b"}}, {"text:a"}, WebSocketError::INVALID_RSV_BITS, WebSocketFrame::PROTOCOL_ERROR},
		{"5.2 reserved bit of a control frame", {{0x99, "b"}}, {}, WebSocketError::INVALID_RSV_BITS, WebSocketFrame::PROTOCOL_ERROR},
		{"5.2 reserved opcode", {{0x81, "a"}, {0x83, "b"}, {0x81, "c"}}, {"text:a"}, WebSocketError::INVALID_OPCODE, WebSocketFrame::PROTOCOL_ERROR},
		{"5.2 reserved opcode of a control frame", {{0x8b, "b"}}, {}, WebSocketError::INVALID_OPCODE, WebSocketFrame::PROTOCOL_ERROR},
		{"5.2 length not in its shortest form", {{0x82, "a"}, {0x82, "b", 2}}, {"binary:a"}, PROTOCOL, WebSocketFrame::PROTOCOL_ERROR},
		{"5.2 nor in 64 bits", {{0x82, long126, 8}}, {}, PROTOCOL, WebSocketFrame::PROTOCOL_ERROR},
		{"5.4 nothing to continue", {{0x81, "a"}, {0x80, "b"}}, {"text:a"}, PROTOCOL, WebSocketFrame::PROTOCOL_ERROR},
		{"5.4 nothing to continue, again", {{0x01, "a"}, {0x80, "b"}, {0x80, "c"}}, {"text:ab"}, PROTOCOL, WebSocketFrame::PROTOCOL_ERROR},
		{"5.4 a message inside a message", {{0x01, "a"}, {0x81, "b"}}, {}, PROTOCOL, WebSocketFrame::PROTOCOL_ERROR},
		{"5.4 a binary one", {{0x01, "a"}, {0x89, "p"}, {0x82, "b"}}, {"PING:p"}, PROTOCOL, WebSocketFrame::PROTOCOL_ERROR},
		{"5.4 a fragmented one", {{0x02, "a"}, {0x00, "b"}, {0x01, "c"}}, {}, PROTOCOL, WebSocketFrame::PROTOCOL_ERROR},
		{"5.5 fragmented control frame", {{0x09, "p"}, {0x80, "q"}}, {}, PROTOCOL, WebSocketFrame::PROTOCOL_ERROR},
		{"5.5 long control frame", {{0x89, long126}}, {}, PROTOCOL, WebSocketFrame::PROTOCOL_ERROR},
		{"5.5.1 Close payload of one byte", {{0x81, "a"}, {0x88, "b"}}, {"text:a"}, PROTOCOL, WebSocketFrame::PROTOCOL_ERROR},
		{"7.4 Close code", {{0x88, closePayload(1005)}}, {}, WebSocketError::INVALID_CLOSE_CODE, WebSocketFrame::PROTOCOL_ERROR},
		{"7.4 Close code with a reason", {{0x88, closePayload(999, "bye")}}, {}, WebSocketError::INVALID_CLOSE_CODE, WebSocketFrame::PROTOCOL_ERROR},
		{"8.1 Close reason", {{0x88, closePayload(1000, "\xff")}}, {}, NO_UTF8, WebSocketFrame::INVALID_PAYLOAD}
	};
	for (const Row& row: rows) expectRow({}, row);
}


TEST(WebSocketMessageParserViolationTest, Section5_1_Masking)
{
	for (WebSocketFramer::Role role: ROLES)
	{
		const Frames frames = {{0x81, "a"}, {0x81, "b", Frame::SHORTEST, 0, true}, {0x01, "c"}, {0x80, "d"}};
		const std::string wire = encode(role, frames);
		const int error = role == WebSocketFramer::ROLE_SERVER ? WebSocketError::UNMASKED_CLIENT_FRAME : WebSocketError::MASKED_SERVER_FRAME;
		Options tolerant;
		tolerant.verifyMasking = false;
		for (Way way: {MESSAGES, ROOM, PARTS})
		{
			for (std::size_t step = 1; step <= wire.size(); ++step)
			{
				EXPECT_EQ((Log{"text:a", failureText(error, 1002)}), feedSteps(role, {}, way, wire, step));
				EXPECT_EQ((Log{"text:a", "text:b", "text:cd"}), feedSteps(role, tolerant, way, wire, step));
			}
		}
	}
}


TEST(WebSocketMessageParserViolationTest, Section8_1_Text)
{
	const Row rows[] =
	{
		{"8.1 no text", {{0x81, "a"}, {0x81, "b\xff" "c"}, {0x81, "d"}}, {"text:a"}, NO_UTF8, WebSocketFrame::INVALID_PAYLOAD},
		{"8.1 no text in a fragment", {{0x01, "a"}, {0x00, "\xff"}, {0x80, "c"}}, {}, NO_UTF8, WebSocketFrame::INVALID_PAYLOAD},
		{"8.1 ends inside a character", {{0x81, "a\xc3"}}, {}, NO_UTF8, WebSocketFrame::INVALID_PAYLOAD},
		{"8.1 ends inside a character, with a fragment", {{0x01, "\xe2"}, {0x80, "\x82"}}, {}, NO_UTF8, WebSocketFrame::INVALID_PAYLOAD},
		{"8.1 ends inside a character, with an empty fragment", {{0x01, "\xe2\x82"}, {0x89, "p"}, {0x80, ""}}, {"PING:p"}, NO_UTF8, WebSocketFrame::INVALID_PAYLOAD},
		{"8.1 a character goes on otherwise", {{0x01, "\xe2"}, {0x80, "a"}}, {}, NO_UTF8, WebSocketFrame::INVALID_PAYLOAD},
		{"8.1 it does not go on in the next message", {{0x81, "a"}, {0x81, "\x82\xac"}}, {"text:a"}, NO_UTF8, WebSocketFrame::INVALID_PAYLOAD},
		{"8.1 binary is not text", {{0x82, "\xff"}, {0x02, "\xc3"}, {0x80, ""}}, {"binary:\xff", "binary:\xc3"}}
	};
	for (const Row& row: rows) expectRow({}, row);
	for (const UTF8Test::InvalidRow& row: UTF8Test::INVALID)
	{
		expectRow({}, {row.name, {{0x81, row.bytes}}, {}, NO_UTF8, 1007});
	}
	for (const char* text: UTF8Test::INCOMPLETE)
	{
		expectRow({}, {text, {{0x81, std::string("a") + text}}, {}, NO_UTF8, 1007});
	}
}


TEST(WebSocketMessageParserViolationTest, Section8_1_FailsWithTheByte)
	/// As soon as it is known, not at the end of the frame.
{
	for (WebSocketFramer::Role role: ROLES)
	{
		for (Way way: {MESSAGES, PARTS})
		{
			const std::string wire = encode(role, Frame{0x81, "good\xff and much more"});
			Peer peer(role, {}, way);
			peer.take(wire.substr(0, wire.size() - 15));
			EXPECT_FALSE(peer.framer.failed());
			peer.take(wire.substr(wire.size() - 15, 1));
			EXPECT_EQ(Log{failureText(NO_UTF8, 1007)}, peer.log);
		}
	}
}


TEST(WebSocketMessageParserViolationTest, Section7_1_7_TheSameReason)
	/// The peer is told the same, however the bytes were cut.
{
	const Frames conversations[] =
	{
		{{0x81, "a\xff" "b"}}, {{0x81, "a\xc3"}}, {{0x81, "\xf0\x9f\x98"}}, {{0x01, "a\xc3"}, {0x80, ""}}, {{0x81, std::string(125, 'a') + "\xc3"}},
		{{0x81, std::string(51, 'a')}}, {{0x82, std::string(151, 'a')}}, {{0x81, std::string(51, '\xff')}}, {{0xc1, deflated("a\xc3")}}, {{0x83, "a"}}, {{0x80, "a"}}, {{0x88, "a"}}
	};
	for (const Frames& frames: conversations)
	{
		for (WebSocketFramer::Role role: ROLES)
		{
			const std::string wire = encode(role, frames);
			std::set<std::string> reasons;
			for (Way way: {MESSAGES, ROOM, PARTS})
			{
				for (std::size_t step = 1; step <= wire.size(); ++step)
				{
					Peer peer(role, limits(150, 50, 9, true), way);
					for (std::size_t begin = 0; begin < wire.size() && !peer.framer.failed(); begin += step) peer.take(wire.substr(begin, step));
					ASSERT_TRUE(peer.framer.failed());
					reasons.insert(peer.framer.errorText());
				}
			}
			EXPECT_EQ(1u, reasons.size()) << ::testing::PrintToString(reasons);
		}
	}
}


TEST(WebSocketMessageParserViolationTest, FailsIfTheFramerDoes)
	/// For another reason, at any place: nothing more comes out.
{
	const Frames frames = {{0x81, "a"}, {0x89, "ping"}, {0x01, "Hello"}, {0x80, ", world"}, {0xc1, HELLO}, {0x41, HELLO.substr(0, 3)}, {0x80, HELLO.substr(3)}};
	for (WebSocketFramer::Role role: ROLES)
	{
		const std::string wire = encode(role, frames);
		for (Way way: {MESSAGES, PARTS})
		{
			for (std::size_t length = 0; length <= wire.size(); ++length)
			{
				SCOPED_TRACE(std::string(name(role)) + ", way " + std::to_string(way) + ", after " + std::to_string(length));
				Peer peer(role, inflating(), way);
				peer.take(wire.substr(0, length));
				ASSERT_FALSE(peer.framer.failed());
				peer.framer.fail(WebSocketError::POLICY_VIOLATION, 1008, "Too slow");
				peer.checkStaysFailed();
				if (HasFailure()) return;
			}
		}
	}
}
