//
// MessageRedirectTest.cpp
//
// Redirects of the opening handshake: followed only on request, and without credentials for another host.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "support/MessageSupport.h"
#include "Poco/Net/HTTPSSessionInstantiator.h"
#include "Poco/Net/HTTPSessionInstantiator.h"
#include "Poco/String.h"


using namespace WebSocketTest;
using Poco::Net::HTTPRequest;
using Poco::Net::HTTPResponse;
using Poco::Net::WebSocket;
using Poco::Net::WebSocketParams;


namespace
{
	class WebSocketMessageRedirectTest: public SocketTest
	{
	protected:
		void SetUp() override
		{
			Poco::Net::HTTPSessionInstantiator::registerInstantiator();
		}

		void TearDown() override
		{
			Poco::Net::HTTPSessionInstantiator::unregisterInstantiator();
		}
	};

	std::string redirect(int status, const std::string& location)
	{
		return response(status, "Location: " + location + "\r\n", "Moved.");
	}

	ParamsPtr following(int redirects)
	{
		ParamsPtr pParams = new WebSocketParams;
		pParams->setMaxRedirects(redirects);
		return pParams;
	}

	HTTPRequest makeRequest()
	{
		HTTPRequest request(HTTPRequest::HTTP_GET, "/start?a=b", HTTPRequest::HTTP_1_1);
		request.set("Authorization", "Bearer secret");
		request.set("Cookie", "id=secret");
		request.set("X-Other", "kept");
		return request;
	}

	int connect(const ScriptedServer& server, const ParamsPtr& pParams)
	{
		const std::unique_ptr<Poco::Net::HTTPClientSession> pSession = server.session();
		HTTPRequest request = makeRequest();
		HTTPResponse httpResponse;
		return errorOf([&]
		{
			WebSocket ws = pParams ? WebSocket(*pSession, request, httpResponse, pParams) : WebSocket(*pSession, request, httpResponse);
			expectEcho(ws, "redirected");
		});
	}

	void acceptAndEcho(RawPeer& peer, const std::string& request)
	{
		peer.send(handshakeResponse(request));
		echoOnce(peer);
	}
}


TEST_F(WebSocketMessageRedirectTest, NotFollowedByDefault)
{
	for (const ParamsPtr& pParams: {ParamsPtr(), ParamsPtr(new WebSocketParams)})
	{
		ScriptedServer server(Transport::PLAIN, [](ScriptedServer& self)
		{
			RawPeer peer = self.accept();
			receiveRequest(peer);
			peer.send(redirect(302, "/other"));
		});
		EXPECT_EQ(WebSocket::WS_ERR_NO_HANDSHAKE, connect(server, pParams));
		server.finish();
	}
}


TEST_F(WebSocketMessageRedirectTest, EachStatusIsFollowed)
{
	for (int status: {301, 302, 303, 307, 308})
	{
		SCOPED_TRACE(status);
		ScriptedServer server(Transport::PLAIN, [status](ScriptedServer& self)
		{
			{
				RawPeer peer = self.accept();
				receiveRequest(peer);
				peer.send(redirect(status, "/other?c=d"));
			}
			RawPeer peer = self.accept();
			const std::string request = receiveRequest(peer);
			EXPECT_EQ(0u, request.find("GET /other?c=d HTTP/1.1\r\n")) << request;
			EXPECT_EQ("127.0.0.1:" + std::to_string(self.port()), value(request, "Host"));
			EXPECT_EQ("Bearer secret", value(request, "Authorization")); // the same host, scheme and port
			EXPECT_EQ("id=secret", value(request, "Cookie"));
			acceptAndEcho(peer, request);
		});
		EXPECT_EQ(0, connect(server, following(1)));
		server.finish();
	}
}


TEST_F(WebSocketMessageRedirectTest, FormsOfLocation)
{
	const std::vector<std::pair<std::string, std::string>> ROWS =
	{
		{"next", "/next"}, {"/a/../b", "/b"}, {"?q=1", "/start?q=1"}, {"?", "/start?"}, {"#f", "/start?a=b"}, {"/a%2Fb?c#f", "/a%2Fb?c"},
		{"//HOST/path", "/path"}, {"//HOST", "/"}, {"//HOST?x=1", "/?x=1"}, {"http://HOST?x=1", "/?x=1"}, {"ws://HOST?x=1", "/?x=1"}, {"ws://HOST", "/"},
	};
	for (const auto& row: ROWS)
	{
		SCOPED_TRACE(row.first);
		ScriptedServer server(Transport::PLAIN, [row](ScriptedServer& self)
		{
			{
				RawPeer peer = self.accept();
				receiveRequest(peer);
				peer.send(redirect(302, Poco::replace(row.first, std::string("HOST"), "127.0.0.1:" + std::to_string(self.port()))));
			}
			RawPeer peer = self.accept();
			const std::string request = receiveRequest(peer);
			EXPECT_EQ(0u, request.find("GET " + row.second + " HTTP/1.1\r\n")) << request;
			acceptAndEcho(peer, request);
		});
		EXPECT_EQ(0, connect(server, following(1)));
		server.finish();
	}
}


TEST_F(WebSocketMessageRedirectTest, OtherHostGetsNoCredentials)
{
	for (const std::string& scheme: std::vector<std::string>{"http", "ws"})
	{
		ScriptedServer other(Transport::PLAIN, [](ScriptedServer& self)
		{
			RawPeer peer = self.accept();
			const std::string request = receiveRequest(peer);
			EXPECT_EQ(0, lines(request, "Authorization"));
			EXPECT_EQ(0, lines(request, "Cookie"));
			EXPECT_EQ("kept", value(request, "X-Other"));
			EXPECT_EQ("127.0.0.1:" + std::to_string(self.port()), value(request, "Host"));
			acceptAndEcho(peer, request);
		});
		const std::string location = scheme + "://127.0.0.1:" + std::to_string(other.port()) + "/x";
		ScriptedServer server(Transport::PLAIN, [location](ScriptedServer& self)
		{
			RawPeer peer = self.accept();
			EXPECT_EQ("Bearer secret", value(receiveRequest(peer), "Authorization"));
			peer.send(redirect(307, location));
		});
		EXPECT_EQ(0, connect(server, following(5)));
		server.finish();
		other.finish();
	}
}


TEST_F(WebSocketMessageRedirectTest, OtherHostGetsNoHTTPCredentials)
{
	ScriptedServer other(Transport::PLAIN, [](ScriptedServer& self)
	{
		RawPeer peer = self.accept();
		receiveRequest(peer);
		peer.send(response(401, "WWW-Authenticate: Basic realm=\"trap\"\r\n"));
		EXPECT_TRUE(peer.atEnd());
	});
	const std::string location = "http://127.0.0.1:" + std::to_string(other.port()) + "/x";
	ScriptedServer server(Transport::PLAIN, [location](ScriptedServer& self)
	{
		RawPeer peer = self.accept();
		receiveRequest(peer);
		peer.send(redirect(307, location));
	});
	{
		const std::unique_ptr<Poco::Net::HTTPClientSession> pSession = server.session();
		HTTPRequest request(HTTPRequest::HTTP_GET, "/", HTTPRequest::HTTP_1_1);
		HTTPResponse httpResponse;
		Poco::Net::HTTPCredentials credentials("user", "password");
		EXPECT_NE(0, errorOf([&] { WebSocket(*pSession, request, httpResponse, credentials, following(3)); }));
		EXPECT_FALSE(request.has("Authorization"));
	}
	server.finish();
	other.finish();
}


TEST_F(WebSocketMessageRedirectTest, OtherHostByNetworkPathReference)
	/// RFC 3986, 4.2
{
	ScriptedServer other(Transport::PLAIN, [](ScriptedServer& self)
	{
		RawPeer peer = self.accept();
		const std::string request = receiveRequest(peer);
		EXPECT_EQ(0u, request.find("GET /x HTTP/1.1\r\n")) << request;
		EXPECT_EQ(0, lines(request, "Authorization"));
		acceptAndEcho(peer, request);
	});
	const std::string location = "//127.0.0.1:" + std::to_string(other.port()) + "/x";
	ScriptedServer server(Transport::PLAIN, [location](ScriptedServer& self)
	{
		RawPeer peer = self.accept();
		receiveRequest(peer);
		peer.send(redirect(307, location));
	});
	EXPECT_EQ(0, connect(server, following(1)));
	server.finish();
	other.finish();
}


TEST_F(WebSocketMessageRedirectTest, NetworkPathReferenceKeepsTLS)
{
	Poco::Net::HTTPSSessionInstantiator::registerInstantiator(clientContext());
	ScriptedServer server(Transport::TLS, [](ScriptedServer& self)
	{
		{
			RawPeer peer = self.accept();
			receiveRequest(peer);
			peer.send(redirect(307, "//127.0.0.1:" + std::to_string(self.port()) + "?x=1"));
		}
		RawPeer peer = self.accept();
		const std::string request = receiveRequest(peer);
		EXPECT_EQ(0u, request.find("GET /?x=1 HTTP/1.1\r\n")) << request;
		acceptAndEcho(peer, request);
	});
	EXPECT_EQ(0, connect(server, following(1)));
	Poco::Net::HTTPSSessionInstantiator::unregisterInstantiator();
	server.finish();
}


TEST_F(WebSocketMessageRedirectTest, NumberIsLimited)
{
	for (int limit: {1, 2, 5})
	{
		for (int redirects: {limit, limit + 1})
		{
			SCOPED_TRACE(std::to_string(redirects) + " of " + std::to_string(limit));
			ScriptedServer server(Transport::PLAIN, [limit, redirects](ScriptedServer& self)
			{
				for (int i = 0; i < std::min(redirects, limit + 1); ++i)
				{
					RawPeer peer = self.accept();
					receiveRequest(peer);
					peer.send(redirect(302, "/" + std::to_string(i)));
				}
				if (redirects > limit) return;
				RawPeer peer = self.accept();
				acceptAndEcho(peer, receiveRequest(peer));
			});
			EXPECT_EQ(redirects > limit ? WebSocket::WS_ERR_NO_HANDSHAKE : 0, connect(server, following(limit)));
			server.finish();
		}
	}
}


TEST_F(WebSocketMessageRedirectTest, StrangeLocationsAreRefused)
{
	for (const std::string& location: std::vector<std::string>{"ftp://127.0.0.1/", "file:///etc/passwd", "javascript:x", "http://", "http://[::1", "http://127.0.0.1:99999/", "%", "//", "//:80/x", "http:x", "//user@127.0.0.1/", "http://user:password@127.0.0.1/", "ws://127.0.0.1/#f"})
	{
		SCOPED_TRACE(location);
		ScriptedServer server(Transport::PLAIN, [location](ScriptedServer& self)
		{
			RawPeer peer = self.accept();
			receiveRequest(peer);
			peer.send(redirect(302, location));
			peer.endSending();
		});
		const std::unique_ptr<Poco::Net::HTTPClientSession> pSession = server.session();
		HTTPRequest request = makeRequest();
		HTTPResponse httpResponse;
		EXPECT_THROW(WebSocket(*pSession, request, httpResponse, following(3)), Poco::Exception);
	}
}


TEST_F(WebSocketMessageRedirectTest, NoLocation)
{
	ScriptedServer server(Transport::PLAIN, [](ScriptedServer& self)
	{
		RawPeer peer = self.accept();
		receiveRequest(peer);
		peer.send(response(302));
	});
	EXPECT_EQ(WebSocket::WS_ERR_NO_HANDSHAKE, connect(server, following(3)));
	server.finish();
}


TEST_F(WebSocketMessageRedirectTest, NotFromTLSToPlain)
{
	ScriptedServer server(Transport::TLS, [](ScriptedServer& self)
	{
		RawPeer peer = self.accept();
		receiveRequest(peer);
		peer.send(redirect(302, "http://localhost:" + std::to_string(self.port()) + "/"));
	});
	EXPECT_EQ(WebSocket::WS_ERR_NO_HANDSHAKE, connect(server, following(3)));
	server.finish();
}
