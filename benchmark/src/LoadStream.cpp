//
// LoadStream.cpp
//
// Library: PocoWebSocket
// Package: Benchmark
// Module:  LoadStream
//
// SPDX-License-Identifier: BSL-1.0
//


#include "LoadStream.h"
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>


namespace
{
	const std::size_t CHUNK   = 128*1024; // encrypted at once
	const std::size_t RECEIVE = 256*1024; // received at once, if it is plain

	std::unique_ptr<SharedTLS> pTLS;

	bool wouldBlock()
	{
		return errno == EAGAIN || errno == EINTR;
	}

	int connectedSocket(const LoadOptions& options)
	{
		static unsigned count = 0;
		const int result = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (result < 0) failErrno("socket");
		sockaddr_in address = {};
		address.sin_family = AF_INET;
		address.sin_port = htons(static_cast<std::uint16_t>(options.port));
		if (inet_pton(AF_INET, options.host.c_str(), &address.sin_addr) != 1) fail("--host: not an IPv4 address: " + options.host);
		const int on = 1;
		setsockopt(result, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
		if (options.host == "127.0.0.1")
		{
			sockaddr_in own = {};
			own.sin_family = AF_INET;
			own.sin_addr.s_addr = htonl(INADDR_LOOPBACK + count++ % 8);
			setsockopt(result, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on));
			if (bind(result, reinterpret_cast<sockaddr*>(&own), sizeof(own)) != 0) failErrno("bind");
		}
		if (connect(result, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) failErrno("connect");
		return result;
	}
}


void fail(const std::string& what)
{
	throw std::runtime_error(what);
}


void failErrno(const std::string& what)
{
	fail(what + ": " + std::strerror(errno));
}


Stream::Stream(const LoadOptions& options):
	_socket(connectedSocket(options))
{
	if (!options.tls) return;
	if (!pTLS) pTLS = std::make_unique<SharedTLS>(SharedTLS::CLIENT, true, options.resume);
	_pSSL = pTLS->create();
}


Stream::~Stream()
{
	SSL_free(_pSSL);
	close(_socket);
}


std::size_t Stream::send(const char* pData, std::size_t length)
{
	if (!_pSSL)
	{
		const ssize_t n = ::send(_socket, pData, length, MSG_NOSIGNAL);
		if (n < 0 && !wouldBlock()) failErrno("send");
		return static_cast<std::size_t>(std::max<ssize_t>(n, 0));
	}
	if (_blocked) flush();
	if (_blocked) return 0;
	length = std::min(length, CHUNK);
	if (length > 0) pTLS->write(_pSSL, pData, length);
	if (!SSL_is_init_finished(_pSSL)) length = 0;
	takeOutput();
	flush();
	return length;
}


void Stream::takeOutput()
{
	_unsent.append(pTLS->output.data(), pTLS->outputLength);
	pTLS->outputLength = 0;
}


void Stream::flush()
{
	if (_unsent.empty()) return;
	const ssize_t n = ::send(_socket, _unsent.data(), _unsent.size(), MSG_NOSIGNAL);
	if (n < 0 && !wouldBlock()) failErrno("send");
	_unsent.erase(0, static_cast<std::size_t>(std::max<ssize_t>(n, 0)));
	_blocked = !_unsent.empty();
}


long Stream::receive(char* pBuffer, bool& more)
{
	more = false;
	if (_ended) return END;
	const std::size_t limit = _pSSL ? SharedTLS::INPUT : RECEIVE;
	const long n = _pSSL ? pTLS->receive(_socket) : ::recv(_socket, pBuffer, limit, 0);
	if (n < 0 && !wouldBlock()) failErrno("recv");
	if (n <= 0) return n == 0 ? END : AGAIN;
	more = n == static_cast<long>(limit);
	if (!_pSSL) return n;
	const std::size_t length = pTLS->read(_pSSL, pBuffer, SPACE);
	_ended = pTLS->ended();
	takeOutput(); // send() takes it along
	return length > 0 || !_ended ? static_cast<long>(length) : END;
}


bool Stream::resumed() const
{
	return _pSSL && SSL_session_reused(_pSSL);
}


void Stream::setBlocking(bool flag)
{
	const int flags = fcntl(_socket, F_GETFL);
	if (fcntl(_socket, F_SETFL, flag ? flags & ~O_NONBLOCK : flags | O_NONBLOCK) != 0) failErrno("fcntl");
}


void Stream::setReceiveTimeout(double seconds)
{
	timeval time = {};
	time.tv_sec = static_cast<time_t>(seconds) + 1;
	setsockopt(_socket, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof(time));
}


std::uint64_t Stream::records()
{
	return pTLS ? pTLS->records() : 0;
}
