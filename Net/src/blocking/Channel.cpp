//
// Channel.cpp
//
// Library: PocoWebSocket
// Package: Blocking
// Module:  WebSocketImpl
//
// SPDX-License-Identifier: BSL-1.0
//


#include "blocking/Channel.h"
#include "Poco/Net/NetException.h"
#include "Poco/Net/WebSocketParams.h"
#include <algorithm>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


WebSocketImpl::Channel::Channel(StreamSocketImpl* pSocket, WebSocketFramer::Role role, const Poco::Buffer<char>& data):
	transport(pSocket),
	framer(role),
	sender(transport, framer),
	messageSender(transport, framer, sender),
	reader(transport, framer, sender),
	receiver(reader, framer, sender)
{
	reader.preload(data);
	try
	{
		pSocket->setNoDelay(true); // small frames are not to wait for the acknowledgement of others
	}
	catch (const Poco::Exception&)
	{
		// not TCP
	}
}


void WebSocketImpl::Channel::configure(const WebSocketParams& params, const WebSocketDeflateParams* pDeflate)
{
	framer.setVerifyUTF8(params.getVerifyUTF8());
	framer.setVerifyMasking(params.getVerifyMasking());
	receiver.assembler().configure(params, pDeflate);
	messageSender.configure(params, pDeflate);
	transport.setTransferTimeout(params.getTransferTimeout());
	reader.source().setKeepAlive(params.getPingInterval(), params.getPongTimeout(), params.getTransferTimeout());
}


[[gnu::noinline, gnu::cold]] void WebSocketImpl::Channel::throwFailure()
{
	sender.sendFailure();
	receiver.settle();
	transport.drain();
	throw WebSocketException(framer.errorText(), framer.error());
}


bool WebSocketImpl::Channel::closeHandshake(int statusCode, const std::string& reason, const Poco::Timespan& timeout)
{
	const WebSocketDeadline limit(timeout);
	sender.postClose(statusCode, reason);
	try
	{
		if (receiver.skipToClose(limit) != WebSocketReader::AGAIN)
		{
			sender.sendReplies(limit);
		}
		else // another thread is receiving
		{
			const Poco::Timespan slice(WebSocketSender::LOOK_AGAIN);
			do sender.sendReplies(WebSocketDeadline(slice));
			while (!limit.over() && !receiver.waitForEnd(std::min(limit.left(), slice)));
		}
		if (framer.endsStream() && transport.plain()) transport.shutdownSend();
	}
	catch (const TimeoutException&)
	{
		// not answered
	}
	catch (const IOException&)
	{
		// the connection is gone
	}
	return !framer.failed() && (framer.closeState() & WebSocketFramer::CLOSE_RECEIVED) != 0;
}


void WebSocketImpl::Channel::finish()
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


POCO_WEBSOCKET_END
} } // namespace Poco::Net
