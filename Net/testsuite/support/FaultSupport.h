//
// FaultSupport.h
//
// Library: PocoWebSocket
// Package: Tests
// Module:  WebSocketFaultSupport
//
// A whole conversation over a connection on which one operation, or one allocation, goes wrong.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketFaultSupport_INCLUDED
#define Net_WebSocketFaultSupport_INCLUDED


#include "core/FramerTest.h"
#include "Poco/Net/StreamSocketImpl.h"
#include "Poco/Net/WebSocketImpl.h"
#include "Poco/AutoPtr.h"
#include <limits>
#include <string>
#include <vector>


namespace FaultTest {


using Poco::Net::WebSocketFrame;
using Poco::Net::WebSocketFramer;
using FramerTest::Frame;
using FramerTest::Frames;


struct Item
	/// A message (as if in one frame), a frame of a message, or a control frame.
{
	int flags;
	std::string data;

	bool operator == (const Item& other) const
	{
		return flags == other.flags && data == other.data;
	}

	bool control() const
	{
		return (flags & 0x08) != 0;
	}
};


using Items = std::vector<Item>;


std::ostream& operator << (std::ostream& out, const Item& item);


class SocketPair
	/// Two connected sockets of the system; the second is the peer's.
{
public:
	SocketPair();
	~SocketPair();

	int takeFirst();
		/// Returns the first one, which then belongs to the caller.

	void send(const std::string& wire);
		/// Sends what the peer has to say.

	std::size_t receive(std::size_t most = std::numeric_limits<std::size_t>::max());
		/// Takes what has arrived at the peer, without waiting, up to about that much. Returns how much.

	const std::string& received() const;
		/// What the peer has got so far.

	int peer() const;

private:
	SocketPair(const SocketPair&) = delete;
	SocketPair& operator = (const SocketPair&) = delete;

	int _sockets[2];
	std::string _received;
};


enum class Fault
	/// What happens at the n-th operation.
{
	NONE,
	SHORT,      // one byte
	SINGLE,     // one byte, at all operations
	AGAIN,      // would block
	TIMEOUT,    // a TimeoutException, as Poco's TLS sockets throw if a record is not complete
	RESET_ONCE, // ConnectionResetException
	RESET,      // at this and all later ones
	END         // the stream has ended; EPIPE on sending
};


class FaultySocket: public Poco::Net::StreamSocketImpl
	/// Counts operations, and lets one go wrong. Not a plain socket: used through these functions.
{
public:
	FaultySocket(SocketPair& pair, Fault fault, int at);

	using StreamSocketImpl::receiveBytes;
	using StreamSocketImpl::sendBytes;
	int sendBytes(const void* buffer, int length, int flags = 0) override;
	int receiveBytes(void* buffer, int length, int flags = 0) override;

	int operations() const;

protected:
	~FaultySocket() override;

private:
	bool strikes();
		/// Counts an operation. Returns true if the fault is to happen.

	SocketPair& _pair;
	const Fault _fault;
	const int _at;
	int _operations;
};


enum class Level
{
	FRAMES,
	MESSAGES
};


struct Plan
{
	WebSocketFramer::Role role = WebSocketFramer::ROLE_SERVER;
	Level level = Level::MESSAGES;
	bool blocking = true;
	Fault fault = Fault::NONE;
	int at = 0;               // the operation that goes wrong
	int failingAllocation = -1; // the allocation that fails; with all later ones in the same call
};


std::ostream& operator << (std::ostream& out, const Plan& plan);


struct Report
	/// How the conversation went.
{
	bool constructed = false;
	bool ended = false;      // the peer's Close, or the end of the stream
	bool stuck = false;      // it goes on without getting anywhere
	int exceptions = 0;      // documented ones
	bool outOfMemory = false;
	int operations = 0;
	int allocations = 0;
	int lastCloseCode = 0;
	Items received;
	Items attempted;         // what was to be sent
	Items sent;              // for which the call returned
	Items arrived;           // at the peer
	int peerError = 0;       // what the peer found wrong with it
	bool cutOff = false;     // inside a message
};


WebSocketFramer::Role peerOf(WebSocketFramer::Role role);

void decode(WebSocketFramer::Role receiver, Level level, const std::string& wire, Report& report);
	/// Writes down what the receiver of these bytes makes of them.

Items withoutAnswers(Level level, const Items& items);
	/// Without what the library, or the test, sends because of a control frame.

Items expectedItems(Level level);
	/// What the peer has to say, before its Close.

std::string wireFor(WebSocketFramer::Role receiver, Level level);
	/// The same as bytes, with its Close.

Report converse(const Plan& plan);
	/// Receives all that the peer has to say, sends each message back, answers its Close.

void expectSound(const Plan& plan, const Report& report);
	/// What holds whatever went wrong: nothing wrong was received or sent, and it came to an end.

void expectComplete(const Plan& plan, const Report& report);
	/// Nothing was lost, and nobody has noticed.


} // namespace FaultTest


#endif // Net_WebSocketFaultSupport_INCLUDED
