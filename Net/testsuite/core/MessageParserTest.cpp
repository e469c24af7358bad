//
// MessageParserTest.cpp
//
// Library: PocoWebSocket
// Package: Tests
// Module:  WebSocketMessageParserTest
//
// Bytes in, messages and control frames out (RFC 6455, 5.4 to 5.6).
//
// SPDX-License-Identifier: BSL-1.0
//


#include "core/MessageParserTest.h"


using namespace ParserTest;


namespace
{
	const std::string LIMIT = std::string(125, 'x');
}


TEST(WebSocketMessageParserTest, Section5_6_Messages)
{
	const std::string binary = "\0\x01\x7f\x80\xfe\xff"s;
	const Row rows[] =
	{
		{"5.6 text", {{0x81, "Hello"}}, {"text:Hello"}},
		{"5.6 binary", {{0x82, binary}}, {"binary:" + binary}},
		{"5.6 one after the other", {{0x81, "a"}, {0x82, "b"}, {0x81, "c"}, {0x81, "d"}}, {"text:a", "binary:b", "text:c", "text:d"}},
		{"5.6 empty", {{0x81, ""}, {0x82, ""}, {0x81, "a"}, {0x81, ""}}, {"text:", "binary:", "text:a", "text:"}},
		{"5.2 the longest with a short header", {{0x81, LIMIT}, {0x82, LIMIT}}, {"text:" + LIMIT, "binary:" + LIMIT}},
		{"5.2 a length of 16 bits", {{0x81, LIMIT + "y"}, {0x82, LIMIT + LIMIT}, {0x81, "a"}}, {"text:" + LIMIT + "y", "binary:" + LIMIT + LIMIT, "text:a"}},
		{"5.3 a key of zeros, and another", {{0x81, "Hello", Frame::SHORTEST, 0, false, 0}, {0x81, "world", Frame::SHORTEST, 0, false, -1}}, {"text:Hello", "text:world"}}
	};
	for (const Row& row: rows) expectRow({}, row);
}


TEST(WebSocketMessageParserTest, Section5_4_Fragments)
{
	const Row rows[] =
	{
		{"5.4 two fragments", {{0x01, "Hel"}, {0x80, "lo"}}, {"text:Hello"}},
		{"5.4 many fragments", {{0x02, "H"}, {0x00, "e"}, {0x00, "l"}, {0x00, "l"}, {0x80, "o"}}, {"binary:Hello"}},
		{"5.4 empty fragments", {{0x01, ""}, {0x00, ""}, {0x00, "Hello"}, {0x00, ""}, {0x80, ""}}, {"text:Hello"}},
		{"5.4 nothing but empty fragments", {{0x02, ""}, {0x00, ""}, {0x80, ""}, {0x01, ""}, {0x80, ""}}, {"binary:", "text:"}},
		{"5.4 all of it in the last one", {{0x02, ""}, {0x80, "Hello"}}, {"binary:Hello"}},
		{"5.4 fragmented and not", {{0x81, "a"}, {0x02, "b"}, {0x80, "c"}, {0x81, "d"}, {0x01, "e"}, {0x80, "f"}}, {"text:a", "binary:bc", "text:d", "text:ef"}},
		{"5.4 longer fragments", {{0x01, LIMIT}, {0x00, LIMIT + LIMIT}, {0x80, LIMIT}}, {"text:" + LIMIT + LIMIT + LIMIT + LIMIT}},
		{"5.4 fragments with other keys", {{0x01, "Hel", Frame::SHORTEST, 0, false, 0}, {0x80, "lo", Frame::SHORTEST, 0, false, 0x01020304}}, {"text:Hello"}}
	};
	for (const Row& row: rows) expectRow({}, row);
}


TEST(WebSocketMessageParserTest, Section5_5_ControlFrames)
{
	const Row rows[] =
	{
		{"5.5.2 PING", {{0x89, "p"}, {0x89, ""}, {0x89, LIMIT}}, {"PING:p", "PING:", "PING:" + LIMIT}},
		{"5.5.3 PONG", {{0x8a, "p"}, {0x8a, ""}, {0x8a, LIMIT}}, {"PONG:p", "PONG:", "PONG:" + LIMIT}},
		{"5.5 between messages", {{0x81, "a"}, {0x89, "p"}, {0x81, "b"}, {0x8a, "q"}}, {"text:a", "PING:p", "text:b", "PONG:q"}},
		{"5.4 between fragments", {{0x01, "a"}, {0x89, "p"}, {0x00, "b"}, {0x8a, "q"}, {0x89, ""}, {0x80, "c"}}, {"PING:p", "PONG:q", "PING:", "text:abc"}},
		{"5.4 between empty fragments", {{0x02, ""}, {0x89, "p"}, {0x80, ""}}, {"PING:p", "binary:"}},
		{"5.5.2 any bytes", {{0x89, "\0\xff\xc3"s}}, {"PING:\0\xff\xc3"s}}
	};
	for (const Row& row: rows) expectRow({}, row);
}


TEST(WebSocketMessageParserTest, Section5_5_1_Close)
	/// What follows is discarded, also what breaks rules.
{
	const Row rows[] =
	{
		{"5.5.1 empty", {{0x88, ""}}, {"Close:1005 "}},
		{"5.5.1 with a code", {{0x88, closePayload(1000)}}, {"Close:1000 "}},
		{"5.5.1 with a reason", {{0x88, closePayload(4999, "b\xc3\xbc")}}, {"Close:4999 b\xc3\xbc"}},
		{"5.5.1 the longest", {{0x88, closePayload(1011, LIMIT.substr(2))}}, {"Close:1011 " + LIMIT.substr(2)}},
		{"5.5.1 messages behind it", {{0x81, "a"}, {0x88, closePayload(1001)}, {0x81, "b"}, {0x89, "p"}, {0x88, closePayload(1000)}}, {"text:a", "Close:1001 "}},
		{"5.5.1 anything behind it", {{0x88, ""}, {0x83, "b"}, {0x80, "c"}, {0x81, "\xff"}, {0x88, "x"}}, {"Close:1005 "}},
		{"5.5.1 inside a message", {{0x01, "a"}, {0x88, closePayload(1000)}, {0x80, "b"}}, {"Close:1000 "}}
	};
	for (const Row& row: rows) expectRow({}, row);
}


TEST(WebSocketMessageParserTest, Section8_1_TextInAnyPieces)
{
	const std::string text = "Gr\xc3\xbc\xc3\x9f" "e \xe2\x82\xac \xf0\x9f\x98\x80";
	std::vector<Row> rows =
	{
		{"8.1 in one frame", {{0x81, text}, {0x81, text}}, {"text:" + text, "text:" + text}},
		{"8.1 switched off", {{0x81, "a\xff"}, {0x01, "\xc3"}, {0x80, ""}}, {"text:a\xff", "text:\xc3"}}
	};
	expectRow({}, rows[0]);
	Options unchecked;
	unchecked.verifyUTF8 = false;
	for (const Row& row: rows) expectRow(unchecked, row);
	for (std::size_t cut = 0; cut <= text.size(); ++cut)
	{
		expectRow({}, {"8.1 cut inside characters", {{0x01, text.substr(0, cut)}, {0x89, "\xff"}, {0x80, text.substr(cut)}}, {"PING:\xff", "text:" + text}});
	}
}


TEST(WebSocketMessageParserTest, Section10_4_Limits)
	/// At the limit, and one past it.
{
	constexpr int TOO_BIG = WebSocketError::PAYLOAD_TOO_BIG;
	constexpr int POLICY  = WebSocketError::POLICY_VIOLATION;
	const std::string ten(10, 'a');
	const std::string eleven(11, 'a');
	const std::pair<Options, Row> rows[] =
	{
		{limits(10, 100, 9), {"message at the limit", {{0x81, ten}, {0x82, ten}}, {"text:" + ten, "binary:" + ten}}},
		{limits(10, 100, 9), {"message past the limit", {{0x81, ten}, {0x82, eleven}}, {"text:" + ten}, TOO_BIG, 1009}},
		{limits(10, 100, 9), {"message past the limit, and no text", {{0x81, ten + "\xff"}}, {}, TOO_BIG, 1009}},
		{limits(10, 100, 9), {"fragments at the limit", {{0x01, "aaaaa"}, {0x00, "aaaa"}, {0x80, "a"}}, {"text:" + ten}}},
		{limits(10, 100, 9), {"fragments past the limit", {{0x01, "aaaaa"}, {0x00, "aaaaa"}, {0x80, "a"}}, {}, TOO_BIG, 1009}},
		{limits(10, 100, 9), {"each message counts for itself", {{0x01, ten}, {0x80, ""}, {0x01, ""}, {0x80, ten}}, {"text:" + ten, "text:" + ten}}},
		{limits(0, 100, 9), {"empty messages only", {{0x81, ""}, {0x02, ""}, {0x80, ""}, {0x81, "a"}}, {"text:", "binary:"}, TOO_BIG, 1009}},
		{limits(1, 1, 2), {"control frames do not count", {{0x01, "a"}, {0x89, ten}, {0x89, ten}, {0x80, ""}}, {"PING:" + ten, "PING:" + ten, "text:a"}}},
		{limits(100, 10, 9), {"frame at the limit", {{0x02, ten}, {0x80, ten}}, {"binary:" + ten + ten}}},
		{limits(100, 10, 9), {"frame past the limit", {{0x81, "a"}, {0x82, eleven}}, {"text:a"}, TOO_BIG, 1009}},
		{limits(100, 10, 9), {"frame past the limit, and no text", {{0x81, ten + "\xff"}}, {}, TOO_BIG, 1009}},
		{limits(100, 10, 9), {"later frame past the limit", {{0x02, ten}, {0x80, eleven}}, {}, TOO_BIG, 1009}},
		{limits(100, 10, 9), {"a claim is enough", {{0x82, "", 8, 1ULL << 62}}, {}, TOO_BIG, 1009}},
		{limits(10, 10, 3), {"frames at the limit", {{0x01, "a"}, {0x00, ""}, {0x80, "c"}, {0x01, ""}, {0x00, ""}, {0x80, ""}}, {"text:ac", "text:"}}},
		{limits(10, 10, 3), {"frames past the limit", {{0x01, "a"}, {0x00, "b"}, {0x00, ""}, {0x80, ""}}, {}, POLICY, 1008}},
		{limits(10, 10, 1), {"one frame only", {{0x81, "a"}, {0x01, "b"}, {0x80, ""}}, {"text:a"}, POLICY, 1008}}
	};
	for (const auto& row: rows) expectRow(row.first, row.second);
}


TEST(WebSocketMessageParserTest, NothingIsNothing)
	/// No bytes, at any place.
{
	for (WebSocketFramer::Role role: ROLES)
	{
		for (bool parts: {false, true})
		{
			const std::string wire = encode(role, Frames{{0x01, "Hel"}, {0x89, "p"}, {0x80, "lo"}});
			WebSocketFramer framer(role);
			WebSocketMessageParser parser(framer);
			parser.setParts(parts);
			std::size_t events = 0;
			for (char c: wire)
			{
				char* p = nullptr;
				ASSERT_EQ(WebSocketMessageParser::NEED_MORE, parser.next(p, nullptr));
				ASSERT_EQ(nullptr, p);
				p = &c;
				ASSERT_EQ(WebSocketMessageParser::NEED_MORE, parser.next(p, &c));
				if (parser.next(p, &c + 1) != WebSocketMessageParser::NEED_MORE) ++events;
				ASSERT_EQ(&c + 1, p);
			}
			EXPECT_EQ(parts ? 6u : 2u, events);
		}
	}
}


TEST(WebSocketMessageParserTest, PartsAsTheyArrive)
	/// Of every frame and every piece, without waiting for more.
{
	for (WebSocketFramer::Role role: ROLES)
	{
		Peer peer(role, {}, PARTS);
		std::vector<std::string> parts;
		peer.onMessage = [&](Peer& self)
		{
			parts.push_back(std::string(self.parser.data(), self.parser.length()) + (self.parser.last() ? "." : ""));
		};
		const std::string wire = encode(role, Frames{{0x01, "Hello"}, {0x00, ""}, {0x80, "world"}});
		peer.take(wire.substr(0, wire.size() - 3));
		EXPECT_EQ((std::vector<std::string>{"Hello", "wo"}), parts);
		EXPECT_EQ(1, peer.parser.opcode());
		peer.take(wire.substr(wire.size() - 3));
		peer.take(encode(role, Frames{{0x82, "!"}, {0x82, ""}}));
		EXPECT_EQ((std::vector<std::string>{"Hello", "wo", "rld.", "!.", "."}), parts);
		EXPECT_EQ((Log{"text:Helloworld", "binary:!", "binary:"}), peer.log);
	}
}


TEST(WebSocketMessageParserTest, PartsOrMessages)
	/// From one message to the next.
{
	for (WebSocketFramer::Role role: ROLES)
	{
		WebSocketFramer framer(role);
		WebSocketMessageParser parser(framer);
		for (bool parts: {false, true, false, true})
		{
			parser.setParts(parts);
			std::string wire = encode(role, Frames{{0x01, "Hel"}, {0x80, "lo"}});
			char* p = &wire[0];
			char* const pEnd = p + wire.size();
			std::string text;
			for (int i = 0; i < (parts ? 2 : 1); ++i)
			{
				ASSERT_EQ(parts ? WebSocketMessageParser::PART : WebSocketMessageParser::MESSAGE, parser.next(p, pEnd));
				text.append(parser.data(), parser.length());
			}
			EXPECT_TRUE(parser.last());
			EXPECT_EQ("Hello", text);
			EXPECT_EQ(WebSocketMessageParser::NEED_MORE, parser.next(p, pEnd));
		}
	}
}
