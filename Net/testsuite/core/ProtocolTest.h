//
// ProtocolTest.h
//
// Library: PocoWebSocket
// Package: Tests
// Module:  WebSocketProtocolTest
//
// A WebSocketProtocol, and what it says. The clock is a variable.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketProtocolTest_INCLUDED
#define Net_WebSocketProtocolTest_INCLUDED


#include "Poco/Net/WebSocketConnectionParams.h"
#include "Poco/Net/WebSocketDeflateParams.h"
#include "Poco/Net/WebSocketProtocol.h"
#include "core/MessageParserTest.h"
#include <ostream>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


inline void PrintTo(WebSocketProtocol::Event event, std::ostream* pStream)
	/// For GoogleTest.
{
	static const char* const NAMES[] = {"NEED_MORE", "MESSAGE", "PART", "PING", "PONG", "CLOSED", "FAILED", "TIMED_OUT"};
	*pStream << NAMES[event];
}


inline void PrintTo(WebSocketFrame::CloseState state, std::ostream* pStream)
{
	static const char* const NAMES[] = {"OPEN", "CLOSE_SENT", "CLOSE_RECEIVED", "CLOSED"};
	*pStream << NAMES[state];
}


inline void PrintTo(WebSocketProtocol::Ending ending, std::ostream* pStream)
{
	static const char* const NAMES[] = {"KEEP_OPEN", "END_SENDING", "CLOSE"};
	*pStream << NAMES[ending];
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net


namespace ProtocolTest {


using namespace std::string_literals;
using ParserTest::closePayload;
using ParserTest::encode;
using ParserTest::Frame;
using ParserTest::Frames;
using ParserTest::Log;
using Poco::Net::WebSocketConnectionParams;
using Poco::Net::WebSocketDeflateParams;
using Poco::Net::WebSocketError;
using Poco::Net::WebSocketFrame;
using Poco::Net::WebSocketFramer;
using Poco::Net::WebSocketPeerState;
using Poco::Net::WebSocketProtocol;

using Time = WebSocketProtocol::Time;
using Role = WebSocketProtocol::Role;

constexpr Role SERVER = WebSocketProtocol::SERVER;
constexpr Role CLIENT = WebSocketProtocol::CLIENT;
constexpr auto NEED_MORE = WebSocketProtocol::NEED_MORE;
constexpr auto MESSAGE   = WebSocketProtocol::MESSAGE;
constexpr auto PART      = WebSocketProtocol::PART;
constexpr auto PING      = WebSocketProtocol::PING;
constexpr auto PONG      = WebSocketProtocol::PONG;
constexpr auto CLOSED    = WebSocketProtocol::CLOSED;
constexpr auto FAILED    = WebSocketProtocol::FAILED;
constexpr auto TIMED_OUT = WebSocketProtocol::TIMED_OUT;
constexpr auto OPEN           = WebSocketFrame::OPEN;
constexpr auto CLOSE_SENT     = WebSocketFrame::CLOSE_SENT;
constexpr auto CLOSE_RECEIVED = WebSocketFrame::CLOSE_RECEIVED;
constexpr auto DONE           = WebSocketFrame::CLOSED;
constexpr auto KEEP_OPEN   = WebSocketProtocol::KEEP_OPEN;
constexpr auto END_SENDING = WebSocketProtocol::END_SENDING;
constexpr auto CLOSE       = WebSocketProtocol::CLOSE;
constexpr auto TEXT   = WebSocketFrame::OP_TEXT;
constexpr auto BINARY = WebSocketFrame::OP_BINARY;

constexpr Role ROLES[] = {SERVER, CLIENT};


inline const char* name(Role role)
{
	return role == SERVER ? "server" : "client";
}


inline Role other(Role role)
{
	return role == SERVER ? CLIENT : SERVER;
}


inline WebSocketFramer::Role framerRole(Role role)
{
	return role == SERVER ? WebSocketFramer::ROLE_SERVER : WebSocketFramer::ROLE_CLIENT;
}


inline WebSocketConnectionParams::Ptr quiet()
	/// Without keep-alive.
{
	WebSocketConnectionParams::Ptr pParams = new WebSocketConnectionParams;
	pParams->setPingInterval(Poco::Timespan());
	return pParams;
}


inline WebSocketProtocol::KeySource keys()
	/// A different one for each frame.
{
	return [next = 0](unsigned char* pKey) mutable
	{
		for (int i = 0; i < 4; ++i) pKey[i] = static_cast<unsigned char>(0x5a + next++*37);
	};
}


class End
	/// An end of a connection.
{
public:
	explicit End(Role role, const WebSocketConnectionParams::Ptr& pParams = quiet(), Time begin = 0, const WebSocketDeflateParams* pDeflate = nullptr):
		protocol(role, begin, role == CLIENT ? keys() : WebSocketProtocol::KeySource(), pParams, pDeflate),
		now(begin),
		_role(role)
	{
	}

	WebSocketProtocol::Event next(char*& p, char* pEnd)
		/// The next event, which is noted.
	{
		const char* const pBefore = p;
		const WebSocketProtocol::Event event = protocol.receive(p, pEnd, now);
		EXPECT_GE(p, pBefore);
		EXPECT_LE(p, pEnd);
		note(event);
		return event;
	}

	void take(const std::string& wire)
		/// The next bytes from the peer. The loop is that of the header.
	{
		std::vector<char> exact(wire.begin(), wire.end()); // the memory ends where the bytes end
		char* p = exact.data();
		char* const pEnd = p + exact.size();
		std::size_t events = 0;
		while (next(p, pEnd) != NEED_MORE) ASSERT_LE(++events, 2*wire.size() + 1) << "an event is made of bytes";
		EXPECT_EQ(pEnd, p) << "all bytes are taken";
	}

	void takeFrames(const Frames& frames)
	{
		take(encode(framerRole(_role), frames));
	}

	WebSocketProtocol::Event end()
	{
		const WebSocketProtocol::Event event = protocol.receiveEnd();
		note(event);
		return event;
	}

	std::string flush(const WebSocketPeerState& peer = WebSocketPeerState())
		/// What goes out, until there is no more.
	{
		std::string result;
		while (!protocol.output().empty())
		{
			const std::string output(protocol.output());
			result += output;
			protocol.sent(output.size(), now, peer);
		}
		return result;
	}

	std::string flushSome(std::size_t length, const WebSocketPeerState& peer = WebSocketPeerState())
		/// The peer takes no more than length bytes.
	{
		const std::string result(protocol.output().substr(0, length));
		protocol.sent(result.size(), now, peer);
		return result;
	}

	Log sent(bool inflate = false)
		/// What goes out, as a peer sees it.
	{
		return decode(flush(), inflate);
	}

	Log decode(const std::string& wire, bool inflate = false) const
	{
		ParserTest::Options options;
		options.inflate = inflate;
		return ParserTest::feed(framerRole(other(_role)), options, ParserTest::MESSAGES, wire, {wire.size()});
	}

	WebSocketProtocol::Event timeReached(const WebSocketPeerState& peer = WebSocketPeerState())
	{
		const WebSocketProtocol::Event event = protocol.timeReached(now, peer);
		note(event);
		return event;
	}

	Time left() const
		/// Returns how long it is until timeReached() is to be called.
	{
		return protocol.timeLeft(now);
	}

	WebSocketProtocol protocol;
	Time now;
	Log log;

private:
	void note(WebSocketProtocol::Event event)
	{
		const bool brought = event == MESSAGE || event == PART || event == PING || event == PONG;
		const std::string data(brought ? protocol.data() : std::string_view());
		switch (event)
		{
		case NEED_MORE:
			return;
		case MESSAGE:
			EXPECT_TRUE(protocol.last());
			log.push_back((protocol.opcode() == TEXT ? "text:" : "binary:") + data);
			return;
		case PART:
			_parts += data;
			if (!protocol.last()) return;
			log.push_back((protocol.opcode() == TEXT ? "parts of text:" : "parts of binary:") + _parts);
			_parts.clear();
			return;
		case PING:
			log.push_back("PING:" + data);
			return;
		case PONG:
			log.push_back("PONG:" + data);
			return;
		case CLOSED:
			log.push_back("Close:" + std::to_string(protocol.closeCode()) + " " + protocol.closeReason());
			return;
		case FAILED:
			EXPECT_NE(WebSocketError::NONE, protocol.error());
			EXPECT_FALSE(protocol.errorText().empty());
			log.push_back("failure " + std::to_string(protocol.error()));
			return;
		case TIMED_OUT:
			log.push_back("time-out");
			return;
		}
	}

	Role _role;
	std::string _parts;
};


} // namespace ProtocolTest


#endif // Net_WebSocketProtocolTest_INCLUDED
