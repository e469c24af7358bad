//
// TraceContext.h
//
// Library: PocoMessaging
// Package: Messaging
// Module:  TraceContext
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Messaging_TraceContext_INCLUDED
#define Messaging_TraceContext_INCLUDED


#include "Poco/Messaging/Config.h"
#include "Poco/Types.h"
#include <string>
#include <string_view>


namespace Poco {
namespace Messaging {
POCO_MESSAGING_BEGIN


struct TraceContext
	/// Where a message stands in a trace: W3C Trace Context, level 1. All 0: in none.
{
	Poco::UInt64 traceHigh = 0; /// The trace's id, the first 8 bytes.
	Poco::UInt64 traceLow = 0;  /// The others.
	Poco::UInt64 span = 0;      /// The id of what has sent the message.
	Poco::UInt64 parent = 0;    /// The id of what has caused that; 0: not known.

	bool valid() const
		/// Returns true if there is a trace and a span.
	{
		return (traceHigh | traceLow) != 0 && span != 0;
	}

	Messaging_API static TraceContext parse(std::string_view traceparent);
		/// Reads a traceparent header field (W3C Trace Context, 3.2). Returns none if it is not valid.

	Messaging_API std::string traceparent() const;
		/// Returns the header field; empty if it is not valid.
};


POCO_MESSAGING_END
} } // namespace Poco::Messaging


#endif // Messaging_TraceContext_INCLUDED
