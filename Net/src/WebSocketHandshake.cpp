//
// WebSocketHandshake.cpp
//
// Library: PocoWebSocket
// Package: WebSocket
// Module:  WebSocketHandshake
//
// SPDX-License-Identifier: BSL-1.0
//


#include "Poco/Net/WebSocketHandshake.h"
#include "Poco/Ascii.h"
#include "Poco/SHA1Engine.h"
#include "Poco/String.h"
#include <algorithm>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


namespace
{
	const char* const GUID     = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"; // 1.3
	const char* const VERSION  = "13";
	const char* const PROTOCOL = "websocket";

	const char BASE64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	std::string base64(const unsigned char* pBytes, std::size_t length)
		/// RFC 4648, 4, in one line.
	{
		std::string result;
		result.reserve((length + 2)/3*4);
		for (std::size_t i = 0; i < length; i += 3)
		{
			const unsigned b0 = pBytes[i];
			const unsigned b1 = i + 1 < length ? pBytes[i + 1] : 0u;
			const unsigned b2 = i + 2 < length ? pBytes[i + 2] : 0u;
			result += BASE64[b0 >> 2];
			result += BASE64[(b0 << 4 | b1 >> 4) & 63];
			result += i + 1 < length ? BASE64[(b1 << 2 | b2 >> 6) & 63] : '=';
			result += i + 2 < length ? BASE64[b2 & 63] : '=';
		}
		return result;
	}

	bool isSpace(char c)
	{
		return c == ' ' || c == '\t';
	}

	std::string trimmed(const std::string& value, std::size_t begin, std::size_t end)
	{
		while (begin < end && isSpace(value[begin])) ++begin;
		while (end > begin && isSpace(value[end - 1])) --end;
		return value.substr(begin, end - begin);
	}

	std::string unquoted(const std::string& text)
		/// The content of a quoted string; text itself if it is none.
	{
		if (text.size() < 2 || text.front() != '"' || text.back() != '"') return text;
		std::string result;
		for (std::size_t i = 1; i + 1 < text.size(); ++i)
		{
			if (text[i] == '\\' && i + 2 < text.size()) ++i;
			result += text[i];
		}
		return result;
	}

	std::vector<std::string> split(const std::string& value, char separator)
		/// Splits where a separator is not inside a quoted string.
	{
		std::vector<std::string> result;
		std::size_t begin = 0;
		bool quoted = false;
		for (std::size_t i = 0; i < value.size(); ++i)
		{
			if (quoted && value[i] == '\\')
			{
				++i;
			}
			else if (value[i] == '"')
			{
				quoted = !quoted;
			}
			else if (value[i] == separator && !quoted)
			{
				result.push_back(trimmed(value, begin, i));
				begin = i + 1;
			}
		}
		result.push_back(trimmed(value, begin, value.size()));
		return result;
	}

	WebSocketHandshake::Parameter parseParameter(const std::string& text)
	{
		WebSocketHandshake::Parameter parameter;
		const std::size_t equal = text.find('=');
		parameter.hasValue = equal != std::string::npos;
		parameter.name = trimmed(text, 0, std::min(equal, text.size()));
		if (parameter.hasValue) parameter.value = unquoted(trimmed(text, equal + 1, text.size()));
		return parameter;
	}

	WebSocketHandshake::Element parseElement(const std::string& text)
	{
		WebSocketHandshake::Element element;
		const std::vector<std::string> parts = split(text, ';');
		element.name  = parts[0];
		element.valid = WebSocketHandshake::isToken(element.name);
		for (std::size_t i = 1; i < parts.size(); ++i)
		{
			element.parameters.push_back(parseParameter(parts[i]));
			const WebSocketHandshake::Parameter& parameter = element.parameters.back();
			if (!WebSocketHandshake::isToken(parameter.name) || (parameter.hasValue && !WebSocketHandshake::isToken(parameter.value))) element.valid = false;
		}
		return element;
	}

	std::vector<std::string> lines(const MessageHeader& header, const std::string& field)
		/// The values of all lines with that name.
	{
		std::vector<std::string> result;
		for (MessageHeader::ConstIterator it = header.find(field); it != header.end(); ++it)
		{
			if (Poco::icompare(it->first, field) == 0) result.push_back(Poco::trim(it->second));
		}
		return result;
	}

	bool contains(const std::vector<std::string>& tokens, const std::string& token)
		/// Whatever its case.
	{
		return std::any_of(tokens.begin(), tokens.end(), [&token](const std::string& other) { return Poco::icompare(other, token) == 0; });
	}

	WebSocketHandshake::Verdict refusal(WebSocketError::Code error, HTTPResponse::HTTPStatus status, const std::string& text)
	{
		WebSocketHandshake::Verdict verdict;
		verdict.error  = error;
		verdict.status = status;
		verdict.text   = text;
		return verdict;
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

	bool sameHost(const std::string& origin, const std::string& host)
		/// RFC 6454, 6.2: scheme "://" host [ ":" port ]
	{
		std::string defaultPort;
		if (Poco::icompare(origin, 0, 7, "http://") == 0) defaultPort = "80";
		else if (Poco::icompare(origin, 0, 8, "https://") == 0) defaultPort = "443";
		else return false;
		if (origin.back() == ':') return false; // not how an origin is written
		// Host has no scheme, and TLS may end in front of the server: its default port is that of the origin.
		const Place theirs = splitPlace(origin.substr(origin.find("//") + 2), defaultPort);
		const Place ours   = splitPlace(host, defaultPort);
		return !ours.host.empty() && Poco::icompare(theirs.host, ours.host) == 0 && theirs.port == ours.port;
	}

	bool hasBody(const HTTPRequest& request)
		/// RFC 7230, 3.3: any length but 0 counts, also one that is not a number.
	{
		const std::vector<std::string> lengths = lines(request, HTTPMessage::CONTENT_LENGTH);
		return request.has(HTTPMessage::TRANSFER_ENCODING)
			|| std::any_of(lengths.begin(), lengths.end(), [](const std::string& length) { return length != "0"; });
	}

	bool isHTTP11(const std::string& version)
		/// HTTP/1.1 or higher (4.2.1)
	{
		return version.size() == 8 && version.compare(0, 5, "HTTP/") == 0 && version[6] == '.'
			&& Poco::Ascii::isDigit(version[5]) && Poco::Ascii::isDigit(version[7]) && version.compare(5, 3, "1.1") >= 0;
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
	if (lines(request, HTTPRequest::HOST).size() != 1) // RFC 7230, 5.4
		return refusal(WebSocketError::NO_HANDSHAKE, BAD, "Missing or repeated Host in handshake request");
	if (!hasToken(request, HTTPMessage::CONNECTION, "Upgrade"))
		return refusal(WebSocketError::NO_HANDSHAKE, BAD, "No Connection: Upgrade in handshake request");
	if (!hasToken(request, HTTPRequest::UPGRADE, PROTOCOL))
		return refusal(WebSocketError::NO_HANDSHAKE, BAD, "No Upgrade: websocket in handshake request");

	if (hasBody(request)) // it would be taken for frames
		return refusal(WebSocketError::NO_HANDSHAKE, BAD, "WebSocket handshake must not have a body");

	const std::vector<std::string> versions = lines(request, "Sec-WebSocket-Version");
	if (versions.empty() || versions[0].empty())
		return refusal(WebSocketError::HANDSHAKE_NO_VERSION, BAD, "Missing Sec-WebSocket-Version in handshake request");
	if (versions.size() > 1)
		return refusal(WebSocketError::HANDSHAKE_UNSUPPORTED_VERSION, BAD, "More than one Sec-WebSocket-Version in handshake request");
	if (versions[0] != VERSION) // 4.2.2, 4.4
		return refusal(WebSocketError::HANDSHAKE_UNSUPPORTED_VERSION, HTTPResponse::HTTP_UPGRADE_REQUIRED, "Unsupported WebSocket version requested; version 13 is supported");

	const std::vector<std::string> keys = lines(request, "Sec-WebSocket-Key");
	if (keys.empty() || keys[0].empty())
		return refusal(WebSocketError::HANDSHAKE_NO_KEY, BAD, "Missing Sec-WebSocket-Key in handshake request");
	if (keys.size() > 1) // 11.3.1
		return refusal(WebSocketError::HANDSHAKE_NO_KEY, BAD, "More than one Sec-WebSocket-Key in handshake request");
	if (!isKey(keys[0]))
		return refusal(WebSocketError::HANDSHAKE_NO_KEY, BAD, "Sec-WebSocket-Key is not the base64 form of 16 bytes");
	return Verdict();
}


WebSocketHandshake::Verdict WebSocketHandshake::checkOrigin(const HTTPRequest& request, const std::vector<std::string>& allowed)
{
	const std::vector<std::string> origins = lines(request, "Origin");
	if (origins.empty()) return Verdict();
	if (origins.size() == 1)
	{
		if (sameHost(origins[0], request.get(HTTPRequest::HOST, ""))) return Verdict();
		for (const std::string& origin: allowed)
		{
			if (origin == "*" || Poco::icompare(origin, origins[0]) == 0) return Verdict();
		}
	}
	return refusal(WebSocketError::HANDSHAKE_REFUSED, HTTPResponse::HTTP_FORBIDDEN, "Origin is not allowed");
}


std::string WebSocketHandshake::selectSubprotocol(const HTTPRequest& request, const std::vector<std::string>& supported)
{
	for (const std::string& wanted: tokens(request, "Sec-WebSocket-Protocol"))
	{
		if (std::find(supported.begin(), supported.end(), wanted) != supported.end()) return wanted;
	}
	return std::string();
}


WebSocketHandshake::Verdict WebSocketHandshake::checkSize(const MessageHeader& header, std::size_t maxFields, std::size_t maxSize)
{
	std::size_t fields = 0;
	std::size_t size = 0;
	for (const auto& field: header)
	{
		++fields;
		size += field.first.size() + field.second.size() + 4; // ": " and the end of the line
	}
	if (fields > maxFields)
		return refusal(WebSocketError::HANDSHAKE_REFUSED, HTTPResponse::HTTP_REQUEST_HEADER_FIELDS_TOO_LARGE, "More than " + std::to_string(maxFields) + " header fields");
	if (size > maxSize)
		return refusal(WebSocketError::HANDSHAKE_REFUSED, HTTPResponse::HTTP_REQUEST_HEADER_FIELDS_TOO_LARGE, "Header of more than " + std::to_string(maxSize) + " bytes");
	return Verdict();
}


WebSocketHandshake::Verdict WebSocketHandshake::checkLines(const HTTPRequest& request)
{
	const std::string forbidden(" \r\n\0", 4);
	if (request.getURI().find_first_of(forbidden) != std::string::npos)
		return refusal(WebSocketError::HANDSHAKE_REFUSED, HTTPResponse::HTTP_BAD_REQUEST, "Space, CR, LF or NUL in the request's URI");
	return checkFields(request);
}


WebSocketHandshake::Verdict WebSocketHandshake::checkFields(const MessageHeader& header)
{
	const std::string forbidden("\r\n\0", 3);
	for (const auto& field: header)
	{
		if (field.first.find_first_of(forbidden) != std::string::npos || field.second.find_first_of(forbidden) != std::string::npos)
			return refusal(WebSocketError::HANDSHAKE_REFUSED, HTTPResponse::HTTP_INTERNAL_SERVER_ERROR, "CR, LF or NUL in a header field");
	}
	return Verdict();
}


void WebSocketHandshake::accept(const HTTPRequest& request, HTTPResponse& response)
{
	response.setVersion(HTTPMessage::HTTP_1_1);
	response.setStatusAndReason(HTTPResponse::HTTP_SWITCHING_PROTOCOLS);
	response.erase("Upgrade");
	response.erase(HTTPMessage::CONNECTION);
	response.set("Upgrade", PROTOCOL);
	response.set(HTTPMessage::CONNECTION, "Upgrade");
	response.set("Sec-WebSocket-Accept", computeAccept(Poco::trim(request.get("Sec-WebSocket-Key"))));
	// RFC 7230, 3.3.1 and 3.3.2: neither may be in a 1xx response
	response.erase(HTTPMessage::CONTENT_LENGTH);
	response.erase(HTTPMessage::TRANSFER_ENCODING);
	response.erase(HTTPMessage::CONTENT_TYPE);
}


void WebSocketHandshake::refuse(const Verdict& verdict, HTTPResponse& response)
{
	response.setStatusAndReason(verdict.status);
	response.set("Sec-WebSocket-Version", VERSION); // 4.4
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
	request.set("Connection", "Upgrade");
	request.set("Upgrade", PROTOCOL);
	request.set("Sec-WebSocket-Version", VERSION);
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
	const std::vector<std::string> accepts = lines(response, "Sec-WebSocket-Accept");
	const std::string expected = computeAccept(key);
	if (accepts.size() != 1 || accepts[0] != expected) // 4.1, 11.3.3
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
		if (!contains(extensions, extension))
			return refusal(WebSocketError::HANDSHAKE_EXTENSION, status, "Server has chosen an extension that was not offered: " + extension);
	}
	return Verdict();
}


std::string WebSocketHandshake::encodeKey(const unsigned char* pBytes)
{
	return base64(pBytes, KEY_LENGTH);
}


bool WebSocketHandshake::isKey(const std::string& key)
{
	constexpr std::size_t LENGTH = 24; // 16 bytes: 21 characters, one that carries two bits, two for padding
	if (key.size() != LENGTH || key[22] != '=' || key[23] != '=') return false;
	for (std::size_t i = 0; i < 22; ++i)
	{
		if (std::find(BASE64, BASE64 + 64, key[i]) == BASE64 + 64) return false;
	}
	return true;
}


std::string WebSocketHandshake::computeAccept(const std::string& key)
{
	Poco::SHA1Engine sha1; // of Foundation: Poco::Crypto opens the random number generator for each
	sha1.update(key + GUID);
	const Poco::DigestEngine::Digest& digest = sha1.digest();
	return base64(digest.data(), digest.size());
}


bool WebSocketHandshake::isToken(const std::string& text)
{
	constexpr char OTHERS[] = "!#$%&'*+-.^_`|~";
	const char* const pEnd = OTHERS + sizeof(OTHERS) - 1;
	return !text.empty() && std::all_of(text.begin(), text.end(), [&OTHERS, pEnd](char c)
	{
		return Poco::Ascii::isAlphaNumeric(c) || std::find(OTHERS, pEnd, c) != pEnd;
	});
}


std::vector<WebSocketHandshake::Element> WebSocketHandshake::elements(const MessageHeader& header, const std::string& field)
{
	std::vector<Element> result;
	for (const std::string& line: lines(header, field))
	{
		for (const std::string& text: split(line, ','))
		{
			if (!text.empty()) result.push_back(parseElement(text));
		}
	}
	return result;
}


std::vector<std::string> WebSocketHandshake::tokens(const MessageHeader& header, const std::string& field)
{
	std::vector<std::string> result;
	for (const Element& element: elements(header, field)) result.push_back(element.name);
	return result;
}


bool WebSocketHandshake::hasToken(const MessageHeader& header, const std::string& field, const std::string& token)
{
	return contains(tokens(header, field), token);
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
