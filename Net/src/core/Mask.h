//
// Mask.h
//
// Library: PocoWebSocket
// Package: Core
// Module:  WebSocketMask
//
// Masking of payload data (RFC 6455, 5.3).
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketMask_INCLUDED
#define Net_WebSocketMask_INCLUDED


#include "Poco/Net/WebSocketConfig.h"
#include "Poco/Types.h"
#include <cstddef>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


class WebSocket_API WebSocketMask
	/// A masking key and the place reached in it (RFC 6455, 5.3).
	///
	/// Masking and unmasking are the same operation. A payload may be
	/// passed in any number of parts, each of any length: the object
	/// remembers where in the four bytes of the key the next part begins.
	///
	/// Objects are values, and not synchronized.
{
public:
	enum
	{
		KEY_LENGTH = 4 /// Bytes in a masking key.
	};

	WebSocketMask();
		/// Creates a mask that changes nothing (a key of zeros).

	explicit WebSocketMask(const unsigned char* pKey);
		/// Creates the mask for the KEY_LENGTH bytes at pKey, at its first byte.

	bool apply(char* pData, std::size_t length);
		/// Masks the length bytes at pData in place. Returns true if the result is ASCII; false
		/// says nothing: of short areas that is not looked at.

	bool apply(char* pTarget, const char* pSource, std::size_t length);
		/// Masks the length bytes at pSource into pTarget. The two areas
		/// must be the same or must not overlap. Returns the same.

	static void applyPlain(char* pTarget, const char* pSource, std::size_t length, const unsigned char* pKey, std::size_t phase);
		/// The byte-wise twin of apply(), word for word what RFC 6455, 5.3 says:
		/// byte i of the result is byte i of the source XOR byte (i + phase) mod 4
		/// of the key. Tests compare the two.

private:
	Poco::UInt32 _key; // as in memory, turned so that the next byte comes first
};


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketMask_INCLUDED
