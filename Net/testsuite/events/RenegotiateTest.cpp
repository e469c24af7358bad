//
// RenegotiateTest.cpp
//
// TLS 1.2: the peer of a connection of the event shell renegotiates. And no SIGPIPE, if the peer has gone.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "support/CallCount.h"
#include "support/EventEnd.h"


using namespace WebSocketTest;
using Poco::Net::Socket;
using Poco::Net::WebSocketConnection;
using Poco::Net::WebSocketConnectionParams;


namespace
{
	void expectSleep(const std::function<bool ()>& until)
		/// The loop waits for that, and does nothing meanwhile.
	{
		const CallCount calls;
		EXPECT_TRUE(eventually(until));
		EXPECT_GT(CallCount::FEW, calls.count()) << "does not sleep";
	}
}


TEST_F(EventTest, NoSIGPIPEAfterThePeerHasGone)
{
	for (Port port: {Port::PLAIN, Port::TLS})
	{
		SCOPED_TRACE(int(port));
		const SIGPIPEs signals;
		EventServer events(port);
		events.handler.open = [](EventConnection& connection, Poco::Net::HTTPServerRequest&)
		{
			SIGPIPEs::unblock(); // as a program may
			connection.pause();
		};
		events.start();
		std::unique_ptr<RawPeer> pPeer = std::make_unique<RawPeer>(events.connect());
		const auto pConnection = events.handler.connection();
		pPeer->close();
		pPeer.reset();
		int sent = 0;
		EXPECT_TRUE(eventually([&]
		{
			events.handler.connection()->sendText(std::string("text"));
			if (++sent > 5) events.handler.connection()->resume(); // and so finds out
			return pConnection->state() == WebSocketConnection::CLOSED;
		}));
		events.server.stop();
		EXPECT_EQ(0, signals.count());
	}
}


TEST_F(EventTest, NoSIGPIPEOfTheSecondWriteInACallback)
	/// The loop does not learn in between that the peer has gone.
{
	for (Port port: {Port::PLAIN, Port::TLS, Port::LOCAL})
	{
		SCOPED_TRACE(int(port));
		const SIGPIPEs signals;
		EventParams::Ptr pParams = new EventParams;
		pParams->setThreads(1);
		pParams->setMaxQueuedBytes(1000);
		EventServer events(port, pParams);
		std::atomic<bool> written{false};
		EventConnection::Ptr pGone;
		events.handler.open = [&](EventConnection& connection, Poco::Net::HTTPServerRequest&)
		{
			SIGPIPEs::unblock(); // as a program may
			if (pGone.isNull()) connection.pause(); // or it would be closed
		};
		events.handler.message = [&](EventConnection&, std::string_view, WebSocketFrame::Opcode)
		{
			for (int i = 0; i < 10; ++i) pGone->sendText(pattern(2000)); // each has the one before written
			written = true;
		};
		events.start();
		std::unique_ptr<RawPeer> pPeer = std::make_unique<RawPeer>(events.connect());
		pGone = events.handler.connection();
		RawPeer other = events.connect();
		pPeer->close();
		pPeer.reset();
		other.send(textFrame("go"));
		EXPECT_TRUE(eventually([&] { return written.load(); }));
		EXPECT_EQ(0, signals.count());
		events.server.stop();
		EXPECT_EQ(0, signals.count());
	}
}


class EventRenegotiateTest: public ::testing::TestWithParam<Role>
	/// A connection of the event shell, over TLS 1.2, as server or client, and its raw peer.
{
protected:
	void connect(const Poco::Timespan& sendTimeout)
	{
		const OnlyTLS12 version;
		pEnd = std::make_unique<EventEnd>(GetParam(), Transport::TLS, [&](WebSocketConnectionParams& params) { params.setSendTimeout(sendTimeout); });
		pPeer = pEnd->pPeer.get();
		pConnection = pEnd->pConnection;
	}

	void renegotiate()
		/// The connection has answered, and waits for the peer to go on.
	{
		pPeer->renegotiate();
		EXPECT_TRUE(pPeer->socket().poll(deadline(), Socket::SELECT_READ));
	}

	std::string frame(const std::string& text) const
	{
		return pEnd->frame(FIN_TEXT, text);
	}

	Watchdog watchdog;
	std::unique_ptr<EventEnd> pEnd;
	RawPeer* pPeer = nullptr;
	EventConnection::Ptr pConnection;
};


TEST_P(EventRenegotiateTest, SendTimeoutIsKept)
{
	connect(Poco::Timespan(1, 0));
	renegotiate();
	pConnection->sendText(std::string("one"));
	expectSleep([this] { return pConnection->state() == WebSocketConnection::CLOSED; });
}


TEST_P(EventRenegotiateTest, GoesOn)
{
	connect(deadline());
	for (int i = 0; i < 20; ++i)
	{
		renegotiate();
		pConnection->sendText(std::string("one"));
		pConnection->sendText(std::string("two"));
		expectText(*pPeer, "one");
		expectText(*pPeer, "two");
		pPeer->send(frame("three"));
		expectText(*pPeer, "three");
	}
}


TEST_P(EventRenegotiateTest, SendTimeoutIsKeptWhileReceivingWaitsForRoom)
	/// The peer does not read: what is to be sent, and with it the answer, waits.
{
	connect(Poco::Timespan(1, 0));
	for (int i = 0; i < 20; ++i) pConnection->sendText(pattern(1024*1024));
	pPeer->renegotiate();
	expectSleep([this] { return pConnection->state() == WebSocketConnection::CLOSED; });
	EXPECT_TRUE(pEnd->handler().has("close 1006"));
}


TEST_P(EventRenegotiateTest, PausedMeanwhile)
{
	connect(deadline());
	renegotiate();
	pConnection->pause();
	pConnection->sendText(std::string("one"));
	expectText(*pPeer, "one");
	pPeer->send(frame("two"));
	pConnection->resume();
	expectText(*pPeer, "two");
}


TEST_P(EventRenegotiateTest, PeerGoesMeanwhile)
	/// Long before the send time-out.
{
	for (bool paused: {false, true})
	{
		for (bool reset: {false, true})
		{
			SCOPED_TRACE(std::string(paused ? "paused, " : "") + (reset ? "reset" : "closed"));
			connect(Poco::Timespan(6*DEADLINE_S, 0));
			renegotiate();
			if (paused) pConnection->pause();
			pConnection->sendText(std::string("one"));
			if (reset) pPeer->reset();
			else pPeer->close();
			expectSleep([&] { return paused || pConnection->state() == WebSocketConnection::CLOSED; });
			pConnection->resume();
			EXPECT_TRUE(eventually([this] { return pConnection->state() == WebSocketConnection::CLOSED; }));
		}
	}
}


TEST_P(EventRenegotiateTest, WhileMuchWaitsToBeSent)
	/// The answer to the peer waits behind it.
{
	connect(deadline());
	const std::string payload = pattern(10000);
	constexpr int FRAMES = 1000;
	for (int i = 0; i < FRAMES; ++i) pConnection->sendText(payload);
	pPeer->renegotiate();
	for (int i = 0; i < FRAMES; ++i) ASSERT_TRUE(payload == pPeer->receiveFrame().payload) << i;
	pPeer->send(frame("answer"));
	expectText(*pPeer, "answer");
}


INSTANTIATE_TEST_SUITE_P(Event, EventRenegotiateTest, ::testing::Values(Role::SERVER, Role::CLIENT),
	[](const ::testing::TestParamInfo<Role>& param) { return std::string(param.param == Role::SERVER ? "Server" : "Client"); });
