//
// Receiver.h
//
// Library: PocoWebSocket
// Package: Blocking
// Module:  WebSocketReceiver
//
// Frames, messages and parts of messages, as the blocking shell receives them.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketReceiver_INCLUDED
#define Net_WebSocketReceiver_INCLUDED


#include "blocking/Reader.h"
#include "blocking/Sender.h"
#include "core/MessageParser.h"
#include "core/Framer.h"
#include "Poco/Event.h"
#include "Poco/Timespan.h"
#include <functional>
#include <string>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


class WebSocketReceiver
	/// Receives frames, messages or parts of messages. See WebSocket for what each call
	/// does; instead of throwing a WebSocketException, they return WebSocketReader::FAILED.
{
public:
	using PongHandler = std::function<void(const std::string& payload)>;

	WebSocketReceiver(WebSocketReader& reader, WebSocketFramer& framer, WebSocketSender& sender);

	int receiveFrame(char* pBuffer, std::size_t length, std::size_t maxLength, int& flags);
	int receiveFrame(Poco::Buffer<char>& buffer, std::size_t maxLength, int& flags);
	int receiveMessage(Poco::Buffer<char>& message, WebSocketFrame::Opcode& opcode);
	int receiveMessage(std::string& message, WebSocketFrame::Opcode& opcode);
	int receivePart(char* pBuffer, std::size_t length, int& flags);

	int skipToClose(const WebSocketDeadline& limit);
		/// Receives and forgets what comes, until the peer's Close or the end of the stream (END).
		/// Returns AGAIN if another thread is receiving. Throws a TimeoutException if the time is over.

	bool waitForEnd(const Poco::Timespan& timeout);
		/// Waits until a thread that is receiving has seen the peer's Close, or the end of the stream. Returns false after the timeout.

	void settle();
		/// Removes what was delivered from the kernel, unless a thread is receiving.

	void setPongHandler(const PongHandler& handler);
		/// To be called before anything is received.

	WebSocketAssembler& assembler();

private:
	int receiveFrame(WebSocketPayloadSink& target, std::size_t maxLength, int& flags);
	int readFrame(WebSocketPayloadSink& target, std::size_t maxLength, int& flags);
	int receiveMessage(WebSocketPayloadSink& target, WebSocketFrame::Opcode& opcode);
	int readMessage(WebSocketPayloadSink& target, WebSocketFrame::Opcode& opcode);
	int readPart(char* pBuffer, std::size_t length, int& flags);
	int skip();
	int skipNow(WebSocketPayloadSink& target, int& flags);
	int skipNow(WebSocketPayloadSink& target, WebSocketFrame::Opcode& opcode);
	void leave(WebSocketPayloadSink& target);
	bool handleControl();
	int skipControl();
	int deliver(int result);
	void beginMessages(bool parts);
	bool inMessage();

	WebSocketReader& _reader;
	WebSocketFramer& _framer;
	WebSocketSender& _sender;
	WebSocketMessageParser _parser;
	bool _throughParser;    // what is being received is received as messages, not as frames
	bool _messageComplete;  // the parser has one that is not delivered yet
	bool _skipping;         // close() has begun to skip what comes before the peer's Close
	std::size_t _delivered; // of the parser's part, if that is not all
	PongHandler _pongHandler;
	Poco::Event _end;
};


//
// inlines
//
inline WebSocketAssembler& WebSocketReceiver::assembler()
{
	return _parser.assembler();
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketReceiver_INCLUDED
