//
// FanOut.cpp
//
// Library: PocoWebSocket
// Package: Events
// Module:  WebSocketFanOut
//
// SPDX-License-Identifier: BSL-1.0
//


#include "events/FanOut.h"


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


WebSocketFanOut::WebSocketFanOut():
	_used(0),
	_next(0),
	_pLast(nullptr),
	_pLastFrame(nullptr)
{
}


const char* WebSocketFanOut::place(const WebSocketPreparedMessage::Ptr& pMessage)
{
	// Either a message goes to all connections, or a connection gets all messages, and then the next does.
	if (const char* const pFrame = again(*pMessage)) return pFrame;
	if (_next < _entries.size() && _entries[_next].pMessage == pMessage) return found(_next);
	if (!_entries.empty() && _entries[0].pMessage == pMessage) return found(0);
	return add(pMessage);
}


const char* WebSocketFanOut::add(const WebSocketPreparedMessage::Ptr& pMessage)
{
	const std::string& frame = pMessage->frame();
	if (frame.size() > SIZE - _used) return nullptr;
	if (!_pBlock) _pBlock.reset(new char[SIZE]);
	char* const pFrame = _pBlock.get() + _used;
	_entries.push_back({pMessage, pFrame});
	std::memcpy(pFrame, frame.data(), frame.size());
	_used += frame.size();
	return found(_entries.size() - 1);
}


void WebSocketFanOut::clear()
{
	_entries.clear();
	_used = _next = 0;
	_pLast = nullptr;
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
