#!/usr/bin/env bash
#
# Runs part of a suite under valgrind: system calls and decisions must not see uninitialised bytes. (Leaks: see the address sanitizer.)
#
# usage: valgrind.sh <valgrind> <program> <Core|Class|Fault>
#
# SPDX-License-Identifier: BSL-1.0

set -euo pipefail

case "$3" in
Core)  filter='*ParserPlaceTest.*:*ParserLargeTest.Room*:WebSocketFrameTest.*:*FramerSendTest.*:*FramerMemoryTest.*:*MaskTest.*:*HandshakeListTest.*:-*CompactOnes*' ;; # which count allocations: those are valgrind's here
Class) filter='*ClassSendTest.*:*ClassCloseTest.*:*ClassFailureTest.*' ;;
Fault) filter='FaultSocketTest.*:FaultFoundTest.*:*Receiving*:-*ManyFinalBlocks*:*WithoutMemory*' ;;
*)     echo "valgrind.sh: unknown suite \"$3\"" >&2; exit 64 ;;
esac

exec "$1" --quiet --error-exitcode=9 --leak-check=no \
	"$2" --gtest_brief=1 --gtest_filter="$filter"
