//
// Challenger.cpp
//
// Library: PocoWebSocket
// Package: Net
// Module:  WebSocketChallenger
//
// SPDX-License-Identifier: BSL-1.0
//


#include "net/Challenger.h"
#include "net/HandshakeKey.h"


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


namespace
{
	constexpr int MAX_ATTEMPTS = 3; // NTLM needs three requests, Digest with a stale nonce too
}


const WebSocketChallenger WebSocketChallenger::SERVER(HTTPResponse::HTTP_UNAUTHORIZED, "WWW-Authenticate", "Authorization", &HTTPCredentials::authenticate);
const WebSocketChallenger WebSocketChallenger::PROXY(HTTPResponse::HTTP_PROXY_AUTHENTICATION_REQUIRED, "Proxy-Authenticate", "Proxy-Authorization", &HTTPCredentials::proxyAuthenticate);


WebSocketChallenge WebSocketChallenger::challenge(const HTTPResponse& response, const HTTPCredentials& credentials, int attempt, int schemes) const
{
	if (response.getStatus() != _status || credentials.empty() || attempt >= MAX_ATTEMPTS) schemes = WebSocketChallenge::UNSUPPORTED;
	const WebSocketChallenge chosen = WebSocketChallenge::choose(response, _question, schemes);
	return attempt == 1 || chosen.goesOn() ? chosen : WebSocketChallenge::choose(response, _question, WebSocketChallenge::UNSUPPORTED);
}


void WebSocketChallenger::answer(const WebSocketChallenge& challenge, HTTPCredentials& credentials, HTTPRequest& request) const
{
	if (challenge.scheme() == WebSocketChallenge::DIGEST && !challenge.isPlainMD5())
	{
		request.set(_answer, challenge.answer({credentials.getUsername(), credentials.getPassword(), request.getMethod(), request.getURI(), WebSocketHandshakeKey::create()}));
		return;
	}
	// HTTPCredentials wants a space behind the scheme in any case, and two behind NTLM if there is more.
	HTTPResponse alone;
	const bool more = challenge.scheme() == WebSocketChallenge::NTLM && !challenge.token().empty();
	alone.set(_question, more ? "NTLM  " + challenge.token() : challenge.text() + " ");
	(credentials.*_authenticate)(request, alone);
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
