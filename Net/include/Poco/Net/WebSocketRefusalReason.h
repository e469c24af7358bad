//
// WebSocketRefusalReason.h
//
// Library: PocoWebSocket
// Package: WebSocket
// Module:  WebSocketRefusalReason
//
// Why a server has refused something.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketRefusalReason_INCLUDED
#define Net_WebSocketRefusalReason_INCLUDED


#include "Poco/Net/WebSocketConfig.h"


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


struct WebSocket_API WebSocketRefusalReason
	/// The reasons of WebSocketRefusal.
{
	enum Reason
		/// Why. WebSocketServer::Metrics counts by it.
	{
		CONNECTION_LIMIT, /// WebSocketServerParams::setMaxConnections().
		ADDRESS_LIMIT,    /// WebSocketServerParams::setMaxConnectionsPerAddress().
		HANDSHAKE_LIMIT,  /// WebSocketServerParams::setMaxHandshakes().
		HANDSHAKE_RATE,   /// WebSocketServerParams::setHandshakeRate().
		BUSY,             /// There was neither a thread nor room in the queue for a request that is not for WebSocket, or WebSocketServerParams::setMaxAcceptances() (503).
		PROXY_HEADER,     /// The PROXY header of a port that requires it was malformed, late or missing (WebSocketServer::ProxyProtocol).
		TLS_FAILED,       /// The TLS handshake has failed.
		MALFORMED,        /// What has come is not HTTP (400), or not an opening handshake (400, 405, 426).
		TOO_LARGE,        /// WebSocketParams::setMaxHandshakeFields() or setMaxHandshakeSize() (431).
		TIMED_OUT,        /// WebSocketParams::setHandshakeTimeout() (408), or WebSocketConnectionParams::setAcceptanceTimeout() (503).
		ORIGIN,           /// WebSocketParams::setAllowedOrigins() or setOriginCheck() (403).
		HOOK,             /// WebSocketParams::setHook() or WebSocketConnectionParams::setAsyncHook() has refused it (403, or what the hook has set), has thrown, or has no answer (500).
		DRAINING,         /// WebSocketServer::drain() was called while the request waited for the answer of setAsyncHook() (503).
		NO_ROUTE,         /// No route of WebSocketServer::addRoute() has this path, and the server has no other handler (404).
		REASONS           /// How many there are.
	};

	static const char* name(Reason reason);
		/// Returns the reason as it is in the access log and in metrics: its name in lower case.
};


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketRefusalReason_INCLUDED
