//
// NegotiationFuzz.cpp
//
// Offers of permessage-deflate, and answers to them (RFC 7692, 7.1).
//
// SPDX-License-Identifier: BSL-1.0
//


#include "Fuzz.h"
#include "core/Deflate.h"
#include <algorithm>


using Fuzz::require;
using Poco::Net::HTTPRequest;
using Poco::Net::HTTPResponse;
using Poco::Net::WebSocketDeflateNegotiation;
using Poco::Net::WebSocketDeflateParams;
using Poco::Net::WebSocketHandshake;


namespace
{
	const char* const EXTENSIONS = "Sec-WebSocket-Extensions";

	WebSocketDeflateParams makeParams(Fuzz::Input& input)
	{
		const unsigned options = input.byte();
		const unsigned bits = input.byte();
		WebSocketDeflateParams params;
		params.serverNoContextTakeover = (options & 1) != 0;
		params.clientNoContextTakeover = (options & 2) != 0;
		params.serverMaxWindowBits = 9 + static_cast<int>(bits % 7);
		params.clientMaxWindowBits = 9 + static_cast<int>(bits/7 % 7);
		return params;
	}

	bool same(const WebSocketDeflateParams& a, const WebSocketDeflateParams& b)
	{
		return a.serverNoContextTakeover == b.serverNoContextTakeover && a.clientNoContextTakeover == b.clientNoContextTakeover
			&& a.serverMaxWindowBits == b.serverMaxWindowBits && a.clientMaxWindowBits == b.clientMaxWindowBits;
	}

	void checkRange(const WebSocketDeflateParams& agreed, const WebSocketDeflateParams& wanted)
	{
		require(agreed.serverMaxWindowBits >= 8 && agreed.serverMaxWindowBits <= wanted.serverMaxWindowBits, "the server's window");
		require(agreed.clientMaxWindowBits >= 8 && agreed.clientMaxWindowBits <= 15, "the client's window");
	}

	void checkServer(const std::string& offers, const WebSocketDeflateParams& wanted)
		/// Any client with our server.
	{
		HTTPRequest request;
		for (std::size_t begin = 0; begin <= offers.size();)
		{
			const std::size_t end = std::min(offers.find('\n', begin), offers.size());
			request.add(EXTENSIONS, offers.substr(begin, end - begin));
			begin = end + 1;
		}
		WebSocketDeflateParams agreed;
		std::string answer;
		if (!WebSocketDeflateNegotiation::accept(request, wanted, agreed, answer)) return;

		checkRange(agreed, wanted);
		require(!wanted.serverNoContextTakeover || agreed.serverNoContextTakeover, "the server forgets if it wants to");
		require(!wanted.clientNoContextTakeover || agreed.clientNoContextTakeover, "the client forgets if the server wants it");

		// A client with no wishes of its own understands the answer in the same way.
		HTTPResponse response;
		response.set(EXTENSIONS, answer);
		require(WebSocketHandshake::checkSelection(request, response).ok(), "the answer is an extension that was offered");
		WebSocketDeflateParams understood;
		bool agreedOn = false;
		require(WebSocketDeflateNegotiation::complete(response, WebSocketDeflateParams(), agreedOn, understood).ok() && agreedOn, "the answer is valid");
		require(same(agreed, understood), "both agree on the same");
	}

	void checkClient(const std::string& answer, const WebSocketDeflateParams& wanted)
		/// Our client with any server.
	{
		HTTPResponse response;
		response.set(EXTENSIONS, answer);
		WebSocketDeflateParams agreed;
		bool agreedOn = false;
		const WebSocketHandshake::Verdict verdict = WebSocketDeflateNegotiation::complete(response, wanted, agreedOn, agreed);
		require(verdict.ok() || !verdict.text.empty(), "a failure has a text");
		if (!verdict.ok() || !agreedOn) return;
		checkRange(agreed, wanted);
		require(agreed.clientMaxWindowBits <= wanted.clientMaxWindowBits, "the client's window is no larger than it wants");
		require(!wanted.serverNoContextTakeover || agreed.serverNoContextTakeover, "the server forgets if the client wants it");
		require(!wanted.clientNoContextTakeover || agreed.clientNoContextTakeover, "the client forgets if it wants to");
	}

	void checkBoth(const WebSocketDeflateParams& client, const WebSocketDeflateParams& server)
		/// Our client with our server: they always agree.
	{
		HTTPRequest request;
		request.set(EXTENSIONS, WebSocketDeflateNegotiation::offer(client));
		WebSocketDeflateParams agreed;
		std::string answer;
		require(WebSocketDeflateNegotiation::accept(request, server, agreed, answer), "our server takes our client's offer");
		HTTPResponse response;
		response.set(EXTENSIONS, answer);
		WebSocketDeflateParams understood;
		bool agreedOn = false;
		require(WebSocketDeflateNegotiation::complete(response, client, agreedOn, understood).ok() && agreedOn, "our client takes our server's answer");
		require(agreed.serverNoContextTakeover == understood.serverNoContextTakeover && agreed.serverMaxWindowBits == understood.serverMaxWindowBits, "the server's side");
		require(understood.clientMaxWindowBits <= agreed.clientMaxWindowBits, "the client's window");
		require(!agreed.clientNoContextTakeover || understood.clientNoContextTakeover, "the client forgets");
	}
}


extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* pData, std::size_t size)
{
	Fuzz::Input input(pData, size);
	const WebSocketDeflateParams first = makeParams(input);
	const WebSocketDeflateParams second = makeParams(input);
	const std::string text(input.rest());
	checkBoth(first, second);
	checkServer(text, first);
	checkClient(text, first);
	return 0;
}
