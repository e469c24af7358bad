//
// WebSocketTLSInfo.h
//
// Library: PocoWebSocket
// Package: WebSocket
// Module:  WebSocketTLSInfo
//
// What is known of a TLS connection.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketTLSInfo_INCLUDED
#define Net_WebSocketTLSInfo_INCLUDED


#include "Poco/Net/WebSocketConfig.h"
#include "Poco/Net/StreamSocket.h"
#include <memory>
#include <string>


namespace Poco {
namespace Crypto {


class X509Certificate;


} // namespace Crypto


namespace Net {


class HTTPServerRequest;


POCO_WEBSOCKET_BEGIN


struct WebSocket_API WebSocketTLSInfo
	/// Version, cipher, name and peer of a TLS connection. All is empty if the connection does not use TLS. If a proxy is in between, it
	/// is the TLS connection with the proxy.
	///
	/// Connections of the event shell tell it by WebSocketConnection::tlsInfo(). Hooks, Origin checks and handlers ask of(request), of a
	/// WebSocketServer and of a HTTPServer alike.
{
	std::string version;
		/// "TLSv1.3", "TLSv1.2", and so on.

	std::string cipher;
		/// OpenSSL's name for the cipher suite: "TLS_AES_256_GCM_SHA384".

	std::string serverName;
		/// The name by which the client has asked for the server (SNI, RFC 6066, 3), as it was sent; empty if it has not. It chose the Context
		/// (WebSocketCertificates); the request's Host is what the client writes there.

	std::shared_ptr<const Poco::Crypto::X509Certificate> pPeerCertificate;
		/// The peer's certificate; null if it has shown none. A Poco::Net::X509Certificate can be made of it. It was verified, as the Context
		/// of serverName says (its verification mode), and must not be believed if that is VERIFY_NONE.

	static WebSocketTLSInfo of(const HTTPServerRequest& request);
		/// Returns what is known of the connection with a request, in the thread that has been given the request.

	static WebSocketTLSInfo of(const StreamSocket& socket);
		/// Returns what is known of a socket: a WebSocket, of a server or a client, or a SecureStreamSocket whose handshake is complete. No other thread may
		/// use the socket meanwhile.
};


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketTLSInfo_INCLUDED
