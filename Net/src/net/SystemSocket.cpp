//
// SystemSocket.cpp
//
// Library: PocoWebSocket
// Package: Net
// Module:  WebSocketSystemSocket
//
// SPDX-License-Identifier: BSL-1.0
//


#include "net/SystemSocket.h"
#include "Poco/Net/NetException.h"
#include "Poco/Net/SocketDefs.h"
#include <cerrno>
#include <poll.h>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


namespace
{
	pollfd entryFor(int fd, int mode)
	{
		pollfd entry = pollfd();
		entry.fd = mode != 0 ? fd : -1; // which is not looked at
		entry.events = static_cast<short>((mode & SocketImpl::SELECT_READ ? POLLIN : 0) | (mode & SocketImpl::SELECT_WRITE ? POLLOUT : 0));
		return entry;
	}
}


void WebSocketSystemSocket::raise(int code)
{
	if (code == EBADF) throw InvalidSocketException(); // closed
	if (code == EPIPE) throw ConnectionResetException("Connection closed by peer", code);
	error(code);
	throw NetException("Socket error", code);
}


bool WebSocketSystemSocket::isReady(int fd, int mode)
{
	pollfd entry = entryFor(fd, mode);
	return ::poll(&entry, 1, 0) > 0;
}


bool WebSocketSystemSocket::wait(int fd, const WebSocketDeadline& limit, int mode)
{
	pollfd entry = entryFor(fd, mode);
	for (;;)
	{
		const int milliseconds = limit.limited() ? clip(static_cast<std::size_t>((limit.left().totalMicroseconds() + 999)/1000)) : -1;
		const int n = ::poll(&entry, 1, milliseconds);
		if (n > 0) return true;
		if (n == 0) return false;
		if (lastCode() != POCO_EINTR) raise(lastCode());
	}
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
