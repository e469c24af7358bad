//
// ServerEntrance.cpp
//
// Library: PocoWebSocket
// Package: Events
// Module:  WebSocketServer
//
// Who comes in: from a port, by way of a proxy, or from a HTTPServer.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "events/ServerCore.h"
#include "net/PeerState.h"
#include "net/ServerHandshake.h"
#include "Poco/Net/HTTPServerRequest.h"
#include "Poco/Net/HTTPServerResponse.h"
#include "Poco/Net/NetException.h"
#include "Poco/Error.h"
#include "Poco/Logger.h"
#include <memory>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


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
	const auto refuseAs = [&, path = std::string(WebSocketHandshake::pathOf(request.getURI()))](const WebSocketHandshake::Verdict& verdict)
	{
		refuse(verdict.reason, address, verdict.status, verdict.text, path);
	};
	const auto send = [&](WebSocketRefusal::Reason reason, HTTPResponse::HTTPStatus status, const char* text)
	{
		const WebSocketHandshake::Verdict verdict = WebSocketServerHandshake::refusal(reason, status, text);
		refuseAs(verdict);
		WebSocketServerHandshake::refuse(verdict, response);
		WebSocketServerHandshake::sendRefusal(request, response, verdict);
	};
	WebSocketRefusal::Reason reason = WebSocketRefusal::CONNECTION_LIMIT;
	const WebSocketAdmission::Answer answer = _admission.admit(host, ours, reason);
	if (answer == WebSocketAdmission::CLOSED) throw IllegalStateException("The server does not run"); // it was ended after the first look
	if (answer == WebSocketAdmission::REFUSED) send(reason, HTTPResponse::HTTP_SERVICE_UNAVAILABLE, "A limit is reached");
	WebSocketEventConnection::Ptr pConnection;
	orWithdraw(host, [&]
	{
		std::string value;
		WebSocketConnectionGroup* const pRoute = route(request, value);
		if (!pRoute) send(WebSocketRefusal::NO_ROUTE, HTTPResponse::HTTP_NOT_FOUND, "There is nothing at this path");
		WebSocketHandshake::Verdict verdict;
		WebSocketUpgrade upgrade = [&]
		{
			try
			{
				return WebSocketServerHandshake::accept(request, response, pRoute->pConnectionParams.get(), pVia ? pVia->told : WebSocketScheme::NOT_TOLD, &verdict);
			}
			catch (...)
			{
				if (!verdict.ok()) refuseAs(verdict);
				throw;
			}
		}();
		limitUnsent(upgrade.socket.impl()->sockfd());
		WebSocketReactor& reactor = _loops.choose();
		pConnection = new WebSocketEventConnection(*pRoute, reactor, upgrade, address, request, value);
		if (pVia) pConnection->setVia(std::move(pVia), address);
		begin(pConnection, reactor);
	});
	return pConnection;
}


void WebSocketServer::Core::begin(const WebSocketEventConnection::Ptr& pConnection, WebSocketReactor& reactor)
{
	WebSocketEventConnection::Ptr pShared = pConnection;
	if (reactor.current()) pShared->begin();
	else if (!reactor.postbox().post({pConnection, WebSocketEventConnection::Task::ADD, {0, WebSocketBuffer(), WebSocketPreparedMessage::Ptr()}})) pShared->discharge();
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


void WebSocketServer::Core::shutDown(const ServerSocket& socket) noexcept
{
	_failures.fetch_add(1, std::memory_order_relaxed);
	try
	{
		Poco::Logger::get("WebSocketServer").error("The listening socket of %s was shut down by somebody else: no connections come by it any more", socket.address().toString());
	}
	catch (...)
	{
		// it is counted
	}
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


POCO_WEBSOCKET_END
} } // namespace Poco::Net
