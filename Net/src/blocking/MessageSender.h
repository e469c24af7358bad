//
// MessageSender.h
//
// Library: PocoWebSocket
// Package: Blocking
// Module:  WebSocketMessageSender
//
// Messages, as the blocking shell sends them.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketMessageSender_INCLUDED
#define Net_WebSocketMessageSender_INCLUDED


#include "blocking/Sender.h"
#include "core/Framer.h"
#include "core/MessageWriter.h"
#include "Poco/Mutex.h"
#include <istream>
#include <memory>
#include <string>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


class WebSocketMessageSender
	/// Sends whole messages, in one frame or several, compressed or not. Messages
	/// of several threads follow each other; control frames may come between.
{
public:
	WebSocketMessageSender(WebSocketTransport& transport, WebSocketFramer& framer, WebSocketSender& sender);

	void configure(const WebSocketParams& params, const WebSocketDeflateParams* pDeflate);
		/// See WebSocketMessageWriter::configure().

	int send(const char* pMessage, int length, int opcode, int fragmentSize);
	int sendUncompressed(const char* pMessage, int length, int opcode, int fragmentSize);
	std::streamsize send(std::istream& istr, int opcode, int fragmentSize, bool compress);
	int sendPart(const char* pPart, int length, int opcode, bool last, bool compress);
		/// See WebSocket::sendMessage() and sendPart().

private:
	int sendWhole(const char* pMessage, int length, int opcode, int fragmentSize, bool compress);
	void checkBlocking() const;
	void checkText(const char* pData, std::size_t length, bool last);
	void sendFragment(const char* pData, std::size_t length, bool last);

	WebSocketTransport& _transport;
	WebSocketFramer& _framer;
	WebSocketSender& _sender;
	Poco::FastMutex _mutex;
	WebSocketMessageWriter _writer;
	std::string _compressed;
};


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketMessageSender_INCLUDED
