//
// Reader.h
//
// Library: PocoWebSocket
// Package: Blocking
// Module:  WebSocketReader
//
// The read loop of the blocking shell.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketReader_INCLUDED
#define Net_WebSocketReader_INCLUDED


#include "net/Lock.h"
#include "blocking/TimedInput.h"
#include "core/PayloadSink.h"
#include "Poco/Buffer.h"
#include <atomic>
#include <vector>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


class WebSocketReader
	/// Takes frames from the wire, one at a time, in steps: the header, then the payload,
	/// then the end. Each step can be repeated after a timeout or AGAIN; nothing is lost.
	///
	/// A program that waits for the socket to become readable must find every
	/// frame, so nothing behind a frame is taken out of the kernel while that
	/// frame is waiting to be fetched. On a plain socket, what has arrived is looked
	/// at with MSG_PEEK, frames are served from that copy, and the bytes
	/// are removed from the kernel when the last whole frame in it
	/// is served: the socket is readable exactly as long as there is one.
	/// TLS takes whole records out of the kernel anyway; there, with setReadAhead(), and for
	/// what the HTTP session had read already, ahead() tells what waits here.
	///
	/// The user of this class holds mutex().
{
public:
	enum
	{
		END    = 0,  /// No frame will come any more.
		AGAIN  = WebSocketTimedInput::AGAIN,
		FAILED = WebSocketTimedInput::FAILED,
		MORE   = -3  // within this class: not yet
	};

	WebSocketReader(WebSocketTransport& transport, WebSocketFramer& framer, WebSocketSender& sender);

	void preload(const Poco::Buffer<char>& data);
		/// Takes what was received behind the opening handshake.

	WebSocketLock& mutex();

	void setReadAhead(bool flag);
		/// Whether more than one frame may be taken out of the kernel at a time.

	WebSocketTimedInput& source();
		/// Returns where its bytes come from.

	int header();
		/// Returns 1 when the header of the next frame is there, else END, AGAIN or FAILED.

	int payload(WebSocketPayloadSink& target);
		/// Receives the payload into target, which may be another one when the call is
		/// repeated. Returns its length, AGAIN or FAILED.

	int next(WebSocketMessageParser& parser);
		/// Receives until the parser has found something, and returns that event (MESSAGE, PART or CONTROL); or END, AGAIN or FAILED. Fails the framer if a
		/// message that is not handed over in parts takes longer than WebSocketParams::setTransferTimeout() to arrive.

	int nextPart(WebSocketMessageParser& parser, char* pTarget, std::size_t length);
		/// The same; gives the parser at most length bytes at a time, and reads a long part to pTarget.

	void handOver(WebSocketMessageParser& parser);
		/// Between the parser's messages: a frame that was begun by header() is the parser's from now on. Throws an
		/// IllegalStateException if part of its message has been delivered, or received, as frames.

	void takeOver(WebSocketMessageParser& parser);
		/// The same in the other direction, for a control frame, or for what is not delivered any more.

	int part(char* pTarget, std::size_t length);
		/// Receives some of the payload, of which there is more. Returns how many bytes, AGAIN or FAILED.

	void endFrame();
		/// The frame has been delivered.

	bool blocking() const;
		/// Returns true if what is not there is waited for.

	bool ended() const;
		/// Returns true if no frame will come any more.

	void publish();
		/// To be called before mutex() is released.

	int ahead() const;
		/// Returns how many bytes wait here to be delivered. Negative if the kernel has
		/// bytes that were delivered already.

	void settle();
		/// Removes what was delivered from the kernel.

private:
	enum
	{
		INPUT_SIZE  = 16*1024, // the longest TLS record; also looked at in one go
		LARGE_FRAME = 8*1024   // behind one of these only the next header is looked at
	};

	int fill();
	int readInto(WebSocketPayloadSink& target, std::size_t total);
	int receiveMore(WebSocketMessageParser& parser, char* pTarget, std::size_t length);
	int endOfStream();
	int found(WebSocketMessageParser::Event event);
	int readDirectly(char* pTarget, std::size_t length);
	void save(const WebSocketPayloadSink& target);
	bool wholeFrameAhead() const;

	WebSocketTransport& _transport;
	WebSocketFramer& _framer;
	WebSocketSender& _sender;
	WebSocketTimedInput _source;
	WebSocketLock _mutex;

	std::vector<char> _input; // [_position, _end) is still to be delivered
	std::size_t _position;
	std::size_t _end;
	bool _peeked;             // [0, _end) is also still in the kernel
	bool _large;              // the last frame was a large one
	bool _readAhead;
	std::atomic<int> _ahead;

	bool _headerDone;          // of the frame in progress
	Poco::Buffer<char> _saved; // its payload so far, if a call has ended inside it
	std::size_t _received;     // length of its payload so far
	bool _ended;               // no frame will come any more
};


//
// inlines
//
inline int WebSocketReader::ahead() const
{
	return _ahead.load(std::memory_order_relaxed);
}


inline bool WebSocketReader::blocking() const
{
	return _transport.getBlocking();
}


inline bool WebSocketReader::ended() const
{
	return _ended || !_framer.receiving();
}


inline WebSocketTimedInput& WebSocketReader::source()
{
	return _source;
}


inline WebSocketLock& WebSocketReader::mutex()
{
	return _mutex;
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketReader_INCLUDED
