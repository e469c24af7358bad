//
// MessageCloseTimeTest.cpp
//
// close() returns within its timeout, whatever the peer and other threads do.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "support/MessageSupport.h"
#include <chrono>
#include <memory>


using namespace WebSocketTest;
using Poco::Net::WebSocket;
using Poco::Net::WebSocketParams;


namespace
{
	class WebSocketMessageCloseTimeTest: public ConnectionTest
	{
	};

	const Poco::Timespan SHORT(100000);
	const std::size_t MUCH = 8 << 20; // more than a connection takes while nobody reads

	bool isReady(std::future<bool>& result, std::chrono::milliseconds time = std::chrono::seconds(DEADLINE_S))
	{
		return result.wait_for(time) == std::future_status::ready;
	}

	std::future<bool> close(WebSocket& ws, const Poco::Timespan& timeout = SHORT)
	{
		return std::async(std::launch::async, [&ws, timeout] { return ws.closeHandshake(1001, "going", timeout); });
	}

	std::future<Message> receiveInAnotherThread(Wire& wire)
		/// Returns when the thread is receiving; its result is what it receives next.
	{
		auto pBegun = std::make_shared<std::promise<void>>();
		wire.send(0x81, "first");
		std::future<Message> received = std::async(std::launch::async, [&wire, pBegun]
		{
			receiveString(wire.ws);
			pBegun->set_value();
			return receiveString(wire.ws);
		});
		pBegun->get_future().wait();
		return received;
	}

	void expectRestAndClose(Wire& wire)
		/// The unfinished frame, and the Close frame behind it.
	{
		EXPECT_EQ(0x82, wire.peer.receiveFrame().flags);
		const Frame frame = wire.peer.receiveFrame();
		EXPECT_EQ(0x88, frame.flags);
		EXPECT_EQ(1001, frame.closeCode());
	}
}


TEST_P(WebSocketMessageCloseTimeTest, AnotherThreadIsStuckInSending)
{
	Wire wire(GetParam());
	wire.ws.setSendBufferSize(64*1024);
	wire.ws.setSendTimeout(0); // none
	const std::string message = pattern(MUCH);
	std::future<void> sent = std::async(std::launch::async, [&] { wire.ws.sendMessage(message, WebSocketFrame::OP_BINARY); });
	EXPECT_TRUE(wire.peer.socket().poll(deadline(), Poco::Net::Socket::SELECT_READ)); // it has begun
	std::future<bool> done = close(wire.ws);
	EXPECT_TRUE(isReady(done)) << "waits for the other thread";
	expectRestAndClose(wire);
	EXPECT_FALSE(get(done));
	get(sent);
	EXPECT_EQ(1006, wire.ws.closeCode());
}


TEST_P(WebSocketMessageCloseTimeTest, AFrameIsNotFinished)
{
	for (bool receiving: {false, true})
	{
		Wire wire(GetParam());
		wire.ws.setSendBufferSize(64*1024);
		wire.ws.setSendTimeout(SHORT);
		EXPECT_THROW(wire.ws.sendMessage(pattern(MUCH), WebSocketFrame::OP_BINARY), Poco::TimeoutException);
		wire.ws.setSendTimeout(0); // none
		std::future<Message> received;
		if (receiving) received = receiveInAnotherThread(wire);
		std::future<bool> done = close(wire.ws);
		EXPECT_TRUE(isReady(done)) << "waits for the peer to read";
		std::future<bool> again = close(wire.ws, deadline());
		expectRestAndClose(wire);
		wire.send(0x88, closePayload(1000));
		EXPECT_FALSE(get(done));
		EXPECT_TRUE(get(again));
		if (receiving)
		{
			EXPECT_EQ(closed(), get(received));
		}
	}
}


TEST_P(WebSocketMessageCloseTimeTest, AFrameTrickles)
{
	Wire wire(GetParam());
	const std::string ping = wire.frame(0x89, pattern(125));
	std::future<bool> done = close(wire.ws);
	std::size_t sent = 0;
	while (sent < ping.size() && !isReady(done, std::chrono::milliseconds(20))) wire.peer.send(ping.substr(sent++, 1)); // 2.6 s in all
	EXPECT_GT(ping.size(), sent) << "each byte begins the timeout anew";
	EXPECT_FALSE(get(done));
}


TEST_P(WebSocketMessageCloseTimeTest, TheConnectionIsBroken)
{
	for (int how: {0, 1})
	{
		Wire wire(GetParam());
		if (how == 0) wire.peer.reset();
		else wire.ws.shutdownSend();
		std::future<bool> done = close(wire.ws, Poco::Timespan(4*DEADLINE_S, 0));
		if (how == 1) wire.peer.close();
		EXPECT_TRUE(isReady(done)) << "tries again and again";
		EXPECT_FALSE(get(done));
	}
}


TEST_P(WebSocketMessageCloseTimeTest, AnotherThreadGivesUpSending)
	/// It leaves a frame that is not finished, and the peer reads again later.
{
	for (bool receiving: {false, true})
	{
		Wire wire(GetParam());
		wire.ws.setSendBufferSize(64*1024);
		wire.ws.setSendTimeout(Poco::Timespan(300000));
		const std::string message = pattern(MUCH);
		std::future<void> sent = std::async(std::launch::async, [&] { EXPECT_THROW(wire.ws.sendMessage(message, WebSocketFrame::OP_BINARY), Poco::TimeoutException); });
		EXPECT_TRUE(wire.peer.socket().poll(deadline(), Poco::Net::Socket::SELECT_READ)); // it has begun
		std::future<Message> received;
		if (receiving) received = receiveInAnotherThread(wire);
		std::future<bool> done = close(wire.ws, deadline());
		get(sent);
		expectRestAndClose(wire);
		wire.send(0x88, closePayload(1000));
		EXPECT_TRUE(get(done));
		if (receiving)
		{
			EXPECT_EQ(closed(), get(received));
		}
	}
}


TEST_P(WebSocketMessageCloseTimeTest, PingIsAnsweredBeforeAnUnfinishedFrame)
	/// A PONG and the Close frame wait behind it.
{
	Wire wire(GetParam());
	wire.ws.setSendBufferSize(64*1024);
	wire.ws.setSendTimeout(SHORT);
	EXPECT_THROW(wire.ws.sendMessage(pattern(MUCH), WebSocketFrame::OP_BINARY), Poco::TimeoutException);
	wire.send(0x89, "ping");
	EXPECT_FALSE(wire.ws.closeHandshake(1001, "going", SHORT));
	std::future<bool> done = close(wire.ws, deadline());
	EXPECT_EQ(0x82, wire.peer.receiveFrame().flags);
	EXPECT_EQ(0x8a, wire.peer.receiveFrame().flags);
	EXPECT_EQ(1001, wire.peer.receiveFrame().closeCode());
	EXPECT_EQ(WebSocket::WS_ERR_CLOSED, errorOf([&] { wire.ws.sendText("behind it"); }));
	wire.send(0x88, closePayload(1000));
	EXPECT_TRUE(get(done));
}


TEST_P(WebSocketMessageCloseTimeTest, PeerClosesAndReadsNothing)
	/// There is no room for the answer to its Close frame.
{
	Wire wire(GetParam());
	wire.ws.setSendBufferSize(64*1024);
	wire.ws.setSendTimeout(SHORT);
	EXPECT_THROW(wire.ws.sendMessage(pattern(MUCH), WebSocketFrame::OP_BINARY), Poco::TimeoutException);
	wire.send(0x88, closePayload(1000));
	std::future<bool> done = close(wire.ws);
	EXPECT_TRUE(isReady(done)) << "waits for the peer to read";
	wire.peer.reset();
	EXPECT_TRUE(get(done));
}


TEST_P(WebSocketMessageCloseTimeTest, KeepAliveDoesNotShortenIt)
{
	ParamsPtr pParams = new WebSocketParams;
	pParams->setPingInterval(SHORT);
	pParams->setPongTimeout(SHORT);
	for (bool behind: {false, true})
	{
		SCOPED_TRACE(behind ? "behind an unfinished frame" : "");
		Wire wire(GetParam(), pParams);
		wire.ws.setSendBufferSize(64*1024);
		wire.ws.setSendTimeout(SHORT);
		if (behind)
		{
			EXPECT_THROW(wire.ws.sendMessage(pattern(MUCH), WebSocketFrame::OP_BINARY), Poco::TimeoutException);
		}
		std::future<bool> done = close(wire.ws, deadline());
		EXPECT_TRUE(behind || wire.peer.receiveFrame().flags == 0x88);
		EXPECT_FALSE(isReady(done, std::chrono::milliseconds(1000))) << "a PING cannot be sent any more, nor answered";
		if (behind) expectRestAndClose(wire);
		wire.send(0x88, closePayload(1000));
		EXPECT_TRUE(get(done));
	}
}


INSTANTIATE_TEST_SUITE_P(All, WebSocketMessageCloseTimeTest, ::testing::ValuesIn(allConnections()), connectionName);
