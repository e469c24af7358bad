//
// Transport.cpp
//
// Library: PocoWebSocket
// Package: Net
// Module:  WebSocketTransport
//
// SPDX-License-Identifier: BSL-1.0
//


#include "net/Transport.h"
#include "net/Descriptor.h"
#include "net/PeerState.h"
#include "net/SystemSocket.h"
#include "Poco/Net/NetException.h"
#include "Poco/Net/SocketDefs.h"
#include <algorithm>
#include <optional>
#include <typeinfo>
#include <sys/socket.h>
#include <sys/uio.h>


#if !defined(POCO_OS_FAMILY_UNIX)
#error "This transport is written for POSIX sockets"
#endif


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


namespace
{
	constexpr std::size_t DRAIN_LIMIT = 256*1024;
	constexpr int MAX_UNSENT = 1024*1024; // with less, a thread that sends small messages without a pause waits more often, which costs up to a fifth

#if defined(MSG_NOSIGNAL)
	constexpr int SEND_FLAGS = MSG_NOSIGNAL | MSG_DONTWAIT;
#else
	constexpr int SEND_FLAGS = MSG_DONTWAIT;
#endif

	using System = WebSocketSystemSocket;
}


WebSocketTransport::WebSocketTransport(StreamSocketImpl* pSocket):
	_pSocket(pSocket),
	_plain(typeid(*pSocket) == typeid(StreamSocketImpl)),
	_blocking(pSocket->getBlocking()),
	_bytesSent(0)
{
	WebSocketDescriptor::closeOnExec(*_pSocket);
	limitUnsent(_pSocket->sockfd(), MAX_UNSENT);
	if (!_plain)
	{
		_sendTimeout    = _pSocket->getSendTimeout();
		_receiveTimeout = _pSocket->getReceiveTimeout();
		_pGuarded = std::make_unique<WebSocketGuardedSocket>(_pSocket);
	}
	_pSocket->duplicate();
}


WebSocketTransport::~WebSocketTransport()
{
	if (_pGuarded && _pSocket->referenceCount() == 1) _pGuarded->end(); // it is closed now
	_pSocket->release();
}


int WebSocketTransport::receive(char* pTarget, std::size_t length)
{
	return _plain ? receivePlain(pTarget, length, 0) : receiveGuarded(pTarget, length);
}


void WebSocketTransport::setLowWater(int bytes)
{
	::setsockopt(_pSocket->sockfd(), SOL_SOCKET, SO_RCVLOWAT, &bytes, sizeof(bytes)); // without it, it wakes up more often
}


int WebSocketTransport::peek(char* pTarget, std::size_t length)
{
	return receivePlain(pTarget, length, MSG_PEEK);
}


inline int WebSocketTransport::receivePlain(char* pTarget, std::size_t length, int flags)
{
	const WebSocketTicks::Value begin = WebSocketTicks::now();
	const ssize_t n = ::recv(_pSocket->sockfd(), pTarget, length, flags);
	if (n >= 0) return System::clip(static_cast<std::size_t>(n));
	const int code = System::lastCode();
	if (code == POCO_EINTR) return receiveInterrupted(pTarget, length, flags, begin);
	if (!System::isAgain(code)) System::raise(code);
	if ((flags & MSG_DONTWAIT) || !getBlocking()) return AGAIN;
	throw TimeoutException(code);
}


[[gnu::noinline, gnu::cold]] int WebSocketTransport::receiveInterrupted(char* pTarget, std::size_t length, int flags, WebSocketTicks::Value begin)
	/// A signal has ended the wait, which is deducted from the timeout. Without a counter of ticks it is not known how long that was:
	/// from here on the whole timeout is counted, once, however many signals follow.
{
	const bool blocking = getBlocking() && !(flags & MSG_DONTWAIT);
	Poco::Timespan timeout = blocking ? _pSocket->getReceiveTimeout() : Poco::Timespan(0);
	if (timeout > 0) timeout = std::max(Poco::Timespan(1), timeout - _ticks.since(begin)); // 0 would be none
	const WebSocketDeadline limit(timeout);
	for (;;)
	{
		const bool ready = !blocking || System::wait(_pSocket->sockfd(), limit, SocketImpl::SELECT_READ);
		const ssize_t n = ::recv(_pSocket->sockfd(), pTarget, length, flags | MSG_DONTWAIT); // after the timeout too: the low-water mark may hide something
		if (n >= 0) return System::clip(static_cast<std::size_t>(n));
		const int code = System::lastCode();
		if (code != POCO_EINTR && !System::isAgain(code)) System::raise(code);
		if (!blocking && System::isAgain(code)) return AGAIN;
		if (!ready) throw TimeoutException(POCO_EAGAIN);
	}
}


int WebSocketTransport::receiveNow(char* pTarget, std::size_t length, bool peeking, bool* pArrived)
{
	if (_plain) return receivePlain(pTarget, length, MSG_DONTWAIT | (peeking ? MSG_PEEK : 0));
	WebSocketGuardedSocket::Need need;
	const int n = _pGuarded->receive(pTarget, length, need);
	if (n == AGAIN && pArrived) *pArrived = need.begun;
	return n;
}


bool WebSocketTransport::waitReadable(const Poco::Timespan& timeout, bool orWritable)
{
	return wait(timeout, orWritable ? SocketImpl::SELECT_READ | SocketImpl::SELECT_WRITE : SocketImpl::SELECT_READ);
}


bool WebSocketTransport::waitWritable(const Poco::Timespan& timeout)
{
	return wait(timeout, SocketImpl::SELECT_WRITE);
}


bool WebSocketTransport::wait(const Poco::Timespan& timeout, int mode)
{
	const WebSocketDeadline limit(timeout);
	return _plain ? System::wait(_pSocket->sockfd(), limit, mode) : _pGuarded->wait(limit, mode);
}


int WebSocketTransport::receive(char* pScratch, std::size_t skip, char* pTarget, std::size_t length)
{
	iovec blocks[2] = {{pScratch, skip}, {pTarget, length}};
	for (;;)
	{
		const ssize_t n = ::readv(_pSocket->sockfd(), blocks, 2);
		if (n < 0 && System::lastCode() == POCO_EINTR) continue; // it does not wait: the first bytes are there
		if (n < 0) System::raise(System::lastCode());
		const std::size_t received = static_cast<std::size_t>(n);
		if (received > skip) return System::clip(received - skip);
		if (received < skip) discard(pScratch, skip - received);
		return AGAIN;
	}
}


void WebSocketTransport::discard(char* pScratch, std::size_t length)
{
#if defined(__linux__)
	constexpr int FLAGS = MSG_DONTWAIT | MSG_TRUNC; // tcp(7): the bytes are not even copied
#else
	constexpr int FLAGS = MSG_DONTWAIT;
#endif
	while (length > 0)
	{
		const ssize_t n = ::recv(_pSocket->sockfd(), pScratch, length, FLAGS);
		if (n > 0) length -= static_cast<std::size_t>(n);
		else if (n == 0 || System::lastCode() != POCO_EINTR) return; // the connection is gone: the next call will say so
	}
}


int WebSocketTransport::send(const char* pHeader, std::size_t headerLength, const char* pData, std::size_t length)
{
	iovec blocks[2] =
	{
		{const_cast<char*>(pHeader), headerLength},
		{const_cast<char*>(pData), length}
	};
	msghdr message = msghdr();
	message.msg_iov = headerLength > 0 ? blocks : blocks + 1;
	message.msg_iovlen = headerLength > 0 ? 2 : 1;
	int n = AGAIN;
	do n = sent(::sendmsg(_pSocket->sockfd(), &message, SEND_FLAGS));
	while (n == AGAIN && getBlocking() && _sendWait.wait(_pSocket->sockfd(), getSendTimeout()));
	return n;
}


int WebSocketTransport::send(const char* pData, std::size_t length)
{
	if (!_plain) return sendGuarded(pData, length, getBlocking());
	int n = AGAIN;
	do n = sendNow(pData, length);
	while (n == AGAIN && getBlocking() && _sendWait.wait(_pSocket->sockfd(), getSendTimeout()));
	return n;
}


int WebSocketTransport::sendNow(const char* pData, std::size_t length)
{
	if (!_plain) return sendGuarded(pData, length, false);
	return sent(::send(_pSocket->sockfd(), pData, length, SEND_FLAGS));
}


inline int WebSocketTransport::sent(ssize_t n)
	/// Returns what a system call that does not wait has sent.
{
	if (n >= 0) return count(System::clip(static_cast<std::size_t>(n)));
	const int code = System::lastCode();
	if (!System::isAgain(code) && code != POCO_EINTR) System::raise(code);
	return AGAIN;
}


inline int WebSocketTransport::count(int n)
	/// Counts what has been sent, and returns it.
{
	_bytesSent.store(bytesSent() + static_cast<Poco::UInt64>(n), std::memory_order_relaxed); // only the thread that sends writes it
	return n;
}


void WebSocketTransport::drain()
{
	char scratch[4096];
	std::size_t total = 0;
	int n = 1;
	while (n > 0 && total < DRAIN_LIMIT)
	{
		try
		{
			n = receiveNow(scratch, sizeof(scratch), false);
		}
		catch (const Poco::Exception&)
		{
			n = 0; // nothing comes any more
		}
		if (n > 0) total += static_cast<std::size_t>(n);
	}
}


int WebSocketTransport::receiveGuarded(char* pTarget, std::size_t length)
{
	std::optional<WebSocketDeadline> limit;
	for (;;)
	{
		WebSocketGuardedSocket::Need need;
		const int n = _pGuarded->receive(pTarget, length, need);
		if (n != AGAIN || !getBlocking()) return n;
		if (!limit) limit.emplace(getReceiveTimeout());
		if (!_pGuarded->wait(*limit, need)) throw TimeoutException(POCO_ETIMEDOUT);
		if (!need.crossed) limit.reset(); // bytes have come
	}
}


int WebSocketTransport::sendGuarded(const char* pData, std::size_t length, bool mayWait)
{
	std::optional<WebSocketDeadline> limit;
	for (;;)
	{
		WebSocketGuardedSocket::Need need;
		const int n = _pGuarded->send(pData, length, need);
		if (n != AGAIN) return count(n);
		if (!mayWait) return AGAIN;
		const Poco::Timespan timeout = getSendTimeout();
		if (need.crossed)
		{
			// The time is not begun anew: the peer has to do something else first, and may send what it likes meanwhile.
			if (!limit) limit.emplace(timeout > 0 ? timeout : _sendWait.transferTimeout());
			if (!_pGuarded->wait(*limit, need)) return AGAIN;
		}
		else
		{
			limit.reset();
			if (!_sendWait.wait(_pSocket->sockfd(), timeout)) return AGAIN;
		}
	}
}


int WebSocketTransport::available()
{
	return _plain ? _pSocket->available() : _pGuarded->available();
}


bool WebSocketTransport::poll(const Poco::Timespan& timeout, int mode)
{
	return _plain ? _pSocket->poll(timeout, mode) : _pGuarded->poll(timeout, mode);
}


void WebSocketTransport::shutdownReceive()
{
	if (_plain) _pSocket->shutdownReceive();
	else shutdown(); // TLS has no half of it
}


void WebSocketTransport::shutdownSend()
{
	if (_plain) _pSocket->shutdownSend();
	else shutdown();
}


void WebSocketTransport::shutdown()
{
	if (_plain) _pSocket->shutdown();
	else _pGuarded->shutdown();
}


void WebSocketTransport::wake()
{
	if (_plain) ::shutdown(_pSocket->sockfd(), SHUT_RDWR);
	else _pGuarded->wake();
}


void WebSocketTransport::close()
{
	Poco::FastMutex::ScopedLock lock(_mutex);
	if (_plain) _pSocket->close();
	else _pGuarded->close();
}


void WebSocketTransport::setBlocking(bool flag)
{
	if (_plain) _pSocket->setBlocking(flag);
	_blocking.store(flag, std::memory_order_relaxed);
}


void WebSocketTransport::setSendTimeout(const Poco::Timespan& timeout)
{
	if (_plain)
	{
		_pSocket->setSendTimeout(timeout);
	}
	else
	{
		Poco::FastMutex::ScopedLock lock(_mutex);
		_sendTimeout = timeout;
	}
}


Poco::Timespan WebSocketTransport::getSendTimeout() const
{
	if (_plain) return _pSocket->getSendTimeout();
	Poco::FastMutex::ScopedLock lock(_mutex);
	return _sendTimeout;
}


void WebSocketTransport::setReceiveTimeout(const Poco::Timespan& timeout)
{
	if (_plain)
	{
		_pSocket->setReceiveTimeout(timeout);
	}
	else
	{
		Poco::FastMutex::ScopedLock lock(_mutex);
		_receiveTimeout = timeout;
	}
}


Poco::Timespan WebSocketTransport::getReceiveTimeout() const
{
	if (_plain) return _pSocket->getReceiveTimeout();
	Poco::FastMutex::ScopedLock lock(_mutex);
	return _receiveTimeout;
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
