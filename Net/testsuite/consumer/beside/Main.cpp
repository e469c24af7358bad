//
// Main.cpp
//
// Library: PocoWebSocket
// Package: Consumer
// Module:  Main
//
// Runs both WebSockets of the program, which must differ.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "Side.h"
#include <exception>
#include <iostream>


int main()
{
	try
	{
		const Side a = ours();
		const Side b = stock();
		std::cout << "ours:  " << a.implementation << ", an unmasked frame gives " << a.unmaskedFrame << "\n"
			<< "stock: " << b.implementation << ", an unmasked frame gives " << b.unmaskedFrame << std::endl;
		const bool good = a.implementation != b.implementation && a.unmaskedFrame == 14 && b.unmaskedFrame == 0;
		return good ? 0 : 1;
	}
	catch (std::exception& exc)
	{
		std::cerr << exc.what() << std::endl;
		return 1;
	}
}
