//
// RoutingTest.cpp
//
// Handlers and parameters by path, on one port, beside HTTP.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "support/EventSupport.h"
#include "support/MessageSupport.h"
#include "Poco/Net/NetException.h"
#include "Poco/Net/WebSocketError.h"
#include "Poco/Exception.h"
#include <atomic>
#include <thread>


using Poco::Net::HTTPServerRequest;
using Poco::Net::HTTPServerResponse;
using Poco::Net::WebSocketAcceptance;
using Poco::Net::WebSocketConnectionParams;
using Poco::Net::WebSocketServer;
using Poco::Net::WebSocketServerCallbacks;


namespace WebSocketTest {
namespace {


int statusOf(const std::string& response)
{
	return response.compare(0, 9, "HTTP/1.1 ") == 0 ? std::atoi(response.c_str() + 9) : 0;
}

WebSocketServerCallbacks callbacks(const std::string& name)
	/// Answer with that, the route and its parameter.
{
	WebSocketServerCallbacks result;
	result.onMessage = [name](EventConnection& connection, std::string_view message, WebSocketFrame::Opcode)
	{
		if (message == "?") connection.sendText(name + " " + connection.route() + " " + connection.routeParameter());
		else connection.sendText("#" + std::to_string(message.size()));
	};
	return result;
}

class RawServerOf
	/// A server with routes only, on a port.
{
public:
	explicit RawServerOf(Poco::Net::WebSocketServerParams::Ptr pParams = new EventParams):
		server(oneLoop(pParams))
	{
		server.listen(Poco::Net::SocketAddress("127.0.0.1", 0));
	}

	RawPeer dial() const
	{
		return connectRaw(server.port(), Transport::PLAIN);
	}

	WebSocketServer server;

private:
	static Poco::Net::WebSocketServerParams::Ptr oneLoop(Poco::Net::WebSocketServerParams::Ptr pParams)
	{
		pParams->setThreads(1);
		return pParams;
	}
};

std::string headOf(RawPeer& peer, const std::string& path, const std::string& headers = "")
{
	peer.send(handshakeRequest(path, headers));
	return peer.receiveThrough("\r\n\r\n");
}

template <class Server>
std::string answerFrom(const Server& server, const std::string& path)
	/// Returns the status, or what the handler of the path says.
{
	RawPeer peer = server.dial();
	const std::string head = headOf(peer, path);
	if (statusOf(head) != 101) return std::to_string(statusOf(head));
	peer.send(textFrame("?"));
	return peer.receiveFrame().payload;
}


} // namespace


TEST_P(EventPortTest, RoutesOnOnePort)
{
	EventServer server(GetParam());
	server.handler.message = [](EventConnection& connection, std::string_view, WebSocketFrame::Opcode)
	{
		connection.sendText("default " + connection.route() + " " + connection.routeParameter());
	};
	server.server.addRoute("/chat", callbacks("chat"));
	server.server.addRoute("/rooms/{id}", callbacks("room"));
	server.server.addRoute("/rooms/lobby", callbacks("lobby"));
	server.server.addRoute("/files/*", callbacks("files"));
	server.start();
	const std::vector<std::pair<std::string, std::string>> rows =
	{
		{"/chat", "chat /chat "},
		{"/chat?token=1", "chat /chat "},
		{"/chat/", "default  "},
		{"/rooms/lobby", "lobby /rooms/lobby "},
		{"/rooms/a%20b%2Fc", "room /rooms/{id} a b/c"},
		{"/rooms/", "default  "},
		{"/files/a/b", "files /files/* a/b"},
		{"/%66iles/", "files /files/* "},
		{"http://localhost/chat", "chat /chat "},
		{"/", "default  "},
		{"/%", "default  "}
	};
	for (const auto& row: rows) EXPECT_EQ(row.second, answerFrom(server, row.first)) << row.first;
}


TEST_F(EventTest, NoRoute)
{
	RawServerOf none;
	none.server.addRoute("/chat", callbacks("chat"));
	none.server.start();
	EXPECT_EQ("chat /chat ", answerFrom(none, "/chat"));
	EXPECT_EQ("404", answerFrom(none, "/"));
	EXPECT_EQ(1u, none.server.metrics().refusals[Poco::Net::WebSocketRefusal::NO_ROUTE]);
	RawPeer other = none.dial();
	other.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
	EXPECT_EQ(404, statusOf(other.receiveThrough("\r\n\r\n")));
	RawPeer wrong = none.dial();
	wrong.send("GET /chat HTTP/1.1\r\nHost: x\r\n\r\n");
	EXPECT_EQ(400, statusOf(wrong.receiveThrough("\r\n\r\n")));

	RawServerOf nothing;
	nothing.server.start();
	EXPECT_EQ("404", answerFrom(nothing, "/"));

	RawServerOf beside; // the requests without a route are those of HTTP
	beside.server.addRoute("/chat", callbacks("chat"));
	std::atomic<int> handled{0};
	beside.server.setHTTP([&](HTTPServerRequest& request, HTTPServerResponse& response)
	{
		++handled;
		response.setStatus(request.getURI() == "/chat" ? HTTPServerResponse::HTTP_OK : HTTPServerResponse::HTTP_GONE);
		response.setContentLength(0);
		response.send();
	});
	beside.server.start();
	EXPECT_EQ("chat /chat ", answerFrom(beside, "/chat"));
	EXPECT_EQ(0, handled);
	EXPECT_EQ("410", answerFrom(beside, "/"));
	EXPECT_EQ(1, handled);
	RawPeer page = beside.dial();
	page.send("GET /chat HTTP/1.1\r\nHost: x\r\n\r\n");
	EXPECT_EQ(200, statusOf(page.receiveThrough("\r\n\r\n")));
	EXPECT_EQ(101, statusOf(headOf(page, "/chat"))) << "after another request on the connection";
	page.send(textFrame("?"));
	expectText(page, "chat /chat ");
	RawPeer framing = beside.dial();
	framing.send("GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nContent-Length: 1, 2\r\n\r\n");
	EXPECT_EQ(400, statusOf(framing.receiveThrough("\r\n\r\n")));
}


TEST_P(EventPortTest, ARouteHasItsOwnParameters)
{
	EventParams::Ptr pParams = new EventParams;
	pParams->setSubprotocols({"a"});
	pParams->setMaxMessageSize(100);
	WebSocketConnectionParams::Ptr pOwn = new WebSocketConnectionParams;
	pOwn->setSubprotocols({"b"});
	pOwn->setMaxMessageSize(1000);
	pOwn->setDeflate(true);
	pOwn->setAllowedOrigins({"https://there"});
	pOwn->setHook([](HTTPServerRequest& request, HTTPServerResponse& response)
	{
		response.set("X-Hook", "own");
		return !request.has("X-Refuse");
	});
	EventServer server(GetParam(), pParams);
	server.server.addRoute("/own", callbacks("own"), pOwn);
	server.server.addRoute("/same", callbacks("same"));
	server.start();
	const std::string offers = "Sec-WebSocket-Protocol: a, b\r\nSec-WebSocket-Extensions: permessage-deflate\r\n";
	for (const std::string path: {"/own", "/same", "/"})
	{
		SCOPED_TRACE(path);
		const bool own = path == "/own";
		RawPeer foreign = server.dial();
		EXPECT_EQ(own ? 101 : 403, statusOf(headOf(foreign, path, "Origin: https://there\r\n")));
		RawPeer refused = server.dial();
		EXPECT_EQ(own ? 403 : 101, statusOf(headOf(refused, path, "X-Refuse: 1\r\n")));
		RawPeer peer = server.dial();
		const std::string head = headOf(peer, path, offers);
		EXPECT_EQ(own ? "b" : "a", value(head, "Sec-WebSocket-Protocol"));
		EXPECT_EQ(own ? 1 : 0, lines(head, "Sec-WebSocket-Extensions"));
		EXPECT_EQ(own ? 1 : 0, lines(head, "X-Hook"));
		peer.send(textFrame(std::string(101, 'x')));
		if (!own)
		{
			expectClosed(peer, 1009);
			continue;
		}
		EXPECT_EQ(FIN_TEXT, peer.receiveFrame().flags & ~0x40);
		peer.send(textFrame(std::string(1001, 'x')));
		expectClosed(peer, 1009);
	}
}


TEST_F(EventTest, TimesAndQueueOfARoute)
{
	WebSocketConnectionParams::Ptr pOwn = new WebSocketConnectionParams;
	pOwn->setIdleTimeout(Poco::Timespan(0, 50*1000));
	pOwn->setMaxQueuedBytes(1000);
	pOwn->setQueuePolicy(WebSocketConnectionParams::QUEUE_CLOSE_1008);
	EventServer server;
	server.server.addRoute("/own", callbacks("own"), pOwn);
	WebSocketServerCallbacks flood;
	std::atomic<bool> full(false);
	flood.onOpen = [&full](EventConnection& connection, HTTPServerRequest&)
	{
		while (connection.sendText(std::string(900, 'x')) == EventConnection::SENT) {}
		full = true;
	};
	server.server.addRoute("/flood", flood, pOwn);
	server.start();
	RawPeer idle = server.dial();
	RawPeer other = server.dial();
	headOf(other, "/");
	headOf(idle, "/own");
	expectClosed(idle, 1001);
	RawPeer flooded = server.dial();
	headOf(flooded, "/flood");
	EXPECT_TRUE(eventually([&] { return full.load(); }));
	Frame received = flooded.receiveFrame();
	while (received.flags == FIN_TEXT) received = flooded.receiveFrame();
	EXPECT_EQ(1008, received.closeCode());
	other.send(textFrame("x"));
	expectText(other, "x");
}


TEST_F(EventTest, WhatTheServerLimitsIsLimitedOnRoutes)
{
	EventParams::Ptr pParams = new EventParams;
	pParams->setMaxAge(Poco::Timespan(0, 50*1000));
	RawServerOf server(pParams);
	server.server.addRoute("/own", callbacks("own"), new WebSocketConnectionParams);
	server.server.start();
	RawPeer peer = server.dial();
	EXPECT_EQ(101, statusOf(headOf(peer, "/own")));
	expectClosed(peer, 1001);
}


TEST_F(EventTest, ARefusalIsToldTheHandlerOfItsPath)
{
	Notes notes;
	const auto noting = [&notes](const std::string& name)
	{
		WebSocketServerCallbacks result;
		result.onRefused = [&notes, name](const Poco::Net::WebSocketRefusal& refusal) { notes.add(name + " " + std::to_string(refusal.status) + " " + refusal.path); };
		return result;
	};
	WebSocketConnectionParams::Ptr pOwn = new WebSocketConnectionParams;
	pOwn->setHook([](HTTPServerRequest&, HTTPServerResponse&) { return false; });
	EventParams::Ptr pParams = new EventParams;
	pParams->setThreads(1);
	WebSocketServer server(noting("default"), pParams);
	server.addRoute("/own/{id}", noting("own"), pOwn);
	server.listen(Poco::Net::SocketAddress("127.0.0.1", 0));
	server.start();
	RawPeer own = connectRaw(server.port(), Transport::PLAIN);
	EXPECT_EQ(403, statusOf(headOf(own, "/own/1")));
	RawPeer other = connectRaw(server.port(), Transport::PLAIN);
	EXPECT_EQ(403, statusOf(headOf(other, "/other", "Origin: https://there\r\n")));
	notes.expect({"own 403 /own/1", "default 403 /other"});
}


TEST_P(EventPortTest, ARequestThatCannotBeReadIsNobodysButTheServers)
	/// As much of it as has come may look like the path of a route.
{
	Notes notes;
	const auto noting = [&notes](const std::string& name)
	{
		return [&notes, name](const Poco::Net::WebSocketRefusal& refusal)
		{
			notes.add(name + " " + std::to_string(refusal.status) + " " + Poco::Net::WebSocketRefusal::name(refusal.reason) + " " + refusal.path.substr(0, 10));
		};
	};
	WebSocketServerCallbacks routes;
	routes.onRefused = noting("own");
	WebSocketConnectionParams::Ptr pOwn = new WebSocketConnectionParams;
	WebSocketConnectionParams::Ptr pAsks = new WebSocketConnectionParams;
	Mailbox<WebSocketAcceptance::Ptr> waiting;
	pAsks->setAsyncHook([&](const WebSocketAcceptance::Ptr& pWaiting) { waiting.put(pWaiting); });
	pAsks->setAcceptanceTimeout(Poco::Timespan(0, 50*1000));
	EventParams::Ptr pParams = new EventParams;
	pParams->setHandshakeTimeout(Poco::Timespan(2, 0));
	pParams->setMaxHandshakeSize(1000);
	EventServer server(GetParam(), pParams);
	server.handler.refused = noting("default");
	server.server.addRoute("/own/*", routes, pOwn);
	server.server.addRoute("/o", routes, pOwn);
	server.server.addRoute("/asks", routes, pAsks);
	server.start();
	const struct
	{
		std::string request;
		int status;
		std::string note;
	}
	rows[] =
	{
		{"GET /own/1 HTTP/1.1\r\nX: " + std::string(1000, 'x'), 431, "default 431 too_large /own/1"},
		{"GET /own/" + std::string(1000, 'x'), 431, "default 431 too_large /own/xxxxx"},
		{"GET /own/1\r\n\r\n", 400, "default 400 malformed /own/1"},
		{"GET /own/1 HTTP/1.1\r\nno field\r\n\r\n", 400, "default 400 malformed /own/1"},
		{"GET /o", 408, "default 408 timed_out /o"}, // it is of /own/1
		{"GET /own/1 HTTP/1.1\r\n", 408, "default 408 timed_out /own/1"},
		{"GET /own/1 HTTP/1.1\r\nHost: x\r\n\r\n", 400, "own 400 malformed /own/1"}, // it is read, and is none for WebSocket
		{handshakeRequest("/asks"), 503, "own 503 timed_out /asks"}
	};
	std::vector<std::string> expected;
	for (const auto& row: rows)
	{
		SCOPED_TRACE(row.request.substr(0, 40));
		RawPeer peer = server.dial();
		peer.send(row.request);
		EXPECT_EQ(row.status, statusOf(peer.receiveThrough("\r\n\r\n")));
		expected.push_back(row.note.substr(0, row.note.find('/') + 10));
		EXPECT_TRUE(eventually([&] { return notes.lines().size() == expected.size(); }));
	}
	EXPECT_EQ(expected, notes.lines());
}


TEST_F(EventTest, AHookOfARouteMayAnswerLater)
{
	Mailbox<WebSocketAcceptance::Ptr> waiting;
	WebSocketConnectionParams::Ptr pOwn = new WebSocketConnectionParams;
	pOwn->setAsyncHook([&](const WebSocketAcceptance::Ptr& pWaiting) { waiting.put(pWaiting); });
	WebSocketConnectionParams::Ptr pSoon = new WebSocketConnectionParams;
	pSoon->setAsyncHook([&](const WebSocketAcceptance::Ptr& pWaiting) { waiting.put(pWaiting); });
	pSoon->setAcceptanceTimeout(Poco::Timespan(0, 50*1000));
	RawServerOf server;
	server.server.addRoute("/rooms/{id}", callbacks("room"), pOwn);
	server.server.addRoute("/soon", callbacks("soon"), pSoon);
	server.server.addRoute("/now", callbacks("now"));
	server.server.start();
	RawPeer soon = server.dial();
	EXPECT_EQ(503, statusOf(headOf(soon, "/soon"))) << "the route's time";
	EXPECT_TRUE(waiting.take()->cancelled());
	RawPeer peer = server.dial();
	peer.send(handshakeRequest("/rooms/7%2B") + textFrame("?"));
	const WebSocketAcceptance::Ptr pWaiting = waiting.take();
	EXPECT_EQ("/rooms/{id}", pWaiting->route());
	EXPECT_EQ("7+", pWaiting->routeParameter());
	EXPECT_EQ("now /now ", answerFrom(server, "/now"));
	EXPECT_TRUE(pWaiting->accept());
	EXPECT_EQ(101, statusOf(peer.receiveThrough("\r\n\r\n")));
	expectText(peer, "room /rooms/{id} 7+");
}


TEST_F(EventTest, RoutesThatAreNone)
{
	EventServer server;
	const WebSocketServerCallbacks none;
	for (const char* path: {"", "chat", "/a*", "/{a}/{b}", "/a?b"}) EXPECT_THROW(server.server.addRoute(path, none), Poco::InvalidArgumentException) << path;
	server.server.addRoute("/a", none);
	server.server.addRoute("/b/{x}", none);
	EXPECT_THROW(server.server.addRoute("/%61", none), Poco::InvalidArgumentException);
	EXPECT_THROW(server.server.addRoute("/b/{y}", none), Poco::InvalidArgumentException);
	EXPECT_THROW(server.server.addRoute("/c", Poco::Net::WebSocketServerHandler::Ptr()), Poco::InvalidArgumentException);
	EXPECT_THROW(WebSocketServer{Poco::Net::WebSocketServerParams::Ptr()}, Poco::InvalidArgumentException);
	server.start();
	EXPECT_THROW(server.server.addRoute("/c", none), Poco::IllegalStateException);
	RawPeer peer = server.dial();
	EXPECT_EQ(101, statusOf(headOf(peer, "/b/1")));
}


TEST_P(EventPortTest, WhatIsForAllIsForAllRoutes)
{
	auto pRoom = Poco::SharedPtr<Recorder>(new Recorder);
	EventServer server(GetParam());
	server.server.addRoute("/rooms/{id}", pRoom);
	server.start();
	RawPeer room = server.dial();
	RawPeer other = server.dial();
	EXPECT_EQ(101, statusOf(headOf(room, "/rooms/1")));
	EXPECT_EQ(101, statusOf(headOf(other, "/")));
	EXPECT_TRUE(eventually([&] { return server.server.metrics().connections == 2; }));
	EXPECT_EQ(2u, server.server.metrics().connectionsOpened);
	pRoom->connection(0);
	server.handler.connection(0);
	server.server.broadcast(Poco::Net::WebSocketPreparedMessage::text("all"));
	expectText(room, "all");
	expectText(other, "all");
	std::thread drain([&] { EXPECT_EQ(1u, server.server.drain(Poco::Timespan(0, 200*1000)).size()); }); // one of them does not answer
	expectClosed(other, 1001);
	EXPECT_EQ(1001, room.receiveFrame().closeCode());
	drain.join();
	EXPECT_EQ("open", pRoom->finalLog()[0]);
	EXPECT_EQ("close 1001", server.handler.finalLog().back().substr(0, 10));
	EXPECT_EQ("close 1006", pRoom->finalLog().back().substr(0, 10));
	EXPECT_EQ(1u, pRoom->count());
	EXPECT_EQ(1u, server.handler.count());
	EXPECT_EQ("/rooms/{id}", pRoom->connection()->route());
	EXPECT_EQ("1", pRoom->connection()->routeParameter());
	EXPECT_EQ(0, server.server.metrics().connections);
	pRoom->forget(); // its connections have the server, which has it
}


TEST_F(EventTest, AConnectionOutlivesTheServerOfItsRoute)
{
	Mailbox<EventConnection::Ptr> opened;
	EventConnection::Ptr pConnection;
	{
		RawServerOf server;
		WebSocketServerCallbacks keeping;
		keeping.onOpen = [&](EventConnection& connection, HTTPServerRequest&) { opened.put(EventConnection::Ptr(&connection, true)); };
		server.server.addRoute("/a/{b}/c", keeping);
		server.server.start();
		RawPeer peer = server.dial();
		EXPECT_EQ(101, statusOf(headOf(peer, "/a/b/c")));
		pConnection = opened.take();
	}
	EXPECT_EQ("/a/{b}/c", pConnection->route());
	EXPECT_EQ("b", pConnection->routeParameter());
	EXPECT_EQ(EventConnection::CLOSED, pConnection->state());
	EXPECT_EQ(EventConnection::NOT_OPEN, pConnection->sendText("x"));
}


TEST_F(EventTest, ARoutesCallbackDestroysTheServer)
	/// Nothing is called any more, for connections of no route.
{
	std::atomic<int> closed{0};
	std::atomic<bool> destroyed{false};
	auto pServer = std::make_unique<WebSocketServer>();
	WebSocketServerCallbacks destroying;
	destroying.onMessage = [&](EventConnection&, std::string_view, WebSocketFrame::Opcode)
	{
		pServer.reset();
		destroyed = true;
	};
	destroying.onClose = [&](EventConnection&, int, const std::string&) { ++closed; };
	WebSocketServerCallbacks other;
	other.onClose = destroying.onClose;
	pServer->addRoute("/a", destroying);
	pServer->addRoute("/b", other);
	pServer->listen(Poco::Net::SocketAddress("127.0.0.1", 0));
	pServer->start();
	RawPeer a = connectRaw(pServer->port(), Transport::PLAIN);
	RawPeer b = connectRaw(pServer->port(), Transport::PLAIN);
	EXPECT_EQ(101, statusOf(headOf(a, "/a")));
	EXPECT_EQ(101, statusOf(headOf(b, "/b")));
	a.send(textFrame("x"));
	EXPECT_EQ("", a.receiveToEnd());
	EXPECT_EQ("", b.receiveToEnd());
	EXPECT_TRUE(eventually([&] { return destroyed.load(); }));
	EXPECT_EQ(0, closed);
}


TEST_F(EventTest, AdoptedByRoute)
{
	WebSocketConnectionParams::Ptr pOwn = new WebSocketConnectionParams;
	pOwn->setSubprotocols({"own"});
	RawServerOf server;
	server.server.addRoute("/rooms/{id}", callbacks("room"), pOwn);
	std::atomic<int> refused{0};
	server.server.setHTTP([&](HTTPServerRequest& request, HTTPServerResponse& response)
	{
		try
		{
			if (request.getURI() == "/moved") request.setURI("/rooms/moved");
			server.server.adopt(request, response);
		}
		catch (const Poco::Net::WebSocketException& exc)
		{
			EXPECT_EQ(Poco::Net::WebSocketError::HANDSHAKE_REFUSED, exc.code());
			++refused;
		}
	});
	server.server.start();
	EXPECT_EQ("404", answerFrom(server, "/other"));
	EXPECT_TRUE(eventually([&] { return refused == 1; }));
	RawPeer peer = server.dial();
	const std::string head = headOf(peer, "/moved", "Sec-WebSocket-Protocol: own\r\n");
	EXPECT_EQ("own", value(head, "Sec-WebSocket-Protocol"));
	peer.send(textFrame("?"));
	expectText(peer, "room /rooms/{id} moved");
	EXPECT_TRUE(eventually([&] { return server.server.metrics().httpConnections == 0; }));
	EXPECT_EQ(1, server.server.metrics().connections);
}


} // namespace WebSocketTest
