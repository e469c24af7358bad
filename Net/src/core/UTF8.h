//
// UTF8.h
//
// Library: PocoWebSocket
// Package: Core
// Module:  WebSocketUTF8
//
// UTF-8 checks for text messages and Close reasons (RFC 6455, 8.1).
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketUTF8_INCLUDED
#define Net_WebSocketUTF8_INCLUDED


#include "Poco/Net/WebSocketConfig.h"
#include <cstddef>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


class WebSocket_API WebSocketUTF8
	/// An incremental UTF-8 validator (RFC 3629; RFC 6455, 8.1).
	///
	/// A text may be passed in any number of parts, cut anywhere, also
	/// inside a character. An error is found with the first byte that no
	/// valid text can hold at its place ("fail fast"). Overlong forms,
	/// surrogates and code points above U+10FFFF are errors.
	///
	/// Objects are values, and not synchronized.
{
public:
	WebSocketUTF8();
		/// Creates a validator at the beginning of a text.

	bool append(const char* pData, std::size_t length, bool isASCII = false);
		/// Checks the next length bytes of the text. If it is known that they are ASCII, they are not looked at.
		///
		/// Returns false if the text so far cannot be the beginning
		/// of valid UTF-8. Once false, always false, until reset().

	bool complete() const;
		/// Returns true if the text so far is valid and does not end
		/// inside a character.

	void reset();
		/// Starts a new text.

	static bool isValid(const char* pData, std::size_t length);
		/// Returns true if the length bytes at pData are valid UTF-8.

	static bool isValidPlain(const char* pData, std::size_t length);
		/// The byte-wise twin of isValid(). Tests compare the two.

	static std::size_t truncate(const char* pData, std::size_t length, std::size_t maxLength);
		/// Returns how many of the length bytes at pData can be kept so that
		/// no more than maxLength are and no character is cut.

private:
	bool step(unsigned char byte);

	unsigned char _missing; // continuation bytes that the current character still lacks
	unsigned char _low;     // range of the next continuation byte
	unsigned char _high;
	bool _failed;
};


//
// inlines
//
inline WebSocketUTF8::WebSocketUTF8():
	_missing(0),
	_low(0x80),
	_high(0xbf),
	_failed(false)
{
}


inline bool WebSocketUTF8::complete() const
{
	return !_failed && _missing == 0;
}


inline void WebSocketUTF8::reset()
{
	*this = WebSocketUTF8();
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketUTF8_INCLUDED
