//
// WebSocketProtocol.cpp
//
// Library: PocoWebSocket
// Package: Core
// Module:  WebSocketProtocol
//
// SPDX-License-Identifier: BSL-1.0
//


#include "Poco/Net/WebSocketProtocol.h"
#include "core/ControlFrames.h"
#include "core/MessageParser.h"
#include "core/MessageWriter.h"
#include "core/PingTimes.h"
#include "core/SendRules.h"
#include "core/Timing.h"
#include "Poco/Net/WebSocketConnectionParams.h"
#include "Poco/Exception.h"
#include <algorithm>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


namespace
{
	constexpr std::size_t KEPT_OUTPUT = 64*1024; // memory for what is sent that is kept
}


class WebSocketProtocol::End
	/// What the object consists of.
{
public:
	End(Role role, const WebSocketConnectionParams& params, Time now, const WebSocketDeflateParams* pDeflate, const KeySource& itsKeys):
		framer(role == CLIENT ? WebSocketFramer::ROLE_CLIENT : WebSocketFramer::ROLE_SERVER),
		parser(framer),
		limits(params),
		keys(itsKeys),
		looked(now)
	{
		if (framer.masks() && !keys) throw InvalidArgumentException("A client needs a source of masking keys");
		framer.setVerifyUTF8(params.getVerifyUTF8());
		framer.setVerifyMasking(params.getVerifyMasking());
		parser.assembler().configure(params, pDeflate);
		writer.configure(params, pDeflate, framer.role());
		timing.begin(now);
	}

	bool open() const
	{
		return framer.closeState() == WebSocketFramer::OPEN && !dropped && !streamEnded;
	}

	Time lookInterval() const
		/// That is how exactly the time is known that a message takes to arrive.
	{
		return limits.transferTimeout/4 + 1;
	}

	WebSocketTiming::Facts facts() const
	{
		WebSocketTiming::Facts result;
		result.open = open();
		result.blocked = blocked;
		result.closing = closing;
		result.discarding = framer.closeState() == WebSocketFramer::CLOSED;
		result.messageArrives = framer.receiving() && !framer.betweenMessages() && !parser.getParts();
		result.messages = messages;
		result.sent = sent;
		result.queued = output.size() - outputBegin;
		return result;
	}

	void append(int flags, const char* pPayload, std::size_t length)
	{
		unsigned char key[WebSocketMask::KEY_LENGTH];
		if (framer.masks()) keys(key);
		char* const pFrame = output.room(WebSocketFrameHeader::MAX_LENGTH + length);
		output.extend(framer.buildFrame(flags, pPayload, length, framer.masks() ? key : nullptr, pFrame));
		framer.sent(flags);
	}

	void appendControl()
		/// What waits, unless that is until the peer takes more.
	{
		WebSocketControlFrames::Frame frame;
		while (!blocked && control.next(frame))
		{
			if (framer.checkSend(frame.flags, frame.payload, frame.length) == WebSocketFramer::SEND) append(frame.flags, frame.payload, frame.length);
			control.sent(frame);
		}
	}

	void post(int flags, const char* pPayload, std::size_t length)
	{
		control.post(flags, pPayload, length);
		appendControl();
	}

	void beginClosing(Time now)
	{
		if (closing) return;
		closing = true;
		timing.closing(now, blocked);
		more.progress.begin(WebSocketPeerState());
	}

	Event fail(Time now)
	{
		beginClosing(now);
		char payload[WebSocketFrame::MAX_CONTROL_PAYLOAD];
		const std::size_t length = framer.buildFailure(payload);
		if (length > 0) append(WebSocketFrameHeader::CLOSE, payload, length);
		failureTold = true;
		return FAILED;
	}

	Event receivedControl(Time now)
	{
		char payload[WebSocketFrame::MAX_CONTROL_PAYLOAD];
		int flags = 0;
		const std::size_t length = framer.buildReply(flags, payload);
		if (framer.header().opcode() == WebSocketFrame::OP_CLOSE) beginClosing(now);
		if (flags != 0) post(flags, payload, length);
		switch (framer.header().opcode())
		{
		case WebSocketFrame::OP_PING:
			return parser.assembler().limitPings(control.pendingPings()) == WebSocketFramer::OK ? WebSocketProtocol::PING : fail(now);
		case WebSocketFrame::OP_PONG:
			pingTimes.received(framer.controlPayload(), framer.controlLength(), now);
			return WebSocketProtocol::PONG;
		default:
			return CLOSED;
		}
	}

	void block(Time now, const WebSocketPeerState& peer)
	{
		timing.blocked(now, peer, facts(), more);
		blocked = true;
	}

	void dropSent()
	{
		output.drop(outputBegin);
		outputBegin = 0;
	}

	void forgetOutput()
		/// All has been sent.
	{
		if (output.capacity() > KEPT_OUTPUT) output.release();
		else output.clear();
		if (compressed.capacity() > KEPT_OUTPUT) std::string().swap(compressed);
		outputBegin = 0;
	}

	bool sendFrame(std::string_view part, bool last, Time now)
	{
		if (!writer.check(part.data(), part.size(), last)) WebSocketSendRules::refuseText();
		try
		{
			const WebSocketMessageWriter::Frame frame = writer.frame(part.data(), part.size(), last, compressed);
			if (!frame.nothing) append(frame.flags, frame.pData, frame.length);
		}
		catch (...) // there is no memory
		{
			writer.lost();
			throw;
		}
		timing.message(now);
		return true;
	}

	WebSocketFramer framer;
	WebSocketMessageParser parser;
	WebSocketMessageWriter writer;
	WebSocketControlFrames control;
	WebSocketPingTimes pingTimes;
	WebSocketTiming timing;
	WebSocketTiming::Limits limits;
	WebSocketTiming::More more;
	KeySource keys;
	WebSocketBuffer output;
	std::size_t outputBegin = 0;
	std::string compressed;
	Poco::UInt64 messages = 0; // received, but in parts
	Poco::UInt64 sent = 0;
	Time looked;             // when timeReached() was called last
	bool isControl = false;  // the last event was a control frame
	bool blocked = false;    // the peer has not taken all
	bool closing = false;
	bool dropped = false;    // a time-out has struck
	bool failureTold = false;
	bool streamEnded = false;
};


WebSocketProtocol::WebSocketProtocol(Role role, const WebSocketConnectionParams& params, Time now, const WebSocketDeflateParams* pDeflate, const KeySource& keys):
	_pEnd(std::make_unique<End>(role, params, now, pDeflate, keys))
{
}


WebSocketProtocol::~WebSocketProtocol() = default;
WebSocketProtocol::WebSocketProtocol(WebSocketProtocol&& other) noexcept = default;
WebSocketProtocol& WebSocketProtocol::operator = (WebSocketProtocol&& other) noexcept = default;


WebSocketProtocol::Event WebSocketProtocol::receive(char*& pData, char* pEnd, Time now)
{
	End& end = *_pEnd;
	if (pData < pEnd) end.timing.received(now);
	end.isControl = false;
	if (end.dropped || end.failureTold)
	{
		pData = pEnd; // 7.1.7: what follows is discarded
		return NEED_MORE;
	}
	for (;;)
	{
		switch (end.parser.next(pData, pEnd))
		{
		case WebSocketMessageParser::NEED_MORE:
			return NEED_MORE;
		case WebSocketMessageParser::MESSAGE:
			++end.messages;
			end.timing.message(now);
			return MESSAGE;
		case WebSocketMessageParser::PART:
			end.timing.message(now);
			return PART;
		case WebSocketMessageParser::CONTROL:
			end.isControl = true;
			return end.receivedControl(now);
		case WebSocketMessageParser::FAILED:
			return end.fail(now);
		default: // INFLATING
			break;
		}
	}
}


std::size_t WebSocketProtocol::room(char*& pTarget, std::size_t least)
{
	return _pEnd->parser.room(pTarget, least);
}


WebSocketProtocol::Event WebSocketProtocol::receiveEnd()
{
	End& end = *_pEnd;
	end.streamEnded = true;
	if (end.dropped || end.failureTold || end.framer.receiveEnd() == WebSocketFramer::OK) return NEED_MORE;
	end.failureTold = true;
	return FAILED;
}


const char* WebSocketProtocol::data() const
{
	return _pEnd->isControl ? _pEnd->framer.controlPayload() : _pEnd->parser.data();
}


std::size_t WebSocketProtocol::length() const
{
	return _pEnd->isControl ? _pEnd->framer.controlLength() : _pEnd->parser.length();
}


int WebSocketProtocol::opcode() const
{
	return _pEnd->parser.opcode();
}


bool WebSocketProtocol::last() const
{
	return _pEnd->parser.last();
}


void WebSocketProtocol::setParts(bool flag)
{
	_pEnd->parser.setParts(flag);
}


int WebSocketProtocol::closeCode() const
{
	return _pEnd->framer.closeCode();
}


std::string WebSocketProtocol::closeReason() const
{
	return _pEnd->framer.closeReason();
}


WebSocketError::Code WebSocketProtocol::error() const
{
	return _pEnd->framer.error();
}


std::string WebSocketProtocol::errorText() const
{
	return _pEnd->framer.errorText();
}


bool WebSocketProtocol::send(std::string_view message, int opcode, Time now, bool compress)
{
	End& end = *_pEnd;
	if (!end.open()) return false;
	end.writer.begin(opcode, compress, message.size());
	return end.sendFrame(message, true, now);
}


bool WebSocketProtocol::sendPart(std::string_view part, int opcode, bool last, Time now)
{
	End& end = *_pEnd;
	if (!end.open()) return false;
	end.writer.beginPart(opcode, true);
	return end.sendFrame(part, last, now);
}


bool WebSocketProtocol::ping(Time now)
{
	End& end = *_pEnd;
	if (!end.open()) return false;
	char payload[WebSocketPingTimes::LENGTH];
	end.pingTimes.begin(now, payload);
	end.post(WebSocketFrameHeader::PING, payload, sizeof(payload));
	return true;
}


Poco::UInt32 WebSocketProtocol::roundTrip() const
{
	return _pEnd->pingTimes.roundTrip();
}


bool WebSocketProtocol::close(int code, std::string_view reason, Time now)
{
	End& end = *_pEnd;
	const std::string text(reason);
	WebSocketSendRules::checkClose(code, text);
	if (!end.open()) return false;
	char payload[WebSocketFrame::MAX_CONTROL_PAYLOAD];
	end.append(WebSocketFrameHeader::CLOSE, payload, WebSocketFrame::buildClose(payload, code, text.data(), text.size()));
	end.beginClosing(now);
	return true;
}


std::string_view WebSocketProtocol::output() const
{
	return std::string_view(_pEnd->output.data() + _pEnd->outputBegin, _pEnd->output.size() - _pEnd->outputBegin);
}


void WebSocketProtocol::sent(std::size_t length, Time now, const WebSocketPeerState& peer)
{
	End& end = *_pEnd;
	end.outputBegin += length;
	end.sent += length;
	if (end.outputBegin < end.output.size())
	{
		if (length > 0 && end.blocked) end.timing.taken(now);
		if (!end.blocked) end.block(now, peer);
		if (end.outputBegin >= end.output.size() - end.outputBegin) end.dropSent();
		return;
	}
	end.forgetOutput();
	if (!end.blocked) return;
	end.blocked = false;
	end.timing.unblocked(now);
	end.appendControl();
}


WebSocketProtocol::Time WebSocketProtocol::deadline(Time now) const
{
	const End& end = *_pEnd;
	const Time left = end.timing.deadline(now, end.limits, end.facts(), &end.more) - now;
	const Time looked = std::min(now - end.looked, end.lookInterval()); // which does not begin anew with each call
	return now + std::min(left, end.lookInterval() - looked);
}


WebSocketProtocol::Event WebSocketProtocol::timeReached(Time now, const WebSocketPeerState& peer)
{
	End& end = *_pEnd;
	end.looked = now;
	if (end.dropped) return NEED_MORE;
	for (;;)
	{
		switch (end.timing.timeReached(now, end.limits, end.facts(), &end.more))
		{
		case WebSocketTiming::NOTHING:
			return NEED_MORE;
		case WebSocketTiming::LOOK:
			end.timing.look(now, peer, end.facts(), end.more);
			break;
		case WebSocketTiming::SEND_PING:
			ping(now);
			break;
		case WebSocketTiming::IDLE:
			close(WebSocketFrame::GOING_AWAY, "Idle for too long", now);
			break;
		case WebSocketTiming::MESSAGE_TIMEOUT:
			end.framer.failSlowMessage();
			return end.fail(now);
		case WebSocketTiming::PING_TIMEOUT:
			end.framer.failSilence();
			end.dropped = true;
			return end.fail(now);
		default:
			end.dropped = true;
			return TIMED_OUT;
		}
	}
}


WebSocketProtocol::State WebSocketProtocol::state() const
{
	const End& end = *_pEnd;
	if (end.open()) return OPEN;
	return end.dropped || end.streamEnded || end.framer.closeState() == WebSocketFramer::CLOSED ? DONE : CLOSING;
}


WebSocketProtocol::Ending WebSocketProtocol::ending() const
{
	const End& end = *_pEnd;
	if (end.dropped) return CLOSE;
	if (end.outputBegin < end.output.size()) return KEEP_OPEN;
	if (end.streamEnded) return CLOSE;
	if (!end.framer.endsStream()) return KEEP_OPEN;
	return end.framer.failed() ? END_SENDING : CLOSE;
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
