//
// WebSocketImpl.h
//
// Library: PocoWebSocket
// Package: WebSocket
// Module:  WebSocketImpl
//
// Definition of the WebSocketImpl class.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketImpl_INCLUDED
#define Net_WebSocketImpl_INCLUDED


#include "Poco/Net/WebSocketConfig.h"
#include "Poco/Net/WebSocketFrame.h"
#include "Poco/Net/StreamSocketImpl.h"
#include "Poco/Buffer.h"
#include <functional>
#include <istream>
#include <string>
#include <string_view>
#include <utility>


namespace Poco {
namespace Net {


class HTTPSession;


POCO_WEBSOCKET_BEGIN


class WebSocketFramer;
class WebSocketParams;
struct WebSocketDeflateParams;
struct WebSocketUpgrade;


class WebSocket_API WebSocketImpl: public StreamSocketImpl
	/// This class implements a WebSocket, according to RFC 6455, on top of another socket.
	///
	/// It makes system calls for the protocol core (WebSocketFramer), which
	/// has the rules. See WebSocket for the behavior of all functions.
{
public:
	WebSocketImpl(StreamSocketImpl* pStreamSocketImpl, HTTPSession& session, bool mustMaskPayload);
		/// Creates a WebSocketImpl on the given socket, whose ownership it shares. What the
		/// session has read behind the opening handshake is taken over.

	WebSocketImpl(const WebSocketUpgrade& upgrade, const WebSocketParams* pParams);
		/// Creates a WebSocketImpl for a connection whose opening handshake is complete. pParams may be null.

	// StreamSocketImpl
	int sendBytes(const void* buffer, int length, int flags) override;
		/// Sends a WebSocket protocol frame. With flags of 0,
		/// the frame is a binary one (WebSocket::FRAME_BINARY).

	int sendBytes(const SocketBufVec& buffers, int flags) override;
		/// Throws an InvalidAccessException.

	int receiveBytes(void* buffer, int length, int flags) override;
		/// Receives a WebSocket protocol frame.

	int receiveBytes(SocketBufVec& buffers, int flags) override;
		/// Throws an InvalidAccessException.

	int receiveBytes(Poco::Buffer<char>& buffer, int flags = 0, const Poco::Timespan& span = 0) override;
		/// Receives a WebSocket protocol frame.

	SocketImpl* acceptConnection(SocketAddress& clientAddr) override;
		/// Throws an InvalidAccessException.

	void connect(const SocketAddress& address) override;
		/// Throws an InvalidAccessException.

	void connect(const SocketAddress& address, const Poco::Timespan& timeout) override;
		/// Throws an InvalidAccessException.

	void connectNB(const SocketAddress& address) override;
		/// Throws an InvalidAccessException.

	void bind(const SocketAddress& address, bool reuseAddress = false) override;
		/// Throws an InvalidAccessException.

	void bind(const SocketAddress& address, bool reuseAddress, bool reusePort) override;
		/// Throws an InvalidAccessException.

	void bind6(const SocketAddress& address, bool reuseAddress = false, bool ipV6Only = false) override;
		/// Throws an InvalidAccessException.

	void bind6(const SocketAddress& address, bool reuseAddress, bool reusePort, bool ipV6Only) override;
		/// Throws an InvalidAccessException.

	void listen(int backlog = 64) override;
		/// Throws an InvalidAccessException.

	int sendTo(const void* buffer, int length, const SocketAddress& address, int flags = 0) override;
		/// Throws an InvalidAccessException.

	int sendTo(const SocketBufVec& buffers, const SocketAddress& address, int flags = 0) override;
		/// Throws an InvalidAccessException.

	int receiveFrom(void* buffer, int length, SocketAddress& address, int flags = 0) override;
		/// Throws an InvalidAccessException.

	int receiveFrom(SocketBufVec& buffers, SocketAddress& address, int flags = 0) override;
		/// Throws an InvalidAccessException.

	void sendUrgent(unsigned char data) override;
		/// Throws an InvalidAccessException.

	using ShutdownResult = decltype(std::declval<StreamSocketImpl&>().shutdown());
		/// void, or int in newer versions of Poco.

	using ShutdownSendResult = decltype(std::declval<StreamSocketImpl&>().shutdownSend());
		/// void, or int in newer versions of Poco.

	void close() override;
		/// Closes the socket below, without a Close frame.

	void shutdownReceive() override;
		/// Ends receiving on the socket below, and over TLS sending as well. Wakes a thread that is blocked in receiving.

	ShutdownSendResult shutdownSend() override;
		/// Ends sending on the socket below, without a Close frame, and over TLS receiving as well.

	ShutdownResult shutdown() override;
		/// Ends both directions of the socket below, without a Close frame. Wakes a thread that is blocked in receiving.

	int available() override;
		/// Returns the number of bytes that can be received without waiting, counted as
		/// on the wire.

	bool poll(const Poco::Timespan& timeout, int mode) override;
		/// Returns true if the socket is ready; see Socket::poll(). Data that was read from it, but is
		/// not delivered yet, counts.

	bool secure() const override;
		/// Returns true over TLS.

	void setSendBufferSize(int size) override;
		/// Sets the size of the socket's send buffer.

	int getSendBufferSize() override;
		/// Returns the size of the socket's send buffer.

	void setReceiveBufferSize(int size) override;
		/// Sets the size of the socket's receive buffer.

	int getReceiveBufferSize() override;
		/// Returns the size of the socket's receive buffer.

	void setSendTimeout(const Poco::Timespan& timeout) override;
		/// Sets how long sending waits while the peer acknowledges nothing; 0: without limit.

	Poco::Timespan getSendTimeout() override;
		/// Returns the send timeout.

	void setReceiveTimeout(const Poco::Timespan& timeout) override;
		/// Sets how long receiving waits while nothing arrives; 0: without limit.

	Poco::Timespan getReceiveTimeout() override;
		/// Returns the receive timeout.

	void setBlocking(bool flag) override;
		/// Sets whether calls wait.

	bool getBlocking() const override;
		/// Returns whether calls wait.

	// Internal
	int receiveFrame(void* buffer, int length, int& flags);
		/// See WebSocket::receiveFrame().

	int receiveFrame(Poco::Buffer<char>& buffer, int& flags);
		/// See WebSocket::receiveFrame().

	int sendClose(int statusCode, const std::string& reason);
		/// See WebSocket::shutdown().

	void configure(const WebSocketParams& params, const WebSocketDeflateParams* pDeflate);
		/// Applies the parameters. pDeflate has what was agreed on for permessage-deflate; null: no compression. Must be
		/// called before anything is sent or received.

	bool receiveMessage(Poco::Buffer<char>& message, WebSocketFrame::Opcode& opcode);
		/// See WebSocket::receiveMessage().

	bool receiveMessage(std::string& message, WebSocketFrame::Opcode& opcode);
		/// See WebSocket::receiveMessage().

	int receivePart(void* buffer, int length, int& flags);
		/// See WebSocket::receivePart().

	int sendMessage(std::string_view message, int opcode, int fragmentSize);
		/// See WebSocket::sendMessage().

	int sendUncompressed(std::string_view message, int opcode, int fragmentSize);
		/// See WebSocket::sendMessage().

	std::streamsize sendMessage(std::istream& istr, int opcode, int fragmentSize, bool compress = true);
		/// See WebSocket::sendMessage().

	int sendPart(std::string_view part, int opcode, bool last, bool compress = true);
		/// See WebSocket::sendPart().

	bool atEnd() const;
		/// See WebSocket::atEnd().

	bool closeHandshake(int statusCode, const std::string& reason, const Poco::Timespan& timeout);
		/// See WebSocket::closeHandshake().

	void ping();
		/// See WebSocket::ping().

	Poco::Timespan pingTime() const;
		/// See WebSocket::pingTime().

	void setPongHandler(const std::function<void(const std::string&)>& handler);
		/// See WebSocket::setPongHandler().

	void cork();
		/// Begins to gather what is sent. See WebSocket::Cork.

	void uncork();
		/// Ends what cork() has begun.

	void flush();
		/// See WebSocket::Cork::flush().

	const std::string& subprotocol() const;
		/// See WebSocket::subprotocol().

	int frameFlags() const;
		/// Returns the frame flags of the most recently received frame.

	bool mustMaskPayload() const;
		/// Returns true if the payload must be masked.

	void setMaxPayloadSize(int maxPayloadSize);
		/// Sets the maximum payload size for receiveFrame(), which must be greater than 0.
		///
		/// The default is std::numeric_limits<int>::max().

	int getMaxPayloadSize() const;
		/// Returns the maximum payload size for receiveFrame().

	StreamSocketImpl* streamSocketImpl();
		/// Returns the socket below. Frames must not be received any more once data has
		/// been received from it directly.

	WebSocketFramer& framer();
		/// Returns the state of the protocol.

	const WebSocketFramer& framer() const;
		/// Returns the state of the protocol.

protected:
	~WebSocketImpl() override;
		/// Destroys the WebSocketImpl.

private:
	WebSocketImpl();
	WebSocketImpl(const WebSocketImpl&);
	WebSocketImpl& operator = (const WebSocketImpl&);

	class Channel;

	void begin(const Poco::Buffer<char>& data);
	int finishReceive(int result, int flags);

	// Programs built with Poco 1.11 have frameFlags(), mustMaskPayload() and
	// getMaxPayloadSize() inlined. So that the shared object for LD_PRELOAD serves them,
	// the members that these read are where that version has them.
	StreamSocketImpl* _pStreamSocketImpl;
	int   _maxPayloadSize;
	Channel* _pChannel;
	char  _reserved[28];
	int   _frameFlags;
	bool  _mustMaskPayload;
};


//
// inlines
//
inline int WebSocketImpl::frameFlags() const
{
	return _frameFlags;
}


inline bool WebSocketImpl::mustMaskPayload() const
{
	return _mustMaskPayload;
}


inline int WebSocketImpl::getMaxPayloadSize() const
{
	return _maxPayloadSize;
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketImpl_INCLUDED
