//
// WebSocketDeadline.h
//
// Library: PocoWebSocket
// Package: Net
// Module:  WebSocketDeadline
//
// Until when something may take.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketDeadline_INCLUDED
#define Net_WebSocketDeadline_INCLUDED


#include "Poco/Net/WebSocketConfig.h"
#include "Poco/Clock.h"
#include "Poco/Timespan.h"
#include <algorithm>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


class WebSocketDeadline
	/// A time that begins when it is made, and is for all that is done meanwhile.
{
public:
	explicit WebSocketDeadline(const Poco::Timespan& timeout):
		_timeout(timeout)
	{
	}

	bool limited() const
		/// Returns false if the timeout is 0: then there is none.
	{
		return _timeout > 0;
	}

	Poco::Timespan left() const
		/// Returns what is left; 0 if it is over.
	{
		return std::max(Poco::Timespan(0), _timeout - Poco::Timespan(_start.elapsed()));
	}

	bool over() const
	{
		return limited() && left() == 0;
	}

private:
	Poco::Clock _start;
	Poco::Timespan _timeout;
};


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketDeadline_INCLUDED
