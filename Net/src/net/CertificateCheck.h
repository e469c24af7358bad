//
// CertificateCheck.h
//
// Library: PocoWebSocket
// Package: Net
// Module:  WebSocketCertificateCheck
//
// Whether a server's certificates are good for use.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketCertificateCheck_INCLUDED
#define Net_WebSocketCertificateCheck_INCLUDED


#include "Poco/Net/WebSocketConfig.h"
#include "Poco/Timestamp.h"
#include <string>


struct ssl_ctx_st;


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


struct WebSocketCertificateCheck
	/// Looks at all certificates of a context that have a key. Changes nothing in it: it may be in use. Throws a std::bad_alloc if there is no memory.
{
	static std::string problem(ssl_ctx_st* pContext);
		/// Returns what is wrong with the certificates, chains and keys of a server, in the terms of WebSocketCertificates::exchange(); empty if nothing is.

	static bool findEnd(ssl_ctx_st* pContext, Poco::Timestamp& end);
		/// Sets end to when the first of the certificates, or of their chains', ends. Returns false if there is none.
};


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketCertificateCheck_INCLUDED
