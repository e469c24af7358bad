//
// RoutesTest.cpp
//
// Library: PocoWebSocket
// Package: Tests
// Module:  WebSocketRoutesTest
//
// Which of a server's paths a request is for.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "core/Routes.h"
#include <gtest/gtest.h>
#include <algorithm>
#include <string>
#include <vector>


using Poco::Net::WebSocketRoutes;


namespace
{
	const std::string NOBODY = "nobody";

	std::string found(const std::vector<std::string>& paths, const std::string& target)
		/// Returns the path, and behind it the value, if there is one.
	{
		WebSocketRoutes routes;
		EXPECT_TRUE(routes.empty());
		for (const std::string& path: paths)
		{
			EXPECT_EQ(WebSocketRoutes::ADDED, routes.add(path)) << path;
			EXPECT_FALSE(routes.empty());
		}
		std::string value = "unchanged";
		const std::size_t number = routes.find(target, value);
		if (number == WebSocketRoutes::NONE)
		{
			EXPECT_EQ("unchanged", value);
			return NOBODY;
		}
		return value.empty() ? paths.at(number) : paths.at(number) + " " + value;
	}
}


TEST(WebSocketRoutesTest, Precedence)
	/// In whatever order they are added.
{
	const struct
	{
		std::string target;
		std::string result;
	}
	rows[] =
	{
		{"/rooms/new", "/rooms/new"},
		{"/rooms/other", "/rooms/{id} other"},
		{"/rooms/other/log", "/rooms/{id}/log other"},
		{"/rooms/new/log", "/rooms/new/{x} log"}, // more text before the parameter
		{"/rooms/new/lag", "/rooms/new/{x} lag"},
		{"/halls/new", "/{kind}/new halls"},
		{"/halls/new/log", "/* halls/new/log"},
		{"/halls", "/{page} halls"},
		{"/rooms/a/b", "/rooms/* a/b"}, // the longest prefix
		{"/rooms/a/", "/rooms/* a/"},
		{"/rooms/", "/rooms/*"},
		{"/rooms", "/{page} rooms"},
		{"/rooms//log", "/rooms/* /log"}, // a parameter is not empty
		{"/", "/*"},
		{"", NOBODY}
	};
	std::vector<std::string> paths = {"/rooms/new", "/rooms/{id}", "/rooms/{id}/log", "/rooms/new/{x}", "/{kind}/new", "/{page}", "/rooms/*", "/*"};
	std::sort(paths.begin(), paths.end());
	int orders = 0;
	do
	{
		for (const auto& row: rows) ASSERT_EQ(row.result, found(paths, row.target)) << row.target;
		std::next_permutation(paths.begin() + 1, paths.end() - 2); // not all 40,320 of them
		std::rotate(paths.begin(), paths.begin() + 3, paths.end());
	}
	while (++orders < 200);
}


TEST(WebSocketRoutesTest, Targets)
{
	const struct
	{
		const char* what;
		std::string path;
		std::string target;
		std::string result;
	}
	rows[] =
	{
		{"exact", "/chat", "/chat", "/chat"},
		{"RFC 3986, 6.2.2.1: case counts", "/chat", "/Chat", NOBODY},
		{"a slash at the end counts", "/chat", "/chat/", NOBODY},
		{"a slash at the end counts", "/chat/", "/chat", NOBODY},
		{"no prefix without asterisk", "/chat", "/chatter", NOBODY},
		{"the root", "/", "/", "/"},
		{"only the root", "/", "/x", NOBODY},
		{"RFC 7230, 5.3.1: query", "/chat", "/chat?room=/other", "/chat"},
		{"query", "/rooms/{id}", "/rooms/1?x", "/rooms/{id} 1"},
		{"query without a path", "/*", "?x", NOBODY},
		{"RFC 7230, 5.3.2: absolute form", "/chat", "http://localhost:80/chat", "/chat"},
		{"absolute form, no path", "/", "http://localhost", "/"},
		{"absolute form, no path", "/", "ws://localhost?x=/", "/"},
		{"absolute form in a query", "/chat", "/chat?http://localhost/other", "/chat"},
		{"absolute form in a path", "/chat", "/x://y/chat", NOBODY},
		{"RFC 7230, 5.3.3: authority form", "/*", "localhost:80", NOBODY},
		{"RFC 7230, 5.3.4: asterisk form", "/*", "*", NOBODY},
		{"RFC 3986, 6.2.2.2: unreserved", "/chat", "/%63h%61t", "/chat"},
		{"unreserved", "/%63hat", "/chat", "/%63hat"},
		{"all of these", "/-._~09azAZ", "/%2D%2e%5f%7E%30%39%61%7A%41%5A", "/-._~09azAZ"},
		{"RFC 3986, 6.2.2.1: digits", "/a%2fb", "/a%2Fb", "/a%2fb"},
		{"no slash", "/a/b", "/a%2Fb", NOBODY},
		{"reserved stays different", "/a+b", "/a%2Bb", NOBODY},
		{"other bytes", "/caf\xc3\xa9", "/caf%C3%A9", "/caf\xc3\xa9"},
		{"other bytes", "/caf%c3%a9", "/caf\xc3\xa9", "/caf%c3%a9"},
		{"braces", "/%7Bx%7D", "/{x}", "/%7Bx%7D"},
		{"asterisk", "/rooms/*", "/rooms/*", "/rooms/* *"},
		{"dot segments are not resolved", "/admin", "/public/../admin", NOBODY},
		{"dot segments are not resolved", "/public/*", "/public/../admin", "/public/* ../admin"},
		{"no escape", "/*", "/%", NOBODY},
		{"no escape", "/*", "/%4", NOBODY},
		{"no escape", "/*", "/%4g", NOBODY},
		{"no escape", "/*", "/%g4", NOBODY},
		{"no escape in a query matters", "/x", "/x?%", "/x"},
		{"decoded", "/rooms/{id}", "/rooms/%c3%A9%20%2F%25%2b+", "/rooms/{id} \xc3\xa9 /%++"},
		{"NUL", "/rooms/{id}", "/rooms/a%00b", "/rooms/{id} " + std::string("a\0b", 3)},
		{"decoded once", "/rooms/{id}", "/rooms/%2541", "/rooms/{id} %41"},
		{"prefix, decoded", "/files/*", "/files/a%2Fb/c", "/files/* a/b/c"},
		{"prefix, without its slash", "/files/*", "/files", NOBODY},
		{"prefix, empty", "/files/*", "/files/", "/files/*"},
		{"parameter, empty", "/rooms/{id}", "/rooms/", NOBODY},
		{"parameter, one segment", "/rooms/{id}", "/rooms/1/2", NOBODY},
		{"parameter, behind it", "/rooms/{id}/log", "/rooms/1/log", "/rooms/{id}/log 1"},
		{"parameter, behind it", "/rooms/{id}/log", "/rooms/1/lag", NOBODY},
		{"parameter, behind it", "/rooms/{id}/log", "/rooms/1/2/log", NOBODY},
		{"parameter, overlapping", "/a/{id}/a", "/a/a", NOBODY},
		{"parameter, other path", "/rooms/{id}", "/halls/1", NOBODY},
		{"parameter, slash at the end", "/rooms/{id}/", "/rooms/1/", "/rooms/{id}/ 1"},
		{"parameter, slash at the end", "/rooms/{id}/", "/rooms/1", NOBODY}
	};
	for (const auto& row: rows) EXPECT_EQ(row.result, found({row.path}, row.target)) << row.what << ": " << row.target;
	EXPECT_EQ(NOBODY, found({}, "/"));
}


TEST(WebSocketRoutesTest, AnExactPathHasNoValue)
{
	WebSocketRoutes routes;
	EXPECT_EQ(WebSocketRoutes::ADDED, routes.add("/chat"));
	std::string value = "before";
	EXPECT_EQ(0u, routes.find("/chat", value));
	EXPECT_EQ("", value);
}


TEST(WebSocketRoutesTest, Malformed)
{
	for (const char* path: {"", "chat", "*", "http://x/", "/a?b", "/a#b", "/a*", "/a*b", "/*/a", "/a/**", "/*/*", "/a/*b", "/%", "/%4", "/%zz/*",
		"/{}", "/{a", "/a}", "/}{", "/a{b}", "/{a}b", "/{a}/{b}", "/{a}/b}", "/{a}/*", "/*/{a}", "/{a b}", "/{a/b}", "/{a{b}", "/%/{a}", "/{a}/%"})
	{
		WebSocketRoutes routes;
		EXPECT_EQ(WebSocketRoutes::MALFORMED, routes.add(path)) << path;
		EXPECT_TRUE(routes.empty());
	}
}


TEST(WebSocketRoutesTest, Repeated)
{
	const struct
	{
		const char* first;
		const char* second;
		WebSocketRoutes::Outcome outcome;
	}
	rows[] =
	{
		{"/a", "/a", WebSocketRoutes::REPEATED},
		{"/a", "/%61", WebSocketRoutes::REPEATED},
		{"/a", "/A", WebSocketRoutes::ADDED},
		{"/a/*", "/a/*", WebSocketRoutes::REPEATED},
		{"/a/*", "/b/*", WebSocketRoutes::ADDED},
		{"/a/{x}", "/a/{y}", WebSocketRoutes::REPEATED},
		{"/a/{x}", "/b/{x}", WebSocketRoutes::ADDED},
		{"/b/{x}", "/a/{x}", WebSocketRoutes::ADDED},
		{"/a/{x}/c", "/a/{x}/d", WebSocketRoutes::ADDED},
		{"/a/{x}/d", "/a/{x}/c", WebSocketRoutes::ADDED},
		{"/a/{x}", "/a/*", WebSocketRoutes::ADDED},
		{"/a/*", "/a/{x}", WebSocketRoutes::ADDED}
	};
	for (const auto& row: rows)
	{
		WebSocketRoutes routes;
		EXPECT_EQ(WebSocketRoutes::ADDED, routes.add(row.first));
		EXPECT_EQ(row.outcome, routes.add(row.second)) << row.first << ' ' << row.second;
		std::string value;
		std::string target = row.first;
		const std::size_t open = target.find('{');
		if (open != std::string::npos) target.replace(open, 3, "v");
		if (target.back() == '*') target.replace(target.size() - 1, 1, "v/w");
		EXPECT_EQ(0u, routes.find(target, value)) << target;
	}
}
