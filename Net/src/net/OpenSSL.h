//
// OpenSSL.h
//
// Library: PocoWebSocket
// Package: Net
// Module:  WebSocketOpenSSL
//
// What Poco's secure sockets do not tell of OpenSSL.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketOpenSSL_INCLUDED
#define Net_WebSocketOpenSSL_INCLUDED


#include "Poco/Net/WebSocketConfig.h"
#include "Poco/Net/StreamSocketImpl.h"
#include "Poco/AutoPtr.h"
#include <string>


struct ssl_st;
struct ssl_ctx_st;


namespace Poco {
namespace Net {


class SecureStreamSocketImpl;


POCO_WEBSOCKET_BEGIN


class WebSocketOpenSSL
	/// Reaches the SSL object of a Poco::Net::SecureStreamSocketImpl, without needing NetSSL to be linked. Of any other
	/// socket, or if the library was compiled without NetSSL's headers, nothing is known.
	///
	/// To be used by one thread at a time, as the SSL object itself. The socket must live longer.
{
public:
	enum Want
	{
		UNKNOWN,
		READ,   /// The socket must become readable before the call can go on,
		WRITE,  /// or writable,
		RECEIVE /// or what has been decrypted already must be received.
	};

	static ssl_ctx_st* contextOf(SocketImpl* pServerSocket);
		/// Returns the context of a Poco::Net::SecureServerSocketImpl, and null for any other socket.

	static ssl_st* find(StreamSocketImpl* pSocket);
		/// Returns the SSL object of a socket, which may be null; null if there is none. Changes nothing.

	explicit WebSocketOpenSSL(StreamSocketImpl* pSocket = nullptr);
		/// From now on, and for the rest of the socket's life, writing to a peer that has gone raises no SIGPIPE.

	Want want() const;
		/// Returns what the last call, which could not go on, waits for.

	bool renegotiates() const;
		/// Returns true if a handshake is going on, or is put off: OpenSSL does so if the peer asks for it while a record is being sent.

	Want renegotiate() const;
		/// Goes on with a handshake that is not the first one, as SSL_write() would do. That would take
		/// application data, which the peer may have sent before its part of the handshake, for a violation of the protocol.
		/// Returns UNKNOWN if the handshake is complete, or put off still, or has failed, which the next call tells, or the peer has ended the stream.

	bool ended() const;
		/// Returns true if the peer has sent close_notify: it sends nothing any more, no part of a handshake either.

	void end() const;
		/// Sends close_notify (RFC 8446, 6.1), unless that was done. The socket's shutdown() and close() do not any more: with
		/// Poco 1.13 they would wait until the peer has sent its own, for as long as the receive time-out.

	bool known() const;
		/// Returns true if it is a SecureStreamSocketImpl. Only then, what follows may be called.

	bool keepsSessions() const;
		/// Returns true if the TLS sessions of its context are to be used again: then who connects asks for the session at once.

	bool setLazyHandshake(bool lazy) const;
		/// If true, connect() leaves the TLS handshake to the first call that receives or sends. Returns what it was before.

	const std::string& peerHostName() const;
	void setPeerHostName(const std::string& name) const;
		/// What the peer's certificate must be for, and what is asked for (SNI).

	void setConnection(const Poco::AutoPtr<StreamSocketImpl>& pConnection) const;
		/// Sets what connects, and is closed, beneath TLS.

	ssl_st* ssl() const;
		/// Returns the SSL object; null if there is none yet, or it is not known.

	bool handshakeIsDue() const;
		/// Returns true if the socket is going to make the first handshake, and to verify the peer, when somebody sends or receives by it.

	void setHandshakeDone() const;
		/// Somebody else has, and there was no peer to be verified.

private:
	SecureStreamSocketImpl* _pSocket;
};


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketOpenSSL_INCLUDED
