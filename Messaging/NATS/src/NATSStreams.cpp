//
// NATSStreams.cpp
//
// Library: PocoMessagingNATS
// Package: NATS
// Module:  NATSHistories
//
// How the stream of a channel is found, or made.
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
	constexpr int MAX_STEPS = 10; // other nodes make and remove it at the same time
}


void NATSHistories::look(const ChannelPtr& pChannel, Time now, Work& work)
	/// For all that wait, unless there is one on its way: then they have theirs when that is over.
{
	if (pChannel->looking) return;
	pChannel->looking = true;
	pChannel->steps = 0;
	pChannel->seenBefore = pChannel->seen;
	pChannel->seenBeforeHash = pChannel->seenHash;
	pChannel->asked.swap(pChannel->next);
	step(pChannel->stream.empty() ? Pending::NAMES : Pending::INFO, pChannel, now, work);
}


void NATSHistories::step(Pending::What what, const ChannelPtr& pChannel, Time now, Work& work)
{
	if (++pChannel->steps > MAX_STEPS)
	{
		NATSReply tooMany;
		tooMany.error = NATSReply::OTHER;
		return failed(pChannel, tooMany, now, work);
	}
	NATSRequest request;
	if (what == Pending::NAMES) request = NATSRequest::names(pChannel->subject);
	else if (what == Pending::INFO) request = NATSRequest::info(pChannel->stream);
	else if (what == Pending::COMPARE) request = NATSRequest::message(pChannel->stream, pChannel->seenBefore.offset);
	else if (what == Pending::REMOVE) request = NATSRequest::remove(pChannel->stream);
	else
	{
		NATSStream stream;
		stream.name = streamName(_prefix, pChannel->token, newEpoch());
		stream.subject = pChannel->subject;
		stream.live = live(pChannel->name);
		stream.size = sizeOf(pChannel->options);
		stream.age = pChannel->options.historyTime;
		stream.idle = idleTime(pChannel->options);
		request = NATSRequest::create(stream, _inMemory, _replicas);
	}
	ask({what, pChannel}, std::move(request), now, work);
}


void NATSHistories::lookOn(Pending& pending, const NATSReply& reply, Time now, Work& work)
{
	const ChannelPtr& pChannel = pending.pChannel;
	if (reply.error == NATSReply::NOT_FOUND) // it was removed
	{
		pChannel->stream.clear();
		return step(Pending::NAMES, pChannel, now, work);
	}
	if (reply.error == NATSReply::OVERLAP) return step(Pending::NAMES, pChannel, now, work); // another node has made it
	if (reply.error != NATSReply::NONE && pending.what == Pending::GROW)
	{
		errorOf(reply, work);
		pChannel->steps = MAX_STEPS/2; // it stays as it is
		return step(Pending::INFO, pChannel, now, work);
	}
	if (reply.error != NATSReply::NONE) return failed(pChannel, reply, now, work);
	switch (pending.what)
	{
	case Pending::NAMES:
		return named(pChannel, reply, now, work);
	case Pending::COMPARE:
		return compared(pChannel, reply, now, work);
	case Pending::REMOVE:
		pChannel->stream.clear();
		return step(Pending::CREATE, pChannel, now, work);
	default:
		if (reply.streams.empty()) return failed(pChannel, reply, now, work);
		return found(pChannel, reply.streams.front(), now, work);
	}
}


void NATSHistories::named(const ChannelPtr& pChannel, const NATSReply& reply, Time now, Work& work)
{
	if (reply.names.empty()) return step(Pending::CREATE, pChannel, now, work);
	const std::string& name = *std::min_element(reply.names.begin(), reply.names.end());
	if (epochOf(name) == 0)
	{
		work.foreign.push_back(pChannel->subject);
		return failed(pChannel, reply, now, work);
	}
	pChannel->stream = name;
	step(Pending::INFO, pChannel, now, work);
}


void NATSHistories::found(const ChannelPtr& pChannel, const NATSStream& stream, Time now, Work& work)
{
	if (stream.subject != pChannel->subject || stream.live != live(pChannel->name) || !stream.direct)
	{
		NATSReply reply;
		reply.error = NATSReply::OTHER;
		reply.reason = "the stream " + stream.name + " is not as nodes make it, or the server is older than 2.9";
		return failed(pChannel, reply, now, work);
	}
	pChannel->stream = stream.name;
	const Poco::UInt64 epoch = epochOf(stream.name);
	// A server that has come back with less than there was would give numbers once more. One that has not caught up with the others yet, has not lost anything.
	if (_replicas == 1 && epoch == pChannel->seenBefore.epoch && stream.last < pChannel->seenBefore.offset) return step(Pending::REMOVE, pChannel, now, work);
	NATSStream larger = stream;
	larger.size = std::max<Poco::UInt64>(stream.size, sizeOf(pChannel->options));
	larger.age = std::max({stream.age, pChannel->options.historyTime, TRANSACTION_TIME});
	larger.idle = std::max(stream.idle, idleTime(pChannel->options));
	if (larger.size > stream.size || larger.age > stream.age || larger.idle > stream.idle)
	{
		if (pChannel->steps < MAX_STEPS/2)
		{
			++pChannel->steps;
			return ask({Pending::GROW, pChannel}, NATSRequest::grow(larger), now, work);
		}
	}
	const bool again = !pChannel->checked && epoch == pChannel->seenBefore.epoch && pChannel->seenBeforeHash != 0;
	if (!again || pChannel->seenBefore.offset < stream.first) return looked(pChannel, stream, now, work);
	pChannel->found = stream;
	step(Pending::COMPARE, pChannel, now, work);
}


void NATSHistories::compared(const ChannelPtr& pChannel, const NATSReply& reply, Time now, Work& work)
	/// Another publication may have got the number of one that the server has lost, before this node was there again.
{
	const bool another = reply.pMessage && hashOf(reply.pMessage->data()) != pChannel->seenBeforeHash;
	if (another) return step(Pending::REMOVE, pChannel, now, work);
	looked(pChannel, pChannel->found, now, work);
}


void NATSHistories::looked(const ChannelPtr& pChannel, const NATSStream& stream, Time now, Work& work)
{
	const Position position{epochOf(stream.name), stream.last};
	const bool whereItStands = std::any_of(pChannel->asked.begin(), pChannel->asked.end(), [](const Waiting& waiting) { return !waiting.pRead; });
	see(*pChannel, position, std::string_view());
	advance(whereItStands ? pChannel->live : pChannel->told, position);
	pChannel->looking = false;
	pChannel->checked = true;
	const auto asked = std::move(pChannel->asked);
	pChannel->asked.clear();
	for (const Waiting& waiting: asked)
	{
		answer(waiting, *pChannel, Error::NONE, position, work);
		if (!waiting.pRead) continue;
		waiting.pRead->begin(stream);
		read(pChannel, waiting.pRead, now, work);
	}
	sendWaiting(pChannel, now, work);
	if (!pChannel->next.empty()) look(pChannel, now, work);
}


void NATSHistories::failed(const ChannelPtr& pChannel, const NATSReply& reply, Time now, Work& work)
{
	const Error error = errorOf(reply, work);
	pChannel->looking = false;
	pChannel->checked = false;
	pChannel->stream.clear();
	const auto asked = std::move(pChannel->asked);
	pChannel->asked.clear();
	for (const Waiting& waiting: asked)
	{
		if (!waiting.pRead) answer(waiting, *pChannel, error, Position(), work);
		else
		{
			fail(waiting.pRead, work);
			readEnded(now, work);
		}
	}
	const auto publications = std::move(pChannel->publications);
	pChannel->publications.clear();
	for (const auto& item: publications) answer(item.second, *pChannel, error, Position(), false, work);
	if (!pChannel->next.empty()) look(pChannel, now, work);
}


std::size_t NATSHistories::sizeOf(const ChannelOptions& options)
{
	constexpr std::size_t MOST = 65536;
	return std::min(options.historySize, MOST);
}


POCO_MESSAGING_END
} } // namespace Poco::Messaging
