//
// Network.cpp
//
// Library: PocoWebSocket
// Package: Core
// Module:  WebSocketNetwork
//
// SPDX-License-Identifier: BSL-1.0
//


#include "core/Network.h"
#include "core/HandshakeFields.h"
#include "Poco/Ascii.h"
#include <algorithm>
#include <cstring>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


namespace
{
	constexpr std::size_t IPV4_SIZE = 4;
	constexpr std::size_t IPV6_SIZE = 16;
	constexpr unsigned MAPPED_BITS = 96;
	constexpr WebSocketNode::Bytes MAPPED = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 0, 0}; // RFC 4291, 2.5.5.2

	bool parseDecimal(std::string_view text, unsigned max, unsigned& number)
		/// A decimal number up to max, which has five digits at most, without leading zeros.
	{
		if (text.empty() || text.size() > 5 || (text.size() > 1 && text.front() == '0')) return false;
		unsigned value = 0;
		for (const char c: text)
		{
			if (!Poco::Ascii::isDigit(c)) return false;
			value = 10*value + static_cast<unsigned>(c - '0');
		}
		if (value > max) return false;
		number = value;
		return true;
	}

	bool parseDotted(std::string_view text, unsigned char* pBytes)
		/// Four numbers. A leading zero could be meant as octal.
	{
		for (std::size_t i = 0; i < IPV4_SIZE; ++i)
		{
			const std::size_t end = i < IPV4_SIZE - 1 ? text.find('.') : text.size();
			unsigned number = 0;
			if (end == std::string_view::npos || !parseDecimal(text.substr(0, end), 255, number)) return false;
			pBytes[i] = static_cast<unsigned char>(number);
			text.remove_prefix(std::min(end + 1, text.size()));
		}
		return true;
	}

	bool parseHexGroup(std::string_view text, unsigned char* pBytes)
		/// One to four hexadecimal digits.
	{
		if (text.empty() || text.size() > 4) return false;
		unsigned number = 0;
		for (const char c: text)
		{
			if (!Poco::Ascii::isHexDigit(c)) return false;
			number = 16*number + static_cast<unsigned>(Poco::Ascii::isDigit(c) ? c - '0' : Poco::Ascii::toLower(c) - 'a' + 10);
		}
		pBytes[0] = static_cast<unsigned char>(number >> 8);
		pBytes[1] = static_cast<unsigned char>(number & 0xff);
		return true;
	}

	bool parseGroups(std::string_view text, WebSocketNode::Bytes& bytes)
		/// RFC 4291, 2.2: eight groups, of which "::" may leave out some, and an IPv4 address may be the last two.
	{
		constexpr std::size_t NO_GAP = IPV6_SIZE + 1;
		std::size_t size = 0;
		std::size_t gap = NO_GAP;
		if (text.compare(0, 2, "::") == 0)
		{
			gap = 0;
			text.remove_prefix(2);
		}
		while (!text.empty())
		{
			const std::string_view group = text.substr(0, text.find(':'));
			text.remove_prefix(group.size());
			if (text.empty() && group.find('.') != std::string_view::npos)
			{
				if (size > IPV6_SIZE - IPV4_SIZE || !parseDotted(group, &bytes[size])) return false;
				size += IPV4_SIZE;
				break;
			}
			if (size == IPV6_SIZE || !parseHexGroup(group, &bytes[size])) return false;
			size += 2;
			if (text.empty()) break;
			text.remove_prefix(1);
			if (text.empty()) return false; // a colon at the end
			if (text.front() != ':') continue;
			if (gap != NO_GAP) return false; // it may appear once
			gap = size;
			text.remove_prefix(1);
		}
		if (gap == NO_GAP) return size == IPV6_SIZE;
		if (size == IPV6_SIZE) return false; // "::" is at least one group
		std::copy_backward(&bytes[gap], bytes.data() + size, bytes.data() + IPV6_SIZE);
		std::fill_n(&bytes[gap], IPV6_SIZE - size, static_cast<unsigned char>(0));
		return true;
	}

	bool isMapped(const void* pBytes)
	{
		return std::memcmp(pBytes, MAPPED.data(), MAPPED_BITS/8) == 0;
	}

	bool isHiddenName(std::string_view text)
		/// RFC 7239, 6.3
	{
		return text.size() > 1 && text.front() == '_' && std::all_of(text.begin(), text.end(), [](char c)
		{
			return Poco::Ascii::isAlphaNumeric(c) || c == '.' || c == '_' || c == '-';
		});
	}

	bool sameBits(const unsigned char* pLeft, const unsigned char* pRight, unsigned bits)
	{
		if (std::memcmp(pLeft, pRight, bits/8) != 0) return false;
		return bits%8 == 0 || ((pLeft[bits/8] ^ pRight[bits/8]) >> (8 - bits%8)) == 0;
	}
}


WebSocketNode WebSocketNode::ofBytes(Family family, const void* pBytes)
{
	WebSocketNode node;
	node.family = family;
	const unsigned char* const p = static_cast<const unsigned char*>(pBytes);
	if (family == IPV6 && isMapped(p)) node = ofBytes(IPV4, p + MAPPED_BITS/8);
	else std::memcpy(node.bytes.data(), p, family == IPV4 ? IPV4_SIZE : IPV6_SIZE);
	return node;
}


bool WebSocketNode::parseAddress(std::string_view text, WebSocketNode& node)
{
	Bytes bytes = {};
	const Family family = text.find(':') == std::string_view::npos ? IPV4 : IPV6;
	if (family == IPV4 ? !parseDotted(text, bytes.data()) : !parseGroups(text, bytes)) return false;
	node = ofBytes(family, bytes.data());
	return true;
}


bool WebSocketNode::parsePort(std::string_view text, Poco::UInt16& port)
{
	unsigned number = 0;
	if (!parseDecimal(text, 65535, number)) return false;
	port = static_cast<Poco::UInt16>(number);
	return true;
}


bool WebSocketNode::parse(std::string_view text, WebSocketNode& node)
{
	if (parseAddress(text, node)) return true;
	const bool bracketed = !text.empty() && text.front() == '[';
	const std::size_t end = bracketed ? text.find(']') : std::min(text.find(':'), text.size());
	if (end == std::string_view::npos) return false;
	const std::string_view name = text.substr(bracketed ? 1 : 0, bracketed ? end - 1 : end);
	text.remove_prefix(bracketed ? end + 1 : end);

	WebSocketNode parsed;
	if (bracketed && name.find(':') == std::string_view::npos) return false; // 6.1: only IPv6 has brackets
	if (!parseAddress(name, parsed) && (bracketed || !(WebSocketHandshakeFields::same(name, "unknown") || isHiddenName(name)))) return false;
	if (!text.empty() && (text.front() != ':' || !(parsePort(text.substr(1), parsed.port) || isHiddenName(text.substr(1))))) return false;
	node = parsed;
	return true;
}


bool WebSocketNetwork::parse(std::string_view text, WebSocketNetwork& network)
{
	WebSocketNetwork parsed;
	if (text == "unix:")
	{
		parsed._first.family = WebSocketNode::UNIX;
		network = parsed;
		return true;
	}
	const std::size_t slash = text.find('/');
	const std::string_view address = text.substr(0, slash);
	if (!WebSocketNode::parseAddress(address, parsed._first)) return false;
	const unsigned bits = parsed._first.family == WebSocketNode::IPV4 ? 32 : 128;
	parsed._prefix = bits;
	if (slash != std::string_view::npos)
	{
		// The prefix of an IPv4 address that is written as an IPv6 address counts the bits before it.
		const unsigned before = bits == 32 && address.find(':') != std::string_view::npos ? MAPPED_BITS : 0;
		if (!parseDecimal(text.substr(slash + 1), before + bits, parsed._prefix) || parsed._prefix < before) return false;
		parsed._prefix -= before;
	}
	WebSocketNode::Bytes rest = parsed._first.bytes;
	std::fill_n(rest.begin(), parsed._prefix/8, static_cast<unsigned char>(0));
	if (parsed._prefix%8 != 0) rest[parsed._prefix/8] = static_cast<unsigned char>(rest[parsed._prefix/8] & (0xff >> parsed._prefix%8));
	if (rest != WebSocketNode::Bytes()) return false; // it would trust more than is written
	network = parsed;
	return true;
}


bool WebSocketNetwork::contains(const WebSocketNode& node) const
{
	return node.known() && node.family == _first.family && sameBits(node.bytes.data(), _first.bytes.data(), _prefix);
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
