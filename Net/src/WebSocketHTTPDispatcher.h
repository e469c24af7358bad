//
// WebSocketHTTPDispatcher.h
//
// Library: PocoWebSocket
// Package: WebSocket
// Module:  WebSocketHTTPDispatcher
//
// Handles ordinary requests in a thread pool.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketHTTPDispatcher_INCLUDED
#define Net_WebSocketHTTPDispatcher_INCLUDED


#include "Poco/Net/WebSocketConfig.h"
#include "Poco/Net/HTTPRequestHandlerFactory.h"
#include "Poco/Net/HTTPServerParams.h"
#include "Poco/Net/StreamSocketImpl.h"
#include "Poco/AutoPtr.h"
#include "Poco/ThreadPool.h"
#include <memory>
#include <string>


namespace Poco {
namespace Net {


class TCPServerDispatcher;


POCO_WEBSOCKET_BEGIN


class WebSocketHTTPDispatcher
	/// Serves connections whose first request has been received already as a HTTPServer does. Thread-safe.
{
public:
	WebSocketHTTPDispatcher(const HTTPRequestHandlerFactory::Ptr& pFactory, const HTTPServerParams::Ptr& pParams);
	~WebSocketHTTPDispatcher();

	void serve(const Poco::AutoPtr<StreamSocketImpl>& pSocket, const std::string& received);
		/// The connection is closed at once if too many are waiting.

	void stop();
		/// Ends all connections and waits for their threads.

private:
	class Sockets;
	class TrackedSocket;

	Poco::ThreadPool _threads;
	std::shared_ptr<Sockets> _pSockets;
	TCPServerDispatcher* _pDispatcher;
};


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketHTTPDispatcher_INCLUDED
