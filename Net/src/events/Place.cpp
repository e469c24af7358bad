//
// Place.cpp
//
// Library: PocoWebSocket
// Package: Events
// Module:  WebSocketPlace
//
// SPDX-License-Identifier: BSL-1.0
//


#include "events/Place.h"
#include <algorithm>
#include <memory>
#include <system_error>
#include <thread>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


namespace
{
	thread_local const WebSocketPlace::Visit* pInnermost = nullptr;

	struct Waits
		/// Those that there are in this process: a circle of them may go through any number of servers and clients.
	{
		std::mutex mutex;
		std::vector<const WebSocketPlace::Wait*> list;
	};

	Waits& waits()
		/// Never destroyed: threads may end after main().
	{
		static Waits& waits = *new Waits;
		return waits;
	}

	bool contains(const WebSocketPlace::Wait::Places& places, const WebSocketPlace* pPlace)
	{
		return std::find(places.begin(), places.end(), pPlace) != places.end();
	}
}


//
// WebSocketPlace::Visit
//
WebSocketPlace::Visit::Visit(const WebSocketPlace& place):
	_place(place),
	_pOuter(pInnermost)
{
	pInnermost = this;
}


WebSocketPlace::Visit::~Visit()
{
	pInnermost = _pOuter;
}


//
// WebSocketPlace::Wait
//
WebSocketPlace::Wait::Wait(const Places& places, Whom whom):
	_pVisit(pInnermost),
	_places(places),
	_possible(true)
{
	std::lock_guard<std::mutex> lock(waits().mutex);
	_possible = !isEndless(whom);
	if (_possible) waits().list.push_back(this);
}


WebSocketPlace::Wait::~Wait()
{
	if (!_possible) return;
	std::lock_guard<std::mutex> lock(waits().mutex);
	auto& list = waits().list;
	list.erase(std::find(list.begin(), list.end(), this));
}


bool WebSocketPlace::Wait::possible() const
{
	return _possible;
}


bool WebSocketPlace::Wait::isEndless(Whom whom) const
{
	if (!_pVisit) return false; // nobody waits for this thread
	if (whom == ALL)
	{
		for (const WebSocketPlace* pPlace: _places)
		{
			if (isIn(_pVisit, pPlace)) return true;
		}
	}
	Places reached = _places;
	while (true)
	{
		const std::size_t before = reached.size();
		if (follow(reached)) return true;
		if (reached.size() == before) return false;
	}
}


bool WebSocketPlace::Wait::follow(Places& reached) const
	/// Adds the places that threads in the places reached wait for. Returns true if this thread is in one of them.
{
	for (const Wait* pWait: waits().list) // their threads stand still
	{
		bool leaves = false;
		for (const Visit* p = pWait->_pVisit; p && !leaves; p = p->_pOuter) leaves = contains(reached, &p->_place);
		if (!leaves) continue;
		for (const WebSocketPlace* pPlace: pWait->_places)
		{
			if (isIn(_pVisit, pPlace)) return true;
			if (!contains(reached, pPlace)) reached.push_back(pPlace);
		}
	}
	return false;
}


//
// WebSocketPlace
//
bool WebSocketPlace::visited() const
{
	return isIn(pInnermost, this);
}


void WebSocketPlace::callElsewhere(const std::function<void()>& function)
{
	std::function<void()>* const pFunction = new std::function<void()>(function);
	try
	{
		std::thread([pFunction]
		{
			const std::unique_ptr<std::function<void()>> pOwned(pFunction);
			(*pOwned)();
		}).detach();
	}
	catch (const std::system_error&)
	{
		// it stays
	}
}


int WebSocketPlace::visits() const
{
	int count = 0;
	for (const Visit* pVisit = pInnermost; pVisit; pVisit = pVisit->_pOuter) count += &pVisit->_place == this ? 1 : 0;
	return count;
}


bool WebSocketPlace::isIn(const Visit* pVisit, const WebSocketPlace* pPlace)
{
	while (pVisit && &pVisit->_place != pPlace) pVisit = pVisit->_pOuter;
	return pVisit != nullptr;
}


//
// WebSocketRoom
//
WebSocketRoom::Guest::Guest(WebSocketRoom& room):
	_room(room),
	_visit(room)
{
	std::lock_guard<std::mutex> lock(_room._mutex);
	++_room._guests;
}


WebSocketRoom::Guest::~Guest()
{
	std::lock_guard<std::mutex> lock(_room._mutex);
	--_room._guests;
	_room._left.notify_all();
}


void WebSocketRoom::waitForOthers()
{
	std::unique_lock<std::mutex> lock(_mutex);
	const int own = visits();
	_left.wait(lock, [this, own] { return _guests <= own; });
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
