//
// SignatureVerifier.h
//
// Library: PocoMessaging
// Package: Token
// Module:  SignatureVerifier
//
// How the signature of a token is checked.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Messaging_SignatureVerifier_INCLUDED
#define Messaging_SignatureVerifier_INCLUDED


#include "Poco/Messaging/TokenVerifier.h"
#include <string>
#include <string_view>


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


POCO_MESSAGING_END
} } // namespace Poco::Messaging


#endif // Messaging_SignatureVerifier_INCLUDED
