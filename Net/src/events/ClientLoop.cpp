//
// ClientLoop.cpp
//
// Library: PocoWebSocket
// Package: Events
// Module:  WebSocketClientLoop
//
// SPDX-License-Identifier: BSL-1.0
//


#include "events/ClientLoop.h"
#include "Poco/Net/WebSocketServer.h"
#include "Poco/Exception.h"
#include <algorithm>
#include <chrono>
#include <string>
#include <utility>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


namespace
{
	constexpr std::chrono::seconds IDLE(5);

	int checkedCount(int count, const char* name)
	{
		if (count < 1 || count > 256) throw InvalidArgumentException(std::string(name) + " out of range: " + std::to_string(count));
		return count;
	}

	std::vector<WebSocketReactor::Ptr> startReactors(int count)
	{
		std::vector<WebSocketReactor::Ptr> reactors;
		for (int i = 0; i < count; ++i)
		{
			reactors.push_back(new WebSocketReactor(0));
			reactors.back()->start("WebSocketClient " + std::to_string(i + 1));
		}
		return reactors;
	}
}


//
// WebSocketClientLoop::Core
//
WebSocketClientLoop::Core::Core(std::vector<WebSocketReactor::Ptr> reactors, bool own, int connectors):
	_reactors(std::move(reactors)),
	_own(own),
	_connectors(connectors)
{
}


void WebSocketClientLoop::Core::start()
{
	std::lock_guard<std::mutex> lock(_mutex);
	startThread();
}


void WebSocketClientLoop::Core::destroy()
{
	end();
	if (!WebSocketReactor::anyCurrent()) // or the peer that a connection is being made to may be waiting for this thread
	{
		const WebSocketPlace::Wait wait(places());
		if (wait.possible())
		{
			join();
			return;
		}
	}
	endOthers();
	WebSocketPlace::callElsewhere([pThis = Poco::AutoPtr<Core>(this, true)]() mutable { pThis->join(); });
}


WebSocketPlace::Wait::Places WebSocketClientLoop::Core::places() const
{
	WebSocketPlace::Wait::Places places(1, &_place);
	if (!_own) return places;
	for (const auto& pReactor: _reactors) places.push_back(&pReactor->place());
	return places;
}


void WebSocketClientLoop::Core::end()
	/// Tells the threads.
{
	std::list<std::deque<std::function<void()>>> forgotten; // without the lock: they may own somebody
	{
		std::lock_guard<std::mutex> lock(_mutex);
		_stopped = true;
		_ready.clear();
		for (auto& server: _servers) forgotten.emplace_back().swap(server.second.jobs);
	}
	_wake.notify_all();
	if (!_own) return;
	for (auto& pReactor: _reactors) pReactor->end();
}


void WebSocketClientLoop::Core::endOthers()
	/// Waits for the loops, but for those that wait for this thread. (Nobody is told by the other threads.)
{
	if (!_own) return;
	for (auto& pReactor: _reactors)
	{
		const WebSocketPlace::Wait wait({&pReactor->place()});
		if (wait.possible()) pReactor->stop();
	}
}


void WebSocketClientLoop::Core::join()
{
	std::list<std::thread> threads;
	{
		std::lock_guard<std::mutex> lock(_mutex);
		threads.swap(_threads);
		threads.splice(threads.end(), _ended);
	}
	for (std::thread& thread: threads) thread.join();
	if (!_own) return;
	for (auto& pReactor: _reactors) pReactor->stop();
}


WebSocketReactor& WebSocketClientLoop::Core::chooseReactor()
{
	return *_reactors[_next.fetch_add(1, std::memory_order_relaxed) % _reactors.size()];
}


void WebSocketClientLoop::Core::connect(const std::string& name, const std::function<void()>& job)
{
	joinEnded();
	std::lock_guard<std::mutex> lock(_mutex);
	if (_stopped) return;
	const auto inserted = _servers.try_emplace(name);
	Server& server = inserted.first->second;
	if (inserted.second) server.place.push_back(inserted.first);
	server.jobs.push_back(job);
	list(server);
	provideThread();
}


void WebSocketClientLoop::Core::list(Server& server)
	/// Called under the lock, as the next ones.
{
	if (server.place.empty() || server.jobs.empty() || server.running >= _connectors) return;
	_ready.splice(_ready.end(), server.place);
	server.since.update();
}


std::size_t WebSocketClientLoop::Core::free() const
	/// Returns how many attempts may begin without patience.
{
	const std::size_t running = _threads.size() - _idle;
	return running < AT_ONCE ? AT_ONCE - running : 0;
}


Poco::Clock::ClockDiff WebSocketClientLoop::Core::patience() const
	/// Returns for how many microseconds the first one that is ready has to wait still.
{
	const Poco::Clock::ClockDiff waited = _ready.front()->second.since.elapsed();
	return free() > 0 ? 0 : std::max<Poco::Clock::ClockDiff>(PATIENCE*1000 - waited, 0);
}


void WebSocketClientLoop::Core::provideThread()
{
	if (_ready.empty()) return;
	_wake.notify_one();
	const std::size_t needed = std::min(_ready.size(), free() + 1); // this one is for those that wait
	if (_idle >= needed || _threads.size() >= MAX_THREADS) return;
	try
	{
		startThread();
	}
	catch (const std::exception&)
	{
		// those that there are do it later
	}
}


void WebSocketClientLoop::Core::startThread()
{
	const auto self = _threads.emplace(_threads.end());
	try
	{
		*self = std::thread([this, self] { work(self); });
		++_idle;
	}
	catch (...)
	{
		_threads.erase(self);
		throw;
	}
}


void WebSocketClientLoop::Core::joinEnded()
{
	std::list<std::thread> ended;
	{
		std::lock_guard<std::mutex> lock(_mutex);
		ended.swap(_ended);
	}
	for (std::thread& thread: ended) thread.join();
}


void WebSocketClientLoop::Core::work(std::list<std::thread>::iterator self)
{
	const WebSocketPlace::Visit visit(_place);
	std::unique_lock<std::mutex> lock(_mutex);
	for (bool idle = false; !idle || _threads.size() == 1;)
	{
		if (_stopped) return; // join() has the thread
		if (_ready.empty() || patience() > 0)
		{
			idle = rest(lock);
			continue;
		}
		idle = false;
		--_idle;
		perform(lock);
		++_idle;
	}
	--_idle;
	_ended.splice(_ended.end(), _threads, self);
}


bool WebSocketClientLoop::Core::rest(std::unique_lock<std::mutex>& lock)
	/// Waits for something to do. Returns true if there has been nothing for a while.
{
	if (_ready.empty()) return _wake.wait_for(lock, IDLE) == std::cv_status::timeout && _ready.empty() && !_stopped;
	_wake.wait_for(lock, std::chrono::microseconds(patience()));
	return false;
}


void WebSocketClientLoop::Core::perform(std::unique_lock<std::mutex>& lock)
{
	const Servers::iterator it = _ready.front();
	Server& server = it->second;
	server.place.splice(server.place.end(), _ready, _ready.begin());
	std::function<void()> job = std::move(server.jobs.front());
	server.jobs.pop_front();
	++server.running;
	list(server);
	provideThread();
	lock.unlock();
	try
	{
		job();
	}
	catch (const std::exception&)
	{
		// no memory, not even for saying so
	}
	job = nullptr; // may be the last owner of a client
	lock.lock();
	--server.running;
	list(server);
	if (server.running == 0 && server.jobs.empty()) _servers.erase(it);
}


//
// WebSocketClientLoop
//
WebSocketClientLoop::WebSocketClientLoop(int threads, int connectors):
	_pCore(nullptr)
{
	checkedCount(connectors, "Number of connectors");
	_pCore = new Core(startReactors(checkedCount(threads, "Number of threads")), true, connectors);
	_pCore->start();
}


WebSocketClientLoop::WebSocketClientLoop(WebSocketServer& server, int connectors):
	_pCore(nullptr)
{
	checkedCount(connectors, "Number of connectors");
	_pCore = new Core(server.reactors(), false, connectors);
	_pCore->start();
}


WebSocketClientLoop::~WebSocketClientLoop()
{
	if (_pCore->forked()) return; // it stays in the child's memory
	_pCore->destroy();
	_pCore->release();
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
