//
// AccessLine.cpp
//
// Library: PocoWebSocket
// Package: Core
// Module:  WebSocketAccessLine
//
// SPDX-License-Identifier: BSL-1.0
//


#include "core/AccessLine.h"
#include <algorithm>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


std::string WebSocketAccessLine::format() const
{
	std::string line;
	line.reserve(256);
	const auto put = [&line](const char* pName, Poco::UInt64 number)
	{
		line.append(1, ' ').append(pName).append(1, '=').append(std::to_string(number));
	};
	line.append("address=").append(address.empty() ? "-" : address.c_str());
	line.append(" path=").append(quoted(std::string_view(path).substr(0, MAX_PATH)));
	if (path.size() > MAX_PATH) line.append("...");
	put("status", static_cast<Poco::UInt64>(status));
	const Poco::UInt64 time = static_cast<Poco::UInt64>(std::max<Poco::Int64>(0, milliseconds)); // the clock may have been set
	put("duration", time/1000);
	line.append(1, '.').append(std::to_string(1000 + time%1000), 1, 3);
	put("in", bytesReceived);
	put("out", bytesSent);
	if (pRefused) return line.append(" refused=").append(pRefused);
	put("messages_in", messagesReceived);
	put("messages_out", messagesSent);
	put("close", static_cast<Poco::UInt64>(closeCode));
	return line.append(" by=").append(pClosedBy);
}


std::string WebSocketAccessLine::quoted(std::string_view text)
{
	static constexpr char DIGITS[] = "0123456789abcdef";
	std::string result(1, '"');
	for (const char c: text)
	{
		const unsigned code = static_cast<unsigned char>(c);
		if (code < 0x20 || code > 0x7e)
		{
			result.append("\\x").append(1, DIGITS[code >> 4]).append(1, DIGITS[code & 15]);
			continue;
		}
		if (c == '"' || c == '\\') result += '\\';
		result += c;
	}
	return result.append(1, '"');
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
