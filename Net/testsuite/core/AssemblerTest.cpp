//
// AssemblerTest.cpp
//
// Library: PocoWebSocket
// Package: Tests
// Module:  WebSocketAssemblerTest
//
// Messages from frames (RFC 6455, 5.4; RFC 7692, 6): their limits and their compression.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "support/CoreAllocations.h"
#include "core/Assembler.h"
#include "core/ClosePayload.h"
#include "core/Limits.h"
#include "core/FramerTest.h"


using namespace FramerTest;
using namespace std::string_literals;
using Poco::Net::WebSocketAssembler;
using Poco::Net::WebSocketDeflater;


namespace
{
	constexpr Poco::UInt64 NO_LIMIT = 0x7fffffff;

	struct Setup
	{
		Poco::UInt32 maxMessageSize = NO_LIMIT;
		Poco::UInt32 maxFrameSize = NO_LIMIT;
		unsigned maxFragments = 1000000;
		bool inflate = false;
		bool contextTakeover = true;
		bool verifyUTF8 = true;
	};

	struct Outcome
	{
		std::vector<std::string> messages; // kind and payload: "text:Hello"
		int error = WebSocketError::NONE;
		int closeCode = 0;
		std::string partial; // of the message at the failure

		bool operator == (const Outcome& other) const
		{
			return messages == other.messages && error == other.error && closeCode == other.closeCode;
		}
	};

	std::ostream& operator << (std::ostream& out, const Outcome& outcome)
	{
		return out << ::testing::PrintToString(outcome.messages) << ", error " << outcome.error << ", Close " << outcome.closeCode;
	}

	class Reader
		/// As a shell does it: header, begin(), payload in parts.
	{
	public:
		Reader(WebSocketFramer::Role role, const Setup& setup):
			framer(role),
			assembler(framer)
		{
			framer.setVerifyUTF8(setup.verifyUTF8);
			assembler.setLimits(setup.maxMessageSize, setup.maxFrameSize, setup.maxFragments, 1);
			if (setup.inflate) assembler.enableInflate(15, setup.contextTakeover);
		}

		void take(const std::string& wire)
		{
			const std::vector<char> exact(wire.begin(), wire.end());
			const char* p = exact.data();
			const char* const pEnd = p + exact.size();
			while (p < pEnd && !framer.failed())
			{
				const std::size_t length = static_cast<std::size_t>(pEnd - p);
				p += framer.inHeader() ? takeHeader(p, length) : takePayload(p, length);
			}
			if (framer.failed()) noteFailure();
		}

		WebSocketFramer framer;
		WebSocketAssembler assembler;
		Outcome outcome;

	private:
		std::size_t takeHeader(const char* p, std::size_t length)
		{
			std::size_t used = 0;
			if (framer.receiveHeader(p, length, used) != WebSocketFramer::OK || framer.header().control()) return used;
			if (framer.header().opcode() != WebSocketFrame::OP_CONT) _message.clear();
			if (assembler.begin() == WebSocketFramer::OK && framer.remaining() == 0) takeContent("", 0);
			return used;
		}

		std::size_t takePayload(const char* p, std::size_t length)
		{
			length = static_cast<std::size_t>(std::min<Poco::UInt64>(length, framer.remaining()));
			std::vector<char> target(length);
			const WebSocketFramer::Result result = framer.receivePayload(target.data(), p, length);
			if (result == WebSocketFramer::OK && !framer.header().control()) takeContent(target.data(), length);
			return length;
		}

		void takeContent(const char* p, std::size_t length)
		{
			if (!assembler.compressed()) _message.append(p, length);
			else if (assembler.inflate(p, length, _message) != WebSocketFramer::OK) return;
			if (assembler.complete())
			{
				outcome.messages.push_back((assembler.opcode() == WebSocketFrame::OP_TEXT ? "text:" : "binary:") + _message);
			}
		}

		void noteFailure()
		{
			outcome.error = framer.error();
			outcome.partial = _message;
			char payload[WebSocketFrame::MAX_CONTROL_PAYLOAD];
			if (framer.buildFailure(payload) >= 2) outcome.closeCode = Poco::Net::WebSocketClosePayload::code(payload);
		}

		std::string _message;
	};

	Outcome read(WebSocketFramer::Role role, const Setup& setup, const std::string& wire, std::size_t step)
	{
		Reader reader(role, setup);
		for (std::size_t begin = 0; begin < wire.size() && !reader.framer.failed(); begin += step) reader.take(wire.substr(begin, step));
		return reader.outcome;
	}

	struct MessageRow
	{
		const char* rule;
		Setup setup;
		Frames frames;
		std::vector<std::string> messages;
		int error;
		int closeCode;
	};

	void expectMessages(const MessageRow& row)
		/// For both roles, and however the bytes are cut.
	{
		SCOPED_TRACE(row.rule);
		Outcome expected;
		expected.messages = row.messages;
		expected.error = row.error;
		expected.closeCode = row.closeCode;
		for (WebSocketFramer::Role role: ROLES)
		{
			const std::string wire = encode(role, row.frames);
			for (std::size_t step = 1; step <= wire.size(); step = wire.size() > 400 ? step*3 + 1 : step + 1) ASSERT_EQ(expected, read(role, row.setup, wire, step)) << "step " << step;
			ASSERT_EQ(expected, read(role, row.setup, wire, wire.size()));
		}
	}

	Setup limits(Poco::UInt64 message, Poco::UInt64 frame, unsigned fragments, bool inflate = false)
	{
		Setup setup;
		setup.maxMessageSize = message;
		setup.maxFrameSize = frame;
		setup.maxFragments = fragments;
		setup.inflate = inflate;
		return setup;
	}

	Setup inflating(bool contextTakeover = true, bool verifyUTF8 = true)
	{
		Setup setup;
		setup.inflate = true;
		setup.contextTakeover = contextTakeover;
		setup.verifyUTF8 = verifyUTF8;
		return setup;
	}

	std::string deflated(const std::string& message)
	{
		WebSocketDeflater deflater;
		std::string result;
		deflater.compress(message.data(), message.size(), true, result);
		return result;
	}

	std::string stored(const std::string& text)
		/// A block without compression, as the beginning of a payload.
	{
		const char low = static_cast<char>(text.size());
		return "\0"s + low + "\0"s + static_cast<char>(~low) + "\xff"s + text;
	}

	const std::string HELLO = "\xf2\x48\xcd\xc9\xc9\x07\x00"s; // RFC 7692, 7.2.3.1
	const std::string AGAIN = "\xf2\x00\x11\x00\x00"s;         // 7.2.3.2
	const std::string EURO  = "\xe2\x82\xac";

	constexpr int TOO_BIG = WebSocketError::PAYLOAD_TOO_BIG;
	constexpr int POLICY  = WebSocketError::POLICY_VIOLATION;
	constexpr int CORRUPT = WebSocketError::CORRUPT_DATA;
	constexpr int NO_UTF8 = WebSocketError::INVALID_UTF8;
}


TEST(WebSocketAssemblerTest, Section5_4_Messages)
{
	const MessageRow rows[] =
	{
		{"5.4 single frames", {}, {{0x81, "a"}, {0x82, "b"}, {0x81, ""}}, {"text:a", "binary:b", "text:"}, 0, 0},
		{"5.4 fragments", {}, {{0x01, "Hel"}, {0x80, "lo"}, {0x82, "x"}}, {"text:Hello", "binary:x"}, 0, 0},
		{"5.4 empty fragments", {}, {{0x02, ""}, {0x00, ""}, {0x00, "a"}, {0x80, ""}}, {"binary:a"}, 0, 0},
		{"5.4 control frames between", {}, {{0x01, "a"}, {0x89, "p"}, {0x8a, ""}, {0x80, "b"}}, {"text:ab"}, 0, 0},
		{"8.1 a character in two frames", {}, {{0x01, EURO.substr(0, 1)}, {0x80, EURO.substr(1)}}, {"text:" + EURO}, 0, 0}
	};
	for (const MessageRow& row: rows) expectMessages(row);
}


TEST(WebSocketAssemblerTest, Section10_4_Limits)
	/// At the limit, and one past it.
{
	const std::string ten(10, 'a');
	const std::string eleven(11, 'a');
	const MessageRow rows[] =
	{
		{"message at the limit", limits(10, 100, 9), {{0x81, ten}, {0x82, ten}}, {"text:" + ten, "binary:" + ten}, 0, 0},
		{"message past the limit", limits(10, 100, 9), {{0x81, ten}, {0x82, eleven}}, {"text:" + ten}, TOO_BIG, WebSocketFrame::MESSAGE_TOO_BIG},
		{"fragments at the limit", limits(10, 100, 9), {{0x01, "aaaaa"}, {0x00, "aaaa"}, {0x80, "a"}}, {"text:" + ten}, 0, 0},
		{"fragments past the limit", limits(10, 100, 9), {{0x01, "aaaaa"}, {0x00, "aaaaa"}, {0x80, "a"}}, {}, TOO_BIG, WebSocketFrame::MESSAGE_TOO_BIG},
		{"each message counts for itself", limits(10, 100, 9), {{0x01, "aaaaa"}, {0x80, "aaaaa"}, {0x01, ten}, {0x80, ""}}, {"text:" + ten, "text:" + ten}, 0, 0},
		{"control frames do not count", limits(1, 1, 2), {{0x01, "a"}, {0x89, ten}, {0x89, ten}, {0x80, ""}}, {"text:a"}, 0, 0},
		{"frame at the limit", limits(100, 10, 9), {{0x02, ten}, {0x80, ten}}, {"binary:" + ten + ten}, 0, 0},
		{"frame past the limit", limits(100, 10, 9), {{0x82, eleven}}, {}, TOO_BIG, WebSocketFrame::MESSAGE_TOO_BIG},
		{"later frame past the limit", limits(100, 10, 9), {{0x02, ten}, {0x80, eleven}}, {}, TOO_BIG, WebSocketFrame::MESSAGE_TOO_BIG},
		{"a claim is enough", limits(100, 10, 9), {{0x82, "", 8, 1ULL << 62}}, {}, TOO_BIG, WebSocketFrame::MESSAGE_TOO_BIG},
		{"frames at the limit", limits(10, 10, 3), {{0x01, "a"}, {0x00, ""}, {0x80, "c"}, {0x01, ""}, {0x00, ""}, {0x80, ""}}, {"text:ac", "text:"}, 0, 0},
		{"frames past the limit", limits(10, 10, 3), {{0x01, "a"}, {0x00, "b"}, {0x00, ""}, {0x80, ""}}, {}, POLICY, WebSocketFrame::POLICY_VIOLATION},
		{"one frame only", limits(10, 10, 1), {{0x81, "a"}, {0x01, "b"}, {0x80, ""}}, {"text:a"}, POLICY, WebSocketFrame::POLICY_VIOLATION},
		{"7692 compressed message at the limit", limits(5, 100, 9, true), {{0xc1, HELLO}}, {"text:Hello"}, 0, 0},
		{"7692 compressed message past the limit", limits(4, 100, 9, true), {{0xc1, HELLO}}, {}, TOO_BIG, WebSocketFrame::MESSAGE_TOO_BIG},
		{"7692 compressed fragments at the limit", limits(5, 100, 9, true), {{0x41, HELLO.substr(0, 3)}, {0x80, HELLO.substr(3)}}, {"text:Hello"}, 0, 0},
		{"7692 compressed fragments past the limit", limits(4, 100, 9, true), {{0x41, HELLO.substr(0, 3)}, {0x80, HELLO.substr(3)}}, {}, TOO_BIG, WebSocketFrame::MESSAGE_TOO_BIG},
		{"7692 the wire is not what counts", limits(1, 100, 9, true), {{0xc2, deflated("a") + "\x00\x00\xff\xff\x00"s}}, {"binary:a"}, 0, 0},
		{"7692 a large message from few bytes", limits(1000, 100, 9, true), {{0xc2, deflated(std::string(1000, 'z'))}, {0xc2, deflated(std::string(1001, 'z'))}}, {"binary:" + std::string(1000, 'z')}, TOO_BIG, WebSocketFrame::MESSAGE_TOO_BIG},
		{"7692 frame past the limit", limits(100, 6, 9, true), {{0xc1, HELLO}}, {}, TOO_BIG, WebSocketFrame::MESSAGE_TOO_BIG},
		{"7692 frames past the limit", limits(100, 100, 2, true), {{0x41, HELLO.substr(0, 3)}, {0x00, HELLO.substr(3)}, {0x80, ""}}, {}, POLICY, WebSocketFrame::POLICY_VIOLATION}
	};
	for (const MessageRow& row: rows) expectMessages(row);
}


TEST(WebSocketAssemblerTest, RFC7692_Section6_Compressed)
{
	const std::string three = HELLO.substr(0, 3);
	const std::string rest = HELLO.substr(3);
	const MessageRow rows[] =
	{
		{"6 a message", inflating(), {{0xc1, HELLO}, {0xc2, HELLO}}, {"text:Hello", "binary:Hello"}, 0, 0},
		{"7.2.3.2 the window is shared", inflating(), {{0xc1, HELLO}, {0xc1, AGAIN}}, {"text:Hello", "text:Hello"}, 0, 0},
		{"7.2.3.2 without context takeover", inflating(false), {{0xc1, HELLO}, {0xc1, HELLO}}, {"text:Hello", "text:Hello"}, 0, 0},
		{"7.1.1 the context is gone", inflating(false), {{0xc1, HELLO}, {0xc1, AGAIN}}, {"text:Hello"}, CORRUPT, WebSocketFrame::INVALID_PAYLOAD},
		{"6.1 fragments", inflating(), {{0x41, three}, {0x89, "p"}, {0x80, rest}}, {"text:Hello"}, 0, 0},
		{"6.1 empty fragments", inflating(), {{0x41, ""}, {0x00, three}, {0x00, ""}, {0x00, rest}, {0x80, ""}}, {"text:Hello"}, 0, 0},
		{"6 uncompressed messages between", inflating(), {{0xc1, HELLO}, {0x81, "plain"}, {0x01, "a"}, {0x80, "b"}, {0xc1, AGAIN}}, {"text:Hello", "text:plain", "text:ab", "text:Hello"}, 0, 0},
		{"7.2.3.6 empty", inflating(), {{0xc1, "\0"s}, {0xc2, "\0"s}}, {"text:", "binary:"}, 0, 0},
		{"7.2.2 a payload of no bytes is no block", inflating(), {{0xc1, "\0"s}, {0xc1, ""}}, {"text:"}, CORRUPT, WebSocketFrame::INVALID_PAYLOAD},
		{"6 not negotiated", {}, {{0xc1, HELLO}}, {}, WebSocketError::INVALID_RSV_BITS, WebSocketFrame::PROTOCOL_ERROR},
		{"6 not in a continuation", inflating(), {{0x41, three}, {0xc0, rest}}, {}, WebSocketError::INVALID_RSV_BITS, WebSocketFrame::PROTOCOL_ERROR},
		{"7.2.2 corrupt", inflating(), {{0xc2, "\x07"}}, {}, CORRUPT, WebSocketFrame::INVALID_PAYLOAD},
		{"7.2.2 corrupt in the second frame", inflating(), {{0x42, stored("ab")}, {0x80, "\x07"}}, {}, CORRUPT, WebSocketFrame::INVALID_PAYLOAD},
		{"7.2.2 cut off", inflating(), {{0xc2, three}}, {}, CORRUPT, WebSocketFrame::INVALID_PAYLOAD},
		{"8.1 text", inflating(), {{0xc1, deflated("gr\xc3\xbc\xc3\x9f" "e")}}, {"text:gr\xc3\xbc\xc3\x9f" "e"}, 0, 0},
		{"8.1 a character in two frames", inflating(), {{0x41, stored(EURO.substr(0, 1))}, {0x00, stored(EURO.substr(1, 1))}, {0x80, stored(EURO.substr(2)) + "\0"s}}, {"text:" + EURO}, 0, 0},
		{"8.1 no UTF-8", inflating(), {{0xc1, deflated("a\xff")}}, {}, NO_UTF8, WebSocketFrame::INVALID_PAYLOAD},
		{"8.1 ends inside a character", inflating(), {{0xc1, deflated("a\xe2\x82")}}, {}, NO_UTF8, WebSocketFrame::INVALID_PAYLOAD},
		{"8.1 the next one starts anew", inflating(), {{0xc1, deflated(EURO)}, {0xc1, stored(EURO) + "\0"s}}, {"text:" + EURO, "text:" + EURO}, 0, 0},
		{"8.1 binary is not text", inflating(), {{0xc2, deflated("a\xff")}}, {"binary:a\xff"}, 0, 0},
		{"8.1 switched off", inflating(true, false), {{0xc1, deflated("a\xff")}}, {"text:a\xff"}, 0, 0}
	};
	for (const MessageRow& row: rows) expectMessages(row);
}


TEST(WebSocketAssemblerTest, Section8_1_FailsBeforeTheMessageEnds)
	/// With the part of a compressed message that is known not to be UTF-8.
{
	for (WebSocketFramer::Role role: ROLES)
	{
		const std::string good = encode(role, Frame{0x41, stored("good")});
		const std::string bad = encode(role, Frame{0x00, stored("\xff")});
		Reader reader(role, inflating());
		reader.take(good);
		EXPECT_FALSE(reader.framer.failed());
		reader.take(bad);
		EXPECT_EQ(NO_UTF8, reader.outcome.error);
		EXPECT_EQ(1007, reader.outcome.closeCode);
		EXPECT_TRUE(reader.outcome.messages.empty());
	}
}


TEST(WebSocketAssemblerTest, Section10_4_NoMoreThanTheLimitComesOut)
{
	const std::string bomb = deflated(std::string(1 << 20, 'z'));
	for (WebSocketFramer::Role role: ROLES)
	{
		for (std::size_t step: {bomb.size(), std::size_t(10)})
		{
			const Outcome outcome = read(role, limits(20000, NO_LIMIT, 9, true), encode(role, Frame{0xc2, bomb}), step);
			EXPECT_EQ(TOO_BIG, outcome.error);
			EXPECT_EQ(1009, outcome.closeCode);
			EXPECT_LE(outcome.partial.size(), 20000u);
		}
	}
}


TEST(WebSocketAssemblerTest, States)
{
	struct Row
	{
		int first;
		std::string payload;
		bool single;
		bool complete;
		bool compressed;
		int opcode;
	};
	const Row rows[] =
	{
		{0x81, "a", true, true, false, 1},
		{0x82, "", true, true, false, 2},
		{0x01, "a", false, false, false, 1},
		{0x00, "b", false, false, false, 1},
		{0x80, "c", false, true, false, 1},
		{0xc2, HELLO, false, true, true, 2},
		{0x41, HELLO.substr(0, 3), false, false, true, 1},
		{0x80, HELLO.substr(3), false, true, true, 1},
		{0x81, "a", true, true, false, 1}
	};
	for (WebSocketFramer::Role role: ROLES)
	{
		Reader reader(role, inflating(false));
		EXPECT_FALSE(reader.assembler.single());
		EXPECT_FALSE(reader.assembler.compressed());
		for (const Row& row: rows)
		{
			const std::string wire = encode(role, Frame{row.first, row.payload});
			const bool rest = !row.payload.empty();
			reader.take(wire.substr(0, wire.size() - (rest ? 1 : 0)));
			EXPECT_EQ(row.single, reader.assembler.single());
			EXPECT_EQ(!rest && row.complete, reader.assembler.complete());
			reader.take(wire.substr(wire.size() - (rest ? 1 : 0)));
			EXPECT_EQ(row.single, reader.assembler.single());
			EXPECT_EQ(row.complete, reader.assembler.complete());
			EXPECT_EQ(row.compressed, reader.assembler.compressed());
			EXPECT_EQ(row.opcode, reader.assembler.opcode());
		}
		EXPECT_FALSE(reader.framer.failed());
	}
}


TEST(WebSocketAssemblerTest, Section5_5_2_Pings)
{
	for (unsigned limit: {1u, 5u, 1000u})
	{
		WebSocketFramer framer(WebSocketFramer::ROLE_SERVER);
		WebSocketAssembler assembler(framer);
		EXPECT_EQ(WebSocketFramer::OK, assembler.limitPings(Poco::Net::WebSocketLimits::PENDING_PINGS)) << "the default";
		assembler.setLimits(1, 1, 1, limit);
		EXPECT_EQ(WebSocketFramer::OK, assembler.limitPings(0));
		EXPECT_EQ(WebSocketFramer::OK, assembler.limitPings(limit));
		EXPECT_FALSE(framer.failed());
		EXPECT_EQ(WebSocketFramer::FAILED, assembler.limitPings(limit + 1));
		EXPECT_EQ(POLICY, framer.error());
		EXPECT_NE(std::string::npos, framer.errorText().find(std::to_string(limit)));
		char payload[WebSocketFrame::MAX_CONTROL_PAYLOAD];
		ASSERT_GE(framer.buildFailure(payload), 2u);
		EXPECT_EQ(1008, Poco::Net::WebSocketClosePayload::code(payload));
	}
}


TEST(WebSocketAssemblerTest, FailsWithoutMemory)
	/// What was taken from a compressed message and did not come out is lost: the connection has failed.
{
	WebSocketDeflater deflater;
	std::string payload;
	deflater.compress(std::string(5000, 'a').data(), 5000, true, payload);
	ASSERT_LT(payload.size(), 126u);
	const char header[] = {'\xc1', static_cast<char>(payload.size())};

	WebSocketFramer framer(WebSocketFramer::ROLE_CLIENT);
	WebSocketAssembler assembler(framer);
	assembler.enableInflate(15, true);
	std::size_t used = 0;
	ASSERT_EQ(WebSocketFramer::OK, framer.receiveHeader(header, sizeof(header), used));
	ASSERT_EQ(WebSocketFramer::OK, assembler.begin());
	ASSERT_EQ(WebSocketFramer::OK, framer.receivePayload(&payload[0], payload.data(), payload.size()));
	std::string message;
	bool thrown = false;
	{
		FailingAllocations failing(0);
		try
		{
			assembler.inflate(payload.data(), payload.size(), message);
		}
		catch (const std::bad_alloc&)
		{
			thrown = true;
		}
	}
	EXPECT_TRUE(thrown);
	EXPECT_TRUE(framer.failed());
}
