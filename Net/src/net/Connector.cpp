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
#include "net/SessionAccess.h"
#include "Poco/Net/HTTPClientSession.h"
#include "Poco/Net/HTTPCredentials.h"
#include "Poco/Net/HTTPSessionFactory.h"
#include "Poco/Net/NetException.h"
#include "core/Address.h"
#include "core/Challenge.h"
#include "core/Deflate.h"
#include "core/Handshake.h"
#include "core/HeaderMeter.h"
#include "Poco/Net/WebSocketParams.h"
#include "net/TimedSession.h"
#include "core/HandshakeFields.h"
#include "net/Descriptor.h"
#include "net/Dialer.h"
#include "net/TLSSession.h"
#include "Poco/Ascii.h"
#include "Poco/Buffer.h"
#include "Poco/Clock.h"
#include "Poco/String.h"
#include "Poco/URI.h"
#include <openssl/rand.h>
#include <memory>
#include <sstream>
#include <string>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


namespace
{
	using Verdict = WebSocketHandshake::Verdict;

	constexpr int MAX_ATTEMPTS = 3; // NTLM needs three requests, Digest with a stale nonce too
	constexpr int MAX_INTERIM = 16;
	constexpr std::streamsize MAX_DRAIN = 64*1024;

	[[noreturn]] void fail(const Verdict& verdict)
	{
		throw WebSocketException(verdict.text, verdict.error);
	}

	struct Asker
		/// Who may want credentials, and how that is said.
	{
		HTTPResponse::HTTPStatus status;
		const char* question;
		const char* answer;
		void (HTTPCredentials::*authenticate)(HTTPRequest&, const HTTPResponse&);
	};

	const Asker BY_SERVER = {HTTPResponse::HTTP_UNAUTHORIZED, "WWW-Authenticate", "Authorization", &HTTPCredentials::authenticate};
	const Asker BY_PROXY  = {HTTPResponse::HTTP_PROXY_AUTHENTICATION_REQUIRED, "Proxy-Authenticate", "Proxy-Authorization", &HTTPCredentials::proxyAuthenticate};

	WebSocketChallenge challengeOf(const Asker& asker, const HTTPResponse& response, const HTTPCredentials& credentials, int attempt, int schemes = WebSocketChallenge::ALL)
		/// Returns what the credentials are to be sent for; one that is UNSUPPORTED if they are not.
	{
		if (response.getStatus() != asker.status || credentials.empty() || attempt >= MAX_ATTEMPTS) schemes = WebSocketChallenge::UNSUPPORTED;
		const WebSocketChallenge challenge = WebSocketChallenge::choose(response, asker.question, schemes);
		return attempt == 1 || challenge.goesOn() ? challenge : WebSocketChallenge::choose(response, asker.question, WebSocketChallenge::UNSUPPORTED);
	}

	void authenticate(const Asker& asker, const WebSocketChallenge& challenge, HTTPCredentials& credentials, HTTPRequest& request)
	{
		if (challenge.scheme() == WebSocketChallenge::DIGEST && !challenge.isPlainMD5())
		{
			request.set(asker.answer, challenge.answer({credentials.getUsername(), credentials.getPassword(), request.getMethod(), request.getURI(), WebSocketConnector::createKey()}));
			return;
		}
		// HTTPCredentials wants a space behind the scheme in any case, and two behind NTLM if there is more.
		HTTPResponse alone;
		const bool more = challenge.scheme() == WebSocketChallenge::NTLM && !challenge.token().empty();
		alone.set(asker.question, more ? "NTLM  " + challenge.token() : challenge.text() + " ");
		(credentials.*asker.authenticate)(request, alone);
	}

	bool drain(std::istream& body, const HTTPResponse& response)
		/// Takes the body of a response off the connection. Returns false
		/// if it is not worth it: then the connection cannot be used again.
		/// A deadline ends it, or the body is here already.
	{
		if (!response.getKeepAlive()) return false;
		if (!response.hasContentLength() && !response.getChunkedTransferEncoding()) return false;
		body.ignore(MAX_DRAIN);
		return body.eof();
	}

	WebSocketAddress addressOf(HTTPClientSession& session)
		/// Where a session is connected, or connects.
	{
		WebSocketAddress address;
		address.secure = session.secure();
		address.host   = session.getHost();
		address.port   = session.getPort();
		if (!address.host.empty()) return address;
		const SocketAddress peer = session.socket().peerAddress(); // made from a connected socket
		address.host = peer.host().toString();
		address.port = peer.port();
		return address;
	}

	void offer(HTTPRequest& request, const WebSocketParams& params)
	{
		std::string subprotocols;
		for (const std::string& subprotocol: params.getSubprotocols())
			subprotocols.append(subprotocols.empty() ? "" : ", ").append(subprotocol);
		if (!subprotocols.empty()) request.set("Sec-WebSocket-Protocol", subprotocols);
		if (params.getDeflate()) request.set("Sec-WebSocket-Extensions", WebSocketDeflateNegotiation::offer(params.getDeflateParams()));
	}

	class Response: public HTTPResponse
		/// Reads itself from a session. A field may be of any length, and there may be any number of them: how much comes is
		/// the deadline's business.
	{
	public:
		explicit Response(HTTPClientSession& session):
			_session(session)
		{
		}

		void read(std::istream&) override
		{
			int c = WebSocketSessionAccess::next(_session);
			while (c != END && Poco::Ascii::isSpace(c)) c = WebSocketSessionAccess::next(_session);
			std::string line;
			for (; c != END && c != '\n'; c = WebSocketSessionAccess::next(_session)) line += static_cast<char>(c);
			std::istringstream status(line.empty() ? line : line + "\n\r\n"); // without fields
			HTTPResponse::read(status);
			if (!WebSocketHandshakeFields::readFields(receiveFields(), *this)) throw MessageException("Malformed header field");
		}

	private:
		static constexpr int END = std::char_traits<char>::eof();

		std::string receiveFields()
			/// Up to the empty line, or the end.
		{
			std::string fields;
			for (bool begin = true;;)
			{
				int c = WebSocketSessionAccess::next(_session);
				const bool last = begin && (c == '\r' || c == '\n');
				while (last && c != END && c != '\n') c = WebSocketSessionAccess::next(_session);
				if (last || c == END) return fields;
				begin = c == '\n';
				fields += static_cast<char>(c);
			}
		}

		HTTPClientSession& _session;
	};

	class Kept
		/// As long as it exists, a session keeps its connection however long that was idle: WebSocketDialer has looked at it.
	{
	public:
		explicit Kept(HTTPClientSession& session):
			_session(session),
			_timeout(session.getKeepAliveTimeout())
		{
			_session.setKeepAliveTimeout(Poco::Timespan(36500, 0, 0, 0, 0));
		}

		~Kept()
		{
			_session.setKeepAliveTimeout(_timeout);
		}

	private:
		Kept(const Kept&) = delete;
		Kept& operator = (const Kept&) = delete;

		HTTPClientSession& _session;
		const Poco::Timespan _timeout;
	};

	void send(HTTPClientSession& session, HTTPRequest& request, WebSocketTimedSession* pDeadline)
	{
		const Kept kept(session);
		if (pDeadline) pDeadline->send(request);
		else session.sendRequest(request);
		WebSocketDescriptor::closeOnExec(*session.socket().impl()); // which may have been connected just now
	}

	std::istream& receiveFinal(HTTPClientSession& session, HTTPResponse& response)
	{
		std::istream* pBody = &session.receiveResponse(response);
		for (int i = 0; i < MAX_INTERIM && WebSocketHeaderMeter::isInterim(response.getStatus()); ++i) pBody = &session.receiveResponse(response);
		return *pBody;
	}

	std::istream& receiveFinal(HTTPClientSession& session, HTTPResponse& response, const WebSocketTimedSession* pDeadline, const WebSocketParams* pParams)
		/// The last two are there, or are not, together.
	{
		if (!pDeadline) return receiveFinal(session, response);
		Response received(session);
		received.setFieldLimit(response.getFieldLimit());
		std::istream& body = receiveFinal(session, received);
		response = received;
		if (!pDeadline->headerIsWhole())
		{
			if (session.networkException()) session.networkException()->rethrow();
			throw MessageException("The header has no end");
		}
		const Verdict count = WebSocketHandshake::checkCount(response, static_cast<std::size_t>(pParams->getMaxHandshakeFields()));
		if (!count.ok()) fail(count);
		return body;
	}

	struct ConnectRequest
		/// What is said to a proxy, on one connection or, if it wants credentials, several.
	{
		explicit ConnectRequest(HTTPClientSession& session):
			config(session.getProxyConfig()),
			credentials(config.username, config.password),
			request(HTTPRequest::HTTP_CONNECT, addressOf(session).authority(), HTTPMessage::HTTP_1_1),
			attempt(0)
		{
			request.set("Proxy-Connection", HTTPMessage::CONNECTION_KEEP_ALIVE);
			request.set(HTTPRequest::HOST, request.getURI()); // RFC 9112, 3.2
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
		HTTPRequest request;
		int attempt;
	};

	class Tunnel: public HTTPClientSession
		/// A session on a connection to a proxy, which passes on what is sent (RFC 9110, 9.3.6).
	{
	public:
		explicit Tunnel(HTTPClientSession& session):
			HTTPClientSession(session.getProxyHost(), session.getProxyPort(), ProxyConfig()),
			_open(false)
		{
			setTimeout(session.getTimeout());
			copySource(session, static_cast<HTTPClientSession&>(*this), 0);
		}

		bool open(ConnectRequest& connect, WebSocketTimedSession* pDeadline, const WebSocketParams* pParams)
			/// Does what HTTPClientSession::proxyConnect() does, but stays on the session: what has been
			/// received behind the proxy's answer is in its buffer. Returns false if the proxy wants credentials on
			/// another connection.
		{
			if (connect.attempt == 0 && connect.config.authMethod != PROXY_AUTH_HTTP_DIGEST) proxyAuthenticateImpl(connect.request, connect.config);
			setKeepAlive(true);
			for (;;)
			{
				send(*this, connect.request, pDeadline);
				HTTPResponse response;
				std::istream& body = receiveFinal(*this, response, pDeadline, pParams);
				_open = response.getStatus() >= 200 && response.getStatus() <= 299;
				if (_open) return true;
				const WebSocketChallenge challenge = challengeOf(BY_PROXY, response, connect.credentials, ++connect.attempt, connect.schemes());
				if (challenge.scheme() == WebSocketChallenge::UNSUPPORTED) throw HTTPException("Cannot establish proxy connection", response.getReason(), response.getStatus());
				const bool again = drain(body, response);
				if (!again && dynamic_cast<const TimeoutException*>(networkException())) networkException()->rethrow();
				authenticate(BY_PROXY, challenge, connect.credentials, connect.request);
				if (!again) return false;
			}
		}

	protected:
		bool mustReconnect() const override
		{
			return !_open && HTTPClientSession::mustReconnect();
		}

		int write(const char* pData, std::streamsize length) override
		{
			return _open ? HTTPSession::write(pData, length) : HTTPClientSession::write(pData, length); // which connects again
		}

	private:
		template <class Session>
		static auto copySource(Session& from, Session& to, int) -> decltype(to.setSourceAddress(from.getSourceAddress4()), to.setSourceAddress(from.getSourceAddress6()))
			/// Sessions of later versions of Poco may have an address that they connect from.
		{
			to.setSourceAddress(from.getSourceAddress4());
			to.setSourceAddress(from.getSourceAddress6());
		}

		template <class Session>
		static void copySource(Session&, Session&, long)
		{
		}

		bool _open;
	};

	class Key
		/// The keys of all requests of one connect(): each has its own, if the caller has not given one.
	{
	public:
		explicit Key(const HTTPRequest& request):
			_value(Poco::trim(request.get("Sec-WebSocket-Key", ""))),
			_given(WebSocketHandshake::isKey(_value))
		{
			if (!_given) _value = WebSocketConnector::createKey();
		}

		void renew(HTTPRequest& request)
			/// RFC 6455, 4.1: randomly for each connection
		{
			if (!_given) _value = WebSocketConnector::createKey();
			request.set("Sec-WebSocket-Key", _value);
		}

		const std::string& value() const
		{
			return _value;
		}

	private:
		std::string _value;
		bool _given;
	};

	bool isAnswer(const NetException& exc)
		/// Returns true if the server has sent something. With TLS, the end of a connection has many names.
	{
		return dynamic_cast<const HTTPException*>(&exc) || dynamic_cast<const MessageException*>(&exc) || dynamic_cast<const WebSocketException*>(&exc);
	}

	class Exchange
		/// The HTTP side of a client's connection: the caller's session or, behind a
		/// proxy, a session on a tunnel made for it.
	{
	public:
		Exchange(HTTPClientSession& session, const Poco::Clock& start, const WebSocketParams* pParams, WebSocketTLSSession* pLast):
			_session(session),
			_proxyConfig(session.getProxyConfig()),
			_pBody(nullptr),
			_tunnelled(false),
			_secured(false),
			_start(start),
			_pParams(pParams),
			_pLast(pLast)
		{
			// A session made from a connected socket has the global proxy, but no use for it.
			if (session.getHost().empty()) session.setProxyConfig(HTTPClientSession::ProxyConfig());
			if (session.getProxyHost().empty() || session.bypassProxy()) return;
			_tunnelled = !session.secure();
			_secured   = !_tunnelled && speaksHTTP(_proxyConfig, 0) && WebSocketDialer::canSecure(session);
		}

		~Exchange()
		{
			_session.setProxyConfig(_proxyConfig);
		}

		HTTPClientSession& session()
		{
			return _pTunnel ? *_pTunnel : _session;
		}

		void run(HTTPRequest& request, HTTPResponse& response, HTTPCredentials& credentials, Key& key)
			/// Sends the request and receives the response; several times, if the server wants credentials.
		{
			std::unique_ptr<WebSocketTimedSession> pDeadline;
			for (int attempt = 1;; ++attempt)
			{
				bool used = open(pDeadline);
				session().setKeepAlive(true);
				if (!request.has(HTTPRequest::HOST)) request.setHost(addressOf(_session).hostField());
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
				const WebSocketChallenge challenge = challengeOf(BY_SERVER, response, credentials, attempt);
				if (challenge.scheme() == WebSocketChallenge::UNSUPPORTED) return;
				if (!_pBody || !drain(*_pBody, response))
				{
					if (_session.getHost().empty()) return; // was made from a socket: there is no second one
					pDeadline.reset();
					reset();
				}
				authenticate(BY_SERVER, challenge, credentials, request);
			}
		}

		void abandon(const HTTPResponse& response)
			/// There is no WebSocket. The caller may go on using the session.
		{
			try
			{
				if (bodyIsHere(response) && drain(*_pBody, response)) return;
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

		void exchange(HTTPRequest& request, HTTPResponse& response, WebSocketTimedSession* pDeadline)
		{
			_pBody = nullptr;
			send(session(), request, pDeadline);
			_pBody = &receiveFinal(session(), response, pDeadline, _pParams);
		}

		bool exchangeAgain(HTTPRequest& request, HTTPResponse& response, WebSocketTimedSession* pDeadline)
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

		bool open(std::unique_ptr<WebSocketTimedSession>& pDeadline)
			/// Makes the connection and the tunnel, if there has to be one, and the deadline, if there are parameters. Returns false
			/// if the connection is new.
		{
			if (_tunnelled && !_pTunnel)
			{
				if (speaksHTTP(_proxyConfig, 0))
				{
					_pTunnel = openTunnel(pDeadline);
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
				else WebSocketDialer::connect(_session, timeLeft(), _pLast);
			}
			if (!pDeadline) pDeadline = deadline(session());
			return used;
		}

		std::unique_ptr<Tunnel> openTunnel(std::unique_ptr<WebSocketTimedSession>& pDeadline)
			/// Returns a tunnel, and its deadline if there are parameters.
		{
			ConnectRequest connect(_session);
			for (;;)
			{
				std::unique_ptr<Tunnel> pTunnel = std::make_unique<Tunnel>(_session);
				WebSocketDialer::connect(*pTunnel, timeLeft());
				std::unique_ptr<WebSocketTimedSession> pTime = deadline(*pTunnel);
				if (!pTunnel->open(connect, pTime.get(), _pParams)) continue;
				pDeadline = std::move(pTime);
				return pTunnel;
			}
		}

		void secure()
			/// Makes a tunnel, and has the session speak TLS through it.
		{
			_session.reset();
			std::unique_ptr<WebSocketTimedSession> pTime;
			const std::unique_ptr<Tunnel> pTunnel = openTunnel(pTime);
			pTime.reset();
			if (WebSocketSessionAccess::waiting(*pTunnel) > 0) throw MessageException("The server has spoken before it was asked");
			WebSocketDialer::secure(_session, pTunnel->detachSocket(), timeLeft(), _pLast);
		}

		Poco::Timespan timeLeft() const
			/// Returns what is left for connecting.
		{
			if (!_pParams) return WebSocketDialer::connectionTimeout(_session);
			return _pParams->getHandshakeTimeout() - Poco::Timespan(_start.elapsed());
		}

		std::unique_ptr<WebSocketTimedSession> deadline(HTTPClientSession& session) const
		{
			if (!_pParams) return nullptr;
			return std::make_unique<WebSocketTimedSession>(session, _start, _pParams->getHandshakeTimeout(), _pParams->getMaxHandshakeSize());
		}

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
			if (!_pBody || response.getStatus() == HTTPResponse::HTTP_SWITCHING_PROTOCOLS) return false;
			if (!response.hasContentLength() || response.getChunkedTransferEncoding()) return false;
			HTTPClientSession& used = session();
			return WebSocketSessionAccess::waiting(used) + used.socket().available() >= response.getContentLength64();
		}

		HTTPClientSession& _session;
		const HTTPClientSession::ProxyConfig _proxyConfig;
		std::unique_ptr<HTTPClientSession> _pTunnel;
		std::istream* _pBody; // of the last response
		bool _tunnelled; // there is a proxy, and a session on a tunnel in place of the caller's,
		bool _secured;   // or the caller's on a tunnel
		const Poco::Clock& _start;
		const WebSocketParams* _pParams;
		WebSocketTLSSession* const _pLast;
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

	WebSocketAddress redirectTarget(const WebSocketAddress& from, const HTTPResponse& response)
	{
		WebSocketAddress to;
		if (!from.resolve(response.get("Location"), to) || (from.secure && !to.secure))
			throw WebSocketException("Redirect is not followed: " + response.get("Location"), WebSocketError::NO_HANDSHAKE);
		return to;
	}

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

	std::unique_ptr<HTTPClientSession> follow(const WebSocketAddress& from, const WebSocketAddress& to, HTTPRequest& request)
		/// Makes a session for the redirect, and the request fit for it.
	{
		if (!from.sameOrigin(to))
		{
			request.erase(HTTPRequest::AUTHORIZATION);
			request.erase(HTTPRequest::COOKIE);
		}
		request.setHost(to.hostField());
		request.setURI(to.target);
		return std::unique_ptr<HTTPClientSession>(HTTPSessionFactory::defaultFactory().createClientSession(URI(to.uri())));
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
	Key key(request);
	WebSocketHandshake::prepare(request, key.value());
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
		Exchange exchange(*pSession, start, pParams, pLast);
		try
		{
			exchange.run(request, response, *pCredentials, key);
			if (pLast) pLast->keep(static_cast<StreamSocketImpl*>(pSession->socket().impl()));
			if (!pParams || redirects >= pParams->getMaxRedirects() || !isRedirect(response))
				return finish(exchange.session(), request, response, key.value(), pParams);

			const WebSocketAddress from = requested(*pSession, request);
			const WebSocketAddress to = redirectTarget(from, response);
			pBefore = std::move(pRedirected);
			pRedirected = follow(from, to, request);
			pRedirected->setTimeout(cs.getTimeout());
			if (!cs.getHost().empty()) pRedirected->setProxyConfig(cs.getProxyConfig()); // one made from a socket has no use for a proxy
			key.renew(request);
			pSession = pRedirected.get();
			if (!from.sameOrigin(to)) pCredentials = &none;
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
