//
// ServerProcess.cpp
//
// A real program that a test starts, on a free port, with a folder of its own.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "ServerProcess.h"
#include <arpa/inet.h>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <stdexcept>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>


extern char** environ;


namespace
{
	bool waitFor(const std::function<bool()>& condition)
		/// For 30 s at most.
	{
		const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
		while (!condition())
		{
			if (std::chrono::steady_clock::now() >= end) return false;
			std::this_thread::sleep_for(std::chrono::milliseconds(2));
		}
		return true;
	}

	std::string find(const std::string& program)
		/// Returns its path; empty if there is none.
	{
		if (program.find('/') != std::string::npos) return access(program.c_str(), X_OK) == 0 ? program : std::string();
		const char* const pPath = std::getenv("PATH");
		const std::string folders = std::string(pPath ? pPath : "") + ":/usr/bin:/usr/sbin:/usr/local/bin";
		for (std::size_t begin = 0; begin <= folders.size();)
		{
			const std::size_t end = std::min(folders.find(':', begin), folders.size());
			const std::string path = folders.substr(begin, end - begin) + '/' + program;
			if (access(path.c_str(), X_OK) == 0) return path;
			begin = end + 1;
		}
		return std::string();
	}

	sockaddr_in localhost(Poco::UInt16 port)
	{
		sockaddr_in address{};
		address.sin_family = AF_INET;
		address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		address.sin_port = htons(port);
		return address;
	}

	template <typename Function>
	bool withSocket(Poco::UInt16 port, const Function& function)
		/// Calls function(socket, address, its size), which is bind() or connect().
	{
		const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (fd < 0) return false;
		const int on = 1;
		::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
		const sockaddr_in address = localhost(port);
		sockaddr general{};
		static_assert(sizeof(general) == sizeof(address), "an address of IPv4");
		std::memcpy(&general, &address, sizeof(address));
		const bool done = function(fd, &general, static_cast<socklen_t>(sizeof(address))) == 0;
		::close(fd);
		return done;
	}

	std::string folderName()
		/// Has the number of this process. What others have left, which were killed, is removed.
	{
		static const std::string PREFIX = "poco-test-";
		static const bool swept = []()
		{
			std::error_code error;
			for (const auto& entry: std::filesystem::directory_iterator(std::filesystem::temp_directory_path(), error))
			{
				const std::string name = entry.path().filename().string();
				if (name.compare(0, PREFIX.size(), PREFIX) != 0) continue;
				const int pid = std::atoi(name.c_str() + PREFIX.size());
				if (pid > 0 && ::kill(pid, 0) != 0 && errno == ESRCH) std::filesystem::remove_all(entry.path(), error);
			}
			return true;
		}();
		return (std::filesystem::temp_directory_path()/(PREFIX + std::to_string(::getpid()) + (swept ? "-XXXXXX" : ""))).string();
	}

	std::string replaced(std::string text, const std::string& name, const std::string& value)
	{
		for (std::size_t at = text.find(name); at != std::string::npos; at = text.find(name, at + value.size())) text.replace(at, name.size(), value);
		return text;
	}

	std::vector<char*> pointers(std::vector<std::string>& texts)
	{
		std::vector<char*> result;
		for (std::string& text: texts) result.push_back(text.data());
		result.push_back(nullptr);
		return result;
	}
}


ServerProcess::ServerProcess(const std::string& program, const Texts& arguments, const Environment& environment):
	_program(program),
	_arguments(arguments),
	_environment(environment),
	_port(freePort())
{
	std::string name = folderName();
	if (!::mkdtemp(name.data())) throw std::runtime_error("There is no temporary folder: " + name);
	_folder = name;
	std::filesystem::create_directory(folder());
}


ServerProcess::~ServerProcess()
{
	kill();
	std::error_code ignored;
	std::filesystem::remove_all(_folder, ignored);
}


void ServerProcess::start()
{
	if (running()) fail("runs already");
	spawn();
	bool ended = false;
	const bool isReady = waitFor([&]()
	{
		ended = !running();
		return ended || ready();
	});
	if (ended) fail("has ended");
	if (!isReady) fail("does not answer");
}


void ServerProcess::spawn()
{
	const std::string path = find(_program);
	if (path.empty()) throw std::runtime_error(_program + " is not installed. script/test installs what tests need (script/lib/packages.sh)");
	const std::string data = folder();
	Texts arguments{path};
	for (const std::string& argument: _arguments) arguments.push_back(replaced(replaced(argument, "{port}", std::to_string(_port)), "{folder}", data));
	Texts variables;
	for (char** ppVariable = environ; *ppVariable; ++ppVariable)
	{
		const std::string variable(*ppVariable);
		if (_environment.count(variable.substr(0, variable.find('='))) == 0) variables.push_back(variable);
	}
	for (const auto& variable: _environment) variables.push_back(variable.first + '=' + variable.second);
	const std::vector<char*> argv = pointers(arguments);
	const std::vector<char*> envp = pointers(variables);
	const int output = ::open((_folder + "/output").c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	const int input = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
	const pid_t parent = ::getpid();
	_pid = ::fork();
	if (_pid == 0) // only what is allowed between fork() and exec() of a program with threads
	{
		::prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (::getppid() != parent) ::_exit(126);
		::dup2(input, 0);
		::dup2(output, 1);
		::dup2(output, 2);
		if (::chdir(data.c_str()) == 0) ::execve(argv[0], argv.data(), envp.data());
		::_exit(127);
	}
	::close(output);
	::close(input);
	if (_pid < 0)
	{
		_pid = 0;
		fail("cannot be started");
	}
}


bool ServerProcess::reap(bool wait)
	/// Returns true if it has gone.
{
	if (_pid == 0) return true;
	int status = 0;
	pid_t result = 0;
	do result = ::waitpid(_pid, &status, wait ? 0 : WNOHANG);
	while (result < 0 && errno == EINTR);
	if (result == 0) return false;
	_pid = 0;
	return true;
}


void ServerProcess::kill()
{
	if (_pid == 0) return;
	::kill(_pid, SIGKILL);
	reap(true);
}


void ServerProcess::end()
{
	if (_pid == 0) return;
	::kill(_pid, SIGTERM);
	if (!waitFor([this]() { return reap(false); })) fail("does not end");
}


void ServerProcess::stop()
{
	if (_pid == 0) fail("does not run");
	::kill(_pid, SIGSTOP);
	int status = 0;
	::waitpid(_pid, &status, WUNTRACED);
	if (WIFSTOPPED(status)) return;
	_pid = 0;
	fail("has ended");
}


void ServerProcess::cont()
{
	if (_pid != 0) ::kill(_pid, SIGCONT);
}


bool ServerProcess::running()
{
	return !reap(false);
}


void ServerProcess::clear()
{
	for (const auto& entry: std::filesystem::directory_iterator(folder())) std::filesystem::remove_all(entry.path());
}


bool ServerProcess::installed(const std::string& program)
{
	return !find(program).empty();
}


Poco::UInt16 ServerProcess::freePort()
{
	constexpr unsigned FIRST = 12000;
	constexpr unsigned COUNT = 20000; // below those of outgoing connections: one to a port where nobody listens could be connected to itself
	static std::atomic<unsigned> next{static_cast<unsigned>(::getpid())*101u};
	for (unsigned tries = 0; tries < COUNT; ++tries)
	{
		const auto candidate = static_cast<Poco::UInt16>(FIRST + next++ % COUNT);
		if (withSocket(candidate, ::bind)) return candidate;
	}
	throw std::runtime_error("There is no free port");
}


bool ServerProcess::ready()
{
	return withSocket(_port, ::connect);
}


void ServerProcess::fail(const std::string& what) const
{
	throw std::runtime_error(_program + " (" + address() + ") " + what + ". Its output:\n" + output());
}


Poco::UInt16 ServerProcess::port() const
{
	return _port;
}


std::string ServerProcess::address() const
{
	return "127.0.0.1:" + std::to_string(_port);
}


std::string ServerProcess::folder() const
{
	return _folder + "/data";
}


pid_t ServerProcess::pid() const
{
	return _pid;
}


std::string ServerProcess::output() const
{
	std::ifstream file(_folder + "/output");
	return std::string(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
}


void ServerProcess::setArguments(const Texts& arguments)
{
	_arguments = arguments;
}


void ServerProcess::setEnvironment(const Environment& environment)
{
	_environment = environment;
}


JumpingClock::JumpingClock()
{
	std::string name = folderName();
	const int fd = ::mkstemp(name.data());
	void* pMemory = MAP_FAILED;
	if (fd >= 0 && ::ftruncate(fd, sizeof(Poco::Int64)) == 0) pMemory = ::mmap(nullptr, sizeof(Poco::Int64), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (fd >= 0) ::close(fd);
	if (pMemory == MAP_FAILED) throw std::runtime_error("There is no temporary file: " + name);
	_file = name;
	_pMilliseconds = static_cast<volatile Poco::Int64*>(pMemory);
}


JumpingClock::~JumpingClock()
{
	::munmap(const_cast<Poco::Int64*>(_pMilliseconds), sizeof(Poco::Int64));
	::unlink(_file.c_str());
}


ServerProcess::Environment JumpingClock::environment() const
{
	return {{"LD_PRELOAD", POCO_TEST_CLOCK}, {"JUMPING_CLOCK", _file}};
}


void JumpingClock::set(Poco::Int64 milliseconds)
{
	*_pMilliseconds = milliseconds;
}
