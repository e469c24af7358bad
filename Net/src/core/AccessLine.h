//
// AccessLine.h
//
// Library: PocoWebSocket
// Package: Core
// Module:  WebSocketAccessLine
//
// A line of the access log.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketAccessLine_INCLUDED
#define Net_WebSocketAccessLine_INCLUDED


#include "Poco/Net/WebSocketConfig.h"
#include "Poco/Types.h"
#include <string>
#include <string_view>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


struct WebSocketAccessLine
	/// What the access log tells of a connection that has ended or was refused: one line, whatever the peer has sent.
	///
	///     address=192.0.2.1:4711 path="/chat" status=101 duration=12.345 in=1234 out=5678 messages_in=3 messages_out=4 close=1000 by=peer
	///     address=192.0.2.1:4711 path="/chat" status=403 duration=0.002 in=180 out=95 refused=origin
{
	enum
	{
		MAX_PATH = 512 /// Bytes of the path that are shown. "..." behind the quotation mark says that there were more.
	};

	std::string format() const;

	static std::string quoted(std::string_view text);
		/// Returns text in quotation marks. Quotation marks and backslashes in it have a backslash before them, bytes that are not printable
		/// ASCII are \xHH.

	std::string address;
	std::string path;
	int status = 0;
	Poco::Int64 milliseconds = 0;
	Poco::UInt64 bytesReceived = 0;
	Poco::UInt64 bytesSent = 0;
	Poco::UInt64 messagesReceived = 0;
	Poco::UInt64 messagesSent = 0;
	int closeCode = 0;              /// Of the first Close frame.
	const char* pClosedBy = "";     /// Who has sent it.
	const char* pRefused = nullptr; /// Why it was refused; null if it was not.
};


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketAccessLine_INCLUDED
