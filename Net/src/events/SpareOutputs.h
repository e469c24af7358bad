//
// SpareOutputs.h
//
// Library: PocoWebSocket
// Package: Events
// Module:  WebSocketSpareOutputs
//
// Memory for what the connections of a loop send.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketSpareOutputs_INCLUDED
#define Net_WebSocketSpareOutputs_INCLUDED


#include "core/BranchHint.h"
#include "events/Output.h"
#include "Poco/Net/WebSocketConfig.h"
#include <cstddef>
#include <memory>
#include <vector>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


class WebSocketSpareOutputs
	/// Empty outputs. A connection that sends takes one, and gives it back when all has been sent: an idle connection has none.
{
public:
	WebSocketSpareOutputs();

	void take(std::unique_ptr<WebSocketOutput>& pOutput);
		/// Puts an output in place of null. Throws a std::bad_alloc if there is no memory.

	void takeLast(std::unique_ptr<WebSocketOutput>& pOutput);
		/// The same, but leaves null, and throws nothing, if none has been given back just now.

	void give(std::unique_ptr<WebSocketOutput>& pOutput);
		/// Puts null in place of an output, which is empty.

private:
	enum
	{
		MAX_STORED  = 4*1024*1024, // bytes of memory that are kept
		MAX_OUTPUTS = 2048         // that have it
	};

	void takeStored(std::unique_ptr<WebSocketOutput>& pOutput);
	void store(std::unique_ptr<WebSocketOutput>& pOutput);

	std::unique_ptr<WebSocketOutput> _pLast; // that was given back
	std::vector<std::unique_ptr<WebSocketOutput>> _stored; // others
	std::size_t _storedSize; // of their memory
};


//
// inlines
//
inline void WebSocketSpareOutputs::take(std::unique_ptr<WebSocketOutput>& pOutput)
{
	if (likely(_pLast != nullptr)) pOutput.swap(_pLast);
	else takeStored(pOutput);
}


inline void WebSocketSpareOutputs::takeLast(std::unique_ptr<WebSocketOutput>& pOutput)
{
	pOutput.swap(_pLast);
}


inline void WebSocketSpareOutputs::give(std::unique_ptr<WebSocketOutput>& pOutput)
{
	if (likely(!_pLast)) pOutput.swap(_pLast);
	else store(pOutput);
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketSpareOutputs_INCLUDED
