//
// MessageCloseTest.cpp
//
// close() with the closing handshake, ping() and keep-alive.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "support/MessageSupport.h"


using namespace WebSocketTest;
using Poco::Net::WebSocket;
using Poco::Net::WebSocketParams;


namespace
{
	class WebSocketMessageCloseTest: public ConnectionTest
	{
	};

	const Poco::Timespan SHORT(100000);

	ParamsPtr alive(const Poco::Timespan& interval, const Poco::Timespan& timeout)
	{
		ParamsPtr pParams = new WebSocketParams;
		pParams->setPingInterval(interval);
		pParams->setPongTimeout(timeout);
		return pParams;
	}
}


//
// close()
//
TEST_P(WebSocketMessageCloseTest, BothAreOurs)
{
	Couple couple(GetParam().transport, new WebSocketParams, new WebSocketParams);
	WebSocket& ours   = GetParam().role == Role::SERVER ? couple.server : couple.client;
	WebSocket& theirs = GetParam().role == Role::SERVER ? couple.client : couple.server;
	std::future<Message> received = std::async(std::launch::async, [&] { return receiveString(theirs); });
	EXPECT_TRUE(ours.closeHandshake(3000, "bye", deadline()));
	EXPECT_EQ(closed(), get(received));
	EXPECT_EQ(3000, theirs.closeCode());
	EXPECT_EQ("bye", theirs.closeReason());
	EXPECT_EQ(3000, ours.closeCode());
	EXPECT_EQ(WebSocketFrame::CLOSED, ours.closeState());
	EXPECT_EQ(WebSocketFrame::CLOSED, theirs.closeState());
	EXPECT_TRUE(ours.closeHandshake(1000)); // it is closed
	EXPECT_TRUE(theirs.closeHandshake(1000));
	EXPECT_EQ(closed(), receiveString(ours));
}


TEST_P(WebSocketMessageCloseTest, PeerAnswersBehindData)
{
	Wire wire(GetParam());
	std::future<bool> done = std::async(std::launch::async, [&] { return wire.ws.closeHandshake(1001, "going", deadline()); });
	const Frame close = wire.peer.receiveFrame();
	EXPECT_EQ(0x88, close.flags);
	EXPECT_EQ(1001, close.closeCode());
	EXPECT_EQ("going", close.closeReason());
	const std::string much = pattern(300000);
	wire.peer.send(wire.frame(0x81, "data") + wire.frame(0x02, much) + wire.frame(0x89, "ping") + wire.frame(0x80, much) + wire.frame(0x88, closePayload(1000, "ok")));
	EXPECT_TRUE(get(done));
	EXPECT_EQ(1000, wire.ws.closeCode());
	EXPECT_EQ("ok", wire.ws.closeReason());
	EXPECT_TRUE(GetParam().transport == Transport::TLS || !GetParam().peerMasks() || wire.peer.atEnd()) << "nothing after the Close frame; 7.1.1: the server ends the stream";
}


TEST_P(WebSocketMessageCloseTest, PeerDoesNotAnswer)
{
	Wire wire(GetParam());
	EXPECT_FALSE(wire.ws.closeHandshake(1000, "", SHORT));
	EXPECT_EQ(1006, wire.ws.closeCode());
	EXPECT_EQ(1000, wire.peer.receiveFrame().closeCode());
	EXPECT_EQ(deadline(), wire.ws.getReceiveTimeout());
}


TEST_P(WebSocketMessageCloseTest, PeerSendsForEver)
{
	Wire wire(GetParam());
	std::atomic<bool> stop(false);
	std::future<void> sent = std::async(std::launch::async, [&]
	{
		try
		{
			while (!stop) wire.send(0x82, pattern(1000));
		}
		catch (const Poco::Exception&)
		{
		}
	});
	EXPECT_FALSE(wire.ws.closeHandshake(1000, "", SHORT));
	stop = true;
	wire.ws.Poco::Net::StreamSocket::close();
	get(sent);
}


TEST_P(WebSocketMessageCloseTest, PeerHasClosedBefore)
{
	Wire wire(GetParam());
	wire.send(0x88, closePayload(1001, "first"));
	EXPECT_TRUE(wire.ws.closeHandshake(1000, "", deadline()));
	EXPECT_EQ(1001, wire.ws.closeCode());
	EXPECT_EQ(0x88, wire.peer.receiveFrame().flags);
	EXPECT_TRUE(GetParam().transport == Transport::TLS || !GetParam().peerMasks() || wire.peer.atEnd());
}


TEST_P(WebSocketMessageCloseTest, WhileAnotherThreadReceives)
{
	for (bool answers: {true, false})
	{
		Wire wire(GetParam());
		wire.peer.send(wire.frame(0x81, "first"));
		std::promise<void> receiving;
		std::future<void> receivingNow = receiving.get_future();
		std::future<std::vector<Message>> received = std::async(std::launch::async, [&]
		{
			std::vector<Message> messages;
			try
			{
				do
				{
					messages.push_back(receiveString(wire.ws));
					if (messages.size() == 1) receiving.set_value();
				}
				while (messages.back().opcode != 0);
			}
			catch (const Poco::TimeoutException&) // close() may shorten it
			{
			}
			return messages;
		});
		get(receivingNow);
		std::future<bool> done = std::async(std::launch::async, [&] { return wire.ws.closeHandshake(1000, "", answers ? deadline() : SHORT); });
		EXPECT_EQ(0x88, wire.peer.receiveFrame().flags);
		if (answers) wire.peer.send(wire.frame(0x81, "second") + wire.frame(0x88, closePayload(1000)));
		EXPECT_EQ(answers, get(done));
		if (!answers) wire.peer.close();
		const std::vector<Message> messages = get(received);
		EXPECT_EQ(text("first"), messages.front());
		EXPECT_EQ(answers ? 1000 : 1006, wire.ws.closeCode());
	}
}


TEST_P(WebSocketMessageCloseTest, ConnectionIsGone)
{
	for (int how: {0, 1, 2})
	{
		SCOPED_TRACE(how);
		Wire wire(GetParam());
		if (how == 0) wire.peer.reset();
		if (how == 1) wire.peer.close();
		if (how == 2) wire.peer.send(wire.frame(0xf1, "violation"));
		if (how == 2)
		{
			EXPECT_NE(0, errorOf([&] { receiveString(wire.ws); }));
		}
		for (int i = 0; i < 2; ++i)
		{
			bool answered = true;
			EXPECT_NO_THROW(answered = wire.ws.closeHandshake(1000, "", SHORT));
			EXPECT_FALSE(answered);
		}
	}
}


TEST_P(WebSocketMessageCloseTest, Arguments)
{
	Wire wire(GetParam());
	for (int code: {0, 999, 1004, 1005, 1006, 1015, 2999, 5000})
		EXPECT_THROW(wire.ws.closeHandshake(static_cast<Poco::UInt16>(code)), Poco::InvalidArgumentException) << code;
	EXPECT_THROW(wire.ws.closeHandshake(1000, "\xff"), Poco::InvalidArgumentException);
	EXPECT_THROW(wire.ws.closeHandshake(1000, "", 0), Poco::InvalidArgumentException);
	EXPECT_EQ(WebSocketFrame::OPEN, wire.ws.closeState());
	wire.ws.sendText("still open");
	EXPECT_EQ("still open", wire.peer.receiveFrame().payload);
}


//
// ping()
//
TEST_P(WebSocketMessageCloseTest, PingTime)
{
	Wire wire(GetParam());
	EXPECT_EQ(0, wire.ws.pingTime().totalMicroseconds());
	for (std::size_t size: {0, 1, 4, 8}) wire.send(0x8a, std::string(size, '\0')); // nobody has asked
	wire.send(0x81, "a");
	receiveString(wire.ws);
	EXPECT_EQ(0, wire.ws.pingTime().totalMicroseconds()) << "no ping() was answered";

	wire.ws.ping();
	wire.ws.ping();
	const Frame first = wire.peer.receiveFrame(), second = wire.peer.receiveFrame();
	EXPECT_EQ(0x89, second.flags);
	EXPECT_NE(first.payload, second.payload);
	wire.send(0x8a, "other");
	wire.send(0x8a, second.payload);
	wire.send(0x81, "b");
	receiveString(wire.ws);
	EXPECT_GT(wire.ws.pingTime().totalMicroseconds(), 0);
}


TEST_P(WebSocketMessageCloseTest, PingTimeOfPingsThatOvertakeTheirAnswers)
{
	Wire wire(GetParam());
	std::string before;
	for (int i = 0; i < 3; ++i) // each is answered when the next has been sent
	{
		wire.ws.ping();
		const std::string payload = wire.peer.receiveFrame().payload;
		if (i > 0) wire.send(0x8a, before);
		before = payload;
	}
	wire.send(0x81, "a");
	receiveString(wire.ws);
	const Poco::Timespan time = wire.ws.pingTime();
	EXPECT_GT(time.totalMicroseconds(), 0);

	wire.send(0x8a, std::string(before.size(), '\xff')); // is no answer to any
	wire.send(0x81, "b");
	receiveString(wire.ws);
	EXPECT_EQ(time, wire.ws.pingTime());
}


//
// Keep-alive
//
TEST_P(WebSocketMessageCloseTest, SilentPeerIsGivenUp)
{
	for (ReceiveMessage receive: receivers())
	{
		Wire wire(GetParam(), alive(SHORT, SHORT));
		EXPECT_EQ(WebSocket::WS_ERR_PING_TIMEOUT, errorOf([&] { receive(wire.ws); }));
		EXPECT_EQ(0x89, wire.peer.receiveFrame().flags);
		EXPECT_EQ(WebSocket::WS_ERR_PING_TIMEOUT, errorOf([&] { receive(wire.ws); }));
		EXPECT_EQ(WebSocket::WS_ERR_PING_TIMEOUT, errorOf([&] { wire.ws.sendText("x"); }));
		EXPECT_EQ(1006, wire.ws.closeCode());
	}
}


TEST_P(WebSocketMessageCloseTest, AnsweringPeerIsNot)
{
	Wire wire(GetParam(), alive(Poco::Timespan(50000), deadline()));
	std::future<Message> received = std::async(std::launch::async, [&] { return receiveString(wire.ws); });
	for (int i = 0; i < 5; ++i)
	{
		const Frame ping = wire.peer.receiveFrame();
		EXPECT_EQ(0x89, ping.flags);
		wire.send(0x8a, ping.payload);
	}
	wire.send(0x01, "in ");
	EXPECT_EQ(0x89, wire.peer.receiveFrame().flags);
	wire.send(0x80, "fragments");
	EXPECT_EQ(text("in fragments"), get(received));
}


TEST_P(WebSocketMessageCloseTest, SystemAsksOnlyUntilThereIsAnAnswer)
	/// From the second PING on the system asks the peer's, each second.
{
	Wire wire(GetParam(), alive(SHORT, Poco::Timespan(2, 0)));
	std::future<Message> received = std::async(std::launch::async, [&] { return receiveString(wire.ws); });
	EXPECT_EQ(0x89, wire.peer.receiveFrame().flags);
	EXPECT_EQ(0x89, wire.peer.receiveFrame().flags);
	EXPECT_TRUE(wire.ws.getKeepAlive());
	wire.send(0x81, "alive");
	EXPECT_EQ(text("alive"), get(received));
	EXPECT_FALSE(wire.ws.getKeepAlive());
}


TEST_P(WebSocketMessageCloseTest, ReceiveTimeoutBesideKeepAlive)
{
	Wire wire(GetParam(), alive(SHORT, deadline()));
	wire.ws.setReceiveTimeout(Poco::Timespan(25000));
	std::future<Frame> ping = std::async(std::launch::async, [&] { return wire.peer.receiveFrame(); });
	int timeouts = 0;
	while (ping.wait_for(std::chrono::seconds(0)) != std::future_status::ready)
	{
		EXPECT_THROW(receiveString(wire.ws), Poco::TimeoutException);
		++timeouts;
	}
	EXPECT_EQ(0x89, get(ping).flags);
	EXPECT_GT(timeouts, 0);
	wire.ws.setReceiveTimeout(deadline());
	wire.send(0x81, "alive");
	EXPECT_EQ(text("alive"), receiveString(wire.ws));
	wire.ws.setBlocking(false);
	EXPECT_EQ(-1, receiveString(wire.ws).result);
}


INSTANTIATE_TEST_SUITE_P(All, WebSocketMessageCloseTest, ::testing::ValuesIn(allConnections()), connectionName);
