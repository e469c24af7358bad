//
// TimeoutTest.cpp
//
// Library: PocoWebSocket
// Package: Tests
// Module:  WebSocketFaultTimeoutTest
//
// Plain sockets of the system: timeouts at every byte received, and wherever the system stops sending.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "support/FaultSupport.h"
#include "Poco/Net/HTTPClientSession.h"
#include "Poco/Net/NetException.h"
#include "Poco/Net/WebSocketParams.h"
#include <algorithm>


using namespace FaultTest;
using Poco::Net::WebSocketError;
using Poco::Net::WebSocketImpl;
using Poco::Net::WebSocketParams;


namespace
{
	struct Connection
		/// A WebSocket on a plain socket, and its peer.
	{
		explicit Connection(WebSocketFramer::Role role, Level level):
			pSocket(new Poco::Net::StreamSocketImpl(pair.takeFirst()))
		{
			Poco::Net::HTTPClientSession session;
			WebSocketParams::Ptr pParams = new WebSocketParams;
			const Poco::Net::WebSocketDeflateParams deflate;
			pWebSocket = new WebSocketImpl(pSocket, session, role == WebSocketFramer::ROLE_CLIENT);
			pWebSocket->configure(*pParams, level == Level::MESSAGES ? &deflate : nullptr);
		}

		SocketPair pair;
		Poco::AutoPtr<Poco::Net::StreamSocketImpl> pSocket;
		Poco::AutoPtr<WebSocketImpl> pWebSocket;
	};

	struct Combination
	{
		WebSocketFramer::Role role;
		Level level;
	};

	const Combination COMBINATIONS[] =
	{
		{WebSocketFramer::ROLE_SERVER, Level::FRAMES},
		{WebSocketFramer::ROLE_SERVER, Level::MESSAGES},
		{WebSocketFramer::ROLE_CLIENT, Level::FRAMES},
		{WebSocketFramer::ROLE_CLIENT, Level::MESSAGES}
	};

	class Feeder
		/// The peer says the next byte, or in dull places some more, when nothing is left to be received.
	{
	public:
		Feeder(SocketPair& pair, const std::string& wire, bool everyByte):
			_pair(pair),
			_wire(wire),
			_everyByte(everyByte),
			_position(0)
		{
		}

		bool next()
		{
			if (_position == _wire.size()) return false;
			const bool dull = !_everyByte && _position > 20 && (_position < 315 || _position > 370);
			const std::size_t n = std::min<std::size_t>(dull ? 997 : 1, _wire.size() - _position);
			_pair.send(_wire.substr(_position, n));
			_position += n;
			return true;
		}

	private:
		SocketPair& _pair;
		const std::string _wire;
		const bool _everyByte;
		std::size_t _position;
	};

	int receiveOne(WebSocketImpl& ws, Level level, Poco::Buffer<char>& buffer, int& flags)
		/// Returns -1 also after a timeout.
	{
		try
		{
			if (level == Level::FRAMES)
			{
				buffer.resize(0, false);
				return ws.receiveFrame(buffer, flags);
			}
			WebSocketFrame::Opcode opcode;
			if (ws.receiveMessage(buffer, opcode))
			{
				flags = opcode | 0x80;
				return static_cast<int>(buffer.size());
			}
			if (!ws.atEnd()) return -1;
			flags = 0;
			return 0;
		}
		catch (const Poco::TimeoutException&)
		{
			return -1;
		}
	}

	void receiveAll(const Combination& combination, bool blocking)
	{
		Connection connection(combination.role, combination.level);
		connection.pWebSocket->setBlocking(blocking);
		connection.pWebSocket->setReceiveTimeout(Poco::Timespan(0, 1000));
		Feeder feeder(connection.pair, wireFor(combination.role, combination.level), !blocking);
		Items expected = expectedItems(combination.level);
		if (combination.level == Level::FRAMES) expected.push_back({0x88, FramerTest::closePayload(1000, "done")});

		Items received;
		Poco::Buffer<char> buffer(0);
		for (;;)
		{
			int flags = 0;
			const int n = receiveOne(*connection.pWebSocket, combination.level, buffer, flags);
			if (n == 0 && flags == 0) break;
			if (n >= 0) received.push_back({flags, std::string(buffer.begin(), static_cast<std::size_t>(n))});
			else ASSERT_TRUE(feeder.next()) << "waits for something that will not come";
		}
		EXPECT_FALSE(feeder.next()) << "ended too early";
		EXPECT_EQ(expected, received);
	}

	Items outgoing(Level level)
		/// Many times what the system takes at once, in frames of very different sizes.
	{
		Items items;
		for (std::size_t i = 0; i < 40; ++i)
		{
			const std::size_t length = i*i*i*7 % 33000;
			std::string data;
			for (std::size_t k = 0; k < length; ++k) data += static_cast<char>((k*k >> 4)*(i + 1) & 0x7f);
			items.push_back({i % 3 == 0 ? 0x81 : 0x82, data});
			if (level == Level::FRAMES && i % 5 == 0) items.push_back({0x89, data.substr(0, i)});
		}
		return items;
	}

	bool sendOne(WebSocketImpl& ws, Level level, const Item& item)
		/// Returns false if nothing of it was sent.
	{
		try
		{
			const int length = static_cast<int>(item.data.size());
			if (level == Level::FRAMES) return ws.sendBytes(item.data.data(), length, item.flags) == length;
			return ws.sendMessage(item.data, item.flags & 0x0f, 0) == length;
		}
		catch (const Poco::TimeoutException& exc)
		{
			return exc.message().find("has not been begun") == std::string::npos; // see WebSocket::sendFrame()
		}
	}

	void sendAll(const Combination& combination, bool blocking)
	{
		Connection connection(combination.role, combination.level);
		connection.pSocket->setSendBufferSize(1);
		connection.pWebSocket->setSendTimeout(Poco::Timespan(0, 1000));
		connection.pWebSocket->setBlocking(blocking);
		const Items items = outgoing(combination.level);
		constexpr std::size_t SOME = 9000;
		int refused = 0;
		for (const Item& item: items)
		{
			while (!sendOne(*connection.pWebSocket, combination.level, item))
			{
				++refused;
				ASSERT_GT(connection.pair.receive(SOME), 0u) << "does not send, though there is room";
			}
		}
		EXPECT_GT(refused, 10);
		const Item last = {0x8a, "the last one"};
		connection.pWebSocket->setBlocking(false);
		while (connection.pWebSocket->sendBytes(last.data.data(), static_cast<int>(last.data.size()), last.flags) < 0) connection.pair.receive();
		connection.pair.receive();

		Report report;
		decode(peerOf(combination.role), combination.level, connection.pair.received(), report);
		EXPECT_EQ(WebSocketError::NONE, report.peerError);
		ASSERT_FALSE(report.arrived.empty());
		EXPECT_EQ(last, report.arrived.back());
		report.arrived.pop_back();
		EXPECT_TRUE(items == report.arrived) << "not what was sent: " << items.size() << " items, of " << report.arrived.size();
	}
}


TEST(FaultTimeoutTest, ReceivingGoesOnAfterATimeoutAtEveryByte)
{
	for (const Combination& combination: COMBINATIONS) receiveAll(combination, true);
}


TEST(FaultTimeoutTest, ReceivingNonBlockingGoesOnAtEveryByte)
{
	for (const Combination& combination: COMBINATIONS) receiveAll(combination, false);
}


TEST(FaultTimeoutTest, SendingGoesOnAfterTimeouts)
{
	for (const Combination& combination: COMBINATIONS) sendAll(combination, true);
}


TEST(FaultTimeoutTest, SendingNonBlockingGoesOn)
{
	for (const Combination& combination: COMBINATIONS)
	{
		if (combination.level == Level::FRAMES) sendAll(combination, false); // messages need a blocking socket
	}
}
