//
// Page.h
//
// The page of a sample, compiled in. The source is made from the sample's page/ when building.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Page_INCLUDED
#define Page_INCLUDED


#include <cstddef>


extern const unsigned char PAGE[];
	/// A complete HTML document in UTF-8.

extern const std::size_t PAGE_SIZE;
	/// The size of PAGE in bytes.


#endif // Page_INCLUDED
