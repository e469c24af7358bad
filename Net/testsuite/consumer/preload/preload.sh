#!/usr/bin/env bash
#
# Checks the shared object for LD_PRELOAD: what it exports, and what a deployed program
# does with it and without it.
#
# usage: preload.sh <libPocoWebSocketPreload.so> <libPocoNet.so> <program> exports|program
#
# SPDX-License-Identifier: BSL-1.0

set -euo pipefail

readonly PRELOAD="$1"
readonly STOCK="$2"
readonly PROGRAM="$3"

fail()
{
	echo "$*" >&2
	exit 1
}

symbols() # <library> <kinds>: the names that it defines
{
	nm -DC --defined-only "$1" | awk -v kinds="$2" 'index(kinds, $2) { sub(/^[^ ]+ . /, ""); print }' | sort -u
}

of_stock() # only those of stock's two classes
{
	grep -E '(^|for )Poco::Net::WebSocket(Impl)?(::|$)'
}

vtables() # <library>: sizes and names
{
	nm -DCS --defined-only "$1" | sed -nE 's/^[^ ]+ ([^ ]+) [A-Z] (vtable for Poco::Net::WebSocket(Impl)?)$/\1 \2/p'
}

check_exports()
{
	local foreign data missing
	foreign="$(symbols "$PRELOAD" TWVBDRu | of_stock | comm -13 - <(symbols "$PRELOAD" TWVBDRu))"
	[[ -z $foreign ]] || fail "exported, but not of stock's classes: $foreign"
	data="$(symbols "$PRELOAD" BDRu | grep -Ev '^(vtable|typeinfo|typeinfo name) for ' || true)"
	[[ -z $data ]] || fail "data of stock's is defined twice: $data"

	# Functions of stock's that still were called would work on objects that are not theirs.
	# These four are called by stock's own code only, none of which is called any more.
	missing="$(comm -23 <(symbols "$STOCK" TW | of_stock) <(symbols "$PRELOAD" TW) \
		| grep -Ev '^Poco::Net::WebSocketImpl::receive(Header|Payload|NBytes|SomeBytes)\(' || true)"
	[[ -z $missing ]] || fail "stock's function is not replaced: $missing"

	# A program may hold a copy of stock's table, in the size it was linked with.
	diff <(vtables "$STOCK") <(vtables "$PRELOAD") || fail "the virtual function tables differ in size"
	[[ $(vtables "$PRELOAD" | wc -l) == 2 ]] || fail "the virtual function tables are not exported"
}

check_program()
{
	diff - <("$PROGRAM") <<- 'EOF' || fail "without the shared object the program does not behave as with stock"
		version: 13
		half a header: 0
		an unmasked frame: 0
	EOF
	diff - <(LD_BIND_NOW=1 LD_PRELOAD="$PRELOAD" "$PROGRAM") <<- 'EOF' || fail "with the shared object the program does not behave as with this library"
		version: 13
		half a header: 11
		an unmasked frame: 14
	EOF

	# diff has seen the output only
	"$PROGRAM" > /dev/null
	LD_PRELOAD="$PRELOAD" "$PROGRAM" > /dev/null
}

"check_$4"
echo "$4: ok"
