//
// ClientRules.cpp
//
// Library: PocoMessaging
// Package: Client
// Module:  ClientRules
//
// Requests and the session; channels are in ClientChannels.cpp.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "client/ClientRules.h"
#include "Poco/Exception.h"
#include <algorithm>


namespace Poco {
namespace Messaging {
POCO_MESSAGING_BEGIN


using Poco::Net::WebSocketFrame;


namespace
{
	const char* const STOPPED_TEXT = "The client was stopped";
}


ClientRules::ClientRules(const Options& options):
	_options(options),
	_random(options.seed | 1)
{
}


ClientRules::Output& ClientRules::output()
{
	return _output;
}


ClientRules::State ClientRules::state() const
{
	if (!_started) return MessageClientCallbacks::STOPPED;
	return _link == ONLINE ? MessageClientCallbacks::CONNECTED : MessageClientCallbacks::CONNECTING;
}


const std::string& ClientRules::session() const
{
	return _session;
}


const std::string& ClientRules::user() const
{
	return _user;
}


void ClientRules::start()
{
	if (_started) return;
	_started = true;
	tellState("");
}


void ClientRules::stopping(bool flag)
{
	_stopping = flag;
}


void ClientRules::stop()
{
	_stopping = false;
	if (!_started) return;
	_started = false;
	while (!_requests.empty()) finish(_requests.begin(), ErrorCode::STOPPED, STOPPED_TEXT);
	closed("");
	tellState("");
}


//
// Requests
//
Poco::UInt64 ClientRules::nextId()
	/// The lower 32 bits are those on the wire, where 0 is nobody's.
{
	if (static_cast<Poco::UInt32>(++_id) == 0) ++_id;
	return _id;
}


ClientRules::Requests::iterator ClientRules::find(Poco::UInt32 id)
{
	constexpr Poco::UInt64 ROUND = 0x100000000;
	Poco::UInt64 whole = _id/ROUND*ROUND + id;
	if (whole > _id && whole >= ROUND) whole -= ROUND;
	return _requests.find(whole);
}


void ClientRules::publish(Message message, const Done& done, Time now)
{
	Request request;
	request.done = done;
	request.channel = message.channel;
	request.named = !message.transaction.empty();
	std::string transaction;
	const auto it = _known.find(request.channel);
	if (!request.named && (it == _known.end() || it->second))
	{
		transaction = _options.prefix + std::to_string(++_transaction);
		message.transaction = transaction;
	}
	request.repeatable = !message.transaction.empty();
	add(message, std::move(request), _options.requestTimeout, now);
}


void ClientRules::request(Message message, const Done& done, Time now)
{
	switch (message.opcode)
	{
	case Opcode::CONNECT:
	case Opcode::REFRESH:
	case Opcode::SUBSCRIBE:
	case Opcode::UNSUBSCRIBE:
	case Opcode::ACK:
		throw Poco::InvalidArgumentException("An opcode of the client's own", std::to_string(message.opcode));
	case Opcode::PUBLISH:
		return publish(message, done, now);
	default:
		break;
	}
	Request request;
	request.done = done;
	const bool acknowledged = message.opcode == Opcode::SEND && (message.flags & MessageFlag::ACKNOWLEDGED) != 0;
	if (acknowledged && message.limit == 0) message.limit = static_cast<Poco::UInt32>((_options.requestTimeout + 999)/1000);
	add(message, std::move(request), _options.requestTimeout + (acknowledged ? static_cast<Time>(message.limit)*1000 : 0), now);
}


void ClientRules::add(Message& message, Request&& request, Time timeout, Time now)
	/// timeout: 0: none, and it does not count.
{
	if (!_started) return answer(request.done, ErrorCode::STOPPED, "The client is stopped");
	const Poco::UInt64 id = nextId();
	message.id = static_cast<Poco::UInt32>(id);
	_options.pFormat->write(message, request.bytes);
	if (timeout != 0)
	{
		request.size = request.bytes.size() + REQUEST_SIZE;
		if (_pending != 0 && request.size > _options.maxPendingBytes - std::min(_pending, _options.maxPendingBytes)) return answer(request.done, ErrorCode::BUSY, "Too many requests wait for their answers");
		request.deadline = now + timeout;
		_pending += request.size;
		_deadlines.emplace(request.deadline, id);
	}
	Request& kept = _requests.emplace(id, std::move(request)).first->second;
	if (_link == ONLINE) transmit(kept);
}


void ClientRules::transmit(Request& request)
{
	request.sent = true;
	if (request.repeatable) _output.messages.push_back(request.bytes);
	else _output.messages.push_back(std::move(request.bytes));
}


void ClientRules::sendNow(const Message& message)
{
	_output.messages.push_back(_options.pFormat->write(message));
}


ClientRules::Request ClientRules::take(Requests::iterator it)
{
	_pending -= it->second.size;
	_deadlines.erase({it->second.deadline, it->first});
	Request request = std::move(it->second);
	_requests.erase(it);
	return request;
}


void ClientRules::finish(Requests::iterator it, const IncomingPtr& pAnswer, Time now)
{
	const Request request = take(it);
	const Message& message = pAnswer->message;
	if (request.pSubscription) return subscribed(request.pSubscription, pAnswer, now);
	if (message.opcode == Opcode::PUBLISHED && !request.channel.empty()) know(request.channel, message.epoch != 0);
	if (!request.done) return;
	ErrorCode error = ErrorCode::NONE;
	if (message.opcode == Opcode::ERROR_ANSWER) error = message.code == 0 ? ErrorCode::INTERNAL : static_cast<ErrorCode>(message.code);
	Call call;
	call.function = [done = request.done, error, pAnswer]() { done(error, pAnswer->message); };
	_output.calls.push_back(std::move(call));
}


void ClientRules::finish(Requests::iterator it, ErrorCode error, const char* text)
{
	const Request request = take(it);
	answer(request.done, error, text);
}


void ClientRules::answer(const Done& done, ErrorCode error, const char* text)
	/// The text is a constant.
{
	if (!done) return;
	Call call;
	call.function = [done, error, text]()
	{
		Message message = Message::empty(Opcode::ERROR_ANSWER, 0);
		message.code = static_cast<Poco::UInt32>(error);
		message.text = text;
		done(error, message);
	};
	_output.calls.push_back(std::move(call));
}


bool ClientRules::repeats(const Request& request) const
	/// Whether a second one is none: a service knows the transactions of channels with history.
{
	if (!request.repeatable) return false;
	const auto it = _known.find(request.channel);
	return it == _known.end() ? request.named : it->second;
}


void ClientRules::know(const std::string& channel, bool history)
{
	if (_known.size() >= MAX_KNOWN) _known.clear();
	_known[channel] = history;
}


//
// The connection
//
void ClientRules::opened(Time now)
{
	_link = OPENED;
	if (_options.hasToken) wantToken();
	else connect("", now);
}


void ClientRules::closed(const std::string& reason)
{
	_link = OFFLINE;
	++_generation;
	_output.messages.clear();
	_output.closeCode = 0;
	_session.clear();
	_user.clear();
	_connectDue = 0;
	for (auto it = _requests.begin(); it != _requests.end();)
	{
		const auto next = std::next(it);
		Request& request = it->second;
		if (request.pSubscription) take(it);
		else if (request.sent && repeats(request)) request.sent = false;
		else if (request.sent && _stopping) finish(it, ErrorCode::STOPPED, STOPPED_TEXT);
		else if (request.sent) finish(it, ErrorCode::CONNECTION_LOST, "The connection was lost before the answer had come");
		it = next;
	}
	for (const auto& subscription: _subscriptions)
	{
		subscription.second->state = Subscription::OUT;
		subscription.second->again = 0;
	}
	_again.clear();
	if (_started && !_stopping) tellState(_why.empty() ? reason : _why);
	_why.clear();
}


void ClientRules::close(int code, const std::string& reason)
{
	_output.closeCode = code;
	_output.closeReason = reason;
	_why = reason;
}


void ClientRules::wantToken()
{
	Call call;
	call.wantsToken = true;
	call.generation = _generation;
	_output.calls.push_back(std::move(call));
}


void ClientRules::token(unsigned generation, const std::string& token, Time now)
{
	if (generation != _generation) return; // it was for another connection
	if (_link == OPENED) connect(token, now);
	else if (_link == ONLINE) refresh(token, now);
}


void ClientRules::noToken(unsigned generation, const std::string& text)
{
	if (generation != _generation) return;
	if (_link == OPENED) close(WebSocketFrame::NORMAL_CLOSURE, "There is no token: " + text);
	else tellError(ErrorCode::TOKEN, text);
}


void ClientRules::connect(const std::string& token, Time now)
{
	_connectId = static_cast<Poco::UInt32>(nextId());
	Message message = Message::empty(Opcode::CONNECT, _connectId);
	message.token = token;
	message.text = _options.info;
	sendNow(message);
	_link = ASKED;
	_connectDue = now + _options.requestTimeout;
}


void ClientRules::connected(const IncomingPtr& pAnswer, Time now)
{
	const Message& message = pAnswer->message;
	_connectDue = 0;
	if (message.opcode != Opcode::CONNECTED) return close(WebSocketFrame::NORMAL_CLOSURE, std::string("Connect was refused: ").append(message.text));
	_link = ONLINE;
	_session = message.session;
	_user = message.user;
	tellState("");
	for (const auto& subscription: _subscriptions) ask(subscription.second, now);
	for (auto& request: _requests)
	{
		if (!request.second.sent) transmit(request.second);
	}
}


void ClientRules::refresh(const std::string& token, Time now)
{
	Message message = Message::empty(Opcode::REFRESH, 0);
	message.token = token;
	Request request;
	request.done = [onError = _options.callbacks.onError](ErrorCode error, const Message& answer)
	{
		if (error != ErrorCode::NONE && error != ErrorCode::CONNECTION_LOST && error != ErrorCode::STOPPED && onError) onError(error, std::string(answer.text));
	};
	add(message, std::move(request), _options.requestTimeout, now);
}


void ClientRules::received(std::string&& bytes, bool text, Time now)
{
	const auto pIncoming = std::make_shared<Incoming>();
	pIncoming->bytes = std::move(bytes);
	if (text != _options.pFormat->text() || !_options.pFormat->parse(pIncoming->bytes, pIncoming->message, pIncoming->kept))
		return close(WebSocketFrame::PROTOCOL_ERROR, "No message of the subprotocol");
	const Message& message = pIncoming->message;
	if (message.id == 0) return pushed(pIncoming, now);
	if (_link == ASKED && message.id == _connectId) return connected(pIncoming, now);
	const auto it = find(message.id);
	if (it != _requests.end() && it->second.sent) finish(it, pIncoming, now); // otherwise its time was over
}


//
// Pushes
//
void ClientRules::pushed(const IncomingPtr& pMessage, Time now)
{
	const Message& message = pMessage->message;
	const MessageClientCallbacks& callbacks = _options.callbacks;
	const auto hand = [&](const std::function<void(const Message&)>& function)
	{
		if (!function) return;
		Call call;
		call.function = [function, pMessage]() { function(pMessage->message); };
		_output.calls.push_back(std::move(call));
	};
	switch (message.opcode)
	{
	case Opcode::ERROR_ANSWER:
		return tellError(static_cast<ErrorCode>(message.code), std::string(message.text));
	case Opcode::REFRESH:
		if (_link == ONLINE && _options.hasToken) wantToken();
		return;
	case Opcode::WARNING:
		return hand(callbacks.onWarning);
	case Opcode::SEND:
		return direct(pMessage);
	case Opcode::UNSUBSCRIBED:
	case Opcode::PUBLICATION:
	case Opcode::JOIN:
	case Opcode::LEAVE:
	case Opcode::DROPPED:
		return channelPushed(pMessage, now);
	default:
		if (message.opcode >= Opcode::APPLICATION) hand(callbacks.onPush); // others are of a newer service
	}
}


void ClientRules::direct(const IncomingPtr& pMessage)
	/// A message with a transaction is repeated until it is acknowledged.
{
	const auto& function = _options.callbacks.onMessage;
	if (!function) return; // nobody has got it
	Call call;
	call.function = [function, pMessage]() { function(pMessage->message); };
	call.acknowledges = pMessage->message.transaction;
	if (!call.acknowledges.empty())
	{
		const auto taken = _taken.emplace(call.acknowledges, false);
		if (!taken.second)
		{
			if (taken.first->second) acknowledge(call.acknowledges);
			return;
		}
		_takenOrder.push_back(call.acknowledges);
		if (_takenOrder.size() > MAX_KNOWN)
		{
			_taken.erase(_takenOrder.front());
			_takenOrder.pop_front();
		}
	}
	_output.calls.push_back(std::move(call));
}


void ClientRules::acknowledge(const std::string& transaction)
{
	const auto it = _taken.find(transaction);
	if (it != _taken.end()) it->second = true;
	if (_link != ONLINE) return; // it comes again
	Message message = Message::empty(Opcode::ACK, 0);
	message.transaction = transaction;
	sendNow(message);
}


void ClientRules::thrown(const std::string& text, const std::string& acknowledges)
{
	if (!acknowledges.empty() && _taken.erase(acknowledges) != 0)
		_takenOrder.erase(std::find(_takenOrder.begin(), _takenOrder.end(), acknowledges));
	tellError(ErrorCode::APPLICATION, text);
}


void ClientRules::tellState(const std::string& text)
{
	if (!_options.callbacks.onState) return;
	Call call;
	call.function = [function = _options.callbacks.onState, now = state(), text]() { function(now, text); };
	_output.calls.push_back(std::move(call));
}


void ClientRules::tellError(ErrorCode code, const std::string& text)
{
	if (!_options.callbacks.onError) return;
	Call call;
	call.function = [function = _options.callbacks.onError, code, text]() { function(code, text); };
	_output.calls.push_back(std::move(call));
}


//
// Time
//
Time ClientRules::due() const
{
	Time due = _connectDue;
	const auto earlier = [&](Time time)
	{
		if (due == 0 || time < due) due = time;
	};
	if (!_deadlines.empty()) earlier(_deadlines.begin()->first);
	if (!_again.empty()) earlier(_again.begin()->first);
	return due;
}


void ClientRules::tick(Time now)
{
	while (!_deadlines.empty() && _deadlines.begin()->first <= now) finish(_requests.find(_deadlines.begin()->second), ErrorCode::TIMED_OUT, "No answer has come in time");
	while (!_again.empty() && _again.begin()->first <= now)
	{
		const SubscriptionPtr pSubscription = _subscriptions.find(_again.begin()->second)->second;
		_again.erase(_again.begin());
		pSubscription->again = 0;
		ask(pSubscription, now);
	}
	if (_connectDue == 0 || _connectDue > now) return;
	_connectDue = 0;
	close(WebSocketFrame::NORMAL_CLOSURE, "No answer to Connect has come in time");
}


POCO_MESSAGING_END
} } // namespace Poco::Messaging
