//
// Stream.cpp
//
// Library: PocoWebSocket
// Package: Events
// Module:  WebSocketStream
//
// SPDX-License-Identifier: BSL-1.0
//


#include "events/Stream.h"
#include "core/BranchHint.h"
#include "net/Descriptor.h"
#include "net/OpenSSL.h"
#include "Poco/Net/NetException.h"
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <utility>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


WebSocketStream::WebSocketStream(int& fd, const sockaddr* pRemote, socklen_t length):
	_remoteHost(),
	_remotePort(0),
	_error(0),
	_fd(fd),
	_shared(false),
	_secure(false),
	_shut(false),
	_last(false)
{
	setRemote(pRemote, length);
	fd = -1;
}


WebSocketStream::WebSocketStream(StreamSocketImpl* pSocket, const SocketAddress& remote):
	_remoteHost(),
	_remotePort(0),
	_error(0),
	_fd(-1),
	_shared(true),
	_secure(false),
	_shut(false),
	_last(false)
{
	setRemote(remote.addr(), remote.length());
	auto pChannel = WebSocketChannel::make(pSocket);
	if (!pChannel)
	{
		WebSocketDescriptor::closeOnExec(*pSocket); // the other owners may have it for a while
		_fd = ::fcntl(pSocket->sockfd(), F_DUPFD_CLOEXEC, 0);
		if (_fd < 0) throw NetException("Cannot duplicate the socket", errno);
		::fcntl(_fd, F_SETFL, ::fcntl(_fd, F_GETFL) | O_NONBLOCK);
	}
	else
	{
		use(std::move(pChannel));
	}
}


WebSocketStream::WebSocketStream(const Detached& detached, const SocketAddress& remote):
	_remoteHost(),
	_remotePort(0),
	_error(0),
	_fd(-1),
	_shared(false),
	_secure(false),
	_shut(false),
	_last(false)
{
	struct Access: public StreamSocketImpl
		/// Opens reset().
	{
		static void forget(StreamSocketImpl& socket)
		{
			(socket.*&Access::reset)(POCO_INVALID_SOCKET);
		}
	};

	setRemote(remote.addr(), remote.length());
	auto pChannel = WebSocketChannel::make(detached.pSocket);
	if (!pChannel)
	{
		_fd = detached.pSocket->sockfd();
		Access::forget(*detached.pSocket);
		::fcntl(_fd, F_SETFL, ::fcntl(_fd, F_GETFL) | O_NONBLOCK);
	}
	else
	{
		use(std::move(pChannel));
		_shared = true;
	}
}


void WebSocketStream::use(std::unique_ptr<WebSocketChannel>&& pChannel)
{
	_fd = pChannel->socket()->sockfd();
	_secure = pChannel->socket()->secure();
	_pChannel = std::move(pChannel);
	noteTLS();
}


void WebSocketStream::setRemote(const sockaddr* pAddress, socklen_t length)
{
	if (pAddress->sa_family == AF_INET)
	{
		sockaddr_in remote = sockaddr_in();
		std::memcpy(&remote, pAddress, std::min<std::size_t>(length, sizeof(remote)));
		_remoteHost = remote.sin_addr;
		_remotePort = remote.sin_port;
	}
	else
	{
		_pRemote = std::make_unique<Remote>();
		_pRemote->address = address(pAddress, length);
	}
}


WebSocketStream::~WebSocketStream()
{
	close();
}


long WebSocketStream::receive(const iovec* pBlocks, int count)
{
	if (!likely(_fd >= 0)) return BROKEN;
	if (likely(!_pChannel) || _shut)
	{
		for (;;)
		{
			const ssize_t n = count == 1 ? ::recv(_fd, pBlocks->iov_base, pBlocks->iov_len, 0) : ::readv(_fd, pBlocks, count);
			if (likely(n >= 0)) return n;
			if (errno == EINTR) continue;
			if (errno == EAGAIN || errno == EWOULDBLOCK) return AGAIN;
			failed(errno);
			return BROKEN;
		}
	}
	const long n = _pChannel->receive(pBlocks, count);
	if (!likely(n != BROKEN)) failed(_pChannel->error());
	return n;
}


bool WebSocketStream::pending() const
{
	return _pChannel && !_shut && _pChannel->pending();
}


bool WebSocketStream::crossed() const
{
	return _pChannel && !_shut && _pChannel->crossed();
}


bool WebSocketStream::push()
{
	return _pChannel && !_shut && _pChannel->push();
}


int WebSocketStream::interest(int events) const
{
	return crossed() ? _pChannel->interest(events) : events;
}


int WebSocketStream::meaning(int events) const
{
	int result = 0;
	for (int direction: {SocketImpl::SELECT_READ, SocketImpl::SELECT_WRITE})
	{
		const int wanted = interest(direction);
		if (wanted & events) result |= direction;
	}
	return result;
}


long WebSocketStream::condition() const
{
	pollfd entry = pollfd();
	entry.fd = _fd;
	if (_fd < 0 || ::poll(&entry, 1, 0) < 0) return BROKEN;
	if (entry.revents & (POLLERR | POLLNVAL)) return BROKEN;
	return entry.revents & POLLHUP ? END : AGAIN;
}


long WebSocketStream::send(const iovec* pBlocks, int count)
{
	if (!likely(_fd >= 0)) return BROKEN;
	if (likely(!_pChannel))
	{
		const int flags = _last ? MSG_NOSIGNAL | MSG_MORE : MSG_NOSIGNAL;
		msghdr message = msghdr();
		message.msg_iov = const_cast<iovec*>(pBlocks);
		message.msg_iovlen = static_cast<std::size_t>(count);
		for (;;)
		{
			const ssize_t n = count == 1 ? ::send(_fd, pBlocks->iov_base, pBlocks->iov_len, flags) : ::sendmsg(_fd, &message, flags);
			if (likely(n >= 0)) return n;
			if (errno == EINTR) continue;
			if (errno == EAGAIN || errno == EWOULDBLOCK) return AGAIN;
			failed(errno);
			return BROKEN;
		}
	}
	const long n = _pChannel->send(pBlocks, count);
	if (!likely(n != BROKEN)) failed(_pChannel->error());
	return n;
}


[[gnu::cold, gnu::noinline]] void WebSocketStream::failed(int code)
{
	if (_error == 0) _error = static_cast<short>(code);
}


std::string WebSocketStream::handshakeError() const
{
	const char* const pError = _pChannel ? _pChannel->handshakeError() : nullptr;
	return pError ? pError : std::string();
}


bool WebSocketStream::waiting() const
{
	char next;
	return _fd >= 0 && ::recv(_fd, &next, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}


SocketAddress WebSocketStream::remoteAddress() const
{
	if (_pRemote) return _pRemote->address;
	sockaddr_in remote = sockaddr_in();
	remote.sin_family = AF_INET;
	remote.sin_addr = _remoteHost;
	remote.sin_port = _remotePort;
	return SocketAddress(reinterpret_cast<const sockaddr*>(&remote), sizeof(remote));
}


WebSocketHost WebSocketStream::remoteHost() const
{
	if (_pRemote) return via() && via()->trusted && !via()->identified ? WebSocketHost() : WebSocketHost(_pRemote->address.addr());
	sockaddr_in remote = sockaddr_in();
	remote.sin_family = AF_INET;
	remote.sin_addr = _remoteHost;
	return WebSocketHost(reinterpret_cast<const sockaddr*>(&remote));
}


SocketAddress WebSocketStream::peerAddress() const
{
	return via() ? via()->peer : remoteAddress();
}


WebSocketStream::Remote& WebSocketStream::remote()
{
	if (!_pRemote)
	{
		auto pRemote = std::make_unique<Remote>();
		pRemote->address = remoteAddress();
		_pRemote = std::move(pRemote);
	}
	return *_pRemote;
}


[[gnu::cold, gnu::noinline]] void WebSocketStream::noteTLS()
{
	struct AnySocket: public StreamSocket
	{
		explicit AnySocket(StreamSocketImpl* pImpl):
			StreamSocket(pImpl)
		{
			pImpl->duplicate(); // the socket takes over a reference
		}
	};
	const WebSocketOpenSSL openSSL(socket());
	if (!openSSL.ssl() || openSSL.handshakeIsDue() || (_pRemote && _pRemote->pTLS)) return;
	remote().pTLS = std::make_unique<WebSocketTLSInfo>(WebSocketTLSInfo::of(AnySocket(socket())));
}


const WebSocketTLSInfo* WebSocketStream::tlsInfo() const
{
	return _pRemote ? _pRemote->pTLS.get() : nullptr;
}


void WebSocketStream::setVia(std::unique_ptr<WebSocketVia>&& pVia)
{
	remote().pVia = std::move(pVia);
	via()->told = via()->scheme;
	via()->host.clear();
	setClient(via()->speaker);
	via()->identified = false;
}


WebSocketVia* WebSocketStream::via() const
{
	return _pRemote ? _pRemote->pVia.get() : nullptr;
}


std::unique_ptr<WebSocketVia> WebSocketStream::takeVia()
{
	return _pRemote ? std::move(_pRemote->pVia) : nullptr;
}


void WebSocketStream::setClient(const SocketAddress& client)
{
	_pRemote->address = client;
	if (via()->told != WebSocketScheme::NOT_TOLD) _secure = via()->told == WebSocketScheme::SECURE;
	via()->identified = true;
}


SocketAddress WebSocketStream::localAddress() const
{
	sockaddr_storage local = sockaddr_storage();
	socklen_t length = sizeof(local);
	sockaddr* const pLocal = reinterpret_cast<sockaddr*>(&local);
	return _fd >= 0 && ::getsockname(_fd, pLocal, &length) == 0 ? address(pLocal, length) : SocketAddress();
}


SocketAddress WebSocketStream::address(const sockaddr* pAddress, socklen_t length)
{
	if (pAddress->sa_family == AF_UNIX)
	{
		sockaddr_un local = sockaddr_un(); // a client's has no path, and Poco 1.13 takes none that is empty
		std::memcpy(&local, pAddress, std::min<std::size_t>(length, sizeof(local) - 1));
		return SocketAddress(reinterpret_cast<const sockaddr*>(&local), sizeof(local));
	}
	return length > 0 ? SocketAddress(pAddress, length) : SocketAddress();
}


void WebSocketStream::endSending()
{
	if (_fd >= 0) ::shutdown(_fd, SHUT_WR);
}


void WebSocketStream::shutdownSend()
{
	if (_fd < 0 || _shut) return;
	_shut = true;
	if (_pChannel) _pChannel->shutdownSend();
	::shutdown(_fd, SHUT_WR);
}


void WebSocketStream::close()
{
	if (_fd < 0) return;
	if (_pChannel)
	{
		_pChannel->close();
		_pChannel.reset();
	}
	else
	{
		if (_last) ::shutdown(_fd, SHUT_WR); // if something unread has come, close() alone would forget what beLast() has kept back
		::close(_fd);
	}
	_fd = -1;
}


Poco::AutoPtr<StreamSocketImpl> WebSocketStream::detach()
{
	Poco::AutoPtr<StreamSocketImpl> pSocket;
	if (_pChannel)
	{
		pSocket.assign(_pChannel->socket(), true);
		_pChannel->push();
		_pChannel.reset();
		pSocket->setBlocking(true);
	}
	else
	{
		::fcntl(_fd, F_SETFL, ::fcntl(_fd, F_GETFL) & ~O_NONBLOCK);
		pSocket = new StreamSocketImpl(_fd);
	}
	_fd = -1;
	return pSocket;
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
