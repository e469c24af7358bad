//
// ProgressTest.cpp
//
// SPDX-License-Identifier: BSL-1.0
//


#include "core/Progress.h"
#include <gtest/gtest.h>
#include <limits>


using Poco::Net::WebSocketPeerState;
using Poco::Net::WebSocketProgress;


namespace
{
	constexpr int NONE  = WebSocketProgress::NONE;
	constexpr int TAKEN = WebSocketProgress::TAKEN;
	constexpr int READ  = WebSocketProgress::READ;
	constexpr int ARRIVED = WebSocketProgress::ARRIVED;

	WebSocketPeerState state(Poco::UInt32 acknowledged, Poco::UInt32 window, Poco::UInt32 waiting = 0, Poco::UInt32 quiet = 0)
	{
		WebSocketPeerState result;
		result.acknowledged = acknowledged;
		result.window = window;
		result.waiting = waiting;
		result.quiet = quiet;
		return result;
	}

	struct Row
	{
		const char* name;
		WebSocketPeerState asked; // when the PING is sent
		WebSocketPeerState first;
		int expectedFirst;
		WebSocketPeerState second;
		int expectedSecond;
	};

	const Row ROWS[] =
	{
		{"a peer that is not there", state(100, 65536, 500), state(100, 65536, 510), NONE, state(100, 65536, 510), NONE},
		{"a slow link: the PING lies behind what is acknowledged little by little",
			state(100, 65536, 1000000), state(50000, 65536, 950000), TAKEN | READ, state(90000, 65536, 910000), TAKEN | READ},
		{"a link that stands still again", state(100, 65536, 1000000), state(50000, 65536, 950000), TAKEN | READ, state(50000, 65536, 950000), NONE},
		{"a program that hangs: its system acknowledges the PING, and what is sent after it",
			state(100, 65536), state(200, 65536), TAKEN, state(300, 65536), TAKEN},
		{"the same, and its buffer fills", state(100, 65536), state(30100, 35536), TAKEN, state(60100, 5536), TAKEN},
		{"the same, and the PING was on its way for long", state(100, 65536, 50), state(200, 65536), TAKEN | READ, state(300, 65536), TAKEN},
		{"a program that reads slowly what its system has acknowledged: the window opens",
			state(5000, 0), state(5000, 30000), TAKEN | READ, state(5000, 60000), TAKEN | READ},
		{"the same, while more is sent than it reads: the window is closed whenever one looks",
			state(5000, 0), state(35000, 0, 500), TAKEN | READ, state(65000, 0, 500), TAKEN | READ},
		{"the same, and the window is smaller than before", state(5000, 40000), state(50000, 30000), TAKEN | READ, state(90000, 10000), TAKEN | READ},
		{"counts that wrap around", state(0xfffffff0, 65536, 100), state(10, 65536, 74), TAKEN | READ, state(200, 65536), TAKEN | READ},
		{"no window is known", state(100, 0), state(200, 0), TAKEN | READ, state(200, 0), NONE}
	};
}


TEST(WebSocketProgressTest, AnswerToAPing)
{
	for (const Row& row: ROWS)
	{
		SCOPED_TRACE(row.name);
		WebSocketProgress progress;
		progress.expectAnswer(row.asked, 0);
		EXPECT_EQ(row.expectedFirst, progress.look(row.first, 1000));
		EXPECT_EQ(row.expectedSecond, progress.look(row.second, 2000));
	}
}


TEST(WebSocketProgressTest, TimeIsThatOfTheLastAcknowledgement)
{
	WebSocketProgress progress;
	progress.begin(state(0, 1000));
	EXPECT_EQ(TAKEN | READ, progress.look(state(10, 2000, 0, 300), 5000));
	EXPECT_EQ(4700u, progress.time());
	EXPECT_EQ(NONE, progress.look(state(10, 2000, 0, 100), 6000));
	EXPECT_EQ(4700u, progress.time());
	EXPECT_EQ(TAKEN | READ, progress.look(state(20, 1000, 0, 300), 100)); // times wrap around
	EXPECT_EQ(std::numeric_limits<Poco::UInt32>::max() - 199, progress.time());
}


TEST(WebSocketProgressTest, FirstLookHasNothingToCompareWith)
{
	WebSocketProgress progress;
	EXPECT_EQ(TAKEN, progress.look(state(10, 0, 0, 300), 1000));
	EXPECT_EQ(700u, progress.time());
	EXPECT_EQ(NONE, progress.look(state(10, 0, 0, 1300), 2000));
}


TEST(WebSocketProgressTest, Slow)
	/// As soon as it is known that there is something to read before the PING.
{
	WebSocketProgress progress;
	progress.expectAnswer(state(10, 1000), 0);
	EXPECT_FALSE(progress.slow());
	progress.look(state(20, 1000), 1000);
	EXPECT_FALSE(progress.slow());
	progress.look(state(20, 2000), 2000);
	EXPECT_TRUE(progress.slow());
	progress.expectAnswer(state(20, 2000), 0);
	EXPECT_FALSE(progress.slow());
	progress.expectAnswer(state(20, 2000, 100), 0);
	EXPECT_TRUE(progress.slow());
}


TEST(WebSocketProgressTest, ReadsUnseen)
	/// As long as a program that reads no slower than LOWEST_RATE may need for one window, or for all that was ever sent.
{
	constexpr Poco::UInt32 RATE = WebSocketProgress::LOWEST_RATE;
	WebSocketProgress progress;
	EXPECT_FALSE(progress.readsUnseen(0)) << "nothing is known";
	progress.begin(state(900*RATE, 800*RATE));
	EXPECT_FALSE(progress.readsUnseen(0)) << "nobody has asked";
	for (Poco::UInt32 begin: {0u, 0x7fffffffu - 500, 0xffffffffu - 500})
	{
		progress.expectAnswer(state(900*RATE, 800*RATE), begin);
		EXPECT_TRUE(progress.readsUnseen(begin + 799));
		EXPECT_FALSE(progress.readsUnseen(begin + 800)) << "one window";
		progress.expectAnswer(state(700*RATE, 800*RATE), begin);
		EXPECT_FALSE(progress.readsUnseen(begin + 700)) << "all that was sent";
		progress.expectAnswer(state(600*RATE, 800*RATE, 100*RATE), begin);
		EXPECT_FALSE(progress.readsUnseen(begin)) << "the PING has not even arrived";
		progress.look(state(700*RATE, 800*RATE), begin + 500);
		EXPECT_TRUE(progress.readsUnseen(begin + 1199)) << "now it has";
		EXPECT_FALSE(progress.readsUnseen(begin + 1200));
		progress.look(state(700*RATE + 10, 800*RATE), begin + 1200);
		EXPECT_FALSE(progress.readsUnseen(begin + 1200)) << "an acknowledgement is no sign";
		progress.look(state(700*RATE + 10, 900*RATE, 0, 50), begin + 1300);
		EXPECT_TRUE(progress.readsUnseen(begin + 1949)) << "it has read";
		EXPECT_FALSE(progress.readsUnseen(begin + 1950));
		progress.expectAnswer(state(900*RATE, 0), begin);
		EXPECT_FALSE(progress.readsUnseen(begin)) << "what is read would show";
	}
}


TEST(WebSocketProgressTest, SegmentsBehindOneThatIsLost)
	/// Nothing is acknowledged, and nothing can be received, until it has come once more.
{
	WebSocketProgress progress;
	progress.begin(state(10, 1000, 500));
	WebSocketPeerState next = state(10, 1000, 500);
	next.delivered = 1;
	EXPECT_EQ(TAKEN, progress.look(next, 1000));
	next.heldBack = 1;
	EXPECT_EQ(ARRIVED, progress.look(next, 2000));
	EXPECT_EQ(NONE, progress.look(next, 3000));
}


TEST(WebSocketProgressTest, FirstLookAtAPeerThatHasTakenNothing)
{
	WebSocketProgress progress;
	EXPECT_EQ(TAKEN, progress.look(WebSocketPeerState(), 1000));
	EXPECT_EQ(NONE, progress.look(WebSocketPeerState(), 2000));
}


TEST(WebSocketProgressTest, Waiting)
	/// Also once more when nothing does any longer: the last of it was taken between two looks.
{
	WebSocketProgress progress;
	EXPECT_FALSE(progress.waiting());
	progress.begin(state(0, 0, 10));
	EXPECT_TRUE(progress.waiting());
	progress.look(state(10, 0), 1000);
	EXPECT_TRUE(progress.waiting());
	progress.look(state(10, 0), 2000);
	EXPECT_FALSE(progress.waiting());
}
