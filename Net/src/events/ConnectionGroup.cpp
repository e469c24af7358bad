//
// WebSocketConnectionGroup.cpp
//
// Library: PocoWebSocket
// Package: Events
// Module:  WebSocketConnectionGroup
//
// SPDX-License-Identifier: BSL-1.0
//


#include "events/ConnectionGroup.h"


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


void WebSocketConnectionGroup::silence()
{
	_pCalled = &nobody();
}


bool WebSocketConnectionGroup::silent() const
{
	return _pCalled.load() == &nobody();
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
