//
// ReuseTest.cpp
//
// The class on a session that has been used before: the server may have closed its connection (RFC 9112, 9.3.1).
//
// SPDX-License-Identifier: BSL-1.0
//


#include "support/ClassScript.h"
#include "support/TestSupport.h"
#include "Poco/Net/HTTPSClientSession.h"
#include "Poco/Net/NetException.h"
#include "Poco/Net/WebSocket.h"
#include "Poco/Net/WebSocketParams.h"
#include "Poco/StreamCopier.h"
#include <gtest/gtest.h>
#include <tuple>


using namespace WebSocketTest;
using Poco::Net::HTTPClientSession;
using Poco::Net::HTTPRequest;
using Poco::Net::HTTPResponse;
using Poco::Net::WebSocket;
using Poco::Net::WebSocketParams;


namespace
{
	class ReuseTest: public ::testing::TestWithParam<std::tuple<Transport, bool>>
		/// bool: with parameters.
	{
	protected:
		static Transport transport()
		{
			return std::get<0>(GetParam());
		}

		static void get(HTTPClientSession& session)
			/// A request before, on a connection that is to stay.
		{
			session.setKeepAlive(true);
			HTTPRequest request(HTTPRequest::HTTP_GET, "/", HTTPRequest::HTTP_1_1);
			session.sendRequest(request);
			HTTPResponse httpResponse;
			std::string body;
			Poco::StreamCopier::copyToString(session.receiveResponse(httpResponse), body);
			EXPECT_EQ("body", body);
		}

		static WebSocket connect(HTTPClientSession& session)
		{
			HTTPRequest request(HTTPRequest::HTTP_GET, "/ws", HTTPRequest::HTTP_1_1);
			HTTPResponse httpResponse;
			if (std::get<1>(GetParam())) return WebSocket(session, request, httpResponse, new WebSocketParams);
			return WebSocket(session, request, httpResponse);
		}

		static void answer(RawPeer& peer)
		{
			EXPECT_EQ("/", parseRequest(receiveRequest(peer)).getURI());
			peer.send(response(200, "Connection: Keep-Alive\r\n", "body"));
		}

		static void upgrade(RawPeer& peer)
		{
			const std::string request = receiveRequest(peer);
			EXPECT_EQ("/ws", parseRequest(request).getURI());
			peer.send(handshakeResponse(request));
			echoOnce(peer);
		}

	private:
		Watchdog _watchdog;
	};

	std::string reuseName(const ::testing::TestParamInfo<std::tuple<Transport, bool>>& info)
	{
		return std::string(std::get<0>(info.param) == Transport::TLS ? "TLS" : "Plain") + (std::get<1>(info.param) ? "Params" : "");
	}
}


INSTANTIATE_TEST_SUITE_P(Sessions, ReuseTest, ::testing::Combine(::testing::Values(Transport::PLAIN, Transport::TLS), ::testing::Bool()), reuseName);


TEST_P(ReuseTest, ConnectionThatIsOpen)
{
	ScriptedServer server(transport(), [](ScriptedServer& self)
	{
		RawPeer peer = self.accept();
		answer(peer);
		upgrade(peer);
	});
	const std::unique_ptr<HTTPClientSession> pSession = server.session();
	get(*pSession);
	WebSocket ws = connect(*pSession);
	expectEcho(ws, "hello");
	server.finish();
}


TEST_P(ReuseTest, ServerHasClosedMeanwhile)
{
	ScriptedServer server(transport(), [](ScriptedServer& self)
	{
		{
			RawPeer peer = self.accept();
			answer(peer);
		}
		RawPeer peer = self.accept();
		upgrade(peer);
	});
	const std::unique_ptr<HTTPClientSession> pSession = server.session();
	get(*pSession);
	EXPECT_TRUE(pSession->socket().poll(deadline(), Poco::Net::Socket::SELECT_READ));
	WebSocket ws = connect(*pSession);
	expectEcho(ws, "hello");
	server.finish();
}


TEST_P(ReuseTest, ServerClosesWhileTheRequestIsOnItsWay)
{
	ScriptedServer server(transport(), [](ScriptedServer& self)
	{
		{
			RawPeer peer = self.accept();
			answer(peer);
			receiveRequest(peer);
		}
		RawPeer peer = self.accept();
		upgrade(peer);
	});
	const std::unique_ptr<HTTPClientSession> pSession = server.session();
	get(*pSession);
	WebSocket ws = connect(*pSession);
	expectEcho(ws, "hello");
	server.finish();
}


TEST_P(ReuseTest, OnceMoreOnly)
{
	ScriptedServer server(transport(), [](ScriptedServer& self)
	{
		{
			RawPeer peer = self.accept();
			answer(peer);
			receiveRequest(peer);
		}
		RawPeer peer = self.accept();
		receiveRequest(peer);
	});
	const std::unique_ptr<HTTPClientSession> pSession = server.session();
	get(*pSession);
	EXPECT_THROW(connect(*pSession), Poco::Net::NetException);
	server.finish();
}


TEST_P(ReuseTest, IdleForTooLong)
{
	ScriptedServer server(transport(), [](ScriptedServer& self)
	{
		RawPeer before = self.accept();
		answer(before);
		RawPeer peer = self.accept();
		upgrade(peer);
	});
	const std::unique_ptr<HTTPClientSession> pSession = server.session();
	get(*pSession);
	pSession->setKeepAliveTimeout(0);
	WebSocket ws = connect(*pSession);
	expectEcho(ws, "hello");
	server.finish();
}
