//
// ProtocolFuzz.cpp
//
// Two ends of a connection: calls in any order, bytes in any cuts, steps of time, and bytes that the peer has never sent.
// What each sends is valid, nothing follows a Close, each end is told once, and what is due does not stay due.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "Fuzz.h"
#include "core/Framer.h"
#include "Poco/Net/WebSocketConnectionParams.h"
#include "Poco/Net/WebSocketDeflateParams.h"
#include "Poco/Net/WebSocketProtocol.h"
#include "Poco/Exception.h"
#include <algorithm>


using Fuzz::require;
using Poco::Net::WebSocketConnectionParams;
using Poco::Net::WebSocketDeflateParams;
using Poco::Net::WebSocketError;
using Poco::Net::WebSocketFrame;
using Poco::Net::WebSocketFrameHeader;
using Poco::Net::WebSocketFramer;
using Poco::Net::WebSocketPeerState;
using Poco::Net::WebSocketProtocol;


namespace
{
	class End
	{
	public:
		End(WebSocketProtocol::Role role, const WebSocketConnectionParams::Ptr& pParams, WebSocketProtocol::Time now, const WebSocketDeflateParams* pDeflate):
			protocol(role, now, [](unsigned char* pKey) { std::copy_n("mask", 4, pKey); }, pParams, pDeflate),
			_peer(role == WebSocketProtocol::SERVER ? WebSocketFramer::ROLE_CLIENT : WebSocketFramer::ROLE_SERVER)
		{
			if (pDeflate) _peer.setReservedBits(WebSocketFrameHeader::RSV1);
		}

		void take(std::string bytes, WebSocketProtocol::Time now, bool room)
			/// As they arrive; with room, to where they belong.
		{
			while (!bytes.empty())
			{
				char* pTarget = nullptr;
				std::size_t length = room ? protocol.room(pTarget, 1) : 0;
				if (length > 0)
				{
					length = bytes.copy(pTarget, length);
					run(pTarget, pTarget + length, now);
				}
				else
				{
					std::vector<char> part(bytes.begin(), room ? bytes.begin() + 1 : bytes.end());
					length = part.size();
					run(part.data(), part.data() + length, now);
				}
				bytes.erase(0, length);
			}
		}

		void note(WebSocketProtocol::Event event)
		{
			require(!_over || event == WebSocketProtocol::NEED_MORE || event == WebSocketProtocol::TIMED_OUT, "nothing follows the end");
			require(!_timedOut || event != WebSocketProtocol::TIMED_OUT, "a time-out is told once");
			switch (event)
			{
			case WebSocketProtocol::MESSAGE:
			case WebSocketProtocol::PART:
			case WebSocketProtocol::PING:
			case WebSocketProtocol::PONG:
				sum += static_cast<unsigned char>(protocol.data().empty() ? 0 : protocol.data().back());
				break;
			case WebSocketProtocol::CLOSED:
				_closed = true;
				require(protocol.closeCode() == WebSocketFrame::NO_CLOSE_CODE || WebSocketFrame::isCloseCode(protocol.closeCode()), "a code that may be sent");
				break;
			case WebSocketProtocol::FAILED:
				_over = true;
				require(protocol.error() != WebSocketError::NONE && !protocol.errorText().empty(), "a failure has a reason");
				break;
			case WebSocketProtocol::TIMED_OUT:
				_over = _timedOut = true;
				require(protocol.ending() == WebSocketProtocol::CLOSE, "the end of a time-out");
				break;
			default:
				break;
			}
		}

		std::string flush(std::size_t length, WebSocketProtocol::Time now, const WebSocketPeerState& state)
			/// The system takes up to length bytes.
		{
			const std::string taken(protocol.output().substr(0, length));
			if (!protocol.output().empty()) protocol.sent(taken.size(), now, state);
			check(taken);
			return taken;
		}

		void checkState(WebSocketProtocol::Time now)
		{
			const WebSocketFrame::CloseState state = protocol.closeState();
			require(state >= _state, "a state does not go back");
			_state = state;
			require(_closed || protocol.closeCode() == WebSocketFrame::NO_CLOSE_FRAME, "a code comes with a Close");
			require(protocol.timeLeft(now) < 1u << 31, "no deadline lies in the past");
		}

		WebSocketProtocol protocol;
		unsigned sum = 0; // of something that was received, which the sanitizer has seen then

	private:
		void run(char* pData, char* pEnd, WebSocketProtocol::Time now)
		{
			for (;;)
			{
				const char* const pBefore = pData;
				const WebSocketProtocol::Event event = protocol.receive(pData, pEnd, now);
				require(pData >= pBefore && pData <= pEnd, "no more is taken than there is");
				require(!_closed || event == WebSocketProtocol::NEED_MORE || event == WebSocketProtocol::FAILED, "nothing follows a Close");
				note(event);
				if (event == WebSocketProtocol::NEED_MORE)
				{
					require(pData == pEnd, "NEED_MORE takes everything");
					return;
				}
				require(pData > pBefore || event == WebSocketProtocol::FAILED, "an event is made of bytes");
			}
		}

		void check(const std::string& wire)
			/// What is sent is valid.
		{
			require(wire.empty() || (_peer.closeState() & WebSocketFramer::CLOSE_RECEIVED) == 0, "5.5.1: nothing is sent behind a Close");
			const char* p = wire.data();
			const char* const pEnd = p + wire.size();
			while (p < pEnd)
			{
				require((_peer.closeState() & WebSocketFramer::CLOSE_RECEIVED) == 0, "5.5.1: nothing is sent behind a Close");
				std::size_t used = 0;
				if (_peer.inHeader())
				{
					require(_peer.receiveHeader(p, static_cast<std::size_t>(pEnd - p), used) != WebSocketFramer::FAILED, "a frame is valid");
				}
				else
				{
					used = static_cast<std::size_t>(std::min<Poco::UInt64>(_peer.remaining(), static_cast<std::size_t>(pEnd - p)));
					std::vector<char> payload(p, p + used);
					require(_peer.receivePayload(payload.data(), payload.data(), used) != WebSocketFramer::FAILED, "a payload is valid");
				}
				p += used;
			}
		}

		WebSocketFramer _peer;
		WebSocketFrame::CloseState _state = WebSocketFrame::OPEN;
		bool _closed = false;
		bool _over = false;
		bool _timedOut = false;
	};

	template <class Call>
	void refusable(End& end, const Call& call)
		/// A call that may be refused; it is successful if and only if the state is OPEN.
	{
		const bool open = end.protocol.closeState() == WebSocketFrame::OPEN;
		try
		{
			require(call() == open, "what is sent when");
		}
		catch (const Poco::LogicException&)
		{
		}
	}
}


extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* pData, std::size_t size)
{
	Fuzz::Input input(pData, size);
	const unsigned options = input.byte();
	const WebSocketConnectionParams::Ptr pParams = new WebSocketConnectionParams;
	WebSocketConnectionParams& params = *const_cast<WebSocketConnectionParams*>(pParams.get());
	params.setDeflateThreshold(0);
	params.setMaxPendingPings(3);
	params.setMaxMessageSize(options & 0x01 ? 100 : 1 << 20);
	params.setIdleTimeout(options & 0x02 ? Poco::Timespan(3, 0) : Poco::Timespan());
	params.setPingInterval(options & 0x04 ? Poco::Timespan(1, 0) : Poco::Timespan());
	params.setPongTimeout(Poco::Timespan(0, 500000));
	params.setTransferTimeout(Poco::Timespan(4, 0));
	const WebSocketDeflateParams agreed;
	const WebSocketDeflateParams* const pDeflate = options & 0x08 ? &agreed : nullptr;
	WebSocketProtocol::Time now = options & 0x10 ? 0xfffffc00u : 0u;
	const bool room = (options & 0x20) != 0;
	End ends[] = {{WebSocketProtocol::SERVER, pParams, now, pDeflate}, {WebSocketProtocol::CLIENT, pParams, now, pDeflate}};
	if (options & 0x40) ends[0].protocol.setParts(true);
	std::string wires[2]; // sent by each, and not received
	bool tampered = false;
	bool ended[2] = {};
	WebSocketPeerState state;

	while (!input.empty())
	{
		const unsigned command = input.byte();
		End& end = ends[command & 1];
		const unsigned side = command & 1;
		const WebSocketFrame::Opcode opcode = command & 0x80 ? WebSocketFrame::OP_BINARY : WebSocketFrame::OP_TEXT;
		switch (command >> 1 & 15)
		{
		case 0:
		case 1:
			refusable(end, [&] { return end.protocol.send(input.take(input.byte()), opcode, now, command & 0x40 ? WebSocketFrame::Compression::AS_AGREED : WebSocketFrame::Compression::NONE); });
			break;
		case 2:
		case 3:
			refusable(end, [&] { return end.protocol.sendPart(input.take(input.byte()), opcode, (command & 0x40) != 0, now); });
			break;
		case 4:
			refusable(end, [&] { return end.protocol.ping(now); });
			break;
		case 5:
			refusable(end, [&] { return end.protocol.close(1000 + static_cast<int>(input.byte()), input.take(command >> 5), now); });
			break;
		case 6:
			wires[side] += end.flush(input.byte(), now, state);
			break;
		case 7:
			wires[side] += end.flush(1u << 20, now, state);
			break;
		case 8:
		case 9:
		case 10:
			{
				const std::size_t length = command & 0x40 ? wires[side].size() : input.byte();
				if (!ended[1 - side]) ends[1 - side].take(wires[side].substr(0, length), now, room);
				wires[side].erase(0, length);
			}
			break;
		case 11:
			tampered = true;
			wires[side].insert(std::min<std::size_t>(wires[side].size(), input.byte()), input.take(input.byte()));
			break;
		case 12:
			ended[side] = true;
			end.note(end.protocol.receiveEnd());
			break;
		case 13:
			state.acknowledged += input.byte();
			state.waiting = input.byte()*100;
			state.window = input.byte();
			state.heldBack += command >> 7;
			break;
		default:
			now += command & 0x40 ? input.byte()*64 : input.byte();
			for (End& each: ends)
			{
				if (each.protocol.ending() == WebSocketProtocol::CLOSE && each.protocol.output().empty()) continue;
				each.note(each.protocol.timeReached(now, state));
				require(each.protocol.ending() == WebSocketProtocol::CLOSE || each.protocol.timeLeft(now) > 0, "what is due is done");
			}
		}
		for (End& each: ends)
		{
			each.checkState(now);
			const int error = each.protocol.error();
			require(tampered || error == WebSocketError::NONE || error == WebSocketError::PING_TIMEOUT || error == WebSocketError::POLICY_VIOLATION
				|| error == WebSocketError::PAYLOAD_TOO_BIG || error == WebSocketError::INCOMPLETE_FRAME, "who keeps the rules is not blamed");
		}
	}
	return 0;
}
