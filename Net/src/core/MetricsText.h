//
// MetricsText.h
//
// Library: PocoWebSocket
// Package: Core
// Module:  WebSocketMetricsText
//
// Metrics as text.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketMetricsText_INCLUDED
#define Net_WebSocketMetricsText_INCLUDED


#include "Poco/Net/WebSocketConfig.h"
#include "Poco/Types.h"
#include <string>
#include <utility>
#include <vector>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


class WebSocketMetricsText
	/// Writes metrics in the text format of OpenMetrics 1.0.0, or the older one of Prometheus, 0.0.4. Names and units are
	/// constants of the library, and the values of labels these or host names: they need no escaping.
{
public:
	explicit WebSocketMetricsText(bool openMetrics);

	void counter(const char* pName, const char* pHelp, const char* pUnit = "");
	void gauge(const char* pName, const char* pHelp, const char* pUnit = "");
		/// Begins a family. The unit, if there is one, is the end of its name.

	void value(Poco::UInt64 number, const char* pLabel = nullptr, const std::string& labelValue = std::string());
	void value(double number, const char* pLabel = nullptr, const std::string& labelValue = std::string());
		/// A sample of the family.

	void histogram(const char* pName, const char* pHelp, const char* pUnit, const std::vector<std::pair<const char*, Poco::UInt64>>& buckets, double sum);
		/// A whole family. A bucket has its limit, as text, the last "+Inf", and how many values it has that no bucket before has. The sum is that of all values.

	std::string take();
		/// Returns the whole text.

private:
	void family(const char* pName, const char* pType, const char* pHelp, const char* pUnit);
	void sample(const std::string& number, const char* pLabel, const std::string& labelValue);

	const bool _openMetrics;
	std::string _name; // of the family's samples
	std::string _text;
};


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketMetricsText_INCLUDED
