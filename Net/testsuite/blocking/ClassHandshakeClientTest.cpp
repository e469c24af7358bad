//
// ClassHandshakeClientTest.cpp
//
// The client's side of the opening handshake, over real sockets.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "support/ClassScript.h"
#include <set>


using namespace WebSocketTest;
using Poco::Net::HTTPClientSession;
using Poco::Net::HTTPRequest;
using Poco::Net::HTTPResponse;
using Poco::Net::HTTPServerRequest;
using Poco::Net::HTTPServerResponse;
using Poco::Net::WebSocket;


namespace
{
	const std::string ACCEPTED("HTTP/1.1 101 Switching Protocols\r\n");
	const std::string UPGRADE("Upgrade: websocket\r\n");
	const std::string CONNECTION("Connection: Upgrade\r\n");

	std::string keyOf(const std::string& requestHead)
	{
		return value(requestHead, "Sec-WebSocket-Key");
	}

	std::string acceptLine(const std::string& requestHead)
	{
		return "Sec-WebSocket-Accept: " + acceptOf(keyOf(requestHead)) + "\r\n";
	}

	using Respond = std::function<std::string (const std::string& requestHead)>;

	std::string contentOf(std::istream& stream)
	{
		return std::string(std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>());
	}

	bool isGone(RawPeer& peer)
		/// Waits for the next byte, or the end.
	{
		try
		{
			return peer.atEnd();
		}
		catch (const Poco::Net::ConnectionResetException&)
		{
			return true; // something was unread
		}
	}

	HTTPRequest makeRequest(const std::string& offered = "", const std::string& extensions = "")
	{
		HTTPRequest request(HTTPRequest::HTTP_GET, "/", HTTPRequest::HTTP_1_1);
		if (!offered.empty()) request.set("Sec-WebSocket-Protocol", offered);
		if (!extensions.empty()) request.set("Sec-WebSocket-Extensions", extensions);
		return request;
	}
}


class ClassHandshakeClientTest: public TransportTest
{
};


TEST_P(ClassHandshakeClientTest, AcceptsResponses)
{
	struct Row
	{
		const char* name;
		Respond respond;
	};
	const std::vector<Row> rows =
	{
		{"4.1", [](const std::string& request) { return ACCEPTED + UPGRADE + CONNECTION + acceptLine(request) + "\r\n"; }},
		{"110: Connection is a list", [](const std::string& request) { return ACCEPTED + UPGRADE + "Connection: keep-alive, Upgrade\r\n" + acceptLine(request) + "\r\n"; }},
		{"110: Connection on two lines", [](const std::string& request) { return ACCEPTED + UPGRADE + "Connection: keep-alive\r\n" + CONNECTION + acceptLine(request) + "\r\n"; }},
		{"110: Upgrade is a list", [](const std::string& request) { return ACCEPTED + "Upgrade: h2c, websocket\r\n" + CONNECTION + acceptLine(request) + "\r\n"; }},
		{"names and tokens in any case", [](const std::string& request) { return ACCEPTED + "UPGRADE: WebSocket\r\nconnection: upgrade\r\nsec-websocket-accept: " + acceptOf(keyOf(request)) + "\r\n\r\n"; }},
		{"other fields, and another reason", [](const std::string& request) { return "HTTP/1.1 101 As you like it\r\nServer: x\r\nSet-Cookie: a=b\r\n" + UPGRADE + CONNECTION + acceptLine(request) + "\r\n"; }},
		{"no reason", [](const std::string& request) { return "HTTP/1.1 101 \r\n" + UPGRADE + CONNECTION + acceptLine(request) + "\r\n"; }},
		{"one of the subprotocols", [](const std::string& request) { return handshakeResponse(request, "Sec-WebSocket-Protocol: b\r\n"); }},
		{"one of the extensions", [](const std::string& request) { return handshakeResponse(request, "Sec-WebSocket-Extensions: y; p=2\r\n"); }},
		{"RFC 9110, 15.2: 100 first", [](const std::string& request) { return "HTTP/1.1 100 Continue\r\n\r\n" + handshakeResponse(request); }},
		{"RFC 9110, 15.2: 103 first", [](const std::string& request) { return "HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\n" + handshakeResponse(request); }},
	};
	for (const Row& row: rows)
	{
		SCOPED_TRACE(row.name);
		for (bool whole: {true, false})
		{
			ScriptedServer server(GetParam(), [&](ScriptedServer& script)
			{
				RawPeer peer = script.accept();
				const std::string bytes = row.respond(receiveRequest(peer));
				peer.send(bytes, whole ? bytes.size() : 1);
				echoOnce(peer);
				peer.atEnd();
			});
			HTTPRequest request = makeRequest("a, b", "x, y; p=1");
			HTTPResponse response;
			const std::unique_ptr<HTTPClientSession> pSession = server.session();
			try
			{
				WebSocket ws(*pSession, request, response);
				EXPECT_EQ(101, int(response.getStatus()));
				expectEcho(ws, "echo");
			}
			catch (const Poco::Exception& exc)
			{
				ADD_FAILURE() << exc.displayText();
				pSession->reset();
			}
		}
	}
}


TEST_P(ClassHandshakeClientTest, RefusesResponses)
{
	struct Row
	{
		const char* name;
		Respond respond;
		int code;
	};
	const auto fixed = [](const std::string& bytes) { return [bytes](const std::string&) { return bytes; }; };
	const std::vector<Row> rows =
	{
		{"200", fixed(response(200, "", "<html>")), WebSocket::WS_ERR_NO_HANDSHAKE},
		{"200 with everything else", [](const std::string& request) { return "HTTP/1.1 200 OK\r\n" + UPGRADE + CONNECTION + acceptLine(request) + "Content-Length: 0\r\n\r\n"; }, WebSocket::WS_ERR_NO_HANDSHAKE},
		{"202 with everything else", [](const std::string& request) { return "HTTP/1.1 202 Accepted\r\n" + UPGRADE + CONNECTION + acceptLine(request) + "Content-Length: 0\r\n\r\n"; }, WebSocket::WS_ERR_NO_HANDSHAKE},
		{"204", fixed("HTTP/1.1 204 No Content\r\n\r\n"), WebSocket::WS_ERR_NO_HANDSHAKE},
		{"302", fixed(response(302, "Location: /elsewhere\r\n")), WebSocket::WS_ERR_NO_HANDSHAKE},
		{"400", fixed(response(400)), WebSocket::WS_ERR_NO_HANDSHAKE},
		{"403", fixed(response(403, "", "no")), WebSocket::WS_ERR_NO_HANDSHAKE},
		{"426", fixed(response(426, "Sec-WebSocket-Version: 8\r\n")), WebSocket::WS_ERR_NO_HANDSHAKE},
		{"500", fixed(response(500, "", "oops")), WebSocket::WS_ERR_NO_HANDSHAKE},
		{"4.1 no Upgrade", [](const std::string& request) { return ACCEPTED + CONNECTION + acceptLine(request) + "\r\n"; }, WebSocket::WS_ERR_NO_HANDSHAKE},
		{"4.1 Upgrade to something else", [](const std::string& request) { return ACCEPTED + "Upgrade: h2c\r\n" + CONNECTION + acceptLine(request) + "\r\n"; }, WebSocket::WS_ERR_NO_HANDSHAKE},
		{"4.1 no Connection", [](const std::string& request) { return ACCEPTED + UPGRADE + acceptLine(request) + "\r\n"; }, WebSocket::WS_ERR_NO_HANDSHAKE},
		{"4.1 Connection: close", [](const std::string& request) { return ACCEPTED + UPGRADE + "Connection: close\r\n" + acceptLine(request) + "\r\n"; }, WebSocket::WS_ERR_NO_HANDSHAKE},
		{"4.1 no accept", fixed(ACCEPTED + UPGRADE + CONNECTION + "\r\n"), WebSocket::WS_ERR_HANDSHAKE_ACCEPT},
		{"4.1 empty accept", fixed(ACCEPTED + UPGRADE + CONNECTION + "Sec-WebSocket-Accept:\r\n\r\n"), WebSocket::WS_ERR_HANDSHAKE_ACCEPT},
		{"4.1 accept for another key", fixed(ACCEPTED + UPGRADE + CONNECTION + "Sec-WebSocket-Accept: " + acceptOf("dGhlIHNhbXBsZSBub25jZQ==") + "\r\n\r\n"), WebSocket::WS_ERR_HANDSHAKE_ACCEPT},
		{"4.1 the key as accept", [](const std::string& request) { return ACCEPTED + UPGRADE + CONNECTION + "Sec-WebSocket-Accept: " + keyOf(request) + "\r\n\r\n"; }, WebSocket::WS_ERR_HANDSHAKE_ACCEPT},
		{"4.1 accept and more", [](const std::string& request) { return ACCEPTED + UPGRADE + CONNECTION + "Sec-WebSocket-Accept: " + acceptOf(keyOf(request)) + ", x\r\n\r\n"; }, WebSocket::WS_ERR_HANDSHAKE_ACCEPT},
		{"11.3.3 accept twice", [](const std::string& request) { return ACCEPTED + UPGRADE + CONNECTION + acceptLine(request) + acceptLine(request) + "\r\n"; }, WebSocket::WS_ERR_HANDSHAKE_ACCEPT},
		{"4.1 subprotocol not offered", [](const std::string& request) { return handshakeResponse(request, "Sec-WebSocket-Protocol: c\r\n"); }, WebSocket::WS_ERR_HANDSHAKE_SUBPROTOCOL},
		{"4.1 subprotocol in another case", [](const std::string& request) { return handshakeResponse(request, "Sec-WebSocket-Protocol: B\r\n"); }, WebSocket::WS_ERR_HANDSHAKE_SUBPROTOCOL},
		{"4.1 two subprotocols", [](const std::string& request) { return handshakeResponse(request, "Sec-WebSocket-Protocol: a, b\r\n"); }, WebSocket::WS_ERR_HANDSHAKE_SUBPROTOCOL},
		{"11.3.4 two subprotocol lines", [](const std::string& request) { return handshakeResponse(request, "Sec-WebSocket-Protocol: a\r\nSec-WebSocket-Protocol: a\r\n"); }, WebSocket::WS_ERR_HANDSHAKE_SUBPROTOCOL},
		{"4.1 extension not offered", [](const std::string& request) { return handshakeResponse(request, "Sec-WebSocket-Extensions: permessage-deflate\r\n"); }, WebSocket::WS_ERR_HANDSHAKE_EXTENSION},
		{"4.1 one extension offered, one not", [](const std::string& request) { return handshakeResponse(request, "Sec-WebSocket-Extensions: x, z\r\n"); }, WebSocket::WS_ERR_HANDSHAKE_EXTENSION},
	};
	for (const Row& row: rows)
	{
		SCOPED_TRACE(row.name);
		ScriptedServer server(GetParam(), [&](ScriptedServer& script)
		{
			RawPeer peer = script.accept();
			peer.send(row.respond(receiveRequest(peer)));
			EXPECT_TRUE(peer.atEnd()) << "the client closes and sends nothing more";
		});
		HTTPRequest request = makeRequest("a, b", "x, y; p=1");
		HTTPResponse response;
		std::unique_ptr<HTTPClientSession> pSession = server.session();
		EXPECT_EQ(row.code, errorOf([&] { WebSocket(*pSession, request, response); }));
		EXPECT_NE(0, int(response.getStatus()));
		pSession.reset();
		server.finish();
	}
}


TEST_P(ClassHandshakeClientTest, NothingOfferedNothingChosen)
{
	for (const std::string name: {"Sec-WebSocket-Protocol", "Sec-WebSocket-Extensions"})
	{
		ScriptedServer server(GetParam(), [&](ScriptedServer& script)
		{
			RawPeer peer = script.accept();
			const std::string head = receiveRequest(peer);
			EXPECT_EQ(0, lines(head, name)) << head;
			peer.send(handshakeResponse(head, name + ": x\r\n"));
			EXPECT_TRUE(peer.atEnd());
		});
		HTTPRequest request = makeRequest();
		HTTPResponse response;
		const int code = errorOf([&] { WebSocket(*server.session(), request, response); });
		EXPECT_EQ(name == "Sec-WebSocket-Protocol" ? WebSocket::WS_ERR_HANDSHAKE_SUBPROTOCOL : WebSocket::WS_ERR_HANDSHAKE_EXTENSION, code);
	}
}


TEST_P(ClassHandshakeClientTest, Request)
{
	// 4.1, item by item
	std::set<std::string> keys;
	for (const std::string& version: {HTTPRequest::HTTP_1_0, HTTPRequest::HTTP_1_1}) // HTTPRequest's default is 1.0
	{
		Mailbox<std::string> heads;
		ScriptedServer server(GetParam(), [&](ScriptedServer& script)
		{
			RawPeer peer = script.accept();
			const std::string head = receiveRequest(peer);
			heads.put(head);
			peer.send(handshakeResponse(head));
			echoOnce(peer);
		});
		HTTPRequest request(HTTPRequest::HTTP_GET, "/path?query=1", version);
		request.set("Origin", "http://example.com");
		request.setChunkedTransferEncoding(true); // nonsense
		HTTPResponse response;
		WebSocket ws(*server.session(), request, response); // the session is gone here
		expectEcho(ws, "echo");

		const std::string head = heads.take();
		EXPECT_EQ(0u, head.find("GET /path?query=1 HTTP/1.1\r\n")) << head;
		EXPECT_EQ((GetParam() == Transport::TLS ? "localhost:" : "127.0.0.1:") + std::to_string(server.port()), value(head, "Host"));
		EXPECT_EQ("websocket", value(head, "Upgrade"));
		EXPECT_EQ("Upgrade", value(head, "Connection"));
		EXPECT_EQ("13", value(head, "Sec-WebSocket-Version"));
		EXPECT_EQ("http://example.com", value(head, "Origin"));
		EXPECT_EQ(0, lines(head, "Content-Length")) << head;
		EXPECT_EQ(0, lines(head, "Transfer-Encoding")) << head;
		const std::string key = keyOf(head);
		EXPECT_EQ(24u, key.size());
		EXPECT_EQ("==", key.substr(22));
		keys.insert(key);
	}
	EXPECT_EQ(2u, keys.size()) << "a key is used once";
}


TEST_P(ClassHandshakeClientTest, CallersKey)
{
	// 4938
	struct Row
	{
		std::string given;
		bool used;
	};
	const std::vector<Row> rows =
	{
		{"dGhlIHNhbXBsZSBub25jZQ==", true},
		{"AAAAAAAAAAAAAAAAAAAAAA==", true},
		{"", false},
		{"abc", false},
		{"!!!!!!!!!!!!!!!!!!!!!!==", false},
		{"dGhlIHNhbXBsZSBub25jZQ", false},
		{"dGhlIHNhbXBsZSBub25jZQ==, x", false},
		{"AAAAAAAAAAAAAAAAAAAA", false},
	};
	for (const Row& row: rows)
	{
		Mailbox<std::string> heads;
		ScriptedServer server(GetParam(), [&](ScriptedServer& script)
		{
			RawPeer peer = script.accept();
			const std::string head = receiveRequest(peer);
			heads.put(head);
			peer.send(handshakeResponse(head));
			echoOnce(peer);
		});
		HTTPRequest request = makeRequest();
		request.set("Sec-WebSocket-Key", row.given);
		HTTPResponse response;
		WebSocket ws(*server.session(), request, response);
		expectEcho(ws, "echo");
		const std::string key = keyOf(heads.take());
		EXPECT_EQ(row.used, key == row.given) << key;
		EXPECT_EQ(24u, key.size());
	}
}


TEST_P(ClassHandshakeClientTest, FramesBehindTheResponse)
{
	// 1212, 3270: in the same segment; also part of a frame, and more than the HTTP session's buffer
	const std::string large = pattern(20000);
	const std::string frames = frame(0x81, "one", false) + frame(0x89, "two", false) + frame(0x82, large, false) + frame(0x81, "last", false);
	for (std::size_t behind: {std::size_t(1), std::size_t(5), std::size_t(7), frames.size()})
	{
		std::promise<void> polled;
		ScriptedServer server(GetParam(), [&](ScriptedServer& script)
		{
			RawPeer peer = script.accept();
			peer.send(handshakeResponse(receiveRequest(peer)) + frames.substr(0, behind));
			std::future<void> next = polled.get_future();
			get(next);
			peer.send(frames.substr(behind));
			peer.atEnd();
		});
		HTTPRequest request = makeRequest();
		HTTPResponse response;
		WebSocket ws(*server.session(), request, response);
		ws.setReceiveTimeout(deadline());
		EXPECT_TRUE(ws.poll(deadline(), WebSocket::SELECT_READ)) << behind;
		EXPECT_LT(0, ws.available());
		polled.set_value();
		EXPECT_EQ("one", appendFrame(ws).payload);
		EXPECT_EQ("two", appendFrame(ws).payload);
		EXPECT_EQ(large, appendFrame(ws).payload);
		EXPECT_EQ("last", appendFrame(ws).payload);
	}
}


TEST_P(ClassHandshakeClientTest, ResponseThatEnds)
{
	const std::string whole = handshakeResponse("GET / HTTP/1.1\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
	for (std::size_t length: {std::size_t(0), std::size_t(5), std::size_t(30), whole.size() - 10})
	{
		ScriptedServer server(GetParam(), [&](ScriptedServer& script)
		{
			RawPeer peer = script.accept();
			receiveRequest(peer);
			peer.send(whole.substr(0, length));
			peer.close();
		});
		HTTPRequest request = makeRequest();
		request.set("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==");
		HTTPResponse response;
		EXPECT_THROW(WebSocket(*server.session(), request, response), Poco::Exception) << length;
	}
}


TEST_P(ClassHandshakeClientTest, NoResponse)
{
	ScriptedServer server(GetParam(), [](ScriptedServer& script)
	{
		RawPeer peer = script.accept();
		receiveRequest(peer);
		peer.atEnd();
	});
	HTTPRequest request = makeRequest();
	HTTPResponse response;
	std::unique_ptr<HTTPClientSession> pSession = server.session();
	pSession->setTimeout(Poco::Timespan(0, 100000));
	EXPECT_THROW(WebSocket(*pSession, request, response), Poco::TimeoutException);
	pSession.reset();
}


TEST_P(ClassHandshakeClientTest, RefusalWhoseBodyDoesNotCome)
{
	// The exception does not wait for it
	ScriptedServer server(GetParam(), [](ScriptedServer& script)
	{
		RawPeer peer = script.accept();
		receiveRequest(peer);
		peer.send("HTTP/1.1 403 Forbidden\r\nContent-Length: 1000\r\n\r\n");
		EXPECT_TRUE(isGone(peer));
	});
	HTTPRequest request = makeRequest();
	HTTPResponse response;
	std::unique_ptr<HTTPClientSession> pSession = server.session();
	pSession->setTimeout(Poco::Timespan(3*DEADLINE_S, 0)); // longer than the script waits
	EXPECT_EQ(WebSocket::WS_ERR_NO_HANDSHAKE, errorOf([&] { WebSocket(*pSession, request, response); }));
	pSession.reset();
	server.finish();
}


TEST_P(ClassHandshakeClientTest, WrongMethod)
{
	ScriptedServer server(GetParam(), [](ScriptedServer&) {});
	HTTPRequest request(HTTPRequest::HTTP_POST, "/", HTTPRequest::HTTP_1_1);
	HTTPResponse response;
	EXPECT_THROW(WebSocket(*server.session(), request, response), Poco::InvalidArgumentException);
	server.finish(); // before anything was sent
}


TEST_P(ClassHandshakeClientTest, OrdinaryRequestsFirst)
{
	// The same connection serves both
	Mailbox<Poco::UInt16> ports;
	const TestServer server(GetParam(), TestServer::RequestHandler([&](HTTPServerRequest& request, HTTPServerResponse& response)
	{
		ports.put(request.clientAddress().port());
		if (request.getURI() == "/ws")
		{
			WebSocket ws(request, response);
			echoFrames(ws);
		}
		else
		{
			response.setContentLength(4);
			response.send() << "page";
		}
	}));
	const std::unique_ptr<HTTPClientSession> pSession = server.session();
	pSession->setKeepAlive(true);
	HTTPResponse response;
	for (int i = 0; i < 2; ++i)
	{
		HTTPRequest request(HTTPRequest::HTTP_GET, "/", HTTPRequest::HTTP_1_1);
		pSession->sendRequest(request);
		EXPECT_EQ("page", contentOf(pSession->receiveResponse(response)));
	}
	HTTPRequest request(HTTPRequest::HTTP_GET, "/ws", HTTPRequest::HTTP_1_1);
	WebSocket ws(*pSession, request, response);
	expectEcho(ws, "echo");
	ws.shutdown();
	EXPECT_EQ(2, appendFrame(ws).result);
	const Poco::UInt16 first = ports.take();
	EXPECT_EQ(first, ports.take());
	EXPECT_EQ(first, ports.take());
}


TEST_P(ClassHandshakeClientTest, SessionAfterRefusal)
{
	// What was not read of the answer is not taken for the next one
	ScriptedServer server(GetParam(), [](ScriptedServer& script)
	{
		std::unique_ptr<RawPeer> pPeer = std::make_unique<RawPeer>(script.accept());
		receiveRequest(*pPeer);
		pPeer->send(response(403, "", pattern(10000)));
		if (isGone(*pPeer)) pPeer = std::make_unique<RawPeer>(script.accept()); // a new connection is as good
		pPeer->send(response(200, "", "page"));
		pPeer->atEnd();
	});
	const std::unique_ptr<HTTPClientSession> pSession = server.session();
	HTTPRequest request = makeRequest();
	HTTPResponse response;
	EXPECT_EQ(WebSocket::WS_ERR_NO_HANDSHAKE, errorOf([&] { WebSocket(*pSession, request, response); }));
	try
	{
		HTTPRequest next(HTTPRequest::HTTP_GET, "/", HTTPRequest::HTTP_1_1);
		pSession->sendRequest(next);
		EXPECT_EQ("page", contentOf(pSession->receiveResponse(response)));
		EXPECT_EQ(200, int(response.getStatus()));
	}
	catch (const Poco::Exception& exc)
	{
		ADD_FAILURE() << exc.displayText();
	}
	pSession->reset();
}


INSTANTIATE_TEST_SUITE_P(All, ClassHandshakeClientTest, ::testing::Values(Transport::PLAIN, Transport::TLS), transportName);


class ClassHandshakeSessionTest: public SocketTest
{
};


TEST_F(ClassHandshakeSessionTest, PlainSessionIsUsedAgain)
{
	const TestServer server(Transport::PLAIN, TestServer::SocketHandler(echoFrames));
	const std::unique_ptr<HTTPClientSession> pSession = server.session();
	HTTPResponse response;
	HTTPRequest first = makeRequest();
	WebSocket one(*pSession, first, response);
	HTTPRequest second = makeRequest();
	WebSocket two(*pSession, second, response);
	expectEcho(two, "two");
	expectEcho(one, "one");
}


TEST_F(ClassHandshakeSessionTest, SecureSessionIsNotUsedAgain)
{
	// 3356
	const TestServer server(Transport::TLS, TestServer::SocketHandler(echoFrames));
	const std::unique_ptr<HTTPClientSession> pSession = server.session();
	HTTPResponse response;
	HTTPRequest first = makeRequest();
	WebSocket ws(*pSession, first, response);
	for (int i = 0; i < 2; ++i)
	{
		HTTPRequest second = makeRequest();
		EXPECT_THROW(WebSocket(*pSession, second, response), Poco::InvalidArgumentException);
		HTTPRequest page(HTTPRequest::HTTP_GET, "/", HTTPRequest::HTTP_1_1);
		EXPECT_THROW(pSession->sendRequest(page), Poco::InvalidArgumentException);
	}
	expectEcho(ws, "still there");
	ws.shutdown();
	EXPECT_EQ(2, appendFrame(ws).result);
}


TEST_F(ClassHandshakeSessionTest, SessionOfAConnectedSocket)
{
	const TestServer server(Transport::PLAIN, TestServer::SocketHandler(echoFrames));
	Poco::Net::StreamSocket socket(Poco::Net::SocketAddress("127.0.0.1", server.port()));
	HTTPRequest request = makeRequest();
	HTTPResponse response;
	HTTPClientSession session(socket);
	WebSocket ws(session, request, response);
	EXPECT_EQ("127.0.0.1:" + std::to_string(server.port()), request.getHost());
	expectEcho(ws, "echo");
}


TEST_F(ClassHandshakeSessionTest, SessionOfAConnectedSocketBesideAGlobalProxy)
{
	// The connection is there: nothing is to be asked of a proxy
	const TestServer server(Transport::PLAIN, TestServer::SocketHandler(echoFrames));
	HTTPClientSession::ProxyConfig config;
	config.host = "127.0.0.1";
	config.port = 1; // nobody listens
	HTTPClientSession::setGlobalProxyConfig(config);
	try
	{
		HTTPClientSession session(Poco::Net::StreamSocket(Poco::Net::SocketAddress("127.0.0.1", server.port())));
		HTTPRequest request = makeRequest();
		HTTPResponse response;
		WebSocket ws(session, request, response);
		expectEcho(ws, "echo");
	}
	catch (const Poco::Exception& exc)
	{
		ADD_FAILURE() << exc.displayText();
	}
	HTTPClientSession::setGlobalProxyConfig(HTTPClientSession::ProxyConfig());
}


TEST_F(ClassHandshakeSessionTest, NobodyListens)
{
	Poco::Net::ServerSocket listener(Poco::Net::SocketAddress("127.0.0.1", 0));
	const Poco::UInt16 port = listener.address().port();
	listener.close();
	HTTPClientSession session("127.0.0.1", port);
	HTTPRequest request = makeRequest();
	HTTPResponse response;
	EXPECT_THROW(WebSocket(session, request, response), Poco::Net::ConnectionRefusedException);
}
