//
// Opening.cpp
//
// SPDX-License-Identifier: BSL-1.0
//


#include "Opening.h"
#include "Poco/String.h"
#include <openssl/evp.h>
#include <map>
#include <random>
#include <sstream>


namespace Conformance {


const std::string INITIATE_FIELD("Conformance-Close");


namespace
{
	using Fields = std::map<std::string, std::string>;

	std::string base64(const unsigned char* pData, std::size_t length)
	{
		std::string result((length + 2)/3*4 + 1, '\0');
		result.resize(static_cast<std::size_t>(EVP_EncodeBlock(reinterpret_cast<unsigned char*>(result.data()), pData, static_cast<int>(length))));
		return result;
	}

	std::string acceptFor(const std::string& key)
	{
		const std::string text = key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"; // RFC 6455, 1.3
		unsigned char digest[EVP_MAX_MD_SIZE];
		unsigned length = 0;
		EVP_Digest(text.data(), text.size(), digest, &length, EVP_sha1(), nullptr);
		return base64(digest, length);
	}

	Fields readHeader(Channel& channel, std::string& firstLine, std::string& rest)
		/// Returns the fields, with names in lower case.
	{
		std::string text;
		std::size_t end = std::string::npos;
		while ((end = text.find("\r\n\r\n")) == std::string::npos)
		{
			if (!channel.receive()) throw Failed("the connection ends in the opening handshake");
			text += channel.take();
		}
		rest = text.substr(end + 4);
		std::istringstream lines(text.substr(0, end + 2));
		std::getline(lines, firstLine);
		Fields fields;
		for (std::string line; std::getline(lines, line);)
		{
			const std::size_t colon = line.find(':');
			if (colon == std::string::npos) throw Failed("a header field without colon: " + line);
			fields[Poco::toLower(line.substr(0, colon))] = Poco::trim(line.substr(colon + 1));
		}
		return fields;
	}

	std::string field(const Fields& fields, const std::string& name)
	{
		const auto it = fields.find(name);
		return it == fields.end() ? std::string() : it->second;
	}

	void send(Channel& channel, const std::string& text)
	{
		if (!channel.send(text.data(), text.size())) throw Failed("the connection ends in the opening handshake");
	}
}


DeflateParams openAsClient(Channel& channel, const std::string& host, const std::string& path, const Case& testCase, std::string& rest)
{
	static std::mt19937 random(815);
	unsigned char nonce[16];
	for (auto& c: nonce) c = static_cast<unsigned char>(random());
	const std::string key = base64(nonce, sizeof(nonce));
	std::string request = "GET " + path + " HTTP/1.1\r\nHost: " + host + "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " + key + "\r\n";
	if (testCase.deflate.on) request += "Sec-WebSocket-Extensions: " + testCase.deflate.offer() + "\r\n";
	if (testCase.initiate) request += INITIATE_FIELD + ": " + std::to_string(testCase.initiate) + "\r\n";
	send(channel, request + "\r\n");

	std::string statusLine;
	const Fields fields = readHeader(channel, statusLine, rest);
	if (statusLine.compare(0, 12, "HTTP/1.1 101") != 0) throw Failed("the response is " + statusLine);
	if (field(fields, "sec-websocket-accept") != acceptFor(key)) throw Failed("Sec-WebSocket-Accept is wrong");
	DeflateParams agreed = testCase.deflate;
	const std::string extensions = field(fields, "sec-websocket-extensions");
	if (agreed.on) agreed.checkAnswer(extensions);
	else if (!extensions.empty()) throw Failed("an extension that was not offered: " + extensions);
	return agreed;
}


DeflateParams openAsServer(Channel& channel, const Case& testCase, std::string& rest)
{
	std::string requestLine;
	const Fields fields = readHeader(channel, requestLine, rest);
	const std::string key = field(fields, "sec-websocket-key");
	if (key.size() != 24) throw Failed("Sec-WebSocket-Key is \"" + key + '"');
	std::string response = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
		"Sec-WebSocket-Accept: " + acceptFor(key) + "\r\n";
	if (testCase.deflate.on)
		response += "Sec-WebSocket-Extensions: " + testCase.deflate.answer(field(fields, "sec-websocket-extensions")) + "\r\n";
	if (testCase.initiate) response += INITIATE_FIELD + ": " + std::to_string(testCase.initiate) + "\r\n";
	send(channel, response + "\r\n");
	return testCase.deflate;
}


void refuse(Channel& channel)
{
	std::string requestLine;
	std::string rest;
	readHeader(channel, requestLine, rest);
	send(channel, "HTTP/1.1 410 Gone\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
	channel.shutdownSend();
	while (channel.receive()) channel.take();
}


} // namespace Conformance
