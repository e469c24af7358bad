//
// CasesDeflate.cpp
//
// Groups 12 and 13: permessage-deflate (RFC 7692).
//
// SPDX-License-Identifier: BSL-1.0
//


#include "Cases.h"
#include <algorithm>
#include <random>


namespace Conformance {


namespace
{
	constexpr std::size_t KIB = 1024;

	enum Kind { JSON, MARKUP, PROSE, NOISE, ZEROS };

	const char* const KINDS[] = {"JSON", "markup", "prose", "noise", "zeros"};

	std::string unit(Kind kind, std::mt19937& random)
	{
		static const char* const WORDS[] = {"Wasser ", "f\xc3\xa4llt ", "river ", "runs ", "\xe6\xb0\xb4", "and ", "the ", "\xf0\x9f\x98\x80 ", "stone", ", "};
		const std::string number = std::to_string(random() % 100000);
		switch (kind)
		{
		case JSON:   return "{\"id\":" + number + ",\"name\":\"sensor-" + number.substr(0, 2) + "\",\"valid\":true,\"value\":" + number + ".5},";
		case MARKUP: return "<li class=\"item\"><a href=\"/page/" + number + "\">Page " + number + "</a></li>\n";
		case PROSE:  return WORDS[random() % 10];
		case NOISE:  return std::string(1, static_cast<char>(random()));
		default:     return std::string(64, '\0');
		}
	}

	std::string content(Kind kind, std::size_t length, unsigned seed)
		/// Returns about length bytes, exactly so many if they are no text.
	{
		std::mt19937 random(seed);
		std::string result;
		while (result.size() < length) result += unit(kind, random);
		result.resize(length);
		while (kind == PROSE && !isUtf8(result)) result.pop_back();
		return result;
	}

	int opcodeOf(Kind kind)
	{
		return kind == NOISE || kind == ZEROS ? BINARY : TEXT;
	}

	struct Size
		/// Of the messages of a case: 1 to 18 in the public suite.
	{
		std::size_t length;
		std::size_t fragmentSize;
	};

	const Size SIZES[] = {
		{16, 0}, {64, 0}, {256, 0}, {KIB, 0}, {4*KIB, 0}, {8*KIB, 0}, {16*KIB, 0}, {32*KIB, 0}, {64*KIB, 0}, {128*KIB, 0},
		{8*KIB, 256}, {16*KIB, 256}, {32*KIB, 256}, {64*KIB, 256}, {128*KIB, 256}, {128*KIB, KIB}, {128*KIB, 4*KIB}, {128*KIB, 32*KIB}};

	int countOf(const Size& size, bool full)
		/// Returns how many messages are sent: 1000, or as many as make up 64 KiB.
	{
		if (full) return 1000;
		return std::clamp(static_cast<int>(64*KIB/size.length), 2, 32);
	}

	void echo(Peer& peer, Kind kind, const Size& size, int count)
	{
		std::size_t longest = 0;
		for (int i = 0; i < count; ++i)
		{
			const std::string payload = content(kind, size.length, static_cast<unsigned>(i));
			longest = std::max(longest, payload.size());
			peer.addMessage(opcodeOf(kind), payload, size.fragmentSize).flush();
			peer.expectMessage(opcodeOf(kind), payload);
		}
		if (longest >= 256 && kind != NOISE) peer.expectCompressed();
		peer.close();
	}

	std::string describeSize(const Size& size, int count)
	{
		return std::to_string(count) + " messages of " + std::to_string(size.length) + " bytes" +
			(size.fragmentSize ? ", fragments of " + std::to_string(size.fragmentSize) : "");
	}

	void addSizes(Cases& cases, const std::string& group, const std::string& what, Kind kind, const DeflateParams& deflate, bool full)
		/// Adds 18 cases.
	{
		int n = 0;
		for (const Size& size: SIZES)
		{
			const int count = countOf(size, full);
			cases.push_back({group + std::to_string(++n), what + ": " + describeSize(size, count), [kind, size, count](Peer& peer)
				{
					echo(peer, kind, size, count);
				}, deflate});
		}
	}

	DeflateParams params(bool serverNo, bool clientNo, int serverBits, int clientBits)
	{
		DeflateParams result;
		result.on = true;
		result.serverNoContextTakeover = serverNo;
		result.clientNoContextTakeover = clientNo;
		result.serverMaxWindowBits = serverBits;
		result.clientMaxWindowBits = clientBits;
		return result;
	}

	void addFailures(Cases& cases)
		/// Beyond the public suite: what must not be sent (RFC 7692, 6 and 7).
	{
		struct Row { const char* pWhat; int first; std::string payload; int code; };
		static const Row ROWS[] = {
			{"RSV1 in a Ping", FIN | RSV1 | PING, "ping", 1002},
			{"RSV1 and RSV2 in text", FIN | RSV1 | RSV2 | TEXT, std::string(1, '\0'), 1002},
			{"a block of a type that there is not", FIN | RSV1 | BINARY, "\x07\x07\x07", 1007},
			{"a stored block whose lengths differ", FIN | RSV1 | BINARY, std::string("\x00\x05\x00\x05\x00xxxxx", 10), 1007}};
		int n = 0;
		for (const Row& row: ROWS)
		{
			cases.push_back({"12.6." + std::to_string(++n), row.pWhat, [row](Peer& peer)
				{
					peer.send(row.first, row.payload);
					peer.expectFailure(row.code);
				}, params(false, false, 15, 15)});
		}
		cases.push_back({"12.6." + std::to_string(++n), "RSV1 in a continuation", [](Peer& peer)
			{
				peer.add(RSV1 | TEXT, std::string(1, '\0')).add(FIN | RSV1 | CONT, std::string(1, '\0')).flush();
				peer.expectFailure(1002);
			}, params(false, false, 15, 15)});
		cases.push_back({"12.6." + std::to_string(++n), "compressed text that is not UTF-8", [](Peer& peer)
			{
				peer.addMessage(TEXT, std::string(300, 'v') + "\xed\xa0\x80 after").flush();
				peer.expectFailure(1007);
			}, params(false, false, 15, 15)});
	}

	void addMixed(Cases& cases)
	{
		cases.push_back({"12.7.1", "compressed and plain messages by turns, Pings between fragments", [](Peer& peer)
			{
				for (unsigned i = 0; i < 8; ++i)
				{
					const std::string payload = content(JSON, 700, i);
					peer.add(FIN | TEXT, payload).addMessage(TEXT, payload, 50).add(TEXT, payload).add(FIN | PING).add(FIN | CONT).flush();
					peer.expectMessage(TEXT, payload);
					peer.expectMessage(TEXT, payload);
					peer.expectPong();
					peer.expectMessage(TEXT, payload);
				}
				peer.close();
			}, params(false, false, 15, 15)});
		cases.push_back({"12.7.2", "empty messages", [](Peer& peer)
			{
				for (int i = 0; i < 5; ++i)
				{
					peer.addMessage(i & 1 ? TEXT : BINARY, "").flush();
					peer.expectMessage(i & 1 ? TEXT : BINARY, "");
				}
				peer.close();
			}, params(false, false, 15, 15)});
		cases.push_back({"12.7.3", "empty fragments around a compressed message", [](Peer& peer)
			{
				const std::string payload = content(PROSE, 500, 1);
				const std::string data = Deflater(15, true).compress(payload);
				peer.add(RSV1 | TEXT).add(CONT, data).add(FIN | CONT).flush();
				peer.expectMessage(TEXT, payload);
				peer.expectCompressed();
				peer.close();
			}, params(false, false, 15, 15)});
		cases.push_back({"12.7.4", "a message that ends with the last block of a stream", [](Peer& peer)
			{
				// RFC 7692, 7.2.3.4: BFINAL set, and a byte of padding behind it.
				const std::string final("\xf3\x48\xcd\xc9\xc9\x07\x00\x00", 8);
				for (int i = 0; i < 2; ++i)
				{
					peer.send(FIN | RSV1 | TEXT, final);
					peer.expectMessage(TEXT, "Hello");
				}
				peer.close();
			}, params(false, false, 15, 15)});
	}

	void addWindows(Cases& cases, bool full)
		/// Every combination of the four parameters.
	{
		int n = 0;
		for (int combination = 0; combination < 4*7*7; ++combination)
		{
			const DeflateParams deflate = params(combination & 1, combination & 2, 9 + combination/4 % 7, 9 + combination/28);
			const std::string what = "windows " + std::to_string(deflate.serverMaxWindowBits) + " and " + std::to_string(deflate.clientMaxWindowBits) +
				(deflate.serverNoContextTakeover ? ", server without context" : "") + (deflate.clientNoContextTakeover ? ", client without context" : "");
			cases.push_back({"13.8." + std::to_string(++n), what, [full](Peer& peer)
				{
					for (const std::size_t fragmentSize: {100, 4096})
					{
						const std::string payload = content(JSON, full ? 128*KIB : 3*KIB, 7); // the second time, context helps
						peer.addMessage(TEXT, payload, fragmentSize).flush();
						peer.expectMessage(TEXT, payload);
					}
					static const std::string large = content(MARKUP, 40*KIB, 7); // more than the largest window
					peer.addMessage(TEXT, large, 0).flush();
					peer.expectMessage(TEXT, large);
					peer.expectCompressed();
					peer.close();
				}, deflate});
		}
	}
}


void addDeflate(Cases& cases, bool full)
{
	for (const Kind kind: {JSON, MARKUP, PROSE, NOISE, ZEROS})
		addSizes(cases, "12." + std::to_string(kind + 1) + '.', KINDS[kind], kind, params(false, false, 15, 15), full);
	addFailures(cases);
	addMixed(cases);

	const DeflateParams SETS[] = {
		params(false, false, 15, 15), params(true, false, 15, 15), params(false, false, 9, 9), params(false, false, 15, 9),
		params(true, true, 9, 15), params(true, true, 15, 15), params(true, true, 9, 9)};
	int n = 0;
	for (const DeflateParams& deflate: SETS)
		addSizes(cases, "13." + std::to_string(++n) + '.', "\"" + deflate.offer() + '"', JSON, deflate, full);
	addWindows(cases, full);
}


} // namespace Conformance
