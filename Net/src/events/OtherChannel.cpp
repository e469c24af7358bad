//
// OtherChannel.cpp
//
// Library: PocoWebSocket
// Package: Events
// Module:  WebSocketOtherChannel
//
// SPDX-License-Identifier: BSL-1.0
//


#include "events/OtherChannel.h"
#include "net/Descriptor.h"
#include "Poco/Exception.h"
#include <algorithm>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


WebSocketOtherChannel::WebSocketOtherChannel(StreamSocketImpl* pSocket):
	WebSocketChannel(pSocket),
	_socket(pSocket)
{
	WebSocketDescriptor::closeOnExec(*pSocket);
}


WebSocketOtherChannel::~WebSocketOtherChannel()
{
}


long WebSocketOtherChannel::receive(const iovec* pBlocks, int)
{
	try
	{
		WebSocketGuardedSocket::Need need;
		return _socket.receive(static_cast<char*>(pBlocks->iov_base), pBlocks->iov_len, need);
	}
	catch (const Poco::Exception& exc)
	{
		return failed(exc.code());
	}
}


bool WebSocketOtherChannel::pending()
{
	return _socket.available() > 0;
}


bool WebSocketOtherChannel::sendRecord()
	/// Returns false if there is something left, which the socket does not take now.
{
	if (_record.size() == 0) return true;
	WebSocketGuardedSocket::Need need;
	const int n = _socket.send(_record.data(), _record.size(), need);
	if (n > 0) _record.drop(static_cast<std::size_t>(n));
	if (_record.size() > 0) return false;
	_record.release();
	return true;
}


long WebSocketOtherChannel::send(const iovec* pBlocks, int count)
{
	try
	{
		if (!sendRecord()) return AGAIN;
		for (int i = 0; i < count && _record.size() < WebSocketSocketBIO::RECORD; ++i)
			_record.append(static_cast<const char*>(pBlocks[i].iov_base), std::min<std::size_t>(pBlocks[i].iov_len, WebSocketSocketBIO::RECORD - _record.size()));
		const long taken = static_cast<long>(_record.size());
		sendRecord();
		return taken;
	}
	catch (const Poco::Exception& exc)
	{
		return failed(exc.code());
	}
}


std::size_t WebSocketOtherChannel::unsent() const
{
	return _record.size();
}


bool WebSocketOtherChannel::crossed() const
{
	return _socket.crossed();
}


int WebSocketOtherChannel::interest(int events) const
{
	return _socket.interest(events);
}


void WebSocketOtherChannel::shutdownSend()
{
	try
	{
		socket()->shutdown(); // close_notify
	}
	catch (const Poco::Exception&)
	{
		// the peer has gone before
	}
}


void WebSocketOtherChannel::close()
{
	try
	{
		_socket.shutdown();
		_socket.close();
	}
	catch (const Poco::Exception&)
	{
		// the peer has gone before
	}
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
