//
// ChatPages.h
//
// Definition of the ChatPages class.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef ChatPages_INCLUDED
#define ChatPages_INCLUDED


#include "ChatTokens.h"
#include "PageFactory.h"
#include "Poco/Messaging/MessageService.h"
#include "Poco/Net/WebSocketMonitor.h"
#include "Poco/Net/WebSocketServer.h"
#include <string>


class ChatPages: public PageFactory
	/// Serves the page, and:
	///
	///   - POST /token: the body is a name; the answer is the token of a person with that name, or status 400.
	///   - /metrics, /health/live and /health/ready: the server's. It is not ready either while the other nodes cannot be reached.
	///   - /connections: those of the server, in JSON, for who asks on the server's own machine, or with an operator's
	///     token (Authorization: Bearer ...): addresses are nobody else's business.
	///
	///     {"node": "A", "total": 200, "connections": [{"id": "...", "session": "1-7", "user": "Ann", "address": "192.0.2.1:4711", "since": 1700000000000,
	///      "messagesIn": 2, "messagesOut": 30, "bytesIn": 120, "bytesOut": 2000, "queued": 0}, ...]}
	///
	/// Up to 100 of them: those with the longest queues, then those that have been there longest. The session is empty
	/// before Connect, the user also for an operator.
{
public:
	ChatPages(const ChatTokens& tokens, const std::string& node, Poco::Messaging::MessageService& service, const Poco::Net::WebSocketServer& server, Poco::Net::WebSocketMonitor& monitor);

	Poco::Net::HTTPRequestHandler* createRequestHandler(const Poco::Net::HTTPServerRequest& request) override;

private:
	const ChatTokens& _tokens;
	const std::string _node;
	Poco::Messaging::MessageService& _service;
	const Poco::Net::WebSocketServer& _server;
	Poco::Net::WebSocketMonitor& _monitor;
};


#endif // ChatPages_INCLUDED
