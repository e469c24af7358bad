//
// RedisNode.cpp
//
// A node, for tests, whose backplane is Redis; several URLs (URL;URL) are shards.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "NodeProgram.h"
#include "Poco/Messaging/RedisBackplane.h"
#include <sstream>


using namespace Poco::Messaging;


int main(int argc, char** argv)
{
	return nodeProgram(argc, argv, [](const std::string& engine, const std::string& prefix) -> Backplane::Ptr
	{
		std::istringstream urls(engine);
		std::string url;
		std::getline(urls, url, ';');
		RedisBackplaneParams::Ptr pParams(new RedisBackplaneParams(url));
		while (std::getline(urls, url, ';')) pParams->addShard(url);
		if (!prefix.empty()) pParams->setPrefix(prefix);
		return new RedisBackplane(pParams);
	});
}
