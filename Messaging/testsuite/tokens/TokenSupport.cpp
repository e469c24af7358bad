//
// TokenSupport.cpp
//
// SPDX-License-Identifier: BSL-1.0
//


#include "TokenSupport.h"
#include "Poco/Base64Encoder.h"
#include <openssl/hmac.h>
#include <sstream>


std::string base64(const std::string& text)
{
	std::ostringstream stream;
	Poco::Base64Encoder encoder(stream, Poco::BASE64_URL_ENCODING | Poco::BASE64_NO_PADDING);
	encoder.rdbuf()->setLineLength(0);
	encoder << text;
	encoder.close();
	return stream.str();
}


std::string hmac(const std::string& text, const std::string& secret)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned length = 0;
	HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()), reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest, &length);
	return std::string(reinterpret_cast<const char*>(digest), length);
}


std::string signedToken(const std::string& header, const std::string& claims, const std::string& secret)
{
	const std::string text = base64(header) + '.' + base64(claims);
	return text + '.' + base64(hmac(text, secret));
}
