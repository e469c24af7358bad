//
// Broadcasts.h
//
// Library: PocoWebSocket
// Package: Events
// Module:  WebSocketBroadcasts
//
// What goes to all connections of a loop.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketBroadcasts_INCLUDED
#define Net_WebSocketBroadcasts_INCLUDED


#include "Poco/Net/WebSocketConnection.h"
#include "Poco/Types.h"
#include <vector>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


class WebSocketBroadcasts
	/// The messages that go to all connections of a loop in this turn. A connection keeps the count() of those that it has
	/// been given, and is given what has come since then, all of it at once.
{
public:
	struct Entry
	{
		WebSocketPreparedMessage::Ptr pMessage;
		const char* pFrame; // in the loop's fan-out; null if there was no room
		std::size_t length; // of the frame
	};

	Poco::UInt32 count() const
		/// Returns how many there have been; wraps around.
	{
		return _count;
	}

	std::size_t since(Poco::UInt32 count) const
		/// Returns the index of the first that has come since then; size() if there is none.
	{
		return _entries.size() - (_count - count);
	}

	std::size_t size() const
	{
		return _entries.size();
	}

	const Entry& operator [] (std::size_t index) const
	{
		return _entries[index];
	}

	void add(const WebSocketPreparedMessage::Ptr& pMessage, const char* pFrame)
	{
		_entries.push_back({pMessage, pFrame, pMessage->frame().size()});
		++_count;
	}

	bool waiting() const
		/// Returns true if some have been added since begin(), or after wake().
	{
		return _begun != _count;
	}

	void begin()
		/// All are going to be given to all now.
	{
		_begun = _count;
	}

	void wake()
		/// From now on waiting(), though none was added.
	{
		_begun = _count - 1;
	}

	void clear()
		/// All have been given to all.
	{
		_entries.clear();
	}

private:
	std::vector<Entry> _entries;
	Poco::UInt32 _count = 0;
	Poco::UInt32 _begun = 0;
};


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketBroadcasts_INCLUDED
