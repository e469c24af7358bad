//
// TokenKey.cpp
//
// Library: PocoMessaging
// Package: Token
// Module:  TokenKey
//
// SPDX-License-Identifier: BSL-1.0
//


#include "token/SignatureVerifier.h"
#include "Poco/Crypto/ECKey.h"
#include "Poco/Crypto/RSAKey.h"
#include "Poco/JWT/Signer.h"
#include "Poco/JWT/Token.h"
#include "Poco/Exception.h"
#include "Poco/SharedPtr.h"
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <new>
#include <sstream>
#include <utility>


namespace Poco {
namespace Messaging {
POCO_MESSAGING_BEGIN


namespace
{
	class HMACVerifier
	{
	public:
		explicit HMACVerifier(const std::string& secret):
			_secret(secret)
		{
		}

		bool verify(std::string_view, std::string_view signedPart, const std::string& signature) const
			/// Poco::JWT compares with ==, which tells how many bytes are right.
		{
			unsigned char digest[EVP_MAX_MD_SIZE];
			unsigned length = 0;
			if (!HMAC(EVP_sha256(), _secret.data(), static_cast<int>(_secret.size()),
				reinterpret_cast<const unsigned char*>(signedPart.data()), signedPart.size(), digest, &length)) throw std::bad_alloc();
			return signature.size() == length && CRYPTO_memcmp(signature.data(), digest, length) == 0;
		}

	private:
		const std::string _secret;
	};

	class SignerVerifier
		/// With a public key.
	{
	public:
		explicit SignerVerifier(const Poco::SharedPtr<Poco::Crypto::RSAKey>& pKey):
			_signer(pKey),
			_length(0)
		{
			_signer.setAlgorithms({"RS256"});
		}

		explicit SignerVerifier(const Poco::SharedPtr<Poco::Crypto::ECKey>& pKey):
			_signer(pKey),
			_length(64)
		{
			_signer.setAlgorithms({"ES256"});
		}

		bool verify(std::string_view token, std::string_view, const std::string& signature) const
		{
			if (_length > 0 && signature.size() != _length) return false; // Poco would leak memory
			try
			{
				Poco::JWT::Token result;
				return _signer.tryVerify(std::string(token), result);
			}
			catch (const Poco::Exception&) // OpenSSL's errors, of a signature that is none
			{
				return false;
			}
		}

	private:
		Poco::JWT::Signer _signer;
		const std::size_t _length; // of a signature (RFC 7518, 3.4); 0: the key tells
	};

	template <typename Base, typename Check>
	class VerifierOf: public Base
	{
	public:
		template <typename... Arguments>
		explicit VerifierOf(Arguments&&... arguments):
			_check(std::forward<Arguments>(arguments)...)
		{
		}

		bool verify(std::string_view token, std::string_view signedPart, const std::string& signature) const override
		{
			return _check.verify(token, signedPart, signature);
		}

	private:
		const Check _check;
	};

	void checkId(const std::string& id)
	{
		if (id.size() > TokenVerifier::MAX_NAME) throw Poco::InvalidArgumentException("The key's id is too long");
	}
}


TokenKey::TokenKey(const std::string& id, Algorithm algorithm, const std::shared_ptr<const Verifier>& pVerifier):
	_id(id),
	_algorithm(algorithm),
	_pVerifier(pVerifier)
{
	checkId(id);
}


TokenKey TokenKey::hmac(const std::string& id, const std::string& secret)
{
	if (secret.size() < 32) throw Poco::InvalidArgumentException("The secret is shorter than 32 bytes");
	return TokenKey(id, HS256, std::make_shared<VerifierOf<Verifier, HMACVerifier>>(secret));
}


TokenKey TokenKey::rsa(const std::string& id, const std::string& pem)
{
	try
	{
		std::istringstream stream(pem);
		const Poco::SharedPtr<Poco::Crypto::RSAKey> pKey(new Poco::Crypto::RSAKey(&stream));
		if (8*pKey->size() < 2048) // size() is in bytes
			throw Poco::InvalidArgumentException("The RSA key is shorter than 2048 bits");
		return TokenKey(id, RS256, std::make_shared<VerifierOf<Verifier, SignerVerifier>>(pKey));
	}
	catch (const Poco::InvalidArgumentException&)
	{
		throw;
	}
	catch (const Poco::Exception& exc)
	{
		throw Poco::InvalidArgumentException("No RSA key", exc);
	}
}


TokenKey TokenKey::ec(const std::string& id, const std::string& pem)
{
	try
	{
		std::istringstream stream(pem);
		const Poco::SharedPtr<Poco::Crypto::ECKey> pKey(new Poco::Crypto::ECKey(&stream));
		if (pKey->impl()->groupId() != NID_X9_62_prime256v1) throw Poco::InvalidArgumentException("The EC key is not of P-256");
		return TokenKey(id, ES256, std::make_shared<VerifierOf<Verifier, SignerVerifier>>(pKey));
	}
	catch (const Poco::InvalidArgumentException&)
	{
		throw;
	}
	catch (const Poco::Exception& exc)
	{
		throw Poco::InvalidArgumentException("No EC key", exc);
	}
}


const std::string& TokenKey::id() const
{
	return _id;
}


TokenKey::Algorithm TokenKey::algorithm() const
{
	return _algorithm;
}


POCO_MESSAGING_END
} } // namespace Poco::Messaging
