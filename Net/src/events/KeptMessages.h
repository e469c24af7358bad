//
// KeptMessages.h
//
// Library: PocoWebSocket
// Package: Events
// Module:  WebSocketKeptMessages
//
// Messages that a client keeps until it is connected.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketKeptMessages_INCLUDED
#define Net_WebSocketKeptMessages_INCLUDED


#include "Poco/Net/WebSocketFrame.h"
#include <cstddef>
#include <list>
#include <string>
#include <string_view>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


class WebSocketKeptMessages
	/// Messages in the order in which they were sent, up to a limit. What comes while those that were taken are being sent is limited
	/// together with these. Not thread-safe.
{
public:
	struct Message
	{
		std::string data;
		WebSocketFrame::Opcode opcode;
		WebSocketFrame::Compression compression;
	};

	typedef std::list<Message> Messages;

	bool add(std::string_view message, WebSocketFrame::Opcode opcode, WebSocketFrame::Compression compression, std::size_t limit);
		/// Keeps a message behind the others. Returns false, and keeps nothing, if more than the limit would be kept. An entry counts
		/// as its bytes and WebSocketConnectionParams::QUEUE_ENTRY.

	bool take(Messages& messages);
		/// Moves all that are kept. They go on counting until there are none to take: then this returns false, and nothing counts any more.

	void giveBack(Messages& messages);
		/// Keeps those that were taken, and have not been sent, before the others.

	void clear();

private:
	static std::size_t cost(std::size_t length);

	Messages _messages;
	std::size_t _bytes = 0;
};


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketKeptMessages_INCLUDED
