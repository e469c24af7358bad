//
// WebSocketMonitor.cpp
//
// Library: PocoWebSocket
// Package: Events
// Module:  WebSocketMonitor
//
// SPDX-License-Identifier: BSL-1.0
//


#include "Poco/Net/WebSocketMonitor.h"
#include "core/MetricsText.h"
#include "events/ServerCore.h"
#include "events/TurnTimes.h"
#include "Poco/Net/HTTPRequest.h"
#include "Poco/Net/HTTPServerRequest.h"
#include "Poco/Net/HTTPServerResponse.h"
#include <algorithm>
#include <ctime>
#include <utility>
#include <vector>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


namespace
{
	const Poco::Timespan LONGEST_LAG(1, 0);
	const Poco::Timespan LONGEST_TURN(5, 0);

	const char* timeoutName(int kind)
	{
		static constexpr const char* NAMES[] = {"idle", "age", "message", "ping", "send", "close"};
		static_assert(sizeof(NAMES)/sizeof(*NAMES) == WebSocketServer::TIMEOUTS, "each has a name");
		return NAMES[kind];
	}

	const char* versionName(int version)
	{
		static constexpr const char* NAMES[] = {"TLSv1.2", "TLSv1.3", "other"};
		static_assert(sizeof(NAMES)/sizeof(*NAMES) == WebSocketServer::TLS_VERSIONS, "each has a name");
		return NAMES[version];
	}

	void answerText(HTTPServerResponse& response, bool good, const std::string& text)
	{
		response.setStatusAndReason(good ? HTTPResponse::HTTP_OK : HTTPResponse::HTTP_SERVICE_UNAVAILABLE);
		response.setContentType("text/plain; charset=utf-8");
		response.set("Cache-Control", "no-store");
		response.sendBuffer(text.data(), text.size());
	}
}


WebSocketMonitor::WebSocketMonitor(const WebSocketServer& server):
	_server(server)
{
}


bool WebSocketMonitor::handle(HTTPServerRequest& request, HTTPServerResponse& response)
{
	const std::string path = request.getURI().substr(0, request.getURI().find('?'));
	if (path != "/metrics" && path != "/health/live" && path != "/health/ready") return false;
	if (request.getMethod() != HTTPRequest::HTTP_GET && request.getMethod() != HTTPRequest::HTTP_HEAD)
	{
		response.setStatusAndReason(HTTPResponse::HTTP_METHOD_NOT_ALLOWED);
		response.set("Allow", "GET, HEAD"); // RFC 9110, 15.5.6
		response.setContentLength(0);
		response.send();
	}
	else if (path == "/health/live")
	{
		const bool good = live();
		answerText(response, good, good ? "live\n" : "a loop does not answer\n");
	}
	else if (path == "/health/ready")
	{
		const bool good = ready();
		answerText(response, good, good ? "ready\n" : _server.accepting() ? "not ready\n" : _server.draining() ? "draining\n" : "stopped\n");
	}
	else
	{
		const bool openMetrics = request.get("Accept", "").find("application/openmetrics-text") != std::string::npos;
		const std::string text = metrics(openMetrics ? OPEN_METRICS : PROMETHEUS);
		response.setContentType(openMetrics ? "application/openmetrics-text; version=1.0.0; charset=utf-8" : "text/plain; version=0.0.4; charset=utf-8");
		response.set("Cache-Control", "no-store");
		response.sendBuffer(text.data(), text.size());
	}
	return true;
}


std::string WebSocketMonitor::metrics(Format format) const
{
	const WebSocketServer::Metrics now = _server.metrics();
	WebSocketMetricsText text(format == OPEN_METRICS);
	const auto gauge = [&text](const char* pName, const char* pHelp, int number)
	{
		text.gauge(pName, pHelp);
		text.value(static_cast<Poco::UInt64>(std::max(0, number)));
	};
	const auto counter = [&text](const char* pName, const char* pHelp, Poco::UInt64 number)
	{
		text.counter(pName, pHelp);
		text.value(number);
	};

	gauge("websocket_ready", "Whether new connections are welcome.", ready() ? 1 : 0);
	gauge("websocket_connections", "Open WebSocket connections.", now.connections);
	gauge("websocket_opening_handshakes", "Connections in the opening handshake.", now.handshakes);
	gauge("websocket_http_connections", "Connections with requests that are not for WebSocket.", now.httpConnections);
	counter("websocket_accepted_connections", "Connections that the ports have accepted.", now.connectionsAccepted);
	counter("websocket_accept_failures", "How often accepting had to pause, mostly for want of descriptors, or has ended.", now.acceptFailures);
	text.counter("websocket_handshakes", "Opening handshakes by their outcome: opened, abandoned by the client, or why they were refused.");
	text.value(now.connectionsOpened, "outcome", "opened");
	text.value(now.handshakesAbandoned, "outcome", "abandoned");
	for (int i = 0; i < WebSocketRefusal::REASONS; ++i)
		text.value(now.refusals[static_cast<std::size_t>(i)], "outcome", WebSocketRefusal::name(static_cast<WebSocketRefusal::Reason>(i)));
	counter("websocket_ignored_forwarded", "Requests and PROXY headers that tell of a client, but do not come from a trusted proxy.", now.forwardedIgnored);
	text.counter("websocket_tls_connections", "WebSocket connections that were opened over TLS, by its version.");
	for (int i = 0; i < WebSocketServer::TLS_VERSIONS; ++i) text.value(now.tlsVersions[static_cast<std::size_t>(i)], "version", versionName(i));
	if (!now.certificateEnds.empty()) text.gauge("websocket_certificate_end_seconds", "Unix time until which certificates are valid, by server name; * is the one of all other names.", "seconds");
	for (const auto& [name, end]: now.certificateEnds) text.value(static_cast<Poco::UInt64>(std::max(std::time_t(0), end.epochTime())), "name", name);
	text.counter("websocket_messages", "Messages by direction.");
	text.value(now.messagesReceived, "direction", "in");
	text.value(now.messagesSent, "direction", "out");
	text.counter("websocket_traffic_bytes", "Bytes on the wire, or in TLS records, by direction.", "bytes");
	text.value(now.bytesReceived, "direction", "in");
	text.value(now.bytesSent, "direction", "out");
	Poco::UInt64 queued = 0;
	for (const WebSocketConnection::Ptr& pConnection: _server.connections()) queued += pConnection->metrics().bytesQueued;
	text.gauge("websocket_queued_bytes", "What waits to be sent on all connections.", "bytes");
	text.value(queued);
	counter("websocket_dropped_messages", "Messages that have not fitted into the queue of a connection.", now.messagesNotQueued);
	text.counter("websocket_timeouts", "Connections that have ended by a time limit, by its kind.");
	for (int i = 0; i < WebSocketServer::TIMEOUTS; ++i) text.value(now.timeouts[static_cast<std::size_t>(i)], "kind", timeoutName(i));
	const std::vector<double> lags = _server.lags(LONGEST_LAG);
	if (!lags.empty()) text.gauge("websocket_loop_lag_seconds", "How long each loop took to answer now; 1 or more if it did not within a second.", "seconds");
	for (std::size_t i = 0; i < lags.size(); ++i) text.value(lags[i], "loop", std::to_string(i + 1));
	WebSocketTurnTimes turns;
	_server.addTurns(turns);
	std::vector<std::pair<const char*, Poco::UInt64>> buckets;
	for (const char* pLimit: WebSocketTurnTimes::LIMITS) buckets.emplace_back(pLimit, turns.count(buckets.size()));
	text.histogram("websocket_loop_turn_seconds", "How long the turns of all loops took. Who comes in a turn waits until it ends.", "seconds", buckets, turns.seconds());
	for (const Source& source: _sources)
	{
		for (const Metric& metric: source())
		{
			if (metric.counter) text.counter(metric.name, metric.help);
			else text.gauge(metric.name, metric.help);
			text.value(metric.value);
		}
	}
	return text.take();
}


void WebSocketMonitor::add(const Source& source)
{
	_sources.push_back(source);
}


bool WebSocketMonitor::live() const
{
	const double longest = static_cast<double>(LONGEST_TURN.totalSeconds());
	for (const double lag: _server.lags(LONGEST_TURN))
	{
		if (lag >= longest) return false;
	}
	return true;
}


bool WebSocketMonitor::ready() const
{
	return _ready && _server.accepting();
}


void WebSocketMonitor::setReady(bool flag)
{
	_ready = flag;
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
