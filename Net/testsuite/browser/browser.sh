#!/usr/bin/env bash
#
# Runs one of the tests here, with the packages it needs in the work directory.
#
# usage: browser.sh <test> <server> <work directory>
#
# SPDX-License-Identifier: BSL-1.0

set -euo pipefail

HERE="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
mkdir -p "$3"
WORK="$(cd "$3" && pwd)"
readonly HERE WORK

cp "$HERE"/{package.json,package-lock.json,.npmrc,support.js,"$1".js} "$WORK"
cd "$WORK"
npm ci --ignore-scripts --no-audit --no-fund
SERVER="$2" exec node "$1".js
