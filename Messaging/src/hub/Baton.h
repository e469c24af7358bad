//
// Baton.h
//
// Library: PocoMessaging
// Package: Hub
// Module:  Baton
//
// Which thread serves a channel.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Messaging_Baton_INCLUDED
#define Messaging_Baton_INCLUDED


#include "core/BatonState.h"
#include <condition_variable>
#include <cstddef>
#include <mutex>


namespace Poco {
namespace Messaging {
POCO_MESSAGING_BEGIN


class Baton
	/// Which thread serves a channel: one at a time, and none for ever.
	///
	/// Who finds the channel free serves it. Who finds it taken queues its work, and goes on. But if much is queued, or the server has served many,
	/// it waits until its work is taken from the queue, or until it is the server. A server that has served many hands the channel to one that waits,
	/// with what is queued, and leaves. So the queue is bounded, who brings the work does it, and all is served in the order in which it was queued.
	///
	/// No cycle of waits: a thread that serves a channel of the hub (SERVING) never waits. One that gives out a channel of the backplane (GIVING_OUT)
	/// waits for the hub's channels only. So whoever is waited for goes on. What callbacks queue has no bound for that reason.
	///
	/// All functions with a state are called by the lock of whatever has it. What is queued is taken from the queue at once, all of it.
{
public:
	enum
	{
		TURNS = 64 // so many are queued, and served in a reign, before somebody waits
	};

	enum Level: unsigned char
		/// What a thread does, and what a channel is.
	{
		NONE,
		GIVING_OUT, // it gives out a channel of a backplane
		SERVING     // it serves a channel of a hub, or is in a callback
	};

	class Reign
		/// While it lives, its thread does this.
	{
	public:
		explicit Reign(Level level):
			_before(current)
		{
			if (current < level) current = level;
		}

		~Reign()
		{
			current = _before;
		}

		Reign(const Reign&) = delete;
		Reign& operator = (const Reign&) = delete;

	private:
		const Level _before;
	};

	struct Claim
		/// What a caller got.
	{
		bool mine = false;      // it serves the channel now
		bool waits = false;     // it has to call wait(): the channel, and its state, must stay until then
		Poco::UInt16 batch = 0; // of its work
	};

	static bool take(BatonState& state)
		/// Returns true if the caller serves the channel now. If not it queues its work, and calls queued().
	{
		if (state.holder != BatonState::NOBODY) return false;
		state.holder = BatonState::SERVER;
		state.served = 0;
		return true;
	}

	static Claim queued(BatonState& state, Level level, bool full);
		/// The caller has queued its work for a channel of that level; full: much is queued.

	static bool wait(BatonState& state, const Claim& claim, std::unique_lock<std::mutex>& lock, std::condition_variable& condition);
		/// Waits as long as the claim says. Returns true if the caller serves the channel now.

	static bool goesOn(BatonState& state, std::size_t count, std::condition_variable& condition)
		/// Between two batches, if something is queued: the server takes so many turns from the queue now. Or returns false: it does not serve the channel any
		/// more, another thread does.
	{
		if (state.waiting > 0 && !keeps(state, condition)) return false;
		++state.batch;
		state.served = count < 255u - state.served ? static_cast<unsigned char>(state.served + count) : 255;
		return true;
	}

	static void leave(BatonState& state, std::condition_variable& condition)
		/// The server leaves; nothing is queued.
	{
		state.holder = BatonState::NOBODY;
		if (state.waiting > 0) condition.notify_all();
	}

	static bool idle(const BatonState& state)
		/// Returns true if no thread serves the channel, or waits.
	{
		return state.holder == BatonState::NOBODY && state.waiting == 0;
	}

private:
	static bool keeps(BatonState& state, std::condition_variable& condition);

	inline static thread_local Level current = NONE;
};


POCO_MESSAGING_END
} } // namespace Poco::Messaging


#endif // Messaging_Baton_INCLUDED
