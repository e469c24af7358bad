//
// Descriptor.h
//
// Library: PocoWebSocket
// Package: Net
// Module:  WebSocketDescriptor
//
// What the library wants of the descriptors of its sockets.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketDescriptor_INCLUDED
#define Net_WebSocketDescriptor_INCLUDED


#include "Poco/Net/WebSocketConfig.h"
#include "Poco/Net/Socket.h"
#include "Poco/Net/SocketImpl.h"
#include <fcntl.h>
#include <sys/socket.h>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


struct WebSocketDescriptor
	/// What the library wants of the descriptors of its sockets.
{
	static void closeOnExec(const SocketImpl& socket)
		/// The programs that this one starts do not have it: a connection would go on, and a port be open, as long as they run.
		/// Does nothing if there is no descriptor.
	{
		const int flags = ::fcntl(socket.sockfd(), F_GETFD);
		if (flags >= 0 && !(flags & FD_CLOEXEC)) ::fcntl(socket.sockfd(), F_SETFD, flags | FD_CLOEXEC);
	}

	static void closeListening(Socket& socket)
		/// Closes a socket that listens, and shuts it down before: nobody comes to it any more, also if another process has it as well.
	{
		::shutdown(socket.impl()->sockfd(), SHUT_RDWR);
		socket.close();
	}
};


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketDescriptor_INCLUDED
