//
// Traffic.h
//
// Clients on several nodes, which publish and subscribe all the time.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Traffic_INCLUDED
#define Traffic_INCLUDED


#include "Record.h"
#include "ScriptClients.h"
#include "TrafficClient.h"
#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <thread>


struct TrafficOptions
{
	std::vector<Poco::UInt16> ports;      // of the nodes: ws://127.0.0.1:PORT/messages
	std::vector<std::string> channels{"h1", "h2", "c1"};
	int publishers = 1;                   // for each node, each in all channels
	int subscribers = 2;                  // for each node, each in all channels; every second one speaks JSON
	std::string script;                   // traffic.js: each node has a publisher and a subscriber in TypeScript, too; those of every second node speak JSON
	int interval = 50;                    // ms between an answer and the next publication of a publisher in a channel
	std::size_t payload = 0;              // bytes at least
	std::function<std::string(const std::string& user)> token; // none: clients have no users
};


class Traffic
	/// Publishers give each publication a transaction, and try again after temporary errors until it was answered. In channels without
	/// history (names that do not begin with "h") they do not when nobody knows whether it was done: they go on with the next one.
	///
	/// What a service sends is also checked before MessageClient sees it: it hides repetitions, and repairs gaps. That of clients in TypeScript is not.
{
public:
	Traffic(Record& record, const TrafficOptions& options);
		/// Begins; returns when all subscribers are in their channels, for 30 s at most.

	~Traffic();
		/// Ends all clients.

	Poco::Int64 flows(const std::set<std::size_t>& nodes = {});
		/// Waits until everybody has published something new in each channel, and all subscribers have got it; with nodes: those that are connected to these. Returns how many
		/// ms that took; -1 after 60 s.

	void cut();
		/// Ends the connections of all subscribers: they connect again.

	bool refused();
		/// Waits until a publication is refused, that of whichever publisher. Returns false after 60 s.

	bool settle();
		/// Ends publishing, when all is answered, and waits until all subscribers have what was promised in channels with history. Returns false after 60 s.

	std::string waits() const;
		/// Returns what flows() or settle() waits for.

private:
	struct Client;
	struct Stream;
	class Native;
	class Wire;

	using Milliseconds = Poco::Int64;

	void addSubscriber(const std::string& name, std::size_t node, bool json, bool script);
	void addPublisher(const std::string& name, std::size_t node, bool json, bool script);
	std::unique_ptr<Client> client(const std::string& name, std::size_t node, bool json, bool script);
	void subscribe(Client& client, const std::string& channel);
	void run();
	void publish(Stream& stream);
	void answered(Stream& stream, Poco::Messaging::ErrorCode code, const Poco::Messaging::Message& answer);
	bool until(const std::function<bool()>& condition, int seconds) const;
	static std::string waitsFor(const Stream& stream);

	Record& _record;
	const TrafficOptions _options;
	Poco::Net::WebSocketClientLoop _loop; // of those in C++
	mutable std::mutex _mutex; // for what follows
	mutable std::string _waits;
	std::deque<Stream> _streams;
	std::vector<std::map<std::string, Poco::UInt64>> _got; // of each subscriber: "CHANNEL PUBLISHER": the last number
	std::vector<std::set<std::string>> _in;                // of each subscriber: channels
	Poco::UInt64 _refused = 0;
	bool _publishes = true;
	bool _ended = false;
	std::condition_variable _condition;
	std::unique_ptr<ScriptClients> _pScript; // goes behind its clients
	std::vector<std::unique_ptr<Client>> _subscribers;
	std::vector<std::unique_ptr<Client>> _publishers;
	std::thread _thread;
};


#endif // Traffic_INCLUDED
