//
// WholeFrame.cpp
//
// Library: PocoWebSocket
// Package: Core
// Module:  WebSocketFramer
//
// The short way for the frames that most are: whole, short, and all there.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "core/Framer.h"
#include "core/BranchHint.h"
#include "core/SmallPayload.h"


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


char* WebSocketFramer::receiveWhole(char* pData, std::size_t length, std::size_t& payloadLength)
{
	if (!likely(parseShort(pData, length)))
	{
		char* const pPayload = receiveWholeLong(pData, length);
		payloadLength = static_cast<std::size_t>(_header.payloadLength); // a reference to it would keep it in memory
		return pPayload;
	}
	payloadLength = static_cast<std::size_t>(_header.payloadLength);
	if (!likely(payloadLength <= length - _header.length)) return nullptr;

	char* const pPayload = pData + _header.length;
	const bool text = (_header.flags & 1) != 0;
	bool isASCII = false;
	if (likely(_header.masked))
	{
		const WebSocketSmallPayload::HalfWord key = WebSocketSmallPayload::load<WebSocketSmallPayload::HalfWord>(reinterpret_cast<const char*>(_header.key));
		isASCII = WebSocketSmallPayload::isASCII(WebSocketSmallPayload::mask(pPayload, pPayload, payloadLength, key));
	}
	else if (text)
	{
		isASCII = WebSocketSmallPayload::isASCII(pPayload, payloadLength);
	}
	return likely(isASCII || !text) || isWholeText(pPayload, payloadLength) ? pPayload : nullptr;
}


[[gnu::noinline]] char* WebSocketFramer::receiveWholeLong(char* pData, std::size_t length)
	/// The same for a message of more than 125 bytes, if it is one.
{
	if (length < _shortLength || !startsWhole(pData)) return nullptr;
	if (WebSocketFrameHeader::parse(pData, length, _header) != WebSocketFrameHeader::OK) return nullptr;
	if (_header.payloadLength > length - _header.length) return nullptr;

	const std::size_t payloadLength = static_cast<std::size_t>(_header.payloadLength);
	char* const pPayload = pData + _header.length;
	const bool text = (_header.flags & 1) != 0;
	const bool isASCII = _header.masked && WebSocketMask(_header.key).apply(pPayload, payloadLength);
	return isASCII || !text || isWholeText(pPayload, payloadLength) ? pPayload : nullptr;
}


[[gnu::noinline]] bool WebSocketFramer::isWholeText(char* pPayload, std::size_t length) const
	/// Returns true for the payload of a text message, if it is UTF-8 (8.1) or need not be. Otherwise masks it again: what is
	/// wrong is told by the other way, so that it does not depend on where the bytes were cut.
{
	if (!_verifyUTF8 || WebSocketUTF8::isValid(pPayload, length)) return true;
	WebSocketMask(_header.key).apply(pPayload, length); // which does nothing without a key
	return false;
}


std::size_t WebSocketFramer::buildWhole(int flags, const char* pPayload, std::size_t length, char* pFrame) const
{
	if (masks() || length > WebSocketFrame::MAX_CONTROL_PAYLOAD) return 0;
	const std::size_t headerLength = WebSocketFrameHeader::buildShort(pFrame, flags, length);
	WebSocketSmallPayload::copy(pFrame + headerLength, pPayload, length);
	return headerLength + length;
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
