//
// PreloadProgram.cpp
//
// Library: PocoWebSocket
// Package: Consumer
// Module:  PreloadProgram
//
// A program as it was deployed: compiled against stock's headers and linked to PocoNet
// only. Prints how the WebSocket that it gets behaves.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "../Exchange.h"
#include <exception>
#include <iostream>


int main()
{
	try
	{
		exchangeFrames();
		std::cout << "version: " << WebSocket::WEBSOCKET_VERSION << "\n"
			<< "half a header: " << outcomeOf(HALF_HEADER) << "\n"
			<< "an unmasked frame: " << outcomeOf(UNMASKED_FRAME) << std::endl;
		return 0;
	}
	catch (std::exception& exc)
	{
		std::cerr << exc.what() << std::endl;
		return 1;
	}
}
