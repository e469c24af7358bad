//
// ClassAllocations.cpp
//
// SPDX-License-Identifier: BSL-1.0
//


#include "support/ClassAllocations.h"
#include <cstdlib>


#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
	#define WITH_SANITIZER
#elif defined(__has_feature)
	#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
		#define WITH_SANITIZER
	#endif
#endif


namespace
{
	thread_local std::size_t allocations = 0;
	thread_local std::size_t largestSize = 0;

	void note(std::size_t size)
	{
		++allocations;
		if (size > largestSize) largestSize = size;
	}
}


#if defined(WITH_SANITIZER) // which have malloc for themselves, and call who asks for it


extern "C" int __sanitizer_install_malloc_and_free_hooks(void (*onAllocate)(const volatile void*, std::size_t), void (*onFree)(const volatile void*));


namespace
{
	void noteAllocation(const volatile void*, std::size_t size)
	{
		note(size);
	}

	void ignoreFree(const volatile void*)
	{
	}

	const bool installed = __sanitizer_install_malloc_and_free_hooks(noteAllocation, ignoreFree) != 0;
}


#elif defined(__GLIBC__) // which lets a program replace malloc, and has its own under another name


extern "C"
{
	void* __libc_malloc(std::size_t size);
	void* __libc_calloc(std::size_t count, std::size_t size);
	void* __libc_realloc(void* p, std::size_t size);

	void* malloc(std::size_t size) noexcept
	{
		note(size);
		return __libc_malloc(size);
	}

	void* calloc(std::size_t count, std::size_t size) noexcept
	{
		note(count*size);
		return __libc_calloc(count, size);
	}

	void* realloc(void* p, std::size_t size) noexcept
	{
		note(size);
		return __libc_realloc(p, size);
	}
}


namespace
{
	const bool installed = true;
}


#else


namespace
{
	const bool installed = false;
}


#endif


namespace WebSocketTest {


Allocations::Allocations():
	_start(allocations)
{
	largestSize = 0;
}


std::size_t Allocations::count() const
{
	return allocations - _start;
}


std::size_t Allocations::largest() const
{
	return largestSize;
}


bool Allocations::counted()
{
	return installed;
}


} // namespace WebSocketTest
