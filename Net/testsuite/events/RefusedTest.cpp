//
// RefusedTest.cpp
//
// What was refused is told: to the handler, in the counts, and in the access log.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "support/EventSupport.h"
#include "Poco/AutoPtr.h"
#include "Poco/Channel.h"
#include "Poco/Logger.h"
#include "Poco/Message.h"
#include "Poco/Net/HTTPServer.h"
#include "Poco/RegularExpression.h"
#include <future>
#include <numeric>


using Poco::Net::HTTPResponse;
using Poco::Net::HTTPServerRequest;
using Poco::Net::HTTPServerResponse;
using Poco::Net::WebSocketRefusal;


namespace WebSocketTest {


namespace
{
	int statusOf(const std::string& response)
	{
		return response.compare(0, 9, "HTTP/1.1 ") == 0 ? std::atoi(response.c_str() + 9) : 0;
	}

	class Lines: public Poco::Channel
		/// What is logged.
	{
	public:
		void log(const Poco::Message& message) override
		{
			notes.add(message.getText());
		}

		Notes notes;
	};

	class AccessLog
		/// What the access log has, as long as it exists.
	{
	public:
		AccessLog():
			_pLines(new Lines),
			_logger(Poco::Logger::get("WebSocketServer.access")),
			_pBefore(_logger.getChannel(), true)
		{
			_logger.setChannel(_pLines);
		}

		~AccessLog()
		{
			_logger.setChannel(_pBefore);
		}

		std::string line(std::size_t index = 0) const
			/// Waits for it.
		{
			EXPECT_TRUE(eventually([&] { return _pLines->notes.lines().size() > index; }));
			return _pLines->notes.lines().at(index);
		}

		std::size_t size() const
		{
			return _pLines->notes.lines().size();
		}

	private:
		Poco::AutoPtr<Lines> _pLines;
		Poco::Logger& _logger;
		Poco::AutoPtr<Poco::Channel> _pBefore;
	};

	class Refusals
		/// What a server's handler is told.
	{
	public:
		void attach(EventServer& server)
		{
			server.handler.refused = [this](const WebSocketRefusal& refusal)
			{
				std::lock_guard<std::mutex> lock(_mutex);
				_refusals.push_back(refusal);
			};
		}

		std::size_t size() const
		{
			std::lock_guard<std::mutex> lock(_mutex);
			return _refusals.size();
		}

		WebSocketRefusal at(std::size_t index) const
			/// Waits for it.
		{
			EXPECT_TRUE(eventually([&] { return size() > index; }));
			std::lock_guard<std::mutex> lock(_mutex);
			return _refusals.at(index);
		}

	private:
		mutable std::mutex _mutex;
		std::vector<WebSocketRefusal> _refusals;
	};

	void expectLine(const std::string& pattern, const std::string& line)
	{
		EXPECT_TRUE(Poco::RegularExpression(pattern).match(line)) << line << "\nis not\n" << pattern;
	}

	struct Case
	{
		const char* pName;
		WebSocketRefusal::Reason reason;
		int status;
		const char* pPath;
		std::function<void(EventParams&)> prepare;
		std::string request; // empty: nothing is sent
		bool full = false;   // there is one connection before
	};

	std::ostream& operator << (std::ostream& stream, const Case& row)
	{
		return stream << row.pName;
	}

	const std::vector<Case>& cases()
	{
		static const auto none = [](EventParams&) {};
		static const auto soon = [](EventParams& params) { params.setHandshakeTimeout(Poco::Timespan(0, 200000)); };
		static const std::vector<Case> CASES =
		{
			{"Connections", WebSocketRefusal::CONNECTION_LIMIT, 0, "", [](EventParams& params) { params.setMaxConnections(1); }, "", true},
			{"NotHTTP", WebSocketRefusal::MALFORMED, 400, "", none, "\x01\x02\r\n\r\n"},
			{"NoUpgrade", WebSocketRefusal::MALFORMED, 400, "/x", none, "GET /x?y HTTP/1.1\r\nHost: localhost\r\n\r\n"},
			{"Method", WebSocketRefusal::MALFORMED, 405, "/x", none, "POST /x HTTP/1.1\r\nHost: localhost\r\n\r\n"},
			{"Version", WebSocketRefusal::MALFORMED, 426, "/x", none, "GET /x HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 12\r\n\r\n"},
			{"LineInPath", WebSocketRefusal::MALFORMED, 400, "/\"\xff", none, "GET /\"\xff\naddress=1.2.3.4 HTTP/1.1\r\nHost: localhost\r\n\r\n"},
			{"Fields", WebSocketRefusal::TOO_LARGE, 431, "/x", [](EventParams& params) { params.setMaxHandshakeFields(5); }, handshakeRequest("/x", "A: b\r\n")},
			{"Size", WebSocketRefusal::TOO_LARGE, 431, "/x", [](EventParams& params) { params.setMaxHandshakeSize(200); }, handshakeRequest("/x", "A: " + std::string(300, 'b') + "\r\n")},
			{"Silent", WebSocketRefusal::TIMED_OUT, 0, "", soon, ""},
			{"Slow", WebSocketRefusal::TIMED_OUT, 408, "/slow", soon, "GET /slow?token=1 HTTP/1.1\r\nHost"},
			{"Origin", WebSocketRefusal::ORIGIN, 403, "/x", none, handshakeRequest("/x", "Origin: http://elsewhere.example\r\n")},
			{"OriginCheck", WebSocketRefusal::ORIGIN, 403, "/x", [](EventParams& params) { params.setOriginCheck([](const std::string&, const HTTPServerRequest&) { return false; }); },
				handshakeRequest("/x", "Origin: http://localhost\r\n")},
			{"Hook", WebSocketRefusal::HOOK, 403, "/x", [](EventParams& params) { params.setHook([](HTTPServerRequest&, HTTPServerResponse&) { return false; }); }, handshakeRequest("/x?token=1")},
			{"HookWithStatus", WebSocketRefusal::HOOK, 401, "/x", [](EventParams& params)
			{
				params.setHook([](HTTPServerRequest&, HTTPServerResponse& response) { response.requireAuthentication("x"); return false; });
			}, handshakeRequest("/x")},
			{"HookThrows", WebSocketRefusal::HOOK, 500, "/x", [](EventParams& params)
			{
				params.setHook([](HTTPServerRequest&, HTTPServerResponse&) -> bool { throw std::runtime_error("a hook's"); });
			}, handshakeRequest("/x")}
		};
		return CASES;
	}

	class EventRefusedTest: public ::testing::TestWithParam<std::tuple<Port, Case>>
	{
	private:
		Watchdog _watchdog;
	};

	std::string refusedName(const ::testing::TestParamInfo<std::tuple<Port, Case>>& info)
	{
		return portName({std::get<0>(info.param), 0}) + std::get<1>(info.param).pName;
	}

	Poco::UInt64 allRefusals(const EventServer& server)
	{
		const auto counts = server.server.metrics().refusals;
		return std::accumulate(counts.begin(), counts.end(), Poco::UInt64(0));
	}

	std::string addressPattern(Port port)
	{
		return port == Port::LOCAL ? "address=[^ ]*" : "address=127\\.0\\.0\\.1:[0-9]+";
	}
}


TEST_P(EventRefusedTest, IsToldCountedAndLogged)
{
	const auto& [port, row] = GetParam();
	AccessLog log;
	EventParams::Ptr pParams = new EventParams;
	pParams->setAccessLog(true);
	row.prepare(*pParams);
	EventServer server(port, pParams);
	Refusals refusals;
	refusals.attach(server);
	server.start();
	{
		std::unique_ptr<RawPeer> pBefore;
		if (row.full) pBefore = std::make_unique<RawPeer>(server.connect());
		try
		{
			RawPeer peer = server.dial();
			if (!row.request.empty()) peer.send(row.request);
			const std::string response = peer.receiveToEnd();
			EXPECT_EQ(row.status, response.empty() ? 0 : statusOf(response));
		}
		catch (const Poco::Exception&)
		{
			EXPECT_EQ(0, row.status); // TLS had not begun
		}
		const WebSocketRefusal refusal = refusals.at(0);
		EXPECT_EQ(row.reason, refusal.reason);
		EXPECT_EQ(row.status, refusal.status);
		EXPECT_EQ(row.pPath, refusal.path);
		EXPECT_FALSE(refusal.text.empty());
		EXPECT_EQ(port == Port::LOCAL ? "" : "127.0.0.1", port == Port::LOCAL ? "" : refusal.address.host().toString());
		EXPECT_EQ(1u, server.server.metrics().refusals[row.reason]);
		EXPECT_EQ(1u, allRefusals(server));
		expectLine("^" + addressPattern(port) + " path=\".*\" status=" + std::to_string(row.status) + " duration=[0-9]+\\.[0-9]{3} in=[0-9]+ out=[0-9]+ refused="
			+ WebSocketRefusal::name(row.reason) + "$", log.line());
	}
	EXPECT_TRUE(eventually([&] { return server.server.metrics().connections + server.server.metrics().handshakes == 0; }));
	EXPECT_EQ(1u, refusals.size());
	EXPECT_EQ(row.full ? 2u : 1u, log.size());
	EXPECT_EQ(0u, server.server.metrics().handshakesAbandoned);
}


INSTANTIATE_TEST_SUITE_P(Event, EventRefusedTest,
	::testing::Combine(::testing::Values(Port::PLAIN, Port::TLS, Port::LOCAL), ::testing::ValuesIn(cases())), refusedName);


TEST_F(EventTest, RefusedForLimits)
{
	const struct
	{
		WebSocketRefusal::Reason reason;
		std::function<void(EventParams&)> prepare;
	}
	rows[] =
	{
		{WebSocketRefusal::HANDSHAKE_LIMIT, [](EventParams& params) { params.setMaxHandshakes(1); }},
		{WebSocketRefusal::ADDRESS_LIMIT, [](EventParams& params) { params.setMaxConnectionsPerAddress(1); }},
		{WebSocketRefusal::CONNECTION_LIMIT, [](EventParams& params) { params.setMaxConnections(1); }}
	};
	for (const auto& row: rows)
	{
		EventParams::Ptr pParams = new EventParams;
		row.prepare(*pParams);
		EventServer server(Port::PLAIN, pParams);
		Refusals refusals;
		refusals.attach(server);
		server.start();
		RawPeer first = server.dial(); // stays in the handshake
		EXPECT_TRUE(eventually([&] { return server.server.metrics().handshakes == 1; }));
		for (std::size_t i = 0; i < 3; ++i)
		{
			RawPeer other = server.dial();
			EXPECT_EQ("", other.receiveToEnd());
			EXPECT_EQ(row.reason, refusals.at(i).reason);
			EXPECT_EQ(other.socket().address(), refusals.at(i).address);
		}
		EXPECT_EQ(3u, server.server.metrics().refusals[row.reason]);
		EXPECT_EQ(3u, server.server.metrics().connectionsRefused);
	}
}


TEST_F(EventTest, RefusedForTLS)
{
	const struct
	{
		const char* pName;
		std::function<void(Poco::Net::StreamSocket&)> speak;
		bool failed;
	}
	rows[] =
	{
		{"HTTP to a port of TLS", [](Poco::Net::StreamSocket& socket) { const std::string text = handshakeRequest(); socket.sendBytes(text.data(), static_cast<int>(text.size())); }, true},
		{"an alert instead of a greeting", [](Poco::Net::StreamSocket& socket) { socket.sendBytes("\x15\x03\x03\x00\x02\x02\x28", 7); socket.shutdownSend(); }, true},
		{"a look whether somebody listens", [](Poco::Net::StreamSocket& socket) { socket.shutdownSend(); }, false},
		{"the end inside of a greeting", [](Poco::Net::StreamSocket& socket) { socket.sendBytes("\x16\x03\x01\x02\x00\x01", 6); socket.shutdownSend(); }, false}
	};
	EventServer server(Port::TLS);
	Refusals refusals;
	refusals.attach(server);
	server.start();
	std::size_t failed = 0;
	Poco::UInt64 abandoned = 0;
	for (const auto& row: rows)
	{
		SCOPED_TRACE(row.pName);
		Poco::Net::StreamSocket socket;
		socket.connect(server.address(), deadline());
		socket.setReceiveTimeout(deadline());
		row.speak(socket);
		char buffer[1000];
		try
		{
			while (socket.receiveBytes(buffer, sizeof(buffer)) > 0) continue;
		}
		catch (const Poco::Net::ConnectionResetException&)
		{
			// it has not read all
		}
		EXPECT_TRUE(eventually([&] { return server.server.metrics().handshakes == 0; }));
		if (row.failed)
		{
			const WebSocketRefusal refusal = refusals.at(failed++);
			EXPECT_EQ(WebSocketRefusal::TLS_FAILED, refusal.reason);
			EXPECT_EQ(0, refusal.status);
			EXPECT_EQ(socket.address(), refusal.address);
			EXPECT_FALSE(refusal.text.empty());
		}
		else
		{
			++abandoned;
		}
		EXPECT_EQ(failed, refusals.size());
		EXPECT_EQ(failed, server.server.metrics().refusals[WebSocketRefusal::TLS_FAILED]);
		EXPECT_EQ(abandoned, server.server.metrics().handshakesAbandoned);
	}
}


TEST_P(EventPortTest, AbandonedIsNotRefused)
{
	EventServer server(GetParam());
	Refusals refusals;
	refusals.attach(server);
	server.server.setHTTP([](HTTPServerRequest&, HTTPServerResponse& response) { response.sendBuffer("x", 1); });
	server.start();
	{
		RawPeer silent = server.dial();
		RawPeer half = server.dial();
		half.send("GET / HTTP");
		RawPeer other = server.dial();
		other.send("GET / HTTP/1.1\r\nHost: localhost\r\nConnection: keep-alive\r\n\r\n");
		other.receiveThrough("\r\n\r\n"); // between two requests
		RawPeer whole = server.connect();
		EXPECT_TRUE(eventually([&] { return server.server.metrics().handshakes == 2; }));
	}
	EXPECT_TRUE(eventually([&] { return server.server.metrics().connections + server.server.metrics().handshakes + server.server.metrics().httpConnections == 0; }));
	EXPECT_EQ(2u, server.server.metrics().handshakesAbandoned);
	EXPECT_EQ(0u, allRefusals(server));
	EXPECT_EQ(0u, refusals.size());
}


TEST_P(EventPortTest, RefusedBecauseItIsBusy)
{
	std::promise<void> gate;
	const std::shared_future<void> opened = gate.get_future().share();
	std::atomic<int> arrived{0};
	EventServer server(GetParam());
	Refusals refusals;
	refusals.attach(server);
	Poco::Net::HTTPServerParams::Ptr pHTTPParams = new Poco::Net::HTTPServerParams;
	pHTTPParams->setMaxThreads(1);
	pHTTPParams->setMaxQueued(0);
	server.server.setHTTP([&](HTTPServerRequest&, HTTPServerResponse& response)
	{
		++arrived;
		opened.wait_for(std::chrono::seconds(6*DEADLINE_S));
		response.sendBuffer("x", 1);
	}, pHTTPParams);
	server.start();
	const std::string request = "GET /x?y HTTP/1.1\r\nHost: localhost\r\n\r\n";
	RawPeer first = server.dial();
	first.send(request);
	EXPECT_TRUE(eventually([&] { return arrived == 1; }));
	RawPeer second = server.dial();
	second.send(request);
	EXPECT_EQ(503, statusOf(second.receiveThrough("\r\n\r\n")));
	EXPECT_EQ(WebSocketRefusal::BUSY, refusals.at(0).reason);
	EXPECT_EQ("/x", refusals.at(0).path);
	EXPECT_EQ(503, refusals.at(0).status);
	EXPECT_EQ(1u, server.server.metrics().connectionsRefused);
	EXPECT_EQ(1u, allRefusals(server));
	gate.set_value();
	first.receiveThrough("\r\n\r\n");
}


TEST_F(EventTest, RefusedByAdopt)
{
	EventParams::Ptr pParams = new EventParams;
	pParams->setMaxConnections(1);
	pParams->setAccessLog(true);
	AccessLog log;
	EventServer server(Port::PLAIN, pParams);
	Refusals refusals;
	refusals.attach(server);
	server.start();
	const Poco::Net::ServerSocket socket(Poco::Net::SocketAddress("127.0.0.1", 0), 64);
	Poco::Net::HTTPServer http(new FunctionFactory([&server](HTTPServerRequest& request, HTTPServerResponse& response)
	{
		try
		{
			server.server.adopt(request, response);
		}
		catch (const Poco::Exception&)
		{
			// it is told elsewhere
		}
	}), socket, new Poco::Net::HTTPServerParams);
	http.start();
	const struct
	{
		std::string request;
		WebSocketRefusal::Reason reason;
		int status;
	}
	rows[] =
	{
		{handshakeRequest("/x?y", "Origin: http://elsewhere.example\r\n"), WebSocketRefusal::ORIGIN, 403},
		{"GET /x HTTP/1.1\r\nHost: localhost\r\n\r\n", WebSocketRefusal::MALFORMED, 400},
		{handshakeRequest("/x"), WebSocketRefusal::CONNECTION_LIMIT, 503}
	};
	std::size_t count = 0;
	for (const auto& row: rows)
	{
		std::unique_ptr<RawPeer> pOpen;
		if (row.reason == WebSocketRefusal::CONNECTION_LIMIT) pOpen = std::make_unique<RawPeer>(server.connect());
		RawPeer peer = connectRaw(socket.address().port(), Transport::PLAIN);
		peer.send(row.request);
		EXPECT_EQ(row.status, statusOf(peer.receiveThrough("\r\n\r\n")));
		const WebSocketRefusal refusal = refusals.at(count);
		EXPECT_EQ(row.reason, refusal.reason);
		EXPECT_EQ(row.status, refusal.status);
		EXPECT_EQ("/x", refusal.path);
		EXPECT_EQ(peer.socket().address(), refusal.address);
		EXPECT_EQ(std::string::npos, log.line(count).find("\n"));
		++count;
		EXPECT_EQ(count, allRefusals(server));
	}
	http.stopAll(true);
}


TEST_P(EventPortTest, WhatOnRefusedThrowsIsIgnored)
{
	EventParams::Ptr pParams = new EventParams;
	pParams->setMaxConnections(1);
	EventServer server(GetParam(), pParams);
	std::atomic<int> count{0};
	server.handler.refused = [&count](const WebSocketRefusal&)
	{
		++count;
		throw std::runtime_error("a callback's");
	};
	server.start();
	for (int i = 1; i <= 3; ++i)
	{
		RawPeer first = server.connect();
		EXPECT_ANY_THROW(server.connect());
		EXPECT_TRUE(eventually([&] { return count == i; }));
		first.close();
		EXPECT_TRUE(eventually([&] { return server.server.metrics().connections == 0; }));
	}
}


TEST_F(EventTest, CallbackForWhatIsRefused)
{
	std::atomic<int> reason{-1};
	Poco::Net::WebSocketServerCallbacks callbacks;
	callbacks.onRefused = [&reason](const WebSocketRefusal& refusal) { reason = refusal.reason; };
	Poco::Net::WebSocketServer server(callbacks);
	server.listen(Poco::Net::SocketAddress("127.0.0.1", 0));
	server.start();
	RawPeer peer = connectRaw(server.port(), Transport::PLAIN);
	peer.send(handshakeRequest("/", "Origin: http://elsewhere.example\r\n"));
	peer.receiveToEnd();
	EXPECT_TRUE(eventually([&] { return reason == WebSocketRefusal::ORIGIN; }));
}


TEST_P(EventPortTest, RefusedForTheRate)
{
	EventParams::Ptr pParams = new EventParams;
	pParams->setHandshakeRate(1, 2);
	EventServer server(GetParam(), pParams);
	Refusals refusals;
	refusals.attach(server);
	server.start();
	int opened = 0;
	try
	{
		while (opened < 50)
		{
			server.connect();
			++opened;
		}
	}
	catch (const Poco::TimeoutException&)
	{
		FAIL();
	}
	catch (const Poco::Exception&)
	{
		EXPECT_EQ(WebSocketRefusal::HANDSHAKE_RATE, refusals.at(0).reason);
	}
	EXPECT_GE(opened, 2);
	if (GetParam() == Port::LOCAL) EXPECT_EQ(50, opened); // has no address
	else EXPECT_EQ(1u, server.server.metrics().connectionsRefused);
	EXPECT_TRUE(eventually([&] // after a second there is room again
	{
		try
		{
			server.connect();
			return true;
		}
		catch (const Poco::Exception&)
		{
			return false;
		}
	}));
}


//
// Age
//
TEST_P(EventPortTest, OldConnectionsAreClosed)
{
	EventParams::Ptr pParams = new EventParams;
	pParams->setMaxAge(Poco::Timespan(0, 400000));
	EventServer server(GetParam(), pParams);
	server.start();
	std::vector<RawPeer> peers;
	for (int i = 0; i < 5; ++i) peers.push_back(server.connect());
	RawPeer busy = server.connect();
	Frame frame;
	do // messages do not keep it
	{
		busy.send(textFrame("x"));
		frame = busy.receiveFrame();
	}
	while (frame.opcode() == WebSocketFrame::OP_TEXT);
	EXPECT_EQ(1001, frame.closeCode());
	for (RawPeer& peer: peers) expectClosed(peer, 1001);
	for (std::size_t i = 0; i < peers.size(); ++i)
	{
		const EventConnection::Metrics metrics = server.handler.connection(i)->metrics();
		EXPECT_GE(metrics.since.elapsed(), 300000 - 2000); // a quarter less at most
	}
	EXPECT_EQ(6u, server.server.metrics().timeouts[Poco::Net::WebSocketServer::AGE_LIMIT]);
}


TEST_P(EventPortTest, OldConnectionThatIsPaused)
{
	EventParams::Ptr pParams = new EventParams;
	pParams->setMaxAge(Poco::Timespan(0, 100000));
	EventServer server(GetParam(), pParams);
	server.handler.open = [](EventConnection& connection, HTTPServerRequest&) { connection.pause(); };
	server.start();
	RawPeer peer = server.connect();
	peer.send(textFrame("kept back"));
	expectClosed(peer, 1001);
	EXPECT_TRUE(server.handler.has("message 9 kept back") || server.handler.count() == 1);
}


//
// Access log
//
TEST_P(EventPortTest, AccessLogOfConnections)
{
	const struct
	{
		const char* pName;
		std::function<void(RawPeer&)> speak;
		const char* pEnd; // of the line
	}
	rows[] =
	{
		{"the peer closes", [](RawPeer& peer)
		{
			peer.send(textFrame("one") + textFrame("two") + closeFrame(1001));
			peer.receiveToEnd();
		}, "in=39 out=14 messages_in=2 messages_out=2 close=1001 by=peer"},
		{"the server closes", [](RawPeer& peer)
		{
			peer.send(textFrame("close"));
			expectClosed(peer, 4000);
		}, "in=[0-9]+ out=[0-9]+ messages_in=1 messages_out=0 close=4000 by=server"},
		{"the peer breaks a rule", [](RawPeer& peer)
		{
			peer.send("\xff");
			peer.send(masked(0x83));
			peer.receiveToEnd();
			peer.close();
		}, "in=[0-9]+ out=[0-9]+ messages_in=0 messages_out=0 close=1002 by=server"},
		{"the peer vanishes", [](RawPeer& peer)
		{
			peer.send(textFrame("one"));
			expectText(peer, "one");
			peer.reset();
		}, "in=[0-9]+ out=[0-9]+ messages_in=1 messages_out=1 close=1006 by=nobody"}
	};
	AccessLog log;
	EventParams::Ptr pParams = new EventParams;
	pParams->setAccessLog(true);
	EventServer server(GetParam(), pParams);
	server.handler.message = [](EventConnection& connection, std::string_view message, WebSocketFrame::Opcode opcode)
	{
		if (message == "close") connection.close(4000);
		else connection.send(message, opcode);
	};
	server.start();
	std::size_t count = 0;
	for (const auto& row: rows)
	{
		SCOPED_TRACE(row.pName);
		RawPeer peer = server.dial();
		peer.send(handshakeRequest("/room\\\"?token=secret"));
		peer.receiveThrough("\r\n\r\n");
		row.speak(peer);
		std::string end = row.pEnd;
		expectLine("^" + addressPattern(GetParam()) + " path=\"/room\\\\\\\\\\\\\"\" status=101 duration=[0-9]+\\.[0-9]{3} .*" + end.substr(end.find("messages_in")) + "$", log.line(count++));
	}
	EXPECT_EQ(count, log.size());
}


TEST_P(EventPortTest, AccessLogIsOffByDefault)
{
	AccessLog log;
	EventServer server(GetParam());
	server.start();
	{
		RawPeer peer = server.connect();
		peer.send(closeFrame());
		peer.receiveToEnd();
	}
	EXPECT_TRUE(eventually([&] { return server.server.metrics().connections == 0; }));
	server.server.stop();
	EXPECT_EQ(0u, log.size());
}


} // namespace WebSocketTest
