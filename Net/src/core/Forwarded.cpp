//
// Forwarded.cpp
//
// Library: PocoWebSocket
// Package: Core
// Module:  WebSocketForwardedFields
//
// SPDX-License-Identifier: BSL-1.0
//


#include "core/Forwarded.h"
#include "core/Address.h"
#include "core/HandshakeFields.h"
#include <algorithm>
#include <utility>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


using WebSocketHandshakeFields::forEachLine;
using WebSocketHandshakeFields::forEachPart;
using WebSocketHandshakeFields::same;
using WebSocketHandshakeFields::trimmed;


namespace
{
	const char* const FORWARDED = "Forwarded";
	const char* const FORWARDED_FOR = "X-Forwarded-For";
	const char* const FORWARDED_PROTO = "X-Forwarded-Proto";
	const char* const FORWARDED_HOST = "X-Forwarded-Host";

	class FromTheEnd
		/// The elements of a list, the last one first. What proxies have added stands at the end: read from there, a quoted string
		/// that a client has left open cannot swallow it.
	{
	public:
		FromTheEnd(const MessageHeader& header, std::string_view field)
		{
			forEachLine(header, field, [this](std::string_view line) { _lines.push_back(line); });
		}

		bool next(std::string_view& element)
			/// Returns false if there is no other element. Those that are empty are left out (RFC 9110, 5.6.1.2).
		{
			while (!_lines.empty())
			{
				std::string_view& line = _lines.back();
				const std::size_t comma = lastComma(line);
				element = trimmed(line.substr(comma == std::string_view::npos ? 0 : comma + 1));
				if (comma == std::string_view::npos) _lines.pop_back();
				else line = line.substr(0, comma);
				if (!element.empty()) return true;
			}
			return false;
		}

	private:
		static std::size_t lastComma(std::string_view line)
		{
			bool quoted = false;
			for (std::size_t i = line.size(); i-- > 0;)
			{
				if (line[i] == '"' && !(quoted && escaped(line, i))) quoted = !quoted;
				else if (line[i] == ',' && !quoted) return i;
			}
			// A quote that is left alone is the client's.
			return quoted ? line.rfind(',') : std::string_view::npos;
		}

		static bool escaped(std::string_view line, std::size_t at)
			/// Returns true if there is an odd number of backslashes before it.
		{
			std::size_t begin = at;
			while (begin > 0 && line[begin - 1] == '\\') --begin;
			return (at - begin)%2 == 1;
		}

		std::vector<std::string_view> _lines;
	};

	class Walk
		/// From the last element to the client's.
	{
	public:
		explicit Walk(const WebSocketForwardedFields::Networks& trusted):
			_trusted(trusted)
		{
		}

		bool go(const WebSocketNode& node)
			/// Returns true if the element before this one can be believed too.
		{
			++hops;
			if (!node.known()) return false;
			client = node;
			return std::any_of(_trusted.begin(), _trusted.end(), [&node](const WebSocketNetwork& network) { return network.contains(node); });
		}

		WebSocketNode client;
		int hops = 0;

	private:
		const WebSocketForwardedFields::Networks& _trusted;
	};

	struct Element
		/// One of Forwarded (RFC 7239, 4).
	{
		explicit Element(std::string_view text)
		{
			forEachPart(text, ';', [this](std::string_view pair) { add(pair); });
		}

		WebSocketNode node;
		std::string proto;
		std::string host;
		bool valid = true;

	private:
		void add(std::string_view pair)
		{
			if (pair.empty()) return; // the grammar has it
			const std::size_t equals = std::min(pair.find('='), pair.size());
			const std::string_view name = pair.substr(0, equals);
			const std::string_view text = pair.substr(std::min(equals + 1, pair.size()));
			const std::string value = WebSocketHandshakeFields::unquoted(text);
			const bool quoted = value.size() != text.size();
			bool good = WebSocketHandshake::isToken(name) && (quoted || WebSocketHandshake::isToken(text));
			if (same(name, "for"))
			{
				good = good && once(_for) && WebSocketNode::parse(value, node);
			}
			else if (same(name, "proto"))
			{
				good = good && once(_proto);
				proto = value;
			}
			else if (same(name, "host"))
			{
				good = good && once(_host);
				host = value;
			}
			valid = valid && good;
		}

		static bool once(bool& given)
			/// 4: no parameter occurs twice.
		{
			return !std::exchange(given, true);
		}

		bool _for = false;
		bool _proto = false;
		bool _host = false;
	};

	WebSocketScheme schemeOf(std::string_view text)
	{
		if (same(text, "https") || same(text, "wss")) return WebSocketScheme::SECURE;
		if (same(text, "http") || same(text, "ws")) return WebSocketScheme::PLAIN;
		return WebSocketScheme::NOT_TOLD;
	}

	void tell(std::string_view scheme, std::string_view host, WebSocketProxied& proxied)
	{
		proxied.scheme = schemeOf(scheme);
		proxied.host = WebSocketAddress::isHostField(host) ? host : std::string_view();
	}

	std::string_view elementAt(const MessageHeader& header, const char* pField, int hops)
		/// The element that is as far from the end, or the first.
	{
		FromTheEnd elements(header, pField);
		std::string_view element;
		std::string_view found;
		for (int i = 0; i < hops && elements.next(element); ++i) found = element;
		return found;
	}

	WebSocketProxied readForwarded(const MessageHeader& header, const WebSocketForwardedFields::Networks& trusted)
	{
		WebSocketProxied proxied;
		Walk walk(trusted);
		FromTheEnd elements(header, FORWARDED);
		std::string_view text;
		while (elements.next(text))
		{
			const Element element(text);
			if (!element.valid) break;
			const bool on = walk.go(element.node);
			tell(element.proto, element.host, proxied);
			if (!on) break;
		}
		proxied.client = walk.client;
		return proxied;
	}

	WebSocketProxied readOthers(const MessageHeader& header, const WebSocketForwardedFields::Networks& trusted)
	{
		WebSocketProxied proxied;
		Walk walk(trusted);
		FromTheEnd elements(header, FORWARDED_FOR);
		std::string_view text;
		WebSocketNode node;
		while (elements.next(text) && WebSocketNode::parse(text, node) && walk.go(node))
		{
		}
		proxied.client = walk.client;
		const int hops = std::max(walk.hops, 1);
		tell(elementAt(header, FORWARDED_PROTO, hops), elementAt(header, FORWARDED_HOST, hops), proxied);
		return proxied;
	}
}


bool WebSocketForwardedFields::contains(const MessageHeader& header)
{
	return std::any_of(header.begin(), header.end(), [](const auto& field)
	{
		const std::string& name = field.first;
		return same(name, FORWARDED) || same(name, FORWARDED_FOR) || same(name, FORWARDED_PROTO) || same(name, FORWARDED_HOST);
	});
}


WebSocketProxied WebSocketForwardedFields::read(const MessageHeader& header, const Networks& trusted)
{
	const std::size_t standard = WebSocketHandshakeFields::Lines(header, FORWARDED).count;
	const std::size_t others = WebSocketHandshakeFields::Lines(header, FORWARDED_FOR).count;
	return standard > 0 && others == 0 ? readForwarded(header, trusted) : readOthers(header, trusted);
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
