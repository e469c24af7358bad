//
// ForwardedTest.cpp
//
// Library: PocoWebSocket
// Package: Tests
// Module:  WebSocketForwardedFieldsTest
//
// What the fields tell that proxies have added, by section of RFC 7239; and X-Forwarded-For, -Proto, -Host.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "core/Forwarded.h"
#include <gtest/gtest.h>
#include <string>
#include <utility>
#include <vector>
#include <arpa/inet.h>
#include <sys/socket.h>


using Poco::Net::MessageHeader;
using Poco::Net::WebSocketForwardedFields;
using Poco::Net::WebSocketNetwork;
using Poco::Net::WebSocketNode;
using Poco::Net::WebSocketProxied;
using Poco::Net::WebSocketScheme;


namespace
{
	typedef std::vector<std::pair<std::string, std::string>> Fields;

	const Fields NO_FIELDS;

	WebSocketForwardedFields::Networks trusted()
	{
		WebSocketForwardedFields::Networks networks;
		for (const char* pText: {"10.0.0.0/8", "fd00::/8"})
		{
			WebSocketNetwork network;
			EXPECT_TRUE(WebSocketNetwork::parse(pText, network));
			networks.push_back(network);
		}
		return networks;
	}

	MessageHeader headerOf(const Fields& fields)
	{
		MessageHeader header;
		header.add("Host", "inner");
		for (const auto& field: fields) header.add(field.first, field.second);
		return header;
	}

	std::string read(const Fields& fields)
		/// As scheme://host client:port
	{
		const WebSocketProxied proxied = WebSocketForwardedFields::read(headerOf(fields), trusted());
		char address[INET6_ADDRSTRLEN] = "-";
		if (proxied.client.known()) ::inet_ntop(proxied.client.family == WebSocketNode::IPV4 ? AF_INET : AF_INET6, proxied.client.bytes.data(), address, sizeof(address));
		std::string result = proxied.scheme == WebSocketScheme::SECURE ? "secure" : proxied.scheme == WebSocketScheme::PLAIN ? "plain" : "-";
		result += " " + (proxied.host.empty() ? "-" : proxied.host) + " " + address;
		return proxied.client.port > 0 ? result + " " + std::to_string(proxied.client.port) : result;
	}
}


TEST(WebSocketForwardedFieldsTest, Forwarded)
{
	const struct
	{
		const char* what;
		std::vector<const char*> lines;
		const char* outcome;
	}
	rows[] =
	{
		{"4: the examples", {"for=\"_gazonk\""}, "- - -"},
		{"4", {"For=\"[2001:db8:cafe::17]:4711\""}, "- - 2001:db8:cafe::17 4711"},
		{"4", {"for=192.0.2.60;proto=http;by=203.0.113.43"}, "plain - 192.0.2.60"},
		{"4", {"for=192.0.2.43, for=198.51.100.17"}, "- - 198.51.100.17"},
		{"5.3, 5.4", {"for=192.0.2.43;host=example.com;proto=https"}, "secure example.com 192.0.2.43"},
		{"5.3: a port has to be quoted", {"for=192.0.2.43;host=\"example.com:8080\";PROTO=WSS"}, "secure example.com:8080 192.0.2.43"},
		{"5.3: IPv6", {"host=\"[::1]:8080\";for=192.0.2.43"}, "- [::1]:8080 192.0.2.43"},
		{"5.3: what is no host", {"for=192.0.2.43;host=\"a/b\""}, "- - 192.0.2.43"},
		{"5.4: another scheme", {"for=192.0.2.43;proto=ftp"}, "- - 192.0.2.43"},
		{"5.4: ws", {"for=192.0.2.43;proto=ws"}, "plain - 192.0.2.43"},
		{"5.5: an extension", {"for=192.0.2.43;secret=\"a;b,c\""}, "- - 192.0.2.43"},
		{"6.3: unknown", {"for=unknown;proto=https;host=a"}, "secure a -"},
		{"6.3: unknown behind a trusted one", {"for=unknown;proto=https, for=10.0.0.1;proto=http"}, "secure - 10.0.0.1"},
		{"without for", {"proto=https;host=a"}, "secure a -"},
		{"7.1: trusted ones are passed over", {"for=192.0.2.43;proto=https, for=10.0.0.1;proto=http;host=inner, for=\"[fd00::1]\""}, "secure - 192.0.2.43"},
		{"7.1: in lines", {"for=192.0.2.43", "for=10.0.0.1", "for=10.0.0.2"}, "- - 192.0.2.43"},
		{"8.1: a client's own are not reached", {"for=6.6.6.6;host=evil;proto=https, for=192.0.2.43, for=10.0.0.1"}, "- - 192.0.2.43"},
		{"all are trusted", {"for=10.0.0.3;proto=https, for=10.0.0.1"}, "secure - 10.0.0.3"},
		{"empty elements", {",, for=192.0.2.43,, ", ",", ""}, "- - 192.0.2.43"},
		{"empty pairs", {";for=192.0.2.43;;proto=https;"}, "secure - 192.0.2.43"},
		{"only an empty field", {""}, "- - -"},
		{"a quote left open in front", {"for=\"6.6.6.6, for=192.0.2.43, for=10.0.0.1"}, "- - 192.0.2.43"},
		{"a quote left open in front of a quoted one", {"for=\"6.6.6.6, for=\"[2001:db8::1]\", for=10.0.0.1"}, "- - 2001:db8::1"},
		{"a quote left open behind a comma", {"a, for=\"6.6.6.6, for=10.0.0.1"}, "- - 10.0.0.1"},
		{"commas and quotes inside quotes", {"for=6.6.6.6, for=192.0.2.43;x=\"a, \\\"b, \\\\\""}, "- - 192.0.2.43"},
		{"a quote that begins a line", {"\", for=10.0.0.1"}, "- - 10.0.0.1"},
		{"a quote that is escaped at the beginning", {"\\\"a\""}, "- - -"},
		{"malformed: proto", {"for=192.0.2.43;proto=a/b"}, "- - -"},
		{"malformed: two pairs", {"for=;=;proto=http"}, "- - -"},
		{"malformed: no value", {"for"}, "- - -"},
		{"malformed: no name", {"=1.2.3.4"}, "- - -"},
		{"malformed: spaces", {"for =192.0.2.43"}, "- - -"},
		{"malformed: IPv6 without quotes", {"for=[2001:db8::1]"}, "- - -"},
		{"malformed: no address", {"for=192.0.2.430;proto=https"}, "- - -"},
		{"malformed: host without quotes", {"for=192.0.2.43;host=a:80"}, "- - -"},
		{"malformed: twice for", {"for=192.0.2.43;for=192.0.2.44"}, "- - -"},
		{"malformed: twice proto", {"for=192.0.2.43;proto=http;proto=https"}, "- - -"},
		{"malformed: twice host", {"for=192.0.2.43;host=a;host=b"}, "- - -"},
		{"malformed behind a trusted one", {"for=192.0.2.43;proto=http, for=10.0.0.2;nonsense, for=10.0.0.1;proto=https"}, "secure - 10.0.0.1"}
	};
	for (const auto& row: rows)
	{
		Fields fields;
		for (const char* pLine: row.lines) fields.emplace_back("Forwarded", pLine);
		EXPECT_EQ(row.outcome, read(fields)) << row.what << ": " << row.lines.front();
	}
}


TEST(WebSocketForwardedFieldsTest, OtherFields)
{
	const struct
	{
		const char* what;
		Fields fields;
		const char* outcome;
	}
	rows[] =
	{
		{"none", {}, "- - -"},
		{"one proxy", {{"X-Forwarded-For", "192.0.2.43"}, {"X-Forwarded-Proto", "https"}, {"X-Forwarded-Host", "example.com"}}, "secure example.com 192.0.2.43"},
		{"any case", {{"x-forwarded-for", "2001:DB8::1"}, {"x-forwarded-proto", "HTTP"}}, "plain - 2001:db8::1"},
		{"with a port", {{"X-Forwarded-For", "192.0.2.43:123"}}, "- - 192.0.2.43 123"},
		{"IPv6 with a port", {{"X-Forwarded-For", "[2001:db8::1]:123"}}, "- - 2001:db8::1 123"},
		{"the last that is not trusted", {{"X-Forwarded-For", "6.6.6.6, 192.0.2.43, 10.0.0.1,fd00::1"}}, "- - 192.0.2.43"},
		{"in lines", {{"X-Forwarded-For", "6.6.6.6"}, {"X-Forwarded-For", "192.0.2.43, 10.0.0.1"}, {"X-Forwarded-For", "10.0.0.2"}}, "- - 192.0.2.43"},
		{"all are trusted", {{"X-Forwarded-For", "10.0.0.3, 10.0.0.2"}}, "- - 10.0.0.3"},
		{"not an address", {{"X-Forwarded-For", "192.0.2.43, nobody"}}, "- - -"},
		{"not an address, behind a trusted one", {{"X-Forwarded-For", "192.0.2.43, nobody, 10.0.0.1"}}, "- - 10.0.0.1"},
		{"unknown", {{"X-Forwarded-For", "192.0.2.43, unknown, 10.0.0.1"}}, "- - 10.0.0.1"},
		{"a list of schemes as long", {{"X-Forwarded-For", "6.6.6.6, 192.0.2.43, 10.0.0.1"}, {"X-Forwarded-Proto", "http, https, http"}}, "secure - 192.0.2.43"},
		{"a list of schemes that is replaced", {{"X-Forwarded-For", "6.6.6.6, 192.0.2.43, 10.0.0.1"}, {"X-Forwarded-Proto", "https"}}, "secure - 192.0.2.43"},
		{"a scheme of the client's", {{"X-Forwarded-For", "192.0.2.43"}, {"X-Forwarded-Proto", "https, http"}, {"X-Forwarded-Host", "evil"}, {"X-Forwarded-Host", "example.com"}}, "plain example.com 192.0.2.43"},
		{"only a scheme", {{"X-Forwarded-Proto", "http, https"}}, "secure - -"},
		{"only a host", {{"X-Forwarded-Host", "example.com:8443"}}, "- example.com:8443 -"},
		{"what is no host", {{"X-Forwarded-Host", "a b"}}, "- - -"},
		{"RFC 7239, 7.4: both", {{"Forwarded", "for=6.6.6.6;proto=https;host=evil"}, {"X-Forwarded-For", "192.0.2.43"}}, "- - 192.0.2.43"},
		{"Forwarded, and others that are not lists", {{"Forwarded", "for=192.0.2.43"}, {"X-Forwarded-Proto", "https"}, {"X-Forwarded-Host", "evil"}}, "- - 192.0.2.43"}
	};
	for (const auto& row: rows) EXPECT_EQ(row.outcome, read(row.fields)) << row.what;
}


TEST(WebSocketForwardedFieldsTest, Contains)
{
	EXPECT_FALSE(WebSocketForwardedFields::contains(headerOf(NO_FIELDS)));
	EXPECT_FALSE(WebSocketForwardedFields::contains(headerOf({{"X-Forwarded-Port", "80"}, {"X-Real-IP", "1.2.3.4"}, {"Via", "1.1 a"}})));
	for (const char* pName: {"forwarded", "X-FORWARDED-FOR", "X-Forwarded-Proto", "X-Forwarded-Host"})
		EXPECT_TRUE(WebSocketForwardedFields::contains(headerOf({{pName, ""}}))) << pName;
}
