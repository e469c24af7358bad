//
// HubParams.cpp
//
// Library: PocoMessaging
// Package: Hub
// Module:  HubParams
//
// SPDX-License-Identifier: BSL-1.0
//


#include "Poco/Messaging/HubParams.h"
#include "core/ParamRange.h"
#include <chrono>
#include <climits>


namespace Poco {
namespace Messaging {
POCO_MESSAGING_BEGIN


namespace
{
	constexpr int MEBIBYTE = 1024*1024;
	const Poco::Timespan LONGEST(365, 0, 0, 0, 0);
}


HubParams::HubParams():
	_optionsOf([](const std::string&) { return ChannelOptions(); }),
	_maxChannels(128),
	_maxChannelLength(255),
	_maxPayload(64*1024),
	_maxRecovered(300),
	_maxRecoveredBytes(MEBIBYTE),
	_maxWaitingBytes(8*MEBIBYTE),
	_maxLags(3),
	_lagTime(60, 0),
	_leaveDelay(5, 0),
	_repeatInterval(2, 0),
	_maxAcks(100000),
	_clock(&HubParams::monotonic)
{
}


HubParams::~HubParams()
{
}


void HubParams::setOptionsOf(const OptionsOf& function)
{
	if (!function) throw Poco::InvalidArgumentException("OptionsOf is missing");
	_optionsOf = function;
}


const HubParams::OptionsOf& HubParams::getOptionsOf() const
{
	return _optionsOf;
}


void HubParams::setMaxChannels(int count)
{
	_maxChannels = inRange<int>(count, 1, 4096, "MaxChannels");
}


int HubParams::getMaxChannels() const
{
	return _maxChannels;
}


void HubParams::setMaxChannelLength(int length)
{
	_maxChannelLength = inRange<int>(length, 1, 4096, "MaxChannelLength");
}


int HubParams::getMaxChannelLength() const
{
	return _maxChannelLength;
}


void HubParams::setMaxPayload(int size)
{
	_maxPayload = inRange<int>(size, 1, 64*MEBIBYTE, "MaxPayload");
}


int HubParams::getMaxPayload() const
{
	return _maxPayload;
}


void HubParams::setMaxRecovered(int count)
{
	_maxRecovered = inRange<int>(count, 0, 65536, "MaxRecovered");
}


int HubParams::getMaxRecovered() const
{
	return _maxRecovered;
}


void HubParams::setMaxRecoveredBytes(int size)
{
	_maxRecoveredBytes = inRange<int>(size, 1, 1024*MEBIBYTE, "MaxRecoveredBytes");
}


int HubParams::getMaxRecoveredBytes() const
{
	return _maxRecoveredBytes;
}


void HubParams::setMaxWaitingBytes(int size)
{
	_maxWaitingBytes = inRange<int>(size, 1, 1024*MEBIBYTE, "MaxWaitingBytes");
}


int HubParams::getMaxWaitingBytes() const
{
	return _maxWaitingBytes;
}


void HubParams::setMaxLags(int count)
{
	_maxLags = inRange<int>(count, 1, 1000, "MaxLags");
}


int HubParams::getMaxLags() const
{
	return _maxLags;
}


void HubParams::setLagTime(const Poco::Timespan& time)
{
	_lagTime = inRange<Poco::Timespan>(time, 1, LONGEST, "LagTime");
}


Poco::Timespan HubParams::getLagTime() const
{
	return _lagTime;
}


void HubParams::setLeaveDelay(const Poco::Timespan& delay)
{
	_leaveDelay = inRange<Poco::Timespan>(delay, 0, Poco::Timespan(3600, 0), "LeaveDelay");
}


Poco::Timespan HubParams::getLeaveDelay() const
{
	return _leaveDelay;
}


void HubParams::setRepeatInterval(const Poco::Timespan& interval)
{
	_repeatInterval = inRange<Poco::Timespan>(interval, 1000, LONGEST, "RepeatInterval");
}


Poco::Timespan HubParams::getRepeatInterval() const
{
	return _repeatInterval;
}


void HubParams::setMaxAcks(int count)
{
	_maxAcks = inRange<int>(count, 1, INT_MAX, "MaxAcks");
}


int HubParams::getMaxAcks() const
{
	return _maxAcks;
}


void HubParams::setClock(const Clock& clock)
{
	if (!clock) throw Poco::InvalidArgumentException("Clock is missing");
	_clock = clock;
}


const Clock& HubParams::getClock() const
{
	return _clock;
}


Time HubParams::monotonic()
{
	return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now().time_since_epoch()).count();
}


POCO_MESSAGING_END
} } // namespace Poco::Messaging
