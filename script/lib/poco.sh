#!/usr/bin/env bash
#
# Builds the library and its suites with newer versions of Poco, those of newer Debians, and runs the suites there.
#
# usage: poco.sh <work directory> [<suite>]...
#
# Suites: trixie (Poco 1.13), forky (1.14). Needs root and debootstrap. The Debians are kept in the work directory.
#
# SPDX-License-Identifier: BSL-1.0

set -euo pipefail

SOURCE="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
mkdir -p "$1"
WORK="$(cd "$1" && pwd)"
shift
readonly SOURCE WORK
source "$SOURCE/script/lib/debian.sh"

readonly SUITES=(Core Class Message Event Fault Hub Service)
readonly LIBRARIES=(PocoMessagingRedis PocoMessagingNATS) # with newer versions of what these use, too
readonly PACKAGES=g++,cmake,ninja-build,libpoco-dev,libssl-dev,zlib1g-dev,libdeflate-dev,libsimdjson-dev,libgtest-dev,libgmock-dev,openssl,pkg-config,ca-certificates,tinyproxy-bin,ccache,libflatbuffers-dev,flatbuffers-compiler,flatbuffers-compiler-dev,libhiredis-dev,libnats-dev

run() # <suite>
{
	local dir="$WORK/$1"
	make_debian "$1" "$dir" "$PACKAGES"
	enter_debian "$dir"
	mount --bind "$SOURCE" "$dir/mnt"
	in_debian "$dir" dpkg-query -W -f "$1: Poco \${Version}\n" libpoco-dev
	in_debian "$dir" cmake -S /mnt -B /tmp/build -G Ninja -DCMAKE_BUILD_TYPE=Debug -DPOCO_WEBSOCKET_WERROR=ON \
		-DPOCO_WEBSOCKET_BENCHMARKS=OFF -DPOCO_WEBSOCKET_SAMPLES=OFF --log-level=WARNING
	in_debian "$dir" cmake --build /tmp/build --parallel "$(nproc)" --target "${SUITES[@]/%/Tests}" "${LIBRARIES[@]}"
	in_debian "$dir" ctest --test-dir /tmp/build --output-on-failure --no-tests=error --parallel "$(nproc)" \
		-R "^($(IFS='|'; echo "${SUITES[*]}"))(Tests|Tests\.half|Slow|Cuts)\$"
	leave_debian "$dir"
}

leave()
{
	local suite
	for suite in "${suites[@]}"; do leave_debian "$WORK/$suite"; done
}

suites=("$@")
[[ $# -gt 0 ]] || suites=(trixie forky)
[[ $EUID -eq 0 ]] || { echo "poco.sh: only root can do that" >&2; exit 1; }
trap leave EXIT
leave
for suite in "${suites[@]}"; do run "$suite"; done
