//
// BatonState.h
//
// Library: PocoMessaging
// Package: Core
// Module:  BatonState
//
// Whether a thread serves a channel. Six bytes.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Messaging_BatonState_INCLUDED
#define Messaging_BatonState_INCLUDED


#include "Poco/Messaging/Types.h"


namespace Poco {
namespace Messaging {
POCO_MESSAGING_BEGIN


struct BatonState
	/// Of a channel. hub/Baton.h has the rules; the core knows nothing of threads.
{
	enum Holder: unsigned char
	{
		NOBODY,
		SERVER, // a thread serves the channel
		HEIR    // a thread that waits will
	};

	Poco::UInt16 waiting = 0;  // threads that wait, or are about to
	Poco::UInt16 batch = 0;    // how often what was queued has been taken; goes round
	unsigned char served = 0;  // turns that were taken in this reign; stops at 255
	Holder holder = NOBODY;
};


POCO_MESSAGING_END
} } // namespace Poco::Messaging


#endif // Messaging_BatonState_INCLUDED
