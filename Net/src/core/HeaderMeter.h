//
// HeaderMeter.h
//
// Library: PocoWebSocket
// Package: Core
// Module:  WebSocketHeaderMeter
//
// The length of a HTTP response's header.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketHeaderMeter_INCLUDED
#define Net_WebSocketHeaderMeter_INCLUDED


#include "Poco/Net/WebSocketConfig.h"
#include <cstddef>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


class WebSocket_API WebSocketHeaderMeter
	/// Measures the header of a HTTP response while it arrives (RFC 9112, 2.1): all bytes up to and including the
	/// empty line at its end, and before it those of interim responses.
	///
	/// Lines are what Poco takes for such: LF alone ends one as well, white space may come before the status line,
	/// and a line that begins with CR or LF is the empty one. What is no HTTP has no end.
{
public:
	WebSocketHeaderMeter();

	void restart();
		/// What comes next is another response.

	std::size_t take(const char* pData, std::size_t length);
		/// Takes the next bytes; any split of them gives the same. Returns how many belong to the header.

	bool complete() const;
		/// Returns true if the header's end has come.

	std::size_t size() const;
		/// Returns how many bytes of the header have come.

	static bool isInterim(int status);
		/// Returns true if another response follows one with that status (RFC 9110, 15.2): a 1xx other
		/// than 101, behind which the protocol is another one.

private:
	enum State
	{
		BEFORE,     // the status line
		VERSION,
		GAP,        // between version and status
		STATUS,
		REASON,
		LINE_BEGIN,
		LINE,
		EMPTY_LINE, // a CR has come
		COMPLETE
	};

	void next(char c);
	void takeDigit(char c);
	void endOfHeader();

	State _state;
	int _status;
	std::size_t _size;
};


//
// inlines
//
inline bool WebSocketHeaderMeter::complete() const
{
	return _state == COMPLETE;
}


inline std::size_t WebSocketHeaderMeter::size() const
{
	return _size;
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketHeaderMeter_INCLUDED
