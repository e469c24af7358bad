//
// NATSUnused.cpp
//
// Library: PocoMessagingNATS
// Package: NATS
// Module:  NATSUnused
//
// SPDX-License-Identifier: BSL-1.0
//


#include "NATSUnused.h"
#include <algorithm>
#include <utility>


namespace Poco {
namespace Messaging {
POCO_MESSAGING_BEGIN


NATSUnused::NATSUnused(const std::string& subjects):
	_subjects(subjects)
{
}


void NATSUnused::tick(Time clock, bool first, Requests& requests)
{
	if (!first) return reset();
	if (_look > 0 && clock - _begun < INTERVAL) return;
	if (clock - _begun >= 3*INTERVAL) reset(); // what happened meanwhile was not seen
	++_look;
	_begun = clock;
	_listed = 0;
	ask(NATSRequest::list(_subjects + '*', 0), requests);
	_asked = _number;
}


void NATSUnused::ask(NATSRequest request, Requests& requests)
{
	request.reply = ++_number;
	requests.push_back(std::move(request));
}


bool NATSUnused::replied(Poco::UInt64 number, const NATSReply& reply, Time clock, Requests& requests)
{
	if (_removing.erase(number) > 0) return reply.error == NATSReply::NONE;
	if (number != _asked) return false; // it came too late
	_asked = 0;
	if (reply.error != NATSReply::NONE) return false;
	for (const NATSStream& stream: reply.streams) add(stream, clock);
	_listed += reply.streams.size();
	if (reply.streams.empty() || _listed >= reply.total)
	{
		end(clock, requests);
		return false;
	}
	ask(NATSRequest::list(_subjects + '*', _listed), requests);
	_asked = _number;
	return false;
}


void NATSUnused::add(const NATSStream& stream, Time clock)
{
	if (epochOf(stream.name) == 0 || stream.idle == 0 || stream.subject.compare(0, _subjects.size(), _subjects) != 0) return;
	const auto place = _streams.try_emplace(stream.name);
	Entry& entry = place.first->second;
	if (place.second)
	{
		entry.token = stream.subject.substr(_subjects.size());
		_names[entry.token] = stream.name;
	}
	if (place.second || entry.last != stream.last) entry.since = clock;
	entry.last = stream.last;
	entry.idle = stream.idle;
	entry.look = _look;
}


void NATSUnused::end(Time clock, Requests& requests)
	/// All have been listed. Nodes say what they use four times in that time, so that the last one was at most a quarter ago when a node dies.
{
	for (auto it = _streams.begin(); it != _streams.end();)
	{
		const Entry& entry = it->second;
		const bool unused = clock - entry.since >= entry.idle + entry.idle/4;
		if (!unused && entry.look == _look)
		{
			++it;
			continue;
		}
		if (entry.look == _look)
		{
			ask(NATSRequest::remove(it->first), requests);
			_removing.insert(_number);
		}
		const auto name = _names.find(entry.token);
		if (name != _names.end() && name->second == it->first) _names.erase(name);
		it = _streams.erase(it);
	}
}


void NATSUnused::used(std::string_view token, Time clock)
{
	const auto name = _names.find(std::string(token));
	if (name != _names.end()) _streams[name->second].since = clock;
}


void NATSUnused::reset()
{
	_streams.clear();
	_names.clear();
	_removing.clear();
	_look = 0;
	_asked = 0;
}


POCO_MESSAGING_END
} } // namespace Poco::Messaging
