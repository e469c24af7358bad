//
// Postbox.cpp
//
// Library: PocoWebSocket
// Package: Events
// Module:  WebSocketPostbox
//
// SPDX-License-Identifier: BSL-1.0
//


#include "events/Postbox.h"
#include "events/Multicast.h"
#include <utility>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


WebSocketPostbox::WebSocketPostbox(WebSocketPoller& poller):
	_poller(poller),
	_open(false),
	_posted(false),
	_bytes(0),
	_lost(false)
{
}


void WebSocketPostbox::open()
{
	std::lock_guard<std::mutex> lock(_mutex);
	_open = true;
}


bool WebSocketPostbox::post(Task&& task)
{
	{
		std::lock_guard<std::mutex> lock(_mutex);
		if (!_open) return false;
		_contents.tasks.push_back(std::move(task));
		_posted.store(true, std::memory_order_release);
	}
	_poller.wakeUp();
	return true;
}


bool WebSocketPostbox::invoke(const std::function<void()>& function)
{
	{
		std::lock_guard<std::mutex> lock(_mutex);
		if (!_open) return false;
		_contents.functions.push_back(function);
		_posted.store(true, std::memory_order_release);
	}
	_poller.wakeUp();
	return true;
}


void WebSocketPostbox::broadcast(const WebSocketPreparedMessage::Ptr& pMessage, std::size_t limit)
{
	{
		std::lock_guard<std::mutex> lock(_mutex);
		if (!_open) return;
		const std::size_t bytes = WebSocketMulticast::cost(*pMessage);
		const bool kept = _bytes == 0 || _bytes + bytes <= limit;
		if (!kept && _lost) return;
		_contents.tasks.push_back(Task{nullptr, Task::BROADCAST, {static_cast<int>(limit), WebSocketBuffer(), kept ? pMessage : WebSocketPreparedMessage::Ptr()}});
		_bytes += kept ? bytes : 0;
		_lost = !kept;
		_posted.store(true, std::memory_order_release);
	}
	_poller.wakeUp();
}


void WebSocketPostbox::sendToMany(const WebSocketPreparedMessage::Ptr& pMessage, std::vector<WebSocketEventConnection::Ptr>&& connections)
{
	{
		std::lock_guard<std::mutex> lock(_mutex);
		if (!_open) return;
		auto& lists = _contents.lists;
		lists.emplace_back(); // if the task is not kept, nobody finds it
		_contents.tasks.push_back(Task{nullptr, Task::SEND_TO_MANY, {static_cast<int>(lists.size() - 1), WebSocketBuffer(), pMessage}});
		lists.back() = std::move(connections);
		_posted.store(true, std::memory_order_release);
	}
	_poller.wakeUp();
}


WebSocketPostbox::Contents WebSocketPostbox::take()
{
	std::lock_guard<std::mutex> lock(_mutex);
	_posted.store(false, std::memory_order_relaxed);
	_bytes = 0;
	_lost = false;
	return std::exchange(_contents, Contents());
}


WebSocketPostbox::Contents WebSocketPostbox::close()
{
	std::lock_guard<std::mutex> lock(_mutex);
	_open = false;
	return std::exchange(_contents, Contents());
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
