#!/bin/sh
# SPDX-License-Identifier: MIT
#
# An instruction set's unit exports one symbol, its table. A second one could be a function
# that the linker then takes for the portable one of the same name: code that crashes
# on CPUs without the instructions.
set -eu

objects=${BUILD:-build/release}/obj/core/isa
[ -d "$objects" ] || { echo "$objects: nothing built"; exit 1; }

status=0
for object in "$objects"/*.o; do
    # Names with __ belong to the compiler (sanitizers, coverage).
    symbols=$(nm -g --defined-only "$object" | awk '$3 !~ /^__/ { print $3 }')
    printf '%s: %s\n' "${object##*/}" "$symbols"
    [ "$(echo "$symbols" | grep -c .)" -eq 1 ] || status=1
done
[ $status -eq 0 ] || echo 'expected one symbol each'
exit $status
