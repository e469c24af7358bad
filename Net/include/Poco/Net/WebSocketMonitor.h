//
// WebSocketMonitor.h
//
// Library: PocoWebSocket
// Package: WebSocket
// Module:  WebSocketMonitor
//
// Metrics and health of a server, over HTTP.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketMonitor_INCLUDED
#define Net_WebSocketMonitor_INCLUDED


#include "Poco/Net/WebSocketConfig.h"
#include "Poco/Net/WebSocketServer.h"
#include "Poco/Types.h"
#include <atomic>
#include <functional>
#include <string>
#include <vector>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


class WebSocket_API WebSocketMonitor
	/// Answers those who watch a server: with metrics in the text format of OpenMetrics and Prometheus, and how healthy it is.
	///
	///     WebSocketMonitor monitor(server);
	///     server.setHTTP([&](HTTPServerRequest& request, HTTPServerResponse& response)
	///     {
	///         if (!monitor.handle(request, response)) response.setStatusAndReason(HTTPResponse::HTTP_NOT_FOUND), response.send();
	///     });
	///
	/// While a server is drained its ports are closed. Who wants to ask meanwhile asks another HTTPServer or WebSocketServer of the
	/// program, whose handlers have the same monitor, and whose port the public does not reach.
	///
	/// All functions are thread-safe.
{
public:
	enum Format
		/// What metrics() writes.
	{
		OPEN_METRICS, /// OpenMetrics 1.0.0.
		PROMETHEUS    /// Prometheus's older text format, 0.0.4.
	};

	struct Metric
		/// A value that a program adds.
	{
		const char* name;     /// Its name: small letters, digits, underscores, without "_total" at its end.
		const char* help;     /// What it is, for people.
		bool counter;         /// Whether it only grows.
		Poco::UInt64 value;   /// What it is now.
	};

	using Source = std::function<std::vector<Metric>()>;
		/// Returns values of the program's own.

	explicit WebSocketMonitor(const WebSocketServer& server);
		/// Creates the monitor of a server, which has to live longer.

	bool handle(HTTPServerRequest& request, HTTPServerResponse& response);
		/// Answers GET and HEAD of these paths. For other paths it does nothing, and returns false.
		///
		/// | path            | status | what                                                                     |
		/// |-----------------|--------|--------------------------------------------------------------------------|
		/// | `/metrics`      | 200    | metrics(), in OpenMetrics for who accepts it (application/openmetrics-text) |
		/// | `/health/live`  | 200    | live()                                                                   |
		/// |                 | 503    | it is not                                                                |
		/// | `/health/ready` | 200    | ready()                                                                  |
		/// |                 | 503    | it is not: "draining", "not ready" or "stopped"                          |

	std::string metrics(Format format = OPEN_METRICS) const;
		/// Returns the server's counts as text. The names are in docs/operating.md.
		///
		/// Takes as long as WebSocketServer::connections(), and looks at each connection once, for what is queued. Waits until each loop has answered, for a
		/// second at most: that is the lag of the loop. In a thread of a loop, in a callback for instance, it does not wait, and there is no lag in the text.

	void add(const Source& source);
		/// Has metrics() write more values, behind the server's: those of a MessageService, for instance. Any thread may call the source, several at
		/// a time. Names must not come twice. Must not be called when the monitor is in use.

	bool live() const;
		/// Returns true if each loop answers within 5 s, so that no callback hangs; waits for that. Returns true as well if the server does not run,
		/// and in a thread of a loop.

	bool ready() const;
		/// Returns true if the server accepts connections (WebSocketServer::accepting()), and setReady(false) was not called.

	void setReady(bool flag);
		/// Sets whether new connections are welcome. A server that is going to stop tells its load balancer first, goes on for some
		/// seconds, and then calls drain(). Default: true.

private:
	WebSocketMonitor(const WebSocketMonitor&) = delete;
	WebSocketMonitor& operator = (const WebSocketMonitor&) = delete;

	const WebSocketServer& _server;
	std::atomic<bool> _ready{true};
	std::vector<Source> _sources;
};


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketMonitor_INCLUDED
