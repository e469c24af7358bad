//
// UTF8.h
//
// Library: PocoMessaging
// Package: Wire
// Module:  UTF8
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Messaging_UTF8_INCLUDED
#define Messaging_UTF8_INCLUDED


#include "Poco/Messaging/Config.h"
#include "Poco/UTF8Encoding.h"
#include <string_view>


namespace Poco {
namespace Messaging {
POCO_MESSAGING_BEGIN


inline bool isUTF8(std::string_view text)
{
	const auto* p = reinterpret_cast<const unsigned char*>(text.data());
	const auto* const pEnd = p + text.size();
	while (p < pEnd)
	{
		int length = 1;
		if (*p >= 0x80)
		{
			length = *p >= 0xF0 ? 4 : *p >= 0xE0 ? 3 : 2;
			if (pEnd - p < length || !Poco::UTF8Encoding::isLegal(p, length)) return false;
		}
		p += length;
	}
	return true;
}


POCO_MESSAGING_END
} } // namespace Poco::Messaging


#endif // Messaging_UTF8_INCLUDED
