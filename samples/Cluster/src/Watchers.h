//
// Watchers.h
//
// Definition of the Watchers class.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Watchers_INCLUDED
#define Watchers_INCLUDED


#include "Poco/JSON/Array.h"
#include "Poco/JSON/Object.h"
#include "Poco/Messaging/MessageClient.h"
#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>


class Watchers
	/// Clients of the cluster, one for each node as long as that is ready, in a room of their own. They come through the balancer, and go elsewhere if their node goes.
	/// One sends, all measure when it comes; and they send numbered messages, and count those that are missing or come twice.
	///
	/// All functions may be called by any thread.
{
public:
	using Token = std::function<std::string()>;

	Watchers(const std::string& balancer, const std::vector<std::string>& nodes, const Token& token, const std::function<void()>& changed);
		/// balancer: the beginning of a ws: URI. changed is called by any thread, when there is something new to show.

	~Watchers();

	void start();

	void send(std::size_t from);
		/// Sends a message whose way is shown.

	void setTraffic(bool on);
		/// Begins or ends to send numbered messages.

	void setReady(const std::vector<bool>& ready);
		/// Says which nodes are ready: those whose node is are brought home.

	Poco::JSON::Object state() const;
		/// Returns what the page shows.

private:
	using Steady = std::chrono::steady_clock;

	struct Path
		/// The way of a message.
	{
		int number = 0;
		std::size_t from = 0;
		std::string node;              // the node that it was sent to
		std::string transaction;
		std::string trace;
		Steady::time_point sent;
		Poco::Int64 answered = -1;     // us after it was sent
		Poco::Int64 stored = 0;        // ms since 1970
		Poco::UInt64 offset = 0;
		std::string error;
		std::vector<Poco::Int64> received; // for each watcher, us after it was sent; -1: not yet
		std::vector<std::string> nodes;    // where that watcher was
	};

	struct Watcher
	{
		std::unique_ptr<Poco::Messaging::MessageClient> pClient;
		std::string node;             // where it is; empty: nowhere
		int homeless = 0;             // ticks for which it was elsewhere, though its node was ready
		int number = 0;               // of its last numbered message
		bool waiting = false;         // for the answer to that
		bool again = false;           // the answer was that it cannot be done at present
		int due = 0;                  // ticks since that was sent
		std::map<int, std::set<int>> received; // numbers, by who has sent them
		Poco::UInt64 doubled = 0;
		Poco::UInt64 lost = 0;
	};

	void connected(std::size_t watcher);
	void received(std::size_t watcher, const Poco::Messaging::Message& publication);
	void publishNumbered(std::size_t watcher);
	void run();
	void tick();

	const std::vector<std::string> _nodes;
	const std::function<void()> _changed;
	mutable std::mutex _mutex;
	std::vector<Watcher> _watchers;
	std::deque<Path> _paths;
	std::vector<int> _answered; // the last number of each watcher that was taken
	int _lastPath = 0;
	bool _traffic = false;
	bool _end = false;
	std::vector<bool> _ready;  // the nodes
	std::condition_variable _ended;
	std::thread _thread;       // sends: who looks at the nodes may have to wait for them
	const std::string _run; // makes names of transactions
};


#endif // Watchers_INCLUDED
