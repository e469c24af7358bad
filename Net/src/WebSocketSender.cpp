//
// WebSocketSender.cpp
//
// Library: PocoWebSocket
// Package: WebSocket
// Module:  WebSocketSender
//
// SPDX-License-Identifier: BSL-1.0
//


#include "WebSocketSender.h"
#include "Poco/Net/NetException.h"
#include <openssl/rand.h>
#include <algorithm>
#include <cstring>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


namespace
{
	constexpr int CLOSE_FLAGS = WebSocketFrameHeader::FIN | static_cast<int>(WebSocketFrame::OP_CLOSE);

	const char* const TEXT_NOT_BEGUN  = "Send timed out; the frame has not been begun";
	const char* const TEXT_UNFINISHED = "Send timed out inside the frame; its rest will be sent before the next one";
}


WebSocketSender::WebSocketSender(WebSocketTransport& transport, WebSocketFramer& framer):
	_transport(transport),
	_framer(framer),
	_blockSize(transport.plain() ? BLOCK_SIZE : TLS_BLOCK_SIZE),
	_blockPosition(0),
	_blockEnd(0),
	_restPosition(0),
	_begun(false),
	_broken(false),
	_keys(),
	_nextKey(KEY_POOL_SIZE)
{
}


int WebSocketSender::send(const char* pPayload, int length, int flags)
{
	return submit(pPayload, length, flags & 0xff, length);
}


int WebSocketSender::sendClose(int statusCode, const std::string& reason)
{
	if (!WebSocketFrame::isCloseCode(statusCode)) // RFC 6455, 7.4
		throw InvalidArgumentException("Status code must not be sent in a Close frame: " + std::to_string(statusCode));
	if (!WebSocketUTF8::isValid(reason.data(), reason.size())) // RFC 6455, 5.5.1
		throw InvalidArgumentException("Reason of a Close frame must be UTF-8");

	char payload[WebSocketFrame::MAX_CONTROL_PAYLOAD];
	const std::size_t length = WebSocketFrame::buildClose(payload, statusCode, reason.data(), reason.size());
	return submit(payload, static_cast<int>(length), CLOSE_FLAGS, 0);
}


int WebSocketSender::submit(const char* pPayload, int length, int flags, int dropped)
{
	if (length < 0) throw InvalidArgumentException("Negative frame length");
	if (length > 0 && !pPayload) throw InvalidArgumentException("Null pointer for a frame's payload");

	Poco::FastMutex::ScopedLock lock(_mutex);
	if (_broken) throw ConnectionResetException("The connection broke inside a frame that was being sent");

	try
	{
		const bool blocking = _transport.getBlocking();
		if (!finish())
		{
			if (blocking) throw TimeoutException(TEXT_NOT_BEGUN);
			return WebSocketTransport::AGAIN;
		}
		if (repeated(length, flags)) return length;

		const WebSocketFramer::SendResult result = _framer.checkSend(flags, pPayload, static_cast<std::size_t>(length));
		if (result == WebSocketFramer::DROP) return dropped;
		if (result != WebSocketFramer::SEND) check(result);

		if (sendFrame(pPayload, static_cast<std::size_t>(length), flags))
		{
			_begun = false;
			return length;
		}
		if (blocking) throw TimeoutException(_begun ? TEXT_UNFINISHED : TEXT_NOT_BEGUN);
		if (_begun) _promises.push_back({length, flags});
		return WebSocketTransport::AGAIN;
	}
	catch (const TimeoutException&)
	{
		throw;
	}
	catch (...)
	{
		_broken = _begun;
		throw;
	}
}


bool WebSocketSender::repeated(int length, int flags)
{
	const auto it = std::find_if(_promises.begin(), _promises.end(), [=](const Promise& promise)
	{
		return promise.length == length && promise.flags == flags;
	});
	if (it == _promises.end()) return false;
	_promises.erase(it);
	return true;
}


void WebSocketSender::check(WebSocketFramer::SendResult result) const
{
	switch (result)
	{
	case WebSocketFramer::REFUSE_CONTROL_LENGTH:
		throw InvalidArgumentException("Payload of a control frame is longer than 125 bytes");
	case WebSocketFramer::REFUSE_CLOSE_PAYLOAD:
		throw InvalidArgumentException("Payload of a Close frame must begin with a status code that may be sent");
	case WebSocketFramer::REFUSE_FAILED:
		throw WebSocketException("Connection has failed: " + _framer.errorText(), _framer.error());
	default:
		throw WebSocketException("Nothing can be sent after a Close frame", WebSocketError::CLOSED);
	}
}


bool WebSocketSender::sendFrame(const char* pPayload, std::size_t length, int flags)
{
	const bool client = _framer.role() == WebSocketFramer::ROLE_CLIENT;
	const unsigned char* pKey = client ? nextKey() : nullptr;
	char header[WebSocketFrameHeader::MAX_LENGTH];
	std::size_t used = _framer.buildHeader(flags, length, pKey, header);
	if (!client && length >= GATHER_SIZE && _transport.plain())
		return sendGathered(header, used, pPayload, length, flags);

	const std::size_t size = std::min(_blockSize, used + length);
	if (_block.size() < size) _block.resize(size);
	std::memcpy(_block.data(), header, used);
	WebSocketMask mask = client ? WebSocketMask(pKey) : WebSocketMask();
	std::size_t offset = 0;
	do
	{
		const std::size_t part = std::min(length - offset, size - used);
		if (client) mask.apply(_block.data() + used, pPayload + offset, part);
		else if (part > 0) std::memcpy(_block.data() + used, pPayload + offset, part);
		offset += part;
		_blockPosition = 0;
		_blockEnd = used + part;
		used = 0;
		if (!sendBlock(flags))
		{
			if (_begun) keep(pPayload + offset, length - offset, mask);
			else _blockPosition = _blockEnd = 0;
			return false;
		}
	}
	while (offset < length);
	return true;
}


bool WebSocketSender::sendGathered(const char* pHeader, std::size_t headerLength, const char* pPayload, std::size_t length, int flags)
{
	while (headerLength + length > 0)
	{
		const int n = _transport.send(pHeader, headerLength, pPayload, length);
		if (n == WebSocketTransport::AGAIN)
		{
			if (_begun)
			{
				WebSocketMask none;
				keep(pHeader, headerLength, none);
				keep(pPayload, length, none);
			}
			return false;
		}
		begin(flags);
		const std::size_t sent = static_cast<std::size_t>(n);
		const std::size_t fromHeader = std::min(sent, headerLength);
		pHeader += fromHeader;
		headerLength -= fromHeader;
		pPayload += sent - fromHeader;
		length -= sent - fromHeader;
	}
	return true;
}


bool WebSocketSender::sendBlock(int flags)
{
	while (_blockPosition < _blockEnd)
	{
		const int n = _transport.send(_block.data() + _blockPosition, _blockEnd - _blockPosition);
		if (n > 0 || !_transport.plain()) begin(flags); // a TLS record that was tried has to be sent
		if (n == WebSocketTransport::AGAIN) return false;
		_blockPosition += static_cast<std::size_t>(n);
	}
	return true;
}


bool WebSocketSender::finish()
{
	if (!sendBlock(0)) return false;
	while (_restPosition < _rest.size())
	{
		const std::size_t part = std::min(_rest.size() - _restPosition, _blockSize);
		if (_block.size() < part) _block.resize(part);
		std::memcpy(_block.data(), _rest.data() + _restPosition, part);
		_restPosition += part;
		_blockPosition = 0;
		_blockEnd = part;
		if (!sendBlock(0)) return false;
	}
	if (!_rest.empty())
	{
		std::vector<char>().swap(_rest);
		_restPosition = 0;
	}
	_begun = false;
	return true;
}


void WebSocketSender::begin(int flags)
{
	if (_begun) return;
	_begun = true;
	_framer.sent(flags);
}


void WebSocketSender::keep(const char* pData, std::size_t length, WebSocketMask& mask)
{
	const std::size_t size = _rest.size();
	_rest.resize(size + length);
	mask.apply(_rest.data() + size, pData, length);
}


void WebSocketSender::sendFailure()
{
	if (!_mutex.tryLock(FAILURE_WAIT_MS)) return; // a thread is stuck in a frame: nothing can be said any more

	try
	{
		char payload[WebSocketFrame::MAX_CONTROL_PAYLOAD];
		const std::size_t length = _framer.buildFailure(payload);
		const bool unfinished = _blockPosition < _blockEnd || _restPosition < _rest.size();
		if (length > 0 && !unfinished && !_broken)
		{
			char frame[WebSocketFrameHeader::MAX_LENGTH + WebSocketFrame::MAX_CONTROL_PAYLOAD];
			const bool client = _framer.role() == WebSocketFramer::ROLE_CLIENT;
			const unsigned char* pKey = client ? nextKey() : nullptr;
			const std::size_t headerLength = _framer.buildHeader(CLOSE_FLAGS, length, pKey, frame);
			WebSocketMask mask = client ? WebSocketMask(pKey) : WebSocketMask();
			mask.apply(frame + headerLength, payload, length);
			const int n = _transport.sendNow(frame, headerLength + length);
			_framer.sent(CLOSE_FLAGS);
			_broken = n != static_cast<int>(headerLength + length);
			if (_transport.plain()) _transport.shutdownSend();
		}
	}
	catch (const Poco::Exception&)
	{
		_broken = true; // the peer is not there to hear it
	}
	_mutex.unlock();
}


const unsigned char* WebSocketSender::nextKey()
{
	if (_nextKey == KEY_POOL_SIZE)
	{
		if (RAND_bytes(_keys, KEY_POOL_SIZE) != 1)
			throw Poco::SystemException("No random numbers for masking keys");
		_nextKey = 0;
	}
	const unsigned char* pKey = _keys + _nextKey;
	_nextKey += WebSocketMask::KEY_LENGTH;
	return pKey;
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
