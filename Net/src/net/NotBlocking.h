//
// NotBlocking.h
//
// Library: PocoWebSocket
// Package: Net
// Module:  WebSocketNotBlocking
//
// A call of a socket that does not wait.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketNotBlocking_INCLUDED
#define Net_WebSocketNotBlocking_INCLUDED


#include "Poco/Net/WebSocketConfig.h"
#include "Poco/Net/StreamSocket.h"
#include "Poco/Exception.h"
#include "Poco/Timespan.h"
#include <cerrno>
#include <openssl/err.h>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


class WebSocketNotBlocking
	/// As long as it exists, no call of a socket waits.
{
public:
	explicit WebSocketNotBlocking(StreamSocket& socket):
		_socket(socket),
		_blocking(socket.getBlocking())
	{
		if (_socket.secure()) // Poco waits for the rest of a TLS record
		{
			_sendTimeout    = _socket.getSendTimeout();
			_receiveTimeout = _socket.getReceiveTimeout();
			_socket.setSendTimeout(0);
			_socket.setReceiveTimeout(0);
		}
		_socket.setBlocking(false);
		::ERR_clear_error(); // what another connection, or call, has left there would be taken for this one's
		errno = 0;
	}

	~WebSocketNotBlocking()
	{
		try
		{
			_socket.setBlocking(_blocking);
			if (!_socket.secure()) return;
			_socket.setSendTimeout(_sendTimeout);
			_socket.setReceiveTimeout(_receiveTimeout);
		}
		catch (const Poco::Exception&)
		{
			// it is closed
		}
	}

	template <typename Call>
	static int attempt(StreamSocket& socket, const Call& call)
		/// Returns what the call returns; a negative number if it would have to wait.
	{
		const WebSocketNotBlocking notBlocking(socket);
		try
		{
			return call();
		}
		catch (const TimeoutException&) // Poco 1.11: part of a TLS record has arrived
		{
			return -1;
		}
	}

private:
	WebSocketNotBlocking(const WebSocketNotBlocking&) = delete;
	WebSocketNotBlocking& operator = (const WebSocketNotBlocking&) = delete;

	StreamSocket& _socket;
	bool _blocking;
	Poco::Timespan _sendTimeout;
	Poco::Timespan _receiveTimeout;
};


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketNotBlocking_INCLUDED
