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
	constexpr std::uint64_t SET_OF_LAST = 1; // in place of a source's address
	constexpr std::chrono::microseconds LEAST_FOR_LAST(100); // in a turn
	constexpr int SHARE_OF_LAST = 8; // more would have turns grow: who is let in has something to say soon

	[[noreturn]] void raise(const char* what)
	{
		const int code = errno;
		throw Poco::SystemException(std::string(what) + ": " + Poco::Error::getMessage(code), code);
	}

	bool control(int epoll, int operation, int fd, int events, std::uint64_t data)
	{
		epoll_event event = epoll_event();
		event.events = (events & WebSocketPoller::READ ? EPOLLIN : 0u) | (events & WebSocketPoller::WRITE ? EPOLLOUT : 0u);
		event.data.u64 = data;
		return ::epoll_ctl(epoll, operation, fd, &event) == 0;
	}
}


WebSocketPoller::WebSocketPoller():
	_epoll(::epoll_create1(EPOLL_CLOEXEC)),
	_last(::epoll_create1(EPOLL_CLOEXEC)),
	_wake(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
	_woken(false),
	_count(0),
	_position(0)
{
	if (_epoll >= 0 && _last >= 0 && _wake >= 0 && control(_epoll, EPOLL_CTL_ADD, _wake, READ, 0) && control(_epoll, EPOLL_CTL_ADD, _last, READ, SET_OF_LAST)) return;
	const int code = errno;
	close();
	errno = code;
	raise("epoll");
}


WebSocketPoller::~WebSocketPoller()
{
	close();
}


void WebSocketPoller::close()
{
	for (const int fd: {_wake, _last, _epoll})
	{
		if (fd >= 0) ::close(fd);
	}
}


void WebSocketPoller::add(int fd, int events, Source& source)
{
	if (!control(events & LAST ? _last : _epoll, EPOLL_CTL_ADD, fd, events, reinterpret_cast<std::uintptr_t>(&source))) raise("epoll_ctl");
}


void WebSocketPoller::change(int fd, int events, Source& source)
{
	const int set = events & LAST ? _last : _epoll;
	if (control(set, EPOLL_CTL_MOD, fd, events, reinterpret_cast<std::uintptr_t>(&source))) return;
	if (errno != ENOENT) raise("epoll_ctl");
	// So it is in the other one, or in none.
	add(fd, events, source);
	if (control(events & LAST ? _epoll : _last, EPOLL_CTL_DEL, fd, 0, 0)) return;
	control(set, EPOLL_CTL_DEL, fd, 0, 0);
	errno = ENOENT;
	raise("epoll_ctl");
}


void WebSocketPoller::remove(int fd)
{
	if (!control(_epoll, EPOLL_CTL_DEL, fd, 0, 0)) control(_last, EPOLL_CTL_DEL, fd, 0, 0);
}


bool WebSocketPoller::wait(int milliseconds)
{
	_position = 0;
	_count = ::epoll_wait(_epoll, _batch, BATCH_SIZE, milliseconds);
	if (_count >= 0) return _count > 0;
	_count = 0;
	if (errno != EINTR) raise("epoll_wait");
	return false;
}


inline void WebSocketPoller::dispatch(const epoll_event& event, int how)
{
	if (Source* const pSource = reinterpret_cast<Source*>(static_cast<std::uintptr_t>(event.data.u64)))
	{
		// An error is found by reading and by writing, whatever is waited for. The system does not always say so: a Unix
		// domain socket whose peer has gone is not writable before the peer's buffer has been freed.
		const bool failed = (event.events & (EPOLLERR | EPOLLHUP)) != 0;
		pSource->ready((failed || (event.events & EPOLLIN) ? READ : 0) | (failed || (event.events & EPOLLOUT) ? WRITE : 0) | how);
	}
	else if (event.events)
	{
		eventfd_t value = 0;
		::eventfd_read(_wake, &value);
		_woken.exchange(false); // before it is looked for what was posted
	}
}


void WebSocketPoller::dispatch(std::chrono::steady_clock::time_point begin)
{
	bool last = false;
	const epoll_event* const pEnd = _batch + _count;
	for (const epoll_event* p = _batch; p != pEnd; ++p)
	{
		++_position; // for forget()
		if (p->data.u64 == SET_OF_LAST) last = true;
		else dispatch(*p, 0);
	}
	if (last) dispatchLast(begin);
}


[[gnu::noinline]] void WebSocketPoller::dispatchLast(std::chrono::steady_clock::time_point begin)
	/// The system gives one after the other, and then the first one again.
{
	const auto now = std::chrono::steady_clock::now();
	const auto end = now + std::max<std::chrono::steady_clock::duration>((now - begin)/SHARE_OF_LAST, LEAST_FOR_LAST);
	std::uint64_t first = 0;
	epoll_event event = epoll_event();
	while (::epoll_wait(_last, &event, 1, 0) == 1 && event.data.u64 != first)
	{
		if (first == 0) first = event.data.u64;
		dispatch(event, LAST);
		if (std::chrono::steady_clock::now() >= end) break;
	}
}


void WebSocketPoller::wakeUp()
{
	if (!_woken.exchange(true)) ::eventfd_write(_wake, 1);
}


void WebSocketPoller::forget(const Source& source)
{
	for (int i = _position; i < _count; ++i)
	{
		if (_batch[i].data.u64 == reinterpret_cast<std::uintptr_t>(&source)) _batch[i] = epoll_event();
	}
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
