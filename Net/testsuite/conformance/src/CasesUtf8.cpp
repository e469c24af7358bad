//
// CasesUtf8.cpp
//
// Group 6: text, right and wrong.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "Cases.h"
#include <map>


namespace Conformance {


namespace
{
	struct Row
	{
		const char* pGroup;
		const char* pText;
		bool valid;
	};

	const char* const KOSME = "\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5";

	const Row ROWS[] = {
		// 5: words
		{"5", "\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5", true}, {"5", "\xe6\xb0\xb4 \xf0\x9f\x98\x80 \xc3\x9f", true},
		// 7: the first of each length
		{"7", "\xc2\x80", true}, {"7", "\xe0\xa0\x80", true}, {"7", "\xf0\x90\x80\x80", true},
		// 8: the first of lengths that are no more
		{"8", "\xf8\x88\x80\x80\x80", false}, {"8", "\xfc\x84\x80\x80\x80\x80", false},
		// 9: the last of each length
		{"9", "\x7f", true}, {"9", "\xdf\xbf", true}, {"9", "\xef\xbf\xbf", true}, {"9", "\xf4\x8f\xbf\xbf", true},
		// 10: the last of lengths, beyond Unicode
		{"10", "\xf7\xbf\xbf\xbf", false}, {"10", "\xfb\xbf\xbf\xbf\xbf", false}, {"10", "\xfd\xbf\xbf\xbf\xbf\xbf", false},
		// 11: other boundaries
		{"11", "\xed\x9f\xbf", true}, {"11", "\xee\x80\x80", true}, {"11", "\xef\xbf\xbd", true},
		{"11", "\xf4\x8f\xbf\xbf", true}, {"11", "\xf4\x90\x80\x80", false},
		// 12: continuations of nothing
		{"12", "\x80", false}, {"12", "\xbf", false}, {"12", "\x80\xbf", false}, {"12", "\x80\xbf\x80", false},
		{"12", "\x80\xbf\x80\xbf", false}, {"12", "\x80\xbf\x80\xbf\x80", false}, {"12", "\x80\xbf\x80\xbf\x80\xbf", false},
		// 14: the last byte is missing
		{"14", "\xc0", false}, {"14", "\xe0\x80", false}, {"14", "\xf0\x80\x80", false}, {"14", "\xf8\x80\x80\x80", false},
		{"14", "\xfc\x80\x80\x80\x80", false}, {"14", "\xdf", false}, {"14", "\xef\xbf", false}, {"14", "\xf7\xbf\xbf", false},
		{"14", "\xfb\xbf\xbf\xbf", false}, {"14", "\xfd\xbf\xbf\xbf\xbf", false}, {"14", "\xe6\xb0", false}, {"14", "\xf0\x9f\x98", false},
		// 15: all of those
		{"15", "\xc0\xe0\x80\xf0\x80\x80\xf8\x80\x80\x80\xfc\x80\x80\x80\x80\xdf\xef\xbf\xf7\xbf\xbf\xfb\xbf\xbf\xbf\xfd\xbf\xbf\xbf\xbf", false},
		// 16: bytes that are nowhere
		{"16", "\xfe", false}, {"16", "\xff", false}, {"16", "\xfe\xfe\xff\xff", false},
		// 17: a slash, too long
		{"17", "\xc0\xaf", false}, {"17", "\xe0\x80\xaf", false}, {"17", "\xf0\x80\x80\xaf", false},
		{"17", "\xf8\x80\x80\x80\xaf", false}, {"17", "\xfc\x80\x80\x80\x80\xaf", false},
		// 18: the last that are too long
		{"18", "\xc1\xbf", false}, {"18", "\xe0\x9f\xbf", false}, {"18", "\xf0\x8f\xbf\xbf", false},
		{"18", "\xf8\x87\xbf\xbf\xbf", false}, {"18", "\xfc\x83\xbf\xbf\xbf\xbf", false},
		// 19: NUL, too long
		{"19", "\xc0\x80", false}, {"19", "\xe0\x80\x80", false}, {"19", "\xf0\x80\x80\x80", false},
		{"19", "\xf8\x80\x80\x80\x80", false}, {"19", "\xfc\x80\x80\x80\x80\x80", false},
		// 20: surrogates
		{"20", "\xed\xa0\x80", false}, {"20", "\xed\xad\xbf", false}, {"20", "\xed\xae\x80", false}, {"20", "\xed\xaf\xbf", false},
		{"20", "\xed\xb0\x80", false}, {"20", "\xed\xbe\x80", false}, {"20", "\xed\xbf\xbf", false},
		// 21: pairs of them
		{"21", "\xed\xa0\x80\xed\xb0\x80", false}, {"21", "\xed\xa0\x80\xed\xbf\xbf", false}, {"21", "\xed\xad\xbf\xed\xb0\x80", false},
		{"21", "\xed\xad\xbf\xed\xbf\xbf", false}, {"21", "\xed\xae\x80\xed\xb0\x80", false}, {"21", "\xed\xae\x80\xed\xbf\xbf", false},
		{"21", "\xed\xaf\xbf\xed\xb0\x80", false}, {"21", "\xed\xaf\xbf\xed\xbf\xbf", false},
		// 23: specials
		{"23", "\xef\xbf\xb9", true}, {"23", "\xef\xbf\xba", true}, {"23", "\xef\xbf\xbb", true}, {"23", "\xef\xbf\xbc", true},
		{"23", "\xef\xbf\xbd", true}, {"23", "\xef\xbf\xbe", true}, {"23", "\xef\xbf\xbf", true}};

	void sendOctets(Peer& peer, const std::string& text, bool whole)
		/// Adds a message in frames of one byte each.
	{
		for (std::size_t i = 0; i < text.size(); ++i)
		{
			const bool last = whole && i + 1 == text.size();
			peer.add((last ? static_cast<int>(FIN) : 0) | (i == 0 ? static_cast<int>(TEXT) : 0), text.substr(i, 1));
		}
	}

	void expectEchoOrFailure(Peer& peer, const std::string& text, bool valid)
	{
		if (valid) peer.expectMessage(TEXT, text);
		if (valid) peer.close();
		else peer.expectFailure(1007);
	}

	class Group
		/// Adds cases with numbers.
	{
	public:
		explicit Group(Cases& cases): _cases(cases)
		{
		}

		void text(const std::string& group, const std::string& text, bool valid)
			/// A text whole, octet by octet, and, if it is wrong somewhere, only so far.
		{
			if (valid != isUtf8(text)) throw std::logic_error("a row of group 6." + group + " is wrong");
			const std::string what = hex(text) + (valid ? ", valid" : ", not valid");
			add(group, what, [text, valid](Peer& peer)
				{
					peer.send(FIN | TEXT, text);
					expectEchoOrFailure(peer, text, valid);
				});
			add(group, what + ", in fragments of one byte", [text, valid](Peer& peer)
				{
					sendOctets(peer, text, true);
					peer.flush();
					expectEchoOrFailure(peer, text, valid);
				});
			if (firstBad(text) < text.size()) failFast(group, what, text.substr(0, firstBad(text) + 1));
		}

		void failFast(const std::string& group, const std::string& what, const std::string& text)
			/// text, of which the last byte is wrong, after which nothing is sent.
		{
			add(group, what + ", in a frame of which no more is sent", [text](Peer& peer)
				{
					peer.addPart(FIN | TEXT, text, 100).flush();
					peer.expectFailure(1007);
				});
			add(group, what + ", in fragments of one byte, of which no more are sent", [text](Peer& peer)
				{
					sendOctets(peer, text, false);
					peer.flush();
					peer.expectFailure(1007);
				});
			add(group, what + ", the last byte alone, and no more", [text](Peer& peer)
				{
					peer.addPart(FIN | TEXT, "valid" + text, 100, 1).flush();
					peer.pause();
					peer.addHeld().flush();
					peer.expectFailure(1007);
				});
		}

		void add(const std::string& group, const std::string& what, const std::function<void (Peer&)>& run)
		{
			_cases.push_back({"6." + group + '.' + std::to_string(++_counts[group]), what, run});
		}

		static std::string hex(const std::string& text)
		{
			static const char* const DIGITS = "0123456789abcdef";
			std::string result;
			for (const unsigned char c: text.substr(0, 24))
			{
				result += DIGITS[c >> 4];
				result += DIGITS[c & 15];
			}
			return result + (text.size() > 24 ? "..." : "");
		}

	private:
		Cases& _cases;
		std::map<std::string, int> _counts;
	};

	void addFragments(Group& group)
	{
		struct FragmentRow { const char* pGroup; const char* pWhat; std::vector<std::string> parts; bool valid; };
		static const FragmentRow FRAGMENTS[] = {
			{"1", "nothing", {""}, true},
			{"1", "nothing, in three fragments", {"", "", ""}, true},
			{"1", "nothing around something", {"", "something", ""}, true},
			{"2", "in two fragments between characters", {"Gr\xc3\xbc\xc3\x9f", "e, \xe6\xb0\xb4"}, true},
			{"2", "in two fragments inside a character of three bytes", {"\xe6\xb0", "\xb4"}, true},
			{"2", "in three fragments inside characters", {"\xc3", "\x9f\xf0\x9f", "\x98\x80"}, true},
			{"3", "wrong in the second fragment", {"valid \xce\xba", "\xed\xa0\x80 valid"}, false},
			{"3", "cut off at the end", {"valid ", "\xf0\x9f\x98"}, false},
			{"3", "a character that the next fragment does not go on with", {"valid \xe6\xb0", "x"}, false}};
		for (const FragmentRow& row: FRAGMENTS)
		{
			group.add(row.pGroup, row.pWhat, [row](Peer& peer)
				{
					std::string whole;
					for (std::size_t i = 0; i < row.parts.size(); ++i)
					{
						whole += row.parts[i];
						peer.add((i + 1 == row.parts.size() ? static_cast<int>(FIN) : 0) | (i == 0 ? static_cast<int>(TEXT) : 0), row.parts[i]);
					}
					peer.flush();
					expectEchoOrFailure(peer, whole, row.valid);
				});
		}
		const std::string kosme(KOSME);
		group.text("2", "Hello-\xc2\xb5@\xc3\x9f\xc3\xb6\xc3\xa4\xc3\xbc\xc3\xa0\xc3\xa1-UTF-8!!", true);
		group.text("2", kosme, true);
		group.text("3", kosme + "\xed\xa0\x80" "edited", false);
		for (const std::string& wrong: {std::string("\xed\xa0"), std::string("\xf4\x90"), std::string("\xc0"), std::string("\xff")})
		{
			group.failFast("4", Group::hex(kosme + wrong), kosme + wrong);
		}
	}

	void addSeries(Group& group)
	{
		const std::string kosme(KOSME);
		for (std::size_t n = 1; n <= kosme.size(); ++n) group.text("6", kosme.substr(0, n), isUtf8(kosme.substr(0, n)));

		std::string continuations;
		for (int c = 0x80; c <= 0xbf; ++c) continuations += static_cast<char>(c);
		group.text("12", continuations, false);

		struct Lonely { int first; int last; };
		for (const Lonely& lonely: {Lonely{0xc0, 0xdf}, Lonely{0xe0, 0xef}, Lonely{0xf0, 0xf7}, Lonely{0xf8, 0xfb}, Lonely{0xfc, 0xfd}})
		{
			std::string text;
			for (int c = lonely.first; c <= lonely.last; ++c) text += {static_cast<char>(c), ' '};
			group.text("13", text, false);
		}
		for (int plane = 0; plane <= 16; ++plane) // the last two of each plane are no characters, but may be sent
		{
			for (const char last: {'\xbe', '\xbf'})
			{
				if (plane == 0)
				{
					group.text("22", std::string("\xef\xbf") + last, true);
					continue;
				}
				std::string text("\xf0\x8f\xbf");
				text[0] = static_cast<char>(0xf0 | (plane >> 2));
				text[1] = static_cast<char>(0x8f | ((plane & 3) << 4));
				group.text("22", text + last, true);
			}
		}
	}
}


void addUtf8(Cases& cases)
{
	Group group(cases);
	addFragments(group);
	group.text("7", std::string(1, '\0'), true);
	for (const Row& row: ROWS) group.text(row.pGroup, row.pText, row.valid);
	addSeries(group);
}


} // namespace Conformance
