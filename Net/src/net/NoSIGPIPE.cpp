//
// NoSIGPIPE.cpp
//
// Library: PocoWebSocket
// Package: Net
// Module:  WebSocketNoSIGPIPE
//
// SPDX-License-Identifier: BSL-1.0
//


#include "net/NoSIGPIPE.h"
#include <time.h>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


WebSocketNoSIGPIPE::WebSocketNoSIGPIPE()
{
	sigset_t pending;
	::sigemptyset(&pending);
	::sigpending(&pending);
	_pending = ::sigismember(&pending, SIGPIPE) == 1;
	::sigemptyset(&_signals);
	::sigaddset(&_signals, SIGPIPE);
	::pthread_sigmask(SIG_BLOCK, &_signals, &_mask);
}


WebSocketNoSIGPIPE::~WebSocketNoSIGPIPE()
{
	const timespec now = timespec();
	if (!_pending) ::sigtimedwait(&_signals, nullptr, &now);
	if (::sigismember(&_mask, SIGPIPE) == 0) ::pthread_sigmask(SIG_UNBLOCK, &_signals, nullptr);
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
