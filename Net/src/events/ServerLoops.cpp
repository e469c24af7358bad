//
// ServerLoops.cpp
//
// Library: PocoWebSocket
// Package: Events
// Module:  WebSocketServerLoops
//
// SPDX-License-Identifier: BSL-1.0
//


#include "events/ServerLoops.h"
#include "core/KeepAlive.h"
#include "net/CertificateEnds.h"
#include "net/Descriptor.h"
#include "net/OpenSSL.h"
#include <algorithm>
#include <string>
#include <thread>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


void WebSocketServerLoops::listen(const ServerSocket& socket, bool shared, bool proxyHeaders)
{
	std::lock_guard<std::mutex> lock(_mutex);
	WebSocketDescriptor::closeOnExec(*socket.impl());
	_ports.push_back({socket, shared, proxyHeaders});
}


Poco::UInt16 WebSocketServerLoops::port() const
{
	std::lock_guard<std::mutex> lock(_mutex);
	for (const Port& port: _ports)
	{
		if (port.socket.impl()->sockfd() == POCO_INVALID_SOCKET) continue; // in a child that comes of fork()
		const SocketAddress address = port.socket.address();
		if (address.family() != SocketAddress::UNIX_LOCAL) return address.port();
	}
	return 0;
}


void WebSocketServerLoops::read(WebSocketServer::Metrics& metrics) const
{
	std::lock_guard<std::mutex> lock(_mutex);
	for (const Port& port: _ports)
	{
		ssl_ctx_st* const pContext = WebSocketOpenSSL::contextOf(port.socket.impl());
		if (!pContext) continue;
		for (const auto& [name, end]: certificateEndsOf(pContext))
		{
			const auto it = metrics.certificateEnds.emplace(name, end).first;
			it->second = std::min(it->second, end);
		}
	}
}


void WebSocketServerLoops::closePorts()
{
	std::vector<Port> ports;
	{
		std::lock_guard<std::mutex> lock(_mutex);
		ports.swap(_ports);
	}
	for (Port& port: ports)
	{
		if (port.shared) port.socket.close();
		else WebSocketDescriptor::closeListening(port.socket);
	}
}


bool WebSocketServerLoops::abandon()
{
	if (_process.current() || _reactors.empty()) return false;
	for (Port& port: _ports) port.socket.close(); // the child's descriptor only
	return true;
}


void WebSocketServerLoops::open(const WebSocketServerParams& params, WebSocketListener::Acceptor& acceptor)
{
	const int cores = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
	const int threads = params.getThreads() > 0 ? params.getThreads() : cores;
	_process = WebSocketProcess();
	WebSocketDescriptor::makeRoom(params.getMaxConnections());
	for (int i = 0; i < threads; ++i)
	{
		_reactors.push_back(new WebSocketReactor(params.getSpin()));
		_reactors.back()->postbox().open();
	}
	const WebSocketTimerWheel::Time headerTime = WebSocketKeepAlive::milliseconds(params.getHandshakeTimeout());
	for (std::size_t i = 0; i < _ports.size(); ++i)
	{
		_listeners.push_back(std::make_unique<WebSocketListener>(_ports[i].socket, _ports[i].shared, *_reactors[i % _reactors.size()], acceptor, _ports[i].proxyHeaders ? headerTime : 0));
		_listeners.back()->begin();
	}
}


void WebSocketServerLoops::setDispatcher(std::unique_ptr<WebSocketHTTPDispatcher> pDispatcher)
{
	_pDispatcher = std::move(pDispatcher);
}


void WebSocketServerLoops::start()
{
	int number = 0;
	for (auto& pReactor: _reactors) pReactor->start("WebSocketServer " + std::to_string(++number));
}


void WebSocketServerLoops::invokeInEach(const std::function<void(WebSocketReactor&)>& function)
{
	for (auto& pReactor: _reactors) pReactor->postbox().invokeAndWait([&] { function(*pReactor); });
}


void WebSocketServerLoops::closeListeners()
{
	invokeInEach([this](WebSocketReactor& reactor)
	{
		for (const auto& pListener: _listeners)
		{
			if (&pListener->reactor() == &reactor) pListener->end();
		}
	});
}


WebSocketPlace::Wait::Places WebSocketServerLoops::places() const
{
	WebSocketPlace::Wait::Places places;
	for (const auto& pReactor: _reactors) places.push_back(&pReactor->place());
	places.push_back(&adoptRoom);
	places.push_back(&httpRoom);
	return places;
}


void WebSocketServerLoops::end()
{
	for (auto& pReactor: _reactors) pReactor->end();
	for (auto& pReactor: _reactors) pReactor->stop();
	_listeners.clear();
}


void WebSocketServerLoops::close()
{
	end();
	closePorts();
	if (_pDispatcher) _pDispatcher->cut();
	adoptRoom.waitForOthers();
}


void WebSocketServerLoops::waitForHandlers()
{
	if (_pDispatcher) _pDispatcher->stop();
}


void WebSocketServerLoops::endOthers()
{
	for (auto& pReactor: _reactors) pReactor->end();
	if (_pDispatcher) _pDispatcher->cut();
	for (auto& pReactor: _reactors)
	{
		const WebSocketPlace::Wait wait({&pReactor->place()});
		if (wait.possible()) pReactor->stop();
	}
	for (WebSocketRoom* const pRoom: {&adoptRoom, &httpRoom})
	{
		const WebSocketPlace::Wait wait({pRoom}, WebSocketPlace::Wait::OTHERS);
		if (wait.possible()) pRoom->waitForOthers();
	}
}


void WebSocketServerLoops::forget()
{
	_reactors.clear();
	_pDispatcher.reset();
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
