//
// EngineOptions.h
//
// Definition of the EngineOptions class.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef EngineOptions_INCLUDED
#define EngineOptions_INCLUDED


#include "SampleService.h"
#include "Poco/Util/OptionSet.h"
#include <memory>
#include <string>
#include <vector>


class EngineOptions
	/// The part of the command line that says how connections are served.
{
public:
	void define(Poco::Util::OptionSet& options);
		/// Adds the options, whose values come here. While options are processed, a
		/// Poco::Util::InvalidArgumentException is thrown if a value makes no sense.

	std::unique_ptr<SampleService> createEngine() const;
		/// Returns the engine that was chosen.
		///
		/// Throws a Poco::Util::InvalidArgumentException if options do not go together.

private:
	void setEngine(const std::string& name, const std::string& value);
	void setThreads(const std::string& name, const std::string& value);
	void setDeflate(const std::string& name, const std::string& value);
	void addSubprotocol(const std::string& name, const std::string& value);
	void addOrigin(const std::string& name, const std::string& value);
	void setMaxPayload(const std::string& name, const std::string& value);

	static bool isOrigin(const std::string& text);

	static constexpr int DEFAULT = -1;

	std::string _engine = "events";
	int _threads = DEFAULT;
	bool _deflate = false;
	std::vector<std::string> _subprotocols;
	std::vector<std::string> _origins;
	int _maxPayload = 16*1024*1024;
};


#endif // EngineOptions_INCLUDED
