//
// Connector.cpp
//
// Library: PocoWebSocket
// Package: Net
// Module:  WebSocketConnector
//
// SPDX-License-Identifier: BSL-1.0
//


#include "net/Connector.h"
#include "core/Deflate.h"
#include "core/Handshake.h"
#include "net/ClientExchange.h"
#include "net/HandshakeKey.h"
#include "net/HandshakeLimits.h"
#include "net/NoSIGPIPE.h"
#include "net/Redirect.h"
#include "net/TLSSession.h"
#include "Poco/Net/NetException.h"
#include "Poco/Net/WebSocketParams.h"
#include "Poco/Exception.h"
#include <memory>
#include <string>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


namespace
{
	using Verdict = WebSocketHandshake::Verdict;

	[[noreturn]] void fail(const Verdict& verdict)
	{
		throw WebSocketException(verdict.text, verdict.error);
	}

	void offer(HTTPRequest& request, const WebSocketParams& params)
	{
		std::string subprotocols;
		for (const std::string& subprotocol: params.getSubprotocols())
			subprotocols.append(subprotocols.empty() ? "" : ", ").append(subprotocol);
		if (!subprotocols.empty()) request.set("Sec-WebSocket-Protocol", subprotocols);
		if (params.getDeflate()) request.set("Sec-WebSocket-Extensions", WebSocketDeflateNegotiation::offer(params.getDeflateParams()));
	}

	WebSocketUpgrade finish(HTTPClientSession& session, const HTTPRequest& request, HTTPResponse& response, const std::string& key, const WebSocketParams* pParams)
	{
		WebSocketUpgrade upgrade = WebSocketConnector::complete(session, response, key);
		const Verdict selection = WebSocketHandshake::checkSelection(request, response);
		if (!selection.ok()) fail(selection);
		if (pParams && pParams->getDeflate())
		{
			const Verdict answer = WebSocketDeflateNegotiation::complete(response, pParams->getDeflateParams(), upgrade.deflated, upgrade.deflate);
			if (!answer.ok()) fail(answer);
		}
		upgrade.subprotocol = response.get("Sec-WebSocket-Protocol", "");
		return upgrade;
	}
}


WebSocketUpgrade WebSocketConnector::connect(HTTPClientSession& cs, HTTPRequest& request, HTTPResponse& response, HTTPCredentials& credentials, const WebSocketParams* pParams, WebSocketTLSSession* pLast)
{
	if (request.getMethod() != HTTPRequest::HTTP_GET)
		throw InvalidArgumentException("WebSocket handshake must use GET");
	WebSocketHandshakeKey key(request);
	WebSocketHandshake::prepare(request, key.value());
	if (pParams) offer(request, *pParams);
	const Verdict fields = WebSocketHandshake::checkLines(request);
	if (!fields.ok()) throw InvalidArgumentException(fields.text);

	const WebSocketNoSIGPIPE noSIGPIPE;
	const WebSocketHandshakeLimits limits(pParams);
	HTTPCredentials none;
	HTTPCredentials* pCredentials = &credentials;
	HTTPClientSession* pSession = &cs;
	std::unique_ptr<HTTPClientSession> pRedirected;
	std::unique_ptr<HTTPClientSession> pBefore; // the exchange still refers to it
	for (int redirects = 0;; ++redirects)
	{
		WebSocketClientExchange exchange(*pSession, limits, pLast);
		try
		{
			exchange.run(request, response, *pCredentials, key);
			if (pLast) pLast->keep(static_cast<StreamSocketImpl*>(pSession->socket().impl()));
			if (!pParams || redirects >= pParams->getMaxRedirects() || !WebSocketRedirect::is(response))
				return finish(exchange.session(), request, response, key.value(), pParams);

			const WebSocketRedirect redirect(*pSession, request, response);
			pBefore = std::move(pRedirected);
			pRedirected = redirect.follow(request);
			pRedirected->setTimeout(cs.getTimeout());
			if (!cs.getHost().empty()) pRedirected->setProxyConfig(cs.getProxyConfig()); // one made from a socket has no use for a proxy
			key.renew(request);
			pSession = pRedirected.get();
			if (!redirect.sameOrigin()) pCredentials = &none;
			exchange.abandon(response);
		}
		catch (...)
		{
			exchange.abandon(response);
			throw;
		}
	}
}


WebSocketUpgrade WebSocketConnector::complete(HTTPClientSession& session, const HTTPResponse& response, const std::string& key)
{
	const Verdict verdict = WebSocketHandshake::checkResponse(response, key);
	if (!verdict.ok()) fail(verdict);
	WebSocketUpgrade upgrade;
	upgrade.client = true;
	upgrade.socket = session.detachSocket();
	session.drainBuffer(upgrade.data);
	return upgrade;
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
