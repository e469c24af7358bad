#!/usr/bin/env bash
#
# Tests packaging/abi.sh with releases that are made up: in a copy of the source tree, with changes that programs built before can and
# cannot live with.
#
# usage: packaging/abi-test.sh <work directory>
#
# SPDX-License-Identifier: BSL-1.0

set -euo pipefail

SOURCE="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
mkdir -p "$1"
WORK="$(cd "$1" && pwd)"
readonly SOURCE WORK
readonly COPY="$WORK/copy"
readonly HANDLER=Net/include/Poco/Net/WebSocketHandler.h SERVER=Net/include/Poco/Net/WebSocketServer.h
VERSION="$(sed -n 's/^project(PocoWebSocket VERSION \([0-9]*\.[0-9]*\)\..*/\1/p' "$SOURCE/CMakeLists.txt")"
readonly VERSION
export ABI_LIBRARIES=PocoWebSocket # the others take longer to build, and are compared in the same way

fail()
{
	echo "abi-test: $*" >&2
	exit 1
}

commit() # <message>
{
	git -C "$COPY" add --all
	git -C "$COPY" -c user.name=abi-test -c user.email=abi-test@localhost commit --quiet --allow-empty --message "$1"
}

expect() # <exit code> <what was changed>: compares the copy, then takes the change back
{
	local code=0
	"$COPY/packaging/abi.sh" "$WORK/abi" > "$WORK/abi.log" 2>&1 || code=$?
	[[ $code == "$1" ]] || { tail -n 40 "$WORK/abi.log"; fail "$2: exit code $code, not $1"; }
	echo "abi-test: $2: $(tail -n 1 "$WORK/abi.log")"
	git -C "$COPY" checkout --quiet .
}

change() # <file> <sed's command>
{
	sed -i "$2" "$COPY/$1"
	! git -C "$COPY" diff --quiet || fail "nothing was changed in $1 by $2"
}

rm -rf "$COPY" # what was built is kept
git clone --quiet --no-tags "$SOURCE" "$COPY"
git -C "$SOURCE" ls-files -z --cached --others --exclude-standard | (cd "$SOURCE" && xargs -0 -r ls -d 2> /dev/null) |
	tar -C "$SOURCE" -c -T - | tar -C "$COPY" -x # what is not committed yet too
commit "this"

[[ -z $("$COPY/packaging/abi.sh" --base) ]] || fail "a base without a release"
expect 77 "no release"
git -C "$COPY" tag "v$VERSION.9"
git -C "$COPY" tag "v$VERSION.10"
git -C "$COPY" tag "v$VERSION.11-rc1"
expect 77 "the release is this commit"
commit "after the release"
[[ $("$COPY/packaging/abi.sh" --base) == "v$VERSION.10" ]] || fail "the base is $("$COPY/packaging/abi.sh" --base)"
expect 0 "nothing changed"

change $SERVER 's/^\tbool accepting() const;/\tbool addition() const;\n&/'
change Net/src/events/WebSocketServer.cpp 's/^bool WebSocketServer::accepting() const/bool WebSocketServer::addition() const { return false; }\n&/'
expect 0 "a function more"
change $HANDLER '0,/^\tvirtual void onMessage(.*/s//\tvirtual void onAddition() {}\n&/'
expect 1 "a virtual function more"
change $SERVER 's/^\t\tint handshakes = 0;/\t\tint addition = 0;\n&/'
expect 1 "a member more in a struct that is returned"
echo "abi-test: ok"
