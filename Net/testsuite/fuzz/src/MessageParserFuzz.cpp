//
// MessageParserFuzz.cpp
//
// Bytes from a peer: whole, one by one and in parts, read to where the parser says or not, given as
// messages and as parts of them: the same messages, the same control frames and the same end.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "Frames.h"
#include "core/MessageParser.h"
#include <algorithm>
#include <cstring>


using Fuzz::Cuts;
using Fuzz::require;
using Fuzz::Settings;
using Poco::Net::WebSocketBuffer;
using Poco::Net::WebSocketError;
using Poco::Net::WebSocketFrame;
using Poco::Net::WebSocketFramer;
using Poco::Net::WebSocketMessageParser;


namespace
{
	constexpr std::size_t LARGE = 65536;

	enum Way
	{
		MESSAGES,
		ROOM,
		PARTS
	};

	class Receiver
		/// Writes down what comes out.
	{
	public:
		Receiver(const Settings& settings, Way way):
			_framer(settings.role),
			_parser(_framer),
			_way(way),
			_maxMessageSize(settings.maxMessageSize)
		{
			_framer.setVerifyUTF8(settings.verifyUTF8);
			_framer.setVerifyMasking(settings.verifyMasking);
			_parser.assembler().setLimits(settings.maxMessageSize, settings.maxFrameSize, settings.maxFragments, 1000);
			_parser.setParts(way == PARTS);
			if (settings.deflate) _parser.assembler().enableInflate(15, settings.takeover); // a smaller window: InflateFuzz
			if (settings.closeSent) _framer.sent(0x88);
		}

		void take(const char* p, std::size_t length)
		{
			while (length > 0 && !_framer.failed())
			{
				const std::size_t used = _way == ROOM ? takeRoom(p, length) : takeBytes(p, length);
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
			if (_framer.failed())
			{
				_log += "failure " + std::to_string(_framer.error()) + " " + _framer.errorText() + "\n";
				requireFailed();
			}
			_log += "state " + std::to_string(_framer.closeState()) + " code " + std::to_string(_framer.closeCode()) + "\n";
			return _log;
		}

	private:
		std::size_t takeRoom(const char* p, std::size_t length)
			/// To where room() says, otherwise a little.
		{
			char* pTarget = nullptr;
			const std::size_t room = _parser.room(pTarget);
			if (room == 0) return takeBytes(p, std::min<std::size_t>(length, 16));
			require(room >= LARGE && room <= _framer.remaining(), "room() is for large parts, and what is to come");
			require(room <= LARGE + _taken, "memory grows with what arrives");
			length = std::min(length, room);
			std::memcpy(pTarget, p, length);
			run(pTarget, length);
			return length;
		}

		std::size_t takeBytes(const char* p, std::size_t length)
		{
			std::vector<char> bytes(p, p + length);
			run(bytes.data(), length);
			return length;
		}

		WebSocketMessageParser::Event next(char*& p, char* pEnd)
			/// As the event shell does, or one call for everything.
		{
			const char* const pBefore = p;
			if (_way != ROOM)
			{
				_parser.settle();
				if (_parser.nextWhole(p, pEnd)) return WebSocketMessageParser::MESSAGE;
				require(p == pBefore, "nothing is taken");
			}
			return _parser.next(p, pEnd);
		}

		void run(char* pBegin, std::size_t length)
		{
			_taken += length;
			char* p = pBegin;
			for (;;)
			{
				const char* const pBefore = p;
				const WebSocketMessageParser::Event event = next(p, pBegin + length);
				require(p >= pBefore && p <= pBegin + length, "no more is taken than there is");
				require((event == WebSocketMessageParser::FAILED) == _framer.failed(), "FAILED");
				require(p > pBefore || event == WebSocketMessageParser::NEED_MORE || _framer.failed(), "an event is made of bytes");
				switch (event)
				{
				case WebSocketMessageParser::NEED_MORE:
					require(p == pBegin + length, "NEED_MORE takes everything");
					return;
				case WebSocketMessageParser::INFLATING:
					require(_parser.assembler().compressed() && _framer.remaining() > 0, "there is a rest");
					break;
				case WebSocketMessageParser::MESSAGE:
					require(_way != PARTS && _parser.last(), "a message");
					noteMessage(pBegin, p);
					break;
				case WebSocketMessageParser::PART:
					require(_way == PARTS && !_parser.gathered(), "a part");
					require(_parser.length() > 0 || _parser.last(), "an empty part tells something");
					noteContent();
					break;
				case WebSocketMessageParser::CONTROL:
					require(_framer.header().control() && !_framer.inFrame(), "a control frame");
					_log += "control " + std::to_string(_framer.header().opcode()) + " " + std::string(_framer.controlPayload(), _framer.controlLength()) + "\n";
					break;
				default:
					requireFailed();
					return;
				}
			}
		}

		void noteMessage(const char* pBegin, const char* pEnd)
		{
			const bool gathered = _parser.gathered();
			const bool inPlace = _parser.data() >= pBegin && _parser.data() + _parser.length() == pEnd;
			if (_parser.length() > 0 && !_parser.assembler().compressed()) require(gathered || inPlace, "a message is in place, or gathered");
			noteContent();
			if (!gathered || _parser.length() % 2 == 0) return;
			const char* const pData = _parser.data();
			const WebSocketBuffer taken = _parser.takeMessage();
			require(taken.data() == pData && taken.size() == _parser.length(), "what is taken is the message");
		}

		void noteContent()
		{
			if (_parser.length() > 0) _content.append(_parser.data(), _parser.length());
			require(_content.size() <= _maxMessageSize, "the limit for messages is kept");
			if (!_parser.last()) return;
			_log += "message " + std::to_string(_parser.opcode()) + " " + _content + "\n";
			_content.clear();
		}

		void requireFailed()
		{
			char good[] = "\x81\x80mask";
			for (std::size_t length: {0, 1, 6})
			{
				char* p = good;
				require(_parser.next(p, good + length) == WebSocketMessageParser::FAILED, "failed once, failed for ever");
				require(_parser.room(p) == 0, "no room after a failure");
			}
		}

		WebSocketFramer _framer;
		WebSocketMessageParser _parser;
		Way _way;
		Poco::UInt64 _maxMessageSize;
		std::size_t _taken = 0;
		std::string _content;
		std::string _log;
	};

	std::string receive(const Settings& settings, Way way, const std::string& wire, const std::vector<std::size_t>& ends)
	{
		Receiver receiver(settings, way);
		std::size_t begin = 0;
		for (const std::size_t end: ends)
		{
			receiver.take(wire.data() + begin, end - begin);
			begin = end;
		}
		return receiver.end();
	}

	std::vector<std::size_t> thinned(const std::vector<std::size_t>& ends)
		/// Some of them, if there are too many.
	{
		const std::size_t step = 1 + ends.size()/4000*50;
		std::vector<std::size_t> result;
		for (std::size_t i = 0; i < ends.size(); i += step) result.push_back(ends[i]);
		result.push_back(ends.back());
		return result;
	}
}


extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* pData, std::size_t size)
{
	Fuzz::Input input(pData, size);
	const Settings settings(input);
	const Cuts cuts(input);
	const std::string wire = settings.madeOfFrames ? makeFrames(settings, input, settings.largeFrames ? 2 : 0) : input.rest();

	const std::vector<std::size_t> ways[] = {Cuts::whole(wire.size()), thinned(Cuts::single(wire.size())), thinned(cuts.ends(wire.size()))};
	const char* const names[] = {"whole", "byte by byte", "in parts"};
	const std::string expected = receive(settings, MESSAGES, wire, ways[0]);
	for (const Way way: {MESSAGES, ROOM, PARTS})
	{
		for (std::size_t i = 0; i < 3; ++i)
		{
			const std::string log = receive(settings, way, wire, ways[i]);
			if (log != expected) std::fprintf(stderr, "whole:\n%s\nway %d, %s:\n%s\n", expected.c_str(), way, names[i], log.c_str());
			require(log == expected, names[i]);
		}
	}
	return 0;
}
