#!/usr/bin/env bash
#
# Runs the conformance cases against our class: as server and as client, each engine, plain and TLS.
#
# usage: conformance.sh <binary directory> <work directory> [<option of Conformance>...]
#
# RUNS in the environment selects some of the runs: words of the form <role>-<engine>-<transport>.
# Exits with 1 if a case failed.
#
# SPDX-License-Identifier: BSL-1.0

set -euo pipefail

BIN="$(cd "$1" && pwd)"
mkdir -p "$2"
WORK="$(cd "$2" && pwd)"
shift 2
readonly BIN WORK
readonly OPTIONS=("$@")
readonly CERTIFICATE="$WORK/certificate.pem"
readonly KEY="$WORK/key.pem"
readonly REPORT="$WORK/report.txt"
readonly DEADLINE="${DEADLINE:-3600}" # seconds for a run
failed=0

fail()
{
	echo "conformance: $*" >&2
	exit 1
}

run() # <role> <engine> <transport>
{
	local -a options=("--name=$1, $2, $3" "--report=$REPORT" "${OPTIONS[@]}") tls=() first second
	local scheme=ws
	if [[ $3 == tls ]]
	then
		scheme=wss
		tls=("$CERTIFICATE" "$KEY")
	fi
	case "$2" in
	frames) options+=(--fragments --no-deflate) ;;
	parts | eventparts) options+=(--fragments) ;;
	esac
	case "$1" in
	server) first=("$BIN/ConformanceEcho" server "$2" "${tls[@]}") ;;
	client) first=("$BIN/Conformance" --client=0 "${options[@]}") ;;
	*)      fail "unknown role: $1" ;;
	esac
	if [[ $1 == client && $3 == tls ]]; then first+=("--certificate=$CERTIFICATE" "--key=$KEY"); fi

	# What listens writes its port first. Our server ends when its standard input does.
	local word port output input pid copy
	coproc LISTENER { exec timeout "$DEADLINE" "${first[@]}"; }
	pid="$LISTENER_PID" output="${LISTENER[0]}" input="${LISTENER[1]}"
	read -r -t 60 word port <&"$output" || fail "does not start: ${first[*]}"
	[[ $word == port ]] || fail "instead of the port: $word $port"
	if [[ $1 == server ]]
	then
		second=(timeout "$DEADLINE" "$BIN/Conformance" "--server=$scheme://127.0.0.1:$port/" "${options[@]}")
	else
		second=(timeout "$DEADLINE" "$BIN/ConformanceEcho" client "$2" "$port" "${tls[@]:0:1}")
		exec {copy}<&"$output"
		cat <&"$copy" & # the table
	fi
	"${second[@]}" || { failed=1; echo "conformance: $1, $2, $3: failed: ${second[*]}" >&2; }
	exec {input}>&-
	wait "$pid" || { failed=1; echo "conformance: $1, $2, $3: failed: ${first[*]}" >&2; }
	wait
}

certificate()
{
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$KEY" -out "$CERTIFICATE" -days 2 \
		-subj "/CN=localhost" -addext "subjectAltName=DNS:localhost,IP:127.0.0.1" 2> /dev/null
}

closing_table()
{
	local cases passed bad excluded name
	local -i all=0 allPassed=0 allBad=0 allExcluded=0
	printf '\n%-28s %8s %8s %8s %9s\n' run cases passed failed excluded
	while read -r cases passed bad excluded name
	do
		printf '%-28s %8d %8d %8d %9d\n' "$name" "$cases" "$passed" "$bad" "$excluded"
		all+=cases allPassed+=passed allBad+=bad allExcluded+=excluded
	done < "$REPORT"
	printf '%-28s %8d %8d %8d %9d\n' "all" "$all" "$allPassed" "$allBad" "$allExcluded"
	printf 'excluded: compression with the frames engine, because the frame level of the class has none\n'
}

readonly ALL="server-frames-plain server-frames-tls server-messages-plain server-messages-tls server-parts-plain
	server-events-plain server-events-tls server-eventparts-plain
	client-frames-plain client-frames-tls client-messages-plain client-messages-tls client-parts-plain
	client-events-plain client-events-tls client-eventparts-plain"

# Single bytes go to and fro: on one core that takes half the time of two, of which each has to wake the other.
CORE="$(taskset --cpu-list --pid $$ 2> /dev/null | sed -E 's/.*[^0-9]//')"
[[ -z $CORE ]] || taskset --cpu-list --pid "$CORE" $$ > /dev/null

certificate
: > "$REPORT"
for one in ${RUNS:-$ALL}
do
	IFS=- read -r role engine transport <<< "$one"
	run "$role" "$engine" "$transport"
done
closing_table
exit "$failed"
