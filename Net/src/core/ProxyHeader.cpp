//
// ProxyHeader.cpp
//
// Library: PocoWebSocket
// Package: Core
// Module:  WebSocketProxyHeader
//
// SPDX-License-Identifier: BSL-1.0
//


#include "core/ProxyHeader.h"
#include <algorithm>
#include <cstring>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


namespace
{
	using namespace std::string_view_literals;

	constexpr std::string_view LINE_BEGIN = "PROXY "sv;
	constexpr std::string_view SIGNATURE = "\r\n\r\n\0\r\nQUIT\n"sv;
	constexpr std::size_t FIXED_SIZE = 16; // of version 2, with signature, command, family and length
	constexpr std::size_t TLV_SIZE = 3;    // without the value

	enum // 2.2: the 13th and the 14th byte, and the types of TLVs
	{
		COMMAND_LOCAL    = 0x20, // with the version
		COMMAND_PROXY    = 0x21,
		FAMILY_UNSPEC    = 0,
		FAMILY_INET      = 1,
		FAMILY_INET6     = 2,
		FAMILY_UNIX      = 3,
		TRANSPORT_UNSPEC = 0,
		TRANSPORT_STREAM = 1,
		TRANSPORT_DGRAM  = 2,
		PP2_TYPE_CRC32C  = 0x03,
		PP2_TYPE_SSL     = 0x20
	};

	constexpr unsigned PP2_CLIENT_SSL = 0x01;
	constexpr std::size_t SSL_SIZE = 5; // without TLVs

	bool beginsLike(std::string_view bytes, std::string_view begin)
		/// As far as bytes go.
	{
		const std::size_t length = std::min(bytes.size(), begin.size());
		return bytes.substr(0, length) == begin.substr(0, length);
	}

	std::string_view takeWord(std::string_view& line)
		/// Takes what stands before the next space, and that.
	{
		const std::size_t end = std::min(line.find(' '), line.size());
		const std::string_view word = line.substr(0, end);
		line.remove_prefix(std::min(end + 1, line.size()));
		return word;
	}

	bool parseEnd(std::string_view address, WebSocketNode::Family family, WebSocketNode& node)
		/// An address of the family that the line has announced. IPv4 addresses may be mapped in a line of IPv6.
	{
		const bool colons = address.find(':') != std::string_view::npos;
		return colons == (family == WebSocketNode::IPV6) && WebSocketNode::parseAddress(address, node);
	}

	WebSocketProxyHeader::Result parseLine(std::string_view bytes, WebSocketProxyHeader& header)
		/// 2.1
	{
		const std::size_t end = bytes.substr(0, WebSocketProxyHeader::MAX_LINE).find("\r\n");
		if (end == std::string_view::npos) return bytes.size() < WebSocketProxyHeader::MAX_LINE ? WebSocketProxyHeader::NEED_MORE : WebSocketProxyHeader::MALFORMED;
		std::string_view line = bytes.substr(LINE_BEGIN.size(), end - LINE_BEGIN.size());
		WebSocketProxyHeader parsed;
		parsed.size = end + 2;
		const std::string_view protocol = takeWord(line);
		if (protocol == "TCP4" || protocol == "TCP6")
		{
			const WebSocketNode::Family family = protocol == "TCP4" ? WebSocketNode::IPV4 : WebSocketNode::IPV6;
			WebSocketNode& source = parsed.proxied.client;
			WebSocketNode destination;
			if (!parseEnd(takeWord(line), family, source) || !parseEnd(takeWord(line), family, destination)) return WebSocketProxyHeader::MALFORMED;
			if (!WebSocketNode::parsePort(takeWord(line), source.port) || !WebSocketNode::parsePort(line, destination.port)) return WebSocketProxyHeader::MALFORMED;
		}
		else if (protocol != "UNKNOWN") // behind which anything may stand
		{
			return WebSocketProxyHeader::MALFORMED;
		}
		header = parsed;
		return WebSocketProxyHeader::COMPLETE;
	}

	unsigned byteAt(std::string_view bytes, std::size_t at)
	{
		return static_cast<unsigned char>(bytes[at]);
	}

	unsigned numberAt(std::string_view bytes, std::size_t at)
		/// Two bytes in network byte order.
	{
		return byteAt(bytes, at) << 8 | byteAt(bytes, at + 1);
	}

	Poco::UInt32 checksum(std::string_view bytes, std::size_t zeros)
		/// CRC32c (RFC 4960, appendix B), with four bytes from there on taken for 0.
	{
		Poco::UInt32 crc = 0xffffffff;
		for (std::size_t i = 0; i < bytes.size(); ++i)
		{
			crc ^= i >= zeros && i < zeros + 4 ? 0 : byteAt(bytes, i);
			for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78 : 0);
		}
		return ~crc;
	}

	bool readTLV(std::string_view header, std::size_t at, std::size_t length, WebSocketProxied& proxied)
		/// 2.2: one whose value is that part of the header.
	{
		switch (byteAt(header, at - TLV_SIZE))
		{
		case PP2_TYPE_CRC32C: // 2.2.3
			return length == 4 && checksum(header, at) == (static_cast<Poco::UInt32>(numberAt(header, at)) << 16 | numberAt(header, at + 2));
		case PP2_TYPE_SSL: // 2.2.6
			if (length < SSL_SIZE) return false;
			proxied.scheme = byteAt(header, at) & PP2_CLIENT_SSL ? WebSocketScheme::SECURE : WebSocketScheme::PLAIN;
			return true;
		default:
			return true;
		}
	}

	bool readTLVs(std::string_view header, std::size_t at, WebSocketProxied& proxied)
		/// From there to the end of the header.
	{
		while (at + TLV_SIZE <= header.size())
		{
			const std::size_t length = numberAt(header, at + 1);
			at += TLV_SIZE;
			if (length > header.size() - at || !readTLV(header, at, length, proxied)) return false;
			at += length;
		}
		return at == header.size();
	}

	bool readAddresses(std::string_view header, WebSocketProxied& proxied)
		/// 2.2: the part behind the first 16 bytes, of the command PROXY.
	{
		static const std::size_t SIZES[] = {0, 2*4 + 2*2, 2*16 + 2*2, 2*108}; // for each family
		const unsigned family = byteAt(header, 13) >> 4;
		const unsigned transport = byteAt(header, 13) & 15;
		if (family == FAMILY_UNSPEC || transport == TRANSPORT_UNSPEC) return true; // "the receiver should ignore address information"
		if (header.size() < FIXED_SIZE + SIZES[family]) return false;
		const std::string_view block = header.substr(FIXED_SIZE);
		if (transport == TRANSPORT_STREAM && family != FAMILY_UNIX)
		{
			const std::size_t size = family == FAMILY_INET ? 4 : 16;
			proxied.client = WebSocketNode::ofBytes(family == FAMILY_INET ? WebSocketNode::IPV4 : WebSocketNode::IPV6, block.data());
			proxied.client.port = static_cast<Poco::UInt16>(numberAt(block, 2*size));
		}
		return readTLVs(header, FIXED_SIZE + SIZES[family], proxied);
	}

	bool begins(std::string_view bytes)
		/// What has come of the first 16 bytes, behind the signature, is as it must be.
	{
		if (bytes.size() <= 12) return true;
		const unsigned command = byteAt(bytes, 12);
		if (command != COMMAND_LOCAL && command != COMMAND_PROXY) return false;
		if (bytes.size() <= 13 || command == COMMAND_LOCAL) return true; // "discard the protocol block including the family which is ignored"
		return byteAt(bytes, 13) >> 4 <= FAMILY_UNIX && (byteAt(bytes, 13) & 15) <= TRANSPORT_DGRAM;
	}

	WebSocketProxyHeader::Result parseBinary(std::string_view bytes, WebSocketProxyHeader& header)
		/// 2.2
	{
		if (!begins(bytes)) return WebSocketProxyHeader::MALFORMED;
		if (bytes.size() < FIXED_SIZE) return WebSocketProxyHeader::NEED_MORE;
		WebSocketProxyHeader parsed;
		parsed.size = FIXED_SIZE + numberAt(bytes, 14);
		if (parsed.size > WebSocketProxyHeader::MAX_SIZE) return WebSocketProxyHeader::MALFORMED;
		if (bytes.size() < parsed.size) return WebSocketProxyHeader::NEED_MORE;
		if (byteAt(bytes, 12) == COMMAND_PROXY && !readAddresses(bytes.substr(0, parsed.size), parsed.proxied)) return WebSocketProxyHeader::MALFORMED;
		header = parsed;
		return WebSocketProxyHeader::COMPLETE;
	}
}


WebSocketProxyHeader::Result WebSocketProxyHeader::parse(std::string_view bytes, WebSocketProxyHeader& header)
{
	if (beginsLike(bytes, LINE_BEGIN)) return bytes.size() < LINE_BEGIN.size() ? NEED_MORE : parseLine(bytes, header);
	return beginsLike(bytes, SIGNATURE) ? parseBinary(bytes, header) : MALFORMED;
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
