//
// WebSocketSystemd.h
//
// Library: PocoWebSocket
// Package: WebSocket
// Module:  WebSocketSystemd
//
// Sockets from systemd, and messages to it.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketSystemd_INCLUDED
#define Net_WebSocketSystemd_INCLUDED


#include "Poco/Net/WebSocketConfig.h"
#include "Poco/Net/ServerSocket.h"
#include <string>
#include <vector>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


class WebSocket_API WebSocketSystemd
	/// What systemd gives a service, and wants to know from it, without libsystemd: listening sockets (sd_listen_fds(3)), and
	/// how it is (sd_notify(3)). In a process that systemd has not started so, there are no sockets, and nobody is told.
	///
	///     const std::vector<ServerSocket> sockets = WebSocketSystemd::sockets();
	///     for (const ServerSocket& socket: sockets) server.listenShared(socket);
	///     if (sockets.empty()) server.listen(9002);
	///     server.start();
	///     WebSocketSystemd::notify("READY=1");
	///     ...
	///     WebSocketSystemd::notify("STOPPING=1");
	///     server.drain(Poco::Timespan(10, 0));
	///
	/// Sockets that systemd keeps listen while the service is restarted: clients wait, and nobody is refused.
	///
	/// All functions are thread-safe, as long as nobody changes the environment.
{
public:
	static std::vector<ServerSocket> sockets(const std::string& name = std::string());
		/// Returns the listening stream sockets that were given to this process (LISTEN_FDS, LISTEN_PID), in their order. With a name, those
		/// with that FileDescriptorName= only (LISTEN_FDNAMES). What is given besides listening stream sockets is left out.
		///
		/// Each socket is a duplicate, with a descriptor of its own. All descriptors that were given become close-on-exec. Throws a
		/// NetException if a socket cannot be duplicated.

	static void use(ServerSocket& socket, const ServerSocket& given);
		/// Has another kind of server socket listen where the given one does: a SecureServerSocket with its Context, for instance, that was neither
		/// bound nor used yet. Throws a NetException if that is not possible.

	static bool notify(const std::string& state);
		/// Tells the service manager (NOTIFY_SOCKET) the state: READY=1, STOPPING=1, STATUS=text, WATCHDOG=1. Several are separated by
		/// line feeds. Returns false if nobody wants to know, or it could not be told. Never waits.

private:
	WebSocketSystemd() = delete;
};


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketSystemd_INCLUDED
