//
// SendQueue.h
//
// Library: PocoWebSocket
// Package: Events
// Module:  WebSocketSendQueue
//
// The frames that a connection of the event shell is going to send.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketSendQueue_INCLUDED
#define Net_WebSocketSendQueue_INCLUDED


#include "events/Counter.h"
#include "events/Link.h"
#include "events/Output.h"
#include "events/TimerWheel.h"
#include "Poco/Net/WebSocketConnection.h"
#include <atomic>
#include <memory>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


class WebSocketSendQueue
	/// Frames on their way out, and what is queued in all. The frames are in an output that the loop lends as long as there
	/// are some, and are flushed at the end of the loop's turn.
	///
	/// It calls nobody, and decides nothing about the connection: functions return what has come of it.
	///
	/// Used by the loop's thread, but for what says otherwise.
{
public:
	typedef WebSocketTimerWheel::Time Time;

	enum Flushed
	{
		SENT,      /// Nothing is left.
		UNBLOCKED, /// The same, and before something was.
		BLOCKED,   /// The peer does not take what is left, for the first time.
		MOVED,     /// It still does not, but it has taken something.
		STUCK,     /// It has not.
		LOST,      /// The same as BLOCKED, MOVED or STUCK, but there is no memory to keep what is left.
		FAILED     /// Nothing can be sent any more.
	};

	WebSocketSendQueue();

	bool isOpen() const;
		/// Returns true if messages can be sent.

	void close();
		/// From here on no messages can be sent. Control frames can, and what is queued is sent.

	bool isBlocked() const;
		/// Returns true if the peer does not take what is sent.

	bool isBroken() const;
	void breakOff(const WebSocketLink& link);
		/// Nothing can be sent any more: gives back the output.

	void append(const WebSocketLink& link, int flags, const char* pData, std::size_t length);
		/// Puts a frame into the output.

	WebSocketOutput& output(WebSocketReactor& reactor);
	void prepare(WebSocketReactor& reactor);
		/// Takes an output for the answers to what is received, if one is at hand.

	bool hasOutput() const;
	void clear();
		/// Forgets what is in the output.

	void release(WebSocketReactor& reactor);
		/// Forgets it, and gives the output back.

	Flushed flush(const WebSocketLink& link);
		/// Sends what is in the output, as far as it can.

	Poco::UInt64 end() const;
		/// Returns the value of bytesSent() when all has been sent that is in the output now.

	Poco::UInt64 bytesSent() const;

	bool fits(const WebSocketLink& link, std::size_t length) const;
		/// Returns true if the output has room for so many bytes more. An empty one has for any number.

	bool reserve(std::size_t limit, std::size_t cost, bool here);
		/// Counts something that is going to wait outside the output. Returns false if more than the limit would be queued, and something
		/// is. Any thread; here is true in the loop's.

	void giveBack(std::size_t cost);
		/// Undoes that. Any thread.

	std::size_t queued() const;
		/// Returns what is queued, in bytes. Any thread.

	bool owe();
		/// onDrained() is owed from now on. Returns true if it was before. Any thread.

	bool owes() const;
	bool pay();
		/// It is not owed any more. Returns true if it was.

	void metrics(WebSocketConnection::Metrics& metrics) const;
		/// Sets what this knows. Any thread.

	Poco::UInt32 broadcasts; // how many the loop had when this was given the last; another number while a run waits, so that nothing is sent before it

protected:
	enum Flag
	{
		CLOSED     = 1,
		BROKEN     = 2,
		IS_BLOCKED = 4,
		WRITES     = 8  // messages are compressed, or wait for the last part of one
	};

	void put(const WebSocketLink& link, int flags, const char* pData, std::size_t length);
	void wake(const WebSocketLink& link);
		/// Sees to it that the output is flushed soon.

	void counted(const WebSocketLink& link, std::size_t messages);
		/// So many messages have been sent.

	void account(std::size_t done = 0);
		/// So much of what was reserved is done with, and what is in the output counts: all in one step, for those who compare it with a limit.

	static bool stays(const WebSocketLink& link, const char* pData);
		/// Returns true for bytes that are in their place until the output is flushed after reading.

	unsigned char _flags;

private:
	std::atomic<bool> _drain;               // onDrained() is owed

protected:
	Poco::UInt16 _run;                      // how many messages of the loop's turn wait, one behind the other; the first is told by broadcasts
	std::unique_ptr<WebSocketOutput> _pOutput;

private:
	WebSocketCounter _messagesSent;
	WebSocketCounter _bytesSent;
	std::atomic<std::size_t> _queued;       // what was reserved, and what was in the output when it was accounted for
};


//
// inlines
//
inline bool WebSocketSendQueue::isOpen() const
{
	return (_flags & CLOSED) == 0;
}


inline void WebSocketSendQueue::close()
{
	_flags |= CLOSED;
}


inline bool WebSocketSendQueue::isBlocked() const
{
	return (_flags & IS_BLOCKED) != 0;
}


inline bool WebSocketSendQueue::isBroken() const
{
	return (_flags & BROKEN) != 0;
}


inline bool WebSocketSendQueue::hasOutput() const
{
	return _pOutput != nullptr;
}


inline void WebSocketSendQueue::clear()
{
	if (_pOutput) _pOutput->clear();
}


inline bool WebSocketSendQueue::owe()
{
	return _drain.exchange(true);
}


inline bool WebSocketSendQueue::owes() const
{
	return _drain.load(std::memory_order_relaxed);
}


inline bool WebSocketSendQueue::pay()
{
	return _drain.exchange(false);
}


inline std::size_t WebSocketSendQueue::queued() const
{
	return _queued.load(std::memory_order_relaxed);
}


inline void WebSocketSendQueue::giveBack(std::size_t cost)
{
	_queued.fetch_sub(cost, std::memory_order_relaxed);
}


inline Poco::UInt64 WebSocketSendQueue::bytesSent() const
{
	return _bytesSent;
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketSendQueue_INCLUDED
