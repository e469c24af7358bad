//
// PreloadLayout.h
//
// Library: PocoWebSocket
// Package: Consumer
// Module:  PreloadLayout
//
// What inline functions and subclasses in a deployed program know of stock's objects.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Consumer_PreloadLayout_INCLUDED
#define Consumer_PreloadLayout_INCLUDED


#include <cstddef>


struct PreloadLayout
{
	std::size_t webSocketSize;
	std::size_t implSize;
	std::size_t maxPayloadSize;  /// Offset of the member of that name, as the next two.
	std::size_t frameFlags;
	std::size_t mustMaskPayload;
};


PreloadLayout stockLayout();
PreloadLayout preloadLayout();


#endif // Consumer_PreloadLayout_INCLUDED
