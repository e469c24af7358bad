//
// NATSHistories.cpp
//
// Library: PocoMessagingNATS
// Package: NATS
// Module:  NATSHistories
//
// What is asked for, and what is answered. How a stream is found is in NATSStreams.cpp.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "NATSHistories.h"
#include <algorithm>
#include <utility>


namespace Poco {
namespace Messaging {
POCO_MESSAGING_BEGIN


namespace
{
	constexpr Time REPLY_TIME = 2000;       // ms
	constexpr Time FIRST_READ_TIME = 10000; // that a read may wait for others
	constexpr std::size_t READS_AT_ONCE = 16;
}


NATSHistories::NATSHistories(const NATSBackplaneParams& params):
	_prefix(params.getPrefix()),
	_inMemory(params.getHistoryInMemory()),
	_replicas(params.getHistoryReplicas()),
	_clock(params.getClock()),
	_unused(params.getPrefix() + ".h.")
{
}


NATSHistories::~NATSHistories()
{
}


std::string NATSHistories::live(const std::string& name) const
{
	return _prefix + ".l." + subjectToken(name);
}


const NATSHistories::ChannelPtr& NATSHistories::channel(const std::string& name, const ChannelOptions& options, Time now)
{
	const std::string token = subjectToken(name);
	ChannelPtr& pChannel = _channels[token];
	if (!pChannel)
	{
		pChannel = std::make_shared<Channel>();
		pChannel->name = name;
		pChannel->token = token;
		pChannel->subject = _prefix + ".h." + pChannel->token;
	}
	pChannel->options = options;
	pChannel->used = now;
	return pChannel;
}


void NATSHistories::ask(Pending pending, NATSRequest request, Time now, Work& work)
{
	request.reply = ++_number;
	pending.due = now + REPLY_TIME;
	_pending[_number] = std::move(pending);
	work.requests.push_back(std::move(request));
}


NATSHistories::ChannelPtr NATSHistories::find(const std::string& name) const
{
	const auto it = _channels.find(subjectToken(name));
	return it == _channels.end() ? nullptr : it->second;
}


void NATSHistories::advance(Position& to, const Position& position)
{
	if (position.epoch != to.epoch || position.offset > to.offset) to = position;
}


void NATSHistories::see(Channel& channel, const Position& position, std::string_view data)
{
	const bool newer = position.epoch != channel.seen.epoch || position.offset > channel.seen.offset;
	if (newer) channel.seenHash = 0;
	advance(channel.seen, position);
	if (channel.seen == position && !data.empty()) channel.seenHash = hashOf(data);
}


std::size_t NATSHistories::hashOf(std::string_view data)
{
	return std::max<std::size_t>(1, std::hash<std::string_view>()(data));
}


//
// What the hub asks for
//
void NATSHistories::subscribe(const std::string& name, const ChannelOptions& options, const Backplane::Positioned& done, Time now, Work& work)
{
	const ChannelPtr pChannel = channel(name, options, now);
	pChannel->subscribed = true;
	pChannel->live = pChannel->told = Position();
	pChannel->next.push_back({done, nullptr});
	say(*pChannel);
	look(pChannel, now, work);
}


void NATSHistories::position(const std::string& name, Time now, Work& work)
{
	const ChannelPtr pChannel = find(name);
	if (!pChannel) return work.positioned.push_back({name, nullptr, Error::UNAVAILABLE, Position()});
	pChannel->next.push_back({nullptr, nullptr});
	look(pChannel, now, work);
}


void NATSHistories::unsubscribe(const std::string& name, Time now)
{
	const ChannelPtr pChannel = find(name);
	if (!pChannel || !pChannel->subscribed) return;
	pChannel->subscribed = false;
	pChannel->used = now;
	say(*pChannel);
}


void NATSHistories::history(const std::string& name, const ChannelOptions& options, const HistoryQuery& query, const HistoryDone& done, Time now, Work& work)
{
	_reads.push_back({channel(name, options, now), std::make_shared<NATSRead>(options, query, done), now + FIRST_READ_TIME});
	readNext(now, work);
}


void NATSHistories::publish(const std::string& name, const ChannelOptions& options, Publishing publishing, Time now, Work& work)
{
	const ChannelPtr pChannel = channel(name, options, now);
	_waitingBytes += publishing.bytes();
	publishing.due = now + REPLY_TIME;
	if (pChannel->checked && pChannel->publications.empty()) return send(pChannel, std::move(publishing), now, work);
	const Poco::UInt64 number = publishing.number;
	pChannel->publications.emplace(number, std::move(publishing));
	if (!pChannel->checked && !pChannel->looking) look(pChannel, now, work);
}


void NATSHistories::seen(const std::string& name, const Position& position, std::string_view data)
{
	const ChannelPtr pChannel = find(name);
	if (!pChannel) return;
	see(*pChannel, position, data);
	advance(pChannel->live, position);
}


//
// Publications
//
void NATSHistories::send(const ChannelPtr& pChannel, Publishing publishing, Time now, Work& work)
{
	NATSRequest request{pChannel->subject, publishing.data};
	request.stream = pChannel->stream;
	request.transaction = publishing.transaction.empty() ? std::string() : subjectToken(publishing.transaction);
	++pChannel->onTheirWay;
	Pending pending{Pending::PUBLISH, pChannel};
	pending.stream = pChannel->stream;
	pending.publishing = std::move(publishing);
	ask(std::move(pending), std::move(request), now, work);
}


void NATSHistories::sendWaiting(const ChannelPtr& pChannel, Time now, Work& work)
	/// When all that were on their way to the stream before have come back.
{
	if (!pChannel->checked || pChannel->onTheirWay > 0) return;
	const auto publications = std::move(pChannel->publications);
	pChannel->publications.clear();
	for (const auto& item: publications) send(pChannel, item.second, now, work);
}


void NATSHistories::stored(Pending& pending, const NATSReply& reply, Time now, Work& work)
{
	const ChannelPtr& pChannel = pending.pChannel;
	Publishing& publishing = pending.publishing;
	--pChannel->onTheirWay;
	const bool gone = reply.error == NATSReply::NOBODY || reply.error == NATSReply::NOT_FOUND || reply.error == NATSReply::ANOTHER_STREAM;
	if (reply.error == NATSReply::NONE && reply.sequence > 0)
	{
		const Position position{epochOf(pending.stream), reply.sequence};
		see(*pChannel, position, reply.duplicate ? std::string_view() : publishing.data);
		advance(pChannel->told, position);
		if (!reply.duplicate) pChannel->published = position;
		answer(std::move(publishing), *pChannel, Error::NONE, position, reply.duplicate, work);
	}
	else if (gone && now < publishing.due)
	{
		const bool atOnce = ++publishing.tries == 1; // then with the next ticks: servers of a cluster agree on who has the stream
		if (pChannel->stream == pending.stream) pChannel->checked = false;
		const Poco::UInt64 place = publishing.number;
		pChannel->publications.emplace(place, std::move(publishing));
		if (!pChannel->checked && !pChannel->looking && atOnce) look(pChannel, now, work);
	}
	else answer(std::move(publishing), *pChannel, errorOf(reply, work), Position(), false, work);
	sendWaiting(pChannel, now, work);
}


Error NATSHistories::errorOf(const NATSReply& reply, Work& work)
	/// Why something was refused, which is logged if it is another reason than the last time.
{
	const std::string reason = reply.error == NATSReply::NOBODY ? "there is no JetStream" : reply.reason;
	if (!reason.empty() && reason != _problem) work.problems.push_back(_problem = reason);
	switch (reply.error)
	{
	case NATSReply::NO_RESOURCES:
	case NATSReply::ACCOUNT_RESOURCES:
	case NATSReply::STORE_FAILED:
		return Error::BUSY;
	case NATSReply::MESSAGE_TOO_LARGE:
		return Error::TOO_LARGE;
	default:
		return Error::UNAVAILABLE;
	}
}


void NATSHistories::answer(Publishing publishing, const Channel& channel, Error error, const Position& position, bool duplicate, Work& work)
{
	_waitingBytes -= publishing.bytes();
	++(error == Error::NONE ? work.published : work.refused);
	if (!publishing.pReceipt) return;
	if (error != Error::NONE || duplicate) work.missing.emplace_back(channel.name, publishing.number);
	work.calls.emplace_back([pReceipt = std::move(publishing.pReceipt), error, position, duplicate]() { Receipt::Ptr(pReceipt)->answer(error, position, duplicate); });
}


//
// Reads
//
void NATSHistories::readNext(Time now, Work& work)
{
	while (!_reads.empty() && _reading < READS_AT_ONCE)
	{
		const Reading reading = std::move(_reads.front());
		_reads.pop_front();
		++_reading;
		reading.pChannel->next.push_back({nullptr, reading.pRead});
		look(reading.pChannel, now, work);
	}
}


void NATSHistories::read(const ChannelPtr& pChannel, const std::shared_ptr<NATSRead>& pRead, Time now, Work& work)
{
	for (Poco::UInt64 sequence = 0; pRead->ask(sequence);)
	{
		Pending pending{Pending::READ, pChannel};
		pending.pRead = pRead;
		pending.sequence = sequence;
		ask(std::move(pending), NATSRequest::message(pRead->stream(), sequence), now, work);
	}
	if (!pRead->over()) return;
	work.reads.push_back(pRead);
	readEnded(now, work);
}


void NATSHistories::readEnded(Time now, Work& work)
{
	--_reading;
	readNext(now, work);
}


//
// What comes, or does not
//
void NATSHistories::replied(Poco::UInt64 number, NATSReply reply, Time now, Work& work)
{
	if (number >= NATSUnused::FIRST_REPLY)
	{
		if (_unused.replied(number, reply, _clock(), work.requests)) ++work.removed;
		return;
	}
	const auto it = _pending.find(number);
	if (it == _pending.end()) return; // it came too late
	Pending pending = std::move(it->second);
	_pending.erase(it);
	if (pending.what == Pending::PUBLISH) return stored(pending, reply, now, work);
	if (pending.what != Pending::READ) return lookOn(pending, reply, now, work);
	if (pending.pRead->failed()) return;
	pending.pRead->came(pending.sequence, std::move(reply.pMessage));
	read(pending.pChannel, pending.pRead, now, work);
}


void NATSHistories::overdue(Pending& pending, Time now, Work& work)
{
	const ChannelPtr& pChannel = pending.pChannel;
	NATSReply none;
	none.error = NATSReply::OTHER;
	switch (pending.what)
	{
	case Pending::PUBLISH:
		--pChannel->onTheirWay;
		answer(std::move(pending.publishing), *pChannel, Error::UNAVAILABLE, Position(), false, work);
		sendWaiting(pChannel, now, work);
		break;
	case Pending::READ:
		if (pending.pRead->failed()) break;
		fail(pending.pRead, work);
		readEnded(now, work);
		break;
	default:
		failed(pChannel, none, now, work);
	}
}


void NATSHistories::fail(const std::shared_ptr<NATSRead>& pRead, Work& work)
{
	pRead->fail();
	work.reads.push_back(pRead);
}


void NATSHistories::answer(const Waiting& waiting, Channel& channel, Error error, const Position& position, Work& work)
{
	if (waiting.pRead) return;
	if (waiting.subscribed && error != Error::NONE) channel.subscribed = false;
	work.positioned.push_back({channel.name, waiting.subscribed, error, position});
}


void NATSHistories::lost(Work& work)
{
	const auto pendings = std::move(_pending);
	_pending.clear();
	for (const auto& item: pendings)
	{
		const Pending& pending = item.second;
		if (pending.what == Pending::PUBLISH) answer(pending.publishing, *pending.pChannel, Error::UNAVAILABLE, Position(), false, work);
		if (pending.what == Pending::READ && !pending.pRead->failed()) fail(pending.pRead, work);
	}
	for (const auto& item: _channels)
	{
		Channel& channel = *item.second;
		for (const auto& waits: channel.publications) answer(waits.second, channel, Error::UNAVAILABLE, Position(), false, work);
		for (auto* const pList: {&channel.asked, &channel.next})
		{
			for (const Waiting& waiting: *pList)
			{
				if (waiting.pRead) fail(waiting.pRead, work);
				else answer(waiting, channel, Error::UNAVAILABLE, Position(), work);
			}
			pList->clear();
		}
		channel.publications.clear();
		channel.onTheirWay = 0;
		channel.checked = channel.looking = false;
	}
	for (const Reading& reading: _reads) fail(reading.pRead, work);
	_reads.clear();
	_reading = 0;
	_unused.reset();
}


POCO_MESSAGING_END
} } // namespace Poco::Messaging
