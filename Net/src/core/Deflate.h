//
// Deflate.h
//
// Library: PocoWebSocket
// Package: Core
// Module:  WebSocketDeflate
//
// permessage-deflate (RFC 7692).
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketDeflate_INCLUDED
#define Net_WebSocketDeflate_INCLUDED


#include "core/Buffer.h"
#include "Poco/Net/WebSocketConfig.h"
#include "Poco/Net/WebSocketDeflateParams.h"
#include "Poco/Net/WebSocketError.h"
#include "core/Handshake.h"
#include <cstddef>
#include <memory>
#include <string>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


class WebSocket_API WebSocketDeflateNegotiation
	/// How client and server agree on permessage-deflate (RFC 7692, 5 and 7.1).
	/// Nothing is sent from here.
{
public:
	static std::string offer(const WebSocketDeflateParams& wanted);
		/// Returns the element that a client puts into Sec-WebSocket-Extensions. It always
		/// says that client_max_window_bits is understood.

	static bool accept(const HTTPRequest& request, const WebSocketDeflateParams& wanted, WebSocketDeflateParams& agreed, std::string& answer);
		/// A server's choice among the offers in a request: the first that can be
		/// met. An offer with an unknown, repeated, malformed or out of range parameter
		/// is declined, and no reason to fail (7.1).
		///
		/// wanted limits the windows and may ask for no context takeover. Returns false if no
		/// offer can be met; otherwise agreed holds what both do, and
		/// answer what goes into the response's Sec-WebSocket-Extensions.

	static WebSocketHandshake::Verdict complete(const HTTPResponse& response, const WebSocketDeflateParams& wanted, bool& agreedOn, WebSocketDeflateParams& agreed);
		/// A client's check of the server's answer to offer(wanted). agreedOn tells whether
		/// the server has accepted. The verdict is HANDSHAKE_EXTENSION if the answer
		/// is one that a server must not give; then the client fails the connection (7.1).
};


class WebSocket_API WebSocketDeflater
	/// Compresses messages (RFC 7692, 7.2.1).
	///
	/// Objects are not synchronized.
{
public:
	explicit WebSocketDeflater(int windowBits = 15, bool contextTakeover = true, int level = 1, int memLevel = 8);
		/// Creates a compressor with a window of 2^windowBits bytes, 9 to 15. Without
		/// context takeover each message stands for itself.
		///
		/// level (1 to 9) and memLevel (1 to 9) are zlib's. About 2^(windowBits + 2) +
		/// 2^(memLevel + 9) bytes are allocated with the first message. Where libdeflate is
		/// found, whole messages without context takeover are compressed with
		/// a compressor that all objects of a thread share, and nothing is allocated here.

	~WebSocketDeflater();

	void compress(const char* pData, std::size_t length, bool last, std::string& output);
		/// Compresses the next length bytes of a message and appends what comes out to output;
		/// with last set, the message is complete. What comes out for all
		/// parts is the payload of one message (7.2.1).

	void reset();
		/// Forgets everything: the next message stands for itself.

private:
	WebSocketDeflater(const WebSocketDeflater&) = delete;
	WebSocketDeflater& operator = (const WebSocketDeflater&) = delete;

	struct Stream;

	bool wholeAtOnce(std::size_t length, bool last) const;

	std::unique_ptr<Stream> _pStream; // made when it is first needed
	const int _windowBits;
	const bool _contextTakeover;
	const int _level;
	const int _memLevel;
	bool _inMessage;
};


class WebSocket_API WebSocketInflater
	/// Decompresses messages (RFC 7692, 7.2.2), with a hard limit on what comes out.
	///
	/// Objects are not synchronized.
{
public:
	enum Result
	{
		OK,
		CORRUPT, /// Not DEFLATE data.
		TOO_BIG  /// More comes out than allowed.
	};

	explicit WebSocketInflater(int windowBits = 15, bool contextTakeover = true);
		/// Creates a decompressor for a peer with a window of 2^windowBits bytes, 8 to 15. Data that refers
		/// to what is farther back is CORRUPT, unless that is still at hand by chance.
		/// Memory used: about 2^windowBits + 10,000 bytes.

	~WebSocketInflater();

	Result decompress(const char* pData, std::size_t length, bool last, std::size_t limit, std::string& output);
	Result decompress(const char* pData, std::size_t length, bool last, std::size_t limit, WebSocketBuffer& output);
		/// Decompresses the next length bytes of a message and appends what comes out to
		/// output; with last set, the message is complete. Stops with TOO_BIG as soon as
		/// output would get more than limit bytes by this call. After anything
		/// but OK the object is of no use.

private:
	WebSocketInflater(const WebSocketInflater&) = delete;
	WebSocketInflater& operator = (const WebSocketInflater&) = delete;

	struct Stream;

	template <typename Output> Result decompressTo(const char* pData, std::size_t length, bool last, std::size_t limit, Output& output);
	template <typename Output> Result run(const char* pData, std::size_t length, std::size_t limit, Output& output);

	std::unique_ptr<Stream> _pStream; // made when it is first needed
	const int _windowBits;
	const bool _contextTakeover;
};


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketDeflate_INCLUDED
