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
#include "net/AddressRace.h"
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
#include <memory>
#include <typeinfo>
#include <utility>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


namespace
{
	using Race = WebSocketAddressRace;
	using Addresses = Race::Addresses;

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
				if (left == 0 || !_socket.poll(left, mode)) Race::failTimeout();
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

	void secureOn(HTTPClientSession& session, const Poco::AutoPtr<StreamSocketImpl>& pTarget, const Poco::Timespan& timeout, WebSocketTLSSession* pLast)
		/// See WebSocketDialer::secure().
	{
		session.reset();
		const WebSocketDeadline limit(timeout);
		if (limit.over() || !limit.limited()) Race::failTimeout();
		const WebSocketOpenSSL openSSL = openSSLOf(session);
		openSSL.setPeerHostName(session.getHost());
		openSSL.setConnection(new Connected(pTarget));
		try
		{
			const Limited limited(session, timeout);
			const NoProxy noProxy(session);
			Lazy lazy(session, pLast);
			WebSocketSessionAccess::dial(session, Poco::AutoPtr<StreamSocketImpl>(pTarget)->peerAddress());
			openSSL.setConnection(pTarget);
			lazy.complete(limit);
		}
		catch (const Poco::Exception&)
		{
			openSSL.setConnection(pTarget);
			session.reset();
			if (limit.left() <= Poco::Timespan(0, 5000)) Race::failTimeout();
			throw;
		}
	}

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
			Addresses addresses = _proxied ? Race::lookUp(_session.getProxyHost(), _session.getProxyPort()) : Race::lookUp(_session.getHost(), _session.getPort());
			if (!_sources.empty()) addresses.erase(std::remove_if(addresses.begin(), addresses.end(), [this](const SocketAddress& address) { return !Race::sourceFor(address, _sources); }), addresses.end());
			if (addresses.empty()) throw NoAddressFoundException("No address of the source's kind", _session.getHost());
			if (_session.secure() && _proxied) addresses.resize(1); // the session makes the tunnel, and verifies the proxy's name
			if (addresses.size() == 1 && !fresh()) attempt(addresses.front(), left());
			else if (!_session.secure()) race(addresses);
			else if (WebSocketDialer::canSecure(_session)) raceAndSecure(addresses);
			else oneByOne(addresses);
		}

	private:
		Poco::Timespan left() const
		{
			const Poco::Timespan result = _limit.left();
			if (result <= 0) Race::failTimeout();
			return result;
		}

		bool fresh() const
			/// Returns true if the session's socket is one of Poco's, without a descriptor: it can be given one that no child has, not even while the
			/// server does not answer.
		{
			const SocketImpl& socket = *_session.socket().impl();
			if (socket.initialized() || (_session.secure() && _proxied)) return false;
			return _session.secure() ? WebSocketDialer::canSecure(_session) : typeid(socket) == typeid(StreamSocketImpl);
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

		void raceAndSecure(Addresses& addresses)
			/// TLS is spoken with the one that has answered first, however long that takes. If it fails, the others have their turn.
		{
			std::unique_ptr<Poco::Exception> pFailure;
			while (!addresses.empty())
			{
				std::size_t number = 0;
				Poco::AutoPtr<StreamSocketImpl> pTarget = winner(addresses, pFailure.get(), number);
				addresses.erase(addresses.begin() + static_cast<std::ptrdiff_t>(number));
				try
				{
					secureOn(_session, pTarget, left(), _pLast);
					return;
				}
				catch (const Poco::Exception& exc)
				{
					if (_limit.left() <= Poco::Timespan(0, 5000)) throw; // nobody else has the time
					pFailure.reset(exc.clone());
				}
			}
			pFailure->rethrow();
		}

		void oneByOne(Addresses& addresses)
			/// For a session that can be given no connection.
		{
			const SocketAddress first = addresses.front();
			addresses.erase(addresses.begin());
			const Poco::Clock begin;
			std::unique_ptr<Poco::Exception> pFailure = attemptFailed(first, std::min(left(), Race::NEXT_AFTER));
			if (!pFailure) return;
			if (begin.elapsed() + 5000 >= Race::NEXT_AFTER.totalMicroseconds()) addresses.push_back(first); // it may be slow only
			while (!addresses.empty())
			{
				std::size_t number = 0;
				if (addresses.size() > 1) winner(addresses, pFailure.get(), number); // the session makes a connection of its own
				const SocketAddress address = addresses[number];
				addresses.erase(addresses.begin() + static_cast<std::ptrdiff_t>(number));
				pFailure = attemptFailed(address, left());
				if (!pFailure) return;
			}
			pFailure->rethrow();
		}

		Poco::AutoPtr<StreamSocketImpl> winner(const Addresses& addresses, const Poco::Exception* pFailure, std::size_t& number)
			/// Returns a connection to the address that has answered first.
		{
			try
			{
				Race race(addresses, _sources);
				number = race.run(_limit);
				return new StreamSocketImpl(race.take(number));
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
				const SocketAddress* const pSource = tunnel ? nullptr : Race::sourceFor(address, _sources);
				if (pSource) _session.socket().impl()->bind(*pSource, true);
				WebSocketDescriptor::closeOnExec(*_session.socket().impl());
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
				if (_limit.left() <= Poco::Timespan(0, 5000)) Race::failTimeout(); // NetSSL says it in several ways; and clocks differ
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
	secureOn(session, Poco::AutoPtr<StreamSocketImpl>(static_cast<StreamSocketImpl*>(connection.impl()), true), timeout, pLast);
	session.*memberOf(MustReconnect()) = false;
}


Poco::Timespan WebSocketDialer::connectionTimeout(const HTTPClientSession& session)
{
	return session.*memberOf(ConnectionTimeout());
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
