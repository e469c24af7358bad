//
// SendRules.cpp
//
// Library: PocoWebSocket
// Package: Core
// Module:  WebSocketSendRules
//
// SPDX-License-Identifier: BSL-1.0
//


#include "core/SendRules.h"
#include "core/UTF8.h"
#include "Poco/Net/NetException.h"
#include "Poco/Net/WebSocketError.h"
#include <string>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


void WebSocketSendRules::checkText(const char* pData, std::size_t length)
{
	if (!WebSocketUTF8::isValid(pData, length)) refuseText();
}


void WebSocketSendRules::checkClose(int code, std::string_view reason)
{
	if (!WebSocketFrame::isCloseCode(code))
		throw InvalidArgumentException("Status code must not be sent in a Close frame: " + std::to_string(code));
	if (!WebSocketUTF8::isValid(reason.data(), reason.size()))
		throw InvalidArgumentException("Reason of a Close frame must be UTF-8");
}


[[gnu::cold]] void WebSocketSendRules::refuseText()
{
	throw InvalidArgumentException("A text message must be UTF-8");
}


[[gnu::cold]] void WebSocketSendRules::refuseOpcode()
{
	throw InvalidArgumentException("A message is text or binary");
}


[[gnu::cold]] void WebSocketSendRules::refuseOtherOpcode()
{
	throw InvalidArgumentException("All parts of a message have the same opcode");
}


[[gnu::cold]] void WebSocketSendRules::refuseBetweenParts()
{
	throw IllegalStateException("A message is being sent in parts");
}


[[gnu::cold]] void WebSocketSendRules::refuseAfterLost()
{
	throw WebSocketException("The message before could not be completed", WebSocketError::CLOSED);
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
