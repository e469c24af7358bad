//
// LoopConnections.cpp
//
// Library: PocoWebSocket
// Package: Events
// Module:  WebSocketLoopConnections
//
// SPDX-License-Identifier: BSL-1.0
//


#include "events/LoopConnections.h"
#include "events/ListRoom.h"
#include <algorithm>
#include <limits>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


WebSocketLoopConnections::WebSocketLoopConnections():
	_count(0)
{
}


void WebSocketLoopConnections::add(WebSocketEventConnection& connection)
{
	{
		std::lock_guard<std::mutex> lock(_mutex);
		provideRoom(_connections, 1);
		connection.duplicate();
		connection.place = static_cast<Poco::UInt32>(_connections.size());
		_connections.push_back(&connection);
	}
	_count.fetch_add(1, std::memory_order_relaxed);
}


void WebSocketLoopConnections::remove(WebSocketEventConnection& connection)
{
	{
		std::lock_guard<std::mutex> lock(_mutex);
		_connections.back()->place = connection.place;
		_connections[connection.place] = _connections.back();
		_connections.pop_back();
	}
	_count.fetch_sub(1, std::memory_order_relaxed);
}


std::vector<WebSocketEventConnection::Ptr> WebSocketLoopConnections::all() const
{
	std::vector<WebSocketEventConnection::Ptr> result;
	result.reserve(_connections.size());
	for (WebSocketEventConnection* pConnection: _connections) result.emplace_back(pConnection, true);
	return result;
}


void WebSocketLoopConnections::collect(const WebSocketConnectionGroup& group, std::vector<WebSocketConnection::Ptr>& result) const
{
	// From the end on: one that goes meanwhile has its place taken by the last, which may then come twice, but not be left out.
	std::vector<WebSocketEventConnection::Ptr> found;
	found.reserve(static_cast<std::size_t>(count()) + SLICE);
	std::size_t end = std::numeric_limits<std::size_t>::max();
	do
	{
		found.reserve(found.size() + SLICE);
		std::lock_guard<std::mutex> lock(_mutex);
		end = std::min(end, _connections.size());
		const std::size_t begin = end > SLICE ? end - SLICE : 0;
		while (end > begin) found.emplace_back(_connections[--end], true);
	}
	while (end > 0);
	std::sort(found.begin(), found.end());
	found.erase(std::unique(found.begin(), found.end()), found.end());
	result.reserve(result.size() + found.size());
	for (const auto& pConnection: found)
	{
		if (pConnection->belongsTo(group) && pConnection->lives()) result.emplace_back(pConnection);
	}
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
