//
// HandshakeParseTest.cpp
//
// Library: PocoWebSocket
// Package: Tests
// Module:  WebSocketHandshakeParseTest
//
// A request's header (RFC 7230, 3), as the event shell parses it.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "core/Handshake.h"
#include <gtest/gtest.h>
#include <string>
#include <utility>
#include <vector>


using Poco::Net::HTTPRequest;
using Poco::Net::HTTPResponse;
using Poco::Net::WebSocketError;
using Poco::Net::WebSocketHandshake;


namespace
{
	using Fields = std::vector<std::pair<std::string, std::string>>;

	Fields fieldsOf(const HTTPRequest& request)
	{
		return Fields(request.begin(), request.end());
	}
}


TEST(WebSocketHandshakeParseTest, RequestLine)
{
	const struct
	{
		const char* what;
		std::string line;
		bool right;
	}
	rows[] =
	{
		{"3.1.1", "GET /chat?a=b HTTP/1.1\r\n", true},
		{"3.1.1 any method", "M-SEARCH * HTTP/1.1\r\n", true},
		{"3.1.1 method with a colon", "G:T / HTTP/1.1\r\n", false},
		{"3.1.1 no method", " / HTTP/1.1\r\n", false},
		{"3.1.1 no target", "GET  HTTP/1.1\r\n", false},
		{"3.1.1 method only", "GET\r\n", false},
		{"3.1.1 no version", "GET /\r\n", false},
		{"3.1.1 no version, but a space", "GET / \r\n", false},
		{"3.1.1 control character in the target", "GET /\x01 HTTP/1.1\r\n", false},
		{"3.1.1 tab in the target", "GET /\t HTTP/1.1\r\n", false},
		{"3.1.1 DEL in the target", "GET /\x7f HTTP/1.1\r\n", false},
		{"3.1.1 NUL in the target", std::string("GET /\0 HTTP/1.1\r\n", 17), false},
		{"UTF-8 in the target, as many send it", "GET /\xc3\xa4 HTTP/1.1\r\n", true},
		{"3.1.1 two spaces", "GET /  HTTP/1.1\r\n", false},
		{"3.1.1 something behind the version", "GET / HTTP/1.1 x\r\n", false},
		{"2.6 lower case", "GET / http/1.1\r\n", false},
		{"2.6 minor version", "GET / HTTP/1.x\r\n", false},
		{"2.6 major version", "GET / HTTP/x.1\r\n", false},
		{"2.6 comma", "GET / HTTP/1,1\r\n", false},
		{"2.6 ten", "GET / HTTP/1.10\r\n", false},
		{"2.6 other versions are somebody else's matter", "GET / HTTP/2.0\r\n", true},
		{"3.5 LF only", "GET / HTTP/1.1\n", true},
		{"3.5 CR in the line", "GET / HTTP/1.1\r\r\n", false},
		{"3.5 empty line before", "\r\nGET / HTTP/1.1\r\n", true},
		{"3.5 empty line before, LF only", "\nGET / HTTP/1.1\n", true},
		{"3.5 two empty lines before", "\r\n\r\nGET / HTTP/1.1\r\n", false},
		{"nothing", "", false},
		{"TLS", "\x16\x03\x01\x02", false}
	};
	for (const auto& row: rows)
	{
		for (const std::string end: {"\r\n", "\n", ""})
		{
			SCOPED_TRACE(row.what);
			HTTPRequest request;
			const WebSocketHandshake::Verdict verdict = WebSocketHandshake::parseRequest(row.line + end, request);
			EXPECT_EQ(row.right, verdict.ok()) << verdict.text;
			EXPECT_TRUE(request.empty());
			if (!row.right)
			{
				EXPECT_EQ(HTTPResponse::HTTP_BAD_REQUEST, verdict.status);
				EXPECT_EQ(WebSocketError::NO_HANDSHAKE, verdict.error);
				EXPECT_FALSE(verdict.text.empty());
			}
		}
	}
	for (const auto& row: rows) // a wrong line is known as such at its end, if not before, and a right one is not taken for a wrong one, however it comes
	{
		SCOPED_TRACE(row.what);
		for (std::size_t before = 0; before <= row.line.size(); ++before)
		{
			if (before > 0 && !WebSocketHandshake::mayBeRequest(std::string_view(row.line).substr(0, before))) break;
			for (std::size_t length = before; length < row.line.size(); ++length)
			{
				const bool may = WebSocketHandshake::mayBeRequest(std::string_view(row.line).substr(0, length), before);
				EXPECT_TRUE(may || !row.right) << before << " " << length;
				EXPECT_EQ(may, WebSocketHandshake::mayBeRequest(std::string_view(row.line).substr(0, length))) << before << " " << length;
			}
			EXPECT_EQ(row.right || before == row.line.size(), WebSocketHandshake::mayBeRequest(row.line, before)) << before;
		}
	}
	for (const char* wrong: {"\x16", " ", "\r\n\r", "\rG", "GET\r", "GET /\x01", "GET /\rx", "G\xc3"})
	{
		EXPECT_FALSE(WebSocketHandshake::mayBeRequest(wrong)) << wrong;
	}
	for (const char* right: {"", "\r", "\r\n", "\n", "G", "*", "GET ", "GET /\xc3\xa4", "GET / HTTP/1.1\r"})
	{
		EXPECT_TRUE(WebSocketHandshake::mayBeRequest(right)) << right;
	}
	HTTPRequest request;
	EXPECT_TRUE(WebSocketHandshake::parseRequest("POST /a?b=%20c HTTP/1.0\r\n\r\n", request).ok());
	EXPECT_EQ("POST", request.getMethod());
	EXPECT_EQ("/a?b=%20c", request.getURI());
	EXPECT_EQ("HTTP/1.0", request.getVersion());
}


TEST(WebSocketHandshakeParseTest, Framing)
{
	const struct
	{
		const char* what;
		std::string fields;
		bool right;
		bool right10; // with HTTP/1.0
	}
	rows[] =
	{
		{"no body", "", true, true},
		{"6.2", "Content-Length: 5\r\n", true, true},
		{"6.2 none", "content-length: 0\r\n", true, true},
		{"6.2 zeros", "Content-Length: 005 \r\n", true, true},
		{"6.2 empty", "Content-Length:\r\n", false, false},
		{"6.2 sign", "Content-Length: +5\r\n", false, false},
		{"6.2 negative", "Content-Length: -5\r\n", false, false},
		{"6.2 unknown, as Poco writes it", "Content-Length: -1\r\n", false, false},
		{"6.2 hexadecimal", "Content-Length: 0x5\r\n", false, false},
		{"6.2 spaces", "Content-Length: 5 5\r\n", false, false},
		{"6.2 folded", "Content-Length: 5\r\n 5\r\n", false, false},
		{"6.2 Latin-1", "Content-Length: 5\xb2\r\n", false, false},
		{"6.2 encoded, as Poco reads it", "Content-Length: =?UTF-8?Q?5?=\r\n", false, false},
		{"6.3, 5 list", "Content-Length: 5,5\r\n", false, false},
		{"6.3, 5 list of others", "Content-Length: 5, 6\r\n", false, false},
		{"6.3, 5 lines", "Content-Length: 5\r\ncontent-length: 5\r\n", true, true},
		{"6.3, 5 other lines", "Content-Length: 5\r\nContent-Length: 6\r\n", false, false},
		{"6.3, 5 other lines, same number", "Content-Length: 5\r\nContent-Length: 05\r\n", false, false},
		{"6.3, 5 other lines, one is empty", "Content-Length: \r\nContent-Length: 5\r\n", false, false},
		{"6.3, 4", "Transfer-Encoding: chunked\r\n", true, false},
		{"7 whatever its case", "transfer-encoding: CHUNKED\r\n", true, false},
		{"6.3, 4 no encoding", "Transfer-Encoding:\r\n", false, false},
		{"6.3, 4 identity", "Transfer-Encoding: identity\r\n", false, false},
		{"6.3, 4 not the last", "Transfer-Encoding: chunked, gzip\r\n", false, false},
		{"6.1 others, which Poco does not know", "Transfer-Encoding: gzip, chunked\r\n", false, false},
		{"6.1 twice", "Transfer-Encoding: chunked, chunked\r\n", false, false},
		{"6.1 two lines", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", false, false},
		{"6.1 two lines, others", "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", false, false},
		{"6.1 parameters", "Transfer-Encoding: chunked;a=b\r\n", false, false},
		{"6.1 quoted", "Transfer-Encoding: \"chunked\"\r\n", false, false},
		{"6.1 something before", "Transfer-Encoding: xchunked\r\n", false, false},
		{"6.1 encoded, as Poco reads it", "Transfer-Encoding: =?UTF-8?Q?chunked?=\r\n", false, false},
		{"6.3, 3 both", "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", false, false},
		{"6.3, 3 both, and none", "Content-Length: 0\r\nTransfer-Encoding: chunked\r\n", false, false}
	};
	for (const auto& row: rows)
	{
		for (const std::string version: {"0.9", "1.0", "1.1", "2.0"})
		{
			SCOPED_TRACE(row.what);
			HTTPRequest request;
			ASSERT_TRUE(WebSocketHandshake::parseRequest("POST / HTTP/" + version + "\r\nHost: localhost\r\n" + row.fields + "\r\n", request).ok());
			const WebSocketHandshake::Verdict verdict = WebSocketHandshake::checkFraming(request);
			const bool right = version < "1.1" ? row.right10 : row.right;
			EXPECT_EQ(right, verdict.ok()) << version;
			if (right) continue;
			EXPECT_EQ(HTTPResponse::HTTP_BAD_REQUEST, verdict.status);
			EXPECT_EQ(WebSocketError::NO_HANDSHAKE, verdict.error);
			EXPECT_FALSE(verdict.text.empty());
		}
	}
}


TEST(WebSocketHandshakeParseTest, Fields)
{
	const struct
	{
		const char* what;
		std::string text;
		bool right;
		Fields fields;
	}
	rows[] =
	{
		{"none", "", true, {}},
		{"3.2", "Host: localhost\r\n", true, {{"Host", "localhost"}}},
		{"3.2 no space", "Host:localhost\r\n", true, {{"Host", "localhost"}}},
		{"3.2 white space around", "Host: \t localhost\t \r\n", true, {{"Host", "localhost"}}},
		{"3.2 empty", "Host:\r\nA: \r\n", true, {{"Host", ""}, {"A", ""}}},
		{"3.2 colons in the value", "Host: [::1]:80\r\n", true, {{"Host", "[::1]:80"}}},
		{"3.2.2 repeated", "a: 1\r\nb: 2\r\nA: 3\r\n", true, {{"a", "1"}, {"A", "3"}, {"b", "2"}}},
		{"3.2.4 white space before the colon", "Host : localhost\r\n", false, {}},
		{"3.2.4 white space in the name", "Ho st: localhost\r\n", false, {}},
		{"3.2.4 folded", "a: 1\r\n 2\r\n\t 3 \r\nb: 4\r\n", true, {{"a", "1 2 3"}, {"b", "4"}}},
		{"3.2.4 folded, LF only", "a: 1\n 2\nb: 4\n", true, {{"a", "1 2"}, {"b", "4"}}},
		{"3.2.4 folded to the end", "a: 1\r\n 2", true, {{"a", "1 2"}}},
		{"3.2.4 nothing to be folded", " a: 1\r\n", false, {}},
		{"3.2.4 control character folded", "a: 1\r\n \x02\r\n", false, {}},
		{"3.2.6 tab in the value", "a: 1\t2\r\n", true, {{"a", "1\t2"}}},
		{"3.2.6 obs-text", "a: \xe4\xff\r\n", true, {{"a", "\xe4\xff"}}},
		{"3.2.6 NUL", std::string("a: \0\r\n", 6), false, {}},
		{"3.2.6 CR", "a: 1\r2\r\n", false, {}},
		{"3.2.6 control character", "a: 1\x1f\r\n", false, {}},
		{"3.2.6 DEL", "a: 1\x7f\r\n", false, {}},
		{"3.2 no colon", "Host localhost\r\n", false, {}},
		{"3.2 name only", "Host\r\n", false, {}},
		{"3.2 no name", ": localhost\r\n", false, {}},
		{"3.2.6 name", "a(b): 1\r\n", false, {}},
		{"3.2.6 obs-text in the name", "\xe4: 1\r\n", false, {}},
		{"not decoded", "a: =?UTF-8?Q?b?=\r\n", true, {{"a", "=?UTF-8?Q?b?="}}}
	};
	for (const auto& row: rows)
	{
		for (const std::string end: {"\r\n", "\n", "\r\nwhat comes later: 1\r\n"})
		{
			SCOPED_TRACE(row.what);
			if (row.text.find("\n 2") == row.text.size() - 3) continue; // there is no end of its line
			HTTPRequest request;
			const WebSocketHandshake::Verdict verdict = WebSocketHandshake::parseRequest("GET / HTTP/1.1\r\n" + row.text + end, request);
			EXPECT_EQ(row.right, verdict.ok()) << verdict.text;
			if (row.right)
			{
				EXPECT_EQ(row.fields, fieldsOf(request));
			}
			else
			{
				EXPECT_EQ(HTTPResponse::HTTP_BAD_REQUEST, verdict.status);
			}
		}
		HTTPRequest request; // without the empty line
		EXPECT_EQ(row.right, WebSocketHandshake::parseRequest("GET / HTTP/1.1\r\n" + row.text, request).ok()) << row.what;
	}
}
