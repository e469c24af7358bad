//
// SendQueueInline.h
//
// Library: PocoWebSocket
// Package: Events
// Module:  WebSocketSendQueue
//
// How a frame gets into the output. Included where it is inlined: that saves 30 instructions for each message.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketSendQueueInline_INCLUDED
#define Net_WebSocketSendQueueInline_INCLUDED


#include "events/MessageQueue.h"
#include "events/Reactor.h"


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


[[gnu::always_inline]] inline void WebSocketSendQueue::put(const WebSocketLink& link, int flags, const char* pData, std::size_t length)
{
	WebSocketBuffer& bytes = output(link.reactor).bytes();
	const unsigned char* const pKey = link.framer.masks() ? link.reactor.nextKey() : nullptr;
	const bool refer = !pKey && length >= WebSocketOutput::LARGE && stays(link, pData);
	char* const pFrame = bytes.room(WebSocketFrameHeader::MAX_LENGTH + (refer ? 0 : length));
	if (refer) _pOutput->refer(pData, length, nullptr, link.framer.buildHeader(flags, length, nullptr, pFrame));
	else bytes.extend(link.framer.buildFrame(flags, pData, length, pKey, pFrame));
	link.framer.sent(flags);
	wake(link);
}


inline void WebSocketSendQueue::wake(const WebSocketLink& link)
{
	if (link.reactor.reading() != link.pConnection) link.reactor.markDirty(*link.pConnection); // otherwise it is flushed after reading
}


inline void WebSocketSendQueue::counted(const WebSocketLink& link, std::size_t messages)
{
	_messagesSent.add(messages);
	link.reactor.counters.messagesSent.add(messages);
	link.timing.message(link.reactor.now());
}


[[gnu::always_inline]] inline bool WebSocketMessageQueue::sendShort(const WebSocketLink& link, const char* pMessage, std::size_t length, int opcode)
{
	if (!isDirect()) return false;
	WebSocketReactor& reactor = link.reactor;
	if (!_pOutput || broadcasts != reactor.multicast().broadcasts().count()) return false;
	WebSocketBuffer& bytes = _pOutput->bytes();
	const std::size_t waiting = _pOutput->size();
	if (waiting == 0 && reactor.reading() != link.pConnection) return false;
	if (waiting + length > link.group.maxQueuedBytes || bytes.capacity() - bytes.size() < WebSocketFrameHeader::MIN_LENGTH + length) return false;
	const int flags = WebSocketMessageWriter::wholeFlags(opcode);
	const std::size_t frameLength = link.framer.buildWhole(flags, pMessage, length, bytes.room(0));
	if (frameLength == 0) return false;
	bytes.extend(frameLength);
	link.framer.sent(flags);
	counted(link, 1);
	return true;
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketSendQueueInline_INCLUDED
