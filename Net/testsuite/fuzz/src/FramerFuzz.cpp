//
// FramerFuzz.cpp
//
// Bytes from a peer: whole, one by one and in parts they give the same messages and the same end.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "Frames.h"
#include "core/Assembler.h"
#include <algorithm>
#include <cstring>


using Fuzz::Cuts;
using Fuzz::encode;
using Fuzz::Part;
using Fuzz::require;
using Fuzz::Settings;
using Poco::Net::WebSocketAssembler;
using Poco::Net::WebSocketError;
using Poco::Net::WebSocketFrame;
using Poco::Net::WebSocketFrameHeader;
using Poco::Net::WebSocketFramer;


namespace
{
	void requireValid(const WebSocketFramer& framer, int flags, const char* pPayload, std::size_t length)
		/// The peer takes the frame as it was meant.
	{
		require(length <= WebSocketFrame::MAX_CONTROL_PAYLOAD, "a control frame has at most 125 bytes");
		const std::string wire = encode(framer, flags, pPayload, length);
		WebSocketFramer peer(Fuzz::other(framer.role()));
		peer.setVerifyUTF8(framer.getVerifyUTF8());
		std::size_t used = 0;
		require(peer.receiveHeader(wire.data(), wire.size(), used) == WebSocketFramer::OK, "the answer's header is valid");
		require(used + length == wire.size() && peer.remaining() == length, "the answer's length is right");
		std::string payload(length, '\0');
		if (length > 0) require(peer.receivePayload(&payload[0], wire.data() + used, length) == WebSocketFramer::OK, "the answer's payload is valid");
		require(!peer.inFrame() && peer.header().flags == flags, "the answer is one frame");
		require(std::memcmp(payload.data(), pPayload, length) == 0, "the answer's payload arrives");
	}

	class Receiver
		/// Writes down what comes out.
	{
	public:
		explicit Receiver(const Settings& settings):
			_framer(settings.role),
			_assembler(_framer)
		{
			_framer.setVerifyUTF8(settings.verifyUTF8);
			_framer.setVerifyMasking(settings.verifyMasking);
			_assembler.setLimits(settings.maxMessageSize, settings.maxFrameSize, settings.maxFragments, 1000);
			if (settings.deflate) _assembler.enableInflate(15, settings.takeover); // a smaller window: InflateFuzz
			if (settings.closeSent) _framer.sent(0x88);
			_maxMessageSize = settings.maxMessageSize;
		}

		void take(const char* p, std::size_t length)
		{
			while (length > 0 && !_framer.failed())
			{
				const std::size_t used = _framer.inHeader() ? takeHeader(p, length) : takePayload(p, length);
				require(used <= length, "no more is used than there is");
				p += used;
				length -= used;
			}
		}

		std::string end()
			/// Returns all that came out.
		{
			if (!_framer.failed())
			{
				const bool inside = _framer.inFrame();
				require((_framer.receiveEnd() == WebSocketFramer::FAILED) == inside, "the end inside a frame is a failure");
			}
			if (_framer.failed()) noteFailure();
			_log += "state " + std::to_string(_framer.closeState()) + " code " + std::to_string(_framer.closeCode()) + "\n";
			return _log;
		}

	private:
		std::size_t takeHeader(const char* p, std::size_t length)
		{
			const std::size_t missing = _framer.headerMissing();
			require(missing > 0 && missing <= WebSocketFrameHeader::MAX_LENGTH, "headerMissing()");
			std::size_t used = length + 1;
			const WebSocketFramer::Result result = _framer.receiveHeader(p, length, used);
			if (result == WebSocketFramer::NEED_MORE) require(used == length, "NEED_MORE takes everything");
			if (result != WebSocketFramer::OK) return used;

			if (!_framer.header().control() && _assembler.begin() != WebSocketFramer::OK) return used;
			if (_framer.remaining() == 0) endFrame();
			return used;
		}

		std::size_t takePayload(const char* p, std::size_t length)
		{
			length = static_cast<std::size_t>(std::min<Poco::UInt64>(length, _framer.remaining()));
			std::vector<char> part(length);
			if (_framer.receivePayload(part.data(), p, length) != WebSocketFramer::OK) return length;
			if (_framer.header().control())
			{
			}
			else if (_assembler.compressed())
			{
				if (_assembler.inflate(part.data(), length, _message) != WebSocketFramer::OK) return length;
			}
			else
			{
				_message.append(part.data(), length);
			}
			if (_framer.remaining() == 0) endFrame(length);
			return length;
		}

		void endFrame(std::size_t inflated = 0)
		{
			if (!_framer.header().control())
			{
				// An empty frame of a compressed message is inflated too.
				if (_assembler.compressed() && inflated == 0 && _assembler.inflate(nullptr, 0, _message) != WebSocketFramer::OK) return;
				require(_message.size() <= _maxMessageSize, "the limit for messages is kept");
				if (!_assembler.complete()) return;
				_log += "message " + std::to_string(_assembler.opcode()) + " " + _message + "\n";
				_message.clear();
				return;
			}
			const std::string payload(_framer.controlPayload(), _framer.controlLength());
			_log += "control " + std::to_string(_framer.header().opcode()) + " " + payload + "\n";
			int flags = -1;
			char answer[WebSocketFrame::MAX_CONTROL_PAYLOAD];
			const std::size_t length = _framer.buildReply(flags, answer);
			const int opcode = _framer.header().opcode();
			require((flags != 0) == (opcode != WebSocketFrame::OP_PONG), "PING and Close are answered");
			if (flags == 0) return;
			requireValid(_framer, flags, answer, length);
			require(std::memcmp(answer, payload.data(), length) == 0, "an answer has what it answers to");
			if (opcode == WebSocketFrame::OP_PING) require(length == payload.size(), "a PONG has all of the PING");
			else if (_framer.closeState() == WebSocketFramer::CLOSE_RECEIVED)
				require(_framer.checkSend(flags, answer, length) == WebSocketFramer::SEND, "the answer to a Close can be sent");
		}

		void noteFailure()
		{
			char payload[WebSocketFrame::MAX_CONTROL_PAYLOAD];
			const std::size_t length = _framer.buildFailure(payload);
			if (length > 0) requireValid(_framer, 0x88, payload, length);
			require(_framer.closeState() == WebSocketFramer::CLOSED && _framer.error() != WebSocketError::NONE, "failed");
			_log += "failure " + std::to_string(_framer.error()) + " " + _framer.errorText() + " Close " + std::string(payload, length) + "\n";
			std::size_t used = 1;
			require(_framer.receiveHeader("\x81", 1, used) == WebSocketFramer::FAILED && used == 0, "failed once, failed for ever");
		}

		WebSocketFramer _framer;
		WebSocketAssembler _assembler;
		Poco::UInt64 _maxMessageSize;
		std::string _message;
		std::string _log;
	};

	std::string receive(const Settings& settings, const std::string& wire, const std::vector<std::size_t>& ends)
	{
		Receiver receiver(settings);
		std::size_t begin = 0;
		for (const std::size_t end: ends)
		{
			const Part part(wire, begin, end);
			receiver.take(part.data(), part.size());
			begin = end;
		}
		return receiver.end();
	}
}


extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* pData, std::size_t size)
{
	Fuzz::Input input(pData, size);
	const Settings settings(input);
	const Cuts cuts(input);
	const std::string wire = settings.madeOfFrames ? makeFrames(settings, input) : input.rest();

	const std::string whole = receive(settings, wire, Cuts::whole(wire.size()));
	const std::string single = receive(settings, wire, Cuts::single(wire.size()));
	if (whole != single) std::fprintf(stderr, "whole:\n%s\nbyte by byte:\n%s\n", whole.c_str(), single.c_str());
	require(whole == single, "byte by byte");
	const std::string parts = receive(settings, wire, cuts.ends(wire.size()));
	if (whole != parts) std::fprintf(stderr, "whole:\n%s\nin parts:\n%s\n", whole.c_str(), parts.c_str());
	require(whole == parts, "in parts");
	return 0;
}
