//
// ClassTlsTest.cpp
//
// wss: whom the client trusts, versions of TLS, large messages.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "support/ClassScript.h"
#include "support/TestLocalhost.h"
#include "Poco/Net/HTTPSClientSession.h"
#include "Poco/Net/SecureServerSocket.h"
#include "Poco/Net/SSLException.h"
#include "Poco/TemporaryFile.h"
#include <openssl/pem.h>
#include <openssl/x509v3.h>


using namespace WebSocketTest;
using Poco::Net::Context;
using Poco::Net::HTTPRequest;
using Poco::Net::HTTPResponse;
using Poco::Net::HTTPServerRequest;
using Poco::Net::HTTPServerResponse;
using Poco::Net::WebSocket;


namespace
{
	class Certificate
		/// A certificate and its key, in files.
	{
	public:
		struct Contents
		{
			std::string name;  /// Common name, and alternative names as in "DNS:a,IP:127.0.0.1".
			std::string names;
			int validFor = 24*3600; /// Seconds from now.
		};

		explicit Certificate(const std::string& name):
			Certificate(Contents{name, "", 24*3600}, nullptr)
			/// A certificate authority.
		{
		}

		Certificate(const Contents& contents, const Certificate& issuer):
			Certificate(contents, &issuer)
			/// A server's certificate.
		{
		}

		~Certificate()
		{
			X509_free(_pCertificate);
			EVP_PKEY_free(_pKey);
		}

		std::string file() const
		{
			return _certificateFile.path();
		}

		std::string keyFile() const
		{
			return _keyFile.path();
		}

	private:
		Certificate(const Contents& contents, const Certificate* pIssuer):
			_pKey(EVP_EC_gen("P-256")),
			_pCertificate(X509_new())
		{
			static long serial = 0;
			X509_set_version(_pCertificate, X509_VERSION_3);
			ASN1_INTEGER_set(X509_get_serialNumber(_pCertificate), ++serial);
			X509_gmtime_adj(X509_getm_notBefore(_pCertificate), -7200);
			X509_gmtime_adj(X509_getm_notAfter(_pCertificate), contents.validFor);
			X509_set_pubkey(_pCertificate, _pKey);
			X509_NAME* pName = X509_get_subject_name(_pCertificate);
			X509_NAME_add_entry_by_txt(pName, "CN", MBSTRING_UTF8, reinterpret_cast<const unsigned char*>(contents.name.c_str()), -1, -1, 0);
			X509_set_issuer_name(_pCertificate, pIssuer ? X509_get_subject_name(pIssuer->_pCertificate) : pName);
			extend(NID_basic_constraints, pIssuer ? "critical,CA:FALSE" : "critical,CA:TRUE");
			if (!contents.names.empty()) extend(NID_subject_alt_name, contents.names);
			if (X509_sign(_pCertificate, pIssuer ? pIssuer->_pKey : _pKey, EVP_sha256()) == 0) throw Poco::SystemException("Cannot sign");
			save();
		}

		void extend(int nid, const std::string& text)
		{
			X509_EXTENSION* pExtension = X509V3_EXT_conf_nid(nullptr, nullptr, nid, text.c_str());
			X509_add_ext(_pCertificate, pExtension, -1);
			X509_EXTENSION_free(pExtension);
		}

		void save() const
		{
			BIO* pFile = BIO_new_file(file().c_str(), "w");
			PEM_write_bio_X509(pFile, _pCertificate);
			BIO_free(pFile);
			pFile = BIO_new_file(keyFile().c_str(), "w");
			PEM_write_bio_PrivateKey(pFile, _pKey, nullptr, nullptr, 0, nullptr, nullptr);
			BIO_free(pFile);
		}

		EVP_PKEY* _pKey;
		X509* _pCertificate;
		Poco::TemporaryFile _certificateFile;
		Poco::TemporaryFile _keyFile;
	};

	class SecureServer
		/// Echoes.
	{
	public:
		explicit SecureServer(const Certificate& certificate):
			_pContext(new Context(Context::TLS_SERVER_USE, certificate.keyFile(), certificate.file(), "", Context::VERIFY_NONE)),
			_connections(0)
		{
		}

		~SecureServer()
		{
			if (_pServer) _pServer->stopAll();
			_pServer.reset();
			_pool.joinAll();
		}

		Context& context()
			/// To be changed before start().
		{
			return *_pContext;
		}

		void start()
		{
			const TestServer::RequestHandler serve = [this](HTTPServerRequest& request, HTTPServerResponse& response)
			{
				++_connections;
				WebSocket ws(request, response);
				ws.setReceiveTimeout(deadline());
				echoFrames(ws);
			};
			Poco::Net::SecureServerSocket socket(localhost(), 64, _pContext);
			_pServer = std::make_unique<Poco::Net::HTTPServer>(new FunctionFactory(serve), _pool, socket, new Poco::Net::HTTPServerParams);
			_pServer->start();
		}

		Poco::UInt16 port() const
		{
			return _pServer->port();
		}

		int connections() const
			/// Returns how many requests have come.
		{
			return _connections;
		}

	private:
		Context::Ptr _pContext;
		std::atomic<int> _connections;
		Poco::ThreadPool _pool;
		std::unique_ptr<Poco::Net::HTTPServer> _pServer;
	};

	Context::Ptr trusting(const Certificate& authority)
		/// As a careful user writes it. VERIFY_RELAXED would not look at the name on the loopback interface.
	{
		return new Context(Context::TLS_CLIENT_USE, authority.file(), Context::VERIFY_STRICT);
	}

	WebSocket connect(const std::string& host, Poco::UInt16 port, const Context::Ptr& pContext)
	{
		Poco::Net::HTTPSClientSession session(host, port, pContext);
		session.setTimeout(deadline());
		HTTPRequest request(HTTPRequest::HTTP_GET, "/", HTTPRequest::HTTP_1_1);
		HTTPResponse response;
		return WebSocket(session, request, response);
	}

	void expectWebSocket(const std::string& host, Poco::UInt16 port, const Context::Ptr& pContext)
	{
		try
		{
			WebSocket ws = connect(host, port, pContext);
			EXPECT_TRUE(ws.secure());
			expectEcho(ws, "echo");
			ws.shutdown();
			EXPECT_EQ(2, appendFrame(ws).result);
		}
		catch (const Poco::Exception& exc)
		{
			ADD_FAILURE() << exc.displayText();
		}
	}

	void expectRefusal(const std::string& host, SecureServer& server, const Context::Ptr& pContext)
	{
		EXPECT_THROW(connect(host, server.port(), pContext), Poco::Net::SSLException);
		EXPECT_EQ(0, server.connections()) << "nothing was said to a server that is not trusted";
	}

	const Certificate& authority()
	{
		static const Certificate certificate("Test authority");
		return certificate;
	}
}


class ClassTlsTest: public SocketTest
{
};


TEST_F(ClassTlsTest, RightName)
{
	const Certificate certificate({"server", "DNS:localhost,IP:127.0.0.1"}, authority());
	SecureServer server(certificate);
	server.start();
	expectWebSocket("localhost", server.port(), trusting(authority()));
	expectWebSocket("127.0.0.1", server.port(), trusting(authority()));
}


TEST_F(ClassTlsTest, WrongName)
{
	const Certificate certificate({"example.com", "DNS:example.com,DNS:localhost.example.com,IP:127.0.0.2"}, authority());
	SecureServer server(certificate);
	server.start();
	for (const char* host: {"localhost", "127.0.0.1"})
	{
		expectRefusal(host, server, trusting(authority()));
		EXPECT_THROW(connect(host, server.port(), trusting(authority())), Poco::Net::CertificateValidationException);
	}
}


TEST_F(ClassTlsTest, UnknownAuthority)
{
	const Certificate stranger("Test authority"); // the same name, another key
	const Certificate certificate({"server", "DNS:localhost"}, stranger);
	SecureServer server(certificate);
	server.start();
	expectRefusal("localhost", server, trusting(authority()));
	expectRefusal("localhost", server, new Context(Context::TLS_CLIENT_USE, "", Context::VERIFY_STRICT, 9, true)); // the system's
}


TEST_F(ClassTlsTest, SelfSigned)
{
	const Certificate certificate("localhost");
	SecureServer server(certificate);
	server.start();
	expectRefusal("localhost", server, trusting(authority()));
}


TEST_F(ClassTlsTest, Expired)
{
	const Certificate certificate({"server", "DNS:localhost", -3600}, authority());
	SecureServer server(certificate);
	server.start();
	expectRefusal("localhost", server, trusting(authority()));
}


TEST_F(ClassTlsTest, NoTLSThere)
{
	ScriptedServer server(Transport::PLAIN, [](ScriptedServer& script)
	{
		RawPeer peer = script.accept();
		peer.receive(1);
		peer.send("HTTP/1.1 400 Bad Request\r\n\r\n");
		peer.close();
	});
	EXPECT_THROW(connect("127.0.0.1", server.port(), trusting(authority())), Poco::Exception); // a name may have several addresses: each is tried
	server.finish();
}


namespace
{
	struct Version
	{
		const char* name;
		void (*restrict)(Context& context);
		int number;
	};

	void onlyTLS12(Context& context)
	{
		context.disableProtocols(Context::PROTO_TLSV1_3);
	}

	void onlyTLS13(Context& context)
	{
		context.requireMinimumProtocol(Context::PROTO_TLSV1_3);
	}

	constexpr Version VERSIONS[] =
	{
		{"TLS12", onlyTLS12, TLS1_2_VERSION},
		{"TLS13", onlyTLS13, TLS1_3_VERSION},
	};
}


class ClassTlsVersionTest: public ::testing::TestWithParam<Version>
{
protected:
	ClassTlsVersionTest():
		_certificate({"server", "DNS:localhost"}, authority()),
		_server(_certificate),
		_pContext(trusting(authority()))
	{
		GetParam().restrict(_server.context());
		GetParam().restrict(*_pContext);
		_server.start();
	}

	Watchdog _watchdog;
	Certificate _certificate;
	SecureServer _server;
	Context::Ptr _pContext;
};


TEST_P(ClassTlsVersionTest, LargeFrames)
{
	WebSocket ws = connect("localhost", _server.port(), _pContext);
	for (std::size_t length: {std::size_t(0), std::size_t(16384), std::size_t(16385), std::size_t(16) << 20})
		expectEcho(ws, pattern(length));
	ws.shutdown();
	EXPECT_EQ(2, appendFrame(ws).result);
}


TEST_P(ClassTlsVersionTest, ThisVersion)
{
	for (const Version& version: VERSIONS)
	{
		Context::Ptr pContext = trusting(authority());
		version.restrict(*pContext);
		if (version.number == GetParam().number)
			expectWebSocket("localhost", _server.port(), pContext);
		else
			EXPECT_THROW(connect("localhost", _server.port(), pContext), Poco::Net::SSLException);
	}
}


INSTANTIATE_TEST_SUITE_P(All, ClassTlsVersionTest, ::testing::ValuesIn(VERSIONS),
	[](const ::testing::TestParamInfo<Version>& param) { return std::string(param.param.name); });
