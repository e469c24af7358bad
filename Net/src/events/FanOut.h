//
// FanOut.h
//
// Library: PocoWebSocket
// Package: Events
// Module:  WebSocketFanOut
//
// What goes to many connections.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketFanOut_INCLUDED
#define Net_WebSocketFanOut_INCLUDED


#include "Poco/Net/WebSocketConnection.h"
#include <cstring>
#include <memory>
#include <vector>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


class WebSocketFanOut
	/// The frames that were given to a loop's connections in this turn, one behind the other, each of them once: all
	/// connections that get the same ones send them from here, without a copy of their own.
{
public:
	WebSocketFanOut();

	const char* place(const WebSocketPreparedMessage::Ptr& pMessage);
		/// Returns where the message's frame is, until clear(); null if there is no room.

	const char* again(const WebSocketPreparedMessage& message) const;
		/// Returns the same if it is the message that was asked for last; otherwise null.

	void clear();

private:
	enum
	{
		SIZE = 64*1024
	};

	struct Entry
	{
		WebSocketPreparedMessage::Ptr pMessage;
		const char* pFrame;
	};

	const char* found(std::size_t index);
	const char* add(const WebSocketPreparedMessage::Ptr& pMessage);

	std::unique_ptr<char[]> _pBlock;
	std::size_t _used;
	std::vector<Entry> _entries;
	std::size_t _next; // behind the one that was asked for last
	const WebSocketPreparedMessage* _pLast; // the one that was
	const char* _pLastFrame;
};


//
// inlines
//
inline const char* WebSocketFanOut::found(std::size_t index)
{
	_next = index + 1;
	_pLast = _entries[index].pMessage.get();
	_pLastFrame = _entries[index].pFrame;
	return _pLastFrame;
}


inline const char* WebSocketFanOut::again(const WebSocketPreparedMessage& message) const
{
	return &message == _pLast ? _pLastFrame : nullptr;
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketFanOut_INCLUDED
