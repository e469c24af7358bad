//
// WebSocketOpeningHandshake.h
//
// Library: PocoWebSocket
// Package: Events
// Module:  WebSocketOpeningHandshake
//
// The opening handshake of a server, in an event loop.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketOpeningHandshake_INCLUDED
#define Net_WebSocketOpeningHandshake_INCLUDED


#include "events/ConnectionGroup.h"
#include "events/PendingAcceptance.h"
#include "events/Stream.h"
#include "net/Upgrade.h"
#include "Poco/Net/WebSocketConfig.h"
#include "core/Deflate.h"
#include "core/Handshake.h"
#include "Poco/Net/WebSocketConnectionParams.h"
#include "Poco/Net/HTTPServerParams.h"
#include "Poco/Net/HTTPRequest.h"
#include <cstddef>
#include <memory>
#include <string>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


class WebSocketOpeningHandshake
	/// Takes bytes until a request is there, and answers it: an upgrade, a refusal, or the
	/// request is not for WebSocket at all. What is right is WebSocketHandshake's business.
{
public:
	enum Result
	{
		NEED_MORE,
		ACCEPTED, /// response() is to be sent, and the connection is open.
		REFUSED,  /// response() is to be sent, and the connection ended.
		OTHER,    /// Not a WebSocket request: received() goes to somebody else, or busy() is called.
		ASKS,     /// Somebody is to be asked, who may answer later: ask() or busy() is called.
		WAITS     /// He has not answered yet.
	};

	WebSocketOpeningHandshake();
	~WebSocketOpeningHandshake();

	void begin(WebSocketConnectionGroup& group, WebSocketStream& stream);
		/// A new handshake begins.
		///
		/// Without the group's pHTTPParams there is nobody for requests that are not for WebSocket, or for no route. The stream is asked
		/// for its addresses and its socket only, and told who its client is.

	void wait(int requests, const std::string& behind);
		/// Before begin(): the connection has made so many requests already, and the beginning of the next has come
		/// behind them.

	int requests() const;
	std::string takeBehind();
		/// Returns that beginning, which is to be given to receive().

	HTTPRequest& adopt(const HTTPRequest& request);
		/// After begin(): the opening handshake is complete already, and request was that of it. Returns what onOpen() is given.

	void forget();
		/// Nothing is left of the handshake but the memory, which another one can use: making it is most of the work.

	Result receive(const char* pData, std::size_t length, std::size_t& used);
		/// Takes bytes up to the end of the request's header; used tells how many.

	Result ask(WebSocketConnectionGroup::Seat seat, const WebSocketPendingAcceptance::Tell& tell);
		/// Calls the hook that may answer later. Returns WAITS, ACCEPTED or REFUSED.

	bool waits() const;
		/// Returns true if it has returned WAITS, until one of the following is called.

	bool keep(const char* pData, std::size_t length);
		/// While it waits: keeps what arrives, for takeBehind(). Returns false if no more than that is kept.

	Result answered(WebSocketRefusal::Reason late, const char* pLate);
		/// Takes the answer. Returns ACCEPTED or REFUSED. If there is none, it was not in time; these say why.

	std::shared_ptr<void> userData() const;
		/// Returns what came with the answer.

	Result timedOut();
		/// It has taken too long. Returns REFUSED, with a response if a part of the request has come.

	bool isRead() const;
		/// Returns true if the request has been received and can be read.

	WebSocketRefusal refusal() const;
		/// After REFUSED: why, and what was asked for. The address is not known here.

	Result busy(WebSocketRefusal::Reason reason, const char* pText);
		/// Nobody has time for the request. Returns REFUSED.

	const std::string& response() const;
	const std::string& received() const;
	HTTPRequest& request();
	std::string path() const;
		/// Returns the path that is asked for, as far as it is known.

	WebSocketConnectionGroup& group() const;
	const std::string& routeParameter() const;
		/// Returns the group that the request has led to, and what its path has in place of the parameter.

	const std::string& subprotocol() const;
	const WebSocketDeflateParams* deflate() const;
		/// What was agreed on; null without compression.

	static bool complete(const std::string& header, std::size_t from, std::size_t& end);
		/// Finds the end of a request's header, from about there on.

private:
	struct Exchange;
	class Request;
	class Response;

	Result handle();
	template <typename Function> Result orFailed(const Function& function);
	Result conclude(const WebSocketPendingAcceptance::Answer& answer);
	void cancel();
	HTTPServerResponse& hookResponse();
	WebSocketScheme scheme() const;
	Request& anyRequest();
	Result refuse(const WebSocketHandshake::Verdict& verdict, const char* pRetryAfter = nullptr);
	Result refuse(WebSocketRefusal::Reason reason, HTTPResponse::HTTPStatus status, const char* text, const char* pRetryAfter = nullptr);
	void write(const HTTPResponse& response, const WebSocketHandshake::Verdict& verdict);

	WebSocketConnectionGroup* _pGroup;
	const WebSocketConnectionParams* _pParams; // of the group
	const HTTPServerParams* _pHTTPParams;
	std::string _routeParameter;
	WebSocketStream* _pStream;
	int _requests;
	bool _read;
	std::string _behind;
	std::string _received;
	std::string _written;
	std::unique_ptr<Response> _pResponse;
	std::unique_ptr<Request> _pRequest;
	WebSocketConnectionGroup::Seat _pSeat; // while it waits
	std::shared_ptr<WebSocketPendingAcceptance> _pPending;
	std::shared_ptr<void> _pUserData;
	WebSocketAgreement _agreement;
	WebSocketHandshake::Verdict _verdict; // of a request that is refused
};


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketOpeningHandshake_INCLUDED
