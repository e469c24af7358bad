//
// WebSocket.h
//
// Library: PocoWebSocket
// Package: WebSocket
// Module:  WebSocket
//
// Definition of the WebSocket class.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocket_INCLUDED
#define Net_WebSocket_INCLUDED


#include "Poco/Net/WebSocketConfig.h"
#include "Poco/Net/WebSocketFrame.h"
#include "Poco/Net/WebSocketParams.h"
#include "Poco/Net/StreamSocket.h"
#include "Poco/Net/HTTPCredentials.h"
#include "Poco/Buffer.h"
#include "Poco/Timespan.h"
#include <functional>
#include <istream>
#include <string>
#include <string_view>


namespace Poco {
namespace Net {


class HTTPServerRequest;
class HTTPServerResponse;
class HTTPClientSession;
class HTTPRequest;
class HTTPResponse;


POCO_WEBSOCKET_BEGIN


class WebSocketImpl;


class WebSocket_API WebSocket: public StreamSocket
	/// This class implements a WebSocket according to RFC 6455, for servers and
	/// for clients. It can be put in the place of the class of the same name in
	/// the POCO Net library: source code that uses that one compiles unchanged.
	///
	/// A server-side WebSocket is usually created in a HTTPRequestHandler:
	///
	///     void handleRequest(HTTPServerRequest& request, HTTPServerResponse& response)
	///     {
	///         WebSocket ws(request, response);
	///         Poco::Buffer<char> buffer(0);
	///         int flags;
	///         do
	///         {
	///             buffer.resize(0);
	///             const int n = ws.receiveFrame(buffer, flags);
	///             if (n == 0 && flags == 0) break; // the peer has gone
	///             if ((flags & WebSocket::FRAME_OP_BITMASK) == WebSocket::FRAME_OP_PING)
	///                 flags = WebSocket::FRAME_FLAG_FIN | WebSocket::FRAME_OP_PONG;
	///             ws.sendFrame(buffer.begin(), static_cast<int>(buffer.size()), flags);
	///         }
	///         while ((flags & WebSocket::FRAME_OP_BITMASK) != WebSocket::FRAME_OP_CLOSE);
	///     }
	///
	/// A client-side WebSocket is created with a HTTPClientSession, or a
	/// HTTPSClientSession for wss.
	///
	/// This is the frame level: PING frames are returned to the application,
	/// which has to answer them with a PONG, a Close frame is answered by
	/// sending it back (as above) or with shutdown(), and messages that come
	/// in fragments are returned fragment by fragment.
	///
	/// The message level does all that:
	///
	///     WebSocket ws(request, response, new WebSocketParams);
	///     std::string message;
	///     WebSocketFrame::Opcode opcode;
	///     while (ws.receiveMessage(message, opcode))
	///         ws.sendMessage(message, opcode);
	///
	/// Frames may be sent between messages at any time. Frames and messages may be received by
	/// turns. A message that was begun by one level must be ended by the same; otherwise
	/// an IllegalStateException is thrown. The message level reads ahead: a
	/// program that waits for the socket must fetch messages until available() is 0.
	///
	/// What is received is checked against RFC 6455. When the peer breaks a
	/// rule, nothing of that frame is delivered, a Close frame with the status
	/// code that the RFC names is sent, and a WebSocketException with an error
	/// code is thrown. From then on the connection has failed: receiveFrame()
	/// throws that exception again, and so does sendFrame().
	///
	/// Threads: any number of threads may send, and one may receive at the same
	/// time; frames never mix. A thread blocked in receiveFrame() is woken when
	/// the connection ends: by the peer's Close, by the end of the stream,
	/// or by shutdownReceive() or the implementation's shutdown() in another thread. Copies of a
	/// WebSocket share one connection. Creating, assigning, closing and destroying are not synchronized.
	///
	/// Waiting: poll(), Socket::select(), PollSet and SocketReactor work on a
	/// plain connection as on any socket: it is readable as long as a frame has
	/// not been delivered, also if several came in one segment. Over TLS that
	/// holds for poll() and available() only, as with every secure Poco socket,
	/// because decrypted data has left the kernel. Frames that came together with the
	/// opening handshake have left it as well, also on a plain connection: call poll()
	/// or available() before the first wait of another kind.
{
public:
	enum Mode
		/// The role in the connection.
	{
		WS_SERVER, /// Server-side WebSocket.
		WS_CLIENT  /// Client-side WebSocket.
	};

	enum FrameFlags
		/// Frame header flags.
	{
		FRAME_FLAG_FIN  = 0x80, /// FIN bit: final fragment of a multi-fragment message.
		FRAME_FLAG_RSV1 = 0x40, /// Reserved for future use. Must be zero.
		FRAME_FLAG_RSV2 = 0x20, /// Reserved for future use. Must be zero.
		FRAME_FLAG_RSV3 = 0x10, /// Reserved for future use. Must be zero.
		FRAME_FLAG_EMPTY = 0x200
			/// Returned by receiveFrame() in the flags of an empty, non-final
			/// continuation frame only, whose first byte is 0: a return value of 0 with
			/// flags of 0 always means the end of the stream. Ignored by sendFrame().
	};

	enum FrameOpcodes
		/// Frame header opcodes.
	{
		FRAME_OP_CONT    = 0x00, /// Continuation frame.
		FRAME_OP_TEXT    = 0x01, /// Text frame.
		FRAME_OP_BINARY  = 0x02, /// Binary frame.
		FRAME_OP_CLOSE   = 0x08, /// Close connection.
		FRAME_OP_PING    = 0x09, /// Ping frame.
		FRAME_OP_PONG    = 0x0a, /// Pong frame.
		FRAME_OP_BITMASK = 0x0f, /// Bit mask for opcodes.
		FRAME_OP_SETRAW  = 0x100 /// Set raw flags (for use with sendBytes() and FRAME_OP_CONT).
	};

	enum SendFlags
		/// Combined header flags and opcodes for use with sendFrame().
	{
		FRAME_TEXT   = 0x81,
			/// Use this for sending a single text (UTF-8) payload frame.
		FRAME_BINARY = 0x82
			/// Use this for sending a single binary payload frame.
	};

	enum StatusCodes
		/// Status codes of Close frames (RFC 6455, 7.4.1).
	{
		WS_NORMAL_CLOSE            = 1000, /// The connection has done its work.
		WS_ENDPOINT_GOING_AWAY     = 1001, /// The server stops, or the page is left.
		WS_PROTOCOL_ERROR          = 1002, /// The peer has broken a rule.
		WS_PAYLOAD_NOT_ACCEPTABLE  = 1003, /// This kind of data is not accepted.
		WS_RESERVED                = 1004, /// Reserved; must not be sent.
		WS_RESERVED_NO_STATUS_CODE = 1005, /// Returned if a Close frame had no code; must not be sent.
		WS_RESERVED_ABNORMAL_CLOSE = 1006, /// Returned if no Close frame has arrived; must not be sent.
		WS_MALFORMED_PAYLOAD       = 1007, /// Text is not UTF-8, or compressed data is corrupt.
		WS_POLICY_VIOLATION        = 1008, /// A limit is exceeded, or another policy is broken.
		WS_PAYLOAD_TOO_BIG         = 1009, /// A frame or message is too large.
		WS_EXTENSION_REQUIRED      = 1010, /// The server did not accept an extension that the client needs.
		WS_UNEXPECTED_CONDITION    = 1011, /// The server has failed.
		WS_RESERVED_TLS_FAILURE    = 1015  /// The TLS handshake has failed; must not be sent.
	};

	enum ErrorCodes
		/// These error codes can be obtained from a WebSocketException
		/// to determine the exact cause of the error.
	{
		WS_ERR_NO_HANDSHAKE                   = 1,
			/// No WebSocket handshake: no Connection: Upgrade or Upgrade: websocket, not GET,
			/// not HTTP/1.1, or (client) a response that does not switch protocols.
		WS_ERR_HANDSHAKE_NO_VERSION           = 2,
			/// No Sec-WebSocket-Version header in handshake request.
		WS_ERR_HANDSHAKE_UNSUPPORTED_VERSION  = 3,
			/// Unsupported WebSocket version requested by client.
		WS_ERR_HANDSHAKE_NO_KEY               = 4,
			/// No Sec-WebSocket-Key header in handshake request, or not a valid one.
		WS_ERR_HANDSHAKE_ACCEPT               = 5,
			/// No Sec-WebSocket-Accept header or wrong value.
		WS_ERR_UNAUTHORIZED                   = 6,
			/// The server rejected the username or password for authentication.
		WS_ERR_HANDSHAKE_SUBPROTOCOL          = 7,
			/// The server chose a subprotocol that was not offered (RFC 6455, 4.1).
		WS_ERR_HANDSHAKE_EXTENSION            = 8,
			/// The server chose an extension that was not offered (RFC 6455, 4.1).
		WS_ERR_HANDSHAKE_REFUSED              = 9,
			/// The server refuses this client because of its Origin (403), the hook, or the size
			/// of the handshake (431); or a header field to be sent contains CR, LF or NUL.
		WS_ERR_PAYLOAD_TOO_BIG                = 10,
			/// Payload too big for supplied buffer, or above the maximum. Close code 1009.
		WS_ERR_INCOMPLETE_FRAME               = 11,
			/// The stream ended inside a frame.
		WS_ERR_INVALID_RSV_BITS               = 12,
			/// A reserved bit is set (RFC 6455, 5.2). Close code 1002.
		WS_ERR_INVALID_OPCODE                 = 13,
			/// Reserved opcode (RFC 6455, 5.2). Close code 1002.
		WS_ERR_UNMASKED_CLIENT_FRAME          = 14,
			/// A client sent a frame without mask (RFC 6455, 5.1). Close code 1002.
		WS_ERR_PROTOCOL_VIOLATION             = 15,
			/// Another rule of RFC 6455, 5 was broken: a fragmented or too long control
			/// frame, a continuation out of order, a length not in its shortest form,
			/// a Close payload of one byte. Close code 1002.
		WS_ERR_MASKED_SERVER_FRAME            = 16,
			/// A server sent a masked frame (RFC 6455, 5.1). Close code 1002.
		WS_ERR_INVALID_UTF8                   = 17,
			/// A text message or a Close reason is not UTF-8 (RFC 6455, 8.1). Close code 1007.
		WS_ERR_INVALID_CLOSE_CODE             = 18,
			/// A Close frame with a status code that must not be sent
			/// (RFC 6455, 7.4). Close code 1002.
		WS_ERR_CLOSED                         = 19,
			/// Nothing can be sent after a Close frame (RFC 6455, 5.5.1).
		WS_ERR_POLICY_VIOLATION               = 20,
			/// Too many fragments, or PINGs that cannot be answered. Close code 1008.
		WS_ERR_CORRUPT_DATA                   = 21,
			/// Compressed data is corrupt (RFC 7692). Close code 1007.
		WS_ERR_PING_TIMEOUT                   = 22
			/// Nothing was received after a PING (WebSocketParams::setPongTimeout()).
	};

	WebSocket(HTTPServerRequest& request, HTTPServerResponse& response);
		/// Creates a server-side WebSocket from within a HTTPRequestHandler.
		///
		/// Verifies that the request is a WebSocket opening handshake (RFC 6455,
		/// 4.2.1). If so, sends the 101 response, with the headers that
		/// the handler has set in response (Sec-WebSocket-Protocol, for instance).
		///
		/// Otherwise a response with status 400, 405 or 426 and a line of text
		/// that says what is wrong is sent, the HTTP connection is closed, and a
		/// WebSocketException with one of the handshake error codes is thrown. The
		/// response object holds what was sent. What the handler itself sends
		/// afterwards goes nowhere.
		///
		/// The WebSocket may be kept after handleRequest() has returned.

	WebSocket(HTTPClientSession& cs, HTTPRequest& request, HTTPResponse& response);
		/// Creates a client-side WebSocket, using the given HTTPClientSession (for
		/// wss a HTTPSClientSession) and HTTPRequest for the opening handshake.
		///
		/// Additional HTTP headers for the handshake request (such as Origin or
		/// Sec-WebSocket-Protocol) can be given in the request object. A valid
		/// Sec-WebSocket-Key in it is used, otherwise a random one is created.
		/// If the session has a proxy, and its configuration does not exclude
		/// the host, the connection is tunnelled (CONNECT).
		///
		/// The server's answer can be obtained from the response object. It is
		/// checked as RFC 6455, 4.1 says; throws a WebSocketException if the
		/// server does not accept, or a NetException or TimeoutException (the
		/// session's timeouts apply).
		///
		/// The session gives its socket away: it may be destroyed right
		/// afterwards, and can open a new connection if it is a plain one. A
		/// HTTPSClientSession cannot be used again; it throws an
		/// InvalidArgumentException if it is.

	WebSocket(HTTPClientSession& cs, HTTPRequest& request, HTTPResponse& response, HTTPCredentials& credentials);
		/// As above. The given credentials are used if the server asks
		/// for authentication (Basic, Digest or NTLM).
		///
		/// Throws a WebSocketException with WS_ERR_UNAUTHORIZED if it rejects them.

	WebSocket(HTTPServerRequest& request, HTTPServerResponse& response, WebSocketParams::Ptr pParams);
		/// Creates a server-side WebSocket with limits, compression, subprotocols,
		/// an Origin check and a hook. The status of a refused request can also be 403 (Origin),
		/// 431 (header too large), or what the hook has set.

	WebSocket(HTTPClientSession& cs, HTTPRequest& request, HTTPResponse& response, WebSocketParams::Ptr pParams);
		/// Creates a client-side WebSocket with limits, compression and subprotocols.
		///
		/// If the parameters allow redirects, the sessions for them come from
		/// HTTPSessionFactory::defaultFactory(). HTTPSessionInstantiator and, for wss,
		/// HTTPSSessionInstantiator must be registered there.

	WebSocket(HTTPClientSession& cs, HTTPRequest& request, HTTPResponse& response, HTTPCredentials& credentials, WebSocketParams::Ptr pParams);
		/// As above, with credentials for a server that asks for them.

	WebSocket(const Socket& socket);
		/// Creates a WebSocket from another Socket, which must be a WebSocket,
		/// otherwise a Poco::InvalidArgumentException will be thrown.

	WebSocket(const WebSocket& socket);
		/// Creates a WebSocket that shares the connection of another one.

#if defined(POCO_NEW_STATE_ON_MOVE) && POCO_NEW_STATE_ON_MOVE

	WebSocket(Socket&& socket);
		/// Takes over the connection of the other socket, which must be a WebSocket,
		/// otherwise a Poco::InvalidArgumentException will be thrown.

	WebSocket(WebSocket&& socket);
		/// Takes over the connection of the other WebSocket.

	WebSocket& operator = (Socket&& socket);
		/// Takes over the connection of the other socket, which must be a WebSocket,
		/// otherwise a Poco::InvalidArgumentException will be thrown.

	WebSocket& operator = (WebSocket&& socket);
		/// Takes over the connection of the other WebSocket.

#endif // POCO_NEW_STATE_ON_MOVE

	~WebSocket() override;
		/// Destroys the WebSocket. The connection is closed with the last one
		/// that shares it; no Close frame is sent, see shutdown().

	WebSocket& operator = (const Socket& socket);
		/// Assignment operator.
		///
		/// The other socket must be a WebSocket, otherwise a Poco::InvalidArgumentException
		/// will be thrown.

	WebSocket& operator = (const WebSocket& socket);
		/// Assignment operator.

	int shutdown();
		/// Sends a Close frame with status code 1000, as shutdown(WS_NORMAL_CLOSE) does.

	int shutdown(Poco::UInt16 statusCode, const std::string& statusMessage = "");
		/// Sends a Close frame with the given status code and reason, which starts
		/// the closing handshake, or answers the peer's Close (RFC 6455, 7.1.2).
		///
		/// A reason of more than 123 bytes is cut between two characters.
		/// If a Close frame was sent before, nothing is sent.
		///
		/// Returns the number of bytes of the Close frame's payload; 0 if nothing was
		/// sent; -1 if the socket is non-blocking and the frame could not be sent
		/// completely (see sendFrame()).
		///
		/// Throws an InvalidArgumentException if the status code must not be sent
		/// (RFC 6455, 7.4: below 1000, 1004 to 1006, 1015 to 2999, above 4999) or
		/// the reason is not UTF-8, and otherwise as sendFrame().

	int sendFrame(const void* buffer, int length, int flags = FRAME_TEXT);
		/// Sends the length bytes of the buffer as the payload of a single frame.
		///
		/// Values from the FrameFlags, FrameOpcodes and SendFlags enumerations
		/// can be specified in flags; the lowest eight bits are sent as they are.
		/// A client masks the payload with a key from a cryptographic random
		/// number generator (RFC 6455, 5.3 and 10.3).
		///
		/// Returns length. If the socket is non-blocking and the frame could not be
		/// sent completely, returns -1: the call must then be repeated, with the same
		/// payload, length and flags, when the socket has become writable.
		///
		/// If a send timeout has been set and expires, a TimeoutException is thrown.
		/// What then has been sent of the frame, if anything, is followed by its
		/// rest before anything else is sent: the frame counts as sent, unless the
		/// exception's text says that it has not been begun.
		///
		/// After a Close frame nothing is sent: a WebSocketException with
		/// WS_ERR_CLOSED is thrown, but a second Close frame is silently dropped.
		///
		/// Throws an InvalidArgumentException before anything is sent if length is
		/// negative, or the payload of a control frame is longer than 125 bytes,
		/// or that of a Close frame begins with a code that must not be sent.
		/// Throws a NetException (or a subclass) if the connection is broken.

	int receiveFrame(void* buffer, int length, int& flags);
		/// Receives a frame and stores its payload in buffer, which has
		/// room for length bytes.
		///
		/// Returns the number of payload bytes, and in flags the first
		/// byte of the frame (FrameFlags and FrameOpcodes). For an empty frame 0 is
		/// returned, with flags other than 0. If the peer has closed the
		/// connection, or its Close frame has been returned, 0 is returned
		/// with flags of 0, then and in all later calls.
		///
		/// If the payload is larger than length, or than the maximum payload size, a
		/// WebSocketException (WS_ERR_PAYLOAD_TOO_BIG) is thrown, and likewise, with
		/// other codes, if the frame breaks a rule of RFC 6455 or the stream
		/// ends inside a frame; in each case the connection has failed.
		///
		/// Throws a TimeoutException if a receive timeout has been set and nothing is
		/// received within that interval. Nothing is lost: the next call goes
		/// on where this one stopped. What is in buffer then has no meaning.
		///
		/// If the socket is non-blocking and the frame is not complete yet, -1 is
		/// returned, and buffer and flags are not changed.
		///
		/// Throws a NetException (or a subclass) in case of other errors.

	int receiveFrame(Poco::Buffer<char>& buffer, int& flags);
		/// Receives a frame and appends its payload to the content
		/// of buffer, which is grown as payload arrives.
		///
		/// Otherwise like receiveFrame(void*, int, int&). The buffer is changed only if
		/// a frame is returned. Set a reasonable maximum payload size with
		/// setMaxPayloadSize().

	//
	// Messages
	//
	struct Part
		/// Part of a message, as receivePart() returns it.
	{
		std::string_view data;         /// The bytes, in the caller's buffer.
		WebSocketFrame::Opcode opcode = WebSocketFrame::OP_CONT; /// The message's opcode: OP_TEXT or OP_BINARY.
		bool last = false;             /// The message is complete with this part, which may be empty.
	};

	bool receiveMessage(std::string& message, WebSocketFrame::Opcode& opcode);
		/// Receives a whole message into message, whose contents are replaced. Fragments are
		/// joined and decompressed, PINGs are answered, PONGs go to the pong handler, and the
		/// peer's Close is answered.
		///
		/// Returns true, and in opcode OP_TEXT or OP_BINARY; the message may be empty. Returns false if the connection
		/// has been closed, then and in all later calls, with an empty message and an opcode of OP_CONT;
		/// closeCode() tells whether it was closed by a Close frame.
		///
		/// If the socket is non-blocking and the message is not complete yet, returns false, and message and opcode are
		/// not changed; atEnd() tells the two apart.
		///
		/// The limits are those of the WebSocketParams, or, without any, their defaults: 16 MiB for a frame and a message,
		/// 131,072 fragments, 1,000 PINGs that cannot be answered. Throws as receiveFrame(); with a TimeoutException nothing is lost.

	bool receiveMessage(Poco::Buffer<char>& message, WebSocketFrame::Opcode& opcode);
		/// Receives a message. See receiveMessage(std::string&, WebSocketFrame::Opcode&).

	bool receivePart(void* buffer, int length, Part& part);
		/// Receives part of a message, up to length bytes, as soon as there are any: for
		/// messages that are too large for memory. The limits hold as well.
		///
		/// Returns true, and the part. Returns false if the connection has been closed, or if the socket is non-blocking and nothing
		/// has come yet; atEnd() tells the two apart. The bytes are checked; a later part of the message may still
		/// turn out to be invalid. Otherwise like receiveMessage().

	bool atEnd() const;
		/// Returns true if nothing will be received any more: the peer's Close frame or the end of the stream has come. To be
		/// called by the thread that receives.

	int sendText(std::string_view text, WebSocketFrame::Compression compression = WebSocketFrame::Compression::AS_AGREED);
		/// Sends a text message in a single frame. See sendMessage().

	int sendBinary(std::string_view data, WebSocketFrame::Compression compression = WebSocketFrame::Compression::AS_AGREED);
		/// Sends a binary message in a single frame. See sendMessage().

	int sendMessage(std::string_view message, WebSocketFrame::Opcode opcode, int fragmentSize = 0);
		/// Sends a text (OP_TEXT) or binary (OP_BINARY) message, compressed if that
		/// was agreed on. It is sent in frames of fragmentSize bytes before compression; 0: in a single frame.
		///
		/// Returns its length. Throws an InvalidArgumentException if a text is not UTF-8 (unless
		/// setVerifyUTF8(false)), for another opcode, and for 2 GiB or more; an IllegalStateException if the socket is non-blocking; and
		/// otherwise as sendFrame(). Messages of several threads do not mix.

	int sendMessage(std::string_view message, WebSocketFrame::Opcode opcode, int fragmentSize, WebSocketFrame::Compression compression);
		/// Sends a message that is not compressed, if compression is NONE. See sendMessage(std::string_view, WebSocketFrame::Opcode, int).

	std::streamsize sendMessage(std::istream& istr, WebSocketFrame::Opcode opcode = WebSocketFrame::OP_BINARY, int fragmentSize = 65536,
		WebSocketFrame::Compression compression = WebSocketFrame::Compression::AS_AGREED);
		/// Sends what can be read from istr as one message, in frames made of fragmentSize bytes of it.
		/// Returns its length.

	int sendPart(std::string_view part, WebSocketFrame::Opcode opcode, bool last, WebSocketFrame::Compression compression = WebSocketFrame::Compression::AS_AGREED);
		/// Sends part of a message as a frame. The part with last set completes the message.
		/// All parts have the same opcode; the first one's compression holds for the message. Until the message is complete, sendMessage()
		/// throws an IllegalStateException. Returns the part's length.
		///
		/// If the first part is refused, or could not be sent at all, it can be sent again. If a later part fails like that, the
		/// message is lost, and so are all messages after it: they are refused with WS_ERR_CLOSED. After a timeout
		/// inside the frame the part counts as sent, as with sendFrame().

	bool closeHandshake(Poco::UInt16 statusCode = WS_NORMAL_CLOSE, const std::string& reason = "", const Poco::Timespan& timeout = Poco::Timespan(5, 0));
		/// Does the closing handshake (RFC 6455, 7): sends a Close frame, unless one was sent before, and waits
		/// for the peer's. (close() drops the connection, and shutdown() does not wait.)
		/// All of that takes up to timeout. What arrives before the peer's Close frame is lost. Another thread may
		/// receive meanwhile; it then has to do so until the end. If other threads are sending, and do not finish within
		/// timeout, the Close frame is sent after theirs.
		///
		/// Returns true if the peer's Close frame has come. Throws an InvalidArgumentException as shutdown().

	int closeCode() const;
		/// Returns the status code in the peer's Close frame; 1005 if there was none in it, 1006 if no
		/// Close frame has come (RFC 6455, 7.1.5).

	std::string closeReason() const;
		/// Returns the reason in the peer's Close frame (RFC 6455, 7.1.6).

	void ping();
		/// Sends a PING. When receiveMessage() has received the answer, pingTime() returns its round-trip time. May be
		/// called again before that.

	Poco::Timespan pingTime() const;
		/// Returns the round-trip time of the last ping() that was answered; 0 if none was. May be called by any thread.

	void setPongHandler(const std::function<void(const std::string& payload)>& handler);
		/// Sets a function that receiveMessage() calls, in the thread that receives, with the payload of each
		/// PONG. The function must not receive. Must be set before anything is received.

	const std::string& subprotocol() const;
		/// Returns the subprotocol agreed on; empty if there is none.

	class Cork
		/// Sends many small messages with one system call. While a Cork exists, what is sent is gathered. It is sent when it
		/// reaches 64 KiB, when the thread that receives begins to wait, by flush(), and when the Cork is destroyed.
		///
		/// A loop that calls receiveMessage() and sendMessage() by turns may keep one all the time. If another thread
		/// receives, a Cork should exist for a burst only.
		///
		///     WebSocket::Cork cork(ws);
	{
	public:
		explicit Cork(WebSocket& ws);
			/// Begins to gather what ws sends.

		~Cork();
			/// Sends what was gathered. The next call that sends reports an error.

		void flush();
			/// Sends what was gathered. Throws as sendFrame().

	private:
		Cork(const Cork&);
		Cork& operator = (const Cork&);

		WebSocketImpl* _pImpl;
	};

	Mode mode() const;
		/// Returns WS_SERVER if the WebSocket is a server-side
		/// WebSocket, or WS_CLIENT otherwise.

	WebSocketFrame::CloseState closeState() const;
		/// Returns how far the closing handshake has come. May be called by any thread.

	void setMaxPayloadSize(int maxPayloadSize);
		/// Sets the maximum payload size for receiveFrame(), in bytes of one frame.
		/// Throws an InvalidArgumentException if it is not greater than 0.
		///
		/// The default is std::numeric_limits<int>::max().

	int getMaxPayloadSize() const;
		/// Returns the maximum payload size for receiveFrame().
		///
		/// The default is std::numeric_limits<int>::max().

	void setVerifyUTF8(bool flag);
		/// Sets whether text messages and Close reasons must be valid
		/// UTF-8 (RFC 6455, 8.1). For peers that break this rule only. To be called
		/// before anything is received. The default is true.

	bool getVerifyUTF8() const;
		/// Returns whether text is checked.

	void setVerifyMasking(bool flag);
		/// Sets whether frames from a client must be masked and frames from
		/// a server must not be (RFC 6455, 5.1). For peers that break this rule only. To be
		/// called before anything is received. The default is true.

	bool getVerifyMasking() const;
		/// Returns whether the presence of a mask is checked.

	static const std::string WEBSOCKET_VERSION;
		/// The WebSocket protocol version supported (13).

protected:
	static WebSocketImpl* accept(HTTPServerRequest& request, HTTPServerResponse& response);
		/// Does a server's opening handshake.

	static WebSocketImpl* connect(HTTPClientSession& cs, HTTPRequest& request, HTTPResponse& response, HTTPCredentials& credentials);
		/// Does a client's opening handshake.

	static WebSocketImpl* completeHandshake(HTTPClientSession& cs, HTTPResponse& response, const std::string& key);
		/// Checks the server's response, and takes the session's socket.

	static std::string computeAccept(const std::string& key);
		/// Returns the Sec-WebSocket-Accept for a Sec-WebSocket-Key (RFC 6455, 4.2.2).

	static std::string createKey();
		/// Returns a random Sec-WebSocket-Key.

private:
	WebSocket();

	WebSocketImpl* implementation() const;
};


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocket_INCLUDED
