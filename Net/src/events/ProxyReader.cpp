//
// ProxyReader.cpp
//
// Library: PocoWebSocket
// Package: Events
// Module:  WebSocketProxyReader
//
// SPDX-License-Identifier: BSL-1.0
//


#include "events/ProxyReader.h"
#include "core/ProxyHeader.h"
#include "events/Reactor.h"
#include "Poco/Exception.h"
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <new>
#include <unistd.h>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


WebSocketProxyReader::WebSocketProxyReader(WebSocketReactor& reactor, Acceptor& acceptor):
	_reactor(reactor),
	_acceptor(acceptor)
{
}


WebSocketProxyReader::~WebSocketProxyReader()
{
	if (_fd >= 0) ::close(_fd);
}


bool WebSocketProxyReader::begin(WebSocketReactor& reactor, Acceptor& acceptor, Time timeout, int& fd, const sockaddr* pPeer, socklen_t length)
{
	WebSocketProxyReader* const pReader = new WebSocketProxyReader(reactor, acceptor);
	std::swap(pReader->_fd, fd);
	pReader->setPeer(pPeer, length);
	return pReader->start(timeout);
}


bool WebSocketProxyReader::begin(WebSocketReactor& reactor, Acceptor& acceptor, Time timeout, const StreamSocket& socket)
{
	const SocketAddress peer = socket.peerAddress(); // throws if it has been reset already
	WebSocketProxyReader* const pReader = new WebSocketProxyReader(reactor, acceptor);
	pReader->_socket = socket;
	pReader->setPeer(peer.addr(), peer.length());
	return pReader->start(timeout);
}


void WebSocketProxyReader::setPeer(const sockaddr* pPeer, socklen_t length)
{
	_length = std::min<socklen_t>(length, sizeof(_peer));
	std::memcpy(&_peer, pPeer, _length);
}


bool WebSocketProxyReader::start(Time timeout)
	/// Returns false if there are too many connections. This may be gone afterwards.
{
	if (!_acceptor.announced(peer(), _length))
	{
		delete this;
		return false;
	}
	_reactor.timers().set(*this, _reactor.now() + timeout);
	if (turn()) return true; // mostly it comes with the connection, and nobody need tell
	try
	{
		_reactor.poller().add(fd(), WebSocketPoller::READ | WebSocketPoller::LAST, *this);
	}
	catch (const Poco::Exception&)
	{
		fail(nullptr);
	}
	return true;
}


void WebSocketProxyReader::ready(int)
{
	turn();
}


bool WebSocketProxyReader::turn()
	/// Returns true if it is over: this does not exist any more.
{
	const char* pWhy = nullptr;
	try
	{
		switch (receive())
		{
		case WAITING:
			return false;
		case RECEIVED:
			introduce();
			return true;
		case MALFORMED:
			pWhy = "malformed";
			break;
		case ENDED:
			if (!_received.empty()) pWhy = "incomplete"; // otherwise somebody has looked whether the port is there
			break;
		}
	}
	catch (const std::bad_alloc&)
	{
		// the connection is closed
	}
	fail(pWhy);
	return true;
}


WebSocketProxyReader::Outcome WebSocketProxyReader::receive()
	/// What has come is looked at first. Taken is only what belongs to the header for certain: so nobody else misses a byte, and the poller does not
	/// tell again what is known.
{
	char bytes[WebSocketProxyHeader::MAX_SIZE];
	const std::size_t before = _received.size();
	ssize_t n;
	do n = ::recv(fd(), bytes, sizeof(bytes) - before, MSG_PEEK | MSG_DONTWAIT);
	while (n < 0 && errno == EINTR);
	if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return WAITING;
	if (n <= 0) return ENDED;
	_received.append(bytes, static_cast<std::size_t>(n));

	WebSocketProxyHeader header;
	const WebSocketProxyHeader::Result result = WebSocketProxyHeader::parse(_received, header);
	if (result == WebSocketProxyHeader::MALFORMED) return MALFORMED;
	if (result == WebSocketProxyHeader::COMPLETE) _received.resize(header.size);
	const std::size_t own = _received.size() - before;
	if (::recv(fd(), bytes, own, MSG_DONTWAIT) != static_cast<ssize_t>(own)) return ENDED; // it was reset meanwhile
	_proxied = header.proxied;
	return result == WebSocketProxyHeader::COMPLETE ? RECEIVED : WAITING;
}


void WebSocketProxyReader::introduce()
{
	leave();
	try
	{
		if (_socket) _acceptor.introduced(*_socket, peer(), _length, _proxied);
		else _acceptor.introduced(_fd, peer(), _length, _proxied);
	}
	catch (const std::bad_alloc&)
	{
		// the connection is closed
	}
	catch (const Poco::Exception&)
	{
		// nothing has come of it
	}
	delete this;
}


void WebSocketProxyReader::fail(const char* pWhy)
{
	leave();
	_acceptor.notIntroduced(peer(), _length, pWhy);
	delete this;
}


void WebSocketProxyReader::leave()
{
	_reactor.timers().cancel(*this);
	_reactor.poller().remove(fd());
	_reactor.poller().forget(*this);
}


void WebSocketProxyReader::due(Time)
{
	fail(_received.empty() ? "missing" : "incomplete");
}


void WebSocketProxyReader::dropped()
	/// The loop ends.
{
	_acceptor.notIntroduced(peer(), _length, nullptr);
	delete this;
}


int WebSocketProxyReader::fd() const
{
	return _socket ? _socket->impl()->sockfd() : _fd;
}


const sockaddr* WebSocketProxyReader::peer() const
{
	return reinterpret_cast<const sockaddr*>(&_peer);
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
