//
// Cases.h
//
// The cases, in groups numbered as those of the public Autobahn|Testsuite.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Cases_INCLUDED
#define Cases_INCLUDED


#include "Peer.h"
#include <functional>
#include <string>
#include <vector>


namespace Conformance {


struct Case
{
	std::string id;
		/// The group is what stands before the first dot.

	std::string what;

	std::function<void (Peer&)> run;

	DeflateParams deflate = {};

	int initiate = 0;
		/// Status code with which the side that is tested is asked to close the connection; 0: it is not.
};

using Cases = std::vector<Case>;


void addFraming(Cases& cases);
	/// 1 framing, 2 pings and pongs, 3 reserved bits, 4 opcodes.

void addFragmentation(Cases& cases);
	/// 5.

void addUtf8(Cases& cases);
	/// 6.

void addClosing(Cases& cases);
	/// 7.

void addLimits(Cases& cases, bool full);
	/// 9 limits, 10 fragments of other sizes.

void addDeflate(Cases& cases, bool full);
	/// 12, 13: permessage-deflate.


extern const std::string INITIATED_REASON;
	/// The reason in the Close frame of one that is asked to close.


std::string pattern(std::size_t length);
	/// Returns text with characters of one to four bytes, length bytes of it.

std::string octets(std::size_t length);
	/// Returns bytes that are no text.


} // namespace Conformance


#endif // Cases_INCLUDED
