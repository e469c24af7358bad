//
// Dialer.h
//
// Library: PocoWebSocket
// Package: Net
// Module:  WebSocketDialer
//
// Connecting to one of a name's addresses.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketDialer_INCLUDED
#define Net_WebSocketDialer_INCLUDED


#include "Poco/Net/WebSocketConfig.h"
#include "Poco/Net/HTTPClientSession.h"
#include "Poco/Timespan.h"


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


class WebSocketTLSSession;


struct WebSocketDialer
	/// Connects a client's session to its host, or to its proxy. All addresses of the name are tried in the order that the resolver
	/// gives them in (RFC 6724, 6); the next one when one has failed, or has not answered for 250 ms, while that goes on (RFC 8305, 5).
	///
	/// TLS is spoken with the one that has answered first, and with the others if that fails. A session of which no more is known than that it is secure()
	/// makes its connection itself, to one address at a time: if it is not connected to the first one in time, the addresses race without
	/// it, and it connects anew to the one that has answered first. To a proxy, it connects to the first address only: see secure().
{
	static bool connected(HTTPClientSession& session);
		/// Returns true if the session has a connection that a request can be sent on: the peer has not closed it, and
		/// it has not been idle for too long (HTTPClientSession::setKeepAliveTimeout()). Also returns true if the session cannot make another one.

	static void connect(HTTPClientSession& session, const Poco::Timespan& timeout, WebSocketTLSSession* pLast = nullptr);
		/// Closes the session's connection, if there is one, and makes another. Used by the next request, if the session does not find it
		/// idle for too long. Throws what the session throws, or a TimeoutException if
		/// it takes longer. The look-up of the name counts, but is not cut off. A TLS handshake that is not a proxy's continues the last TLS
		/// session, if there is one.

	static bool canSecure(HTTPClientSession& session);
		/// Returns true if secure() can be called for the session.

	static void secure(HTTPClientSession& session, const StreamSocket& connection, const Poco::Timespan& timeout, WebSocketTLSSession* pLast = nullptr);
		/// Makes a connection to the session's host, which somebody else has made, the session's, instead of the one that it may have, and does
		/// the TLS handshake on it, in the given time. Nobody else may use the connection afterwards. Throws what the session
		/// throws, or a TimeoutException.

	static Poco::Timespan connectionTimeout(const HTTPClientSession& session);
		/// Returns the session's own limit for connecting.
};


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketDialer_INCLUDED
