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


#include "Poco/Net/WebSocketConnectionParams.h"
#include "Poco/Exception.h"
#include <gtest/gtest.h>
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
		{"CloseTimeout", &WebSocketConnectionParams::setCloseTimeout, &WebSocketConnectionParams::getCloseTimeout, Timespan(5, 0), Timespan(1)}
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
