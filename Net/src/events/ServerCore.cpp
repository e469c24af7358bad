//
// ServerCore.cpp
//
// Library: PocoWebSocket
// Package: Events
// Module:  WebSocketServer
//
// How connections come to a server, and go.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "events/ServerCore.h"
#include "net/ServerHandshake.h"
#include "Poco/Net/HTTPServerRequest.h"
#include "Poco/Net/HTTPServerResponse.h"
#include "Poco/Net/NetException.h"
#include "Poco/Clock.h"
#include "Poco/Error.h"
#include "Poco/Logger.h"
#include <chrono>
#include <memory>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


namespace
{
	const char* const LEAVING = "Going away";
	const char* const ACCESS_LOG = "WebSocketServer.access";
	const char* const NO_ROUTE = "There is nothing at this path";

	void sendRefusal(HTTPServerResponse& response, HTTPResponse::HTTPStatus status)
	{
		response.setStatusAndReason(status);
		response.setKeepAlive(false);
		response.sendBuffer("", 0);
	}
}


WebSocketServer::Core::Core(const WebSocketServerHandler::Ptr& pItsHandler, const WebSocketServerParams::Ptr& pItsParams):
	WebSocketRoute("", pItsHandler ? pItsHandler : WebSocketServerHandler::Ptr(new WebSocketServerHandler), pItsParams),
	pParams(pItsParams),
	_hasHandler(pItsHandler),
	_proxies(*pItsParams),
	_admission(pItsParams)
{
	limits.maxAge = WebSocketKeepAlive::milliseconds(pParams->getMaxAge());
	if (pParams->getAccessLog()) _pAccessLog.assign(&Poco::Logger::get(ACCESS_LOG), true);
}


WebSocketConnection::Ptr WebSocketServer::Core::adopt(HTTPServerRequest& request, HTTPServerResponse& response)
{
	const WebSocketRoom::Guest guest(_loops.adoptRoom); // first: stop() waits for it
	if (!keeps()) throw IllegalStateException("The server does not run");
	const bool ours = _loops.httpRoom.visited(); // a handler of this server adopts a connection that counts already
	SocketAddress address = request.clientAddress();
	std::unique_ptr<WebSocketVia> pVia = ours ? nullptr : _proxies.via(address.addr(), address.length()); // whose fields have been read already
	if (pVia) _proxies.identify(*pVia, request, address);
	else if (!ours) _proxies.ignore(request);
	const WebSocketHost host(address.addr());
	const std::string path(WebSocketHandshake::pathOf(request.getURI()));
	WebSocketRefusal::Reason reason = WebSocketRefusal::CONNECTION_LIMIT;
	const WebSocketAdmission::Answer answer = _admission.admit(host, ours, reason);
	if (answer == WebSocketAdmission::CLOSED) throw IllegalStateException("The server does not run"); // it was ended after the first look
	if (answer == WebSocketAdmission::REFUSED)
	{
		refuse(reason, address, HTTPResponse::HTTP_SERVICE_UNAVAILABLE, "A limit is reached", path);
		sendRefusal(response, HTTPResponse::HTTP_SERVICE_UNAVAILABLE);
		throw WebSocketException("Too many connections", WebSocketError::HANDSHAKE_REFUSED);
	}
	WebSocketEventConnection::Ptr pConnection;
	orWithdraw(host, [&]
	{
		std::string value;
		WebSocketConnectionGroup* const pRoute = route(request, value);
		if (!pRoute)
		{
			refuse(WebSocketRefusal::NO_ROUTE, address, HTTPResponse::HTTP_NOT_FOUND, NO_ROUTE, path);
			sendRefusal(response, HTTPResponse::HTTP_NOT_FOUND);
			throw WebSocketException(NO_ROUTE, WebSocketError::HANDSHAKE_REFUSED);
		}
		WebSocketHandshake::Verdict verdict;
		WebSocketUpgrade upgrade = [&]
		{
			try
			{
				return WebSocketServerHandshake::accept(request, response, pRoute->pConnectionParams.get(), pVia ? pVia->told : WebSocketScheme::NOT_TOLD, &verdict);
			}
			catch (...)
			{
				if (!verdict.ok()) refuse(verdict.reason, address, verdict.status, verdict.text, path);
				throw;
			}
		}();
		WebSocketReactor& reactor = _loops.choose();
		pConnection = new WebSocketEventConnection(*pRoute, reactor, upgrade, address, request, value);
		if (pVia) pConnection->setVia(std::move(pVia), address);
		begin(pConnection, reactor);
	});
	return pConnection;
}


void WebSocketServer::Core::broadcast(const WebSocketPreparedMessage::Ptr& pMessage)
{
	if (_stage != RUNNING) return;
	for (auto& pReactor: _loops.reactors())
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
		_admission.leave(HANDSHAKE, host);
		throw;
	}
}


void WebSocketServer::Core::closeAll()
	/// Begins the closing handshake of each connection. Waits for each loop.
{
	_loops.invokeInEach([this](WebSocketReactor& reactor)
	{
		for (auto& pConnection: reactor.connections())
		{
			if (pConnection->belongsTo(*this)) pConnection->endSoon(WebSocketFrame::GOING_AWAY, LEAVING);
		}
	});
}


void WebSocketServer::Core::begin(const WebSocketEventConnection::Ptr& pConnection, WebSocketReactor& reactor)
{
	WebSocketEventConnection::Ptr pShared = pConnection;
	if (reactor.current()) pShared->begin();
	else if (!reactor.post({pConnection, WebSocketEventConnection::Task::ADD, {0, WebSocketBuffer(), WebSocketPreparedMessage::Ptr()}})) pShared->discharge();
}


template <typename Make>
void WebSocketServer::Core::take(const WebSocketHost& host, std::unique_ptr<WebSocketVia>&& pVia, const Make& make)
	/// Makes a connection of what was admitted.
{
	orWithdraw(host, [&]
	{
		WebSocketReactor& reactor = _loops.choose();
		WebSocketEventConnection::Ptr pConnection = make(reactor);
		if (pVia) pConnection->setVia(std::move(pVia));
		begin(pConnection, reactor);
	});
}


bool WebSocketServer::Core::admit(const WebSocketHost& host, const sockaddr* pPeer, socklen_t length)
{
	WebSocketRefusal::Reason reason = WebSocketRefusal::CONNECTION_LIMIT;
	const WebSocketAdmission::Answer answer = _admission.admit(host, false, reason);
	if (answer == WebSocketAdmission::REFUSED) refuse(reason, WebSocketStream::address(pPeer, length));
	return answer == WebSocketAdmission::ADMITTED;
}


void WebSocketServer::Core::accepted(int& fd, const sockaddr* pRemote, socklen_t length)
{
	_accepted.fetch_add(1, std::memory_order_relaxed);
	std::unique_ptr<WebSocketVia> pVia = _proxies.via(pRemote, length);
	const WebSocketHost host = WebSocketProxies::host(pVia.get(), pRemote);
	if (!admit(host, pRemote, length)) return;
	take(host, std::move(pVia), [&](WebSocketReactor& reactor) { return new WebSocketEventConnection(*this, reactor, fd, pRemote, length); });
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
	std::unique_ptr<WebSocketVia> pVia = _proxies.via(remote.addr(), remote.length());
	const WebSocketHost host = WebSocketProxies::host(pVia.get(), remote.addr());
	if (!admit(host, remote.addr(), remote.length())) return false;
	take(host, std::move(pVia), [&](WebSocketReactor& reactor) { return new WebSocketEventConnection(*this, reactor, static_cast<StreamSocketImpl*>(accepted.impl()), remote); });
	return true;
}


bool WebSocketServer::Core::announced(const sockaddr* pPeer, socklen_t length)
{
	_accepted.fetch_add(1, std::memory_order_relaxed);
	return admit(WebSocketHost(), pPeer, length);
}


template <typename Make>
void WebSocketServer::Core::introduce(const sockaddr* pPeer, socklen_t length, const WebSocketProxied& proxied, const Make& make)
	/// Now it is known whom the connection counts for.
{
	std::unique_ptr<WebSocketVia> pVia;
	orWithdraw(WebSocketHost(), [&] { pVia = _proxies.via(pPeer, length, proxied); });
	const WebSocketHost host = WebSocketProxies::host(pVia.get(), pPeer);
	WebSocketRefusal::Reason reason = WebSocketRefusal::CONNECTION_LIMIT;
	if (_admission.identify(host, true, reason))
	{
		take(host, std::move(pVia), make);
		return;
	}
	_admission.leave(HANDSHAKE, WebSocketHost());
	refuse(reason, pVia ? pVia->speaker : WebSocketStream::address(pPeer, length));
}


void WebSocketServer::Core::introduced(int& fd, const sockaddr* pPeer, socklen_t length, const WebSocketProxied& proxied)
{
	introduce(pPeer, length, proxied, [&](WebSocketReactor& reactor) { return new WebSocketEventConnection(*this, reactor, fd, pPeer, length); });
}


void WebSocketServer::Core::introduced(const StreamSocket& socket, const sockaddr* pPeer, socklen_t length, const WebSocketProxied& proxied)
{
	introduce(pPeer, length, proxied, [&](WebSocketReactor& reactor)
	{
		StreamSocket introduced(socket);
		introduced.setNoDelay(true);
		return new WebSocketEventConnection(*this, reactor, static_cast<StreamSocketImpl*>(introduced.impl()), WebSocketStream::address(pPeer, length));
	});
}


void WebSocketServer::Core::notIntroduced(const sockaddr* pPeer, socklen_t length, const char* pWhy) noexcept
{
	try
	{
		if (pWhy)
		{
			refuse(WebSocketRefusal::PROXY_HEADER, WebSocketStream::address(pPeer, length), HTTPResponse::HTTPStatus(0), std::string("The PROXY header is ") + pWhy);
			_proxies.logHeader(pPeer, pWhy);
		}
		else if (keeps())
		{
			abandoned();
		}
	}
	catch (const std::bad_alloc&)
	{
		// there is no memory to tell
	}
	_admission.leave(HANDSHAKE, WebSocketHost());
}


void WebSocketServer::Core::acceptFailed(int code)
{
	if (_failures.fetch_add(1, std::memory_order_relaxed) == 0)
		Poco::Logger::get("WebSocketServer").error("Cannot accept connections: %s; trying again", Poco::Error::getMessage(code));
}


bool WebSocketServer::Core::identify(WebSocketStream& stream, HTTPRequest& request, WebSocketRefusal::Reason& reason)
{
	WebSocketVia* const pVia = stream.via();
	if (!pVia)
	{
		_proxies.ignore(request);
		return true;
	}
	SocketAddress client = pVia->speaker;
	if (!_proxies.identify(*pVia, request, client)) return true;
	stream.setClient(client);
	const bool begins = WebSocketHandshake::hasToken(request, "Upgrade", "websocket"); // a proxy has its connections for other requests as it likes
	pVia->identified = _admission.identify(WebSocketHost(client.addr()), begins, reason); // otherwise it counts for nobody still
	return pVia->identified;
}


WebSocketConnectionGroup* WebSocketServer::Core::route(const HTTPRequest& request, std::string& value)
{
	const std::size_t number = _paths.empty() ? WebSocketRoutes::NONE : _paths.find(request.getURI(), value);
	if (number != WebSocketRoutes::NONE) return _routes[number];
	return _hasHandler ? this : nullptr;
}


bool WebSocketServer::Core::handOver(WebSocketStream& stream, const std::string& received, int requests, Phase counted)
{
	_admission.change(counted, HTTP); // first: it may be closed before this function returns
	try
	{
		if (_loops.dispatcher().serve(stream, received, requests)) return true;
	}
	catch (...)
	{
		_admission.change(HTTP, counted);
		throw;
	}
	_admission.change(HTTP, counted);
	return false;
}


bool WebSocketServer::Core::keeps() const
{
	return _admission.isOpen();
}


void WebSocketServer::Core::handled(WebSocketHTTPDispatcher::Connection& connection)
{
	WebSocketEventConnection::Ptr pConnection;
	WebSocketHost host(connection.remote.addr());
	const bool shared = connection.pVia && connection.pVia->trusted; // the proxy's next request may be another client's
	try
	{
		WebSocketReactor& reactor = _loops.choose();
		pConnection = new WebSocketEventConnection(*this, reactor, connection);
		if (shared)
		{
			_admission.forget(host);
			host = WebSocketHost();
		}
		begin(pConnection, reactor);
	}
	catch (const std::exception&) // no memory: the connection is closed
	{
		_admission.leave(HTTP, host);
		return;
	}
	if (!keeps()) pConnection->close(WebSocketFrame::GOING_AWAY, LEAVING); // it came while the others were closed
}


void WebSocketServer::Core::closed(const SocketAddress& remote)
{
	_admission.leave(HTTP, WebSocketHost(remote.addr()));
}


void WebSocketServer::Core::refuse(WebSocketRefusal::Reason reason, const SocketAddress& address, HTTPResponse::HTTPStatus status, const std::string& text, const std::string& path)
{
	WebSocketRefusal refusal;
	refusal.reason  = reason;
	refusal.status  = status;
	refusal.text    = text;
	refusal.address = address;
	refusal.path    = path;
	refused(refusal, Traffic());
}


void WebSocketServer::Core::refused(const WebSocketRefusal& refusal, const Traffic& traffic)
{
	_admission.refused(refusal.reason);
	try
	{
		if (logs())
		{
			WebSocketAccessLine line;
			line.address       = refusal.address.toString();
			line.path          = refusal.path;
			line.status        = refusal.status;
			line.milliseconds  = traffic.milliseconds;
			line.bytesReceived = traffic.received;
			line.bytesSent     = traffic.sent;
			line.pRefused      = WebSocketRefusal::name(refusal.reason);
			_pAccessLog->information(line.format());
		}
		std::string value;
		const std::size_t number = _paths.find(refusal.path, value);
		WebSocketRoute& teller = number == WebSocketRoutes::NONE ? *this : *_routes[number];
		teller.tellRefused(refusal);
	}
	catch (...)
	{
		// it is counted
	}
}


void WebSocketServer::Core::abandoned()
{
	_admission.abandoned();
}


bool WebSocketServer::Core::logs() const
{
	return _pAccessLog && _pAccessLog->information();
}


void WebSocketServer::Core::logEnd(const WebSocketEventConnection& connection)
{
	try
	{
		WebSocketAccessLine line;
		connection.describe(line);
		_pAccessLog->information(line.format());
	}
	catch (...)
	{
		// there is nobody left to tell
	}
}


bool WebSocketServer::Core::await(WebSocketRefusal::Reason& reason) noexcept
{
	reason = _admission.isOpen() ? WebSocketRefusal::BUSY : WebSocketRefusal::DRAINING;
	return _admission.await();
}


void WebSocketServer::Core::awaited() noexcept
{
	_admission.awaited();
}


void WebSocketServer::Core::opened(WebSocketConnection& connection, Phase before)
{
	if (connection.secure()) countTLS(connection);
	_admission.opened(before);
}


[[gnu::cold, gnu::noinline]] void WebSocketServer::Core::countTLS(const WebSocketConnection& connection)
{
	const std::string version = connection.tlsInfo().version;
	_secure[version == "TLSv1.3" ? TLS_1_3 : version == "TLSv1.2" ? TLS_1_2 : TLS_OTHER].fetch_add(1, std::memory_order_relaxed);
}


void WebSocketServer::Core::greeted(WebSocketConnection& connection)
{
	if (_draining) connection.close(WebSocketFrame::GOING_AWAY, LEAVING); // it came while the others were closed
}


void WebSocketServer::Core::gone(WebSocketConnection& connection, Phase phase, bool closed)
{
	if (_draining && phase == OPENED && !closed)
	{
		std::lock_guard<std::mutex> lock(_cutMutex);
		try
		{
			_cut.emplace_back(&connection, true);
		}
		catch (const std::bad_alloc&)
		{
			// drain() has made room for those that there were
		}
	}
	if (phase == ELSEWHERE) return;
	const WebSocketEventConnection& ended = static_cast<const WebSocketEventConnection&>(connection);
	if (phase == OPENED && logs()) logEnd(ended);
	_admission.leave(phase, ended.remoteHost());
}


std::vector<WebSocketConnection::Ptr> WebSocketServer::Core::connections()
{
	std::vector<WebSocketConnection::Ptr> result;
	if (_stage == CREATED) return result;
	for (auto& pReactor: _loops.reactors()) pReactor->collect(*this, result);
	return result;
}


bool WebSocketServer::Core::accepting() const
{
	return _stage == RUNNING && !_draining;
}


bool WebSocketServer::Core::draining() const
{
	return _draining && _stage == RUNNING;
}


std::vector<double> WebSocketServer::Core::lags(const Poco::Timespan& longest)
{
	if (_stage != RUNNING || WebSocketReactor::anyCurrent()) return std::vector<double>(); // a loop must not wait
	struct Answers
		/// Shared with loops that answer too late.
	{
		std::mutex mutex;
		std::condition_variable changed;
		std::size_t number = 0;
		std::vector<double> seconds; // below 0: no answer
	};
	const auto pAnswers = std::make_shared<Answers>();
	std::size_t count = 0;
	const Poco::Clock since;
	const auto elapsed = [since] { return static_cast<double>(since.elapsed())/1e6; };
	pAnswers->seconds.resize(_loops.reactors().size(), -1);
	for (auto& pReactor: _loops.reactors())
	{
		const std::shared_ptr<void> atEnd(nullptr, [pAnswers](void*) // also if a loop that ends forgets it
		{
			std::lock_guard<std::mutex> lock(pAnswers->mutex);
			++pAnswers->number;
			pAnswers->changed.notify_all();
		});
		const std::size_t index = count++;
		pReactor->invoke([pAnswers, elapsed, index, atEnd]
		{
			std::lock_guard<std::mutex> lock(pAnswers->mutex);
			pAnswers->seconds[index] = elapsed();
		});
	}
	std::unique_lock<std::mutex> lock(pAnswers->mutex);
	pAnswers->changed.wait_for(lock, std::chrono::microseconds(longest.totalMicroseconds()), [&] { return pAnswers->number == count; });
	std::vector<double> result = pAnswers->seconds;
	for (double& lag: result)
	{
		if (lag < 0) lag = elapsed();
	}
	return result;
}


void WebSocketServer::Core::addTurns(WebSocketTurnTimes& turns) const
{
	if (_stage == CREATED) return;
	for (const auto& pReactor: _loops.reactors()) turns.add(pReactor->counters.turns);
}


WebSocketServer::Metrics WebSocketServer::Core::metrics() const
{
	Metrics metrics;
	_admission.read(metrics);
	_proxies.read(metrics);
	metrics.connectionsAccepted = _accepted;
	metrics.acceptFailures = _failures;
	for (std::size_t i = 0; i < TLS_VERSIONS; ++i)
	{
		metrics.tlsVersions[i] = _secure[i];
		metrics.tlsConnectionsOpened += metrics.tlsVersions[i];
	}
	_loops.read(metrics);
	metrics.messagesNotQueued = messagesNotQueued;
	metrics.timeouts[IDLE_TIMEOUT]    = timeouts[WebSocketTiming::IDLE];
	metrics.timeouts[AGE_LIMIT]       = timeouts[WebSocketTiming::AGED];
	metrics.timeouts[MESSAGE_TIMEOUT] = timeouts[WebSocketTiming::MESSAGE_TIMEOUT];
	metrics.timeouts[PING_TIMEOUT]    = timeouts[WebSocketTiming::PING_TIMEOUT];
	metrics.timeouts[SEND_TIMEOUT]    = timeouts[WebSocketTiming::SEND_TIMEOUT];
	metrics.timeouts[CLOSE_TIMEOUT]   = timeouts[WebSocketTiming::CLOSE_TIMEOUT] + timeouts[WebSocketTiming::READ_TIMEOUT];
	if (_stage == CREATED) return metrics;
	for (const auto& pReactor: _loops.reactors())
	{
		const WebSocketReactor::Counters& counters = pReactor->counters;
		metrics.messagesReceived += counters.messagesReceived;
		metrics.messagesSent     += counters.messagesSent;
		metrics.bytesReceived    += counters.bytesReceived;
		metrics.bytesSent        += counters.bytesSent;
	}
	return metrics;
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
