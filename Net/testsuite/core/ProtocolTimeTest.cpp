//
// ProtocolTimeTest.cpp
//
// Library: PocoWebSocket
// Package: Tests
// Module:  WebSocketProtocolTest
//
// What an end of a connection does in time. The clock is a variable.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "core/ProtocolTest.h"


using namespace ProtocolTest;


namespace
{
	// Milliseconds
	constexpr Time PING_INTERVAL = 1000;
	constexpr Time PONG_TIMEOUT  = 200;
	constexpr Time SEND_TIMEOUT  = 500;
	constexpr Time CLOSE_TIMEOUT = 300;
	constexpr Time IDLE_TIMEOUT  = 2000;
	constexpr Time TRANSFER_TIMEOUT = 4000;
	constexpr Time FIRST_LOOK = TRANSFER_TIMEOUT/4 + 1; // at a message that arrives

	const Time BEGINNINGS[] = {0, 0x7fffffff - 1100, 0xffffffff - 150, 0xffffffff - 1100, 0xffffffff - 4500}; // times wrap around

	enum Limits
	{
		NO_PINGS = 0,
		PINGS = 1,
		IDLE = 2
	};

	WebSocketConnectionParams::Ptr limits(int bits)
	{
		const auto milliseconds = [](Time time)
		{
			return Poco::Timespan(Poco::Timespan::TimeDiff(time)*1000);
		};
		WebSocketConnectionParams::Ptr pParams = new WebSocketConnectionParams;
		pParams->setPingInterval(milliseconds(bits & PINGS ? PING_INTERVAL : 0));
		pParams->setPongTimeout(milliseconds(PONG_TIMEOUT));
		pParams->setSendTimeout(milliseconds(SEND_TIMEOUT));
		pParams->setCloseTimeout(milliseconds(CLOSE_TIMEOUT));
		pParams->setIdleTimeout(milliseconds(bits & IDLE ? IDLE_TIMEOUT : 0));
		pParams->setTransferTimeout(milliseconds(TRANSFER_TIMEOUT));
		return pParams;
	}

	class TimedEnd
		/// An end that is told when its time has come, and what it does then: "1000 PING".
	{
	public:
		TimedEnd(Role role, int bits, Time beginning):
			end(role, limits(bits), beginning),
			_beginning(beginning)
		{
		}

		void until(Time time)
			/// Lets the time pass, until so many milliseconds after the beginning.
		{
			while (end.protocol.ending() != CLOSE)
			{
				const Time due = end.now + end.protocol.timeLeft(end.now) - _beginning;
				if (due > time) break;
				ASSERT_GE(due, end.now - _beginning);
				end.now = _beginning + due;
				end.timeReached(peer);
				collect();
				if (end.protocol.ending() == CLOSE) return;
				ASSERT_GT(end.left(), 0u) << "what is due is done, " << due << " ms after the beginning";
			}
			end.now = _beginning + time;
		}

		void receive(const Frames& frames)
		{
			end.takeFrames(frames);
			collect();
		}

		void receiveBytes(const std::string& bytes)
		{
			end.take(bytes);
			collect();
		}

		void block()
			/// Sends a message, of which the peer takes a byte.
		{
			ASSERT_TRUE(end.protocol.send(std::string(100, 'x'), BINARY, end.now));
			end.flushSome(1, peer);
			blocked = true;
		}

		void unblock()
		{
			blocked = false;
			collect(true);
		}

		End end;
		Log log;
		WebSocketPeerState peer;
		bool blocked = false;

	private:
		void collect(bool rest = false)
			/// What has come of it; output is taken at once, but from who is blocked.
		{
			const std::string now = std::to_string(end.now - _beginning) + " ";
			for (const std::string& event: end.log) log.push_back(now + event);
			end.log.clear();
			if (blocked) return;
			const std::string wire = end.flush(peer);
			if (rest) return;
			for (const std::string& frame: end.decode(wire)) log.push_back(now + "sends " + (frame.compare(0, 5, "PING:") == 0 ? "PING" : frame));
		}

		const Time _beginning;
	};

	std::string at(Time time, const std::string& what)
	{
		return std::to_string(time) + " " + what;
	}

	void forAll(const std::function<void (Role, Time)>& test)
		/// For both roles, and at every beginning.
	{
		for (Role role: ROLES)
		{
			for (Time beginning: BEGINNINGS)
			{
				SCOPED_TRACE(std::string(name(role)) + ", the clock begins at " + std::to_string(beginning));
				test(role, beginning);
			}
		}
	}

	const std::string NO_ANSWER = "failure 22";
	const std::string IDLE_CLOSE = "sends Close:1001 Idle for too long";
	const std::string SLOW_CLOSE = "sends Close:1008 A message takes too long to arrive";
}


TEST(WebSocketProtocolTimeTest, KeepAliveWithoutAnswer)
{
	forAll([](Role role, Time beginning)
	{
		TimedEnd end(role, PINGS, beginning);
		end.until(10000);
		EXPECT_EQ((Log{at(1000, "sends PING"), at(1200, NO_ANSWER)}), end.log);
		EXPECT_EQ("No answer to a PING", end.end.protocol.errorText());
		EXPECT_EQ(CLOSE, end.end.protocol.ending());
		EXPECT_EQ(DONE, end.end.protocol.closeState());
		EXPECT_EQ("", end.end.protocol.output()) << "a Close would not be read";
		end.receive({{0x81, "too late"}});
		EXPECT_EQ(2u, end.log.size());
	});
}


TEST(WebSocketProtocolTimeTest, KeepAliveAsksASecondTimeIfSomethingWasSentBefore)
{
	forAll([](Role role, Time beginning)
	{
		TimedEnd end(role, PINGS, beginning);
		end.until(500);
		end.end.protocol.send("which the peer has to read before the PING", TEXT, end.end.now);
		end.end.flush();
		end.until(10000);
		EXPECT_EQ((Log{at(1000, "sends PING"), at(1100, "sends PING"), at(1300, NO_ANSWER)}), end.log);
	});
}


TEST(WebSocketProtocolTimeTest, KeepAliveWithAnAnswer)
{
	forAll([](Role role, Time beginning)
	{
		TimedEnd end(role, PINGS, beginning);
		end.until(1150);
		end.receive({{0x8a, ""}}); // any byte from the peer ends the silence
		end.until(2149);
		EXPECT_EQ((Log{at(1000, "sends PING"), at(1150, "PONG:")}), end.log);
		end.until(2150);
		EXPECT_EQ(at(2150, "sends PING"), end.log.back());
		end.until(2349);
		EXPECT_EQ(OPEN, end.end.protocol.closeState());
		end.receiveBytes(encode(framerRole(role), Frame{0x81, "x"}).substr(0, 1));
		end.until(3348);
		EXPECT_EQ(3u, end.log.size());
	});
}


TEST(WebSocketProtocolTimeTest, BytesPutTheKeepAliveOff)
{
	forAll([](Role role, Time beginning)
	{
		TimedEnd end(role, PINGS, beginning);
		for (Time time = 500; time <= 5000; time += 500)
		{
			end.until(time);
			end.receive({{0x8a, ""}});
		}
		EXPECT_EQ(10u, end.log.size());
		end.until(6000);
		EXPECT_EQ(at(6000, "sends PING"), end.log.back());
	});
}


TEST(WebSocketProtocolTimeTest, KeepAliveOfASlowPeer)
{
	// Its system acknowledges, little by little, what was sent before the PING: at most the longest silence.
	forAll([](Role role, Time beginning)
	{
		TimedEnd end(role, PINGS, beginning);
		end.peer.waiting = 1000000;
		end.until(1100);
		EXPECT_EQ((Log{at(1000, "sends PING"), at(1100, "sends PING")}), end.log);
		for (Time time = 1200; time < PING_INTERVAL + TRANSFER_TIMEOUT; time += 100)
		{
			end.peer.acknowledged += 1000;
			end.peer.waiting -= 1000;
			end.until(time);
			ASSERT_EQ(OPEN, end.end.protocol.closeState()) << time;
		}
		end.until(10000);
		EXPECT_EQ(at(PING_INTERVAL + TRANSFER_TIMEOUT, NO_ANSWER), end.log.back());
	});
}


TEST(WebSocketProtocolTimeTest, KeepAliveOfASlowPeerThatStops)
{
	forAll([](Role role, Time beginning)
	{
		TimedEnd end(role, PINGS, beginning);
		end.peer.waiting = 1000000;
		end.until(1500);
		end.peer.acknowledged += 1000; // seen when the send time-out seems to be over: at 1600
		end.until(10000);
		EXPECT_EQ((Log{at(1000, "sends PING"), at(1100, "sends PING"), at(1100 + 2*SEND_TIMEOUT, NO_ANSWER)}), end.log);
	});
}


TEST(WebSocketProtocolTimeTest, NoPingWithoutAnInterval)
{
	forAll([](Role role, Time beginning)
	{
		TimedEnd end(role, NO_PINGS, beginning);
		end.until(100000);
		EXPECT_EQ(Log{}, end.log);
		EXPECT_EQ(OPEN, end.end.protocol.closeState());
	});
}


TEST(WebSocketProtocolTimeTest, NoPingWhileThePeerTakesNothing)
{
	// A PING could not go out. Once it can, the time begins.
	forAll([](Role role, Time beginning)
	{
		TimedEnd end(role, PINGS, beginning);
		end.until(900);
		end.block();
		end.until(1300);
		EXPECT_EQ(Log{}, end.log);
		end.unblock();
		end.until(1300);
		EXPECT_EQ(Log{at(1300, "sends PING")}, end.log);
		end.until(1350);
		end.block();
		end.until(1700);
		end.unblock();
		end.until(1799);
		EXPECT_EQ(Log{at(1300, "sends PING")}, end.log);
		end.until(10000);
		EXPECT_EQ((Log{at(1300, "sends PING"), at(1800, "sends PING"), at(2000, NO_ANSWER)}), end.log);
	});
}


TEST(WebSocketProtocolTimeTest, Idle)
{
	forAll([](Role role, Time beginning)
	{
		TimedEnd end(role, IDLE, beginning);
		end.until(1999);
		EXPECT_EQ(Log{}, end.log);
		end.until(2000);
		EXPECT_EQ(Log{at(2000, IDLE_CLOSE)}, end.log);
		EXPECT_EQ(CLOSE_SENT, end.end.protocol.closeState());
		end.until(2299);
		EXPECT_EQ(1u, end.log.size());
		end.until(10000);
		EXPECT_EQ((Log{at(2000, IDLE_CLOSE), at(2300, "time-out")}), end.log);
		EXPECT_EQ(CLOSE, end.end.protocol.ending());
		EXPECT_EQ(DONE, end.end.protocol.closeState());
		end.receive({{0x81, "too late"}});
		EXPECT_EQ(2u, end.log.size());
	});
}


TEST(WebSocketProtocolTimeTest, WhatIsNotIdle)
{
	struct Row
	{
		const char* name;
		std::function<void (TimedEnd&)> happens; // after a second
		bool idle;
	};
	const Row rows[] =
	{
		{"a message is received", [](TimedEnd& end) { end.receive({{0x81, "x"}}); }, false},
		{"part of one is received", [](TimedEnd& end) { end.receive({{0x01, "x"}}); }, false},
		{"a part is given", [](TimedEnd& end) { end.end.protocol.setParts(true); end.receive({{0x01, "x"}}); }, false},
		{"a message is sent", [](TimedEnd& end) { end.end.protocol.send("x", TEXT, end.end.now); end.end.flush(); }, false},
		{"a part of one is sent", [](TimedEnd& end) { end.end.protocol.sendPart("x", TEXT, false, end.end.now); end.end.flush(); }, false},
		{"segments have come while one before them was missing", [](TimedEnd& end) { end.peer.heldBack = 1; }, true}, // if seen at 2000
		{"a PING is received", [](TimedEnd& end) { end.receive({{0x89, ""}}); }, true},
		{"a PONG is received", [](TimedEnd& end) { end.receive({{0x8a, ""}}); }, true},
		{"a PING is sent", [](TimedEnd& end) { end.end.protocol.ping(end.end.now); end.end.flush(); }, true},
		{"nothing", [](TimedEnd&) {}, true}
	};
	for (const Row& row: rows)
	{
		SCOPED_TRACE(row.name);
		forAll([&row](Role role, Time beginning)
		{
			TimedEnd end(role, IDLE, beginning);
			end.until(999);
			end.until(1000);
			row.happens(end);
			end.log.clear();
			const bool heldBack = end.peer.heldBack > 0;
			end.until(2999);
			EXPECT_EQ(row.idle && !heldBack ? DONE : OPEN, end.end.protocol.closeState());
			end.until(heldBack ? 4000 : 3000);
			ASSERT_FALSE(end.log.empty());
			EXPECT_EQ(at(heldBack ? 4000 : row.idle ? 2000 : 3000, IDLE_CLOSE), end.log[0]);
		});
	}
}


TEST(WebSocketProtocolTimeTest, SendTimeout)
{
	forAll([](Role role, Time beginning)
	{
		TimedEnd end(role, PINGS, beginning);
		end.until(100);
		end.block();
		end.until(400);
		end.end.flushSome(1);
		end.receiveBytes("\x82");
		end.until(899);
		EXPECT_EQ(Log{}, end.log);
		EXPECT_EQ(OPEN, end.end.protocol.closeState());
		end.end.flushSome(0);
		end.until(10000);
		EXPECT_EQ(Log{at(900, "time-out")}, end.log);
		EXPECT_EQ(CLOSE, end.end.protocol.ending());
		EXPECT_EQ(DONE, end.end.protocol.closeState());
		EXPECT_FALSE(end.end.protocol.send("x", TEXT, end.end.now));
		end.end.now += 10000;
		EXPECT_EQ(NEED_MORE, end.end.timeReached()) << "it is told once";
		EXPECT_EQ(NEED_MORE, end.end.end()) << "inside a frame, which is of no interest any more";
	});
}


TEST(WebSocketProtocolTimeTest, SendTimeoutWhileThePeerGetsOn)
{
	// Its system acknowledges, and the one here takes nothing new: that is seen when the time seems to be over.
	forAll([](Role role, Time beginning)
	{
		TimedEnd end(role, NO_PINGS, beginning);
		end.block();
		end.until(400);
		end.peer.acknowledged = 100;
		end.peer.quiet = 100; // it was at 400
		end.until(500);
		EXPECT_EQ(OPEN, end.end.protocol.closeState());
		end.peer.quiet = 200;
		end.until(899);
		EXPECT_EQ(Log{}, end.log);
		end.until(10000);
		EXPECT_EQ(Log{at(900, "time-out")}, end.log);
	});
}


TEST(WebSocketProtocolTimeTest, WhatIsQueuedHasTheTimeOfATransfer)
{
	forAll([](Role role, Time beginning)
	{
		TimedEnd end(role, NO_PINGS, beginning);
		end.block();
		for (Time time = 100; time < TRANSFER_TIMEOUT; time += 100)
		{
			end.until(time);
			end.end.flushSome(1);
		}
		EXPECT_EQ(Log{}, end.log);
		end.until(10000);
		EXPECT_EQ(Log{at(TRANSFER_TIMEOUT, "time-out")}, end.log);
	});
}


TEST(WebSocketProtocolTimeTest, APeerThatAlwaysLagsBehindIsServed)
{
	// All that was queued at the beginning has gone out; what is queued then has as much time.
	forAll([](Role role, Time beginning)
	{
		TimedEnd end(role, NO_PINGS, beginning);
		end.block();
		Time time = 0;
		for (; time < 10*TRANSFER_TIMEOUT; time += 100)
		{
			end.until(time);
			ASSERT_EQ(Log{}, end.log);
			end.end.protocol.send(std::string(100, 'x'), BINARY, end.end.now);
			end.end.flushSome(100);
		}
		for (; time < 20*TRANSFER_TIMEOUT && end.log.empty(); time += 100)
		{
			end.until(time);
			end.end.protocol.send(std::string(1000, 'x'), BINARY, end.end.now);
			end.end.flushSome(1);
		}
		EXPECT_EQ(1u, end.log.size());
		EXPECT_LE(time, 12*TRANSFER_TIMEOUT + 200);
	});
}


TEST(WebSocketProtocolTimeTest, CloseTimeout)
{
	forAll([](Role role, Time beginning)
	{
		TimedEnd end(role, PINGS | IDLE, beginning);
		end.until(100);
		end.end.protocol.close(1000, "", end.end.now);
		end.end.flush();
		end.until(10000);
		EXPECT_EQ(Log{at(400, "time-out")}, end.log);
		EXPECT_EQ(CLOSE, end.end.protocol.ending());
	});
}


TEST(WebSocketProtocolTimeTest, CloseTimeoutOfWhoStillSends)
{
	// At most the time of a transfer.
	forAll([](Role role, Time beginning)
	{
		TimedEnd end(role, PINGS, beginning);
		end.end.protocol.close(1000, "", end.end.now);
		end.end.flush();
		for (Time time = 0; time < TRANSFER_TIMEOUT; time += 200)
		{
			end.until(time);
			end.receive({{0x81, "x"}});
		}
		EXPECT_EQ(20u, end.log.size());
		EXPECT_EQ(CLOSE_SENT, end.end.protocol.closeState());
		end.until(10000);
		EXPECT_EQ(at(TRANSFER_TIMEOUT, "time-out"), end.log.back());
		EXPECT_EQ(21u, end.log.size());
	});
}


TEST(WebSocketProtocolTimeTest, CloseTimeoutBehindMuchThatIsUnsent)
{
	// The send time-out holds, as it is longer: for what was blocked before, and what is after.
	for (bool before: {false, true})
	{
		forAll([before](Role role, Time beginning)
		{
			TimedEnd end(role, NO_PINGS, beginning);
			end.end.protocol.send(std::string(10000, 'x'), BINARY, end.end.now);
			if (before) end.end.flushSome(1);
			end.end.protocol.close(1000, "", end.end.now);
			end.end.flushSome(1);
			end.blocked = true;
			end.until(499);
			EXPECT_EQ(Log{}, end.log);
			end.end.flushSome(1);
			end.until(10000);
			EXPECT_EQ(Log{at(999, "time-out")}, end.log);
		});
	}
}


TEST(WebSocketProtocolTimeTest, CloseTimeoutBehindMuchThatIsUnacknowledged)
{
	forAll([](Role role, Time beginning)
	{
		TimedEnd end(role, NO_PINGS, beginning);
		end.end.protocol.close(1000, "", end.end.now);
		end.end.flush();
		end.peer.waiting = 5000; // the system has taken it, but the peer's has not
		end.until(10000);
		EXPECT_EQ(Log{at(500, "time-out")}, end.log);
	});
}


TEST(WebSocketProtocolTimeTest, CloseTimeoutWhileThePeerGetsOn)
{
	forAll([](Role role, Time beginning)
	{
		TimedEnd end(role, NO_PINGS, beginning);
		end.end.protocol.close(1000, "", end.end.now);
		end.end.flush();
		end.until(250);
		end.peer.acknowledged = 10;
		end.peer.quiet = 100; // 200
		end.until(499);
		EXPECT_EQ(Log{}, end.log);
		end.peer.quiet = 300;
		end.peer.heldBack = 1; // something has come, seen at 500
		end.until(799);
		EXPECT_EQ(Log{}, end.log);
		end.until(10000);
		EXPECT_EQ(Log{at(800, "time-out")}, end.log);
	});
}


TEST(WebSocketProtocolTimeTest, WhoWaitsForTheServersEnd)
{
	// 7.1.1: a client, at most the close time-out. A server does not wait.
	for (Time beginning: BEGINNINGS)
	{
		TimedEnd client(CLIENT, NO_PINGS, beginning);
		client.until(100);
		client.receive({{0x88, closePayload(1000)}});
		EXPECT_EQ((Log{at(100, "Close:1000 "), at(100, "sends Close:1000 ")}), client.log);
		EXPECT_EQ(KEEP_OPEN, client.end.protocol.ending());
		client.until(200);
		client.receiveBytes("what is discarded is no progress");
		client.until(10000);
		EXPECT_EQ(3u, client.log.size());
		EXPECT_EQ(at(400, "time-out"), client.log.back());

		TimedEnd server(SERVER, NO_PINGS, beginning);
		server.receive({{0x88, closePayload(1000)}});
		EXPECT_EQ(CLOSE, server.end.protocol.ending());
	}
}


TEST(WebSocketProtocolTimeTest, WhoHasFailedReadsOnForTheCloseTimeout)
{
	forAll([](Role role, Time beginning)
	{
		TimedEnd end(role, PINGS | IDLE, beginning);
		end.until(100);
		end.receive({{0x83, ""}});
		EXPECT_EQ((Log{at(100, "failure 13"), at(100, "sends Close:1002 Reserved opcode 3")}), end.log);
		EXPECT_EQ(END_SENDING, end.end.protocol.ending());
		end.until(300);
		end.receiveBytes("more");
		end.until(10000);
		EXPECT_EQ(3u, end.log.size());
		EXPECT_EQ(at(400, "time-out"), end.log.back());
	});
}


TEST(WebSocketProtocolTimeTest, AMessageThatArrivesSlowly)
{
	for (bool inFrame: {false, true})
	{
		forAll([inFrame](Role role, Time beginning)
		{
			TimedEnd end(role, NO_PINGS, beginning);
			const std::string wire = encode(framerRole(role), Frame{inFrame ? 0x82 : 0x02, std::string(1000, 'x')});
			end.receiveBytes(inFrame ? wire.substr(0, wire.size() - 500) : wire);
			for (Time time = 10; time < FIRST_LOOK + TRANSFER_TIMEOUT; time += 20)
			{
				end.until(time);
				if (inFrame) end.receiveBytes(wire.substr(0, 1)); // some byte
				else end.receive({{0x00, "x"}});
			}
			EXPECT_EQ(Log{}, end.log);
			end.until(20000);
			ASSERT_EQ(3u, end.log.size());
			EXPECT_EQ("failure 20", end.log[0].substr(end.log[0].find(' ') + 1));
			EXPECT_EQ(SLOW_CLOSE, end.log[1].substr(end.log[1].find(' ') + 1));
			EXPECT_LE(std::stoul(end.log[0]), 2*FIRST_LOOK + TRANSFER_TIMEOUT);
			EXPECT_GE(std::stoul(end.log[0]), FIRST_LOOK + TRANSFER_TIMEOUT);
			EXPECT_EQ("time-out", end.log[2].substr(end.log[2].find(' ') + 1)) << "after that the stream does not end";
		});
	}
}


TEST(WebSocketProtocolTimeTest, MessagesThatAreNotSlow)
{
	struct Row
	{
		const char* name;
		bool parts;
		std::function<void (TimedEnd& end, Role role, Time time)> each; // second
	};
	const Row rows[] =
	{
		{"in parts", true, [](TimedEnd& end, Role role, Time time)
			{
				if (time == 0) end.receiveBytes(encode(framerRole(role), Frame{0x81, "Hello"}).substr(0, 8));
			}},
		{"each takes less than a transfer", false, [](TimedEnd& end, Role role, Time time)
			{
				const std::string wire = encode(framerRole(role), Frame{0x81, "Hello"});
				if (time > 0) end.receiveBytes(wire.substr(3));
				end.receiveBytes(wire.substr(0, 3));
			}},
		{"half a PONG, the other half, and much later a message begins", false, [](TimedEnd& end, Role role, Time time)
			{
				const std::string pong = encode(framerRole(role), Frame{0x8a, ""});
				if (time == 0) end.receiveBytes(pong.substr(0, 1));
				if (time == 3000) end.receiveBytes(pong.substr(1));
				if (time == 9000) end.receiveBytes(encode(framerRole(role), Frame{0x81, "Hello"}).substr(0, 3));
			}}
	};
	for (const Row& row: rows)
	{
		SCOPED_TRACE(row.name);
		forAll([&row](Role role, Time beginning)
		{
			TimedEnd end(role, NO_PINGS, beginning);
			end.end.protocol.setParts(row.parts);
			for (Time time = 0; time <= 12000; time += 1000)
			{
				end.until(time);
				row.each(end, role, time);
			}
			EXPECT_EQ(WebSocketError::NONE, end.end.protocol.error());
			EXPECT_EQ(OPEN, end.end.protocol.closeState());
		});
	}
}


TEST(WebSocketProtocolTimeTest, TheStreamHasEnded)
{
	// Nothing is due but that what is left goes out.
	forAll([](Role role, Time beginning)
	{
		TimedEnd end(role, PINGS | IDLE, beginning);
		end.block();
		end.end.end();
		EXPECT_EQ(KEEP_OPEN, end.end.protocol.ending());
		for (Time time = 0; time < 3000; time += 200)
		{
			end.until(time);
			end.end.flushSome(1);
		}
		EXPECT_EQ(Log{}, end.log);
		end.until(10000);
		EXPECT_EQ(1u, end.log.size());
		EXPECT_EQ(CLOSE, end.end.protocol.ending());
	});
}
