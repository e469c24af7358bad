//
// FramerTest.cpp
//
// Library: PocoWebSocket
// Package: Tests
// Module:  WebSocketFramerTest
//
// Framing and fragmentation (RFC 6455, 5), received by both roles.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "core/FramerTest.h"


using namespace FramerTest;


namespace
{
	constexpr Poco::UInt64 MIB = 1024*1024;

	const Row VALID[] =
	{
		{"5.2 empty text", {{0x81, ""}}, received(1)},
		{"5.2 empty binary", {{0x82, ""}}, received(1)},
		{"5.2 text", {{0x81, "Hello"}}, received(1)},
		{"5.2 binary", {{0x82, std::string("\x00\xff\x80\xc0", 4)}}, received(1)},
		{"5.2 length 125", {{0x82, std::string(125, 'b')}}, received(1)},
		{"5.2 length 126", {{0x82, std::string(126, 'b')}}, received(1)},
		{"5.2 length 127", {{0x82, std::string(127, 'b')}}, received(1)},
		{"5.2 length 65535", {{0x82, std::string(65535, 'b')}}, received(1)},
		{"5.2 length 65536", {{0x82, std::string(65536, 'b')}}, received(1)},
		{"5.2 text of 126, 65535 and 65536", {{0x81, std::string(126, 't')}, {0x81, std::string(65535, 't')}, {0x81, std::string(65536, 't')}}, received(3)},
		{"5.2 one frame after the other", {{0x81, "a"}, {0x82, ""}, {0x89, ""}, {0x81, "bc"}}, received(4)},
		{"5.3 any key", {{0x81, "Hello", Frame::SHORTEST, 0, false, 0}, {0x81, "again", Frame::SHORTEST, 0, false, -1}, {0x82, "123456789", Frame::SHORTEST, 0, false, 0x01020304}}, received(3)},
		{"5.4 two fragments", {{0x01, "Hel"}, {0x80, "lo"}}, received(2)},
		{"5.4 three fragments", {{0x02, "a"}, {0x00, "b"}, {0x80, "c"}}, received(3)},
		{"5.4 empty fragments", {{0x01, ""}, {0x00, ""}, {0x80, ""}}, received(3)},
		{"5.4 fragments, some empty", {{0x02, ""}, {0x00, "x"}, {0x00, ""}, {0x00, "yz"}, {0x80, ""}}, received(5)},
		{"5.4 control frames between fragments", {{0x01, "a"}, {0x89, "ping"}, {0x00, "b"}, {0x8a, "pong"}, {0x89, ""}, {0x80, "c"}}, received(6)},
		{"5.4 one message after the other", {{0x01, "a"}, {0x80, "b"}, {0x02, "c"}, {0x80, "d"}, {0x81, "e"}, {0x01, ""}, {0x80, ""}}, received(7)},
		{"5.4 Close between fragments", {{0x01, "a"}, {0x88, closePayload(1001)}}, received(2)},
		{"5.5.2 PING of 0 bytes", {{0x89, ""}}, received(1)},
		{"5.5.2 PING of 125 bytes", {{0x89, std::string(125, '\xff')}}, received(1)},
		{"5.5.2 many PINGs", {{0x89, ""}, {0x89, ""}, {0x89, "3"}, {0x89, ""}}, received(4)},
		{"5.5.3 unsolicited PONG", {{0x8a, "heartbeat"}}, received(1)},
		{"5.5.3 PONG of 0 and of 125 bytes", {{0x8a, ""}, {0x8a, std::string(125, 'p')}}, received(2)}
	};

	constexpr int WRONG = WebSocketError::PROTOCOL_VIOLATION;

	const Row VIOLATIONS[] =
		/// All of them are 1002 (7.4.1).
	{
		{"5.2 length 0 in 2 bytes", {{0x82, "", 2}}, failed(WRONG, WebSocketFrame::PROTOCOL_ERROR)},
		{"5.2 length 125 in 2 bytes", {{0x82, std::string(125, 'b'), 2}}, failed(WRONG, WebSocketFrame::PROTOCOL_ERROR)},
		{"5.2 length 5 in 8 bytes", {{0x81, "Hello", 8}}, failed(WRONG, WebSocketFrame::PROTOCOL_ERROR)},
		{"5.2 length 126 in 8 bytes", {{0x82, std::string(126, 'b'), 8}}, failed(WRONG, WebSocketFrame::PROTOCOL_ERROR)},
		{"5.2 length 65535 in 8 bytes", {{0x82, "b", 8, 65534}}, failed(WRONG, WebSocketFrame::PROTOCOL_ERROR)},
		{"5.2 long form after a good frame", {{0x82, "good"}, {0x82, "bad", 2}}, failed(WRONG, WebSocketFrame::PROTOCOL_ERROR, 1)},
		{"5.2 length 2^63", {{0x82, "", 8, Poco::UInt64(1) << 63}}, failed(WRONG, WebSocketFrame::PROTOCOL_ERROR)},
		{"5.2 length 2^64 - 1", {{0x82, "", 8, ~Poco::UInt64(0)}}, failed(WRONG, WebSocketFrame::PROTOCOL_ERROR)},
		{"5.4 continuation first", {{0x80, "a"}}, failed(WRONG, WebSocketFrame::PROTOCOL_ERROR)},
		{"5.4 continuation first, not the last", {{0x00, "a"}}, failed(WRONG, WebSocketFrame::PROTOCOL_ERROR)},
		{"5.4 empty continuation first", {{0x80, ""}}, failed(WRONG, WebSocketFrame::PROTOCOL_ERROR)},
		{"5.4 continuation of a whole message", {{0x81, "a"}, {0x80, "b"}}, failed(WRONG, WebSocketFrame::PROTOCOL_ERROR, 1)},
		{"5.4 continuation of a finished message", {{0x01, "a"}, {0x80, "b"}, {0x80, "c"}}, failed(WRONG, WebSocketFrame::PROTOCOL_ERROR, 2)},
		{"5.4 continuation of a finished empty message", {{0x01, ""}, {0x80, ""}, {0x00, ""}}, failed(WRONG, WebSocketFrame::PROTOCOL_ERROR, 2)},
		{"5.4 continuation of a PING", {{0x89, "a"}, {0x80, "b"}}, failed(WRONG, WebSocketFrame::PROTOCOL_ERROR, 1)},
		{"5.4 text inside text", {{0x01, "a"}, {0x81, "b"}}, failed(WRONG, WebSocketFrame::PROTOCOL_ERROR, 1)},
		{"5.4 empty text inside text", {{0x01, "a"}, {0x81, ""}}, failed(WRONG, WebSocketFrame::PROTOCOL_ERROR, 1)},
		{"5.4 first fragment inside text", {{0x01, "a"}, {0x01, "b"}}, failed(WRONG, WebSocketFrame::PROTOCOL_ERROR, 1)},
		{"5.4 binary inside text", {{0x01, "a"}, {0x82, "b"}}, failed(WRONG, WebSocketFrame::PROTOCOL_ERROR, 1)},
		{"5.4 text inside binary", {{0x02, "a"}, {0x00, "b"}, {0x81, "c"}}, failed(WRONG, WebSocketFrame::PROTOCOL_ERROR, 2)},
		{"5.4 binary inside an empty beginning", {{0x02, ""}, {0x82, "b"}}, failed(WRONG, WebSocketFrame::PROTOCOL_ERROR, 1)},
		{"5.4 text after a PING inside text", {{0x01, "a"}, {0x89, "p"}, {0x81, "b"}}, failed(WRONG, WebSocketFrame::PROTOCOL_ERROR, 2)},
		{"5.4 fragmented PING", {{0x09, "a"}}, failed(WRONG, WebSocketFrame::PROTOCOL_ERROR)},
		{"5.4 fragmented PING with its continuation", {{0x09, "a"}, {0x80, "b"}}, failed(WRONG, WebSocketFrame::PROTOCOL_ERROR)},
		{"5.4 fragmented empty PING", {{0x09, ""}}, failed(WRONG, WebSocketFrame::PROTOCOL_ERROR)},
		{"5.4 fragmented PONG", {{0x0a, "a"}}, failed(WRONG, WebSocketFrame::PROTOCOL_ERROR)},
		{"5.4 fragmented Close", {{0x08, closePayload(1000)}}, failed(WRONG, WebSocketFrame::PROTOCOL_ERROR)},
		{"5.4 fragmented PING inside text", {{0x01, "a"}, {0x09, "b"}}, failed(WRONG, WebSocketFrame::PROTOCOL_ERROR, 1)},
		{"5.5 PING of 126 bytes", {{0x89, std::string(126, 'p')}}, failed(WRONG, WebSocketFrame::PROTOCOL_ERROR)},
		{"5.5 PONG of 126 bytes", {{0x8a, std::string(126, 'p')}}, failed(WRONG, WebSocketFrame::PROTOCOL_ERROR)},
		{"5.5 Close of 126 bytes", {{0x88, closePayload(1000, std::string(124, 'r'))}}, failed(WRONG, WebSocketFrame::PROTOCOL_ERROR)},
		{"5.5 PING of 65536 bytes", {{0x89, "", 8, 65536}}, failed(WRONG, WebSocketFrame::PROTOCOL_ERROR)},
		{"5.5 PING of 5 bytes, length in 2 bytes", {{0x89, "Hello", 2}}, failed(WRONG, WebSocketFrame::PROTOCOL_ERROR)},
		{"5.5 PING of 0 bytes, length in 8 bytes", {{0x89, "", 8}}, failed(WRONG, WebSocketFrame::PROTOCOL_ERROR)},
		{"5.5 PING of 126 bytes inside text", {{0x01, "a"}, {0x89, std::string(126, 'p')}}, failed(WRONG, WebSocketFrame::PROTOCOL_ERROR, 1)}
	};

	std::string hex(int value)
	{
		const char* const digits = "0123456789abcdef";
		return {digits[value >> 4 & 15], digits[value & 15]};
	}
}


TEST(WebSocketFramerTest, Section5_Valid)
{
	for (WebSocketFramer::Role role: ROLES)
	{
		for (const Row& row: VALID) expectRow(Settings{role}, row);
	}
}


TEST(WebSocketFramerTest, Section5_Violations)
{
	for (WebSocketFramer::Role role: ROLES)
	{
		for (const Row& row: VIOLATIONS) expectRow(Settings{role}, row);
	}
}


TEST(WebSocketFramerTest, Section5_1_MaskDirection)
{
	const Row rows[] =
	{
		{"5.1 text", {{0x81, "Hello", Frame::SHORTEST, 0, true}}, failed(0, WebSocketFrame::PROTOCOL_ERROR)},
		{"5.1 empty binary", {{0x82, "", Frame::SHORTEST, 0, true}}, failed(0, WebSocketFrame::PROTOCOL_ERROR)},
		{"5.1 long binary", {{0x82, std::string(126, 'b'), Frame::SHORTEST, 0, true}}, failed(0, WebSocketFrame::PROTOCOL_ERROR)},
		{"5.1 PING", {{0x89, "p", Frame::SHORTEST, 0, true}}, failed(0, WebSocketFrame::PROTOCOL_ERROR)},
		{"5.1 Close", {{0x88, closePayload(1000), Frame::SHORTEST, 0, true}}, failed(0, WebSocketFrame::PROTOCOL_ERROR)},
		{"5.1 continuation", {{0x01, "a"}, {0x80, "b", Frame::SHORTEST, 0, true}}, failed(0, WebSocketFrame::PROTOCOL_ERROR, 1)},
		{"5.1 a key of zeros is a mask", {{0x81, "Hello", Frame::SHORTEST, 0, true, 0}}, failed(0, WebSocketFrame::PROTOCOL_ERROR)}
	};
	for (WebSocketFramer::Role role: ROLES)
	{
		for (Row row: rows)
		{
			row.outcome.error = role == WebSocketFramer::ROLE_SERVER ? WebSocketError::UNMASKED_CLIENT_FRAME : WebSocketError::MASKED_SERVER_FRAME;
			expectRow(Settings{role}, row);

			// switched off: frames are what they are
			Settings settings{role};
			settings.verifyMasking = false;
			row.outcome.error = WebSocketError::NONE;
			row.outcome.good = row.frames.size();
			expectRow(settings, row);
		}
	}
}


TEST(WebSocketFramerTest, Section5_1_BothDirectionsMixedIfNotVerified)
{
	for (WebSocketFramer::Role role: ROLES)
	{
		Settings settings{role};
		settings.verifyMasking = false;
		const Frames frames = {{0x01, "mas"}, {0x00, "ked, ", Frame::SHORTEST, 0, true}, {0x89, "ping", Frame::SHORTEST, 0, true}, {0x80, "or not"}};
		expectRow(settings, {"5.1 switched off", frames, received(4)});
		expectRow(settings, {"5.4 is not switched off", {{0x80, "a", Frame::SHORTEST, 0, true}}, failed(WRONG, WebSocketFrame::PROTOCOL_ERROR)});
		expectRow(settings, {"5.2 is not switched off", {{0x82, "a", 2, 0, true}}, failed(WRONG, WebSocketFrame::PROTOCOL_ERROR)});
	}
}


TEST(WebSocketFramerTest, Section5_2_EveryReservedBitWithEveryOpcode)
{
	for (WebSocketFramer::Role role: ROLES)
	{
		for (int rsv = 0x10; rsv <= 0x70; rsv += 0x10)
		{
			for (int opcode: {0x0, 0x1, 0x2, 0x8, 0x9, 0xa})
			{
				for (int fin: {0x00, 0x80})
				{
					const int first = fin | rsv | opcode;
					const Frames frames = {{0x82, "good"}, {first, "ab"}};
					expectRow(Settings{role}, {("5.2 first byte " + hex(first)).c_str(), frames, failed(WebSocketError::INVALID_RSV_BITS, WebSocketFrame::PROTOCOL_ERROR, 1)});
				}
			}
		}
		expectRow(Settings{role}, {"5.2 RSV2 in a continuation", {{0x01, "a"}, {0xa0, "b"}}, failed(WebSocketError::INVALID_RSV_BITS, WebSocketFrame::PROTOCOL_ERROR, 1)});
		expectRow(Settings{role}, {"5.2 RSV1 in a PING inside text", {{0x01, "a"}, {0xc9, "b"}}, failed(WebSocketError::INVALID_RSV_BITS, WebSocketFrame::PROTOCOL_ERROR, 1)});
	}
}


TEST(WebSocketFramerTest, Section5_2_EveryReservedOpcode)
{
	for (WebSocketFramer::Role role: ROLES)
	{
		for (int opcode: {3, 4, 5, 6, 7, 11, 12, 13, 14, 15})
		{
			for (int fin: {0x00, 0x80})
			{
				for (const char* payload: {"", "payload"})
				{
					const std::string rule = "5.2 first byte " + hex(fin | opcode);
					expectRow(Settings{role}, {rule.c_str(), {{fin | opcode, payload}}, failed(WebSocketError::INVALID_OPCODE, WebSocketFrame::PROTOCOL_ERROR)});
					expectRow(Settings{role}, {rule.c_str(), {{0x01, "a"}, {fin | opcode, payload}}, failed(WebSocketError::INVALID_OPCODE, WebSocketFrame::PROTOCOL_ERROR, 1)});
				}
			}
		}
	}
}


TEST(WebSocketFramerTest, Section5_2_ReservedBitsOfAnExtension)
{
	const std::string notText = "\xff\xff compressed \x80";
	const Row rows[] =
		/// with RSV1 allowed
	{
		{"9.1 a message", {{0xc1, "Hello"}, {0xc2, "Hello"}}, received(2)},
		{"9.1 a fragmented message: the bit is in its first frame", {{0x41, "a"}, {0x00, "b"}, {0x89, ""}, {0x80, "c"}}, received(4)},
		{"9.1 its payload is the extension's, not text", {{0xc1, notText}, {0x41, notText}, {0x80, notText}}, received(3)},
		{"9.1 an empty message", {{0xc1, ""}}, received(1)},
		{"8.1 a message without the bit is text", {{0xc1, notText}, {0x81, notText}}, failed(WebSocketError::INVALID_UTF8, WebSocketFrame::INVALID_PAYLOAD, 1)},
		{"8.1 a message without the bit is text, in its second frame", {{0xc1, notText}, {0x01, "a"}, {0x80, notText}}, failed(WebSocketError::INVALID_UTF8, WebSocketFrame::INVALID_PAYLOAD, 2)},
		{"9.1 not in a continuation", {{0x41, "a"}, {0xc0, "b"}}, failed(WebSocketError::INVALID_RSV_BITS, WebSocketFrame::PROTOCOL_ERROR, 1)},
		{"9.1 not in a PING", {{0xc9, "a"}}, failed(WebSocketError::INVALID_RSV_BITS, WebSocketFrame::PROTOCOL_ERROR)},
		{"9.1 not in a Close", {{0xc8, closePayload(1000)}}, failed(WebSocketError::INVALID_RSV_BITS, WebSocketFrame::PROTOCOL_ERROR)},
		{"9.1 not RSV2", {{0xa1, "a"}}, failed(WebSocketError::INVALID_RSV_BITS, WebSocketFrame::PROTOCOL_ERROR)},
		{"9.1 not RSV3", {{0x91, "a"}}, failed(WebSocketError::INVALID_RSV_BITS, WebSocketFrame::PROTOCOL_ERROR)},
		{"9.1 not RSV1 with RSV2", {{0xe1, "a"}}, failed(WebSocketError::INVALID_RSV_BITS, WebSocketFrame::PROTOCOL_ERROR)},
		{"5.2 opcodes stay reserved", {{0xc3, "a"}}, failed(WebSocketError::INVALID_OPCODE, WebSocketFrame::PROTOCOL_ERROR)}
	};
	for (WebSocketFramer::Role role: ROLES)
	{
		Settings settings{role};
		settings.reservedBits = 0x40;
		for (const Row& row: rows) expectRow(settings, row);

		settings.reservedBits = 0x30;
		expectRow(settings, {"9.1 RSV2 and RSV3", {{0xb2, "a"}, {0xa2, "b"}, {0x92, "c"}, {0xc2, "d"}}, failed(WebSocketError::INVALID_RSV_BITS, WebSocketFrame::PROTOCOL_ERROR, 3)});
	}
}


TEST(WebSocketFramerTest, Section5_2_ClaimedLengths)
{
	const Poco::UInt64 claims[] =
	{
		MIB + 1, 0x7fffffffULL, 0x80000000ULL, 0xffffffffULL, 0x100000000ULL, 0x100000001ULL, (Poco::UInt64(1) << 63) - 1
	};
	for (WebSocketFramer::Role role: ROLES)
	{
		for (Poco::UInt64 claim: claims)
		{
			for (const std::string begun: {"", "begun"})
			{
				const Frame frame{0x82, begun, 8, claim - begun.size()};
				Settings settings{role};
				// Any length is fine with the header; the stream then ends too early.
				expectRow(settings, {"5.2 without a limit", {{0x82, "good"}, frame}, failed(WebSocketError::INCOMPLETE_FRAME, 0, 1)});
				settings.limit = claim;
				expectRow(settings, {"5.2 at the limit", {{0x82, "good"}, frame}, failed(WebSocketError::INCOMPLETE_FRAME, 0, 1)});
				settings.limit = MIB;
				expectRow(settings, {"7.4.1 too big", {{0x82, "good"}, frame}, failed(WebSocketError::PAYLOAD_TOO_BIG, WebSocketFrame::MESSAGE_TOO_BIG, 1)});
			}
		}
	}
}


TEST(WebSocketFramerTest, Section7_4_1_Limit)
{
	for (WebSocketFramer::Role role: ROLES)
	{
		Settings settings{role};
		settings.limit = 130;
		expectRow(settings, {"at the limit", {{0x82, std::string(130, 'b')}, {0x01, std::string(130, 't')}, {0x80, std::string(130, 't')}}, received(3)});
		expectRow(settings, {"limit + 1", {{0x82, std::string(131, 'b')}}, failed(WebSocketError::PAYLOAD_TOO_BIG, WebSocketFrame::MESSAGE_TOO_BIG)});
		expectRow(settings, {"limit + 1, second fragment", {{0x02, "b"}, {0x80, std::string(131, 'b')}}, failed(WebSocketError::PAYLOAD_TOO_BIG, WebSocketFrame::MESSAGE_TOO_BIG, 1)});
		settings.limit = 0;
		expectRow(settings, {"limit 0", {{0x82, ""}, {0x89, ""}, {0x82, "b"}}, failed(WebSocketError::PAYLOAD_TOO_BIG, WebSocketFrame::MESSAGE_TOO_BIG, 2)});
	}
}


TEST(WebSocketFramerTest, StreamEndsAnywhere)
	/// Between frames that is an end, inside one it is an error, and no Close frame can be sent.
{
	const Frames frames = {{0x01, "Hel"}, {0x89, "ping"}, {0x80, "lo"}, {0x82, std::string(126, 'b')}, {0x82, ""}};
	for (WebSocketFramer::Role role: ROLES)
	{
		std::string wire;
		for (std::size_t i = 0; i < frames.size(); ++i)
		{
			const std::string next = encode(role, frames[i]);
			const Events whole = delivered(Frames(frames.begin(), frames.begin() + static_cast<std::ptrdiff_t>(i)));
			expectEvents(Settings{role}, wire, whole);
			for (std::size_t length = 1; length < next.size(); ++length)
			{
				Events expected = whole;
				expected.push_back(failure(WebSocketError::INCOMPLETE_FRAME, 0));
				expectEvents(Settings{role}, wire + next.substr(0, length), expected);
			}
			wire += next;
		}
	}
}


TEST(WebSocketFramerTest, NothingBehindTheHeaderIsTaken)
{
	for (WebSocketFramer::Role role: ROLES)
	{
		for (std::size_t size: {0, 1, 125, 126, 65535, 65536})
		{
			const std::string wire = encode(role, Frame{0x82, std::string(size, 'b')});
			const std::size_t header = wire.size() - size;
			for (std::size_t cut = 0; cut < header; ++cut)
			{
				WebSocketFramer framer(role);
				EXPECT_TRUE(framer.inHeader());
				EXPECT_FALSE(framer.inFrame());
				std::size_t used = 99;
				ASSERT_EQ(WebSocketFramer::NEED_MORE, framer.receiveHeader(wire.data(), cut, used));
				ASSERT_EQ(cut, used);
				ASSERT_TRUE(framer.inHeader());
				ASSERT_EQ(cut > 0, framer.inFrame());
				ASSERT_LE(framer.headerMissing(), header - cut);
				ASSERT_GT(framer.headerMissing(), 0u);
				ASSERT_EQ(WebSocketFramer::OK, framer.receiveHeader(wire.data() + cut, wire.size() - cut, used));
				ASSERT_EQ(header - cut, used);
				ASSERT_EQ(size, framer.remaining());
				ASSERT_EQ(header, framer.header().length);
				ASSERT_EQ(size == 0, framer.inHeader());
				ASSERT_EQ(size > 0, framer.inFrame());
			}
		}
	}
}


TEST(WebSocketFramerTest, AsksForTheShortestHeaderFirst)
	/// A client's frame has at least 6 bytes, a server's 2.
{
	EXPECT_EQ(6u, WebSocketFramer(WebSocketFramer::ROLE_SERVER).headerMissing());
	EXPECT_EQ(2u, WebSocketFramer(WebSocketFramer::ROLE_CLIENT).headerMissing());
	for (WebSocketFramer::Role role: ROLES)
	{
		WebSocketFramer framer(role);
		framer.setVerifyMasking(false);
		EXPECT_EQ(2u, framer.headerMissing()) << name(role);
	}
}


TEST(WebSocketFramerTest, NoBytesChangeNothing)
{
	for (WebSocketFramer::Role role: ROLES)
	{
		const std::string wire = encode(role, Frame{0x81, "Hello"});
		WebSocketFramer framer(role);
		std::size_t used = 99;
		for (std::size_t i = 0; i < wire.size() - 5; ++i)
		{
			ASSERT_EQ(WebSocketFramer::NEED_MORE, framer.receiveHeader(wire.data(), 0, used));
			ASSERT_EQ(0u, used);
			ASSERT_EQ(i + 6 == wire.size() ? WebSocketFramer::OK : WebSocketFramer::NEED_MORE, framer.receiveHeader(wire.data() + i, 1, used));
			ASSERT_EQ(1u, used);
		}
		char target[5] = {};
		for (std::size_t i = 0; i < 5; ++i)
		{
			ASSERT_EQ(WebSocketFramer::OK, framer.receivePayload(target + i, wire.data(), 0));
			ASSERT_EQ(5 - i, framer.remaining());
			ASSERT_EQ(WebSocketFramer::OK, framer.receivePayload(target + i, wire.data() + wire.size() - 5 + i, 1));
		}
		EXPECT_EQ("Hello", std::string(target, 5));
		EXPECT_FALSE(framer.inFrame());
	}
}


TEST(WebSocketFramerTest, Settings)
{
	WebSocketFramer framer(WebSocketFramer::ROLE_SERVER);
	EXPECT_EQ(WebSocketFramer::ROLE_SERVER, framer.role());
	EXPECT_EQ(WebSocketFramer::ROLE_CLIENT, WebSocketFramer(WebSocketFramer::ROLE_CLIENT).role());
	EXPECT_TRUE(framer.getVerifyUTF8());
	EXPECT_TRUE(framer.getVerifyMasking());
	EXPECT_EQ(0, framer.getReservedBits());
	EXPECT_FALSE(framer.failed());
	EXPECT_EQ(WebSocketError::NONE, framer.error());
	EXPECT_EQ("", framer.errorText());
	EXPECT_EQ(WebSocketFramer::OPEN, framer.closeState());
	EXPECT_EQ(1006, framer.closeCode());
	framer.setVerifyUTF8(false);
	framer.setVerifyMasking(false);
	framer.setReservedBits(0xff);
	EXPECT_FALSE(framer.getVerifyUTF8());
	EXPECT_FALSE(framer.getVerifyMasking());
	EXPECT_EQ(0x70, framer.getReservedBits());
}
