//
// Handshake.cpp
//
// Library: PocoWebSocket
// Package: Core
// Module:  WebSocketHandshake
//
// SPDX-License-Identifier: BSL-1.0
//


#include "core/Handshake.h"
#include "core/Address.h"
#include "core/HandshakeFields.h"
#include "Poco/Ascii.h"
#include "Poco/SHA1Engine.h"
#include "Poco/String.h"
#include <algorithm>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


using namespace WebSocketHandshakeFields;


namespace
{
	constexpr std::string_view GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"; // 1.3
	const char* const WEBSOCKET_VERSION = "13";
	const char* const PROTOCOL = "websocket";

	const char BASE64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	std::string base64(const unsigned char* pBytes, std::size_t length)
		/// RFC 4648, 4, in one line.
	{
		std::string result((length + 2)/3*4, '=');
		auto target = result.begin();
		for (std::size_t i = 0; i < length; i += 3)
		{
			const unsigned b0 = pBytes[i];
			const unsigned b1 = i + 1 < length ? pBytes[i + 1] : 0u;
			const unsigned b2 = i + 2 < length ? pBytes[i + 2] : 0u;
			*target++ = BASE64[b0 >> 2];
			*target++ = BASE64[(b0 << 4 | b1 >> 4) & 63];
			if (i + 1 < length) *target++ = BASE64[(b1 << 2 | b2 >> 6) & 63];
			if (i + 2 < length) *target++ = BASE64[b2 & 63];
		}
		return result;
	}

	struct Place
		/// A host and its port.
	{
		std::string host;
		std::string port;
	};

	Place splitPlace(const std::string& text, const std::string& defaultPort)
	{
		Place place;
		const std::size_t colon = text.rfind(':');
		const std::size_t bracket = text.rfind(']'); // IPv6
		const bool hasPort = colon != std::string::npos && (bracket == std::string::npos || colon > bracket);
		place.host = text.substr(0, hasPort ? colon : std::string::npos);
		place.port = hasPort && colon + 1 < text.size() ? text.substr(colon + 1) : defaultPort;
		return place;
	}

	bool sameHost(const std::string& origin, const std::string& host, WebSocketScheme scheme)
		/// RFC 6454, 6.2: scheme "://" host [ ":" port ]
	{
		std::string defaultPort;
		if (Poco::icompare(origin, 0, 7, "http://") == 0) defaultPort = "80";
		else if (Poco::icompare(origin, 0, 8, "https://") == 0) defaultPort = "443";
		else return false;
		if (scheme == (defaultPort == "80" ? WebSocketScheme::SECURE : WebSocketScheme::PLAIN)) return false;
		if (origin.back() == ':') return false; // not how an origin is written
		// Host has no scheme, and TLS may end in front of the server: its default port is that of the origin.
		const Place theirs = splitPlace(origin.substr(origin.find("//") + 2), defaultPort);
		const Place ours   = splitPlace(host, defaultPort);
		return !ours.host.empty() && Poco::icompare(theirs.host, ours.host) == 0 && theirs.port == ours.port;
	}

	bool hasBody(const HTTPRequest& request)
		/// RFC 7230, 3.3: any length but 0 counts, also one that is not a number.
	{
		bool result = false;
		forEachLine(request, HTTPMessage::TRANSFER_ENCODING, [&result](std::string_view) { result = true; });
		forEachLine(request, HTTPMessage::CONTENT_LENGTH, [&result](std::string_view length) { if (length != "0") result = true; });
		return result;
	}

	template <typename Put>
	void putAcceptance(const HTTPRequest& request, const std::string& subprotocol, const std::string& extensions, const Put& put)
		/// The fields of the answer to a request that is accepted (4.2.2).
	{
		put("Upgrade", PROTOCOL);
		put("Connection", "Upgrade");
		put("Sec-WebSocket-Accept", WebSocketHandshake::computeAccept(Lines(request, "Sec-WebSocket-Key").first));
		if (!subprotocol.empty()) put("Sec-WebSocket-Protocol", subprotocol);
		if (!extensions.empty()) put("Sec-WebSocket-Extensions", extensions);
	}
}


WebSocketHandshake::Verdict WebSocketHandshake::checkRequest(const HTTPRequest& request)
{
	constexpr HTTPResponse::HTTPStatus BAD = HTTPResponse::HTTP_BAD_REQUEST;

	// 4.2.1, item by item
	if (request.getMethod() != HTTPRequest::HTTP_GET)
		return refusal(WebSocketError::NO_HANDSHAKE, HTTPResponse::HTTP_METHOD_NOT_ALLOWED, "WebSocket handshake must use GET");
	if (!isHTTP11(request.getVersion()))
		return refusal(WebSocketError::NO_HANDSHAKE, BAD, "WebSocket handshake needs HTTP/1.1");
	if (Lines(request, HTTPRequest::HOST).count != 1) // RFC 7230, 5.4
		return refusal(WebSocketError::NO_HANDSHAKE, BAD, "Missing or repeated Host in handshake request");
	if (!hasToken(request, HTTPMessage::CONNECTION, "Upgrade"))
		return refusal(WebSocketError::NO_HANDSHAKE, BAD, "No Connection: Upgrade in handshake request");
	if (!hasToken(request, HTTPRequest::UPGRADE, PROTOCOL))
		return refusal(WebSocketError::NO_HANDSHAKE, BAD, "No Upgrade: websocket in handshake request");

	if (hasBody(request)) // it would be taken for frames
		return refusal(WebSocketError::NO_HANDSHAKE, BAD, "WebSocket handshake must not have a body");

	const Lines versions(request, "Sec-WebSocket-Version");
	if (versions.first.empty())
		return refusal(WebSocketError::HANDSHAKE_NO_VERSION, BAD, "Missing Sec-WebSocket-Version in handshake request");
	if (versions.count > 1)
		return refusal(WebSocketError::HANDSHAKE_UNSUPPORTED_VERSION, BAD, "More than one Sec-WebSocket-Version in handshake request");
	if (versions.first != WEBSOCKET_VERSION) // 4.2.2, 4.4
		return refusal(WebSocketError::HANDSHAKE_UNSUPPORTED_VERSION, HTTPResponse::HTTP_UPGRADE_REQUIRED, "Unsupported WebSocket version requested; version 13 is supported");

	const Lines keys(request, "Sec-WebSocket-Key");
	if (keys.first.empty())
		return refusal(WebSocketError::HANDSHAKE_NO_KEY, BAD, "Missing Sec-WebSocket-Key in handshake request");
	if (keys.count > 1) // 11.3.1
		return refusal(WebSocketError::HANDSHAKE_NO_KEY, BAD, "More than one Sec-WebSocket-Key in handshake request");
	if (!isKey(keys.first))
		return refusal(WebSocketError::HANDSHAKE_NO_KEY, BAD, "Sec-WebSocket-Key is not the base64 form of 16 bytes");
	return Verdict();
}


WebSocketHandshake::Verdict WebSocketHandshake::checkOrigin(const HTTPRequest& request, const std::vector<std::string>& allowed, WebSocketScheme scheme)
{
	const Lines origins(request, "Origin");
	if (origins.count == 0) return Verdict();
	if (origins.count == 1)
	{
		if (sameHost(std::string(origins.first), request.get(HTTPRequest::HOST, ""), scheme)) return Verdict();
		for (const std::string& origin: allowed)
		{
			if (origin == "*" || same(origin, origins.first)) return Verdict();
		}
	}
	Verdict verdict = refusal(WebSocketError::HANDSHAKE_REFUSED, HTTPResponse::HTTP_FORBIDDEN, "Origin is not allowed");
	verdict.reason = WebSocketRefusalReason::ORIGIN;
	return verdict;
}


std::string WebSocketHandshake::selectSubprotocol(const HTTPRequest& request, const std::vector<std::string>& supported)
{
	for (const std::string& wanted: tokens(request, "Sec-WebSocket-Protocol"))
	{
		if (std::find(supported.begin(), supported.end(), wanted) != supported.end()) return wanted;
	}
	return std::string();
}


void WebSocketHandshake::accept(const HTTPRequest& request, const std::string& subprotocol, const std::string& extensions, HTTPResponse& response)
{
	response.setVersion(HTTPMessage::HTTP_1_1);
	response.setStatusAndReason(HTTPResponse::HTTP_SWITCHING_PROTOCOLS);
	if (!response.empty())
	{
		response.erase("Upgrade");
		response.erase(HTTPMessage::CONNECTION);
		// RFC 7230, 3.3.1 and 3.3.2: neither may be in a 1xx response
		response.erase(HTTPMessage::CONTENT_LENGTH);
		response.erase(HTTPMessage::TRANSFER_ENCODING);
		response.erase(HTTPMessage::CONTENT_TYPE);
	}
	putAcceptance(request, subprotocol, extensions, [&response](const char* pName, const std::string& value) { response.set(pName, value); });
}


void WebSocketHandshake::accept(const HTTPRequest& request, const std::string& subprotocol, const std::string& extensions, std::string& response)
{
	response.append("HTTP/1.1 101 Switching Protocols\r\n");
	putAcceptance(request, subprotocol, extensions, [&response](const char* pName, const std::string& value)
	{
		response.append(pName).append(": ").append(value).append("\r\n");
	});
	response.append("\r\n");
}


void WebSocketHandshake::refuse(const Verdict& verdict, HTTPResponse& response)
{
	response.setStatusAndReason(verdict.status);
	response.set("Sec-WebSocket-Version", WEBSOCKET_VERSION); // 4.4
	if (verdict.status == HTTPResponse::HTTP_METHOD_NOT_ALLOWED)
		response.set("Allow", HTTPRequest::HTTP_GET); // RFC 7231, 6.5.5
	if (verdict.status == HTTPResponse::HTTP_UPGRADE_REQUIRED)
		response.set("Upgrade", PROTOCOL); // RFC 7231, 6.5.15
	response.setChunkedTransferEncoding(false);
	response.setContentType("text/plain");
	response.setContentLength(static_cast<std::streamsize>(verdict.text.size() + 1));
	response.set("Connection", verdict.status == HTTPResponse::HTTP_UPGRADE_REQUIRED ? "Upgrade, close" : "close");
}


void WebSocketHandshake::prepare(HTTPRequest& request, const std::string& key)
{
	if (!isHTTP11(request.getVersion())) request.setVersion(HTTPMessage::HTTP_1_1); // Poco's default is 1.0
	request.setURI(WebSocketAddress::targetOf(request.getURI()));
	request.set("Connection", "Upgrade");
	request.set("Upgrade", PROTOCOL);
	request.set("Sec-WebSocket-Version", WEBSOCKET_VERSION);
	request.set("Sec-WebSocket-Key", key);
	request.setChunkedTransferEncoding(false);
	request.erase(HTTPMessage::CONTENT_LENGTH); // its body would be taken for frames
}


WebSocketHandshake::Verdict WebSocketHandshake::checkResponse(const HTTPResponse& response, const std::string& key)
{
	const HTTPResponse::HTTPStatus status = response.getStatus();
	if (status == HTTPResponse::HTTP_UNAUTHORIZED)
		return refusal(WebSocketError::UNAUTHORIZED, status, "Not authorized");
	if (status == HTTPResponse::HTTP_OK)
		return refusal(WebSocketError::NO_HANDSHAKE, status, "The server does not understand the WebSocket protocol");
	if (status != HTTPResponse::HTTP_SWITCHING_PROTOCOLS)
		return refusal(WebSocketError::NO_HANDSHAKE, status, "Cannot upgrade to WebSocket connection: " + std::to_string(status) + " " + response.getReason());

	if (!hasToken(response, HTTPMessage::CONNECTION, "Upgrade"))
		return refusal(WebSocketError::NO_HANDSHAKE, status, "No Connection: Upgrade header in handshake response");
	if (!hasToken(response, "Upgrade", PROTOCOL))
		return refusal(WebSocketError::NO_HANDSHAKE, status, "No Upgrade: websocket header in handshake response");
	const Lines accepts(response, "Sec-WebSocket-Accept");
	const std::string expected = computeAccept(key);
	if (accepts.count != 1 || accepts.first != expected) // 4.1, 11.3.3
		return refusal(WebSocketError::HANDSHAKE_ACCEPT, status, "Invalid or missing Sec-WebSocket-Accept header in handshake response");
	return Verdict();
}


WebSocketHandshake::Verdict WebSocketHandshake::checkSelection(const HTTPRequest& request, const HTTPResponse& response)
{
	const HTTPResponse::HTTPStatus status = response.getStatus();

	// 4.1: at most one subprotocol, and one that was asked for; names are compared as they are
	const std::vector<Element> chosen = elements(response, "Sec-WebSocket-Protocol");
	const std::vector<std::string> offered = tokens(request, "Sec-WebSocket-Protocol");
	if (chosen.size() > 1)
		return refusal(WebSocketError::HANDSHAKE_SUBPROTOCOL, status, "Server has chosen more than one subprotocol");
	if (!chosen.empty() && (!chosen[0].parameters.empty() || std::find(offered.begin(), offered.end(), chosen[0].name) == offered.end()))
		return refusal(WebSocketError::HANDSHAKE_SUBPROTOCOL, status, "Server has chosen a subprotocol that was not offered: " + chosen[0].name);

	const std::vector<std::string> extensions = tokens(request, "Sec-WebSocket-Extensions");
	for (const std::string& extension: tokens(response, "Sec-WebSocket-Extensions")) // 4.1, 9.1
	{
		if (std::none_of(extensions.begin(), extensions.end(), [&extension](const std::string& other) { return same(other, extension); }))
			return refusal(WebSocketError::HANDSHAKE_EXTENSION, status, "Server has chosen an extension that was not offered: " + extension);
	}
	return Verdict();
}


std::string WebSocketHandshake::encodeKey(const unsigned char* pBytes)
{
	return base64(pBytes, KEY_LENGTH);
}


bool WebSocketHandshake::isKey(std::string_view key)
{
	constexpr std::size_t LENGTH = 24; // 16 bytes: 21 characters, one that carries two bits, two for padding
	if (key.size() != LENGTH || key[22] != '=' || key[23] != '=') return false;
	return std::all_of(key.begin(), key.end() - 2, [](char c)
	{
		return Poco::Ascii::isAlphaNumeric(c) || c == '+' || c == '/';
	});
}


std::string WebSocketHandshake::computeAccept(std::string_view key)
{
	Poco::SHA1Engine sha1; // of Foundation: Poco::Crypto opens the random number generator for each
	sha1.update(key.data(), key.size());
	sha1.update(GUID.data(), GUID.size());
	const Poco::DigestEngine::Digest& digest = sha1.digest();
	return base64(digest.data(), digest.size());
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
