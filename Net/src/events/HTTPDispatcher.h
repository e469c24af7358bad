//
// HTTPDispatcher.h
//
// Library: PocoWebSocket
// Package: Events
// Module:  WebSocketHTTPDispatcher
//
// Handles ordinary requests in threads.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketHTTPDispatcher_INCLUDED
#define Net_WebSocketHTTPDispatcher_INCLUDED


#include "events/Place.h"
#include "events/Via.h"
#include "Poco/Net/WebSocketConfig.h"
#include "Poco/Net/HTTPRequestHandlerFactory.h"
#include "Poco/Net/HTTPServerParams.h"
#include "Poco/Net/HTTPServerRequestImpl.h"
#include "Poco/Net/SocketAddress.h"
#include "Poco/Net/StreamSocketImpl.h"
#include "Poco/AutoPtr.h"
#include "Poco/Runnable.h"
#include "Poco/Thread.h"
#include "Poco/Types.h"
#include <condition_variable>
#include <cstddef>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <vector>


namespace Poco {
namespace Net {


class HTTPServerResponseImpl;


POCO_WEBSOCKET_BEGIN


class WebSocketHTTPSession;
class WebSocketStream;


class WebSocketProxiedRequest: public HTTPServerRequestImpl
	/// A request whose client a trusted proxy has told.
{
public:
	WebSocketProxiedRequest(HTTPServerResponseImpl& response, HTTPServerSession& session, HTTPServerParams* pParams, const WebSocketVia& via);

	bool secure() const override;

private:
	const WebSocketVia& _via;
};


class WebSocketHTTPDispatcher: private Poco::Runnable
	/// Handles requests, whose headers have been received already, as a HTTPServer does, and in as many threads. Between two requests a
	/// connection is its owner's, and costs no thread. Thread-safe.
{
public:
	struct Connection
	{
		Poco::AutoPtr<StreamSocketImpl> pSocket;
		SocketAddress remote; // the client
		SocketAddress local;
		std::string received; // a request's header, and what has come behind it: WebSocketHTTPSession::MAX_BEHIND bytes at most
		int requests = 0;     // that were handled before
		std::unique_ptr<WebSocketVia> pVia; // null if the peer is the client
	};

	class Owner
		/// Whose connections they are. Is called by the threads of the dispatcher.
	{
	public:
		virtual bool keeps() const = 0;
			/// Returns false if connections are to be closed when their request has been handled.

		virtual void handled(Connection& connection) = 0;
			/// A request was handled, and the client may send another; received is what has come behind it.

		virtual void closed(const SocketAddress& remote) = 0;
			/// A connection is not there any more, or a handler has it.

	protected:
		~Owner() = default;
	};

	WebSocketHTTPDispatcher(const HTTPRequestHandlerFactory::Ptr& pFactory, const HTTPServerParams::Ptr& pParams, Owner& owner, WebSocketRoom& room);
		/// Factory and handlers are called in the room.

	~WebSocketHTTPDispatcher() override;

	bool serve(WebSocketStream& stream, const std::string& received, int requests);
		/// Takes the connection over. Returns false, and does nothing, if too many are waiting.

	void cut();
		/// Ends all connections. Handlers that are running are not waited for.

	void stop();
		/// The same, and waits for them. Not to be called in one of the threads.

private:
	struct Descriptor
		/// A socket that may be closed by others at any time.
	{
		explicit Descriptor(int itsNumber);
		void shutdown(int spare) const;
			/// Another descriptor, which nobody else closes meanwhile, becomes the socket's: there may be no new one.

		int number;
		Poco::UInt64 cookie; // of the socket: the number may be another's, later
	};

	void run() override;
	bool wait(std::unique_lock<std::mutex>& lock);
	bool startThread();
	void leave(std::unique_lock<std::mutex>& lock);
	void handle(Connection& connection);
	bool handleRequest(WebSocketHTTPSession& session, const Connection& connection);
	bool respond(WebSocketHTTPSession& session, HTTPServerRequestImpl& request, HTTPServerResponseImpl& response, bool keep);

	HTTPRequestHandlerFactory::Ptr _pFactory;
	HTTPServerParams::Ptr _pParams;
	Owner& _owner;
	WebSocketRoom& _room;
	const std::size_t _maxThreads;
	std::mutex _mutex;
	std::condition_variable _work; // or the end
	std::condition_variable _left; // a thread
	bool _stopped;
	const int _spare; // until it is stopped
	std::list<Connection> _queue;
	std::vector<const Descriptor*> _handled; // those of requests that are being handled
	std::vector<std::unique_ptr<Poco::Thread>> _threads;
	std::unique_ptr<Poco::Thread> _pLast; // that has left
};


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketHTTPDispatcher_INCLUDED
