//
// Hub.cpp
//
// Library: PocoMessaging
// Package: Hub
// Module:  Hub
//
// SPDX-License-Identifier: BSL-1.0
//


#include "Poco/Messaging/Hub.h"
#include "hub/HubCore.h"
#include "Poco/Exception.h"


namespace Poco {
namespace Messaging {
POCO_MESSAGING_BEGIN


namespace
{
	Session& deref(const Session::Ptr& pSession)
	{
		if (!pSession) throw Poco::InvalidArgumentException("There is no session");
		return const_cast<Session&>(*pSession);
	}

	Control message(Control::Kind kind, const std::string& target, const std::string& data, const std::string& sender, const TraceContext& trace = TraceContext())
	{
		Control control;
		control.kind = kind;
		control.target = target;
		control.message.data = data;
		control.message.sender = sender;
		control.message.trace = trace;
		return control;
	}

	Control disconnection(Control::Kind kind, const std::string& target, int code, const std::string& reason)
	{
		Control control;
		control.kind = kind;
		control.target = target;
		control.code = code;
		control.reason = reason;
		return control;
	}
}


Hub::Hub(const Backplane::Ptr& pBackplane, const HubParams::Ptr& pParams, const std::shared_ptr<Carrier>& pCarrier)
{
	if (!pBackplane) throw Poco::InvalidArgumentException("There is no backplane");
	if (!pParams) throw Poco::InvalidArgumentException("There are no parameters");
	_pCore = std::make_shared<HubCore>(pBackplane, pParams, pCarrier);
	_pCore->start();
}


Hub::~Hub()
{
	_pCore->stop();
}


Session::Ptr Hub::attach(const Connection::Ptr& pConnection, const Encoder::Ptr& pEncoder, const std::string& user, const std::string& info)
{
	return _pCore->attach(pConnection, pEncoder, user, info);
}


void Hub::detach(const Session::Ptr& pSession)
{
	_pCore->detach(deref(pSession));
}


void Hub::drained(const Session::Ptr& pSession)
{
	_pCore->drained(deref(pSession));
}


void Hub::subscribe(const Session::Ptr& pSession, const std::string& channel, const SubscribeDone& done)
{
	_pCore->subscribe(deref(pSession), channel, false, Position(), done);
}


void Hub::subscribe(const Session::Ptr& pSession, const std::string& channel, const Position& since, const SubscribeDone& done)
{
	_pCore->subscribe(deref(pSession), channel, true, since, done);
}


void Hub::unsubscribe(const Session::Ptr& pSession, const std::string& channel, const Done& done, bool notify)
{
	_pCore->unsubscribe(deref(pSession), channel, done, notify);
}


void Hub::publish(const std::string& channel, const std::string& data, const PublishDone& done)
{
	_pCore->publish(channel, data, PublishOptions(), done);
}


void Hub::publish(const std::string& channel, const std::string& data, const PublishOptions& options, const PublishDone& done)
{
	_pCore->publish(channel, data, options, done);
}


void Hub::history(const std::string& channel, const HistoryQuery& query, const HistoryDone& done)
{
	_pCore->history(channel, query, done);
}


void Hub::presence(const std::string& channel, const PresenceDone& done)
{
	_pCore->presence(channel, done);
}


Hub::SendResult Hub::send(const std::string& session, const std::string& data, const std::string& sender, const TraceContext& trace)
{
	Control control = message(Control::TO_SESSION, session, data, sender, trace);
	return _pCore->pass(control);
}


Hub::SendResult Hub::sendToUser(const std::string& user, const std::string& data, const std::string& sender, const TraceContext& trace)
{
	Control control = message(Control::TO_USER, user, data, sender, trace);
	return _pCore->pass(control);
}


Hub::SendResult Hub::broadcast(const std::string& data, const std::string& sender, const TraceContext& trace)
{
	Control control = message(Control::TO_ALL, "", data, sender, trace);
	return _pCore->pass(control);
}


void Hub::sendAcknowledged(To to, const std::string& target, const std::string& data, const std::string& sender, const Poco::Timespan& timeout, const Done& done)
{
	Control control = message(to == To::USER ? Control::TO_USER : Control::TO_SESSION, target, data, sender);
	_pCore->sendAcknowledged(control, timeout, done);
}


void Hub::acknowledge(Poco::UInt32 ackNode, Poco::UInt64 ackId)
{
	_pCore->acknowledge(ackNode, ackId);
}


Hub::SendResult Hub::disconnect(const std::string& session, int code, const std::string& reason)
{
	Control control = disconnection(Control::DISCONNECT_SESSION, session, code, reason);
	return _pCore->pass(control);
}


Hub::SendResult Hub::disconnectUser(const std::string& user, int code, const std::string& reason)
{
	Control control = disconnection(Control::DISCONNECT_USER, user, code, reason);
	return _pCore->pass(control);
}


Session::Ptr Hub::session(const std::string& id) const
{
	return _pCore->session(id);
}


Poco::UInt32 Hub::node() const
{
	return _pCore->backplane().node();
}


Hub::Metrics Hub::metrics() const
{
	return _pCore->metrics();
}


std::vector<Hub::ChannelMetrics> Hub::topChannels(std::size_t count, Top by) const
{
	return _pCore->topChannels(count, by);
}


bool Hub::healthy() const
{
	return _pCore->backplane().up();
}


void Hub::tick()
{
	_pCore->tick();
}


const HubParams& Hub::params() const
{
	return _pCore->params();
}


POCO_MESSAGING_END
} } // namespace Poco::Messaging
