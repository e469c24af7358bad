//
// Input.cpp
//
// Library: PocoWebSocket
// Package: Events
// Module:  WebSocketInput
//
// SPDX-License-Identifier: BSL-1.0
//


#include "events/Input.h"


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


bool WebSocketInput::stop()
{
	if (!isReading()) return false;
	_state = PAUSED;
	return true;
}


bool WebSocketInput::pause()
{
	if (_state == RESUMING) _state = PAUSED;
	return stop();
}


void WebSocketInput::resume()
{
	if (_state == PAUSED) _state = RESUMING;
}


void WebSocketInput::goOn()
{
	if (_state != OFF) _state = READING;
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
