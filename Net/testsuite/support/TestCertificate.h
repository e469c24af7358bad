//
// TestCertificate.h
//
// Certificates for tests of TLS.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef WebSocketTestCertificate_INCLUDED
#define WebSocketTestCertificate_INCLUDED


#include "Poco/Net/Context.h"
#include <ctime>
#include <memory>
#include <string>
#include <vector>
#include <openssl/ssl.h>


namespace WebSocketTest {


class TestCertificate
	/// A key, and a certificate for it.
{
public:
	struct Form
	{
		const TestCertificate* pIssuer = nullptr; // null: itself
		bool authority = false;
		long from = -3600;       // seconds from now
		long until = 24*3600;
		const char* usage = nullptr; // extendedKeyUsage
	};

	explicit TestCertificate(const std::string& name);
	TestCertificate(const std::string& name, const Form& form);
		/// The name is the common name, and a DNS name.

	void use(SSL_CTX* pContext, const std::vector<const TestCertificate*>& chain = {}) const;
	void trust(SSL_CTX* pContext) const;
		/// Has the context accept what it has issued.

	std::time_t end() const;
	std::string pem() const;
	std::string keyPEM() const;

	X509* certificate() const;
	EVP_PKEY* key() const;

private:
	void extend(int nid, const std::string& value);

	std::shared_ptr<EVP_PKEY> _pKey;
	std::shared_ptr<X509> _pCertificate;
};


Poco::Net::Context::Ptr tlsContext(Poco::Net::Context::Usage usage, Poco::Net::Context::VerificationMode mode = Poco::Net::Context::VERIFY_NONE);
	/// Returns an empty one, for TLS 1.2 or later.

Poco::Net::Context::Ptr serving(const TestCertificate& certificate, const std::vector<const TestCertificate*>& chain = {});
	/// Returns one for a server with a certificate.


} // namespace WebSocketTest


#endif // WebSocketTestCertificate_INCLUDED
