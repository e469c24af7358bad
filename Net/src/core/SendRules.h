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
#include <string>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


struct WebSocketSendRules
	/// What a program may send, in both shells. All functions throw an InvalidArgumentException that says what is wrong.
{
	static void checkOpcode(int opcode);
		/// A message is text or binary (RFC 6455, 5.6).

	static void checkText(const char* pData, std::size_t length);
		/// A text is UTF-8 (8.1).

	static void checkClose(int code, const std::string& reason);
		/// The status code is one that may be sent (7.4), and the reason is UTF-8 (5.5.1).

	[[noreturn]] static void refuseText();
		/// The text is not UTF-8.

	[[noreturn]] static void refuseOpcode();
};


//
// inlines
//
inline void WebSocketSendRules::checkOpcode(int opcode)
{
	if (!WebSocketFrame::isMessage(opcode)) refuseOpcode();
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketSendRules_INCLUDED
