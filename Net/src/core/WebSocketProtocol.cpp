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
#include "core/ClosePayload.h"
#include "core/FrameOutput.h"
#include "core/MessageParser.h"
#include "core/MessageWriter.h"
#include "core/PingTimes.h"
#include "core/SendRules.h"
#include "core/Timing.h"
#include "Poco/Exception.h"
#include <algorithm>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


class WebSocketProtocol::End
	/// What the object consists of.
{
public:
	End(Role role, Time now, const KeySource& keys, const WebSocketConnectionParams& params, const WebSocketDeflateParams* pDeflate):
		framer(role == CLIENT ? WebSocketFramer::ROLE_CLIENT : WebSocketFramer::ROLE_SERVER),
		parser(framer),
		output(framer, keys),
		limits(params),
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
		result.blocked = output.blocked();
		result.closing = closing;
		result.discarding = framer.closeState() == WebSocketFramer::CLOSED;
		result.messageArrives = framer.receiving() && !framer.betweenMessages() && !parser.getParts();
		result.messages = messages;
		result.sent = output.taken();
		result.queued = output.bytes().size();
		return result;
	}

	void beginClosing(Time now)
	{
		if (closing) return;
		closing = true;
		timing.closing(now, output.blocked());
		more.progress.begin(WebSocketPeerState());
	}

	void sendClose(int code, std::string_view reason, Time now)
	{
		char payload[WebSocketFrame::MAX_CONTROL_PAYLOAD];
		output.append(WebSocketFrameHeader::CLOSE, payload, WebSocketClosePayload::build(payload, code, reason));
		beginClosing(now);
	}

	Event drop(Event event)
		/// The connection is to be closed at once.
	{
		dropped = true;
		return event;
	}

	Event fail(Time now)
	{
		beginClosing(now);
		failureTold = true;
		char payload[WebSocketFrame::MAX_CONTROL_PAYLOAD];
		const std::size_t length = framer.buildFailure(payload);
		return length > 0 && !output.tryAppend(WebSocketFrameHeader::CLOSE, payload, length) ? drop(FAILED) : FAILED;
	}

	Event receive(char*& pData, char* pEnd, Time now)
	{
		for (;;)
		{
			switch (parser.next(pData, pEnd))
			{
			case WebSocketMessageParser::NEED_MORE:
				return NEED_MORE;
			case WebSocketMessageParser::MESSAGE:
				++messages;
				timing.message(now);
				return MESSAGE;
			case WebSocketMessageParser::PART:
				timing.message(now);
				return PART;
			case WebSocketMessageParser::CONTROL:
				isControl = true;
				return receivedControl(now);
			case WebSocketMessageParser::FAILED:
				return fail(now);
			default: // INFLATING
				break;
			}
		}
	}

	Event receivedControl(Time now)
	{
		char payload[WebSocketFrame::MAX_CONTROL_PAYLOAD];
		int flags = 0;
		const std::size_t length = framer.buildReply(flags, payload);
		if (framer.header().opcode() == WebSocketFrame::OP_CLOSE) beginClosing(now);
		if (flags != 0) output.post(flags, payload, length);
		switch (framer.header().opcode())
		{
		case WebSocketFrame::OP_PING:
			return parser.assembler().limitPings(output.pendingPings()) == WebSocketFramer::OK ? PING : fail(now);
		case WebSocketFrame::OP_PONG:
			pingTimes.received(framer.controlPayload(), framer.controlLength(), now);
			return PONG;
		default:
			return CLOSED;
		}
	}

	void sendFrame(std::string_view part, bool last, Time now)
	{
		if (!writer.check(part.data(), part.size(), last)) WebSocketSendRules::refuseText();
		try
		{
			const WebSocketMessageWriter::Frame frame = writer.frame(part.data(), part.size(), last, compressed);
			if (!frame.nothing) output.append(frame.flags, frame.pData, frame.length);
		}
		catch (...) // there is no memory
		{
			writer.lost();
			throw;
		}
		timing.message(now);
	}

	WebSocketFramer framer;
	WebSocketMessageParser parser;
	WebSocketMessageWriter writer;
	WebSocketFrameOutput output;
	WebSocketPingTimes pingTimes;
	WebSocketTiming timing;
	WebSocketTiming::Limits limits;
	WebSocketTiming::More more;
	std::string compressed;
	Poco::UInt64 messages = 0; // received, but in parts
	Time looked;             // when timeReached() was called last
	bool isControl = false;  // the last event was a control frame
	bool closing = false;
	bool dropped = false;    // the connection is to be closed at once
	bool failureTold = false;
	bool streamEnded = false;
};


WebSocketProtocol::WebSocketProtocol(Role role, Time now, const KeySource& keys, const WebSocketConnectionParams::Ptr& pParams, const WebSocketDeflateParams* pDeflate):
	_pEnd(std::make_unique<End>(role, now, keys, *pParams, pDeflate))
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
	try
	{
		return end.receive(pData, pEnd, now);
	}
	catch (...) // there is no memory
	{
		return end.fail(now);
	}
}


std::size_t WebSocketProtocol::room(char*& pTarget, std::size_t least)
{
	try
	{
		return _pEnd->parser.room(pTarget, least);
	}
	catch (...) // there is no memory
	{
		return 0; // and receive() fails
	}
}


WebSocketProtocol::Event WebSocketProtocol::receiveEnd()
{
	End& end = *_pEnd;
	end.streamEnded = true;
	if (end.dropped || end.failureTold || end.framer.receiveEnd() == WebSocketFramer::OK) return NEED_MORE;
	end.failureTold = true;
	return FAILED;
}


std::string_view WebSocketProtocol::data() const
{
	const End& end = *_pEnd;
	return end.isControl ? std::string_view(end.framer.controlPayload(), end.framer.controlLength()) : std::string_view(end.parser.data(), end.parser.length());
}


WebSocketFrame::Opcode WebSocketProtocol::opcode() const
{
	return static_cast<WebSocketFrame::Opcode>(_pEnd->parser.opcode());
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


bool WebSocketProtocol::send(std::string_view message, WebSocketFrame::Opcode opcode, Time now, WebSocketFrame::Compression compression)
{
	End& end = *_pEnd;
	if (!end.open()) return false;
	end.writer.begin(opcode, compression == WebSocketFrame::Compression::AS_AGREED, message.size());
	end.sendFrame(message, true, now);
	return true;
}


bool WebSocketProtocol::sendPart(std::string_view part, WebSocketFrame::Opcode opcode, bool last, Time now, WebSocketFrame::Compression compression)
{
	End& end = *_pEnd;
	if (!end.open()) return false;
	end.writer.beginPart(opcode, compression == WebSocketFrame::Compression::AS_AGREED);
	end.sendFrame(part, last, now);
	return true;
}


bool WebSocketProtocol::ping(Time now)
{
	End& end = *_pEnd;
	if (!end.open()) return false;
	char payload[WebSocketPingTimes::LENGTH];
	end.pingTimes.begin(now, payload);
	end.output.post(WebSocketFrameHeader::PING, payload, sizeof(payload));
	return true;
}


Poco::UInt32 WebSocketProtocol::roundTrip() const
{
	return _pEnd->pingTimes.roundTrip();
}


bool WebSocketProtocol::close(int code, std::string_view reason, Time now)
{
	WebSocketSendRules::checkClose(code, reason);
	if (!_pEnd->open()) return false;
	_pEnd->sendClose(code, reason, now);
	return true;
}


std::string_view WebSocketProtocol::output() const
{
	return _pEnd->output.bytes();
}


void WebSocketProtocol::sent(std::size_t length, Time now, const WebSocketPeerState& peer)
{
	End& end = *_pEnd;
	switch (end.output.take(length))
	{
	case WebSocketFrameOutput::BLOCKED:
		end.timing.blocked(now, peer, end.facts(), end.more);
		break;
	case WebSocketFrameOutput::MOVED:
		end.timing.taken(now);
		break;
	case WebSocketFrameOutput::UNBLOCKED:
		end.timing.unblocked(now);
		break;
	default: // ALL, STUCK
		break;
	}
	if (end.output.bytes().empty() && end.compressed.capacity() > WebSocketFrameOutput::KEPT) std::string().swap(end.compressed);
}


WebSocketProtocol::Time WebSocketProtocol::timeLeft(Time now) const
{
	const End& end = *_pEnd;
	const Time left = end.timing.deadline(now, end.limits, end.facts(), &end.more) - now;
	const Time looked = std::min(now - end.looked, end.lookInterval()); // which does not begin anew with each call
	return std::min(left, end.lookInterval() - looked);
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
			try
			{
				end.sendClose(WebSocketFrame::GOING_AWAY, "Idle for too long", now);
			}
			catch (...) // there is no memory
			{
				return end.drop(TIMED_OUT);
			}
			break;
		case WebSocketTiming::MESSAGE_TIMEOUT:
			end.framer.failSlowMessage();
			return end.fail(now);
		case WebSocketTiming::PING_TIMEOUT:
			end.framer.failSilence();
			end.fail(now);
			return end.drop(FAILED);
		default:
			return end.drop(TIMED_OUT);
		}
	}
}


WebSocketFrame::CloseState WebSocketProtocol::closeState() const
{
	const End& end = *_pEnd;
	return end.dropped || end.streamEnded ? WebSocketFrame::CLOSED : end.framer.closeState();
}


WebSocketProtocol::Ending WebSocketProtocol::ending() const
{
	const End& end = *_pEnd;
	if (end.dropped) return CLOSE;
	if (!end.output.bytes().empty()) return KEEP_OPEN;
	if (end.streamEnded) return CLOSE;
	if (!end.framer.endsStream()) return KEEP_OPEN;
	return end.framer.closed() ? CLOSE : END_SENDING;
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
