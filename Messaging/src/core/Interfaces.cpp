//
// Interfaces.cpp
//
// Library: PocoMessaging
// Package: Core
// Module:  Interfaces
//
// SPDX-License-Identifier: BSL-1.0
//


#include "Poco/Messaging/Backplane.h"
#include "Poco/Messaging/Connection.h"
#include "Poco/Messaging/Encoder.h"
#include "Poco/Messaging/Publication.h"
#include "Poco/Exception.h"


namespace Poco {
namespace Messaging {
POCO_MESSAGING_BEGIN


const char* toString(Error error)
{
	static const char* const NAMES[] =
	{
		"NONE", "DETACHED", "CHANNEL_NAME", "TOO_LARGE", "TOO_MANY", "NOT_SUBSCRIBED", "BUSY", "UNAVAILABLE", "NO_HISTORY", "TIMED_OUT"
	};
	return NAMES[static_cast<int>(error)];
}


//
// Publication
//
Publication::Publication():
	_encoded()
{
}


Publication::~Publication()
{
	for (auto& pEncoded: _encoded)
	{
		if (auto* const p = pEncoded.load(std::memory_order_acquire)) p->release();
	}
}


Prepared Publication::encoded(const std::string& channel, const Encoder& encoder) const
{
	auto& place = _encoded[encoder.slot()];
	if (auto* const p = place.load(std::memory_order_acquire)) return Prepared(p, true);
	Prepared pPrepared = encoder.publication(channel, *this);
	Poco::Net::WebSocketPreparedMessage* pOther = nullptr;
	if (place.compare_exchange_strong(pOther, pPrepared.get(), std::memory_order_acq_rel)) pPrepared->duplicate();
	else pPrepared = Prepared(pOther, true);
	return pPrepared;
}


std::size_t Publication::size() const
{
	return sizeof(Publication) + data.size() + transaction.size() + sender.size();
}


//
// Connection, Carrier
//
Connection::~Connection()
{
}


Carrier::~Carrier()
{
}


void Carrier::send(const Prepared& pMessage, Connection* const* ppConnections, std::size_t count, Connection::Result* pResults)
{
	for (std::size_t i = 0; i < count; ++i) pResults[i] = ppConnections[i]->send(pMessage);
}


//
// Encoder
//
Encoder::Encoder(unsigned slot):
	_slot(slot)
{
	if (slot >= Publication::SLOTS) throw Poco::InvalidArgumentException("Encoder's slot");
}


Encoder::~Encoder()
{
}


unsigned Encoder::slot() const
{
	return _slot;
}


//
// Receipt
//
Receipt::Receipt(const PublishDone& done):
	_done(done)
{
	_result.error = Error::UNAVAILABLE; // until there is an answer
}


Receipt::~Receipt()
{
	try
	{
		_done(_result);
	}
	catch (...) // the program's own: there is nobody to tell
	{
	}
}


void Receipt::answer(Error error, const Position& position, bool duplicate)
{
	_result.error = error;
	_result.position = position;
	_result.duplicate = duplicate;
}


void Receipt::deliver(const Delivery& delivery)
{
	_result.local = delivery;
}


//
// Backplane
//
BackplaneSink::~BackplaneSink()
{
}


Backplane::~Backplane()
{
}


POCO_MESSAGING_END
} } // namespace Poco::Messaging
