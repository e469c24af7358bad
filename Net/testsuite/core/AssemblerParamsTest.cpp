//
// AssemblerParamsTest.cpp
//
// Library: PocoWebSocket
// Package: Tests
// Module:  WebSocketAssemblerParamsTest
//
// The limits and the compression of a WebSocketAssembler, as parameters say and both sides have agreed.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "Poco/Net/WebSocketParams.h"
#include "core/MessageParserTest.h"


using namespace ParserTest;
using Poco::Net::WebSocketDeflateParams;
using Poco::Net::WebSocketParams;


namespace
{
	Log receive(WebSocketFramer::Role role, const WebSocketParams& params, const WebSocketDeflateParams* pDeflate, const Frames& frames)
	{
		Peer peer(role, {});
		peer.parser.assembler().configure(params, pDeflate);
		peer.take(encode(role, frames));
		return peer.log;
	}

	std::string tooBig()
	{
		return failureText(WebSocketError::PAYLOAD_TOO_BIG, 1009);
	}
}


TEST(WebSocketAssemblerParamsTest, Limits)
	/// Each one is the right one.
{
	for (WebSocketFramer::Role role: ROLES)
	{
		WebSocketParams::Ptr pParams = new WebSocketParams;
		WebSocketParams& params = *pParams;
		params.setMaxMessageSize(10);
		params.setMaxFrameSize(8);
		params.setMaxFragments(3);
		EXPECT_EQ((Log{"binary:12345678", tooBig()}), receive(role, params, nullptr, {{0x82, "12345678"}, {0x82, "123456789"}}));
		EXPECT_EQ((Log{"binary:1234567890", tooBig()}), receive(role, params, nullptr, {{0x02, "12345"}, {0x80, "67890"}, {0x02, "12345"}, {0x80, "678901"}}));
		EXPECT_EQ((Log{"text:abc", failureText(WebSocketError::POLICY_VIOLATION, 1008)}),
			receive(role, params, nullptr, {{0x01, "a"}, {0x00, "b"}, {0x80, "c"}, {0x01, ""}, {0x00, ""}, {0x00, ""}, {0x80, ""}}));

		params.setMaxPendingPings(2);
		WebSocketFramer framer(role);
		WebSocketAssembler assembler(framer);
		assembler.configure(params, nullptr);
		EXPECT_EQ(WebSocketFramer::OK, assembler.limitPings(2));
		EXPECT_EQ(WebSocketFramer::FAILED, assembler.limitPings(3));
	}
}


TEST(WebSocketAssemblerParamsTest, RFC7692_Section7_1_Compression)
	/// The terms that count are those of the peer.
{
	for (WebSocketFramer::Role role: ROLES)
	{
		const bool client = role == WebSocketFramer::ROLE_CLIENT;
		WebSocketParams::Ptr pParams = new WebSocketParams;
		const Frames frames = {{0xc1, HELLO}, {0xc1, AGAIN}};
		const std::string corrupt = failureText(WebSocketError::CORRUPT_DATA, 1007);
		EXPECT_EQ(Log{failureText(WebSocketError::INVALID_RSV_BITS, 1002)}, receive(role, *pParams, nullptr, frames)) << "not agreed on";

		WebSocketDeflateParams agreed;
		EXPECT_EQ((Log{"text:Hello", "text:Hello"}), receive(role, *pParams, &agreed, frames));
		(client ? agreed.serverNoContextTakeover : agreed.clientNoContextTakeover) = true;
		EXPECT_EQ((Log{"text:Hello", corrupt}), receive(role, *pParams, &agreed, frames));

		agreed = WebSocketDeflateParams();
		(client ? agreed.clientNoContextTakeover : agreed.serverNoContextTakeover) = true;
		(client ? agreed.clientMaxWindowBits : agreed.serverMaxWindowBits) = 8;
		EXPECT_EQ((Log{"text:Hello", "text:Hello"}), receive(role, *pParams, &agreed, frames)) << "the terms for the other direction";

		// What lies further back than a peer's window is not kept for it.
		std::string noise(1000, '\0');
		unsigned state = 4711;
		for (char& c: noise) c = static_cast<char>((state = state*1664525u + 1013904223u) >> 24);
		WebSocketDeflater deflater(15, true, 9);
		std::string first;
		std::string second;
		deflater.compress(noise.data(), noise.size(), true, first);
		deflater.compress(noise.data(), noise.size(), true, second);
		const Frames far = {{0xc2, first}, {0xc2, second}};
		EXPECT_EQ((Log{"binary:" + noise, "binary:" + noise}), receive(role, *pParams, &agreed, far));
		agreed = WebSocketDeflateParams();
		(client ? agreed.serverMaxWindowBits : agreed.clientMaxWindowBits) = 9;
		EXPECT_EQ((Log{"binary:" + noise, corrupt}), receive(role, *pParams, &agreed, far));
	}
}
