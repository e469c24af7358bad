//
// CallCount.cpp
//
// SPDX-License-Identifier: BSL-1.0
//


#include "support/CallCount.h"
#include <atomic>
#include <dlfcn.h>
#include <poll.h>
#include <sys/epoll.h>


struct ssl_st;


namespace
{
	std::atomic<long> calls{0};

	template <class Function>
	Function original(const char* pName)
	{
		return reinterpret_cast<Function>(::dlsym(RTLD_NEXT, pName));
	}
}


// Each is called in place of the system's, and OpenSSL's.
extern "C" int poll(pollfd* pEntries, nfds_t count, int timeout)
{
	static const auto pOriginal = original<int (*)(pollfd*, nfds_t, int)>("poll");
	++calls;
	return pOriginal(pEntries, count, timeout);
}


extern "C" int epoll_wait(int epoll, epoll_event* pEvents, int count, int timeout)
{
	static const auto pOriginal = original<int (*)(int, epoll_event*, int, int)>("epoll_wait");
	++calls;
	return pOriginal(epoll, pEvents, count, timeout);
}


extern "C" int SSL_peek(ssl_st* pSSL, void* pTarget, int length)
{
	static const auto pOriginal = original<int (*)(ssl_st*, void*, int)>("SSL_peek");
	++calls;
	return pOriginal(pSSL, pTarget, length);
}


namespace WebSocketTest {


CallCount::CallCount():
	_before(calls)
{
}


long CallCount::count() const
{
	return calls - _before;
}


} // namespace WebSocketTest
