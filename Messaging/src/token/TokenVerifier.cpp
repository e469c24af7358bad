//
// TokenVerifier.cpp
//
// Library: PocoMessaging
// Package: Token
// Module:  TokenVerifier
//
// SPDX-License-Identifier: BSL-1.0
//


#include "Poco/Messaging/TokenVerifier.h"
#include "token/Base64URL.h"
#include "wire/UTF8.h"
#include "Poco/Crypto/ECKey.h"
#include "Poco/Crypto/RSAKey.h"
#include "Poco/JSON/Object.h"
#include "Poco/JSON/Parser.h"
#include "Poco/JWT/Signer.h"
#include "Poco/JWT/Token.h"
#include "Poco/Exception.h"
#include "Poco/SharedPtr.h"
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <cmath>
#include <new>
#include <sstream>
#include <utility>


namespace Poco {
namespace Messaging {
POCO_MESSAGING_BEGIN


class TokenKey::Verifier
	/// Checks a signature.
{
public:
	virtual ~Verifier() = default;

	virtual bool verify(std::string_view token, std::string_view signedPart, const std::string& signature) const = 0;
		/// signedPart is what is signed of the token (RFC 7515, 5.2), the signature is decoded.
};


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

	Poco::JSON::Object::Ptr parse(std::string_view part)
		/// Decodes and parses a part of a token. Returns null if it is no JSON object.
	{
		std::string text;
		if (!Base64URL::decode(part, text)) return nullptr;
		try
		{
			Poco::JSON::Parser parser;
			parser.setDepth(4);
			return parser.parse(text).extract<Poco::JSON::Object::Ptr>();
		}
		catch (const std::bad_alloc&)
		{
			throw;
		}
		catch (const std::exception&)
		{
			return nullptr;
		}
	}

	bool isText(const Poco::Dynamic::Var& value, std::size_t maxLength)
	{
		return value.isString() && value.extract<std::string>().size() <= maxLength && isUTF8(value.extract<std::string>());
	}

	bool number(const Poco::Dynamic::Var& value, double& result)
		/// RFC 7519, 2: a NumericDate.
	{
		if (!value.isNumeric() || value.isBoolean()) return false;
		result = value.convert<double>();
		return std::isfinite(result) && std::fabs(result) <= 9007199254740992.0; // 2^53
	}

	bool grants(const Poco::Dynamic::Var& value, Grants& result)
	{
		if (value.type() != typeid(Poco::JSON::Object::Ptr)) return false;
		const Poco::JSON::Object::Ptr pGrants = value.extract<Poco::JSON::Object::Ptr>();
		if (pGrants->size() > TokenVerifier::MAX_GRANTS) return false;
		for (const auto& item: *pGrants)
		{
			if (item.first.empty() || item.first.size() > TokenVerifier::MAX_NAME || item.second.type() != typeid(Poco::JSON::Array::Ptr)) return false;
			unsigned rights = 0;
			for (const Poco::Dynamic::Var& name: *item.second.extract<Poco::JSON::Array::Ptr>())
			{
				if (!name.isString()) return false;
				const std::string& right = name.extract<std::string>();
				if (right == "read") rights |= RIGHT_READ;
				else if (right == "publish") rights |= RIGHT_PUBLISH;
				else if (right == "presence") rights |= RIGHT_PRESENCE;
				else if (right == "history") rights |= RIGHT_HISTORY;
				else return false; // what it grants is not known here
			}
			result.add(item.first, rights);
		}
		return true;
	}

	bool isFor(const Poco::JSON::Object& claims, const std::string& audience)
		/// RFC 7519, 4.1.3
	{
		if (!claims.has("aud")) return audience.empty();
		if (audience.empty()) return false;
		const Poco::Dynamic::Var value = claims.get("aud");
		if (value.isString()) return value.extract<std::string>() == audience;
		if (value.type() != typeid(Poco::JSON::Array::Ptr)) return false;
		for (const Poco::Dynamic::Var& item: *value.extract<Poco::JSON::Array::Ptr>())
		{
			if (item.isString() && item.extract<std::string>() == audience) return true;
		}
		return false;
	}

	TokenError checkClaims(const Poco::JSON::Object& claims, const TokenVerifierParams& params, Poco::Int64 now, TokenResult& result)
	{
		const double leeway = static_cast<double>(params.getLeeway().totalSeconds());
		const double time = static_cast<double>(now);
		double value = 0;
		if (claims.has("exp"))
		{
			if (!number(claims.get("exp"), value) || value < 0) return TokenError::CLAIMS;
			if (time >= value + leeway) return TokenError::EXPIRED; // 4.1.4: on or after
			result.expires = static_cast<Poco::Int64>(value);
		}
		else if (params.getExpiryRequired()) return TokenError::CLAIMS;
		if (claims.has("nbf"))
		{
			if (!number(claims.get("nbf"), value)) return TokenError::CLAIMS;
			if (time < value - leeway) return TokenError::NOT_YET;
		}
		if (!params.getIssuer().empty())
		{
			const Poco::Dynamic::Var issuer = claims.get("iss");
			if (!issuer.isString() || issuer.extract<std::string>() != params.getIssuer()) return TokenError::ISSUER;
		}
		if (!isFor(claims, params.getAudience())) return TokenError::AUDIENCE;
		struct Text
		{
			const char* name;
			std::size_t maxLength;
			std::string& target;
		};
		const Text TEXTS[] =
		{
			{"sub", TokenVerifier::MAX_NAME, result.user},
			{"info", 4*TokenVerifier::MAX_NAME, result.info},
			{"quota", TokenVerifier::MAX_NAME, result.quota}
		};
		for (const Text& text: TEXTS)
		{
			if (!claims.has(text.name)) continue;
			if (!isText(claims.get(text.name), text.maxLength)) return TokenError::CLAIMS;
			text.target = claims.get(text.name).extract<std::string>();
		}
		if (claims.has("grants") && !grants(claims.get("grants"), result.grants)) return TokenError::CLAIMS;
		return TokenError::NONE;
	}

	bool algorithmOf(const Poco::JSON::Object& header, TokenKey::Algorithm& algorithm)
	{
		const Poco::Dynamic::Var value = header.get("alg");
		if (!value.isString()) return false;
		const std::string& name = value.extract<std::string>();
		if (name == "HS256") algorithm = TokenKey::HS256;
		else if (name == "RS256") algorithm = TokenKey::RS256;
		else if (name == "ES256") algorithm = TokenKey::ES256;
		else return false; // "none" above all
		return true;
	}
}


//
// Grants
//
void Grants::add(const std::string& pattern, unsigned rights)
{
	_grants.push_back({pattern, rights});
}


bool Grants::allow(const std::string& channel, Right right) const
{
	if (isPublic(channel)) return true;
	for (const Grant& grant: _grants)
	{
		if ((grant.rights & right) && matches(grant.pattern, channel)) return true;
	}
	return false;
}


bool Grants::empty() const
{
	return _grants.empty();
}


bool Grants::isPublic(const std::string& channel)
{
	return channel.rfind("private-", 0) != 0 && channel.rfind("presence-", 0) != 0;
}


bool Grants::matches(const std::string& pattern, const std::string& channel)
{
	std::size_t p = 0;
	std::size_t c = 0;
	std::size_t star = std::string::npos; // the last one
	std::size_t from = 0;                 // what it does not stand for begins here
	while (c < channel.size())
	{
		if (p < pattern.size() && pattern[p] == '*')
		{
			star = p++;
			from = c;
		}
		else if (p < pattern.size() && pattern[p] == channel[c])
		{
			++p;
			++c;
		}
		else if (star != std::string::npos)
		{
			p = star + 1;
			c = ++from;
		}
		else return false;
	}
	while (p < pattern.size() && pattern[p] == '*') ++p;
	return p == pattern.size();
}


//
// TokenKey
//
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


//
// TokenVerifier
//
const char* toString(TokenError error)
{
	static const char* const NAMES[] =
	{
		"NONE", "TOO_LONG", "MALFORMED", "ALGORITHM", "KEY", "SIGNATURE", "CLAIMS", "EXPIRED", "NOT_YET", "ISSUER", "AUDIENCE"
	};
	return NAMES[static_cast<int>(error)];
}


TokenVerifier::TokenVerifier(const std::vector<TokenKey>& keys, const TokenVerifierParams::Ptr& pParams):
	_pParams(pParams)
{
	if (!pParams) throw Poco::InvalidArgumentException("There are no parameters");
	setKeys(keys);
}


TokenVerifier::~TokenVerifier()
{
}


void TokenVerifier::setKeys(const std::vector<TokenKey>& keys)
{
	if (keys.size() > MAX_KEYS) throw Poco::InvalidArgumentException("There are too many keys");
	for (std::size_t i = 0; i < keys.size(); ++i)
	{
		for (std::size_t j = 0; j < i; ++j)
		{
			if (keys[i].id() == keys[j].id() && keys[i].algorithm() == keys[j].algorithm()) throw Poco::InvalidArgumentException("Two keys have the same id");
		}
	}
	const auto pKeys = std::make_shared<const Keys>(keys);
	const std::lock_guard<std::mutex> lock(_mutex);
	_pKeys = pKeys;
}


std::shared_ptr<const TokenVerifier::Keys> TokenVerifier::keys() const
{
	const std::lock_guard<std::mutex> lock(_mutex);
	return _pKeys;
}


TokenResult TokenVerifier::verify(std::string_view token, Poco::Int64 now) const
{
	TokenResult result;
	const auto fail = [&](TokenError error)
	{
		result = TokenResult();
		result.error = error;
		return result;
	};
	if (token.size() > static_cast<std::size_t>(_pParams->getMaxLength())) return fail(TokenError::TOO_LONG);
	const std::size_t first = token.find('.');
	const std::size_t second = first == std::string_view::npos ? first : token.find('.', first + 1);
	if (second == std::string_view::npos || token.find('.', second + 1) != std::string_view::npos) return fail(TokenError::MALFORMED);
	const Poco::JSON::Object::Ptr pHeader = parse(token.substr(0, first));
	if (!pHeader) return fail(TokenError::MALFORMED);
	TokenKey::Algorithm algorithm;
	if (!algorithmOf(*pHeader, algorithm)) return fail(TokenError::ALGORITHM);
	if (pHeader->has("crit")) return fail(TokenError::MALFORMED); // RFC 7515, 4.1.11: extensions that are not understood
	std::string id;
	if (pHeader->has("kid"))
	{
		const Poco::Dynamic::Var value = pHeader->get("kid");
		if (!value.isString()) return fail(TokenError::MALFORMED);
		id = value.extract<std::string>();
	}
	std::string signature;
	if (!Base64URL::decode(token.substr(second + 1), signature) || signature.empty()) return fail(TokenError::MALFORMED);

	const auto pKeys = keys();
	const TokenKey* pKey = nullptr;
	for (const TokenKey& key: *pKeys)
	{
		if (key.id() == id && key.algorithm() == algorithm) pKey = &key;
	}
	if (!pKey) return fail(TokenError::KEY);
	if (!pKey->_pVerifier->verify(token, token.substr(0, second), signature)) return fail(TokenError::SIGNATURE);

	// Only now anything is believed.
	const Poco::JSON::Object::Ptr pClaims = parse(token.substr(first + 1, second - first - 1));
	if (!pClaims) return fail(TokenError::MALFORMED);
	const TokenError error = checkClaims(*pClaims, *_pParams, now, result);
	return error == TokenError::NONE ? result : fail(error);
}


bool TokenVerifier::costly(std::string_view token) const
{
	if (token.size() > static_cast<std::size_t>(_pParams->getMaxLength())) return false;
	const Poco::JSON::Object::Ptr pHeader = parse(token.substr(0, token.find('.')));
	TokenKey::Algorithm algorithm;
	return pHeader && algorithmOf(*pHeader, algorithm) && algorithm != TokenKey::HS256;
}


const TokenVerifierParams& TokenVerifier::params() const
{
	return *_pParams;
}


POCO_MESSAGING_END
} } // namespace Poco::Messaging
