//
// ServerStages.cpp
//
// Library: PocoWebSocket
// Package: Events
// Module:  WebSocketServer
//
// How a server begins and ends.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "events/ServerCore.h"
#include <algorithm>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


void WebSocketServer::Core::checkCreated(const char* function) const
	/// Called under the lock.
{
	if (_stage != CREATED) throw IllegalStateException(std::string(function) + " is to be called before start()");
}


void WebSocketServer::Core::addRoute(const std::string& itsPath, const WebSocketServerHandler::Ptr& pItsHandler, const WebSocketConnectionParams::Ptr& pItsParams)
{
	std::lock_guard<std::mutex> lock(_stageMutex);
	checkCreated("addRoute()");
	const Poco::AutoPtr<WebSocketRoute> pRoute = new WebSocketRoute(itsPath, pItsHandler, pItsParams ? pItsParams : pConnectionParams, this);
	_routes.reserve(_routes.size() + 1);
	switch (_paths.add(itsPath))
	{
	case WebSocketRoutes::MALFORMED:
		throw InvalidArgumentException("Not a path of a route: " + itsPath);
	case WebSocketRoutes::REPEATED:
		throw InvalidArgumentException("There is a route for the same requests: " + itsPath);
	default:
		_routes.push_back(pRoute);
		_largestQueue = std::max(_largestQueue, pRoute->maxQueuedBytes);
	}
}


void WebSocketServer::Core::setHTTP(const HTTPRequestHandlerFactory::Ptr& pItsFactory, const HTTPServerParams::Ptr& pItsParams)
{
	std::lock_guard<std::mutex> lock(_stageMutex);
	checkCreated("setHTTP()");
	_pFactory   = pItsFactory;
	pHTTPParams = pItsParams;
}


void WebSocketServer::Core::listen(const ServerSocket& socket, bool shared, ProxyProtocol proxyProtocol)
{
	std::lock_guard<std::mutex> lock(_stageMutex);
	checkCreated("listen()");
	if (proxyProtocol == ProxyProtocol::REQUIRED && pParams->getTrustedProxies().empty()) throw InvalidArgumentException("No trusted proxies");
	_loops.listen(socket, shared, proxyProtocol == ProxyProtocol::REQUIRED);
}


Poco::UInt16 WebSocketServer::Core::port() const
{
	return _loops.port();
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
		_admission.close();
		_stage = STOPPING;
		lock.unlock();
		_loops.end();
		_loops.waitForHandlers();
		lock.lock();
		_loops.forget();
		_stage = CREATED; // it may be tried again
		_stopped.notify_all();
		throw;
	}
}


void WebSocketServer::Core::startThreads()
{
	if (_pFactory) _loops.setDispatcher(std::make_unique<WebSocketHTTPDispatcher>(_pFactory, pHTTPParams, *this, _loops.httpRoom));
	_loops.open(*pParams, *this);
	_stage = RUNNING;
	_admission.open();
	_loops.start();
}


void WebSocketServer::Core::stop()
{
	std::unique_lock<std::mutex> lock(_stageMutex);
	if (_stage == CREATED || _stage == STOPPED) return;
	const WebSocketPlace::Wait wait(_loops.places());
	if (!wait.possible()) throw IllegalStateException("stop() would wait for the thread that calls it");
	if (_stage == STOPPING) waitUntilStopped(lock);
	if (_stage == CREATED || _stage == STOPPED) return;
	_admission.close();
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
	_loops.close();
	_loops.waitForHandlers();
	setStage(STOPPED);
}


bool WebSocketServer::Core::abandon()
{
	return _loops.abandon();
}


void WebSocketServer::Core::destroy()
{
	bool stopping = false;
	{
		std::unique_lock<std::mutex> lock(_stageMutex);
		if (_stage == CREATED || _stage == STOPPED) return;
		const WebSocketPlace::Wait wait(_loops.places());
		if (wait.possible())
		{
			lock.unlock();
			stop();
			return;
		}
		silence();
		for (auto& pRoute: _routes) pRoute->silence();
		stopping = _stage == STOPPING; // by another thread, which waits for this one
		_admission.close();
		_stage = STOPPING;
	}
	_loops.endOthers();
	if (!stopping) WebSocketPlace::callElsewhere([pThis = Ptr(this, true)]() mutable { pThis->finish(); });
}


std::vector<WebSocketConnection::Ptr> WebSocketServer::Core::drain(const Poco::Timespan& timeout)
{
	std::unique_lock<std::mutex> lock(_stageMutex);
	if (_stage == CREATED || _stage == STOPPED) return std::vector<WebSocketConnection::Ptr>();
	const WebSocketPlace::Wait wait(_loops.places());
	if (!wait.possible()) throw IllegalStateException("drain() would wait for the thread that calls it");
	if (_stage != RUNNING || _draining)
	{
		waitUntilStopped(lock);
		return std::vector<WebSocketConnection::Ptr>();
	}
	{
		std::lock_guard<std::mutex> cutLock(_cutMutex);
		_cut.reserve(static_cast<std::size_t>(_admission.count()));
	}
	_draining = true;
	lock.unlock();

	_loops.closeListeners(); // stop() may end this, and the waiting
	_admission.close();      // not before: who was accepted is served
	closeAll();
	_admission.waitUntilEmpty(timeout);
	lock.lock();
	if (_stage == RUNNING)
	{
		_stage = STOPPING;
		lock.unlock();
		_loops.close();
		setStage(DRAINED);
	}
	else
	{
		waitUntilStopped(lock);
		lock.unlock();
	}
	std::lock_guard<std::mutex> cutLock(_cutMutex);
	return std::move(_cut);
}


std::vector<WebSocketReactor::Ptr> WebSocketServer::Core::reactors() const
{
	if (_stage != RUNNING) throw IllegalStateException("The server does not run");
	return _loops.reactors();
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
