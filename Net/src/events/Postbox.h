//
// Postbox.h
//
// Library: PocoWebSocket
// Package: Events
// Module:  WebSocketPostbox
//
// What other threads want of a loop.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketPostbox_INCLUDED
#define Net_WebSocketPostbox_INCLUDED


#include "events/EventConnection.h"
#include "events/Poller.h"
#include "Poco/Net/WebSocketConfig.h"
#include <atomic>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <vector>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


class WebSocketPostbox
	/// What other threads want of a loop, in their order: tasks for its connections, messages for all of them or several, functions to be called.
	/// Any thread posts, and that wakes up the loop; the loop's thread takes. What is posted while it is not open is forgotten.
{
public:
	typedef WebSocketEventConnection::Task Task;

	struct Contents
	{
		std::vector<Task> tasks;
		std::vector<std::vector<WebSocketEventConnection::Ptr>> lists; // of Task::SEND_TO_MANY
		std::vector<std::function<void()>> functions; // called after the tasks
	};

	explicit WebSocketPostbox(WebSocketPoller& poller);

	void open();
		/// From here on something can be posted: the loop is going to be started.

	bool post(Task&& task);
	bool invoke(const std::function<void()>& function);
		/// The loop performs the task, or calls the function, soon. If it has ended, that is
		/// forgotten, and they return false; if it ends before, it is forgotten as well.

	template <typename Function> void invokeAndWait(const Function& function);
		/// The same, and waits until that has been done, or is forgotten. Not to be called by the loop's thread.

	void broadcast(const WebSocketPreparedMessage::Ptr& pMessage, std::size_t limit);
		/// Posts a message for all connections. Messages of more bytes than the limit, each with WebSocketConnectionParams::QUEUE_ENTRY, do not
		/// wait: one more is for no connection's queue.

	void sendToMany(const WebSocketPreparedMessage::Ptr& pMessage, std::vector<WebSocketEventConnection::Ptr>&& connections);
		/// Posts a message for connections of this loop, which have reserved its cost. Throws a std::bad_alloc if there is no memory.

	bool empty() const;
		/// For the loop's thread, as what follows.

	Contents take();

	Contents close();
		/// The same, and nothing can be posted any more.

private:
	WebSocketPoller& _poller;
	std::mutex _mutex;
	bool _open;
	std::atomic<bool> _posted; // there is something
	Contents _contents;
	std::size_t _bytes; // of the broadcasts there
	bool _lost;         // the last of these was not kept
};


//
// inlines
//
inline bool WebSocketPostbox::empty() const
{
	return !_posted.load(std::memory_order_acquire);
}


template <typename Function>
void WebSocketPostbox::invokeAndWait(const Function& function)
{
	auto pDone = std::make_shared<std::promise<void>>();
	const std::future<void> done = pDone->get_future();
	const bool invoked = invoke([&function, pDone = std::move(pDone)]
	{
		const std::shared_ptr<void> atEnd(nullptr, [&pDone](void*) { pDone->set_value(); });
		function();
	});
	if (invoked) done.wait(); // also if the function is forgotten: then the promise goes
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketPostbox_INCLUDED
