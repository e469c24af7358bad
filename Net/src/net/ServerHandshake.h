//
// WebSocketServerHandshake.h
//
// Library: PocoWebSocket
// Package: Net
// Module:  WebSocketServerHandshake
//
// The opening handshake of the blocking shell, on the server.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketServerHandshake_INCLUDED
#define Net_WebSocketServerHandshake_INCLUDED


#include "net/Upgrade.h"
#include "Poco/Net/WebSocketConfig.h"
#include "core/Handshake.h"
#include <string>


namespace Poco {
namespace Net {


class HTTPServerRequest;
class HTTPServerResponse;


POCO_WEBSOCKET_BEGIN


class WebSocketParams;


struct WebSocketServerHandshake
	/// Answers the opening handshake; whether it is one, and what the answer is, is
	/// WebSocketHandshake's business.
{
	static WebSocketUpgrade accept(HTTPServerRequest& request, HTTPServerResponse& response, const WebSocketParams* pParams, WebSocketScheme scheme = WebSocketScheme::NOT_TOLD,
		WebSocketHandshake::Verdict* pVerdict = nullptr);
		/// See WebSocket's constructors for servers. pParams may be null. The scheme is what a proxy has told. pVerdict tells, besides the exception, why it
		/// is refused.

	static WebSocketHandshake::Verdict answer(HTTPServerRequest& request, HTTPServerResponse& response, const WebSocketParams* pParams, WebSocketAgreement& agreement, WebSocketScheme scheme);
		/// Makes response the answer to request, an upgrade or a refusal, and fills in what was agreed on. Nothing is sent.

	static WebSocketHandshake::Verdict check(HTTPServerRequest& request, HTTPServerResponse& response, const WebSocketParams* pParams, WebSocketScheme scheme);
		/// The first half of that: what the params check, and the hook's answer. Makes response the refusal, if it is one.

	static void accept(const HTTPServerRequest& request, HTTPServerResponse& response, const WebSocketParams* pParams, const std::string& subprotocol, WebSocketAgreement& agreement);
		/// The second half, for a request that has passed: makes response the upgrade. The subprotocol is what the params say if it is empty.

	static void refuse(const WebSocketHandshake::Verdict& verdict, HTTPServerResponse& response);
		/// Makes response the refusal instead.

	[[noreturn]] static void sendRefusal(HTTPServerRequest& request, HTTPServerResponse& response, const WebSocketHandshake::Verdict& verdict);
		/// Sends the response, which refuse() has made the refusal, ends the HTTP connection, and throws a WebSocketException. If the handler, or HTTPServer
		/// because of the exception, answers as well, that is lost. Throws an InvalidArgumentException if the request does not come from a HTTPServer.

	static WebSocketHandshake::Verdict refusal(WebSocketRefusalReason::Reason reason, HTTPResponse::HTTPStatus status, const std::string& text);
		/// Returns a verdict that the RFC knows nothing of.

	static WebSocketHandshake::Verdict answer(const HTTPServerRequest& request, const WebSocketParams& params, WebSocketAgreement& agreement, std::string& response, WebSocketScheme scheme);
		/// The same for parameters without a hook and an Origin check, which would be given the response: appends to response what is on the
		/// wire, if it is an upgrade, and otherwise nothing.
};


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketServerHandshake_INCLUDED
