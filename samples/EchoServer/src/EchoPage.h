//
// EchoPage.h
//
// The demo page, compiled in. The source is made from page/ when building.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef EchoPage_INCLUDED
#define EchoPage_INCLUDED


#include <cstddef>


extern const unsigned char ECHO_PAGE[];
	/// A complete HTML document in UTF-8.

extern const std::size_t ECHO_PAGE_SIZE;
	/// The size of ECHO_PAGE in bytes.


#endif // EchoPage_INCLUDED
