//
// MessageParserSinkTest.cpp
//
// Library: PocoWebSocket
// Package: Tests
// Module:  WebSocketMessageParserSinkTest
//
// Messages that are gathered where the caller wants them, and frames that are begun or left by somebody else.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "support/CoreAllocations.h"
#include "core/MessageParserTest.h"
#include <new>


using namespace ParserTest;
using Poco::Net::WebSocketPayloadSink;


namespace
{
	constexpr auto NEED_MORE = WebSocketMessageParser::NEED_MORE;
	constexpr auto MESSAGE   = WebSocketMessageParser::MESSAGE;
	constexpr auto CONTROL   = WebSocketMessageParser::CONTROL;
	constexpr auto FAILED    = WebSocketMessageParser::FAILED;

	WebSocketMessageParser::Event take(WebSocketMessageParser& parser, const std::string& wire)
		/// What the parser has found stays until the next call.
	{
		static std::string bytes;
		bytes = wire;
		char* p = &bytes[0];
		return parser.next(p, p + bytes.size());
	}

	std::string content(const WebSocketMessageParser& parser)
	{
		return std::string(parser.data(), parser.length());
	}

	struct Case
	{
		const char* name;
		Frames frames;
		std::string message;
	};

	const std::string LONG = sample(200000);

	const Case CASES[] =
	{
		{"a frame", {{0x82, LONG}}, LONG},
		{"three", {{0x02, LONG.substr(0, 5)}, {0x00, LONG.substr(5, 100000)}, {0x80, LONG.substr(100005)}}, LONG},
		{"a small one", {{0x81, "Hello"}}, "Hello"},
		{"small fragments", {{0x01, "Hel"}, {0x00, ""}, {0x80, "lo"}}, "Hello"},
		{"a PING between them", {{0x01, "Hel"}, {0x89, "p"}, {0x80, "lo"}}, "Hello"}
	};

	void receive(const Case& row, WebSocketFramer::Role role, std::size_t step, std::size_t least, std::size_t leaveAt)
		/// In steps, where there is room for least bytes to there; leaveAt: the sink is taken away, and another one set.
	{
		const std::string wire = encode(role, row.frames);
		WebSocketFramer framer(role);
		WebSocketMessageParser parser(framer);
		std::string first("before");
		WebSocketPayloadSink firstSink(first, first.size());
		std::string second;
		WebSocketPayloadSink secondSink(second, 0);
		WebSocketPayloadSink* pSink = &firstSink;
		parser.gatherTo(pSink);
		bool found = false;
		for (std::size_t at = 0; at < wire.size();)
		{
			if (pSink == &firstSink && at >= leaveAt)
			{
				parser.gatherTo(nullptr);
				firstSink.finish(0);
				ASSERT_EQ("before", first);
				pSink = &secondSink;
				parser.gatherTo(pSink);
			}
			char* pRoom = nullptr;
			std::size_t length = std::min(step, wire.size() - at);
			std::string here;
			if (least > 0 && parser.room(pRoom, least) > 0)
			{
				const std::size_t room = parser.room(pRoom, least);
				ASSERT_GE(room, 1u);
				length = std::min(length, room);
				wire.copy(pRoom, length, at);
			}
			else
			{
				here = wire.substr(at, length);
				pRoom = &here[0];
			}
			at += length;
			char* const pEnd = pRoom + length;
			WebSocketMessageParser::Event event = NEED_MORE;
			do
			{
				event = parser.next(pRoom, pEnd);
				ASSERT_NE(FAILED, event);
				ASSERT_EQ(event != MESSAGE && (framer.inMessage() || (framer.remaining() > 0 && !framer.header().control())), parser.inMessage());
				if (event != MESSAGE) continue;
				found = true;
				ASSERT_EQ(row.message, content(parser));
				const bool inPlace = parser.data() >= here.data() && parser.data() < here.data() + here.size();
				const bool gathered = parser.gathered() && parser.data() != firstSink.at(0) && parser.data() != secondSink.at(0);
				if (!inPlace && !gathered)
				{
					ASSERT_EQ(pSink->at(0), parser.data());
				}
				if (!inPlace && leaveAt > wire.size())
				{
					ASSERT_EQ(firstSink.at(0), parser.data());
				}
			}
			while (event != NEED_MORE);
		}
		ASSERT_TRUE(found);
		ASSERT_FALSE(parser.inMessage());
	}
}


TEST(WebSocketMessageParserSinkTest, MessagesInASink)
{
	constexpr std::size_t NEVER = 1u << 30;
	for (const Case& row: CASES)
	{
		for (WebSocketFramer::Role role: ROLES)
		{
			for (std::size_t step: {std::size_t(1), std::size_t(4), std::size_t(20), std::size_t(9999), std::size_t(100050), std::size_t(1000000)})
			{
				if (step < 1000 && row.message.size() > 1000) continue; // tests take time
				for (std::size_t least: {std::size_t(0), std::size_t(1), std::size_t(4096), LARGE})
				{
					for (std::size_t leaveAt: {NEVER, std::size_t(0), std::size_t(3), std::size_t(8), std::size_t(12), std::size_t(100030), std::size_t(150000)})
					{
						ASSERT_NO_FATAL_FAILURE(receive(row, role, step, least, leaveAt))
							<< row.name << ", " << name(role) << ", step " << step << ", room " << least << ", left at " << leaveAt;
					}
				}
			}
		}
	}
}


TEST(WebSocketMessageParserSinkTest, RoomForNoLessThanIsAskedFor)
{
	WebSocketFramer framer(WebSocketFramer::ROLE_CLIENT);
	WebSocketMessageParser parser(framer);
	const std::string wire = encode(framer.role(), Frame{0x82, std::string(100, 'x')});
	char* p = nullptr;
	EXPECT_EQ(0u, parser.room(p, 1)) << "no frame";
	EXPECT_EQ(NEED_MORE, take(parser, wire.substr(0, 2)));
	EXPECT_EQ(0u, parser.room(p));
	EXPECT_EQ(0u, parser.room(p, 101));
	EXPECT_EQ(nullptr, p);
	EXPECT_EQ(100u, parser.room(p, 100));
	EXPECT_NE(nullptr, p);
	parser.setParts(true);
	EXPECT_EQ(0u, parser.room(p, 1)) << "parts stay where they are";

	WebSocketFramer control(WebSocketFramer::ROLE_CLIENT);
	WebSocketMessageParser other(control);
	EXPECT_EQ(NEED_MORE, take(other, std::string("\x89\x05", 2)));
	EXPECT_EQ(0u, other.room(p, 1)) << "nor is there room for a control frame";
	EXPECT_FALSE(other.inMessage());

	WebSocketFramer deflated(WebSocketFramer::ROLE_CLIENT);
	WebSocketMessageParser inflating(deflated);
	inflating.assembler().enableInflate(15, true);
	EXPECT_EQ(NEED_MORE, take(inflating, std::string("\xc1\x05", 2)));
	EXPECT_EQ(0u, inflating.room(p, 1)) << "nor for compressed bytes";
	EXPECT_TRUE(inflating.inMessage());
}


TEST(WebSocketMessageParserSinkTest, TheSinkIsForUncompressedMessages)
{
	WebSocketFramer framer(WebSocketFramer::ROLE_CLIENT);
	WebSocketMessageParser parser(framer);
	parser.assembler().enableInflate(15, true);
	std::string string;
	WebSocketPayloadSink sink(string, 0);
	parser.gatherTo(&sink);
	EXPECT_EQ(MESSAGE, take(parser, encode(framer.role(), Frame{0xc1, deflated("Hello")})));
	EXPECT_EQ("Hello", content(parser));
	EXPECT_EQ("", string);
	parser.gatherTo(nullptr); // with the message still there
	EXPECT_EQ("Hello", content(parser));
}


TEST(WebSocketMessageParserSinkTest, TheSinkIsTakenAwayBehindAMessage)
{
	WebSocketFramer framer(WebSocketFramer::ROLE_CLIENT);
	WebSocketMessageParser parser(framer);
	std::string string;
	WebSocketPayloadSink sink(string, 0);
	parser.gatherTo(&sink);
	EXPECT_EQ(NEED_MORE, take(parser, encode(framer.role(), Frame{0x01, "Hel"})));
	EXPECT_EQ(MESSAGE, take(parser, encode(framer.role(), Frame{0x80, "lo"})));
	parser.gatherTo(nullptr);
	EXPECT_EQ("Hello", content(parser)) << "which stays where it is";
	EXPECT_EQ(string.data(), parser.data());
	sink.finish(5);
	EXPECT_EQ("Hello", string);
	EXPECT_EQ(NEED_MORE, take(parser, encode(framer.role(), Frame{0x01, "wor"})));
	EXPECT_EQ(MESSAGE, take(parser, encode(framer.role(), Frame{0x80, "ld"})));
	EXPECT_EQ("world", content(parser));
	parser.gatherTo(nullptr); // there is none
	EXPECT_EQ("world", content(parser));
	EXPECT_EQ(NEED_MORE, take(parser, encode(framer.role(), Frame{0x01, "!"})));
	parser.gatherTo(nullptr);
	EXPECT_EQ(MESSAGE, take(parser, encode(framer.role(), Frame{0x80, ""})));
	EXPECT_EQ("!", content(parser));
	EXPECT_EQ("Hello", string);
}


TEST(WebSocketMessageParserSinkTest, AHeaderThatWasReceivedBefore)
{
	struct Case
	{
		Frame frame;
		WebSocketMessageParser::Event event;
	};
	for (WebSocketFramer::Role role: ROLES)
	{
		for (const Case& row: {Case{{0x81, "Hello"}, MESSAGE}, Case{{0x81, ""}, MESSAGE}, Case{{0x89, "p"}, CONTROL}, Case{{0x01, "Hel"}, NEED_MORE}})
		{
			const std::string wire = encode(role, row.frame);
			const std::size_t headerLength = wire.size() - row.frame.payload.size();
			WebSocketFramer framer(role);
			WebSocketMessageParser parser(framer);
			std::size_t used = 0;
			ASSERT_EQ(WebSocketFramer::OK, framer.receiveHeader(wire.data(), headerLength, used));
			parser.receivedHeader();
			std::string bytes = wire.substr(headerLength);
			char* p = &bytes[0];
			EXPECT_FALSE(parser.nextWhole(p, p + bytes.size()));
			EXPECT_EQ(row.event, parser.next(p, &bytes[0] + bytes.size()));
			if (row.event == MESSAGE)
			{
				EXPECT_EQ(row.frame.payload, content(parser));
			}
			EXPECT_EQ(row.event == NEED_MORE, parser.inMessage());
			EXPECT_FALSE(parser.leaveFrame());
			if (row.event == NEED_MORE) EXPECT_EQ(MESSAGE, take(parser, encode(role, Frame{0x80, "lo"})));
			else EXPECT_EQ(MESSAGE, take(parser, encode(role, Frame{0x81, "next"})));
		}
	}
}


TEST(WebSocketMessageParserSinkTest, AFrameThatIsLeft)
{
	for (WebSocketFramer::Role role: ROLES)
	{
		WebSocketFramer framer(role);
		WebSocketMessageParser parser(framer);
		EXPECT_FALSE(parser.leaveFrame());
		const std::string wire = encode(role, Frame{0x89, "ping"});
		EXPECT_EQ(NEED_MORE, take(parser, wire.substr(0, wire.size() - 2)));
		EXPECT_TRUE(parser.leaveFrame());
		EXPECT_FALSE(parser.leaveFrame());
		char rest[2];
		EXPECT_EQ(WebSocketFramer::OK, framer.receivePayload(rest, wire.data() + wire.size() - 2, 2));
		EXPECT_EQ(MESSAGE, take(parser, encode(role, Frame{0x81, "next"})));
		EXPECT_EQ("next", content(parser));

		parser.receivedHeader();
		EXPECT_TRUE(parser.leaveFrame());
		EXPECT_EQ(MESSAGE, take(parser, encode(role, Frame{0x81, "next"})));
	}
}


TEST(WebSocketMessageParserSinkTest, WithoutMemory)
{
	const auto attempt = [](std::size_t failing, bool room)
	{
		WebSocketFramer framer(WebSocketFramer::ROLE_CLIENT);
		WebSocketMessageParser parser(framer);
		const std::string wire = encode(framer.role(), Frame{0x02, LONG});
		bool thrown = false;
		std::string string;
		WebSocketPayloadSink sink(string, 0);
		std::string piece = wire.substr(0, 1000);
		const FailingAllocations without(failing);
		try
		{
			parser.gatherTo(&sink);
			char* p = &piece[0];
			EXPECT_EQ(NEED_MORE, parser.next(p, p + piece.size()));
			if (room)
			{
				EXPECT_LT(0u, parser.room(p));
			}
			parser.gatherTo(nullptr);
		}
		catch (const std::bad_alloc&)
		{
			thrown = true;
		}
		EXPECT_EQ(thrown, framer.failed());
		return thrown;
	};
	for (bool room: {false, true})
	{
		std::size_t failing = 0;
		while (attempt(failing, room)) ++failing;
		EXPECT_EQ(room ? 4u : 3u, failing) << "the object, the sink twice, the copy";
	}
}
