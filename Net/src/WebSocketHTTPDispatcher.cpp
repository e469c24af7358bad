//
// WebSocketHTTPDispatcher.cpp
//
// Library: PocoWebSocket
// Package: WebSocket
// Module:  WebSocketHTTPDispatcher
//
// SPDX-License-Identifier: BSL-1.0
//


#include "WebSocketHTTPDispatcher.h"
#include "WebSocketPrefixedSocket.h"
#include "Poco/Net/HTTPServerConnectionFactory.h"
#include "Poco/Net/StreamSocket.h"
#include "Poco/Net/TCPServerDispatcher.h"
#include "Poco/Thread.h"
#include <algorithm>
#include <mutex>
#include <set>
#include <sys/socket.h>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


class WebSocketHTTPDispatcher::Sockets
	/// Those that are being served.
{
public:
	void add(int fd)
	{
		std::lock_guard<std::mutex> lock(_mutex);
		if (_stopped) ::shutdown(fd, SHUT_RDWR);
		_sockets.insert(fd);
	}

	void remove(int fd)
	{
		std::lock_guard<std::mutex> lock(_mutex);
		_sockets.erase(fd);
	}

	void stop()
	{
		std::lock_guard<std::mutex> lock(_mutex);
		_stopped = true;
		for (const int fd: _sockets) ::shutdown(fd, SHUT_RDWR);
	}

private:
	std::mutex _mutex;
	std::multiset<int> _sockets;
	bool _stopped = false;
};


class WebSocketHTTPDispatcher::TrackedSocket: public WebSocketPrefixedSocket
{
public:
	TrackedSocket(StreamSocketImpl* pSocket, const std::string& prefix, const std::shared_ptr<Sockets>& pSockets):
		WebSocketPrefixedSocket(pSocket, prefix),
		_pSockets(pSockets),
		_fd(pSocket->sockfd())
	{
		_pSockets->add(_fd);
	}

	void close() override
	{
		forget();
		WebSocketPrefixedSocket::close();
	}

protected:
	~TrackedSocket() override
	{
		forget();
	}

private:
	void forget()
		/// Before the descriptor is closed, and may be another's.
	{
		if (_fd >= 0) _pSockets->remove(_fd);
		_fd = -1;
	}

	const std::shared_ptr<Sockets> _pSockets;
	int _fd;
};


WebSocketHTTPDispatcher::WebSocketHTTPDispatcher(const HTTPRequestHandlerFactory::Ptr& pFactory, const HTTPServerParams::Ptr& pParams):
	_threads(1, std::max(1, pParams->getMaxThreads() > 0 ? pParams->getMaxThreads() : 16)),
	_pSockets(std::make_shared<Sockets>()),
	_pDispatcher(new TCPServerDispatcher(new HTTPServerConnectionFactory(pParams, pFactory), _threads, pParams))
{
}


WebSocketHTTPDispatcher::~WebSocketHTTPDispatcher()
{
	stop();
	_pDispatcher->release();
}


void WebSocketHTTPDispatcher::serve(const Poco::AutoPtr<StreamSocketImpl>& pSocket, const std::string& received)
{
	struct Handed: public StreamSocket
	{
		explicit Handed(StreamSocketImpl* pImpl):
			StreamSocket(pImpl)
		{
		}
	};
	_pDispatcher->enqueue(Handed(new TrackedSocket(const_cast<StreamSocketImpl*>(pSocket.get()), received, _pSockets)));
}


void WebSocketHTTPDispatcher::stop()
{
	_pDispatcher->stop();
	_pSockets->stop();
	while (_threads.used() > 0)
	{
		_pDispatcher->stop(); // a thread that was not waiting yet has missed it, and would wait for its idle time
		Poco::Thread::sleep(1);
	}
	_threads.joinAll();
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
