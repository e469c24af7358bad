#!/usr/bin/env bash
#
# Runs the programs beside: Messaging, and Redis and NATS with servers of their own, in a temporary folder and on free ports, if there are such programs.
#
# usage: run.sh <directory of the programs>
#
# SPDX-License-Identifier: BSL-1.0

set -euo pipefail

readonly PROGRAMS="$1"
WORK="$(mktemp -d)"
readonly WORK
server=""

stop()
{
	[[ -z $server ]] || { kill "$server"; wait "$server" || true; }
	server=""
}

answers() # <port>
{
	(exec 3<> "/dev/tcp/127.0.0.1/$1") 2> /dev/null
}

start() # <command, which the port follows>...: sets port
{
	local attempt i
	for attempt in 1 2 3 4 5
	do
		port=$((20000 + RANDOM % 12000))
		if answers "$port"; then continue; fi
		"$@" "$port" > "$WORK/log" 2>&1 &
		server=$!
		for ((i = 0; i < 100; i++))
		do
			kill -0 "$server" 2> /dev/null || break
			if answers "$port"; then return; fi
			sleep 0.1
		done
		stop
	done
	cat "$WORK/log" >&2
	echo "run.sh: cannot be started: $1" >&2
	exit 1
}

trap 'stop; rm -rf "$WORK"' EXIT
"$PROGRAMS/Messaging"
if [[ -x $PROGRAMS/Redis ]]
then
	start redis-server --save "" --dir "$WORK" --bind 127.0.0.1 --port
	"$PROGRAMS/Redis" "redis://127.0.0.1:$port/0"
	stop
fi
if [[ -x $PROGRAMS/NATS ]]
then
	start nats-server --addr 127.0.0.1 --port
	"$PROGRAMS/NATS" "nats://127.0.0.1:$port"
	stop
fi
