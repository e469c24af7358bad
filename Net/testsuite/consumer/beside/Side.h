//
// Side.h
//
// Library: PocoWebSocket
// Package: Consumer
// Module:  Side
//
// What one of the two WebSockets in the program does.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Consumer_Side_INCLUDED
#define Consumer_Side_INCLUDED


#include <string>


struct Side
{
	std::string implementation; /// Name of the implementation's type.
	int unmaskedFrame;          /// What a server makes of an unmasked frame: the error's code, 0 if it echoes it.
};


Side ours();
Side stock();


#endif // Consumer_Side_INCLUDED
