//
// MessageSender.cpp
//
// Library: PocoWebSocket
// Package: Blocking
// Module:  WebSocketMessageSender
//
// SPDX-License-Identifier: BSL-1.0
//


#include "blocking/MessageSender.h"
#include "Poco/Net/NetException.h"
#include <algorithm>
#include <vector>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


WebSocketMessageSender::WebSocketMessageSender(WebSocketTransport& transport, WebSocketFramer& framer, WebSocketSender& sender):
	_transport(transport),
	_framer(framer),
	_sender(sender),
	_inParts(false),
	_incomplete(false),
	_lost(false)
{
}


void WebSocketMessageSender::configure(const WebSocketParams& params, const WebSocketDeflateParams* pDeflate)
{
	_writer.configure(params, pDeflate, _framer.role());
}


int WebSocketMessageSender::send(const char* pMessage, int length, int opcode, int fragmentSize)
{
	check(opcode, length, pMessage);
	if (fragmentSize < 0) throw InvalidArgumentException("Negative fragment size");

	Poco::FastMutex::ScopedLock lock(_mutex);
	if (_inParts) throw IllegalStateException("A message is being sent in parts");
	const std::size_t size = static_cast<std::size_t>(length);
	begin(opcode, size >= _writer.threshold());
	checkText(pMessage, size, true);
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
		checkText(block.data(), static_cast<std::size_t>(n), last);
		sendFragment(block.data(), static_cast<std::size_t>(n), last);
		total += n;
	}
	return total;
}


int WebSocketMessageSender::sendPart(const char* pPart, int length, int opcode, bool last)
{
	check(opcode, length, pPart);

	Poco::FastMutex::ScopedLock lock(_mutex);
	if (_inParts && opcode != _writer.opcode()) throw InvalidArgumentException("All parts of a message have the same opcode");
	if (_inParts) checkLost();
	else begin(opcode, true);
	checkText(pPart, static_cast<std::size_t>(length), last);
	try
	{
		sendFragment(pPart, static_cast<std::size_t>(length), last);
	}
	catch (const WebSocketSender::Unfinished&)
	{
		_inParts = !last;
		throw;
	}
	_inParts = !last;
	return length;
}


void WebSocketMessageSender::check(int opcode, int length, const char* pData) const
{
	if (!WebSocketFrame::isMessage(opcode))
		throw InvalidArgumentException("A message is text or binary");
	if (length < 0) throw InvalidArgumentException("Negative message length");
	if (length > 0 && !pData) throw InvalidArgumentException("Null pointer for a message");
	if (!_transport.getBlocking())
		throw IllegalStateException("Messages can be sent only if the socket is blocking");
}


void WebSocketMessageSender::checkText(const char* pData, std::size_t length, bool last)
{
	if (_framer.getVerifyUTF8() && !_writer.check(pData, length, last))
		throw InvalidArgumentException("A text message must be UTF-8");
}


void WebSocketMessageSender::checkLost() const
{
	if (_lost) throw WebSocketException("The message before could not be completed", WebSocketError::CLOSED);
}


void WebSocketMessageSender::begin(int opcode, bool large)
{
	if (_incomplete) _lost = true;
	checkLost();
	_writer.begin(opcode, large);
	_first = true;
}


void WebSocketMessageSender::sendFragment(const char* pData, std::size_t length, bool last)
{
	try
	{
		const WebSocketMessageWriter::Frame frame = _writer.frame(pData, length, last, _compressed);
		if (!frame.nothing) _sender.send(frame.pData, static_cast<int>(frame.length), frame.flags);
	}
	catch (const WebSocketSender::Unfinished&)
	{
		_first = false;
		_incomplete = !last; // this frame counts as sent
		throw;
	}
	catch (...)
	{
		_writer.lost();
		_lost = !_first; // nothing of the message has been sent, or it cannot be completed
		throw;
	}
	_first = false;
	_incomplete = !last;
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
