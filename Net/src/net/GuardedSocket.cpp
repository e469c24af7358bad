//
// GuardedSocket.cpp
//
// Library: PocoWebSocket
// Package: Net
// Module:  WebSocketGuardedSocket
//
// SPDX-License-Identifier: BSL-1.0
//


#include "net/GuardedSocket.h"
#include "net/SystemSocket.h"
#include "Poco/Net/NetException.h"
#include <algorithm>
#include <cerrno>
#include <openssl/err.h>
#include <sys/socket.h>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


namespace
{
	constexpr Poco::Timespan::TimeDiff CROSSED_WAIT = 50*1000; // see waitCrossed()

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
}


WebSocketGuardedSocket::WebSocketGuardedSocket(StreamSocketImpl* pSocket):
	_pSocket(pSocket),
	_openSSL(pSocket),
	_receiveWants(WebSocketOpenSSL::READ),
	_sendWants(WebSocketOpenSSL::WRITE),
	_established(!_openSSL.renegotiates()),
	_sendFailed(false),
	_receiveFailed(false)
{
	// With these, and O_NONBLOCK, no call into the socket waits.
	_pSocket->setSendTimeout(0);
	_pSocket->setReceiveTimeout(0);
	_pSocket->setBlocking(false);
}


int WebSocketGuardedSocket::receive(char* pTarget, std::size_t length, Need& need)
{
	Poco::FastMutex::ScopedLock lock(_mutex);
	if (!_pSocket->initialized()) throw InvalidSocketException();
	const bool asked = canReceive();
	const int n = asked ? receiveOnce(pTarget, length) : AGAIN;
	if (n >= 0) return n;
	need.mode    = interest(SocketImpl::SELECT_READ);
	need.crossed = need.mode != SocketImpl::SELECT_READ || renegotiates();
	need.begun   = asked && !need.crossed;
	return AGAIN;
}


int WebSocketGuardedSocket::receiveOnce(char* pTarget, std::size_t length)
{
	if (_receiveFailed) return receiveAfterFailure();
	forgetErrors();
	try
	{
		const int n = _pSocket->receiveBytes(pTarget, WebSocketSystemSocket::clip(length), 0);
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


int WebSocketGuardedSocket::receiveAgain()
{
	_receiveWants = _openSSL.want() == WebSocketOpenSSL::WRITE ? WebSocketOpenSSL::WRITE : WebSocketOpenSSL::READ;
	return AGAIN;
}


[[gnu::noinline, gnu::cold]] int WebSocketGuardedSocket::receiveAfterFailure() const
{
	if (!ended()) WebSocketSystemSocket::raise(ECONNRESET);
	return 0;
}


bool WebSocketGuardedSocket::ended() const
{
	char next;
	return ::recv(_pSocket->sockfd(), &next, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}


inline bool WebSocketGuardedSocket::canReceive()
	/// Returns false if OpenSSL would say AGAIN.
{
	return _receiveWants == WebSocketOpenSSL::WRITE || _pSocket->available() > 0 // decrypted already
		|| WebSocketSystemSocket::isReady(_pSocket->sockfd(), SocketImpl::SELECT_READ);
}


int WebSocketGuardedSocket::send(const char* pData, std::size_t length, Need& need)
{
	Poco::FastMutex::ScopedLock lock(_mutex);
	if (!_pSocket->initialized()) throw InvalidSocketException();
	const int n = sendOnce(pData, length);
	if (n >= 0) return n;
	need.mode    = interest(SocketImpl::SELECT_WRITE);
	need.crossed = need.mode != SocketImpl::SELECT_WRITE;
	return AGAIN;
}


int WebSocketGuardedSocket::sendOnce(const char* pData, std::size_t length)
{
	if (_sendFailed) WebSocketSystemSocket::raise(EPIPE);
	forgetErrors();
	if (renegotiates())
	{
		const WebSocketOpenSSL::Want want = _openSSL.renegotiate();
		if (want != WebSocketOpenSSL::UNKNOWN) return sendAgain(want);
		if (_openSSL.renegotiates() && _openSSL.ended())
		{
			_sendFailed = true;
			WebSocketSystemSocket::raise(EPIPE);
		}
	}
	try
	{
		const int n = _pSocket->sendBytes(pData, WebSocketSystemSocket::clip(length), MSG_NOSIGNAL);
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
		if (WebSocketSystemSocket::isAgain(exc.code()) || isShort(exc.code())) return sendAgain(_openSSL.want());
		_sendFailed = true; // what has arrived can be received still
		if (exc.code() == EPIPE) WebSocketSystemSocket::raise(EPIPE);
		throw;
	}
}


int WebSocketGuardedSocket::sendAgain(WebSocketOpenSSL::Want want)
{
	_sendWants = want == WebSocketOpenSSL::UNKNOWN ? WebSocketOpenSSL::WRITE : want;
	return AGAIN;
}


inline bool WebSocketGuardedSocket::renegotiates() const
	/// Returns true if a handshake is going on that is not the first one. The thread that sends goes on with it too, and may take what another
	/// one waits for from the socket.
{
	return _established && _openSSL.renegotiates();
}


bool WebSocketGuardedSocket::wait(const WebSocketDeadline& limit, const Need& need)
{
	return need.crossed ? waitCrossed(limit, need.mode) : WebSocketSystemSocket::wait(_pSocket->sockfd(), limit, need.mode);
}


bool WebSocketGuardedSocket::wait(const WebSocketDeadline& limit, int mode)
{
	Need need;
	{
		Poco::FastMutex::ScopedLock lock(_mutex);
		need.mode    = interest(mode);
		need.crossed = need.mode != mode || renegotiates();
	}
	return wait(limit, need);
}


[[gnu::noinline, gnu::cold]] bool WebSocketGuardedSocket::waitCrossed(const WebSocketDeadline& limit, int mode)
	/// Another thread, which has received or sent meanwhile, may have done what is waited for, and the socket would not tell.
	/// Returns false if the time is over.
{
	const Poco::Timespan slice(CROSSED_WAIT);
	WebSocketSystemSocket::wait(_pSocket->sockfd(), WebSocketDeadline(limit.limited() ? std::max(Poco::Timespan(1), std::min(slice, limit.left())) : slice), mode);
	return !limit.over();
}


int WebSocketGuardedSocket::interest(int mode) const
{
	int result = 0;
	if (mode & SocketImpl::SELECT_READ) result |= _receiveWants == WebSocketOpenSSL::WRITE ? SocketImpl::SELECT_WRITE : SocketImpl::SELECT_READ;
	if (mode & SocketImpl::SELECT_WRITE)
	{
		if (_sendWants == WebSocketOpenSSL::WRITE) result |= SocketImpl::SELECT_WRITE;
		else if (_sendWants == WebSocketOpenSSL::READ) result |= SocketImpl::SELECT_READ;
	}
	return result;
}


bool WebSocketGuardedSocket::crossed() const
{
	Poco::FastMutex::ScopedLock lock(_mutex);
	return _receiveWants != WebSocketOpenSSL::READ || _sendWants != WebSocketOpenSSL::WRITE;
}


int WebSocketGuardedSocket::available()
{
	Poco::FastMutex::ScopedLock lock(_mutex);
	return _pSocket->available();
}


bool WebSocketGuardedSocket::poll(const Poco::Timespan& timeout, int mode)
{
	bool usual = true;
	{
		Poco::FastMutex::ScopedLock lock(_mutex);
		if ((mode & SocketImpl::SELECT_READ) && _pSocket->available() > 0) return true;
		usual = _receiveWants == WebSocketOpenSSL::READ && _sendWants == WebSocketOpenSSL::WRITE && !renegotiates();
	}
	return usual ? _pSocket->poll(timeout, mode) : pollCrossed(timeout, mode);
}


[[gnu::noinline, gnu::cold]] bool WebSocketGuardedSocket::pollCrossed(const Poco::Timespan& timeout, int mode)
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
		if (WebSocketSystemSocket::wait(_pSocket->sockfd(), WebSocketDeadline(std::max(Poco::Timespan(1), std::min(Poco::Timespan(CROSSED_WAIT), limit.left()))), wanted)) return true;
	}
	while (!limit.over());
	return false;
}


void WebSocketGuardedSocket::shutdown()
{
	Poco::FastMutex::ScopedLock lock(_mutex);
	end();
	_pSocket->shutdown();
	::shutdown(_pSocket->sockfd(), SHUT_RDWR); // wakes a thread in wait(), whatever TLS made of it
}


void WebSocketGuardedSocket::close()
{
	Poco::FastMutex::ScopedLock lock(_mutex);
	end();
	_pSocket->close();
}


void WebSocketGuardedSocket::wake()
{
	_sendFailed = true; // Poco 1.13 would have a thread that sends by TLS try again, for ever
	::shutdown(_pSocket->sockfd(), SHUT_RDWR);
}


void WebSocketGuardedSocket::end()
{
	_openSSL.end();
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
