//
// TLSSession.cpp
//
// Library: PocoWebSocket
// Package: Net
// Module:  WebSocketTLSSession
//
// SPDX-License-Identifier: BSL-1.0
//


#include "net/TLSSession.h"
#include "net/ALPN.h"
#include "net/OpenSSL.h"
#include <openssl/ssl.h>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


void WebSocketTLSSession::Free::operator () (ssl_ctx_st* pContext) const
{
	SSL_CTX_free(pContext);
}


void WebSocketTLSSession::Free::operator () (ssl_session_st* pSession) const
{
	SSL_SESSION_free(pSession);
}


WebSocketTLSSession::WebSocketTLSSession():
	_speaks(false)
{
}


WebSocketTLSSession::~WebSocketTLSSession()
{
}


void WebSocketTLSSession::offer(StreamSocketImpl* pSocket)
{
	const WebSocketOpenSSL openSSL(pSocket);
	SSL* const pSSL = openSSL.ssl();
	if (!pSSL || !SSL_in_before(pSSL)) return;
	std::lock_guard<std::mutex> lock(_mutex);
	SSL_CTX* const pContext = SSL_get_SSL_CTX(pSSL);
	if (pContext != _pContext.get())
	{
		SSL_CTX_up_ref(pContext);
		_pContext.reset(pContext);
		_pSession.reset();
		_speaks = WebSocketALPN::offers(pContext);
	}
	if (!_speaks) WebSocketALPN::offer(pSSL);
	if (_pSession && _host == openSSL.peerHostName() && !SSL_get0_session(pSSL)) SSL_set_session(pSSL, _pSession.get());
	_pSession.reset();
}


void WebSocketTLSSession::keep(StreamSocketImpl* pSocket)
{
	const WebSocketOpenSSL openSSL(pSocket);
	SSL* const pSSL = openSSL.ssl();
	if (!pSSL) return;
	std::lock_guard<std::mutex> lock(_mutex);
	SSL_SESSION* const pSession = SSL_get0_session(pSSL);
	if (!pSession || !SSL_SESSION_is_resumable(pSession) || SSL_get_SSL_CTX(pSSL) != _pContext.get()) return;
	_pSession.reset(SSL_SESSION_dup(pSession)); // the original is spoilt if its connection breaks
	_host = openSSL.peerHostName();
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
