//
// Routes.h
//
// Library: PocoWebSocket
// Package: Core
// Module:  WebSocketRoutes
//
// Which of a server's paths a request is for.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketRoutes_INCLUDED
#define Net_WebSocketRoutes_INCLUDED


#include "Poco/Net/WebSocketConfig.h"
#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


class WebSocketRoutes
	/// Paths with numbers: 0 for the first that was added, and so on.
	///
	///     /chat          exactly this path
	///     /rooms/{id}    any text that is not empty, and has no slash in it, is in the place of one segment, the parameter
	///     /files/*       a prefix: paths that begin with what is before the asterisk, which is the last segment
	///
	/// If several fit, the exact path is taken; then the one with a parameter: with the longest text before it, and then behind it; then
	/// the longest prefix.
	///
	/// Paths are compared as RFC 3986, 6.2.2.1 and 6.2.2.2 say: %41 is A, and %2f is %2F, which is no slash. Case counts,
	/// also whether there is a slash at the end, and dot segments are not resolved.
{
public:
	enum: std::size_t
	{
		NONE = static_cast<std::size_t>(-1)
	};

	enum Outcome
		/// Of add().
	{
		ADDED,
		MALFORMED, /// It does not begin with a slash, has more than one parameter or asterisk, or what is no path (RFC 3986, 3.3).
		REPEATED   /// There is one that fits the same paths.
	};

	Outcome add(std::string_view path);
		/// Adds a path. Changes nothing if it returns something else than ADDED.

	std::size_t find(std::string_view target, std::string& value) const;
		/// Returns the number of the path for a request target (RFC 7230, 5.3.1 and 5.3.2: with a query, or a whole URI), or NONE. If it has a parameter,
		/// value becomes what is in its place; if it is a prefix, the rest of the path. Both are percent-decoded (RFC 3986, 2.1), and
		/// may have any byte in them.

	bool empty() const;

private:
	struct Pattern
		/// A path with a parameter, or a prefix.
	{
		std::string before;
		std::string behind;
		bool prefix = false;
		std::size_t number = 0;

		bool goesBefore(const Pattern& other) const;
		bool fits(const std::string& path) const;
	};

	std::map<std::string, std::size_t> _exact;
	std::vector<Pattern> _patterns; // in the order in which they are tried
	std::size_t _count = 0;
};


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketRoutes_INCLUDED
