//
// CallbacksTest.cpp
//
// How servers and clients are set up: functions instead of a handler, ports, the request of the opening handshake.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "support/EventSupport.h"
#include "support/TestSupport.h"
#include "Poco/Net/HTTPRequest.h"
#include "Poco/Net/HTTPServerRequest.h"
#include "Poco/Net/HTTPServerResponse.h"
#include "Poco/Net/NetException.h"
#include "Poco/Net/WebSocketClient.h"
#include <stdexcept>


using Poco::Net::HTTPRequest;
using Poco::Net::HTTPResponse;
using Poco::Net::HTTPServerRequest;
using Poco::Net::HTTPServerResponse;
using Poco::Net::ServerSocket;
using Poco::Net::SocketAddress;
using Poco::Net::WebSocketClient;
using Poco::Net::WebSocketClientCallbacks;
using Poco::Net::WebSocketClientParams;
using Poco::Net::WebSocketServer;
using Poco::Net::WebSocketServerCallbacks;


namespace WebSocketTest {


namespace
{
	using Log = std::vector<std::string>;

	Poco::URI uriOf(Poco::UInt16 port)
	{
		return Poco::URI("ws://127.0.0.1:" + std::to_string(port) + "/path?query");
	}

	WebSocketServerCallbacks echo()
	{
		WebSocketServerCallbacks callbacks;
		callbacks.onMessage = [](EventConnection& connection, std::string_view message, WebSocketFrame::Opcode opcode) { connection.send(message, opcode); };
		return callbacks;
	}

	RawPeer connectTo(Poco::UInt16 port)
	{
		RawPeer peer = connectRaw(port, Transport::PLAIN);
		peer.send(handshakeRequest());
		peer.receiveThrough("\r\n\r\n");
		return peer;
	}

	class CallbacksTest: public EventTest
	{
	protected:
		Notes notes;
	};
}


//
// Functions instead of a handler
//
TEST_F(CallbacksTest, ServerWithHTTPBesideIt)
{
	WebSocketServer server(echo());
	server.setHTTP([](HTTPServerRequest& request, HTTPServerResponse& response) { response.send() << "page " << request.getURI(); });
	server.listen(SocketAddress("127.0.0.1", 0));
	server.start();

	RawPeer peer = connectTo(server.port());
	peer.send(textFrame("hello"));
	expectText(peer, "hello");
	RawPeer browser = connectRaw(server.port(), Transport::PLAIN);
	browser.send("GET /index HTTP/1.0\r\n\r\n");
	const std::string answer = browser.receiveToEnd();
	EXPECT_EQ(0u, answer.find("HTTP/1.0 200 OK\r\n")) << answer;
	EXPECT_NE(std::string::npos, answer.find("page /index")) << answer;
}


TEST_F(CallbacksTest, HTTPFunctionThatThrows)
	/// As a HTTPRequestHandler that throws: status 500.
{
	WebSocketServer server(echo());
	server.setHTTP([](HTTPServerRequest&, HTTPServerResponse&) { throw Poco::RuntimeException("no"); });
	server.listen(SocketAddress("127.0.0.1", 0));
	server.start();
	RawPeer browser = connectRaw(server.port(), Transport::PLAIN);
	browser.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
	EXPECT_EQ(0u, browser.receiveToEnd().find("HTTP/1.1 500 "));
	EXPECT_THROW(WebSocketServer(echo()).setHTTP(WebSocketServer::HTTPHandler()), Poco::InvalidArgumentException);
}


TEST_F(CallbacksTest, EachFunctionOfAServer)
{
	WebSocketServerCallbacks callbacks;
	callbacks.onOpen = [&](EventConnection& connection, HTTPServerRequest& request)
	{
		notes.add("open " + request.getURI());
		connection.setParts(request.getURI() == "/parts");
	};
	callbacks.onMessage = [&](EventConnection& connection, std::string_view message, WebSocketFrame::Opcode opcode)
	{
		notes.add("message " + std::string(message));
		connection.send(message, opcode);
		connection.pause(); // what is queued now drains
		connection.resume();
	};
	callbacks.onPart = [&](EventConnection&, std::string_view part, WebSocketFrame::Opcode, bool last) { notes.add("part " + std::string(part) + (last ? "" : "..")); };
	callbacks.onPing = [&](EventConnection&, std::string_view payload) { notes.add("ping " + std::string(payload)); };
	callbacks.onPong = [&](EventConnection&, std::string_view payload) { notes.add("pong " + std::string(payload)); };
	callbacks.onError = [&](EventConnection&, const Poco::Exception& error) { notes.add("error " + std::to_string(error.code())); };
	callbacks.onClose = [&](EventConnection&, int code, const std::string& reason) { notes.add("close " + std::to_string(code) + " " + reason); };
	WebSocketServer server(callbacks);
	server.listen(SocketAddress("127.0.0.1", 0));
	server.start();

	RawPeer peer = connectTo(server.port());
	peer.send(textFrame("hello") + masked(FIN_PING, "1") + masked(FIN_PONG, "2") + closeFrame(4000, "bye"));
	notes.expect({"open /", "message hello", "ping 1", "pong 2", "close 4000 bye"});
	RawPeer parts = connectRaw(server.port(), Transport::PLAIN);
	parts.send(handshakeRequest("/parts") + masked(0x01, "a") + masked(0x80, "b") + masked(0x83));
	notes.expect({"open /", "message hello", "ping 1", "pong 2", "close 4000 bye", "open /parts", "part a..", "part b", "error 13", "close 1006 "});
}


TEST_F(CallbacksTest, DrainedIsAFunctionToo)
{
	std::atomic<int> drained(0);
	WebSocketServerCallbacks callbacks;
	callbacks.onMessage = [](EventConnection& connection, std::string_view, WebSocketFrame::Opcode) { connection.sendBinary(std::string(8000000, 'x')); };
	callbacks.onDrained = [&](EventConnection&) { ++drained; };
	WebSocketServer server(callbacks);
	server.listen(SocketAddress("127.0.0.1", 0));
	server.start();
	RawPeer peer = connectTo(server.port());
	peer.send(textFrame("go"));
	EXPECT_EQ(8000000u, peer.receiveFrame().payload.size());
	EXPECT_TRUE(eventually([&] { return drained > 0; }));
}


TEST_F(CallbacksTest, FunctionsThatAreEmpty)
	/// Of a server and a client: nothing is called, and nothing goes wrong.
{
	WebSocketServer server{WebSocketServerCallbacks()};
	server.listen(SocketAddress("127.0.0.1", 0));
	server.start();
	RawPeer peer = connectTo(server.port());
	peer.send(textFrame("hello") + masked(FIN_PING, "1") + masked(FIN_PONG, "2") + masked(0x83));
	EXPECT_EQ("1", peer.receiveFrame().payload);
	EXPECT_EQ(WebSocketFrame::PROTOCOL_ERROR, peer.receiveFrame().closeCode());

	RawServer raw;
	WebSocketClientParams::Ptr pParams = new WebSocketClientParams;
	pParams->setReconnectDelay(Poco::Timespan(0, 1000), Poco::Timespan(0, 1000));
	WebSocketClient client(uriOf(raw.port()), WebSocketClientCallbacks(), pParams);
	client.start();
	{
		RawPeer refusing = raw.accept("Sec-WebSocket-Protocol: nobody asked for it\r\n");
	}
	RawPeer accepted = raw.accept();
	accepted.send(frame(FIN_TEXT, "hello", false) + frame(FIN_PING, "1", false) + frame(FIN_PONG, "2", false));
	EXPECT_EQ("1", accepted.receiveFrame().payload);
}


//
// Clients
//
TEST_F(CallbacksTest, ClientWithoutALoopObject)
{
	WebSocketServer server(echo());
	server.listen(SocketAddress("127.0.0.1", 0));
	server.start();
	WebSocketClientCallbacks callbacks;
	callbacks.onMessage = [&](EventConnection&, std::string_view message, WebSocketFrame::Opcode) { notes.add(std::string(message)); };
	WebSocketClient client(uriOf(server.port()), callbacks);
	client.start();
	client.sendText("hello");
	notes.expect({"hello"});
	client.stop();
	client.start(); // the threads are there still
	client.sendText("again");
	notes.expect({"hello", "again"});
}


TEST_F(CallbacksTest, ClientThatIsDestroyedByItsOwnFunction)
	/// Its threads end when the function has returned.
{
	WebSocketServer server(echo());
	server.listen(SocketAddress("127.0.0.1", 0));
	server.start();
	std::unique_ptr<WebSocketClient> pClient;
	WebSocketClientCallbacks callbacks;
	callbacks.onMessage = [&](EventConnection&, std::string_view, WebSocketFrame::Opcode)
	{
		pClient.reset();
		notes.add("destroyed");
	};
	callbacks.onClose = [&](EventConnection&, int, const std::string&) { notes.add("never"); };
	pClient = std::make_unique<WebSocketClient>(uriOf(server.port()), callbacks);
	pClient->sendText("not yet");
	pClient->start();
	pClient->sendText("go");
	notes.expect({"destroyed"});
	EXPECT_TRUE(eventually([&] { return server.metrics().connections == 0; }));
	notes.expect({"destroyed"});
}


TEST_F(CallbacksTest, EachFunctionOfAClient)
	/// In the order of what happens: a failure, a connection, its loss, and each time the wait before the next attempt.
{
	ServerSocket port(SocketAddress("127.0.0.1", 0));
	WebSocketClientParams::Ptr pParams = new WebSocketClientParams;
	pParams->setReconnectDelay(Poco::Timespan(0, 2000), Poco::Timespan(0, 2000));
	pParams->setSubprotocols({"chat"});
	std::atomic<bool> inRange(true);
	int times = 0;
	std::unique_ptr<WebSocketClient> pClient;
	WebSocketClientCallbacks callbacks;
	callbacks.onConnectFailed = [&](const Poco::Exception& error) { notes.add("failed " + std::to_string(error.code())); };
	callbacks.onReconnecting = [&](const Poco::Timespan& delay)
	{
		if (delay < Poco::Timespan(0, 1000) || delay > Poco::Timespan(0, 2000)) inRange = false; // minus up to 50 %
		if (pClient->response().getStatus() == HTTPResponse::HTTP_SWITCHING_PROTOCOLS && ++times == 2) pClient->stop();
		notes.add("reconnecting");
	};
	callbacks.onOpen = [&](EventConnection&, const HTTPRequest& request, const HTTPResponse& response)
	{
		notes.add("open " + request.getURI() + " " + std::to_string(response.getStatus()) + " " + response.get("Sec-WebSocket-Protocol", "none"));
	};
	callbacks.onMessage = [&](EventConnection&, std::string_view message, WebSocketFrame::Opcode) { notes.add("message " + std::string(message)); };
	callbacks.onPing = [&](EventConnection&, std::string_view payload) { notes.add("ping " + std::string(payload)); };
	callbacks.onPong = [&](EventConnection&, std::string_view payload) { notes.add("pong " + std::string(payload)); };
	callbacks.onError = [&](EventConnection&, const Poco::Exception& error) { notes.add("error " + std::to_string(error.code())); };
	callbacks.onClose = [&](EventConnection&, int code, const std::string&) { notes.add("close " + std::to_string(code)); };
	pClient = std::make_unique<WebSocketClient>(uriOf(port.address().port()), callbacks, pParams);
	pClient->start();

	RawPeer first(port.acceptConnection(), Transport::PLAIN, true);
	first.send(handshakeResponse(receiveRequest(first), "Sec-WebSocket-Protocol: other\r\n"));
	first.close();
	RawPeer second(port.acceptConnection(), Transport::PLAIN, true);
	second.send(handshakeResponse(receiveRequest(second), "Sec-WebSocket-Protocol: chat\r\n"));
	second.send(frame(FIN_TEXT, "hello", false) + frame(FIN_PING, "1", false) + frame(FIN_PONG, "2", false) + frame(0x83, "", false));
	const Log expected = {"failed 7", "reconnecting", "open /path?query 101 chat", "message hello", "ping 1", "pong 2", "error 13", "close 1006", "reconnecting"};
	EXPECT_TRUE(eventually([&] { return notes.lines().size() == 8; }));
	second.close();
	notes.expect(expected);
	pClient.reset();
	EXPECT_TRUE(inRange);
	EXPECT_EQ(expected, notes.lines());
}


TEST_F(CallbacksTest, NotReconnecting)
	/// onReconnecting() is not called if the client gives up, or was stopped by the callback before.
{
	for (const bool reconnect: {true, false})
	{
		Notes own;
		WebSocketClientParams::Ptr pParams = new WebSocketClientParams;
		pParams->setReconnect(reconnect);
		std::unique_ptr<WebSocketClient> pClient;
		WebSocketClientCallbacks callbacks;
		callbacks.onConnectFailed = [&](const Poco::Exception&)
		{
			if (reconnect) pClient->stop();
			own.add("failed");
		};
		callbacks.onReconnecting = [&](const Poco::Timespan&) { own.add("never"); };
		pClient = std::make_unique<WebSocketClient>(uriOf(1), callbacks, pParams);
		pClient->start();
		own.expect({"failed"});
		EXPECT_TRUE(eventually([&] { return pClient->state() == WebSocketClient::STOPPED; }));
		pClient.reset();
		own.expect({"failed"});
	}
}


TEST_F(CallbacksTest, ReconnectingThatThrowsOrStops)
	/// What it throws is lost, and the attempt follows. It may stop the client.
{
	int times = 0;
	std::unique_ptr<WebSocketClient> pClient;
	WebSocketClientParams::Ptr pParams = new WebSocketClientParams;
	pParams->setReconnectDelay(Poco::Timespan(0, 1000), Poco::Timespan(0, 1000));
	WebSocketClientCallbacks callbacks;
	callbacks.onReconnecting = [&](const Poco::Timespan&)
	{
		notes.add("reconnecting");
		if (++times < 3) throw std::runtime_error("ignored");
		pClient->stop();
	};
	pClient = std::make_unique<WebSocketClient>(uriOf(1), callbacks, pParams);
	pClient->start();
	notes.expect({"reconnecting", "reconnecting", "reconnecting"});
	EXPECT_TRUE(eventually([&] { return pClient->state() == WebSocketClient::STOPPED; }));
	pClient.reset();
	notes.expect({"reconnecting", "reconnecting", "reconnecting"});
}


//
// Ports
//
TEST_F(CallbacksTest, Ports)
{
	WebSocketServer server(echo());
	EXPECT_EQ(0, server.port()) << "before listen()";
	Poco::TemporaryFile file;
	server.listen(SocketAddress(SocketAddress::UNIX_LOCAL, file.path()));
	EXPECT_EQ(0, server.port()) << "a Unix-domain socket has none";
	server.listen(Poco::UInt16(0)); // any free one
	const Poco::UInt16 port = server.port();
	EXPECT_NE(0, port);
	server.listen(SocketAddress("::1", 0));
	EXPECT_EQ(port, server.port()) << "the first one";
	server.start();
	EXPECT_EQ(port, server.port());
	RawPeer peer = connectTo(port);
	peer.send(textFrame("hello"));
	expectText(peer, "hello");
	EXPECT_THROW(server.listen(SocketAddress("127.0.0.1", 0)), Poco::IllegalStateException);

	WebSocketServer other(echo());
	EXPECT_THROW(other.listen(SocketAddress("127.0.0.1", port)), Poco::Net::NetException) << "in use";
	server.stop();
	EXPECT_EQ(0, server.port());
	other.listen(SocketAddress("127.0.0.1", port));
	EXPECT_EQ(port, other.port());
}


//
// The request of the opening handshake
//
TEST_P(TransportTest, HookAndOnOpenSeeTheSameRequest)
	/// Whether the server has accepted the connection or adopted it: all fields, what the hook has added, the addresses.
{
	for (const bool adopted: {true, false})
	{
		SCOPED_TRACE(adopted ? "adopted" : "accepted");
		const auto seen = [](const HTTPServerRequest& request)
		{
			std::string text = request.getMethod() + " " + request.getURI() + " " + request.getVersion() + " " + (request.secure() ? "secure" : "plain");
			for (const auto& field: request) text += "\n" + field.first + ": " + field.second;
			return text + "\nfrom " + request.clientAddress().toString() + " to " + request.serverAddress().toString();
		};
		Notes notes;
		EventParams::Ptr pParams = new EventParams;
		pParams->setHook([&](HTTPServerRequest& request, HTTPServerResponse&)
		{
			request.set("X-User", "found by the hook");
			notes.add(seen(request));
			return true;
		});
		EventServer server(GetParam() == Transport::TLS ? Port::TLS : Port::PLAIN, pParams);
		server.handler.open = [&](EventConnection&, HTTPServerRequest& request) { notes.add(seen(request)); };
		server.start();
		TestServer http(GetParam(), TestServer::RequestHandler([&](HTTPServerRequest& request, HTTPServerResponse& response) { server.server.adopt(request, response); }));
		RawPeer peer = connectRaw(adopted ? http.port() : server.number(), GetParam());
		peer.send(handshakeRequest("/path?query", "Cookie: a=b\r\nX-Twice: 1\r\nX-Twice: 2\r\n") + textFrame("hello"));
		peer.receiveThrough("\r\n\r\n");
		expectText(peer, "hello");
		const Log lines = notes.lines();
		ASSERT_EQ(2u, lines.size());
		EXPECT_EQ(lines[0], lines[1]);
		for (const char* pPart: {"GET /path?query HTTP/1.1 ", "Cookie: a=b\n", "X-Twice: 1\nX-Twice: 2\n", "X-User: found by the hook\n"})
			EXPECT_NE(std::string::npos, lines[0].find(pPart)) << pPart << " is not in\n" << lines[0];
		server.handler.forget();
	}
}


} // namespace WebSocketTest
