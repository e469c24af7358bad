# The shared libraries, and what they export for programs. Sourced by packaging/symbols.sh and packaging/abi.sh.
#
# SPDX-License-Identifier: BSL-1.0

# <library>: <directory of its headers> <namespace>
declare -rA LIBRARIES=(
	[PocoWebSocket]="Net/include Poco::Net::WebSocket_v1"
	[PocoMessaging]="Messaging/include Poco::Messaging::Messaging_v1"
	[PocoMessagingRedis]="Messaging/Redis/include Poco::Messaging::Messaging_v1"
	[PocoMessagingNATS]="Messaging/NATS/include Poco::Messaging::Messaging_v1"
)

public_symbols() # <shared library> <header directory> <namespace>: the mangled and the demangled names of what its classes and functions export
{
	local names
	names="$(grep -rhoE --include '*.h' '^(class|struct) ([A-Za-z]+_API )?[A-Za-z]+$|^(class|struct) [A-Za-z]+_API [A-Za-z]+:|^[A-Za-z]+_API [^(]*\(' "$2" |
		sed -E 's/[:(]$//; s/.* //' | LC_ALL=C sort -u | paste -s -d '|')"
	# Not weak functions: they are inline, so that programs have their own, and the library has those that its compiler did not inline.
	nm -D --defined-only "$1" | awk '$2 != "W" {print $3}' | paste - <(nm -D --defined-only "$1" | awk '$2 != "W" {print $3}' | c++filt) |
		grep -E "	([a-z ]+ (for|to) )?$3::($names)(::|\[|\(|\$)" | grep -v '::Core\b'
}
