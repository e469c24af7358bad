//
// FramerReplyTest.cpp
//
// Library: PocoWebSocket
// Package: Tests
// Module:  WebSocketFramerReplyTest
//
// What has to be answered, and with what (RFC 6455, 5.5.1 to 5.5.3 and 7.1); failures that
// come from above the frames.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "support/CoreAllocations.h"
#include "core/FramerTest.h"


using namespace FramerTest;


namespace
{
	constexpr int TEXT  = 0x81;
	constexpr int CLOSE = 0x88;
	constexpr int PING  = 0x89;
	constexpr int PONG  = 0x8a;

	struct Reply
	{
		int flags;
		std::string payload;

		bool operator == (const Reply& other) const
		{
			return flags == other.flags && payload == other.payload;
		}
	};

	std::ostream& operator << (std::ostream& out, const Reply& reply)
	{
		return out << std::hex << reply.flags << std::dec << " " << ::testing::PrintToString(reply.payload);
	}

	const Reply NO_REPLY{0, ""};

	Reply replyOf(const WebSocketFramer& framer)
	{
		int flags = 0x5a;
		char payload[WebSocketFrame::MAX_CONTROL_PAYLOAD + 1];
		std::fill(std::begin(payload), std::end(payload), '\x5a');
		const std::size_t length = framer.buildReply(flags, payload);
		EXPECT_LE(length, std::size_t(WebSocketFrame::MAX_CONTROL_PAYLOAD));
		EXPECT_EQ('\x5a', payload[WebSocketFrame::MAX_CONTROL_PAYLOAD]);
		return {flags, std::string(payload, length)};
	}

	std::string failureOf(const WebSocketFramer& framer)
	{
		char payload[WebSocketFrame::MAX_CONTROL_PAYLOAD];
		return std::string(payload, framer.buildFailure(payload));
	}

	struct FailRow
	{
		const char* text;
		Poco::UInt64 first;
		Poco::UInt64 second;
		std::string expected;
	};

	constexpr Poco::UInt64 LARGEST = std::numeric_limits<Poco::UInt64>::max();

	const std::string LONG_TEXT(200, 't');
	const std::string NUMBER_FITS = std::string(119, 't') + "%";

	const FailRow FAILURES[] =
	{
		{"", 1, 2, ""},
		{"Nothing to fill in", 1, 2, "Nothing to fill in"},
		{"%", 0, 2, "0"},
		{"% and no more", LARGEST, 2, "18446744073709551615 and no more"},
		{"Got %, wanted %.", 4711, 42, "Got 4711, wanted 42."},
		{"%%", 12, 34, "1234"},
		{LONG_TEXT.c_str(), 0, 0, std::string(WebSocketFrame::MAX_CLOSE_REASON, 't')},
		{NUMBER_FITS.c_str(), 1234, 0, std::string(119, 't') + "1234"}
	};
}


TEST(WebSocketFramerReplyTest, Section5_5_AnswersToFrames)
{
	struct Row
	{
		const char* rule;
		Frames frames;
		Reply reply;
	};
	const std::string all125(125, 'p');
	const Row rows[] =
	{
		{"5.5.3 nothing was received", {}, NO_REPLY},
		{"5.5.3 PING", {{PING, "Hello"}}, {PONG, "Hello"}},
		{"5.5.3 PING without payload", {{PING, ""}}, {PONG, ""}},
		{"5.5.3 PING of 125 bytes", {{PING, all125}}, {PONG, all125}},
		{"5.5.3 the latest PING", {{PING, "the first one"}, {PING, "second"}}, {PONG, "second"}},
		{"5.5.3 PING inside a message", {{0x01, "a"}, {PING, "p"}}, {PONG, "p"}},
		{"5.5.3 PING of any bytes", {{PING, std::string("\x00\xff\x80", 3)}}, {PONG, std::string("\x00\xff\x80", 3)}},
		{"5.5.3 PONG is not answered", {{PONG, "Hello"}}, NO_REPLY},
		{"5.5.3 PONG after PING is not answered", {{PING, "Hello"}, {PONG, "x"}}, NO_REPLY},
		{"5.6 text is not answered", {{TEXT, "Hello"}}, NO_REPLY},
		{"5.6 an empty message is not answered", {{0x82, ""}}, NO_REPLY},
		{"5.6 what follows a PING is not", {{PING, "Hello"}, {TEXT, "Hello"}}, NO_REPLY},
		{"5.5.1 Close without payload", {{CLOSE, ""}}, {CLOSE, ""}},
		{"5.5.1 the status code is echoed", {{CLOSE, closePayload(1001)}}, {CLOSE, closePayload(1001)}},
		{"5.5.1 the reason is not", {{CLOSE, closePayload(4999, "reason")}}, {CLOSE, closePayload(4999)}},
		{"5.5.1 the longest reason", {{CLOSE, closePayload(1000, std::string(123, 'r'))}}, {CLOSE, closePayload(1000)}},
		{"5.5.1 Close after a PING", {{PING, "Hello"}, {CLOSE, closePayload(1000)}}, {CLOSE, closePayload(1000)}}
	};
	for (WebSocketFramer::Role role: ROLES)
	{
		for (const Row& row: rows)
		{
			SCOPED_TRACE(std::string(row.rule) + ", by the " + name(role));
			Receiver receiver(Settings{role});
			receiver.take(encode(role, row.frames));
			EXPECT_EQ(delivered(row.frames), receiver.events);
			EXPECT_EQ(row.reply, replyOf(receiver.framer));
			EXPECT_EQ(row.reply, replyOf(receiver.framer)) << "as often as it is asked";
			EXPECT_NE(WebSocketFramer::CLOSE_SENT, receiver.framer.closeState()) << "nothing is sent by asking";
		}
	}
}


TEST(WebSocketFramerReplyTest, Section5_5_3_NothingIsAnsweredInsideAFrame)
{
	for (WebSocketFramer::Role role: ROLES)
	{
		const std::string wire = encode(role, Frame{PING, "Hello"});
		Receiver receiver(Settings{role});
		for (char byte: wire)
		{
			EXPECT_EQ(NO_REPLY, replyOf(receiver.framer));
			receiver.take(std::string(1, byte));
		}
		EXPECT_EQ((Reply{PONG, "Hello"}), replyOf(receiver.framer));
		receiver.take(wire.substr(0, 1)); // the next one begins
		EXPECT_EQ(NO_REPLY, replyOf(receiver.framer));
	}
}


TEST(WebSocketFramerReplyTest, Section5_5_ControlPayload)
{
	for (WebSocketFramer::Role role: ROLES)
	{
		Receiver receiver(Settings{role});
		EXPECT_EQ(0u, receiver.framer.controlLength());
		for (const std::string& payload: {std::string("Hello"), std::string(125, 'p'), std::string(), std::string("\0x", 2)})
		{
			for (int first: {PING, PONG})
			{
				receiver.take(encode(role, Frame{first, payload}));
				EXPECT_EQ(payload, std::string(receiver.framer.controlPayload(), receiver.framer.controlLength()));
			}
			receiver.take(encode(role, Frame{TEXT, "between"}));
			EXPECT_EQ(payload, std::string(receiver.framer.controlPayload(), receiver.framer.controlLength())) << "of the control frame received last";
		}
		receiver.take(encode(role, Frame{CLOSE, closePayload(1000, "r")}));
		EXPECT_EQ(closePayload(1000, "r"), std::string(receiver.framer.controlPayload(), receiver.framer.controlLength()));
	}
}


TEST(WebSocketFramerReplyTest, Section7_1_6_CloseReason)
{
	struct Row
	{
		const char* rule;
		Frames frames;
		int code;
		std::string reason;
	};
	const std::string longest(123, 'r');
	const Row rows[] =
	{
		{"7.1.5 nothing was received", {}, 1006, ""},
		{"7.1.5 no Close frame yet", {{PING, "not the reason"}, {TEXT, "text"}}, 1006, ""},
		{"7.1.5 no status code", {{CLOSE, ""}}, 1005, ""},
		{"7.1.5 no status code after a PING", {{PING, "not the reason"}, {CLOSE, ""}}, 1005, ""},
		{"7.1.6 no reason", {{CLOSE, closePayload(1000)}}, 1000, ""},
		{"7.1.6 a reason", {{CLOSE, closePayload(3000, "gr\xc3\xbc\xc3\x9f")}}, 3000, "gr\xc3\xbc\xc3\x9f"},
		{"7.1.6 the longest reason", {{CLOSE, closePayload(1011, longest)}}, 1011, longest},
		{"7.1.5 the first Close frame counts", {{CLOSE, closePayload(1001, "first")}, {CLOSE, closePayload(1000, "second")}}, 1001, "first"},
		{"7.1.5 the first, if the second has none", {{CLOSE, closePayload(1001, "first")}, {CLOSE, ""}}, 1001, "first"},
		{"7.1.5 the first, if it has none", {{CLOSE, ""}, {CLOSE, closePayload(1000, "second")}}, 1005, ""},
		{"1.4 a PING that follows is ignored", {{CLOSE, closePayload(1001, "first")}, {PING, "p"}}, 1001, "first"},
		{"7.1.7 a code that must not be sent", {{CLOSE, closePayload(1005, "reason")}}, 1006, ""},
		{"7.1.7 a reason that is not UTF-8", {{CLOSE, closePayload(1000, "\xff")}}, 1006, ""},
		{"7.1.7 one byte", {{CLOSE, "\x03"}}, 1006, ""}
	};
	for (WebSocketFramer::Role role: ROLES)
	{
		for (const Row& row: rows)
		{
			const std::string wire = encode(role, row.frames);
			for (std::size_t cut = 0; cut <= wire.size(); ++cut)
			{
				Receiver receiver(Settings{role});
				receiver.take(wire.substr(0, cut));
				receiver.take(wire.substr(cut));
				ASSERT_EQ(row.code, receiver.framer.closeCode()) << row.rule << ", cut at " << cut;
				ASSERT_EQ(row.reason, receiver.framer.closeReason()) << row.rule << ", cut at " << cut;
			}
		}
	}
}


TEST(WebSocketFramerReplyTest, Section1_4_WhatFollowsACloseIsTaken)
{
	const Frames rest[] =
	{
		{{TEXT, "text"}}, {{PING, ""}}, {{0x83, "a reserved opcode"}}, {{0xff, ""}}, {{CLOSE, "x"}}, {{TEXT, "\xff"}},
		{{0x82, "", 8, 1ULL << 62}}
	};
	for (WebSocketFramer::Role role: ROLES)
	{
		for (const Frames& frames: rest)
		{
			const std::string wire = encode(role, frames);
			WebSocketFramer framer(role);
			const std::string close = encode(role, Frame{CLOSE, ""});
			std::size_t used = 0;
			ASSERT_EQ(WebSocketFramer::OK, framer.receiveHeader(close.data(), close.size(), used));
			for (int i = 0; i < 3; ++i)
			{
				EXPECT_EQ(WebSocketFramer::NEED_MORE, framer.receiveHeader(wire.data(), wire.size(), used));
				EXPECT_EQ(wire.size(), used);
				EXPECT_FALSE(framer.inFrame());
				EXPECT_FALSE(framer.failed());
			}
			EXPECT_EQ(WebSocketFramer::OK, framer.receiveEnd()) << "it is no end inside a frame";
			EXPECT_EQ(WebSocketFramer::CLOSE_RECEIVED, framer.closeState());
		}
	}
}


TEST(WebSocketFramerReplyTest, Section7_1_7_FailFromAbove)
{
	for (WebSocketFramer::Role role: ROLES)
	{
		for (const FailRow& row: FAILURES)
		{
			SCOPED_TRACE(row.text);
			WebSocketFramer framer(role);
			WebSocketFramer::Result result = WebSocketFramer::OK;
			{
				FailingAllocations none(0);
				result = framer.fail(WebSocketError::POLICY_VIOLATION, 1008, row.text, row.first, row.second);
			}
			EXPECT_EQ(WebSocketFramer::FAILED, result);
			EXPECT_TRUE(framer.failed());
			EXPECT_EQ(WebSocketError::POLICY_VIOLATION, framer.error());
			EXPECT_EQ(row.expected, framer.errorText());
			EXPECT_EQ(closePayload(1008, row.expected), failureOf(framer));
			EXPECT_EQ(WebSocketFramer::CLOSED, framer.closeState());
			std::size_t used = 1;
			EXPECT_EQ(WebSocketFramer::FAILED, framer.receiveHeader("\x81", 1, used));
			EXPECT_EQ(0u, used);
		}
	}
}


TEST(WebSocketFramerReplyTest, Section7_1_7_TextOfAFailureAlwaysFits)
	/// Whatever the number, and wherever the room ends.
{
	for (std::size_t length = 90; length <= 130; ++length)
	{
		for (Poco::UInt64 number: {Poco::UInt64(7), Poco::UInt64(1234567890), LARGEST})
		{
			WebSocketFramer framer(WebSocketFramer::ROLE_SERVER);
			const std::string format = std::string(length, 't') + "%";
			framer.fail(WebSocketError::CORRUPT_DATA, 1007, format.c_str(), number);
			const std::string text = framer.errorText();
			EXPECT_LE(text.size(), std::size_t(WebSocketFrame::MAX_CLOSE_REASON));
			EXPECT_EQ(std::string(std::min<std::size_t>(length, 123), 't'), text.substr(0, length));
			if (length + std::to_string(number).size() <= 123)
			{
				EXPECT_EQ(std::to_string(number), text.substr(length));
			}
			EXPECT_EQ(closePayload(1007, text), failureOf(framer));
		}
	}
}


TEST(WebSocketFramerReplyTest, Section7_1_7_FailWithoutACloseFrame)
{
	WebSocketFramer framer(WebSocketFramer::ROLE_CLIENT);
	EXPECT_EQ(WebSocketFramer::FAILED, framer.fail(WebSocketError::PING_TIMEOUT, 0, "Nobody is there"));
	EXPECT_EQ("", failureOf(framer));
	EXPECT_EQ("Nobody is there", framer.errorText());
	EXPECT_EQ(WebSocketError::PING_TIMEOUT, framer.error());
}


TEST(WebSocketFramerReplyTest, ErrorTextWithoutMemory)
{
	WebSocketFramer framer(WebSocketFramer::ROLE_SERVER);
	framer.fail(WebSocketError::POLICY_VIOLATION, 1008, LONG_TEXT.c_str());
	{
		FailingAllocations none(0);
		EXPECT_THROW(framer.errorText(), std::bad_alloc);
	}
	EXPECT_EQ(LONG_TEXT.substr(0, 123), framer.errorText());
}


TEST(WebSocketFramerReplyTest, Section5_5_1_ReasonSentIsText)
{
	const std::string bad = closePayload(1000, "gr\xfc\xdf" "e");
	const std::string good = closePayload(1000, "gr\xc3\xbc\xc3\x9f" "e");
	for (WebSocketFramer::Role role: ROLES)
	{
		WebSocketFramer framer(role);
		EXPECT_EQ(WebSocketFramer::SEND, framer.checkSend(CLOSE, good.data(), good.size()));
		EXPECT_EQ(WebSocketFramer::REFUSE_CLOSE_PAYLOAD, framer.checkSend(CLOSE, bad.data(), bad.size()));
		framer.setVerifyUTF8(false);
		EXPECT_EQ(WebSocketFramer::SEND, framer.checkSend(CLOSE, good.data(), good.size()));
		EXPECT_EQ(WebSocketFramer::SEND, framer.checkSend(CLOSE, bad.data(), bad.size())) << "as it is wanted";
	}
}
