//
// TestResolver.cpp
//
// SPDX-License-Identifier: BSL-1.0
//


#include "support/TestResolver.h"
#include "Poco/Net/NetException.h"
#include <condition_variable>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>
#include <set>
#include <dlfcn.h>
#include <netdb.h>


using Poco::Net::SocketAddress;


namespace
{
	struct Registry
	{
		std::mutex mutex;
		std::condition_variable changed;
		std::map<std::string, std::vector<std::string>> names;
		std::map<std::string, int> silent; // how many wait
		std::set<addrinfo*> given;
	};

	Registry& registry()
	{
		static Registry* const pRegistry = new Registry; // threads may look up names until the end
		return *pRegistry;
	}

	template <class Function>
	Function next(const char* pName)
	{
		return reinterpret_cast<Function>(::dlsym(RTLD_NEXT, pName));
	}

	addrinfo* entry(const std::string& text, const char* pService)
	{
		const SocketAddress address(text, static_cast<Poco::UInt16>(pService ? std::atoi(pService) : 0));
		char* const pMemory = static_cast<char*>(std::calloc(1, sizeof(addrinfo) + sizeof(sockaddr_storage)));
		addrinfo* const pEntry = reinterpret_cast<addrinfo*>(pMemory);
		pEntry->ai_family   = address.af();
		pEntry->ai_socktype = SOCK_STREAM;
		pEntry->ai_protocol = IPPROTO_TCP;
		pEntry->ai_addrlen  = static_cast<socklen_t>(address.length());
		pEntry->ai_addr     = reinterpret_cast<sockaddr*>(pMemory + sizeof(addrinfo));
		std::memcpy(pEntry->ai_addr, address.addr(), address.length());
		return pEntry;
	}
}


//
// What whoever looks up a name calls
//
extern "C" int getaddrinfo(const char* pName, const char* pService, const addrinfo* pHints, addrinfo** pResult)
{
	if (pName)
	{
		std::unique_lock<std::mutex> lock(registry().mutex);
		if (registry().silent.count(pName) > 0)
		{
			++registry().silent[pName];
			registry().changed.wait(lock, [pName] { return registry().silent.count(pName) == 0; });
			return EAI_NONAME;
		}
		const auto it = registry().names.find(pName);
		if (it != registry().names.end())
		{
			addrinfo** pNext = pResult;
			for (const std::string& text: it->second)
			{
				*pNext = entry(text, pService);
				pNext = &(*pNext)->ai_next;
			}
			registry().given.insert(*pResult);
			return 0;
		}
	}
	return next<int (*)(const char*, const char*, const addrinfo*, addrinfo**)>("getaddrinfo")(pName, pService, pHints, pResult);
}


extern "C" void freeaddrinfo(addrinfo* pList) noexcept
{
	{
		std::lock_guard<std::mutex> lock(registry().mutex);
		if (registry().given.erase(pList) > 0)
		{
			while (pList)
			{
				addrinfo* const pEntry = pList;
				pList = pList->ai_next;
				std::free(pEntry);
			}
			return;
		}
	}
	next<void (*)(addrinfo*)>("freeaddrinfo")(pList);
}


namespace WebSocketTest {


Name::Name(const std::string& name, const std::vector<std::string>& addresses):
	_name(name)
{
	std::lock_guard<std::mutex> lock(registry().mutex);
	registry().names[name] = addresses;
}


Name::~Name()
{
	std::lock_guard<std::mutex> lock(registry().mutex);
	registry().names.erase(_name);
}


SilentName::SilentName(const std::string& name):
	_name(name)
{
	std::lock_guard<std::mutex> lock(registry().mutex);
	registry().silent[name] = 0;
}


SilentName::~SilentName()
{
	std::lock_guard<std::mutex> lock(registry().mutex);
	registry().silent.erase(_name);
	registry().changed.notify_all();
}


int SilentName::waiting() const
{
	std::lock_guard<std::mutex> lock(registry().mutex);
	return registry().silent[_name];
}


BlackHole::BlackHole(const SocketAddress& address)
{
	_socket.bind(address, true);
	_socket.listen(0);
	for (int i = 0; i < 4; ++i) // more than there is room for
	{
		_queue.emplace_back();
		_queue.back().connectNB(_socket.address());
		if (i == 0) _queue.back().poll(Poco::Timespan(10, 0), Poco::Net::Socket::SELECT_WRITE);
	}
}


Poco::UInt16 BlackHole::port() const
{
	return _socket.address().port();
}


} // namespace WebSocketTest
