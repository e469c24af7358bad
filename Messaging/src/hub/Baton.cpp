//
// Baton.cpp
//
// Library: PocoMessaging
// Package: Hub
// Module:  Baton
//
// SPDX-License-Identifier: BSL-1.0
//


#include "hub/Baton.h"
#include <limits>


namespace Poco {
namespace Messaging {
POCO_MESSAGING_BEGIN


Baton::Claim Baton::queued(BatonState& state, Level level, bool full)
{
	Claim claim;
	claim.batch = state.batch;
	claim.waits = (full || state.served > TURNS) && current < level && state.waiting < std::numeric_limits<Poco::UInt16>::max();
	if (claim.waits) ++state.waiting;
	return claim;
}


bool Baton::wait(BatonState& state, const Claim& claim, std::unique_lock<std::mutex>& lock, std::condition_variable& condition)
{
	// Work that was taken is not queued any more; a channel that nobody serves has nothing queued.
	condition.wait(lock, [&]() { return state.holder == BatonState::HEIR || state.batch != claim.batch; });
	--state.waiting;
	if (state.holder != BatonState::HEIR) return false;
	state.holder = BatonState::SERVER;
	return true;
}


bool Baton::keeps(BatonState& state, std::condition_variable& condition)
	/// Somebody waits: it is to serve, or what it has queued is about to be taken.
{
	condition.notify_all();
	if (state.served <= TURNS) return true;
	state.holder = BatonState::HEIR;
	state.served = 0;
	return false;
}


POCO_MESSAGING_END
} } // namespace Poco::Messaging
