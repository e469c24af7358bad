//
// ServerCore.cpp
//
// Library: PocoWebSocket
// Package: Events
// Module:  WebSocketServer
//
// The connections of a server, from their requests to their end.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "events/ServerCore.h"
#include "Poco/Net/NetException.h"
#include "Poco/Logger.h"


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


namespace
{
	const char* const LEAVING = "Going away";
	const char* const ACCESS_LOG = "WebSocketServer.access";
}


WebSocketServer::Core::Core(const WebSocketServerHandler::Ptr& pItsHandler, const WebSocketServerParams::Ptr& pItsParams):
	WebSocketRoute("", pItsHandler ? pItsHandler : WebSocketServerHandler::Ptr(new WebSocketServerHandler), pItsParams),
	pParams(pItsParams),
	_hasHandler(pItsHandler),
	_largestQueue(maxQueuedBytes),
	_proxies(*pItsParams),
	_admission(pItsParams)
{
	limits.maxAge = WebSocketKeepAlive::milliseconds(pParams->getMaxAge());
	if (pParams->getAccessLog()) _pAccessLog.assign(&Poco::Logger::get(ACCESS_LOG), true);
}


void WebSocketServer::Core::broadcast(const WebSocketPreparedMessage::Ptr& pMessage)
{
	if (_stage != RUNNING) return;
	for (auto& pReactor: _loops.reactors())
	{
		if (pReactor->current()) pReactor->multicast().broadcast(pMessage, _largestQueue);
		else pReactor->postbox().broadcast(pMessage, _largestQueue);
	}
}


void WebSocketServer::Core::closeAll()
	/// Begins the closing handshake of each connection. Waits for each loop.
{
	_loops.invokeInEach([this](WebSocketReactor& reactor)
	{
		for (auto& pConnection: reactor.connections().all())
		{
			if (pConnection->belongsTo(*this)) pConnection->endSoon(WebSocketFrame::GOING_AWAY, LEAVING);
		}
	});
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


bool WebSocketServer::Core::accepting() const
{
	return _stage == RUNNING && !_draining;
}


bool WebSocketServer::Core::draining() const
{
	return _draining && _stage == RUNNING;
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
