//
// LayeringTest.cpp
//
// Library: PocoWebSocket
// Package: Tests
// Module:  LayeringTest
//
// What the library's files may include: their own layer or a lower one; and no
// socket, thread, clock or random generator in the protocol core (layers 0 and 1).
//
// SPDX-License-Identifier: BSL-1.0
//


#include <gtest/gtest.h>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>


namespace
{
	constexpr int CORE = 1;     // the highest layer that knows no I/O
	constexpr int BLOCKING = 3; // the two shells, which do not know each other, on the same 2
	constexpr int EVENTS = 4;

	const std::map<std::string, int> LAYERS =
	{
		{"WebSocketBuffer", 0},
		{"WebSocketConfig", 0},
		{"WebSocketError", 0},
		{"WebSocketFrame", 0},
		{"WebSocketLikely", 0},
		{"WebSocketMask", 0},
		{"WebSocketShort", 0},
		{"WebSocketUTF8", 0},
		{"WebSocketAddress", 1},
		{"WebSocketAssembler", 1},
		{"WebSocketAuth", 1},
		{"WebSocketChallenge", 1},
		{"WebSocketDeflate", 1},
		{"WebSocketFramer", 1},
		{"WebSocketFramerWhole", 1},
		{"WebSocketHandshake", 1},
		{"WebSocketHandshakeFields", 1},
		{"WebSocketHeaderMeter", 1},
		{"WebSocketMessageParser", 1},
		{"WebSocketMessageWriter", 1},
		{"WebSocketParams", 1},
		{"WebSocketProgress", 1},
		{"WebSocketAcceptor", 2},
		{"WebSocketConnector", 2},
		{"WebSocketDeadline", 2},
		{"WebSocketDescriptor", 2},
		{"WebSocketDialer", 2},
		{"WebSocketLock", 2},
		{"WebSocketOpenSSL", 2},
		{"WebSocketPeerState", 2},
		{"WebSocketTimeLimit", 2},
		{"WebSocketTransport", 2},
		{"WebSocketUpgrade", 2},
		{"WebSocket", BLOCKING},
		{"WebSocketImpl", BLOCKING},
		{"WebSocketMessageSender", BLOCKING},
		{"WebSocketReader", BLOCKING},
		{"WebSocketReceiver", BLOCKING},
		{"WebSocketSender", BLOCKING},
		{"WebSocketSenderReplies", BLOCKING},
		{"WebSocketTarget", BLOCKING},
		{"WebSocketClient", EVENTS},
		{"WebSocketClientLoop", EVENTS},
		{"WebSocketClientParams", EVENTS},
		{"WebSocketConnection", EVENTS},
		{"WebSocketConnectionParams", EVENTS},
		{"WebSocketBroadcasts", EVENTS},
		{"WebSocketEventAccess", EVENTS},
		{"WebSocketEventBroadcast", EVENTS},
		{"WebSocketEventClosing", EVENTS},
		{"WebSocketEventConnection", EVENTS},
		{"WebSocketEventGroup", EVENTS},
		{"WebSocketEventDeflating", EVENTS},
		{"WebSocketEventFlushing", EVENTS},
		{"WebSocketEventSending", EVENTS},
		{"WebSocketEventTiming", EVENTS},
		{"WebSocketHTTPDispatcher", EVENTS},
		{"WebSocketHTTPSession", EVENTS},
		{"WebSocketListener", EVENTS},
		{"WebSocketLoopMember", EVENTS},
		{"WebSocketOpening", EVENTS},
		{"WebSocketFanOut", EVENTS},
		{"WebSocketOutput", EVENTS},
		{"WebSocketPlace", EVENTS},
		{"WebSocketPoller", EVENTS},
		{"WebSocketProcess", EVENTS},
		{"WebSocketReactor", EVENTS},
		{"WebSocketServer", EVENTS},
		{"WebSocketServerParams", EVENTS},
		{"WebSocketStream", EVENTS},
		{"WebSocketTimerWheel", EVENTS}
	};

	std::string roomOf(const std::string& path)
		/// The name of a file without folder and extension.
	{
		return std::filesystem::path(path).stem().string();
	}

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

	bool allowedInCore(const std::string& room, const std::string& include)
	{
		if (include == "Poco/Timespan.h") return true; // a duration
		if (include == "cstdlib") return room == "WebSocketBuffer"; // realloc()
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

	std::vector<std::string> problems(const std::string& file, const std::string& text)
		/// What is wrong with the includes of a file, one line for each.
	{
		std::vector<std::string> result;
		const auto own = LAYERS.find(roomOf(file));
		if (own == LAYERS.end())
		{
			result.push_back(file + " has no layer");
			return result;
		}
		for (const std::string& include: includesOf(text))
		{
			const std::string room = roomOf(include);
			const auto it = LAYERS.find(room);
			if (it != LAYERS.end())
			{
				if (it->second > own->second) result.push_back(file + " includes " + include + " of a higher layer");
				if (own->second == EVENTS && it->second == BLOCKING) result.push_back(file + " includes " + include + " of the other shell");
			}
			else if (room.compare(0, 9, "WebSocket") == 0)
			{
				result.push_back(file + " includes " + include + ", which has no layer");
			}
			else if (own->second <= CORE && !allowedInCore(own->first, include))
			{
				result.push_back(file + " of the core includes " + include);
			}
		}
		return result;
	}
}


TEST(LayeringTest, EveryFileOfTheLibrary)
{
	const std::filesystem::path root = std::filesystem::path(POCO_WEBSOCKET_SOURCE_DIR) / "Net";
	std::set<std::string> seen;
	for (const char* folder: {"include/Poco/Net", "src"})
	{
		for (const auto& entry: std::filesystem::directory_iterator(root / folder))
		{
			std::ifstream file(entry.path());
			std::stringstream text;
			text << file.rdbuf();
			ASSERT_TRUE(file.good()) << entry.path();
			EXPECT_EQ(std::vector<std::string>(), problems(entry.path().filename().string(), text.str()));
			EXPECT_FALSE(includesOf(text.str()).empty()) << entry.path();
			seen.insert(roomOf(entry.path().string()));
		}
	}
	for (const auto& layer: LAYERS) EXPECT_EQ(1u, seen.count(layer.first)) << layer.first << " has no file";
}


TEST(LayeringTest, CheckAcceptsOwnAndLowerLayers)
{
	const std::vector<std::string> none;
	EXPECT_EQ(none, problems("WebSocketFrame.cpp", "#include \"Poco/Net/WebSocketUTF8.h\"\n#include <cstring>\n"));
	EXPECT_EQ(none, problems("WebSocketFramer.h", "#include \"Poco/Net/WebSocketFrame.h\"\n#include <atomic>\n"));
	EXPECT_EQ(none, problems("WebSocketHandshake.h", "#include \"Poco/Net/HTTPRequest.h\"\n#include \"Poco/Crypto/DigestEngine.h\"\n"));
	EXPECT_EQ(none, problems("WebSocketUTF8.cpp", "#include <simdjson.h>\n// #include <thread>\n"));
	EXPECT_EQ(none, problems("WebSocketBuffer.cpp", "#include \"Poco/Net/WebSocketBuffer.h\"\n#include <cstdlib>\n"));
	EXPECT_EQ(none, problems("WebSocketTransport.cpp", "#include \"WebSocketTransport.h\"\n#include \"Poco/Clock.h\"\n#include <sys/socket.h>\n"));
}


TEST(LayeringTest, CheckFindsHigherLayers)
{
	EXPECT_EQ(1u, problems("WebSocketFrame.h", "#include \"Poco/Net/WebSocketFramer.h\"\n").size());
	EXPECT_EQ(1u, problems("WebSocketFramer.cpp", "#include \"Poco/Net/WebSocket.h\"\n").size());
	EXPECT_EQ(1u, problems("WebSocketHandshake.cpp", "#include \"WebSocketConnector.h\"\n").size());
	EXPECT_EQ(1u, problems("WebSocketReader.cpp", "#include \"WebSocketReactor.h\"\n").size());
	EXPECT_EQ(1u, problems("WebSocketReactor.cpp", "#include \"WebSocketReader.h\"\n").size());
	EXPECT_EQ(1u, problems("WebSocketTransport.cpp", "#include \"WebSocketStream.h\"\n").size());
	EXPECT_EQ(2u, problems("WebSocketMask.cpp", "#include <cstring>\n#include <WebSocketSender.h>\n  #  include \"WebSocketReceiver.h\"\n").size());
}


TEST(LayeringTest, CheckFindsFilesWithoutLayer)
{
	EXPECT_EQ(1u, problems("WebSocketNovelty.cpp", "").size());
	EXPECT_EQ(1u, problems("Helper.h", "").size());
	EXPECT_EQ(1u, problems("WebSocketImpl.cpp", "#include \"WebSocketNovelty.h\"\n").size());
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
	EXPECT_EQ(1u, problems("WebSocketFramer.cpp", "#include <cstdlib>\n").size());
	for (const char* header: HEADERS)
	{
		const std::string text = std::string("#include ") + header + "\n";
		for (const auto& layer: LAYERS)
		{
			EXPECT_EQ(layer.second <= CORE ? 1u : 0u, problems(layer.first + ".cpp", text).size()) << layer.first << ": " << header;
		}
	}
}
