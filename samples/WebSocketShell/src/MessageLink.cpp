//
// MessageLink.cpp
//
// SPDX-License-Identifier: BSL-1.0
//


#include "MessageLink.h"
#include "Poco/Exception.h"


using Poco::Net::WebSocket;
using Poco::Net::WebSocketFrame;


namespace
{
	const Poco::Timespan RECEIVE_PATIENCE(0, 20000);
		// for the rest of a message that has begun to come

	const std::chrono::milliseconds SEND_PATIENCE(20);
		// most messages are sent by then
}


MessageLink::MessageLink(const WebSocket& ws):
	_ws(ws)
{
	_ws.setReceiveTimeout(RECEIVE_PATIENCE);
	_ws.setPongHandler([this](const std::string& payload)
		{
			_received.push_back({WebSocket::FRAME_FLAG_FIN | WebSocket::FRAME_OP_PONG, payload});
		});
}


MessageLink::~MessageLink()
{
	if (!_sending.valid()) return;
	try
	{
		_ws.impl()->shutdown(); // wakes the thread, for which _sending's destructor waits
	}
	catch (Poco::Exception&)
	{
		// it has ended already
	}
}


bool MessageLink::receive(Frame& frame)
{
	if (_received.empty()) fetch();
	if (_received.empty()) return false;
	frame = std::move(_received.front());
	_received.pop_front();
	return true;
}


void MessageLink::fetch()
{
	if (!_ws.poll(Poco::Timespan(), WebSocket::SELECT_READ)) return;
	Frame frame = {0, std::string()};
	WebSocketFrame::Opcode opcode;
	bool received = false;
	try
	{
		received = _ws.receiveMessage(frame.payload, opcode);
	}
	catch (Poco::TimeoutException&)
	{
		return; // more of it has to come
	}
	if (received)
		frame.flags = WebSocket::FRAME_FLAG_FIN | opcode;
	else if (_ws.closeCode() != WebSocket::WS_RESERVED_ABNORMAL_CLOSE)
		frame = closeFrame();
	_received.push_back(frame);
}


ShellLink::Frame MessageLink::closeFrame() const
	/// Returns the server's Close frame.
{
	const int code = _ws.closeCode();
	std::string payload;
	if (code != WebSocket::WS_RESERVED_NO_STATUS_CODE)
		payload = std::string{static_cast<char>(code >> 8), static_cast<char>(code & 0xff)} + _ws.closeReason();
	return {WebSocket::FRAME_FLAG_FIN | WebSocket::FRAME_OP_CLOSE, payload};
}


bool MessageLink::send(const Frame& frame)
{
	if (!_sending.valid())
		_sending = std::async(std::launch::async, [this, frame] { transmit(frame); });
	if (_sending.wait_for(SEND_PATIENCE) != std::future_status::ready) return false;
	_sending.get(); // throws what transmit() has thrown
	return true;
}


void MessageLink::transmit(const Frame& frame)
{
	const int opcode = frame.flags & WebSocket::FRAME_OP_BITMASK;
	if (opcode < WebSocket::FRAME_OP_CLOSE)
		_ws.sendMessage(frame.payload, static_cast<WebSocketFrame::Opcode>(opcode));
	else
		_ws.sendFrame(frame.payload.data(), static_cast<int>(frame.payload.size()), frame.flags);
}
