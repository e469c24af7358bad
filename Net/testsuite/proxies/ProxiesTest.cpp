//
// ProxiesTest.cpp
//
// A server behind nginx and HAProxy, with the files of docs/proxies, of which only ports, paths and time-outs are others.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "support/EventSupport.h"
#include "support/MessageSupport.h"
#include "Poco/Net/SecureServerSocket.h"
#include "Poco/File.h"
#include "Poco/Pipe.h"
#include "Poco/Process.h"
#include "Poco/TemporaryFile.h"
#include <fstream>
#include <map>
#include <sstream>


namespace WebSocketTest {


namespace
{
	using Poco::Net::HTTPServerRequest;
	using Poco::Net::ServerSocket;
	using Poco::Net::SocketAddress;
	using Poco::Net::StreamSocket;
	using ProxyProtocol = Poco::Net::WebSocketServer::ProxyProtocol;

	typedef std::map<std::string, std::string> Changes;

	const char* const A = "127.0.0.2"; // two clients
	const char* const B = "127.0.0.3";

	struct Way
		/// From a client to the server.
	{
		const char* name;
		const char* file;
		const char* listen;  // the line of the file
		bool tls;            // to the proxy
		bool fields;         // the proxy speaks HTTP, and tells by fields; otherwise by a PROXY header
		bool told;           // it tells whether there was TLS
	};

	const Way WAYS[] =
	{
		{"NginxPlain", "nginx.conf", "listen 80;", false, true, true},
		{"NginxTLS", "nginx.conf", "listen 443 ssl;", true, true, true},
		{"NginxStream", "nginx-stream.conf", "listen 443;", false, false, false},
		{"NginxStreamTLS", "nginx-stream.conf", "listen 443;", true, false, false},
		{"HAProxyPlain", "haproxy.cfg", "bind :80", false, true, true},
		{"HAProxyTLS", "haproxy.cfg", "bind :443", true, true, true},
		{"HAProxyHeaderTLS", "haproxy.cfg", "bind :8443", true, false, true},
		{"HAProxyThroughTLS", "haproxy.cfg", "bind :9443", true, false, false}
	};

	std::string wayName(const testing::TestParamInfo<Way>& info)
	{
		return info.param.name;
	}

	class Directory
		/// A new one, with a certificate.
	{
	public:
		Directory()
		{
			Poco::File(path()).createDirectories();
			Poco::Pipe output; // nobody reads the dots
			const Poco::ProcessHandle openssl = Poco::Process::launch("openssl", {"req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", path("key"), "-out", path("certificate"),
				"-days", "2", "-subj", "/CN=localhost"}, nullptr, &output, &output);
			EXPECT_EQ(0, openssl.wait());
			std::ofstream(path("both")) << read(path("certificate")) << read(path("key"));
		}

		std::string path(const std::string& name = "") const
		{
			return name.empty() ? _file.path() : _file.path() + "/" + name;
		}

		static std::string read(const std::string& path)
		{
			std::ifstream file(path);
			std::stringstream text;
			text << file.rdbuf();
			EXPECT_FALSE(text.str().empty()) << path;
			return text.str();
		}

	private:
		Poco::TemporaryFile _file;
	};

	Poco::UInt16 freePort()
	{
		return ServerSocket(SocketAddress("127.0.0.1", 0)).address().port();
	}

	std::string local(Poco::UInt16 port)
	{
		return "127.0.0.1:" + std::to_string(port);
	}

	class Proxy
		/// nginx or HAProxy, with a file of docs/proxies.
	{
	public:
		Proxy(const Way& way, const Changes& changes):
			_port(freePort())
		{
			std::string text = Directory::read(std::string(POCO_WEBSOCKET_SOURCE_DIR) + "/docs/proxies/" + way.file);
			for (const auto& change: changes) replaceIn(text, change.first, change.second);
			for (const auto& [path, name]: {std::pair("/etc/ssl/example.com.pem", "certificate"), {"/etc/ssl/example.com.key", "key"}, {"/etc/haproxy/example.com.pem", "both"}})
				replaceIn(text, path, _directory.path(name));
			const bool nginx = std::string(way.file).find("nginx") == 0;
			for (const char* pLine: {"listen 80;", "listen 443 ssl;", "listen 443;", "bind :80\n", "bind :443 ", "bind :8443 ", "bind :9443\n"})
			{
				const std::string line = pLine;
				const std::size_t begin = line.find_first_of("0123456789");
				const std::size_t end = line.find_first_not_of("0123456789", begin);
				replaceIn(text, line, line.substr(0, line.find(' ') + 1) + local(line.find(way.listen) == 0 ? _port : freePort()) + line.substr(end));
			}
			if (way.fields && nginx) replaceIn(text, "\nhttp {", "\nhttp {\n\taccess_log off;\n" + ownPaths());
			EXPECT_NE(std::string::npos, text.find(local(_port))) << way.listen;
			std::ofstream(_directory.path("configuration")) << text;
			start(nginx);
		}

		~Proxy()
		{
			Poco::Process::requestTermination(_pProcess->id());
			_pProcess->wait();
		}

		RawPeer dial(const char* pFrom, bool tls)
		{
			StreamSocket socket;
			socket.impl()->bind(SocketAddress(pFrom, 0), false);
			socket.connect(SocketAddress("127.0.0.1", _port));
			return RawPeer(socket, tls ? Transport::TLS : Transport::PLAIN, false);
		}

	private:
		static void replaceIn(std::string& text, const std::string& what, const std::string& with)
			/// Everywhere; nothing if it is not there.
		{
			for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + with.size())) text.replace(at, what.size(), with);
		}

		std::string ownPaths() const
		{
			std::string lines;
			for (const char* pName: {"client_body", "proxy", "fastcgi", "uwsgi", "scgi"}) lines += std::string("\t") + pName + "_temp_path " + _directory.path(pName) + ";\n";
			return lines;
		}

		void start(bool nginx)
		{
			std::vector<std::string> arguments = {"-db", "-q", "-f", _directory.path("configuration")};
			if (nginx) arguments = {"-p", _directory.path(), "-c", _directory.path("configuration"), "-e", _directory.path("log"), "-g", "daemon off; pid " + _directory.path("pid") + ";"};
			_pProcess = std::make_unique<Poco::ProcessHandle>(Poco::Process::launch(nginx ? "nginx" : "haproxy", arguments));
			EXPECT_TRUE(eventually([this]
			{
				try
				{
					StreamSocket(SocketAddress("127.0.0.1", _port));
					return true;
				}
				catch (const Poco::Exception&)
				{
					return false;
				}
			})) << _directory.path("configuration");
		}

		Directory _directory;
		const Poco::UInt16 _port;
		std::unique_ptr<Poco::ProcessHandle> _pProcess;
	};

	class ProxiesTest: public testing::TestWithParam<Way>
		/// A server with the three ports of docs/proxies, and the proxy before it. Clients have addresses of their own, since the proxy's is trusted.
	{
	protected:
		ProxiesTest()
		{
			pParams->setTrustedProxies({"127.0.0.1"});
			pParams->setMaxMessageSize(16*1024*1024);
		}

		void start(const Changes& changes = Changes())
		{
			_pServer = std::make_unique<EventServer>(Port::PLAIN, pParams);
			const ServerSocket header(SocketAddress("127.0.0.1", 0), 64);
			const Poco::Net::SecureServerSocket secure(SocketAddress("127.0.0.1", 0), 64, serverContext());
			server().server.listen(header, ProxyProtocol::REQUIRED);
			server().server.listen(secure, ProxyProtocol::REQUIRED);
			server().start();
			Changes all = changes;
			const bool through = std::string(GetParam().name) == "NginxStreamTLS"; // the same file with the port of TLS
			all["127.0.0.1:9002"] = local(server().number());
			all["127.0.0.1:9003"] = local((through ? secure : header).address().port());
			all["127.0.0.1:9004"] = local(secure.address().port());
			_pProxy = std::make_unique<Proxy>(GetParam(), all);
		}

		RawPeer dial(const char* pFrom)
		{
			return _pProxy->dial(pFrom, GetParam().tls);
		}

		static std::string request(const std::string& headers = "")
			/// For another host than the proxy's.
		{
			std::string text = handshakeRequest("/", headers);
			const std::string host = "Host: localhost";
			return text.replace(text.find(host), host.size(), "Host: example.com:8443");
		}

		RawPeer connect(const char* pFrom, const std::string& headers = "")
		{
			RawPeer peer = dial(pFrom);
			peer.send(request(headers));
			const std::string head = peer.receiveThrough("\r\n\r\n");
			EXPECT_EQ(0u, head.find("HTTP/1.1 101 ")) << head;
			return peer;
		}

		int status(const char* pFrom, const std::string& headers)
			/// Returns 0 if the connection is cut.
		{
			try
			{
				RawPeer peer = dial(pFrom);
				peer.send(request(headers));
				const std::string head = peer.receiveThrough("\r\n\r\n");
				return std::stoi(head.substr(9));
			}
			catch (const Poco::Exception&)
			{
				return 0;
			}
		}

		EventServer& server()
		{
			return *_pServer;
		}

		EventParams::Ptr pParams = new EventParams;

	private:
		Watchdog _watchdog;
		std::unique_ptr<EventServer> _pServer;
		std::unique_ptr<Proxy> _pProxy; // ends first
	};
}


TEST_P(ProxiesTest, ClientsAddressAndScheme)
	/// Whatever the client claims itself.
{
	std::string hook;
	pParams->setHook([&hook](HTTPServerRequest& request, Poco::Net::HTTPServerResponse&)
	{
		hook = request.clientAddress().host().toString() + (request.secure() ? " secure " : " plain ") + request.getHost();
		return true;
	});
	start();
	RawPeer peer = connect(A, "X-Forwarded-For: 6.6.6.6\r\nX-Forwarded-Host: evil\r\nX-Forwarded-Proto: https\r\nForwarded: for=6.6.6.6;host=evil;proto=https\r\n");
	const EventConnection::Ptr pConnection = server().handler.connection();
	EXPECT_EQ(std::string(A) + (GetParam().tls ? " secure " : " plain ") + "example.com:8443", hook);
	EXPECT_EQ(A, pConnection->remoteAddress().host().toString());
	EXPECT_EQ(GetParam().tls, pConnection->secure());
	EXPECT_EQ("127.0.0.1", pConnection->peerAddress().host().toString());
	EXPECT_EQ(GetParam().fields ? 0 : peer.socket().address().port(), pConnection->remoteAddress().port());
	EXPECT_EQ(GetParam().fields ? 0u : 1u, server().server.metrics().forwardedIgnored);
}


TEST_P(ProxiesTest, Origin)
{
	start();
	const std::string right = GetParam().tls ? "https" : "http";
	const std::string wrong = GetParam().tls ? "http" : "https";
	EXPECT_EQ(101, status(A, "Origin: " + right + "://example.com:8443\r\n"));
	EXPECT_EQ(403, status(A, "Origin: " + right + "://example.com\r\n"));
	EXPECT_EQ(403, status(A, "Origin: " + right + "://evil.example:8443\r\n"));
	EXPECT_EQ(GetParam().told ? 403 : 101, status(A, "Origin: " + wrong + "://example.com:8443\r\n"));
}


TEST_P(ProxiesTest, LimitOfEachClient)
{
	pParams->setMaxConnectionsPerAddress(2);
	start();
	RawPeer first = connect(A);
	{
		RawPeer second = connect(A);
		EXPECT_EQ(GetParam().fields ? 503 : 0, status(A, ""));
		RawPeer other = connect(B);
		EXPECT_EQ(A, server().handler.connection(0)->remoteAddress().host().toString());
		EXPECT_EQ(B, server().handler.connection(2)->remoteAddress().host().toString());
	}
	EXPECT_TRUE(eventually([this] { return status(A, "") == 101; }));
}


TEST_P(ProxiesTest, LargeMessages)
{
	start();
	RawPeer peer = connect(A);
	for (const std::size_t size: {std::size_t(0), std::size_t(125), std::size_t(65536), std::size_t(4*1024*1024)})
	{
		const std::string text = pattern(size);
		peer.send(binaryFrame(text));
		EXPECT_TRUE(text == receiveJoined(peer).payload) << size;
	}
}


TEST_P(ProxiesTest, Compressed)
{
	pParams->setDeflate(true);
	pParams->setDeflateThreshold(0);
	start();
	RawPeer peer = dial(A);
	peer.send(request("Sec-WebSocket-Extensions: permessage-deflate\r\n"));
	const std::string head = peer.receiveThrough("\r\n\r\n");
	EXPECT_EQ(0u, value(head, "Sec-WebSocket-Extensions").find("permessage-deflate"));
	ZlibDeflater deflater;
	ZlibInflater inflater;
	for (const std::size_t size: {std::size_t(5), std::size_t(5000), std::size_t(1000000)})
	{
		const std::string text = pattern(size);
		peer.send(masked(0xc1, deflater.message(text)));
		const Frame frame = receiveJoined(peer);
		EXPECT_EQ(0xc1, frame.flags);
		EXPECT_TRUE(text == inflater.message(frame.payload)) << size;
	}
}


TEST_P(ProxiesTest, IdleConnections)
	/// Keep-alive PINGs keep them, beyond the proxy's time-outs; without them the proxy ends them.
{
	for (const bool pings: {true, false})
	{
		pParams->setPingInterval(pings ? Poco::Timespan(0, 200000) : Poco::Timespan(0));
		start({{"75s", "1s"}});
		RawPeer peer = connect(A);
		if (!pings)
		{
			EXPECT_TRUE(peer.atEnd());
			continue;
		}
		for (int i = 0; i < 15; ++i) // three times as long as the time-out
		{
			const Frame frame = peer.receiveFrame();
			ASSERT_EQ(FIN_PING, frame.flags);
			peer.send(masked(FIN_PONG, frame.payload));
		}
		peer.send(textFrame("still here"));
		Frame frame = peer.receiveFrame();
		for (; frame.flags == FIN_PING; frame = peer.receiveFrame()) peer.send(masked(FIN_PONG, frame.payload));
		EXPECT_EQ("still here", frame.payload);
	}
}


INSTANTIATE_TEST_SUITE_P(Ways, ProxiesTest, testing::ValuesIn(WAYS), wayName);


} // namespace WebSocketTest
