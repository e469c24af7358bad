//
// OpenSSL.cpp
//
// Library: PocoWebSocket
// Package: Net
// Module:  WebSocketOpenSSL
//
// SPDX-License-Identifier: BSL-1.0
//


#include "net/OpenSSL.h"
#include "net/SocketBIO.h"
#if __has_include("Poco/Net/SecureStreamSocketImpl.h")
#include "Poco/Net/SecureServerSocketImpl.h"
#include "Poco/Net/SecureStreamSocketImpl.h"
#define POCO_WEBSOCKET_HAVE_NETSSL
#endif
#include <cstring>
#include <typeinfo>
#include <utility>
#include <openssl/err.h>
#include <openssl/ssl.h>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


namespace
{
#if defined(POCO_WEBSOCKET_HAVE_NETSSL)
	// They are private. The explicit instantiation may name them. Their types depend on the version of Poco.
	struct OfSocket
	{
		friend auto memberOf(OfSocket);
	};

	struct LazyOfSocket
	{
		friend auto memberOf(LazyOfSocket);
	};

	struct OfInner
	{
		friend auto memberOf(OfInner);
	};

	struct DueOfInner
	{
		friend auto memberOf(DueOfInner);
	};

	struct NameOfInner
	{
		friend auto memberOf(NameOfInner);
	};

	struct ConnectionOfInner
	{
		friend auto memberOf(ConnectionOfInner);
	};

	template <class Which, auto member>
	struct Opened
	{
		friend auto memberOf(Which)
		{
			return member;
		}
	};

	template struct Opened<OfSocket, &SecureStreamSocketImpl::_impl>;
	template struct Opened<LazyOfSocket, &SecureStreamSocketImpl::_lazyHandshake>;
	template struct Opened<OfInner, &SecureSocketImpl::_pSSL>;
	template struct Opened<DueOfInner, &SecureSocketImpl::_needHandshake>;
	template struct Opened<NameOfInner, &SecureSocketImpl::_peerHostName>;
	template struct Opened<ConnectionOfInner, &SecureSocketImpl::_pSocket>;

	template <class Impl>
	Impl* as(SocketImpl* pSocket, const char* name)
		/// As dynamic_cast, which would need NetSSL.
	{
		return pSocket && std::strcmp(typeid(*pSocket).name(), name) == 0 ? static_cast<Impl*>(pSocket) : nullptr;
	}

	SecureStreamSocketImpl* secureSocket(StreamSocketImpl* pSocket)
	{
		return as<SecureStreamSocketImpl>(pSocket, "N4Poco3Net22SecureStreamSocketImplE");
	}

	ssl_st* sslOf(SecureStreamSocketImpl* pSocket)
	{
		if (!pSocket) return nullptr;
		return pSocket->*memberOf(OfSocket()).*memberOf(OfInner()); // atomic in Poco 1.14
	}
#else
	SecureStreamSocketImpl* secureSocket(StreamSocketImpl*)
	{
		return nullptr;
	}

	ssl_st* sslOf(SecureStreamSocketImpl*)
	{
		return nullptr;
	}
#endif
}


WebSocketOpenSSL::WebSocketOpenSSL(StreamSocketImpl* pSocket):
	_pSocket(secureSocket(pSocket))
{
	if (SSL* const pSSL = ssl()) WebSocketSocketBIO::put(pSSL);
}


ssl_st* WebSocketOpenSSL::ssl() const
{
	return sslOf(_pSocket);
}


ssl_st* WebSocketOpenSSL::find(StreamSocketImpl* pSocket)
{
	return sslOf(secureSocket(pSocket));
}


ssl_ctx_st* WebSocketOpenSSL::contextOf([[maybe_unused]] SocketImpl* pServerSocket)
{
#if defined(POCO_WEBSOCKET_HAVE_NETSSL)
	const SecureServerSocketImpl* const pSecure = as<SecureServerSocketImpl>(pServerSocket, "N4Poco3Net22SecureServerSocketImplE");
	return pSecure ? pSecure->context()->sslContext() : nullptr;
#else
	return nullptr;
#endif
}


bool WebSocketOpenSSL::known() const
{
	return _pSocket != nullptr;
}


#if defined(POCO_WEBSOCKET_HAVE_NETSSL)
bool WebSocketOpenSSL::keepsSessions() const
{
	return SSL_CTX_get_session_cache_mode(_pSocket->context()->sslContext()) != SSL_SESS_CACHE_OFF;
}


bool WebSocketOpenSSL::setLazyHandshake(bool lazy) const
{
	return std::exchange(_pSocket->*memberOf(LazyOfSocket()), lazy);
}


const std::string& WebSocketOpenSSL::peerHostName() const
{
	return _pSocket->*memberOf(OfSocket()).*memberOf(NameOfInner());
}


void WebSocketOpenSSL::setPeerHostName(const std::string& name) const
{
	_pSocket->*memberOf(OfSocket()).*memberOf(NameOfInner()) = name;
}


void WebSocketOpenSSL::setConnection(const Poco::AutoPtr<StreamSocketImpl>& pConnection) const
{
	_pSocket->*memberOf(OfSocket()).*memberOf(ConnectionOfInner()) = pConnection;
}


bool WebSocketOpenSSL::handshakeIsDue() const
{
	return _pSocket->*memberOf(OfSocket()).*memberOf(DueOfInner());
}


void WebSocketOpenSSL::setHandshakeDone() const
{
	_pSocket->*memberOf(OfSocket()).*memberOf(DueOfInner()) = false;
}
#else
bool WebSocketOpenSSL::keepsSessions() const
{
	return true;
}


bool WebSocketOpenSSL::setLazyHandshake(bool) const
{
	return false;
}


const std::string& WebSocketOpenSSL::peerHostName() const
{
	static const std::string none;
	return none;
}


void WebSocketOpenSSL::setPeerHostName(const std::string&) const
{
}


void WebSocketOpenSSL::setConnection(const Poco::AutoPtr<StreamSocketImpl>&) const
{
}


bool WebSocketOpenSSL::handshakeIsDue() const
{
	return false;
}


void WebSocketOpenSSL::setHandshakeDone() const
{
}
#endif


void WebSocketOpenSSL::end() const
{
	SSL* const pSSL = ssl();
	if (!pSSL || !SSL_is_init_finished(pSSL) || (SSL_get_shutdown(pSSL) & SSL_SENT_SHUTDOWN) != 0) return;
	SSL_shutdown(pSSL);
	ERR_clear_error(); // the peer has gone
}


WebSocketOpenSSL::Want WebSocketOpenSSL::want() const
{
	const SSL* const pSSL = ssl();
	if (!pSSL) return UNKNOWN;
	switch (SSL_want(pSSL))
	{
	case SSL_READING: return READ;
	case SSL_WRITING: return WRITE;
	default:          return UNKNOWN;
	}
}


bool WebSocketOpenSSL::renegotiates() const
{
	const SSL* const pSSL = ssl();
	return pSSL && (SSL_in_init(pSSL) || SSL_renegotiate_pending(pSSL));
}


bool WebSocketOpenSSL::ended() const
{
	const SSL* const pSSL = ssl();
	return pSSL && (SSL_get_shutdown(pSSL) & SSL_RECEIVED_SHUTDOWN) != 0;
}


WebSocketOpenSSL::Want WebSocketOpenSSL::renegotiate() const
{
	SSL* const pSSL = ssl();
	char next;
	int n = SSL_peek(pSSL, &next, 1);
	if (n > 0 && !SSL_in_init(pSSL)) n = SSL_peek(pSSL, &next, 1); // a part of a record puts it off as well, and may be complete now
	if (!SSL_in_init(pSSL)) return UNKNOWN;
	if (n > 0) return RECEIVE;
	if (ended()) return UNKNOWN; // then OpenSSL does not ask the BIO, which says what it has said before
	if (BIO_should_retry(SSL_get_rbio(pSSL))) return want();
	ERR_clear_error();
	return UNKNOWN; // the peer has gone: who sends finds that out
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
