//
// Conversation.cpp
//
// SPDX-License-Identifier: BSL-1.0
//


#include "Conversation.h"
#include "Poco/Buffer.h"
#include <algorithm>
#include <stdexcept>


using Poco::Net::WebSocket;


namespace Interop {


namespace
{
	std::string describe(int opcode, const std::string& payload)
	{
		return "opcode " + std::to_string(opcode) + ", " + std::to_string(payload.size()) + " bytes beginning with \"" + payload.substr(0, 40) + '"';
	}
}


int Message::closeCode() const
{
	if (payload.size() < 2) return WebSocket::WS_RESERVED_NO_STATUS_CODE;
	return static_cast<unsigned char>(payload[0])*256 + static_cast<unsigned char>(payload[1]);
}


std::string Message::closeReason() const
{
	return payload.size() < 2 ? std::string() : payload.substr(2);
}


Peer::Peer(WebSocket& ws):
	_ws(ws)
{
	_ws.setReceiveTimeout(Poco::Timespan(DEADLINE_S, 0));
	_ws.setSendTimeout(Poco::Timespan(DEADLINE_S, 0));
}


Message Peer::receive()
{
	Message message;
	Poco::Buffer<char> frame(0);
	for (;;)
	{
		int flags = 0;
		frame.resize(0);
		const int n = _ws.receiveFrame(frame, flags);
		check(n > 0 || flags != 0, "the other side has not gone without a Close frame");
		const int opcode = flags & WebSocket::FRAME_OP_BITMASK;
		const std::string payload(frame.begin(), frame.size());
		switch (opcode)
		{
		case WebSocket::FRAME_OP_PING:
			send(WebSocket::FRAME_OP_PONG, payload);
			continue;
		case WebSocket::FRAME_OP_PONG:
		case WebSocket::FRAME_OP_CLOSE:
			return {opcode, payload};
		case WebSocket::FRAME_OP_CONT:
			break;
		default:
			message.opcode = opcode;
		}
		message.payload += payload;
		if (flags & WebSocket::FRAME_FLAG_FIN) return message;
	}
}


void Peer::send(int opcode, const std::string& payload)
{
	_ws.sendFrame(payload.data(), static_cast<int>(payload.size()), WebSocket::FRAME_FLAG_FIN | opcode);
}


void Peer::sendFragments(int opcode, const std::string& payload, std::size_t length)
{
	for (std::size_t offset = 0; offset < payload.size(); offset += length)
	{
		const std::size_t n = std::min(length, payload.size() - offset);
		const int fin = offset + n == payload.size() ? int(WebSocket::FRAME_FLAG_FIN) : 0;
		_ws.sendFrame(payload.data() + offset, static_cast<int>(n), fin | (offset == 0 ? opcode : int(WebSocket::FRAME_OP_CONT)));
		if (offset == 0) send(WebSocket::FRAME_OP_PING, "between fragments");
	}
}


void Peer::expectMessage(int opcode, const std::string& payload)
{
	const Message message = receive();
	check(message.opcode == opcode && message.payload == payload,
		describe(opcode, payload) + " received; it was " + describe(message.opcode, message.payload));
}


void Peer::expectPong(const std::string& payload)
{
	expectMessage(WebSocket::FRAME_OP_PONG, payload);
}


void Peer::close(int code, const std::string& reason)
{
	_ws.shutdown(static_cast<Poco::UInt16>(code), reason);
	const Message message = receive();
	check(message.opcode == WebSocket::FRAME_OP_CLOSE, "a Close frame received; it was " + describe(message.opcode, message.payload));
	check(message.closeCode() == code, "Close answered with code " + std::to_string(code) + "; it was " + std::to_string(message.closeCode()));
}


void Peer::expectClose(int code, const std::string& reason)
{
	const Message message = receive();
	check(message.opcode == WebSocket::FRAME_OP_CLOSE, "a Close frame received; it was " + describe(message.opcode, message.payload));
	check(message.closeCode() == code && message.closeReason() == reason,
		"Close " + std::to_string(code) + ' ' + reason + " received; it was " + std::to_string(message.closeCode()) + ' ' + message.closeReason());
	_ws.shutdown(static_cast<Poco::UInt16>(code));
}


std::string pattern(std::size_t length)
{
	std::string result(length, '\0');
	for (std::size_t i = 0; i < length; ++i) result[i] = static_cast<char>(i*7 + i/256);
	return result;
}


void check(bool condition, const std::string& what)
{
	if (!condition) throw std::runtime_error("not so: " + what);
}


} // namespace Interop
