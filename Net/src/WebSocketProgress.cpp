//
// WebSocketProgress.cpp
//
// Library: PocoWebSocket
// Package: WebSocket
// Module:  WebSocketProgress
//
// SPDX-License-Identifier: BSL-1.0
//


#include "WebSocketProgress.h"


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


void WebSocketProgress::begin(const WebSocketPeerState& state)
{
	_acknowledged = state.acknowledged;
	_window = state.window;
	_waited = _waits;
	_waits = state.waiting > 0;
	_known = true;
}


void WebSocketProgress::expectAnswer(const WebSocketPeerState& state)
{
	begin(state);
	_answerBehind = state.acknowledged + state.waiting;
	_behind = state.waiting > 0;
}


int WebSocketProgress::look(const WebSocketPeerState& state, Time now)
{
	const bool acknowledged = state.acknowledged != _acknowledged;
	const bool otherWindow = state.window != _window;
	const bool edgeMoved = state.acknowledged + state.window != _acknowledged + _window;
	int result = NONE;
	if (acknowledged || otherWindow || !_known) result |= TAKEN;
	if (_known)
	{
		// An open window that stays as it is tells nothing: a program that hangs may have a wide one.
		const bool read = edgeMoved && (otherWindow || state.window == 0);
		if (_behind ? acknowledged : read) result |= READ;
	}
	if (result != NONE) _time = now - state.quiet;
	if (static_cast<Poco::Int32>(state.acknowledged - _answerBehind) >= 0) _behind = false;
	begin(state);
	return result;
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
