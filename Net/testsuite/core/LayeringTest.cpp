//
// LayeringTest.cpp
//
// Library: PocoWebSocket
// Package: Tests
// Module:  LayeringTest
//
// What the files of a folder of Net/src may include (docs/architecture.md); and no socket, thread, clock or random
// generator in the core.
//
// SPDX-License-Identifier: BSL-1.0
//


#include <gtest/gtest.h>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>


namespace
{
	const std::map<std::string, std::set<std::string>> MAY_INCLUDE =
		/// For each layer, a folder of Net/src, the layers that it may include.
	{
		{"core", {"core"}},
		{"net", {"core", "net"}},
		{"blocking", {"core", "net", "blocking"}},
		{"events", {"core", "net", "events"}}
	};

	const std::string PUBLIC = "Poco/Net/WebSocket"; // what the library's public headers begin with

	std::string includeOf(const std::string& line)
		/// What a line includes; empty if it does not include anything.
	{
		std::string text;
		for (char c: line)
		{
			if (c != ' ' && c != '\t') text += c;
		}
		const std::string directive = "#include";
		if (text.compare(0, directive.size(), directive) != 0) return "";
		const std::size_t begin = directive.size() + 1; // behind < or "
		const std::size_t end = text.find_first_of(">\"", begin);
		return end == std::string::npos ? "" : text.substr(begin, end - begin);
	}

	std::vector<std::string> includesOf(const std::string& text)
	{
		std::vector<std::string> result;
		std::istringstream lines(text);
		for (std::string line; std::getline(lines, line);)
		{
			const std::string include = includeOf(line);
			if (!include.empty()) result.push_back(include);
		}
		return result;
	}

	bool allowedInCore(const std::string& file, const std::string& include)
	{
		if (include == "Poco/Timespan.h") return true; // a duration
		if (include == "cstdlib") return file == "core/Buffer.cpp"; // realloc()
		if (include.compare(0, 5, "Poco/") == 0)
		{
			static const char* const WORDS[] =
			{
				"Socket", "Session", "Server", "Poll", "Reactor", "Stream", "File", "Process",
				"Thread", "Mutex", "Lock", "Event", "Condition", "Semaphore", "Task", "Activ",
				"Clock", "Time", "Stopwatch", "Random", "UUID"
			};
			for (const char* word: WORDS)
			{
				if (include.find(word) != std::string::npos) return false;
			}
			return true;
		}
		// The system's and other libraries' headers: only what computes.
		if (include.find_first_of("./") != std::string::npos)
			return include == "simdutf.h" || include == "simdjson.h" || include == "zlib.h" || include == "libdeflate.h";
		static const std::set<std::string> FORBIDDEN =
		{
			"thread", "mutex", "shared_mutex", "condition_variable", "future", "chrono", "ctime", "random",
			"csignal", "cstdio", "iostream", "fstream", "filesystem",
			"barrier", "latch", "semaphore", "stop_token"
		};
		return FORBIDDEN.count(include) == 0;
	}

	typedef std::function<std::string(const std::string&)> Source;
		/// Returns the text of a file with the given path, below Net/src or Net/include; empty if there is none.

	std::string textOf(const std::string& path)
	{
		const std::filesystem::path root = std::filesystem::path(POCO_WEBSOCKET_SOURCE_DIR) / "Net";
		std::ifstream file(root / (path.compare(0, 5, "Poco/") == 0 ? "include" : "src") / path);
		std::stringstream text;
		text << file.rdbuf();
		return text.str();
	}

	void check(const std::string& file, const std::string& layer, const std::string& text, const Source& source, std::vector<std::string>& problems)
		/// Appends what is wrong with the includes of a file of that layer, one line for each. What a file of the core includes
		/// of the public headers counts as a part of the core.
	{
		for (const std::string& include: includesOf(text))
		{
			const std::string folder = include.substr(0, include.find('/'));
			if (MAY_INCLUDE.count(folder))
			{
				if (layer == "public" || !MAY_INCLUDE.at(layer).count(folder)) problems.push_back(file + " includes " + include);
			}
			else if (include.compare(0, PUBLIC.size(), PUBLIC) == 0)
			{
				if (layer == "core") check(include, layer, source(include), source, problems);
			}
			else if (include.compare(0, 9, "WebSocket") == 0)
			{
				problems.push_back(file + " includes " + include + " without its folder");
			}
			else if (layer == "core" && !allowedInCore(file, include))
			{
				problems.push_back(file + " of the core includes " + include);
			}
		}
	}

	std::size_t problems(const std::string& file, const std::string& text, const Source& source = [](const std::string&) { return std::string(); })
		/// Returns how many there are in a file of the library.
	{
		std::vector<std::string> result;
		check(file, file.substr(0, file.find('/')), text, source, result);
		return result.size();
	}
}


TEST(LayeringTest, EveryFileOfTheLibrary)
{
	const std::filesystem::path root = std::filesystem::path(POCO_WEBSOCKET_SOURCE_DIR) / "Net";
	std::set<std::string> layers;
	std::vector<std::string> found;
	const auto checkAll = [&](const std::filesystem::path& folder, const std::string& layer, const std::string& prefix)
	{
		for (const auto& entry: std::filesystem::directory_iterator(folder))
		{
			const std::string file = prefix + entry.path().filename().string();
			const std::string text = textOf(file);
			EXPECT_FALSE(includesOf(text).empty()) << file;
			check(file, layer, text, textOf, found);
		}
	};
	for (const auto& entry: std::filesystem::directory_iterator(root / "src"))
	{
		const std::string layer = entry.path().filename().string();
		ASSERT_EQ(1u, MAY_INCLUDE.count(layer)) << layer << " is no layer";
		layers.insert(layer);
		checkAll(entry.path(), layer, layer + "/");
	}
	EXPECT_EQ(MAY_INCLUDE.size(), layers.size());
	checkAll(root / "include/Poco/Net", "public", "Poco/Net/");
	EXPECT_EQ(std::vector<std::string>(), found);
}


TEST(LayeringTest, CheckAcceptsOwnAndLowerLayers)
{
	EXPECT_EQ(0u, problems("core/FrameHeader.cpp", "#include \"core/UTF8.h\"\n#include \"Poco/Net/WebSocketFrame.h\"\n#include <cstring>\n"));
	EXPECT_EQ(0u, problems("core/Framer.h", "#include \"core/FrameHeader.h\"\n#include <atomic>\n"));
	EXPECT_EQ(0u, problems("core/Handshake.h", "#include \"Poco/Net/HTTPRequest.h\"\n#include \"Poco/Crypto/DigestEngine.h\"\n"));
	EXPECT_EQ(0u, problems("core/UTF8.cpp", "#include <simdjson.h>\n// #include <thread>\n"));
	EXPECT_EQ(0u, problems("core/Buffer.cpp", "#include \"core/Buffer.h\"\n#include <cstdlib>\n"));
	EXPECT_EQ(0u, problems("net/Transport.cpp", "#include \"net/Transport.h\"\n#include \"Poco/Clock.h\"\n#include <sys/socket.h>\n"));
}


TEST(LayeringTest, CheckFindsHigherLayers)
{
	EXPECT_EQ(1u, problems("core/Handshake.cpp", "#include \"net/Connector.h\"\n"));
	EXPECT_EQ(1u, problems("net/Transport.cpp", "#include \"events/Stream.h\"\n"));
	EXPECT_EQ(1u, problems("blocking/Reader.cpp", "#include \"events/Reactor.h\"\n"));
	EXPECT_EQ(1u, problems("events/Reactor.cpp", "#include \"blocking/Reader.h\"\n"));
	EXPECT_EQ(2u, problems("core/Mask.cpp", "#include <cstring>\n#include <blocking/Sender.h>\n  #  include \"blocking/Receiver.h\"\n"));
}


TEST(LayeringTest, CheckFindsFilesWithoutFolder)
{
	EXPECT_EQ(1u, problems("blocking/Reader.cpp", "#include \"WebSocketNovelty.h\"\n"));
}


TEST(LayeringTest, CheckFindsWhatPublicHeadersOfTheCoreInclude)
{
	const Source source = [](const std::string& path)
	{
		return path == "Poco/Net/WebSocketParams.h" ? "#include \"Poco/Net/WebSocket.h\"\n" : "#include \"Poco/Net/StreamSocket.h\"\n";
	};
	EXPECT_EQ(1u, problems("core/Assembler.cpp", "#include \"Poco/Net/WebSocketParams.h\"\n", source));
	EXPECT_EQ(0u, problems("net/Connector.cpp", "#include \"Poco/Net/WebSocketParams.h\"\n", source));
}


TEST(LayeringTest, CheckFindsWhatTheCoreMustNotKnow)
{
	const char* const HEADERS[] =
	{
		"\"Poco/Net/Socket.h\"", "\"Poco/Net/StreamSocket.h\"", "\"Poco/Net/SocketImpl.h\"", "\"Poco/Net/HTTPClientSession.h\"",
		"\"Poco/Net/PollSet.h\"", "\"Poco/Thread.h\"", "\"Poco/ThreadPool.h\"", "\"Poco/Mutex.h\"", "\"Poco/Event.h\"",
		"\"Poco/Clock.h\"", "\"Poco/Timestamp.h\"", "\"Poco/DateTime.h\"", "\"Poco/Timer.h\"",
		"\"Poco/Random.h\"", "\"Poco/RandomStream.h\"",
		"<thread>", "<mutex>", "<condition_variable>", "<chrono>", "<ctime>", "<random>", "<iostream>",
		"<time.h>", "<pthread.h>", "<unistd.h>", "<poll.h>", "<sys/socket.h>", "<sys/time.h>", "<netinet/in.h>", "<openssl/rand.h>"
	};
	EXPECT_EQ(1u, problems("core/Framer.cpp", "#include <cstdlib>\n"));
	for (const char* header: HEADERS)
	{
		const std::string text = std::string("#include ") + header + "\n";
		for (const auto& layer: MAY_INCLUDE)
			EXPECT_EQ(layer.first == "core" ? 1u : 0u, problems(layer.first + "/File.cpp", text)) << layer.first << ": " << header;
	}
}
