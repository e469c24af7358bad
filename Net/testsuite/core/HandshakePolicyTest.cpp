//
// HandshakePolicyTest.cpp
//
// Library: PocoWebSocket
// Package: Tests
// Module:  WebSocketHandshakePolicyTest
//
// What a server lets in (RFC 6455, 4.2.2 and 10.2): origins, subprotocols, sizes, bodies;
// and fields that must not reach the wire.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "core/Handshake.h"
#include <gtest/gtest.h>
#include <string>
#include <vector>


using Poco::Net::HTTPMessage;
using Poco::Net::HTTPRequest;
using Poco::Net::HTTPResponse;
using Poco::Net::MessageHeader;
using Poco::Net::WebSocketError;
using Poco::Net::WebSocketHandshake;


namespace
{
	using Lines = std::vector<std::string>;
	using Verdict = WebSocketHandshake::Verdict;

	HTTPRequest sampleRequest()
	{
		HTTPRequest request(HTTPRequest::HTTP_GET, "/chat", HTTPMessage::HTTP_1_1);
		request.set("Host", "server.example.com");
		request.set("Upgrade", "websocket");
		request.set("Connection", "Upgrade");
		request.set("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==");
		request.set("Sec-WebSocket-Version", "13");
		return request;
	}

	HTTPRequest requestFrom(const Lines& origins, const std::string& host)
	{
		HTTPRequest request = sampleRequest();
		request.erase("Host");
		if (!host.empty()) request.set("Host", host);
		for (const std::string& origin: origins) request.add("Origin", origin);
		return request;
	}

	void expectVerdict(bool ok, WebSocketError::Code error, int status, const Verdict& verdict)
	{
		EXPECT_EQ(ok, verdict.ok());
		EXPECT_EQ(ok ? WebSocketError::NONE : error, verdict.error);
		EXPECT_EQ(ok ? 101 : status, verdict.status);
		EXPECT_EQ(ok, verdict.text.empty());
		EXPECT_EQ(std::string::npos, verdict.text.find_first_of("\r\n"));
	}

	struct OriginRow
	{
		const char* rule;
		Lines origins;
		const char* host;
		bool ok;
	};

	const OriginRow ORIGINS[] =
		/// with nothing allowed besides the same host
	{
		{"10.2 no Origin: no browser", {}, "example.com", true},
		{"10.2 no Origin, no Host", {}, "", true},
		{"the same host", {"http://example.com"}, "example.com", true},
		{"the same host, any case", {"HTTP://Example.COM"}, "eXample.com", true},
		{"the same host, https", {"https://example.com"}, "example.com", true},
		{"spaces around the field", {" http://example.com\t"}, "example.com", true},
		{"the same host and port", {"http://example.com:8080"}, "example.com:8080", true},
		{"the same host and port, https", {"https://example.com:8443"}, "example.com:8443", true},
		{"6454, 6.2 default port only in Host, http", {"http://example.com"}, "example.com:80", true},
		{"6454, 6.2 default port only in Origin, http", {"http://example.com:80"}, "example.com", true},
		{"6454, 6.2 default port only in Host, https", {"https://example.com"}, "example.com:443", true},
		{"6454, 6.2 default port only in Origin, https", {"https://example.com:443"}, "example.com", true},
		{"a colon without a port", {"http://example.com:"}, "example.com", false},
		{"a colon without a port in Host", {"http://example.com"}, "example.com:", true},
		{"http and the port of https", {"http://example.com"}, "example.com:443", false},
		{"https and the port of http", {"https://example.com"}, "example.com:80", false},
		{"another port", {"http://example.com:8080"}, "example.com:8081", false},
		{"a port, and none", {"http://example.com:8080"}, "example.com", false},
		{"none, and a port", {"http://example.com"}, "example.com:8080", false},
		{"another host", {"http://example.org"}, "example.com", false},
		{"another host, the same port", {"http://example.org:8080"}, "example.com:8080", false},
		{"the host is a suffix", {"http://evil-example.com"}, "example.com", false},
		{"a subdomain", {"http://www.example.com"}, "example.com", false},
		{"the domain above", {"http://example.com"}, "www.example.com", false},
		{"the host is a prefix", {"http://example.com.evil.org"}, "example.com", false},
		{"the host is a part", {"http://example.co"}, "example.com", false},
		{"user info", {"http://example.com@evil.org"}, "example.com", false},
		{"user info with a port", {"http://example.com:80@evil.org"}, "example.com", false},
		{"user info in front of the host", {"http://user@example.com"}, "example.com", false},
		{"a path", {"http://example.com/"}, "example.com", false},
		{"the host as a path", {"http://evil.org/example.com"}, "example.com", false},
		{"the host behind more slashes", {"http:///example.com"}, "example.com", false},
		{"a trailing dot", {"http://example.com."}, "example.com", false},
		{"IPv6", {"http://[::1]"}, "[::1]", true},
		{"IPv6 and a port", {"http://[2001:db8::1]:8080"}, "[2001:db8::1]:8080", true},
		{"IPv6 and the default port", {"http://[2001:DB8::1]:80"}, "[2001:db8::1]", true},
		{"IPv6 and the default port in Host", {"https://[::1]"}, "[::1]:443", true},
		{"IPv6, another port", {"http://[::1]:81"}, "[::1]", false},
		{"IPv6, another address", {"http://[::1]"}, "[::2]", false},
		{"IPv4", {"http://127.0.0.1:9000"}, "127.0.0.1:9000", true},
		{"6454, 7.3 null", {"null"}, "example.com", false},
		{"null as the host", {"null"}, "null", false},
		{"a star", {"*"}, "example.com", false},
		{"an empty Origin", {""}, "example.com", false},
		{"no scheme", {"example.com"}, "example.com", false},
		{"another scheme", {"ftp://example.com"}, "example.com", false},
		{"another scheme", {"file://"}, "", false},
		{"a scheme that only begins like it", {"httpx://example.com"}, "example.com", false},
		{"the scheme alone", {"http://"}, "example.com", false},
		{"no host on both sides", {"http://"}, "", false},
		{"no Host", {"http://example.com"}, "", false},
		{"a port only", {"http://:80"}, ":80", false},
		{"6454, 7.3 two origins in a line", {"http://example.com http://example.com"}, "example.com", false},
		{"two lines", {"http://example.com", "http://example.com"}, "example.com", false},
		{"two lines, one of them wrong", {"http://example.com", "http://evil.org"}, "example.com", false}
	};

	struct AllowedRow
	{
		const char* rule;
		Lines origins;
		Lines allowed;
		bool ok;
	};

	const AllowedRow ALLOWED[] =
		/// on server.example.com
	{
		{"in the list", {"https://www.example.com"}, {"https://www.example.com"}, true},
		{"in the list, any case", {"https://WWW.example.com"}, {"HTTPS://www.Example.com"}, true},
		{"the second in the list", {"https://b.org"}, {"https://a.org", "https://b.org"}, true},
		{"not in the list", {"https://c.org"}, {"https://a.org", "https://b.org"}, false},
		{"a prefix of one in the list", {"https://a.or"}, {"https://a.org"}, false},
		{"one in the list is a prefix", {"https://a.org.evil.org"}, {"https://a.org"}, false},
		{"one in the list, with a port", {"https://a.org:8443"}, {"https://a.org"}, false},
		{"another scheme", {"http://a.org"}, {"https://a.org"}, false},
		{"the same host, although not in the list", {"http://server.example.com"}, {"https://a.org"}, true},
		{"a star allows all", {"https://c.org"}, {"*"}, true},
		{"a star among others", {"https://c.org"}, {"https://a.org", "*"}, true},
		{"a star allows null", {"null"}, {"*"}, true},
		{"a star is no pattern", {"https://a.org"}, {"https://*"}, false},
		{"null in the list", {"null"}, {"null"}, true},
		{"null not in the list", {"null"}, {"https://a.org"}, false},
		{"two lines, both in the list", {"https://a.org", "https://b.org"}, {"https://a.org", "https://b.org"}, false},
		{"two lines and a star", {"https://a.org", "https://b.org"}, {"*"}, false},
		{"no Origin", {}, {"https://a.org"}, true}
	};
}


TEST(WebSocketHandshakePolicyTest, Section10_2_SameHost)
{
	for (const OriginRow& row: ORIGINS)
	{
		SCOPED_TRACE(row.rule);
		expectVerdict(row.ok, WebSocketError::HANDSHAKE_REFUSED, 403, WebSocketHandshake::checkOrigin(requestFrom(row.origins, row.host), {}));
		expectVerdict(row.ok, WebSocketError::HANDSHAKE_REFUSED, 403, WebSocketHandshake::checkOrigin(requestFrom(row.origins, row.host), {"https://other.example.org"}));
	}
}


TEST(WebSocketHandshakePolicyTest, Section10_2_SchemeThatAProxyHasTold)
	/// RFC 6454, 6.2: an origin is a scheme, too.
{
	using Poco::Net::WebSocketScheme;

	const struct
	{
		const char* origin;
		WebSocketScheme scheme;
		bool ok;
	}
	rows[] =
	{
		{"http://server.example.com", WebSocketScheme::NOT_TOLD, true},
		{"http://server.example.com", WebSocketScheme::PLAIN, true},
		{"http://server.example.com", WebSocketScheme::SECURE, false},
		{"https://server.example.com", WebSocketScheme::NOT_TOLD, true},
		{"https://server.example.com", WebSocketScheme::PLAIN, false},
		{"https://server.example.com", WebSocketScheme::SECURE, true}
	};
	for (const auto& row: rows)
	{
		SCOPED_TRACE(std::string(row.origin) + " " + std::to_string(static_cast<int>(row.scheme)));
		expectVerdict(row.ok, WebSocketError::HANDSHAKE_REFUSED, 403, WebSocketHandshake::checkOrigin(requestFrom({row.origin}, "server.example.com"), {}, row.scheme));
	}
}


TEST(WebSocketHandshakePolicyTest, Section10_2_AllowedOrigins)
{
	for (const AllowedRow& row: ALLOWED)
	{
		SCOPED_TRACE(row.rule);
		expectVerdict(row.ok, WebSocketError::HANDSHAKE_REFUSED, 403, WebSocketHandshake::checkOrigin(requestFrom(row.origins, "server.example.com"), row.allowed));
	}
}


TEST(WebSocketHandshakePolicyTest, Section4_2_2_SelectSubprotocol)
{
	struct Row
	{
		const char* rule;
		Lines wanted;
		Lines supported;
		const char* expected;
	};
	const Row rows[] =
	{
		{"none wanted", {}, {"chat"}, ""},
		{"none wanted, none supported", {}, {}, ""},
		{"none supported", {"chat"}, {}, ""},
		{"one", {"chat"}, {"chat"}, "chat"},
		{"another one", {"chat"}, {"mqtt"}, ""},
		{"the client's order counts", {"chat, mqtt"}, {"mqtt", "chat"}, "chat"},
		{"the first supported", {"v3, v2, v1"}, {"v1", "v2"}, "v2"},
		{"several lines", {"v3", "v2, v1"}, {"v1", "v2"}, "v2"},
		{"names have a case", {"Chat, chat"}, {"chat"}, "chat"},
		{"only whole names", {"chatter, cha"}, {"chat"}, ""},
		{"empty elements", {" ,, chat ,"}, {"", "chat"}, "chat"},
		{"an empty list", {""}, {""}, ""}
	};
	for (const Row& row: rows)
	{
		HTTPRequest request = sampleRequest();
		for (const std::string& line: row.wanted) request.add("Sec-WebSocket-Protocol", line);
		EXPECT_EQ(row.expected, WebSocketHandshake::selectSubprotocol(request, row.supported)) << row.rule;
	}
}


TEST(WebSocketHandshakePolicyTest, CheckSize)
	/// At the limits, and one past them.
{
	MessageHeader header;
	expectVerdict(true, WebSocketError::NONE, 101, WebSocketHandshake::checkSize(header, 0, 0));
	header.add("Name", "value"); // Name: value\r\n
	header.add("N", "");
	constexpr std::size_t FIELDS = 2;
	constexpr std::size_t SIZE = 13 + 5;
	struct Row
	{
		std::size_t maxFields;
		std::size_t maxSize;
		bool ok;
		const char* text;
	};
	const Row rows[] =
	{
		{FIELDS, SIZE, true, ""},
		{FIELDS + 1, SIZE + 1, true, ""},
		{FIELDS - 1, SIZE, false, "More than 1 header fields"},
		{FIELDS, SIZE - 1, false, "Header of more than 17 bytes"},
		{FIELDS - 1, SIZE - 1, false, "More than 1 header fields"},
		{0, 1000, false, "More than 0 header fields"},
		{1000, 0, false, "Header of more than 0 bytes"}
	};
	for (const Row& row: rows)
	{
		const Verdict verdict = WebSocketHandshake::checkSize(header, row.maxFields, row.maxSize);
		expectVerdict(row.ok, WebSocketError::HANDSHAKE_REFUSED, 431, verdict);
		EXPECT_EQ(row.text, verdict.text);
	}
	expectVerdict(true, WebSocketError::NONE, 101, WebSocketHandshake::checkCount(header, FIELDS));
	expectVerdict(false, WebSocketError::HANDSHAKE_REFUSED, 431, WebSocketHandshake::checkCount(header, FIELDS - 1));
}


TEST(WebSocketHandshakePolicyTest, CheckFields)
	/// RFC 7230, 3.2.4 and 9.4
{
	using namespace std::string_literals;
	expectVerdict(true, WebSocketError::NONE, 101, WebSocketHandshake::checkFields(sampleRequest()));
	for (const std::string& good: {"value"s, ""s, "a\tb"s, "\\r\\n"s, "\xc3\xa9"s, "a\x01\x7f"s})
	{
		HTTPRequest request = sampleRequest();
		request.add("Name", good);
		expectVerdict(true, WebSocketError::NONE, 101, WebSocketHandshake::checkFields(request));
	}
	for (const std::string& bad: {"\r"s, "\n"s, "\0"s, "\r\nSet-Cookie: a=b"s, "a\nb"s, "ab\r"s, "a\0b"s})
	{
		HTTPRequest value = sampleRequest();
		value.add("Name", bad);
		expectVerdict(false, WebSocketError::HANDSHAKE_REFUSED, 500, WebSocketHandshake::checkFields(value));
		HTTPResponse name;
		name.add("Name" + bad, "value");
		name.add("Other", "value");
		expectVerdict(false, WebSocketError::HANDSHAKE_REFUSED, 500, WebSocketHandshake::checkFields(name));
	}
}


TEST(WebSocketHandshakePolicyTest, RequestsWithABody)
	/// Its bytes would be taken for frames.
{
	struct Row
	{
		const char* rule;
		const char* field;
		const char* value;
		bool ok;
	};
	const Row rows[] =
	{
		{"no body", "X-Other", "1", true},
		{"a length of 0", "Content-Length", "0", true},
		{"a length of 1", "Content-Length", "1", false},
		{"a large length", "Content-Length", "4294967296", false},
		{"chunked", "Transfer-Encoding", "chunked", false},
		{"chunked, any case", "transfer-encoding", "Chunked", false}
	};
	for (const Row& row: rows)
	{
		SCOPED_TRACE(row.rule);
		HTTPRequest request = sampleRequest();
		request.set(row.field, row.value);
		expectVerdict(row.ok, WebSocketError::NO_HANDSHAKE, 400, WebSocketHandshake::checkRequest(request));
	}
}


TEST(WebSocketHandshakePolicyTest, Section9_1_IsToken)
	/// RFC 7230, 3.2.6
{
	const std::string others = "!#$%&'*+-.^_`|~";
	for (int c = 0; c < 256; ++c)
	{
		const bool alphaNumeric = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
		const bool good = alphaNumeric || (c != 0 && others.find(static_cast<char>(c)) != std::string::npos);
		EXPECT_EQ(good, WebSocketHandshake::isToken(std::string(1, static_cast<char>(c)))) << c;
		EXPECT_EQ(good, WebSocketHandshake::isToken(std::string("a") + static_cast<char>(c))) << c;
		EXPECT_EQ(good, WebSocketHandshake::isToken(std::string(1, static_cast<char>(c)) + "a")) << c;
	}
	EXPECT_FALSE(WebSocketHandshake::isToken(""));
}


TEST(WebSocketHandshakePolicyTest, RequestLine)
	/// RFC 7230, 3.1.1 and 3.2.4: nothing else gets onto the wire.
{
	const std::string bad[] = {"/a b", "/a\rb", "/a\nb", std::string("/a\0b", 4)};
	for (const std::string& uri: bad)
	{
		const HTTPRequest request(HTTPRequest::HTTP_GET, uri, HTTPRequest::HTTP_1_1);
		EXPECT_FALSE(WebSocketHandshake::checkLines(request).ok()) << uri;
	}
	HTTPRequest request(HTTPRequest::HTTP_GET, "/a?b=c", HTTPRequest::HTTP_1_1);
	EXPECT_TRUE(WebSocketHandshake::checkLines(request).ok());
	request.set("X-Field", "a\r\nb");
	EXPECT_FALSE(WebSocketHandshake::checkLines(request).ok());
}
