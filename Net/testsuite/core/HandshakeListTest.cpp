//
// HandshakeListTest.cpp
//
// Library: PocoWebSocket
// Package: Tests
// Module:  WebSocketHandshakeListTest
//
// Header fields that are lists (RFC 6455, 9.1; RFC 7230, 3.2.6 and 7).
//
// SPDX-License-Identifier: BSL-1.0
//


#include "core/Handshake.h"
#include <gtest/gtest.h>
#include <string>
#include <vector>


using Poco::Net::MessageHeader;
using Poco::Net::WebSocketHandshake;


namespace
{
	using Lines = std::vector<std::string>;

	MessageHeader header(const Lines& lines)
		/// Among other fields, in any case.
	{
		MessageHeader result;
		result.add("Before", "before");
		for (const std::string& line: lines) result.add(result.size() % 2 ? "List" : "LIST", line);
		result.add("Lists", "behind");
		return result;
	}

	std::string describe(const WebSocketHandshake::Element& element)
		/// name{parameter}{parameter=[value]}, and what is not valid with a ! before it
	{
		std::string result = element.valid ? "" : "!";
		result += element.name;
		for (const WebSocketHandshake::Parameter& parameter: element.parameters)
		{
			result += "{" + parameter.name;
			if (parameter.hasValue) result += "=[" + parameter.value + "]";
			else
			{
				EXPECT_EQ("", parameter.value);
			}
			result += "}";
		}
		return result;
	}

	Lines describe(const Lines& lines)
	{
		Lines result;
		for (const WebSocketHandshake::Element& element: WebSocketHandshake::elements(header(lines), "list")) result.push_back(describe(element));
		return result;
	}
}


TEST(WebSocketHandshakeListTest, Tokens)
{
	struct Row
	{
		const char* rule;
		Lines lines;
		Lines expected;
	};
	const Row rows[] =
	{
		{"no such field", {}, {}},
		{"7 an empty list", {""}, {}},
		{"7 empty elements", {",, ,\t,"}, {}},
		{"7 one element", {"one"}, {"one"}},
		{"7 spaces and tabs", {" one\t,\t two ,three\t "}, {"one", "two", "three"}},
		{"3.2.2 several lines", {"one, two", "", "three", ",four"}, {"one", "two", "three", "four"}},
		{"the case stays", {"oNe"}, {"oNe"}},
		{"parameters are left out", {"one; a=1, two;b, three ;c=\"d\""}, {"one", "two", "three"}},
		{"3.2.6 a comma inside a quoted string", {"one; a=\"x, y\", two"}, {"one", "two"}},
		{"3.2.6 a quote inside a quoted string", {"one; a=\"x\\\", y\", two"}, {"one", "two"}},
		{"3.2.6 a backslash inside a quoted string", {"one; a=\"x\\\\\", two"}, {"one", "two"}},
		{"3.2.6 a backslash outside of one", {"o\\ne, t\\,wo"}, {"o\\ne", "t\\", "wo"}},
		{"3.2.6 a quoted string without end", {"one, two; a=\"x, three", "four"}, {"one", "two", "four"}},
		{"3.2.6 a backslash at the end", {"one, two; a=\"x\\", "four"}, {"one", "two", "four"}}
	};
	for (const Row& row: rows)
	{
		EXPECT_EQ(row.expected, WebSocketHandshake::tokens(header(row.lines), "list")) << row.rule;
	}
}


TEST(WebSocketHandshakeListTest, HasToken)
{
	const MessageHeader fields = header({"keep-alive, Upgrade; a=b", "x"});
	EXPECT_TRUE(WebSocketHandshake::hasToken(fields, "List", "upgrade"));
	EXPECT_TRUE(WebSocketHandshake::hasToken(fields, "list", "UPGRADE"));
	EXPECT_TRUE(WebSocketHandshake::hasToken(fields, "LIST", "Keep-Alive"));
	EXPECT_TRUE(WebSocketHandshake::hasToken(fields, "List", "x"));
	EXPECT_FALSE(WebSocketHandshake::hasToken(fields, "List", "a"));
	EXPECT_FALSE(WebSocketHandshake::hasToken(fields, "List", "b"));
	EXPECT_FALSE(WebSocketHandshake::hasToken(fields, "List", "keep"));
	EXPECT_FALSE(WebSocketHandshake::hasToken(fields, "List", "behind"));
	EXPECT_FALSE(WebSocketHandshake::hasToken(fields, "List", ""));
	EXPECT_FALSE(WebSocketHandshake::hasToken(fields, "Other", "x"));
	EXPECT_TRUE(WebSocketHandshake::hasToken(fields, "Lists", "behind"));
}


TEST(WebSocketHandshakeListTest, Section9_1_Elements)
{
	struct Row
	{
		const char* rule;
		Lines lines;
		Lines expected;
	};
	const Row rows[] =
	{
		{"an extension", {"foo"}, {"foo"}},
		{"9.1's examples", {"deflate-stream", "mux; max-channels=4; flow-control, deflate-stream", "private-extension"}, {"deflate-stream", "mux{max-channels=[4]}{flow-control}", "deflate-stream", "private-extension"}},
		{"parameters in their order", {"foo;a;b=1;a=2"}, {"foo{a}{b=[1]}{a=[2]}"}},
		{"spaces and tabs anywhere", {" foo\t; a = 1 ;\tb "}, {"foo{a=[1]}{b}"}},
		{"every character of a token", {"!#$%&'*+-.^_`|~09azAZ; !#$%&'*+-.^_`|~09azAZ=!#$%&'*+-.^_`|~09azAZ"}, {"!#$%&'*+-.^_`|~09azAZ{!#$%&'*+-.^_`|~09azAZ=[!#$%&'*+-.^_`|~09azAZ]}"}},
		{"a quoted value", {"foo; a=\"1\""}, {"foo{a=[1]}"}},
		{"a quoted value with quoted pairs", {"foo; a=\"\\1\\0\""}, {"foo{a=[10]}"}},
		{"a quoted value must be a token", {"foo; a=\"1, 2; 3\", bar"}, {"!foo{a=[1, 2; 3]}", "bar"}},
		{"a quoted value with a quote in it", {"foo; a=\"x\\\"y\""}, {"!foo{a=[x\"y]}"}},
		{"an empty quoted value", {"foo; a=\"\""}, {"!foo{a=[]}"}},
		{"an empty value", {"foo; a="}, {"!foo{a=[]}"}},
		{"a value with another equals sign", {"foo; a=b=c"}, {"!foo{a=[b=c]}"}},
		{"a quoted value without end", {"foo; a=\"1"}, {"!foo{a=[\"1]}"}},
		{"a quote alone", {"foo; a=\""}, {"!foo{a=[\"]}"}},
		{"a quoted value that ends with a backslash", {"foo; a=\"1\\\""}, {"!foo{a=[1\\]}"}},
		{"an empty parameter", {"foo;"}, {"!foo{}"}},
		{"an empty parameter between others", {"foo; a;; b"}, {"!foo{a}{}{b}"}},
		{"a value without a name", {"foo; =1"}, {"!foo{=[1]}"}},
		{"a parameter name with a space", {"foo; a b"}, {"!foo{a b}"}},
		{"a name with a space", {"foo bar"}, {"!foo bar"}},
		{"a name that is not ASCII", {"f\xc3\xb6\xc3\xb6"}, {"!f\xc3\xb6\xc3\xb6"}},
		{"a quoted name", {"\"foo\""}, {"!\"foo\""}},
		{"a control character", {"fo\x01o, fo\x7fo"}, {"!fo\x01o", "!fo\x7fo"}},
		{"no name", {"; a"}, {"!{a}"}},
		{"only what is wrong is not valid", {"foo; a=, bar; b=1", "baz"}, {"!foo{a=[]}", "bar{b=[1]}", "baz"}}
	};
	for (const Row& row: rows) EXPECT_EQ(row.expected, describe(row.lines)) << row.rule;
}
