//
// ClassForwardedTest.cpp
//
// Who has made a request to a HTTPServer, as its proxies tell.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "support/ClassPeer.h"
#include "support/ClassScript.h"
#include "support/TestSupport.h"
#include "Poco/Net/HTTPServer.h"
#include "Poco/Net/WebSocketForwarded.h"
#include "Poco/Exception.h"
#include <gtest/gtest.h>


using Poco::Net::WebSocketForwarded;


namespace WebSocketTest {


TEST(ClassForwardedTest, RequestsOfAHTTPServer)
{
	const std::vector<std::string> TRUSTED = {"127.0.0.0/8"};
	const std::vector<std::string> OTHERS = {"10.0.0.0/8", "unix:"};
	const struct
	{
		std::vector<std::string> trusted;
		const char* fields;
		const char* outcome; // "peer": the peer's address
	}
	rows[] =
	{
		{TRUSTED, "", "peer plain inner:80"},
		{TRUSTED, "X-Forwarded-For: 6.6.6.6, 192.0.2.1, 127.0.0.9\r\n", "192.0.2.1:0 plain inner:80"},
		{TRUSTED, "X-Forwarded-For: 192.0.2.1\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: example.com\r\n", "192.0.2.1:0 secure example.com"},
		{TRUSTED, "Forwarded: for=\"[2001:db8::1]:7\";proto=https;host=example.com\r\n", "[2001:db8::1]:7 secure example.com"},
		{TRUSTED, "Forwarded: for=unknown;proto=http\r\n", "peer plain inner:80"},
		{OTHERS, "X-Forwarded-For: 192.0.2.1\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: example.com\r\n", "peer plain inner:80"},
		{{}, "Forwarded: for=192.0.2.1;proto=https;host=example.com\r\n", "peer plain inner:80"}
	};
	for (const auto& row: rows)
	{
		Poco::Net::HTTPServer server(new FunctionFactory([&row](Poco::Net::HTTPServerRequest& request, Poco::Net::HTTPServerResponse& response)
		{
			const WebSocketForwarded client = WebSocketForwarded::of(request, row.trusted);
			const std::string address = client.address == request.clientAddress() ? "peer" : client.address.toString();
			const std::string text = address + (client.secure ? " secure " : " plain ") + client.host;
			EXPECT_THROW(WebSocketForwarded::of(request, {"10.0.0.1/8"}), Poco::InvalidArgumentException);
			response.sendBuffer(text.data(), text.size());
		}), Poco::Net::ServerSocket(Poco::Net::SocketAddress("127.0.0.1", 0)), new Poco::Net::HTTPServerParams);
		server.start();
		RawPeer peer(Poco::Net::StreamSocket(Poco::Net::SocketAddress("127.0.0.1", server.port())), Transport::PLAIN, false);
		peer.send(std::string("GET / HTTP/1.1\r\nHost: inner:80\r\nConnection: close\r\n") + row.fields + "\r\n");
		const std::string head = peer.receiveThrough("\r\n\r\n");
		EXPECT_EQ(row.outcome, peer.receive(std::stoul(value(head, "Content-Length")))) << row.fields;
		server.stopAll(true);
	}
}


} // namespace WebSocketTest
