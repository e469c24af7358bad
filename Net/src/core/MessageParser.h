//
// MessageParser.h
//
// Library: PocoWebSocket
// Package: Core
// Module:  WebSocketMessageParser
//
// Bytes in, messages out.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketMessageParser_INCLUDED
#define Net_WebSocketMessageParser_INCLUDED


#include "Poco/Net/WebSocketConfig.h"
#include "core/Assembler.h"
#include "core/Buffer.h"
#include "core/Framer.h"
#include "core/PayloadSink.h"
#include <memory>
#include <string>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


class WebSocket_API WebSocketMessageParser
	/// Takes bytes as they arrive, in parts of any length, and gives back what they mean: messages, or
	/// parts of them, and control frames. For what is driven by arriving bytes:
	///
	///     while ((event = parser.next(pData, pEnd)) != WebSocketMessageParser::NEED_MORE) ...
	///
	/// A message that lies in one piece in the bytes is unmasked there and is not copied. Of others, the
	/// bytes are gathered here; memory grows with what has arrived.
	///
	/// Used by one thread at a time.
{
public:
	enum Event
	{
		NEED_MORE, /// All bytes were taken.
		MESSAGE,   /// data(), length(), opcode(): a whole message.
		PART,      /// The same of a part of a message, if parts are wanted; last() tells whether it is the last one.
		INFLATING, /// Part of a compressed message has been decompressed; what else is to be done can be done before the rest.
		CONTROL,   /// A PING, PONG or Close frame: header(), controlPayload() and buildReply() of the framer.
		FAILED     /// The peer broke a rule, now or before: error() of the framer.
	};

	explicit WebSocketMessageParser(WebSocketFramer& framer);

	Event next(char*& pData, char* pEnd);
		/// Takes bytes from pData on, up to the end of the next event, and moves pData behind
		/// them. The bytes are changed. data() is valid until the next call, or until the bytes are gone.
		///
		/// Throws a std::bad_alloc if there is no memory; the framer has failed then.

	bool nextWhole(char*& pData, char* pEnd);
		/// As next(), after settle(), for what most messages are: takes an uncompressed message that is in one frame, and returns true.
		/// Otherwise, or if parts are wanted, takes nothing, and returns false: next() is to be called. Who fails the framer
		/// calls next() after that.

	void settle();
		/// Gives back the memory of the message that was given last: data() is not valid any more.

	std::size_t room(char*& pTarget, std::size_t least = LARGE);
		/// If least bytes or more of the frame of an uncompressed message are still to come, sets pTarget to where its next
		/// bytes belong, and returns how many of them there is room for, otherwise 0. They may be read from the wire
		/// to there, and passed to next() from there. Throws as next().

	void gatherTo(WebSocketPayloadSink* pSink);
		/// Sets where an uncompressed message is gathered that does not lie in one piece in the bytes: in *pSink, which is
		/// the same until the message is complete, or in memory of this object (null, the default). In the end data() is
		/// the beginning of the sink. If null is set inside a message, what has been gathered of it is copied; throws as next() then.

	void receivedHeader();
		/// The header that comes next has been taken by the framer already, and none of the payload of a message.

	bool leaveFrame();
		/// Leaves the rest of the frame that next() has begun to somebody else. Returns false if there is none.

	bool inMessage();
		/// Returns true if a message has been begun, and its last byte has not been taken.

	void setParts(bool flag);
		/// Whether messages are given in parts, as they arrive. To be set between messages. Default: false.

	bool getParts() const;

	char* data() const;
	std::size_t length() const;
	int opcode() const;
	bool last() const;
		/// What next() has found.

	bool gathered() const;
		/// Returns true if data() is a message in memory of this object, which takeMessage() gives away.

	WebSocketBuffer takeMessage();
		/// Returns the memory that data() lies in. It is valid as long as that.

	WebSocketAssembler& assembler();

private:
	enum
	{
		LARGE = 64*1024 // what is read directly, and how much memory is allocated ahead at most
	};

	struct Gathered
		/// A message that is not complete, or was given last.
	{
		WebSocketBuffer plain;
		WebSocketBuffer inflated;
		WebSocketPayloadSink* pSink = nullptr; // in place of plain
		std::size_t length = 0;                // of what is gathered there
	};

	void forget();
	Gathered& gathering();
	bool gathersAlready() const;
	bool gathersInSink() const;
	void failWithoutMemory();
	bool takeWhole(char*& pData, char* pEnd);
	Event nextOfFrame(char*& pData, char* pEnd);
	Event takePayload(char*& pData, std::size_t length);
	Event found(Event event, char* pData, std::size_t length);
	WebSocketFramer::Result gather(char* pData, std::size_t length);
	WebSocketFramer::Result inflate(char* pData, std::size_t length);

	WebSocketAssembler _assembler;
	std::unique_ptr<Gathered> _pGathered; // made for the first message that does not lie in one piece
	char* _pData;
	Poco::UInt32 _length;
	bool _parts: 1;
	bool _inFrame: 1; // whose header has been seen
	bool _headerReceived: 1; // of the next frame, see receivedHeader()
	unsigned char _given: 3; // an Event: what was gathered; or NEED_MORE
	bool _whole;    // what comes next may be for nextWhole()
	bool _last;
};


//
// inlines
//
inline char* WebSocketMessageParser::data() const
{
	return _pData;
}


inline std::size_t WebSocketMessageParser::length() const
{
	return _length;
}


inline int WebSocketMessageParser::opcode() const
{
	return _assembler.opcode();
}


inline bool WebSocketMessageParser::last() const
{
	return _last;
}


inline bool WebSocketMessageParser::gathered() const
{
	return _given == MESSAGE && _length > 0;
}


inline bool WebSocketMessageParser::getParts() const
{
	return _parts;
}


inline void WebSocketMessageParser::settle()
{
	if (_given != NEED_MORE) forget();
}


inline WebSocketAssembler& WebSocketMessageParser::assembler()
{
	return _assembler;
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketMessageParser_INCLUDED
