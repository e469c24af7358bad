//
// WebSocketCertificates.cpp
//
// Library: PocoWebSocket
// Package: Net
// Module:  WebSocketCertificates
//
// SPDX-License-Identifier: BSL-1.0
//


#include "Poco/Net/WebSocketCertificates.h"
#if __has_include("Poco/Net/Context.h")
#include "Poco/Net/Context.h"
#include "net/CertificateTable.h"


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


WebSocketCertificates::WebSocketCertificates(const Context::Ptr& pContext, const Names& names):
	_pTable(std::make_shared<WebSocketCertificateTable>(pContext))
{
	_pTable->exchange(pContext, names);
	WebSocketCertificateTable::attach(_pTable);
}


WebSocketCertificates::~WebSocketCertificates()
{
}


void WebSocketCertificates::exchange(const Context::Ptr& pContext, const Names& names)
{
	_pTable->exchange(pContext, names);
}


std::map<std::string, Poco::Timestamp> WebSocketCertificates::ends() const
{
	return _pTable->ends();
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // there is NetSSL
