//
// TurnMessages.h
//
// Library: PocoWebSocket
// Package: Events
// Module:  WebSocketTurnMessages
//
// What goes to several connections of a loop.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketTurnMessages_INCLUDED
#define Net_WebSocketTurnMessages_INCLUDED


#include "Poco/Net/WebSocketConnection.h"
#include <vector>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


class WebSocketTurnMessages
	/// The messages that go to several connections of a loop in this turn. A connection keeps which of them it gets, as long as these
	/// follow each other: its run. It is given all of its run at once.
{
public:
	enum: std::size_t
	{
		NONE = static_cast<std::size_t>(-1)
	};

	struct Entry
	{
		WebSocketPreparedMessage::Ptr pMessage;
		const char* pFrame;   // in the loop's fan-out; null if there was no room
		std::size_t length;   // of the frame
		std::size_t end;      // the lengths of all frames up to this one
		std::size_t reserved; // what each connection that gets it has reserved for it
	};

	std::size_t add(const WebSocketPreparedMessage::Ptr& pMessage, const char* pFrame, std::size_t reserved)
		/// Returns the index of the message. Throws a std::bad_alloc if there is no memory.
	{
		const std::size_t length = pMessage->frame().size();
		_entries.push_back({pMessage, pFrame, length, end(_entries.size()) + length, reserved});
		return _entries.size() - 1;
	}

	bool isLast(const WebSocketPreparedMessage& message, std::size_t reserved) const
		/// Returns true if the message was added last, and with the same reservation.
	{
		return !_entries.empty() && _entries.back().pMessage.get() == &message && _entries.back().reserved == reserved;
	}

	std::size_t bytes(std::size_t begin, std::size_t behind) const
		/// Returns the lengths of the frames from begin on, without behind.
	{
		return end(behind) - end(begin);
	}

	bool empty() const
	{
		return _entries.empty();
	}

	std::size_t size() const
	{
		return _entries.size();
	}

	const Entry& operator [] (std::size_t index) const
	{
		return _entries[index];
	}

	void clear()
		/// All connections have been given their runs.
	{
		_entries.clear();
	}

private:
	std::size_t end(std::size_t index) const
	{
		return index > 0 ? _entries[index - 1].end : 0;
	}

	std::vector<Entry> _entries;
};


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketTurnMessages_INCLUDED
