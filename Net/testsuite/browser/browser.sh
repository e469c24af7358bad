#!/usr/bin/env bash
#
# Runs BrowserTest.js, with the packages it needs in the work directory.
#
# usage: browser.sh <EchoServer> <work directory>
#
# SPDX-License-Identifier: BSL-1.0

set -euo pipefail

HERE="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
mkdir -p "$2"
WORK="$(cd "$2" && pwd)"
readonly HERE WORK

cp "$HERE"/{package.json,package-lock.json,.npmrc,BrowserTest.js} "$WORK"
cd "$WORK"
npm ci --ignore-scripts --no-audit --no-fund
ECHO_SERVER="$1" exec node BrowserTest.js
