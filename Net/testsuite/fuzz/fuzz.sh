#!/usr/bin/env bash
#
# Runs the fuzz targets, two at a time.
#
# usage: fuzz.sh <folder of the programs> <working folder> <seconds for each> [<target>...]
#
# Inputs found on the way are kept in <working folder>/<target>, and used again by the next run; inputs that break a
# promise in <working folder>. Exits with 1 if there was one.
#
# SPDX-License-Identifier: BSL-1.0

set -euo pipefail
if [[ $# -lt 3 ]]
then
	sed -n 's/^# usage: /usage: /p' "${BASH_SOURCE[0]}" >&2
	exit 64
fi
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
programs="$(cd "$1" && pwd)"
mkdir -p "$2"
work="$(cd "$2" && pwd)"
seconds="$3"
shift 3
targets=("$@")
[[ $# -gt 0 ]] || targets=(Framer MessageParser Protocol Inflate Handshake Negotiation UTF8 Frame ProxyHeader Forwarded Network MessageFormat MessageService NodeFormat)

run()
{
	local target="$1"
	mkdir -p "$work/$target"
	if "$programs/${target}Fuzz" "$work/$target" "$here/seeds/$target" -dict="$here/websocket.dict" -max_len=2000 -timeout=20 \
		-rss_limit_mb=1500 -max_total_time="$seconds" -artifact_prefix="$work/$target-" -print_final_stats=1 > "$work/$target.log" 2>&1
	then
		printf 'ok      %s: %s inputs\n' "$target" "$(sed -n 's/^stat::number_of_executed_units: *//p' "$work/$target.log")"
	else
		printf 'FAILED  %s\n' "$target"
		grep -v '^#[0-9]*[[:space:]]*[A-Z]' "$work/$target.log" | tail -n 60
		return 1
	fi
}

export -f run
export here programs work seconds
printf '%s\n' "${targets[@]}" | xargs -P 2 -I '{}' bash -c 'run {}' || exit 1
