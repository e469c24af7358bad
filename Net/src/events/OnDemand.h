//
// OnDemand.h
//
// Library: PocoWebSocket
// Package: Events
// Module:  WebSocketOnDemand
//
// What few objects have.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketOnDemand_INCLUDED
#define Net_WebSocketOnDemand_INCLUDED


#include "Poco/Net/WebSocketConfig.h"
#include <atomic>
#include <memory>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


template <class Part>
class WebSocketOnDemand
	/// A part of an object that is made when somebody needs it for the first time, so that the others cost a pointer. Any thread may call.
{
public:
	WebSocketOnDemand() = default;

	~WebSocketOnDemand()
	{
		delete find();
	}

	Part* find() const
		/// Returns null if nobody has needed it.
	{
		return _pPart.load(std::memory_order_acquire);
	}

	Part& get() const
		/// Makes it, unless that was done. Throws a std::bad_alloc if there is no memory.
	{
		Part* pPart = find();
		if (!pPart)
		{
			std::unique_ptr<Part> pNew = std::make_unique<Part>();
			if (_pPart.compare_exchange_strong(pPart, pNew.get(), std::memory_order_acq_rel)) pPart = pNew.release();
		}
		return *pPart;
	}

private:
	WebSocketOnDemand(const WebSocketOnDemand&) = delete;
	WebSocketOnDemand& operator = (const WebSocketOnDemand&) = delete;

	mutable std::atomic<Part*> _pPart{nullptr};
};


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketOnDemand_INCLUDED
