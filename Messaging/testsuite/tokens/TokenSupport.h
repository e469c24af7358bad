//
// TokenSupport.h
//
// Makes tokens, right and wrong ones.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef TokenSupport_INCLUDED
#define TokenSupport_INCLUDED


#include <string>


const std::string SECRET(32, 's');


std::string base64(const std::string& text);
	/// For URLs, without padding.

std::string hmac(const std::string& text, const std::string& secret);
std::string signedToken(const std::string& header, const std::string& claims, const std::string& secret = SECRET);


#endif // TokenSupport_INCLUDED
