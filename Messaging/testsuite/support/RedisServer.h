//
// RedisServer.h
//
// A Redis of a test, and a Sentinel.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef RedisServer_INCLUDED
#define RedisServer_INCLUDED


#include "ServerProcess.h"
#include <memory>


class RedisServer: public ServerProcess
	/// A redis-server. It logs to ServerProcess::output().
{
public:
	enum Data
		/// What is left of its data when it is started again.
	{
		FORGETS, /// Nothing.
		KEEPS    /// Everything that it has answered, also after kill().
	};

	explicit RedisServer(Data data = FORGETS, const Texts& options = {}, const std::string& password = "", const Environment& environment = {});
		/// Starts it. Options are those of the command line ("--maxmemory", "10mb").

	RedisServer(const RedisServer& master, const Texts& options);
		/// Starts a replica of another one, and waits until it has its data.

	std::string url() const;
		/// "redis://127.0.0.1:PORT", with the password, if it has one.

	std::string command(const Texts& words) const;
		/// Does a command, within 10 s. Returns its answer: a text, a number, or lines of these; empty for nil. Throws a std::runtime_error for an error.

	std::string info(const std::string& field) const;
		/// Returns a field of INFO all.

	Poco::Int64 count(const std::string& field) const;
		/// The same, as a number.

protected:
	explicit RedisServer(const std::string& configuration);
		/// A Sentinel. Does not start.

	bool ready() override;

private:
	const std::string _password;
};


class RedisSentinel: public RedisServer
	/// Watches a master, which is called "master".
{
public:
	RedisSentinel(const RedisServer& master, int quorum, int downAfterMilliseconds);
		/// Starts it, and waits until it knows the master.

	std::string master() const;
		/// Returns the address of the present master.

	void waitForOthers(int sentinels, int replicas) const;
		/// Waits until it knows so many others.

	void waitForMaster(const RedisServer& server) const;
		/// Waits until that is the master, and it can be written to.
};


#endif // RedisServer_INCLUDED
