//
// CertificateCheck.cpp
//
// Library: PocoWebSocket
// Package: Net
// Module:  WebSocketCertificateCheck
//
// SPDX-License-Identifier: BSL-1.0
//


#include "net/CertificateCheck.h"
#include <algorithm>
#include <ctime>
#include <memory>
#include <new>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


namespace
{
	struct FreeCheck
	{
		void operator () (SSL* pSSL) const
		{
			SSL_free(pSSL);
		}

		void operator () (X509_STORE* pStore) const
		{
			X509_STORE_free(pStore);
		}

		void operator () (X509_STORE_CTX* pVerification) const
		{
			X509_STORE_CTX_free(pVerification);
		}
	};

	template <typename T>
	std::unique_ptr<T, FreeCheck> made(T* p)
	{
		if (!p) throw std::bad_alloc();
		return std::unique_ptr<T, FreeCheck>(p);
	}

	int count(const STACK_OF(X509)* pChain)
		/// As sk_X509_num(), whose macro gives a warning in who builds with all of them.
	{
		return pChain ? OPENSSL_sk_num(reinterpret_cast<const OPENSSL_STACK*>(pChain)) : 0;
	}

	X509* at(const STACK_OF(X509)* pChain, int i)
	{
		return static_cast<X509*>(OPENSSL_sk_value(reinterpret_cast<const OPENSSL_STACK*>(pChain), i));
	}

	template <typename Function>
	bool forEach(SSL_CTX* pContext, const Function& function)
		/// Calls it with each certificate and its chain, or null. Returns false if there is none.
	{
		const auto pSSL = made(SSL_new(pContext)); // has a list of the certificates of its own, with a place in it
		STACK_OF(X509)* pExtra = nullptr;          // for all that have no chain
		SSL_CTX_get_extra_chain_certs_only(pContext, &pExtra);
		bool any = false;
		for (long more = SSL_set_current_cert(pSSL.get(), SSL_CERT_SET_FIRST); more == 1; more = SSL_set_current_cert(pSSL.get(), SSL_CERT_SET_NEXT))
		{
			STACK_OF(X509)* pChain = nullptr;
			SSL_get0_chain_certs(pSSL.get(), &pChain);
			function(SSL_get_certificate(pSSL.get()), pChain ? pChain : pExtra);
			any = true;
		}
		::ERR_clear_error();
		return any;
	}

	Poco::Timestamp endOf(X509* pCertificate)
	{
		std::tm time = std::tm();
		ASN1_TIME_to_tm(X509_get0_notAfter(pCertificate), &time);
		return Poco::Timestamp::fromEpochTime(::timegm(&time));
	}

	std::string chainProblem(X509* pCertificate, STACK_OF(X509)* pChain)
		/// What is out of order, and then what OpenSSL finds when it trusts the last certificate of the chain.
	{
		X509* pLast = pCertificate;
		for (int i = 0; i < count(pChain); ++i)
		{
			X509* const pIssuer = at(pChain, i);
			if (X509_check_issued(pIssuer, pLast) != X509_V_OK) return "a certificate of its chain is not the issuer of the one before"; // RFC 5246, 7.4.2
			pLast = pIssuer;
		}
		const auto pTrusted = made(X509_STORE_new());
		const auto pVerification = made(X509_STORE_CTX_new());
		if (X509_STORE_add_cert(pTrusted.get(), pLast) != 1 || X509_STORE_CTX_init(pVerification.get(), pTrusted.get(), pCertificate, pChain) != 1) throw std::bad_alloc();
		X509_STORE_CTX_set_default(pVerification.get(), "ssl_server");
		X509_STORE_CTX_set_flags(pVerification.get(), X509_V_FLAG_PARTIAL_CHAIN);
		if (X509_verify_cert(pVerification.get()) == 1) return std::string();
		return ::X509_verify_cert_error_string(X509_STORE_CTX_get_error(pVerification.get()));
	}
}


std::string WebSocketCertificateCheck::problem(ssl_ctx_st* pContext)
{
	std::string result;
	const bool any = forEach(pContext, [&result](X509* pCertificate, STACK_OF(X509)* pChain)
	{
		if (result.empty()) result = chainProblem(pCertificate, pChain);
	});
	if (any) return result;
	// OpenSSL drops the one of both that came first if they do not fit.
	return SSL_CTX_get0_certificate(pContext) ? "the private key is not that of the certificate" : "there is no certificate";
}


bool WebSocketCertificateCheck::findEnd(ssl_ctx_st* pContext, Poco::Timestamp& end)
{
	end = Poco::Timestamp::TIMEVAL_MAX;
	return forEach(pContext, [&end](X509* pCertificate, STACK_OF(X509)* pChain)
	{
		end = std::min(end, endOf(pCertificate));
		for (int i = 0; i < count(pChain); ++i) end = std::min(end, endOf(at(pChain, i)));
	});
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
