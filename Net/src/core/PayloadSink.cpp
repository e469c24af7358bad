//
// PayloadSink.cpp
//
// Library: PocoWebSocket
// Package: Core
// Module:  WebSocketPayloadSink
//
// SPDX-License-Identifier: BSL-1.0
//


#include "core/PayloadSink.h"


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


void WebSocketPayloadSink::grow(std::size_t used, std::size_t total)
	/// Capacity that is there costs nothing; new memory follows what has arrived.
{
	const std::size_t capacity = _pBuffer ? _pBuffer->capacity() : _pString->capacity();
	whole(std::min(total, std::max({std::size_t(FIRST_ROOM), used*2, capacity - _base})));
}


void WebSocketPayloadSink::extendTo(std::size_t length)
{
	resize(std::max(length, 2*_room));
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
