//
// HTTPServingTest.cpp
//
// Requests that are not for WebSocket: what they cost, how they are counted, and how a server with them ends.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "support/EventSupport.h"
#include "Poco/Net/HTTPServerRequestImpl.h"
#include <future>
#include <sys/resource.h>
#include <unistd.h>


using Poco::Net::HTTPServerParams;
using Poco::Net::HTTPServerRequest;
using Poco::Net::HTTPServerResponse;


namespace WebSocketTest {


namespace
{
	class Gate
		/// Where handlers wait.
	{
	public:
		void open()
		{
			std::lock_guard<std::mutex> lock(_mutex);
			_open = true;
			_changed.notify_all();
		}

		void pass()
		{
			std::unique_lock<std::mutex> lock(_mutex);
			++arrived;
			_changed.wait_for(lock, std::chrono::seconds(6*DEADLINE_S), [this] { return _open; });
			++passed;
		}

		std::atomic<int> arrived{0};
		std::atomic<int> passed{0};

	private:
		std::mutex _mutex;
		std::condition_variable _changed;
		bool _open = false;
	};

	HTTPServerParams::Ptr httpParams(int threads = 8)
	{
		HTTPServerParams::Ptr pParams = new HTTPServerParams;
		pParams->setTimeout(deadline());
		pParams->setKeepAlive(true);
		pParams->setKeepAliveTimeout(Poco::Timespan(6*DEADLINE_S, 0));
		pParams->setMaxThreads(threads);
		return pParams;
	}

	std::string get(const std::string& path, const std::string& headers = "")
	{
		return "GET " + path + " HTTP/1.1\r\nHost: localhost\r\n" + headers + "\r\n";
	}

	struct Answer
	{
		std::string head;
		std::string body;

		int status() const
		{
			return std::stoi(head.substr(9, 3));
		}

		bool keepsAlive() const
		{
			return parseResponse(head).getKeepAlive();
		}
	};

	Answer receiveAnswer(RawPeer& peer)
	{
		Answer answer;
		answer.head = peer.receiveThrough("\r\n\r\n");
		answer.body = peer.receive(std::stoul(value(answer.head, "Content-Length")));
		return answer;
	}

	std::string ask(RawPeer& peer, const std::string& path)
	{
		peer.send(get(path));
		return receiveAnswer(peer).body;
	}

	bool closed(RawPeer& peer)
		/// Waits for the end, by whatever.
	{
		try
		{
			peer.receiveToEnd();
			return true;
		}
		catch (const Poco::TimeoutException&)
		{
			return false;
		}
		catch (const Poco::Exception&)
		{
			return true;
		}
	}

	class NoDescriptors
		/// As long as it exists, the process can open nothing. What becomes free is taken by another thread at once.
	{
	public:
		NoDescriptors()
		{
			_taken.reserve(1000);
			::getrlimit(RLIMIT_NOFILE, &_before);
			const int next = ::dup(0);
			::close(next);
			rlimit limit = _before;
			limit.rlim_cur = static_cast<rlim_t>(next);
			::setrlimit(RLIMIT_NOFILE, &limit);
			EXPECT_EQ(-1, ::dup(0));
			_thread = std::thread([this]
			{
				while (!_ended)
				{
					const int fd = ::dup(0);
					if (fd >= 0) _taken.push_back(fd);
				}
			});
		}

		~NoDescriptors()
		{
			_ended = true;
			_thread.join();
			for (int fd: _taken) ::close(fd);
			::setrlimit(RLIMIT_NOFILE, &_before);
		}

	private:
		std::vector<int> _taken;
		std::atomic<bool> _ended{false};
		std::thread _thread;
		rlimit _before = rlimit();
	};

	bool refuses(const EventServer& server)
		/// Connects, and returns true if that does not last.
	{
		try
		{
			RawPeer peer = server.dial();
			return closed(peer);
		}
		catch (const Poco::IOException&)
		{
			return true; // in the TLS handshake
		}
	}

	class HTTPEventServer: public EventServer
		/// Sends the path of a request back. Handlers of "/gate" wait until it is opened, or the test ends.
	{
	public:
		explicit HTTPEventServer(Port port, const HTTPServerParams::Ptr& pHTTPParams = httpParams(), EventParams::Ptr pParams = new EventParams):
			EventServer(port, pParams)
		{
			server.setHTTP(new FunctionFactory([this](HTTPServerRequest& request, HTTPServerResponse& response)
			{
				if (request.getURI() == "/gate") gate.pass();
				response.sendBuffer(request.getURI().data(), request.getURI().size());
			}), pHTTPParams);
		}

		~HTTPEventServer()
		{
			gate.open();
			server.stop();
		}

		bool handedOver(Poco::UInt64 connections) const
			/// Waits until that many have come, and no request's header is being received.
		{
			return eventually([&]
			{
				const auto metrics = server.metrics();
				return metrics.connectionsAccepted == connections && metrics.handshakes == 0;
			});
		}

		Gate gate;
	};

	class EchoHTTPServer: public EventServer
		/// Sends the method and the body of a request back, but for "/unread".
	{
	public:
		explicit EchoHTTPServer(Port port):
			EventServer(port)
		{
			server.setHTTP(new FunctionFactory([this](HTTPServerRequest& request, HTTPServerResponse& response)
			{
				++handled;
				std::string answer = request.getMethod() + " ";
				if (request.getURI() != "/unread") answer.append(std::istreambuf_iterator<char>(request.stream()), std::istreambuf_iterator<char>());
				response.sendBuffer(answer.data(), answer.size());
			}), httpParams());
			start();
		}

		~EchoHTTPServer()
		{
			server.stop();
		}

		std::atomic<int> handled{0};
	};
}


//
// Draining
//
TEST_P(EventPortTest, DrainWaitsForRequests)
{
	HTTPEventServer server(GetParam());
	server.start();
	RawPeer webSocket = server.connect();
	RawPeer busy = server.dial();
	busy.send(get("/gate"));
	ASSERT_TRUE(eventually([&] { return server.gate.arrived == 1; }));
	std::future<std::vector<EventConnection::Ptr>> drained = std::async(std::launch::async, [&] { return server.server.drain(Poco::Timespan(6*DEADLINE_S, 0)); });
	expectClosed(webSocket, 1001);
	EXPECT_EQ(std::future_status::timeout, drained.wait_for(std::chrono::milliseconds(100)));
	server.gate.open();
	EXPECT_EQ("/gate", receiveAnswer(busy).body);
	EXPECT_TRUE(busy.atEnd());
	EXPECT_TRUE(get(drained).empty());
}


TEST_P(EventPortTest, DrainKeepsItsTimeWhateverHandlersDo)
{
	HTTPEventServer server(GetParam(), httpParams(1));
	server.start();
	RawPeer busy = server.dial();
	busy.send(get("/gate"));
	ASSERT_TRUE(eventually([&] { return server.gate.arrived == 1; }));
	RawPeer waiting = server.dial();
	waiting.send(get("/queued"));
	ASSERT_TRUE(server.handedOver(2));
	std::future<std::vector<EventConnection::Ptr>> drained = std::async(std::launch::async, [&] { return server.server.drain(Poco::Timespan(0, 200*1000)); });
	ASSERT_EQ(std::future_status::ready, drained.wait_for(std::chrono::seconds(3*DEADLINE_S)));
	EXPECT_EQ(0, server.gate.passed);
	EXPECT_TRUE(drained.get().empty());
	EXPECT_TRUE(closed(busy));
	EXPECT_TRUE(closed(waiting));
	server.gate.open();
	server.server.stop();
	EXPECT_EQ(1, server.gate.passed); // it was waited for
}


TEST_P(EventPortTest, HandlersAreCutWithoutDescriptors)
	/// There may be none left when a handler, which waits for its client, is to be ended.
{
	if (sanitized()) GTEST_SKIP() << "a sanitizer needs descriptors itself";
	constexpr int COUNT = 30;
	HTTPServerParams::Ptr pParams = httpParams(COUNT);
	pParams->setTimeout(Poco::Timespan(100*DEADLINE_S, 0));
	std::atomic<int> begun{0};
	std::atomic<int> ended{0};
	EventServer server(GetParam());
	server.server.setHTTP(new FunctionFactory([&](HTTPServerRequest& request, HTTPServerResponse&)
	{
		++begun;
		request.stream().get(); // which does not come
		++ended;
	}), pParams);
	server.start();
	std::vector<RawPeer> peers;
	for (int i = 0; i < COUNT; ++i)
	{
		peers.push_back(server.dial());
		peers.back().send("POST /wait HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n");
	}
	EXPECT_TRUE(eventually([&] { return begun == COUNT; }));
	{
		const NoDescriptors none;
		server.server.drain(Poco::Timespan(0, 1000));
		EXPECT_TRUE(eventually([&] { return ended == COUNT; }));
	}
	for (RawPeer& peer: peers) peer.close();
	server.server.stop();
}


TEST_P(EventPortTest, DrainDoesNotWaitForIdleConnections)
{
	HTTPEventServer server(GetParam());
	server.start();
	RawPeer idle = server.dial();
	EXPECT_EQ("/1", ask(idle, "/1"));
	RawPeer second = server.dial();
	EXPECT_EQ("/2", ask(second, "/2"));
	std::future<std::vector<EventConnection::Ptr>> drained = std::async(std::launch::async, [&] { return server.server.drain(Poco::Timespan(100*DEADLINE_S, 0)); });
	EXPECT_EQ(std::future_status::ready, drained.wait_for(std::chrono::seconds(3*DEADLINE_S)));
	EXPECT_TRUE(closed(idle));
	EXPECT_TRUE(closed(second));
	server.server.stop(); // ends a draining that waits
}


TEST_P(EventPortTest, DrainDoesNotWaitForWhoComesBackLate)
	/// From a handler, while idle connections are closed.
{
	for (int round = 0; round < 20; ++round)
	{
		HTTPEventServer server(GetParam());
		server.start();
		std::atomic<int> answers{0};
		std::vector<std::thread> clients;
		for (int i = 0; i < 3; ++i)
		{
			clients.emplace_back([&]
			{
				try
				{
					RawPeer peer = server.dial();
					for (;;)
					{
						peer.send(get("/"));
						const std::string head = peer.receiveThrough("\r\n\r\n");
						peer.receive(1);
						++answers;
						if (!parseResponse(head).getKeepAlive()) break;
					}
				}
				catch (const Poco::Exception&)
				{
					// it was closed
				}
			});
		}
		EXPECT_TRUE(eventually([&] { return answers > 10 + round; }));
		std::future<std::vector<EventConnection::Ptr>> drained = std::async(std::launch::async, [&] { return server.server.drain(Poco::Timespan(100*DEADLINE_S, 0)); });
		EXPECT_EQ(std::future_status::ready, drained.wait_for(std::chrono::seconds(3*DEADLINE_S))) << round;
		server.server.stop(); // ends a draining that waits
		for (std::thread& client: clients) client.join();
	}
}


//
// Threads
//
TEST_P(EventPortTest, IdleConnectionsHaveNoThread)
{
	HTTPEventServer server(GetParam(), httpParams(4));
	server.start();
	std::vector<RawPeer> peers;
	for (int i = 0; i < 20; ++i)
	{
		peers.push_back(server.dial());
		EXPECT_EQ("/" + std::to_string(i), ask(peers.back(), "/" + std::to_string(i)));
	}
	for (RawPeer& peer: peers) peer.send(get("/again") + get("/gate").substr(0, 10)); // that is no request yet
	for (RawPeer& peer: peers) EXPECT_EQ("/again", receiveAnswer(peer).body);
	RawPeer other = server.dial();
	EXPECT_EQ("/other", ask(other, "/other"));
	server.gate.open();
	for (RawPeer& peer: peers) peer.send(get("/gate").substr(10));
	for (RawPeer& peer: peers) EXPECT_EQ("/gate", receiveAnswer(peer).body);
}


TEST_P(EventPortTest, FullQueueIsToldSo)
{
	HTTPServerParams::Ptr pParams = httpParams(1);
	pParams->setMaxQueued(1);
	EventParams::Ptr pOneLoop = new EventParams;
	pOneLoop->setThreads(1); // who comes first is queued first
	HTTPEventServer server(GetParam(), pParams, pOneLoop);
	server.start();
	RawPeer busy = server.dial();
	busy.send(get("/gate"));
	ASSERT_TRUE(eventually([&] { return server.gate.arrived == 1; }));
	RawPeer waiting = server.dial();
	waiting.send(get("/waiting"));
	ASSERT_TRUE(server.handedOver(2));
	RawPeer refused = server.dial();
	refused.send(get("/refused") + get("/behind"));
	const Answer answer = receiveAnswer(refused);
	EXPECT_EQ(503, answer.status());
	EXPECT_EQ("close", value(answer.head, "Connection"));
	EXPECT_EQ("1", value(answer.head, "Retry-After"));
	EXPECT_TRUE(refused.atEnd());
	server.gate.open();
	EXPECT_EQ("/gate", receiveAnswer(busy).body);
	EXPECT_EQ("/waiting", receiveAnswer(waiting).body);
	RawPeer again = server.dial();
	EXPECT_EQ("/again", ask(again, "/again"));
	EXPECT_EQ(1u, server.server.metrics().connectionsRefused);
}


TEST_P(EventPortTest, StopWithRequestsWaiting)
{
	HTTPEventServer server(GetParam(), httpParams(2));
	server.start();
	std::vector<RawPeer> peers;
	for (int i = 0; i < 10; ++i)
	{
		peers.push_back(server.dial());
		peers.back().send(get("/gate"));
	}
	ASSERT_TRUE(eventually([&] { return server.gate.arrived == 2; }));
	std::future<void> stopped = std::async(std::launch::async, [&] { server.server.stop(); });
	for (RawPeer& peer: peers) EXPECT_TRUE(closed(peer));
	server.gate.open();
	get(stopped);
	EXPECT_EQ(2, server.gate.passed);
}


//
// Counts
//
TEST_P(EventPortTest, ConnectionsWithRequestsCount)
{
	EventParams::Ptr pParams = new EventParams;
	pParams->setMaxConnections(3);
	HTTPEventServer server(GetParam(), httpParams(), pParams);
	server.start();
	const auto counts = [&](int http, int handshakes, int webSockets)
	{
		return eventually([&]
		{
			const auto metrics = server.server.metrics();
			return metrics.httpConnections == http && metrics.handshakes == handshakes && metrics.connections == webSockets;
		});
	};
	RawPeer webSocket = server.connect();
	EXPECT_TRUE(counts(0, 0, 1));
	RawPeer first = server.dial();
	EXPECT_EQ("/first", ask(first, "/first"));
	EXPECT_TRUE(counts(1, 0, 1)); // between two requests
	first.send("GET /f");
	RawPeer second = server.dial();
	second.send(get("/gate"));
	EXPECT_TRUE(counts(2, 0, 1)); // a request that is being handled, and one that is being received
	EXPECT_TRUE(refuses(server));
	EXPECT_EQ(1u, server.server.metrics().connectionsRefused);
	first.send("irst HTTP/1.1\r\nHost: localhost\r\n\r\n");
	EXPECT_EQ("/first", receiveAnswer(first).body);
	first.send(handshakeRequest());
	EXPECT_EQ(0u, first.receiveThrough("\r\n\r\n").find("HTTP/1.1 101 "));
	EXPECT_TRUE(counts(1, 0, 2));
	server.gate.open();
	EXPECT_EQ("/gate", receiveAnswer(second).body);
	second.close();
	EXPECT_TRUE(counts(0, 0, 2));
	first.send(closeFrame());
	EXPECT_EQ(1000, first.receiveFrame().closeCode());
	EXPECT_TRUE(counts(0, 0, 1));
	RawPeer last = server.dial();
	EXPECT_EQ("/last", ask(last, "/last"));
	last.send(handshakeRequest("/", "Sec-WebSocket-Version: 7\r\n"));
	EXPECT_EQ(400, receiveAnswer(last).status());
	last.close();
	EXPECT_TRUE(counts(0, 0, 1));
	RawPeer idle = server.dial();
	EXPECT_EQ("/idle", ask(idle, "/idle"));
	server.server.stop();
	EXPECT_TRUE(counts(0, 0, 0));
}


TEST_P(TransportTest, RequestsCountForTheirAddress)
{
	EventParams::Ptr pParams = new EventParams;
	pParams->setMaxConnectionsPerAddress(1);
	HTTPEventServer server(GetParam() == Transport::TLS ? Port::TLS : Port::PLAIN, httpParams(), pParams);
	server.start();
	RawPeer peer = server.dial();
	peer.send(get("/gate"));
	ASSERT_TRUE(eventually([&] { return server.gate.arrived == 1; }));
	EXPECT_TRUE(refuses(server)); // while a request is being handled
	server.gate.open();
	EXPECT_EQ("/gate", receiveAnswer(peer).body);
	EXPECT_TRUE(refuses(server)); // between two
	EXPECT_EQ("/next", ask(peer, "/next"));
	peer.send(handshakeRequest());
	EXPECT_EQ(0u, peer.receiveThrough("\r\n\r\n").find("HTTP/1.1 101 "));
	EXPECT_TRUE(refuses(server)); // as a WebSocket
	peer.close();
	EXPECT_TRUE(eventually([&] { return server.server.metrics().connections == 0; }));
	for (int i = 0; i < 3; ++i)
	{
		RawPeer other = server.dial();
		other.send(get("/other", "Connection: close\r\n"));
		EXPECT_EQ("/other", receiveAnswer(other).body);
		EXPECT_TRUE(other.atEnd());
		EXPECT_TRUE(eventually([&] { return server.server.metrics().httpConnections == 0; }));
	}
}


TEST_F(EventTest, ConnectionCountsOnceWhileItIsHandedOver)
	/// To the thread of its handler. The limits would find no room for a client that comes back at once.
{
	EventServer server;
	std::atomic<int> most(0);
	server.server.setHTTP(new FunctionFactory([&](HTTPServerRequest& request, HTTPServerResponse& response)
	{
		const auto metrics = server.server.metrics();
		most = std::max(most.load(), static_cast<int>(metrics.handshakes + metrics.httpConnections + metrics.connections));
		response.sendBuffer(request.getURI().data(), request.getURI().size());
	}), httpParams());
	server.start();
	for (int i = 0; i < 300; ++i)
	{
		RawPeer peer = server.dial();
		EXPECT_EQ("/first", ask(peer, "/first"));
		peer.send(get("/last", "Connection: close\r\n"));
		EXPECT_EQ("/last", receiveAnswer(peer).body);
		EXPECT_TRUE(peer.atEnd());
		EXPECT_TRUE(eventually([&] { return server.server.metrics().httpConnections == 0; }));
	}
	EXPECT_EQ(1, most);
}


//
// Keep-alive
//
TEST_P(EventPortTest, KeepAliveEnds)
{
	HTTPServerParams::Ptr pParams = httpParams();
	pParams->setKeepAliveTimeout(Poco::Timespan(0, 200*1000));
	pParams->setMaxKeepAliveRequests(3);
	HTTPEventServer server(GetParam(), pParams);
	server.start();
	RawPeer idle = server.dial();
	EXPECT_EQ("/idle", ask(idle, "/idle"));
	EXPECT_TRUE(idle.atEnd());
	RawPeer busy = server.dial();
	for (int i = 0; i < 3; ++i)
	{
		busy.send(get("/busy"));
		EXPECT_EQ(i < 2, receiveAnswer(busy).keepsAlive());
	}
	EXPECT_TRUE(busy.atEnd());
	for (const std::string& request: {get("/", "Connection: close\r\n"), std::string("GET / HTTP/1.0\r\n\r\n")})
	{
		RawPeer once = server.dial();
		once.send(request);
		EXPECT_FALSE(receiveAnswer(once).keepsAlive());
		EXPECT_TRUE(once.atEnd());
	}
}


TEST_P(EventPortTest, NextRequestHasTheTimeOfTheFirst)
{
	EventParams::Ptr pParams = new EventParams;
	pParams->setHandshakeTimeout(Poco::Timespan(0, 300*1000));
	HTTPEventServer server(GetParam(), httpParams(), pParams);
	server.start();
	RawPeer idle = server.dial();
	EXPECT_EQ("/idle", ask(idle, "/idle"));
	RawPeer slow = server.dial();
	EXPECT_EQ("/slow", ask(slow, "/slow"));
	slow.send("GET /");
	EXPECT_EQ(408, receiveAnswer(slow).status());
	EXPECT_TRUE(slow.atEnd());
	EXPECT_EQ("/idle", ask(idle, "/idle")); // that lasts as long as keep-alive says
}


TEST_P(EventPortTest, BodyThatNobodyReads)
{
	HTTPEventServer server(GetParam());
	server.start();
	const std::string lines = "POST /post HTTP/1.1\r\nHost: localhost\r\n";
	const std::string body = get("/smuggled");
	const std::string posts[] =
	{
		lines + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body,
		lines + "Content-Length: 1\r\nContent-Length: 1\r\n\r\nx",
		lines + "Content-Length: 0\r\n\r\n"
	};
	for (const std::string& post: posts)
	{
		RawPeer peer = server.dial();
		peer.send(post + get("/next"));
		EXPECT_EQ("/post", receiveAnswer(peer).body);
		EXPECT_EQ("/next", receiveAnswer(peer).body);
		EXPECT_EQ("/last", ask(peer, "/last"));
	}
	RawPeer peer = server.dial();
	peer.send(lines + "Content-Length: 1000000\r\n\r\n" + pattern(70000));
	EXPECT_TRUE(closed(peer)); // rather than to receive all of it
}


TEST_P(EventPortTest, ChunkedBodiesOfAllSizes)
	/// A body's chunks come with the header, and are not where Poco looks for them.
{
	EchoHTTPServer server(GetParam());
	for (const std::size_t size: {std::size_t(1), std::size_t(3900), std::size_t(4096), std::size_t(5000), std::size_t(70000), std::size_t(300000)})
	{
		const std::string body = pattern(size);
		std::string request = "POST / HTTP/1.1\r\nHost: localhost\r\nX: " + pattern(size % 7000) + "\r\nTransfer-Encoding: chunked\r\n\r\n";
		for (std::size_t i = 0; i < size; i += 1000)
		{
			const std::string chunk = body.substr(i, 1000);
			char length[8];
			std::snprintf(length, sizeof(length), "%zx\r\n", chunk.size());
			request += length + chunk + "\r\n";
		}
		RawPeer peer = server.dial();
		peer.send(get("/") + request + "0\r\n\r\n");
		const Answer before = receiveAnswer(peer);
		EXPECT_EQ("GET ", before.body);
		EXPECT_TRUE(before.keepsAlive());
		const Answer answer = receiveAnswer(peer);
		EXPECT_TRUE("POST " + body == answer.body) << size;
		EXPECT_FALSE(answer.keepsAlive());
		EXPECT_TRUE(peer.atEnd()) << size;
	}
}


TEST_P(EventPortTest, NothingFollowsABodyOfChunks)
	/// Whether it is as it must be, and whatever the handler reads of it.
{
	EchoHTTPServer server(GetParam());
	for (const char* body: {"1\r\nx\r\n0\r\n\r\n", "1\r\nx\r\n0\r\nA: b\r\n\r\n", "1\r\nxyz\r\n0\r\n\r\n", "1;a=b\r\nx\r\n0\r\n\r\n", "0\n\r\n", "-1\r\nx\r\n0\r\n\r\n", "what\r\n", ""})
	{
		for (const char* path: {"/", "/unread"})
		{
			RawPeer peer = server.dial();
			peer.send(std::string("POST ") + path + " HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n" + body + get("/smuggled"));
			const std::string head = peer.receiveThrough("\r\n\r\n");
			EXPECT_FALSE(parseResponse(head).getKeepAlive()) << body;
			EXPECT_TRUE(closed(peer)) << body;
		}
	}
	EXPECT_EQ(16, server.handled);
}


TEST_P(EventPortTest, NothingFollowsABodyWithoutALength)
	/// Poco reads it up to the end of the connection.
{
	EchoHTTPServer server(GetParam());
	RawPeer peer = server.dial();
	peer.send("POST /unread HTTP/1.1\r\nHost: localhost\r\n\r\n" + get("/smuggled"));
	const Answer answer = receiveAnswer(peer);
	EXPECT_EQ("POST ", answer.body);
	EXPECT_FALSE(answer.keepsAlive());
	EXPECT_TRUE(closed(peer));
	EXPECT_EQ(1, server.handled);
}


TEST_P(EventPortTest, AmbiguousBodiesAreRefused)
{
	EchoHTTPServer server(GetParam());
	const std::string chunked = "Transfer-Encoding: chunked\r\n";
	const std::string requests[] =
	{
		"POST / HTTP/1.1\r\n" + chunked + "Content-Length: 5\r\n",
		"POST / HTTP/1.1\r\nContent-Length: 5\r\n" + chunked,
		"POST / HTTP/1.1\r\n" + chunked + chunked,
		"POST / HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n",
		"POST / HTTP/1.1\r\nTransfer-Encoding: identity\r\n",
		"POST / HTTP/1.0\r\n" + chunked,
		"POST / HTTP/1.0\r\nConnection: keep-alive\r\n" + chunked,
		"POST / HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n",
		"POST / HTTP/1.1\r\nContent-Length: 5,5\r\n",
		"POST / HTTP/1.1\r\nContent-Length: +5\r\n",
		"GET / HTTP/1.1\r\nContent-Length: -5\r\n",
		"POST / HTTP/1.1\r\nContent-Length: 99999999999999999999999\r\n"
	};
	for (const std::string& request: requests)
	{
		RawPeer peer = server.dial();
		peer.send(request + "Host: localhost\r\n\r\n0\r\n\r\n" + get("/smuggled"));
		const std::string head = peer.receiveThrough("\r\n\r\n");
		EXPECT_EQ(0u, head.find("HTTP/1.1 400 ")) << request << head;
		EXPECT_FALSE(parseResponse(head).getKeepAlive()) << request;
		EXPECT_TRUE(closed(peer));
	}
	EXPECT_EQ(0, server.handled);
}


TEST_P(EventPortTest, HandlerThatKeepsTheSocket)
{
	EventServer server(GetParam());
	Mailbox<Poco::Net::StreamSocket> sockets;
	server.server.setHTTP(new FunctionFactory([&](HTTPServerRequest& request, HTTPServerResponse&)
	{
		sockets.put(static_cast<Poco::Net::HTTPServerRequestImpl&>(request).detachSocket());
	}), httpParams());
	server.start();
	RawPeer peer = server.dial();
	peer.send(get("/"));
	Poco::Net::StreamSocket socket = sockets.take();
	EXPECT_TRUE(eventually([&] { return server.server.metrics().httpConnections == 0; })); // the handler has returned
	server.server.stop();
	socket.sendBytes("kept", 4);
	EXPECT_EQ("kept", peer.receive(4));
	socket.close();
	EXPECT_TRUE(peer.atEnd());
}


TEST_P(EventPortTest, HandlersThatFail)
{
	EventServer server(GetParam());
	server.server.setHTTP(new FunctionFactory([](HTTPServerRequest& request, HTTPServerResponse& response)
	{
		if (request.getURI() == "/answered") response.sendBuffer("x", 1);
		if (request.getURI() == "/std") throw std::runtime_error("x");
		throw Poco::NotImplementedException("x");
	}), httpParams());
	server.start();
	for (const char* path: {"/", "/std", "/answered"})
	{
		RawPeer peer = server.dial();
		peer.send(get(path));
		EXPECT_EQ(std::string(path) == "/answered" ? 200 : 500, receiveAnswer(peer).status()) << path;
		EXPECT_TRUE(peer.atEnd());
	}
}


TEST_P(EventPortTest, NobodyWaitsForTheClientsPartOfTheEnd)
	/// The client has the answer, and keeps its end of the connection open, without TLS's close_notify; Poco 1.13 would wait for that.
{
	HTTPServerParams::Ptr pParams = httpParams(1);
	pParams->setTimeout(Poco::Timespan(6*DEADLINE_S, 0));
	Gate gate;
	EventServer server(GetParam());
	server.server.setHTTP(new FunctionFactory([&](HTTPServerRequest& request, HTTPServerResponse& response)
	{
		if (request.getURI() == "/gate") gate.pass();
		if (request.getURI() == "/throws") throw Poco::NotImplementedException("x");
		if (request.getURI() == "/ends") response.setKeepAlive(false);
		response.sendBuffer("x", 1);
	}), pParams);
	server.start();
	for (const char* path: {"/throws", "/ends"})
	{
		RawPeer peer = server.dial();
		peer.send(get(path));
		receiveAnswer(peer);
		EXPECT_TRUE(peer.atEnd());
		EXPECT_TRUE(eventually([&] { return server.server.metrics().httpConnections == 0; })) << path;
	}
	std::vector<RawPeer> queued;
	for (int i = 0; i < 3; ++i) queued.push_back(server.dial());
	for (RawPeer& peer: queued) EXPECT_EQ("x", ask(peer, "/"));
	RawPeer busy = server.dial();
	busy.send(get("/gate"));
	EXPECT_TRUE(eventually([&] { return gate.arrived == 1; }));
	for (RawPeer& peer: queued) peer.send(get("/"));
	RawPeer last = server.dial();
	last.send("GET /");
	EXPECT_TRUE(eventually([&] { return server.server.metrics().handshakes == 1; }));
	std::future<void> stopped = std::async(std::launch::async, [&] { server.server.stop(); });
	for (RawPeer& peer: queued) EXPECT_TRUE(closed(peer));
	gate.open();
	EXPECT_EQ(std::future_status::ready, stopped.wait_for(std::chrono::seconds(2*DEADLINE_S)));
}


//
// Other protocols
//
TEST_P(EventPortTest, WhatIsNotHTTPIsToldSo)
{
	const std::string beginnings[] =
	{
		std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11), // TLS
		std::string("\x04\x01", 2), // SOCKS 4
		std::string("\x05\x01", 2), // SOCKS 5
		std::string("\x03\x00\x00\x13", 4), // RDP
		"*1\r\n$4\r\nPING\r\n", // Redis
		"EHLO localhost\r\n",
		"SSH-2.0-OpenSSH_9.2\r\n",
		"PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n",
		"GET /\r\n" // HTTP/0.9
	};
	const bool flags[] = {false, true};
	for (const bool http: flags)
	{
		HTTPEventServer withHTTP(GetParam());
		EventServer without(GetParam());
		EventServer& server = http ? withHTTP : without;
		server.start();
		for (const std::string& bytes: beginnings)
		{
			for (const std::size_t piece: {std::size_t(1), bytes.size()})
			{
				RawPeer peer = server.dial();
				try
				{
					peer.send(bytes, piece);
				}
				catch (const Poco::Exception&)
				{
					// it need not wait for the rest
				}
				const std::string head = peer.receiveThrough("\r\n\r\n");
				EXPECT_EQ(0u, head.find("HTTP/1.1 400 ")) << bytes << ": " << head;
				EXPECT_EQ("close", value(head, "Connection"));
			}
		}
	}
}


TEST_F(EventTest, PlainBytesAtATLSPort)
{
	HTTPEventServer server(Port::TLS);
	server.start();
	RawPeer peer = connectRaw(server.number(), Transport::PLAIN);
	peer.send(get("/"));
	EXPECT_TRUE(closed(peer));
}


TEST_F(EventTest, TLSAtAPlainPort)
{
	HTTPEventServer server(Port::PLAIN);
	server.start();
	EXPECT_THROW(connectRaw(server.number(), Transport::TLS), Poco::Net::NetException);
}


} // namespace WebSocketTest
