//
// MemoryBackplane.cpp
//
// Library: PocoMessaging
// Package: Hub
// Module:  MemoryBackplane
//
// SPDX-License-Identifier: BSL-1.0
//


#include "Poco/Messaging/MemoryBackplane.h"
#include "Poco/Messaging/HubParams.h"
#include "hub/MemoryEngine.h"


namespace Poco {
namespace Messaging {
POCO_MESSAGING_BEGIN


MemoryBackplane::MemoryBackplane(const Clock& clock):
	_pEngine(std::make_shared<MemoryEngine>(clock)),
	_node(_pEngine->addNode())
{
}


MemoryBackplane::MemoryBackplane():
	MemoryBackplane(Clock(&HubParams::monotonic))
{
}


MemoryBackplane::MemoryBackplane(MemoryBackplane& other):
	_pEngine(other._pEngine),
	_node(_pEngine->addNode())
{
}


MemoryBackplane::~MemoryBackplane()
{
	_pEngine->stop(_node);
}


void MemoryBackplane::start(const std::shared_ptr<BackplaneSink>& pSink)
{
	_pEngine->start(_node, pSink);
}


void MemoryBackplane::stop()
{
	_pEngine->stop(_node);
}


Poco::UInt32 MemoryBackplane::node() const
{
	return _node;
}


bool MemoryBackplane::up() const
{
	return true;
}


void MemoryBackplane::subscribe(const std::string& channel, const ChannelOptions& options, const Positioned& done)
{
	done(Error::NONE, _pEngine->subscribe(_node, channel, options));
}


void MemoryBackplane::unsubscribe(const std::string& channel)
{
	_pEngine->unsubscribe(_node, channel);
}


void MemoryBackplane::publish(const std::string& channel, const ChannelOptions& options, const Publication::Ptr& pPublication, const Receipt::Ptr& pReceipt)
{
	_pEngine->publish(_node, channel, options, pPublication, pReceipt);
}


void MemoryBackplane::history(const std::string& channel, const ChannelOptions& options, const HistoryQuery& query, const HistoryDone& done)
{
	done(_pEngine->history(channel, options, query));
}


void MemoryBackplane::enter(const std::string& channel, const Member& member)
{
	_pEngine->enter(_node, channel, member);
}


void MemoryBackplane::leave(const std::string& channel, const std::string& member)
{
	_pEngine->leave(_node, channel, member);
}


void MemoryBackplane::presence(const std::string& channel, const PresenceDone& done)
{
	PresenceResult result;
	result.members = _pEngine->presence(channel);
	done(result);
}


Error MemoryBackplane::control(Poco::UInt32 node, const Control& control)
{
	return _pEngine->control(_node, node, control);
}


void MemoryBackplane::tick()
{
	_pEngine->tick();
}


POCO_MESSAGING_END
} } // namespace Poco::Messaging
