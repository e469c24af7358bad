//
// HandshakeFieldsTest.cpp
//
// Library: PocoWebSocket
// Package: Tests
// Module:  WebSocketHandshakeFieldsTest
//
// What the requests and responses of the handshake are read with (RFC 7230, 3.2).
//
// SPDX-License-Identifier: BSL-1.0
//


#include "core/HandshakeFields.h"
#include <gtest/gtest.h>
#include <string>
#include <utility>
#include <vector>


using namespace Poco::Net;


TEST(WebSocketHandshakeFieldsTest, ReadFields)
	/// Of a response. What is no field is left out.
{
	using Fields = std::vector<std::pair<std::string, std::string>>;
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
		{"one", "a: 1\r\n", true, {{"a", "1"}}},
		{"LF only", "a: 1\nb: 2\n", true, {{"a", "1"}, {"b", "2"}}},
		{"no end", "a: 1\r\nb: 2", true, {{"a", "1"}, {"b", "2"}}},
		{"white space around", "a: \t 1 \r\n", true, {{"a", "1"}}},
		{"no colon", "a\r\nb: 2\r\n", true, {{"b", "2"}}},
		{"folded", "a: 1\r\n 2\r\n\t3\r\nb: 4\r\n", true, {{"a", "1 2\t3"}, {"b", "4"}}},
		{"folded to the end", "a: 1\r\n 2", true, {{"a", "1 2"}}},
		{"CR in the value", "a: 1\r2\r\n", false, {}}
	};
	for (const auto& row: rows)
	{
		SCOPED_TRACE(row.what);
		MessageHeader header;
		EXPECT_EQ(row.right, WebSocketHandshakeFields::readFields(row.text, header));
		EXPECT_EQ(row.fields, row.right ? Fields(header.begin(), header.end()) : Fields());
	}
}


TEST(WebSocketHandshakeFieldsTest, Version)
{
	for (const char* version: {"HTTP/1.1", "HTTP/1.2", "HTTP/2.0"}) EXPECT_TRUE(WebSocketHandshakeFields::isHTTP11(version)) << version;
	for (const char* version: {"HTTP/1.0", "HTTP/1,1", "HTTP/x.1", "HTTP/1.x", "HTTP 1.1", "HTTP/1.10", ""}) EXPECT_FALSE(WebSocketHandshakeFields::isHTTP11(version)) << version;
}


TEST(WebSocketHandshakeFieldsTest, Unquoted)
{
	const struct
	{
		const char* text;
		const char* expected;
	}
	rows[] =
	{
		{"", ""},
		{"\"", "\""},
		{"a", "a"},
		{"\"a", "\"a"},
		{"a\"", "a\""},
		{"\"\"", ""},
		{"\"a b\"", "a b"},
		{"\"a\\\"b\"", "a\"b"},
		{"\"a\\\"", "a\\"} // nothing is left to be escaped
	};
	for (const auto& row: rows) EXPECT_EQ(row.expected, WebSocketHandshakeFields::unquoted(row.text)) << row.text;
}


TEST(WebSocketHandshakeFieldsTest, Parts)
	/// A separator in a quoted string is none.
{
	const auto parts = [](std::string_view value)
	{
		std::string result;
		WebSocketHandshakeFields::forEachPart(value, ',', [&result](std::string_view part) { result += "[" + std::string(part) + "]"; });
		return result;
	};
	EXPECT_EQ("[]", parts(""));
	EXPECT_EQ("[a][b c][]", parts("a , b c,"));
	EXPECT_EQ("[a=\"1,2\"][b]", parts("a=\"1,2\", b"));
	EXPECT_EQ("[\"1\\\",2\"][b]", parts("\"1\\\",2\",b"));
	EXPECT_EQ("[\"1\\]", parts("\"1\\"));
	EXPECT_EQ("[a\\][b]", parts("a\\,b"));
}


TEST(WebSocketHandshakeFieldsTest, LinesOfAField)
{
	MessageHeader header;
	EXPECT_EQ(0u, WebSocketHandshakeFields::Lines(header, "a").count);
	header.add("A", " 1");
	header.add("b", "2");
	header.add("a", "3");
	const WebSocketHandshakeFields::Lines lines(header, "a");
	EXPECT_EQ(2u, lines.count);
	EXPECT_EQ("1", lines.first);
}
