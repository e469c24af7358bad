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
#include "events/OpeningHandshake.h"
#include "Poco/Net/WebSocketConnectionParams.h"
#include "Poco/Clock.h"
#include "Poco/Exception.h"
#include "Poco/Logger.h"
#include <openssl/rand.h>
#include <algorithm>
#include <chrono>
#include <limits>
#include <utility>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


namespace
{
	thread_local const WebSocketReactor* pCurrent = nullptr;

	std::size_t broadcastBytes(const WebSocketPreparedMessage& message)
	{
		return message.frame().size() + WebSocketConnectionParams::QUEUE_ENTRY;
	}

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
	_started(false),
	_stopping(false),
	_pInput(new char[INPUT_SIZE]),
	_broadcastBytes(0),
	_keys(KEY_POOL_SIZE),
	_nextKey(KEY_POOL_SIZE),
	_pReading(nullptr),
	_load(0),
	_storedSize(0),
	_ended(true),
	_posted(false),
	_taskBytes(0),
	_lost(false)
{
	_outputs.reserve(MAX_OUTPUTS);
}


WebSocketReactor::~WebSocketReactor()
{
	stop();
}


void WebSocketReactor::open()
{
	std::lock_guard<std::mutex> lock(_mutex);
	_ended = false;
}


void WebSocketReactor::start(const std::string& name)
{
	open();
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
	invokeAndWait([&done] { done = true; });
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


bool WebSocketReactor::post(Task&& task)
{
	{
		std::lock_guard<std::mutex> lock(_mutex);
		if (_ended) return false;
		_tasks.push_back(std::move(task));
		_posted.store(true, std::memory_order_release);
	}
	_poller.wakeUp();
	return true;
}


bool WebSocketReactor::invoke(const std::function<void()>& function)
{
	{
		std::lock_guard<std::mutex> lock(_mutex);
		if (_ended) return false;
		_functions.push_back(function);
		_posted.store(true, std::memory_order_release);
	}
	_poller.wakeUp();
	return true;
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
	std::vector<Task> tasks;
	std::vector<std::vector<WebSocketEventConnection::Ptr>> lists;
	std::vector<std::function<void()>> functions; // are forgotten without the lock: they may own somebody
	{
		std::lock_guard<std::mutex> lock(_mutex);
		_ended = true;
		tasks.swap(_tasks);
		lists.swap(_lists);
		functions.swap(_functions);
	}
	functions.clear();
	lists.clear();
	for (Task& task: tasks)
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
	while (!_connections.empty()) _connections.back()->cut(); // which removes it
}


[[gnu::hot]] void WebSocketReactor::turn()
{
	const int milliseconds = timeout();
	if (_spin == 0 || milliseconds == 0 || !spin(milliseconds)) _poller.wait(milliseconds);
	_pReading = nullptr;
	updateNow(); // what happens now is to have the time of now
	if (_againNow.empty()) _againNow.swap(_again); // of the turn before: what is added now comes after those that the poller finds next
	_poller.dispatch();
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
	if (!_again.empty() || !_againNow.empty() || !_dirty.empty() || _broadcasts.waiting()) return 0;
	return _timers.untilNext(_now);
}


void WebSocketReactor::updateNow()
{
	_turn = std::chrono::steady_clock::now();
	_now = toTime(_turn);
}


void WebSocketReactor::performTasks()
{
	if (!_posted.load(std::memory_order_acquire)) return;
	std::vector<Task> tasks;
	std::vector<std::vector<WebSocketEventConnection::Ptr>> lists;
	std::vector<std::function<void()>> functions;
	{
		std::lock_guard<std::mutex> lock(_mutex);
		_posted.store(false, std::memory_order_relaxed);
		tasks.swap(_tasks);
		lists.swap(_lists);
		functions.swap(_functions);
		_taskBytes = 0;
		_lost = false;
	}
	for (Task& task: tasks)
	{
		if (task.what == Task::BROADCAST) performBroadcast(task);
		else if (task.what == Task::SEND_TO_MANY) performToMany(task, lists[static_cast<std::size_t>(task.message.opcode)]);
		else task.pConnection->perform(task);
	}
	for (const auto& function: functions)
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


void WebSocketReactor::postBroadcast(const WebSocketPreparedMessage::Ptr& pMessage, std::size_t limit)
{
	{
		std::lock_guard<std::mutex> lock(_mutex);
		if (_ended) return;
		const std::size_t bytes = broadcastBytes(*pMessage);
		const bool kept = _taskBytes == 0 || _taskBytes + bytes <= limit;
		if (!kept && _lost) return;
		_tasks.push_back(Task{nullptr, Task::BROADCAST, {static_cast<int>(limit), WebSocketBuffer(), kept ? pMessage : WebSocketPreparedMessage::Ptr()}});
		_taskBytes += kept ? bytes : 0;
		_lost = !kept;
		_posted.store(true, std::memory_order_release);
	}
	_poller.wakeUp();
}


void WebSocketReactor::broadcast(const WebSocketPreparedMessage::Ptr& pMessage, std::size_t limit)
{
	provide(_receivers, static_cast<std::size_t>(load()));
	if (!_runs.empty()) settleRuns();
	const bool small = pMessage->frame().size() < WebSocketOutput::LARGE;
	_broadcasts.add(pMessage, small ? _fanOut.place(pMessage) : nullptr);
	_broadcastBytes += broadcastBytes(*pMessage);
	if (_broadcastBytes > limit) giveBroadcasts();
}


[[gnu::cold, gnu::noinline]] void WebSocketReactor::giveBroadcasts()
	/// What was broadcast in this turn does not wait for its end any longer: whether it fits is known in each connection's queue. A callback may be running.
{
	for (auto& pConnection: connections())
	{
		if (pConnection->isBehind()) pConnection->give();
	}
	_broadcasts.begin();
	_broadcasts.clear();
	_broadcastBytes = 0;
}


void WebSocketReactor::performBroadcast(const Task& task)
	/// For another thread.
{
	try
	{
		if (task.message.pPrepared)
		{
			broadcast(task.message.pPrepared, static_cast<std::size_t>(task.message.opcode));
			return;
		}
		for (auto& pConnection: connections()) pConnection->loseBroadcast();
	}
	catch (const std::exception& exc)
	{
		logError(exc);
	}
}


void WebSocketReactor::postToMany(const WebSocketPreparedMessage::Ptr& pMessage, std::vector<WebSocketEventConnection::Ptr>&& connections)
{
	{
		std::lock_guard<std::mutex> lock(_mutex);
		if (_ended) return;
		_lists.emplace_back(); // if the task is not kept, nobody finds it
		_tasks.push_back(Task{nullptr, Task::SEND_TO_MANY, {static_cast<int>(_lists.size() - 1), WebSocketBuffer(), pMessage}});
		_lists.back() = std::move(connections);
		_posted.store(true, std::memory_order_release);
	}
	_poller.wakeUp();
}


void WebSocketReactor::performToMany(const Task& task, std::vector<WebSocketEventConnection::Ptr>& connections)
{
	std::size_t index = WebSocketTurnMessages::NONE;
	try
	{
		index = share(task.message.pPrepared, task.message.cost(), connections.size());
	}
	catch (const std::exception&)
	{
		// There is no memory to do it for all: each connection says what it does without.
	}
	for (auto& pConnection: connections) pConnection->takeShared(task.message.pPrepared, index);
}


std::size_t WebSocketReactor::share(const WebSocketPreparedMessage::Ptr& pMessage, std::size_t reserved, std::size_t count)
{
	provide(_runs, count);
	if (_turnMessages.isLast(*pMessage, reserved)) return _turnMessages.size() - 1;
	const bool small = pMessage->frame().size() < WebSocketOutput::LARGE;
	const std::size_t index = _turnMessages.add(pMessage, small ? _fanOut.place(pMessage) : nullptr, reserved);
	_broadcasts.wake();
	return index;
}


void WebSocketReactor::giveRuns()
{
	for (std::size_t i = 0; i < _runs.size(); ++i) _runs[i]->giveRun(); // callbacks may add some
	_runs.clear();
	_turnMessages.clear();
}


[[gnu::cold, gnu::noinline]] void WebSocketReactor::settleRuns()
	/// What was sent before comes before what is broadcast.
{
	for (WebSocketEventConnection* pConnection: _runs) pConnection->give();
	_runs.clear();
	_turnMessages.clear();
}


void WebSocketReactor::distribute()
	/// Gives what is shared or broadcast to those that have not got it yet, and flushes them.
{
	if (!_turnMessages.empty()) giveRuns();
	if (_broadcasts.size() == 0) return;
	_receivers.clear();
	for (WebSocketEventConnection* pConnection: _connections)
	{
		if (pConnection->isBehind()) _receivers.push_back(pConnection); // not more than there were at broadcast()
	}
	for (std::size_t i = 0; i < _receivers.size(); ++i) _receivers[i]->distribute(); // callbacks may broadcast
}


void WebSocketReactor::flushDirty()
{
	do
	{
		if (_broadcasts.begin()) distribute();
		for (std::size_t i = 0; i < _dirty.size(); ++i) // callbacks may add some
		{
			_dirty[i]->dirty = false;
			_dirty[i]->flush();
		}
		_dirty.clear();
	}
	while (_broadcasts.waiting());
	_broadcasts.clear();
	_broadcastBytes = 0;
	_fanOut.clear(); // what could not be sent was copied
	for (std::size_t i = 0; i < _graveyard.size(); ++i) _graveyard[i]->release();
	_graveyard.clear();
}


template <typename Element>
void WebSocketReactor::provide(std::vector<Element>& list, std::size_t more)
{
	const std::size_t needed = list.size() + more;
	if (list.capacity() < needed) list.reserve(2*needed);
}


void WebSocketReactor::add(WebSocketEventConnection& connection)
{
	const std::size_t count = static_cast<std::size_t>(load()) + 1;
	provide(_dirty, count);
	provide(_again, count + _againNow.size());
	provide(_againNow, count + _again.size());
	provide(_graveyard, count);
	{
		std::lock_guard<std::mutex> lock(_connectionsMutex);
		provide(_connections, 1);
		connection.duplicate();
		connection.place = static_cast<Poco::UInt32>(_connections.size());
		_connections.push_back(&connection);
	}
	_timers.set(connection, _now + WebSocketTimerWheel::MAX_DISTANCE); // as long as it is in the loop it has some time
	_load.fetch_add(1, std::memory_order_relaxed);
}


void WebSocketReactor::remove(WebSocketEventConnection& connection)
{
	_timers.cancel(connection);
	{
		std::lock_guard<std::mutex> lock(_connectionsMutex);
		_connections.back()->place = connection.place;
		_connections[connection.place] = _connections.back();
		_connections.pop_back();
	}
	_load.fetch_sub(1, std::memory_order_relaxed);
	_poller.forget(connection);
	_graveyard.push_back(&connection);
}


std::vector<WebSocketEventConnection::Ptr> WebSocketReactor::connections()
{
	std::vector<WebSocketEventConnection::Ptr> result;
	result.reserve(_connections.size());
	for (WebSocketEventConnection* pConnection: _connections) result.emplace_back(pConnection, true);
	return result;
}


void WebSocketReactor::collect(const WebSocketConnectionGroup& group, std::vector<WebSocketConnection::Ptr>& result)
{
	// From the end on: one that goes meanwhile has its place taken by the last, which may then come twice, but not be left out.
	std::vector<WebSocketEventConnection::Ptr> found;
	found.reserve(static_cast<std::size_t>(load()) + SLICE);
	std::size_t end = std::numeric_limits<std::size_t>::max();
	do
	{
		found.reserve(found.size() + SLICE);
		std::lock_guard<std::mutex> lock(_connectionsMutex);
		end = std::min(end, _connections.size());
		const std::size_t begin = end > SLICE ? end - SLICE : 0;
		while (end > begin) found.emplace_back(_connections[--end], true);
	}
	while (end > 0);
	std::sort(found.begin(), found.end());
	found.erase(std::unique(found.begin(), found.end()), found.end());
	result.reserve(result.size() + found.size());
	for (const auto& pConnection: found)
	{
		if (pConnection->belongsTo(group) && pConnection->lives()) result.emplace_back(pConnection);
	}
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


const unsigned char* WebSocketReactor::nextKey()
{
	if (_nextKey == KEY_POOL_SIZE)
	{
		if (RAND_bytes(_keys.data(), KEY_POOL_SIZE) != 1)
			throw Poco::SystemException("No random numbers for masking keys");
		_nextKey = 0;
	}
	const unsigned char* const pKey = _keys.data() + _nextKey;
	_nextKey += WebSocketMask::KEY_LENGTH;
	return pKey;
}


[[gnu::noinline]] void WebSocketReactor::takeStoredOutput(std::unique_ptr<WebSocketOutput>& pOutput)
{
	if (_outputs.empty())
	{
		pOutput = std::make_unique<WebSocketOutput>();
		return;
	}
	pOutput = std::move(_outputs.back());
	_outputs.pop_back();
	_storedSize -= pOutput->bytes().capacity();
}


[[gnu::noinline]] void WebSocketReactor::storeOutput(std::unique_ptr<WebSocketOutput>& pOutput)
{
	std::unique_ptr<WebSocketOutput> pEmpty = std::move(pOutput);
	const std::size_t size = pEmpty->bytes().capacity();
	if (_outputs.size() == MAX_OUTPUTS || _storedSize + size > MAX_STORED) return;
	_outputs.push_back(std::move(pEmpty));
	_storedSize += size;
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
