//
// ServerLoops.h
//
// Library: PocoWebSocket
// Package: Events
// Module:  WebSocketServerLoops
//
// The ports, the event loops and the handler threads of a server.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketServerLoops_INCLUDED
#define Net_WebSocketServerLoops_INCLUDED


#include "events/HTTPDispatcher.h"
#include "events/Listener.h"
#include "events/Place.h"
#include "events/Process.h"
#include "events/Reactor.h"
#include "Poco/Net/ServerSocket.h"
#include "Poco/Net/WebSocketServer.h"
#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


class WebSocketServerLoops
	/// What a server has made when it runs, and has to give back: ports, event loops, threads of HTTP handlers.
	/// The functions say what is done; when, and by whom, WebSocketServer::Core decides.
{
public:
	typedef std::vector<WebSocketReactor::Ptr> Reactors;

	//
	// Ports
	//
	void listen(const ServerSocket& socket, bool shared, bool proxyHeaders);
		/// A shared socket is closed in the end, but not shut down. With proxyHeaders, each connection has to send a PROXY header.

	Poco::UInt16 port() const;
		/// Returns that of the first socket that has one, or 0. Thread-safe.

	void read(WebSocketServer::Metrics& metrics) const;
		/// Fills in what is known of the ports. Thread-safe.

	void closePorts();

	bool abandon();
		/// Returns true in a child of the process that has started the loops: nothing but the ports can be given back, and they are.

	//
	// Beginning
	//
	void open(const WebSocketServerParams& params, WebSocketListener::Acceptor& acceptor);
		/// Makes the loops, and has each port accept. There is no other thread yet.

	void setDispatcher(std::unique_ptr<WebSocketHTTPDispatcher> pDispatcher);
	void start();
		/// Starts the threads of the loops.

	//
	// While they run
	//
	Reactors& reactors();
	const Reactors& reactors() const;
		/// Returns the loops. Does not change while there are other threads.

	WebSocketReactor& choose();
		/// Returns the loop of the next connection. Thread-safe.

	WebSocketHTTPDispatcher& dispatcher();
	void invokeInEach(const std::function<void(WebSocketReactor&)>& function);
		/// Calls a function in each loop, one after the other, and waits.

	void closeListeners();
		/// No port accepts any more. Waits for each loop.

	WebSocketPlace::Wait::Places places() const;
		/// Returns those that stop() waits for.

	WebSocketRoom adoptRoom; /// Threads that call adopt().
	WebSocketRoom httpRoom;  /// Requests that are not for WebSocket.

	//
	// Ending
	//
	void end();
		/// Ends the loops, with all their connections, and waits for their threads.

	void close();
		/// The same, and closes everything but the HTTP handlers that are running.

	void waitForHandlers();
		/// Waits for them.

	void endOthers();
		/// Ends what does not wait for this thread.

	void forget();
		/// After end() and waitForHandlers(): as before open().

private:
	WebSocketProcess _process; // that they were opened in
	struct Port
	{
		ServerSocket socket;
		bool shared;
		bool proxyHeaders;
	};

	std::vector<Port> _ports;
	mutable std::mutex _mutex; // of _ports
	Reactors _reactors;
	std::vector<std::unique_ptr<WebSocketListener>> _listeners;
	std::unique_ptr<WebSocketHTTPDispatcher> _pDispatcher;
	std::atomic<unsigned> _next{0};
};


//
// inlines
//
inline WebSocketServerLoops::Reactors& WebSocketServerLoops::reactors()
{
	return _reactors;
}


inline const WebSocketServerLoops::Reactors& WebSocketServerLoops::reactors() const
{
	return _reactors;
}


inline WebSocketReactor& WebSocketServerLoops::choose()
{
	return *_reactors[_next.fetch_add(1, std::memory_order_relaxed) % _reactors.size()];
}


inline WebSocketHTTPDispatcher& WebSocketServerLoops::dispatcher()
{
	return *_pDispatcher;
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketServerLoops_INCLUDED
