//
// AwayTest.cpp
//
// A callback takes longer than the time limits of another connection of the same loop.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "support/EventSupport.h"
#include "Poco/Clock.h"
#include <thread>


namespace WebSocketTest {


namespace
{
	Poco::Timespan ms(int milliseconds)
	{
		return Poco::Timespan(0, milliseconds*1000);
	}

	void wait(int milliseconds)
		/// At least so long.
	{
		const Poco::Clock begin;
		while (!begin.isElapsed(1000*milliseconds)) std::this_thread::sleep_for(std::chrono::milliseconds(10));
	}

	int limit()
		/// Milliseconds. Who has to make a connection meanwhile needs some of them.
	{
		return sanitized() ? 3000 : 1000;
	}

	class Away
		/// A server with one loop, which is held up whenever "wait" comes.
	{
	public:
		Away(Port port, EventParams::Ptr pParams):
			_server(port, pParams)
		{
			pParams->setThreads(1);
			_server.handler.message = [this](EventConnection& connection, std::string_view text, WebSocketFrame::Opcode opcode)
			{
				_said.add(std::string(text));
				if (text == "close") connection.close(4000);
				else if (text != "wait") connection.send(text, opcode);
				if (text != "wait") return;
				_begun = true;
				EXPECT_TRUE(eventually([this] { return _done.load(); }));
				wait(limit() + 300);
			};
			_server.start();
		}

		RawPeer connect()
		{
			return _server.connect();
		}

		RawPeer dial()
		{
			return _server.dial();
		}

		bool has(const std::string& line)
			/// Of the first connection.
		{
			return eventually([&] { return _server.handler.has(line); });
		}

		std::vector<std::string> said() const
			/// Of all connections, in the order in which it was read.
		{
			return _said.lines();
		}

		void meanwhile(const std::function<void ()>& function)
		{
			RawPeer other = connect();
			other.send(textFrame("wait"));
			EXPECT_TRUE(eventually([this] { return _begun.load(); }));
			function();
			_done = true;
		}

	private:
		Notes _said;
		EventServer _server;
		std::atomic<bool> _begun{false};
		std::atomic<bool> _done{false};
	};

	class EventAwayTest: public EventPortTest
	{
	};
}


TEST_P(EventAwayTest, LongerThanATransferMayTake)
{
	EventParams::Ptr pParams = new EventParams;
	pParams->setTransferTimeout(ms(limit()));
	Away away(GetParam(), pParams);
	RawPeer peer = away.connect();
	const std::string message = textFrame("message");
	peer.send(message.substr(0, 8));
	wait(200); // the message has been noted
	away.meanwhile([&] { peer.send(message.substr(8)); });
	expectText(peer, "message");
}


TEST_P(EventAwayTest, LongerThanAHandshakeMayTake)
	/// In a turn handshakes have a part of the time only. These have come in time.
{
	EventParams::Ptr pParams = new EventParams;
	pParams->setHandshakeTimeout(ms(limit()));
	pParams->setHook([](Poco::Net::HTTPServerRequest&, Poco::Net::HTTPServerResponse&)
	{
		wait(10);
		return true;
	});
	Away away(GetParam(), pParams);
	std::vector<RawPeer> peers;
	for (int i = 0; i < 8; ++i)
	{
		peers.push_back(away.dial());
		peers.back().send("G");
	}
	away.meanwhile([&]
	{
		for (RawPeer& peer: peers) peer.send(handshakeRequest().substr(1));
	});
	for (RawPeer& peer: peers) EXPECT_EQ(0u, peer.receiveThrough("\r\n\r\n").find("HTTP/1.1 101"));
}


TEST_P(EventAwayTest, LongerThanTheKeepAliveAllows)
{
	EventParams::Ptr pParams = new EventParams;
	pParams->setPingInterval(ms(200));
	pParams->setPongTimeout(ms(limit()));
	Away away(GetParam(), pParams);
	RawPeer peer = away.connect();
	const Frame ping = peer.receiveFrame();
	EXPECT_EQ(FIN_PING, ping.flags);
	away.meanwhile([&] { peer.send(masked(FIN_PONG, ping.payload) + textFrame("message")); });
	Frame next;
	while ((next = peer.receiveFrame()).flags == FIN_PING) peer.send(masked(FIN_PONG, next.payload));
	EXPECT_EQ("message", next.payload);
}


TEST_P(EventAwayTest, LongerThanAClosingHandshakeMayTake)
{
	EventParams::Ptr pParams = new EventParams;
	pParams->setCloseTimeout(ms(limit()));
	Away away(GetParam(), pParams);
	RawPeer peer = away.connect();
	peer.send(textFrame("close"));
	EXPECT_EQ(4000, peer.receiveFrame().closeCode());
	// When a Unix-domain peer has got on last, the system does not tell: the first look at it, when the time is over, gives it that time once more.
	if (GetParam() == Port::LOCAL) wait(limit()*6/5);
	away.meanwhile([&] { peer.send(closeFrame(4001)); });
	EXPECT_TRUE(peer.atEnd());
	EXPECT_TRUE(away.has("close 4001"));
}


TEST_P(EventAwayTest, WhoHasJustComeWaitsForTheOthers)
	/// Also with its first messages.
{
	constexpr std::size_t COUNT = 8;
	Away away(GetParam(), new EventParams);
	RawPeer peer = away.connect();
	for (std::size_t i = 0; i < COUNT; ++i)
	{
		peer.send(textFrame("has been here"));
		expectText(peer, "has been here");
	}
	std::vector<RawPeer> others;
	for (std::size_t i = 0; i < COUNT; ++i) others.push_back(away.connect());
	away.meanwhile([&]
	{
		for (RawPeer& other: others) other.send(textFrame("new"));
		peer.send(textFrame("has been here"));
	});
	expectText(peer, "has been here");
	for (RawPeer& other: others) expectText(other, "new");

	std::vector<std::string> expected(COUNT, "has been here");
	expected.emplace_back("wait");
	expected.emplace_back("has been here");
	expected.insert(expected.end(), COUNT, "new");
	EXPECT_EQ(expected, away.said());
}


INSTANTIATE_TEST_SUITE_P(Event, EventAwayTest, ::testing::Values(Port::PLAIN, Port::TLS, Port::LOCAL), portName);


} // namespace WebSocketTest
