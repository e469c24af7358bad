//
// WebSocketServer.h
//
// Library: PocoWebSocket
// Package: WebSocket
// Module:  WebSocketServer
//
// A server for many connections.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketServer_INCLUDED
#define Net_WebSocketServer_INCLUDED


#include "Poco/Net/WebSocketConfig.h"
#include "Poco/Net/WebSocketConnection.h"
#include "Poco/Net/WebSocketHandler.h"
#include "Poco/Net/WebSocketServerParams.h"
#include "Poco/Net/HTTPRequestHandlerFactory.h"
#include "Poco/Net/HTTPServerParams.h"
#include "Poco/Net/ServerSocket.h"
#include "Poco/Net/SocketAddress.h"
#include "Poco/Timespan.h"
#include <functional>
#include <vector>


namespace Poco {
namespace Net {


class HTTPServerRequest;
class HTTPServerResponse;


POCO_WEBSOCKET_BEGIN


class WebSocketReactor;


class WebSocket_API WebSocketServer
	/// A server that keeps any number of WebSocket connections on a few threads.
	///
	///     WebSocketServerCallbacks callbacks;
	///     callbacks.onMessage = [](WebSocketConnection& connection, std::string_view message, WebSocketFrame::Opcode opcode)
	///     {
	///         connection.send(message, opcode);
	///     };
	///     WebSocketServer server(callbacks);
	///     server.setHTTP([](HTTPServerRequest&, HTTPServerResponse& response) { response.send() << "Hello"; });
	///     server.listen(9002);
	///     server.start();
	///
	/// A subclass of WebSocketServerHandler can be given instead of functions.
	///
	/// Requests on its ports that are not for WebSocket go to a HTTPRequestHandlerFactory, if there is one, whose
	/// handlers run in a thread pool as in a HTTPServer. A handler of any HTTPServer can hand its connection over with adopt().
	///
	/// All functions are thread-safe, and may be called anywhere: by a callback, a hook, an Origin check or a HTTP handler of this server
	/// as well. stop() and drain() cannot wait for the thread that calls them: they throw an IllegalStateException there, and also where the
	/// server waits for the caller in another way, as when the callbacks of two servers stop each other. A handler that is to stop its own
	/// server has a thread of the application do that (POST /shutdown).
	///
	/// When stop(), drain() or the destructor have returned, no callback, hook, Origin check, HTTP factory or HTTP handler is running,
	/// and none will be called; those that are running are waited for, however long they take (HTTP handlers by stop() and the destructor). The handler object is released when nothing refers
	/// to it any more: connections that the application keeps do.
	///
	/// A child that comes of fork() has no threads of a server that was started before: stop(), drain() and the destructor
	/// do nothing there but close the child's copies of the listening sockets. Copies of the connections stay until the child
	/// ends or executes another program.
{
public:
	struct Metrics
	{
		int connections = 0;                  /// open now
		int handshakes = 0;                   /// in the opening handshake now
		int httpConnections = 0;              /// that have made other requests: being handled, or between two of them
		Poco::UInt64 connectionsAccepted = 0; /// by the ports
		Poco::UInt64 connectionsOpened = 0;   /// whose opening handshake was completed, or that were adopted
		Poco::UInt64 connectionsRefused = 0;  /// because of a limit
		Poco::UInt64 acceptFailures = 0;      /// times that accepting had to pause, for want of descriptors above all
		Poco::UInt64 messagesReceived = 0;    /// counted when the loop has read from the connection, not before each callback
		Poco::UInt64 messagesSent = 0;
		Poco::UInt64 bytesReceived = 0;
		Poco::UInt64 bytesSent = 0;
	};

	using HTTPHandler = std::function<void(HTTPServerRequest& request, HTTPServerResponse& response)>;
		/// Answers a request that is not for WebSocket.

	explicit WebSocketServer(const WebSocketServerHandler::Ptr& pHandler, const WebSocketServerParams::Ptr& pParams = new WebSocketServerParams);
		/// Creates the server. It calls the handler. Throws an InvalidArgumentException if there is no handler, or there are no parameters.

	explicit WebSocketServer(const WebSocketServerCallbacks& callbacks, const WebSocketServerParams::Ptr& pParams = new WebSocketServerParams);
		/// Creates the server. It calls these functions.

	~WebSocketServer();
		/// Stops the server.
		///
		/// May be called anywhere. Where stop() would throw, connections are cut without another callback, other threads are waited for, but for
		/// those that wait for this one, and nothing is called any more, except for what belongs to the same request (the hook after the
		/// Origin check, the HTTP handler after its factory). The thread, and with it the ports, end when it has returned from the callback.

	void setHTTP(const HTTPRequestHandlerFactory::Ptr& pFactory, const HTTPServerParams::Ptr& pParams = new HTTPServerParams);
		/// Sets who handles the requests that are not for WebSocket. Without it they get status 400 or 426. Throws an
		/// IllegalStateException after start().
		///
		/// Handlers find what they find in a HTTPServer: the request is a HTTPServerRequestImpl, whose socket() is the connection's own
		/// one, a SecureStreamSocket with TLS. All of pParams is kept to (16 threads, if it does not say how many), and one thing more: a
		/// request for which there is neither a thread nor room in the queue gets status 503. Only a request that is being handled has
		/// a thread. Between two requests a connection is in an event loop, for the keep-alive timeout. It is closed if a
		/// handler has left more than 64 KiB of a request's body unread.

	void setHTTP(const HTTPHandler& handler, const HTTPServerParams::Ptr& pParams = new HTTPServerParams);
		/// The same with a function, which several threads may call at the same time. An exception that it throws is
		/// treated as one of a HTTPRequestHandler.

	void listen(Poco::UInt16 port);
		/// Listens on a port of all IPv4 addresses; 0: any free port, see port(). See listen(const SocketAddress&).

	void listen(const SocketAddress& address);
		/// Listens on an address: IPv4, IPv6, or a Unix-domain socket. Connections are accepted after start(). Throws
		/// a NetException if the address is in use or cannot be had, and an IllegalStateException after start().

	void listen(const ServerSocket& socket);
		/// Listens on a ServerSocket that listens already, over TCP or a Unix-domain socket, or on a
		/// SecureServerSocket. Throws an IllegalStateException after start(). The socket becomes close-on-exec, as all sockets of the server do. It is shut
		/// down when the server stops: another process that has it as well accepts nothing any more.
		///
		/// A ServerSocket made for an address shares its port with others that do the same (SO_REUSEPORT). One that
		/// is bound with bind(address, true, false), and listen(address), report a port that is in use.

	Poco::UInt16 port() const;
		/// Returns the first TCP port that the server was told to listen on, before start() as well; 0 if there is none, and after stop().

	void start();
		/// Starts the threads. A server is started once; throws an IllegalStateException otherwise. If one of the ports does not listen, or
		/// there are no threads to be had, it throws what the system says, and may be called again.

	void stop();
		/// Cuts all connections, ends the threads and waits for them. Does nothing if the server does not run. If another thread
		/// stops or drains it already, that ends sooner, and is waited for. Throws an IllegalStateException in a thread that it would wait for:
		/// those of the server, of WebSocketClients that use its loops, and those that wait for one of these.

	std::vector<WebSocketConnection::Ptr> drain(const Poco::Timespan& timeout);
		/// Stops accepting, closes all connections (1001), waits until all have answered, and all other requests that were being handled have
		/// been answered, at most for so long, and then stops the server. Returns those whose Close frame has not come.
		/// Returns none if the server does not run, or another thread stops or drains it already, when that has ended. Throws as stop().
		///
		/// A handler of setHTTP() that needs longer is not waited for: its connection is cut, and stop() or the destructor waits for it.

	WebSocketConnection::Ptr adopt(HTTPServerRequest& request, HTTPServerResponse& response);
		/// Completes the opening handshake in a HTTPRequestHandler, as the constructor of WebSocket does, and
		/// takes the connection over: the handler can return. onOpen() is called by one of the server's threads.
		/// Throws as that constructor, and an IllegalStateException if the server does not run.

	void broadcast(const WebSocketPreparedMessage::Ptr& pMessage);
		/// Sends a message to all connections that are open, as WebSocketConnection::send() does to one, and with fewer steps:
		/// at the end of each loop's turn. To each it comes behind what the caller has sent to it before, and before
		/// what it sends later. Who has no room in its queue is dealt with by WebSocketServerParams::setQueuePolicy(), and
		/// counts it in metrics().messagesNotQueued. Never waits. Does nothing if the server does not run.
		///
		/// Throws an InvalidArgumentException if there is no message, and a std::bad_alloc if there is no memory: then connections of
		/// other threads may have been sent it.

	Metrics metrics() const;

	const WebSocketServerParams& params() const;

private:
	WebSocketServer(const WebSocketServer&) = delete;
	WebSocketServer& operator = (const WebSocketServer&) = delete;

	friend class WebSocketClientLoop;

	class Core;

	std::vector<Poco::AutoPtr<WebSocketReactor>> reactors() const;

	Core* _pCore; // connections that are kept share its ownership
};


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketServer_INCLUDED
