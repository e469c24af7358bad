//
// Program.cpp
//
// Library: PocoWebSocket
// Package: Consumer
// Module:  Program
//
// A program that uses the library as installed, or as part of its own build.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "Exchange.h"
#include <exception>
#include <iostream>


int main()
{
	try
	{
		std::cout << exchangeFrames() << std::endl;
		check(outcomeOf(UNMASKED_FRAME) == WebSocket::WS_ERR_UNMASKED_CLIENT_FRAME, "an unmasked frame is refused");
		check(outcomeOf(HALF_HEADER) == WebSocket::WS_ERR_INCOMPLETE_FRAME, "half a header is an incomplete frame");
		return 0;
	}
	catch (std::exception& exc)
	{
		std::cerr << exc.what() << std::endl;
		return 1;
	}
}
