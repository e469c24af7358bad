//
// WebSocketMessageSender.cpp
//
// Library: PocoWebSocket
// Package: WebSocket
// Module:  WebSocketMessageSender
//
// SPDX-License-Identifier: BSL-1.0
//


#include "WebSocketMessageSender.h"
#include "Poco/Net/NetException.h"
#include <algorithm>
#include <vector>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


namespace
{
	constexpr int FIN  = WebSocketFrameHeader::FIN;
	constexpr int RSV1 = 0x40; // RFC 7692, 6
}


WebSocketMessageSender::WebSocketMessageSender(WebSocketTransport& transport, WebSocketFramer& framer, WebSocketSender& sender):
	_transport(transport),
	_framer(framer),
	_sender(sender),
	_threshold(0),
	_inParts(false),
	_first(true),
	_opcode(0),
	_compress(false),
	_incomplete(false)
{
}


void WebSocketMessageSender::enableDeflate(std::unique_ptr<WebSocketDeflater> pDeflater, std::size_t threshold)
{
	_pDeflater = std::move(pDeflater);
	_threshold = threshold;
}


int WebSocketMessageSender::send(const char* pMessage, int length, int opcode, int fragmentSize)
{
	check(opcode, length, pMessage);
	if (fragmentSize < 0) throw InvalidArgumentException("Negative fragment size");

	Poco::FastMutex::ScopedLock lock(_mutex);
	if (_inParts) throw IllegalStateException("A message is being sent in parts");
	const std::size_t size = static_cast<std::size_t>(length);
	begin(opcode, size >= _threshold);
	checkText(opcode, pMessage, size, true);
	if (fragmentSize == 0 || length <= fragmentSize)
	{
		sendFragment(pMessage, size, true);
		return length;
	}
	const std::size_t fragment = static_cast<std::size_t>(fragmentSize);
	for (std::size_t offset = 0; offset < size; offset += fragment)
		sendFragment(pMessage + offset, std::min(fragment, size - offset), offset + fragment >= size);
	return length;
}


std::streamsize WebSocketMessageSender::send(std::istream& istr, int opcode, int fragmentSize)
{
	check(opcode, 0, nullptr);
	if (fragmentSize <= 0) throw InvalidArgumentException("Fragment size must be greater than 0");

	Poco::FastMutex::ScopedLock lock(_mutex);
	if (_inParts) throw IllegalStateException("A message is being sent in parts");
	begin(opcode, true);
	std::vector<char> block(static_cast<std::size_t>(fragmentSize));
	std::streamsize total = 0;
	bool last = false;
	while (!last)
	{
		istr.read(block.data(), fragmentSize);
		const std::streamsize n = istr.gcount();
		last = istr.peek() == std::char_traits<char>::eof();
		checkText(opcode, block.data(), static_cast<std::size_t>(n), last);
		sendFragment(block.data(), static_cast<std::size_t>(n), last);
		total += n;
	}
	return total;
}


int WebSocketMessageSender::sendPart(const char* pPart, int length, int opcode, bool last)
{
	check(opcode, length, pPart);

	Poco::FastMutex::ScopedLock lock(_mutex);
	if (_inParts && opcode != _opcode) throw InvalidArgumentException("All parts of a message have the same opcode");
	if (!_inParts) begin(opcode, true);
	checkText(opcode, pPart, static_cast<std::size_t>(length), last);
	_inParts = true;
	sendFragment(pPart, static_cast<std::size_t>(length), last);
	_inParts = !last;
	return length;
}


void WebSocketMessageSender::check(int opcode, int length, const char* pData) const
{
	if (opcode != WebSocketFrame::OP_TEXT && opcode != WebSocketFrame::OP_BINARY)
		throw InvalidArgumentException("A message is text or binary");
	if (length < 0) throw InvalidArgumentException("Negative message length");
	if (length > 0 && !pData) throw InvalidArgumentException("Null pointer for a message");
	if (!_transport.getBlocking())
		throw IllegalStateException("Messages can be sent only if the socket is blocking");
}


void WebSocketMessageSender::checkText(int opcode, const char* pData, std::size_t length, bool last)
	/// RFC 6455, 8.1
{
	if (opcode != WebSocketFrame::OP_TEXT || !_framer.getVerifyUTF8()) return;
	if (!_text.append(pData, length) || (last && !_text.complete()))
		throw InvalidArgumentException("A text message must be UTF-8");
}


void WebSocketMessageSender::begin(int opcode, bool compress)
{
	if (_incomplete) throw WebSocketException("The message before could not be completed", WebSocketError::CLOSED);
	_opcode   = opcode;
	_compress = compress && _pDeflater;
	_first    = true;
	_text.reset();
}


void WebSocketMessageSender::sendFragment(const char* pData, std::size_t length, bool last)
{
	int flags = last ? FIN : 0;
	if (_first) flags |= _opcode | (_compress ? RSV1 : 0);
	_incomplete = !(_first && last);
	_first = false;
	try
	{
		if (_compress)
		{
			_compressed.clear();
			_pDeflater->compress(pData, length, last, _compressed);
			pData  = _compressed.data();
			length = _compressed.size();
		}
		_sender.send(pData, static_cast<int>(length), flags);
	}
	catch (...)
	{
		// The peer may not get this, so nothing may refer to it.
		if (_compress) _pDeflater->reset();
		throw;
	}
	if (last) _incomplete = false;
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
