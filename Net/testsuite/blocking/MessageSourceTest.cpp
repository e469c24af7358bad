//
// MessageSourceTest.cpp
//
// Sessions with an address that they connect from (Poco 1.12 and later).
//
// SPDX-License-Identifier: BSL-1.0
//


#include "support/MessageSupport.h"


namespace WebSocketTest {


namespace
{
	using Poco::Net::HTTPClientSession;
	using Poco::Net::HTTPRequest;
	using Poco::Net::HTTPResponse;
	using Poco::Net::ServerSocket;
	using Poco::Net::Socket;
	using Poco::Net::SocketAddress;
	using Poco::Net::WebSocket;
	using Poco::Net::WebSocketParams;

	class MessageSourceTest: public SocketTest
	{
	};

	template <class Session>
	auto setSource(Session& session, const SocketAddress& source, int) -> decltype(session.setSourceAddress(source), bool())
	{
		session.setSourceAddress(source);
		return true;
	}

	template <class Session>
	bool setSource(Session&, const SocketAddress&, long)
	{
		return false;
	}

	std::vector<ParamsPtr> withAndWithoutParams()
		/// Without there is no deadline, so that the session has another socket.
	{
		return {ParamsPtr(), ParamsPtr(new WebSocketParams)};
	}

	SocketAddress acceptAndEcho(ServerSocket& listener, bool proxy)
		/// Returns where the connection comes from.
	{
		if (!listener.poll(deadline(), Socket::SELECT_READ)) throw Poco::TimeoutException("Nobody connects");
		SocketAddress source;
		RawPeer peer(listener.acceptConnection(source), Transport::PLAIN, true);
		if (proxy)
		{
			receiveRequest(peer);
			peer.send("HTTP/1.1 200 Connection established\r\n\r\n");
		}
		peer.send(handshakeResponse(receiveRequest(peer)));
		echoOnce(peer);
		return source;
	}

	void connect(HTTPClientSession& session, const ParamsPtr& pParams)
	{
		HTTPRequest request(HTTPRequest::HTTP_GET, "/", HTTPRequest::HTTP_1_1);
		HTTPResponse httpResponse;
		WebSocket ws = pParams ? WebSocket(session, request, httpResponse, pParams) : WebSocket(session, request, httpResponse);
		expectEcho(ws, "from there");
	}
}


TEST_F(MessageSourceTest, Server)
{
	for (const ParamsPtr& pParams: withAndWithoutParams())
	{
		SCOPED_TRACE(pParams.isNull());
		ServerSocket listener(SocketAddress("127.0.0.1", 0));
		HTTPClientSession session("127.0.0.1", listener.address().port());
		session.setTimeout(deadline());
		if (!setSource(session, SocketAddress("127.0.0.2", 0), 0)) GTEST_SKIP() << "this Poco's sessions have none";
		std::future<SocketAddress> source = std::async(std::launch::async, [&] { return acceptAndEcho(listener, false); });
		connect(session, pParams);
		EXPECT_EQ("127.0.0.2", get(source).host().toString());
	}
}


TEST_F(MessageSourceTest, Proxy)
{
	for (const ParamsPtr& pParams: withAndWithoutParams())
	{
		SCOPED_TRACE(pParams.isNull());
		ServerSocket listener(SocketAddress("127.0.0.1", 0));
		HTTPClientSession session("server.test", 80);
		session.setTimeout(deadline());
		session.setProxy("127.0.0.1", listener.address().port());
		if (!setSource(session, SocketAddress("127.0.0.2", 0), 0)) GTEST_SKIP() << "this Poco's sessions have none";
		std::future<SocketAddress> source = std::async(std::launch::async, [&] { return acceptAndEcho(listener, true); });
		connect(session, pParams);
		EXPECT_EQ("127.0.0.2", get(source).host().toString());
	}
}


TEST_F(MessageSourceTest, IPv6)
{
	for (const ParamsPtr& pParams: withAndWithoutParams())
	{
		SCOPED_TRACE(pParams.isNull());
		std::unique_ptr<ServerSocket> pListener;
		SocketAddress from;
		try
		{
			pListener = std::make_unique<ServerSocket>(SocketAddress("::1", 0));
			from = ServerSocket(SocketAddress("::1", 0)).address(); // the loopback interface has one address: the port tells
		}
		catch (const Poco::Exception& exc)
		{
			GTEST_SKIP() << "no IPv6: " << exc.displayText();
		}
		HTTPClientSession session("::1", pListener->address().port());
		session.setTimeout(deadline());
		if (!setSource(session, from, 0)) GTEST_SKIP() << "this Poco's sessions have none";
		std::future<SocketAddress> source = std::async(std::launch::async, [&] { return acceptAndEcho(*pListener, false); });
		connect(session, pParams);
		EXPECT_EQ(from.toString(), get(source).toString());
	}
}


} // namespace WebSocketTest
