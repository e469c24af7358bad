//
// LimitTest.cpp
//
// How many connections there may be.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "support/EventSupport.h"
#include "Poco/AutoPtr.h"
#include "Poco/Channel.h"
#include "Poco/Logger.h"
#include "Poco/Message.h"
#include "Poco/Net/SecureServerSocket.h"
#include "Poco/Net/WebSocketMonitor.h"
#include <sys/resource.h>
#include <unistd.h>


namespace WebSocketTest {


namespace
{
	bool refused(const EventServer& server)
		/// Returns true if a connection is ended before anything is said.
	{
		try
		{
			server.connect();
			return false;
		}
		catch (const Poco::TimeoutException&)
		{
			throw;
		}
		catch (const Poco::Exception&)
		{
			return true;
		}
	}

	class Lines: public Poco::Channel
		/// Counts what is logged.
	{
	public:
		void log(const Poco::Message& message) override
		{
			if (message.getPriority() <= Poco::Message::PRIO_ERROR) ++count;
		}

		std::atomic<int> count{0};
	};

	class Logged
		/// What the server's logger is told meanwhile.
	{
	public:
		Logged():
			pLines(new Lines),
			_logger(Poco::Logger::get("WebSocketServer")),
			_pBefore(_logger.getChannel(), true)
		{
			_logger.setChannel(pLines);
		}

		~Logged()
		{
			_logger.setChannel(_pBefore);
		}

		Poco::AutoPtr<Lines> pLines;

	private:
		Poco::Logger& _logger;
		Poco::AutoPtr<Poco::Channel> _pBefore;
	};

	Poco::UInt64 turns(const Poco::Net::WebSocketMonitor& monitor)
		/// Returns how many turns the loops have begun.
	{
		const std::string name = "\nwebsocket_loop_turn_seconds_count ";
		const std::string text = monitor.metrics();
		return std::stoull(text.substr(text.find(name) + name.size()));
	}

	class FewDescriptors
		/// Leaves a process just so many more.
	{
	public:
		explicit FewDescriptors(rlim_t more)
		{
			::getrlimit(RLIMIT_NOFILE, &_before);
			rlimit limit = _before;
			const int next = ::dup(0);
			::close(next);
			limit.rlim_cur = static_cast<rlim_t>(next) + more;
			::setrlimit(RLIMIT_NOFILE, &limit);
		}

		~FewDescriptors()
		{
			::setrlimit(RLIMIT_NOFILE, &_before);
		}

	private:
		rlimit _before;
	};
}


TEST_P(EventPortTest, MaxConnections)
{
	EventParams::Ptr pParams = new EventParams;
	pParams->setMaxConnections(3);
	EventServer server(GetParam(), pParams);
	server.start();
	for (int round = 0; round < 3; ++round)
	{
		std::vector<RawPeer> peers;
		for (int i = 0; i < 2; ++i) peers.push_back(server.connect());
		RawPeer handshake = server.dial();
		EXPECT_TRUE(eventually([&] { return server.server.metrics().handshakes == 1; }));
		EXPECT_TRUE(refused(server));
		handshake.close();
		EXPECT_TRUE(eventually([&] { return server.server.metrics().handshakes == 0; }));
		peers.push_back(server.connect());
		EXPECT_TRUE(refused(server));
		EXPECT_EQ(static_cast<Poco::UInt64>(2*round + 2), server.server.metrics().connectionsRefused);
		for (RawPeer& peer: peers) peer.reset();
		EXPECT_TRUE(eventually([&] { return server.server.metrics().connections == 0; }));
	}
}


TEST_P(EventPortTest, MaxHandshakes)
{
	EventParams::Ptr pParams = new EventParams;
	pParams->setMaxHandshakes(2);
	EventServer server(GetParam(), pParams);
	server.start();
	RawPeer open = server.connect();
	RawPeer first = server.dial();
	RawPeer second = server.dial();
	EXPECT_TRUE(eventually([&] { return server.server.metrics().handshakes == 2; }));
	EXPECT_TRUE(refused(server));
	EXPECT_EQ(1u, server.server.metrics().connectionsRefused);
	first.send(handshakeRequest());
	first.receiveThrough("\r\n\r\n");
	RawPeer third = server.connect();
	open.send(textFrame("open"));
	expectText(open, "open");
}


TEST_P(EventPortTest, MaxConnectionsPerAddress)
{
	// Peers of a Unix-domain port have no address to be counted by.
	EventParams::Ptr pParams = new EventParams;
	pParams->setMaxConnectionsPerAddress(2);
	EventServer server(GetParam(), pParams);
	server.start();
	for (int round = 0; round < 3; ++round)
	{
		RawPeer first = server.connect();
		RawPeer second = server.dial();
		EXPECT_TRUE(eventually([&] { return server.server.metrics().handshakes == 1; }));
		EXPECT_EQ(GetParam() != Port::LOCAL, refused(server));
		first.close();
		second.reset();
		EXPECT_TRUE(eventually([&] { return server.server.metrics().handshakes + server.server.metrics().connections == 0; }));
	}
	EXPECT_EQ(GetParam() == Port::LOCAL ? 0u : 3u, server.server.metrics().connectionsRefused);
}


TEST_P(EventPortTest, NoDescriptors)
{
	if (sanitized()) GTEST_SKIP() << "a sanitizer needs descriptors itself";
	Logged logged;
	EventServer server(GetParam());
	server.start();
	RawPeer before = server.connect();
	{
		// The peer's own is the last one there is.
		RawPeer spare = server.dial();
		EXPECT_TRUE(eventually([&] { return server.server.metrics().handshakes == 1; }));
		FewDescriptors few(1);
		Poco::Net::StreamSocket socket;
		const Poco::Net::SocketAddress address = server.address();
		socket.connect(address);
		EXPECT_TRUE(eventually([&] { return server.server.metrics().acceptFailures >= 1; }));
		before.send(textFrame("served all the time"));
		expectText(before, "served all the time");
		spare.close();
		EXPECT_TRUE(eventually([&] { return server.server.metrics().connectionsAccepted == 3; }));
	}
	RawPeer after = server.connect();
	after.send(textFrame("after"));
	expectText(after, "after");
	EXPECT_EQ(1, logged.pLines->count);
}


TEST_P(EventPortTest, SomebodyElseShutsThePortDown)
	/// It is told once, and the loop does not look at the port any more: it has turns for the peer and for PINGs only.
{
	Logged logged;
	EventParams::Ptr pParams = new EventParams;
	pParams->setThreads(1);
	pParams->setPingInterval(Poco::Timespan(0, 150000));
	EventServer server(GetParam(), pParams);
	Poco::Net::ServerSocket second(Poco::Net::SocketAddress("127.0.0.1", 0));
	server.server.listen(second);
	server.start();
	const Poco::Net::WebSocketMonitor monitor(server.server);
	RawPeer peer = server.connect();
	server.shutdownPort();
	EXPECT_TRUE(eventually([&] { return server.server.metrics().acceptFailures >= 1; }));
	const Poco::UInt64 before = turns(monitor);
	for (int i = 0; i < 50; ++i)
	{
		peer.send(textFrame("still served"));
		expectText(peer, "still served");
	}
	for (int i = 0; i < 2; ++i) // by now it has had the time to try again
	{
		const Frame ping = peer.receiveFrame();
		ASSERT_EQ(FIN_PING, ping.flags);
		peer.send(masked(FIN_PONG, ping.payload));
	}
	EXPECT_GE(300u, turns(monitor) - before);
	EXPECT_EQ(1u, server.server.metrics().acceptFailures);
	EXPECT_EQ(1, logged.pLines->count);
	Poco::Net::StreamSocket other(second.address());
	EXPECT_TRUE(eventually([&] { return server.server.metrics().handshakes == 1; })) << "the other port";
	server.server.stop();
}


TEST_P(EventPortTest, SomebodyElseShutsThePortDownWithoutDescriptors)
	/// accept() does not tell then that the port has gone.
{
	if (sanitized()) GTEST_SKIP() << "a sanitizer needs descriptors itself";
	Logged logged;
	EventServer server(GetParam());
	server.start();
	RawPeer peer = server.connect();
	RawPeer spare = server.dial();
	EXPECT_TRUE(eventually([&] { return server.server.metrics().handshakes == 1; }));
	{
		FewDescriptors few(1);
		Poco::Net::StreamSocket socket;
		socket.connect(server.address());
		EXPECT_TRUE(eventually([&] { return server.server.metrics().acceptFailures >= 1; }));
		socket.close();
		server.shutdownPort();
		const Poco::UInt64 more = server.server.metrics().acceptFailures + 3; // one that had begun, one that tells, and one that comes too early
		for (int i = 0; i < 100; ++i)
		{
			peer.send(textFrame("served all the time"));
			expectText(peer, "served all the time");
		}
		EXPECT_GE(more, server.server.metrics().acceptFailures);
	}
	EXPECT_TRUE(eventually([&] { return logged.pLines->count == 2; })) << "that it tries again, and that it does not";
}


TEST_P(EventPortTest, GoneBeforeItIsAccepted)
{
	// A peer that resets at once is nothing to be logged, and does not make others wait.
	Logged logged;
	EventServer server(GetParam());
	for (int i = 0; i < 20; ++i)
	{
		Poco::Net::StreamSocket socket;
		socket.connect(server.address());
		socket.setLinger(true, 0);
		socket.close();
	}
	server.start();
	RawPeer peer = server.connect();
	peer.send(textFrame("hello"));
	expectText(peer, "hello");
	EXPECT_EQ(0u, server.server.metrics().acceptFailures);
	EXPECT_EQ(0, logged.pLines->count);
	EXPECT_TRUE(eventually([&] { return server.server.metrics().handshakes == 0; }));
}


TEST_F(EventTest, PortInUse)
{
	EventServer server;
	server.start();
	try
	{
		Poco::Net::ServerSocket again;
		again.bind(server.address(), true, false);
		ADD_FAILURE() << "no error";
	}
	catch (const Poco::Net::NetException& exc)
	{
		EXPECT_NE(std::string::npos, exc.displayText().find("in use")) << exc.displayText();
	}
}


} // namespace WebSocketTest
