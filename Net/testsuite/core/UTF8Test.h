//
// UTF8Test.h
//
// Library: PocoWebSocket
// Package: Tests
// Module:  WebSocketUTF8Test
//
// What is UTF-8 and what is not, for the tests of WebSocketUTF8 and WebSocketFramer.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketUTF8Test_INCLUDED
#define Net_WebSocketUTF8Test_INCLUDED


#include <cstddef>
#include <string>


namespace UTF8Test {


struct InvalidRow
{
	const char* name;
	const char* bytes;
	std::size_t bad;
		/// The first byte that no valid text can hold at its place.
};


const InvalidRow INVALID[] =
	/// RFC 3629, 3 and 4
{
	{"continuation without a lead, lowest", "\x80", 0},
	{"continuation without a lead, highest", "\xbf", 0},
	{"a third continuation byte", "\xe2\x82\xac\x82", 3},
	{"overlong, two bytes: U+0000", "\xc0\x80", 0},
	{"overlong, two bytes: U+007F", "\xc1\xbf", 0},
	{"overlong, three bytes: U+0000", "\xe0\x80\x80", 1},
	{"overlong, three bytes: U+07FF", "\xe0\x9f\xbf", 1},
	{"overlong, four bytes: U+0000", "\xf0\x80\x80\x80", 1},
	{"overlong, four bytes: U+FFFF", "\xf0\x8f\xbf\xbf", 1},
	{"surrogate U+D800", "\xed\xa0\x80", 1},
	{"surrogate U+DBFF", "\xed\xaf\xbf", 1},
	{"surrogate U+DC00", "\xed\xb0\x80", 1},
	{"surrogate U+DFFF", "\xed\xbf\xbf", 1},
	{"surrogate pair U+10000", "\xed\xa0\x80\xed\xb0\x80", 1},
	{"above the range: U+110000", "\xf4\x90\x80\x80", 1},
	{"above the range: U+13FFFF", "\xf4\xbf\xbf\xbf", 1},
	{"above the range: U+140000", "\xf5\x80\x80\x80", 0},
	{"lead f7", "\xf7\xbf\xbf\xbf", 0},
	{"five bytes", "\xf8\x88\x80\x80\x80", 0},
	{"six bytes", "\xfc\x84\x80\x80\x80\x80", 0},
	{"fe", "\xfe", 0},
	{"ff", "\xff", 0},
	{"two bytes: ASCII instead of the second", "\xc2\x41", 1},
	{"two bytes: 7f instead of the second", "\xdf\x7f", 1},
	{"two bytes: a lead instead of the second", "\xc3\xc3", 1},
	{"three bytes: ASCII instead of the second", "\xe1\x41\x80", 1},
	{"three bytes: a lead instead of the second", "\xef\xc0\x80", 1},
	{"three bytes: ASCII instead of the third", "\xe2\x82\x41", 2},
	{"three bytes: a lead instead of the third", "\xed\x9f\xc0", 2},
	{"three bytes: 7f instead of the third", "\xe0\xa0\x7f", 2},
	{"four bytes: ASCII instead of the second", "\xf1\x41\x80\x80", 1},
	{"four bytes: a lead instead of the second", "\xf0\xc0\x80\x80", 1},
	{"four bytes: ASCII instead of the third", "\xf0\x9f\x41\x80", 2},
	{"four bytes: a lead instead of the third", "\xf4\x8f\xf4\x80", 2},
	{"four bytes: ASCII instead of the fourth", "\xf0\x9f\x98\x41", 3},
	{"four bytes: a lead instead of the fourth", "\xf4\x8f\xbf\xff", 3}
};


const char* const VALID[] =
{
	"",
	"Hello",
	"\x7f",
	"\xc2\x80",
	"\xdf\xbf",
	"\xe0\xa0\x80",
	"\xed\x9f\xbf",
	"\xee\x80\x80",
	"\xef\xbf\xbd",
	"\xef\xbf\xbe\xef\xbf\xbf", // non-characters are no errors
	"\xf0\x90\x80\x80",
	"\xf4\x8f\xbf\xbf",
	"Gr\xc3\xbc\xc3\x9f, \xe2\x82\xac 5, \xf0\x9f\x98\x80!",
	"\xef\xbb\xbf with a byte order mark"
};


const char* const INCOMPLETE[] =
	/// Beginnings of a character.
{
	"\xc2", "\xdf", "\xe0", "\xe0\xa0", "\xe2\x82", "\xed\x9f", "\xef\xbf", "\xf0", "\xf0\x90", "\xf0\x9f\x98", "\xf4\x8f", "\xf4\x8f\xbf"
};


} // namespace UTF8Test


#endif // Net_WebSocketUTF8Test_INCLUDED
