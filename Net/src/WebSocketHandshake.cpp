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
	constexpr std::string_view GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"; // 1.3
	const char* const VERSION  = "13";
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

	struct TokenCharacters
		/// RFC 7230, 3.2.6, as a table.
	{
		constexpr TokenCharacters():
			are()
		{
			for (const char c: std::string_view("!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"))
				are[static_cast<unsigned char>(c)] = true;
		}

		bool are[256];
	};

	bool isTokenCharacter(char c)
	{
		static constexpr TokenCharacters TOKEN_CHARACTERS;
		return TOKEN_CHARACTERS.are[static_cast<unsigned char>(c)];
	}

	bool isSpace(char c)
	{
		return c == ' ' || c == '\t';
	}

	std::string_view trimmed(std::string_view text)
	{
		while (!text.empty() && isSpace(text.front())) text.remove_prefix(1);
		while (!text.empty() && isSpace(text.back())) text.remove_suffix(1);
		return text;
	}

	std::string unquoted(std::string_view text)
		/// The content of a quoted string; text itself if it is none.
	{
		if (text.size() < 2 || text.front() != '"' || text.back() != '"') return std::string(text);
		std::string result;
		for (std::size_t i = 1; i + 1 < text.size(); ++i)
		{
			if (text[i] == '\\' && i + 2 < text.size()) ++i;
			result += text[i];
		}
		return result;
	}

	bool same(std::string_view left, std::string_view right)
		/// Whatever their case.
	{
		return left.size() == right.size() && std::equal(left.begin(), left.end(), right.begin(), [](char a, char b)
		{
			return a == b || Poco::Ascii::toLower(a) == Poco::Ascii::toLower(b);
		});
	}

	template <typename Function>
	void forEachPart(std::string_view value, char separator, const Function& function)
		/// Splits where a separator is not inside a quoted string.
	{
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
				function(trimmed(value.substr(begin, i - begin)));
				begin = i + 1;
			}
		}
		function(trimmed(value.substr(begin)));
	}

	std::vector<std::string_view> split(std::string_view value, char separator)
	{
		std::vector<std::string_view> result;
		forEachPart(value, separator, [&result](std::string_view part) { result.push_back(part); });
		return result;
	}

	template <typename Function>
	void forEachLine(const MessageHeader& header, std::string_view field, const Function& function)
		/// The values of all lines with that name.
	{
		for (const auto& line: header)
		{
			if (same(line.first, field)) function(trimmed(line.second));
		}
	}

	template <typename Function>
	void forEachElement(const MessageHeader& header, std::string_view field, const Function& function)
		/// The elements, which are separated by commas, of all lines with that name.
	{
		forEachLine(header, field, [&function](std::string_view line)
		{
			forEachPart(line, ',', [&function](std::string_view text) { if (!text.empty()) function(text); });
		});
	}

	struct Lines
		/// How many lines there are with a name, and the value of the first.
	{
		Lines(const MessageHeader& header, std::string_view field):
			count(0)
		{
			forEachLine(header, field, [this](std::string_view value) { if (count++ == 0) first = value; });
		}

		std::size_t count;
		std::string_view first;
	};

	WebSocketHandshake::Parameter parseParameter(std::string_view text)
	{
		WebSocketHandshake::Parameter parameter;
		const std::size_t equal = text.find('=');
		parameter.hasValue = equal != std::string_view::npos;
		parameter.name = trimmed(text.substr(0, equal));
		if (parameter.hasValue) parameter.value = unquoted(trimmed(text.substr(equal + 1)));
		return parameter;
	}

	WebSocketHandshake::Element parseElement(std::string_view text)
	{
		WebSocketHandshake::Element element;
		const std::vector<std::string_view> parts = split(text, ';');
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
		bool result = false;
		forEachLine(request, HTTPMessage::TRANSFER_ENCODING, [&result](std::string_view) { result = true; });
		forEachLine(request, HTTPMessage::CONTENT_LENGTH, [&result](std::string_view length) { if (length != "0") result = true; });
		return result;
	}

	bool isVersion(std::string_view version)
		/// RFC 7230, 2.6
	{
		return version.size() == 8 && version.compare(0, 5, "HTTP/") == 0 && version[6] == '.'
			&& Poco::Ascii::isDigit(version[5]) && Poco::Ascii::isDigit(version[7]);
	}

	bool isHTTP11(std::string_view version)
		/// HTTP/1.1 or higher (4.2.1)
	{
		return isVersion(version) && version.compare(5, 3, "1.1") >= 0;
	}

	bool isControl(char c)
	{
		return (c >= 0 && c < ' ') || c == 0x7f;
	}

	std::string_view takeUpTo(char separator, std::string_view& text)
		/// Takes what stands before a separator, and the separator; everything, if there is none.
	{
		const std::string_view result = text.substr(0, text.find(separator));
		text.remove_prefix(std::min(text.size(), result.size() + 1));
		return result;
	}

	std::string_view takeLine(std::string_view& text)
	{
		std::string_view line = takeUpTo('\n', text); // RFC 7230, 3.5: a line may end with LF only
		if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
		return line;
	}

	bool parseRequestLine(std::string_view line, HTTPRequest& request)
		/// RFC 7230, 3.1.1
	{
		const std::string_view method = takeUpTo(' ', line);
		const std::string_view target = takeUpTo(' ', line);
		if (!WebSocketHandshake::isToken(method) || target.empty() || std::any_of(target.begin(), target.end(), isControl) || !isVersion(line)) return false;
		request.setMethod(std::string(method));
		request.setURI(std::string(target));
		request.setVersion(std::string(line));
		return true;
	}

	bool takeField(std::string_view& text, std::string& name, std::string& value)
		/// Takes a field with all its lines (RFC 7230, 3.2).
	{
		const std::string_view line = takeLine(text);
		const std::size_t colon = line.find(':');
		if (colon == std::string_view::npos) return false;
		name  = line.substr(0, colon);
		value = trimmed(line.substr(colon + 1));
		while (!text.empty() && isSpace(text.front())) value.append(1, ' ').append(trimmed(takeLine(text)));
		return WebSocketHandshake::isToken(name) && std::none_of(value.begin(), value.end(), [](char c) { return c != '\t' && isControl(c); });
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


WebSocketHandshake::Verdict WebSocketHandshake::parseRequest(std::string_view header, HTTPRequest& request)
{
	std::string_view line = takeLine(header);
	if (line.empty()) line = takeLine(header); // RFC 7230, 3.5
	if (!parseRequestLine(line, request))
		return refusal(WebSocketError::NO_HANDSHAKE, HTTPResponse::HTTP_BAD_REQUEST, "Not a HTTP request");
	std::string name;
	std::string value;
	while (!header.empty() && header.front() != '\n' && header.compare(0, 2, "\r\n") != 0)
	{
		if (!takeField(header, name, value))
			return refusal(WebSocketError::NO_HANDSHAKE, HTTPResponse::HTTP_BAD_REQUEST, "Malformed header field");
		request.add(name, value);
	}
	return Verdict();
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
	if (versions.first != VERSION) // 4.2.2, 4.4
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


WebSocketHandshake::Verdict WebSocketHandshake::checkOrigin(const HTTPRequest& request, const std::vector<std::string>& allowed)
{
	const Lines origins(request, "Origin");
	if (origins.count == 0) return Verdict();
	if (origins.count == 1)
	{
		if (sameHost(std::string(origins.first), request.get(HTTPRequest::HOST, ""))) return Verdict();
		for (const std::string& origin: allowed)
		{
			if (origin == "*" || same(origin, origins.first)) return Verdict();
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
	const Verdict count = checkCount(header, maxFields);
	if (!count.ok()) return count;
	std::size_t size = 0;
	for (const auto& field: header) size += field.first.size() + field.second.size() + 4; // ": " and the end of the line
	if (size > maxSize)
		return refusal(WebSocketError::HANDSHAKE_REFUSED, HTTPResponse::HTTP_REQUEST_HEADER_FIELDS_TOO_LARGE, "Header of more than " + std::to_string(maxSize) + " bytes");
	return Verdict();
}


WebSocketHandshake::Verdict WebSocketHandshake::checkCount(const MessageHeader& header, std::size_t maxFields)
{
	if (header.size() > maxFields)
		return refusal(WebSocketError::HANDSHAKE_REFUSED, HTTPResponse::HTTP_REQUEST_HEADER_FIELDS_TOO_LARGE, "More than " + std::to_string(maxFields) + " header fields");
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
	const auto bad = [](char c) { return c == '\r' || c == '\n' || c == '\0'; };
	for (const auto& field: header)
	{
		if (std::any_of(field.first.begin(), field.first.end(), bad) || std::any_of(field.second.begin(), field.second.end(), bad))
			return refusal(WebSocketError::HANDSHAKE_REFUSED, HTTPResponse::HTTP_INTERNAL_SERVER_ERROR, "CR, LF or NUL in a header field");
	}
	return Verdict();
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


bool WebSocketHandshake::isToken(std::string_view text)
{
	return !text.empty() && std::all_of(text.begin(), text.end(), isTokenCharacter);
}


std::vector<WebSocketHandshake::Element> WebSocketHandshake::elements(const MessageHeader& header, std::string_view field)
{
	std::vector<Element> result;
	forEachElement(header, field, [&result](std::string_view text) { result.push_back(parseElement(text)); });
	return result;
}


std::vector<std::string> WebSocketHandshake::tokens(const MessageHeader& header, std::string_view field)
{
	std::vector<std::string> result;
	for (const Element& element: elements(header, field)) result.push_back(element.name);
	return result;
}


bool WebSocketHandshake::hasToken(const MessageHeader& header, std::string_view field, std::string_view token)
{
	bool result = false;
	forEachElement(header, field, [&result, token](std::string_view text)
	{
		bool isName = true; // what stands before the parameters
		forEachPart(text, ';', [&](std::string_view part)
		{
			if (isName && same(part, token)) result = true;
			isName = false;
		});
	});
	return result;
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
