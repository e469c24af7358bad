//
// ClosePayload.h
//
// Library: PocoWebSocket
// Package: Core
// Module:  WebSocketFrame
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketClosePayload_INCLUDED
#define Net_WebSocketClosePayload_INCLUDED


#include "Poco/Net/WebSocketConfig.h"
#include <cstddef>
#include <string_view>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


struct WebSocketClosePayload
	/// The payload of a Close frame (RFC 6455, 5.5.1).
{
	static int code(const char* pPayload);
		/// Returns the status code in the first two bytes, which must be there.

	static std::size_t build(char* pPayload, int code, std::string_view reason);
		/// Writes the payload to pPayload, which must have room for WebSocketFrame::MAX_CONTROL_PAYLOAD bytes. A reason of more
		/// than WebSocketFrame::MAX_CLOSE_REASON bytes is cut between two characters.
		///
		/// Returns the payload's length in bytes.
};


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketClosePayload_INCLUDED
