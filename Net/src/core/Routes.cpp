//
// Routes.cpp
//
// Library: PocoWebSocket
// Package: Core
// Module:  WebSocketRoutes
//
// SPDX-License-Identifier: BSL-1.0
//


#include "core/Routes.h"
#include "Poco/Ascii.h"
#include <algorithm>
#include <tuple>
#include <utility>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


namespace
{
	constexpr std::string_view HEX_DIGITS = "0123456789ABCDEF";

	int hexDigit(char c)
		/// Returns -1 if it is none.
	{
		const std::size_t digit = HEX_DIGITS.find(static_cast<char>(Poco::Ascii::toUpper(c)));
		return digit == std::string_view::npos ? -1 : static_cast<int>(digit);
	}

	bool isUnreserved(char c)
		/// RFC 3986, 2.3
	{
		return Poco::Ascii::isAlphaNumeric(c) || c == '-' || c == '.' || c == '_' || c == '~';
	}

	bool isPathCharacter(char c)
		/// RFC 3986, 3.3: a slash, or pchar, but for escapes.
	{
		return isUnreserved(c) || std::string_view("/:@!$&'()*+,;=").find(c) != std::string_view::npos;
	}

	int unescape(std::string_view text, std::size_t position)
		/// Returns the byte of an escape that begins there, or -1 (RFC 3986, 2.1).
	{
		if (text.size() - position < 3) return -1;
		const int high = hexDigit(text[position + 1]);
		const int low  = hexDigit(text[position + 2]);
		return high < 0 || low < 0 ? -1 : high*16 + low;
	}

	void appendEscaped(char c, std::string& path)
	{
		const auto byte = static_cast<unsigned char>(c);
		path += '%';
		path += HEX_DIGITS[byte >> 4];
		path += HEX_DIGITS[byte & 15];
	}

	bool normalize(std::string_view text, std::string& path)
		/// Makes equivalent paths equal (RFC 3986, 6.2.2.1 and 6.2.2.2). Returns false if an escape is none.
	{
		for (std::size_t i = 0; i < text.size(); ++i)
		{
			char c = text[i];
			bool escaped = !isPathCharacter(c);
			if (c == '%')
			{
				const int byte = unescape(text, i);
				if (byte < 0) return false;
				i += 2;
				c = static_cast<char>(byte);
				escaped = !isUnreserved(c);
			}
			if (escaped) appendEscaped(c, path);
			else path += c;
		}
		return true;
	}

	std::string decode(std::string_view path)
		/// The path has been normalized.
	{
		std::string result;
		for (std::size_t i = 0; i < path.size(); ++i)
		{
			if (path[i] == '%')
			{
				result += static_cast<char>(unescape(path, i));
				i += 2;
			}
			else
			{
				result += path[i];
			}
		}
		return result;
	}

	std::string_view pathOf(std::string_view target)
		/// RFC 7230, 5.3
	{
		target = target.substr(0, target.find('?'));
		const std::size_t scheme = target.find("://");
		if (target.empty() || target.front() == '/' || scheme == std::string_view::npos) return target;
		const std::size_t slash = target.find('/', scheme + 3);
		return slash == std::string_view::npos ? std::string_view("/") : target.substr(slash);
	}

	bool startsWith(const std::string& text, const std::string& start)
	{
		return text.compare(0, start.size(), start) == 0;
	}
}


WebSocketRoutes::Outcome WebSocketRoutes::add(std::string_view path)
{
	if (path.empty() || path.front() != '/' || path.find_first_of("?#") != std::string_view::npos) return MALFORMED;
	const std::size_t open = path.find('{');
	const std::size_t close = path.find('}');
	Pattern pattern;
	pattern.number = _count;
	if (open == std::string_view::npos && close == std::string_view::npos)
	{
		pattern.prefix = path.size() >= 2 && path.substr(path.size() - 2) == "/*";
		if (!normalize(path.substr(0, path.size() - (pattern.prefix ? 1 : 0)), pattern.before)) return MALFORMED;
		if (pattern.before.find('*') != std::string::npos) return MALFORMED;
		if (!pattern.prefix)
		{
			if (!_exact.emplace(pattern.before, _count).second) return REPEATED;
			++_count;
			return ADDED;
		}
	}
	else
	{
		// A parameter is a segment of its own, and there is one.
		if (open == std::string_view::npos || close == std::string_view::npos || close < open + 2 || path[open - 1] != '/') return MALFORMED;
		const std::string_view name = path.substr(open + 1, close - open - 1);
		const std::string_view behind = path.substr(close + 1);
		if (!std::all_of(name.begin(), name.end(), isUnreserved)) return MALFORMED;
		if ((!behind.empty() && behind.front() != '/') || behind.find_first_of("{}*") != std::string_view::npos) return MALFORMED;
		if (path.substr(0, open).find('*') != std::string_view::npos) return MALFORMED;
		if (!normalize(path.substr(0, open), pattern.before) || !normalize(behind, pattern.behind)) return MALFORMED;
	}
	const auto place = std::find_if(_patterns.begin(), _patterns.end(), [&pattern](const Pattern& other) { return !other.goesBefore(pattern); });
	if (place != _patterns.end() && !pattern.goesBefore(*place)) return REPEATED;
	_patterns.insert(place, std::move(pattern));
	++_count;
	return ADDED;
}


std::size_t WebSocketRoutes::find(std::string_view target, std::string& value) const
{
	std::string path;
	if (!normalize(pathOf(target), path)) return NONE;
	const auto exact = _exact.find(path);
	if (exact != _exact.end())
	{
		value.clear();
		return exact->second;
	}
	for (const Pattern& pattern: _patterns)
	{
		if (!pattern.fits(path)) continue;
		value = decode(std::string_view(path).substr(pattern.before.size(), path.size() - pattern.before.size() - pattern.behind.size()));
		return pattern.number;
	}
	return NONE;
}


bool WebSocketRoutes::empty() const
{
	return _count == 0;
}


bool WebSocketRoutes::Pattern::goesBefore(const Pattern& other) const
	/// Any order of those that are equally good will do, but two are equal only if they are the same.
{
	if (prefix != other.prefix) return other.prefix;
	if (before.size() != other.before.size()) return before.size() > other.before.size();
	if (behind.size() != other.behind.size()) return behind.size() > other.behind.size();
	return std::tie(before, behind) < std::tie(other.before, other.behind);
}


bool WebSocketRoutes::Pattern::fits(const std::string& path) const
{
	if (!startsWith(path, before)) return false;
	if (prefix) return true;
	if (path.size() <= before.size() + behind.size()) return false;
	const std::size_t end = path.size() - behind.size();
	return path.compare(end, behind.size(), behind) == 0 && path.find('/', before.size()) >= end;
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
