//
// WebSocketTLSInfo.cpp
//
// Library: PocoWebSocket
// Package: Net
// Module:  WebSocketTLSInfo
//
// SPDX-License-Identifier: BSL-1.0
//


#include "Poco/Net/WebSocketTLSInfo.h"
#include "net/OpenSSL.h"
#include "Poco/Net/HTTPServerRequestImpl.h"
#include "Poco/Net/WebSocketImpl.h"
#include "Poco/Crypto/X509Certificate.h"
#include <openssl/ssl.h>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


WebSocketTLSInfo WebSocketTLSInfo::of(const HTTPServerRequest& request)
{
	HTTPServerRequestImpl* const pRequest = dynamic_cast<HTTPServerRequestImpl*>(const_cast<HTTPServerRequest*>(&request));
	return pRequest ? of(pRequest->socket()) : WebSocketTLSInfo();
}


WebSocketTLSInfo WebSocketTLSInfo::of(const StreamSocket& socket)
{
	WebSocketTLSInfo result;
	StreamSocketImpl* pSocket = dynamic_cast<StreamSocketImpl*>(socket.impl());
	if (WebSocketImpl* const pWebSocket = dynamic_cast<WebSocketImpl*>(pSocket)) pSocket = pWebSocket->streamSocketImpl();
	const SSL* const pSSL = WebSocketOpenSSL::find(pSocket);
	if (!pSSL) return result;
	result.version = SSL_get_version(pSSL);
	if (const SSL_CIPHER* const pCipher = SSL_get_current_cipher(pSSL)) result.cipher = SSL_CIPHER_get_name(pCipher);
	if (const char* const pName = SSL_get_servername(pSSL, TLSEXT_NAMETYPE_host_name)) result.serverName = pName;
	if (X509* const pPeer = SSL_get_peer_certificate(pSSL)) result.pPeerCertificate = std::make_shared<Poco::Crypto::X509Certificate>(pPeer);
	return result;
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
