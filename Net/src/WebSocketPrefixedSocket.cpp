//
// WebSocketPrefixedSocket.cpp
//
// Library: PocoWebSocket
// Package: WebSocket
// Module:  WebSocketPrefixedSocket
//
// SPDX-License-Identifier: BSL-1.0
//


#include "WebSocketPrefixedSocket.h"
#include <algorithm>
#include <cstring>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


WebSocketPrefixedSocket::WebSocketPrefixedSocket(StreamSocketImpl* pSocket, const std::string& prefix):
	StreamSocketImpl(pSocket->sockfd()),
	_pSocket(pSocket),
	_prefix(prefix),
	_position(0)
{
	_pSocket->duplicate();
}


WebSocketPrefixedSocket::~WebSocketPrefixedSocket()
{
	reset(); // the other one closes it
	_pSocket->release();
}


void WebSocketPrefixedSocket::unwrap(StreamSocket& socket, Poco::Buffer<char>& data)
{
	struct Inner: public StreamSocket
	{
		explicit Inner(StreamSocketImpl* pImpl):
			StreamSocket(pImpl)
		{
		}
	};

	WebSocketPrefixedSocket* const pThis = dynamic_cast<WebSocketPrefixedSocket*>(socket.impl());
	if (!pThis) return;
	data.append(pThis->_prefix.data() + pThis->_position, pThis->_prefix.size() - pThis->_position);
	pThis->_position = pThis->_prefix.size();
	pThis->_pSocket->duplicate();
	socket = Inner(pThis->_pSocket);
}


int WebSocketPrefixedSocket::sendBytes(const void* buffer, int length, int flags)
{
	return _pSocket->sendBytes(buffer, length, flags);
}


int WebSocketPrefixedSocket::receiveBytes(void* buffer, int length, int flags)
{
	const std::size_t n = std::min(static_cast<std::size_t>(std::max(0, length)), _prefix.size() - _position);
	if (n == 0) return _pSocket->receiveBytes(buffer, length, flags);
	std::memcpy(buffer, _prefix.data() + _position, n);
	_position += n;
	return static_cast<int>(n);
}


int WebSocketPrefixedSocket::available()
{
	return static_cast<int>(_prefix.size() - _position) + _pSocket->available();
}


bool WebSocketPrefixedSocket::poll(const Poco::Timespan& timeout, int mode)
{
	return ((mode & SELECT_READ) && _position < _prefix.size()) || _pSocket->poll(timeout, mode);
}


bool WebSocketPrefixedSocket::secure() const
{
	return _pSocket->secure();
}


void WebSocketPrefixedSocket::close()
{
	_pSocket->close();
	reset();
}


void WebSocketPrefixedSocket::shutdownReceive()
{
	_pSocket->shutdownReceive();
}


WebSocketPrefixedSocket::ShutdownSendResult WebSocketPrefixedSocket::shutdownSend()
{
	return _pSocket->shutdownSend();
}


WebSocketPrefixedSocket::ShutdownResult WebSocketPrefixedSocket::shutdown()
{
	return _pSocket->shutdown();
}


void WebSocketPrefixedSocket::setSendTimeout(const Poco::Timespan& timeout)
{
	_pSocket->setSendTimeout(timeout);
}


Poco::Timespan WebSocketPrefixedSocket::getSendTimeout()
{
	return _pSocket->getSendTimeout();
}


void WebSocketPrefixedSocket::setReceiveTimeout(const Poco::Timespan& timeout)
{
	_pSocket->setReceiveTimeout(timeout);
}


Poco::Timespan WebSocketPrefixedSocket::getReceiveTimeout()
{
	return _pSocket->getReceiveTimeout();
}


void WebSocketPrefixedSocket::setBlocking(bool flag)
{
	_pSocket->setBlocking(flag);
}


bool WebSocketPrefixedSocket::getBlocking() const
{
	return _pSocket->getBlocking();
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
