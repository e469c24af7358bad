//
// TokenTest.cpp
//
// Tokens: RFC 7515, 7518, 7519; hostile ones; grants.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "TokenSupport.h"
#include "Poco/Messaging/TokenVerifier.h"
#include "Poco/Base64Encoder.h"
#include "Poco/Crypto/ECKey.h"
#include "Poco/Crypto/EVPPKey.h"
#include "Poco/Crypto/RSAKey.h"
#include "Poco/Exception.h"
#include "Poco/JWT/Signer.h"
#include "Poco/JWT/Token.h"
#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <atomic>
#include <functional>
#include <sstream>
#include <string>
#include <thread>
#include <vector>


using Poco::Messaging::Grants;
using Poco::Messaging::TokenError;
using Poco::Messaging::TokenKey;
using Poco::Messaging::TokenResult;
using Poco::Messaging::TokenVerifier;
using Poco::Messaging::TokenVerifierParams;


namespace Poco {
namespace Messaging {
POCO_MESSAGING_BEGIN


void PrintTo(TokenError error, std::ostream* pStream); // for GoogleTest


void PrintTo(TokenError error, std::ostream* pStream)
{
	*pStream << toString(error);
}


POCO_MESSAGING_END
} } // namespace Poco::Messaging


namespace
{
	const std::string OTHER(32, 'o');
	constexpr Poco::Int64 NOW = 1700000000;
	const std::string HEADER = "{\"alg\":\"HS256\",\"typ\":\"JWT\"}";

	std::string claims(const std::string& more = "", Poco::Int64 expires = NOW + 60)
	{
		return "{\"exp\":" + std::to_string(expires) + (more.empty() ? "" : "," + more) + "}";
	}

	TokenError errorOf(const std::string& token, const std::function<void(TokenVerifierParams&)>& change = [](TokenVerifierParams&) {})
	{
		TokenVerifierParams::Ptr pParams(new TokenVerifierParams);
		pParams->setLeeway(0);
		change(*pParams);
		const TokenResult result = TokenVerifier({TokenKey::hmac("", SECRET)}, pParams).verify(token, NOW);
		if (result.error != TokenError::NONE)
		{
			EXPECT_TRUE(result.user.empty() && result.info.empty() && result.grants.empty() && result.expires == 0) << "nothing of it is believed";
		}
		return result.error;
	}

	template <typename Key>
	std::string publicPEM(const Key& key)
	{
		std::ostringstream stream;
		key.save(&stream);
		return stream.str();
	}

	std::string changed(std::string text, std::size_t place)
	{
		text[place] = text[place] == 'A' ? 'B' : 'A';
		return text;
	}
}


TEST(Token, SaysWhoAndWhat)
{
	const TokenVerifier verifier({TokenKey::hmac("", SECRET)});
	const TokenResult result = verifier.verify(signedToken(HEADER,
		claims("\"sub\":\"anna\",\"info\":\"{}\",\"quota\":\"few\",\"grants\":{\"private-chat-*\":[\"read\",\"publish\"],\"presence-x\":[\"presence\",\"history\"]}")), NOW);
	EXPECT_EQ(TokenError::NONE, result.error);
	EXPECT_EQ("anna", result.user);
	EXPECT_EQ("{}", result.info);
	EXPECT_EQ("few", result.quota);
	EXPECT_EQ(NOW + 60, result.expires);
	struct Row
	{
		const char* channel;
		unsigned rights;
	};
	const Row ROWS[] =
	{
		{"private-chat-1", Poco::Messaging::RIGHT_READ | Poco::Messaging::RIGHT_PUBLISH},
		{"private-chat-", Poco::Messaging::RIGHT_READ | Poco::Messaging::RIGHT_PUBLISH},
		{"private-chat", 0},
		{"private-", 0},
		{"presence-x", Poco::Messaging::RIGHT_PRESENCE | Poco::Messaging::RIGHT_HISTORY},
		{"presence-xy", 0},
		{"public", 15},
		{"Private-x", 15},
		{"private", 15}
	};
	for (const Row& row: ROWS)
	{
		for (const auto right: {Poco::Messaging::RIGHT_READ, Poco::Messaging::RIGHT_PUBLISH, Poco::Messaging::RIGHT_PRESENCE, Poco::Messaging::RIGHT_HISTORY})
			EXPECT_EQ((row.rights & right) != 0, result.grants.allow(row.channel, right)) << row.channel << ' ' << right;
	}
}


TEST(Token, Patterns)
{
	struct Row
	{
		const char* pattern;
		const char* channel;
		bool matches;
	};
	const Row ROWS[] =
	{
		{"a", "a", true}, {"a", "b", false}, {"a", "", false}, {"a", "aa", false}, {"", "", true}, {"", "a", false},
		{"*", "", true}, {"*", "private-x", true}, {"a*", "a", true}, {"a*", "ab", true}, {"a*", "ba", false},
		{"*a", "a", true}, {"*a", "ba", true}, {"*a", "ab", false}, {"a*c", "ac", true}, {"a*c", "abbc", true}, {"a*c", "abcb", false},
		{"a*b*c", "axbxbxc", true}, {"a*b*c", "axcxb", false}, {"**", "x", true}, {"a**c", "abc", true}, {"a.c", "abc", false}, {"a?", "ab", false}
	};
	for (const Row& row: ROWS) EXPECT_EQ(row.matches, Grants::matches(row.pattern, row.channel)) << row.pattern << ' ' << row.channel;
	std::string pattern;
	for (int i = 0; i < 60; ++i) pattern += "a*";
	EXPECT_FALSE(Grants::matches(pattern + "b", std::string(255, 'a'))) << "ends at all";
}


TEST(Token, Claims)
{
	struct Row
	{
		const char* what;
		std::string claims;
		TokenError error;
	};
	const Row ROWS[] =
	{
		{"4.1.4: a second left", claims("", NOW + 1), TokenError::NONE},
		{"4.1.4: on the second", claims("", NOW), TokenError::EXPIRED},
		{"4.1.4: none", "{}", TokenError::CLAIMS},
		{"4.1.4: a fraction", "{\"exp\":1700000000.5}", TokenError::NONE},
		{"4.1.4: a text", "{\"exp\":\"1700000060\"}", TokenError::CLAIMS},
		{"4.1.4: true", "{\"exp\":true}", TokenError::CLAIMS},
		{"4.1.4: null", "{\"exp\":null}", TokenError::CLAIMS},
		{"4.1.4: a list", "{\"exp\":[1700000060]}", TokenError::CLAIMS},
		{"4.1.4: negative", "{\"exp\":-1}", TokenError::CLAIMS},
		{"4.1.4: larger than numbers are exact", "{\"exp\":1e300}", TokenError::CLAIMS},
		{"4.1.5: now", claims("\"nbf\":1700000000"), TokenError::NONE},
		{"4.1.5: in a second", claims("\"nbf\":1700000001"), TokenError::NOT_YET},
		{"4.1.5: a text", claims("\"nbf\":\"1\""), TokenError::CLAIMS},
		{"4.1.3: for somebody", claims("\"aud\":\"x\""), TokenError::AUDIENCE},
		{"4.1.3: for nobody", claims("\"aud\":[]"), TokenError::AUDIENCE},
		{"4.1.2: as long as may be", claims("\"sub\":\"" + std::string(255, 'x') + "\""), TokenError::NONE},
		{"4.1.2: one more", claims("\"sub\":\"" + std::string(256, 'x') + "\""), TokenError::CLAIMS},
		{"4.1.2: a number", claims("\"sub\":1"), TokenError::CLAIMS},
		{"4.1.2: no UTF-8", claims("\"sub\":\"\xc3\x28\""), TokenError::MALFORMED},
		{"4.1.2: half of a character", claims("\"sub\":\"\\ud800\""), TokenError::MALFORMED},
		{"info: as long as may be", claims("\"info\":\"" + std::string(1020, 'x') + "\""), TokenError::NONE},
		{"info: one more", claims("\"info\":\"" + std::string(1021, 'x') + "\""), TokenError::CLAIMS},
		{"quota: an object", claims("\"quota\":{}"), TokenError::CLAIMS},
		{"info: an object", claims("\"info\":{}"), TokenError::CLAIMS},
		{"grants: none", claims("\"grants\":{}"), TokenError::NONE},
		{"grants: a list", claims("\"grants\":[]"), TokenError::CLAIMS},
		{"grants: no rights", claims("\"grants\":{\"a\":[]}"), TokenError::NONE},
		{"grants: a text for rights", claims("\"grants\":{\"a\":\"read\"}"), TokenError::CLAIMS},
		{"grants: an unknown right", claims("\"grants\":{\"a\":[\"write\"]}"), TokenError::CLAIMS},
		{"grants: a number for a right", claims("\"grants\":{\"a\":[1]}"), TokenError::CLAIMS},
		{"grants: an empty pattern", claims("\"grants\":{\"\":[]}"), TokenError::CLAIMS},
		{"grants: a pattern as long as may be", claims("\"grants\":{\"" + std::string(255, 'x') + "\":[]}"), TokenError::NONE},
		{"grants: one more", claims("\"grants\":{\"" + std::string(256, 'x') + "\":[]}"), TokenError::CLAIMS},
		{"claims: a list", "[]", TokenError::MALFORMED},
		{"claims: nothing", "", TokenError::MALFORMED},
		{"claims: no JSON", "{\"exp\":", TokenError::MALFORMED},
		{"claims: too deep", claims("\"a\":[[[[[[[[1]]]]]]]]"), TokenError::MALFORMED}
	};
	for (const Row& row: ROWS) EXPECT_EQ(row.error, errorOf(signedToken(HEADER, row.claims))) << row.what;
	for (const int count: {64, 65})
	{
		std::string list;
		for (int i = 0; i < count; ++i) list += (i > 0 ? ",\"" : "\"") + std::to_string(i) + "\":[\"read\"]";
		EXPECT_EQ(count == 64 ? TokenError::NONE : TokenError::CLAIMS, errorOf(signedToken(HEADER, claims("\"grants\":{" + list + "}")))) << count;
	}
}


TEST(Token, ParamsSayWhatIsNeeded)
{
	const auto issuer = [](TokenVerifierParams& params) { params.setIssuer("me"); };
	const auto audience = [](TokenVerifierParams& params) { params.setAudience("chat"); };
	const auto leeway = [](TokenVerifierParams& params) { params.setLeeway(Poco::Timespan(10, 0)); };
	struct Row
	{
		const char* what;
		std::string claims;
		std::function<void(TokenVerifierParams&)> change;
		TokenError error;
	};
	const Row ROWS[] =
	{
		{"issuer", claims("\"iss\":\"me\""), issuer, TokenError::NONE},
		{"another issuer", claims("\"iss\":\"you\""), issuer, TokenError::ISSUER},
		{"no issuer", claims(), issuer, TokenError::ISSUER},
		{"issuers", claims("\"iss\":[\"me\"]"), issuer, TokenError::ISSUER},
		{"audience", claims("\"aud\":\"chat\""), audience, TokenError::NONE},
		{"one of several audiences", claims("\"aud\":[1,\"x\",\"chat\"]"), audience, TokenError::NONE},
		{"another audience", claims("\"aud\":\"chats\""), audience, TokenError::AUDIENCE},
		{"none of several audiences", claims("\"aud\":[\"x\"]"), audience, TokenError::AUDIENCE},
		{"no audience", claims(), audience, TokenError::AUDIENCE},
		{"a number for an audience", claims("\"aud\":1"), audience, TokenError::AUDIENCE},
		{"expired within the leeway", claims("", NOW - 9), leeway, TokenError::NONE},
		{"expired for as long", claims("", NOW - 10), leeway, TokenError::EXPIRED},
		{"not yet, within the leeway", claims("\"nbf\":1700000010"), leeway, TokenError::NONE},
		{"not yet, a second more", claims("\"nbf\":1700000011"), leeway, TokenError::NOT_YET},
		{"need not expire", "{}", [](TokenVerifierParams& params) { params.setExpiryRequired(false); }, TokenError::NONE},
		{"need not expire, but has", claims("", NOW), [](TokenVerifierParams& params) { params.setExpiryRequired(false); }, TokenError::EXPIRED}
	};
	for (const Row& row: ROWS) EXPECT_EQ(row.error, errorOf(signedToken(HEADER, row.claims), row.change)) << row.what;
	TokenVerifierParams::Ptr pParams(new TokenVerifierParams);
	EXPECT_THROW(pParams->setLeeway(-1), Poco::InvalidArgumentException);
	pParams->setLeeway(Poco::Timespan(300, 0));
	EXPECT_THROW(pParams->setLeeway(Poco::Timespan(300, 1)), Poco::InvalidArgumentException);
	for (const int length: {63, 65537}) EXPECT_THROW(pParams->setMaxLength(length), Poco::InvalidArgumentException);
	for (const int length: {64, 65536}) EXPECT_NO_THROW(pParams->setMaxLength(length));
}


TEST(Token, Hostile)
{
	const std::string good = signedToken(HEADER, claims());
	const std::string body = good.substr(0, good.rfind('.'));
	const std::string noneHeader = base64("{\"alg\":\"none\"}") + '.' + base64(claims());
	struct Row
	{
		const char* what;
		std::string token;
		TokenError error;
	};
	const Row ROWS[] =
	{
		{"good", good, TokenError::NONE},
		{"nothing", "", TokenError::MALFORMED},
		{"points", "..", TokenError::MALFORMED},
		{"two parts", body, TokenError::MALFORMED},
		{"four parts", good + ".x", TokenError::MALFORMED},
		{"no signature", body + '.', TokenError::MALFORMED},
		{"white space before", ' ' + good, TokenError::MALFORMED},
		{"a new line behind", good + '\n', TokenError::MALFORMED},
		{"a zero byte behind", good + '\0', TokenError::MALFORMED},
		{"padding", good + '=', TokenError::MALFORMED},
		{"1 MiB", std::string(1024*1024, 'x'), TokenError::TOO_LONG},
		{"1 MiB of points", std::string(1024*1024, '.'), TokenError::TOO_LONG},
		{"alg: none, without signature", noneHeader + '.', TokenError::ALGORITHM},
		{"alg: none, with one", noneHeader + '.' + base64(hmac(noneHeader, SECRET)), TokenError::ALGORITHM},
		{"alg: None", signedToken("{\"alg\":\"None\"}", claims()), TokenError::ALGORITHM},
		{"alg: hs256", signedToken("{\"alg\":\"hs256\"}", claims()), TokenError::ALGORITHM},
		{"alg: HS512", signedToken("{\"alg\":\"HS512\"}", claims()), TokenError::ALGORITHM},
		{"alg: a number", signedToken("{\"alg\":256}", claims()), TokenError::ALGORITHM},
		{"alg: a list", signedToken("{\"alg\":[\"HS256\"]}", claims()), TokenError::ALGORITHM},
		{"alg: missing", signedToken("{}", claims()), TokenError::ALGORITHM},
		{"alg: of another key", signedToken("{\"alg\":\"RS256\"}", claims()), TokenError::KEY},
		{"an unknown key", signedToken("{\"alg\":\"HS256\",\"kid\":\"x\"}", claims()), TokenError::KEY},
		{"a file for a key", signedToken("{\"alg\":\"HS256\",\"kid\":\"/dev/null\"}", claims(), std::string(32, '\0')), TokenError::KEY},
		{"a number for a key", signedToken("{\"alg\":\"HS256\",\"kid\":1}", claims()), TokenError::MALFORMED},
		{"a key of its own", signedToken("{\"alg\":\"HS256\",\"jwk\":{\"kty\":\"oct\",\"k\":\"b29v\"}}", claims(), OTHER), TokenError::SIGNATURE},
		{"RFC 7515, 4.1.11", signedToken("{\"alg\":\"HS256\",\"crit\":[\"exp\"]}", claims()), TokenError::MALFORMED},
		{"the header a list", signedToken("[]", claims()), TokenError::MALFORMED},
		{"the header no JSON", signedToken("{", claims()), TokenError::MALFORMED},
		{"the header deep", signedToken(std::string(2000, '['), claims()), TokenError::MALFORMED},
		{"the wrong secret", signedToken(HEADER, claims(), OTHER), TokenError::SIGNATURE},
		{"an empty secret", signedToken(HEADER, claims(), ""), TokenError::SIGNATURE},
		{"a signature that is shorter", body + '.' + base64(hmac(body, SECRET).substr(0, 31)), TokenError::SIGNATURE},
		{"a signature that is longer", body + '.' + base64(hmac(body, SECRET) + 'x'), TokenError::SIGNATURE},
		{"expired", signedToken(HEADER, claims("", NOW - 1000)), TokenError::EXPIRED},
		{"of the future", signedToken(HEADER, claims("\"nbf\":2700000000")), TokenError::NOT_YET},
		{"of 1970", signedToken(HEADER, claims("", 0)), TokenError::EXPIRED}
	};
	for (const Row& row: ROWS) EXPECT_EQ(row.error, errorOf(row.token)) << row.what;
	for (std::size_t i = 0; i < good.size(); ++i) EXPECT_NE(TokenError::NONE, errorOf(changed(good, i))) << "byte " << i;
	for (std::size_t i = 0; i < good.size(); ++i) EXPECT_NE(TokenError::NONE, errorOf(good.substr(0, i))) << i << " bytes";
	for (const std::size_t spare: {0u, 1u})
	{
		const auto change = [&](TokenVerifierParams& params) { params.setMaxLength(static_cast<int>(good.size() - spare)); };
		EXPECT_EQ(spare == 0 ? TokenError::NONE : TokenError::TOO_LONG, errorOf(good, change));
	}
}


TEST(Token, PublicKeys)
{
	const Poco::Crypto::RSAKey rsa(Poco::Crypto::RSAKey::KL_2048, Poco::Crypto::RSAKey::EXP_LARGE);
	const Poco::Crypto::ECKey ec("prime256v1");
	const std::string rsaPEM = publicPEM(rsa);
	EXPECT_NO_THROW(TokenKey::rsa("", publicPEM(Poco::Crypto::EVPPKey(const_cast<Poco::Crypto::RSAKey*>(&rsa))))) << "BEGIN PUBLIC KEY";
	const std::string ecPEM = publicPEM(ec);
	const TokenVerifier verifier({TokenKey::rsa("", rsaPEM), TokenKey::ec("", ecPEM)});
	Poco::JWT::Signer signer;
	signer.addAllAlgorithms();
	signer.setRSAKey(new Poco::Crypto::RSAKey(rsa));
	signer.setECKey(new Poco::Crypto::ECKey(ec));
	for (const std::string algorithm: {"RS256", "ES256"})
	{
		Poco::JWT::Token token;
		token.payload().set("exp", NOW + 60);
		token.setSubject("anna");
		const std::string text = signer.sign(token, algorithm);
		EXPECT_TRUE(verifier.costly(text));
		const TokenResult result = verifier.verify(text, NOW);
		EXPECT_EQ(TokenError::NONE, result.error) << algorithm;
		EXPECT_EQ("anna", result.user);
		const std::size_t signature = text.rfind('.') + 1;
		for (const std::size_t place: {signature, signature + 1, signature + 43, text.size() - 2})
			EXPECT_EQ(TokenError::SIGNATURE, verifier.verify(changed(text, place), NOW).error) << algorithm << place;
		for (const std::size_t length: {1u, 32u, 63u, 65u, 255u, 257u})
			EXPECT_EQ(TokenError::SIGNATURE, verifier.verify(text.substr(0, signature) + base64(std::string(length, 'x')), NOW).error) << algorithm << length;
		EXPECT_EQ(TokenError::SIGNATURE, verifier.verify(text.substr(0, signature) + base64(std::string(64, '\0')), NOW).error) << "r and s are 0";
		EXPECT_EQ(TokenError::KEY, TokenVerifier({TokenKey::hmac("", SECRET)}).verify(text, NOW).error);
	}
	// The public key as a secret
	for (const std::string& pem: {rsaPEM, ecPEM}) EXPECT_EQ(TokenError::KEY, verifier.verify(signedToken(HEADER, claims(), pem), NOW).error);
	EXPECT_FALSE(verifier.costly(signedToken(HEADER, claims())));
	EXPECT_FALSE(verifier.costly(std::string(1024*1024, '.')));
}


TEST(Token, KeysThatAreNone)
{
	EXPECT_NO_THROW(TokenKey::hmac(std::string(255, 'k'), SECRET));
	EXPECT_THROW(TokenKey::hmac(std::string(256, 'k'), SECRET), Poco::InvalidArgumentException);
	EXPECT_THROW(TokenKey::hmac("", std::string(31, 's')), Poco::InvalidArgumentException);
	EXPECT_THROW(TokenKey::rsa("", "x"), Poco::InvalidArgumentException);
	EXPECT_THROW(TokenKey::ec("", "x"), Poco::InvalidArgumentException);
	EXPECT_THROW(TokenKey::rsa("", publicPEM(Poco::Crypto::RSAKey(Poco::Crypto::RSAKey::KL_1024, Poco::Crypto::RSAKey::EXP_LARGE))), Poco::InvalidArgumentException);
	EXPECT_THROW(TokenKey::ec("", publicPEM(Poco::Crypto::ECKey("secp384r1"))), Poco::InvalidArgumentException);
	std::vector<TokenKey> keys;
	for (int i = 0; i < 32; ++i) keys.push_back(TokenKey::hmac(std::to_string(i), SECRET));
	EXPECT_NO_THROW(TokenVerifier{keys});
	keys.push_back(TokenKey::hmac("32", SECRET));
	EXPECT_THROW(TokenVerifier{keys}, Poco::InvalidArgumentException);
	EXPECT_THROW(TokenVerifier({TokenKey::hmac("a", SECRET), TokenKey::hmac("a", OTHER)}), Poco::InvalidArgumentException);
	EXPECT_THROW(TokenVerifier({}, TokenVerifierParams::Ptr()), Poco::InvalidArgumentException);
	EXPECT_EQ(TokenError::KEY, TokenVerifier({}).verify(signedToken(HEADER, claims()), NOW).error);
}


TEST(Token, KeysAreExchangedWhileItRuns)
{
	const std::string first = signedToken("{\"alg\":\"HS256\",\"kid\":\"1\"}", claims());
	const std::string second = signedToken("{\"alg\":\"HS256\",\"kid\":\"2\"}", claims(), OTHER);
	TokenVerifier verifier({TokenKey::hmac("1", SECRET)});
	EXPECT_EQ(TokenError::NONE, verifier.verify(first, NOW).error);
	EXPECT_EQ(TokenError::KEY, verifier.verify(second, NOW).error);
	std::atomic<bool> done{false};
	std::thread thread([&]()
	{
		while (!done)
		{
			verifier.setKeys({TokenKey::hmac("1", SECRET), TokenKey::hmac("2", OTHER)});
			verifier.setKeys({TokenKey::hmac("1", SECRET)});
		}
	});
	for (int i = 0; i < 1000; ++i) EXPECT_EQ(TokenError::NONE, verifier.verify(first, NOW).error);
	done = true;
	thread.join();
	verifier.setKeys({TokenKey::hmac("2", OTHER)});
	EXPECT_EQ(TokenError::KEY, verifier.verify(first, NOW).error);
	EXPECT_EQ(TokenError::NONE, verifier.verify(second, NOW).error);
}
