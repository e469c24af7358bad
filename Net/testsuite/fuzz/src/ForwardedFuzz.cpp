//
// ForwardedFuzz.cpp
//
// Fields that proxies add to, whatever a client has put there before.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "Fuzz.h"
#include "core/Address.h"
#include "core/Forwarded.h"


using Fuzz::require;
using Poco::Net::MessageHeader;
using Poco::Net::WebSocketAddress;
using Poco::Net::WebSocketForwardedFields;
using Poco::Net::WebSocketNetwork;
using Poco::Net::WebSocketNode;
using Poco::Net::WebSocketProxied;
using Poco::Net::WebSocketScheme;


namespace
{
	const char* const NAMES[] = {"Forwarded", "X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host"};

	WebSocketForwardedFields::Networks trusted()
	{
		WebSocketForwardedFields::Networks networks(2);
		require(WebSocketNetwork::parse("10.0.0.0/8", networks[0]) && WebSocketNetwork::parse("fd00::/8", networks[1]), "these are networks");
		return networks;
	}

	void checkAdded(const std::vector<std::string>& lines, const std::string& element, const WebSocketForwardedFields::Networks& networks)
		/// The lines are the client's, and a trusted proxy adds to the last.
	{
		for (const std::string& added: {lines.back() + ", " + element, element})
		{
			MessageHeader header;
			for (std::size_t i = 0; i + 1 < lines.size(); ++i) header.add(NAMES[0], lines[i]);
			if (added == element) header.add(NAMES[0], lines.back());
			header.add(NAMES[0], added);
			const WebSocketProxied proxied = WebSocketForwardedFields::read(header, networks);
			require(proxied.client.family == WebSocketNode::IPV4 && proxied.client.bytes[3] == 7, "the client does not change what a proxy tells");
			require(proxied.scheme == WebSocketScheme::SECURE && proxied.host == "example.com:81", "nor the scheme or the host");
		}
	}
}


extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* pData, std::size_t size)
{
	static const WebSocketForwardedFields::Networks networks = trusted();
	Fuzz::Input input(pData, size);
	const unsigned kinds = input.byte();
	const std::string text = input.rest();
	MessageHeader header;
	MessageHeader standard;
	std::vector<std::string> lines;
	std::size_t begin = 0;
	for (unsigned i = 0; begin <= text.size() && i < 8; ++i)
	{
		const std::size_t end = std::min(text.find('\n', begin), text.size());
		lines.push_back(text.substr(begin, end - begin));
		header.add(NAMES[(kinds >> i%4*2) & 3], lines.back());
		standard.add(NAMES[0], lines.back());
		begin = end + 1;
	}
	require(WebSocketForwardedFields::contains(header), "there are some");
	for (const MessageHeader* pHeader: {&header, &standard})
	{
		const WebSocketProxied proxied = WebSocketForwardedFields::read(*pHeader, networks);
		require(proxied.host.empty() || WebSocketAddress::isHostField(proxied.host), "a host is one");
	}
	checkAdded(lines, "for=192.0.2.7;proto=https;host=\"example.com:81\"", networks);

	MessageHeader others = header;
	others.add(NAMES[1], "192.0.2.7, 10.0.0.1");
	others.add(NAMES[2], "https, http");
	others.add(NAMES[3], "example.com:81, inner");
	const WebSocketProxied proxied = WebSocketForwardedFields::read(others, networks);
	require(proxied.client.family == WebSocketNode::IPV4 && proxied.client.bytes[3] == 7, "the client does not change what a proxy tells");
	require(proxied.scheme == WebSocketScheme::SECURE && proxied.host == "example.com:81", "nor the scheme or the host");
	return 0;
}
