//
// OpenSockets.cpp
//
// SPDX-License-Identifier: BSL-1.0
//


#include "OpenSockets.h"


OpenSockets::Entry::Entry(OpenSockets& list, const Poco::Net::Socket& socket):
	_list(list)
{
	std::lock_guard<std::mutex> lock(_list._mutex);
	_it = _list._sockets.insert(_list._sockets.end(), socket);
}


OpenSockets::Entry::~Entry()
{
	std::lock_guard<std::mutex> lock(_list._mutex);
	_list._sockets.erase(_it);
	_list._removed.notify_all();
}


std::vector<Poco::Net::Socket> OpenSockets::all() const
{
	std::lock_guard<std::mutex> lock(_mutex);
	return std::vector<Poco::Net::Socket>(_sockets.begin(), _sockets.end());
}


bool OpenSockets::waitUntilEmpty(std::chrono::microseconds timeout) const
{
	std::unique_lock<std::mutex> lock(_mutex);
	return _removed.wait_for(lock, timeout, [this] { return _sockets.empty(); });
}
