//
// TimerTest.cpp
//
// What happens when nothing happens for too long.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "support/EventSupport.h"
#include <chrono>
#include <thread>


namespace WebSocketTest {


using Lines = std::vector<std::string>;


namespace
{
	Poco::Timespan ms(int milliseconds)
	{
		return Poco::Timespan(0, milliseconds*1000);
	}

	class Stopwatch
	{
	public:
		int elapsed() const
			/// Returns milliseconds.
		{
			return static_cast<int>(std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - _start).count());
		}

	private:
		std::chrono::steady_clock::time_point _start = std::chrono::steady_clock::now();
	};
}


TEST_P(EventPortTest, PingAndItsAnswer)
{
	EventParams::Ptr pParams = new EventParams;
	pParams->setPingInterval(ms(100));
	pParams->setPongTimeout(ms(200));
	EventServer server(GetParam(), pParams);
	server.start();
	Stopwatch watch;
	RawPeer peer = server.connect();
	for (int i = 0; i < 3; ++i) // a PONG, or anything else, keeps it alive
	{
		const Frame ping = peer.receiveFrame();
		EXPECT_EQ(FIN_PING, ping.flags);
		peer.send(i == 1 ? textFrame("busy") : masked(FIN_PONG, ping.payload));
		if (i == 1) expectText(peer, "busy");
	}
	EXPECT_LE(300, watch.elapsed());
	EXPECT_LT(0, server.handler.connection()->metrics().pingTime.totalMicroseconds());
	EXPECT_EQ(FIN_PING, peer.receiveFrame().flags);
	EXPECT_TRUE(peer.atEnd());
	EXPECT_LE(600, watch.elapsed());
	EXPECT_EQ((Lines{"open", "message 1 busy", "error WebSocket Exception 22", "close 1006"}), server.handler.finalLog());
}


TEST_P(EventPortTest, PingsGoOnBeforeAnAnswerWouldBeLate)
	/// The time until the next PING is the interval, however long an answer may take.
{
	EventParams::Ptr pParams = new EventParams;
	pParams->setPingInterval(ms(50));
	pParams->setPongTimeout(Poco::Timespan(3600, 0));
	EventServer server(GetParam(), pParams);
	server.start();
	RawPeer peer = server.connect();
	for (int i = 0; i < 3; ++i)
	{
		const Frame ping = peer.receiveFrame();
		EXPECT_EQ(FIN_PING, ping.flags);
		peer.send(masked(FIN_PONG, ping.payload));
	}
}


TEST_P(EventPortTest, Idle)
{
	EventParams::Ptr pParams = new EventParams;
	pParams->setIdleTimeout(ms(300));
	pParams->setPingInterval(ms(100));
	EventServer server(GetParam(), pParams);
	server.start();
	RawPeer peer = server.connect();
	Stopwatch watch;
	Frame frame;
	while ((frame = peer.receiveFrame()).flags == FIN_PING) peer.send(masked(FIN_PONG, frame.payload)); // they are no messages
	EXPECT_LE(250, watch.elapsed());
	EXPECT_EQ(1001, frame.closeCode());
	peer.send(closeFrame(1001));
	EXPECT_TRUE(peer.atEnd());
	EXPECT_EQ((Lines{"open", "close 1001"}), server.handler.finalLog());
}


TEST_P(EventPortTest, ClosingHandshake)
{
	EventParams::Ptr pParams = new EventParams;
	pParams->setCloseTimeout(ms(200));
	EventServer server(GetParam(), pParams);
	server.start();
	RawPeer peer = server.connect();
	server.handler.connection()->close(4000);
	EXPECT_EQ(4000, peer.receiveFrame().closeCode());
	peer.send(textFrame("not a Close frame"));
	EXPECT_TRUE(peer.atEnd());
	EXPECT_EQ((Lines{"open", "message 1 not a Close frame", "error Timeout 0", "close 1006"}), server.handler.finalLog());
}


TEST_P(EventPortTest, StreamThatIsNotEnded)
{
	// The peer answers the Close frame, and then stays.
	EventParams::Ptr pParams = new EventParams;
	pParams->setCloseTimeout(ms(200));
	EventServer server(GetParam(), pParams);
	server.start();
	RawPeer peer = server.connect();
	peer.send(closeFrame());
	EXPECT_EQ(1000, peer.receiveFrame().closeCode());
	EXPECT_TRUE(peer.atEnd());
	EXPECT_TRUE(eventually([&] { return server.server.metrics().connections == 0; }));
	EXPECT_EQ((Lines{"open", "close 1000"}), server.handler.finalLog());
}


TEST_P(EventPortTest, SendThatStalls)
{
	EventParams::Ptr pParams = new EventParams;
	pParams->setSendTimeout(ms(500));
	EventServer server(GetParam(), pParams);
	const std::string large = pattern(10000000);
	server.handler.message = [&](EventConnection& connection, std::string_view, WebSocketFrame::Opcode) { connection.sendText(large); };
	server.smallBuffers().start();
	RawPeer peer = server.connect();
	peer.socket().setReceiveBufferSize(256*1024);
	peer.send(textFrame("go"));
	Stopwatch watch;
	// As long as the peer takes something, it goes on.
	for (int i = 0; i < 6; ++i) peer.receive(200000);
	EXPECT_EQ((Lines{"open", "message 1 go", "error Timeout 0", "close 1006"}), server.handler.finalLog());
	EXPECT_LE(450, watch.elapsed());
}


TEST_P(EventPortTest, LoopThatHasSlept)
	/// Times count from now, not from when the loop did something before.
{
	EventParams::Ptr pParams = new EventParams;
	pParams->setHandshakeTimeout(ms(700));
	pParams->setPongTimeout(ms(700));
	pParams->setPingInterval(ms(1500));
	pParams->setThreads(1);
	EventServer server(GetParam(), pParams);
	server.start();
	std::this_thread::sleep_for(std::chrono::milliseconds(900)); // nothing else makes a loop idle for so long
	RawPeer peer = server.dial();
	std::this_thread::sleep_for(std::chrono::milliseconds(100)); // the connection is accepted in a turn of its own
	peer.send(handshakeRequest());
	EXPECT_EQ(0u, peer.receiveThrough("\r\n\r\n").find("HTTP/1.1 101 "));
	EXPECT_EQ(FIN_PING, peer.receiveFrame().flags);
	std::this_thread::sleep_for(std::chrono::milliseconds(100));
	peer.send(textFrame("hello"));
	expectText(peer, "hello");
}


TEST_F(EventTest, VeryLongTimes)
{
	// Longer than what a timer can hold.
	EventParams::Ptr pParams = new EventParams;
	pParams->setPingInterval(Poco::Timespan(49, 17, 2, 47, 296*1000 + 5000));
	pParams->setPongTimeout(Poco::Timespan(100, 0, 0, 0, 0));
	pParams->setHandshakeTimeout(Poco::Timespan(49, 17, 2, 47, 296*1000 + 5000));
	EventServer server(Port::PLAIN, pParams);
	server.start();
	RawPeer slow = server.dial();
	RawPeer peer = server.connect();
	Stopwatch watch;
	EXPECT_FALSE(peer.socket().poll(ms(150), Poco::Net::Socket::SELECT_READ));
	EXPECT_FALSE(slow.socket().poll(ms(150), Poco::Net::Socket::SELECT_READ));
}


} // namespace WebSocketTest
