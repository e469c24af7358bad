//
// ClassSurfaceTest.cpp
//
// What existing code compiles against: stock 1.11, and what later versions have added.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "support/TestSupport.h"
#include "Poco/Net/DatagramSocket.h"
#include "Poco/Net/HTTPRequest.h"
#include "Poco/Net/HTTPResponse.h"
#include "Poco/Net/ServerSocket.h"
#include "Poco/Net/WebSocketImpl.h"
#include <set>
#include <type_traits>


using namespace WebSocketTest;
using Poco::Net::HTTPClientSession;
using Poco::Net::HTTPCredentials;
using Poco::Net::HTTPRequest;
using Poco::Net::HTTPResponse;
using Poco::Net::HTTPServerRequest;
using Poco::Net::HTTPServerResponse;
using Poco::Net::Socket;
using Poco::Net::SocketAddress;
using Poco::Net::SocketImpl;
using Poco::Net::StreamSocket;
using Poco::Net::StreamSocketImpl;
using Poco::Net::WebSocket;
using Poco::Net::WebSocketImpl;


//
// Values, as they are in stock
//
static_assert(WebSocket::WS_SERVER == 0 && WebSocket::WS_CLIENT == 1, "Mode");
static_assert(WebSocket::FRAME_FLAG_FIN == 0x80, "FrameFlags");
static_assert(WebSocket::FRAME_FLAG_RSV1 == 0x40, "FrameFlags");
static_assert(WebSocket::FRAME_FLAG_RSV2 == 0x20, "FrameFlags");
static_assert(WebSocket::FRAME_FLAG_RSV3 == 0x10, "FrameFlags");
static_assert(WebSocket::FRAME_OP_CONT == 0x00, "FrameOpcodes");
static_assert(WebSocket::FRAME_OP_TEXT == 0x01, "FrameOpcodes");
static_assert(WebSocket::FRAME_OP_BINARY == 0x02, "FrameOpcodes");
static_assert(WebSocket::FRAME_OP_CLOSE == 0x08, "FrameOpcodes");
static_assert(WebSocket::FRAME_OP_PING == 0x09, "FrameOpcodes");
static_assert(WebSocket::FRAME_OP_PONG == 0x0a, "FrameOpcodes");
static_assert(WebSocket::FRAME_OP_BITMASK == 0x0f, "FrameOpcodes");
static_assert(WebSocket::FRAME_OP_SETRAW == 0x100, "FrameOpcodes");
static_assert(WebSocket::FRAME_TEXT == 0x81, "SendFlags");
static_assert(WebSocket::FRAME_BINARY == 0x82, "SendFlags");
static_assert(WebSocket::WS_NORMAL_CLOSE == 1000, "StatusCodes");
static_assert(WebSocket::WS_ENDPOINT_GOING_AWAY == 1001, "StatusCodes");
static_assert(WebSocket::WS_PROTOCOL_ERROR == 1002, "StatusCodes");
static_assert(WebSocket::WS_PAYLOAD_NOT_ACCEPTABLE == 1003, "StatusCodes");
static_assert(WebSocket::WS_RESERVED == 1004, "StatusCodes");
static_assert(WebSocket::WS_RESERVED_NO_STATUS_CODE == 1005, "StatusCodes");
static_assert(WebSocket::WS_RESERVED_ABNORMAL_CLOSE == 1006, "StatusCodes");
static_assert(WebSocket::WS_MALFORMED_PAYLOAD == 1007, "StatusCodes");
static_assert(WebSocket::WS_POLICY_VIOLATION == 1008, "StatusCodes");
static_assert(WebSocket::WS_PAYLOAD_TOO_BIG == 1009, "StatusCodes");
static_assert(WebSocket::WS_EXTENSION_REQUIRED == 1010, "StatusCodes");
static_assert(WebSocket::WS_UNEXPECTED_CONDITION == 1011, "StatusCodes");
static_assert(WebSocket::WS_RESERVED_TLS_FAILURE == 1015, "StatusCodes");
static_assert(WebSocket::WS_ERR_NO_HANDSHAKE == 1, "ErrorCodes");
static_assert(WebSocket::WS_ERR_HANDSHAKE_NO_VERSION == 2, "ErrorCodes");
static_assert(WebSocket::WS_ERR_HANDSHAKE_UNSUPPORTED_VERSION == 3, "ErrorCodes");
static_assert(WebSocket::WS_ERR_HANDSHAKE_NO_KEY == 4, "ErrorCodes");
static_assert(WebSocket::WS_ERR_HANDSHAKE_ACCEPT == 5, "ErrorCodes");
static_assert(WebSocket::WS_ERR_UNAUTHORIZED == 6, "ErrorCodes");
static_assert(WebSocket::WS_ERR_PAYLOAD_TOO_BIG == 10, "ErrorCodes");
static_assert(WebSocket::WS_ERR_INCOMPLETE_FRAME == 11, "ErrorCodes");

//
// Values that are ours
//
static_assert(WebSocket::WS_ERR_HANDSHAKE_SUBPROTOCOL == 7, "ErrorCodes");
static_assert(WebSocket::WS_ERR_HANDSHAKE_EXTENSION == 8, "ErrorCodes");
static_assert(WebSocket::WS_ERR_INVALID_RSV_BITS == 12, "ErrorCodes");
static_assert(WebSocket::WS_ERR_INVALID_OPCODE == 13, "ErrorCodes");
static_assert(WebSocket::WS_ERR_UNMASKED_CLIENT_FRAME == 14, "ErrorCodes");
static_assert(WebSocket::WS_ERR_PROTOCOL_VIOLATION == 15, "ErrorCodes");
static_assert(WebSocket::WS_ERR_MASKED_SERVER_FRAME == 16, "ErrorCodes");
static_assert(WebSocket::WS_ERR_INVALID_UTF8 == 17, "ErrorCodes");
static_assert(WebSocket::WS_ERR_INVALID_CLOSE_CODE == 18, "ErrorCodes");
static_assert(WebSocket::WS_ERR_CLOSED == 19, "ErrorCodes");
static_assert((WebSocket::FRAME_FLAG_EMPTY & 0xff) == 0 && int(WebSocket::FRAME_FLAG_EMPTY) != int(WebSocket::FRAME_OP_SETRAW), "not a byte of the wire");

//
// Types
//
static_assert(std::is_base_of<StreamSocket, WebSocket>::value, "a StreamSocket");
static_assert(std::has_virtual_destructor<WebSocket>::value, "applications derive from it");
static_assert(std::is_base_of<StreamSocketImpl, WebSocketImpl>::value, "a StreamSocketImpl");
static_assert(std::is_constructible<WebSocket, HTTPServerRequest&, HTTPServerResponse&>::value, "server");
static_assert(std::is_constructible<WebSocket, HTTPClientSession&, HTTPRequest&, HTTPResponse&>::value, "client");
static_assert(std::is_constructible<WebSocket, HTTPClientSession&, HTTPRequest&, HTTPResponse&, HTTPCredentials&>::value, "client with credentials");
static_assert(std::is_convertible<const Socket&, WebSocket>::value, "stock's constructor is not explicit");
static_assert(std::is_copy_constructible<WebSocket>::value && std::is_copy_assignable<WebSocket>::value, "1.14");
static_assert(std::is_assignable<WebSocket&, const Socket&>::value, "assignment");
static_assert(std::is_same<decltype(std::declval<WebSocket&>().shutdown()), int>::value, "1.15");
static_assert(std::is_same<decltype(std::declval<WebSocket&>().shutdown(1000)), int>::value, "1.15");
static_assert(std::is_same<decltype(std::declval<WebSocket&>().shutdown(1000, "reason")), int>::value, "1.15");
static_assert(!std::is_default_constructible<WebSocket>::value, "private in stock");


struct Exposed: public WebSocket
	/// Applications reach the protected functions like this.
{
	using WebSocket::accept;
	using WebSocket::completeHandshake;
	using WebSocket::computeAccept;
	using WebSocket::connect;
	using WebSocket::createKey;
};


static_assert(std::is_same<decltype(static_cast<WebSocketImpl* (*)(HTTPServerRequest&, HTTPServerResponse&)>(&Exposed::accept)), WebSocketImpl* (*)(HTTPServerRequest&, HTTPServerResponse&)>::value, "accept");
static_assert(std::is_same<decltype(static_cast<WebSocketImpl* (*)(HTTPClientSession&, HTTPRequest&, HTTPResponse&, HTTPCredentials&)>(&Exposed::connect)), WebSocketImpl* (*)(HTTPClientSession&, HTTPRequest&, HTTPResponse&, HTTPCredentials&)>::value, "connect");
static_assert(std::is_same<decltype(&Exposed::completeHandshake), WebSocketImpl* (*)(HTTPClientSession&, HTTPResponse&, const std::string&)>::value, "completeHandshake");
static_assert(std::is_same<decltype(&Exposed::computeAccept), std::string (*)(const std::string&)>::value, "computeAccept");
static_assert(std::is_same<decltype(&Exposed::createKey), std::string (*)()>::value, "createKey");

// The addresses of these members are taken by bindings.
static_assert(std::is_same<decltype(&WebSocket::sendFrame), int (WebSocket::*)(const void*, int, int)>::value, "sendFrame");
static_assert(std::is_same<decltype(&WebSocket::mode), WebSocket::Mode (WebSocket::*)() const>::value, "mode");
static_assert(std::is_same<decltype(&WebSocket::setMaxPayloadSize), void (WebSocket::*)(int)>::value, "setMaxPayloadSize");
static_assert(std::is_same<decltype(&WebSocket::getMaxPayloadSize), int (WebSocket::*)() const>::value, "getMaxPayloadSize");
static_assert(sizeof(static_cast<int (WebSocket::*)(void*, int, int&)>(&WebSocket::receiveFrame)) > 0, "receiveFrame");
static_assert(sizeof(static_cast<int (WebSocket::*)(Poco::Buffer<char>&, int&)>(&WebSocket::receiveFrame)) > 0, "receiveFrame");


namespace
{
	WebSocketImpl& implOf(WebSocket& ws)
	{
		WebSocketImpl* pImpl = dynamic_cast<WebSocketImpl*>(ws.impl());
		if (!pImpl) throw Poco::NullPointerException("not a WebSocketImpl");
		return *pImpl;
	}

	WebSocket fromImpl(WebSocketImpl* pImpl)
	{
		return WebSocket(StreamSocket(pImpl));
	}
}


class ClassSurfaceTest: public ConnectionTest
{
};


class ClassStaticsTest: public SocketTest
{
};


TEST_F(ClassStaticsTest, Version)
{
	EXPECT_EQ("13", WebSocket::WEBSOCKET_VERSION);
}


TEST_F(ClassStaticsTest, ComputeAccept)
{
	EXPECT_EQ("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", Exposed::computeAccept("dGhlIHNhbXBsZSBub25jZQ==")); // RFC 6455, 1.3
}


TEST_F(ClassStaticsTest, CreateKey)
{
	std::set<std::string> keys;
	for (int i = 0; i < 1000; ++i)
	{
		const std::string key = Exposed::createKey();
		EXPECT_EQ(24u, key.size()); // 16 bytes in base64
		EXPECT_EQ("==", key.substr(22));
		keys.insert(key);
	}
	EXPECT_EQ(1000u, keys.size());
}


TEST_F(ClassStaticsTest, AcceptAndConnect)
{
	for (Transport transport: {Transport::PLAIN, Transport::TLS})
	{
		TestServer server(transport, TestServer::RequestHandler([](HTTPServerRequest& request, HTTPServerResponse& response)
		{
			WebSocket ws = fromImpl(Exposed::accept(request, response));
			const Received received = receiveFixed(ws);
			ws.sendFrame(received.payload.data(), received.result, received.flags);
		}));
		const std::unique_ptr<HTTPClientSession> pSession = server.session();
		HTTPRequest request(HTTPRequest::HTTP_GET, "/", HTTPRequest::HTTP_1_1);
		HTTPResponse response;
		HTTPCredentials credentials;
		WebSocket ws = fromImpl(Exposed::connect(*pSession, request, response, credentials));
		EXPECT_EQ(HTTPResponse::HTTP_SWITCHING_PROTOCOLS, response.getStatus());
		ws.sendFrame("hello", 5);
		EXPECT_EQ("hello", receiveFixed(ws).payload);
	}
}


TEST_F(ClassStaticsTest, CompleteHandshake)
{
	TestServer server(Transport::PLAIN, TestServer::SocketHandler([](WebSocket& ws) { ws.sendFrame("welcome", 7); }));
	const std::unique_ptr<HTTPClientSession> pSession = server.session();
	const std::string key = Exposed::createKey();
	HTTPRequest request(HTTPRequest::HTTP_GET, "/", HTTPRequest::HTTP_1_1);
	request.set("Connection", "Upgrade");
	request.set("Upgrade", "websocket");
	request.set("Sec-WebSocket-Version", WebSocket::WEBSOCKET_VERSION);
	request.set("Sec-WebSocket-Key", key);
	pSession->setKeepAlive(true);
	pSession->sendRequest(request);
	HTTPResponse response;
	pSession->receiveResponse(response);
	EXPECT_EQ(WebSocket::WS_ERR_HANDSHAKE_ACCEPT, errorOf([&] { Exposed::completeHandshake(*pSession, response, Exposed::createKey()); }));
	WebSocket ws = fromImpl(Exposed::completeHandshake(*pSession, response, key));
	EXPECT_EQ(WebSocket::WS_CLIENT, ws.mode());
	EXPECT_EQ("welcome", receiveFixed(ws).payload);
}


TEST_F(ClassStaticsTest, ImplFromAConnectedSocket)
{
	for (bool client: {true, false})
	{
		Poco::Net::ServerSocket listener(SocketAddress("127.0.0.1", 0));
		StreamSocket near(listener.address());
		RawPeer peer(listener.acceptConnection(), Transport::PLAIN, true);
		WebSocket ws = [&]
		{
			HTTPClientSession session(near);
			StreamSocket detached = session.detachSocket();
			return fromImpl(new WebSocketImpl(static_cast<StreamSocketImpl*>(detached.impl()), session, client));
		}();
		ws.setReceiveTimeout(deadline());
		EXPECT_EQ(client ? WebSocket::WS_CLIENT : WebSocket::WS_SERVER, ws.mode());
		ws.sendFrame("x", 1);
		EXPECT_EQ(client, peer.receiveFrame().masked);
		peer.send(frame(0x81, "y", !client));
		EXPECT_EQ("y", receiveFixed(ws).payload);
	}
}


TEST_P(ClassSurfaceTest, ImplIsUsable)
{
	Pair pair(GetParam());
	WebSocketImpl& impl = implOf(pair.ws);
	EXPECT_EQ(GetParam().role == Role::CLIENT, impl.mustMaskPayload());
	EXPECT_EQ(GetParam().role == Role::CLIENT ? WebSocket::WS_CLIENT : WebSocket::WS_SERVER, pair.ws.mode());
	for (int flags: {0x81, 0x89, 0x01, 0x80})
	{
		pair.send(flags, "x");
		EXPECT_EQ(flags, receiveFixed(pair.ws).flags);
		EXPECT_EQ(flags, impl.frameFlags());
	}
	impl.setMaxPayloadSize(10);
	EXPECT_EQ(10, pair.ws.getMaxPayloadSize());
	EXPECT_EQ(10, impl.getMaxPayloadSize());
}


TEST_P(ClassSurfaceTest, FrameFlagsStayWhenNothingIsReturned)
{
	Pair pair(GetParam());
	pair.send(0x89, "x");
	receiveFixed(pair.ws);
	pair.ws.setBlocking(false);
	EXPECT_EQ(-1, receiveFixed(pair.ws).result);
	EXPECT_EQ(0x89, implOf(pair.ws).frameFlags());
}


TEST_P(ClassSurfaceTest, SocketBelow)
{
	Pair pair(GetParam());
	StreamSocketImpl* pBelow = implOf(pair.ws).streamSocketImpl();
	ASSERT_NE(nullptr, pBelow);
	EXPECT_EQ(pair.ws.impl()->sockfd(), pBelow->sockfd());
	EXPECT_EQ(GetParam().transport == Transport::TLS, pBelow->secure());
	EXPECT_EQ(GetParam().transport == Transport::TLS, pair.ws.secure());
	EXPECT_EQ(pair.peer.socket().address(), pair.ws.peerAddress());
	EXPECT_EQ(pair.peer.socket().peerAddress(), pair.ws.address());
}


TEST_F(ClassStaticsTest, SocketBelowHasWhatIsNotDelivered)
{
	for (const Connection& connection: plainConnections()) // TLS takes whole records
	{
		Pair pair(connection);
		pair.peer.send(pair.frame(0x81, "one") + pair.frame(0x81, "two") + "raw");
		EXPECT_EQ("one", receiveFixed(pair.ws).payload);
		EXPECT_EQ("two", receiveFixed(pair.ws).payload);
		char buffer[10] = {};
		EXPECT_EQ(3, implOf(pair.ws).streamSocketImpl()->receiveBytes(buffer, 10, 0));
		EXPECT_STREQ("raw", buffer);
	}
}


TEST_P(ClassSurfaceTest, SettingsReachTheSocketBelow)
{
	Pair pair(GetParam());
	StreamSocketImpl* pBelow = implOf(pair.ws).streamSocketImpl();
	const int sendBefore = pBelow->getSendBufferSize();
	const int receiveBefore = pBelow->getReceiveBufferSize();
	pair.ws.setSendBufferSize(sendBefore/4);
	pair.ws.setReceiveBufferSize(receiveBefore/4);
	EXPECT_NE(sendBefore, pBelow->getSendBufferSize());
	EXPECT_NE(receiveBefore, pBelow->getReceiveBufferSize());
	EXPECT_EQ(pBelow->getSendBufferSize(), pair.ws.getSendBufferSize());
	EXPECT_EQ(pBelow->getReceiveBufferSize(), pair.ws.getReceiveBufferSize());
	EXPECT_TRUE(pair.ws.getBlocking());
	pair.ws.setBlocking(false);
	EXPECT_FALSE(pair.ws.getBlocking());
	EXPECT_FALSE(pBelow->getBlocking());
	EXPECT_EQ(-1, receiveFixed(pair.ws).result);
	pair.ws.setBlocking(true);
	EXPECT_TRUE(pair.ws.getBlocking());
	pair.ws.setNoDelay(false);
	EXPECT_FALSE(pair.ws.getNoDelay());
	pair.ws.setKeepAlive(true);
	EXPECT_TRUE(pair.ws.getKeepAlive());
}


TEST_P(ClassSurfaceTest, ReceiveBytes)
{
	Pair pair(GetParam());
	pair.send(0x82, "payload");
	char buffer[100] = {};
	EXPECT_EQ(7, pair.ws.receiveBytes(buffer, sizeof(buffer)));
	EXPECT_STREQ("payload", buffer);
	pair.send(0x81, "appended");
	Poco::Buffer<char> growing("kept ", 5);
	EXPECT_EQ(8, pair.ws.impl()->receiveBytes(growing));
	EXPECT_EQ("kept appended", std::string(growing.begin(), growing.size()));
	EXPECT_EQ(0x81, implOf(pair.ws).frameFlags());
}


TEST_P(ClassSurfaceTest, AsAStreamSocket)
{
	Pair pair(GetParam());
	StreamSocket stream(pair.ws);
	EXPECT_EQ(4, stream.sendBytes("data", 4));
	EXPECT_EQ(0x82, pair.peer.receiveFrame().flags);
	pair.send(0x81, "back");
	char buffer[10] = {};
	EXPECT_EQ(4, stream.receiveBytes(buffer, sizeof(buffer)));
	EXPECT_STREQ("back", buffer);
}


TEST_P(ClassSurfaceTest, WhatAWebSocketCannotDo)
{
	Pair pair(GetParam());
	SocketImpl* pImpl = pair.ws.impl();
	StreamSocket& stream = pair.ws;
	SocketAddress address("127.0.0.1", 1);
	char data[4] = {};
	Poco::Net::SocketBufVec vector;
	const std::vector<std::pair<const char*, std::function<void ()>>> table = {
		{"StreamSocket::connect", [&] { stream.connect(address); }},
		{"StreamSocket::connect with timeout", [&] { stream.connect(address, deadline()); }},
		{"StreamSocket::connectNB", [&] { stream.connectNB(address); }},
		{"StreamSocket::sendUrgent", [&] { stream.sendUrgent('x'); }},
		{"connect", [&] { pImpl->connect(address); }},
		{"connect with timeout", [&] { pImpl->connect(address, deadline()); }},
		{"connectNB", [&] { pImpl->connectNB(address); }},
		{"acceptConnection", [&] { pImpl->acceptConnection(address); }},
		{"bind", [&] { pImpl->bind(address); }},
		{"bind with reuseAddress", [&] { pImpl->bind(address, true); }},
		{"bind with reusePort", [&] { pImpl->bind(address, true, true); }},
		{"bind6", [&] { pImpl->bind6(address); }},
		{"bind6 with reusePort", [&] { pImpl->bind6(address, true, true, true); }},
		{"listen", [&] { pImpl->listen(); }},
		{"sendTo", [&] { pImpl->sendTo(data, 4, address); }},
		{"receiveFrom", [&] { pImpl->receiveFrom(data, 4, address); }},
		{"sendUrgent", [&] { pImpl->sendUrgent('x'); }},
		{"gather", [&] { pImpl->sendBytes(vector, 0); }},
		{"scatter", [&] { pImpl->receiveBytes(vector, 0); }},
		{"gather sendTo", [&] { pImpl->sendTo(vector, address); }},
		{"scatter receiveFrom", [&] { pImpl->receiveFrom(vector, address); }}};
	for (const auto& row: table)
		EXPECT_THROW(row.second(), Poco::InvalidAccessException) << row.first;
	pair.ws.sendFrame("intact", 6);
	EXPECT_EQ("intact", pair.peer.receiveFrame().payload);
}


TEST_P(ClassSurfaceTest, ForeignSockets)
{
	Pair pair(GetParam());
	const StreamSocket stream;
	const Poco::Net::ServerSocket server;
	const Poco::Net::DatagramSocket datagram;
	for (const Socket& foreign: std::vector<Socket>{stream, server, datagram})
	{
		EXPECT_THROW(WebSocket{foreign}, Poco::InvalidArgumentException);
		EXPECT_THROW(pair.ws = foreign, Poco::InvalidArgumentException);
	}
	EXPECT_THROW(WebSocket{pair.peer.socket()}, Poco::InvalidArgumentException);
	pair.ws.sendFrame("intact", 6);
	EXPECT_EQ("intact", pair.peer.receiveFrame().payload);
}


INSTANTIATE_TEST_SUITE_P(Each, ClassSurfaceTest, ::testing::ValuesIn(allConnections()), connectionName);
