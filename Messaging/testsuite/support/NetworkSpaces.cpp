//
// NetworkSpaces.cpp
//
// A real network between nodes and their server, which can go wrong: network namespaces.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "NetworkSpaces.h"
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <sched.h>
#include <stdexcept>
#include <unistd.h>


namespace
{
	[[noreturn]] void fail(const std::string& what)
	{
		throw std::runtime_error("There are no network namespaces: " + what);
	}

	void run(const std::string& command)
		/// In the namespace of the thread.
	{
		FILE* const pOutput = ::popen(("PATH=$PATH:/usr/sbin:/sbin; " + command + " 2>&1").c_str(), "re");
		if (!pOutput) fail(std::strerror(errno));
		std::string output;
		std::array<char, 1000> part;
		while (std::fgets(part.data(), static_cast<int>(part.size()), pOutput)) output += part.data();
		if (::pclose(pOutput) != 0) fail(command + ": " + output);
	}

	void set(const std::string& name, const std::string& value)
	{
		std::ofstream file("/proc/sys/net/ipv4/" + name);
		if (!(file << value << std::flush)) fail(name + " cannot be set");
	}

	int anotherOne(bool fresh)
		/// Returns the namespace of the thread, which is a new one if fresh is set.
	{
		if (fresh && ::unshare(CLONE_NEWNET) != 0) fail(std::string("unshare: ") + std::strerror(errno));
		const int fd = ::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
		if (fd < 0) fail(std::strerror(errno));
		return fd;
	}

	std::string subnet(int path)
	{
		return "10.77." + std::to_string(path + 1) + '.';
	}
}


NetworkSpaces::Space::Space(bool fresh):
	_fd(anotherOne(fresh))
{
}


NetworkSpaces::Space::~Space()
{
	::close(_fd);
}


void NetworkSpaces::Space::enter() const
{
	if (!tryToEnter()) fail(std::string("setns: ") + std::strerror(errno));
}


bool NetworkSpaces::Space::tryToEnter() const
{
	return ::setns(_fd, CLONE_NEWNET) == 0;
}


std::string NetworkSpaces::Space::path() const
{
	return "/proc/" + std::to_string(::getpid()) + "/fd/" + std::to_string(_fd);
}


NetworkSpaces::NetworkSpaces(int paths):
	_original(false),
	_drops(static_cast<std::size_t>(paths))
{
	try
	{
		_pHere = std::make_unique<Space>(true);
		_pRouter = std::make_unique<Space>(true);
		_pServer = std::make_unique<Space>(true);
		make(paths);
		_pHere->enter();
	}
	catch (const std::runtime_error&)
	{
		_original.tryToEnter();
		throw;
	}
}


NetworkSpaces::~NetworkSpaces()
{
	_original.tryToEnter();
}


void NetworkSpaces::make(int paths)
{
	_pServer->enter();
	run("ip link set lo up");
	for (const char* const which: {"all", "default"}) set(std::string("conf/") + which + "/rp_filter", "0");
	_pRouter->enter();
	run("ip link set lo up");
	for (const char* const which: {"all", "default"}) set(std::string("conf/") + which + "/rp_filter", "0");
	set("ip_forward", "1");
	run("ip link add here type veth peer name router netns " + _pHere->path());
	run("ip address add 10.77.0.1/24 dev here");
	run("ip link set here up");
	for (int path = 0; path < paths; ++path)
	{
		const std::string device = "path" + std::to_string(path);
		run("ip link add " + device + " type veth peer name " + device + " netns " + _pServer->path());
		run("ip address add " + subnet(path) + "1/24 dev " + device);
		run("ip link set " + device + " up");
		_pServer->enter();
		const std::string table = std::to_string(100 + path);
		run("ip address add " + server(path) + "/24 dev " + device);
		run("ip link set " + device + " up");
		run("ip rule add from " + server(path) + " lookup " + table); // answers go the way that requests have come
		run("ip route add default via " + subnet(path) + "1 table " + table);
		_pRouter->enter();
	}
	_pHere->enter();
	run("ip link set lo up");
	run("ip address add 10.77.0.2/24 dev router");
	run("ip link set router up");
	run("ip route add default via 10.77.0.1");
}


std::string NetworkSpaces::server(int path) const
{
	return subnet(path) + '2';
}


void NetworkSpaces::atServer(const std::function<void()>& call) const
{
	at(*_pServer, call);
}


void NetworkSpaces::at(const Space& space, const std::function<void()>& call) const
{
	struct Back
	{
		~Back()
		{
			here.tryToEnter();
		}

		const Space& here;
	};
	const Back back{*_pHere};
	space.enter();
	call();
}


void NetworkSpaces::drop(int path)
{
	at(*_pRouter, [&]()
	{
		for (const char* const direction: {"from ", "to "}) run("ip rule add pref " + std::to_string(10 + path) + ' ' + direction + server(path) + " blackhole");
	});
	_drops[static_cast<std::size_t>(path)] = true;
}


void NetworkSpaces::unplug(int path)
{
	at(*_pRouter, [&]() { run("ip link set path" + std::to_string(path) + " down"); });
}


void NetworkSpaces::restore(int path)
{
	at(*_pRouter, [&]()
	{
		run("ip link set path" + std::to_string(path) + " up");
		if (!_drops[static_cast<std::size_t>(path)]) return;
		for (int i = 0; i < 2; ++i) run("ip rule del pref " + std::to_string(10 + path));
	});
	_drops[static_cast<std::size_t>(path)] = false;
}
