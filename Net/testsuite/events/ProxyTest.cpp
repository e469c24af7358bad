//
// ProxyTest.cpp
//
// What proxies tell of their clients: fields of a request, and PROXY headers; from trusted ones and from others.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "support/EventSupport.h"
#include "Poco/Net/HTTPServer.h"
#include "Poco/AutoPtr.h"
#include "Poco/Channel.h"
#include "Poco/Logger.h"
#include "Poco/Message.h"


using Poco::Net::HTTPServerRequest;
using Poco::Net::HTTPServerResponse;


namespace WebSocketTest {


namespace
{
	using ProxyProtocol = Poco::Net::WebSocketServer::ProxyProtocol;

	const std::string CLIENT = "PROXY TCP4 192.0.2.1 192.0.2.2 4711 443\r\n";

	EventParams::Ptr trusting(const std::vector<std::string>& networks = {"127.0.0.0/8", "unix:"})
	{
		EventParams::Ptr pParams = new EventParams;
		pParams->setTrustedProxies(networks);
		return pParams;
	}

	std::string told(const HTTPServerRequest& request)
	{
		return request.clientAddress().toString() + (request.secure() ? " secure " : " plain ") + request.getHost();
	}

	std::string told(const EventConnection& connection)
	{
		return connection.remoteAddress().toString() + (connection.secure() ? " secure" : " plain");
	}

	void tell(HTTPServerRequest& request, HTTPServerResponse& response)
	{
		const std::string text = told(request);
		response.sendBuffer(text.data(), text.size());
	}

	std::string get(RawPeer& peer, const std::string& headers)
		/// Returns what tell() has told.
	{
		peer.send("GET / HTTP/1.1\r\nHost: inner\r\n" + headers + "\r\n");
		const std::string head = peer.receiveThrough("\r\n\r\n");
		return head.find("HTTP/1.1 200 ") == 0 ? peer.receive(std::stoul(value(head, "Content-Length"))) : head;
	}

	int status(RawPeer& peer, const std::string& headers)
	{
		peer.send(handshakeRequest("/", headers));
		return std::stoi(peer.receiveThrough("\r\n\r\n").substr(9));
	}

	std::string bytes(std::initializer_list<int> values)
	{
		std::string result;
		for (const int value: values) result += static_cast<char>(value);
		return result;
	}

	std::string binary(int command, int family, const std::string& rest)
	{
		return std::string("\r\n\r\n\0\r\nQUIT\n", 12) + bytes({command, family, 0, static_cast<int>(rest.size())}) + rest;
	}

	const std::string BINARY = binary(0x21, 0x11, bytes({192, 0, 2, 1, 192, 0, 2, 2, 0x12, 0x67, 1, 0xbb}));
	const std::string BINARY_TLS = binary(0x21, 0x11, bytes({192, 0, 2, 1, 192, 0, 2, 2, 0x12, 0x67, 1, 0xbb, 0x20, 0, 5, 1, 0, 0, 0, 0}));
	const std::string LOCAL = binary(0x20, 0, "");

	bool isCut(RawPeer& peer)
		/// Waits for the end of the stream, or a reset: bytes that are not read cause one.
	{
		try
		{
			return peer.atEnd();
		}
		catch (const Poco::Net::ConnectionResetException&)
		{
			return true;
		}
	}

	class LogChannel: public Poco::Channel
		/// Collects what a server's logger is given.
	{
	public:
		void log(const Poco::Message& message) override
		{
			notes.add(message.getText());
		}

		Notes notes;
	};

	class Logged
		/// While it exists, the server's log is collected.
	{
	public:
		Logged():
			_pBefore(logger().getChannel(), true),
			_level(logger().getLevel())
		{
			logger().setChannel(pChannel);
			logger().setLevel(Poco::Message::PRIO_WARNING);
		}

		~Logged()
		{
			logger().setChannel(_pBefore);
			logger().setLevel(_level);
		}

		Poco::AutoPtr<LogChannel> pChannel = new LogChannel;

	private:
		static Poco::Logger& logger()
		{
			return Poco::Logger::get("WebSocketServer");
		}

		Poco::AutoPtr<Poco::Channel> _pBefore;
		int _level;
	};
}


TEST_P(EventPortTest, FieldsOfATrustedProxy)
{
	const struct
	{
		const char* fields;
		const char* request;
		const char* connection;
	}
	rows[] =
	{
		{"X-Forwarded-For: 6.6.6.6, 192.0.2.1\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: example.com\r\n", "192.0.2.1:0 secure example.com", "192.0.2.1:0 secure"},
		{"X-Forwarded-For: 6.6.6.6\r\nX-Forwarded-For: 192.0.2.1:4711,127.0.0.3\r\nX-Forwarded-Proto: http\r\n", "192.0.2.1:4711 plain localhost", "192.0.2.1:4711 plain"},
		{"Forwarded: for=\"[2001:db8::1]:4711\";proto=https;host=\"example.com:8443\"\r\n", "[2001:db8::1]:4711 secure example.com:8443", "[2001:db8::1]:4711 secure"}
	};
	for (const auto& row: rows)
	{
		SCOPED_TRACE(row.fields);
		EventParams::Ptr pParams = trusting();
		std::string hook;
		std::string open;
		pParams->setHook([&hook](HTTPServerRequest& request, HTTPServerResponse&)
		{
			hook = told(request);
			return true;
		});
		EventServer server(GetParam(), pParams);
		server.handler.open = [&open](EventConnection& connection, HTTPServerRequest& request) { open = told(request) + ", " + told(connection); };
		server.start();
		RawPeer peer = server.connect(row.fields);
		peer.send(textFrame("it works"));
		expectText(peer, "it works");
		EXPECT_EQ(row.request, hook);
		EXPECT_EQ(std::string(row.request) + ", " + row.connection, open);
		EXPECT_EQ(row.connection, told(*server.handler.connection()));
		const Poco::Net::SocketAddress address = server.handler.connection()->peerAddress();
		EXPECT_TRUE(GetParam() == Port::LOCAL ? address.family() == Poco::Net::SocketAddress::UNIX_LOCAL : address.toString() == peer.socket().address().toString()) << address.toString();
		EXPECT_EQ(0u, server.server.metrics().forwardedIgnored);
	}
}


TEST_P(EventPortTest, EachRequestOfAProxyHasItsClient)
	/// A proxy sends requests of several clients over one connection.
{
	EventParams::Ptr pParams = trusting();
	pParams->setMaxConnectionsPerAddress(1);
	EventServer server(GetParam(), pParams);
	server.server.setHTTP(tell);
	server.start();
	RawPeer peer = server.dial();
	const std::string own = GetParam() == Port::TLS ? " secure " : " plain ";
	for (int i = 0; i < 2; ++i)
	{
		EXPECT_EQ("192.0.2.1:0 secure example.com", get(peer, "X-Forwarded-For: 192.0.2.1\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: example.com\r\n"));
		EXPECT_EQ("192.0.2.2:0 plain inner", get(peer, "X-Forwarded-For: 192.0.2.2\r\nX-Forwarded-Proto: http\r\n"));
		EXPECT_EQ("192.0.2.3:0" + own + "inner", get(peer, "Forwarded: for=192.0.2.3\r\n"));
		if (GetParam() == Port::LOCAL) continue;
		EXPECT_EQ(peer.socket().address().toString() + own + "inner", get(peer, ""));
	}
	RawPeer other = server.connect("X-Forwarded-For: 192.0.2.1\r\n"); // between requests the address is not taken
	EXPECT_EQ(0u, get(peer, "X-Forwarded-For: 192.0.2.1\r\n").find("HTTP/1.1 503 "));
	RawPeer third = server.dial();
	EXPECT_EQ("192.0.2.2:0" + own + "inner", get(third, "X-Forwarded-For: 192.0.2.2\r\n"));
	EXPECT_EQ(101, status(third, "X-Forwarded-For: 192.0.2.3\r\n"));
	EXPECT_EQ("192.0.2.3:0", server.handler.connection(1)->remoteAddress().toString());
	EXPECT_EQ(1u, server.server.metrics().connectionsRefused);
}


TEST_P(EventPortTest, FieldsOfOthersChangeNothing)
{
	EventServer server(GetParam(), trusting({"10.0.0.0/8"}));
	server.server.setHTTP(tell);
	server.start();
	const std::string fields = "X-Forwarded-For: 192.0.2.1\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: example.com\r\nForwarded: for=192.0.2.1;host=example.com\r\n";
	RawPeer peer = server.connect(fields);
	const std::string own = GetParam() == Port::TLS ? " secure" : " plain";
	EXPECT_EQ(server.handler.connection()->peerAddress().toString() + own, told(*server.handler.connection()));
	EXPECT_TRUE(GetParam() == Port::LOCAL || server.handler.connection()->peerAddress() == peer.socket().address());
	EXPECT_EQ(1u, server.server.metrics().forwardedIgnored);
	RawPeer other = server.dial();
	EXPECT_NE(std::string::npos, get(other, fields).find(own + " inner"));
	EXPECT_EQ(403, status(other, fields + "Origin: https://example.com\r\n"));
	EXPECT_EQ(3u, server.server.metrics().forwardedIgnored);
	RawPeer plain = server.connect("X-Forwarded-Port: 1\r\nVia: 1.1 a\r\n");
	EXPECT_EQ(3u, server.server.metrics().forwardedIgnored);
}


TEST_P(EventPortTest, OriginOfAProxysClient)
{
	const struct
	{
		const char* fields;
		const char* origin;
		int status;
	}
	rows[] =
	{
		{"X-Forwarded-Host: example.com\r\nX-Forwarded-Proto: https\r\n", "https://example.com", 101},
		{"X-Forwarded-Host: example.com\r\nX-Forwarded-Proto: https\r\n", "http://example.com", 403},
		{"X-Forwarded-Host: example.com\r\nX-Forwarded-Proto: https\r\n", "https://localhost", 403},
		{"X-Forwarded-Host: example.com:8443\r\nX-Forwarded-Proto: wss\r\n", "https://example.com:8443", 101},
		{"X-Forwarded-Host: example.com:8443\r\nX-Forwarded-Proto: wss\r\n", "https://example.com", 403},
		{"X-Forwarded-Host: example.com\r\nX-Forwarded-Proto: http\r\n", "https://example.com", 403},
		{"X-Forwarded-Host: example.com\r\nX-Forwarded-Proto: http\r\n", "http://example.com", 101},
		{"X-Forwarded-Host: example.com\r\n", "http://example.com", 101},
		{"X-Forwarded-Host: example.com\r\n", "https://example.com", 101},
		{"X-Forwarded-Proto: https\r\n", "https://localhost", 101},
		{"X-Forwarded-Proto: https\r\n", "http://localhost", 403},
		{"Forwarded: for=192.0.2.1;proto=https;host=example.com\r\n", "https://example.com", 101},
		{"Forwarded: for=192.0.2.1;proto=https;host=example.com\r\n", "http://example.com", 403}
	};
	for (const bool check: {false, true})
	{
		EventParams::Ptr pParams = trusting();
		if (check) pParams->setOriginCheck([](const std::string& origin, const HTTPServerRequest& request)
		{
			return origin == (request.secure() ? "https://" : "http://") + request.getHost();
		});
		EventServer server(GetParam(), pParams);
		server.start();
		for (const auto& row: rows)
		{
			RawPeer peer = server.dial();
			if (check && std::string(row.fields).find("roto") == std::string::npos) continue;
			const std::string host = check && std::string(row.fields).find("ost") == std::string::npos ? "X-Forwarded-Host: localhost\r\n" : "";
			EXPECT_EQ(row.status, status(peer, row.fields + host + "Origin: " + row.origin + "\r\n")) << row.fields << row.origin << check;
		}
	}
}


TEST_P(EventPortTest, ConnectionsOfAProxysClient)
	/// The limit is that of each client, not of the proxy.
{
	for (const bool header: {false, true})
	{
		EventParams::Ptr pParams = trusting();
		pParams->setMaxConnectionsPerAddress(2);
		EventServer server(GetParam(), pParams, header ? ProxyProtocol::REQUIRED : ProxyProtocol::OFF);
		server.start();
		const auto begin = [&](const std::string& address)
		{
			RawPeer peer = server.dial(header ? "PROXY TCP4 " + address + " 192.0.2.9 1 2\r\n" : "");
			peer.send(handshakeRequest("/", header ? "" : "X-Forwarded-For: " + address + "\r\n"));
			return peer;
		};
		const auto admitted = [&](RawPeer& peer) { return peer.receiveThrough("\r\n\r\n").find("HTTP/1.1 101 ") == 0; };
		std::vector<RawPeer> peers;
		for (const char* pAddress: {"192.0.2.1", "192.0.2.1", "192.0.2.2", "192.0.2.2", "192.0.2.3"})
		{
			peers.push_back(begin(pAddress));
			EXPECT_TRUE(admitted(peers.back())) << pAddress;
		}
		if (header)
		{
			EXPECT_THROW({ RawPeer late = begin("192.0.2.1"); late.receiveThrough("\r\n\r\n"); }, Poco::Exception); // cut
		}
		else
		{
			RawPeer late = begin("192.0.2.1");
			EXPECT_EQ(0u, late.receiveToEnd().find("HTTP/1.1 503 "));
		}
		EXPECT_TRUE(eventually([&] { return server.server.metrics().connectionsRefused == 1; }));
		peers.front().close();
		EXPECT_TRUE(eventually([&]
		{
			try
			{
				RawPeer again = begin("192.0.2.1");
				return admitted(again);
			}
			catch (const Poco::Exception&)
			{
				return false;
			}
		}));
		EXPECT_EQ(0u, server.server.metrics().refusals[Poco::Net::WebSocketRefusal::PROXY_HEADER]);
	}
}


TEST_F(EventTest, RateOfAProxysClient)
	/// WebSockets count; how the proxy has its connections for other requests does not matter.
{
	EventParams::Ptr pParams = trusting();
	pParams->setHandshakeRate(1, 2);
	EventServer server(Port::PLAIN, pParams);
	server.server.setHTTP(tell);
	server.start();
	RawPeer http = server.dial();
	for (int i = 0; i < 20; ++i) EXPECT_EQ("192.0.2.1:0 plain inner", get(http, "X-Forwarded-For: 192.0.2.1\r\n"));
	int accepted = 0;
	int last = 101;
	while (accepted < 100 && last == 101)
	{
		RawPeer peer = server.dial();
		last = status(peer, "X-Forwarded-For: 192.0.2.1\r\n");
		if (last == 101) ++accepted;
	}
	EXPECT_GE(accepted, 2);
	EXPECT_EQ(503, last);
	EXPECT_EQ(1u, server.server.metrics().refusals[Poco::Net::WebSocketRefusal::HANDSHAKE_RATE]);
	RawPeer other = server.dial();
	EXPECT_EQ(101, status(other, "X-Forwarded-For: 192.0.2.2\r\n"));
}


TEST_P(EventPortTest, ProxyHeaders)
{
	const bool tls = GetParam() == Port::TLS;
	const struct
	{
		const char* what;
		std::string header;
		const char* address; // null: the peer's own
		bool secure;
	}
	rows[] =
	{
		{"2.1: TCP4", CLIENT, "192.0.2.1:4711", tls},
		{"2.1: TCP6", "PROXY TCP6 2001:db8::1 2001:db8::2 4711 443\r\n", "[2001:db8::1]:4711", tls},
		{"2.1: UNKNOWN", "PROXY UNKNOWN\r\n", nullptr, tls},
		{"2.2: TCP over IPv4", BINARY, "192.0.2.1:4711", tls},
		{"2.2: LOCAL", LOCAL, nullptr, tls},
		{"2.2.6: SSL", BINARY_TLS, "192.0.2.1:4711", true}
	};
	for (const auto& row: rows)
	{
		SCOPED_TRACE(row.what);
		EventServer server(GetParam(), trusting(), ProxyProtocol::REQUIRED);
		server.server.setHTTP(tell);
		server.start();
		RawPeer peer = server.dial(row.header);
		const auto expected = [&row](const std::string& own) { return (row.address ? std::string(row.address) : own) + (row.secure ? " secure" : " plain"); };
		const std::string own = GetParam() == Port::LOCAL ? std::string() : peer.socket().address().toString(); // which has no name
		if (row.address || GetParam() != Port::LOCAL)
		{
			for (int i = 0; i < 2; ++i) EXPECT_EQ(expected(own) + " inner", get(peer, ""));
		}
		EXPECT_EQ(101, status(peer, ""));
		EXPECT_EQ(expected(GetParam() == Port::LOCAL ? server.handler.connection()->peerAddress().toString() : own), told(*server.handler.connection()));
		EXPECT_TRUE(GetParam() == Port::LOCAL || server.handler.connection()->peerAddress() == peer.socket().address());
		peer.send(textFrame("it works"));
		expectText(peer, "it works");
		EXPECT_EQ(0u, server.server.metrics().forwardedIgnored);
		EXPECT_EQ(0u, server.server.metrics().refusals[Poco::Net::WebSocketRefusal::PROXY_HEADER]);
	}
}


TEST_F(EventTest, ProxyHeaderInEverySplit)
	/// With a request behind it, of which nothing is lost.
{
	EventServer server(Port::PLAIN, trusting(), ProxyProtocol::REQUIRED);
	server.start();
	for (const std::string& header: {CLIENT, BINARY_TLS})
	{
		const std::string bytesOfAll = header + handshakeRequest() + textFrame("behind");
		for (std::size_t cut = 1; cut < header.size() + 3; ++cut)
		{
			RawPeer peer = server.dial(bytesOfAll.substr(0, cut));
			peer.send(bytesOfAll.substr(cut));
			EXPECT_EQ(0u, peer.receiveThrough("\r\n\r\n").find("HTTP/1.1 101 "));
			expectText(peer, "behind");
		}
		RawPeer peer = server.dial();
		peer.send(bytesOfAll, 1);
		EXPECT_EQ(0u, peer.receiveThrough("\r\n\r\n").find("HTTP/1.1 101 "));
		expectText(peer, "behind");
	}
	for (std::size_t i = 0; i < server.handler.count(); ++i) EXPECT_EQ("192.0.2.1:4711", server.handler.connection(i)->remoteAddress().toString());
}


TEST_F(EventTest, ProxyHeaderAndFields)
	/// The fields are those of the client that the header tells, and it has to be trusted.
{
	EventServer server(Port::PLAIN, trusting({"127.0.0.1", "192.0.2.1"}), ProxyProtocol::REQUIRED);
	server.server.setHTTP(tell);
	server.start();
	const std::string fields = "X-Forwarded-For: 198.51.100.7\r\nX-Forwarded-Host: example.com\r\n";
	RawPeer trusted = server.dial(CLIENT);
	EXPECT_EQ("198.51.100.7:0 plain example.com", get(trusted, fields));
	EXPECT_EQ("192.0.2.1:4711 plain inner", get(trusted, ""));
	EXPECT_EQ(101, status(trusted, fields));
	EXPECT_EQ("198.51.100.7:0", server.handler.connection()->remoteAddress().toString());
	EXPECT_EQ(trusted.socket().address().toString(), server.handler.connection()->peerAddress().toString());
	EXPECT_EQ(0u, server.server.metrics().forwardedIgnored);

	RawPeer other = server.dial("PROXY TCP4 192.0.2.3 192.0.2.2 4711 443\r\n");
	EXPECT_EQ("192.0.2.3:4711 plain inner", get(other, fields));
	EXPECT_EQ("192.0.2.3:4711 plain inner", get(other, ""));
	EXPECT_EQ(1u, server.server.metrics().forwardedIgnored);
}


TEST_P(EventPortTest, ProxyHeaderOfOthersChangesNothing)
{
	EventParams::Ptr pParams = trusting({"10.0.0.0/8"});
	pParams->setMaxConnectionsPerAddress(1);
	EventServer server(GetParam(), pParams, ProxyProtocol::REQUIRED);
	server.start();
	RawPeer peer = server.dial(BINARY_TLS);
	EXPECT_EQ(101, status(peer, ""));
	EXPECT_EQ(server.handler.connection()->peerAddress().toString() + (GetParam() == Port::TLS ? " secure" : " plain"), told(*server.handler.connection()));
	EXPECT_EQ(1u, server.server.metrics().forwardedIgnored);
	if (GetParam() == Port::LOCAL) return;
	EXPECT_THROW({ RawPeer late = server.dial("PROXY TCP4 192.0.2.3 192.0.2.2 4711 443\r\n"); late.send(handshakeRequest()); late.receiveThrough("\r\n\r\n"); }, Poco::Exception);
	EXPECT_TRUE(eventually([&] { return server.server.metrics().connectionsRefused == 1; }));
}


TEST_F(EventTest, BadProxyHeaders)
	/// The connection is cut, counted, and logged once a minute.
{
	const Logged logged;
	EventParams::Ptr pParams = trusting();
	pParams->setHandshakeTimeout(Poco::Timespan(0, 200000));
	EventServer server(Port::PLAIN, pParams, ProxyProtocol::REQUIRED);
	server.start();
	Poco::UInt64 count = 0;
	for (const std::string& bad: {std::string("GET / HTTP/1.1\r\n\r\n"), std::string("PROXY TCP4 a b 1 2\r\n"), binary(0x22, 0x11, ""), CLIENT.substr(0, 7) + "x", BINARY.substr(0, 20), CLIENT.substr(0, 12), std::string()})
	{
		RawPeer peer = server.dial(bad); // those that are not malformed are incomplete, and have their time
		EXPECT_TRUE(isCut(peer)) << bad;
		++count;
		EXPECT_TRUE(eventually([&] { return server.server.metrics().refusals[Poco::Net::WebSocketRefusal::PROXY_HEADER] == count; })) << bad;
	}
	RawPeer incomplete = server.dial(BINARY.substr(0, 20));
	incomplete.endSending();
	EXPECT_TRUE(isCut(incomplete));
	EXPECT_TRUE(eventually([&] { return server.server.metrics().refusals[Poco::Net::WebSocketRefusal::PROXY_HEADER] == count + 1; }));
	server.dial().close(); // somebody who looks whether the port is there
	EXPECT_TRUE(eventually([&] { return server.server.metrics().connectionsAccepted == count + 2 && server.server.metrics().handshakes == 0; }));
	EXPECT_EQ(count + 1, server.server.metrics().refusals[Poco::Net::WebSocketRefusal::PROXY_HEADER]);
	const std::vector<std::string> lines = logged.pChannel->notes.lines();
	ASSERT_EQ(1u, lines.size());
	EXPECT_EQ(0u, lines[0].find("PROXY header from 127.0.0.1:")) << lines[0];
	EXPECT_NE(std::string::npos, lines[0].find(" is malformed; ")) << lines[0];
	EXPECT_EQ(0u, server.handler.count());
}


TEST_F(EventTest, ProxyHeaderThatIsTooLate)
{
	const Logged logged;
	EventParams::Ptr pParams = trusting();
	pParams->setHandshakeTimeout(Poco::Timespan(0, 100000));
	EventServer server(Port::TLS, pParams, ProxyProtocol::REQUIRED);
	server.start();
	Poco::Net::StreamSocket socket(server.address());
	char byte;
	EXPECT_EQ(0, socket.receiveBytes(&byte, 1));
	logged.pChannel->notes.expect({logged.pChannel->notes.lines().at(0)});
	EXPECT_NE(std::string::npos, logged.pChannel->notes.lines()[0].find(" is missing; "));
	EXPECT_EQ(1u, server.server.metrics().refusals[Poco::Net::WebSocketRefusal::PROXY_HEADER]);
}


TEST_P(EventPortTest, EndsWhileProxyHeadersAreMissing)
{
	for (const bool drain: {false, true})
	{
		EventServer server(GetParam(), trusting(), ProxyProtocol::REQUIRED);
		server.start();
		std::vector<Poco::Net::StreamSocket> sockets(3);
		for (auto& socket: sockets)
		{
			socket.connect(server.address());
			socket.sendBytes("PROXY ", 6);
		}
		EXPECT_TRUE(eventually([&] { return server.server.metrics().handshakes == 3; }));
		if (drain)
		{
			EXPECT_EQ(0u, server.server.drain(Poco::Timespan(0, 1000)).size());
		}
		server.server.stop();
		char byte;
		for (auto& socket: sockets)
		{
			try
			{
				EXPECT_EQ(0, socket.receiveBytes(&byte, 1));
			}
			catch (const Poco::Net::ConnectionResetException&)
			{
				// bytes were left unread
			}
		}
		EXPECT_EQ(0, server.server.metrics().handshakes);
		EXPECT_EQ(0u, server.server.metrics().refusals[Poco::Net::WebSocketRefusal::PROXY_HEADER]);
	}
}


TEST_F(EventTest, AdoptedFromAProxy)
	/// The HTTPServer knows nothing of proxies.
{
	const std::string fields = "X-Forwarded-Proto: https\r\nX-Forwarded-Host: example.com\r\nX-Forwarded-For: ";
	EventParams::Ptr pParams = trusting();
	pParams->setMaxConnectionsPerAddress(1);
	EventServer server(Port::PLAIN, pParams);
	server.start();
	Poco::Net::HTTPServer front(new FunctionFactory([&](HTTPServerRequest& request, HTTPServerResponse& response)
	{
		try
		{
			server.server.adopt(request, response);
		}
		catch (const Poco::Net::WebSocketException&)
		{
			// it has been answered
		}
	}), Poco::Net::ServerSocket(Poco::Net::SocketAddress("127.0.0.1", 0)), new Poco::Net::HTTPServerParams);
	front.start();
	const auto dial = [&]
	{
		return RawPeer(Poco::Net::StreamSocket(Poco::Net::SocketAddress("127.0.0.1", front.port())), Transport::PLAIN, false);
	};
	RawPeer peer = dial();
	EXPECT_EQ(101, status(peer, fields + "192.0.2.1\r\nOrigin: https://example.com\r\n"));
	EXPECT_EQ("192.0.2.1:0 secure", told(*server.handler.connection()));
	EXPECT_EQ(peer.socket().address().toString(), server.handler.connection()->peerAddress().toString());
	RawPeer second = dial();
	EXPECT_EQ(503, status(second, fields + "192.0.2.1\r\n"));
	RawPeer other = dial();
	EXPECT_EQ(403, status(other, fields + "192.0.2.2\r\nOrigin: http://example.com\r\n"));
	front.stopAll(true);
}


TEST_F(EventTest, ProxiesThatAreNone)
{
	EventParams::Ptr pParams = new EventParams;
	EXPECT_TRUE(pParams->getTrustedProxies().empty());
	pParams->setTrustedProxies({"10.0.0.0/8", "::1", "unix:"});
	for (const char* pText: {"10.0.0.1/8", "localhost", "", "10.0.0.0/33"})
		EXPECT_THROW(pParams->setTrustedProxies({"10.0.0.0/8", pText}), Poco::InvalidArgumentException) << pText;
	EXPECT_EQ((std::vector<std::string>{"10.0.0.0/8", "::1", "unix:"}), pParams->getTrustedProxies());
	Poco::Net::WebSocketServer server(Poco::Net::WebSocketServerCallbacks{}, new EventParams);
	EXPECT_THROW(server.listen(Poco::Net::SocketAddress("127.0.0.1", 0), ProxyProtocol::REQUIRED), Poco::InvalidArgumentException);
}


} // namespace WebSocketTest
