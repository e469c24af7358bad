//
// Multicast.cpp
//
// Library: PocoWebSocket
// Package: Events
// Module:  WebSocketMulticast
//
// SPDX-License-Identifier: BSL-1.0
//


#include "events/Multicast.h"
#include "events/ListRoom.h"
#include "events/Output.h"
#include "Poco/Net/WebSocketConnectionParams.h"


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


WebSocketMulticast::WebSocketMulticast(const WebSocketLoopConnections& connections):
	_connections(connections),
	_broadcastBytes(0)
{
}


std::size_t WebSocketMulticast::cost(const WebSocketPreparedMessage& message)
{
	return message.frame().size() + WebSocketConnectionParams::QUEUE_ENTRY;
}


inline const char* WebSocketMulticast::place(const WebSocketPreparedMessage::Ptr& pMessage)
	/// Returns where all find the message's frame; null if each sends it from where it is.
{
	return pMessage->frame().size() < WebSocketOutput::LARGE ? _fanOut.place(pMessage) : nullptr;
}


void WebSocketMulticast::broadcast(const WebSocketPreparedMessage::Ptr& pMessage, std::size_t limit)
{
	provideRoom(_receivers, static_cast<std::size_t>(_connections.count()));
	if (!_runs.empty()) settleRuns();
	_broadcasts.add(pMessage, place(pMessage));
	_broadcastBytes += cost(*pMessage);
	if (_broadcastBytes > limit) giveBroadcasts();
}


[[gnu::cold, gnu::noinline]] void WebSocketMulticast::giveBroadcasts()
	/// What was broadcast in this turn does not wait for its end any longer: whether it fits is known in each connection's queue. A callback may be running.
{
	for (auto& pConnection: _connections.all())
	{
		if (pConnection->isBehind()) pConnection->catchUp();
	}
	_broadcasts.begin();
	_broadcasts.clear();
	_broadcastBytes = 0;
}


std::size_t WebSocketMulticast::share(const WebSocketPreparedMessage::Ptr& pMessage, std::size_t reserved, std::size_t count)
{
	provideRoom(_runs, count);
	if (_shared.isLast(*pMessage, reserved)) return _shared.size() - 1;
	const std::size_t index = _shared.add(pMessage, place(pMessage), reserved);
	_broadcasts.wake();
	return index;
}


void WebSocketMulticast::giveRuns()
{
	for (std::size_t i = 0; i < _runs.size(); ++i) _runs[i]->giveRun(); // callbacks may add some
	_runs.clear();
	_shared.clear();
}


[[gnu::cold, gnu::noinline]] void WebSocketMulticast::settleRuns()
	/// What was sent before comes before what is broadcast.
{
	for (WebSocketEventConnection* pConnection: _runs) pConnection->catchUp();
	_runs.clear();
	_shared.clear();
}


void WebSocketMulticast::distribute()
{
	_broadcasts.begin();
	if (!_shared.empty()) giveRuns();
	if (_broadcasts.size() == 0) return;
	_receivers.clear();
	for (WebSocketEventConnection* pConnection: _connections)
	{
		if (pConnection->isBehind()) _receivers.push_back(pConnection); // not more than there were at broadcast()
	}
	for (std::size_t i = 0; i < _receivers.size(); ++i) _receivers[i]->distribute(); // callbacks may broadcast
}


void WebSocketMulticast::clear()
{
	_broadcasts.clear();
	_broadcastBytes = 0;
	_fanOut.clear(); // what could not be sent was copied
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
