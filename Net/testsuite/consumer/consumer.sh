#!/usr/bin/env bash
#
# Builds and runs programs that use the library the way its users do.
#
# usage: consumer.sh <source directory> <work directory> <scenario>
#
#   install-shared,   install-static    installs the library below the work directory (needed by the next three)
#   installed-shared, installed-static  a CMake project with find_package
#   pkgconfig-shared, pkgconfig-static  plain compiler calls with what pkg-config says
#   beside-shared,    beside-static     a program that uses stock's WebSocket as well, and links PocoNet first
#   vendored                            a CMake project with add_subdirectory
#
# SPDX-License-Identifier: BSL-1.0

set -euo pipefail

SOURCE="$(cd "$1" && pwd)"
readonly SCENARIO="$3"
readonly KIND="${SCENARIO#*-}"
readonly CONSUMER="$SOURCE/Net/testsuite/consumer"
mkdir -p "$2"
WORK="$(cd "$2" && pwd)"
readonly SOURCE WORK
readonly PREFIX="$WORK/prefix-$KIND"
readonly BUILD="$WORK/$SCENARIO"
readonly CXX="${CXX:-c++}"

fail()
{
	echo "$SCENARIO: $*" >&2
	exit 1
}

configure() # <source> <option>...
{
	local type=Debug # optimizing takes three times as long; that the shared library is built as it is for others is enough
	[[ $KIND != shared ]] || type=Release
	rm -rf "$BUILD"
	cmake -S "$1" -B "$BUILD" -G Ninja -DCMAKE_BUILD_TYPE=$type -DCMAKE_CXX_COMPILER="$CXX" "${@:2}"
}

build()
{
	cmake --build "$BUILD" --parallel 2
}

install_library()
{
	local shared=OFF
	[[ $KIND != shared ]] || shared=ON
	configure "$SOURCE" -DBUILD_SHARED_LIBS=$shared -DPOCO_WEBSOCKET_TESTS=OFF -DPOCO_WEBSOCKET_SAMPLES=OFF \
		-DPOCO_WEBSOCKET_BENCHMARKS=OFF -DPOCO_WEBSOCKET_PRELOAD=OFF -DCMAKE_INSTALL_LIBDIR=lib
	build
	rm -rf "$PREFIX" "$PREFIX.moved"
	cmake --install "$BUILD" --prefix "$PREFIX.moved"
	mv "$PREFIX.moved" "$PREFIX" # the installed tree can be moved
	rm -rf "$BUILD"

	[[ -f $PREFIX/include/PocoWebSocket/Poco/Net/WebSocket.h ]] || fail "the header is not where it belongs"
	[[ ! -e $PREFIX/include/Poco ]] || fail "installed headers would overwrite Poco's"
	! grep -rqF -e "$WORK" -e "$SOURCE" "$PREFIX/lib/cmake" "$PREFIX/lib/pkgconfig" || fail "package files name the build machine's directories"
}

run_installed()
{
	configure "$CONSUMER/installed" -DCMAKE_PREFIX_PATH="$PREFIX"
	build
	"$BUILD/Program"
}

run_pkgconfig()
{
	rm -rf "$BUILD"
	mkdir -p "$BUILD"
	export PKG_CONFIG_PATH="$PREFIX/lib/pkgconfig"
	local flags
	read -r -a flags <<< "$(pkg-config --cflags --libs PocoWebSocket)"
	"$CXX" -std=c++17 "$CONSUMER/Program.cpp" -o "$BUILD/Program" "${flags[@]}" "-Wl,-rpath,$PREFIX/lib"
	"$BUILD/Program"
	if [[ $KIND == static ]] && ldd "$BUILD/Program" | grep -q libPocoWebSocket; then fail "the static library is not used"; fi

	# With PocoNet first, stock's file among the others, and pkg-config's --static
	read -r -a flags <<< "$(pkg-config --cflags PocoWebSocket)"
	"$CXX" -std=c++17 "${flags[@]}" -c "$CONSUMER/beside/Ours.cpp" -o "$BUILD/Ours.o"
	"$CXX" -std=c++17 -c "$CONSUMER/beside/Stock.cpp" -o "$BUILD/Stock.o"
	"$CXX" -std=c++17 -c "$CONSUMER/beside/Main.cpp" -o "$BUILD/Main.o"
	read -r -a flags <<< "$(pkg-config --static --libs PocoWebSocket)"
	"$CXX" "$BUILD/Main.o" "$BUILD/Ours.o" "$BUILD/Stock.o" -o "$BUILD/Beside" -lPocoNet "${flags[@]}" "-Wl,-rpath,$PREFIX/lib"
	"$BUILD/Beside"
}

run_beside()
{
	configure "$CONSUMER/beside" -DCMAKE_PREFIX_PATH="$PREFIX"
	build
	ninja -C "$BUILD" -t commands Beside | tail -n 1 | grep -Eq 'libPocoNet\..*libPocoWebSocket\.' || fail "PocoNet is not linked first"
	"$BUILD/Beside"
}

run_vendored()
{
	configure "$CONSUMER/vendored" -DWEBSOCKET_SOURCE_DIR="$SOURCE"
	build
	"$BUILD/Program"

	local extra
	extra="$(find "$BUILD/websocket" -type f \( -name '*.o' -o -name '*.a' -o -name '*.so*' -o -perm -u+x \) \
		-not -path '*/PocoWebSocket.dir/*' -not -path '*/PocoWebSocketCore.dir/*' -not -name 'libPocoWebSocket.*')"
	[[ -z $extra ]] || fail "more than the library is built: $extra"
	cmake --install "$BUILD" --prefix "$BUILD/prefix"
	[[ ! -e $BUILD/prefix ]] || fail "the vendored library installs files"
}

case "$SCENARIO" in
install-shared|install-static)     install_library ;;
installed-shared|installed-static) run_installed ;;
pkgconfig-shared|pkgconfig-static) run_pkgconfig ;;
beside-shared|beside-static)       run_beside ;;
vendored)                          run_vendored ;;
*)                                 fail "no such scenario" ;;
esac
echo "$SCENARIO: ok"
