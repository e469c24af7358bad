//
// HandshakeTest.cpp
//
// The opening handshake in the loop, and what is not one.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "support/EventSupport.h"
#include "support/MessageSupport.h"
#include <algorithm>
#include <iterator>


namespace WebSocketTest {


namespace
{
	int statusOf(const std::string& response)
	{
		return response.compare(0, 9, "HTTP/1.1 ") == 0 ? std::atoi(response.c_str() + 9) : 0;
	}

	EventParams::Ptr strictParams()
	{
		EventParams::Ptr pParams = new EventParams;
		pParams->setMaxHandshakeSize(1000);
		pParams->setMaxHandshakeFields(10);
		pParams->setHook([](Poco::Net::HTTPServerRequest& request, Poco::Net::HTTPServerResponse& response)
		{
			EXPECT_EQ("", std::string(std::istreambuf_iterator<char>(request.stream()), {}));
			EXPECT_THROW(response.send(), Poco::IllegalStateException);
			if (request.getURI() == "/redirect") response.redirect("/elsewhere", Poco::Net::HTTPResponse::HTTP_FOUND);
			if (request.getURI() == "/authenticate") response.requireAuthentication("here");
			response.set("X-Hook", request.clientAddress().toString() + (request.secure() ? " secure" : ""));
			return request.getURI() == "/";
		});
		return pParams;
	}
}


TEST_P(EventPortTest, Refusals)
{
	const std::string get = "GET / HTTP/1.1\r\nHost: localhost\r\n";
	const std::string upgrade = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
	const struct
	{
		const char* what;
		std::string request;
		int status;
		const char* field;
	}
	rows[] =
	{
		{"4.2.1 no upgrade", get + "\r\n", 400, "Connection"},
		{"4.2.1 not HTTP", "\x16\x03\x01 nonsense\r\n\r\n", 400, "Connection"},
		{"RFC 7230, 3.2.4", get + "X : 1\r\n" + upgrade + "Sec-WebSocket-Version: 13\r\n\r\n", 400, "Connection"},
		{"4.2.1 POST", "POST / HTTP/1.1\r\nHost: x\r\n" + upgrade + "Sec-WebSocket-Version: 13\r\n\r\n", 405, "Allow"},
		{"4.2.1 no key", get + "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\r\n", 400, "Connection"},
		{"4.4 version", get + upgrade + "Sec-WebSocket-Version: 12\r\n\r\n", 426, "Sec-WebSocket-Version"},
		{"Origin", handshakeRequest("/", "Origin: http://elsewhere.example\r\n"), 403, "Connection"},
		{"too large", get + "X: " + std::string(1000, 'x') + "\r\n" + upgrade, 431, "Connection"},
		{"too large, complete", get + "X: " + std::string(900, 'x') + "\r\n" + upgrade + "Sec-WebSocket-Version: 13\r\n\r\n", 431, "Connection"},
		{"too many fields", handshakeRequest("/", "a: 1\r\nb: 2\r\nc: 3\r\nd: 4\r\ne: 5\r\nf: 6\r\n"), 431, "Connection"},
		{"hook", handshakeRequest("/no"), 403, "X-Hook"},
		{"hook redirects", handshakeRequest("/redirect"), 302, "Location"},
		{"hook wants a password", handshakeRequest("/authenticate"), 401, "WWW-Authenticate"}
	};
	EventServer server(GetParam(), strictParams());
	server.start();
	for (const auto& row: rows)
	{
		SCOPED_TRACE(row.what);
		for (const std::size_t step: {row.request.size(), std::size_t(1), std::size_t(7)})
		{
			RawPeer peer = server.dial();
			try
			{
				peer.send(row.request + (step > 7 ? "and more" : ""), step);
			}
			catch (const Poco::Exception&)
			{
				// refused before all was sent
			}
			const std::string head = peer.receiveThrough("\r\n\r\n");
			EXPECT_EQ(row.status, statusOf(head)) << head;
			value(head, row.field);
			EXPECT_EQ(std::stoul(value(head, "Content-Length")), peer.receiveToEnd().size());
		}
	}
	EXPECT_EQ(0u, server.handler.count());
	EXPECT_TRUE(eventually([&] { return server.server.metrics().handshakes == 0; }));
}


TEST_P(EventPortTest, AcceptedInEverySplit)
{
	EventParams::Ptr pParams = strictParams();
	EventServer server(GetParam(), pParams);
	server.start();
	std::string unixLines = handshakeRequest();
	unixLines.erase(std::remove(unixLines.begin(), unixLines.end(), '\r'), unixLines.end());
	for (const std::string& request: {handshakeRequest(), unixLines})
	{
		const std::string bytes = request + textFrame("behind") + textFrame("it");
		for (std::size_t cut = 1; cut < bytes.size(); cut += cut + 20 < request.size() && cut > 10 ? 9 : 1)
		{
			RawPeer peer = server.dial();
			peer.send(bytes.substr(0, cut));
			peer.send(bytes.substr(cut));
			const std::string head = peer.receiveThrough("\r\n\r\n");
			ASSERT_EQ(101, statusOf(head)) << head;
			EXPECT_EQ("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", value(head, "Sec-WebSocket-Accept"));
			EXPECT_EQ(GetParam() == Port::TLS, value(head, "X-Hook").find("secure") != std::string::npos);
			expectText(peer, "behind");
			expectText(peer, "it");
		}
	}
}


TEST_P(EventPortTest, WhatIsAgreedOn)
{
	EventParams::Ptr pParams = new EventParams;
	pParams->setSubprotocols({"a", "b"});
	pParams->setDeflate(true);
	pParams->setDeflateThreshold(0);
	EventServer server(GetParam(), pParams);
	server.start();
	for (const bool takeover: {true, false})
	{
		RawPeer peer = server.dial();
		peer.send(handshakeRequest("/", std::string("Sec-WebSocket-Protocol: c, b\r\nSec-WebSocket-Extensions: permessage-deflate") +
			(takeover ? "\r\n" : "; server_no_context_takeover; client_no_context_takeover\r\n")));
		const std::string head = peer.receiveThrough("\r\n\r\n");
		EXPECT_EQ("b", value(head, "Sec-WebSocket-Protocol"));
		EXPECT_EQ(0u, value(head, "Sec-WebSocket-Extensions").find("permessage-deflate"));
		ZlibDeflater deflater(15, takeover);
		ZlibInflater inflater(15, takeover);
		for (const std::size_t size: {std::size_t(0), std::size_t(5), std::size_t(5000), std::size_t(5000), std::size_t(300000)})
		{
			const std::string text = pattern(size);
			const std::string payload = deflater.message(text);
			peer.send(masked(0x41, payload.substr(0, payload.size()/2)) + masked(0x80, payload.substr(payload.size()/2)));
			const Frame frame = receiveJoined(peer);
			EXPECT_EQ(0xc1, frame.flags);
			EXPECT_TRUE(text == inflater.message(frame.payload)) << size;
		}
		if (!takeover) continue;
		EventConnection::Ptr pConnection = server.handler.connection(0);
		pConnection->send(Poco::Net::WebSocketPreparedMessage::text("prepared prepared prepared"));
		EXPECT_EQ("prepared prepared prepared", inflater.message(peer.receiveFrame().payload));
	}
}


TEST_P(EventPortTest, FieldsOfAnOriginCheck)
{
	EventParams::Ptr pParams = new EventParams;
	pParams->setOriginCheck([](const std::string& origin, const Poco::Net::HTTPServerRequest& request)
	{
		request.response().set("Access-Control-Allow-Origin", origin);
		return origin == "http://here";
	});
	EventServer server(GetParam(), pParams);
	server.start();
	for (const std::string origin: {"http://here", "http://there"})
	{
		RawPeer peer = server.dial();
		peer.send(handshakeRequest("/", "Origin: " + origin + "\r\n"));
		const std::string head = peer.receiveThrough("\r\n\r\n");
		EXPECT_EQ(origin == "http://here" ? 101 : 403, statusOf(head)) << head;
		EXPECT_EQ(origin, value(head, "Access-Control-Allow-Origin"));
	}
}


TEST_P(EventPortTest, NothingIsLeftOfTheHandshakeBefore)
{
	EventParams::Ptr pParams = new EventParams;
	pParams->setThreads(1);
	pParams->setSubprotocols({"a"});
	pParams->setDeflate(true);
	pParams->setHook([](Poco::Net::HTTPServerRequest& request, Poco::Net::HTTPServerResponse& response)
	{
		if (request.has("Cookie")) response.set("X-Cookie", request.get("Cookie"));
		if (request.getURI() == "/no") response.setStatusAndReason(Poco::Net::HTTPResponse::HTTP_NOT_FOUND);
		return request.getURI() != "/no";
	});
	EventServer server(GetParam(), pParams);
	std::vector<std::string> requests;
	server.handler.open = [&](EventConnection&, Poco::Net::HTTPServerRequest& request)
	{
		const auto& serverRequest = dynamic_cast<const Poco::Net::HTTPServerRequest&>(request);
		requests.push_back(serverRequest.clientAddress().toString() + ' ' + request.getURI() + ' ' + std::to_string(request.size()));
	};
	server.start();
	const std::size_t fields = 5; // of handshakeRequest()
	for (const char* pBefore: {"/yes", "/no"})
	{
		SCOPED_TRACE(pBefore);
		RawPeer first = server.dial();
		first.send(handshakeRequest(pBefore, "Cookie: secret\r\nSec-WebSocket-Protocol: a\r\nSec-WebSocket-Extensions: permessage-deflate\r\n"));
		const std::string before = first.receiveThrough("\r\n\r\n");
		EXPECT_EQ("secret", value(before, "X-Cookie"));
		RawPeer second = server.dial();
		second.send(handshakeRequest("/next"));
		const std::string after = second.receiveThrough("\r\n\r\n");
		EXPECT_EQ(0u, after.find("HTTP/1.1 101 Switching Protocols\r\n")) << after;
		EXPECT_EQ(3, std::count(after.begin(), after.end(), ':')) << after; // Upgrade, Connection, Sec-WebSocket-Accept and no other
		second.send(textFrame("not compressed, not compressed, not compressed, not compressed, not compressed"));
		EXPECT_EQ(FIN_TEXT, second.receiveFrame().flags);
		const auto expected = [&](RawPeer& peer, const std::string& what, std::size_t number)
		{
			return (GetParam() == Port::LOCAL ? server.handler.connection(0)->remoteAddress() : peer.socket().address()).toString() + ' ' + what + ' ' + std::to_string(number);
		};
		std::vector<std::string> wanted;
		if (pBefore == std::string("/yes")) wanted.push_back(expected(first, "/yes", fields + 3));
		wanted.push_back(expected(second, "/next", fields));
		EXPECT_EQ(wanted, requests);
		requests.clear();
	}
	EXPECT_EQ("", server.handler.connection(1)->subprotocol());
}


TEST_P(EventPortTest, TooSlow)
{
	EventParams::Ptr pParams = new EventParams;
	pParams->setHandshakeTimeout(Poco::Timespan(0, 200*1000));
	EventServer server(GetParam(), pParams);
	server.start();
	RawPeer silent = server.dial();
	RawPeer slow = server.dial();
	slow.send("GET / HTTP/1.1\r\nX: ");
	while (!slow.socket().poll(Poco::Timespan(0, 10*1000), Poco::Net::Socket::SELECT_READ)) slow.send("x"); // does not make the time longer
	EXPECT_EQ(408, statusOf(slow.receiveThrough("\r\n\r\n")));
	slow.close();
	EXPECT_EQ("", silent.receiveToEnd());
	EXPECT_TRUE(eventually([&] { return server.server.metrics().handshakes == 0; }));
}


TEST_F(EventTest, RubbishOnATLSPort)
{
	// What OpenSSL remembers of one connection's failure does not end another one.
	EventParams::Ptr pParams = new EventParams;
	pParams->setThreads(1);
	EventServer server(Port::TLS, pParams);
	server.start();
	RawPeer well = server.connect();
	for (int i = 0; i < 20; ++i)
	{
		RawPeer rubbish = connectRaw(server.number(), Transport::PLAIN);
		rubbish.send(i % 2 == 0 ? "GET / HTTP/1.1\r\n\r\n" : std::string(100, '\x16'));
		try
		{
			rubbish.receiveToEnd();
		}
		catch (const Poco::Exception&)
		{
			// reset
		}
		well.send(textFrame("well"));
		expectText(well, "well");
		if (i % 5 == 0) server.connect().reset();
	}
	EXPECT_TRUE(eventually([&] { return server.server.metrics().connections == 1; }));
	EXPECT_EQ(0u, server.server.metrics().acceptFailures);
}


} // namespace WebSocketTest
