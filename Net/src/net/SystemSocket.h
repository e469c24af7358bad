//
// SystemSocket.h
//
// Library: PocoWebSocket
// Package: Net
// Module:  WebSocketSystemSocket
//
// What the system says of a socket.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketSystemSocket_INCLUDED
#define Net_WebSocketSystemSocket_INCLUDED


#include "net/Deadline.h"
#include "Poco/Net/WebSocketConfig.h"
#include "Poco/Net/StreamSocketImpl.h"
#include <algorithm>
#include <cstddef>
#include <limits>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


struct WebSocketSystemSocket: public StreamSocketImpl
	/// The errors of system calls on sockets, by Poco's table of them, and waiting.
{
	static int lastCode()
		/// Returns the error of the last system call.
	{
		return lastError();
	}

	[[noreturn]] static void raise(int code);
		/// Throws the exception for an error.

	static bool isAgain(int code)
		/// Returns true if a call that does not wait could do nothing now.
	{
		return code == POCO_EAGAIN || code == POCO_EWOULDBLOCK;
	}

	static int clip(std::size_t length)
		/// Returns a length as what Poco's calls return.
	{
		return static_cast<int>(std::min<std::size_t>(length, std::numeric_limits<int>::max()));
	}

	static bool isReady(int fd, int mode);
		/// Returns true if the socket is ready for one of SELECT_READ and SELECT_WRITE now, or its stream has ended.

	static bool wait(int fd, const WebSocketDeadline& limit, int mode);
		/// Waits for that. Returns false after the deadline. If the mode is 0, only the deadline is waited for.
};


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketSystemSocket_INCLUDED
