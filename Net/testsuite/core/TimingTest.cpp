//
// TimingTest.cpp
//
// Library: PocoWebSocket
// Package: Tests
// Module:  WebSocketTimingTest
//
// What has to happen in time, in the states of a connection that WebSocketProtocol does not have.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "core/Timing.h"
#include "Poco/Net/WebSocketConnectionParams.h"
#include <gtest/gtest.h>
#include <algorithm>


using Poco::Net::WebSocketPeerState;
using Poco::Net::WebSocketProgress;
using Poco::Net::WebSocketTiming;

using Time = WebSocketTiming::Time;
using More = WebSocketTiming::More;
using Facts = WebSocketTiming::Facts;


namespace
{
	constexpr auto NOTHING      = WebSocketTiming::NOTHING;
	constexpr auto LOOK         = WebSocketTiming::LOOK;
	constexpr auto SEND_PING    = WebSocketTiming::SEND_PING;
	constexpr auto IDLE         = WebSocketTiming::IDLE;
	constexpr auto AGED         = WebSocketTiming::AGED;
	constexpr auto PING_TIMEOUT = WebSocketTiming::PING_TIMEOUT;
	constexpr auto SEND_TIMEOUT = WebSocketTiming::SEND_TIMEOUT;
	constexpr auto CLOSE_TIMEOUT = WebSocketTiming::CLOSE_TIMEOUT;
	constexpr auto READ_TIMEOUT = WebSocketTiming::READ_TIMEOUT;
	constexpr auto MESSAGE_TIMEOUT = WebSocketTiming::MESSAGE_TIMEOUT;

	const Time BEGINNINGS[] = {0, 0x7fffffff - 500, 0xffffffff - 500};

	WebSocketTiming::Limits limits(Time idle = 0, Time ping = 0)
	{
		WebSocketTiming::Limits result;
		result.pingInterval = ping;
		result.pongTimeout = 200;
		result.slowPongTimeout = 500;
		result.longestSilence = ping + 4000;
		result.idleTimeout = idle;
		result.sendTimeout = 500;
		result.closeTimeout = 300;
		result.transferTimeout = 4000;
		return result;
	}

	struct Connection
		/// A connection, whose peer is looked at whenever that is wanted.
	{
		explicit Connection(Time beginning, const WebSocketTiming::Limits& theLimits = limits(), bool hasMore = true):
			begin(beginning),
			itsLimits(theLimits),
			pMore(hasMore ? &more : nullptr)
		{
			timing.begin(begin);
		}

		WebSocketTiming::Action at(Time time)
		{
			for (int looks = 0; looks < 3; ++looks)
			{
				const WebSocketTiming::Action action = timing.timeReached(begin + time, itsLimits, facts, pMore);
				if (action != LOOK) return action;
				pMore = &more;
				probes = timing.look(begin + time, peer, facts, more);
			}
			ADD_FAILURE() << "wants to look again and again";
			return LOOK;
		}

		Time deadline(Time time) const
		{
			return timing.deadline(begin + time, itsLimits, facts, pMore) - begin;
		}

		const Time begin;
		WebSocketTiming::Limits itsLimits;
		WebSocketTiming timing;
		Facts facts;
		More more;
		More* pMore;
		WebSocketPeerState peer;
		bool probes = false; // what the last look has returned
	};
}


TEST(WebSocketTimingTest, LimitsOfTheParams)
{
	const Poco::AutoPtr<Poco::Net::WebSocketConnectionParams> pParams = new Poco::Net::WebSocketConnectionParams;
	const WebSocketTiming::Limits limits(*pParams);
	EXPECT_EQ(30000u, limits.pingInterval);
	EXPECT_EQ(20000u, limits.pongTimeout);
	EXPECT_EQ(0u, limits.idleTimeout);
	EXPECT_EQ(30000u, limits.sendTimeout);
	EXPECT_EQ(5000u, limits.closeTimeout);
	EXPECT_EQ(15*60*1000u, limits.transferTimeout);
}


TEST(WebSocketTimingTest, NothingIsDue)
{
	for (Time begin: BEGINNINGS)
	{
		Connection connection(begin, limits(), false);
		EXPECT_EQ(1001u, connection.deadline(0)) << "to see whether a message arrives";
		EXPECT_EQ(NOTHING, connection.at(100000));
		EXPECT_EQ(nullptr, connection.pMore) << "nor was there a look";
		EXPECT_EQ(begin, connection.timing.lastMessage());
		EXPECT_EQ(begin, connection.timing.lastReceived());
		EXPECT_FALSE(connection.timing.pinging());
	}
}


TEST(WebSocketTimingTest, NothingIsReadWhilePaused)
{
	// An answer to a PING would not be seen.
	for (Time begin: BEGINNINGS)
	{
		Connection connection(begin, limits(0, 1000), false);
		connection.facts.paused = true;
		EXPECT_EQ(1501u, connection.deadline(500));
		EXPECT_EQ(NOTHING, connection.at(3000));
		connection.facts.paused = false;
		connection.timing.resumed(begin + 3000);
		EXPECT_EQ(NOTHING, connection.at(3999));
		EXPECT_EQ(4000u, connection.deadline(3999));
		EXPECT_EQ(SEND_PING, connection.at(4000));
		EXPECT_TRUE(connection.timing.pinging());
		EXPECT_EQ(4100u, connection.deadline(4000));
		EXPECT_EQ(PING_TIMEOUT, connection.at(4200));
		EXPECT_TRUE(connection.timing.received(begin + 4200));
	}
}


TEST(WebSocketTimingTest, AnIntervalThatIsTakenAwayWhileAPingWaits)
{
	Connection connection(0, limits(0, 1000));
	EXPECT_EQ(SEND_PING, connection.at(1000));
	connection.itsLimits.pingInterval = 0;
	EXPECT_EQ(1100u, connection.deadline(1000));
}


TEST(WebSocketTimingTest, TheStreamIsBrokenAndRead)
{
	struct Row
	{
		const char* name;
		bool paused;
		Time idle;
		Time received; // 0: nothing
		Time timeout;
	};
	const Row rows[] =
	{
		{"nothing comes", false, 0, 0, 300},
		{"something comes", false, 0, 250, 550},
		{"reading is paused", true, 0, 0, 4000},
		{"reading is paused, with an idle time-out", true, 2000, 0, 2000}
	};
	for (const Row& row: rows)
	{
		SCOPED_TRACE(row.name);
		for (Time begin: BEGINNINGS)
		{
			Connection connection(begin, limits(row.idle));
			connection.timing.closing(begin, false);
			connection.facts.open = false;
			connection.facts.sendBroken = true;
			connection.facts.paused = row.paused;
			if (row.received > 0) connection.timing.received(begin + row.received);
			EXPECT_EQ(NOTHING, connection.at(row.timeout - 1));
			EXPECT_EQ(row.timeout, connection.deadline(row.timeout - 1));
			EXPECT_EQ(READ_TIMEOUT, connection.at(row.timeout));
		}
	}
}


TEST(WebSocketTimingTest, WhatCameBeforeTheStreamBroke)
{
	for (Time begin: BEGINNINGS)
	{
		Connection connection(begin);
		connection.timing.received(begin + 100);
		connection.timing.closing(begin + 200, false);
		connection.facts.sendBroken = true;
		EXPECT_EQ(NOTHING, connection.at(499)) << "does not count";
		EXPECT_EQ(READ_TIMEOUT, connection.at(500));
	}
}


TEST(WebSocketTimingTest, ReadingGoesOnBehindABrokenStream)
{
	// At most for the time of a transfer.
	for (Time begin: BEGINNINGS)
	{
		Connection connection(begin);
		connection.timing.closing(begin, false);
		connection.facts.sendBroken = true;
		for (Time time = 200; time < 4000; time += 200)
		{
			connection.timing.received(begin + time);
			ASSERT_EQ(NOTHING, connection.at(time));
		}
		EXPECT_EQ(READ_TIMEOUT, connection.at(4000));
	}
}


TEST(WebSocketTimingTest, ALateClose)
{
	for (Time begin: BEGINNINGS)
	{
		for (bool late: {false, true})
		{
			Connection connection(begin);
			connection.more.progress.begin(connection.peer);
			EXPECT_EQ(late, connection.timing.closing(begin, late));
			connection.facts.closing = true;
			connection.timing.closing(begin, false); // which takes nothing back
			const Time timeout = late ? 500 : 300;
			EXPECT_EQ(NOTHING, connection.at(timeout - 1));
			EXPECT_EQ(timeout, connection.deadline(timeout - 1));
			EXPECT_EQ(CLOSE_TIMEOUT, connection.at(timeout));
			EXPECT_TRUE(connection.probes) << "the system is to keep up to date";
		}
	}
}


TEST(WebSocketTimingTest, ACloseFrameBehindWhatIsReadUnseen)
	/// For as long as that may take it is enough that the peer's system answers.
{
	struct Row
	{
		const char* name;
		Time message; // the last one
		Poco::UInt32 quiet;
		bool waits;
	};
	const Row rows[] =
	{
		{"a message was sent after the last byte came", 20, 10, true},
		{"a message came, and was answered at once", 10, 10, true},
		{"nothing was sent since", 0, 10, false},
		{"its system has gone", 20, 100000, false}
	};
	for (const Row& row: rows)
	{
		SCOPED_TRACE(row.name);
		for (Time begin: BEGINNINGS)
		{
			Connection connection(begin);
			connection.peer.acknowledged = 5000*WebSocketProgress::LOWEST_RATE;
			connection.timing.message(begin + row.message);
			connection.timing.received(begin + 10);
			connection.timing.closing(begin + 100, false);
			connection.facts.closing = true;
			connection.more.progress.begin(connection.peer);
			connection.peer.window = 1000*WebSocketProgress::LOWEST_RATE;
			connection.peer.quiet = row.quiet;
			Time time = 100;
			while (time < 10000 && connection.at(time) == NOTHING) ++time;
			EXPECT_EQ(CLOSE_TIMEOUT, connection.at(time));
			if (row.waits) EXPECT_LE(400 - 10 + 1000u, time);
			else EXPECT_GE(400 + 500u, time);
			EXPECT_GE(400 + 1000 + 500u, time) << "the send time-out";
			EXPECT_TRUE(connection.more.probing);
		}
	}
}


TEST(WebSocketTimingTest, ASignInTheFutureOrFromLongAgo)
{
	for (Time begin: BEGINNINGS)
	{
		for (Poco::UInt32 quiet: {5000u, 0xfffffff0u})
		{
			Connection connection(begin + 10000);
			connection.timing.blocked(begin + 10000, connection.peer, connection.facts, connection.more);
			connection.facts.blocked = true;
			connection.facts.queued = 10;
			connection.peer.acknowledged = 1;
			connection.peer.quiet = quiet;
			EXPECT_EQ(SEND_TIMEOUT, connection.at(500)) << "changes nothing";
		}
	}
}


TEST(WebSocketTimingTest, AnIdleConnectionWhosePeerTakesSomething)
{
	for (Time begin: BEGINNINGS)
	{
		for (bool waits: {false, true})
		{
			Connection connection(begin, limits(1000));
			connection.peer.waiting = waits ? 100 : 0;
			connection.more.progress.begin(connection.peer);
			connection.peer.acknowledged = 10;
			connection.peer.quiet = 200;
			EXPECT_EQ(waits ? NOTHING : IDLE, connection.at(1000)) << "an acknowledgement of a PING is no message";
			if (!waits) continue;
			EXPECT_EQ(1800u, connection.deadline(1000));
			EXPECT_EQ(IDLE, connection.at(1800));
		}
	}
}


TEST(WebSocketTimingTest, AnIdleConnectionIsBlocked)
{
	for (Time begin: BEGINNINGS)
	{
		Connection connection(begin, limits(1000));
		connection.itsLimits.sendTimeout = 2000;
		connection.timing.blocked(begin, connection.peer, connection.facts, connection.more);
		connection.facts.blocked = true;
		connection.facts.queued = 10;
		connection.peer.acknowledged = 10;
		connection.peer.quiet = 200;
		EXPECT_EQ(NOTHING, connection.at(1000));
		EXPECT_EQ(IDLE, connection.at(1800));
		connection.timing.taken(begin + 1900);
		connection.facts.open = false;
		EXPECT_EQ(3900u, connection.deadline(3799));
		connection.timing.unblocked(begin + 1950);
	}
}


TEST(WebSocketTimingTest, AnIdleConnectionIsNotBlockedAnyMore)
	/// The peer has taken something just then, whatever later looks are compared with.
{
	for (Time begin: BEGINNINGS)
	{
		Connection connection(begin, limits(1000));
		connection.itsLimits.sendTimeout = 2000;
		connection.timing.blocked(begin, connection.peer, connection.facts, connection.more);
		connection.timing.unblocked(begin + 900);
		connection.more.progress.begin(connection.peer);
		EXPECT_EQ(NOTHING, connection.at(1000));
		EXPECT_EQ(NOTHING, connection.at(1899));
		EXPECT_EQ(IDLE, connection.at(1900));
	}
}


TEST(WebSocketTimingTest, AnIdleConnectionIsLookedAtWhileAPingWaits)
{
	struct Row
	{
		const char* name;
		Poco::UInt32 window;
		Poco::UInt32 heldBack;
		Time answer; // until when it is waited for
		bool idle;
	};
	const Row rows[] =
	{
		{"nothing has happened", 0, 0, 1200, true},
		{"its program has read", 1000, 0, 1150 + 500, true},
		{"something has arrived that could not be received", 0, 1, 1150 + 200, false}
	};
	for (const Row& row: rows)
	{
		SCOPED_TRACE(row.name);
		for (Time begin: BEGINNINGS)
		{
			Connection connection(begin, limits(1150, 1000));
			EXPECT_EQ(SEND_PING, connection.at(1000));
			EXPECT_EQ(NOTHING, connection.at(1100));
			connection.more.progress.begin(connection.peer);
			connection.peer.window = row.window;
			connection.peer.heldBack = row.heldBack;
			EXPECT_EQ(row.idle ? IDLE : NOTHING, connection.at(1150));
			connection.itsLimits.idleTimeout = 0;
			EXPECT_EQ(NOTHING, connection.at(row.answer - 1));
			EXPECT_EQ(PING_TIMEOUT, connection.at(row.answer));
		}
	}
}


TEST(WebSocketTimingTest, AMessageArrivesAnotherFollows)
{
	for (Time begin: BEGINNINGS)
	{
		Connection connection(begin, limits(), false);
		connection.facts.messageArrives = true;
		EXPECT_EQ(NOTHING, connection.at(1000));
		connection.facts.messages = 1; // the next one
		EXPECT_EQ(NOTHING, connection.at(2000));
		EXPECT_EQ(NOTHING, connection.at(5999));
		EXPECT_EQ(MESSAGE_TIMEOUT, connection.at(6000));
		connection.facts.messageArrives = false;
		EXPECT_EQ(NOTHING, connection.at(6000));
		EXPECT_FALSE(connection.more.messageArrives);
	}
}


TEST(WebSocketTimingTest, ALookAtOneWhoIsPingedAndBlocked)
{
	for (Time begin: BEGINNINGS)
	{
		Connection connection(begin, limits(0, 1000));
		EXPECT_EQ(SEND_PING, connection.at(1000));
		connection.timing.blocked(begin + 1000, connection.peer, connection.facts, connection.more);
		connection.facts.blocked = true;
		connection.facts.queued = 10;
		connection.more.queueEnd = 10;
		connection.peer.acknowledged = 10;
		EXPECT_EQ(NOTHING, connection.at(1500)) << "its system has taken something";
		EXPECT_EQ(SEND_TIMEOUT, connection.at(2000));
		connection.timing.closing(begin + 2000, true);
		connection.facts.closing = true;
		connection.facts.blocked = false;
		EXPECT_EQ(NOTHING, connection.at(2499));
		EXPECT_EQ(CLOSE_TIMEOUT, connection.at(2500));
	}
}


TEST(WebSocketTimingTest, TheSystemIsToKeepUpToDateBehindASecondPing)
{
	struct Row
	{
		Time message; // 0: none but what came
		Poco::UInt32 acknowledged;
		Poco::UInt32 waiting;
		bool sentBefore;
	};
	for (const Row& row: {Row{0, 0, 0, false}, Row{0, 4096, 4096, false}, Row{0, 4097, 0, true}, Row{0, 0, 4097, true}, Row{500, 0, 0, true}})
	{
		const bool sentBefore = row.sentBefore;
		Connection connection(0, limits(0, 1000));
		if (row.message > 0) connection.timing.message(row.message);
		connection.peer.acknowledged = row.acknowledged;
		connection.peer.waiting = row.waiting;
		EXPECT_EQ(SEND_PING, connection.at(1000));
		EXPECT_EQ(sentBefore ? SEND_PING : NOTHING, connection.at(1100));
		EXPECT_EQ(sentBefore, connection.probes);
		EXPECT_EQ(sentBefore, connection.more.probing);
		connection.at(1250);
		EXPECT_EQ(sentBefore, connection.more.probing) << "still";
	}
}


TEST(WebSocketTimingTest, OpenForTooLong)
{
	struct Row
	{
		const char* name;
		Time age;
		Poco::UInt32 random;
		Time end;
	};
	const Row rows[] =
	{
		{"nothing less", 1000, 0, 1000},
		{"an eighth less", 1000, 0x80000000, 875},
		{"a quarter less, at most", 1000, 0xffffffff, 751},
		{"10 days", 10u*24*3600*1000, 0x40000000, 810000000}
	};
	for (const Row& row: rows)
	{
		SCOPED_TRACE(row.name);
		for (Time begin: BEGINNINGS)
		{
			WebSocketTiming::Limits aged = limits();
			aged.maxAge = row.age;
			aged.transferTimeout = 1u << 30; // how often it is looked whether a message arrives
			Connection connection(begin, aged);
			connection.timing.limitAge(begin + 100, aged, row.random);
			EXPECT_EQ(NOTHING, connection.at(100 + row.end - 1));
			EXPECT_EQ(std::min(100 + row.end, 100 + row.end/2 + (1u << 28) + 1), connection.deadline(100 + row.end/2));
			EXPECT_EQ(AGED, connection.at(100 + row.end));
			connection.facts.paused = true;
			EXPECT_EQ(AGED, connection.at(100 + row.end)) << "closing goes on reading";
		}
	}
}


TEST(WebSocketTimingTest, WhatIsClosedDoesNotGetTooOld)
{
	for (Time begin: BEGINNINGS)
	{
		WebSocketTiming::Limits aged = limits();
		aged.maxAge = 100;
		Connection connection(begin, aged);
		connection.timing.limitAge(begin, aged, 0);
		connection.timing.closing(begin + 50, false);
		connection.facts.open = false;
		connection.facts.closing = true;
		EXPECT_EQ(NOTHING, connection.at(150));
		EXPECT_EQ(350u, connection.deadline(150));
	}
	Connection connecting(0, limits());
	connecting.itsLimits.maxAge = 100;
	connecting.facts.open = false;
	EXPECT_EQ(NOTHING, connecting.at(1000));
}


TEST(WebSocketTimingTest, AgeWithoutALimit)
{
	Connection connection(0, limits());
	EXPECT_EQ(NOTHING, connection.at(100000));
}
