//
// NATSLink.h
//
// Library: PocoMessagingNATS
// Package: NATS
// Module:  NATSLink
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Messaging_NATSLink_INCLUDED
#define Messaging_NATSLink_INCLUDED


#include "NATSServers.h"
#include "Poco/Messaging/NATSBackplaneParams.h"
#include <nats/nats.h>
#include <atomic>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>


namespace Poco {
namespace Messaging {
POCO_MESSAGING_BEGIN


class NATSMessage
	/// What has come from a server.
{
public:
	explicit NATSMessage(natsMsg* pMessage):
		_pMessage(pMessage)
	{
	}

	std::string_view data() const
	{
		return std::string_view(natsMsg_GetData(_pMessage.get()), static_cast<std::size_t>(natsMsg_GetDataLength(_pMessage.get())));
	}

	std::string_view subject() const
	{
		return natsMsg_GetSubject(_pMessage.get());
	}

	std::string_view header(const char* pName)
		/// Returns an empty text if there is no such one.
	{
		const char* pValue = nullptr;
		return natsMsgHeader_Get(_pMessage.get(), pName, &pValue) == NATS_OK && pValue ? std::string_view(pValue) : std::string_view();
	}

private:
	struct Destroy
	{
		void operator () (natsMsg* pMessage) const
		{
			natsMsg_Destroy(pMessage);
		}
	};

	std::unique_ptr<natsMsg, Destroy> _pMessage;
};


struct NATSTarget
	/// What a subscription is for. The engine adds to it.
{
	virtual ~NATSTarget();

	std::string subject;
};

using NATSTargetPtr = std::shared_ptr<NATSTarget>;


class NATSListener
	/// What a link calls, from threads of libnats: quick functions, that do not wait.
{
public:
	virtual void received(const NATSTargetPtr& pTarget, NATSMessage message) noexcept = 0;
		/// Something has come. For one subscription, one after the other.

	virtual void closed(Poco::UInt64 link) noexcept = 0;
		/// The connection was lost, or closed. Called once, for a link that was made.

	virtual void slow() noexcept = 0;
		/// libnats has dropped something, because received() was not called soon enough.

protected:
	~NATSListener();
};


class NATSLink
	/// One connection to a server. It does not reconnect: it is made anew, and so there is nothing in it that was meant to be sent over another one. All functions by one thread. A
	/// call may take as long as the write deadline, 2 s.
{
public:
	NATSLink(const NATSBackplaneParams& params, const NATSServers& servers, const std::shared_ptr<NATSListener>& pListener, Poco::UInt64 number);
		/// Connects. Throws a Poco::IOException with host, port and reason.

	~NATSLink();
		/// Closes the connection. What was published before is not sent, unless flush() was called.

	NATSLink(const NATSLink&) = delete;
	NATSLink& operator = (const NATSLink&) = delete;

	using Headers = std::vector<std::pair<const char*, std::string>>;

	bool subscribe(const NATSTargetPtr& pTarget);
	void unsubscribe(const NATSTarget& target);
	bool publish(const std::string& subject, std::string_view data);
	bool publish(const std::string& subject, std::string_view data, const std::string& reply, const Headers& headers);
	bool flush(int milliseconds);
		/// Return false if the connection does not do it any more. flush() waits until the server has had everything; false if that takes longer, too.

	bool closed() const;
		/// Returns whether the connection was lost.

	bool unused(const std::string& subject);
		/// Returns true if nobody is subscribed to a subject.

	bool ask(const std::string& subject, std::string& answer);
		/// Waits for an answer, for 2 s at most. Returns false if there is nobody who could give one; if there is none in time, it is empty.

	std::size_t maxPayload() const;

private:
	struct Sources;

	[[noreturn]] static void fail(const NATSServers& servers, natsStatus status, const Poco::Timespan& timeout);

	const std::shared_ptr<NATSListener> _pListener;
	natsConnection* _pConnection;
	std::unordered_map<const NATSTarget*, natsSubscription*> _subscriptions;
};


POCO_MESSAGING_END
} } // namespace Poco::Messaging


#endif // Messaging_NATSLink_INCLUDED
