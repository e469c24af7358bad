//
// CasesLimits.cpp
//
// Groups 9 and 10: large messages, many messages, fragments and pieces of many sizes.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "Cases.h"


namespace Conformance {


namespace
{
	constexpr std::size_t KIB = 1024;
	constexpr std::size_t MIB = 1024*KIB;

	std::string content(int opcode, std::size_t length)
	{
		return opcode == TEXT ? pattern(length) : octets(length);
	}

	std::string size(std::size_t length)
	{
		return length >= MIB ? std::to_string(length/MIB) + " MiB" : length >= KIB ? std::to_string(length/KIB) + " KiB" : std::to_string(length) + " bytes";
	}

	void addLarge(Cases& cases, int opcode)
	{
		int n = 0;
		for (const std::size_t length: {64*KIB, 256*KIB, MIB, 4*MIB, 8*MIB, 16*MIB})
		{
			cases.push_back({(opcode == TEXT ? "9.1." : "9.2.") + std::to_string(++n), size(length), [opcode, length](Peer& peer)
				{
					const std::string payload = content(opcode, length);
					peer.add(FIN | opcode, payload).flush();
					peer.expectMessage(opcode, payload);
					peer.close();
				}});
		}
	}

	void addFragments(Cases& cases, int opcode, bool full)
	{
		int n = 0;
		for (const std::size_t fragmentSize: {std::size_t(64), std::size_t(256), KIB, 4*KIB, 16*KIB, 64*KIB, 256*KIB, MIB, 4*MIB})
		{
			const std::size_t length = full || fragmentSize >= 64*KIB ? 4*MIB : 4096*fragmentSize > MIB ? MIB : 4096*fragmentSize;
			cases.push_back({(opcode == TEXT ? "9.3." : "9.4.") + std::to_string(++n),
				size(length) + " in fragments of " + size(fragmentSize), [opcode, length, fragmentSize](Peer& peer)
				{
					const std::string payload = content(opcode, length);
					peer.addMessage(opcode, payload, fragmentSize).flush();
					peer.expectMessage(opcode, payload);
					peer.close();
				}});
		}
	}

	void addPieces(Cases& cases, int opcode, bool full)
	{
		int n = 0;
		for (const std::size_t pieceSize: {64, 128, 256, 512, 1024, 2048})
		{
			const std::size_t length = full ? MIB : 128*KIB;
			cases.push_back({(opcode == TEXT ? "9.5." : "9.6.") + std::to_string(++n),
				size(length) + " in pieces of " + size(pieceSize), [opcode, length, pieceSize](Peer& peer)
				{
					const std::string payload = content(opcode, length);
					peer.add(FIN | opcode, payload).flush(pieceSize);
					peer.expectMessage(opcode, payload);
					peer.close();
				}});
		}
	}

	void addMany(Cases& cases, int opcode, bool full)
	{
		int n = 0;
		for (const std::size_t length: {0, 16, 64, 256, 1024, 4096})
		{
			const int count = full ? 1000 : 50;
			cases.push_back({(opcode == TEXT ? "9.7." : "9.8.") + std::to_string(++n),
				std::to_string(count) + " messages of " + size(length), [opcode, length, count](Peer& peer)
				{
					const std::string payload = content(opcode, length);
					for (int i = 0; i < count; ++i)
					{
						peer.send(FIN | opcode, payload);
						peer.expectMessage(opcode, payload);
					}
					peer.close();
				}});
		}
		cases.push_back({opcode == TEXT ? "9.7.7" : "9.8.7", "1000 messages in one go", [opcode](Peer& peer)
			{
				for (std::size_t i = 0; i < 1000; ++i) peer.add(FIN | opcode, content(opcode, i % 200));
				peer.flush();
				for (std::size_t i = 0; i < 1000; ++i) peer.expectMessage(opcode, content(opcode, i % 200));
				peer.close();
			}});
	}
}


void addLimits(Cases& cases, bool full)
{
	for (const int opcode: {TEXT, BINARY}) addLarge(cases, opcode);
	for (const int opcode: {TEXT, BINARY}) addFragments(cases, opcode, full);
	for (const int opcode: {TEXT, BINARY}) addPieces(cases, opcode, full);
	for (const int opcode: {TEXT, BINARY}) addMany(cases, opcode, full);

	int n = 0;
	for (const std::size_t fragmentSize: {1300, 1, 125, 126, 65535})
	{
		const std::size_t length = fragmentSize == 1 ? 2*KIB : fragmentSize == 65535 ? 256*KIB : 64*KIB;
		cases.push_back({"10.1." + std::to_string(++n), size(length) + " in fragments of " + size(fragmentSize),
			[length, fragmentSize](Peer& peer)
			{
				const std::string payload = pattern(length);
				peer.addMessage(TEXT, payload, fragmentSize).flush();
				peer.expectMessage(TEXT, payload);
				peer.close();
			}});
	}
}


} // namespace Conformance
