//
// Sender.h
//
// Library: PocoWebSocket
// Package: Blocking
// Module:  WebSocketSender
//
// The write loop of the blocking shell.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketSender_INCLUDED
#define Net_WebSocketSender_INCLUDED


#include "net/Lock.h"
#include "net/Deadline.h"
#include "net/KeyPool.h"
#include "net/Transport.h"
#include "core/ControlFrames.h"
#include "core/PingTimes.h"
#include "core/Framer.h"
#include "Poco/Clock.h"
#include "Poco/Exception.h"
#include "Poco/Mutex.h"
#include "Poco/Timespan.h"
#include <atomic>
#include <string>
#include <vector>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


class WebSocketSender
	/// Puts frames on the wire, whole, one after the other, from any number of threads.
	///
	/// A frame that could not be sent completely (non-blocking, or after a send
	/// timeout) is kept, and nothing else is sent before its rest.
	///
	/// The receiving thread's answers to control frames never make it wait: if they cannot
	/// be sent at once, the thread that is sending, or the next one, sends them.
{
public:
	enum
	{
		LOOK_AGAIN = 50*1000 // microseconds
	};

	WebSocketSender(WebSocketTransport& transport, WebSocketFramer& framer);

	class Unfinished: public Poco::TimeoutException
		/// The send timeout has struck inside a frame, which counts as sent.
	{
	public:
		Unfinished();
	};

	int send(const char* pPayload, int length, int flags);
		/// See WebSocket::sendFrame().

	int sendClose(int statusCode, const std::string& reason);
		/// See WebSocket::shutdown().

	void sendFailure();
		/// Sends the Close frame that says why the connection has failed, if that
		/// is possible without waiting for the peer, and ends the stream.

	unsigned reply(int flags, const char* pPayload, std::size_t length);
		/// Sends a PONG or Close frame, now or later, without waiting. A PONG takes the
		/// place of one that is still waiting (RFC 6455, 5.5.3). Returns
		/// how many PINGs have come since a PONG could last be sent.

	void postClose(int statusCode, const std::string& reason);
		/// As sendClose(), but sends it now or later, without waiting.

	void sendReplies(const WebSocketDeadline& limit);
		/// Sends answers that are waiting, or postClose()'s Close frame, as soon as there is room, unless another thread is
		/// there to do it, or the time is over.

	bool repliesWait() const;
		/// Returns true if something is waiting. If another thread was there to send it, it may give up: who relies on
		/// it looks again after LOOK_AGAIN.

	void ping();
		/// Sends a PING whose answer gives the round-trip time. May throw as send().

	void pongReceived(const char* pPayload, std::size_t length);
		/// Takes the payload of a PONG.

	Poco::Timespan pingTime() const;
		/// Returns the last round-trip time; 0 if there is none yet.

	void sendPing();
		/// Sends an empty PING, now or later, without waiting.

	bool beforeWaiting();
		/// To be called before the receiving thread waits: sends what was gathered, and answers
		/// that are waiting, if that is possible without waiting. Returns false if something is left, and
		/// no other thread is there to send it.

	bool pingWaits();
		/// Returns true if what sendPing() was called for has not been sent yet.

	void afterWaiting();
		/// To be called when it has waited.

	void cork();
	void uncork();
		/// Between these, frames are gathered, and sent together: by flush() and uncork(), and when
		/// they have become many. May be nested. May throw as send().

	void flush();
		/// Sends what was gathered.

private:
	enum
	{
		BLOCK_SIZE      = 64*1024, // bytes masked and sent at a time
		TLS_BLOCK_SIZE  = 16*1024, // one record
		GATHER_SIZE     = 2048,    // from here on a payload is sent from where it is
		FAILURE_WAIT_MS = 2000     // for another thread to finish its frame
	};

	struct Promise
		/// A frame for which -1 was returned: the call is going to be repeated.
	{
		const char* pPayload;
		std::size_t hash;
		int length;
		int flags;
	};

	class Lock;

	static int buildClose(int statusCode, const std::string& reason, char* pPayload);
	int submit(const char* pPayload, int length, int flags, int dropped);
	[[noreturn]] void throwTimeout() const;
	bool sendBeforeWaiting();
	bool repeated(const char* pPayload, int length, int flags);
	void check(WebSocketFramer::SendResult result) const;
	bool sendFrame(const char* pPayload, std::size_t length, int flags, bool corked);
	bool sendShort(const char* pPayload, std::size_t length, int flags);
	bool sendLarge(const char* pPayload, std::size_t length, int flags);
	bool sendGathered(const char* pHeader, std::size_t headerLength, const char* pPayload, std::size_t length, int flags);
	bool sendInBlocks(const char* pHeader, std::size_t headerLength, const char* pPayload, std::size_t length, int flags, WebSocketMask& mask);
	bool sendBlock(int flags);
	void reserveBlock(std::size_t size);
	bool finish(bool corked);
	int put(const char* pData, std::size_t length);
	void begin(int flags);
	void keep(const char* pData, std::size_t length, WebSocketMask& mask);
	bool gathers() const;
	bool unfinished() const;
	bool flushBlock();
	bool sendAllReplies();
	void post(int flags, const char* pPayload, std::size_t length);
	bool sendReply(const WebSocketControlFrames::Frame& reply);
	bool unlock();
	const unsigned char* key();

	WebSocketTransport& _transport;
	WebSocketFramer& _framer;
	const std::size_t _blockSize;
	WebSocketLock _mutex;
	std::vector<char> _block;   // header and payload as they go out
	std::size_t _blockPosition; // what is left to be sent of it
	std::size_t _blockEnd;
	std::vector<char> _rest;    // to be sent behind the block
	std::size_t _restPosition;
	std::vector<Promise> _promises;
	bool _begun;  // bytes of the present frame have gone out
	bool _broken; // the stream ends inside a frame, and will never go on
	bool _now;    // sending must not wait
	std::atomic<int> _corks;
	std::atomic<bool> _receiverWaits; // with a cork: nothing is gathered meanwhile
	WebSocketKeyPool<64> _keys;

	Poco::FastMutex _replyMutex;
	WebSocketControlFrames _control;
	WebSocketPingTimes _pingTimes;
	std::atomic<bool> _replies; // one of them waits
};


//
// inlines
//
inline bool WebSocketSender::unfinished() const
{
	return _blockPosition < _blockEnd || !_rest.empty();
}


inline bool WebSocketSender::repliesWait() const
{
	return _replies;
}


inline bool WebSocketSender::beforeWaiting()
{
	return (_corks.load(std::memory_order_relaxed) == 0 && !_replies.load()) || sendBeforeWaiting();
}


inline bool WebSocketSender::unlock()
	/// Unlocks _mutex. Answers that are waiting then are sent first; those that come up
	/// between the two are sent here as well, or by the thread that has got the lock. Returns
	/// false if something could not be sent without waiting.
{
	bool blocked = false;
	for (;;)
	{
		if (_replies) blocked = !sendAllReplies();
		_mutex.unlock();
		if (!_replies) return true;
		if (blocked) return false;
		if (!_mutex.tryLock()) return true;
	}
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketSender_INCLUDED
