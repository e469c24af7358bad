//
// SendRules.h
//
// Library: PocoWebSocket
// Package: Core
// Module:  WebSocketSendRules
//
// What a program may send.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketSendRules_INCLUDED
#define Net_WebSocketSendRules_INCLUDED


#include "Poco/Net/WebSocketConfig.h"
#include "Poco/Net/WebSocketFrame.h"
#include <cstddef>
#include <string_view>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


struct WebSocketSendRules
	/// What a program may send, in both shells. Unless they say otherwise, functions throw an InvalidArgumentException that says what is wrong.
{
	static void checkOpcode(int opcode);
		/// A message is text or binary (RFC 6455, 5.6).

	static void checkText(const char* pData, std::size_t length);
		/// A text is UTF-8 (8.1).

	static void checkClose(int code, std::string_view reason);
		/// The status code is one that may be sent (7.4), and the reason is UTF-8 (5.5.1).

	[[noreturn]] static void refuseText();
		/// The text is not UTF-8.

	[[noreturn]] static void refuseOpcode();
		/// The opcode is not that of a message.

	[[noreturn]] static void refuseOtherOpcode();
		/// A part has not the opcode of its message (5.4).

	[[noreturn]] static void refuseBetweenParts();
		/// Another message is to come before the last part of one (5.4). Throws an IllegalStateException.

	[[noreturn]] static void refuseAfterLost();
		/// Another message is to come behind one whose end cannot be sent any more (5.4). Throws a WebSocketException (CLOSED).
};


//
// inlines
//
inline void WebSocketSendRules::checkOpcode(int opcode)
{
	static_assert(WebSocketFrame::OP_BINARY == WebSocketFrame::OP_TEXT + 1);
	if (static_cast<unsigned>(opcode - WebSocketFrame::OP_TEXT) > 1u) refuseOpcode();
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketSendRules_INCLUDED
