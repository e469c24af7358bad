//
// MessageNegotiationTest.cpp
//
// Subprotocols, Origin, the hook, authentication, and what must not get into a header.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "support/MessageSupport.h"
#include "Poco/Net/WebSocketAuth.h"


using namespace WebSocketTest;
using Poco::Net::HTTPRequest;
using Poco::Net::HTTPResponse;
using Poco::Net::HTTPServerRequest;
using Poco::Net::HTTPServerResponse;
using Poco::Net::WebSocket;
using Poco::Net::WebSocketAuth;
using Poco::Net::WebSocketParams;


namespace
{
	class WebSocketMessageNegotiationTest: public SocketTest
	{
	};

	class WebSocketMessageOriginTest: public SocketTest
	{
	};

	std::string requestFrom(const std::string& host, const std::string& headers)
	{
		std::string request = handshakeRequest("/", headers);
		const std::size_t begin = request.find("Host: ") + 6;
		return request.replace(begin, request.find("\r\n", begin) - begin, host);
	}

	ParamsPtr speaking(const std::vector<std::string>& subprotocols)
	{
		ParamsPtr pParams = new WebSocketParams;
		pParams->setSubprotocols(subprotocols);
		return pParams;
	}

	ParamsPtr hooked(const WebSocketParams::Hook& hook)
	{
		ParamsPtr pParams = new WebSocketParams;
		pParams->setHook(hook);
		return pParams;
	}
}


//
// Subprotocols
//
TEST_F(WebSocketMessageNegotiationTest, ServerChoosesSubprotocol)
{
	struct Row
	{
		std::vector<std::string> spoken;
		std::string headers;
		std::string chosen;
	};
	const std::string name = "Sec-WebSocket-Protocol: ";
	const std::vector<Row> rows =
	{
		{{}, "", ""}, {{}, name + "chat\r\n", ""}, {{"chat"}, "", ""}, {{"chat"}, name + "chat\r\n", "chat"},
		{{"chat"}, name + "Chat\r\n", ""}, {{"a", "b"}, name + "b, a\r\n", "b"}, {{"a", "b"}, name + "x,y ,  a\r\n", "a"},
		{{"a", "b"}, name + "x\r\n" + name + "b\r\n", "b"}, {{"a"}, name + "ab, a.b\r\n", ""}
	};
	for (const Row& row: rows)
	{
		SCOPED_TRACE(row.headers);
		const Answer answer = ask(speaking(row.spoken), handshakeRequest("/", row.headers));
		EXPECT_EQ(101, answer.status());
		EXPECT_EQ(row.chosen, answer.subprotocol);
		EXPECT_EQ(row.chosen.empty() ? 0 : 1, lines(answer.text, "Sec-WebSocket-Protocol"));
		if (!row.chosen.empty())
		{
			EXPECT_EQ(row.chosen, value(answer.text, "Sec-WebSocket-Protocol"));
		}
	}
}


TEST_F(WebSocketMessageNegotiationTest, ClientWantsSubprotocol)
{
	const Opened one = open(speaking({"b", "a"}), "Sec-WebSocket-Protocol: a\r\n");
	EXPECT_EQ(0, one.error);
	EXPECT_EQ("b, a", value(one.request, "Sec-WebSocket-Protocol"));
	EXPECT_EQ("a", one.subprotocol);

	const Opened none = open(speaking({"a"}), "");
	EXPECT_EQ(0, none.error);
	EXPECT_EQ("", none.subprotocol);

	EXPECT_EQ(0, lines(open(speaking({}), "").request, "Sec-WebSocket-Protocol"));
	for (const std::string& given: std::vector<std::string>{"c", "A", "a, b", "a\r\nSec-WebSocket-Protocol: b"})
		EXPECT_EQ(WebSocket::WS_ERR_HANDSHAKE_SUBPROTOCOL, open(speaking({"a", "b"}), "Sec-WebSocket-Protocol: " + given + "\r\n").error) << given;
	EXPECT_EQ(WebSocket::WS_ERR_HANDSHAKE_SUBPROTOCOL, open(speaking({}), "Sec-WebSocket-Protocol: a\r\n").error);
	EXPECT_EQ(WebSocket::WS_ERR_HANDSHAKE_EXTENSION, open(new WebSocketParams, "Sec-WebSocket-Extensions: permessage-deflate\r\n").error);
}


TEST_F(WebSocketMessageNegotiationTest, SubprotocolOfBoth)
{
	Couple couple(Transport::PLAIN, speaking({"x", "y", "z"}), speaking({"w", "z", "x"}));
	EXPECT_EQ("z", couple.server.subprotocol());
	EXPECT_EQ("z", couple.client.subprotocol());
}


//
// Origin
//
TEST_F(WebSocketMessageOriginTest, SameHostByDefault)
{
	struct Row
	{
		std::string host;
		std::string origin; // "-": none
		bool allowed;
	};
	const std::vector<Row> rows =
	{
		{"example.com", "-", true},
		{"example.com", "http://example.com", true}, {"example.com", "https://example.com", true},
		{"example.com", "HTTP://EXAMPLE.com", true}, {"Example.COM", "http://example.com", true},
		{"example.com:80", "http://example.com", true}, {"example.com", "http://example.com:80", true},
		{"example.com:443", "https://example.com", true}, {"example.com", "https://example.com:443", true},
		{"example.com:8080", "http://example.com:8080", true}, {"127.0.0.1:9980", "http://127.0.0.1:9980", true},
		{"[::1]:9980", "http://[::1]:9980", true}, {"[::1]", "http://[::1]", true},
		{"example.com:8080", "http://example.com", false}, {"example.com", "http://example.com:8080", false},
		{"example.com:8080", "http://example.com:8081", false}, {"example.com:80", "http://example.com:443", false},
		{"[::1]:9980", "http://[::1]:9981", false}, {"[::1]", "http://[::2]", false}, {"[::1]:80", "http://::1:80", false},
		{"example.com", "http://other.com", false}, {"example.com", "http://www.example.com", false}, {"www.example.com", "http://example.com", false},
		{"example.com", "http://example.com.evil.org", false}, {"example.com", "http://evilexample.com", false}, {"example.com", "http://example.co", false},
		{"example.com", "http://example.com@evil.org", false}, {"example.com", "http://evil.org/example.com", false}, {"example.com", "http://evil.org#example.com", false},
		{"example.com", "http://evil.org?http://example.com", false}, {"example.com", "http://user@example.com", false}, {"example.com", "http://example.com/", false},
		{"example.com", "http://example.com\\.evil.org", false}, {"example.com", "http://example.com:", false}, {"example.com", "http://example.com:x", false},
		{"example.com:8080", "http://example.com:80800", false}, {"example.com:8080", "http://example.com:08080", false},
		{"example.com", "null", false}, {"null", "null", false}, {"example.com", "", false}, {"example.com", "example.com", false}, {"example.com", "//example.com", false},
		{"example.com", "*", false}, {"example.com", "http://", false}, {"example.com", "http://example.com http://evil.org", false},
		{"example.com", "http://evil.org, http://example.com", false}
	};
	for (const Row& row: rows)
	{
		SCOPED_TRACE(row.host + " from " + row.origin);
		const Answer answer = ask(new WebSocketParams, requestFrom(row.host, row.origin == "-" ? "" : "Origin: " + row.origin + "\r\n"));
		EXPECT_EQ(row.allowed ? 101 : 403, answer.status());
		EXPECT_EQ(row.allowed ? 0 : WebSocket::WS_ERR_HANDSHAKE_REFUSED, answer.error);
	}
}


TEST_F(WebSocketMessageOriginTest, TwoOriginLines)
{
	const std::string request = requestFrom("example.com", "Origin: http://example.com\r\nOrigin: http://evil.org\r\n");
	EXPECT_EQ(403, ask(new WebSocketParams, request).status());

	ParamsPtr pParams = new WebSocketParams;
	pParams->setOriginCheck([](const std::string& origin, const HTTPServerRequest&) { return origin == "http://example.com"; });
	EXPECT_EQ(403, ask(pParams, request).status()) << "the callback sees one of them only";
}


TEST_F(WebSocketMessageOriginTest, AllowList)
{
	ParamsPtr pParams = new WebSocketParams;
	pParams->setAllowedOrigins({"https://app.example.org", "http://localhost:3000"});
	const auto status = [&](const std::string& origin) { return ask(pParams, requestFrom("example.com", "Origin: " + origin + "\r\n")).status(); };
	for (const std::string& origin: std::vector<std::string>{"https://app.example.org", "HTTPS://app.example.ORG", "http://localhost:3000", "http://example.com"}) EXPECT_EQ(101, status(origin)) << origin;
	for (const std::string& origin: std::vector<std::string>{"http://app.example.org", "https://app.example.org:444", "https://app.example.org.evil.org", "https://xapp.example.org", "http://localhost", "null"})
		EXPECT_EQ(403, status(origin)) << origin;

	pParams->setAllowedOrigins({"*"});
	for (const std::string& origin: std::vector<std::string>{"https://anyone.org", "null"}) EXPECT_EQ(101, status(origin)) << origin;
}


TEST_F(WebSocketMessageOriginTest, Callback)
{
	ParamsPtr pParams = new WebSocketParams;
	std::vector<std::string> asked;
	pParams->setOriginCheck([&](const std::string& origin, const HTTPServerRequest& request)
	{
		asked.push_back(origin + " " + request.getURI());
		return origin == "null";
	});
	EXPECT_EQ(101, ask(pParams, requestFrom("example.com", "Origin: null\r\n")).status());
	EXPECT_EQ(403, ask(pParams, requestFrom("example.com", "Origin: http://example.com\r\n")).status()); // decides instead of the list
	EXPECT_EQ(101, ask(pParams, handshakeRequest()).status());
	EXPECT_EQ((std::vector<std::string>{"null /", "http://example.com /"}), asked);
}


TEST_F(WebSocketMessageOriginTest, DropInServerDoesNotCheck)
{
	for (const std::string& origin: std::vector<std::string>{"null", "http://evil.org", "x"})
		EXPECT_EQ(101, ask(ParamsPtr(), requestFrom("example.com", "Origin: " + origin + "\r\n")).status());
}


//
// Hook
//
TEST_F(WebSocketMessageNegotiationTest, HookAccepts)
{
	const ParamsPtr pParams = hooked([](HTTPServerRequest& request, HTTPServerResponse& response)
	{
		EXPECT_EQ("/path?q", request.getURI());
		response.set("X-Session", "42");
		return true;
	});
	const Answer answer = ask(pParams, handshakeRequest("/path?q"));
	EXPECT_EQ(101, answer.status());
	EXPECT_EQ("42", value(answer.text, "X-Session"));
}


TEST_F(WebSocketMessageNegotiationTest, HookRefuses)
{
	for (int status: {0, 400, 401, 404, 429, 500, 503})
	{
		SCOPED_TRACE(status);
		const ParamsPtr pParams = hooked([status](HTTPServerRequest&, HTTPServerResponse& response)
		{
			if (status != 0) response.setStatusAndReason(static_cast<HTTPResponse::HTTPStatus>(status));
			if (status == 401) WebSocketAuth::challenge(response, "Basic", "chat");
			response.set("Retry-After", "7");
			return false;
		});
		const Answer answer = ask(pParams, handshakeRequest());
		EXPECT_EQ(status == 0 ? 403 : status, answer.status());
		EXPECT_EQ(WebSocket::WS_ERR_HANDSHAKE_REFUSED, answer.error);
		EXPECT_EQ("7", value(answer.text, "Retry-After"));
		EXPECT_EQ(0, lines(answer.text, "Sec-WebSocket-Accept"));
		if (status == 401)
		{
			EXPECT_EQ("Basic realm=\"chat\"", value(answer.text, "WWW-Authenticate"));
		}
	}
}


TEST_F(WebSocketMessageNegotiationTest, HookIsForValidRequestsOnly)
{
	bool called = false;
	const ParamsPtr pParams = hooked([&](HTTPServerRequest&, HTTPServerResponse&) { return called = true; });
	EXPECT_EQ(403, ask(pParams, handshakeRequest("/", "Origin: null\r\n")).status());
	std::string request = handshakeRequest();
	EXPECT_EQ(426, ask(pParams, request.replace(request.find("Version: 13"), 11, "Version: 12")).status());
	EXPECT_FALSE(called);
}


TEST_F(WebSocketMessageNegotiationTest, Authentication)
{
	const ParamsPtr pBasic = hooked([](HTTPServerRequest& request, HTTPServerResponse& response)
	{
		return WebSocketAuth::basic(request, "Aladdin", "open sesame") || WebSocketAuth::challenge(response, "Basic", "cave");
	});
	const ParamsPtr pBearer = hooked([](HTTPServerRequest& request, HTTPServerResponse& response)
	{
		return WebSocketAuth::bearer(request, "token-123") || WebSocketAuth::challenge(response, "Bearer", "cave");
	});
	const auto status = [](const ParamsPtr& pParams, const std::string& credentials)
	{
		return ask(pParams, handshakeRequest("/", credentials.empty() ? "" : "Authorization: " + credentials + "\r\n")).status();
	};
	EXPECT_EQ(101, status(pBasic, "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="));
	for (const std::string& wrong: std::vector<std::string>{"", "Basic", "Basic ", "Basic QWxhZGRpbjo=", "Basic QWxhZGRpbg==", "Basic OnNlc2FtZQ==", "Basic !!!!", "Bearer token-123"})
		EXPECT_EQ(401, status(pBasic, wrong)) << wrong;
	EXPECT_EQ(101, status(pBearer, "Bearer token-123"));
	EXPECT_EQ(101, status(pBearer, "bearer token-123"));
	for (const std::string& wrong: std::vector<std::string>{"", "Bearer", "Bearer ", "Bearer token-12", "Bearer token-1234", "Bearer token-123token-123", "Bearer Token-123", "Basic token-123"})
		EXPECT_EQ(401, status(pBearer, wrong)) << wrong;
	EXPECT_TRUE(WebSocketAuth::equal("", ""));
	EXPECT_FALSE(WebSocketAuth::equal("", "x"));
	EXPECT_FALSE(WebSocketAuth::equal("x", ""));
	EXPECT_FALSE(WebSocketAuth::equal(std::string("\0", 1), ""));
}


//
// Injection
//
namespace
{
	const std::vector<std::string> INJECTIONS = {"a\r\nEvil: 1", "a\nEvil: 1", "a\rEvil: 1", std::string("a\0b", 3), "\r\n\r\n", "a\r\n"};

	bool refused(const std::function<void (HTTPRequest&)>& change)
		/// Returns true if a request with that is not sent.
	{
		Poco::Net::ServerSocket listener(Poco::Net::SocketAddress("127.0.0.1", 0));
		Poco::Net::HTTPClientSession session("127.0.0.1", listener.address().port());
		HTTPRequest request(HTTPRequest::HTTP_GET, "/", HTTPRequest::HTTP_1_1);
		HTTPResponse httpResponse;
		change(request);
		ParamsPtr pParams = new WebSocketParams;
		pParams->setHandshakeTimeout(Poco::Timespan(200000));
		try
		{
			WebSocket ws(session, request, httpResponse, pParams);
		}
		catch (const Poco::TimeoutException&)
		{
			return false;
		}
		catch (const Poco::Exception&)
		{
		}
		return !listener.poll(0, Poco::Net::Socket::SELECT_READ);
	}
}


TEST_F(WebSocketMessageNegotiationTest, NoInjectionIntoRequest)
{
	for (const std::string& bad: INJECTIONS)
	{
		SCOPED_TRACE(::testing::PrintToString(bad));
		EXPECT_TRUE(refused([&](HTTPRequest& request) { request.set("X-Field", bad); }));
		EXPECT_TRUE(refused([&](HTTPRequest& request) { request.set("Origin", bad); }));
		EXPECT_TRUE(refused([&](HTTPRequest& request) { request.set("Host", bad); }));
		EXPECT_TRUE(refused([&](HTTPRequest& request) { request.set(bad, "x"); }));
		EXPECT_TRUE(refused([&](HTTPRequest& request) { request.setURI("/" + bad); })) << "in the URI";
	}
}


TEST_F(WebSocketMessageNegotiationTest, NoInjectionIntoResponse)
{
	for (const std::string& bad: INJECTIONS)
	{
		for (bool accept: {true, false})
		{
			for (int where: {0, 1, 2})
			{
				if (accept && where == 2) continue;
				SCOPED_TRACE(::testing::PrintToString(bad) + std::to_string(accept) + std::to_string(where));
				const Answer answer = ask(hooked([&](HTTPServerRequest&, HTTPServerResponse& httpResponse)
				{
					if (where == 0) httpResponse.set("X-Field", bad);
					if (where == 1) httpResponse.set("X-" + bad, "x");
					if (where == 2) httpResponse.setStatusAndReason(HTTPResponse::HTTP_TOO_MANY_REQUESTS, bad);
					return accept;
				}), handshakeRequest());
				EXPECT_NE(101, answer.status());
				EXPECT_EQ(0, lines(answer.text, "Evil"));
				EXPECT_EQ(std::string::npos, answer.text.substr(0, answer.text.find("\r\n\r\n")).find('\0'));
			}
		}
	}
}
