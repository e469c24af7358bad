//
// SendRulesTest.cpp
//
// Library: PocoWebSocket
// Package: Tests
// Module:  WebSocketSendRulesTest
//
// What a program may send (RFC 6455, 5.5.1, 5.6, 7.4 and 8.1).
//
// SPDX-License-Identifier: BSL-1.0
//


#include "core/SendRules.h"
#include "Poco/Net/NetException.h"
#include "Poco/Net/WebSocketError.h"
#include <gtest/gtest.h>


using Poco::InvalidArgumentException;
using Poco::Net::WebSocketSendRules;


TEST(WebSocketSendRulesTest, Opcode)
{
	for (int opcode = -2; opcode < 256; ++opcode)
	{
		if (opcode == 1 || opcode == 2) EXPECT_NO_THROW(WebSocketSendRules::checkOpcode(opcode));
		else EXPECT_THROW(WebSocketSendRules::checkOpcode(opcode), InvalidArgumentException) << opcode;
	}
}


TEST(WebSocketSendRulesTest, Text)
{
	EXPECT_NO_THROW(WebSocketSendRules::checkText("", 0));
	EXPECT_NO_THROW(WebSocketSendRules::checkText("\xc3\xa4", 2));
	EXPECT_THROW(WebSocketSendRules::checkText("\xc3\xa4", 1), InvalidArgumentException);
	EXPECT_THROW(WebSocketSendRules::checkText("\xff", 1), InvalidArgumentException);
	EXPECT_THROW(WebSocketSendRules::refuseText(), InvalidArgumentException);
}


TEST(WebSocketSendRulesTest, Section5_4_Parts)
{
	EXPECT_THROW(WebSocketSendRules::refuseOtherOpcode(), InvalidArgumentException);
	EXPECT_THROW(WebSocketSendRules::refuseBetweenParts(), Poco::IllegalStateException);
	try
	{
		WebSocketSendRules::refuseAfterLost();
	}
	catch (const Poco::Net::WebSocketException& exc)
	{
		EXPECT_EQ(Poco::Net::WebSocketError::CLOSED, exc.code());
	}
}


TEST(WebSocketSendRulesTest, Close)
{
	for (int code: {1000, 1001, 1003, 1007, 1014, 3000, 4999}) EXPECT_NO_THROW(WebSocketSendRules::checkClose(code, "\xc3\xa4")) << code;
	for (int code: {-1, 0, 999, 1004, 1005, 1006, 1015, 2999, 5000}) EXPECT_THROW(WebSocketSendRules::checkClose(code, ""), InvalidArgumentException) << code;
	EXPECT_THROW(WebSocketSendRules::checkClose(1000, "\xff"), InvalidArgumentException);
}
