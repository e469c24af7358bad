//
// ClosePayload.cpp
//
// Library: PocoWebSocket
// Package: Core
// Module:  WebSocketFrame
//
// SPDX-License-Identifier: BSL-1.0
//


#include "core/ClosePayload.h"
#include "core/UTF8.h"
#include "Poco/Net/WebSocketFrame.h"
#include <cstring>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


int WebSocketClosePayload::code(const char* pPayload)
{
	const unsigned char* const p = reinterpret_cast<const unsigned char*>(pPayload);
	return p[0] << 8 | p[1];
}


std::size_t WebSocketClosePayload::build(char* pPayload, int code, std::string_view reason)
{
	pPayload[0] = static_cast<char>(code >> 8);
	pPayload[1] = static_cast<char>(code);
	const std::size_t n = WebSocketUTF8::truncate(reason.data(), reason.size(), WebSocketFrame::MAX_CLOSE_REASON);
	if (n > 0) std::memcpy(pPayload + 2, reason.data(), n);
	return n + 2;
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
