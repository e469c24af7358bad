//
// Reactor.h
//
// Library: PocoWebSocket
// Package: Events
// Module:  WebSocketReactor
//
// An event loop.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketReactor_INCLUDED
#define Net_WebSocketReactor_INCLUDED


#include "events/Broadcasts.h"
#include "events/EventConnection.h"
#include "events/FanOut.h"
#include "core/BranchHint.h"
#include "events/Output.h"
#include "events/Place.h"
#include "events/Poller.h"
#include "events/TimerWheel.h"
#include "events/TurnMessages.h"
#include "events/TurnTimes.h"
#include "core/Buffer.h"
#include "core/Mask.h"
#include "Poco/AutoPtr.h"
#include "Poco/RefCountedObject.h"
#include "Poco/Runnable.h"
#include "Poco/Thread.h"
#include "Poco/Timespan.h"
#include <atomic>
#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <vector>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


class WebSocketReactor: public Poco::Runnable, public Poco::RefCountedObject
	/// A thread with an event loop, and what its connections share: one large buffer for receiving, memory
	/// for what they send, the clock.
	///
	/// post(), postBroadcast(), postToMany(), invoke(), and what is about starting and stopping, are called by any thread, the rest by the loop's.
{
public:
	typedef WebSocketTimerWheel::Time Time;
	typedef WebSocketEventConnection::Task Task;

	typedef Poco::AutoPtr<WebSocketReactor> Ptr;

	struct Counters
		/// Of all connections there have been, and of all turns.
	{
		WebSocketCounter messagesReceived;
		WebSocketCounter messagesSent;
		WebSocketCounter bytesReceived;
		WebSocketCounter bytesSent;
		WebSocketTurnTimes turns;
	};

	explicit WebSocketReactor(const Poco::Timespan& spin);

	void open();
		/// From here on tasks are taken: the loop is going to be started.

	void start(const std::string& name);

	void end();
		/// The loop ends soon, and cuts the connections that are still there.

	void stop();
		/// The same, and returns when the loop has ended. Not to be called by its thread.

	void waitForTurn();
		/// Returns when the loop has done what it is doing now. Not to be called by its thread.

	bool current() const;
		/// Returns true in the loop's thread.

	static bool anyCurrent();
		/// Returns true in the thread of any loop.

	const WebSocketPlace& place() const;
		/// Where its thread is.

	bool post(Task&& task);
	bool invoke(const std::function<void()>& function);
		/// The loop performs the task, or calls the function, soon. If it has ended, that is
		/// forgotten, and they return false; if it ends before, it is forgotten as well.

	template <typename Function> void invokeAndWait(const Function& function);
		/// The same, and waits until that has been done, or is forgotten. Not to be called by the loop's thread.

	int load() const;
		/// Returns how many connections there are.

	void add(WebSocketEventConnection& connection);
		/// Puts a connection into the loop. Throws a std::bad_alloc if there is no memory; what is called for
		/// a connection in the loop does not, and loses nothing.

	void remove(WebSocketEventConnection& connection);
		/// Takes a connection out of the loop. It exists until the end of the turn at least.

	std::vector<WebSocketEventConnection::Ptr> connections();

	void collect(const WebSocketConnectionGroup& group, std::vector<WebSocketConnection::Ptr>& result);
		/// Appends the group's connections that are open, or being closed. May be called by any thread. The loop may have to wait, if it has
		/// a connection that comes or goes, while references to SLICE connections are taken.

	void postBroadcast(const WebSocketPreparedMessage::Ptr& pMessage, std::size_t limit);
		/// broadcast() in another thread. Messages of more bytes than the limit, each with WebSocketConnectionParams::QUEUE_ENTRY, do not
		/// wait: one more is for no connection's queue.

	void broadcast(const WebSocketPreparedMessage::Ptr& pMessage, std::size_t limit);
		/// Sends a message to all connections that clients have opened: at the end of the turn, or before anything else is
		/// sent to one of them, or when there are more bytes than the limit, counted as above. Throws a std::bad_alloc if there is no memory: then nothing is sent.

	const WebSocketBroadcasts& broadcasts() const;

	void postToMany(const WebSocketPreparedMessage::Ptr& pMessage, std::vector<WebSocketEventConnection::Ptr>&& connections);
		/// Another thread sends a message to connections of this loop, which have reserved its cost. Throws a std::bad_alloc if there is no memory.

	std::size_t share(const WebSocketPreparedMessage::Ptr& pMessage, std::size_t reserved, std::size_t count);
		/// So many connections get a message, for which each has reserved something, or 0. Returns its index in turnMessages().
		/// Throws a std::bad_alloc if there is no memory.

	void begins(WebSocketEventConnection& connection);
		/// One of them has a run from now on.

	const WebSocketTurnMessages& turnMessages() const;

	void markDirty(WebSocketEventConnection& connection);
		/// The connection has something to flush.

	void again(WebSocketEventConnection& connection);
		/// In the next turn the connection has something to do that the poller does not know of.

	void atLast(WebSocketEventConnection& connection);
		/// To be called by its ready(): that is called again, with WebSocketPoller::LAST, when all others have had their turn.

	WebSocketPoller& poller();
	WebSocketTimerWheel& timers();
	Time now() const;
	WebSocketFanOut& fanOut();
	WebSocketChannel::Buffers& channelBuffers();
	std::string& compressed();
	const unsigned char* nextKey();
		/// Returns a masking key from a cryptographic random number generator (RFC 6455, 5.3).

	char* input();
	std::size_t inputSize() const;
		/// The buffer for receiving.

	const WebSocketEventConnection* reading() const;
	void setReading(const WebSocketEventConnection* pConnection);
		/// Whose bytes are in input().

	void takeOutput(std::unique_ptr<WebSocketOutput>& pOutput);
	void giveOutput(std::unique_ptr<WebSocketOutput>& pOutput);
		/// An output for a while, in place of null; it is given back empty.

	void takeSpareOutput(std::unique_ptr<WebSocketOutput>& pOutput);
		/// As takeOutput(), but leaves null, and throws nothing, if none is at hand.

	std::unique_ptr<WebSocketOpeningHandshake> takeOpening();
	void giveOpening(std::unique_ptr<WebSocketOpeningHandshake> pOpening);
		/// The same for the opening handshake.

	Counters counters;

protected:
	~WebSocketReactor() override;

	void run() override;

private:
	enum
	{
		INPUT_SIZE    = 2*1024*1024, // of large messages; of small ones little is read at once
		MAX_STORED    = 4*1024*1024, // bytes for sending that are kept
		MAX_OUTPUTS   = 2048,        // for that
		KEY_POOL_SIZE = 1024*WebSocketMask::KEY_LENGTH,
		SLICE         = 128
	};

	template <typename Element> void provide(std::vector<Element>& list, std::size_t more);
	void takeStoredOutput(std::unique_ptr<WebSocketOutput>& pOutput);
	void storeOutput(std::unique_ptr<WebSocketOutput>& pOutput);
	void turn();
	void finish();
	void cutAll();
	void performTasks();
	static void logError(const std::exception& exc);
	void performBroadcast(const Task& task);
	void performToMany(const Task& task, std::vector<WebSocketEventConnection::Ptr>& connections);
	void giveRuns();
	void settleRuns();
	void giveBroadcasts();
	void distribute();
	void flushDirty();
	void updateNow();
	bool spin(int milliseconds);
	int timeout();

	const Poco::Timespan _spin;
	WebSocketPoller _poller;
	std::chrono::steady_clock::time_point _turn; // when it began
	Time _now;
	WebSocketTimerWheel _timers;
	const WebSocketPlace _place;
	Poco::Thread _thread;
	std::mutex _joinMutex;
	bool _started;
	std::atomic<bool> _stopping;
	std::unique_ptr<char[]> _pInput;
	WebSocketFanOut _fanOut;
	WebSocketBroadcasts _broadcasts;
	std::size_t _broadcastBytes; // of these
	WebSocketTurnMessages _turnMessages;
	std::vector<WebSocketEventConnection*> _runs; // those that have some of these, or had
	std::vector<WebSocketEventConnection*> _connections; // each knows its place here
	std::mutex _connectionsMutex; // of those, for who is not the loop's thread, and for the loop's thread when it changes them
	std::vector<WebSocketEventConnection*> _receivers; // memory for distribute()
	WebSocketChannel::Buffers _channelBuffers;
	std::string _compressed;
	std::vector<unsigned char> _keys;
	std::size_t _nextKey;
	const WebSocketEventConnection* _pReading;
	std::atomic<int> _load;
	std::vector<WebSocketEventConnection*> _dirty;
	std::vector<WebSocketEventConnection::Ptr> _again;    // those that again() was called for
	std::vector<WebSocketEventConnection::Ptr> _againNow; // the same in the turn before, and atLast() in this one
	std::vector<WebSocketEventConnection*> _graveyard; // to be released at the end of the turn
	std::unique_ptr<WebSocketOutput> _pOutput; // that was given back last
	std::vector<std::unique_ptr<WebSocketOutput>> _outputs; // others
	std::size_t _storedSize;   // of these
	std::unique_ptr<WebSocketOpeningHandshake> _pOpening;
	std::mutex _mutex;
	bool _ended;
	std::atomic<bool> _posted; // there are tasks or functions
	std::vector<Task> _tasks;
	std::vector<std::vector<WebSocketEventConnection::Ptr>> _lists; // of Task::SEND_TO_MANY
	std::size_t _taskBytes;    // of the broadcasts there
	bool _lost;                // the last of these was not kept
	std::vector<std::function<void()>> _functions;
};


//
// inlines
//
inline void WebSocketReactor::markDirty(WebSocketEventConnection& connection)
{
	if (connection.dirty) return;
	_dirty.push_back(&connection);
	connection.dirty = true;
}


inline const WebSocketBroadcasts& WebSocketReactor::broadcasts() const
{
	return _broadcasts;
}


inline const WebSocketTurnMessages& WebSocketReactor::turnMessages() const
{
	return _turnMessages;
}


inline void WebSocketReactor::begins(WebSocketEventConnection& connection)
{
	_runs.push_back(&connection); // share() has made room
}


inline WebSocketPoller& WebSocketReactor::poller()
{
	return _poller;
}


inline WebSocketTimerWheel& WebSocketReactor::timers()
{
	return _timers;
}


inline WebSocketReactor::Time WebSocketReactor::now() const
{
	return _now;
}


inline WebSocketFanOut& WebSocketReactor::fanOut()
{
	return _fanOut;
}


inline WebSocketChannel::Buffers& WebSocketReactor::channelBuffers()
{
	return _channelBuffers;
}


inline std::string& WebSocketReactor::compressed()
{
	return _compressed;
}


inline char* WebSocketReactor::input()
{
	return _pInput.get();
}


inline std::size_t WebSocketReactor::inputSize() const
{
	return INPUT_SIZE;
}


inline const WebSocketEventConnection* WebSocketReactor::reading() const
{
	return _pReading;
}


inline void WebSocketReactor::setReading(const WebSocketEventConnection* pConnection)
{
	_pReading = pConnection;
}


inline void WebSocketReactor::takeOutput(std::unique_ptr<WebSocketOutput>& pOutput)
{
	if (likely(_pOutput != nullptr)) pOutput.swap(_pOutput);
	else takeStoredOutput(pOutput);
}


inline void WebSocketReactor::takeSpareOutput(std::unique_ptr<WebSocketOutput>& pOutput)
{
	pOutput.swap(_pOutput);
}


inline void WebSocketReactor::giveOutput(std::unique_ptr<WebSocketOutput>& pOutput)
{
	if (likely(!_pOutput)) pOutput.swap(_pOutput);
	else storeOutput(pOutput);
}


inline const WebSocketPlace& WebSocketReactor::place() const
{
	return _place;
}


template <typename Function>
void WebSocketReactor::invokeAndWait(const Function& function)
{
	auto pDone = std::make_shared<std::promise<void>>();
	const std::future<void> done = pDone->get_future();
	const bool invoked = invoke([&function, pDone = std::move(pDone)]
	{
		const std::shared_ptr<void> atEnd(nullptr, [&pDone](void*) { pDone->set_value(); });
		function();
	});
	if (invoked) done.wait(); // also if the function is forgotten: then the promise goes
}


inline int WebSocketReactor::load() const
{
	return _load.load(std::memory_order_relaxed);
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketReactor_INCLUDED
