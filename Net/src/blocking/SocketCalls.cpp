//
// SocketCalls.cpp
//
// Library: PocoWebSocket
// Package: Blocking
// Module:  WebSocketImpl
//
// SPDX-License-Identifier: BSL-1.0
//


#include "Poco/Net/WebSocketImpl.h"
#include "blocking/Channel.h"
#include <algorithm>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


//
// What a WebSocketImpl passes on to the socket below, or refuses.
//


namespace
{
	[[noreturn]] void refuse(const char* name)
	{
		throw Poco::InvalidAccessException(std::string("Cannot ") + name + "() a WebSocketImpl");
	}
}


void WebSocketImpl::shutdownReceive()
{
	_pChannel->transport.shutdownReceive();
}


WebSocketImpl::ShutdownSendResult WebSocketImpl::shutdownSend()
{
	_pChannel->transport.shutdownSend();
	return ShutdownSendResult();
}


WebSocketImpl::ShutdownResult WebSocketImpl::shutdown()
{
	_pChannel->transport.shutdown();
	return ShutdownResult();
}


int WebSocketImpl::available()
{
	return std::max(0, _pChannel->transport.available() + _pChannel->reader.ahead());
}


bool WebSocketImpl::poll(const Poco::Timespan& timeout, int mode)
{
	if ((mode & SELECT_READ) && _pChannel->reader.ahead() > 0) return true;
	return _pChannel->transport.poll(timeout, mode);
}


bool WebSocketImpl::secure() const
{
	return _pStreamSocketImpl->secure();
}


void WebSocketImpl::setSendBufferSize(int size)
{
	_pStreamSocketImpl->setSendBufferSize(size);
}


int WebSocketImpl::getSendBufferSize()
{
	return _pStreamSocketImpl->getSendBufferSize();
}


void WebSocketImpl::setReceiveBufferSize(int size)
{
	_pStreamSocketImpl->setReceiveBufferSize(size);
}


int WebSocketImpl::getReceiveBufferSize()
{
	return _pStreamSocketImpl->getReceiveBufferSize();
}


void WebSocketImpl::setSendTimeout(const Poco::Timespan& timeout)
{
	_pChannel->transport.setSendTimeout(timeout);
}


Poco::Timespan WebSocketImpl::getSendTimeout()
{
	return _pChannel->transport.getSendTimeout();
}


void WebSocketImpl::setReceiveTimeout(const Poco::Timespan& timeout)
{
	_pChannel->transport.setReceiveTimeout(timeout);
}


Poco::Timespan WebSocketImpl::getReceiveTimeout()
{
	return _pChannel->transport.getReceiveTimeout();
}


void WebSocketImpl::setBlocking(bool flag)
{
	_pChannel->transport.setBlocking(flag);
}


bool WebSocketImpl::getBlocking() const
{
	return _pChannel->transport.getBlocking();
}


SocketImpl* WebSocketImpl::acceptConnection(SocketAddress&)
{
	refuse("acceptConnection");
}


void WebSocketImpl::connect(const SocketAddress&)
{
	refuse("connect");
}


void WebSocketImpl::connect(const SocketAddress&, const Poco::Timespan&)
{
	refuse("connect");
}


void WebSocketImpl::connectNB(const SocketAddress&)
{
	refuse("connectNB");
}


void WebSocketImpl::bind(const SocketAddress&, bool)
{
	refuse("bind");
}


void WebSocketImpl::bind(const SocketAddress&, bool, bool)
{
	refuse("bind");
}


void WebSocketImpl::bind6(const SocketAddress&, bool, bool)
{
	refuse("bind6");
}


void WebSocketImpl::bind6(const SocketAddress&, bool, bool, bool)
{
	refuse("bind6");
}


void WebSocketImpl::listen(int)
{
	refuse("listen");
}


int WebSocketImpl::sendBytes(const SocketBufVec&, int)
{
	refuse("gather-sendBytes");
}


int WebSocketImpl::receiveBytes(SocketBufVec&, int)
{
	refuse("scatter-receiveBytes");
}


int WebSocketImpl::sendTo(const void*, int, const SocketAddress&, int)
{
	refuse("sendTo");
}


int WebSocketImpl::sendTo(const SocketBufVec&, const SocketAddress&, int)
{
	refuse("sendTo");
}


int WebSocketImpl::receiveFrom(void*, int, SocketAddress&, int)
{
	refuse("receiveFrom");
}


int WebSocketImpl::receiveFrom(SocketBufVec&, SocketAddress&, int)
{
	refuse("receiveFrom");
}


void WebSocketImpl::sendUrgent(unsigned char)
{
	refuse("sendUrgent");
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
