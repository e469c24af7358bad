//
// WebSocketAcceptance.h
//
// Library: PocoWebSocket
// Package: WebSocket
// Module:  WebSocketAcceptance
//
// A request to a server that is answered later.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketAcceptance_INCLUDED
#define Net_WebSocketAcceptance_INCLUDED


#include "Poco/Net/WebSocketConfig.h"
#include "Poco/Net/HTTPRequest.h"
#include "Poco/Net/HTTPResponse.h"
#include "Poco/Net/NameValueCollection.h"
#include "Poco/Net/SocketAddress.h"
#include "Poco/Net/WebSocketTLSInfo.h"
#include "Poco/AutoPtr.h"
#include "Poco/RefCountedObject.h"
#include <memory>
#include <string>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


class WebSocketPendingAcceptance;


class WebSocket_API WebSocketAcceptance: public Poco::RefCountedObject
	/// A handshake request that waits for an answer: see WebSocketConnectionParams::setAsyncHook().
	///
	/// The first answer counts. If the last reference goes without one, the request is refused with status 500. If there is no
	/// answer in time (WebSocketConnectionParams::setAcceptanceTimeout()), or the server is being drained, it is refused with 503. It
	/// is cancelled by these, and if the client has gone or the server stops.
	///
	/// All functions are thread-safe, and never wait. Objects may be kept for any time. (The functions are const because the Ptr that
	/// a lambda has captured is.)
{
public:
	typedef Poco::AutoPtr<WebSocketAcceptance> Ptr;

	const HTTPRequest& request() const;
		/// Returns the request, with what the hook (WebSocketParams::setHook()) has changed in it.

	const SocketAddress& remoteAddress() const;
		/// Returns the client's address.

	bool secure() const;
		/// Returns true for a TLS connection.

	const std::string& route() const;
		/// Returns what WebSocketConnection::route() will return.

	const std::string& routeParameter() const;
		/// Returns what WebSocketConnection::routeParameter() will return.

	const WebSocketTLSInfo& tlsInfo() const;
		/// Returns TLS version, cipher and the client's certificate. All is empty without TLS.

	void setUserData(const std::shared_ptr<void>& pData) const;
		/// Sets what WebSocketConnection::userData() returns from onOpen() on, if accept() is called later: who the user is, for instance.

	bool accept(const NameValueCollection& fields = NameValueCollection(), const std::string& subprotocol = std::string()) const;
		/// Accepts the request. The response gets these fields, and the subprotocol, if it is not empty; otherwise
		/// WebSocketParams::setSubprotocols() decides. onOpen() is called by the connection's thread.
		///
		/// Returns false, and does nothing, if the request was answered before or is cancelled. If the client goes at the same
		/// time, this may return true, and onOpen() is not called.
		///
		/// Throws an InvalidArgumentException if there is a CR, LF or NUL in a field, or if the client has not asked for the
		/// subprotocol (RFC 6455, 4.2.2), and a std::bad_alloc if there is no memory. Then the request is still without an answer.

	bool refuse(HTTPResponse::HTTPStatus status = HTTPResponse::HTTP_FORBIDDEN, const std::string& reason = std::string(), const NameValueCollection& fields = NameValueCollection()) const;
		/// Refuses the request with a status of 300 or more. The response gets these fields. The reason is one line, its body; by
		/// default it is the name of the status. Returns and throws as accept(), and an InvalidArgumentException for another status.

	bool cancelled() const;
		/// Returns true if the request has ended without an answer: an answer would come too late. Who is asking a slow
		/// database can give up.

protected:
	~WebSocketAcceptance() override;
		/// Refuses the request if it has no answer.

private:
	friend class WebSocketPendingAcceptance;

	explicit WebSocketAcceptance(const std::shared_ptr<WebSocketPendingAcceptance>& pPending);
	WebSocketAcceptance(const WebSocketAcceptance&) = delete;
	WebSocketAcceptance& operator = (const WebSocketAcceptance&) = delete;

	const std::shared_ptr<WebSocketPendingAcceptance> _pPending;
};


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketAcceptance_INCLUDED
