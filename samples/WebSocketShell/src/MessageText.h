//
// MessageText.h
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef MessageText_INCLUDED
#define MessageText_INCLUDED


#include <string>


class MessageText
	/// For people who speak with a MessageService in binary: with the subprotocol poco.messaging.v1 a line is
	/// a message in JSON, and what is received is printed as that.
{
public:
	explicit MessageText(const std::string& subprotocol);
		/// Does nothing with other subprotocols, and where Poco::Messaging was not built.

	bool encode(std::string& line) const;
		/// Makes the line the message. Returns false if it is to be sent as text. Throws a Poco::SyntaxException if it is no message.

	bool decode(std::string& message) const;
		/// Makes the message a line. Returns false if it is to be shown as what it is.

private:
	bool _active;
};


#endif // MessageText_INCLUDED
