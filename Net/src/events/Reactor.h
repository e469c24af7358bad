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


#include "events/EventConnection.h"
#include "events/LoopConnections.h"
#include "events/Multicast.h"
#include "events/Place.h"
#include "events/Poller.h"
#include "events/Postbox.h"
#include "events/SpareOutputs.h"
#include "events/TimerWheel.h"
#include "events/TurnTimes.h"
#include "net/KeyPool.h"
#include "Poco/AutoPtr.h"
#include "Poco/RefCountedObject.h"
#include "Poco/Runnable.h"
#include "Poco/Thread.h"
#include "Poco/Timespan.h"
#include <atomic>
#include <chrono>
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
	/// A turn waits for what the poller finds, has the connections deal with it, performs what is in the postbox, runs the timers that are due, and sends
	/// what has come together meanwhile.
	///
	/// The postbox, and what is about starting and stopping, are for any thread, the rest for the loop's.
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

	WebSocketPostbox& postbox();
		/// What other threads want.

	const WebSocketLoopConnections& connections() const;

	void add(WebSocketEventConnection& connection);
		/// Puts a connection into the loop. Throws a std::bad_alloc if there is no memory; what is called for
		/// a connection in the loop does not, and loses nothing.

	void remove(WebSocketEventConnection& connection);
		/// Takes a connection out of the loop. It exists until the end of the turn at least.

	WebSocketMulticast& multicast();
		/// What goes to several connections in this turn.

	void markDirty(WebSocketEventConnection& connection);
		/// The connection has something to flush.

	void again(WebSocketEventConnection& connection);
		/// In the next turn the connection has something to do that the poller does not know of.

	void atLast(WebSocketEventConnection& connection);
		/// To be called by its ready(): that is called again, with WebSocketPoller::LAST, when all others have had their turn.

	WebSocketPoller& poller();
	WebSocketTimerWheel& timers();
	Time now() const;
	WebSocketSpareOutputs& outputs();
	WebSocketChannel::Buffers& channelBuffers();
	std::string& compressed();
	const unsigned char* nextKey();
		/// Returns a masking key, which nobody has got before (RFC 6455, 5.3).

	char* input();
	std::size_t inputSize() const;
		/// The buffer for receiving.

	const WebSocketEventConnection* reading() const;
	void setReading(const WebSocketEventConnection* pConnection);
		/// Whose bytes are in input().

	std::unique_ptr<WebSocketOpeningHandshake> takeOpening();
	void giveOpening(std::unique_ptr<WebSocketOpeningHandshake> pOpening);
		/// Lends memory for an opening handshake.

	Counters counters;

protected:
	~WebSocketReactor() override;

	void run() override;

private:
	enum
	{
		INPUT_SIZE = 2*1024*1024 // of large messages; of small ones little is read at once
	};

	void turn();
	void finish();
	void cutAll();
	void performTasks();
	static void logError(const std::exception& exc);
	void performBroadcast(const Task& task);
	void performToMany(const Task& task, std::vector<WebSocketEventConnection::Ptr>& connections);
	void flushDirty();
	void updateNow();
	bool spin(int milliseconds);
	int timeout();

	const Poco::Timespan _spin;
	WebSocketPoller _poller;
	std::chrono::steady_clock::time_point _turn; // when it began
	Time _now;
	WebSocketTimerWheel _timers;
	WebSocketPostbox _postbox;
	const WebSocketPlace _place;
	Poco::Thread _thread;
	std::mutex _joinMutex;
	bool _started;
	std::atomic<bool> _stopping;
	WebSocketLoopConnections _connections;
	WebSocketMulticast _multicast;
	std::unique_ptr<char[]> _pInput;
	WebSocketSpareOutputs _outputs;
	WebSocketChannel::Buffers _channelBuffers;
	std::string _compressed;
	WebSocketKeyPool<1024> _keys;
	const WebSocketEventConnection* _pReading;
	std::vector<WebSocketEventConnection*> _dirty;
	std::vector<WebSocketEventConnection::Ptr> _again;    // those that again() was called for
	std::vector<WebSocketEventConnection::Ptr> _againNow; // the same in the turn before, and atLast() in this one
	std::vector<WebSocketEventConnection*> _graveyard; // to be released at the end of the turn
	std::unique_ptr<WebSocketOpeningHandshake> _pOpening;
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


inline WebSocketPostbox& WebSocketReactor::postbox()
{
	return _postbox;
}


inline const WebSocketLoopConnections& WebSocketReactor::connections() const
{
	return _connections;
}


inline WebSocketMulticast& WebSocketReactor::multicast()
{
	return _multicast;
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


inline WebSocketSpareOutputs& WebSocketReactor::outputs()
{
	return _outputs;
}


inline const unsigned char* WebSocketReactor::nextKey()
{
	return _keys.next();
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


inline const WebSocketPlace& WebSocketReactor::place() const
{
	return _place;
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketReactor_INCLUDED
