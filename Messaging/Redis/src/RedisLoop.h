//
// RedisLoop.h
//
// Library: PocoMessagingRedis
// Package: Redis
// Module:  RedisLoop
//
// The thread that speaks with Redis.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Messaging_RedisLoop_INCLUDED
#define Messaging_RedisLoop_INCLUDED


#include "Poco/Messaging/Types.h"
#include <hiredis/async.h>
#include <atomic>
#include <functional>
#include <memory>
#include <thread>
#include <vector>


namespace Poco {
namespace Messaging {
POCO_MESSAGING_BEGIN


class RedisLoop
	/// A thread that waits for the sockets of hiredis' contexts. Everything of these is done by it.
{
public:
	using Turn = std::function<void()>;

	RedisLoop();
	~RedisLoop();

	void start(const Turn& turn);
		/// Begins. The function is called after wake(), after something has come from a socket, and every 100 ms.

	class Waker
		/// Outlives the loop, for who may be done after its end.
	{
	public:
		Waker();
		~Waker();

		void wake();
			/// Has the loop's function called. Any thread.

	private:
		friend class RedisLoop;

		std::atomic<bool> _woken;
		const int _event; // an eventfd
	};

	void wake();
		/// Has the function called. Any thread.

	const std::shared_ptr<Waker>& waker() const;

	void stop();
		/// Ends the thread after its turn. Waits for it, unless it is the caller.

	bool isCurrent() const;
		/// Returns true in the loop's thread.

	void watch(redisAsyncContext& context);
		/// Waits for a new context's socket, until hiredis frees it.

private:
	struct Watch
	{
		redisAsyncContext* pContext;
		bool reads = false;
		bool writes = false;
		bool gone = false;
	};

	void run();
	void write();
	void wait();

	Turn _turn;
	std::thread _thread;
	std::atomic<bool> _stopping;
	const std::shared_ptr<Waker> _pWaker;
	std::vector<std::unique_ptr<Watch>> _watches;
};


//
// inlines
//
inline void RedisLoop::wake()
{
	_pWaker->wake();
}


inline const std::shared_ptr<RedisLoop::Waker>& RedisLoop::waker() const
{
	return _pWaker;
}


POCO_MESSAGING_END
} } // namespace Poco::Messaging


#endif // Messaging_RedisLoop_INCLUDED
