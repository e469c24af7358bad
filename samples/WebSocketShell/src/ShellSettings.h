//
// ShellSettings.h
//
// Definition of the ShellSettings struct.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef ShellSettings_INCLUDED
#define ShellSettings_INCLUDED


#include "Poco/Net/NameValueCollection.h"
#include "Poco/Timespan.h"
#include "Poco/URI.h"
#include <limits>
#include <optional>
#include <string>
#include <vector>


struct ShellSettings
	/// What the command line says.
{
	struct Login
		/// Nobody if the name is empty.
	{
		std::string name;
		std::string password;
	};

	// The connection
	Poco::URI uri;
	Poco::Net::NameValueCollection headers;
	std::vector<std::string> subprotocols; // the best first
	bool deflate = false;
	Login user;
	std::string proxyHost; // empty for none
	Poco::UInt16 proxyPort = 0;
	Login proxyUser;
	bool insecure = false;
	std::string caFile; // empty for the system's
	Poco::Timespan timeout = Poco::Timespan(10, 0);
	int maxPayload = std::numeric_limits<int>::max();

	// The session
	std::optional<std::string> binary; // a message to begin with
	bool commands = false;
	bool quiet = false;
	bool reconnect = false;
	Poco::Timespan wait = Poco::Timespan(1, 0);
};


#endif // ShellSettings_INCLUDED
