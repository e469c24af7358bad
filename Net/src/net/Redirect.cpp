//
// Redirect.cpp
//
// Library: PocoWebSocket
// Package: Net
// Module:  WebSocketRedirect
//
// SPDX-License-Identifier: BSL-1.0
//


#include "net/Redirect.h"
#include "Poco/Net/HTTPSessionFactory.h"
#include "Poco/Net/NetException.h"
#include "Poco/Net/WebSocketError.h"
#include "Poco/URI.h"
#include <string>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


namespace
{
	WebSocketAddress requested(const HTTPClientSession& session, const HTTPRequest& request)
		/// RFC 9112, 3.3
	{
		WebSocketAddress base;
		base.secure = session.secure();
		WebSocketAddress address;
		const std::string scheme = base.secure ? "https://" : "http://";
		const std::string uri = request.getURI()[0] == '/' ? scheme + request.getHost() + request.getURI() : request.getURI();
		if (!base.resolve(uri, address))
			throw WebSocketException("Redirect from what is no URI is not followed: " + uri, WebSocketError::NO_HANDSHAKE);
		return address;
	}
}


bool WebSocketRedirect::is(const HTTPResponse& response)
{
	switch (response.getStatus())
	{
	case HTTPResponse::HTTP_MOVED_PERMANENTLY:
	case HTTPResponse::HTTP_FOUND:
	case HTTPResponse::HTTP_SEE_OTHER:
	case HTTPResponse::HTTP_TEMPORARY_REDIRECT:
	case HTTPResponse::HTTP_PERMANENT_REDIRECT:
		return response.has("Location");
	default:
		return false;
	}
}


WebSocketRedirect::WebSocketRedirect(const HTTPClientSession& session, const HTTPRequest& request, const HTTPResponse& response):
	_from(requested(session, request))
{
	if (!_from.resolve(response.get("Location"), _to) || (_from.secure && !_to.secure))
		throw WebSocketException("Redirect is not followed: " + response.get("Location"), WebSocketError::NO_HANDSHAKE);
}


bool WebSocketRedirect::sameOrigin() const
{
	return _from.sameOrigin(_to);
}


std::unique_ptr<HTTPClientSession> WebSocketRedirect::follow(HTTPRequest& request) const
{
	if (!sameOrigin())
	{
		request.erase(HTTPRequest::AUTHORIZATION);
		request.erase(HTTPRequest::COOKIE);
	}
	request.setHost(_to.hostField());
	request.setURI(_to.target);
	return std::unique_ptr<HTTPClientSession>(HTTPSessionFactory::defaultFactory().createClientSession(URI(_to.uri())));
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
