//
// Address.cpp
//
// Library: PocoWebSocket
// Package: Core
// Module:  WebSocketAddress
//
// SPDX-License-Identifier: BSL-1.0
//


#include "core/Address.h"
#include "core/HandshakeFields.h"
#include "Poco/Ascii.h"


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


using WebSocketHandshakeFields::same;


namespace
{
	struct Part
		/// A component of a URI, which may be missing, or there and empty.
	{
		std::string_view text;
		bool given = false;
	};

	struct Reference
		/// RFC 3986, appendix B
	{
		explicit Reference(std::string_view text)
		{
			fragment = takeFrom(text, '#');
			query    = takeFrom(text, '?');
			const std::size_t colon = text.find_first_of(":/");
			if (colon != std::string_view::npos && colon > 0 && text[colon] == ':')
			{
				scheme = {text.substr(0, colon), true};
				text.remove_prefix(colon + 1);
			}
			if (text.compare(0, 2, "//") == 0)
			{
				text.remove_prefix(2);
				authority = {text.substr(0, text.find('/')), true};
				text.remove_prefix(authority.text.size());
			}
			path = text;
		}

		Part scheme;
		Part authority;
		std::string_view path;
		Part query;
		Part fragment;

	private:
		static Part takeFrom(std::string_view& text, char begin)
			/// Takes what stands behind a character, and that.
		{
			const std::size_t at = text.find(begin);
			if (at == std::string_view::npos) return Part();
			const std::string_view part = text.substr(at + 1);
			text = text.substr(0, at);
			return {part, true};
		}
	};

	std::string removeDotSegments(std::string_view path)
		/// RFC 3986, 5.2.4, of a path that begins with a slash.
	{
		std::string result;
		while (!path.empty())
		{
			const std::size_t end = std::min(path.find('/', 1), path.size());
			const std::string_view segment = path.substr(1, end - 1);
			path.remove_prefix(end);
			if (segment == "..") result.resize(result.empty() ? 0 : result.rfind('/'));
			else if (segment != ".") result.append(1, '/').append(segment);
			if ((segment == "." || segment == "..") && path.empty()) result += '/';
		}
		return result;
	}

	std::string merge(const std::string& target, std::string_view path)
		/// RFC 3986, 5.2.3: the base has an authority, and a path that is not empty.
	{
		const std::size_t query = target.find('?');
		const std::size_t slash = target.rfind('/', query);
		return target.substr(0, slash + 1).append(path);
	}

	bool escape(std::string& text)
		/// Escapes what is no character of a path or query (RFC 3986, 3.3, 3.4). Returns false if there is a malformed escape.
	{
		static const char HEX[] = "0123456789ABCDEF";
		std::string result;
		for (std::size_t i = 0; i < text.size(); ++i)
		{
			const char c = text[i];
			const unsigned char byte = static_cast<unsigned char>(c);
			if (c == '%' && !(i + 2 < text.size() && Poco::Ascii::isHexDigit(text[i + 1]) && Poco::Ascii::isHexDigit(text[i + 2]))) return false; // 2.1
			if (byte > ' ' && byte < 0x7f && std::string_view("\"<>\\^`{|}").find(c) == std::string_view::npos) result += c;
			else result.append(1, '%').append(1, HEX[byte >> 4]).append(1, HEX[byte & 15]);
		}
		text.swap(result);
		return true;
	}

	bool parsePort(std::string_view text, Poco::UInt16& port)
		/// RFC 3986, 3.2.3. Leaves the port if text is empty.
	{
		if (text.empty()) return true;
		unsigned number = 0;
		for (const char c: text)
		{
			if (!Poco::Ascii::isDigit(c)) return false;
			number = 10*number + static_cast<unsigned>(c - '0');
			if (number > 65535) return false;
		}
		port = static_cast<Poco::UInt16>(number);
		return number > 0;
	}

	bool isHost(std::string_view host, bool bracketed)
		/// RFC 3986, 3.2.2, but for IPvFuture
	{
		for (const char c: host)
		{
			const bool right = bracketed ?
				Poco::Ascii::isHexDigit(c) || c == ':' || c == '.' :
				Poco::Ascii::isAlphaNumeric(c) || std::string_view("-._~!$&'()*+,;=%").find(c) != std::string_view::npos;
			if (!right) return false;
		}
		return !host.empty();
	}

	bool parseAuthority(std::string_view text, WebSocketAddress& address)
		/// RFC 3986, 3.2
	{
		const bool bracketed = !text.empty() && text.front() == '[';
		const std::size_t end = bracketed ? text.find(']') : std::min(text.find(':'), text.size());
		if (end == std::string_view::npos) return false;
		const std::string_view host = bracketed ? text.substr(1, end - 1) : text.substr(0, end);
		text.remove_prefix(bracketed ? end + 1 : end);
		if (!isHost(host, bracketed)) return false;
		if (!text.empty() && text.front() != ':') return false;
		address.host = host;
		address.port = WebSocketAddress::defaultPort(address.secure);
		return parsePort(text.substr(text.empty() ? 0 : 1), address.port);
	}

	bool parseScheme(std::string_view text, bool& secure)
	{
		secure = same(text, "wss") || same(text, "https");
		return secure || same(text, "ws") || same(text, "http");
	}

	std::string plainHost(const std::string& host)
		/// How a host is told to somebody else: an IPv6 address has brackets, and no zone (RFC 6874, 4).
	{
		if (host.find(':') == std::string::npos) return host;
		if (host.front() == '[') return host;
		return "[" + host.substr(0, host.find('%')) + "]";
	}
}


bool WebSocketAddress::resolve(std::string_view reference, WebSocketAddress& result) const
{
	// RFC 3986, 5.2.2
	const Reference parts(WebSocketHandshakeFields::trimmed(reference));
	WebSocketAddress address;
	address.secure = secure;
	if (parts.scheme.given && !parseScheme(parts.scheme.text, address.secure)) return false;
	if (parts.scheme.given && parts.fragment.given && Poco::Ascii::toLower(parts.scheme.text[0]) == 'w') return false; // RFC 6455, 3
	std::string path(parts.path);
	bool ownQuery = false;
	if (parts.scheme.given || parts.authority.given)
	{
		if (!parts.authority.given || !parseAuthority(parts.authority.text, address)) return false;
	}
	else
	{
		address.host = host;
		address.port = port;
		if (path.empty())
		{
			path = target.substr(0, target.find('?'));
			ownQuery = !parts.query.given;
		}
		else if (path[0] != '/')
		{
			path = merge(target, path);
		}
	}
	if (path.empty()) address.target = "/";
	else address.target = removeDotSegments(path);
	if (parts.query.given) address.target.append(1, '?').append(parts.query.text);
	else if (ownQuery && target.find('?') != std::string::npos) address.target.append(target, target.find('?'), std::string::npos);
	if (!escape(address.target)) return false;
	result = address;
	return true;
}


bool WebSocketAddress::sameOrigin(const WebSocketAddress& other) const
{
	return secure == other.secure && port == other.port && same(host, other.host);
}


std::string WebSocketAddress::hostField() const
{
	return port == defaultPort(secure) ? plainHost(host) : authority();
}


std::string WebSocketAddress::authority() const
{
	return plainHost(host) + ":" + std::to_string(port);
}


std::string WebSocketAddress::uri() const
{
	return std::string(secure ? "https://" : "http://") + authority() + target;
}


bool WebSocketAddress::isHostField(std::string_view text)
{
	WebSocketAddress address;
	return parseAuthority(text, address);
}


Poco::UInt16 WebSocketAddress::defaultPort(bool secure)
{
	return secure ? 443 : 80;
}


std::string WebSocketAddress::targetOf(const std::string& pathAndQuery)
{
	return pathAndQuery.empty() || pathAndQuery[0] == '?' ? "/" + pathAndQuery : pathAndQuery;
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
