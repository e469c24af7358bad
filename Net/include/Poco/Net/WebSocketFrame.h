//
// WebSocketFrame.h
//
// Library: PocoWebSocket
// Package: WebSocket
// Module:  WebSocketFrame
//
// Opcodes and Close codes (RFC 6455, 5.2 and 7.4).
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketFrame_INCLUDED
#define Net_WebSocketFrame_INCLUDED


#include "Poco/Net/WebSocketConfig.h"


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


class WebSocket_API WebSocketFrame
	/// The names of RFC 6455 that all classes of the library use: opcodes, the status codes of
	/// Close frames, and how far the closing handshake has come. WebSocket has Poco's older names as well, with the same values.
{
public:
	enum Opcode
		/// What a frame is (RFC 6455, 5.2).
	{
		OP_CONT   = 0x0, /// A further part of a message.
		OP_TEXT   = 0x1, /// A text message, or its first part.
		OP_BINARY = 0x2, /// A binary message, or its first part.
		OP_CLOSE  = 0x8, /// A Close frame.
		OP_PING   = 0x9, /// A PING.
		OP_PONG   = 0xa  /// The answer to a PING.
	};

	enum CloseCode
		/// The status codes of Close frames (RFC 6455, 7.4.1, and the IANA registry). Codes from 3000 to 4999
		/// are for libraries and applications.
	{
		NORMAL_CLOSURE      = 1000, /// The connection has done its work.
		GOING_AWAY          = 1001, /// The endpoint goes away. The library: the server stops, or the connection has been idle.
		PROTOCOL_ERROR      = 1002, /// A rule of RFC 6455 is broken.
		UNSUPPORTED_DATA    = 1003, /// The endpoint does not take such messages. The library never sends it.
		NO_CLOSE_CODE       = 1005, /// Reported, never sent: the peer's Close frame had no status code.
		NO_CLOSE_FRAME      = 1006, /// Reported, never sent: no Close frame has come.
		INVALID_PAYLOAD     = 1007, /// Text is not UTF-8, or compressed data is corrupt.
		POLICY_VIOLATION    = 1008, /// A rule of the endpoint is broken. The library: a limit of fragments, PINGs or time.
		MESSAGE_TOO_BIG     = 1009, /// A frame or message is larger than the maximum.
		MANDATORY_EXTENSION = 1010, /// The server has not agreed to an extension that the client needs. The library never sends it.
		INTERNAL_ERROR      = 1011, /// The endpoint cannot go on. The library: a callback has thrown.
		SERVICE_RESTART     = 1012, /// The server restarts. The library never sends it.
		TRY_AGAIN_LATER     = 1013, /// The server is overloaded. The library: the peer does not take what is sent (QUEUE_CLOSE_1013).
		BAD_GATEWAY         = 1014, /// A gateway got no valid response. The library never sends it.
		TLS_FAILURE         = 1015  /// Never sent.
	};

	enum CloseState
		/// How far the closing handshake has come (RFC 6455, 7.1).
	{
		OPEN           = 0, /// No Close frame was sent or received.
		CLOSE_SENT     = 1, /// A Close frame was sent.
		CLOSE_RECEIVED = 2, /// A Close frame was received.
		CLOSED         = 3  /// Both, or the connection has failed.
	};

	enum class Compression
		/// Whether a message is compressed, for calls that send one.
	{
		AS_AGREED, /// Compressed, if permessage-deflate was agreed on and the message reaches WebSocketParams::setDeflateThreshold(). The default.
		NONE       /// Not compressed. For what is compressed already, and for secrets beside what others can choose.
	};

	enum
	{
		MAX_CONTROL_PAYLOAD = 125, /// The longest payload of a control frame (RFC 6455, 5.5).
		MAX_CLOSE_REASON    = 123  /// The longest reason in a Close frame.
	};

	static bool isCloseCode(int code);
		/// Returns true if an endpoint may send the code in a Close frame
		/// (RFC 6455, 7.4.1 and 7.4.2, and the IANA registry, which has added
		/// 1012 to 1014).
};


//
// inlines
//
POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketFrame_INCLUDED
