//
// BranchHint.h
//
// Library: PocoWebSocket
// Package: Core
// Module:  WebSocketLikely
//
// Which way is the usual one.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketBranchHint_INCLUDED
#define Net_WebSocketBranchHint_INCLUDED


#include "Poco/Net/WebSocketConfig.h"


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


[[gnu::always_inline]] inline bool likely(bool condition)
	/// For the compiler: it puts the usual way of a loop's turn into as few lines of memory as it can. After the system
	/// calls of a turn its instructions have to be fetched anew, which takes longer than to execute them.
{
#if defined(__GNUC__)
	return __builtin_expect(condition, true);
#else
	return condition;
#endif
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketBranchHint_INCLUDED
