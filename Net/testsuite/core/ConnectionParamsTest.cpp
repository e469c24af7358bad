//
// ConnectionParamsTest.cpp
//
// Library: PocoWebSocket
// Package: Tests
// Module:  WebSocketConnectionParamsTest
//
// Options of the connections: their defaults, and what is out of range.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "Poco/Net/WebSocketClientParams.h"
#include "Poco/Net/WebSocketConnectionParams.h"
#include "Poco/Net/WebSocketServerParams.h"
#include "Poco/Exception.h"
#include <gtest/gtest.h>
#include <type_traits>
#include <limits>


using Poco::InvalidArgumentException;
using Poco::Timespan;
using Poco::Net::WebSocketConnectionParams;


namespace
{
	const Timespan LONGEST(20, 0, 0, 0, 0); // days

	struct TimeRow
	{
		const char* name; // in the text of the exception
		void (WebSocketConnectionParams::*set)(const Timespan&);
		Timespan (WebSocketConnectionParams::*get)() const;
		Timespan standard;
		Timespan min;
	};

	const TimeRow TIMES[] =
	{
		{"IdleTimeout", &WebSocketConnectionParams::setIdleTimeout, &WebSocketConnectionParams::getIdleTimeout, Timespan(), Timespan()},
		{"SendTimeout", &WebSocketConnectionParams::setSendTimeout, &WebSocketConnectionParams::getSendTimeout, Timespan(30, 0), Timespan(1)},
		{"CloseTimeout", &WebSocketConnectionParams::setCloseTimeout, &WebSocketConnectionParams::getCloseTimeout, Timespan(5, 0), Timespan(1)},
		{"AcceptanceTimeout", &WebSocketConnectionParams::setAcceptanceTimeout, &WebSocketConnectionParams::getAcceptanceTimeout, Timespan(10, 0), Timespan(1)}
	};

	template <class Set>
	void expectRefused(const std::string& name, const Set& set)
	{
		try
		{
			set();
			ADD_FAILURE() << name << " is to be refused";
		}
		catch (const InvalidArgumentException& exc)
		{
			EXPECT_EQ(name + " out of range: ", exc.message().substr(0, name.size() + 15));
		}
	}
}


#define HAS(name, member) \
	template <typename Params, typename = void> struct name: std::false_type {}; \
	template <typename Params> struct name<Params, std::void_t<decltype(&Params::member)>>: std::true_type {}

namespace
{
	HAS(HasRedirects, setMaxRedirects);
	HAS(HasMaxRedirects, getMaxRedirects);
	HAS(HasAllowedOrigins, setAllowedOrigins);
	HAS(HasOriginCheck, setOriginCheck);
	HAS(HasHook, setHook);
	HAS(HasGetHook, getHook);
	HAS(HasAsyncHook, setAsyncHook);
	HAS(HasGetAsyncHook, getAsyncHook);
	HAS(HasAcceptanceTimeout, setAcceptanceTimeout);
	HAS(HasSubprotocols, setSubprotocols);

	// Options of one role are not among those of the other. WebSocketParams, of the class, serve both.
	using Poco::Net::WebSocketClientParams;
	using Poco::Net::WebSocketParams;
	using Poco::Net::WebSocketServerParams;
	static_assert(HasSubprotocols<WebSocketServerParams>::value && HasSubprotocols<WebSocketClientParams>::value);
	static_assert(!HasRedirects<WebSocketServerParams>::value && HasRedirects<WebSocketClientParams>::value && HasRedirects<WebSocketParams>::value);
	static_assert(!HasMaxRedirects<WebSocketServerParams>::value && HasMaxRedirects<WebSocketClientParams>::value);
	static_assert(HasAllowedOrigins<WebSocketServerParams>::value && !HasAllowedOrigins<WebSocketClientParams>::value && HasAllowedOrigins<WebSocketParams>::value);
	static_assert(HasOriginCheck<WebSocketServerParams>::value && !HasOriginCheck<WebSocketClientParams>::value);
	static_assert(HasHook<WebSocketServerParams>::value && !HasHook<WebSocketClientParams>::value);
	static_assert(HasAsyncHook<WebSocketServerParams>::value && !HasAsyncHook<WebSocketClientParams>::value && !HasAsyncHook<WebSocketParams>::value);
	static_assert(HasGetAsyncHook<WebSocketServerParams>::value && !HasGetAsyncHook<WebSocketClientParams>::value);
	static_assert(HasAcceptanceTimeout<WebSocketServerParams>::value && !HasAcceptanceTimeout<WebSocketClientParams>::value);
	static_assert(HasGetHook<WebSocketServerParams>::value && !HasGetHook<WebSocketClientParams>::value);
}


TEST(WebSocketConnectionParamsTest, Times)
{
	WebSocketConnectionParams::Ptr pParams = new WebSocketConnectionParams;
	EXPECT_EQ(Timespan(30, 0), pParams->getPingInterval());
	for (const TimeRow& row: TIMES)
	{
		SCOPED_TRACE(row.name);
		WebSocketConnectionParams& params = *pParams;
		EXPECT_EQ(row.standard, (params.*row.get)());
		for (const Timespan& time: {row.min, Timespan(1, 2), LONGEST})
		{
			(params.*row.set)(time);
			EXPECT_EQ(time, (params.*row.get)());
		}
		for (const Timespan& time: {row.min - Timespan(1), LONGEST + Timespan(1)}) expectRefused(row.name, [&] { (params.*row.set)(time); });
		EXPECT_EQ(LONGEST, (params.*row.get)()) << "unchanged";
	}
}


TEST(WebSocketConnectionParamsTest, AsyncHook)
{
	WebSocketConnectionParams::Ptr pParams = new WebSocketConnectionParams;
	EXPECT_FALSE(pParams->getAsyncHook());
	pParams->setAsyncHook([](const auto&) {});
	EXPECT_TRUE(pParams->getAsyncHook());
}


TEST(WebSocketConnectionParamsTest, Queue)
{
	WebSocketConnectionParams::Ptr pParams = new WebSocketConnectionParams;
	EXPECT_EQ(16*1024*1024, pParams->getMaxQueuedBytes());
	for (int size: {1, std::numeric_limits<int>::max()})
	{
		pParams->setMaxQueuedBytes(size);
		EXPECT_EQ(size, pParams->getMaxQueuedBytes());
	}
	for (int size: {0, -1, std::numeric_limits<int>::min()}) expectRefused("MaxQueuedBytes", [&] { pParams->setMaxQueuedBytes(size); });
	EXPECT_EQ(WebSocketConnectionParams::QUEUE_REFUSE, pParams->getQueuePolicy());
	pParams->setQueuePolicy(WebSocketConnectionParams::QUEUE_CLOSE_1013);
	EXPECT_EQ(WebSocketConnectionParams::QUEUE_CLOSE_1013, pParams->getQueuePolicy());
}
