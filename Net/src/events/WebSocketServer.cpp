//
// WebSocketServer.cpp
//
// Library: PocoWebSocket
// Package: Events
// Module:  WebSocketServer
//
// SPDX-License-Identifier: BSL-1.0
//


#include "Poco/Net/WebSocketServer.h"
#include "net/ServerHandshake.h"
#include "net/Descriptor.h"
#include "events/CallbackHandler.h"
#include "events/EventConnection.h"
#include "events/ConnectionGroup.h"
#include "events/HostCounts.h"
#include "events/HTTPDispatcher.h"
#include "events/Listener.h"
#include "events/Place.h"
#include "events/Process.h"
#include "events/Reactor.h"
#include "Poco/Net/HTTPRequestHandler.h"
#include "Poco/Net/HTTPServerRequest.h"
#include "Poco/Net/HTTPServerResponse.h"
#include "Poco/Net/NetException.h"
#include "Poco/Error.h"
#include "Poco/Logger.h"
#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <limits>
#include <memory>
#include <mutex>
#include <thread>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


namespace
{
	const char* const LEAVING = "Going away";

	class FunctionFactory: public HTTPRequestHandlerFactory
		/// Has a function called with each request.
	{
	public:
		explicit FunctionFactory(const WebSocketServer::HTTPHandler& handler):
			_handler(handler)
		{
		}

		HTTPRequestHandler* createRequestHandler(const HTTPServerRequest&) override
		{
			return new Handler(_handler);
		}

	private:
		class Handler: public HTTPRequestHandler
		{
		public:
			explicit Handler(const WebSocketServer::HTTPHandler& handler):
				_handler(handler)
			{
			}

			void handleRequest(HTTPServerRequest& request, HTTPServerResponse& response) override
			{
				_handler(request, response);
			}

		private:
			const WebSocketServer::HTTPHandler& _handler;
		};

		const WebSocketServer::HTTPHandler _handler;
	};
}


class WebSocketServer::Core: public WebSocketConnectionGroup, public WebSocketListener::Acceptor, public WebSocketHTTPDispatcher::Owner
	/// What the connections have in common, and where they come from.
{
public:
	Core(const WebSocketServerHandler::Ptr& pItsHandler, const WebSocketServerParams::Ptr& pItsParams):
		WebSocketConnectionGroup(WebSocketFramer::ROLE_SERVER, pItsHandler, pItsParams),
		pParams(pItsParams),
		_pHandler(pItsHandler)
	{
	}

	typedef Poco::AutoPtr<Core> Ptr;

	void setHTTP(const HTTPRequestHandlerFactory::Ptr& pItsFactory, const HTTPServerParams::Ptr& pItsParams);
	void listen(const ServerSocket& socket);
	Poco::UInt16 port() const;
	void start();
	void stop();

	void destroy();
		/// For the destructor, which cannot throw: as stop() if that is possible; otherwise the handler is silenced, other threads are
		/// waited for, and this one ends later.

	bool abandon();
		/// Returns true in a child of the process that has started the server: nothing but the ports can be given back.

	std::vector<WebSocketConnection::Ptr> drain(const Poco::Timespan& timeout);
	WebSocketConnection::Ptr adopt(HTTPServerRequest& request, HTTPServerResponse& response);
	void broadcast(const WebSocketPreparedMessage::Ptr& pMessage);
	Metrics metrics() const;

	std::vector<WebSocketReactor::Ptr> reactors() const
	{
		if (_stage != RUNNING) throw IllegalStateException("The server does not run");
		return _reactors;
	}

	// WebSocketListener::Acceptor
	void accepted(int& fd, const sockaddr* pRemote, socklen_t length) override;
	bool accepted(const StreamSocket& socket) override;
	void acceptFailed(int code) override;

	// WebSocketConnectionGroup
	bool handOver(WebSocketStream& stream, const std::string& received, int requests) override;
	void opened(WebSocketConnection& connection, Phase before) override;
	void tellOpen(WebSocketConnection& connection, HTTPRequest& request) override;
	void greeted(WebSocketConnection& connection) override;
	void gone(WebSocketConnection& connection, Phase phase, bool closed) override;

	// WebSocketHTTPDispatcher::Owner
	bool keeps() const override;
	void handled(WebSocketHTTPDispatcher::Connection& connection) override;
	void closed(const SocketAddress& remote) override;

	const WebSocketServerParams::Ptr pParams;

protected:
	~Core() override = default;

private:
	enum Stage
	{
		CREATED,
		RUNNING,
		STOPPING,
		DRAINED, // handlers of other requests may be running still
		STOPPED
	};

	void checkCreated(const char* function) const;
	void startThreads();
	void waitUntilStopped(std::unique_lock<std::mutex>& lock);
	void endLoops();
	void closeAll();
	void closePorts();
	void endHandlers();
	void endOthers();
	void setStage(Stage stage);
	void finish();
	WebSocketPlace::Wait::Places places() const;
	bool counts() const;
	bool admit(const WebSocketHost& host);
	std::atomic<int>& counter(Phase phase);
	void leave(Phase phase, const WebSocketHost& host) noexcept;
	WebSocketReactor& chooseReactor();
	void begin(const WebSocketEventConnection::Ptr& pConnection, WebSocketReactor& reactor);
	template <typename Function> void orWithdraw(const WebSocketHost& host, const Function& function);

	WebSocketServerHandler::Ptr _pHandler;
	WebSocketProcess _process; // that it was started in
	HTTPRequestHandlerFactory::Ptr _pFactory;
	std::vector<ServerSocket> _sockets;
	mutable std::mutex _stageMutex; // who changes the stage has it, but not while it waits for a thread
	std::condition_variable _stopped;
	std::atomic<Stage> _stage{CREATED};
	std::atomic<bool> _draining{false}; // drain() has been called
	WebSocketRoom _adoptRoom;
	WebSocketRoom _httpRoom; // requests that are not for WebSocket
	std::vector<WebSocketReactor::Ptr> _reactors; // does not change when there are other threads
	std::vector<std::unique_ptr<WebSocketListener>> _listeners; // the same
	std::unique_ptr<WebSocketHTTPDispatcher> _pDispatcher;
	std::atomic<unsigned> _next{0};
	std::atomic<int> _connections{0};
	std::atomic<int> _handshakes{0};
	std::atomic<int> _http{0};
	std::atomic<Poco::UInt64> _accepted{0};
	std::atomic<Poco::UInt64> _opened{0};
	std::atomic<Poco::UInt64> _refused{0};
	std::atomic<Poco::UInt64> _failures{0};
	std::mutex _mutex;
	std::condition_variable _allGone;
	WebSocketHostCounts _hosts; // if they count
	std::vector<WebSocketConnection::Ptr> _cut; // while draining
};


void WebSocketServer::Core::checkCreated(const char* function) const
	/// Called under the lock.
{
	if (_stage != CREATED) throw IllegalStateException(std::string(function) + " is to be called before start()");
}


void WebSocketServer::Core::setHTTP(const HTTPRequestHandlerFactory::Ptr& pItsFactory, const HTTPServerParams::Ptr& pItsParams)
{
	std::lock_guard<std::mutex> lock(_stageMutex);
	checkCreated("setHTTP()");
	_pFactory   = pItsFactory;
	pHTTPParams = pItsParams;
}


void WebSocketServer::Core::listen(const ServerSocket& socket)
{
	std::lock_guard<std::mutex> lock(_stageMutex);
	checkCreated("listen()");
	WebSocketDescriptor::closeOnExec(*socket.impl());
	_sockets.push_back(socket);
}


Poco::UInt16 WebSocketServer::Core::port() const
{
	std::lock_guard<std::mutex> lock(_stageMutex);
	for (const ServerSocket& socket: _sockets)
	{
		if (socket.impl()->sockfd() == POCO_INVALID_SOCKET) continue; // in a child that comes of fork()
		const SocketAddress address = socket.address();
		if (address.family() != SocketAddress::UNIX_LOCAL) return address.port();
	}
	return 0;
}


void WebSocketServer::Core::start()
{
	std::unique_lock<std::mutex> lock(_stageMutex);
	if (_stage != CREATED) throw IllegalStateException("The server was started before");
	try
	{
		startThreads();
	}
	catch (...)
	{
		_stage = STOPPING;
		lock.unlock();
		endLoops();
		endHandlers();
		lock.lock();
		_reactors.clear();
		_pDispatcher.reset();
		_stage = CREATED; // it may be tried again
		_stopped.notify_all();
		throw;
	}
}


void WebSocketServer::Core::startThreads()
{
	const int cores = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
	const int threads = pParams->getThreads() > 0 ? pParams->getThreads() : cores;
	if (_pFactory) _pDispatcher = std::make_unique<WebSocketHTTPDispatcher>(_pFactory, pHTTPParams, *this, _httpRoom);
	_process = WebSocketProcess();
	for (int i = 0; i < threads; ++i)
	{
		_reactors.push_back(new WebSocketReactor(pParams->getSpin()));
		_reactors.back()->open();
	}
	for (std::size_t i = 0; i < _sockets.size(); ++i)
	{
		_listeners.push_back(std::make_unique<WebSocketListener>(_sockets[i], *_reactors[i % _reactors.size()], *this));
		_listeners.back()->begin(); // there is no other thread yet
	}
	_stage = RUNNING;
	for (int i = 0; i < threads; ++i) _reactors[static_cast<std::size_t>(i)]->start("WebSocketServer " + std::to_string(i + 1));
}


WebSocketPlace::Wait::Places WebSocketServer::Core::places() const
	/// Returns those that stop() waits for. Called under the lock.
{
	WebSocketPlace::Wait::Places places;
	for (const auto& pReactor: _reactors) places.push_back(&pReactor->place());
	places.push_back(&_adoptRoom);
	places.push_back(&_httpRoom);
	return places;
}


void WebSocketServer::Core::stop()
{
	std::unique_lock<std::mutex> lock(_stageMutex);
	if (_stage == CREATED || _stage == STOPPED) return;
	const WebSocketPlace::Wait wait(places());
	if (!wait.possible()) throw IllegalStateException("stop() would wait for the thread that calls it");
	if (_stage == STOPPING) waitUntilStopped(lock);
	if (_stage == CREATED || _stage == STOPPED) return;
	_stage = STOPPING;
	lock.unlock();
	finish();
}


void WebSocketServer::Core::waitUntilStopped(std::unique_lock<std::mutex>& lock)
	/// Or drained, or a start() that failed has been undone.
{
	_stopped.wait(lock, [this] { return _stage == STOPPED || _stage == DRAINED || _stage == CREATED; });
}


void WebSocketServer::Core::setStage(Stage stage)
{
	std::lock_guard<std::mutex> lock(_stageMutex);
	_stage = stage;
	_stopped.notify_all();
}


void WebSocketServer::Core::finish()
	/// After the stage has become STOPPING.
{
	closeAll();
	endHandlers();
	setStage(STOPPED);
}


void WebSocketServer::Core::closeAll()
	/// Cuts all connections and ends the loops. Handlers of other requests may be running still.
{
	endLoops();
	closePorts();
	if (_pDispatcher) _pDispatcher->cut();
	_adoptRoom.waitForOthers();
}


void WebSocketServer::Core::closePorts()
{
	std::vector<ServerSocket> sockets;
	{
		std::lock_guard<std::mutex> lock(_stageMutex); // port() looks at them
		sockets.swap(_sockets);
	}
	for (ServerSocket& socket: sockets) WebSocketDescriptor::closeListening(socket);
}


void WebSocketServer::Core::endLoops()
{
	for (auto& pReactor: _reactors) pReactor->end();
	for (auto& pReactor: _reactors) pReactor->stop();
	_listeners.clear();
}


void WebSocketServer::Core::endHandlers()
{
	if (_pDispatcher) _pDispatcher->stop();
}


bool WebSocketServer::Core::abandon()
{
	if (_process.current() || _reactors.empty()) return false;
	for (ServerSocket& socket: _sockets) socket.close(); // the child's descriptor only
	return true;
}


void WebSocketServer::Core::destroy()
{
	bool stopping = false;
	{
		std::unique_lock<std::mutex> lock(_stageMutex);
		if (_stage == CREATED || _stage == STOPPED) return;
		const WebSocketPlace::Wait wait(places());
		if (wait.possible())
		{
			lock.unlock();
			stop();
			return;
		}
		silence();
		stopping = _stage == STOPPING; // by another thread, which waits for this one
		_stage = STOPPING;
	}
	endOthers();
	if (!stopping) WebSocketPlace::callElsewhere([pThis = Ptr(this, true)]() mutable { pThis->finish(); });
}


void WebSocketServer::Core::endOthers()
	/// Ends the threads, but for those that wait for this one.
{
	for (auto& pReactor: _reactors) pReactor->end();
	if (_pDispatcher) _pDispatcher->cut();
	for (auto& pReactor: _reactors)
	{
		const WebSocketPlace::Wait wait({&pReactor->place()});
		if (wait.possible()) pReactor->stop();
	}
	for (WebSocketRoom* const pRoom: {&_adoptRoom, &_httpRoom})
	{
		const WebSocketPlace::Wait wait({pRoom}, WebSocketPlace::Wait::OTHERS);
		if (wait.possible()) pRoom->waitForOthers();
	}
}


std::vector<WebSocketConnection::Ptr> WebSocketServer::Core::drain(const Poco::Timespan& timeout)
{
	std::unique_lock<std::mutex> stageLock(_stageMutex);
	if (_stage == CREATED || _stage == STOPPED) return std::vector<WebSocketConnection::Ptr>();
	const WebSocketPlace::Wait wait(places());
	if (!wait.possible()) throw IllegalStateException("drain() would wait for the thread that calls it");
	if (_stage != RUNNING || _draining)
	{
		waitUntilStopped(stageLock);
		return std::vector<WebSocketConnection::Ptr>();
	}
	{
		std::lock_guard<std::mutex> lock(_mutex);
		_cut.reserve(static_cast<std::size_t>(_connections + _handshakes + _http));
	}
	_draining = true;
	stageLock.unlock();

	for (auto& pReactor: _reactors) // stop() may end this, and the waiting
	{
		pReactor->invokeAndWait([this, &pReactor]
		{
			for (const auto& pListener: _listeners)
			{
				if (&pListener->reactor() == pReactor.get()) pListener->end();
			}
		});
	}
	for (auto& pReactor: _reactors)
	{
		pReactor->invokeAndWait([this, &pReactor]
		{
			for (auto& pConnection: pReactor->connections())
			{
				if (pConnection->belongsTo(*this)) pConnection->close(WebSocketFrame::GOING_AWAY, LEAVING);
			}
		});
	}
	std::unique_lock<std::mutex> lock(_mutex);
	_allGone.wait_for(lock, std::chrono::microseconds(timeout.totalMicroseconds()), [this] { return _connections + _handshakes + _http == 0; });
	lock.unlock();
	stageLock.lock();
	if (_stage == RUNNING)
	{
		_stage = STOPPING;
		stageLock.unlock();
		closeAll();
		setStage(DRAINED);
	}
	else
	{
		waitUntilStopped(stageLock);
		stageLock.unlock();
	}
	lock.lock();
	return std::move(_cut);
}


WebSocketConnection::Ptr WebSocketServer::Core::adopt(HTTPServerRequest& request, HTTPServerResponse& response)
{
	const WebSocketRoom::Guest guest(_adoptRoom); // first: stop() waits for it
	if (!keeps()) throw IllegalStateException("The server does not run");
	const SocketAddress address = request.clientAddress();
	const WebSocketHost host(address.addr());
	if (!admit(host))
	{
		if (!keeps()) throw IllegalStateException("The server does not run"); // it was ended after the first look
		response.setStatusAndReason(HTTPResponse::HTTP_SERVICE_UNAVAILABLE);
		response.setKeepAlive(false);
		response.sendBuffer("", 0);
		throw WebSocketException("Too many connections", WebSocketError::HANDSHAKE_REFUSED);
	}
	WebSocketEventConnection::Ptr pConnection;
	orWithdraw(host, [&]
	{
		WebSocketUpgrade upgrade = WebSocketServerHandshake::accept(request, response, pParams.get());
		WebSocketReactor& reactor = chooseReactor();
		pConnection = new WebSocketEventConnection(*this, reactor, upgrade, address, request);
		begin(pConnection, reactor);
	});
	return pConnection;
}


void WebSocketServer::Core::broadcast(const WebSocketPreparedMessage::Ptr& pMessage)
{
	if (_stage != RUNNING) return;
	for (auto& pReactor: _reactors)
	{
		if (pReactor->current()) pReactor->broadcast(pMessage, maxQueuedBytes);
		else pReactor->postBroadcast(pMessage, maxQueuedBytes);
	}
}


template <typename Function>
void WebSocketServer::Core::orWithdraw(const WebSocketHost& host, const Function& function)
	/// Calls what makes a connection of what was admitted.
{
	try
	{
		function();
	}
	catch (...)
	{
		leave(HANDSHAKE, host);
		throw;
	}
}


bool WebSocketServer::Core::counts() const
	/// Returns true if there is a limit for each address.
{
	return pParams->getMaxConnectionsPerAddress() > 0;
}


bool WebSocketServer::Core::admit(const WebSocketHost& host)
	/// Throws nothing. Without memory for counting, nobody is admitted.
{
	const int counted = _httpRoom.visited() ? 1 : 0; // a handler of this server adopts a connection that counts already
	const int handshakes = _handshakes.fetch_add(1, std::memory_order_relaxed);
	bool admitted = keeps() && handshakes < pParams->getMaxHandshakes()
		&& handshakes + _connections.load(std::memory_order_relaxed) + _http.load(std::memory_order_relaxed) - counted < pParams->getMaxConnections();
	if (admitted && counts())
	{
		std::lock_guard<std::mutex> lock(_mutex);
		admitted = _hosts.add(host, pParams->getMaxConnectionsPerAddress() + counted);
	}
	if (admitted) return true;
	_handshakes.fetch_sub(1, std::memory_order_relaxed);
	if (keeps()) _refused.fetch_add(1, std::memory_order_relaxed);
	return false;
}


WebSocketReactor& WebSocketServer::Core::chooseReactor()
{
	return *_reactors[_next.fetch_add(1, std::memory_order_relaxed) % _reactors.size()];
}


void WebSocketServer::Core::begin(const WebSocketEventConnection::Ptr& pConnection, WebSocketReactor& reactor)
{
	WebSocketEventConnection::Ptr pShared = pConnection;
	if (reactor.current()) pShared->begin();
	else if (!reactor.post({pConnection, WebSocketEventConnection::Task::ADD, {0, WebSocketBuffer(), WebSocketPreparedMessage::Ptr()}})) pShared->discharge();
}


void WebSocketServer::Core::accepted(int& fd, const sockaddr* pRemote, socklen_t length)
{
	_accepted.fetch_add(1, std::memory_order_relaxed);
	const WebSocketHost host(pRemote);
	if (!admit(host)) return;
	orWithdraw(host, [&]
	{
		WebSocketReactor& reactor = chooseReactor();
		begin(new WebSocketEventConnection(*this, reactor, fd, pRemote, length), reactor);
	});
}


bool WebSocketServer::Core::accepted(const StreamSocket& socket)
{
	_accepted.fetch_add(1, std::memory_order_relaxed);
	StreamSocket accepted(socket);
	SocketAddress remote;
	try
	{
		remote = accepted.peerAddress();
		accepted.setNoDelay(true);
	}
	catch (const Poco::Exception&)
	{
		return false; // it has been reset already
	}
	const WebSocketHost host(remote.addr());
	if (!admit(host)) return false;
	orWithdraw(host, [&]
	{
		WebSocketReactor& reactor = chooseReactor();
		begin(new WebSocketEventConnection(*this, reactor, static_cast<StreamSocketImpl*>(accepted.impl()), remote), reactor);
	});
	return true;
}


void WebSocketServer::Core::acceptFailed(int code)
{
	if (_failures.fetch_add(1, std::memory_order_relaxed) == 0)
		Poco::Logger::get("WebSocketServer").error("Cannot accept connections: %s; trying again", Poco::Error::getMessage(code));
}


bool WebSocketServer::Core::handOver(WebSocketStream& stream, const std::string& received, int requests)
{
	const WebSocketHost host = stream.remoteHost();
	++_http; // and what the connection was is gone afterwards
	if (counts())
	{
		std::lock_guard<std::mutex> lock(_mutex);
		_hosts.add(host, std::numeric_limits<int>::max()); // needs no memory: it counts already
	}
	try
	{
		if (_pDispatcher->serve(stream, received, requests)) return true;
	}
	catch (...)
	{
		leave(HTTP, host);
		throw;
	}
	leave(HTTP, host);
	_refused.fetch_add(1, std::memory_order_relaxed);
	return false;
}


bool WebSocketServer::Core::keeps() const
{
	return _stage == RUNNING && !_draining;
}


void WebSocketServer::Core::handled(WebSocketHTTPDispatcher::Connection& connection)
{
	WebSocketEventConnection::Ptr pConnection;
	try
	{
		WebSocketReactor& reactor = chooseReactor();
		pConnection = new WebSocketEventConnection(*this, reactor, connection);
		begin(pConnection, reactor);
	}
	catch (const std::exception&) // no memory: the connection is closed
	{
		closed(connection.remote);
		return;
	}
	if (!keeps()) pConnection->close(WebSocketFrame::GOING_AWAY, LEAVING); // it came while the others were closed
}


void WebSocketServer::Core::closed(const SocketAddress& remote)
{
	leave(HTTP, WebSocketHost(remote.addr()));
}


void WebSocketServer::Core::opened(WebSocketConnection&, Phase before)
{
	_opened.fetch_add(1, std::memory_order_relaxed);
	_connections.fetch_add(1, std::memory_order_relaxed);
	counter(before).fetch_sub(1, std::memory_order_relaxed);
}


void WebSocketServer::Core::tellOpen(WebSocketConnection& connection, HTTPRequest& request)
{
	if (!silent()) _pHandler->onOpen(connection, static_cast<HTTPServerRequest&>(request));
}


void WebSocketServer::Core::greeted(WebSocketConnection& connection)
{
	if (_draining) connection.close(WebSocketFrame::GOING_AWAY, LEAVING); // it came while the others were closed
}


std::atomic<int>& WebSocketServer::Core::counter(Phase phase)
{
	return phase == HANDSHAKE ? _handshakes : phase == HTTP ? _http : _connections;
}


void WebSocketServer::Core::leave(Phase phase, const WebSocketHost& host) noexcept
	/// A connection counts no more.
{
	if (counts())
	{
		std::lock_guard<std::mutex> lock(_mutex);
		_hosts.remove(host);
	}
	counter(phase).fetch_sub(1, std::memory_order_relaxed);
	if (!_draining) return;
	std::lock_guard<std::mutex> lock(_mutex);
	_allGone.notify_all();
}


void WebSocketServer::Core::gone(WebSocketConnection& connection, Phase phase, bool closed)
{
	if (_draining && phase == OPENED && !closed)
	{
		std::lock_guard<std::mutex> lock(_mutex);
		try
		{
			_cut.emplace_back(&connection, true);
		}
		catch (const std::bad_alloc&)
		{
			// drain() has made room for those that there were
		}
	}
	leave(phase, static_cast<const WebSocketEventConnection&>(connection).remoteHost());
}


WebSocketServer::Metrics WebSocketServer::Core::metrics() const
{
	Metrics metrics;
	metrics.connections         = _connections;
	metrics.handshakes          = _handshakes;
	metrics.httpConnections     = _http;
	metrics.connectionsAccepted = _accepted;
	metrics.connectionsOpened   = _opened;
	metrics.connectionsRefused  = _refused;
	metrics.acceptFailures      = _failures;
	if (_stage == CREATED) return metrics;
	for (const auto& pReactor: _reactors)
	{
		const WebSocketReactor::Counters& counters = pReactor->counters;
		metrics.messagesReceived += counters.messagesReceived;
		metrics.messagesSent     += counters.messagesSent;
		metrics.bytesReceived    += counters.bytesReceived;
		metrics.bytesSent        += counters.bytesSent;
	}
	return metrics;
}


//
// WebSocketServer
//
WebSocketServer::WebSocketServer(const WebSocketServerHandler::Ptr& pHandler, const WebSocketServerParams::Ptr& pParams)
{
	if (!pHandler) throw InvalidArgumentException("No handler");
	if (!pParams) throw InvalidArgumentException("No parameters");
	_pCore = new Core(pHandler, pParams);
}


WebSocketServer::WebSocketServer(const WebSocketServerCallbacks& callbacks, const WebSocketServerParams::Ptr& pParams):
	WebSocketServer(WebSocketServerHandler::Ptr(new WebSocketServerCallbackHandler(callbacks)), pParams)
{
}


WebSocketServer::~WebSocketServer()
{
	if (_pCore->abandon()) return; // it stays in the child's memory
	_pCore->destroy();
	_pCore->release();
}


void WebSocketServer::setHTTP(const HTTPRequestHandlerFactory::Ptr& pFactory, const HTTPServerParams::Ptr& pParams)
{
	if (!pFactory || !pParams) throw InvalidArgumentException("No factory, or no parameters");
	_pCore->setHTTP(pFactory, pParams);
}


void WebSocketServer::setHTTP(const HTTPHandler& handler, const HTTPServerParams::Ptr& pParams)
{
	if (!handler) throw InvalidArgumentException("No function");
	setHTTP(HTTPRequestHandlerFactory::Ptr(new FunctionFactory(handler)), pParams);
}


void WebSocketServer::listen(Poco::UInt16 port)
{
	listen(SocketAddress(port));
}


void WebSocketServer::listen(const SocketAddress& address)
{
	ServerSocket socket;
	// Another program cannot listen on the address as well: reusePort is false.
	if (address.family() == SocketAddress::IPv6) socket.bind6(address, true, false, false);
	else socket.bind(address, true, false);
	socket.listen(SOMAXCONN);
	listen(socket);
}


void WebSocketServer::listen(const ServerSocket& socket)
{
	_pCore->listen(socket);
}


Poco::UInt16 WebSocketServer::port() const
{
	return _pCore->port();
}


void WebSocketServer::start()
{
	_pCore->start();
}


void WebSocketServer::stop()
{
	if (_pCore->abandon()) return;
	Poco::AutoPtr<Core> pCore(_pCore, true); // a callback may destroy this meanwhile
	pCore->stop();
}


std::vector<WebSocketConnection::Ptr> WebSocketServer::drain(const Poco::Timespan& timeout)
{
	if (_pCore->abandon()) return std::vector<WebSocketConnection::Ptr>();
	Poco::AutoPtr<Core> pCore(_pCore, true); // as in stop()
	return pCore->drain(timeout);
}


WebSocketConnection::Ptr WebSocketServer::adopt(HTTPServerRequest& request, HTTPServerResponse& response)
{
	Poco::AutoPtr<Core> pCore(_pCore, true); // the hook may destroy this
	return pCore->adopt(request, response);
}


std::vector<WebSocketReactor::Ptr> WebSocketServer::reactors() const
{
	return _pCore->reactors();
}


void WebSocketServer::broadcast(const WebSocketPreparedMessage::Ptr& pMessage)
{
	if (!pMessage) throw InvalidArgumentException("No message");
	_pCore->broadcast(pMessage);
}


WebSocketServer::Metrics WebSocketServer::metrics() const
{
	return _pCore->metrics();
}


const WebSocketServerParams& WebSocketServer::params() const
{
	return *_pCore->pParams;
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
