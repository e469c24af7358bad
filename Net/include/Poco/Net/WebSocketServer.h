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
#include "Poco/Net/WebSocketAcceptance.h"
#include "Poco/Net/WebSocketConnection.h"
#include "Poco/Net/WebSocketHandler.h"
#include "Poco/Net/WebSocketRefusal.h"
#include "Poco/Net/WebSocketServerParams.h"
#include "Poco/Net/HTTPRequestHandlerFactory.h"
#include "Poco/Net/HTTPServerParams.h"
#include "Poco/Net/ServerSocket.h"
#include "Poco/Net/SocketAddress.h"
#include "Poco/Timespan.h"
#include "Poco/Timestamp.h"
#include <array>
#include <functional>
#include <map>
#include <string>
#include <vector>


namespace Poco {
namespace Net {


class HTTPServerRequest;
class HTTPServerResponse;


POCO_WEBSOCKET_BEGIN


class WebSocketReactor;
class WebSocketTurnTimes;


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
	/// All functions are thread-safe, and may be called anywhere, also by a callback, a hook, an Origin check or a HTTP handler of this
	/// server. Only stop() and drain() throw an IllegalStateException there, because they would wait for themselves. They also throw it if the
	/// server waits for the caller in another way: the callbacks of two servers stop each other, for instance. A handler that wants to
	/// stop its own server (POST /shutdown) lets another thread of the application do that.
	///
	/// When stop(), drain() or the destructor has returned, no callback, hook, Origin check, HTTP factory or HTTP handler is running,
	/// and none will be called. Those that are running are waited for, however long they take (drain() does not wait for HTTP handlers). The
	/// handler object is released when nothing refers to it any more; connections that the application keeps do.
	///
	/// Requests that wait for an answer then (WebSocketConnectionParams::setAsyncHook()) are cut by stop() and the destructor, and refused with status 503
	/// by drain(). An answer that comes later does nothing.
	///
	/// After fork(), a child has no threads of a server that was started before. There, stop(), drain() and the destructor
	/// only close the child's copies of the listening sockets. Copies of the connections stay until the child
	/// ends or executes another program.
{
public:
	enum Timeout
		/// Times and limits by which connections have ended. The one of the opening handshake is WebSocketRefusal::TIMED_OUT.
	{
		IDLE_TIMEOUT,    /// WebSocketConnectionParams::setIdleTimeout().
		AGE_LIMIT,       /// WebSocketServerParams::setMaxAge().
		MESSAGE_TIMEOUT, /// WebSocketParams::setTransferTimeout(), for a message that arrives.
		PING_TIMEOUT,    /// WebSocketParams::setPongTimeout().
		SEND_TIMEOUT,    /// WebSocketConnectionParams::setSendTimeout(), or setTransferTimeout() for what waits to be sent.
		CLOSE_TIMEOUT,   /// WebSocketConnectionParams::setCloseTimeout(), or setTransferTimeout() for a closing handshake.
		TIMEOUTS         /// How many there are.
	};

	enum TLSVersion
		/// How connections are encrypted.
	{
		TLS_1_2,     /// TLS 1.2.
		TLS_1_3,     /// TLS 1.3.
		TLS_OTHER,   /// An older version; or a trusted proxy has told that there was TLS to it, and there is none from there.
		TLS_VERSIONS /// How many there are.
	};

	struct Metrics
		/// Counts of the server. The first four are what is now, the others what has been since start().
	{
		int connections = 0;                  /// Open connections.
		int handshakes = 0;                   /// Connections in the opening handshake.
		int httpConnections = 0;              /// Connections with other requests, handled now, or between two of them.
		int acceptances = 0;                  /// Handshakes that wait for the answer to WebSocketConnectionParams::setAsyncHook(); they count above as well.
		Poco::UInt64 connectionsAccepted = 0; /// Connections that the ports have accepted.
		Poco::UInt64 connectionsOpened = 0;   /// Connections whose opening handshake was completed, or that were adopted.
		Poco::UInt64 connectionsRefused = 0;  /// Connections closed because of a limit, on connections, handshakes or waiting requests.
		std::array<Poco::UInt64, WebSocketRefusal::REASONS> refusals = {}; /// All that was refused, by WebSocketRefusal::Reason.
		Poco::UInt64 handshakesAbandoned = 0; /// Connections that the client has ended before its request was complete.
		Poco::UInt64 tlsConnectionsOpened = 0; /// Those of connectionsOpened that are TLS connections.
		std::array<Poco::UInt64, TLS_VERSIONS> tlsVersions = {}; /// The same, by TLSVersion.
		std::array<Poco::UInt64, TIMEOUTS> timeouts = {}; /// Connections that have ended by a time or limit, by Timeout.
		Poco::UInt64 messagesNotQueued = 0;   /// Messages that have not fitted into a connection's queue, broadcasts included.
		Poco::UInt64 forwardedIgnored = 0;    /// Requests and PROXY headers that tell of a client, but do not come from a trusted proxy.
		Poco::UInt64 acceptFailures = 0;      /// How often accepting had to pause, mostly because there were no descriptors, or had to end: somebody else has shut the socket down.
		Poco::UInt64 messagesReceived = 0;    /// Complete messages. The loop counts when it has read from a connection, not before each callback.
		Poco::UInt64 messagesSent = 0;        /// Messages sent or queued.
		Poco::UInt64 bytesReceived = 0;       /// Bytes on the wire, or in TLS records.
		Poco::UInt64 bytesSent = 0;           /// Bytes on the wire, or in TLS records.
		std::map<std::string, Poco::Timestamp> certificateEnds; /// Until when the certificates of the ports are valid, as WebSocketCertificates::ends(); if ports differ, the earliest.
	};

	enum class ProxyProtocol
		/// What a connection begins with.
	{
		OFF,     /// A request, or TLS.
		REQUIRED /// A PROXY header, version 1 or 2 (HAProxy's proxy-protocol.txt), and then that.
	};

	using HTTPHandler = std::function<void(HTTPServerRequest& request, HTTPServerResponse& response)>;
		/// Answers a request that is not for WebSocket.

	explicit WebSocketServer(const WebSocketServerHandler::Ptr& pHandler, const WebSocketServerParams::Ptr& pParams = new WebSocketServerParams);
		/// Creates the server. It calls the handler. Throws an InvalidArgumentException if there is no handler, or there are no parameters.

	explicit WebSocketServer(const WebSocketServerCallbacks& callbacks, const WebSocketServerParams::Ptr& pParams = new WebSocketServerParams);
		/// Creates the server. It calls these functions.

	explicit WebSocketServer(const WebSocketServerParams::Ptr& pParams = new WebSocketServerParams);
		/// Creates a server that has the routes of addRoute() only. WebSocket requests for other paths go to the handlers of setHTTP(); without them, they
		/// get status 404. Throws an InvalidArgumentException if there are no parameters.

	~WebSocketServer();
		/// Stops the server.
		///
		/// May be called anywhere. Where stop() would throw, connections are cut without another callback. Other threads are waited for, unless
		/// they wait for this one. Nothing is called any more, except what belongs to the same request: the hook after the
		/// Origin check, the HTTP handler after its factory. The thread, and with it the ports, end when it has returned from the callback.

	void addRoute(const std::string& path, const WebSocketServerHandler::Ptr& pHandler, const WebSocketConnectionParams::Ptr& pParams = WebSocketConnectionParams::Ptr());
		/// Has another handler called for the connections with a path. All other connections have the handler of the constructor. The path is one of these:
		///
		///     /chat          this path
		///     /rooms/{id}    with any text that is not empty, and has no slash in it, in place of {id}; behind it the path may go on
		///     /files/*       all paths that begin with what is before the asterisk
		///
		/// If several fit, the exact path is taken; then the one with a parameter: with the longest text before it, then behind it; then
		/// the longest beginning. The query does not count. Case does, and a slash at the end. Percent-encoding is dealt with as RFC 3986, 6.2.2
		/// says; dot segments are not resolved. See WebSocketConnection::route() and routeParameter().
		///
		/// The parameters are for these connections instead of the server's: limits, compression, subprotocols, origins, hooks. Without them it has the
		/// server's. As long as the path is not known, the server's limits hold: time and size of the opening handshake.
		///
		/// Throws an InvalidArgumentException if the path is none of these, or there is one for the same requests, or there is no handler;
		/// and an IllegalStateException after start().

	void addRoute(const std::string& path, const WebSocketServerCallbacks& callbacks, const WebSocketConnectionParams::Ptr& pParams = WebSocketConnectionParams::Ptr());
		/// The same with functions.

	void setHTTP(const HTTPRequestHandlerFactory::Ptr& pFactory, const HTTPServerParams::Ptr& pParams = new HTTPServerParams);
		/// Sets the factory of the handlers for requests that are not for WebSocket. Without it they get status 400, 405 or 426, or 404 where there is no route and no handler of the constructor. Throws an
		/// IllegalStateException after start().
		///
		/// Handlers find what they find in a HTTPServer: the request is a HTTPServerRequestImpl, whose socket() is the connection's own,
		/// a SecureStreamSocket with TLS. All of pParams holds; the default is 16 threads. A request for which
		/// there is neither a thread nor room in the queue gets status 503. Only a request that is being handled has
		/// a thread. Between two requests a connection is in an event loop, for the keep-alive time-out. If a
		/// handler leaves more than 64 KiB of a request's body unread, the connection is closed.

	void setHTTP(const HTTPHandler& handler, const HTTPServerParams::Ptr& pParams = new HTTPServerParams);
		/// Sets a function that handles requests that are not for WebSocket. Several threads may call it at the same time. An exception that
		/// it throws is treated as one of a HTTPRequestHandler. See setHTTP(const HTTPRequestHandlerFactory::Ptr&, const HTTPServerParams::Ptr&).

	void listen(Poco::UInt16 port, ProxyProtocol proxyProtocol = ProxyProtocol::OFF);
		/// Listens on a port of all IPv4 addresses; 0: any free port, see port(). See listen(const SocketAddress&).

	void listen(const SocketAddress& address, ProxyProtocol proxyProtocol = ProxyProtocol::OFF);
		/// Listens on an address: IPv4, IPv6, or a Unix-domain socket. Connections are accepted after start(). Throws
		/// a NetException if the address is in use or not available, and an IllegalStateException after start().
		///
		/// With ProxyProtocol::REQUIRED each connection has to send a complete PROXY header within the time of the opening handshake,
		/// up to 4096 bytes, before anything else, TLS as well. It is believed if it comes from a trusted proxy
		/// (WebSocketServerParams::setTrustedProxies()). Otherwise it changes nothing, but has to be there too. Of its TLVs,
		/// CRC32C is verified, and SSL tells whether the client has connected with TLS. Throws an InvalidArgumentException if there are no
		/// trusted proxies.

	void listen(const ServerSocket& socket, ProxyProtocol proxyProtocol = ProxyProtocol::OFF);
		/// Listens on a ServerSocket that listens already, over TCP or a Unix-domain socket, or on a
		/// SecureServerSocket, whose certificates a WebSocketCertificates exchanges. Throws an IllegalStateException after start(). The socket becomes close-on-exec, as all sockets of the server do. It is shut
		/// down when the server stops: another process that has it as well accepts nothing any more.
		///
		/// A ServerSocket made for an address shares its port with others that do the same (SO_REUSEPORT). One that
		/// is bound with bind(address, true, false), and listen(address), report a port that is in use.

	void listenShared(const ServerSocket& socket, ProxyProtocol proxyProtocol = ProxyProtocol::OFF);
		/// The same, but the socket is not shut down when the server stops, only closed: another process that has it too, as systemd does
		/// (WebSocketSystemd), goes on listening, and its clients wait until somebody accepts them. If another one shuts it down, the logger
		/// "WebSocketServer" is told once, and the server goes on without it.

	Poco::UInt16 port() const;
		/// Returns the first TCP port that the server was told to listen on, before start() as well; 0 if there is none, and after stop().

	void start();
		/// Starts the threads. A server is started once; a second call throws an IllegalStateException. If one of the ports does not listen, or
		/// no thread can be started, start() throws the system's error, and may be called again.

	void stop();
		/// Cuts all connections, ends the threads and waits for them. Does nothing if the server does not run. If another thread
		/// is stopping or draining it, stop() makes that end sooner, and waits for it. Throws an IllegalStateException in a thread that it would wait for:
		/// those of the server, of WebSocketClients that use its loops, and those that wait for one of these.

	std::vector<WebSocketConnection::Ptr> drain(const Poco::Timespan& timeout);
		/// Stops accepting, closes all connections (1001; those in the opening handshake when that is complete, or nothing has come for
		/// WebSocketConnectionParams::setCloseTimeout()), waits until all have answered, and until other requests that are being handled have
		/// been answered, for timeout at most, and then stops the server. Returns the connections whose Close frame has not come.
		/// If the server does not run, returns none. If another thread is stopping or draining it, waits for that, and returns none. Throws as stop().
		///
		/// If a handler of setHTTP() needs longer, its connection is cut, and stop() or the destructor waits for the handler.

	WebSocketConnection::Ptr adopt(HTTPServerRequest& request, HTTPServerResponse& response);
		/// Completes the opening handshake in a HTTPRequestHandler, as the constructor of WebSocket does, and
		/// takes the connection over: the handler can return. onOpen() is called by one of the server's threads. The request's path
		/// decides which route it has; if there is none, it gets status 404.
		/// Throws as that constructor, and an IllegalStateException if the server does not run. The params' setAsyncHook() is not
		/// called: the handler's thread may wait, so it asks whom it has to before it calls this.

	void broadcast(const WebSocketPreparedMessage::Ptr& pMessage);
		/// Sends a message to all open connections, at the end of each loop's turn. Never waits. Does nothing if the server does not run.
		///
		/// Each connection receives it after everything the caller sent to that connection earlier, and before what the caller sends
		/// later. If a connection's queue is full, WebSocketConnectionParams::setQueuePolicy() decides what happens, and the connection's
		/// metrics().messagesNotQueued counts the message.
		///
		/// Throws an InvalidArgumentException if there is no message, and a std::bad_alloc if there is no memory. In the latter case
		/// connections of some threads may receive it.

	std::vector<WebSocketConnection::Ptr> connections() const;
		/// Returns the connections that are open, or being closed, in no order: a snapshot. Each tells its id(), remoteAddress() and metrics(): since
		/// when it is open, what it has sent and received, what is queued. Connections that come or go meanwhile may be missing or included.
		///
		/// Costs a reference for each connection, about 0.1 us, in the calling thread. It does not wait for the loops. A loop in which a connection comes
		/// or goes waits for 128 references at most. Returns none if the server does not run.

	bool accepting() const;
		/// Returns true if the server runs, and is not being drained.

	bool draining() const;
		/// Returns true while drain() waits.

	Metrics metrics() const;
		/// Returns the counts of the server.

	const WebSocketServerParams& params() const;
		/// Returns the parameters.

private:
	WebSocketServer(const WebSocketServer&) = delete;
	WebSocketServer& operator = (const WebSocketServer&) = delete;

	friend class WebSocketClientLoop;
	friend class WebSocketMonitor;

	class Core;

	std::vector<Poco::AutoPtr<WebSocketReactor>> reactors() const;
	std::vector<double> lags(const Poco::Timespan& longest) const;
	void addTurns(WebSocketTurnTimes& turns) const;

	Core* _pCore; // connections that are kept share its ownership
};


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketServer_INCLUDED
