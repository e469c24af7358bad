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
#include <algorithm>
#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>


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

	static void makeRoom(long count)
		/// Has the system make room for so many descriptors, or as many as the process may have: 8 bytes for each. Otherwise, whenever there have to be twice as
		/// many, the thread that needs one waits until the system has told all cores, 10 ms and more.
	{
		const int fd = ::eventfd(0, EFD_CLOEXEC);
		const int last = ::fcntl(fd, F_DUPFD_CLOEXEC, static_cast<int>(std::min(count, ::sysconf(_SC_OPEN_MAX))) - 1);
		if (last >= 0) ::close(last);
		if (fd >= 0) ::close(fd);
	}
};


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketDescriptor_INCLUDED
