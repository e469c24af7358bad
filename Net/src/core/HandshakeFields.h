//
// HandshakeFields.h
//
// Library: PocoWebSocket
// Package: Core
// Module:  WebSocketHandshake
//
// The fields of a header (RFC 7230, 3.2) and what is said when they are not as they have to be.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketHandshakeFields_INCLUDED
#define Net_WebSocketHandshakeFields_INCLUDED


#include "core/Handshake.h"
#include "Poco/Ascii.h"
#include <algorithm>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN
namespace WebSocketHandshakeFields {


WebSocketHandshake::Verdict refusal(WebSocketError::Code error, HTTPResponse::HTTPStatus status, const std::string& text);


WebSocketHandshake::Verdict tooLarge(const std::string& text);


bool readFields(std::string_view text, MessageHeader& header);
	/// Adds the fields of a response, as Poco reads them, but of any length: lines without a colon are left out, and those of
	/// a folded field joined. Returns false if there is a CR inside a line.


inline bool isSpace(char c)
{
	return c == ' ' || c == '\t';
}


inline std::string_view trimmed(std::string_view text)
{
	while (!text.empty() && isSpace(text.front())) text.remove_prefix(1);
	while (!text.empty() && isSpace(text.back())) text.remove_suffix(1);
	return text;
}


inline bool same(std::string_view left, std::string_view right)
	/// Whatever their case.
{
	return left.size() == right.size() && std::equal(left.begin(), left.end(), right.begin(), [](char a, char b)
	{
		return a == b || Poco::Ascii::toLower(a) == Poco::Ascii::toLower(b);
	});
}


inline bool isVersion(std::string_view version)
	/// RFC 7230, 2.6
{
	return version.size() == 8 && version.compare(0, 5, "HTTP/") == 0 && version[6] == '.'
		&& Poco::Ascii::isDigit(version[5]) && Poco::Ascii::isDigit(version[7]);
}


inline bool isHTTP11(std::string_view version)
	/// HTTP/1.1 or higher (RFC 6455, 4.2.1)
{
	return isVersion(version) && version.compare(5, 3, "1.1") >= 0;
}


std::string unquoted(std::string_view text);
	/// The content of a quoted string; text itself if it is none.


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


template <typename Function>
void forEachLine(const MessageHeader& header, std::string_view field, const Function& function)
	/// The values of all lines with that name.
{
	for (const auto& line: header)
	{
		if (same(line.first, field)) function(trimmed(line.second));
	}
}


struct Lines
	/// How many lines there are with a name, and the value of the first.
{
	Lines(const MessageHeader& header, std::string_view field);

	std::size_t count;
	std::string_view first;
};


} // namespace WebSocketHandshakeFields
POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketHandshakeFields_INCLUDED
