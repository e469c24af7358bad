//
// Progress.cpp
//
// Library: PocoWebSocket
// Package: Core
// Module:  WebSocketProgress
//
// SPDX-License-Identifier: BSL-1.0
//


#include "core/Progress.h"
#include <algorithm>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


void WebSocketProgress::begin(const WebSocketPeerState& state)
{
	_waited = _last.waiting > 0;
	_last = state;
	_known = true;
}


void WebSocketProgress::expectAnswer(const WebSocketPeerState& state, Time now)
{
	begin(state);
	hide(state, now);
	_answerBehind = state.acknowledged + state.waiting;
	_behind = _slow = state.waiting > 0;
}


int WebSocketProgress::look(const WebSocketPeerState& state, Time now)
{
	const bool acknowledged = state.acknowledged != _last.acknowledged;
	const bool otherWindow = state.window != _last.window;
	const bool edgeMoved = state.acknowledged + state.window != _last.acknowledged + _last.window;
	const bool first = !_known;
	int result = NONE;
	if (acknowledged || otherWindow || state.delivered != _last.delivered || first) result |= TAKEN;
	if (state.heldBack != _last.heldBack) result |= ARRIVED;
	if (!first)
	{
		// An open window that stays as it is tells nothing: a program that hangs may have a wide one.
		const bool read = edgeMoved && (otherWindow || state.window == 0);
		if (_behind ? acknowledged : read) result |= READ;
	}
	if (result & (TAKEN | READ)) _time = now - state.quiet;
	if (result & READ) _slow = true;
	if (first || (result & READ)) hide(state, _time);
	if (static_cast<Poco::Int32>(state.acknowledged - _answerBehind) >= 0) _behind = false;
	begin(state);
	return result;
}


void WebSocketProgress::hide(const WebSocketPeerState& state, Time now)
	/// No more than the window, nor more than has been sent, is unread if the window does not change any more.
{
	_seen = now;
	_unseen = std::min(state.window, state.acknowledged + state.waiting)/LOWEST_RATE;
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
