//
// WebSocketAuth.cpp
//
// Library: PocoWebSocket
// Package: Core
// Module:  WebSocketAuth
//
// SPDX-License-Identifier: BSL-1.0
//


#include "Poco/Net/WebSocketAuth.h"
#include "Poco/Net/HTTPBasicCredentials.h"
#include "Poco/Exception.h"
#include "Poco/String.h"


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


bool WebSocketAuth::basic(const HTTPRequest& request, const std::string& username, const std::string& password)
{
	try
	{
		const HTTPBasicCredentials credentials(request);
		const bool userEqual     = equal(credentials.getUsername(), username);
		const bool passwordEqual = equal(credentials.getPassword(), password);
		return userEqual & passwordEqual; // both are always compared
	}
	catch (const Poco::Exception&)
	{
		return false; // none, or malformed ones
	}
}


bool WebSocketAuth::bearer(const HTTPRequest& request, const std::string& token)
{
	const std::string value = request.get(HTTPRequest::AUTHORIZATION, "");
	constexpr std::size_t SCHEME_LENGTH = 7;
	if (Poco::icompare(value, 0, SCHEME_LENGTH, "Bearer ") != 0) return false;
	return equal(Poco::trim(value.substr(SCHEME_LENGTH)), token);
}


bool WebSocketAuth::challenge(HTTPResponse& response, const std::string& scheme, const std::string& realm)
{
	response.setStatusAndReason(HTTPResponse::HTTP_UNAUTHORIZED);
	response.set("WWW-Authenticate", scheme + " realm=\"" + realm + "\"");
	return false;
}


bool WebSocketAuth::equal(const std::string& given, const std::string& expected)
{
	unsigned difference = given.size() == expected.size() ? 0u : 1u;
	for (std::size_t i = 0; i < given.size(); ++i)
	{
		const char other = expected.empty() ? '\0' : expected[i % expected.size()];
		difference |= static_cast<unsigned char>(given[i] ^ other);
	}
	return difference == 0;
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
