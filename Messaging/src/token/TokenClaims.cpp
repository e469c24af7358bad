//
// TokenClaims.cpp
//
// Library: PocoMessaging
// Package: Token
// Module:  TokenClaims
//
// SPDX-License-Identifier: BSL-1.0
//


#include "token/TokenClaims.h"
#include "token/Base64URL.h"
#include "wire/UTF8.h"
#include "Poco/JSON/Parser.h"
#include <cmath>
#include <new>
#include <string>


namespace Poco {
namespace Messaging {
POCO_MESSAGING_BEGIN


namespace
{
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
}


Poco::JSON::Object::Ptr TokenClaims::parse(std::string_view part)
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


TokenError TokenClaims::check(const Poco::JSON::Object& claims, const TokenVerifierParams& params, Poco::Int64 now, TokenResult& result)
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


POCO_MESSAGING_END
} } // namespace Poco::Messaging
