//
// SlowTest.cpp
//
// Slow peers that are healthy live; peers that trickle do not.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "support/EventEnd.h"
#include "support/SlowPeer.h"
#include "Poco/Clock.h"
#include <future>


namespace WebSocketTest {


namespace
{
	Poco::Timespan ms(int milliseconds)
	{
		return Poco::Timespan(0, milliseconds*1000);
	}

	bool receiveLarge(RawPeer& peer)
		/// Receives large(), as a frame of a server, slowly.
	{
		const std::string expected = frame(FIN_TEXT, large(), false);
		return receiveSlowly(peer, expected.size()) == expected;
	}

	EventParams::Ptr impatient()
	{
		EventParams::Ptr pParams = new EventParams;
		pParams->setSendTimeout(LIMIT);
		pParams->setPingInterval(LIMIT);
		pParams->setPongTimeout(LIMIT);
		pParams->setCloseTimeout(LIMIT);
		return pParams;
	}
}


class EventSlowTest: public EventPortTest
{
};


TEST_P(EventSlowTest, ReaderOfALargeMessage)
	/// The system reports room in lumps for which this peer takes longer than the send timeout, and the PING lies behind megabytes.
{
	EventParams::Ptr pParams = impatient();
	pParams->setIdleTimeout(2*LIMIT.totalMicroseconds()); // a third of what it takes; the peer's system has taken the last of it for a while when the peer reads it
	EventServer server(GetParam(), pParams);
	server.handler.message = [&](EventConnection& connection, std::string_view data, WebSocketFrame::Opcode opcode)
	{
		if (data == "go") connection.sendText(large());
		else connection.send(data, opcode);
	};
	server.start();
	RawPeer peer = server.connect();
	peer.send(textFrame("go"));
	EXPECT_TRUE(receiveLarge(peer));
	peer.send(textFrame("still there?"));
	Frame next;
	while ((next = peer.receiveFrame()).flags == FIN_PING) peer.send(masked(FIN_PONG, next.payload));
	EXPECT_EQ("still there?", next.payload);
	while ((next = peer.receiveFrame()).flags == FIN_PING) peer.send(masked(FIN_PONG, next.payload));
	EXPECT_EQ(1001, next.closeCode()); // now the connection is idle
}


TEST_P(EventSlowTest, SenderOfALargeMessageIsNotIdle)
{
	EventParams::Ptr pParams = new EventParams;
	pParams->setIdleTimeout(LIMIT);
	EventServer server(GetParam(), pParams);
	server.start();
	RawPeer peer = server.connect();
	const std::string message = pattern(120);
	sendSlowly(peer, textFrame(message)); // about 5 s
	const Frame echo = peer.receiveFrame();
	EXPECT_EQ(FIN_TEXT, echo.flags);
	EXPECT_EQ(message.size(), echo.payload.size());
	EXPECT_EQ(1001, peer.receiveFrame().closeCode()); // now it is
}


TEST_P(EventSlowTest, QueueThatDrainsBeforeTheCloseFrame)
{
	EventServer server(GetParam(), impatient());
	server.handler.message = [&](EventConnection& connection, std::string_view, WebSocketFrame::Opcode)
	{
		connection.sendText(large());
		connection.close(4000);
	};
	server.start();
	RawPeer peer = server.connect();
	peer.send(textFrame("go"));
	EXPECT_TRUE(receiveLarge(peer));
	EXPECT_EQ(4000, peer.receiveFrame().closeCode());
	peer.send(closeFrame(4001));
	EXPECT_TRUE(peer.atEnd());
	EXPECT_EQ((std::vector<std::string>{"open", "message 1 go", "drained", "close 4001"}), server.handler.finalLog());
}


TEST_P(EventSlowTest, MessageThatArrivesBeforeTheCloseFrame)
{
	EventServer server(GetParam(), impatient());
	server.start();
	RawPeer peer = server.connect();
	const std::string message = textFrame(pattern(120));
	peer.send(message.substr(0, 10));
	server.handler.connection()->close(4000);
	EXPECT_EQ(4000, peer.receiveFrame().closeCode());
	sendSlowly(peer, message.substr(10)); // about 5 s
	peer.send(closeFrame(4001));
	EXPECT_TRUE(peer.atEnd());
	const std::vector<std::string> log = server.handler.finalLog();
	ASSERT_EQ(3u, log.size());
	EXPECT_EQ("close 4001", log.back());
}


//
// Both roles, at the same time: these wait most of the time. A link for which the limits are shorter than it takes for the least room that the
// system reports, and peers that trickle
//
class EventSlowTestRoles: public EventTest
{
protected:
	typedef Recorder::Message Message;

	static constexpr int SILENCE_MS = 4000; // lumps() comes in pieces that take longer

	class End: public EventEnd
		/// An impatient connection, and its peer.
	{
	public:
		End(Role role, Transport transport, const Options& options, const Message& message = Message()):
			EventEnd(role, transport, [&](Poco::Net::WebSocketConnectionParams& params)
			{
				params.setSendTimeout(ms(SILENCE_MS));
				params.setPingInterval(ms(SILENCE_MS));
				params.setPongTimeout(ms(SILENCE_MS));
				params.setCloseTimeout(ms(SILENCE_MS));
				options(params);
			}, message, 1400), // or the peer's system, too, would report room in lumps
			peer(*pPeer)
		{
			peer.socket().setReceiveBufferSize(16*1024);
		}

		Frame receiveAnswering()
			/// Receives the next frame that is no PING, and answers those.
		{
			Frame next;
			while ((next = peer.receiveFrame()).flags == FIN_PING) peer.send(frame(FIN_PONG, next.payload));
			return next;
		}

		bool trickles(const std::function<void()>& step)
			/// Does something as slowly as sendSlowly(), until the connection has ended. Returns false if that does not come.
		{
			Pace pace;
			for (int i = 0; pConnection->state() != EventConnection::CLOSED; ++i)
			{
				if (i == 50*DEADLINE_S) return false;
				pace.step();
				try
				{
					step();
				}
				catch (const Poco::Exception&)
				{
					break; // it is cut
				}
			}
			return eventually([this] { return pConnection->state() == EventConnection::CLOSED; });
		}

		RawPeer& peer;
	};

	typedef std::function<void (Role, Transport)> Scenario;

	void begin(const char* name, const Scenario& scenario)
	{
		for (const Role role: {Role::SERVER, Role::CLIENT})
		{
			for (const Transport transport: {Transport::PLAIN, Transport::TLS}) _running.push_back(std::async(std::launch::async, [=]
			{
				SCOPED_TRACE(std::string(name) + (role == Role::SERVER ? ", server" : ", client") + (transport == Transport::TLS ? ", TLS" : ""));
				try
				{
					scenario(role, transport);
				}
				catch (const Poco::Exception& exc)
				{
					ADD_FAILURE() << exc.displayText();
				}
			}));
		}
	}

	void end()
	{
		for (std::future<void>& each: _running) each.wait();
	}

	static void receiveLumps(End& end, Role role)
		/// Receives lumps() at 25 KB/s.
	{
		receiveSlowly(end.peer, frameHeader(FIN_TEXT, lumps().size(), role == Role::CLIENT).size() + lumps().size(), 1000);
	}

	static const std::string& lumps()
	{
		static const std::string text = pattern(450*1024);
		return text;
	}

private:
	std::vector<std::future<void>> _running;
};


TEST_F(EventSlowTestRoles, HealthyAndOthers)
{
	begin("reader", [](Role role, Transport transport)
	{
		End end(role, transport, [](Poco::Net::WebSocketConnectionParams& params) { params.setIdleTimeout(ms(7000)); }); // a part of what it takes, but more than the rest in the peer's system
		end.pConnection->sendText(lumps());
		receiveLumps(end, role);
		end.peer.send(end.frame(FIN_TEXT, "still there?"));
		EXPECT_EQ("still there?", end.receiveAnswering().payload);
		EXPECT_EQ(1001, end.receiveAnswering().closeCode()); // now the connection is idle
	});
	begin("reader, then Close", [](Role role, Transport transport)
	{
		End end(role, transport, [](Poco::Net::WebSocketConnectionParams&) { });
		end.pConnection->sendText(lumps());
		end.pConnection->close(4000, "");
		receiveLumps(end, role);
		EXPECT_EQ(4000, end.receiveAnswering().closeCode());
		end.peer.send(end.frame(FIN_CLOSE, closePayload(4001)));
		EXPECT_TRUE(eventually([&] { return end.handler().has("close 4001"); }));
	});
	begin("sender", [](Role role, Transport transport)
	{
		End end(role, transport, [](Poco::Net::WebSocketConnectionParams& params) { params.setIdleTimeout(ms(SILENCE_MS)); });
		const std::string message = pattern(150);
		sendSlowly(end.peer, end.frame(FIN_TEXT, message)); // about 6 s
		EXPECT_EQ(message, end.receiveAnswering().payload);
		EXPECT_EQ(1001, end.receiveAnswering().closeCode());
	});
	begin("sender, after Close", [](Role role, Transport transport)
	{
		End end(role, transport, [](Poco::Net::WebSocketConnectionParams&) { });
		const std::string message = end.frame(FIN_TEXT, pattern(150));
		end.peer.send(message.substr(0, 10));
		end.pConnection->close(4000, "");
		EXPECT_EQ(4000, end.receiveAnswering().closeCode());
		sendSlowly(end.peer, message.substr(10));
		end.peer.send(end.frame(FIN_CLOSE, closePayload(4001)));
		EXPECT_TRUE(eventually([&] { return end.handler().has("close 4001"); }));
	});
	begin("message that never ends", [](Role role, Transport transport)
	{
		End end(role, transport, [](Poco::Net::WebSocketConnectionParams& params) { params.setTransferTimeout(ms(1000)); });
		end.peer.send(end.frame(0x01, "fragment"));
		EXPECT_TRUE(end.trickles([&] { end.peer.send(end.frame(0x00, "x")); }));
		EXPECT_TRUE(end.handler().has("error WebSocket Exception 20"));
	});
	begin("reader that trickles", [](Role role, Transport transport)
	{
		End end(role, transport, [](Poco::Net::WebSocketConnectionParams& params)
		{
			params.setSendTimeout(ms(5000));
			params.setTransferTimeout(ms(2000));
		});
		end.pConnection->sendText(large());
		EXPECT_TRUE(end.trickles([&] { end.peer.receive(1000); }));
		EXPECT_TRUE(end.handler().has("error Timeout 0"));
	});
	begin("reader that trickles before a Close frame", [](Role role, Transport transport)
	{
		End end(role, transport, [](Poco::Net::WebSocketConnectionParams& params)
		{
			params.setSendTimeout(ms(5000));
			params.setTransferTimeout(ms(2000));
		});
		end.pConnection->sendText(large());
		end.pConnection->close(4000, "");
		EXPECT_TRUE(end.trickles([&] { end.peer.receive(1000); }));
		EXPECT_TRUE(end.handler().has("error Timeout 0"));
	});
	begin("no Close frame", [](Role role, Transport transport)
	{
		End end(role, transport, [](Poco::Net::WebSocketConnectionParams& params) { params.setTransferTimeout(ms(2000)); }, [](EventConnection&, std::string_view, WebSocketFrame::Opcode) { });
		end.pConnection->close(4000, "");
		EXPECT_TRUE(end.trickles([&] { end.peer.send(end.frame(FIN_TEXT, "and another thing")); }));
		EXPECT_TRUE(end.handler().has("error Timeout 0"));
	});
	end();
}


//
// Peers that read unseen: everything has been acknowledged, and the window is wide open
//
class EventUnseenTest: public ::testing::TestWithParam<std::tuple<Role, Transport>>
{
protected:
	std::unique_ptr<EventEnd> connect(const Poco::Timespan& limit, const Recorder::Message& message = Recorder::Message())
	{
		return std::make_unique<EventEnd>(std::get<0>(GetParam()), std::get<1>(GetParam()), [&](Poco::Net::WebSocketConnectionParams& params)
		{
			params.setPingInterval(Poco::Timespan(limit.totalMicroseconds()/4));
			params.setPongTimeout(limit);
			params.setSendTimeout(limit);
			params.setCloseTimeout(limit);
		}, message);
	}

	static std::size_t sizeOnTheWire()
	{
		const bool masks = std::get<0>(GetParam()) == Role::CLIENT;
		return frameHeader(FIN_TEXT, hoarded().size(), masks).size() + hoarded().size();
	}

private:
	Watchdog _watchdog;
};


TEST_P(EventUnseenTest, AnswerToAPing)
{
	const std::unique_ptr<EventEnd> pEnd = connect(LIMIT);
	RawPeer& peer = *pEnd->pPeer;
	hoard(peer);
	pEnd->pConnection->sendText(hoarded());
	receiveUnseen(peer, sizeOnTheWire());
	EXPECT_EQ(FIN_PING, peer.receiveFrame().flags);
	peer.send(pEnd->frame(FIN_TEXT, "alive"));
	EXPECT_TRUE(eventually([&] { return pEnd->handler().has("message 1 alive"); }));
}


TEST_P(EventUnseenTest, CloseFrame)
{
	const std::unique_ptr<EventEnd> pEnd = connect(LIMIT);
	RawPeer& peer = *pEnd->pPeer;
	hoard(peer);
	pEnd->pConnection->sendText(hoarded());
	pEnd->pConnection->close(4000, "");
	receiveUnseen(peer, sizeOnTheWire());
	EXPECT_EQ(4000, peer.receiveFrame().closeCode());
	peer.send(pEnd->frame(FIN_CLOSE, closePayload(4001)));
	EXPECT_TRUE(eventually([&] { return pEnd->handler().has("close 4001"); }));
}


TEST_P(EventUnseenTest, AnswerAtOnce)
	/// What the peer has asked for is sent before anything else happens.
{
	const std::unique_ptr<EventEnd> pEnd = connect(LIMIT, [](EventConnection& connection, std::string_view text, WebSocketFrame::Opcode)
	{
		if (text == "go") connection.sendText(hoarded());
	});
	RawPeer& peer = *pEnd->pPeer;
	hoard(peer);
	peer.send(pEnd->frame(FIN_TEXT, "go"));
	receiveUnseen(peer, sizeOnTheWire());
	EXPECT_EQ(FIN_PING, peer.receiveFrame().flags);
	peer.send(pEnd->frame(FIN_TEXT, "alive"));
	EXPECT_TRUE(eventually([&] { return pEnd->handler().has("message 1 alive"); }));
}


TEST_P(EventUnseenTest, PeerThatReadsNothingIsCut)
	/// As late as it could have read everything, at 25 KB/s, and the limit later.
{
	const std::unique_ptr<EventEnd> pEnd = connect(ms(1500));
	hoard(*pEnd->pPeer);
	const Poco::Clock begin;
	pEnd->pConnection->sendText(pattern(50000));
	EXPECT_TRUE(eventually([&] { return pEnd->handler().has("close 1006"); }));
	EXPECT_TRUE(pEnd->handler().has("error WebSocket Exception 22"));
	EXPECT_LE(2000*1000, begin.elapsed());
}


TEST_P(EventUnseenTest, PeerThatReadsNothingIsClosed)
{
	const std::unique_ptr<EventEnd> pEnd = connect(ms(1500));
	hoard(*pEnd->pPeer);
	const Poco::Clock begin;
	pEnd->pConnection->sendText(pattern(50000));
	pEnd->pConnection->close(4000, "");
	EXPECT_TRUE(eventually([&] { return pEnd->handler().has("close 1006"); }));
	EXPECT_LE(2000*1000, begin.elapsed());
	EXPECT_TRUE(pEnd->handler().has("error Timeout 0"));
}


INSTANTIATE_TEST_SUITE_P(EventSlowTest, EventUnseenTest, ::testing::Combine(::testing::Values(Role::SERVER, Role::CLIENT), ::testing::Values(Transport::PLAIN, Transport::TLS)),
	[](const ::testing::TestParamInfo<std::tuple<Role, Transport>>& param)
	{
		return std::string(std::get<0>(param.param) == Role::SERVER ? "Server" : "Client") + (std::get<1>(param.param) == Transport::TLS ? "TLS" : "Plain");
	});


//
// Peers that trickle
//
TEST_P(EventSlowTest, MessageThatNeverEnds)
{
	EventParams::Ptr pParams = new EventParams;
	pParams->setTransferTimeout(ms(1000));
	EventServer server(GetParam(), pParams);
	server.start();
	RawPeer peer = server.connect();
	peer.send(textFrame("before"));
	expectText(peer, "before");
	peer.send(masked(0x01, "fragment"));
	Pace pace;
	while (!peer.socket().poll(ms(0), Poco::Net::Socket::SELECT_READ))
	{
		pace.step();
		peer.send(masked(0x00, "x"));
	}
	EXPECT_EQ(1008, peer.receiveFrame().closeCode());
	peer.close();
	EXPECT_EQ((std::vector<std::string>{"open", "message 1 before", "error WebSocket Exception 20", "close 1006"}), server.handler.finalLog());
}


TEST_P(EventSlowTest, ReaderThatTrickles)
{
	EventParams::Ptr pParams = impatient();
	pParams->setSendTimeout(ms(5000));
	pParams->setTransferTimeout(ms(2000));
	EventServer server(GetParam(), pParams);
	server.handler.message = [&](EventConnection& connection, std::string_view, WebSocketFrame::Opcode) { connection.sendText(large()); };
	server.smallBuffers().start();
	RawPeer peer = server.connect();
	peer.send(textFrame("go"));
	Pace pace;
	while (!server.handler.has("close 1006"))
	{
		pace.step();
		try
		{
			peer.receive(1000);
		}
		catch (const Poco::Exception&)
		{
			break; // it is cut
		}
	}
	EXPECT_EQ((std::vector<std::string>{"open", "message 1 go", "error Timeout 0", "close 1006"}), server.handler.finalLog());
}


TEST_P(EventSlowTest, PeerThatNeverSendsItsCloseFrame)
	/// It goes on sending messages instead.
{
	EventParams::Ptr pParams = impatient();
	pParams->setTransferTimeout(ms(2000));
	EventServer server(GetParam(), pParams);
	server.handler.message = [](EventConnection&, std::string_view, WebSocketFrame::Opcode) { };
	server.start();
	RawPeer peer = server.connect();
	server.handler.connection()->close(4000);
	EXPECT_EQ(4000, peer.receiveFrame().closeCode());
	Pace pace;
	try
	{
		while (server.server.metrics().connections > 0)
		{
			pace.step();
			peer.send(textFrame("and another thing"));
		}
	}
	catch (const Poco::Exception&)
	{
		// it is cut
	}
	EXPECT_TRUE(eventually([&] { return server.server.metrics().connections == 0; }));
}


INSTANTIATE_TEST_SUITE_P(Event, EventSlowTest, ::testing::Values(Port::PLAIN, Port::TLS, Port::LOCAL), portName);


} // namespace WebSocketTest
