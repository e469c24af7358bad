//
// WebSocketClientLoop.cpp
//
// Library: PocoWebSocket
// Package: WebSocket
// Module:  WebSocketClientLoop
//
// SPDX-License-Identifier: BSL-1.0
//


#include "WebSocketClientLoop.h"
#include "Poco/Net/WebSocketServer.h"
#include "Poco/Exception.h"
#include <string>
#include <utility>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


namespace
{
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
WebSocketClientLoop::Core::Core(std::vector<WebSocketReactor::Ptr> reactors, bool own):
	_reactors(std::move(reactors)),
	_own(own)
{
}


void WebSocketClientLoop::Core::start(int connectors)
{
	for (int i = 0; i < connectors; ++i) _threads.emplace_back([this] { work(); });
}


void WebSocketClientLoop::Core::stop()
{
	{
		std::lock_guard<std::mutex> lock(_mutex);
		_stopped = true;
		_jobs.clear();
	}
	_wake.notify_all();
	for (std::thread& thread: _threads) thread.join();
	if (!_own) return;
	for (auto& pReactor: _reactors) pReactor->stop();
}


WebSocketReactor& WebSocketClientLoop::Core::chooseReactor()
{
	return *_reactors[_next.fetch_add(1, std::memory_order_relaxed) % _reactors.size()];
}


void WebSocketClientLoop::Core::connect(const std::function<void()>& job)
{
	{
		std::lock_guard<std::mutex> lock(_mutex);
		if (_stopped) return;
		_jobs.push_back(job);
	}
	_wake.notify_one();
}


void WebSocketClientLoop::Core::work()
{
	for (;;)
	{
		std::function<void()> job;
		{
			std::unique_lock<std::mutex> lock(_mutex);
			_wake.wait(lock, [this] { return _stopped || !_jobs.empty(); });
			if (_stopped) return;
			job = std::move(_jobs.front());
			_jobs.pop_front();
		}
		try
		{
			job();
		}
		catch (const std::exception&)
		{
			// no memory, not even for saying so
		}
	}
}


//
// WebSocketClientLoop
//
WebSocketClientLoop::WebSocketClientLoop(int threads, int connectors):
	_pCore(nullptr)
{
	checkedCount(connectors, "Number of connectors");
	_pCore = new Core(startReactors(checkedCount(threads, "Number of threads")), true);
	_pCore->start(connectors);
}


WebSocketClientLoop::WebSocketClientLoop(WebSocketServer& server, int connectors):
	_pCore(nullptr)
{
	checkedCount(connectors, "Number of connectors");
	_pCore = new Core(server.reactors(), false);
	_pCore->start(connectors);
}


WebSocketClientLoop::~WebSocketClientLoop()
{
	if (_pCore->forked()) return; // it stays in the child's memory
	_pCore->stop();
	_pCore->release();
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
