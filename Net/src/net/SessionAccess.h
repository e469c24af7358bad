//
// SessionAccess.h
//
// Library: PocoWebSocket
// Package: Net
// Module:  WebSocketSessionAccess
//
// What Poco's HTTP sessions keep for their friends.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketSessionAccess_INCLUDED
#define Net_WebSocketSessionAccess_INCLUDED


#include "Poco/Net/WebSocketConfig.h"
#include "Poco/Net/HTTPClientSession.h"
#include "Poco/Net/StreamSocket.h"
#include "Poco/Net/StreamSocketImpl.h"


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


struct WebSocketSessionAccess: public HTTPClientSession
	/// Calls protected functions of sessions. Poco's own WebSocket is a friend of them.
{
	static void attach(HTTPSession& session, const StreamSocket& socket)
	{
		(session.*static_cast<void (HTTPSession::*)(const StreamSocket&)>(&WebSocketSessionAccess::attachSocket))(socket);
	}

	static void attach(HTTPSession& session, StreamSocketImpl* pSocket)
		/// Who calls keeps its reference.
	{
		struct AnySocket: public StreamSocket
		{
			explicit AnySocket(StreamSocketImpl* pImpl):
				StreamSocket(pImpl)
			{
				pImpl->duplicate(); // the socket takes over a reference
			}
		};
		attach(session, AnySocket(pSocket));
	}

	static void dial(HTTPSession& session, const SocketAddress& address)
	{
		(session.*static_cast<void (HTTPSession::*)(const SocketAddress&)>(&WebSocketSessionAccess::connect))(address);
	}

	static int waiting(const HTTPSession& session)
		/// Returns how many bytes have been received and not read.
	{
		return (session.*static_cast<int (HTTPSession::*)() const>(&WebSocketSessionAccess::buffered))();
	}

	static int next(HTTPSession& session)
		/// Reads a byte.
	{
		return (session.*static_cast<int (HTTPSession::*)()>(&WebSocketSessionAccess::get))();
	}

	static bool expired(const HTTPClientSession& session)
	{
		return (session.*&WebSocketSessionAccess::mustReconnect)();
	}

	static StreamSocket tunnel(HTTPClientSession& session)
	{
		return (session.*&WebSocketSessionAccess::proxyConnect)();
	}
};


template <class ProxyConfig>
auto speaksHTTP(const ProxyConfig& config, int) -> decltype(config.protocol == "http")
	/// Returns true if the proxy is spoken to without TLS. With later versions of Poco, one may be for TLS; the second argument is 0.
{
	return config.protocol == "http";
}


template <class ProxyConfig>
bool speaksHTTP(const ProxyConfig&, long)
{
	return true;
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketSessionAccess_INCLUDED
