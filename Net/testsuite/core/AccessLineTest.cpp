//
// AccessLineTest.cpp
//
// Library: PocoWebSocket
// Package: Tests
// Module:  WebSocketAccessLineTest
//
// A line of the access log stays one line, whatever a peer has sent; and the names of what is refused.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "core/AccessLine.h"
#include "core/Handshake.h"
#include <gtest/gtest.h>
#include <set>
#include <string>


using Poco::Net::WebSocketAccessLine;
using Poco::Net::WebSocketHandshake;
using Poco::Net::WebSocketRefusalReason;


namespace
{
	WebSocketAccessLine sample()
	{
		WebSocketAccessLine line;
		line.address       = "192.0.2.1:4711";
		line.path          = "/chat";
		line.status        = 101;
		line.milliseconds  = 12345;
		line.bytesReceived = 1;
		line.bytesSent     = 18446744073709551615u;
		line.messagesReceived = 3;
		line.messagesSent  = 4;
		line.closeCode     = 1000;
		line.pClosedBy     = "peer";
		return line;
	}
}


TEST(AccessLineTest, Ended)
{
	EXPECT_EQ("address=192.0.2.1:4711 path=\"/chat\" status=101 duration=12.345 in=1 out=18446744073709551615 messages_in=3 messages_out=4 close=1000 by=peer",
		sample().format());
}


TEST(AccessLineTest, Refused)
{
	WebSocketAccessLine line = sample();
	line.status   = 403;
	line.pRefused = "origin";
	EXPECT_EQ("address=192.0.2.1:4711 path=\"/chat\" status=403 duration=12.345 in=1 out=18446744073709551615 refused=origin", line.format());
}


TEST(AccessLineTest, NoAddressAndOddTimes)
{
	WebSocketAccessLine line = sample();
	line.address.clear();
	const struct
	{
		Poco::Int64 milliseconds;
		const char* pText;
	}
	rows[] = {{-1, " duration=0.000 "}, {0, " duration=0.000 "}, {7, " duration=0.007 "}, {999, " duration=0.999 "}, {1000, " duration=1.000 "}, {86400050, " duration=86400.050 "}};
	for (const auto& row: rows)
	{
		line.milliseconds = row.milliseconds;
		EXPECT_EQ(0u, line.format().find("address=- "));
		EXPECT_NE(std::string::npos, line.format().find(row.pText)) << line.format();
	}
}


TEST(AccessLineTest, WhatAPeerHasSentIsEscaped)
{
	const struct
	{
		std::string text;
		const char* pQuoted;
	}
	rows[] =
	{
		{"", "\"\""},
		{"/a b~", "\"/a b~\""},
		{"/\" status=101", "\"/\\\" status=101\""},
		{"\\", "\"\\\\\""},
		{"\r\naddress=1", "\"\\x0d\\x0aaddress=1\""},
		{std::string("\0\x1b[31m\x7f", 7), "\"\\x00\\x1b[31m\\x7f\""},
		{"\xc3\xa4\xff\xe2\x80\xa8", "\"\\xc3\\xa4\\xff\\xe2\\x80\\xa8\""} // U+2028 ends a line, for some
	};
	for (const auto& row: rows) EXPECT_EQ(row.pQuoted, WebSocketAccessLine::quoted(row.text));

	for (int c = 0; c < 256; ++c) // one line of printable characters, with two quotation marks that are not escaped
	{
		const std::string quoted = WebSocketAccessLine::quoted(std::string(1, static_cast<char>(c)));
		EXPECT_EQ(std::string::npos, quoted.find_first_not_of(" !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~")) << c;
		EXPECT_EQ(quoted.size() - 1, quoted.find('"', quoted[1] == '\\' ? 3 : 1)) << c;
	}
}


TEST(AccessLineTest, LongPathIsCut)
{
	WebSocketAccessLine line = sample();
	line.path = std::string(WebSocketAccessLine::MAX_PATH, 'x');
	EXPECT_NE(std::string::npos, line.format().find("x\" status=101"));
	line.path += 'x';
	EXPECT_NE(std::string::npos, line.format().find("x\"... status=101"));
	EXPECT_EQ(std::string::npos, line.format().find(line.path));
}


TEST(AccessLineTest, EachReasonHasAName)
{
	std::set<std::string> names;
	for (int i = 0; i < WebSocketRefusalReason::REASONS; ++i)
	{
		const std::string name = WebSocketRefusalReason::name(static_cast<WebSocketRefusalReason::Reason>(i));
		EXPECT_FALSE(name.empty());
		EXPECT_EQ(std::string::npos, name.find_first_not_of("abcdefghijklmnopqrstuvwxyz_")) << name; // a label's value, and no quotation marks in a line
		EXPECT_TRUE(names.insert(name).second) << name;
	}
	EXPECT_STREQ("hook", WebSocketRefusalReason::name(WebSocketRefusalReason::HOOK));
}


TEST(AccessLineTest, PathOfARequest)
{
	const struct
	{
		const char* pHeader;
		const char* pPath;
	}
	rows[] =
	{
		{"", ""},
		{"\r\n", ""},
		{"GE", ""},
		{"GET", ""},
		{"GET\r\n/x", ""},
		{"GET ", ""},
		{"GET /cha", "/cha"}, // that much has come
		{"GET /chat HTTP/1.1", "/chat"},
		{"\r\nGET /chat HTTP/1.1\r\nHost: x\r\n", "/chat"},
		{"GET /chat?token=secret HTTP/1.1\r\n", "/chat"},
		{"GET ?token=secret", ""},
		{"GET /chat\r\nHost: a b\r\n", "/chat"},
		{"\x16\x03\x01", ""}
	};
	for (const auto& row: rows) EXPECT_EQ(row.pPath, WebSocketHandshake::pathOfRequest(row.pHeader)) << row.pHeader;
	EXPECT_EQ("/a", WebSocketHandshake::pathOf("/a?b?c"));
	EXPECT_EQ("/a", WebSocketHandshake::pathOf("/a"));
}
