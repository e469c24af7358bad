//
// Link.h
//
// Library: PocoWebSocket
// Package: Events
// Module:  WebSocketLink
//
// What the parts of a connection are told of it.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketLink_INCLUDED
#define Net_WebSocketLink_INCLUDED


#include "Poco/Net/WebSocketConfig.h"


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


class WebSocketEventConnection;
class WebSocketFramer;
class WebSocketMessageParser;
class WebSocketReactor;
class WebSocketStream;
class WebSocketTiming;
struct WebSocketConnectionGroup;


struct WebSocketLink
	/// What a part of a connection uses that is not its own. It is made for each call: in a connection it would take memory.
{
	WebSocketEventConnection* pConnection; /// known to the loop: as the one that is reading, or has something to flush
	const WebSocketConnectionGroup& group;
	WebSocketReactor& reactor;
	WebSocketFramer& framer;
	const WebSocketMessageParser& parser;
	WebSocketStream& stream;
	WebSocketTiming& timing;
};


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketLink_INCLUDED
