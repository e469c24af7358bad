//
// Transport.h
//
// Library: PocoWebSocket
// Package: Net
// Module:  WebSocketTransport
//
// The bytes under a WebSocket.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketTransport_INCLUDED
#define Net_WebSocketTransport_INCLUDED


#include "net/GuardedSocket.h"
#include "net/SendWait.h"
#include "net/Ticks.h"
#include "Poco/Net/WebSocketConfig.h"
#include "Poco/Net/StreamSocketImpl.h"
#include "Poco/Mutex.h"
#include "Poco/Timespan.h"
#include <atomic>
#include <memory>
#include <sys/types.h>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


class WebSocketTransport
	/// Sends and receives bytes through a StreamSocketImpl, and knows exactly how
	/// many, also when a timeout or an error ends the call.
	///
	/// A plain socket is used with system calls directly. Any other
	/// implementation (TLS) is a WebSocketGuardedSocket, which does not wait; waiting is done here, with the
	/// timeouts that are set here.
	///
	/// One thread may receive while another sends.
{
public:
	enum
	{
		AGAIN = -1
			/// Nothing could be sent or received now (non-blocking), or
			/// within the send timeout (blocking).
	};

	explicit WebSocketTransport(StreamSocketImpl* pSocket);
		/// Creates the transport, which shares the ownership of pSocket.

	~WebSocketTransport();

	bool plain() const;
		/// Returns true for a plain socket, on which peek() and discard() work.

	int receive(char* pTarget, std::size_t length);
		/// Receives up to length bytes. Returns their number, 0 at the end
		/// of the stream, or AGAIN if non-blocking.
		/// Throws a TimeoutException after the receive timeout.

	int receive(char* pScratch, std::size_t skip, char* pTarget, std::size_t length);
		/// Plain sockets only: like receive(), but the first skip bytes, which must have
		/// been seen with peek(), go to pScratch, and are not counted. Returns AGAIN
		/// also if nothing has arrived behind them yet.

	int receiveNow(char* pTarget, std::size_t length, bool peek, bool* pArrived = nullptr);
		/// Like receive() or, with peek set, peek(), but never waits. With AGAIN, *pArrived becomes true if a part of a TLS record has come.

	bool waitReadable(const Poco::Timespan& timeout, bool orWritable = false);
		/// Waits for something to receive, or the end of the stream, or with orWritable for room to send, or the
		/// timeout, if that is greater than 0. Returns false after the timeout.

	bool waitWritable(const Poco::Timespan& timeout);
		/// Waits for room to send, as waitReadable() does.

	void setLowWater(int bytes);
		/// Plain sockets only: receive() and waitReadable() wait until there are so many bytes, or the end of the
		/// stream, or the timeout. The socket's default is 1.

	int peek(char* pTarget, std::size_t length);
		/// Plain sockets only: like receive(), but leaves the bytes where they are.

	void discard(char* pScratch, std::size_t length);
		/// Plain sockets only: removes length bytes, which must have been seen with peek().
		/// The contents of pScratch, which has room for them, are lost.

	void drain();
		/// Takes what has arrived already, up to a limit, and forgets it: a socket closed
		/// with unread data resets the connection, and the peer loses what we sent last.

	int send(const char* pData, std::size_t length);
		/// Sends up to length bytes. Returns their number, or AGAIN: at once if the socket is not blocking, otherwise if the
		/// peer has taken nothing for the send timeout.
		///
		/// If AGAIN is returned and the socket is not plain, the next call must be
		/// for the same bytes at the same place.

	int send(const char* pHeader, std::size_t headerLength, const char* pData, std::size_t length);
		/// Plain sockets only: sends two blocks as one.

	int sendNow(const char* pData, std::size_t length);
		/// Like send(), but never waits.

	Poco::UInt64 bytesSent() const;
		/// Returns how many bytes these have sent. Any thread, also while another one sends.

	void setTransferTimeout(const Poco::Timespan& timeout);
		/// How long a transfer may take, however steadily the peer takes what is sent; 0: for ever.

	void beginTransfer();
		/// What is sent from now on is another transfer, and has this time for itself.

	int available();
	bool poll(const Poco::Timespan& timeout, int mode);
	void shutdownReceive();
	void shutdownSend();
	void shutdown();
	void wake();
		/// Ends the stream for threads that wait, whatever they are doing: nothing is said to the peer.

	void close();

	void setBlocking(bool flag);
	bool getBlocking() const;
	void setSendTimeout(const Poco::Timespan& timeout);
	Poco::Timespan getSendTimeout() const;
	void setReceiveTimeout(const Poco::Timespan& timeout);
	Poco::Timespan getReceiveTimeout() const;

	StreamSocketImpl* socket() const;

private:
	WebSocketTransport(const WebSocketTransport&) = delete;
	WebSocketTransport& operator = (const WebSocketTransport&) = delete;

	int receivePlain(char* pTarget, std::size_t length, int flags);
	int receiveInterrupted(char* pTarget, std::size_t length, int flags, WebSocketTicks::Value begin);
	int receiveGuarded(char* pTarget, std::size_t length);
	int sent(ssize_t n);
	int count(int n);
	int sendGuarded(const char* pData, std::size_t length, bool wait);
	bool wait(const Poco::Timespan& timeout, int mode);

	StreamSocketImpl* _pSocket;
	const bool _plain;
	std::atomic<bool> _blocking;
	std::atomic<Poco::UInt64> _bytesSent; // by one thread at a time
	std::unique_ptr<WebSocketGuardedSocket> _pGuarded; // if not plain
	mutable Poco::FastMutex _mutex; // guards closing, and the timeouts if not plain
	Poco::Timespan _sendTimeout;
	Poco::Timespan _receiveTimeout;
	WebSocketSendWait _sendWait;
	const WebSocketTicks _ticks;
};


//
// inlines
//
inline void WebSocketTransport::setTransferTimeout(const Poco::Timespan& timeout)
{
	_sendWait.setTransferTimeout(timeout);
}


inline void WebSocketTransport::beginTransfer()
{
	_sendWait.beginTransfer();
}


inline Poco::UInt64 WebSocketTransport::bytesSent() const
{
	return _bytesSent.load(std::memory_order_relaxed);
}


inline bool WebSocketTransport::plain() const
{
	return _plain;
}


inline bool WebSocketTransport::getBlocking() const
{
	return _blocking.load(std::memory_order_relaxed);
}


inline StreamSocketImpl* WebSocketTransport::socket() const
{
	return _pSocket;
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketTransport_INCLUDED
