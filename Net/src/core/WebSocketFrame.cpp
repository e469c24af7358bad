//
// WebSocketFrame.cpp
//
// Library: PocoWebSocket
// Package: Core
// Module:  WebSocketFrame
//
// SPDX-License-Identifier: BSL-1.0
//


#include "Poco/Net/WebSocketFrame.h"


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


bool WebSocketFrame::isCloseCode(int code)
{
	if (code >= 3000 && code <= 4999) return true; // 7.4.2: libraries and applications
	return (code >= 1000 && code <= 1003)          // 7.4.1; 1004 to 1006 and 1015 are never sent
		|| (code >= 1007 && code <= 1014);
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
