//
// CertificateEnds.h
//
// Library: PocoWebSocket
// Package: Net
// Module:  WebSocketCertificateTable
//
// Until when certificates are valid.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketCertificateEnds_INCLUDED
#define Net_WebSocketCertificateEnds_INCLUDED


#include "Poco/Net/WebSocketConfig.h"
#include "Poco/Timestamp.h"
#include <map>
#include <string>


struct ssl_ctx_st;


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


typedef std::map<std::string, Poco::Timestamp> WebSocketCertificateEnds;
	/// By name: see WebSocketCertificates::ends().


WebSocketCertificateEnds certificateEndsOf(ssl_ctx_st* pContext);
	/// Returns those that sockets with this context serve: its own, if it has one, unless a WebSocketCertificates says something else. Thread-safe.


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketCertificateEnds_INCLUDED
