//
// CasesFragmentation.cpp
//
// Group 5: fragmentation. Each case is a row: what is sent, and what has to come back.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "Cases.h"
#include <string_view>


namespace Conformance {


namespace
{
	enum Then { CLOSES, FAILS };

	struct Row
	{
		const char* pId;
		const char* pWhat;
		const char* pSent;
			/// One character a frame: T t text (capital: FIN), B b binary, C c continuation, P p Ping, O o Pong. '|':
			/// a pause, '1': all byte by byte.
		const char* pExpected;
			/// P a Pong, M the next message.
		Then then;
	};

	const Row ROWS[] = {
		{"5.1",    "Ping in two fragments",                          "pC",       "",     FAILS},
		{"5.2",    "Pong in two fragments",                          "oC",       "",     FAILS},
		{"5.3",    "text in two fragments",                          "tC",       "M",    CLOSES},
		{"5.4",    "text in two fragments, one by one",              "t|C",      "M",    CLOSES},
		{"5.5",    "text in two fragments, byte by byte",            "1tC",      "M",    CLOSES},
		{"5.6",    "a Ping between two fragments",                   "tPC",      "PM",   CLOSES},
		{"5.7",    "a Ping between two fragments, one by one",       "t|P|C",    "PM",   CLOSES},
		{"5.8",    "a Ping between two fragments, byte by byte",     "1tPC",     "PM",   CLOSES},
		{"5.9",    "the end of nothing, then text",                  "CT",       "",     FAILS},
		{"5.10",   "the end of nothing, then text, one by one",      "C|T",      "",     FAILS},
		{"5.11",   "the end of nothing, then text, byte by byte",    "1CT",      "",     FAILS},
		{"5.12",   "a continuation of nothing, then text",           "cT",       "",     FAILS},
		{"5.13",   "a continuation of nothing, then text, one by one", "c|T",    "",     FAILS},
		{"5.14",   "a continuation of nothing, then text, byte by byte", "1cT",  "",     FAILS},
		{"5.15",   "a message, a continuation of nothing, text",     "tCcT",     "M",    FAILS},
		{"5.16",   "twice a continuation of nothing and text",       "cTcT",     "",     FAILS},
		{"5.17",   "twice the end of nothing and text",              "CTCT",     "",     FAILS},
		{"5.18",   "a message inside another",                       "tT",       "",     FAILS},
		{"5.19",   "five fragments, Pings between, a pause",         "tcPcc|PC", "PPM",  CLOSES},
		{"5.20",   "five fragments, Pings between, one by one",      "t|c|P|c|c|P|C", "PPM", CLOSES},
		{"5.21",   "five fragments, Pings between, byte by byte",    "1tcPccPC", "PPM",  CLOSES},
		{"5.22",   "a Pong between two fragments",                   "tOC",      "M",    CLOSES},
		{"5.23",   "binary begun inside text",                       "tbC",      "",     FAILS},
		{"5.24",   "a fragment of a Ping inside a message",          "tpC",      "",     FAILS},
		{"5.25",   "two messages, Pings around",                     "PtCPtcCP", "PMPMP", CLOSES},
		{"5.26",   "a message and nothing more of the next",         "Tt",       "M",    CLOSES}};

	int firstByte(char symbol)
	{
		const int fin = symbol >= 'A' && symbol <= 'Z' ? static_cast<int>(FIN) : 0;
		switch (symbol | 0x20)
		{
		case 't': return fin | TEXT;
		case 'b': return fin | BINARY;
		case 'c': return fin | CONT;
		case 'p': return fin | PING;
		default:  return fin | PONG;
		}
	}

	void run(const Row& row, Peer& peer)
	{
		std::vector<std::string> messages(1);
		std::vector<std::string> pings;
		std::size_t pieceSize = 0;
		int n = 0;
		for (const char symbol: std::string_view(row.pSent))
		{
			if (symbol == '1') pieceSize = 1;
			if (symbol == '|')
			{
				peer.flush(pieceSize);
				peer.pause();
			}
			if (symbol == '1' || symbol == '|') continue;
			const int first = firstByte(symbol);
			const std::string payload = "fragment " + std::to_string(++n) + " \xe6\xb0\xb4; ";
			peer.add(first, payload);
			if ((first & 0xf) == PING) pings.push_back(payload);
			if ((first & 0xf) >= CLOSE) continue;
			messages.back() += payload;
			if ((first & FIN) != 0) messages.emplace_back();
		}
		peer.flush(pieceSize);

		std::size_t ping = 0;
		std::size_t message = 0;
		for (const char symbol: std::string_view(row.pExpected))
		{
			if (symbol == 'P') peer.expectPong(pings.at(ping++));
			else peer.expectMessage(TEXT, messages.at(message++));
		}
		if (row.then == CLOSES) peer.close();
		else peer.expectFailure(1002);
	}

	void addEmpty(Cases& cases)
		/// Fragments without payload (RFC 6455, 5.4 does not forbid them).
	{
		struct EmptyRow { const char* pId; const char* pWhat; const char* parts[4]; };
		static const EmptyRow EMPTY[] = {
			{"5.27", "nothing, in four fragments", {"", "", "", ""}},
			{"5.28", "nothing before and after the payload", {"", "some", "thing", ""}},
			{"5.29", "nothing between the payload's parts", {"some", "", "", "thing"}}};
		for (const EmptyRow& row: EMPTY)
		{
			cases.push_back({row.pId, row.pWhat, [row](Peer& peer)
				{
					std::string whole;
					for (int i = 0; i < 4; ++i)
					{
						peer.add((i == 3 ? static_cast<int>(FIN) : 0) | (i == 0 ? static_cast<int>(BINARY) : 0), row.parts[i]);
						whole += row.parts[i];
					}
					peer.flush();
					peer.expectMessage(BINARY, whole);
					peer.close();
				}});
		}
	}
}


void addFragmentation(Cases& cases)
{
	for (const Row& row: ROWS) cases.push_back({row.pId, row.pWhat, [row](Peer& peer) { run(row, peer); }});
	addEmpty(cases);
}


} // namespace Conformance
