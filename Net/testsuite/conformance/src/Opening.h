//
// Opening.h
//
// The opening handshake of the peer (RFC 6455, 4), only as much of it as is needed to get to the frames.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Opening_INCLUDED
#define Opening_INCLUDED


#include "Cases.h"
#include "Channel.h"
#include <string>


namespace Conformance {


extern const std::string INITIATE_FIELD;
	/// The header field with the status code with which the side that is tested is to close the connection.


DeflateParams openAsClient(Channel& channel, const std::string& host, const std::string& path, const Case& testCase, std::string& rest);
	/// Connects. Returns what was agreed on; rest is what came behind the response.

DeflateParams openAsServer(Channel& channel, const Case& testCase, std::string& rest);
	/// Lets a client in.

void refuse(Channel& channel);
	/// Tells a client that there is nothing more to do: status 410.


} // namespace Conformance


#endif // Opening_INCLUDED
