//
// ConnectionExtras.cpp
//
// Library: PocoWebSocket
// Package: Events
// Module:  WebSocketConnectionExtras
//
// SPDX-License-Identifier: BSL-1.0
//


#include "events/ConnectionExtras.h"
#include "Poco/Exception.h"
#include <openssl/rand.h>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


const Poco::UUID& WebSocketConnectionExtras::id()
{
	std::lock_guard<std::mutex> lock(_mutex);
	if (_id.isNull())
	{
		char bytes[16];
		if (RAND_bytes(reinterpret_cast<unsigned char*>(bytes), sizeof(bytes)) != 1)
			throw Poco::SystemException("No random numbers for an id");
		bytes[6] = static_cast<char>((bytes[6] & 0x0f) | 0x40); // RFC 4122, 4.4
		bytes[8] = static_cast<char>((bytes[8] & 0x3f) | 0x80);
		_id.copyFrom(bytes);
	}
	return _id;
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
