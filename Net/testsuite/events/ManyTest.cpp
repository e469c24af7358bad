//
// ManyTest.cpp
//
// Many connections, for a long time, and a network that is cut.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "support/EventSupport.h"
#include "Poco/Environment.h"
#include "Poco/Net/HTTPRequest.h"
#include <chrono>
#include <random>
#include <thread>
#include <malloc.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>


using Poco::Net::HTTPRequest;
using Poco::Net::ServerSocket;
using Poco::Net::SocketAddress;
using Poco::Net::StreamSocket;


namespace WebSocketTest {


namespace
{
	class Echo: public Poco::Net::WebSocketServerHandler
		/// Notes nothing but how many there are.
	{
	public:
		void onOpen(EventConnection&, Poco::Net::HTTPServerRequest&) override
		{
			++opened;
		}

		void onMessage(EventConnection& connection, std::string_view data, WebSocketFrame::Opcode opcode) override
		{
			connection.send(data, opcode);
		}

		void onClose(EventConnection&, int, const std::string&) override
		{
			++closed;
		}

		std::atomic<int> opened{0};
		std::atomic<int> closed{0};
	};

	class ChildProcess
		/// A process with descriptors of its own.
	{
	public:
		explicit ChildProcess(const std::function<void (int fd)>& function)
			/// fd is the child's end of a connection with this process.
		{
			int fds[2];
			if (::socketpair(AF_UNIX, SOCK_STREAM, 0, fds) != 0) throw Poco::SystemException("socketpair");
			_fd = fds[0];
			_id = ::fork();
			if (_id != 0)
			{
				::close(fds[1]);
				return;
			}
			::close(fds[0]);
			int status = 0;
			try
			{
				function(fds[1]);
			}
			catch (...)
			{
				status = 1;
			}
			::_exit(status);
		}

		~ChildProcess()
		{
			::close(_fd);
			int status = 0;
			::waitpid(_id, &status, 0);
			EXPECT_EQ(0, status);
		}

		void wait()
			/// Waits until the child says something.
		{
			char c;
			EXPECT_EQ(1, ::recv(_fd, &c, 1, 0)) << "the clients have failed";
		}

		void tell()
		{
			::send(_fd, "x", 1, MSG_NOSIGNAL);
		}

		static void exchange(int fd)
			/// In the child: says something, and waits for an answer.
		{
			char c = 'x';
			::send(fd, &c, 1, MSG_NOSIGNAL);
			if (::recv(fd, &c, 1, 0) < 0) throw Poco::SystemException("recv");
		}

	private:
		int _fd;
		pid_t _id;
	};

	void raiseLimit()
	{
		rlimit limit = rlimit();
		::getrlimit(RLIMIT_NOFILE, &limit);
		limit.rlim_cur = limit.rlim_max;
		::setrlimit(RLIMIT_NOFILE, &limit);
	}

	StreamSocket connectPlain(const SocketAddress& address)
	{
		StreamSocket socket;
		socket.connect(address);
		socket.setReceiveTimeout(deadline());
		const std::string request = handshakeRequest();
		socket.sendBytes(request.data(), static_cast<int>(request.size()));
		std::string response;
		char c;
		while (response.find("\r\n\r\n") == std::string::npos && socket.receiveBytes(&c, 1) == 1) response += c;
		if (response.find(" 101 ") == std::string::npos) throw Poco::RuntimeException(response);
		return socket;
	}

	void echo(std::vector<StreamSocket>& sockets, const std::string& text)
	{
		const std::string request = textFrame(text);
		std::string answer(text.size() + 2, ' ');
		for (StreamSocket& socket: sockets) socket.sendBytes(request.data(), static_cast<int>(request.size()));
		for (StreamSocket& socket: sockets)
		{
			if (socket.receiveBytes(&answer[0], static_cast<int>(answer.size()), MSG_WAITALL) != static_cast<int>(answer.size())
				|| answer != frame(FIN_TEXT, text, false)) throw Poco::RuntimeException("no echo");
		}
	}
}


TEST_F(EventTest, TenThousandIdleAThousandBusy)
{
	const int count = sanitized() ? 1000 : 10000;
	const std::size_t busy = static_cast<std::size_t>(count/10);
	raiseLimit();
	ServerSocket socket(SocketAddress("127.0.0.1", 0), 1024);
	const SocketAddress address = socket.address();
	ChildProcess clients([&](int fd)
	{
		std::vector<StreamSocket> sockets;
		for (int i = 0; i < count; ++i) sockets.push_back(connectPlain(address));
		ChildProcess::exchange(fd);
		echo(sockets, "each of them");
		std::vector<StreamSocket> few(sockets.begin(), sockets.begin() + static_cast<std::ptrdiff_t>(busy));
		for (int i = 0; i < 20; ++i) echo(few, pattern(100, static_cast<unsigned>(i)));
		ChildProcess::exchange(fd);
	});
	Poco::SharedPtr<Echo> pEcho = new Echo;
	EventParams::Ptr pParams = new EventParams;
	pParams->setThreads(2);
	Poco::Net::WebSocketServer server(pEcho, pParams);
	server.listen(socket);
	server.start();
	const long before = residentBytes();
	clients.wait();
	EXPECT_EQ(count, server.metrics().connections);
	const long each = (residentBytes() - before)/count;
	RecordProperty("BytesPerConnection", static_cast<int>(each));
	EXPECT_GT(2048, each);
	clients.tell();
	clients.wait();
	EXPECT_EQ(static_cast<Poco::UInt64>(count) + 20*busy, server.metrics().messagesSent);
	clients.tell();
	EXPECT_TRUE(eventually([&] { return pEcho->closed == count; })) << pEcho->closed;
	EXPECT_EQ(count, pEcho->opened);
	server.stop();
}


namespace
{
	void visit(EventServer& server, std::mt19937& random)
		/// One visitor's random behaviour.
	{
		const auto upTo = [&](unsigned max) { return static_cast<unsigned>(random() % (max + 1)); };
		RawPeer peer = server.dial();
		if (upTo(20) == 0) return peer.reset();
		peer.send(handshakeRequest(), upTo(10) == 0 ? 1 : 1000);
		peer.receiveThrough("\r\n\r\n");
		for (unsigned i = upTo(20); i > 0; --i)
		{
			const std::string text = pattern(upTo(9) == 0 ? upTo(100000) : upTo(300));
			switch (upTo(9))
			{
			case 0:
				peer.send(masked(1, text.substr(0, text.size()/2)) + masked(FIN_PING, "p") + masked(0x80, text.substr(text.size()/2)));
				EXPECT_EQ(FIN_PONG, peer.receiveFrame().flags);
				break;
			case 1:
				peer.send(textFrame(text.substr(0, 100)), 1);
				expectText(peer, text.substr(0, 100));
				continue;
			case 2:
				peer.send(textFrame(text).substr(0, upTo(50)));
				return peer.reset();
			case 3:
				peer.send(masked(0x83));
				return;
			case 4: // does not read
				for (int j = 0; j < 20; ++j) peer.send(textFrame(pattern(20000)));
				return;
			default:
				peer.send(textFrame(text));
			}
			expectText(peer, text);
		}
		if (upTo(1) == 0)
		{
			peer.send(closeFrame());
			peer.receiveToEnd();
		}
	}
}


TEST_F(EventTest, Soak)
{
	// WEBSOCKET_SOAK: for so many seconds.
	const int seconds = std::stoi(Poco::Environment::get("WEBSOCKET_SOAK", "4"));
	const Watchdog watchdog(static_cast<unsigned>(seconds) + 60);
	std::vector<std::unique_ptr<EventServer>> servers;
	for (const Port port: {Port::PLAIN, Port::TLS, Port::LOCAL})
	{
		EventParams::Ptr pParams = new EventParams;
		pParams->setMaxQueuedBytes(200000);
		servers.push_back(std::make_unique<EventServer>(port, pParams));
		servers.back()->handler.quiet = true;
		servers.back()->start();
	}
	std::atomic<int> visits(0);
	const auto start = std::chrono::steady_clock::now();
	const auto elapsed = [&] { return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(); };
	std::vector<std::thread> visitors;
	for (unsigned t = 0; t < 6; ++t)
	{
		visitors.emplace_back([&, t]
		{
			std::mt19937 random(t);
			while (elapsed() < seconds)
			{
				visit(*servers[t % 3], random);
				++visits;
			}
		});
	}
	const auto resident = [] { ::malloc_trim(0); return residentBytes(); };
	// Time itself is waited for: memory is compared after a third of it and at the end.
	while (elapsed() < seconds/3.0) std::this_thread::yield(), std::this_thread::sleep_for(std::chrono::milliseconds(10));
	const int visitsBefore = visits;
	const long before = resident();
	for (std::thread& visitor: visitors) visitor.join();
	for (auto& pServer: servers)
	{
		EXPECT_TRUE(eventually([&] { return pServer->server.metrics().connections + pServer->server.metrics().handshakes == 0; }));
	}
	RecordProperty("Visits", visits);
	EXPECT_LT(visitsBefore, visits);
	EXPECT_GT(8*1024*1024, resident() - before);
}


TEST_F(EventTest, NetworkIsCut)
{
	// In a network of its own, whose only interface is taken away.
	std::string skipped;
	std::thread([&]
	{
		if (::unshare(CLONE_NEWNET) != 0)
		{
			skipped = "no network of its own is permitted";
			return;
		}
		const int fd = ::socket(AF_INET, SOCK_DGRAM, 0);
		ifreq request = ifreq();
		request.ifr_name[0] = 'l';
		request.ifr_name[1] = 'o';
		request.ifr_flags = IFF_UP;
		if (::ioctl(fd, SIOCSIFFLAGS, &request) != 0)
		{
			skipped = "the interface cannot be set up";
			::close(fd);
			return;
		}
		EventParams::Ptr pParams = new EventParams;
		pParams->setPingInterval(Poco::Timespan(0, 200*1000));
		pParams->setPongTimeout(Poco::Timespan(0, 200*1000));
		EventServer server(Port::PLAIN, pParams);
		server.start();
		RawPeer peer = server.connect();
		const Frame ping = peer.receiveFrame();
		peer.send(masked(FIN_PONG, ping.payload));
		request.ifr_flags = 0;
		EXPECT_EQ(0, ::ioctl(fd, SIOCSIFFLAGS, &request));
		const auto start = std::chrono::steady_clock::now();
		EXPECT_EQ((std::vector<std::string>{"open", "error WebSocket Exception 22", "close 1006"}), server.handler.finalLog());
		EXPECT_GT(2.0, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
		::close(fd);
	}).join();
	if (!skipped.empty()) GTEST_SKIP() << skipped;
}


} // namespace WebSocketTest
