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
#include <cstddef>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


class WebSocket_API WebSocketFrame
	/// What RFC 6455 says about the values in a frame.
{
public:
	enum Opcode
	{
		OP_CONT   = 0x0,
		OP_TEXT   = 0x1,
		OP_BINARY = 0x2,
		OP_CLOSE  = 0x8,
		OP_PING   = 0x9,
		OP_PONG   = 0xa
	};

	enum CloseCode
		/// The status codes that the library itself sends (RFC 6455, 7.4.1, and the IANA registry).
	{
		NORMAL_CLOSURE   = 1000,
		GOING_AWAY       = 1001,
		PROTOCOL_ERROR   = 1002,
		INVALID_PAYLOAD  = 1007,
		POLICY_VIOLATION = 1008,
		MESSAGE_TOO_BIG  = 1009,
		INTERNAL_ERROR   = 1011,
		TRY_AGAIN_LATER  = 1013
	};

	enum
	{
		MAX_CONTROL_PAYLOAD = 125, /// RFC 6455, 5.5
		MAX_CLOSE_REASON    = 123, /// What a Close frame has left beside the code.
		NO_CLOSE_CODE       = 1005, /// RFC 6455, 7.4.1: no status code was present.
		NO_CLOSE_FRAME      = 1006  /// RFC 6455, 7.4.1: no Close frame was received.
	};

	static bool isOpcode(int opcode);
		/// Returns true if the opcode is defined in RFC 6455, 5.2 (0, 1, 2, 8, 9, 10).

	static bool isMessage(int opcode);
		/// Returns true for the opcodes that a message has (5.6): text and binary.

	static bool isCloseCode(int code);
		/// Returns true if an endpoint may send the code in a Close frame
		/// (RFC 6455, 7.4.1 and 7.4.2, and the IANA registry, which has added
		/// 1012 to 1014).

	static int closeCode(const char* pPayload);
		/// Returns the status code in the payload of a Close frame, of which the first two
		/// bytes must be there (RFC 6455, 5.5.1).

	static std::size_t buildClose(char* pPayload, int code, const char* pReason, std::size_t reasonLength);
		/// Writes the payload of a Close frame (RFC 6455, 5.5.1) to pPayload,
		/// which must have room for MAX_CONTROL_PAYLOAD bytes. A reason longer
		/// than MAX_CLOSE_REASON bytes is cut between two characters.
		///
		/// Returns the payload's length in bytes.
};


//
// inlines
//
inline bool WebSocketFrame::isMessage(int opcode)
{
	static_assert(OP_BINARY == OP_TEXT + 1);
	return static_cast<unsigned>(opcode - OP_TEXT) <= 1u;
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketFrame_INCLUDED
