//
// ClassProxyTest.cpp
//
// Through a proxy: tinyproxy, on the loopback interface.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "support/ClassScript.h"
#include "Poco/Net/HTTPBasicCredentials.h"
#include "Poco/Net/HTTPCredentials.h"
#include "Poco/Net/HTTPSClientSession.h"
#include "Poco/Net/SSLException.h"
#include "Poco/PipeStream.h"
#include "Poco/Process.h"
#include "Poco/TemporaryFile.h"
#include <fstream>


using namespace WebSocketTest;
using Poco::Net::HTTPBasicCredentials;
using Poco::Net::HTTPClientSession;
using Poco::Net::HTTPCredentials;
using Poco::Net::HTTPRequest;
using Poco::Net::HTTPResponse;
using Poco::Net::HTTPServerRequest;
using Poco::Net::HTTPServerResponse;
using Poco::Net::ServerSocket;
using Poco::Net::SocketAddress;
using Poco::Net::WebSocket;


namespace
{
	Poco::UInt16 freePort()
	{
		return ServerSocket(SocketAddress("127.0.0.1", 0)).address().port();
	}

	class Proxy
		/// A tinyproxy.
	{
	public:
		explicit Proxy(const std::string& directives)
		{
			for (int attempt = 0; attempt < 5; ++attempt) // another program may take the port
			{
				if (start(directives)) return;
			}
			throw Poco::SystemException("tinyproxy does not start; is it installed?", _log);
		}

		~Proxy()
		{
			stop();
		}

		Poco::UInt16 port() const
		{
			return _port;
		}

		int connects()
			/// Stops the proxy. Returns how many CONNECT requests it has had.
		{
			stop();
			int count = 0;
			for (std::size_t at = _log.find(": CONNECT "); at != std::string::npos; at = _log.find(": CONNECT ", at + 1)) ++count;
			return count;
		}

		HTTPClientSession::ProxyConfig config() const
		{
			HTTPClientSession::ProxyConfig result;
			result.host = "127.0.0.1";
			result.port = _port;
			return result;
		}

	private:
		bool start(const std::string& directives)
		{
			_port = freePort();
			std::ofstream file(_file.path(), std::ios::trunc);
			file << "Port " << _port << "\nListen 127.0.0.1\nAllow 127.0.0.1\nTimeout " << DEADLINE_S << "\nLogLevel Info\n" << directives;
			file.close();
			Poco::Pipe output;
			// It ends with this process, however that ends.
			_pHandle = std::make_unique<Poco::ProcessHandle>(
				Poco::Process::launch("setpriv", {"--pdeathsig", "TERM", "tinyproxy", "-d", "-c", _file.path()}, nullptr, &output, &output));
			std::promise<bool> started;
			std::future<bool> result = started.get_future();
			_reading = std::async(std::launch::async, [this, output, &started] { read(output, started); });
			if (get(result)) return true;
			stop();
			return false;
		}

		void read(const Poco::Pipe& output, std::promise<bool>& started)
			/// Reads the log until the proxy has ended.
		{
			Poco::PipeInputStream stream(output);
			std::string line;
			bool ready = false;
			while (std::getline(stream, line))
			{
				_log += line + '\n';
				if (ready || line.find("Accepting connections") == std::string::npos) continue;
				ready = true;
				started.set_value(true);
			}
			if (!ready) started.set_value(false);
		}

		void stop()
		{
			if (!_reading.valid()) return;
			Poco::Process::requestTermination(_pHandle->id());
			_pHandle->wait();
			_reading.get();
		}

		Poco::TemporaryFile _file;
		Poco::UInt16 _port = 0;
		std::unique_ptr<Poco::ProcessHandle> _pHandle;
		std::string _log;
		std::future<void> _reading;
	};

	class Origin
		/// The server behind the proxy. Keeps the requests as they have arrived.
	{
	public:
		explicit Origin(Transport transport):
			_server(transport, TestServer::RequestHandler([this](HTTPServerRequest& request, HTTPServerResponse& response) { serve(request, response); })),
			_transport(transport)
		{
		}

		Poco::UInt16 port() const
		{
			return _server.session()->getPort();
		}

		std::unique_ptr<HTTPClientSession> session(const HTTPClientSession::ProxyConfig& config) const
		{
			std::unique_ptr<HTTPClientSession> pSession;
			if (_transport == Transport::TLS)
				pSession = std::make_unique<Poco::Net::HTTPSClientSession>("localhost", port(), clientContext());
			else
				pSession = std::make_unique<HTTPClientSession>("localhost", port());
			pSession->setTimeout(deadline());
			pSession->setProxyConfig(config);
			return pSession;
		}

		Mailbox<std::string> heads;

	private:
		void serve(HTTPServerRequest& request, HTTPServerResponse& response)
		{
			std::ostringstream head;
			request.write(head);
			heads.put(head.str());
			const std::string path = request.getURI();
			if (path == "/page")
			{
				response.setContentLength(4);
				response.send() << "page";
			}
			else if (path.find("/secret") == 0 && !HTTPCredentials::hasBasicCredentials(request))
			{
				response.setStatusAndReason(HTTPResponse::HTTP_UNAUTHORIZED);
				response.set("WWW-Authenticate", "Basic realm=\"here\"");
				response.setKeepAlive(path != "/secret-close");
				response.setContentLength(5);
				response.send() << "Sorry";
			}
			else
			{
				WebSocket ws(request, response);
				echoFrames(ws);
			}
		}

		TestServer _server;
		Transport _transport;
	};

	void expectOriginRequest(const std::string& head, const std::string& path, Poco::UInt16 port)
		/// What arrives is for the server, and keeps the proxy's password to itself.
	{
		EXPECT_EQ(0u, head.find("GET " + path + " HTTP/1.1\r\n")) << head;
		EXPECT_EQ("localhost:" + std::to_string(port), value(head, "Host"));
		EXPECT_EQ(0, lines(head, "Proxy-Authorization")) << head;
		EXPECT_EQ("Upgrade", value(head, "Connection"));
	}

	void expectWebSocket(HTTPClientSession& session, const std::string& path, HTTPCredentials credentials = HTTPCredentials())
	{
		try
		{
			HTTPRequest request(HTTPRequest::HTTP_GET, path, HTTPRequest::HTTP_1_1);
			HTTPResponse response;
			WebSocket ws(session, request, response, credentials);
			expectEcho(ws, "echo");
			ws.shutdown();
			EXPECT_EQ(2, appendFrame(ws).result);
		}
		catch (const Poco::Exception& exc)
		{
			ADD_FAILURE() << exc.displayText();
		}
	}

	std::string refusalOf(HTTPClientSession& session)
		/// Returns the text of the HTTPException.
	{
		HTTPRequest request(HTTPRequest::HTTP_GET, "/", HTTPRequest::HTTP_1_1);
		HTTPResponse response;
		try
		{
			WebSocket ws(session, request, response);
		}
		catch (const Poco::Net::HTTPException& exc)
		{
			return exc.displayText();
		}
		ADD_FAILURE() << "no HTTPException";
		return std::string();
	}
}


class ClassProxyTest: public TransportTest
{
};


TEST_P(ClassProxyTest, Tunnel)
{
	Origin origin(GetParam());
	Proxy proxy("ConnectPort " + std::to_string(origin.port()) + "\n");
	const std::unique_ptr<HTTPClientSession> pSession = origin.session(proxy.config());
	expectWebSocket(*pSession, "/path?query=1");
	const std::string head = origin.heads.take();
	expectOriginRequest(head, "/path?query=1", origin.port());
	if (GetParam() == Transport::PLAIN) // HTTPSClientSession of Poco 1.11 adds it
	{
		EXPECT_EQ(0, lines(head, "Proxy-Connection")) << head;
	}
	EXPECT_EQ(1, proxy.connects());
}


TEST_P(ClassProxyTest, ProxyWantsAPassword)
{
	Origin origin(GetParam());
	Proxy proxy("ConnectPort " + std::to_string(origin.port()) + "\nBasicAuth user secret\n");
	HTTPClientSession::ProxyConfig config = proxy.config();
	config.authMethod = HTTPClientSession::PROXY_AUTH_NONE;
	EXPECT_NE(std::string::npos, refusalOf(*origin.session(config)).find("Proxy Authentication Required")); // 407

	config.username = "user";
	config.password = "wrong";
	config.authMethod = HTTPClientSession::PROXY_AUTH_HTTP_BASIC;
	const std::string refusal = refusalOf(*origin.session(config));
	const bool unauthorized = refusal.find("Unauthorized") != std::string::npos; // 401, of all things, until tinyproxy 1.11.2
	EXPECT_TRUE(unauthorized || refusal.find("Proxy Authentication Required") != std::string::npos) << refusal; // 407

	config.password = "secret";
	expectWebSocket(*origin.session(config), "/path");
	expectOriginRequest(origin.heads.take(), "/path", origin.port());
	EXPECT_EQ(3, proxy.connects());
}


TEST_P(ClassProxyTest, ProxyRefuses)
{
	Origin origin(GetParam());
	Proxy proxy("ConnectPort " + std::to_string(origin.port() ^ 1) + "\n");
	EXPECT_NE(std::string::npos, refusalOf(*origin.session(proxy.config())).find("Access violation")); // 403
}


TEST_P(ClassProxyTest, ServerWantsAPassword)
{
	for (const std::string path: {"/secret", "/secret-close"})
	{
		Origin origin(GetParam());
		Proxy proxy("ConnectPort " + std::to_string(origin.port()) + "\nBasicAuth user secret\n");
		HTTPClientSession::ProxyConfig config = proxy.config();
		config.username = "user";
		config.password = "secret";
		config.authMethod = HTTPClientSession::PROXY_AUTH_HTTP_BASIC;
		expectWebSocket(*origin.session(config), path, HTTPCredentials("somebody", "sesame"));
		for (int i = 0; i < 2; ++i)
		{
			const std::string head = origin.heads.take();
			expectOriginRequest(head, path, origin.port());
			EXPECT_EQ(i, lines(head, "Authorization"));
			if (i == 1)
			{
				EXPECT_EQ("sesame", HTTPBasicCredentials(parseRequest(head)).getPassword());
			}
		}
		EXPECT_EQ(path == "/secret" ? 1 : 2, proxy.connects());
	}
}


TEST_P(ClassProxyTest, HostWithoutProxy)
{
	// 3235
	Origin origin(GetParam());
	const ServerSocket proxy(SocketAddress("127.0.0.1", 0));
	HTTPClientSession::ProxyConfig config;
	config.host = "127.0.0.1";
	config.port = proxy.address().port();
	config.username = "user";
	config.password = "secret";
	config.authMethod = HTTPClientSession::PROXY_AUTH_HTTP_BASIC;
	config.nonProxyHosts = "example\\.com|local.*";
	expectWebSocket(*origin.session(config), "/path");
	EXPECT_FALSE(proxy.poll(0, Poco::Net::Socket::SELECT_READ)) << "nobody has asked the proxy";
	expectOriginRequest(origin.heads.take(), "/path", origin.port());
}


TEST_P(ClassProxyTest, NoProxyThere)
{
	const Origin origin(GetParam());
	HTTPClientSession::ProxyConfig config;
	config.host = "127.0.0.1";
	config.port = freePort();
	HTTPRequest request(HTTPRequest::HTTP_GET, "/", HTTPRequest::HTTP_1_1);
	HTTPResponse response;
	EXPECT_THROW(WebSocket(*origin.session(config), request, response), Poco::Net::ConnectionRefusedException);
}


TEST_P(ClassProxyTest, NoServerThere)
{
	const std::unique_ptr<Origin> pOrigin = std::make_unique<Origin>(GetParam());
	const Proxy proxy("");
	const std::unique_ptr<HTTPClientSession> pSession = pOrigin->session(proxy.config());
	pSession->setPort(freePort());
	EXPECT_FALSE(refusalOf(*pSession).empty());
}


TEST_P(ClassProxyTest, ProxyHangsUp)
{
	Origin origin(GetParam());
	ScriptedServer proxy(Transport::PLAIN, [](ScriptedServer& script)
	{
		RawPeer peer = script.accept();
		const std::string head = receiveRequest(peer);
		EXPECT_EQ(0u, head.find("CONNECT localhost:")) << head;
		EXPECT_EQ(0, lines(head, "Sec-WebSocket-Key"));
		peer.close();
	});
	HTTPClientSession::ProxyConfig config;
	config.host = "127.0.0.1";
	config.port = proxy.port();
	HTTPRequest request(HTTPRequest::HTTP_GET, "/", HTTPRequest::HTTP_1_1);
	HTTPResponse response;
	EXPECT_THROW(WebSocket(*origin.session(config), request, response), Poco::Exception);
	proxy.finish();
}


TEST_P(ClassProxyTest, GlobalProxy)
{
	Origin origin(GetParam());
	Proxy proxy("ConnectPort " + std::to_string(origin.port()) + "\n");
	HTTPClientSession::setGlobalProxyConfig(proxy.config());
	expectWebSocket(*origin.session(HTTPClientSession::getGlobalProxyConfig()), "/path");
	HTTPClientSession::setGlobalProxyConfig(HTTPClientSession::ProxyConfig());
	expectOriginRequest(origin.heads.take(), "/path", origin.port());
	EXPECT_EQ(1, proxy.connects());
}


INSTANTIATE_TEST_SUITE_P(All, ClassProxyTest, ::testing::Values(Transport::PLAIN, Transport::TLS), transportName);


class ClassProxySessionTest: public SocketTest
{
};


TEST_F(ClassProxySessionTest, PlainSessionIsUsedAgain)
{
	Origin origin(Transport::PLAIN);
	Proxy proxy("ConnectPort " + std::to_string(origin.port()) + "\n");
	const std::unique_ptr<HTTPClientSession> pSession = origin.session(proxy.config());
	for (int i = 0; i < 2; ++i)
	{
		expectWebSocket(*pSession, "/path");
		expectOriginRequest(origin.heads.take(), "/path", origin.port());

		HTTPRequest request(HTTPRequest::HTTP_GET, "/page", HTTPRequest::HTTP_1_1);
		pSession->sendRequest(request);
		HTTPResponse response;
		std::istream& body = pSession->receiveResponse(response);
		EXPECT_EQ("page", std::string(std::istreambuf_iterator<char>(body), std::istreambuf_iterator<char>()));
		origin.heads.take();
	}
	EXPECT_EQ(2, proxy.connects());
}


TEST_F(ClassProxySessionTest, WrongNameBehindTheProxy)
{
	Origin origin(Transport::TLS);
	const Proxy proxy("");
	const std::unique_ptr<HTTPClientSession> pSession = origin.session(proxy.config());
	pSession->setHost("127.1"); // another name for 127.0.0.1, which is not in the certificate
	HTTPRequest request(HTTPRequest::HTTP_GET, "/", HTTPRequest::HTTP_1_1);
	HTTPResponse response;
	EXPECT_THROW(WebSocket(*pSession, request, response), Poco::Net::CertificateValidationException);
}
