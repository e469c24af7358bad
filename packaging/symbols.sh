#!/usr/bin/env bash
#
# Prints the symbols file of the Debian package for a shared library that has been built: what the public classes export must stay. What else
# it exports (inline functions of Poco, classes that the library's own tests use) may come and go.
#
# usage: packaging/symbols.sh <libPocoWebSocket.so.x.y.z> > packaging/debian/libpocowebsocket1.0.symbols
#        and so for the other libraries: the file has the name of the package, and that is made of the name of the library
#
# SPDX-License-Identifier: BSL-1.0

set -euo pipefail

SOURCE="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
source "$SOURCE/packaging/classes.sh"
VERSION="$(sed -n '1s/.*(\(.*\)-[^-]*).*/\1/p' "$SOURCE/packaging/debian/changelog")"
SONAME="$(readelf -d "$1" | sed -n 's/.*(SONAME).*\[\(.*\)\]/\1/p')"
PACKAGE="$(sed 's/\.so\.//' <<< "${SONAME,,}")"
LIBRARY="${SONAME%.so.*}"
read -r HEADERS NAMESPACE <<< "${LIBRARIES[${LIBRARY#lib}]}"
readonly SOURCE VERSION SONAME PACKAGE LIBRARY HEADERS NAMESPACE

echo "$SONAME $PACKAGE #MINVER#"
public_symbols "$1" "$SOURCE/$HEADERS" "$NAMESPACE" | cut -f 2 | LC_ALL=C sort -u | sed "s/.*/ (c++)\"&@Base\" $VERSION/"
echo " (c++|regex|optional)\"^.*@Base\$\" $VERSION"
