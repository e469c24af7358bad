//
// WebSocketPrefixedSocket.h
//
// Library: PocoWebSocket
// Package: WebSocket
// Module:  WebSocketPrefixedSocket
//
// A socket from which something has been read already.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketPrefixedSocket_INCLUDED
#define Net_WebSocketPrefixedSocket_INCLUDED


#include "Poco/Net/WebSocketConfig.h"
#include "Poco/Net/StreamSocket.h"
#include "Poco/Net/StreamSocketImpl.h"
#include "Poco/Buffer.h"
#include <string>
#include <utility>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


class WebSocketPrefixedSocket: public StreamSocketImpl
	/// Gives back first what has been read from another socket already, and is that socket otherwise.
{
public:
	WebSocketPrefixedSocket(StreamSocketImpl* pSocket, const std::string& prefix);
		/// Shares the ownership of pSocket.

	static void unwrap(StreamSocket& socket, Poco::Buffer<char>& data);
		/// If the socket is such a one, replaces it by the other, and appends to data what
		/// has not been given back yet.

	using StreamSocketImpl::sendBytes;
	using StreamSocketImpl::receiveBytes;
	using ShutdownResult = decltype(std::declval<StreamSocketImpl&>().shutdown());
	using ShutdownSendResult = decltype(std::declval<StreamSocketImpl&>().shutdownSend());

	int sendBytes(const void* buffer, int length, int flags) override;
	int receiveBytes(void* buffer, int length, int flags) override;
	int available() override;
	bool poll(const Poco::Timespan& timeout, int mode) override;
	bool secure() const override;
	void close() override;
	void shutdownReceive() override;
	ShutdownSendResult shutdownSend() override;
	ShutdownResult shutdown() override;
	void setSendTimeout(const Poco::Timespan& timeout) override;
	Poco::Timespan getSendTimeout() override;
	void setReceiveTimeout(const Poco::Timespan& timeout) override;
	Poco::Timespan getReceiveTimeout() override;
	void setBlocking(bool flag) override;
	bool getBlocking() const override;

protected:
	~WebSocketPrefixedSocket() override;

private:
	StreamSocketImpl* _pSocket;
	std::string _prefix;
	std::size_t _position;
};


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketPrefixedSocket_INCLUDED
