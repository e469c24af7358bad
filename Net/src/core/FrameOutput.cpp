//
// FrameOutput.cpp
//
// Library: PocoWebSocket
// Package: Core
// Module:  WebSocketProtocol
//
// SPDX-License-Identifier: BSL-1.0
//


#include "core/FrameOutput.h"


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


WebSocketFrameOutput::WebSocketFrameOutput(WebSocketFramer& framer, const KeySource& keys):
	_framer(framer),
	_keys(keys),
	_begin(0),
	_taken(0),
	_blocked(false)
{
}


void WebSocketFrameOutput::append(int flags, const char* pPayload, std::size_t length)
{
	unsigned char key[WebSocketMask::KEY_LENGTH];
	char* const pFrame = _bytes.room(WebSocketFrameHeader::MAX_LENGTH + length);
	if (_framer.masks()) _keys(key);
	_bytes.extend(_framer.buildFrame(flags, pPayload, length, _framer.masks() ? key : nullptr, pFrame));
	_framer.sent(flags);
}


bool WebSocketFrameOutput::tryAppend(int flags, const char* pPayload, std::size_t length)
{
	try
	{
		append(flags, pPayload, length);
		return true;
	}
	catch (...) // there is no memory
	{
		return false;
	}
}


void WebSocketFrameOutput::post(int flags, const char* pPayload, std::size_t length)
{
	_control.post(flags, pPayload, length);
	appendControl();
}


void WebSocketFrameOutput::appendControl()
	/// What waits, unless that is until the peer takes more.
{
	WebSocketControlFrames::Frame frame;
	while (!_blocked && _control.next(frame))
	{
		const bool send = _framer.checkSend(frame.flags, frame.payload, frame.length) == WebSocketFramer::SEND;
		if (send && !tryAppend(frame.flags, frame.payload, frame.length)) return;
		_control.sent(frame);
	}
}


WebSocketFrameOutput::Taken WebSocketFrameOutput::take(std::size_t length)
{
	_begin += length;
	_taken += length;
	const bool before = _blocked;
	_blocked = _begin < _bytes.size();
	if (_blocked)
	{
		if (_begin >= _bytes.size() - _begin)
		{
			_bytes.drop(_begin);
			_begin = 0;
		}
		return !before ? BLOCKED : length > 0 ? MOVED : STUCK;
	}
	_begin = 0;
	if (_bytes.capacity() > KEPT) _bytes.release();
	else _bytes.clear();
	appendControl();
	return before ? UNBLOCKED : ALL;
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
