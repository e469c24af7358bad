//
// NATSOrder.cpp
//
// Library: PocoMessagingNATS
// Package: NATS
// Module:  NATSOrder
//
// SPDX-License-Identifier: BSL-1.0
//


#include "NATSOrder.h"
#include <utility>


namespace Poco {
namespace Messaging {
POCO_MESSAGING_BEGIN


void NATSOrder::lose()
{
	_known = false;
}


void NATSOrder::clear()
{
	_waiting.clear();
	_bytes = 0;
}


bool NATSOrder::stands(const Position& position)
{
	_given = position;
	bool all = !std::exchange(_overflow, false);
	if (position.epoch != _epoch && !_waiting.empty())
	{
		clear(); // they are of an older stream, or of one that is newer still
		all = false;
	}
	while (!_waiting.empty() && _waiting.begin()->first <= position.offset)
	{
		_bytes -= _waiting.begin()->second->data().size();
		_waiting.erase(_waiting.begin());
	}
	_known = all;
	return all;
}


bool NATSOrder::add(const Position& position, std::unique_ptr<NATSMessage> pMessage, Time now)
{
	if (_known && position.epoch == _given.epoch && position.offset <= _given.offset) return true;
	if (position.epoch != _epoch) clear();
	_epoch = position.epoch;
	if (_waiting.size() >= MAX_WAITING || _bytes >= MAX_BYTES)
	{
		clear();
		_overflow = true;
	}
	if (_waiting.empty()) _since = now;
	const std::size_t size = pMessage->data().size();
	if (_waiting.emplace(position.offset, std::move(pMessage)).second) _bytes += size;
	if (_known && (_overflow || position.epoch != _given.epoch)) _known = false;
	return _known;
}


std::unique_ptr<NATSMessage> NATSOrder::next(Position& position, Time now)
{
	if (!_known || _waiting.empty() || _waiting.begin()->first != _given.offset + 1) return nullptr;
	auto pMessage = std::move(_waiting.begin()->second);
	_waiting.erase(_waiting.begin());
	_bytes -= pMessage->data().size();
	++_given.offset;
	_since = now;
	position = _given;
	return pMessage;
}


bool NATSOrder::late(Time now) const
{
	return !_waiting.empty() && now - _since >= WAIT_TIME;
}


POCO_MESSAGING_END
} } // namespace Poco::Messaging
