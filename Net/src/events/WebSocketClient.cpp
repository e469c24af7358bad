//
// WebSocketClient.cpp
//
// Library: PocoWebSocket
// Package: Events
// Module:  WebSocketClient
//
// SPDX-License-Identifier: BSL-1.0
//


#include "Poco/Net/WebSocketClient.h"
#include "core/SendRules.h"
#include "events/CallbackHandler.h"
#include "events/ClientLoop.h"
#include "net/Connector.h"
#include "events/EventConnection.h"
#include "events/ConnectionGroup.h"
#include "events/Place.h"
#include "events/Reactor.h"
#include "events/TimerWheel.h"
#include "Poco/Net/HTTPClientSession.h"
#include "Poco/Net/HTTPCredentials.h"
#include "Poco/Net/HTTPRequest.h"
#include "Poco/Net/HTTPResponse.h"
#include "Poco/Net/HTTPSessionFactory.h"
#include "Poco/Net/NetException.h"
#include "core/UTF8.h"
#include "Poco/Exception.h"
#include <openssl/rand.h>
#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <list>
#include <memory>
#include <mutex>
#include <optional>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


namespace
{
	constexpr WebSocketTimerWheel::Time STABLE = 5000; // milliseconds

	HTTPResponse noResponse()
	{
		return HTTPResponse(static_cast<HTTPResponse::HTTPStatus>(0), "");
	}
}


//
// WebSocketClient
//
class WebSocketClient::Core: public WebSocketConnectionGroup, public WebSocketTimerWheel::Entry
{
public:
	Core(const URI& uri, const WebSocketClientHandler::Ptr& pItsHandler, WebSocketClientLoop::Core& loop, const WebSocketClientParams::Ptr& pItsParams):
		WebSocketConnectionGroup(WebSocketFramer::ROLE_CLIENT, pItsHandler, pItsParams),
		_pHandler(pItsHandler),
		_uri(uri),
		_pParams(pItsParams),
		_server(uri.getAuthority()),
		_pLoop(&loop, true),
		_reactor(loop.chooseReactor())
	{
		_reactor.duplicate();
	}

	void start();
	void stop();

	void destroy();
		/// For the destructor: as stop(), but the handler is not told anything any more, wherever this is called.

	bool forked() const
		/// Returns true in a child of the process that has the loop's threads.
	{
		return _pLoop->forked();
	}

	WebSocketConnection::SendResult send(std::string_view message, WebSocketFrame::Opcode opcode, WebSocketFrame::Compression compression);

	State state() const
	{
		std::lock_guard<std::mutex> lock(_mutex);
		return _state;
	}

	WebSocketConnection::Ptr connection() const
	{
		std::lock_guard<std::mutex> lock(_mutex);
		return _pConnection;
	}

	HTTPResponse response() const
	{
		std::lock_guard<std::mutex> lock(_mutex);
		return _response;
	}

	// WebSocketConnectionGroup
	void opened(WebSocketConnection& connection, Phase before) override;
	void tellOpen(WebSocketConnection& connection, HTTPRequest& request) override;
	void greeted(WebSocketConnection& connection) override;
	void gone(WebSocketConnection& connection, Phase phase, bool closed) override;

	// WebSocketTimerWheel::Entry
	void due(Time now) override;
	void dropped() override;

protected:
	~Core() override
	{
		_reactor.release();
	}

private:
	typedef Poco::AutoPtr<Core> Ptr;

	class Answer;

	struct Message
	{
		std::string data;
		WebSocketFrame::Opcode opcode;
		WebSocketFrame::Compression compression;
	};

	bool stopped(int run) const
		/// Returns true if start() or stop() was called since.
	{
		std::lock_guard<std::mutex> lock(_mutex);
		return run != _run;
	}

	bool mayWait() const;
	WebSocketPlace::Wait::Places places() const;
	WebSocketConnection::Ptr beginStop(int& run);
	void waitForEnd(WebSocketConnection::Ptr pConnection, int run);
	void connect();
	bool isPresent(const WebSocketConnection& connection) const;
	WebSocketConnection::SendResult keep(std::string_view message, WebSocketFrame::Opcode opcode, WebSocketFrame::Compression compression);
	void keepAgain(const WebSocketConnection& connection, std::list<Message>& messages);
	void attempt(int run);
	std::unique_ptr<HTTPClientSession> createSession() const;
	void attemptFailed(int run, const Poco::Exception& exc);
	void tellFailure(int run, unsigned failures, const Poco::Exception& exc);
	void told(int run, unsigned failures);
	std::optional<Time> connectionGone(const WebSocketConnection& connection);
	Time wait();
	void tellReconnecting(Time delay);
	void giveUp();
	Time delay() const;

	WebSocketClientHandler::Ptr _pHandler;
	const URI _uri;
	const WebSocketClientParams::Ptr _pParams;
	const std::string _server;      // what is shared by those that connect to it
	Poco::AutoPtr<WebSocketClientLoop::Core> _pLoop;
	WebSocketReactor& _reactor;
	WebSocketRoom _factoryRoom;     // where the session factory is called
	mutable std::mutex _mutex;
	std::condition_variable _idle;
	State _state = STOPPED;
	int _run = 0;                   // counts start() and stop(): what belongs to an earlier one is of no interest
	int _busy = 0;                  // connections that exist, and callbacks about failures that are to come
	unsigned _failures = 0;         // one after the other
	unsigned _failuresTold = 0;     // how many there were when the last one was told
	Time _openSince = 0;
	HTTPResponse _response = noResponse(); // the last one
	WebSocketConnection::Ptr _pConnection;
	bool _ready = false;            // what was kept has been sent
	int _connectionRun = 0;         // the run that it was made in
	std::list<Message> _kept;
	std::size_t _keptBytes = 0;     // since the last connection was ready: what comes while these are sent is limited as well
};


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


void WebSocketClient::Core::start()
{
	std::lock_guard<std::mutex> lock(_mutex);
	if (_state != STOPPED) return;
	++_run;
	_idle.notify_all(); // what stop() waits for belongs to an earlier run
	_failures = _failuresTold = 0;
	connect();
}


void WebSocketClient::Core::connect()
	/// Called under the lock.
{
	_state = CONNECTING;
	_pLoop->connect(_server, [pThis = Ptr(this, true), run = _run]() mutable { pThis->attempt(run); });
}


bool WebSocketClient::Core::mayWait() const
	/// Returns false in callbacks, which others may wait for that this client needs: the server, for one, may be in this process.
{
	return !WebSocketReactor::anyCurrent() && !_factoryRoom.visited();
}


WebSocketPlace::Wait::Places WebSocketClient::Core::places() const
	/// Returns those that stop() waits for.
{
	return {&_reactor.place(), &_factoryRoom};
}


void WebSocketClient::Core::stop()
{
	std::optional<WebSocketPlace::Wait> wait;
	if (mayWait() && !wait.emplace(places()).possible()) throw IllegalStateException("stop() would wait for the thread that calls it");
	int run = 0;
	const WebSocketConnection::Ptr pConnection = beginStop(run);
	if (wait) waitForEnd(pConnection, run);
}


WebSocketConnection::Ptr WebSocketClient::Core::beginStop(int& run)
	/// Returns the connection, which is being closed.
{
	WebSocketConnection::Ptr pConnection;
	{
		std::lock_guard<std::mutex> lock(_mutex);
		if (_state != STOPPED) ++_run;
		run = _run;
		_state = STOPPED;
		_kept.clear();
		_keptBytes = 0;
		_ready = false;
		pConnection = _pConnection;
	}
	_reactor.invoke([pThis = Ptr(this, true), run]() mutable
	{
		if (pThis->stopped(run) || !pThis->scheduled()) return; // started again, it may be waiting anew
		pThis->_reactor.timers().cancel(*pThis);
		pThis->dropped(); // nobody is WAITING: it would have been started again
	});
	if (pConnection) pConnection->close(1000);
	return pConnection;
}


void WebSocketClient::Core::waitForEnd(WebSocketConnection::Ptr pConnection, int run)
	/// Waits until what belongs to the run has ended, and cuts the connection if that takes too long.
{
	std::unique_lock<std::mutex> lock(_mutex);
	const auto idle = [this, run] { return _busy == 0 || _run != run; };
	if (!_idle.wait_for(lock, std::chrono::milliseconds(limits.closeTimeout), idle))
	{
		lock.unlock();
		if (pConnection) pConnection->abort();
		lock.lock();
		_idle.wait(lock, idle); // for a callback that is running
	}
	lock.unlock();
	_factoryRoom.waitForOthers();
}


void WebSocketClient::Core::destroy()
{
	{
		const WebSocketPlace::Wait wait(places());
		if (mayWait() && wait.possible())
		{
			stop();
			return;
		}
	}
	silence();
	int run = 0;
	beginStop(run);
	if (!_reactor.current())
	{
		const WebSocketPlace::Wait wait({&_reactor.place()});
		if (wait.possible()) _reactor.waitForTurn(); // what it calls from here on, it calls nobody
	}
	const WebSocketPlace::Wait wait({&_factoryRoom}, WebSocketPlace::Wait::OTHERS);
	if (wait.possible()) _factoryRoom.waitForOthers();
}


WebSocketConnection::SendResult WebSocketClient::Core::send(std::string_view message, WebSocketFrame::Opcode opcode, WebSocketFrame::Compression compression)
{
	WebSocketSendRules::checkOpcode(opcode);
	const bool checked = _pParams->getVerifyUTF8() || compression == WebSocketFrame::Compression::NONE; // as the connection does
	if (opcode == WebSocketFrame::OP_TEXT && checked) WebSocketSendRules::checkText(message.data(), message.size());

	WebSocketConnection::Ptr pConnection;
	for (;;)
	{
		{
			std::lock_guard<std::mutex> lock(_mutex);
			if (_state == STOPPED) return WebSocketConnection::NOT_OPEN;
			if (!_ready) return keep(message, opcode, compression);
			if (pConnection == _pConnection) // it is closing
				return _pParams->getReconnect() ? keep(message, opcode, compression) : WebSocketConnection::NOT_OPEN;
			pConnection = _pConnection;
		}
		const WebSocketConnection::SendResult result = pConnection->send(message, opcode, compression);
		if (result != WebSocketConnection::NOT_OPEN) return result;
	}
}


WebSocketConnection::SendResult WebSocketClient::Core::keep(std::string_view message, WebSocketFrame::Opcode opcode, WebSocketFrame::Compression compression)
	/// Called under the lock.
{
	const std::size_t cost = message.size() + WebSocketConnectionParams::QUEUE_ENTRY;
	if (_keptBytes + cost > static_cast<std::size_t>(_pParams->getMaxOfflineBytes())) return WebSocketConnection::QUEUE_FULL;
	_kept.push_back({std::string(message), opcode, compression});
	_keptBytes += cost;
	return WebSocketConnection::SENT;
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
			upgrade = WebSocketConnector::connect(*pSession, request, answer.response, credentials, _pParams.get());
		}
		std::lock_guard<std::mutex> lock(_mutex);
		if (run != _run) return;
		WebSocketEventConnection::Ptr pConnection = new WebSocketEventConnection(*this, _reactor, upgrade, upgrade.socket.peerAddress(), request);
		upgrade = WebSocketUpgrade(); // from here on the socket is the loop's alone
		if (!_reactor.post({pConnection, WebSocketEventConnection::Task::ADD, {0, WebSocketBuffer(), WebSocketPreparedMessage::Ptr()}}))
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
		failures = ++_failures;
		++_busy;
	}
	// Callbacks come from the loop's thread. If it has ended, or ends before that, or there is no memory, nobody is told.
	try
	{
		std::shared_ptr<Core> pTelling(this, [pThis = Ptr(this, true), run, failures](Core*) mutable { pThis->told(run, failures); });
		_reactor.invoke([pTelling, run, failures, pException = std::shared_ptr<Poco::Exception>(exc.clone())]() mutable
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


void WebSocketClient::Core::tellOpen(WebSocketConnection& connection, HTTPRequest& request)
{
	if (!silent()) _pHandler->onOpen(connection, request, response());
}


bool WebSocketClient::Core::isPresent(const WebSocketConnection& connection) const
	/// Called under the lock. Returns false for a connection from before stop(), which is still closing.
{
	return _pConnection.get() == &connection && _connectionRun == _run;
}


void WebSocketClient::Core::opened(WebSocketConnection& connection, Phase)
{
	std::lock_guard<std::mutex> lock(_mutex);
	if (!isPresent(connection)) return;
	_openSince = _reactor.now();
	_state = CONNECTED;
}


void WebSocketClient::Core::greeted(WebSocketConnection& connection)
	/// Sends what was kept. Nothing else is sent before that. What the connection does not take is for the next one.
{
	for (;;)
	{
		std::list<Message> messages;
		{
			std::lock_guard<std::mutex> lock(_mutex);
			if (!isPresent(connection)) return;
			_ready = _kept.empty();
			if (_ready)
			{
				_keptBytes = 0;
				return;
			}
			messages.swap(_kept);
		}
		try
		{
			while (!messages.empty() && static_cast<WebSocketEventConnection&>(connection).sendKept(messages.front().data, messages.front().opcode, messages.front().compression) == WebSocketConnection::SENT)
				messages.pop_front();
		}
		catch (...) // there is no memory
		{
			keepAgain(connection, messages);
			throw;
		}
		if (messages.empty()) continue;
		keepAgain(connection, messages);
		return;
	}
}


void WebSocketClient::Core::keepAgain(const WebSocketConnection& connection, std::list<Message>& messages)
	/// Keeps what a connection has not taken, before what was kept meanwhile.
{
	std::lock_guard<std::mutex> lock(_mutex);
	if (!isPresent(connection)) return; // stop() has forgotten all
	_kept.splice(_kept.begin(), messages);
	_keptBytes = 0;
	for (const Message& message: _kept) _keptBytes += message.data.size() + WebSocketConnectionParams::QUEUE_ENTRY;
}


void WebSocketClient::Core::gone(WebSocketConnection& connection, Phase, bool)
{
	const std::optional<Time> delay = connectionGone(connection);
	if (delay) tellReconnecting(*delay);
	std::lock_guard<std::mutex> lock(_mutex);
	--_busy;
	_idle.notify_all();
}


std::optional<WebSocketClient::Core::Time> WebSocketClient::Core::connectionGone(const WebSocketConnection& connection)
	/// Returns how long it is waited before the next attempt, if there is to be one.
{
	std::lock_guard<std::mutex> lock(_mutex);
	if (_pConnection.get() != &connection) return std::nullopt;
	const bool present = isPresent(connection);
	_pConnection.reset();
	if (!present) return std::nullopt;
	_ready = false;
	if (_state == CONNECTED && _reactor.now() - _openSince >= STABLE) _failures = 0;
	else ++_failures;
	_state = _pParams->getReconnect() ? WAITING : STOPPED;
	if (_state != WAITING) return std::nullopt;
	return wait();
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
	const Poco::UInt64 longest = static_cast<Poco::UInt64>(_pParams->getLongestReconnectDelay().totalMilliseconds());
	Poco::UInt64 delay = static_cast<Poco::UInt64>(_pParams->getFirstReconnectDelay().totalMilliseconds());
	for (unsigned i = 1; i < _failures && delay < longest; ++i) delay *= 2;
	delay = std::min(delay, longest);
	Poco::UInt16 random = 0;
	RAND_bytes(reinterpret_cast<unsigned char*>(&random), sizeof(random)); // if there are none, it is not that important
	return static_cast<Time>(delay - delay*random/0x20000);
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
	_keptBytes = 0;
}


WebSocketClient::WebSocketClient(const URI& uri, const WebSocketClientHandler::Ptr& pHandler, const WebSocketClientParams::Ptr& pParams):
	WebSocketClient(uri, pHandler, std::make_unique<WebSocketClientLoop>(1, 1), pParams)
{
}


WebSocketClient::WebSocketClient(const URI& uri, const WebSocketClientCallbacks& callbacks, const WebSocketClientParams::Ptr& pParams):
	WebSocketClient(uri, WebSocketClientHandler::Ptr(new WebSocketClientCallbackHandler(callbacks)), pParams)
{
}


WebSocketClient::WebSocketClient(const URI& uri, const WebSocketClientCallbacks& callbacks, WebSocketClientLoop& loop, const WebSocketClientParams::Ptr& pParams):
	WebSocketClient(uri, WebSocketClientHandler::Ptr(new WebSocketClientCallbackHandler(callbacks)), loop, pParams)
{
}


WebSocketClient::WebSocketClient(const URI& uri, const WebSocketClientHandler::Ptr& pHandler, std::unique_ptr<WebSocketClientLoop> pLoop, const WebSocketClientParams::Ptr& pParams):
	WebSocketClient(uri, pHandler, *pLoop, pParams)
{
	_pLoop = std::move(pLoop);
}


WebSocketClient::WebSocketClient(const URI& uri, const WebSocketClientHandler::Ptr& pHandler, WebSocketClientLoop& loop, const WebSocketClientParams::Ptr& pParams):
	_pCore(nullptr)
{
	if (uri.getScheme() != "ws" && uri.getScheme() != "wss") throw InvalidArgumentException("Not a ws or wss URI: " + uri.toString());
	if (uri.getHost().empty()) throw InvalidArgumentException("The URI has no host: " + uri.toString());
	if (!uri.getUserInfo().empty() || !uri.getFragment().empty()) throw InvalidArgumentException("User info or a fragment in the URI: " + uri.toString()); // RFC 6455, 3
	if (!pHandler) throw InvalidArgumentException("No handler");
	if (!pParams) throw InvalidArgumentException("No parameters");
	_pCore = new Core(uri, pHandler, *loop._pCore, pParams);
}


WebSocketClient::~WebSocketClient()
{
	if (_pCore->forked()) return; // it stays in the child's memory
	_pCore->destroy();
	_pCore->release();
}


void WebSocketClient::start()
{
	if (_pCore->forked()) throw IllegalStateException("The loop's threads are those of another process");
	_pCore->start();
}


void WebSocketClient::stop()
{
	if (_pCore->forked()) return;
	Poco::AutoPtr<Core> pCore(_pCore, true); // a callback may destroy this meanwhile
	pCore->stop();
}


WebSocketConnection::SendResult WebSocketClient::sendText(std::string_view text, WebSocketFrame::Compression compression)
{
	return _pCore->send(text, WebSocketFrame::OP_TEXT, compression);
}


WebSocketConnection::SendResult WebSocketClient::sendBinary(std::string_view data, WebSocketFrame::Compression compression)
{
	return _pCore->send(data, WebSocketFrame::OP_BINARY, compression);
}


WebSocketConnection::SendResult WebSocketClient::sendBinary(const void* pData, std::size_t length, WebSocketFrame::Compression compression)
{
	return _pCore->send(std::string_view(static_cast<const char*>(pData), length), WebSocketFrame::OP_BINARY, compression);
}


WebSocketConnection::SendResult WebSocketClient::send(std::string_view message, WebSocketFrame::Opcode opcode, WebSocketFrame::Compression compression)
{
	return _pCore->send(message, opcode, compression);
}


WebSocketClient::State WebSocketClient::state() const
{
	return _pCore->state();
}


HTTPResponse WebSocketClient::response() const
{
	return _pCore->response();
}


WebSocketConnection::Ptr WebSocketClient::connection() const
{
	return _pCore->connection();
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
