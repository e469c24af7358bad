//
// ClientCore.cpp
//
// Library: PocoMessaging
// Package: Client
// Module:  ClientCore
//
// SPDX-License-Identifier: BSL-1.0
//


#include "client/ClientCore.h"
#include "Poco/Exception.h"
#include "Poco/UUID.h"
#include "Poco/UUIDGenerator.h"
#include <chrono>


namespace Poco {
namespace Messaging {
POCO_MESSAGING_BEGIN


using Poco::Net::WebSocketConnection;
using Poco::Net::WebSocketFrame;


namespace
{
	class ClientHandler: public Poco::Net::WebSocketClientHandler
		/// The connection may live longer than the client.
	{
	public:
		explicit ClientHandler(const std::shared_ptr<ClientCore>& pCore):
			_pCore(pCore)
		{
		}

		void onOpen(WebSocketConnection& connection, const Poco::Net::HTTPRequest&, const Poco::Net::HTTPResponse&) override
		{
			_error.clear();
			if (const auto pCore = _pCore.lock()) pCore->onOpen(connection);
		}

		void onMessage(WebSocketConnection& connection, std::string_view message, WebSocketFrame::Opcode opcode) override
		{
			if (const auto pCore = _pCore.lock()) pCore->onMessage(connection, message, opcode == WebSocketFrame::OP_TEXT);
		}

		void onDrained(WebSocketConnection&) override
		{
			if (const auto pCore = _pCore.lock()) pCore->onDrained();
		}

		void onError(WebSocketConnection&, const Poco::Exception& error) override
		{
			_error = error.displayText();
		}

		void onClose(WebSocketConnection&, int code, const std::string& reason) override
		{
			std::string why = _error;
			if (why.empty()) why = "The connection was closed (" + std::to_string(code) + (reason.empty() ? ")" : "): ") + reason;
			if (const auto pCore = _pCore.lock()) pCore->onLost(why);
		}

		void onConnectFailed(const Poco::Exception& error) override
		{
			if (const auto pCore = _pCore.lock()) pCore->onLost(error.displayText());
		}

	private:
		const std::weak_ptr<ClientCore> _pCore;
		std::string _error;
	};

	ClientRules::Options optionsOf(const MessageClientCallbacks& callbacks, const MessageClientParams& params)
	{
		ClientRules::Options options;
		options.pFormat = &params.getFormat();
		options.callbacks = callbacks;
		options.info = params.getInfo();
		options.hasToken = static_cast<bool>(params.getToken());
		options.requestTimeout = params.getRequestTimeout().totalMilliseconds();
		options.maxPendingBytes = static_cast<std::size_t>(params.getMaxPendingBytes());
		const Poco::UUID id = Poco::UUIDGenerator().createRandom();
		options.prefix = id.toString() + '-';
		options.seed = std::hash<std::string>()(options.prefix);
		return options;
	}
}


ClientCore::ClientCore(const MessageClientCallbacks& callbacks, const MessageClientParams::Ptr& pParams):
	_pParams(pParams),
	_rules(optionsOf(callbacks, *pParams))
{
}


void ClientCore::open(const Poco::URI& uri, Poco::Net::WebSocketClientLoop* pLoop, const Poco::Net::WebSocketClientParams::Ptr& pConnectionParams)
{
	Poco::Net::WebSocketClientParams::Ptr pChanged(pConnectionParams);
	pChanged->setSubprotocols({_pParams->getFormat().subprotocol()});
	pChanged->setReconnect(true);
	const Poco::Net::WebSocketClientHandler::Ptr pHandler(new ClientHandler(shared_from_this()));
	if (pLoop) _pClient = std::make_unique<Poco::Net::WebSocketClient>(uri, pHandler, *pLoop, pChanged);
	else _pClient = std::make_unique<Poco::Net::WebSocketClient>(uri, pHandler, pChanged);
	_thread = std::thread([pThis = shared_from_this()]() { pThis->run(); });
}


void ClientCore::end()
{
	const bool own = std::this_thread::get_id() == _thread.get_id();
	try
	{
		if (!own) stop();
	}
	catch (const Poco::Exception&) // the loop waits for this thread: its connection is cut below
	{
	}
	{
		const std::lock_guard<std::mutex> lock(_mutex);
		_ended = true;
		_condition.notify_all();
	}
	_pClient.reset();
	if (own) _thread.detach();
	else _thread.join();
}


void ClientCore::start()
{
	use([](ClientRules& rules, Time) { rules.start(); });
	_pClient->start();
}


void ClientCore::stop()
{
	use([](ClientRules& rules, Time) { rules.stopping(true); });
	try
	{
		_pClient->stop();
	}
	catch (const Poco::Exception&) // the loop waits for this thread
	{
		use([](ClientRules& rules, Time) { rules.stopping(false); });
		throw;
	}
	std::unique_lock<std::mutex> lock(_mutex);
	const unsigned ticket = ++_stops;
	Event event;
	event.kind = Event::STOPPED;
	put(std::move(event));
	if (std::this_thread::get_id() == _thread.get_id()) return;
	_condition.wait(lock, [&]() { return static_cast<int>(_stopped - ticket) >= 0 || _ended; });
}


WebSocketConnection::Ptr ClientCore::connection() const
{
	const std::lock_guard<std::mutex> lock(_mutex);
	return _pConnection;
}


MessageClientCallbacks::State ClientCore::state() const
{
	const std::lock_guard<std::mutex> lock(_mutex);
	return _rules.state();
}


std::string ClientCore::session() const
{
	const std::lock_guard<std::mutex> lock(_mutex);
	return _rules.session();
}


std::string ClientCore::user() const
{
	const std::lock_guard<std::mutex> lock(_mutex);
	return _rules.user();
}


//
// The loop's thread
//
void ClientCore::put(Event&& event)
	/// By the mutex.
{
	_events.push_back(std::move(event));
	_condition.notify_all();
}


void ClientCore::onOpen(WebSocketConnection& connection)
{
	const std::lock_guard<std::mutex> lock(_mutex);
	_paused = false;
	Event event;
	event.kind = Event::OPENED;
	event.pConnection = Connection::Ptr(&connection, true);
	put(std::move(event));
}


void ClientCore::onMessage(WebSocketConnection& connection, std::string_view message, bool text)
{
	const std::lock_guard<std::mutex> lock(_mutex);
	Event event;
	event.kind = Event::MESSAGE;
	event.pConnection = Connection::Ptr(&connection, true);
	event.bytes = message;
	event.text = text;
	_waiting += message.size();
	put(std::move(event));
	if (_waiting <= MAX_WAITING || _paused) return;
	_paused = true;
	connection.pause();
}


void ClientCore::onDrained()
{
	const std::lock_guard<std::mutex> lock(_mutex);
	Event event;
	event.kind = Event::DRAINED;
	put(std::move(event));
}


void ClientCore::onLost(const std::string& reason)
{
	const std::lock_guard<std::mutex> lock(_mutex);
	Event event;
	event.kind = Event::LOST;
	event.bytes = reason;
	put(std::move(event));
}


//
// The client's thread
//
Time ClientCore::now()
{
	return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now().time_since_epoch()).count();
}


void ClientCore::run()
{
	std::unique_lock<std::mutex> lock(_mutex);
	while (!_ended)
	{
		flush();
		auto& calls = _rules.output().calls;
		if (!calls.empty())
		{
			ClientRules::Call next = std::move(calls.front());
			calls.pop_front();
			lock.unlock();
			call(next);
			next = ClientRules::Call();
			lock.lock();
			continue;
		}
		const Time due = _rules.due();
		const Time time = now();
		if (due != 0 && due <= time) _rules.tick(time);
		else if (!_events.empty())
		{
			Event event = std::move(_events.front());
			_events.pop_front();
			handle(event);
		}
		else if (due == 0) _condition.wait(lock);
		else _condition.wait_for(lock, std::chrono::milliseconds(due - time));
	}
}


void ClientCore::call(ClientRules::Call& call)
	/// Without the lock.
{
	std::string error;
	std::string token;
	try
	{
		if (call.wantsToken) token = _pParams->getToken()();
		else call.function();
	}
	catch (const Poco::Exception& exception)
	{
		error = exception.displayText();
		if (error.empty()) error = "An exception";
	}
	catch (const std::exception& exception)
	{
		error = exception.what();
		if (error.empty()) error = "An exception";
	}
	catch (...)
	{
		error = "An exception";
	}
	if (error.empty() && !call.wantsToken && call.acknowledges.empty()) return;
	use([&](ClientRules& rules, Time time)
	{
		if (call.wantsToken && error.empty()) rules.token(call.generation, token, time);
		else if (call.wantsToken) rules.noToken(call.generation, error);
		else if (error.empty()) rules.acknowledge(call.acknowledges);
		else rules.thrown(error, call.acknowledges);
	});
}


void ClientCore::handle(Event& event)
	/// By the mutex. A connection on which something cannot be done is cut: the rules begin again with the next one.
{
	try
	{
		tell(event);
	}
	catch (...) // there is no memory, or a token is no text
	{
		if (event.pConnection) event.pConnection->abort();
	}
}


void ClientCore::tell(Event& event)
	/// By the mutex.
{
	switch (event.kind)
	{
	case Event::OPENED:
		_pConnection = event.pConnection;
		return _rules.opened(now());
	case Event::MESSAGE:
		_waiting -= event.bytes.size();
		if (_paused && _waiting <= MAX_WAITING/2)
		{
			_paused = false;
			event.pConnection->resume();
		}
		return _rules.received(std::move(event.bytes), event.text, now());
	case Event::LOST:
		_pConnection.reset();
		return _rules.closed(event.bytes);
	case Event::DRAINED:
		return; // it sends again
	case Event::STOPPED:
		_pConnection.reset();
		_rules.stop();
		ClientRules::Call done;
		done.function = [this]()
		{
			const std::lock_guard<std::mutex> lock(_mutex);
			++_stopped;
			_condition.notify_all();
		};
		_rules.output().calls.push_back(std::move(done));
		return;
	}
}


void ClientCore::flush() noexcept
{
	ClientRules::Output& output = _rules.output();
	if (!_pConnection) return;
	Connection& connection = const_cast<Connection&>(*_pConnection);
	try
	{
		const auto opcode = _pParams->getFormat().text() ? WebSocketFrame::OP_TEXT : WebSocketFrame::OP_BINARY;
		while (!output.messages.empty() && connection.send(output.messages.front(), opcode) != Connection::QUEUE_FULL) output.messages.pop_front();
		if (output.closeCode == 0) return;
		connection.close(output.closeCode, output.closeReason);
		output.closeCode = 0;
	}
	catch (...) // there is no memory
	{
		connection.abort();
	}
}


POCO_MESSAGING_END
} } // namespace Poco::Messaging
