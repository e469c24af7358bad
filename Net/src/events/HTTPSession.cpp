//
// HTTPSession.cpp
//
// Library: PocoWebSocket
// Package: Events
// Module:  WebSocketHTTPSession
//
// SPDX-License-Identifier: BSL-1.0
//


#include "events/HTTPSession.h"
#include "Poco/Net/StreamSocket.h"
#include <algorithm>
#include <cstring>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


namespace
{
	class ReceivedSocketImpl: public StreamSocketImpl
		/// Gives back what was received, and is no socket otherwise.
	{
	public:
		ReceivedSocketImpl(const std::string& received, const SocketAddress& remote, const SocketAddress& local):
			_received(received),
			_position(0),
			_remote(remote),
			_local(local)
		{
		}

		using StreamSocketImpl::receiveBytes;

		int receiveBytes(void* buffer, int length, int) override
		{
			// The odd piece comes first: the last one, of length bytes, has the end of the header, and all that is behind it.
			const std::size_t rest = _received.size() - _position;
			const std::size_t piece = rest % static_cast<std::size_t>(length);
			const std::size_t n = piece > 0 ? piece : std::min(rest, static_cast<std::size_t>(length));
			std::memcpy(buffer, _received.data() + _position, n);
			_position += n;
			return static_cast<int>(n);
		}

		void setReceiveTimeout(const Poco::Timespan&) override
		{
		}

		SocketAddress address() override
		{
			return _local;
		}

		SocketAddress peerAddress() override
		{
			return _remote;
		}

	private:
		const std::string _received;
		std::size_t _position;
		const SocketAddress _remote;
		const SocketAddress _local;
	};

	struct Handed: public StreamSocket
		/// Opens the constructor that takes over an implementation.
	{
		explicit Handed(StreamSocketImpl* pSocket):
			StreamSocket(pSocket)
		{
		}
	};
}


WebSocketHTTPSession::WebSocketHTTPSession(const std::string& received, const SocketAddress& remote, const SocketAddress& local, const HTTPServerParams::Ptr& pParams):
	HTTPServerSession(Handed(new ReceivedSocketImpl(received, remote, local)), pParams)
{
}


WebSocketHTTPSession::~WebSocketHTTPSession()
{
}


void WebSocketHTTPSession::attach(StreamSocketImpl* pSocket)
{
	pSocket->duplicate();
	attachSocket(Handed(pSocket));
}


void WebSocketHTTPSession::release()
{
	attachSocket(_none);
}


bool WebSocketHTTPSession::has(const StreamSocketImpl* pSocket)
{
	return socket().impl() == pSocket;
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
