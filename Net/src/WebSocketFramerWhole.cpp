//
// WebSocketFramerWhole.cpp
//
// Library: PocoWebSocket
// Package: WebSocket
// Module:  WebSocketFramer
//
// The short way for the frames that most are: whole, short, and all there.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "Poco/Net/WebSocketFramer.h"
#include "WebSocketShort.h"


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


std::size_t WebSocketFramer::receiveWhole(char* pData, std::size_t length)
{
	if (!receiving() || _remaining > 0 || !usualStart(pData, length)) return 0;
	const std::size_t payloadLength = static_cast<unsigned char>(pData[1] - _usualMask);
	if (payloadLength > length - _usualLength) return 0;

	takeUsual(pData);
	char* const pPayload = pData + _usualLength;
	const bool check = (_header.flags & 1) != 0 && _verifyUTF8; // 8.1
	if (_header.masked)
	{
		const WebSocketShort::HalfWord key = WebSocketShort::load<WebSocketShort::HalfWord>(reinterpret_cast<const char*>(_header.key));
		const WebSocketShort::Word bits = WebSocketShort::mask(pPayload, pPayload, payloadLength, key);
		if (check && !WebSocketShort::isASCII(bits) && !WebSocketUTF8::isValid(pPayload, payloadLength))
		{
			// What is wrong is told by the other way, so that it does not depend on where the bytes were cut.
			WebSocketShort::mask(pPayload, pPayload, payloadLength, key);
			return 0;
		}
	}
	else if (check && !WebSocketUTF8::isValid(pPayload, payloadLength))
	{
		return 0; // as above
	}
	return _usualLength + payloadLength;
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
