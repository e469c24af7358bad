//
// Stream.h
//
// Library: PocoWebSocket
// Package: Events
// Module:  WebSocketStream
//
// The bytes under a connection of the event shell.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketStream_INCLUDED
#define Net_WebSocketStream_INCLUDED


#include "events/Channel.h"
#include "events/HostCounts.h"
#include "events/Via.h"
#include "Poco/Net/WebSocketConfig.h"
#include "Poco/Net/SocketAddress.h"
#include "Poco/Net/WebSocketTLSInfo.h"
#include "Poco/AutoPtr.h"
#include <memory>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/uio.h>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


class WebSocketStream
	/// A non-blocking stream socket: a plain one, which is a descriptor only, or any other (TLS) behind
	/// a StreamSocketImpl. Used by one thread.
{
public:
	enum
	{
		END    = 0,
		AGAIN  = -1,
		BROKEN = -2 /// See error().
	};

	WebSocketStream(int& fd, const sockaddr* pRemote, socklen_t length);
		/// Takes over a plain, non-blocking socket, whose peer has the given address, and sets fd to -1.

	WebSocketStream(StreamSocketImpl* pSocket, const SocketAddress& remote);
		/// Shares the ownership of a socket, and makes it non-blocking. A plain one is
		/// duplicated: the other owners' is to be closed, not shut down.

	struct Detached
		/// What detach() has given away, and comes back.
	{
		StreamSocketImpl* pSocket;
	};

	WebSocketStream(const Detached& detached, const SocketAddress& remote);
		/// Takes over the socket: other owners of a plain one have none any more.

	~WebSocketStream();

	int fd() const;
		/// Returns the descriptor; -1 if closed.

	bool secure() const;
		/// Returns true if it is TLS, or, if a proxy has told, how the client has connected to that.

	bool plain() const;
		/// Returns true if it is a descriptor only.

	void share(WebSocketChannel::Buffers& buffers);
		/// To be called before anything is sent or received. The buffers live longer, and are used in each call.

	bool shared() const;
		/// Returns true if somebody else has the socket as well, so that closing it may not end it for the poller.

	long receive(const iovec* pBlocks, int count);
		/// Receives into the blocks. Returns how many bytes, END, AGAIN, or BROKEN.

	bool pending() const;
		/// Returns true if there is more to be received that poll() does not know of.

	bool crossed() const;
		/// Returns true if TLS wants to send before it can receive on, or the other way round, or has something to send for itself.

	bool push();
		/// Sends that. Returns true if nothing of it is left.

	int interest(int events) const;
		/// Returns which of WebSocketPoller's events are to be waited for, to receive (READ) and send (WRITE).

	int meaning(int events) const;
		/// Returns what can be gone on with, receiving (READ) and sending (WRITE), after these events.

	long condition() const;
		/// Returns BROKEN if the connection was reset, END if it has ended in both directions, otherwise AGAIN. What
		/// has arrived stays there.

	bool waiting() const;
		/// Returns true if bytes have arrived that were not received; with TLS also if they are part of a record.

	long send(const iovec* pBlocks, int count);
		/// Sends what it can. Returns how many bytes, AGAIN, or BROKEN. Unless it is plain, some of these may be unsent(): then it has to be called
		/// again when the socket takes more, also if there are no blocks.

	std::size_t unsent() const;
		/// Returns how many bytes, taken by send(), wait until the socket takes them.

	void beLast();
		/// What is sent from now on is the last before close(): with TLS, and with a plain socket that nobody shares, it is sent in one segment
		/// with the end of the stream.

	void setVia(std::unique_ptr<WebSocketVia>&& pVia);
		/// Tells how the connection has come here; what fields of a request have told is forgotten. Until then, its peer is the client. To
		/// be called before other threads use the stream.

	WebSocketVia* via() const;
		/// Returns that; null if the peer is the client.

	std::unique_ptr<WebSocketVia> takeVia();
		/// Returns the same, and forgets it.

	void setClient(const SocketAddress& client);
		/// After setVia(): the fields of a request have told this, and what via() tells of it.

	void noteTLS();
		/// To be called when the TLS handshake is complete, and before other threads use the stream: what is known of TLS is kept. Does
		/// nothing if it was complete at the beginning, or if there is none.

	const WebSocketTLSInfo* tlsInfo() const;
		/// Returns that, also when the stream is closed; null if there is none.

	SocketAddress remoteAddress() const;
		/// Returns that of the client.

	WebSocketHost remoteHost() const;
		/// Needs no memory. None as long as the peer is a trusted proxy whose client is not known.

	SocketAddress peerAddress() const;
		/// Returns that of the socket's peer, which may be a proxy.

	SocketAddress localAddress() const;
		/// Return the addresses; those of a Unix-domain socket may be empty. The local one is the wildcard
		/// address when the stream is closed.

	std::string handshakeError() const;
		/// Returns what has gone wrong in the TLS handshake; empty if it was not that.

	int error() const;
		/// Returns the system's code for what has broken the stream first; 0 if there is none.

	void endSending();
		/// Sees to it that nothing is sent any more. With TLS there is no close_notify, and what is received is decrypted.

	void shutdownSend();
		/// Ends the sending direction. What is received from now on counts as bytes only: with TLS it is not decrypted.

	void close();

	StreamSocketImpl* socket() const;
		/// Returns the socket that is used for everything; null if plain().

	static SocketAddress address(const sockaddr* pAddress, socklen_t length);
		/// Returns what the system has filled in.

	Poco::AutoPtr<StreamSocketImpl> detach();
		/// Gives the socket, which blocks again, away, and is closed.

private:
	WebSocketStream(const WebSocketStream&) = delete;
	WebSocketStream& operator = (const WebSocketStream&) = delete;

	void use(std::unique_ptr<WebSocketChannel>&& pChannel);
	void setRemote(const sockaddr* pAddress, socklen_t length);
		/// A path that is too long for SocketAddress is cut.

	void failed(int code);
	std::unique_ptr<WebSocketChannel> _pChannel; // null if plain
	struct Remote
	{
		SocketAddress address;
		std::unique_ptr<WebSocketVia> pVia;
		std::unique_ptr<const WebSocketTLSInfo> pTLS;
	};

	Remote& remote();

	std::unique_ptr<Remote> _pRemote; // unless it is IPv4, the peer itself, and plain
	in_addr _remoteHost;
	in_port_t _remotePort;
	short _error;
	int _fd;
	bool _shared;
	bool _secure;
	bool _shut; // for sending
	bool _last;
};


//
// inlines
//
inline int WebSocketStream::fd() const
{
	return _fd;
}


inline bool WebSocketStream::secure() const
{
	return _secure;
}


inline bool WebSocketStream::plain() const
{
	return !_pChannel;
}


inline void WebSocketStream::share(WebSocketChannel::Buffers& buffers)
{
	if (_pChannel) _pChannel->share(buffers);
}


inline std::size_t WebSocketStream::unsent() const
{
	return _pChannel ? _pChannel->unsent() : 0;
}


inline bool WebSocketStream::shared() const
{
	return _shared;
}


inline StreamSocketImpl* WebSocketStream::socket() const
{
	return _pChannel ? _pChannel->socket() : nullptr;
}


inline void WebSocketStream::beLast()
{
	if (_pChannel) _pChannel->beLast();
	else _last = !_shared;
}


inline int WebSocketStream::error() const
{
	return _error;
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketStream_INCLUDED
