//
// FrameEncoder.h
//
// Frames as bytes, right or wrong (RFC 6455, 5.2 and 5.3), written without the library's help. All suites use it;
// the conformance peer has one of its own, so that a mistake here is found.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef WebSocketFrameEncoder_INCLUDED
#define WebSocketFrameEncoder_INCLUDED


#include "Poco/Types.h"
#include <array>
#include <cstddef>
#include <string>


namespace WebSocketTest {


typedef std::array<char, 4> MaskKey;

constexpr MaskKey MASK_KEY = {'\x12', '\xf0', '\x7e', '\xa9'};

constexpr int SHORTEST = -1;
	/// The length takes as few bytes as it can.


inline std::string frameHeader(int flags, Poco::UInt64 length, bool masked, int lengthBytes = SHORTEST, const MaskKey& key = MASK_KEY)
	/// Returns a frame header with any first byte and any length. If it is masked, it ends
	/// with the key. lengthBytes (0, 2 or 8) makes an extended length that need not be the shortest.
{
	if (lengthBytes == SHORTEST) lengthBytes = length < 126 ? 0 : length < 65536 ? 2 : 8;
	const unsigned field = lengthBytes == 0 ? static_cast<unsigned>(length) : lengthBytes == 2 ? 126u : 127u;
	std::string header;
	header += static_cast<char>(flags);
	header += static_cast<char>(field | (masked ? 0x80u : 0u));
	for (int i = lengthBytes - 1; i >= 0; --i) header += static_cast<char>(length >> (8*i) & 0xff);
	if (masked) header.append(key.data(), key.size());
	return header;
}


__attribute__((no_sanitize("thread"))) // which makes it much slower
inline void mask(char* pData, std::size_t length, const MaskKey& key = MASK_KEY)
	/// Masks a payload, or unmasks it.
{
	for (std::size_t i = 0; i < length; ++i) pData[i] = static_cast<char>(pData[i] ^ key[i % 4]);
}


inline std::string frame(int flags, const std::string& payload, bool masked)
	/// Returns a whole frame.
{
	std::string wire = frameHeader(flags, payload.size(), masked);
	const std::size_t begin = wire.size();
	wire += payload;
	if (masked) mask(&wire[begin], payload.size());
	return wire;
}


inline std::string closePayload(int code, const std::string& reason = "")
	/// Returns the payload of a Close frame (RFC 6455, 5.5.1).
{
	std::string payload;
	payload += static_cast<char>(code >> 8 & 0xff);
	payload += static_cast<char>(code & 0xff);
	return payload + reason;
}


} // namespace WebSocketTest


#endif // WebSocketFrameEncoder_INCLUDED
