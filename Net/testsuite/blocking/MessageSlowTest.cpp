//
// MessageSlowTest.cpp
//
// The class with slow peers that are healthy, and with peers that trickle.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "support/MessageSupport.h"
#include "support/SlowPeer.h"
#include "Poco/Clock.h"
#include <future>
#include <thread>
#include <utility>
#include <vector>


using Poco::Net::WebSocket;
using Poco::Net::WebSocketParams;


namespace WebSocketTest {


namespace
{
	class MessageSlowTest: public ConnectionTest
	{
	};

	Poco::Timespan ms(int milliseconds)
	{
		return Poco::Timespan(0, milliseconds*1000);
	}

	std::size_t sizeOnTheWire(const std::string& payload, bool peerMasks)
	{
		return frameHeader(0x81, payload.size(), !peerMasks).size() + payload.size();
	}
}


TEST_P(MessageSlowTest, ReaderOfALargeMessage)
	/// The system reports room in lumps for which this peer takes longer than the send timeout.
{
	Wire wire(GetParam());
	wire.ws.setSendTimeout(LIMIT);
	std::future<int> sent = std::async(std::launch::async, [&] { return wire.ws.sendText(large()); });
	receiveSlowly(wire.peer, sizeOnTheWire(large(), GetParam().peerMasks()));
	EXPECT_EQ(static_cast<int>(large().size()), get(sent));
}


TEST(MessageSlowTestOfAll, ReaderOfALargeMessage)
	/// Slower, and of less: all at the same time.
{
	const Watchdog watchdog;
	const std::string message = pattern(3*1024*1024);
	std::vector<std::future<void>> running;
	for (const Connection& connection: allConnections()) running.push_back(std::async(std::launch::async, [&message, connection]
	{
		Wire wire(connection);
		wire.ws.setSendTimeout(LIMIT);
		wire.peer.socket().setReceiveBufferSize(64*1024);
		std::future<int> sent = std::async(std::launch::async, [&] { return wire.ws.sendText(message); });
		receiveSlowly(wire.peer, sizeOnTheWire(message, connection.peerMasks()), 6000);
		EXPECT_EQ(static_cast<int>(message.size()), get(sent)) << connection.peerMasks();
	}));
	for (std::future<void>& each: running) get(each);
}


TEST_P(MessageSlowTest, AnswerToAPingBehindMegabytes)
{
	ParamsPtr pParams = new WebSocketParams;
	pParams->setPingInterval(ms(500));
	pParams->setPongTimeout(LIMIT);
	Wire wire(GetParam(), pParams);
	wire.ws.setReceiveTimeout(Poco::Timespan(60, 0));
	std::future<int> sent = std::async(std::launch::async, [&] { return wire.ws.sendText(large()); });
	std::future<Message> received = std::async(std::launch::async, [&] { return receiveString(wire.ws); });
	receiveSlowly(wire.peer, sizeOnTheWire(large(), GetParam().peerMasks()));
	EXPECT_EQ(static_cast<int>(large().size()), get(sent));
	EXPECT_EQ(0x89, wire.peer.receiveFrame().flags);
	wire.send(0x81, "alive");
	EXPECT_EQ(text("alive"), get(received));
}


TEST_P(MessageSlowTest, AnswerToAPingBehindWhatIsReadUnseen)
	/// Everything has been acknowledged, and the peer's window is wide open: nothing moves.
{
	ParamsPtr pParams = new WebSocketParams;
	pParams->setPingInterval(ms(500));
	pParams->setPongTimeout(LIMIT);
	Wire wire(GetParam(), pParams);
	wire.ws.setSendTimeout(LIMIT);
	wire.ws.setReceiveTimeout(Poco::Timespan(60, 0));
	hoard(wire.peer);
	EXPECT_EQ(static_cast<int>(hoarded().size()), wire.ws.sendText(hoarded()));
	std::future<Message> received = std::async(std::launch::async, [&] { return receiveString(wire.ws); });
	receiveUnseen(wire.peer, sizeOnTheWire(hoarded(), GetParam().peerMasks()));
	EXPECT_EQ(0x89, wire.peer.receiveFrame().flags);
	wire.send(0x81, "alive");
	EXPECT_EQ(text("alive"), get(received));
}


TEST_P(MessageSlowTest, PeerWithSomethingToReadHasTheSendTimeout)
	/// Before the answer to a PING: that is longer here, and the peer pauses.
{
	ParamsPtr pParams = new WebSocketParams;
	pParams->setPingInterval(ms(100));
	pParams->setPongTimeout(ms(400));
	Wire wire(GetParam(), pParams);
	wire.ws.setSendTimeout(deadline());
	wire.ws.setReceiveTimeout(Poco::Timespan(60, 0));
	wire.ws.setSendBufferSize(1024*1024);
	wire.peer.socket().setReceiveBufferSize(64*1024);
	const std::string message = pattern(300000); // of which the peer's system takes a part
	EXPECT_EQ(static_cast<int>(message.size()), wire.ws.sendText(message));
	std::future<Message> received = std::async(std::launch::async, [&] { return receiveString(wire.ws); });
	EXPECT_EQ(std::future_status::timeout, received.wait_for(std::chrono::milliseconds(2000))) << "is cut by the limit for an answer";
	EXPECT_TRUE(message == wire.peer.receiveFrame().payload);
	wire.send(0x81, "alive");
	EXPECT_EQ(text("alive"), get(received));
}


TEST_P(MessageSlowTest, PeerThatHoardsAndReadsNothing)
	/// It is cut: as late as it could have read everything, at 25 KB/s, and the limit later.
{
	ParamsPtr pParams = new WebSocketParams;
	pParams->setPingInterval(ms(100));
	pParams->setPongTimeout(ms(1500));
	Wire wire(GetParam(), pParams);
	wire.ws.setSendTimeout(ms(1500));
	wire.ws.setReceiveTimeout(Poco::Timespan(60, 0));
	hoard(wire.peer);
	const Poco::Clock begin;
	wire.ws.sendText(pattern(50000));
	EXPECT_EQ(WebSocket::WS_ERR_PING_TIMEOUT, errorOf([&] { receiveString(wire.ws); }));
	EXPECT_LE(2000*1000, begin.elapsed());
}


TEST_P(MessageSlowTest, ReaderThatDoesNotReadIsNotWaitedForLonger)
{
	Wire wire(GetParam());
	wire.ws.setSendTimeout(ms(300));
	EXPECT_THROW(wire.ws.sendText(large()), Poco::TimeoutException);
}


TEST_P(MessageSlowTest, ARecordThatComesSlowly)
	/// Bytes come all the time; TLS gives nothing of a record before it is whole.
{
	const std::pair<bool, bool> rows[] = {{false, false}, {true, false}, {true, true}};
	for (const auto& [keepAlive, parts]: rows)
	{
		SCOPED_TRACE(std::string(keepAlive ? "keep-alive" : "") + (parts ? " parts" : ""));
		ParamsPtr pParams = new WebSocketParams;
		if (keepAlive) pParams->setPingInterval(ms(500));
		if (keepAlive) pParams->setPongTimeout(ms(1000));
		Wire wire(GetParam(), pParams);
		wire.ws.setReceiveTimeout(ms(1500));
		const std::string message = pattern(100);
		const std::string sealed = wire.peer.seal(wire.frame(0x81, message));
		std::future<std::string> received = std::async(std::launch::async, [&, parts = parts]
		{
			std::string text;
			WebSocketFrame::Opcode opcode = WebSocketFrame::OP_CONT;
			if (!parts)
			{
				wire.ws.receiveMessage(text, opcode);
				return text;
			}
			char buffer[1000];
			for (WebSocket::Part part; !part.last && wire.ws.receivePart(buffer, sizeof(buffer), part);) text += part.data;
			return text;
		});
		for (std::size_t i = 0; i < sealed.size(); i += sealed.size()/8 + 1)
		{
			wire.peer.sendSealed(sealed.substr(i, sealed.size()/8 + 1));
			std::this_thread::sleep_for(std::chrono::milliseconds(300)); // longer than the limits in all
		}
		EXPECT_EQ(message, get(received));
	}
}


//
// Peers that trickle
//
TEST_P(MessageSlowTest, MessageThatNeverEnds)
{
	struct Row
	{
		const char* name;
		bool compressed;
		std::string begin;
	};
	ZlibDeflater deflater;
	for (const Row& row: {Row{"one frame", false, ""}, Row{"fragments", false, "fragment"}, Row{"one compressed frame", true, ""}})
	{
		SCOPED_TRACE(row.name);
		ParamsPtr pParams = new WebSocketParams;
		pParams->setTransferTimeout(ms(500));
		pParams->setDeflate(row.compressed);
		Wire wire(GetParam(), pParams, row.compressed ? "permessage-deflate" : "");
		std::future<int> error = std::async(std::launch::async, [&] { return errorOf([&] { receiveString(wire.ws); }); });
		const std::string bytes = row.compressed ? wire.frame(0xc1, deflater.message(pattern(3000))) : wire.frame(0x81, pattern(3000));
		Pace pace;
		std::size_t sent = 0;
		if (!row.begin.empty()) wire.send(0x01, row.begin);
		while (error.wait_for(std::chrono::milliseconds(0)) == std::future_status::timeout && sent < bytes.size())
		{
			pace.step();
			try
			{
				if (row.begin.empty()) wire.peer.send(bytes.substr(sent++, 1));
				else wire.send(0x00, "x");
			}
			catch (const Poco::Exception&)
			{
				break; // it has been closed
			}
		}
		EXPECT_EQ(WebSocket::WS_ERR_POLICY_VIOLATION, get(error));
		EXPECT_EQ(1008, wire.peer.receiveFrame().closeCode());
	}
}


TEST_P(MessageSlowTest, ReaderThatTrickles)
{
	ParamsPtr pParams = new WebSocketParams;
	pParams->setTransferTimeout(ms(1500));
	Wire wire(GetParam(), pParams);
	wire.ws.setSendTimeout(deadline()); // is not what ends it
	wire.ws.setSendBufferSize(64*1024);
	wire.peer.socket().setReceiveBufferSize(64*1024);
	std::future<int> sent = std::async(std::launch::async, [&] { return wire.ws.sendText(large()); });
	Pace pace;
	while (sent.wait_for(std::chrono::milliseconds(0)) == std::future_status::timeout)
	{
		pace.step();
		wire.peer.receive(4000);
	}
	EXPECT_THROW(sent.get(), Poco::TimeoutException);
}


INSTANTIATE_TEST_SUITE_P(All, MessageSlowTest, ::testing::ValuesIn(allConnections()), connectionName);


} // namespace WebSocketTest
