//
// NATSSender.cpp
//
// Library: PocoMessagingNATS
// Package: NATS
// Module:  NATSEngine
//
// The thread that speaks with the server, and what comes from there.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "NATSEngine.h"
#include "Poco/Messaging/HubParams.h"
#include "Poco/Exception.h"
#include "Poco/Logger.h"
#include <algorithm>
#include <charconv>
#include <chrono>
#include <random>


namespace Poco {
namespace Messaging {
POCO_MESSAGING_BEGIN


namespace
{
	constexpr Time FIRST_BACK_OFF = 100; // ms
	constexpr Time LONGEST_BACK_OFF = 5000;
	constexpr int FLUSH_TIME = 2000;

	template <typename Number>
	bool takeNumber(std::string_view& text, Number& number)
		/// Takes a decimal number, and a space behind it, off a text.
	{
		const auto result = std::from_chars(text.data(), text.data() + text.size(), number);
		if (result.ec != std::errc()) return false;
		text.remove_prefix(static_cast<std::size_t>(result.ptr - text.data()));
		if (!text.empty() && text.front() != ' ') return false;
		text.remove_prefix(std::min<std::size_t>(1, text.size()));
		return true;
	}
}


std::string NATSEngine::subjectOf(const char* part) const
{
	return _pParams->getPrefix() + '.' + part;
}


std::string NATSEngine::subjectOf(const char* part, const std::string& token) const
{
	return subjectOf(part) + '.' + token;
}


void NATSEngine::send()
{
	while (!_stopped)
	{
		if (_pLink || connect())
		{
			const Time begin = HubParams::monotonic();
			serve();
			if (_stopped) goodbye();
			disconnected();
			_pLink.reset();
			if (HubParams::monotonic() - begin >= LONGEST_BACK_OFF) _backOff = 0;
		}
		std::unique_lock<std::mutex> lock(_mutex);
		_toDo.wait_for(lock, std::chrono::milliseconds(backOff()), [this]() { return _stopped.load(); });
	}
	if (!_pLink) return;
	goodbye(); // it was stopped before it began
	disconnected();
	_pLink.reset();
}


Time NATSEngine::backOff()
	/// Exponential, minus up to 50 % jitter.
{
	_backOff = std::min(LONGEST_BACK_OFF, std::max(FIRST_BACK_OFF, 2*_backOff));
	return _backOff - static_cast<Time>(std::random_device()() % static_cast<unsigned>(_backOff/2));
}


bool NATSEngine::connect()
{
	Poco::UInt64 number = 0;
	{
		const std::lock_guard<std::mutex> lock(_mutex);
		if (_stopped) return false;
		_lost = false;
		_connecting = true;
		number = ++_linkNumber;
	}
	try
	{
		_pLink = std::make_unique<NATSLink>(*_pParams, _servers, shared_from_this(), number);
	}
	catch (...) // it is tried again
	{
	}
	{
		const std::lock_guard<std::mutex> lock(_mutex);
		_connecting = false;
	}
	if (_pLink) join(false);
	return _pLink != nullptr;
}


void NATSEngine::join(bool first)
	/// Subscribes to everything. No link is left if that cannot be done.
{
	if (_own.empty())
	{
		const auto own = [this](Kind kind, const std::string& subject)
		{
			const auto pTarget = std::make_shared<Target>();
			pTarget->kind = kind;
			pTarget->subject = subject;
			_own.push_back(pTarget);
		};
		own(CONTROL, subjectOf("n", std::to_string(_node)));
		own(TO_ALL, subjectOf("n"));
		own(NODES, subjectOf("nodes"));
		own(USED, subjectOf("used"));
		own(REPLIES, _inbox + '*');
	}
	std::vector<TargetPtr> targets(_own);
	std::string answer;
	const bool jetStream = _pLink->ask("$JS.API.INFO", answer) && (answer.empty() || NATSReply::parse(answer).error == NATSReply::NONE);
	Event before; // what was asked for without a connection is asked for again
	{
		const std::lock_guard<std::mutex> lock(_mutex);
		_jetStream = jetStream;
		for (const auto& item: _channels) targets.push_back(item.second);
		_connected = true; // commands that are given from now on come behind these
		NATSHistories::Work work;
		if (_pHistories) _pHistories->lost(work);
		take(work, before);
	}
	if (!before.empty()) enqueue(std::move(before));
	_silent = false;
	bool done = true;
	for (const TargetPtr& pTarget: targets) done = done && _pLink->subscribe(pTarget);
	done = done && _pLink->flush(FLUSH_TIME);
	{
		const std::lock_guard<std::mutex> lock(_mutex);
		done = done && !_lost && !_stopped;
		if (done)
		{
			_maxPayload = _pLink->maxPayload();
			if (!first) ++_counts.reconnects;
			_up = true;
			rollCall(HubParams::monotonic());
		}
	}
	if (!done)
	{
		disconnected();
		_pLink.reset();
	}
	else if (!first) slow();
}


void NATSEngine::serve()
{
	for (;;)
	{
		std::deque<Command> commands;
		{
			std::unique_lock<std::mutex> lock(_mutex);
			_toDo.wait(lock, [this]() { return _stopped || _lost || !_commands.empty(); });
			if (_stopped || _lost) return;
			commands.swap(_commands);
			_commandBytes = 0;
		}
		Poco::UInt64 turn = 0;
		for (const Command& command: commands)
		{
			if (!perform(command)) return;
			turn = std::max(turn, command.turn);
		}
		while (!_pLink->flush(FLUSH_TIME)) // the server is slow, or the connection has gone
		{
			_silent = true;
			if (_stopped || _pLink->closed()) return;
		}
		_silent = false;
		if (turn != 0) confirmed(turn);
	}
}


void NATSEngine::confirmed(Poco::UInt64 turn)
	/// The server has had everything up to this.
{
	Answers answers;
	std::vector<Receipt::Ptr> none;
	{
		const std::lock_guard<std::mutex> lock(_mutex);
		while (!_asked.empty() && _asked.front().turn <= turn)
		{
			_askedBytes -= _asked.front().bytes;
			if (_asked.front().publication) ++_counts.published;
			answers.push_back(std::move(_asked.front()));
			_asked.pop_front();
		}
		if (!_up && !_lost && !_stopped) // it was slow
		{
			_up = true;
			rollCall(HubParams::monotonic());
		}
	}
	enqueueAnswers(answers, Error::NONE, none);
}


bool NATSEngine::perform(const Command& command)
	/// Returns false if the connection does not do it any more.
{
	switch (command.what)
	{
	case Command::PUBLISH:
		return _pLink->publish(command.subject, command.data);
	case Command::ASK:
		return ask(command.request);
	case Command::SUBSCRIBE:
		return _pLink->subscribe(command.pTarget);
	default:
		_pLink->unsubscribe(*command.pTarget);
		return true;
	}
}


bool NATSEngine::ask(const NATSRequest& request)
{
	if (request.reply == 0) return _pLink->publish(request.subject, request.data);
	NATSLink::Headers headers;
	if (!request.stream.empty()) headers.emplace_back("Nats-Expected-Stream", request.stream);
	if (!request.transaction.empty()) headers.emplace_back("Nats-Msg-Id", request.transaction);
	return _pLink->publish(request.subject, request.data, _inbox + std::to_string(request.reply), headers);
}


void NATSEngine::disconnected()
	/// Everything that was not answered is refused. Channels that had been subscribed stay, for the next connection.
{
	Answers answers;
	std::vector<Receipt::Ptr> released;
	{
		const std::lock_guard<std::mutex> lock(_mutex);
		_connected = false;
		_up = false;
		_commands.clear();
		_commandBytes = 0;
		for (Asked& asked: _asked)
		{
			if (asked.publication) ++_counts.refused;
			else if (asked.pTarget) end(asked.pTarget);
			answers.push_back(std::move(asked));
		}
		_asked.clear();
		_askedBytes = 0;
		for (const auto& item: _channels) release(*item.second, released);
	}
	enqueueAnswers(answers, Error::UNAVAILABLE, released);
	withHistories([](NATSHistories& histories, NATSHistories::Work& work) { histories.lost(work); });
}


void NATSEngine::goodbye()
{
	if (!_silent && _pLink->publish(subjectOf("nodes"), "gone " + std::to_string(_node))) _pLink->flush(FLUSH_TIME);
}


//
// What comes. Threads of libnats call this.
//
void NATSEngine::received(const NATSTargetPtr& pTarget, NATSMessage message) noexcept
{
	try
	{
		const TargetPtr pOwn = std::static_pointer_cast<Target>(pTarget);
		if (pOwn->kind == NODES) return heard(message.data());
		if (pOwn->kind == REPLIES) return replied(std::move(message));
		if (pOwn->kind == USED) return used(message.data());
		Event event;
		event.pTarget = pOwn;
		if (pOwn->kind == STORED) event.position = positionOf(*pOwn, message);
		event.bytes = message.data().size() + sizeof(Event);
		event.pMessage = std::make_unique<NATSMessage>(std::move(message));
		enqueue(std::move(event));
	}
	catch (...) // there is no memory
	{
		slow();
	}
}


void NATSEngine::closed(Poco::UInt64 link) noexcept
{
	{
		const std::lock_guard<std::mutex> lock(_mutex);
		if (link != _linkNumber) return;
		_lost = true;
		_up = false;
	}
	_toDo.notify_all();
}


void NATSEngine::slow() noexcept
{
	{
		const std::lock_guard<std::mutex> lock(_eventMutex);
		_gapAll = true;
	}
	_toGive.notify_one();
}


void NATSEngine::heard(std::string_view text)
{
	const Time now = HubParams::monotonic();
	NATSOthers::Heard heard = NATSOthers::NOTHING;
	{
		const std::lock_guard<std::mutex> lock(_mutex);
		heard = _others.hear(text, _node, now);
		if (heard == NATSOthers::HELLO) announce("here", now);
	}
	if (heard == NATSOthers::RUBBISH) foreign(subjectOf("nodes"));
}


void NATSEngine::replied(NATSMessage message)
{
	std::string_view number = message.subject();
	number.remove_prefix(std::min(number.size(), _inbox.size()));
	Poco::UInt64 reply = 0;
	if (!takeNumber(number, reply)) return foreign(_inbox);
	NATSReply answer = NATSReply::parse(std::move(message));
	withHistories([&](NATSHistories& histories, NATSHistories::Work& work) { histories.replied(reply, std::move(answer), HubParams::monotonic(), work); });
}


void NATSEngine::used(std::string_view text)
{
	bool valid = true;
	withHistories([&](NATSHistories& histories, NATSHistories::Work&) { valid = histories.used(text); });
	if (!valid) foreign(subjectOf("used"));
}


Position NATSEngine::positionOf(const Target& target, NATSMessage& message)
	/// Of what a stream has stored; 0, 0 if none has.
{
	Position position;
	std::string_view sequence = message.header("Nats-Sequence");
	position.epoch = epochOf(message.header("Nats-Stream"));
	if (position.epoch == 0 || !takeNumber(sequence, position.offset) || !sequence.empty() || position.offset == 0) return Position();
	withHistories([&](NATSHistories& histories, NATSHistories::Work&) { histories.seen(target.name, position, message.data()); });
	return position;
}


void NATSEngine::foreign(const std::string& subject)
{
	if (_foreign++ > 0) return;
	Poco::Logger::get("Messaging.NATSBackplane").warning("Something that no node writes has come to the subject %s: it is dropped, as all further ones, which are only counted", subject);
}


POCO_MESSAGING_END
} } // namespace Poco::Messaging
