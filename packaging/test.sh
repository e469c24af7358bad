#!/usr/bin/env bash
#
# Builds the Debian packages in a clean Debian, installs them in another, and builds and runs programs against them there.
#
# usage: packaging/test.sh <work directory>
#
# Needs root, debootstrap, and lintian. The suite is bookworm; SUITE in the environment takes another. What debootstrap makes is kept in
# the work directory, so that the next run is faster; without it a new one is made.
#
# SPDX-License-Identifier: BSL-1.0

set -euo pipefail

SOURCE="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
mkdir -p "$1"
WORK="$(cd "$1" && pwd)"
readonly SOURCE WORK
source "$SOURCE/script/lib/debian.sh"
readonly SUITE="${SUITE:-bookworm}"
readonly CLEAN="$WORK/clean-$SUITE"     # what debootstrap has made
readonly BUILDER="$WORK/builder-$SUITE" # where the packages are built
readonly USER_="$WORK/user-$SUITE"      # where they are installed

fail()
{
	echo "packaging: $*" >&2
	exit 1
}

release() # what is mounted
{
	leave_debian "$BUILDER"
	leave_debian "$USER_"
}

new_root() # <directory>: a copy of the clean Debian
{
	rm -rf "$1"
	cp -a "$CLEAN" "$1"
	enter_debian "$1"
}

install_packages() # <directory> <package>...
{
	in_debian "$1" sh -c "apt-get install --yes --quiet --no-install-recommends ${*:2}" > "$WORK/apt.log" 2>&1 || fail "cannot be installed: ${*:2}; see $WORK/apt.log"
}

build_packages()
{
	new_root "$BUILDER"
	local upstream tree
	upstream="$(sed -n '1s/.*(\(.*\)-[^-]*).*/\1/p' "$SOURCE/packaging/debian/changelog")"
	tree="$BUILDER/build/poco-websocket-$upstream"
	mkdir -p "$tree"
	# As a release's archive has it; what is new and not ignored too, so that a change can be tried before it is committed.
	git -C "$SOURCE" ls-files -z --cached --others --exclude-standard | (cd "$SOURCE" && xargs -0 -r ls -d 2> /dev/null) |
		tar -C "$SOURCE" -c -T - | tar -C "$tree" -x
	tar -C "$BUILDER/build" -c -J -f "$BUILDER/build/poco-websocket_$upstream.orig.tar.xz" "poco-websocket-$upstream"
	cp -r "$SOURCE/packaging/debian" "$tree/debian"
	install_packages "$BUILDER" build-essential devscripts equivs
	in_debian "$BUILDER" sh -c "cd /build/poco-websocket-$upstream && mk-build-deps --install --remove --tool 'apt-get --yes --no-install-recommends' debian/control" \
		> "$WORK/build-deps.log" 2>&1 || fail "what is needed for building cannot be installed; see $WORK/build-deps.log"
	in_debian "$BUILDER" sh -c "cd /build/poco-websocket-$upstream && dpkg-buildpackage --no-sign" > "$WORK/build.log" 2>&1 ||
		{ tail -n 40 "$WORK/build.log"; fail "the packages cannot be built; see $WORK/build.log"; }
	# A symbol that is new, and not in the file yet, is shown; one that has gone ends the build.
	! grep -A 20 '^dpkg-gensymbols: warning' "$WORK/build.log" || echo "packaging: see packaging/debian/*.symbols"
}

check_packages()
{
	lintian --fail-on error,warning --suppress-tags bogus-mail-host,initial-upload-closes-no-bugs "$BUILDER"/build/*.changes ||
		fail "lintian objects"
}

use_packages()
{
	new_root "$USER_"
	mkdir "$USER_/packages"
	cp "$BUILDER"/build/*.deb "$USER_/packages"
	rm -f "$USER_"/packages/*-dbgsym_*

	# First the tools alone: what they need to run comes with them.
	install_packages "$USER_" /packages/libpocowebsocket1.0_*.deb /packages/libpocomessaging1.0_*.deb /packages/poco-websocket-tools_*.deb
	in_debian "$USER_" sh -c '
		mkfifo /tmp/line
		EchoServer --port=0 > /tmp/line & server=$!
		read -r line < /tmp/line
		answer=$(echo hello | WebSocketShell --quiet "ws${line##*http}")
		kill $server
		test "$answer" = hello' || fail "EchoServer and WebSocketShell do not speak with each other"
	in_debian "$USER_" test ! -e /usr/include/PocoWebSocket || fail "the headers belong into the development package"

	install_packages "$USER_" /packages/libpocowebsocket-dev_*.deb g++ cmake ninja-build pkg-config
	mkdir -p "$USER_/consumer"
	cp -r "$SOURCE"/Net/testsuite/consumer/* "$USER_/consumer"
	in_debian "$USER_" sh -e -c '
		cmake -S /consumer/installed -B /tmp/cmake -G Ninja
		cmake --build /tmp/cmake
		/tmp/cmake/Program
		cmake -S /consumer/beside -B /tmp/beside -G Ninja
		cmake --build /tmp/beside
		/tmp/beside/Beside
		c++ -std=c++17 /consumer/Program.cpp -o /tmp/Program $(pkg-config --cflags --libs PocoWebSocket)
		/tmp/Program
		ldd /tmp/Program | grep "libPocoWebSocket.so.1.0 => /"' > "$WORK/use.log" 2>&1 || { tail -n 40 "$WORK/use.log"; fail "programs cannot be built against the packages"; }

	# Messaging, and what joins nodes, are packages of their own: a program gets what it asks for, and no more.
	in_debian "$USER_" sh -c 'cmake -S /consumer/messaging -B /tmp/missing -G Ninja -DCOMPONENTS=Messaging' > "$WORK/missing.log" 2>&1 && fail "Messaging is in another package than its own"
	grep -q "PocoWebSocket has no component Messaging here" "$WORK/missing.log" || { cat "$WORK/missing.log"; fail "it is not said that Messaging is missing"; }
	use_messaging Messaging libpocomessaging
	[[ -z $(in_debian "$USER_" dpkg-query -W -f '${Package} ${db:Status-Status}\n' 'libhiredis*' 'libnats*' 2> /dev/null | grep ' installed') ]] ||
		fail "Messaging brings hiredis or libnats with it"
	use_messaging MessagingRedis libpocomessagingredis redis-server
	use_messaging MessagingNATS libpocomessagingnats nats-server

	# Everything goes again.
	in_debian "$USER_" apt-get purge --yes --quiet libpocowebsocket1.0 > "$WORK/purge.log" 2>&1
	local left
	left="$(find "$USER_/usr" "$USER_/etc" -iname '*PocoWebSocket*' -o -iname '*PocoMessaging*' -o -name 'EchoServer*' -o -name 'WebSocketShell*')"
	[[ -z $left ]] || fail "left after purging: $left"
}

use_messaging() # <component> <package of its library, without version> [<package>]: installs its packages; builds and runs a program with CMake and pkg-config
{
	local program="${1#Messaging}"
	install_packages "$USER_" "/packages/${2}1.0_*.deb" "/packages/$2-dev_*.deb" "${@:3}"
	in_debian "$USER_" sh -e -c "
		cmake -S /consumer/messaging -B /tmp/$1 -G Ninja '-DCOMPONENTS=Messaging;$1'
		cmake --build /tmp/$1
		mkdir -p /tmp/pc
		c++ -std=c++17 /consumer/messaging/${program:-Messaging}.cpp -o /tmp/pc/${program:-Messaging} \$(pkg-config --cflags --libs Poco$1)
		ldd /tmp/pc/${program:-Messaging} | grep 'libPoco$1.so.1.0 => /'
		/consumer/messaging/run.sh /tmp/$1
		/consumer/messaging/run.sh /tmp/pc" > "$WORK/use-$1.log" 2>&1 || { tail -n 40 "$WORK/use-$1.log"; fail "programs with $1 cannot be built against the packages, or do not run"; }
}

[[ $EUID -eq 0 ]] || fail "only root can do that"
trap release EXIT
release
make_debian "$SUITE" "$CLEAN"
build_packages
check_packages
use_packages
ls -l "$BUILDER"/build/*.deb
echo "packaging: ok"
