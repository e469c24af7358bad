//
// HandshakeTest.cpp
//
// Library: PocoWebSocket
// Package: Tests
// Module:  WebSocketHandshakeTest
//
// The opening handshake (RFC 6455, 4 and 11.3), both sides.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "support/CoreAllocations.h"
#include "core/Handshake.h"
#include <gtest/gtest.h>
#include <sstream>
#include <string>
#include <utility>
#include <vector>


using Poco::Net::HTTPMessage;
using Poco::Net::HTTPRequest;
using Poco::Net::HTTPResponse;
using Poco::Net::MessageHeader;
using Poco::Net::WebSocketError;
using Poco::Net::WebSocketHandshake;


namespace
{
	using Lines = std::vector<std::string>;
	using Verdict = WebSocketHandshake::Verdict;

	const std::string SAMPLE_KEY    = "dGhlIHNhbXBsZSBub25jZQ==";     // 1.3
	const std::string SAMPLE_ACCEPT = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="; // 1.3

	void setLines(MessageHeader& header, const std::string& field, const Lines& lines)
		/// These lines, and no others, with that name.
	{
		header.erase(field);
		for (const std::string& line: lines) header.add(field, line);
	}

	HTTPRequest sampleRequest()
		/// 1.2
	{
		HTTPRequest request(HTTPRequest::HTTP_GET, "/chat", HTTPMessage::HTTP_1_1);
		request.set("Host", "server.example.com");
		request.set("Upgrade", "websocket");
		request.set("Connection", "Upgrade");
		request.set("Sec-WebSocket-Key", SAMPLE_KEY);
		request.set("Origin", "http://example.com");
		request.set("Sec-WebSocket-Protocol", "chat, superchat");
		request.set("Sec-WebSocket-Version", "13");
		return request;
	}

	HTTPResponse sampleResponse()
		/// 1.2
	{
		HTTPResponse response(HTTPMessage::HTTP_1_1, HTTPResponse::HTTP_SWITCHING_PROTOCOLS);
		response.set("Upgrade", "websocket");
		response.set("Connection", "Upgrade");
		response.set("Sec-WebSocket-Accept", SAMPLE_ACCEPT);
		response.set("Sec-WebSocket-Protocol", "chat");
		return response;
	}

	Lines linesOf(const MessageHeader& header, const std::string& field)
	{
		Lines result;
		for (const auto& line: header)
		{
			if (Poco::icompare(line.first, field) == 0) result.push_back(line.second);
		}
		return result;
	}

	void expectOneLine(const std::string& text)
	{
		EXPECT_FALSE(text.empty());
		EXPECT_EQ(std::string::npos, text.find_first_of("\r\n"));
	}

	constexpr auto NONE         = WebSocketError::NONE;
	constexpr auto NO_HANDSHAKE = WebSocketError::NO_HANDSHAKE;
	constexpr auto NO_VERSION   = WebSocketError::HANDSHAKE_NO_VERSION;
	constexpr auto BAD_VERSION  = WebSocketError::HANDSHAKE_UNSUPPORTED_VERSION;
	constexpr auto BAD_KEY      = WebSocketError::HANDSHAKE_NO_KEY;
	constexpr auto BAD_ACCEPT   = WebSocketError::HANDSHAKE_ACCEPT;

	struct FieldRow
		/// A handshake in which one field has other lines than in the sample.
	{
		const char* rule;
		const char* field;
		Lines lines;
		WebSocketError::Code error;
		int status;
	};

	const FieldRow REQUESTS[] =
	{
		{"4.2.1 (2) no Host", "Host", {}, NO_HANDSHAKE, 400},
		{"4.2.1 (3) no Upgrade", "Upgrade", {}, NO_HANDSHAKE, 400},
		{"4.2.1 (3) empty Upgrade", "Upgrade", {""}, NO_HANDSHAKE, 400},
		{"4.2.1 (3) another protocol", "Upgrade", {"h2c"}, NO_HANDSHAKE, 400},
		{"4.2.1 (3) a longer name", "Upgrade", {"websockets"}, NO_HANDSHAKE, 400},
		{"4.2.1 (3) two names, no list", "Upgrade", {"h2c websocket"}, NO_HANDSHAKE, 400},
		{"4.2.1 (3) any case", "Upgrade", {"WebSocket"}, NONE, 101},
		{"4.2.1 (3) in a list", "Upgrade", {"h2c, websocket"}, NONE, 101},
		{"4.2.1 (3) in a list without spaces", "Upgrade", {"websocket,h2c"}, NONE, 101},
		{"4.2.1 (3) in the second line", "Upgrade", {"h2c", "websocket"}, NONE, 101},
		{"4.2.1 (4) no Connection", "Connection", {}, NO_HANDSHAKE, 400},
		{"4.2.1 (4) empty Connection", "Connection", {""}, NO_HANDSHAKE, 400},
		{"4.2.1 (4) keep-alive only", "Connection", {"keep-alive"}, NO_HANDSHAKE, 400},
		{"4.2.1 (4) a longer name", "Connection", {"Upgraded"}, NO_HANDSHAKE, 400},
		{"4.2.1 (4) inside a quoted string", "Connection", {"\"keep-alive, Upgrade\""}, NO_HANDSHAKE, 400},
		{"4.2.1 (4) any case", "Connection", {"uPGRADE"}, NONE, 101},
		{"4.2.1 (4) Firefox", "Connection", {"keep-alive, Upgrade"}, NONE, 101},
		{"4.2.1 (4) tabs, spaces, empty elements", "Connection", {" ,, \tkeep-alive\t,,Upgrade ,"}, NONE, 101},
		{"4.2.1 (4) in several lines", "Connection", {"keep-alive", "x, y", "Upgrade"}, NONE, 101},
		{"4.2.1 (5) no key", "Sec-WebSocket-Key", {}, BAD_KEY, 400},
		{"4.2.1 (5) empty key", "Sec-WebSocket-Key", {""}, BAD_KEY, 400},
		{"4.2.1 (5) a key of spaces", "Sec-WebSocket-Key", {"  "}, BAD_KEY, 400},
		{"4.2.1 (5) key abc", "Sec-WebSocket-Key", {"abc"}, BAD_KEY, 400},
		{"4.2.1 (5) key !!!!", "Sec-WebSocket-Key", {"!!!!"}, BAD_KEY, 400},
		{"4.2.1 (5) 15 bytes", "Sec-WebSocket-Key", {"dGhlIHNhbXBsZSBub25j"}, BAD_KEY, 400},
		{"4.2.1 (5) 17 bytes", "Sec-WebSocket-Key", {"dGhlIHNhbXBsZSBub25jZWU="}, BAD_KEY, 400},
		{"4.2.1 (5) 18 bytes", "Sec-WebSocket-Key", {"dGhlIHNhbXBsZSBub25jZWVl"}, BAD_KEY, 400},
		{"4.2.1 (5) spaces around a key", "Sec-WebSocket-Key", {" " + SAMPLE_KEY + "\t"}, NONE, 101},
		{"11.3.1 two keys", "Sec-WebSocket-Key", {SAMPLE_KEY, SAMPLE_KEY}, BAD_KEY, 400},
		{"11.3.1 two keys in a line", "Sec-WebSocket-Key", {SAMPLE_KEY + ", " + SAMPLE_KEY}, BAD_KEY, 400},
		{"4.2.1 (6) no version", "Sec-WebSocket-Version", {}, NO_VERSION, 400},
		{"4.2.1 (6) empty version", "Sec-WebSocket-Version", {""}, NO_VERSION, 400},
		{"4.4 version 0", "Sec-WebSocket-Version", {"0"}, BAD_VERSION, 426},
		{"4.4 version 8", "Sec-WebSocket-Version", {"8"}, BAD_VERSION, 426},
		{"4.4 version 14", "Sec-WebSocket-Version", {"14"}, BAD_VERSION, 426},
		{"4.4 version 255", "Sec-WebSocket-Version", {"255"}, BAD_VERSION, 426},
		{"11.6 version 013", "Sec-WebSocket-Version", {"013"}, BAD_VERSION, 426},
		{"11.6 no number", "Sec-WebSocket-Version", {"thirteen"}, BAD_VERSION, 426},
		{"11.3.5 a request asks for one version", "Sec-WebSocket-Version", {"13, 8"}, BAD_VERSION, 426},
		{"4.2.1 (6) spaces around the version", "Sec-WebSocket-Version", {" 13\t"}, NONE, 101},
		{"11.3.5 two versions", "Sec-WebSocket-Version", {"13", "8"}, BAD_VERSION, 400},
		{"11.3.5 two equal versions", "Sec-WebSocket-Version", {"13", "13"}, BAD_VERSION, 400},
		{"4.2.1 (7) no Origin", "Origin", {}, NONE, 101},
		{"4.2.1 (8) no subprotocols", "Sec-WebSocket-Protocol", {}, NONE, 101},
		{"4.2.1 (9) extensions", "Sec-WebSocket-Extensions", {"foo; a=1, bar"}, NONE, 101},
		{"4.2.1 (10) other fields", "Cookie", {"a=b"}, NONE, 101}
	};

	const FieldRow RESPONSES[] =
	{
		{"4.1 (2) no Upgrade", "Upgrade", {}, NO_HANDSHAKE, 101},
		{"4.1 (2) another protocol", "Upgrade", {"h2c"}, NO_HANDSHAKE, 101},
		{"4.1 (2) any case", "Upgrade", {"WebSocket"}, NONE, 101},
		{"4.1 (2) in a list", "Upgrade", {"h2c, websocket"}, NONE, 101},
		{"4.1 (3) no Connection", "Connection", {}, NO_HANDSHAKE, 101},
		{"4.1 (3) keep-alive only", "Connection", {"keep-alive"}, NO_HANDSHAKE, 101},
		{"4.1 (3) any case", "Connection", {"upgrade"}, NONE, 101},
		{"4.1 (3) in a list", "Connection", {"keep-alive, Upgrade"}, NONE, 101},
		{"4.1 (3) in the second line", "Connection", {"keep-alive", "Upgrade"}, NONE, 101},
		{"4.1 (4) no Sec-WebSocket-Accept", "Sec-WebSocket-Accept", {}, BAD_ACCEPT, 101},
		{"4.1 (4) empty", "Sec-WebSocket-Accept", {""}, BAD_ACCEPT, 101},
		{"4.1 (4) the key itself", "Sec-WebSocket-Accept", {SAMPLE_KEY}, BAD_ACCEPT, 101},
		{"4.1 (4) another case", "Sec-WebSocket-Accept", {"S3pPLMBiTxaQ9kYGzzhZRbK+xOo="}, BAD_ACCEPT, 101},
		{"4.1 (4) more than that", "Sec-WebSocket-Accept", {SAMPLE_ACCEPT + "="}, BAD_ACCEPT, 101},
		{"4.1 (4) spaces around it are ignored", "Sec-WebSocket-Accept", {" " + SAMPLE_ACCEPT + "\t"}, NONE, 101},
		{"11.3.3 twice", "Sec-WebSocket-Accept", {SAMPLE_ACCEPT, SAMPLE_ACCEPT}, BAD_ACCEPT, 101}
	};
}


TEST(WebSocketHandshakeTest, Section1_2_Samples)
{
	const HTTPRequest request = sampleRequest();
	EXPECT_TRUE(WebSocketHandshake::checkRequest(request).ok());
	EXPECT_EQ(HTTPResponse::HTTP_SWITCHING_PROTOCOLS, WebSocketHandshake::checkRequest(request).status);
	EXPECT_EQ("", WebSocketHandshake::checkRequest(request).text);
	const HTTPResponse response = sampleResponse();
	EXPECT_TRUE(WebSocketHandshake::checkResponse(response, SAMPLE_KEY).ok());
	EXPECT_TRUE(WebSocketHandshake::checkSelection(request, response).ok());
}


TEST(WebSocketHandshakeTest, Section4_2_1_Fields)
{
	for (const FieldRow& row: REQUESTS)
	{
		SCOPED_TRACE(row.rule);
		HTTPRequest request = sampleRequest();
		setLines(request, row.field, row.lines);
		const Verdict verdict = WebSocketHandshake::checkRequest(request);
		EXPECT_EQ(row.error, verdict.error);
		EXPECT_EQ(row.status, verdict.status);
		EXPECT_EQ(row.error == NONE, verdict.ok());
		if (row.error != NONE) expectOneLine(verdict.text);
	}
}


TEST(WebSocketHandshakeTest, Section4_2_1_RequestLine)
{
	struct Row
	{
		const char* rule;
		const char* method;
		const char* version;
		int status;
	};
	const Row rows[] =
	{
		{"4.2.1 (1) GET", "GET", "HTTP/1.1", 101},
		{"4.2.1 (1) higher", "GET", "HTTP/1.2", 101},
		{"4.2.1 (1) higher", "GET", "HTTP/2.0", 101},
		{"4.2.1 (1) HTTP/1.0", "GET", "HTTP/1.0", 400},
		{"4.2.1 (1) HTTP/0.9", "GET", "HTTP/0.9", 400},
		{"4.2.1 (1) no version", "GET", "", 400},
		{"4.2.1 (1) no HTTP version", "GET", "HTTP/1", 400},
		{"4.2.1 (1) another protocol", "GET", "HTCP/1.1", 400},
		{"4.2.1 (1) no dot", "GET", "HTTP/1,1", 400},
		{"4.2.1 (1) no major number", "GET", "HTTP/x.1", 400},
		{"4.2.1 (1) no minor number", "GET", "HTTP/1.x", 400},
		{"4.2.1 (1) POST", "POST", "HTTP/1.1", 405},
		{"4.2.1 (1) HEAD", "HEAD", "HTTP/1.1", 405},
		{"4.2.1 (1) PUT", "PUT", "HTTP/1.1", 405},
		{"4.2.1 (1) OPTIONS", "OPTIONS", "HTTP/1.1", 405},
		{"4.2.1 (1) CONNECT", "CONNECT", "HTTP/1.1", 405},
		{"4.2.1 (1) methods have a case", "get", "HTTP/1.1", 405},
		{"4.2.1 (1) POST, HTTP/1.0", "POST", "HTTP/1.0", 405}
	};
	for (const Row& row: rows)
	{
		SCOPED_TRACE(std::string(row.rule) + ": " + row.method + " " + row.version);
		HTTPRequest request = sampleRequest();
		request.setMethod(row.method);
		request.setVersion(row.version);
		const Verdict verdict = WebSocketHandshake::checkRequest(request);
		EXPECT_EQ(row.status, verdict.status);
		EXPECT_EQ(row.status == 101 ? NONE : NO_HANDSHAKE, verdict.error);
		if (row.status != 101) expectOneLine(verdict.text);
	}
}


TEST(WebSocketHandshakeTest, Section4_2_1_AsItComesFromTheWire)
{
	std::istringstream wire(
		"GET /chat?room=1 HTTP/1.1\r\n"
		"host: server.example.com\r\n"
		"connection: keep-alive,\r\n"
		"CONNECTION:   Upgrade  \r\n"
		"upgrade: h2c , WEBSOCKET\r\n"
		"sec-websocket-version:13\r\n"
		"SEC-WEBSOCKET-KEY: dGhlIHNhbXBsZSBub25jZQ==\r\n"
		"\r\n");
	HTTPRequest request;
	request.read(wire);
	EXPECT_TRUE(WebSocketHandshake::checkRequest(request).ok()) << WebSocketHandshake::checkRequest(request).text;
	HTTPResponse response;
	WebSocketHandshake::accept(request, "", "", response);
	EXPECT_EQ(SAMPLE_ACCEPT, response.get("Sec-WebSocket-Accept"));
}


TEST(WebSocketHandshakeTest, Section4_2_2_Accept)
{
	HTTPRequest request = sampleRequest();
	HTTPResponse response(HTTPMessage::HTTP_1_1, HTTPResponse::HTTP_OK);
	response.set("Sec-WebSocket-Protocol", "chat");
	response.set("Set-Cookie", "a=b");
	response.setContentLength(17);
	response.setContentType("text/html");
	response.setChunkedTransferEncoding(true);
	response.setKeepAlive(false);
	WebSocketHandshake::accept(request, "", "", response);
	EXPECT_EQ(101, response.getStatus());
	EXPECT_EQ("Switching Protocols", response.getReason());
	EXPECT_EQ(Lines{"websocket"}, linesOf(response, "Upgrade"));
	EXPECT_EQ(Lines{"Upgrade"}, linesOf(response, "Connection"));
	EXPECT_EQ(Lines{SAMPLE_ACCEPT}, linesOf(response, "Sec-WebSocket-Accept"));
	EXPECT_EQ("chat", response.get("Sec-WebSocket-Protocol"));
	EXPECT_EQ("a=b", response.get("Set-Cookie"));
	// RFC 7230, 3.3.1 and 3.3.2
	EXPECT_FALSE(response.has("Content-Length"));
	EXPECT_FALSE(response.has("Transfer-Encoding"));
	EXPECT_FALSE(response.has("Content-Type"));
	EXPECT_TRUE(WebSocketHandshake::checkResponse(response, SAMPLE_KEY).ok());

	request.set("Sec-WebSocket-Key", "  " + SAMPLE_KEY + " ");
	WebSocketHandshake::accept(request, "", "", response);
	EXPECT_EQ(Lines{SAMPLE_ACCEPT}, linesOf(response, "Sec-WebSocket-Accept"));
}


TEST(WebSocketHandshakeTest, Section4_2_2_AcceptOnTheWire)
{
	const HTTPRequest request = sampleRequest();
	const struct
	{
		const char* subprotocol;
		const char* extensions;
		const char* fields;
	}
	rows[] =
	{
		{"", "", ""},
		{"chat", "", "Sec-WebSocket-Protocol: chat\r\n"},
		{"", "permessage-deflate", "Sec-WebSocket-Extensions: permessage-deflate\r\n"},
		{"chat", "permessage-deflate; server_max_window_bits=10",
			"Sec-WebSocket-Protocol: chat\r\nSec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=10\r\n"}
	};
	for (const auto& row: rows)
	{
		SCOPED_TRACE(row.fields);
		std::string text = "before";
		WebSocketHandshake::accept(request, row.subprotocol, row.extensions, text);
		EXPECT_EQ("beforeHTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "
			+ SAMPLE_ACCEPT + "\r\n" + row.fields + "\r\n", text);

		HTTPResponse response;
		WebSocketHandshake::accept(request, row.subprotocol, row.extensions, response);
		std::ostringstream written;
		response.write(written);
		EXPECT_EQ("before" + written.str(), text);
	}
}


TEST(WebSocketHandshakeTest, Section4_2_2_Refuse)
{
	for (int status: {400, 405, 426})
	{
		SCOPED_TRACE(status);
		Verdict verdict;
		verdict.error  = NO_HANDSHAKE;
		verdict.status = static_cast<HTTPResponse::HTTPStatus>(status);
		verdict.text   = "Not like this";
		HTTPResponse response(HTTPMessage::HTTP_1_1, HTTPResponse::HTTP_OK);
		response.setChunkedTransferEncoding(true);
		response.setKeepAlive(true);
		response.set("Set-Cookie", "a=b");
		WebSocketHandshake::refuse(verdict, response);
		EXPECT_EQ(status, response.getStatus());
		EXPECT_EQ(HTTPResponse::getReasonForStatus(verdict.status), response.getReason());
		EXPECT_EQ(Lines{"13"}, linesOf(response, "Sec-WebSocket-Version"));
		EXPECT_EQ(Lines{"14"}, linesOf(response, "Content-Length")) << "the text and a line feed";
		EXPECT_EQ("text/plain", response.getContentType());
		EXPECT_FALSE(response.has("Transfer-Encoding"));
		EXPECT_FALSE(response.has("Sec-WebSocket-Accept"));
		EXPECT_EQ("a=b", response.get("Set-Cookie"));
		EXPECT_EQ(status == 405 ? Lines{"GET"} : Lines{}, linesOf(response, "Allow"));
		EXPECT_EQ(status == 426 ? Lines{"websocket"} : Lines{}, linesOf(response, "Upgrade"));
		EXPECT_EQ(1u, linesOf(response, "Connection").size());
		EXPECT_TRUE(WebSocketHandshake::hasToken(response, "Connection", "close"));
		EXPECT_EQ(status == 426, WebSocketHandshake::hasToken(response, "Connection", "Upgrade")) << "RFC 7230, 6.7";
	}
}


TEST(WebSocketHandshakeTest, Section4_1_Prepare)
{
	for (const char* version: {"HTTP/1.0", "HTTP/1.1"})
	{
		HTTPRequest request(HTTPRequest::HTTP_GET, "/chat", version);
		request.set("Host", "server.example.com");
		request.set("Origin", "http://example.com");
		request.set("Connection", "keep-alive");
		request.set("Sec-WebSocket-Version", "8");
		request.setChunkedTransferEncoding(true);
		WebSocketHandshake::prepare(request, SAMPLE_KEY);
		EXPECT_EQ("HTTP/1.1", request.getVersion());
		EXPECT_EQ(Lines{"websocket"}, linesOf(request, "Upgrade"));
		EXPECT_EQ(Lines{"Upgrade"}, linesOf(request, "Connection"));
		EXPECT_EQ(Lines{"13"}, linesOf(request, "Sec-WebSocket-Version"));
		EXPECT_EQ(Lines{SAMPLE_KEY}, linesOf(request, "Sec-WebSocket-Key"));
		EXPECT_EQ("http://example.com", request.get("Origin"));
		EXPECT_FALSE(request.has("Transfer-Encoding"));
		EXPECT_TRUE(WebSocketHandshake::checkRequest(request).ok());
	}
}


TEST(WebSocketHandshakeTest, Section4_1_ResponseFields)
{
	for (const FieldRow& row: RESPONSES)
	{
		SCOPED_TRACE(row.rule);
		HTTPResponse response = sampleResponse();
		setLines(response, row.field, row.lines);
		const Verdict verdict = WebSocketHandshake::checkResponse(response, SAMPLE_KEY);
		EXPECT_EQ(row.error, verdict.error);
		EXPECT_EQ(row.status, verdict.status);
		if (row.error != NONE) expectOneLine(verdict.text);
	}
}


TEST(WebSocketHandshakeTest, Section4_1_AnswerToAnotherKey)
{
	EXPECT_EQ(BAD_ACCEPT, WebSocketHandshake::checkResponse(sampleResponse(), "AAAAAAAAAAAAAAAAAAAAAA==").error);
}


TEST(WebSocketHandshakeTest, Section4_1_ResponseStatus)
{
	struct Row
	{
		int status;
		WebSocketError::Code error;
	};
	const Row rows[] =
	{
		{101, NONE}, {200, NO_HANDSHAKE}, {100, NO_HANDSHAKE}, {204, NO_HANDSHAKE}, {301, NO_HANDSHAKE}, {400, NO_HANDSHAKE},
		{401, WebSocketError::UNAUTHORIZED}, {403, NO_HANDSHAKE}, {404, NO_HANDSHAKE}, {407, NO_HANDSHAKE}, {426, NO_HANDSHAKE}, {500, NO_HANDSHAKE}, {503, NO_HANDSHAKE}
	};
	for (const Row& row: rows)
	{
		SCOPED_TRACE(row.status);
		HTTPResponse response = sampleResponse();
		response.setStatusAndReason(static_cast<HTTPResponse::HTTPStatus>(row.status));
		const Verdict verdict = WebSocketHandshake::checkResponse(response, SAMPLE_KEY);
		EXPECT_EQ(row.error, verdict.error);
		EXPECT_EQ(row.status, verdict.status);
		if (row.error != NONE) expectOneLine(verdict.text);
	}
	HTTPResponse response = sampleResponse();
	response.setStatusAndReason(HTTPResponse::HTTP_SERVICE_UNAVAILABLE, "Come back later");
	const std::string text = WebSocketHandshake::checkResponse(response, SAMPLE_KEY).text;
	EXPECT_NE(std::string::npos, text.find("503")) << text;
	EXPECT_NE(std::string::npos, text.find("Come back later")) << text;
}


TEST(WebSocketHandshakeTest, Section4_1_Selection)
{
	constexpr auto BAD_PROTOCOL  = WebSocketError::HANDSHAKE_SUBPROTOCOL;
	constexpr auto BAD_EXTENSION = WebSocketError::HANDSHAKE_EXTENSION;
	struct Row
	{
		const char* rule;
		const char* field;
		Lines offered;
		Lines chosen;
		WebSocketError::Code error;
	};
	const Row rows[] =
	{
		{"4.1 (6) nothing offered or chosen", "Sec-WebSocket-Protocol", {}, {}, NONE},
		{"4.1 (6) nothing chosen", "Sec-WebSocket-Protocol", {"chat, superchat"}, {}, NONE},
		{"4.1 (6) the first", "Sec-WebSocket-Protocol", {"chat, superchat"}, {"chat"}, NONE},
		{"4.1 (6) the second", "Sec-WebSocket-Protocol", {"chat, superchat"}, {"superchat"}, NONE},
		{"11.3.4 offered in several lines", "Sec-WebSocket-Protocol", {"chat", "superchat"}, {"superchat"}, NONE},
		{"4.1 (6) not offered", "Sec-WebSocket-Protocol", {"chat"}, {"superchat"}, BAD_PROTOCOL},
		{"4.1 (6) nothing offered", "Sec-WebSocket-Protocol", {}, {"chat"}, BAD_PROTOCOL},
		{"4.1 (6) names have a case", "Sec-WebSocket-Protocol", {"chat"}, {"Chat"}, BAD_PROTOCOL},
		{"11.3.4 two chosen in a line", "Sec-WebSocket-Protocol", {"chat, superchat"}, {"chat, superchat"}, BAD_PROTOCOL},
		{"11.3.4 two lines", "Sec-WebSocket-Protocol", {"chat, superchat"}, {"chat", "superchat"}, BAD_PROTOCOL},
		{"11.3.4 two equal lines", "Sec-WebSocket-Protocol", {"chat"}, {"chat", "chat"}, BAD_PROTOCOL},
		{"11.3.4 a subprotocol has no parameters", "Sec-WebSocket-Protocol", {"chat"}, {"chat;v=2"}, BAD_PROTOCOL},
		{"4.1 (5) no extension", "Sec-WebSocket-Extensions", {}, {}, NONE},
		{"4.1 (5) none chosen", "Sec-WebSocket-Extensions", {"foo"}, {}, NONE},
		{"4.1 (5) offered", "Sec-WebSocket-Extensions", {"foo"}, {"foo"}, NONE},
		{"4.1 (5) offered, with parameters", "Sec-WebSocket-Extensions", {"foo; a; b=1, bar"}, {"foo; a"}, NONE},
		{"4.1 (5) both", "Sec-WebSocket-Extensions", {"foo, bar; a=1"}, {"bar, foo"}, NONE},
		{"11.3.2 in several lines", "Sec-WebSocket-Extensions", {"foo", "bar"}, {"bar", "foo"}, NONE},
		{"4.1 (5) not offered", "Sec-WebSocket-Extensions", {"foo"}, {"bar"}, BAD_EXTENSION},
		{"4.1 (5) nothing offered", "Sec-WebSocket-Extensions", {}, {"permessage-deflate"}, BAD_EXTENSION},
		{"4.1 (5) one of two not offered", "Sec-WebSocket-Extensions", {"foo"}, {"foo, bar"}, BAD_EXTENSION},
		{"4.1 (5) one of two not offered, second line", "Sec-WebSocket-Extensions", {"foo"}, {"foo", "bar; a"}, BAD_EXTENSION},
		{"4.1 (5) a parameter is no extension", "Sec-WebSocket-Extensions", {"foo; bar"}, {"bar"}, BAD_EXTENSION},
		{"4.1 (5) a value is no extension", "Sec-WebSocket-Extensions", {"foo; a=\"1, bar\""}, {"bar"}, BAD_EXTENSION}
	};
	for (const Row& row: rows)
	{
		SCOPED_TRACE(row.rule);
		HTTPRequest request = sampleRequest();
		HTTPResponse response = sampleResponse();
		response.erase("Sec-WebSocket-Protocol");
		setLines(request, row.field, row.offered);
		setLines(response, row.field, row.chosen);
		const Verdict verdict = WebSocketHandshake::checkSelection(request, response);
		EXPECT_EQ(row.error, verdict.error);
		if (row.error != NONE) expectOneLine(verdict.text);
	}
}


TEST(WebSocketHandshakeTest, Section1_3_AcceptOfTheSampleKey)
{
	EXPECT_EQ(SAMPLE_ACCEPT, WebSocketHandshake::computeAccept(SAMPLE_KEY));
	EXPECT_EQ(SAMPLE_KEY, WebSocketHandshake::encodeKey(reinterpret_cast<const unsigned char*>("the sample nonce")));
}


TEST(WebSocketHandshakeTest, Section4_1_Keys)
{
	unsigned char bytes[WebSocketHandshake::KEY_LENGTH] = {};
	EXPECT_EQ("AAAAAAAAAAAAAAAAAAAAAA==", WebSocketHandshake::encodeKey(bytes));
	std::fill(std::begin(bytes), std::end(bytes), static_cast<unsigned char>(0xff));
	EXPECT_EQ("/////////////////////w==", WebSocketHandshake::encodeKey(bytes));
	for (unsigned i = 0; i < WebSocketHandshake::KEY_LENGTH; ++i) bytes[i] = static_cast<unsigned char>(i + 1);
	EXPECT_EQ("AQIDBAUGBwgJCgsMDQ4PEA==", WebSocketHandshake::encodeKey(bytes)); // 4.1's example
	EXPECT_EQ("lRjUQ5rg9qYbALHSmbzMTQ==", WebSocketHandshake::encodeKey(reinterpret_cast<const unsigned char*>("\x95\x18\xd4\x43\x9a\xe0\xf6\xa6\x1b\x00\xb1\xd2\x99\xbc\xcc\x4d")));

	for (unsigned value = 0; value < 256; ++value)
	{
		for (unsigned place = 0; place < WebSocketHandshake::KEY_LENGTH; ++place)
		{
			bytes[place] = static_cast<unsigned char>(value*37 + place);
		}
		EXPECT_TRUE(WebSocketHandshake::isKey(WebSocketHandshake::encodeKey(bytes)));
	}

	EXPECT_FALSE(WebSocketHandshake::isKey(""));
	EXPECT_FALSE(WebSocketHandshake::isKey("abc"));
	EXPECT_FALSE(WebSocketHandshake::isKey("!!!!"));
	EXPECT_FALSE(WebSocketHandshake::isKey("===="));
	EXPECT_FALSE(WebSocketHandshake::isKey(SAMPLE_KEY + "="));
	EXPECT_FALSE(WebSocketHandshake::isKey(SAMPLE_KEY.substr(0, 22)));
	EXPECT_FALSE(WebSocketHandshake::isKey(SAMPLE_KEY.substr(0, 22) + "A="));
	EXPECT_FALSE(WebSocketHandshake::isKey(SAMPLE_KEY.substr(0, 22) + "=A"));
	EXPECT_FALSE(WebSocketHandshake::isKey(SAMPLE_KEY.substr(0, 22) + "AA"));
	for (std::size_t place = 0; place < 22; ++place)
	{
		for (const char bad: {'=', '-', '_', ' ', '\0', '\n', '\x80', '@', '[', '`', '{', ':', '.'})
		{
			std::string key = SAMPLE_KEY;
			key[place] = bad;
			EXPECT_FALSE(WebSocketHandshake::isKey(key)) << key;
		}
	}
}


TEST(WebSocketHandshakeTest, AllocatesInProportionToTheField)
	/// A list costs what it is long: twice the bytes, at most about twice the memory asked for.
{
	const auto cost = [](const std::string& element, std::size_t size)
	{
		std::string list;
		list.reserve(size + element.size());
		while (list.size() < size) list += element;
		HTTPRequest request = sampleRequest();
		request.set("Connection", list);
		CoreAllocations allocations;
		EXPECT_EQ(NO_HANDSHAKE, WebSocketHandshake::checkRequest(request).error);
		return std::make_pair(allocations.count(), allocations.bytes());
	};
	for (std::size_t size: {16*1024, 1024*1024})
	{
		for (const char* element: {"a,", "keep-alive, ", "a;b=c;d,", ",", " ", "\"", "\\", "\"\\\"", ";", "a token that is longer than a string holds in itself,"})
		{
			const auto one = cost(element, size);
			const auto two = cost(element, 2*size);
			ASSERT_LE(two.first, 2*one.first + 100) << element;
			ASSERT_LE(two.second, 5*one.second/2 + 1000) << element; // vectors double
		}
	}
}
