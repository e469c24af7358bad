//
// Receiver.cpp
//
// Library: PocoWebSocket
// Package: Blocking
// Module:  WebSocketReceiver
//
// SPDX-License-Identifier: BSL-1.0
//


#include "blocking/Receiver.h"
#include "Poco/Net/WebSocket.h"
#include "Poco/Exception.h"
#include <algorithm>
#include <cstring>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


namespace
{
	class Session
		/// The time that a call has the reader for itself.
	{
	public:
		explicit Session(WebSocketReader& reader):
			_reader(reader),
			_lock(reader.mutex())
		{
		}

		~Session()
		{
			_reader.publish();
		}

	private:
		Session(const Session&) = delete;
		Session& operator = (const Session&) = delete;

		WebSocketReader& _reader;
		WebSocketLock::ScopedLock _lock;
	};
}


WebSocketReceiver::WebSocketReceiver(WebSocketReader& reader, WebSocketFramer& framer, WebSocketSender& sender):
	_reader(reader),
	_framer(framer),
	_sender(sender),
	_parser(framer),
	_throughParser(false),
	_messageComplete(false),
	_skipping(false),
	_delivered(0),
	_end(Poco::Event::EVENT_MANUALRESET)
{
}


void WebSocketReceiver::setPongHandler(const PongHandler& handler)
{
	_pongHandler = handler;
}


//
// Frames
//
int WebSocketReceiver::receiveFrame(char* pBuffer, std::size_t length, std::size_t maxLength, int& flags)
{
	WebSocketPayloadSink target(pBuffer, length);
	return receiveFrame(target, maxLength, flags);
}


int WebSocketReceiver::receiveFrame(Poco::Buffer<char>& buffer, std::size_t maxLength, int& flags)
{
	WebSocketPayloadSink target(buffer, buffer.size());
	return receiveFrame(target, maxLength, flags);
}


int WebSocketReceiver::receiveFrame(WebSocketPayloadSink& target, std::size_t maxLength, int& flags)
{
	Session session(_reader);
	if (_skipping) return skipNow(target, flags);
	if (inMessage())
		throw IllegalStateException("A message has been received in part; its rest cannot be received as frames");
	try
	{
		if (_throughParser) _reader.takeOver(_parser);
		_throughParser = false;
		_reader.setReadAhead(false);
		const int result = readFrame(target, maxLength, flags);
		target.finish(result > 0 ? static_cast<std::size_t>(result) : 0);
		return deliver(result);
	}
	catch (const Poco::IOException&)
	{
		_end.set(); // closeHandshake() need not wait any longer
		target.finish(0);
		throw;
	}
	catch (...)
	{
		target.finish(0);
		throw;
	}
}


inline int WebSocketReceiver::readFrame(WebSocketPayloadSink& target, std::size_t maxLength, int& flags)
{
	const int rc = _reader.header();
	if (rc == WebSocketReader::END) flags = 0;
	if (rc <= 0) return rc;
	if (_framer.header().rsv() != 0)
		throw IllegalStateException("A compressed message cannot be received as frames, but with receiveMessage()");
	if (_framer.limitPayload(std::min(maxLength, target.limit())) != WebSocketFramer::OK) return WebSocketReader::FAILED;
	const int n = _reader.payload(target);
	if (n < 0) return n;
	_reader.endFrame();
	flags = _framer.header().flags;
	if (flags == 0 && n == 0) flags = WebSocket::FRAME_FLAG_EMPTY;
	return n;
}


//
// Messages
//
int WebSocketReceiver::receiveMessage(Poco::Buffer<char>& message, WebSocketFrame::Opcode& opcode)
{
	WebSocketPayloadSink target(message, 0);
	return receiveMessage(target, opcode);
}


int WebSocketReceiver::receiveMessage(std::string& message, WebSocketFrame::Opcode& opcode)
{
	WebSocketPayloadSink target(message, 0);
	return receiveMessage(target, opcode);
}


inline int WebSocketReceiver::readMessage(WebSocketPayloadSink& target, WebSocketFrame::Opcode& opcode)
{
	while (!_messageComplete)
	{
		const int event = _reader.next(_parser);
		if (event == WebSocketMessageParser::CONTROL)
		{
			if (!handleControl()) return WebSocketReader::FAILED;
			continue;
		}
		if (event == WebSocketReader::END) opcode = WebSocketFrame::OP_CONT;
		if (event <= 0) return event;
		_messageComplete = true;
	}

	const std::size_t length = _parser.length();
	if (length > 0 && _parser.data() != target.at(0)) std::memcpy(target.whole(length), _parser.data(), length); // without memory for it, the call can be repeated
	opcode = static_cast<WebSocketFrame::Opcode>(_parser.opcode());
	_messageComplete = false;
	_parser.settle();
	return static_cast<int>(length);
}


int WebSocketReceiver::receiveMessage(WebSocketPayloadSink& target, WebSocketFrame::Opcode& opcode)
{
	Session session(_reader);
	if (_skipping) return skipNow(target, opcode);
	if (_parser.getParts() && inMessage()) throw IllegalStateException("A message is being received in parts");
	try
	{
		beginMessages(false);
		_parser.gatherTo(_reader.blocking() ? &target : nullptr); // otherwise what is there is not changed before the message is complete
		const int result = readMessage(target, opcode);
		if (result == WebSocketReader::AGAIN || result == WebSocketReader::END) _parser.gatherTo(nullptr); // END: perhaps inside a message
		if (result != WebSocketReader::AGAIN) target.finish(result > 0 ? static_cast<std::size_t>(result) : 0);
		return deliver(result);
	}
	catch (const Poco::IOException&)
	{
		_end.set(); // closeHandshake() need not wait any longer
		leave(target);
		throw;
	}
	catch (...)
	{
		leave(target);
		throw;
	}
}


[[gnu::noinline, gnu::cold]] void WebSocketReceiver::leave(WebSocketPayloadSink& target)
	/// Nothing has been received, but perhaps a part, which is kept.
{
	if (!_messageComplete) _parser.gatherTo(nullptr);
	target.finish(0);
}


bool WebSocketReceiver::handleControl()
	/// A control frame has been received. Returns false if the framer has failed.
{
	char payload[WebSocketFrame::MAX_CONTROL_PAYLOAD];
	int flags = 0;
	const std::size_t length = _framer.buildReply(flags, payload);
	if (flags != 0)
	{
		const unsigned pings = _sender.reply(flags, payload, length);
		if (_parser.assembler().limitPings(pings) != WebSocketFramer::OK) return false;
	}
	else if (_framer.header().opcode() == WebSocketFrame::OP_PONG)
	{
		_sender.pongReceived(_framer.controlPayload(), _framer.controlLength());
		if (_pongHandler) _pongHandler(std::string(_framer.controlPayload(), _framer.controlLength()));
	}
	return true;
}


//
// Parts of messages
//
int WebSocketReceiver::receivePart(char* pBuffer, std::size_t length, int& flags)
{
	Session session(_reader);
	WebSocketPayloadSink target(pBuffer, length);
	if (_skipping) return skipNow(target, flags);
	if (!_parser.getParts() && inMessage()) throw IllegalStateException("A message has been received in part by receiveMessage()");
	try
	{
		beginMessages(true);
		return deliver(readPart(pBuffer, length, flags));
	}
	catch (const Poco::IOException&)
	{
		_end.set(); // closeHandshake() need not wait any longer
		throw;
	}
}


int WebSocketReceiver::readPart(char* pBuffer, std::size_t length, int& flags)
{
	for (;;)
	{
		if (_delivered == 0) // of the part that was received last
		{
			const int event = _reader.nextPart(_parser, pBuffer, length);
			if (event == WebSocketMessageParser::CONTROL)
			{
				if (!handleControl()) return WebSocketReader::FAILED;
				continue;
			}
			if (event == WebSocketReader::END) flags = 0;
			if (event <= 0) return event;
		}
		const std::size_t n = std::min(length, _parser.length() - _delivered);
		if (n > 0 && _parser.data() != pBuffer) std::memcpy(pBuffer, _parser.data() + _delivered, n);
		_delivered += n;
		const bool all = _delivered == _parser.length();
		const bool last = all && _parser.last();
		if (all) _delivered = 0;
		flags = _parser.opcode() | (last ? WebSocket::FRAME_FLAG_FIN : 0);
		return static_cast<int>(n);
	}
}


//
// The end
//
int WebSocketReceiver::skipToClose(const WebSocketDeadline& limit)
{
	if (!_reader.mutex().tryLock()) return WebSocketReader::AGAIN;
	const auto release = [this]
	{
		_reader.source().setLimit(nullptr);
		_reader.publish();
		_reader.mutex().unlock();
	};
	int result = WebSocketReader::AGAIN;
	try
	{
		_reader.source().setLimit(&limit);
		_reader.setReadAhead(true);
		const bool inside = inMessage();
		if (_throughParser) _reader.takeOver(_parser); // first: without memory for it all goes on as before
		_throughParser = false;
		if (inside) _skipping = true; // the message is not complete any more
		do
		{
			if (limit.over()) throw TimeoutException("No Close frame from the peer");
			result = skip();
		}
		while (result > 0);
	}
	catch (...)
	{
		release();
		throw;
	}
	release();
	return deliver(result);
}


[[gnu::noinline, gnu::cold]] int WebSocketReceiver::skip()
	/// Takes a part of a frame. Returns 1, or END, AGAIN or FAILED.
{
	const int rc = _reader.header();
	if (rc <= 0) return rc;
	_skipping = true; // from here on messages are not complete
	const bool control = _framer.header().control();
	char block[4096];
	int n = 0;
	if (control) n = skipControl();
	else if (_framer.remaining() > 0) n = _reader.part(block, sizeof(block));
	if (n < 0) return n;
	if (!control && _framer.remaining() == 0) _reader.endFrame();
	return 1;
}


int WebSocketReceiver::skipControl()
{
	char payload[WebSocketFrame::MAX_CONTROL_PAYLOAD];
	WebSocketPayloadSink target(payload, sizeof(payload));
	const int n = _reader.payload(target);
	if (n < 0) return n;
	_reader.endFrame();
	return handleControl() ? n : static_cast<int>(WebSocketReader::FAILED);
}


[[gnu::noinline, gnu::cold]] int WebSocketReceiver::skipNow(WebSocketPayloadSink& target, int& flags)
	/// For who receives after closeHandshake() has given up.
{
	target.finish(0);
	_reader.setReadAhead(true);
	int result = 0;
	do result = skip();
	while (result > 0);
	if (result == WebSocketReader::END) flags = 0;
	return deliver(result);
}


[[gnu::noinline, gnu::cold]] int WebSocketReceiver::skipNow(WebSocketPayloadSink& target, WebSocketFrame::Opcode& opcode)
{
	int flags = 0;
	const int result = skipNow(target, flags);
	if (result == WebSocketReader::END) opcode = WebSocketFrame::OP_CONT;
	return result;
}


bool WebSocketReceiver::waitForEnd(const Poco::Timespan& timeout)
{
	return _end.tryWait(static_cast<long>(std::max<Poco::Timespan::TimeDiff>(1, timeout.totalMilliseconds())));
}


void WebSocketReceiver::settle()
{
	if (!_reader.mutex().tryLock()) return;
	_reader.settle();
	_reader.publish();
	_reader.mutex().unlock();
}


inline void WebSocketReceiver::beginMessages(bool parts)
{
	_reader.setReadAhead(true);
	if (!_throughParser && !_reader.ended()) _reader.handOver(_parser);
	_throughParser = true;
	if (parts != _parser.getParts()) _parser.setParts(parts);
}


bool WebSocketReceiver::inMessage()
	/// Returns true if a message has been begun that is received with the parser, and not been delivered completely.
{
	return _throughParser && !_framer.failed() && (_messageComplete || _delivered > 0 || _parser.inMessage());
}


int WebSocketReceiver::deliver(int result)
{
	if ((result <= 0 || _framer.header().control()) && _reader.ended()) _end.set();
	return result;
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
