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
#include "token/SignatureVerifier.h"
#include "token/TokenClaims.h"
#include "Poco/Exception.h"


namespace Poco {
namespace Messaging {
POCO_MESSAGING_BEGIN


namespace
{
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
	const Poco::JSON::Object::Ptr pHeader = TokenClaims::parse(token.substr(0, first));
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
	const Poco::JSON::Object::Ptr pClaims = TokenClaims::parse(token.substr(first + 1, second - first - 1));
	if (!pClaims) return fail(TokenError::MALFORMED);
	const TokenError error = TokenClaims::check(*pClaims, *_pParams, now, result);
	return error == TokenError::NONE ? result : fail(error);
}


bool TokenVerifier::costly(std::string_view token) const
{
	if (token.size() > static_cast<std::size_t>(_pParams->getMaxLength())) return false;
	const Poco::JSON::Object::Ptr pHeader = TokenClaims::parse(token.substr(0, token.find('.')));
	TokenKey::Algorithm algorithm;
	return pHeader && algorithmOf(*pHeader, algorithm) && algorithm != TokenKey::HS256;
}


const TokenVerifierParams& TokenVerifier::params() const
{
	return *_pParams;
}


POCO_MESSAGING_END
} } // namespace Poco::Messaging
