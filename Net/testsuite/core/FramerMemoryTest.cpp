//
// FramerMemoryTest.cpp
//
// Library: PocoWebSocket
// Package: Tests
// Module:  WebSocketFramerMemoryTest
//
// What a WebSocketFramer allocates: nothing, but for the text of an error; and what
// happens if even that cannot be had.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "support/CoreAllocations.h"
#include "core/FramerTest.h"


using namespace FramerTest;


namespace
{
	struct ErrorRow
	{
		const char* name;
		Frames frames;
		WebSocketError::Code error;
		int closeCode;
	};

	const ErrorRow ERRORS[] =
		/// One for each way to fail.
	{
		{"reserved bit", {{0xc1, "a"}}, WebSocketError::INVALID_RSV_BITS, WebSocketFrame::PROTOCOL_ERROR},
		{"reserved opcode", {{0x83, "a"}}, WebSocketError::INVALID_OPCODE, WebSocketFrame::PROTOCOL_ERROR},
		{"fragmented control frame", {{0x09, "a"}}, WebSocketError::PROTOCOL_VIOLATION, WebSocketFrame::PROTOCOL_ERROR},
		{"long control frame", {{0x89, std::string(126, 'p')}}, WebSocketError::PROTOCOL_VIOLATION, WebSocketFrame::PROTOCOL_ERROR},
		{"continuation of nothing", {{0x80, "a"}}, WebSocketError::PROTOCOL_VIOLATION, WebSocketFrame::PROTOCOL_ERROR},
		{"message inside a message", {{0x01, "a"}, {0x81, "b"}}, WebSocketError::PROTOCOL_VIOLATION, WebSocketFrame::PROTOCOL_ERROR},
		{"length not in its shortest form", {{0x82, "a", 2}}, WebSocketError::PROTOCOL_VIOLATION, WebSocketFrame::PROTOCOL_ERROR},
		{"too big", {{0x82, std::string(1001, 'b')}}, WebSocketError::PAYLOAD_TOO_BIG, WebSocketFrame::MESSAGE_TOO_BIG},
		{"no text", {{0x81, "\xff"}}, WebSocketError::INVALID_UTF8, WebSocketFrame::INVALID_PAYLOAD},
		{"half a character", {{0x81, "\xc3"}}, WebSocketError::INVALID_UTF8, WebSocketFrame::INVALID_PAYLOAD},
		{"half a character, empty last frame", {{0x01, "\xc3"}, {0x80, ""}}, WebSocketError::INVALID_UTF8, WebSocketFrame::INVALID_PAYLOAD},
		{"Close of one byte", {{0x88, "a"}}, WebSocketError::PROTOCOL_VIOLATION, WebSocketFrame::PROTOCOL_ERROR},
		{"Close code", {{0x88, closePayload(1005)}}, WebSocketError::INVALID_CLOSE_CODE, WebSocketFrame::PROTOCOL_ERROR},
		{"Close reason", {{0x88, closePayload(1000, "\xff")}}, WebSocketError::INVALID_UTF8, WebSocketFrame::INVALID_PAYLOAD},
		{"end of the stream", {{0x82, "", Frame::SHORTEST, 5}}, WebSocketError::INCOMPLETE_FRAME, 0}
	};

	void take(WebSocketFramer& framer, const char* p, std::size_t length, char* pTarget)
		/// As Receiver does, but without memory of its own. Ends with the end of the stream.
	{
		WebSocketFramer::Result result = WebSocketFramer::OK;
		while (length > 0 && result != WebSocketFramer::FAILED)
		{
			std::size_t used = 0;
			if (framer.inHeader())
			{
				result = framer.receiveHeader(p, length, used);
				if (result == WebSocketFramer::OK) result = framer.limitPayload(1000);
			}
			else
			{
				used = static_cast<std::size_t>(std::min<Poco::UInt64>(framer.remaining(), length));
				result = framer.receivePayload(pTarget, p, used);
			}
			p += used;
			length -= used;
		}
		framer.receiveEnd();
	}
}


TEST(WebSocketFramerMemoryTest, GoodFramesAllocateNothing)
{
	const Frames frames =
	{
		{0x81, "text"}, {0x82, std::string(1000, 'b')}, {0x01, "a\xc3"}, {0x89, std::string(125, 'p')}, {0x80, "\xbc"}, {0x88, closePayload(1000, std::string(123, 'r'))}
	};
	for (WebSocketFramer::Role role: ROLES)
	{
		const std::string wire = encode(role, frames);
		std::vector<char> target(1000);
		const unsigned char key[4] = {1, 2, 3, 4};
		char header[WebSocketFrameHeader::MAX_LENGTH];
		WebSocketFramer framer(role);
		CoreAllocations allocations;
		take(framer, wire.data(), wire.size(), target.data());
		framer.checkSend(0x88, header, 0);
		framer.buildHeader(0x88, 0, key, header);
		framer.sent(0x88);
		EXPECT_EQ(0u, allocations.count());
		EXPECT_EQ(WebSocketFramer::CLOSED, framer.closeState());
		EXPECT_FALSE(framer.failed());
	}
}


TEST(WebSocketFramerMemoryTest, NothingIsAllocatedFromAClaim)
{
	for (WebSocketFramer::Role role: ROLES)
	{
		for (Poco::UInt64 claim: {0x80000000ULL, 0x100000001ULL, 0x7fffffffffffffffULL, 0x8000000000000000ULL})
		{
			const std::string wire = encode(role, Frame{0x82, "", 8, claim});
			std::size_t used = 0;
			CoreAllocations allocations;
			WebSocketFramer framer(role);
			framer.receiveHeader(wire.data(), wire.size(), used);
			framer.limitPayload(0x7fffffff);
			EXPECT_LT(allocations.bytes(), 1000u) << "the text of an error";
			EXPECT_TRUE(framer.failed());
		}
	}
}


TEST(WebSocketFramerMemoryTest, FailsAlsoWithoutMemory)
	/// A violation stays one: nothing is thrown, the code is there, the text may be missing.
{
	for (WebSocketFramer::Role role: ROLES)
	{
		for (const ErrorRow& row: ERRORS)
		{
			const std::string wire = encode(role, row.frames);
			std::vector<char> target(wire.size());
			for (std::size_t n = 0; n < 10; ++n)
			{
				WebSocketFramer framer(role);
				bool thrown = false;
				{
					FailingAllocations failing(n);
					try
					{
						take(framer, wire.data(), wire.size(), target.data());
					}
					catch (const std::bad_alloc&)
					{
						thrown = true;
					}
				}
				EXPECT_FALSE(thrown) << row.name << ", allocation " << n;
				EXPECT_EQ(row.error, framer.error()) << row.name << ", allocation " << n;
				char payload[WebSocketFrame::MAX_CONTROL_PAYLOAD];
				const std::size_t length = framer.buildFailure(payload);
				if (row.closeCode != 0)
				{
					EXPECT_EQ(closePayload(row.closeCode), std::string(payload, std::min<std::size_t>(length, 2))) << row.name;
				}
				else
				{
					EXPECT_EQ(0u, length) << row.name;
				}
			}
		}
	}
}


TEST(WebSocketFramerMemoryTest, CompactOnesAllocateForControlFramesOnly)
{
	for (WebSocketFramer::Role role: ROLES)
	{
		WebSocketFramer framer(role, true);
		std::vector<char> target(1000);
		const auto give = [&](const Frames& frames)
		{
			const std::string wire = encode(role, frames);
			CoreAllocations allocations;
			take(framer, wire.data(), wire.size(), target.data());
			return allocations.count();
		};
		EXPECT_EQ(0u, give({{0x81, "text"}, {0x89, ""}, {0x8a, ""}}));
		EXPECT_EQ(1u, give({{0x89, "ping"}, {0x8a, std::string(125, 'p')}}));
		framer.forgetControl();
		EXPECT_EQ(0u, framer.controlLength());
		EXPECT_EQ(1u, give({{0x88, closePayload(1000, "reason")}}));
		framer.forgetControl();
		EXPECT_EQ("reason", framer.closeReason());
	}
}


TEST(WebSocketFramerMemoryTest, CompactOnesFailWithoutMemory)
{
	for (WebSocketFramer::Role role: ROLES)
	{
		WebSocketFramer framer(role, true);
		const std::string wire = encode(role, {{0x89, "ping"}});
		std::vector<char> target(1000);
		{
			const FailingAllocations none(0);
			take(framer, wire.data(), wire.size(), target.data());
		}
		EXPECT_EQ(WebSocketError::PAYLOAD_TOO_BIG, framer.error());
		EXPECT_EQ("No memory for a control frame", framer.errorText());
		char payload[WebSocketFrame::MAX_CONTROL_PAYLOAD];
		EXPECT_EQ(closePayload(1011), std::string(payload, std::min<std::size_t>(framer.buildFailure(payload), 2)));
	}
}
