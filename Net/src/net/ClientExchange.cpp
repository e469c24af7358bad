//
// ClientExchange.cpp
//
// Library: PocoWebSocket
// Package: Net
// Module:  WebSocketClientExchange
//
// SPDX-License-Identifier: BSL-1.0
//


#include "net/ClientExchange.h"
#include "net/Challenger.h"
#include "net/Dialer.h"
#include "net/HTTPExchange.h"
#include "net/ProxyTunnel.h"
#include "net/SessionAccess.h"
#include "Poco/Net/NetException.h"
#include "Poco/Net/WebSocketError.h"
#include "Poco/Buffer.h"


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


namespace
{
	bool isAnswer(const NetException& exc)
		/// Returns true if the server has sent something. With TLS, the end of a connection has many names.
	{
		return dynamic_cast<const HTTPException*>(&exc) || dynamic_cast<const MessageException*>(&exc) || dynamic_cast<const WebSocketException*>(&exc);
	}
}


WebSocketClientExchange::WebSocketClientExchange(HTTPClientSession& session, const WebSocketHandshakeLimits& limits, WebSocketTLSSession* pLast):
	_session(session),
	_proxyConfig(session.getProxyConfig()),
	_pBody(nullptr),
	_tunnelled(false),
	_secured(false),
	_limits(limits),
	_pLast(pLast)
{
	// A session made from a connected socket has the global proxy, but no use for it.
	if (session.getHost().empty()) session.setProxyConfig(HTTPClientSession::ProxyConfig());
	if (session.getProxyHost().empty() || session.bypassProxy()) return;
	_tunnelled = !session.secure();
	_secured   = !_tunnelled && speaksHTTP(_proxyConfig, 0) && WebSocketDialer::canSecure(session);
}


WebSocketClientExchange::~WebSocketClientExchange()
{
	_session.setProxyConfig(_proxyConfig);
}


HTTPClientSession& WebSocketClientExchange::session()
{
	return _pTunnel ? *_pTunnel : _session;
}


void WebSocketClientExchange::run(HTTPRequest& request, HTTPResponse& response, HTTPCredentials& credentials, WebSocketHandshakeKey& key)
{
	std::unique_ptr<WebSocketTimedSession> pDeadline;
	for (int attempt = 1;; ++attempt)
	{
		bool used = open(pDeadline);
		session().setKeepAlive(true);
		if (!request.has(HTTPRequest::HOST)) request.setHost(WebSocketHTTPExchange::address(_session).hostField());
		if (attempt > 1) key.renew(request);
		if (used && !exchangeAgain(request, response, pDeadline.get()))
		{
			pDeadline.reset();
			reset();
			open(pDeadline);
			key.renew(request);
			used = false;
		}
		if (!used) exchange(request, response, pDeadline.get());
		const WebSocketChallenge challenge = WebSocketChallenger::SERVER.challenge(response, credentials, attempt);
		if (challenge.scheme() == WebSocketChallenge::UNSUPPORTED) return;
		if (!_pBody || !WebSocketHTTPExchange::drain(*_pBody, response))
		{
			if (_session.getHost().empty()) return; // was made from a socket: there is no second one
			pDeadline.reset();
			reset();
		}
		WebSocketChallenger::SERVER.answer(challenge, credentials, request);
	}
}


void WebSocketClientExchange::abandon(const HTTPResponse& response)
{
	try
	{
		if (bodyIsHere(response) && WebSocketHTTPExchange::drain(*_pBody, response)) return;
	}
	catch (const Poco::Exception&)
	{
		// why there is no WebSocket is of interest, not that
	}
	reset();
}


void WebSocketClientExchange::exchange(HTTPRequest& request, HTTPResponse& response, WebSocketTimedSession* pDeadline)
{
	_pBody = nullptr;
	WebSocketHTTPExchange::send(session(), request, pDeadline);
	_pBody = &WebSocketHTTPExchange::receive(session(), response, pDeadline, _limits);
}


bool WebSocketClientExchange::exchangeAgain(HTTPRequest& request, HTTPResponse& response, WebSocketTimedSession* pDeadline)
	/// The same on a connection that was used before. Returns false if the server has closed that meanwhile, and another
	/// one can be made (RFC 9112, 9.3.1).
{
	try
	{
		exchange(request, response, pDeadline);
		return true;
	}
	catch (const NetException& exc)
	{
		if (_session.getHost().empty() || isAnswer(exc)) throw;
	}
	catch (const InvalidArgumentException&)
	{
		if (_session.getHost().empty() || !_session.secure()) throw; // sending has failed; HTTPSClientSession cannot connect the deadline's socket
	}
	return false;
}


bool WebSocketClientExchange::open(std::unique_ptr<WebSocketTimedSession>& pDeadline)
	/// Makes the connection and the tunnel, if there has to be one, and the deadline, if there are parameters. Returns false
	/// if the connection is new.
{
	if (_tunnelled && !_pTunnel)
	{
		if (speaksHTTP(_proxyConfig, 0))
		{
			_pTunnel = WebSocketProxyTunnel::open(_session, _limits, pDeadline);
			return false;
		}
		StreamSocket socket = WebSocketSessionAccess::tunnel(_session);
		_pTunnel = std::make_unique<HTTPClientSession>(socket);
		_pTunnel->setProxyConfig(HTTPClientSession::ProxyConfig()); // the request is for the server
	}
	const bool used = _tunnelled || WebSocketDialer::connected(_session);
	if (!used)
	{
		pDeadline.reset();
		if (_secured) secure();
		else WebSocketDialer::connect(_session, _limits.timeLeft(_session), _pLast);
	}
	if (!pDeadline) pDeadline = _limits.deadline(session());
	return used;
}


void WebSocketClientExchange::secure()
	/// Makes a tunnel, and has the session speak TLS through it.
{
	_session.reset();
	std::unique_ptr<WebSocketTimedSession> pTime;
	const std::unique_ptr<WebSocketProxyTunnel> pTunnel = WebSocketProxyTunnel::open(_session, _limits, pTime);
	pTime.reset();
	if (WebSocketSessionAccess::waiting(*pTunnel) > 0) throw MessageException("The server has spoken before it was asked");
	WebSocketDialer::secure(_session, pTunnel->detachSocket(), _limits.timeLeft(_session), _pLast);
}


void WebSocketClientExchange::reset()
	/// The next request needs a new connection.
{
	_pBody = nullptr;
	if (_tunnelled)
	{
		_pTunnel.reset();
	}
	else
	{
		_session.reset();
		Poco::Buffer<char> rest(0);
		_session.drainBuffer(rest); // HTTPSClientSession keeps it if there is a proxy
	}
}


bool WebSocketClientExchange::bodyIsHere(const HTTPResponse& response)
	/// Returns true if draining does not have to wait.
{
	if (!_pBody || response.getStatus() == HTTPResponse::HTTP_SWITCHING_PROTOCOLS) return false;
	if (!response.hasContentLength() || response.getChunkedTransferEncoding()) return false;
	HTTPClientSession& used = session();
	return WebSocketSessionAccess::waiting(used) + used.socket().available() >= response.getContentLength64();
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
