//
// MessageQueue.h
//
// Library: PocoWebSocket
// Package: Events
// Module:  WebSocketMessageQueue
//
// The messages that a connection of the event shell is going to send.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketMessageQueue_INCLUDED
#define Net_WebSocketMessageQueue_INCLUDED


#include "events/SendQueue.h"
#include "core/Buffer.h"
#include "core/MessageWriter.h"
#include <vector>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


class WebSocketConnectionParams;


class WebSocketMessageQueue: public WebSocketSendQueue
	/// Messages on their way out. They become frames at once, but for those that have to wait for the end of one that is sent in
	/// parts (RFC 6455, 5.4). A message that takes long to be compressed is sent in parts as well: a step at a time, so
	/// that other connections have their turn.
{
public:
	enum
	{
		LONG_MESSAGE = 64*1024 // up to here compressing is not worth a turn of its own
	};

	struct Message
		/// One that waits.
	{
		int opcode;
		WebSocketBuffer data;
		WebSocketPreparedMessage::Ptr pPrepared; // in place of the data

		const char* begin() const;
		std::size_t length() const;
		std::size_t cost() const;
			/// Returns what it counts as while it waits.
	};

	static std::size_t cost(const WebSocketPreparedMessage& message);
		/// Returns what the message counts as while it waits.

	void open(const WebSocketLink& link, const WebSocketConnectionParams& params, const WebSocketDeflateParams* pDeflate);
		/// From here on messages can be sent; with compression, if pDeflate is not null.

	void forget();
		/// Forgets the messages that wait, and the one that is being compressed.

	bool isDirect() const;
		/// Returns true if what is sent next goes to the peer next, as it is.

	bool isInParts() const;
	bool isDeflating() const;
	bool holds() const;
		/// Returns true if messages wait for the last part of one.

	bool isLong(std::size_t length) const;
	bool isLong(const WebSocketPreparedMessage& message) const;
		/// Returns true for a message that is not to be compressed at once.

	bool sendShort(const WebSocketLink& link, const char* pMessage, std::size_t length, int opcode);
		/// Sends a short message of a server (WebSocketFramer::buildWhole()), if there is an output that is going to be flushed anyway:
		/// it is put there, and that is all. Returns false if it is not like that, or if the queue is closed.

	bool sendAgain(const WebSocketLink& link, const WebSocketPreparedMessage& message);
		/// Sends a message that another connection was given just before, if this one gets all that the other does: then its
		/// output is longer by that, and that is all. Returns false if it is not like that, or if the queue is closed.

	bool sendFrames(const WebSocketLink& link, const char* pFrames, std::size_t length, std::size_t count);
		/// Sends so many frames, which stay where they are in the loop's fan-out, if the queue isDirect(). Returns false if they do not fit.

	bool join(const WebSocketLink& link, std::size_t index, bool limited);
		/// Sends the message of that index of the loop's turn together with others, at the end of the turn or before anything else is sent: it
		/// joins the run. Returns false if the queue is not like that; or, if limited, has no room. Then the message is to be sent by itself.

	bool hasRun() const;
	void sendRun(const WebSocketLink& link);
		/// Sends the messages of the run, and ends it. If it throws, some may have been sent.

	void send(const WebSocketLink& link, const char* pMessage, std::size_t length, int opcode);
	void send(const WebSocketLink& link, const WebSocketPreparedMessage::Ptr& pMessage);
		/// Sends a message, while none is sent in parts. Throws a std::bad_alloc if there is no memory: then nothing is sent.

	void take(const WebSocketLink& link, Message&& message);
		/// The same of one whose cost() was reserved, and which may be long. It waits if one is sent in parts, and is forgotten if the queue is closed.

	void deflateReceived(const WebSocketLink& link, int opcode);
		/// Begins to compress the message that was received, and has memory of its own: see keepReceived().

	void keepReceived(WebSocketMessageParser& parser);
		/// What is sent from where the received message was gathered has to stay.

	bool beginPart(const WebSocketLink& link, const char* pPart, std::size_t length, int opcode, bool compress, bool last);
		/// See WebSocketMessageWriter::beginPart(). Returns false if the part of a text is not UTF-8.

	void sendPart(const WebSocketLink& link, const char* pPart, std::size_t length, bool last);
		/// Sends the part, and behind the last one the messages that wait. If it throws, nothing can be sent any more.

	void deflateStep(const WebSocketLink& link);
		/// Compresses a piece of the message that isDeflating(). If it throws, nothing can be sent any more.

private:
	struct Deflating
		/// A message that is being compressed.
	{
		Message message;
		Poco::AutoPtr<Poco::RefCountedObject> pOwner; // of its bytes, if they are not in the message
		const char* pData;
		std::size_t length; // what is left
	};

	struct Writing
		/// What is needed with compression, or for a message in parts.
	{
		WebSocketMessageWriter writer;
		std::vector<Message> held;
		std::unique_ptr<Deflating> pDeflating;
	};

	Writing& writing();
	void write(const WebSocketLink& link, const char* pMessage, std::size_t length, int opcode, bool compress = true);
	bool compresses(std::size_t length) const;
	void putFrames(const WebSocketLink& link, WebSocketOutput& out, const char* pFrames, std::size_t length, std::size_t count);
	std::size_t runBegin(const WebSocketLink& link) const;
	void deflateSteps(Message&& message, const char* pData, std::size_t length);
	void partsSent(const WebSocketLink& link);

	std::unique_ptr<Writing> _pWriting;
};


//
// inlines
//
inline const char* WebSocketMessageQueue::Message::begin() const
{
	return pPrepared ? pPrepared->message().data() : data.data();
}


inline std::size_t WebSocketMessageQueue::Message::length() const
{
	return pPrepared ? pPrepared->message().size() : data.size();
}


inline bool WebSocketMessageQueue::isDirect() const
{
	return (_flags & (CLOSED | IS_BLOCKED | WRITES)) == 0;
}


inline bool WebSocketMessageQueue::hasRun() const
{
	return _run > 0;
}


inline bool WebSocketMessageQueue::isDeflating() const
{
	return (_flags & WRITES) && _pWriting->pDeflating;
}


inline bool WebSocketMessageQueue::isInParts() const
{
	return (_flags & WRITES) && (_pWriting->writer.inMessage() || _pWriting->pDeflating);
}


inline bool WebSocketMessageQueue::holds() const
{
	return (_flags & WRITES) && !_pWriting->held.empty();
}


inline bool WebSocketMessageQueue::compresses(std::size_t length) const
{
	return (_flags & WRITES) && _pWriting->writer.compresses(length);
}


inline bool WebSocketMessageQueue::isLong(std::size_t length) const
{
	return length > LONG_MESSAGE && compresses(length);
}


inline bool WebSocketMessageQueue::isLong(const WebSocketPreparedMessage& message) const
{
	return message.compression() == WebSocketFrame::Compression::AS_AGREED && isLong(message.message().size());
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketMessageQueue_INCLUDED
