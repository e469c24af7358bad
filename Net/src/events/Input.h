//
// Input.h
//
// Library: PocoWebSocket
// Package: Events
// Module:  WebSocketInput
//
// What a connection of the event shell receives, and when reading stops.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketInput_INCLUDED
#define Net_WebSocketInput_INCLUDED


#include "events/Counter.h"
#include "core/BranchHint.h"
#include "core/Buffer.h"
#include "core/Framer.h"
#include "core/MessageParser.h"
#include <chrono>
#include <cstddef>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


class WebSocketInput: private WebSocketMessageParser // a base, so that its last byte can be used: an idle connection is small
	/// The bytes that arrive, and what they mean. Whoever is told may stop reading at any message: then the bytes behind that are a
	/// backlog. A few bytes can be megabytes, and a read many frames: after some time the rest is left for later as well, so that other
	/// connections have their turn.
	///
	///                stop()                 resume()
	///     READING ------------> PAUSED ----------------> RESUMING
	///        ^                    |  ^                     |   |
	///        |        goOn()      |  |       pause()       |   |
	///        +--------------------+  +---------------------+   |
	///        +-------------------------------------------------+
	///                              goOn()
	///
	/// From each it becomes OFF, and stays that: what arrives is of no interest any more.
	///
	/// Used by the loop's thread, but for the counters.
{
public:
	enum State: unsigned char
	{
		READING,
		PAUSED,   /// Nothing is received until resume().
		RESUMING, /// In the next turn the backlog is processed.
		OFF       /// What arrives is discarded.
	};

	struct Backlog
		/// What has arrived and is for later. (Few connections have one.)
	{
		WebSocketBuffer data;
		std::size_t processed = 0; // how much of it has been dealt with
	};

	explicit WebSocketInput(WebSocketFramer& framer);

	State state() const;
	bool isReading() const;
	bool isPaused() const;
		/// Returns true if it is PAUSED or RESUMING.

	bool stop();
		/// Returns true if it was READING.

	bool pause();
		/// As stop(), also if it is RESUMING.

	void resume();
		/// Returns to READING in the next turn, if it is PAUSED.

	void goOn();
		/// Returns to READING, unless it is OFF.

	void turnOff();

	WebSocketMessageParser& parser();
	const WebSocketMessageParser& parser() const;

	std::size_t readSize(const WebSocketFramer& framer, std::size_t most, bool request) const;
		/// Returns how many bytes are to be read at once, most at most, besides those of a large message: few behind small frames, so that
		/// other connections have their turn before thousands more.

	template <typename Receiver>
	std::size_t process(const WebSocketFramer& framer, char* pData, std::size_t length, Receiver& receiver);
		/// Tells the receiver what the bytes mean:
		///
		///     messageReceived()    parser() has a whole message.
		///     gatheredReceived()   After that, if the message has memory of its own, which goes when this returns.
		///     partReceived(), controlReceived(), protocolFailed()
		///                          The parser has found something else.
		///     messagesReceived(n)  At last, also if something is thrown: how many messages there were.
		///     stopReading()        The rest is for later: to stop(). goOnLater() follows after messagesReceived().
		///
		/// Returns how many bytes are not needed any more. The rest is for the backlog.

	template <typename Receiver>
	void processBacklog(const WebSocketFramer& framer, Backlog& backlog, Receiver& receiver);
		/// Goes on with what is there, and READING.

	bool isText(const char* pData, std::size_t length) const;
		/// Returns true for the text message that was received last, and need not be checked again.

	bool isGathered(const char* pData, std::size_t length) const;
		/// Returns true for the message that was received last, if it has memory of its own.

	bool greedy: 1; // has taken all that it was allowed to at once: the next time after the others
private:
	State _state: 3;
public:
	WebSocketCounter messages;
	WebSocketCounter bytes;

	static constexpr std::size_t TINY_SIZE = 4*1024; /// What is read at once behind small frames.

private:
	static constexpr std::size_t FIRST_SIZE = 64*1024; // what is read at once for the first frames
	static constexpr std::size_t SMALL_SIZE = 16*1024;
	static constexpr Poco::UInt64 LARGE = 8*1024;      // payload of a frame behind which all is read that there is room for
	static constexpr Poco::UInt64 SMALL = 126;         // the same for SMALL_SIZE
	static constexpr int MAX_FRAMES = 750;             // at a time: those of TINY_SIZE, and of what is read with larger ones

	template <typename Receiver> bool next(char*& pData, char* pEnd, Receiver& receiver);
	static constexpr std::chrono::microseconds inflateTime();
		/// Returns the time of decompression, with its callbacks, at a time.

};


//
// inlines
//
inline WebSocketInput::WebSocketInput(WebSocketFramer& framer):
	WebSocketMessageParser(framer),
	greedy(false),
	_state(READING)
{
}


inline WebSocketInput::State WebSocketInput::state() const
{
	return _state;
}


inline bool WebSocketInput::isReading() const
{
	return _state == READING;
}


inline bool WebSocketInput::isPaused() const
{
	return _state == PAUSED || _state == RESUMING;
}


inline void WebSocketInput::turnOff()
{
	_state = OFF;
}


inline WebSocketMessageParser& WebSocketInput::parser()
{
	return *this;
}


inline const WebSocketMessageParser& WebSocketInput::parser() const
{
	return *this;
}


inline std::size_t WebSocketInput::readSize(const WebSocketFramer& framer, std::size_t most, bool request) const
{
	const WebSocketFrameHeader& last = framer.header();
	return last.payloadLength >= LARGE ? most : last.payloadLength >= SMALL ? SMALL_SIZE : last.length > 0 || request ? TINY_SIZE : FIRST_SIZE;
}


inline bool WebSocketInput::isText(const char* pData, std::size_t length) const
{
	return pData == parser().data() && length == parser().length() && parser().opcode() == WebSocketFrame::OP_TEXT && !parser().getParts();
}


inline bool WebSocketInput::isGathered(const char* pData, std::size_t length) const
{
	return parser().gathered() && pData == parser().data() && length == parser().length();
}


constexpr std::chrono::microseconds WebSocketInput::inflateTime()
{
	return std::chrono::microseconds(50);
}


template <typename Receiver>
[[gnu::noinline]] bool WebSocketInput::next(char*& pData, char* pEnd, Receiver& receiver)
	/// What is no message in one frame. Returns true if it is a message.
{
	const WebSocketMessageParser::Event event = parser().next(pData, pEnd);
	switch (event)
	{
	case WebSocketMessageParser::MESSAGE:
		receiver.messageReceived();
		if (parser().gathered()) receiver.gatheredReceived();
		break;
	case WebSocketMessageParser::CONTROL:
		receiver.controlReceived();
		break;
	case WebSocketMessageParser::FAILED:
		receiver.protocolFailed();
		break;
	case WebSocketMessageParser::PART:
		receiver.partReceived();
		break;
	default:
		break;
	}
	parser().settle();
	return event == WebSocketMessageParser::MESSAGE;
}


template <typename Receiver>
inline std::size_t WebSocketInput::process(const WebSocketFramer& framer, char* pData, std::size_t length, Receiver& receiver)
{
	char* const pEnd = pData + length;
	bool yielded = false;
	int frames = MAX_FRAMES;
	int others = 0; // what was no message
	std::chrono::steady_clock::time_point start;
	if (framer.getReservedBits() != 0) start = std::chrono::steady_clock::now(); // there may be something to decompress
	try
	{
		while (pData < pEnd && isReading())
		{
			if (likely(parser().nextWhole(pData, pEnd)))
			{
				--frames;
				receiver.messageReceived();
				if (likely(frames != 0)) continue;
			}
			else
			{
				char* p = pData; // which can stay in a register
				if (!next(p, pEnd, receiver)) ++others;
				pData = p;
				if (--frames != 0 && !parser().assembler().compressed()) continue;
			}
			yielded = pData < pEnd && isReading() && (frames == 0 || std::chrono::steady_clock::now() - start >= inflateTime());
			if (yielded) receiver.stopReading();
		}
	}
	catch (...)
	{
		receiver.messagesReceived(MAX_FRAMES - frames - others);
		throw;
	}
	receiver.messagesReceived(MAX_FRAMES - frames - others);
	if (yielded) receiver.goOnLater();
	return isPaused() ? length - static_cast<std::size_t>(pEnd - pData) : length;
}


template <typename Receiver>
inline void WebSocketInput::processBacklog(const WebSocketFramer& framer, Backlog& backlog, Receiver& receiver)
{
	goOn();
	WebSocketBuffer data; // what is told may discard what is there
	data = std::move(backlog.data);
	const std::size_t begin = backlog.processed;
	backlog.processed = 0;
	const std::size_t used = process(framer, data.data() + begin, data.size() - begin, receiver);
	if (begin + used == data.size()) return;
	backlog.data = std::move(data);
	backlog.processed = begin + used;
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketInput_INCLUDED
