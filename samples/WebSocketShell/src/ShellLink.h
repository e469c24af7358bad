//
// ShellLink.h
//
// Definition of the ShellLink interface.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef ShellLink_INCLUDED
#define ShellLink_INCLUDED


#include <string>


class ShellLink
	/// How a session uses its WebSocket: without ever waiting for the server.
{
public:
	struct Frame
		/// Flags and payload, as WebSocket::sendFrame() takes them.
	{
		int flags;
		std::string payload;
	};

	virtual ~ShellLink() = default;

	virtual bool receive(Frame& frame) = 0;
		/// Returns false if nothing has come yet that is complete. At the end of the stream the
		/// flags are 0. Throws what WebSocket throws.

	virtual bool send(const Frame& frame) = 0;
		/// Returns true when the frame has been sent. Otherwise to be called again, with the same frame,
		/// when the socket has become writable. Throws what WebSocket throws.
};


#endif // ShellLink_INCLUDED
