//
// Dialer.cpp
//
// Library: PocoWebSocket
// Package: Net
// Module:  WebSocketDialer
//
// SPDX-License-Identifier: BSL-1.0
//


#include "net/Dialer.h"
#include "net/SessionAccess.h"
#include "net/Descriptor.h"
#include "net/Deadline.h"
#include "net/NotBlocking.h"
#include "net/OpenSSL.h"
#include "net/TLSSession.h"
#include "Poco/Net/NetException.h"
#include "Poco/Net/SocketAddress.h"
#include "Poco/Net/StreamSocketImpl.h"
#include "Poco/AutoPtr.h"
#include "Poco/Clock.h"
#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <memory>
#include <netdb.h>
#include <new>
#include <poll.h>
#include <string>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>
#include <vector>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


namespace
{
	using Addresses = std::vector<SocketAddress>;

	const Poco::Timespan NEXT_AFTER(0, 250*1000); // RFC 8305, 5: Connection Attempt Delay

	// What sessions do not tell; of the timeouts, Poco 1.11 tells one. The explicit instantiation may name it.
	struct ConnectionTimeout
	{
		friend Poco::Timespan HTTPSession::* memberOf(ConnectionTimeout);
	};

	struct SendTimeout
	{
		friend Poco::Timespan HTTPSession::* memberOf(SendTimeout);
	};

	struct MustReconnect
	{
		friend bool HTTPClientSession::* memberOf(MustReconnect);
	};

	template <class Which, class Type, Type member>
	struct Opened
	{
		friend Type memberOf(Which)
		{
			return member;
		}
	};

	template struct Opened<ConnectionTimeout, Poco::Timespan HTTPSession::*, &HTTPSession::_connectionTimeout>;
	template struct Opened<SendTimeout, Poco::Timespan HTTPSession::*, &HTTPSession::_sendTimeout>;
	template struct Opened<MustReconnect, bool HTTPClientSession::*, &HTTPClientSession::_mustReconnect>;

	bool proxied(const HTTPClientSession& session)
	{
		return !session.getProxyHost().empty() && !session.bypassProxy();
	}

	template <class Session>
	auto sourcesOf(Session& session, int) -> decltype(session.getSourceAddress4(), session.getSourceAddress6(), Addresses())
		/// Sessions of later versions of Poco may have addresses that they connect from.
	{
		Addresses result;
		for (const SocketAddress& source: {session.getSourceAddress4(), session.getSourceAddress6()})
		{
			if (!source.host().isWildcard() || source.port() != 0) result.push_back(source);
		}
		return result;
	}

	template <class Session>
	Addresses sourcesOf(Session&, long)
	{
		return Addresses();
	}

	const SocketAddress* sourceFor(const SocketAddress& address, const Addresses& sources)
	{
		for (const SocketAddress& source: sources)
		{
			if (source.family() == address.family()) return &source;
		}
		return nullptr;
	}

	[[noreturn]] void failLookUp(int error, const std::string& host)
		/// As Poco::Net::DNS does.
	{
		switch (error)
		{
		case EAI_SYSTEM:
			throw Poco::IOException("Cannot look up " + host, errno);
		case EAI_AGAIN:
			throw DNSException("Temporary DNS error while resolving", host);
		case EAI_FAIL:
			throw DNSException("Non recoverable DNS error while resolving", host);
		case EAI_MEMORY:
			throw std::bad_alloc();
		default:
			throw HostNotFoundException(host);
		}
	}

	Addresses lookUp(const std::string& host, Poco::UInt16 port)
	{
		addrinfo hints = addrinfo();
		hints.ai_socktype = SOCK_STREAM;
		hints.ai_flags = AI_NUMERICSERV;
		addrinfo* pList = nullptr;
		if (const int error = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &pList)) failLookUp(error, host);
		const std::unique_ptr<addrinfo, void (*)(addrinfo*)> pOwner(pList, &::freeaddrinfo);
		Addresses result;
		for (; pList; pList = pList->ai_next)
		{
			if (pList->ai_family == AF_INET || pList->ai_family == AF_INET6) result.emplace_back(pList->ai_addr, pList->ai_addrlen);
		}
		if (result.empty()) throw NoAddressFoundException(host);
		return result;
	}

	[[noreturn]] void failTimeout()
	{
		throw TimeoutException("No connection for the handshake in time");
	}

	class Race
		/// Connects to several addresses at a time, until one has answered.
	{
	public:
		Race(const Addresses& addresses, const Addresses& sources):
			_addresses(addresses),
			_sources(sources),
			_next(0)
		{
		}

		~Race()
		{
			for (const pollfd& runner: _runners) ::close(runner.fd);
		}

		std::size_t run(const WebSocketDeadline& limit)
			/// Returns which address has answered first. Throws what happened to the first one that has failed, if all have.
		{
			for (;;)
			{
				while (_next < _addresses.size() && (_runners.empty() || _begin.elapsed() >= NEXT_AFTER.totalMicroseconds())) begin();
				if (_runners.empty()) Failure::raise(_failure, _failed);
				Poco::Timespan wait = limit.left();
				if (wait == 0) failTimeout();
				if (_next < _addresses.size()) wait = std::min(wait, std::max(Poco::Timespan(0), NEXT_AFTER - Poco::Timespan(_begin.elapsed())));
				if (::poll(_runners.data(), _runners.size(), static_cast<int>(std::min<Poco::Int64>((wait.totalMicroseconds() + 999)/1000, 1000000))) <= 0) continue;
				for (std::size_t i = 0; i < _runners.size();)
				{
					if (_runners[i].revents == 0) ++i;
					else if (arrived(i)) return _numbers[i];
				}
			}
		}

		int take(std::size_t number)
			/// Returns the descriptor, which blocks and is the caller's, of the address that has answered.
		{
			const std::size_t i = static_cast<std::size_t>(std::find(_numbers.begin(), _numbers.end(), number) - _numbers.begin());
			const int fd = _runners[i].fd;
			::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) & ~O_NONBLOCK);
			drop(i);
			return fd;
		}

	private:
		struct Failure: public StreamSocketImpl
			/// Opens what sockets keep to themselves.
		{
			[[noreturn]] static void raise(int code, const std::string& address)
			{
				error(code, address);
				throw NetException(address, code);
			}
		};

		Race(const Race&) = delete;
		Race& operator = (const Race&) = delete;

		void begin()
		{
			const SocketAddress& address = _addresses[_next++];
			_begin.update();
			pollfd runner = {::socket(address.af(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), POLLOUT, 0};
			if (runner.fd < 0)
			{
				failed(errno, address);
				return;
			}
			try
			{
				_numbers.push_back(_next - 1);
				_runners.push_back(runner);
			}
			catch (...)
			{
				_numbers.resize(_runners.size());
				::close(runner.fd);
				throw;
			}
			const SocketAddress* const pSource = sourceFor(address, _sources);
			const bool bound = !pSource || ::bind(runner.fd, pSource->addr(), pSource->length()) == 0;
			if (bound && (::connect(runner.fd, address.addr(), address.length()) == 0 || errno == EINPROGRESS || errno == EINTR)) return;
			failed(errno, address);
			::close(runner.fd);
			drop(_runners.size() - 1);
		}

		bool arrived(std::size_t i)
			/// Returns false if it has failed, and is out of the race.
		{
			int error = 0;
			socklen_t length = sizeof(error);
			if (::getsockopt(_runners[i].fd, SOL_SOCKET, SO_ERROR, &error, &length) != 0) error = errno;
			if (error == 0) return true;
			failed(error, _addresses[_numbers[i]]);
			::close(_runners[i].fd);
			drop(i);
			if (_next < _addresses.size()) begin(); // in its place
			return false;
		}

		void failed(int error, const SocketAddress& address)
		{
			if (_failure != 0) return;
			_failure = error;
			_failed = address.toString();
		}

		void drop(std::size_t i)
		{
			_runners.erase(_runners.begin() + static_cast<std::ptrdiff_t>(i));
			_numbers.erase(_numbers.begin() + static_cast<std::ptrdiff_t>(i));
		}

		const Addresses& _addresses;
		const Addresses& _sources;
		std::size_t _next;
		Poco::Clock _begin; // of the last one
		std::vector<pollfd> _runners;
		std::vector<std::size_t> _numbers; // which address is whose
		int _failure = 0;
		std::string _failed;
	};

	class Limited
		/// As long as it exists, no wait of a session is longer than the given time. Gives its connection the session's own timeouts in the end.
	{
	public:
		Limited(HTTPClientSession& session, const Poco::Timespan& left):
			_session(session),
			_connectionTimeout(session.*memberOf(ConnectionTimeout())),
			_sendTimeout(session.*memberOf(SendTimeout())),
			_receiveTimeout(session.getTimeout())
		{
			const auto limited = [left](const Poco::Timespan& timeout) { return timeout > 0 ? std::min(timeout, left) : left; };
			_session.setTimeout(limited(_connectionTimeout), limited(_sendTimeout), limited(_receiveTimeout));
		}

		~Limited()
		{
			try
			{
				_session.setTimeout(_connectionTimeout, _sendTimeout, _receiveTimeout);
				if (!_session.connected()) return;
				// Poco gives a proxy's connection one timeout for everything.
				_session.socket().setSendTimeout(_session.secure() && proxied(_session) ? _receiveTimeout : _sendTimeout);
				_session.socket().setReceiveTimeout(_receiveTimeout);
			}
			catch (const Poco::Exception&)
			{
				// the socket is of no use any more
			}
		}

	private:
		Limited(const Limited&) = delete;
		Limited& operator = (const Limited&) = delete;

		HTTPClientSession& _session;
		const Poco::Timespan _connectionTimeout;
		const Poco::Timespan _sendTimeout;
		const Poco::Timespan _receiveTimeout;
	};

	class Connected: public StreamSocketImpl
		/// Stands in for a session's socket while the session connects it: it is connected already.
	{
	public:
		explicit Connected(const Poco::AutoPtr<StreamSocketImpl>& pTarget):
			StreamSocketImpl(POCO_INVALID_SOCKET),
			_pTarget(pTarget)
		{
		}

		using StreamSocketImpl::connect;

		void connect(const SocketAddress&, const Poco::Timespan&) override
		{
			reset(_pTarget->sockfd());
		}

		StreamSocketImpl* target()
		{
			return _pTarget.get();
		}

	protected:
		~Connected() override
		{
			reset(); // the descriptor is the other one's
		}

	private:
		Poco::AutoPtr<StreamSocketImpl> _pTarget;
	};

	class NoProxy
		/// As long as it exists, a session has no proxy.
	{
	public:
		explicit NoProxy(HTTPClientSession& session):
			_session(session),
			_config(session.getProxyConfig())
		{
			_session.setProxyConfig(HTTPClientSession::ProxyConfig());
		}

		~NoProxy()
		{
			_session.setProxyConfig(_config);
		}

	private:
		NoProxy(const NoProxy&) = delete;
		NoProxy& operator = (const NoProxy&) = delete;

		HTTPClientSession& _session;
		const HTTPClientSession::ProxyConfig _config;
	};

	WebSocketOpenSSL openSSLOf(HTTPClientSession& session)
	{
		return WebSocketOpenSSL(static_cast<StreamSocketImpl*>(session.socket().impl()));
	}

	class Lazy
		/// As long as it exists, a socket leaves the TLS handshake to complete(). If its context keeps TLS sessions, and there is nobody else who does,
		/// the handshake is a part of connecting.
	{
	public:
		Lazy(HTTPClientSession& session, WebSocketTLSSession* pLast):
			_socket(session.socket()),
			_pLast(pLast),
			_openSSL(openSSLOf(session)),
			_used(_openSSL.known() && (pLast || !_openSSL.keepsSessions())),
			_before(_used && _openSSL.setLazyHandshake(true))
		{
		}

		~Lazy()
		{
			if (_used) _openSSL.setLazyHandshake(_before);
		}

		void complete(const WebSocketDeadline& limit)
		{
			if (!_used) return;
			const WebSocketOpenSSL openSSL(static_cast<StreamSocketImpl*>(_socket.impl())); // now it is connected
			if (_pLast) _pLast->offer(static_cast<StreamSocketImpl*>(_socket.impl()));
			for (int mode = Socket::SELECT_WRITE;;)
			{
				const Poco::Timespan left = limit.left();
				if (left == 0 || !_socket.poll(left, mode)) failTimeout();
				char byte;
				const int n = WebSocketNotBlocking::attempt(_socket, [&] { return _socket.impl()->receiveBytes(&byte, 1); });
				if (n > 0) throw MessageException("The server has spoken before it was asked");
				if (n == 0) throw ConnectionAbortedException("No TLS handshake");
				if (!openSSL.renegotiates()) return;
				mode = openSSL.want() == WebSocketOpenSSL::WRITE ? Socket::SELECT_WRITE : Socket::SELECT_READ;
			}
		}

	private:
		Lazy(const Lazy&) = delete;
		Lazy& operator = (const Lazy&) = delete;

		StreamSocket _socket;
		WebSocketTLSSession* const _pLast;
		const WebSocketOpenSSL _openSSL;
		const bool _used;
		const bool _before;
	};

	class Dial
		/// One connect().
	{
	public:
		Dial(HTTPClientSession& session, const Poco::Timespan& timeout, WebSocketTLSSession* pLast):
			_session(session),
			_pLast(pLast),
			_limit(timeout),
			_proxied(proxied(session)),
			_sources(sourcesOf(session, 0))
		{
		}

		void run()
		{
			Addresses addresses = _proxied ? lookUp(_session.getProxyHost(), _session.getProxyPort()) : lookUp(_session.getHost(), _session.getPort());
			if (!_sources.empty()) addresses.erase(std::remove_if(addresses.begin(), addresses.end(), [this](const SocketAddress& address) { return !sourceFor(address, _sources); }), addresses.end());
			if (addresses.empty()) throw NoAddressFoundException("No address of the source's kind", _session.getHost());
			if (_session.secure() && _proxied) addresses.resize(1); // the session makes the tunnel, and verifies the proxy's name
			if (addresses.size() == 1) attempt(addresses.front(), left());
			else if (_session.secure()) oneByOne(addresses);
			else race(addresses);
		}

	private:
		Poco::Timespan left() const
		{
			const Poco::Timespan result = _limit.left();
			if (result <= 0) failTimeout();
			return result;
		}

		void race(const Addresses& addresses)
		{
			Race race(addresses, _sources);
			const std::size_t number = race.run(_limit);
			Poco::AutoPtr<Connected> pConnected(new Connected(new StreamSocketImpl(race.take(number))));
			WebSocketSessionAccess::attach(_session, pConnected.get());
			WebSocketSessionAccess::dial(_session, addresses[number]);
			if (_session.socket().impl() == pConnected.get()) WebSocketSessionAccess::attach(_session, pConnected->target());
		}

		void oneByOne(Addresses& addresses)
		{
			const SocketAddress first = addresses.front();
			addresses.erase(addresses.begin());
			const Poco::Clock begin;
			std::unique_ptr<Poco::Exception> pFailure = attemptFailed(first, std::min(left(), NEXT_AFTER));
			if (!pFailure) return;
			if (begin.elapsed() + 5000 >= NEXT_AFTER.totalMicroseconds()) addresses.push_back(first); // it may be slow only
			while (!addresses.empty())
			{
				const std::size_t number = addresses.size() == 1 ? 0 : winner(addresses, pFailure.get());
				const SocketAddress address = addresses[number];
				addresses.erase(addresses.begin() + static_cast<std::ptrdiff_t>(number));
				pFailure = attemptFailed(address, left());
				if (!pFailure) return;
			}
			pFailure->rethrow();
		}

		std::size_t winner(const Addresses& addresses, const Poco::Exception* pFailure)
		{
			try
			{
				return Race(addresses, _sources).run(_limit);
			}
			catch (const NetException&)
			{
				if (pFailure) pFailure->rethrow(); // which says more, of a certificate, for instance
				throw;
			}
		}

		std::unique_ptr<Poco::Exception> attemptFailed(const SocketAddress& address, const Poco::Timespan& timeout)
			/// Returns null if the session is connected.
		{
			try
			{
				attempt(address, timeout);
				return nullptr;
			}
			catch (const Poco::Exception& exc)
			{
				std::unique_ptr<Poco::Exception> pFailure(exc.clone());
				_session.reset();
				return pFailure;
			}
		}

		void attempt(const SocketAddress& address, const Poco::Timespan& timeout)
			/// Has the session connect.
		{
			try
			{
				const WebSocketDeadline limit(timeout);
				const Limited limited(_session, timeout);
				const bool tunnel = _session.secure() && _proxied;
				const SocketAddress* const pSource = tunnel ? nullptr : sourceFor(address, _sources);
				if (pSource) _session.socket().impl()->bind(*pSource, true);
				Lazy lazy(_session, _pLast);
				WebSocketSessionAccess::dial(_session, address);
				if (!tunnel) lazy.complete(limit);
			}
			catch (const TimeoutException&)
			{
				throw;
			}
			catch (const Poco::Exception&)
			{
				if (_limit.left() <= Poco::Timespan(0, 5000)) failTimeout(); // NetSSL says it in several ways; and clocks differ
				throw;
			}
		}

		HTTPClientSession& _session;
		WebSocketTLSSession* const _pLast;
		const WebSocketDeadline _limit;
		const bool _proxied;
		const Addresses _sources;
	};
}


bool WebSocketDialer::connected(HTTPClientSession& session)
{
	if (session.getHost().empty() || session.getHost()[0] == '/') return true; // made from a socket; the path of one
	if (!session.connected() || WebSocketSessionAccess::expired(session)) return false;
	return !session.socket().poll(0, Socket::SELECT_READ); // nobody has asked for anything
}


void WebSocketDialer::connect(HTTPClientSession& session, const Poco::Timespan& timeout, WebSocketTLSSession* pLast)
{
	session.reset();
	Dial(session, timeout, pLast).run();
	WebSocketDescriptor::closeOnExec(*session.socket().impl());
	session.*memberOf(MustReconnect()) = false; // that was this
}


bool WebSocketDialer::canSecure(HTTPClientSession& session)
{
	return session.secure() && openSSLOf(session).known();
}


void WebSocketDialer::secure(HTTPClientSession& session, const StreamSocket& connection, const Poco::Timespan& timeout, WebSocketTLSSession* pLast)
{
	session.reset();
	const WebSocketDeadline limit(timeout);
	if (limit.over() || !limit.limited()) failTimeout();
	const Poco::AutoPtr<StreamSocketImpl> pTarget(static_cast<StreamSocketImpl*>(connection.impl()), true);
	const WebSocketOpenSSL openSSL = openSSLOf(session);
	openSSL.setPeerHostName(session.getHost());
	openSSL.setConnection(new Connected(pTarget));
	try
	{
		const Limited limited(session, timeout);
		const NoProxy noProxy(session);
		Lazy lazy(session, pLast);
		WebSocketSessionAccess::dial(session, connection.peerAddress());
		openSSL.setConnection(pTarget);
		lazy.complete(limit);
	}
	catch (const Poco::Exception&)
	{
		openSSL.setConnection(pTarget);
		session.reset();
		if (limit.left() <= Poco::Timespan(0, 5000)) failTimeout();
		throw;
	}
	session.*memberOf(MustReconnect()) = false;
}


Poco::Timespan WebSocketDialer::connectionTimeout(const HTTPClientSession& session)
{
	return session.*memberOf(ConnectionTimeout());
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
