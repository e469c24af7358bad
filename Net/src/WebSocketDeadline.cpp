//
// WebSocketDeadline.cpp
//
// Library: PocoWebSocket
// Package: WebSocket
// Module:  WebSocketDeadline
//
// SPDX-License-Identifier: BSL-1.0
//


#include "WebSocketDeadline.h"
#include "Poco/Net/NetException.h"
#include "Poco/Net/StreamSocketImpl.h"
#include "Poco/Net/WebSocketError.h"


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


namespace
{
	class DeadlineSocketImpl: public StreamSocketImpl
		/// Stands in for another socket, while a response is received.
	{
	public:
		DeadlineSocketImpl(const StreamSocket& socket, const Poco::Clock& start, const Poco::Timespan& timeout, int maxSize):
			StreamSocketImpl(socket.impl()->sockfd()),
			_socket(socket),
			_start(start),
			_timeout(timeout),
			_left(maxSize)
		{
		}

		using StreamSocketImpl::receiveBytes;
		using StreamSocketImpl::sendBytes;

		int sendBytes(const void* buffer, int length, int flags) override
		{
			return _socket.impl()->sendBytes(buffer, length, flags);
		}

		int receiveBytes(void* buffer, int length, int flags) override
		{
			if (_left <= 0)
				throw WebSocketException("Answer to the handshake is too long", WebSocketError::HANDSHAKE_REFUSED);
			const Poco::Timespan left = _timeout - _start.elapsed();
			if (left <= 0 || (_socket.available() <= 0 && !_socket.poll(left, SELECT_READ)))
				throw TimeoutException("No answer to the handshake in time");
			const int n = _socket.impl()->receiveBytes(buffer, length, flags);
			_left -= n;
			return n;
		}

		void close() override
		{
			_socket.close();
			reset();
		}

		bool secure() const override
		{
			return _socket.secure();
		}

	protected:
		~DeadlineSocketImpl() override
		{
			reset(); // the file descriptor belongs to the other socket
		}

	private:
		StreamSocket _socket;
		Poco::Clock _start;
		Poco::Timespan _timeout;
		int _left;
	};

	class DeadlineSocket: public StreamSocket
	{
	public:
		explicit DeadlineSocket(SocketImpl* pImpl):
			StreamSocket(pImpl)
		{
		}
	};

	struct SessionAccess: public HTTPClientSession
	{
		static void attach(HTTPClientSession& session, const StreamSocket& socket)
		{
			(session.*&SessionAccess::attachSocket)(socket);
		}
	};
}


WebSocketDeadline::WebSocketDeadline(HTTPClientSession& session, const Poco::Clock& start, const Poco::Timespan& timeout, int maxSize):
	_session(session),
	_socket(session.socket())
{
	SessionAccess::attach(session, DeadlineSocket(new DeadlineSocketImpl(_socket, start, timeout, maxSize)));
}


WebSocketDeadline::~WebSocketDeadline()
{
	SessionAccess::attach(_session, _socket);
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
