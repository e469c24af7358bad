//
// Challenge.h
//
// Library: PocoWebSocket
// Package: Core
// Module:  WebSocketChallenge
//
// What a server, or a proxy, wants to know before it lets a client in.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketChallenge_INCLUDED
#define Net_WebSocketChallenge_INCLUDED


#include "Poco/Net/WebSocketConfig.h"
#include "Poco/Net/MessageHeader.h"
#include <string>
#include <string_view>
#include <utility>
#include <vector>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


class WebSocket_API WebSocketChallenge
	/// A challenge in WWW-Authenticate or Proxy-Authenticate (RFC 9110, 11.6.1 and 11.7.1), and the answer to
	/// a Digest one (RFC 7616).
{
public:
	enum Scheme
	{
		UNSUPPORTED = 0,
		BASIC       = 1,
		DIGEST      = 2, /// Algorithm MD5 or SHA-256, each also with -sess; quality of protection none or auth.
		NTLM        = 4,
		ALL         = 7
	};

	struct Login
		/// What a Digest answer is made of.
	{
		std::string user;
		std::string password;
		std::string method;
		std::string uri;    /// The request's target.
		std::string cnonce; /// Random, of characters that need no escape in a quoted string.
	};

	static std::vector<WebSocketChallenge> parse(const MessageHeader& header, std::string_view field);
		/// Returns the challenges of a field, from all lines with that name, in their order. There may be several in a line.

	static WebSocketChallenge choose(const MessageHeader& header, std::string_view field, int schemes = ALL);
		/// Returns the first of them that is supported and has one of the schemes (RFC 7616, 3.7); one that is UNSUPPORTED if there is none.

	Scheme scheme() const;
	const std::string& text() const;
		/// Returns the challenge as it came, without those beside it.

	const std::string& token() const;
		/// Returns what stands behind the scheme in place of parameters; empty if nothing does.

	std::string get(std::string_view name) const;
		/// Returns a parameter's value, without quotes and escapes; empty if it is missing.

	bool goesOn() const;
		/// Returns true if the same credentials are to be sent again: the nonce was stale (RFC 7616, 3.3), or this is NTLM's second message.

	bool isPlainMD5() const;
		/// Returns true for a Digest challenge with the algorithm MD5, which is what Poco's HTTPCredentials know.

	std::string answer(const Login& login) const;
		/// Returns the value of Authorization, or Proxy-Authorization, for a Digest challenge: that of the first
		/// request with this nonce (RFC 7616, 3.4).

private:
	WebSocketChallenge();

	void take(std::string_view content);
	bool takeParameter(std::string_view content);
	void classify();
	bool isSupportedDigest() const;
	bool offersAuth() const;
	const std::string* find(std::string_view name) const;

	Scheme _scheme;
	std::string _text;
	std::string _token;
	std::vector<std::pair<std::string, std::string>> _parameters;
	bool _valid;
};


//
// inlines
//
inline WebSocketChallenge::Scheme WebSocketChallenge::scheme() const
{
	return _scheme;
}


inline const std::string& WebSocketChallenge::text() const
{
	return _text;
}


inline const std::string& WebSocketChallenge::token() const
{
	return _token;
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketChallenge_INCLUDED
