//
// ParamsTest.cpp
//
// Library: PocoWebSocket
// Package: Tests
// Module:  WebSocketParamsTest
//
// Options: their defaults, and what is out of range.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "Poco/Net/WebSocketParams.h"
#include "Poco/Exception.h"
#include <gtest/gtest.h>
#include <limits>
#include <string>
#include <vector>


using Poco::InvalidArgumentException;
using Poco::Timespan;
using Poco::Net::HTTPServerRequest;
using Poco::Net::HTTPServerResponse;
using Poco::Net::WebSocketDeflateParams;
using Poco::Net::WebSocketParams;


namespace
{
	constexpr int LARGEST = std::numeric_limits<int>::max();
	constexpr int LOWEST  = std::numeric_limits<int>::min();

	struct NumberRow
	{
		const char* name; // in the text of the exception
		void (WebSocketParams::*set)(int);
		int (WebSocketParams::*get)() const;
		int standard;
		int min;
		int max;
	};

	const NumberRow NUMBERS[] =
	{
		{"MaxMessageSize", &WebSocketParams::setMaxMessageSize, &WebSocketParams::getMaxMessageSize, 16*1024*1024, 1, LARGEST},
		{"MaxFrameSize", &WebSocketParams::setMaxFrameSize, &WebSocketParams::getMaxFrameSize, 16*1024*1024, 1, LARGEST},
		{"MaxFragments", &WebSocketParams::setMaxFragments, &WebSocketParams::getMaxFragments, 131072, 1, LARGEST},
		{"MaxPendingPings", &WebSocketParams::setMaxPendingPings, &WebSocketParams::getMaxPendingPings, 1000, 1, LARGEST},
		{"MaxHandshakeFields", &WebSocketParams::setMaxHandshakeFields, &WebSocketParams::getMaxHandshakeFields, 100, 1, LARGEST},
		{"MaxHandshakeSize", &WebSocketParams::setMaxHandshakeSize, &WebSocketParams::getMaxHandshakeSize, 16*1024, 1, LARGEST},
		{"DeflateLevel", &WebSocketParams::setDeflateLevel, &WebSocketParams::getDeflateLevel, 1, 1, 9},
		{"DeflateMemLevel", &WebSocketParams::setDeflateMemLevel, &WebSocketParams::getDeflateMemLevel, 8, 1, 9},
		{"DeflateThreshold", &WebSocketParams::setDeflateThreshold, &WebSocketParams::getDeflateThreshold, 64, 0, LARGEST},
		{"MaxRedirects", &WebSocketParams::setMaxRedirects, &WebSocketParams::getMaxRedirects, 0, 0, LARGEST}
	};

	struct TimeRow
	{
		const char* name;
		void (WebSocketParams::*set)(const Timespan&);
		Timespan (WebSocketParams::*get)() const;
		Timespan standard;
		Timespan min;
	};

	const TimeRow TIMES[] =
	{
		{"HandshakeTimeout", &WebSocketParams::setHandshakeTimeout, &WebSocketParams::getHandshakeTimeout, Timespan(30, 0), Timespan(0, 1)},
		{"PingInterval", &WebSocketParams::setPingInterval, &WebSocketParams::getPingInterval, Timespan(0), Timespan(0)},
		{"PongTimeout", &WebSocketParams::setPongTimeout, &WebSocketParams::getPongTimeout, Timespan(20, 0), Timespan(0, 1)},
		{"TransferTimeout", &WebSocketParams::setTransferTimeout, &WebSocketParams::getTransferTimeout, Timespan(15*60, 0), Timespan(0, 1)}
	};

	struct FlagRow
	{
		void (WebSocketParams::*set)(bool);
		bool (WebSocketParams::*get)() const;
		bool standard;
	};

	const FlagRow FLAGS[] =
	{
		{&WebSocketParams::setVerifyUTF8, &WebSocketParams::getVerifyUTF8, true},
		{&WebSocketParams::setVerifyMasking, &WebSocketParams::getVerifyMasking, true},
		{&WebSocketParams::setDeflate, &WebSocketParams::getDeflate, false}
	};

	template <typename Call>
	std::string refusal(Call call)
		/// The text of the InvalidArgumentException that the call throws; empty if it does not.
	{
		try
		{
			call();
		}
		catch (const InvalidArgumentException& exc)
		{
			return exc.displayText();
		}
		return "";
	}
}


TEST(WebSocketParamsTest, LongestTransferTimeout)
{
	WebSocketParams::Ptr pParams = new WebSocketParams;
	pParams->setTransferTimeout(Timespan(20, 0, 0, 0, 0));
	EXPECT_EQ(Timespan(20, 0, 0, 0, 0), pParams->getTransferTimeout());
	EXPECT_THROW(pParams->setTransferTimeout(Timespan(20, 0, 0, 0, 1)), InvalidArgumentException);
}


TEST(WebSocketParamsTest, Numbers)
{
	WebSocketParams::Ptr pParams = new WebSocketParams;
	for (const NumberRow& row: NUMBERS)
	{
		SCOPED_TRACE(row.name);
		EXPECT_EQ(row.standard, (*pParams.*row.get)());
		for (int value: {row.min, row.min + 1, row.max - 1, row.max})
		{
			(*pParams.*row.set)(value);
			EXPECT_EQ(value, (*pParams.*row.get)());
		}
		std::vector<int> bad = {row.min - 1, LOWEST};
		if (row.max < LARGEST) bad.insert(bad.end(), {row.max + 1, LARGEST});
		for (int value: bad)
		{
			const std::string text = refusal([&] { (*pParams.*row.set)(value); });
			EXPECT_NE(std::string::npos, text.find(row.name)) << text;
			EXPECT_NE(std::string::npos, text.find(std::to_string(value))) << text;
			EXPECT_EQ(row.max, (*pParams.*row.get)()) << "nothing has changed";
		}
	}
}


TEST(WebSocketParamsTest, Times)
{
	WebSocketParams::Ptr pParams = new WebSocketParams;
	for (const TimeRow& row: TIMES)
	{
		SCOPED_TRACE(row.name);
		EXPECT_EQ(row.standard, (*pParams.*row.get)());
		for (const Timespan& value: {Timespan(86400, 0), row.min})
		{
			(*pParams.*row.set)(value);
			EXPECT_EQ(value, (*pParams.*row.get)());
		}
		for (const Timespan& value: {row.min - Timespan(0, 1), Timespan(-30, 0)})
		{
			EXPECT_NE(std::string::npos, refusal([&] { (*pParams.*row.set)(value); }).find(row.name));
			EXPECT_EQ(row.min, (*pParams.*row.get)()) << "nothing has changed";
		}
	}
}


TEST(WebSocketParamsTest, Flags)
{
	WebSocketParams::Ptr pParams = new WebSocketParams;
	for (const FlagRow& row: FLAGS)
	{
		EXPECT_EQ(row.standard, (*pParams.*row.get)());
		for (bool value: {!row.standard, row.standard})
		{
			(*pParams.*row.set)(value);
			EXPECT_EQ(value, (*pParams.*row.get)());
		}
	}
}


TEST(WebSocketParamsTest, DeflateParams)
{
	WebSocketParams::Ptr pParams = new WebSocketParams;
	EXPECT_FALSE(pParams->getDeflateParams().serverNoContextTakeover);
	EXPECT_FALSE(pParams->getDeflateParams().clientNoContextTakeover);
	EXPECT_EQ(15, pParams->getDeflateParams().serverMaxWindowBits);
	EXPECT_EQ(15, pParams->getDeflateParams().clientMaxWindowBits);
	for (int bits: {LOWEST, -9, 0, 8, 9, 10, 14, 15, 16, LARGEST})
	{
		const bool good = bits >= 9 && bits <= 15;
		WebSocketDeflateParams server;
		server.serverMaxWindowBits = bits;
		server.serverNoContextTakeover = true;
		const std::string serverText = refusal([&] { pParams->setDeflateParams(server); });
		EXPECT_EQ(good, serverText.empty()) << bits;
		EXPECT_EQ(!good, serverText.find("serverMaxWindowBits") != std::string::npos) << serverText;
		if (good)
		{
			EXPECT_EQ(bits, pParams->getDeflateParams().serverMaxWindowBits);
			EXPECT_TRUE(pParams->getDeflateParams().serverNoContextTakeover);
		}

		WebSocketDeflateParams client;
		client.clientMaxWindowBits = bits;
		client.clientNoContextTakeover = true;
		const std::string clientText = refusal([&] { pParams->setDeflateParams(client); });
		EXPECT_EQ(good, clientText.empty()) << bits;
		EXPECT_EQ(!good, clientText.find("clientMaxWindowBits") != std::string::npos) << clientText;
		if (good)
		{
			EXPECT_EQ(bits, pParams->getDeflateParams().clientMaxWindowBits);
			EXPECT_TRUE(pParams->getDeflateParams().clientNoContextTakeover);
		}
	}
	EXPECT_EQ(15, pParams->getDeflateParams().clientMaxWindowBits) << "the last good ones";
}


TEST(WebSocketParamsTest, Subprotocols)
{
	using Names = std::vector<std::string>;
	WebSocketParams::Ptr pParams = new WebSocketParams;
	EXPECT_EQ(Names(), pParams->getSubprotocols());
	for (const Names& good: {Names{"chat"}, Names{"v2.chat", "v1.chat"}, Names{"chat", "Chat"}, Names(), Names{"last"}})
	{
		EXPECT_EQ("", refusal([&] { pParams->setSubprotocols(good); }));
		EXPECT_EQ(good, pParams->getSubprotocols());
	}
	for (const Names& bad: {Names{""}, Names{"a b"}, Names{"a,b"}, Names{"good", "b;d"}, Names{"a\r\nb"}, Names{"\xc3\xbc"}})
	{
		EXPECT_NE(std::string::npos, refusal([&] { pParams->setSubprotocols(bad); }).find("not a token"));
	}
	for (const Names& bad: {Names{"a", "a"}, Names{"a", "b", "a"}, Names{"a", "b", "b", "c"}})
	{
		EXPECT_NE(std::string::npos, refusal([&] { pParams->setSubprotocols(bad); }).find("twice"));
	}
	EXPECT_EQ(Names{"last"}, pParams->getSubprotocols()) << "nothing has changed";
}


TEST(WebSocketParamsTest, OriginsAndCallbacks)
{
	WebSocketParams::Ptr pParams = new WebSocketParams;
	EXPECT_TRUE(pParams->getAllowedOrigins().empty());
	EXPECT_FALSE(pParams->getOriginCheck());
	EXPECT_FALSE(pParams->getHook());

	const std::vector<std::string> origins = {"https://www.example.com", "null", "*"};
	pParams->setAllowedOrigins(origins);
	EXPECT_EQ(origins, pParams->getAllowedOrigins());
	pParams->setOriginCheck([](const std::string&, const HTTPServerRequest&) { return true; });
	EXPECT_TRUE(pParams->getOriginCheck());
	pParams->setHook([](HTTPServerRequest&, HTTPServerResponse&) { return false; });
	EXPECT_TRUE(pParams->getHook());

	pParams->setOriginCheck(nullptr);
	pParams->setHook(nullptr);
	EXPECT_FALSE(pParams->getOriginCheck());
	EXPECT_FALSE(pParams->getHook());
}
