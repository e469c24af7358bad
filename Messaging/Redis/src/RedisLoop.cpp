//
// RedisLoop.cpp
//
// Library: PocoMessagingRedis
// Package: Redis
// Module:  RedisLoop
//
// SPDX-License-Identifier: BSL-1.0
//


#include "RedisLoop.h"
#include "Poco/Exception.h"
#include <algorithm>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>


namespace Poco {
namespace Messaging {
POCO_MESSAGING_BEGIN


namespace
{
	constexpr int TICK = 100; // ms
}


//
// RedisLoop::Waker
//
RedisLoop::Waker::Waker():
	_woken(false),
	_event(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC))
{
	if (_event < 0) throw Poco::SystemException("eventfd");
}


RedisLoop::Waker::~Waker()
{
	::close(_event);
}


void RedisLoop::Waker::wake()
{
	if (_woken.exchange(true)) return;
	const Poco::UInt64 one = 1;
	if (::write(_event, &one, sizeof(one)) < 0) return; // the counter is full: it will wake
}


//
// RedisLoop
//
RedisLoop::RedisLoop():
	_stopping(false),
	_pWaker(std::make_shared<Waker>())
{
}


RedisLoop::~RedisLoop()
{
	stop();
}


void RedisLoop::start(const Turn& turn)
{
	_turn = turn;
	_thread = std::thread([this]()
	{
		run();
		const Turn last = std::move(_turn); // which may hold what holds this
	});
}


void RedisLoop::stop()
{
	_stopping = true;
	wake();
	if (!_thread.joinable()) return;
	if (isCurrent()) _thread.detach();
	else _thread.join();
}


bool RedisLoop::isCurrent() const
{
	return _thread.get_id() == std::this_thread::get_id();
}


void RedisLoop::watch(redisAsyncContext& context)
{
	_watches.push_back(std::make_unique<Watch>());
	Watch& watch = *_watches.back();
	watch.pContext = &context;
	context.ev.data = &watch;
	context.ev.addRead = [](void* p) { static_cast<Watch*>(p)->reads = true; };
	context.ev.delRead = [](void* p) { static_cast<Watch*>(p)->reads = false; };
	context.ev.addWrite = [](void* p) { static_cast<Watch*>(p)->writes = true; };
	context.ev.delWrite = [](void* p) { static_cast<Watch*>(p)->writes = false; };
	context.ev.cleanup = [](void* p) { static_cast<Watch*>(p)->gone = true; };
}


void RedisLoop::run()
{
	while (!_stopping)
	{
		_pWaker->_woken = false;
		_turn();
		write();
		wait();
	}
}


void RedisLoop::write()
	/// What was queued mostly fits at once. A context that connects is writable when it is connected.
{
	for (std::size_t i = 0; i < _watches.size(); ++i)
	{
		Watch& watch = *_watches[i];
		if (!watch.gone && watch.writes && (watch.pContext->c.flags & REDIS_CONNECTED)) ::redisAsyncHandleWrite(watch.pContext);
	}
}


void RedisLoop::wait()
{
	_watches.erase(std::remove_if(_watches.begin(), _watches.end(), [](const auto& pWatch) { return pWatch->gone; }), _watches.end());
	std::vector<pollfd> sockets;
	sockets.push_back({_pWaker->_event, POLLIN, 0});
	for (const auto& pWatch: _watches)
		sockets.push_back({pWatch->pContext->c.fd, static_cast<short>((pWatch->reads ? POLLIN : 0) | (pWatch->writes ? POLLOUT : 0)), 0});
	if (::poll(sockets.data(), sockets.size(), TICK) <= 0) return;
	if (sockets[0].revents)
	{
		Poco::UInt64 count = 0;
		if (::read(_pWaker->_event, &count, sizeof(count)) < 0) return;
	}
	for (std::size_t i = 1; i < sockets.size(); ++i)
	{
		Watch& watch = *_watches[i - 1]; // new ones come behind
		const short ready = sockets[i].revents;
		if (!watch.gone && watch.reads && (ready & (POLLIN | POLLERR | POLLHUP))) ::redisAsyncHandleRead(watch.pContext);
		if (!watch.gone && watch.writes && (ready & (POLLOUT | POLLERR | POLLHUP))) ::redisAsyncHandleWrite(watch.pContext);
	}
}


POCO_MESSAGING_END
} } // namespace Poco::Messaging
