//
// Record.cpp
//
// What clients were promised, and what they got.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "Record.h"
#include <algorithm>
#include <cstdlib>
#include <optional>
#include <sstream>
#include <utility>


using Poco::Messaging::Position;


namespace
{
	std::string textOf(const Position& position)
	{
		return std::to_string(position.epoch) + ':' + std::to_string(position.offset);
	}

	std::pair<std::string, Poco::UInt64> nameOf(const std::string& payload)
		/// Returns the publisher, and its number.
	{
		const std::size_t space = payload.find(' ');
		if (space == std::string::npos) return {payload, 0};
		return {payload.substr(0, space), std::strtoull(payload.c_str() + space, nullptr, 10)};
	}

	std::string shown(const std::string& payload)
		/// Without what only makes it larger.
	{
		return payload.substr(0, payload.find(' ', payload.find(' ') + 1));
	}
}


std::string Findings::text() const
{
	std::ostringstream out;
	out << "published " << published << " (of these repeated " << duplicate << "), uncertain " << uncertain << ", refused for now " << refused
		<< ", received " << received << ", in channels " << subscribed << " times (recovered " << recovered << "), joins " << joins << ", leaves " << leaves
		<< "; told: lost " << lostTold << " in " << gapsTold << " gaps, dropped " << dropped << "; ephemeral ones that did not come " << missing
		<< "; LOST " << lost << ", DUPLICATES " << duplicates << ", DISORDER " << disorder << ", CONTRADICTIONS " << contradictions
		<< ", PRESENCE " << presence << ", WIRE " << wire;
	for (const std::string& example: examples) out << "\n  " << example;
	return out.str();
}


class Record::Checker
	/// Reads everything once.
{
public:
	explicit Checker(const Record& record):
		_record(record),
		findings(record._counted)
	{
		for (const auto& channel: record._channels) promises(channel.first, channel.second);
		for (const Subscriber& subscriber: record._subscribers)
		{
			for (const auto& log: subscriber.channels) check(subscriber, log.first, log.second);
		}
	}

	void promises(const std::string& channel, const Channel& of)
	{
		for (const Promise& promise: of.promises)
		{
			if (promise.position.epoch != 0) same(channel, promise.position, promise.payload, "a publisher");
		}
	}

	void same(const std::string& channel, const Position& position, const std::string& payload, const std::string& who)
		/// One position, one payload; and in an epoch one payload, one position.
	{
		const auto at = _payloads.emplace(std::make_pair(channel, textOf(position)), payload);
		if (at.first->second != payload) wrong(findings.contradictions, who, channel, textOf(position) + " is " + shown(payload) + ", and for others " + shown(at.first->second));
		const auto of = _positions.emplace(std::make_pair(channel, std::to_string(position.epoch) + ' ' + payload), position);
		if (of.first->second != position) wrong(findings.contradictions, who, channel, shown(payload) + " is " + textOf(position) + ", and also " + textOf(of.first->second));
	}

	void check(const Subscriber& subscriber, const std::string& channel, const Log& log)
	{
		const auto first = std::find_if(log.begin(), log.end(), [](const Event& event) { return event.kind == Event::SUBSCRIBED; });
		if (first == log.end()) return;
		presence(subscriber, channel, log);
		if (first->position.epoch != 0) withHistory(subscriber, channel, log, *first);
		else ephemeral(subscriber, channel, log, *first);
	}

	void withHistory(const Subscriber& subscriber, const std::string& channel, const Log& log, const Event& first)
	{
		struct Gap
		{
			Position last;
			Position next;
		};
		std::vector<Gap> gaps;
		std::set<std::pair<Poco::UInt64, Poco::UInt64>> received;
		Position at = first.position;
		for (const Event& event: log)
		{
			switch (event.kind)
			{
			case Event::SUBSCRIBED:
				if (!event.recovered && event.number != first.number && event.position != at && !afterwards(log, event)) wrong(findings.lost, subscriber.name, channel, "not recovered, and no gap told: " + textOf(at) + " to " + textOf(event.position));
				break;
			case Event::LOST:
				if (event.last != at) wrong(findings.contradictions, subscriber.name, channel, "a gap is told behind " + textOf(event.last) + ", but " + textOf(at) + " was last");
				gaps.push_back({event.last, event.position});
				at = event.position;
				++findings.gapsTold;
				break;
			case Event::RECEIVED:
				++findings.received;
				same(channel, event.position, event.text, subscriber.name);
				if (!received.emplace(event.position.epoch, event.position.offset).second) wrong(findings.duplicates, subscriber.name, channel, shown(event.text) + " at " + textOf(event.position) + " again");
				else if (event.position.epoch == at.epoch && event.position.offset <= at.offset) wrong(findings.disorder, subscriber.name, channel, textOf(event.position) + " behind " + textOf(at));
				else if (event.position.epoch != at.epoch || event.position.offset != at.offset + 1) wrong(findings.lost, subscriber.name, channel, "a gap that was not told: " + textOf(at) + " to " + textOf(event.position));
				at = event.position;
				break;
			default:
				break;
			}
		}
		const auto channelIt = _record._channels.find(channel);
		if (channelIt == _record._channels.end()) return;
		for (const Promise& promise: channelIt->second.promises)
		{
			const Position& position = promise.position;
			if (promise.number < first.number || (position.epoch == first.position.epoch && position.offset <= first.position.offset)) continue;
			if (received.count({position.epoch, position.offset}) > 0) continue;
			const bool told = std::any_of(gaps.begin(), gaps.end(), [&](const Gap& gap)
			{
				if (gap.last.epoch == gap.next.epoch) return position.epoch == gap.last.epoch && position.offset > gap.last.offset && position.offset <= gap.next.offset;
				if (position.epoch == gap.last.epoch) return position.offset > gap.last.offset;
				if (position.epoch == gap.next.epoch) return position.offset <= gap.next.offset;
				return true; // an epoch that came and went between these
			});
			if (told) ++findings.lostTold;
			else wrong(findings.lost, subscriber.name, channel, shown(promise.payload) + " at " + textOf(position) + " did not come; last " + textOf(at));
		}
	}

	static bool afterwards(const Log& log, const Event& event)
		/// Whether a gap is told next.
	{
		const auto next = std::find_if(log.begin(), log.end(), [&](const Event& other) { return other.number > event.number; });
		return next != log.end() && next->kind == Event::LOST;
	}

	void ephemeral(const Subscriber& subscriber, const std::string& channel, const Log& log, const Event& first)
	{
		std::set<std::string> received;
		std::map<std::string, Poco::UInt64> last;
		std::vector<std::size_t> order;
		std::map<std::string, std::size_t>& places = _places[channel];
		std::size_t place = 0;
		for (const Event& event: log)
		{
			if (event.kind == Event::DROPPED) findings.dropped += event.count;
			if (event.kind != Event::RECEIVED) continue;
			++findings.received;
			if (!received.insert(event.text).second)
			{
				wrong(findings.duplicates, subscriber.name, channel, shown(event.text) + " again");
				continue;
			}
			const auto name = nameOf(event.text);
			Poco::UInt64& number = last[name.first];
			if (name.second <= number) wrong(findings.disorder, subscriber.name, channel, shown(event.text) + " behind number " + std::to_string(number));
			number = name.second;
			const auto it = places.find(event.text);
			if (it == places.end()) continue; // no other one has got it, yet
			if (it->second < place && _record._order == ONE) wrong(findings.disorder, subscriber.name, channel, shown(event.text) + " came earlier to another subscriber");
			place = it->second;
		}
		if (received.size() > places.size()) // the others are compared with the longest
		{
			places.clear();
			for (const Event& event: log)
			{
				if (event.kind == Event::RECEIVED) places.emplace(event.text, places.size());
			}
		}
		const auto channelIt = _record._channels.find(channel);
		if (channelIt == _record._channels.end()) return;
		for (const Promise& promise: channelIt->second.promises)
		{
			if (promise.number > first.number && received.count(promise.payload) == 0) ++findings.missing;
		}
	}

	void presence(const Subscriber& subscriber, const std::string& channel, const Log& log)
	{
		std::map<std::string, bool> there;
		for (const Event& event: log)
		{
			if (event.kind == Event::SUBSCRIBED) there.clear(); // what was told before it may have changed
			if (event.kind != Event::JOIN && event.kind != Event::LEAVE) continue;
			const bool joined = event.kind == Event::JOIN;
			++(joined ? findings.joins : findings.leaves);
			const auto it = there.emplace(event.text, !joined);
			if (it.first->second == joined) wrong(findings.presence, subscriber.name, channel, (joined ? "Join of " : "Leave of ") + event.text + " twice");
			it.first->second = joined;
		}
	}

	void wrong(Poco::UInt64& count, const std::string& who, const std::string& channel, const std::string& what)
	{
		constexpr std::size_t MAX_EXAMPLES = 12;
		++count;
		if (findings.examples.size() < MAX_EXAMPLES) findings.examples.push_back(who + ", " + channel + ": " + what);
	}

private:
	const Record& _record;
	std::map<std::pair<std::string, std::string>, std::string> _payloads;
	std::map<std::pair<std::string, std::string>, Position> _positions;
	std::map<std::string, std::map<std::string, std::size_t>> _places;

public:
	Findings findings;
};


Record::Record(Order order):
	_order(order)
{
}


int Record::subscriber(const std::string& name)
{
	const std::lock_guard<std::mutex> lock(_mutex);
	_subscribers.push_back({name, {}, {}, 0});
	return static_cast<int>(_subscribers.size()) - 1;
}


void Record::published(const std::string& channel, const std::string& payload, const Position& position, bool duplicate)
{
	const std::lock_guard<std::mutex> lock(_mutex);
	Channel& of = _channels[channel];
	of.promises.push_back({payload, position, ++_number});
	if (of.last.epoch != position.epoch || position.offset > of.last.offset) of.last = position;
	++_counted.published;
	++_promises;
	if (duplicate) ++_counted.duplicate;
}


void Record::uncertain()
{
	const std::lock_guard<std::mutex> lock(_mutex);
	++_counted.uncertain;
}


void Record::refused()
{
	const std::lock_guard<std::mutex> lock(_mutex);
	++_counted.refused;
}


Record::Event& Record::add(int subscriber, const std::string& channel, Event::Kind kind)
{
	Event event;
	event.kind = kind;
	event.number = ++_number;
	Log& log = _subscribers[static_cast<std::size_t>(subscriber)].channels[channel];
	log.push_back(event);
	return log.back();
}


void Record::subscribed(int subscriber, const std::string& channel, const Position& position, bool recovered)
{
	const std::lock_guard<std::mutex> lock(_mutex);
	Event& event = add(subscriber, channel, Event::SUBSCRIBED);
	event.position = position;
	event.recovered = recovered;
	++_counted.subscribed;
	if (recovered) ++_counted.recovered;
	_subscribers[static_cast<std::size_t>(subscriber)].positions.emplace(channel, position);
}


void Record::received(int subscriber, const std::string& channel, const Position& position, const std::string& payload)
{
	const std::lock_guard<std::mutex> lock(_mutex);
	Event& event = add(subscriber, channel, Event::RECEIVED);
	event.position = position;
	event.text = payload;
	Subscriber& of = _subscribers[static_cast<std::size_t>(subscriber)];
	of.positions[channel] = position;
	++of.received;
}


void Record::lost(int subscriber, const std::string& channel, const Position& last, const Position& next)
{
	const std::lock_guard<std::mutex> lock(_mutex);
	Event& event = add(subscriber, channel, Event::LOST);
	event.last = last;
	event.position = next;
	_subscribers[static_cast<std::size_t>(subscriber)].positions[channel] = next;
}


void Record::dropped(int subscriber, const std::string& channel, Poco::UInt64 count)
{
	const std::lock_guard<std::mutex> lock(_mutex);
	add(subscriber, channel, Event::DROPPED).count = count;
}


void Record::presence(int subscriber, const std::string& channel, const std::string& member, bool joined)
{
	const std::lock_guard<std::mutex> lock(_mutex);
	add(subscriber, channel, joined ? Event::JOIN : Event::LEAVE).text = member;
}


void Record::wire(const std::string& what)
{
	const std::lock_guard<std::mutex> lock(_mutex);
	++_counted.wire;
	if (_counted.examples.size() < 4) _counted.examples.push_back(what);
}


bool Record::complete() const
{
	const std::lock_guard<std::mutex> lock(_mutex);
	for (const Subscriber& subscriber: _subscribers)
	{
		for (const auto& channel: _channels)
		{
			const auto it = subscriber.positions.find(channel.first);
			const Position& last = channel.second.last;
			if (it == subscriber.positions.end() || last.epoch == 0) continue;
			if (it->second.epoch != last.epoch || it->second.offset < last.offset) return false;
		}
	}
	return true;
}


std::string Record::membersDiffer(const std::string& channel, const std::set<std::string>& there, const std::function<bool(const std::string& subscriber)>& counts) const
{
	const std::lock_guard<std::mutex> lock(_mutex);
	for (const Subscriber& subscriber: _subscribers)
	{
		const auto log = subscriber.channels.find(channel);
		if (log == subscriber.channels.end() || !counts(subscriber.name)) continue;
		std::map<std::string, bool> told;
		for (const Event& event: log->second)
		{
			if (event.kind == Event::SUBSCRIBED) told.clear();
			if (event.kind == Event::JOIN || event.kind == Event::LEAVE) told[event.text] = event.kind == Event::JOIN;
		}
		for (const auto& member: told)
		{
			if (member.second != (there.count(member.first) > 0)) return subscriber.name + " was told last that " + member.first + (member.second ? " has come" : " has left");
		}
	}
	return std::string();
}


Poco::UInt64 Record::count(int subscriber) const
{
	const std::lock_guard<std::mutex> lock(_mutex);
	return _subscribers[static_cast<std::size_t>(subscriber)].received;
}


Poco::UInt64 Record::promises() const
{
	const std::lock_guard<std::mutex> lock(_mutex);
	return _promises;
}


Findings Record::check() const
{
	const std::lock_guard<std::mutex> lock(_mutex);
	return Checker(*this).findings;
}
