//
// WebSocketOpeningHandshake.cpp
//
// Library: PocoWebSocket
// Package: Events
// Module:  WebSocketOpeningHandshake
//
// SPDX-License-Identifier: BSL-1.0
//


#include "events/OpeningHandshake.h"
#include "events/OpeningRequest.h"
#include "net/ServerHandshake.h"
#include "core/Handshake.h"
#include "Poco/Exception.h"
#include "Poco/String.h"
#include <algorithm>
#include <new>
#include <utility>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


namespace
{
	using Verdict = WebSocketHandshake::Verdict;

	constexpr std::size_t RESPONSE_SIZE = 256; // of most
	const char* const RETRY_AFTER = "1"; // seconds
	constexpr std::size_t KEPT_RECEIVED = 16*1024; // memory that is kept
	constexpr std::size_t MAX_EARLY = 16*1024;     // what a client may send before it has an answer
}


WebSocketOpeningHandshake::WebSocketOpeningHandshake():
	_pGroup(nullptr),
	_pParams(nullptr),
	_pHTTPParams(nullptr),
	_pStream(nullptr),
	_requests(0),
	_read(false)
{
}


WebSocketOpeningHandshake::~WebSocketOpeningHandshake()
{
	cancel();
}


void WebSocketOpeningHandshake::begin(WebSocketConnectionGroup& group, WebSocketStream& stream)
{
	_pGroup      = &group;
	_pParams     = group.pConnectionParams.get();
	_pHTTPParams = group.pHTTPParams.get();
	_pStream     = &stream;
}


void WebSocketOpeningHandshake::wait(int requests, const std::string& behind)
{
	_requests = requests;
	_behind   = behind;
}


int WebSocketOpeningHandshake::requests() const
{
	return _requests;
}


std::string WebSocketOpeningHandshake::takeBehind()
{
	std::string behind;
	behind.swap(_behind);
	return behind;
}


WebSocketOpeningHandshake::Request& WebSocketOpeningHandshake::anyRequest()
	/// The request, whatever is in it.
{
	if (!_pRequest) _pRequest = std::make_unique<Request>(*this);
	return *_pRequest;
}


HTTPRequest& WebSocketOpeningHandshake::adopt(const HTTPRequest& request)
{
	Request& adopted = anyRequest();
	static_cast<HTTPRequest&>(adopted) = request;
	adopted.attach(*_pStream);
	return adopted;
}


void WebSocketOpeningHandshake::forget()
{
	cancel();
	_requests    = 0;
	_read        = false;
	_behind.clear();
	_pUserData.reset();
	_pGroup      = nullptr;
	_pParams     = nullptr;
	_pHTTPParams = nullptr;
	_routeParameter.clear();
	_pStream     = nullptr;
	if (_received.capacity() > KEPT_RECEIVED) _received = std::string();
	_received.clear();
	_written.clear();
	if (_pRequest) _pRequest->forget();
	_pResponse.reset();
	_agreement = WebSocketAgreement();
	_verdict = Verdict();
}


bool WebSocketOpeningHandshake::complete(const std::string& header, std::size_t from, std::size_t& end)
{
	// Poco takes lines that end with LF only as well, so they end a header here too.
	for (std::size_t i = header.find('\n', from); i != std::string::npos; i = header.find('\n', i + 1))
	{
		end = i + 1;
		if (header[end] == '\r') ++end; // at the end of the string there is a NUL
		if (header[end++] == '\n') return true;
	}
	return false;
}


WebSocketOpeningHandshake::Result WebSocketOpeningHandshake::receive(const char* pData, std::size_t length, std::size_t& used)
{
	const std::size_t before = _received.size();
	const std::size_t limit = static_cast<std::size_t>(_pParams->getMaxHandshakeSize());
	used = std::min(length, limit + 1 - before);
	_received.append(pData, used);
	std::size_t end = 0;
	const bool whole = complete(_received, before >= 2 ? before - 2 : 0, end) && end <= limit;
	if (!whole)
	{
		if (_received.size() > limit) return refuse(WebSocketRefusal::TOO_LARGE, HTTPResponse::HTTP_REQUEST_HEADER_FIELDS_TOO_LARGE, "Header is too large");
		if (!WebSocketHandshake::mayBeRequest(_received, before)) return refuse(WebSocketRefusal::MALFORMED, HTTPResponse::HTTP_BAD_REQUEST, "Not a HTTP request");
		return NEED_MORE;
	}

	used -= _received.size() - end;
	_received.resize(end);
	return handle();
}


WebSocketOpeningHandshake::Result WebSocketOpeningHandshake::handle()
{
	const Verdict parsed = WebSocketHandshake::parseRequest(_received, anyRequest());
	if (!parsed.ok()) return refuse(parsed);
	_read = true;
	WebSocketRefusal::Reason reason = WebSocketRefusal::ADDRESS_LIMIT;
	if (!_pGroup->identify(*_pStream, *_pRequest, reason)) return refuse(reason, HTTPResponse::HTTP_SERVICE_UNAVAILABLE, "A limit is reached", RETRY_AFTER);
	const bool other = _pHTTPParams && !WebSocketHandshake::hasToken(*_pRequest, "Upgrade", "websocket");
	WebSocketConnectionGroup* const pRoute = other ? nullptr : _pGroup->route(*_pRequest, _routeParameter);
	if (!pRoute)
	{
		if (!_pHTTPParams) return refuse(WebSocketRefusal::NO_ROUTE, HTTPResponse::HTTP_NOT_FOUND, "There is nothing at this path");
		const Verdict framing = WebSocketHandshake::checkFraming(*_pRequest);
		return framing.ok() ? OTHER : refuse(framing);
	}
	_pGroup  = pRoute;
	_pParams = pRoute->pConnectionParams;
	_pRequest->attach(*_pStream);

	return orFailed([this]
	{
		if (!_pParams->getHook() && !_pParams->getOriginCheck() && !_pParams->getAsyncHook()) // who can do something to the response
		{
			_written.reserve(RESPONSE_SIZE);
			const Verdict verdict = WebSocketServerHandshake::answer(*_pRequest, *_pParams, _agreement, _written, scheme());
			return verdict.ok() ? ACCEPTED : refuse(verdict);
		}
		const Verdict verdict = WebSocketServerHandshake::check(*_pRequest, hookResponse(), _pParams, scheme());
		if (verdict.ok()) return _pParams->getAsyncHook() ? ASKS : conclude(WebSocketPendingAcceptance::Answer());
		write(*_pResponse, verdict);
		return REFUSED;
	});
}


template <typename Function>
WebSocketOpeningHandshake::Result WebSocketOpeningHandshake::orFailed(const Function& function)
	/// Calls what calls a hook, or an Origin check, or deals with what they have done.
{
	try
	{
		return function();
	}
	catch (const std::bad_alloc&)
	{
		throw;
	}
	catch (...)
	{
		cancel();
		return refuse(WebSocketRefusal::HOOK, HTTPResponse::HTTP_INTERNAL_SERVER_ERROR, "The request could not be handled");
	}
}


WebSocketOpeningHandshake::Result WebSocketOpeningHandshake::ask(WebSocketConnectionGroup::Seat pSeat, const WebSocketPendingAcceptance::Tell& tell)
{
	return orFailed([&]
	{
		_pSeat = std::move(pSeat);
		_pPending = std::make_shared<WebSocketPendingAcceptance>(*_pRequest, _pRequest->clientAddress(), _pRequest->secure(), WebSocketTLSInfo::of(*_pRequest), _pGroup->routePath, _routeParameter, tell);
		_pPending->ask(_pParams->getAsyncHook());
		return _pPending->await() ? WAITS : answered(WebSocketRefusal::HOOK, "");
	});
}


bool WebSocketOpeningHandshake::waits() const
{
	return _pPending != nullptr;
}


bool WebSocketOpeningHandshake::keep(const char* pData, std::size_t length)
{
	_behind.append(pData, length);
	return _behind.size() < MAX_EARLY;
}


WebSocketOpeningHandshake::Result WebSocketOpeningHandshake::answered(WebSocketRefusal::Reason late, const char* pLate)
{
	WebSocketPendingAcceptance::Answer answer;
	const bool inTime = _pPending->finish(answer);
	cancel();
	if (!inTime) return busy(late, pLate);
	_pUserData = std::move(answer.pUserData);
	return orFailed([&] { return conclude(answer); });
}


WebSocketOpeningHandshake::Result WebSocketOpeningHandshake::conclude(const WebSocketPendingAcceptance::Answer& answer)
	/// Makes the response to a request that has passed the checks.
{
	HTTPServerResponse& response = hookResponse();
	for (const auto& field: answer.fields) response.add(field.first, field.second);
	Verdict verdict;
	if (answer.status == HTTPResponse::HTTP_SWITCHING_PROTOCOLS)
	{
		WebSocketServerHandshake::accept(*_pRequest, response, _pParams, answer.subprotocol, _agreement);
	}
	else
	{
		verdict = WebSocketServerHandshake::refusal(WebSocketRefusal::HOOK, answer.status, answer.reason);
		WebSocketServerHandshake::refuse(verdict, response);
	}
	write(response, verdict);
	return verdict.ok() ? ACCEPTED : REFUSED;
}


void WebSocketOpeningHandshake::cancel()
	/// Nobody waits for an answer any more.
{
	if (_pPending)
	{
		WebSocketPendingAcceptance::Answer answer;
		_pPending->finish(answer);
	}
	_pPending.reset();
	_pSeat.reset();
}


std::shared_ptr<void> WebSocketOpeningHandshake::userData() const
{
	return _pUserData;
}


HTTPServerResponse& WebSocketOpeningHandshake::hookResponse()
	/// The response that a hook may change.
{
	if (_pResponse) return *_pResponse;
	_pResponse = std::make_unique<Response>();
	_pResponse->setVersion(HTTPMessage::HTTP_1_1);
	return *_pResponse;
}


WebSocketScheme WebSocketOpeningHandshake::scheme() const
	/// What a proxy has told.
{
	return _pStream->via() ? _pStream->via()->told : WebSocketScheme::NOT_TOLD;
}


WebSocketOpeningHandshake::Result WebSocketOpeningHandshake::timedOut()
{
	const Result result = refuse(WebSocketRefusal::TIMED_OUT, HTTPResponse::HTTP_REQUEST_TIMEOUT, "Request took too long");
	if (!_received.empty()) return result;
	_written.clear();
	_verdict.status = HTTPResponse::HTTPStatus(0);
	return result;
}


WebSocketOpeningHandshake::Result WebSocketOpeningHandshake::busy(WebSocketRefusal::Reason reason, const char* pText)
{
	return refuse(reason, HTTPResponse::HTTP_SERVICE_UNAVAILABLE, pText, RETRY_AFTER);
}


WebSocketOpeningHandshake::Result WebSocketOpeningHandshake::refuse(WebSocketRefusal::Reason reason, HTTPResponse::HTTPStatus status, const char* text, const char* pRetryAfter)
{
	return refuse(WebSocketServerHandshake::refusal(reason, status, text), pRetryAfter);
}


WebSocketOpeningHandshake::Result WebSocketOpeningHandshake::refuse(const Verdict& verdict, const char* pRetryAfter)
{
	HTTPResponse response;
	response.setVersion(HTTPMessage::HTTP_1_1);
	WebSocketHandshake::refuse(verdict, response);
	if (pRetryAfter) response.set("Retry-After", pRetryAfter); // RFC 7231, 6.6.4
	write(response, verdict);
	return REFUSED;
}


void WebSocketOpeningHandshake::write(const HTTPResponse& response, const Verdict& verdict)
	/// As HTTPResponse::write() does.
{
	_written.reserve(RESPONSE_SIZE);
	_written.append(response.getVersion()).append(1, ' ').append(std::to_string(static_cast<int>(response.getStatus()))).append(1, ' ').append(response.getReason()).append("\r\n");
	for (const auto& field: response) _written.append(field.first).append(": ").append(field.second).append("\r\n");
	_written += "\r\n";
	if (verdict.ok()) return;
	_written.append(verdict.text).append("\n");
	_verdict = verdict;
}


bool WebSocketOpeningHandshake::isRead() const
{
	return _read;
}


WebSocketRefusal WebSocketOpeningHandshake::refusal() const
{
	WebSocketRefusal refusal;
	refusal.reason = _verdict.reason;
	refusal.status = _verdict.status;
	refusal.text   = _verdict.text;
	refusal.path   = path();
	return refusal;
}


std::string WebSocketOpeningHandshake::path() const
{
	return std::string(WebSocketHandshake::pathOfRequest(_received));
}


const std::string& WebSocketOpeningHandshake::response() const
{
	return _written;
}


const std::string& WebSocketOpeningHandshake::received() const
{
	return _received;
}


HTTPRequest& WebSocketOpeningHandshake::request()
{
	return *_pRequest;
}


WebSocketConnectionGroup& WebSocketOpeningHandshake::group() const
{
	return *_pGroup;
}


const std::string& WebSocketOpeningHandshake::routeParameter() const
{
	return _routeParameter;
}


const std::string& WebSocketOpeningHandshake::subprotocol() const
{
	return _agreement.subprotocol;
}


const WebSocketDeflateParams* WebSocketOpeningHandshake::deflate() const
{
	return _agreement.deflated ? &_agreement.deflate : nullptr;
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
