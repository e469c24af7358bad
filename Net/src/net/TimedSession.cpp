//
// WebSocketTimedSession.cpp
//
// Library: PocoWebSocket
// Package: Net
// Module:  WebSocketTimedSession
//
// SPDX-License-Identifier: BSL-1.0
//


#include "net/TimedSession.h"
#include "net/SessionAccess.h"
#include "net/OpenSSL.h"
#include "net/Descriptor.h"
#include "net/NotBlocking.h"
#include "Poco/Net/NetException.h"
#include "Poco/Net/StreamSocketImpl.h"
#include "Poco/Net/WebSocketError.h"
#include "core/HeaderMeter.h"
#include <algorithm>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


namespace
{
	constexpr std::size_t MAX_BODY = 128*1024;
}


class WebSocketTimedSession::Substitute: public StreamSocketImpl
	/// Stands in for a session's socket, which may not be connected yet, or be connected again.
{
public:
	Substitute(HTTPClientSession& session, const Poco::Clock& start, const Poco::Timespan& timeout, int maxHeaderSize):
		StreamSocketImpl(POCO_INVALID_SOCKET),
		_session(session),
		_start(start),
		_timeout(timeout),
		_maxHeader(static_cast<std::size_t>(maxHeaderSize)),
		_early(0),
		_body(0),
		_pLast(nullptr),
		_last(0),
		_failed(false)
	{
	}

	using StreamSocketImpl::bind;
	using StreamSocketImpl::bind6;
	using StreamSocketImpl::receiveBytes;
	using StreamSocketImpl::sendBytes;

	void takePlaceOf(const StreamSocket& socket)
	{
		_target = socket;
		follow();
	}

	const StreamSocket& target() const
	{
		return _target;
	}

	Poco::Timespan left() const
	{
		const Poco::Timespan result = _timeout - _start.elapsed();
		if (_failed || result <= 0) fail();
		return result;
	}

	void restart()
		/// The next response is another one. What is in the session's buffer belongs to it already.
	{
		const std::size_t waiting = static_cast<std::size_t>(WebSocketSessionAccess::waiting(_session));
		const bool known = waiting <= _last; // and not from before
		_meter.restart();
		_early = known ? 0 : waiting;
		_body  = 0;
		if (known && waiting > 0) measure(_pLast + _last - waiting, waiting);
	}

	bool headerIsWhole() const
	{
		return _meter.complete() || _early > 0;
	}

	void connect(const SocketAddress& address) override
	{
		connect(address, left());
	}

	void connect(const SocketAddress& address, const Poco::Timespan& timeout) override
	{
		try
		{
			if (!_target.impl()->initialized()) _target = StreamSocket(address.family()); // a child must not have it meanwhile
			WebSocketDescriptor::closeOnExec(*_target.impl());
			_target.impl()->connect(address, std::min(timeout, left()));
		}
		catch (const Poco::Exception&)
		{
			follow();
			throw;
		}
		follow();
	}

	void bind(const SocketAddress& address, bool reuseAddress) override
		/// Later versions of Poco call it, for sessions with a source address.
	{
		_target.impl()->bind(address, reuseAddress);
		follow();
	}

	void bind6(const SocketAddress& address, bool reuseAddress, bool ipV6Only) override
	{
		_target.impl()->bind6(address, reuseAddress, ipV6Only);
		follow();
	}

	int sendBytes(const void* buffer, int length, int flags) override
	{
		restart();
		const char* pData = static_cast<const char*>(buffer);
		for (int sent = 0; sent < length;)
			sent += perform(SELECT_WRITE, [&] { return _target.impl()->sendBytes(pData + sent, length - sent, flags); });
		return length;
	}

	int receiveBytes(void* buffer, int length, int flags) override
	{
		const int n = perform(SELECT_READ, [&] { return _target.impl()->receiveBytes(buffer, length, flags); });
		_pLast = static_cast<const char*>(buffer);
		_last  = static_cast<std::size_t>(n);
		measure(_pLast, _last);
		return n;
	}

	int available() override
	{
		return _target.available();
	}

	void setSendTimeout(const Poco::Timespan& timeout) override
	{
		_target.setSendTimeout(timeout);
	}

	void setReceiveTimeout(const Poco::Timespan& timeout) override
	{
		_target.setReceiveTimeout(timeout);
	}

	void close() override
	{
		_target.close();
		follow();
	}

	bool secure() const override
	{
		return _target.secure();
	}

protected:
	~Substitute() override
	{
		reset(); // the file descriptor belongs to the other socket
	}

private:
	[[noreturn]] void fail() const
		/// For ever: a stream may have kept the exception to itself.
	{
		_failed = true;
		throw TimeoutException("No answer to the handshake in time");
	}

	void follow()
	{
		reset(_target.impl()->sockfd());
		_openSSL = WebSocketOpenSSL(static_cast<StreamSocketImpl*>(_target.impl()));
	}

	template <typename Call>
	int perform(int mode, const Call& call)
		/// Calls until that returns how many bytes there were; waits if there are none yet, but for no longer than may be.
	{
		for (;;)
		{
			if (!(mode == SELECT_READ && _target.available() > 0) && !_target.poll(left(), mode)) fail();
			left(); // also if there is always something
			const int n = WebSocketNotBlocking::attempt(_target, call);
			if (n >= 0) return n;
			const WebSocketOpenSSL::Want want = _openSSL.want();
			if (want != WebSocketOpenSSL::UNKNOWN) mode = want == WebSocketOpenSSL::WRITE ? SELECT_WRITE : SELECT_READ;
		}
	}

	void measure(const char* pData, std::size_t length)
	{
		const std::size_t used = _meter.take(pData, length);
		_body += length - used;
		if (_early + _meter.size() > _maxHeader || _body > MAX_BODY)
			throw WebSocketException("Answer to the handshake is too long", WebSocketError::HANDSHAKE_REFUSED);
	}

	HTTPClientSession& _session;
	StreamSocket _target;
	WebSocketOpenSSL _openSSL;
	Poco::Clock _start;
	Poco::Timespan _timeout;
	std::size_t _maxHeader;
	WebSocketHeaderMeter _meter;
	std::size_t _early; // bytes of the response that were in the session's buffer before there was a deadline
	std::size_t _body;  // bytes behind the header
	const char* _pLast; // what was received last, if it is in the session's buffer
	std::size_t _last;
	mutable bool _failed;
};


WebSocketTimedSession::WebSocketTimedSession(HTTPClientSession& session, const Poco::Clock& start, const Poco::Timespan& timeout, int maxHeaderSize):
	_session(session),
	_pSocket(new Substitute(session, start, timeout, maxHeaderSize))
{
	attach();
}


WebSocketTimedSession::~WebSocketTimedSession()
{
	detach();
	_pSocket->release();
}


void WebSocketTimedSession::send(HTTPRequest& request)
{
	attach();
	_session.sendRequest(request);
	_session.flushRequest();
	attach(); // if the session has connected another socket
}


bool WebSocketTimedSession::headerIsWhole() const
{
	return _pSocket->headerIsWhole();
}


bool WebSocketTimedSession::attached() const
{
	return _session.socket().impl() == _pSocket;
}


void WebSocketTimedSession::attach()
{
	if (attached()) return;
	_pSocket->takePlaceOf(_session.socket());
	_pSocket->restart();
	WebSocketSessionAccess::attach(_session, _pSocket);
}


void WebSocketTimedSession::detach()
{
	if (attached()) WebSocketSessionAccess::attach(_session, StreamSocket(_pSocket->target()));
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
