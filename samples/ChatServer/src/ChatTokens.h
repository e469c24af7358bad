//
// ChatTokens.h
//
// Definition of the ChatTokens class.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef ChatTokens_INCLUDED
#define ChatTokens_INCLUDED


#include "Poco/Messaging/TokenVerifier.h"
#include <memory>
#include <string>


class ChatTokens
	/// Makes and checks the tokens of the chat, JSON Web Tokens with HS256. All functions may be called by any thread.
{
public:
	explicit ChatTokens(const std::string& secret);
		/// Creates the object with a secret of 32 bytes or more; an empty one: a random one. Throws an
		/// InvalidArgumentException if it is shorter.

	static bool validName(const std::string& name);
		/// Returns true for 1 to 24 characters of UTF-8, none of which is a control character, with no space before and behind them.

	std::string forPerson(const std::string& name) const;
		/// Returns a token for an hour: to read and write in all rooms, and to write to everybody.

	std::string forOperator() const;
		/// Returns a token for 12 hours: to see the counts and the connections, to end these, and to set their limits.

	bool isOperator(const std::string& token) const;
		/// Returns true for a token of forOperator() that holds.

	const std::shared_ptr<Poco::Messaging::TokenVerifier>& verifier() const;
		/// Returns what the service checks tokens with.

private:
	const std::string _secret;
	const std::shared_ptr<Poco::Messaging::TokenVerifier> _pVerifier;
};


#endif // ChatTokens_INCLUDED
