//
// WebSocketServerHandshake.cpp
//
// Library: PocoWebSocket
// Package: Net
// Module:  WebSocketServerHandshake
//
// SPDX-License-Identifier: BSL-1.0
//


#include "net/ServerHandshake.h"
#include "net/NoSIGPIPE.h"
#include "net/OpenSSL.h"
#include "net/SessionAccess.h"
#include "Poco/Net/HTTPServerRequestImpl.h"
#include "Poco/Net/HTTPServerResponse.h"
#include "Poco/Net/HTTPServerSession.h"
#include "Poco/Net/NetException.h"
#include "Poco/Net/StreamSocketImpl.h"
#include "core/Deflate.h"
#include "core/Handshake.h"
#include "Poco/Net/WebSocketParams.h"
#include "Poco/String.h"
#include <algorithm>
#include <sstream>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


namespace
{
	using Verdict = WebSocketHandshake::Verdict;

	Verdict checkOrigin(const HTTPServerRequest& request, const WebSocketParams& params, WebSocketScheme scheme)
	{
		const WebSocketParams::OriginCheck& check = params.getOriginCheck();
		if (!check) return WebSocketHandshake::checkOrigin(request, params.getAllowedOrigins(), scheme);
		const auto count = std::count_if(request.begin(), request.end(), [](const auto& field) { return Poco::icompare(field.first, "Origin") == 0; });
		if (count == 0 || (count == 1 && check(request.get("Origin"), request))) return Verdict();
		return WebSocketServerHandshake::refusal(WebSocketRefusalReason::ORIGIN, HTTPResponse::HTTP_FORBIDDEN, "Origin is not allowed");
	}

	Verdict askHook(HTTPServerRequest& request, HTTPServerResponse& response, const WebSocketParams& params)
	{
		if (!params.getHook() || params.getHook()(request, response)) return Verdict();
		if (response.getStatus() < HTTPResponse::HTTP_MULTIPLE_CHOICES) response.setStatusAndReason(HTTPResponse::HTTP_FORBIDDEN);
		return WebSocketServerHandshake::refusal(WebSocketRefusalReason::HOOK, response.getStatus(), response.getReason());
	}

	Verdict checkWithoutHook(const HTTPServerRequest& request, const WebSocketParams& params, WebSocketScheme scheme)
	{
		Verdict verdict = WebSocketHandshake::checkSize(request, static_cast<std::size_t>(params.getMaxHandshakeFields()), static_cast<std::size_t>(params.getMaxHandshakeSize()));
		if (verdict.ok()) verdict = WebSocketHandshake::checkRequest(request);
		if (verdict.ok()) verdict = checkOrigin(request, params, scheme);
		return verdict;
	}

	std::string agree(const HTTPServerRequest& request, const WebSocketParams& params, WebSocketAgreement& agreement)
		/// Returns the extensions for the answer.
	{
		std::string extensions;
		agreement.subprotocol = WebSocketHandshake::selectSubprotocol(request, params.getSubprotocols());
		agreement.deflated = params.getDeflate() && WebSocketDeflateNegotiation::accept(request, params.getDeflateParams(), agreement.deflate, extensions);
		return extensions;
	}

	class SinkSocketImpl: public StreamSocketImpl
		/// What is sent to it is lost; for Poco it is a socket that is not connected.
	{
	public:
		using StreamSocketImpl::sendBytes;

		int sendBytes(const void*, int length, int) override
		{
			return length;
		}
	};

	class SinkSocket: public StreamSocket
	{
	public:
		SinkSocket():
			StreamSocket(new SinkSocketImpl)
		{
		}
	};

	void checkFields(const HTTPServerResponse& response)
	{
		const Verdict verdict = WebSocketHandshake::checkFields(response);
		if (!verdict.ok()) throw InvalidArgumentException(verdict.text);
	}

	HTTPServerRequestImpl& ofHTTPServer(HTTPServerRequest& request)
	{
		HTTPServerRequestImpl* const pRequest = dynamic_cast<HTTPServerRequestImpl*>(&request);
		if (!pRequest) throw InvalidArgumentException("The request does not come from a HTTPServer");
		return *pRequest;
	}
}


WebSocketUpgrade WebSocketServerHandshake::accept(HTTPServerRequest& request, HTTPServerResponse& response, const WebSocketParams* pParams, WebSocketScheme scheme, Verdict* pVerdict)
{
	HTTPServerRequestImpl& ours = ofHTTPServer(request);
	WebSocketUpgrade upgrade;
	const Verdict verdict = answer(request, response, pParams, upgrade, scheme);
	if (pVerdict) *pVerdict = verdict;
	if (!verdict.ok()) sendRefusal(request, response, verdict);
	const WebSocketNoSIGPIPE noSIGPIPE;
	response.send().flush();

	upgrade.socket = ours.detachSocket();
	ours.session().drainBuffer(upgrade.data);
	return upgrade;
}


Verdict WebSocketServerHandshake::answer(HTTPServerRequest& request, HTTPServerResponse& response, const WebSocketParams* pParams, WebSocketAgreement& agreement, WebSocketScheme scheme)
{
	const Verdict verdict = check(request, response, pParams, scheme);
	if (verdict.ok()) accept(request, response, pParams, "", agreement);
	return verdict;
}


Verdict WebSocketServerHandshake::check(HTTPServerRequest& request, HTTPServerResponse& response, const WebSocketParams* pParams, WebSocketScheme scheme)
{
	Verdict verdict = pParams ? checkWithoutHook(request, *pParams, scheme) : WebSocketHandshake::checkRequest(request);
	if (verdict.ok() && pParams) verdict = askHook(request, response, *pParams);
	if (!verdict.ok()) refuse(verdict, response);
	return verdict;
}


void WebSocketServerHandshake::accept(const HTTPServerRequest& request, HTTPServerResponse& response, const WebSocketParams* pParams, const std::string& subprotocol, WebSocketAgreement& agreement)
{
	const std::string extensions = pParams ? agree(request, *pParams, agreement) : std::string();
	if (!subprotocol.empty()) agreement.subprotocol = subprotocol;
	WebSocketHandshake::accept(request, agreement.subprotocol, extensions, response);
	checkFields(response);
	agreement.subprotocol = response.get("Sec-WebSocket-Protocol", ""); // it may be the handler's, or a hook's
}


void WebSocketServerHandshake::refuse(const Verdict& verdict, HTTPServerResponse& response)
{
	WebSocketHandshake::refuse(verdict, response);
	checkFields(response);
}


void WebSocketServerHandshake::sendRefusal(HTTPServerRequest& request, HTTPServerResponse& response, const Verdict& verdict)
{
	HTTPServerRequestImpl& ours = ofHTTPServer(request);
	StreamSocket socket = ours.detachSocket();
	WebSocketSessionAccess::attach(ours.session(), SinkSocket());
	std::ostringstream message;
	response.write(message);
	message << verdict.text << '\n';
	const std::string bytes = message.str();
	const WebSocketNoSIGPIPE noSIGPIPE;
	try
	{
		socket.sendBytes(bytes.data(), static_cast<int>(bytes.size()));
		WebSocketOpenSSL(static_cast<StreamSocketImpl*>(socket.impl())).end();
		socket.shutdownSend();
	}
	catch (const Poco::Exception&)
	{
		// the client has gone; the handler is told why it was refused
	}
	throw WebSocketException(verdict.text, verdict.error);
}


Verdict WebSocketServerHandshake::refusal(WebSocketRefusalReason::Reason reason, HTTPResponse::HTTPStatus status, const std::string& text)
{
	Verdict verdict;
	verdict.reason = reason;
	verdict.error  = WebSocketError::HANDSHAKE_REFUSED;
	verdict.status = status;
	verdict.text   = text;
	return verdict;
}


Verdict WebSocketServerHandshake::answer(const HTTPServerRequest& request, const WebSocketParams& params, WebSocketAgreement& agreement, std::string& response, WebSocketScheme scheme)
{
	const Verdict verdict = checkWithoutHook(request, params, scheme);
	if (!verdict.ok()) return verdict;
	const std::string extensions = agree(request, params, agreement);
	WebSocketHandshake::accept(request, agreement.subprotocol, extensions, response);
	return verdict;
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
