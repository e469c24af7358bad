//
// ClientChannels.cpp
//
// Library: PocoMessaging
// Package: Client
// Module:  ClientRules
//
// Subscriptions, and their positions.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "client/ClientRules.h"
#include "Poco/Exception.h"
#include <algorithm>


namespace Poco {
namespace Messaging {
POCO_MESSAGING_BEGIN


namespace
{
	Position positionOf(const Message& message)
	{
		return {message.epoch, message.offset};
	}

	bool temporary(ErrorCode error)
		/// Returns true if a Subscribe may be accepted later.
	{
		switch (error)
		{
		case ErrorCode::BUSY:
		case ErrorCode::UNAVAILABLE:
		case ErrorCode::TIMED_OUT:
		case ErrorCode::QUOTA:
		case ErrorCode::INTERNAL:
			return true;
		default:
			return false;
		}
	}
}


template <typename Function>
void ClientRules::call(const SubscriptionPtr& pSubscription, const Function& function)
{
	Call call;
	call.function = [pSubscription, function]()
	{
		if (!pSubscription->cancelled) function(pSubscription->callbacks);
	};
	_output.calls.push_back(std::move(call));
}


void ClientRules::subscribe(const std::string& channel, const MessageSubscription& callbacks, const std::optional<Position>& since, Time now)
{
	Message message = Message::empty(Opcode::SUBSCRIBE, 0);
	message.channel = channel;
	_options.pFormat->write(message); // throws here, if it does
	const auto pSubscription = std::make_shared<Subscription>();
	pSubscription->channel = channel;
	pSubscription->callbacks = callbacks;
	pSubscription->position = since;
	if (!_subscriptions.emplace(channel, pSubscription).second) throw Poco::ExistsException("There is a subscription", channel);
	ask(pSubscription, now);
}


bool ClientRules::unsubscribe(const std::string& channel)
{
	const auto it = _subscriptions.find(channel);
	if (it == _subscriptions.end()) return false;
	const SubscriptionPtr pSubscription = it->second;
	pSubscription->cancelled = true;
	_again.erase({pSubscription->again, channel});
	_subscriptions.erase(it);
	if (_link != ONLINE || pSubscription->state == Subscription::OUT) return true;
	Message message = Message::empty(Opcode::UNSUBSCRIBE, static_cast<Poco::UInt32>(nextId())); // nobody waits for the answer
	message.channel = channel;
	sendNow(message);
	return true;
}


void ClientRules::ask(const SubscriptionPtr& pSubscription, Time now)
	/// Its answer is waited for as long as the connection lives: what has come into the channel must not be asked for as if it had not.
{
	if (_link != ONLINE) return;
	Message message = Message::empty(Opcode::SUBSCRIBE, 0);
	message.channel = pSubscription->channel;
	pSubscription->since = pSubscription->position.has_value();
	if (pSubscription->since)
	{
		message.flags = MessageFlag::SINCE;
		message.epoch = pSubscription->position->epoch;
		message.offset = pSubscription->position->offset;
	}
	pSubscription->state = Subscription::REQUESTED;
	Request request;
	request.pSubscription = pSubscription;
	add(message, std::move(request), 0, now);
}


void ClientRules::askAgain(const SubscriptionPtr& pSubscription, Time now)
	/// Exponential back-off, minus up to 50 % jitter.
{
	constexpr int MAX_FAILURES = 6; // FIRST_DELAY << MAX_FAILURES is LONGEST_DELAY at least
	_random ^= _random << 13;
	_random ^= _random >> 7;
	_random ^= _random << 17;
	const Time delay = std::min<Time>(static_cast<Time>(FIRST_DELAY) << pSubscription->failures, LONGEST_DELAY);
	pSubscription->failures = std::min(pSubscription->failures + 1, MAX_FAILURES);
	pSubscription->state = Subscription::OUT;
	pSubscription->again = now + delay - static_cast<Time>(_random % static_cast<Poco::UInt64>(delay/2));
	_again.emplace(pSubscription->again, pSubscription->channel);
}


void ClientRules::subscribed(const SubscriptionPtr& pSubscription, const IncomingPtr& pAnswer, Time now)
{
	if (pSubscription->cancelled) return;
	const Message& message = pAnswer->message;
	if (message.opcode == Opcode::ERROR_ANSWER)
	{
		const auto error = static_cast<ErrorCode>(message.code);
		if (temporary(error)) askAgain(pSubscription, now);
		else end(pSubscription, error, std::string(message.text));
		return;
	}
	pSubscription->state = Subscription::IN;
	pSubscription->failures = 0;
	know(pSubscription->channel, message.epoch != 0);
	call(pSubscription, [pAnswer](const MessageSubscription& callbacks)
	{
		if (callbacks.onSubscribed) callbacks.onSubscribed(pAnswer->message);
	});
	if (pSubscription->since && (message.flags & MessageFlag::RECOVERED) != 0) return; // what follows begins behind the position
	if (pSubscription->since) lost(pSubscription, positionOf(message));
	pSubscription->position.reset();
	if (message.epoch != 0) pSubscription->position = positionOf(message);
}


void ClientRules::end(const SubscriptionPtr& pSubscription, ErrorCode code, const std::string& text)
{
	_subscriptions.erase(pSubscription->channel);
	call(pSubscription, [code, text](const MessageSubscription& callbacks)
	{
		if (callbacks.onEnded) callbacks.onEnded(code, text);
	});
}


void ClientRules::lost(const SubscriptionPtr& pSubscription, const Position& next)
{
	call(pSubscription, [last = *pSubscription->position, next](const MessageSubscription& callbacks)
	{
		if (callbacks.onLost) callbacks.onLost(last, next);
	});
}


void ClientRules::channelPushed(const IncomingPtr& pMessage, Time now)
{
	const Message& message = pMessage->message;
	const auto it = _subscriptions.find(std::string(message.channel));
	if (it == _subscriptions.end() || it->second->state != Subscription::IN) return; // of a subscription that the application has ended
	const SubscriptionPtr pSubscription = it->second;
	switch (message.opcode)
	{
	case Opcode::PUBLICATION:
		return publication(pSubscription, pMessage);
	case Opcode::UNSUBSCRIBED:
		return unsubscribed(pSubscription, message, now);
	case Opcode::DROPPED:
		return call(pSubscription, [count = message.count](const MessageSubscription& callbacks)
		{
			if (callbacks.onDropped) callbacks.onDropped(count);
		});
	default:
		return call(pSubscription, [pMessage](const MessageSubscription& callbacks)
		{
			if (callbacks.onPresence) callbacks.onPresence(pMessage->message);
		});
	}
}


void ClientRules::publication(const SubscriptionPtr& pSubscription, const IncomingPtr& pMessage)
	/// The service sends each once and in order; what it does not, is not believed.
{
	const Position position = positionOf(pMessage->message);
	if (position.epoch != 0)
	{
		std::optional<Position>& last = pSubscription->position;
		if (last && last->epoch == position.epoch && position.offset <= last->offset) return;
		if (last && (last->epoch != position.epoch || position.offset - last->offset > 1)) lost(pSubscription, {position.epoch, position.offset - 1});
		last = position;
	}
	call(pSubscription, [pMessage](const MessageSubscription& callbacks)
	{
		if (callbacks.onPublication) callbacks.onPublication(pMessage->message);
	});
}


void ClientRules::unsubscribed(const SubscriptionPtr& pSubscription, const Message& message, Time now)
{
	pSubscription->state = Subscription::OUT;
	switch (static_cast<Left>(message.code - 1))
	{
	case Left::GAP:
	case Left::EPOCH:
		return ask(pSubscription, now); // the answer is not recovered, and that is when the loss is told
	case Left::FAILED:
		return askAgain(pSubscription, now);
	default:
		return end(pSubscription, ErrorCode::FORBIDDEN, std::string(message.text));
	}
}


POCO_MESSAGING_END
} } // namespace Poco::Messaging
