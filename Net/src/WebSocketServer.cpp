//
// WebSocketServer.cpp
//
// Library: PocoWebSocket
// Package: WebSocket
// Module:  WebSocketServer
//
// SPDX-License-Identifier: BSL-1.0
//


#include "Poco/Net/WebSocketServer.h"
#include "WebSocketAcceptor.h"
#include "WebSocketDescriptor.h"
#include "WebSocketEventConnection.h"
#include "WebSocketEventGroup.h"
#include "WebSocketHTTPDispatcher.h"
#include "WebSocketListener.h"
#include "WebSocketProcess.h"
#include "WebSocketReactor.h"
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
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
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
}


class WebSocketServer::Core: public WebSocketEventGroup, public WebSocketListener::Acceptor, public WebSocketHTTPDispatcher::Owner
	/// What the connections have in common, and where they come from.
{
public:
	Core(const WebSocketHandler::Ptr& pItsHandler, const WebSocketServerParams::Ptr& pItsParams):
		WebSocketEventGroup(WebSocketFramer::ROLE_SERVER, pItsHandler, pItsParams),
		pParams(pItsParams)
	{
	}

	void start();
	void stop();

	bool abandon();
		/// Returns true in a child of the process that has started the server: nothing but the ports can be given back.

	std::vector<WebSocketConnection::Ptr> drain(const Poco::Timespan& timeout);
	WebSocketConnection::Ptr adopt(HTTPServerRequest& request, HTTPServerResponse& response);
	void broadcast(const WebSocketPreparedMessage::Ptr& pMessage);
	Metrics metrics() const;

	std::vector<WebSocketReactor::Ptr> reactors() const
	{
		if (!_running) throw IllegalStateException("The server does not run");
		return _reactors;
	}

	// WebSocketListener::Acceptor
	void accepted(int& fd, const sockaddr* pRemote, socklen_t length) override;
	bool accepted(const StreamSocket& socket) override;
	void acceptFailed(int code) override;

	// WebSocketEventGroup
	bool handOver(WebSocketStream& stream, const std::string& received, int requests) override;
	void opened(WebSocketConnection& connection, Phase before) override;
	void greeted(WebSocketConnection& connection) override;
	void gone(WebSocketConnection& connection, Phase phase, bool closed) override;

	// WebSocketHTTPDispatcher::Owner
	bool keeps() const override;
	void handled(WebSocketHTTPDispatcher::Connection& connection) override;
	void closed(const SocketAddress& remote) override;

	const WebSocketServerParams::Ptr pParams;
	HTTPRequestHandlerFactory::Ptr pFactory;
	std::vector<ServerSocket> sockets;

protected:
	~Core() override = default;

private:
	void end();
	bool counts() const;
	static bool counted(const SocketAddress& address);
	bool admit(const SocketAddress* pAddress);
	std::atomic<int>& counter(Phase phase);
	void leave(Phase phase, const SocketAddress* pAddress);
	void withdraw(const SocketAddress* pAddress);
	WebSocketReactor& chooseReactor();
	void begin(const WebSocketEventConnection::Ptr& pConnection, WebSocketReactor& reactor);
	template <typename Function> void orWithdraw(const SocketAddress* pAddress, const Function& function);
	template <typename Function> void onEach(const Function& function);

	WebSocketProcess _process; // that it was started in
	std::mutex _stateMutex; // start(), stop() and drain()
	std::atomic<bool> _running{false};
	std::vector<WebSocketReactor::Ptr> _reactors;
	std::vector<std::unique_ptr<WebSocketListener>> _listeners;
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
	std::map<IPAddress, int> _addresses;
	std::atomic<bool> _draining{false};
	std::vector<WebSocketConnection::Ptr> _cut; // while draining
};


void WebSocketServer::Core::start()
{
	std::lock_guard<std::mutex> lock(_stateMutex);
	if (!_reactors.empty()) throw IllegalStateException("The server was started before");
	const int cores = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
	const int threads = pParams->getThreads() > 0 ? pParams->getThreads() : cores;
	if (pFactory) _pDispatcher = std::make_unique<WebSocketHTTPDispatcher>(pFactory, pHTTPParams, *this);
	_process = WebSocketProcess();
	for (int i = 0; i < threads; ++i) _reactors.push_back(new WebSocketReactor(pParams->getSpin()));
	for (int i = 0; i < threads; ++i) _reactors[static_cast<std::size_t>(i)]->start("WebSocketServer " + std::to_string(i + 1));
	_running = true;
	for (std::size_t i = 0; i < sockets.size(); ++i)
	{
		WebSocketReactor& reactor = *_reactors[i % _reactors.size()];
		_listeners.push_back(std::make_unique<WebSocketListener>(sockets[i], reactor, *this));
		WebSocketListener* const pListener = _listeners.back().get();
		reactor.invoke([pListener] { pListener->begin(); });
	}
}


void WebSocketServer::Core::stop()
{
	std::lock_guard<std::mutex> lock(_stateMutex);
	end();
	if (_pDispatcher) _pDispatcher->stop();
}


void WebSocketServer::Core::end()
	/// Cuts all connections and ends the loops. Handlers of other requests may be running still.
{
	if (!_running) return;
	_running = false;
	for (auto& pReactor: _reactors) pReactor->stop();
	_listeners.clear();
	for (ServerSocket& socket: sockets) WebSocketDescriptor::closeListening(socket);
	sockets.clear();
	if (_pDispatcher) _pDispatcher->cut();
}


bool WebSocketServer::Core::abandon()
{
	if (_process.current() || _reactors.empty()) return false;
	for (ServerSocket& socket: sockets) socket.close(); // the child's descriptor only
	return true;
}


template <typename Function>
void WebSocketServer::Core::onEach(const Function& function)
	/// Calls the function in each loop, and waits for that.
{
	for (auto& pReactor: _reactors)
	{
		auto pDone = std::make_shared<std::promise<void>>();
		std::future<void> done = pDone->get_future();
		WebSocketReactor& reactor = *pReactor;
		const bool invoked = reactor.invoke([&reactor, &function, pDone]
		{
			const std::shared_ptr<void> atEnd(nullptr, [pDone](void*) { pDone->set_value(); });
			function(reactor);
		});
		if (invoked) done.wait();
	}
}


std::vector<WebSocketConnection::Ptr> WebSocketServer::Core::drain(const Poco::Timespan& timeout)
{
	{
		std::lock_guard<std::mutex> lock(_stateMutex);
		if (!_running) return std::vector<WebSocketConnection::Ptr>();
		_draining = true;
		onEach([this](WebSocketReactor& reactor)
		{
			for (const auto& pListener: _listeners)
			{
				if (&pListener->reactor() == &reactor) pListener->end();
			}
		});
		onEach([this](WebSocketReactor& reactor)
		{
			for (auto& pConnection: reactor.connections())
			{
				if (pConnection->belongsTo(*this)) pConnection->close(WebSocketFrame::GOING_AWAY, LEAVING);
			}
		});
	}
	{
		std::unique_lock<std::mutex> lock(_mutex); // not the other one: stop() may end the waiting
		_allGone.wait_for(lock, std::chrono::microseconds(timeout.totalMicroseconds()), [this] { return _connections + _handshakes + _http == 0; });
	}
	{
		std::lock_guard<std::mutex> lock(_stateMutex);
		end();
	}
	std::vector<WebSocketConnection::Ptr> result;
	std::lock_guard<std::mutex> lock(_mutex);
	result.swap(_cut);
	_draining = false;
	return result;
}


WebSocketConnection::Ptr WebSocketServer::Core::adopt(HTTPServerRequest& request, HTTPServerResponse& response)
{
	if (!_running || _draining) throw IllegalStateException("The server does not run");
	const SocketAddress address = request.clientAddress();
	if (!admit(&address))
	{
		response.setStatusAndReason(HTTPResponse::HTTP_SERVICE_UNAVAILABLE);
		response.setKeepAlive(false);
		response.sendBuffer("", 0);
		throw WebSocketException("Too many connections", WebSocketError::HANDSHAKE_REFUSED);
	}
	WebSocketEventConnection::Ptr pConnection;
	orWithdraw(&address, [&]
	{
		WebSocketUpgrade upgrade = WebSocketAcceptor::accept(request, response, pParams.get());
		WebSocketReactor& reactor = chooseReactor();
		pConnection = new WebSocketEventConnection(*this, reactor, upgrade, address, request);
		begin(pConnection, reactor);
	});
	return pConnection;
}


void WebSocketServer::Core::broadcast(const WebSocketPreparedMessage::Ptr& pMessage)
{
	if (!_running) return;
	for (auto& pReactor: _reactors)
	{
		if (pReactor->current()) pReactor->broadcast(pMessage, maxQueuedBytes);
		else pReactor->postBroadcast(pMessage, maxQueuedBytes);
	}
}


template <typename Function>
void WebSocketServer::Core::orWithdraw(const SocketAddress* pAddress, const Function& function)
	/// Calls what makes a connection of what was admitted.
{
	try
	{
		function();
	}
	catch (...)
	{
		leave(HANDSHAKE, pAddress);
		throw;
	}
}


bool WebSocketServer::Core::counts() const
	/// Returns true if there is a limit for each address.
{
	return pParams->getMaxConnectionsPerAddress() > 0;
}


bool WebSocketServer::Core::counted(const SocketAddress& address)
	/// Returns true for IP addresses.
{
	return address.family() != SocketAddress::UNIX_LOCAL && !address.host().isWildcard();
}


bool WebSocketServer::Core::admit(const SocketAddress* pAddress)
{
	const int handshakes = _handshakes.fetch_add(1, std::memory_order_relaxed);
	bool admitted = !_draining && handshakes < pParams->getMaxHandshakes()
		&& handshakes + _connections.load(std::memory_order_relaxed) + _http.load(std::memory_order_relaxed) < pParams->getMaxConnections();
	if (admitted && counts() && pAddress && counted(*pAddress))
	{
		std::lock_guard<std::mutex> lock(_mutex);
		int& count = _addresses[pAddress->host()];
		admitted = count < pParams->getMaxConnectionsPerAddress();
		if (admitted) ++count;
	}
	if (admitted) return true;
	_handshakes.fetch_sub(1, std::memory_order_relaxed);
	_refused.fetch_add(1, std::memory_order_relaxed);
	return false;
}


void WebSocketServer::Core::withdraw(const SocketAddress* pAddress)
{
	if (!counts() || !pAddress || !counted(*pAddress)) return;
	std::lock_guard<std::mutex> lock(_mutex);
	const auto it = _addresses.find(pAddress->host());
	if (it != _addresses.end() && --it->second == 0) _addresses.erase(it);
}


WebSocketReactor& WebSocketServer::Core::chooseReactor()
{
	return *_reactors[_next.fetch_add(1, std::memory_order_relaxed) % _reactors.size()];
}


void WebSocketServer::Core::begin(const WebSocketEventConnection::Ptr& pConnection, WebSocketReactor& reactor)
{
	WebSocketEventConnection::Ptr pShared = pConnection;
	if (reactor.current()) pShared->begin();
	else if (!reactor.post({pConnection, WebSocketEventConnection::Task::ADD, 0, WebSocketBuffer(), WebSocketPreparedMessage::Ptr()})) pShared->discharge();
}


void WebSocketServer::Core::accepted(int& fd, const sockaddr* pRemote, socklen_t length)
{
	_accepted.fetch_add(1, std::memory_order_relaxed);
	const bool tcp = pRemote->sa_family == AF_INET || pRemote->sa_family == AF_INET6;
	std::optional<SocketAddress> address;
	if (tcp && counts()) address.emplace(pRemote, length);
	const SocketAddress* const pAddress = address ? &*address : nullptr;
	if (!admit(pAddress)) return;
	orWithdraw(pAddress, [&]
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
	if (!admit(&remote)) return false;
	orWithdraw(&remote, [&]
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
	const SocketAddress address = stream.remoteAddress();
	++_http; // and what the connection was is gone afterwards
	if (counts() && counted(address))
	{
		std::lock_guard<std::mutex> lock(_mutex);
		++_addresses[address.host()];
	}
	try
	{
		if (_pDispatcher->serve(stream, received, requests)) return true;
	}
	catch (...)
	{
		leave(HTTP, &address);
		throw;
	}
	leave(HTTP, &address);
	_refused.fetch_add(1, std::memory_order_relaxed);
	return false;
}


bool WebSocketServer::Core::keeps() const
{
	return _running && !_draining;
}


void WebSocketServer::Core::handled(WebSocketHTTPDispatcher::Connection& connection)
{
	try
	{
		WebSocketReactor& reactor = chooseReactor();
		begin(new WebSocketEventConnection(*this, reactor, connection), reactor);
	}
	catch (const std::exception&) // no memory: the connection is closed
	{
		closed(connection.remote);
	}
}


void WebSocketServer::Core::closed(const SocketAddress& remote)
{
	leave(HTTP, &remote);
}


void WebSocketServer::Core::opened(WebSocketConnection&, Phase before)
{
	_opened.fetch_add(1, std::memory_order_relaxed);
	_connections.fetch_add(1, std::memory_order_relaxed);
	counter(before).fetch_sub(1, std::memory_order_relaxed);
}


void WebSocketServer::Core::greeted(WebSocketConnection& connection)
{
	if (_draining) connection.close(WebSocketFrame::GOING_AWAY, LEAVING); // it came while the others were closed
}


std::atomic<int>& WebSocketServer::Core::counter(Phase phase)
{
	return phase == HANDSHAKE ? _handshakes : phase == HTTP ? _http : _connections;
}


void WebSocketServer::Core::leave(Phase phase, const SocketAddress* pAddress)
	/// A connection counts no more.
{
	withdraw(pAddress);
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
		_cut.emplace_back(&connection, true);
	}
	std::optional<SocketAddress> address;
	if (counts()) address.emplace(connection.remoteAddress());
	leave(phase, address ? &*address : nullptr);
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
WebSocketServer::WebSocketServer(const WebSocketHandler::Ptr& pHandler, const WebSocketServerParams::Ptr& pParams)
{
	if (!pHandler) throw InvalidArgumentException("No handler");
	if (!pParams) throw InvalidArgumentException("No parameters");
	_pCore = new Core(pHandler, pParams);
}


WebSocketServer::~WebSocketServer()
{
	if (_pCore->abandon()) return; // it stays in the child's memory
	_pCore->stop();
	_pCore->release();
}


void WebSocketServer::setHTTP(const HTTPRequestHandlerFactory::Ptr& pFactory, const HTTPServerParams::Ptr& pParams)
{
	if (!pFactory || !pParams) throw InvalidArgumentException("No factory, or no parameters");
	_pCore->pFactory    = pFactory;
	_pCore->pHTTPParams = pParams;
}


void WebSocketServer::listen(const ServerSocket& socket)
{
	WebSocketDescriptor::closeOnExec(*socket.impl());
	_pCore->sockets.push_back(socket);
}


void WebSocketServer::start()
{
	_pCore->start();
}


void WebSocketServer::stop()
{
	if (_pCore->abandon()) return;
	_pCore->stop();
}


std::vector<WebSocketConnection::Ptr> WebSocketServer::drain(const Poco::Timespan& timeout)
{
	if (_pCore->abandon()) return std::vector<WebSocketConnection::Ptr>();
	return _pCore->drain(timeout);
}


WebSocketConnection::Ptr WebSocketServer::adopt(HTTPServerRequest& request, HTTPServerResponse& response)
{
	return _pCore->adopt(request, response);
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
