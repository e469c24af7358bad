//
// TunnelTest.cpp
//
// What is said to a proxy, and what it answers: the same for ws and for wss, for the client and for the class.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "support/ClassScript.h"
#include "support/EventSupport.h"
#include "Poco/Net/HTTPSClientSession.h"
#include "Poco/Net/HTTPSSessionInstantiator.h"
#include "Poco/Net/HTTPSessionInstantiator.h"
#include "Poco/Net/NetException.h"
#include "Poco/Net/WebSocket.h"
#include "Poco/Net/WebSocketClient.h"
#include "Poco/Clock.h"
#include "Poco/URI.h"
#include <gtest/gtest.h>
#include <tuple>


using namespace WebSocketTest;
using Poco::Net::Context;
using Poco::Net::HTTPClientSession;
using Poco::Net::HTTPRequest;
using Poco::Net::HTTPResponse;
using Poco::Net::HTTPSClientSession;
using Poco::Net::StreamSocket;
using Poco::Net::WebSocket;
using Poco::Net::WebSocketClient;
using Poco::Net::WebSocketClientLoop;
using Poco::Net::WebSocketClientParams;
using Poco::Net::WebSocketConnection;
using Poco::Net::WebSocketParams;


namespace
{
	enum class Shell
	{
		CLASS,
		CLASS_WITH_PARAMS,
		CLIENT
	};

	const std::string ESTABLISHED = "HTTP/1.1 200 Connection established\r\n\r\n";

	Context::Ptr trustingContext()
	{
		return new Context(Context::CLIENT_USE, "", "", "", Context::VERIFY_NONE);
	}

	class EchoHandler: public Poco::Net::WebSocketClientHandler
	{
	public:
		std::atomic<int> echoed{0};
		std::atomic<int> code{0};
		std::atomic<bool> failed{false};
		std::atomic<bool> timedOut{false};

		void onMessage(WebSocketConnection&, std::string_view, WebSocketFrame::Opcode) override
		{
			++echoed;
		}

		void onConnectFailed(const Poco::Exception& exc) override
		{
			code = exc.code();
			timedOut = dynamic_cast<const Poco::TimeoutException*>(&exc) != nullptr;
			failed = true;
		}
	};

	struct Outcome
	{
		bool echoed = false;
		bool timedOut = false;
		int code = 0; // of the exception
	};

	struct Way
		/// To a server behind a proxy.
	{
		Shell shell;
		Transport transport;
		std::string host = "localhost";
		Poco::UInt16 port = 7741;
		HTTPClientSession::ProxyConfig proxy = HTTPClientSession::ProxyConfig();
		Poco::Timespan timeout = deadline();
		int redirects = 0;
		Context::Ptr pContext = clientContext();

		std::unique_ptr<HTTPClientSession> session() const
		{
			std::unique_ptr<HTTPClientSession> pSession;
			if (transport == Transport::TLS) pSession = std::make_unique<HTTPSClientSession>(host, port, pContext);
			else pSession = std::make_unique<HTTPClientSession>(host, port);
			pSession->setTimeout(timeout);
			if (!proxy.host.empty()) pSession->setProxyConfig(proxy);
			return pSession;
		}

		Outcome connect() const
			/// Connects, and has a message sent back.
		{
			Outcome outcome;
			if (shell == Shell::CLIENT)
			{
				connectClient(outcome);
				return outcome;
			}
			const std::unique_ptr<HTTPClientSession> pSession = session();
			connect(*pSession, outcome);
			EXPECT_EQ(proxy.host, pSession->getProxyHost());
			EXPECT_EQ(proxy.port, pSession->getProxyPort());
			EXPECT_EQ(timeout, pSession->getTimeout());
			return outcome;
		}

		void connect(HTTPClientSession& session, Outcome& outcome) const
		{
			HTTPRequest request(HTTPRequest::HTTP_GET, "/", HTTPRequest::HTTP_1_1);
			HTTPResponse httpResponse;
			WebSocketParams::Ptr pParams = new WebSocketParams;
			pParams->setHandshakeTimeout(timeout);
			pParams->setMaxRedirects(redirects);
			try
			{
				WebSocket ws = shell == Shell::CLASS ? WebSocket(session, request, httpResponse) : WebSocket(session, request, httpResponse, pParams);
				expectEcho(ws, "hello");
				EXPECT_TRUE(ws.getBlocking());
				outcome.echoed = true;
			}
			catch (const Poco::Exception& exc)
			{
				outcome.code = exc.code();
				outcome.timedOut = dynamic_cast<const Poco::TimeoutException*>(&exc) != nullptr;
			}
		}

		void connectClient(Outcome& outcome) const
		{
			WebSocketClientLoop loop;
			const Poco::SharedPtr<EchoHandler> pHandler(new EchoHandler);
			WebSocketClientParams::Ptr pParams = new WebSocketClientParams;
			pParams->setReconnect(false);
			pParams->setHandshakeTimeout(timeout);
			pParams->setMaxRedirects(redirects);
			const Way way = *this;
			pParams->setSessionFactory([way](const Poco::URI&) { return way.session(); });
			pParams->setProxy(proxy);
			const std::string authority = host[0] == ':' ? "[" + host + "]" : host;
			WebSocketClient client(Poco::URI((transport == Transport::TLS ? "wss://" : "ws://") + authority + ":" + std::to_string(port) + "/"), pHandler, loop, pParams);
			client.start();
			client.sendText("hello");
			EXPECT_TRUE(eventually([&] { return pHandler->echoed > 0 || pHandler->failed; }));
			client.stop();
			outcome.echoed = pHandler->echoed > 0;
			outcome.timedOut = pHandler->timedOut;
			outcome.code = pHandler->code;
		}
	};

	class TunnelTest: public ::testing::TestWithParam<std::tuple<Shell, Transport>>
	{
	protected:
		static Way way(const ScriptedServer& proxy)
		{
			Way result = {std::get<0>(GetParam()), std::get<1>(GetParam())};
			result.proxy.host = "127.0.0.1";
			result.proxy.port = proxy.port();
			return result;
		}

		static void serve(RawPeer& proxy, Transport transport = std::get<1>(GetParam()))
			/// Goes on as the server behind the proxy.
		{
			RawPeer server(proxy.socket(), transport, true);
			const std::string request = receiveRequest(server);
			EXPECT_EQ(0u, request.find("GET / HTTP/1.1\r\n"));
			EXPECT_EQ(0, lines(request, "Proxy-Authorization")) << request;
			server.send(handshakeResponse(request));
			echoOnce(server);
			try
			{
				server.atEnd(); // or there is a Close frame
			}
			catch (const Poco::IOException&)
			{
				// reset
			}
		}

		static void untilGone(RawPeer& peer)
			/// Receives what the client sends, until it closes the connection.
		{
			try
			{
				peer.receiveToEnd();
			}
			catch (const Poco::IOException&)
			{
				// reset
			}
		}

		static void trickle(StreamSocket socket, const std::string& bytes)
			/// Sends a byte at a time, until the client closes the connection.
		{
			try
			{
				char received[1000];
				for (char byte: bytes)
				{
					socket.sendBytes(&byte, 1);
					if (socket.poll(Poco::Timespan(10000), Poco::Net::Socket::SELECT_READ) && socket.receiveBytes(received, sizeof(received)) <= 0) return;
				}
				ADD_FAILURE() << "The client has waited for all of it";
			}
			catch (const Poco::IOException&)
			{
				// reset
			}
		}

	private:
		Watchdog _watchdog;
	};

	std::string wayName(const ::testing::TestParamInfo<std::tuple<Shell, Transport>>& info)
	{
		const Shell shell = std::get<0>(info.param);
		return std::string(shell == Shell::CLASS ? "class" : shell == Shell::CLASS_WITH_PARAMS ? "params" : "client")
			+ (std::get<1>(info.param) == Transport::TLS ? "TLS" : "");
	}

	const std::string TLS_RECORD = std::string("\x16\x03\x03\x40\x00\x02\x00\x3f\xfc", 9) + std::string(16000, 'x'); // begins a long ServerHello
}


INSTANTIATE_TEST_SUITE_P(Ways, TunnelTest, ::testing::Combine(
	::testing::Values(Shell::CLASS, Shell::CLASS_WITH_PARAMS, Shell::CLIENT),
	::testing::Values(Transport::PLAIN, Transport::TLS)), wayName);


TEST_P(TunnelTest, ConnectAndHost)
	/// RFC 9112, 3.2 and 3.2.3
{
	struct Row
	{
		std::string host;
		Poco::UInt16 port;
		std::string authority;
	};
	for (const Row& row: std::vector<Row>{{"::1", 7741, "[::1]:7741"}, {"::1", 443, "[::1]:443"}, {"localhost", 80, "localhost:80"}, {"localhost", 443, "localhost:443"}})
	{
		SCOPED_TRACE(row.authority);
		ScriptedServer proxy(Transport::PLAIN, [&row](ScriptedServer& self)
		{
			RawPeer peer = self.accept();
			const std::string connect = receiveRequest(peer);
			EXPECT_EQ(0u, connect.find("CONNECT " + row.authority + " HTTP/1.1\r\n")) << connect;
			EXPECT_EQ(row.authority, value(connect, "Host"));
			EXPECT_EQ("Keep-Alive", value(connect, "Proxy-Connection"));
			peer.send(ESTABLISHED);
			serve(peer);
		});
		Way to = way(proxy);
		to.host = row.host;
		to.port = row.port;
		to.pContext = trustingContext();
		EXPECT_TRUE(to.connect().echoed);
		proxy.finish();
	}
}


TEST_P(TunnelTest, Challenges)
	/// RFC 9110, 11.7.1; RFC 7616, 3.7; on the same connection, or on another one
{
	struct Row
	{
		HTTPClientSession::ProxyAuthentication method;
		std::vector<std::string> challenges; // one after the other
		std::vector<std::string> answers;    // what each begins with
		bool passes;
	};
	const std::string md5 = "Digest realm=\"r\", nonce=\"n\", qop=\"auth\"";
	const std::string sha = md5 + ", algorithm=SHA-256";
	const std::string stale = "Digest realm=\"r\", nonce=\"m\", qop=\"auth\", stale=true";
	const std::string answer = "Digest username=\"user\", realm=\"r\", ";
	const auto DIGEST = HTTPClientSession::PROXY_AUTH_HTTP_DIGEST;
	const auto BASIC = HTTPClientSession::PROXY_AUTH_HTTP_BASIC;
	const std::vector<Row> rows =
	{
		{DIGEST, {md5}, {"", "Digest username=\"user\""}, true},
		{DIGEST, {sha}, {"", answer + "uri=\"localhost:7741\", algorithm=SHA-256, "}, true},
		{DIGEST, {md5, stale}, {"", "Digest username=\"user\"", "Digest username=\"user\""}, true},
		{DIGEST, {md5, md5}, {"", "Digest username=\"user\""}, false},
		{DIGEST, {"Basic realm=\"r\", Bearer, " + sha + ", " + md5}, {"", answer}, true},
		{DIGEST, {"Bearer\r\nProxy-Authenticate: " + md5}, {"", "Digest username=\"user\""}, true},
		{DIGEST, {"Basic realm=\"r\""}, {""}, false}, // the password is not given away
		{BASIC, {}, {"Basic dXNlcjpzZWNyZXQ="}, true},
		{BASIC, {"Basic realm=\"r\", " + sha}, {"Basic dXNlcjpzZWNyZXQ=", answer}, true},
		{BASIC, {"Basic realm=\"r\""}, {"Basic dXNlcjpzZWNyZXQ="}, false},
		{HTTPClientSession::PROXY_AUTH_NONE, {md5}, {""}, false},
	};
	for (const Row& row: rows)
	{
		for (bool closes: {false, true})
		{
			SCOPED_TRACE(&row - rows.data());
			SCOPED_TRACE(closes);
			ScriptedServer proxy(Transport::PLAIN, [&row, closes](ScriptedServer& self)
			{
				std::unique_ptr<RawPeer> pPeer = std::make_unique<RawPeer>(self.accept());
				for (std::size_t i = 0; i < row.answers.size(); ++i)
				{
					if (i > 0 && closes) pPeer = std::make_unique<RawPeer>(self.accept());
					const std::string request = receiveRequest(*pPeer);
					EXPECT_EQ(0u, request.find("CONNECT localhost:7741 HTTP/1.1\r\n"));
					if (row.answers[i].empty()) EXPECT_EQ(0, lines(request, "Proxy-Authorization"));
					else EXPECT_EQ(0u, value(request, "Proxy-Authorization").find(row.answers[i])) << request;
					if (i < row.challenges.size()) pPeer->send(response(407, "Proxy-Authenticate: " + row.challenges[i] + (closes ? "\r\nConnection: close\r\n" : "\r\n"), "Sorry"));
				}
				if (!row.passes) return;
				pPeer->send(ESTABLISHED);
				serve(*pPeer);
			});
			Way to = way(proxy);
			to.proxy.username = "user";
			to.proxy.password = "secret";
			to.proxy.authMethod = row.method;
			const Outcome outcome = to.connect();
			EXPECT_EQ(row.passes, outcome.echoed);
			EXPECT_EQ(row.passes ? 0 : 407, outcome.code);
			proxy.finish();
		}
	}
}


TEST_P(TunnelTest, Refusals)
	/// RFC 9110, 9.3.6; the exception has the status.
{
	for (int status: {301, 403, 404, 500, 502, 504})
	{
		for (const std::string body: {"", "Sorry"})
		{
			ScriptedServer proxy(Transport::PLAIN, [&](ScriptedServer& self)
			{
				RawPeer peer = self.accept();
				receiveRequest(peer);
				peer.send(response(status, "", body));
				untilGone(peer);
			});
			const Outcome outcome = way(proxy).connect();
			EXPECT_FALSE(outcome.echoed);
			EXPECT_EQ(status, outcome.code);
			proxy.finish();
		}
	}
}


TEST_P(TunnelTest, SilentProxy)
{
	for (const std::string begin: {"", "HTTP/1.1 200 OK\r\nX: "})
	{
		ScriptedServer proxy(Transport::PLAIN, [&begin](ScriptedServer& self)
		{
			RawPeer peer = self.accept();
			receiveRequest(peer);
			peer.send(begin);
			untilGone(peer);
		});
		Way to = way(proxy);
		to.timeout = Poco::Timespan(0, 300000);
		EXPECT_TRUE(to.connect().timedOut);
		proxy.finish();
	}
}


TEST_P(TunnelTest, TricklingProxy)
{
	if (std::get<0>(GetParam()) == Shell::CLASS) return; // has no limit for the whole handshake
	ScriptedServer proxy(Transport::PLAIN, [](ScriptedServer& self)
	{
		RawPeer peer = self.accept();
		receiveRequest(peer);
		trickle(peer.socket(), "HTTP/1.1 200 OK\r\nX: " + std::string(10000, 'x'));
	});
	Way to = way(proxy);
	to.timeout = Poco::Timespan(0, 300000);
	EXPECT_TRUE(to.connect().timedOut);
	proxy.finish();
}


TEST_P(TunnelTest, TLSHandshakeWithoutEnd)
	/// The server says nothing, or one byte after the other; behind a proxy, or without one.
{
	if (std::get<1>(GetParam()) == Transport::PLAIN) return;
	for (bool proxied: {true, false})
	{
		for (bool trickles: {false, true})
		{
			SCOPED_TRACE(proxied);
			SCOPED_TRACE(trickles);
			ScriptedServer server(Transport::PLAIN, [=](ScriptedServer& self)
			{
				RawPeer peer = self.accept();
				if (proxied)
				{
					receiveRequest(peer);
					peer.send(ESTABLISHED);
				}
				EXPECT_TRUE(peer.socket().poll(deadline(), Poco::Net::Socket::SELECT_READ)) << "ClientHello";
				if (trickles) trickle(peer.socket(), TLS_RECORD);
				else untilGone(peer);
			});
			Way to = way(server);
			if (!proxied)
			{
				to.port = server.port();
				to.proxy = HTTPClientSession::ProxyConfig();
			}
			to.timeout = Poco::Timespan(0, 300000);
			to.host = proxied ? "localhost" : "127.0.0.1";
			if (std::get<0>(GetParam()) != Shell::CLASS) EXPECT_TRUE(to.connect().timedOut);
			else EXPECT_FALSE(to.connect().echoed);
			server.finish();
		}
	}
}


TEST_P(TunnelTest, LengthOfTheAnswer)
	/// 16 KiB by default, with WebSocketParams.
{
	if (std::get<0>(GetParam()) == Shell::CLASS) return;
	for (bool tooLong: {false, true})
	{
		SCOPED_TRACE(tooLong);
		ScriptedServer proxy(Transport::PLAIN, [tooLong](ScriptedServer& self)
		{
			RawPeer peer = self.accept();
			receiveRequest(peer);
			const std::string begin = "HTTP/1.1 200 OK\r\nX: ";
			peer.send(begin + std::string(16384 - begin.size() - 4 + (tooLong ? 1 : 0), 'x') + "\r\n\r\n");
			if (tooLong) untilGone(peer);
			else serve(peer);
		});
		const Outcome outcome = way(proxy).connect();
		EXPECT_EQ(!tooLong, outcome.echoed);
		EXPECT_EQ(tooLong ? static_cast<int>(WebSocket::WS_ERR_HANDSHAKE_REFUSED) : 0, outcome.code);
		proxy.finish();
	}
}


TEST_P(TunnelTest, SomebodySpeaksBeforeTLS)
	/// It is not what the server's TLS handshake begins with: nothing is taken from it, and nothing after it.
{
	if (std::get<1>(GetParam()) == Transport::PLAIN) return; // is in the HTTP response then
	ScriptedServer proxy(Transport::PLAIN, [](ScriptedServer& self)
	{
		RawPeer peer = self.accept();
		receiveRequest(peer);
		peer.send(ESTABLISHED + "x");
		EXPECT_TRUE(peer.atEnd()) << "no TLS handshake";
	});
	EXPECT_FALSE(way(proxy).connect().echoed);
	proxy.finish();
}


TEST_P(TunnelTest, CertificateOfAnother)
{
	if (std::get<1>(GetParam()) == Transport::PLAIN) return;
	ScriptedServer proxy(Transport::PLAIN, [](ScriptedServer& self)
	{
		RawPeer peer = self.accept();
		receiveRequest(peer);
		peer.send(ESTABLISHED);
		RawPeer server(peer.socket(), Transport::TLS, true);
		try
		{
			EXPECT_TRUE(server.atEnd()) << "no request";
		}
		catch (const Poco::IOException&)
		{
			// reset
		}
	});
	Way to = way(proxy);
	to.host = "server.test";
	const Outcome outcome = to.connect();
	EXPECT_FALSE(outcome.echoed);
	EXPECT_FALSE(outcome.timedOut);
	proxy.finish();
}


TEST_P(TunnelTest, SessionIsUsedAgain)
	/// Also without a proxy.
{
	if (std::get<0>(GetParam()) == Shell::CLIENT) return; // has a new one for each connection
	if (std::get<1>(GetParam()) == Transport::TLS) return; // cannot be used again
	for (bool proxied: {true, false})
	{
		SCOPED_TRACE(proxied);
		ScriptedServer server(Transport::PLAIN, [proxied](ScriptedServer& self)
		{
			for (int i = 0; i < 3; ++i)
			{
				RawPeer peer = self.accept();
				if (proxied)
				{
					EXPECT_EQ(0u, receiveRequest(peer).find("CONNECT [::1]:7741 HTTP/1.1\r\n"));
					peer.send(ESTABLISHED);
				}
				serve(peer);
			}
		});
		Way to = way(server);
		to.pContext = trustingContext();
		to.host = proxied ? "::1" : "127.0.0.1";
		to.port = proxied ? Poco::UInt16(7741) : server.port();
		if (!proxied) to.proxy = HTTPClientSession::ProxyConfig();
		const std::unique_ptr<HTTPClientSession> pSession = to.session();
		for (int i = 0; i < 3; ++i)
		{
			Outcome outcome;
			to.connect(*pSession, outcome);
			EXPECT_TRUE(outcome.echoed) << i;
		}
		server.finish();
	}
}


TEST_P(TunnelTest, Redirects)
	/// The next session has the proxy of the first, with its credentials, and its exceptions.
{
	if (std::get<0>(GetParam()) == Shell::CLASS) return; // follows none
	const Transport transport = std::get<1>(GetParam());
	Poco::Net::HTTPSessionInstantiator::registerInstantiator();
	Poco::Net::HTTPSSessionInstantiator::registerInstantiator(clientContext());
	for (bool secure: {false, true})
	{
		for (bool excluded: {false, true})
		{
			if (transport == Transport::TLS && !secure) continue; // is not followed
			SCOPED_TRACE(std::string(secure ? "to TLS" : "") + (excluded ? " without the proxy" : ""));
			ScriptedServer server(Transport::PLAIN, [=](ScriptedServer& self)
			{
				if (!excluded) return;
				RawPeer peer = self.accept();
				serve(peer, secure ? Transport::TLS : Transport::PLAIN);
			});
			ScriptedServer proxy(Transport::PLAIN, [=, &server](ScriptedServer& self)
			{
				{
					RawPeer peer = self.accept();
					EXPECT_EQ("Basic dXNlcjpzZWNyZXQ=", value(receiveRequest(peer), "Proxy-Authorization"));
					peer.send(ESTABLISHED);
					RawPeer first(peer.socket(), transport, true);
					receiveRequest(first);
					const std::string target = excluded ? "127.0.0.1:" + std::to_string(server.port()) : "localhost:7742";
					first.send(response(307, "Connection: close\r\nLocation: " + std::string(secure ? "wss://" : "ws://") + target + "/\r\n"));
				}
				if (excluded) return;
				RawPeer peer = self.accept();
				const std::string connect = receiveRequest(peer);
				EXPECT_EQ(0u, connect.find("CONNECT localhost:7742 HTTP/1.1\r\n")) << connect;
				EXPECT_EQ("Basic dXNlcjpzZWNyZXQ=", value(connect, "Proxy-Authorization"));
				peer.send(ESTABLISHED);
				serve(peer, secure ? Transport::TLS : Transport::PLAIN);
			});
			Way to = way(proxy);
			to.redirects = 1;
			to.proxy.username = "user";
			to.proxy.password = "secret";
			to.proxy.nonProxyHosts = "127\\.0\\.0\\.1";
			EXPECT_TRUE(to.connect().echoed);
			proxy.finish();
			server.finish();
		}
	}
	Poco::Net::HTTPSessionInstantiator::unregisterInstantiator();
	Poco::Net::HTTPSSessionInstantiator::unregisterInstantiator();
}


TEST_P(TunnelTest, TLSSessionsAreKept)
	/// If the context is to keep them.
{
	if (std::get<0>(GetParam()) == Shell::CLIENT || std::get<1>(GetParam()) == Transport::PLAIN) return;
	const OnlyTLS12 only;
	ScriptedServer proxy(Transport::PLAIN, [](ScriptedServer& self)
	{
		RawPeer peer = self.accept();
		receiveRequest(peer);
		peer.send(ESTABLISHED);
		serve(peer);
	});
	Way to = way(proxy);
	to.pContext = trustingContext();
	to.pContext->enableSessionCache(true);
	const std::unique_ptr<HTTPClientSession> pSession = to.session();
	Outcome outcome;
	to.connect(*pSession, outcome);
	EXPECT_TRUE(outcome.echoed);
	EXPECT_FALSE(static_cast<HTTPSClientSession&>(*pSession).sslSession().isNull());
	proxy.finish();
}
