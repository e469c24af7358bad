//
// AddressTest.cpp
//
// A name with several addresses, of a server or of a proxy: all of them are tried. The class is tested beside the client.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "support/EventSupport.h"
#include "support/TestResolver.h"
#include "support/TestSupport.h"
#include "Poco/Net/HTTPSClientSession.h"
#include "Poco/Net/NetException.h"
#include "Poco/Net/WebSocket.h"
#include "Poco/Net/WebSocketClient.h"
#include "Poco/Clock.h"
#include "Poco/URI.h"
#include <gtest/gtest.h>
#include <thread>
#include <tuple>


using namespace WebSocketTest;
using Poco::Net::HTTPClientSession;
using Poco::Net::HTTPRequest;
using Poco::Net::HTTPResponse;
using Poco::Net::SocketAddress;
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

	const char* const DEAD = "127.0.0.2"; // which Poco takes first whatever the order
	const char* const ALIVE = "127.0.0.5";

	class Site
		/// A server, or a proxy and the server behind it, that sends a message back. It takes what ends early, as a server has to.
	{
	public:
		Site(Transport transport, bool proxied, const std::string& address = ALIVE, std::chrono::milliseconds delay = std::chrono::milliseconds(0)):
			_transport(transport),
			_proxied(proxied),
			_delay(delay),
			_socket(SocketAddress(address, 0)),
			_stopping(false),
			_served(0),
			_thread([this] { run(); })
		{
		}

		~Site()
		{
			_stopping = true;
			_thread.join();
		}

		Poco::UInt16 port() const
		{
			return _socket.address().port();
		}

		int served() const
		{
			return _served;
		}

	private:
		void run()
		{
			while (!_stopping)
			{
				if (!_socket.poll(Poco::Timespan(0, 50000), Poco::Net::Socket::SELECT_READ)) continue;
				try
				{
					serve(_socket.acceptConnection());
				}
				catch (const Poco::Exception&)
				{
					// it has ended early
				}
			}
		}

		void serve(Poco::Net::StreamSocket socket)
		{
			socket.setReceiveTimeout(deadline());
			if (_proxied)
			{
				std::string head;
				char c = 0;
				while (head.size() < 4 || head.compare(head.size() - 4, 4, "\r\n\r\n") != 0)
				{
					if (socket.receiveBytes(&c, 1) != 1) return;
					head += c;
				}
				EXPECT_EQ(0u, head.find("CONNECT localhost:")) << head;
				const std::string answer = "HTTP/1.1 200 OK\r\n\r\n";
				socket.sendBytes(answer.data(), static_cast<int>(answer.size()));
			}
			std::this_thread::sleep_for(_delay);
			RawPeer peer(socket, _transport, true);
			peer.send(handshakeResponse(receiveRequest(peer)));
			++_served;
			echoOnce(peer);
			peer.receiveFrame();
		}

		Transport _transport;
		bool _proxied;
		std::chrono::milliseconds _delay; // before it says anything
		Poco::Net::ServerSocket _socket;
		std::atomic<bool> _stopping;
		std::atomic<int> _served;
		std::thread _thread;
	};

	class EchoHandler: public Poco::Net::WebSocketClientHandler
	{
	public:
		std::atomic<int> echoed{0};
		std::atomic<int> failed{0};

		void onMessage(WebSocketConnection&, std::string_view, WebSocketFrame::Opcode) override
		{
			++echoed;
		}

		void onConnectFailed(const Poco::Exception&) override
		{
			++failed;
		}
	};

	struct Way
		/// To a server, directly or through a proxy.
	{
		Shell shell;
		Transport transport;
		bool proxied;

		std::unique_ptr<HTTPClientSession> session(const std::string& name, Poco::UInt16 port) const
			/// Returns a session on which name has to be looked up.
		{
			std::unique_ptr<HTTPClientSession> pSession;
			const std::string host = proxied ? "localhost" : name;
			const Poco::UInt16 number = proxied ? Poco::UInt16(1) : port;
			if (transport == Transport::TLS)
				pSession = std::make_unique<Poco::Net::HTTPSClientSession>(host, number, clientContext());
			else
				pSession = std::make_unique<HTTPClientSession>(host, number);
			if (proxied) pSession->setProxyConfig(proxyConfig(name, port));
			return pSession;
		}

		HTTPClientSession::ProxyConfig proxyConfig(const std::string& name, Poco::UInt16 port) const
		{
			HTTPClientSession::ProxyConfig config;
			config.host = name;
			config.port = port;
			return config;
		}

		void connect(const std::string& name, Poco::UInt16 port, Poco::Timespan timeout = Poco::Timespan(30, 0)) const
			/// Connects, and has a message sent back. Throws the exception of the class if it cannot.
		{
			if (shell == Shell::CLIENT)
			{
				connectClient(name, port, timeout);
				return;
			}
			const std::unique_ptr<HTTPClientSession> pSession = session(name, port);
			pSession->setTimeout(timeout);
			HTTPRequest request(HTTPRequest::HTTP_GET, "/", HTTPRequest::HTTP_1_1);
			HTTPResponse httpResponse;
			WebSocketParams::Ptr pParams = new WebSocketParams;
			pParams->setHandshakeTimeout(timeout);
			WebSocket ws = shell == Shell::CLASS ? WebSocket(*pSession, request, httpResponse) : WebSocket(*pSession, request, httpResponse, pParams);
			EXPECT_EQ(proxied ? "localhost:1" : name + ":" + std::to_string(port), request.getHost());
			EXPECT_EQ(timeout, pSession->getTimeout());
			EXPECT_EQ(proxied ? name : "", pSession->getProxyHost());
			EXPECT_TRUE(ws.getBlocking());
			expectEcho(ws, "hello");
			ws.shutdown();
		}

		WebSocketClientParams::Ptr clientParams(const std::string& name, Poco::UInt16 port) const
		{
			WebSocketClientParams::Ptr pParams = new WebSocketClientParams;
			pParams->setReconnectDelay(Poco::Timespan(0, 10000), Poco::Timespan(0, 50000));
			if (proxied) pParams->setProxy(proxyConfig(name, port));
			const Way way = *this;
			pParams->setSessionFactory([way, name, port](const Poco::URI&) { return way.session(name, port); });
			return pParams;
		}

		Poco::URI uri(const std::string& name, Poco::UInt16 port) const
		{
			const std::string host = proxied ? "localhost:1" : name + ":" + std::to_string(port);
			return Poco::URI((transport == Transport::TLS ? "wss://" : "ws://") + host + "/");
		}

		void connectClient(const std::string& name, Poco::UInt16 port, Poco::Timespan timeout) const
		{
			WebSocketClientLoop loop;
			const Poco::SharedPtr<EchoHandler> pHandler(new EchoHandler);
			WebSocketClientParams::Ptr pParams = clientParams(name, port);
			pParams->setReconnect(false);
			pParams->setHandshakeTimeout(timeout);
			WebSocketClient client(uri(name, port), pHandler, loop, pParams);
			client.start();
			client.sendText("hello");
			EXPECT_TRUE(eventually([&] { return pHandler->echoed > 0 || pHandler->failed > 0; }));
			client.stop();
			if (pHandler->echoed == 0) throw Poco::Net::NetException("No connection");
		}
	};

	class AddressTest: public ::testing::TestWithParam<std::tuple<Shell, Transport, bool>>
	{
	protected:
		Way way() const
		{
			return {std::get<0>(GetParam()), std::get<1>(GetParam()), std::get<2>(GetParam())};
		}

	private:
		Watchdog _watchdog;
	};

	std::string wayName(const ::testing::TestParamInfo<std::tuple<Shell, Transport, bool>>& info)
	{
		const Shell shell = std::get<0>(info.param);
		return std::string(shell == Shell::CLASS ? "class" : shell == Shell::CLASS_WITH_PARAMS ? "params" : "client")
			+ (std::get<1>(info.param) == Transport::TLS ? "TLS" : "") + (std::get<2>(info.param) ? "Proxy" : "");
	}
}


INSTANTIATE_TEST_SUITE_P(Ways, AddressTest, ::testing::Combine(
	::testing::Values(Shell::CLASS, Shell::CLASS_WITH_PARAMS, Shell::CLIENT),
	::testing::Values(Transport::PLAIN, Transport::TLS),
	::testing::Bool()), wayName);


TEST_P(AddressTest, OneAddress)
{
	Site site(way().transport, way().proxied);
	const Name name("localhost", {ALIVE});
	EXPECT_NO_THROW(way().connect("localhost", site.port()));
	EXPECT_EQ(1, site.served());
}


TEST_P(AddressTest, NobodyListensAtTheFirst)
{
	Site site(way().transport, way().proxied);
	for (const std::vector<std::string>& addresses: {std::vector<std::string>{DEAD, ALIVE}, {"::1", ALIVE}, {"240.0.0.1", ALIVE}, {"::1", DEAD, "240.0.0.1", ALIVE, DEAD}})
	{
		const Name name("localhost", addresses);
		EXPECT_NO_THROW(way().connect("localhost", site.port())) << addresses.size() << addresses[0];
	}
	EXPECT_EQ(4, site.served());
}


TEST_P(AddressTest, EachTimeItConnects)
{
	if (way().shell != Shell::CLIENT) return; // the class does not connect again
	Site site(way().transport, way().proxied);
	const Name name("localhost", {DEAD, ALIVE});
	WebSocketClientLoop loop;
	const Poco::SharedPtr<EchoHandler> pHandler(new EchoHandler);
	WebSocketClient client(way().uri("localhost", site.port()), pHandler, loop, way().clientParams("localhost", site.port()));
	client.start();
	for (int i = 1; i <= 3; ++i)
	{
		client.sendText("hello");
		EXPECT_TRUE(eventually([&] { return pHandler->echoed == i; }));
		WebSocketConnection::Ptr pConnection = client.connection();
		ASSERT_FALSE(pConnection.isNull());
		pConnection->abort();
		EXPECT_TRUE(eventually([&] { return client.connection() != pConnection; }));
	}
	client.stop();
	EXPECT_EQ(0, pHandler->failed);
}


TEST_P(AddressTest, NoAnswerFromTheFirst)
{
	Site site(way().transport, way().proxied);
	const BlackHole hole(SocketAddress(DEAD, site.port()));
	const Name name("localhost", {DEAD, ALIVE});
	const Poco::Clock start;
	EXPECT_NO_THROW(way().connect("localhost", site.port()));
	EXPECT_LE(250000, start.elapsed() + 2000) << "RFC 8305, 5: Connection Attempt Delay";
	EXPECT_EQ(1, site.served());
}


TEST_P(AddressTest, ManyThatRefuseBehindOneThatDoesNotAnswer)
	/// Who refuses makes room for the next one at once: RFC 8305, 5.
{
	Site site(way().transport, way().proxied);
	const BlackHole hole(SocketAddress(DEAD, site.port()));
	std::vector<std::string> addresses(1, DEAD);
	for (int i = 1; i <= 100; ++i) addresses.push_back("127.0.1." + std::to_string(i));
	addresses.push_back(ALIVE);
	const Name name("localhost", addresses);
	EXPECT_NO_THROW(way().connect("localhost", site.port(), Poco::Timespan(15, 0))); // which is less than 250 ms for each
	EXPECT_EQ(1, site.served());
}


TEST_P(AddressTest, InTheResolversOrder)
{
	Site first(way().transport, way().proxied, DEAD);
	Poco::Net::ServerSocket second;
	second.bind(SocketAddress(ALIVE, first.port()), true);
	second.listen();
	const Name name("localhost", {DEAD, ALIVE});
	EXPECT_NO_THROW(way().connect("localhost", first.port()));
	EXPECT_EQ(1, first.served());
	EXPECT_FALSE(second.poll(0, Poco::Net::Socket::SELECT_READ));
}


TEST_P(AddressTest, TheFirstIsSlow)
	/// It takes the connection at once, and its part of a TLS handshake takes longer than the others are waited with: they are not asked.
{
	Site first(way().transport, way().proxied, DEAD, std::chrono::milliseconds(600));
	Poco::Net::ServerSocket second;
	second.bind(SocketAddress(ALIVE, first.port()), true);
	second.listen();
	const Name name("localhost", {DEAD, ALIVE});
	EXPECT_NO_THROW(way().connect("localhost", first.port(), Poco::Timespan(8, 0)));
	EXPECT_EQ(1, first.served());
	EXPECT_FALSE(second.poll(0, Poco::Net::Socket::SELECT_READ));
}


TEST_P(AddressTest, OverIPv6)
{
	Poco::UInt16 port = 0;
	std::unique_ptr<Site> pSite;
	try
	{
		pSite = std::make_unique<Site>(way().transport, way().proxied, "::1");
	}
	catch (const Poco::Exception&)
	{
		pSite = std::make_unique<Site>(way().transport, way().proxied, "127.0.0.3"); // a machine without IPv6
	}
	port = pSite->port();
	const Name name("localhost", {ALIVE, "::1", "127.0.0.3"});
	EXPECT_NO_THROW(way().connect("localhost", port));
	EXPECT_EQ(1, pSite->served());
}


TEST_P(AddressTest, NobodyAnywhere)
{
	Poco::UInt16 port = 0;
	{
		port = Poco::Net::ServerSocket(SocketAddress(ALIVE, 0)).address().port();
	}
	const Name name("localhost", {DEAD, ALIVE, "127.0.0.3"});
	EXPECT_THROW(way().connect("localhost", port), Poco::Net::NetException);
}


TEST_P(AddressTest, NoAnswerFromAny)
{
	const BlackHole hole(SocketAddress(DEAD, 0));
	const BlackHole other(SocketAddress(ALIVE, hole.port()));
	const Name name("localhost", {DEAD, ALIVE});
	const Poco::Clock start;
	EXPECT_ANY_THROW(way().connect("localhost", hole.port(), Poco::Timespan(0, 600000)));
	EXPECT_LE(600000, start.elapsed() + 5000);
	EXPECT_GT(DEADLINE_S*1000000/2, start.elapsed());
}


TEST_P(AddressTest, TheCertificateIsTheNames)
{
	if (way().transport == Transport::PLAIN || way().proxied) return;
	Site site(way().transport, way().proxied, "127.0.0.1");
	const Name name("other.test", {DEAD, "127.0.0.1"}); // for the latter the certificate would do
	EXPECT_ANY_THROW(way().connect("other.test", site.port()));
	EXPECT_EQ(0, site.served());
}
