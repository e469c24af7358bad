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
#include "events/CallbackHandler.h"
#include "events/ServerCore.h"
#include "Poco/Net/HTTPRequestHandler.h"
#include "Poco/Net/HTTPServerRequest.h"
#include "Poco/Net/HTTPServerResponse.h"


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


namespace
{
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


WebSocketServer::WebSocketServer(const WebSocketServerParams::Ptr& pParams)
{
	if (!pParams) throw InvalidArgumentException("No parameters");
	_pCore = new Core(WebSocketServerHandler::Ptr(), pParams);
}


WebSocketServer::~WebSocketServer()
{
	if (_pCore->abandon()) return; // it stays in the child's memory
	_pCore->destroy();
	_pCore->release();
}


void WebSocketServer::addRoute(const std::string& path, const WebSocketServerHandler::Ptr& pHandler, const WebSocketConnectionParams::Ptr& pParams)
{
	if (!pHandler) throw InvalidArgumentException("No handler");
	_pCore->addRoute(path, pHandler, pParams);
}


void WebSocketServer::addRoute(const std::string& path, const WebSocketServerCallbacks& callbacks, const WebSocketConnectionParams::Ptr& pParams)
{
	_pCore->addRoute(path, WebSocketServerHandler::Ptr(new WebSocketServerCallbackHandler(callbacks)), pParams);
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


void WebSocketServer::listen(Poco::UInt16 port, ProxyProtocol proxyProtocol)
{
	listen(SocketAddress(port), proxyProtocol);
}


void WebSocketServer::listen(const SocketAddress& address, ProxyProtocol proxyProtocol)
{
	ServerSocket socket;
	// Another program cannot listen on the address as well: reusePort is false.
	if (address.family() == SocketAddress::IPv6) socket.bind6(address, true, false, false);
	else socket.bind(address, true, false);
	socket.listen(SOMAXCONN);
	listen(socket, proxyProtocol);
}


void WebSocketServer::listen(const ServerSocket& socket, ProxyProtocol proxyProtocol)
{
	_pCore->listen(socket, false, proxyProtocol);
}


void WebSocketServer::listenShared(const ServerSocket& socket, ProxyProtocol proxyProtocol)
{
	_pCore->listen(socket, true, proxyProtocol);
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


std::vector<WebSocketConnection::Ptr> WebSocketServer::connections() const
{
	return _pCore->connections();
}


bool WebSocketServer::accepting() const
{
	return _pCore->accepting();
}


bool WebSocketServer::draining() const
{
	return _pCore->draining();
}


std::vector<double> WebSocketServer::lags(const Poco::Timespan& longest) const
{
	return _pCore->lags(longest);
}


void WebSocketServer::addTurns(WebSocketTurnTimes& turns) const
{
	_pCore->addTurns(turns);
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
