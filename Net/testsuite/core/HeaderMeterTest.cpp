//
// HeaderMeterTest.cpp
//
// Library: PocoWebSocket
// Package: Tests
// Module:  WebSocketHeaderMeterTest
//
// Where a response's header ends, in whatever pieces it comes; compared with Poco's own parser.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "core/HeaderMeter.h"
#include "Poco/Net/HTTPResponse.h"
#include <gtest/gtest.h>
#include <algorithm>
#include <sstream>
#include <string>
#include <vector>


using Poco::Net::HTTPResponse;
using Poco::Net::WebSocketHeaderMeter;


namespace
{
	const std::string BEHIND = "\x82\x03 \r\n\r\n";

	struct Measured
	{
		std::size_t size;
		std::size_t behind;
		bool complete;
	};

	bool operator == (const Measured& one, const Measured& other)
	{
		return one.size == other.size && one.behind == other.behind && one.complete == other.complete;
	}

	void PrintTo(const Measured& measured, std::ostream* pStream)
	{
		*pStream << measured.size << " bytes, " << measured.behind << " behind, " << (measured.complete ? "complete" : "not complete");
	}

	Measured measure(WebSocketHeaderMeter& meter, const std::string& bytes, std::size_t first, std::size_t rest)
		/// In pieces: the first has that many bytes, and each other.
	{
		Measured result = {0, 0, false};
		for (std::size_t begin = 0, length = first; begin < bytes.size(); begin += length, length = rest)
		{
			length = std::min(length, bytes.size() - begin);
			result.behind += length - meter.take(bytes.data() + begin, length);
		}
		result.size = meter.size();
		result.complete = meter.complete();
		return result;
	}

	std::string readByPoco(const std::string& bytes)
		/// Returns what Poco's parser leaves behind the final response's header.
	{
		std::istringstream stream(bytes);
		HTTPResponse response;
		do
		{
			response.clear();
			response.read(stream);
		}
		while (WebSocketHeaderMeter::isInterim(response.getStatus()));
		return std::string(std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>());
	}
}


TEST(WebSocketHeaderMeterTest, EndOfTheHeader)
	/// RFC 9112, 2.1 and 2.2; RFC 9110, 15.2
{
	const std::string okay = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n";
	const std::vector<std::string> headers =
	{
		okay,
		"HTTP/1.1 200 OK\r\n\r\n",
		"HTTP/1.1 200\r\n\r\n",
		"HTTP/1.1 200 \r\n\r\n",
		"HTTP/1.1 200\n\n",
		"HTTP/1.1 200 OK\n\n",
		"HTTP/1.1 200 OK\nA: b\n\r\n",
		"HTTP/1.1 200 OK\r\nA: b\r\n\n",
		"HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\td\r\n\r\n",
		"HTTP/1.1 200 OK\r\nA: b\r\n \r\n\r\n",
		"HTTP/1.1 200 OK\r\nno field\r\n\r\n",
		"HTTP/1.1 200 OK\r\nA: b\r\n\rwhat is this?\r\n",
		"\r\n HTTP/1.1 \r\n 200 OK\r\nA: b\r\n\r\n",
		"HTTP/1.1 100 Continue\r\n\r\n" + okay,
		"HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\nHTTP/1.1 199 What\n\n" + okay,
		"HTTP/1.1 099 Odd\r\n\r\n",
		"HTTP/1.1 99 Odd\r\n\r\n",
		"HTTP/1.1 +99 Odd\r\n\r\n"
	};
	for (const std::string& header: headers)
	{
		SCOPED_TRACE(header);
		const std::string bytes = header + BEHIND;
		EXPECT_EQ(BEHIND, readByPoco(bytes));
		for (std::size_t first = 1; first <= bytes.size(); ++first)
		{
			for (std::size_t rest: {std::size_t(1), std::size_t(3), bytes.size()})
			{
				WebSocketHeaderMeter meter;
				EXPECT_EQ((Measured{header.size(), BEHIND.size(), true}), measure(meter, bytes, first, rest)) << first << ", " << rest;
			}
		}
		for (std::size_t length = 0; length < header.size(); ++length)
		{
			WebSocketHeaderMeter meter;
			EXPECT_EQ((Measured{length, 0, false}), measure(meter, header.substr(0, length), 1, 2));
		}
	}
}


TEST(WebSocketHeaderMeterTest, StatusThatIsNone)
	/// Poco does not read on either, but because it refuses them.
{
	for (const std::string& status: std::vector<std::string>{"1000", "0103", "1x3", "x", "-03", "10\xff", "103x"})
	{
		SCOPED_TRACE(status);
		const std::string header = "HTTP/1.1 " + status + " Odd\r\n\r\n";
		WebSocketHeaderMeter meter;
		const bool interim = status == "0103"; // of four digits
		EXPECT_EQ((Measured{header.size() + (interim ? BEHIND.size() : 0), interim ? 0 : BEHIND.size(), !interim}), measure(meter, header + BEHIND, 1000, 1));
	}
}


TEST(WebSocketHeaderMeterTest, Restart)
{
	const std::string header = "HTTP/1.1 401 Unauthorized\r\n\r\n";
	WebSocketHeaderMeter meter;
	for (std::size_t before: {std::size_t(0), std::size_t(5), header.size()})
	{
		measure(meter, header.substr(0, before), 1000, 1);
		meter.restart();
		EXPECT_FALSE(meter.complete());
		EXPECT_EQ(0u, meter.size());
		EXPECT_EQ((Measured{header.size(), 0, true}), measure(meter, header, 1000, 1));
	}
}


TEST(WebSocketHeaderMeterTest, Interim)
{
	for (int status: {100, 102, 103, 199}) EXPECT_TRUE(WebSocketHeaderMeter::isInterim(status)) << status;
	for (int status: {-1, 0, 99, 101, 200, 1000}) EXPECT_FALSE(WebSocketHeaderMeter::isInterim(status)) << status;
}
