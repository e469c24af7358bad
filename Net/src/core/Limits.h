//
// Limits.h
//
// Library: PocoWebSocket
// Package: Core
// Module:  WebSocketLimits
//
// The limits that hold if nobody sets others.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketLimits_INCLUDED
#define Net_WebSocketLimits_INCLUDED


#include "Poco/Net/WebSocketConfig.h"


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


struct WebSocketLimits
	/// The defaults of WebSocketParams, which hold for the messages of a WebSocket without any as well.
{
	enum
	{
		MESSAGE_SIZE  = 16*1024*1024, /// See WebSocketParams::setMaxMessageSize().
		FRAME_SIZE    = 16*1024*1024, /// See WebSocketParams::setMaxFrameSize().
		FRAGMENTS     = 131072,       /// See WebSocketParams::setMaxFragments().
		PENDING_PINGS = 1000          /// See WebSocketParams::setMaxPendingPings().
	};
};


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketLimits_INCLUDED
