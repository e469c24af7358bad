//
// InflateFuzz.cpp
//
// Compressed data: any, with a limit and cut anywhere; and whatever was compressed comes back.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "Fuzz.h"
#include "core/Deflate.h"
#include <algorithm>


using Fuzz::Cuts;
using Fuzz::require;
using Poco::Net::WebSocketDeflater;
using Poco::Net::WebSocketInflater;


namespace
{
	constexpr std::size_t NO_LIMIT = 1 << 24;

	struct Outcome
	{
		WebSocketInflater::Result result = WebSocketInflater::OK;
		std::string output; // if the result is OK
	};

	bool operator == (const Outcome& a, const Outcome& b)
	{
		return a.result == b.result && (a.result != WebSocketInflater::OK || a.output == b.output);
	}

	Outcome inflate(WebSocketInflater& inflater, const std::string& data, const std::vector<std::size_t>& ends, std::size_t limit)
	{
		Outcome outcome;
		outcome.output = "before";
		const std::size_t before = outcome.output.size();
		std::size_t begin = 0;
		for (std::size_t i = 0; i < ends.size() && outcome.result == WebSocketInflater::OK; ++i)
		{
			const Fuzz::Part part(data, begin, ends[i]);
			const std::size_t left = limit - (outcome.output.size() - before);
			outcome.result = inflater.decompress(part.data(), part.size(), i + 1 == ends.size(), left, outcome.output);
			require(outcome.output.size() - before <= limit, "the limit is kept");
			require(outcome.output.compare(0, before, "before") == 0, "what was in output stays there");
			begin = ends[i];
		}
		outcome.output.erase(0, before);
		return outcome;
	}

	Outcome inflate(const std::string& data, const std::vector<std::size_t>& ends, std::size_t limit, int bits, bool takeover)
	{
		WebSocketInflater inflater(bits, takeover);
		return inflate(inflater, data, ends, limit);
	}

	void checkAny(const std::string& data, const Cuts& cuts, std::size_t limit, int bits, bool takeover)
	{
		const Outcome whole = inflate(data, Cuts::whole(data.size()), limit, 15, takeover);
		// What is farther back than the window, and must not be referred to, is corrupt, unless it is still at hand.
		const auto agrees = [&](const Outcome& outcome, const Outcome& expected)
		{
			return outcome == expected || (bits < 15 && outcome.result == WebSocketInflater::CORRUPT);
		};
		require(whole == inflate(data, Cuts::single(data.size()), limit, 15, takeover), "byte by byte");
		require(whole == inflate(data, cuts.ends(data.size()), limit, 15, takeover), "in parts");
		require(agrees(inflate(data, Cuts::whole(data.size()), limit, bits, takeover), whole), "whole, with the window");
		require(agrees(inflate(data, Cuts::single(data.size()), limit, bits, takeover), whole), "byte by byte, with the window");
		require(agrees(inflate(data, cuts.ends(data.size()), limit, bits, takeover), whole), "in parts, with the window");
		if (whole.result == WebSocketInflater::OK && whole.output.size() > 0)
		{
			require(agrees(inflate(data, Cuts::whole(data.size()), whole.output.size(), bits, takeover), whole), "at the limit");
			const Outcome past{WebSocketInflater::TOO_BIG, ""};
			require(agrees(inflate(data, Cuts::whole(data.size()), whole.output.size() - 1, bits, takeover), past), "one past the limit");
		}
	}

	struct Codec
		/// Both ends of a connection.
	{
		Codec(int bits, bool takeover, int level, int memLevel):
			deflater(bits, takeover, level, memLevel),
			inflater(bits, takeover)
		{
		}

		void roundTrip(const std::string& message, const std::vector<std::size_t>& ends, const Cuts& cuts)
		{
			std::string compressed;
			std::size_t begin = 0;
			for (std::size_t i = 0; i < ends.size(); ++i)
			{
				const Fuzz::Part part(message, begin, ends[i]);
				deflater.compress(part.data(), part.size(), i + 1 == ends.size(), compressed);
				begin = ends[i];
			}
			require(!compressed.empty(), "the payload of a compressed message is not empty");
			const Outcome outcome = inflate(inflater, compressed, cuts.ends(compressed.size()), message.size());
			require(outcome.result == WebSocketInflater::OK && outcome.output == message, "what was compressed comes back");
		}

		WebSocketDeflater deflater;
		WebSocketInflater inflater;
	};

	std::string longer(const std::string& seed, std::size_t factor)
		/// Something that is also longer than the smaller windows.
	{
		std::string result;
		for (std::size_t i = 0; i < factor; ++i)
		{
			result += seed;
			result += static_cast<char>(i*i >> 3 & 0xff);
		}
		return result;
	}
}


extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* pData, std::size_t size)
{
	Fuzz::Input input(pData, size);
	const unsigned options = input.byte();
	const Cuts cuts(input);
	const bool takeover = (options & 1) != 0;
	const int bits = 8 + static_cast<int>(options >> 1 & 7);
	const unsigned levels = input.byte();
	const unsigned scale = input.byte();
	const std::string data(input.rest());

	if (options & 0x80)
	{
		Codec codec(std::max(9, bits), takeover, 1 + static_cast<int>(levels % 9), 1 + static_cast<int>(levels/9 % 9));
		const std::string message = longer(data, scale % 16);
		codec.roundTrip(data, Cuts::whole(data.size()), cuts);
		codec.roundTrip(message, cuts.ends(message.size()), cuts);
		if (levels & 1) codec.deflater.reset();
		codec.roundTrip("", cuts.ends(0), cuts);
		codec.roundTrip(data, cuts.ends(data.size()), cuts);
	}
	else
	{
		checkAny(data, cuts, scale & 0x80 ? NO_LIMIT : std::size_t(1) << scale % 16, bits, takeover);
	}
	return 0;
}
