//
// ClientLoop.h
//
// Library: PocoWebSocket
// Package: Events
// Module:  WebSocketClientLoop
//
// What clients have of the threads that they share.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketClientLoop_INCLUDED
#define Net_WebSocketClientLoop_INCLUDED


#include "events/Process.h"
#include "events/Reactor.h"
#include "Poco/Net/WebSocketClient.h"
#include "Poco/Clock.h"
#include "Poco/RefCountedObject.h"
#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <list>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


class WebSocketClientLoop::Core: public Poco::RefCountedObject
	/// Event loops, and threads that make connections. Used by any thread.
	///
	/// An attempt has a thread as long as it takes: those of one server, of which a limited number is made at a time, do not hold up
	/// those of another. If AT_ONCE are going on, the next one waits until one of them has ended, so that many short ones need few
	/// threads; but no longer than PATIENCE, because all of them may be silent. A thread that has nothing to do ends after a while.
{
public:
	enum
	{
		AT_ONCE     = 256,
		PATIENCE    = 250, // milliseconds
		MAX_THREADS = 4096
	};

	Core(std::vector<WebSocketReactor::Ptr> reactors, bool own, int connectors);
		/// own: whether the loops are stopped with this; connectors: how many attempts to reach one server are made at a time.

	void start();
		/// Starts the first thread for attempts, which stays.

	void destroy();
		/// Ends all threads; what connect() was told and has not begun is forgotten. In a thread that one of them waits for, and in one of
		/// them, that is done by another one later.

	bool forked() const;
		/// Returns true in a child of the process that has the threads.

	WebSocketReactor& chooseReactor();
		/// Returns one loop after the other.

	void connect(const std::string& server, const std::function<void()>& job);
		/// Has a thread do something that may take long, for a server. Throws a std::bad_alloc if there is no memory.

private:
	struct Server;
	typedef std::map<std::string, Server> Servers;
	typedef std::list<Servers::iterator> Places;

	struct Server
	{
		std::deque<std::function<void()>> jobs;
		int running = 0;
		Places place; // one, which goes to _ready
		Poco::Clock since; // when it went there
	};

	WebSocketPlace::Wait::Places places() const;
	void end();
	void endOthers();
	void join();
	void work(std::list<std::thread>::iterator self);
	std::size_t free() const;
	Poco::Clock::ClockDiff patience() const;
	bool rest(std::unique_lock<std::mutex>& lock);
	void perform(std::unique_lock<std::mutex>& lock);
	void list(Server& server);
	void provideThread();
	void startThread();
	void joinEnded();

	std::vector<WebSocketReactor::Ptr> _reactors;
	const bool _own;
	const WebSocketProcess _process;
	const int _connectors;
	std::atomic<unsigned> _next{0};
	const WebSocketPlace _place; // where the threads that make connections are
	std::mutex _mutex;
	std::condition_variable _wake;
	Servers _servers; // with jobs, waiting or running
	Places _ready; // those of which one more may be run; they take turns, the first one has waited for the longest time
	std::size_t _idle = 0; // threads that wait
	std::list<std::thread> _threads;
	std::list<std::thread> _ended;
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
