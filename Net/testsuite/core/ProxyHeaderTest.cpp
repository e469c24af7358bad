//
// ProxyHeaderTest.cpp
//
// Library: PocoWebSocket
// Package: Tests
// Module:  WebSocketProxyHeaderTest
//
// The PROXY protocol, by section of its specification: each header in every cut, and what is none.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "core/ProxyHeader.h"
#include <gtest/gtest.h>
#include <string>
#include <vector>
#include <arpa/inet.h>
#include <sys/socket.h>


using Poco::Net::WebSocketNode;
using Poco::Net::WebSocketProxyHeader;
using Poco::Net::WebSocketScheme;


namespace
{
	const std::string MALFORMED = "malformed";

	std::string bytes(std::initializer_list<int> values)
	{
		std::string result;
		for (const int value: values) result += static_cast<char>(value);
		return result;
	}

	std::string number(std::size_t value)
		/// Two bytes in network byte order.
	{
		return bytes({static_cast<int>(value >> 8), static_cast<int>(value & 0xff)});
	}

	std::string binary(int command, int family, const std::string& rest)
		/// 2.2
	{
		return std::string("\r\n\r\n\0\r\nQUIT\n", 12) + bytes({command, family}) + number(rest.size()) + rest;
	}

	std::string tlv(int type, const std::string& value)
	{
		return bytes({type}) + number(value.size()) + value;
	}

	const std::string IPV4 = bytes({192, 0, 2, 1, 192, 0, 2, 2}) + number(4711) + number(443);
	const std::string IPV6 = bytes({0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}) + std::string(16, '\x7f') + number(4712) + number(443);
	const std::string MAPPED = std::string(10, '\0') + "\xff\xff" + bytes({192, 0, 2, 3}) + std::string(16, '\0') + number(1) + number(2);
	const std::string PATHS = "/run/a" + std::string(102, '\0') + "/run/b" + std::string(102, '\0');
	const std::string OVER_TLS = tlv(0x20, bytes({1, 0, 0, 0, 0}) + tlv(0x21, "TLSv1.3"));

	std::string withChecksum(int family, const std::string& before, const std::string& behind, unsigned change = 0)
		/// 2.2.3; computed in another way than the library does: a bit at a time, the highest first, of reflected bytes.
	{
		const std::string header = binary(0x21, family, before + tlv(3, std::string(4, '\0')) + behind);
		unsigned crc = 0xffffffff;
		for (const char c: header)
		{
			for (int bit = 0; bit < 8; ++bit)
			{
				const unsigned top = crc >> 31 ^ (static_cast<unsigned char>(c) >> bit & 1u);
				crc = crc << 1 ^ (top ? 0x1edc6f41u : 0u);
			}
		}
		unsigned reflected = 0;
		for (int bit = 0; bit < 32; ++bit) reflected |= (crc >> bit & 1u) << (31 - bit);
		reflected = ~reflected ^ change;
		return binary(0x21, family, before + tlv(3, number(reflected >> 16) + number(reflected & 0xffff)) + behind);
	}

	std::string outcome(const WebSocketProxyHeader& header)
	{
		const WebSocketNode& client = header.proxied.client;
		char address[INET6_ADDRSTRLEN] = "-";
		if (client.known()) ::inet_ntop(client.family == WebSocketNode::IPV4 ? AF_INET : AF_INET6, client.bytes.data(), address, sizeof(address));
		const char* const pScheme = header.proxied.scheme == WebSocketScheme::SECURE ? " secure" : header.proxied.scheme == WebSocketScheme::PLAIN ? " plain" : "";
		return std::string(address) + " " + std::to_string(client.port) + pScheme;
	}

	std::string parsed(const std::string& text)
		/// Parses each beginning of the text, and with something behind it. MALFORMED is final.
	{
		std::string result;
		for (std::size_t length = 0; length <= text.size(); ++length)
		{
			const std::string part = text.substr(0, length); // the sanitizer sees who reads beyond
			WebSocketProxyHeader header;
			header.size = 1;
			const WebSocketProxyHeader::Result outcomeOfPart = WebSocketProxyHeader::parse(part, header);
			EXPECT_TRUE(outcomeOfPart == WebSocketProxyHeader::COMPLETE || header.size == 1) << "unchanged";
			if (!result.empty())
			{
				EXPECT_EQ(result, outcomeOfPart == WebSocketProxyHeader::MALFORMED ? MALFORMED : outcomeOfPart == WebSocketProxyHeader::COMPLETE ? outcome(header) : "more") << text << ' ' << length;
				continue;
			}
			if (outcomeOfPart == WebSocketProxyHeader::MALFORMED) result = MALFORMED;
			if (outcomeOfPart != WebSocketProxyHeader::COMPLETE) continue;
			EXPECT_EQ(length, header.size);
			result = outcome(header);
			WebSocketProxyHeader other;
			EXPECT_EQ(WebSocketProxyHeader::COMPLETE, WebSocketProxyHeader::parse(part + "\r\nGET / HTTP/1.1\r\n", other));
			EXPECT_EQ(length, other.size);
			EXPECT_EQ(result, outcome(other));
		}
		return result.empty() ? "more" : result;
	}
}


TEST(WebSocketProxyHeaderTest, Version1)
{
	const std::string longest = "PROXY UNKNOWN ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n";
	ASSERT_EQ(107u, longest.size());
	const struct
	{
		const char* what;
		std::string text;
		std::string outcome;
	}
	rows[] =
	{
		{"2.1: the example", "PROXY TCP4 192.168.0.1 192.168.0.11 56324 443\r\n", "192.168.0.1 56324"},
		{"2.1: longest of IPv4", "PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n", "255.255.255.255 65535"},
		{"2.1: longest of IPv6", "PROXY TCP6 FFFF:ffff:ffff:ffff:ffff:ffff:ffff:fffe ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe 65535"},
		{"2.1: a gap", "PROXY TCP6 2001:db8::1 :: 1 0\r\n", "2001:db8::1 1"},
		{"mapped, as inet_ntop() writes it", "PROXY TCP6 ::ffff:192.0.2.1 ::1 1 2\r\n", "192.0.2.1 1"},
		{"2.1: unknown, short", "PROXY UNKNOWN\r\n", "- 0"},
		{"2.1: unknown, worst case", longest, "- 0"},
		{"2.1: unknown, anything", "PROXY UNKNOWN x\ry\nz \r\n", "- 0"},
		{"2.1: other protocols", "PROXY UDP4 192.0.2.1 192.0.2.2 1 2\r\n", MALFORMED},
		{"2.1: case", "proxy TCP4 192.0.2.1 192.0.2.2 1 2\r\n", MALFORMED},
		{"2.1: case", "PROXY tcp4 192.0.2.1 192.0.2.2 1 2\r\n", MALFORMED},
		{"2.1: UNKNOWN with more", "PROXY UNKNOWNS\r\n", MALFORMED},
		{"2.1: nothing", "PROXY \r\n", MALFORMED},
		{"2.1: exactly one space", "PROXY  TCP4 192.0.2.1 192.0.2.2 1 2\r\n", MALFORMED},
		{"2.1: exactly one space", "PROXY TCP4  192.0.2.1 192.0.2.2 1 2\r\n", MALFORMED},
		{"2.1: exactly one space", "PROXY TCP4 192.0.2.1 192.0.2.2 1  2\r\n", MALFORMED},
		{"2.1: a space at the end", "PROXY TCP4 192.0.2.1 192.0.2.2 1 2 \r\n", MALFORMED},
		{"2.1: more words", "PROXY TCP4 192.0.2.1 192.0.2.2 1 2 3\r\n", MALFORMED},
		{"2.1: fewer words", "PROXY TCP4 192.0.2.1 192.0.2.2 1\r\n", MALFORMED},
		{"2.1: fewer words", "PROXY TCP4 192.0.2.1 192.0.2.2\r\n", MALFORMED},
		{"2.1: fewer words", "PROXY TCP4 192.0.2.1\r\n", MALFORMED},
		{"2.1: fewer words", "PROXY TCP4\r\n", MALFORMED},
		{"2.1: the family of the source", "PROXY TCP4 2001:db8::1 192.0.2.2 1 2\r\n", MALFORMED},
		{"2.1: the family of the source", "PROXY TCP6 192.0.2.1 2001:db8::1 1 2\r\n", MALFORMED},
		{"2.1: the family of the destination", "PROXY TCP4 192.0.2.2 2001:db8::1 1 2\r\n", MALFORMED},
		{"2.1: leading zeros", "PROXY TCP4 192.0.02.1 192.0.2.2 1 2\r\n", MALFORMED},
		{"2.1: leading zeros", "PROXY TCP4 192.0.2.1 192.0.2.2 01 2\r\n", MALFORMED},
		{"2.1: ports", "PROXY TCP4 192.0.2.1 192.0.2.2 65536 2\r\n", MALFORMED},
		{"2.1: ports", "PROXY TCP4 192.0.2.1 192.0.2.2 1 65536\r\n", MALFORMED},
		{"2.1: a port that is a name", "PROXY TCP4 192.0.2.1 192.0.2.2 1 _http\r\n", MALFORMED},
		{"2.1: an address in brackets", "PROXY TCP6 [::1] ::1 1 2\r\n", MALFORMED},
		{"2.1: LF alone is no end", "PROXY TCP4 192.0.2.1 192.0.2.2 1 2\n", "more"},
		{"2.1: LF alone is no end", "PROXY TCP4 192.0.2.1 192.0.2.2 1 2\nGET / HTTP/1.1\r\n", MALFORMED},
		{"2.1: CR alone is no end", "PROXY TCP4 192.0.2.1 192.0.2.2 1 2\rGET / HTTP/1.1\r\n", MALFORMED},
		{"2.1: no end in 107 bytes", "PROXY UNKNOWN " + std::string(93, 'x'), MALFORMED},
		{"2.1: an end that is one byte too late", "PROXY UNKNOWN " + std::string(92, 'x') + "\r\n", MALFORMED},
		{"2.1: an end in time", "PROXY UNKNOWN " + std::string(91, 'x') + "\r\n", "- 0"},
		{"nothing", "", "more"},
		{"2: it is not guessed", "GET / HTTP/1.1\r\n", MALFORMED},
		{"2: it is not guessed", "PROXIES\r\n", MALFORMED},
		{"2: TLS", "\x16\x03\x01\x02", MALFORMED}
	};
	for (const auto& row: rows) EXPECT_EQ(row.outcome, parsed(row.text)) << row.what << ": " << row.text;
}


TEST(WebSocketProxyHeaderTest, Version2)
{
	const std::string padding = tlv(4, std::string(4096 - 16 - 12 - 3, 'x'));
	const struct
	{
		const char* what;
		std::string text;
		std::string outcome;
	}
	rows[] =
	{
		{"2.2: TCP over IPv4", binary(0x21, 0x11, IPV4), "192.0.2.1 4711"},
		{"2.2: TCP over IPv6", binary(0x21, 0x21, IPV6), "2001:db8::1 4712"},
		{"mapped", binary(0x21, 0x21, MAPPED), "192.0.2.3 1"},
		{"2.2: UNIX stream", binary(0x21, 0x31, PATHS), "- 0"},
		{"2.2: UNIX datagram", binary(0x21, 0x32, PATHS), "- 0"},
		{"2.2: UDP", binary(0x21, 0x12, IPV4), "- 0"},
		{"2.2: UNSPEC", binary(0x21, 0x00, ""), "- 0"},
		{"2.2: UNSPEC with bytes to be skipped", binary(0x21, 0x00, "xy"), "- 0"},
		{"2.2: an unspecified transport", binary(0x21, 0x10, IPV4), "- 0"},
		{"2.2: an unspecified family", binary(0x21, 0x01, IPV4), "- 0"},
		{"2.2: LOCAL", binary(0x20, 0x00, ""), "- 0"},
		{"2.2: LOCAL with an address, which is discarded", binary(0x20, 0x11, IPV4), "- 0"},
		{"2.2: LOCAL, whose family is ignored", binary(0x20, 0xff, "xyz"), "- 0"},
		{"2.2: another command", binary(0x22, 0x11, IPV4), MALFORMED},
		{"2.2: another version", binary(0x11, 0x11, IPV4), MALFORMED},
		{"2.2: another version", binary(0x31, 0x11, IPV4), MALFORMED},
		{"2.2: another family", binary(0x21, 0x41, IPV4), MALFORMED},
		{"2.2: another transport", binary(0x21, 0x13, IPV4), MALFORMED},
		{"2.2: another signature", std::string("\r\n\r\n\0\r\nQUIT\r", 12), MALFORMED},
		{"2.2: an address that is cut", binary(0x21, 0x11, IPV4.substr(0, 11)), MALFORMED},
		{"2.2: an address that is cut", binary(0x21, 0x21, IPV6.substr(0, 35)), MALFORMED},
		{"2.2: an address that is cut", binary(0x21, 0x31, PATHS.substr(0, 215)), MALFORMED},
		{"2.2: TLVs are skipped", binary(0x21, 0x11, IPV4 + tlv(1, "http/1.1") + tlv(2, "example.com") + tlv(4, "") + tlv(0xee, "x")), "192.0.2.1 4711"},
		{"2.2: a TLV that is cut", binary(0x21, 0x11, IPV4 + tlv(1, "http/1.1").substr(0, 10)), MALFORMED},
		{"2.2: a TLV that is cut", binary(0x21, 0x11, IPV4 + bytes({1, 0})), MALFORMED},
		{"2.2.3: checksum", withChecksum(0x11, IPV4, ""), "192.0.2.1 4711"},
		{"2.2.3: checksum between others", withChecksum(0x21, IPV6 + tlv(2, "a"), OVER_TLS), "2001:db8::1 4712 secure"},
		{"2.2.3: a wrong one", withChecksum(0x11, IPV4, "", 1), MALFORMED},
		{"2.2.3: a wrong one", withChecksum(0x11, IPV4, "", 0x80000000), MALFORMED},
		{"2.2.3: of another size", binary(0x21, 0x11, IPV4 + tlv(3, "abc")), MALFORMED},
		{"2.2.6: SSL", binary(0x21, 0x11, IPV4 + OVER_TLS), "192.0.2.1 4711 secure"},
		{"2.2.6: SSL of an unknown client", binary(0x21, 0x31, PATHS + OVER_TLS), "- 0 secure"},
		{"2.2.6: not over SSL", binary(0x21, 0x11, IPV4 + tlv(0x20, bytes({0, 0, 0, 0, 1}))), "192.0.2.1 4711 plain"},
		{"2.2.6: too short", binary(0x21, 0x11, IPV4 + tlv(0x20, bytes({1, 0, 0, 0}))), MALFORMED},
		{"as long as is taken", binary(0x21, 0x11, IPV4 + padding), "192.0.2.1 4711"},
		{"too long", binary(0x21, 0x11, IPV4 + padding + "x"), MALFORMED},
		{"far too long", binary(0x21, 0x11, std::string(65535, 'x')).substr(0, 100), MALFORMED}
	};
	for (const auto& row: rows) EXPECT_EQ(row.outcome, parsed(row.text)) << row.what;
	EXPECT_EQ(4096u, static_cast<std::size_t>(WebSocketProxyHeader::MAX_SIZE));
}


TEST(WebSocketProxyHeaderTest, ChecksumOfHAProxy)
	/// What HAProxy 2.6 has sent with send-proxy-v2 and proxy-v2-options crc32c,unique-id.
{
	const std::string tlvs = tlv(3, "\x3c\x20\x25\xde") + tlv(5, "--");
	EXPECT_EQ("127.0.0.1 38134", parsed(binary(0x21, 0x11, bytes({127, 0, 0, 1, 127, 0, 0, 1}) + number(38134) + number(50281) + tlvs)));
	EXPECT_EQ(MALFORMED, parsed(binary(0x21, 0x11, bytes({127, 0, 0, 2, 127, 0, 0, 1}) + number(38134) + number(50281) + tlvs)));
}
