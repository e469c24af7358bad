//
// Via.h
//
// Library: PocoWebSocket
// Package: Events
// Module:  WebSocketVia
//
// How a connection has come to a server that has proxies before it.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketVia_INCLUDED
#define Net_WebSocketVia_INCLUDED


#include "core/Network.h"
#include "Poco/Net/WebSocketConfig.h"
#include "Poco/Net/SocketAddress.h"
#include <string>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


struct WebSocketVia
	/// Who is between a server and a client.
{
	SocketAddress peer;
		/// That of the socket.

	SocketAddress speaker;
		/// Who sends requests: the peer, or the client that its PROXY header has told.

	WebSocketScheme scheme = WebSocketScheme::NOT_TOLD;
		/// How the speaker has connected to the proxy that has sent a PROXY header.

	bool trusted = false;
		/// The speaker is a trusted proxy: the fields of a request tell its client, each request another one.

	bool identified = false;
		/// The fields of a request have been read.

	WebSocketScheme told = WebSocketScheme::NOT_TOLD;
		/// How the client has connected to its proxy.

	std::string host;
		/// What the client has sent in Host; empty if the fields have not told.
};


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketVia_INCLUDED
