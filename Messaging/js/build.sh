#!/usr/bin/env bash
#
# Builds the client and its tests in a work directory. "npm run check" in its folder js runs them then.
#
# usage: build.sh <work directory>
#
# SPDX-License-Identifier: BSL-1.0

set -euo pipefail

fail()
{
	echo "Messaging/js: $*" >&2
	exit 1
}

HERE="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
mkdir -p "$1/js"
WORK="$(cd "$1" && pwd)"
readonly HERE WORK

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
npm run build
