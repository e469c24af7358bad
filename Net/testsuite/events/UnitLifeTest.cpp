//
// UnitLifeTest.cpp
//
// The phases of a connection, and which follows which.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "events/Life.h"
#include <gtest/gtest.h>
#include <set>
#include <string>
#include <vector>


using Poco::Net::WebSocketConnection;
using Poco::Net::WebSocketConnectionGroup;
using Poco::Net::WebSocketLife;


namespace
{
	using L = WebSocketLife;

	struct Row
	{
		L::Phase phase;
		std::vector<L::Phase> way; // to it
		WebSocketConnection::State state;
		std::string is; // which of the questions are answered with yes
		std::set<L::Phase> next;
	};

	const std::vector<Row> ROWS =
	{
		{L::NEW, {}, WebSocketConnection::CONNECTING, "", {L::HANDSHAKE, L::GONE}},
		{L::HANDSHAKE, {L::HANDSHAKE}, WebSocketConnection::CONNECTING, "", {L::OPEN, L::ABORTED, L::CLOSED, L::GONE}},
		{L::OPEN, {L::HANDSHAKE, L::OPEN}, WebSocketConnection::OPEN, "open tells", {L::CLOSING, L::BROKEN, L::FAILED, L::ABORTED, L::CLOSED, L::GONE}},
		{L::CLOSING, {L::HANDSHAKE, L::OPEN, L::CLOSING}, WebSocketConnection::CLOSING, "closing tells", {L::FAILED, L::ABORTED, L::CLOSED, L::GONE}},
		{L::BROKEN, {L::HANDSHAKE, L::OPEN, L::BROKEN}, WebSocketConnection::CLOSING, "tells", {L::FAILED, L::ABORTED, L::CLOSED, L::GONE}},
		{L::FAILED, {L::HANDSHAKE, L::OPEN, L::FAILED}, WebSocketConnection::CLOSING, "closing discards tells", {L::ABORTED, L::CLOSED, L::GONE}},
		{L::ABORTED, {L::HANDSHAKE, L::OPEN, L::ABORTED}, WebSocketConnection::CLOSING, "discards aborted tells", {L::DROPPED, L::GONE}},
		{L::CLOSED, {L::HANDSHAKE, L::OPEN, L::CLOSED}, WebSocketConnection::CLOSED, "closing discards", {L::SHUT, L::DROPPED, L::GONE}},
		{L::SHUT, {L::HANDSHAKE, L::OPEN, L::CLOSED, L::SHUT}, WebSocketConnection::CLOSED, "closing discards", {L::DROPPED, L::GONE}},
		{L::DROPPED, {L::HANDSHAKE, L::OPEN, L::CLOSED, L::DROPPED}, WebSocketConnection::CLOSED, "discards aborted", {L::GONE}},
		{L::GONE, {L::HANDSHAKE, L::OPEN, L::GONE}, WebSocketConnection::CLOSED, "discards gone", {}}
	};

	void reach(L& life, const Row& row)
	{
		for (const L::Phase phase: row.way) ASSERT_TRUE(life.enter(phase));
		ASSERT_EQ(row.phase, life.phase());
	}

	std::string answers(const L& life)
	{
		std::string result;
		const auto add = [&result](bool yes, const char* word) { if (yes) result += (result.empty() ? "" : " ") + std::string(word); };
		add(life.isOpen(), "open");
		add(life.closing(), "closing");
		add(life.discards(), "discards");
		add(life.aborted(), "aborted");
		add(life.gone(), "gone");
		add(life.tells(), "tells");
		return result;
	}
}


TEST(EventLife, EachPhaseIsFollowedByThoseOfTheTable)
{
	for (const Row& row: ROWS)
	{
		for (const Row& other: ROWS)
		{
			L life;
			reach(life, row);
			const bool follows = row.next.count(other.phase) > 0;
			EXPECT_EQ(follows, life.enter(other.phase)) << int(row.phase) << " to " << int(other.phase);
			EXPECT_EQ(follows ? other.phase : row.phase, life.phase());
		}
	}
}


TEST(EventLife, WhatEachPhaseMeans)
{
	for (const Row& row: ROWS)
	{
		L life;
		reach(life, row);
		EXPECT_EQ(row.state, life.state()) << int(row.phase);
		EXPECT_EQ(row.is, answers(life)) << int(row.phase);
		EXPECT_EQ(row.phase >= L::OPEN, life.opened()) << int(row.phase);
	}
}


TEST(EventLife, RequestRefused_NobodyIsTold)
{
	for (const auto counted: {WebSocketConnectionGroup::HANDSHAKE, WebSocketConnectionGroup::HTTP})
	{
		L life(counted);
		for (const L::Phase phase: {L::HANDSHAKE, L::CLOSED, L::SHUT, L::GONE})
		{
			ASSERT_TRUE(life.enter(phase));
			EXPECT_FALSE(life.opened());
			EXPECT_FALSE(life.tells());
			EXPECT_EQ(counted, life.counted());
		}
	}
}


TEST(EventLife, CountsAsOpenedFromOpenOn)
{
	L life(WebSocketConnectionGroup::HTTP);
	life.enter(L::HANDSHAKE);
	EXPECT_EQ(WebSocketConnectionGroup::HTTP, life.counted());
	for (const L::Phase phase: {L::OPEN, L::BROKEN, L::CLOSED, L::GONE})
	{
		ASSERT_TRUE(life.enter(phase));
		EXPECT_EQ(WebSocketConnectionGroup::OPENED, life.counted());
	}
}
