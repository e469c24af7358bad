//
// ClassPeer.h
//
// The other end of a connection, without a WebSocket class: frames as bytes, over TCP or TLS.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef WebSocketClassPeer_INCLUDED
#define WebSocketClassPeer_INCLUDED


#include "support/FrameEncoder.h"
#include "Poco/Net/Context.h"
#include "Poco/Net/StreamSocket.h"
#include "Poco/Timespan.h"
#include "Poco/Types.h"
#include <memory>
#include <string>


namespace WebSocketTest {


constexpr int DEADLINE_S = 10;
	/// What has not happened after so many seconds will not: a hang is a failure.


enum class Transport
{
	PLAIN,
	TLS
};


Poco::Timespan deadline();
	/// Returns DEADLINE_S.


//
// Frames
//
struct Frame
	/// A frame as it was on the wire.
{
	int flags = 0; /// The first byte.
	bool masked = false;
	std::string key;     /// Four bytes if masked.
	std::string payload; /// Unmasked.
	std::size_t headerLength = 0;

	int opcode() const;
	int closeCode() const;
		/// Returns the status code of a Close frame; 1005 if there is none in it.
	std::string closeReason() const;
};


std::string pattern(std::size_t length, unsigned seed = 1);
	/// Returns ASCII text. No long piece of it is repeated within 65,521 bytes, a prime.


//
// TLS
//
Poco::Net::Context::Ptr serverContext();
	/// For SecureServerSocket, with a certificate made for this run, for localhost and 127.0.0.1.

Poco::Net::Context::Ptr mutualContext();
	/// The same, but clients must have a certificate. It takes that of raw peers and of serverContext(), whose common name is localhost.

Poco::Net::Context::Ptr clientContext();
	/// For HTTPSClientSession. Trusts serverContext()'s certificate and nothing else; verifies strictly.

void useIdentity(const Poco::Net::Context::Ptr& pContext);
	/// The context has serverContext()'s certificate, and trusts it.


//
// Raw peer
//
class RawPeer
	/// The other end of a connection, on TCP or TLS, that says what it is told to. To be
	/// used by one thread at a time. What should come and does not come within
	/// DEADLINE_S is a TimeoutException.
{
public:
	RawPeer(const Poco::Net::StreamSocket& socket, Transport transport, bool server);
		/// With TLS, does the TLS handshake.

	RawPeer(RawPeer&& other) noexcept;
	RawPeer& operator = (RawPeer&& other) = delete;
	~RawPeer();

	void send(const std::string& bytes);
		/// Sends all bytes; with TLS, up to 16384 in one record.

	void send(const std::string& bytes, std::size_t chunk);
		/// Sends chunk bytes at a time; with TLS, each in its own record.

	std::string seal(const std::string& bytes);
		/// Returns what send() would put on the wire: with TLS, one record.

	void sendSealed(const std::string& sealed);
		/// Sends what seal() has made, or the next part of it.

	std::string receive(std::size_t length);
		/// Receives exactly length bytes.

	std::string receiveThrough(const std::string& mark);
		/// Receives up to and including mark.

	std::string receiveToEnd();
		/// Receives up to the end of the stream.

	Frame receiveFrame();

	bool atEnd();
		/// Waits for the next byte or the end of the stream. Returns true if it is the end.

	void updateKeys();
		/// TLS 1.3: changes the keys of both directions. The other side has nothing to receive by that.

	void renegotiate();
		/// TLS 1.2: asks for a new handshake, or, as client, begins it. It goes on when something is received.
		/// Not to be repeated until it is complete (RFC 5246, 7.4.1.1).

	void finishHandshake(const std::string& behind);
		/// As server: goes on with the handshake, a full one, to its end. Sends the last part of it, and what is to be sent behind it, at once.

	bool renegotiates() const;
		/// Returns true from renegotiate() until the new handshake is complete.

	void endSending();
		/// Half-close: the other side sees the end of the stream, what it sends is still received.

	void abandonTLS();
		/// Half-close of the TCP connection below TLS, without a close_notify.

	void reset();
		/// Closes so that the other side sees a connection reset.

	void sayEnd();
		/// Sends close_notify, and nothing else. TLS only.

	void close();

	Poco::Net::StreamSocket& socket();

private:
	struct TLS;

	int receiveSome(char* pBuffer, int length);
	bool fill();

	Poco::Net::StreamSocket _socket;
	std::unique_ptr<TLS> _pTLS;
	std::string _buffer; // received, [_position, end) not taken
	std::size_t _position;
};


class OnlyTLS12
	/// As long as it exists, raw peers speak TLS 1.2 when they begin, and serverContext() lets clients renegotiate.
{
public:
	OnlyTLS12();
	~OnlyTLS12();
};


RawPeer connectRaw(Poco::UInt16 port, Transport transport);
	/// Connects to a server on 127.0.0.1.

std::string handshakeRequest(const std::string& path = "/", const std::string& headers = "");
	/// Returns a client's opening handshake with the key of RFC 6455, 1.3; headers are lines ending with CR LF.

std::string handshakeResponse(const std::string& request, const std::string& headers = "");
	/// Returns a server's answer to an opening handshake.


} // namespace WebSocketTest


#endif // WebSocketClassPeer_INCLUDED
