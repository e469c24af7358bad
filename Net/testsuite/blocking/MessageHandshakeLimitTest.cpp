//
// MessageHandshakeLimitTest.cpp
//
// What a client takes of an answer to its opening handshake, byte for byte; and its keys.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "support/MessageSupport.h"
#include "Poco/Net/HTTPCredentials.h"
#include "Poco/Net/HTTPSessionInstantiator.h"
#include "Poco/Net/StreamSocketImpl.h"
#include "Poco/Clock.h"
#include <algorithm>
#include <climits>
#include <set>


namespace WebSocketTest {


namespace
{
	using Poco::Net::HTTPClientSession;
	using Poco::Net::HTTPCredentials;
	using Poco::Net::HTTPRequest;
	using Poco::Net::HTTPResponse;
	using Poco::Net::SocketAddress;
	using Poco::Net::StreamSocket;
	using Poco::Net::StreamSocketImpl;
	using Poco::Net::WebSocket;
	using Poco::Net::WebSocketParams;

	class MessageHandshakeLimitTest: public SocketTest
	{
	};

	class MessageHandshakeKeyTest: public SocketTest
	{
	};

	class PiecesSocketImpl: public StreamSocketImpl
		/// Receives first so many bytes, and then so many at a time, as if TCP had cut them like that.
	{
	public:
		PiecesSocketImpl(int first, int rest):
			_next(first),
			_rest(rest)
		{
		}

		using StreamSocketImpl::receiveBytes;

		int receiveBytes(void* buffer, int length, int flags) override
		{
			const int n = StreamSocketImpl::receiveBytes(buffer, std::min(length, _next), flags);
			_next -= n;
			if (_next == 0) _next = _rest;
			return n;
		}

	private:
		int _next;
		int _rest;
	};

	class PiecesSocket: public StreamSocket
	{
	public:
		PiecesSocket(int first, int rest):
			StreamSocket(new PiecesSocketImpl(first, rest))
		{
		}
	};

	using Respond = std::function<std::string (const std::string& request)>;

	struct Sizes
	{
		std::string name;
		Respond header;     // of the final response, and what comes before
		std::string behind; // the header
	};

	std::string bareLineFeeds(std::string text)
	{
		text.erase(std::remove(text.begin(), text.end(), '\r'), text.end());
		return text;
	}

	const std::string HINTS = "HTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\n";
	const std::string CONTINUE = "HTTP/1.1 100 Continue\r\n\r\n";

	std::vector<Sizes> sizes()
	{
		const std::string frames = frame(0x82, pattern(3000), false);
		return
		{
			{"header only", [](const std::string& request) { return handshakeResponse(request); }, ""},
			{"frames behind it", [](const std::string& request) { return handshakeResponse(request); }, frames},
			{"bytes like a header behind it", [](const std::string& request) { return handshakeResponse(request); }, "\r\n\r\n" + HINTS},
			{"interim responses", [](const std::string& request) { return HINTS + CONTINUE + HINTS + handshakeResponse(request); }, frames},
			{"lines that end with LF", [](const std::string& request) { return bareLineFeeds(HINTS + handshakeResponse(request, "X-Folded: a\r\n b\r\n")); }, frames}
		};
	}

	int answered(const Sizes& row, int limitLess, int first, int rest)
		/// Returns the code of the exception; 0 if the handshake was successful. The limit is that much less than the header's size.
	{
		ScriptedServer server(Transport::PLAIN, [&](ScriptedServer& self)
		{
			RawPeer peer = self.accept();
			peer.send(row.header(receiveRequest(peer)) + row.behind);
		});
		PiecesSocket socket(first, rest);
		socket.connect(SocketAddress("127.0.0.1", server.port()), deadline());
		HTTPClientSession session(socket);
		session.setTimeout(deadline());
		HTTPRequest request(HTTPRequest::HTTP_GET, "/", HTTPRequest::HTTP_1_1);
		HTTPResponse httpResponse;
		WebSocketParams::Ptr pParams = new WebSocketParams;
		pParams->setMaxHandshakeSize(static_cast<int>(row.header(handshakeRequest()).size()) - limitLess);
		const int error = errorOf([&] { WebSocket(session, request, httpResponse, pParams); });
		server.finish();
		return error;
	}
}


TEST_F(MessageHandshakeLimitTest, SizeOfTheHeader)
	/// At the limit and one past it, whole, a byte at a time, and cut anywhere.
{
	for (const Sizes& row: sizes())
	{
		SCOPED_TRACE(row.name);
		const int size = static_cast<int>((row.header(handshakeRequest()) + row.behind).size());
		const int header = static_cast<int>(row.header(handshakeRequest()).size());
		for (int less: {0, 1})
		{
			const int expected = less == 0 ? 0 : static_cast<int>(WebSocket::WS_ERR_HANDSHAKE_REFUSED);
			EXPECT_EQ(expected, answered(row, less, INT_MAX, INT_MAX)) << "whole, " << less;
			EXPECT_EQ(expected, answered(row, less, 1, 1)) << "a byte at a time, " << less;
			for (int cut = 1; cut < std::min(size, header + 10); ++cut)
				ASSERT_EQ(expected, answered(row, less, cut, INT_MAX)) << "cut at " << cut << ", " << less;
		}
	}
}


namespace
{
	void expectCountedAnew(Transport transport, bool closes, int tooLong)
		/// A demand for credentials, and success: both have a header of as many bytes as may be. That with the
		/// number tooLong has one more; -1: none has.
	{
		const std::string refusal = std::string("HTTP/1.1 401 No\r\nWWW-Authenticate: Basic realm=\"r\"\r\nContent-Length: 5000\r\n") + (closes ? "Connection: close\r\n" : "");
		const std::string body(5000, 'b');
		constexpr int LIMIT = 500;
		const auto filled = [](const std::string& head, int size)
		{
			return head + "F: " + std::string(static_cast<std::size_t>(size) - head.size() - 7, 'f') + "\r\n\r\n";
		};
		ScriptedServer server(transport, [&](ScriptedServer& self)
		{
			std::unique_ptr<RawPeer> pPeer = std::make_unique<RawPeer>(self.accept());
			receiveRequest(*pPeer);
			pPeer->send(filled(refusal, LIMIT + (tooLong == 0 ? 1 : 0)) + body);
			if (tooLong == 0) return;
			if (closes) pPeer = std::make_unique<RawPeer>(self.accept());
			std::string head = handshakeResponse(receiveRequest(*pPeer));
			head.resize(head.size() - 2);
			pPeer->send(filled(head, LIMIT + (tooLong == 1 ? 1 : 0)));
			if (tooLong < 0) echoOnce(*pPeer);
		});
		const std::unique_ptr<HTTPClientSession> pSession = server.session();
		HTTPRequest request(HTTPRequest::HTTP_GET, "/", HTTPRequest::HTTP_1_1);
		HTTPResponse httpResponse;
		HTTPCredentials credentials("user", "secret");
		WebSocketParams::Ptr pParams = new WebSocketParams;
		pParams->setMaxHandshakeSize(LIMIT);
		EXPECT_EQ(tooLong < 0 ? 0 : static_cast<int>(WebSocket::WS_ERR_HANDSHAKE_REFUSED), errorOf([&]
		{
			WebSocket ws(*pSession, request, httpResponse, credentials, pParams);
			expectEcho(ws, "echo");
		}));
		server.finish();
	}
}


TEST_F(MessageHandshakeLimitTest, EachResponseIsCountedAnew)
	/// And no byte of its body; on one connection, or on two.
{
	for (Transport transport: {Transport::PLAIN, Transport::TLS})
	{
		for (bool closes: {false, true})
		{
			for (int tooLong: {-1, 0, 1})
			{
				SCOPED_TRACE(std::to_string(int(transport)) + (closes ? " two, " : " one, ") + std::to_string(tooLong));
				expectCountedAnew(transport, closes, tooLong);
			}
		}
	}
}


namespace
{
	std::string manyFields(int count)
	{
		std::string result;
		for (int i = 0; i < count; ++i) result += "X-" + std::to_string(i) + ": x\r\n";
		return result;
	}

	int throughProxy(const std::string& answer, const WebSocketParams::Ptr& pParams, bool& refused)
		/// Returns the code of the exception; refused is whether it was an HTTPException.
	{
		refused = false;
		ScriptedServer proxy(Transport::PLAIN, [&](ScriptedServer& self)
		{
			RawPeer peer = self.accept();
			receiveRequest(peer);
			peer.send(answer);
			std::string request;
			try
			{
				request = receiveRequest(peer);
			}
			catch (const Poco::Exception&)
			{
				return; // it was not what the client wants
			}
			peer.send(handshakeResponse(request));
			echoOnce(peer);
		});
		HTTPClientSession session("server.test", 80);
		session.setTimeout(deadline());
		session.setProxy("127.0.0.1", proxy.port());
		HTTPRequest request(HTTPRequest::HTTP_GET, "/", HTTPRequest::HTTP_1_1);
		HTTPResponse httpResponse;
		try
		{
			WebSocket ws = pParams ? WebSocket(session, request, httpResponse, pParams) : WebSocket(session, request, httpResponse);
			expectEcho(ws, "echo");
		}
		catch (const Poco::Net::WebSocketException& exc)
		{
			return exc.code();
		}
		catch (const Poco::Net::HTTPException&)
		{
			refused = true;
		}
		return 0;
	}
}


TEST_F(MessageHandshakeLimitTest, Proxy)
	/// What a proxy answers has the limits that a server's answer has.
{
	const std::string line = "HTTP/1.1 200 Established\r\n";
	bool refused = false;
	for (int more: {0, 1})
	{
		SCOPED_TRACE(more);
		const int expected = more == 0 ? 0 : static_cast<int>(WebSocket::WS_ERR_HANDSHAKE_REFUSED);
		WebSocketParams::Ptr pParams = new WebSocketParams;
		pParams->setMaxHandshakeSize(1000);
		EXPECT_EQ(expected, throughProxy(line + "F: " + std::string(1000 + static_cast<std::size_t>(more) - line.size() - 7, 'f') + "\r\n\r\n", pParams, refused));
		EXPECT_FALSE(refused);
		pParams = new WebSocketParams;
		pParams->setMaxHandshakeFields(10);
		EXPECT_EQ(expected, throughProxy(line + manyFields(10 + more) + "\r\n", pParams, refused));
		EXPECT_FALSE(refused);
	}
}


TEST_F(MessageHandshakeLimitTest, AnswersOfAProxy)
	/// RFC 9110, 9.3.6: any 2xx makes the tunnel, and its answer has no body.
{
	struct Row
	{
		std::string answer;
		bool refused;
	};
	const std::vector<Row> rows =
	{
		{"HTTP/1.1 200 OK\r\n\r\n", false}, {"HTTP/1.0 200 OK\r\n\r\n", false}, {"HTTP/1.1 204 OK\r\n\r\n", false}, {"HTTP/1.1 299 OK\r\n\r\n", false},
		{"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", false}, {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", false},
		{"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", false}, {CONTINUE + HINTS + "HTTP/1.1 200 OK\r\n\r\n", false},
		{"HTTP/1.1 301 Moved\r\nLocation: /\r\nContent-Length: 0\r\n\r\n", true}, {"HTTP/1.1 407 No\r\nContent-Length: 2\r\n\r\nno", true},
		{"HTTP/1.1 502 No\r\n\r\n", true}, {"HTTP/1.1 101 Odd\r\n\r\n", true}
	};
	for (const WebSocketParams::Ptr& pParams: {WebSocketParams::Ptr(), WebSocketParams::Ptr(new WebSocketParams)})
	{
		for (const Row& row: rows)
		{
			SCOPED_TRACE(row.answer);
			bool refused = false;
			EXPECT_EQ(0, throughProxy(row.answer, pParams, refused));
			EXPECT_EQ(row.refused, refused);
		}
	}
}


TEST_F(MessageHandshakeLimitTest, ServerBehindAProxySpeaksFirst)
	/// What comes together with the proxy's answer is the server's.
{
	for (const WebSocketParams::Ptr& pParams: {WebSocketParams::Ptr(), WebSocketParams::Ptr(new WebSocketParams)})
	{
		for (const std::string& early: {std::string("HTTP/1.1 408 Late\r\nContent-Length: 0\r\n\r\n"), std::string("HTTP/1.1 408 Late\r\nContent-Len"), std::string("HT")})
		{
			SCOPED_TRACE(early);
			const std::string late = std::string("HTTP/1.1 408 Late\r\nContent-Length: 0\r\n\r\n").substr(early.size());
			ScriptedServer proxy(Transport::PLAIN, [&](ScriptedServer& self)
			{
				RawPeer peer = self.accept();
				receiveRequest(peer);
				peer.send("HTTP/1.1 200 OK\r\n\r\n" + early);
				receiveRequest(peer);
				peer.send(late);
				EXPECT_TRUE(peer.atEnd());
			});
			{
				HTTPClientSession session("server.test", 80);
				session.setTimeout(deadline());
				session.setProxy("127.0.0.1", proxy.port());
				HTTPRequest request(HTTPRequest::HTTP_GET, "/", HTTPRequest::HTTP_1_1);
				HTTPResponse httpResponse;
				EXPECT_EQ(WebSocket::WS_ERR_NO_HANDSHAKE, errorOf([&]
				{
					if (pParams) WebSocket(session, request, httpResponse, pParams);
					else WebSocket(session, request, httpResponse);
				}));
				EXPECT_EQ(408, httpResponse.getStatus());
			}
			proxy.finish();
		}
	}
}


TEST_F(MessageHandshakeLimitTest, RequestsToAProxy)
	/// As Poco's class writes them; but an IPv6 address needs brackets (RFC 9112, 3.2.3), and Host has the port (3.2).
{
	using Config = HTTPClientSession::ProxyConfig;
	struct Row
	{
		std::string host;
		Poco::Net::HTTPClientSession::ProxyAuthentication method;
		std::string password;
		std::string expected;
	};
	const std::string fields = "Proxy-Connection: Keep-Alive\r\nHost: ";
	const std::vector<Row> rows =
	{
		{"server.test", HTTPClientSession::PROXY_AUTH_NONE, "secret", "CONNECT server.test:8080 HTTP/1.1\r\n" + fields + "server.test:8080\r\n\r\n"},
		{"server.test", HTTPClientSession::PROXY_AUTH_HTTP_BASIC, "", "CONNECT server.test:8080 HTTP/1.1\r\n" + fields + "server.test:8080\r\nProxy-Authorization: Basic dXNlcjo=\r\n\r\n"},
		{"server.test", HTTPClientSession::PROXY_AUTH_HTTP_BASIC, "secret", "CONNECT server.test:8080 HTTP/1.1\r\n" + fields + "server.test:8080\r\nProxy-Authorization: Basic dXNlcjpzZWNyZXQ=\r\n\r\n"},
		{"::1", HTTPClientSession::PROXY_AUTH_NONE, "", "CONNECT [::1]:8080 HTTP/1.1\r\n" + fields + "[::1]:8080\r\n\r\n"}
	};
	for (const Row& row: rows)
	{
		ScriptedServer proxy(Transport::PLAIN, [&row](ScriptedServer& self)
		{
			RawPeer peer = self.accept();
			EXPECT_EQ(row.expected, receiveRequest(peer));
		});
		HTTPClientSession session(row.host, 8080);
		Config config;
		config.host = "127.0.0.1";
		config.port = proxy.port();
		config.username = "user";
		config.password = row.password;
		config.authMethod = row.method;
		session.setProxyConfig(config);
		HTTPRequest request(HTTPRequest::HTTP_GET, "/", HTTPRequest::HTTP_1_1);
		HTTPResponse httpResponse;
		EXPECT_THROW(WebSocket(session, request, httpResponse), Poco::Exception);
		proxy.finish();
	}
}


TEST_F(MessageHandshakeLimitTest, ProxyWantsDigest)
	/// On the same connection, or on another one.
{
	for (bool closes: {false, true})
	{
		for (const WebSocketParams::Ptr& pParams: {WebSocketParams::Ptr(), WebSocketParams::Ptr(new WebSocketParams)})
		{
			ScriptedServer proxy(Transport::PLAIN, [closes](ScriptedServer& self)
			{
				std::unique_ptr<RawPeer> pPeer = std::make_unique<RawPeer>(self.accept());
				EXPECT_EQ(0, lines(receiveRequest(*pPeer), "Proxy-Authorization"));
				const std::string connection = closes ? "Connection: close\r\n" : "";
				pPeer->send(response(407, "Proxy-Authenticate: Digest realm=\"r\", nonce=\"n\", qop=\"auth\"\r\n" + connection, "Sorry"));
				if (closes) pPeer = std::make_unique<RawPeer>(self.accept());
				EXPECT_EQ(0u, value(receiveRequest(*pPeer), "Proxy-Authorization").find("Digest username=\"user\""));
				pPeer->send("HTTP/1.1 200 OK\r\n\r\n");
				pPeer->send(handshakeResponse(receiveRequest(*pPeer)));
				echoOnce(*pPeer);
			});
			HTTPClientSession session("server.test", 80);
			session.setTimeout(deadline());
			HTTPClientSession::ProxyConfig config;
			config.host = "127.0.0.1";
			config.port = proxy.port();
			config.username = "user";
			config.password = "secret";
			config.authMethod = HTTPClientSession::PROXY_AUTH_HTTP_DIGEST;
			session.setProxyConfig(config);
			HTTPRequest request(HTTPRequest::HTTP_GET, "/", HTTPRequest::HTTP_1_1);
			HTTPResponse httpResponse;
			try
			{
				WebSocket ws = pParams ? WebSocket(session, request, httpResponse, pParams) : WebSocket(session, request, httpResponse);
				expectEcho(ws, "echo");
			}
			catch (const Poco::Exception& exc)
			{
				ADD_FAILURE() << exc.displayText();
			}
			proxy.finish();
		}
	}
}


TEST_F(MessageHandshakeLimitTest, ChallengesOfAProxy)
	/// RFC 9110, 11.7.1; RFC 7616, 3.7
{
	struct Row
	{
		HTTPClientSession::ProxyAuthentication method;
		std::string challenges;
		std::string answer; // its begin; empty if there is none
	};
	const std::string md5 = "Digest realm=\"r, s\", nonce=\"n\", qop=\"auth\"";
	const std::string answer = "Digest username=\"user\", realm=\"r, s\", uri=\"server.test:80\", algorithm=SHA-256, nonce=\"n\", nc=00000001, cnonce=\"";
	const std::vector<Row> rows =
	{
		{HTTPClientSession::PROXY_AUTH_HTTP_DIGEST, md5 + ", algorithm=SHA-256", answer},
		{HTTPClientSession::PROXY_AUTH_HTTP_DIGEST, "Basic realm=\"r\", Bearer, " + md5 + ", algorithm=SHA-256, " + md5, answer},
		{HTTPClientSession::PROXY_AUTH_HTTP_DIGEST, "Bearer\r\nProxy-Authenticate: " + md5, "Digest username=\"user\""},
		{HTTPClientSession::PROXY_AUTH_HTTP_DIGEST, "Basic realm=\"r\"", ""}, // the password is not given away
		{HTTPClientSession::PROXY_AUTH_HTTP_BASIC, "Basic realm=\"r\", " + md5 + ", algorithm=SHA-256", answer}, // Basic has been tried
		{HTTPClientSession::PROXY_AUTH_HTTP_BASIC, "Basic realm=\"r\"", ""},
		{HTTPClientSession::PROXY_AUTH_NONE, md5, ""},
	};
	for (const Row& row: rows)
	{
		for (bool closes: {false, true})
		{
			SCOPED_TRACE(row.challenges);
			ScriptedServer proxy(Transport::PLAIN, [&row, closes](ScriptedServer& self)
			{
				std::unique_ptr<RawPeer> pPeer = std::make_unique<RawPeer>(self.accept());
				const bool basic = row.method == HTTPClientSession::PROXY_AUTH_HTTP_BASIC;
				EXPECT_EQ(basic ? 1 : 0, lines(receiveRequest(*pPeer), "Proxy-Authorization"));
				pPeer->send(response(407, "Proxy-Authenticate: " + row.challenges + (closes ? "\r\nConnection: close\r\n" : "\r\n"), "Sorry"));
				if (row.answer.empty()) return;
				if (closes) pPeer = std::make_unique<RawPeer>(self.accept());
				EXPECT_EQ(0u, value(receiveRequest(*pPeer), "Proxy-Authorization").find(row.answer));
				pPeer->send("HTTP/1.1 200 OK\r\n\r\n");
				const std::string request = receiveRequest(*pPeer);
				EXPECT_EQ(0, lines(request, "Proxy-Authorization"));
				pPeer->send(handshakeResponse(request));
				echoOnce(*pPeer);
			});
			HTTPClientSession session("server.test", 80);
			session.setTimeout(deadline());
			HTTPClientSession::ProxyConfig config;
			config.host = "127.0.0.1";
			config.port = proxy.port();
			config.username = "user";
			config.password = "secret";
			config.authMethod = row.method;
			session.setProxyConfig(config);
			HTTPRequest request(HTTPRequest::HTTP_GET, "/", HTTPRequest::HTTP_1_1);
			HTTPResponse httpResponse;
			try
			{
				WebSocket ws(session, request, httpResponse, WebSocketParams::Ptr(new WebSocketParams));
				expectEcho(ws, "echo");
				EXPECT_FALSE(row.answer.empty());
			}
			catch (const Poco::Net::HTTPException& exc)
			{
				EXPECT_TRUE(row.answer.empty()) << exc.displayText();
			}
			proxy.finish();
		}
	}
}


TEST_F(MessageHandshakeLimitTest, FieldsLongerThanPocoTakes)
	/// The limit is that of the parameters, also for one field.
{
	for (Transport transport: {Transport::PLAIN, Transport::TLS})
	{
		for (std::size_t length: {1024u, 8190u, 8191u, 8192u, 8193u, 20000u, 65000u, 67000u})
		{
			SCOPED_TRACE(length);
			const std::string fields = "X-Long: " + std::string(length, 'x') + "\r\n" + std::string(300, 'N') + ": name\r\nX-Folded: a\r\n b\r\nno colon\r\n";
			ScriptedServer server(transport, [&fields](ScriptedServer& self)
			{
				RawPeer peer = self.accept();
				const std::string request = receiveRequest(peer);
				try
				{
					peer.send("HTTP/1.1 103 Early Hints\r\nLink: " + std::string(100, 'l') + "\r\n\r\n" + handshakeResponse(request, fields));
					echoOnce(peer);
				}
				catch (const Poco::Exception&)
				{
					// the client does not want so much
				}
			});
			WebSocketParams::Ptr pParams = new WebSocketParams;
			pParams->setMaxHandshakeSize(65536 + 700);
			HTTPRequest request(HTTPRequest::HTTP_GET, "/", HTTPRequest::HTTP_1_1);
			HTTPResponse httpResponse;
			const std::unique_ptr<HTTPClientSession> pSession = server.session();
			const int error = errorOf([&]
			{
				WebSocket ws(*pSession, request, httpResponse, pParams);
				expectEcho(ws, "echo");
				EXPECT_EQ(length, httpResponse.get("X-Long").size());
				EXPECT_EQ("name", httpResponse.get(std::string(300, 'N')));
				EXPECT_EQ("a b", httpResponse.get("X-Folded"));
			});
			EXPECT_EQ(length > 65536 ? WebSocket::WS_ERR_HANDSHAKE_REFUSED : 0, error);
			pSession->reset();
			server.finish();
		}
	}
}


TEST_F(MessageHandshakeLimitTest, MoreFieldsThanPocoTakes)
	/// The limit is that of the parameters, below and above Poco's.
{
	const int own = static_cast<int>(parseResponse(handshakeResponse(handshakeRequest())).size());
	for (int limit: {50, 100, 101, 300})
	{
		SCOPED_TRACE(limit);
		WebSocketParams::Ptr pParams = new WebSocketParams;
		pParams->setMaxHandshakeFields(limit);
		EXPECT_EQ(0, open(pParams, manyFields(limit - own)).error);
		EXPECT_EQ(WebSocket::WS_ERR_HANDSHAKE_REFUSED, open(pParams, manyFields(limit - own + 1)).error);
		EXPECT_EQ(WebSocket::WS_ERR_HANDSHAKE_REFUSED, open(pParams, manyFields(limit + 100)).error);
	}
}


TEST_F(MessageHandshakeLimitTest, BodyWithTwoLengths)
	/// What is wrong is told at once; nobody waits for the rest of a body that is of no interest.
{
	ScriptedServer server(Transport::PLAIN, [](ScriptedServer& self)
	{
		RawPeer peer = self.accept();
		receiveRequest(peer);
		peer.send("HTTP/1.1 400 No\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab");
		EXPECT_TRUE(peer.atEnd());
	});
	const std::unique_ptr<HTTPClientSession> pSession = server.session();
	HTTPRequest request(HTTPRequest::HTTP_GET, "/", HTTPRequest::HTTP_1_1);
	HTTPResponse httpResponse;
	const Poco::Clock start;
	EXPECT_EQ(WebSocket::WS_ERR_NO_HANDSHAKE, errorOf([&] { WebSocket(*pSession, request, httpResponse); }));
	EXPECT_GT(DEADLINE_S/2*1000000, start.elapsed());
	server.finish();
}


//
// Keys
//
namespace
{
	std::vector<std::string> keysOf(const std::string& given, bool withParams)
		/// Returns the keys of three requests: a redirect, a demand for credentials, and success.
	{
		std::vector<std::string> keys;
		ScriptedServer server(Transport::PLAIN, [&](ScriptedServer& self)
		{
			std::unique_ptr<RawPeer> pPeer = std::make_unique<RawPeer>(self.accept());
			if (withParams)
			{
				keys.push_back(value(receiveRequest(*pPeer), "Sec-WebSocket-Key"));
				pPeer->send(response(302, "Location: /next\r\n"));
				pPeer = std::make_unique<RawPeer>(self.accept());
			}
			keys.push_back(value(receiveRequest(*pPeer), "Sec-WebSocket-Key"));
			pPeer->send(response(401, "WWW-Authenticate: Basic realm=\"r\"\r\n", "Sorry"));
			const std::string request = receiveRequest(*pPeer);
			keys.push_back(value(request, "Sec-WebSocket-Key"));
			pPeer->send(handshakeResponse(request));
			echoOnce(*pPeer);
		});
		const std::unique_ptr<HTTPClientSession> pSession = server.session();
		HTTPRequest request(HTTPRequest::HTTP_GET, "/", HTTPRequest::HTTP_1_1);
		if (!given.empty()) request.set("Sec-WebSocket-Key", given);
		HTTPResponse httpResponse;
		HTTPCredentials credentials("user", "secret");
		WebSocketParams::Ptr pParams = new WebSocketParams;
		pParams->setMaxRedirects(1);
		EXPECT_EQ(0, errorOf([&]
		{
			WebSocket ws = withParams ? WebSocket(*pSession, request, httpResponse, credentials, pParams) : WebSocket(*pSession, request, httpResponse, credentials);
			expectEcho(ws, "echo");
		}));
		server.finish();
		EXPECT_EQ(keys.back(), request.get("Sec-WebSocket-Key"));
		return keys;
	}
}


TEST_F(MessageHandshakeKeyTest, NewForEachRequest)
	/// RFC 6455, 4.1: a nonce selected randomly for each connection.
{
	Poco::Net::HTTPSessionInstantiator::registerInstantiator();
	for (const std::string& given: {std::string(), std::string("no key")})
	{
		for (bool withParams: {false, true})
		{
			const std::vector<std::string> keys = keysOf(given, withParams);
			EXPECT_EQ(keys.size(), std::set<std::string>(keys.begin(), keys.end()).size());
		}
	}
	Poco::Net::HTTPSessionInstantiator::unregisterInstantiator();
}


TEST_F(MessageHandshakeKeyTest, GivenKeyStays)
{
	Poco::Net::HTTPSessionInstantiator::registerInstantiator();
	const std::string given = "dGhlIHNhbXBsZSBub25jZQ==";
	for (bool withParams: {false, true})
	{
		for (const std::string& key: keysOf(given, withParams)) EXPECT_EQ(given, key);
	}
	Poco::Net::HTTPSessionInstantiator::unregisterInstantiator();
}


} // namespace WebSocketTest
