# What the shared library exports for programs. Sourced by packaging/symbols.sh and packaging/abi.sh.
#
# SPDX-License-Identifier: BSL-1.0

public_symbols() # <library> <header directory>: the mangled and the demangled names of what the public classes export
{
	local classes
	classes="$(grep -ho 'WebSocket_API WebSocket[A-Za-z]*' "$2"/Poco/Net/*.h | sed 's/.* //' | sort -u | paste -s -d '|')"
	# Not weak functions: they are inline, so that programs have their own, and the library has those that its compiler did not inline.
	nm -D --defined-only "$1" | awk '$2 != "W" {print $3}' | paste - <(nm -D --defined-only "$1" | awk '$2 != "W" {print $3}' | c++filt) |
		grep -E "	([a-z ]+ (for|to) )?Poco::Net::WebSocket_v1::($classes)(::|\$)" | grep -v '::Core\b'
}
