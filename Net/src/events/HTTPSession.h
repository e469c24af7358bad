//
// HTTPSession.h
//
// Library: PocoWebSocket
// Package: Events
// Module:  WebSocketHTTPSession
//
// A HTTP session whose request has been received already.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketHTTPSession_INCLUDED
#define Net_WebSocketHTTPSession_INCLUDED


#include "Poco/Net/WebSocketConfig.h"
#include "Poco/Net/HTTPBufferAllocator.h"
#include "Poco/Net/HTTPServerParams.h"
#include "Poco/Net/HTTPServerSession.h"
#include "Poco/Net/SocketAddress.h"
#include "Poco/Net/StreamSocket.h"
#include "Poco/Net/StreamSocketImpl.h"
#include <cstddef>
#include <string>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


class WebSocketHTTPSession: public HTTPServerSession
	/// Gives the constructor of a HTTPServerRequestImpl a request's header that somebody else has received. From then on its
	/// socket is the connection's own one, whatever class that has: handlers may ask it for the peer's certificate.
{
public:
	enum
	{
		MAX_BEHIND = HTTPBufferAllocator::BUFFER_SIZE - 1
			/// How many bytes may have been received behind the header. They wait in the session's buffer.
	};

	WebSocketHTTPSession(const std::string& received, const SocketAddress& remote, const SocketAddress& local, const HTTPServerParams::Ptr& pParams);
		/// Until attach() is called, the session has a socket with these addresses, from which received can be read, and then the
		/// end of the stream.

	~WebSocketHTTPSession() override;
		/// Closes the socket, if there is one.

	void attach(StreamSocketImpl* pSocket);
		/// To be called when the header was read. Shares the ownership of the socket.

	void release();
		/// Gives back the socket, which is not closed. Needs no memory, unlike detachSocket().

	bool has(const StreamSocketImpl* pSocket);
		/// Returns true if that is the session's socket still.

private:
	const StreamSocket _none;
};


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketHTTPSession_INCLUDED
