//
// Process.h
//
// Library: PocoWebSocket
// Package: Events
// Module:  WebSocketProcess
//
// Whether threads are here.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketProcess_INCLUDED
#define Net_WebSocketProcess_INCLUDED


#include "Poco/Net/WebSocketConfig.h"
#include <sys/types.h>
#include <unistd.h>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


class WebSocketProcess
	/// The process that threads were started in. A child that comes of fork() has their memory and their descriptors,
	/// but not them: they cannot be joined, may have held locks, and what they share with the parent's, as an epoll set or
	/// the state of a TLS connection, is the parent's to change.
{
public:
	WebSocketProcess():
		_id(::getpid())
	{
	}

	bool current() const
		/// Returns false in a child.
	{
		return ::getpid() == _id;
	}

private:
	pid_t _id;
};


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketProcess_INCLUDED
