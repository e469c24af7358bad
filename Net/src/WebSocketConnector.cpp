//
// WebSocketConnector.cpp
//
// Library: PocoWebSocket
// Package: WebSocket
// Module:  WebSocketConnector
//
// SPDX-License-Identifier: BSL-1.0
//


#include "WebSocketConnector.h"
#include "Poco/Net/HTTPAuthenticationParams.h"
#include "Poco/Net/HTTPClientSession.h"
#include "Poco/Net/HTTPCredentials.h"
#include "Poco/Net/HTTPServerRequestImpl.h"
#include "Poco/Net/HTTPServerResponse.h"
#include "Poco/Net/HTTPServerSession.h"
#include "Poco/Net/NetException.h"
#include "Poco/Net/WebSocketHandshake.h"
#include "Poco/Net/WebSocketImpl.h"
#include "Poco/String.h"
#include <openssl/rand.h>
#include <memory>
#include <sstream>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


namespace
{
	constexpr int MAX_ATTEMPTS = 3; // NTLM needs three requests, Digest with a stale nonce too
	constexpr std::streamsize MAX_DRAIN = 64*1024;

	struct ProxyAccess: public HTTPClientSession
		/// Opens what HTTPClientSession keeps for its friend, stock's WebSocket.
	{
		static StreamSocket tunnel(HTTPClientSession& session)
		{
			return (session.*&ProxyAccess::proxyConnect)();
		}
	};

	[[noreturn]] void fail(const WebSocketHandshake::Verdict& verdict)
	{
		throw WebSocketException(verdict.text, verdict.error);
	}

	void sendRefusal(HTTPServerRequestImpl& request, const WebSocketHandshake::Verdict& verdict, const HTTPResponse& response)
		/// Sends the response and ends the HTTP connection. The socket is taken from the session
		/// first, so that the handler, which may send a response as well, cannot send a second one.
	{
		StreamSocket socket = request.detachSocket();
		std::ostringstream message;
		response.write(message);
		message << verdict.text << '\n';
		const std::string bytes = message.str();
		try
		{
			socket.sendBytes(bytes.data(), static_cast<int>(bytes.size()));
			socket.shutdownSend();
		}
		catch (const Poco::Exception&)
		{
			// the client has gone; the handler is told why it was refused
		}
	}

	bool drain(std::istream& body, const HTTPResponse& response)
		/// Takes the body of a response off the connection. Returns false
		/// if it is not worth it: then the connection cannot be used again.
	{
		if (!response.getKeepAlive()) return false;
		if (!response.hasContentLength() && !response.getChunkedTransferEncoding()) return false;
		body.ignore(MAX_DRAIN);
		return body.eof();
	}

	bool mayRetry(const HTTPCredentials& credentials, const HTTPResponse& response, int attempt)
		/// Returns true if the same credentials may be accepted next time.
	{
		if (credentials.empty() || attempt >= MAX_ATTEMPTS) return false;
		if (attempt == 1) return true;
		const std::string challenge = response.get(HTTPAuthenticationParams::WWW_AUTHENTICATE, "");
		if (HTTPCredentials::isNTLMCredentials(challenge)) return challenge.size() > 5; // the server's part follows
		if (!HTTPCredentials::isDigestCredentials(challenge)) return false;
		const HTTPAuthenticationParams params(challenge.substr(7));
		return Poco::icompare(params.get("stale", ""), "true") == 0; // RFC 7616, 3.3
	}

	void setHost(HTTPRequest& request, HTTPClientSession& session)
	{
		if (session.getHost().empty()) // made from a connected socket
			request.setHost(session.socket().peerAddress().toString());
		else
			request.setHost(session.getHost(), session.getPort());
	}

	class Exchange
		/// The HTTP side of a client's connection: the caller's session or, behind a
		/// proxy, a session on a tunnel made for it.
	{
	public:
		explicit Exchange(HTTPClientSession& session):
			_session(session),
			_tunnelled(!session.getProxyHost().empty() && !session.secure() && !session.bypassProxy())
		{
		}

		HTTPClientSession& session()
		{
			if (!_tunnelled) return _session;
			if (!_pTunnel)
			{
				StreamSocket socket = ProxyAccess::tunnel(_session);
				_pTunnel = std::make_unique<HTTPClientSession>(socket);
				_pTunnel->setProxyConfig(HTTPClientSession::ProxyConfig()); // the request is for the server
			}
			return *_pTunnel;
		}

		void reset()
			/// The next request needs a new connection.
		{
			if (_tunnelled) _pTunnel.reset();
			else _session.reset();
		}

	private:
		HTTPClientSession& _session;
		std::unique_ptr<HTTPClientSession> _pTunnel;
		bool _tunnelled;
	};
}


WebSocketImpl* WebSocketConnector::accept(HTTPServerRequest& request, HTTPServerResponse& response)
{
	HTTPServerRequestImpl* pRequest = dynamic_cast<HTTPServerRequestImpl*>(&request);
	if (!pRequest) throw InvalidArgumentException("The request does not come from a HTTPServer");

	const WebSocketHandshake::Verdict verdict = WebSocketHandshake::checkRequest(request);
	if (!verdict.ok())
	{
		WebSocketHandshake::refuse(verdict, response);
		sendRefusal(*pRequest, verdict, response);
		fail(verdict);
	}

	WebSocketHandshake::accept(request, response);
	response.send().flush();
	StreamSocket socket = pRequest->detachSocket();
	return new WebSocketImpl(static_cast<StreamSocketImpl*>(socket.impl()), pRequest->session(), false);
}


WebSocketImpl* WebSocketConnector::connect(HTTPClientSession& cs, HTTPRequest& request, HTTPResponse& response, HTTPCredentials& credentials)
{
	if (request.getMethod() != HTTPRequest::HTTP_GET)
		throw InvalidArgumentException("WebSocket handshake must use GET");
	std::string key = Poco::trim(request.get("Sec-WebSocket-Key", ""));
	if (!WebSocketHandshake::isKey(key)) key = createKey();
	WebSocketHandshake::prepare(request, key);

	Exchange exchange(cs);
	for (int attempt = 1;; ++attempt)
	{
		HTTPClientSession& session = exchange.session();
		session.setKeepAlive(true);
		if (!request.has(HTTPRequest::HOST)) setHost(request, cs);
		session.sendRequest(request);
		std::istream& body = session.receiveResponse(response);
		if (response.getStatus() != HTTPResponse::HTTP_UNAUTHORIZED || !mayRetry(credentials, response, attempt))
		{
			std::unique_ptr<WebSocketImpl, void (*)(WebSocketImpl*)> pImpl(complete(session, response, key), [](WebSocketImpl* p) { p->release(); });
			const WebSocketHandshake::Verdict verdict = WebSocketHandshake::checkSelection(request, response);
			if (!verdict.ok()) fail(verdict);
			return pImpl.release();
		}
		if (!drain(body, response)) exchange.reset();
		credentials.authenticate(request, response);
	}
}


WebSocketImpl* WebSocketConnector::complete(HTTPClientSession& session, const HTTPResponse& response, const std::string& key)
{
	const WebSocketHandshake::Verdict verdict = WebSocketHandshake::checkResponse(response, key);
	if (!verdict.ok()) fail(verdict);
	StreamSocket socket = session.detachSocket();
	return new WebSocketImpl(static_cast<StreamSocketImpl*>(socket.impl()), session, true);
}


std::string WebSocketConnector::createKey()
{
	unsigned char bytes[WebSocketHandshake::KEY_LENGTH];
	if (RAND_bytes(bytes, sizeof(bytes)) != 1)
		throw Poco::SystemException("No random numbers for the handshake key");
	return WebSocketHandshake::encodeKey(bytes);
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
