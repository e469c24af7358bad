//
// GuardedSocket.h
//
// Library: PocoWebSocket
// Package: Net
// Module:  WebSocketGuardedSocket
//
// A socket that speaks TLS.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketGuardedSocket_INCLUDED
#define Net_WebSocketGuardedSocket_INCLUDED


#include "net/Deadline.h"
#include "net/OpenSSL.h"
#include "Poco/Net/WebSocketConfig.h"
#include "Poco/Net/StreamSocketImpl.h"
#include "Poco/Mutex.h"
#include "Poco/Timespan.h"
#include <atomic>
#include <cstddef>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


class WebSocketGuardedSocket
	/// A socket of any class (TLS), used through its virtual functions, without blocking in them and by one thread at a time, since an SSL object
	/// must not be used by two. Receiving and sending do not wait; waiting is done here, beside them.
	///
	/// TLS may want to send before something can be received, and the other way round (crossed): then that is waited for.
	/// One thread may receive while another sends. The socket must exist as long as this does.
{
public:
	enum
	{
		AGAIN = -1 /// Nothing could be received or sent now.
	};

	struct Need
		/// What a call that could not go on waits for.
	{
		int mode = 0;         /// Of SELECT_READ and SELECT_WRITE.
		bool crossed = false; /// It is not what such a call usually waits for, or another thread may do it meanwhile.
		bool begun = false;   /// receive(): a part of a TLS record has come.
	};

	explicit WebSocketGuardedSocket(StreamSocketImpl* pSocket);
		/// From here on no call into the socket waits. Throws what the socket throws.

	int receive(char* pTarget, std::size_t length, Need& need);
		/// Receives up to length bytes. Returns their number, 0 at the end of the stream, or AGAIN: then need says what for.

	int send(const char* pData, std::size_t length, Need& need);
		/// Sends up to length bytes. Returns their number, or AGAIN: then need says what for, and the next call must be
		/// for the same bytes at the same place.

	bool wait(const WebSocketDeadline& limit, const Need& need);
		/// Waits for that. Returns false after the deadline; may return true earlier if the need is crossed.

	bool wait(const WebSocketDeadline& limit, int mode);
		/// The same, for what those that receive or send, as mode says, need.

	bool crossed() const;
		/// Returns true if the last call that could not go on wants the socket for the other direction than its own.

	int interest(int mode) const;
		/// Returns what of SELECT_READ and SELECT_WRITE is to be waited for to receive or send, as mode says. To be called
		/// by the only thread.

	int available();
	bool poll(const Poco::Timespan& timeout, int mode);

	void shutdown();
	void close();
	void wake();
		/// Ends the stream for threads that wait, whatever they are doing: nothing is said to the peer.

	void end();
		/// The socket is going to be closed: sends close_notify.

private:
	WebSocketGuardedSocket(const WebSocketGuardedSocket&) = delete;
	WebSocketGuardedSocket& operator = (const WebSocketGuardedSocket&) = delete;

	int receiveOnce(char* pTarget, std::size_t length);
	int receiveAfterFailure() const;
	int receiveAgain();
	int sendOnce(const char* pData, std::size_t length);
	int sendAgain(WebSocketOpenSSL::Want want);
	bool ended() const;
	bool renegotiates() const;
	bool canReceive();
	bool waitCrossed(const WebSocketDeadline& limit, int mode);
	bool pollCrossed(const Poco::Timespan& timeout, int mode);

	StreamSocketImpl* const _pSocket;
	mutable Poco::FastMutex _mutex; // guards the socket, and what OpenSSL wants
	WebSocketOpenSSL _openSSL;
	WebSocketOpenSSL::Want _receiveWants; // to go on
	WebSocketOpenSSL::Want _sendWants;
	bool _established; // the first TLS handshake is complete
	std::atomic<bool> _sendFailed; // TLS has, or wake() was called: OpenSSL must not be asked again (SSL_get_error(3)), and Poco 1.13 would tell
	bool _receiveFailed; // of it as if nothing could be sent or received now
};


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketGuardedSocket_INCLUDED
