//
// WebSocketConnection.h
//
// Library: PocoWebSocket
// Package: WebSocket
// Module:  WebSocketConnection
//
// A connection of the event shell, and what is told about it.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketConnection_INCLUDED
#define Net_WebSocketConnection_INCLUDED


#include "Poco/Net/WebSocketConfig.h"
#include "Poco/Net/WebSocketFrame.h"
#include "Poco/Net/SocketAddress.h"
#include "Poco/AutoPtr.h"
#include "Poco/RefCountedObject.h"
#include "Poco/SharedPtr.h"
#include "Poco/Timespan.h"
#include "Poco/Timestamp.h"
#include "Poco/UUID.h"
#include <memory>
#include <string>
#include <type_traits>


namespace Poco {


class Exception;


namespace Net {


class HTTPRequest;


POCO_WEBSOCKET_BEGIN


class WebSocket_API WebSocketPreparedMessage: public Poco::RefCountedObject
	/// A message that is going to be sent to many connections: it is copied, checked and framed once. (For a
	/// connection with compression it is compressed, since what it may refer to is different for
	/// each.) Objects do not change, and may be used by any thread.
{
public:
	typedef Poco::AutoPtr<WebSocketPreparedMessage> Ptr;

	WebSocketPreparedMessage(const void* pData, std::size_t length, int opcode = WebSocketFrame::OP_TEXT);
	explicit WebSocketPreparedMessage(const std::string& message, int opcode = WebSocketFrame::OP_TEXT);
	explicit WebSocketPreparedMessage(const char* message, WebSocketFrame::Opcode opcode = WebSocketFrame::OP_TEXT);
		/// Creates a message, text (OP_TEXT) or binary (OP_BINARY). Throws an
		/// InvalidArgumentException if a text is not UTF-8 (RFC 6455, 8.1).

	const std::string& message() const;
	int opcode() const;

	const std::string& frame() const;
		/// Returns the frame that a server sends.

protected:
	~WebSocketPreparedMessage();

private:
	void prepare();

	std::string _message;
	int _opcode;
	std::string _frame;
};


class WebSocket_API WebSocketConnection: public Poco::RefCountedObject
	/// A connection of a WebSocketServer or WebSocketClient.
	///
	/// Objects may be kept as long as one likes, and all functions may be called by any thread at
	/// any time, also when the peer has gone; then they do nothing, and say so.
{
public:
	typedef Poco::AutoPtr<WebSocketConnection> Ptr;

	enum State
	{
		CONNECTING, /// The opening handshake is going on.
		OPEN,       /// Messages can be sent.
		CLOSING,    /// A Close frame was sent, or nothing can be sent any more: messages and the Close that have come before may follow.
		CLOSED      /// The handler's onClose() has been called, or is about to be.
	};

	enum SendResult
	{
		SENT,       /// Sent, or queued to be.
		QUEUE_FULL, /// Not queued: WebSocketServerParams::setMaxQueuedBytes() would be exceeded. onDrained() will be called.
		DROPPED,    /// The same, where the policy is to drop what does not fit.
		NOT_OPEN    /// The connection is not, or no longer, open.
	};

	struct Metrics
	{
		Poco::UInt64 messagesReceived = 0;
		Poco::UInt64 messagesSent = 0;
		Poco::UInt64 bytesReceived = 0;      /// as on the wire, or in TLS records
		Poco::UInt64 bytesSent = 0;
		Poco::UInt64 messagesNotQueued = 0;  /// for which send() has returned QUEUE_FULL or DROPPED
		Poco::UInt64 bytesQueued = 0;        /// now, as WebSocketConnectionParams::setMaxQueuedBytes() counts them
		Poco::Timespan pingTime;             /// round-trip time of the last PING; 0 if there is none yet
		Poco::Timestamp since;               /// when the connection was opened
	};

	virtual SendResult send(const void* pData, std::size_t length, int opcode) = 0;
		/// Sends a message, text (WebSocketFrame::OP_TEXT) or binary (OP_BINARY), compressed if that was
		/// agreed on. It is sent at the end of the loop's turn, together with the others that are sent in
		/// that turn; an answer by a callback, when all that was received with its message has been dealt with. Never waits.
		///
		/// To compress more than 64 KiB takes several turns of the loop. Meanwhile the message counts as queued, further
		/// ones queue behind it, and nothing is received on this connection. It has several frames then (RFC 6455, 5.4).
		///
		/// A message that does not fit into an empty queue is accepted all the same.
		/// Throws an InvalidArgumentException if a text is not UTF-8 (RFC 6455, 8.1), or for another opcode, and a
		/// std::bad_alloc if there is no memory: then nothing is sent.

	SendResult send(const std::string& message);
		/// Sends a message of the default kind: text, if not set otherwise.

	SendResult send(const std::string& message, int opcode);

	template <typename Length, typename = std::enable_if_t<std::is_unsigned<Length>::value>>
	SendResult send(const char* pData, Length length) = delete;
		/// The opcode is missing: the length would be taken for it.

	virtual SendResult send(const WebSocketPreparedMessage::Ptr& pMessage) = 0;
		/// Sends a message that is sent to others as well.

	virtual SendResult sendPart(const void* pData, std::size_t length, int opcode, bool last) = 0;
		/// Sends part of a message as a frame; the message is complete with a part for which last is set. All
		/// parts have the same opcode. What send() sends meanwhile waits, and follows the last part. Only to be
		/// called by callbacks of this connection's loop; throws an IllegalStateException in other threads.
		///
		/// Throws an InvalidArgumentException if a text is not UTF-8, or for another opcode: that part is not sent, and
		/// another may be. Throws a std::bad_alloc if there is no memory, and the connection is aborted.
		///
		/// Who passes on what comes in parts, and does not want to hold the message, calls pause() if
		/// metrics().bytesQueued is greater than 0, and resume() in onDrained().

	virtual void setText() = 0;
	virtual void setBinary() = 0;
		/// Sets what send(message) sends.

	virtual void ping() = 0;
		/// Sends a PING; its round-trip time is in metrics() when the answer has come.

	virtual void close(int code = 1000, const std::string& reason = "") = 0;
		/// Starts the closing handshake (RFC 6455, 7.1.2), or does nothing if that was done before. What is queued is sent
		/// before, as far as the peer takes it in time (WebSocketConnectionParams::setCloseTimeout()). Reading goes on, if
		/// it was paused: the peer's Close comes behind its messages. A reason of more than 123 bytes is cut. Throws an InvalidArgumentException
		/// if the code must not be sent (RFC 6455, 7.4) or the reason is not UTF-8.

	virtual void abort() = 0;
		/// Cuts the connection at once, without a Close frame.

	virtual void pause() = 0;
	virtual void resume() = 0;
		/// Stops and goes on reading: messages that are on their way stay there. A few messages that have
		/// been read already may still come, if called by another thread than the connection's.
		///
		/// If something is queued (metrics().bytesQueued) when reading is paused, onDrained() will be called.

	virtual void setParts(bool flag) = 0;
		/// Whether messages are handed to onPart(), as they arrive, instead of onMessage(). To be called by onOpen().

	virtual State state() const = 0;

	virtual const Poco::UUID& id() const = 0;
		/// Returns a random id (RFC 4122, version 4).

	virtual SocketAddress remoteAddress() const = 0;
		/// Returns the peer's address.

	virtual std::string subprotocol() const = 0;
		/// Returns the subprotocol agreed on; empty if there is none.

	virtual bool secure() const = 0;
		/// Returns true for a TLS connection.

	virtual Metrics metrics() const = 0;

	virtual void setUserData(const std::shared_ptr<void>& pData) = 0;
	virtual std::shared_ptr<void> userData() const = 0;
		/// Whatever the handler wants to keep with the connection; it may hold the connection itself. It is released when the
		/// connection has ended, after onClose(): from then on userData() returns null, and what is set is not kept.

protected:
	WebSocketConnection();
	virtual ~WebSocketConnection();

	virtual int defaultOpcode() const = 0;

private:
	WebSocketConnection(const WebSocketConnection&) = delete;
	WebSocketConnection& operator = (const WebSocketConnection&) = delete;
};


class WebSocket_API WebSocketHandler
	/// What happens to connections is told to an object of a subclass.
	///
	/// All callbacks for a connection come from one thread, one after the other; those for different
	/// connections may come from different threads at the same time, if there are several loops.
	/// Callbacks should not take long: the other connections of that loop wait. They may call everything, and destroy everything, their
	/// own server, client and loop as well; WebSocketServer::stop() and drain() throw an IllegalStateException in callbacks of that server.
	///
	/// An exception thrown by a callback closes that connection (code 1011), and is told to onError().
{
public:
	typedef Poco::SharedPtr<WebSocketHandler> Ptr;

	virtual ~WebSocketHandler();

	virtual void onOpen(WebSocketConnection& connection, const HTTPRequest& request);
		/// The opening handshake is complete. The request, that of the handshake, is not there any more afterwards;
		/// for a server it is a HTTPServerRequestImpl, as for a handler of a HTTPServer, also if the connection was adopted. The response
		/// has been sent: what is in the request's response() means nothing any more.
		///
		/// The request's socket() is the connection's, for looking at it: SecureStreamSocket(request.socket()).peerCertificate()
		/// is the client's certificate. It must not be read from, written to or closed.

	virtual void onMessage(WebSocketConnection& connection, const char* pData, std::size_t length, int opcode);
		/// A message, text (WebSocketFrame::OP_TEXT, which is UTF-8) or binary (OP_BINARY). The bytes are
		/// not there any more afterwards.

	virtual void onPart(WebSocketConnection& connection, const char* pData, std::size_t length, int opcode, bool last);
		/// Part of a message, after WebSocketConnection::setParts(). The last one may be empty. Of a
		/// text, parts may begin and end inside a character.

	virtual void onConnectFailed(const Poco::Exception& error);
		/// Of a WebSocketClient only: a connection could not be made. Another attempt follows, unless
		/// WebSocketClientParams::setReconnect() says otherwise.

	virtual void onDrained(WebSocketConnection& connection);
		/// The queue has become empty, after something could not be sent at once or was not queued. While reading is paused, also if
		/// that is because nothing can be sent any more (WebSocketConnection::state()).

	virtual void onError(WebSocketConnection& connection, const Poco::Exception& error);
		/// The connection has failed: the peer has broken a rule (WebSocketException with its code), the
		/// network (NetException, TimeoutException), or a callback has thrown. onClose() follows.

	virtual void onClose(WebSocketConnection& connection, int code, const std::string& reason);
		/// The connection is closed. code and reason are those of the peer's Close frame; 1005 if there was no code
		/// in it, 1006 if no Close frame has come (RFC 6455, 7.1.5). Is called once for each
		/// connection for which onOpen() was.
};


//
// inlines
//
inline const std::string& WebSocketPreparedMessage::message() const
{
	return _message;
}


inline int WebSocketPreparedMessage::opcode() const
{
	return _opcode;
}


inline const std::string& WebSocketPreparedMessage::frame() const
{
	return _frame;
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketConnection_INCLUDED
