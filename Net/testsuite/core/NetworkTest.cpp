//
// NetworkTest.cpp
//
// Library: PocoWebSocket
// Package: Tests
// Module:  WebSocketNetworkTest
//
// Addresses and networks, as they stand in fields, in PROXY headers and in a list of trusted proxies.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "core/Network.h"
#include <gtest/gtest.h>
#include <random>
#include <string>
#include <vector>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>


using Poco::Net::WebSocketNetwork;
using Poco::Net::WebSocketNode;


namespace
{
	std::string text(const WebSocketNode& node)
		/// As the system writes it, with a port that is known.
	{
		char buffer[INET6_ADDRSTRLEN] = "";
		if (!node.known()) return node.port > 0 ? "unknown:" + std::to_string(node.port) : "unknown";
		::inet_ntop(node.family == WebSocketNode::IPV4 ? AF_INET : AF_INET6, node.bytes.data(), buffer, sizeof(buffer));
		const std::string address = node.family == WebSocketNode::IPV4 ? buffer : "[" + std::string(buffer) + "]";
		return node.port > 0 ? address + ":" + std::to_string(node.port) : address;
	}

	WebSocketNode address(const std::string& text)
	{
		WebSocketNode node;
		EXPECT_TRUE(WebSocketNode::parseAddress(text, node)) << text;
		return node;
	}

	bool isSystems(const std::string& text, unsigned char* pBytes)
		/// Asks inet_pton().
	{
		if (::inet_pton(AF_INET6, text.c_str(), pBytes) == 1) return true;
		return ::inet_pton(AF_INET, text.c_str(), pBytes) == 1;
	}
}


TEST(WebSocketNetworkTest, Nodes)
{
	const char* const NONE = "refused";
	const struct
	{
		const char* text;
		const char* node;
	}
	rows[] =
	{
		{"192.0.2.43", "192.0.2.43"},
		{"0.0.0.0", "0.0.0.0"},
		{"255.255.255.255", "255.255.255.255"},
		{"256.0.0.1", NONE},
		{"1.2.3", NONE},
		{"1.2.3.4.5", NONE},
		{"1.2.3.", NONE},
		{"1..3.4", NONE},
		{"01.2.3.4", NONE}, // octal, for some
		{"0x1.2.3.4", NONE},
		{"1.2.3.4 ", NONE},
		{"1000000.2.3.4", NONE},
		{"", NONE},
		{"localhost", NONE},
		{"RFC 4291, 2.2", NONE},
		{"2001:db8::1", "[2001:db8::1]"},
		{"::", "[::]"},
		{"::1", "[::1]"},
		{"1::", "[1::]"},
		{"1:2:3:4:5:6:7:8", "[1:2:3:4:5:6:7:8]"},
		{"1:2:3:4:5:6:7::", "[1:2:3:4:5:6:7:0]"},
		{"::2:3:4:5:6:7:8", "[0:2:3:4:5:6:7:8]"},
		{"ABCD:ef01::", "[abcd:ef01::]"},
		{"64:ff9b::192.0.2.33", "[64:ff9b::c000:221]"},
		{"1:2:3:4:5:6:1.2.3.4", "[1:2:3:4:5:6:102:304]"},
		{"1:2:3:4:5:6:7:1.2.3.4", NONE},
		{"1:2:3:4:5:6:7:8:9", NONE},
		{"1:2:3:4:5:6:7:8::", NONE},
		{"1:2:3:4:5:6:7", NONE},
		{"1::2::3", NONE},
		{":::", NONE},
		{"1:", NONE},
		{":1", NONE},
		{"::12345", NONE},
		{"::g", NONE},
		{"::1.2.3", NONE},
		{"::1.2.3.4:5", NONE},
		{"fe80::1%eth0", NONE}, // no zone has a meaning elsewhere
		{"::ffff:192.0.2.1", "192.0.2.1"}, // 2.5.5.2: mapped
		{"::FFFF:c000:0201", "192.0.2.1"},
		{"192.0.2.43:47011", "192.0.2.43:47011"}, // RFC 7239, 6
		{"[2001:db8:cafe::17]", "[2001:db8:cafe::17]"},
		{"[2001:db8:cafe::17]:4711", "[2001:db8:cafe::17]:4711"},
		{"[::ffff:10.0.0.1]:80", "10.0.0.1:80"},
		{"[2001:db8:cafe::17", NONE},
		{"[2001:db8:cafe::17]4711", NONE},
		{"[192.0.2.43]", NONE}, // 6.1
		{"[unknown]", NONE},
		{"[]", NONE},
		{"[:x]", NONE},
		{"1.2.3.4:", NONE},
		{"1.2.3.4:65535", "1.2.3.4:65535"},
		{"1.2.3.4:65536", NONE},
		{"1.2.3.4:080", NONE},
		{"1.2.3.4:123456", NONE},
		{"1.2.3.4:8x", NONE},
		{"1.2.3.4:_http-1", "1.2.3.4"}, // 6.2: a port may be a name
		{"1.2.3.4:_", NONE},
		{"unknown", "unknown"}, // 6.3
		{"Unknown:80", "unknown:80"},
		{"unknow", NONE},
		{"_gazonk", "unknown"},
		{"_SEVKISEK.b-c_d:_p", "unknown"},
		{"_", NONE},
		{"_a b", NONE},
		{"gazonk", NONE}
	};
	for (const auto& row: rows)
	{
		WebSocketNode node;
		node.port = 1;
		const bool parsed = WebSocketNode::parse(row.text, node);
		EXPECT_EQ(row.node, parsed ? text(node) : NONE) << row.text;
		if (parsed) continue;
		EXPECT_EQ("unknown:1", text(node)) << row.text << " changes nothing";
	}
}


TEST(WebSocketNetworkTest, AddressesAreThoseOfTheSystem)
{
	std::mt19937 random(1);
	const std::string alphabet = "012f:::..";
	int addresses = 0;
	for (int i = 0; i < 200000; ++i)
	{
		std::string text;
		for (std::size_t length = 2 + random()%14; text.size() < length;) text += alphabet[random()%alphabet.size()];
		unsigned char bytes[16] = {};
		const bool theirs = isSystems(text, bytes);
		WebSocketNode node;
		const bool ours = WebSocketNode::parseAddress(text, node);
		ASSERT_EQ(theirs, ours) << text;
		if (!ours) continue;
		++addresses;
		const WebSocketNode expected = WebSocketNode::ofBytes(text.find(':') == std::string::npos ? WebSocketNode::IPV4 : WebSocketNode::IPV6, bytes);
		ASSERT_EQ(expected.bytes, node.bytes) << text;
	}
	EXPECT_GT(addresses, 1000);
}


TEST(WebSocketNetworkTest, Networks)
{
	const struct
	{
		const char* network;
		std::vector<const char*> inside;
		std::vector<const char*> outside;
	}
	rows[] =
	{
		{"10.0.0.0/8", {"10.0.0.0", "10.255.255.255", "::ffff:10.1.2.3"}, {"9.255.255.255", "11.0.0.0", "::10.0.0.1", "a00::"}},
		{"192.168.4.0/23", {"192.168.4.0", "192.168.5.255"}, {"192.168.6.0", "192.168.3.255"}},
		{"192.0.2.1", {"192.0.2.1"}, {"192.0.2.0", "192.0.2.2"}},
		{"192.0.2.1/32", {"192.0.2.1"}, {"192.0.2.0"}},
		{"192.0.2.128/25", {"192.0.2.128", "192.0.2.255"}, {"192.0.2.127"}},
		{"0.0.0.0/0", {"0.0.0.0", "255.255.255.255"}, {"::1"}},
		{"2001:db8::/32", {"2001:db8::", "2001:db8:ffff::1"}, {"2001:db9::", "2001:db7:ffff::"}},
		{"2001:db8::/29", {"2001:db8::", "2001:dbf:ffff::1"}, {"2001:dc0::"}},
		{"::1", {"::1"}, {"::", "::2", "0.0.0.1"}},
		{"::/0", {"::", "ffff::"}, {"1.2.3.4"}},
		{"::ffff:10.0.0.0/104", {"10.1.2.3"}, {"11.0.0.0"}},
		{"::ffff:0:0/96", {"1.2.3.4"}, {"::1"}}
	};
	for (const auto& row: rows)
	{
		WebSocketNetwork network;
		ASSERT_TRUE(WebSocketNetwork::parse(row.network, network)) << row.network;
		for (const char* pText: row.inside) EXPECT_TRUE(network.contains(address(pText))) << row.network << ' ' << pText;
		for (const char* pText: row.outside) EXPECT_FALSE(network.contains(address(pText))) << row.network << ' ' << pText;
		EXPECT_FALSE(network.contains(WebSocketNode())) << row.network;
	}
}


TEST(WebSocketNetworkTest, UnixDomainSockets)
{
	WebSocketNetwork network;
	ASSERT_TRUE(WebSocketNetwork::parse("unix:", network));
	WebSocketNode node;
	node.family = WebSocketNode::UNIX;
	EXPECT_TRUE(network.contains(node));
	EXPECT_FALSE(network.contains(WebSocketNode()));
	EXPECT_FALSE(network.contains(address("0.0.0.0")));
	ASSERT_TRUE(WebSocketNetwork::parse("0.0.0.0/0", network));
	EXPECT_FALSE(network.contains(node));
}


TEST(WebSocketNetworkTest, NoNetworks)
{
	for (const char* pText:
	{
		"", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/08", "10.0.0.0/8/8", "10.0.0.0/255.0.0.0", "10/8", "all", "unix", "unix:/run/x",
		"10.0.0.1/8", "10.0.0.0/6", "192.0.2.129/25", "2001:db8::1/32", "2001:db8::/129", "::ffff:10.0.0.0/95", "[::1]", "127.0.0.1:80", " ::1", "fe80::1%lo"
	})
	{
		WebSocketNetwork network;
		ASSERT_TRUE(WebSocketNetwork::parse("192.0.2.7", network));
		EXPECT_FALSE(WebSocketNetwork::parse(pText, network)) << pText;
		EXPECT_TRUE(network.contains(address("192.0.2.7"))) << pText << " changes nothing";
	}
}
