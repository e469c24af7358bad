//
// Base64URL.h
//
// Library: PocoMessaging
// Package: Token
// Module:  Base64URL
//
// The base64url of tokens.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Messaging_Base64URL_INCLUDED
#define Messaging_Base64URL_INCLUDED


#include "Poco/Messaging/Config.h"
#include <string>
#include <string_view>


namespace Poco {
namespace Messaging {
POCO_MESSAGING_BEGIN


struct Base64URL
	/// RFC 7515, 2: base64url without padding, white space or other characters.
{
	static bool decode(std::string_view text, std::string& result);
		/// Returns false if it is something else, or has bits that stand for nothing (RFC 4648, 3.5): a text has one form only.
};


POCO_MESSAGING_END
} } // namespace Poco::Messaging


#endif // Messaging_Base64URL_INCLUDED
