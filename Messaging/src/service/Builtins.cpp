//
// Builtins.cpp
//
// Library: PocoMessaging
// Package: Service
// Module:  ServiceCore
//
// What a MessageService answers without the application.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "service/ServiceCore.h"
#include "Poco/NumberParser.h"
#include <algorithm>


namespace Poco {
namespace Messaging {
POCO_MESSAGING_BEGIN


namespace
{
	ErrorCode codeOf(Error error)
	{
		static const ErrorCode CODES[] =
		{
			ErrorCode::NONE, ErrorCode::UNAVAILABLE, ErrorCode::CHANNEL_NAME, ErrorCode::TOO_LARGE, ErrorCode::TOO_MANY, ErrorCode::NOT_SUBSCRIBED, ErrorCode::BUSY,
			ErrorCode::UNAVAILABLE, ErrorCode::NO_HISTORY, ErrorCode::TIMED_OUT
		};
		return CODES[static_cast<std::size_t>(error)];
	}

	const char* textOf(ErrorCode code)
	{
		switch (code)
		{
		case ErrorCode::FORBIDDEN:
			return "The token does not grant it";
		case ErrorCode::CHANNEL_NAME:
			return "The channel's name is empty or too long";
		case ErrorCode::TOO_LARGE:
			return "The payload is too large";
		case ErrorCode::TOO_MANY:
			return "The session is in too many channels";
		case ErrorCode::NOT_SUBSCRIBED:
			return "The session is not in the channel";
		case ErrorCode::BUSY:
			return "Too much waits already: try again";
		case ErrorCode::UNAVAILABLE:
			return "Not available: try again";
		case ErrorCode::NO_HISTORY:
			return "The channel does not have that";
		case ErrorCode::TIMED_OUT:
			return "Nobody has acknowledged it in time";
		case ErrorCode::NOBODY:
			return "There is no such session or user";
		default:
			return "It was not done";
		}
	}

	template <typename Answerer>
	bool failed(Answerer& answerer, ErrorCode code)
		/// Returns true, and answers, if there is an error.
	{
		if (code == ErrorCode::NONE) return false;
		answerer.fail(code, textOf(code));
		return true;
	}

	bool refused(MessageRequest& request, const std::string& channel, Right right)
	{
		return failed(request, request.allow(channel, right) ? ErrorCode::NONE : ErrorCode::FORBIDDEN);
	}

	Message channelMessage(Poco::UInt16 opcode, std::string_view channel)
	{
		Message message;
		message.opcode = opcode;
		message.channel = channel;
		return message;
	}

	void addPosition(Message& message, const Position& position)
	{
		message.epoch = position.epoch;
		message.offset = position.offset;
	}

	//
	// The session's own
	//
	void ping(MessageRequest& request, ServiceCore& core)
	{
		Message message = Message::request(Opcode::PONG, 0, request.payload());
		message.timestamp = core.now() + core.wallOffset();
		request.answer(message);
	}

	void whoAmI(MessageRequest& request)
	{
		Message message = Message::empty(Opcode::WHO_AM_I, 0);
		const std::string id = request.session()->id();
		message.session = id;
		message.user = request.session()->user();
		message.text = request.session()->info();
		request.answer(message);
	}

	bool unsent(MessageRequest& request, const Hub::SendResult& result)
		/// Returns true, and answers, if nobody can have got it.
	{
		if (result.queued > 0 || result.passedOn) return false;
		if (result.full > 0) return failed(request, ErrorCode::BUSY);
		return failed(request, result.error == Error::UNAVAILABLE ? ErrorCode::UNAVAILABLE : ErrorCode::NOBODY);
	}

	void disconnect(MessageRequest& request)
	{
		const Message& message = request.message();
		const int code = message.code == 0 ? 1000 : static_cast<int>(std::min<Poco::UInt32>(message.code, 65535));
		const std::string reason(message.text);
		if (message.session.empty() && message.user.empty())
		{
			if (request.session()) request.hub().disconnect(request.session()->id(), 1000, reason); // behind what it has been sent
			else request.connection().close(1000, reason);
			return;
		}
		if (refused(request, "private-disconnect", RIGHT_PUBLISH)) return;
		if (code != 1000 && (code < 3000 || code > 4999)) return request.fail(ErrorCode::MALFORMED, "The Close code is 1000, or 3000 to 4999");
		const Hub::SendResult result = message.session.empty() ? request.hub().disconnectUser(std::string(message.user), code, reason) : request.hub().disconnect(std::string(message.session), code, reason);
		if (unsent(request, result)) return;
		request.answer();
	}

	//
	// Channels
	//
	void subscribe(MessageRequest& request)
	{
		const Message& message = request.message();
		const std::string channel(message.channel);
		if (refused(request, channel, RIGHT_READ)) return;
		const auto done = [reply = request.later(), channel](const SubscribeResult& result)
		{
			if (failed(reply, codeOf(result.error))) return;
			Message answer = channelMessage(Opcode::SUBSCRIBED, channel);
			addPosition(answer, result.position);
			if (result.recovered) answer.flags |= MessageFlag::RECOVERED;
			if (result.existing) answer.flags |= MessageFlag::EXISTING;
			reply.answer(answer);
		};
		if ((message.flags & MessageFlag::SINCE) == 0) return request.hub().subscribe(request.session(), channel, done);
		request.hub().subscribe(request.session(), channel, {message.epoch, message.offset}, done);
	}

	void unsubscribe(MessageRequest& request)
	{
		const std::string channel(request.message().channel);
		request.hub().unsubscribe(request.session(), channel, [reply = request.later(), channel](Error error)
		{
			if (failed(reply, codeOf(error))) return;
			reply.answer(channelMessage(Opcode::UNSUBSCRIBED, channel));
		});
	}

	void publish(MessageRequest& request)
	{
		const Message& message = request.message();
		const std::string channel(message.channel);
		if (refused(request, channel, RIGHT_PUBLISH)) return;
		Hub::PublishOptions options;
		options.transaction = message.transaction;
		options.sender = request.session()->member();
		options.trace = request.trace();
		const std::string data(message.payload);
		request.hub().publish(channel, data, options, [reply = request.later(), channel](const PublishResult& result)
		{
			if (failed(reply, codeOf(result.error))) return;
			Message answer = channelMessage(Opcode::PUBLISHED, channel);
			addPosition(answer, result.position);
			if (result.duplicate) answer.flags |= MessageFlag::DUPLICATE;
			answer.count = result.local.delivered + result.local.lagging;
			reply.answer(answer);
		});
	}

	void history(MessageRequest& request, ServiceCore& core)
	{
		const Message& message = request.message();
		const std::string channel(message.channel);
		if (refused(request, channel, RIGHT_HISTORY)) return;
		HistoryQuery query;
		query.hasSince = (message.flags & MessageFlag::SINCE) != 0;
		query.since = {message.epoch, message.offset};
		query.limit = std::min<std::size_t>(message.limit, static_cast<std::size_t>(request.hub().params().getMaxRecovered()));
		query.maxBytes = static_cast<std::size_t>(request.hub().params().getMaxRecoveredBytes());
		request.hub().history(channel, query, [reply = request.later(), channel, offset = core.wallOffset()](const HistoryResult& result)
		{
			if (failed(reply, codeOf(result.error))) return;
			Message answer = channelMessage(Opcode::HISTORY_RESULT, channel);
			addPosition(answer, result.position);
			answer.items.reserve(result.publications.size());
			for (const auto& pPublication: result.publications) answer.items.push_back(MessageEncoder::publicationMessage(*pPublication, offset));
			answer.count = answer.items.size();
			reply.answer(answer);
		});
	}

	void presence(MessageRequest& request)
	{
		const std::string channel(request.message().channel);
		if (refused(request, channel, RIGHT_PRESENCE)) return;
		const bool stats = request.message().opcode == Opcode::PRESENCE_STATS;
		request.hub().presence(channel, [reply = request.later(), channel, stats](const PresenceResult& result)
		{
			if (failed(reply, codeOf(result.error))) return;
			Message answer = channelMessage(stats ? Opcode::PRESENCE_STATS : Opcode::PRESENCE_RESULT, channel);
			answer.count = result.members.size();
			if (!stats)
			{
				answer.items.reserve(result.members.size());
				for (const Member& member: result.members)
				{
					Message item;
					item.user = member.id;
					item.text = member.info;
					answer.items.push_back(item);
				}
			}
			reply.answer(answer);
		});
	}

	//
	// Messages to sessions
	//
	void sent(MessageRequest& request, const Hub::SendResult& result)
	{
		if (unsent(request, result)) return;
		Message answer = Message::empty(Opcode::ACK, 0);
		answer.count = result.queued;
		request.answer(answer);
	}

	void send(MessageRequest& request)
	{
		constexpr Poco::UInt32 MAX_SECONDS = 300;
		const Message& message = request.message();
		const bool toUser = message.session.empty();
		const std::string target(toUser ? message.user : message.session);
		if (target.empty()) return request.fail(ErrorCode::MALFORMED, "There is neither session nor user");
		const Session& session = *request.session();
		const bool own = toUser ? target == session.user() : target == session.id();
		if (!own && refused(request, (toUser ? "private-user-" : "private-session-") + target, RIGHT_PUBLISH)) return;
		const std::string data(message.payload);
		if (data.size() > static_cast<std::size_t>(request.hub().params().getMaxPayload())) return request.fail(ErrorCode::TOO_LARGE, textOf(ErrorCode::TOO_LARGE));
		if ((message.flags & MessageFlag::ACKNOWLEDGED) != 0)
		{
			const Poco::UInt32 seconds = message.limit == 0 ? 10 : std::min(message.limit, MAX_SECONDS);
			return request.hub().sendAcknowledged(toUser ? Hub::To::USER : Hub::To::SESSION, target, data, session.member(), Poco::Timespan(static_cast<long>(seconds), 0), [reply = request.later()](Error error)
			{
				if (failed(reply, codeOf(error))) return;
				Message answer = Message::empty(Opcode::ACK, 0);
				answer.flags = MessageFlag::ACKNOWLEDGED;
				answer.count = 1;
				reply.answer(answer);
			});
		}
		sent(request, toUser ? request.hub().sendToUser(target, data, session.member(), request.trace()) : request.hub().send(target, data, session.member(), request.trace()));
	}

	void broadcast(MessageRequest& request)
	{
		if (refused(request, "private-broadcast", RIGHT_PUBLISH)) return;
		if (request.payload().size() > static_cast<std::size_t>(request.hub().params().getMaxPayload())) return request.fail(ErrorCode::TOO_LARGE, textOf(ErrorCode::TOO_LARGE));
		const Hub::SendResult result = request.hub().broadcast(std::string(request.payload()), request.session()->member(), request.trace());
		Message answer = Message::empty(Opcode::ACK, 0);
		answer.count = result.queued;
		request.answer(answer);
	}

	void acknowledge(MessageRequest& request)
		/// The transaction is "NODE-ID", as MessageEncoder::message() has written it.
	{
		const std::string transaction(request.message().transaction);
		const std::size_t minus = transaction.find('-');
		unsigned node = 0;
		Poco::UInt64 id = 0;
		if (minus == std::string::npos || !Poco::NumberParser::tryParseUnsigned(transaction.substr(0, minus), node) || !Poco::NumberParser::tryParseUnsigned64(transaction.substr(minus + 1), id))
			return request.fail(ErrorCode::MALFORMED, "No transaction of a Send");
		request.hub().acknowledge(node, id);
	}

	//
	// Operators
	//
	void nodeMetrics(MessageRequest& request, ServiceCore& core)
	{
		constexpr std::size_t MAX_CHANNELS = 100;
		if (refused(request, "private-metrics", RIGHT_READ)) return;
		const std::string_view order = request.message().text;
		if (!order.empty() && order != "subscribers" && order != "publications") return request.fail(ErrorCode::MALFORMED, "The order is neither \"subscribers\" nor \"publications\"");
		const Hub::Metrics hub = request.hub().metrics();
		const MessageService::Metrics service = core.metrics();
		const std::pair<const char*, Poco::UInt64> VALUES[] =
		{
			{"connections", service.connections}, {"requests", service.requests}, {"errors", service.errors}, {"sessions", hub.sessions}, {"channels", hub.channels},
			{"subscriptions", hub.subscriptions}, {"published", hub.published}, {"delivered", hub.delivered}, {"lagging", hub.lagging}, {"dropped", hub.dropped},
			{"lags", hub.lags}, {"closedAsSlow", hub.closedAsSlow}
		};
		Message answer = Message::empty(Opcode::NODE_METRICS, 0);
		for (const auto& value: VALUES)
		{
			Message item;
			item.text = value.first;
			item.count = value.second;
			answer.items.push_back(item);
		}
		const std::vector<Hub::ChannelMetrics> channels = request.hub().topChannels(std::min<std::size_t>(request.message().limit, MAX_CHANNELS), order == "publications" ? Hub::Top::PUBLICATIONS : Hub::Top::SUBSCRIBERS);
		for (const Hub::ChannelMetrics& channel: channels)
		{
			Message item;
			item.channel = channel.channel;
			item.count = channel.subscribers;
			item.offset = channel.publications;
			answer.items.push_back(item);
		}
		answer.count = request.hub().node();
		request.answer(answer);
	}

	void quota(MessageRequest& request, ServiceCore& core)
	{
		const Message& message = request.message();
		const bool sets = message.opcode == Opcode::SET_QUOTA;
		const std::string session(message.session.empty() ? request.session()->id() : std::string(message.session));
		if ((sets || !message.session.empty()) && refused(request, "private-quota", sets ? RIGHT_PUBLISH : RIGHT_READ)) return;
		const Peer::Ptr pPeer = core.peerOf(session);
		if (!pPeer) return request.fail(ErrorCode::NOBODY, "There is no such session on this node");
		Peer& peer = const_cast<Peer&>(*pPeer);
		if (sets) core.setQuota(peer, std::string(message.text));
		Message answer = Message::empty(message.opcode, 0);
		answer.session = session;
		{
			const std::lock_guard<std::mutex> lock(peer.mutex);
			const QuotaRules::Ptr pRules = peer.quota.rules();
			for (std::size_t i = 0; pRules && i < pRules->rules().size(); ++i)
			{
				const QuotaRule& rule = pRules->rules()[i];
				Message item;
				item.text = rule.unit == QuotaRule::BYTES ? "bytes" : "messages";
				item.count = static_cast<Poco::UInt64>(peer.quota.used(i, core.now()));
				item.offset = rule.hard != 0 ? rule.hard : rule.soft;
				item.timestamp = rule.period;
				answer.items.push_back(item);
			}
		}
		request.answer(answer);
	}
}


void ServiceCore::addBuiltins()
{
	_handlers[Opcode::CONNECT] = [this](MessageRequest& request)
	{
		const Message& message = request.message();
		connectPeer(request._peer, message.id, message.text, message.token);
	};
	_handlers[Opcode::REFRESH] = [this](MessageRequest& request)
	{
		refreshPeer(request._peer, request.message().id, request.message().token);
	};
	_handlers[Opcode::PING] = [this](MessageRequest& request) { ping(request, *this); };
	_handlers[Opcode::DISCONNECT] = &disconnect;
	_handlers[Opcode::WHO_AM_I] = &whoAmI;
	_handlers[Opcode::SUBSCRIBE] = &subscribe;
	_handlers[Opcode::UNSUBSCRIBE] = &unsubscribe;
	_handlers[Opcode::PUBLISH] = &publish;
	_handlers[Opcode::SEND] = &send;
	_handlers[Opcode::BROADCAST] = &broadcast;
	_handlers[Opcode::ACK] = &acknowledge;
	_handlers[Opcode::HISTORY] = [this](MessageRequest& request) { history(request, *this); };
	_handlers[Opcode::PRESENCE] = &presence;
	_handlers[Opcode::PRESENCE_STATS] = &presence;
	_handlers[Opcode::SET_QUOTA] = [this](MessageRequest& request) { quota(request, *this); };
	_handlers[Opcode::GET_QUOTA] = [this](MessageRequest& request) { quota(request, *this); };
	_handlers[Opcode::NODE_METRICS] = [this](MessageRequest& request) { nodeMetrics(request, *this); };
}


void ServiceCore::setQuota(Peer& peer, const std::string& name)
{
	const QuotaRules::Ptr pRules = rulesOf(name);
	const std::lock_guard<std::mutex> lock(peer.mutex);
	peer.setRules(pRules);
}


Peer::Ptr ServiceCore::peerOf(const std::string& session) const
{
	const Session::Ptr pSession = _pHub->session(session);
	return pSession ? Peer::Ptr(dynamic_cast<Peer*>(&pSession->connection()), true) : Peer::Ptr(); // the application may have attached others
}


POCO_MESSAGING_END
} } // namespace Poco::Messaging
