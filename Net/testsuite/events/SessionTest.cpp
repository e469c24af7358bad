//
// SessionTest.cpp
//
// TLS sessions that are continued, and ALPN (RFC 7301), on both sides of the event shell.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "support/EventSupport.h"
#include "net/ALPN.h"
#include "Poco/Net/HTTPSClientSession.h"
#include "Poco/Net/HTTPServerRequestImpl.h"
#include "Poco/Net/SecureServerSocket.h"
#include "Poco/Net/SecureStreamSocket.h"
#include "Poco/Net/WebSocketClient.h"
#include <openssl/ssl.h>


using namespace WebSocketTest;
using Poco::Net::Context;
using Poco::Net::HTTPServerRequestImpl;
using Poco::Net::SecureServerSocket;
using Poco::Net::SecureStreamSocket;
using Poco::Net::SocketAddress;
using Poco::Net::WebSocketALPN;
using Poco::Net::WebSocketClient;
using Poco::Net::WebSocketClientLoop;
using Poco::Net::WebSocketClientParams;
using Poco::Net::WebSocketConnection;
using Poco::Net::WebSocketServer;


namespace
{
	struct Case
	{
		const char* name;
		int version;
		bool certificates; // of clients are asked for
		bool cached;       // the server's context says what sessions are good for
		bool clientCaches; // as the client's context says
		bool reused;
	};

	const Case CASES[] =
	{
		{"TLS12",                  TLS1_2_VERSION, false, false, false, true},
		{"TLS13",                  TLS1_3_VERSION, false, false, false, true},
		{"TLS12CachingClient",     TLS1_2_VERSION, false, false, true,  true},
		{"TLS13CachingClient",     TLS1_3_VERSION, false, false, true,  true},
		{"TLS12Certificate",       TLS1_2_VERSION, true,  false, false, false},
		{"TLS13Certificate",       TLS1_3_VERSION, true,  false, false, false},
		{"TLS12CertificateCached", TLS1_2_VERSION, true,  true,  false, true},
		{"TLS13CertificateCached", TLS1_3_VERSION, true,  true,  false, true}
	};

	class SessionTest: public ::testing::TestWithParam<Case>
	{
	private:
		Watchdog _watchdog;
	};

	std::string caseName(const ::testing::TestParamInfo<Case>& info)
	{
		return info.param.name;
	}

	std::string offered(const std::vector<std::string>& protocols)
	{
		std::string list;
		for (const std::string& protocol: protocols) list += static_cast<char>(protocol.size()) + protocol;
		return list;
	}

	const unsigned char* bytes(const std::string& list)
	{
		return reinterpret_cast<const unsigned char*>(list.data());
	}

	Context::Ptr newContext(Context::Usage usage, Context::VerificationMode mode = Context::VERIFY_NONE)
	{
		Context::Params params;
		params.verificationMode = mode;
		params.loadDefaultCAs = false;
		return new Context(usage, params);
	}

	std::string selected(SSL* pSSL)
	{
		const unsigned char* pSelected = nullptr;
		unsigned length = 0;
		SSL_get0_alpn_selected(pSSL, &pSelected, &length);
		return std::string(reinterpret_cast<const char*>(pSelected), length);
	}

	std::string selectedBy(Poco::UInt16 port, const std::string& list)
		/// Connects, offers the list, and returns what the server selects.
	{
		const Poco::Net::StreamSocket socket(SocketAddress("127.0.0.1", port));
		const std::unique_ptr<SSL_CTX, void (*)(SSL_CTX*)> pContext(SSL_CTX_new(TLS_client_method()), SSL_CTX_free);
		const std::unique_ptr<SSL, void (*)(SSL*)> pSSL(SSL_new(pContext.get()), SSL_free);
		SSL_set_alpn_protos(pSSL.get(), bytes(list), static_cast<unsigned>(list.size()));
		SSL_set_fd(pSSL.get(), socket.impl()->sockfd());
		EXPECT_EQ(1, SSL_connect(pSSL.get()));
		return selected(pSSL.get());
	}

	int selectOther(SSL*, const unsigned char** ppSelected, unsigned char* pLength, const unsigned char*, unsigned, void*)
	{
		static const unsigned char other[] = {'o', 't', 'h', 'e', 'r'};
		*ppSelected = other;
		*pLength = sizeof(other);
		return SSL_TLSEXT_ERR_OK;
	}

	int noteOffer(SSL*, const unsigned char**, unsigned char*, const unsigned char* pOffered, unsigned length, void* pNoted)
	{
		static_cast<Mailbox<std::string>*>(pNoted)->put(std::string(reinterpret_cast<const char*>(pOffered), length));
		return SSL_TLSEXT_ERR_NOACK;
	}
}


TEST_P(SessionTest, ClientConnectsAgain)
	/// The server ends the first connections; by the last one an echo goes.
{
	const Case& test = GetParam();
	Context::Ptr pServerContext = newContext(Context::TLS_SERVER_USE, test.certificates ? Context::VERIFY_STRICT : Context::VERIFY_NONE);
	Context::Ptr pClientContext = newContext(Context::TLS_CLIENT_USE, Context::VERIFY_STRICT);
	useIdentity(pServerContext);
	useIdentity(pClientContext);
	SSL_CTX_set_max_proto_version(pServerContext->sslContext(), test.version);
	if (test.cached) pServerContext->enableSessionCache(true, "SessionTest");
	pClientContext->enableSessionCache(test.clientCaches);
	Mailbox<bool> reused;
	Poco::SharedPtr<Recorder> pServerHandler(new Recorder);
	pServerHandler->open = [&](EventConnection&, Poco::Net::HTTPServerRequest& request)
	{
		reused.put(SecureStreamSocket(dynamic_cast<HTTPServerRequestImpl&>(request).socket()).sessionWasReused());
	};
	EventParams::Ptr pServerParams = new EventParams;
	SecureServerSocket socket(SocketAddress("127.0.0.1", 0), 64, pServerContext);
	WebSocketServer server(pServerHandler, pServerParams);
	server.listen(socket);
	server.start();

	WebSocketClientParams::Ptr pParams = new WebSocketClientParams;
	pParams->setReconnectDelay(Poco::Timespan(0, 1000), Poco::Timespan(0, 1000));
	pParams->setSessionFactory([&](const Poco::URI& uri)
	{
		return std::make_unique<Poco::Net::HTTPSClientSession>(uri.getHost(), uri.getPort(), pClientContext);
	});
	Poco::SharedPtr<Recorder> pHandler(new Recorder);
	WebSocketClientLoop loop;
	WebSocketClient client(Poco::URI("wss://localhost:" + std::to_string(socket.address().port()) + "/"), forClient(pHandler), loop, pParams);
	client.start();
	EXPECT_FALSE(reused.take());
	for (std::size_t i = 0; i < 3; ++i)
	{
		if (i == 1) pServerHandler->connection(i)->abort(); // no close_notify: that does not matter
		else pServerHandler->connection(i)->close(1012);
		EXPECT_EQ(test.reused, reused.take()) << i;
	}
	pHandler->connection(3)->sendText("text");
	EXPECT_TRUE(eventually([&] { return pHandler->has("message 1 text", 3); }));
	client.stop();
	server.stop();
	pHandler->forget();
	pServerHandler->forget();
}


INSTANTIATE_TEST_SUITE_P(Event, SessionTest, ::testing::ValuesIn(CASES), caseName);


TEST_F(EventTest, ServerSelectsHTTP)
	/// RFC 7301, 3.2
{
	EventServer events(Port::TLS);
	events.start();
	EXPECT_EQ("http/1.1", selectedBy(events.number(), offered({"h2", "http/1.1"})));
	EXPECT_EQ("", selectedBy(events.number(), offered({"h2"})));
	EXPECT_EQ("", selectedBy(events.number(), ""));
	RawPeer peer = events.connect();
	expectClosed((peer.send(closeFrame()), peer), 1000);
}


TEST_F(EventTest, ContextThatSelectsSomethingElse)
	/// It is the program's.
{
	Context::Ptr pContext = newContext(Context::TLS_SERVER_USE);
	useIdentity(pContext);
	SSL_CTX_set_alpn_select_cb(pContext->sslContext(), selectOther, nullptr);
	SecureServerSocket socket(SocketAddress("127.0.0.1", 0), 64, pContext);
	WebSocketServer server(Poco::SharedPtr<Recorder>(new Recorder), new EventParams);
	server.listen(socket);
	server.start();
	EXPECT_EQ("other", selectedBy(socket.address().port(), offered({"http/1.1", "other"})));
	server.stop();
}


TEST_F(EventTest, ClientOffersHTTP)
	/// RFC 7301, 3.1; unless the program's context offers something.
{
	for (const std::string& own: {std::string(), offered({"other", "http/1.1"})})
	{
		Mailbox<std::string> noted;
		Context::Ptr pServerContext = newContext(Context::TLS_SERVER_USE);
		useIdentity(pServerContext);
		SSL_CTX_set_alpn_select_cb(pServerContext->sslContext(), noteOffer, &noted);
		SecureServerSocket socket(SocketAddress("127.0.0.1", 0), 64, pServerContext);
		Poco::SharedPtr<Recorder> pServerHandler(new Recorder);
		WebSocketServer server(pServerHandler, new EventParams);
		server.listen(socket);
		server.start();
		noted.take(); // it has looked what the context selects:
		SSL_CTX_set_alpn_select_cb(pServerContext->sslContext(), noteOffer, &noted); // nothing, so it has got one that does
		Context::Ptr pContext = newContext(Context::TLS_CLIENT_USE);
		if (!own.empty()) SSL_CTX_set_alpn_protos(pContext->sslContext(), bytes(own), static_cast<unsigned>(own.size()));
		WebSocketClientParams::Ptr pParams = new WebSocketClientParams;
		pParams->setSessionFactory([&](const Poco::URI& uri)
		{
			return std::make_unique<Poco::Net::HTTPSClientSession>(uri.getHost(), uri.getPort(), pContext);
		});
		Poco::SharedPtr<Recorder> pHandler(new Recorder);
		WebSocketClientLoop loop;
		WebSocketClient client(Poco::URI("wss://localhost:" + std::to_string(socket.address().port()) + "/"), forClient(pHandler), loop, pParams);
		client.start();
		EXPECT_EQ(own.empty() ? offered({"http/1.1"}) : own, noted.take());
		pHandler->connection();
		client.stop();
		server.stop();
		pHandler->forget();
		pServerHandler->forget();
	}
}


TEST_F(EventTest, ContextWithoutCertificate)
	/// A handshake is not possible: nothing is known about it, and nothing set.
{
	Context::Ptr pContext = newContext(Context::TLS_SERVER_USE);
	WebSocketALPN::select(pContext->sslContext());
	useIdentity(pContext);
	SecureServerSocket socket(SocketAddress("127.0.0.1", 0), 64, pContext);
	WebSocketServer server(Poco::SharedPtr<Recorder>(new Recorder), new EventParams);
	server.listen(socket);
	server.start();
	EXPECT_EQ("http/1.1", selectedBy(socket.address().port(), offered({"http/1.1"})));
	server.stop();
}
