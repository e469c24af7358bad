//
// ExchangeTest.cpp
//
// WebSocketCertificates: certificates by name (RFC 6066, 3), and exchanged while servers run; a WebSocketServer and the class in a HTTPServer.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "support/EventSupport.h"
#include "support/TLSPeer.h"
#include "Poco/Net/SecureServerSocket.h"
#include "Poco/Net/WebSocketCertificates.h"
#include "Poco/Net/WebSocketMonitor.h"
#include "Poco/Net/WebSocketTLSInfo.h"
#include "Poco/Net/X509Certificate.h"
#include "Poco/Pipe.h"
#include "Poco/PipeStream.h"
#include "Poco/Process.h"
#include "Poco/String.h"
#include "Poco/TemporaryFile.h"
#include <fstream>
#include <thread>
#include <malloc.h>
#include <openssl/err.h>


using Poco::Net::Context;
using Poco::Net::HTTPServerRequest;
using Poco::Net::HTTPServerResponse;
using Poco::Net::SecureServerSocket;
using Poco::Net::SocketAddress;
using Poco::Net::WebSocketCertificates;
using Poco::Net::WebSocketTLSInfo;


namespace WebSocketTest {


namespace
{
	const TestCertificate& named(const std::string& name)
		/// Making them takes a while.
	{
		static std::map<std::string, TestCertificate> made;
		static std::mutex mutex;
		std::lock_guard<std::mutex> lock(mutex);
		return made.emplace(name, TestCertificate(name)).first->second;
	}

	Context::Ptr servingAs(const std::string& name)
	{
		return serving(named(name));
	}

	enum class Shell
	{
		EVENTS,
		CLASS
	};

	struct Way
	{
		Shell shell;
		int version;
	};

	std::string wayName(const ::testing::TestParamInfo<Way>& info)
	{
		return std::string(info.param.shell == Shell::EVENTS ? "Events" : "Class") + (info.param.version == TLS1_2_VERSION ? "TLS12" : "TLS13");
	}

	bool throwsInvalid(const std::function<void()>& function)
	{
		try
		{
			function();
			return false;
		}
		catch (const Poco::InvalidArgumentException&)
		{
			return true;
		}
	}

	std::string commonName(const WebSocketTLSInfo& info)
	{
		return info.pPeerCertificate ? info.pPeerCertificate->commonName() : "nobody";
	}

	class Server
		/// Echoes.
	{
	public:
		Server(Shell shell, const Context::Ptr& pContext, const EventParams::Ptr& pParams = new EventParams):
			pHandler(new Recorder),
			events(pHandler, pParams),
			_socket(SocketAddress("127.0.0.1", 0), 64, pContext)
		{
			pHandler->quiet = true;
			if (shell == Shell::EVENTS)
			{
				events.listen(_socket);
				events.start();
				return;
			}
			Poco::Net::HTTPServerParams::Ptr pHTTPParams = new Poco::Net::HTTPServerParams;
			pHTTPParams->setThreadIdleTime(Poco::Timespan(0, 100*1000));
			_pHTTP = std::make_unique<Poco::Net::HTTPServer>(new FunctionFactory([pParams](HTTPServerRequest& request, HTTPServerResponse& response)
			{
				Poco::Net::WebSocket ws(request, response, pParams);
				ws.setReceiveTimeout(deadline());
				std::string message;
				WebSocketFrame::Opcode opcode;
				try
				{
					while (ws.receiveMessage(message, opcode)) ws.sendMessage(message, opcode);
				}
				catch (const Poco::Exception&)
				{
					// the peer has gone
				}
			}), _threads, _socket, pHTTPParams);
			_pHTTP->start();
		}

		~Server()
		{
			if (_pHTTP) _pHTTP->stopAll(true);
			_pHTTP.reset();
			events.stop();
			pHandler->forget();
		}

		Poco::UInt16 port() const
		{
			return _port;
		}

		Poco::SharedPtr<Recorder> pHandler;
		Poco::Net::WebSocketServer events;

	private:
		SecureServerSocket _socket;
		Poco::ThreadPool _threads{2, 32};
		std::unique_ptr<Poco::Net::HTTPServer> _pHTTP;
		const Poco::UInt16 _port = _socket.address().port();
	};

	class ExchangeTest: public ::testing::TestWithParam<Way>
	{
	protected:
		TLSPeer::Hello hello(const std::string& name = "") const
		{
			TLSPeer::Hello hello;
			hello.name = name;
			hello.version = GetParam().version;
			return hello;
		}

		std::string served(const Server& server, const std::string& name = "") const
			/// Connects, and returns whose certificate the server shows.
		{
			TLSPeer peer(server.port(), hello(name));
			EXPECT_EQ("HTTP/1.1 101 Switching Protocols", peer.open());
			EXPECT_EQ("there", peer.echo("there"));
			return peer.servedBy();
		}

	private:
		Watchdog _watchdog;
	};
}


INSTANTIATE_TEST_SUITE_P(Event, ExchangeTest,
	::testing::Values(Way{Shell::EVENTS, TLS1_2_VERSION}, Way{Shell::EVENTS, TLS1_3_VERSION}, Way{Shell::CLASS, TLS1_2_VERSION}, Way{Shell::CLASS, TLS1_3_VERSION}), wayName);


TEST_P(ExchangeTest, NamesSelectCertificates)
{
	const Context::Ptr pContext = servingAs("default");
	WebSocketCertificates certificates(pContext,
		{{"a.example", servingAs("exact")}, {"*.example", servingAs("pattern")}, {"*.B.Example.", servingAs("longer")}, {"xn--bcher-kva.example", servingAs("idn")}});
	Server server(GetParam().shell, pContext);
	const std::pair<std::string, std::string> rows[] =
	{
		{"a.example", "exact"},
		{"A.EXAMPLE", "exact"},
		{"a.example.", "exact"},
		{"other.example", "pattern"},
		{"b.example", "pattern"},
		{"a.b.example", "longer"},
		{"a.a.b.example", "default"}, // a star is one label
		{"example", "default"},
		{"a.other", "default"},
		{"", "default"},
		{"127.0.0.1", "default"},
		{"xn--bcher-kva.example", "idn"},
		{"b\xc3\xbc" "cher.example", "default"},
		{"*.example", "default"},
		{std::string(63, 'a') + ".example", "pattern"},
		{std::string(200, 'a') + ".example", "default"},
		{std::string(255, 'a'), "default"}
	};
	for (const auto& row: rows) EXPECT_EQ(row.second, served(server, row.first)) << row.first;
}


TEST_P(ExchangeTest, ExchangedWhileItRuns)
{
	const Context::Ptr pContext = servingAs("first");
	WebSocketCertificates certificates(pContext, {{"a.example", servingAs("a")}});
	Server server(GetParam().shell, pContext);
	TLSPeer open(server.port(), hello());
	EXPECT_EQ("HTTP/1.1 101 Switching Protocols", open.open());
	EXPECT_EQ("first", served(server));
	EXPECT_EQ("a", served(server, "a.example"));
	certificates.exchange(servingAs("second"), {{"b.example", servingAs("b")}});
	EXPECT_EQ("second", served(server));
	EXPECT_EQ("second", served(server, "a.example"));
	EXPECT_EQ("b", served(server, "b.example"));
	certificates.exchange(pContext);
	EXPECT_EQ("first", served(server, "b.example"));
	EXPECT_EQ("there", open.echo("there"));
}


TEST_P(ExchangeTest, WithoutAnObject)
	/// It may go before the sockets; and the Context of the sockets is not kept alive by what it serves.
{
	Context::Ptr pContext = servingAs("first");
	{
		WebSocketCertificates certificates(pContext, {{"a.example", pContext}, {"b.example", servingAs("b")}});
		EXPECT_THROW(WebSocketCertificates again(pContext), Poco::IllegalStateException);
	}
	{
		Server server(GetParam().shell, pContext);
		EXPECT_EQ("first", served(server));
		EXPECT_EQ("first", served(server, "a.example"));
		EXPECT_EQ("b", served(server, "b.example"));
	}
	EXPECT_EQ(1, pContext->referenceCount());
}


TEST_P(ExchangeTest, HandshakeHalfDone)
	/// What a handshake has when the client's first message has come, it keeps.
{
	const Context::Ptr pContext = servingAs("first");
	WebSocketCertificates certificates(pContext);
	Server server(GetParam().shell, pContext);
	for (const bool whole: {false, true})
	{
		Poco::Net::StreamSocket socket;
		socket.connect(SocketAddress("127.0.0.1", server.port()), deadline());
		socket.setReceiveTimeout(deadline());
		const std::unique_ptr<SSL_CTX, void (*)(SSL_CTX*)> pTLS(SSL_CTX_new(TLS_client_method()), SSL_CTX_free);
		SSL_CTX_set_max_proto_version(pTLS.get(), GetParam().version);
		const std::unique_ptr<SSL, void (*)(SSL*)> pSSL(SSL_new(pTLS.get()), SSL_free);
		SSL_set_bio(pSSL.get(), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
		SSL_set_connect_state(pSSL.get());
		const auto flight = [&]
		{
			SSL_do_handshake(pSSL.get());
			std::string bytes(BIO_ctrl_pending(SSL_get_wbio(pSSL.get())), ' ');
			if (!bytes.empty()) BIO_read(SSL_get_wbio(pSSL.get()), &bytes[0], static_cast<int>(bytes.size()));
			return bytes;
		};
		const auto take = [&]
		{
			char buffer[8192];
			const int n = socket.receiveBytes(buffer, sizeof(buffer));
			BIO_write(SSL_get_rbio(pSSL.get()), buffer, n);
			return n > 0;
		};
		std::string bytes = flight();
		const std::size_t first = whole ? bytes.size() : bytes.size()/2;
		socket.sendBytes(bytes.data(), static_cast<int>(first));
		if (whole)
		{
			EXPECT_TRUE(take()); // so it has begun
		}
		certificates.exchange(servingAs("second"));
		EXPECT_EQ("second", served(server));
		socket.sendBytes(bytes.data() + first, static_cast<int>(bytes.size() - first));
		for (bytes = flight(); SSL_in_init(pSSL.get()); bytes = flight())
		{
			if (!bytes.empty()) socket.sendBytes(bytes.data(), static_cast<int>(bytes.size()));
			ASSERT_TRUE(take());
		}
		const std::unique_ptr<X509, void (*)(X509*)> pPeer(SSL_get_peer_certificate(pSSL.get()), X509_free);
		ASSERT_TRUE(pPeer);
		EXPECT_EQ(0, X509_cmp(pPeer.get(), named(whole ? "first" : "second").certificate())) << whole;
		certificates.exchange(pContext);
	}
}


TEST_P(ExchangeTest, SessionsKeepTheirName)
	/// Nobody continues a session under another name, or after an exchange of its Context. Where Poco accepts, it gives no tickets with TLS 1.3 (from
	/// 1.13 on): then there is nothing to continue.
{
	const Context::Ptr pContext = servingAs("default");
	const Context::Ptr pA = servingAs("a");
	WebSocketCertificates certificates(pContext, {{"a.example", pA}, {"b.example", servingAs("b")}, {"*.c.example", servingAs("c")}});
	Server server(GetParam().shell, pContext);
	bool tickets = true;
	const auto sessionOf = [&](const std::string& name)
	{
		TLSPeer peer(server.port(), hello(name));
		EXPECT_EQ("HTTP/1.1 101 Switching Protocols", peer.open());
		const auto pSession = peer.session();
		EXPECT_EQ(tickets, pSession != nullptr);
		return pSession;
	};
	const auto continues = [&](const std::shared_ptr<SSL_SESSION>& pSession, const std::string& name)
	{
		TLSPeer::Hello again = hello(name);
		again.pSession = pSession.get();
		TLSPeer peer(server.port(), again);
		EXPECT_EQ("HTTP/1.1 101 Switching Protocols", peer.open()) << name;
		return peer.reused();
	};
	if (GetParam().shell == Shell::CLASS && GetParam().version == TLS1_3_VERSION)
	{
		TLSPeer peer(server.port(), hello(""));
		peer.open();
		tickets = peer.session() != nullptr;
	}
	const char* const names[] = {"", "other", "a.example", "b.example", "x.c.example", "y.c.example"};
	for (const char* name: names)
	{
		for (const char* next: names) EXPECT_EQ(tickets && std::string(name) == next, continues(sessionOf(name), next)) << name << " " << next;
	}
	const auto pBefore = sessionOf("a.example");
	const auto pDefault = sessionOf("");
	const auto pB = sessionOf("b.example");
	certificates.exchange(pContext, {{"a.example", pA}, {"b.example", servingAs("b")}});
	EXPECT_EQ(tickets, continues(pBefore, "a.example")); // the same Context
	EXPECT_EQ(tickets, continues(pDefault, ""));
	EXPECT_FALSE(continues(pB, "b.example"));
	EXPECT_EQ(tickets, continues(sessionOf("b.example"), "b.example"));
}


TEST_P(ExchangeTest, MutualTLSOfOneName)
	/// Whose certificates are accepted is the name's Context's business, and exchanged with it.
{
	TestCertificate::Form authority;
	authority.authority = true;
	const TestCertificate one("One", authority), two("Two", authority);
	TestCertificate::Form issued;
	issued.pIssuer = &one;
	const TestCertificate alice("alice", issued);
	issued.pIssuer = &two;
	const TestCertificate bob("bob", issued);
	const auto mutual = [](const TestCertificate& trusted)
	{
		Context::Ptr pMutual = tlsContext(Context::TLS_SERVER_USE, Context::VERIFY_STRICT);
		named("mutual").use(pMutual->sslContext());
		trusted.trust(pMutual->sslContext());
		return pMutual;
	};
	Mailbox<std::string> hooked;
	EventParams::Ptr pParams = new EventParams;
	pParams->setHook([&](HTTPServerRequest& request, HTTPServerResponse&)
	{
		const WebSocketTLSInfo info = WebSocketTLSInfo::of(request);
		hooked.put(commonName(info) + (info.serverName.empty() ? "" : " ") + info.serverName);
		return true;
	});
	const Context::Ptr pContext = servingAs("default");
	WebSocketCertificates certificates(pContext, {{"mutual.example", mutual(one)}});
	Server server(GetParam().shell, pContext, pParams);
	std::shared_ptr<SSL_SESSION> pSession;
	std::string problem;
	const auto accepted = [&](const std::string& name, const TestCertificate* pOwn) -> std::string
	{
		TLSPeer::Hello own = hello(name);
		own.pOwn = pOwn;
		own.pSession = pSession.get();
		try
		{
			TLSPeer peer(server.port(), own);
			if (peer.open() != "HTTP/1.1 101 Switching Protocols") return "not open";
			pSession = peer.session();
			return hooked.take();
		}
		catch (const Poco::IOException& exc)
		{
			problem = exc.displayText();
			return "refused";
		}
	};
	EXPECT_EQ("nobody", accepted("", &alice)); // was not asked
	EXPECT_EQ("refused", accepted("mutual.example", nullptr));
	EXPECT_EQ("refused", accepted("mutual.example", &bob));
	EXPECT_EQ("alice mutual.example", accepted("mutual.example", &alice)) << problem;
	EXPECT_EQ("alice mutual.example", accepted("mutual.example", &alice)) << problem;
	certificates.exchange(servingAs("default"), {{"mutual.example", mutual(two)}});
	EXPECT_EQ("refused", accepted("mutual.example", &alice)); // its session neither
	EXPECT_EQ("bob mutual.example", accepted("mutual.example", &bob));
	certificates.exchange(mutual(two));
	EXPECT_EQ("refused", accepted("", nullptr));
	EXPECT_EQ("bob", accepted("", &bob));
}


TEST_P(ExchangeTest, VersionsOfOneName)
{
	const int version = GetParam().version;
	const Context::Ptr pContext = servingAs("default");
	Context::Ptr pOnly12 = servingAs("only");
	pOnly12->disableProtocols(Context::PROTO_TLSV1_3);
	const Context::Ptr pOnly13 = servingAs("only");
	SSL_CTX_set_min_proto_version(pOnly13->sslContext(), TLS1_3_VERSION);
	WebSocketCertificates certificates(pContext, {{"only12.example", pOnly12}, {"only13.example", pOnly13}});
	Server server(GetParam().shell, pContext);
	EXPECT_EQ("default", served(server));
	EXPECT_EQ("only", served(server, version == TLS1_2_VERSION ? "only12.example" : "only13.example"));
	EXPECT_THROW(served(server, version == TLS1_2_VERSION ? "only13.example" : "only12.example"), Poco::IOException);
	certificates.exchange(pOnly12, {{"all.example", pContext}});
	EXPECT_EQ("default", served(server, "all.example"));
}


TEST_P(ExchangeTest, UnderLoad)
	/// Connections are open, and handshakes going on, while certificates are exchanged again and again. Nothing fails.
{
	constexpr int OPEN = 8;
	constexpr int DIALERS = 3;
	const Context::Ptr pContext = servingAs("0");
	WebSocketCertificates certificates(pContext, {{"*.example", servingAs("1")}});
	Server server(GetParam().shell, pContext);
	std::vector<std::unique_ptr<TLSPeer>> open;
	for (int i = 0; i < OPEN; ++i)
	{
		open.push_back(std::make_unique<TLSPeer>(server.port(), hello(i % 2 ? "a.example" : "")));
		EXPECT_EQ("HTTP/1.1 101 Switching Protocols", open.back()->open());
	}
	std::atomic<bool> ends{false};
	std::atomic<int> handshakes{0};
	std::atomic<int> wrong{0};
	std::vector<std::thread> dialers;
	for (int i = 0; i < DIALERS; ++i)
	{
		dialers.emplace_back([&, i]
		{
			while (!ends)
			{
				try
				{
					TLSPeer peer(server.port(), hello(i % 2 ? "a.example" : ""));
					const int even = std::stoi(peer.servedBy()) % 2;
					if (even != i % 2 || peer.open().find("101") == std::string::npos || peer.echo("there") != "there") ++wrong;
				}
				catch (const Poco::Exception& exc)
				{
					ADD_FAILURE() << exc.displayText();
					++wrong;
				}
				++handshakes;
			}
		});
	}
	int exchanges = 0;
	for (; exchanges < (sanitized() ? 50 : 300) || handshakes < (sanitized() ? 20 : 60); ++exchanges)
	{
		certificates.exchange(servingAs(std::to_string(exchanges % 7*2)), {{"*.example", servingAs(std::to_string(exchanges % 7*2 + 1))}});
		EXPECT_EQ("there", open[static_cast<std::size_t>(exchanges % OPEN)]->echo("there"));
		if (wrong > 0) break;
	}
	ends = true;
	for (std::thread& dialer: dialers) dialer.join();
	EXPECT_EQ(0, wrong);
	EXPECT_LE(60, handshakes);
	for (auto& pPeer: open) EXPECT_EQ("there", pPeer->echo("there"));
}


TEST_F(EventTest, CertificatesThatAreRefused)
	/// And the old ones stay.
{
	TestCertificate::Form form;
	form.authority = true;
	const TestCertificate root("Root", form);
	form.pIssuer = &root;
	const TestCertificate middle("Middle", form);
	form.until = -60;
	const TestCertificate oldMiddle("Middle", form);
	TestCertificate::Form leaf;
	leaf.pIssuer = &middle;
	const TestCertificate good("good", leaf);
	leaf.until = -60;
	const TestCertificate expired("expired", leaf);
	leaf.until = 24*3600;
	leaf.from = 3600;
	const TestCertificate early("early", leaf);
	leaf.from = -3600;
	leaf.usage = "clientAuth";
	const TestCertificate client("client", leaf);
	leaf.usage = nullptr;
	leaf.pIssuer = &oldMiddle;
	const TestCertificate underOld("under", leaf);
	leaf.pIssuer = &good;
	const TestCertificate underLeaf("under", leaf);

	const Context::Ptr pOther = tlsContext(Context::TLS_SERVER_USE); // the certificate of another key
	SSL_CTX_use_PrivateKey(pOther->sslContext(), good.key());
	SSL_CTX_use_certificate(pOther->sslContext(), early.certificate());
	const Context::Ptr pKeyOnly = tlsContext(Context::TLS_SERVER_USE);
	SSL_CTX_use_PrivateKey(pKeyOnly->sslContext(), good.key());
	const Context::Ptr pClients = tlsContext(Context::TLS_CLIENT_USE);
	good.use(pClients->sslContext(), {&middle});
	const Context::Ptr pOneVersion = new Context(Context::TLSV1_2_SERVER_USE, Context::Params());
	good.use(pOneVersion->sslContext(), {&middle});

	const Context::Ptr pContext = servingAs("first");
	WebSocketCertificates certificates(pContext);
	Server server(Shell::EVENTS, pContext);
	const auto served = [&] { return TLSPeer(server.port()).servedBy(); };
	const std::pair<Context::Ptr, const char*> rows[] =
	{
		{nullptr, "no Context"},
		{tlsContext(Context::TLS_SERVER_USE), "there is no certificate"},
		{pKeyOnly, "there is no certificate"},
		{pOther, "the private key is not that of the certificate"},
		{pClients, "another usage"},
		{pOneVersion, "another usage"},
		{serving(expired, {&middle}), "certificate has expired"},
		{serving(early, {&middle}), "certificate is not yet valid"},
		{serving(client, {&middle}), "certificate purpose"},
		{serving(underOld, {&oldMiddle}), "certificate has expired"},
		{serving(good, {&root}), "not the issuer of the one before"},
		{serving(good, {&root, &middle}), "not the issuer of the one before"},
		{serving(good, {&middle, &middle}), "not the issuer of the one before"},
		{serving(good, {&middle, &root, &named("first")}), "not the issuer of the one before"},
		{serving(good, {&underOld}), "not the issuer of the one before"},
		{serving(underLeaf, {&good, &middle}), "invalid CA certificate"}
	};
	const auto reason = [&](const Context::Ptr& p, const WebSocketCertificates::Names& names) -> std::string
	{
		try
		{
			certificates.exchange(p, names);
			return "accepted";
		}
		catch (const Poco::InvalidArgumentException& exc)
		{
			return exc.displayText();
		}
	};
	for (const auto& row: rows)
	{
		EXPECT_NE(std::string::npos, reason(row.first, {}).find(row.second)) << reason(row.first, {}) << ", not " << row.second;
		const std::string text = reason(servingAs("second"), {{"a.example", row.first}});
		EXPECT_NE(std::string::npos, text.find(row.second)) << text;
		EXPECT_NE(std::string::npos, text.find("of a.example")) << text;
		EXPECT_EQ("first", served());
	}
	for (const char* name: {"", "*", "*.", "a..b", "a b", "b\xc3\xbc" "cher.example", "w*.example", "a.*.example"})
		EXPECT_NE(std::string::npos, reason(servingAs("second"), {{name, servingAs("a")}}).find("Not a host name")) << name;
	EXPECT_NE(std::string::npos, reason(servingAs("second"), {{"a.example", servingAs("a")}, {"A.example.", servingAs("b")}}).find("same name"));
	EXPECT_EQ("first", served());
	for (const auto& chain: {std::vector<const TestCertificate*>{}, {&middle}, {&middle, &root}})
	{
		EXPECT_EQ("accepted", reason(serving(good, chain), {}));
		EXPECT_EQ("good", served());
	}
	EXPECT_EQ(0u, ERR_peek_error()); // nothing is left for others
	for (const auto& row: rows)
	{
		const bool alone = row.first == pOneVersion; // all of the same usage
		EXPECT_NE(alone, throwsInvalid([&] { WebSocketCertificates bad(row.first); }));
	}
}


TEST_F(EventTest, ExchangeAnywhere)
	/// In a hook and in callbacks, after stop(), and when the server is no more.
{
	Context::Ptr pContext = servingAs("first");
	WebSocketCertificates certificates(pContext);
	{
		EventParams::Ptr pParams = new EventParams;
		pParams->setHook([&](HTTPServerRequest&, HTTPServerResponse&)
		{
			certificates.exchange(servingAs("hook"));
			return true;
		});
		Server server(Shell::EVENTS, pContext, pParams);
		server.pHandler->message = [&](EventConnection& connection, std::string_view message, WebSocketFrame::Opcode opcode)
		{
			certificates.exchange(servingAs("message"));
			connection.send(message, opcode);
		};
		TLSPeer peer(server.port());
		EXPECT_EQ("first", peer.servedBy());
		EXPECT_EQ("HTTP/1.1 101 Switching Protocols", peer.open());
		EXPECT_EQ("hook", TLSPeer(server.port()).servedBy());
		EXPECT_EQ("there", peer.echo("there"));
		EXPECT_EQ("message", TLSPeer(server.port()).servedBy());
		server.events.stop();
		certificates.exchange(servingAs("second"));
		EXPECT_TRUE(server.events.metrics().certificateEnds.empty());
	}
	EXPECT_EQ(1, pContext->referenceCount());
	pContext.reset();
	certificates.exchange(servingAs("third"));
	EXPECT_EQ(Poco::Timestamp::fromEpochTime(named("third").end()), certificates.ends().at("*"));
}


TEST_F(EventTest, NamesThatAreMalformed)
	/// OpenSSL ends such handshakes; the server goes on.
{
	const Context::Ptr pContext = servingAs("default");
	WebSocketCertificates certificates(pContext, {{"a.example", servingAs("a")}});
	Server server(Shell::EVENTS, pContext);
	const std::string name(40, 'n');
	const std::unique_ptr<SSL_CTX, void (*)(SSL_CTX*)> pTLS(SSL_CTX_new(TLS_client_method()), SSL_CTX_free);
	const std::unique_ptr<SSL, void (*)(SSL*)> pSSL(SSL_new(pTLS.get()), SSL_free);
	SSL_ctrl(pSSL.get(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, const_cast<char*>(name.c_str()));
	SSL_set_bio(pSSL.get(), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
	SSL_set_connect_state(pSSL.get());
	SSL_do_handshake(pSSL.get());
	std::string hello(BIO_ctrl_pending(SSL_get_wbio(pSSL.get())), ' ');
	BIO_read(SSL_get_wbio(pSSL.get()), &hello[0], static_cast<int>(hello.size()));
	const std::size_t at = hello.find(name);
	ASSERT_NE(std::string::npos, at);
	std::vector<std::string> bad;
	const auto changed = [&](std::size_t position, const std::string& bytes)
	{
		bad.push_back(hello);
		bad.back().replace(position, bytes.size(), bytes);
	};
	changed(at, std::string("a.example\0", 10));
	changed(at + 39, std::string(1, '\0'));
	changed(at - 1, "\x50");                      // longer than the extension
	changed(at - 1, std::string(1, '\x08'));      // shorter
	changed(at - 2, "\xff\xff");
	changed(at - 4, std::string(2, '\0'));        // an empty list
	for (const std::string& bytes: bad)
	{
		RawPeer peer = connectRaw(server.port(), Transport::PLAIN);
		peer.send(bytes);
		EXPECT_EQ(std::string("\x15\x03", 2), peer.receiveToEnd().substr(0, 2)); // an alert
		EXPECT_EQ("default", TLSPeer(server.port()).servedBy());
	}
}


TEST_F(EventTest, CertificatesInMetrics)
{
	TestCertificate::Form form;
	form.authority = true;
	form.until = 1000;
	const TestCertificate issuer("Issuer", form);
	form.pIssuer = &issuer;
	form.authority = false;
	form.until = 5000;
	const TestCertificate longer("longer", form);
	form.pIssuer = nullptr;
	form.until = 500;
	const TestCertificate shorter("shorter", form);

	const Context::Ptr pContext = serving(shorter);
	Poco::SharedPtr<Recorder> pHandler(new Recorder);
	Poco::Net::WebSocketServer server(pHandler, new EventParams);
	SecureServerSocket socket(SocketAddress("127.0.0.1", 0), 64, pContext);
	server.listen(socket);
	server.listen(0); // plain
	const Poco::Net::WebSocketMonitor monitor(server);
	const auto has = [&](const std::string& line) { return monitor.metrics().find("\n" + line + "\n") != std::string::npos; };
	EXPECT_TRUE(has("websocket_certificate_end_seconds{name=\"*\"} " + std::to_string(shorter.end())));
	WebSocketCertificates certificates(pContext);
	EXPECT_TRUE(has("websocket_certificate_end_seconds{name=\"*\"} " + std::to_string(shorter.end())));
	server.start();
	certificates.exchange(serving(longer, {&issuer}), {{"*.Example", pContext}});
	EXPECT_TRUE(has("websocket_certificate_end_seconds{name=\"*\"} " + std::to_string(issuer.end()))); // its issuer ends sooner
	EXPECT_TRUE(has("websocket_certificate_end_seconds{name=\"*.example\"} " + std::to_string(shorter.end())));
	EXPECT_EQ(certificates.ends(), server.metrics().certificateEnds);
	TLSPeer::Hello hello;
	for (const int version: {TLS1_2_VERSION, TLS1_3_VERSION, TLS1_3_VERSION})
	{
		hello.version = version;
		EXPECT_EQ("HTTP/1.1 101 Switching Protocols", TLSPeer(socket.address().port(), hello).open());
	}
	EXPECT_TRUE(has("websocket_tls_connections_total{version=\"TLSv1.2\"} 1"));
	EXPECT_TRUE(has("websocket_tls_connections_total{version=\"TLSv1.3\"} 2"));
	EXPECT_TRUE(has("websocket_tls_connections_total{version=\"other\"} 0"));
	EXPECT_EQ(3u, server.metrics().tlsConnectionsOpened);
	server.stop();
	EXPECT_FALSE(has("websocket_certificate_end_seconds{name=\"*\"} " + std::to_string(issuer.end())));
	pHandler->forget(); // its connections have the server, which has it
}


TEST_F(EventTest, OpenSSLsOwnClient)
	/// Finds the chain of each name, shows its own certificate, and goes on as the server does.
{
	TestCertificate::Form form;
	form.authority = true;
	const TestCertificate root("Root", form);
	form.pIssuer = &root;
	const TestCertificate middle("Middle", form);
	form.authority = false;
	form.pIssuer = &middle;
	const TestCertificate a("a.example", form), b("b.example", form), other("other", form), alice("alice", form);
	Poco::TemporaryFile rootFile, aliceFile;
	std::ofstream(rootFile.path()) << root.pem();
	std::ofstream(aliceFile.path()) << alice.pem() << alice.keyPEM() << middle.pem();
	const auto client = [&](Poco::UInt16 port, const std::vector<std::string>& options)
	{
		std::vector<std::string> arguments = {"s_client", "-brief", "-connect", "127.0.0.1:" + std::to_string(port), "-CAfile", rootFile.path(), "-verify_return_error"};
		arguments.insert(arguments.end(), options.begin(), options.end());
		Poco::Pipe input, output;
		const Poco::ProcessHandle openssl = Poco::Process::launch("openssl", arguments, &input, &output, &output);
		const std::string request = handshakeRequest("/path") + closeFrame();
		input.writeBytes(request.data(), static_cast<int>(request.size()));
		Poco::PipeInputStream answer(output);
		const std::string text{std::istreambuf_iterator<char>(answer), std::istreambuf_iterator<char>()};
		input.close();
		openssl.wait();
		return Poco::replace(text, "CN = ", "CN="); // as OpenSSL 3.5 has it
	};
	const auto has = [](const std::string& text, const std::string& part) { return text.find(part) != std::string::npos ? std::string() : text + "\nhas no " + part; };

	Mailbox<WebSocketTLSInfo> hooked;
	EventParams::Ptr pParams = new EventParams;
	pParams->setHook([&](HTTPServerRequest& request, HTTPServerResponse&)
	{
		hooked.put(WebSocketTLSInfo::of(request));
		return true;
	});
	const auto withClients = [&](const TestCertificate& certificate)
	{
		const Context::Ptr pContext = tlsContext(Context::TLS_SERVER_USE, Context::VERIFY_STRICT);
		certificate.use(pContext->sslContext(), {&middle});
		root.trust(pContext->sslContext());
		return pContext;
	};
	const Context::Ptr pContext = serving(other, {&middle});
	WebSocketCertificates certificates(pContext, {{"a.example", serving(a, {&middle})}, {"*.example", withClients(b)}});
	Server server(Shell::EVENTS, pContext, pParams);
	for (const std::string& version: {std::string("1_2"), std::string("1_3")})
	{
		const std::string protocol = "TLSv1." + version.substr(2);
		for (const auto& [name, served]: {std::pair<std::string, std::string>("a.example", "a.example"), {"unknown", "other"}})
		{
			const std::string text = client(server.port(), {"-servername", name, "-tls" + version});
			EXPECT_EQ("", has(text, "Protocol version: " + protocol));
			EXPECT_EQ("", has(text, "Peer certificate: CN=" + served));
			EXPECT_EQ("", has(text, "Verification: OK"));
			EXPECT_EQ("", has(text, "HTTP/1.1 101 Switching Protocols"));
			EXPECT_EQ("nobody", commonName(hooked.take()));
		}
		EXPECT_EQ("", has(client(server.port(), {"-servername", "b.example", "-tls" + version}), "alert"));
		const std::string text = client(server.port(), {"-servername", "b.example", "-tls" + version, "-cert", aliceFile.path(), "-cert_chain", aliceFile.path()});
		EXPECT_EQ("", has(text, "Peer certificate: CN=b.example"));
		EXPECT_EQ("", has(text, "HTTP/1.1 101 Switching Protocols"));
		const WebSocketTLSInfo info = hooked.take();
		EXPECT_EQ("alice", commonName(info));
		EXPECT_EQ(protocol, info.version);
		EXPECT_EQ("", has(text, "Ciphersuite: " + info.cipher));
		certificates.exchange(pContext, {{"a.example", serving(a, {&middle})}, {"*.example", withClients(b)}});
	}
}


TEST_F(EventTest, TenThousandExchanges)
	/// Nothing is left of them.
{
	const Context::Ptr pContext = servingAs("first");
	WebSocketCertificates certificates(pContext);
	Server server(Shell::EVENTS, pContext);
	const auto resident = [] { ::malloc_trim(0); return residentBytes(); };
	const auto exchange = [&](int times)
	{
		for (int i = 0; i < times; ++i)
		{
			certificates.exchange(pContext, {{"a.example", servingAs("a")}});
			if (i % 50 != 0) continue;
			TLSPeer::Hello hello;
			hello.name = "a.example";
			EXPECT_EQ("a", TLSPeer(server.port(), hello).servedBy());
		}
	};
	exchange(200);
	const long before = resident();
	exchange(sanitized() ? 500 : 10000);
	const long grown = resident() - before;
	EXPECT_GT(sanitized() ? 1 << 30 : 2 << 20, grown);
}


} // namespace WebSocketTest
