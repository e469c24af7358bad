#!/usr/bin/env bash
#
# Builds the client and runs its tests in a work directory.
#
# usage: test.sh <TestServer> <work directory>
#
# SPDX-License-Identifier: BSL-1.0

set -euo pipefail

fail()
{
	echo "Messaging/js: $*" >&2
	exit 1
}

HERE="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
SERVER="$(realpath "$1")"
mkdir -p "$2/js"
WORK="$(cd "$2" && pwd)"
readonly HERE SERVER WORK

for command in node npm flatc
do
	command -v "$command" > /dev/null || fail "there is no $command (Debian: nodejs, npm, flatbuffers-compiler)"
done
[[ $(node -p 'parseInt(process.versions.node)') -ge 18 ]] || fail "node $(node --version) is too old: 18 is needed"

rm -rf "$WORK/schema" "$WORK"/js/{src,test,generated,dist,build}
cp -R "$HERE/../schema" "$WORK"
cp -R "$HERE"/{package.json,package-lock.json,.npmrc,tsconfig.json,build.js,README.md,src,test} "$WORK/js"
cd "$WORK/js"
npm ci --ignore-scripts --no-audit --no-fund || fail "npm's packages were not fetched: they need the network (registry.npmjs.org), or npm's cache"
TEST_SERVER="$SERVER" npm test
