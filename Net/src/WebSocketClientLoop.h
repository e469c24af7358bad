//
// WebSocketClientLoop.h
//
// Library: PocoWebSocket
// Package: WebSocket
// Module:  WebSocketClientLoop
//
// What clients have of the threads that they share.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketClientLoop_INCLUDED
#define Net_WebSocketClientLoop_INCLUDED


#include "WebSocketProcess.h"
#include "WebSocketReactor.h"
#include "Poco/Net/WebSocketClient.h"
#include "Poco/RefCountedObject.h"
#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


class WebSocketClientLoop::Core: public Poco::RefCountedObject
	/// Event loops, and threads that make connections. Used by any thread.
{
public:
	Core(std::vector<WebSocketReactor::Ptr> reactors, bool own);
		/// own: whether the loops are stopped with this.

	void start(int connectors);
		/// Starts the threads that make connections.

	void stop();
		/// Ends all threads; what connect() was told and has not begun is forgotten.

	bool forked() const;
		/// Returns true in a child of the process that has the threads.

	WebSocketReactor& chooseReactor();
		/// Returns one loop after the other.

	void connect(const std::function<void()>& job);
		/// Has a thread do something that may take long.

private:
	void work();

	std::vector<WebSocketReactor::Ptr> _reactors;
	const bool _own;
	const WebSocketProcess _process;
	std::atomic<unsigned> _next{0};
	std::vector<std::thread> _threads;
	std::mutex _mutex;
	std::condition_variable _wake;
	std::deque<std::function<void()>> _jobs;
	bool _stopped = false;
};


//
// inlines
//
inline bool WebSocketClientLoop::Core::forked() const
{
	return !_process.current();
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketClientLoop_INCLUDED
