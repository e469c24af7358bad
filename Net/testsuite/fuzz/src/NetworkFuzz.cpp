//
// NetworkFuzz.cpp
//
// Addresses and networks.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "Fuzz.h"
#include "core/Network.h"
#include <arpa/inet.h>
#include <sys/socket.h>


using Fuzz::require;
using Poco::Net::WebSocketNetwork;
using Poco::Net::WebSocketNode;


namespace
{
	void checkAddress(const std::string& text)
	{
		unsigned char bytes[16] = {};
		const bool isIPv6 = text.find('\0') == std::string::npos && ::inet_pton(AF_INET6, text.c_str(), bytes) == 1;
		const bool isIPv4 = !isIPv6 && text.find('\0') == std::string::npos && ::inet_pton(AF_INET, text.c_str(), bytes) == 1;
		WebSocketNode node;
		require(WebSocketNode::parseAddress(text, node) == (isIPv4 || isIPv6), "an address is one for the system too");
		if (!node.known()) return;
		require(node.bytes == WebSocketNode::ofBytes(isIPv6 ? WebSocketNode::IPV6 : WebSocketNode::IPV4, bytes).bytes, "and the same");

		char written[INET6_ADDRSTRLEN];
		::inet_ntop(node.family == WebSocketNode::IPV4 ? AF_INET : AF_INET6, node.bytes.data(), written, sizeof(written));
		WebSocketNode again;
		const std::string place = node.family == WebSocketNode::IPV4 ? std::string(written) : "[" + std::string(written) + "]";
		require(WebSocketNode::parse(place + ":65535", again) && again.bytes == node.bytes && again.family == node.family && again.port == 65535, "it comes back");
	}

	void checkNetwork(const std::string& text)
	{
		WebSocketNetwork network;
		if (!WebSocketNetwork::parse(text, network)) return;
		WebSocketNode node;
		if (!WebSocketNode::parseAddress(text.substr(0, text.find('/')), node)) node.family = WebSocketNode::UNIX;
		require(network.contains(node), "a network has its first address");
		require(!network.contains(WebSocketNode()), "and nobody without an address");
	}
}


extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* pData, std::size_t size)
{
	Fuzz::Input input(pData, size);
	const std::string text = input.rest();
	checkAddress(text);
	checkNetwork(text);
	WebSocketNode node;
	if (WebSocketNode::parse(text, node)) require(node.known() || text[0] == '_' || text[0] == 'u' || text[0] == 'U', "what is no address is a word");
	return 0;
}
