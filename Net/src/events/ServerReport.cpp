//
// ServerReport.cpp
//
// Library: PocoWebSocket
// Package: Events
// Module:  WebSocketServer
//
// What a server tells of itself: refusals, the access log, connections, metrics.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "events/ServerCore.h"
#include "Poco/Clock.h"
#include "Poco/Logger.h"
#include <chrono>
#include <memory>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


void WebSocketServer::Core::refuse(WebSocketRefusal::Reason reason, const SocketAddress& address, HTTPResponse::HTTPStatus status, const std::string& text, const std::string& path)
{
	WebSocketRefusal refusal;
	refusal.reason  = reason;
	refusal.status  = status;
	refusal.text    = text;
	refusal.address = address;
	refusal.path    = path;
	refused(refusal, Traffic());
}


void WebSocketServer::Core::refused(const WebSocketRefusal& refusal, const Traffic& traffic)
{
	_admission.refused(refusal.reason);
	try
	{
		if (logs())
		{
			WebSocketAccessLine line;
			line.address       = refusal.address.toString();
			line.path          = refusal.path;
			line.status        = refusal.status;
			line.milliseconds  = traffic.milliseconds;
			line.bytesReceived = traffic.received;
			line.bytesSent     = traffic.sent;
			line.pRefused      = WebSocketRefusal::name(refusal.reason);
			_pAccessLog->information(line.format());
		}
		std::string value;
		const std::size_t number = traffic.read ? _paths.find(refusal.path, value) : WebSocketRoutes::NONE;
		WebSocketRoute& teller = number == WebSocketRoutes::NONE ? *this : *_routes[number];
		teller.tellRefused(refusal);
	}
	catch (...)
	{
		// it is counted
	}
}


void WebSocketServer::Core::abandoned()
{
	_admission.abandoned();
}


bool WebSocketServer::Core::logs() const
{
	return _pAccessLog && _pAccessLog->information();
}


void WebSocketServer::Core::logEnd(const WebSocketEventConnection& connection)
{
	try
	{
		WebSocketAccessLine line;
		connection.describe(line);
		_pAccessLog->information(line.format());
	}
	catch (...)
	{
		// there is nobody left to tell
	}
}


[[gnu::cold, gnu::noinline]] void WebSocketServer::Core::countTLS(const WebSocketConnection& connection)
{
	const std::string_view version = static_cast<const WebSocketEventConnection&>(connection).tlsVersion();
	_secure[version == "TLSv1.3" ? TLS_1_3 : version == "TLSv1.2" ? TLS_1_2 : TLS_OTHER].fetch_add(1, std::memory_order_relaxed);
}


std::vector<WebSocketConnection::Ptr> WebSocketServer::Core::connections()
{
	std::vector<WebSocketConnection::Ptr> result;
	if (_stage == CREATED) return result;
	for (auto& pReactor: _loops.reactors()) pReactor->connections().collect(*this, result);
	return result;
}


std::vector<double> WebSocketServer::Core::lags(const Poco::Timespan& longest)
{
	if (_stage != RUNNING || WebSocketReactor::anyCurrent()) return std::vector<double>(); // a loop must not wait
	struct Answers
		/// Shared with loops that answer too late.
	{
		std::mutex mutex;
		std::condition_variable changed;
		std::size_t number = 0;
		std::vector<double> seconds; // below 0: no answer
	};
	const auto pAnswers = std::make_shared<Answers>();
	std::size_t count = 0;
	const Poco::Clock since;
	const auto elapsed = [since] { return static_cast<double>(since.elapsed())/1e6; };
	pAnswers->seconds.resize(_loops.reactors().size(), -1);
	for (auto& pReactor: _loops.reactors())
	{
		const std::shared_ptr<void> atEnd(nullptr, [pAnswers](void*) // also if a loop that ends forgets it
		{
			std::lock_guard<std::mutex> lock(pAnswers->mutex);
			++pAnswers->number;
			pAnswers->changed.notify_all();
		});
		const std::size_t index = count++;
		pReactor->postbox().invoke([pAnswers, elapsed, index, atEnd]
		{
			std::lock_guard<std::mutex> lock(pAnswers->mutex);
			pAnswers->seconds[index] = elapsed();
		});
	}
	std::unique_lock<std::mutex> lock(pAnswers->mutex);
	pAnswers->changed.wait_for(lock, std::chrono::microseconds(longest.totalMicroseconds()), [&] { return pAnswers->number == count; });
	std::vector<double> result = pAnswers->seconds;
	for (double& lag: result)
	{
		if (lag < 0) lag = elapsed();
	}
	return result;
}


void WebSocketServer::Core::addTurns(WebSocketTurnTimes& turns) const
{
	if (_stage == CREATED) return;
	for (const auto& pReactor: _loops.reactors()) turns.add(pReactor->counters.turns);
}


WebSocketServer::Metrics WebSocketServer::Core::metrics() const
{
	Metrics metrics;
	_admission.read(metrics);
	_proxies.read(metrics);
	metrics.connectionsAccepted = _accepted;
	metrics.acceptFailures = _failures;
	for (std::size_t i = 0; i < TLS_VERSIONS; ++i)
	{
		metrics.tlsVersions[i] = _secure[i];
		metrics.tlsConnectionsOpened += metrics.tlsVersions[i];
	}
	_loops.read(metrics);
	metrics.messagesNotQueued = messagesNotQueued;
	metrics.timeouts[IDLE_TIMEOUT]    = timeouts[WebSocketTiming::IDLE];
	metrics.timeouts[AGE_LIMIT]       = timeouts[WebSocketTiming::AGED];
	metrics.timeouts[MESSAGE_TIMEOUT] = timeouts[WebSocketTiming::MESSAGE_TIMEOUT];
	metrics.timeouts[PING_TIMEOUT]    = timeouts[WebSocketTiming::PING_TIMEOUT];
	metrics.timeouts[SEND_TIMEOUT]    = timeouts[WebSocketTiming::SEND_TIMEOUT];
	metrics.timeouts[CLOSE_TIMEOUT]   = timeouts[WebSocketTiming::CLOSE_TIMEOUT] + timeouts[WebSocketTiming::READ_TIMEOUT];
	if (_stage == CREATED) return metrics;
	for (const auto& pReactor: _loops.reactors())
	{
		const WebSocketReactor::Counters& counters = pReactor->counters;
		metrics.messagesReceived += counters.messagesReceived;
		metrics.messagesSent     += counters.messagesSent;
		metrics.bytesReceived    += counters.bytesReceived;
		metrics.bytesSent        += counters.bytesSent;
	}
	return metrics;
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
