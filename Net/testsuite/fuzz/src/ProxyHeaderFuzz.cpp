//
// ProxyHeaderFuzz.cpp
//
// The beginning of a connection on a port with the PROXY protocol.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "Fuzz.h"
#include "core/ProxyHeader.h"


using Fuzz::require;
using Poco::Net::WebSocketProxied;
using Poco::Net::WebSocketProxyHeader;


namespace
{
	bool same(const WebSocketProxied& left, const WebSocketProxied& right)
	{
		return left.client.family == right.client.family && left.client.bytes == right.client.bytes && left.client.port == right.client.port
			&& left.scheme == right.scheme && left.host == right.host;
	}

	WebSocketProxyHeader::Result parse(const std::string& text, std::size_t length, WebSocketProxyHeader& header)
	{
		const Fuzz::Part part(text, 0, length);
		return WebSocketProxyHeader::parse(std::string_view(part.data(), part.size()), header);
	}
}


extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* pData, std::size_t size)
{
	Fuzz::Input input(pData, size);
	const std::string text = input.rest();
	WebSocketProxyHeader whole;
	const WebSocketProxyHeader::Result result = parse(text, text.size(), whole);
	WebSocketProxyHeader::Result before = WebSocketProxyHeader::NEED_MORE;
	for (std::size_t length = 0; length <= text.size(); ++length)
	{
		WebSocketProxyHeader header;
		const WebSocketProxyHeader::Result now = parse(text, length, header);
		require(before == WebSocketProxyHeader::NEED_MORE || now == before, "what is decided stays so");
		require(now != WebSocketProxyHeader::NEED_MORE || length < WebSocketProxyHeader::MAX_SIZE, "it ends");
		if (now == WebSocketProxyHeader::COMPLETE)
		{
			require(before == WebSocketProxyHeader::COMPLETE || header.size == length, "it is complete with its last byte");
			require(header.size == whole.size && same(header.proxied, whole.proxied), "what is behind it does not matter");
			require(header.proxied.host.empty(), "there is no host in it");
			require(header.proxied.client.known() || header.proxied.client.port == 0, "no port without an address");
			require(text[0] == '\r' || header.size <= WebSocketProxyHeader::MAX_LINE, "a line is not too long");
		}
		else
		{
			require(header.size == 0 && same(header.proxied, WebSocketProxied()), "otherwise nothing has changed");
		}
		before = now;
	}
	require(before == result, "cut or not");
	return 0;
}
