//
// NATSServers.cpp
//
// Library: PocoMessagingNATS
// Package: NATS
// Module:  NATSServers
//
// SPDX-License-Identifier: BSL-1.0
//


#include "NATSServers.h"
#include "Poco/Exception.h"
#include "Poco/NumberParser.h"
#include "Poco/URI.h"


namespace Poco {
namespace Messaging {
POCO_MESSAGING_BEGIN


namespace
{
	[[noreturn]] void refuseURL(const std::string& why)
	{
		throw Poco::SyntaxException("URL of NATS: " + why);
	}

	std::string percentDecoded(const std::string& text)
	{
		std::string result;
		try
		{
			Poco::URI::decode(text, result);
		}
		catch (const Poco::Exception&)
		{
			refuseURL("the user or the password is not encoded well"); // without saying what it is
		}
		return result;
	}

	NATSServers::Server parseServer(const std::string& text)
	{
		NATSServers::Server server;
		std::size_t end = text.find(':');
		if (!text.empty() && text.front() == '[')
		{
			const std::size_t closing = text.find(']');
			if (closing == std::string::npos) refuseURL("a bracket is open");
			server.host = text.substr(1, closing - 1);
			end = closing + 1;
		}
		else server.host = text.substr(0, end);
		if (server.host.empty()) refuseURL("there is no host");
		if (server.host.find_first_of(" \t\r\n/?#%") != std::string::npos) refuseURL("the host is not valid");
		if (end >= text.size()) return server;
		unsigned port = 0;
		if (text[end] != ':' || !Poco::NumberParser::tryParseUnsigned(text.substr(end + 1), port) || port == 0 || port > 65535) refuseURL("the port is not valid");
		server.port = static_cast<Poco::UInt16>(port);
		return server;
	}
}


std::string NATSServers::Server::address() const
{
	const bool ipv6 = host.find(':') != std::string::npos;
	return (ipv6 ? '[' + host + ']' : host) + ':' + std::to_string(port);
}


NATSServers NATSServers::parse(const std::string& url)
{
	NATSServers result;
	const std::size_t scheme = url.find("://");
	if (scheme != std::string::npos) result.tls = url.compare(0, scheme, "tls") == 0;
	if (scheme == std::string::npos || (!result.tls && url.compare(0, scheme, "nats") != 0)) refuseURL("it begins neither with nats:// nor with tls://");
	std::string rest = url.substr(scheme + 3);
	const std::size_t at = rest.rfind('@');
	if (at != std::string::npos)
	{
		const std::string info = rest.substr(0, at);
		rest.erase(0, at + 1);
		const std::size_t colon = info.find(':');
		result.user = percentDecoded(info.substr(0, colon));
		result.hasPassword = colon != std::string::npos;
		if (result.hasPassword) result.password = percentDecoded(info.substr(colon + 1));
	}
	if (!rest.empty() && rest.back() == '/') rest.pop_back();
	for (std::size_t begin = 0; begin <= rest.size();)
	{
		const std::size_t end = std::min(rest.find(',', begin), rest.size());
		result.servers.push_back(parseServer(rest.substr(begin, end - begin)));
		begin = end + 1;
	}
	return result;
}


std::string NATSServers::text() const
{
	std::string result;
	for (const Server& server: servers) result += (result.empty() ? "" : ", ") + server.address();
	return result;
}


std::string subjectToken(std::string_view name)
{
	constexpr char DIGITS[] = "0123456789ABCDEF";
	std::string result;
	result.reserve(name.size() + 8);
	for (const char c: name)
	{
		if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_')
		{
			result += c;
			continue;
		}
		const unsigned byte = static_cast<unsigned char>(c);
		result += '=';
		result += DIGITS[byte >> 4];
		result += DIGITS[byte & 15];
	}
	return result;
}


POCO_MESSAGING_END
} } // namespace Poco::Messaging
