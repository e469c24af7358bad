//
// ClientSupport.h
//
// A client that writes down what it is told, and a proxy that cuts its connections.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef ClientSupport_INCLUDED
#define ClientSupport_INCLUDED


#include "ServiceSupport.h"
#include "Poco/Messaging/MessageClient.h"
#include "Poco/Net/ServerSocket.h"
#include <atomic>
#include <mutex>
#include <thread>


using Poco::Messaging::MessageClient;
using Poco::Messaging::MessageClientCallbacks;
using Poco::Messaging::MessageClientParams;
using Poco::Messaging::MessageSubscription;
using Poco::Messaging::Position;

typedef std::vector<std::string> Texts;


Poco::URI uriOf(Wire wire, Poco::UInt16 port);

Poco::Net::WebSocketClientParams::Ptr connectionParams(Wire wire);
	/// It connects again within 20 ms.

MessageClientParams::Ptr clientParams(Wire wire);


class Told
	/// What a client was told, in order.
{
public:
	void tell(const std::string& text);
	Texts all() const;
	std::size_t count(const std::string& text) const;

	bool has(const std::string& text) const;
		/// Waits for it.

	Texts with(const std::string& prefix) const;
		/// Returns what begins with it, without it.

	MessageClientCallbacks callbacks();
	MessageSubscription subscription(const std::string& name);
	MessageClient::Done done(const std::string& name);

private:
	mutable std::mutex _mutex;
	Texts _told;
};


class CuttingProxy
	/// Passes on the bytes of one connection after the other. Cuts one of them after so many bytes in one direction; then it goes on.
{
public:
	enum Direction
	{
		UP,
		DOWN
	};

	explicit CuttingProxy(Poco::UInt16 port);
	~CuttingProxy();

	Poco::UInt16 port() const;

	void cutAfter(Direction direction, int bytes);

	bool wasCut() const;

private:
	void run();
	void relay(Poco::Net::StreamSocket& client);
	bool pass(Poco::Net::StreamSocket& from, Poco::Net::StreamSocket& to, Direction direction);

	const Poco::UInt16 _to;
	Poco::Net::ServerSocket _listener;
	std::mutex _mutex; // for what follows
	Direction _direction = UP;
	int _left = -1;
	std::atomic<bool> _cut{false};
	std::atomic<bool> _ended{false};
	std::thread _thread;
};


#endif // ClientSupport_INCLUDED
