//
// PreloadLayoutTest.cpp
//
// Library: PocoWebSocket
// Package: Consumer
// Module:  PreloadLayoutTest
//
// Compares the two layouts.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "PreloadLayout.h"
#include <iostream>


int main()
{
	const PreloadLayout stock = stockLayout();
	const PreloadLayout our = preloadLayout();
	std::cout << "                             stock  ours\n"
		<< "sizeof(WebSocket)            " << stock.webSocketSize << "  " << our.webSocketSize << "\n"
		<< "sizeof(WebSocketImpl)        " << stock.implSize << "  " << our.implSize << "\n"
		<< "offset of _maxPayloadSize    " << stock.maxPayloadSize << "  " << our.maxPayloadSize << "\n"
		<< "offset of _frameFlags        " << stock.frameFlags << "  " << our.frameFlags << "\n"
		<< "offset of _mustMaskPayload   " << stock.mustMaskPayload << "  " << our.mustMaskPayload << std::endl;
	const bool same = our.webSocketSize == stock.webSocketSize
		&& our.implSize <= stock.implSize
		&& our.maxPayloadSize == stock.maxPayloadSize
		&& our.frameFlags == stock.frameFlags
		&& our.mustMaskPayload == stock.mustMaskPayload;
	return same ? 0 : 1;
}
