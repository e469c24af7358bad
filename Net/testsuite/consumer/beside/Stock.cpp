//
// Stock.cpp
//
// Library: PocoWebSocket
// Package: Consumer
// Module:  Stock
//
// The file of the program that finds stock's header.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "../Exchange.h"
#include "Side.h"


Side stock()
{
	return {exchangeFrames(), outcomeOf(UNMASKED_FRAME)};
}
