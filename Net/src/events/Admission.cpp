//
// Admission.cpp
//
// Library: PocoWebSocket
// Package: Events
// Module:  WebSocketAdmission
//
// SPDX-License-Identifier: BSL-1.0
//


#include "events/Admission.h"
#include <chrono>
#include <limits>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


WebSocketAdmission::WebSocketAdmission(const WebSocketServerParams::Ptr& pParams):
	_pParams(pParams)
{
}


void WebSocketAdmission::open()
{
	_open = true;
}


void WebSocketAdmission::close()
{
	_open = false;
}


bool WebSocketAdmission::isOpen() const
{
	return _open;
}


bool WebSocketAdmission::admit(const WebSocketHost& host, bool counted) noexcept
{
	const int own = counted ? 1 : 0;
	const int handshakes = _handshakes.fetch_add(1, std::memory_order_relaxed); // first: waitUntilEmpty() waits for it
	bool admitted = _open && handshakes < _pParams->getMaxHandshakes()
		&& handshakes + _connections.load(std::memory_order_relaxed) + _http.load(std::memory_order_relaxed) - own < _pParams->getMaxConnections();
	if (admitted && perHost())
	{
		std::lock_guard<std::mutex> lock(_mutex);
		admitted = _hosts.add(host, _pParams->getMaxConnectionsPerAddress() + own);
	}
	if (admitted) return true;
	_handshakes.fetch_sub(1, std::memory_order_relaxed);
	if (_open) refused();
	return false;
}


void WebSocketAdmission::stay(const WebSocketHost& host) noexcept
{
	++_http;
	if (!perHost()) return;
	std::lock_guard<std::mutex> lock(_mutex);
	_hosts.add(host, std::numeric_limits<int>::max()); // needs no memory: it counts already
}


void WebSocketAdmission::opened(Phase before) noexcept
{
	_opened.fetch_add(1, std::memory_order_relaxed);
	_connections.fetch_add(1, std::memory_order_relaxed);
	counter(before).fetch_sub(1, std::memory_order_relaxed);
}


void WebSocketAdmission::leave(Phase phase, const WebSocketHost& host) noexcept
{
	if (perHost())
	{
		std::lock_guard<std::mutex> lock(_mutex);
		_hosts.remove(host);
	}
	counter(phase).fetch_sub(1, std::memory_order_relaxed);
	if (_open) return;
	std::lock_guard<std::mutex> lock(_mutex);
	_empty.notify_all();
}


void WebSocketAdmission::refused() noexcept
{
	_refused.fetch_add(1, std::memory_order_relaxed);
}


void WebSocketAdmission::waitUntilEmpty(const Poco::Timespan& timeout)
{
	std::unique_lock<std::mutex> lock(_mutex);
	_empty.wait_for(lock, std::chrono::microseconds(timeout.totalMicroseconds()), [this] { return count() == 0; });
}


int WebSocketAdmission::count() const
{
	return _connections + _handshakes + _http;
}


void WebSocketAdmission::read(WebSocketServer::Metrics& metrics) const
{
	metrics.connections        = _connections;
	metrics.handshakes         = _handshakes;
	metrics.httpConnections    = _http;
	metrics.connectionsOpened  = _opened;
	metrics.connectionsRefused = _refused;
}


bool WebSocketAdmission::perHost() const
	/// Returns true if there is a limit for each address.
{
	return _pParams->getMaxConnectionsPerAddress() > 0;
}


std::atomic<int>& WebSocketAdmission::counter(Phase phase)
{
	return phase == WebSocketConnectionGroup::HANDSHAKE ? _handshakes : phase == WebSocketConnectionGroup::HTTP ? _http : _connections;
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
