//
// ServerNameTest.cpp
//
// Names by which TLS clients ask for a server: RFC 6066, 3.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "core/ServerName.h"
#include <gtest/gtest.h>


using Poco::Net::WebSocketServerName;


namespace
{
	const std::string LABEL_63(63, 'a');
	const std::string NAME_253 = LABEL_63 + "." + LABEL_63 + "." + LABEL_63 + "." + std::string(61, 'b');

	std::string extension(const std::string& name, int type = 0, int listError = 0, int nameError = 0)
	{
		const auto number = [](std::size_t n) { return std::string{static_cast<char>(n >> 8), static_cast<char>(n)}; };
		return number(name.size() + 3 + static_cast<std::size_t>(listError)) + static_cast<char>(type) + number(name.size() + static_cast<std::size_t>(nameError)) + name;
	}

	std::string asked(const std::string& data)
	{
		return WebSocketServerName::asked(reinterpret_cast<const unsigned char*>(data.data()), data.size());
	}
}


TEST(ServerNameTest, HostNames)
{
	struct Row
	{
		const char* what;
		std::string name;
		std::string canonical; // empty: not a name
	};

	const Row rows[] =
	{
		{"one label", "localhost", "localhost"},
		{"upper case", "WWW.Example.COM", "www.example.com"},
		{"the ends of the ranges", "azAZ09-_.x", "azaz09-_.x"},
		{"an A-label", "xn--bcher-kva.example", "xn--bcher-kva.example"},
		{"a dot at the end", "www.example.com.", "www.example.com"},
		{"63 characters in a label", LABEL_63 + ".example", LABEL_63 + ".example"},
		{"253 characters", NAME_253, NAME_253},
		{"253 characters and a dot", NAME_253 + ".", NAME_253},
		{"254 characters", NAME_253 + "b", ""},
		{"255 characters", std::string(255, 'a'), ""},
		{"64 characters in a label", LABEL_63 + "a", ""},
		{"nothing", "", ""},
		{"a dot", ".", ""},
		{"two dots", "..", ""},
		{"no first label", ".example", ""},
		{"a label missing", "www..example", ""},
		{"two dots at the end", "example..", ""},
		{"a NUL", std::string("www.example.com\0.other", 22), ""},
		{"UTF-8", "b\xc3\xbc" "cher.example", ""},
		{"a space", "www example", ""},
		{"a star", "*.example", ""},
		{"@, before A", "a@b", ""},
		{"[, behind Z", "a[b", ""},
		{"`, before a", "a`b", ""},
		{"{, behind z", "a{b", ""},
		{"/, before 0", "a/b", ""},
		{":, behind 9", "a:b", ""}
	};
	for (const Row& row: rows)
	{
		EXPECT_EQ(row.canonical, WebSocketServerName::canonical(row.name)) << row.what;
		EXPECT_EQ(row.canonical, asked(extension(row.name))) << row.what;
		if (row.name[0] == '*') continue;
		EXPECT_EQ(row.canonical, WebSocketServerName::canonicalPattern(row.name)) << row.what;
	}
}


TEST(ServerNameTest, Patterns)
{
	const std::pair<std::string, std::string> rows[] =
	{
		{"*.Example.com.", "*.example.com"},
		{"*.localhost", "*.localhost"},
		{"*." + NAME_253.substr(2), "*." + NAME_253.substr(2)},
		{"*." + NAME_253.substr(1), ""},
		{"*", ""},
		{"*.", ""},
		{"*.*.example", ""},
		{"www.*.example", ""},
		{"w*.example", ""},
		{"*example", ""}
	};
	for (const auto& row: rows) EXPECT_EQ(row.second, WebSocketServerName::canonicalPattern(row.first)) << row.first;
	EXPECT_EQ("*.example.com", WebSocketServerName::patternOf("www.example.com"));
	EXPECT_EQ("", WebSocketServerName::patternOf("localhost"));
}


TEST(ServerNameTest, ExtensionsThatAreMalformed)
	/// OpenSSL refuses them later.
{
	const std::string name = "www.example.com";
	EXPECT_EQ(name, asked(extension(name)));
	for (std::size_t length = 0; length < extension(name).size(); ++length) EXPECT_EQ("", asked(extension(name).substr(0, length))) << length;
	EXPECT_EQ("", asked(extension(name) + "x"));
	EXPECT_EQ("", asked(extension(name, 1)));
	EXPECT_EQ("", asked(extension(name, 0, 1)));
	EXPECT_EQ("", asked(extension(name, 0, -1)));
	EXPECT_EQ("", asked(extension(name, 0, 0, 1)));
	EXPECT_EQ("", asked(extension(name, 0, 0, -1)));
	EXPECT_EQ("", asked(extension(name, 0, 256, 0)));
}
