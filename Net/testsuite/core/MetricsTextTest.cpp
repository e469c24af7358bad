//
// MetricsTextTest.cpp
//
// Library: PocoWebSocket
// Package: Tests
// Module:  WebSocketMetricsTextTest
//
// Metrics as text, in both formats.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "core/MetricsText.h"
#include <gtest/gtest.h>
#include <string>


using Poco::Net::WebSocketMetricsText;


namespace
{
	std::string sample(bool openMetrics)
	{
		WebSocketMetricsText text(openMetrics);
		text.gauge("x_connections", "Now.");
		text.value(Poco::UInt64(3));
		text.counter("x_traffic_bytes", "Bytes.", "bytes");
		text.value(~Poco::UInt64(0), "direction", "in");
		text.value(Poco::UInt64(0), "direction", "out");
		text.gauge("x_lag_seconds", "Lag.", "seconds");
		text.value(0.25, "loop", "1");
		text.value(12345678.0, "loop", "2");
		text.histogram("x_turn_seconds", "Turns.", "seconds", {{"0.1", 3}, {"2.5", 0}, {"+Inf", 2}}, 7.5);
		return text.take();
	}
}


TEST(MetricsTextTest, OpenMetrics)
{
	EXPECT_EQ(
		"# TYPE x_connections gauge\n"
		"# HELP x_connections Now.\n"
		"x_connections 3\n"
		"# TYPE x_traffic_bytes counter\n"
		"# UNIT x_traffic_bytes bytes\n"
		"# HELP x_traffic_bytes Bytes.\n"
		"x_traffic_bytes_total{direction=\"in\"} 18446744073709551615\n"
		"x_traffic_bytes_total{direction=\"out\"} 0\n"
		"# TYPE x_lag_seconds gauge\n"
		"# UNIT x_lag_seconds seconds\n"
		"# HELP x_lag_seconds Lag.\n"
		"x_lag_seconds{loop=\"1\"} 0.250000\n"
		"x_lag_seconds{loop=\"2\"} 12345678.000000\n"
		"# TYPE x_turn_seconds histogram\n"
		"# UNIT x_turn_seconds seconds\n"
		"# HELP x_turn_seconds Turns.\n"
		"x_turn_seconds_bucket{le=\"0.1\"} 3\n"
		"x_turn_seconds_bucket{le=\"2.5\"} 3\n"
		"x_turn_seconds_bucket{le=\"+Inf\"} 5\n"
		"x_turn_seconds_sum 7.500000\n"
		"x_turn_seconds_count 5\n"
		"# EOF\n", sample(true));
}


TEST(MetricsTextTest, Prometheus)
{
	EXPECT_EQ(
		"# TYPE x_connections gauge\n"
		"# HELP x_connections Now.\n"
		"x_connections 3\n"
		"# TYPE x_traffic_bytes_total counter\n"
		"# HELP x_traffic_bytes_total Bytes.\n"
		"x_traffic_bytes_total{direction=\"in\"} 18446744073709551615\n"
		"x_traffic_bytes_total{direction=\"out\"} 0\n"
		"# TYPE x_lag_seconds gauge\n"
		"# HELP x_lag_seconds Lag.\n"
		"x_lag_seconds{loop=\"1\"} 0.250000\n"
		"x_lag_seconds{loop=\"2\"} 12345678.000000\n"
		"# TYPE x_turn_seconds histogram\n"
		"# HELP x_turn_seconds Turns.\n"
		"x_turn_seconds_bucket{le=\"0.1\"} 3\n"
		"x_turn_seconds_bucket{le=\"2.5\"} 3\n"
		"x_turn_seconds_bucket{le=\"+Inf\"} 5\n"
		"x_turn_seconds_sum 7.500000\n"
		"x_turn_seconds_count 5\n", sample(false));
}
