//
// MetricsText.cpp
//
// Library: PocoWebSocket
// Package: Core
// Module:  WebSocketMetricsText
//
// SPDX-License-Identifier: BSL-1.0
//


#include "core/MetricsText.h"
#include "Poco/NumberFormatter.h"


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


WebSocketMetricsText::WebSocketMetricsText(bool openMetrics):
	_openMetrics(openMetrics)
{
}


void WebSocketMetricsText::counter(const char* pName, const char* pHelp, const char* pUnit)
{
	family(pName, "counter", pHelp, pUnit);
}


void WebSocketMetricsText::gauge(const char* pName, const char* pHelp, const char* pUnit)
{
	family(pName, "gauge", pHelp, pUnit);
}


void WebSocketMetricsText::family(const char* pName, const char* pType, const char* pHelp, const char* pUnit)
{
	const bool counts = *pType == 'c';
	_name = pName;
	if (counts) _name += "_total";
	const std::string name(_openMetrics ? pName : _name.c_str()); // a family of OpenMetrics has no suffix
	_text.append("# TYPE ").append(name).append(1, ' ').append(pType).append(1, '\n');
	if (_openMetrics && *pUnit != 0) _text.append("# UNIT ").append(name).append(1, ' ').append(pUnit).append(1, '\n');
	_text.append("# HELP ").append(name).append(1, ' ').append(pHelp).append(1, '\n');
}


void WebSocketMetricsText::value(Poco::UInt64 number, const char* pLabel, const std::string& labelValue)
{
	sample(std::to_string(number), pLabel, labelValue);
}


void WebSocketMetricsText::value(double number, const char* pLabel, const std::string& labelValue)
{
	sample(Poco::NumberFormatter::format(number, 6), pLabel, labelValue); // whatever the locale
}


void WebSocketMetricsText::sample(const std::string& number, const char* pLabel, const std::string& labelValue)
{
	_text.append(_name);
	if (pLabel) _text.append(1, '{').append(pLabel).append("=\"").append(labelValue).append("\"}");
	_text.append(1, ' ').append(number).append(1, '\n');
}


void WebSocketMetricsText::histogram(const char* pName, const char* pHelp, const char* pUnit, const std::vector<std::pair<const char*, Poco::UInt64>>& buckets, double sum)
{
	family(pName, "histogram", pHelp, pUnit);
	const std::string name = _name;
	Poco::UInt64 count = 0;
	_name = name + "_bucket";
	for (const auto& [pLimit, number]: buckets)
	{
		count += number; // those of a bucket are in all that follow
		value(count, "le", pLimit);
	}
	_name = name + "_sum";
	value(sum);
	_name = name + "_count";
	value(count);
}


std::string WebSocketMetricsText::take()
{
	if (_openMetrics) _text.append("# EOF\n");
	return std::move(_text);
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
