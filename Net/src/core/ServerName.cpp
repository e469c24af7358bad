//
// ServerName.cpp
//
// Library: PocoWebSocket
// Package: Core
// Module:  WebSocketServerName
//
// SPDX-License-Identifier: BSL-1.0
//


#include "core/ServerName.h"


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


namespace
{
	constexpr std::size_t MAX_NAME  = 253; // RFC 1035, 2.3.4, as text
	constexpr std::size_t MAX_LABEL = 63;

	char lowerCase(char c)
		/// Returns 0 if it is not of a label.
	{
		if (c >= 'A' && c <= 'Z') return static_cast<char>(c - 'A' + 'a');
		return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ? c : '\0';
	}
}


std::string WebSocketServerName::canonical(std::string_view name)
{
	if (!name.empty() && name.back() == '.') name.remove_suffix(1);
	std::string result;
	if (name.size() > MAX_NAME) return result;
	std::size_t label = 0; // its length
	for (const char c: name)
	{
		const char lower = c == '.' ? c : lowerCase(c);
		label = c == '.' ? 0 : label + 1;
		if (lower == '\0' || label > MAX_LABEL || (c == '.' && (result.empty() || result.back() == '.'))) return std::string();
		result += lower;
	}
	return label > 0 ? result : std::string();
}


std::string WebSocketServerName::canonicalPattern(std::string_view pattern)
{
	if (pattern.substr(0, 2) != "*.") return canonical(pattern);
	const std::string rest = canonical(pattern.substr(2));
	return rest.empty() || rest.size() > MAX_NAME - 2 ? std::string() : "*." + rest;
}


std::string WebSocketServerName::patternOf(const std::string& name)
{
	const std::size_t dot = name.find('.');
	if (dot == std::string::npos) return std::string();
	return "*" + name.substr(dot);
}


std::string WebSocketServerName::asked(const unsigned char* pExtension, std::size_t length)
{
	// A list, whose length comes first; one entry: its type, which is 0 for a host name, and its length.
	constexpr std::size_t HEADER = 5;
	if (length <= HEADER) return std::string();
	const auto number = [pExtension](std::size_t at) { return static_cast<std::size_t>(pExtension[at] << 8 | pExtension[at + 1]); };
	const bool good = number(0) == length - 2 && pExtension[2] == 0 && number(3) == length - HEADER;
	return good ? canonical(std::string_view(reinterpret_cast<const char*>(pExtension) + HEADER, length - HEADER)) : std::string();
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
