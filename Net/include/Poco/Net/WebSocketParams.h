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
	/// One object may be used for any number of WebSockets, servers and clients. It
	/// must not be changed while it is in use. Setters throw an
	/// InvalidArgumentException if their argument is out of range.
{
public:
	typedef Poco::AutoPtr<WebSocketParams> Ptr;

	using OriginCheck = std::function<bool(const std::string& origin, const HTTPServerRequest& request)>;
		/// Returns true if a page of this origin may connect.

	using Hook = std::function<bool(HTTPServerRequest& request, HTTPServerResponse& response)>;
		/// Returns true if the server is to accept the request. See setHook().

	WebSocketParams();
		/// Creates the parameters with their defaults.

	//
	// Limits
	//
	void setMaxMessageSize(int size);
		/// Sets the largest message that is accepted, in bytes after decompression; 1 or more.
		/// A larger one is answered with Close code 1009. Default: 16 MiB.

	int getMaxMessageSize() const;
		/// Returns the largest message that is accepted, in bytes.

	void setMaxFrameSize(int size);
		/// Sets the largest payload of a frame that is accepted, in bytes on the wire; 1 or more.
		/// A larger one is answered with Close code 1009. Default: 16 MiB.

	int getMaxFrameSize() const;
		/// Returns the largest payload of a frame that is accepted, in bytes.

	void setMaxFragments(int count);
		/// Sets the largest number of frames in a message; 1 or more. More
		/// are answered with Close code 1008. Default: 131,072.

	int getMaxFragments() const;
		/// Returns the largest number of frames in a message.

	void setMaxPendingPings(int count);
		/// Sets how many PINGs may arrive while no PONG can be sent because the peer does not
		/// read; 1 or more. Only the latest is answered (RFC 6455, 5.5.3). More are answered with
		/// Close code 1008. Default: 1,000.

	int getMaxPendingPings() const;
		/// Returns how many PINGs may wait for an answer.

	void setMaxHandshakeFields(int count);
		/// Sets the largest number of header fields in the peer's part of the opening handshake;
		/// 1 or more. A server answers more with status 431. Default: 100.

	int getMaxHandshakeFields() const;
		/// Returns the largest number of header fields.

	void setMaxHandshakeSize(int size);
		/// Sets the largest header in the peer's part of the opening handshake, in bytes; 1 or more. A server
		/// answers a larger one with status 431. Default: 16 KiB.
		///
		/// For a client the limit holds for the header of each response, a proxy's as well. All bytes count, from the
		/// first of an interim response to the empty line; the body and frames after it do not.
		///
		/// A HTTPServer reads the request itself, before the class or WebSocketServer::adopt() have a say in it: a field of
		/// more than 8 KiB, which is a limit of Poco's, gets 400. A WebSocketServer with a port of its own has this limit only.

	int getMaxHandshakeSize() const;
		/// Returns the largest header in the opening handshake, in bytes.

	void setHandshakeTimeout(const Poco::Timespan& timeout);
		/// Sets how long the opening handshake may take, in all; more than 0. Default: 30 s.
		///
		/// A client's handshake includes the connection to any address of the name, a proxy's CONNECT, requests,
		/// answers and redirects. The look-up of the name counts, but is not interrupted. If the
		/// TLS Context of a HTTPSClientSession caches sessions (enableSessionCache()), only each wait of the TLS
		/// handshake is limited: a silent peer is stopped, one that sends a byte now and then is not.
		///
		/// A WebSocketServer answers with status 408. A HTTPServer reads the request before a WebSocket
		/// is made, with the timeouts of its HTTPServerParams.

	Poco::Timespan getHandshakeTimeout() const;
		/// Returns how long the opening handshake may take.

	//
	// Checks that a lenient peer may need switched off
	//
	void setVerifyUTF8(bool flag);
		/// Sets whether text must be UTF-8. See WebSocket::setVerifyUTF8(). Default: true.

	bool getVerifyUTF8() const;
		/// Returns whether text must be UTF-8.

	void setVerifyMasking(bool flag);
		/// Sets whether the presence of a mask is checked. See WebSocket::setVerifyMasking(). Default: true.

	bool getVerifyMasking() const;
		/// Returns whether the presence of a mask is checked.

	//
	// permessage-deflate (RFC 7692)
	//
	void setDeflate(bool flag);
		/// Sets whether a client offers compression, and a server accepts it. Default: false.

	bool getDeflate() const;
		/// Returns whether compression is offered or accepted.

	void setDeflateParams(const WebSocketDeflateParams& params);
		/// Sets what a client offers, or the most that a server accepts. Window bits: 9 to 15.
		/// Default: context takeover and 15 bits in both directions.

	const WebSocketDeflateParams& getDeflateParams() const;
		/// Returns what is offered or accepted.

	void setDeflateLevel(int level);
		/// Sets zlib's compression level, 1 to 9. Default: 1.

	int getDeflateLevel() const;
		/// Returns zlib's compression level.

	void setDeflateMemLevel(int memLevel);
		/// Sets zlib's memory level, 1 to 9. With w window bits and memory level m, a connection takes about
		/// 2^(w+2) + 2^(m+9) bytes for compressing, and 2^w + 10,000 for decompressing. Default: 8.

	int getDeflateMemLevel() const;
		/// Returns zlib's memory level.

	void setDeflateThreshold(int size);
		/// Sets the smallest message that is compressed, in bytes; 0 or more. Default: 64.

	int getDeflateThreshold() const;
		/// Returns the smallest message that is compressed, in bytes.

	//
	// Negotiation and access
	//
	void setSubprotocols(const std::vector<std::string>& subprotocols);
		/// Sets the subprotocols that a server speaks, or that a client wants, the most wanted one first. A server chooses
		/// the first of the client's that it speaks. Each must be a token (RFC 7230, 3.2.6), without repetition. Default: none.

	const std::vector<std::string>& getSubprotocols() const;
		/// Returns the subprotocols.

	void setAllowedOrigins(const std::vector<std::string>& origins);
		/// Sets the origins (RFC 6454, 7: "https://www.example.com") that may connect to a server, besides those with the
		/// server's own host and port. "*" allows all, "null" included. Others get status 403. A request
		/// without Origin does not come from a browser, and always passes. Default: none.

	const std::vector<std::string>& getAllowedOrigins() const;
		/// Returns the origins that may connect, besides the server's own.

	void setOriginCheck(const OriginCheck& check);
		/// Sets a function that decides for requests with an Origin, instead of setAllowedOrigins(). Default: none.

	const OriginCheck& getOriginCheck() const;
		/// Returns the function that decides for requests with an Origin.

	void setHook(const Hook& hook);
		/// Sets a function that the server calls with each valid handshake request, before the answer. Authentication and rate limits
		/// go here; see WebSocketAuth. Default: none.
		///
		/// The hook returns true to accept the request, and may add header fields to the response. To refuse it, the hook returns
		/// false, and may set the response's status (default: 403) and header fields. It sends nothing. The request is a
		/// HTTPServerRequestImpl. Its socket() has the client's certificate (SecureStreamSocket::peerCertificate());
		/// the hook must not read from it or write to it.

	const Hook& getHook() const;
		/// Returns the function that the server calls with each handshake request.

	void setMaxRedirects(int count);
		/// Sets how many redirects a client follows; 0 or more. Credentials are not sent to another host, scheme or
		/// port. A redirect from TLS to plain, or to a URI with user information, is not followed.
		/// Default: 0.

	int getMaxRedirects() const;
		/// Returns how many redirects a client follows.

	//
	// Keep-alive
	//
	void setPingInterval(const Poco::Timespan& interval);
		/// Sets after which time without anything received a PING is sent; 0: never. In the class, receiveMessage()
		/// sends it. Default: 0; of the event shell: 30 s.

	Poco::Timespan getPingInterval() const;
		/// Returns after which silence a PING is sent.

	void setPongTimeout(const Poco::Timespan& timeout);
		/// Sets how long the peer may be silent after such a PING; more than 0. Then the connection has failed. Default: 20 s.
		///
		/// The peer is not silent if anything arrives, or if its system acknowledges, or its program reads, what was sent before
		/// the PING. If something was sent before the PING, a second PING follows after half of the time, and the time starts again.
		/// While the peer is known to have something to read before the PING, the send timeout holds, if it is longer. What a slow program
		/// reads does not always show. As long as its system answers (Linux), it has a second more for each 25 KB of the room that its
		/// system tells, but not for more than was sent.

	Poco::Timespan getPongTimeout() const;
		/// Returns how long the peer may be silent after a PING.

	void setTransferTimeout(const Poco::Timespan& timeout);
		/// Sets how long a transfer may take, however steadily its bytes move; more than 0, at most 20 days. The other
		/// limits are about silence; this one stops peers that trickle on purpose.
		/// Default: 15 min, which is 16 MiB at 19 KB/s.
		///
		/// A transfer is a message that arrives (unless it is received in parts; Close code 1008), what waits to be sent, the answer
		/// to a PING behind it, or a closing handshake of the event shell (the connection is cut).

	Poco::Timespan getTransferTimeout() const;
		/// Returns how long a transfer may take.

protected:
	~WebSocketParams() override;
		/// Destroys the parameters.

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
