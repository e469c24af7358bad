//
// WebSocketEventGroup.cpp
//
// Library: PocoWebSocket
// Package: WebSocket
// Module:  WebSocketEventGroup
//
// SPDX-License-Identifier: BSL-1.0
//


#include "WebSocketEventGroup.h"


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


namespace
{
	WebSocketHandler& nobody()
		/// Never destroyed: threads may end after main().
	{
		static WebSocketHandler& handler = *new WebSocketHandler;
		return handler;
	}
}


void WebSocketEventGroup::silence()
{
	_pCalled = &nobody();
}


bool WebSocketEventGroup::silent() const
{
	return _pCalled.load() == &nobody();
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
