//
// WebSocketProtocol.h
//
// Library: PocoWebSocket
// Package: WebSocket
// Module:  WebSocketProtocol
//
// One end of a WebSocket connection, without I/O.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketProtocol_INCLUDED
#define Net_WebSocketProtocol_INCLUDED


#include "Poco/Net/WebSocketConfig.h"
#include "Poco/Net/WebSocketConnectionParams.h"
#include "Poco/Net/WebSocketError.h"
#include "Poco/Net/WebSocketFrame.h"
#include "Poco/Types.h"
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


struct WebSocketDeflateParams;


struct WebSocketPeerState
	/// What the system knows of a connection's peer. On Linux, getsockopt(TCP_INFO) and ioctl(SIOCOUTQ) tell it. All counts wrap
	/// around. What is not known stays 0.
{
	Poco::UInt32 acknowledged = 0; /// Bytes that the peer's system has acknowledged so far.
	Poco::UInt32 window = 0;       /// Bytes that it has room for.
	Poco::UInt32 waiting = 0;      /// Bytes that were sent here and are not acknowledged.
	Poco::UInt32 delivered = 0;    /// Segments that have arrived at the peer, also if one before them is missing.
	Poco::UInt32 heldBack = 0;     /// Segments that have come from the peer while one before them was missing, since the beginning.
	Poco::UInt32 quiet = 0;        /// Milliseconds since its last acknowledgement, or answer to a question for room.
};


class WebSocket_API WebSocketProtocol
	/// One end of a WebSocket connection whose opening handshake is complete, for programs that have sockets of their own: bytes go in and
	/// events come out, messages go in and bytes come out. All rules of RFC 6455, sections 5, 7 and 8, and of RFC 7692 are kept
	/// here: fragments, limits, UTF-8, compression, answers to PINGs, keep-alive, and the closing handshake with its time-outs.
	///
	/// There is no socket, thread, clock or random generator here. Times are arguments: milliseconds of any clock that never
	/// goes back, in 32 bits, which wrap around. So are a client's masking keys.
	///
	/// The loop around it:
	///
	///     while (protocol.ending() != WebSocketProtocol::CLOSE)
	///     {
	///         send what output() returns; tell sent() how much was taken; if ending() is END_SENDING, end the sending direction;
	///         wait for bytes, for room if there is output, but not longer than timeLeft();
	///         use the event of protocol.timeReached(now);
	///         if bytes have come: while ((event = protocol.receive(pData, pEnd, now)) != WebSocketProtocol::NEED_MORE) use the event;
	///         if the stream has ended: protocol.receiveEnd(), and wait for bytes no more;
	///     }
	///
	/// A program that does not read for longer than the keep-alive allows finds no answer to its PINGs, and the connection fails: set no ping
	/// interval (WebSocketParams::setPingInterval()) if reading may stop for so long.
	///
	/// An object is used by one thread at a time.
	///
	/// Without memory for what is received, the connection fails: an event says so. What sends throws a std::bad_alloc, as do functions that return a
	/// string; nothing has been sent then.
{
public:
	typedef Poco::UInt32 Time;
		/// Milliseconds of a clock that never goes back. They wrap around.

	typedef std::function<void (unsigned char* pKey)> KeySource;
		/// Writes the four bytes of the next masking key to pKey. They must come from a source that nobody can
		/// predict (RFC 6455, 10.3), such as OpenSSL's RAND_bytes().

	enum Role
		/// Which end of the connection this is.
	{
		SERVER, /// Receives masked frames, and sends frames that are not masked.
		CLIENT  /// The other way round.
	};

	enum Event
		/// What has happened.
	{
		NEED_MORE, /// All bytes were taken. There may be output().
		MESSAGE,   /// A whole message: data(), opcode().
		PART,      /// The same of a part of a message, after setParts(); last() tells whether it is the last one.
		PING,      /// A PING: data(). It is answered, as soon as the peer takes the answer.
		PONG,      /// A PONG: data(). If it answers a PING of ping(), roundTrip() has changed.
		CLOSED,    /// The peer's Close frame: closeCode(), closeReason(). It is answered, unless a Close was sent before. receive() returns nothing more.
		FAILED,    /// The connection has failed: error(), errorText(). The Close frame that says so is in the output, if one can be sent. receive() returns nothing more.
		TIMED_OUT  /// The peer does not take what is sent, or does not answer a Close frame: the connection is to be closed at once.
	};

	enum Ending
		/// What is to be done with the connection below.
	{
		KEEP_OPEN,   /// Nothing.
		END_SENDING, /// End the sending direction (shutdown()), and go on reading until the stream ends, but at most the close time-out.
		CLOSE        /// Close it.
	};

	WebSocketProtocol(Role role, Time now, const KeySource& keys = KeySource(), const WebSocketConnectionParams::Ptr& pParams = new WebSocketConnectionParams,
		const WebSocketDeflateParams* pDeflate = nullptr);
		/// Creates the end. A client needs keys. pDeflate tells what was agreed on permessage-deflate; null if nothing was.
		///
		/// Of the parameters, those apply that concern messages, compression and times. Throws an InvalidArgumentException if
		/// a client has no source of keys.

	~WebSocketProtocol();
		/// Destroys the end.

	WebSocketProtocol(WebSocketProtocol&& other) noexcept;
		/// Takes over the state of the other object, which can only be destroyed or assigned to then.

	WebSocketProtocol& operator = (WebSocketProtocol&& other) noexcept;
		/// Takes over the state of the other object, which can only be destroyed or assigned to then.

	//
	// Receiving
	//
	Event receive(char*& pData, char* pEnd, Time now);
		/// Takes bytes from pData on, up to the end of the next event, and moves pData behind them. The bytes are changed: payload is
		/// unmasked where it is, and a message that lies in one piece in the bytes is not copied.

	std::size_t room(char*& pTarget, std::size_t least = 65536);
		/// If least bytes or more of an uncompressed frame are still to come, sets pTarget to where they belong, and returns how
		/// many of them there is room for; otherwise, and without memory, 0. They may be read from the wire to there, and are then given to receive().

	Event receiveEnd();
		/// The stream has ended. Returns FAILED inside a frame, otherwise, and if the connection had failed before, NEED_MORE.

	std::string_view data() const;
		/// Returns what the last event brought. It is valid until receive() is called again, or the bytes are gone.

	WebSocketFrame::Opcode opcode() const;
		/// Returns the opcode of the message: OP_TEXT, which is UTF-8, or OP_BINARY.

	bool last() const;
		/// Returns true if data() is the last part of a message.

	void setParts(bool flag);
		/// Sets whether messages are given in parts, as they arrive. To be called between messages. Default: false.

	int closeCode() const;
		/// Returns the status code of the peer's Close frame; 1005 if it had none, 1006 if none has come (RFC 6455, 7.1.5).

	std::string closeReason() const;
		/// Returns the reason in it.

	WebSocketError::Code error() const;
		/// Returns why the connection has failed; NONE if it has not.

	std::string errorText() const;
		/// Returns that in words.

	//
	// Sending
	//
	bool send(std::string_view message, WebSocketFrame::Opcode opcode, Time now, WebSocketFrame::Compression compression = WebSocketFrame::Compression::AS_AGREED);
		/// Sends a message. Returns false, and does nothing, if the closeState() is not OPEN.
		///
		/// Throws an InvalidArgumentException if a text is not UTF-8, or for an opcode that is neither text nor binary, and an
		/// IllegalStateException while a message is being sent in parts, and a WebSocketException (CLOSED) if an earlier one could not be completed.

	bool sendPart(std::string_view part, WebSocketFrame::Opcode opcode, bool last, Time now, WebSocketFrame::Compression compression = WebSocketFrame::Compression::AS_AGREED);
		/// Sends part of a message as a frame (5.4). The message is complete with the part for which last is true. All parts have the same opcode. The first
		/// one's compression holds for the message. Otherwise as send().

	bool ping(Time now);
		/// Sends a PING; its answer sets roundTrip(). Returns false, and does nothing, if the closeState() is not OPEN.

	Poco::UInt32 roundTrip() const;
		/// Returns the last round-trip time in milliseconds, at least 1; 0 if there is none yet.

	bool close(int code, std::string_view reason, Time now);
		/// Starts the closing handshake (7.1.2). A reason of more than 123 bytes is cut. Returns false, and does nothing, if the closeState() is not OPEN. Throws
		/// an InvalidArgumentException if the code must not be sent (7.4), or the reason is not UTF-8.

	std::string_view output() const;
		/// Returns the bytes that are to be sent now. They are valid until another function is called.

	void sent(std::size_t length, Time now, const WebSocketPeerState& peer = WebSocketPeerState());
		/// The first bytes of the output have been taken, as many as could be. If that is not all, the peer is slow: from now on only the latest PING is
		/// answered (5.5.3), and the send time-out runs.

	//
	// Time and state
	//
	Time timeLeft(Time now) const;
		/// Returns in how many milliseconds timeReached() is to be called, if nothing happens before. It changes with each call of another function.

	Event timeReached(Time now, const WebSocketPeerState& peer = WebSocketPeerState());
		/// Does what is due. Returns NEED_MORE, FAILED or TIMED_OUT. What the system knows of the peer keeps slow peers from being taken for dead
		/// ones (see WebSocketConnectionParams); without it only what arrives and what is taken counts.

	WebSocketFrame::CloseState closeState() const;
		/// Returns how far the closing handshake has come: OPEN as long as messages can be sent, CLOSED also if the connection has failed, timed
		/// out or ended.

	Ending ending() const;
		/// Returns what is to be done with the connection below, once all output has been sent.

private:
	class End;

	std::unique_ptr<End> _pEnd;
};


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketProtocol_INCLUDED
