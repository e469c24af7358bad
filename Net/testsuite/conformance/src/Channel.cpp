//
// Channel.cpp
//
// SPDX-License-Identifier: BSL-1.0
//


#include "Channel.h"
#include "Wire.h"
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cerrno>
#include <cstring>


namespace Conformance {


namespace
{
	void require(bool condition, const std::string& what)
	{
		if (!condition) throw std::runtime_error(what + ": " + std::strerror(errno));
	}
}


//
// TlsContext
//
TlsContext::TlsContext():
	_pContext(SSL_CTX_new(TLS_client_method())),
	_server(false)
{
	SSL_CTX_set_mode(_pContext, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
}


TlsContext::TlsContext(const std::string& certificateFile, const std::string& keyFile):
	_pContext(SSL_CTX_new(TLS_server_method())),
	_server(true)
{
	SSL_CTX_set_mode(_pContext, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	if (SSL_CTX_use_certificate_chain_file(_pContext, certificateFile.c_str()) != 1 ||
		SSL_CTX_use_PrivateKey_file(_pContext, keyFile.c_str(), SSL_FILETYPE_PEM) != 1)
	{
		SSL_CTX_free(_pContext);
		throw std::runtime_error("cannot use the certificate or its key: " + certificateFile + ", " + keyFile);
	}
}


TlsContext::~TlsContext()
{
	SSL_CTX_free(_pContext);
}


ssl_ctx_st* TlsContext::get() const
{
	return _pContext;
}


bool TlsContext::isServer() const
{
	return _server;
}


//
// Listener
//
Listener::Listener(std::uint16_t port):
	_fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0))
{
	require(_fd >= 0, "socket");
	const int one = 1;
	::setsockopt(_fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	sockaddr_in address{};
	address.sin_family = AF_INET;
	address.sin_port = htons(port);
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	require(::bind(_fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0, "bind");
	require(::listen(_fd, 16) == 0, "listen");
}


Listener::~Listener()
{
	::close(_fd);
}


std::uint16_t Listener::port() const
{
	sockaddr_in address{};
	socklen_t length = sizeof(address);
	require(::getsockname(_fd, reinterpret_cast<sockaddr*>(&address), &length) == 0, "getsockname");
	return ntohs(address.sin_port);
}


int Listener::accept(std::chrono::milliseconds patience) const
{
	pollfd waited{_fd, POLLIN, 0};
	if (::poll(&waited, 1, static_cast<int>(patience.count())) <= 0) throw Failed("no client comes");
	const int fd = ::accept(_fd, nullptr, nullptr);
	require(fd >= 0, "accept");
	return fd;
}


int connectTo(const std::string& host, std::uint16_t port)
{
	addrinfo hints{};
	hints.ai_socktype = SOCK_STREAM;
	addrinfo* pFirst = nullptr;
	if (::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &pFirst) != 0)
		throw std::runtime_error("no address of " + host);
	int fd = -1;
	for (const addrinfo* pInfo = pFirst; pInfo && fd < 0; pInfo = pInfo->ai_next)
	{
		fd = ::socket(pInfo->ai_family, pInfo->ai_socktype | SOCK_CLOEXEC, 0);
		if (fd >= 0 && ::connect(fd, pInfo->ai_addr, pInfo->ai_addrlen) != 0)
		{
			::close(fd);
			fd = -1;
		}
	}
	::freeaddrinfo(pFirst);
	require(fd >= 0, "connect to " + host + ':' + std::to_string(port));
	return fd;
}


//
// Channel
//
Channel::Channel(int fd, const TlsContext* pContext, std::chrono::milliseconds patience):
	_fd(fd),
	_pSSL(nullptr),
	_patience(patience),
	_ended(false),
	_reset(false),
	_broken(false)
{
	const int one = 1;
	::setsockopt(_fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	::fcntl(_fd, F_SETFL, ::fcntl(_fd, F_GETFL) | O_NONBLOCK);
	if (!pContext) return;

	_pSSL = SSL_new(pContext->get());
	SSL_set_fd(_pSSL, _fd);
	if (pContext->isServer()) SSL_set_accept_state(_pSSL);
	else SSL_set_connect_state(_pSSL);
	try
	{
		handshake();
	}
	catch (...)
	{
		SSL_free(_pSSL);
		::close(_fd);
		throw;
	}
}


Channel::~Channel()
{
	if (_pSSL) SSL_free(_pSSL);
	::close(_fd);
}


void Channel::handshake()
{
	for (;;)
	{
		ERR_clear_error();
		const int rc = SSL_do_handshake(_pSSL);
		if (rc == 1) return;
		const int error = SSL_get_error(_pSSL, rc);
		if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE) throw Failed("the TLS handshake fails");
		if (!poll(error == SSL_ERROR_WANT_WRITE, _patience)) throw Failed("the TLS handshake does not come to an end");
	}
}


bool Channel::poll(bool write, std::chrono::milliseconds timeout) const
{
	pollfd waited{_fd, static_cast<short>(write ? POLLIN | POLLOUT : POLLIN), 0};
	return ::poll(&waited, 1, static_cast<int>(timeout.count())) > 0;
}


long Channel::write(const char* pData, std::size_t length, Want& want)
	/// Returns how much was written, 0 with want set, or -1.
{
	want = NOTHING;
	if (!_pSSL)
	{
		const ssize_t n = ::send(_fd, pData, length, MSG_NOSIGNAL);
		if (n >= 0) return n;
		if (errno == EAGAIN || errno == EINTR) want = WRITE;
		return want == WRITE ? 0 : -1;
	}
	ERR_clear_error();
	const int n = SSL_write(_pSSL, pData, static_cast<int>(length));
	if (n > 0) return n;
	const int error = SSL_get_error(_pSSL, n);
	if (error == SSL_ERROR_WANT_WRITE) want = WRITE;
	if (error == SSL_ERROR_WANT_READ) want = READ;
	return want == NOTHING ? -1 : 0;
}


bool Channel::fill(Want& want)
	/// Reads what is there. Returns true if that was something.
{
	char block[65536];
	want = NOTHING;
	if (_ended) return false;
	if (!_pSSL)
	{
		const ssize_t n = ::recv(_fd, block, sizeof(block), 0);
		if (n > 0) _received.append(block, static_cast<std::size_t>(n));
		if (n > 0) return true;
		if (n < 0 && (errno == EAGAIN || errno == EINTR)) want = READ;
		else end(n < 0);
		return false;
	}
	ERR_clear_error();
	errno = 0;
	const int n = SSL_read(_pSSL, block, sizeof(block));
	if (n > 0) _received.append(block, static_cast<std::size_t>(n));
	if (n > 0) return true;
	const int error = SSL_get_error(_pSSL, n);
	if (error == SSL_ERROR_WANT_READ) want = READ;
	else if (error == SSL_ERROR_WANT_WRITE) want = WRITE;
	else end(error == SSL_ERROR_SYSCALL && errno == ECONNRESET);
	return false;
}


void Channel::end(bool reset)
{
	_ended = true;
	_reset = reset;
}


bool Channel::send(const char* pData, std::size_t length)
{
	while (length > 0)
	{
		Want want = NOTHING;
		const long n = _broken ? -1 : write(pData, length, want);
		if (n < 0)
		{
			_broken = true;
			return false;
		}
		pData += n;
		length -= static_cast<std::size_t>(n);
		if (n > 0) continue;

		Want readWant = NOTHING;
		if (fill(readWant)) continue;
		if (!poll(want == WRITE && !_ended, _patience)) throw Failed("nothing is read");
	}
	return true;
}


bool Channel::receive()
{
	for (;;)
	{
		if (!_received.empty()) return true;
		if (_ended) return false;
		Want want = NOTHING;
		if (fill(want) || _ended) continue;
		if (!poll(want == WRITE, _patience)) throw Failed("nothing comes any more");
	}
}


void Channel::pause(std::chrono::milliseconds duration)
{
	Want want = NOTHING;
	if (_ended || fill(want) || _ended) return;
	if (poll(false, duration)) fill(want);
}


std::string Channel::take()
{
	std::string result;
	result.swap(_received);
	return result;
}


void Channel::shutdownSend()
{
	if (_pSSL && !_broken) SSL_shutdown(_pSSL);
	ERR_clear_error();
	::shutdown(_fd, SHUT_WR);
	_broken = true;
}


bool Channel::ended() const
{
	return _ended;
}


bool Channel::wasReset() const
{
	return _reset;
}


} // namespace Conformance
