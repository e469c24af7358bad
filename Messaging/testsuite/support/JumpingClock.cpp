//
// JumpingClock.cpp
//
// A wall clock that a test sets: preloaded into a program. JUMPING_CLOCK names a file with 8 bytes: how many milliseconds are added to the time, which
// may change while the program runs. Other clocks stay as they are. (faketime does not work for redis-server, whose allocator asks for the time.)
//
// SPDX-License-Identifier: BSL-1.0
//


#include <cstdint>
#include <cstdlib>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>


namespace
{
	const volatile std::int64_t* pMilliseconds = nullptr;

	__attribute__((constructor)) void begin()
	{
		const char* const pName = std::getenv("JUMPING_CLOCK");
		const int fd = pName ? ::open(pName, O_RDONLY | O_CLOEXEC) : -1;
		if (fd < 0) return;
		void* const pMemory = ::mmap(nullptr, sizeof(*pMilliseconds), PROT_READ, MAP_SHARED, fd, 0);
		if (pMemory != MAP_FAILED) pMilliseconds = static_cast<const volatile std::int64_t*>(pMemory);
		::close(fd);
	}
}


extern "C" int clock_gettime(clockid_t clock, timespec* pTime) noexcept
{
	const long result = ::syscall(SYS_clock_gettime, clock, pTime);
	if (result != 0 || !pMilliseconds || (clock != CLOCK_REALTIME && clock != CLOCK_REALTIME_COARSE)) return static_cast<int>(result);
	const std::int64_t time = (pTime->tv_sec*1000 + *pMilliseconds)*1000000 + pTime->tv_nsec;
	pTime->tv_sec = time/1000000000;
	pTime->tv_nsec = time%1000000000;
	return 0;
}


extern "C" int gettimeofday(timeval* pTime, void*) noexcept
{
	timespec now{};
	clock_gettime(CLOCK_REALTIME, &now);
	pTime->tv_sec = now.tv_sec;
	pTime->tv_usec = now.tv_nsec/1000;
	return 0;
}


extern "C" time_t time(time_t* pTime) noexcept
{
	timespec now{};
	clock_gettime(CLOCK_REALTIME, &now);
	if (pTime) *pTime = now.tv_sec;
	return now.tv_sec;
}
