//
// WebSocketImpl.cpp
//
// Library: PocoWebSocket
// Package: Blocking
// Module:  WebSocketImpl
//
// SPDX-License-Identifier: BSL-1.0
//


#include "Poco/Net/WebSocketImpl.h"
#include "Poco/Net/HTTPSession.h"
#include "Poco/Net/NetException.h"
#include "Poco/Net/WebSocket.h"
#include "Poco/Net/WebSocketParams.h"
#include "blocking/Channel.h"
#include "net/Upgrade.h"
#include <limits>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


namespace
{
	int lengthOf(std::string_view message)
	{
		if (message.size() > static_cast<std::size_t>(std::numeric_limits<int>::max())) throw InvalidArgumentException("A message of 2 GiB or more is sent in parts, or from a stream");
		return static_cast<int>(message.size());
	}
}


WebSocketImpl::WebSocketImpl(StreamSocketImpl* pStreamSocketImpl, HTTPSession& session, bool mustMaskPayload):
	_pStreamSocketImpl(pStreamSocketImpl),
	_maxPayloadSize(std::numeric_limits<int>::max()),
	_pChannel(nullptr),
	_reserved(),
	_frameFlags(0),
	_mustMaskPayload(mustMaskPayload)
{
	Poco::Buffer<char> data(0);
	session.drainBuffer(data);
	begin(data);
}


WebSocketImpl::WebSocketImpl(const WebSocketUpgrade& upgrade, const WebSocketParams* pParams):
	_pStreamSocketImpl(static_cast<StreamSocketImpl*>(upgrade.socket.impl())),
	_maxPayloadSize(std::numeric_limits<int>::max()),
	_pChannel(nullptr),
	_reserved(),
	_frameFlags(0),
	_mustMaskPayload(upgrade.client)
{
	begin(upgrade.data);
	_pChannel->subprotocol = upgrade.subprotocol;
	if (pParams) configure(*pParams, upgrade.deflated ? &upgrade.deflate : nullptr);
}


void WebSocketImpl::begin(const Poco::Buffer<char>& data)
{
	const WebSocketFramer::Role role = _mustMaskPayload ? WebSocketFramer::ROLE_CLIENT : WebSocketFramer::ROLE_SERVER;
	_pChannel = new Channel(_pStreamSocketImpl, role, data);
	reset(_pStreamSocketImpl->sockfd()); // last: whoever has the descriptor closes it
}


WebSocketImpl::~WebSocketImpl()
{
	_pChannel->finish();
	delete _pChannel; // releases the socket
	reset();
}


int WebSocketImpl::sendBytes(const void* buffer, int length, int flags)
{
	if (flags == 0) flags = WebSocket::FRAME_BINARY;
	return _pChannel->sender.send(static_cast<const char*>(buffer), length, flags);
}


int WebSocketImpl::sendClose(int statusCode, const std::string& reason)
{
	return _pChannel->sender.sendClose(statusCode, reason);
}


int WebSocketImpl::receiveFrame(void* buffer, int length, int& flags)
{
	if (length < 0) throw InvalidArgumentException("Negative buffer length");
	if (length > 0 && !buffer) throw InvalidArgumentException("Null pointer for the buffer");
	const int result = _pChannel->receiver.receiveFrame(static_cast<char*>(buffer), static_cast<std::size_t>(length), static_cast<std::size_t>(_maxPayloadSize), flags);
	return finishReceive(result, flags);
}


int WebSocketImpl::receiveFrame(Poco::Buffer<char>& buffer, int& flags)
{
	const int result = _pChannel->receiver.receiveFrame(buffer, static_cast<std::size_t>(_maxPayloadSize), flags);
	return finishReceive(result, flags);
}


int WebSocketImpl::finishReceive(int result, int flags)
{
	if (result >= 0) _frameFlags = flags;
	if (result != WebSocketReader::FAILED) return result;

	_pChannel->throwFailure();
}


int WebSocketImpl::receiveBytes(void* buffer, int length, int)
{
	int flags = 0;
	return receiveFrame(buffer, length, flags);
}


int WebSocketImpl::receiveBytes(Poco::Buffer<char>& buffer, int, const Poco::Timespan&)
{
	int flags = 0;
	return receiveFrame(buffer, flags);
}


void WebSocketImpl::configure(const WebSocketParams& params, const WebSocketDeflateParams* pDeflate)
{
	_maxPayloadSize = params.getMaxFrameSize();
	_pChannel->configure(params, pDeflate);
}


bool WebSocketImpl::receiveMessage(Poco::Buffer<char>& message, WebSocketFrame::Opcode& opcode)
{
	const int result = _pChannel->receiver.receiveMessage(message, opcode);
	if (result >= 0) return opcode != WebSocketFrame::OP_CONT;
	finishReceive(result, 0);
	return false;
}


bool WebSocketImpl::receiveMessage(std::string& message, WebSocketFrame::Opcode& opcode)
{
	const int result = _pChannel->receiver.receiveMessage(message, opcode);
	if (result >= 0) return opcode != WebSocketFrame::OP_CONT;
	finishReceive(result, 0);
	return false;
}


int WebSocketImpl::receivePart(void* buffer, int length, int& flags)
{
	if (length <= 0 || !buffer) throw InvalidArgumentException("No buffer for a part of a message");
	const int result = _pChannel->receiver.receivePart(static_cast<char*>(buffer), static_cast<std::size_t>(length), flags);
	return finishReceive(result, flags);
}


int WebSocketImpl::sendMessage(std::string_view message, int opcode, int fragmentSize)
{
	return _pChannel->messageSender.send(message.data(), lengthOf(message), opcode, fragmentSize);
}


int WebSocketImpl::sendUncompressed(std::string_view message, int opcode, int fragmentSize)
{
	return _pChannel->messageSender.sendUncompressed(message.data(), lengthOf(message), opcode, fragmentSize);
}


std::streamsize WebSocketImpl::sendMessage(std::istream& istr, int opcode, int fragmentSize, bool compress)
{
	return _pChannel->messageSender.send(istr, opcode, fragmentSize, compress);
}


int WebSocketImpl::sendPart(std::string_view part, int opcode, bool last, bool compress)
{
	return _pChannel->messageSender.sendPart(part.data(), lengthOf(part), opcode, last, compress);
}


bool WebSocketImpl::atEnd() const
{
	return _pChannel->reader.ended();
}


bool WebSocketImpl::closeHandshake(int statusCode, const std::string& reason, const Poco::Timespan& timeout)
{
	if (timeout <= 0) throw InvalidArgumentException("Timeout of a closing handshake must be greater than 0");
	if (!getBlocking()) throw IllegalStateException("The closing handshake can be waited for only if the socket is blocking");

	return _pChannel->closeHandshake(statusCode, reason, timeout);
}


void WebSocketImpl::ping()
{
	_pChannel->sender.ping();
}


Poco::Timespan WebSocketImpl::pingTime() const
{
	return _pChannel->sender.pingTime();
}


void WebSocketImpl::setPongHandler(const std::function<void(const std::string&)>& handler)
{
	_pChannel->receiver.setPongHandler(handler);
}


void WebSocketImpl::cork()
{
	_pChannel->sender.cork();
}


void WebSocketImpl::uncork()
{
	_pChannel->sender.uncork();
}


void WebSocketImpl::flush()
{
	_pChannel->sender.flush();
}


const std::string& WebSocketImpl::subprotocol() const
{
	return _pChannel->subprotocol;
}


void WebSocketImpl::setMaxPayloadSize(int maxPayloadSize)
{
	if (maxPayloadSize <= 0) throw InvalidArgumentException("Maximum payload size must be greater than 0");
	_maxPayloadSize = maxPayloadSize;
}


StreamSocketImpl* WebSocketImpl::streamSocketImpl()
{
	_pChannel->receiver.settle();
	return _pStreamSocketImpl;
}


WebSocketFramer& WebSocketImpl::framer()
{
	return _pChannel->framer;
}


const WebSocketFramer& WebSocketImpl::framer() const
{
	return _pChannel->framer;
}


void WebSocketImpl::close()
{
	_pChannel->finish();
	_pChannel->transport.close();
	reset();
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
