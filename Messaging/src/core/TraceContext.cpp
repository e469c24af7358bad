//
// TraceContext.cpp
//
// Library: PocoMessaging
// Package: Messaging
// Module:  TraceContext
//
// SPDX-License-Identifier: BSL-1.0
//


#include "Poco/Messaging/TraceContext.h"


namespace Poco {
namespace Messaging {
POCO_MESSAGING_BEGIN


namespace
{
	bool hexadecimal(std::string_view text, Poco::UInt64& value)
		/// W3C Trace Context, 3.2.1: lower case only.
	{
		value = 0;
		for (const char c: text)
		{
			value <<= 4;
			if (c >= '0' && c <= '9') value |= static_cast<Poco::UInt64>(c - '0');
			else if (c >= 'a' && c <= 'f') value |= static_cast<Poco::UInt64>(c - 'a' + 10);
			else return false;
		}
		return true;
	}

	void append(std::string& text, Poco::UInt64 value)
	{
		for (int shift = 60; shift >= 0; shift -= 4) text += "0123456789abcdef"[value >> shift & 15];
	}
}


TraceContext TraceContext::parse(std::string_view traceparent)
{
	constexpr std::size_t LENGTH = 55; // of version 00: 2-32-16-2
	Poco::UInt64 version = 0;
	Poco::UInt64 flags = 0;
	TraceContext trace;
	if (traceparent.size() < LENGTH || traceparent[2] != '-' || traceparent[35] != '-' || traceparent[52] != '-') return TraceContext();
	if (!hexadecimal(traceparent.substr(0, 2), version) || version == 255) return TraceContext();
	if (traceparent.size() > LENGTH && (version == 0 || traceparent[LENGTH] != '-')) return TraceContext(); // later versions may have more behind it
	if (!hexadecimal(traceparent.substr(3, 16), trace.traceHigh) || !hexadecimal(traceparent.substr(19, 16), trace.traceLow)) return TraceContext();
	if (!hexadecimal(traceparent.substr(36, 16), trace.span) || !hexadecimal(traceparent.substr(53, 2), flags)) return TraceContext();
	return trace.valid() ? trace : TraceContext();
}


std::string TraceContext::traceparent() const
{
	std::string text;
	if (!valid()) return text;
	text = "00-";
	append(text, traceHigh);
	append(text, traceLow);
	text += '-';
	append(text, span);
	text += "-01";
	return text;
}


POCO_MESSAGING_END
} } // namespace Poco::Messaging
