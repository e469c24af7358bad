//
// ScriptClients.h
//
// Clients in TypeScript, run by Node.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef ScriptClients_INCLUDED
#define ScriptClients_INCLUDED


#include "TrafficClient.h"
#include <map>
#include <mutex>
#include <thread>


class ScriptClients
	/// A process of Node whose clients do what they are told, and say what they get (Messaging/js/test/traffic.ts). It ends with the object, and with
	/// the program. Thread-safe.
{
public:
	explicit ScriptClients(const std::string& script);
		/// Starts node with this script. Throws a Poco::Exception if there is no node.

	~ScriptClients();

	ScriptClients(const ScriptClients&) = delete;
	ScriptClients& operator = (const ScriptClients&) = delete;

	TrafficClient::Ptr client(Poco::UInt16 port, bool json, const std::string& token);
		/// Returns a client of ws://127.0.0.1:PORT/messages. Without a token it has no user. It must not outlive this object.

	Poco::UInt64 events() const;
		/// Returns how much the process has said.

private:
	class Client;
	struct Process;

	using Done = Poco::Messaging::MessageClient::Done;

	void run();
	void heard(const std::string& line);
	void tell(const std::string& line);
	void stopped(int client);

	struct Request
	{
		int client = 0;
		Done done;
	};

	const std::unique_ptr<Process> _pProcess;
	std::mutex _writing;       // to the process
	mutable std::mutex _mutex; // for what follows
	std::map<int, std::map<std::string, Poco::Messaging::MessageSubscription>> _subscriptions; // of each client that is not stopped
	std::map<int, Request> _requests;
	int _lastClient = 0;
	int _lastRequest = 0;
	Poco::UInt64 _events = 0;
	bool _ended = false;
	std::recursive_mutex _calling; // while something is called
	std::thread _thread;
};


#endif // ScriptClients_INCLUDED
