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
#include "core/Framer.h"
#include "Poco/Net/WebSocketParams.h"
#include "blocking/MessageSender.h"
#include "blocking/Reader.h"
#include "blocking/Receiver.h"
#include "blocking/Sender.h"
#include "net/Deadline.h"
#include "net/Transport.h"
#include "net/Upgrade.h"
#include <algorithm>
#include <limits>
#include <memory>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


class WebSocketImpl::Channel
	/// What makes up a connection.
{
public:
	Channel(StreamSocketImpl* pSocket, WebSocketFramer::Role role):
		transport(pSocket),
		framer(role),
		sender(transport, framer),
		messageSender(transport, framer, sender),
		reader(transport, framer, sender),
		receiver(reader, framer, sender)
	{
	}

	void finish()
		/// Called before the socket is closed. RFC 6455, 7.1.1: what was sent last, a Close frame
		/// above all, must not be lost because something that was received is not read.
	{
		if (!transport.plain() || !(framer.closeState() & WebSocketFramer::CLOSE_SENT)) return;
		try
		{
			transport.shutdownSend();
			receiver.settle();
			transport.drain();
		}
		catch (const Poco::Exception&)
		{
			// the connection is gone
		}
	}

	WebSocketTransport     transport;
	WebSocketFramer        framer;
	WebSocketSender        sender;
	WebSocketMessageSender messageSender;
	WebSocketReader        reader;
	WebSocketReceiver      receiver;
	std::string            subprotocol;
};


namespace
{
	[[noreturn]] void refuse(const char* name)
	{
		throw Poco::InvalidAccessException(std::string("Cannot ") + name + "() a WebSocketImpl");
	}

	int lengthOf(std::string_view message)
	{
		if (message.size() > static_cast<std::size_t>(std::numeric_limits<int>::max())) throw InvalidArgumentException("A message of 2 GiB or more is sent in parts, or from a stream");
		return static_cast<int>(message.size());
	}

	void enableNoDelay(StreamSocketImpl& socket)
		/// Small frames are not to wait for the acknowledgement of others.
	{
		try
		{
			socket.setNoDelay(true);
		}
		catch (const Poco::Exception&)
		{
			// not TCP
		}
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
	std::unique_ptr<Channel> pChannel = std::make_unique<Channel>(_pStreamSocketImpl, role);
	pChannel->reader.preload(data);
	enableNoDelay(*_pStreamSocketImpl);
	_pChannel = pChannel.release();
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

	const WebSocketFramer& state = _pChannel->framer;
	_pChannel->sender.sendFailure();
	_pChannel->receiver.settle();
	_pChannel->transport.drain();
	throw WebSocketException(state.errorText(), state.error());
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
	Channel& channel = *_pChannel;
	_maxPayloadSize = params.getMaxFrameSize();
	channel.framer.setVerifyUTF8(params.getVerifyUTF8());
	channel.framer.setVerifyMasking(params.getVerifyMasking());
	channel.receiver.assembler().configure(params, pDeflate);
	channel.messageSender.configure(params, pDeflate);
	channel.transport.setTransferTimeout(params.getTransferTimeout());
	channel.reader.setKeepAlive(params.getPingInterval(), params.getPongTimeout(), params.getTransferTimeout());
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
	return _pChannel->reader.ended() || _pChannel->framer.failed();
}


bool WebSocketImpl::closeHandshake(int statusCode, const std::string& reason, const Poco::Timespan& timeout)
{
	if (timeout <= 0) throw InvalidArgumentException("Timeout of a closing handshake must be greater than 0");
	if (!getBlocking()) throw IllegalStateException("The closing handshake can be waited for only if the socket is blocking");

	Channel& channel = *_pChannel;
	const auto answered = [&channel]() { return !channel.framer.failed() && (channel.framer.closeState() & WebSocketFramer::CLOSE_RECEIVED) != 0; };
	const WebSocketDeadline limit(timeout);
	channel.sender.postClose(statusCode, reason);
	try
	{
		if (channel.receiver.skipToClose(limit) != WebSocketReader::AGAIN)
		{
			channel.sender.sendReplies(limit);
		}
		else // another thread is receiving
		{
			const Poco::Timespan slice(WebSocketSender::LOOK_AGAIN);
			do channel.sender.sendReplies(WebSocketDeadline(slice));
			while (!limit.over() && !channel.receiver.waitForEnd(std::min(limit.left(), slice)));
		}
		if (channel.framer.endsStream() && channel.transport.plain()) channel.transport.shutdownSend();
	}
	catch (const TimeoutException&)
	{
		// not answered
	}
	catch (const IOException&)
	{
		// the connection is gone
	}
	return answered();
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


void WebSocketImpl::shutdownReceive()
{
	_pChannel->transport.shutdownReceive();
}


WebSocketImpl::ShutdownSendResult WebSocketImpl::shutdownSend()
{
	_pChannel->transport.shutdownSend();
	return ShutdownSendResult();
}


WebSocketImpl::ShutdownResult WebSocketImpl::shutdown()
{
	_pChannel->transport.shutdown();
	return ShutdownResult();
}


int WebSocketImpl::available()
{
	return std::max(0, _pChannel->transport.available() + _pChannel->reader.ahead());
}


bool WebSocketImpl::poll(const Poco::Timespan& timeout, int mode)
{
	if ((mode & SELECT_READ) && _pChannel->reader.ahead() > 0) return true;
	return _pChannel->transport.poll(timeout, mode);
}


bool WebSocketImpl::secure() const
{
	return _pStreamSocketImpl->secure();
}


void WebSocketImpl::setSendBufferSize(int size)
{
	_pStreamSocketImpl->setSendBufferSize(size);
}


int WebSocketImpl::getSendBufferSize()
{
	return _pStreamSocketImpl->getSendBufferSize();
}


void WebSocketImpl::setReceiveBufferSize(int size)
{
	_pStreamSocketImpl->setReceiveBufferSize(size);
}


int WebSocketImpl::getReceiveBufferSize()
{
	return _pStreamSocketImpl->getReceiveBufferSize();
}


void WebSocketImpl::setSendTimeout(const Poco::Timespan& timeout)
{
	_pChannel->transport.setSendTimeout(timeout);
}


Poco::Timespan WebSocketImpl::getSendTimeout()
{
	return _pChannel->transport.getSendTimeout();
}


void WebSocketImpl::setReceiveTimeout(const Poco::Timespan& timeout)
{
	_pChannel->transport.setReceiveTimeout(timeout);
}


Poco::Timespan WebSocketImpl::getReceiveTimeout()
{
	return _pChannel->transport.getReceiveTimeout();
}


void WebSocketImpl::setBlocking(bool flag)
{
	_pChannel->transport.setBlocking(flag);
}


bool WebSocketImpl::getBlocking() const
{
	return _pChannel->transport.getBlocking();
}


SocketImpl* WebSocketImpl::acceptConnection(SocketAddress&)
{
	refuse("acceptConnection");
}


void WebSocketImpl::connect(const SocketAddress&)
{
	refuse("connect");
}


void WebSocketImpl::connect(const SocketAddress&, const Poco::Timespan&)
{
	refuse("connect");
}


void WebSocketImpl::connectNB(const SocketAddress&)
{
	refuse("connectNB");
}


void WebSocketImpl::bind(const SocketAddress&, bool)
{
	refuse("bind");
}


void WebSocketImpl::bind(const SocketAddress&, bool, bool)
{
	refuse("bind");
}


void WebSocketImpl::bind6(const SocketAddress&, bool, bool)
{
	refuse("bind6");
}


void WebSocketImpl::bind6(const SocketAddress&, bool, bool, bool)
{
	refuse("bind6");
}


void WebSocketImpl::listen(int)
{
	refuse("listen");
}


int WebSocketImpl::sendBytes(const SocketBufVec&, int)
{
	refuse("gather-sendBytes");
}


int WebSocketImpl::receiveBytes(SocketBufVec&, int)
{
	refuse("scatter-receiveBytes");
}


int WebSocketImpl::sendTo(const void*, int, const SocketAddress&, int)
{
	refuse("sendTo");
}


int WebSocketImpl::sendTo(const SocketBufVec&, const SocketAddress&, int)
{
	refuse("sendTo");
}


int WebSocketImpl::receiveFrom(void*, int, SocketAddress&, int)
{
	refuse("receiveFrom");
}


int WebSocketImpl::receiveFrom(SocketBufVec&, SocketAddress&, int)
{
	refuse("receiveFrom");
}


void WebSocketImpl::sendUrgent(unsigned char)
{
	refuse("sendUrgent");
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
