//
// MessageMeanwhileTest.cpp
//
// What goes on in the class while a thread waits, has given up, or does something else.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "support/MessageSupport.h"
#include "Poco/Clock.h"
#include <future>
#include <thread>


using Poco::Net::WebSocket;
using Poco::Net::WebSocketParams;


namespace WebSocketTest {


namespace
{
	class MessageMeanwhileTest: public ConnectionTest
	{
	};

	constexpr int SMALL = 64*1024; // of buffers

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

	const std::string& large()
		/// More than the buffers take.
	{
		static const std::string text = pattern(1024*1024);
		return text;
	}

	void expectUnfinished(Wire& wire)
		/// Sends large(), until the time-out.
	{
		wire.ws.setSendBufferSize(SMALL);
		wire.peer.socket().setReceiveBufferSize(SMALL);
		EXPECT_THROW(wire.ws.sendText(large()), Poco::TimeoutException);
	}

	void expectRest(Wire& wire)
	{
		const Frame frame = wire.peer.receiveFrame();
		EXPECT_EQ(0x81, frame.flags);
		EXPECT_TRUE(large() == frame.payload);
	}
}


//
// A send that has given up
//
TEST_P(MessageMeanwhileTest, KeepAliveAfterASendTimeout)
	/// The thread that receives sends what is left, and then the PING. Its answer has the whole time from there on: at least half of it for the
	/// first PING, and all for the second.
{
	ParamsPtr pParams = new WebSocketParams;
	pParams->setPingInterval(ms(100));
	pParams->setPongTimeout(ms(3000));
	Wire wire(GetParam(), pParams);
	wire.ws.setSendTimeout(ms(300));
	wire.ws.setReceiveTimeout(Poco::Timespan(60, 0));
	expectUnfinished(wire);
	std::future<int> error = std::async(std::launch::async, [&] { return errorOf([&] { receiveString(wire.ws); }); });
	wait(1700); // and so the first look has been at a peer that takes nothing
	expectRest(wire);
	const Poco::Clock begin;
	EXPECT_EQ(0x89, wire.peer.receiveFrame().flags);
	EXPECT_EQ(0x89, wire.peer.receiveFrame().flags) << "the second look has been before an answer could come";
	EXPECT_EQ(WebSocket::WS_ERR_PING_TIMEOUT, get(error));
	EXPECT_LE(1000*4400, begin.elapsed());
}


TEST_P(MessageMeanwhileTest, AnswerThatAnotherThreadWasToSend)
	/// It gives up. The thread that receives, which has left the answer to it, sees that.
{
	Wire wire(GetParam());
	wire.ws.setSendTimeout(ms(700));
	std::future<void> sent = std::async(std::launch::async, [&] { expectUnfinished(wire); });
	EXPECT_TRUE(wire.peer.socket().poll(deadline(), Poco::Net::Socket::SELECT_READ)); // it has begun
	wire.send(0x89, "ping");
	std::future<Message> received = std::async(std::launch::async, [&] { return receiveString(wire.ws); });
	get(sent);
	expectRest(wire);
	const Frame pong = wire.peer.receiveFrame();
	EXPECT_EQ(0x8a, pong.flags);
	EXPECT_EQ("ping", pong.payload);
	wire.send(0x81, "message");
	EXPECT_EQ(text("message"), get(received));
}


//
// A program that does something else
//
TEST_P(MessageMeanwhileTest, AwayForLongerThanATransferMayTake)
	/// What has arrived meanwhile was not too slow.
{
	for (bool fragments: {false, true})
	{
		SCOPED_TRACE(fragments);
		ParamsPtr pParams = new WebSocketParams;
		pParams->setTransferTimeout(ms(300));
		Wire wire(GetParam(), pParams);
		const std::string whole = fragments ? wire.frame(0x01, "mess") + wire.frame(0x80, "age") : wire.frame(0x81, "message");
		wire.peer.send(whole.substr(0, whole.size() - 2));
		wire.ws.setReceiveTimeout(ms(50));
		EXPECT_THROW(receiveString(wire.ws), Poco::TimeoutException);
		wire.peer.send(whole.substr(whole.size() - 2));
		wait(400); // longer than the transfer time-out
		wire.ws.setReceiveTimeout(deadline());
		EXPECT_EQ(text("message"), receiveString(wire.ws));
	}
}


TEST_P(MessageMeanwhileTest, AwayForLongerThanTheKeepAliveAllows)
	/// An answer that has arrived meanwhile is an answer.
{
	ParamsPtr pParams = new WebSocketParams;
	pParams->setPingInterval(ms(100));
	pParams->setPongTimeout(ms(200));
	Wire wire(GetParam(), pParams);
	wire.ws.setReceiveTimeout(ms(150));
	EXPECT_THROW(receiveString(wire.ws), Poco::TimeoutException);
	EXPECT_EQ(0x89, wire.peer.receiveFrame().flags);
	wire.send(0x8a);
	wire.send(0x81, "message");
	wait(500); // longer than the interval and the time-out of the PING
	wire.ws.setReceiveTimeout(deadline());
	EXPECT_EQ(text("message"), receiveString(wire.ws));
}


INSTANTIATE_TEST_SUITE_P(All, MessageMeanwhileTest, ::testing::ValuesIn(allConnections()), connectionName);


} // namespace WebSocketTest
