//
// HandshakeFuzz.cpp
//
// Opening handshakes of any peer, for both sides.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "Fuzz.h"
#include "core/Handshake.h"
#include "Poco/Exception.h"
#include "Poco/String.h"
#include <algorithm>
#include <sstream>


using Fuzz::require;
using Poco::Net::HTTPRequest;
using Poco::Net::HTTPResponse;
using Poco::Net::MessageHeader;
using Poco::Net::WebSocketError;
using Poco::Net::WebSocketHandshake;


namespace
{
	const char* const KEY = "dGhlIHNhbXBsZSBub25jZQ==";

	template <class Message>
	bool parse(const std::string& text, Message& message)
		/// Returns false if it is not HTTP at all.
	{
		std::istringstream istr(text);
		try
		{
			message.read(istr);
			return true;
		}
		catch (const Poco::Exception&)
		{
			return false;
		}
	}

	template <class Message>
	std::string write(const Message& message)
	{
		std::ostringstream ostr;
		message.write(ostr);
		return ostr.str();
	}

	void checkLists(const MessageHeader& header)
	{
		const char* const names[] = {"Sec-WebSocket-Extensions", "Sec-WebSocket-Protocol", "Connection", "Upgrade"};
		for (const char* name: names)
		{
			const std::vector<WebSocketHandshake::Element> elements = WebSocketHandshake::elements(header, name);
			const std::vector<std::string> tokens = WebSocketHandshake::tokens(header, name);
			require(elements.size() == tokens.size(), "a token for each element");
			for (std::size_t i = 0; i < elements.size(); ++i)
			{
				const WebSocketHandshake::Element& element = elements[i];
				require(element.name == tokens[i], "tokens are the elements' names");
				require(WebSocketHandshake::hasToken(header, name, element.name), "a token is found");
				require(!element.valid || WebSocketHandshake::isToken(element.name), "the name of a valid element is a token");
				for (const WebSocketHandshake::Parameter& parameter: element.parameters)
				{
					require(!element.valid || WebSocketHandshake::isToken(parameter.name), "the name of a valid parameter is a token");
					require(!element.valid || !parameter.hasValue || WebSocketHandshake::isToken(parameter.value), "the value of a valid parameter is a token");
					require(parameter.hasValue || parameter.value.empty(), "no value, no value");
				}
			}
		}
	}

	void checkPass(const HTTPRequest& request)
		/// What a server does with a request that passed.
	{
		const std::string key = Poco::trim(request.get("Sec-WebSocket-Key"));
		require(WebSocketHandshake::isKey(key), "the key of a valid request is one");
		require(request.getMethod() == "GET" && request.has("Host"), "a valid request is a GET with Host");
		HTTPResponse response;
		response.setContentLength(7);
		WebSocketHandshake::accept(request, "", "", response);
		require(WebSocketHandshake::checkResponse(response, key).ok(), "a client takes what accept() made");
		require(WebSocketHandshake::checkFields(response).ok(), "what accept() made has no line breaks in it");
		HTTPResponse read;
		require(parse(write(response), read) && WebSocketHandshake::checkResponse(read, key).ok(), "and so it arrives");

		const std::vector<std::string> ours = {"chat", "mqtt"};
		const std::string protocol = WebSocketHandshake::selectSubprotocol(request, ours);
		require(protocol.empty() || protocol == ours[0] || protocol == ours[1], "only what we speak is selected");
		if (!protocol.empty()) response.set("Sec-WebSocket-Protocol", protocol);
		require(WebSocketHandshake::checkSelection(request, response).ok(), "a client takes what was selected");
	}

	void checkRefusal(const WebSocketHandshake::Verdict& verdict)
	{
		const int status = static_cast<int>(verdict.status);
		require(status >= 400 && status < 500, "a refusal has a status of the client's fault");
		require(!verdict.text.empty() && verdict.text.find_first_of("\r\n") == std::string::npos, "a refusal has one line of text");
		HTTPResponse response;
		WebSocketHandshake::refuse(verdict, response);
		HTTPResponse read;
		require(parse(write(response), read) && read.getStatus() == verdict.status, "a refusal arrives");
		require(read.getContentLength() == static_cast<std::streamsize>(verdict.text.size() + 1), "a refusal has the length of its text");
	}

	void checkParsing(const std::string& text)
		/// What we parse as HTTP is the same for Poco, unless it is too long for it, or is none (RFC 2047).
	{
		HTTPRequest ours;
		HTTPRequest theirs;
		const WebSocketHandshake::Verdict verdict = WebSocketHandshake::parseRequest(text, ours);
		if (!verdict.ok())
		{
			checkRefusal(verdict);
			return;
		}
		const bool folded = text.find("\n ") != std::string::npos || text.find("\n\t") != std::string::npos;
		if (folded || text.find("=?") != std::string::npos || !parse(text, theirs)) return;
		require(ours.getMethod() == theirs.getMethod() && ours.getURI() == theirs.getURI() && ours.getVersion() == theirs.getVersion(), "the same request line");
		require(std::equal(ours.begin(), ours.end(), theirs.begin(), theirs.end()), "the same fields");
	}

	void checkServer(const std::string& text)
	{
		checkParsing(text);
		HTTPRequest request;
		if (!parse(text, request)) return;
		checkLists(request);
		const WebSocketHandshake::Verdict verdict = WebSocketHandshake::checkRequest(request);
		if (verdict.ok()) checkPass(request);
		else checkRefusal(verdict);

		const WebSocketHandshake::Verdict origin = WebSocketHandshake::checkOrigin(request, {"https://www.example.com"});
		if (!origin.ok()) require(request.has("Origin") && origin.status == HTTPResponse::HTTP_FORBIDDEN, "403 for a foreign Origin");
		require(WebSocketHandshake::checkSize(request, 1000, 1 << 20).ok(), "a small header is not too large");
		require(request.empty() || !WebSocketHandshake::checkSize(request, 0, 1 << 20).ok(), "a field is more than none");
		(void) WebSocketHandshake::checkFields(request);
	}

	void checkClient(const std::string& text)
	{
		HTTPResponse response;
		if (!parse(text, response)) return;
		checkLists(response);
		const WebSocketHandshake::Verdict verdict = WebSocketHandshake::checkResponse(response, KEY);
		require(verdict.ok() || !verdict.text.empty(), "a failure has a text");
		if (verdict.ok())
		{
			require(response.getStatus() == HTTPResponse::HTTP_SWITCHING_PROTOCOLS, "only 101 is an acceptance");
			require(Poco::trim(response.get("Sec-WebSocket-Accept")) == WebSocketHandshake::computeAccept(KEY), "only with the right Sec-WebSocket-Accept");
		}

		HTTPRequest request("GET", "/", "HTTP/1.1");
		WebSocketHandshake::prepare(request, KEY);
		const WebSocketHandshake::Verdict nothing = WebSocketHandshake::checkSelection(request, response);
		require(nothing.ok() == (WebSocketHandshake::tokens(response, "Sec-WebSocket-Protocol").empty() && WebSocketHandshake::tokens(response, "Sec-WebSocket-Extensions").empty()),
			"nothing can be chosen of nothing");
		request.set("Sec-WebSocket-Protocol", "chat, mqtt");
		request.set("Sec-WebSocket-Extensions", "permessage-deflate; client_max_window_bits");
		if (WebSocketHandshake::checkSelection(request, response).ok())
		{
			const std::vector<std::string> chosen = WebSocketHandshake::tokens(response, "Sec-WebSocket-Protocol");
			require(chosen.empty() || (chosen.size() == 1 && (chosen[0] == "chat" || chosen[0] == "mqtt")), "one of the offered subprotocols");
		}
	}
}


extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* pData, std::size_t size)
{
	Fuzz::Input input(pData, size);
	const std::string text(input.rest());
	if (text.compare(0, 5, "HTTP/") == 0) checkClient(text);
	else checkServer(text);
	return 0;
}
