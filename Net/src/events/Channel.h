//
// Channel.h
//
// Library: PocoWebSocket
// Package: Events
// Module:  WebSocketChannel
//
// What is between a stream and its socket, unless that is a plain one.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketChannel_INCLUDED
#define Net_WebSocketChannel_INCLUDED


#include "net/SocketBIO.h"
#include "Poco/Net/WebSocketConfig.h"
#include "Poco/Net/StreamSocketImpl.h"
#include "Poco/AutoPtr.h"
#include <cstddef>
#include <memory>
#include <sys/uio.h>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


class WebSocketChannel
	/// Sends and receives through a StreamSocketImpl that is not a plain one. Nothing waits, and nothing is thrown but a std::bad_alloc.
{
public:
	typedef WebSocketSocketBIO::Buffers Buffers;

	static constexpr long END    = 0;
	static constexpr long AGAIN  = -1;
	static constexpr long BROKEN = -2; /// See error().

	static std::unique_ptr<WebSocketChannel> make(StreamSocketImpl* pSocket);
		/// Returns a channel, which shares the ownership of pSocket, and makes it non-blocking; null for a plain socket.

	virtual ~WebSocketChannel();

	virtual void share(Buffers& buffers);
		/// The channel may use these buffers in each call. They live longer than it.

	virtual long receive(const iovec* pBlocks, int count) = 0;
		/// Receives into the blocks. Returns how many bytes, END, AGAIN, or BROKEN.

	virtual bool pending() = 0;
		/// Returns true if there is more to be received that poll() does not know of.

	virtual long send(const iovec* pBlocks, int count) = 0;
		/// Takes bytes on their way, as many as the socket takes soon. Returns how many, AGAIN, or BROKEN. Without blocks, only what was taken
		/// before is sent.

	virtual std::size_t unsent() const = 0;
		/// Returns how many of the bytes that were taken wait until the socket takes them: then it has to be called again.

	virtual bool push();
		/// Sends what the channel itself has to say. Returns true if there was something, and nothing is left.

	virtual void beLast();
		/// When the next send() has one block, it is the last before close(): it may go out with that.

	virtual bool crossed() const = 0;
		/// Returns true if it has to send before it can receive on, or the other way round, or has something to say for itself.

	virtual int interest(int events) const = 0;
		/// Returns which events are to be waited for, to receive (SELECT_READ) and send (SELECT_WRITE).

	virtual void shutdownSend() = 0;
		/// Tells the peer that nothing follows.

	virtual void close() = 0;
		/// The same, and closes the socket.

	virtual const char* handshakeError() const;
		/// Returns what has gone wrong in the TLS handshake; null if it was not that, or it is not known.

	int error() const;
		/// Returns the system's code for what has broken it; 0 if there is none.

	StreamSocketImpl* socket() const;

protected:
	explicit WebSocketChannel(StreamSocketImpl* pSocket);

	long failed(int code);

private:
	WebSocketChannel(const WebSocketChannel&) = delete;
	WebSocketChannel& operator = (const WebSocketChannel&) = delete;

	const Poco::AutoPtr<StreamSocketImpl> _pSocket;
	int _error;
};


//
// inlines
//
inline int WebSocketChannel::error() const
{
	return _error;
}


inline StreamSocketImpl* WebSocketChannel::socket() const
{
	return const_cast<StreamSocketImpl*>(_pSocket.get());
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketChannel_INCLUDED
