//
// MemoryEvents.h
//
// Library: PocoMessaging
// Package: Hub
// Module:  MemoryEvents
//
// What a channel of a MemoryBackplane has to give out, and who is in it.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Messaging_MemoryEvents_INCLUDED
#define Messaging_MemoryEvents_INCLUDED


#include "Poco/Messaging/Backplane.h"
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>


namespace Poco {
namespace Messaging {
POCO_MESSAGING_BEGIN


struct MemoryEvent
	/// A publication, or that a member has come or gone.
{
	Publication::Ptr pPublication;
	Receipt::Ptr pReceipt;
	Member member;
	Poco::UInt32 from = 0; // the node that has published it
	bool joined = false;

	// Of the queue:
	MemoryEvent* pNext = nullptr; // the last one's is the first
	std::size_t count = 0;        // how many there were with this one
	std::size_t bytes = 0;        // of publications, alike
};


class MemoryEvents
	/// A queue of events. Takes no memory of its own: whoever has made an event can be sure that it is queued.
{
public:
	MemoryEvents() = default;
	~MemoryEvents();

	void push(std::unique_ptr<MemoryEvent> pEvent) noexcept;
	std::unique_ptr<MemoryEvent> pop() noexcept;
		/// Returns the first one; null if there is none.

	void swap(MemoryEvents& other) noexcept
	{
		std::swap(_pLast, other._pLast);
	}

	bool empty() const
	{
		return !_pLast;
	}

	std::size_t size() const
		/// Before anything was popped.
	{
		return _pLast ? _pLast->count : 0;
	}

	std::size_t bytes() const
		/// Of the publications. Alike.
	{
		return _pLast ? _pLast->bytes : 0;
	}

	MemoryEvents(const MemoryEvents&) = delete;
	MemoryEvents& operator = (const MemoryEvents&) = delete;

private:
	MemoryEvent* _pLast = nullptr;
};


class MemoryMembers
	/// Who is in a channel, and with how many sessions of each node. Who comes in brings the memory for leaving: that never fails.
{
public:
	void enter(const Member& member, Poco::UInt32 node, MemoryEvents& events);
		/// Queues the event if the member was not there before. Throws a std::bad_alloc if there is no memory, and nothing was done then.

	void leave(const std::string& member, Poco::UInt32 node, MemoryEvents& events) noexcept;
		/// Queues the event if it is not there any more.

	void leaveAll(Poco::UInt32 node, MemoryEvents& events) noexcept;
		/// The node has gone.

	std::vector<Member> list() const;

	bool empty() const
	{
		return _members.empty();
	}

private:
	struct Entry
	{
		std::string info;
		std::unordered_map<Poco::UInt32, Poco::UInt32> sessions; // of each node
		std::unique_ptr<MemoryEvent> pLeave;
	};

	std::unordered_map<std::string, Entry> _members;
};


POCO_MESSAGING_END
} } // namespace Poco::Messaging


#endif // Messaging_MemoryEvents_INCLUDED
