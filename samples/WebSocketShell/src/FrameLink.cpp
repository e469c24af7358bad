//
// FrameLink.cpp
//
// SPDX-License-Identifier: BSL-1.0
//


#include "FrameLink.h"


using Poco::Net::WebSocket;


FrameLink::FrameLink(const WebSocket& ws):
	_ws(ws),
	_buffer(0)
{
	_ws.setBlocking(false);
}


bool FrameLink::receive(Frame& frame)
{
	_buffer.resize(0);
	if (_ws.receiveFrame(_buffer, frame.flags) < 0) return false;
	frame.payload.assign(_buffer.begin(), _buffer.size());
	return true;
}


bool FrameLink::send(const Frame& frame)
{
	return _ws.sendFrame(frame.payload.data(), static_cast<int>(frame.payload.size()), frame.flags) >= 0;
}
