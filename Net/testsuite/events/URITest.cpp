//
// URITest.cpp
//
// WebSocketClient: whom it says that it wants to reach.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "support/EventSupport.h"
#include "support/ClassScript.h"
#include "Poco/Net/HTTPSessionInstantiator.h"
#include "Poco/Net/WebSocketClient.h"
#include "Poco/Exception.h"
#include "Poco/URI.h"


using namespace WebSocketTest;
using Poco::Net::HTTPSessionInstantiator;
using Poco::Net::WebSocketClient;
using Poco::Net::WebSocketClientLoop;
using Poco::Net::WebSocketClientParams;


namespace
{
	class EventURITest: public EventTest
	{
	protected:
		void SetUp() override
		{
			HTTPSessionInstantiator::registerInstantiator();
		}

		void TearDown() override
		{
			HTTPSessionInstantiator::unregisterInstantiator();
		}

		void expectEcho(const std::string& uri, const WebSocketClientParams::Ptr& pParams = new WebSocketClientParams)
			/// Sends a message, and expects it to come back.
		{
			Poco::SharedPtr<Recorder> pRecorder = new Recorder;
			pRecorder->message = [](EventConnection&, std::string_view, WebSocketFrame::Opcode) {};
			WebSocketClientLoop loop;
			WebSocketClient client(Poco::URI(uri), forClient(pRecorder), loop, pParams);
			client.start();
			client.sendText("echo");
			EXPECT_TRUE(eventually([&] { return pRecorder->count() > 0 && pRecorder->has("message 1 echo"); })) << uri;
			pRecorder->forget(); // the connection has it, too
		}
	};

	void serve(RawPeer& peer, const std::string& target, const std::string& host)
	{
		const std::string request = receiveRequest(peer);
		EXPECT_EQ(0u, request.find("GET " + target + " HTTP/1.1\r\n")) << request;
		EXPECT_EQ(host, value(request, "Host"));
		peer.send(handshakeResponse(request));
		echoOnce(peer);
		peer.receiveFrame(); // Close
	}
}


TEST_F(EventURITest, EmptyPath)
	/// RFC 6455, 3
{
	for (const auto& row: std::vector<std::pair<std::string, std::string>>{{"", "/"}, {"?x=1", "/?x=1"}, {"/?x=1", "/?x=1"}, {"/p?x", "/p?x"}})
	{
		ScriptedServer server(Transport::PLAIN, [row](ScriptedServer& self)
		{
			RawPeer peer = self.accept();
			serve(peer, row.second, "127.0.0.1:" + std::to_string(self.port()));
		});
		expectEcho("ws://127.0.0.1:" + std::to_string(server.port()) + row.first);
		server.finish();
	}
}


TEST_F(EventURITest, Redirects)
	/// RFC 3986, 4.2
{
	for (const auto& row: std::vector<std::pair<std::string, std::string>>{{"//HOST/path", "/path"}, {"//HOST?x=1", "/?x=1"}, {"ws://HOST?x=1", "/?x=1"}, {"?x=1", "/a?x=1"}})
	{
		ScriptedServer server(Transport::PLAIN, [row](ScriptedServer& self)
		{
			const std::string host = "127.0.0.1:" + std::to_string(self.port());
			{
				RawPeer peer = self.accept();
				receiveRequest(peer);
				peer.send(response(307, "Location: " + Poco::replace(row.first, std::string("HOST"), host) + "\r\n"));
			}
			RawPeer peer = self.accept();
			serve(peer, row.second, host);
		});
		WebSocketClientParams::Ptr pParams = new WebSocketClientParams;
		pParams->setMaxRedirects(1);
		expectEcho("ws://127.0.0.1:" + std::to_string(server.port()) + "/a", pParams);
		server.finish();
	}
}


TEST_F(EventURITest, ConnectAndHost)
	/// RFC 9112, 3.2.3; RFC 6455, 4.1
{
	struct Row
	{
		std::string uri;
		std::string authority;
		std::string hostField;
	};
	for (const Row& row: std::vector<Row>{{"ws://[::1]:7741/", "[::1]:7741", "[::1]:7741"}, {"ws://[::1]/", "[::1]:80", "[::1]"}, {"ws://example.com:443/", "example.com:443", "example.com:443"}})
	{
		ScriptedServer proxy(Transport::PLAIN, [row](ScriptedServer& self)
		{
			RawPeer peer = self.accept();
			const std::string connect = receiveRequest(peer);
			EXPECT_EQ(0u, connect.find("CONNECT " + row.authority + " HTTP/1.1\r\n")) << connect;
			EXPECT_EQ(row.authority, value(connect, "Host"));
			peer.send("HTTP/1.1 200 OK\r\n\r\n");
			serve(peer, "/", row.hostField);
		});
		Poco::Net::HTTPClientSession::ProxyConfig config;
		config.host = "127.0.0.1";
		config.port = proxy.port();
		WebSocketClientParams::Ptr pParams = new WebSocketClientParams;
		pParams->setProxy(config);
		expectEcho(row.uri, pParams);
		proxy.finish();
	}
}


TEST_F(EventURITest, SeveralChallenges)
	/// RFC 9110, 11.6.1
{
	ScriptedServer server(Transport::PLAIN, [](ScriptedServer& self)
	{
		RawPeer peer = self.accept();
		receiveRequest(peer);
		peer.send(response(401, "WWW-Authenticate: Bearer realm=\"a, b\", Digest realm=\"r\", nonce=\"n\", qop=\"auth\", algorithm=SHA-256, Basic realm=\"r\"\r\n"));
		const std::string request = receiveRequest(peer);
		EXPECT_EQ(0u, value(request, "Authorization").find("Digest username=\"user\", realm=\"r\", uri=\"/\", algorithm=SHA-256, nonce=\"n\", nc=00000001, ")) << request;
		peer.send(handshakeResponse(request));
		echoOnce(peer);
		peer.receiveFrame(); // Close
	});
	WebSocketClientParams::Ptr pParams = new WebSocketClientParams;
	pParams->setCredentials("user", "password");
	expectEcho("ws://127.0.0.1:" + std::to_string(server.port()), pParams);
	server.finish();
}


TEST_F(EventURITest, FieldsLongerThanPocoTakes)
{
	const std::string field = "X-Long: " + std::string(60000, 'x') + "\r\n";
	ScriptedServer server(Transport::PLAIN, [&field](ScriptedServer& self)
	{
		RawPeer peer = self.accept();
		peer.send(handshakeResponse(receiveRequest(peer), field));
		echoOnce(peer);
		peer.receiveFrame(); // Close
	});
	WebSocketClientParams::Ptr pParams = new WebSocketClientParams;
	pParams->setMaxHandshakeSize(65536);
	expectEcho("ws://127.0.0.1:" + std::to_string(server.port()), pParams);
	server.finish();

	EventParams::Ptr pServerParams = new EventParams;
	pServerParams->setMaxHandshakeSize(65536);
	EventServer events(Port::PLAIN, pServerParams);
	events.start();
	RawPeer peer = events.connect(field);
	peer.send(textFrame("echo"));
	expectText(peer, "echo");
}
