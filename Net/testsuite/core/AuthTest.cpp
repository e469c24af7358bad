//
// AuthTest.cpp
//
// Library: PocoWebSocket
// Package: Tests
// Module:  WebSocketAuthTest
//
// Credentials in the opening handshake (RFC 7617, 2; RFC 6750, 2.1; RFC 7235, 3.1).
//
// SPDX-License-Identifier: BSL-1.0
//


#include "support/CoreAllocations.h"
#include "Poco/Net/WebSocketAuth.h"
#include <gtest/gtest.h>
#include <new>
#include <string>


using Poco::Net::HTTPRequest;
using Poco::Net::HTTPResponse;
using Poco::Net::WebSocketAuth;


namespace
{
	struct Row
	{
		const char* rule;
		const char* authorization; // null: none
		bool ok;
	};

	HTTPRequest requestWith(const char* authorization)
	{
		HTTPRequest request;
		if (authorization) request.set("Authorization", authorization);
		return request;
	}
}


TEST(WebSocketAuthTest, Section2_Basic)
{
	const Row rows[] =
		/// for Aladdin, open sesame
	{
		{"the RFC's sample", "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", true},
		{"any case of the scheme", "bASIC QWxhZGRpbjpvcGVuIHNlc2FtZQ==", true},
		{"no credentials", nullptr, false},
		{"empty", "", false},
		{"the scheme alone", "Basic", false},
		{"the scheme and a space", "Basic ", false},
		{"another scheme", "Bearer QWxhZGRpbjpvcGVuIHNlc2FtZQ==", false},
		{"another user: aladdin", "Basic YWxhZGRpbjpvcGVuIHNlc2FtZQ==", false},
		{"another password: open", "Basic QWxhZGRpbjpvcGVu", false},
		{"no password", "Basic QWxhZGRpbjo=", false},
		{"no colon", "Basic QWxhZGRpbg==", false},
		{"neither user nor password", "Basic Og==", false},
		{"no base64", "Basic !!!!", false}
	};
	for (const Row& row: rows) EXPECT_EQ(row.ok, WebSocketAuth::basic(requestWith(row.authorization), "Aladdin", "open sesame")) << row.rule;
	EXPECT_FALSE(WebSocketAuth::basic(requestWith(nullptr), "", ""));
	EXPECT_TRUE(WebSocketAuth::basic(requestWith("Basic Og=="), "", ""));
	EXPECT_TRUE(WebSocketAuth::basic(requestWith("Basic YTpiOmM="), "a", "b:c")) << "a password may have a colon";
}


TEST(WebSocketAuthTest, Section2_BasicWithoutMemory)
	/// That is not a matter of wrong credentials.
{
	const HTTPRequest request = requestWith("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
	const std::string username = "Aladdin";
	const std::string password = "open sesame";
	FailingAllocations none(0);
	EXPECT_THROW(WebSocketAuth::basic(request, username, password), std::bad_alloc);
}


TEST(WebSocketAuthTest, Section2_1_Bearer)
{
	const Row rows[] =
		/// for mF_9.B5f-4.1JqM
	{
		{"the RFC's sample", "Bearer mF_9.B5f-4.1JqM", true},
		{"any case of the scheme", "bEARER mF_9.B5f-4.1JqM", true},
		{"spaces around the token", "Bearer   mF_9.B5f-4.1JqM ", true},
		{"no credentials", nullptr, false},
		{"empty", "", false},
		{"the scheme alone", "Bearer", false},
		{"the scheme and a space", "Bearer ", false},
		{"another scheme", "Basic mF_9.B5f-4.1JqM", false},
		{"a longer scheme", "Bearers mF_9.B5f-4.1JqM", false},
		{"no space", "BearermF_9.B5f-4.1JqM", false},
		{"a prefix of the token", "Bearer mF_9.B5f-4.1Jq", false},
		{"more than the token", "Bearer mF_9.B5f-4.1JqMM", false},
		{"the token twice", "Bearer mF_9.B5f-4.1JqMmF_9.B5f-4.1JqM", false},
		{"another case of the token", "Bearer MF_9.B5f-4.1JqM", false}
	};
	for (const Row& row: rows) EXPECT_EQ(row.ok, WebSocketAuth::bearer(requestWith(row.authorization), "mF_9.B5f-4.1JqM")) << row.rule;
	EXPECT_FALSE(WebSocketAuth::bearer(requestWith("Bearer x"), ""));
	EXPECT_FALSE(WebSocketAuth::bearer(requestWith(nullptr), ""));
}


TEST(WebSocketAuthTest, Section3_1_Challenge)
{
	HTTPResponse response;
	response.set("X-Other", "stays");
	response.set("WWW-Authenticate", "is replaced");
	EXPECT_FALSE(WebSocketAuth::challenge(response, "Bearer", "chat"));
	EXPECT_EQ(401, response.getStatus());
	EXPECT_EQ("Unauthorized", response.getReason());
	EXPECT_EQ("Bearer realm=\"chat\"", response.get("WWW-Authenticate"));
	EXPECT_EQ("stays", response.get("X-Other"));
	EXPECT_EQ(2u, response.size());
}


TEST(WebSocketAuthTest, Equal)
{
	using namespace std::string_literals;
	const std::string texts[] = {""s, "\0"s, "\0\0"s, "a"s, "aa"s, "ab"s, "ba"s, "A"s, "secret"s, "secret\0"s, "secreT"s, "Secret"s, "secretsecret"s, "\xff"s, "\x7f"s};
	for (const std::string& given: texts)
	{
		for (const std::string& expected: texts) EXPECT_EQ(given == expected, WebSocketAuth::equal(given, expected)) << given << ", " << expected;
	}
}
