//
// PeerState.h
//
// Library: PocoWebSocket
// Package: Net
// Module:  WebSocketPeerState
//
// A look at a connection's peer.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketPeerState_INCLUDED
#define Net_WebSocketPeerState_INCLUDED


#include "core/Progress.h"


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


WebSocketPeerState peerState(int fd, Poco::UInt64 sent = 0);
	/// Returns what the system knows of the peer of a socket, by two system calls: for TCP by TCP_INFO (tcp(7); the
	/// window since Linux 5.4), otherwise by SIOCOUTQ. Where the system knows nothing, the state never changes.
	/// sent: how many bytes the system has taken from the program so far. Who sends nothing between two looks may leave it out.

void probePeer(int fd, bool flag);
	/// Has the system ask the peer's every second, while nothing else is sent, how much room there is (TCP's keep-alive), or not any
	/// more. A peer that has acknowledged everything, and reads it slowly, need not tell on its own. Does nothing to a socket
	/// whose keep-alive somebody else has set.

void limitUnsent(int fd, int bytes = 256*1024);
	/// Has the system take little more than the peer does (TCP_NOTSENT_LOWAT, Linux): what waits for a slow peer waits in the program, and a PING
	/// or a Close frame not behind megabytes. A socket that listens gives it to those that it accepts. Does nothing for other sockets than TCP.
	/// With 256 KiB, a message of 16 MiB takes no more system calls than without.


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketPeerState_INCLUDED
