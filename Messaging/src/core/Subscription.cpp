//
// Subscription.cpp
//
// Library: PocoMessaging
// Package: Core
// Module:  Subscription
//
// SPDX-License-Identifier: BSL-1.0
//


#include "core/Subscription.h"
#include "core/Channel.h"


namespace Poco {
namespace Messaging {
POCO_MESSAGING_BEGIN


Subscription::Subscription(Session& session, Channel& channel):
	pConnection(&session.connection()),
	slot(static_cast<unsigned char>(session.encoder().slot())),
	behind(false),
	_references(1),
	_pSession(&session),
	_pChannel(&channel)
{
	session.duplicate();
	channel.duplicate();
}


Subscription::~Subscription()
{
	_pSession->release();
	_pChannel->release();
}


void Subscription::duplicate()
{
	_references.fetch_add(1, std::memory_order_relaxed);
}


void Subscription::release()
{
	if (_references.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
}


POCO_MESSAGING_END
} } // namespace Poco::Messaging
