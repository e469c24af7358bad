//
// TLSChannel.h
//
// Library: PocoWebSocket
// Package: Events
// Module:  WebSocketTLSChannel
//
// TLS on the buffers of a loop.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketTLSChannel_INCLUDED
#define Net_WebSocketTLSChannel_INCLUDED


#include "events/Channel.h"
#include "net/OpenSSL.h"
#include "net/SocketBIO.h"


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


class WebSocketTLSChannel: public WebSocketChannel
	/// The SSL object of a Poco::Net::SecureStreamSocketImpl, used directly, with a WebSocketSocketBIO under it. A call
	/// receives once for many records, or sends many records at once. What the socket does not take is kept encrypted, and is small; the rest
	/// stays with the caller. Before the first call that sends or receives, share() gives it the buffers.
	///
	/// The socket stays what it was, and goes on working for others when the channel has gone.
{
public:
	static std::unique_ptr<WebSocketChannel> make(StreamSocketImpl* pSocket);
		/// Returns null if it is another socket, or its SSL object does not lend itself to it.

	~WebSocketTLSChannel() override;

	void share(Buffers& buffers) override;
	long receive(const iovec* pBlocks, int count) override;
	bool pending() override;
	long send(const iovec* pBlocks, int count) override;
	std::size_t unsent() const override;
	bool push() override;
	void beLast() override;
	bool crossed() const override;
	int interest(int events) const override;
	void shutdownSend() override;
	void close() override;
	const char* handshakeError() const override;

private:
	typedef WebSocketOpenSSL::Want Want;

	WebSocketTLSChannel(StreamSocketImpl* pSocket, const WebSocketOpenSSL& openSSL, WebSocketSocketBIO& bio);

	long receiveBlocks(const iovec* pBlocks, int count);
	long receiveFirst(const iovec& block);
	long notReceived();
	void noteHandshakeError();
	long sendBlocks(const iovec* pBlocks, int count);
	long notSent(long total);
	bool deliver();
	void shut();

	const WebSocketOpenSSL _openSSL;
	ssl_st* const _pSSL;
	WebSocketSocketBIO& _bio;
	Buffers* _pBuffers;
	std::size_t _unsent; // bytes whose records wait in the BIO
	long _next;          // END or BROKEN, found behind what was received
	bool _first;         // the first handshake is not complete
	bool _last;          // close() follows what is sent
	const char* _pHandshakeError;
	Want _receiveWants;  // to go on
	Want _sendWants;
};


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketTLSChannel_INCLUDED
