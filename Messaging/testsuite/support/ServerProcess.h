//
// ServerProcess.h
//
// A real program that a test starts, on a free port, with a folder of its own.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef ServerProcess_INCLUDED
#define ServerProcess_INCLUDED


#include "Poco/Types.h"
#include <map>
#include <string>
#include <sys/types.h>
#include <vector>


class ServerProcess
	/// A program that listens on a port of 127.0.0.1, as redis-server, nats-server, or a node of a test. It ends with the object, and with
	/// the thread that has started it; its folder is removed with the object.
	///
	/// Functions throw a std::runtime_error with the program's output if they fail. They are for one thread at a time.
{
public:
	using Texts = std::vector<std::string>;

	using Environment = std::map<std::string, std::string>;
		/// Variables that are added to the test's.

	explicit ServerProcess(const std::string& program, const Texts& arguments = {}, const Environment& environment = {});
		/// Chooses a port and makes the folder; does not start yet. The program is a path, or a name that is looked up. In the arguments, {port} and {folder} stand
		/// for these.

	virtual ~ServerProcess();
		/// Kills the program.

	ServerProcess(const ServerProcess&) = delete;
	ServerProcess& operator = (const ServerProcess&) = delete;

	void start();
		/// Starts the program, and waits until it can be talked to, for 30 s at most. It has the same port and folder each time.

	void kill();
		/// Kills the program (SIGKILL), and waits until it has gone. Does nothing if it is not running.

	void end();
		/// Asks the program to end (SIGTERM), waits until it has gone, for 30 s at most.

	void stop();
		/// Stops the program (SIGSTOP): it keeps its connections, and does nothing. Returns when it has stopped.

	void cont();
		/// Lets it go on.

	bool running();
		/// Returns whether the program runs; also if it is stopped.

	void clear();
		/// Removes everything from the folder. To be called when it does not run.

	static bool installed(const std::string& program);
		/// Returns whether there is such a program.

	static Poco::UInt16 freePort();
		/// Returns a port on which nobody listens, which the system does not give to outgoing connections either, and which was not returned before.

	Poco::UInt16 port() const;
	std::string address() const;
		/// "127.0.0.1:PORT"

	std::string folder() const;
	pid_t pid() const;
	std::string output() const;
		/// What it has written, to both of its outputs, since it was started for the first time.

	void setArguments(const Texts& arguments);
		/// For the next start.

	void setEnvironment(const Environment& environment);
		/// For the next start.

protected:
	virtual bool ready();
		/// Returns whether it can be talked to. Default: a connection is accepted.

private:
	void spawn();
	bool reap(bool wait);
	[[noreturn]] void fail(const std::string& what) const;

	const std::string _program;
	Texts _arguments;
	Environment _environment;
	std::string _folder; // has the folder of the program, and its output
	const Poco::UInt16 _port;
	pid_t _pid = 0;
};


class JumpingClock
	/// A wall clock for programs, which can be set while they run.
{
public:
	JumpingClock();
	~JumpingClock();

	JumpingClock(const JumpingClock&) = delete;
	JumpingClock& operator = (const JumpingClock&) = delete;

	ServerProcess::Environment environment() const;
		/// What a program needs to have this clock.

	void set(Poco::Int64 milliseconds);
		/// Adds so much to the system's time.

private:
	std::string _file;
	volatile Poco::Int64* _pMilliseconds;
};


#endif // ServerProcess_INCLUDED
