//
// Reactor.cpp
//
// Library: PocoWebSocket
// Package: Events
// Module:  WebSocketReactor
//
// SPDX-License-Identifier: BSL-1.0
//


#include "events/Reactor.h"
#include "events/ListRoom.h"
#include "events/OpeningHandshake.h"
#include "Poco/Clock.h"
#include "Poco/Exception.h"
#include "Poco/Logger.h"
#include <algorithm>
#include <chrono>
#include <limits>
#include <utility>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


namespace
{
	constexpr Poco::Int32 LATE = 100; // ms after the time that a turn was to begin at

	thread_local const WebSocketReactor* pCurrent = nullptr;

	WebSocketReactor::Time toTime(std::chrono::steady_clock::time_point when)
	{
		return static_cast<WebSocketReactor::Time>(std::chrono::duration_cast<std::chrono::milliseconds>(when.time_since_epoch()).count());
	}
}


WebSocketReactor::WebSocketReactor(const Poco::Timespan& spin):
	_spin(spin),
	_turn(std::chrono::steady_clock::now()),
	_now(toTime(_turn)),
	_timers(_now),
	_postbox(_poller),
	_started(false),
	_stopping(false),
	_multicast(_connections),
	_pInput(new char[INPUT_SIZE]),
	_pReading(nullptr)
{
}


WebSocketReactor::~WebSocketReactor()
{
	stop();
}


void WebSocketReactor::start(const std::string& name)
{
	_postbox.open();
	std::lock_guard<std::mutex> lock(_joinMutex);
	_thread.setName(name);
	_thread.start(*this);
	_started = true;
}


void WebSocketReactor::end()
{
	_stopping = true;
	_poller.wakeUp();
}


void WebSocketReactor::stop()
{
	end();
	std::lock_guard<std::mutex> lock(_joinMutex); // another thread may do the same
	if (_started) _thread.join(); // also if it has ended already
	else finish(); // what was posted before its thread could not be started
	_started = false;
}


void WebSocketReactor::waitForTurn()
{
	bool done = false;
	_postbox.invokeAndWait([&done] { done = true; });
	if (!done) stop(); // it ends, or has ended
}


bool WebSocketReactor::current() const
{
	return pCurrent == this;
}


bool WebSocketReactor::anyCurrent()
{
	return pCurrent != nullptr;
}


[[gnu::hot]] void WebSocketReactor::run()
{
	const WebSocketPlace::Visit visit(_place);
	pCurrent = this;
	while (!_stopping)
	{
		try
		{
			turn();
		}
		catch (const std::exception& exc) // no memory, or descriptors: what could be done was done
		{
			logError(exc);
		}
	}
	finish();
	pCurrent = nullptr;
}


void WebSocketReactor::finish()
{
	updateNow();
	cutAll();
	_timers.clear();
	WebSocketPostbox::Contents posted = _postbox.close();
	posted.functions.clear(); // without the postbox's lock: they may own somebody
	posted.lists.clear();
	for (Task& task: posted.tasks)
	{
		if (task.what == Task::ADD) task.pConnection->discharge();
	}
	_againNow.clear();
	_again.clear(); // they share the ownership of this
	flushDirty();
	cutAll();
	_timers.clear();
}


void WebSocketReactor::cutAll()
{
	while (_connections.count() > 0) _connections.last().cut(); // which removes it
}


[[gnu::hot]] void WebSocketReactor::turn()
{
	const int milliseconds = timeout();
	const Time due = _now + static_cast<Time>(std::max(milliseconds, 0));
	if (_spin == 0 || milliseconds == 0 || !spin(milliseconds)) _poller.wait(milliseconds);
	_pReading = nullptr;
	updateNow(); // what happens now is to have the time of now
	if (_againNow.empty()) _againNow.swap(_again); // of the turn before: what is added now comes after those that the poller finds next
	const bool late = static_cast<Poco::Int32>(_now - due) > LATE; // what has come meanwhile is looked at before timers say that nothing has
	_poller.dispatch(late ? std::chrono::steady_clock::time_point() : _turn);
	for (auto& pConnection: _againNow)
	{
		pConnection->again = false;
		pConnection->ready(WebSocketPoller::READ | WebSocketPoller::LAST);
	}
	_againNow.clear();
	performTasks();
	_timers.run(_now);
	flushDirty();
	counters.turns.add(std::chrono::steady_clock::now() - _turn);
}


bool WebSocketReactor::spin(int milliseconds)
	/// Returns true if there was something to do, or is, because the time is up.
{
	const Poco::Clock::ClockDiff left = milliseconds < 0 ? std::numeric_limits<Poco::Clock::ClockDiff>::max() : 1000*static_cast<Poco::Clock::ClockDiff>(milliseconds);
	const Poco::Clock start;
	do
	{
		if (_poller.wait(0)) return true;
		if (start.isElapsed(left)) return true;
	}
	while (!start.isElapsed(_spin.totalMicroseconds()));
	return false;
}


int WebSocketReactor::timeout()
{
	if (!_again.empty() || !_againNow.empty() || !_dirty.empty() || _multicast.waiting()) return 0;
	return _timers.untilNext(_now);
}


void WebSocketReactor::updateNow()
{
	_turn = std::chrono::steady_clock::now();
	_now = toTime(_turn);
}


void WebSocketReactor::performTasks()
{
	if (_postbox.empty()) return;
	WebSocketPostbox::Contents posted = _postbox.take();
	for (Task& task: posted.tasks)
	{
		if (task.what == Task::BROADCAST) performBroadcast(task);
		else if (task.what == Task::SEND_TO_MANY) performToMany(task, posted.lists[static_cast<std::size_t>(task.message.opcode)]);
		else task.pConnection->perform(task);
	}
	for (const auto& function: posted.functions)
	{
		try
		{
			function();
		}
		catch (const std::exception& exc)
		{
			logError(exc);
		}
	}
}


void WebSocketReactor::logError(const std::exception& exc)
{
	try
	{
		Poco::Logger::get("WebSocketServer").error("Event loop: %s", std::string(exc.what()));
	}
	catch (const std::exception&)
	{
		// there is nobody left to tell
	}
}


void WebSocketReactor::performBroadcast(const Task& task)
	/// For another thread.
{
	try
	{
		if (task.message.pPrepared)
		{
			_multicast.broadcast(task.message.pPrepared, static_cast<std::size_t>(task.message.opcode));
			return;
		}
		for (auto& pConnection: _connections.all()) pConnection->loseBroadcast();
	}
	catch (const std::exception& exc)
	{
		logError(exc);
	}
}


void WebSocketReactor::performToMany(const Task& task, std::vector<WebSocketEventConnection::Ptr>& connections)
{
	std::size_t index = WebSocketTurnMessages::NONE;
	try
	{
		index = _multicast.share(task.message.pPrepared, task.message.cost(), connections.size());
	}
	catch (const std::exception&)
	{
		// There is no memory to do it for all: each connection says what it does without.
	}
	for (auto& pConnection: connections) pConnection->takeShared(task.message.pPrepared, index);
}


void WebSocketReactor::flushDirty()
{
	do
	{
		if (_multicast.waiting()) _multicast.distribute();
		for (std::size_t i = 0; i < _dirty.size(); ++i) // callbacks may add some
		{
			_dirty[i]->dirty = false;
			_dirty[i]->flush();
		}
		_dirty.clear();
	}
	while (_multicast.waiting());
	_multicast.clear();
	for (std::size_t i = 0; i < _graveyard.size(); ++i) _graveyard[i]->release();
	_graveyard.clear();
}


void WebSocketReactor::add(WebSocketEventConnection& connection)
{
	const std::size_t count = static_cast<std::size_t>(_connections.count()) + 1;
	provideRoom(_dirty, count);
	provideRoom(_again, count + _againNow.size());
	provideRoom(_againNow, count + _again.size());
	provideRoom(_graveyard, count);
	_connections.add(connection);
	_timers.set(connection, _now + WebSocketTimerWheel::MAX_DISTANCE); // as long as it is in the loop it has some time
}


void WebSocketReactor::remove(WebSocketEventConnection& connection)
{
	_timers.cancel(connection);
	_connections.remove(connection);
	_poller.forget(connection);
	_graveyard.push_back(&connection);
}


void WebSocketReactor::again(WebSocketEventConnection& connection)
{
	if (connection.again) return;
	_again.emplace_back(&connection, true);
	connection.again = true;
}


void WebSocketReactor::atLast(WebSocketEventConnection& connection)
{
	if (connection.again) return;
	_againNow.emplace_back(&connection, true);
	connection.again = true;
}


std::unique_ptr<WebSocketOpeningHandshake> WebSocketReactor::takeOpening()
{
	return _pOpening ? std::move(_pOpening) : std::make_unique<WebSocketOpeningHandshake>();
}


void WebSocketReactor::giveOpening(std::unique_ptr<WebSocketOpeningHandshake> pOpening)
{
	pOpening->forget();
	_pOpening = std::move(pOpening);
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
