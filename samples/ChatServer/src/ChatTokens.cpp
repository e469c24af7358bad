//
// ChatTokens.cpp
//
// SPDX-License-Identifier: BSL-1.0
//


#include "ChatTokens.h"
#include "Poco/JSON/Array.h"
#include "Poco/JSON/Object.h"
#include "Poco/JWT/Signer.h"
#include "Poco/JWT/Token.h"
#include "Poco/TextIterator.h"
#include "Poco/Timestamp.h"
#include "Poco/UTF8Encoding.h"
#include "Poco/Exception.h"
#include <openssl/rand.h>
#include <initializer_list>
#include <vector>


using Poco::JSON::Array;
using Poco::JSON::Object;
using Poco::Messaging::TokenKey;
using Poco::Messaging::TokenResult;
using Poco::Messaging::TokenVerifier;


namespace
{
	constexpr int MAX_NAME = 24; // characters
	constexpr int HOUR = 3600;   // seconds

	std::string randomSecret()
	{
		unsigned char bytes[32];
		if (RAND_bytes(bytes, sizeof(bytes)) != 1) throw Poco::SystemException("There are no random numbers");
		return std::string(reinterpret_cast<const char*>(bytes), sizeof(bytes));
	}


	void grant(Object& grants, const std::string& pattern, std::initializer_list<const char*> rights)
	{
		Array array;
		for (const char* pRight: rights) array.add(std::string(pRight));
		grants.set(pattern, array);
	}


	std::string sign(const std::string& secret, Poco::JWT::Token& token, const Object& grants, int seconds)
	{
		token.payload().set("exp", static_cast<Poco::Int64>(Poco::Timestamp().epochTime()) + seconds);
		token.payload().set("grants", grants);
		return Poco::JWT::Signer(secret).sign(token, Poco::JWT::Signer::ALGO_HS256);
	}
}


ChatTokens::ChatTokens(const std::string& secret):
	_secret(secret.empty() ? randomSecret() : secret),
	_pVerifier(std::make_shared<TokenVerifier>(std::vector<TokenKey>{TokenKey::hmac("", _secret)}))
{
}


bool ChatTokens::validName(const std::string& name)
{
	const Poco::UTF8Encoding utf8;
	int length = 0;
	const Poco::TextIterator end(name);
	for (Poco::TextIterator it(name, utf8); it != end; ++it)
	{
		const int character = *it; // -1: not UTF-8
		if (character < 0x20 || (character >= 0x7F && character < 0xA0) || ++length > MAX_NAME) return false;
	}
	return length > 0 && name.front() != ' ' && name.back() != ' ';
}


std::string ChatTokens::forPerson(const std::string& name) const
{
	Poco::JWT::Token token;
	token.setSubject(name);
	Object grants;
	grant(grants, "presence-room-*", {"read", "publish", "presence", "history"});
	grant(grants, "private-user-*", {"publish"});
	return sign(_secret, token, grants, HOUR);
}


std::string ChatTokens::forOperator() const
	/// Without a subject: nobody can take an operator's name, nor write to him.
{
	Poco::JWT::Token token;
	Object grants;
	grant(grants, "private-disconnect", {"publish"});
	grant(grants, "private-metrics", {"read"});
	grant(grants, "private-quota", {"read", "publish"});
	return sign(_secret, token, grants, 12*HOUR);
}


bool ChatTokens::isOperator(const std::string& token) const
{
	const TokenResult result = _pVerifier->verify(token, Poco::Timestamp().epochTime());
	return result.error == Poco::Messaging::TokenError::NONE && result.grants.allow("private-metrics", Poco::Messaging::RIGHT_READ);
}


const std::shared_ptr<TokenVerifier>& ChatTokens::verifier() const
{
	return _pVerifier;
}
