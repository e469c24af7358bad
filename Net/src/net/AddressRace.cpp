//
// AddressRace.cpp
//
// Library: PocoWebSocket
// Package: Net
// Module:  WebSocketAddressRace
//
// SPDX-License-Identifier: BSL-1.0
//


#include "net/AddressRace.h"
#include "Poco/Net/NetException.h"
#include "Poco/Net/StreamSocketImpl.h"
#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <memory>
#include <netdb.h>
#include <new>
#include <sys/socket.h>
#include <unistd.h>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


namespace
{
	[[noreturn]] void failLookUp(int error, const std::string& host)
		/// As Poco::Net::DNS does.
	{
		switch (error)
		{
		case EAI_SYSTEM:
			throw Poco::IOException("Cannot look up " + host, errno);
		case EAI_AGAIN:
			throw DNSException("Temporary DNS error while resolving", host);
		case EAI_FAIL:
			throw DNSException("Non recoverable DNS error while resolving", host);
		case EAI_MEMORY:
			throw std::bad_alloc();
		default:
			throw HostNotFoundException(host);
		}
	}
}


struct WebSocketAddressRace::Failure: public StreamSocketImpl
	/// Opens what sockets keep to themselves.
{
	[[noreturn]] static void raise(int code, const std::string& address)
	{
		error(code, address);
		throw NetException(address, code);
	}
};


const Poco::Timespan WebSocketAddressRace::NEXT_AFTER(0, 250*1000);


WebSocketAddressRace::Addresses WebSocketAddressRace::lookUp(const std::string& host, Poco::UInt16 port)
{
	addrinfo hints = addrinfo();
	hints.ai_socktype = SOCK_STREAM;
	hints.ai_flags = AI_NUMERICSERV;
	addrinfo* pList = nullptr;
	if (const int error = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &pList)) failLookUp(error, host);
	const std::unique_ptr<addrinfo, void (*)(addrinfo*)> pOwner(pList, &::freeaddrinfo);
	Addresses result;
	for (; pList; pList = pList->ai_next)
	{
		if (pList->ai_family == AF_INET || pList->ai_family == AF_INET6) result.emplace_back(pList->ai_addr, pList->ai_addrlen);
	}
	if (result.empty()) throw NoAddressFoundException(host);
	return result;
}


const SocketAddress* WebSocketAddressRace::sourceFor(const SocketAddress& address, const Addresses& sources)
{
	for (const SocketAddress& source: sources)
	{
		if (source.family() == address.family()) return &source;
	}
	return nullptr;
}


void WebSocketAddressRace::failTimeout()
{
	throw TimeoutException("No connection for the handshake in time");
}


WebSocketAddressRace::WebSocketAddressRace(const Addresses& addresses, const Addresses& sources):
	_addresses(addresses),
	_sources(sources),
	_next(0),
	_failure(0)
{
}


WebSocketAddressRace::~WebSocketAddressRace()
{
	for (const pollfd& runner: _runners) ::close(runner.fd);
}


std::size_t WebSocketAddressRace::run(const WebSocketDeadline& limit)
{
	for (;;)
	{
		while (_next < _addresses.size() && (_runners.empty() || _begin.elapsed() >= NEXT_AFTER.totalMicroseconds())) begin();
		if (_runners.empty()) Failure::raise(_failure, _failed);
		Poco::Timespan wait = limit.left();
		if (wait == 0) failTimeout();
		if (_next < _addresses.size()) wait = std::min(wait, std::max(Poco::Timespan(0), NEXT_AFTER - Poco::Timespan(_begin.elapsed())));
		if (::poll(_runners.data(), _runners.size(), static_cast<int>(std::min<Poco::Int64>((wait.totalMicroseconds() + 999)/1000, 1000000))) <= 0) continue;
		for (std::size_t i = 0; i < _runners.size();)
		{
			if (_runners[i].revents == 0) ++i;
			else if (arrived(i)) return _numbers[i];
		}
	}
}


int WebSocketAddressRace::take(std::size_t number)
{
	const std::size_t i = static_cast<std::size_t>(std::find(_numbers.begin(), _numbers.end(), number) - _numbers.begin());
	const int fd = _runners[i].fd;
	::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) & ~O_NONBLOCK);
	drop(i);
	return fd;
}


void WebSocketAddressRace::begin()
{
	const SocketAddress& address = _addresses[_next++];
	_begin.update();
	pollfd runner = {::socket(address.af(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), POLLOUT, 0};
	if (runner.fd < 0)
	{
		failed(errno, address);
		return;
	}
	try
	{
		_numbers.push_back(_next - 1);
		_runners.push_back(runner);
	}
	catch (...)
	{
		_numbers.resize(_runners.size());
		::close(runner.fd);
		throw;
	}
	const SocketAddress* const pSource = sourceFor(address, _sources);
	const bool bound = !pSource || ::bind(runner.fd, pSource->addr(), pSource->length()) == 0;
	if (bound && (::connect(runner.fd, address.addr(), address.length()) == 0 || errno == EINPROGRESS || errno == EINTR)) return;
	failed(errno, address);
	::close(runner.fd);
	drop(_runners.size() - 1);
}


bool WebSocketAddressRace::arrived(std::size_t i)
	/// Returns false if it has failed, and is out of the race.
{
	int error = 0;
	socklen_t length = sizeof(error);
	if (::getsockopt(_runners[i].fd, SOL_SOCKET, SO_ERROR, &error, &length) != 0) error = errno;
	if (error == 0) return true;
	failed(error, _addresses[_numbers[i]]);
	::close(_runners[i].fd);
	drop(i);
	if (_next < _addresses.size()) begin(); // in its place
	return false;
}


void WebSocketAddressRace::failed(int error, const SocketAddress& address)
{
	if (_failure != 0) return;
	_failure = error;
	_failed = address.toString();
}


void WebSocketAddressRace::drop(std::size_t i)
{
	_runners.erase(_runners.begin() + static_cast<std::ptrdiff_t>(i));
	_numbers.erase(_numbers.begin() + static_cast<std::ptrdiff_t>(i));
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
