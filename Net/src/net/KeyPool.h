//
// KeyPool.h
//
// Library: PocoWebSocket
// Package: Net
// Module:  WebSocketKeyPool
//
// Masking keys.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketKeyPool_INCLUDED
#define Net_WebSocketKeyPool_INCLUDED


#include "core/Mask.h"
#include "Poco/Net/WebSocketConfig.h"
#include "Poco/Exception.h"
#include <openssl/rand.h>
#include <cstddef>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


template <std::size_t Keys>
class WebSocketKeyPool
	/// Masking keys from a cryptographic random number generator (RFC 6455, 5.3), which is asked for so many at a time.
{
public:
	[[gnu::noinline]] const unsigned char* next()
		/// Returns a key, which nobody has got before. It is there until the next call. Throws a SystemException if there are no random numbers.
	{
		if (_next == sizeof(_keys))
		{
			if (RAND_bytes(_keys, sizeof(_keys)) != 1)
				throw Poco::SystemException("No random numbers for masking keys");
			_next = 0;
		}
		const unsigned char* const pKey = _keys + _next;
		_next += WebSocketMask::KEY_LENGTH;
		return pKey;
	}

private:
	unsigned char _keys[Keys*WebSocketMask::KEY_LENGTH] = {};
	std::size_t _next = sizeof(_keys);
};


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketKeyPool_INCLUDED
