//
// MessageFoundTest.cpp
//
// Defects of the class that a second look at it has found.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "support/ClassScript.h"
#include "support/MessageSupport.h"
#include "Poco/Net/HTTPClientSession.h"
#include "Poco/Net/NetException.h"
#include "Poco/Clock.h"
#include <atomic>
#include <future>
#include <thread>


namespace WebSocketTest {


namespace
{
	using Poco::Net::WebSocket;
	using Poco::Net::WebSocketException;
	using Poco::Net::WebSocketParams;

	class MessageFoundTest: public ConnectionTest
	{
	};

	bool eventually(const std::function<bool ()>& condition)
	{
		const Poco::Clock start;
		while (!condition())
		{
			if (start.isElapsed(DEADLINE_S*1000000)) return false;
			std::this_thread::yield();
		}
		return true;
	}

	template <typename Function>
	int errorOf(const Function& function)
		/// Returns the code of the exception; 0 if there is none, -1 for a timeout.
	{
		try
		{
			function();
		}
		catch (const Poco::TimeoutException&)
		{
			return -1;
		}
		catch (const Poco::Exception& exc)
		{
			return exc.code() != 0 ? exc.code() : 1;
		}
		return 0;
	}
}


TEST_P(MessageFoundTest, CorkWhileAnotherThreadReceives)
	/// The receiving thread begins and ends to wait all the time; every frame goes out once, in order.
{
	constexpr int COUNT = 30000;
	Couple couple(GetParam().transport, new WebSocketParams, new WebSocketParams);
	WebSocket& ours  = GetParam().role == Role::SERVER ? couple.server : couple.client;
	WebSocket& other = GetParam().role == Role::SERVER ? couple.client : couple.server;
	std::future<int> received = std::async(std::launch::async, [&]
	{
		std::string message;
		WebSocketFrame::Opcode opcode = WebSocketFrame::OP_CONT;
		int count = 0;
		while (ours.receiveMessage(message, opcode)) ++count;
		return count;
	});
	std::future<void> sent = std::async(std::launch::async, [&]
	{
		WebSocket::Cork cork(ours);
		for (int i = 0; i < COUNT; ++i) ours.sendText(std::to_string(i) + std::string(i % 5 == 0 ? 3000 : 10, '.'));
	});
	std::string message;
	WebSocketFrame::Opcode opcode = WebSocketFrame::OP_CONT;
	for (int i = 0; i < COUNT; ++i)
	{
		ASSERT_TRUE(other.receiveMessage(message, opcode));
		ASSERT_EQ(std::to_string(i), message.substr(0, message.find('.')));
		if (i % 3 == 0) other.sendText(message.substr(0, 5));
	}
	get(sent);
	EXPECT_TRUE(other.closeHandshake(1000));
	EXPECT_EQ(COUNT/3, received.get());
}


TEST_P(MessageFoundTest, CorkedStreamIsEchoed)
	/// The peer sends back what it receives, and reads nothing while it waits to send: the receiving thread must read.
{
	const std::string message = pattern(60000);
	constexpr int COUNT = 400;
	Couple couple(GetParam().transport, new WebSocketParams, new WebSocketParams);
	WebSocket& ours  = GetParam().role == Role::SERVER ? couple.server : couple.client;
	WebSocket& other = GetParam().role == Role::SERVER ? couple.client : couple.server;
	std::future<void> echo = std::async(std::launch::async, [&]
	{
		std::string received;
		WebSocketFrame::Opcode opcode = WebSocketFrame::OP_CONT;
		while (other.receiveMessage(received, opcode)) other.sendText(received);
	});
	std::future<void> sent = std::async(std::launch::async, [&]
	{
		WebSocket::Cork cork(ours);
		for (int i = 0; i < COUNT; ++i) ours.sendText(message);
	});
	std::string received;
	WebSocketFrame::Opcode opcode = WebSocketFrame::OP_CONT;
	for (int i = 0; i < COUNT; ++i)
	{
		ASSERT_TRUE(ours.receiveMessage(received, opcode));
		ASSERT_TRUE(message == received);
	}
	get(sent);
	EXPECT_TRUE(ours.closeHandshake(1000));
	get(echo);
}


TEST_P(MessageFoundTest, PingBehindALongFrame)
	/// While another thread sends, no PING can go out, and no answer is missing.
{
	WebSocketParams::Ptr pParams = new WebSocketParams;
	pParams->setPingInterval(Poco::Timespan(0, 50*1000));
	pParams->setPongTimeout(Poco::Timespan(1, 0));
	Wire wire(GetParam(), pParams);
	wire.ws.setSendTimeout(0); // none: nor has the other thread an end
	wire.ws.setSendBufferSize(64*1024);
	wire.peer.socket().setReceiveBufferSize(64*1024); // little is on its way when the PING is sent, and soon read
	const std::string message = pattern(4 << 20);
	std::future<void> sent = std::async(std::launch::async, [&] { wire.ws.sendText(message); });
	EXPECT_TRUE(wire.peer.socket().poll(deadline(), Poco::Net::Socket::SELECT_READ)); // it has begun
	std::future<std::string> received = std::async(std::launch::async, [&]
	{
		std::string text;
		WebSocketFrame::Opcode opcode = WebSocketFrame::OP_CONT;
		wire.ws.receiveMessage(text, opcode);
		return text;
	});
	const Poco::Clock start;
	EXPECT_TRUE(eventually([&] { return start.isElapsed(2500*1000); })); // longer than an answer may take, to the second PING too: nothing else tells that none is missed
	EXPECT_EQ(message.size(), wire.peer.receiveFrame().payload.size());
	EXPECT_EQ(0x89, wire.peer.receiveFrame().flags);
	EXPECT_EQ(std::future_status::timeout, received.wait_for(std::chrono::milliseconds(400))); // from here on an answer is waited for
	wire.send(0x81, "alive");
	get(sent);
	EXPECT_EQ("alive", received.get());
}


TEST_P(MessageFoundTest, PartAfterOneThatWasNotSent)
	/// The first part can be sent again.
{
	Wire wire(GetParam());
	wire.ws.setSendBufferSize(64*1024);
	wire.ws.setSendTimeout(Poco::Timespan(0, 50*1000));
	const std::string message = pattern(8 << 20);
	EXPECT_EQ(-1, errorOf([&] { wire.ws.sendText(message); })); // its rest is kept
	EXPECT_EQ(-1, errorOf([&] { wire.ws.sendPart("\xc3\xa4\xc3", WebSocketFrame::OP_TEXT, false); }));
	EXPECT_EQ(-1, errorOf([&] { wire.ws.sendMessage("in fragments", WebSocketFrame::OP_TEXT, 5); }));
	std::future<Frame> first = std::async(std::launch::async, [&] { return wire.peer.receiveFrame(); });
	wire.ws.setSendTimeout(Poco::Timespan(DEADLINE_S, 0));
	EXPECT_EQ(3, wire.ws.sendPart("\xc3\xa4\xc3", WebSocketFrame::OP_TEXT, false));
	EXPECT_EQ(1, wire.ws.sendPart("\xa4", WebSocketFrame::OP_TEXT, true));
	EXPECT_EQ(12, wire.ws.sendMessage("in fragments", WebSocketFrame::OP_TEXT, 5));
	EXPECT_EQ(message.size(), first.get().payload.size());
	EXPECT_EQ(0x01, wire.peer.receiveFrame().flags);
	EXPECT_EQ(0x80, wire.peer.receiveFrame().flags);
	EXPECT_EQ(0x01, wire.peer.receiveFrame().flags);
}


TEST_P(MessageFoundTest, ReceivesAfterCloseHasGivenUp)
	/// What comes before the peer's Close is lost then, too; no part of it is taken for a message.
{
	Wire wire(GetParam());
	wire.ws.setReceiveTimeout(Poco::Timespan(0, 20*1000));
	const std::string frame = wire.frame(0x81, pattern(1000));
	wire.peer.send(frame.substr(0, 500));
	std::string message;
	WebSocketFrame::Opcode opcode = WebSocketFrame::OP_CONT;
	EXPECT_EQ(-1, errorOf([&] { wire.ws.receiveMessage(message, opcode); }));
	EXPECT_FALSE(wire.ws.closeHandshake(1000, "", Poco::Timespan(0, 50*1000)));
	wire.peer.send(frame.substr(500) + wire.frame(0x01, "part") + wire.frame(0x88, closePayload(4000, "a reason")));
	wire.ws.setReceiveTimeout(deadline());
	EXPECT_FALSE(wire.ws.receiveMessage(message, opcode));
	EXPECT_EQ(WebSocketFrame::OP_CONT, opcode);
	EXPECT_EQ(4000, wire.ws.closeCode());
}


TEST_F(SocketTest, RefusedSubprotocolBehindAnEmptyBody)
	/// The reason is told, not what became of the socket.
{
	WebSocketParams::Ptr pParams = new WebSocketParams;
	pParams->setSubprotocols({"chat"});
	EXPECT_EQ(WebSocket::WS_ERR_HANDSHAKE_SUBPROTOCOL, open(pParams, "Content-Length: 0\r\nSec-WebSocket-Protocol: other\r\n").error);
}


TEST_P(MessageFoundTest, CorkOnABrokenStream)
{
	Wire wire(GetParam());
	WebSocket::Cork cork(wire.ws);
	wire.ws.sendText("gathered");
	wire.peer.reset();
	EXPECT_TRUE(eventually([&]
	{
		return errorOf([&] { wire.ws.sendText("more"); cork.flush(); }) != 0;
	}));
	EXPECT_NE(0, errorOf([&] { cork.flush(); }));
}


TEST_P(MessageFoundTest, FailureEndsASenderThatWaits)
	/// The peer breaks a rule, and takes nothing.
{
	Wire wire(GetParam());
	wire.ws.setSendTimeout(0); // none
	wire.ws.setSendBufferSize(64*1024);
	const std::string message = pattern(8 << 20);
	std::future<int> sent = std::async(std::launch::async, [&] { return errorOf([&] { for (;;) wire.ws.sendText(message); }); });
	wire.peer.receive(1000); // it has begun
	wire.send(0xf1, "reserved bits");
	std::future<int> received = std::async(std::launch::async, [&] { return errorOf([&] { receiveString(wire.ws); }); });
	EXPECT_EQ(std::future_status::ready, received.wait_for(std::chrono::seconds(DEADLINE_S))) << "waits for the other thread";
	wire.peer.close();
	EXPECT_EQ(WebSocket::WS_ERR_INVALID_RSV_BITS, get(received));
	EXPECT_NE(0, get(sent));
}


TEST_P(MessageFoundTest, FailureIsToldBehindAFrameThatIsBeingSent)
	/// The peer breaks a rule, and takes the frame soon.
{
	Wire wire(GetParam());
	wire.ws.setSendBufferSize(64*1024);
	const std::string message = pattern(2 << 20);
	std::future<void> sent = std::async(std::launch::async, [&] { wire.ws.sendText(message); });
	wire.peer.receive(1); // it has begun
	wire.send(0xf1, "reserved bits");
	std::future<int> error = std::async(std::launch::async, [&] { return errorOf([&] { receiveString(wire.ws); }); });
	EXPECT_TRUE(eventually([&] { return wire.ws.closeState() == WebSocketFrame::CLOSED; })); // it has seen that
	wire.peer.receive(frameHeader(0x81, message.size(), !GetParam().peerMasks()).size() - 1);
	wire.peer.receive(message.size());
	EXPECT_EQ(1002, wire.peer.receiveFrame().closeCode());
	EXPECT_EQ(WebSocket::WS_ERR_INVALID_RSV_BITS, get(error));
	get(sent);
}


INSTANTIATE_TEST_SUITE_P(All, MessageFoundTest, ::testing::ValuesIn(allConnections()), connectionName);


} // namespace WebSocketTest
