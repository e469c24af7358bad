//
// TestCertificate.cpp
//
// SPDX-License-Identifier: BSL-1.0
//


#include "support/TestCertificate.h"
#include "Poco/Exception.h"
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>


using Poco::Net::Context;


namespace WebSocketTest {


namespace
{
	template <typename Write>
	std::string written(const Write& write)
	{
		const std::unique_ptr<BIO, int (*)(BIO*)> pMemory(BIO_new(BIO_s_mem()), BIO_free);
		write(pMemory.get());
		char* pText = nullptr;
		const long length = BIO_get_mem_data(pMemory.get(), &pText);
		return std::string(pText, static_cast<std::size_t>(length));
	}
}


TestCertificate::TestCertificate(const std::string& name):
	TestCertificate(name, Form())
{
}


TestCertificate::TestCertificate(const std::string& name, const Form& form):
	_pKey(EVP_EC_gen("P-256"), EVP_PKEY_free),
	_pCertificate(X509_new(), X509_free)
{
	X509* const p = _pCertificate.get();
	X509_set_version(p, X509_VERSION_3);
	long serial = 0;
	RAND_bytes(reinterpret_cast<unsigned char*>(&serial), 4);
	ASN1_INTEGER_set(X509_get_serialNumber(p), serial);
	X509_gmtime_adj(X509_getm_notBefore(p), form.from);
	X509_gmtime_adj(X509_getm_notAfter(p), form.until);
	X509_set_pubkey(p, _pKey.get());
	X509_NAME* const pName = X509_get_subject_name(p);
	X509_NAME_add_entry_by_txt(pName, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
	X509_set_issuer_name(p, form.pIssuer ? X509_get_subject_name(form.pIssuer->certificate()) : pName);
	extend(NID_basic_constraints, form.authority ? "critical,CA:TRUE" : "critical,CA:FALSE");
	extend(NID_subject_alt_name, "DNS:" + name);
	if (form.usage) extend(NID_ext_key_usage, form.usage);
	if (X509_sign(p, form.pIssuer ? form.pIssuer->key() : _pKey.get(), EVP_sha256()) == 0) throw Poco::SystemException("Cannot make a certificate");
}


void TestCertificate::extend(int nid, const std::string& value)
{
	X509_EXTENSION* const pExtension = X509V3_EXT_conf_nid(nullptr, nullptr, nid, value.c_str());
	if (!pExtension) throw Poco::SystemException("Cannot make an extension");
	X509_add_ext(_pCertificate.get(), pExtension, -1);
	X509_EXTENSION_free(pExtension);
}


void TestCertificate::use(SSL_CTX* pContext, const std::vector<const TestCertificate*>& chain) const
{
	if (SSL_CTX_use_certificate(pContext, certificate()) != 1 || SSL_CTX_use_PrivateKey(pContext, key()) != 1) throw Poco::SystemException("Cannot use the certificate");
	for (const TestCertificate* pIssuer: chain) SSL_CTX_add1_chain_cert(pContext, pIssuer->certificate());
}


void TestCertificate::trust(SSL_CTX* pContext) const
{
	X509_STORE_add_cert(SSL_CTX_get_cert_store(pContext), certificate());
	SSL_CTX_add_client_CA(pContext, certificate());
}


std::time_t TestCertificate::end() const
{
	std::tm time = std::tm();
	ASN1_TIME_to_tm(X509_get0_notAfter(certificate()), &time);
	return ::timegm(&time);
}


std::string TestCertificate::pem() const
{
	return written([this](BIO* pMemory) { PEM_write_bio_X509(pMemory, certificate()); });
}


std::string TestCertificate::keyPEM() const
{
	return written([this](BIO* pMemory) { PEM_write_bio_PrivateKey(pMemory, key(), nullptr, nullptr, 0, nullptr, nullptr); });
}


X509* TestCertificate::certificate() const
{
	return _pCertificate.get();
}


EVP_PKEY* TestCertificate::key() const
{
	return _pKey.get();
}


Context::Ptr tlsContext(Context::Usage usage, Context::VerificationMode mode)
{
	Context::Params params;
	params.verificationMode = mode;
	params.loadDefaultCAs = false;
	Context::Ptr pContext = new Context(usage, params);
	pContext->requireMinimumProtocol(Context::PROTO_TLSV1_2);
	return pContext;
}


Context::Ptr serving(const TestCertificate& certificate, const std::vector<const TestCertificate*>& chain)
{
	Context::Ptr pContext = tlsContext(Context::TLS_SERVER_USE);
	certificate.use(pContext->sslContext(), chain);
	return pContext;
}


} // namespace WebSocketTest
