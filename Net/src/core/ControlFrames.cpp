//
// ControlFrames.cpp
//
// Library: PocoWebSocket
// Package: Core
// Module:  WebSocketControlFrames
//
// SPDX-License-Identifier: BSL-1.0
//


#include "core/ControlFrames.h"
#include <cstring>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


void WebSocketControlFrames::post(int flags, const char* pPayload, std::size_t length)
{
	Frame& frame = slot(flags);
	frame.flags  = flags;
	frame.length = length;
	frame.number = ++_posted;
	if (length > 0) std::memcpy(frame.payload, pPayload, length);
	if (flags == WebSocketFrameHeader::PONG) ++_pendingPings;
}


bool WebSocketControlFrames::next(Frame& frame) const
{
	for (const Frame* pWaiting: {&_ping, &_pong, &_close})
	{
		if (pWaiting->flags == 0) continue;
		frame.flags  = pWaiting->flags;
		frame.length = pWaiting->length;
		frame.number = pWaiting->number;
		if (frame.length > 0) std::memcpy(frame.payload, pWaiting->payload, frame.length);
		return true;
	}
	return false;
}


void WebSocketControlFrames::sent(const Frame& frame)
{
	Frame& waiting = slot(frame.flags);
	if (frame.number == waiting.number) waiting.flags = 0;
	if (frame.flags == WebSocketFrameHeader::PONG) _pendingPings = waiting.flags != 0 ? 1 : 0;
}


bool WebSocketControlFrames::waits(int flags) const
{
	return slot(flags).flags != 0;
}


void WebSocketControlFrames::clear()
{
	_ping.flags = _pong.flags = _close.flags = 0;
	_pendingPings = 0;
}


WebSocketControlFrames::Frame& WebSocketControlFrames::slot(int flags)
{
	return flags == WebSocketFrameHeader::PING ? _ping : flags == WebSocketFrameHeader::PONG ? _pong : _close;
}


const WebSocketControlFrames::Frame& WebSocketControlFrames::slot(int flags) const
{
	return const_cast<WebSocketControlFrames*>(this)->slot(flags);
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
