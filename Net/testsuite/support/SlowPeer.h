//
// SlowPeer.h
//
// Peers that are slow, but do not stop. Slow is scaled: half a megabyte a second, and limits of two seconds. With the default
// limits, and links of 25 and 80 KB/s: slow/slow.py.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef WebSocketSlowPeer_INCLUDED
#define WebSocketSlowPeer_INCLUDED


#include "support/ClassPeer.h"
#include <algorithm>
#include <chrono>
#include <string>
#include <thread>


namespace WebSocketTest {


const Poco::Timespan LIMIT(2, 0);
	/// Of silence. The peer is silent for much less, also on a machine that does other work.


class Pace
	/// A peer that is slow is one that does nothing for most of the time.
{
public:
	void step()
	{
		std::this_thread::sleep_until(_next);
		_next = std::max(_next, std::chrono::steady_clock::now()) + std::chrono::milliseconds(40);
	}

private:
	std::chrono::steady_clock::time_point _next = std::chrono::steady_clock::now();
};


inline const std::string& large()
	/// A message that is more than the system takes at once, and that takes ten seconds.
{
	static const std::string text = pattern(5*1024*1024);
	return text;
}


inline std::string receiveSlowly(RawPeer& peer, std::size_t length, std::size_t step = 20000)
{
	std::string result;
	Pace pace;
	while (result.size() < length)
	{
		pace.step();
		result += peer.receive(std::min(step, length - result.size()));
	}
	return result;
}


inline const std::string& hoarded()
	/// A message that hoard() and a send buffer take at once, and receiveUnseen() takes eight seconds for.
{
	static const std::string text = pattern(5*1024*1024/2);
	return text;
}


inline void hoard(RawPeer& peer)
	/// Gives the peer's system a large buffer. Its window is as wide as before when hoarded() has arrived: what the program reads then does not show.
{
	peer.socket().setReceiveBufferSize(4*1024*1024);
}


inline std::string receiveUnseen(RawPeer& peer, std::size_t length)
{
	return receiveSlowly(peer, length, 12000);
}


inline void sendSlowly(RawPeer& peer, const std::string& bytes)
	/// A byte at a time.
{
	Pace pace;
	for (char byte: bytes)
	{
		pace.step();
		peer.send(std::string(1, byte));
	}
}


} // namespace WebSocketTest


#endif // WebSocketSlowPeer_INCLUDED
