//
// Peer.cpp
//
// Library: PocoMessaging
// Package: Service
// Module:  Peer
//
// SPDX-License-Identifier: BSL-1.0
//


#include "service/Peer.h"


namespace Poco {
namespace Messaging {
POCO_MESSAGING_BEGIN


using Poco::Net::WebSocketConnection;
using Poco::Net::WebSocketFrame;


Peer::Peer(WebSocketConnection& connection, const MessageFormat& format):
	quota(QuotaRules::Ptr()),
	_pConnection(&connection, true),
	_format(format)
{
}


Peer::~Peer()
{
}


Connection::Result Peer::send(const Prepared& pMessage)
{
	const std::lock_guard<std::mutex> lock(_sending);
	if (_keeps) return FULL;
	switch (connection().send(pMessage))
	{
	case WebSocketConnection::SENT:
		return SENT;
	case WebSocketConnection::QUEUE_FULL:
	case WebSocketConnection::DROPPED:
		return FULL;
	default:
		return CLOSED;
	}
}


std::size_t Peer::queued() const
{
	return static_cast<std::size_t>(_pConnection->metrics().bytesQueued);
}


void Peer::close(int code, const std::string& reason)
{
	connection().close(code, reason);
}


void Peer::answer(const Message& message)
{
	static thread_local std::string bytes; // so that its memory is used again
	_format.write(message, bytes);
	const auto opcode = _format.text() ? WebSocketFrame::OP_TEXT : WebSocketFrame::OP_BINARY;
	bool keeps = false;
	{
		const std::lock_guard<std::mutex> lock(_sending);
		if (!_keeps && connection().send(bytes, opcode) != WebSocketConnection::QUEUE_FULL) return;
		_kept.push_back(bytes);
		keeps = !_keeps;
		_keeps = true;
	}
	if (keeps) pause(); // until drained()
}


bool Peer::drained()
{
	{
		const std::lock_guard<std::mutex> lock(_sending);
		if (!_keeps) return true;
		const auto opcode = _format.text() ? WebSocketFrame::OP_TEXT : WebSocketFrame::OP_BINARY;
		while (!_kept.empty())
		{
			if (connection().send(_kept.front(), opcode) == WebSocketConnection::QUEUE_FULL) return false;
			_kept.pop_front();
		}
		_keeps = false;
	}
	resume();
	return true;
}


void Peer::pause()
{
	const std::lock_guard<std::mutex> lock(_reading);
	if (++_pauses == 1) connection().pause();
}


void Peer::resume()
{
	const std::lock_guard<std::mutex> lock(_reading);
	if (--_pauses == 0) connection().resume();
}


POCO_MESSAGING_END
} } // namespace Poco::Messaging
