//
// ForkTest.cpp
//
// A child that comes of fork() destroys what its parent goes on using.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "support/EventSupport.h"
#include "support/ClassScript.h"
#include "Poco/Net/HTTPSClientSession.h"
#include "Poco/Net/SecureServerSocket.h"
#include "Poco/Net/WebSocketClient.h"
#include "Poco/ThreadPool.h"
#include "Poco/URI.h"
#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>


using namespace WebSocketTest;
using Poco::Net::ServerSocket;
using Poco::Net::SocketAddress;
using Poco::Net::WebSocketClient;
using Poco::Net::WebSocketClientLoop;
using Poco::Net::WebSocketClientParams;
using Poco::Net::WebSocketServer;


extern "C" const char* __tsan_default_options();

extern "C" const char* __tsan_default_options()
	/// Otherwise the thread sanitizer ends a child that starts threads.
{
	return "die_after_fork=0";
}


namespace
{
	class Echo: public Poco::Net::WebSocketServerHandler
	{
		void onMessage(EventConnection& connection, std::string_view data, WebSocketFrame::Opcode opcode) override
		{
			connection.send(data, opcode);
		}
	};

	class Counter: public Poco::Net::WebSocketClientHandler
	{
	public:
		std::atomic<int> opened{0};
		std::atomic<int> messages{0};
		std::atomic<int> closed{0};

	private:
		void onOpen(EventConnection&, const Poco::Net::HTTPRequest&, const Poco::Net::HTTPResponse&) override
		{
			++opened;
		}

		void onMessage(EventConnection&, std::string_view, WebSocketFrame::Opcode) override
		{
			++messages;
		}

		void onClose(EventConnection&, int, const std::string&) override
		{
			++closed;
		}
	};

	struct Process
		/// A server, and a client of it.
	{
		explicit Process(Transport transport):
			pServer(std::make_unique<WebSocketServer>(new Echo))
		{
			const SocketAddress address("127.0.0.1", 0);
			ServerSocket socket;
			if (transport == Transport::TLS) socket = Poco::Net::SecureServerSocket(address, 64, serverContext());
			else socket = ServerSocket(address);
			pServer->listen(socket);
			pServer->start();
			port = socket.address().port();

			WebSocketClientParams::Ptr pParams = new WebSocketClientParams;
			if (transport == Transport::TLS)
			{
				pParams->setSessionFactory([](const Poco::URI& uri)
				{
					return std::make_unique<Poco::Net::HTTPSClientSession>(uri.getHost(), uri.getPort(), clientContext());
				});
			}
			const std::string scheme = transport == Transport::TLS ? "wss" : "ws";
			pLoop   = std::make_unique<WebSocketClientLoop>();
			pClient = std::make_unique<WebSocketClient>(Poco::URI(scheme + "://127.0.0.1:" + std::to_string(port) + "/"), pCounter, *pLoop, pParams);
			pClient->start();
		}

		void destroy()
		{
			pClient->stop();
			pServer->stop();
			pServer->drain(Poco::Timespan(60, 0));
			pClient.reset();
			pLoop.reset();
			pServer.reset();
		}

		bool echoes()
			/// Returns true if a message comes back.
		{
			const int before = pCounter->messages;
			pClient->sendText("echo");
			return eventually([&] { return pCounter->messages == before + 1; });
		}

		Poco::UInt16 port;
		Poco::SharedPtr<Counter> pCounter{new Counter};
		std::unique_ptr<WebSocketServer> pServer;
		std::unique_ptr<WebSocketClientLoop> pLoop;
		std::unique_ptr<WebSocketClient> pClient;
	};

	bool isChild = false;

	void leave()
	{
		if (isChild) ::_exit(7);
	}

	const bool leaves = std::atexit(leave) == 0; // after pStatic is destroyed, and before a sanitizer looks for leaks: the threads that know the memory are not there
	std::unique_ptr<Process> pStatic; // destroyed by exit()

	int statusOf(pid_t child)
		/// Waits for the child, but not longer than DEADLINE_S; kills it then, and returns its status.
	{
		int status = -1;
		if (!eventually([&] { return ::waitpid(child, &status, WNOHANG) == child; }))
		{
			::kill(child, SIGKILL);
			::waitpid(child, &status, 0);
		}
		return status;
	}

	bool listens(Poco::UInt16 port)
		/// Returns true if this process has a descriptor of a socket that listens at the port.
	{
		for (int fd = 0; fd < 1000; ++fd)
		{
			int on = 0;
			socklen_t length = sizeof(on);
			if (::getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &on, &length) != 0 || on == 0) continue;
			sockaddr_in address = {};
			length = sizeof(address);
			if (::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length) == 0 && address.sin_port == htons(port)) return true;
		}
		return false;
	}

	long roomForDescriptors()
		/// Returns how many this process may have before the system has to make room.
	{
		std::ifstream status("/proc/self/status");
		std::string word;
		while (status >> word && word != "FDSize:") {}
		long size = 0;
		status >> size;
		return size;
	}

	void expectUnharmed(Process& process)
		/// What there was goes on, and more is accepted.
	{
		EXPECT_TRUE(process.echoes());
		EXPECT_EQ(1, process.pCounter->opened);
		EXPECT_EQ(0, process.pCounter->closed);
		process.pClient->stop();
		process.pClient->start();
		EXPECT_TRUE(process.echoes());
		EXPECT_EQ(2, process.pCounter->opened);
	}
}


class EventForkTest: public TransportTest
{
};


TEST_P(EventForkTest, ChildDestroys)
{
	Process process(GetParam());
	ASSERT_TRUE(process.echoes());
	const pid_t child = ::fork();
	if (child == 0)
	{
		process.destroy();
		::_exit(7);
	}
	EXPECT_EQ(7 << 8, statusOf(child));
	expectUnharmed(process);
}


TEST_P(EventForkTest, ChildGivesBackThePort)
	/// Nothing of the listening socket is left in it.
{
	Process process(GetParam());
	ASSERT_TRUE(process.echoes());
	const pid_t child = ::fork();
	if (child == 0)
	{
		process.pServer.reset();
		::_exit(listens(process.port) ? 8 : 7);
	}
	EXPECT_EQ(7 << 8, statusOf(child));
	EXPECT_TRUE(listens(process.port));
	expectUnharmed(process);
}


TEST_F(EventTest, ServerHasRoomForItsDescriptors)
	/// In a child, since the system gives back none of it.
{
	constexpr int COUNT = 5000;
	const pid_t child = ::fork();
	if (child == 0)
	{
		EventParams::Ptr pParams = new EventParams;
		pParams->setMaxConnections(COUNT);
		WebSocketServer server(new Echo, pParams);
		server.listen(SocketAddress("127.0.0.1", 0));
		server.start();
		::_exit(roomForDescriptors() >= std::min<long>(COUNT, ::sysconf(_SC_OPEN_MAX)) ? 7 : 8);
	}
	EXPECT_EQ(7 << 8, statusOf(child));
}


TEST_P(EventForkTest, ChildExits)
	/// With the destructors of static objects.
{
	Poco::ThreadPool::defaultPool().stopAll(); // what tests before have left there: Poco's own destructor would wait for these threads in the child
	pStatic = std::make_unique<Process>(GetParam());
	ASSERT_TRUE(pStatic->echoes());
	const pid_t child = ::fork();
	if (child == 0)
	{
		isChild = leaves;
		std::exit(7);
	}
	EXPECT_EQ(7 << 8, statusOf(child));
	expectUnharmed(*pStatic);
	pStatic.reset();
}


TEST_P(EventForkTest, ForkInACallback)
	/// There the loop's thread is the one that the child has.
{
	struct Forking: public Poco::Net::WebSocketServerHandler
	{
		void onMessage(EventConnection& connection, std::string_view data, WebSocketFrame::Opcode opcode) override
		{
			child = ::fork();
			if (child == 0)
			{
				pServer->stop();
				delete pServer;
				::_exit(7);
			}
			connection.send(data, opcode);
		}

		WebSocketServer* pServer = nullptr;
		std::atomic<pid_t> child{-1};
	};
	Poco::SharedPtr<Forking> pHandler = new Forking;
	std::unique_ptr<WebSocketServer> pServer = std::make_unique<WebSocketServer>(pHandler);
	pHandler->pServer = pServer.get();
	const SocketAddress address("127.0.0.1", 0);
	ServerSocket socket;
	if (GetParam() == Transport::TLS) socket = Poco::Net::SecureServerSocket(address, 64, serverContext());
	else socket = ServerSocket(address);
	pServer->listen(socket);
	pServer->start();
	RawPeer peer = connectRaw(socket.address().port(), GetParam());
	peer.send(handshakeRequest());
	peer.receiveThrough("\r\n\r\n");
	for (int i = 0; i < 2; ++i)
	{
		peer.send(textFrame("echo"));
		expectText(peer, "echo");
		EXPECT_EQ(7 << 8, statusOf(pHandler->child));
	}
}


TEST_P(EventForkTest, ServerOfTheChild)
	/// What was not started before the fork, as when a daemon comes of it, is the child's.
{
#if defined(__SANITIZE_THREAD__)
	GTEST_SKIP() << "in the child the thread sanitizer still counts the parent's threads: it ends the program if a new one has the address of one of them";
#endif
	WebSocketServer server(new Echo);
	ServerSocket socket(SocketAddress("127.0.0.1", 0));
	server.listen(socket);
	const pid_t child = ::fork();
	if (child == 0)
	{
		server.start();
		RawPeer peer = connectRaw(socket.address().port(), Transport::PLAIN);
		peer.send(handshakeRequest());
		peer.receiveThrough("\r\n\r\n");
		peer.send(textFrame("echo"));
		const bool echoed = peer.receiveFrame().payload == "echo";
		server.stop();
		::_exit(echoed ? 7 : 8);
	}
	EXPECT_EQ(7 << 8, statusOf(child));
}


INSTANTIATE_TEST_SUITE_P(All, EventForkTest, ::testing::Values(Transport::PLAIN, Transport::TLS), transportName);
