//
// MonitorTest.cpp
//
// What operators look at: the connections of a server, metrics, health; and sockets that another process keeps.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "support/EventSupport.h"
#include "Poco/Net/SecureServerSocket.h"
#include "Poco/Clock.h"
#include "Poco/Net/WebSocketMonitor.h"
#include "Poco/Net/WebSocketSystemd.h"
#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <future>
#include <set>
#include <thread>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>


using Poco::Net::HTTPServerRequest;
using Poco::Net::HTTPServerResponse;
using Poco::Net::WebSocketConnection;
using Poco::Net::WebSocketMonitor;
using Poco::Net::WebSocketSystemd;


namespace WebSocketTest {


namespace
{
	bool has(const std::string& text, const std::string& line)
	{
		return ("\n" + text).find("\n" + line + "\n") != std::string::npos;
	}

	std::string body(RawPeer& peer, const std::string& request, int status)
	{
		peer.send(request);
		const std::string head = peer.receiveThrough("\r\n\r\n");
		EXPECT_EQ(0u, head.find("HTTP/1.1 " + std::to_string(status) + " ")) << head;
		return request.find("HEAD") == 0 ? "" : peer.receive(std::stoul(value(head, "Content-Length")));
	}

	std::string get(const std::string& path, const std::string& fields = "")
	{
		return "GET " + path + " HTTP/1.1\r\nHost: localhost\r\n" + fields + "\r\n";
	}

	class Monitored
		/// A server that answers with its monitor.
	{
	public:
		explicit Monitored(Port port, const EventParams::Ptr& pParams = new EventParams):
			server(port, pParams),
			monitor(server.server)
		{
			server.server.setHTTP([this](HTTPServerRequest& request, HTTPServerResponse& response)
			{
				if (monitor.handle(request, response)) return;
				response.setStatusAndReason(Poco::Net::HTTPResponse::HTTP_NOT_FOUND);
				response.sendBuffer("", 0);
			});
		}

		EventServer server;
		WebSocketMonitor monitor;
	};

	class Environment
		/// A variable, as long as it exists.
	{
	public:
		Environment(const char* pName, const std::string& value):
			_pName(pName)
		{
			::setenv(pName, value.c_str(), 1);
		}

		~Environment()
		{
			::unsetenv(_pName);
		}

	private:
		const char* const _pName;
	};
}


//
// Connections
//
TEST_P(EventPortTest, ConnectionsOfAServer)
{
	EventServer server(GetParam());
	EXPECT_TRUE(server.server.connections().empty());
	server.start();
	RawPeer handshake = server.dial();
	std::vector<RawPeer> peers;
	for (int i = 0; i < 20; ++i) peers.push_back(server.connect());
	EXPECT_TRUE(eventually([&] { return server.handler.count() == 20 && server.server.metrics().handshakes == 1; }));
	peers[0].send(textFrame("hello"));
	expectText(peers[0], "hello");

	const std::vector<WebSocketConnection::Ptr> found = server.server.connections();
	EXPECT_EQ(20u, found.size()); // that in the handshake is none
	std::set<std::string> ids;
	Poco::UInt64 messages = 0;
	for (const auto& pConnection: found)
	{
		ids.insert(pConnection->id().toString());
		messages += pConnection->metrics().messagesReceived;
		EXPECT_LT(pConnection->metrics().since.elapsed(), 60*1000000);
		EXPECT_EQ(GetParam() == Port::TLS, pConnection->secure());
		if (GetParam() != Port::LOCAL)
		{
			EXPECT_EQ("127.0.0.1", pConnection->remoteAddress().host().toString());
		}
	}
	EXPECT_EQ(20u, ids.size());
	EXPECT_EQ(1u, messages);

	peers.clear();
	EXPECT_TRUE(eventually([&] { return server.server.connections().empty(); }));
	RawPeer last = server.connect();
	EXPECT_EQ(1u, server.server.connections().size());
	server.server.stop();
	EXPECT_TRUE(server.server.connections().empty());
}


TEST_P(EventPortTest, ConnectionsAreAskedForInCallbacks)
{
	EventServer server(GetParam());
	std::atomic<std::size_t> most{0};
	std::atomic<int> asked{0};
	const auto ask = [&]
	{
		const std::size_t size = server.server.connections().size();
		if (size > most) most = size;
		++asked;
	};
	server.handler.open = [&](EventConnection&, HTTPServerRequest&) { ask(); };
	server.handler.message = [&](EventConnection& connection, std::string_view message, WebSocketFrame::Opcode opcode) { ask(); connection.send(message, opcode); };
	server.handler.close = [&](EventConnection&, int, const std::string&) { ask(); };
	server.start();
	std::vector<RawPeer> peers;
	for (int i = 0; i < 10; ++i) peers.push_back(server.connect()); // on both loops
	for (RawPeer& peer: peers) peer.send(textFrame("x"));
	for (RawPeer& peer: peers) expectText(peer, "x");
	server.server.stop();
	EXPECT_EQ(10u, most);
	EXPECT_EQ(30, asked);
}


TEST_F(EventTest, ConnectionsWhileTheyComeAndGo)
{
	EventServer server(Port::PLAIN);
	server.handler.quiet = true;
	server.start();
	std::vector<RawPeer> staying;
	for (int i = 0; i < 300; ++i) staying.push_back(server.connect()); // more than one slice in each loop
	std::atomic<bool> done{false};
	std::vector<std::thread> clients;
	for (int i = 0; i < 3; ++i)
	{
		clients.emplace_back([&]
		{
			while (!done) server.connect().close();
		});
	}
	for (int i = 0; i < 100; ++i)
	{
		const std::vector<WebSocketConnection::Ptr> found = server.server.connections();
		std::set<const WebSocketConnection*> distinct;
		for (const auto& pConnection: found) distinct.insert(pConnection.get());
		EXPECT_EQ(found.size(), distinct.size());
		EXPECT_GE(found.size(), staying.size());
	}
	done = true;
	for (auto& client: clients) client.join();
	std::thread asking([&]
	{
		while (!server.server.connections().empty()) continue;
	});
	server.server.stop(); // meanwhile
	asking.join();
}


//
// Metrics
//
TEST_P(EventPortTest, MetricsAsText)
{
	EventParams::Ptr pParams = new EventParams;
	pParams->setMaxAge(Poco::Timespan(4, 0)); // long enough for two messages
	Monitored monitored(GetParam(), pParams);
	monitored.server.start();
	RawPeer peer = monitored.server.connect();
	peer.send(textFrame("hello") + textFrame("hello"));
	for (int i = 0; i < 2; ++i) expectText(peer, "hello");
	{
		RawPeer refused = monitored.server.dial();
		refused.send(handshakeRequest("/", "Origin: http://elsewhere.example\r\n"));
		refused.receiveToEnd();
	}
	expectClosed(peer, 1001); // of age
	EXPECT_TRUE(eventually([&] { return monitored.server.server.metrics().connections == 0; }));
	RawPeer asking = monitored.server.dial();
	const std::string openMetrics = body(asking, get("/metrics?x=y", "Accept: application/openmetrics-text;version=1.0.0,text/plain;q=0.5\r\n"), 200);
	const std::string prometheus = body(asking, get("/metrics"), 200);
	EXPECT_EQ(openMetrics.size() - 6, openMetrics.rfind("# EOF\n"));
	EXPECT_EQ(std::string::npos, prometheus.find("# EOF"));
	EXPECT_TRUE(has(openMetrics, "# TYPE websocket_handshakes counter"));
	EXPECT_TRUE(has(prometheus, "# TYPE websocket_handshakes_total counter"));
	for (const std::string& text: {openMetrics, prometheus})
	{
		for (const char* pLine:
		{
			"websocket_ready 1",
			"websocket_connections 0",
			"websocket_http_connections 1",
			"websocket_handshakes_total{outcome=\"opened\"} 1",
			"websocket_handshakes_total{outcome=\"abandoned\"} 0",
			"websocket_handshakes_total{outcome=\"origin\"} 1",
			"websocket_handshakes_total{outcome=\"tls_failed\"} 0",
			"websocket_messages_total{direction=\"in\"} 2",
			"websocket_messages_total{direction=\"out\"} 2",
			"websocket_queued_bytes 0",
			"websocket_dropped_messages_total 0",
			"websocket_timeouts_total{kind=\"age\"} 1",
			"websocket_timeouts_total{kind=\"idle\"} 0"
		})
		{
			EXPECT_TRUE(has(text, pLine)) << pLine << "\nis not in\n" << text;
		}
		EXPECT_TRUE(has(text, std::string("websocket_tls_connections_total{version=\"TLSv1.3\"} ") + (GetParam() == Port::TLS ? "1" : "0")));
		EXPECT_NE(std::string::npos, text.find("websocket_loop_lag_seconds{loop=\"1\"} 0."));
		EXPECT_NE(std::string::npos, text.find("websocket_loop_lag_seconds{loop=\"2\"} 0."));
	}
}


TEST_F(EventTest, MetricsOfQueuesAndDrops)
{
	EventParams::Ptr pParams = new EventParams;
	pParams->setMaxQueuedBytes(100000);
	EventServer server(Port::PLAIN, pParams);
	server.smallBuffers();
	server.start();
	const WebSocketMonitor monitor(server.server);
	RawPeer peer = server.connect(); // and it does not read
	EventConnection::Ptr pConnection = server.handler.connection();
	const std::string message(50000, 'x');
	int dropped = 0;
	for (int i = 0; i < 1000 && dropped < 3; ++i)
	{
		if (pConnection->send(message, WebSocketFrame::OP_TEXT) == EventConnection::QUEUE_FULL) ++dropped;
	}
	EXPECT_EQ(3, dropped);
	EXPECT_TRUE(has(monitor.metrics(), "websocket_dropped_messages_total 3"));
	EXPECT_TRUE(eventually([&]
	{
		pConnection->send(message, WebSocketFrame::OP_TEXT); // until the system takes no more
		return !has(monitor.metrics(), "websocket_queued_bytes 0");
	}));
}


TEST_F(EventTest, LagOfALoopThatHangs)
{
	Monitored monitored(Port::PLAIN);
	std::promise<void> gate;
	const std::shared_future<void> opened = gate.get_future().share();
	std::string inCallback;
	monitored.server.handler.message = [&](EventConnection&, std::string_view, WebSocketFrame::Opcode)
	{
		inCallback = monitored.monitor.metrics(); // does not wait for itself
		opened.wait_for(std::chrono::seconds(6*DEADLINE_S));
	};
	monitored.server.start();
	RawPeer peer = monitored.server.connect();
	EXPECT_TRUE(monitored.monitor.live());
	peer.send(textFrame("x"));
	EXPECT_TRUE(eventually([&] { return monitored.server.server.metrics().connections == 1 && !monitored.monitor.live(); }));
	const std::string text = monitored.monitor.metrics();
	EXPECT_TRUE(text.find("{loop=\"1\"} 0.") == std::string::npos || text.find("{loop=\"2\"} 0.") == std::string::npos) << text;
	gate.set_value();
	EXPECT_TRUE(monitored.monitor.live());
	EXPECT_EQ(std::string::npos, inCallback.find("lag"));
	EXPECT_NE(std::string::npos, inCallback.find("websocket_connections 1\n"));
}


namespace
{
	Poco::UInt64 turnsUpTo(const std::string& text, const std::string& limit)
	{
		const std::string line = "websocket_loop_turn_seconds_bucket{le=\"" + limit + "\"} ";
		const std::size_t place = text.find(line);
		return place == std::string::npos ? 0 : std::stoull(text.substr(place + line.size()));
	}
}


TEST_F(EventTest, LongTurnsAreCounted)
{
	EventServer server(Port::PLAIN);
	server.handler.message = [](EventConnection& connection, std::string_view message, WebSocketFrame::Opcode opcode)
	{
		const Poco::Clock since;
		while (!since.isElapsed(30000)) continue; // which is what is measured
		connection.send(message, opcode);
	};
	const WebSocketMonitor monitor(server.server);
	EXPECT_EQ(0u, turnsUpTo(monitor.metrics(), "+Inf"));
	server.start();
	const std::string before = monitor.metrics();
	RawPeer peer = server.connect();
	for (int i = 0; i < 2; ++i)
	{
		peer.send(textFrame("x"));
		expectText(peer, "x");
	}
	std::string after;
	EXPECT_TRUE(eventually([&] // the turn goes on when the peer has its answer
	{
		after = monitor.metrics();
		return turnsUpTo(after, "+Inf") - turnsUpTo(after, "0.025") >= turnsUpTo(before, "+Inf") - turnsUpTo(before, "0.025") + 2;
	})) << after;
	EXPECT_NE(std::string::npos, after.find("\nwebsocket_loop_turn_seconds_count " + std::to_string(turnsUpTo(after, "+Inf")) + "\n"));
	EXPECT_EQ(std::string::npos, after.find("\nwebsocket_loop_turn_seconds_sum 0.00"));
}


//
// Health
//
TEST_P(EventPortTest, Health)
{
	Monitored monitored(GetParam());
	const WebSocketMonitor& monitor = monitored.monitor;
	EXPECT_TRUE(monitor.live());
	EXPECT_FALSE(monitor.ready()); // it is not started
	monitored.server.start();
	RawPeer peer = monitored.server.dial();
	EXPECT_EQ("live\n", body(peer, get("/health/live"), 200));
	EXPECT_EQ("ready\n", body(peer, get("/health/ready"), 200));
	EXPECT_EQ("", body(peer, "HEAD /health/ready HTTP/1.1\r\nHost: localhost\r\n\r\n", 200));
	monitored.monitor.setReady(false);
	EXPECT_EQ("not ready\n", body(peer, get("/health/ready"), 503));
	EXPECT_EQ("live\n", body(peer, get("/health/live"), 200));
	monitored.monitor.setReady(true);
	EXPECT_EQ("ready\n", body(peer, get("/health/ready"), 200));
	EXPECT_EQ("", body(peer, "POST /metrics HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n", 405));
	EXPECT_EQ("", body(peer, get("/health"), 404));
	monitored.server.server.stop();
	EXPECT_FALSE(monitor.ready());
	EXPECT_TRUE(monitor.live());
}


TEST_F(EventTest, HealthWhileDraining)
{
	EventServer server(Port::PLAIN);
	server.start();
	WebSocketMonitor monitor(server.server);
	Poco::Net::WebSocketServer other{Poco::Net::WebSocketServerCallbacks()};
	other.setHTTP([&monitor](HTTPServerRequest& request, HTTPServerResponse& response) { monitor.handle(request, response); });
	other.listen(Poco::Net::SocketAddress("127.0.0.1", 0));
	other.start();
	RawPeer silent = server.connect();
	RawPeer peer = connectRaw(other.port(), Transport::PLAIN);
	EXPECT_EQ("ready\n", body(peer, get("/health/ready"), 200));
	std::thread draining([&] { server.server.drain(Poco::Timespan(6*DEADLINE_S, 0)); });
	EXPECT_TRUE(eventually([&] { return server.server.draining(); }));
	EXPECT_EQ("draining\n", body(peer, get("/health/ready"), 503));
	EXPECT_EQ("live\n", body(peer, get("/health/live"), 200));
	expectClosed(silent, 1001);
	draining.join();
	EXPECT_EQ("stopped\n", body(peer, get("/health/ready"), 503));
	other.stop();
}


//
// Sockets that another process keeps
//
TEST_F(EventTest, SharedSocketStaysOpenForOthers)
{
	for (const bool drains: {false, true})
	{
		const Poco::Net::ServerSocket kept(Poco::Net::SocketAddress("127.0.0.1", 0), 64); // systemd's
		for (int round = 0; round < 3; ++round)
		{
			Poco::Net::ServerSocket copy;
			WebSocketSystemd::use(copy, kept);
			Poco::Net::WebSocketServer server{Poco::Net::WebSocketServerCallbacks()};
			server.listenShared(copy);
			server.start();
			EXPECT_EQ(kept.address().port(), server.port());
			RawPeer peer = connectRaw(kept.address().port(), Transport::PLAIN);
			peer.send(handshakeRequest());
			EXPECT_EQ(0u, peer.receiveThrough("\r\n\r\n").find("HTTP/1.1 101 "));
			if (drains)
			{
				std::thread draining([&] { server.drain(deadline()); });
				expectClosed(peer, 1001);
				draining.join();
			}
			else
			{
				server.stop();
			}
		}
	}
}


TEST_F(EventTest, TLSOnASocketThatWasGiven)
{
	const Poco::Net::ServerSocket kept(Poco::Net::SocketAddress("127.0.0.1", 0), 64);
	for (int round = 0; round < 2; ++round)
	{
		Poco::Net::SecureServerSocket secure(serverContext());
		WebSocketSystemd::use(secure, kept);
		Poco::Net::WebSocketServer server{Poco::Net::WebSocketServerCallbacks()};
		server.listenShared(secure);
		server.start();
		RawPeer peer = connectRaw(kept.address().port(), Transport::TLS);
		peer.send(handshakeRequest());
		EXPECT_EQ(0u, peer.receiveThrough("\r\n\r\n").find("HTTP/1.1 101 "));
	}
}


TEST_P(EventPortTest, DrainLetsHandshakesComplete)
{
	EventParams::Ptr pParams = new EventParams;
	pParams->setCloseTimeout(Poco::Timespan(6*DEADLINE_S, 0));
	EventServer server(GetParam(), pParams);
	server.start();
	RawPeer late = server.dial();
	late.send(handshakeRequest().substr(0, 30));
	EXPECT_TRUE(eventually([&] { return server.server.metrics().handshakes == 1; }));
	std::thread draining([&] { server.server.drain(deadline()); });
	EXPECT_TRUE(eventually([&] { return server.server.draining(); }));
	late.send(handshakeRequest().substr(30));
	EXPECT_EQ(0u, late.receiveThrough("\r\n\r\n").find("HTTP/1.1 101 "));
	expectClosed(late, 1001);
	draining.join();
}


TEST_P(EventPortTest, DrainDoesNotWaitForSilence)
{
	EventParams::Ptr pParams = new EventParams;
	pParams->setCloseTimeout(Poco::Timespan(0, 100000));
	EventServer server(GetParam(), pParams);
	server.start();
	RawPeer silent = server.dial();
	EXPECT_TRUE(eventually([&] { return server.server.metrics().handshakes == 1; }));
	EXPECT_TRUE(server.server.drain(Poco::Timespan(6*DEADLINE_S, 0)).empty()); // the watchdog ends the test before
	EXPECT_TRUE(silent.atEnd());
}


TEST_F(EventTest, NoSocketsWithoutSystemd)
{
	EXPECT_TRUE(WebSocketSystemd::sockets().empty());
	Environment fds("LISTEN_FDS", "3");
	EXPECT_TRUE(WebSocketSystemd::sockets().empty());
	Environment pid("LISTEN_PID", std::to_string(::getppid())); // the parent's
	EXPECT_TRUE(WebSocketSystemd::sockets().empty());
	Environment none("LISTEN_FDS", "nonsense");
	Environment own("LISTEN_PID", std::to_string(::getpid()));
	EXPECT_TRUE(WebSocketSystemd::sockets().empty());
}


TEST_F(EventTest, NotifiesSystemd)
{
	EXPECT_FALSE(WebSocketSystemd::notify("READY=1"));
	Poco::TemporaryFile file;
	for (const std::string& path: {file.path(), "@" + file.path()})
	{
		const int fd = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
		sockaddr_un address = {};
		address.sun_family = AF_UNIX;
		std::copy(path.begin(), path.end(), address.sun_path);
		if (path[0] == '@') address.sun_path[0] = 0;
		ASSERT_EQ(0, ::bind(fd, reinterpret_cast<const sockaddr*>(&address), static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size())));
		Environment variable("NOTIFY_SOCKET", path);
		EXPECT_TRUE(WebSocketSystemd::notify("READY=1"));
		char buffer[100];
		EXPECT_EQ("READY=1", std::string(buffer, static_cast<std::size_t>(std::max<ssize_t>(0, ::recv(fd, buffer, sizeof(buffer), MSG_DONTWAIT)))));
		::close(fd);
		if (path[0] == '@')
		{
			EXPECT_FALSE(WebSocketSystemd::notify("READY=1")); // nobody is there any more
		}
	}
	for (const std::string& path: {std::string("relative"), std::string("/"), std::string("@"), "/" + std::string(200, 'x')})
	{
		Environment variable("NOTIFY_SOCKET", path);
		EXPECT_FALSE(WebSocketSystemd::notify("READY=1")) << path;
	}
}


} // namespace WebSocketTest
