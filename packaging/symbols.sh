#!/usr/bin/env bash
#
# Prints the symbols file of the Debian package for a shared library that has been built: what the public classes export must stay. What else
# it exports (inline functions of Poco, classes that the library's own tests use) may come and go.
#
# usage: packaging/symbols.sh <libPocoWebSocket.so.x.y.z> > packaging/debian/libpocowebsocket1.0.symbols
#
# SPDX-License-Identifier: BSL-1.0

set -euo pipefail

SOURCE="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
VERSION="$(sed -n '1s/.*(\(.*\)-[^-]*).*/\1/p' "$SOURCE/packaging/debian/changelog")"
SONAME="$(readelf -d "$1" | sed -n 's/.*(SONAME).*\[\(.*\)\]/\1/p')"
PACKAGE="$(awk '/^Package: lib/ && !/-dev$/ {print $2}' "$SOURCE/packaging/debian/control")"
CLASSES="$(grep -ho 'WebSocket_API WebSocket[A-Za-z]*' "$SOURCE"/Net/include/Poco/Net/*.h | sed 's/.* //' | sort -u | paste -s -d '|')"
readonly SOURCE VERSION SONAME PACKAGE CLASSES

echo "$SONAME $PACKAGE #MINVER#"
nm -D --defined-only "$1" | c++filt | cut -d ' ' -f 3- | LC_ALL=C sort -u |
	grep -E "(^|for )Poco::Net::WebSocket_v1::($CLASSES)(::|\$)" | grep -v '::Core\b' | sed "s/.*/ (c++)\"&@Base\" $VERSION/"
echo " (c++|regex|optional)\"^.*@Base\$\" $VERSION"
