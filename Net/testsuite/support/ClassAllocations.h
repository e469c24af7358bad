//
// ClassAllocations.h
//
// Counts what the calling thread allocates.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef WebSocketClassAllocations_INCLUDED
#define WebSocketClassAllocations_INCLUDED


#include <cstddef>


namespace WebSocketTest {


class Allocations
	/// What the present thread has allocated since the object was created, through malloc and
	/// everything that ends there, operator new among it.
{
public:
	Allocations();

	std::size_t count() const;
		/// Returns the number of allocations.

	std::size_t largest() const;
		/// Returns the size of the largest one.

	static bool counted();
		/// Returns false on platforms where allocations cannot be counted.

private:
	std::size_t _start;
};


} // namespace WebSocketTest


#endif // WebSocketClassAllocations_INCLUDED
