//
// TLSInfoTest.cpp
//
// Version, cipher and peer of TLS connections: for hooks, callbacks, handlers and connections of both shells.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "support/EventSupport.h"
#include "support/TLSPeer.h"
#include "Poco/Net/HTTPSClientSession.h"
#include "Poco/Net/SecureServerSocket.h"
#include "Poco/Net/WebSocketAcceptance.h"
#include "Poco/Net/WebSocketClient.h"
#include "Poco/Net/WebSocketTLSInfo.h"
#include "Poco/Net/X509Certificate.h"


using Poco::Net::Context;
using Poco::Net::HTTPServerRequest;
using Poco::Net::HTTPServerResponse;
using Poco::Net::ServerSocket;
using Poco::Net::SocketAddress;
using Poco::Net::WebSocketTLSInfo;


namespace WebSocketTest {


namespace
{
	struct Kind
	{
		const char* name;
		bool tls;
		int version;
		bool client; // shows a certificate
	};

	const Kind KINDS[] =
	{
		{"Plain", false, 0, false},
		{"TLS12", true, TLS1_2_VERSION, false},
		{"TLS13", true, TLS1_3_VERSION, false},
		{"TLS12Mutual", true, TLS1_2_VERSION, true},
		{"TLS13Mutual", true, TLS1_3_VERSION, true}
	};

	class TLSInfoTest: public ::testing::TestWithParam<Kind>
	{
	protected:
		TLSInfoTest():
			pServerContext(tlsContext(Context::TLS_SERVER_USE, GetParam().client ? Context::VERIFY_STRICT : Context::VERIFY_NONE)),
			pClientContext(tlsContext(Context::TLS_CLIENT_USE, Context::VERIFY_STRICT)),
			pHandler(new Recorder)
		{
			_server.use(pServerContext->sslContext());
			_client.trust(pServerContext->sslContext());
			SSL_CTX_set_max_proto_version(pServerContext->sslContext(), GetParam().version);
			pServerContext->enableExtendedCertificateVerification(false); // alice is no host
			_server.trust(pClientContext->sslContext());
			if (GetParam().client) _client.use(pClientContext->sslContext());
		}

		~TLSInfoTest() override
		{
			pHandler->forget();
		}

		ServerSocket listening() const
		{
			const SocketAddress address("localhost", 0); // ::1 or 127.0.0.1: what Poco takes for its own connections, too
			return GetParam().tls ? Poco::Net::SecureServerSocket(address, 64, pServerContext) : ServerSocket(address, 64);
		}

		std::string expected() const
			/// What a server knows.
		{
			const std::string tls = GetParam().version == TLS1_2_VERSION ? "TLSv1.2 ECDHE-ECDSA-AES256-GCM-SHA384" : "TLSv1.3 TLS_AES_256_GCM_SHA384";
			return GetParam().tls ? tls + (GetParam().client ? " alice" : " nobody") : "  nobody";
		}

		std::string expectedByClient() const
		{
			return expected().substr(0, expected().rfind(' ')) + (GetParam().tls ? " localhost" : " nobody");
		}

		static std::string text(const WebSocketTLSInfo& info)
		{
			return info.version + " " + info.cipher + " " + (info.pPeerCertificate ? info.pPeerCertificate->commonName() : "nobody");
		}

		std::unique_ptr<Poco::Net::HTTPClientSession> session(Poco::UInt16 port) const
		{
			std::unique_ptr<Poco::Net::HTTPClientSession> pSession;
			if (GetParam().tls) pSession = std::make_unique<Poco::Net::HTTPSClientSession>("localhost", port, pClientContext);
			else pSession = std::make_unique<Poco::Net::HTTPClientSession>("localhost", port);
			pSession->setTimeout(deadline());
			return pSession;
		}

		Poco::Net::WebSocket connect(Poco::UInt16 port) const
		{
			const auto pSession = session(port);
			Poco::Net::HTTPRequest request(Poco::Net::HTTPRequest::HTTP_GET, "/", Poco::Net::HTTPRequest::HTTP_1_1);
			Poco::Net::HTTPResponse response;
			Poco::Net::WebSocket ws(*pSession, request, response);
			ws.setReceiveTimeout(deadline());
			return ws;
		}

		Context::Ptr pServerContext;
		Context::Ptr pClientContext;
		Poco::SharedPtr<Recorder> pHandler;
		Mailbox<std::string> told;

	private:
		const TestCertificate _server{"localhost"};
		const TestCertificate _client{"alice"};
		Watchdog _watchdog;
	};

	std::string kindName(const ::testing::TestParamInfo<Kind>& info)
	{
		return info.param.name;
	}
}


INSTANTIATE_TEST_SUITE_P(Event, TLSInfoTest, ::testing::ValuesIn(KINDS), kindName);


TEST_P(TLSInfoTest, ServerAndClient)
	/// The event shell at both ends; each hook and callback.
{
	EventParams::Ptr pParams = new EventParams;
	pParams->setHook([this](HTTPServerRequest& request, HTTPServerResponse&)
	{
		told.put("hook " + text(WebSocketTLSInfo::of(request)));
		return true;
	});
	pParams->setAsyncHook([this](const Poco::Net::WebSocketAcceptance::Ptr& pAcceptance)
	{
		std::thread([this, pAcceptance]
		{
			told.put("asked " + text(pAcceptance->tlsInfo()));
			pAcceptance->accept();
		}).detach();
	});
	pHandler->open = [this](EventConnection& connection, HTTPServerRequest& request)
	{
		told.put("open " + text(WebSocketTLSInfo::of(request)));
		told.put("connection " + text(connection.tlsInfo()));
	};
	ServerSocket socket = listening();
	Poco::Net::WebSocketServer server(pHandler, pParams);
	server.setHTTP([this](HTTPServerRequest& request, HTTPServerResponse& response)
	{
		told.put("handler " + text(WebSocketTLSInfo::of(request)));
		response.send() << "body";
	});
	server.listen(socket);
	server.start();
	const Poco::UInt16 port = socket.address().port();

	Poco::Net::WebSocketClientParams::Ptr pClientParams = new Poco::Net::WebSocketClientParams;
	pClientParams->setSessionFactory([&](const Poco::URI&) { return session(port); });
	Poco::SharedPtr<Recorder> pClientHandler(new Recorder);
	Poco::Net::WebSocketClientLoop loop;
	Poco::Net::WebSocketClient client(Poco::URI((GetParam().tls ? "wss://localhost:" : "ws://localhost:") + std::to_string(port) + "/"), forClient(pClientHandler), loop, pClientParams);
	client.start();
	EXPECT_EQ(expectedByClient(), text(pClientHandler->connection()->tlsInfo()));
	EXPECT_EQ("hook " + expected(), told.take());
	EXPECT_EQ("asked " + expected(), told.take());
	EXPECT_EQ("open " + expected(), told.take());
	EXPECT_EQ("connection " + expected(), told.take());
	const EventConnection::Ptr pConnection = pHandler->connection();
	EXPECT_EQ(socket.address().host().toString(), pConnection->remoteAddress().host().toString());
	EXPECT_EQ(expected(), text(pConnection->tlsInfo())); // in another thread
	client.stop();
	pHandler->finalLog();
	EXPECT_EQ(expected(), text(pConnection->tlsInfo())); // when it has ended
	EXPECT_EQ(expectedByClient(), text(pClientHandler->connection()->tlsInfo()));

	const auto pSession = session(port); // requests that are not for WebSocket, and an upgrade behind them
	for (int i = 0; i < 2; ++i)
	{
		Poco::Net::HTTPRequest request(Poco::Net::HTTPRequest::HTTP_GET, "/", Poco::Net::HTTPRequest::HTTP_1_1);
		request.setKeepAlive(true);
		pSession->setKeepAlive(true);
		pSession->sendRequest(request);
		Poco::Net::HTTPResponse response;
		std::istream& body = pSession->receiveResponse(response);
		EXPECT_EQ("body", std::string(std::istreambuf_iterator<char>(body), std::istreambuf_iterator<char>()));
		EXPECT_EQ("handler " + expected(), told.take());
	}
	Poco::Net::HTTPRequest request(Poco::Net::HTTPRequest::HTTP_GET, "/", Poco::Net::HTTPRequest::HTTP_1_1);
	Poco::Net::HTTPResponse response;
	Poco::Net::WebSocket ws(*pSession, request, response);
	EXPECT_EQ("hook " + expected(), told.take());
	EXPECT_EQ(expected(), text(pHandler->connection(1)->tlsInfo()));
	server.stop();
	pClientHandler->forget();
}


TEST_P(TLSInfoTest, Class)
	/// In a HTTPServer: handler, hook and WebSocket; the client's WebSocket.
{
	Poco::Net::WebSocketParams::Ptr pParams = new Poco::Net::WebSocketParams;
	pParams->setHook([this](HTTPServerRequest& request, HTTPServerResponse&)
	{
		told.put("hook " + text(WebSocketTLSInfo::of(request)));
		return true;
	});
	ServerSocket socket = listening();
	Poco::ThreadPool threads(2, 4);
	Poco::Net::HTTPServerParams::Ptr pHTTPParams = new Poco::Net::HTTPServerParams;
	pHTTPParams->setThreadIdleTime(Poco::Timespan(0, 100*1000));
	Poco::Net::HTTPServer http(new FunctionFactory([&](HTTPServerRequest& request, HTTPServerResponse& response)
	{
		told.put("handler " + text(WebSocketTLSInfo::of(request)));
		Poco::Net::WebSocket ws(request, response, pParams);
		told.put("class " + text(WebSocketTLSInfo::of(ws)));
		ws.closeHandshake(1000, "", deadline());
	}), threads, socket, pHTTPParams);
	http.start();
	Poco::Net::WebSocket ws = connect(socket.address().port());
	EXPECT_EQ(expectedByClient(), text(WebSocketTLSInfo::of(ws)));
	std::string message;
	WebSocketFrame::Opcode opcode;
	EXPECT_FALSE(ws.receiveMessage(message, opcode));
	for (const char* who: {"handler", "hook", "class"}) EXPECT_EQ(who + (" " + expected()), told.take());
	http.stopAll(true);
	ws.close();
	EXPECT_EQ("  nobody", text(WebSocketTLSInfo::of(Poco::Net::StreamSocket())));
}


TEST_P(TLSInfoTest, AdoptedConnections)
	/// It is known at once.
{
	Poco::Net::WebSocketServer server(pHandler, new EventParams);
	server.start();
	ServerSocket socket = listening();
	Poco::ThreadPool threads(2, 4);
	Poco::Net::HTTPServerParams::Ptr pHTTPParams = new Poco::Net::HTTPServerParams;
	pHTTPParams->setThreadIdleTime(Poco::Timespan(0, 100*1000));
	Poco::Net::HTTPServer http(new FunctionFactory([&](HTTPServerRequest& request, HTTPServerResponse& response)
	{
		const EventConnection::Ptr pConnection = server.adopt(request, response);
		told.put(text(pConnection->tlsInfo()) + " " + pConnection->remoteAddress().host().toString());
	}), threads, socket, pHTTPParams);
	http.start();
	Poco::Net::WebSocket ws = connect(socket.address().port());
	EXPECT_EQ(expected() + " " + socket.address().host().toString(), told.take());
	EXPECT_EQ(expected(), text(pHandler->connection()->tlsInfo()));
	http.stopAll(true);
	server.stop();
}


} // namespace WebSocketTest
