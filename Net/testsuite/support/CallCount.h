//
// CallCount.h
//
// How often the process has waited, or called OpenSSL.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef WebSocketCallCount_INCLUDED
#define WebSocketCallCount_INCLUDED


namespace WebSocketTest {


class CallCount
	/// Counts the calls of poll(), epoll_wait() and SSL_peek(), which goes on with a handshake, in all threads, from where it is made. Who
	/// sleeps makes few, also on a machine that does other work.
{
public:
	CallCount();

	long count() const;

	static constexpr long FEW = 500;
		/// For a wait of two seconds. Who does not sleep makes as many in a few milliseconds.

private:
	const long _before;
};


} // namespace WebSocketTest


#endif // WebSocketCallCount_INCLUDED
