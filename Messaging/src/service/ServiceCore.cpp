//
// ServiceCore.cpp
//
// Library: PocoMessaging
// Package: Service
// Module:  ServiceCore
//
// SPDX-License-Identifier: BSL-1.0
//


#include "service/ServiceCore.h"
#include "Poco/Net/HTTPRequest.h"
#include "Poco/Timestamp.h"
#include <random>


namespace Poco {
namespace Messaging {
POCO_MESSAGING_BEGIN


using Poco::Net::WebSocketConnection;
using Poco::Net::WebSocketFrame;


namespace
{
	Poco::UInt64 randomId()
		/// Of a span or a trace. Not 0.
	{
		static thread_local std::mt19937_64 generator((static_cast<Poco::UInt64>(std::random_device()()) << 32) ^ std::random_device()());
		Poco::UInt64 id = 0;
		while (id == 0) id = generator();
		return id;
	}

	template <typename Object>
	std::shared_ptr<Poco::RefCountedObject> shared(Poco::AutoPtr<Object>& pObject)
		/// Returns the user data of a connection: a Peer or a RawConnection.
	{
		return std::shared_ptr<Poco::RefCountedObject>(pObject.duplicate(), [](Poco::RefCountedObject* p) { p->release(); });
	}

	Poco::Int64 microseconds()
	{
		return Poco::Timestamp().epochMicroseconds();
	}
}


template <typename Function>
void ServiceCore::quietly(Function&& function) const noexcept
{
	try
	{
		function();
	}
	catch (...) // the application's hook, or there is no memory
	{
	}
}


ServiceCore::ServiceCore(const MessageServiceParams::Ptr& pParams, const HubParams::Ptr& pHubParams, const Backplane::Ptr& pBackplane):
	_pParams(pParams),
	_clock(pHubParams->getClock()),
	_encoders{Encoder::Ptr(new MessageEncoder(MessageFormat::binary(), _clock)), Encoder::Ptr(new MessageEncoder(MessageFormat::json(), _clock))},
	_sealed(false),
	_pHub(std::make_unique<Hub>(pBackplane, pHubParams, std::make_shared<PeerCarrier>())),
	_stopped(false)
{
	addBuiltins();
}


ServiceCore::~ServiceCore()
{
}


void ServiceCore::start()
{
	_threads.emplace_back([this]() { runTimer(); });
	if (!_pParams->getVerifier()) return;
	for (int i = 0; i < _pParams->getTokenThreads(); ++i) _threads.emplace_back([this]() { runTokens(); });
}


void ServiceCore::stop()
{
	std::vector<Peer::Ptr> peers;
	std::vector<RawConnection::Ptr> raws;
	std::deque<std::function<void()>> tokens; // are dropped without the lock
	{
		const std::lock_guard<std::mutex> lock(_mutex);
		_stopped = true;
		_due.clear();
		tokens.swap(_tokens);
		for (Peer* pPeer: _peers) peers.emplace_back(pPeer, true);
		for (RawConnection* pRaw: _raws) raws.emplace_back(pRaw, true);
	}
	_condition.notify_all();
	_tokenCondition.notify_all();
	for (std::thread& thread: _threads) thread.join();
	_threads.clear();
	for (Peer::Ptr& pPeer: peers) pPeer->connection().close(WebSocketFrame::GOING_AWAY, "The service ends");
	for (RawConnection::Ptr& pRaw: raws) pRaw->connection().close(WebSocketFrame::GOING_AWAY, "The service ends");
}


//
// Handlers
//
void ServiceCore::setHandler(Poco::UInt16 opcode, const Handler& handler)
{
	if (opcode < MessageService::FIRST_OPCODE) throw Poco::InvalidArgumentException("An opcode of the service's own", std::to_string(opcode));
	if (!handler) throw Poco::InvalidArgumentException("There is no handler");
	if (_sealed) throw Poco::IllegalStateException("The service is in use");
	if (!_handlers.emplace(opcode, handler).second) throw Poco::InvalidArgumentException("The opcode has a handler", std::to_string(opcode));
}


MessageService::Handler ServiceCore::overrideHandler(Poco::UInt16 opcode, const Handler& handler)
{
	if (!handler) throw Poco::InvalidArgumentException("There is no handler");
	if (_sealed) throw Poco::IllegalStateException("The service is in use");
	const auto it = _handlers.find(opcode);
	if (it == _handlers.end()) throw Poco::InvalidArgumentException("The opcode has no handler", std::to_string(opcode));
	Handler previous = handler;
	previous.swap(it->second);
	return previous;
}


void ServiceCore::setRawHandler(const MessageService::RawHandler& handler)
{
	if (_sealed) throw Poco::IllegalStateException("The service is in use");
	_rawHandler = handler;
}


void ServiceCore::seal()
{
	_sealed = true;
}


const MessageService::Handler* ServiceCore::find(Poco::UInt16 opcode) const
{
	const auto it = _handlers.find(opcode);
	return it == _handlers.end() ? nullptr : &it->second;
}


//
// Connections
//
void ServiceCore::onOpen(WebSocketConnection& connection, const Poco::Net::HTTPRequest& request)
{
	RawConnection::inLoop();
	const auto pToken = std::static_pointer_cast<TokenResult>(connection.userData());
	connection.setUserData(std::shared_ptr<void>()); // from here on it is a Peer or a RawConnection
	const MessageFormat* const pFormat = MessageFormat::find(connection.subprotocol());
	if (!pFormat && _rawHandler) return openRaw(connection, pToken ? pToken->user : std::string());
	if (!pFormat) return connection.close(WebSocketFrame::PROTOCOL_ERROR, "No subprotocol of ours"); // adopted, without our hook
	Peer::Ptr pPeer(new Peer(connection, *pFormat, _clock));
	if (pToken)
	{
		pPeer->token = *pToken;
		pPeer->hasToken = true;
	}
	pPeer->trace = TraceContext::parse(request.get("traceparent", ""));
	pPeer->setRules(rulesOf(pPeer->token.quota));
	connection.setUserData(shared(pPeer));
	bool stopped = false;
	{
		const std::lock_guard<std::mutex> peerLock(pPeer->mutex);
		const std::lock_guard<std::mutex> lock(_mutex);
		stopped = _stopped;
		if (!stopped)
		{
			_peers.insert(pPeer.duplicate());
			pPeer->deadline = pPeer->due = now() + _pParams->getConnectTimeout().totalMilliseconds();
			_due.emplace(pPeer->due, pPeer.get());
			++_counts.connections;
		}
	}
	if (stopped) connection.close(WebSocketFrame::GOING_AWAY, "The service has ended");
}


void ServiceCore::openRaw(WebSocketConnection& connection, const std::string& user)
{
	RawConnection::Ptr pRaw(new RawConnection(connection, user));
	RawConnection& raw = const_cast<RawConnection&>(*pRaw);
	connection.setUserData(shared(pRaw));
	{
		const std::lock_guard<std::mutex> lock(raw._mutex);
		raw.read(false);
	}
	bool stopped = false;
	{
		const std::lock_guard<std::mutex> lock(_mutex);
		stopped = _stopped;
		if (!stopped) _raws.insert(pRaw.duplicate());
	}
	if (stopped) return connection.close(WebSocketFrame::GOING_AWAY, "The service has ended");
	++_counts.connections;
	_rawHandler(pRaw);
}


void ServiceCore::onRawMessage(RawConnection& raw, std::string_view bytes, WebSocketFrame::Opcode opcode)
{
	raw.onMessage(bytes, opcode);
}


void ServiceCore::onRawError(RawConnection& raw, const Poco::Exception& error)
{
	raw.onError(error);
}


void ServiceCore::onRawClose(RawConnection& raw, int code, const std::string& reason)
{
	bool known = false;
	{
		const std::lock_guard<std::mutex> lock(_mutex);
		known = _raws.erase(&raw) != 0;
	}
	if (known) --_counts.connections;
	raw.onClose(code, reason);
	if (known) raw.release();
}


void ServiceCore::onClose(Peer& peer)
{
	Session::Ptr pSession;
	{
		const std::lock_guard<std::mutex> peerLock(peer.mutex);
		peer.closed = true;
		pSession.swap(peer.pSession);
		const std::lock_guard<std::mutex> lock(_mutex);
		if (_peers.erase(&peer) == 0) return;
		_due.erase({peer.due, &peer});
		--_counts.connections;
	}
	if (pSession) hub().detach(pSession);
	peer.release();
}


void ServiceCore::onDrained(Peer& peer)
{
	if (!peer.drained()) return;
	Session::Ptr pSession;
	{
		const std::lock_guard<std::mutex> lock(peer.mutex);
		pSession = peer.pSession;
	}
	if (pSession) hub().drained(pSession);
}


//
// Messages
//
void ServiceCore::onMessage(Peer& peer, std::string_view bytes, WebSocketFrame::Opcode opcode)
{
	if (_stopped) return; // the application that has made the handlers may be gone
	++_counts.requests;
	if ((opcode == WebSocketFrame::OP_TEXT) != peer.format().text())
		return peer.close(WebSocketFrame::UNSUPPORTED_DATA, std::string("The messages of ") + peer.format().subprotocol() + (peer.format().text() ? " are text" : " are binary"));
	static thread_local std::deque<std::string> kept; // one takes memory, even when it is empty
	kept.clear();
	Message message;
	const bool valid = peer.format().parse(bytes, message, kept);
	if (!valid) message = Message();
	Quota::Verdict verdict;
	Session::Ptr pSession;
	if (!count(peer, message, bytes.size(), verdict, pSession)) return;
	if (!valid) malformed(peer);
	else if (!pSession && message.opcode != Opcode::CONNECT) fail(peer, message.id, ErrorCode::NOT_CONNECTED, "Connect comes first");
	else handle(peer, message, pSession, verdict);
}


void ServiceCore::handle(Peer& peer, const Message& message, const Session::Ptr& pSession, const Quota::Verdict& verdict)
{
	const Handler* const pHandler = find(message.opcode);
	if (!pHandler) return fail(peer, message.id, ErrorCode::OPCODE, "No opcode for a client: " + std::to_string(message.opcode));
	TraceContext trace = message.trace.valid() ? message.trace : peer.trace;
	if (trace.valid()) trace.parent = trace.span;
	else if (_pParams->getSpanHook())
	{
		trace.traceHigh = randomId();
		trace.traceLow = randomId();
	}
	if ((trace.traceHigh | trace.traceLow) != 0) trace.span = randomId();
	MessageRequest request(*this, peer, message, pSession, trace, verdict);
	if (!_pParams->getSpanHook()) return call(*pHandler, request, message.opcode);
	MessageServiceParams::Span span;
	span.trace = trace;
	span.opcode = message.opcode;
	span.begin = microseconds();
	call(*pHandler, request, message.opcode);
	span.duration = microseconds() - span.begin;
	span.failed = request._failed;
	quietly([&]() { _pParams->getSpanHook()(span); });
}


void ServiceCore::call(const Handler& handler, MessageRequest& request, Poco::UInt16 opcode) noexcept
{
	try
	{
		handler(request);
	}
	catch (...)
	{
		failed(opcode);
		quietly([&]() { request.fail(ErrorCode::INTERNAL, "The server has failed"); });
	}
}


void ServiceCore::failed(Poco::UInt16 opcode) noexcept
{
	++_counts.handlerErrors;
	const auto& hook = _pParams->getErrorHook();
	if (!hook) return;
	try
	{
		throw;
	}
	catch (const Poco::Exception& error)
	{
		quietly([&]() { hook(opcode, error); });
	}
	catch (const std::exception& error)
	{
		quietly([&]() { hook(opcode, Poco::UnhandledException(error.what())); });
	}
	catch (...)
	{
		quietly([&]() { hook(opcode, Poco::UnhandledException("Not an exception")); });
	}
}


bool ServiceCore::count(Peer& peer, const Message& message, std::size_t size, Quota::Verdict& verdict, Session::Ptr& pSession)
	/// Returns false if the message is not to be handled. It has opcode 0 if it is none.
{
	constexpr Time WARNINGS = 1000; // ms between two of them
	Time time = 0;
	bool warns = false;
	bool pauses = false;
	{
		const std::lock_guard<std::mutex> lock(peer.mutex);
		pSession = peer.pSession;
		if (!peer.quota.rules()) return true;
		time = now();
		verdict = peer.quota.count(QuotaRule::RECEIVED, message.opcode, size, time);
		if (verdict.action == QuotaRule::NONE) return true;
		if (verdict.action == QuotaRule::WARN || verdict.action == QuotaRule::DELAY)
		{
			warns = pSession && (peer.warned == 0 || time - peer.warned >= WARNINGS); // Connected comes first
			if (warns) peer.warned = time;
		}
		if (verdict.action == QuotaRule::DELAY && !peer.closed)
		{
			pauses = peer.resumeAt == 0;
			peer.resumeAt = time + verdict.delay;
			if (peer.due == 0 || peer.due > peer.resumeAt) schedule(peer, peer.resumeAt);
		}
	}
	switch (verdict.action)
	{
	case QuotaRule::TERMINATE:
		++_counts.terminated;
		peer.close(WebSocketFrame::POLICY_VIOLATION, "More than the quota allows");
		return false;
	case QuotaRule::REJECT:
		++_counts.rejected;
		fail(peer, message.id, ErrorCode::QUOTA, "More than the quota allows");
		return false;
	case QuotaRule::DELAY:
		++_counts.delayed;
		if (pauses) peer.pause();
		break;
	default:
		++_counts.warned;
		break;
	}
	if (warns)
	{
		Message warning = Message::empty(Opcode::WARNING, 0);
		warning.code = static_cast<Poco::UInt32>(ErrorCode::QUOTA);
		warning.text = "Near to the limit of the quota";
		warning.limit = static_cast<Poco::UInt32>(verdict.delay);
		peer.answer(warning);
	}
	return true;
}


void ServiceCore::malformed(Peer& peer)
{
	static const char* const TEXT = "No message of the subprotocol";
	++_counts.malformed;
	bool closes = false;
	{
		const std::lock_guard<std::mutex> lock(peer.mutex);
		closes = ++peer.malformed >= _pParams->getMaxMalformed();
	}
	fail(peer, 0, ErrorCode::MALFORMED, TEXT);
	if (closes) peer.close(WebSocketFrame::PROTOCOL_ERROR, TEXT);
}


void ServiceCore::fail(Peer& peer, Poco::UInt32 id, ErrorCode code, const std::string& text, const TraceContext& trace)
{
	++_counts.errors;
	Message message = Message::empty(Opcode::ERROR_ANSWER, id);
	message.code = static_cast<Poco::UInt32>(code);
	message.text = text;
	message.trace = trace;
	peer.answer(message);
}


//
// Time
//
void ServiceCore::schedule(Peer& peer, Time due)
{
	bool first = false;
	{
		const std::lock_guard<std::mutex> lock(_mutex);
		if (peer.closed || _stopped) return;
		_due.erase({peer.due, &peer});
		peer.due = due;
		if (due == 0) return;
		first = _due.emplace(due, &peer).first == _due.begin();
	}
	if (first) _condition.notify_one();
}


void ServiceCore::look(Peer& peer, Time time)
	/// Something is due.
{
	bool resumes = false;
	bool asks = false;
	int code = 0;
	Time left = 0;
	{
		const std::lock_guard<std::mutex> lock(peer.mutex);
		if (peer.closed) return;
		if (peer.resumeAt != 0 && peer.resumeAt <= time)
		{
			peer.resumeAt = 0;
			resumes = true;
		}
		Time due = peer.deadline;
		left = peer.deadline - time;
		if (peer.deadline != 0 && left <= 0)
		{
			due = 0;
			if (peer.pSession) code = MessageService::CLOSE_EXPIRED;
			else if (!peer.connecting) code = MessageService::CLOSE_CONNECT;
		}
		else if (peer.deadline != 0 && peer.pSession && !peer.asked)
		{
			const Time refresh = _pParams->getRefreshTime().totalMilliseconds();
			if (left <= refresh) asks = peer.asked = true;
			else due -= refresh;
		}
		if (peer.resumeAt != 0 && (due == 0 || due > peer.resumeAt)) due = peer.resumeAt;
		schedule(peer, code == 0 ? due : 0);
	}
	if (resumes) peer.resume();
	if (asks)
	{
		Message message = Message::empty(Opcode::REFRESH, 0);
		message.limit = static_cast<Poco::UInt32>((left + 999)/1000);
		peer.answer(message);
	}
	if (code == MessageService::CLOSE_CONNECT) peer.close(code, "No Connect in time");
	else if (code != 0) peer.close(code, "The token has run out");
}


void ServiceCore::tick()
{
	const Time time = now();
	for (;;)
	{
		Peer::Ptr pPeer;
		{
			const std::lock_guard<std::mutex> lock(_mutex);
			if (_stopped || _due.empty() || _due.begin()->first > time) break;
			pPeer = Peer::Ptr(_due.begin()->second, true);
			_due.erase(_due.begin());
		}
		look(*pPeer, time);
	}
	hub().tick();
}


void ServiceCore::runTimer()
{
	std::unique_lock<std::mutex> lock(_mutex);
	while (!_stopped)
	{
		lock.unlock();
		quietly([&]() { tick(); });
		lock.lock();
		if (_stopped) break;
		Time wait = TICK;
		if (!_due.empty()) wait = std::max<Time>(1, std::min<Time>(wait, _due.begin()->first - now()));
		_condition.wait_for(lock, std::chrono::milliseconds(wait));
	}
}


//
// Others
//
QuotaRules::Ptr ServiceCore::rulesOf(const std::string& name) const
{
	if (name.empty() || !_pParams->getQuotaOf()) return _pParams->getQuota();
	return _pParams->getQuotaOf()(name);
}


Hub& ServiceCore::hub()
{
	return *_pHub;
}


const MessageServiceParams& ServiceCore::params() const
{
	return *_pParams;
}


Session::Ptr ServiceCore::session(const WebSocketConnection& connection) const
{
	const std::shared_ptr<void> pData = connection.userData(); // of another route it is something else
	Peer* const pPeer = static_cast<Peer*>(static_cast<Poco::RefCountedObject*>(pData.get()));
	{
		const std::lock_guard<std::mutex> lock(_mutex);
		if (_peers.count(pPeer) == 0) return Session::Ptr();
	}
	const std::lock_guard<std::mutex> lock(pPeer->mutex);
	return pPeer->pSession;
}


MessageService::Metrics ServiceCore::metrics() const
{
	MessageService::Metrics metrics;
	metrics.connections = _counts.connections;
	metrics.requests = _counts.requests;
	metrics.malformed = _counts.malformed;
	metrics.errors = _counts.errors;
	metrics.handlerErrors = _counts.handlerErrors;
	metrics.tokensRefused = _counts.tokensRefused;
	metrics.warned = _counts.warned;
	metrics.delayed = _counts.delayed;
	metrics.rejected = _counts.rejected;
	metrics.terminated = _counts.terminated;
	return metrics;
}


Time ServiceCore::now() const
{
	return _clock();
}


Poco::Int64 ServiceCore::wallOffset() const
{
	return MessageEncoder::offsetOf(_clock);
}


POCO_MESSAGING_END
} } // namespace Poco::Messaging
