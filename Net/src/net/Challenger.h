//
// Challenger.h
//
// Library: PocoWebSocket
// Package: Net
// Module:  WebSocketChallenger
//
// Who asks a client for credentials: a server or a proxy.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketChallenger_INCLUDED
#define Net_WebSocketChallenger_INCLUDED


#include "core/Challenge.h"
#include "Poco/Net/WebSocketConfig.h"
#include "Poco/Net/HTTPCredentials.h"
#include "Poco/Net/HTTPRequest.h"
#include "Poco/Net/HTTPResponse.h"


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


class WebSocketChallenger
	/// A server, or a proxy: the status and the field that it asks for credentials with, and the field that answers
	/// (RFC 9110, 11.6 and 11.7).
{
public:
	static const WebSocketChallenger SERVER;
	static const WebSocketChallenger PROXY;

	WebSocketChallenge challenge(const HTTPResponse& response, const HTTPCredentials& credentials, int attempt, int schemes = WebSocketChallenge::ALL) const;
		/// Returns what the credentials are to be sent for, after so many requests (1: the first); one that is UNSUPPORTED if they are not.

	void answer(const WebSocketChallenge& challenge, HTTPCredentials& credentials, HTTPRequest& request) const;
		/// Gives the request the field that answers the challenge.

private:
	typedef void (HTTPCredentials::*Authenticate)(HTTPRequest&, const HTTPResponse&);

	constexpr WebSocketChallenger(HTTPResponse::HTTPStatus status, const char* question, const char* answer, Authenticate authenticate):
		_status(status),
		_question(question),
		_answer(answer),
		_authenticate(authenticate)
	{
	}

	const HTTPResponse::HTTPStatus _status;
	const char* const _question;
	const char* const _answer;
	const Authenticate _authenticate;
};


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketChallenger_INCLUDED
