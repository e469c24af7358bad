//
// FrameHeader.h
//
// Library: PocoWebSocket
// Package: Core
// Module:  WebSocketFrameHeader
//
// Frame headers (RFC 6455, 5.2).
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketFrameHeader_INCLUDED
#define Net_WebSocketFrameHeader_INCLUDED


#include "Poco/Net/WebSocketFrame.h"
#include "Poco/Types.h"
#include <cstddef>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


struct WebSocket_API WebSocketFrameHeader
	/// The header of a frame (RFC 6455, 5.2).
{
	enum Result
	{
		OK,        /// A whole header was decoded.
		NEED_MORE, /// The bytes do not hold a whole header yet.
		MALFORMED  /// The length is not in its shortest form, or has its highest bit set.
	};

	enum
	{
		MIN_LENGTH = 2, /// Bytes in the shortest header.
		MAX_LENGTH = 14 /// Bytes in the longest header.
	};

	enum Bits
	{
		FIN     = 0x80,
		RSV     = 0x70,
		RSV1    = 0x40, /// That of permessage-deflate (RFC 7692, 6).
		OPCODE  = 0x0f,
		CONTROL = 0x08, /// Set in the opcodes of control frames.
		MASK    = 0x80
	};

	enum Flags
		/// First bytes of control frames.
	{
		CLOSE = 0x88,
		PING  = 0x89,
		PONG  = 0x8a
	};

	unsigned char flags = 0;
		/// The first byte: FIN, RSV1 to RSV3 and the opcode.

	bool masked = false;
		/// True if a masking key is present.

	unsigned char key[4] = {};
		/// The masking key; zeros if not masked.

	unsigned short length = 0;
		/// Length of the header itself in bytes, 2 to 14.

	Poco::UInt64 payloadLength = 0;
		/// Payload length in bytes, 0 to 2^63 - 1.

	bool fin() const;
	int rsv() const;
	int opcode() const;
	bool control() const;

	static Result parse(const char* pData, std::size_t length, WebSocketFrameHeader& header);
		/// Decodes the frame header at pData (RFC 6455, 5.2).
		///
		/// Returns NEED_MORE if length bytes do not hold a whole header yet;
		/// header is changed only if OK is returned. Returns MALFORMED as soon
		/// as it is known, also if the masking key is still missing.

	static std::size_t lengthNeeded(const char* pData, std::size_t length);
		/// Returns how many bytes the header at pData has, as far as the length
		/// bytes tell: at least 2, exact once 2 bytes are there.

	std::size_t build(char* pData) const noexcept;
		/// Encodes the header, in its shortest form, at pData, which must have room
		/// for MAX_LENGTH bytes. The member length is not used.
		///
		/// Returns the number of bytes written.

	static std::size_t buildShort(char* pData, int flags, Poco::UInt64 payloadLength) noexcept;
		/// The same for a frame of up to 125 bytes that is not masked: MIN_LENGTH bytes.

private:
	std::size_t buildLong(char* pData) const noexcept;
};


//
// inlines
//
inline std::size_t WebSocketFrameHeader::build(char* pData) const noexcept
{
	if (payloadLength > WebSocketFrame::MAX_CONTROL_PAYLOAD || masked) return buildLong(pData);
	return buildShort(pData, flags, payloadLength);
}


inline std::size_t WebSocketFrameHeader::buildShort(char* pData, int flags, Poco::UInt64 payloadLength) noexcept
{
	pData[0] = static_cast<char>(flags);
	pData[1] = static_cast<char>(payloadLength);
	return MIN_LENGTH;
}


inline bool WebSocketFrameHeader::fin() const
{
	return (flags & FIN) != 0;
}


inline int WebSocketFrameHeader::rsv() const
{
	return flags & RSV;
}


inline int WebSocketFrameHeader::opcode() const
{
	return flags & OPCODE;
}


inline bool WebSocketFrameHeader::control() const
{
	return (flags & CONTROL) != 0;
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketFrameHeader_INCLUDED
