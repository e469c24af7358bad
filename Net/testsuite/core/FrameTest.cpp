//
// FrameTest.cpp
//
// Library: PocoWebSocket
// Package: Tests
// Module:  WebSocketFrameTest
//
// Frame headers, opcodes and Close codes (RFC 6455, 5.2, 5.5, 5.7 and 7.4).
//
// SPDX-License-Identifier: BSL-1.0
//


#include "core/ClosePayload.h"
#include "core/FrameHeader.h"
#include <gtest/gtest.h>
#include <algorithm>
#include <string>
#include <vector>


using namespace std::string_literals;
using Poco::Net::WebSocketClosePayload;
using Poco::Net::WebSocketFrame;
using Poco::Net::WebSocketFrameHeader;


namespace
{
	constexpr auto OK        = WebSocketFrameHeader::OK;
	constexpr auto NEED_MORE = WebSocketFrameHeader::NEED_MORE;
	constexpr auto MALFORMED = WebSocketFrameHeader::MALFORMED;

	constexpr Poco::UInt64 BIT_63 = Poco::UInt64(1) << 63;

	WebSocketFrameHeader::Result parse(const std::string& wire, std::size_t length, WebSocketFrameHeader& header)
		/// From memory that ends where the bytes end.
	{
		const std::vector<char> exact(wire.begin(), wire.begin() + static_cast<std::ptrdiff_t>(length));
		return WebSocketFrameHeader::parse(exact.data(), exact.size(), header);
	}

	std::string build(int flags, bool masked, Poco::UInt64 payloadLength)
	{
		WebSocketFrameHeader header;
		header.flags = static_cast<unsigned char>(flags);
		header.masked = masked;
		header.payloadLength = payloadLength;
		const unsigned char key[4] = {0x37, 0xfa, 0x21, 0x3d};
		std::copy(key, key + 4, header.key);
		char wire[WebSocketFrameHeader::MAX_LENGTH + 2];
		std::fill(std::begin(wire), std::end(wire), '\x5a');
		const std::size_t length = header.build(wire);
		EXPECT_LE(length, std::size_t(WebSocketFrameHeader::MAX_LENGTH));
		for (std::size_t i = length; i < sizeof(wire); ++i) EXPECT_EQ('\x5a', wire[i]);
		return std::string(wire, length);
	}

	struct HeaderRow
	{
		const char* rule;
		std::string wire;
		int flags;
		bool masked;
		Poco::UInt64 payloadLength;
	};

	const HeaderRow HEADERS[] =
	{
		{"5.7 unmasked text, 5 bytes", "\x81\x05"s, 0x81, false, 5},
		{"5.7 masked text, 5 bytes", "\x81\x85\x37\xfa\x21\x3d"s, 0x81, true, 5},
		{"5.7 first fragment", "\x01\x03"s, 0x01, false, 3},
		{"5.7 last fragment", "\x80\x02"s, 0x80, false, 2},
		{"5.7 ping", "\x89\x05"s, 0x89, false, 5},
		{"5.7 masked pong", "\x8a\x85\x37\xfa\x21\x3d"s, 0x8a, true, 5},
		{"5.7 binary, 256 bytes", "\x82\x7e\x01\x00"s, 0x82, false, 256},
		{"5.7 binary, 64 KiB", "\x82\x7f\x00\x00\x00\x00\x00\x01\x00\x00"s, 0x82, false, 65536},
		{"5.2 length 0", "\x82\x00"s, 0x82, false, 0},
		{"5.2 length 0, masked", "\x82\x80\x37\xfa\x21\x3d"s, 0x82, true, 0},
		{"5.2 length 125", "\x82\x7d"s, 0x82, false, 125},
		{"5.2 length 125, masked", "\x82\xfd\x37\xfa\x21\x3d"s, 0x82, true, 125},
		{"5.2 length 126", "\x82\x7e\x00\x7e"s, 0x82, false, 126},
		{"5.2 length 126, masked", "\x82\xfe\x00\x7e\x37\xfa\x21\x3d"s, 0x82, true, 126},
		{"5.2 length 127", "\x82\x7e\x00\x7f"s, 0x82, false, 127},
		{"5.2 length 65535", "\x82\x7e\xff\xff"s, 0x82, false, 65535},
		{"5.2 length 65535, masked", "\x82\xfe\xff\xff\x37\xfa\x21\x3d"s, 0x82, true, 65535},
		{"5.2 length 65536, masked", "\x82\xff\x00\x00\x00\x00\x00\x01\x00\x00\x37\xfa\x21\x3d"s, 0x82, true, 65536},
		{"5.2 length 2^31", "\x82\x7f\x00\x00\x00\x00\x80\x00\x00\x00"s, 0x82, false, 0x80000000ULL},
		{"5.2 length 2^32 + 1", "\x82\x7f\x00\x00\x00\x01\x00\x00\x00\x01"s, 0x82, false, 0x100000001ULL},
		{"5.2 length 2^63 - 1", "\x82\x7f\x7f\xff\xff\xff\xff\xff\xff\xff"s, 0x82, false, BIT_63 - 1},
		{"5.2 length 2^63 - 1, masked", "\x82\xff\x7f\xff\xff\xff\xff\xff\xff\xff\x37\xfa\x21\x3d"s, 0x82, true, BIT_63 - 1},
		{"5.2 every byte of a length", "\x82\x7f\x01\x02\x03\x04\x05\x06\x07\x08"s, 0x82, false, 0x0102030405060708ULL},
		{"5.2 all flags", "\xff\x00"s, 0xff, false, 0},
		{"5.2 no flags", "\x00\x00"s, 0x00, false, 0}
	};

	struct MalformedRow
	{
		const char* rule;
		std::string wire; // until it is known
	};

	const MalformedRow MALFORMEDS[] =
	{
		{"5.2 length 0 in 2 bytes", "\x82\x7e\x00\x00"s},
		{"5.2 length 125 in 2 bytes", "\x82\x7e\x00\x7d"s},
		{"5.2 length 125 in 2 bytes, masked", "\x82\xfe\x00\x7d"s},
		{"5.2 length 0 in 8 bytes", "\x82\x7f\x00\x00\x00\x00\x00\x00\x00\x00"s},
		{"5.2 length 125 in 8 bytes", "\x82\x7f\x00\x00\x00\x00\x00\x00\x00\x7d"s},
		{"5.2 length 126 in 8 bytes", "\x82\x7f\x00\x00\x00\x00\x00\x00\x00\x7e"s},
		{"5.2 length 65535 in 8 bytes", "\x82\x7f\x00\x00\x00\x00\x00\x00\xff\xff"s},
		{"5.2 length 65535 in 8 bytes, masked", "\x82\xff\x00\x00\x00\x00\x00\x00\xff\xff"s},
		{"5.2 length 2^63", "\x82\x7f\x80\x00\x00\x00\x00\x00\x00\x00"s},
		{"5.2 length 2^63, masked", "\x82\xff\x80\x00\x00\x00\x00\x00\x00\x00"s},
		{"5.2 length 2^64 - 1", "\x82\x7f\xff\xff\xff\xff\xff\xff\xff\xff"s}
	};

	struct CodeRow
	{
		int first;
		int last;
		bool allowed;
		const char* rule;
	};

	const CodeRow CLOSE_CODES[] =
		/// All there are, in their order.
	{
		{0, 999, false, "7.4.2 not used"},
		{1000, 1003, true, "7.4.1 normal closure, going away, protocol error, unacceptable data"},
		{1004, 1004, false, "7.4.1 reserved"},
		{1005, 1005, false, "7.4.1 no status code was present"},
		{1006, 1006, false, "7.4.1 closed without a Close frame"},
		{1007, 1011, true, "7.4.1 inconsistent data, policy, too big, extension needed, unexpected condition"},
		{1012, 1014, true, "11.7 registered later: restart, try again later, bad gateway"},
		{1015, 1015, false, "7.4.1 TLS failure"},
		{1016, 2999, false, "7.4.2 for future versions and extensions"},
		{3000, 3999, true, "7.4.2 libraries and frameworks"},
		{4000, 4999, true, "7.4.2 private use"},
		{5000, 65535, false, "7.4.2 not defined"}
	};
}


TEST(WebSocketFrameTest, Section5_2_ParseAndBuild)
{
	for (const HeaderRow& row: HEADERS)
	{
		SCOPED_TRACE(row.rule);
		WebSocketFrameHeader header;
		ASSERT_EQ(OK, parse(row.wire, row.wire.size(), header));
		EXPECT_EQ(row.flags, header.flags);
		EXPECT_EQ(row.masked, header.masked);
		EXPECT_EQ(row.payloadLength, header.payloadLength);
		EXPECT_EQ(row.wire.size(), header.length);
		EXPECT_EQ(row.masked ? "\x37\xfa\x21\x3d"s : "\0\0\0\0"s, std::string(reinterpret_cast<const char*>(header.key), 4));

		EXPECT_EQ(row.wire, build(row.flags, row.masked, row.payloadLength));
	}
}


TEST(WebSocketFrameTest, Section5_2_ParseNeedsTheWholeHeaderAndNoMore)
{
	for (const HeaderRow& row: HEADERS)
	{
		SCOPED_TRACE(row.rule);
		for (std::size_t length = 0; length < row.wire.size(); ++length)
		{
			WebSocketFrameHeader header;
			header.flags = 0x5a;
			header.masked = true;
			header.key[0] = header.key[3] = 0x5a;
			header.payloadLength = 4711;
			header.length = 99;
			EXPECT_EQ(NEED_MORE, parse(row.wire, length, header)) << length;
			EXPECT_EQ(0x5a, header.flags);
			EXPECT_TRUE(header.masked);
			EXPECT_EQ(0x5a, header.key[0]);
			EXPECT_EQ(0x5a, header.key[3]);
			EXPECT_EQ(4711u, header.payloadLength);
			EXPECT_EQ(99u, header.length);
		}
		WebSocketFrameHeader header;
		EXPECT_EQ(OK, parse(row.wire + "more", row.wire.size() + 4, header));
		EXPECT_EQ(row.wire.size(), header.length);
		EXPECT_EQ(row.payloadLength, header.payloadLength);
	}
}


TEST(WebSocketFrameTest, Section5_2_LengthNeeded)
{
	for (const HeaderRow& row: HEADERS)
	{
		SCOPED_TRACE(row.rule);
		EXPECT_EQ(2u, WebSocketFrameHeader::lengthNeeded(nullptr, 0));
		for (std::size_t length = 1; length <= row.wire.size(); ++length)
		{
			const std::vector<char> exact(row.wire.begin(), row.wire.begin() + static_cast<std::ptrdiff_t>(length));
			EXPECT_EQ(length < 2 ? 2 : row.wire.size(), WebSocketFrameHeader::lengthNeeded(exact.data(), length)) << length;
		}
	}
}


TEST(WebSocketFrameTest, Section5_2_Malformed)
{
	for (const MalformedRow& row: MALFORMEDS)
	{
		SCOPED_TRACE(row.rule);
		for (const std::string& rest: {""s, "\x37\xfa\x21\x3d"s, "\x37\xfa\x21\x3dpayload"s})
		{
			WebSocketFrameHeader header;
			header.payloadLength = 4711;
			EXPECT_EQ(MALFORMED, parse(row.wire + rest, row.wire.size() + rest.size(), header));
			EXPECT_EQ(4711u, header.payloadLength);
		}
		WebSocketFrameHeader header;
		for (std::size_t length = 0; length < 3; ++length) EXPECT_EQ(NEED_MORE, parse(row.wire, length, header)) << length;
	}
}


TEST(WebSocketFrameTest, Section5_2_EveryShortLength)
{
	for (Poco::UInt64 length = 0; length <= 70000; length += length < 300 || length > 65500 ? 1 : 11)
	{
		for (bool masked: {false, true})
		{
			const std::string wire = build(0x82, masked, length);
			const std::size_t expected = (length < 126 ? 2u : length < 65536 ? 4u : 10u) + (masked ? 4u : 0u);
			ASSERT_EQ(expected, wire.size()) << length;
			WebSocketFrameHeader header;
			ASSERT_EQ(OK, parse(wire, wire.size(), header)) << length;
			ASSERT_EQ(length, header.payloadLength);
			ASSERT_EQ(masked, header.masked);
		}
	}
}


TEST(WebSocketFrameTest, Section5_2_EveryFirstByte)
{
	for (int first = 0; first < 256; ++first)
	{
		WebSocketFrameHeader header;
		ASSERT_EQ(OK, parse({static_cast<char>(first), '\x05'}, 2, header));
		EXPECT_EQ(first, header.flags);
		EXPECT_EQ(first >= 128, header.fin()) << first;
		EXPECT_EQ(first & 0x70, header.rsv()) << first;
		EXPECT_EQ(first % 16, header.opcode()) << first;
		EXPECT_EQ(first % 16 >= 8, header.control()) << first;
	}
}


TEST(WebSocketFrameTest, Section7_4_EveryCloseCode)
{
	int code = 0;
	for (const CodeRow& row: CLOSE_CODES)
	{
		ASSERT_EQ(code, row.first) << "the table leaves something out";
		for (; code <= row.last; ++code) ASSERT_EQ(row.allowed, WebSocketFrame::isCloseCode(code)) << code << ": " << row.rule;
	}
	EXPECT_EQ(65536, code);
	EXPECT_FALSE(WebSocketFrame::isCloseCode(-1));
	EXPECT_FALSE(WebSocketFrame::isCloseCode(65536 + 1000));
}


TEST(WebSocketFrameTest, Section5_5_1_BuildClose)
{
	struct Row
	{
		int code;
		std::string reason;
		std::string expected;
	};
	const std::string euro = "\xe2\x82\xac";
	const Row rows[] =
	{
		{1000, "", "\x03\xe8"s},
		{1002, "bye", "\x03\xea"s + "bye"},
		{4999, "x", "\x13\x87"s + "x"},
		{1000, std::string(123, 'r'), "\x03\xe8"s + std::string(123, 'r')},
		{1000, std::string(124, 'r'), "\x03\xe8"s + std::string(123, 'r')},
		{1000, std::string(5000, 'r'), "\x03\xe8"s + std::string(123, 'r')},
		{1000, std::string(120, 'r') + euro, "\x03\xe8"s + std::string(120, 'r') + euro},
		{1000, std::string(121, 'r') + euro, "\x03\xe8"s + std::string(121, 'r')},
		{1000, std::string(122, 'r') + euro, "\x03\xe8"s + std::string(122, 'r')},
		{1000, std::string(123, 'r') + euro, "\x03\xe8"s + std::string(123, 'r')}
	};
	for (const Row& row: rows)
	{
		char payload[WebSocketFrame::MAX_CONTROL_PAYLOAD + 1];
		payload[WebSocketFrame::MAX_CONTROL_PAYLOAD] = '\x5a';
		const std::size_t length = WebSocketClosePayload::build(payload, row.code, row.reason);
		EXPECT_EQ(row.expected, std::string(payload, length)) << row.code << ", reason of " << row.reason.size() << " bytes";
		EXPECT_EQ('\x5a', payload[WebSocketFrame::MAX_CONTROL_PAYLOAD]);
	}
	char payload[WebSocketFrame::MAX_CONTROL_PAYLOAD];
	EXPECT_EQ(2u, WebSocketClosePayload::build(payload, 1000, std::string_view()));
}


TEST(WebSocketFrameTest, Section5_5_1_CloseCode)
{
	EXPECT_EQ(0, WebSocketClosePayload::code("\0\0"));
	EXPECT_EQ(1, WebSocketClosePayload::code("\0\x01"));
	EXPECT_EQ(0xff80, WebSocketClosePayload::code("\xff\x80"));
	for (int code = 0; code <= 0xffff; ++code)
	{
		char payload[WebSocketFrame::MAX_CONTROL_PAYLOAD];
		ASSERT_EQ(4u, WebSocketClosePayload::build(payload, code, "no"));
		const std::vector<char> exact(payload, payload + 2);
		ASSERT_EQ(code, WebSocketClosePayload::code(exact.data()));
	}
}
