//
// Base64URL.cpp
//
// Library: PocoMessaging
// Package: Token
// Module:  Base64URL
//
// SPDX-License-Identifier: BSL-1.0
//


#include "token/Base64URL.h"


namespace Poco {
namespace Messaging {
POCO_MESSAGING_BEGIN


namespace
{
	int base64Value(char c)
	{
		if (c >= 'A' && c <= 'Z') return c - 'A';
		if (c >= 'a' && c <= 'z') return c - 'a' + 26;
		if (c >= '0' && c <= '9') return c - '0' + 52;
		if (c == '-') return 62;
		return c == '_' ? 63 : -1;
	}
}


bool Base64URL::decode(std::string_view text, std::string& result)
{
	result.clear();
	if (text.size() % 4 == 1) return false;
	result.reserve(text.size()/4*3 + 2);
	unsigned bits = 0;
	unsigned count = 0; // of bits that are no byte yet
	for (const char c: text)
	{
		const int value = base64Value(c);
		if (value < 0) return false;
		bits = (bits << 6 | static_cast<unsigned>(value)) & 0xffff;
		count += 6;
		if (count < 8) continue;
		count -= 8;
		result += static_cast<char>(bits >> count & 0xff);
	}
	return (bits & ((1u << count) - 1)) == 0;
}


POCO_MESSAGING_END
} } // namespace Poco::Messaging
