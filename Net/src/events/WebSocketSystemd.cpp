//
// WebSocketSystemd.cpp
//
// Library: PocoWebSocket
// Package: Events
// Module:  WebSocketSystemd
//
// SPDX-License-Identifier: BSL-1.0
//


#include "Poco/Net/WebSocketSystemd.h"
#include "Poco/Net/NetException.h"
#include "Poco/Net/ServerSocketImpl.h"
#include "Poco/Net/SocketAddress.h"
#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


namespace
{
	constexpr int FIRST_GIVEN = 3; // SD_LISTEN_FDS_START
	constexpr int MOST_GIVEN = 4096;

	std::string environment(const char* pName)
	{
		const char* const pValue = std::getenv(pName);
		return pValue ? pValue : "";
	}

	int numberOfGiven()
	{
		if (std::strtol(environment("LISTEN_PID").c_str(), nullptr, 10) != static_cast<long>(::getpid())) return 0; // of a parent
		return static_cast<int>(std::clamp(std::strtol(environment("LISTEN_FDS").c_str(), nullptr, 10), 0L, static_cast<long>(MOST_GIVEN)));
	}

	std::string takeName(std::string& names)
		/// Takes the first name of a list with colons.
	{
		const std::size_t end = std::min(names.find(':'), names.size());
		const std::string name = names.substr(0, end);
		names.erase(0, end + 1);
		return name;
	}

	bool has(int fd, int option, int expected)
	{
		int value = 0;
		socklen_t length = sizeof(value);
		return ::getsockopt(fd, SOL_SOCKET, option, &value, &length) == 0 && value == expected;
	}

	struct GivenSocketImpl: public ServerSocketImpl
		/// Opens reset().
	{
		static void assign(ServerSocketImpl& impl, int fd)
		{
			(impl.*&GivenSocketImpl::reset)(fd);
		}
	};

	struct GivenSocket: public ServerSocket
		/// Opens a constructor.
	{
		explicit GivenSocket(SocketImpl* pImpl):
			ServerSocket(pImpl, true)
		{
		}
	};

	ServerSocket duplicate(int given)
	{
		Poco::AutoPtr<ServerSocketImpl> pImpl = new ServerSocketImpl;
		const int fd = ::fcntl(given, F_DUPFD_CLOEXEC, FIRST_GIVEN);
		if (fd < 0) throw NetException("Cannot duplicate a socket that was given", errno);
		GivenSocketImpl::assign(*pImpl, fd);
		return GivenSocket(pImpl.duplicate());
	}
}


std::vector<ServerSocket> WebSocketSystemd::sockets(const std::string& name)
{
	std::vector<ServerSocket> result;
	std::string names = environment("LISTEN_FDNAMES");
	const int end = FIRST_GIVEN + numberOfGiven();
	for (int fd = FIRST_GIVEN; fd < end; ++fd)
	{
		const std::string itsName = takeName(names);
		const int flags = ::fcntl(fd, F_GETFD);
		if (flags < 0) continue;
		::fcntl(fd, F_SETFD, flags | FD_CLOEXEC);
		if ((name.empty() || name == itsName) && has(fd, SO_TYPE, SOCK_STREAM) && has(fd, SO_ACCEPTCONN, 1)) result.push_back(duplicate(fd));
	}
	return result;
}


void WebSocketSystemd::use(ServerSocket& socket, const ServerSocket& given)
{
	// The descriptor stays, and is of another socket from here on: whatever refers to it does not notice.
	if (socket.impl()->sockfd() == POCO_INVALID_SOCKET) socket.bind(SocketAddress("127.0.0.1", 0), false);
	if (::dup3(given.impl()->sockfd(), socket.impl()->sockfd(), O_CLOEXEC) < 0) throw NetException("Cannot use the socket that was given", errno);
}


bool WebSocketSystemd::notify(const std::string& state)
{
	const std::string path = environment("NOTIFY_SOCKET");
	sockaddr_un address = {};
	if (path.size() < 2 || path.size() > sizeof(address.sun_path) || (path[0] != '/' && path[0] != '@')) return false;
	address.sun_family = AF_UNIX;
	std::memcpy(address.sun_path, path.data(), path.size());
	if (path[0] == '@') address.sun_path[0] = 0; // an abstract one (unix(7))
	const socklen_t length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size());
	const int fd = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0) return false;
	const ssize_t sent = ::sendto(fd, state.data(), state.size(), MSG_NOSIGNAL | MSG_DONTWAIT, reinterpret_cast<const sockaddr*>(&address), length);
	::close(fd);
	return sent == static_cast<ssize_t>(state.size());
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
