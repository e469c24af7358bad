//
// LayeringTest.cpp
//
// What files of Messaging and Net may include: Net knows nothing of Messaging; the rules in Messaging/src/core know no lock, thread, clock or
// random generator of their own, and nothing of src/hub.
//
// SPDX-License-Identifier: BSL-1.0
//


#include <gtest/gtest.h>
#include <filesystem>
#include <fstream>
#include <regex>
#include <string>
#include <vector>


namespace
{
	std::vector<std::string> includesOf(const std::filesystem::path& path)
	{
		static const std::regex INCLUDE("\\s*#\\s*include\\s*[<\"]([^>\"]+)[>\"].*");
		std::vector<std::string> result;
		std::ifstream file(path);
		std::smatch match;
		for (std::string line; std::getline(file, line);)
		{
			if (std::regex_match(line, match, INCLUDE)) result.push_back(match[1]);
		}
		return result;
	}

	std::size_t check(const std::string& folder, const std::regex& forbidden)
		/// Returns how many includes there are.
	{
		std::size_t count = 0;
		for (const auto& entry: std::filesystem::recursive_directory_iterator(std::filesystem::path(POCO_WEBSOCKET_SOURCE_DIR) / folder))
		{
			if (!entry.is_regular_file()) continue;
			for (const std::string& include: includesOf(entry.path()))
			{
				++count;
				EXPECT_FALSE(std::regex_match(include, forbidden)) << entry.path() << " includes " << include;
			}
		}
		return count;
	}
}


TEST(HubLayering, FoldersIncludeWhatIsBelow)
{
	EXPECT_LT(100u, check("Net/include", std::regex("Poco/Messaging/.*")));
	EXPECT_LT(100u, check("Net/src", std::regex("Poco/Messaging/.*")));
	EXPECT_LT(10u, check("Messaging/include", std::regex("(core|hub|service|client|events|net|blocking)/.*")));
	EXPECT_LT(10u, check("Messaging/src/hub", std::regex("(events|net|blocking)/.*")));
	EXPECT_LT(10u, check("Messaging/src/client", std::regex("(core|hub|service|events|net|blocking)/.*")));
	for (const std::string& include: includesOf(std::filesystem::path(POCO_WEBSOCKET_SOURCE_DIR) / "Messaging/src/client/ClientRules.h"))
		EXPECT_FALSE(std::regex_match(include, std::regex("thread|mutex|condition_variable|future|chrono|random"))) << "the rules of the client include " << include;
	EXPECT_LT(10u, check("Messaging/src/core",
		std::regex("(hub|events|net|blocking)/.*|Poco/Messaging/(Hub|HubTimer|MemoryBackplane)\\.h|Poco/(Clock|Timestamp|Mutex|Thread|Event|Random).*|"
			"thread|mutex|shared_mutex|condition_variable|future|chrono|ctime|random")));
}
