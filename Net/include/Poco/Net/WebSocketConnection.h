//
// WebSocketConnection.h
//
// Library: PocoWebSocket
// Package: WebSocket
// Module:  WebSocketConnection
//
// A connection of the event shell.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketConnection_INCLUDED
#define Net_WebSocketConnection_INCLUDED


#include "Poco/Net/WebSocketConfig.h"
#include "Poco/Net/WebSocketFrame.h"
#include "Poco/Net/WebSocketTLSInfo.h"
#include "Poco/Net/SocketAddress.h"
#include "Poco/AutoPtr.h"
#include "Poco/RefCountedObject.h"
#include "Poco/Timespan.h"
#include "Poco/Timestamp.h"
#include "Poco/UUID.h"
#include <memory>
#include <string>
#include <string_view>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


class WebSocket_API WebSocketPreparedMessage: public Poco::RefCountedObject
	/// A message for many connections. It is copied, checked and framed once. For a connection with
	/// compression it is compressed each time, since each connection's compressor has a state of its own.
	///
	/// Objects do not change, and may be used by any thread.
{
public:
	typedef Poco::AutoPtr<WebSocketPreparedMessage> Ptr;

	WebSocketPreparedMessage(std::string_view message, WebSocketFrame::Opcode opcode, WebSocketFrame::Compression compression = WebSocketFrame::Compression::AS_AGREED);
		/// Creates a text (OP_TEXT) or binary (OP_BINARY) message. Throws an
		/// InvalidArgumentException if a text is not UTF-8 (RFC 6455, 8.1), and for another opcode.

	static Ptr text(std::string_view message, WebSocketFrame::Compression compression = WebSocketFrame::Compression::AS_AGREED);
		/// Creates a text message. Throws an InvalidArgumentException if it is not UTF-8.

	static Ptr binary(std::string_view message, WebSocketFrame::Compression compression = WebSocketFrame::Compression::AS_AGREED);
		/// Creates a binary message.

	std::string_view message() const;
		/// Returns the message. It is valid as long as the object exists.

	WebSocketFrame::Opcode opcode() const;
		/// Returns OP_TEXT or OP_BINARY.

	WebSocketFrame::Compression compression() const;
		/// Returns whether connections with compression compress the message.

	const std::string& frame() const;
		/// Returns the frame that a server sends without compression.

protected:
	~WebSocketPreparedMessage() override;
		/// Destroys the message.

private:
	std::string _frame;
	std::size_t _headerLength;
	WebSocketFrame::Opcode _opcode;
	WebSocketFrame::Compression _compression;
};


class WebSocket_API WebSocketConnection: public Poco::RefCountedObject
	/// A connection of a WebSocketServer or WebSocketClient.
	///
	/// Objects may be kept for any time. All functions may be called by any thread at any time, unless they
	/// say something else. When the connection has ended they do nothing, and their results say so.
{
public:
	typedef Poco::AutoPtr<WebSocketConnection> Ptr;

	enum State
		/// How a connection lives.
	{
		CONNECTING, /// The opening handshake is going on.
		OPEN,       /// Messages can be sent.
		CLOSING,    /// A Close frame was sent, or nothing can be sent any more. Messages and the Close frame that the peer has sent before may follow.
		CLOSED      /// The handler's onClose() has been called, or is about to be.
	};

	enum SendResult
		/// What has become of a message.
	{
		SENT,       /// Sent, or queued to be.
		QUEUE_FULL, /// Not queued: WebSocketConnectionParams::setMaxQueuedBytes() would be exceeded. onDrained() will be called.
		DROPPED,    /// The same, with the policy QUEUE_DROP.
		NOT_OPEN    /// The connection is not open, or not any more.
	};

	struct Metrics
		/// Counts of a connection.
	{
		Poco::UInt64 messagesReceived = 0;  /// Complete messages.
		Poco::UInt64 messagesSent = 0;      /// Messages sent or queued.
		Poco::UInt64 bytesReceived = 0;     /// Bytes on the wire, or in TLS records.
		Poco::UInt64 bytesSent = 0;         /// Bytes on the wire, or in TLS records.
		Poco::UInt64 messagesNotQueued = 0; /// Messages for which send() has returned QUEUE_FULL or DROPPED.
		Poco::UInt64 bytesQueued = 0;       /// What waits now, as WebSocketConnectionParams::setMaxQueuedBytes() counts it.
		Poco::Timespan pingTime;            /// Round-trip time of the last PING that was answered; 0 if none was.
		Poco::Timestamp since;              /// When the connection was opened.
	};

	SendResult sendText(std::string_view text, WebSocketFrame::Compression compression = WebSocketFrame::Compression::AS_AGREED);
		/// Sends a text message. See send(std::string_view, WebSocketFrame::Opcode).

	SendResult sendBinary(std::string_view data, WebSocketFrame::Compression compression = WebSocketFrame::Compression::AS_AGREED);
		/// Sends a binary message. See send(std::string_view, WebSocketFrame::Opcode).

	SendResult sendBinary(const void* pData, std::size_t length, WebSocketFrame::Compression compression = WebSocketFrame::Compression::AS_AGREED);
		/// Sends a binary message of length bytes. See send(std::string_view, WebSocketFrame::Opcode).

	virtual SendResult send(std::string_view message, WebSocketFrame::Opcode opcode) = 0;
		/// Sends a text (OP_TEXT) or binary (OP_BINARY) message, compressed if that was
		/// agreed on. Never waits: what is sent in one turn of the loop goes out together at its end. What
		/// a callback sends goes out when all that was received with its message has been handled.
		///
		/// A message of more than 64 KiB is compressed in several turns of the loop, into several frames (RFC 6455, 5.4). Meanwhile it
		/// counts as queued, further messages queue behind it, and nothing is received on this connection.
		///
		/// A message that does not fit into an empty queue is accepted all the same.
		///
		/// Throws an InvalidArgumentException if a text is not UTF-8 (RFC 6455, 8.1), and for another opcode. Throws a
		/// std::bad_alloc if there is no memory. In both cases nothing is sent.

	SendResult send(std::string_view message, WebSocketFrame::Opcode opcode, WebSocketFrame::Compression compression);
		/// Sends a message that is not compressed, if compression is NONE. The text of such a message must be
		/// UTF-8, also with setVerifyUTF8(false). See send(std::string_view, WebSocketFrame::Opcode).

	virtual SendResult send(const WebSocketPreparedMessage::Ptr& pMessage) = 0;
		/// Sends a message that is sent to others as well.

	virtual SendResult sendBehind(const WebSocketPreparedMessage::Ptr& pMessage) = 0;
		/// Sends a message behind everything that any thread has sent to this connection before. send() gives no such promise in the connection's own thread: it may
		/// overtake what another thread has sent shortly before. It goes out in the next turn of the loop; otherwise like send().

	static void send(const WebSocketPreparedMessage::Ptr& pMessage, WebSocketConnection* const* ppConnections, std::size_t count, SendResult* pResults);
		/// Sends a message to count connections, of any servers and clients, and sets as many results: those of send() for each connection,
		/// which are known when this returns. Each connection receives it after everything the caller sent to that connection
		/// earlier, and before what the caller sends later.
		///
		/// Costs less than one send() after the other. Another thread hands it over once to each loop, and not once for each connection. A
		/// callback's goes to connections of its loop at the end of the turn, together with the other messages that are sent like this; their
		/// metrics().messagesSent counts it then.
		///
		/// The connections have to exist as long as the call takes.
		///
		/// Throws an InvalidArgumentException if there is no message, and a std::bad_alloc if there is no memory. In the latter case
		/// the connections whose result is SENT receive it, and the others do not.

	virtual SendResult sendPart(std::string_view part, WebSocketFrame::Opcode opcode, bool last, WebSocketFrame::Compression compression = WebSocketFrame::Compression::AS_AGREED) = 0;
		/// Sends part of a message as a frame. The part with last set completes the message, and may be empty. All
		/// parts have the same opcode. The first one's compression holds for the message. Messages that are sent meanwhile
		/// wait, and follow the last part.
		///
		/// May be called by callbacks of this connection's loop only, and throws an IllegalStateException in other threads.
		/// Throws an InvalidArgumentException if a text is not UTF-8, and for another opcode: that part is not sent, and
		/// another one may be. Throws a std::bad_alloc if there is no memory, and the connection is cut.
		///
		/// A callback that passes on what arrives in parts calls pause() when metrics().bytesQueued is greater
		/// than 0, and resume() in onDrained(), so that the message is never held as a whole.

	virtual void ping() = 0;
		/// Sends a PING. When its answer has come, metrics().pingTime is its round-trip time.

	virtual void close(int code = WebSocketFrame::NORMAL_CLOSURE, const std::string& reason = "") = 0;
		/// Begins the closing handshake (RFC 6455, 7.1.2). Does nothing if it was begun before. What is queued is sent
		/// before the Close frame, if the peer takes it in time (WebSocketConnectionParams::setCloseTimeout()). If reading was
		/// paused, it goes on: the peer's Close frame comes after its messages.
		///
		/// A reason of more than 123 bytes is cut between two characters. Throws an InvalidArgumentException
		/// if the code must not be sent (RFC 6455, 7.4) or the reason is not UTF-8.

	virtual void closeBehind(int code = WebSocketFrame::NORMAL_CLOSURE, const std::string& reason = "") = 0;
		/// Begins the closing handshake behind everything that any thread has sent to this connection before, as sendBehind() sends: close() in the
		/// connection's own thread may overtake what another thread has sent shortly before, which is not sent then. Otherwise like close().

	virtual void abort() = 0;
		/// Cuts the connection at once, without a Close frame.

	virtual void pause() = 0;
		/// Stops reading. What the peer sends then stays on its way. If another thread than the connection's calls this, a few
		/// messages that have been read already may still arrive.
		///
		/// If something is queued (metrics().bytesQueued), onDrained() will be called.

	virtual void resume() = 0;
		/// Goes on reading.

	virtual void setParts(bool flag) = 0;
		/// Sets whether onPart() is called with the parts of messages as they arrive, instead of onMessage() with whole messages.
		/// To be called by onOpen(). Default: false.

	virtual State state() const = 0;
		/// Returns how the connection lives.

	virtual const Poco::UUID& id() const = 0;
		/// Returns a random id (RFC 4122, version 4). Throws a SystemException if there are no random numbers.

	virtual SocketAddress remoteAddress() const = 0;
		/// Returns the peer's address; that of a trusted proxy's client if the proxy has told it (WebSocketServerParams::setTrustedProxies()).

	virtual SocketAddress peerAddress() const = 0;
		/// Returns the address of the socket's peer, which may be a trusted proxy.

	virtual std::string subprotocol() const = 0;
		/// Returns the subprotocol agreed on; empty if there is none.

	virtual const std::string& route() const = 0;
		/// Returns the path that WebSocketServer::addRoute() was given for the connection's route; empty for that of the server's own handler, and
		/// for a client.

	virtual std::string routeParameter() const = 0;
		/// Returns what the request had in place of the {parameter} or the asterisk of route(), percent-decoded. It can have any byte in it, also a
		/// slash or NUL: it is the client's text. Empty if the route has none.

	virtual bool secure() const = 0;
		/// Returns true for a TLS connection. If a trusted proxy has told, returns whether its client has connected with TLS.

	virtual WebSocketTLSInfo tlsInfo() const = 0;
		/// Returns TLS version, cipher and the peer's certificate, as they were when the connection was opened, also when it has ended. All is
		/// empty without TLS.

	virtual Metrics metrics() const = 0;
		/// Returns the counts of the connection.

	virtual void setUserData(const std::shared_ptr<void>& pData) = 0;
		/// Keeps an object with the connection. The object may hold the connection itself: it is released when the
		/// connection has ended, after onClose(). What is set later is not kept.

	virtual std::shared_ptr<void> userData() const = 0;
		/// Returns the object that setUserData() was given; null if there is none, and when the connection has ended.

protected:
	WebSocketConnection();
		/// Creates the connection.

	~WebSocketConnection() override;
		/// Destroys the connection.

private:
	WebSocketConnection(const WebSocketConnection&) = delete;
	WebSocketConnection& operator = (const WebSocketConnection&) = delete;
};


//
// inlines
//
inline std::string_view WebSocketPreparedMessage::message() const
{
	return std::string_view(_frame).substr(_headerLength);
}


inline WebSocketFrame::Opcode WebSocketPreparedMessage::opcode() const
{
	return _opcode;
}


inline WebSocketFrame::Compression WebSocketPreparedMessage::compression() const
{
	return _compression;
}


inline const std::string& WebSocketPreparedMessage::frame() const
{
	return _frame;
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketConnection_INCLUDED
