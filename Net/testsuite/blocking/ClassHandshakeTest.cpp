//
// ClassHandshakeTest.cpp
//
// The server's side of the opening handshake, over real sockets.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "support/ClassScript.h"
#include "Poco/ErrorHandler.h"


using namespace WebSocketTest;
using Poco::Net::HTTPResponse;
using Poco::Net::HTTPServerRequest;
using Poco::Net::HTTPServerResponse;
using Poco::Net::WebSocket;
using Poco::Net::WebSocketException;


namespace
{
	const std::string KEY("dGhlIHNhbXBsZSBub25jZQ=="); // RFC 6455, 1.3
	const std::string ACCEPT("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");

	const std::string HOST("Host: localhost\r\n");
	const std::string UPGRADE("Upgrade: websocket\r\n");
	const std::string CONNECTION("Connection: Upgrade\r\n");
	const std::string VERSION("Sec-WebSocket-Version: 13\r\n");
	const std::string KEY_LINE("Sec-WebSocket-Key: " + KEY + "\r\n");

	std::string get(const std::string& headers)
	{
		return "GET / HTTP/1.1\r\n" + headers + "\r\n";
	}

	struct Refusal
		/// What a handler learns.
	{
		int code;
		std::string text;
		int status;
	};

	class RefusingServer
		/// Makes a WebSocket of each request, and keeps the WebSocketException.
	{
	public:
		explicit RefusingServer(Transport transport):
			_server(transport, TestServer::RequestHandler([this](HTTPServerRequest& request, HTTPServerResponse& response)
			{
				Refusal refusal = {0, "accepted", 0};
				try
				{
					WebSocket ws(request, response);
				}
				catch (const WebSocketException& exc)
				{
					refusal = {exc.code(), exc.message(), response.getStatus()};
				}
				_refusals.put(refusal);
			}))
		{
		}

		Poco::UInt16 port() const
		{
			return _server.port();
		}

		Refusal refusal()
		{
			return _refusals.take();
		}

	private:
		Mailbox<Refusal> _refusals;
		TestServer _server;
	};

	struct Bad
	{
		const char* name;
		std::string request;
		int status;
		int code;
	};

	const std::vector<Bad> BAD =
	{
		{"4.2.1 POST", "POST / HTTP/1.1\r\n" + HOST + UPGRADE + CONNECTION + KEY_LINE + VERSION + "Content-Length: 0\r\n\r\n", 405, WebSocket::WS_ERR_NO_HANDSHAKE},
		{"4.2.1 HTTP/1.0", "GET / HTTP/1.0\r\n" + HOST + UPGRADE + CONNECTION + KEY_LINE + VERSION + "\r\n", 400, WebSocket::WS_ERR_NO_HANDSHAKE},
		{"4.2.1 no Host", get(UPGRADE + CONNECTION + KEY_LINE + VERSION), 400, WebSocket::WS_ERR_NO_HANDSHAKE},
		{"4.2.1 no Upgrade", get(HOST + CONNECTION + KEY_LINE + VERSION), 400, WebSocket::WS_ERR_NO_HANDSHAKE},
		{"4.2.1 Upgrade to something else", get(HOST + "Upgrade: h2c\r\n" + CONNECTION + KEY_LINE + VERSION), 400, WebSocket::WS_ERR_NO_HANDSHAKE},
		{"4.2.1 Upgrade to websocket2", get(HOST + "Upgrade: websocket2\r\n" + CONNECTION + KEY_LINE + VERSION), 400, WebSocket::WS_ERR_NO_HANDSHAKE},
		{"4.2.1 no Connection", get(HOST + UPGRADE + KEY_LINE + VERSION), 400, WebSocket::WS_ERR_NO_HANDSHAKE},
		{"4.2.1 Connection: keep-alive", get(HOST + UPGRADE + "Connection: keep-alive\r\n" + KEY_LINE + VERSION), 400, WebSocket::WS_ERR_NO_HANDSHAKE},
		{"4.2.1 Connection: Upgraded", get(HOST + UPGRADE + "Connection: Upgraded\r\n" + KEY_LINE + VERSION), 400, WebSocket::WS_ERR_NO_HANDSHAKE},
		{"4.2.1 no key", get(HOST + UPGRADE + CONNECTION + VERSION), 400, WebSocket::WS_ERR_HANDSHAKE_NO_KEY},
		{"4.2.1 empty key", get(HOST + UPGRADE + CONNECTION + VERSION + "Sec-WebSocket-Key:\r\n"), 400, WebSocket::WS_ERR_HANDSHAKE_NO_KEY},
		{"4.2.1 key abc", get(HOST + UPGRADE + CONNECTION + VERSION + "Sec-WebSocket-Key: abc\r\n"), 400, WebSocket::WS_ERR_HANDSHAKE_NO_KEY},
		{"4.2.1 key !!!!", get(HOST + UPGRADE + CONNECTION + VERSION + "Sec-WebSocket-Key: !!!!\r\n"), 400, WebSocket::WS_ERR_HANDSHAKE_NO_KEY},
		{"4.2.1 key of 15 bytes", get(HOST + UPGRADE + CONNECTION + VERSION + "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAA\r\n"), 400, WebSocket::WS_ERR_HANDSHAKE_NO_KEY},
		{"4.2.1 key of 17 bytes", get(HOST + UPGRADE + CONNECTION + VERSION + "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAAA=\r\n"), 400, WebSocket::WS_ERR_HANDSHAKE_NO_KEY},
		{"4.2.1 key of 24 wrong characters", get(HOST + UPGRADE + CONNECTION + VERSION + "Sec-WebSocket-Key: !!!!!!!!!!!!!!!!!!!!!!==\r\n"), 400, WebSocket::WS_ERR_HANDSHAKE_NO_KEY},
		{"11.3.1 two keys", get(HOST + UPGRADE + CONNECTION + VERSION + KEY_LINE + KEY_LINE), 400, WebSocket::WS_ERR_HANDSHAKE_NO_KEY},
		{"4.2.1 no version", get(HOST + UPGRADE + CONNECTION + KEY_LINE), 400, WebSocket::WS_ERR_HANDSHAKE_NO_VERSION},
		{"4.4 version 8", get(HOST + UPGRADE + CONNECTION + KEY_LINE + "Sec-WebSocket-Version: 8\r\n"), 426, WebSocket::WS_ERR_HANDSHAKE_UNSUPPORTED_VERSION},
		{"4.4 version 14", get(HOST + UPGRADE + CONNECTION + KEY_LINE + "Sec-WebSocket-Version: 14\r\n"), 426, WebSocket::WS_ERR_HANDSHAKE_UNSUPPORTED_VERSION},
		{"4.4 version 013", get(HOST + UPGRADE + CONNECTION + KEY_LINE + "Sec-WebSocket-Version: 013\r\n"), 426, WebSocket::WS_ERR_HANDSHAKE_UNSUPPORTED_VERSION},
		{"4.4 versions 13, 8", get(HOST + UPGRADE + CONNECTION + KEY_LINE + "Sec-WebSocket-Version: 13, 8\r\n"), 426, WebSocket::WS_ERR_HANDSHAKE_UNSUPPORTED_VERSION},
		{"11.3.5 two version lines", get(HOST + UPGRADE + CONNECTION + KEY_LINE + VERSION + VERSION), 400, WebSocket::WS_ERR_HANDSHAKE_UNSUPPORTED_VERSION},
	};

	void expectOneRefusal(const std::string& received, int status)
		/// Everything that came: one response with one line of text.
	{
		const std::size_t end = received.find("\r\n\r\n");
		ASSERT_NE(std::string::npos, end) << received;
		const std::string head = received.substr(0, end + 4);
		const std::string body = received.substr(end + 4);
		EXPECT_EQ(status, int(parseResponse(head).getStatus())) << head;
		EXPECT_EQ(std::to_string(body.size()), value(head, "Content-Length"));
		EXPECT_EQ("13", value(head, "Sec-WebSocket-Version"));
		EXPECT_GT(body.size(), 1u);
		EXPECT_EQ(body.size() - 1, body.find('\n')) << body;
		EXPECT_NE(std::string::npos, value(head, "Connection").find("close"));
		if (status == 405)
		{
			EXPECT_EQ("GET", value(head, "Allow")); // RFC 9110, 15.5.6
		}
		if (status == 426)
		{
			EXPECT_EQ("websocket", value(head, "Upgrade")); // RFC 9110, 15.5.22
		}
	}

	std::string exchange(Poco::UInt16 port, const std::string& request, Transport transport = Transport::PLAIN)
		/// Sends the request, returns all that comes until the end of the stream.
	{
		RawPeer peer = connectRaw(port, transport);
		peer.send(request);
		return peer.receiveToEnd();
	}
}


class ClassHandshakeTest: public TransportTest
{
};


TEST_P(ClassHandshakeTest, Refuses)
{
	RefusingServer server(GetParam());
	for (const Bad& row: BAD)
	{
		SCOPED_TRACE(row.name);
		expectOneRefusal(exchange(server.port(), row.request, GetParam()), row.status);
		const Refusal refusal = server.refusal();
		EXPECT_EQ(row.code, refusal.code);
		EXPECT_EQ(row.status, refusal.status);
		EXPECT_FALSE(refusal.text.empty());
	}
}


TEST_P(ClassHandshakeTest, Accepts)
{
	struct Row
	{
		const char* name;
		std::string request;
	};
	const std::vector<Row> rows =
	{
		{"4.2.1", get(HOST + UPGRADE + CONNECTION + KEY_LINE + VERSION)},
		{"110: Connection is a list", get(HOST + UPGRADE + "Connection: keep-alive, Upgrade\r\n" + KEY_LINE + VERSION)},
		{"110: Connection on two lines", get(HOST + UPGRADE + "Connection: keep-alive\r\n" + CONNECTION + KEY_LINE + VERSION)},
		{"110: Upgrade is a list", get(HOST + "Upgrade: h2c, websocket\r\n" + CONNECTION + KEY_LINE + VERSION)},
		{"110: Upgrade on two lines", get(HOST + "Upgrade: h2c\r\n" + UPGRADE + CONNECTION + KEY_LINE + VERSION)},
		{"names and tokens in any case", get("HOST: localhost\r\nupgrade: WebSocket\r\nCONNECTION: UPGRADE\r\nsec-websocket-key: " + KEY + "\r\nSEC-WEBSOCKET-VERSION: 13\r\n")},
		{"space around values", get("Host: localhost\r\nUpgrade:  websocket \r\nConnection:\tUpgrade\t\r\nSec-WebSocket-Key:   " + KEY + "  \r\nSec-WebSocket-Version: 13 \r\n")},
		{"empty list elements", get(HOST + "Upgrade: , websocket,\r\nConnection: ,, Upgrade ,\r\n" + KEY_LINE + VERSION)},
	};
	const TestServer server(GetParam(), TestServer::SocketHandler(echoFrames));
	for (const Row& row: rows)
	{
		SCOPED_TRACE(row.name);
		for (std::size_t chunk: {row.request.size(), std::size_t(1)}) // whole, and byte by byte
		{
			RawPeer peer = connectRaw(server.port(), GetParam());
			peer.send(row.request, chunk);
			const std::string head = receiveRequest(peer);
			EXPECT_EQ(0u, head.find("HTTP/1.1 101 ")) << head;
			EXPECT_EQ("websocket", value(head, "Upgrade"));
			EXPECT_EQ("Upgrade", value(head, "Connection"));
			EXPECT_EQ(ACCEPT, value(head, "Sec-WebSocket-Accept"));
			EXPECT_EQ(0, lines(head, "Content-Length")) << head; // 2336; RFC 9110, 8.6
			EXPECT_EQ(0, lines(head, "Transfer-Encoding")) << head;
			EXPECT_EQ(0, lines(head, "Sec-WebSocket-Protocol")) << head;
			EXPECT_EQ(0, lines(head, "Sec-WebSocket-Extensions")) << head;
			peer.send(frame(WebSocket::FRAME_TEXT, "echo", true));
			EXPECT_EQ("echo", peer.receiveFrame().payload);
			peer.close();
		}
	}
}


TEST_P(ClassHandshakeTest, KeepsWhatTheHandlerHasSet)
{
	const TestServer server(GetParam(), TestServer::RequestHandler([](HTTPServerRequest& request, HTTPServerResponse& response)
	{
		EXPECT_EQ("chat, superchat", request.get("Sec-WebSocket-Protocol"));
		response.set("Sec-WebSocket-Protocol", "superchat");
		response.set("Set-Cookie", "a=b");
		response.setContentLength(5);
		response.setContentType("text/html");
		WebSocket ws(request, response);
		EXPECT_EQ(101, int(response.getStatus()));
		echoFrames(ws);
	}));
	RawPeer peer = connectRaw(server.port(), GetParam());
	peer.send(handshakeRequest("/", "Sec-WebSocket-Protocol: chat, superchat\r\n"));
	const std::string head = receiveRequest(peer);
	EXPECT_EQ("superchat", value(head, "Sec-WebSocket-Protocol"));
	EXPECT_EQ("a=b", value(head, "Set-Cookie"));
	EXPECT_EQ(0, lines(head, "Content-Length"));
	EXPECT_EQ(0, lines(head, "Content-Type"));
	peer.send(frame(WebSocket::FRAME_TEXT, "echo", true));
	EXPECT_EQ("echo", peer.receiveFrame().payload);
	peer.close();
}


TEST_P(ClassHandshakeTest, FramesBehindTheRequest)
{
	// 1212, 3270: in the same segment; also part of a frame, and more than the HTTP session's buffer
	const std::string large = pattern(20000);
	const std::string wire = handshakeRequest() + frame(0x81, "one", true) + frame(0x89, "two", true) + frame(0x82, large, true) + frame(0x81, "last", true);
	Mailbox<bool> readable;
	const TestServer server(GetParam(), TestServer::SocketHandler([&](WebSocket& ws)
	{
		readable.put(ws.poll(deadline(), WebSocket::SELECT_READ) && ws.available() > 0);
		echoFrames(ws);
	}));
	for (std::size_t behind: {std::size_t(1), std::size_t(9), std::size_t(12), wire.size()})
	{
		RawPeer peer = connectRaw(server.port(), GetParam());
		const std::size_t first = std::min(wire.size(), handshakeRequest().size() + behind);
		peer.send(wire.substr(0, first));
		EXPECT_EQ(0u, receiveRequest(peer).find("HTTP/1.1 101 "));
		EXPECT_TRUE(readable.take()) << behind;
		peer.send(wire.substr(first));
		EXPECT_EQ("one", peer.receiveFrame().payload);
		EXPECT_EQ("two", peer.receiveFrame().payload);
		EXPECT_EQ(large, peer.receiveFrame().payload);
		EXPECT_EQ("last", peer.receiveFrame().payload);
		peer.close();
	}
}


TEST_P(ClassHandshakeTest, OrdinaryRequestsFirst)
{
	// On a connection that is kept alive
	const TestServer server(GetParam(), TestServer::RequestHandler([](HTTPServerRequest& request, HTTPServerResponse& response)
	{
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
	RawPeer peer = connectRaw(server.port(), GetParam());
	for (int i = 0; i < 3; ++i)
	{
		peer.send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
		EXPECT_EQ(0u, receiveRequest(peer).find("HTTP/1.1 200 "));
		EXPECT_EQ("page", peer.receive(4));
	}
	peer.send(handshakeRequest("/ws"));
	EXPECT_EQ(0u, receiveRequest(peer).find("HTTP/1.1 101 "));
	peer.send(frame(WebSocket::FRAME_TEXT, "echo", true));
	EXPECT_EQ("echo", peer.receiveFrame().payload);
	peer.close();
}


TEST_P(ClassHandshakeTest, BodyOfTheRequestIsNotFrames)
{
	// RFC 9110, 7.8: the new protocol begins behind the request, and the body belongs to that
	const std::string body = frame(WebSocket::FRAME_TEXT, "smuggled", true);
	Mailbox<std::string> first;
	const TestServer server(GetParam(), TestServer::RequestHandler([&](HTTPServerRequest& request, HTTPServerResponse& response)
	{
		std::string payload("refused");
		try
		{
			WebSocket ws(request, response);
			ws.setReceiveTimeout(deadline());
			payload = appendFrame(ws).payload;
		}
		catch (const WebSocketException&)
		{
		}
		first.put(payload);
	}));
	RawPeer peer = connectRaw(server.port(), GetParam());
	peer.send(handshakeRequest("/", "Content-Length: " + std::to_string(body.size()) + "\r\n") + body + frame(WebSocket::FRAME_TEXT, "genuine", true));
	EXPECT_NE("smuggled", first.take());
}


TEST_P(ClassHandshakeTest, NothingBehindARefusedRequestIsAnswered)
{
	RefusingServer server(GetParam());
	const std::string request = get(HOST + UPGRADE + CONNECTION + VERSION);
	expectOneRefusal(exchange(server.port(), request + get(HOST) + request, GetParam()), 400);
	EXPECT_EQ(WebSocket::WS_ERR_HANDSHAKE_NO_KEY, server.refusal().code);
}


TEST_P(ClassHandshakeTest, HandlerAnswersTheException)
{
	// As in the handlers that were written for stock's class: ours must not send twice, nor crash
	using Answer = std::function<void (HTTPServerResponse&)>;
	const std::vector<Answer> answers =
	{
		[](HTTPServerResponse& response) { response.setContentLength(0); response.send(); },
		[](HTTPServerResponse& response) { response.send() << "Second answer"; },
		[](HTTPServerResponse& response) { response.send().flush(); },
		[](HTTPServerResponse& response) { response.sendBuffer("Second answer", 13); },
		[](HTTPServerResponse& response) { response.setChunkedTransferEncoding(true); response.send() << std::string(100000, 'x'); },
		[](HTTPServerResponse& response) { response.redirect("/elsewhere"); },
	};
	Mailbox<int> codes;
	const TestServer server(GetParam(), TestServer::RequestHandler([&](HTTPServerRequest& request, HTTPServerResponse& response)
	{
		try
		{
			WebSocket ws(request, response);
		}
		catch (const WebSocketException& exc)
		{
			if (exc.code() == WebSocket::WS_ERR_HANDSHAKE_UNSUPPORTED_VERSION)
				response.set("Sec-WebSocket-Version", WebSocket::WEBSOCKET_VERSION);
			response.setStatusAndReason(HTTPResponse::HTTP_BAD_REQUEST);
			answers.at(std::stoul(request.getURI().substr(1)))(response);
			codes.put(exc.code());
		}
	}));
	for (std::size_t i = 0; i < answers.size(); ++i)
	{
		SCOPED_TRACE(i);
		const std::string request = "GET /" + std::to_string(i) + " HTTP/1.1\r\n" + HOST + UPGRADE + CONNECTION + KEY_LINE + "Sec-WebSocket-Version: 8\r\n\r\n";
		expectOneRefusal(exchange(server.port(), request, GetParam()), 426);
		EXPECT_EQ(WebSocket::WS_ERR_HANDSHAKE_UNSUPPORTED_VERSION, codes.take());
	}
}


INSTANTIATE_TEST_SUITE_P(All, ClassHandshakeTest, ::testing::Values(Transport::PLAIN, Transport::TLS), transportName);


namespace
{
	class LastError: public Poco::ErrorHandler
		/// Keeps what Poco's server reports.
	{
	public:
		LastError():
			_pPrevious(Poco::ErrorHandler::set(this))
		{
		}

		~LastError() override
		{
			Poco::ErrorHandler::set(_pPrevious);
		}

		using Poco::ErrorHandler::exception;

		void exception(const Poco::Exception& exc) override
		{
			std::lock_guard<std::mutex> lock(_mutex);
			_text = exc.displayText();
			_code = exc.code();
		}

		std::pair<std::string, int> get()
		{
			std::lock_guard<std::mutex> lock(_mutex);
			return {_text, _code};
		}

	private:
		Poco::ErrorHandler* _pPrevious;
		std::mutex _mutex;
		std::string _text;
		int _code = 0;
	};
}


class ClassHandshakeEscapeTest: public SocketTest
{
};


TEST_F(ClassHandshakeEscapeTest, HandlerLetsTheExceptionOut)
{
	LastError lastError;
	Poco::ThreadPool pool;
	{
		const TestServer::RequestHandler careless = [](HTTPServerRequest& request, HTTPServerResponse& response) { WebSocket ws(request, response); };
		Poco::Net::HTTPServer server(new FunctionFactory(careless), pool, Poco::Net::ServerSocket(Poco::Net::SocketAddress("127.0.0.1", 0)), new Poco::Net::HTTPServerParams);
		server.start();
		for (int i = 0; i < 2; ++i) // the server serves on
			expectOneRefusal(exchange(server.port(), get(HOST + UPGRADE + CONNECTION + KEY_LINE + "Sec-WebSocket-Version: 8\r\n")), 426);
		server.stop();
	}
	pool.joinAll();
	EXPECT_EQ(WebSocket::WS_ERR_HANDSHAKE_UNSUPPORTED_VERSION, lastError.get().second) << lastError.get().first;
}
