//
// MessageRequest.cpp
//
// Library: PocoMessaging
// Package: Service
// Module:  MessageRequest
//
// SPDX-License-Identifier: BSL-1.0
//


#include "service/ServiceCore.h"


namespace Poco {
namespace Messaging {
POCO_MESSAGING_BEGIN


namespace
{
	void answerTo(Peer& peer, Message& message, Poco::UInt32 id, const TraceContext& trace)
	{
		if (id == 0) return;
		message.id = id;
		if (!message.trace.valid()) message.trace = trace;
		peer.answer(message);
	}
}


//
// MessageReply
//
MessageReply::MessageReply(const Poco::AutoPtr<Peer>& pPeer, Poco::UInt16 opcode, Poco::UInt32 id, const TraceContext& trace):
	_pPeer(pPeer),
	_opcode(opcode),
	_id(id),
	_trace(trace)
{
}


MessageReply::MessageReply(const MessageReply& other) = default;


MessageReply& MessageReply::operator = (const MessageReply& other) = default;


MessageReply::~MessageReply()
{
}


void MessageReply::answer(std::string_view payload) const
{
	answer(Message::request(_opcode, _id, payload));
}


void MessageReply::answer(Message message) const
{
	answerTo(const_cast<Peer&>(*_pPeer), message, _id, _trace);
}


void MessageReply::fail(ErrorCode code, const std::string& text) const
{
	Message message = Message::empty(Opcode::ERROR_ANSWER, _id);
	message.code = static_cast<Poco::UInt32>(code);
	message.text = text;
	message.trace = _trace;
	const_cast<Peer&>(*_pPeer).answer(message);
}


//
// MessageRequest
//
MessageRequest::MessageRequest(ServiceCore& core, Peer& peer, const Message& message, const Session::Ptr& pSession, const TraceContext& trace, const Quota::Verdict& quota):
	_core(core),
	_peer(peer),
	_message(message),
	_pSession(pSession),
	_trace(trace),
	_quota(quota)
{
}


const Message& MessageRequest::message() const
{
	return _message;
}


std::string_view MessageRequest::payload() const
{
	return _message.payload;
}


Poco::Net::WebSocketConnection& MessageRequest::connection() const
{
	return _peer.connection();
}


const Session::Ptr& MessageRequest::session() const
{
	return _pSession;
}


bool MessageRequest::allow(const std::string& channel, Right right) const
{
	if (Grants::isPublic(channel)) return true;
	const std::lock_guard<std::mutex> lock(_peer.mutex);
	return _peer.token.grants.allow(channel, right);
}


Hub& MessageRequest::hub() const
{
	return _core.hub();
}


const std::shared_ptr<void>& MessageRequest::state() const
{
	return _core.params().getState();
}


const TraceContext& MessageRequest::trace() const
{
	return _trace;
}


const Quota::Verdict& MessageRequest::quota() const
{
	return _quota;
}


std::pmr::memory_resource& MessageRequest::memory()
{
	if (!_memory) _memory.emplace(_buffer, sizeof(_buffer));
	return *_memory;
}


void MessageRequest::answer(std::string_view payload)
{
	answer(Message::request(_message.opcode, 0, payload));
}


void MessageRequest::answer(Message message)
{
	answerTo(_peer, message, _message.id, _trace);
}


void MessageRequest::fail(ErrorCode code, const std::string& text)
{
	_failed = true;
	_core.fail(_peer, _message.id, code, text, _trace);
}


MessageReply MessageRequest::later() const
{
	return MessageReply(Poco::AutoPtr<Peer>(&_peer, true), _message.opcode, _message.id, _trace);
}


POCO_MESSAGING_END
} } // namespace Poco::Messaging
