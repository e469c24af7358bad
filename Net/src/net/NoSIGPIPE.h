//
// NoSIGPIPE.h
//
// Library: PocoWebSocket
// Package: Net
// Module:  WebSocketNoSIGPIPE
//
// Writing by somebody else's code to a peer that may have gone.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketNoSIGPIPE_INCLUDED
#define Net_WebSocketNoSIGPIPE_INCLUDED


#include "Poco/Net/WebSocketConfig.h"
#include <signal.h>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


class WebSocketNoSIGPIPE
	/// As long as it exists, its thread gets no SIGPIPE, and not afterwards either for what was written meanwhile. For Poco's sessions and sockets,
	/// which send without MSG_NOSIGNAL.
{
public:
	WebSocketNoSIGPIPE();
	~WebSocketNoSIGPIPE();

private:
	WebSocketNoSIGPIPE(const WebSocketNoSIGPIPE&) = delete;
	WebSocketNoSIGPIPE& operator = (const WebSocketNoSIGPIPE&) = delete;

	sigset_t _signals; // SIGPIPE
	sigset_t _mask;    // that the thread has had
	bool _pending;     // one was waiting before, and is not this object's
};


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketNoSIGPIPE_INCLUDED
