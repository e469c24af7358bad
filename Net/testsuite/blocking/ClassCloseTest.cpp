//
// ClassCloseTest.cpp
//
// The closing handshake.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "support/TestSupport.h"


using namespace WebSocketTest;
using Poco::Net::WebSocket;


namespace
{
	int sendClose(WebSocket& ws, const std::string& payload)
	{
		return ws.sendFrame(payload.data(), static_cast<int>(payload.size()), WebSocket::FRAME_FLAG_FIN | WebSocket::FRAME_OP_CLOSE);
	}

	void expectNothingMore(Pair& pair)
		/// Ends the connection: the peer has received everything.
	{
		pair.ws.impl()->close();
		EXPECT_EQ("", pair.peer.receiveToEnd());
	}

	std::string repeat(const std::string& text, int count)
	{
		std::string result;
		for (int i = 0; i < count; ++i) result += text;
		return result;
	}
}


class ClassCloseTest: public ConnectionTest
{
};


TEST_P(ClassCloseTest, ShutdownSendsNormalClose)
{
	Pair pair(GetParam());
	EXPECT_EQ(2, pair.ws.shutdown());
	const Frame frame = pair.peer.receiveFrame();
	EXPECT_EQ(0x88, frame.flags);
	EXPECT_EQ(closePayload(1000), frame.payload);
	EXPECT_EQ(GetParam().weMask(), frame.masked);
	expectNothingMore(pair);
}


TEST_P(ClassCloseTest, ShutdownWithCodeAndReason)
{
	for (int code: {1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999})
	{
		for (const std::string& reason: {std::string(), std::string("because"), std::string("\xe2\x82\xac"), std::string(123, 'x')})
		{
			Pair pair(GetParam());
			EXPECT_EQ(static_cast<int>(2 + reason.size()), pair.ws.shutdown(static_cast<Poco::UInt16>(code), reason));
			EXPECT_EQ(closePayload(code, reason), pair.peer.receiveFrame().payload);
		}
	}
}


TEST_P(ClassCloseTest, ReasonIsCutBetweenTwoCharacters)
{
	struct Row
	{
		std::string reason;
		std::size_t length; // of what is sent
	};
	const std::string euro = "\xe2\x82\xac";
	const std::string smile = "\xf0\x9f\x98\x80";
	const std::vector<Row> table = {
		{std::string(124, 'x'), 123},
		{std::string(200, 'x'), 123},
		{repeat(euro, 41), 123},
		{repeat(euro, 42), 123},
		{"a" + repeat(euro, 60), 121},
		{"aa" + repeat(euro, 60), 122},
		{repeat(smile, 50), 120},
		{"a" + repeat(smile, 50), 121},
		{"aa" + repeat(smile, 50), 122},
		{"aaa" + repeat(smile, 50), 123},
		{repeat("\xc3\xa4", 100), 122},
		{std::string(100000, 'x'), 123}};
	for (const Row& row: table)
	{
		Pair pair(GetParam());
		EXPECT_EQ(static_cast<int>(2 + row.length), pair.ws.shutdown(1000, row.reason));
		EXPECT_EQ(row.reason.substr(0, row.length), pair.peer.receiveFrame().closeReason());
	}
}


TEST_P(ClassCloseTest, CodesThatMustNotBeSent)
{
	Pair pair(GetParam());
	for (int code: {0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535})
		EXPECT_THROW(pair.ws.shutdown(static_cast<Poco::UInt16>(code), "reason"), Poco::InvalidArgumentException) << code;
	EXPECT_THROW(pair.ws.shutdown(1000, "\xff"), Poco::InvalidArgumentException);
	EXPECT_THROW(pair.ws.shutdown(1000, "\xe2\x82"), Poco::InvalidArgumentException);
	EXPECT_EQ(WebSocketFrame::OPEN, pair.ws.closeState());
	EXPECT_EQ(4, pair.ws.sendFrame("open", 4));
	EXPECT_EQ("open", pair.peer.receiveFrame().payload);
	expectNothingMore(pair);
}


TEST_P(ClassCloseTest, SecondCloseIsDropped)
{
	Pair pair(GetParam());
	EXPECT_EQ(2, pair.ws.shutdown());
	EXPECT_EQ(0, pair.ws.shutdown());
	EXPECT_EQ(0, pair.ws.shutdown(1001, "again"));
	EXPECT_EQ(5, sendClose(pair.ws, closePayload(1001, "and")));
	EXPECT_EQ(0, sendClose(pair.ws, ""));
	EXPECT_THROW(pair.ws.shutdown(1005), Poco::InvalidArgumentException);
	EXPECT_EQ(1000, pair.peer.receiveFrame().closeCode());
	expectNothingMore(pair);
}


TEST_P(ClassCloseTest, NothingIsSentAfterClose)
{
	Pair pair(GetParam());
	EXPECT_EQ(2, pair.ws.shutdown());
	for (int flags: {0x81, 0x82, 0x00, 0x80, 0x89, 0x8a})
		EXPECT_EQ(WebSocket::WS_ERR_CLOSED, errorOf([&] { pair.ws.sendFrame("late", 4, flags); }));
	EXPECT_EQ(WebSocket::WS_ERR_CLOSED, errorOf([&] { pair.ws.sendBytes("late", 4); }));
	EXPECT_EQ(1000, pair.peer.receiveFrame().closeCode());
	expectNothingMore(pair);
}


TEST_P(ClassCloseTest, CloseFrameFromSendFrame)
{
	for (const std::string& payload: {std::string(), closePayload(1000), closePayload(3333, "reason")})
	{
		Pair pair(GetParam());
		EXPECT_EQ(static_cast<int>(payload.size()), sendClose(pair.ws, payload));
		EXPECT_EQ(payload, pair.peer.receiveFrame().payload);
		EXPECT_EQ(WebSocketFrame::CLOSE_SENT, pair.ws.closeState());
		EXPECT_EQ(WebSocket::WS_ERR_CLOSED, errorOf([&] { pair.ws.sendFrame("late", 4); }));
		expectNothingMore(pair);
	}
}


TEST_P(ClassCloseTest, StateWhenWeBegin)
{
	Pair pair(GetParam());
	EXPECT_EQ(WebSocketFrame::OPEN, pair.ws.closeState());
	pair.ws.shutdown();
	EXPECT_EQ(WebSocketFrame::CLOSE_SENT, pair.ws.closeState());
	pair.peer.send(pair.frame(0x81, "on its way") + pair.frame(0x89, "ping") + pair.frame(0x88, closePayload(1000)));
	EXPECT_EQ("on its way", receiveFixed(pair.ws).payload);
	EXPECT_EQ("ping", receiveFixed(pair.ws).payload);
	EXPECT_EQ(WebSocketFrame::CLOSE_SENT, pair.ws.closeState());
	EXPECT_EQ(0x88, receiveFixed(pair.ws).flags);
	EXPECT_EQ(WebSocketFrame::CLOSED, pair.ws.closeState());
	EXPECT_EQ(0, receiveFixed(pair.ws).flags);
}


TEST_P(ClassCloseTest, StateWhenThePeerBegins)
{
	Pair pair(GetParam());
	pair.send(0x88, closePayload(1001, "going"));
	const Received received = receiveFixed(pair.ws);
	EXPECT_EQ(0x88, received.flags);
	EXPECT_EQ(WebSocketFrame::CLOSE_RECEIVED, pair.ws.closeState());
	EXPECT_EQ(4, pair.ws.sendFrame("last", 4)); // RFC 6455, 5.5.1 allows it until our Close
	EXPECT_EQ(7, sendClose(pair.ws, received.payload));
	EXPECT_EQ(WebSocketFrame::CLOSED, pair.ws.closeState());
	EXPECT_EQ("last", pair.peer.receiveFrame().payload);
	EXPECT_EQ("going", pair.peer.receiveFrame().closeReason());
	expectNothingMore(pair);
}


TEST_P(ClassCloseTest, StateOfACopyIsTheSame)
{
	Pair pair(GetParam());
	WebSocket copy(pair.ws);
	pair.ws.shutdown();
	EXPECT_EQ(WebSocketFrame::CLOSE_SENT, copy.closeState());
	EXPECT_EQ(0, copy.shutdown());
}


TEST_P(ClassCloseTest, EndOfStreamIsNoClose)
{
	Pair pair(GetParam());
	pair.peer.endSending();
	EXPECT_EQ(0, receiveFixed(pair.ws).flags);
	EXPECT_EQ(WebSocketFrame::OPEN, pair.ws.closeState());
	EXPECT_EQ(2, pair.ws.shutdown());
	EXPECT_EQ(1000, pair.peer.receiveFrame().closeCode());
}


TEST_P(ClassCloseTest, DestructorSendsNoClose)
{
	Pair pair(GetParam());
	pair.ws = Both(Transport::PLAIN).client; // the last one that shares the connection
	EXPECT_EQ("", pair.peer.receiveToEnd());
}


INSTANTIATE_TEST_SUITE_P(Each, ClassCloseTest, ::testing::ValuesIn(allConnections()), connectionName);


class ClassClosingHandshakeTest: public SocketTest
{
};


TEST_F(ClassClosingHandshakeTest, BothAreOurs)
{
	for (Transport transport: {Transport::PLAIN, Transport::TLS})
	{
		for (bool clientBegins: {true, false})
		{
			Both both(transport);
			WebSocket& first = clientBegins ? both.client : both.server;
			WebSocket& second = clientBegins ? both.server : both.client;
			first.shutdown(1001, "bye");
			EXPECT_EQ(closePayload(1001, "bye"), receiveFixed(second).payload);
			second.shutdown();
			EXPECT_EQ(closePayload(1000), receiveFixed(first).payload);
			EXPECT_EQ(WebSocketFrame::CLOSED, first.closeState());
			EXPECT_EQ(WebSocketFrame::CLOSED, second.closeState());
		}
	}
}


TEST_F(ClassClosingHandshakeTest, BothBegin)
{
	for (Transport transport: {Transport::PLAIN, Transport::TLS})
	{
		Both both(transport);
		both.client.shutdown(1001);
		both.server.shutdown(1000);
		EXPECT_EQ(closePayload(1000), receiveFixed(both.client).payload);
		EXPECT_EQ(closePayload(1001), receiveFixed(both.server).payload);
		EXPECT_EQ(WebSocketFrame::CLOSED, both.client.closeState());
		EXPECT_EQ(WebSocketFrame::CLOSED, both.server.closeState());
		EXPECT_EQ(0, both.client.shutdown());
	}
}
