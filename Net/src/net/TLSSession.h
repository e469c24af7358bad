//
// TLSSession.h
//
// Library: PocoWebSocket
// Package: Net
// Module:  WebSocketTLSSession
//
// What a client does before its TLS handshake.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketTLSSession_INCLUDED
#define Net_WebSocketTLSSession_INCLUDED


#include "Poco/Net/WebSocketConfig.h"
#include "Poco/Net/StreamSocketImpl.h"
#include <memory>
#include <mutex>
#include <string>


struct ssl_ctx_st;
struct ssl_session_st;


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


class WebSocketTLSSession
	/// A client's last TLS session with a server, which its next connection continues: that saves half of the handshake. And what the client
	/// offers to speak (ALPN, RFC 7301). Thread-safe.
{
public:
	WebSocketTLSSession();
	~WebSocketTLSSession();

	void offer(StreamSocketImpl* pSocket);
		/// To be called before the handshake. Has the socket continue the session that was kept, if it has the same context and is for the same
		/// host, and offer "http/1.1", unless its context offers something. A session is used once (RFC 8446, C.4).

	void keep(StreamSocketImpl* pSocket);
		/// To be called when something has been received by the socket. Keeps its session, if it can be continued.

private:
	WebSocketTLSSession(const WebSocketTLSSession&) = delete;
	WebSocketTLSSession& operator = (const WebSocketTLSSession&) = delete;

	struct Free
	{
		void operator () (ssl_ctx_st* pContext) const;
		void operator () (ssl_session_st* pSession) const;
	};

	bool speaks(ssl_ctx_st* pContext);

	std::mutex _mutex;
	std::unique_ptr<ssl_ctx_st, Free> _pContext; // that was used last
	bool _speaks;                                // it offers something by itself
	std::unique_ptr<ssl_session_st, Free> _pSession;
	std::string _host;
};


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketTLSSession_INCLUDED
