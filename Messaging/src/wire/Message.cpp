//
// Message.cpp
//
// Library: PocoMessaging
// Package: Wire
// Module:  Message
//
// SPDX-License-Identifier: BSL-1.0
//


#include "Poco/Messaging/Message.h"


namespace Poco {
namespace Messaging {
POCO_MESSAGING_BEGIN


const char* toString(ErrorCode code)
{
	static const char* const NAMES[] =
	{
		"NONE", "MALFORMED", "OPCODE", "NOT_CONNECTED", "CONNECTED", "TOKEN", "FORBIDDEN", "CHANNEL_NAME", "TOO_LARGE", "TOO_MANY", "NOT_SUBSCRIBED",
		"BUSY", "UNAVAILABLE", "NO_HISTORY", "TIMED_OUT", "NOBODY", "QUOTA", "INTERNAL", "CONNECTION_LOST", "STOPPED"
	};
	const auto number = static_cast<std::size_t>(code);
	if (number < sizeof(NAMES)/sizeof(NAMES[0])) return NAMES[number];
	return code >= ErrorCode::APPLICATION ? "APPLICATION" : "?";
}


//
// MessageFormat
//
const MessageFormat* MessageFormat::find(std::string_view subprotocol)
{
	for (const MessageFormat* pFormat: {&binary(), &json()})
	{
		if (subprotocol == pFormat->subprotocol()) return pFormat;
	}
	return nullptr;
}


std::string MessageFormat::write(const Message& message) const
{
	std::string bytes;
	write(message, bytes);
	return bytes;
}


POCO_MESSAGING_END
} } // namespace Poco::Messaging
