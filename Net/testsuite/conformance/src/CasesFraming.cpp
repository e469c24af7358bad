//
// CasesFraming.cpp
//
// Groups 1 to 4: framing, pings and pongs, reserved bits, opcodes.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "Cases.h"


namespace Conformance {


namespace
{
	constexpr std::size_t BY_OPTIONS = 0;

	void echo(Peer& peer, int opcode, const std::string& payload, std::size_t pieceSize)
	{
		peer.add(FIN | opcode, payload).flush(pieceSize);
		peer.expectMessage(opcode, payload);
		peer.close();
	}

	void addEchoes(Cases& cases)
	{
		struct Row { std::size_t length; std::size_t pieceSize; };
		static const Row ROWS[] = {
			{0, BY_OPTIONS}, {125, BY_OPTIONS}, {126, BY_OPTIONS}, {127, BY_OPTIONS}, {128, BY_OPTIONS},
			{65535, BY_OPTIONS}, {65536, BY_OPTIONS}, {65536, 997}};
		for (const int opcode: {TEXT, BINARY})
		{
			int n = 0;
			for (const Row& row: ROWS)
			{
				cases.push_back({"1." + std::to_string(opcode) + '.' + std::to_string(++n),
					std::to_string(row.length) + " bytes" + (row.pieceSize ? " in pieces of " + std::to_string(row.pieceSize) : ""),
					[opcode, row](Peer& peer)
					{
						echo(peer, opcode, opcode == TEXT ? pattern(row.length) : octets(row.length), row.pieceSize);
					}});
			}
		}
	}

	void addBadHeaders(Cases& cases)
		/// Beyond the public suite: headers that RFC 6455, 5.1 and 5.2 forbid.
	{
		struct Row { const char* pWhat; std::uint64_t length; int lengthBytes; };
		static const Row ROWS[] = {
			{"125 bytes, with a length of 16 bits", 125, 2},
			{"125 bytes, with a length of 64 bits", 125, 8},
			{"65535 bytes, with a length of 64 bits", 65535, 8},
			{"2^63 bytes", std::uint64_t(1) << 63, 8}};
		int n = 0;
		for (const Row& row: ROWS)
		{
			cases.push_back({"1.3." + std::to_string(++n), row.pWhat, [row](Peer& peer)
				{
					const bool masked = !peer.options().client;
					peer.addBytes(header(FIN | BINARY, row.length, masked, row.lengthBytes) + (masked ? "mask" : "")).flush();
					peer.expectFailure(1002);
				}});
		}
		cases.push_back({"1.3." + std::to_string(++n), "a mask that must not be there, or none", [](Peer& peer)
			{
				peer.send(FIN | TEXT, "before");
				peer.expectMessage(TEXT, "before");
				peer.addWronglyMasked(FIN | TEXT, "wrong").flush();
				peer.expectFailure(1002);
			}});
	}

	void pings(Peer& peer, int count, std::size_t pieceSize)
	{
		for (int i = 0; i < count; ++i) peer.add(FIN | PING, "ping " + std::to_string(i));
		peer.flush(pieceSize);
		for (int i = 0; i < count; ++i) peer.expectPong("ping " + std::to_string(i));
		peer.close();
	}

	void ping(Peer& peer, const std::string& payload, std::size_t pieceSize)
	{
		peer.add(FIN | PING, payload).flush(pieceSize);
		peer.expectPong(payload);
		peer.close();
	}

	void addPings(Cases& cases)
	{
		cases.push_back({"2.1", "a Ping without payload", [](Peer& peer) { ping(peer, "", BY_OPTIONS); }});
		cases.push_back({"2.2", "a Ping with text", [](Peer& peer) { ping(peer, "are you there?", BY_OPTIONS); }});
		cases.push_back({"2.3", "a Ping with bytes that are no text", [](Peer& peer) { ping(peer, std::string("\x00\xff\xfe\xfd\xfc\x00\xff", 7), BY_OPTIONS); }});
		cases.push_back({"2.4", "a Ping with 125 bytes", [](Peer& peer) { ping(peer, std::string(125, '\xfe'), BY_OPTIONS); }});
		cases.push_back({"2.5", "a Ping with 126 bytes", [](Peer& peer)
			{
				peer.send(FIN | PING, std::string(126, '\xfe'));
				peer.expectFailure(1002);
			}});
		cases.push_back({"2.6", "a Ping with 125 bytes, byte by byte", [](Peer& peer) { ping(peer, std::string(125, '\xfe'), 1); }});
		for (const std::string& payload: {std::string(), std::string("nobody has asked")})
		{
			cases.push_back({payload.empty() ? "2.7" : "2.8", "a Pong that nobody has asked for", [payload](Peer& peer)
				{
					peer.send(FIN | PONG, payload);
					peer.pause();
					peer.close();
				}});
		}
		cases.push_back({"2.9", "a Pong that nobody has asked for, then a Ping", [](Peer& peer)
			{
				peer.add(FIN | PONG, "nobody has asked");
				ping(peer, "now", BY_OPTIONS);
			}});
		cases.push_back({"2.10", "ten Pings", [](Peer& peer) { pings(peer, 10, BY_OPTIONS); }});
		cases.push_back({"2.11", "ten Pings, byte by byte", [](Peer& peer) { pings(peer, 10, 1); }});
	}

	void fails(Peer& peer, int firstByte, const std::string& payload, std::size_t pieceSize = BY_OPTIONS)
		/// A good message, then a bad frame, then a Ping: an echo of the first, and the end.
	{
		peer.add(FIN | TEXT, "good").add(firstByte, payload).add(FIN | PING).flush(pieceSize);
		peer.expectMessage(TEXT, "good");
		peer.expectFailure(1002);
	}

	void failsAtOnce(Peer& peer, int firstByte, const std::string& payload)
	{
		peer.send(firstByte, payload);
		peer.expectFailure(1002);
	}

	void addReservedBits(Cases& cases)
	{
		struct Row { int rsv; int opcode; bool atOnce; std::size_t pieceSize; const char* pWhat; };
		static const Row ROWS[] = {
			{1, TEXT, true, BY_OPTIONS, "RSV3 in text"},
			{2, TEXT, false, BY_OPTIONS, "RSV2 in text, after a message"},
			{3, TEXT, false, 14, "RSV2 and RSV3 in text, after a message, in pieces"},
			{4, TEXT, false, 1, "RSV1 in text, after a message, byte by byte"},
			{5, BINARY, true, BY_OPTIONS, "RSV1 and RSV3 in binary"},
			{6, PING, true, BY_OPTIONS, "RSV1 and RSV2 in a Ping"},
			{7, CLOSE, true, BY_OPTIONS, "all in a Close"},
			{4, PONG, false, BY_OPTIONS, "RSV1 in a Pong, after a message"}};
		int n = 0;
		for (const Row& row: ROWS)
		{
			cases.push_back({"3." + std::to_string(++n), row.pWhat, [row](Peer& peer)
				{
					const int first = FIN | (row.rsv << 4) | row.opcode;
					const std::string payload = row.opcode == CLOSE ? closePayload(1000) : "reserved";
					if (row.atOnce) failsAtOnce(peer, first, payload);
					else fails(peer, first, payload, row.pieceSize);
				}});
		}
		cases.push_back({"3.9", "RSV1 in a continuation", [](Peer& peer)
			{
				peer.add(TEXT, "begun, ").add(FIN | RSV1 | CONT, "continued").flush();
				peer.expectFailure(1002);
			}});
	}

	void addOpcodes(Cases& cases)
	{
		for (const int base: {3, 11})
		{
			const std::string group = base == 3 ? "4.1." : "4.2.";
			for (int i = 0; i < 5; ++i)
			{
				const int first = FIN | (base + i);
				const std::string what = "opcode " + std::to_string(base + i);
				const std::string payload = i == 1 || i >= 3 ? "reserved" : "";
				if (i < 2) cases.push_back({group + std::to_string(i + 1), what, [first, payload](Peer& peer) { failsAtOnce(peer, first, payload); }});
				else cases.push_back({group + std::to_string(i + 1), what + ", after a message", [first, payload, i](Peer& peer)
					{
						fails(peer, first, payload, i == 4 ? 1 : BY_OPTIONS);
					}});
			}
		}
	}
}


std::string pattern(std::size_t length)
{
	static const std::string UNIT("A\xc3\x9f\xe6\xb0\xb4\xf0\x9f\x98\x80-conform.\n");
	std::string result;
	result.reserve(length);
	for (std::size_t i = 0; result.size() + UNIT.size() <= length; ++i)
	{
		result += UNIT;
		result.back() = static_cast<char>('0' + i % 10);
	}
	return result + std::string(length - result.size(), 'x');
}


std::string octets(std::size_t length)
{
	std::string result(length, '\0');
	for (std::size_t i = 0; i < length; ++i) result[i] = static_cast<char>((i*7 + i/256) ^ 0xfe);
	return result;
}


void addFraming(Cases& cases)
{
	addEchoes(cases);
	addBadHeaders(cases);
	addPings(cases);
	addReservedBits(cases);
	addOpcodes(cases);
}


} // namespace Conformance
