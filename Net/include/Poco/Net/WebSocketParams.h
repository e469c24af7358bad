//
// WebSocketParams.h
//
// Library: PocoWebSocket
// Package: WebSocket
// Module:  WebSocketParams
//
// Options of a WebSocket.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketParams_INCLUDED
#define Net_WebSocketParams_INCLUDED


#include "Poco/Net/WebSocketConfig.h"
#include "Poco/Net/WebSocketDeflateParams.h"
#include "Poco/AutoPtr.h"
#include "Poco/RefCountedObject.h"
#include "Poco/Timespan.h"
#include <functional>
#include <string>
#include <vector>


namespace Poco {
namespace Net {


class HTTPServerRequest;
class HTTPServerResponse;


POCO_WEBSOCKET_BEGIN


class WebSocket_API WebSocketParams: public Poco::RefCountedObject
	/// Limits and options for WebSockets, with safe defaults.
	///
	/// One object may be used for any number of WebSockets, servers and clients; it
	/// must not be changed while it is in use. Setters throw an
	/// InvalidArgumentException if their argument is out of range.
{
public:
	typedef Poco::AutoPtr<WebSocketParams> Ptr;

	using OriginCheck = std::function<bool(const std::string& origin, const HTTPServerRequest& request)>;
	using Hook = std::function<bool(HTTPServerRequest& request, HTTPServerResponse& response)>;

	WebSocketParams();
		/// Creates the parameters with their defaults.

	//
	// Limits
	//
	void setMaxMessageSize(int size);
	int getMaxMessageSize() const;
		/// The largest message accepted, in bytes after decompression; 1 or more. Default: 16 MiB.
		/// Close code 1009.

	void setMaxFrameSize(int size);
	int getMaxFrameSize() const;
		/// The largest payload of a frame accepted, in bytes as on the wire; 1 or more. Default: 16 MiB.
		/// Close code 1009.

	void setMaxFragments(int count);
	int getMaxFragments() const;
		/// The largest number of frames that a message may come in; 1 or more. Default: 131,072.
		/// Close code 1008.

	void setMaxPendingPings(int count);
	int getMaxPendingPings() const;
		/// How many PINGs may come while a PONG cannot be sent, because the peer does not read;
		/// 1 or more. Only the last one is answered (RFC 6455, 5.5.3). Default: 1,000. Close code 1008.

	void setMaxHandshakeFields(int count);
	int getMaxHandshakeFields() const;
		/// The largest number of header fields in the peer's part of the opening handshake; 1 or more. Default: 100. Status 431.

	void setMaxHandshakeSize(int size);
	int getMaxHandshakeSize() const;
		/// The largest header in the peer's part of the opening handshake, in bytes; 1 or more. Default: 16 KiB. Status 431.
		/// For a client that is each response's, and a proxy's, with all bytes on the wire from the first of an interim
		/// response to the empty line; no body, and no frames behind it.

	void setHandshakeTimeout(const Poco::Timespan& timeout);
	Poco::Timespan getHandshakeTimeout() const;
		/// How long a client's opening handshake may take, in all: connecting to any of a name's addresses, a proxy's CONNECT, requests,
		/// answers and redirects; more than 0. Default: 30 s. The look-up of a host's name counts, but is not cut off. A HTTPSClientSession
		/// asks a proxy and does the TLS handshake on its own: each wait is limited there, so that a silent peer is
		/// stopped, but not one that sends a byte now and then. (A HTTPServer reads the request before a WebSocket
		/// sees it, with the timeouts of its HTTPServerParams.)

	//
	// Checks that a lenient peer may need switched off
	//
	void setVerifyUTF8(bool flag);
	bool getVerifyUTF8() const;
		/// See WebSocket::setVerifyUTF8(). Default: true.

	void setVerifyMasking(bool flag);
	bool getVerifyMasking() const;
		/// See WebSocket::setVerifyMasking(). Default: true.

	//
	// permessage-deflate (RFC 7692)
	//
	void setDeflate(bool flag);
	bool getDeflate() const;
		/// Whether compression is offered (client) or accepted (server). Default: false.

	void setDeflateParams(const WebSocketDeflateParams& params);
	const WebSocketDeflateParams& getDeflateParams() const;
		/// What is offered, or the most that is accepted. Window bits: 9 to 15. Default: context
		/// takeover both ways, 15 bits both ways.

	void setDeflateLevel(int level);
	int getDeflateLevel() const;
		/// zlib's compression level, 1 to 9. Default: 1.

	void setDeflateMemLevel(int memLevel);
	int getDeflateMemLevel() const;
		/// zlib's memory level, 1 to 9. Default: 8. With w window bits and memory level m, compressing takes
		/// about 2^(w+2) + 2^(m+9) bytes for each connection, decompressing 2^w + 10,000.

	void setDeflateThreshold(int size);
	int getDeflateThreshold() const;
		/// Messages of fewer bytes are sent uncompressed; 0 or more. Default: 64.

	//
	// Negotiation, and who may come in
	//
	void setSubprotocols(const std::vector<std::string>& subprotocols);
	const std::vector<std::string>& getSubprotocols() const;
		/// What the server speaks, or the client wants, most wanted first. The server takes the first of the
		/// client's that it speaks. Each must be a token (RFC 7230, 3.2.6), and be there once. Default: none.

	void setAllowedOrigins(const std::vector<std::string>& origins);
	const std::vector<std::string>& getAllowedOrigins() const;
		/// Origins (RFC 6454, 7: "https://www.example.com") that may connect besides those on the same host
		/// and port as the server. "*" allows all, also "null". Default: none. A request
		/// without Origin is not a browser's, and always passes. Status 403.

	void setOriginCheck(const OriginCheck& check);
	const OriginCheck& getOriginCheck() const;
		/// Decides instead of the list, for requests with an Origin. Default: none.

	void setHook(const Hook& hook);
	const Hook& getHook() const;
		/// Is called on the server with each valid handshake request, before the answer. It returns
		/// true to accept, and may add header fields to the response. To refuse, it sets
		/// status and header fields of the response (default: 403), and returns false; it does not
		/// send anything. Authentication and rate limits go here; see WebSocketAuth. The request is a HTTPServerRequestImpl, whose
		/// socket() has the client's certificate (SecureStreamSocket::peerCertificate()), but is not to be used. Default: none.

	void setMaxRedirects(int count);
	int getMaxRedirects() const;
		/// How many redirects a client follows; 0 or more. Credentials do not go to another host, scheme or
		/// port. A redirect from TLS to plain, or to a URI with user information, is not followed.
		/// Default: 0: none is followed.

	//
	// Keep-alive
	//
	void setPingInterval(const Poco::Timespan& interval);
	Poco::Timespan getPingInterval() const;
		/// After this long without anything received, a PING is sent by receiveMessage(). 0: never. Default: 0.

	void setPongTimeout(const Poco::Timespan& timeout);
	Poco::Timespan getPongTimeout() const;
		/// The connection has failed if nothing at all is received for this long after such a PING, and the peer does not get on
		/// with what was sent before it either: its system acknowledges nothing, and its program reads nothing. If
		/// something was sent before it, a second PING follows after half of the time, and the time counts from there; it is the send timeout,
		/// if that is longer, as long as the peer is known to have something to read before the PING. More than 0. Default: 20 s.

	void setTransferTimeout(const Poco::Timespan& timeout);
	Poco::Timespan getTransferTimeout() const;
		/// The longest time that a transfer may take, however steadily bytes move: a message that arrives, unless it is received in parts (then Close code 1008), what waits
		/// to be sent, an answer to a PING that lies behind it, a closing handshake of the event shell (then the connection
		/// is cut). It is for peers that trickle on purpose; the other limits are about silence. More than 0, at most 20 days. Default: 15 min,
		/// which is 16 MiB at 19 KB/s.

protected:
	virtual ~WebSocketParams();

private:
	int _maxMessageSize;
	int _maxFrameSize;
	int _maxFragments;
	int _maxPendingPings;
	int _maxHandshakeFields;
	int _maxHandshakeSize;
	Poco::Timespan _handshakeTimeout;
	bool _verifyUTF8;
	bool _verifyMasking;
	bool _deflate;
	WebSocketDeflateParams _deflateParams;
	int _deflateLevel;
	int _deflateMemLevel;
	int _deflateThreshold;
	std::vector<std::string> _subprotocols;
	std::vector<std::string> _allowedOrigins;
	OriginCheck _originCheck;
	Hook _hook;
	int _maxRedirects;
	Poco::Timespan _pingInterval;
	Poco::Timespan _pongTimeout;
	Poco::Timespan _transferTimeout;
};


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketParams_INCLUDED
