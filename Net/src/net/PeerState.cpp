//
// PeerState.cpp
//
// Library: PocoWebSocket
// Package: Net
// Module:  WebSocketPeerState
//
// SPDX-License-Identifier: BSL-1.0
//


#include "net/PeerState.h"
#if defined(__linux__)
#include <cstddef>
#include <linux/sockios.h>
#include <linux/tcp.h> // glibc's netinet/tcp.h lacks the newer fields, and cannot be included as well
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#endif


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


#if defined(__linux__)


WebSocketPeerState peerState(int fd, Poco::UInt64 sent)
{
	WebSocketPeerState state;
	int waiting = 0;
	if (::ioctl(fd, SIOCOUTQ, &waiting) == 0) state.waiting = static_cast<Poco::UInt32>(waiting);
	tcp_info info = tcp_info();
	socklen_t length = sizeof(info); // an older system fills less of it
	if (::getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length) == 0 && length >= offsetof(tcp_info, tcpi_bytes_received))
	{
		state.acknowledged = static_cast<Poco::UInt32>(info.tcpi_bytes_acked);
		state.window = info.tcpi_snd_wnd;
		state.delivered = info.tcpi_delivered;
		state.heldBack = info.tcpi_rcv_ooopack;
		state.quiet = info.tcpi_last_ack_recv;
	}
	else
	{
		state.acknowledged = static_cast<Poco::UInt32>(sent) - state.waiting;
	}
	return state;
}


void limitUnsent(int fd, int bytes)
{
	::setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &bytes, sizeof(bytes));
}


void probePeer(int fd, bool flag)
{
	constexpr int COUNT = 127; // it is not for the system to give up; the longest that there is, so nobody else sets it
	const auto set = [fd](int level, int name, int value) { ::setsockopt(fd, level, name, &value, sizeof(value)); };
	const auto get = [fd](int level, int name)
	{
		int value = 0;
		socklen_t length = sizeof(value);
		::getsockopt(fd, level, name, &value, &length);
		return value;
	};
	const bool on = get(SOL_SOCKET, SO_KEEPALIVE) != 0;
	if (on && (flag || get(IPPROTO_TCP, TCP_KEEPCNT) != COUNT)) return;
	if (flag)
	{
		set(IPPROTO_TCP, TCP_KEEPIDLE, 1);
		set(IPPROTO_TCP, TCP_KEEPINTVL, 1);
		set(IPPROTO_TCP, TCP_KEEPCNT, COUNT);
	}
	set(SOL_SOCKET, SO_KEEPALIVE, flag ? 1 : 0);
}


#else


WebSocketPeerState peerState(int, Poco::UInt64)
{
	return WebSocketPeerState();
}


void probePeer(int, bool)
{
}


void limitUnsent(int, int)
{
}


#endif


POCO_WEBSOCKET_END
} } // namespace Poco::Net
