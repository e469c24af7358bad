//
// OperatorPages.cpp
//
// SPDX-License-Identifier: BSL-1.0
//


#include "OperatorPages.h"
#include "Poco/JSON/Array.h"
#include "Poco/JSON/Object.h"
#include "Poco/Net/HTTPRequestHandler.h"
#include "Poco/Net/HTTPServerRequest.h"
#include "Poco/Net/HTTPServerResponse.h"
#include <algorithm>
#include <sstream>
#include <utility>
#include <vector>


using Poco::JSON::Array;
using Poco::JSON::Object;
using Poco::Net::HTTPRequest;
using Poco::Net::HTTPRequestHandler;
using Poco::Net::HTTPResponse;
using Poco::Net::HTTPServerRequest;
using Poco::Net::HTTPServerResponse;
using Poco::Net::WebSocketConnection;
using Poco::Net::WebSocketMonitor;
using Poco::Net::WebSocketServer;


namespace
{
	constexpr std::size_t MAX_ROWS = 100;

	class MonitorHandler: public HTTPRequestHandler
	{
	public:
		explicit MonitorHandler(WebSocketMonitor& monitor):
			_monitor(monitor)
		{
		}

		void handleRequest(HTTPServerRequest& request, HTTPServerResponse& response) override
		{
			_monitor.handle(request, response);
		}

	private:
		WebSocketMonitor& _monitor;
	};


	class ConnectionsHandler: public HTTPRequestHandler
	{
	public:
		explicit ConnectionsHandler(const WebSocketServer& server):
			_server(server)
		{
		}

		void handleRequest(HTTPServerRequest& request, HTTPServerResponse& response) override
		{
			if (request.getMethod() != HTTPRequest::HTTP_GET && request.getMethod() != HTTPRequest::HTTP_HEAD)
			{
				response.setStatusAndReason(HTTPResponse::HTTP_METHOD_NOT_ALLOWED);
				response.set("Allow", "GET, HEAD");
				response.setContentLength(0);
				response.send();
			}
			else if (!mayLook(request))
			{
				response.setStatusAndReason(HTTPResponse::HTTP_FORBIDDEN);
				response.setContentLength(0);
				response.send();
			}
			else
			{
				const std::string text = list();
				response.setContentType("application/json");
				response.set("Cache-Control", "no-store");
				response.sendBuffer(text.data(), text.size());
			}
		}

	private:
		static bool mayLook(const HTTPServerRequest& request)
			/// Whoever comes through a proxy on this machine does not.
		{
			return request.clientAddress().host().isLoopback() && !request.has("Forwarded") && !request.has("X-Forwarded-For");
		}

		std::string list() const
		{
			std::vector<std::pair<WebSocketConnection::Metrics, WebSocketConnection::Ptr>> rows;
			for (const auto& pConnection: _server.connections()) rows.emplace_back(pConnection->metrics(), pConnection);
			const std::size_t total = rows.size();
			const std::size_t shown = std::min(total, MAX_ROWS);
			std::partial_sort(rows.begin(), rows.begin() + static_cast<std::ptrdiff_t>(shown), rows.end(), [](const auto& a, const auto& b)
			{
				return a.first.bytesQueued != b.first.bytesQueued ? a.first.bytesQueued > b.first.bytesQueued : a.first.since < b.first.since;
			});
			rows.resize(shown);
			Array connections;
			for (const auto& [metrics, pConnection]: rows)
			{
				Object row;
				row.set("id", pConnection->id().toString());
				row.set("address", pConnection->remoteAddress().toString());
				row.set("since", metrics.since.epochMicroseconds()/1000);
				row.set("messagesIn", metrics.messagesReceived);
				row.set("messagesOut", metrics.messagesSent);
				row.set("bytesIn", metrics.bytesReceived);
				row.set("bytesOut", metrics.bytesSent);
				row.set("queued", metrics.bytesQueued);
				connections.add(row);
			}
			Object object;
			object.set("total", total);
			object.set("connections", connections);
			std::ostringstream stream;
			object.stringify(stream);
			return stream.str();
		}

		const WebSocketServer& _server;
	};
}


OperatorPages::OperatorPages(const WebSocketServer& server, WebSocketMonitor& monitor):
	_server(server),
	_monitor(monitor)
{
}


HTTPRequestHandler* OperatorPages::createRequestHandler(const HTTPServerRequest& request)
{
	const std::string path = request.getURI().substr(0, request.getURI().find('?'));
	if (path == "/metrics" || path == "/health/live" || path == "/health/ready") return new MonitorHandler(_monitor);
	if (path == "/connections") return new ConnectionsHandler(_server);
	return PageFactory::createRequestHandler(request);
}
