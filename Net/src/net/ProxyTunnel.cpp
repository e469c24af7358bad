//
// ProxyTunnel.cpp
//
// Library: PocoWebSocket
// Package: Net
// Module:  WebSocketProxyTunnel
//
// SPDX-License-Identifier: BSL-1.0
//


#include "net/ProxyTunnel.h"
#include "net/Challenger.h"
#include "net/Dialer.h"
#include "net/HTTPExchange.h"
#include "Poco/Net/NetException.h"


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


namespace
{
	template <class Session>
	auto copySource(Session& from, Session& to, int) -> decltype(to.setSourceAddress(from.getSourceAddress4()), to.setSourceAddress(from.getSourceAddress6()))
		/// Sessions of later versions of Poco may have an address that they connect from.
	{
		to.setSourceAddress(from.getSourceAddress4());
		to.setSourceAddress(from.getSourceAddress6());
	}

	template <class Session>
	void copySource(Session&, Session&, long)
	{
	}
}


struct WebSocketProxyTunnel::Request
	/// What is said to a proxy, on one connection or, if it wants credentials, several.
{
	explicit Request(HTTPClientSession& session):
		config(session.getProxyConfig()),
		credentials(config.username, config.password),
		message(HTTPRequest::HTTP_CONNECT, WebSocketHTTPExchange::address(session).authority(), HTTPMessage::HTTP_1_1),
		attempt(0)
	{
		message.set("Proxy-Connection", HTTPMessage::CONNECTION_KEEP_ALIVE);
		message.set(HTTPRequest::HOST, message.getURI()); // RFC 9112, 3.2
	}

	int schemes() const
		/// What the caller allows that is not sent anyway.
	{
		switch (config.authMethod)
		{
		case HTTPClientSession::PROXY_AUTH_HTTP_BASIC:
			return WebSocketChallenge::DIGEST | WebSocketChallenge::NTLM;
		case HTTPClientSession::PROXY_AUTH_HTTP_DIGEST:
			return WebSocketChallenge::DIGEST;
		default:
			return WebSocketChallenge::UNSUPPORTED;
		}
	}

	const HTTPClientSession::ProxyConfig config;
	HTTPCredentials credentials;
	HTTPRequest message;
	int attempt;
};


WebSocketProxyTunnel::WebSocketProxyTunnel(HTTPClientSession& session):
	HTTPClientSession(session.getProxyHost(), session.getProxyPort(), ProxyConfig()),
	_open(false)
{
	setTimeout(session.getTimeout());
	copySource(session, static_cast<HTTPClientSession&>(*this), 0);
}


std::unique_ptr<WebSocketProxyTunnel> WebSocketProxyTunnel::open(HTTPClientSession& session, const WebSocketHandshakeLimits& limits, std::unique_ptr<WebSocketTimedSession>& pDeadline)
{
	Request request(session);
	for (;;)
	{
		std::unique_ptr<WebSocketProxyTunnel> pTunnel(new WebSocketProxyTunnel(session));
		WebSocketDialer::connect(*pTunnel, limits.timeLeft(session));
		std::unique_ptr<WebSocketTimedSession> pTime = limits.deadline(*pTunnel);
		if (!pTunnel->establish(request, pTime.get(), limits)) continue;
		pDeadline = std::move(pTime);
		return pTunnel;
	}
}


bool WebSocketProxyTunnel::establish(Request& request, WebSocketTimedSession* pDeadline, const WebSocketHandshakeLimits& limits)
	/// Returns false if the proxy wants credentials on another connection.
{
	if (request.attempt == 0 && request.config.authMethod != PROXY_AUTH_HTTP_DIGEST) proxyAuthenticateImpl(request.message, request.config);
	setKeepAlive(true);
	for (;;)
	{
		WebSocketHTTPExchange::send(*this, request.message, pDeadline);
		HTTPResponse response;
		std::istream& body = WebSocketHTTPExchange::receive(*this, response, pDeadline, limits);
		_open = response.getStatus() >= 200 && response.getStatus() <= 299;
		if (_open) return true;
		const WebSocketChallenge challenge = WebSocketChallenger::PROXY.challenge(response, request.credentials, ++request.attempt, request.schemes());
		if (challenge.scheme() == WebSocketChallenge::UNSUPPORTED) throw HTTPException("Cannot establish proxy connection", response.getReason(), response.getStatus());
		const bool again = WebSocketHTTPExchange::drain(body, response);
		if (!again && dynamic_cast<const TimeoutException*>(networkException())) networkException()->rethrow();
		WebSocketChallenger::PROXY.answer(challenge, request.credentials, request.message);
		if (!again) return false;
	}
}


bool WebSocketProxyTunnel::mustReconnect() const
{
	return !_open && HTTPClientSession::mustReconnect();
}


int WebSocketProxyTunnel::write(const char* pData, std::streamsize length)
{
	return _open ? HTTPSession::write(pData, length) : HTTPClientSession::write(pData, length); // which connects again
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
