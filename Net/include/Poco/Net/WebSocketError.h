//
// WebSocketError.h
//
// Library: PocoWebSocket
// Package: WebSocket
// Module:  WebSocketError
//
// Error codes shared by the protocol core and its shells.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketError_INCLUDED
#define Net_WebSocketError_INCLUDED


#include "Poco/Net/WebSocketConfig.h"


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


struct WebSocketError
	/// What went wrong, as the protocol core says it. The values are those of
	/// WebSocket::ErrorCodes, where each is explained.
{
	enum Code
	{
		NONE                           = 0,
		NO_HANDSHAKE                   = 1,
		HANDSHAKE_NO_VERSION           = 2,
		HANDSHAKE_UNSUPPORTED_VERSION  = 3,
		HANDSHAKE_NO_KEY               = 4,
		HANDSHAKE_ACCEPT               = 5,
		UNAUTHORIZED                   = 6,
		HANDSHAKE_SUBPROTOCOL          = 7,
		HANDSHAKE_EXTENSION            = 8,
		HANDSHAKE_REFUSED              = 9,
		PAYLOAD_TOO_BIG                = 10,
		INCOMPLETE_FRAME               = 11,
		INVALID_RSV_BITS               = 12,
		INVALID_OPCODE                 = 13,
		UNMASKED_CLIENT_FRAME          = 14,
		PROTOCOL_VIOLATION             = 15,
		MASKED_SERVER_FRAME            = 16,
		INVALID_UTF8                   = 17,
		INVALID_CLOSE_CODE             = 18,
		CLOSED                         = 19,
		POLICY_VIOLATION               = 20,
		CORRUPT_DATA                   = 21,
		PING_TIMEOUT                   = 22
	};
};


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketError_INCLUDED
