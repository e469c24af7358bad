//
// ListRoom.h
//
// Library: PocoWebSocket
// Package: Events
// Module:  WebSocketListRoom
//
// Room in lists, before it is needed.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketListRoom_INCLUDED
#define Net_WebSocketListRoom_INCLUDED


#include "Poco/Net/WebSocketConfig.h"
#include <cstddef>
#include <vector>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


template <typename Element>
void provideRoom(std::vector<Element>& list, std::size_t more)
	/// From here on, so many elements can be added without memory. Throws a std::bad_alloc if there is none.
{
	const std::size_t needed = list.size() + more;
	if (list.capacity() < needed) list.reserve(2*needed);
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketListRoom_INCLUDED
