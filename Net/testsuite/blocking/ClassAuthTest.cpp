//
// ClassAuthTest.cpp
//
// Servers that ask for credentials: Basic, Digest and NTLM.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "support/ClassScript.h"
#include "Poco/Net/HTTPAuthenticationParams.h"
#include "Poco/Net/HTTPBasicCredentials.h"
#include "Poco/Net/HTTPCredentials.h"
#include "Poco/Net/HTTPDigestCredentials.h"
#include "Poco/Net/NTLMCredentials.h"
#include "Poco/Crypto/DigestEngine.h"
#include "Poco/HMACEngine.h"
#include "Poco/MD5Engine.h"


using namespace WebSocketTest;
using Poco::Net::HTTPAuthenticationParams;
using Poco::Net::HTTPBasicCredentials;
using Poco::Net::HTTPClientSession;
using Poco::Net::HTTPCredentials;
using Poco::Net::HTTPDigestCredentials;
using Poco::Net::HTTPRequest;
using Poco::Net::HTTPResponse;
using Poco::Net::HTTPServerRequest;
using Poco::Net::HTTPServerResponse;
using Poco::Net::NTLMCredentials;
using Poco::Net::WebSocket;


namespace
{
	const std::string USER("user");
	const std::string PASSWORD("pass:wörd");
	const std::string SHA_256("Digest realm=\"here\", qop=\"auth\", nonce=\"n\", opaque=\"o\", userhash=true, algorithm=SHA-256");
	const std::string DIGEST("Digest realm=\"here\", qop=\"auth\", nonce=\"");

	using Challenge = std::function<std::vector<std::string> (const HTTPServerRequest&)>;
		/// Returns what a request is to be challenged with; nothing if it may pass.
	using Body = std::function<void (const HTTPServerRequest&, HTTPServerResponse&)>;
		/// Sends the 401 with its body.

	void emptyBody(const HTTPServerRequest&, HTTPServerResponse& response)
	{
		response.setContentLength(0);
		response.send();
	}

	class AuthServer
		/// Opens a WebSocket, which echoes, for those that may pass.
	{
	public:
		AuthServer(Transport transport, const Challenge& challenge, const Body& body = emptyBody):
			_server(transport, TestServer::RequestHandler([=](HTTPServerRequest& request, HTTPServerResponse& response)
			{
				ports.put(request.clientAddress().port());
				++requests;
				const std::vector<std::string> challenges = challenge(request);
				if (challenges.empty())
				{
					WebSocket ws(request, response);
					echoFrames(ws);
				}
				else
				{
					response.setStatusAndReason(HTTPResponse::HTTP_UNAUTHORIZED);
					for (const std::string& text: challenges) response.add("WWW-Authenticate", text);
					body(request, response);
				}
			}))
		{
		}

		std::unique_ptr<HTTPClientSession> session() const
		{
			return _server.session();
		}

		Mailbox<Poco::UInt16> ports; /// Of the client, for each request.
		std::atomic<int> requests{0};

	private:
		TestServer _server;
	};

	Challenge basic()
	{
		return [](const HTTPServerRequest& request) -> std::vector<std::string>
		{
			if (HTTPCredentials::hasBasicCredentials(request))
			{
				const HTTPBasicCredentials given(request);
				if (given.getUsername() == USER && given.getPassword() == PASSWORD) return {};
			}
			return {"Basic realm=\"here\""};
		};
	}

	Challenge digest(const std::string& challenge, const std::vector<std::string>& nonces)
		/// The challenge is a Digest one without nonce, which is put behind it. All nonces but the last are stale.
	{
		return [=](const HTTPServerRequest& request) -> std::vector<std::string>
		{
			if (!HTTPCredentials::hasDigestCredentials(request)) return {challenge + nonces[0] + '"'};
			const HTTPAuthenticationParams params(request);
			const HTTPDigestCredentials expected(USER, PASSWORD);
			const bool right = params.get("username") == USER && params.get("uri") == request.getURI() && expected.verifyAuthInfo(request);
			if (!right) return {challenge + nonces[0] + '"'};
			const std::size_t index = static_cast<std::size_t>(std::find(nonces.begin(), nonces.end(), params.get("nonce")) - nonces.begin());
			if (index + 1 == nonces.size()) return {};
			return {challenge + nonces[std::min(index + 1, nonces.size() - 1)] + "\", stale=true"};
		};
	}

	std::string sha256(const std::string& text)
	{
		Poco::Crypto::DigestEngine engine("SHA256");
		engine.update(text);
		return Poco::DigestEngine::digestToHex(engine.digest());
	}

	bool verifySHA256(const HTTPServerRequest& request, const std::string& realm)
		/// RFC 7616, 3.4.1
	{
		if (!HTTPCredentials::hasDigestCredentials(request)) return false;
		const HTTPAuthenticationParams given(request);
		const std::string algorithm = given.get("algorithm", "");
		std::string secret = sha256(USER + ":" + realm + ":" + PASSWORD);
		if (algorithm == "SHA-256-sess") secret = sha256(secret + ":" + given.get("nonce") + ":" + given.get("cnonce"));
		else if (algorithm != "SHA-256") return false;
		if (given.get("username") != USER || given.get("uri") != request.getURI() || given.has("userhash")) return false;
		return given.get("response") == sha256(secret + ":" + given.get("nonce") + ":" + given.get("nc") + ":" + given.get("cnonce") + ":auth:" + sha256("GET:" + request.getURI()));
	}

	Challenge digest256(const std::vector<std::string>& challenges, const std::string& realm = "here")
	{
		return [=](const HTTPServerRequest& request) { return verifySHA256(request, realm) ? std::vector<std::string>() : challenges; };
	}

	Challenge stale256()
		/// Only the nonce "two" is fresh.
	{
		return [](const HTTPServerRequest& request) -> std::vector<std::string>
		{
			const std::string challenge = "Digest realm=\"here\", qop=\"auth\", algorithm=SHA-256, nonce=";
			if (!verifySHA256(request, "here")) return {challenge + "\"one\""};
			if (HTTPAuthenticationParams(request).get("nonce") != "two") return {challenge + "\"two\", stale=true"};
			return {};
		};
	}

	Challenge basicAmong(const std::vector<std::string>& challenges)
	{
		const Challenge plain = basic();
		return [=](const HTTPServerRequest& request) { return plain(request).empty() ? std::vector<std::string>() : challenges; };
	}

	int outcomeOf(const std::function<void ()>& call)
		/// Returns the code of the WebSocketException, or 0; another exception is a failure.
	{
		try
		{
			return errorOf(call);
		}
		catch (const Poco::Exception& exc)
		{
			ADD_FAILURE() << exc.displayText();
		}
		catch (const std::exception& exc)
		{
			ADD_FAILURE() << exc.what();
		}
		return -1;
	}

	int connect(HTTPClientSession& session, const std::string& password, const std::string& path = "/path?a=b")
		/// Returns 0 if the connection was opened and echoes.
	{
		HTTPCredentials credentials(USER, password);
		HTTPRequest request(HTTPRequest::HTTP_GET, path, HTTPRequest::HTTP_1_1);
		HTTPResponse response;
		return outcomeOf([&]
		{
			WebSocket ws(session, request, response, credentials);
			expectEcho(ws, "echo");
			ws.shutdown();
			EXPECT_EQ(2, appendFrame(ws).result);
		});
	}

	int connectWithout(HTTPClientSession& session)
	{
		HTTPRequest request(HTTPRequest::HTTP_GET, "/", HTTPRequest::HTTP_1_1);
		HTTPResponse response;
		const int code = outcomeOf([&] { WebSocket(session, request, response); });
		EXPECT_EQ(401, int(response.getStatus()));
		return code;
	}
}


class ClassAuthTest: public TransportTest
{
};


TEST_P(ClassAuthTest, Schemes)
{
	struct Row
	{
		const char* name;
		Challenge challenge;
		int requests;      // with the right password
		int wrongRequests; // with a wrong one
	};
	const std::vector<Row> rows =
	{
		{"Basic", basic(), 2, 2},
		{"Digest", digest(DIGEST, {"one"}), 2, 2},
		{"Digest without qop", digest("Digest realm=\"here\", nonce=\"", {"one"}), 2, 2},
		{"Digest with all there is", digest("Digest realm=\"here\", domain=\"/\", opaque=\"xyz\", algorithm=MD5, qop=\"auth,auth-int\", nonce=\"", {"one"}), 2, 2},
		{"Digest, stale once", digest(DIGEST, {"one", "two"}), 3, 2},
		{"SHA-256", digest256({SHA_256}), 2, 2},
		{"SHA-256-sess", digest256({SHA_256 + "-sess"}), 2, 2},
		{"SHA-256, stale once", stale256(), 3, 2},
		{"SHA-256 before MD5 and Basic", digest256({SHA_256, DIGEST + "n\"", "Basic realm=\"here\""}), 2, 2},
		{"the same in one field", digest256({SHA_256 + ", " + DIGEST + "n\", Basic realm=\"here\""}), 2, 2},
		{"behind what is not supported", digest256({"Bearer", DIGEST + "n\", algorithm=SHA-512-256", DIGEST + "n\", algorithm=X, " + SHA_256}), 2, 2},
		{"a realm with a comma and quotes", digest256({"Digest realm=\"he, \\\"re\\\"\", nonce=\"a,b\", qop=\"auth-int,auth\", algorithm=\"SHA-256\""}, "he, \"re\""), 2, 2},
		{"Basic behind Bearer in one field", basicAmong({"Bearer realm=\"a, b\", scope=\"c\", Basic realm=\"here\""}), 2, 2},
		{"Basic behind what is not supported", basicAmong({"Digest realm=\"here\", nonce=\"n\", qop=\"auth-int\", algorithm=SHA-256", "Basic realm=\"here\""}), 2, 2},
		{"MD5 behind Bearer in one field", digest("Bearer realm=\"a\", Digest realm=\"he,re\", qop=\"auth\", nonce=\"", {"one"}), 2, 2},
	};
	for (const Row& row: rows)
	{
		SCOPED_TRACE(row.name);
		AuthServer server(GetParam(), row.challenge);
		EXPECT_EQ(0, connect(*server.session(), PASSWORD));
		EXPECT_EQ(row.requests, server.requests);
		const Poco::UInt16 port = server.ports.take();
		for (int i = 1; i < row.requests; ++i) EXPECT_EQ(port, server.ports.take()) << "the connection is kept";

		server.requests = 0;
		EXPECT_EQ(WebSocket::WS_ERR_UNAUTHORIZED, connect(*server.session(), "wrong"));
		EXPECT_EQ(row.wrongRequests, server.requests);

		server.requests = 0;
		EXPECT_EQ(WebSocket::WS_ERR_UNAUTHORIZED, connectWithout(*server.session()));
		EXPECT_EQ(1, server.requests);
	}
}


TEST_P(ClassAuthTest, AlwaysStale)
{
	// There is an end to it
	AuthServer server(GetParam(), digest(DIGEST, {"1", "2", "3", "4", "5", "6", "7", "8", "9", "10"}));
	EXPECT_EQ(WebSocket::WS_ERR_UNAUTHORIZED, connect(*server.session(), PASSWORD));
	EXPECT_LE(server.requests, 5);
}


TEST_P(ClassAuthTest, OneOfSeveralSchemes)
{
	const Challenge accepting = basic();
	AuthServer server(GetParam(), [&](const HTTPServerRequest& request) -> std::vector<std::string>
	{
		if (accepting(request).empty()) return {};
		return {"Bearer", "Unheard-of a=b", "Basic realm=\"here\""};
	});
	EXPECT_EQ(0, connect(*server.session(), PASSWORD));
}


TEST_P(ClassAuthTest, CredentialsOfAnEmptyUser)
{
	AuthServer server(GetParam(), basic());
	HTTPCredentials none;
	HTTPRequest request(HTTPRequest::HTTP_GET, "/", HTTPRequest::HTTP_1_1);
	HTTPResponse response;
	EXPECT_EQ(WebSocket::WS_ERR_UNAUTHORIZED, errorOf([&] { WebSocket(*server.session(), request, response, none); }));
	EXPECT_EQ(1, server.requests);
}


TEST_P(ClassAuthTest, CredentialsAreUsedAgain)
{
	AuthServer server(GetParam(), digest(DIGEST, {"one"}));
	HTTPCredentials credentials(USER, PASSWORD);
	for (int i = 0; i < 3; ++i)
	{
		HTTPRequest request(HTTPRequest::HTTP_GET, "/", HTTPRequest::HTTP_1_1);
		HTTPResponse response;
		WebSocket ws(*server.session(), request, response, credentials);
		expectEcho(ws, "echo");
		ws.shutdown();
		EXPECT_EQ(2, appendFrame(ws).result);
	}
}


namespace
{
	void fixedBody(HTTPServerResponse& response, std::size_t length)
	{
		response.setContentLength(static_cast<std::streamsize>(length));
		response.send() << pattern(length);
	}

	void chunkedBody(HTTPServerResponse& response, std::size_t length)
	{
		response.setChunkedTransferEncoding(true);
		response.send() << pattern(length);
	}

	struct BodyRow
	{
		const char* name;
		std::function<void (HTTPServerResponse&)> send;
		bool kept; // the connection is
	};

	const std::vector<BodyRow> BODIES =
	{
		{"fixed", [](HTTPServerResponse& response) { fixedBody(response, 1000); }, true},
		{"fixed, more than is read ahead", [](HTTPServerResponse& response) { fixedBody(response, 20000); }, true},
		{"fixed, very large", [](HTTPServerResponse& response) { fixedBody(response, 5000000); }, false},
		{"chunked", [](HTTPServerResponse& response) { chunkedBody(response, 1000); }, true},
		{"chunked, empty", [](HTTPServerResponse& response) { chunkedBody(response, 0); }, true},
		{"chunked, more than is read ahead", [](HTTPServerResponse& response) { chunkedBody(response, 20000); }, true},
		{"chunked, very large", [](HTTPServerResponse& response) { chunkedBody(response, 5000000); }, false},
		{"without length", [](HTTPServerResponse& response) { response.send() << pattern(1000); }, false},
		{"Connection: close", [](HTTPServerResponse& response) { response.setKeepAlive(false); fixedBody(response, 1000); }, false},
	};
}


TEST_P(ClassAuthTest, BodyOfTheChallenge)
{
	const Body body = [](const HTTPServerRequest& request, HTTPServerResponse& response)
	{
		BODIES.at(std::stoul(request.getURI().substr(1))).send(response);
	};
	for (const Challenge& challenge: {basic(), digest(DIGEST, {"one"})})
	{
		AuthServer server(GetParam(), challenge, body);
		for (std::size_t i = 0; i < BODIES.size(); ++i)
		{
			SCOPED_TRACE(BODIES[i].name);
			const std::string path = "/" + std::to_string(i);
			EXPECT_EQ(0, connect(*server.session(), PASSWORD, path));
			const Poco::UInt16 port = server.ports.take();
			EXPECT_EQ(BODIES[i].kept, port == server.ports.take());
			EXPECT_EQ(WebSocket::WS_ERR_UNAUTHORIZED, connect(*server.session(), "wrong", path));
			server.ports.take();
			server.ports.take();
		}
	}
}


TEST_P(ClassAuthTest, SessionAfterUnauthorized)
{
	// The user is asked for a password, and the same session tried again
	AuthServer server(GetParam(), basic(), [](const HTTPServerRequest&, HTTPServerResponse& response) { fixedBody(response, 1000); });
	const std::unique_ptr<HTTPClientSession> pSession = server.session();
	EXPECT_EQ(WebSocket::WS_ERR_UNAUTHORIZED, connectWithout(*pSession));
	EXPECT_EQ(WebSocket::WS_ERR_UNAUTHORIZED, connect(*pSession, "wrong"));
	EXPECT_EQ(0, connect(*pSession, PASSWORD));
}


TEST_P(ClassAuthTest, StrangeChallenges)
{
	// A Poco::Exception, whatever the server says
	const std::vector<std::string> texts =
	{
		"", "N", "\"", ",", "Bearer", "Basic",
		"Digest", "Digest ", "Digest nonce", "Digest ,=,\"", "Digest realm=\"x\"", "Digest nonce=\"x",
		"Digest realm=\"x\", nonce=\"y\", algorithm=SHA-256", "Digest realm=\"x\", nonce=\"y\", qop=\"auth-int\"",
		"NTLM", "NTLM ", "NTLM !!!!", "NTLM TlRM",
	};
	AuthServer server(GetParam(), [&](const HTTPServerRequest& request)
	{
		return std::vector<std::string>{texts.at(std::stoul(request.getURI().substr(1)))};
	});
	for (std::size_t i = 0; i < texts.size(); ++i)
	{
		SCOPED_TRACE(texts[i]);
		server.requests = 0;
		HTTPCredentials credentials(USER, PASSWORD);
		HTTPRequest request(HTTPRequest::HTTP_GET, "/" + std::to_string(i), HTTPRequest::HTTP_1_1);
		HTTPResponse response;
		EXPECT_THROW(WebSocket(*server.session(), request, response, credentials), Poco::Exception);
		EXPECT_LE(server.requests, 5);
	}
}


INSTANTIATE_TEST_SUITE_P(All, ClassAuthTest, ::testing::Values(Transport::PLAIN, Transport::TLS), transportName);


class ClassAuthConnectedTest: public SocketTest
{
};


TEST_F(ClassAuthConnectedTest, ConnectionIsKept)
{
	AuthServer server(Transport::PLAIN, basic());
	HTTPClientSession session(Poco::Net::StreamSocket(Poco::Net::SocketAddress("127.0.0.1", server.session()->getPort())));
	EXPECT_EQ(0, connect(session, PASSWORD));
}


TEST_F(ClassAuthConnectedTest, ConnectionIsClosed)
{
	// There is no way to make a new one
	AuthServer server(Transport::PLAIN, basic(), [](const HTTPServerRequest&, HTTPServerResponse& response)
	{
		response.setKeepAlive(false);
		fixedBody(response, 0);
	});
	HTTPClientSession session(Poco::Net::StreamSocket(Poco::Net::SocketAddress("127.0.0.1", server.session()->getPort())));
	EXPECT_EQ(WebSocket::WS_ERR_UNAUTHORIZED, connect(session, PASSWORD));
	EXPECT_EQ(1, server.requests);
}


//
// NTLM
//
namespace
{
	using Bytes = std::vector<unsigned char>;

	const std::string DOMAIN_NAME("DOMAIN");
	const Bytes CHALLENGE = {1, 2, 3, 4, 5, 6, 7, 8};

	void append(Bytes& bytes, Poco::UInt32 number, int size)
	{
		for (int i = 0; i < size; ++i) bytes.push_back(static_cast<unsigned char>(number >> 8*i));
	}

	Bytes utf16(const std::string& ascii)
	{
		Bytes result;
		for (char c: ascii) append(result, static_cast<unsigned char>(c), 2);
		return result;
	}

	std::string challengeMessage()
		/// Type 2 ([MS-NLMP], 2.2.1.2), in base64.
	{
		const Bytes target = utf16(DOMAIN_NAME);
		Bytes info;
		append(info, 2, 2); // MsvAvNbDomainName
		append(info, static_cast<Poco::UInt32>(target.size()), 2);
		info.insert(info.end(), target.begin(), target.end());
		append(info, 0, 4); // MsvAvEOL

		const Poco::UInt32 flags = NTLMCredentials::NTLM_FLAG_NEGOTIATE_UNICODE | NTLMCredentials::NTLM_FLAG_NEGOTIATE_NTLM |
			NTLMCredentials::NTLM_FLAG_NEGOTIATE_NTLM2_KEY | NTLMCredentials::NTLM_FLAG_TARGET_DOMAIN | NTLMCredentials::NTLM_FLAG_NEGOTIATE_TARGET;
		constexpr Poco::UInt32 HEADER = 48;
		const Poco::UInt32 targetSize = static_cast<Poco::UInt32>(target.size());
		const Poco::UInt32 infoSize = static_cast<Poco::UInt32>(info.size());
		Bytes message = {'N', 'T', 'L', 'M', 'S', 'S', 'P', 0};
		append(message, NTLMCredentials::NTLM_MESSAGE_TYPE_CHALLENGE, 4);
		append(message, targetSize | targetSize << 16, 4);
		append(message, HEADER, 4);
		append(message, flags, 4);
		message.insert(message.end(), CHALLENGE.begin(), CHALLENGE.end());
		append(message, 0, 4); // reserved
		append(message, 0, 4);
		append(message, infoSize | infoSize << 16, 4);
		append(message, HEADER + targetSize, 4);
		message.insert(message.end(), target.begin(), target.end());
		message.insert(message.end(), info.begin(), info.end());
		return NTLMCredentials::toBase64(message);
	}

	Bytes messageOf(const std::string& requestHead)
		/// The client's message.
	{
		const HTTPRequest request = parseRequest(requestHead);
		const std::string authorization = request.get("Authorization", "");
		if (authorization.compare(0, 5, "NTLM ") != 0) return {};
		return NTLMCredentials::fromBase64(authorization.substr(5));
	}

	int typeOf(const Bytes& message)
	{
		if (message.size() < 12 || std::string(message.begin(), message.begin() + 8) != std::string("NTLMSSP\0", 8)) return 0;
		return message[8];
	}

	Bytes field(const Bytes& message, std::size_t at)
		/// The content of a field, whose description is at that position.
	{
		if (at + 8 > message.size()) return {};
		const std::size_t length = message[at] | std::size_t(message[at + 1]) << 8;
		const std::size_t offset = message[at + 4] | std::size_t(message[at + 5]) << 8;
		if (offset + length > message.size()) return {};
		return Bytes(message.begin() + static_cast<std::ptrdiff_t>(offset), message.begin() + static_cast<std::ptrdiff_t>(offset + length));
	}

	bool verify(const Bytes& authenticate, const std::string& password)
		/// Checks the NTLMv2 response ([MS-NLMP], 3.3.2) and the user in a message of type 3.
	{
		const Bytes response = field(authenticate, 20);
		if (response.size() < 16 || field(authenticate, 36) != utf16(USER)) return false;
		const Bytes hash = NTLMCredentials::createNTLMv2Hash(USER, DOMAIN_NAME, password);
		Poco::HMACEngine<Poco::MD5Engine> engine(reinterpret_cast<const char*>(hash.data()), hash.size());
		engine.update(CHALLENGE.data(), CHALLENGE.size());
		engine.update(response.data() + 16, response.size() - 16);
		const Poco::DigestEngine::Digest& proof = engine.digest();
		return std::equal(proof.begin(), proof.end(), response.begin());
	}

	void serveNTLM(ScriptedServer& server)
		/// Three requests on one connection.
	{
		RawPeer peer = server.accept();
		EXPECT_EQ(0, lines(receiveRequest(peer), "Authorization"));
		peer.send(response(401, "WWW-Authenticate: NTLM\r\n", "Who are you?"));

		EXPECT_EQ(1, typeOf(messageOf(receiveRequest(peer))));
		peer.send(response(401, "WWW-Authenticate: NTLM " + challengeMessage() + "\r\n", "Prove it."));

		const std::string head = receiveRequest(peer);
		const Bytes message = messageOf(head);
		EXPECT_EQ(3, typeOf(message));
		if (verify(message, "password"))
		{
			peer.send(handshakeResponse(head));
			echoOnce(peer);
			peer.send(frame(0x88, peer.receiveFrame().payload, false));
		}
		else
		{
			peer.send(response(401, "WWW-Authenticate: NTLM\r\n", "No."));
			EXPECT_TRUE(peer.atEnd()) << "no further request";
		}
	}
}


class ClassAuthNTLMTest: public TransportTest
{
};


TEST_P(ClassAuthNTLMTest, RightPassword)
{
	ScriptedServer server(GetParam(), serveNTLM);
	EXPECT_EQ(0, connect(*server.session(), "password"));
	server.finish();
}


TEST_P(ClassAuthNTLMTest, WrongPassword)
{
	ScriptedServer server(GetParam(), serveNTLM);
	EXPECT_EQ(WebSocket::WS_ERR_UNAUTHORIZED, connect(*server.session(), "wrong"));
	server.finish();
}


INSTANTIATE_TEST_SUITE_P(All, ClassAuthNTLMTest, ::testing::Values(Transport::PLAIN, Transport::TLS), transportName);
