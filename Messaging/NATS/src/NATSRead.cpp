//
// NATSRead.cpp
//
// Library: PocoMessagingNATS
// Package: NATS
// Module:  NATSRead
//
// SPDX-License-Identifier: BSL-1.0
//


#include "NATSRead.h"
#include "node/NodeFormat.h"
#include <algorithm>


namespace Poco {
namespace Messaging {
POCO_MESSAGING_BEGIN


namespace
{
	constexpr std::size_t MAX_AT_ONCE = 128;
	constexpr std::size_t BYTES_AT_ONCE = 1024*1024; // as far as can be known before
	constexpr std::size_t MAX_HISTORY = 65536;
}


NATSRead::NATSRead(const ChannelOptions& options, const HistoryQuery& query, const HistoryDone& done):
	_options(options),
	_query(query),
	_done(done)
{
}


void NATSRead::begin(const NATSStream& stream)
{
	_stream = stream.name;
	_position = {epochOf(stream.name), stream.last};
	if (_query.limit > 0 && (!_query.hasSince || _query.since.epoch == _position.epoch)) extent(stream);
	const std::size_t average = static_cast<std::size_t>(stream.bytes/std::max<Poco::UInt64>(1, stream.messages)) + 1;
	_atOnce = std::min(std::max<std::size_t>(1, BYTES_AT_ONCE/average), MAX_AT_ONCE);
}


void NATSRead::extent(const NATSStream& stream)
{
	const Poco::UInt64 size = std::min(_options.historySize, MAX_HISTORY);
	const Poco::UInt64 limit = _query.limit;
	Poco::UInt64 first = std::max<Poco::UInt64>(1, stream.first);
	if (stream.last > size) first = std::max(first, stream.last - size + 1);
	if (_query.hasSince && _query.since.offset >= first) first = _query.since.offset < stream.last ? _query.since.offset + 1 : stream.last + 1;
	if (!_query.hasSince && stream.last > limit) first = std::max(first, stream.last - limit + 1);
	_next = first;
	_last = stream.last;
}


bool NATSRead::over() const
{
	return _asked == 0 && (_next > _last || _messages.size() >= _query.limit || _bytes > _query.maxBytes);
}


bool NATSRead::ask(Poco::UInt64& sequence)
{
	if (_asked == 0) _inTurn = 0;
	if (_next > _last || _inTurn >= _atOnce || _messages.size() + _asked >= _query.limit || _bytes > _query.maxBytes || _asked < _inTurn) return false;
	++_inTurn;
	++_asked;
	sequence = _next++;
	return true;
}


void NATSRead::came(Poco::UInt64 sequence, std::unique_ptr<NATSMessage> pMessage)
{
	--_asked;
	if (!pMessage) return;
	_bytes += pMessage->data().size();
	_messages[sequence] = std::move(pMessage);
}


std::size_t NATSRead::finish(Time now, Time difference)
{
	std::size_t foreign = 0;
	std::size_t bytes = 0;
	HistoryResult result;
	result.error = _failed ? Error::UNAVAILABLE : Error::NONE;
	result.position = _position;
	std::vector<Publication::Ptr>& publications = result.publications;
	for (const auto& item: _messages)
	{
		NodeFormat::Header header;
		NodeFormat::Source source;
		Publication::Ptr pPublication;
		if (NodeFormat::parse(item.second->data(), header)) pPublication = NodeFormat::nextPublication(header.frames, source);
		if (!pPublication) ++foreign;
		else if (_options.historyTime < TRANSACTION_TIME && publications.empty() && now - header.time >= _options.historyTime) pPublication = nullptr; // a stream keeps it for longer
		if (!pPublication) continue;
		if (!publications.empty() && publications.back()->position.offset + 1 != item.first)
		{
			// What is not there any more, or was never ours, is a gap
			if (_query.hasSince) break;
			publications.clear();
			bytes = 0;
		}
		bytes += pPublication->size();
		if (bytes > _query.maxBytes && !publications.empty()) break;
		pPublication->position = {_position.epoch, item.first};
		pPublication->published = header.time - difference;
		publications.push_back(pPublication);
	}
	_done(result);
	return foreign;
}


void NATSRead::fail()
{
	_failed = true;
	_messages.clear();
}


POCO_MESSAGING_END
} } // namespace Poco::Messaging
