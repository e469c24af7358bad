//
// DeflateNegotiationTest.cpp
//
// Library: PocoWebSocket
// Package: Tests
// Module:  WebSocketDeflateNegotiationTest
//
// How client and server agree on permessage-deflate (RFC 7692, 5 and 7.1).
//
// SPDX-License-Identifier: BSL-1.0
//


#include "core/Deflate.h"
#include <gtest/gtest.h>
#include <string>
#include <vector>


using Poco::Net::HTTPMessage;
using Poco::Net::HTTPRequest;
using Poco::Net::HTTPResponse;
using Poco::Net::WebSocketDeflateNegotiation;
using Poco::Net::WebSocketDeflateParams;
using Poco::Net::WebSocketError;
using Poco::Net::WebSocketHandshake;


namespace
{
	using Lines = std::vector<std::string>;

	const std::string NAME = "permessage-deflate";

	WebSocketDeflateParams params(int serverBits, int clientBits, bool serverForgets = false, bool clientForgets = false)
	{
		WebSocketDeflateParams result;
		result.serverMaxWindowBits = serverBits;
		result.clientMaxWindowBits = clientBits;
		result.serverNoContextTakeover = serverForgets;
		result.clientNoContextTakeover = clientForgets;
		return result;
	}

	const WebSocketDeflateParams DEFAULT;

	std::string describe(const WebSocketDeflateParams& agreed)
	{
		return "server " + std::to_string(agreed.serverMaxWindowBits) + (agreed.serverNoContextTakeover ? " forgets" : "")
			+ ", client " + std::to_string(agreed.clientMaxWindowBits) + (agreed.clientNoContextTakeover ? " forgets" : "");
	}

	HTTPRequest requestWith(const Lines& offers)
	{
		HTTPRequest request(HTTPRequest::HTTP_GET, "/", HTTPMessage::HTTP_1_1);
		for (const std::string& offer: offers) request.add("Sec-WebSocket-Extensions", offer);
		return request;
	}

	HTTPResponse responseWith(const Lines& answers)
	{
		HTTPResponse response(HTTPMessage::HTTP_1_1, HTTPResponse::HTTP_SWITCHING_PROTOCOLS);
		for (const std::string& answer: answers) response.add("Sec-WebSocket-Extensions", answer);
		return response;
	}

	const char* const MALFORMED[] =
		/// Parameters that neither an offer nor an answer may have (7.1).
	{
		"unknown", "unknown=1", "SERVER_NO_CONTEXT_TAKEOVER",
		"server_no_context_takeover=1", "server_no_context_takeover=", "server_no_context_takeover=\"\"",
		"server_no_context_takeover; server_no_context_takeover",
		"client_no_context_takeover=1", "client_no_context_takeover=true",
		"client_no_context_takeover; client_no_context_takeover",
		"server_max_window_bits", "server_max_window_bits=", "server_max_window_bits=0", "server_max_window_bits=7",
		"server_max_window_bits=:", "server_max_window_bits=16", "server_max_window_bits=1.", "server_max_window_bits=1:",
		"server_max_window_bits=20", "server_max_window_bits=010", "server_max_window_bits=08", "server_max_window_bits=100",
		"server_max_window_bits=-9", "server_max_window_bits=+9", "server_max_window_bits=x", "server_max_window_bits=1x",
		"server_max_window_bits=10; server_max_window_bits=10", "server_max_window_bits=99; server_max_window_bits=10",
		"server_max_window_bits=\"1 0\"",
		"client_max_window_bits=", "client_max_window_bits=7", "client_max_window_bits=16", "client_max_window_bits=09",
		"client_max_window_bits=ten", "client_max_window_bits=10; client_max_window_bits=10",
		"client_max_window_bits=10; client_max_window_bits=11",
		"client_no_context_takeover; unknown", "unknown; client_no_context_takeover",
		"", "=1", "server_no_context_takeover;"
	};

	struct AcceptRow
	{
		const char* rule;
		Lines offers;
		WebSocketDeflateParams wanted;
		const char* answer; // behind the name
		const char* agreed;
	};

	const AcceptRow ACCEPTED[] =
	{
		{"5.1 no parameters", {NAME}, DEFAULT, "", "server 15, client 15"},
		{"5.1 any case", {"Permessage-DEFLATE"}, DEFAULT, "", "server 15, client 15"},
		{"5.1 among other extensions", {"foo; server_max_window_bits=9, " + NAME + ", bar"}, DEFAULT, "", "server 15, client 15"},
		{"5.1 in the second line", {"foo", NAME}, DEFAULT, "", "server 15, client 15"},
		{"7.1.1.1 asked for", {NAME + "; server_no_context_takeover"}, DEFAULT, "; server_no_context_takeover", "server 15 forgets, client 15"},
		{"7.1.1.1 wanted", {NAME}, params(15, 15, true, false), "; server_no_context_takeover", "server 15 forgets, client 15"},
		{"7.1.1.1 both", {NAME + "; server_no_context_takeover"}, params(15, 15, true, false), "; server_no_context_takeover", "server 15 forgets, client 15"},
		{"7.1.1.2 a hint", {NAME + "; client_no_context_takeover"}, DEFAULT, "; client_no_context_takeover", "server 15, client 15 forgets"},
		{"7.1.1.2 wanted", {NAME}, params(15, 15, false, true), "; client_no_context_takeover", "server 15, client 15 forgets"},
		{"7.1.1 both sides", {NAME + "; client_no_context_takeover; server_no_context_takeover"}, DEFAULT, "; server_no_context_takeover; client_no_context_takeover", "server 15 forgets, client 15 forgets"},
		{"7.1.2.1 the least that zlib can do", {NAME + "; server_max_window_bits=9"}, DEFAULT, "; server_max_window_bits=9", "server 9, client 15"},
		{"7.1.2.1 10", {NAME + "; server_max_window_bits=10"}, DEFAULT, "; server_max_window_bits=10", "server 10, client 15"},
		{"7.1.2.1 14", {NAME + "; server_max_window_bits=14"}, DEFAULT, "; server_max_window_bits=14", "server 14, client 15"},
		{"7.1.2.1 the most is confirmed", {NAME + "; server_max_window_bits=15"}, DEFAULT, "; server_max_window_bits=15", "server 15, client 15"},
		{"7.1.2.1 the most, and less wanted", {NAME + "; server_max_window_bits=15"}, params(11, 15), "; server_max_window_bits=11", "server 11, client 15"},
		{"7.1.2.1 less wanted than asked for", {NAME + "; server_max_window_bits=13"}, params(11, 15), "; server_max_window_bits=11", "server 11, client 15"},
		{"7.1.2.1 less asked for than wanted", {NAME + "; server_max_window_bits=10"}, params(11, 15), "; server_max_window_bits=10", "server 10, client 15"},
		{"7.1.2.1 wanted without being asked", {NAME}, params(11, 15), "; server_max_window_bits=11", "server 11, client 15"},
		{"7.1.2.1 a quoted value", {NAME + "; server_max_window_bits=\"10\""}, DEFAULT, "; server_max_window_bits=10", "server 10, client 15"},
		{"7.1.2.2 understood", {NAME + "; client_max_window_bits"}, DEFAULT, "", "server 15, client 15"},
		{"7.1.2.2 understood, and wanted", {NAME + "; client_max_window_bits"}, params(15, 12), "; client_max_window_bits=12", "server 15, client 12"},
		{"7.1.2.2 wanted, but not understood", {NAME}, params(15, 12), "", "server 15, client 15"},
		{"7.1.2.2 a hint", {NAME + "; client_max_window_bits=10"}, DEFAULT, "; client_max_window_bits=10", "server 15, client 10"},
		{"7.1.2.2 the least", {NAME + "; client_max_window_bits=8"}, DEFAULT, "; client_max_window_bits=8", "server 15, client 8"},
		{"7.1.2.2 the most", {NAME + "; client_max_window_bits=15"}, DEFAULT, "", "server 15, client 15"},
		{"7.1.2.2 a hint that is less than wanted", {NAME + "; client_max_window_bits=10"}, params(15, 12), "; client_max_window_bits=10", "server 15, client 10"},
		{"7.1.2.2 a hint that is more than wanted", {NAME + "; client_max_window_bits=14"}, params(15, 12), "; client_max_window_bits=12", "server 15, client 12"},
		{"7.1.2.2 a quoted value", {NAME + "; client_max_window_bits=\"\\9\""}, DEFAULT, "; client_max_window_bits=9", "server 15, client 9"},
		{"7.1 everything", {NAME + ";client_max_window_bits=9;server_max_window_bits=10;client_no_context_takeover;server_no_context_takeover"}, DEFAULT,
			"; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=10; client_max_window_bits=9", "server 10 forgets, client 9 forgets"},
		{"7.1.3 the first offer counts", {NAME + "; server_max_window_bits=12, " + NAME}, DEFAULT, "; server_max_window_bits=12", "server 12, client 15"},
		{"7.1.3 the first offer that can be met: not 8 bits", {NAME + "; server_max_window_bits=8, " + NAME + "; server_max_window_bits=12"}, DEFAULT, "; server_max_window_bits=12", "server 12, client 15"},
		{"7.1.3 the first valid offer", {NAME + "; unknown, " + NAME + "; client_no_context_takeover", NAME}, DEFAULT, "; client_no_context_takeover", "server 15, client 15 forgets"},
		{"7.1.3 with a fallback in the next line", {NAME + "; server_max_window_bits=16", NAME}, DEFAULT, "", "server 15, client 15"}
	};

	struct CompleteRow
	{
		const char* rule;
		Lines answers;
		WebSocketDeflateParams wanted;
		const char* agreed; // null: the answer is invalid; empty: not agreed on
	};

	const CompleteRow COMPLETED[] =
	{
		{"5.1 declined", {}, DEFAULT, ""},
		{"5.1 declined with everything wanted", {}, params(9, 9, true, true), ""},
		{"5.1 another extension", {"foo; unknown"}, DEFAULT, ""},
		{"5.1 accepted", {NAME}, DEFAULT, "server 15, client 15"},
		{"5.1 accepted, any case, with others", {"foo", "PERMESSAGE-deflate"}, DEFAULT, "server 15, client 15"},
		{"5.1 accepted twice", {NAME + ", " + NAME}, DEFAULT, nullptr},
		{"5.1 accepted twice, in two lines", {NAME, NAME}, DEFAULT, nullptr},
		{"7.1.1.1 without being asked", {NAME + "; server_no_context_takeover"}, DEFAULT, "server 15 forgets, client 15"},
		{"7.1.1.1 asked for", {NAME + "; server_no_context_takeover"}, params(15, 15, true), "server 15 forgets, client 15"},
		{"7.1.1.1 asked for, and missing", {NAME}, params(15, 15, true), nullptr},
		{"7.1.1.2 demanded", {NAME + "; client_no_context_takeover"}, DEFAULT, "server 15, client 15 forgets"},
		{"7.1.1.2 a hint, demanded", {NAME + "; client_no_context_takeover"}, params(15, 15, false, true), "server 15, client 15 forgets"},
		{"7.1.1.2 a hint, ignored", {NAME}, params(15, 15, false, true), "server 15, client 15 forgets"},
		{"7.1.2.1 without being asked", {NAME + "; server_max_window_bits=9"}, DEFAULT, "server 9, client 15"},
		{"7.1.2.1 the least", {NAME + "; server_max_window_bits=8"}, DEFAULT, "server 8, client 15"},
		{"7.1.2.1 the most", {NAME + "; server_max_window_bits=15"}, DEFAULT, "server 15, client 15"},
		{"7.1.2.1 as asked for", {NAME + "; server_max_window_bits=10"}, params(10, 15), "server 10, client 15"},
		{"7.1.2.1 less than asked for", {NAME + "; server_max_window_bits=9"}, params(10, 15), "server 9, client 15"},
		{"7.1.2.1 more than asked for", {NAME + "; server_max_window_bits=11"}, params(10, 15), nullptr},
		{"7.1.2.1 asked for, and missing", {NAME}, params(10, 15), nullptr},
		{"7.1.2.1 a quoted value", {NAME + "; server_max_window_bits=\"10\""}, params(10, 15), "server 10, client 15"},
		{"7.1.2.2 demanded", {NAME + "; client_max_window_bits=10"}, DEFAULT, "server 15, client 10"},
		{"7.1.2.2 the least", {NAME + "; client_max_window_bits=8"}, DEFAULT, "server 15, client 8"},
		{"7.1.2.2 the most", {NAME + "; client_max_window_bits=15"}, DEFAULT, "server 15, client 15"},
		{"7.1.2.2 a hint, ignored", {NAME}, params(15, 10), "server 15, client 10"},
		{"7.1.2.2 a hint, confirmed", {NAME + "; client_max_window_bits=10"}, params(15, 10), "server 15, client 10"},
		{"7.1.2.2 less than the hint", {NAME + "; client_max_window_bits=9"}, params(15, 10), "server 15, client 9"},
		{"7.1.2.2 more than the hint", {NAME + "; client_max_window_bits=11"}, params(15, 10), nullptr},
		{"7.1.2.2 without a value", {NAME + "; client_max_window_bits"}, DEFAULT, nullptr},
		{"7.1 everything", {NAME + "; client_max_window_bits=9; server_no_context_takeover; server_max_window_bits=9; client_no_context_takeover"}, params(9, 9, true, true), "server 9 forgets, client 9 forgets"}
	};
}


TEST(WebSocketDeflateNegotiationTest, Section7_1_Offer)
{
	struct Row
	{
		WebSocketDeflateParams wanted;
		const char* offer; // behind the name
	};
	const Row rows[] =
	{
		{DEFAULT, "; client_max_window_bits"},
		{params(15, 15, true, false), "; server_no_context_takeover; client_max_window_bits"},
		{params(15, 15, false, true), "; client_no_context_takeover; client_max_window_bits"},
		{params(10, 15), "; server_max_window_bits=10; client_max_window_bits"},
		{params(15, 10), "; client_max_window_bits=10"},
		{params(9, 14, true, true), "; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=9; client_max_window_bits=14"}
	};
	for (const Row& row: rows) EXPECT_EQ(NAME + row.offer, WebSocketDeflateNegotiation::offer(row.wanted));
}


TEST(WebSocketDeflateNegotiationTest, Section7_1_Accept)
{
	for (const AcceptRow& row: ACCEPTED)
	{
		SCOPED_TRACE(row.rule);
		WebSocketDeflateParams agreed;
		std::string answer;
		EXPECT_TRUE(WebSocketDeflateNegotiation::accept(requestWith(row.offers), row.wanted, agreed, answer));
		EXPECT_EQ(NAME + row.answer, answer);
		EXPECT_EQ(row.agreed, describe(agreed));
	}
}


TEST(WebSocketDeflateNegotiationTest, Section7_1_Decline)
{
	std::vector<Lines> declined =
	{
		{}, {""}, {"foo"}, {"permessage-deflat"}, {"permessage-deflatex"}, {"x-webkit-deflate-frame"}, {"foo; permessage-deflate"},
		{"foo=\"permessage-deflate\""}, {NAME + "; server_max_window_bits=8"}, {NAME + "; server_max_window_bits=8", "foo"}
	};
	for (const char* parameter: MALFORMED) declined.push_back({NAME + "; " + parameter});
	for (const Lines& offers: declined)
	{
		WebSocketDeflateParams agreed = params(12, 13);
		std::string answer = "unchanged";
		EXPECT_FALSE(WebSocketDeflateNegotiation::accept(requestWith(offers), DEFAULT, agreed, answer)) << ::testing::PrintToString(offers);
		EXPECT_EQ("unchanged", answer);
		EXPECT_EQ("server 12, client 13", describe(agreed));
	}
}


TEST(WebSocketDeflateNegotiationTest, Section7_1_Complete)
{
	for (const CompleteRow& row: COMPLETED)
	{
		SCOPED_TRACE(row.rule);
		WebSocketDeflateParams agreed;
		bool agreedOn = false;
		const WebSocketHandshake::Verdict verdict = WebSocketDeflateNegotiation::complete(responseWith(row.answers), row.wanted, agreedOn, agreed);
		EXPECT_EQ(101, verdict.status);
		EXPECT_EQ(row.agreed ? WebSocketError::NONE : WebSocketError::HANDSHAKE_EXTENSION, verdict.error);
		EXPECT_EQ(row.agreed != nullptr, verdict.text.empty());
		if (row.agreed)
		{
			EXPECT_EQ(*row.agreed != '\0', agreedOn);
			if (agreedOn)
			{
				EXPECT_EQ(row.agreed, describe(agreed));
			}
		}
	}
}


TEST(WebSocketDeflateNegotiationTest, Section7_1_MalformedAnswersFailTheConnection)
{
	for (const char* parameter: MALFORMED)
	{
		WebSocketDeflateParams agreed;
		bool agreedOn = true;
		const WebSocketHandshake::Verdict verdict = WebSocketDeflateNegotiation::complete(responseWith({NAME + "; " + parameter}), DEFAULT, agreedOn, agreed);
		EXPECT_EQ(WebSocketError::HANDSHAKE_EXTENSION, verdict.error) << parameter;
		EXPECT_FALSE(agreedOn) << parameter;
	}
}


TEST(WebSocketDeflateNegotiationTest, Section7_1_BothSidesAgree)
	/// Whatever each of them wants: the client takes what the server answers, and both do the same.
{
	const int bits[] = {9, 12, 15};
	for (int i = 0; i < 16*81; ++i)
	{
		const WebSocketDeflateParams client = params(bits[i % 3], bits[i/3 % 3], i/81 & 1, i/81 & 2);
		const WebSocketDeflateParams server = params(bits[i/9 % 3], bits[i/27 % 3], i/81 & 4, i/81 & 8);
		WebSocketDeflateParams serverDoes;
		WebSocketDeflateParams clientDoes;
		std::string answer;
		bool agreedOn = false;
		ASSERT_TRUE(WebSocketDeflateNegotiation::accept(requestWith({WebSocketDeflateNegotiation::offer(client)}), server, serverDoes, answer));
		ASSERT_TRUE(WebSocketDeflateNegotiation::complete(responseWith({answer}), client, agreedOn, clientDoes).ok()) << answer;
		ASSERT_TRUE(agreedOn);
		ASSERT_EQ(describe(serverDoes), describe(clientDoes)) << answer;
	}
}
