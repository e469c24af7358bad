//
// CoreAllocations.h
//
// Library: PocoWebSocket
// Package: Tests
// Module:  CoreAllocations
//
// Counts what operator new and realloc() are asked for, and lets them fail. For programs with one thread.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_CoreAllocations_INCLUDED
#define Net_CoreAllocations_INCLUDED


#include <cstddef>


class CoreAllocations
	/// Counts from its construction on.
{
public:
	CoreAllocations();

	std::size_t count() const;
		/// How often memory was asked for.

	std::size_t bytes() const;
		/// How much.

private:
	std::size_t _count;
	std::size_t _bytes;
};


class FailingAllocations
	/// While it lives, there is no memory from the n-th time on (counted from 0) that it is asked for: operator
	/// new throws std::bad_alloc, and realloc() returns null.
{
public:
	explicit FailingAllocations(std::size_t n);
	~FailingAllocations();

	FailingAllocations(const FailingAllocations&) = delete;
	FailingAllocations& operator = (const FailingAllocations&) = delete;
};


#endif // Net_CoreAllocations_INCLUDED
