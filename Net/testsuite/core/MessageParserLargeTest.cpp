//
// MessageParserLargeTest.cpp
//
// Library: PocoWebSocket
// Package: Tests
// Module:  WebSocketMessageParserLargeTest
//
// Large frames, read to where they belong.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "core/MessageParserTest.h"


using namespace ParserTest;


namespace
{
	constexpr auto NEED_MORE = WebSocketMessageParser::NEED_MORE;
	constexpr auto MESSAGE   = WebSocketMessageParser::MESSAGE;

	class Reader
		/// Takes a wire with room() if there is some, in steps.
	{
	public:
		explicit Reader(WebSocketFramer::Role role):
			framer(role),
			parser(framer)
		{
		}

		WebSocketMessageParser::Event takeBytes(const std::string& wire)
			/// From elsewhere.
		{
			std::vector<char> bytes(wire.begin(), wire.end());
			char* p = bytes.data();
			return parser.next(p, p + bytes.size());
		}

		WebSocketMessageParser::Event takeRoom(const std::string& wire)
			/// To where room() says.
		{
			char* p = nullptr;
			const std::size_t length = parser.room(p);
			EXPECT_GE(length, wire.size());
			if (length < wire.size()) return WebSocketMessageParser::FAILED;
			std::memcpy(p, wire.data(), wire.size());
			return parser.next(p, p + wire.size());
		}

		std::size_t room()
		{
			char* p = nullptr;
			const std::size_t length = parser.room(p);
			EXPECT_EQ(length > 0, p != nullptr);
			return length;
		}

		WebSocketFramer framer;
		WebSocketMessageParser parser;
	};
}


TEST(WebSocketMessageParserLargeTest, Sizes)
	/// Whatever the length of a frame is, and of a message.
{
	for (std::size_t size: {LARGE - 1, LARGE, LARGE + 1, 3*LARGE})
	{
		const std::string message = sample(size);
		expectRow({}, {"single", {{0x81, message}, {0x82, "b"}}, {"text:" + message, "binary:b"}});
	}
}


TEST(WebSocketMessageParserLargeTest, Fragments)
	/// Large ones, small ones, control frames between.
{
	const std::string large = sample(LARGE + 5);
	const Row rows[] =
	{
		{"a small one first", {{0x01, "a"}, {0x89, "p"}, {0x80, large}}, {"PING:p", "text:a" + large}},
		{"a large one first", {{0x01, large}, {0x89, "p"}, {0x00, ""}, {0x80, "z"}}, {"PING:p", "text:" + large + "z"}},
		{"large ones", {{0x02, large}, {0x00, large}, {0x80, large}, {0x81, "a"}}, {"binary:" + large + large + large, "text:a"}}
	};
	for (const Row& row: rows) expectRow({}, row);
}


TEST(WebSocketMessageParserLargeTest, TextIsChecked)
{
	const std::string large = sample(LARGE + 5);
	const std::string cut = large + "\xe2\x82";
	const int error = WebSocketError::INVALID_UTF8;
	const Row rows[] =
	{
		{"no text", {{0x81, large + "\xff" + large}}, {}, error, WebSocketFrame::INVALID_PAYLOAD},
		{"cut inside a character", {{0x81, cut}}, {}, error, WebSocketFrame::INVALID_PAYLOAD},
		{"goes on in the next frame", {{0x01, cut}, {0x80, "\xac"}}, {"text:" + cut + "\xac"}}
	};
	for (const Row& row: rows) expectRow({}, row);
}


TEST(WebSocketMessageParserLargeTest, RoomForLargePartsOnly)
{
	for (WebSocketFramer::Role role: ROLES)
	{
		const std::string small = sample(LARGE - 1);
		const std::string large = sample(LARGE);
		Reader reader(role);
		reader.parser.assembler().enableInflate(15, true);
		EXPECT_EQ(0u, reader.room()) << "no frame";
		for (int first: {0x02, 0x80})
		{
			const std::string wire = encode(role, Frame{first, small});
			EXPECT_EQ(NEED_MORE, reader.takeBytes(wire.substr(0, 3)));
			EXPECT_EQ(0u, reader.room());
			EXPECT_EQ(NEED_MORE, reader.takeBytes(wire.substr(3, wire.size() - small.size() - 3)));
			EXPECT_EQ(0u, reader.room()) << "65,535 bytes";
			EXPECT_EQ(first == 0x80 ? MESSAGE : NEED_MORE, reader.takeBytes(wire.substr(wire.size() - small.size())));
			EXPECT_EQ(0u, reader.room()) << "behind it";
		}

		const std::string wire = encode(role, Frame{0x82, large});
		const std::size_t header = wire.size() - large.size();
		EXPECT_EQ(NEED_MORE, reader.takeBytes(wire.substr(0, header - 1)));
		EXPECT_EQ(0u, reader.room()) << "the header is not complete";
		EXPECT_EQ(NEED_MORE, reader.takeBytes(wire.substr(header - 1, 1)));
		EXPECT_EQ(LARGE, reader.room()) << "65,536 bytes";
		reader.parser.setParts(true);
		EXPECT_EQ(0u, reader.room()) << "parts are given as they arrive";
		reader.parser.setParts(false);
		EXPECT_EQ(NEED_MORE, reader.takeRoom(wire.substr(header, 1)));
		EXPECT_EQ(0u, reader.room()) << "65,535 bytes are still to come";
		EXPECT_EQ(MESSAGE, reader.takeBytes(wire.substr(header + 1)));
		EXPECT_EQ(large, std::string(reader.parser.data(), reader.parser.length()));

		EXPECT_EQ(NEED_MORE, reader.takeBytes(encode(role, Frame{0xc2, "", 8, 1 << 20})));
		EXPECT_EQ(0u, reader.room()) << "compressed";
	}
}


TEST(WebSocketMessageParserLargeTest, NothingIsCopied)
	/// The message is where it was read to.
{
	for (WebSocketFramer::Role role: ROLES)
	{
		for (std::size_t pieces: {1, 2, 5})
		{
			const std::string message = sample(LARGE);
			const std::string wire = encode(role, Frame{0x82, message});
			const std::size_t header = wire.size() - message.size();
			Reader reader(role);
			ASSERT_EQ(NEED_MORE, reader.takeBytes(wire.substr(0, header)));
			char* pRoom = nullptr;
			ASSERT_EQ(LARGE, reader.parser.room(pRoom));
			wire.copy(pRoom, LARGE, header);
			WebSocketMessageParser::Event event = NEED_MORE;
			char* p = pRoom;
			for (std::size_t i = 1; i <= pieces; ++i) event = reader.parser.next(p, pRoom + LARGE*i/pieces);
			ASSERT_EQ(MESSAGE, event);
			EXPECT_EQ(pRoom, reader.parser.data());
			EXPECT_EQ(LARGE, reader.parser.length());
			EXPECT_TRUE(reader.parser.gathered());
			const WebSocketBuffer taken = reader.parser.takeMessage();
			EXPECT_EQ(pRoom, taken.data());
			ASSERT_EQ(LARGE, taken.size()) << pieces << " pieces";
			EXPECT_EQ(message, std::string(taken.data(), taken.size()));
		}
	}
}


TEST(WebSocketMessageParserLargeTest, RoomIsBehindWhatHasArrived)
{
	for (WebSocketFramer::Role role: ROLES)
	{
		const std::string message = sample(10*LARGE);
		const std::string wire = encode(role, Frame{0x82, message});
		std::size_t at = wire.size() - message.size();
		Reader reader(role);
		ASSERT_EQ(NEED_MORE, reader.takeBytes(wire.substr(0, at)));
		char* pFirst = nullptr;
		char* pAgain = nullptr;
		ASSERT_EQ(LARGE, reader.parser.room(pFirst));
		ASSERT_EQ(LARGE, reader.parser.room(pAgain));
		EXPECT_EQ(pFirst, pAgain) << "asked again";
		while (reader.framer.remaining() > LARGE)
		{
			const std::size_t length = std::min<std::size_t>(LARGE/2 + at % 1000, wire.size() - at);
			ASSERT_EQ(NEED_MORE, reader.takeRoom(wire.substr(at, length)));
			at += length;
		}
		ASSERT_EQ(MESSAGE, reader.takeBytes(wire.substr(at)));
		EXPECT_EQ(message, std::string(reader.parser.data(), reader.parser.length()));
	}
}


TEST(WebSocketMessageParserLargeTest, RoomNeedNotBeUsed)
	/// The bytes may come from elsewhere all the same: all of them, or the next ones.
{
	for (WebSocketFramer::Role role: ROLES)
	{
		for (std::size_t size: {LARGE, LARGE + 1, 4*LARGE})
		{
			const std::string message = sample(size);
			const std::string wire = encode(role, Frame{0x82, message});
			const std::size_t header = wire.size() - size;
			for (std::size_t before: {std::size_t(0), std::size_t(1), size - 1})
			{
				Reader reader(role);
				ASSERT_EQ(NEED_MORE, reader.takeBytes(wire.substr(0, header + before)));
				const std::size_t room = reader.room();
				EXPECT_EQ(size - before >= LARGE, room > 0);
				std::vector<char> rest(wire.begin() + static_cast<std::ptrdiff_t>(header + before), wire.end());
				char* p = rest.data();
				ASSERT_EQ(MESSAGE, reader.parser.next(p, p + rest.size()));
				ASSERT_EQ(size, reader.parser.length());
				EXPECT_EQ(message, std::string(reader.parser.data(), size));
				const bool gathered = reader.parser.gathered();
				EXPECT_EQ(gathered ? size : 0u, reader.parser.takeMessage().size());
			}
		}
	}
}
