//
// BadNetwork.h
//
// What is between a program and its server, and can go wrong.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef BadNetwork_INCLUDED
#define BadNetwork_INCLUDED


#include "Poco/Types.h"
#include <atomic>
#include <functional>
#include <list>
#include <mutex>
#include <string>
#include <thread>
#include <vector>


class BadNetwork
	/// Listens on a port of 127.0.0.1, and passes on the bytes of all connections, until it is told something else. Thread-safe.
{
public:
	enum Direction
	{
		UP,  // to the server
		DOWN // from the server
	};

	enum Fault
	{
		CUT,    // connections end, also new ones
		SWALLOW // nothing passes any more in either direction, and nobody is told; new connections are made, and nothing passes
	};

	explicit BadNetwork(Poco::UInt16 target);
		/// Chooses a port.

	~BadNetwork();

	BadNetwork(const BadNetwork&) = delete;
	BadNetwork& operator = (const BadNetwork&) = delete;

	Poco::UInt16 port() const;
	std::string address() const;
		/// "127.0.0.1:PORT"

	void setTarget(Poco::UInt16 port);
		/// For connections that come from now on.

	void failAfter(Direction direction, Poco::Int64 bytes, Fault fault);
		/// When so many more bytes have passed in this direction, counted over all connections, the connection of the last one fails: it ends (others, and new ones, do not),
		/// or nothing passes on it any more.

	void fail(Fault fault);
		/// At once, and for all connections, until restore().

	bool swallow(Poco::UInt16 port);
		/// From now on nothing passes on the connection that the server sees come from this port, and nobody is told. Returns false if there is none.

	bool hold(Poco::UInt16 port);
		/// From now on what the server says on that connection waits for release(). Returns false if there is none.

	void release();

	bool cut(Poco::UInt16 port);
		/// Resets that connection. Returns false if there is none.

	void restore();
		/// Connections that come from now on work again. Those on which bytes were swallowed stay silent.

	bool failed() const;
		/// Returns whether failAfter() has been done.

	Poco::Int64 passed(Direction direction) const;
		/// Returns how many bytes have passed.

	int connections() const;
		/// Returns how many connections there were.

	void reset();
		/// Resets the connections that there are.

private:
	struct Link;

	void run();
	void accept();
	bool pass(Link& link, Direction direction);
	bool with(Poco::UInt16 port, const std::function<void(Link& link)>& call);

	const Poco::UInt16 _port;
	const int _listener;
	mutable std::mutex _mutex; // for what follows
	Poco::UInt16 _target;
	Poco::Int64 _passed[2] = {0, 0};
	Direction _direction = UP;
	Poco::Int64 _left = -1;
	Fault _fault = CUT; // of failAfter()
	bool _cuts = false;
	bool _swallows = false;
	bool _reset = false;
	bool _failed = false;
	int _connections = 0;
	std::list<Link> _links; // changed by the thread
	std::atomic<bool> _ended{false};
	std::thread _thread;
};


#endif // BadNetwork_INCLUDED
