//
// MessageParserMemoryTest.cpp
//
// Library: PocoWebSocket
// Package: Tests
// Module:  WebSocketMessageParserMemoryTest
//
// What a WebSocketMessageParser allocates, gives back, and does without memory.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "support/CoreAllocations.h"
#include "core/MessageParserTest.h"
#include <new>


using namespace ParserTest;


namespace
{
	constexpr std::size_t GATHERER = 64; // bytes at most, once, of what holds the bytes
	constexpr auto NEED_MORE = WebSocketMessageParser::NEED_MORE;
	constexpr auto MESSAGE   = WebSocketMessageParser::MESSAGE;

	WebSocketMessageParser::Event take(WebSocketMessageParser& parser, std::string wire)
		/// Returns the first event but INFLATING.
	{
		char* p = &wire[0];
		char* const pEnd = p + wire.size();
		WebSocketMessageParser::Event event = WebSocketMessageParser::INFLATING;
		while (event == WebSocketMessageParser::INFLATING) event = parser.next(p, pEnd);
		return event;
	}

	WebSocketMessageParser::Event takeNothing(WebSocketMessageParser& parser)
	{
		char* p = nullptr;
		return parser.next(p, nullptr);
	}

	enum Cut
	{
		WHOLE,
		IN_TWO,
		WITH_ROOM
	};

	WebSocketMessageParser::Event takeCut(WebSocketMessageParser& parser, const std::string& wire, std::size_t size, Cut cut)
		/// Takes a frame with a payload of size bytes.
	{
		if (cut == WHOLE) return take(parser, wire);
		const std::size_t before = wire.size() - (cut == IN_TWO ? 1 : size);
		EXPECT_EQ(NEED_MORE, take(parser, wire.substr(0, before)));
		if (cut == IN_TWO) return take(parser, wire.substr(before));
		char* p = nullptr;
		EXPECT_LE(size, parser.room(p));
		wire.copy(p, size, before);
		return parser.next(p, p + size);
	}

	struct Conversation
		/// What a parser does, until there is no memory.
	{
		WebSocketFramer::Role role;
		Options options;
		Way way;
		std::string wire;
		std::size_t step;
	};

	bool converse(const Conversation& conversation, std::size_t failing, Log& log)
		/// Returns true if an allocation has failed; the parser is as it has to be then.
	{
		Peer peer(conversation.role, conversation.options, conversation.way);
		std::vector<char> bytes(conversation.wire.begin(), conversation.wire.end());
		bool thrown = false;
		for (std::size_t begin = 0; begin < bytes.size() && !thrown; begin += conversation.step)
		{
			char* p = bytes.data() + begin;
			char* pEnd = bytes.data() + std::min(begin + conversation.step, bytes.size());
			WebSocketMessageParser::Event event = NEED_MORE;
			do
			{
				const FailingAllocations without(failing); // a fresh count for each call
				try
				{
					char* pRoom = nullptr;
					const std::size_t room = conversation.way == ROOM ? peer.parser.room(pRoom) : 0;
					if (room > 0 && room >= static_cast<std::size_t>(pEnd - p))
					{
						std::memcpy(pRoom, p, static_cast<std::size_t>(pEnd - p));
						pEnd = pRoom + (pEnd - p);
						p = pRoom;
					}
					event = peer.parser.next(p, pEnd);
				}
				catch (const std::bad_alloc&)
				{
					thrown = true;
				}
			}
			while (!thrown && p < pEnd && event != WebSocketMessageParser::FAILED);
		}
		EXPECT_EQ(thrown, peer.framer.failed());
		if (!thrown) return false;

		EXPECT_EQ(WebSocketError::PAYLOAD_TOO_BIG, peer.framer.error());
		char payload[WebSocketFrame::MAX_CONTROL_PAYLOAD];
		EXPECT_GE(peer.framer.buildFailure(payload), 2u);
		EXPECT_EQ(1011, WebSocketClosePayload::code(payload));
		{
			const FailingAllocations without(0);
			EXPECT_EQ(WebSocketMessageParser::FAILED, takeNothing(peer.parser)) << "it asks for no memory again";
		}
		CoreAllocations allocations;
		for (int i = 0; i < 3; ++i)
		{
			char* p = bytes.data();
			EXPECT_EQ(WebSocketMessageParser::FAILED, peer.parser.next(p, p + bytes.size())) << "there is memory, but a part is lost";
		}
		EXPECT_EQ(0u, allocations.count());
		peer.checkStaysFailed();
		log = peer.log;
		return true;
	}
}


TEST(WebSocketMessageParserMemoryTest, Section10_4_MemoryFollowsWhatArrives)
	/// Never a claim: neither with room() nor without it.
{
	for (WebSocketFramer::Role role: ROLES)
	{
		for (Poco::UInt64 claim: {Poco::UInt64(0x7fffffff), Poco::UInt64(0xffffffff)})
		{
			for (std::size_t step: {1000, 30000, 65536, 200000})
			{
				Options options;
				options.maxMessageSize = options.maxFrameSize = std::numeric_limits<Poco::UInt32>::max();
				Peer peer(role, options);
				std::string header = encode(role, Frame{0x82, "", 8, claim});
				std::vector<char> bytes(step);
				std::size_t arrived = 0;
				char* p = &header[0];
				CoreAllocations none;
				ASSERT_EQ(NEED_MORE, peer.parser.next(p, p + header.size()));
				ASSERT_EQ(0u, none.bytes());
				while (arrived < 1000000)
				{
					const bool useRoom = arrived % 7 < 4;
					std::size_t length = step;
					CoreAllocations allocations;
					char* pData = bytes.data();
					if (useRoom)
					{
						const std::size_t room = peer.parser.room(pData);
						ASSERT_GE(room, LARGE);
						ASSERT_LE(room, LARGE + arrived);
						length = std::min(length, room);
						std::memset(pData, 'x', length);
					}
					ASSERT_LE(allocations.bytes(), LARGE + 2*arrived + GATHERER);
					ASSERT_EQ(NEED_MORE, peer.parser.next(pData, pData + length));
					arrived += length;
					ASSERT_LE(allocations.bytes(), LARGE + 2*arrived + GATHERER);
				}
			}
		}
	}
}


TEST(WebSocketMessageParserMemoryTest, Section10_4_ClaimsPastTheLimit)
	/// 2^62 bytes, where INT_MAX are allowed: nothing is allocated.
{
	for (WebSocketFramer::Role role: ROLES)
	{
		for (int first: {0x81, 0x02})
		{
			std::string wire = encode(role, Frame{first, "begun", 8, Poco::UInt64(1) << 62});
			Peer peer(role, {});
			CoreAllocations allocations;
			char* p = &wire[0];
			EXPECT_EQ(WebSocketMessageParser::FAILED, peer.parser.next(p, p + wire.size()));
			char* pRoom = nullptr;
			EXPECT_EQ(0u, peer.parser.room(pRoom));
			EXPECT_EQ(0u, allocations.count());
			EXPECT_EQ(WebSocketError::PAYLOAD_TOO_BIG, peer.framer.error());
		}
	}
}


TEST(WebSocketMessageParserMemoryTest, GivesBackWhatWasGathered)
	/// With the call that follows the message.
{
	for (WebSocketFramer::Role role: ROLES)
	{
		for (std::size_t size: {std::size_t(10), LARGE - 1, LARGE, LARGE + 1, 5*LARGE})
		{
			for (Cut cut: {WHOLE, IN_TWO, WITH_ROOM})
			{
				if (cut == WITH_ROOM && size != LARGE) continue; // others need more than one room
				const std::string wire = encode(role, Frame{0x82, sample(size)});
				Peer peer(role, {});
				ASSERT_EQ(MESSAGE, takeCut(peer.parser, wire, size, cut));
				ASSERT_EQ(size, peer.parser.length());
				EXPECT_EQ(NEED_MORE, takeNothing(peer.parser));
				EXPECT_EQ(0u, peer.parser.takeMessage().capacity()) << size << " bytes, cut " << cut;
			}
		}
	}
}


TEST(WebSocketMessageParserMemoryTest, SettleGivesBackAtOnce)
	/// What was given; nothing of a message that is not complete.
{
	for (WebSocketFramer::Role role: ROLES)
	{
		const std::string wire = encode(role, Frame{0x82, sample(1000)});
		Peer peer(role, inflating());
		peer.parser.settle();
		ASSERT_EQ(NEED_MORE, take(peer.parser, wire.substr(0, 500)));
		peer.parser.settle();
		ASSERT_EQ(MESSAGE, take(peer.parser, wire.substr(500)));
		EXPECT_EQ(sample(1000), std::string(peer.parser.data(), peer.parser.length()));
		peer.parser.settle();
		EXPECT_EQ(0u, peer.parser.takeMessage().capacity());

		const std::string compressed = encode(role, Frame{0xc2, deflated(sample(10000))});
		ASSERT_EQ(NEED_MORE, take(peer.parser, compressed.substr(0, 50)));
		peer.parser.settle();
		ASSERT_EQ(MESSAGE, take(peer.parser, compressed.substr(50)));
		EXPECT_EQ(sample(10000), std::string(peer.parser.data(), peer.parser.length()));
		peer.parser.settle();
		peer.parser.settle();
		EXPECT_EQ(MESSAGE, take(peer.parser, encode(role, Frame{0x81, "Hello"})));
		peer.parser.settle();
		EXPECT_EQ(NEED_MORE, takeNothing(peer.parser));
	}
}


TEST(WebSocketMessageParserMemoryTest, GivesBackRoomThatWasNotUsed)
{
	for (WebSocketFramer::Role role: ROLES)
	{
		const std::string message = sample(LARGE);
		const std::string wire = encode(role, Frame{0x82, message});
		const std::size_t header = wire.size() - LARGE;
		Peer peer(role, {});
		ASSERT_EQ(NEED_MORE, take(peer.parser, wire.substr(0, header)));
		char* pRoom = nullptr;
		ASSERT_EQ(LARGE, peer.parser.room(pRoom));
		ASSERT_EQ(MESSAGE, take(peer.parser, wire.substr(header)));
		EXPECT_EQ(NEED_MORE, takeNothing(peer.parser));
		EXPECT_EQ(0u, peer.parser.takeMessage().capacity());
	}
}


TEST(WebSocketMessageParserMemoryTest, KeepsLittleForDecompressing)
	/// What small messages need is not allocated again and again, what large ones need is given back.
{
	for (WebSocketFramer::Role role: ROLES)
	{
		for (Way way: {MESSAGES, PARTS})
		{
			Peer peer(role, inflating(false), way);
			std::size_t allocated[2][2] = {};
			for (int large: {0, 1})
			{
				const std::size_t size = large ? 100000 : 2000;
				std::string wire = encode(role, Frame{0xc2, deflated(std::string(size, 'z'))});
				for (int i: {0, 1})
				{
					std::string copy = wire;
					CoreAllocations allocations;
					char* p = &copy[0];
					char* const pEnd = p + copy.size();
					WebSocketMessageParser::Event event = WebSocketMessageParser::INFLATING;
					std::size_t length = 0;
					while (event == WebSocketMessageParser::INFLATING || !peer.parser.last())
					{
						event = peer.parser.next(p, pEnd);
						if (event != WebSocketMessageParser::INFLATING) length += peer.parser.length();
					}
					ASSERT_EQ(way == PARTS ? WebSocketMessageParser::PART : MESSAGE, event);
					ASSERT_EQ(size, length);
					EXPECT_EQ(NEED_MORE, peer.parser.next(p, p));
					allocated[large][i] = allocations.bytes();
				}
			}
			EXPECT_EQ(0u, allocated[0][1]);
			EXPECT_GE(allocated[1][1], 100000u);
		}
	}
}


TEST(WebSocketMessageParserMemoryTest, WithoutMemoryForGathering)
{
	for (WebSocketFramer::Role role: ROLES)
	{
		for (std::size_t step: {1, 3, 8, 50})
		{
			const std::string wire = encode(role, Frames{{0x81, "in place"}, {0x01, "Hello"}, {0x89, "p"}, {0x80, ", world"}});
			Log log;
			for (std::size_t failing: {0, 1}) EXPECT_TRUE(converse({role, {}, MESSAGES, wire, step}, failing, log)) << step;
			EXPECT_FALSE(converse({role, {}, PARTS, wire, step}, 0, log)) << "parts need none";
		}
		const std::string large = encode(role, Frames{{0x02, sample(100000)}, {0x80, sample(100000)}});
		for (std::size_t step: {1000, 70000, 300000})
		{
			Log log;
			for (std::size_t failing: {0, 1}) EXPECT_TRUE(converse({role, {}, MESSAGES, large, step}, failing, log)) << step;
			EXPECT_TRUE(converse({role, {}, ROOM, large, step}, 0, log)) << step;
			EXPECT_FALSE(converse({role, {}, PARTS, large, step}, 0, log)) << step;
		}
	}
}


TEST(WebSocketMessageParserMemoryTest, WithoutMemoryForRoom)
	/// At first, and when it has to grow.
{
	for (WebSocketFramer::Role role: ROLES)
	{
		for (std::size_t before: {0, 1, 100000})
		{
			const std::string wire = encode(role, Frame{0x82, sample(400000)});
			Peer peer(role, {});
			ASSERT_EQ(NEED_MORE, take(peer.parser, wire.substr(0, wire.size() - 400000 + before)));
			char* pRoom = nullptr;
			bool thrown = false;
			{
				const FailingAllocations without(0);
				try
				{
					peer.parser.room(pRoom);
				}
				catch (const std::bad_alloc&)
				{
					thrown = true;
				}
			}
			EXPECT_TRUE(thrown);
			EXPECT_EQ(nullptr, pRoom);
			EXPECT_EQ(WebSocketError::PAYLOAD_TOO_BIG, peer.framer.error());
			char payload[WebSocketFrame::MAX_CONTROL_PAYLOAD];
			ASSERT_GE(peer.framer.buildFailure(payload), 2u);
			EXPECT_EQ(1011, WebSocketClosePayload::code(payload));
			peer.checkStaysFailed();
		}
	}
}


TEST(WebSocketMessageParserMemoryTest, WithoutMemoryForInflating)
	/// Each allocation of a call fails in turn, wherever the bytes are cut.
{
	for (WebSocketFramer::Role role: ROLES)
	{
		const std::string payload = deflated(sample(50000));
		const std::string wire = encode(role, Frames{{0x41, payload.substr(0, 300)}, {0x00, payload.substr(300)}, {0x80, ""}, {0xc2, HELLO}});
		for (Way way: {MESSAGES, PARTS})
		{
			for (std::size_t step: {std::size_t(10), std::size_t(1000), wire.size()})
			{
				std::size_t failing = 0;
				Log log;
				while (converse({role, inflating(false), way, wire, step}, failing, log)) ++failing;
				EXPECT_GT(failing, 0u);
				EXPECT_LT(failing, 100u);
			}
		}
	}
}
