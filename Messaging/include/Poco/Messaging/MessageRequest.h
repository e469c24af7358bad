//
// MessageRequest.h
//
// Library: PocoMessaging
// Package: Service
// Module:  MessageRequest
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Messaging_MessageRequest_INCLUDED
#define Messaging_MessageRequest_INCLUDED


#include "Poco/Messaging/Hub.h"
#include "Poco/Messaging/Message.h"
#include "Poco/Messaging/Quota.h"
#include "Poco/Messaging/TokenVerifier.h"
#include "Poco/Net/WebSocketConnection.h"
#include <memory>
#include <memory_resource>
#include <optional>


namespace Poco {
namespace Messaging {
POCO_MESSAGING_BEGIN


class Peer;
class ServiceCore;


class Messaging_API MessageReply
	/// Answers a request when its handler has returned. Objects may be copied and kept, and used by any thread: one at a time, and one of
	/// the copies. Nothing happens if there is no answer, or the connection has ended.
{
public:
	void answer(std::string_view payload = std::string_view()) const;
		/// Answers with the opcode of the request, and a payload. Does nothing if the request had no id.

	void answer(Message message) const;
		/// Answers. The message gets the id of the request. Does nothing if the request had no id.

	void fail(ErrorCode code, const std::string& text) const;
		/// Answers with an Error.

	MessageReply(const MessageReply& other);
		/// Copies the object.

	MessageReply& operator = (const MessageReply& other);
		/// Copies the object.

	~MessageReply();
		/// Destroys the object.

private:
	friend class MessageRequest;

	MessageReply(const Poco::AutoPtr<Peer>& pPeer, Poco::UInt16 opcode, Poco::UInt32 id, const TraceContext& trace);

	Poco::AutoPtr<Peer> _pPeer;
	Poco::UInt16 _opcode;
	Poco::UInt32 _id;
	TraceContext _trace;
};


class Messaging_API MessageRequest
	/// A message of a client, for a handler. It is valid until the handler returns: who answers later keeps a MessageReply.
{
public:
	const Message& message() const;
		/// Returns the message.

	std::string_view payload() const;
		/// Returns its payload.

	Poco::Net::WebSocketConnection& connection() const;
		/// Returns the connection that it has come from.

	const Session::Ptr& session() const;
		/// Returns the session; null in a handler for Connect.

	bool allow(const std::string& channel, Right right) const;
		/// Returns true if the session may do that in the channel.

	Hub& hub() const;
		/// Returns the hub.

	const std::shared_ptr<void>& state() const;
		/// Returns the object of MessageServiceParams::setState().

	const TraceContext& trace() const;
		/// Returns where it stands in a trace: the span is that of the handler, the parent that of who has asked. Not valid if there is no trace.

	const Quota::Verdict& quota() const;
		/// Returns what the quota says of it: NONE, WARN or DELAY.

	std::pmr::memory_resource& memory();
		/// Returns memory that goes all at once when the handler has returned. The first 1,024 bytes of it cost nothing.

	void answer(std::string_view payload = std::string_view());
		/// Answers with the opcode of the request, and a payload. Does nothing if the request had no id.

	void answer(Message message);
		/// Answers. The message gets the id of the request. Does nothing if the request had no id.

	void fail(ErrorCode code, const std::string& text);
		/// Answers with an Error, also if the request had no id. The code is counted in the metrics.

	MessageReply later() const;
		/// Returns what answers it later.

private:
	friend class ServiceCore;

	MessageRequest(ServiceCore& core, Peer& peer, const Message& message, const Session::Ptr& pSession, const TraceContext& trace, const Quota::Verdict& quota);
	MessageRequest(const MessageRequest&) = delete;
	MessageRequest& operator = (const MessageRequest&) = delete;

	static constexpr std::size_t MEMORY = 1024;

	ServiceCore& _core;
	Peer& _peer;
	const Message& _message;
	const Session::Ptr& _pSession;
	const TraceContext& _trace;
	const Quota::Verdict& _quota;
	bool _failed = false;
	std::optional<std::pmr::monotonic_buffer_resource> _memory;
	alignas(std::max_align_t) char _buffer[MEMORY];
};


POCO_MESSAGING_END
} } // namespace Poco::Messaging


#endif // Messaging_MessageRequest_INCLUDED
