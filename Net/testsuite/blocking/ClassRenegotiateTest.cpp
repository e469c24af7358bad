//
// ClassRenegotiateTest.cpp
//
// TLS 1.2: the peer renegotiates. Sending then waits for something to be received, and receiving for room to send.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "support/CallCount.h"
#include "support/MessageSupport.h"
#include "Poco/Net/SecureStreamSocketImpl.h"
#include "Poco/Net/WebSocketImpl.h"
#include <atomic>
#include <sys/socket.h>


using namespace WebSocketTest;
using Poco::Net::Socket;
using Poco::Net::StreamSocket;
using Poco::Net::StreamSocketImpl;
using Poco::Net::WebSocket;
using Poco::Net::WebSocketParams;


namespace
{
	const Poco::Timespan TIMEOUT(0, 500*1000);
	constexpr int SMALL = 4096;

	int send(WebSocket& ws, const std::string& text)
	{
		return ws.sendFrame(text.data(), static_cast<int>(text.size()));
	}

	std::string receiveTwo(RawPeer& peer)
	{
		const std::string first = peer.receiveFrame().payload;
		return first + peer.receiveFrame().payload;
	}

	struct Connected: private OnlyTLS12, public Pair
	{
		explicit Connected(const Connection& connection):
			Pair(connection)
		{
		}
	};

	void expectTimeout(const std::function<void ()>& call)
		/// While the thread waits, it sleeps.
	{
		const CallCount calls;
		try
		{
			call();
			ADD_FAILURE() << "no time-out";
		}
		catch (const Poco::TimeoutException&)
		{
			// as it should be
		}
		catch (const Poco::Exception& exc)
		{
			ADD_FAILURE() << exc.displayText();
		}
		EXPECT_GT(CallCount::FEW, calls.count()) << "does not sleep";
	}

	void takeRequest(WebSocket& ws)
		/// Takes the peer's request for a new handshake.
	{
		ws.setReceiveTimeout(TIMEOUT);
		expectTimeout([&] { appendFrame(ws); });
		ws.setReceiveTimeout(deadline());
	}
}


class ClassRenegotiateTest: public ConnectionTest
{
};


class ClassServerRenegotiatesTest: public ConnectionTest
	/// The server may send messages between its request and its part of the handshake. A client may not.
{
};


TEST_P(ClassRenegotiateTest, SendKeepsItsTimeoutWhileThePeerIsSilent)
{
	Connected pair(GetParam());
	pair.peer.renegotiate();
	takeRequest(pair.ws);
	pair.ws.setSendTimeout(TIMEOUT);
	expectTimeout([&] { send(pair.ws, "one"); });
	expectTimeout([&] { send(pair.ws, "two"); });
	pair.ws.setSendTimeout(deadline());
	std::future<std::string> received = std::async(std::launch::async, [&] { return receiveTwo(pair.peer); });
	EXPECT_EQ(5, send(pair.ws, "three"));
	EXPECT_EQ("onethree", get(received));
	pair.send(0x81, "answer");
	EXPECT_EQ("answer", appendFrame(pair.ws).payload);
}


TEST_P(ClassRenegotiateTest, SendWithoutATimeoutKeepsTheTransferTimeout)
{
	const OnlyTLS12 version;
	ParamsPtr pParams = new WebSocketParams;
	pParams->setTransferTimeout(TIMEOUT);
	Wire wire(GetParam(), pParams);
	wire.peer.renegotiate();
	takeRequest(wire.ws);
	wire.ws.setSendTimeout(0);
	std::future<void> sent = std::async(std::launch::async, [&] { expectTimeout([&] { send(wire.ws, "one"); }); });
	EXPECT_EQ(std::future_status::ready, sent.wait_for(std::chrono::seconds(DEADLINE_S))) << "waits for ever";
	wire.peer.close();
	get(sent);
}


TEST_P(ClassRenegotiateTest, SendWithoutATimeoutEndsWithThePeer)
{
	enum End {CLOSE_NOTIFY, CLOSED, RESET};
	for (const End end: {CLOSE_NOTIFY, CLOSED, RESET})
	{
		if (end == CLOSE_NOTIFY && GetParam().role == Role::SERVER) continue; // a client of OpenSSL does not send it in a handshake that it has begun
		SCOPED_TRACE(end);
		Connected pair(GetParam());
		pair.peer.renegotiate();
		takeRequest(pair.ws);
		pair.ws.setSendTimeout(0);
		std::future<void> sent = std::async(std::launch::async, [&] { EXPECT_ANY_THROW(send(pair.ws, "one")); });
		EXPECT_EQ(std::future_status::timeout, sent.wait_for(std::chrono::milliseconds(300)));
		if (end == CLOSE_NOTIFY) pair.peer.sayEnd();
		else if (end == CLOSED) pair.peer.close();
		else pair.peer.reset();
		EXPECT_EQ(std::future_status::ready, sent.wait_for(std::chrono::seconds(DEADLINE_S))) << "waits for ever";
		if (end == CLOSE_NOTIFY) pair.peer.socket().close(); // close() would wait for the other close_notify
	}
}


TEST_P(ClassServerRenegotiatesTest, SendKeepsItsTimeoutWhileThePeerSendsOtherThings)
{
	Connected pair(GetParam());
	pair.peer.renegotiate();
	takeRequest(pair.ws);
	for (int i = 0; i < 10; ++i) pair.send(0x82, pattern(10000));
	pair.ws.setSendTimeout(TIMEOUT);
	expectTimeout([&] { send(pair.ws, "one"); });
	for (int i = 0; i < 10; ++i) EXPECT_TRUE(pattern(10000) == appendFrame(pair.ws).payload);
	expectTimeout([&] { send(pair.ws, "two"); });
	std::future<std::string> received = std::async(std::launch::async, [&] { return receiveTwo(pair.peer); });
	pair.ws.setSendTimeout(deadline());
	EXPECT_EQ(5, send(pair.ws, "three"));
	EXPECT_EQ("onethree", get(received));
}


TEST_P(ClassRenegotiateTest, NonBlockingPollWaits)
{
	Connected pair(GetParam());
	pair.peer.renegotiate();
	takeRequest(pair.ws);
	pair.ws.setBlocking(false);
	EXPECT_EQ(-1, send(pair.ws, "one"));
	const CallCount calls;
	EXPECT_FALSE(pair.ws.poll(TIMEOUT, Socket::SELECT_WRITE));
	EXPECT_GT(CallCount::FEW, calls.count());
	std::future<std::string> received = std::async(std::launch::async, [&] { return pair.peer.receiveFrame().payload; });
	int n = -1;
	while ((n = send(pair.ws, "one")) == -1) ASSERT_TRUE(pair.ws.poll(deadline(), Socket::SELECT_WRITE));
	EXPECT_EQ(3, n);
	EXPECT_EQ("one", get(received));
}


TEST_P(ClassServerRenegotiatesTest, BothDirectionsGoOn)
{
	Connected pair(GetParam());
	pair.ws.setSendTimeout(deadline());
	pair.ws.setSendBufferSize(SMALL); // so that a record is being sent when the peer asks
	pair.peer.socket().setSendBufferSize(SMALL);
	constexpr int FRAMES = 200;
	std::future<void> receiving = std::async(std::launch::async, [&]
	{
		for (int i = 0; i < FRAMES; ++i) EXPECT_TRUE(pattern(5000) == appendFrame(pair.ws).payload) << i;
	});
	std::future<void> peer = std::async(std::launch::async, [&]
	{
		for (int i = 0; i < FRAMES; ++i)
		{
			if (i % 20 == 10 && !pair.peer.renegotiates()) pair.peer.renegotiate();
			pair.send(0x82, pattern(5000));
			EXPECT_TRUE(pattern(3000) == pair.peer.receiveFrame().payload) << i;
		}
	});
	for (int i = 0; i < FRAMES; ++i) ASSERT_EQ(3000, send(pair.ws, pattern(3000))) << i;
	get(peer);
	get(receiving);
}


TEST_P(ClassServerRenegotiatesTest, MessageRightBehindTheHandshake)
	/// The thread that sends goes on with the handshake, and may take the message from the socket that the other one waits at.
{
	Connected pair(GetParam());
	pair.ws.setSendTimeout(deadline());
	for (int i = 0; i < 30; ++i)
	{
		std::atomic<bool> done{false};
		std::future<std::string> received = std::async(std::launch::async, [&] { return appendFrame(pair.ws).payload; });
		std::future<void> peer = std::async(std::launch::async, [&]
		{
			pair.peer.renegotiate();
			pair.peer.finishHandshake(pair.frame(0x81, "behind"));
			done = true;
			while (pair.peer.receiveFrame().payload != "last") continue;
		});
		while (!done) send(pair.ws, "one");
		ASSERT_EQ("behind", get(received)) << i;
		send(pair.ws, "last");
		get(peer);
	}
}


namespace
{
	struct Plain: public StreamSocket
	{
		explicit Plain(int fd):
			StreamSocket(new StreamSocketImpl(fd))
		{
		}
	};

	struct Secure: public Poco::Net::SecureStreamSocketImpl
		/// Opens acceptSSL() and connectSSL().
	{
		static void greet(Poco::Net::SecureStreamSocketImpl& socket, Role role)
		{
			socket.setPeerHostName("localhost");
			if (role == Role::SERVER) (socket.*&Secure::acceptSSL)();
			else (socket.*&Secure::connectSSL)();
			while (socket.completeHandshake() != 1) continue;
		}
	};

	class Full: private OnlyTLS12
		/// Ours over a pair of Unix-domain sockets, which do not take a byte more than they have room for, and its peer.
		/// There is no room until the peer has received what it has been sent, and the peer wants to renegotiate.
	{
	public:
		explicit Full(Role role, bool renegotiate = true)
		{
			int fds[2] = {-1, -1};
			if (::socketpair(AF_UNIX, SOCK_STREAM, 0, fds) != 0) throw Poco::SystemException("socketpair");
			const Plain theirs(fds[1]);
			std::future<void> peer = std::async(std::launch::async, [&] { pPeer = std::make_unique<RawPeer>(theirs, Transport::TLS, role == Role::CLIENT); });
			Poco::AutoPtr<StreamSocketImpl> pPlain = new StreamSocketImpl(fds[0]);
			Poco::AutoPtr<Poco::Net::SecureStreamSocketImpl> pOurs = new Poco::Net::SecureStreamSocketImpl(pPlain, role == Role::SERVER ? serverContext() : clientContext());
			Secure::greet(*pOurs, role);
			get(peer);
			Poco::Net::HTTPClientSession session;
			pWebSocket = new Poco::Net::WebSocketImpl(pOurs, session, role == Role::CLIENT);
			for (int i = 0; i < FRAMES; ++i) pWebSocket->sendBytes(payload.data(), static_cast<int>(payload.size()), 0);
			pWebSocket->setSendBufferSize(1);
			if (renegotiate) pPeer->renegotiate();
		}

		std::string receive(const Poco::Timespan& timeout)
		{
			pWebSocket->setReceiveTimeout(timeout);
			Poco::Buffer<char> buffer(0);
			int flags = 0;
			pWebSocket->receiveFrame(buffer, flags);
			return std::string(buffer.begin(), buffer.size());
		}

		void takeAll()
		{
			for (int i = 0; i < FRAMES; ++i) EXPECT_TRUE(payload == pPeer->receiveFrame().payload);
		}

		enum
		{
			FRAMES = 10
		};

		const std::string payload = pattern(10000);
		std::unique_ptr<RawPeer> pPeer;
		Poco::AutoPtr<Poco::Net::WebSocketImpl> pWebSocket;
	};
}


class ClassRenegotiateFullTest: public ::testing::TestWithParam<Role>
{
private:
	Watchdog _watchdog;
};


TEST_P(ClassRenegotiateFullTest, ReceiveWaitsForRoomToSend)
{
	Full full(GetParam());
	expectTimeout([&] { full.receive(TIMEOUT); });
	std::future<void> peer = std::async(std::launch::async, [&]
	{
		full.takeAll();
		EXPECT_TRUE(full.pPeer->socket().poll(deadline(), Socket::SELECT_READ)) << "nothing comes of the handshake";
		full.pPeer->send(frame(0x81, "after", GetParam() == Role::SERVER));
	});
	EXPECT_EQ("after", full.receive(deadline()));
	get(peer);
}


class ClassServerRenegotiatesFullTest: public ClassRenegotiateFullTest
	/// As ClassServerRenegotiatesTest.
{
};


TEST_P(ClassServerRenegotiatesFullTest, ReceiveWaitsForRoomThoughSomethingHasCome)
{
	Full full(GetParam());
	expectTimeout([&] { full.receive(TIMEOUT); });
	full.pPeer->send(frame(0x81, "before", false));
	expectTimeout([&] { full.receive(TIMEOUT); });
	std::future<void> peer = std::async(std::launch::async, [&] { full.takeAll(); });
	EXPECT_EQ("before", full.receive(deadline()));
	get(peer);
}


TEST_P(ClassServerRenegotiatesFullTest, SendGoesOnThoughSomethingHasCome)
	/// The request is received while a record is being sent: OpenSSL puts the handshake off, until a call for the next one.
{
	Full full(GetParam(), false);
	full.pWebSocket->setSendTimeout(TIMEOUT);
	expectTimeout([&] { full.pWebSocket->sendBytes("one", 3, 0); });
	full.pPeer->renegotiate();
	expectTimeout([&] { full.receive(TIMEOUT); });
	full.pPeer->send(frame(0x81, "before", false));
	full.takeAll();
	expectTimeout([&] { full.pWebSocket->sendBytes("two", 3, 0); });
	std::future<void> peer = std::async(std::launch::async, [&]
	{
		for (const char* text: {"one", "two", "three"}) EXPECT_EQ(text, full.pPeer->receiveFrame().payload);
	});
	EXPECT_EQ("before", full.receive(deadline()));
	full.pWebSocket->setSendTimeout(deadline());
	EXPECT_EQ(5, full.pWebSocket->sendBytes("three", 5, 0));
	get(peer);
}


TEST_P(ClassServerRenegotiatesFullTest, SendGoesOnThoughPartOfARecordHasCome)
	/// That puts it off as well, until the rest has come.
{
	Full full(GetParam(), false);
	full.pWebSocket->setSendTimeout(TIMEOUT);
	expectTimeout([&] { full.pWebSocket->sendBytes("one", 3, 0); });
	full.pPeer->renegotiate();
	const std::string record = full.pPeer->seal(frame(0x81, "before", false));
	full.pPeer->sendSealed(record.substr(0, 10));
	expectTimeout([&] { full.receive(TIMEOUT); });
	full.takeAll();
	EXPECT_EQ(3, full.pWebSocket->sendBytes("two", 3, 0));
	full.pPeer->sendSealed(record.substr(10));
	expectTimeout([&] { full.pWebSocket->sendBytes("three", 5, 0); });
	std::future<void> peer = std::async(std::launch::async, [&]
	{
		for (const char* text: {"one", "two", "three", "four"}) EXPECT_EQ(text, full.pPeer->receiveFrame().payload);
	});
	EXPECT_EQ("before", full.receive(deadline()));
	full.pWebSocket->setSendTimeout(deadline());
	EXPECT_EQ(4, full.pWebSocket->sendBytes("four", 4, 0));
	get(peer);
}


TEST_P(ClassRenegotiateFullTest, SendMeanwhile)
{
	Full full(GetParam());
	expectTimeout([&] { full.receive(TIMEOUT); });
	full.pWebSocket->setSendTimeout(TIMEOUT);
	expectTimeout([&] { full.pWebSocket->sendBytes("one", 3, 0); });
	std::future<void> peer = std::async(std::launch::async, [&]
	{
		full.takeAll();
		EXPECT_EQ("one", full.pPeer->receiveFrame().payload);
		EXPECT_EQ("two", full.pPeer->receiveFrame().payload);
	});
	full.pWebSocket->setSendTimeout(deadline());
	EXPECT_EQ(3, full.pWebSocket->sendBytes("two", 3, 0));
	get(peer);
}


INSTANTIATE_TEST_SUITE_P(All, ClassRenegotiateTest, ::testing::ValuesIn(secureConnections()), connectionName);
INSTANTIATE_TEST_SUITE_P(All, ClassServerRenegotiatesTest, ::testing::Values(Connection{Role::CLIENT, Transport::TLS}), connectionName);
INSTANTIATE_TEST_SUITE_P(All, ClassServerRenegotiatesFullTest, ::testing::Values(Role::CLIENT));
INSTANTIATE_TEST_SUITE_P(All, ClassRenegotiateFullTest, ::testing::Values(Role::SERVER, Role::CLIENT),
	[](const ::testing::TestParamInfo<Role>& param) { return std::string(param.param == Role::SERVER ? "Server" : "Client"); });
