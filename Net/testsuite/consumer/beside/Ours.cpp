//
// Ours.cpp
//
// Library: PocoWebSocket
// Package: Consumer
// Module:  Ours
//
// The file of the program that finds this library's header.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "../Exchange.h"
#include "Side.h"


Side ours()
{
	return {exchangeFrames(), outcomeOf(UNMASKED_FRAME)};
}
