//
// WebSocketDeflateParams.h
//
// Library: PocoWebSocket
// Package: WebSocket
// Module:  WebSocketDeflateParams
//
// The parameters of permessage-deflate (RFC 7692, 7.1).
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketDeflateParams_INCLUDED
#define Net_WebSocketDeflateParams_INCLUDED


#include "Poco/Net/WebSocketConfig.h"


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


struct WebSocket_API WebSocketDeflateParams
	/// The parameters of permessage-deflate (RFC 7692, 7.1), as offered or as agreed on.
{
	enum
	{
		MIN_WINDOW_BITS = 8, /// The smallest window: 256 bytes.
		MAX_WINDOW_BITS = 15 /// The largest window: 32 KiB.
	};

	bool serverNoContextTakeover = false;
		/// The server compresses each message without the ones before (7.1.1.1).

	bool clientNoContextTakeover = false;
		/// The client compresses each message without the ones before (7.1.1.2).

	int serverMaxWindowBits = MAX_WINDOW_BITS;
		/// Base-2 logarithm of the server's window, 8 to 15 (7.1.2.1).

	int clientMaxWindowBits = MAX_WINDOW_BITS;
		/// Base-2 logarithm of the client's window, 8 to 15 (7.1.2.2).
};


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketDeflateParams_INCLUDED
