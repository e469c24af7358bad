//
// Certificate.cpp
//
// Library: PocoWebSocket
// Package: Benchmark
// Module:  Certificate
//
// SPDX-License-Identifier: BSL-1.0
//


#include "Certificate.h"
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <memory>
#include <stdexcept>


namespace
{
	template <auto function>
	struct Free
	{
		template <typename T>
		void operator () (T* pObject) const
		{
			function(pObject);
		}
	};

	void check(bool ok)
	{
		if (!ok) throw std::runtime_error("the certificate cannot be made");
	}
}


void useCertificate(SSL_CTX* pContext)
{
	const long DAY = 24*60*60;

	const std::unique_ptr<EVP_PKEY_CTX, Free<EVP_PKEY_CTX_free>> pGenerator(EVP_PKEY_CTX_new_id(EVP_PKEY_EC, nullptr));
	EVP_PKEY* pNew = nullptr;
	check(pGenerator && EVP_PKEY_keygen_init(pGenerator.get()) > 0
		&& EVP_PKEY_CTX_set_ec_paramgen_curve_nid(pGenerator.get(), NID_X9_62_prime256v1) > 0
		&& EVP_PKEY_CTX_set_ec_param_enc(pGenerator.get(), OPENSSL_EC_NAMED_CURVE) > 0
		&& EVP_PKEY_keygen(pGenerator.get(), &pNew) > 0);
	const std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>> pKey(pNew);

	const std::unique_ptr<X509, Free<X509_free>> pCertificate(X509_new());
	check(pCertificate != nullptr);
	X509_set_version(pCertificate.get(), 2);
	ASN1_INTEGER_set(X509_get_serialNumber(pCertificate.get()), 1);
	X509_gmtime_adj(X509_getm_notBefore(pCertificate.get()), -DAY);
	X509_gmtime_adj(X509_getm_notAfter(pCertificate.get()), DAY);
	X509_set_pubkey(pCertificate.get(), pKey.get());
	X509_NAME* const pName = X509_get_subject_name(pCertificate.get());
	X509_NAME_add_entry_by_txt(pName, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("localhost"), -1, -1, 0);
	X509_set_issuer_name(pCertificate.get(), pName);
	check(X509_sign(pCertificate.get(), pKey.get(), EVP_sha256()) > 0);

	check(SSL_CTX_use_certificate(pContext, pCertificate.get()) == 1 && SSL_CTX_use_PrivateKey(pContext, pKey.get()) == 1
		&& SSL_CTX_set1_groups_list(pContext, "X25519:P-256") == 1 && SSL_CTX_set_min_proto_version(pContext, TLS1_2_VERSION) == 1);
	SSL_CTX_set_session_cache_mode(pContext, SSL_SESS_CACHE_OFF);
}
