//
// MessageText.cpp
//
// SPDX-License-Identifier: BSL-1.0
//


#include "MessageText.h"
#ifdef WEBSOCKETSHELL_MESSAGING
#include "Poco/Exception.h"
#include "Poco/Messaging/Message.h"
#include <deque>


using Poco::Messaging::Message;
using Poco::Messaging::MessageFormat;


MessageText::MessageText(const std::string& subprotocol):
	_active(subprotocol == MessageFormat::binary().subprotocol())
{
}


bool MessageText::encode(std::string& line) const
{
	if (!_active) return false;
	Message message;
	std::deque<std::string> kept;
	if (!MessageFormat::json().parse(line, message, kept)) throw Poco::SyntaxException("Not a message, as {\"opcode\": \"ping\", \"id\": 1}");
	line = MessageFormat::binary().write(message);
	return true;
}


bool MessageText::decode(std::string& text) const
{
	Message message;
	std::deque<std::string> kept;
	const std::string bytes = text;
	if (!_active || !MessageFormat::binary().parse(bytes, message, kept)) return false;
	try
	{
		text = MessageFormat::json().write(message);
		return true;
	}
	catch (const Poco::InvalidArgumentException&) // a text in it is not UTF-8
	{
		return false;
	}
}


#else


MessageText::MessageText(const std::string&):
	_active(false)
{
}


bool MessageText::encode(std::string&) const
{
	return _active;
}


bool MessageText::decode(std::string&) const
{
	return _active;
}


#endif
