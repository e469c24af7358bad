//
// FrameHeader.cpp
//
// Library: PocoWebSocket
// Package: Core
// Module:  WebSocketFrameHeader
//
// SPDX-License-Identifier: BSL-1.0
//


#include "core/FrameHeader.h"
#include <cstring>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


namespace
{
	constexpr unsigned LENGTH_16 = 126; // 5.2: the length is in the next 2 bytes
	constexpr unsigned LENGTH_64 = 127; // 5.2: the length is in the next 8 bytes

	inline Poco::UInt64 readBigEndian(const unsigned char* pData, std::size_t length)
	{
		Poco::UInt64 value = 0;
		for (std::size_t i = 0; i < length; ++i) value = value << 8 | pData[i];
		return value;
	}

	inline void writeBigEndian(unsigned char* pData, std::size_t length, Poco::UInt64 value)
	{
		for (std::size_t i = length; i-- > 0; value >>= 8) pData[i] = static_cast<unsigned char>(value & 0xff);
	}
}


std::size_t WebSocketFrameHeader::lengthNeeded(const char* pData, std::size_t length)
{
	if (length < MIN_LENGTH) return MIN_LENGTH;
	const unsigned char second = static_cast<unsigned char>(pData[1]);
	const unsigned shortLength = second & 0x7fu;
	return MIN_LENGTH
		+ (shortLength == LENGTH_16 ? 2u : shortLength == LENGTH_64 ? 8u : 0u)
		+ (second & MASK ? 4u : 0u);
}


WebSocketFrameHeader::Result WebSocketFrameHeader::parse(const char* pData, std::size_t length, WebSocketFrameHeader& header)
{
	if (length < MIN_LENGTH) return NEED_MORE;

	const unsigned char* p = reinterpret_cast<const unsigned char*>(pData);
	const bool masked = (p[1] & MASK) != 0;
	Poco::UInt64 payloadLength = p[1] & 0x7f;
	std::size_t offset = MIN_LENGTH;
	if (payloadLength == LENGTH_16)
	{
		offset += 2;
		if (length < offset) return NEED_MORE;
		payloadLength = readBigEndian(p + MIN_LENGTH, 2);
		if (payloadLength < LENGTH_16) return MALFORMED; // 5.2: the minimal number of bytes must be used
	}
	else if (payloadLength == LENGTH_64)
	{
		offset += 8;
		if (length < offset) return NEED_MORE;
		payloadLength = readBigEndian(p + MIN_LENGTH, 8);
		if (payloadLength < 65536) return MALFORMED; // 5.2: the minimal number of bytes must be used
		if (payloadLength >> 63) return MALFORMED;   // 5.2: the most significant bit must be 0
	}
	if (masked && length < offset + sizeof(header.key)) return NEED_MORE;

	header.flags = p[0];
	header.masked = masked;
	header.payloadLength = payloadLength;
	if (masked)
	{
		std::memcpy(header.key, p + offset, sizeof(header.key));
		offset += sizeof(header.key);
	}
	else
	{
		std::memset(header.key, 0, sizeof(header.key));
	}
	header.length = static_cast<unsigned short>(offset);
	return OK;
}


std::size_t WebSocketFrameHeader::buildLong(char* pData) const noexcept
{
	unsigned char* p = reinterpret_cast<unsigned char*>(pData);
	const unsigned maskBit = masked ? unsigned(MASK) : 0u;
	std::size_t n = MIN_LENGTH;
	p[0] = flags;
	if (payloadLength < LENGTH_16)
	{
		p[1] = static_cast<unsigned char>(maskBit | static_cast<unsigned>(payloadLength));
	}
	else if (payloadLength < 65536)
	{
		p[1] = static_cast<unsigned char>(maskBit | LENGTH_16);
		writeBigEndian(p + MIN_LENGTH, 2, payloadLength);
		n += 2;
	}
	else
	{
		p[1] = static_cast<unsigned char>(maskBit | LENGTH_64);
		writeBigEndian(p + MIN_LENGTH, 8, payloadLength);
		n += 8;
	}
	if (masked)
	{
		std::memcpy(p + n, key, sizeof(key));
		n += sizeof(key);
	}
	return n;
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
