//
// ProtocolPairTest.cpp
//
// Library: PocoWebSocket
// Package: Tests
// Module:  WebSocketProtocolTest
//
// Two ends of a connection, driven against each other: through every cut of the bytes and many orders of events.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "core/ProtocolTest.h"


using namespace ProtocolTest;


namespace
{
	class Side
		/// An end, what it sends, and what of that is on its way.
	{
	public:
		Side(Role role, const WebSocketDeflateParams* pDeflate):
			end(role, params(), 0, pDeflate)
		{
		}

		void send(const std::string& message, WebSocketFrame::Opcode opcode)
		{
			if (!partsSent.empty() || !end.protocol.send(message, opcode, end.now)) return;
			expected.push_back((opcode == TEXT ? "text:" : "binary:") + message);
		}

		void sendPart(const std::string& part, bool last)
		{
			if (!end.protocol.sendPart(part, TEXT, last, end.now)) return;
			partsSent += part;
			if (!last) return;
			expected.push_back("text:" + partsSent);
			partsSent.clear();
		}

		void ping()
		{
			if (end.protocol.ping(end.now)) ++pings;
		}

		void close(int code)
		{
			if (!end.protocol.close(code, "bye", end.now)) return;
			expected.push_back("Close:" + std::to_string(code) + " bye");
			closed = true;
		}

		void flush()
		{
			wire += end.flush();
		}

		void flushSome()
			/// The system takes a few bytes.
		{
			if (!end.protocol.output().empty()) wire += end.flushSome(std::min<std::size_t>(3, end.protocol.output().size()));
		}

		End end;
		std::string wire;    // sent, and not received
		Log expected;        // what the other has to receive, but PINGs and PONGs
		std::string partsSent;
		std::size_t pings = 0;
		bool closed = false;

	private:
		static WebSocketConnectionParams::Ptr params()
		{
			WebSocketConnectionParams::Ptr pParams = quiet();
			pParams->setDeflateThreshold(0);
			return pParams;
		}
	};

	void move(Side& from, Side& to, std::size_t length)
	{
		to.end.take(from.wire.substr(0, length));
		from.wire.erase(0, length);
	}

	void checkReceived(Side& sender, Side& receiver)
	{
		Log log;
		std::size_t pings = 0;
		std::size_t pongs = 0;
		for (const std::string& event: receiver.end.log)
		{
			if (event.compare(0, 5, "PING:") == 0) ++pings;
			else if (event.compare(0, 5, "PONG:") == 0) ++pongs;
			else log.push_back(event);
		}
		// Who has received a Close before it sent its own sends the code back.
		Log expected = sender.expected;
		if (!sender.closed && receiver.closed) expected.push_back("Close:" + std::to_string(receiver.end.protocol.closeCode()) + " ");
		ASSERT_EQ(expected, log);
		ASSERT_LE(pings, sender.pings);
		ASSERT_LE(pongs, receiver.pings);
		ASSERT_EQ(pongs > 0, receiver.end.protocol.roundTrip() > 0);
		if (!sender.closed && !receiver.closed)
		{
			ASSERT_EQ(pings > 0, sender.pings > 0) << "one PING waits at most";
			ASSERT_EQ(pongs > 0, receiver.pings > 0);
		}
	}

	void finish(Side& a, Side& b)
		/// All that is on its way arrives.
	{
		do
		{
			a.flush();
			b.flush();
			move(a, b, a.wire.size());
			move(b, a, b.wire.size());
		}
		while (!a.end.protocol.output().empty() || !b.end.protocol.output().empty());

		Side& server = a;
		Side& client = b;
		const bool closed = a.closed || b.closed;
		ASSERT_EQ(closed ? DONE : OPEN, server.end.protocol.closeState());
		ASSERT_EQ(closed ? DONE : OPEN, client.end.protocol.closeState());
		ASSERT_EQ(WebSocketError::NONE, server.end.protocol.error());
		ASSERT_EQ(WebSocketError::NONE, client.end.protocol.error());
		ASSERT_EQ(closed ? CLOSE : KEEP_OPEN, server.end.protocol.ending()) << "7.1.1";
		ASSERT_EQ(KEEP_OPEN, client.end.protocol.ending()) << "7.1.1";
		ASSERT_NO_FATAL_FAILURE(checkReceived(server, client));
		ASSERT_NO_FATAL_FAILURE(checkReceived(client, server));
		if (!closed) return;
		ASSERT_EQ(NEED_MORE, client.end.end());
		ASSERT_EQ(CLOSE, client.end.protocol.ending());
	}

	enum Step
	{
		SERVER_SENDS,
		CLIENT_SENDS,
		SERVER_SENDS_PART,
		CLIENT_SENDS_LAST_PART,
		CLIENT_PINGS,
		SERVER_CLOSES,
		CLIENT_CLOSES,
		TO_CLIENT,      // all that has been sent
		TO_SERVER,
		SOME_TO_CLIENT, // a few bytes, from a system that takes no more
		SOME_TO_SERVER,
		STEPS
	};

	void take(Step step, Side& server, Side& client)
	{
		switch (step)
		{
		case SERVER_SENDS:
			server.send("from the server", TEXT);
			break;
		case CLIENT_SENDS:
			client.send("\xff\xfe from the client", BINARY);
			break;
		case SERVER_SENDS_PART:
			server.sendPart("part ", false);
			break;
		case CLIENT_SENDS_LAST_PART:
			client.sendPart("last part", true);
			break;
		case CLIENT_PINGS:
			client.ping();
			break;
		case SERVER_CLOSES:
			server.close(1001);
			break;
		case CLIENT_CLOSES:
			client.close(1000);
			break;
		case TO_CLIENT:
			server.flush();
			move(server, client, server.wire.size());
			break;
		case TO_SERVER:
			client.flush();
			move(client, server, client.wire.size());
			break;
		case SOME_TO_CLIENT:
			server.flushSome();
			move(server, client, 2);
			break;
		default:
			client.flushSome();
			move(client, server, 2);
			break;
		}
	}

	const WebSocketDeflateParams* deflate(bool deflates)
	{
		static const WebSocketDeflateParams params;
		return deflates ? &params : nullptr;
	}
}


TEST(WebSocketProtocolPairTest, EveryOrderOfEvents)
{
	constexpr int LENGTH = 4;
	int orders = 1;
	for (int i = 0; i < LENGTH; ++i) orders *= STEPS;
	for (int order = 0; order < orders; ++order)
	{
		Side server(SERVER, nullptr);
		Side client(CLIENT, nullptr);
		int rest = order;
		for (int i = 0; i < LENGTH; ++i)
		{
			take(static_cast<Step>(rest % STEPS), server, client);
			rest /= STEPS;
		}
		// A message that is not completed is not received.
		ASSERT_NO_FATAL_FAILURE(finish(server, client)) << "order " << order << " (base " << STEPS << ", the last digit first)";
	}
}


TEST(WebSocketProtocolPairTest, LongOrders)
{
	for (bool deflates: {false, true})
	{
		for (unsigned seed = 0; seed < 300; ++seed)
		{
			unsigned state = seed*2654435761u + 1;
			Side server(SERVER, deflate(deflates));
			Side client(CLIENT, deflate(deflates));
			for (int i = 0; i < 60; ++i)
			{
				state = state*1664525u + 1013904223u;
				const Step step = static_cast<Step>((state >> 16) % STEPS);
				if ((step == SERVER_CLOSES || step == CLIENT_CLOSES) && i < 40) continue; // otherwise they do so early
				take(step, server, client);
			}
			ASSERT_NO_FATAL_FAILURE(finish(server, client)) << "seed " << seed << ", deflate " << deflates;
		}
	}
}


TEST(WebSocketProtocolPairTest, EveryCut)
{
	// A conversation, in which each end's bytes arrive in steps of every size.
	for (bool deflates: {false, true})
	{
		for (std::size_t toServer = 1; toServer < 40; ++toServer)
		{
			for (std::size_t toClient: {std::size_t(1), std::size_t(2), std::size_t(7), std::size_t(1000)})
			{
				Side server(SERVER, deflate(deflates));
				Side client(CLIENT, deflate(deflates));
				for (int round = 0; round < 2; ++round)
				{
					client.send("Hello Hello Hello", TEXT);
					client.sendPart("in ", false);
					client.ping();
					server.send(std::string(300, 'x'), BINARY);
					server.ping();
					client.sendPart("parts", true);
					server.sendPart("", false);
					server.sendPart("\xc3\xa4", true);
				}
				client.close(1000);
				server.close(1001);
				client.flush();
				server.flush();
				while (!client.wire.empty() || !server.wire.empty())
				{
					move(client, server, toServer);
					move(server, client, toClient);
					client.flush();
					server.flush();
				}
				ASSERT_EQ(1000, server.end.protocol.closeCode());
				ASSERT_EQ(1001, client.end.protocol.closeCode());
				ASSERT_NO_FATAL_FAILURE(finish(server, client)) << toServer << " and " << toClient << " bytes at a time";
			}
		}
	}
}


TEST(WebSocketProtocolPairTest, EveryCutOnce)
{
	const auto converse = [](std::size_t cut, bool deflates)
	{
		Side server(SERVER, deflate(deflates));
		Side client(CLIENT, deflate(deflates));
		client.send("Hello", TEXT);
		client.sendPart("a", false);
		client.ping();
		client.sendPart("b", true);
		client.close(1000);
		client.flush();
		const std::size_t size = client.wire.size();
		move(client, server, cut);
		server.flush(); // answers, between the parts
		move(server, client, server.wire.size());
		EXPECT_NO_FATAL_FAILURE(finish(server, client)) << "cut at " << cut;
		return size;
	};
	for (bool deflates: {false, true})
	{
		const std::size_t size = converse(0, deflates);
		for (std::size_t cut = 1; cut <= size; ++cut) converse(cut, deflates);
	}
}


TEST(WebSocketProtocolPairTest, BothCloseAtOnce)
{
	Side server(SERVER, nullptr);
	Side client(CLIENT, nullptr);
	server.close(1001);
	client.close(1000);
	finish(server, client);
	EXPECT_EQ(Log{"Close:1000 bye"}, server.end.log);
	EXPECT_EQ(Log{"Close:1001 bye"}, client.end.log);
}


TEST(WebSocketProtocolPairTest, ACloseInsideAFragmentedMessage)
{
	Side server(SERVER, nullptr);
	Side client(CLIENT, nullptr);
	client.sendPart("never complete", false);
	client.close(1000);
	finish(server, client);
	EXPECT_EQ(Log{"Close:1000 bye"}, server.end.log);
}


TEST(WebSocketProtocolPairTest, CompressionIsLeftOutForAMessage)
{
	// RFC 7692, 6: RSV1 tells.
	WebSocketConnectionParams::Ptr pParams = quiet();
	const WebSocketDeflateParams agreed;
	End server(SERVER, pParams, 0, &agreed);
	End client(CLIENT, pParams, 0, &agreed);
	const std::string text(1000, 'x');
	server.protocol.send(text, TEXT, 0);
	const std::string compressed = server.flush();
	EXPECT_EQ('\xc1', compressed[0]);
	EXPECT_LT(compressed.size(), 100u);
	server.protocol.send(text, TEXT, 0, WebSocketFrame::Compression::NONE);
	const std::string plain = server.flush();
	EXPECT_EQ('\x81', plain[0]);
	EXPECT_EQ(1004u, plain.size());
	server.protocol.send("shorter than the threshold", TEXT, 0);
	const std::string small = server.flush();
	EXPECT_EQ('\x81', small[0]);
	client.take(compressed + plain + small);
	EXPECT_EQ((Log{"text:" + text, "text:" + text, "text:shorter than the threshold"}), client.log);

	// A message that becomes long is decompressed in steps, which the caller does not see.
	const std::string large(1000000, 'y');
	server.protocol.send(large, BINARY, 0);
	client.take(server.flush());
	EXPECT_EQ("binary:" + large, client.log.back());
}


TEST(WebSocketProtocolPairTest, CompressionThatIsCorrupt)
{
	const WebSocketDeflateParams agreed;
	for (Role role: ROLES)
	{
		End end(role, quiet(), 0, &agreed);
		end.takeFrames({{0xc1, "\xff\xff\xff"}});
		EXPECT_EQ(Log{"failure 21"}, end.log);
		const Log answers = end.sent(true);
		ASSERT_EQ(1u, answers.size());
		EXPECT_EQ("Close:1007", answers[0].substr(0, 10));
	}
}
