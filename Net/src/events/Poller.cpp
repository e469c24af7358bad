//
// Poller.cpp
//
// Library: PocoWebSocket
// Package: Events
// Module:  WebSocketPoller
//
// SPDX-License-Identifier: BSL-1.0
//


#include "events/Poller.h"
#include "Poco/Error.h"
#include "Poco/Exception.h"
#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <sys/eventfd.h>
#include <unistd.h>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


namespace
{
	constexpr std::uint64_t TOLD_LAST = 1; // set in a source's address, which is even
	constexpr std::chrono::microseconds LEAST_FOR_LAST(100); // in a turn
	constexpr int SHARE_OF_LAST = 8; // more would have turns grow: who is let in has something to say soon

	[[noreturn]] void raise(const char* what)
	{
		const int code = errno;
		throw Poco::SystemException(std::string(what) + ": " + Poco::Error::getMessage(code), code);
	}
}


WebSocketPoller::WebSocketPoller():
	_epoll(::epoll_create1(EPOLL_CLOEXEC)),
	_wake(-1),
	_woken(false),
	_count(0),
	_position(0),
	_last(0),
	_told(0)
{
	if (_epoll < 0) raise("epoll_create1");
	_wake = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (_wake < 0)
	{
		::close(_epoll);
		raise("eventfd");
	}
	control(EPOLL_CTL_ADD, _wake, READ, nullptr);
}


WebSocketPoller::~WebSocketPoller()
{
	::close(_wake);
	::close(_epoll);
}


void WebSocketPoller::control(int operation, int fd, int events, Source* pSource)
{
	epoll_event event = epoll_event();
	event.events = (events & READ ? EPOLLIN : 0u) | (events & WRITE ? EPOLLOUT : 0u);
	event.data.u64 = reinterpret_cast<std::uintptr_t>(pSource) | (events & LAST ? TOLD_LAST : 0);
	if (::epoll_ctl(_epoll, operation, fd, &event) < 0) raise("epoll_ctl");
}


void WebSocketPoller::add(int fd, int events, Source& source)
{
	control(EPOLL_CTL_ADD, fd, events, &source);
}


void WebSocketPoller::change(int fd, int events, Source& source)
{
	control(EPOLL_CTL_MOD, fd, events, &source);
}


void WebSocketPoller::remove(int fd)
{
	epoll_event event = epoll_event();
	::epoll_ctl(_epoll, EPOLL_CTL_DEL, fd, &event);
}


bool WebSocketPoller::wait(int milliseconds)
{
	_position = _last = 0;
	_count = ::epoll_wait(_epoll, _batch, BATCH_SIZE, milliseconds);
	if (_count >= 0) return _count > 0;
	_count = 0;
	if (errno != EINTR) raise("epoll_wait");
	return false;
}


void WebSocketPoller::dispatch(std::chrono::steady_clock::time_point begin)
{
	while (_position < _count)
	{
		const epoll_event& event = _batch[_position++];
		if (event.data.u64 & TOLD_LAST) _batch[_last++] = event;
		else dispatch(event);
	}
	_count = _last;
	_position = _last = 0;
	if (_count > 0) dispatchLast(begin);
}


[[gnu::noinline]] void WebSocketPoller::dispatchLast(std::chrono::steady_clock::time_point begin)
	/// The system finds those that are still ready in the same order again: it goes on behind the one that was told last, if that is among them.
{
	const auto now = std::chrono::steady_clock::now();
	const auto end = now + std::max<std::chrono::steady_clock::duration>((now - begin)/SHARE_OF_LAST, LEAST_FOR_LAST);
	int next = 0;
	for (int i = 0; i < _count; ++i)
	{
		if (_batch[i].data.u64 == _told) next = (i + 1) % _count;
	}
	for (int i = 0; i < _count && (i == 0 || std::chrono::steady_clock::now() < end); ++i)
	{
		const epoll_event& event = _batch[next];
		next = (next + 1) % _count;
		_told = event.data.u64;
		dispatch(event);
	}
	_count = 0;
}


void WebSocketPoller::dispatch(const epoll_event& event)
{
	if (Source* const pSource = reinterpret_cast<Source*>(static_cast<std::uintptr_t>(event.data.u64 & ~TOLD_LAST)))
	{
		// An error is found by reading and by writing, whatever is waited for. The system does not always say so: a Unix
		// domain socket whose peer has gone is not writable before the peer's buffer has been freed.
		const bool failed = (event.events & (EPOLLERR | EPOLLHUP)) != 0;
		pSource->ready((failed || (event.events & EPOLLIN) ? READ : 0) | (failed || (event.events & EPOLLOUT) ? WRITE : 0));
	}
	else if (event.events)
	{
		eventfd_t value = 0;
		::eventfd_read(_wake, &value);
		_woken.exchange(false); // before it is looked for what was posted
	}
}


void WebSocketPoller::wakeUp()
{
	if (!_woken.exchange(true)) ::eventfd_write(_wake, 1);
}


void WebSocketPoller::forget(const Source& source)
{
	forget(source, 0, _last);
	forget(source, _position, _count);
}


void WebSocketPoller::forget(const Source& source, int begin, int end)
{
	for (int i = begin; i < end; ++i)
	{
		epoll_event& event = _batch[i];
		if ((event.data.u64 & ~TOLD_LAST) == reinterpret_cast<std::uintptr_t>(&source)) event = epoll_event();
	}
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
