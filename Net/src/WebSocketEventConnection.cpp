//
// WebSocketEventConnection.cpp
//
// Library: PocoWebSocket
// Package: WebSocket
// Module:  WebSocketEventConnection
//
// SPDX-License-Identifier: BSL-1.0
//


#include "WebSocketEventConnection.h"
#include "WebSocketOpening.h"
#include "WebSocketReactor.h"
#include "WebSocketUpgrade.h"
#include "Poco/Net/HTTPRequest.h"
#include "Poco/Net/NetException.h"
#include "Poco/Clock.h"
#include "Poco/Error.h"
#include <openssl/rand.h>
#include <algorithm>
#include <cstring>
#include <mutex>
#include <new>
#include <utility>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


namespace
{
	class Keeper: public Poco::RefCountedObject
		/// A message that is sent from where it was received.
	{
	public:
		explicit Keeper(WebSocketBuffer&& message):
			_message(std::move(message))
		{
		}

	private:
		WebSocketBuffer _message;
	};

	inline void tally(std::atomic<Poco::UInt64>& own, std::atomic<Poco::UInt64>& total, std::size_t number)
		/// Only the loop's thread counts.
	{
		own.store(own.load(std::memory_order_relaxed) + number, std::memory_order_relaxed);
		total.store(total.load(std::memory_order_relaxed) + number, std::memory_order_relaxed);
	}

	inline bool within(const char* p, const char* pBegin, std::size_t length)
	{
		return p >= pBegin && p < pBegin + length;
	}
}


struct WebSocketEventConnection::Rare
{
	struct Adopted
	{
		HTTPRequest request;
		WebSocketBuffer data;
		WebSocketAgreement agreement;
	};

	std::unique_ptr<Adopted> pAdopted;  // until the connection is in its loop
	WebSocketBuffer backlog;            // arrived while paused
	std::string pong;                   // to be sent when the peer takes it
	unsigned pendingPings = 0;
	std::vector<Task> held;             // messages of other threads, while one is sent in parts
	std::string subprotocol;
	std::shared_ptr<void> pUserData;    // through atomic_load() and atomic_store()
	std::mutex mutex;
	Poco::UUID id;                      // made when somebody asks
};


template <typename... Stream>
WebSocketEventConnection::WebSocketEventConnection(WebSocketEventGroup& group, WebSocketReactor& reactor, Nothing, Stream... stream):
	pNext(nullptr),
	pPrevious(nullptr),
	dirty(false),
	_group(group),
	_reactor(reactor),
	_stream(stream...),
	_framer(group.role, true),
	_parser(_framer),
	_pRare(nullptr),
	_posted(0),
	_waiting(0),
	_drain(false),
	_state(CONNECTING),
	_opcode(WebSocketFrame::OP_TEXT),
	_flags(0),
	_received(0),
	_lastMessage(0),
	_progress(0),
	_pingSent(0),
	_closing(0),
	_pingClock(0),
	_messagesReceived(0),
	_messagesSent(0),
	_bytesReceived(0),
	_bytesSent(0),
	_notQueued(0),
	_pingTime(0)
{
	_group.duplicate();
	_reactor.duplicate();
}


WebSocketEventConnection::WebSocketEventConnection(WebSocketEventGroup& group, WebSocketReactor& reactor, int fd, const sockaddr* pRemote, socklen_t length, const HTTPServerParams* pHTTPParams):
	WebSocketEventConnection(group, reactor, Nothing(), fd, pRemote, length)
{
	set(HANDSHAKE, true);
	_pOpening = std::make_unique<WebSocketOpening>(*group.pConnectionParams, pHTTPParams, _stream);
}


WebSocketEventConnection::WebSocketEventConnection(WebSocketEventGroup& group, WebSocketReactor& reactor, StreamSocketImpl* pSocket, const HTTPServerParams* pHTTPParams):
	WebSocketEventConnection(group, reactor, Nothing(), pSocket)
{
	set(HANDSHAKE, true);
	_pOpening = std::make_unique<WebSocketOpening>(*group.pConnectionParams, pHTTPParams, _stream);
}


WebSocketEventConnection::WebSocketEventConnection(WebSocketEventGroup& group, WebSocketReactor& reactor, const WebSocketUpgrade& upgrade, const HTTPRequest& request):
	WebSocketEventConnection(group, reactor, Nothing(), static_cast<StreamSocketImpl*>(upgrade.socket.impl()))
{
	set(HANDSHAKE, true);
	rare().subprotocol = upgrade.subprotocol;
	auto pAdopted = std::make_unique<Rare::Adopted>();
	pAdopted->request = request;
	pAdopted->data.append(upgrade.data.begin(), upgrade.data.size());
	pAdopted->agreement = upgrade;
	rare().pAdopted = std::move(pAdopted);
}


WebSocketEventConnection::~WebSocketEventConnection()
{
	delete _pRare.load();
	_reactor.release();
	_group.release();
}


//
// What the loop calls
//
void WebSocketEventConnection::begin()
{
	_received = _lastMessage = _reactor.now();
	_reactor.add(*this);
	try
	{
		_reactor.poller().add(_stream.fd(), WebSocketPoller::READ, *this);
	}
	catch (const Poco::Exception&)
	{
		cut();
		return;
	}
	if (_pRare.load(std::memory_order_acquire) && rare().pAdopted)
	{
		const std::unique_ptr<Rare::Adopted> pAdopted = std::move(rare().pAdopted);
		const WebSocketAgreement& agreement = pAdopted->agreement;
		open(pAdopted->request, agreement.subprotocol, agreement.deflated ? &agreement.deflate : nullptr);
		process(pAdopted->data.data(), pAdopted->data.size());
		if (!is(GONE) && _stream.pending()) _reactor.again(*this);
	}
	if (!is(GONE)) schedule();
}


void WebSocketEventConnection::perform(Task& task)
{
	try
	{
		switch (task.what)
		{
		case Task::ADD:
			begin();
			break;
		case Task::SEND:
		case Task::PREPARED:
			performSend(task);
			break;
		case Task::FLUSH:
			if (!is(GONE)) _reactor.markDirty(*this);
			break;
		case Task::PING:
			sendPing();
			break;
		case Task::CLOSE:
			sendClose(task.number, std::string(task.data.data(), task.data.size()));
			break;
		case Task::ABORT:
			cut();
			break;
		case Task::PAUSE:
			pause();
			break;
		case Task::RESUME:
			resume();
			break;
		default:
			break;
		}
	}
	catch (const std::bad_alloc&)
	{
		broken(Poco::OutOfMemoryException());
	}
}


void WebSocketEventConnection::performSend(Task& task)
{
	if (is(IN_PARTS) && state() == OPEN)
	{
		rare().held.push_back(std::move(task)); // RFC 6455, 5.4: not between the fragments of another message
		return;
	}
	const std::size_t length = task.pPrepared ? task.pPrepared->message().size() : task.data.size();
	if (state() == OPEN)
	{
		if (task.pPrepared) write(task.pPrepared);
		else write(task.data.data(), length, task.number);
		_waiting.store(_pOutput->size(), std::memory_order_relaxed); // before it is not posted any more
	}
	_posted.fetch_sub(length, std::memory_order_relaxed);
}


void WebSocketEventConnection::discharge()
{
	set(GONE, true);
	setState(CLOSED);
	_stream.close();
}


void WebSocketEventConnection::ready(int events)
{
	if ((events & WebSocketPoller::WRITE) && !is(GONE)) flush();
	if (!(events & WebSocketPoller::READ) || is(GONE)) return;
	if (is(PAUSED)) readyWhilePaused();
	else read();
}


void WebSocketEventConnection::readyWhilePaused()
	/// Nothing is asked for. Either it was a moment ago, or the stream has ended.
{
	switch (_stream.condition())
	{
	case WebSocketStream::BROKEN:
		broken(ConnectionResetException("The connection broke while reading was paused"));
		break;
	case WebSocketStream::END: // what is there is read later, and the poller would tell this all the time
		_reactor.poller().remove(_stream.fd());
		set(UNWATCHED, true);
		break;
	default:
		break;
	}
}


void WebSocketEventConnection::read()
{
	try
	{
		iovec blocks[2];
		int count = 0;
		char* pDirect = nullptr;
		const std::size_t direct = _pOpening || is(DISCARD) ? 0 : _parser.room(pDirect);
		if (direct > 0) blocks[count++] = {pDirect, direct};
		blocks[count++] = {_reactor.input(), _reactor.inputSize()};
		const long n = _stream.receive(blocks, count);
		if (n == WebSocketStream::AGAIN) return;
		if (n == WebSocketStream::END)
		{
			ended();
			return;
		}
		if (n == WebSocketStream::BROKEN)
		{
			broken(ConnectionResetException(Poco::Error::getMessage(_stream.error()), _stream.error()));
			return;
		}
		const std::size_t length = static_cast<std::size_t>(n);
		const std::size_t first = std::min(length, direct);
		_received = _reactor.now();
		set(PINGING, false);
		tally(_bytesReceived, _reactor.counters.bytesReceived, length);
		_reactor.setReading(this);
		if (first > 0) receive(pDirect, first);
		if (length > first) receive(_reactor.input(), length - first);
		_reactor.setReading(nullptr);
	}
	catch (const std::bad_alloc&)
	{
		_reactor.setReading(nullptr);
		noMemory();
	}
	if (is(GONE)) return;
	flush();
	if (!is(GONE) && !is(PAUSED) && _stream.pending()) _reactor.again(*this);
}


void WebSocketEventConnection::receive(char* pData, std::size_t length)
{
	if (_pOpening) receiveRequest(pData, length);
	else process(pData, length);
}


void WebSocketEventConnection::receiveRequest(char* pData, std::size_t length)
{
	std::size_t used = 0;
	const WebSocketOpening::Result result = _pOpening->receive(pData, length, used);
	if (result == WebSocketOpening::NEED_MORE) return;

	const std::unique_ptr<WebSocketOpening> pOpening = std::move(_pOpening);
	if (result == WebSocketOpening::OTHER)
	{
		std::string received = pOpening->received();
		received.append(pData + used, length - used);
		_reactor.poller().remove(_stream.fd());
		_group.handOver(_stream, received);
		cut();
		return;
	}
	output().bytes().append(pOpening->response().data(), pOpening->response().size());
	_reactor.markDirty(*this);
	if (result == WebSocketOpening::ACCEPTED)
	{
		open(pOpening->request(), pOpening->subprotocol(), pOpening->deflate());
		process(pData + used, length - used);
		if (!is(GONE)) schedule();
	}
	else
	{
		discard();
		beginClosing();
	}
}


void WebSocketEventConnection::open(const HTTPRequest& request, const std::string& subprotocol, const WebSocketDeflateParams* pDeflate)
{
	const WebSocketConnectionParams& params = *_group.pConnectionParams;
	_framer.setVerifyUTF8(params.getVerifyUTF8());
	_framer.setVerifyMasking(params.getVerifyMasking());
	_parser.assembler().configure(params, pDeflate);
	if (pDeflate) writer().configure(params, pDeflate, _group.role);
	if (subprotocol != this->subprotocol()) rare().subprotocol = subprotocol;
	set(OPENED, true);
	setState(OPEN);
	_lastMessage = _reactor.now();
	set(HANDSHAKE, false);
	_group.opened(*this);
	call([&] { _group.handler.onOpen(*this, request); });
	if (!is(GONE)) _group.ready(*this);
}


void WebSocketEventConnection::process(char* pData, std::size_t length)
{
	char* const pEnd = pData + length;
	while (pData < pEnd && !(_flags & (DISCARD | PAUSED | GONE)))
	{
		switch (_parser.next(pData, pEnd))
		{
		case WebSocketMessageParser::NEED_MORE:
			break;
		case WebSocketMessageParser::CONTROL:
			handleControl();
			break;
		case WebSocketMessageParser::FAILED:
			protocolFailed();
			break;
		case WebSocketMessageParser::PART:
			handlePart();
			break;
		default:
			handleMessage();
		}
	}
	_parser.settle();
	if (is(PAUSED) && !is(DISCARD) && !is(GONE) && pData < pEnd)
		rare().backlog.append(pData, static_cast<std::size_t>(pEnd - pData));
}


inline void WebSocketEventConnection::handleMessage()
{
	_lastMessage = _reactor.now();
	tally(_messagesReceived, _reactor.counters.messagesReceived, 1);
	call([this] { _group.handler.onMessage(*this, _parser.data(), _parser.length(), _parser.opcode()); });
	if (_parser.gathered()) keepMessage();
}


void WebSocketEventConnection::keepMessage()
	/// What is to be sent from where a message was gathered has to stay.
{
	const char* const pBegin = _parser.data();
	const char* const pEnd = pBegin + _parser.length();
	if (!_pOutput || !_pOutput->refersTo(pBegin, pEnd)) return;
	Poco::AutoPtr<Keeper> pKeeper = new Keeper(_parser.takeMessage());
	_pOutput->keep(pBegin, pEnd, pKeeper);
}


void WebSocketEventConnection::handlePart()
{
	_lastMessage = _reactor.now();
	if (_parser.last()) tally(_messagesReceived, _reactor.counters.messagesReceived, 1);
	call([this] { _group.handler.onPart(*this, _parser.data(), _parser.length(), _parser.opcode(), _parser.last()); });
}


void WebSocketEventConnection::handleControl()
{
	char payload[WebSocketFrame::MAX_CONTROL_PAYLOAD];
	int flags = 0;
	const std::size_t length = _framer.buildReply(flags, payload);
	switch (_framer.header().opcode())
	{
	case WebSocketFrame::OP_PING:
		sendPong(payload, length);
		break;
	case WebSocketFrame::OP_PONG:
		if (_framer.controlLength() == sizeof(_pingClock) && _pingClock != 0 && std::memcmp(_framer.controlPayload(), &_pingClock, sizeof(_pingClock)) == 0)
		{
			_pingTime = static_cast<Poco::UInt32>(std::max<Poco::Int64>(1, Poco::Clock().microseconds() - _pingClock));
			_pingClock = 0;
		}
		break;
	default:
		if (_framer.checkSend(flags, payload, length) == WebSocketFramer::SEND) append(flags, payload, length);
		discard();
		tellClosed();
		beginClosing();
		wakeFlush(); // when all has been sent, the stream ends
	}
	_framer.forgetControl();
}


void WebSocketEventConnection::flush()
{
	if (is(GONE)) return;
	if (_pOutput && !push()) broken(ConnectionResetException(Poco::Error::getMessage(_stream.error()), _stream.error()));
	else if (!_pOutput && (_state.load(std::memory_order_relaxed) != OPEN || _drain.load(std::memory_order_relaxed) || is(PONG_WAITS))) flushed();
}


inline bool WebSocketEventConnection::push()
	/// Sends what it can, and tells nobody: a callback may be running. Returns false if the connection is broken.
{
	const long n = _pOutput->flush(_stream, _reactor.record());
	if (n == WebSocketStream::BROKEN) return false;
	tally(_bytesSent, _reactor.counters.bytesSent, static_cast<std::size_t>(n));
	if (_pOutput->empty())
	{
		_reactor.giveOutput(std::move(_pOutput));
		_waiting.store(0, std::memory_order_relaxed);
		set(BLOCKED, false);
		if (is(WRITING))
		{
			set(WRITING, false);
			updateInterest();
		}
		return true;
	}
	_pOutput->keep();
	_waiting.store(_pOutput->size(), std::memory_order_relaxed);
	if (n > 0 || !is(BLOCKED)) _progress = _reactor.now();
	set(BLOCKED, true);
	_drain.store(true, std::memory_order_relaxed);
	if (!is(WRITING))
	{
		set(WRITING, true);
		updateInterest();
	}
	schedule();
	return true;
}


void WebSocketEventConnection::flushed()
	/// Everything has been sent.
{
	if (is(PONG_WAITS))
	{
		set(PONG_WAITS, false);
		Rare& more = rare();
		more.pendingPings = 0;
		if (_framer.checkSend(WebSocketFrameHeader::PONG, more.pong.data(), more.pong.size()) == WebSocketFramer::SEND)
		{
			append(WebSocketFrameHeader::PONG, more.pong.data(), more.pong.size());
			return; // it is flushed at the end of the turn
		}
	}
	if (_state.load(std::memory_order_relaxed) == OPEN)
	{
		if (_drain.load(std::memory_order_relaxed) && _drain.exchange(false))
			call([this] { _group.handler.onDrained(*this); });
		return;
	}
	if (!is(DISCARD) || is(SHUT)) return;
	// All has been said. RFC 6455, 7.1.1: the server ends the stream. If both Close frames were exchanged, nothing
	// can come any more; otherwise a peer that is still sending would lose what was said last.
	set(SHUT, true);
	const bool clean = !_framer.failed() && _framer.closeState() == WebSocketFramer::CLOSED;
	if (clean && _group.role == WebSocketFramer::ROLE_SERVER) cut();
	else if (_framer.failed() || _group.role == WebSocketFramer::ROLE_SERVER) _stream.shutdownSend();
}


void WebSocketEventConnection::due(Time now)
{
	if (is(GONE)) return;
	if (_pOpening)
	{
		_pOpening->timedOut();
		const std::string response = _pOpening->response();
		if (response.empty())
		{
			cut();
			return;
		}
		_pOpening.reset();
		output().bytes().append(response.data(), response.size());
		_reactor.markDirty(*this);
		discard();
		beginClosing();
		return;
	}
	if (is(CLOSING_BEGUN))
	{
		if (WebSocketTimerWheel::reached(_closing + _group.closeTimeout, now))
		{
			if (!is(DISCARD)) tellError(TimeoutException("No Close frame from the peer"));
			cut();
			return;
		}
	}
	else if (is(BLOCKED) && WebSocketTimerWheel::reached(_progress + _group.sendTimeout, now))
	{
		broken(TimeoutException("The peer does not take what is sent"));
		return;
	}
	else if (_group.idleTimeout > 0 && WebSocketTimerWheel::reached(_lastMessage + _group.idleTimeout, now))
	{
		sendClose(WebSocketFrame::GOING_AWAY, "Idle for too long");
	}
	else if (is(PAUSED))
	{
		// an answer would not be seen
	}
	else if (is(PINGING) && WebSocketTimerWheel::reached(_pingSent + _group.pongTimeout, now))
	{
		_framer.fail(WebSocketError::PING_TIMEOUT, 0, "No answer to a PING");
		broken(WebSocketException(_framer.errorText(), _framer.error()));
		return;
	}
	else if (!is(PINGING) && _group.pingInterval > 0 && WebSocketTimerWheel::reached(_received + _group.pingInterval, now))
	{
		set(PINGING, true);
		_pingSent = now;
		sendPing();
	}
	schedule();
}


WebSocketEventConnection::Time WebSocketEventConnection::deadline() const
{
	if (_pOpening) return _received + _group.handshakeTimeout;
	if (is(CLOSING_BEGUN)) return _closing + _group.closeTimeout;

	const Time now = _reactor.now();
	Time left = 0x7fffffff;
	const auto consider = [&](Time time)
	{
		left = std::min(left, WebSocketTimerWheel::reached(time, now) ? 0 : time - now);
	};
	if (is(BLOCKED)) consider(_progress + _group.sendTimeout);
	if (_group.idleTimeout > 0) consider(_lastMessage + _group.idleTimeout);
	if (is(PAUSED)) return now + left;
	if (is(PINGING)) consider(_pingSent + _group.pongTimeout);
	else if (_group.pingInterval > 0) consider(_received + _group.pingInterval);
	return now + left;
}


void WebSocketEventConnection::schedule()
{
	if (is(GONE)) return;
	const Time time = deadline();
	if (!scheduled() || WebSocketTimerWheel::reached(time, dueTime())) _reactor.timers().set(*this, time);
}


//
// The end
//
void WebSocketEventConnection::beginClosing()
{
	if (is(CLOSING_BEGUN)) return;
	set(CLOSING_BEGUN, true);
	_closing = _reactor.now();
	if (state() == OPEN) setState(CLOSING);
	_reactor.markDirty(*this);
	schedule();
}


void WebSocketEventConnection::protocolFailed()
{
	if (is(DISCARD)) return;
	char payload[WebSocketFrame::MAX_CONTROL_PAYLOAD];
	const std::size_t length = _framer.buildFailure(payload);
	if (length > 0) append(WebSocketFrameHeader::CLOSE, payload, length);
	discard();
	beginClosing();
	tellError(WebSocketException(_framer.errorText(), _framer.error()));
	if (!is(GONE)) tellClosed();
}


void WebSocketEventConnection::noMemory()
{
	if (_framer.failed()) protocolFailed();
	else broken(Poco::OutOfMemoryException());
}


void WebSocketEventConnection::ended()
{
	if (is(OPENED) && !is(DISCARD) && _framer.receiveEnd() != WebSocketFramer::OK)
		tellError(WebSocketException(_framer.errorText(), _framer.error()));
	cut();
}


void WebSocketEventConnection::broken(const Poco::Exception& exc)
{
	if (state() == OPEN) setState(CLOSING);
	if (!is(DISCARD)) tellError(exc);
	cut();
}


void WebSocketEventConnection::callbackFailed(const Poco::Exception& exc)
{
	tellError(exc);
	if (is(GONE) || is(DISCARD)) return;
	sendClose(WebSocketFrame::INTERNAL_ERROR, "");
	discard();
	tellClosed();
	beginClosing();
}


void WebSocketEventConnection::tellError(const Poco::Exception& exc)
{
	if (!is(OPENED) || is(ENDED)) return;
	try
	{
		_group.handler.onError(*this, exc);
	}
	catch (...)
	{
		// it was told
	}
}


void WebSocketEventConnection::tellClosed()
{
	setState(CLOSED);
	if (!is(OPENED) || is(ENDED)) return;
	set(ENDED, true);
	try
	{
		_group.handler.onClose(*this, _framer.closeCode(), _framer.closeReason());
	}
	catch (const Poco::Exception& exc)
	{
		tellCloseError(exc);
	}
	catch (const std::exception& exc)
	{
		tellCloseError(Poco::UnhandledException(exc.what()));
	}
	catch (...)
	{
		tellCloseError(Poco::UnhandledException("unknown"));
	}
}


void WebSocketEventConnection::tellCloseError(const Poco::Exception& exc)
	/// onClose() has thrown, and nothing is left to be closed.
{
	set(ENDED, false);
	tellError(exc);
	set(ENDED, true);
}


void WebSocketEventConnection::cut()
{
	if (is(GONE)) return;
	set(GONE, true);
	tellClosed();
	_reactor.timers().cancel(*this);
	if (_stream.shared()) _reactor.poller().remove(_stream.fd());
	_stream.close();
	_reactor.remove(*this);
	if (_pOutput)
	{
		_pOutput->clear();
		_reactor.giveOutput(std::move(_pOutput));
	}
	_waiting.store(0, std::memory_order_relaxed);
	_pOpening.reset();
	if (_pRare.load(std::memory_order_acquire)) rare().held.clear(); // they refer to this connection
	_group.gone(*this, is(HANDSHAKE), _framer.closeCode() != WebSocketFrame::NO_CLOSE_FRAME);
}


template <typename Function>
inline void WebSocketEventConnection::call(const Function& function)
	/// Calls a callback, and deals with what it throws.
{
	try
	{
		function();
	}
	catch (const Poco::Exception& exc)
	{
		callbackFailed(exc);
	}
	catch (const std::exception& exc)
	{
		callbackFailed(Poco::UnhandledException(exc.what()));
	}
	catch (...)
	{
		callbackFailed(Poco::UnhandledException("unknown"));
	}
}


//
// Sending
//
WebSocketConnection::SendResult WebSocketEventConnection::send(const void* pData, std::size_t length, int opcode)
{
	const char* const pMessage = static_cast<const char*>(pData);
	if (static_cast<unsigned>(opcode - WebSocketFrame::OP_TEXT) > static_cast<unsigned>(WebSocketFrame::OP_BINARY - WebSocketFrame::OP_TEXT))
		throw InvalidArgumentException("A message is text or binary");
	if (state() != OPEN) return NOT_OPEN;
	const bool here = _reactor.current();
	if (opcode == WebSocketFrame::OP_TEXT && !(here && isReceivedText(pMessage, length)) && _framer.getVerifyUTF8() && !WebSocketUTF8::isValid(pMessage, length))
		throw InvalidArgumentException("A text message must be UTF-8");

	if (here)
	{
		if (is(IN_PARTS)) throw IllegalStateException("A message is being sent in parts");
		if (!fits(length) && !makeRoom(length)) return refuse();
		write(pMessage, length, opcode);
		return SENT;
	}
	Task task = newTask(Task::SEND, opcode);
	task.data.append(pMessage, length);
	return sendElsewhere(std::move(task), length);
}


inline bool WebSocketEventConnection::isReceivedText(const char* pData, std::size_t length) const
	/// Returns true for the text message that the handler is being told: it need not be checked again.
{
	return pData == _parser.data() && length == _parser.length() && _reactor.reading() == this
		&& _parser.opcode() == WebSocketFrame::OP_TEXT && !_parser.getParts();
}


inline bool WebSocketEventConnection::fits(std::size_t length) const
	/// Returns true if so many bytes more can be queued.
{
	return !_pOutput || _pOutput->empty() || _pOutput->size() + length <= _group.maxQueuedBytes;
}


WebSocketConnection::SendResult WebSocketEventConnection::send(const WebSocketPreparedMessage::Ptr& pMessage)
{
	if (state() != OPEN) return NOT_OPEN;
	if (_reactor.current())
	{
		if (is(IN_PARTS)) throw IllegalStateException("A message is being sent in parts");
		if (!makeRoom(pMessage->message().size())) return refuse();
		write(pMessage);
		return SENT;
	}
	Task task = newTask(Task::PREPARED, 0);
	task.pPrepared = pMessage;
	return sendElsewhere(std::move(task), pMessage->message().size());
}


WebSocketConnection::SendResult WebSocketEventConnection::sendPart(const void* pData, std::size_t length, int opcode, bool last)
{
	const char* const pPart = static_cast<const char*>(pData);
	if (!_reactor.current()) throw IllegalStateException("Parts of messages are sent by callbacks only");
	if (opcode != WebSocketFrame::OP_TEXT && opcode != WebSocketFrame::OP_BINARY)
		throw InvalidArgumentException("A message is text or binary");
	if (is(IN_PARTS) && opcode != writer().opcode()) throw InvalidArgumentException("All parts of a message have the same opcode");
	if (state() != OPEN) return NOT_OPEN;
	if (!makeRoom(length)) return refuse();
	if (!is(IN_PARTS)) writer().begin(opcode, true);
	if (_framer.getVerifyUTF8() && !writer().check(pPart, length, last)) throw InvalidArgumentException("A text message must be UTF-8");
	const WebSocketMessageWriter::Frame frame = writer().frame(pPart, length, last, _reactor.compressed());
	append(frame.flags, frame.pData, frame.length);
	set(IN_PARTS, !last);
	if (last) tally(_messagesSent, _reactor.counters.messagesSent, 1);
	_lastMessage = _reactor.now();
	if (last && _pRare.load(std::memory_order_acquire) && !rare().held.empty())
	{
		std::vector<Task> held;
		held.swap(rare().held);
		for (Task& task: held) performSend(task);
	}
	return SENT;
}


inline void WebSocketEventConnection::write(const char* pData, std::size_t length, int opcode)
{
	if (_pWriter)
	{
		_pWriter->begin(opcode, length >= _pWriter->threshold());
		const WebSocketMessageWriter::Frame frame = _pWriter->frame(pData, length, true, _reactor.compressed());
		append(frame.flags, frame.pData, frame.length);
	}
	else
	{
		append(WebSocketMessageWriter::wholeFlags(opcode), pData, length);
	}
	tally(_messagesSent, _reactor.counters.messagesSent, 1);
	_lastMessage = _reactor.now();
}


void WebSocketEventConnection::write(const WebSocketPreparedMessage::Ptr& pMessage)
{
	const std::string& message = pMessage->message();
	if (_group.role == WebSocketFramer::ROLE_CLIENT || (_pWriter && _pWriter->deflates() && message.size() >= _pWriter->threshold()))
	{
		write(message.data(), message.size(), pMessage->opcode());
		return;
	}
	const std::string& frame = pMessage->frame();
	WebSocketOutput& out = output();
	if (frame.size() >= WebSocketOutput::LARGE && _stream.plain()) out.refer(frame.data(), frame.size(), const_cast<WebSocketPreparedMessage*>(pMessage.get()));
	else out.bytes().append(frame.data(), frame.size());
	wakeFlush();
	tally(_messagesSent, _reactor.counters.messagesSent, 1);
	_lastMessage = _reactor.now();
}


inline void WebSocketEventConnection::wakeFlush()
	/// Sees to it that flush() is called soon.
{
	if (_reactor.reading() != this) _reactor.markDirty(*this); // otherwise read() does
}


inline void WebSocketEventConnection::append(int flags, const char* pData, std::size_t length)
	/// Puts a frame into the output.
{
	WebSocketBuffer& bytes = output().bytes();
	if (_group.role == WebSocketFramer::ROLE_CLIENT)
	{
		char* const pFrame = bytes.room(WebSocketFrameHeader::MAX_LENGTH + length);
		const unsigned char* const pKey = _reactor.nextKey();
		const std::size_t headerLength = _framer.buildHeader(flags, length, pKey, pFrame);
		WebSocketMask(pKey).apply(pFrame + headerLength, pData, length);
		bytes.extend(headerLength + length);
	}
	else
	{
		const bool refer = length >= WebSocketOutput::LARGE && stays(pData);
		char* const pFrame = bytes.room(WebSocketFrameHeader::MAX_LENGTH + (refer ? 0 : length));
		const std::size_t headerLength = _framer.buildHeader(flags, length, nullptr, pFrame);
		bytes.extend(headerLength);
		if (refer)
		{
			_pOutput->refer(pData, length, nullptr);
		}
		else if (length > 0)
		{
			std::memcpy(pFrame + headerLength, pData, length);
			bytes.extend(length);
		}
	}
	_framer.sent(flags);
	wakeFlush();
}


bool WebSocketEventConnection::stays(const char* pData) const
	/// Returns true for bytes that are in their place until the output is flushed after reading.
{
	return _reactor.reading() == this && _stream.plain()
		&& (within(pData, _reactor.input(), _reactor.inputSize()) || (_parser.gathered() && within(pData, _parser.data(), _parser.length())));
}


inline WebSocketOutput& WebSocketEventConnection::output()
{
	if (!_pOutput) _pOutput = _reactor.takeOutput();
	return *_pOutput;
}


bool WebSocketEventConnection::makeRoom(std::size_t length)
	/// Returns true if so many bytes more can be queued.
{
	if (fits(length)) return true;
	if (is(BLOCKED)) return false;
	_reactor.markDirty(*this); // flush() tells what has come of it
	return push() && fits(length);
}


WebSocketConnection::SendResult WebSocketEventConnection::refuse()
{
	if (state() != OPEN) return NOT_OPEN;
	_notQueued.fetch_add(1, std::memory_order_relaxed);
	if (!_drain.exchange(true) && !_reactor.current()) _reactor.post(newTask(Task::FLUSH)); // all may have been sent just now
	switch (_group.pConnectionParams->getQueuePolicy())
	{
	case WebSocketConnectionParams::QUEUE_REFUSE:
		return QUEUE_FULL;
	case WebSocketConnectionParams::QUEUE_DROP:
		return DROPPED;
	case WebSocketConnectionParams::QUEUE_CLOSE_1008:
		close(WebSocketFrame::POLICY_VIOLATION, "Reads too slowly");
		break;
	default:
		close(WebSocketFrame::TRY_AGAIN_LATER, "Reads too slowly");
	}
	return NOT_OPEN;
}


WebSocketConnection::SendResult WebSocketEventConnection::sendElsewhere(Task&& task, std::size_t length)
{
	const std::size_t queued = _posted.fetch_add(length, std::memory_order_relaxed) + _waiting.load(std::memory_order_relaxed);
	if (queued > 0 && queued + length > _group.maxQueuedBytes)
	{
		_posted.fetch_sub(length, std::memory_order_relaxed);
		return refuse();
	}
	_reactor.post(std::move(task));
	return SENT;
}


void WebSocketEventConnection::sendPing()
{
	if (state() != OPEN) return;
	if (is(BLOCKED) && _pingClock != 0) return; // one waits to be sent already
	_pingClock = Poco::Clock().microseconds();
	char payload[sizeof(_pingClock)];
	std::memcpy(payload, &_pingClock, sizeof(payload));
	if (_framer.checkSend(WebSocketFrameHeader::PING, payload, sizeof(payload)) == WebSocketFramer::SEND) append(WebSocketFrameHeader::PING, payload, sizeof(payload));
}


void WebSocketEventConnection::sendPong(const char* pPayload, std::size_t length)
{
	if (_framer.checkSend(WebSocketFrameHeader::PONG, pPayload, length) != WebSocketFramer::SEND) return;
	if (!is(BLOCKED))
	{
		append(WebSocketFrameHeader::PONG, pPayload, length);
		return;
	}
	// RFC 6455, 5.5.3: the last one is answered
	Rare& more = rare();
	more.pong.assign(pPayload, length);
	set(PONG_WAITS, true);
	if (_parser.assembler().limitPings(++more.pendingPings) != WebSocketFramer::OK) protocolFailed();
}


void WebSocketEventConnection::sendClose(int code, const std::string& reason)
{
	if (state() == CONNECTING) cut();
	if (state() != OPEN) return;
	char payload[WebSocketFrame::MAX_CONTROL_PAYLOAD];
	const std::size_t length = WebSocketFrame::buildClose(payload, code, reason.data(), reason.size());
	if (_framer.checkSend(WebSocketFrameHeader::CLOSE, payload, length) == WebSocketFramer::SEND) append(WebSocketFrameHeader::CLOSE, payload, length);
	beginClosing();
}


//
// What any thread may call
//
WebSocketEventConnection::Task WebSocketEventConnection::newTask(Task::What what, int number)
{
	return Task{Ptr(this, true), what, number, WebSocketBuffer(), WebSocketPreparedMessage::Ptr()};
}


void WebSocketEventConnection::setText()
{
	_opcode = WebSocketFrame::OP_TEXT;
}


void WebSocketEventConnection::setBinary()
{
	_opcode = WebSocketFrame::OP_BINARY;
}


int WebSocketEventConnection::defaultOpcode() const
{
	return _opcode;
}


void WebSocketEventConnection::ping()
{
	if (!_reactor.current()) _reactor.post(newTask(Task::PING));
	else if (state() == OPEN) sendPing();
}


void WebSocketEventConnection::close(int code, const std::string& reason)
{
	if (!WebSocketFrame::isCloseCode(code)) // RFC 6455, 7.4
		throw InvalidArgumentException("Status code must not be sent in a Close frame: " + std::to_string(code));
	if (!WebSocketUTF8::isValid(reason.data(), reason.size())) // RFC 6455, 5.5.1
		throw InvalidArgumentException("Reason of a Close frame must be UTF-8");
	if (_reactor.current())
	{
		sendClose(code, reason);
		return;
	}
	Task task = newTask(Task::CLOSE, code);
	task.data.append(reason.data(), reason.size());
	_reactor.post(std::move(task));
}


void WebSocketEventConnection::abort()
{
	if (_reactor.current() && !is(GONE))
	{
		// Not more than that here: this may be called by a callback.
		if (state() == OPEN) setState(CLOSING);
		discard();
		if (_pOutput) _pOutput->clear();
	}
	_reactor.post(newTask(Task::ABORT));
}


void WebSocketEventConnection::pause()
{
	if (!_reactor.current())
	{
		_reactor.post(newTask(Task::PAUSE));
	}
	else if (is(RESUMING))
	{
		set(RESUMING, false);
	}
	else if (!is(PAUSED) && !is(GONE) && !is(DISCARD))
	{
		set(PAUSED, true);
		updateInterest();
	}
}


void WebSocketEventConnection::resume()
{
	if (!_reactor.current())
	{
		_reactor.post(newTask(Task::RESUME));
	}
	else if (is(PAUSED) && !is(GONE))
	{
		// Not here: this may be called by a callback.
		if (is(RESUMING)) return;
		set(RESUMING, _pRare.load(std::memory_order_acquire) && rare().backlog.size() > 0);
		if (is(RESUMING)) _reactor.invoke([pThis = Ptr(this, true)]() mutable { pThis->processBacklog(); });
		else goOn();
	}
}


void WebSocketEventConnection::processBacklog()
{
	if (!is(RESUMING) || !is(PAUSED) || is(GONE)) return; // it was paused again
	set(RESUMING, false);
	set(PAUSED, false);
	WebSocketBuffer backlog;
	backlog = std::move(rare().backlog);
	try
	{
		process(backlog.data(), backlog.size());
	}
	catch (const std::bad_alloc&)
	{
		noMemory();
	}
	if (!is(PAUSED) && !is(GONE)) goOn();
}


void WebSocketEventConnection::goOn()
{
	set(PAUSED, false);
	set(PINGING, false);
	_received = _reactor.now();
	updateInterest();
	if (_stream.pending()) _reactor.again(*this);
	schedule();
}


void WebSocketEventConnection::discard()
	/// What arrives from now on is read, up to the end of the stream, and is lost.
{
	set(DISCARD, true);
	if (!is(PAUSED)) return;
	if (_pRare.load(std::memory_order_acquire)) rare().backlog.release();
	set(RESUMING, false);
	goOn();
}


void WebSocketEventConnection::setParts(bool flag)
{
	_parser.setParts(flag);
}


void WebSocketEventConnection::setState(State state)
{
	_state.store(static_cast<unsigned char>(state), std::memory_order_release);
}


const Poco::UUID& WebSocketEventConnection::id() const
{
	Rare& more = rare();
	std::lock_guard<std::mutex> lock(more.mutex);
	if (more.id.isNull())
	{
		char bytes[16];
		if (RAND_bytes(reinterpret_cast<unsigned char*>(bytes), sizeof(bytes)) != 1)
			throw Poco::SystemException("No random numbers for an id");
		bytes[6] = static_cast<char>((bytes[6] & 0x0f) | 0x40); // RFC 4122, 4.4
		bytes[8] = static_cast<char>((bytes[8] & 0x3f) | 0x80);
		more.id.copyFrom(bytes);
	}
	return more.id;
}


SocketAddress WebSocketEventConnection::remoteAddress() const
{
	return _stream.remoteAddress();
}


std::string WebSocketEventConnection::subprotocol() const
{
	return _pRare.load(std::memory_order_acquire) ? rare().subprotocol : std::string();
}


bool WebSocketEventConnection::secure() const
{
	return _stream.secure();
}


WebSocketConnection::Metrics WebSocketEventConnection::metrics() const
{
	Metrics metrics;
	metrics.messagesReceived  = _messagesReceived;
	metrics.messagesSent      = _messagesSent;
	metrics.bytesReceived     = _bytesReceived;
	metrics.bytesSent         = _bytesSent;
	metrics.messagesNotQueued = _notQueued;
	metrics.bytesQueued       = _posted + _waiting;
	metrics.pingTime          = Poco::Timespan(_pingTime);
	metrics.since             = _since;
	return metrics;
}


void WebSocketEventConnection::setUserData(const std::shared_ptr<void>& pData)
{
	std::atomic_store(&rare().pUserData, pData);
}


std::shared_ptr<void> WebSocketEventConnection::userData() const
{
	return _pRare.load(std::memory_order_acquire) ? std::atomic_load(&rare().pUserData) : std::shared_ptr<void>();
}


WebSocketEventConnection::Rare& WebSocketEventConnection::rare() const
{
	Rare* pRare = _pRare.load(std::memory_order_acquire);
	if (!pRare)
	{
		std::unique_ptr<Rare> pNew = std::make_unique<Rare>();
		if (_pRare.compare_exchange_strong(pRare, pNew.get(), std::memory_order_acq_rel)) pRare = pNew.release();
	}
	return *pRare;
}


WebSocketMessageWriter& WebSocketEventConnection::writer()
{
	if (!_pWriter) _pWriter = std::make_unique<WebSocketMessageWriter>();
	return *_pWriter;
}


void WebSocketEventConnection::updateInterest()
{
	const int events = (is(PAUSED) ? 0 : WebSocketPoller::READ) | (is(WRITING) ? WebSocketPoller::WRITE : 0);
	if (is(UNWATCHED)) _reactor.poller().add(_stream.fd(), events, *this);
	else _reactor.poller().change(_stream.fd(), events, *this);
	set(UNWATCHED, false);
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
