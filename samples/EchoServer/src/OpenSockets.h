//
// OpenSockets.h
//
// Definition of the OpenSockets class.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef OpenSockets_INCLUDED
#define OpenSockets_INCLUDED


#include "Poco/Net/Socket.h"
#include <chrono>
#include <condition_variable>
#include <list>
#include <mutex>
#include <vector>


class OpenSockets
	/// The sockets that connection threads are working with, so that
	/// another thread can reach them when the server stops.
	///
	/// All functions may be called by any thread.
{
public:
	class Entry
		/// Keeps a socket listed as long as the Entry exists.
	{
	public:
		Entry(OpenSockets& list, const Poco::Net::Socket& socket);
		~Entry();
		Entry(const Entry&) = delete;
		Entry& operator = (const Entry&) = delete;

	private:
		OpenSockets& _list;
		std::list<Poco::Net::Socket>::iterator _it;
	};

	std::vector<Poco::Net::Socket> all() const;
		/// Returns the sockets that are listed now.

	bool waitUntilEmpty(std::chrono::microseconds timeout) const;
		/// Waits until no socket is listed. Returns false if that
		/// takes longer than the given time.

private:
	mutable std::mutex _mutex;
	mutable std::condition_variable _removed;
	std::list<Poco::Net::Socket> _sockets;
};


#endif // OpenSockets_INCLUDED
