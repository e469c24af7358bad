//
// Listener.cpp
//
// Library: PocoWebSocket
// Package: Events
// Module:  WebSocketListener
//
// SPDX-License-Identifier: BSL-1.0
//


#include "events/Listener.h"
#include "net/ALPN.h"
#include "net/Descriptor.h"
#include "net/PeerState.h"
#include "net/OpenSSL.h"
#include "events/ProxyReader.h"
#include "events/Reactor.h"
#include "Poco/Net/NetException.h"
#include "Poco/Net/ServerSocketImpl.h"
#include <cerrno>
#include <new>
#include <typeinfo>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


namespace
{
	bool isPlain(const SocketImpl& impl)
	{
		return typeid(impl) == typeid(ServerSocketImpl);
	}
}


WebSocketListener::WebSocketListener(const ServerSocket& socket, bool shared, WebSocketReactor& reactor, Acceptor& acceptor, Poco::UInt32 headerTime):
	_socket(socket),
	_reactor(reactor),
	_acceptor(acceptor),
	_plain(isPlain(*socket.impl())),
	_shared(shared),
	_headerTime(headerTime),
	_state(State::IDLE)
{
	if (ssl_ctx_st* const pContext = WebSocketOpenSSL::contextOf(_socket.impl())) WebSocketALPN::select(pContext);
	_socket.setBlocking(false);
	// What is accepted has it from here. A Unix-domain socket has no such option.
	const int on = 1;
	::setsockopt(_socket.impl()->sockfd(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	limitUnsent(_socket.impl()->sockfd());
}


WebSocketListener::~WebSocketListener()
{
}


void WebSocketListener::begin()
{
	_reactor.poller().add(_socket.impl()->sockfd(), WebSocketPoller::READ | WebSocketPoller::LAST, *this);
	_state = State::LISTENING;
}


void WebSocketListener::end()
{
	if (_state == State::IDLE) return;
	_state = State::IDLE;
	_reactor.timers().cancel(*this);
	_reactor.poller().remove(_socket.impl()->sockfd());
	_reactor.poller().forget(*this);
	if (_shared) _socket.close();
	else WebSocketDescriptor::closeListening(_socket);
}


void WebSocketListener::ready(int)
{
	if (_state != State::LISTENING) return;
	if (_plain) acceptPlain();
	else acceptOther();
}


void WebSocketListener::acceptPlain()
{
	for (int count = 0; count < AT_ONCE && _state == State::LISTENING; ++count)
	{
		sockaddr_storage remote;
		socklen_t length = sizeof(remote);
		sockaddr* const pRemote = reinterpret_cast<sockaddr*>(&remote);
		int fd = ::accept4(_socket.impl()->sockfd(), pRemote, &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd >= 0)
		{
			if (!take(fd, pRemote, length)) count += REFUSED - 1;
		}
		else if (errno != EINTR && errno != ECONNABORTED)
		{
			if (count == 0 || (errno != EAGAIN && errno != EWOULDBLOCK)) failed(errno); // otherwise these were all
			return;
		}
	}
}


bool WebSocketListener::take(int fd, const sockaddr* pRemote, socklen_t length)
	/// Returns false if nothing has come of the connection: it is closed.
{
	bool memory = true;
	try
	{
		if (_headerTime == 0) _acceptor.accepted(fd, pRemote, length);
		else WebSocketProxyReader::begin(_reactor, _acceptor, _headerTime, fd, pRemote, length);
	}
	catch (const std::bad_alloc&)
	{
		memory = false;
	}
	catch (const Poco::Exception&)
	{
		// nothing has come of this one
	}
	const bool taken = fd < 0;
	if (!taken) ::close(fd);
	if (!memory) failed(ENOMEM);
	return taken;
}


bool WebSocketListener::waiting() const
	/// Socket::poll() would need a descriptor.
{
	pollfd entry = {_socket.impl()->sockfd(), POLLIN, 0};
	return ::poll(&entry, 1, 0) > 0;
}


void WebSocketListener::acceptOther()
{
	try
	{
		int count = 0;
		while (count < AT_ONCE && _state == State::LISTENING && waiting()) count += acceptOne() ? 1 : REFUSED;
	}
	catch (const Poco::TimeoutException&)
	{
		failed(EAGAIN);
	}
	catch (const std::bad_alloc&)
	{
		failed(ENOMEM);
	}
	catch (const Poco::Exception& exc)
	{
		failed(exc.code());
	}
}


bool WebSocketListener::acceptOne()
{
	const StreamSocket socket = _socket.acceptConnection();
	return _headerTime == 0 ? _acceptor.accepted(socket) : WebSocketProxyReader::begin(_reactor, _acceptor, _headerTime, socket);
}


bool WebSocketListener::hungUp() const
	/// A Unix-domain socket that is shut down is ready for ever, but accept() says EAGAIN, and without descriptors it says that first.
{
	pollfd entry = {_socket.impl()->sockfd(), POLLRDHUP, 0};
	return ::poll(&entry, 1, 0) > 0;
}


[[gnu::noinline, gnu::cold]] void WebSocketListener::failed(int code)
{
	if (hungUp())
	{
		_state = State::SHUT_DOWN;
		_reactor.timers().cancel(*this);
		_reactor.poller().remove(_socket.impl()->sockfd());
		_acceptor.shutDown(_socket);
		return;
	}
	if (code == EAGAIN || code == EWOULDBLOCK || code == ECONNABORTED) return;
	_reactor.timers().set(*this, _reactor.now() + PAUSE);
	_reactor.poller().change(_socket.impl()->sockfd(), WebSocketPoller::LAST, *this);
	_acceptor.acceptFailed(code);
}


void WebSocketListener::due(WebSocketTimerWheel::Time)
{
	if (_state == State::LISTENING) _reactor.poller().change(_socket.impl()->sockfd(), WebSocketPoller::READ | WebSocketPoller::LAST, *this);
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
