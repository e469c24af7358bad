//
// NATSServers.h
//
// Library: PocoMessagingNATS
// Package: NATS
// Module:  NATSServers
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Messaging_NATSServers_INCLUDED
#define Messaging_NATSServers_INCLUDED


#include "Poco/Messaging/Config.h"
#include "Poco/Types.h"
#include <string>
#include <string_view>
#include <vector>


namespace Poco {
namespace Messaging {
POCO_MESSAGING_BEGIN


struct NATSServers
	/// What a URL says (NATSBackplaneParams).
{
	struct Server
	{
		std::string host; // IPv6 without brackets
		Poco::UInt16 port = 4222;

		std::string address() const;
			/// "host:port"
	};

	bool tls = false;
	std::string user; // or the token, without a password
	std::string password;
	bool hasPassword = false;
	std::vector<Server> servers;

	static NATSServers parse(const std::string& url);
		/// Throws a Poco::SyntaxException without the password.

	std::string text() const;
		/// The addresses, for people.
};


std::string subjectToken(std::string_view name);
	/// Makes a token of a subject of any name that is not empty: letters, digits, "-" and "_" as they are, other bytes as "=" and two hexadecimal digits.
	/// Different names have different tokens.


POCO_MESSAGING_END
} } // namespace Poco::Messaging


#endif // Messaging_NATSServers_INCLUDED
