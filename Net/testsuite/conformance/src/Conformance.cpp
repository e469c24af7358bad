//
// Conformance.cpp
//
// Runs the cases against a server or a client, and prints how they went. See docs/conformance.md.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "Opening.h"
#include "Poco/Clock.h"
#include "Poco/NumberFormatter.h"
#include "Poco/NumberParser.h"
#include "Poco/URI.h"
#include <csignal>
#include <fstream>
#include <iostream>
#include <map>
#include <set>


using namespace Conformance;


namespace
{
	const char* const USAGE =
		"usage: Conformance --server=<ws or wss URL> [<option>...]\n"
		"       Conformance --client=<port> [--certificate=<file> --key=<file>] [<option>...]\n\n"
		"  --server       connect to an echo server, and test it\n"
		"  --client       listen on a port (0: a free one), write \"port <number>\", and test the client that connects,\n"
		"                 which has to do so again and again, until it gets the status 410\n"
		"  --fragments    it echoes frames, so that fragments may come back of what does not become a message\n"
		"  --no-deflate   leave out groups 12 and 13\n"
		"  --no-initiate  leave out the cases in which it is asked to close, by a header field \"Conformance-Close\"\n"
		"  --only=<id>    only cases whose numbers begin so\n"
		"  --cut=<how>    no: whole only, only: in pieces only\n"
		"  --full         sizes and counts as in the public suite; takes long\n"
		"  --patience=<s> how long to wait for what should come; default: 10\n"
		"  --name=<text>  what to call the run\n"
		"  --report=<file> append a line with the counts\n"
		"  --verbose      a line for each case\n";

	class UsageError: public std::runtime_error
	{
	public:
		using std::runtime_error::runtime_error;
	};

	class Arguments
	{
	public:
		Arguments(int argc, char** argv)
		{
			static const std::set<std::string> KNOWN = {"server", "client", "certificate", "key", "fragments", "no-deflate",
				"no-initiate", "only", "cut", "full", "patience", "name", "report", "verbose", "help"};
			for (int i = 1; i < argc; ++i)
			{
				const std::string argument(argv[i]);
				const std::size_t equals = argument.find('=');
				const std::string name = argument.substr(0, 2) == "--" ? argument.substr(2, equals == std::string::npos ? equals : equals - 2) : "";
				if (KNOWN.count(name) == 0) throw UsageError("unknown argument: " + argument);
				_values[name] = equals == std::string::npos ? "" : argument.substr(equals + 1);
			}
			if (has("server") == has("client") && !has("help")) throw UsageError("one of --server and --client is needed");
			if (!get("cut").empty() && get("cut") != "no" && get("cut") != "only") throw UsageError("--cut is no or only");
		}

		bool has(const std::string& name) const
		{
			return _values.count(name) > 0;
		}

		std::string get(const std::string& name, const std::string& fallback = "") const
		{
			const auto it = _values.find(name);
			return it == _values.end() ? fallback : it->second;
		}

		int number(const std::string& name, int fallback, int max) const
		{
			if (!has(name)) return fallback;
			int value = 0;
			if (!Poco::NumberParser::tryParse(get(name), value) || value < 0 || value > max)
				throw UsageError("--" + name + " is not a number from 0 to " + std::to_string(max));
			return value;
		}

	private:
		std::map<std::string, std::string> _values;
	};

	class Target
		/// Where the connections come from.
	{
	public:
		explicit Target(const Arguments& arguments):
			_patience(1000*arguments.number("patience", 10, 3600))
		{
			if (arguments.has("server"))
			{
				_uri = Poco::URI(arguments.get("server"));
				if (_uri.getScheme() != "ws" && _uri.getScheme() != "wss") throw UsageError("--server: not a ws or wss URL");
				if (_uri.getPathEtc().empty()) _uri.setPath("/");
				if (_uri.getScheme() == "wss") _pContext = std::make_unique<TlsContext>();
				return;
			}
			_pListener = std::make_unique<Listener>(static_cast<std::uint16_t>(arguments.number("client", 0, 65535)));
			if (arguments.has("certificate")) _pContext = std::make_unique<TlsContext>(arguments.get("certificate"), arguments.get("key"));
			std::cout << "port " << _pListener->port() << std::endl;
		}

		std::unique_ptr<Channel> open() const
		{
			const int fd = _pListener ? _pListener->accept(_patience) : connectTo(_uri.getHost(), _uri.getPort());
			return std::make_unique<Channel>(fd, _pContext.get(), _patience);
		}

		void run(const Case& testCase, const Options& options) const
		{
			const auto pChannel = open();
			std::string rest;
			const DeflateParams agreed = _pListener
				? openAsServer(*pChannel, testCase, rest)
				: openAsClient(*pChannel, _uri.getAuthority(), _uri.getPathEtc(), testCase, rest);
			Peer peer(*pChannel, options, agreed, rest);
			testCase.run(peer);
		}

		void finish() const
		{
			if (_pListener) refuse(*open());
		}

	private:
		std::chrono::milliseconds _patience;
		Poco::URI _uri;
		std::unique_ptr<Listener> _pListener;
		std::unique_ptr<TlsContext> _pContext;
	};

	struct Count
	{
		int cases = 0;
		int passed = 0;
		int excluded = 0;
	};

	std::string groupName(int group)
	{
		static const std::map<int, std::string> NAMES = {{1, "framing"}, {2, "pings and pongs"}, {3, "reserved bits"}, {4, "opcodes"},
			{5, "fragmentation"}, {6, "UTF-8"}, {7, "closing"}, {9, "limits"}, {10, "auto-fragmentation"},
			{12, "compression"}, {13, "compression parameters"}};
		return NAMES.at(group);
	}

	class Run
	{
	public:
		explicit Run(const Arguments& arguments): _arguments(arguments), _target(arguments)
		{
			_options.client = arguments.has("client");
			_options.full = arguments.has("full");
			_options.echoesFragments = arguments.has("fragments");
		}

		bool all()
			/// Returns whether all has gone well.
		{
			Cases cases;
			addFraming(cases);
			addFragmentation(cases);
			addUtf8(cases);
			addClosing(cases);
			addLimits(cases, _options.full);
			addDeflate(cases, _options.full);
			for (const bool cut: {false, true})
			{
				if (_arguments.get("cut") == (cut ? "no" : "only")) continue;
				_options.cut = cut;
				for (const Case& testCase: cases) one(testCase);
			}
			_target.finish();
			return print();
		}

	private:
		void one(const Case& testCase)
		{
			if (testCase.id.compare(0, _arguments.get("only").size(), _arguments.get("only")) != 0) return;
			Count& count = _counts[Poco::NumberParser::parse(testCase.id.substr(0, testCase.id.find('.')))];
			const char* pReason = nullptr;
			if (testCase.deflate.on && _arguments.has("no-deflate")) pReason = "no compression (--no-deflate)";
			if (testCase.initiate && _arguments.has("no-initiate")) pReason = "cannot be asked to close (--no-initiate)";
			if (pReason)
			{
				++count.excluded;
				++_exclusions[pReason];
				return;
			}
			++count.cases;
			const std::string text = testCase.id + (_options.cut ? ", cut" : "") + ": " + testCase.what;
			const Poco::Clock start;
			try
			{
				_target.run(testCase, _options);
				++count.passed;
				if (_arguments.has("verbose")) std::cout << "ok     " << text << ", " << start.elapsed()/1000 << " ms" << std::endl;
			}
			catch (const Failed& exc)
			{
				std::cout << "FAILED " << text << ": " << exc.what() << std::endl;
			}
		}

		bool print() const
		{
			Count sum;
			const std::string name = _arguments.get("name", _arguments.get("server", "client"));
			std::cout << name << "\n  group                          cases  passed  failed  excluded\n";
			for (const auto& group: _counts)
			{
				row(std::to_string(group.first) + ' ' + groupName(group.first), group.second);
				sum.cases += group.second.cases;
				sum.passed += group.second.passed;
				sum.excluded += group.second.excluded;
			}
			row("all", sum);
			for (const auto& exclusion: _exclusions) std::cout << "  excluded: " << exclusion.second << ", " << exclusion.first << '\n';
			std::cout.flush();
			if (_arguments.has("report"))
			{
				std::ofstream report(_arguments.get("report"), std::ios::app);
				report << sum.cases << ' ' << sum.passed << ' ' << sum.cases - sum.passed << ' ' << sum.excluded << ' ' << name << std::endl;
			}
			return sum.cases > 0 && sum.passed == sum.cases;
		}

		static void row(std::string name, const Count& count)
		{
			name.resize(28, ' ');
			std::cout << "  " << name;
			for (const int number: {count.cases, count.passed, count.cases - count.passed, count.excluded})
				std::cout << Poco::NumberFormatter::format(number, 8);
			std::cout << '\n';
		}

		const Arguments& _arguments;
		Target _target;
		Options _options;
		std::map<int, Count> _counts;
		std::map<std::string, int> _exclusions;
	};
}


int main(int argc, char** argv)
{
	std::signal(SIGPIPE, SIG_IGN);
	try
	{
		const Arguments arguments(argc, argv);
		if (arguments.has("help"))
		{
			std::cout << USAGE;
			return 0;
		}
		return Run(arguments).all() ? 0 : 1;
	}
	catch (const UsageError& exc)
	{
		std::cerr << "Conformance: " << exc.what() << "\n\n" << USAGE;
		return 64;
	}
	catch (const std::exception& exc)
	{
		std::cerr << "Conformance: " << exc.what() << std::endl;
		return 1;
	}
}
