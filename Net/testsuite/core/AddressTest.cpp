//
// AddressTest.cpp
//
// Library: PocoWebSocket
// Package: Tests
// Module:  WebSocketAddressTest
//
// What a URI names, and how that stands in the opening handshake.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "core/Address.h"
#include "core/Handshake.h"
#include <gtest/gtest.h>
#include <string>
#include <vector>


using Poco::Net::HTTPRequest;
using Poco::Net::WebSocketAddress;
using Poco::Net::WebSocketHandshake;


namespace
{
	const std::string REFUSED = "refused";

	WebSocketAddress address(const std::string& uri)
	{
		WebSocketAddress result;
		EXPECT_TRUE(WebSocketAddress().resolve(uri, result)) << uri;
		return result;
	}

	std::string resolved(const std::string& base, const std::string& reference)
	{
		WebSocketAddress result = address(base);
		const std::string before = result.uri();
		if (result.resolve(reference, result)) return result.uri();
		EXPECT_EQ(before, result.uri()) << "unchanged";
		return REFUSED;
	}
}


TEST(WebSocketAddressTest, References)
	/// RFC 3986, 5.4.1 and 5.4.2. What other schemes there would lead to is refused.
{
	const std::string a = "http://a:80";
	const std::vector<std::pair<std::string, std::string>> ROWS =
	{
		{"g:h", REFUSED},
		{"g", a + "/b/c/g"},
		{"./g", a + "/b/c/g"},
		{"g/", a + "/b/c/g/"},
		{"/g", a + "/g"},
		{"//g", "http://g:80/"},
		{"?y", a + "/b/c/d;p?y"},
		{"g?y", a + "/b/c/g?y"},
		{"#s", a + "/b/c/d;p?q"},
		{"g#s", a + "/b/c/g"},
		{"g?y#s", a + "/b/c/g?y"},
		{";x", a + "/b/c/;x"},
		{"g;x", a + "/b/c/g;x"},
		{"g;x?y#s", a + "/b/c/g;x?y"},
		{"", a + "/b/c/d;p?q"},
		{".", a + "/b/c/"},
		{"./", a + "/b/c/"},
		{"..", a + "/b/"},
		{"../", a + "/b/"},
		{"../g", a + "/b/g"},
		{"../..", a + "/"},
		{"../../", a + "/"},
		{"../../g", a + "/g"},

		{"../../../g", a + "/g"},
		{"../../../../g", a + "/g"},
		{"/./g", a + "/g"},
		{"/../g", a + "/g"},
		{"g.", a + "/b/c/g."},
		{".g", a + "/b/c/.g"},
		{"g..", a + "/b/c/g.."},
		{"..g", a + "/b/c/..g"},
		{"./../g", a + "/b/g"},
		{"./g/.", a + "/b/c/g/"},
		{"g/./h", a + "/b/c/g/h"},
		{"g/../h", a + "/b/c/h"},
		{"g;x=1/./y", a + "/b/c/g;x=1/y"},
		{"g;x=1/../y", a + "/b/c/y"},
		{"g?y/./x", a + "/b/c/g?y/./x"},
		{"g?y/../x", a + "/b/c/g?y/../x"},
		{"g#s/./x", a + "/b/c/g"},
		{"g#s/../x", a + "/b/c/g"},
		{"http:g", REFUSED},
	};
	for (const auto& row: ROWS) EXPECT_EQ(row.second, resolved("http://a/b/c/d;p?q", row.first)) << row.first;
}


TEST(WebSocketAddressTest, AnEmptyReference)
	/// RFC 3986, 5.2.2: the query of the base is kept, if it has one.
{
	EXPECT_EQ("http://a:80/b?q", resolved("http://a/b?q", ""));
	EXPECT_EQ("http://a:80/b", resolved("http://a/b", ""));
}


TEST(WebSocketAddressTest, Forms)
{
	const std::vector<std::pair<std::string, std::string>> ROWS =
	{
		// RFC 3986, 4.2: a network-path reference keeps the scheme
		{"//other/path", "https://other:443/path"},
		{"//other:81/path?q", "https://other:81/path?q"},
		{"//other?x=1", "https://other:443/?x=1"},
		{"//[::1]:82", "https://[::1]:82/"},
		{"//", REFUSED},
		{"//:80/", REFUSED},
		{"/a//b", "https://base:7741/a//b"},
		{".//b", "https://base:7741/c//b"},
		{"/.//b", "https://base:7741//b"},

		// an empty path
		{"wss://other", "https://other:443/"},
		{"wss://other?x=1", "https://other:443/?x=1"},
		{"wss://other/?", "https://other:443/?"},
		{"?x=1", "https://base:7741/c/d?x=1"},
		{"?", "https://base:7741/c/d?"},

		// schemes, in any case
		{"WS://other", "http://other:80/"},
		{"http://other", "http://other:80/"},
		{"HTTPS://other", "https://other:443/"},
		{"ftp://other", REFUSED},
		{"javascript:x", REFUSED},
		{"wss:path", REFUSED},
		{"wss:/path", REFUSED},
		{"://other", "https://base:7741/c/://other"},

		// ports
		{"ws://other:", "http://other:80/"},
		{"ws://other:0", REFUSED},
		{"ws://other:65535", "http://other:65535/"},
		{"ws://other:65536", REFUSED},
		{"ws://other:99999999999", REFUSED},
		{"ws://other:8o", REFUSED},
		{"ws://other:80:80", REFUSED},

		// hosts
		{"ws://[::1]", "http://[::1]:80/"},
		{"ws://[::ffff:1.2.3.4]:1/", "http://[::ffff:1.2.3.4]:1/"},
		{"ws://[::1", REFUSED},
		{"ws://[::1]x", REFUSED},
		{"ws://[]", REFUSED},
		{"ws://[host]", REFUSED},
		{"ws://::1", REFUSED},
		{"ws://ho st", REFUSED},
		{"ws://ho\\st", REFUSED},
		{"ws://xn--nxasmq6b.example", "http://xn--nxasmq6b.example:80/"},

		// RFC 9110, 4.2.4
		{"ws://user@other", REFUSED},
		{"ws://user:password@other", REFUSED},
		{"//user@other", REFUSED},
		{"/user@other", "https://base:7741/user@other"},

		// RFC 6455, 3
		{"ws://other/#f", REFUSED},
		{"wss://other#", REFUSED},
		{"https://other/a#f", "https://other:443/a"},

		// escapes
		{"/a%2Fb%2e%2E?%3f", "https://base:7741/a%2Fb%2e%2E?%3f"},
		{"/a b?c d\"<>^`{|}\\", "https://base:7741/a%20b?c%20d%22%3C%3E%5E%60%7B%7C%7D%5C"},
		{"/\xc3\xb6", "https://base:7741/%C3%B6"},
		{"/(a)!*'$,[]", "https://base:7741/(a)!*'$,[]"},
		{"%", REFUSED},
		{"/%4", REFUSED},
		{"/%4g", REFUSED},
		{"/%g4", REFUSED},
		{" /x\t", "https://base:7741/x"},
	};
	for (const auto& row: ROWS) EXPECT_EQ(row.second, resolved("wss://base:7741/c/d?e", row.first)) << row.first;
}


TEST(WebSocketAddressTest, Origins)
{
	const WebSocketAddress one = address("ws://Host/a");
	EXPECT_TRUE(one.sameOrigin(address("http://host:80/b")));
	EXPECT_FALSE(one.sameOrigin(address("http://host:81/a")));
	EXPECT_FALSE(one.sameOrigin(address("https://host:80/a")));
	EXPECT_FALSE(one.sameOrigin(address("http://other/a")));
}


TEST(WebSocketAddressTest, HostFieldAndAuthority)
{
	struct Row
	{
		bool secure;
		std::string host;
		Poco::UInt16 port;
		std::string hostField;
		std::string authority;
	};
	const std::vector<Row> ROWS =
	{
		{false, "host", 80, "host", "host:80"},
		{false, "host", 443, "host:443", "host:443"},
		{true, "host", 443, "host", "host:443"},
		{true, "host", 80, "host:80", "host:80"},
		{false, "1.2.3.4", 7741, "1.2.3.4:7741", "1.2.3.4:7741"},
		{false, "::1", 7741, "[::1]:7741", "[::1]:7741"},
		{false, "::1", 80, "[::1]", "[::1]:80"},
		{true, "[::1]", 80, "[::1]:80", "[::1]:80"},
		{true, "fe80::1%eth0", 443, "[fe80::1]", "[fe80::1]:443"}, // RFC 6874, 4
	};
	for (const Row& row: ROWS)
	{
		WebSocketAddress address;
		address.secure = row.secure;
		address.host   = row.host;
		address.port   = row.port;
		EXPECT_EQ(row.hostField, address.hostField());
		EXPECT_EQ(row.authority, address.authority());
	}
}


TEST(WebSocketAddressTest, EmptyPath)
	/// RFC 6455, 3: "/" if the path is empty
{
	for (const auto& row: std::vector<std::pair<std::string, std::string>>{{"", "/"}, {"?x=1", "/?x=1"}, {"?", "/?"}, {"/", "/"}, {"/?x=1", "/?x=1"}, {"/a", "/a"}})
	{
		EXPECT_EQ(row.second, WebSocketAddress::targetOf(row.first));
		HTTPRequest request(HTTPRequest::HTTP_GET, row.first, HTTPRequest::HTTP_1_1);
		WebSocketHandshake::prepare(request, "key");
		EXPECT_EQ(row.second, request.getURI());
	}
}


TEST(WebSocketAddressTest, NoFragmentIsSent)
	/// RFC 6455, 3
{
	for (const std::string uri: {"#", "/#", "/path#fragment", "/?x=1#f"})
	{
		HTTPRequest request(HTTPRequest::HTTP_GET, uri, HTTPRequest::HTTP_1_1);
		EXPECT_FALSE(WebSocketHandshake::checkLines(request).ok()) << uri;
	}
	EXPECT_TRUE(WebSocketHandshake::checkLines(HTTPRequest(HTTPRequest::HTTP_GET, "/path%23fragment", HTTPRequest::HTTP_1_1)).ok());
}
