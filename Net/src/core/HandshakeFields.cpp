//
// HandshakeFields.cpp
//
// Library: PocoWebSocket
// Package: Core
// Module:  WebSocketHandshake
//
// What RFC 7230 says about a request line and the fields of a header.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "core/HandshakeFields.h"


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


using namespace WebSocketHandshakeFields;


namespace
{
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

	std::vector<std::string_view> split(std::string_view value, char separator)
	{
		std::vector<std::string_view> result;
		forEachPart(value, separator, [&result](std::string_view part) { result.push_back(part); });
		return result;
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

	struct RequestLine
		/// RFC 7230, 3.1.1
	{
		explicit RequestLine(std::string_view line):
			method(takeUpTo(' ', line)),
			target(takeUpTo(' ', line)),
			version(line)
		{
		}

		bool valid() const
		{
			return WebSocketHandshake::isToken(method) && !target.empty() && std::none_of(target.begin(), target.end(), isControl) && isVersion(version);
		}

		const std::string_view method;
		const std::string_view target;
		const std::string_view version;
	};

	bool parseRequestLine(std::string_view text, HTTPRequest& request)
	{
		const RequestLine line(text);
		if (!line.valid()) return false;
		request.setMethod(std::string(line.method));
		request.setURI(std::string(line.target));
		request.setVersion(std::string(line.version));
		return true;
	}

	std::size_t emptyLine(std::string_view text)
		/// The length of an empty line at the beginning; 0 if there is none.
	{
		if (text.compare(0, 1, "\n") == 0) return 1;
		return text.compare(0, 2, "\r\n") == 0 ? 2 : 0;
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
}


WebSocketHandshake::Verdict WebSocketHandshakeFields::refusal(WebSocketError::Code error, HTTPResponse::HTTPStatus status, const std::string& text)
{
	WebSocketHandshake::Verdict verdict;
	verdict.error  = error;
	verdict.status = status;
	verdict.text   = text;
	return verdict;
}


WebSocketHandshake::Verdict WebSocketHandshakeFields::tooLarge(const std::string& text)
{
	WebSocketHandshake::Verdict verdict = refusal(WebSocketError::HANDSHAKE_REFUSED, HTTPResponse::HTTP_REQUEST_HEADER_FIELDS_TOO_LARGE, text);
	verdict.reason = WebSocketRefusalReason::TOO_LARGE;
	return verdict;
}


WebSocketHandshakeFields::Lines::Lines(const MessageHeader& header, std::string_view field):
	count(0)
{
	forEachLine(header, field, [this](std::string_view value) { if (count++ == 0) first = value; });
}


std::string WebSocketHandshakeFields::unquoted(std::string_view text)
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


bool WebSocketHandshakeFields::readFields(std::string_view text, MessageHeader& header)
{
	while (!text.empty())
	{
		const std::string_view line = takeLine(text);
		const std::size_t colon = line.find(':');
		if (colon == std::string_view::npos) continue;
		std::string value(line.substr(colon + 1));
		while (!text.empty() && isSpace(text.front())) value += takeLine(text);
		if (value.find('\r') != std::string::npos) return false;
		header.add(std::string(line.substr(0, colon)), std::string(trimmed(value)));
	}
	return true;
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


bool WebSocketHandshake::mayBeRequest(std::string_view text, std::size_t before)
{
	const std::size_t begin = emptyLine(text); // RFC 7230, 3.5
	const std::size_t end = text.find('\n', begin);
	if (end < before) return true; // it was looked at then
	if (end != std::string_view::npos)
	{
		text.remove_prefix(begin);
		return RequestLine(takeLine(text)).valid();
	}
	const std::string_view line = text.substr(begin);
	if (line.empty() || text == "\r") return true;
	const std::size_t method = std::min(line.size(), line.find(' '));
	const std::size_t length = line.size() - (line.back() == '\r' && method < line.size() ? 1 : 0); // it may end here
	for (std::size_t i = before > begin ? before - begin - 1 : 0; i < length; ++i)
	{
		if (i < method ? !isTokenCharacter(line[i]) : isControl(line[i])) return false;
	}
	return method > 0;
}


WebSocketHandshake::Verdict WebSocketHandshake::checkFraming(const HTTPRequest& request)
{
	const Lines encodings(request, HTTPMessage::TRANSFER_ENCODING);
	const Lines lengths(request, HTTPMessage::CONTENT_LENGTH);
	bool valid = encodings.count == 0 || (encodings.count == 1 && same(encodings.first, HTTPMessage::CHUNKED_TRANSFER_ENCODING)
		&& lengths.count == 0 && isHTTP11(request.getVersion())); // 6.1
	for (const auto& field: request) // 6.3, 5
	{
		if (!same(field.first, HTTPMessage::CONTENT_LENGTH)) continue;
		const std::string_view length = trimmed(field.second);
		if (length.empty() || length != lengths.first || !std::all_of(length.begin(), length.end(), Poco::Ascii::isDigit)) valid = false;
	}
	if (!valid) return refusal(WebSocketError::NO_HANDSHAKE, HTTPResponse::HTTP_BAD_REQUEST, "Nobody knows where the request's body ends");
	return Verdict();
}


std::string_view WebSocketHandshake::pathOf(std::string_view target)
{
	return target.substr(0, target.find('?'));
}


std::string_view WebSocketHandshake::pathOfRequest(std::string_view header)
{
	const std::size_t begin = header.find_first_not_of("\r\n"); // as parseRequest()
	if (begin == std::string_view::npos) return std::string_view();
	const std::string_view line = header.substr(begin, header.find_first_of("\r\n", begin) - begin);
	const std::size_t method = line.find(' ');
	if (method == std::string_view::npos) return std::string_view();
	const std::string_view rest = line.substr(method + 1);
	return pathOf(rest.substr(0, rest.find(' ')));
}


WebSocketHandshake::Verdict WebSocketHandshake::checkSize(const MessageHeader& header, std::size_t maxFields, std::size_t maxSize)
{
	const Verdict count = checkCount(header, maxFields);
	if (!count.ok()) return count;
	std::size_t size = 0;
	for (const auto& field: header) size += field.first.size() + field.second.size() + 4; // ": " and the end of the line
	if (size > maxSize) return tooLarge("Header of more than " + std::to_string(maxSize) + " bytes");
	return Verdict();
}


WebSocketHandshake::Verdict WebSocketHandshake::checkCount(const MessageHeader& header, std::size_t maxFields)
{
	if (header.size() > maxFields) return tooLarge("More than " + std::to_string(maxFields) + " header fields");
	return Verdict();
}


WebSocketHandshake::Verdict WebSocketHandshake::checkLines(const HTTPRequest& request)
{
	const std::string forbidden(" \r\n\0#", 5); // "#": RFC 6455, 3
	if (request.getURI().find_first_of(forbidden) != std::string::npos)
		return refusal(WebSocketError::HANDSHAKE_REFUSED, HTTPResponse::HTTP_BAD_REQUEST, "Space, CR, LF, NUL or a fragment in the request's URI");
	return checkFields(request);
}


WebSocketHandshake::Verdict WebSocketHandshake::checkFields(const NameValueCollection& fields)
{
	const auto bad = [](char c) { return c == '\r' || c == '\n' || c == '\0'; };
	for (const auto& field: fields)
	{
		if (std::any_of(field.first.begin(), field.first.end(), bad) || std::any_of(field.second.begin(), field.second.end(), bad))
			return refusal(WebSocketError::HANDSHAKE_REFUSED, HTTPResponse::HTTP_INTERNAL_SERVER_ERROR, "CR, LF or NUL in a header field");
	}
	return Verdict();
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
