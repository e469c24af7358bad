//
// NATSPositions.cpp
//
// Library: PocoMessagingNATS
// Package: NATS
// Module:  NATSHistories
//
// What nodes tell each other of their histories, and what takes too long.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "NATSHistories.h"
#include <algorithm>
#include <charconv>


namespace Poco {
namespace Messaging {
POCO_MESSAGING_BEGIN


namespace
{
	constexpr Time FORGET_TIME = 5*60*1000;  // ms that a channel is known in which nobody is
	constexpr std::size_t MAX_SAID = 4096;    // bytes in a message, but for a channel with a long name

	bool takeDecimal(std::string_view& text, char end, Poco::UInt64& value)
	{
		const char* const pEnd = text.data() + text.size();
		const auto result = std::from_chars(text.data(), pEnd, value);
		if (result.ec != std::errc() || result.ptr == pEnd || *result.ptr != end) return false;
		text.remove_prefix(static_cast<std::size_t>(result.ptr - text.data()) + 1);
		return true;
	}
}


void NATSHistories::tick(Time now, bool first, Work& work)
{
	while (!_pending.empty() && _pending.begin()->second.due <= now)
	{
		Pending pending = std::move(_pending.begin()->second);
		_pending.erase(_pending.begin());
		overdue(pending, now, work);
	}
	while (!_reads.empty() && _reads.front().due <= now)
	{
		fail(_reads.front().pRead, work);
		_reads.pop_front();
	}
	for (auto it = _channels.begin(); it != _channels.end();)
	{
		Channel& channel = *it->second;
		watch(channel, now, work);
		if (!channel.checked && !channel.looking && !channel.publications.empty()) look(ChannelPtr(it->second), now, work);
		const bool busy = channel.subscribed || channel.looking || channel.onTheirWay > 0 || !channel.publications.empty() || it->second.use_count() > 1;
		if (!busy && now - channel.used >= FORGET_TIME) it = _channels.erase(it);
		else ++it;
	}
	sayAll(work);
	_unused.tick(_clock(), first, work.requests);
}


void NATSHistories::watch(Channel& channel, Time now, Work& work)
	/// What was published has to come to the node that is subscribed, soon after others know of it. A server may have lost it on the way, and if nothing follows nobody would see that.
{
	if (channel.published != Position() || (channel.subscribed && _clock() - channel.said >= idleTime(channel.options)/4)) say(channel);
	channel.published = Position();
	const bool behind = channel.subscribed && channel.live.epoch != 0 && channel.told.epoch != 0 &&
		(channel.told.epoch != channel.live.epoch || channel.told.offset > channel.live.offset);
	if (!behind) channel.behind = 0;
	else if (channel.behind == 0) channel.behind = now;
	else if (now - channel.behind >= LATE)
	{
		channel.behind = 0;
		channel.told = Position();
		work.behind.push_back(channel.name);
	}
}


Time NATSHistories::idleTime(const ChannelOptions& options)
{
	return std::max({options.positionTime, options.historyTime, TRANSACTION_TIME});
}


void NATSHistories::say(Channel& channel)
	/// "TOKEN EPOCH OFFSET", of what the node has published last; 0 0 if it has not since the last time.
{
	channel.said = _clock();
	_toSay += channel.token + ' ' + std::to_string(channel.published.epoch) + ' ' + std::to_string(channel.published.offset) + '\n';
}


void NATSHistories::sayAll(Work& work)
{
	while (!_toSay.empty())
	{
		std::size_t end = _toSay.size() <= MAX_SAID ? _toSay.size() - 1 : _toSay.rfind('\n', MAX_SAID);
		if (end == std::string::npos) end = _toSay.find('\n');
		const std::size_t size = end + 1;
		work.requests.push_back({_prefix + ".used", _toSay.substr(0, size)});
		_toSay.erase(0, size);
	}
}


bool NATSHistories::used(std::string_view text)
{
	const Time clock = _clock();
	do
	{
		const std::size_t end = text.find(' ');
		const std::string token(text.substr(0, end));
		Position position;
		text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
		if (token.empty() || !takeDecimal(text, ' ', position.epoch) || !takeDecimal(text, '\n', position.offset)) return false;
		_unused.used(token, clock);
		const auto it = _channels.find(token);
		if (it != _channels.end() && position.epoch != 0) advance(it->second->told, position);
	}
	while (!text.empty());
	return true;
}


POCO_MESSAGING_END
} } // namespace Poco::Messaging
