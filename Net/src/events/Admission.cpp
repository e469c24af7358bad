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
#include "Poco/Clock.h"
#include "Poco/Exception.h"
#include <chrono>
#include <openssl/rand.h>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


WebSocketAdmission::WebSocketAdmission(const WebSocketServerParams::Ptr& pParams):
	_pParams(pParams)
{
	if (pParams->getHandshakeRate() == 0) return;
	Poco::UInt64 seed = 0;
	if (RAND_bytes(reinterpret_cast<unsigned char*>(&seed), sizeof(seed)) != 1) throw SystemException("No random numbers for the rate of handshakes");
	_pRate = std::make_unique<WebSocketRateLimit>(pParams->getHandshakeRate(), pParams->getHandshakeBurst(), seed);
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


WebSocketAdmission::Answer WebSocketAdmission::admit(const WebSocketHost& host, bool counted, WebSocketRefusal::Reason& reason) noexcept
{
	const int handshakes = _handshakes.fetch_add(1, std::memory_order_relaxed); // first: waitUntilEmpty() waits for it
	if (_open && hasRoom(host, handshakes, counted ? 1 : 0, reason)) return ADMITTED;
	_handshakes.fetch_sub(1, std::memory_order_relaxed);
	return _open ? REFUSED : CLOSED;
}


bool WebSocketAdmission::hasRoom(const WebSocketHost& host, int handshakes, int own, WebSocketRefusal::Reason& reason)
	/// Compares with the limits, the shorter looks first.
{
	reason = WebSocketRefusal::HANDSHAKE_LIMIT;
	if (handshakes >= _pParams->getMaxHandshakes()) return false;
	reason = WebSocketRefusal::CONNECTION_LIMIT;
	if (handshakes + _connections.load(std::memory_order_relaxed) + _http.load(std::memory_order_relaxed) - own >= _pParams->getMaxConnections()) return false;
	reason = WebSocketRefusal::HANDSHAKE_RATE;
	if (_pRate && own == 0 && !inTime(host)) return false;
	if (!perHost()) return true;
	reason = WebSocketRefusal::ADDRESS_LIMIT;
	std::lock_guard<std::mutex> lock(_mutex);
	return _hosts.add(host, _pParams->getMaxConnectionsPerAddress() + own);
}


bool WebSocketAdmission::inTime(const WebSocketHost& host)
	/// Returns false if it comes too often.
{
	if (!host.known()) return true;
	std::lock_guard<std::mutex> lock(_rateMutex);
	return _pRate->take(host.network(), static_cast<WebSocketRateLimit::Time>(Poco::Clock().microseconds()));
}


bool WebSocketAdmission::identify(const WebSocketHost& host, bool begins, WebSocketRefusal::Reason& reason) noexcept
{
	reason = WebSocketRefusal::HANDSHAKE_RATE;
	if (_pRate && begins && !inTime(host)) return false;
	if (!perHost()) return true;
	reason = WebSocketRefusal::ADDRESS_LIMIT;
	std::lock_guard<std::mutex> lock(_mutex);
	return _hosts.add(host, _pParams->getMaxConnectionsPerAddress());
}


void WebSocketAdmission::forget(const WebSocketHost& host) noexcept
{
	if (!perHost()) return;
	std::lock_guard<std::mutex> lock(_mutex);
	_hosts.remove(host);
}


void WebSocketAdmission::change(Phase from, Phase to) noexcept
{
	counter(to).fetch_add(1, std::memory_order_relaxed); // first: waitUntilEmpty() waits for it
	counter(from).fetch_sub(1, std::memory_order_relaxed);
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


bool WebSocketAdmission::await() noexcept
{
	const int before = _awaited.fetch_add(1, std::memory_order_relaxed);
	if (_open && before < _pParams->getMaxAcceptances()) return true;
	awaited();
	return false;
}


void WebSocketAdmission::awaited() noexcept
{
	_awaited.fetch_sub(1, std::memory_order_relaxed);
}


void WebSocketAdmission::refused(WebSocketRefusal::Reason reason) noexcept
{
	_refused[reason].fetch_add(1, std::memory_order_relaxed);
}


void WebSocketAdmission::abandoned() noexcept
{
	_abandoned.fetch_add(1, std::memory_order_relaxed);
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
	metrics.acceptances        = _awaited;
	metrics.connectionsOpened  = _opened;
	metrics.handshakesAbandoned = _abandoned;
	for (std::size_t i = 0; i < _refused.size(); ++i) metrics.refusals[i] = _refused[i];
	for (const auto reason: {WebSocketRefusal::CONNECTION_LIMIT, WebSocketRefusal::ADDRESS_LIMIT, WebSocketRefusal::HANDSHAKE_LIMIT, WebSocketRefusal::HANDSHAKE_RATE, WebSocketRefusal::BUSY})
		metrics.connectionsRefused += metrics.refusals[reason];
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
