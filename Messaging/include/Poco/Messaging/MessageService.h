//
// MessageService.h
//
// Library: PocoMessaging
// Package: Service
// Module:  MessageService
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Messaging_MessageService_INCLUDED
#define Messaging_MessageService_INCLUDED


#include "Poco/Messaging/MemoryBackplane.h"
#include "Poco/Messaging/MessageRequest.h"
#include "Poco/Messaging/MessageServiceParams.h"
#include "Poco/Messaging/RawConnection.h"
#include "Poco/Net/WebSocketMonitor.h"
#include "Poco/Net/WebSocketServer.h"


namespace Poco {
namespace Messaging {
POCO_MESSAGING_BEGIN


class Messaging_API MessageService
	/// A hub for clients: they connect to a path of a WebSocketServer, with the subprotocol poco.messaging.v1 or poco.messaging.json.v1, and
	/// subscribe, publish, send to each other, read histories, and ask what the application answers.
	///
	///     MessageService service;
	///     service.setHandler(200, [](MessageRequest& request)
	///     {
	///         request.answer("hello " + std::string(request.payload()));
	///     });
	///     WebSocketServer server;
	///     service.addTo(server, "/messages");
	///     server.listen(9010);
	///     server.start();
	///
	/// Handlers are called by the threads of the server's loops, one at a time for each connection, and should not take long. They may call everything
	/// of the service, the hub and the server but stop() and drain().
	///
	/// All functions are thread-safe but those that say something else.
{
public:
	enum Close
		/// Codes of Close frames, besides RFC 6455's: 1001 (the service ends), 1002 (several messages that are none), 1003 (a message of the wrong type),
		/// 1008 (quota), 1013 (too slow).
	{
		CLOSE_TOKEN = 4001,   /// The token of Connect was not accepted, or there was none.
		CLOSE_CONNECT = 4002, /// No Connect has come in time.
		CLOSE_EXPIRED = 4003  /// The token has run out, and no other one has come.
	};

	enum
	{
		FIRST_OPCODE = Opcode::APPLICATION, /// The first one that setHandler() takes.
		MAX_INFO = 1020                     /// Bytes of a member's info.
	};

	using Handler = std::function<void(MessageRequest& request)>;
		/// Answers a request at once, later (MessageRequest::later()), or never. If it throws, the client gets an Error (ErrorCode::INTERNAL).

	using RawHandler = std::function<void(const RawConnection::Ptr& pConnection)>;
		/// Gets a new raw connection.

	struct Metrics
		/// Counts of the service.
	{
		Poco::UInt64 connections = 0;   /// Connections now.
		Poco::UInt64 requests = 0;      /// Messages of clients.
		Poco::UInt64 malformed = 0;     /// Those that were none.
		Poco::UInt64 errors = 0;        /// Errors that were sent.
		Poco::UInt64 handlerErrors = 0; /// Exceptions of handlers.
		Poco::UInt64 tokensRefused = 0; /// Tokens that were not accepted.
		Poco::UInt64 warned = 0;        /// Messages behind a soft limit of a quota.
		Poco::UInt64 delayed = 0;       /// Messages after which reading has paused.
		Poco::UInt64 rejected = 0;      /// Messages that a quota has rejected.
		Poco::UInt64 terminated = 0;    /// Connections that a quota has closed.
	};

	explicit MessageService(const MessageServiceParams::Ptr& pParams = new MessageServiceParams, const HubParams::Ptr& pHubParams = new HubParams, const Backplane::Ptr& pBackplane = new MemoryBackplane);
		/// Creates the service, and its hub, and starts the backplane. Throws an InvalidArgumentException if something is missing, and what Backplane::start() throws: a
		/// NetException if a Redis cannot be reached.

	~MessageService();
		/// Closes its connections (1001), and ends its threads. No handler is called any more; one that is running is not waited for: stop the
		/// servers before.

	void setHandler(Poco::UInt16 opcode, const Handler& handler);
		/// Sets what answers an opcode of the application, from FIRST_OPCODE on. Throws an InvalidArgumentException for another one, or if there is one already or no
		/// handler, and an IllegalStateException after addTo().

	Handler overrideHandler(Poco::UInt16 opcode, const Handler& handler);
		/// Sets another handler for an opcode that has one, built-in or not, and returns the one that it replaces: the new one may call it. Throws an
		/// InvalidArgumentException if there is none, or no handler, and an IllegalStateException after addTo().

	void setRawHandler(const RawHandler& handler);
		/// Sets what gets the connections that ask for neither subprotocol. The thread of the connection's loop calls it: it sets a data handler, or passes the
		/// connection on to a thread that calls readSome(). If the service needs tokens, such a connection has one in its Authorization field. Throws an
		/// IllegalStateException after addTo(). Default: none: they are refused.

	void addTo(Poco::Net::WebSocketServer& server, const std::string& path, const Poco::Net::WebSocketConnectionParams::Ptr& pParams = Poco::Net::WebSocketConnectionParams::Ptr());
		/// Adds a route to a server that was not started (WebSocketServer::addRoute(), which throws if the path is not one). A service may be on several paths and
		/// servers, beside other routes, HTTP, and the server's own connections.
		///
		/// With parameters, these are changed: their subprotocols, setAsyncHook(), where the token of an Authorization field (RFC 6750) is checked, and
		/// setMaxQueuedBytes(); and they are for this call only. Without, they are the defaults, with messages of 1 MiB at most.
		///
		/// A client that asks for neither subprotocol is refused with status 400, if there is no setRawHandler().

	Hub& hub();
		/// Returns the hub, for what the application itself publishes and sends.

	Session::Ptr session(const Poco::Net::WebSocketConnection& connection) const;
		/// Returns the session of a connection, for instance of one of WebSocketServer::connections(); null if it has none: it is not this service's,
		/// has not been connected yet, or has ended.

	Metrics metrics() const;
		/// Returns the counts.

	std::vector<Poco::Net::WebSocketMonitor::Metric> monitored() const;
		/// Returns the counts of the service and its hub for WebSocketMonitor::add(). Their names begin with "messaging_"; docs/messaging.md lists them.

	const MessageServiceParams& params() const;
		/// Returns the parameters.

private:
	MessageService(const MessageService&) = delete;
	MessageService& operator = (const MessageService&) = delete;

	std::shared_ptr<ServiceCore> _pCore;
};


POCO_MESSAGING_END
} } // namespace Poco::Messaging


#endif // Messaging_MessageService_INCLUDED
