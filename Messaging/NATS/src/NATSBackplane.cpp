//
// NATSBackplane.cpp
//
// Library: PocoMessagingNATS
// Package: NATS
// Module:  NATSBackplane
//
// SPDX-License-Identifier: BSL-1.0
//


#include "Poco/Messaging/NATSBackplane.h"
#include "NATSEngine.h"
#include "Poco/Exception.h"


namespace Poco {
namespace Messaging {
POCO_MESSAGING_BEGIN


namespace
{
	const NATSBackplaneParams::Ptr& given(const NATSBackplaneParams::Ptr& pParams)
	{
		if (!pParams) throw Poco::InvalidArgumentException("A NATSBackplane needs parameters");
		return pParams;
	}

	bool offered(const ChannelOptions& options)
	{
		return !options.presence;
	}
}


NATSBackplane::NATSBackplane(const std::string& url):
	NATSBackplane(NATSBackplaneParams::Ptr(new NATSBackplaneParams(url)))
{
}


NATSBackplane::NATSBackplane(const NATSBackplaneParams::Ptr& pParams):
	_pEngine(std::make_shared<NATSEngine>(given(pParams)))
{
}


NATSBackplane::~NATSBackplane()
{
	_pEngine->stop();
}


void NATSBackplane::start(const std::shared_ptr<BackplaneSink>& pSink)
{
	_pEngine->start(pSink);
}


void NATSBackplane::stop()
{
	_pEngine->stop();
}


Poco::UInt32 NATSBackplane::node() const
{
	return _pEngine->node();
}


bool NATSBackplane::up() const
{
	return _pEngine->up();
}


void NATSBackplane::subscribe(const std::string& channel, const ChannelOptions& options, const Positioned& done)
{
	if (offered(options)) _pEngine->subscribe(channel, options, done);
	else done(Error::NO_HISTORY, Position());
}


void NATSBackplane::unsubscribe(const std::string& channel)
{
	_pEngine->unsubscribe(channel);
}


void NATSBackplane::publish(const std::string& channel, const ChannelOptions& options, const Publication::Ptr& pPublication, const Receipt::Ptr& pReceipt)
{
	if (offered(options)) _pEngine->publish(channel, options, *pPublication, pReceipt);
	else if (pReceipt) Receipt::Ptr(pReceipt)->answer(Error::NO_HISTORY, Position(), false);
}


void NATSBackplane::history(const std::string& channel, const ChannelOptions& options, const HistoryQuery& query, const HistoryDone& done)
{
	HistoryResult result;
	result.error = Error::NO_HISTORY;
	if (offered(options) && options.history()) _pEngine->history(channel, options, query, done);
	else done(result);
}


void NATSBackplane::enter(const std::string&, const Member&)
{
}


void NATSBackplane::leave(const std::string&, const std::string&)
{
}


void NATSBackplane::presence(const std::string&, const PresenceDone& done)
{
	PresenceResult result;
	result.error = Error::NO_HISTORY;
	done(result);
}


Error NATSBackplane::control(Poco::UInt32 node, const Control& control)
{
	return _pEngine->control(node, control);
}


void NATSBackplane::tick()
{
	_pEngine->tick();
}


NATSBackplane::Metrics NATSBackplane::metrics() const
{
	return _pEngine->metrics();
}


std::vector<Poco::Net::WebSocketMonitor::Metric> NATSBackplane::monitored() const
{
	const Metrics now = metrics();
	return
	{
		{"messaging_nats_connected", "Whether there is a connection to a server.", false, now.connected ? 1u : 0u},
		{"messaging_nats_history", "Whether the server has JetStream, which keeps histories.", false, now.history ? 1u : 0u},
		{"messaging_nats_nodes", "Other nodes that are there.", false, now.nodes},
		{"messaging_nats_waiting_bytes", "Bytes that wait for the server.", false, now.waitingBytes},
		{"messaging_nats_reconnects", "Connections that were made again.", true, now.reconnects},
		{"messaging_nats_published", "Publications of this node that a server has taken.", true, now.published},
		{"messaging_nats_refused", "Those that were answered with an error.", true, now.refused},
		{"messaging_nats_received", "Publications that have come from the server.", true, now.received},
		{"messaging_nats_dropped", "Messages that have come, and did not fit.", true, now.dropped},
		{"messaging_nats_foreign", "What other programs have written where nodes write.", true, now.foreign},
		{"messaging_nats_removed_streams", "Streams that nobody has used any more, and this node has removed.", true, now.removed}
	};
}


POCO_MESSAGING_END
} } // namespace Poco::Messaging
