# Debian packages, and installing those that are missing. Sourced by script/server and script/test.
#
# A list has one line for each package: its name, the command that shows that it is there
# (it may come from elsewhere; "-": only dpkg can tell), and what it is needed for.
#
# SPDX-License-Identifier: BSL-1.0

readonly BUILD_PACKAGES="
	g++                 g++         the compiler
	cmake               cmake       configures the build
	ninja-build         ninja       runs it
	libpoco-dev         -           Poco Foundation, Net, NetSSL, Crypto, Util, JSON and JWT
	libssl-dev          -           OpenSSL, which is under Poco Crypto
	zlib1g-dev          -           zlib, for permessage-deflate
	libdeflate-dev      -           the same for whole messages
	libsimdjson-dev     -           checks UTF-8 at speed
	libflatbuffers-dev  -           FlatBuffers, for Poco::Messaging
	flatbuffers-compiler flatc      its compiler
	flatbuffers-compiler-dev -      what lets CMake find them
	libhiredis-dev      -           hiredis, for Poco::MessagingRedis
	libnats-dev         -           libnats, for Poco::MessagingNATS
"

readonly TEST_PACKAGES="
	libgtest-dev        -           GoogleTest
	libgmock-dev        -           its matchers
	libbenchmark-dev    -           Google Benchmark
	libboost-dev        -           Boost.Beast, which benchmarks compare with
	clang               clang++     the second compiler
	libclang-rt-14-dev  -           its runtime
	gcovr               gcovr       coverage of the core
	pkg-config          pkg-config  the consumer that asks for flags
	binutils            nm          what the shared object for LD_PRELOAD exports
	openssl             openssl     certificates for wss
	tinyproxy-bin       tinyproxy   a proxy
	nginx               nginx       a proxy before a server
	libnginx-mod-stream -           the same for the PROXY protocol
	haproxy             haproxy     another one
	strace              strace      counts system calls
	gdb                 gdb         where a test hangs
	valgrind            valgrind    nothing uninitialised is sent; counts instructions
	chromium            chromium    a browser
	nodejs              node        drives it, and runs clients of other makes
	npm                 npm         fetches those
	python3             -           the same in Python
	python3-websockets  -           a client and a server of another make
	prometheus          promtool    checks metrics
	python3-prometheus-client -     the same, for OpenMetrics
	systemd             systemd-socket-activate  gives a server its socket
	redis-server        redis-server  joins nodes; a Sentinel too
	redis-tools         redis-cli   asks it
	nats-server         nats-server joins nodes
	iproute2            ip          a network between nodes and Redis that drops everything
"

readonly CLUSTER_PACKAGES="
	redis-server        redis-server  what is behind the nodes of samples/Cluster
	haproxy             haproxy     what is before them
"

readonly REFERENCE_PACKAGES="
	doxygen             doxygen     the reference of the API
	python3             -           puts Poco's comments where it looks for them
"

readonly SLOW_PACKAGES="
	iproute2            ip          slow links
"

readonly DEBIAN_PACKAGES="
	debootstrap         debootstrap another Debian in a directory
	lintian             lintian     what is wrong with a package
	abigail-tools       abidiff     what has changed in the ABI
"

say()
{
	printf '== %s\n' "$*"
}

is_installed() # <package> <command or ->
{
	if [[ $2 != - ]] && command -v "$2" > /dev/null; then return 0; fi
	[[ $(dpkg-query -W -f '${db:Status-Status}' "$1" 2> /dev/null) == installed ]]
}

install_missing() # <list>...
{
	local package command purpose
	local -a missing=() root=()
	while read -r package command purpose
	do
		[[ -n $package ]] || continue
		if ! is_installed "$package" "$command"
		then
			say "Missing: $package ($purpose)"
			missing+=("$package")
		fi
	done <<< "$(printf '%s\n' "$@")"
	if [[ ${#missing[@]} -eq 0 ]]
	then
		say "Nothing to install"
		return 0
	fi

	if ! command -v apt-get > /dev/null
	then
		say "This is no Debian system: please install what these packages hold, then try again"
		return 1
	fi
	if [[ $EUID -ne 0 ]]
	then
		if ! command -v sudo > /dev/null
		then
			say "Only root can install them, and there is no sudo: apt-get install ${missing[*]}"
			return 1
		fi
		root=(sudo)
	fi
	say "Installing: ${missing[*]}"
	"${root[@]}" apt-get update < /dev/null
	"${root[@]}" env DEBIAN_FRONTEND=noninteractive \
		apt-get install --yes --no-install-recommends "${missing[@]}" < /dev/null
}
