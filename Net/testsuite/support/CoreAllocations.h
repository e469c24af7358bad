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
	/// Counts what its thread allocates, from its construction on.
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
	/// While it lives, there is no memory for its thread from the n-th time on (counted from 0) that it is asked for:
	/// operator new throws std::bad_alloc, and realloc() returns null. Or from the n-th time up to the end-th.
{
public:
	explicit FailingAllocations(std::size_t n);
	FailingAllocations(std::size_t n, std::size_t end);
	~FailingAllocations();

	bool struck() const;
		/// Returns true if memory was asked for and refused.

	FailingAllocations(const FailingAllocations&) = delete;
	FailingAllocations& operator = (const FailingAllocations&) = delete;
};


class AtAllocation
	/// While it lives, a function is called when its thread asks for memory for the n-th time (counted from 0).
{
public:
	using Function = void (*)();

	AtAllocation(std::size_t n, Function function);
	~AtAllocation();

	AtAllocation(const AtAllocation&) = delete;
	AtAllocation& operator = (const AtAllocation&) = delete;
};


#endif // Net_CoreAllocations_INCLUDED
