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
	_assembler(framer),
	_messageLength(0),
	_messageComplete(false),
	_delivered(0),
	_frameBegun(false),
	_messageBegun(false),
	_inParts(false),
	_lastFrame(false),
	_skipping(false),
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
	if (!_framer.failed() && _messageBegun)
		throw IllegalStateException("A message has been received in part; its rest cannot be received as frames");
	try
	{
		_reader.setReadAhead(false);
		const int result = readFrame(target, maxLength, flags);
		target.finish(result > 0 ? static_cast<std::size_t>(result) : 0);
		return deliver(result);
	}
	catch (const Poco::IOException&)
	{
		_end.set(); // close() need not wait any longer
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
int WebSocketReceiver::receiveMessage(Poco::Buffer<char>& message, int& opcode)
{
	WebSocketPayloadSink target(message, 0);
	return receiveMessage(target, opcode);
}


int WebSocketReceiver::receiveMessage(std::string& message, int& opcode)
{
	WebSocketPayloadSink target(message, 0);
	return receiveMessage(target, opcode);
}


int WebSocketReceiver::receiveMessage(WebSocketPayloadSink& target, int& opcode)
{
	Session session(_reader);
	if (_skipping) return skipNow(target, opcode);
	if (!_framer.failed() && _inParts) throw IllegalStateException("A message is being received in parts");
	beginMessages();
	try
	{
		const int result = readMessage(target, opcode);
		if (result != WebSocketReader::AGAIN) target.finish(result > 0 ? static_cast<std::size_t>(result) : 0);
		return deliver(result);
	}
	catch (const Poco::IOException&)
	{
		_end.set(); // close() need not wait any longer
		target.finish(0);
		throw;
	}
	catch (...)
	{
		target.finish(0);
		throw;
	}
}


int WebSocketReceiver::readMessage(WebSocketPayloadSink& target, int& opcode)
{
	while (!_messageComplete)
	{
		const int rc = nextDataFrame();
		if (rc == WebSocketReader::END) opcode = 0;
		if (rc <= 0) return rc;

		int n = 0;
		if (_assembler.single())
		{
			n = _reader.messagePayload(target);
		}
		else if (_assembler.compressed())
		{
			do n = _reader.tooSlow() ? static_cast<int>(WebSocketReader::FAILED) : inflateBlock();
			while (n == 0 && _framer.remaining() > 0);
		}
		else
		{
			WebSocketPayloadSink rest(_message, _messageLength);
			n = _reader.payloadInto(rest);
		}
		if (n < 0) return n;

		const bool single = _assembler.single();
		const bool complete = _assembler.complete();
		_reader.endFrame();
		_frameBegun = false;
		_messageBegun = !single;
		if (single)
		{
			opcode = _assembler.opcode();
			return n;
		}
		_messageLength = _assembler.compressed() ? _message.size() : _messageLength + static_cast<std::size_t>(n);
		_messageComplete = complete;
		if (complete) _reader.endMessage();
	}

	const std::size_t length = _messageLength;
	if (length > 0) std::memcpy(target.whole(length), _message.data(), length); // without memory for it, the call can be repeated
	opcode = _assembler.opcode();
	_message.clear();
	_messageLength = 0;
	_messageComplete = _messageBegun = false;
	return static_cast<int>(length);
}


int WebSocketReceiver::nextDataFrame()
	/// Returns 1 when the header of a frame of a message is there and has passed, else END,
	/// AGAIN or FAILED. Control frames on the way are dealt with.
{
	for (;;)
	{
		const int rc = _reader.header();
		if (rc <= 0 || _frameBegun) return rc;
		if (!_framer.header().control())
		{
			const bool first = _framer.header().opcode() != WebSocketFrame::OP_CONT;
			if (first == _messageBegun || _reader.inPayload())
				throw IllegalStateException("A message has been received in part by receiveFrame()");
			if (!first && !_inParts && _reader.tooSlow()) return WebSocketReader::FAILED;
			_messageBegun = true;
			if (_assembler.begin() != WebSocketFramer::OK) return WebSocketReader::FAILED;
			_frameBegun = true;
			return 1;
		}
		const int n = readControl();
		if (n < 0) return n;
		if (_messageBegun && !_inParts && _reader.tooSlow()) return WebSocketReader::FAILED;
	}
}


int WebSocketReceiver::readControl()
{
	char payload[WebSocketFrame::MAX_CONTROL_PAYLOAD];
	WebSocketPayloadSink target(payload, sizeof(payload));
	const int n = _reader.payload(target);
	if (n < 0) return n;
	_reader.endFrame();

	int flags = 0;
	const std::size_t length = _framer.buildReply(flags, payload);
	if (flags != 0)
	{
		const unsigned pings = _sender.reply(flags, payload, length);
		if (_assembler.limitPings(pings) != WebSocketFramer::OK) return WebSocketReader::FAILED;
	}
	else if (_framer.header().opcode() == WebSocketFrame::OP_PONG)
	{
		_sender.pongReceived(_framer.controlPayload(), _framer.controlLength());
		if (_pongHandler) _pongHandler(std::string(_framer.controlPayload(), _framer.controlLength()));
	}
	return n;
}


int WebSocketReceiver::inflateBlock()
	/// Appends what comes out of a block of the frame's payload to _message. Returns 0, AGAIN or FAILED.
{
	char block[4096];
	int n = 0;
	if (_framer.remaining() > 0)
	{
		n = _reader.part(block, sizeof(block));
		if (n < 0) return n;
	}
	return _assembler.inflate(block, static_cast<std::size_t>(n), _message) == WebSocketFramer::OK ? 0 : WebSocketReader::FAILED;
}


//
// Parts of messages
//
int WebSocketReceiver::receivePart(char* pBuffer, std::size_t length, int& flags)
{
	Session session(_reader);
	WebSocketPayloadSink target(pBuffer, length);
	if (_skipping) return skipNow(target, flags);
	if (!_framer.failed() && _messageBegun && !_inParts) throw IllegalStateException("A message has been received in part by receiveMessage()");
	beginMessages();
	return deliver(readPart(pBuffer, length, flags));
}


int WebSocketReceiver::readPart(char* pBuffer, std::size_t length, int& flags)
{
	for (;;)
	{
		if (_framer.failed()) return WebSocketReader::FAILED;
		int n = 0;
		if (_delivered == _message.size())
		{
			_message.clear();
			_delivered = 0;
			const int rc = nextDataFrame();
			if (rc == WebSocketReader::END) flags = 0;
			if (rc <= 0) return rc;
			_inParts = true;

			if (_assembler.compressed()) n = inflateBlock();
			else if (_framer.remaining() > 0) n = _reader.part(pBuffer, length);
			if (n < 0) return n;
			_lastFrame = _assembler.complete();
			if (_framer.remaining() == 0)
			{
				_reader.endFrame();
				_frameBegun = false;
			}
		}
		if (_delivered < _message.size()) // was inflated
		{
			n = static_cast<int>(std::min(length, _message.size() - _delivered));
			std::memcpy(pBuffer, _message.data() + _delivered, static_cast<std::size_t>(n));
			_delivered += static_cast<std::size_t>(n);
		}
		const bool last = _lastFrame && _delivered == _message.size();
		if (n > 0 || last)
		{
			if (last) _inParts = _messageBegun = false;
			flags = _assembler.opcode() | (last ? WebSocket::FRAME_FLAG_FIN : 0);
			return n;
		}
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
		_reader.setLimit(nullptr);
		_reader.publish();
		_reader.mutex().unlock();
	};
	int result = WebSocketReader::AGAIN;
	try
	{
		_reader.setLimit(&limit);
		beginMessages();
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
	if (control) n = readControl();
	else if (_framer.remaining() > 0) n = _reader.part(block, sizeof(block));
	if (n < 0) return n;
	if (!control && _framer.remaining() == 0) _reader.endFrame();
	return 1;
}


[[gnu::noinline, gnu::cold]] int WebSocketReceiver::skipNow(WebSocketPayloadSink& target, int& flags)
	/// For who receives after close() has given up.
{
	target.finish(0);
	beginMessages();
	int result = 0;
	do result = skip();
	while (result > 0);
	if (result == WebSocketReader::END) flags = 0;
	return deliver(result);
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


void WebSocketReceiver::beginMessages()
{
	_reader.setReadAhead(true);
}


int WebSocketReceiver::deliver(int result)
{
	if ((result <= 0 || _framer.header().control()) && (_reader.ended() || _framer.failed())) _end.set();
	return result;
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
