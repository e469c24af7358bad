//
// TurnRecorder.cpp
//
// Library: PocoWebSocket
// Package: Benchmark
// Module:  TurnRecorder
//
// To be preloaded into a server with an event loop: takes the time of each turn, from epoll_wait()'s return to its next call.
//
// SPDX-License-Identifier: BSL-1.0
//


#include <dlfcn.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <unistd.h>
#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <ctime>


namespace
{
	const std::size_t SIZE = 65536; // of a histogram: how many turns took 0 us, 1 us and so on; the last: so long or longer

	std::uint64_t* histogram()
		/// Returns the contents of the file that BENCHMARK_TURNS names, where others read them.
	{
		const char* const pName = std::getenv("BENCHMARK_TURNS");
		const int fd = pName ? open(pName, O_RDWR | O_CLOEXEC) : -1;
		if (fd < 0 || ftruncate(fd, SIZE*sizeof(std::uint64_t)) != 0) std::abort();
		void* const pBegin = mmap(nullptr, SIZE*sizeof(std::uint64_t), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		if (pBegin == MAP_FAILED) std::abort();
		close(fd);
		return static_cast<std::uint64_t*>(pBegin);
	}

	std::int64_t clockTime()
		/// The thread's own: it stands still while others have the core, and while another machine has it.
	{
		timespec time = timespec();
		clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
		return static_cast<std::int64_t>(time.tv_sec)*1000000000 + time.tv_nsec;
	}
}


extern "C" __attribute__((visibility("default"))) int epoll_wait(int epoll, epoll_event* pEvents, int max, int timeout)
	/// One thread of the process calls this.
{
	typedef int (*Function)(int, epoll_event*, int, int);
	static const Function next = reinterpret_cast<Function>(dlsym(RTLD_NEXT, "epoll_wait"));
	static std::uint64_t* const pTurns = histogram();
	static std::int64_t begin = -1;

	if (begin >= 0) ++pTurns[std::min<std::size_t>(static_cast<std::size_t>(clockTime() - begin)/1000, SIZE - 1)];
	const int n = next(epoll, pEvents, max, timeout);
	const int error = errno;
	begin = clockTime();
	errno = error;
	return n;
}
