//
// UnitRenegotiateTest.cpp
//
// TLS 1.2: what the event shell's stream waits for when its peer wants a new handshake.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "support/TLSEnds.h"
#include "events/Poller.h"


using namespace WebSocketTest;
using namespace WebSocketTest::TLSEnds;
using Poco::Net::WebSocketPoller;
using Poco::Net::WebSocketSocketBIO;


namespace
{
	void finish(Ends& ends)
		/// The handshake that has begun, and a message in each direction. Each of ours comes when the poller would say so: with room all the time,
		/// that is whenever something is written, and whenever the stream waits for room.
	{
		ends.peer.received.clear();
		ends.received.clear();
		for (bool moved = true; moved;)
		{
			const std::string theirs = ends.read();
			ends.peer.take(theirs);
			const std::string answer = ends.peer.output();
			ends.write(answer);
			moved = !theirs.empty() || !answer.empty();
			ends.pStream->push();
			ASSERT_EQ(WebSocketStream::AGAIN, ends.receive());
		}
		ASSERT_TRUE(ends.peer.greeted());
		std::string text = "there";
		const iovec block = {&text[0], text.size()};
		ASSERT_EQ(5, ends.pStream->send(&block, 1));
		EXPECT_FALSE(ends.pStream->crossed());
		ends.peer.take(ends.read());
		ASSERT_LE(5u, ends.peer.received.size());
		EXPECT_EQ("there", ends.peer.received.substr(ends.peer.received.size() - 5));
		ends.write(ends.peer.records({"back"}));
		ASSERT_EQ(WebSocketStream::AGAIN, ends.receive());
		EXPECT_EQ("back", ends.received);
	}

	std::size_t fill(Ends& ends)
		/// The socket takes nothing more. Returns how many bytes are in it, which are no TLS.
	{
		const std::string junk(1000, 'j');
		std::size_t length = 0;
		for (ssize_t n = 0; (n = ::send(ends.pStream->fd(), junk.data(), junk.size(), MSG_DONTWAIT)) > 0;) length += static_cast<std::size_t>(n);
		return length;
	}
}


class UnitRenegotiateTest: public ::testing::TestWithParam<Role>
	/// The peer wants a new handshake, and the socket does not take a byte.
{
};


TEST_P(UnitRenegotiateTest, FlightThatTheSocketDoesNotTake)
	/// It is kept, and the stream waits for room, and for what the peer sends meanwhile.
{
	const OnlyTLS12 version;
	Ends ends(GetParam(), 4096);
	ends.greet();
	std::size_t length = fill(ends);
	EXPECT_FALSE(ends.pStream->crossed());
	ends.peer.renegotiate();
	ends.write(ends.peer.output());
	ASSERT_EQ(WebSocketStream::AGAIN, ends.receive());
	ASSERT_TRUE(ends.pStream->crossed());
	EXPECT_EQ(WebSocketPoller::READ | WebSocketPoller::WRITE, ends.pStream->interest(WebSocketPoller::READ));
	EXPECT_FALSE(ends.pStream->push());
	while (length > 0) length -= ends.read(length).size();
	EXPECT_TRUE(ends.pStream->push());
	finish(ends);
}


TEST_P(UnitRenegotiateTest, ReceivingWaitsForRoomToSend)
	/// So much is kept that not even the flight is. Nothing is waited for but room: what arrives cannot be received.
{
	const OnlyTLS12 version;
	Ends ends(GetParam(), 4096);
	ends.greet();
	std::size_t length = fill(ends);
	std::string text = pattern(100000);
	const iovec block = {&text[0], text.size()};
	const long taken = ends.pStream->send(&block, 1);
	ASSERT_LE(static_cast<long>(WebSocketSocketBIO::MAX_KEPT), taken);
	ASSERT_EQ(static_cast<std::size_t>(taken), ends.pStream->unsent());
	ends.peer.renegotiate();
	ends.write(ends.peer.output());
	ASSERT_EQ(WebSocketStream::AGAIN, ends.receive());
	ASSERT_TRUE(ends.pStream->crossed());
	EXPECT_EQ(WebSocketPoller::WRITE + 0, ends.pStream->interest(WebSocketPoller::READ));
	EXPECT_EQ(WebSocketPoller::READ | WebSocketPoller::WRITE, ends.pStream->meaning(WebSocketPoller::WRITE)) << "room is what receiving waits for";
	EXPECT_EQ(0, ends.pStream->meaning(WebSocketPoller::READ)) << "what has come is no use";
	while (length > 0) length -= ends.read(length).size();
	while (ends.pStream->unsent() > 0)
	{
		const long n = ends.pStream->send(nullptr, 0);
		ASSERT_TRUE(n == 0 || n == WebSocketStream::AGAIN) << n;
		ends.peer.take(ends.read());
	}
	EXPECT_EQ(text.substr(0, static_cast<std::size_t>(taken)), ends.peer.received);
	finish(ends);
}


TEST_P(UnitRenegotiateTest, SendingWaitsForThePeer)
	/// Nothing is waited for but that: there is room all the time.
{
	const OnlyTLS12 version;
	Ends ends(GetParam(), 0);
	ends.greet();
	ends.peer.renegotiate();
	ends.write(ends.peer.output());
	ASSERT_EQ(WebSocketStream::AGAIN, ends.receive());
	std::string text = "early";
	const iovec block = {&text[0], text.size()};
	ASSERT_EQ(WebSocketStream::AGAIN, ends.pStream->send(&block, 1));
	ASSERT_TRUE(ends.pStream->crossed());
	EXPECT_EQ(WebSocketPoller::READ + 0, ends.pStream->interest(WebSocketPoller::READ | WebSocketPoller::WRITE));
	EXPECT_EQ(WebSocketPoller::READ | WebSocketPoller::WRITE, ends.pStream->meaning(WebSocketPoller::READ));
	EXPECT_EQ(0, ends.pStream->meaning(WebSocketPoller::WRITE)) << "room is there, and no use";
	finish(ends);
}


INSTANTIATE_TEST_SUITE_P(Event, UnitRenegotiateTest, ::testing::Values(Role::SERVER, Role::CLIENT),
	[](const ::testing::TestParamInfo<Role>& param) { return std::string(param.param == Role::SERVER ? "Server" : "Client"); });
