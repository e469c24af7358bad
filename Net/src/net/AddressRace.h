//
// AddressRace.h
//
// Library: PocoWebSocket
// Package: Net
// Module:  WebSocketAddressRace
//
// The addresses of a host, and which of them answers first.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketAddressRace_INCLUDED
#define Net_WebSocketAddressRace_INCLUDED


#include "net/Deadline.h"
#include "Poco/Net/SocketAddress.h"
#include "Poco/Net/WebSocketConfig.h"
#include "Poco/Clock.h"
#include "Poco/Timespan.h"
#include <cstddef>
#include <poll.h>
#include <string>
#include <vector>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


class WebSocketAddressRace
	/// Connects to several addresses at a time, until one has answered: to the next one when one has failed, or has not answered for
	/// NEXT_AFTER, while that goes on (RFC 8305, 5).
{
public:
	typedef std::vector<SocketAddress> Addresses;

	static const Poco::Timespan NEXT_AFTER;
		/// 250 ms: the Connection Attempt Delay.

	static Addresses lookUp(const std::string& host, Poco::UInt16 port);
		/// Returns the addresses of a name, in the order that the resolver gives them in (RFC 6724, 6). Throws as Poco::Net::DNS does.

	static const SocketAddress* sourceFor(const SocketAddress& address, const Addresses& sources);
		/// Returns the first source of the address's family; null if there is none.

	[[noreturn]] static void failTimeout();
		/// Throws the TimeoutException of who has no connection in time.

	WebSocketAddressRace(const Addresses& addresses, const Addresses& sources);
		/// Both must outlive the race. Those that have a source are bound to it.

	~WebSocketAddressRace();

	std::size_t run(const WebSocketDeadline& limit);
		/// Returns which address has answered first. Throws what happened to the first one that has failed, if all have, or a TimeoutException.

	int take(std::size_t number);
		/// Returns the descriptor, which blocks and is the caller's, of the address that has answered.

private:
	struct Failure;

	WebSocketAddressRace(const WebSocketAddressRace&) = delete;
	WebSocketAddressRace& operator = (const WebSocketAddressRace&) = delete;

	void begin();
	bool arrived(std::size_t i);
	void failed(int error, const SocketAddress& address);
	void drop(std::size_t i);

	const Addresses& _addresses;
	const Addresses& _sources;
	std::size_t _next;
	Poco::Clock _begin; // of the last one
	std::vector<pollfd> _runners;
	std::vector<std::size_t> _numbers; // which address is whose
	int _failure;
	std::string _failed;
};


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketAddressRace_INCLUDED
