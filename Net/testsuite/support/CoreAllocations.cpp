//
// CoreAllocations.cpp
//
// Library: PocoWebSocket
// Package: Tests
// Module:  CoreAllocations
//
// SPDX-License-Identifier: BSL-1.0
//


#include "support/CoreAllocations.h"
#include <dlfcn.h>
#include <cstdlib>
#include <limits>
#include <new>


namespace
{
	constexpr std::size_t NEVER = std::numeric_limits<std::size_t>::max();

	thread_local std::size_t totalCount = 0;
	thread_local std::size_t totalBytes = 0;
	thread_local std::size_t failAt = NEVER;  // the value of totalCount from which on it fails
	thread_local std::size_t failEnd = NEVER; // and from which on it does not
	thread_local bool failed = false;
	thread_local std::size_t callAt = NEVER; // the value of totalCount
	thread_local AtAllocation::Function called = nullptr;

	__attribute__((no_sanitize("thread"))) bool fails() noexcept
	{
		if (totalCount < failAt || totalCount >= failEnd) return false;
		if (failEnd != NEVER) ++totalCount; // otherwise what was refused is not counted
		failed = true;
		return true;
	}

	void* allocate(std::size_t size) noexcept
	{
		if (fails()) return nullptr;
		if (totalCount == callAt)
		{
			callAt = NEVER;
			called();
		}
		++totalCount;
		totalBytes += size;
		return std::malloc(size > 0 ? size : 1);
	}

	void* allocateOrThrow(std::size_t size)
	{
		void* p = allocate(size);
		if (!p) throw std::bad_alloc();
		return p;
	}

	using Realloc = void* (*)(void*, std::size_t);

	const auto originalRealloc = reinterpret_cast<Realloc>(dlsym(RTLD_NEXT, "realloc"));
}


extern "C" __attribute__((no_sanitize("thread"))) void* realloc(void* p, std::size_t size) noexcept
	/// The thread sanitizer calls it in threads that it does not know yet.
{
	const Realloc original = originalRealloc ? originalRealloc : reinterpret_cast<Realloc>(dlsym(RTLD_NEXT, "realloc"));
	if (fails()) return nullptr;
	++totalCount;
	totalBytes += size;
	return original(p, size);
}


void* operator new(std::size_t size)
{
	return allocateOrThrow(size);
}


void* operator new[](std::size_t size)
{
	return allocateOrThrow(size);
}


void* operator new(std::size_t size, const std::nothrow_t&) noexcept
{
	return allocate(size);
}


void* operator new[](std::size_t size, const std::nothrow_t&) noexcept
{
	return allocate(size);
}


void operator delete(void* p) noexcept
{
	std::free(p);
}


void operator delete[](void* p) noexcept
{
	std::free(p);
}


void operator delete(void* p, std::size_t) noexcept
{
	std::free(p);
}


void operator delete[](void* p, std::size_t) noexcept
{
	std::free(p);
}


void operator delete(void* p, const std::nothrow_t&) noexcept
{
	std::free(p);
}


void operator delete[](void* p, const std::nothrow_t&) noexcept
{
	std::free(p);
}


CoreAllocations::CoreAllocations():
	_count(totalCount),
	_bytes(totalBytes)
{
}


std::size_t CoreAllocations::count() const
{
	return totalCount - _count;
}


std::size_t CoreAllocations::bytes() const
{
	return totalBytes - _bytes;
}


FailingAllocations::FailingAllocations(std::size_t n)
{
	failed = false;
	failAt = totalCount + n;
}


FailingAllocations::FailingAllocations(std::size_t n, std::size_t end):
	FailingAllocations(n)
{
	failEnd = totalCount + end;
}


FailingAllocations::~FailingAllocations()
{
	failAt = failEnd = NEVER;
}


bool FailingAllocations::struck() const
{
	return failed;
}


AtAllocation::AtAllocation(std::size_t n, Function function)
{
	called = function;
	callAt = totalCount + n;
}


AtAllocation::~AtAllocation()
{
	callAt = NEVER;
}
