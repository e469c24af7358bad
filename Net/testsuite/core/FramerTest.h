//
// FramerTest.h
//
// Library: PocoWebSocket
// Package: Tests
// Module:  WebSocketFramerTest
//
// Bytes for a WebSocketFramer, written down frame by frame, and what it makes of them.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketFramerTest_INCLUDED
#define Net_WebSocketFramerTest_INCLUDED


#include "core/Framer.h"
#include "support/FrameEncoder.h"
#include <gtest/gtest.h>
#include <algorithm>
#include <limits>
#include <ostream>
#include <string>
#include <vector>


namespace FramerTest {


using Poco::Net::WebSocketError;
using Poco::Net::WebSocketFrame;
using Poco::Net::WebSocketFrameHeader;
using Poco::Net::WebSocketFramer;


const WebSocketFramer::Role ROLES[] = {WebSocketFramer::ROLE_SERVER, WebSocketFramer::ROLE_CLIENT};


inline const char* name(WebSocketFramer::Role role)
{
	return role == WebSocketFramer::ROLE_SERVER ? "server" : "client";
}


struct Frame
	/// A frame to be put on the wire, right or wrong.
{
	static constexpr int SHORTEST = WebSocketTest::SHORTEST;

	int first;                   // FIN, RSV and opcode
	std::string payload;
	int lengthBytes = SHORTEST;  // 0, 2 or 8 behind the second byte
	Poco::UInt64 extra = 0;      // what the length claims beyond the payload
	bool turnMask = false;       // masked if it must not be, and the other way round
	int key = 0x37fa213d;
};


using Frames = std::vector<Frame>;


inline std::string encode(WebSocketFramer::Role receiver, const Frame& frame)
	/// What a peer would send to that receiver.
{
	const bool masked = (receiver == WebSocketFramer::ROLE_SERVER) != frame.turnMask;
	WebSocketTest::MaskKey key;
	for (int i = 0; i < 4; ++i) key[static_cast<std::size_t>(i)] = static_cast<char>(frame.key >> (24 - 8*i) & 0xff);
	std::string payload = frame.payload;
	if (masked) WebSocketTest::mask(&payload[0], payload.size(), key);
	return WebSocketTest::frameHeader(frame.first, payload.size() + frame.extra, masked, frame.lengthBytes, key) + payload;
}


inline std::string encode(WebSocketFramer::Role receiver, const Frames& frames)
{
	std::string wire;
	for (const Frame& frame: frames) wire += encode(receiver, frame);
	return wire;
}


struct Event
	/// A frame received, or (first is FAILURE) the end.
{
	enum
	{
		FAILURE = -1
	};

	int first = FAILURE;
	std::string payload;
	int error = WebSocketError::NONE;
	int closeCode = 0; // received in a Close frame; or to be sent because of the failure, 0 if nothing

	bool operator == (const Event& other) const
	{
		return first == other.first && payload == other.payload && error == other.error && closeCode == other.closeCode;
	}
};


using Events = std::vector<Event>;


inline std::ostream& operator << (std::ostream& out, const Event& event)
{
	if (event.first == Event::FAILURE) out << "failure " << event.error << ", to be sent: Close ";
	else out << "frame " << std::hex << event.first << std::dec << " (" << ::testing::PrintToString(event.payload.substr(0, 40)) << ", " << event.payload.size() << " bytes) ";
	return out << event.closeCode;
}


inline Event failure(int error, int closeCode)
{
	Event event;
	event.error = error;
	event.closeCode = closeCode;
	return event;
}


inline Events delivered(const Frames& frames)
	/// The events for frames that are as they must be.
{
	Events events;
	for (const Frame& frame: frames)
	{
		Event event;
		event.first = frame.first;
		event.payload = frame.payload;
		if (frame.first == 0x88)
		{
			event.closeCode = frame.payload.size() < 2 ? 1005
				: static_cast<unsigned char>(frame.payload[0])*256 + static_cast<unsigned char>(frame.payload[1]);
		}
		events.push_back(event);
	}
	return events;
}


struct Settings
{
	WebSocketFramer::Role role;
	bool verifyUTF8 = true;
	bool verifyMasking = true;
	int reservedBits = 0;
	Poco::UInt64 limit = std::numeric_limits<Poco::UInt64>::max();
};


class Receiver
	/// Feeds a framer and notes what comes out.
{
public:
	explicit Receiver(const Settings& settings, bool inPlace = false):
		framer(settings.role),
		_settings(settings),
		_inPlace(inPlace)
	{
		framer.setVerifyUTF8(settings.verifyUTF8);
		framer.setVerifyMasking(settings.verifyMasking);
		framer.setReservedBits(settings.reservedBits);
	}

	void take(const std::string& wire)
		/// The next bytes from the peer.
	{
		const std::vector<char> exact(wire.begin(), wire.end()); // the memory ends where the bytes end
		const char* p = exact.data();
		const char* pEnd = p + exact.size();
		while (p < pEnd && !framer.failed())
		{
			const std::size_t length = static_cast<std::size_t>(pEnd - p);
			p += framer.inHeader() ? takeHeader(p, length) : takePayload(p, length);
		}
		if (framer.failed()) checkStaysFailed();
	}

	void end()
		/// The stream has ended.
	{
		if (framer.failed()) return;
		const bool inside = framer.inFrame();
		const WebSocketFramer::Result result = framer.receiveEnd();
		EXPECT_EQ(inside ? WebSocketFramer::FAILED : WebSocketFramer::OK, result);
		if (result == WebSocketFramer::FAILED) noteFailure();
	}

	WebSocketFramer framer;
	Events events;

private:
	std::size_t takeHeader(const char* p, std::size_t length)
	{
		std::size_t used = length + 1;
		WebSocketFramer::Result result = framer.receiveHeader(p, length, used);
		EXPECT_LE(used, length);
		if (result == WebSocketFramer::NEED_MORE)
		{
			EXPECT_EQ(length, used);
		}
		if (result == WebSocketFramer::OK)
		{
			_payload.clear();
			result = framer.limitPayload(_settings.limit);
			if (result == WebSocketFramer::OK && framer.remaining() == 0) noteFrame();
		}
		if (result == WebSocketFramer::FAILED) noteFailure();
		else
		{
			const bool ignored = result == WebSocketFramer::NEED_MORE && (framer.closeState() & WebSocketFramer::CLOSE_RECEIVED);
			EXPECT_EQ(!ignored && (framer.remaining() > 0 || result == WebSocketFramer::NEED_MORE), framer.inFrame());
		}
		return used;
	}

	std::size_t takePayload(const char* p, std::size_t length)
	{
		length = static_cast<std::size_t>(std::min<Poco::UInt64>(length, framer.remaining()));
		const Poco::UInt64 before = framer.remaining();
		std::vector<char> target(length);
		if (_inPlace) std::copy(p, p + length, target.data());
		const WebSocketFramer::Result result = framer.receivePayload(target.data(), _inPlace ? target.data() : p, length);
		_payload.append(target.data(), length);
		if (result == WebSocketFramer::FAILED)
		{
			noteFailure();
		}
		else
		{
			EXPECT_EQ(before - length, framer.remaining());
			if (framer.remaining() == 0) noteFrame();
		}
		return length;
	}

	void noteFrame()
	{
		Event event;
		event.first = framer.header().flags;
		event.payload = _payload;
		EXPECT_EQ(_payload.size(), framer.header().payloadLength);
		EXPECT_FALSE(framer.inFrame());
		if (framer.header().opcode() == WebSocketFrame::OP_CLOSE) event.closeCode = framer.closeCode();
		events.push_back(event);
	}

	void noteFailure()
	{
		EXPECT_TRUE(framer.failed());
		EXPECT_NE(WebSocketError::NONE, framer.error());
		EXPECT_FALSE(framer.errorText().empty());
		EXPECT_EQ(WebSocketFramer::CLOSED, framer.closeState());
		char payload[WebSocketFrame::MAX_CONTROL_PAYLOAD];
		const std::size_t length = framer.buildFailure(payload);
		EXPECT_NE(1u, length);
		const int code = length < 2 ? 0 : static_cast<unsigned char>(payload[0])*256 + static_cast<unsigned char>(payload[1]);
		if (length >= 2)
		{
			EXPECT_EQ(framer.errorText(), std::string(payload + 2, length - 2)); // 7.1.7: the reason helps to find the fault
		}
		events.push_back(failure(framer.error(), code));
	}

	void checkStaysFailed()
	{
		const WebSocketError::Code error = framer.error();
		const std::string text = framer.errorText();
		const std::string good = encode(_settings.role, Frame{0x81, "good"});
		std::size_t used = 99;
		EXPECT_EQ(WebSocketFramer::FAILED, framer.receiveHeader(good.data(), good.size(), used));
		EXPECT_EQ(0u, used);
		EXPECT_EQ(WebSocketFramer::FAILED, framer.limitPayload(std::numeric_limits<Poco::UInt64>::max()));
		char target[4] = {};
		EXPECT_EQ(WebSocketFramer::FAILED, framer.receivePayload(target, good.data(), 4));
		EXPECT_EQ(WebSocketFramer::FAILED, framer.receiveEnd());
		EXPECT_EQ(error, framer.error());
		EXPECT_EQ(text, framer.errorText());
	}

	Settings _settings;
	bool _inPlace;
	std::string _payload;
};


inline Events feed(const Settings& settings, const std::string& wire, const std::vector<std::size_t>& ends, bool inPlace)
	/// In parts that end there.
{
	Receiver receiver(settings, inPlace);
	std::size_t begin = 0;
	for (std::size_t end: ends)
	{
		receiver.take(wire.substr(begin, end - begin));
		begin = end;
	}
	receiver.end();
	return receiver.events;
}


inline Events feedSteps(const Settings& settings, const std::string& wire, std::size_t step)
{
	std::vector<std::size_t> ends;
	for (std::size_t end = step; end < wire.size(); end += step) ends.push_back(end);
	ends.push_back(wire.size());
	return feed(settings, wire, ends, step % 2 == 0);
}


inline Events feedExactly(const Settings& settings, const std::string& wire)
	/// Never more than the framer asks for.
{
	Receiver receiver(settings);
	for (std::size_t begin = 0; begin < wire.size() && !receiver.framer.failed();)
	{
		const Poco::UInt64 asked = receiver.framer.inHeader() ? receiver.framer.headerMissing() : receiver.framer.remaining();
		EXPECT_GT(asked, 0u);
		EXPECT_TRUE(!receiver.framer.inHeader() || asked <= WebSocketFrameHeader::MAX_LENGTH);
		const std::size_t n = static_cast<std::size_t>(std::min<Poco::UInt64>(asked, wire.size() - begin));
		receiver.take(wire.substr(begin, n));
		begin += n;
	}
	receiver.end();
	return receiver.events;
}


inline void expectEvents(const Settings& settings, const std::string& wire, const Events& expected)
	/// Whole, cut at every position, in steps of every size, and as it asks.
	/// Of a long wire: cuts near its ends, and some steps.
{
	SCOPED_TRACE(std::string("received by the ") + name(settings.role));
	constexpr std::size_t LONG = 400;
	const std::size_t size = wire.size();
	ASSERT_EQ(expected, feed(settings, wire, {size}, false)) << "whole";
	ASSERT_EQ(expected, feed(settings, wire, {size}, true)) << "whole, in place";
	for (std::size_t cut = 0; cut <= size; ++cut)
	{
		if (size > LONG && cut == 50) cut = size - 20;
		ASSERT_EQ(expected, feed(settings, wire, {cut, size}, cut % 2 == 1)) << "cut at " << cut;
	}
	for (std::size_t step = 1; step < size; step = size > LONG ? step*3 + 1 : step + 1)
	{
		ASSERT_EQ(expected, feedSteps(settings, wire, step)) << "step " << step;
	}
	ASSERT_EQ(expected, feedExactly(settings, wire)) << "what it asks for";
}


struct RowOutcome
	/// What becomes of a row's frames.
{
	std::size_t good; // frames that are delivered
	int error;
	int closeCode; // of the Close frame to be sent
};


inline RowOutcome received(std::size_t count)
	/// All are delivered: so many.
{
	return {count, WebSocketError::NONE, 0};
}


inline RowOutcome failed(int error, int closeCode, std::size_t good = 0)
	/// After so many that are good.
{
	return {good, error, closeCode};
}


struct Row
	/// A rule of the RFC: frames, and how many of them are delivered before an error.
{
	const char* rule;
	Frames frames;
	RowOutcome outcome;
};


inline void expectRow(const Settings& settings, const Row& row)
{
	SCOPED_TRACE(row.rule);
	Events expected = delivered(Frames(row.frames.begin(), row.frames.begin() + static_cast<std::ptrdiff_t>(row.outcome.good)));
	if (row.outcome.error != WebSocketError::NONE) expected.push_back(failure(row.outcome.error, row.outcome.closeCode));
	else
	{
		ASSERT_EQ(row.frames.size(), row.outcome.good);
	}
	expectEvents(settings, encode(settings.role, row.frames), expected);
}


using WebSocketTest::closePayload;

} // namespace FramerTest


#endif // Net_WebSocketFramerTest_INCLUDED
