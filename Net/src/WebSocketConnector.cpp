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
#include "Poco/Net/HTTPSessionFactory.h"
#include "Poco/Net/NetException.h"
#include "Poco/Net/WebSocketDeflate.h"
#include "Poco/Net/WebSocketHandshake.h"
#include "Poco/Net/WebSocketParams.h"
#include "WebSocketDeadline.h"
#include "Poco/Ascii.h"
#include "Poco/Buffer.h"
#include "Poco/Clock.h"
#include "Poco/String.h"
#include "Poco/URI.h"
#include <openssl/rand.h>
#include <memory>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


namespace
{
	using Verdict = WebSocketHandshake::Verdict;

	constexpr int MAX_ATTEMPTS = 3; // NTLM needs three requests, Digest with a stale nonce too
	constexpr int MAX_INTERIM = 16;
	constexpr std::streamsize MAX_DRAIN = 64*1024;

	struct SessionAccess: public HTTPClientSession
		/// Opens what HTTPClientSession keeps for its friend, stock's WebSocket.
	{
		static int waiting(const HTTPClientSession& session)
		{
			return (session.*&SessionAccess::buffered)();
		}

		static StreamSocket tunnel(HTTPClientSession& session)
		{
			return (session.*&SessionAccess::proxyConnect)();
		}
	};

	[[noreturn]] void fail(const Verdict& verdict)
	{
		throw WebSocketException(verdict.text, verdict.error);
	}

	bool isNTLM(const std::string& challenge)
	{
		return Poco::icompare(challenge, 0, 4, "NTLM") == 0 && (challenge.size() == 4 || Poco::Ascii::isSpace(challenge[4]));
	}

	std::string tokenOf(const std::string& challenge)
		/// What a server says behind "NTLM".
	{
		return Poco::trim(challenge.substr(4));
	}

	bool mayRetry(const HTTPCredentials& credentials, const HTTPResponse& response, int attempt)
		/// Returns true if the same credentials may be accepted next time.
	{
		if (credentials.empty() || attempt >= MAX_ATTEMPTS) return false;
		if (attempt == 1) return true;
		const std::string challenge = response.get(HTTPAuthenticationParams::WWW_AUTHENTICATE, "");
		if (isNTLM(challenge)) return !tokenOf(challenge).empty();
		if (!HTTPCredentials::isDigestCredentials(challenge) || challenge.size() < 8) return false;
		const HTTPAuthenticationParams params(challenge.substr(7));
		return Poco::icompare(params.get("stale", ""), "true") == 0; // RFC 7616, 3.3
	}

	void authenticate(HTTPCredentials& credentials, HTTPRequest& request, const HTTPResponse& response)
	{
		// HTTPCredentials wants a space behind the scheme in any case, and two behind NTLM if there is more.
		HTTPResponse challenges;
		for (const auto& field: response)
		{
			if (Poco::icompare(field.first, HTTPAuthenticationParams::WWW_AUTHENTICATE) != 0) continue;
			const bool ntlm = isNTLM(field.second) && !tokenOf(field.second).empty();
			challenges.add(field.first, ntlm ? "NTLM  " + tokenOf(field.second) : field.second + " ");
		}
		credentials.authenticate(request, challenges);
	}

	void setHost(HTTPRequest& request, HTTPClientSession& session)
	{
		if (session.getHost().empty()) // made from a connected socket
			request.setHost(session.socket().peerAddress().toString());
		else
			request.setHost(session.getHost(), session.getPort());
	}

	void offer(HTTPRequest& request, const WebSocketParams& params)
	{
		std::string subprotocols;
		for (const std::string& subprotocol: params.getSubprotocols())
			subprotocols.append(subprotocols.empty() ? "" : ", ").append(subprotocol);
		if (!subprotocols.empty()) request.set("Sec-WebSocket-Protocol", subprotocols);
		if (params.getDeflate()) request.set("Sec-WebSocket-Extensions", WebSocketDeflateNegotiation::offer(params.getDeflateParams()));
	}

	class Exchange
		/// The HTTP side of a client's connection: the caller's session or, behind a
		/// proxy, a session on a tunnel made for it.
	{
	public:
		Exchange(HTTPClientSession& session, const Poco::Clock& start, const WebSocketParams* pParams):
			_session(session),
			_proxyConfig(session.getProxyConfig()),
			_pBody(nullptr),
			_tunnelled(!session.getProxyHost().empty() && !session.getHost().empty() && !session.secure() && !session.bypassProxy()),
			_start(start),
			_pParams(pParams)
		{
			// A session made from a connected socket has the global proxy, but no use for it.
			if (session.getHost().empty()) session.setProxyConfig(HTTPClientSession::ProxyConfig());
		}

		~Exchange()
		{
			_session.setProxyConfig(_proxyConfig);
		}

		HTTPClientSession& session()
		{
			if (!_tunnelled) return _session;
			if (!_pTunnel)
			{
				StreamSocket socket = SessionAccess::tunnel(_session);
				_pTunnel = std::make_unique<HTTPClientSession>(socket);
				_pTunnel->setProxyConfig(HTTPClientSession::ProxyConfig()); // the request is for the server
			}
			return *_pTunnel;
		}

		void run(HTTPRequest& request, HTTPResponse& response, HTTPCredentials& credentials)
			/// Sends the request and receives the response; several times, if the server wants credentials.
		{
			for (int attempt = 1;; ++attempt)
			{
				session().setKeepAlive(true);
				if (!request.has(HTTPRequest::HOST)) setHost(request, _session);
				session().sendRequest(request);
				_pBody = nullptr;
				_pBody = &receiveResponse(response);
				if (response.getStatus() != HTTPResponse::HTTP_UNAUTHORIZED || !mayRetry(credentials, response, attempt)) return;
				if (!drain(response))
				{
					if (_session.getHost().empty()) return; // was made from a socket: there is no second one
					reset();
				}
				authenticate(credentials, request, response);
			}
		}

		void abandon(const HTTPResponse& response)
			/// There is no WebSocket. The caller may go on using the session.
		{
			try
			{
				if (bodyIsHere(response) && drain(response)) return;
			}
			catch (const Poco::Exception&)
			{
				// why there is no WebSocket is of interest, not that
			}
			reset();
		}

	private:
		Exchange(const Exchange&) = delete;
		Exchange& operator = (const Exchange&) = delete;

		void reset()
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

		bool bodyIsHere(const HTTPResponse& response)
			/// Returns true if draining does not have to wait.
		{
			if (!_pBody || response.getStatus() == HTTPResponse::HTTP_SWITCHING_PROTOCOLS || !response.hasContentLength()) return false;
			HTTPClientSession& used = session();
			return SessionAccess::waiting(used) + used.socket().available() >= response.getContentLength64();
		}

		bool drain(const HTTPResponse& response)
			/// Takes the body of a response off the connection. Returns false
			/// if it is not worth it: then the connection cannot be used again.
		{
			if (!_pBody || !response.getKeepAlive()) return false;
			if (!response.hasContentLength() && !response.getChunkedTransferEncoding()) return false;
			std::unique_ptr<WebSocketDeadline> pDeadline;
			if (_pParams) pDeadline = std::make_unique<WebSocketDeadline>(session(), _start, _pParams->getHandshakeTimeout(), 2*static_cast<int>(MAX_DRAIN));
			_pBody->ignore(MAX_DRAIN);
			return _pBody->eof();
		}

		std::istream& receiveResponse(HTTPResponse& response)
		{
			if (!_pParams) return receiveFinalResponse(response);
			session().flushRequest();
			const WebSocketDeadline deadline(session(), _start, _pParams->getHandshakeTimeout(), _pParams->getMaxHandshakeSize());
			std::istream& body = receiveFinalResponse(response);
			const Verdict size = WebSocketHandshake::checkSize(response, static_cast<std::size_t>(_pParams->getMaxHandshakeFields()), static_cast<std::size_t>(_pParams->getMaxHandshakeSize()));
			if (!size.ok()) fail(size);
			return body;
		}

		std::istream& receiveFinalResponse(HTTPResponse& response)
		{
			std::istream* pBody = &session().receiveResponse(response);
			for (int i = 0; i < MAX_INTERIM && isInterim(response); ++i) pBody = &session().receiveResponse(response);
			return *pBody;
		}

		static bool isInterim(const HTTPResponse& response)
			/// RFC 9110, 15.2: Early Hints, for instance
		{
			return response.getStatus() < HTTPResponse::HTTP_OK && response.getStatus() != HTTPResponse::HTTP_SWITCHING_PROTOCOLS;
		}

		HTTPClientSession& _session;
		const HTTPClientSession::ProxyConfig _proxyConfig;
		std::unique_ptr<HTTPClientSession> _pTunnel;
		std::istream* _pBody; // of the last response
		bool _tunnelled;
		const Poco::Clock& _start;
		const WebSocketParams* _pParams;
	};

	bool isRedirect(const HTTPResponse& response)
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

	URI location(HTTPClientSession& session, const HTTPRequest& request)
	{
		URI uri(std::string(session.secure() ? "https://" : "http://") + request.getHost());
		return URI(uri, request.getURI());
	}

	bool sameOrigin(const URI& one, const URI& other)
	{
		return one.getScheme() == other.getScheme() && one.getPort() == other.getPort() && Poco::icompare(one.getHost(), other.getHost()) == 0;
	}

	URI resolve(const URI& from, const std::string& reference)
	{
		try
		{
			return URI(from, reference);
		}
		catch (const Poco::SyntaxException&)
		{
			throw WebSocketException("Redirect to what is no URI: " + reference, WebSocketError::NO_HANDSHAKE);
		}
	}

	URI redirectTarget(const URI& from, const HTTPResponse& response)
	{
		URI to = resolve(from, response.get("Location"));
		if (to.getScheme() == "ws") to.setScheme("http");
		if (to.getScheme() == "wss") to.setScheme("https");
		if ((to.getScheme() != "http" && to.getScheme() != "https") || (from.getScheme() == "https" && to.getScheme() == "http"))
			throw WebSocketException("Redirect is not followed: " + to.toString(), WebSocketError::NO_HANDSHAKE);
		return to;
	}

	std::unique_ptr<HTTPClientSession> follow(const URI& from, const URI& to, HTTPRequest& request)
		/// Makes a session for the redirect, and the request fit for it.
	{
		if (!sameOrigin(from, to))
		{
			request.erase(HTTPRequest::AUTHORIZATION);
			request.erase(HTTPRequest::COOKIE);
		}
		request.setHost(to.getHost(), to.getPort());
		request.setURI(to.getPathAndQuery().empty() ? "/" : to.getPathAndQuery());
		return std::unique_ptr<HTTPClientSession>(HTTPSessionFactory::defaultFactory().createClientSession(to));
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


WebSocketUpgrade WebSocketConnector::connect(HTTPClientSession& cs, HTTPRequest& request, HTTPResponse& response, HTTPCredentials& credentials, const WebSocketParams* pParams)
{
	if (request.getMethod() != HTTPRequest::HTTP_GET)
		throw InvalidArgumentException("WebSocket handshake must use GET");
	std::string key = Poco::trim(request.get("Sec-WebSocket-Key", ""));
	if (!WebSocketHandshake::isKey(key)) key = createKey();
	WebSocketHandshake::prepare(request, key);
	if (pParams) offer(request, *pParams);
	const Verdict fields = WebSocketHandshake::checkLines(request);
	if (!fields.ok()) throw InvalidArgumentException(fields.text);

	const Poco::Clock start;
	HTTPCredentials none;
	HTTPCredentials* pCredentials = &credentials;
	HTTPClientSession* pSession = &cs;
	std::unique_ptr<HTTPClientSession> pRedirected;
	std::unique_ptr<HTTPClientSession> pBefore; // the exchange still refers to it
	for (int redirects = 0;; ++redirects)
	{
		Exchange exchange(*pSession, start, pParams);
		try
		{
			exchange.run(request, response, *pCredentials);
			if (!pParams || redirects >= pParams->getMaxRedirects() || !isRedirect(response))
				return finish(exchange.session(), request, response, key, pParams);

			const URI from = location(*pSession, request);
			const URI to = redirectTarget(from, response);
			pBefore = std::move(pRedirected);
			pRedirected = follow(from, to, request);
			pRedirected->setTimeout(cs.getTimeout());
			pSession = pRedirected.get();
			if (!sameOrigin(from, to)) pCredentials = &none;
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


std::string WebSocketConnector::createKey()
{
	unsigned char bytes[WebSocketHandshake::KEY_LENGTH];
	if (RAND_bytes(bytes, sizeof(bytes)) != 1)
		throw Poco::SystemException("No random numbers for the handshake key");
	return WebSocketHandshake::encodeKey(bytes);
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
