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
#include "Poco/Net/StreamSocketImpl.h"
#include "Poco/Buffer.h"
#include <functional>
#include <istream>
#include <string>
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
	virtual int sendBytes(const void* buffer, int length, int flags);
		/// Sends a WebSocket protocol frame. With flags of 0,
		/// the frame is a binary one (WebSocket::FRAME_BINARY).

	virtual int sendBytes(const SocketBufVec& buffers, int flags);
		/// Throws an InvalidAccessException.

	virtual int receiveBytes(void* buffer, int length, int flags);
		/// Receives a WebSocket protocol frame.

	virtual int receiveBytes(SocketBufVec& buffers, int flags);
		/// Throws an InvalidAccessException.

	virtual int receiveBytes(Poco::Buffer<char>& buffer, int flags = 0, const Poco::Timespan& span = 0);
		/// Receives a WebSocket protocol frame.

	virtual SocketImpl* acceptConnection(SocketAddress& clientAddr);
	virtual void connect(const SocketAddress& address);
	virtual void connect(const SocketAddress& address, const Poco::Timespan& timeout);
	virtual void connectNB(const SocketAddress& address);
	virtual void bind(const SocketAddress& address, bool reuseAddress = false);
	virtual void bind(const SocketAddress& address, bool reuseAddress, bool reusePort);
	virtual void bind6(const SocketAddress& address, bool reuseAddress = false, bool ipV6Only = false);
	virtual void bind6(const SocketAddress& address, bool reuseAddress, bool reusePort, bool ipV6Only);
	virtual void listen(int backlog = 64);
	virtual int sendTo(const void* buffer, int length, const SocketAddress& address, int flags = 0);
	virtual int sendTo(const SocketBufVec& buffers, const SocketAddress& address, int flags = 0);
	virtual int receiveFrom(void* buffer, int length, SocketAddress& address, int flags = 0);
	virtual int receiveFrom(SocketBufVec& buffers, SocketAddress& address, int flags = 0);
	virtual void sendUrgent(unsigned char data);
		/// All of these throw an InvalidAccessException.

	using ShutdownResult = decltype(std::declval<StreamSocketImpl&>().shutdown());
	using ShutdownSendResult = decltype(std::declval<StreamSocketImpl&>().shutdownSend());
		/// void, and int in newer versions of Poco.

	virtual void close();
	virtual void shutdownReceive();
	virtual ShutdownSendResult shutdownSend();
	virtual ShutdownResult shutdown();
		/// These act on the stream below; no Close frame is sent. Over TLS, which cannot be ended in
		/// one direction, each shutdown is one of both. A thread blocked in receiving is woken by
		/// shutdownReceive() and shutdown().

	virtual int available();
		/// Returns the number of bytes, of frames as they are on the wire, that
		/// can be received without waiting.

	virtual bool poll(const Poco::Timespan& timeout, int mode);
		/// See Socket::poll(). Data that has left the socket and is not delivered yet counts.

	virtual bool secure() const;
	virtual void setSendBufferSize(int size);
	virtual int getSendBufferSize();
	virtual void setReceiveBufferSize(int size);
	virtual int getReceiveBufferSize();
	virtual void setSendTimeout(const Poco::Timespan& timeout);
	virtual Poco::Timespan getSendTimeout();
	virtual void setReceiveTimeout(const Poco::Timespan& timeout);
	virtual Poco::Timespan getReceiveTimeout();
	virtual void setBlocking(bool flag);
	virtual bool getBlocking() const;

	// Internal
	int receiveFrame(void* buffer, int length, int& flags);
		/// See WebSocket::receiveFrame().

	int receiveFrame(Poco::Buffer<char>& buffer, int& flags);
		/// See WebSocket::receiveFrame().

	int sendClose(int statusCode, const std::string& reason);
		/// See WebSocket::shutdown().

	void configure(const WebSocketParams& params, const WebSocketDeflateParams* pDeflate);
		/// Applies the parameters; pDeflate tells what was agreed on permessage-deflate, or is
		/// null. To be called before anything is sent or received.

	int receiveMessage(Poco::Buffer<char>& message, int& opcode);
	int receiveMessage(std::string& message, int& opcode);
	int receivePart(void* buffer, int length, int& flags);
	int sendMessage(const void* message, int length, int opcode, int fragmentSize);
	std::streamsize sendMessage(std::istream& istr, int opcode, int fragmentSize);
	int sendPart(const void* part, int length, int opcode, bool last);
	bool closeHandshake(int statusCode, const std::string& reason, const Poco::Timespan& timeout);
	void ping();
	Poco::Timespan pingTime() const;
	void setPongHandler(const std::function<void(const std::string&)>& handler);
	void cork();
	void uncork();
	void flush();
		/// See the functions of these names in WebSocket.

	const std::string& subprotocol() const;
		/// The subprotocol agreed on.

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
	const WebSocketFramer& framer() const;
		/// Return the state of the protocol.

protected:
	virtual ~WebSocketImpl();

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
