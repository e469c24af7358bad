//
// PingTimesTest.cpp
//
// Library: PocoWebSocket
// Package: Tests
// Module:  WebSocketPingTimesTest
//
// Round-trip times: what is an answer, and to what (RFC 6455, 5.5.3).
//
// SPDX-License-Identifier: BSL-1.0
//


#include "core/PingTimes.h"
#include <gtest/gtest.h>
#include <set>
#include <string>


using Poco::Net::WebSocketPingTimes;

using Time = WebSocketPingTimes::Time;


namespace
{
	const Time BEGINNINGS[] = {0, 1, 1000, 0x7fffff00, 0x80000000, 0xfff00000, 0xfffffff0, 0xffffffff};

	std::string ping(WebSocketPingTimes& times, Time now)
	{
		char payload[WebSocketPingTimes::LENGTH];
		times.begin(now, payload);
		EXPECT_TRUE(times.awaited());
		return std::string(payload, sizeof(payload));
	}

	void pong(WebSocketPingTimes& times, const std::string& payload, Time now)
	{
		times.received(payload.data(), payload.size(), now);
	}
}


TEST(WebSocketPingTimesTest, OnePing)
{
	for (Time begin: BEGINNINGS)
	{
		SCOPED_TRACE(begin);
		WebSocketPingTimes times;
		EXPECT_EQ(0u, times.roundTrip());
		EXPECT_FALSE(times.awaited());
		const std::string payload = ping(times, begin);
		pong(times, "", begin + 1);
		pong(times, payload + "x", begin + 1);
		pong(times, std::string(payload.size(), '\xff'), begin + 1);
		pong(times, std::string(payload.size(), '\0'), begin + 1);
		EXPECT_EQ(0u, times.roundTrip());
		pong(times, payload, begin + 300);
		EXPECT_EQ(300u, times.roundTrip());
		EXPECT_FALSE(times.awaited());
		pong(times, payload, begin + 400);
		EXPECT_EQ(300u, times.roundTrip()) << "the same answer again";
	}
}


TEST(WebSocketPingTimesTest, ManyPings)
{
	for (Time begin: BEGINNINGS)
	{
		SCOPED_TRACE(begin);
		WebSocketPingTimes times;
		ping(times, begin);
		const std::string second = ping(times, begin + 10);
		const std::string third = ping(times, begin + 20);
		pong(times, second, begin + 100);
		EXPECT_EQ(90u, times.roundTrip());
		EXPECT_TRUE(times.awaited());
		pong(times, third, begin + 120);
		EXPECT_EQ(100u, times.roundTrip());
		EXPECT_FALSE(times.awaited());
	}
}


TEST(WebSocketPingTimesTest, PingsOfTheSameTimeAreDifferent)
{
	for (Time begin: BEGINNINGS)
	{
		SCOPED_TRACE(begin);
		WebSocketPingTimes times;
		std::set<std::string> payloads;
		std::string last;
		for (int i = 0; i < 100; ++i) payloads.insert(last = ping(times, begin));
		EXPECT_EQ(100u, payloads.size());
		pong(times, last, begin);
		EXPECT_EQ(1u, times.roundTrip()) << "at least";
	}
}


TEST(WebSocketPingTimesTest, WhatIsNoAnswer)
{
	for (Time begin: BEGINNINGS)
	{
		SCOPED_TRACE(begin);
		WebSocketPingTimes times;
		const std::string payload = ping(times, begin);
		for (Time other: {begin + 1, begin + 1000, begin + 0x7fffffff})
		{
			const Time answer[] = {other, ~other};
			pong(times, std::string(reinterpret_cast<const char*>(answer), sizeof(answer)), begin + 50);
			EXPECT_EQ(0u, times.roundTrip()) << other - begin;
			EXPECT_TRUE(times.awaited());
		}
		pong(times, payload, begin + 50);
		for (Time other: {begin - 1, begin, begin + 1})
		{
			pong(times, std::string(reinterpret_cast<const char*>(&other), sizeof(other)), begin + 60);
			EXPECT_EQ(50u, times.roundTrip()) << "none is awaited";
		}
	}
}


TEST(WebSocketPingTimesTest, LongAgo)
{
	// The answer to an old PING, and a PING long after the last.
	WebSocketPingTimes times;
	pong(times, ping(times, 100), 150);
	const Time later = 100 + 0xc0000000;
	pong(times, ping(times, later), later + 7);
	EXPECT_EQ(7u, times.roundTrip());
	ping(times, later + 10); // which is not answered
	pong(times, ping(times, later + 10 + 0x90000000), later + 30 + 0x90000000);
	EXPECT_EQ(20u, times.roundTrip());
}
