//
// MessageParserPlaceTest.cpp
//
// Library: PocoWebSocket
// Package: Tests
// Module:  WebSocketMessageParserPlaceTest
//
// Where a message lies: in the bytes that were passed, or in memory that can be taken.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "support/CoreAllocations.h"
#include "core/MessageParserTest.h"


using namespace ParserTest;


namespace
{
	constexpr auto NEED_MORE = WebSocketMessageParser::NEED_MORE;
	constexpr auto MESSAGE   = WebSocketMessageParser::MESSAGE;
	constexpr auto PART      = WebSocketMessageParser::PART;
	constexpr auto CONTROL   = WebSocketMessageParser::CONTROL;

	std::string text(const WebSocketMessageParser& parser)
	{
		return parser.length() > 0 ? std::string(parser.data(), parser.length()) : std::string();
	}

	struct Receiver
		/// A parser, and bytes for it.
	{
		explicit Receiver(WebSocketFramer::Role role):
			framer(role),
			parser(framer)
		{
		}

		WebSocketMessageParser::Event take(const std::string& wire)
			/// Makes the bytes before go away.
		{
			bytes.assign(wire.begin(), wire.end());
			bytes.shrink_to_fit();
			p = bytes.data();
			return next();
		}

		WebSocketMessageParser::Event next()
		{
			return parser.next(p, bytes.data() + bytes.size());
		}

		WebSocketFramer framer;
		WebSocketMessageParser parser;
		std::vector<char> bytes;
		char* p = nullptr;
	};
}


TEST(WebSocketMessageParserPlaceTest, InPlace)
	/// Of several messages that lie in the bytes each one: nothing is copied, nothing allocated.
{
	for (WebSocketFramer::Role role: ROLES)
	{
		for (std::size_t size: {1, 5, 125, 126, 1000, 65535, 65536, 100000})
		{
			const std::string message = sample(size);
			Receiver receiver(role);
			const std::string frame = encode(role, Frame{0x81, message});
			const std::string ping = encode(role, Frame{0x89, "p"});
			std::string wire = frame + ping + frame;
			receiver.bytes.assign(wire.begin(), wire.end());
			receiver.p = receiver.bytes.data();
			CoreAllocations allocations;
			ASSERT_EQ(MESSAGE, receiver.next());
			EXPECT_EQ(receiver.p, receiver.bytes.data() + frame.size());
			EXPECT_EQ(receiver.p - size, receiver.parser.data());
			EXPECT_EQ(size, receiver.parser.length());
			EXPECT_FALSE(receiver.parser.gathered());
			EXPECT_EQ(0, std::memcmp(message.data(), receiver.parser.data(), size));
			ASSERT_EQ(CONTROL, receiver.next());
			ASSERT_EQ(MESSAGE, receiver.next());
			EXPECT_EQ(receiver.p - size, receiver.parser.data());
			ASSERT_EQ(NEED_MORE, receiver.next());
			EXPECT_EQ(0u, allocations.count());
			EXPECT_EQ(0u, receiver.parser.takeMessage().capacity());
		}
	}
}


TEST(WebSocketMessageParserPlaceTest, InPlaceBehindAHeaderThatCameBefore)
{
	for (WebSocketFramer::Role role: ROLES)
	{
		for (std::size_t size: {1, 125, 126, 65536})
		{
			const std::string message = sample(size);
			const std::string wire = encode(role, Frame{0x81, message});
			const std::size_t header = wire.size() - size;
			for (std::size_t cut = 0; cut <= header; ++cut)
			{
				Receiver receiver(role);
				ASSERT_EQ(NEED_MORE, receiver.take(wire.substr(0, cut)));
				ASSERT_EQ(MESSAGE, receiver.take(wire.substr(cut)));
				ASSERT_EQ(receiver.bytes.data() + header - cut, receiver.parser.data());
				ASSERT_FALSE(receiver.parser.gathered());
				ASSERT_EQ(message, text(receiver.parser));
			}
		}
	}
}


TEST(WebSocketMessageParserPlaceTest, Gathered)
	/// If it came in pieces. The pieces are gone then.
{
	for (WebSocketFramer::Role role: ROLES)
	{
		for (const Frames& frames: {Frames{{0x81, "Hello, world"}}, Frames{{0x01, "Hello"}, {0x80, ", world"}}, Frames{{0x01, ""}, {0x80, "Hello, world"}}})
		{
			const std::string wire = encode(role, frames);
			for (std::size_t cut = wire.size() - 6; cut < wire.size(); ++cut)
			{
				Receiver receiver(role);
				ASSERT_EQ(NEED_MORE, receiver.take(wire.substr(0, cut)));
				ASSERT_EQ(MESSAGE, receiver.take(wire.substr(cut)));
				ASSERT_TRUE(receiver.parser.gathered());
				ASSERT_EQ("Hello, world", text(receiver.parser));
				receiver.bytes.clear();
				receiver.bytes.shrink_to_fit();
				ASSERT_EQ("Hello, world", text(receiver.parser));
			}
		}
	}
}


TEST(WebSocketMessageParserPlaceTest, EmptyMessagesLieNowhere)
{
	for (WebSocketFramer::Role role: ROLES)
	{
		Receiver receiver(role);
		receiver.parser.assembler().enableInflate(15, true);
		for (const Frames& frames: {Frames{{0x82, ""}}, Frames{{0x02, ""}, {0x80, ""}}, Frames{{0xc2, "\0"s}}})
		{
			ASSERT_EQ(MESSAGE, receiver.take(encode(role, frames)));
			EXPECT_EQ(0u, receiver.parser.length());
			EXPECT_FALSE(receiver.parser.gathered());
			EXPECT_EQ(0u, receiver.parser.takeMessage().size());
			EXPECT_EQ(NEED_MORE, receiver.next());
		}
	}
}


TEST(WebSocketMessageParserPlaceTest, TakenMessagesStay)
	/// While the parser goes on, and when it is gone.
{
	for (WebSocketFramer::Role role: ROLES)
	{
		std::vector<WebSocketBuffer> taken;
		{
			Receiver receiver(role);
			for (const char* text: {"Hello, world", "the next one", "and the last"})
			{
				const std::string wire = encode(role, Frame{0x81, text});
				ASSERT_EQ(NEED_MORE, receiver.take(wire.substr(0, wire.size() - 4)));
				ASSERT_EQ(MESSAGE, receiver.take(wire.substr(wire.size() - 4)));
				ASSERT_TRUE(receiver.parser.gathered());
				const char* const pData = receiver.parser.data();
				taken.push_back(receiver.parser.takeMessage());
				EXPECT_EQ(pData, taken.back().data());
				EXPECT_EQ(receiver.parser.length(), taken.back().size());
				EXPECT_FALSE(receiver.parser.gathered()) << "it is not the parser's any more";
				EXPECT_EQ(0u, receiver.parser.takeMessage().capacity());
				ASSERT_EQ(NEED_MORE, receiver.next());
			}
		}
		EXPECT_EQ("Hello, world", std::string(taken[0].data(), taken[0].size()));
		EXPECT_EQ("the next one", std::string(taken[1].data(), taken[1].size()));
		EXPECT_EQ("and the last", std::string(taken[2].data(), taken[2].size()));
	}
}


TEST(WebSocketMessageParserPlaceTest, GatheredThenInPlace)
	/// A message in one piece behind one in pieces, in the same bytes.
{
	for (WebSocketFramer::Role role: ROLES)
	{
		for (bool take: {false, true})
		{
			Receiver receiver(role);
			const std::string first = encode(role, Frame{0x81, "first"});
			ASSERT_EQ(NEED_MORE, receiver.take(first.substr(0, first.size() - 2)));
			ASSERT_EQ(MESSAGE, receiver.take(first.substr(first.size() - 2) + encode(role, Frames{{0x82, "second"}, {0x89, "p"}})));
			ASSERT_EQ("first", text(receiver.parser));
			if (take) receiver.parser.takeMessage();
			ASSERT_EQ(MESSAGE, receiver.next());
			EXPECT_FALSE(receiver.parser.gathered());
			EXPECT_EQ("second", text(receiver.parser));
			EXPECT_EQ(2, receiver.parser.opcode());
			ASSERT_EQ(CONTROL, receiver.next());
			ASSERT_EQ(NEED_MORE, receiver.next());
		}
	}
}


TEST(WebSocketMessageParserPlaceTest, PartsAreInPlace)
{
	for (WebSocketFramer::Role role: ROLES)
	{
		const std::string message = sample(1000);
		const std::string wire = encode(role, Frames{{0x01, message}, {0x80, message}});
		for (std::size_t step: {1, 7, 500, 900, 3000})
		{
			Receiver receiver(role);
			receiver.parser.setParts(true);
			std::string all;
			for (std::size_t begin = 0; begin < wire.size(); begin += step)
			{
				for (WebSocketMessageParser::Event event = receiver.take(wire.substr(begin, step)); event != NEED_MORE; event = receiver.next())
				{
					ASSERT_EQ(PART, event);
					ASSERT_GT(receiver.parser.length(), 0u);
					ASSERT_EQ(receiver.p - receiver.parser.length(), receiver.parser.data());
					ASSERT_GE(receiver.parser.data(), receiver.bytes.data());
					ASSERT_FALSE(receiver.parser.gathered());
					all += text(receiver.parser);
				}
			}
			EXPECT_EQ(message + message, all);
			EXPECT_TRUE(receiver.parser.last());
			EXPECT_EQ(0u, receiver.parser.takeMessage().capacity());
		}
	}
}
