//
// FaultSupport.cpp
//
// Library: PocoWebSocket
// Package: Tests
// Module:  WebSocketFaultSupport
//
// SPDX-License-Identifier: BSL-1.0
//


#include "support/FaultSupport.h"
#include "support/CoreAllocations.h"
#include "support/TestSupport.h"
#include "Poco/Net/HTTPClientSession.h"
#include "Poco/Net/NetException.h"
#include "core/Assembler.h"
#include "core/Deflate.h"
#include "Poco/Net/WebSocketParams.h"
#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>


using Poco::Net::WebSocketAssembler;
using Poco::Net::WebSocketDeflateParams;
using Poco::Net::WebSocketDeflater;
using Poco::Net::WebSocketError;
using Poco::Net::WebSocketFrame;
using Poco::Net::WebSocketImpl;
using Poco::Net::WebSocketParams;


namespace FaultTest {


std::ostream& operator << (std::ostream& out, const Item& item)
{
	return out << std::hex << item.flags << std::dec << " (" << ::testing::PrintToString(item.data.substr(0, 20)) << ", " << item.data.size() << " bytes)";
}


std::ostream& operator << (std::ostream& out, const Plan& plan)
{
	return out << FramerTest::name(plan.role) << (plan.level == Level::FRAMES ? ", frames" : ", messages") << (plan.blocking ? "" : ", non-blocking")
		<< ", fault " << static_cast<int>(plan.fault) << " at operation " << plan.at << ", failing allocation " << plan.failingAllocation;
}


//
// SocketPair
//
SocketPair::SocketPair()
{
	constexpr std::size_t ENOUGH = 1 << 19;
	_received.reserve(ENOUGH); // so that no allocation of the test fails
	if (::socketpair(AF_UNIX, SOCK_STREAM, 0, _sockets) != 0) throw Poco::SystemException("socketpair", errno);
}


SocketPair::~SocketPair()
{
	if (_sockets[0] >= 0) ::close(_sockets[0]);
	::close(_sockets[1]);
}


int SocketPair::takeFirst()
{
	const int result = _sockets[0];
	_sockets[0] = -1;
	return result;
}


void SocketPair::send(const std::string& wire)
{
	ASSERT_EQ(static_cast<ssize_t>(wire.size()), ::send(_sockets[1], wire.data(), wire.size(), MSG_DONTWAIT | MSG_NOSIGNAL));
}


std::size_t SocketPair::receive(std::size_t most)
{
	char block[16384];
	std::size_t total = 0;
	while (total < most)
	{
		const ssize_t n = ::recv(_sockets[1], block, std::min(sizeof(block), most - total), MSG_DONTWAIT);
		if (n <= 0) break;
		_received.append(block, static_cast<std::size_t>(n));
		total += static_cast<std::size_t>(n);
	}
	return total;
}


const std::string& SocketPair::received() const
{
	return _received;
}


int SocketPair::peer() const
{
	return _sockets[1];
}


//
// FaultySocket
//
FaultySocket::FaultySocket(SocketPair& pair, Fault fault, int at):
	StreamSocketImpl(pair.takeFirst()),
	_pair(pair),
	_fault(fault),
	_at(at),
	_operations(0)
{
}


FaultySocket::~FaultySocket()
{
}


int FaultySocket::operations() const
{
	return _operations;
}


bool FaultySocket::strikes()
{
	_pair.receive();
	const int operation = _operations++;
	switch (_fault)
	{
	case Fault::NONE:   return false;
	case Fault::SINGLE: return true;
	case Fault::RESET:
	case Fault::END:    return operation >= _at;
	default:            return operation == _at;
	}
}


int FaultySocket::sendBytes(const void* buffer, int length, int)
{
	if (strikes())
	{
		switch (_fault)
		{
		case Fault::AGAIN:   return -1;
		case Fault::TIMEOUT: throw Poco::TimeoutException();
		case Fault::END:     throw Poco::IOException("Broken pipe", EPIPE);
		case Fault::SHORT:
		case Fault::SINGLE:  length = std::min(length, 1); break;
		default:             throw Poco::Net::ConnectionResetException();
		}
	}
	const ssize_t n = ::send(sockfd(), buffer, static_cast<std::size_t>(length), MSG_NOSIGNAL | MSG_DONTWAIT);
	if (n < 0 && errno != EAGAIN) throw Poco::Net::ConnectionResetException();
	return static_cast<int>(n);
}


int FaultySocket::receiveBytes(void* buffer, int length, int)
{
	if (strikes())
	{
		switch (_fault)
		{
		case Fault::AGAIN:   return -1;
		case Fault::TIMEOUT: throw Poco::TimeoutException();
		case Fault::END:     return 0;
		case Fault::SHORT:
		case Fault::SINGLE:  length = std::min(length, 1); break;
		default:             throw Poco::Net::ConnectionResetException();
		}
	}
	const ssize_t n = ::recv(sockfd(), buffer, static_cast<std::size_t>(length), MSG_DONTWAIT);
	if (n < 0 && errno != EAGAIN) throw Poco::Net::ConnectionResetException();
	return static_cast<int>(n);
}


//
// What the peer has to say
//
namespace
{
	const char* const TEXT = "Gr\xc3\xbc\xc3\x9f""e, \xf0\x9f\x98\x80!";

	std::string pattern(std::size_t length)
	{
		std::string result;
		for (std::size_t i = 0; i < length; ++i) result += static_cast<char>(i*i/7 & 0xff);
		return result;
	}

	std::string repeated(const std::string& text, int count)
	{
		std::string result;
		for (int i = 0; i < count; ++i) result += text + std::to_string(i);
		return result;
	}

	Frames framesOf(Level level)
	{
		const std::string text(TEXT);
		Frames frames =
		{
			{0x81, "Hello"},
			{0x89, "first"},
			{0x82, pattern(300)},
			{0x01, text.substr(0, 3)}, {0x89, ""}, {0x00, text.substr(3, 8)}, {0x80, text.substr(11)},
			{0x82, ""},
			{0x8a, "unasked"},
			{0x82, pattern(20000)}
		};
		if (level == Level::MESSAGES)
		{
			WebSocketDeflater deflater;
			for (int i = 0; i < 2; ++i)
			{
				const std::string message = repeated(text, 50 + i);
				std::string compressed;
				deflater.compress(message.data(), message.size(), true, compressed);
				const std::size_t half = compressed.size()/2;
				frames.push_back({0x41, compressed.substr(0, half)});
				frames.push_back({0x89, "between"});
				frames.push_back({0x80, compressed.substr(half)});
			}
		}
		frames.push_back({0x89, "last"});
		return frames;
	}
}


Items expectedItems(Level level)
{
	Items items;
	if (level == Level::FRAMES)
	{
		for (const Frame& frame: framesOf(level)) items.push_back({frame.first, frame.payload});
		return items;
	}
	items.push_back({0x81, "Hello"});
	items.push_back({0x82, pattern(300)});
	items.push_back({0x81, TEXT});
	items.push_back({0x82, ""});
	items.push_back({0x82, pattern(20000)});
	items.push_back({0x81, repeated(TEXT, 50)});
	items.push_back({0x81, repeated(TEXT, 51)});
	return items;
}


std::string wireFor(WebSocketFramer::Role receiver, Level level)
{
	Frames frames = framesOf(level);
	frames.push_back({0x88, FramerTest::closePayload(1000, "done")});
	return FramerTest::encode(receiver, frames);
}


WebSocketFramer::Role peerOf(WebSocketFramer::Role role)
{
	return role == WebSocketFramer::ROLE_CLIENT ? WebSocketFramer::ROLE_SERVER : WebSocketFramer::ROLE_CLIENT;
}


void decode(WebSocketFramer::Role receiver, Level level, const std::string& wire, Report& report)
{
	WebSocketFramer framer(receiver);
	WebSocketAssembler assembler(framer);
	if (level == Level::MESSAGES) assembler.enableInflate(15, true);
	std::string message;
	std::string payload;
	bool inMessage = false;
	for (std::size_t at = 0; at < wire.size() && !framer.failed() && framer.closeCode() == WebSocketFrame::NO_CLOSE_FRAME;)
	{
		std::size_t used = 0;
		if (framer.receiveHeader(wire.data() + at, wire.size() - at, used) != WebSocketFramer::OK) { at += used; continue; }
		at += used;
		const bool control = framer.header().control();
		if (!control && assembler.begin() != WebSocketFramer::OK) break;
		const std::size_t n = static_cast<std::size_t>(std::min<Poco::UInt64>(framer.remaining(), wire.size() - at));
		payload.assign(n, '\0');
		if (n > 0 && framer.receivePayload(&payload[0], wire.data() + at, n) != WebSocketFramer::OK) break;
		at += n;
		if (framer.remaining() > 0) break;

		if (control || level == Level::FRAMES)
		{
			report.arrived.push_back({framer.header().flags, payload});
			continue;
		}
		inMessage = true;
		if (assembler.compressed()) assembler.inflate(payload.data(), payload.size(), message);
		else message += payload;
		if (!framer.header().fin() || framer.failed()) continue;
		report.arrived.push_back({0x80 | assembler.opcode(), message});
		message.clear();
		inMessage = false;
	}
	if (!framer.failed()) framer.receiveEnd();
	report.peerError = framer.error();
	report.cutOff = framer.error() == WebSocketError::INCOMPLETE_FRAME || inMessage;
	report.lastCloseCode = framer.closeCode();
}


//
// The conversation
//
namespace
{
	class Conversation
	{
	public:
		explicit Conversation(const Plan& plan):
			_plan(plan),
			_failingAllocation(plan.failingAllocation),
			_pSocket(new FaultySocket(_pair, plan.fault, plan.at))
		{
		}

		Report run()
		{
			_pair.send(wireFor(_plan.role, _plan.level));
			const int descriptor = _pSocket->sockfd();
			for (int i = 0; i < 2 && !_report.constructed; ++i) attempt([&] { construct(); });
			EXPECT_EQ(descriptor, _pSocket->sockfd());
			EXPECT_GE(::fcntl(descriptor, F_GETFD), 0) << "a socket that is not the WebSocket's was closed";
			constexpr int ENOUGH = 1000;
			int steps = 0;
			while (_report.constructed && !_report.ended && _report.exceptions < 4 && ++steps < ENOUGH) step();
			_report.stuck = steps == ENOUGH;

			_pWebSocket = nullptr;
			EXPECT_EQ(1, _pSocket->referenceCount());
			_report.operations = _pSocket->operations();
			_pSocket = nullptr;
			_pair.receive();
			decode(peerOf(_plan.role), _plan.level, _pair.received(), _report);
			return _report;
		}

	private:
		template <class Call>
		bool attempt(const Call& call)
			/// Returns false if there was an exception, of those that are documented.
		{
			try
			{
				guarded(call);
				return true;
			}
			catch (const std::bad_alloc&)
			{
				_report.outOfMemory = true;
				_failingAllocation = -1; // there is memory again
			}
			catch (const Poco::TimeoutException&)
			{
				ADD_FAILURE() << "a timeout, though nothing is missing";
				++_report.exceptions;
			}
			catch (const Poco::IOException&) // NetException and WebSocketException among them
			{
				++_report.exceptions;
			}
			return false;
		}

		template <class Call>
		void guarded(const Call& call)
		{
			struct Count
			{
				explicit Count(int& total): sum(total) { }
				~Count() { sum += static_cast<int>(allocations.count()); }

				int& sum;
				CoreAllocations allocations;
			};

			Count count(_report.allocations);
			if (_failingAllocation < 0) return call();
			FailingAllocations failing(static_cast<std::size_t>(std::max(0, _failingAllocation - _report.allocations)));
			call();
		}

		void construct()
		{
			const bool client = _plan.role == WebSocketFramer::ROLE_CLIENT;
			if (!_pWebSocket) _pWebSocket = new WebSocketImpl(_pSocket, _session, client);
			const WebSocketDeflateParams deflate;
			_pWebSocket->configure(*_pParams, _plan.level == Level::MESSAGES ? &deflate : nullptr);
			_pWebSocket->setReceiveTimeout(Poco::Timespan(10, 0));
			_pWebSocket->setSendTimeout(Poco::Timespan(10, 0));
			_pWebSocket->setBlocking(_plan.blocking);
			_report.constructed = true;
		}

		void step()
		{
			int n = -1;
			int flags = 0;
			if (!attempt([&] { n = receive(flags); }) || n < 0) return;
			if (flags == 0 && n == 0)
			{
				_report.ended = true;
				return;
			}
			Item item = {flags, std::string(_buffer.begin(), static_cast<std::size_t>(n))};
			if (flags == 0x88)
			{
				attempt([&] { while (_pWebSocket->sendClose(1000, "") < 0) { } });
				return;
			}
			_report.received.push_back(item);
			if (flags == 0x8a) return;
			if (flags == 0x89) item.flags = 0x8a;
			_report.attempted.push_back(item);
			if (attempt([&] { send(item); })) _report.sent.push_back(item);
		}

		int receive(int& flags)
		{
			if (_plan.level == Level::FRAMES)
			{
				_buffer.resize(0, false);
				const int n = _pWebSocket->receiveFrame(_buffer, flags);
				if (flags == Poco::Net::WebSocketFrameHeader::FIN) flags = 0x80;
				return n;
			}
			WebSocketFrame::Opcode opcode;
			if (_pWebSocket->receiveMessage(_buffer, opcode))
			{
				flags = opcode | 0x80;
				return static_cast<int>(_buffer.size());
			}
			if (!_pWebSocket->atEnd()) return -1;
			flags = 0;
			return 0;
		}

		void send(const Item& item)
		{
			const int length = static_cast<int>(item.data.size());
			if (_plan.level == Level::FRAMES)
			{
				while (_pWebSocket->sendBytes(item.data.data(), length, item.flags == 0 ? 0x10000 : item.flags) < 0) { }
			}
			else
			{
				if (!_plan.blocking) _pWebSocket->setBlocking(true); // messages are not sent otherwise
				const int fragmentSize = _report.attempted.size() % 2 == 0 ? 7000 : 0;
				try
				{
					_pWebSocket->sendMessage(item.data, item.flags & 0x0f, fragmentSize);
				}
				catch (...)
				{
					_pWebSocket->setBlocking(_plan.blocking);
					throw;
				}
				_pWebSocket->setBlocking(_plan.blocking);
			}
		}

		const Plan _plan;
		int _failingAllocation;
		Report _report;
		SocketPair _pair;
		Poco::AutoPtr<FaultySocket> _pSocket;
		Poco::Net::HTTPClientSession _session;
		WebSocketParams::Ptr _pParams = new WebSocketParams;
		Poco::AutoPtr<WebSocketImpl> _pWebSocket;
		Poco::Buffer<char> _buffer{0};
	};

	bool isPrefix(const Items& part, const Items& whole)
	{
		return part.size() <= whole.size() && std::equal(part.begin(), part.end(), whole.begin());
	}

	bool isSubsequence(const Items& part, const Items& whole)
	{
		auto at = whole.begin();
		for (const Item& item: part)
		{
			at = std::find(at, whole.end(), item);
			if (at == whole.end()) return false;
			++at;
		}
		return true;
	}

	Items pongs(Level level)
	{
		Items result;
		for (const Frame& frame: framesOf(level))
		{
			if (frame.first == 0x89) result.push_back({0x8a, frame.payload});
		}
		return result;
	}
}


Items withoutAnswers(Level level, const Items& items)
{
	Items result;
	for (const Item& item: items)
	{
		if (item.flags != 0x88 && (level == Level::FRAMES || !item.control())) result.push_back(item);
	}
	return result;
}


Report converse(const Plan& plan)
{
	const WebSocketTest::Watchdog watchdog(30);
	return Conversation(plan).run();
}


void expectSound(const Plan& plan, const Report& report)
{
	SCOPED_TRACE(::testing::PrintToString(plan));
	EXPECT_FALSE(report.stuck);
	EXPECT_TRUE(isPrefix(report.received, expectedItems(plan.level))) << ::testing::PrintToString(report.received);

	const Items arrived = withoutAnswers(plan.level, report.arrived);
	EXPECT_TRUE(isSubsequence(arrived, report.attempted)) << ::testing::PrintToString(arrived);
	EXPECT_TRUE(report.peerError == WebSocketError::NONE || report.peerError == WebSocketError::INCOMPLETE_FRAME) << report.peerError;
	if (report.cutOff)
	{
		EXPECT_GT(report.exceptions, 0) << "half a message was sent, and nobody was told";
	}
	else if (report.exceptions == 0)
	{
		EXPECT_TRUE(isSubsequence(report.sent, arrived)) << "what was sent has not arrived: "<< ::testing::PrintToString(arrived);
	}
	if (plan.level == Level::MESSAGES)
	{
		Items answers;
		for (const Item& item: report.arrived)
		{
			if (item.flags == 0x8a) answers.push_back(item);
		}
		EXPECT_TRUE(isSubsequence(answers, pongs(plan.level))) << ::testing::PrintToString(answers);
	}
}


void expectComplete(const Plan& plan, const Report& report)
{
	SCOPED_TRACE(::testing::PrintToString(plan));
	EXPECT_TRUE(report.ended);
	EXPECT_EQ(0, report.exceptions);
	EXPECT_EQ(expectedItems(plan.level), report.received);
	EXPECT_EQ(report.attempted, report.sent);
	EXPECT_EQ(report.sent, withoutAnswers(plan.level, report.arrived));
	EXPECT_EQ(WebSocketError::NONE, report.peerError);
	EXPECT_EQ(1000, report.lastCloseCode);
}


} // namespace FaultTest
