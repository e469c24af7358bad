//
// TokenClaims.h
//
// Library: PocoMessaging
// Package: Token
// Module:  TokenClaims
//
// What a token says.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Messaging_TokenClaims_INCLUDED
#define Messaging_TokenClaims_INCLUDED


#include "Poco/Messaging/TokenVerifier.h"
#include "Poco/JSON/Object.h"
#include <string_view>


namespace Poco {
namespace Messaging {
POCO_MESSAGING_BEGIN


class TokenClaims
	/// The claims of a token whose signature was checked (RFC 7519, 4), and its header.
{
public:
	static Poco::JSON::Object::Ptr parse(std::string_view part);
		/// Decodes and parses a part of a token. Returns null if it is no JSON object.

	static TokenError check(const Poco::JSON::Object& claims, const TokenVerifierParams& params, Poco::Int64 now, TokenResult& result);
		/// Checks the claims at a time, in seconds since 1970, and puts what they say into the result. If it returns an error, what the result has is not
		/// to be believed.
};


POCO_MESSAGING_END
} } // namespace Poco::Messaging


#endif // Messaging_TokenClaims_INCLUDED
