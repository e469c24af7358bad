//
// Life.cpp
//
// Library: PocoWebSocket
// Package: Events
// Module:  WebSocketLife
//
// SPDX-License-Identifier: BSL-1.0
//


#include "events/Life.h"


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


bool WebSocketLife::enter(Phase next)
{
	if (!follows(phase(), next)) return false;
	if (next == OPEN) _counted = WebSocketConnectionGroup::OPENED;
	_phase.store(next, std::memory_order_release);
	return true;
}


WebSocketConnection::State WebSocketLife::state() const
{
	const Phase phase = _phase.load(std::memory_order_acquire);
	return phase < OPEN ? WebSocketConnection::CONNECTING : phase == OPEN ? WebSocketConnection::OPEN
		: phase < CLOSED ? WebSocketConnection::CLOSING : WebSocketConnection::CLOSED;
}


bool WebSocketLife::closing() const
{
	const Phase phase = this->phase();
	return phase == CLOSING || phase == FAILED || phase == CLOSED || phase == SHUT;
}


bool WebSocketLife::follows(Phase phase, Phase next)
{
	static constexpr unsigned FOLLOWING[] = // bits
	{
		1u << HANDSHAKE                                                               | 1u << GONE, // NEW
		1u << OPEN                                     | 1u << ABORTED | 1u << CLOSED | 1u << GONE, // HANDSHAKE
		1u << CLOSING | 1u << BROKEN | 1u << FAILED    | 1u << ABORTED | 1u << CLOSED | 1u << GONE, // OPEN
		1u << FAILED                                   | 1u << ABORTED | 1u << CLOSED | 1u << GONE, // CLOSING
		1u << FAILED                                   | 1u << ABORTED | 1u << CLOSED | 1u << GONE, // BROKEN
		1u << ABORTED                                                  | 1u << CLOSED | 1u << GONE, // FAILED
		1u << DROPPED                                                                 | 1u << GONE, // ABORTED
		1u << SHUT | 1u << DROPPED                                                    | 1u << GONE, // CLOSED
		1u << DROPPED                                                                 | 1u << GONE, // SHUT
		1u << GONE,                                                                                 // DROPPED
		0                                                                                           // GONE
	};
	return (FOLLOWING[phase] >> next & 1) != 0;
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
