//
// ALPN.cpp
//
// Library: PocoWebSocket
// Package: Net
// Module:  WebSocketALPN
//
// SPDX-License-Identifier: BSL-1.0
//


#include "net/ALPN.h"
#include <memory>
#include <openssl/err.h>
#include <openssl/ssl.h>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


namespace
{
	const unsigned char HTTP_1_1[] = {8, 'h', 't', 't', 'p', '/', '1', '.', '1'};

	struct FreeTLS
	{
		void operator () (SSL_CTX* pContext) const
		{
			SSL_CTX_free(pContext);
		}

		void operator () (SSL* pSSL) const
		{
			SSL_free(pSSL);
		}
	};

	typedef std::unique_ptr<SSL_CTX, FreeTLS> ContextPtr;
	typedef std::unique_ptr<SSL, FreeTLS> SSLPtr;

	int selectHTTP(SSL*, const unsigned char** ppSelected, unsigned char* pLength, const unsigned char* pOffered, unsigned offered, void*)
	{
		unsigned char* pResult = nullptr;
		if (SSL_select_next_proto(&pResult, pLength, HTTP_1_1, sizeof(HTTP_1_1), pOffered, offered) != OPENSSL_NPN_NEGOTIATED) return SSL_TLSEXT_ERR_NOACK;
		*ppSelected = pResult;
		return SSL_TLSEXT_ERR_OK;
	}

	int lookAtHello(SSL* pSSL, int* pAlert, void* pArgument)
		/// Ends the handshake.
	{
		const unsigned char* pList = nullptr;
		std::size_t length = 0;
		*static_cast<bool*>(pArgument) = SSL_client_hello_get0_ext(pSSL, TLSEXT_TYPE_application_layer_protocol_negotiation, &pList, &length) == 1;
		*pAlert = SSL_AD_INTERNAL_ERROR;
		return SSL_CLIENT_HELLO_ERROR;
	}

	SSLPtr make(SSL_CTX* pContext)
		/// Returns null if that is not possible.
	{
		SSLPtr pSSL(pContext ? SSL_new(pContext) : nullptr);
		BIO* const pInput = BIO_new(BIO_s_mem());
		BIO* const pOutput = BIO_new(BIO_s_mem());
		if (pSSL && pInput && pOutput)
		{
			SSL_set_bio(pSSL.get(), pInput, pOutput);
			return pSSL;
		}
		BIO_free(pInput);
		BIO_free(pOutput);
		return nullptr;
	}

	void move(SSL* pFrom, SSL* pTo)
	{
		char buffer[1024];
		for (int n = 0; (n = BIO_read(SSL_get_wbio(pFrom), buffer, sizeof(buffer))) > 0;) BIO_write(SSL_get_rbio(pTo), buffer, n);
	}

	bool mayGoOn(SSL* pSSL, int result)
	{
		return result > 0 || SSL_get_error(pSSL, result) == SSL_ERROR_WANT_READ;
	}

	bool begin(SSL* pClient, SSL* pServer)
		/// Returns false if the handshake fails in the first flights.
	{
		::ERR_clear_error();
		SSL_set_connect_state(pClient);
		SSL_set_accept_state(pServer);
		bool good = mayGoOn(pClient, SSL_do_handshake(pClient));
		move(pClient, pServer);
		good = good && mayGoOn(pServer, SSL_do_handshake(pServer));
		move(pServer, pClient);
		good = good && mayGoOn(pClient, SSL_do_handshake(pClient));
		::ERR_clear_error();
		return good;
	}
}


void WebSocketALPN::offer(ssl_st* pSSL)
{
	SSL_set_alpn_protos(pSSL, HTTP_1_1, sizeof(HTTP_1_1));
}


bool WebSocketALPN::offers(ssl_ctx_st* pContext)
{
	bool result = false;
	const ContextPtr pOther(SSL_CTX_new(TLS_server_method()));
	if (!pOther) return false;
	SSL_CTX_set_client_hello_cb(pOther.get(), lookAtHello, &result);
	const SSLPtr pClient = make(pContext);
	const SSLPtr pServer = make(pOther.get());
	if (pClient && pServer) begin(pClient.get(), pServer.get());
	return result;
}


void WebSocketALPN::select(ssl_ctx_st* pContext)
{
	const ContextPtr pOther(SSL_CTX_new(TLS_client_method()));
	const SSLPtr pClient = make(pOther.get());
	const SSLPtr pServer = make(pContext);
	if (!pClient || !pServer) return;
	offer(pClient.get());
	if (!begin(pClient.get(), pServer.get())) return;
	const unsigned char* pSelected = nullptr;
	unsigned length = 0;
	SSL_get0_alpn_selected(pClient.get(), &pSelected, &length);
	if (length == 0) SSL_CTX_set_alpn_select_cb(pContext, selectHTTP, nullptr);
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
