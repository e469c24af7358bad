#!/usr/bin/env bash
#
# Compares the ABI of the shared libraries with that of the last release of the same major and minor version.
#
# usage: packaging/abi.sh <work directory> [<base>]
#        packaging/abi.sh --base
#
# The base is a commit or tag; without it, it is the last tag vX.Y.Z before this commit. Exits with 1 if a program built with the base
# would not run with this version, and with 77 if there is nothing to compare with. --base prints the base, or nothing.
# ABI_LIBRARIES in the environment has the libraries that are compared; default: all that the base has.
#
# SPDX-License-Identifier: BSL-1.0

set -euo pipefail

SOURCE="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
VERSION="$(sed -n 's/^project(PocoWebSocket VERSION \([0-9]*\.[0-9]*\)\..*/\1/p' "$SOURCE/CMakeLists.txt")"
source "$SOURCE/packaging/classes.sh"
readonly SOURCE VERSION

last_release() # of this version; not one that is made of this commit, which would be compared with itself
{
	git -C "$SOURCE" tag --list "v$VERSION.*" --no-contains HEAD --sort=-version:refname | grep -E -m 1 "^v$VERSION\.[0-9]+\$" || true
}

build() # <source> <name>
{
	cmake -S "$1" -B "$WORK/$2" -G Ninja -DCMAKE_BUILD_TYPE=Debug -DBUILD_SHARED_LIBS=ON -DPOCO_WEBSOCKET_TESTS=OFF -DPOCO_WEBSOCKET_SAMPLES=OFF \
		-DPOCO_WEBSOCKET_BENCHMARKS=OFF -DPOCO_WEBSOCKET_PRELOAD=OFF --log-level=WARNING
	cmake --build "$WORK/$2" --target ${ABI_LIBRARIES:-all}
}

compare() # <library>
{
	local headers namespace file
	read -r headers namespace <<< "${LIBRARIES[$1]}"
	file="${headers%/include}/lib$1.so"
	[[ -e $WORK/base/$file ]] || { echo "abi: the base has no $1"; return 0; }
	# What programs use: what the base's public classes export, and the types of its public headers. What is new does no harm.
	(echo "[abi_whitelist]"; public_symbols "$WORK/base/$file" "$WORK/base-source/$headers" "$namespace" | cut -f 1 | sed 's/^/  /') > "$WORK/public"
	abidiff --kmi-whitelist "$WORK/public" --no-added-syms --headers-dir1 "$WORK/base-source/$headers" --headers-dir2 "$SOURCE/$headers" \
		"$WORK/base/$file" "$WORK/this/$file"
}

if [[ $1 == --base ]]
then
	last_release
	exit 0
fi
mkdir -p "$1"
WORK="$(cd "$1" && pwd)"
BASE="${2:-$(last_release)}"
readonly WORK BASE
if [[ -z $BASE ]]
then
	echo "abi: nothing was compared: this clone has no tag v$VERSION.N of an earlier release"
	exit 77
fi
rm -rf "$WORK/base-source"
mkdir "$WORK/base-source"
git -C "$SOURCE" archive "$BASE" | tar -x -C "$WORK/base-source"
build "$WORK/base-source" base
build "$SOURCE" this

for library in ${ABI_LIBRARIES:-${!LIBRARIES[@]}}
do
	if ! compare "$library"
	then
		echo "abi: programs built with $BASE and $library do not run with this" >&2
		exit 1
	fi
done
echo "abi: programs built with $BASE run with this"
