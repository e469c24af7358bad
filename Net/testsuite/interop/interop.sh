#!/usr/bin/env bash
#
# A server and a client, one of them ours, the other of another make.
#
# usage: interop.sh <binary directory> <work directory> install
#        interop.sh <binary directory> <work directory> <make> <its role> <transport>
#
#   install    fetches ws, and makes a certificate (needed by the others)
#   make       python (websockets), ws
#   role       client, server
#   transport  plain, tls
#
# SPDX-License-Identifier: BSL-1.0

set -euo pipefail

readonly DEADLINE=100 # seconds for all the steps of a conversation

HERE="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
BIN="$(cd "$1" && pwd)"
mkdir -p "$2"
WORK="$(cd "$2" && pwd)"
readonly HERE BIN WORK
readonly CERTIFICATE="$WORK/certificate.pem"
readonly KEY="$WORK/key.pem"
readonly PYTHON=(/usr/bin/python3 -B) # Debian's, which has Debian's packages
readonly NODE=(node)

fail()
{
	echo "interop: $*" >&2
	exit 1
}

install()
{
	rm -rf "$WORK/ws"
	cp -R "$HERE/ws" "$WORK/ws"
	(cd "$WORK/ws" && npm ci --ignore-scripts --no-audit --no-fund)
	openssl req -x509 -newkey rsa:2048 -nodes -keyout "$KEY" -out "$CERTIFICATE" -days 2 \
		-subj "/CN=localhost" -addext "subjectAltName=DNS:localhost,IP:127.0.0.1" -addext "basicConstraints=critical,CA:TRUE"
}

converse() # <make> <role> <transport>
{
	local -a theirs server client
	case "$1" in
	python) theirs=("${PYTHON[@]}" "$HERE/python/$2.py") ;;
	ws)     theirs=("${NODE[@]}" "$WORK/ws/$2.js") ;;
	*)      fail "unknown make: $1" ;;
	esac
	case "$2" in
	client) server=("$BIN/InteropServer") client=("${theirs[@]}") ;;
	server) server=("${theirs[@]}") client=("$BIN/InteropClient") ;;
	*)      fail "unknown role: $2" ;;
	esac
	local -a serverTLS=() clientTLS=()
	case "$3" in
	plain) ;;
	tls)   serverTLS=("$CERTIFICATE" "$KEY") clientTLS=("$CERTIFICATE") ;;
	*)     fail "unknown transport: $3" ;;
	esac

	# The server writes its port, and ends when its standard input does.
	local word port status=0
	coproc SERVER { exec timeout "$DEADLINE" "${server[@]}" "${serverTLS[@]}"; }
	local pid="$SERVER_PID" output="${SERVER[0]}" input="${SERVER[1]}"
	read -r -t "$DEADLINE" word port <&"$output" || fail "the server does not start: ${server[*]}"
	[[ $word == port ]] || fail "the server says: $word $port"
	timeout "$DEADLINE" "${client[@]}" "$port" "${clientTLS[@]}" || { status=1; echo "interop: the client failed" >&2; }
	exec {input}>&-
	wait "$pid" || { status=1; echo "interop: the server failed" >&2; }
	return "$status"
}

if [[ ${3-} == install ]]
then
	install
else
	[[ $# -eq 5 ]] || fail "usage: interop.sh <binary directory> <work directory> <make> <role> <transport>"
	converse "$3" "$4" "$5"
fi
