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
#include "Poco/Net/NetException.h"
#include "Poco/Net/SocketDefs.h"
#include <algorithm>
#include <cerrno>
#include <limits>
#include <typeinfo>
#include <openssl/err.h>
#include <poll.h>
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
	constexpr Poco::Timespan::TimeDiff CROSSED_WAIT = 50*1000; // see waitCrossed()

#if defined(MSG_NOSIGNAL)
	constexpr int SEND_FLAGS = MSG_NOSIGNAL | MSG_DONTWAIT;
#else
	constexpr int SEND_FLAGS = MSG_DONTWAIT;
#endif

	struct SocketError: public StreamSocketImpl
		/// Opens Poco's table of socket errors.
	{
		static int last()
		{
			return lastError();
		}

		[[noreturn]] static void raise(int code)
		{
			if (code == EBADF) throw InvalidSocketException(); // closed
			if (code == EPIPE) throw ConnectionResetException("Connection closed by peer", code);
			error(code);
			throw NetException("Socket error", code);
		}
	};

	inline bool isAgain(int code)
	{
		return code == POCO_EAGAIN || code == POCO_EWOULDBLOCK;
	}

	inline bool isShort(int code)
		/// Poco 1.11 wants a descriptor for finding out that the rest of a TLS record has not arrived, or cannot
		/// be sent. Without one, it has not, or cannot: otherwise there would be no need for it.
	{
		return code == EMFILE || code == ENFILE;
	}

	inline void forgetErrors()
		/// What another connection, or call, has left there would be taken for this one's: with Poco 1.13
		/// and 1.14, an error of OpenSSL for EAGAIN.
	{
		::ERR_clear_error();
		errno = 0;
	}

	inline int clip(std::size_t length)
	{
		return static_cast<int>(std::min<std::size_t>(length, std::numeric_limits<int>::max()));
	}

}


WebSocketTransport::WebSocketTransport(StreamSocketImpl* pSocket):
	_pSocket(pSocket),
	_plain(typeid(*pSocket) == typeid(StreamSocketImpl)),
	_blocking(pSocket->getBlocking()),
	_openSSL(_plain ? nullptr : pSocket),
	_receiveWants(WebSocketOpenSSL::READ),
	_sendWants(WebSocketOpenSSL::WRITE),
	_established(!_openSSL.renegotiates()),
	_sendFailed(false),
	_receiveFailed(false),
	_transferTimeout(0),
	_transferTimed(false)
{
	WebSocketDescriptor::closeOnExec(*_pSocket);
	limitUnsent(_pSocket->sockfd(), MAX_UNSENT);
	if (!_plain)
	{
		_sendTimeout    = _pSocket->getSendTimeout();
		_receiveTimeout = _pSocket->getReceiveTimeout();
		// With these, and O_NONBLOCK, no call into the socket waits.
		_pSocket->setSendTimeout(0);
		_pSocket->setReceiveTimeout(0);
		_pSocket->setBlocking(false);
	}
	_pSocket->duplicate();
}


WebSocketTransport::~WebSocketTransport()
{
	if (_pSocket->referenceCount() == 1) _openSSL.end(); // it is closed now
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
	if (n >= 0) return clip(static_cast<std::size_t>(n));
	const int code = SocketError::last();
	if (code == POCO_EINTR) return receiveInterrupted(pTarget, length, flags, begin);
	if (!isAgain(code)) SocketError::raise(code);
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
		const bool ready = !blocking || wait(limit, SocketImpl::SELECT_READ);
		const ssize_t n = ::recv(_pSocket->sockfd(), pTarget, length, flags | MSG_DONTWAIT); // after the timeout too: the low-water mark may hide something
		if (n >= 0) return clip(static_cast<std::size_t>(n));
		const int code = SocketError::last();
		if (code != POCO_EINTR && !isAgain(code)) SocketError::raise(code);
		if (!blocking && isAgain(code)) return AGAIN;
		if (!ready) throw TimeoutException(POCO_EAGAIN);
	}
}


int WebSocketTransport::receiveNow(char* pTarget, std::size_t length, bool peeking, bool* pArrived)
{
	if (_plain) return receivePlain(pTarget, length, MSG_DONTWAIT | (peeking ? MSG_PEEK : 0));
	Poco::FastMutex::ScopedLock lock(_mutex);
	if (!canReceive()) return AGAIN;
	const int n = receiveOnce(pTarget, length);
	if (n == AGAIN && pArrived) *pArrived = _receiveWants == WebSocketOpenSSL::READ && !renegotiates();
	return n;
}


bool WebSocketTransport::waitReadable(const Poco::Timespan& timeout, bool orWritable)
{
	return waitFor(WebSocketDeadline(timeout), orWritable ? SocketImpl::SELECT_READ | SocketImpl::SELECT_WRITE : SocketImpl::SELECT_READ);
}


bool WebSocketTransport::waitWritable(const Poco::Timespan& timeout)
{
	return waitFor(WebSocketDeadline(timeout), SocketImpl::SELECT_WRITE);
}


int WebSocketTransport::receive(char* pScratch, std::size_t skip, char* pTarget, std::size_t length)
{
	iovec blocks[2] = {{pScratch, skip}, {pTarget, length}};
	for (;;)
	{
		const ssize_t n = ::readv(_pSocket->sockfd(), blocks, 2);
		if (n < 0 && SocketError::last() == POCO_EINTR) continue; // it does not wait: the first bytes are there
		if (n < 0) SocketError::raise(SocketError::last());
		const std::size_t received = static_cast<std::size_t>(n);
		if (received > skip) return clip(received - skip);
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
		else if (n == 0 || SocketError::last() != POCO_EINTR) return; // the connection is gone: the next call will say so
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
	while (n == AGAIN && getBlocking() && waitForRoom());
	return n;
}


int WebSocketTransport::send(const char* pData, std::size_t length)
{
	if (!_plain) return sendGuarded(pData, length, getBlocking());
	int n = AGAIN;
	do n = sendNow(pData, length);
	while (n == AGAIN && getBlocking() && waitForRoom());
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
	if (n >= 0) return clip(static_cast<std::size_t>(n));
	const int code = SocketError::last();
	if (!isAgain(code) && code != POCO_EINTR) SocketError::raise(code);
	return AGAIN;
}


bool WebSocketTransport::waitForRoom()
	/// Returns false if the peer has taken nothing for the send timeout, or if the transfer takes too long. The peer's system
	/// counts, not this one's buffer: that reports room only when a third of it is free, which a slow peer may take minutes for.
{
	const int fd = _pSocket->sockfd();
	const Poco::Timespan timeout = getSendTimeout();
	_progress.begin(peerState(fd));
	Poco::Clock since;
	if (!_transferTimed) _transferSince = since;
	_transferTimed = true;
	for (;;)
	{
		Poco::Timespan left = timeout;
		if (timeout > 0)
		{
			left -= since.elapsed();
			if (left <= 0)
			{
				const WebSocketProgress::Time now = static_cast<WebSocketProgress::Time>(Poco::Clock().microseconds()/1000);
				if (!(_progress.look(peerState(fd), now) & WebSocketProgress::TAKEN)) return false;
				since.update();
				since -= 1000*static_cast<Poco::Clock::ClockDiff>(now - _progress.time());
				left = timeout - since.elapsed();
				if (left <= 0) return false;
			}
		}
		if (_transferTimeout > 0)
		{
			const Poco::Timespan transferLeft = _transferTimeout - _transferSince.elapsed();
			if (transferLeft <= 0) return false;
			left = left > 0 ? std::min(left, transferLeft) : transferLeft;
		}
		if (wait(WebSocketDeadline(left), SocketImpl::SELECT_WRITE)) return true;
	}
}


void WebSocketTransport::drain()
{
	char scratch[4096];
	std::size_t total = 0;
	int n = 1;
	while (n > 0 && total < DRAIN_LIMIT)
	{
		if (_plain)
		{
			n = clip(static_cast<std::size_t>(std::max<ssize_t>(0, ::recv(_pSocket->sockfd(), scratch, sizeof(scratch), MSG_DONTWAIT))));
		}
		else
		{
			Poco::FastMutex::ScopedLock lock(_mutex);
			try
			{
				n = canReceive() ? receiveOnce(scratch, sizeof(scratch)) : 0;
			}
			catch (const Poco::Exception&)
			{
				n = 0; // nothing comes any more
			}
		}
		if (n > 0) total += static_cast<std::size_t>(n);
	}
}


bool WebSocketTransport::wait(const WebSocketDeadline& limit, int mode)
{
	pollfd entry = pollfd();
	entry.fd = mode != 0 ? _pSocket->sockfd() : -1; // which is not looked at
	entry.events = static_cast<short>((mode & SocketImpl::SELECT_READ ? POLLIN : 0) | (mode & SocketImpl::SELECT_WRITE ? POLLOUT : 0));
	for (;;)
	{
		const int milliseconds = limit.limited() ? clip(static_cast<std::size_t>((limit.left().totalMicroseconds() + 999)/1000)) : -1;
		const int n = ::poll(&entry, 1, milliseconds);
		if (n > 0) return true;
		if (n == 0) return false;
		if (SocketError::last() != POCO_EINTR) SocketError::raise(SocketError::last());
	}
}


bool WebSocketTransport::waitFor(const WebSocketDeadline& limit, int mode)
	/// As wait(), for what the calls want. May return true earlier if that is not what they usually do.
{
	if (_plain) return wait(limit, mode);
	int wanted = 0;
	bool usual = true;
	{
		Poco::FastMutex::ScopedLock lock(_mutex);
		wanted = interest(mode);
		usual = wanted == mode && !renegotiates();
	}
	return usual ? wait(limit, mode) : waitCrossed(limit, wanted);
}


[[gnu::noinline, gnu::cold]] bool WebSocketTransport::waitCrossed(const WebSocketDeadline& limit, int mode)
	/// Another thread, which has received or sent meanwhile, may have done what is waited for, and the socket would not tell.
	/// Returns false if the time is over.
{
	const Poco::Timespan slice(CROSSED_WAIT);
	wait(WebSocketDeadline(limit.limited() ? std::max(Poco::Timespan(1), std::min(slice, limit.left())) : slice), mode);
	return !limit.over();
}


int WebSocketTransport::interest(int mode) const
{
	if (_plain) return mode;
	int result = 0;
	if (mode & SocketImpl::SELECT_READ) result |= _receiveWants == WebSocketOpenSSL::WRITE ? SocketImpl::SELECT_WRITE : SocketImpl::SELECT_READ;
	if (mode & SocketImpl::SELECT_WRITE)
	{
		if (_sendWants == WebSocketOpenSSL::WRITE) result |= SocketImpl::SELECT_WRITE;
		else if (_sendWants == WebSocketOpenSSL::READ) result |= SocketImpl::SELECT_READ;
	}
	return result;
}


inline bool WebSocketTransport::renegotiates() const
	/// Returns true if a handshake is going on that is not the first one. The thread that sends goes on with it too, and may take what another
	/// one waits for from the socket.
{
	return _established && _openSSL.renegotiates();
}


bool WebSocketTransport::pending()
{
	if (_pSocket->available() > 0) return true; // decrypted already
	pollfd entry = pollfd();
	entry.fd = _pSocket->sockfd();
	entry.events = POLLIN;
	return ::poll(&entry, 1, 0) > 0;
}


bool WebSocketTransport::canReceive()
	/// Returns false if OpenSSL would say AGAIN.
{
	return _receiveWants == WebSocketOpenSSL::WRITE || pending();
}


int WebSocketTransport::receiveGuarded(char* pTarget, std::size_t length)
{
	std::optional<WebSocketDeadline> limit;
	for (;;)
	{
		int wanted = 0;
		bool usual = true;
		Poco::Timespan timeout;
		{
			Poco::FastMutex::ScopedLock lock(_mutex);
			if (!_pSocket->initialized()) throw InvalidSocketException();
			const int n = canReceive() ? receiveOnce(pTarget, length) : AGAIN;
			if (n >= 0) return n;
			timeout = _receiveTimeout;
			wanted = _receiveWants == WebSocketOpenSSL::WRITE ? SocketImpl::SELECT_WRITE : SocketImpl::SELECT_READ;
			usual = wanted == SocketImpl::SELECT_READ && !renegotiates();
		}
		if (!getBlocking()) return AGAIN;
		if (!limit) limit.emplace(timeout);
		if (!(usual ? wait(*limit, wanted) : waitCrossed(*limit, wanted))) throw TimeoutException(POCO_ETIMEDOUT);
		if (usual) limit.reset(); // bytes have come
	}
}


int WebSocketTransport::receiveOnce(char* pTarget, std::size_t length)
{
	if (_receiveFailed) return receiveAfterFailure();
	forgetErrors();
	try
	{
		const int n = _pSocket->receiveBytes(pTarget, clip(length), 0);
		if (n < 0) return receiveAgain();
		_receiveWants = WebSocketOpenSSL::READ;
		_established = true;
		return n;
	}
	catch (const TimeoutException&) // Poco 1.11: part of a TLS record has arrived
	{
		return receiveAgain();
	}
	catch (const ConnectionResetException&)
	{
		_sendFailed = _receiveFailed = true;
		throw;
	}
	catch (const IOException& exc)
	{
		if (isShort(exc.code())) return receiveAgain();
		_sendFailed = _receiveFailed = true;
		// Many peers end the stream without TLS's close_notify. Between frames that is no
		// loss, and inside one it is found anyway. If OpenSSL cannot send its alert about it,
		// Poco 1.13 tells that (EPIPE).
		if (ended()) return 0;
		throw;
	}
}


int WebSocketTransport::receiveAgain()
{
	_receiveWants = _openSSL.want() == WebSocketOpenSSL::WRITE ? WebSocketOpenSSL::WRITE : WebSocketOpenSSL::READ;
	return AGAIN;
}


[[gnu::noinline, gnu::cold]] int WebSocketTransport::receiveAfterFailure() const
{
	if (!ended()) SocketError::raise(ECONNRESET);
	return 0;
}


bool WebSocketTransport::ended() const
{
	char next;
	return ::recv(_pSocket->sockfd(), &next, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}


int WebSocketTransport::sendGuarded(const char* pData, std::size_t length, bool mayWait)
{
	std::optional<WebSocketDeadline> limit;
	for (;;)
	{
		int wanted = 0;
		Poco::Timespan timeout;
		{
			Poco::FastMutex::ScopedLock lock(_mutex);
			if (!_pSocket->initialized()) throw InvalidSocketException();
			const int n = sendOnce(pData, length);
			if (n >= 0) return n;
			timeout = _sendTimeout > 0 ? _sendTimeout : _transferTimeout;
			wanted = interest(SocketImpl::SELECT_WRITE);
		}
		if (!mayWait) return AGAIN;
		if (wanted == SocketImpl::SELECT_WRITE)
		{
			limit.reset();
			if (!waitForRoom()) return AGAIN;
		}
		else
		{
			// The time is not begun anew: the peer has to do something else first, and may send what it likes meanwhile.
			if (!limit) limit.emplace(timeout);
			if (!waitCrossed(*limit, wanted)) return AGAIN;
		}
	}
}


int WebSocketTransport::sendOnce(const char* pData, std::size_t length)
{
	if (_sendFailed) SocketError::raise(EPIPE);
	forgetErrors();
	if (renegotiates())
	{
		const WebSocketOpenSSL::Want want = _openSSL.renegotiate();
		if (want != WebSocketOpenSSL::UNKNOWN) return sendAgain(want);
	}
	try
	{
		const int n = _pSocket->sendBytes(pData, clip(length), 0);
		if (n < 0) return sendAgain(_openSSL.want());
		_sendWants = WebSocketOpenSSL::WRITE;
		_established = true;
		return n;
	}
	catch (const TimeoutException&) // Poco 1.11: the TLS record could not be sent completely
	{
		return sendAgain(_openSSL.want());
	}
	catch (const IOException& exc)
	{
		if (isAgain(exc.code()) || isShort(exc.code())) return sendAgain(_openSSL.want());
		_sendFailed = true; // what has arrived can be received still
		if (exc.code() == EPIPE) SocketError::raise(EPIPE);
		throw;
	}
}


int WebSocketTransport::sendAgain(WebSocketOpenSSL::Want want)
{
	_sendWants = want == WebSocketOpenSSL::UNKNOWN ? WebSocketOpenSSL::WRITE : want;
	return AGAIN;
}


int WebSocketTransport::available()
{
	if (_plain) return _pSocket->available();
	Poco::FastMutex::ScopedLock lock(_mutex);
	return _pSocket->available();
}


bool WebSocketTransport::poll(const Poco::Timespan& timeout, int mode)
{
	if (_plain) return _pSocket->poll(timeout, mode);
	bool usual = true;
	{
		Poco::FastMutex::ScopedLock lock(_mutex);
		if ((mode & SocketImpl::SELECT_READ) && _pSocket->available() > 0) return true;
		usual = _receiveWants == WebSocketOpenSSL::READ && _sendWants == WebSocketOpenSSL::WRITE && !renegotiates();
	}
	return usual ? _pSocket->poll(timeout, mode) : pollCrossed(timeout, mode);
}


[[gnu::noinline, gnu::cold]] bool WebSocketTransport::pollCrossed(const Poco::Timespan& timeout, int mode)
{
	const WebSocketDeadline limit(std::max(Poco::Timespan(1), timeout)); // 0: it is only looked whether
	do
	{
		int wanted = 0;
		{
			Poco::FastMutex::ScopedLock lock(_mutex);
			if ((mode & SocketImpl::SELECT_READ) && _pSocket->available() > 0) return true;
			wanted = interest(mode);
		}
		if (wait(WebSocketDeadline(std::max(Poco::Timespan(1), std::min(Poco::Timespan(CROSSED_WAIT), limit.left()))), wanted)) return true;
	}
	while (!limit.over());
	return false;
}


bool WebSocketTransport::crossed() const
{
	if (_plain) return false;
	Poco::FastMutex::ScopedLock lock(_mutex);
	return _receiveWants != WebSocketOpenSSL::READ || _sendWants != WebSocketOpenSSL::WRITE;
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
	if (_plain)
	{
		_pSocket->shutdown();
	}
	else
	{
		Poco::FastMutex::ScopedLock lock(_mutex);
		_openSSL.end();
		_pSocket->shutdown();
		::shutdown(_pSocket->sockfd(), SHUT_RDWR); // wakes a thread in wait(), whatever TLS made of it
	}
}


void WebSocketTransport::wake()
{
	_sendFailed = true; // Poco 1.13 would have a thread that sends by TLS try again, for ever
	::shutdown(_pSocket->sockfd(), SHUT_RDWR);
}


void WebSocketTransport::close()
{
	Poco::FastMutex::ScopedLock lock(_mutex);
	_openSSL.end();
	_pSocket->close();
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
