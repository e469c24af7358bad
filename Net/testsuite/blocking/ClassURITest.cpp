//
// ClassURITest.cpp
//
// Whom a client says that it wants to reach: request line, Host and CONNECT.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "support/ClassScript.h"
#include "Poco/URI.h"


using namespace WebSocketTest;
using Poco::Net::HTTPClientSession;
using Poco::Net::HTTPRequest;
using Poco::Net::HTTPResponse;
using Poco::Net::WebSocket;
using Poco::Net::WebSocketParams;


class ClassURITest: public TransportTest
{
};


TEST_P(ClassURITest, EmptyPath)
	/// RFC 6455, 3
{
	for (const auto& row: std::vector<std::pair<std::string, std::string>>{{"ws://host?x=1", "/?x=1"}, {"ws://host", "/"}, {"ws://host/", "/"}, {"ws://host/p?x", "/p?x"}})
	{
		ScriptedServer server(GetParam(), [row](ScriptedServer& self)
		{
			RawPeer peer = self.accept();
			const std::string request = receiveRequest(peer);
			EXPECT_EQ(0u, request.find("GET " + row.second + " HTTP/1.1\r\n")) << request;
			peer.send(handshakeResponse(request));
			echoOnce(peer);
		});
		HTTPRequest request(HTTPRequest::HTTP_GET, Poco::URI(row.first).getPathAndQuery(), HTTPRequest::HTTP_1_1);
		HTTPResponse httpResponse;
		WebSocket ws(*server.session(), request, httpResponse);
		expectEcho(ws, "echo");
		server.finish();
	}
}


TEST_P(ClassURITest, FragmentIsRefused)
	/// RFC 6455, 3
{
	ScriptedServer server(GetParam(), [](ScriptedServer&) {});
	HTTPRequest request(HTTPRequest::HTTP_GET, "/path#fragment", HTTPRequest::HTTP_1_1);
	HTTPResponse httpResponse;
	EXPECT_THROW(WebSocket(*server.session(), request, httpResponse), Poco::InvalidArgumentException);
	server.finish();
}


INSTANTIATE_TEST_SUITE_P(All, ClassURITest, ::testing::Values(Transport::PLAIN, Transport::TLS), transportName);


class ClassURIProxyTest: public SocketTest
{
};


TEST_F(ClassURIProxyTest, ConnectAndHost)
	/// RFC 9112, 3.2 and 3.2.3; RFC 6455, 4.1
{
	struct Row
	{
		std::string host;
		Poco::UInt16 port;
		std::string authority;
		std::string hostField;
	};
	const std::vector<Row> ROWS =
	{
		{"::1", 7741, "[::1]:7741", "[::1]:7741"},
		{"[::1]", 7741, "[::1]:7741", "[::1]:7741"},
		{"::1", 80, "[::1]:80", "[::1]"},
		{"example.com", 80, "example.com:80", "example.com"},
		{"example.com", 443, "example.com:443", "example.com:443"}, // the default port of another scheme
		{"example.com", 7741, "example.com:7741", "example.com:7741"},
	};
	for (const Row& row: ROWS)
	{
		for (const WebSocketParams::Ptr& pParams: {WebSocketParams::Ptr(), WebSocketParams::Ptr(new WebSocketParams)})
		{
			ScriptedServer proxy(Transport::PLAIN, [row](ScriptedServer& self)
			{
				RawPeer peer = self.accept();
				const std::string connect = receiveRequest(peer);
				EXPECT_EQ(0u, connect.find("CONNECT " + row.authority + " HTTP/1.1\r\n")) << connect;
				EXPECT_EQ(row.authority, value(connect, "Host"));
				peer.send("HTTP/1.1 200 OK\r\n\r\n");
				const std::string request = receiveRequest(peer);
				EXPECT_EQ(row.hostField, value(request, "Host"));
				peer.send(handshakeResponse(request));
				echoOnce(peer);
			});
			HTTPClientSession session(row.host, row.port);
			session.setTimeout(deadline());
			session.setProxy("127.0.0.1", proxy.port());
			HTTPRequest request(HTTPRequest::HTTP_GET, "/", HTTPRequest::HTTP_1_1);
			HTTPResponse httpResponse;
			WebSocket ws = pParams ? WebSocket(session, request, httpResponse, pParams) : WebSocket(session, request, httpResponse);
			expectEcho(ws, "echo");
			proxy.finish();
		}
	}
}
