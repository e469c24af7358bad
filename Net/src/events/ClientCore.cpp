//
// ClientCore.cpp
//
// Library: PocoWebSocket
// Package: Events
// Module:  WebSocketClient
//
// What the application asks of a client, and what becomes of its connection.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "events/ClientCore.h"
#include "core/SendRules.h"
#include "events/EventConnection.h"
#include "Poco/Exception.h"
#include <chrono>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


WebSocketClient::Core::Core(const URI& uri, const WebSocketClientHandler::Ptr& pItsHandler, WebSocketClientLoop::Core& loop, const WebSocketClientParams::Ptr& pItsParams):
	WebSocketConnectionGroup(WebSocketFramer::ROLE_CLIENT, pItsHandler, pItsParams),
	_pHandler(pItsHandler),
	_uri(uri),
	_pParams(pItsParams),
	_server(uri.getAuthority()),
	_pLoop(&loop, true),
	_reactor(loop.chooseReactor()),
	_response(noResponse())
{
	_reactor.duplicate();
}


WebSocketClient::Core::~Core()
{
	_reactor.release();
}


HTTPResponse WebSocketClient::Core::noResponse()
{
	return HTTPResponse(static_cast<HTTPResponse::HTTPStatus>(0), "");
}


bool WebSocketClient::Core::forked() const
{
	return _pLoop->forked();
}


WebSocketClient::State WebSocketClient::Core::state() const
{
	std::lock_guard<std::mutex> lock(_mutex);
	return _state;
}


WebSocketConnection::Ptr WebSocketClient::Core::connection() const
{
	std::lock_guard<std::mutex> lock(_mutex);
	return _pConnection;
}


HTTPResponse WebSocketClient::Core::response() const
{
	std::lock_guard<std::mutex> lock(_mutex);
	return _response;
}


bool WebSocketClient::Core::stopped(int run) const
	/// Returns true if start() or stop() was called since.
{
	std::lock_guard<std::mutex> lock(_mutex);
	return run != _run;
}


void WebSocketClient::Core::start()
{
	std::lock_guard<std::mutex> lock(_mutex);
	if (_state != STOPPED) return;
	++_run;
	_idle.notify_all(); // what stop() waits for belongs to an earlier run
	_backoff.reset();
	_failuresTold = 0;
	connect();
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
		_ready = false;
		pConnection = _pConnection;
	}
	_reactor.postbox().invoke([pThis = Ptr(this, true), run]() mutable
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
	const std::size_t limit = static_cast<std::size_t>(_pParams->getMaxOfflineBytes());
	return _kept.add(message, opcode, compression, limit) ? WebSocketConnection::SENT : WebSocketConnection::QUEUE_FULL;
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
		WebSocketKeptMessages::Messages messages;
		{
			std::lock_guard<std::mutex> lock(_mutex);
			if (!isPresent(connection)) return;
			_ready = !_kept.take(messages);
			if (_ready) return;
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


void WebSocketClient::Core::keepAgain(const WebSocketConnection& connection, WebSocketKeptMessages::Messages& messages)
	/// Keeps what a connection has not taken, before what was kept meanwhile.
{
	std::lock_guard<std::mutex> lock(_mutex);
	if (!isPresent(connection)) return; // stop() has forgotten all
	_kept.giveBack(messages);
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
	_backoff.ended(_state == CONNECTED, _reactor.now() - _openSince);
	_state = _pParams->getReconnect() ? WAITING : STOPPED;
	if (_state != WAITING) return std::nullopt;
	return wait();
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
