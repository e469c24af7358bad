//
// ClientAttempts.cpp
//
// Library: PocoWebSocket
// Package: Events
// Module:  WebSocketClient
//
// How a client connects, and tries again.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "events/ClientCore.h"
#include "events/EventConnection.h"
#include "net/Connector.h"
#include "net/PeerState.h"
#include "Poco/Net/HTTPCredentials.h"
#include "Poco/Net/HTTPRequest.h"
#include "Poco/Net/HTTPSessionFactory.h"
#include "Poco/Exception.h"
#include <openssl/rand.h>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


class WebSocketClient::Core::Answer
	/// The server's answer, which response() is when this has gone.
{
public:
	Answer(Core& core, int run):
		_core(core),
		_run(run)
	{
	}

	~Answer()
	{
		try
		{
			std::lock_guard<std::mutex> lock(_core._mutex);
			if (_run == _core._run) _core._response = response;
		}
		catch (const std::bad_alloc&)
		{
			// then it is that of the attempt before
		}
	}

	HTTPResponse response = noResponse();

private:
	Answer(const Answer&) = delete;
	Answer& operator = (const Answer&) = delete;

	Core& _core;
	const int _run;
};


void WebSocketClient::Core::connect()
	/// Called under the lock.
{
	_state = CONNECTING;
	_pLoop->connect(_server, [pThis = Ptr(this, true), run = _run]() mutable { pThis->attempt(run); });
}


void WebSocketClient::Core::attempt(int run)
	/// Called by one of the threads that make connections.
{
	try
	{
		std::unique_ptr<HTTPClientSession> pSession;
		{
			const WebSocketRoom::Guest guest(_factoryRoom); // first: stop() waits for it
			if (stopped(run)) return;
			pSession = createSession();
		}
		HTTPRequest request(HTTPRequest::HTTP_GET, _uri.getPathAndQuery(), HTTPRequest::HTTP_1_1);
		for (const auto& field: _pParams->getHeaders()) request.add(field.first, field.second);
		HTTPCredentials credentials(_pParams->getUser(), _pParams->getPassword());
		WebSocketUpgrade upgrade;
		{
			if (stopped(run)) return;
			Answer answer(*this, run);
			upgrade = WebSocketConnector::connect(*pSession, request, answer.response, credentials, _pParams.get(), &_tlsSession);
		}
		limitUnsent(upgrade.socket.impl()->sockfd());
		std::lock_guard<std::mutex> lock(_mutex);
		if (run != _run) return;
		WebSocketEventConnection::Ptr pConnection = new WebSocketEventConnection(*this, _reactor, upgrade, upgrade.socket.peerAddress(), request);
		upgrade = WebSocketUpgrade(); // from here on the socket is the loop's alone
		if (!_reactor.postbox().post({pConnection, WebSocketEventConnection::Task::ADD, {0, WebSocketBuffer(), WebSocketPreparedMessage::Ptr()}}))
		{
			giveUp(); // the loop has ended
			return;
		}
		_pConnection = pConnection;
		_connectionRun = run;
		++_busy;
	}
	catch (const Poco::Exception& exc)
	{
		attemptFailed(run, exc);
	}
	catch (const std::exception& exc)
	{
		attemptFailed(run, Poco::UnhandledException(exc.what()));
	}
	catch (...) // the session factory's
	{
		attemptFailed(run, Poco::UnhandledException("unknown"));
	}
}


std::unique_ptr<HTTPClientSession> WebSocketClient::Core::createSession() const
{
	std::unique_ptr<HTTPClientSession> pSession;
	if (_pParams->getSessionFactory())
	{
		pSession = _pParams->getSessionFactory()(_uri);
		if (!pSession) throw InvalidArgumentException("The session factory has returned nothing");
	}
	else if (_uri.getScheme() == "wss")
	{
		URI uri(_uri);
		uri.setScheme("https");
		uri.setPort(_uri.getPort());
		pSession.reset(HTTPSessionFactory::defaultFactory().createClientSession(uri));
	}
	else
	{
		pSession = std::make_unique<HTTPClientSession>(_uri.getHost(), _uri.getPort());
	}
	pSession->setTimeout(_pParams->getHandshakeTimeout());
	if (!_pParams->getProxy().host.empty()) pSession->setProxyConfig(_pParams->getProxy());
	return pSession;
}


void WebSocketClient::Core::attemptFailed(int run, const Poco::Exception& exc)
{
	unsigned failures = 0;
	{
		std::lock_guard<std::mutex> lock(_mutex);
		if (run != _run) return;
		failures = _backoff.failed();
		++_busy;
	}
	// Callbacks come from the loop's thread. If it has ended, or ends before that, or there is no memory, nobody is told.
	try
	{
		std::shared_ptr<Core> pTelling(this, [pThis = Ptr(this, true), run, failures](Core*) mutable { pThis->told(run, failures); });
		_reactor.postbox().invoke([pTelling, run, failures, pException = std::shared_ptr<Poco::Exception>(exc.clone())]() mutable
		{
			pTelling->tellFailure(run, failures, *pException);
			pTelling.reset();
		});
	}
	catch (const std::bad_alloc&)
	{
		// told() was called
	}
}


void WebSocketClient::Core::told(int run, unsigned failures)
	/// A failure has been told, or will not be. By now, the next attempt may have begun.
{
	std::lock_guard<std::mutex> lock(_mutex);
	--_busy;
	_idle.notify_all();
	if (run == _run && _state == CONNECTING && _failuresTold != failures) giveUp();
}


void WebSocketClient::Core::tellFailure(int run, unsigned failures, const Poco::Exception& exc)
{
	bool tell = false;
	{
		std::lock_guard<std::mutex> lock(_mutex);
		tell = run == _run;
		if (tell)
		{
			_state = _pParams->getReconnect() ? WAITING : STOPPED;
			_failuresTold = failures;
		}
	}
	try
	{
		if (tell && !silent()) _pHandler->onConnectFailed(exc);
	}
	catch (...)
	{
		// there is no connection that could be closed
	}
	Time delay = 0;
	{
		std::lock_guard<std::mutex> lock(_mutex);
		if (run != _run || _state != WAITING) return;
		delay = wait();
	}
	tellReconnecting(delay);
}


void WebSocketClient::Core::tellReconnecting(Time delay)
	/// Called by the loop's thread, which comes to due() later.
{
	try
	{
		if (!silent()) _pHandler->onReconnecting(Poco::Timespan(delay*Poco::Timespan::MILLISECONDS));
	}
	catch (...)
	{
		// there is no connection that could be closed
	}
}


WebSocketClient::Core::Time WebSocketClient::Core::wait()
	/// Begins to wait before the next attempt, and returns how long. Called under the lock, by the loop's thread.
{
	if (!scheduled()) duplicate(); // until due() or dropped()
	const Time time = delay();
	_reactor.timers().set(*this, _reactor.now() + time);
	return time;
}


WebSocketClient::Core::Time WebSocketClient::Core::delay() const
{
	Poco::UInt16 random = 0;
	RAND_bytes(reinterpret_cast<unsigned char*>(&random), sizeof(random)); // if there are none, it is not that important
	const auto first   = static_cast<Poco::UInt64>(_pParams->getFirstReconnectDelay().totalMilliseconds());
	const auto longest = static_cast<Poco::UInt64>(_pParams->getLongestReconnectDelay().totalMilliseconds());
	return static_cast<Time>(_backoff.delay(first, longest, random));
}


void WebSocketClient::Core::due(Time)
{
	const Ptr pThis(this); // takes over what wait() has shared
	std::lock_guard<std::mutex> lock(_mutex);
	if (_state != WAITING) return;
	try
	{
		connect();
	}
	catch (const std::bad_alloc&)
	{
		_state = WAITING;
		wait();
	}
}


void WebSocketClient::Core::dropped()
{
	const Ptr pThis(this); // takes over what wait() has shared
	std::lock_guard<std::mutex> lock(_mutex);
	if (_state == WAITING) giveUp();
}


void WebSocketClient::Core::giveUp()
	/// Called under the lock. There is no loop any more, or it will not be connected again: what was kept is forgotten.
{
	_state = STOPPED;
	_ready = false;
	_kept.clear();
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
