//
// MessageParserDeflateTest.cpp
//
// Library: PocoWebSocket
// Package: Tests
// Module:  WebSocketMessageParserDeflateTest
//
// Compressed messages (RFC 7692, 6 and 7.2).
//
// SPDX-License-Identifier: BSL-1.0
//


#include "core/MessageParserTest.h"


using namespace ParserTest;


namespace
{
	constexpr int TOO_BIG = WebSocketError::PAYLOAD_TOO_BIG;
	constexpr int POLICY  = WebSocketError::POLICY_VIOLATION;
	constexpr int CORRUPT = WebSocketError::CORRUPT_DATA;
	constexpr int NO_UTF8 = WebSocketError::INVALID_UTF8;

	const std::string THREE = HELLO.substr(0, 3);
	const std::string REST  = HELLO.substr(3);
}


TEST(WebSocketMessageParserDeflateTest, RFC7692_Section6_Messages)
{
	const std::pair<Options, Row> rows[] =
	{
		{inflating(), {"6 text and binary", {{0xc1, HELLO}, {0xc2, HELLO}}, {"text:Hello", "binary:Hello"}}},
		{inflating(), {"6.1 fragments", {{0x41, THREE}, {0x89, "p"}, {0x80, REST}}, {"PING:p", "text:Hello"}}},
		{inflating(), {"6.1 empty fragments", {{0x41, ""}, {0x00, THREE}, {0x00, ""}, {0x00, REST}, {0x80, ""}}, {"text:Hello"}}},
		{inflating(), {"6 messages that are not compressed", {{0xc1, HELLO}, {0x81, "plain"}, {0x01, "a"}, {0x80, "b"}, {0xc1, AGAIN}}, {"text:Hello", "text:plain", "text:ab", "text:Hello"}}},
		{inflating(), {"7.2.3.2 the window is shared", {{0xc1, HELLO}, {0xc1, AGAIN}, {0xc2, AGAIN}}, {"text:Hello", "text:Hello", "binary:Hello"}}},
		{inflating(), {"7.2.3.2 also by fragments", {{0xc1, HELLO}, {0x41, AGAIN.substr(0, 1)}, {0x80, AGAIN.substr(1)}}, {"text:Hello", "text:Hello"}}},
		{inflating(false), {"7.1.1 without context takeover", {{0xc1, HELLO}, {0xc1, HELLO}}, {"text:Hello", "text:Hello"}}},
		{inflating(false), {"7.1.1 the context is gone", {{0xc1, HELLO}, {0xc1, AGAIN}}, {"text:Hello"}, CORRUPT, 1007}},
		{inflating(), {"7.2.3.3 not compressed inside", {{0xc1, stored("Hello") + "\0"s}}, {"text:Hello"}}},
		{inflating(), {"7.2.3.4 BFINAL", {{0xc1, "\xf3\x48\xcd\xc9\xc9\x07\x00\x00"s}, {0xc1, AGAIN}}, {"text:Hello", "text:Hello"}}},
		{inflating(), {"7.2.3.6 empty", {{0xc1, "\0"s}, {0xc2, "\0"s}, {0x41, "\0"s}, {0x80, ""}}, {"text:", "binary:", "text:"}}},
		{inflating(), {"5.5.1 Close inside", {{0x41, THREE}, {0x88, closePayload(1000)}, {0x80, REST}}, {"Close:1000 "}}}
	};
	for (const auto& row: rows) expectRow(row.first, row.second);
}


TEST(WebSocketMessageParserDeflateTest, RFC7692_Violations)
{
	const std::pair<Options, Row> rows[] =
	{
		{{}, {"6 not negotiated", {{0xc1, HELLO}}, {}, WebSocketError::INVALID_RSV_BITS, 1002}},
		{inflating(), {"6 not in a continuation", {{0x41, THREE}, {0xc0, REST}}, {}, WebSocketError::INVALID_RSV_BITS, 1002}},
		{inflating(), {"7.2.2 no bytes are no block", {{0xc1, "\0"s}, {0xc1, ""}}, {"text:"}, CORRUPT, 1007}},
		{inflating(), {"7.2.2 corrupt", {{0xc2, "\x07"}, {0xc2, HELLO}}, {}, CORRUPT, 1007}},
		{inflating(), {"7.2.2 corrupt, behind something good", {{0xc2, HELLO + "\x07" + HELLO}}, {}, CORRUPT, 1007}},
		{inflating(), {"7.2.2 corrupt in the second frame", {{0x42, stored("ab")}, {0x80, "\x07"}}, {}, CORRUPT, 1007}},
		{inflating(), {"7.2.2 cut off", {{0xc2, THREE}}, {}, CORRUPT, 1007}},
		{inflating(), {"7.2.2 cut off with an empty frame", {{0x42, THREE}, {0x80, ""}}, {}, CORRUPT, 1007}}
	};
	for (const auto& row: rows) expectRow(row.first, row.second);
}


TEST(WebSocketMessageParserDeflateTest, Section8_1_Text)
{
	const std::string text = "gr\xc3\xbc\xc3\x9f" "e";
	const std::pair<Options, Row> rows[] =
	{
		{inflating(), {"8.1 text", {{0xc1, deflated(text)}}, {"text:" + text}}},
		{inflating(), {"8.1 a character in three frames", {{0x41, stored(EURO.substr(0, 1))}, {0x00, stored(EURO.substr(1, 1))}, {0x80, stored(EURO.substr(2)) + "\0"s}}, {"text:" + EURO}}},
		{inflating(), {"8.1 no text", {{0xc1, deflated("a\xff")}}, {}, NO_UTF8, 1007}},
		{inflating(), {"8.1 no text, with more behind it", {{0xc1, stored("a\xff") + stored("much more than that") + "\0"s}}, {}, NO_UTF8, 1007}},
		{inflating(), {"8.1 ends inside a character", {{0xc1, deflated("a\xe2\x82")}}, {}, NO_UTF8, 1007}},
		{inflating(), {"8.1 ends inside a character, with an empty frame", {{0x41, stored("\xe2\x82") + "\0"s}, {0x80, ""}}, {}, NO_UTF8, 1007}},
		{inflating(), {"8.1 binary is not text", {{0xc2, deflated("a\xff")}}, {"binary:a\xff"}}},
		{inflating(true, false), {"8.1 switched off", {{0xc1, deflated("a\xff")}}, {"text:a\xff"}}}
	};
	for (const auto& row: rows) expectRow(row.first, row.second);
}


TEST(WebSocketMessageParserDeflateTest, Section10_4_Limits)
	/// What comes out counts.
{
	const std::string large(1000, 'z');
	const std::pair<Options, Row> rows[] =
	{
		{limits(5, 100, 9, true), {"message at the limit", {{0xc1, HELLO}, {0xc1, AGAIN}}, {"text:Hello", "text:Hello"}}},
		{limits(4, 100, 9, true), {"message past the limit", {{0x81, "four"}, {0xc1, HELLO}}, {"text:four"}, TOO_BIG, 1009}},
		{limits(5, 100, 9, true), {"fragments at the limit", {{0x41, THREE}, {0x80, REST}}, {"text:Hello"}}},
		{limits(4, 100, 9, true), {"fragments past the limit", {{0x41, THREE}, {0x80, REST}}, {}, TOO_BIG, 1009}},
		{limits(4, 100, 9, true), {"past the limit, with more behind it", {{0xc2, HELLO + HELLO}}, {}, TOO_BIG, 1009}},
		{limits(1, 100, 9, true), {"the wire is not what counts", {{0xc2, deflated("a") + "\x00\x00\xff\xff\x00"s}}, {"binary:a"}}},
		{limits(1000, 100, 9, true), {"much from few bytes", {{0xc2, deflated(large)}, {0xc2, deflated(large + "z")}}, {"binary:" + large}, TOO_BIG, 1009}},
		{limits(100, 7, 9, true), {"frame at the limit", {{0xc1, HELLO}}, {"text:Hello"}}},
		{limits(100, 6, 9, true), {"frame past the limit", {{0xc1, HELLO}}, {}, TOO_BIG, 1009}},
		{limits(100, 100, 2, true), {"frames at the limit", {{0x41, THREE}, {0x80, REST}}, {"text:Hello"}}},
		{limits(100, 100, 2, true), {"frames past the limit", {{0x41, THREE}, {0x00, REST}, {0x80, ""}}, {}, POLICY, 1008}}
	};
	for (const auto& row: rows) expectRow(row.first, row.second);
}


TEST(WebSocketMessageParserDeflateTest, RFC7692_Section7_2_Conversation)
	/// Messages of many lengths that refer to each other, in fragments and not.
{
	WebSocketDeflater deflater;
	Frames frames;
	Log expected;
	for (std::size_t size: {100, 3, 5000, 0, 40000, 100000, 5000, 1})
	{
		const std::string message = sample(size);
		std::string payload;
		deflater.compress(message.data(), size, true, payload);
		const std::size_t half = payload.size()/2;
		if (size % 8 == 0) frames.push_back({0xc1, payload});
		else frames.insert(frames.end(), {{0x41, payload.substr(0, half)}, {0x89, "p"}, {0x80, payload.substr(half)}});
		if (size % 8 != 0) expected.push_back("PING:p");
		expected.push_back("text:" + message);
	}
	expectLog(inflating(), frames, expected);
}


TEST(WebSocketMessageParserDeflateTest, PartsAsTheyComeOut)
{
	for (WebSocketFramer::Role role: ROLES)
	{
		Peer peer(role, inflating(), PARTS);
		std::vector<std::string> parts;
		peer.onMessage = [&](Peer& self)
		{
			EXPECT_FALSE(self.parser.gathered());
			parts.push_back(std::string(self.parser.data(), self.parser.length()) + (self.parser.last() ? "." : ""));
		};
		const std::string wire = encode(role, Frame{0xc1, stored("Hello") + stored("world") + "\0"s});
		peer.take(wire.substr(0, wire.size() - 11));
		EXPECT_EQ(std::vector<std::string>{"Hello"}, parts) << "what has come out is not waited with";
		peer.take(wire.substr(wire.size() - 11));
		peer.take(encode(role, Frames{{0x42, stored("!")}, {0x00, ""}, {0x80, "\0"s}}));
		EXPECT_EQ((std::vector<std::string>{"Hello", "world.", "!", "."}), parts);
		EXPECT_EQ((Log{"text:Helloworld", "binary:!"}), peer.log);
	}
}


TEST(WebSocketMessageParserDeflateTest, MemoryThatIsTaken)
	/// It stays where it is, and the next message gets some of its own.
{
	const std::string message(100000, 'x');
	Peer peer(WebSocketFramer::ROLE_SERVER, inflating());
	std::vector<Poco::Net::WebSocketBuffer> taken;
	std::vector<const char*> places;
	peer.onMessage = [&](Peer& self)
	{
		const bool compressed = self.parser.opcode() == WebSocketFrame::OP_TEXT;
		EXPECT_TRUE(self.parser.gathered() || !compressed);
		if (!compressed) return;
		places.push_back(self.parser.data());
		taken.push_back(self.parser.takeMessage());
		EXPECT_FALSE(self.parser.gathered()) << "it is not the parser's any more";
	};
	for (int i = 0; i < 3; ++i) peer.take(encode(WebSocketFramer::ROLE_SERVER, Frames{{0xc1, deflated(message)}, {0x82, "plain"}, {0x02, "gath"}, {0x80, "ered"}}));
	ASSERT_EQ(3u, taken.size());
	for (std::size_t i = 0; i < taken.size(); ++i)
	{
		EXPECT_EQ(places[i], taken[i].data());
		EXPECT_TRUE(message == std::string(taken[i].data(), taken[i].size())) << i;
	}
}


TEST(WebSocketMessageParserDeflateTest, StepByStep)
	/// Few bytes first, and as long as they become many; otherwise more. No step for what there is not. The first few
	/// of the zeros are codes only, so a longer step follows.
{
	const std::string zeros = deflated(std::string(200000, '\0'));
	for (std::size_t blocks: {1, 2, 5, 10})
	{
		std::string payload;
		for (std::size_t i = 0; i < blocks; ++i) payload += stored(std::string(200, 'x'));
		for (bool dense: {false, true})
		{
			for (bool parts: {false, true})
			{
				WebSocketFramer framer(WebSocketFramer::ROLE_CLIENT);
				WebSocketMessageParser parser(framer);
				framer.setReservedBits(WebSocketFrameHeader::RSV1);
				parser.assembler().enableInflate(15, true);
				parser.setParts(parts);
				const std::string first = dense ? zeros : payload;
				std::string wire = encode(WebSocketFramer::ROLE_CLIENT, Frame{0x42, first}) + encode(WebSocketFramer::ROLE_CLIENT, Frame{0x80, dense ? ""s : "\0"s});
				char* p = &wire[0];
				char* const pEnd = p + wire.size();
				std::size_t steps = 1;
				std::size_t length = 0;
				std::size_t large = 0;
				WebSocketMessageParser::Event event = WebSocketMessageParser::NEED_MORE;
				while ((event = parser.next(p, pEnd)) == WebSocketMessageParser::INFLATING || (event == WebSocketMessageParser::PART && !parser.last()))
				{
					++steps;
					if (parts) length += parser.length();
					if (parts && parser.length() > 16*1032) ++large;
					ASSERT_LE(parser.length(), 256u*1032) << "of one step";
				}
				EXPECT_EQ(parts ? WebSocketMessageParser::PART : WebSocketMessageParser::MESSAGE, event);
				EXPECT_GE(dense ? 1u : 0u, large);
				const std::size_t expected = dense ? 1 + (first.size() - 256 + 15)/16 : first.size() <= 16 ? 1 : 1 + (first.size() - 16 + 255)/256;
				EXPECT_EQ(expected + (parts ? 1 : 0), steps) << first.size();
				EXPECT_EQ(dense ? 200000 : 200*blocks, length + parser.length());
			}
		}
	}
}
