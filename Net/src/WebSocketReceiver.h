//
// WebSocketReceiver.h
//
// Library: PocoWebSocket
// Package: WebSocket
// Module:  WebSocketReceiver
//
// The read loop of the blocking shell.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketReceiver_INCLUDED
#define Net_WebSocketReceiver_INCLUDED


#include "WebSocketTransport.h"
#include "Poco/Net/WebSocketFramer.h"
#include "Poco/Buffer.h"
#include "Poco/Mutex.h"
#include <atomic>
#include <vector>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


class WebSocketReceiver
	/// Takes frames from the wire, one at a time.
	///
	/// A program that waits for the socket to become readable must find every
	/// frame, so nothing behind a frame is taken out of the kernel while that
	/// frame is waiting to be fetched. On a plain socket, what has arrived is looked
	/// at with MSG_PEEK, frames are served from that copy, and the bytes
	/// are removed from the kernel when the last whole frame in it
	/// is served: the socket is readable exactly as long as there is one.
	/// TLS takes whole records out of the kernel anyway; there, and for what the
	/// HTTP session had read already, ahead() tells what waits here.
{
public:
	WebSocketReceiver(WebSocketTransport& transport, WebSocketFramer& framer);

	void preload(const Poco::Buffer<char>& data);
		/// Takes what was received behind the opening handshake.

	int receive(char* pBuffer, std::size_t length, std::size_t maxLength, int& flags);
		/// See WebSocket::receiveFrame(). maxLength is the maximum payload size. Fails
		/// the framer and returns FAILED if a rule is broken.

	int receive(Poco::Buffer<char>& buffer, std::size_t maxLength, int& flags);
		/// See WebSocket::receiveFrame().

	enum
	{
		AGAIN  = -1, /// Non-blocking, and no whole frame yet.
		FAILED = -2  /// The framer has failed.
	};

	int ahead() const;
		/// Returns how many bytes wait here to be delivered. Negative if the kernel has
		/// bytes that were delivered already.

	void settleIdle();
		/// Removes what was delivered from the kernel, unless a thread is receiving.

private:
	enum
	{
		INPUT_SIZE  = 16*1024, // the longest TLS record; also looked at in one go
		LARGE_FRAME = 8*1024   // behind one of these only the next header is looked at
	};

	class Target;

	int receive(Target& target, std::size_t maxLength, int& flags);
	int readFrame(Target& target, std::size_t maxLength, int& flags);
	int readHeader();
	int readPayload(Target& target);
	int fill();
	int readInto(Target& target, std::size_t total);
	int readDirectly(char* pTarget, std::size_t length);
	void save(const Target& target);
	void settle();
	bool wholeFrameAhead() const;
	void publish();

	WebSocketTransport& _transport;
	WebSocketFramer& _framer;
	Poco::FastMutex _mutex;

	std::vector<char> _input; // [_position, _end) is still to be delivered
	std::size_t _position;
	std::size_t _end;
	bool _peeked;             // [0, _end) is also still in the kernel
	bool _large;              // the last frame was a large one
	std::atomic<int> _ahead;

	bool _headerDone;         // of the frame in progress
	Poco::Buffer<char> _saved; // its payload so far, if a call has ended inside it
	std::size_t _received;    // length of its payload so far
	bool _ended;              // no frame will come any more
};


//
// inlines
//
inline int WebSocketReceiver::ahead() const
{
	return _ahead.load(std::memory_order_relaxed);
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketReceiver_INCLUDED
