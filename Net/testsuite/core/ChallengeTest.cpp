//
// ChallengeTest.cpp
//
// Library: PocoWebSocket
// Package: Tests
// Module:  WebSocketChallengeTest
//
// Challenges, and answers to those for Digest.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "core/Challenge.h"
#include <gtest/gtest.h>
#include <string>
#include <vector>


using Poco::Net::MessageHeader;
using Poco::Net::WebSocketChallenge;


namespace
{
	const std::string FIELD("WWW-Authenticate");
	const std::string DIGEST_MD5("Digest realm=\"r\", nonce=\"n\"");
	const std::string SHA_256("Digest realm=\"r\", nonce=\"n\", qop=\"auth\", algorithm=SHA-256");

	MessageHeader header(const std::vector<std::string>& lines)
	{
		MessageHeader result;
		for (const std::string& line: lines) result.add(FIELD, line);
		result.add("Other", "NTLM");
		return result;
	}

	std::vector<std::string> texts(const std::vector<std::string>& lines)
	{
		std::vector<std::string> result;
		for (const WebSocketChallenge& challenge: WebSocketChallenge::parse(header(lines), "www-authenticate")) result.push_back(challenge.text());
		return result;
	}

	WebSocketChallenge chosen(const std::vector<std::string>& lines, int schemes = WebSocketChallenge::ALL)
	{
		return WebSocketChallenge::choose(header(lines), FIELD, schemes);
	}

	WebSocketChallenge example(const std::string& algorithm, const std::string& qop = ", qop=\"auth, auth-int\"")
		/// RFC 7616, 3.9.1
	{
		return chosen({"Digest realm=\"http-auth@example.org\"" + qop + ", " + algorithm +
			"nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\""});
	}

	WebSocketChallenge::Login mufasa()
	{
		return {"Mufasa", "Circle of Life", "GET", "/dir/index.html", "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"};
	}
}


TEST(WebSocketChallengeTest, SeveralInOneFieldOrInSeveral)
	/// RFC 9110, 11.6.1
{
	using Texts = std::vector<std::string>;
	EXPECT_EQ(Texts(), texts({}));
	EXPECT_EQ(Texts(), texts({""}));
	EXPECT_EQ(Texts({"Basic"}), texts({"Basic"}));
	EXPECT_EQ(Texts({"Basic realm=\"a\"", "Bearer"}), texts({"Basic realm=\"a\"", "Bearer"}));
	EXPECT_EQ(Texts({"Bearer realm=\"a\", scope=\"b c\"", "Basic realm=\"a, b\""}), texts({"Bearer realm=\"a\", scope=\"b c\", Basic realm=\"a, b\""}));
	EXPECT_EQ(Texts({"Newauth realm=\"apps\", type=1, title=\"Login to \\\"apps\\\"\"", "Basic realm=\"simple\""}),
		texts({"Newauth realm=\"apps\", type=1, title=\"Login to \\\"apps\\\"\", Basic realm=\"simple\""})); // the RFC's example
	EXPECT_EQ(Texts({"NTLM", "Negotiate", "Basic"}), texts({"NTLM, Negotiate,, Basic ,"}));
	EXPECT_EQ(Texts({"Negotiate abc/+==", "Basic realm=a"}), texts({"Negotiate   abc/+==, Basic realm=a"}));
	EXPECT_EQ(Texts({"Digest a=b, c = \"d\""}), texts({"Digest a=b", "c = \"d\""})); // lines are one list
	EXPECT_EQ(Texts({"Digest a=\"b, Basic realm=c"}), texts({"Digest a=\"b, Basic realm=c"})); // no end
}


TEST(WebSocketChallengeTest, FirstThatIsSupported)
	/// RFC 7616, 3.7
{
	struct Row
	{
		std::vector<std::string> lines;
		WebSocketChallenge::Scheme scheme;
		std::string text;
	};
	const std::vector<Row> ROWS =
	{
		{{}, WebSocketChallenge::UNSUPPORTED, ""},
		{{"Bearer realm=\"a\""}, WebSocketChallenge::UNSUPPORTED, ""},
		{{"Bearer realm=\"a\", Basic realm=\"b\""}, WebSocketChallenge::BASIC, "Basic realm=\"b\""},
		{{"bearer", "basic"}, WebSocketChallenge::BASIC, "basic"},
		{{SHA_256, DIGEST_MD5, "Basic"}, WebSocketChallenge::DIGEST, SHA_256},
		{{SHA_256 + ", " + DIGEST_MD5}, WebSocketChallenge::DIGEST, SHA_256},
		{{DIGEST_MD5, SHA_256}, WebSocketChallenge::DIGEST, DIGEST_MD5},
		{{"Basic", SHA_256}, WebSocketChallenge::BASIC, "Basic"},
		{{DIGEST_MD5 + ", algorithm=SHA-512-256", DIGEST_MD5 + ", algorithm=sha-256"}, WebSocketChallenge::DIGEST, DIGEST_MD5 + ", algorithm=sha-256"},
		{{DIGEST_MD5 + ", qop=\"auth-int\"", "Basic"}, WebSocketChallenge::BASIC, "Basic"},
		{{DIGEST_MD5 + ", qop=\"\"", "Basic"}, WebSocketChallenge::BASIC, "Basic"},
		{{DIGEST_MD5 + ", algorithm=MD5-sess", "Basic"}, WebSocketChallenge::BASIC, "Basic"}, // without qop there is no cnonce
		{{"Digest realm=\"r\"", "Digest nonce=\"n\"", "Digest", "Digest abc", "Basic"}, WebSocketChallenge::BASIC, "Basic"},
		{{DIGEST_MD5 + ", nonce=\"m\"", "Basic"}, WebSocketChallenge::BASIC, "Basic"}, // twice
		{{DIGEST_MD5 + ", opaque=\"o", "NTLM"}, WebSocketChallenge::NTLM, "NTLM"},
		{{DIGEST_MD5 + ", x=\"y\"z", "NTLM !", "NTLM"}, WebSocketChallenge::NTLM, "NTLM"},
		{{"Digest realm=\"\", nonce=\"\""}, WebSocketChallenge::DIGEST, "Digest realm=\"\", nonce=\"\""},
		{{"NTLM TlRM"}, WebSocketChallenge::NTLM, "NTLM TlRM"},
		{{"NTLM TlRM, x=y"}, WebSocketChallenge::UNSUPPORTED, ""},
		{{"=, \"\", x"}, WebSocketChallenge::UNSUPPORTED, ""},
		{{"NTLM, =", "Basic"}, WebSocketChallenge::BASIC, "Basic"},
		{{"NTLM, =x", "Basic"}, WebSocketChallenge::BASIC, "Basic"},
		{{"NTLM\"x\"", "Basic"}, WebSocketChallenge::BASIC, "Basic"},
	};
	for (const Row& row: ROWS)
	{
		const WebSocketChallenge challenge = chosen(row.lines);
		EXPECT_EQ(row.scheme, challenge.scheme()) << row.text;
		EXPECT_EQ(row.text, challenge.text());
	}
	EXPECT_EQ(WebSocketChallenge::DIGEST, chosen({"Basic", SHA_256}, WebSocketChallenge::DIGEST | WebSocketChallenge::NTLM).scheme());
	EXPECT_EQ(WebSocketChallenge::UNSUPPORTED, chosen({"Basic", "NTLM"}, WebSocketChallenge::DIGEST).scheme());
}


TEST(WebSocketChallengeTest, Parameters)
{
	const WebSocketChallenge challenge = chosen({"Digest Realm = \"a, \\\"b\\\" \\\\\", NONCE=n, domain=\"\""});
	EXPECT_EQ("a, \"b\" \\", challenge.get("realm"));
	EXPECT_EQ("n", challenge.get("nonce"));
	EXPECT_EQ("", challenge.get("domain"));
	EXPECT_EQ("", challenge.get("qop"));
	EXPECT_EQ("", challenge.token());
	EXPECT_EQ("TlRM==", chosen({"NTLM TlRM=="}).token());
}


TEST(WebSocketChallengeTest, GoesOn)
{
	EXPECT_TRUE(chosen({DIGEST_MD5 + ", stale=true"}).goesOn());
	EXPECT_TRUE(chosen({SHA_256 + ", STALE=\"TRUE\""}).goesOn());
	EXPECT_FALSE(chosen({SHA_256 + ", stale=false"}).goesOn());
	EXPECT_FALSE(chosen({SHA_256}).goesOn());
	EXPECT_TRUE(chosen({"NTLM TlRM"}).goesOn());
	EXPECT_FALSE(chosen({"NTLM"}).goesOn());
	EXPECT_FALSE(chosen({"Basic stale=true"}).goesOn());
	EXPECT_FALSE(chosen({}).goesOn());
}


TEST(WebSocketChallengeTest, PlainMD5)
{
	EXPECT_TRUE(chosen({DIGEST_MD5}).isPlainMD5());
	EXPECT_TRUE(chosen({DIGEST_MD5 + ", algorithm=md5"}).isPlainMD5());
	EXPECT_FALSE(chosen({DIGEST_MD5 + ", qop=auth, algorithm=MD5-sess"}).isPlainMD5());
	EXPECT_FALSE(chosen({SHA_256}).isPlainMD5());
	EXPECT_FALSE(chosen({"Basic"}).isPlainMD5());
}


TEST(WebSocketChallengeTest, Answers)
	/// RFC 7616, 3.9.1; the responses of the other algorithms are another implementation's.
{
	const std::string begin = "Digest username=\"Mufasa\", realm=\"http-auth@example.org\", uri=\"/dir/index.html\", ";
	const std::string middle = "nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", nc=00000001, cnonce=\"f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ\", qop=auth, ";
	const std::string opaque = ", opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\"";
	const std::vector<std::pair<std::string, std::string>> ROWS =
	{
		{"MD5", "8ca523f5e9506fed4657c9700eebdbec"},
		{"SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"},
		{"MD5-sess", "e783283f46242139c486a698fec7211d"},
		{"SHA-256-sess", "2fd51b3a77ad75bad6afad6003e818d767133c46d9e2749e7f5232ae1ea3efd7"},
	};
	for (const auto& row: ROWS)
	{
		EXPECT_EQ(begin + "algorithm=" + row.first + ", " + middle + "response=\"" + row.second + "\"" + opaque, example("algorithm=" + row.first + ", ").answer(mufasa()));
	}
	EXPECT_EQ(begin + middle + "response=\"" + ROWS[0].second + "\"" + opaque, example("").answer(mufasa()));

	// RFC 2069
	const std::string nonce = "nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", ";
	EXPECT_EQ(begin + nonce + "response=\"7b2cc3b30e75b4777ea31027084363fd\"" + opaque, example("", "").answer(mufasa()));
	EXPECT_EQ(begin + "algorithm=SHA-256, " + nonce + "response=\"a1306b0595a6c7fe96c448631fb5cfbd5107bd1fe1da729d978dd7446b812363\"" + opaque,
		example("algorithm=SHA-256, ", "").answer(mufasa()));
}


TEST(WebSocketChallengeTest, QuotesInAnswers)
	/// RFC 7616, 3.4: they are escaped; what is hashed is not.
{
	const WebSocketChallenge challenge = chosen({"Digest realm=\"a, \\\"b\\\"\", nonce=\"n\\\\\", algorithm=SHA-256"});
	const std::string answer = challenge.answer({"us\"er", "p", "GET", "/", ""});
	EXPECT_EQ(0u, answer.find("Digest username=\"us\\\"er\", realm=\"a, \\\"b\\\"\", uri=\"/\", algorithm=SHA-256, nonce=\"n\\\\\", response=\"")) << answer;
	EXPECT_NE(std::string::npos, answer.find("response=\"3a1ce73616dba8db08cb45ee5c10d46867b3d5f1c8b09d9ac82b201e0fcbe425\"")) << answer;
}
