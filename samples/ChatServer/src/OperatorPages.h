//
// OperatorPages.h
//
// Definition of the OperatorPages class.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef OperatorPages_INCLUDED
#define OperatorPages_INCLUDED


#include "PageFactory.h"
#include "Poco/Net/WebSocketMonitor.h"
#include "Poco/Net/WebSocketServer.h"


class OperatorPages: public PageFactory
	/// Serves the page, and what its panel for operators shows: the server's /metrics, /health/live and /health/ready, and
	/// its /connections, in JSON, for who asks on the server's own machine: addresses are nobody else's business.
	///
	///     {"total": 200, "connections": [{"id": "...", "address": "192.0.2.1:4711", "since": 1700000000000, "messagesIn": 2,
	///      "messagesOut": 30, "bytesIn": 120, "bytesOut": 2000, "queued": 0}, ...]}
	///
	/// Up to 100 of them: those with the longest queues, then those that have been there longest.
{
public:
	OperatorPages(const Poco::Net::WebSocketServer& server, Poco::Net::WebSocketMonitor& monitor);

	Poco::Net::HTTPRequestHandler* createRequestHandler(const Poco::Net::HTTPServerRequest& request) override;

private:
	const Poco::Net::WebSocketServer& _server;
	Poco::Net::WebSocketMonitor& _monitor;
};


#endif // OperatorPages_INCLUDED
