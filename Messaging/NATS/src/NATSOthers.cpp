//
// NATSOthers.cpp
//
// Library: PocoMessagingNATS
// Package: NATS
// Module:  NATSOthers
//
// SPDX-License-Identifier: BSL-1.0
//


#include "NATSOthers.h"
#include <algorithm>
#include <charconv>


namespace Poco {
namespace Messaging {
POCO_MESSAGING_BEGIN


namespace
{
	constexpr Time DEAD = 10000;     // ms without a sign of life
	constexpr Time ROLL_TIME = 1000; // for the others to say that they are there
}


NATSOthers::Heard NATSOthers::hear(std::string_view text, Poco::UInt32 own, Time now)
{
	const std::size_t end = std::min(text.find(' '), text.size());
	const std::string_view word = text.substr(0, end);
	text.remove_prefix(std::min(end + 1, text.size()));
	Poco::UInt32 node = 0;
	const auto result = std::from_chars(text.data(), text.data() + text.size(), node);
	if (result.ec != std::errc() || result.ptr != text.data() + text.size() || node == 0) return RUBBISH;
	if (word != "hello" && word != "here" && word != "gone") return RUBBISH;
	if (node == own) return NOTHING;
	if (word == "gone") _heard.erase(node);
	else _heard[node] = now;
	return word == "hello" ? HELLO : NODE;
}


void NATSOthers::call(Time now)
{
	_called = now;
}


bool NATSOthers::haveAnswered(Time now) const
{
	return now - _called >= ROLL_TIME;
}


void NATSOthers::forget(Time now)
{
	if (!haveAnswered(now)) return;
	for (auto it = _heard.begin(); it != _heard.end();)
	{
		if (now - it->second >= DEAD) it = _heard.erase(it);
		else ++it;
	}
}


bool NATSOthers::mayHave(Poco::UInt32 node, Poco::UInt32 own, Time now) const
{
	const bool known = node == 0 ? !_heard.empty() : node == own || _heard.count(node) > 0;
	return known || !haveAnswered(now);
}


bool NATSOthers::allAbove(Poco::UInt32 node) const
{
	return std::all_of(_heard.begin(), _heard.end(), [node](const auto& item) { return item.first > node; });
}


POCO_MESSAGING_END
} } // namespace Poco::Messaging
