//
// InheritTest.cpp
//
// A child that the program starts has no socket, and no other descriptor, of the library's.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "support/EventSupport.h"
#include "support/TestResolver.h"
#include "support/TestSupport.h"
#include "Poco/Net/HTTPClientSession.h"
#include "Poco/Net/HTTPRequest.h"
#include "Poco/Net/HTTPResponse.h"
#include "Poco/Net/HTTPSClientSession.h"
#include "Poco/Net/HTTPServerResponse.h"
#include "Poco/Net/NetException.h"
#include "Poco/Net/SecureServerSocket.h"
#include "Poco/Net/WebSocket.h"
#include "Poco/Net/WebSocketClient.h"
#include "Poco/TemporaryFile.h"
#include "Poco/URI.h"
#include <gtest/gtest.h>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <future>
#include <set>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>


namespace WebSocketTest {


using Poco::Net::ServerSocket;
using Poco::Net::SocketAddress;
using Poco::Net::StreamSocket;
using Poco::Net::WebSocketClient;
using Poco::Net::WebSocketClientLoop;
using Poco::Net::WebSocketClientParams;


namespace
{
	bool ours(int epoll)
		/// Returns true for the descriptor of a loop: it has an eventfd.
	{
		std::ifstream info("/proc/self/fdinfo/" + std::to_string(epoll));
		std::string word;
		while (info >> word)
		{
			if (word != "tfd:") continue;
			std::error_code error;
			info >> word;
			if (std::filesystem::read_symlink("/proc/self/fd/" + word, error).string() == "anon_inode:[eventfd]") return true;
		}
		return false;
	}

	std::set<int> inheritable()
		/// Returns the descriptors that a child would have, but the standard ones, and those that Poco makes for the time of
		/// a Socket::poll(), which keep nothing open.
	{
		std::set<int> found;
		for (const auto& entry: std::filesystem::directory_iterator("/proc/self/fd"))
		{
			const int fd = std::stoi(entry.path().filename().string());
			std::error_code error;
			const std::string what = std::filesystem::read_symlink(entry.path(), error).string();
			const int flags = ::fcntl(fd, F_GETFD);
			if (fd <= 2 || flags < 0 || (flags & FD_CLOEXEC)) continue;
			if (what != std::filesystem::read_symlink(entry.path(), error).string()) continue; // what is there for a moment has gone
			if (!what.empty() && (what != "anon_inode:[eventpoll]" || ours(fd))) found.insert(fd);
		}
		return found;
	}

	std::set<int> connecting()
		/// Returns the descriptors of sockets that wait for an answer to connect().
	{
		std::set<int> found;
		for (const auto& entry: std::filesystem::directory_iterator("/proc/self/fd"))
		{
			const int fd = std::stoi(entry.path().filename().string());
			tcp_info info = tcp_info();
			socklen_t length = sizeof(info);
			if (::getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length) == 0 && info.tcpi_state == TCP_SYN_SENT) found.insert(fd);
		}
		return found;
	}

	void closeOnExec(const Poco::Net::Socket& socket)
		/// The test's own sockets are not what it is about.
	{
		::fcntl(socket.impl()->sockfd(), F_SETFD, FD_CLOEXEC);
	}

	class Child
		/// A process that the program has started with system(), and that lives on.
	{
	public:
		Child()
		{
			const std::string command = "sleep 300 >/dev/null 2>&1 </dev/null & echo $! >" + _file.path();
			if (std::system(command.c_str()) != 0) throw Poco::RuntimeException("No child");
			std::ifstream(_file.path()) >> _pid;
			if (_pid <= 1) throw Poco::RuntimeException("No child");
		}

		~Child()
		{
			::kill(_pid, SIGKILL);
		}

		bool alive() const
		{
			return ::kill(_pid, 0) == 0;
		}

	private:
		Poco::TemporaryFile _file;
		pid_t _pid = 0;
	};
}


TEST_P(EventPortTest, ServerLeavesNothingToChildren)
{
	const std::set<int> before = inheritable();
	EventServer server(GetParam());
	EXPECT_EQ(before, inheritable()) << "given to listen()";
	server.start();
	EXPECT_EQ(before, inheritable()) << "started";
	RawPeer peer = server.dial();
	closeOnExec(peer.socket());
	EXPECT_TRUE(eventually([&] { return server.server.metrics().handshakes == 1; }));
	EXPECT_EQ(before, inheritable()) << "accepted";
	peer.send(handshakeRequest() + textFrame("1"));
	peer.receiveThrough("\r\n\r\n");
	expectText(peer, "1");
	EXPECT_EQ(before, inheritable()) << "open";
}


TEST_P(EventPortTest, HTTPHandlerLeavesNothingToChildren)
{
	const std::set<int> before = inheritable();
	EventServer server(GetParam());
	std::set<int> inside;
	const auto handle = [&](Poco::Net::HTTPServerRequest&, Poco::Net::HTTPServerResponse& response)
	{
		inside = inheritable();
		response.sendBuffer("ok", 2);
	};
	server.server.setHTTP(new FunctionFactory(handle));
	server.start();
	RawPeer peer = server.dial();
	closeOnExec(peer.socket());
	peer.send("GET /page HTTP/1.1\r\nHost: localhost\r\n\r\n");
	EXPECT_NE(std::string::npos, peer.receiveThrough("ok").find(" 200 "));
	EXPECT_EQ(before, inside);
}


TEST_P(TransportTest, AdoptedConnectionLeavesNothingToChildren)
{
	Poco::SharedPtr<Recorder> pHandler = new Recorder;
	Poco::Net::WebSocketServer loops(pHandler);
	loops.start();
	std::promise<std::set<int>> inside;
	TestServer server(GetParam(), [&](Poco::Net::HTTPServerRequest& request, Poco::Net::HTTPServerResponse& response)
	{
		loops.adopt(request, response);
		inside.set_value(inheritable()); // the HTTP server has its socket still
	});
	const std::set<int> before = inheritable();
	RawPeer peer = connectRaw(server.port(), GetParam());
	closeOnExec(peer.socket());
	peer.send(handshakeRequest() + textFrame("1"));
	peer.receiveThrough("\r\n\r\n");
	expectText(peer, "1");
	std::future<std::set<int>> found = inside.get_future();
	EXPECT_EQ(before, get(found)) << "in the handler";
	EXPECT_EQ(before, inheritable());
	pHandler->forget();
}


TEST_P(TransportTest, ClientLeavesNothingToChildren)
{
	ServerSocket plain;
	Poco::Net::SecureServerSocket secure(serverContext());
	ServerSocket& socket = GetParam() == Transport::TLS ? secure : plain;
	socket.bind(SocketAddress("127.0.0.1", 0), true);
	socket.listen();
	closeOnExec(socket);
	WebSocketClientLoop loop;
	WebSocketClientParams::Ptr pParams = new WebSocketClientParams;
	pParams->setReconnect(false);
	pParams->setSessionFactory([&](const Poco::URI& uri) -> std::unique_ptr<Poco::Net::HTTPClientSession>
	{
		if (GetParam() == Transport::PLAIN) return std::make_unique<Poco::Net::HTTPClientSession>(uri.getHost(), uri.getPort());
		return std::make_unique<Poco::Net::HTTPSClientSession>(uri.getHost(), uri.getPort(), clientContext());
	});
	Poco::SharedPtr<Recorder> pHandler = new Recorder;
	pHandler->message = nullptr;
	const std::set<int> before = inheritable();
	WebSocketClient client(Poco::URI("ws://127.0.0.1:" + std::to_string(socket.address().port())), forClient(pHandler), loop, pParams);
	client.start();
	StreamSocket accepted = socket.acceptConnection();
	closeOnExec(accepted);
	RawPeer peer(accepted, GetParam(), true);
	const std::string request = receiveRequest(peer);
	EXPECT_TRUE(eventually([&] { return before == inheritable(); })) << "in the handshake"; // with TLS once Poco has connected
	peer.send(handshakeResponse(request) + frame(FIN_TEXT, "1", false));
	EXPECT_TRUE(eventually([&] { return pHandler->has("message 1 1"); }));
	EXPECT_EQ(before, inheritable()) << "open";
	peer.close();
	pHandler->finalLog();
	client.stop();
	pHandler->forget();
}


TEST_P(TransportTest, ConnectingLeavesNothingToChildren)
	/// A server may take as long to answer as the handshake may.
{
	const BlackHole hole(SocketAddress("127.0.0.2", 0));
	const BlackHole other(SocketAddress("127.0.0.3", hole.port()));
	const std::set<int> before = connecting();
	const auto makeSession = [&]() -> std::unique_ptr<Poco::Net::HTTPClientSession>
	{
		if (GetParam() == Transport::PLAIN) return std::make_unique<Poco::Net::HTTPClientSession>("localhost", hole.port());
		return std::make_unique<Poco::Net::HTTPSClientSession>("localhost", hole.port(), clientContext());
	};
	const Poco::Timespan timeout(0, 700000);
	const auto connectClass = [&](bool params, bool proxied)
	{
		const std::unique_ptr<Poco::Net::HTTPClientSession> pSession = makeSession();
		if (proxied) pSession->setProxy("localhost", hole.port());
		pSession->setTimeout(timeout);
		Poco::Net::HTTPRequest request(Poco::Net::HTTPRequest::HTTP_GET, "/", Poco::Net::HTTPRequest::HTTP_1_1);
		Poco::Net::HTTPResponse response;
		Poco::Net::WebSocketParams::Ptr pParams = new Poco::Net::WebSocketParams;
		pParams->setHandshakeTimeout(timeout);
		if (params) EXPECT_ANY_THROW(Poco::Net::WebSocket(*pSession, request, response, pParams));
		else EXPECT_ANY_THROW(Poco::Net::WebSocket(*pSession, request, response));
	};
	const auto connectClient = [&]
	{
		WebSocketClientLoop loop;
		WebSocketClientParams::Ptr pParams = new WebSocketClientParams;
		pParams->setHandshakeTimeout(timeout);
		pParams->setReconnect(false);
		pParams->setSessionFactory([&](const Poco::URI&) { return makeSession(); });
		WebSocketClient client(Poco::URI("ws://localhost:" + std::to_string(hole.port())), forClient(new Recorder), loop, pParams);
		client.start();
		EXPECT_TRUE(eventually([&] { return client.state() == WebSocketClient::STOPPED; }));
	};
	struct Row
	{
		const char* name;
		std::function<void()> connect;
	};
	const Row rows[] =
	{
		{"class", [&] { connectClass(false, false); }},
		{"class, proxy", [&] { connectClass(false, true); }},
		{"params", [&] { connectClass(true, false); }},
		{"params, proxy", [&] { connectClass(true, true); }},
		{"client", connectClient}
	};
	for (const std::vector<std::string>& addresses: {std::vector<std::string>{"127.0.0.2"}, {"127.0.0.2", "127.0.0.3"}})
	{
		const Name name("localhost", addresses);
		for (const Row& row: rows)
		{
			SCOPED_TRACE(std::to_string(addresses.size()) + " " + row.name);
			std::size_t seen = 0;
			for (int i = 0; i < 10 && seen == 0; ++i) // others may keep the machine busy
			{
				std::future<void> connected = std::async(std::launch::async, row.connect);
				while (connected.wait_for(std::chrono::milliseconds(10)) == std::future_status::timeout)
				{
					for (const int fd: connecting())
					{
						if (before.count(fd) > 0) continue;
						++seen;
						const int flags = ::fcntl(fd, F_GETFD);
						EXPECT_TRUE(flags < 0 || (flags & FD_CLOEXEC)) << fd;
					}
				}
			}
			EXPECT_LT(0u, seen);
		}
	}
}


TEST_P(TransportTest, ClassLeavesNothingToChildren)
{
	for (const bool params: {false, true})
	{
		std::set<int> before, inside;
		std::promise<void> done;
		TestServer server(GetParam(), [&](Poco::Net::HTTPServerRequest& request, Poco::Net::HTTPServerResponse& response)
		{
			Poco::Net::WebSocket ws(request, response);
			inside = inheritable();
			char buffer[16];
			int flags = 0;
			done.set_value();
			ws.receiveFrame(buffer, sizeof(buffer), flags);
		});
		std::unique_ptr<Poco::Net::HTTPClientSession> pSession = server.session();
		before = inheritable();
		Poco::Net::HTTPRequest request(Poco::Net::HTTPRequest::HTTP_GET, "/", Poco::Net::HTTPRequest::HTTP_1_1);
		Poco::Net::HTTPResponse response;
		std::unique_ptr<Poco::Net::WebSocket> pClient;
		if (params) pClient = std::make_unique<Poco::Net::WebSocket>(*pSession, request, response, Poco::Net::WebSocketParams::Ptr(new Poco::Net::WebSocketParams));
		else pClient = std::make_unique<Poco::Net::WebSocket>(*pSession, request, response);
		std::future<void> handled = done.get_future();
		get(handled);
		EXPECT_EQ(before, inside) << params;
		EXPECT_EQ(before, inheritable()) << params;
		pClient->shutdown();
	}
}


TEST_P(EventPortTest, ServerIsStartedAgainWhileAChildLives)
{
	// Clients of the new server find the new server, and those of the old one find that it has gone.
	std::unique_ptr<Child> pChild;
	Poco::TemporaryFile path;
	SocketAddress address = GetParam() == Port::LOCAL ? SocketAddress(SocketAddress::UNIX_LOCAL, path.path()) : SocketAddress("127.0.0.1", 0);
	for (int i = 0; i < 2; ++i)
	{
		Poco::SharedPtr<Recorder> pHandler = new Recorder;
		Poco::Net::WebSocketServer server(pHandler);
		ServerSocket socket = GetParam() == Port::TLS ? Poco::Net::SecureServerSocket(serverContext()) : ServerSocket();
		if (GetParam() == Port::LOCAL) ::unlink(path.path().c_str());
		socket.bind(address, true);
		socket.listen();
		if (GetParam() != Port::LOCAL) address = socket.address();
		server.listen(socket);
		server.start();
		std::vector<RawPeer> peers;
		for (int n = 0; n < 20; ++n)
		{
			StreamSocket dialled;
			dialled.connect(address, deadline());
			closeOnExec(dialled);
			peers.emplace_back(dialled, transportOf(GetParam()), false);
			peers.back().send(handshakeRequest() + textFrame("1"));
			peers.back().receiveThrough("\r\n\r\n");
			expectText(peers.back(), "1");
		}
		if (i == 0) pChild = std::make_unique<Child>();
		EXPECT_TRUE(pChild->alive());
		server.stop();
		for (RawPeer& peer: peers) EXPECT_TRUE(peer.atEnd());
		if (i == 0)
		{
			StreamSocket late;
			EXPECT_THROW(late.connect(address, deadline()), Poco::Exception) << "nobody listens";
		}
		pHandler->forget();
	}
}


TEST_P(EventPortTest, ListeningSocketIsShutDown)
	/// Whoever has it as well, a child that was there before it was given to listen(), say, does not keep clients waiting.
{
	for (const bool drain: {false, true})
	{
		Poco::TemporaryFile path;
		SocketAddress address = GetParam() == Port::LOCAL ? SocketAddress(SocketAddress::UNIX_LOCAL, path.path()) : SocketAddress("127.0.0.1", 0);
		ServerSocket socket = GetParam() == Port::TLS ? Poco::Net::SecureServerSocket(serverContext()) : ServerSocket();
		socket.bind(address, true);
		socket.listen();
		if (GetParam() != Port::LOCAL) address = socket.address();
		const int other = ::fcntl(socket.impl()->sockfd(), F_DUPFD_CLOEXEC, 0);
		Poco::SharedPtr<Recorder> pHandler = new Recorder;
		Poco::Net::WebSocketServer server(pHandler);
		server.listen(socket);
		server.start();
		if (drain) server.drain(Poco::Timespan(1, 0));
		else server.stop();
		StreamSocket late;
		EXPECT_THROW(late.connect(address, deadline()), Poco::Exception);
		::close(other);
	}
}


} // namespace WebSocketTest
