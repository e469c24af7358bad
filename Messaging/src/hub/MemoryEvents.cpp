//
// MemoryEvents.cpp
//
// Library: PocoMessaging
// Package: Hub
// Module:  MemoryEvents
//
// SPDX-License-Identifier: BSL-1.0
//


#include "hub/MemoryEvents.h"


namespace Poco {
namespace Messaging {
POCO_MESSAGING_BEGIN


MemoryEvents::~MemoryEvents()
{
	while (pop())
	{
	}
}


void MemoryEvents::push(std::unique_ptr<MemoryEvent> pEvent) noexcept
{
	MemoryEvent* const pNew = pEvent.release();
	pNew->count = size() + 1;
	pNew->bytes = bytes() + (pNew->pPublication ? pNew->pPublication->size() : 0);
	pNew->pNext = _pLast ? _pLast->pNext : pNew;
	if (_pLast) _pLast->pNext = pNew;
	_pLast = pNew;
}


std::unique_ptr<MemoryEvent> MemoryEvents::pop() noexcept
{
	if (!_pLast) return nullptr;
	std::unique_ptr<MemoryEvent> pFirst(_pLast->pNext);
	if (pFirst.get() == _pLast) _pLast = nullptr;
	else _pLast->pNext = pFirst->pNext;
	return pFirst;
}


void MemoryMembers::enter(const Member& member, Poco::UInt32 node, MemoryEvents& events)
{
	const auto it = _members.find(member.id);
	if (it != _members.end())
	{
		++it->second.sessions[node];
		return;
	}
	auto pJoin = std::make_unique<MemoryEvent>();
	pJoin->member = member;
	pJoin->joined = true;
	Entry entry;
	entry.info = member.info;
	entry.sessions[node] = 1;
	entry.pLeave = std::make_unique<MemoryEvent>();
	entry.pLeave->member.id = member.id;
	_members.emplace(member.id, std::move(entry));
	events.push(std::move(pJoin));
}


void MemoryMembers::leave(const std::string& member, Poco::UInt32 node, MemoryEvents& events) noexcept
{
	const auto it = _members.find(member);
	if (it == _members.end()) return;
	auto& sessions = it->second.sessions;
	const auto itNode = sessions.find(node);
	if (itNode == sessions.end()) return;
	if (--itNode->second == 0) sessions.erase(itNode);
	if (!sessions.empty()) return;
	events.push(std::move(it->second.pLeave));
	_members.erase(it);
}


void MemoryMembers::leaveAll(Poco::UInt32 node, MemoryEvents& events) noexcept
{
	for (auto it = _members.begin(); it != _members.end();)
	{
		auto& sessions = it->second.sessions;
		if (sessions.erase(node) == 0 || !sessions.empty())
		{
			++it;
			continue;
		}
		events.push(std::move(it->second.pLeave));
		it = _members.erase(it);
	}
}


std::vector<Member> MemoryMembers::list() const
{
	std::vector<Member> result;
	result.reserve(_members.size());
	for (const auto& entry: _members) result.push_back({entry.first, entry.second.info});
	return result;
}


POCO_MESSAGING_END
} } // namespace Poco::Messaging
