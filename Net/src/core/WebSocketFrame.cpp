//
// WebSocketFrame.cpp
//
// Library: PocoWebSocket
// Package: Core
// Module:  WebSocketFrame
//
// SPDX-License-Identifier: BSL-1.0
//


#include "Poco/Net/WebSocketFrame.h"
#include "core/UTF8.h"
#include <cstring>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


bool WebSocketFrame::isOpcode(int opcode)
{
	return (opcode >= OP_CONT && opcode <= OP_BINARY) || (opcode >= OP_CLOSE && opcode <= OP_PONG);
}


bool WebSocketFrame::isCloseCode(int code)
{
	if (code >= 3000 && code <= 4999) return true; // 7.4.2: libraries and applications
	return (code >= 1000 && code <= 1003)          // 7.4.1; 1004 to 1006 and 1015 are never sent
		|| (code >= 1007 && code <= 1014);
}


int WebSocketFrame::closeCode(const char* pPayload)
{
	const unsigned char* const p = reinterpret_cast<const unsigned char*>(pPayload);
	return p[0] << 8 | p[1];
}


std::size_t WebSocketFrame::buildClose(char* pPayload, int code, const char* pReason, std::size_t reasonLength)
{
	pPayload[0] = static_cast<char>(code >> 8);
	pPayload[1] = static_cast<char>(code);
	const std::size_t n = WebSocketUTF8::truncate(pReason, reasonLength, MAX_CLOSE_REASON);
	if (n > 0) std::memcpy(pPayload + 2, pReason, n);
	return n + 2;
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
