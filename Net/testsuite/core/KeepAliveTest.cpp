//
// KeepAliveTest.cpp
//
// Library: PocoWebSocket
// Package: Tests
// Module:  WebSocketKeepAliveTest
//
// When a PING is due, and when its answer is too late.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "core/KeepAlive.h"
#include <gtest/gtest.h>


using Poco::Timespan;
using Poco::Net::WebSocketKeepAlive;
using Poco::Net::WebSocketPeerState;
using Poco::Net::WebSocketProgress;

using Time = WebSocketKeepAlive::Time;


namespace
{
	constexpr auto NOTHING   = WebSocketKeepAlive::NOTHING;
	constexpr auto SEND_PING = WebSocketKeepAlive::SEND_PING;
	constexpr auto LOOK      = WebSocketKeepAlive::LOOK;
	constexpr auto FAIL      = WebSocketKeepAlive::FAIL;

	const Time BEGINNINGS[] = {0, 0x7fffffff - 500, 0xffffffff - 500};

	Timespan milliseconds(int time)
	{
		return Timespan(time*Timespan::TimeDiff(1000));
	}

	WebSocketKeepAlive::Limits limits(int interval = 1000, int pong = 200, int send = 500, int transfer = 3000)
	{
		return WebSocketKeepAlive::Limits(milliseconds(interval), milliseconds(pong), milliseconds(send), milliseconds(transfer));
	}

	struct Peer
		/// A keep-alive that has sent its first PING at 1000.
	{
		explicit Peer(Time beginning):
			begin(beginning)
		{
			keepAlive.received(begin);
			EXPECT_EQ(NOTHING, at(999));
			EXPECT_EQ(begin + 1000, keepAlive.deadline(limits(), progress));
			EXPECT_FALSE(keepAlive.pinging());
			EXPECT_EQ(SEND_PING, at(1000));
			EXPECT_TRUE(keepAlive.pinging());
			EXPECT_EQ(begin + 1100, keepAlive.deadline(limits(), progress));
			EXPECT_EQ(NOTHING, at(1099));
			EXPECT_EQ(LOOK, at(1100));
		}

		WebSocketKeepAlive::Action at(Time time)
		{
			return keepAlive.timeReached(begin + time, limits(), progress);
		}

		int look(Time time, bool sentBefore = true)
		{
			return keepAlive.look(begin + time, state, progress, sentBefore);
		}

		void askAgain()
			/// The second PING, at 1100.
		{
			EXPECT_EQ(WebSocketKeepAlive::PROBE, look(1100));
			EXPECT_EQ(begin + 1000, keepAlive.deadline(limits(), progress)) << "it is due";
			EXPECT_EQ(WebSocketProgress::NONE, look(1100)) << "a look in between";
			EXPECT_EQ(SEND_PING, at(1100));
			EXPECT_EQ(NOTHING, at(1100));
		}

		Time deadline() const
		{
			return keepAlive.deadline(limits(), progress) - begin;
		}

		const Time begin;
		WebSocketKeepAlive keepAlive;
		WebSocketProgress progress;
		WebSocketPeerState state;
	};
}


TEST(WebSocketKeepAliveTest, Limits)
{
	EXPECT_EQ(1000u, limits().pingInterval);
	EXPECT_EQ(200u, limits().pongTimeout);
	EXPECT_EQ(500u, limits().slowPongTimeout);
	EXPECT_EQ(600u, limits(1000, 600).slowPongTimeout);
	EXPECT_EQ(4000u, limits().longestSilence);
	EXPECT_EQ(0u, WebSocketKeepAlive::milliseconds(Timespan()));
	EXPECT_EQ(1u, WebSocketKeepAlive::milliseconds(Timespan(1)));
	EXPECT_EQ(1u, WebSocketKeepAlive::milliseconds(Timespan(1000)));
	EXPECT_EQ(2u, WebSocketKeepAlive::milliseconds(Timespan(1001)));
	constexpr Time DAY = 24u*3600*1000;
	EXPECT_EQ(20*DAY, WebSocketKeepAlive::milliseconds(Timespan(20, 0, 0, 0, 0)));
	EXPECT_EQ(20*DAY, WebSocketKeepAlive::milliseconds(Timespan(1000, 0, 0, 0, 0)));
	const Timespan longest(20, 0, 0, 0, 0);
	EXPECT_EQ(24*DAY, WebSocketKeepAlive::Limits(longest, longest, longest, longest).longestSilence) << "less than 2^31 ms";
}


TEST(WebSocketKeepAliveTest, None)
{
	WebSocketKeepAlive keepAlive;
	keepAlive.received(0);
	for (Time time: {0u, 1000u, 0x7fffffffu}) EXPECT_EQ(NOTHING, keepAlive.timeReached(time, limits(0), WebSocketProgress()));
	EXPECT_FALSE(keepAlive.pinging());
}


TEST(WebSocketKeepAliveTest, NoAnswer)
{
	for (Time begin: BEGINNINGS)
	{
		Peer peer(begin);
		peer.askAgain();
		EXPECT_EQ(1300u, peer.deadline());
		EXPECT_EQ(NOTHING, peer.at(1299));
		EXPECT_EQ(LOOK, peer.at(1300));
		EXPECT_EQ(WebSocketProgress::NONE, peer.look(1300));
		EXPECT_EQ(FAIL, peer.at(1300));
	}
}


TEST(WebSocketKeepAliveTest, NothingWasSentBefore)
{
	for (Time begin: BEGINNINGS)
	{
		Peer peer(begin);
		EXPECT_EQ(WebSocketProgress::NONE, peer.look(1100, false)) << "no second PING";
		EXPECT_EQ(1200u, peer.deadline());
		EXPECT_EQ(NOTHING, peer.at(1100));
		EXPECT_EQ(LOOK, peer.at(1200));
		peer.look(1200);
		EXPECT_EQ(FAIL, peer.at(1200));
	}
}


TEST(WebSocketKeepAliveTest, AnyByteEndsTheSilence)
{
	for (Time begin: BEGINNINGS)
	{
		Peer peer(begin);
		peer.askAgain();
		EXPECT_TRUE(peer.keepAlive.received(begin + 1250));
		EXPECT_FALSE(peer.keepAlive.received(begin + 1260));
		EXPECT_EQ(begin + 1260, peer.keepAlive.lastReceived());
		EXPECT_FALSE(peer.keepAlive.pinging());
		EXPECT_EQ(NOTHING, peer.at(2259));
		EXPECT_EQ(SEND_PING, peer.at(2260));
	}
}


TEST(WebSocketKeepAliveTest, SignsOfAnAnswer)
{
	struct Row
	{
		const char* name;
		Poco::UInt32 waiting; // when the PING is sent
		WebSocketPeerState later;
		Time limit; // from 1300 on, or from the sign
	};
	const auto state = [](Poco::UInt32 acknowledged, Poco::UInt32 window, Poco::UInt32 waiting, Poco::UInt32 heldBack, Poco::UInt32 quiet)
	{
		WebSocketPeerState result;
		result.acknowledged = acknowledged;
		result.window = window;
		result.waiting = waiting;
		result.heldBack = heldBack;
		result.quiet = quiet;
		return result;
	};
	const Row rows[] =
	{
		{"its program reads: the window opens", 0, state(0, 1000, 0, 0, 50), 1250 + 500},
		{"its system acknowledges what is before the PING", 9000, state(500, 0, 8500, 0, 0), 1600 + 500},
		{"something has arrived that could not be received", 0, state(0, 0, 0, 1, 0), 1300 + 200},
		{"a sign from before the second PING", 0, state(0, 1000, 0, 0, 1000), 1100 + 500},
		{"a sign in the future", 0, state(0, 1000, 0, 0, 0xfffffff0), 1100 + 500}
	};
	for (const Row& row: rows)
	{
		SCOPED_TRACE(row.name);
		for (Time begin: BEGINNINGS)
		{
			Peer peer(begin);
			peer.state.waiting = row.waiting;
			peer.askAgain();
			const Time first = row.waiting > 0 ? 1600 : 1300; // of a slow peer
			EXPECT_EQ(NOTHING, peer.at(first - 1));
			EXPECT_EQ(LOOK, peer.at(first));
			peer.state = row.later;
			peer.look(first);
			EXPECT_EQ(NOTHING, peer.at(first));
			EXPECT_EQ(row.limit, peer.deadline());
			EXPECT_EQ(LOOK, peer.at(row.limit));
			peer.look(row.limit);
			EXPECT_EQ(FAIL, peer.at(row.limit));
		}
	}
}


TEST(WebSocketKeepAliveTest, ThePeerReadsUnseen)
	/// Then it is enough that its system answers.
{
	struct Row
	{
		const char* name;
		bool sentBefore;
		Time quiet; // at each look
		Time failed;
	};
	const Row rows[] =
	{
		{"its system answers, until all that it may hold could have been read", true, 30, 1980 - 30 + 200},
		{"its system has gone", true, 100000, 1300},
		{"nothing was sent before", false, 30, 1200}
	};
	for (const Row& row: rows)
	{
		SCOPED_TRACE(row.name);
		for (Time begin: BEGINNINGS)
		{
			Peer peer(begin);
			peer.state.acknowledged = 2000*WebSocketProgress::LOWEST_RATE;
			peer.state.window = 1000*WebSocketProgress::LOWEST_RATE;
			if (row.sentBefore) peer.askAgain();
			else peer.look(1100, false);
			peer.state.quiet = row.quiet;
			Time time = 1100;
			for (auto action = NOTHING; action != FAIL && time < 10000; ++time)
			{
				action = peer.at(time);
				if (action != LOOK) continue;
				EXPECT_EQ(WebSocketProgress::NONE, peer.look(time));
				action = peer.at(time);
			}
			EXPECT_EQ(row.failed, time - 1);
		}
	}
}


TEST(WebSocketKeepAliveTest, TheLongestSilence)
{
	for (Time begin: BEGINNINGS)
	{
		Peer peer(begin);
		peer.state.waiting = 1000000;
		peer.askAgain();
		for (Time time = 1600; time < 4000; time += 500)
		{
			EXPECT_EQ(LOOK, peer.at(time));
			peer.state.acknowledged += 10;
			peer.look(time);
			EXPECT_EQ(NOTHING, peer.at(time));
		}
		EXPECT_EQ(4000u, peer.deadline());
		EXPECT_EQ(FAIL, peer.at(4000));
	}
}


TEST(WebSocketKeepAliveTest, Restart)
{
	for (Time begin: BEGINNINGS)
	{
		Peer peer(begin);
		peer.askAgain();
		peer.keepAlive.restart(begin + 1250);
		EXPECT_EQ(1350u, peer.deadline()) << "as behind the first PING";
		EXPECT_EQ(LOOK, peer.at(1350));

		WebSocketKeepAlive quiet;
		quiet.restart(5);
		EXPECT_FALSE(quiet.pinging());
		EXPECT_EQ(5u, quiet.sign());
	}
}
