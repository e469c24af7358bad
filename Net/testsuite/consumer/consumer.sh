#!/usr/bin/env bash
#
# Builds and runs programs that use the library the way its users do.
#
# usage: consumer.sh <source directory> <work directory> <scenario>
#
#   install-shared,   install-static    installs the library below the work directory (needed by the next four)
#   installed-shared, installed-static  a CMake project with find_package
#   pkgconfig-shared, pkgconfig-static  plain compiler calls with what pkg-config says
#   messaging-shared, messaging-static  programs that use Poco::Messaging, with find_package and pkg-config; POCO_WEBSOCKET_COMPONENTS
#                                       has what is built of Messaging, MessagingRedis and MessagingNATS (default: all)
#   beside-shared,    beside-static     a program that uses stock's WebSocket as well, and links PocoNet first
#   vendored-shared,  vendored-static   a CMake project with add_subdirectory, which installs its program, with and without the library
#   exported-shared,  exported-static   a static library that has it with add_subdirectory, and a project that uses that one
#   packager                            what a packager has set is kept
#   ambiguous                           a file that declares the class by itself, and what the README says about that
#   vcpkg,            conan             what the recipes in packaging/ do, with the calls of vcpkg and Conan replaced: neither is here
#   warnings                            all files, with the warnings of projects that turn them into errors
#   poco-1.15                           all files, with the signatures that Poco 1.15 has changed
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
PREFIX="$WORK/prefix-$KIND"
[[ $SCENARIO != vendored-* && $SCENARIO != exported-* ]] || PREFIX="$WORK/prefix-$SCENARIO"
readonly PREFIX
readonly BUILD="$WORK/$SCENARIO"
readonly DEFLATE="$WORK/deflate"
readonly CXX="${CXX:-c++}"
if command -v ccache > /dev/null; then export CMAKE_CXX_COMPILER_LAUNCHER=ccache CCACHE_BASEDIR="$WORK" CCACHE_NOHASHDIR=1; fi

fail()
{
	echo "$SCENARIO: $*" >&2
	exit 1
}

configure() # <source> <option>...
{
	local type=Debug # optimizing takes three times as long; that the shared library is built as it is for others is enough
	[[ $SCENARIO != install-shared ]] || type=Release
	rm -rf "$BUILD"
	cmake -S "$1" -B "$BUILD" -G Ninja -DCMAKE_BUILD_TYPE=$type -DCMAKE_CXX_COMPILER="$CXX" -DCMAKE_INSTALL_LIBDIR=lib "${@:2}"
}

build()
{
	cmake --build "$BUILD" --parallel 2
}

install_to() # <prefix>: the installed tree can be moved, and needs nothing of the build
{
	rm -rf "$1" "$1.moved"
	cmake --install "$BUILD" --prefix "$1.moved"
	mv "$1.moved" "$1"
	rm -rf "$BUILD"
}

files_of() # <directory>
{
	(cd "$1" && find . -type f -o -type l) | sort
}

deflate_elsewhere() # libdeflate in a directory that the compiler does not know by itself
{
	local library
	library="$("$CXX" -print-file-name=libdeflate.so)"
	[[ $library == /* ]] || fail "there is no libdeflate.so"
	rm -rf "$DEFLATE"
	mkdir -p "$DEFLATE/include" "$DEFLATE/lib"
	echo '#include <libdeflate.h>' | "$CXX" -E -x c++ - | sed -n 's/^# [0-9]* "\(.*libdeflate\.h\)".*/\1/p' | head -n 1 | xargs -I HEADER cp HEADER "$DEFLATE/include"
	cp -L "$library" "$DEFLATE/lib"
}

install_library()
{
	local shared=OFF
	[[ $KIND != shared ]] || shared=ON
	configure "$SOURCE" -DBUILD_SHARED_LIBS=$shared -DPOCO_WEBSOCKET_TESTS=OFF -DPOCO_WEBSOCKET_SAMPLES=OFF \
		-DPOCO_WEBSOCKET_BENCHMARKS=OFF -DPOCO_WEBSOCKET_PRELOAD=OFF
	build
	install_to "$PREFIX"

	[[ -f $PREFIX/include/PocoWebSocket/Poco/Net/WebSocket.h ]] || fail "the header is not where it belongs"
	[[ ! -e $PREFIX/include/Poco ]] || fail "installed headers would overwrite Poco's"
	local library
	[[ $KIND != shared ]] || for library in "$PREFIX"/lib/libPoco*.so; do check_symbols "$library"; done
	! grep -rqF -e "$WORK" -e "$SOURCE" "$PREFIX/lib/cmake" "$PREFIX/lib/pkgconfig" || fail "package files name the build machine's directories"
}

check_symbols() # <shared library>: it has what the Debian package says that it has
{
	local file gone
	file="$(basename "$(readlink "$1")" .0 | sed 's/\.so\.//')" # the package's name
	file="$SOURCE/packaging/debian/${file,,}.symbols"
	gone="$("$SOURCE/packaging/symbols.sh" "$1" | grep -vxF -f - "$file" || true)"
	[[ -z $gone ]] || fail "if this is meant to be gone, make $file again, with packaging/symbols.sh: $gone"
}

run_installed()
{
	local reason
	reason="$(configure "$CONSUMER/installed" -DCMAKE_PREFIX_PATH="$PREFIX" -DPOCO_WEBSOCKET_COMPONENTS=Hub 2>&1)" && fail "a component that it does not have is found"
	tr -s ' \n' ' ' <<< "$reason" | grep -qF 'PocoWebSocket has no component Hub here; it has: Messaging' || fail "a component is refused without a reason: $reason"

	configure "$CONSUMER/installed" -DCMAKE_PREFIX_PATH="$PREFIX"
	build
	"$BUILD/Program"

	[[ $KIND != shared ]] || check_needed "$PREFIX/lib/libPocoWebSocket.so"
}

check_needed() # <shared library>: it uses every library that it is linked with
{
	local unused
	unused="$(ldd -u "$1" | sed 1d | grep -v -E '/lib(m|pthread|gcc_s|stdc\+\+|asan|ubsan|tsan)\.so' || true)"
	[[ -z $unused ]] || fail "is linked and not used: $unused"
	readelf -d "$1" | grep -q 'NEEDED.*libPocoCrypto' || fail "does not use Poco::Crypto"
}

run_pkgconfig()
{
	rm -rf "$BUILD"
	mkdir -p "$BUILD"
	export PKG_CONFIG_PATH="$PREFIX/lib/pkgconfig"
	local flags
	# The flags of what only the library itself uses are not its users'.
	flags="$(pkg-config --cflags PocoWebSocket)"
	[[ $flags =~ ^\ *-I[^\ ]*/include/PocoWebSocket\ *$ ]] || fail "pkg-config --cflags: $flags"
	flags="$(PKG_CONFIG_LIBDIR="$PREFIX/lib/pkgconfig" pkg-config --cflags --libs PocoWebSocket)" || fail "pkg-config needs other libraries' files"
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

run_messaging()
{
	local component components
	components="$(components)"
	configure "$CONSUMER/messaging" -DCMAKE_PREFIX_PATH="$PREFIX" -DCOMPONENTS="${components// /;}"
	build
	"$CONSUMER/messaging/run.sh" "$BUILD"

	rm -rf "$BUILD"
	mkdir -p "$BUILD"
	export PKG_CONFIG_PATH="$PREFIX/lib/pkgconfig"
	local -a flags
	for component in $components
	do
		read -r -a flags <<< "$(pkg-config --cflags --libs "Poco$component")"
		component="${component#Messaging}"
		"$CXX" -std=c++17 "$CONSUMER/messaging/${component:-Messaging}.cpp" -o "$BUILD/${component:-Messaging}" "${flags[@]}" "-Wl,-rpath,$PREFIX/lib"
	done
	"$CONSUMER/messaging/run.sh" "$BUILD"
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
	local shared=OFF
	[[ $KIND != shared ]] || shared=ON
	configure "$CONSUMER/vendored" -DWEBSOCKET_SOURCE_DIR="$SOURCE" -DBUILD_SHARED_LIBS=$shared
	build
	"$BUILD/Program"

	local extra
	extra="$(find "$BUILD/websocket" -type f \( -name '*.o' -o -name '*.a' -o -name '*.so*' -o -perm -u+x \) \
		-not -path '*/PocoWebSocket.dir/*' -not -path '*/PocoWebSocketCore.dir/*' -not -name 'libPocoWebSocket.*')"
	[[ -z $extra ]] || fail "more than the library is built: $extra"

	# If it shall not be installed, only what is the parent's is.
	cmake "$BUILD" -DPOCO_WEBSOCKET_INSTALL=OFF
	rm -rf "$PREFIX"
	cmake --install "$BUILD" --prefix "$PREFIX"
	[[ $(files_of "$PREFIX") == ./bin/Program ]] || fail "is installed without POCO_WEBSOCKET_INSTALL: $(files_of "$PREFIX")"

	# Otherwise programs run where the parent is installed, and others can use the library that they have come with.
	cmake "$BUILD" -DPOCO_WEBSOCKET_INSTALL=ON
	rm -rf "$PREFIX"
	cmake --install "$BUILD" --prefix "$PREFIX" --component PocoWebSocket_Runtime
	local runtime=""
	[[ $KIND != shared ]] || runtime="$(printf './lib/libPocoWebSocket.so.%s\n' 1.0 1.0.0)"
	[[ $([[ ! -e $PREFIX ]] || files_of "$PREFIX") == "$runtime" ]] || fail "the component for running has: $(files_of "$PREFIX")"
	install_to "$PREFIX"
	if [[ $KIND == shared ]]
	then
		ldd "$PREFIX/bin/Program" | grep -qF "$PREFIX/bin/../lib/libPocoWebSocket.so.1.0" || fail "the program does not find the library that was installed with it"
	fi
	"$PREFIX/bin/Program"
	configure "$CONSUMER/installed" -DCMAKE_PREFIX_PATH="$PREFIX"
	build
	"$BUILD/Program"
}

run_exported()
{
	local shared=OFF
	[[ $KIND != shared ]] || shared=ON
	deflate_elsewhere
	configure "$CONSUMER/exported" -DWEBSOCKET_SOURCE_DIR="$SOURCE" -DCMAKE_PREFIX_PATH="$DEFLATE" -DBUILD_SHARED_LIBS=$shared
	build
	install_to "$PREFIX"

	configure "$CONSUMER/exported/user" -DCMAKE_PREFIX_PATH="$PREFIX;$DEFLATE"
	build
	[[ $KIND == shared ]] || uses "$DEFLATE/lib/libdeflate.so" Program
	LD_LIBRARY_PATH="$DEFLATE/lib" "$BUILD/Program"
}

run_packager()
{
	deflate_elsewhere
	configure "$SOURCE" -DBUILD_SHARED_LIBS=ON -DPOCO_WEBSOCKET_TESTS=OFF -DPOCO_WEBSOCKET_SAMPLES=OFF -DPOCO_WEBSOCKET_BENCHMARKS=OFF \
		-DPOCO_WEBSOCKET_PRELOAD=OFF -DCMAKE_PREFIX_PATH="$DEFLATE" -DCMAKE_CXX_STANDARD=20 -DCMAKE_CXX_EXTENSIONS=ON
	uses -std=gnu++20 PocoWebSocket
	uses "$DEFLATE/lib/libdeflate.so" PocoWebSocket
}

uses() # <word> <target>: a command that makes the target has this word
{
	ninja -C "$BUILD" -t commands "$2" | tr ' ' '\n' | grep -xF -e "$1" > /dev/null || fail "$2 is made without $1"
}

library_files() # all of the library as one file, and those that cannot be in it
{
	mkdir -p "$BUILD"
	find "$SOURCE/Net/src" -name '*.cpp' -not -name PeerState.cpp -not -name OpenSSL.cpp | sort | sed 's/.*/#include "&"/' > "$BUILD/All.cpp"
	printf '%s\n' "$BUILD/All.cpp" "$SOURCE/Net/src/net/PeerState.cpp" "$SOURCE/Net/src/net/OpenSSL.cpp"
}

check_syntax() # <compiler> <option>...: of all files
{
	local file
	while read -r file
	do
		"$1" -fsyntax-only -DPOCO_WEBSOCKET_HAVE_SIMDJSON -DPOCO_WEBSOCKET_HAVE_LIBDEFLATE "${@:2}" \
			-I"$SOURCE/Net/include" -I"$SOURCE/Net/src" "$file"
	done <<< "$(library_files)"
}

run_vcpkg()
{
	local port="$SOURCE/packaging/vcpkg/poco-websocket"
	local features
	for features in core "core;$(vcpkg_features "$port/vcpkg.json")"
	do
		cmake -DCMAKE_CXX_COMPILER="$CXX" -DPORT="$port" -DPACKAGE="$PREFIX" -DBUILD="$BUILD" -DFEATURES="$features" -P "$CONSUMER/recipes/vcpkg.cmake"
		use_package "$PREFIX/share" "$features"
	done
}

vcpkg_features() # <vcpkg.json>: those that can be built here. Features that need others say so.
{
	python3 - "$1" "$(components)" << 'END'
import json
import sys
port = json.load(open(sys.argv[1], encoding="utf-8"))
features = port["features"]
def needed(feature):
    own = [d for d in features[feature]["dependencies"] if isinstance(d, dict) and d["name"] == port["name"]]
    return {feature}.union(*(needed(other) for d in own for other in d["features"]))
known = {"messaging": "Messaging", "redis": "MessagingRedis", "nats": "MessagingNATS"}
if set(features) != set(known): sys.exit("vcpkg.json has other features")
print(";".join(sorted(set().union(*(needed(feature) for feature in features if known[feature] in sys.argv[2].split())))))
END
}

components() # what is built of Poco::Messaging
{
	echo "${POCO_WEBSOCKET_COMPONENTS-Messaging MessagingRedis MessagingNATS}"
}

run_conan()
{
	local options="" component
	python3 -B "$CONSUMER/recipes/conan.py" "$SOURCE/packaging/conan/conanfile.py" "$BUILD" "$PREFIX"
	use_package "$PREFIX" ""
	for component in $(components)
	do
		case $component in
		Messaging)      options+=" with_messaging" ;;
		MessagingRedis) options+=" with_redis" ;;
		MessagingNATS)  options+=" with_nats" ;;
		esac
	done
	# shellcheck disable=SC2086 # they are words
	python3 -B "$CONSUMER/recipes/conan.py" "$SOURCE/packaging/conan/conanfile.py" "$BUILD" "$PREFIX" $options
	use_package "$PREFIX" "$options"
}

use_package() # <where its CMake package is> <features>
{
	[[ -s $(find "$PREFIX" -name copyright -o -name LICENSE | head -n 1) ]] || fail "the package has no licence"
	configure "$CONSUMER/installed" -DCMAKE_PREFIX_PATH="$1"
	build
	"$BUILD/Program"
	if [[ $2 != *messaging* ]]
	then
		[[ ! -e $PREFIX/include/PocoWebSocket/Poco/Messaging ]] || fail "Messaging is in a package that was not asked for it"
		return
	fi
	local words
	words="$(components)"
	configure "$CONSUMER/messaging" -DCMAKE_PREFIX_PATH="$1" -DCOMPONENTS="${words// /;}"
	build
	"$CONSUMER/messaging/run.sh" "$BUILD"
}

run_ambiguous()
{
	rm -rf "$BUILD"
	mkdir -p "$BUILD"
	local use='void send(Poco::Net::WebSocket& ws) { ws.sendText("x"); }' compiler
	printf '#include "Poco/Net/WebSocket.h"\n%s\n' "$use" > "$BUILD/Included.cpp"
	printf 'namespace Poco { namespace Net { class WebSocket; } }\n#include "Poco/Net/WebSocket.h"\n%s\n' "$use" > "$BUILD/Declared.cpp"
	for compiler in g++ clang++
	do
		"$compiler" -std=c++17 -fsyntax-only -I"$SOURCE/Net/include" "$BUILD/Included.cpp"
		! "$compiler" -std=c++17 -fsyntax-only -I"$SOURCE/Net/include" "$BUILD/Declared.cpp" 2> "$BUILD/errors.txt" || fail "$compiler takes the declaration"
		grep -E "reference to .WebSocket. is ambiguous|reference to ‘WebSocket’ is ambiguous" "$BUILD/errors.txt" || fail "$compiler says something else than the README"
	done
	grep -F "reference to 'WebSocket' is ambiguous" "$SOURCE/README.md" > /dev/null || fail "the README does not say what to do"
}

run_warnings()
{
	# What a large server excludes from -Weverything
	local -a everything=(-Weverything -Werror)
	local warning
	for warning in c++98-compat-pedantic c++98-compat c++20-compat sign-conversion disabled-macro-expansion documentation-unknown-command double-promotion \
		exit-time-destructors float-equal global-constructors missing-noreturn missing-prototypes missing-variable-declarations padded switch-enum \
		undefined-func-template unused-template weak-template-vtables weak-vtables unknown-warning-option
	do
		everything+=("-Wno-$warning")
	done
	rm -rf "$BUILD"
	check_syntax g++ -std=c++17 -Wall -Wextra -Wpedantic -Wsuggest-override -Wnon-virtual-dtor -Wold-style-cast -Wshadow -Werror
	check_syntax clang++ -std=c++2b "${everything[@]}"
}

run_poco_1_15()
{
	# In Poco 1.15 a HTTPServerRequestImpl has a HTTPSession, which may be another one than a HTTPServerSession.
	local from to="$BUILD/Poco/Net"
	rm -rf "$BUILD"
	mkdir -p "$to"
	from="$(echo '#include <Poco/Net/HTTPSession.h>' | "$CXX" -E -x c++ - | sed -n 's/^# [0-9]* "\(.*\)\/HTTPSession\.h".*/\1/p' | head -n 1)"
	sed -e 's/class HTTPServerSession;/class HTTPSession;/' -e 's/HTTPServerSession&/HTTPSession\&/' -e 's/HTTPServerSession /HTTPSession /' \
		"$from/HTTPServerRequestImpl.h" > "$to/HTTPServerRequestImpl.h"
	sed -e 's/^\tint get();/\tvirtual int get();/' -e 's/^\tint peek();/\tvirtual int peek();/' \
		-e 's/^\tvirtual void abort();/&\n\tvirtual SocketAddress clientAddress();\n\tvirtual SocketAddress serverAddress();/' \
		"$from/HTTPSession.h" > "$to/HTTPSession.h"
	sed -e 's/^\tSocketAddress \(client\|server\)Address();/\tSocketAddress \1Address() override;/' "$from/HTTPServerSession.h" > "$to/HTTPServerSession.h"
	sed -e 's/^\tSSL\* _pSSL;/\tstd::atomic<SSL*> _pSSL;/' -e 's/^#include <openssl/#include <atomic>\n&/' "$from/SecureSocketImpl.h" > "$to/SecureSocketImpl.h" # 1.14
	grep -q '^	HTTPSession& session();' "$to/HTTPServerRequestImpl.h" || fail "the header has not been changed"
	check_syntax "$CXX" -std=c++17 -I"$BUILD"
}

case "$SCENARIO" in
install-shared|install-static)     install_library ;;
installed-shared|installed-static) run_installed ;;
pkgconfig-shared|pkgconfig-static) run_pkgconfig ;;
messaging-shared|messaging-static) run_messaging ;;
beside-shared|beside-static)       run_beside ;;
vendored-shared|vendored-static)   run_vendored ;;
exported-shared|exported-static)   run_exported ;;
packager)                          run_packager ;;
vcpkg)                             run_vcpkg ;;
conan)                             run_conan ;;
ambiguous)                         run_ambiguous ;;
warnings)                          run_warnings ;;
poco-1.15)                         run_poco_1_15 ;;
*)                                 fail "no such scenario" ;;
esac
echo "$SCENARIO: ok"
