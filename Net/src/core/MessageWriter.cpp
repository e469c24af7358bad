//
// MessageWriter.cpp
//
// Library: PocoWebSocket
// Package: Core
// Module:  WebSocketMessageWriter
//
// SPDX-License-Identifier: BSL-1.0
//


#include "core/MessageWriter.h"
#include "core/FrameHeader.h"
#include "core/SendRules.h"
#include "Poco/Net/WebSocketParams.h"
#include <utility>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


WebSocketMessageWriter::WebSocketMessageWriter():
	_threshold(0),
	_opcode(0),
	_verifyUTF8(true),
	_compress(false),
	_first(true),
	_lastFirst(true),
	_inMessage(false),
	_lost(false)
{
}


void WebSocketMessageWriter::configure(const WebSocketParams& params, const WebSocketDeflateParams* pDeflate, WebSocketFramer::Role role)
{
	_verifyUTF8 = params.getVerifyUTF8();
	if (!pDeflate) return;
	const bool client   = role == WebSocketFramer::ROLE_CLIENT;
	const int  bits     = client ? pDeflate->clientMaxWindowBits : pDeflate->serverMaxWindowBits;
	const bool takeover = !(client ? pDeflate->clientNoContextTakeover : pDeflate->serverNoContextTakeover);
	if (bits <= WebSocketDeflateParams::MIN_WINDOW_BITS) return; // zlib does not compress with 8: then messages go out as they are
	enableDeflate(std::make_unique<WebSocketDeflater>(bits, takeover, params.getDeflateLevel(), params.getDeflateMemLevel()),
		static_cast<std::size_t>(params.getDeflateThreshold()));
}


void WebSocketMessageWriter::enableDeflate(std::unique_ptr<WebSocketDeflater> pDeflater, std::size_t threshold)
{
	_pDeflater = std::move(pDeflater);
	_threshold = static_cast<unsigned>(threshold);
}


void WebSocketMessageWriter::begin(int opcode, bool compress, std::size_t length)
{
	if (_inMessage) WebSocketSendRules::refuseBetweenParts();
	start(opcode, compress && compresses(length));
}


void WebSocketMessageWriter::beginPart(int opcode, bool compress)
{
	if (!_inMessage) start(opcode, compress && deflates());
	else if (opcode != _opcode) WebSocketSendRules::refuseOtherOpcode();
}


inline void WebSocketMessageWriter::start(int opcode, bool compress)
{
	WebSocketSendRules::checkOpcode(opcode);
	if (_lost) WebSocketSendRules::refuseAfterLost();
	_opcode   = static_cast<unsigned char>(opcode);
	_compress = compress;
	_first    = true;
	_text.reset();
}


bool WebSocketMessageWriter::check(const char* pData, std::size_t length, bool last)
{
	if (!_verifyUTF8 || _opcode != WebSocketFrame::OP_TEXT) return true;
	WebSocketUTF8 text = _text;
	if (!text.append(pData, length) || (last && !text.complete())) return false;
	_text = text;
	return true;
}


WebSocketMessageWriter::Frame WebSocketMessageWriter::frame(const char* pData, std::size_t length, bool last, std::string& compressed)
{
	_lastFirst = _first;
	Frame frame;
	frame.flags = last ? static_cast<int>(WebSocketFrameHeader::FIN) : 0;
	if (_first) frame.flags |= _opcode | (_compress ? static_cast<int>(WebSocketFrameHeader::RSV1) : 0); // RFC 6455, 5.4; RFC 7692, 6
	frame.pData  = pData;
	frame.length = length;
	if (_compress)
	{
		compressed.clear();
		_pDeflater->compress(pData, length, last, compressed);
		frame.pData  = compressed.data();
		frame.length = compressed.size();
		frame.nothing = frame.length == 0; // never of the last part (RFC 7692, 7.2.3.6)
	}
	_first = _first && frame.nothing;
	_inMessage = !last;
	return frame;
}


void WebSocketMessageWriter::lost()
{
	if (_compress) _pDeflater->reset();
	if (!_lastFirst) _lost = true;
	_inMessage = false;
}


void WebSocketMessageWriter::giveUp()
{
	if (_inMessage) _lost = true;
	_inMessage = false;
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
