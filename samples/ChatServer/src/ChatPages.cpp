//
// ChatPages.cpp
//
// SPDX-License-Identifier: BSL-1.0
//


#include "ChatPages.h"
#include "Poco/JSON/Array.h"
#include "Poco/JSON/Object.h"
#include "Poco/Net/HTTPRequestHandler.h"
#include "Poco/Net/HTTPServerRequest.h"
#include "Poco/Net/HTTPServerResponse.h"
#include "Poco/String.h"
#include <algorithm>
#include <sstream>
#include <utility>
#include <vector>


using Poco::JSON::Array;
using Poco::JSON::Object;
using Poco::Messaging::MessageService;
using Poco::Messaging::Session;
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
	constexpr std::size_t MAX_BODY = 100; // bytes that are read of a name: a longer one has too many characters also in these

	void answer(HTTPServerResponse& response, HTTPResponse::HTTPStatus status, const std::string& text, const std::string& type = "text/plain; charset=utf-8")
	{
		response.setStatusAndReason(status);
		response.setContentType(type);
		response.set("Cache-Control", "no-store");
		response.sendBuffer(text.data(), text.size());
	}


	void refuseMethod(HTTPServerResponse& response, const std::string& allowed)
	{
		response.set("Allow", allowed);
		answer(response, HTTPResponse::HTTP_METHOD_NOT_ALLOWED, "Only " + allowed + "\n");
	}


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


	class UnreadyHandler: public HTTPRequestHandler
	{
	public:
		void handleRequest(HTTPServerRequest&, HTTPServerResponse& response) override
		{
			answer(response, HTTPResponse::HTTP_SERVICE_UNAVAILABLE, "Redis cannot be reached\n");
		}
	};


	class TokenHandler: public HTTPRequestHandler
	{
	public:
		explicit TokenHandler(const ChatTokens& tokens):
			_tokens(tokens)
		{
		}

		void handleRequest(HTTPServerRequest& request, HTTPServerResponse& response) override
		{
			if (request.getMethod() != HTTPRequest::HTTP_POST) return refuseMethod(response, "POST");
			char body[MAX_BODY];
			request.stream().read(body, sizeof(body));
			const std::string name(body, static_cast<std::size_t>(request.stream().gcount()));
			if (!ChatTokens::validName(name))
				return answer(response, HTTPResponse::HTTP_BAD_REQUEST, "A name has 1 to 24 characters, and no control characters.\n");
			answer(response, HTTPResponse::HTTP_OK, _tokens.forPerson(name), "application/jwt");
		}

	private:
		const ChatTokens& _tokens;
	};


	class ConnectionsHandler: public HTTPRequestHandler
	{
	public:
		ConnectionsHandler(const ChatTokens& tokens, const std::string& node, const MessageService& service, const WebSocketServer& server):
			_tokens(tokens),
			_node(node),
			_service(service),
			_server(server)
		{
		}

		void handleRequest(HTTPServerRequest& request, HTTPServerResponse& response) override
		{
			if (request.getMethod() != HTTPRequest::HTTP_GET && request.getMethod() != HTTPRequest::HTTP_HEAD) return refuseMethod(response, "GET, HEAD");
			if (!mayLook(request)) return answer(response, HTTPResponse::HTTP_FORBIDDEN, "");
			answer(response, HTTPResponse::HTTP_OK, list(), "application/json");
		}

	private:
		bool mayLook(const HTTPServerRequest& request) const
			/// Whoever comes through a proxy on this machine does not, without a token.
		{
			const bool here = request.clientAddress().host().isLoopback() && !request.has("Forwarded") && !request.has("X-Forwarded-For");
			if (here || !request.hasCredentials()) return here;
			std::string scheme;
			std::string token;
			request.getCredentials(scheme, token);
			return Poco::icompare(scheme, "Bearer") == 0 && _tokens.isOperator(token);
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
				const Session::Ptr pSession = _service.session(*pConnection);
				row.set("session", pSession ? pSession->id() : "");
				row.set("user", pSession ? pSession->user() : "");
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
			object.set("node", _node);
			object.set("total", total);
			object.set("connections", connections);
			std::ostringstream stream;
			object.stringify(stream);
			return stream.str();
		}

		const ChatTokens& _tokens;
		const std::string _node;
		const MessageService& _service;
		const WebSocketServer& _server;
	};
}


ChatPages::ChatPages(const ChatTokens& tokens, const std::string& node, MessageService& service, const WebSocketServer& server, WebSocketMonitor& monitor):
	_tokens(tokens),
	_node(node),
	_service(service),
	_server(server),
	_monitor(monitor)
{
}


HTTPRequestHandler* ChatPages::createRequestHandler(const HTTPServerRequest& request)
{
	const std::string path = request.getURI().substr(0, request.getURI().find('?'));
	if (path == "/health/ready" && !_service.hub().healthy()) return new UnreadyHandler;
	if (path == "/metrics" || path == "/health/live" || path == "/health/ready") return new MonitorHandler(_monitor);
	if (path == "/connections") return new ConnectionsHandler(_tokens, _node, _service, _server);
	if (path == "/token") return new TokenHandler(_tokens);
	return PageFactory::createRequestHandler(request);
}
