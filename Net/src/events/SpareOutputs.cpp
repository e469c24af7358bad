//
// SpareOutputs.cpp
//
// Library: PocoWebSocket
// Package: Events
// Module:  WebSocketSpareOutputs
//
// SPDX-License-Identifier: BSL-1.0
//


#include "events/SpareOutputs.h"


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


WebSocketSpareOutputs::WebSocketSpareOutputs():
	_storedSize(0)
{
	_stored.reserve(MAX_OUTPUTS);
}


[[gnu::noinline]] void WebSocketSpareOutputs::takeStored(std::unique_ptr<WebSocketOutput>& pOutput)
{
	if (_stored.empty())
	{
		pOutput = std::make_unique<WebSocketOutput>();
		return;
	}
	pOutput = std::move(_stored.back());
	_stored.pop_back();
	_storedSize -= pOutput->bytes().capacity();
}


[[gnu::noinline]] void WebSocketSpareOutputs::store(std::unique_ptr<WebSocketOutput>& pOutput)
{
	std::unique_ptr<WebSocketOutput> pEmpty = std::move(pOutput);
	const std::size_t size = pEmpty->bytes().capacity();
	if (_stored.size() == MAX_OUTPUTS || _storedSize + size > MAX_STORED) return;
	_stored.push_back(std::move(pEmpty));
	_storedSize += size;
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
