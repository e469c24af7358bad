//
// WebSocketAcceptance.cpp
//
// Library: PocoWebSocket
// Package: Events
// Module:  WebSocketAcceptance
//
// SPDX-License-Identifier: BSL-1.0
//


#include "Poco/Net/WebSocketAcceptance.h"
#include "events/PendingAcceptance.h"
#include "core/Handshake.h"
#include "Poco/Exception.h"
#include <algorithm>
#include <new>
#include <utility>
#include <vector>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


namespace
{
	void checkAnswer(const NameValueCollection& fields)
	{
		const WebSocketHandshake::Verdict verdict = WebSocketHandshake::checkFields(fields);
		if (!verdict.ok()) throw InvalidArgumentException(verdict.text);
	}
}


//
// WebSocketAcceptance
//
WebSocketAcceptance::WebSocketAcceptance(const std::shared_ptr<WebSocketPendingAcceptance>& pPending):
	_pPending(pPending)
{
}


WebSocketAcceptance::~WebSocketAcceptance()
{
	_pPending->drop();
}


const HTTPRequest& WebSocketAcceptance::request() const
{
	return _pPending->request;
}


const SocketAddress& WebSocketAcceptance::remoteAddress() const
{
	return _pPending->remoteAddress;
}


bool WebSocketAcceptance::secure() const
{
	return _pPending->secure;
}


const std::string& WebSocketAcceptance::route() const
{
	return _pPending->route;
}


const std::string& WebSocketAcceptance::routeParameter() const
{
	return _pPending->routeParameter;
}


const WebSocketTLSInfo& WebSocketAcceptance::tlsInfo() const
{
	return _pPending->tlsInfo;
}


void WebSocketAcceptance::setUserData(const std::shared_ptr<void>& pData) const
{
	_pPending->setUserData(pData);
}


bool WebSocketAcceptance::accept(const NameValueCollection& fields, const std::string& subprotocol) const
{
	checkAnswer(fields);
	if (!subprotocol.empty())
	{
		const std::vector<std::string> wanted = WebSocketHandshake::tokens(request(), "Sec-WebSocket-Protocol");
		if (std::find(wanted.begin(), wanted.end(), subprotocol) == wanted.end()) throw InvalidArgumentException("Not a subprotocol of the client's: " + subprotocol); // RFC 6455, 4.2.2
	}
	WebSocketPendingAcceptance::Answer answer;
	answer.fields = fields;
	answer.subprotocol = subprotocol;
	return _pPending->answer(std::move(answer));
}


bool WebSocketAcceptance::refuse(HTTPResponse::HTTPStatus status, const std::string& reason, const NameValueCollection& fields) const
{
	if (status < HTTPResponse::HTTP_MULTIPLE_CHOICES) throw InvalidArgumentException("Not a status that refuses: " + std::to_string(status));
	checkAnswer(fields);
	WebSocketPendingAcceptance::Answer answer;
	answer.status = status;
	answer.reason = reason.empty() ? HTTPResponse::getReasonForStatus(status) : reason;
	answer.fields = fields;
	return _pPending->answer(std::move(answer));
}


bool WebSocketAcceptance::cancelled() const
{
	return _pPending->cancelled();
}


//
// WebSocketPendingAcceptance
//
WebSocketPendingAcceptance::WebSocketPendingAcceptance(const HTTPRequest& itsRequest, const SocketAddress& itsAddress, bool isSecure, const WebSocketTLSInfo& itsTLSInfo, const std::string& itsRoute, const std::string& itsParameter, const Tell& tell):
	request(itsRequest),
	remoteAddress(itsAddress),
	secure(isSecure),
	tlsInfo(itsTLSInfo),
	route(itsRoute),
	routeParameter(itsParameter),
	_state(ASKING),
	_tell(tell)
{
}


void WebSocketPendingAcceptance::ask(const WebSocketConnectionParams::AsyncHook& hook)
{
	hook(WebSocketAcceptance::Ptr(new WebSocketAcceptance(shared_from_this())));
}


bool WebSocketPendingAcceptance::await()
{
	std::lock_guard<std::mutex> lock(_mutex);
	if (_state != ASKING) return false;
	_state = AWAITED;
	return true;
}


bool WebSocketPendingAcceptance::finish(Answer& answer)
{
	Tell tell; // is released without the lock, as the user data
	std::shared_ptr<void> pUserData;
	std::lock_guard<std::mutex> lock(_mutex);
	tell.swap(_tell);
	pUserData.swap(_pUserData);
	if (_state == ANSWERED)
	{
		_state = FINISHED;
		answer = std::move(_answer);
		answer.pUserData = std::move(pUserData);
		return true;
	}
	if (_state != FINISHED) _state = CANCELLED;
	return false;
}


bool WebSocketPendingAcceptance::answer(Answer&& answer)
{
	Tell tell; // as in finish()
	std::lock_guard<std::mutex> lock(_mutex);
	if (_state != ASKING && _state != AWAITED) return false;
	if (_state == AWAITED && !_tell()) // under the lock: the handshake finds the answer when it gets that
	{
		_state = CANCELLED;
		tell.swap(_tell);
		return false;
	}
	_state = ANSWERED;
	_answer = std::move(answer);
	return true;
}


void WebSocketPendingAcceptance::drop()
{
	try
	{
		Answer none;
		none.status = HTTPResponse::HTTP_INTERNAL_SERVER_ERROR;
		none.reason = "The request was not answered";
		answer(std::move(none));
	}
	catch (const std::bad_alloc&)
	{
		// its time will be over
	}
}


void WebSocketPendingAcceptance::setUserData(const std::shared_ptr<void>& pData)
{
	std::shared_ptr<void> pBefore = pData; // is released without the lock
	std::lock_guard<std::mutex> lock(_mutex);
	if (_state == ASKING || _state == AWAITED) _pUserData.swap(pBefore);
}


bool WebSocketPendingAcceptance::cancelled() const
{
	std::lock_guard<std::mutex> lock(_mutex);
	return _state == CANCELLED;
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
