//
// ALPN.h
//
// Library: PocoWebSocket
// Package: Net
// Module:  WebSocketALPN
//
// What is spoken over TLS: RFC 7301.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketALPN_INCLUDED
#define Net_WebSocketALPN_INCLUDED


#include "Poco/Net/WebSocketConfig.h"


struct ssl_st;
struct ssl_ctx_st;


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


struct WebSocketALPN
	/// Offers and selects "http/1.1" (RFC 7301). A program may have set something else in its context, which OpenSSL does not tell: what the
	/// context does in a handshake with nobody shows it.
{
	static void offer(ssl_st* pSSL);
		/// The client offers it.

	static bool offers(ssl_ctx_st* pContext);
		/// Returns true if clients with this context offer something anyway.

	static void select(ssl_ctx_st* pContext);
		/// Servers with this context select it if it is offered, and nothing otherwise. Does nothing if they answer such an
		/// offer already, or cannot do a handshake yet. Not to be called while the context is used by another thread.
};


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketALPN_INCLUDED
