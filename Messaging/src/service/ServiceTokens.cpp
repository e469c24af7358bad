//
// ServiceTokens.cpp
//
// Library: PocoMessaging
// Package: Service
// Module:  ServiceCore
//
// Who comes in: tokens of handshakes, of Connect and of Refresh.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "service/ServiceCore.h"
#include "Poco/Net/HTTPRequest.h"
#include "Poco/Net/HTTPResponse.h"
#include "Poco/Net/NameValueCollection.h"
#include "Poco/String.h"
#include "Poco/StringTokenizer.h"
#include "Poco/Timestamp.h"


namespace Poco {
namespace Messaging {
POCO_MESSAGING_BEGIN


using Poco::Net::HTTPResponse;
using Poco::Net::WebSocketFrame;


namespace
{
	Poco::Int64 seconds()
		/// Since 1970.
	{
		return Poco::Timestamp().epochTime();
	}

	const MessageFormat* formatOf(const Poco::Net::HTTPRequest& request)
		/// The first of the client's subprotocols that is ours (RFC 6455, 4.1: it prefers the first).
	{
		for (auto it = request.find("Sec-WebSocket-Protocol"); it != request.end(); ++it)
		{
			if (Poco::icompare(it->first, "Sec-WebSocket-Protocol") != 0) continue;
			const Poco::StringTokenizer names(it->second, ",", Poco::StringTokenizer::TOK_TRIM | Poco::StringTokenizer::TOK_IGNORE_EMPTY);
			for (const std::string& name: names)
			{
				if (const MessageFormat* const pFormat = MessageFormat::find(name)) return pFormat;
			}
		}
		return nullptr;
	}

	std::string bearer(const Poco::Net::HTTPRequest& request)
		/// RFC 6750, 2.1. Empty: there is none.
	{
		std::string scheme;
		std::string token;
		if (!request.hasCredentials()) return token;
		request.getCredentials(scheme, token);
		return Poco::icompare(scheme, "Bearer") == 0 ? Poco::trim(token) : std::string();
	}

	void refuse(const Poco::Net::WebSocketAcceptance::Ptr& pAcceptance)
	{
		Poco::Net::NameValueCollection fields;
		fields.set("WWW-Authenticate", "Bearer error=\"invalid_token\""); // RFC 6750, 3
		pAcceptance->refuse(HTTPResponse::HTTP_UNAUTHORIZED, "The token is not accepted", fields);
	}
}


void ServiceCore::onHandshake(const Poco::Net::WebSocketAcceptance::Ptr& pAcceptance)
{
	const MessageFormat* const pFormat = formatOf(pAcceptance->request());
	if (!pFormat && !_rawHandler)
	{
		pAcceptance->refuse(HTTPResponse::HTTP_BAD_REQUEST, "The subprotocol is poco.messaging.v1 or poco.messaging.json.v1");
		return;
	}
	const std::string subprotocol = pFormat ? pFormat->subprotocol() : "";
	const std::string token = _pParams->getVerifier() ? bearer(pAcceptance->request()) : std::string();
	if (token.empty() && !pFormat && _pParams->getVerifier() && _pParams->getTokenRequired()) return refuse(pAcceptance); // it has no Connect
	if (token.empty())
	{
		pAcceptance->accept(Poco::Net::NameValueCollection(), subprotocol); // its token comes with Connect
		return;
	}
	const auto done = [this, pAcceptance, subprotocol](const TokenResult& result)
	{
		if (result.error != TokenError::NONE)
		{
			++_counts.tokensRefused;
			return refuse(pAcceptance);
		}
		pAcceptance->setUserData(std::make_shared<TokenResult>(result));
		pAcceptance->accept(Poco::Net::NameValueCollection(), subprotocol);
	};
	if (!check(token, done)) pAcceptance->refuse(HTTPResponse::HTTP_SERVICE_UNAVAILABLE, "Too many tokens are being checked");
}


bool ServiceCore::check(std::string_view token, const Checked& done)
{
	const TokenVerifier& verifier = *_pParams->getVerifier();
	if (!verifier.costly(token))
	{
		done(verifier.verify(token, seconds()));
		return true;
	}
	const auto task = [&verifier, kept = std::string(token), done]() { done(verifier.verify(kept, seconds())); };
	{
		const std::lock_guard<std::mutex> lock(_mutex);
		if (_stopped || _tokens.size() >= MAX_TOKENS) return false;
		_tokens.emplace_back(task);
	}
	_tokenCondition.notify_one();
	return true;
}


void ServiceCore::runTokens()
{
	std::unique_lock<std::mutex> lock(_mutex);
	while (!_stopped)
	{
		if (_tokens.empty())
		{
			_tokenCondition.wait(lock);
			continue;
		}
		std::function<void()> task = std::move(_tokens.front());
		_tokens.pop_front();
		lock.unlock();
		quietly(task);
		task = nullptr;
		lock.lock();
	}
}


void ServiceCore::connectPeer(Peer& peer, Poco::UInt32 id, std::string_view info, std::string_view token)
{
	bool hasToken = false;
	TokenResult before;
	{
		const std::lock_guard<std::mutex> lock(peer.mutex);
		if (peer.pSession || peer.connecting)
		{
			hasToken = true;
		}
		else
		{
			peer.connecting = true;
			before = peer.token;
		}
	}
	if (hasToken) return fail(peer, id, ErrorCode::CONNECTED, "There was a Connect before");
	const std::string keptInfo(info.substr(0, MessageService::MAX_INFO));
	if (!_pParams->getVerifier() || token.empty()) return connected(peer, id, keptInfo, before, peer.hasToken);
	const Peer::Ptr pPeer(&peer, true);
	peer.pause(); // what follows waits for the answer
	const bool checked = check(token, [this, pPeer, id, keptInfo](const TokenResult& result)
	{
		Peer& target = const_cast<Peer&>(*pPeer);
		connected(target, id, keptInfo, result, true);
		target.resume();
	});
	if (checked) return;
	{
		const std::lock_guard<std::mutex> lock(peer.mutex);
		peer.connecting = false;
	}
	peer.resume();
	fail(peer, id, ErrorCode::BUSY, "Too many tokens are being checked");
}


void ServiceCore::connected(Peer& peer, Poco::UInt32 id, const std::string& info, const TokenResult& token, bool hasToken)
	/// The token was checked.
{
	if (token.error != TokenError::NONE || (!hasToken && _pParams->getVerifier() && _pParams->getTokenRequired()))
	{
		++_counts.tokensRefused;
		fail(peer, id, ErrorCode::TOKEN, hasToken ? "The token is not accepted" : "There is no token");
		return peer.close(MessageService::CLOSE_TOKEN, hasToken ? "The token is not accepted" : "There is no token");
	}
	Session::Ptr pSession;
	try
	{
		pSession = hub().attach(Connection::Ptr(&peer, true), _encoders[peer.format().text() ? 1 : 0], token.user, token.info.empty() ? info : token.info);
		greet(peer, id, pSession, token);
	}
	catch (...) // the application's hook; there is no memory
	{
		failed(Opcode::CONNECT);
		if (pSession) hub().detach(pSession);
		quietly([&]() { fail(peer, id, ErrorCode::INTERNAL, "The server has failed"); });
		quietly([&]() { peer.close(WebSocketFrame::INTERNAL_ERROR, "Connect has failed"); });
	}
}


void ServiceCore::greet(Peer& peer, Poco::UInt32 id, const Session::Ptr& pSession, const TokenResult& token)
	/// The session can be found, but nothing goes to it before it is greeted.
{
	const QuotaRules::Ptr pRules = rulesOf(token.quota);
	Message answer = Message::empty(Opcode::CONNECTED, id);
	const std::string session = pSession->id();
	bool closed = false;
	{
		const std::lock_guard<std::mutex> lock(peer.mutex);
		closed = peer.closed;
		peer.connecting = false;
		if (!closed)
		{
			peer.pSession = pSession;
			peer.token = token;
			peer.setRules(pRules);
			peer.deadline = 0;
			schedule(peer, peer.resumeAt);
		}
	}
	if (closed) return hub().detach(pSession);
	answer.session = session;
	answer.user = token.user;
	answer.text = pSession->info();
	answer.timestamp = now() + wallOffset();
	if (token.expires != 0) answer.limit = static_cast<Poco::UInt32>(std::max<Poco::Int64>(1, token.expires - seconds()));
	peer.greet(answer);
	setDeadline(peer); // now: the client may be asked for another token at once, behind the answer
}


void ServiceCore::setDeadline(Peer& peer)
	/// When the token runs out; the leeway counts here as well.
{
	const std::lock_guard<std::mutex> lock(peer.mutex);
	peer.asked = false;
	peer.deadline = 0;
	if (peer.token.expires != 0)
	{
		const Poco::Int64 left = peer.token.expires*1000 - Poco::Timestamp().epochMicroseconds()/1000 + _pParams->getVerifier()->params().getLeeway().totalMilliseconds();
		peer.deadline = std::max<Time>(1, now() + left);
	}
	Time due = peer.deadline == 0 ? 0 : std::max<Time>(1, peer.deadline - _pParams->getRefreshTime().totalMilliseconds());
	if (peer.resumeAt != 0 && (due == 0 || due > peer.resumeAt)) due = peer.resumeAt;
	schedule(peer, due);
}


void ServiceCore::refreshPeer(Peer& peer, Poco::UInt32 id, std::string_view token)
{
	if (!_pParams->getVerifier()) return fail(peer, id, ErrorCode::TOKEN, "The service has no tokens");
	const Peer::Ptr pPeer(&peer, true);
	const bool checked = check(token, [this, pPeer, id](const TokenResult& result)
	{
		Peer& target = const_cast<Peer&>(*pPeer);
		bool accepted = false;
		{
			const std::lock_guard<std::mutex> lock(target.mutex);
			accepted = result.error == TokenError::NONE && target.pSession && target.pSession->user() == result.user;
			if (accepted)
			{
				target.token = result;
				target.setRules(rulesOf(result.quota));
			}
		}
		if (!accepted)
		{
			++_counts.tokensRefused;
			return fail(target, id, ErrorCode::TOKEN, "The token is not accepted"); // the one before holds as long as it does
		}
		if (id != 0)
		{
			Message answer = Message::empty(Opcode::REFRESH, id);
			if (result.expires != 0) answer.limit = static_cast<Poco::UInt32>(std::max<Poco::Int64>(1, result.expires - seconds()));
			target.answer(answer);
		}
		setDeadline(target);
	});
	if (!checked) fail(peer, id, ErrorCode::BUSY, "Too many tokens are being checked");
}


POCO_MESSAGING_END
} } // namespace Poco::Messaging
