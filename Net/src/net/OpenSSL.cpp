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
#if __has_include("Poco/Net/SecureStreamSocketImpl.h")
#include "Poco/Net/SecureStreamSocketImpl.h"
#define POCO_WEBSOCKET_HAVE_NETSSL
#endif
#include <cstring>
#include <typeinfo>
#include <utility>
#include <openssl/bio.h>
#include <openssl/ssl.h>
#include <sys/socket.h>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


namespace
{
	//
	// A BIO before the socket's own, for writing only: OpenSSL's uses write(), which raises SIGPIPE.
	//
	int writeQuietly(BIO* pBIO, const char* pData, int length)
	{
		BIO* const pSocket = BIO_next(pBIO);
		BIO_clear_retry_flags(pBIO);
		if (BIO_get_ktls_send(pSocket)) // the kernel encrypts, if the program has asked for that: there are records with messages about them
		{
			const int n = BIO_write(pSocket, pData, length);
			BIO_copy_next_retry(pBIO);
			return n;
		}
		int fd = -1;
		BIO_get_fd(pSocket, &fd);
		const int n = static_cast<int>(::send(fd, pData, static_cast<std::size_t>(length), MSG_NOSIGNAL));
		if (n <= 0 && BIO_sock_should_retry(n)) BIO_set_retry_write(pBIO);
		return n;
	}

	long control(BIO* pBIO, int command, long number, void* pArgument)
	{
		BIO* const pSocket = BIO_next(pBIO);
		return pSocket ? BIO_ctrl(pSocket, command, number, pArgument) : 0;
	}

	int create(BIO* pBIO)
	{
		BIO_set_init(pBIO, 1);
		return 1;
	}

	BIO_METHOD* makeMethod()
	{
		BIO_METHOD* const pMethod = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_FILTER, "socket without SIGPIPE");
		if (!pMethod) return nullptr;
		BIO_meth_set_write(pMethod, writeQuietly);
		BIO_meth_set_ctrl(pMethod, control);
		BIO_meth_set_create(pMethod, create);
		return pMethod;
	}

	void silence(SSL* pSSL)
	{
		static BIO_METHOD* const pMethod = makeMethod(); // sockets may live as long as the process
		BIO* const pSocket = SSL_get_wbio(pSSL);
		if (!pMethod || !pSocket || BIO_method_type(pSocket) != BIO_TYPE_SOCKET) return;
		BIO* const pQuiet = BIO_new(pMethod);
		if (!pQuiet) return;
		BIO_up_ref(pSocket);
		SSL_set0_wbio(pSSL, BIO_push(pQuiet, pSocket));
	}

#if defined(POCO_WEBSOCKET_HAVE_NETSSL)
	// They are private. The explicit instantiation may name them.
	using Inner = SecureSocketImpl SecureStreamSocketImpl::*;
	using Lazy = bool SecureStreamSocketImpl::*;
	using Object = SSL* SecureSocketImpl::*;
	using Name = std::string SecureSocketImpl::*;
	using Connection = Poco::AutoPtr<SocketImpl> SecureSocketImpl::*;

	struct OfSocket
	{
		friend Inner memberOf(OfSocket);
	};

	struct LazyOfSocket
	{
		friend Lazy memberOf(LazyOfSocket);
	};

	struct OfInner
	{
		friend Object memberOf(OfInner);
	};

	struct NameOfInner
	{
		friend Name memberOf(NameOfInner);
	};

	struct ConnectionOfInner
	{
		friend Connection memberOf(ConnectionOfInner);
	};

	template <class Which, typename Member, Member member>
	struct Opened
	{
		friend Member memberOf(Which)
		{
			return member;
		}
	};

	template struct Opened<OfSocket, Inner, &SecureStreamSocketImpl::_impl>;
	template struct Opened<LazyOfSocket, Lazy, &SecureStreamSocketImpl::_lazyHandshake>;
	template struct Opened<OfInner, Object, &SecureSocketImpl::_pSSL>;
	template struct Opened<NameOfInner, Name, &SecureSocketImpl::_peerHostName>;
	template struct Opened<ConnectionOfInner, Connection, &SecureSocketImpl::_pSocket>;

	SecureStreamSocketImpl* secureSocket(StreamSocketImpl* pSocket)
		/// As dynamic_cast, which would need NetSSL.
	{
		if (!pSocket || std::strcmp(typeid(*pSocket).name(), "N4Poco3Net22SecureStreamSocketImplE") != 0) return nullptr;
		return static_cast<SecureStreamSocketImpl*>(pSocket);
	}
#else
	SecureStreamSocketImpl* secureSocket(StreamSocketImpl*)
	{
		return nullptr;
	}
#endif
}


WebSocketOpenSSL::WebSocketOpenSSL(StreamSocketImpl* pSocket):
	_pSocket(secureSocket(pSocket))
{
	if (SSL* const pSSL = ssl()) silence(pSSL);
}


inline SSL* WebSocketOpenSSL::ssl() const
{
#if defined(POCO_WEBSOCKET_HAVE_NETSSL)
	return _pSocket ? _pSocket->*memberOf(OfSocket()).*memberOf(OfInner()) : nullptr;
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


void WebSocketOpenSSL::setPeerHostName(const std::string& name) const
{
	_pSocket->*memberOf(OfSocket()).*memberOf(NameOfInner()) = name;
}


void WebSocketOpenSSL::setConnection(const Poco::AutoPtr<StreamSocketImpl>& pConnection) const
{
	_pSocket->*memberOf(OfSocket()).*memberOf(ConnectionOfInner()) = pConnection;
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


void WebSocketOpenSSL::setPeerHostName(const std::string&) const
{
}


void WebSocketOpenSSL::setConnection(const Poco::AutoPtr<StreamSocketImpl>&) const
{
}
#endif


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
	return pSSL && SSL_in_init(pSSL);
}


WebSocketOpenSSL::Want WebSocketOpenSSL::renegotiate() const
{
	SSL* const pSSL = ssl();
	char next;
	const int n = SSL_peek(pSSL, &next, 1);
	if (!SSL_in_init(pSSL)) return UNKNOWN;
	return n > 0 ? RECEIVE : want();
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
