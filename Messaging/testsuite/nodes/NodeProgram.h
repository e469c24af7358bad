//
// NodeProgram.h
//
// A node, for tests: a service with a backplane.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef NodeProgram_INCLUDED
#define NodeProgram_INCLUDED


#include "Poco/Messaging/Backplane.h"
#include <functional>
#include <string>


using MakeBackplane = std::function<Poco::Messaging::Backplane::Ptr(const std::string& engine, const std::string& prefix)>;
	/// The prefix may be empty: the default.


int nodeProgram(int argc, char** argv, const MakeBackplane& make);
	/// A program's main(): PROGRAM --port=PORT --engine=URL [--prefix=TEXT] [--secret=SECRET] [--history=COUNT]
	///
	///   --port     where it listens, on 127.0.0.1
	///   --engine   where Redis or NATS is
	///   --prefix   what keys or subjects begin with
	///   --secret   clients may have tokens, signed with this (HS256)
	///   --history  so many publications are kept; 10,000 if it is not given
	///
	/// Channels whose names begin with "h" have history, with "p" presence, Join and Leave; with "b" both. Leaves are not delayed by more than a second.
	/// Opcode 200 answers "NODE HEALTHY", with its number and 0 or 1. It writes "port PORT" when it is ready, and ends with a signal.


#endif // NodeProgram_INCLUDED
