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
		/// The code of an error.
	{
		NONE                           = 0,   /// No error.
		NO_HANDSHAKE                   = 1,   /// The request or response is no WebSocket handshake.
		HANDSHAKE_NO_VERSION           = 2,   /// Sec-WebSocket-Version is missing.
		HANDSHAKE_UNSUPPORTED_VERSION  = 3,   /// Sec-WebSocket-Version is not 13.
		HANDSHAKE_NO_KEY               = 4,   /// Sec-WebSocket-Key is missing, or is not 16 bytes in base64.
		HANDSHAKE_ACCEPT               = 5,   /// Sec-WebSocket-Accept is missing or wrong.
		UNAUTHORIZED                   = 6,   /// The server rejects the credentials, or asks for some where there are none.
		HANDSHAKE_SUBPROTOCOL          = 7,   /// The server chose a subprotocol that was not offered.
		HANDSHAKE_EXTENSION            = 8,   /// The server chose an extension that was not offered.
		HANDSHAKE_REFUSED              = 9,   /// The Origin, the hook or the size of the handshake is refused.
		PAYLOAD_TOO_BIG                = 10,  /// A frame or message is larger than the maximum. Close code 1009.
		INCOMPLETE_FRAME               = 11,  /// The stream ended inside a frame.
		INVALID_RSV_BITS               = 12,  /// A reserved bit is set. Close code 1002.
		INVALID_OPCODE                 = 13,  /// The opcode is reserved. Close code 1002.
		UNMASKED_CLIENT_FRAME          = 14,  /// A client's frame has no mask. Close code 1002.
		PROTOCOL_VIOLATION             = 15,  /// Another rule for frames is broken. Close code 1002.
		MASKED_SERVER_FRAME            = 16,  /// A server's frame has a mask. Close code 1002.
		INVALID_UTF8                   = 17,  /// Text or a Close reason is not UTF-8. Close code 1007.
		INVALID_CLOSE_CODE             = 18,  /// A Close code must not be sent. Close code 1002.
		CLOSED                         = 19,  /// Nothing can be sent after a Close frame.
		POLICY_VIOLATION               = 20,  /// A limit of fragments, PINGs or time is exceeded. Close code 1008.
		CORRUPT_DATA                   = 21,  /// Compressed data is corrupt. Close code 1007.
		PING_TIMEOUT                   = 22   /// The peer is silent after a PING.
	};
};


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketError_INCLUDED
