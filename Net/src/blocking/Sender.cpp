//
// Sender.cpp
//
// Library: PocoWebSocket
// Package: Blocking
// Module:  WebSocketSender
//
// SPDX-License-Identifier: BSL-1.0
//


#include "blocking/Sender.h"
#include "core/BranchHint.h"
#include "core/ClosePayload.h"
#include "core/SendRules.h"
#include "Poco/Net/NetException.h"
#include <algorithm>
#include <cstring>
#include <string_view>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


namespace
{
	std::size_t hash(const char* pPayload, int length)
	{
		return std::hash<std::string_view>()(std::string_view(pPayload, static_cast<std::size_t>(length)));
	}

	const char* const TEXT_NOT_BEGUN  = "Send timed out; the frame has not been begun";
	const char* const TEXT_BROKEN     = "The connection broke inside a frame that was being sent";
	const char* const TEXT_UNFINISHED = "Send timed out inside the frame; its rest will be sent before the next one";
}


WebSocketSender::Unfinished::Unfinished():
	Poco::TimeoutException(TEXT_UNFINISHED)
{
}


inline bool WebSocketSender::gathers() const
	/// The receiving thread may change it at any time: a frame is sent by what it was when it began.
{
	return _corks.load(std::memory_order_relaxed) > 0 && !_receiverWaits.load();
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
	_now(false),
	_corks(0),
	_receiverWaits(false),
	_replies(false)
{
}


class WebSocketSender::Lock
	/// Whoever has been sending also sends the answers that came up meanwhile.
{
public:
	explicit Lock(WebSocketSender& sender):
		_sender(sender)
	{
		_sender._mutex.lock();
	}

	~Lock()
	{
		_sender.unlock();
	}

private:
	Lock(const Lock&) = delete;
	Lock& operator = (const Lock&) = delete;

	WebSocketSender& _sender;
};


int WebSocketSender::send(const char* pPayload, int length, int flags)
{
	return submit(pPayload, length, flags & 0xff, length);
}


int WebSocketSender::sendClose(int statusCode, const std::string& reason)
{
	char payload[WebSocketFrame::MAX_CONTROL_PAYLOAD];
	const int length = buildClose(statusCode, reason, payload);
	const int n = submit(payload, length, WebSocketFrameHeader::CLOSE, 0);
	if (_corks > 0) flush(); // the end of the connection does not wait for more
	return n;
}


int WebSocketSender::buildClose(int statusCode, const std::string& reason, char* pPayload)
{
	WebSocketSendRules::checkClose(statusCode, reason);
	return static_cast<int>(WebSocketClosePayload::build(pPayload, statusCode, reason));
}


int WebSocketSender::submit(const char* pPayload, int length, int flags, int dropped)
{
	if (length < 0) throw InvalidArgumentException("Negative frame length");
	if (length > 0 && !pPayload) throw InvalidArgumentException("Null pointer for a frame's payload");

	Lock lock(*this);
	if (_broken) throw ConnectionResetException(TEXT_BROKEN);
	try
	{
		const bool blocking = _transport.getBlocking();
		const bool corked = gathers();
		if (unfinished() && !finish(corked))
		{
			_begun = false; // not this frame
			if (blocking) throwTimeout();
			return WebSocketTransport::AGAIN;
		}
		if (!_promises.empty() && repeated(pPayload, length, flags)) return length;

		_begun = false; // whatever was gathered before
		const WebSocketFramer::SendResult result = _framer.checkSend(flags, pPayload, static_cast<std::size_t>(length));
		if (result == WebSocketFramer::DROP) return dropped;
		if (result != WebSocketFramer::SEND) check(result);

		const std::size_t size = static_cast<std::size_t>(length);
		const bool direct = size < GATHER_SIZE && !corked && _transport.plain();
		if (direct ? sendShort(pPayload, size, flags) : sendFrame(pPayload, size, flags, corked)) return length;
		if (blocking) throwTimeout();
		if (_begun) _promises.push_back({pPayload, hash(pPayload, length), length, flags});
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


[[gnu::noinline, gnu::cold]] void WebSocketSender::throwTimeout() const
{
	if (_begun) throw Unfinished();
	throw TimeoutException(TEXT_NOT_BEGUN);
}


bool WebSocketSender::repeated(const char* pPayload, int length, int flags)
	/// Returns true if this is the repetition of a call that has returned -1, whose frame
	/// has been completed. Several threads may be in that situation: the payload decides.
{
	const auto it = std::find_if(_promises.begin(), _promises.end(), [=](const Promise& promise)
	{
		return promise.length == length && promise.flags == flags
			&& (promise.pPayload == pPayload || promise.hash == hash(pPayload, length));
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
		throw InvalidArgumentException("Payload of a Close frame must be a status code that may be sent, and a reason in UTF-8");
	case WebSocketFramer::REFUSE_FAILED:
		throw WebSocketException("Connection has failed: " + _framer.errorText(), _framer.error());
	default:
		throw WebSocketException("Nothing can be sent after a Close frame", WebSocketError::CLOSED);
	}
}


inline const unsigned char* WebSocketSender::key()
	/// Returns the key of the next frame; null if it is not masked.
{
	return likely(!_framer.masks()) ? nullptr : _keys.next();
}


bool WebSocketSender::sendFrame(const char* pPayload, std::size_t length, int flags, bool corked)
{
	const std::size_t room = WebSocketFrameHeader::MAX_LENGTH + length;
	_transport.beginTransfer();

	// What is corked goes first, if this does not fit behind it.
	if (_blockEnd > 0 && _blockEnd + room > _blockSize && !flushBlock())
	{
		_begun = false; // not this frame
		return false;
	}
	if (room > _blockSize || (length >= GATHER_SIZE && !_framer.masks() && !corked && _transport.plain()))
		return sendLarge(pPayload, length, flags);

	reserveBlock(_blockEnd + room);
	_blockEnd += _framer.buildFrame(flags, pPayload, length, key(), _block.data() + _blockEnd);
	if (corked)
	{
		_framer.sent(flags);
		return true;
	}
	if (sendBlock(flags)) return true;
	if (!_begun) _blockPosition = _blockEnd = 0;
	return false;
}


inline bool WebSocketSender::sendShort(const char* pPayload, std::size_t length, int flags)
	/// A frame that goes out with one call, as a rule.
{
	const std::size_t room = WebSocketFrameHeader::MAX_LENGTH + length;
	if (_block.size() < room) reserveBlock(room);
	const std::size_t total = _framer.buildFrame(flags, pPayload, length, key(), _block.data());
	const int n = _transport.sendNow(_block.data(), total);
	if (n == static_cast<int>(total))
	{
		_framer.sent(flags);
		return true;
	}
	if (n > 0) begin(flags);
	_blockPosition = static_cast<std::size_t>(std::max(n, 0));
	_blockEnd = total;
	_transport.beginTransfer();
	if (sendBlock(flags)) return true;
	if (!_begun) _blockPosition = _blockEnd = 0;
	return false;
}


[[gnu::noinline]] bool WebSocketSender::sendLarge(const char* pPayload, std::size_t length, int flags)
	/// A frame that does not fit into the block, or is not worth being copied there.
{
	const unsigned char* const pKey = key();
	char header[WebSocketFrameHeader::MAX_LENGTH];
	const std::size_t headerLength = _framer.buildHeader(flags, length, pKey, header);
	if (!pKey && _transport.plain() && !_now)
		return sendGathered(header, headerLength, pPayload, length, flags);
	WebSocketMask mask;
	if (pKey) mask = WebSocketMask(pKey);
	return sendInBlocks(header, headerLength, pPayload, length, flags, mask);
}


bool WebSocketSender::sendInBlocks(const char* pHeader, std::size_t headerLength, const char* pPayload, std::size_t length, int flags, WebSocketMask& mask)
{
	reserveBlock(_blockSize);
	std::memcpy(_block.data(), pHeader, headerLength);
	_blockEnd = headerLength;
	while (length > 0)
	{
		const std::size_t part = std::min(length, _blockSize - _blockEnd);
		mask.apply(_block.data() + _blockEnd, pPayload, part);
		_blockEnd += part;
		pPayload += part;
		length -= part;
		if (!sendBlock(flags))
		{
			if (_begun) keep(pPayload, length, mask);
			else _blockPosition = _blockEnd = 0;
			return false;
		}
		_begun = length > 0;
	}
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
	_begun = false;
	return true;
}


bool WebSocketSender::sendBlock(int flags)
{
	while (_blockPosition < _blockEnd)
	{
		const int n = put(_block.data() + _blockPosition, _blockEnd - _blockPosition);
		if (n > 0 || !_transport.plain()) begin(flags); // a TLS record that was tried has to be sent
		if (n == WebSocketTransport::AGAIN) return false;
		_blockPosition += static_cast<std::size_t>(n);
	}
	_blockPosition = _blockEnd = 0;
	_begun = false;
	return true;
}


bool WebSocketSender::flushBlock()
{
	_begun = _blockPosition < _blockEnd;
	return sendBlock(0);
}


void WebSocketSender::reserveBlock(std::size_t size)
{
	// A TLS record that could not be sent has to stay where it is.
	if (!_transport.plain() || _corks > 0) size = _blockSize;
	if (_block.size() < size) _block.resize(size);
}


bool WebSocketSender::finish(bool corked)
	/// Sends what is left of an unfinished frame, and, unless corked, what was gathered.
{
	if (corked && _rest.empty()) return true;
	_transport.beginTransfer();
	if (_blockPosition < _blockEnd && !flushBlock()) return false;
	while (_restPosition < _rest.size())
	{
		const std::size_t part = std::min(_rest.size() - _restPosition, _blockSize);
		reserveBlock(part);
		std::memcpy(_block.data(), _rest.data() + _restPosition, part);
		_restPosition += part;
		_blockEnd = part;
		if (!flushBlock()) return false;
	}
	if (!_rest.empty())
	{
		std::vector<char>().swap(_rest);
		_restPosition = 0;
	}
	return true;
}


int WebSocketSender::put(const char* pData, std::size_t length)
{
	return _now ? _transport.sendNow(pData, length) : _transport.send(pData, length);
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


void WebSocketSender::cork()
{
	Lock lock(*this);
	++_corks;
}


void WebSocketSender::uncork()
{
	{
		Lock lock(*this);
		if (_corks > 0) --_corks;
		if (_corks > 0) return;
	}
	flush();
}


void WebSocketSender::flush()
{
	Lock lock(*this);
	if (_broken) throw ConnectionResetException(TEXT_BROKEN);
	if (!unfinished()) return;
	try
	{
		const bool done = finish(false);
		if (!done && _transport.getBlocking()) throw Unfinished();
	}
	catch (const TimeoutException&)
	{
		throw;
	}
	catch (...)
	{
		_broken = true;
		throw;
	}
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
